/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/criteria_pool.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/packing.h"
#include "fleet/criteria_share.h"
#include "fleet/index_keys.h"
#include "fleet/match_package.h"
#include "fleet/match_same.h"
#include "fleet/varint.h"

#include <stdlib.h>

int fleet_pool_init(struct fleet_pool *pool, struct err *e)
{
    *pool = (struct fleet_pool){0};
    return random_fill(&random_system, pool->seed, sizeof pool->seed, e);
}

static uint64_t hash_of(const struct fleet_pool *pool, const struct buf *text)
{
    uint64_t hash = map_hash(pool->seed, buf_slice(text));
    return hash ? hash : 1;
}

/* ---- products ----------------------------------------------------------------------------------
 */

static struct fleet_target *pack(struct packing *p, const struct fleet_target *from)
{
    struct fleet_target *to = packing_take(p, sizeof *to);
    struct fleet_target_form *forms = packing_take(p, from->form_count * sizeof *forms);
    struct fleet_target t = {.vendor = from->vendor,
                             .vendors = from->vendors,
                             .product = from->product,
                             .family = from->family,
                             .except = from->except,
                             .form_count = from->form_count,
                             .range.model = from->range.model,
                             .models = from->models,
                             .skus = from->skus,
                             .hashes = from->hashes,
                             .purl = from->purl,
                             .purl_full = from->purl_full,
                             .cpe = from->cpe,
                             .cpe_full = from->cpe_full,
                             .package = from->package,
                             .platform = from->platform,
                             .whole = from->whole,
                             .any_vendor = from->any_vendor};
    fleet_name_pack(p, &t.vendor);
    fleet_vendor_pack(p, &t.vendors);
    fleet_name_pack(p, &t.product);
    fleet_name_pack(p, &t.family);
    packing_slice(p, &t.except);
    for (size_t i = 0; i < from->form_count; i++) {
        struct fleet_target_form form = from->forms[i];
        packing_slice(p, &form.text);
        packing_slice(p, &form.line);
        if (forms)
            forms[i] = form;
    }
    t.forms = forms;
    packing_slice(p, &t.range.model);
    packing_slices(p, &t.models.at, t.models.count);
    packing_slices(p, &t.skus.at, t.skus.count);
    packing_slices(p, &t.hashes.at, t.hashes.count);
    packing_slice(p, &t.purl);
    packing_slice(p, &t.purl_full);
    packing_slice(p, &t.cpe);
    packing_slice(p, &t.cpe_full);
    fleet_package_pack(p, &t.package);
    fleet_platform_pack(p, &t.platform);
    if (to)
        *to = t;
    return to;
}

static struct fleet_target *packed(const struct fleet_target *target)
{
    struct packing p = {0};
    (void)pack(&p, target);
    p.at = mem_new(p.used, 1);
    if (!p.at)
        return NULL;
    p.used = 0;
    return pack(&p, target);
}

static void free_product(struct fleet_pool_product *p)
{
    if (!p)
        return;
    mem_free(p->target);
    mem_free(p->keys);
    mem_free(p->users);
    mem_free(p);
}

/* UINT32_MAX: none has this text. */
static uint32_t find_product(const struct fleet_pool *pool, uint64_t hash, const struct buf *text,
                             struct buf *other)
{
    size_t count;
    const uint64_t *found = fleet_postings_find(&pool->products.by_text, hash, &count);
    for (size_t i = 0; i < count; i++) {
        buf_reset(other);
        fleet_same_target(other, pool->products.at[found[i]]->target);
        if (!other->failed && slice_equal(buf_slice(other), buf_slice(text)))
            return (uint32_t)found[i];
    }
    return UINT32_MAX;
}

static int add_keys(struct fleet_pool *pool, struct fleet_pool_product *p, uint32_t number)
{
    struct fleet_keys keys = {0};
    fleet_keys_of_target(p->target, NULL, &keys);
    p->keys = mem_new(keys.count + 1, sizeof *p->keys);
    int result = keys.failed || !p->keys ? -1 : 0;
    for (size_t i = 0; result == 0 && i < keys.count; i++) {
        result = fleet_postings_add(&pool->postings, keys.at[i], number);
        if (result == 0)
            p->keys[p->key_count++] = keys.at[i];
    }
    fleet_keys_fini(&keys);
    return result;
}

