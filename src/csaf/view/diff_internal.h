/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the comparison share. Side 0 is A, the older document, side 1 is B. */
#ifndef CSAF_DIFF_INTERNAL_H
#define CSAF_DIFF_INTERNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "csaf/diff.h"

/* A product as both documents may have it. */
struct diff_product {
    const struct csaf_reading_product *in[2]; /* the first of each side; NULL: not there */
    struct slice helper[2];                   /* what identifies it, as text */
    uint64_t hash;                            /* for sums over sets of products */
    uint32_t turn;                            /* in which status holds */
    uint32_t status[2];                       /* bits by side */
};

/* One element of a list. Two are the same when full is; the others are held to be changed ones when
 * near is, else when far is (empty: never). All from the arena or a document. */
struct diff_item {
    struct slice full, near, far;
    struct slice shown;
    const struct json_value *of; /* has product_ids and group_ids that count; or NULL */
    struct diff_item *next;      /* with the same key, in the order of the text */
    bool met;
};

struct diff_items {
    struct diff_item *at;
    size_t count, room;
};

struct diff {
    struct csaf_diff result; /* first: what callers hold */
    const struct csaf_reading *side[2];
    struct arena arena;
    struct csaf_diff_entry *entries;
    size_t count, room;
    struct diff_product *products;
    size_t product_count;
    struct diff_product **meaning[2]; /* by product index of the side */
    uint64_t *group_sum[2];           /* by group index: sum over its products */
    uint64_t seed[2];
    uint32_t turn;
    struct err *e;
    size_t targets_told; /* products looked at to say which were meant; bounded */
};

bool diff_failed(const struct diff *d);
void *diff_new(struct diff *d, size_t count, size_t size);
/* The buffer's text in the arena; the buffer is emptied. */
struct slice diff_keep(struct diff *d, struct buf *b);

void diff_tell(struct diff *d, enum csaf_diff_kind kind, const char *what,
               struct slice vulnerability, struct slice product, struct slice before,
               struct slice after);
/* One value of both documents: added, removed or changed when it differs. */
void diff_value(struct diff *d, const char *what, struct slice vulnerability, struct slice before,
                struct slice after);

/* An element to be compared; one that shows nothing is left out. */
void diff_item_add(struct diff *d, struct diff_items *items, struct slice full, struct slice near,
                   struct slice far, struct slice shown);
/* Appends what products one of two objects is for and the other is not: " [for X, not for Y]". */
void diff_other_targets(struct diff *d, const struct json_value *const of[2], struct buf *out);
/* Tells what differs between two lists, and empties them. */
void diff_items_compare(struct diff *d, const char *what, struct slice vulnerability,
                        struct diff_items lists[2]);

void diff_products(struct diff *d); /* diff_product.c */
const struct diff_product *diff_product_of(const struct diff *d, int side, struct slice id);
/* Appends what stands for the products that an object with product_ids and group_ids is about. */
void diff_targets(const struct diff *d, int side, const struct json_value *object,
                  const char *member, struct buf *out);

void diff_vulnerabilities(struct diff *d); /* diff_vulnerability.c */

/* Lists that document and vulnerability both have. */
void diff_notes(struct diff *d, struct slice vulnerability, const struct json_value *a,
                const struct json_value *b);
void diff_references(struct diff *d, struct slice vulnerability, const struct json_value *a,
                     const struct json_value *b);
void diff_acknowledgments(struct diff *d, struct slice vulnerability, const struct json_value *a,
                          const struct json_value *b);

#endif
