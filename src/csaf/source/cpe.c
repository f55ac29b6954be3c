/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applicability statements of CVE records (record format 5.1, cpeApplicability): which CPE names,
 * between which versions, are vulnerable, and with what beside them. What a statement's names do
 * not cover is not vulnerable, as far as the name is one of them at all.
 */
#include "csaf/source.h"
#include "product/cpe.h"

size_t csaf_applicability_count(const struct json_value *container)
{
    size_t count = 0;
    json_each(configuration, json_get(container, "cpeApplicability"))
        json_each(node, json_get(configuration, "nodes")) count +=
        json_count(json_get(node, "cpeMatch"));
    return count;
}

/* Does the name itself say a version? Then no bounds are due. */
static int name_version(struct csaf_source_builder *b, struct slice text, bool *exact,
                        struct slice *version)
{
    struct product_cpe name;
    struct err unfit = {0};
    *exact = false;
    if (product_cpe_parse(&b->d->model->arena, text, PRODUCT_CPE_LENIENT, &name, &unfit) != 0)
        return unfit.kind == ERR_MEMORY ? err_memory(b->e) : 0;
    const struct product_cpe_value *v = &name.at[PRODUCT_CPE_VERSION];
    *exact = v->kind == PRODUCT_CPE_TEXT && !v->before && !v->after;
    *version = v->text;
    return 0;
}

static int add_match(struct csaf_source_builder *b, const struct json_value *match,
                     const char *pointer, struct slice condition)
{
    struct csaf_range *range = csaf_new(b->d, 1, sizeof *range, b->e);
    struct product_interval *bounds = csaf_new(b->d, 1, sizeof *bounds, b->e);
    struct csaf_source_product from = {.at = match,
                                       .pointer = pointer,
                                       .part = "",
                                       .cpe = json_get_string(match, "criteria"),
                                       .product = json_get_string(match, "criteria")};
    struct slice start = json_get_string(match, "versionStartIncluding");
    struct slice end = json_get_string(match, "versionEndIncluding");
    bool exact;
    struct slice version;
    if (!range || !bounds)
        return -1;
    if (from.cpe.len == 0) {
        csaf_fault(b->check, "csaf.required", "cpeApplicability[].nodes[].cpeMatch[].criteria",
                   match, "the entry names no CPE");
        return 0;
    }
    if (name_version(b, from.cpe, &exact, &version) != 0)
        return -1;
    bounds->low = start.len ? start : json_get_string(match, "versionStartExcluding");
    bounds->low_open = start.len == 0 && bounds->low.len;
    bounds->high = end.len ? end : json_get_string(match, "versionEndExcluding");
    bounds->high_open = end.len == 0 && bounds->high.len;
    bool bounded = bounds->low.len || bounds->high.len;
    if (exact && !bounded)
        *bounds = (struct product_interval){.low = version, .high = version};
    *range = (struct csaf_range){.scheme = &product_scheme_generic,
                                 .intervals = bounds,
                                 .count = 1,
                                 .closed = bounded,
                                 .form = "cpe",
                                 .condition = condition};
    from.range = range;
    return csaf_source_add(b, &from, CSAF_KNOWN_AFFECTED) ? 0 : -1;
}

static bool is_true(const struct json_value *v)
{
    return json_is(v, JSON_TRUE);
}

/* "only with cpe:2.3:h:acme:box": what is not vulnerable itself, and has to be there */
static int condition_of(struct csaf_source_builder *b, const struct json_value *configuration,
                        struct slice *out)
{
    *out = slice_of(NULL, 0);
    if (!slice_is(json_get_string(configuration, "operator"), "AND"))
        return 0;
    json_each(node, json_get(configuration, "nodes")) json_each(match, json_get(node, "cpeMatch"))
    {
        if (is_true(json_get(match, "vulnerable")))
            continue;
        *out = csaf_source_text(b, "only with %.*s", SLICE_ARG(json_get_string(match, "criteria")));
        return out->data ? 0 : -1;
    }
    return 0;
}

static int read_node(struct csaf_source_builder *b, const struct json_value *node,
                     const char *pointer, struct slice condition)
{
    size_t index = 0;
    json_each(match, csaf_source_member(b, node, "cpeMatch", JSON_ARRAY))
    {
        struct slice at = csaf_source_text(b, "%s/cpeMatch/%zu", pointer, index++);
        if (!at.data)
            return -1;
        if (is_true(json_get(match, "vulnerable")) &&
            add_match(b, match, (const char *)at.data, condition) != 0)
            return -1;
    }
    return 0;
}

int csaf_applicability_read(struct csaf_source_builder *b, const struct json_value *container,
                            const char *pointer)
{
    size_t index = 0;
    json_each(configuration, csaf_source_member(b, container, "cpeApplicability", JSON_ARRAY))
    {
        struct slice condition;
        size_t number = index++, inner = 0;
        if (condition_of(b, configuration, &condition) != 0)
            return -1;
        json_each(node, csaf_source_member(b, configuration, "nodes", JSON_ARRAY))
        {
            struct slice at =
                csaf_source_text(b, "%s/cpeApplicability/%zu/nodes/%zu", pointer, number, inner++);
            if (!at.data)
                return -1;
            if (is_true(json_get(configuration, "negate")) || is_true(json_get(node, "negate"))) {
                csaf_warn(b->check, "cve.negate", "cpeApplicability[].nodes[].negate", node,
                          "what is everything but these names is not matched");
                continue;
            }
            if (read_node(b, node, (const char *)at.data, condition) != 0)
                return -1;
        }
    }
    return 0;
}