static void drop_keys(struct fleet_pool *pool, const struct fleet_pool_product *p, uint32_t number)
{
    for (size_t i = 0; i < p->key_count; i++)
        fleet_postings_remove(&pool->postings, p->keys[i], number);
}

/* One that no advisory names yet. */
static int new_product(struct fleet_pool *pool, const struct fleet_target *target, uint64_t hash,
                       uint32_t *number)
{
    struct fleet_pool_products *all = &pool->products;
    struct fleet_pool_product *p = mem_new(1, sizeof *p);
    if (!p || !(p->target = packed(target)) ||
        fleet_index_grow((void **)&all->at, all->numbers.count, &all->room,
                         sizeof(struct fleet_pool_product *)) != 0 ||
        fleet_index_number(&all->numbers, number) != 0) {
        free_product(p);
        return -1;
    }
    all->at[*number] = NULL;
    if (add_keys(pool, p, *number) != 0 || fleet_postings_add(&all->by_text, hash, *number) != 0) {
        drop_keys(pool, p, *number);
        fleet_index_number_back(&all->numbers, *number);
        free_product(p);
        return -1;
    }
    all->at[*number] = p;
    return 0;
}

static void drop_product(struct fleet_pool *pool, uint32_t number)
{
    struct fleet_pool_product *p = pool->products.at[number];
    struct buf text;
    buf_init(&text);
    fleet_same_target(&text, p->target);
    /* without memory for its text its place is not found again, and stays as it is */
    if (!text.failed) {
        fleet_postings_remove(&pool->products.by_text, hash_of(pool, &text), number);
        drop_keys(pool, p, number);
        free_product(p);
        pool->products.at[number] = NULL;
        fleet_index_number_back(&pool->products.numbers, number);
    }
    buf_fini(&text);
}

static void leave_product(struct fleet_pool *pool, uint32_t number, uint32_t user)
{
    struct fleet_pool_product *p = pool->products.at[number];
    for (size_t i = p->user_count; i-- > 0;)
        if (p->users[i].user == user) {
            fleet_share_leave(pool, p->users[i].share);
            p->users[i] = p->users[--p->user_count];
            break;
        }
    if (p->user_count == 0)
        drop_product(pool, number);
}

/* ---- ranges ------------------------------------------------------------------------------------
 */

static void leave_range(struct fleet_pool *pool, uint32_t number)
{
    struct fleet_pool_range *r = &pool->ranges.at[number];
    struct buf text;
    if (--r->uses > 0)
        return;
    buf_init(&text);
    product_range_put(&text, r->range);
    if (!text.failed) {
        fleet_postings_remove(&pool->ranges.by_text, hash_of(pool, &text), number);
        mem_free(r->range);
        r->range = NULL;
        fleet_index_number_back(&pool->ranges.numbers, number);
    }
    buf_fini(&text);
}

static int keep_range(struct fleet_pool *pool, const struct product_range *range, struct buf *text,
                      struct buf *other, uint32_t *number)
{
    struct fleet_pool_ranges *all = &pool->ranges;
    size_t count;
    buf_reset(text);
    product_range_put(text, range);
    if (text->failed)
        return -1;
    uint64_t hash = hash_of(pool, text);
    const uint64_t *found = fleet_postings_find(&all->by_text, hash, &count);
    for (size_t i = 0; i < count; i++) {
        buf_reset(other);
        product_range_put(other, all->at[found[i]].range);
        if (!other->failed && slice_equal(buf_slice(other), buf_slice(text))) {
            *number = (uint32_t)found[i];
            all->at[*number].uses++;
            return 0;
        }
    }
    struct product_range *copy = product_range_dup(range);
    if (!copy ||
        fleet_index_grow((void **)&all->at, all->numbers.count, &all->room, sizeof *all->at) != 0 ||
        fleet_index_number(&all->numbers, number) != 0) {
        mem_free(copy);
        return -1;
    }
    all->at[*number] = (struct fleet_pool_range){0};
    if (fleet_postings_add(&all->by_text, hash, *number) != 0) {
        mem_free(copy);
        fleet_index_number_back(&all->numbers, *number);
        return -1;
    }
    all->at[*number] = (struct fleet_pool_range){copy, 1};
    return 0;
}

