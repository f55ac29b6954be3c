/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended and informative: how the product tree is built. */
#include "csaf/validate/tests.h"

/* vendor, then product_name, then product_version on the way to each product. */
static void categories(struct csaf_validation *v, const struct json_value *branches, int stage,
                       unsigned depth)
{
    static const char *const wanted[] = {"vendor", "product_name", "product_version"};

    if (!json_is(branches, JSON_ARRAY) || depth > 128)
        return;
    json_each(branch, branches)
    {
        int here = stage;
        struct slice category = json_get_string(branch, "category");
        if (here < (int)ARRAY_LEN(wanted) && slice_is(category, wanted[here]))
            here++;
        const struct json_value *product = json_get(branch, "product");
        if (json_is(product, JSON_OBJECT) && here < (int)ARRAY_LEN(wanted))
            csaf_find(v, product,
                      "the way to product %s has no branch of category %s%s; it should lead from "
                      "vendor over product_name to product_version",
                      csaf_quote(v, json_get_string(product, "product_id")), wanted[here],
                      here ? " behind the others" : "");
        categories(v, json_get(branch, "branches"), here, depth + 1);
    }
}

/* Branch Categories */
void csaf_test_6_3_9(struct csaf_validation *v)
{
    categories(v, json_get(v->product_tree, "branches"), 0, 0);
}

static void version_range(struct csaf_validation *v, const struct json_value *branch, void *context)
{
    const struct json_value *category = json_get(branch, "category");
    (void)context;
    if (slice_is(json_string(category), "product_version_range"))
        csaf_find(v, category,
                  "the range %s can only be compared by rules; single versions can be looked up",
                  csaf_quote(v, json_get_string(branch, "name")));
}

/* Usage of Product Version Range */
void csaf_test_6_3_10(struct csaf_validation *v)
{
    csaf_visit(v, "product_tree.branches[]*", version_range, NULL);
}

static void version_indicator(struct csaf_validation *v, const struct json_value *branch,
                              void *context)
{
    const struct json_value *name = json_get(branch, "name");
    struct slice text = json_string(name);
    (void)context;
    if (slice_is(json_get_string(branch, "category"), "product_version") && text.len >= 2 &&
        (text.data[0] | 0x20) == 'v' && text.data[1] >= '0' && text.data[1] <= '9')
        csaf_find(v, name, "version %s begins with %c", csaf_quote(v, text), text.data[0]);
}

/* Usage of V as Version Indicator */
void csaf_test_6_3_11(struct csaf_validation *v)
{
    csaf_visit(v, "product_tree.branches[]*", version_indicator, NULL);
}

static bool type_char(uint8_t c, bool first)
{
    return (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '+' ||
           (!first && c >= '0' && c <= '9');
}

/* "vers:", a type, '/', and something. */
static bool looks_like_vers(struct slice text)
{
    size_t i = 5;
    if (text.len < 8 || memcmp(text.data, "vers:", 5) != 0)
        return false;
    while (i < text.len && type_char(text.data[i], i == 5))
        i++;
    return i > 5 && i + 1 < text.len && text.data[i] == '/';
}

static void without_vers(struct csaf_validation *v, const struct json_value *branch, void *context)
{
    const struct json_value *name = json_get(branch, "name");
    (void)context;
    if (!slice_is(json_get_string(branch, "category"), "product_version_range") ||
        looks_like_vers(json_string(name)))
        return;
    csaf_find(v, name, "the version range %s is not written as VERS; tools can only guess at it",
              csaf_quote(v, json_string(name)));
    csaf_suggest(v, "check carefully whether VERS can be used (vers:TYPE/>=1.0|<2.0) or the "
                    "versions can be listed one by one: vls is only a fallback");
}

/* Product Version Range without VERS */
void csaf_test_6_2_18(struct csaf_validation *v)
{
    csaf_visit(v, "product_tree.branches[]*", without_vers, NULL);
}

/* Nested Product Path */
void csaf_test_6_3_22(struct csaf_validation *v)
{
    for (size_t i = 0; i < v->product_use_count; i++) {
        const struct csaf_use *use = &v->product_uses[i];
        const struct csaf_definition *d = use->defined;
        if (d && d->in == CSAF_IN_PATH &&
            (use->role == CSAF_USE_REFERENCE || use->role == CSAF_USE_RELATES_TO))
            csaf_find(v, use->value, "product %s is itself defined by a product path",
                      csaf_quote(v, d->id));
    }
}
