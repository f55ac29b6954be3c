/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended and informative: version ranges of a product that overlap each other, are open above,
 * or of a type that is not known. */
#include "csaf/facts/combination.h"
#include "csaf/validate/tests.h"
#include "product/range.h"
#include "product/vers.h"

#include <stdlib.h>

/* Pairs of intervals that one test compares; a document with more is said not to be tested whole.
 */
enum { PAIRS = 2000000 };

/* More versions and ranges side by side than these are sorted, not each held against each. */
enum { MANY = 64 };

enum kind { OTHER, VERS, VLS, VERSION };

/* A branch that is a version or a range, beside its siblings. */
struct entry {
    const struct json_value *branch, *name;
    enum kind kind;
    bool with_branches;
    const struct csaf_definition *product; /* of the leaf; NULL: none */
    struct product_range range;
};

/* The versions and ranges of one list of branches, when a range is among them. */
struct family {
    struct entry *entries;
    size_t count;
};

/* Where a product stands: the innermost range on its way. */
struct stand {
    const struct family *family;
    const struct entry *entry;
};

struct ranges {
    struct csaf_validation *v;
    struct stand *stands; /* of products by index */
    void (*each)(struct ranges *r, const struct family *family);
    size_t left; /* pairs that may still be compared */
};

/* May one more pair be compared? */
static bool budget(struct ranges *r, const struct entry *a, const struct entry *b)
{
    size_t x = a->range.count + 1, y = b->range.count + 1;
    size_t cost = x > PAIRS / y ? PAIRS : x * y;

    if (r->left < cost) {
        csaf_not_run(r->v, "there are over 2,000,000 pairs of version ranges to compare");
        r->left = 0;
        return false;
    }
    r->left -= cost;
    return true;
}

static enum kind kind_of(struct csaf_validation *v, struct slice category, struct slice name)
{
    struct product_vers vers;

    if (slice_is(category, "product_version"))
        return VERSION;
    if (!slice_is(category, "product_version_range") || !name.data)
        return OTHER;
    bool uri = name.len > 5 && memcmp(name.data, "vers:", 5) == 0;
    int read = uri ? product_vers_read(v->arena, name, &vers, v->e)
                   : product_vls_read(v->arena, name, &vers, v->e);
    if (read < 0 || !vers.readable)
        return OTHER; /* 6.1.50 says so */
    return uri ? VERS : VLS;
}

static const struct csaf_definition *product_of(const struct csaf_validation *v,
                                                const struct json_value *branch)
{
    return csaf_defined_product(v, json_get(json_get(branch, "product"), "product_id"));
}

static void walk(struct ranges *r, const struct json_value *list, struct stand around,
                 unsigned depth)
{
    size_t ranges = 0, count = 0;
    struct family *family = NULL;
    struct csaf_validation *v = r->v;

    if (!json_is(list, JSON_ARRAY) || depth > 128 || err_is_set(v->e))
        return;
    json_each(branch, list) ranges +=
        slice_is(json_get_string(branch, "category"), "product_version_range");
    if (ranges > 0) {
        family = arena_new(v->arena, 1, sizeof *family);
        if (family)
            family->entries = arena_new(v->arena, json_count(list), sizeof *family->entries);
        if (!family || !family->entries) {
            csaf_no_memory(v);
            return;
        }
    }
    json_each(branch, list)
    {
        struct stand here = around;
        const struct json_value *name = json_get(branch, "name");
        enum kind kind =
            ranges ? kind_of(v, json_get_string(branch, "category"), json_string(name)) : OTHER;
        if (kind != OTHER) {
            struct entry *entry = &family->entries[count++];
            *entry = (struct entry){.branch = branch,
                                    .name = name,
                                    .kind = kind,
                                    .with_branches = json_get(branch, "branches") != NULL,
                                    .product = product_of(v, branch)};
            if (product_range_parse(v->arena, json_string(name), kind != VERSION, NULL,
                                    &entry->range, v->e) < 0)
                return;
            if (kind != VERSION)
                here = (struct stand){family, entry};
        }
        const struct csaf_definition *product = product_of(v, branch);
        if (product && r->stands)
            r->stands[product->index] = here;
        walk(r, json_get(branch, "branches"), here, depth + 1);
    }
    if (family) {
        family->count = count;
        if (r->each)
            r->each(r, family);
    }
}

static bool overlap(const struct entry *range, const struct entry *other)
{
    const char *reason;
    if (other->kind == VERSION)
        return product_range_contains(&range->range, json_string(other->name), &reason) ==
               PRODUCT_IN;
    return product_range_overlap(&range->range, &other->range) == PRODUCT_IN;
}