/* ---- advisories --------------------------------------------------------------------------------
 */

/* What was kept so far of one advisory: given back when the rest fails, or when it goes. */
static void leave_targets(struct fleet_pool *pool, const uint8_t *bytes, size_t count,
                          uint32_t user)
{
    struct varints r = {bytes};
    for (size_t i = 0; i < count; i++) {
        size_t product = varint_get(&r);
        if (product == 0)
            continue;
        size_t range = varint_get(&r), worded = varint_get(&r);
        bool first = varint_get(&r) == 0;
        (void)varint_get(&r);
        (void)varint_get(&r);
        leave_range(pool, (uint32_t)range - 1);
        if (worded)
            leave_range(pool, (uint32_t)worded - 1);
        if (first)
            leave_product(pool, (uint32_t)product - 1, user);
    }
}

static int use_product(struct fleet_pool *pool, const struct fleet_target *t, uint32_t user,
                       struct buf *text, struct buf *other, uint32_t *number)
{
    buf_reset(text);
    fleet_same_target(text, t);
    if (text->failed)
        return -1;
    uint64_t hash = hash_of(pool, text);
    *number = find_product(pool, hash, text, other);
    bool made = *number == UINT32_MAX;
    if (made && new_product(pool, t, hash, number) != 0)
        return -1;
    struct fleet_pool_product *p = pool->products.at[*number];
    if (fleet_index_grow((void **)&p->users, p->user_count, &p->user_room, sizeof *p->users) != 0) {
        if (made)
            drop_product(pool, *number);
        return -1;
    }
    p->users[p->user_count++] = (struct fleet_pool_user){user, FLEET_NO_SHARE};
    return 0;
}

struct freezing {
    struct fleet_pool *pool;
    const struct fleet_criteria *criteria;
    uint32_t user;
    struct buf out, text, other;
    uint32_t *products; /* by target */
    uint32_t *ranges;   /* by target */
    uint32_t *worded;   /* by target; + 1, or 0 */
    struct fleet_condensed claims;
};

static int freeze_target(struct freezing *f, uint32_t index)
{
    const struct fleet_target *t = &f->criteria->targets[index];
    bool worded = t->worded.kind != PRODUCT_RANGE_OPAQUE;
    bool first = fleet_same_leads(f->criteria, index);
    uint32_t range, second = 0;
    if (t->criterion_count == 0) {
        varint_put(&f->out, 0);
        return f->out.failed ? -1 : 0;
    }
    /* room first: once something is kept, writing it down must not fail */
    if (!buf_extend(&f->out, 64))
        return -1;
    f->out.len -= 64;
    if (!first)
        f->products[index] = f->products[t->leader - 1];
    else if (use_product(f->pool, t, f->user, &f->text, &f->other, &f->products[index]) != 0)
        return -1;
    if (keep_range(f->pool, &t->range, &f->text, &f->other, &range) != 0)
        goto product;
    if (worded && keep_range(f->pool, &t->worded, &f->text, &f->other, &second) != 0)
        goto range;
    f->ranges[index] = range;
    f->worded[index] = worded ? second + 1 : 0;
    varint_put(&f->out, (size_t)f->products[index] + 1);
    varint_put(&f->out, (size_t)range + 1);
    varint_put(&f->out, f->worded[index]);
    varint_put(&f->out, first ? 0 : t->leader);
    varint_put(&f->out, t->next);
    varint_put(&f->out, t->serials.count);
    return 0;
range:
    leave_range(f->pool, range);
product:
    if (first)
        leave_product(f->pool, f->products[index], f->user);
    return -1;
}

