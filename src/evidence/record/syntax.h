/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: an EvidenceRecord (RFC 4998 section 3.1, appendix A), read and written. Strict
 * DER, which section 3.1 asks for: hash-tree renewal hashes the encoding, so there must be one.
 * What is read are slices of the input, which outlives it; lists live in the arena.
 */
#ifndef EVIDENCE_RECORD_SYNTAX_H
#define EVIDENCE_RECORD_SYNTAX_H

#include "base/arena.h"
#include "evidence/record/algorithm.h"

enum {
    EVIDENCE_RECORD_MOST = 64 << 20, /* bytes */
    EVIDENCE_STAMPS_MOST = 10000, /* archive time-stamps of a record: a renewal a week, for ages */
};

/* PartialHashtree: hash values under one father. */
struct evidence_hash_list {
    struct slice *values;
    size_t count;
};

/* ArchiveTimeStamp */
struct evidence_archive_stamp {
    struct slice whole;               /* its DER */
    size_t at;                        /* its offset in the record */
    const struct evidence_hash *hash; /* digestAlgorithm; NULL: the time-stamp's own */
    struct slice attributes;          /* contents; empty: none */
    struct evidence_hash_list *lists; /* reducedHashtree; the nearest to the data first */
    size_t list_count;                /* 0: none */
    struct slice time_stamp;          /* ContentInfo, whole */
};

struct evidence_archive_chain {
    struct slice whole;
    struct evidence_archive_stamp *stamps;
    size_t count; /* at least 1 */
};

struct evidence_record {
    struct slice whole;
    const struct evidence_hash **hashes; /* digestAlgorithms */
    size_t hash_count;
    struct slice crypto_infos;     /* contents; empty: none */
    struct slice encryption_type;  /* contents of the OID; empty: none */
    struct slice encryption_value; /* whole element */
    struct slice sequence;         /* contents of the ArchiveTimeStampSequence */
    struct evidence_archive_chain *chains;
    size_t chain_count; /* at least 1 */
};

/*
 * ERR_INPUT "der.syntax" with the offset, "record.version", "record.algorithm" (one that this
 * program does not know), "record.hash-length", "record.empty"; ERR_LIMIT "record.size".
 */
int evidence_record_parse(struct arena *arena, struct slice der, struct evidence_record *record,
                          struct err *e) MUST_CHECK;

/* The DER of the ArchiveTimeStampSequence of the first `chains` chains: what section 5.2 hashes. */
void evidence_record_sequence(const struct evidence_record *record, size_t chains, struct buf *der);

/* An ArchiveTimeStamp; lists of values that are borrowed, in the order in which they stand. */
void evidence_archive_stamp_write(const struct evidence_hash *hash,
                                  const struct evidence_hash_list *lists, size_t list_count,
                                  struct slice time_stamp, struct buf *der);

/*
 * A record with one more ArchiveTimeStamp (whole DER). old NULL: the first of a new record. renewed
 * tree: it begins a new chain; else it is added to the last one.
 */
int evidence_record_write(const struct evidence_record *old, bool new_chain,
                          const struct evidence_hash *hash, struct slice stamp, struct buf *der,
                          struct err *e) MUST_CHECK;

#endif
