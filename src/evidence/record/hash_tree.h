/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: hash trees of archive time-stamps (RFC 4998 section 4), built over many data
 * objects, reduced to what one of them needs, and gone up again.
 */
#ifndef EVIDENCE_RECORD_HASH_TREE_H
#define EVIDENCE_RECORD_HASH_TREE_H

#include "evidence/record/syntax.h"

/*
 * Section 4.3 step 2: the root that the lists lead to. A first list of one value is read in two
 * ways in the wild: by the letter of 4.3 it is hashed like any list; by 4.2.1 step 3 a single value
 * is a node as it stands. as_it_stands: the second way; it makes no difference otherwise.
 */
int evidence_lists_root(const struct evidence_hash *hash, const struct evidence_hash_list *lists,
                        size_t count, bool as_it_stands, uint8_t root[EVIDENCE_HASH_MOST],
                        struct err *e) MUST_CHECK;

/* How often a value stands in a list. */
size_t evidence_list_count(const struct evidence_hash_list *list, struct slice value);

/* In binary ascending order, as sections 4.2.1 and 4.3 want it. */
void evidence_values_sort(struct slice *values, size_t count);

/*
 * A tree over the values of data objects; an object is a list of values, those of its documents (a
 * data object group), of which more than one are a list of their own (4.2.1 step 3). Nodes have two
 * children, the last of a level three where two do not come out even, so no value is made up. The
 * lists and their values are borrowed as long as the tree. Takes memory of twice the values.
 */
struct evidence_hash_tree;
struct evidence_hash_tree *evidence_hash_tree_new(const struct evidence_hash *hash,
                                                  const struct evidence_hash_list *objects,
                                                  size_t count, struct err *e) MUST_CHECK;
void evidence_hash_tree_free(struct evidence_hash_tree *tree);
struct slice evidence_hash_tree_root(const struct evidence_hash_tree *tree);
/* Section 4.2.2: the lists of one object, in the arena; none when the tree is one value. */
int evidence_hash_tree_reduce(const struct evidence_hash_tree *tree, size_t object,
                              struct arena *arena, struct evidence_hash_list **lists, size_t *count,
                              struct err *e) MUST_CHECK;

#endif