static void freeze_claims(struct freezing *f)
{
    const struct fleet_criteria *c = f->criteria;
    varint_put(&f->out, c->criterion_count);
    for (size_t i = 0; i < c->criterion_count; i++) {
        const struct fleet_criterion *criterion = &c->criteria[i];
        varint_put(&f->out, criterion->operand_count << 1 | criterion->partial);
        for (size_t k = 0; k < criterion->operand_count; k++) {
            varint_put(&f->out, (size_t)(criterion->operands[k].target - c->targets));
            varint_put(&f->out, (size_t)criterion->operands[k].relation);
        }
    }
    varint_put(&f->out, f->claims.vulnerabilities);
    for (size_t i = 0, end; i < f->claims.count; i = end) {
        const struct fleet_condensed_claim *claims = f->claims.claims;
        for (end = i;
             end < f->claims.count && claims[end].vulnerability == claims[i].vulnerability;)
            end++;
        varint_put(&f->out, end - i);
        for (size_t k = i; k < end; k++)
            varint_put(&f->out, (size_t)claims[k].criterion * CSAF_STATUSES + claims[k].status);
    }
}

/* What the advisory says of each of its products: its place among a product's users is the last, as
 * nobody came behind it. */
static int freeze_shares(struct freezing *f)
{
    for (uint32_t i = 0; i < f->criteria->target_count; i++) {
        if (!fleet_same_leads(f->criteria, i))
            continue;
        struct fleet_pool_product *p = f->pool->products.at[f->products[i]];
        if (fleet_share_keep(f->pool, f->criteria, i, f->ranges, f->worded, &f->claims,
                             &p->users[p->user_count - 1].share) != 0)
            return -1;
    }
    return 0;
}

/* The bytes begin with the number of targets; targets begin behind it. */
static const uint8_t *targets_of(const uint8_t *bytes, size_t *count)
{
    struct varints r = {bytes};
    *count = varint_get(&r);
    return r.at;
}

struct fleet_frozen *fleet_pool_freeze(struct fleet_pool *pool,
                                       const struct fleet_criteria *criteria, uint32_t user,
                                       struct err *e)
{
    struct freezing f = {.pool = pool, .criteria = criteria, .user = user};
    struct fleet_frozen *frozen = NULL;
    struct arena arena;
    uint32_t done = 0;
    size_t count;

    buf_init(&f.out);
    buf_init(&f.text);
    buf_init(&f.other);
    arena_init(&arena, 0);
    f.products = arena_new(&arena, criteria->target_count + 1, sizeof *f.products);
    f.ranges = arena_new(&arena, criteria->target_count + 1, sizeof *f.ranges);
    f.worded = arena_new(&arena, criteria->target_count + 1, sizeof *f.worded);
    varint_put(&f.out, criteria->target_count);
    if (!f.products || !f.ranges || !f.worded || f.out.failed ||
        fleet_claims_condense(&f.claims, criteria, &arena) != 0) {
        err_memory(e);
        goto out;
    }
    for (size_t i = 0; i < criteria->target_count; i++)
        if (criteria->targets[i].criterion_count && criteria->targets[i].leader == 0) {
            err_set(e, ERR_INTERNAL, "criteria.chain", NULL,
                    "criteria came without the chains of fleet_same_targets");
            goto out;
        }
    while (done < criteria->target_count && freeze_target(&f, done) == 0)
        done++;
    if (done == criteria->target_count) {
        size_t kept = f.out.len;
        freeze_claims(&f);
        if (!f.out.failed && freeze_shares(&f) == 0)
            frozen = mem_new(1, sizeof *frozen + f.out.len);
        if (!frozen)
            f.out.len = kept;
    }
    if (!frozen) {
        if (done)
            leave_targets(pool, targets_of(f.out.data, &count), done, user);
        err_memory(e);
        goto out;
    }
    frozen->len = (uint32_t)f.out.len;
    memcpy(frozen->bytes, f.out.data, f.out.len);
out:
    arena_fini(&arena);
    buf_fini(&f.out);
    buf_fini(&f.text);
    buf_fini(&f.other);
    return frozen;
}

void fleet_pool_drop(struct fleet_pool *pool, struct fleet_frozen *frozen, uint32_t user)
{
    size_t count;
    if (!frozen)
        return;
    const uint8_t *targets = targets_of(frozen->bytes, &count);
    leave_targets(pool, targets, count, user);
    mem_free(frozen);
}

