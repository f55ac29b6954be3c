/* SPDX-License-Identifier: Apache-2.0 */
/* CVSS: each object as its schema says, and nothing in it against its vector. */
#include "csaf/validate/findings.h"
#include "csaf/facts/schema_tables.h"
#include "csaf/validate/tests.h"
#include "csaf/validate/validator.h"

static const char *const members[] = {"cvss_v2", "cvss_v3", "cvss_v4"};

static size_t member_count(const struct csaf_validation *v)
{
    return v->version == CSAF_2_0 ? 2 : 3;
}

/* Each CVSS object; number: of members. */
static void each_cvss(struct csaf_validation *v,
                      void (*visit)(struct csaf_validation *v, const struct json_value *cvss,
                                    size_t number, void *context),
                      void *context)
{
    csaf_each_vulnerability(vulnerability, v)
        json_each(metric, csaf_array(vulnerability, v->version == CSAF_2_0 ? "scores" : "metrics"))
    {
        const struct json_value *content =
            v->version == CSAF_2_0 ? metric : json_get(metric, "content");
        for (size_t i = 0; i < member_count(v); i++) {
            const struct json_value *cvss = json_get(content, members[i]);
            if (cvss)
                visit(v, cvss, i, context);
        }
    }
}

/* The schema of a member, wherever the schema's parts say it; NULL: nowhere. */
static const struct json_schema *member_schema(const struct json_schema *schema, const char *name)
{
    for (unsigned depth = 0; schema && depth < 8; depth++, schema = schema->ref) {
        for (uint32_t i = 0; i < schema->member_count; i++)
            if (slice_is(schema->members[i].name, name) && schema->members[i].schema)
                return schema->members[i].schema;
        for (size_t i = 0; schema->all_of && schema->all_of[i]; i++) {
            const struct json_schema *found = member_schema(schema->all_of[i], name);
            if (found)
                return found;
        }
    }
    return NULL;
}

static const struct json_schema *items_schema(const struct json_schema *schema)
{
    for (unsigned depth = 0; schema && depth < 8; depth++, schema = schema->ref)
        if (schema->items)
            return schema->items;
    return NULL;
}

static void by_its_schema(struct csaf_validation *v, const struct json_value *cvss, size_t number,
                          void *context)
{
    const struct json_schema *content = context;
    const struct json_schema *schema = member_schema(content, members[number]);
    bool valid;

    /* the only failure is memory, which ends up in v->e */
    if (schema && json_schema_check(v->validator->schemas[v->version == CSAF_2_1], cvss, schema,
                                    false, csaf_find_fault, v, &valid, v->e) < 0)
        csaf_no_memory(v);
}

/* Invalid CVSS */
void csaf_test_6_1_8(struct csaf_validation *v)
{
    const struct json_schema *root =
        (v->version == CSAF_2_0 ? &csaf_schema_2_0 : &csaf_schema_2_1)->root;
    const struct json_schema *vulnerability = items_schema(member_schema(root, "vulnerabilities"));
    const struct json_schema *content =
        items_schema(member_schema(vulnerability, v->version == CSAF_2_0 ? "scores" : "metrics"));

    if (v->schema_valid) /* of which those of CVSS are parts */
        return;
    if (v->version == CSAF_2_1)
        content = member_schema(content, "content");
    each_cvss(v, by_its_schema, (void *)(uintptr_t)content);
}

/*
 * What the vector makes of it and, where members of the object name metrics that the vector lacks,
 * what both together make of it: the test data of section 6.2.19 has either.
 */
struct computed {
    const struct json_value *cvss;
    struct csaf_cvss_scores by_vector, by_all;
};

static bool compute(const struct json_value *cvss, const struct csaf_vector *vector,
                    struct computed *computed)
{
    struct csaf_cvss all = vector->cvss;
    bool more = false;

    json_each(member, cvss)
    {
        int metric = csaf_cvss_metric_of_member(all.version, json_name(member));
        if (metric < 0 || vector->cvss.value[metric])
            continue;
        /* else no value of this metric, which is 6.1.8's */
        more |= csaf_cvss_set(&all, json_name(member), json_string(member)) == 0;
    }
    computed->cvss = cvss;
    computed->by_vector = computed->by_all = vector->scores;
    return !more || csaf_cvss_score(&all, &computed->by_all) == 0;
}

