/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics: of each kind at most one a product and source. */
#include "base/memory.h"
#include "csaf/validate/tests.h"

/*
 * Names (a source, a version) become small numbers, and what a product has of a source is kept
 * under the numbers: a long source costs its length once, not for each product.
 */
struct key {
    uint32_t vulnerability, product, source, kind;
};

struct metrics {
    struct csaf_validation *v;
    struct map names; /* text -> its number */
    /* Of each product the first key of the last vulnerability: mostly there is no other. */
    struct first {
        struct key key;
        const struct json_value *value;
    } * first;
    struct map others; /* the other keys */
    uint32_t count;
    uint32_t vulnerability; /* from 1 */
    bool failed;
};

static void no_memory(struct metrics *m)
{
    csaf_no_memory(m->v);
    m->failed = true;
}

static void metrics_init(struct metrics *m, struct csaf_validation *v)
{
    *m = (struct metrics){.v = v};
    map_init(&m->names);
    map_init(&m->others);
    m->first = arena_new(v->arena, (size_t)v->product_ids.count + 1, sizeof *m->first);
    if (!m->first)
        no_memory(m);
}

static void metrics_fini(struct metrics *m)
{
    map_fini(&m->names);
    map_fini(&m->others);
}

/* The number of a text; 0 of one that is not there. */
static uint32_t number_of(struct metrics *m, struct slice text)
{
    if (!text.data || m->failed)
        return 0;
    void *known;
    if (map_add(&m->names, text, (void *)(uintptr_t)(m->count + 1), &known) < 0) {
        no_memory(m);
        return 0;
    }
    return known ? (uint32_t)(uintptr_t)known : ++m->count;
}

/* What stood under the key before; NULL: nothing, and now value does. */
static const struct json_value *put(struct metrics *m, struct key key,
                                    const struct json_value *value)
{
    if (m->failed)
        return NULL;
    void *before = NULL;
    struct first *first = &m->first[key.product];
    if (first->key.vulnerability != key.vulnerability) {
        *first = (struct first){key, value};
        return NULL;
    }
    if (memcmp(&first->key, &key, sizeof key) == 0)
        return first->value;
    const char *copy = arena_copy(m->v->arena, &key, sizeof key);
    if (!copy ||
        map_add(&m->others, slice_of(copy, sizeof key), (void *)(uintptr_t)value, &before) < 0)
        no_memory(m);
    return before;
}

static const struct json_value *get(const struct metrics *m, struct key key)
{
    if (memcmp(&m->first[key.product].key, &key, sizeof key) == 0)
        return m->first[key.product].value;
    return map_get(&m->others, slice_of(&key, sizeof key));
}

static bool is_cvss(struct slice name)
{
    return name.len > 6 && memcmp(name.data, "cvss_v", 6) == 0;
}

/* "3.1": as it says itself, as its vector begins, or as its member is called. */
static struct slice cvss_version(const struct json_value *cvss)
{
    struct slice version = json_get_string(cvss, "version");
    struct slice vector = json_get_string(cvss, "vectorString");

    if (version.data)
        return version;
    if (vector.len > 8 && memcmp(vector.data, "CVSS:", 5) == 0) {
        size_t len = 5;
        while (len < vector.len && vector.data[len] != '/')
            len++;
        return slice_of(vector.data + 5, len - 5);
    }
    return json_name(cvss);
}

/* The object whose members are the metrics. */
static const struct json_value *content_of(const struct csaf_validation *v,
                                           const struct json_value *metric)
{
    return v->version == CSAF_2_0 ? metric : json_get(metric, "content");
}

static const struct json_value *metrics_of(const struct csaf_validation *v,
                                           const struct json_value *vulnerability)
{
    return csaf_array(vulnerability, v->version == CSAF_2_0 ? "scores" : "metrics");
}

static const char *source_text(struct metrics *m, const struct json_value *metric)
{
    struct slice source = json_get_string(metric, "source");
    if (m->v->version == CSAF_2_0)
        return "";
    if (!source.data)
        return " by the document's author";
    const char *text = arena_printf(m->v->arena, " by %s", csaf_quote(m->v, source));
    if (!text)
        no_memory(m);
    return text ? text : "";
}

