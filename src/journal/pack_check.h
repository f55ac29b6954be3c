/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the steps of pack_verify share (docs/formats.md section 6.2, "A verifier … checks"). Each
 * step is a file pack_check_….c with a function that takes the check: 0 when it was carried out
 * (failures are in the report then), -1 when it could not be (no memory, no disk).
 */
#ifndef JOURNAL_PACK_CHECK_H
#define JOURNAL_PACK_CHECK_H

#include "base/id.h"
#include "crypto/certificate.h"
#include "crypto/chain.h"
#include "journal/pack_files.h"
#include "journal/pack_internal.h"
#include "journal/pack_verify.h"
#include "journal/proof.h"

enum { PACK_THREADS_MAX = 8, PACK_AUTHORITIES_MAX = 100, PACK_PUBLICATIONS_MAX = 100000 };

/* An opaque id without its prefix. */
struct pack_id {
    char text[26];
};

/* ---- acts -------------------------------------------------------------------------------- */

/* What an act proves here; PACK_ACT_OTHER (and any refused act): nothing. */
enum pack_act_kind {
    PACK_ACT_OTHER,
    PACK_ACT_OPENED,
    PACK_ACT_IMPORTED,
    PACK_ACT_FROZEN,
    PACK_ACT_SIGNED,
    PACK_ACT_ISSUED,
    PACK_ACT_REVOKED,
    PACK_ACT_CRL,
    PACK_ACT_RECEIPT,
    PACK_ACT_OUTCOME,
    PACK_ACT_LEFT,
    PACK_ACT_REMOVED,
    PACK_ACT_TOLD,
};

struct pack_act {
    uint64_t index;
    int64_t at;
    uint8_t fact[32]; /* digest of what it says; see pack_fact */
    struct pack_id id;
    enum pack_act_kind kind;
};

/* The digest of a fact: its kind and the values of the members that matter, in their fixed order.
 */
int pack_fact(enum pack_act_kind kind, const struct slice *values, size_t count, uint8_t fact[32],
              struct err *e) MUST_CHECK;

/* ---- publications, entries, members ------------------------------------------------------ */

struct pack_publication {
    char id[ID_TEXT];
    int64_t at;
    uint64_t frozen;
    uint64_t entries; /* count */
    uint8_t root[32];
    uint64_t members;
    uint8_t document[32];
    struct buf advisory; /* canonical */
    bool exercise;
    struct merkle_frontier tree; /* of the entries' lines read so far */
    uint64_t meant;              /* sum over them */
    uint64_t next;               /* least index of the next line */
};

struct pack_member {
    struct pack_id asset;
    uint64_t order;   /* of the newest join in its tree */
    uint8_t leaf[32]; /* its leaf hash */
};

/* Members of a tree at one size, sorted by asset; shared by all entries that name it. */
struct pack_snapshot {
    struct pack_member *members;
    size_t count;
};

struct pack_entry_line {
    uint32_t publication; /* position in the check's array */
    uint64_t index;
    uint8_t notice[32];
    struct pack_id audience;
    uint8_t class[32];
    uint64_t member_count, size;
    uint8_t root[32];
    bool only;
    uint64_t only_count;
    uint8_t only_root[32];
    uint32_t snapshot; /* UINT32_MAX: its tree was not there */
};

/* ---- certificates, receipts -------------------------------------------------------------- */

struct pack_certificate {
    uint8_t hash[32];
    struct pack_id subject;
    int64_t not_before, not_after;
    uint64_t issued;
    uint64_t revoked;      /* UINT64_MAX: never */
    size_t spki, spki_len; /* in the check's keys */
};

struct pack_listed { /* in the CRL */
    struct slice serial;
    int64_t revoked_at;
};

/* A notice that a receipt covers. */
struct pack_covered {
    struct pack_id asset;
    uint64_t n;
    uint32_t notice; /* number of the notice, see pack_notice_number */
    bool met;        /* a line of recipients.jsonl says so too */
};

/* An earlier head, and how it is shown to be one. */
struct pack_consistency {
    uint64_t from;
    uint8_t (*hashes)[MERKLE_HASH];
    size_t count;
    bool verified; /* for this root */
    uint8_t root[MERKLE_HASH];
};

/* A growing array of T: items, count, room. */
#define PACK_LIST(T)                                                                               \
    struct {                                                                                       \
        T *items;                                                                                  \
        size_t count, room;                                                                        \
    }

