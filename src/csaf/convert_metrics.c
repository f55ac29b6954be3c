/* SPDX-License-Identifier: Apache-2.0 */
/* /vulnerabilities[]/scores to metrics; CVSS 4.0 from calculator references; SSVC from notes. */
#include "base/clock.h"
#include "csaf/convert_internal.h"
#include "csaf/cvss.h"

static struct node *metrics_of(struct converter *c, struct node *vulnerability)
{
    struct node *metrics = node_get(vulnerability, "metrics");
    if (!metrics) {
        metrics = node_new(c, JSON_ARRAY, vulnerability);
        node_set(vulnerability, "metrics", metrics);
    }
    return metrics;
}

static void scores(struct converter *c, struct node *vulnerability)
{
    struct node *old = node_take(vulnerability, "scores");
    node_each(score, old)
    {
        struct node *metric = node_new(c, JSON_OBJECT, score);
        struct node *content = node_new(c, JSON_OBJECT, score);
        struct node *products = node_get(score, "products");
        if (convert_failed(c))
            return;
        node_set(content, "cvss_v2", node_take(score, "cvss_v2"));
        node_set(content, "cvss_v3", node_take(score, "cvss_v3"));
        if (node_empty(content)) {
            convert_tell(c, CSAF_CONVERT_LOSS, "score-empty", score,
                         "a score without CVSS says nothing and was not converted");
            continue;
        }
        (void)node_unique(c, products, "duplicate", "this product id");
        node_set(metric, "content", content);
        node_set(metric, "products", node_take(score, "products"));
        node_append(metrics_of(c, vulnerability), metric);
    }
}

/* --- CVSS 4.0 --- */

/* The fragment of a reference to FIRST's calculator for 4.0; empty: it is none. */
static struct slice calculator(struct slice url)
{
    static const char *const begins[] = {
        "https://www.first.org/cvss/calculator/4.0", "https://www.first.org/cvss/calculator/4-0",
        "https://first.org/cvss/calculator/4.0", "http://www.first.org/cvss/calculator/4.0"};
    for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
        size_t len = strlen(begins[i]);
        if (url.len > len && memcmp(url.data, begins[i], len) == 0) {
            if (url.data[len] == '/')
                len++;
            if (len < url.len && url.data[len] == '#')
                return slice_of(url.data + len + 1, url.len - len - 1);
        }
    }
    return slice_of(NULL, 0);
}

/* Each product that the vulnerability affects, as ids. */
static struct node *affected(struct converter *c, const struct node *vulnerability,
                             const struct node *source)
{
    static const char *const groups[] = {"known_affected", "first_affected", "last_affected"};
    struct node *ids = node_new(c, JSON_ARRAY, source);
    uint32_t turn = ++c->turn;
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        node_each(id, node_get(node_get(vulnerability, "product_status"), groups[i]))
        {
            struct convert_product *p = convert_product_find(c, node_text(id));
            if (!p || p->seen == turn)
                continue;
            p->seen = turn;
            node_append(ids, node_string(c, p->id, id));
        }
    return ids;
}

