/* SPDX-License-Identifier: Apache-2.0 */
/* Weaknesses are named as the catalogue does. Apart, since it brings in the catalogue. */
#include "csaf/facts/cwe.h"
#include "csaf/validate/tests.h"

/* Findings that come with the nearest name; looking for it takes a while. */
enum { SUGGESTED = 10 };

/* The weakness is there, but is called otherwise. */
static void wrong_name(struct csaf_validation *v, const struct json_value *item,
                       const struct csaf_cwe *cwe, const char *version)
{
    const struct json_value *name = json_get(item, "name");
    struct csaf_cwe other;

    if (!name) {
        csaf_find_under(v, item, "name", "CWE-%u has no name", cwe->number);
        csaf_suggest(v, "its name is \"%s\"", cwe->name);
        return;
    }
    csaf_find(v, name, "CWE-%u is not called %s%s%s", cwe->number, csaf_quote(v, json_string(name)),
              *version ? " in version " : "", version);
    int number = *version ? csaf_cwe_version_find(slice_str(version)) : csaf_cwe_version_newest();
    if (v->kept <= SUGGESTED && csaf_cwe_nearest(json_string(name), number, &other) &&
        other.number != cwe->number)
        csaf_suggest(v, "its name is \"%s\"; or is CWE-%u \"%s\" meant?", cwe->name, other.number,
                     other.name);
    else
        csaf_suggest(v, "its name is \"%s\"", cwe->name);
}

static void unknown_cwe(struct csaf_validation *v, const struct json_value *item,
                        const struct json_value *id, int version, const char *in)
{
    struct csaf_cwe other;

    csaf_find(v, id, "%s is no weakness of CWE%s%s; categories and views are none either",
              csaf_quote(v, json_string(id)), *in ? " in version " : "", in);
    if (v->kept <= SUGGESTED && csaf_cwe_nearest(json_get_string(item, "name"), version, &other))
        csaf_suggest(v, "is CWE-%u \"%s\" meant?", other.number, other.name);
}

/* 2.0: no version is given; any will do. */
static void cwe_of_2_0(struct csaf_validation *v, const struct json_value *item, void *context)
{
    const struct json_value *id = json_get(item, "id");
    int number = csaf_cwe_number(json_string(id));
    struct csaf_cwe cwe = {0};

    (void)context;
    if (!json_is(id, JSON_STRING) ||
        (number >= 0 && csaf_cwe_is_named(number, json_get_string(item, "name"), &cwe)))
        return;
    if (number < 0 || !cwe.name)
        unknown_cwe(v, item, id, csaf_cwe_version_newest(), "");
    else
        wrong_name(v, item, &cwe, "");
}

static void cwe_of_2_1(struct csaf_validation *v, const struct json_value *item, void *context)
{
    const struct json_value *id = json_get(item, "id"), *version = json_get(item, "version");
    int number = csaf_cwe_number(json_string(id));
    int release = csaf_cwe_version_find(json_string(version));
    struct csaf_cwe cwe;

    if (!json_is(id, JSON_STRING) || !json_is(version, JSON_STRING))
        return; /* the schema says so */
    if (release < 0 && csaf_cwe_version_is_newer(json_string(version))) {
        bool *newer = context;
        *newer = true;
        csaf_find_warning(v, version,
                          "version %s of CWE is newer than %s, the newest that is known here: "
                          "whether it has this weakness is not known",
                          csaf_quote(v, json_string(version)),
                          csaf_cwe_version_name(csaf_cwe_version_newest()));
        return;
    }
    if (release < 0) {
        csaf_find(v, version, "there is no version %s of CWE that is known here",
                  csaf_quote(v, json_string(version)));
        csaf_suggest(v, "the newest is %s", csaf_cwe_version_name(csaf_cwe_version_newest()));
        return;
    }
    if (number < 0 || !csaf_cwe_find(number, release, &cwe))
        unknown_cwe(v, item, id, release, csaf_cwe_version_name(release));
    else if (!slice_is(json_get_string(item, "name"), cwe.name))
        wrong_name(v, item, &cwe, csaf_cwe_version_name(release));
}

/* CWE */
void csaf_test_6_1_11(struct csaf_validation *v)
{
    bool newer = false;

    if (v->version == CSAF_2_0)
        csaf_visit(v, "vulnerabilities[].cwe", cwe_of_2_0, NULL);
    else
        csaf_visit(v, "vulnerabilities[].cwes[]", cwe_of_2_1, &newer);
    /* what is wrong is wrong; but it cannot be said that nothing is */
    if (newer && v->failures == 0)
        csaf_not_run(v, "the document names a version of CWE that is newer than those known here");
}
