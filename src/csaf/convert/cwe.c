/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /vulnerabilities[]/cwe to cwes, with the version of the CWE list: the latest that has this id
 * with this name and was published before the document was; else the first after it.
 */
#include "base/clock.h"
#include "csaf/convert/convert_internal.h"
#include "csaf/facts/cwe.h"

static struct slice trimmed(struct slice s)
{
    while (s.len && (*s.data == ' ' || (*s.data >= '\t' && *s.data <= '\r')))
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len &&
           (s.data[s.len - 1] == ' ' || (s.data[s.len - 1] >= '\t' && s.data[s.len - 1] <= '\r')))
        s.len--;
    return s;
}

/*
 * The version of the CWE list, -1: none has that weakness under that name. "Published prior to the
 * current release date": the list of the day of the release itself counts as prior.
 */
static int version_of(const struct converter *c, struct slice id, struct slice name)
{
    struct csaf_cwe cwe;
    struct err ignored = {0};
    int64_t released = 0;
    int number = csaf_cwe_number(id), newest = csaf_cwe_version_newest();
    int day =
        time_parse(c->released, &released, &ignored) == 0 ? csaf_cwe_version_at(released) : newest;
    if (number < 0)
        return -1;
    if (c->options.cwe_latest)
        day = newest;
    for (int version = day; version >= 0; version--)
        if (csaf_cwe_find(number, version, &cwe) && slice_is(name, cwe.name))
            return version;
    for (int version = day + 1; version <= newest; version++)
        if (csaf_cwe_find(number, version, &cwe) && slice_is(name, cwe.name))
            return version;
    return -1;
}

static void tell_unknown(struct converter *c, const struct node *cwe, struct slice id,
                         struct slice name)
{
    struct csaf_cwe known = {0};
    int number = csaf_cwe_number(id);
    if (number >= 0)
        (void)csaf_cwe_is_named(number, name, &known);
    if (known.name)
        convert_tell_value(
            c, CSAF_CONVERT_LOSS, "cwe-unknown", cwe, name,
            "no version of the CWE list has CWE-%d with this name, but \"%s\": it was "
            "not converted",
            number, known.name);
    else
        convert_tell_value(c, CSAF_CONVERT_LOSS, "cwe-unknown", cwe, name,
                           "no version of the CWE list has the weakness %.*s: it was not converted",
                           SLICE_ARG(slice_of(id.data, id.len < 40 ? id.len : 40)));
}

void convert_cwe(struct converter *c, struct node *vulnerability)
{
    struct node *cwe = node_take(vulnerability, "cwe");
    if (!cwe)
        return;
    struct node *id = node_get(cwe, "id"), *name = node_get(cwe, "name");
    struct slice short_name = trimmed(node_text(name));
    int version = version_of(c, node_text(id), short_name);
    if (version < 0) {
        tell_unknown(c, cwe, node_text(id), node_text(name));
        return;
    }
    struct node *all = node_new(c, JSON_ARRAY, cwe), *one = node_new(c, JSON_OBJECT, cwe);
    node_set_text(c, one, "id", node_text(id), id);
    node_set_text(c, one, "name", short_name, name);
    node_set_text(c, one, "version", slice_str(csaf_cwe_version_name(version)), cwe);
    node_append(all, one);
    node_set(vulnerability, "cwes", all);
}