void fleet_pool_fini(struct fleet_pool *pool)
{
    for (size_t i = 0; i < pool->products.numbers.count; i++)
        free_product(pool->products.at[i]);
    for (size_t i = 0; i < pool->ranges.numbers.count; i++)
        mem_free(pool->ranges.at[i].range);
    mem_free(pool->products.at);
    mem_free(pool->products.numbers.free);
    fleet_postings_fini(&pool->products.by_text);
    mem_free(pool->ranges.at);
    mem_free(pool->ranges.numbers.free);
    fleet_postings_fini(&pool->ranges.by_text);
    fleet_shares_fini(pool);
    fleet_postings_fini(&pool->postings);
    *pool = (struct fleet_pool){0};
}

/* ---- back again --------------------------------------------------------------------------------
 */

/* A target as it was written down. */
struct kept {
    uint32_t product, range, worded; /* numbers + 1; 0: none */
    uint32_t leader, next;
    uint32_t serials;
};

static void thaw_kept(struct varints *r, struct kept *kept, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kept[i] = (struct kept){.product = (uint32_t)varint_get(r)};
        if (kept[i].product == 0)
            continue;
        kept[i].range = (uint32_t)varint_get(r);
        kept[i].worded = (uint32_t)varint_get(r);
        kept[i].leader = (uint32_t)varint_get(r);
        kept[i].next = (uint32_t)varint_get(r);
        kept[i].serials = (uint32_t)varint_get(r);
    }
}

static int thaw_target(const struct fleet_pool *pool, const struct kept *kept, size_t index,
                       struct arena *a, struct fleet_target *t)
{
    *t = *pool->products.at[kept->product - 1]->target;
    t->range = *pool->ranges.at[kept->range - 1].range;
    if (kept->worded)
        t->worded = *pool->ranges.at[kept->worded - 1].range;
    else
        t->worded.kind = PRODUCT_RANGE_OPAQUE;
    t->leader = kept->leader ? kept->leader : (uint32_t)index + 1;
    t->next = kept->next;
    t->serials.count = kept->serials;
    if (kept->serials)
        t->serials.at = arena_new(a, kept->serials, sizeof *t->serials.at);
    return kept->serials && !t->serials.at ? -1 : 0;
}

/* Criteria of which no part was met are passed over: no status follows from them. */
static int thaw_criteria(struct varints *r, struct arena *a, struct fleet_criteria *c,
                         struct fleet_target *targets, const bool *met, bool *needed,
                         bool **asked_for)
{
    c->criterion_count = varint_get(r);
    bool *asked = *asked_for = arena_new(a, c->criterion_count + 1, sizeof *asked);
    struct fleet_criterion *criteria = arena_new(a, c->criterion_count + 1, sizeof *criteria);
    if (!criteria || !asked)
        return -1;
    c->criteria = criteria;
    for (size_t i = 0; i < c->criterion_count; i++) {
        size_t head = varint_get(r);
        criteria[i].partial = head & 1;
        criteria[i].operand_count = head >> 1;
        struct fleet_operand *operands =
            arena_alloc(a, (criteria[i].operand_count + 1) * sizeof *operands);
        if (!operands)
            return -1;
        criteria[i].operands = operands;
        for (size_t k = 0; k < criteria[i].operand_count; k++) {
            size_t target = varint_get(r);
            operands[k] =
                (struct fleet_operand){&targets[target], (enum csaf_relation)varint_get(r)};
            asked[i] = asked[i] || met[target];
        }
        /* of a relation all parts are looked at, whether they were met or not */
        for (size_t k = 0; asked[i] && k < criteria[i].operand_count; k++)
            needed[operands[k].target - targets] = true;
    }
    return 0;
}

/* For each target that is there the criteria that need it. */
static int thaw_target_criteria(struct arena *a, const struct fleet_criteria *c,
                                struct fleet_target *targets, const bool *needed, const bool *asked)
{
    for (size_t i = 0; i < c->criterion_count; i++)
        for (size_t k = 0; asked[i] && k < c->criteria[i].operand_count; k++) {
            size_t at = (size_t)(c->criteria[i].operands[k].target - targets);
            targets[at].criterion_count++;
        }
    for (size_t i = 0; i < c->target_count; i++) {
        if (!needed[i])
            continue;
        targets[i].criteria = arena_alloc(a, (targets[i].criterion_count + 1) * sizeof(uint32_t));
        if (!targets[i].criteria)
            return -1;
        targets[i].criterion_count = 0;
    }
    for (size_t i = 0; i < c->criterion_count; i++)
        for (size_t k = 0; asked[i] && k < c->criteria[i].operand_count; k++) {
            struct fleet_target *t = &targets[c->criteria[i].operands[k].target - targets];
            ((uint32_t *)(uintptr_t)t->criteria)[t->criterion_count++] = (uint32_t)i;
        }
    return 0;
}

