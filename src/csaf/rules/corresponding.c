/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which affected products are other versions of a fixed one.
 *
 * Every product gets a key: the names on its path through the branches without those of versions;
 * for a product path the key of its beginning and what follows. What a product is installed on
 * counts exactly; a component or companion counts in any version, because it is what changes. Of
 * products without branches (full_product_names) nothing is known but the name: they correspond to
 * any.
 */
#include "base/memory.h"
#include "csaf/validate/path_graph.h"
#include "csaf/validate/tests.h"

#include <stdlib.h>

enum { UNKNOWN, ANY, FIRST_KEY }; /* keys of what cannot be told, and of full_product_names */

/* The product also corresponds to what has the key. */
struct also {
    uint32_t product, key;
};

struct keys {
    struct csaf_validation *v;
    struct map known; /* parts of a key -> the key */
    uint32_t count;
    uint32_t *of;       /* the key of each product, by definition->index */
    uint32_t *stripped; /* the same without what is installed with it */
    struct also *also;  /* by product and key */
    size_t also_count, also_room;
    uint32_t *seen; /* by key: the round in which an affected product had it */
    uint32_t *affected;
    size_t affected_count;
    uint32_t round;
    size_t next; /* definition that the walk through the branches comes to next */
    bool failed;
};

static void no_memory(struct keys *k)
{
    csaf_no_memory(k->v);
    k->failed = true;
}

/* The key of a parent and one more step; parts are told apart by a byte that names cannot have. */
static uint32_t step(struct keys *k, uint32_t parent, struct slice category, struct slice what)
{
    size_t len = sizeof parent + category.len + 1 + what.len;
    uint8_t *bytes = k->failed ? NULL : arena_alloc(k->v->arena, len);

    if (!bytes) {
        no_memory(k);
        return UNKNOWN;
    }
    memcpy(bytes, &parent, sizeof parent);
    if (category.len)
        memcpy(bytes + sizeof parent, category.data, category.len);
    bytes[sizeof parent + category.len] = 0xff;
    if (what.len)
        memcpy(bytes + len - what.len, what.data, what.len);
    void *known = map_get(&k->known, slice_of(bytes, len));
    if (known)
        return (uint32_t)(uintptr_t)known;
    if (map_set(&k->known, slice_of(bytes, len), (void *)(uintptr_t)k->count) < 0) {
        no_memory(k);
        return UNKNOWN;
    }
    return k->count++;
}

static bool is_version(struct slice category)
{
    return slice_is(category, "product_version") || slice_is(category, "product_version_range") ||
           slice_is(category, "patch_level") || slice_is(category, "service_pack");
}

/* In the order in which the index defines products. */
static void walk_branches(struct keys *k, const struct json_value *list, uint32_t parent,
                          unsigned depth)
{
    if (!json_is(list, JSON_ARRAY) || depth > 128)
        return;
    json_each(branch, list)
    {
        struct slice category = json_get_string(branch, "category");
        uint32_t key = is_version(category)
                           ? parent
                           : step(k, parent, category, json_get_string(branch, "name"));
        json_each(member, branch)
        {
            if (slice_is(json_name(member), "branches")) {
                walk_branches(k, member, key, depth + 1);
            } else if (slice_is(json_name(member), "product") && json_is(member, JSON_OBJECT)) {
                while (k->next < k->v->product_count && k->v->products[k->next].value != member)
                    k->next++;
                if (k->next < k->v->product_count)
                    k->of[k->next] = k->stripped[k->next] = key;
            }
        }
    }
}

static void add_also(struct keys *k, uint32_t product, uint32_t key)
{
    if (k->also_count == k->also_room) {
        size_t room = k->also_room ? k->also_room * 2 : 64;
        struct also *more = mem_resize(k->also, room, sizeof *more);
        if (!more) {
            no_memory(k);
            return;
        }
        k->also = more;
        k->also_room = room;
    }
    k->also[k->also_count++] = (struct also){product, key};
}

/* The key of a product path; UNKNOWN when something on it is not defined, or leads in a circle. */
static void follow_path(struct keys *k, const struct csaf_definition *path)
{
    const struct json_value *beginning = json_get(path->holder, "beginning_product_reference");
    const struct csaf_definition *d = csaf_defined_product(k->v, beginning);
    uint32_t product = (uint32_t)path->index;
    uint32_t key = d ? k->of[d->index] : UNKNOWN;
    uint32_t stripped = d ? k->stripped[d->index] : UNKNOWN;

    json_each(subpath, csaf_array(path->holder, "subpaths"))
    {
        struct slice category = json_get_string(subpath, "category");
        d = csaf_defined_product(k->v, json_get(subpath, "next_product_reference"));
        if (!d || key == UNKNOWN || k->of[d->index] == UNKNOWN)
            return;
        uint32_t exactly = (uint32_t)d->index, next = k->of[d->index];
        bool on = slice_is(category, "installed_on");
        struct slice what = on ? slice_of(&exactly, sizeof exactly) : slice_of(&next, sizeof next);
        if (slice_is(category, "installed_with")) {
            /* what it is installed with may be the fix of what the path leads to so far */
            add_also(k, product, key);
            add_also(k, exactly, key);
        } else {
            stripped = step(k, stripped, category, what);
        }
        key = step(k, key, category, what);
    }
    if (stripped != key)
        add_also(k, product, stripped);
    k->of[product] = key;
    k->stripped[product] = stripped;
}