/* Status groups of the products of one vulnerability, as bits. */
struct statuses {
    uint32_t *round;
    uint8_t *groups;
    const struct json_value **at; /* where its status is said first */
    uint32_t present;
};

static bool clash(uint8_t a, uint8_t b, bool same)
{
    for (int x = 0; x <= CSAF_GROUP_RECOMMENDED; x++)
        for (int y = 0; y <= CSAF_GROUP_RECOMMENDED; y++)
            if ((a >> x & 1) && (b >> y & 1) &&
                (same ? x == y
                      : csaf_status_groups_contradict((enum csaf_status_group)x,
                                                      (enum csaf_status_group)y)))
                return true;
    return false;
}

static void compare_product(struct ranges *r, const struct statuses *s, size_t index,
                            enum kind wanted, bool same)
{
    const struct stand *stand = &r->stands[index];

    for (size_t i = 0; stand->family && i < stand->family->count; i++) {
        const struct entry *other = &stand->family->entries[i];
        if (!budget(r, stand->entry, other))
            return;
        if (other == stand->entry || other->kind != wanted || !other->product ||
            s->round[other->product->index] != s->present)
            continue;
        size_t with = other->product->index;
        /* a pair of ranges that would be seen from both sides is said once */
        if (with == index || (r->stands[with].entry == other && stand->entry->kind == wanted &&
                              other < stand->entry))
            continue;
        if (!clash(s->groups[index], s->groups[with], same))
            continue;
        if (overlap(stand->entry, other))
            csaf_find(r->v, s->at[index],
                      "product %s (%s) has versions in common with product %s "
                      "(%s), which is %s",
                      csaf_quote(r->v, r->v->products[index].id),
                      csaf_quote(r->v, json_string(stand->entry->name)),
                      csaf_quote(r->v, other->product->id),
                      csaf_quote(r->v, json_string(other->name)),
                      same ? "in the same status group" : "in a contradicting status group");
    }
}

/* One vulnerability: its uses from first to end. */
static void compare_all(struct ranges *r, struct statuses *s, size_t first, size_t end,
                        enum kind wanted, bool same)
{
    struct csaf_validation *v = r->v;

    uint8_t all = 0; /* of the vulnerability: mostly one group, which contradicts nothing */
    s->present++;
    for (int pass = 0; pass < 2 && (pass == 0 || clash(all, all, same)); pass++)
        for (size_t i = first; i < end; i++) {
            const struct csaf_use *use = &v->product_uses[i];
            int group = use->role == CSAF_USE_STATUS ? csaf_status_group_of(use->status) : -1;
            const struct csaf_definition *d = group < 0 ? NULL : use->defined;
            if (!d)
                continue;
            if (pass == 0) {
                if (s->round[d->index] != s->present) {
                    s->round[d->index] = s->present;
                    s->groups[d->index] = 0;
                    s->at[d->index] = use->value;
                }
                s->groups[d->index] |= (uint8_t)(1u << group);
                all |= (uint8_t)(1u << group);
            } else if (s->at[d->index] == use->value) {
                compare_product(r, s, d->index, wanted, same);
            }
        }
}

static void by_status(struct csaf_validation *v, enum kind wanted, bool same)
{
    struct ranges r = {.v = v, .left = PAIRS};
    struct statuses s = {0};
    size_t count = v->product_count + 1;

    r.stands = arena_new(v->arena, count, sizeof *r.stands);
    s.round = arena_new(v->arena, count, sizeof *s.round);
    s.groups = arena_new(v->arena, count, sizeof *s.groups);
    s.at = arena_new(v->arena, count, sizeof *s.at);
    if (!r.stands || !s.round || !s.groups || !s.at) {
        csaf_no_memory(v);
        return;
    }
    walk(&r, json_get(v->product_tree, "branches"), (struct stand){0}, 0);
    for (size_t i = 0, end; i < v->product_use_count; i = end) {
        const struct json_value *vulnerability = v->product_uses[i].vulnerability;
        for (end = i + 1;
             end < v->product_use_count && v->product_uses[end].vulnerability == vulnerability;)
            end++;
        if (vulnerability)
            compare_all(&r, &s, i, end, wanted, same);
    }
}

/* Overlapping Product Version Range with VERS in Contradicting Product Status Group */
void csaf_test_6_2_50_1(struct csaf_validation *v)
{
    by_status(v, VERS, false);
}

