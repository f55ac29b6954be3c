/* SPDX-License-Identifier: Apache-2.0 */
/* What the profiles ask of a document beyond its schema: which parts there must and may not be. */
#include "csaf/validate/notes.h"
#include "csaf/validate/tests.h"

/* Profiles that a test is for, as bits. */
enum {
    INCIDENT_RESPONSE = 1,
    INFORMATIONAL = 2,
    SECURITY_ADVISORY = 4,
    VEX = 8,
    DEPRECATED_SECURITY_ADVISORY = 16, /* from here on 2.1 only */
    WITHDRAWN = 32,
    SUPERSEDED = 64,
};

static bool is_of(const struct csaf_validation *v, unsigned profiles)
{
    static const struct {
        const char *category;
        unsigned profile;
    } names[] = {
        {"csaf_security_incident_response", INCIDENT_RESPONSE},
        {"csaf_informational_advisory", INFORMATIONAL},
        {"csaf_security_advisory", SECURITY_ADVISORY},
        {"csaf_vex", VEX},
        {"csaf_deprecated_security_advisory", DEPRECATED_SECURITY_ADVISORY},
        {"csaf_withdrawn", WITHDRAWN},
        {"csaf_superseded", SUPERSEDED},
    };

    if (v->version == CSAF_2_0)
        profiles &= DEPRECATED_SECURITY_ADVISORY - 1;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if ((profiles & names[i].profile) && csaf_is_profile(v, names[i].category))
            return true;
    return false;
}

/* The member, or where it would be. */
static void find_member(struct csaf_validation *v, const struct json_value *object,
                        const char *name, const char *text)
{
    const struct json_value *member = json_get(object, name);
    struct slice category = csaf_category(v);

    if (member)
        csaf_find(v, member, "%s: %.*s asks for it", text, SLICE_ARG(category));
    else
        csaf_find_under(v, object, name, "%s: %.*s asks for it", text, SLICE_ARG(category));
}

static bool has_category(const struct json_value *list, const char *const *categories)
{
    json_each(item,
              list) for (const char *const *c = categories; *c;
                         c++) if (slice_is(json_get_string(item, "category"), *c)) return true;
    return false;
}

/* Document Notes */
void csaf_test_6_1_27_1(struct csaf_validation *v)
{
    static const char *const categories[] = {"description", "details", "general", "summary", NULL};

    if (is_of(v, INCIDENT_RESPONSE | INFORMATIONAL) &&
        !has_category(csaf_array(v->document, "notes"), categories))
        find_member(v, v->document, "notes",
                    "no note of the document has the category description, details, general or "
                    "summary");
}

/* Document References */
void csaf_test_6_1_27_2(struct csaf_validation *v)
{
    static const char *const categories[] = {"external", NULL};

    if (is_of(v, INCIDENT_RESPONSE | INFORMATIONAL) &&
        !has_category(csaf_array(v->document, "references"), categories))
        find_member(v, v->document, "references",
                    "no reference of the document has the category external");
}

static void not_there(struct csaf_validation *v, unsigned profiles, const char *name)
{
    const struct json_value *member = json_get(v->root, name);

    if (!member || !is_of(v, profiles))
        return;
    csaf_find(v, member, "a document of the category %.*s has no %s", SLICE_ARG(csaf_category(v)),
              name);
    csaf_suggest(v, "remove it, or use the category csaf_base");
}

static void there(struct csaf_validation *v, unsigned profiles, const char *name)
{
    if (!json_get(v->root, name) && is_of(v, profiles))
        csaf_find_under(v, v->root, name, "there is no %s: %.*s asks for it", name,
                        SLICE_ARG(csaf_category(v)));
}

/* Vulnerabilities */
void csaf_test_6_1_27_3(struct csaf_validation *v)
{
    not_there(v, INFORMATIONAL | WITHDRAWN | SUPERSEDED, "vulnerabilities");
}

/* Product Tree */
void csaf_test_6_1_27_4(struct csaf_validation *v)
{
    there(v, SECURITY_ADVISORY | VEX | DEPRECATED_SECURITY_ADVISORY, "product_tree");
}

static void in_each(struct csaf_validation *v, unsigned profiles, const char *name)
{
    if (!is_of(v, profiles))
        return;
    csaf_each_vulnerability(vulnerability, v)
    {
        if (json_is(vulnerability, JSON_OBJECT) && !json_get(vulnerability, name))
            csaf_find_under(v, vulnerability, name, "the vulnerability has no %s: %.*s asks for it",
                            name, SLICE_ARG(csaf_category(v)));
    }
}

