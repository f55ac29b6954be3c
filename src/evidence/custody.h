/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chain of custody (ISO/IEC 27037 section 6.1; docs/formats-evidence.md section 4): who did what to
 * an exhibit, when, where, why and by what authority. A log is the folder custody/ of its holder (a
 * case, an exhibit's folder, or a bundle): NNNNN.json, canonical JSON that names the record before
 * it by hash, and NNNNN.p7s, a detached CMS signature over exactly these bytes; head.json and
 * head.p7s say how many records there are, signed by who signed the last one.
 *
 * What a step must say stands in one table (custody/kinds.h); a step that does not say it is
 * refused, and nothing is written.
 */
#ifndef EVIDENCE_CUSTODY_H
#define EVIDENCE_CUSTODY_H

#include "base/clock.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "evidence/verify.h"

struct evidence_signer;     /* evidence/seal/cms.h */
struct evidence_log_file;   /* evidence/custody/log.h */
struct evidence_kept_doing; /* evidence/custody/doing.h */
struct evidence_clock_reading;

struct evidence_competence {
    const char *what;         /* "GCFA", "forensic examiner, state police" */
    const char *from, *until; /* dates, "2024-05-01"; until may be NULL */
};

/* Who acts. Texts are borrowed; what may be NULL is said by the table of kinds. */
struct evidence_actor {
    const char *name, *role, *organisation, *contact;
    const struct evidence_competence *competence;
    size_t competence_count;
};

/* What allows a step: a warrant, a policy, a consent (ISO/IEC 27037 section 6). */
struct evidence_authority {
    const char *id, *scope, *issued_by;
    const char *expires;       /* RFC 3339 date or time; NULL: it says none */
    const char *const *covers; /* patterns of exhibits ("EX-*"), ends with NULL; NULL: all */
};

enum { EVIDENCE_HOLDER = 64 /* bytes of an exhibit's identifier, with NUL */ };

struct evidence_appended {
    uint64_t number;
    uint8_t sha256[SHA256_LEN]; /* of the record's bytes */
    char warnings[480];         /* one line each; empty: none. They stand in the record too */
};

struct evidence_step {
    const char *kind;   /* "acquired": a name of the table */
    const char *holder; /* the exhibit's identifier: for the first record of a log; else NULL */
    struct evidence_actor actor;
    const char *place, *reason;
    struct evidence_authority authority;
    bool whole_case; /* a step of a case's own log: which exhibits are covered does not matter */
    const struct evidence_clock_reading *started; /* when the step began; NULL: now */
    /* Set against a reference: "ntp://HOST[:PORT]", or "read:TIME,UNCERTAINTY-SECONDS,WHAT" */
    const char *reference;
    const char *const *command;     /* the command line, ends with NULL; may be NULL */
    struct slice details;           /* a JSON object; empty: none */
    const struct clock *clock;      /* NULL: the system's */
    struct evidence_appended *told; /* may be NULL */
    /* Receipts that the record names: they are there with it, or neither is. At most 2. */
    const struct evidence_log_file *receipts;
    size_t receipt_count;
    /* Refused, when a record behind this number closed the gate: what was looked at before the step
       (the gate, hashes) is not so any more. ERR_DENIED "custody.gate" */
    bool has_seen;
    uint64_t seen;
};

/*
 * Appends a record. Processes that do so at once wait for each other; a crash at any moment leaves
 * the log without the record or with it, and what returned 0 is on the disk. -1: ERR_USAGE
 * "custody.field" (names the field and the row), "custody.kind"; ERR_CONFLICT "custody.hold",
 * "custody.disposed"; ERR_VERIFY "custody.…": the log does not hold together.
 */
int evidence_custody_append(const char *holder, const struct evidence_step *step,
                            const struct evidence_signer *signer, struct err *e) MUST_CHECK;

/*
 * Told of each holder behind each record that this process appends to its log, on the thread that
 * does; NULL: nobody. For a command line that passes custody on to a centre.
 */
void evidence_custody_watch(void (*appended)(const char *holder));

struct evidence_custody_record {
    uint64_t number;
    struct slice text;             /* the record's bytes */
    const struct json_value *root; /* the same, parsed */
    const struct json_doc *doc;
    struct slice kind; /* one of the table of kinds, or not known to this version */
    int64_t at;
    uint8_t sha256[SHA256_LEN];
};

/*
 * Every record in its order; format and chain are checked, signatures are not. What each() says
 * other than 0 ends it and is returned. ERR_NOT_FOUND "custody.none": there is no log;
 * ERR_VERIFY "custody.…" names the record.
 */
int evidence_custody_read(const char *holder,
                          int (*each)(void *context, const struct evidence_custody_record *record,
                                      struct err *e),
                          void *context, struct err *e) MUST_CHECK;

/*
 * Every note of what was done without a record (--unrecorded), as it lies there: nobody signed it.
 * note NULL: a line that is none. Without a log, too; none is no error.
 */
int evidence_unrecorded_each(const char *holder,
                             int (*each)(void *context, const struct json_value *note,
                                         struct err *e),
                             void *context, struct err *e) MUST_CHECK;

struct evidence_handover {
    const char *id, *from, *to;
    const char *subject; /* of the certificate of who gave it */
    int64_t given;
    uint64_t record; /* in which it was given */
};

struct evidence_hold {
    const char *id, *ordered_by;
    uint64_t record;
};

/* Begun, and no record says what came of it: it is under way, or was broken off. */
struct evidence_begun {
    const char *what, *to; /* "exported"; the place that was named */
    int64_t at;
    uint64_t record;
};

/* Where a log stands. */
struct evidence_custody_state {
    bool sound;         /* every record, every signature, the chain, the count, files it names */
    bool chain_holds;   /* the same without the files: steps may follow on it */
    bool chain_checked; /* every certificate was held against roots */
    uint64_t count;
    uint64_t unrecorded; /* notes of what was done without a record; nobody signed them */
    /* Keys that changed on the word of somebody else: who signs with them since is whom that one
       says. */
    uint64_t vouched_keys;
    uint8_t head[SHA256_LEN]; /* of the last record */
    char holder[EVIDENCE_HOLDER];
    char log[40];
    const char *custodian; /* who has it: the last who received or collected it */
    const struct evidence_problem *problems;
    size_t problem_count, problems_all;
    const struct evidence_handover *open; /* given, and neither received nor refused */
    size_t open_count;
    const struct evidence_hold *holds; /* set and not lifted */
    size_t hold_count;
    const struct evidence_begun *begun;
    size_t begun_count;
    bool disposed, returned, sealed, copy; /* copy: a working copy */
    /* The gate: work is allowed when the hash was checked since it last changed hands (44). */
    bool gate_open;
    char gate_why[200];
    uint64_t checked_record;          /* in which it was checked last; 0: never */
    uint8_t checked_tags[SHA256_LEN]; /* tagmanifest-sha256.txt as it was then */
    bool checked_has_tags;
    int64_t checked_at;
    int64_t last_at;   /* of the last record */
    int64_t closed_at; /* when it last changed hands or place; 0: never */
    uint64_t closed_record;
    struct arena arena;
};

/*
 * roots_pem NULL: who vouches for the certificates is not checked. 0: the state says how it is.
 * -1: it could not be found out; ERR_NOT_FOUND "custody.none".
 */
int evidence_custody_verify(const char *holder, const char *roots_pem,
                            struct evidence_custody_state *out, struct err *e) MUST_CHECK;
void evidence_custody_state_fini(struct evidence_custody_state *state);

/*
 * Before a verb reads or writes evidence (rows 44, 45). The step is recorded, when there is an
 * identity: options->identity, or the environment's TOCSIN_IDENTITY. Without one, what is sealed or
 * has a log is refused, unless `unrecorded` says why: then an unsigned note of it stays in
 * custody/.
 */
enum evidence_access_kind {
    EVIDENCE_ACCESS,   /* opened, looked at: "access" */
    EVIDENCE_ANALYSIS, /* mounted, worked on: on working copies alone; "access" */
    EVIDENCE_EXPORT,   /* "exported": details format, to */
    EVIDENCE_VERIFY,   /* "verified": details result, tagmanifest_sha256 */
    EVIDENCE_DISCLOSE, /* "disclosed": details to, files */
    EVIDENCE_WRAP,     /* "wrapped": details to, receivers */
};

struct evidence_access_options {
    enum evidence_access_kind kind;
    const char *identity;      /* folder: key.pem, chain.pem, person.json; NULL: TOCSIN_IDENTITY */
    const char *password_file; /* of key.pem; may be NULL */
    const char *unrecorded;    /* why there is no record; may be NULL */
    const char *deviation;     /* why a master is worked on; may be NULL */
    const char *place, *reason, *reference;
    struct evidence_authority authority; /* id NULL: the case's, or the log's last */
    const char *const *command;
    struct slice details; /* what the kind asks for, a JSON object; empty: none */
    /* What the records themselves say is read, whatever became of them: no gate, and a log that
       cannot be written to does not stop it (accessed->untraced). */
    bool ungated;
    /* EVIDENCE_EXPORT, _DISCLOSE, _WRAP are recorded as "begun" first, and when it is there, or
       came to nothing (failed: why), by a second record that names the first (ends: its number). */
    uint64_t ends;
    const char *failed;
    /* EVIDENCE_VERIFY: how far the log was (and that of the exhibit in whose folder it lies) when
       the check began (evidence_access_seen). NULL: not asked. */
    const struct evidence_seen *seen;
    /* Opened when it is first needed, and left open for the next step; the caller closes it. NULL:
       opened and closed for this one. */
    struct evidence_kept_doing *kept;
};

struct evidence_seen {
    uint64_t records, above;
};
/* Before something is checked whose record is to open the gate. Logs that are not there: 0. */
int evidence_access_seen(const char *holder, struct evidence_seen *seen, struct err *e) MUST_CHECK;

struct evidence_accessed {
    bool recorded, noted;
    char untraced[480]; /* why neither could be left; empty: it was, or none was needed */
    struct evidence_appended record;
};

/*
 * 0: go on. -1: ERR_DENIED "custody.gate": the hash was not checked since it changed hands;
 * "custody.unrecorded"; "custody.master". Access, analysis, export and disclosure are asked for
 * before they are done, a verification is told when its result is known. With ends nothing is asked
 * any more: it is what happened. Without a name one note, that it was begun, is all.
 */
int evidence_access(const char *holder, const struct evidence_access_options *options,
                    struct evidence_accessed *accessed, struct err *e) MUST_CHECK;

/*
 * Before something ungated that takes long: would evidence_access refuse it, for want of a name or
 * of something that a record must say? Nothing is written.
 */
int evidence_access_check(const char *holder, const struct evidence_access_options *options,
                          struct err *e) MUST_CHECK;

#endif
