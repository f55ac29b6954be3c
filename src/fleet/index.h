/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds what to match without looking at the rest. Two indexes over the same keys: classes, so that
 * a new advisory finds its classes; and advisories, so that a new class finds its advisories.
 * Products are matched first, then their versions, then the classes that have them: a component
 * that 100,000 classes share is compared once, and what identifies a product once for all its
 * versions.
 *
 * Threads: one writer or many readers at a time; the caller holds a read-write lock. Matching reads
 * only. Results refer to the criteria and copy what they need of the index.
 */
#ifndef FLEET_INDEX_H
#define FLEET_INDEX_H

#include "fleet/match.h"

struct fleet_index;

struct fleet_index *fleet_index_new(void) MUST_CHECK;
void fleet_index_free(struct fleet_index *index);

/* Adds a class under the caller's number for it. Nothing of the class is kept by reference.
 * -1: ERR_MEMORY (index unchanged), or ERR_CONFLICT "index.twice". */
int fleet_index_add(struct fleet_index *index, uint64_t id, const struct fleet_class *class,
                    struct err *e) MUST_CHECK;
/* false when there was none. */
bool fleet_index_remove(struct fleet_index *index, uint64_t id);

size_t fleet_index_classes(const struct fleet_index *index);
size_t fleet_index_products(const struct fleet_index *index);   /* without their versions */
size_t fleet_index_components(const struct fleet_index *index); /* distinct ones */

struct fleet_hit {
    uint64_t id;
    uint32_t answer; /* index into answers: classes with the same answer share it */
};

struct fleet_answer {
    enum fleet_status status; /* as the result's */
    uint32_t node;            /* the room's own */
    bool software;
};

/* Classes about which the advisory says something; all others are FLEET_NOT_LISTED. */
struct fleet_hits {
    struct fleet_hit *hits;
    size_t count;
    struct fleet_answer *answers;
    size_t answer_count;
    struct fleet_index_run *run; /* the room's own */
};

/*
 * Answers as fleet_match does for each class, in a time that does not depend on unrelated ones.
 * Until the hits are freed the index must not change, and criteria and options stay.
 */
int fleet_index_match(const struct fleet_index *index, struct fleet_hits **hits,
                      const struct fleet_criteria *criteria, const struct fleet_options *options,
                      struct err *e) MUST_CHECK;
/* An answer whole, with its reasons: made when it is asked for, and for the caller to free. */
int fleet_hits_result(struct fleet_hits *hits, uint32_t answer, struct fleet_result **result,
                      struct err *e) MUST_CHECK;
/* The same for one class of those that have the answer, in the words of its inventory: a class that
 * was just built from one knows how names were spelt, and what that costs; what the index keeps
 * does not. */
int fleet_hits_result_for(struct fleet_hits *hits, uint32_t answer, const struct fleet_class *class,
                          struct fleet_result **result, struct err *e) MUST_CHECK;
void fleet_hits_free(struct fleet_hits *hits);

/* The other way: advisories by what they name. Of the criteria copies are kept, a few hundred bytes
 * an advisory and some thousand a product; their texts are not. */
struct fleet_advisories;

struct fleet_advisories *fleet_advisories_new(void) MUST_CHECK;
void fleet_advisories_free(struct fleet_advisories *advisories);
/* -1: ERR_MEMORY, or ERR_CONFLICT "index.twice"; nothing changed. */
int fleet_advisories_add(struct fleet_advisories *advisories, uint64_t id,
                         const struct fleet_criteria *criteria, struct err *e) MUST_CHECK;
bool fleet_advisories_remove(struct fleet_advisories *advisories, uint64_t id);
size_t fleet_advisories_count(const struct fleet_advisories *advisories);

/* Criteria as far as a status needs them, for fleet_index_match, but for no reasons; they live in
 * the arena, and until the advisories change. -1: ERR_MEMORY, or ERR_NOT_FOUND. */
int fleet_advisories_criteria(const struct fleet_advisories *advisories, uint64_t id,
                              struct arena *arena, const struct fleet_criteria **criteria,
                              struct err *e) MUST_CHECK;

/*
 * All or many of the advisories, each against the classes of an index as fleet_index_match does,
 * but what several of them need is found once for all. As long as there is a sweep neither
 * advisories nor index may change, and options stay. Some 100 bytes for each pair of products that
 * is one are kept until its end.
 */
struct fleet_sweep;

int fleet_sweep_new(struct fleet_sweep **sweep, const struct fleet_index *index,
                    const struct fleet_advisories *advisories, const struct fleet_options *options,
                    struct err *e) MUST_CHECK;
void fleet_sweep_free(struct fleet_sweep *sweep);
/* Any number of threads at once. The arena must stay as it is until the hits are freed; of these no
 * results can be had. -1: ERR_MEMORY, or ERR_NOT_FOUND. */
int fleet_sweep_match(struct fleet_sweep *sweep, uint64_t id, struct arena *arena,
                      struct fleet_hits **hits, struct err *e) MUST_CHECK;

/* Advisories with a product of one of these names, in normal form: its vendor's, or its own. *ids
 * is sorted, for mem_free. -1: ERR_MEMORY. */
int fleet_advisories_named(const struct fleet_advisories *advisories, enum fleet_name_kind kind,
                           const struct slice *names, size_t name_count, uint64_t **ids,
                           size_t *count, struct err *e) MUST_CHECK;

struct fleet_concern {
    uint64_t id;
    enum fleet_status status; /* never FLEET_NOT_LISTED */
};

/* All advisories that say something of the class, and what in the end; by fleet_match of each one
 * the reasons. *concerns is sorted by id, for mem_free. */
int fleet_advisories_match(const struct fleet_advisories *advisories,
                           const struct fleet_class *class, const struct fleet_options *options,
                           struct fleet_concern **concerns, size_t *count,
                           struct err *e) MUST_CHECK;

#endif
