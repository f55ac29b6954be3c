/* SPDX-License-Identifier: Apache-2.0 */
/* The category of a document that is of no profile, and its licence. */
#include "csaf/facts/license.h"
#include "csaf/validate/notes.h"
#include "csaf/facts/profile.h"
#include "csaf/validate/tests.h"

/* Prohibited Document Category Name */
void csaf_test_6_1_26(struct csaf_validation *v)
{
    const struct json_value *category = json_get(v->document, "category");
    enum csaf_profile meant = CSAF_PROFILE_BASE;

    if (!json_is(category, JSON_STRING))
        return;
    switch (csaf_category_check(v->version == CSAF_2_1, json_string(category), &meant)) {
    case CSAF_CATEGORY_FINE: break;
    case CSAF_CATEGORY_RESEMBLES:
        csaf_find(v, category, "the category %s resembles the profile %s, but is not its name",
                  csaf_quote(v, json_string(category)), csaf_profile_value(meant));
        csaf_suggest(v, "use %s, or csaf_base", csaf_profile_value(meant));
        break;
    case CSAF_CATEGORY_RESERVED:
        csaf_find(
            v, category,
            "the category %s is no profile of CSAF %s, but starts with the reserved \"csaf_\"",
            csaf_quote(v, json_string(category)), csaf_version_name(v->version));
        csaf_suggest(v, "use csaf_base, or a name without this prefix");
        break;
    }
}

/*
 * Does the expression name a licence or an exception of which no list has the text? What claims to
 * be on a list and is not is a mistake for 6.2.45, as the test data has it.
 */
static bool has_unlisted(struct slice expression)
{
    struct csaf_license_walk walk = {.text = expression};
    struct csaf_license_part part;
    struct err e = {0};
    bool deprecated;

    while (csaf_license_next(&walk, &part, &e) > 0)
        if (csaf_license_find(&part, &deprecated) == CSAF_LICENSE_UNLISTED)
            return true;
    return false;
}

/* License Text */
void csaf_test_6_1_55(struct csaf_validation *v)
{
    struct slice expression = json_get_string(v->document, "license_expression");

    if (expression.data && has_unlisted(expression))
        csaf_one_note_titled(v, "License", "legal_disclaimer");
}
