/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended: what is said of products is complete. */
#include "csaf/validate/reach.h"
#include "csaf/validate/tests.h"
#include "csaf/validate/vectors.h"

/* Unused Definition of Product ID */
void csaf_test_6_2_1(struct csaf_validation *v)
{
    if (csaf_is_profile(v, "csaf_informational_advisory"))
        return;
    bool *used = arena_new(v->arena, v->product_count + 1, sizeof *used);
    if (!used) {
        csaf_no_memory(v);
        return;
    }
    for (size_t i = 0; i < v->product_use_count; i++) {
        const struct csaf_definition *d = v->product_uses[i].defined;
        if (d)
            used[d->index] = true;
    }
    for (size_t i = 0; i < v->product_count; i++)
        if (v->products[i].id.data && v->products[i].first == &v->products[i] && !used[i])
            csaf_find(v, v->products[i].id_value, "product %s is defined, but nothing refers to it",
                      csaf_quote(v, v->products[i].id));
}

/* Whether a status is one of those of a test. */
static bool listed(const char *const *names, struct slice status)
{
    for (; *names; names++)
        if (slice_is(status, *names))
            return true;
    return false;
}

/*
 * Each product of these status groups must be covered by an item of the list that its vulnerability
 * has under this name. The uses are in the order of the text: those of one vulnerability follow
 * each other.
 */
static void covered(struct csaf_validation *v, const char *const *status, const char *list,
                    const char *products, const char *what)
{
    struct csaf_reach *reach = csaf_reach(v);
    const struct json_value *vulnerability = NULL;
    const uint8_t *last = NULL; /* products of one list have one name of a status */
    bool wanted = false;

    for (size_t i = 0; reach && i < v->product_use_count; i++) {
        const struct csaf_use *use = &v->product_uses[i];
        if (use->role != CSAF_USE_STATUS)
            continue;
        if (use->status.data != last) {
            last = use->status.data;
            wanted = listed(status, use->status);
        }
        if (!wanted)
            continue;
        if (use->vulnerability != vulnerability) {
            vulnerability = use->vulnerability;
            csaf_reach_begin(reach);
            const struct json_value *items = json_get(vulnerability, list);
            if (json_is(items, JSON_ARRAY))
                json_each(item, items)
                {
                    json_each(id, csaf_array(item, products)) csaf_reach_mark_product(reach, id, 1);
                    json_each(id, csaf_array(item, "group_ids"))
                        csaf_reach_mark_group(reach, id, 1);
                }
        }
        const struct csaf_definition *d = use->defined;
        if (d && !csaf_reach_product(reach, d->id_value))
            csaf_find(v, use->value, "product %s is %.*s, and there is no %s for it",
                      csaf_quote(v, d->id), SLICE_ARG(use->status), what);
    }
}

/* Missing Remediation */
void csaf_test_6_2_2(struct csaf_validation *v)
{
    static const char *const status[] = {"first_affected", "known_affected", "last_affected",
                                         "under_investigation", NULL};
    covered(v, status, "remediations", "product_ids", "remediation");
}

/* Missing Metric (2.0: Missing Score) */
void csaf_test_6_2_3(struct csaf_validation *v)
{
    static const char *const status[] = {"first_affected", "known_affected", "last_affected", NULL};
    if (v->version == CSAF_2_0)
        covered(v, status, "scores", "products", "score");
    else
        covered(v, status, "metrics", "products", "metric");
}

/* Missing Product Identification Helper */
void csaf_test_6_2_16(struct csaf_validation *v)
{
    for (size_t i = 0; i < v->product_count; i++)
        if (!json_get(v->products[i].value, "product_identification_helper"))
            csaf_find(v, v->products[i].value,
                      "product %s has no product_identification_helper; machines can only guess "
                      "what it is",
                      csaf_quote(v, v->products[i].id));
}

