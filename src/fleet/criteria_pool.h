/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: criteria of a great many advisories, small. Products and ranges that several name
 * are kept once; of an advisory nothing is left but numbers. What comes back is enough for a
 * status, and has none of the texts that reasons quote: those are in the document.
 */
#ifndef FLEET_CRITERIA_POOL_H
#define FLEET_CRITERIA_POOL_H

#include "fleet/criteria.h"
#include "fleet/index_store.h"

/* An advisory that names a product: what the caller calls it, and what it says of the product, see
 * criteria_share.h. */
struct fleet_pool_user {
    uint32_t user;
    uint32_t share;
};

/* A product that advisories name, and who does. */
struct fleet_pool_product {
    struct fleet_target *target; /* one block; all that identifies it, and nothing else */
    uint64_t *keys;
    size_t key_count;
    struct fleet_pool_user *users;
    size_t user_count, user_room;
};

struct fleet_pool_products {
    struct fleet_pool_product **at; /* by number; NULL: free */
    size_t room;
    struct fleet_index_numbers numbers;
    struct fleet_postings by_text; /* hash of what identifies it -> numbers */
};

/* A range, and how often advisories name it. */
struct fleet_pool_range {
    struct product_range *range;
    size_t uses;
};

struct fleet_pool_ranges {
    struct fleet_pool_range *at;
    size_t room;
    struct fleet_index_numbers numbers;
    struct fleet_postings by_text;
};

/* Ranges and claims of one product's targets, as criteria_share.c writes them. */
struct fleet_share {
    size_t uses;
    uint32_t len;
    uint8_t bytes[];
};

struct fleet_pool_shares {
    struct fleet_share **at; /* by number; NULL: free */
    size_t room;
    struct fleet_index_numbers numbers;
    struct fleet_postings by_text;
};

struct fleet_pool {
    struct fleet_pool_products products;
    struct fleet_pool_ranges ranges;
    struct fleet_pool_shares shares;
    struct fleet_postings postings; /* key -> product numbers */
    uint64_t seed[2];
};

/* An advisory; bytes as fleet_pool_freeze writes them. */
struct fleet_frozen {
    uint32_t len;
    uint8_t bytes[];
};

/* 0, or -1 (ERR_MEMORY). */
int fleet_pool_init(struct fleet_pool *pool, struct err *e) MUST_CHECK;
void fleet_pool_fini(struct fleet_pool *pool);

/* Keeps criteria under the caller's number; for fleet_pool_drop with the same number. NULL: *e, and
 * nothing changed. */
struct fleet_frozen *fleet_pool_freeze(struct fleet_pool *pool,
                                       const struct fleet_criteria *criteria, uint32_t user,
                                       struct err *e) MUST_CHECK;
void fleet_pool_drop(struct fleet_pool *pool, struct fleet_frozen *frozen, uint32_t user);

/*
 * The criteria again, each claim once, and one vulnerability for all that claim the same; for
 * fleet_combine_status and fleet_index_match; they live in the arena, and
 * as long as the pool is not changed. met (NULL: all): by product, not 0 when it may be touched;
 * other targets are not filled but for criterion_count, which is 0. products (may be NULL): by
 * target, the number of its product, or UINT32_MAX. -1: ERR_MEMORY.
 */
int fleet_pool_thaw(const struct fleet_pool *pool, const struct fleet_frozen *frozen,
                    const uint32_t *met, struct arena *arena,
                    const struct fleet_criteria **criteria, const uint32_t **products,
                    struct err *e) MUST_CHECK;

#endif