static int thaw_claims(struct varints *r, struct arena *a, struct fleet_criteria *c,
                       const bool *asked)
{
    struct fleet_criterion *criteria = (struct fleet_criterion *)(uintptr_t)c->criteria;
    c->vulnerability_count = varint_get(r);
    struct fleet_vulnerability *all = arena_new(a, c->vulnerability_count + 1, sizeof *all);
    if (!all)
        return -1;
    c->vulnerabilities = all;
    for (size_t i = 0; i < c->vulnerability_count; i++) {
        all[i].claim_count = varint_get(r);
        /* of a claim nothing but criterion and status is there */
        struct fleet_claim *claims = arena_alloc(a, (all[i].claim_count + 1) * sizeof *claims);
        if (!claims)
            return -1;
        all[i].claims = claims;
        for (size_t k = 0; k < all[i].claim_count; k++) {
            size_t claim = varint_get(r);
            claims[k].criterion = (uint32_t)(claim / CSAF_STATUSES);
            claims[k].status = (enum csaf_status)(claim % CSAF_STATUSES);
            criteria[claims[k].criterion].use_count += asked[claims[k].criterion];
        }
    }
    for (size_t i = 0; i < c->criterion_count; i++) {
        if (!asked[i])
            continue;
        criteria[i].uses = arena_alloc(a, (criteria[i].use_count + 1) * sizeof *criteria[i].uses);
        if (!criteria[i].uses)
            return -1;
        criteria[i].use_count = 0;
    }
    for (uint32_t i = 0; i < c->vulnerability_count; i++)
        for (uint32_t k = 0; k < all[i].claim_count; k++) {
            struct fleet_criterion *of = &criteria[all[i].claims[k].criterion];
            if (asked[all[i].claims[k].criterion])
                ((struct fleet_use *)(uintptr_t)of->uses)[of->use_count++] =
                    (struct fleet_use){i, k};
        }
    return 0;
}

int fleet_pool_thaw(const struct fleet_pool *pool, const struct fleet_frozen *frozen,
                    const uint32_t *met, struct arena *a, const struct fleet_criteria **out,
                    const uint32_t **products, struct err *e)
{
    struct varints r = {frozen->bytes};
    struct fleet_criteria *c = arena_new(a, 1, sizeof *c);
    if (!c)
        return err_memory(e);
    c->target_count = varint_get(&r);
    struct fleet_target *targets = arena_alloc(a, (c->target_count + 1) * sizeof *targets);
    struct kept *kept = arena_alloc(a, (c->target_count + 1) * sizeof *kept);
    uint32_t *numbers = arena_alloc(a, (c->target_count + 1) * sizeof *numbers);
    bool *needed = arena_new(a, c->target_count + 1, sizeof *needed);
    bool *touched = arena_new(a, c->target_count + 1, sizeof *touched), *asked;
    if (!targets || !kept || !numbers || !needed || !touched)
        return err_memory(e);
    thaw_kept(&r, kept, c->target_count);
    for (size_t i = 0; i < c->target_count; i++)
        needed[i] = touched[i] = kept[i].product && (!met || met[kept[i].product - 1]);
    if (thaw_criteria(&r, a, c, targets, touched, needed, &asked) != 0)
        return err_memory(e);
    for (size_t i = 0; i < c->target_count; i++) {
        numbers[i] = needed[i] ? kept[i].product - 1 : UINT32_MAX;
        if (needed[i] && thaw_target(pool, &kept[i], i, a, &targets[i]) != 0)
            return err_memory(e);
        /* those that nobody asks for are not filled, but for what says so */
        if (!needed[i])
            targets[i].criterion_count = 0;
    }
    if (thaw_target_criteria(a, c, targets, needed, asked) != 0 ||
        thaw_claims(&r, a, c, asked) != 0)
        return err_memory(e);
    c->targets = targets;
    *out = c;
    if (products)
        *products = numbers;
    return 0;
}