/* Hardware and Software */
void csaf_test_6_2_31(struct csaf_validation *v)
{
    bool *referenced = arena_new(v->arena, v->product_count + 1, sizeof *referenced);

    if (!referenced) {
        csaf_no_memory(v);
        return;
    }
    for (size_t i = 0; i < v->product_use_count; i++) {
        const struct csaf_use *use = &v->product_uses[i];
        const struct csaf_definition *d = use->defined;
        if (d && (use->role == CSAF_USE_REFERENCE || use->role == CSAF_USE_RELATES_TO))
            referenced[d->index] = true;
    }
    for (size_t i = 0; i < v->product_count; i++) {
        const struct json_value *helper =
            json_get(v->products[i].value, "product_identification_helper");
        const char *has = json_get(helper, "serial_numbers")  ? "serial_numbers"
                          : json_get(helper, "model_numbers") ? "model_numbers"
                                                              : NULL;
        if (has && !referenced[v->products[i].first->index])
            csaf_find(v, v->products[i].value,
                      "product %s has %s, so it is hardware, and no product path says what runs on "
                      "it",
                      csaf_quote(v, v->products[i].id), has);
    }
}

/* The environmental score of a CVSS object (4.0: its score); -1: it cannot be told. */
static int overall_score(struct csaf_validation *v, const struct json_value *score)
{
    const struct csaf_vector *vector = csaf_vector_of(v, score);
    struct csaf_cvss_scores scores;

    if (!vector)
        return -1;
    struct csaf_cvss c = vector->cvss;
    json_each(member, score)
    { /* what only the members say */
        int metric = csaf_cvss_metric_of_member(c.version, json_name(member));
        if (metric >= 0 && c.value[metric] == 0)
            (void)!csaf_cvss_set(&c, json_name(member), json_string(member));
    }
    return csaf_cvss_score(&c, &scores) < 0 ? -1 : scores.environmental;
}

/* What the CVSS objects of a vulnerability say of a product. */
enum { SCORED = 1, ZERO = 2 };

static void mark_scores(struct csaf_validation *v, const struct json_value *vulnerability,
                        uint32_t round, uint32_t *rounds, uint8_t *marks)
{
    static const char *const names[] = {"cvss_v2", "cvss_v3", "cvss_v4"};

    json_each(metric, json_get(vulnerability, v->version == CSAF_2_0 ? "scores" : "metrics"))
    {
        const struct json_value *content =
            v->version == CSAF_2_0 ? metric : json_get(metric, "content");
        uint8_t mark = 0;
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            const struct json_value *score = json_get(content, names[i]);
            if (score)
                mark |= overall_score(v, score) == 0 ? SCORED | ZERO : SCORED;
        }
        json_each(id, json_get(metric, "products"))
        {
            const struct csaf_definition *d = csaf_defined_product(v, id);
            if (!d)
                continue;
            marks[d->index] = rounds[d->index] == round ? marks[d->index] | mark : mark;
            rounds[d->index] = round;
        }
    }
}

/* CVSS for Fixed Products */
void csaf_test_6_2_19(struct csaf_validation *v)
{
    uint32_t *rounds = arena_new(v->arena, v->product_count + 1, sizeof *rounds), round = 0;
    uint8_t *marks = arena_new(v->arena, v->product_count + 1, sizeof *marks);

    if (!rounds || !marks) {
        csaf_no_memory(v);
        return;
    }
    json_each(vulnerability, v->vulnerabilities)
    {
        static const char *const fixed[] = {"first_fixed", "fixed"};
        const struct json_value *status = json_get(vulnerability, "product_status");
        if (!json_get(status, fixed[0]) && !json_get(status, fixed[1]))
            continue;
        mark_scores(v, vulnerability, ++round, rounds, marks);
        for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
            json_each(id, json_get(status, fixed[i]))
            {
                const struct csaf_definition *d = csaf_defined_product(v, id);
                if (!d || rounds[d->index] != round || marks[d->index] != SCORED)
                    continue;
                csaf_find(v, id, "product %s is fixed, and no CVSS score of it is 0",
                          csaf_quote(v, d->id));
                csaf_suggest(v, "modified impact metrics of NONE make the score of a fixed product "
                                "0");
            }
    }
}