/* true: the vulnerability has its metric; a product has one score of a version (test 6.1.7). */
static bool cvss_v4(struct converter *c, struct node *vulnerability, const struct node *url)
{
    struct slice vector = calculator(node_text(url));
    struct csaf_cvss cvss;
    struct csaf_cvss_scores tenths;
    struct err e = {0};
    if (vector.len == 0)
        return false;
    if (csaf_cvss_parse(&cvss, vector, &e) != 0 || cvss.version != CSAF_CVSS_4_0 ||
        csaf_cvss_score(&cvss, &tenths) != 0) {
        convert_tell(c, CSAF_CONVERT_WARNING, "cvss-v4", url,
                     "the automatic conversion of the CVSS v4.0 reference failed: %s",
                     err_is_set(&e) ? e.text : "the vector lacks a base metric of CVSS 4.0");
        return false;
    }
    struct node *products = affected(c, vulnerability, url);
    if (node_empty(products)) {
        convert_tell(c, CSAF_CONVERT_WARNING, "cvss-v4", url,
                     "the automatic conversion of the CVSS v4.0 reference failed: the "
                     "vulnerability names no affected product");
        return true;
    }
    struct node *metric = node_new(c, JSON_OBJECT, url), *content = node_new(c, JSON_OBJECT, url);
    struct node *score = node_new(c, JSON_OBJECT, url), *number = node_new(c, JSON_NUMBER, url);
    if (convert_failed(c))
        return true;
    number->text = slice_str(csaf_cvss_score_text(tenths.base));
    node_set(score, "baseScore", number);
    node_set_text(c, score, "baseSeverity", slice_str(csaf_cvss_severity(tenths.base)), url);
    node_set_text(c, score, "vectorString", vector, url);
    node_set_text(c, score, "version", slice_str("4.0"), url);
    node_set(content, "cvss_v4", score);
    node_set(metric, "content", content);
    node_set(metric, "products", products);
    node_append(metrics_of(c, vulnerability), metric);
    convert_tell(c, CSAF_CONVERT_WARNING, "cvss-v4", url,
                 "a metric was made of the reference to the CVSS v4.0 calculator: %.*s (%s)",
                 SLICE_ARG(vector), csaf_cvss_score_text(tenths.base));
    return true;
}

/* --- SSVC --- */

struct point {
    const char *key, *name, *version;
    const char *values; /* "key=name" by ';' */
};

/* Decision points of the namespace "ssvc" that the coordinator of the SSVC project writes in its
 * short form, in their registered versions. */
static const struct point points[] = {
    {"E", "Exploitation", "1.1.0", "N=None;P=Public PoC;A=Active;"},
    {"A", "Automatable", "2.0.0", "N=No;Y=Yes;"},
    {"T", "Technical Impact", "1.0.0", "P=Partial;T=Total;"},
};

static struct node *selection(struct converter *c, struct slice key, struct slice value,
                              const struct node *source)
{
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        const struct point *p = &points[i];
        if (!slice_is(key, p->key) || value.len != 1)
            continue;
        for (const char *at = p->values; *at; at = strchr(at, ';') + 1) {
            if (value.data[0] != (uint8_t)*at)
                continue;
            const char *name = at + 2;
            struct node *n = node_new(c, JSON_OBJECT, source);
            struct node *values = node_new(c, JSON_ARRAY, source);
            struct node *chosen = node_new(c, JSON_OBJECT, source);
            node_set_text(c, n, "namespace", slice_str("ssvc"), source);
            node_set_text(c, n, "key", slice_str(p->key), source);
            node_set_text(c, n, "version", slice_str(p->version), source);
            node_set_text(c, n, "name", slice_str(p->name), source);
            node_set_text(c, chosen, "key", value, source);
            node_set_text(c, chosen, "name", slice_of(name, (size_t)(strchr(name, ';') - name)),
                          source);
            node_append(values, chosen);
            node_set(n, "values", values);
            return convert_failed(c) ? NULL : n;
        }
    }
    return NULL;
}

