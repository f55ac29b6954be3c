/* SPDX-License-Identifier: Apache-2.0 */
/* Informative: which scoring systems and identifiers vulnerabilities use. */
#include "csaf/validate/tests.h"

#include <strings.h>

/* The list of scores (2.0) or metrics (2.1), and the object that holds an item's scores. */
static const struct json_value *metrics_of(const struct csaf_validation *v,
                                           const struct json_value *vulnerability)
{
    return json_get(vulnerability, v->version == CSAF_2_0 ? "scores" : "metrics");
}

static const struct json_value *content_of(const struct csaf_validation *v,
                                           const struct json_value *metric)
{
    return v->version == CSAF_2_0 ? metric : json_get(metric, "content");
}

/* What counts as a scoring system beside CVSS v2. */
static bool has_other_score(const struct json_value *content)
{
    static const char *const others[] = {"cvss_v3", "cvss_v4", "ssvc_v2", "epss",
                                         "qualitative_severity_rating"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (json_get(content, others[i]))
            return true;
    return false;
}

/* Use of CVSS v2 As the Only Scoring System */
void csaf_test_6_3_1(struct csaf_validation *v)
{
    uint32_t *scored = arena_new(v->arena, v->product_count + 1, sizeof *scored), round = 0;

    if (!scored) {
        csaf_no_memory(v);
        return;
    }
    json_each(vulnerability, v->vulnerabilities)
    {
        const struct json_value *metrics = metrics_of(v, vulnerability);
        round++;
        json_each(metric, metrics) if (has_other_score(content_of(v, metric)))
            json_each(id, json_get(metric, "products"))
        {
            const struct csaf_definition *d = csaf_defined_product(v, id);
            if (d)
                scored[d->index] = round;
        }
        json_each(metric, metrics)
        {
            const struct json_value *content = content_of(v, metric);
            const struct json_value *old = json_get(content, "cvss_v2");
            bool alone = false;
            if (!old || has_other_score(content))
                continue;
            const struct json_value *products = json_get(metric, "products");
            json_each(id, products)
            {
                const struct csaf_definition *d = csaf_defined_product(v, id);
                alone |= d && scored[d->index] != round;
            }
            if (alone || json_count(products) == 0) {
                csaf_find(v, old, "CVSS v2 is the only score of some product here");
                csaf_suggest(v, "CVSS v3.1 or v4.0 is what readers and their tools compare by");
            }
        }
    }
}

/* Use of CVSS v3.0 */
void csaf_test_6_3_2(struct csaf_validation *v)
{
    json_each(vulnerability, v->vulnerabilities) json_each(metric, metrics_of(v, vulnerability))
    {
        const struct json_value *score = json_get(content_of(v, metric), "cvss_v3");
        const struct json_value *version = json_get(score, "version");
        const struct json_value *vector = json_get(score, "vectorString");
        struct slice text = json_string(vector);
        if (slice_is(json_string(version), "3.0"))
            csaf_find(v, version, "CVSS v3.0 is used; v3.1 replaced it in 2019");
        else if (text.len > 9 && memcmp(text.data, "CVSS:3.0/", 9) == 0)
            csaf_find(v, vector, "the vector is of CVSS v3.0; v3.1 replaced it in 2019");
    }
}

/* Missing CVE */
void csaf_test_6_3_3(struct csaf_validation *v)
{
    json_each(vulnerability, v->vulnerabilities) if (json_is(vulnerability, JSON_OBJECT) &&
                                                     !json_get(vulnerability, "cve"))
        csaf_find(v, vulnerability, "the vulnerability has no CVE id");
}

/* Missing CWE */
void csaf_test_6_3_4(struct csaf_validation *v)
{
    const char *member = v->version == CSAF_2_0 ? "cwe" : "cwes";
    json_each(vulnerability, v->vulnerabilities) if (json_is(vulnerability, JSON_OBJECT) &&
                                                     !json_get(vulnerability, member))
        csaf_find(v, vulnerability, "the vulnerability has no CWE");
}

static bool is_cvss(const struct json_value *score)
{
    return json_is(score, JSON_OBJECT);
}

/* Missing CVSS v4.0 */
void csaf_test_6_3_12(struct csaf_validation *v)
{
    uint32_t *scored = arena_new(v->arena, v->product_count + 1, sizeof *scored), round = 0;
    const struct json_value *at = NULL;

    if (!scored) {
        csaf_no_memory(v);
        return;
    }
    json_each(vulnerability, v->vulnerabilities)
        json_each(metric, json_get(vulnerability, "metrics"))
    {
        const struct json_value *content = json_get(metric, "content");
        if ((is_cvss(json_get(content, "cvss_v2")) || is_cvss(json_get(content, "cvss_v3"))) &&
            !is_cvss(json_get(content, "cvss_v4")))
            csaf_find(v, content, "there is a CVSS score, but none of CVSS v4.0");
    }
    for (size_t i = 0; i < v->product_use_count; i++) {
        const struct csaf_use *use = &v->product_uses[i];
        if (use->role != CSAF_USE_STATUS ||
            !(slice_is(use->status, "first_affected") || slice_is(use->status, "known_affected") ||
              slice_is(use->status, "last_affected")))
            continue;
        if (use->vulnerability != at) { /* uses of one vulnerability follow each other */
            at = use->vulnerability;
            round++;
            json_each(metric, json_get(at, "metrics"))
            {
                const struct json_value *content = json_get(metric, "content");
                if (is_cvss(json_get(content, "cvss_v2")) ||
                    is_cvss(json_get(content, "cvss_v3")) || is_cvss(json_get(content, "cvss_v4")))
                    json_each(id, json_get(metric, "products"))
                    {
                        const struct csaf_definition *d = csaf_defined_product(v, id);
                        if (d)
                            scored[d->index] = round;
                    }
            }
        }
        const struct csaf_definition *d = use->defined;
        if (d && scored[d->index] != round)
            csaf_find(v, use->value, "product %s is %.*s, and no CVSS score is given for it",
                      csaf_quote(v, d->id), SLICE_ARG(use->status));
    }
}

/* Use of Qualitative Severity Rating */
void csaf_test_6_3_18(struct csaf_validation *v)
{
    json_each(vulnerability, v->vulnerabilities)
        json_each(metric, json_get(vulnerability, "metrics"))
    {
        const struct json_value *rating =
            json_get(json_get(metric, "content"), "qualitative_severity_rating");
        if (rating)
            csaf_find(v, rating, "a severity in a word says nothing of what it rests on");
    }
}