struct pack_notice {
    uint8_t digest[32];
    uint32_t entry;
};

struct pack_span {
    bool known;
    int64_t from, until;
};

struct pack_ca {
    struct slice der;
    struct certificate parsed;
    struct key *key;                          /* NULL: of a kind that we do not take */
    struct pack_span valid[PACK_THREADS_MAX]; /* when its own path was seen to be valid */
};

struct pack_check {
    const struct pack_policy *policy;
    struct pack_report *report;
    struct pack_files files;
    unsigned threads;
    bool failed; /* a failure was reported in this step or before */
    void *step;  /* what the lines of the running step share */
    /* the statement */
    struct envelope statement;
    bool has_statement;
    bool customer;
    int64_t made;
    /* trust */
    struct buf anchor_bytes;
    PACK_LIST(struct slice) anchors;
    struct chain_verifier *verifiers[PACK_THREADS_MAX];
    struct note_key log;
    PACK_LIST(struct note_key) witnesses;
    size_t quorum;
    /* signers and CAs named in certificates.jsonl or envelopes */
    struct certificate_list authorities;
    PACK_LIST(struct pack_ca) cas; /* those of them that may sign certificates */
    PACK_LIST(struct pack_signer) signers;
    PACK_LIST(struct pack_consistency) consistency;
    PACK_LIST(struct pack_act) acts;
    PACK_LIST(struct pack_publication) publications;
    PACK_LIST(struct pack_entry_line) entries;
    PACK_LIST(struct pack_notice) notices; /* sorted by digest */
    PACK_LIST(struct pack_snapshot) snapshots;
    struct buf crl_bytes;
    struct slice crl_issuer;
    PACK_LIST(struct pack_listed) listed; /* sorted by serial */
    struct buf keys;
    PACK_LIST(struct pack_certificate) certificates; /* sorted by hash */
    PACK_LIST(struct pack_covered) covered;          /* sorted by asset, n, notice */
    struct pack_counts counts;
};

/* Who signed pack.json, trust.json or a publication, and when he says so. */
struct pack_signer {
    uint8_t hash[32];
    int64_t at;
    const char *file;
};

/* Room for one more: the new item, zeroed; NULL with e set. */
#define pack_list_add(list, e)                                                                     \
    ((__typeof__((list)->items))pack_list_grow((void **)&(list)->items, &(list)->count,            \
                                               &(list)->room, sizeof *(list)->items, (e)))
void *pack_list_grow(void **items, size_t *count, size_t *room, size_t size,
                     struct err *e) MUST_CHECK;

/*
 * Reports a failure: code "pack.…", the step of section 6.2, file, line (0: the whole file), text.
 * Always 0, so that a step can `return pack_fail(…)`.
 */
int pack_fail(struct pack_check *c, const char *code, unsigned step, const char *file,
              uint64_t line, const char *format, ...) PRINTF_LIKE(6, 7);
/* The same for an error of a library; "could not be done" is not a failure of the pack: -1. */
int pack_fail_cause(struct pack_check *c, const char *code, unsigned step, const char *file,
                    uint64_t line, const char *what, const struct err *cause, struct err *e);
/* Whether an error says something about the pack, not about this machine. */
bool pack_is_failure(const struct err *cause);

/*
 * Line files. Each line is parsed, must be canonical JSON and an object, and is given to `line` on
 * some thread, which fills `record` (zeroed); then, in the order of the file and on one thread, to
 * `merge`. Both report by err: code "pack.…" and text; anything that is not ERR_INPUT, ERR_VERIFY
 * or ERR_LIMIT ends the whole. A failing line is not merged.
 */
struct pack_line_in {
    unsigned thread;
    uint64_t number; /* from 1 */
    struct slice text;
    const struct json_doc *doc;
    const struct json_value *root;
};
struct pack_line_kind {
    const char *file;
    unsigned step;
    size_t record;
    int (*line)(struct pack_check *c, const struct pack_line_in *in, void *record, struct err *e);
    int (*merge)(struct pack_check *c, uint64_t number, void *record, struct err *e);
    void (*drop)(void *record); /* frees what a record holds when it is not merged; may be NULL */
};
int pack_lines_check(struct pack_check *c, const struct pack_line_kind *kind,
                     struct err *e) MUST_CHECK;

