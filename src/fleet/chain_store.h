/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of an asset (docs/formats.md section 3.3): which notices are meant for it, in order;
 * and what comes back, receipts and outcomes. A chain is not stored: it follows from publications
 * and from membership, and neither of them ever changes afterwards.
 */
#ifndef FLEET_CHAIN_STORE_H
#define FLEET_CHAIN_STORE_H

#include "crypto/envelope.h"
#include "crypto/merkle.h"
#include "fleet/asset_store.h"

/* A place in a chain: behind the n-th notice. Zeroed but for notice −1 and H(0): the beginning. */
struct fleet_position {
    uint64_t n;
    uint8_t head[32];
    uint64_t as_of; /* of the publication of the n-th notice: rises from one to the next */
    int64_t notice; /* its index in there */
};
int fleet_chain_start(const char *asset, struct fleet_position *position, struct err *e) MUST_CHECK;
/* Where the asset's last receipt stands. */
int fleet_chain_acknowledged(const struct fleet_asset *asset, struct fleet_position *position,
                             struct err *e) MUST_CHECK;
/* H(n) from H(n−1) and a notice's digest. */
int fleet_chain_step(uint8_t head[32], const uint8_t digest[32], struct err *e) MUST_CHECK;

struct fleet_link {
    struct fleet_position position; /* behind this notice */
    uint64_t frozen;                /* index of the act that froze its publication */
    char publication[ID_TEXT];
    char revision[ID_TEXT];
    uint8_t digest[32];
    uint8_t before[32]; /* H(n−1) */
    struct slice body;  /* until the callback returns */
    struct slice entry;
};
/* 0: go on, 1: stop, -1: failed. The callback must not change notices or membership. */
typedef int fleet_link_fn(void *context, const struct fleet_link *link, struct err *e);

/*
 * Walks the notices behind *position, at most limit, and moves it. The number seen, or -1.
 * fn may be NULL: only walk.
 */
int64_t fleet_chain_walk(struct db *db, const char *asset, struct fleet_position *position,
                         uint64_t limit, fleet_link_fn *fn, void *context,
                         struct err *e) MUST_CHECK;

/* From the start, or from what is acknowledged, to the n-th notice; *position is there. ERR_USAGE
 * "fleet.chain-short" when the chain has fewer. */
int fleet_chain_seek(struct db *db, const struct fleet_asset *asset, uint64_t n,
                     struct fleet_position *position, struct err *e) MUST_CHECK;

/* Inclusion proofs for deliveries need the publication's whole tree: kept for the last few. */
struct fleet_tree_cache;
struct fleet_tree_cache *fleet_tree_cache_new(struct err *e) MUST_CHECK;
void fleet_tree_cache_free(struct fleet_tree_cache *cache);

/* Appends the delivery object (section 3.3). Thread-safe with one cache. */
int fleet_delivery_write(struct db *db, struct fleet_tree_cache *cache,
                         const struct fleet_link *link, struct buf *out, struct err *e) MUST_CHECK;

/* Where an entry stands in its publication's tree: the `path` of section 3.3. */
int fleet_entry_path(struct db *db, struct fleet_tree_cache *cache, const char *publication,
                     uint64_t index, uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *count,
                     struct err *e) MUST_CHECK;

/* What a receipt says, checked in form (section 3.4); nothing of it is believed yet. */
struct fleet_receipt {
    char origin[256];
    char asset[ID_TEXT];
    uint64_t n;
    uint8_t head[32];
    uint64_t checkpoint_size;
    uint8_t checkpoint_root[32];
    int64_t at;
};
int fleet_receipt_read(const struct envelope *envelope, struct fleet_receipt *receipt,
                       struct err *e) MUST_CHECK;

/*
 * Takes a receipt whose signature and checkpoint were verified: its head must follow from the
 * chain. Act receipt.accepted. *n: how far the asset has acknowledged now (an older receipt changes
 * nothing). ERR_VERIFY "fleet.receipt-head".
 */
struct fleet_receipt_parts {
    const struct fleet_receipt *receipt;
    const uint8_t *certificate; /* fingerprint */
    struct slice envelope;
    const char *via;
    /* NULL, or where fleet_chain_walk came to n: a chain never changes behind that */
    const struct fleet_position *walked;
};
int fleet_receipt_accept(struct change *c, const struct fleet_receipt_parts *parts, uint64_t *n,
                         struct err *e) MUST_CHECK;

struct fleet_outcome {
    char origin[256];
    char asset[ID_TEXT];
    uint8_t notice[32];
    uint64_t n;
    char outcome[16];
};
int fleet_outcome_read(const struct envelope *envelope, struct fleet_outcome *outcome,
                       struct err *e) MUST_CHECK;
/* Act outcome.reported. ERR_VERIFY "fleet.outcome-notice": not a notice of this asset's chain. */
int fleet_outcome_accept(struct change *c, const struct fleet_outcome *outcome,
                         struct slice envelope, struct err *e) MUST_CHECK;

#endif
