/* SPDX-License-Identifier: Apache-2.0 */
/* Branches: how deep they may be nested, and which categories go together on one path. */
#include "base/utf8.h"
#include "csaf/validate/tests.h"

/* csaf_validate_limits has depth 128: there cannot be more branches on a path. */
enum { DEEPEST = 128, NESTED = 30 };

/* The path to the branch under way. */
struct path {
    struct csaf_validation *v;
    const struct json_value *branches[DEEPEST];
    bool told[DEEPEST]; /* of each branch: what is wrong with it was said */
    size_t depth;
    /* Called for each branch with a product, the last of the path. */
    void (*product)(struct path *path, const struct json_value *product);
};

static void walk(struct path *path, const struct json_value *list)
{
    if (!json_is(list, JSON_ARRAY) || path->depth == DEEPEST)
        return;
    json_each(branch, list)
    {
        const struct json_value *product = json_get(branch, "product");
        path->branches[path->depth] = branch;
        path->told[path->depth] = false;
        path->depth++;
        if (product)
            path->product(path, product);
        walk(path, json_get(branch, "branches"));
        path->depth--;
    }
}

static void each_product(struct csaf_validation *v,
                         void (*product)(struct path *path, const struct json_value *product))
{
    struct path path = {.v = v, .product = product};

    walk(&path, json_get(v->product_tree, "branches"));
}

static void too_deep(struct path *path, const struct json_value *product)
{
    if (path->depth > NESTED)
        csaf_find(path->v, product,
                  "the path to this product goes through %zu \"branches\"; the most is %d",
                  path->depth, NESTED);
}

/* Branches Recursion Depth */
void csaf_test_6_1_34(struct csaf_validation *v)
{
    each_product(v, too_deep);
}

static struct slice category_of(const struct path *path, size_t i)
{
    return json_get_string(path->branches[i], "category");
}

/* Says it once for each branch, however many products there are behind it. */
static void stacked(struct path *path, const struct json_value *product)
{
    (void)product;
    for (size_t i = 1; i < path->depth; i++) {
        struct slice category = category_of(path, i);
        if (path->told[i] || !category.data || slice_is(category, "product_family"))
            continue;
        for (size_t k = 0; k < i; k++) {
            if (!slice_equal(category, category_of(path, k)))
                continue;
            csaf_find(path->v, json_get(path->branches[i], "category"),
                      "the category %s of branch %s stands on the same path before, of branch %s",
                      csaf_quote(path->v, category),
                      csaf_quote(path->v, json_get_string(path->branches[i], "name")),
                      csaf_quote(path->v, json_get_string(path->branches[k], "name")));
            csaf_suggest(path->v, "make one branch of both");
            path->told[i] = true;
            break;
        }
    }
}

/* Stacked Branch Categories */
void csaf_test_6_1_57(struct csaf_validation *v)
{
    each_product(v, stacked);
}

static void version_and_range(struct path *path, const struct json_value *product)
{
    size_t version = SIZE_MAX, range = SIZE_MAX;

    (void)product;
    for (size_t i = 0; i < path->depth; i++) {
        struct slice category = category_of(path, i);
        if (version == SIZE_MAX && slice_is(category, "product_version"))
            version = i;
        if (range == SIZE_MAX && slice_is(category, "product_version_range"))
            range = i;
    }
    if (version == SIZE_MAX || range == SIZE_MAX)
        return;
    size_t later = version > range ? version : range;
    if (path->told[later])
        return;
    path->told[later] = true;
    csaf_find(path->v, json_get(path->branches[later], "category"),
              "the path to this branch has both a product_version (%s) and a product_version_range "
              "(%s)",
              csaf_quote(path->v, json_get_string(path->branches[version], "name")),
              csaf_quote(path->v, json_get_string(path->branches[range], "name")));
}

/* Use of product_version in one Path with product_version_range */
void csaf_test_6_1_58(struct csaf_validation *v)
{
    each_product(v, version_and_range);
}

/* Bytes of the white space at the start of text; 0: there is none. */
static size_t white_space(struct slice text)
{
    size_t len = text.len ? utf8_length(text.data, text.data + text.len) : 0;
    uint32_t c = len ? utf8_decode(text.data, len) : 0;
    bool white = (c >= 0x09 && c <= 0x0d) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
                 (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
                 c == 0x205f || c == 0x3000;

    return white ? len : 0;
}

static bool is_word(struct slice word, const char *lower)
{
    if (word.len != strlen(lower))
        return false;
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)lower[i])
            return false;
    }
    return true;
}

/* The operator or word in name that makes it a range; empty: none. */
static struct slice range_mark(struct slice name)
{
    static const char *const words[] = {"after", "all",   "before",  "earlier",
                                        "later", "prior", "versions"};

    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == '<' || name.data[i] == '>')
            return slice_of(name.data + i,
                            1 + (size_t)(i + 1 < name.len && name.data[i + 1] == '='));
    for (size_t i = 0; i < name.len;) {
        size_t white = white_space(slice_of(name.data + i, name.len - i));
        size_t from = i += white;
        if (white)
            continue;
        while (i < name.len && !white_space(slice_of(name.data + i, name.len - i)))
            i++;
        for (size_t k = 0; k < ARRAY_LEN(words); k++)
            if (is_word(slice_of(name.data + from, i - from), words[k]))
                return slice_of(name.data + from, i - from);
    }
    return slice_of(NULL, 0);
}

static void single_version(struct csaf_validation *v, const struct json_value *branch,
                           void *context)
{
    const struct json_value *name = json_get(branch, "name");
    struct slice mark;

    (void)context;
    if (!slice_is(json_get_string(branch, "category"), "product_version") ||
        !(mark = range_mark(json_string(name))).len)
        return;
    csaf_find(v, name, "the product_version %s is a range: it contains %s",
              csaf_quote(v, json_string(name)), csaf_quote(v, mark));
    csaf_suggest(v, "name each version, or use the category product_version_range");
}

/* Version Range in Product Version; its words are words, as the test data of 2.0 has it too. */
void csaf_test_6_1_31(struct csaf_validation *v)
{
    csaf_visit(v, "product_tree.branches[]*", single_version, NULL);
}