/* ERR_VERIFY with that code; for lines. Returns -1. */
int pack_wrong(struct err *e, const char *code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Members of a line; -1 with `code` when they are not such. */
int pack_get_hash(const struct json_value *v, const char *name, uint8_t out[32], const char *code,
                  struct err *e) MUST_CHECK;
int pack_get_count(const struct json_value *v, const char *name, uint64_t *out, const char *code,
                   struct err *e) MUST_CHECK;
int pack_get_id(const struct json_value *v, const char *name, const char *prefix,
                struct pack_id *out, const char *code, struct err *e) MUST_CHECK;
int pack_get_salt(const struct json_value *v, uint8_t out[32], const char *code,
                  struct err *e) MUST_CHECK;
int pack_get_time(const struct json_value *v, const char *name, int64_t *out, const char *code,
                  struct err *e) MUST_CHECK;
/* -1 when the object has other members than the required ones and some of the optional ones. */
int pack_members_are(const struct json_value *v, const char *const *required,
                     const char *const *optional, const char *code, struct err *e) MUST_CHECK;
static inline int pack_id_compare(const struct pack_id *a, const struct pack_id *b)
{
    return memcmp(a->text, b->text, sizeof a->text);
}

/* Looking up. NULL: not there. */
const struct pack_act *pack_act_find(const struct pack_check *c, uint64_t index);
/* The first act of that kind and fact; for the few that no line names by index. */
const struct pack_act *pack_act_search(const struct pack_check *c, enum pack_act_kind kind,
                                       const uint8_t fact[32]);
const struct pack_certificate *pack_certificate_find(const struct pack_check *c,
                                                     const uint8_t hash[32]);
struct pack_publication *pack_publication_find(struct pack_check *c, struct slice id);
/* The number of the notice with that digest, one number a digest; UINT32_MAX: not in this pack. */
uint32_t pack_notice_number(const struct pack_check *c, const uint8_t digest[32]);
struct pack_covered *pack_covered_find(struct pack_check *c, const struct pack_id *asset,
                                       uint64_t n, uint32_t notice);

/* The order of pack_check.covered, for qsort. */
int pack_covered_order(const void *a, const void *b);

/* Whether (size, root) is an earlier state of the pack's tree; -1 with "pack.…". One thread. */
int pack_head_check(struct pack_check *c, uint64_t size, const uint8_t root[32], const char *code,
                    struct err *e) MUST_CHECK;

/*
 * An envelope that a publication-signer under the anchor has to have signed, at the time that its
 * payload says. Reports by `code`; remembers the signer, so that the CRL can be asked later.
 */
int pack_signer_check(struct pack_check *c, const struct envelope *envelope, const char *file,
                      unsigned step, int64_t at, const char *code, struct err *e) MUST_CHECK;

/* A CA's or signer's certificate, each once; -1 with "pack.certificate". One thread. */
int pack_authority_add(struct pack_check *c, struct slice der, struct err *e) MUST_CHECK;
void pack_cas_free(struct pack_check *c);
/* chain_verify over the CAs of the pack. */
int pack_path_verify(struct pack_check *c, unsigned thread, struct slice der, int64_t time,
                     uint32_t purposes, struct err *e) MUST_CHECK;
/* The same for a device's certificate, parsed, and PURPOSE_CLIENT; fast. */
int pack_device_verify(struct pack_check *c, unsigned thread, const struct certificate *leaf,
                       int64_t time, struct err *e) MUST_CHECK;

/* The steps, in their order. */
int pack_check_container(struct pack_check *c, struct err *e) MUST_CHECK;
int pack_check_trust(struct pack_check *c, struct err *e) MUST_CHECK;
int pack_check_head(struct pack_check *c, struct err *e) MUST_CHECK;
int pack_check_acts(struct pack_check *c, struct err *e) MUST_CHECK;
int pack_check_publications(struct pack_check *c, struct err *e) MUST_CHECK;
int pack_check_entries(struct pack_check *c, struct err *e) MUST_CHECK;
int pack_check_members(struct pack_check *c, struct err *e) MUST_CHECK;
int pack_check_certificates(struct pack_check *c, struct err *e) MUST_CHECK;
int pack_check_receipts(struct pack_check *c, struct err *e) MUST_CHECK;
int pack_check_outcomes(struct pack_check *c, struct err *e) MUST_CHECK;
int pack_check_recipients(struct pack_check *c, struct err *e) MUST_CHECK;
int pack_check_counts(struct pack_check *c, struct err *e) MUST_CHECK;

#endif
