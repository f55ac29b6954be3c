/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/criteria_share.h"
#include "base/memory.h"
#include "fleet/varint.h"

#include <stdlib.h>

/* ---- claims ------------------------------------------------------------------------------------
 */

static int by_value(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

/* A vulnerability's claims as numbers, rising, each once; how many. */
static size_t numbers_of(const struct fleet_vulnerability *v, uint64_t *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->claim_count; i++)
        out[i] = (uint64_t)v->claims[i].criterion * CSAF_STATUSES + v->claims[i].status;
    if (v->claim_count)
        qsort(out, v->claim_count, sizeof *out, by_value);
    for (size_t i = 0; i < v->claim_count; i++)
        if (i == 0 || out[i] != out[i - 1])
            out[kept++] = out[i];
    return kept;
}

static int add_vulnerability(struct fleet_condensed *c, struct map *known, uint64_t *numbers,
                             size_t count)
{
    struct slice text = slice_of(numbers, count * sizeof *numbers);
    if (count == 0 || map_get(known, text))
        return 0;
    if (map_set(known, text, c) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        c->claims[c->count++] = (struct fleet_condensed_claim){
            (uint32_t)c->vulnerabilities, (uint32_t)(numbers[i] / CSAF_STATUSES),
            (enum csaf_status)(numbers[i] % CSAF_STATUSES)};
    c->vulnerabilities++;
    return 0;
}

static void sort_by_criterion(struct fleet_condensed *c, size_t criteria)
{
    for (size_t i = 0; i < c->count; i++)
        c->first[c->claims[i].criterion + 1]++;
    for (size_t i = 0; i < criteria; i++)
        c->first[i + 1] += c->first[i];
    for (size_t i = c->count; i-- > 0;)
        c->by_criterion[--c->first[c->claims[i].criterion + 1]] = (uint32_t)i;
    /* each was moved to where its own begin: one place further is where they are looked for */
    for (size_t i = 0; i < criteria; i++)
        c->first[i] = c->first[i + 1];
    c->first[criteria] = c->count;
}

int fleet_claims_condense(struct fleet_condensed *c, const struct fleet_criteria *criteria,
                          struct arena *a)
{
    struct map known;
    size_t claims = 0;
    int result = 0;
    *c = (struct fleet_condensed){0};
    for (size_t i = 0; i < criteria->vulnerability_count; i++)
        claims += criteria->vulnerabilities[i].claim_count;
    uint64_t *numbers = arena_alloc(a, (claims + 1) * sizeof *numbers);
    c->claims = arena_alloc(a, (claims + 1) * sizeof *c->claims);
    c->first = arena_new(a, criteria->criterion_count + 2, sizeof *c->first);
    c->by_criterion = arena_alloc(a, (claims + 1) * sizeof *c->by_criterion);
    if (!numbers || !c->claims || !c->first || !c->by_criterion)
        return -1;
    map_init(&known);
    for (size_t i = 0; result == 0 && i < criteria->vulnerability_count; i++) {
        size_t count = numbers_of(&criteria->vulnerabilities[i], numbers);
        result = add_vulnerability(c, &known, numbers, count);
        numbers += criteria->vulnerabilities[i].claim_count;
    }
    map_fini(&known);
    sort_by_criterion(c, criteria->criterion_count);
    return result;
}

/* ---- shares ------------------------------------------------------------------------------------
 */

/* Nothing that takes part in a relation can be said of a product alone. */
static bool stands_alone(const struct fleet_criteria *c, const struct fleet_target *t)
{
    for (size_t i = 0; i < t->criterion_count; i++) {
        const struct fleet_criterion *criterion = &c->criteria[t->criteria[i]];
        if (criterion->operand_count != 1 || criterion->partial)
            return false;
    }
    return true;
}

static void put_target(struct buf *out, const struct fleet_criteria *c, uint32_t target,
                       uint32_t range, uint32_t worded, const struct fleet_condensed *claims)
{
    const struct fleet_target *t = &c->targets[target];
    size_t count = 0;
    for (size_t i = 0; i < t->criterion_count; i++)
        count += claims->first[t->criteria[i] + 1] - claims->first[t->criteria[i]];
    varint_put(out, range);
    varint_put(out, worded);
    varint_put(out, t->serials.count);
    varint_put(out, count);
    for (size_t i = 0; i < t->criterion_count; i++)
        for (size_t k = claims->first[t->criteria[i]]; k < claims->first[t->criteria[i] + 1]; k++) {
            const struct fleet_condensed_claim *claim = &claims->claims[claims->by_criterion[k]];
            varint_put(out, (size_t)claim->vulnerability * CSAF_STATUSES + claim->status);
        }
}

static uint64_t hash_of(const struct fleet_pool *pool, struct slice text)
{
    uint64_t hash = map_hash(pool->seed, text);
    return hash ? hash : 1;
}

static struct slice text_of(const struct fleet_share *share)
{
    return slice_of(share->bytes, share->len);
}

static int use_share(struct fleet_pool *pool, struct slice text, uint32_t *number)
{
    struct fleet_pool_shares *all = &pool->shares;
    uint64_t hash = hash_of(pool, text);
    size_t count;
    const uint64_t *found = fleet_postings_find(&all->by_text, hash, &count);
    for (size_t i = 0; i < count; i++)
        if (slice_equal(text_of(all->at[found[i]]), text)) {
            *number = (uint32_t)found[i];
            all->at[*number]->uses++;
            return 0;
        }
    struct fleet_share *share = mem_new(1, sizeof *share + text.len);
    if (!share ||
        fleet_index_grow((void **)&all->at, all->numbers.count, &all->room,
                         sizeof(struct fleet_share *)) != 0 ||
        fleet_index_number(&all->numbers, number) != 0) {
        mem_free(share);
        return -1;
    }
    all->at[*number] = NULL;
    if (fleet_postings_add(&all->by_text, hash, *number) != 0) {
        fleet_index_number_back(&all->numbers, *number);
        mem_free(share);
        return -1;
    }
    share->uses = 1;
    share->len = (uint32_t)text.len;
    memcpy(share->bytes, text.data, text.len);
    all->at[*number] = share;
    return 0;
}

int fleet_share_keep(struct fleet_pool *pool, const struct fleet_criteria *c, uint32_t leader,
                     const uint32_t *ranges, const uint32_t *worded,
                     const struct fleet_condensed *claims, uint32_t *number)
{
    struct buf out;
    uint32_t target = leader;
    int result = -1;
    *number = FLEET_NO_SHARE;
    buf_init(&out);
    do {
        if (!stands_alone(c, &c->targets[target])) {
            buf_fini(&out);
            return 0;
        }
        put_target(&out, c, target, ranges[target], worded[target], claims);
        target = c->targets[target].next;
    } while (target);
    if (!out.failed)
        result = use_share(pool, buf_slice(&out), number);
    buf_fini(&out);
    return result;
}

void fleet_share_leave(struct fleet_pool *pool, uint32_t number)
{
    if (number == FLEET_NO_SHARE)
        return;
    struct fleet_share *share = pool->shares.at[number];
    if (--share->uses > 0)
        return;
    fleet_postings_remove(&pool->shares.by_text, hash_of(pool, text_of(share)), number);
    mem_free(share);
    pool->shares.at[number] = NULL;
    fleet_index_number_back(&pool->shares.numbers, number);
}

void fleet_shares_fini(struct fleet_pool *pool)
{
    for (size_t i = 0; i < pool->shares.numbers.count; i++)
        mem_free(pool->shares.at[i]);
    mem_free(pool->shares.at);
    mem_free(pool->shares.numbers.free);
    fleet_postings_fini(&pool->shares.by_text);
}

void fleet_share_read(const struct fleet_pool *pool, uint32_t share, struct fleet_share_reading *r)
{
    const struct fleet_share *s = pool->shares.at[share];
    *r = (struct fleet_share_reading){s->bytes, s->bytes + s->len};
}

bool fleet_share_next(struct fleet_share_reading *r, struct fleet_share_target *t)
{
    struct varints v = {r->at};
    if (r->at >= r->end)
        return false;
    t->range = (uint32_t)varint_get(&v);
    t->worded = (uint32_t)varint_get(&v);
    t->serials = varint_get(&v);
    const uint8_t *claims = v.at;
    t->claim_count = varint_get(&v);
    for (size_t k = 0; k < t->claim_count; k++)
        (void)varint_get(&v);
    t->claims = slice_of(claims, (size_t)(v.at - claims));
    r->at = v.at;
    return true;
}

void fleet_share_target_set(const struct fleet_pool *pool, uint32_t product,
                            const struct fleet_share_target *from, struct fleet_target *t)
{
    *t = *pool->products.at[product]->target;
    t->range = *pool->ranges.at[from->range].range;
    if (from->worded)
        t->worded = *pool->ranges.at[from->worded - 1].range;
    else
        t->worded.kind = PRODUCT_RANGE_OPAQUE;
    t->serials.count = from->serials;
}

/* ---- criteria of some products ------------------------------------------------------------------
 */

struct assembly {
    const struct fleet_pool *pool;
    struct arena *arena;
    struct fleet_criteria *criteria;
    struct fleet_target *targets;
    struct fleet_criterion *criterions;
    struct fleet_operand *operands;
    struct fleet_vulnerability *vulnerabilities;
    uint32_t *own;          /* by target: the number of its criterion, which is its own */
    struct fleet_use *uses; /* of all criteria */
    size_t count;           /* targets so far */
    size_t used;
};

/* How much room the parts need; claims are counted by vulnerability later. */
static void measure(const struct fleet_pool *pool, const struct fleet_part *parts, size_t count,
                    size_t *targets, size_t *claims, size_t *vulnerabilities)
{
    *targets = *claims = *vulnerabilities = 0;
    for (size_t i = 0; i < count; i++) {
        struct fleet_share_reading r;
        struct fleet_share_target t;
        fleet_share_read(pool, parts[i].share, &r);
        for (; fleet_share_next(&r, &t); ++*targets) {
            struct varints v = {t.claims.data};
            (void)varint_get(&v);
            *claims += t.claim_count;
            for (size_t k = 0; k < t.claim_count; k++) {
                size_t vulnerability = varint_get(&v) / CSAF_STATUSES;
                if (vulnerability >= *vulnerabilities)
                    *vulnerabilities = vulnerability + 1;
            }
        }
    }
}

static int add_target(struct assembly *s, uint32_t product, const struct fleet_share_target *from,
                      uint32_t leader)
{
    uint32_t at = (uint32_t)s->count++;
    struct fleet_target *t = &s->targets[at];
    struct fleet_criterion *criterion = &s->criterions[at];
    struct varints r = {from->claims.data};
    fleet_share_target_set(s->pool, product, from, t);
    t->leader = leader + 1;
    t->next = 0;
    if (at != leader)
        s->targets[at - 1].next = at;
    if (t->serials.count &&
        !(t->serials.at = arena_new(s->arena, t->serials.count, sizeof *t->serials.at)))
        return -1;
    s->own[at] = at;
    t->criteria = &s->own[at];
    t->criterion_count = 1;
    s->operands[at] = (struct fleet_operand){.target = t};
    *criterion = (struct fleet_criterion){.operands = &s->operands[at],
                                          .operand_count = 1,
                                          .uses = &s->uses[s->used],
                                          .use_count = varint_get(&r)};
    for (size_t k = 0; k < criterion->use_count; k++) {
        size_t claim = varint_get(&r);
        uint32_t vulnerability = (uint32_t)(claim / CSAF_STATUSES);
        /* until set_claims the status stands where the number of the claim belongs */
        s->uses[s->used++] = (struct fleet_use){vulnerability, (uint32_t)(claim % CSAF_STATUSES)};
        s->vulnerabilities[vulnerability].claim_count++;
    }
    return 0;
}

/* Claims by vulnerability, from the uses of the criteria. */
static int set_claims(struct assembly *s, size_t vulnerabilities)
{
    struct fleet_claim *claims = arena_new(s->arena, s->used + 1, sizeof *claims);
    if (!claims)
        return -1;
    for (size_t i = 0; i < vulnerabilities; i++) {
        s->vulnerabilities[i].claims = claims;
        claims += s->vulnerabilities[i].claim_count;
        s->vulnerabilities[i].claim_count = 0;
    }
    for (uint32_t t = 0; t < s->count; t++)
        for (size_t k = 0; k < s->criterions[t].use_count; k++) {
            struct fleet_use *use = (struct fleet_use *)(uintptr_t)&s->criterions[t].uses[k];
            struct fleet_vulnerability *v = &s->vulnerabilities[use->vulnerability];
            struct fleet_claim *claim = (struct fleet_claim *)(uintptr_t)&v->claims[v->claim_count];
            claim->criterion = t;
            claim->status = (enum csaf_status)use->claim;
            use->claim = (uint32_t)v->claim_count++;
        }
    return 0;
}

int fleet_parts_criteria(const struct fleet_pool *pool, struct fleet_part *parts, size_t count,
                         struct arena *a, const struct fleet_criteria **out, struct err *e)
{
    size_t targets, claims, vulnerabilities;
    measure(pool, parts, count, &targets, &claims, &vulnerabilities);
    struct assembly s = {.pool = pool,
                         .arena = a,
                         .criteria = arena_new(a, 1, sizeof *s.criteria),
                         .targets = arena_alloc(a, targets * sizeof *s.targets),
                         .criterions = arena_alloc(a, targets * sizeof *s.criterions),
                         .operands = arena_alloc(a, targets * sizeof *s.operands),
                         .own = arena_alloc(a, targets * sizeof *s.own),
                         .uses = arena_alloc(a, (claims + 1) * sizeof *s.uses),
                         .vulnerabilities =
                             arena_new(a, vulnerabilities + 1, sizeof *s.vulnerabilities)};
    if (!s.criteria || !s.targets || !s.criterions || !s.operands || !s.own || !s.uses ||
        !s.vulnerabilities)
        return err_memory(e);
    for (size_t i = 0; i < count; i++) {
        struct fleet_share_reading r;
        struct fleet_share_target t;
        parts[i].leader = (uint32_t)s.count;
        fleet_share_read(pool, parts[i].share, &r);
        while (fleet_share_next(&r, &t))
            if (add_target(&s, parts[i].product, &t, parts[i].leader) != 0)
                return err_memory(e);
    }
    if (set_claims(&s, vulnerabilities) != 0)
        return err_memory(e);
    *s.criteria = (struct fleet_criteria){.targets = s.targets,
                                          .target_count = s.count,
                                          .criteria = s.criterions,
                                          .criterion_count = s.count,
                                          .vulnerabilities = s.vulnerabilities,
                                          .vulnerability_count = vulnerabilities};
    *out = s.criteria;
    return 0;
}