/* Overlapping Product Version Range with vls in Contradicting Product Status Group */
void csaf_test_6_2_50_2(struct csaf_validation *v)
{
    by_status(v, VLS, false);
}

/* Overlapping Product Version Range with Product Version in Contradicting Product Status Group */
void csaf_test_6_2_50_3(struct csaf_validation *v)
{
    by_status(v, VERSION, false);
}

/* Overlapping Product Version Range with VERS in Same Product Status Group */
void csaf_test_6_3_19_1(struct csaf_validation *v)
{
    by_status(v, VERS, true);
}

/* Overlapping Product Version Range with vls in Same Product Status Group */
void csaf_test_6_3_19_2(struct csaf_validation *v)
{
    by_status(v, VLS, true);
}

/* Overlapping Product Version Range with Product Version in Same Product Status Group */
void csaf_test_6_3_19_3(struct csaf_validation *v)
{
    by_status(v, VERSION, true);
}

static void found_beside(struct ranges *r, const struct entry *range, const struct entry *other)
{
    csaf_find(r->v, other->name, "%s has versions in common with %s beside it",
              csaf_quote(r->v, json_string(other->name)),
              csaf_quote(r->v, json_string(range->name)));
}

/* One interval of an entry, or the version that it is. */
struct reach {
    const struct entry *entry;
    const struct product_scheme *scheme;
    struct product_interval interval;
};

static int by_beginning(const void *x, const void *y)
{
    const struct reach *a = x, *b = y;
    struct slice p = a->interval.low, q = b->interval.low;

    if (a->scheme != b->scheme)
        return (uintptr_t)a->scheme < (uintptr_t)b->scheme ? -1 : 1;
    if (!p.len || !q.len)
        return (p.len > 0) - (q.len > 0);
    switch (product_version_compare(a->scheme, p, q)) {
    case PRODUCT_LESS: return -1;
    case PRODUCT_GREATER: return 1;
    default: return a->interval.low_open - b->interval.low_open;
    }
}

/* Does a end behind b? */
static bool farther(const struct reach *a, const struct reach *b)
{
    struct slice p = a->interval.high, q = b->interval.high;

    if (!p.len || !q.len)
        return !p.len && q.len;
    enum product_order order = product_version_compare(a->scheme, p, q);
    return order == PRODUCT_GREATER ||
           (order == PRODUCT_EQUAL && !a->interval.high_open && b->interval.high_open);
}

/* The intervals that can be sorted; what is not ordered overlaps nothing for certain. */
static size_t reaches_of(const struct entry *e, const struct product_scheme *scheme,
                         struct reach *out)
{
    size_t count = 0;

    if (e->kind == VERSION) {
        struct slice version = json_string(e->name);
        if (!scheme->valid(version))
            return 0;
        out[0] = (struct reach){e, scheme, {.low = version, .high = version}};
        return 1;
    }
    if (e->range.kind == PRODUCT_RANGE_ALL) {
        out[0] = (struct reach){e, scheme, {.low = {0}}};
        return 1;
    }
    for (size_t i = 0; i < e->range.count && e->range.kind != PRODUCT_RANGE_OPAQUE; i++) {
        const struct product_interval *x = &e->range.intervals[i];
        if (!x->doubtful && (!x->low.len || scheme->valid(x->low)) &&
            (!x->high.len || scheme->valid(x->high)))
            out[count++] = (struct reach){e, scheme, *x};
    }
    return count;
}

/*
 * Many: each is held against the one that reaches farthest of those that begin before it, which
 * finds one overlap of whatever overlaps.
 */
