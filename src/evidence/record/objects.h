/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: data objects of evidence records. A file is one; a bundle is a group: each file
 * that its manifests list, the tag manifest, and what seals it, so that a later hash algorithm can
 * take over from SHA-256 for all of it.
 */
#ifndef EVIDENCE_RECORD_OBJECTS_H
#define EVIDENCE_RECORD_OBJECTS_H

#include "evidence/record/syntax.h"

enum { EVIDENCE_HASHES_MOST = 16 };

struct evidence_document {
    const char *path;
    bool later; /* part of a bundle that may have come after the record: its seal */
    struct slice values[EVIDENCE_HASHES_MOST];
};

struct evidence_object {
    const char *name; /* as it was given */
    struct evidence_document *documents;
    size_t count;
};

/* Which files it is made of. "record.data": not there, a folder that is no closed bundle. */
int evidence_object_find(struct arena *arena, const char *path, struct evidence_object *object,
                         struct err *e) MUST_CHECK;
/* Several as one group. */
int evidence_object_join(struct arena *arena, const char *const *paths, size_t count,
                         struct evidence_object *object, struct err *e) MUST_CHECK;
/* Reads each document once, for all hashes; values in the arena. */
int evidence_objects_hash(struct arena *arena, struct evidence_object *objects, size_t count,
                          const struct evidence_hash *const *hashes, size_t hash_count,
                          struct err *e) MUST_CHECK;
/* The values under the index-th hash as a list, sorted. */
int evidence_object_values(struct arena *arena, const struct evidence_object *object, size_t index,
                           struct evidence_hash_list *list, struct err *e) MUST_CHECK;

#endif