static int by_product_and_key(const void *a, const void *b)
{
    const struct also *x = a, *y = b;

    if (x->product != y->product)
        return x->product < y->product ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

static bool make_keys(struct keys *k)
{
    struct csaf_validation *v = k->v;
    struct csaf_path_graph graph;

    k->count = FIRST_KEY;
    k->of = mem_new(v->product_count + 1, sizeof *k->of);
    k->stripped = mem_new(v->product_count + 1, sizeof *k->stripped);
    if (!k->of || !k->stripped) {
        no_memory(k);
        return false;
    }
    walk_branches(k, json_get(v->product_tree, "branches"), ANY, 0);
    if (csaf_path_graph_init(&graph, v, NULL)) {
        for (size_t i = 0; i < v->product_count && !k->failed; i++) {
            const struct csaf_definition *d = &v->products[graph.order[i]];
            if (d->in == CSAF_IN_LIST)
                k->of[d->index] = k->stripped[d->index] = ANY;
            else if (d->in == CSAF_IN_PATH)
                follow_path(k, d);
        }
    } else {
        k->failed = true;
    }
    csaf_path_graph_fini(&graph);
    if (k->also_count > 1)
        qsort(k->also, k->also_count, sizeof *k->also, by_product_and_key);
    k->seen = mem_new(k->count, sizeof *k->seen);
    k->affected = mem_new(v->product_use_count + 1, sizeof *k->affected);
    if (!k->seen || !k->affected)
        no_memory(k);
    return !k->failed;
}

/* The keys of what the vulnerability affects. */
static void note_affected(struct keys *k, const struct json_value *status)
{
    static const char *const names[] = {"known_affected", "first_affected", "last_affected"};

    k->round++;
    k->affected_count = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        json_each(id, csaf_array(status, names[i]))
        {
            const struct csaf_definition *d = csaf_defined_product(k->v, id);
            uint32_t key = d ? k->of[d->index] : UNKNOWN;
            if (!d || k->seen[key] == k->round)
                continue;
            k->seen[key] = k->round;
            k->affected[k->affected_count++] = key;
        }
}

/* First of those of the product that is not below the key. */
static size_t also_from(const struct keys *k, uint32_t product, uint32_t key)
{
    struct also wanted = {product, key};
    size_t low = 0, high = k->also_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_product_and_key(&k->also[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_also(const struct keys *k, uint32_t product, uint32_t key)
{
    size_t at = also_from(k, product, key);

    return at < k->also_count && k->also[at].product == product && k->also[at].key == key;
}

/* From the smaller side: what it corresponds to, or what is affected. */
static bool has_affected(const struct keys *k, uint32_t product)
{
    uint32_t key = k->of[product];

    if (k->seen[key] == k->round || k->seen[ANY] == k->round || k->seen[UNKNOWN] == k->round)
        return true;
    if (key == ANY)
        return k->affected_count > 0;
    size_t from = also_from(k, product, 0), to = also_from(k, product + 1, 0);
    if (to - from <= k->affected_count) {
        for (size_t i = from; i < to; i++)
            if (k->seen[k->also[i].key] == k->round)
                return true;
        return false;
    }
    for (size_t i = 0; i < k->affected_count; i++)
        if (is_also(k, product, k->affected[i]))
            return true;
    return false;
}

static void check_fixed(struct keys *k, const struct json_value *list)
{
    struct csaf_validation *v = k->v;

    json_each(id, list)
    {
        const struct csaf_definition *d = csaf_defined_product(v, id);
        if (!d || k->of[d->index] == UNKNOWN || has_affected(k, (uint32_t)d->index))
            continue;
        csaf_find(v, id, "product %s is %.*s, but no version of it is listed as affected",
                  csaf_quote(v, json_string(id)), SLICE_ARG(json_name(list)));
        csaf_suggest(v, "list the versions that it fixes as known_affected");
    }
}

/* Corresponding Affected Products */
void csaf_test_6_1_27_13(struct csaf_validation *v)
{
    struct keys k = {.v = v};

    if (!csaf_is_profile(v, "csaf_security_advisory"))
        return;
    map_init(&k.known);
    if (make_keys(&k))
        csaf_each_vulnerability(vulnerability, v)
        {
            const struct json_value *status = csaf_object(vulnerability, "product_status");
            note_affected(&k, status);
            check_fixed(&k, csaf_array(status, "fixed"));
            check_fixed(&k, csaf_array(status, "first_fixed"));
        }
    map_fini(&k.known);
    mem_free(k.of);
    mem_free(k.stripped);
    mem_free(k.also);
    mem_free(k.seen);
    mem_free(k.affected);
}