static void scored_twice(struct metrics *m, const struct json_value *metric,
                         const struct json_value *cvss)
{
    struct csaf_validation *v = m->v;
    struct slice version = cvss_version(cvss);
    struct key key = {.vulnerability = m->vulnerability,
                      .source = number_of(m, json_get_string(metric, "source")),
                      .kind = number_of(m, version)};

    json_each(product, csaf_array(metric, "products"))
    {
        size_t line, column;
        key.product = csaf_product_number(v, product);
        const struct json_value *before = key.product != CSAF_NO_ID ? put(m, key, cvss) : NULL;
        if (!before || before == cvss)
            continue;
        json_place(v->doc, before, &line, &column);
        csaf_find(v, product, "product %s has a CVSS %.*s score%s already, in line %zu",
                  csaf_quote(v, json_string(product)), (int)(version.len < 20 ? version.len : 20),
                  (const char *)version.data, source_text(m, metric), line);
    }
}

/* Multiple Scores with Same Version per Product */
void csaf_test_6_1_7(struct csaf_validation *v)
{
    struct metrics m;

    metrics_init(&m, v);
    csaf_each_vulnerability(vulnerability, v)
    {
        if (m.failed)
            break;
        m.vulnerability++;
        json_each(metric, metrics_of(v, vulnerability))
        {
            const struct json_value *content = content_of(v, metric);
            if (json_is(content, JSON_OBJECT))
                json_each(cvss, content) if (is_cvss(json_name(cvss)))
                    scored_twice(&m, metric, cvss);
        }
    }
    metrics_fini(&m);
}

enum { A_RATING, A_SCORE };

static void note_kinds(struct metrics *m, const struct json_value *metric)
{
    const struct json_value *content = json_get(metric, "content");
    const struct json_value *rating = json_get(content, "qualitative_severity_rating");
    const struct json_value *score = NULL;
    struct key key = {.vulnerability = m->vulnerability,
                      .source = number_of(m, json_get_string(metric, "source"))};

    if (!json_is(content, JSON_OBJECT))
        return;
    json_each(member, content) if (!score && is_cvss(json_name(member))) score = member;
    json_each(product, csaf_array(metric, "products"))
    {
        key.product = csaf_product_number(m->v, product);
        if (key.product == CSAF_NO_ID)
            continue;
        key.kind = A_RATING;
        if (rating)
            put(m, key, product);
        key.kind = A_SCORE;
        if (score)
            put(m, key, product);
    }
}

/* Once a product and source, where the later of both stands. */
static void rated_and_scored(struct metrics *m, const struct json_value *metric)
{
    struct csaf_validation *v = m->v;
    struct key key = {.vulnerability = m->vulnerability,
                      .source = number_of(m, json_get_string(metric, "source"))};

    json_each(product, csaf_array(metric, "products"))
    {
        size_t line, column;
        key.product = csaf_product_number(v, product);
        if (key.product == CSAF_NO_ID)
            continue;
        key.kind = A_RATING;
        const struct json_value *rating = get(m, key);
        key.kind = A_SCORE;
        const struct json_value *score = get(m, key);
        if (!rating || !score)
            continue;
        bool rated_later = json_offset(v->doc, rating) > json_offset(v->doc, score);
        if (product != (rated_later ? rating : score))
            continue;
        json_place(v->doc, rated_later ? score : rating, &line, &column);
        csaf_find(
            v, product,
            "product %s has a qualitative severity rating and a CVSS score%s (%s in line %zu)",
            csaf_quote(v, json_string(product)), source_text(m, metric),
            rated_later ? "the score" : "the rating", line);
        csaf_suggest(v, "remove the qualitative severity rating");
    }
}

/* Use of CVSS and Qualitative Severity Rating */
void csaf_test_6_1_56(struct csaf_validation *v)
{
    struct metrics m;

    metrics_init(&m, v);
    csaf_each_vulnerability(vulnerability, v)
    {
        if (m.failed)
            break;
        m.vulnerability++;
        json_each(metric, csaf_array(vulnerability, "metrics")) note_kinds(&m, metric);
        json_each(metric, csaf_array(vulnerability, "metrics"))
        {
            if (!m.failed)
                rated_and_scored(&m, metric);
        }
    }
    metrics_fini(&m);
}
