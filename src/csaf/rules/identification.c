/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers that identify products: package URLs, hashes, and numbers with placeholders. */
#include "csaf/validate/tests.h"
#include "product/purl.h"

static const struct json_value *helper_of(const struct csaf_definition *product)
{
    return json_get(product->value, "product_identification_helper");
}

static void valid_purl(struct csaf_validation *v, const struct json_value *value)
{
    struct slice text = json_string(value);
    struct product_purl purl;
    struct err e = {0};

    if (!json_is(value, JSON_STRING))
        return;
    if (text.len >= 6 && memcmp(text.data, "pkg://", 6) == 0) {
        csaf_find(v, value, "%s is no package URL: \"pkg:\" is not followed by \"//\"",
                  csaf_quote(v, text));
        csaf_suggest(v, "remove the slashes");
        return;
    }
    if (product_purl_parse(v->arena, text, PRODUCT_PURL_STRICT, &purl, &e) == 0)
        return;
    if (e.kind == ERR_MEMORY) {
        csaf_no_memory(v);
        return;
    }
    csaf_find(v, value, "%s is no valid package URL: %s%s%s%s", csaf_quote(v, text), e.text,
              *e.clause ? " (" : "", e.clause, *e.clause ? ")" : "");
    if (*e.hint)
        csaf_suggest(v, "%s", e.hint);
}

/* PURL */
void csaf_test_6_1_13(struct csaf_validation *v)
{
    for (size_t i = 0; i < v->product_count; i++) {
        const struct json_value *helper = helper_of(&v->products[i]);
        if (v->version == CSAF_2_0)
            valid_purl(v, json_get(helper, "purl"));
        else
            json_each(purl, csaf_array(helper, "purls")) valid_purl(v, purl);
    }
}

static const char *difference(const struct product_purl *a, const struct product_purl *b)
{
    return !slice_equal(a->type, b->type)         ? "type"
           : !slice_equal(a->space, b->space)     ? "namespace"
           : !slice_equal(a->name, b->name)       ? "name"
           : !slice_equal(a->version, b->version) ? "version"
                                                  : "subpath";
}

/* What cannot be read is 6.1.13's, and left out here. */
static void same_but_qualifiers(struct csaf_validation *v, const struct json_value *purls)
{
    struct product_purl first = {0}, purl;
    const struct json_value *first_value = NULL;

    if (json_count(purls) < 2)
        return;
    json_each(value, purls)
    {
        struct err e = {0};
        if (!json_is(value, JSON_STRING))
            continue;
        if (product_purl_parse(v->arena, json_string(value), PRODUCT_PURL_LENIENT, &purl, &e) < 0) {
            if (e.kind == ERR_MEMORY) {
                csaf_no_memory(v);
                return;
            }
            continue;
        }
        if (!first_value) {
            first_value = value;
            first = purl;
        } else if (!product_purl_same_but_qualifiers(&first, &purl)) {
            csaf_find(v, value, "%s differs from the product's first package URL, %s, in its %s",
                      csaf_quote(v, json_string(value)), csaf_quote(v, json_string(first_value)),
                      difference(&first, &purl));
            csaf_suggest(v, "make a branch of its own for the other component");
        }
    }
}

/* PURL Qualifiers */
void csaf_test_6_1_42(struct csaf_validation *v)
{
    for (size_t i = 0; i < v->product_count; i++)
        same_but_qualifiers(v, csaf_array(helper_of(&v->products[i]), "purls"));
}

/* In a list of few, as lists of hashes are; in a longer one by a map. */
static void each_algorithm_once(struct csaf_validation *v, const struct json_value *hashes)
{
    struct map seen;

    if (json_count(hashes) < 2)
        return;
    map_init(&seen);
    json_each(hash, hashes)
    {
        const struct json_value *algorithm = json_get(hash, "algorithm");
        if (!json_is(algorithm, JSON_STRING))
            continue;
        if (map_get(&seen, json_string(algorithm))) {
            csaf_find(v, algorithm, "the hash algorithm %s is used for this file before",
                      csaf_quote(v, json_string(algorithm)));
        } else if (map_set(&seen, json_string(algorithm), (void *)(uintptr_t)algorithm) < 0) {
            csaf_no_memory(v);
            break;
        }
    }
    map_fini(&seen);
}

/* Multiple Use of Same Hash Algorithm */
void csaf_test_6_1_25(struct csaf_validation *v)
{
    for (size_t i = 0; i < v->product_count; i++)
        json_each(file, csaf_array(helper_of(&v->products[i]), "hashes"))
            each_algorithm_once(v, csaf_array(file, "file_hashes"));
}

/* Stars that are not escaped; a backslash escapes what follows it. */
static size_t count_stars(struct slice text)
{
    size_t stars = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\\')
            i++;
        else
            stars += text.data[i] == '*';
    }
    return stars;
}

static void one_star(struct csaf_validation *v, const char *list, const char *what)
{
    for (size_t i = 0; i < v->product_count; i++)
        json_each(value, csaf_array(helper_of(&v->products[i]), list))
        {
            size_t stars = count_stars(json_string(value));
            if (stars < 2)
                continue;
            csaf_find(v, value, "the %s %s has %zu stars that are not escaped; one is allowed",
                      what, csaf_quote(v, json_string(value)), stars);
            csaf_suggest(v, "write \\* for a star that is meant as such, and ? for a character");
        }
}

/* Use of Multiple Stars in Model Number */
void csaf_test_6_1_43(struct csaf_validation *v)
{
    one_star(v, "model_numbers", "model number");
}

/* Use of Multiple Stars in Serial Number */
void csaf_test_6_1_44(struct csaf_validation *v)
{
    one_star(v, "serial_numbers", "serial number");
}

/* Use of Multiple Stars in SKU */
void csaf_test_6_1_61(struct csaf_validation *v)
{
    one_star(v, "skus", "stock keeping unit");
}
