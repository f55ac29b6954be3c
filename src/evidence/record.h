/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence records (RFC 4998): that data existed at a time and is unchanged, provable over decades
 * by time-stamps that are renewed before their certificates end (time-stamp renewal) and before a
 * hash algorithm breaks (hash-tree renewal).
 */
#ifndef EVIDENCE_RECORD_H
#define EVIDENCE_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "evidence/record/algorithm.h"

/* Verifying */

struct evidence_record_options {
    const char *const *data; /* files and bundles (folders): the data object, or group of them */
    size_t data_count;       /* 0: only the record itself is looked at */
    const char *roots_pem;   /* who may vouch for time-stamps; NULL: nobody is asked for */
    const char *revocation;  /* folder of lists and OCSP answers; NULL or not there: none */
    int64_t at;              /* microseconds: for when it must be proven; 0: now */
    const struct evidence_agility *agility; /* what a user says of algorithms */
    size_t agility_count;
};

/* One time-stamp of a record. */
struct evidence_record_step {
    size_t chain, stamp; /* from 1 */
    size_t offset;       /* in the record */
    bool read;           /* what follows could be read */
    int64_t at, accuracy;
    const char *hash; /* of the tree and the imprint */
    const char *policy, *serial;
    size_t lists, values; /* of the reduced hash tree */
    bool lone;            /* its first list has one value, which is taken as it stands */
    bool hashes_fit;      /* it covers what it must, and is over the root of its tree */
    bool signature_holds;
    const char *signer, *signature;
    int64_t held_against; /* the time for which it must be valid: of the next one, or the end */
    bool vouched;
    const char *root;    /* who vouches */
    const char *revoked; /* in words */
    int64_t revocation_at;
};

struct evidence_record_problem {
    const char *code, *where, *text, *clause, *hint;
};

struct evidence_record_verdict {
    bool proven;      /* all that follows */
    bool data_fits;   /* all data given are what the first time-stamp is about */
    bool whole_group; /* and it is about nothing besides */
    bool hashes_fit, signatures_hold, vouched;
    bool strong;   /* each algorithm was secure as long as it was needed */
    size_t files;  /* of data */
    size_t others; /* values of the first list that are of none of them */
    int64_t since, at;
    const char *hash;    /* that holds it now */
    int64_t valid_until; /* microseconds: the last time-stamp's certificate ends; 0: unknown */
    struct evidence_record_step *steps;
    size_t step_count;
    struct evidence_record_problem *problems;
    size_t problem_count;
    const char **uncovered; /* files of a bundle that came to it later */
    size_t uncovered_count;
    const char *encryption; /* the encryption method's OID, which is not opened; NULL: none */
    size_t crypto_infos;    /* bytes */
    struct arena arena;
};

/*
 * RFC 4998 sections 4.3 and 5.3. 0: the verdict says how it is; -1: it could not be found out, or
 * the record cannot be read (ERR_INPUT).
 */
int evidence_record_verify(struct slice der, const struct evidence_record_options *options,
                           struct evidence_record_verdict *verdict, struct err *e) MUST_CHECK;
void evidence_record_verdict_fini(struct evidence_record_verdict *verdict);

/*
 * A record out of a signed message (CMS, in BER also) that carries it as an unsigned attribute
 * er-internal or er-external (RFC 4998 appendix A): appended. 1: there is one; 0: it is no signed
 * message, or carries none; -1.
 */
int evidence_record_of_cms(struct slice cms, struct buf *der, struct err *e) MUST_CHECK;

/* Making and renewing: a job says what is to be time-stamped, and turns the token into records. */

struct evidence_record_job;

/*
 * New records. each: every one of data gets a record of its own, all under one time-stamp; else one
 * record over all of them as one data object group.
 */
struct evidence_record_job *evidence_record_make(const char *const *data, size_t count, bool each,
                                                 const struct evidence_hash *hash,
                                                 struct err *e) MUST_CHECK;
/*
 * Time-stamp renewal (section 5.2) of many records by one new time-stamp; they need the same
 * algorithm in their last chains ("record.algorithms"). Contents are copied.
 */
struct evidence_record_job *evidence_record_renew(const struct slice *records, size_t count,
                                                  struct err *e) MUST_CHECK;
/*
 * Hash-tree renewal (section 5.2) with another algorithm; the data are read anew and must be those
 * of the record ("record.data").
 */
struct evidence_record_job *evidence_record_rehash(struct slice record, const char *const *data,
                                                   size_t count, const struct evidence_hash *hash,
                                                   struct err *e) MUST_CHECK;
void evidence_record_job_free(struct evidence_record_job *job);

const struct evidence_hash *evidence_record_job_hash(const struct evidence_record_job *job);
struct slice evidence_record_job_imprint(const struct evidence_record_job *job);
size_t evidence_record_job_count(const struct evidence_record_job *job); /* of records */
/* A TimeStampReq (RFC 3161 section 2.4.1) for it, with certReq and without nonce. */
void evidence_record_job_query(const struct evidence_record_job *job, struct buf *der);
/*
 * What an authority answered, a TimeStampResp or a token alone: checked to be of this job, signed,
 * and not older than what it renews. "record.answer", "record.refused", "token.…"
 */
int evidence_record_job_take(struct evidence_record_job *job, struct slice answer,
                             struct err *e) MUST_CHECK;
/*
 * Of a renewal, then: asks whom the certificates of the time-stamps that are renewed name whether
 * they were revoked, as of them nobody can be asked for ever. keep() gets "ocsp" or "crl", to be
 * put beside each record. why: what could not be had. 0 also when that is all.
 */
int evidence_record_job_revocation(const struct evidence_record_job *job, bool inside,
                                   int (*keep)(void *context, struct slice der, const char *kind,
                                               struct err *e),
                                   void *context, char *why, size_t why_room,
                                   struct err *e) MUST_CHECK;
/* Then: the index-th record, appended. */
int evidence_record_job_record(const struct evidence_record_job *job, size_t index, struct buf *der,
                               struct err *e) MUST_CHECK;
int64_t evidence_record_job_time(const struct evidence_record_job *job);

#endif