static void score(struct csaf_validation *v, const struct computed *c, const char *name,
                  int by_vector, int by_all)
{
    const struct json_value *value = json_get(c->cvss, name);

    if (!json_is(value, JSON_NUMBER) || csaf_cvss_score_is(json_number(value), by_vector) ||
        csaf_cvss_score_is(json_number(value), by_all))
        return;
    csaf_find(v, value, "the %s is %.*s, but the vector %s makes it %s", name,
              (int)(json_number(value).len < 20 ? json_number(value).len : 20),
              (const char *)json_number(value).data,
              csaf_quote(v, json_get_string(c->cvss, "vectorString")),
              csaf_cvss_score_text(by_vector));
    csaf_suggest(v, "set it to %s, or correct the vector", csaf_cvss_score_text(by_vector));
}

static void severity(struct csaf_validation *v, const struct computed *c, const char *name,
                     int by_vector, int by_all)
{
    const struct json_value *value = json_get(c->cvss, name);

    if (!json_is(value, JSON_STRING) ||
        slice_is(json_string(value), csaf_cvss_severity(by_vector)) ||
        slice_is(json_string(value), csaf_cvss_severity(by_all)))
        return;
    csaf_find(v, value, "the %s is %s, but the vector's score is %s, which is \"%s\"", name,
              csaf_quote(v, json_string(value)), csaf_cvss_score_text(by_vector),
              csaf_cvss_severity(by_vector));
    csaf_suggest(v, "set it to \"%s\", or correct the vector", csaf_cvss_severity(by_vector));
}

static void as_computed(struct csaf_validation *v, const struct json_value *cvss, size_t number,
                        void *context)
{
    const struct csaf_vector *vector = csaf_vector_of(v, cvss);
    struct computed c;

    (void)number;
    (void)context;
    if (!vector || !compute(cvss, vector, &c))
        return;
    enum csaf_cvss_version version = vector->cvss.version;
    score(v, &c, "baseScore", c.by_vector.base, c.by_all.base);
    if (version != CSAF_CVSS_2_0)
        severity(v, &c, "baseSeverity", c.by_vector.base, c.by_all.base);
    if (version == CSAF_CVSS_4_0)
        return; /* it has no other scores */
    score(v, &c, "temporalScore", c.by_vector.temporal, c.by_all.temporal);
    score(v, &c, "environmentalScore", c.by_vector.environmental, c.by_all.environmental);
    if (version != CSAF_CVSS_2_0) {
        severity(v, &c, "temporalSeverity", c.by_vector.temporal, c.by_all.temporal);
        severity(v, &c, "environmentalSeverity", c.by_vector.environmental, c.by_all.environmental);
    }
}

/* Invalid CVSS Computation */
void csaf_test_6_1_9(struct csaf_validation *v)
{
    each_cvss(v, as_computed, NULL);
}

static void as_the_vector_says(struct csaf_validation *v, const struct json_value *cvss,
                               size_t number, void *context)
{
    const struct csaf_vector *read = csaf_vector_of(v, cvss);

    (void)number;
    (void)context;
    if (!read)
        return;
    const struct csaf_cvss *vector = &read->cvss;
    json_each(value, cvss)
    {
        struct slice name = json_name(value);
        int metric = csaf_cvss_metric_of_member(vector->version, name);
        const char *right = slice_is(name, "version") ? csaf_cvss_version_name(vector->version)
                            : metric >= 0             ? csaf_cvss_name(vector, metric)
                                                      : NULL;
        /* what the vector does not speak of cannot contradict it */
        if (!right || !json_is(value, JSON_STRING) || (metric >= 0 && !vector->value[metric]) ||
            (metric >= 0 ? csaf_cvss_name_is(vector, metric, json_string(value))
                         : slice_is(json_string(value), right)))
            continue;
        csaf_find(v, value, "%.*s is %s, but \"%s\" in the vector", SLICE_ARG(name),
                  csaf_quote(v, json_string(value)), right);
        csaf_suggest(v, "set it to \"%s\", or correct the vector", right);
    }
}

/* Inconsistent CVSS */
void csaf_test_6_1_10(struct csaf_validation *v)
{
    each_cvss(v, as_the_vector_says, NULL);
}
