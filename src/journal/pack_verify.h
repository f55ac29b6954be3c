/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifying a proof pack (docs/formats.md sections 6.2 to 6.4), all of it, offline, with no trust
 * in who made it: only in the anchors, witnesses and earlier heads that the verifier brings along.
 * Line files are read as streams; memory grows with the number of devices by some hundred bytes
 * each, not with the pack.
 */
#ifndef JOURNAL_PACK_VERIFY_H
#define JOURNAL_PACK_VERIFY_H

#include "base/json.h"
#include "crypto/merkle.h"
#include "crypto/note.h"
#include "journal/pack_write.h"

enum { PACK_FAILURES_SHOWN = 50 };

struct pack_policy {
    const struct slice *anchors; /* DER; none: the pack's own are used, and nothing is proven */
    size_t anchor_count;
    const struct note_key *witnesses; /* whom the verifier trusts; none: those the pack names */
    size_t witness_count;
    size_t quorum;            /* 0: more than half of them */
    struct slice checkpoint;  /* an earlier head that the verifier kept (a note); empty: none */
    struct slice consistency; /* its proof, when the pack does not carry it; empty: none */
    int threads;              /* for signatures; 0: as many as processors, at most 8 */
};

struct pack_failure {
    struct err error; /* code "pack.…", clause "formats 6.2", where "file line N" */
};

enum pack_answer {
    PACK_PROVEN,    /* everything holds */
    PACK_REFUSED,   /* something does not: failures say what */
    PACK_UNTRUSTED, /* holds in itself, but no anchor was given: nobody vouches for it */
};

struct pack_report {
    enum pack_answer answer;
    struct pack_failure *failures;
    size_t failure_count; /* kept, at most PACK_FAILURES_SHOWN */
    uint64_t failures_all;
    /* what was found; only to be shown when nothing failed */
    char origin[NOTE_NAME_MAX + 1];
    char *advisory; /* tracking id */
    char *title;
    uint64_t size; /* of the checkpoint's tree */
    uint8_t root[MERKLE_HASH];
    uint64_t witnessed;      /* up to which size the quorum cosigned; 0: not at all */
    size_t cosigned_by;      /* witnesses that cosigned that head */
    bool witnesses_are_ours; /* the verifier named them */
    bool continues_kept;     /* the kept checkpoint is an earlier state of this journal */
    uint64_t kept_size;
    struct pack_counts counts;
    uint64_t receipts, certificates, acts, publications, entries, events;
    uint64_t heads_seen; /* checkpoints that devices named in receipts, all consistent */
    char *organisation;  /* a pack for one customer; NULL */
};

/*
 * Verifies the pack at path (a folder or a tar archive). 0 with *report (for pack_report_fini);
 * -1 only when it could not be done (no such file, no memory).
 */
int pack_verify(const char *path, const struct pack_policy *policy, struct pack_report *report,
                struct err *e) MUST_CHECK;
void pack_report_fini(struct pack_report *report);

/* For people and for programs. */
void pack_report_text(const struct pack_report *report, struct buf *out);
void pack_report_json(const struct pack_report *report, struct buf *out);

#endif
