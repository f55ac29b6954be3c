/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended and informative: the licence of a document. */
#include "csaf/facts/language.h"
#include "csaf/facts/license.h"
#include "csaf/facts/registry.h"
#include "csaf/validate/tests.h"

/* Missing License Expression */
void csaf_test_6_2_43(struct csaf_validation *v)
{
    const struct json_value *license = json_get(v->document, "license_expression");

    if (!v->document || json_string(license).len > 0)
        return;
    if (license)
        csaf_find(v, license, "the license expression is there, but empty");
    else
        csaf_find_under(v, v->document, "license_expression",
                        "the document does not say under which license it may be used");
}

/* Calls visit for each licence and exception of the expression, up to where it is none. */
static void each_part(struct csaf_validation *v,
                      void (*visit)(struct csaf_validation *v, const struct json_value *license,
                                    const struct csaf_license_part *part))
{
    const struct json_value *license = json_get(v->document, "license_expression");
    struct csaf_license_walk walk = {.text = json_string(license)};
    struct csaf_license_part part;
    struct err e = {0};

    while (walk.text.len && csaf_license_next(&walk, &part, &e) == 1)
        visit(v, license, &part);
}

static const char *list_name(enum csaf_license_list list)
{
    return list == CSAF_LICENSE_SCANCODE ? "ScanCode LicenseDB" : "SPDX license list";
}

static void deprecated(struct csaf_validation *v, const struct json_value *license,
                       const struct csaf_license_part *part)
{
    bool old = false;
    enum csaf_license_list list = csaf_license_find(part, &old);

    if ((list == CSAF_LICENSE_SPDX || list == CSAF_LICENSE_SCANCODE) && old)
        csaf_find(v, license, "%s is deprecated in the %s", csaf_quote(v, part->id),
                  list_name(list));
}

/* Deprecated License Identifier */
void csaf_test_6_2_44(struct csaf_validation *v)
{
    each_part(v, deprecated);
}

static void missing(struct csaf_validation *v, const struct json_value *license,
                    const struct csaf_license_part *part)
{
    bool old;
    if (csaf_license_find(part, &old) == CSAF_LICENSE_MISSING)
        csaf_find(v, license, "there is no %s %s",
                  part->kind == CSAF_LICENSE_EXCEPTION ? "license exception" : "license",
                  csaf_quote(v, part->id));
}

/* Non-Existing License Identifier */
void csaf_test_6_2_45(struct csaf_validation *v)
{
    each_part(v, missing);
}

static void unregistered(struct csaf_validation *v, const struct json_value *license,
                         const struct csaf_license_part *part)
{
    bool old;
    enum csaf_license_list list = csaf_license_find(part, &old);
    if (list == CSAF_LICENSE_MISSING || list == CSAF_LICENSE_UNLISTED)
        csaf_find(v, license,
                  "%s stands neither in the SPDX license list nor in ScanCode's "
                  "LicenseDB",
                  csaf_quote(v, part->id));
}

/* Use of Unregistered License */
void csaf_test_6_3_17(struct csaf_validation *v)
{
    each_part(v, unregistered);
}

/* Language Specific License Text */
void csaf_test_6_2_46(struct csaf_validation *v)
{
    struct slice lang = json_get_string(v->document, "lang");
    struct csaf_license_walk walk = {.text = json_get_string(v->document, "license_expression")};
    struct csaf_license_part part;
    struct err e = {0};
    bool own = false, old;

    while (walk.text.len && csaf_license_next(&walk, &part, &e) == 1) {
        enum csaf_license_list list = csaf_license_find(&part, &old);
        own |= list == CSAF_LICENSE_UNLISTED || list == CSAF_LICENSE_MISSING;
    }
    if (!own || !lang.len || csaf_language_is_english(lang))
        return;
    csaf_one_note(v, CSAF_TERM_LICENSE, "legal_disclaimer", lang);
}