static void sweep(struct ranges *r, const struct family *family, bool versions)
{
    const struct product_scheme *any = NULL;
    size_t most = 0, count = 0;
    struct arena arena;

    for (size_t i = 0; i < family->count; i++) {
        const struct entry *e = &family->entries[i];
        most += e->range.count + 1;
        if (e->kind != VERSION && e->range.scheme)
            any = e->range.scheme;
    }
    if (!any)
        return;
    arena_init(&arena, 0);
    struct reach *list = arena_new(&arena, most, sizeof *list);
    if (!list) {
        csaf_no_memory(r->v);
        arena_fini(&arena);
        return;
    }
    for (size_t i = 0; i < family->count; i++) {
        const struct entry *e = &family->entries[i];
        if (e->kind != VERSION || versions)
            count += reaches_of(e, e->kind == VERSION || !e->range.scheme ? any : e->range.scheme,
                                list + count);
    }
    qsort(list, count, sizeof *list, by_beginning);
    const struct reach *first = NULL, *second = NULL; /* of different entries */
    for (size_t i = 0; i < count; i++) {
        const struct reach *here = &list[i];
        if (first && first->scheme != here->scheme)
            first = second = NULL;
        const struct reach *with = first && first->entry == here->entry ? second : first;
        if (with && (here->entry->kind == VERSION) == versions) {
            bool at_here = here->entry->with_branches;
            if ((at_here || (!versions && with->entry->with_branches)) &&
                !budget(r, with->entry, here->entry))
                break;
            if ((at_here || (!versions && with->entry->with_branches)) &&
                overlap(with->entry, here->entry))
                found_beside(r, at_here ? with->entry : here->entry,
                             at_here ? here->entry : with->entry);
        }
        if (here->entry->kind == VERSION)
            continue;
        if (!first || farther(here, first)) {
            if (first && first->entry != here->entry)
                second = first;
            first = here;
        } else if (first->entry != here->entry && (!second || farther(here, second))) {
            second = here;
        }
    }
    arena_fini(&arena);
}

static void compare_branches(struct ranges *r, const struct family *family, bool versions)
{
    if (family->count > MANY) {
        sweep(r, family, versions);
        return;
    }
    for (size_t i = 0; i < family->count; i++)
        for (size_t k = 0; k < family->count && family->entries[i].kind != VERSION; k++) {
            const struct entry *range = &family->entries[i], *other = &family->entries[k];
            if (i == k || !other->with_branches || (other->kind == VERSION) != versions ||
                (!versions && range->with_branches && k < i))
                continue;
            if (!budget(r, range, other))
                return;
            if (overlap(range, other))
                found_beside(r, range, other);
        }
}

static void ranges_beside(struct ranges *r, const struct family *family)
{
    compare_branches(r, family, false);
}

static void versions_beside(struct ranges *r, const struct family *family)
{
    compare_branches(r, family, true);
}

static void by_branches(struct csaf_validation *v,
                        void (*each)(struct ranges *r, const struct family *family))
{
    struct ranges r = {.v = v, .left = PAIRS, .each = each};
    walk(&r, json_get(v->product_tree, "branches"), (struct stand){0}, 0);
}

/* Overlapping Product Version Range with Product Version Range in Branch */
void csaf_test_6_3_19_4(struct csaf_validation *v)
{
    by_branches(v, ranges_beside);
}

/* Overlapping Product Version Range with Product Version in Branch */
void csaf_test_6_3_19_5(struct csaf_validation *v)
{
    by_branches(v, versions_beside);
}

/* Reads the name of a range as vers or vls; false: it is none. */
static bool read_range(struct csaf_validation *v, const struct json_value *branch,
                       struct product_vers *vers, bool *uri)
{
    struct slice name = json_get_string(branch, "name");

    if (!slice_is(json_get_string(branch, "category"), "product_version_range") || !name.data)
        return false;
    *uri = name.len > 5 && memcmp(name.data, "vers:", 5) == 0;
    return (*uri ? product_vers_read(v->arena, name, vers, v->e)
                 : product_vls_read(v->arena, name, vers, v->e)) == 0;
}

static void open_above(struct csaf_validation *v, const struct json_value *branch, void *context)
{
    struct product_vers vers;
    bool uri;

    (void)context;
    if (read_range(v, branch, &vers, &uri) && vers.count && product_vers_is_open_above(&vers)) {
        csaf_find(v, json_get(branch, "name"),
                  "the range %s has no upper end: it holds every version still to come",
                  csaf_quote(v, json_get_string(branch, "name")));
        csaf_suggest(v, "end it with the newest version that was looked at (|<=…)");
    }
}

/* Upper Open Ended Product Version Range */
void csaf_test_6_2_49(struct csaf_validation *v)
{
    csaf_visit(v, "product_tree.branches[]*", open_above, NULL);
}

static void type_known(struct csaf_validation *v, const struct json_value *branch, void *context)
{
    struct product_vers vers;
    bool uri;

    (void)context;
    if (!read_range(v, branch, &vers, &uri) || !uri || !vers.type.len ||
        (vers.registered && vers.supported))
        return;
    csaf_find(v, json_get(branch, "name"), "the VERS type %s is %s", csaf_quote(v, vers.type),
              !vers.registered ? "not registered: nobody can know its order"
                               : "registered, but its order is not known here");
}

/* Unknown VERS Type */
void csaf_test_6_2_51(struct csaf_validation *v)
{
    csaf_visit(v, "product_tree.branches[]*", type_known, NULL);
}
