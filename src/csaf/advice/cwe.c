/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended: which CWEs are named, of which version of the catalogue. */
#include "base/clock.h"
#include "csaf/facts/cwe.h"
#include "csaf/validate/tests.h"

/* Calls visit for each CWE that the catalogue of its version has; 6.1.11 speaks of the others. */
static void each_known(struct csaf_validation *v,
                       void (*visit)(struct csaf_validation *v, const struct json_value *item,
                                     const struct csaf_cwe *cwe))
{
    json_each(vulnerability, v->vulnerabilities) json_each(item, json_get(vulnerability, "cwes"))
    {
        struct csaf_cwe cwe;
        int number = csaf_cwe_number(json_get_string(item, "id"));
        int version = csaf_cwe_version_find(json_get_string(item, "version"));
        if (number >= 0 && version >= 0 && csaf_cwe_find(number, version, &cwe))
            visit(v, item, &cwe);
    }
}

static void deprecated(struct csaf_validation *v, const struct json_value *item,
                       const struct csaf_cwe *cwe)
{
    if (cwe->deprecated)
        csaf_find(v, item, "CWE-%u is deprecated in version %.*s of the catalogue", cwe->number,
                  SLICE_ARG(json_get_string(item, "version")));
}

/* Usage of Deprecated CWE */
void csaf_test_6_2_23(struct csaf_validation *v)
{
    each_known(v, deprecated);
}

/* Usage of Non-Latest CWE Version */
void csaf_test_6_2_24(struct csaf_validation *v)
{
    int64_t newest = 0, at;
    bool dated = false, newer = false;

    json_each(item, json_get(v->tracking,
                             "revision_history")) if (csaf_time_of(json_get(item, "date"), &at) &&
                                                      (!dated || at > newest))
    {
        newest = at;
        dated = true;
    }
    int latest = dated ? csaf_cwe_version_at(newest) : -1;
    json_each(vulnerability, v->vulnerabilities) json_each(item, json_get(vulnerability, "cwes"))
    {
        const struct json_value *named = json_get(item, "version");
        int version = csaf_cwe_version_find(json_string(named));
        if (latest < 0 || !json_is(named, JSON_STRING) || version == latest)
            continue;
        if (csaf_cwe_version_is_newer(json_string(named))) {
            newer = true;
            continue;
        }
        csaf_find(v, item,
                  "version %s of the CWE catalogue is not the one that was current at "
                  "the last revision, %s",
                  csaf_quote(v, json_string(named)), csaf_cwe_version_name(latest));
    }
    if (newer && v->failures == 0)
        csaf_not_run(v, "the document names a version of CWE that is newer than those known here");
}

static void not_allowed(struct csaf_validation *v, const struct json_value *item,
                        const struct csaf_cwe *cwe)
{
    if (cwe->usage == CSAF_CWE_DISCOURAGED || cwe->usage == CSAF_CWE_PROHIBITED)
        csaf_find(v, item, "CWE-%u may not be used for vulnerabilities: the catalogue says %s",
                  cwe->number, csaf_cwe_usage_name(cwe->usage));
}

/* Usage of CWE Not Allowed for Vulnerability Mapping */
void csaf_test_6_2_25(struct csaf_validation *v)
{
    each_known(v, not_allowed);
}

static void with_review(struct csaf_validation *v, const struct json_value *item,
                        const struct csaf_cwe *cwe)
{
    if (cwe->usage == CSAF_CWE_ALLOWED_WITH_REVIEW)
        csaf_find(v, item, "CWE-%u may be used for vulnerabilities after a review only",
                  cwe->number);
}

/* Usage of CWE Allowed with Review for Vulnerability Mapping */
void csaf_test_6_2_26(struct csaf_validation *v)
{
    each_known(v, with_review);
}