/* "SSVCv2/E:P/A:N/T:P/2024-09-18T19:25:28Z/": NULL and why it could not be read. */
static struct node *ssvc_read(struct converter *c, struct slice text, const struct node *source,
                              const char **why)
{
    struct node *list = node_new(c, JSON_OBJECT, source);
    struct node *selections = node_new(c, JSON_ARRAY, source);
    bool timed = false;
    size_t begin = 7;
    *why = "it is no vector of the form SSVCv2/E:P/A:N/T:P/TIME/";
    while (text.len && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\n'))
        text.len--;
    if (text.len < begin || memcmp(text.data, "SSVCv2/", begin) != 0)
        return NULL;
    struct slice rest = slice_of(text.data + begin, text.len - begin);
    while (rest.len && !convert_failed(c)) {
        const uint8_t *slash = memchr(rest.data, '/', rest.len);
        size_t len = slash ? (size_t)(slash - rest.data) : rest.len;
        struct slice part = slice_of(rest.data, len);
        const uint8_t *colon = memchr(part.data, ':', part.len);
        int64_t at;
        struct err ignored = {0};
        if (time_parse(part, &at, &ignored) == 0 && !timed) {
            node_set_text(c, list, "timestamp", part, source);
            timed = true;
        } else if (colon) {
            struct slice key = slice_of(part.data, (size_t)(colon - part.data));
            struct node *one =
                selection(c, key, slice_of(colon + 1, part.len - key.len - 1), source);
            *why = "it would lose information: a decision point or value is not known here";
            if (!one)
                return NULL;
            node_append(selections, one);
        } else if (part.len) {
            return NULL;
        }
        rest = slash ? slice_of(slash + 1, rest.len - len - 1) : slice_of(rest.data, 0);
    }
    *why = "it has no decision point, or no time";
    if (node_empty(selections) || !timed)
        return NULL;
    node_set_text(c, list, "schemaVersion", slice_str("2.0.0"), source);
    node_set(list, "selections", selections);
    return list;
}

/* test 6.1.49 */
static bool newer(const struct converter *c, struct slice time)
{
    struct err ignored = {0};
    int64_t at, released;
    return time_parse(time, &at, &ignored) == 0 &&
           time_parse(c->released, &released, &ignored) == 0 && at > released;
}

static void ssvc(struct converter *c, struct node *vulnerability)
{
    struct node *notes = node_get(vulnerability, "notes"), *before = NULL;
    bool done = false;
    for (struct node *note = notes ? notes->in.first : NULL; note && !convert_failed(c);
         note = note->next) {
        const char *why = "the vulnerability has SSVC data already";
        if (slice_is(node_get_text(note, "title"), "SSVC") &&
            slice_is(node_get_text(note, "category"), "other")) {
            struct node *text = node_get(note, "text");
            struct node *list = done ? NULL : ssvc_read(c, node_text(text), text, &why);
            struct node *products = list ? affected(c, vulnerability, note) : NULL;
            if (list && newer(c, node_get_text(list, "timestamp"))) {
                list = NULL;
                why = "its time is newer than the document";
            }
            if (list && node_empty(products)) {
                list = NULL;
                why = "the vulnerability names no affected product";
            }
            if (list && node_get(note, "audience")) {
                list = NULL;
                why = "it would lose information: the note's audience";
            }
            if (list && !convert_failed(c)) {
                struct node *metric = node_new(c, JSON_OBJECT, note);
                struct node *content = node_new(c, JSON_OBJECT, note);
                node_set(content, "ssvc_v2", list);
                node_set(metric, "content", content);
                node_set(metric, "products", products);
                node_append(metrics_of(c, vulnerability), metric);
                if (before)
                    before->next = note->next;
                else
                    notes->in.first = note->next;
                if (notes->in.last == note)
                    notes->in.last = before;
                done = true;
                continue;
            }
            convert_tell_value(c, CSAF_CONVERT_WARNING, "ssvc", note, node_text(text),
                               "the automatic conversion of the SSVC data failed, the note stays: "
                               "%s",
                               why);
        }
        before = note;
    }
    if (notes && node_empty(notes))
        (void)node_take(vulnerability, "notes");
}

void convert_metrics(struct converter *c, struct node *vulnerability)
{
    scores(c, vulnerability);
    if (!c->options.no_calculator)
        node_each(reference, node_get(vulnerability,
                                      "references")) if (cvss_v4(c, vulnerability,
                                                                 node_get(reference, "url"))) break;
    ssvc(c, vulnerability);
    (void)node_unique(c, node_get(vulnerability, "metrics"), "duplicate", "this metric");
}
