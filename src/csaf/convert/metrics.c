/* SPDX-License-Identifier: Apache-2.0 */
/* /vulnerabilities[]/scores to metrics; CVSS 4.0 from calculator references. */
#include "csaf/convert/convert_internal.h"
#include "csaf/facts/cvss.h"

struct node *convert_metrics_of(struct converter *c, struct node *vulnerability)
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
        node_append(convert_metrics_of(c, vulnerability), metric);
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
struct node *convert_affected(struct converter *c, const struct node *vulnerability,
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
    struct node *products = convert_affected(c, vulnerability, url);
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
    node_append(convert_metrics_of(c, vulnerability), metric);
    convert_tell(c, CSAF_CONVERT_WARNING, "cvss-v4", url,
                 "a metric was made of the reference to the CVSS v4.0 calculator: %.*s (%s)",
                 SLICE_ARG(vector), csaf_cvss_score_text(tenths.base));
    return true;
}

void convert_metrics(struct converter *c, struct node *vulnerability)
{
    scores(c, vulnerability);
    if (!c->options.no_calculator)
        node_each(reference, node_get(vulnerability,
                                      "references")) if (cvss_v4(c, vulnerability,
                                                                 node_get(reference, "url"))) break;
    convert_ssvc(c, vulnerability);
    (void)node_unique(c, node_get(vulnerability, "metrics"), "duplicate", "this metric");
}
