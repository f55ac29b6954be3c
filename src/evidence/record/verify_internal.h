/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that judge an evidence record share. */
#ifndef EVIDENCE_RECORD_VERIFY_INTERNAL_H
#define EVIDENCE_RECORD_VERIFY_INTERNAL_H

#include "crypto/der.h"
#include "evidence/record.h"
#include "evidence/record/objects.h"
#include "evidence/record/revocation.h"

enum { PROBLEMS = 100 };

struct judged {
    const struct evidence_archive_stamp *stamp;
    size_t chain;
    struct evidence_token token;
    const struct evidence_hash *hash; /* of the tree; NULL: the token could not be read */
    struct evidence_record_step *step;
};

struct judging {
    const struct evidence_record_options *options;
    struct evidence_record_verdict *verdict;
    struct evidence_record record;
    struct evidence_revocation revocation;
    struct evidence_roots *roots;
    struct judged *judged;
    size_t count;
    struct evidence_object data;
    const struct evidence_hash *hashes[EVIDENCE_HASHES_MOST]; /* that the data are read with */
    size_t hash_count;
    char place[80];
};

/* A problem of the record; what could not be found out is a failure. */
int evidence_record_complain(struct judging *j, const char *where, const struct err *why,
                             struct err *e) MUST_CHECK;
/* The data, hashed by each algorithm that begins a chain. */
int evidence_record_read_data(struct judging *j, struct err *e) MUST_CHECK;
/* Whether the first time-stamp of a chain covers the data (section 5.3 steps 1 and 3). */
int evidence_record_check_data(struct judging *j, struct judged *s,
                               const struct evidence_hash_list *list, bool *fits,
                               struct err *e) MUST_CHECK;

#endif