/* Vulnerability Notes */
void csaf_test_6_1_27_5(struct csaf_validation *v)
{
    in_each(v, SECURITY_ADVISORY | VEX | DEPRECATED_SECURITY_ADVISORY, "notes");
}

/* Product Status */
void csaf_test_6_1_27_6(struct csaf_validation *v)
{
    in_each(v, SECURITY_ADVISORY | DEPRECATED_SECURITY_ADVISORY, "product_status");
}

/* VEX Product Status */
void csaf_test_6_1_27_7(struct csaf_validation *v)
{
    static const char *const names[] = {"fixed", "known_affected", "known_not_affected",
                                        "under_investigation"};

    if (!is_of(v, VEX))
        return;
    csaf_each_vulnerability(vulnerability, v)
    {
        const struct json_value *status = json_get(vulnerability, "product_status");
        bool found = false;
        for (size_t i = 0; i < ARRAY_LEN(names) && !found; i++)
            found = json_get(status, names[i]) != NULL;
        if (!found && json_is(vulnerability, JSON_OBJECT))
            find_member(v, vulnerability, "product_status",
                        "the vulnerability has no product that is fixed, known_affected, "
                        "known_not_affected or under_investigation");
    }
}

/* Vulnerabilities */
void csaf_test_6_1_27_11(struct csaf_validation *v)
{
    there(v, SECURITY_ADVISORY | VEX | DEPRECATED_SECURITY_ADVISORY, "vulnerabilities");
}

/* Affected Products */
void csaf_test_6_1_27_12(struct csaf_validation *v)
{
    if (!is_of(v, SECURITY_ADVISORY))
        return;
    csaf_each_vulnerability(vulnerability, v)
    {
        const struct json_value *status = json_get(vulnerability, "product_status");
        if (!json_is(vulnerability, JSON_OBJECT) || json_get(status, "known_affected"))
            continue;
        csaf_find_under(v, status ? status : vulnerability,
                        status ? "known_affected" : "product_status/known_affected",
                        "the vulnerability has no known_affected products: %.*s asks for them",
                        SLICE_ARG(csaf_category(v)));
    }
}

/* Document Notes */
void csaf_test_6_1_27_14(struct csaf_validation *v)
{
    static const char *const categories[] = {"description", NULL};

    if (is_of(v, WITHDRAWN | SUPERSEDED) &&
        !has_category(csaf_array(v->document, "notes"), categories))
        find_member(v, v->document, "notes",
                    "no note of the document has the category description");
}

/* Product Tree */
void csaf_test_6_1_27_15(struct csaf_validation *v)
{
    not_there(v, WITHDRAWN | SUPERSEDED, "product_tree");
}

/* Revision History */
void csaf_test_6_1_27_16(struct csaf_validation *v)
{
    size_t count = json_count(csaf_array(v->tracking, "revision_history"));

    if (is_of(v, WITHDRAWN | SUPERSEDED) && count < 2 && json_is(v->tracking, JSON_OBJECT))
        find_member(v, v->tracking, "revision_history",
                    count ? "the revision history has only one item; a document that is taken back "
                            "was published before"
                          : "the revision history has no items");
}

/* Reasoning for Withdrawal */
void csaf_test_6_1_27_17(struct csaf_validation *v)
{
    if (is_of(v, WITHDRAWN))
        csaf_one_note_titled(v, "Reasoning for Withdrawal", "description");
}

/* Reasoning for Supersession */
void csaf_test_6_1_27_18(struct csaf_validation *v)
{
    if (is_of(v, SUPERSEDED))
        csaf_one_note_titled(v, "Reasoning for Supersession", "description");
}

/* Reference to Superseding Document */
void csaf_test_6_1_27_19(struct csaf_validation *v)
{
    static const char start[] = "Superseding Document";
    const struct json_value *wrong = NULL;

    if (!is_of(v, SUPERSEDED) || !csaf_is_in_english(v))
        return;
    json_each(reference, csaf_array(v->document, "references"))
    {
        struct slice summary = json_get_string(reference, "summary");
        if (summary.len < sizeof start - 1 || memcmp(summary.data, start, sizeof start - 1) != 0)
            continue;
        if (slice_is(json_get_string(reference, "category"), "external"))
            return;
        wrong = reference;
    }
    const struct json_value *category = json_get(wrong, "category");
    if (category)
        csaf_find(v, category,
                  "the reference to the superseding document has the category %s, not "
                  "\"external\"",
                  csaf_quote(v, json_string(category)));
    else if (wrong)
        csaf_find_under(v, wrong, "category",
                        "the reference to the superseding document has no category \"external\"");
    else
        find_member(v, v->document, "references",
                    "no reference of the document has a summary that starts with \"Superseding "
                    "Document\"");
}
