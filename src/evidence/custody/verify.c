/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/bound.h"
#include "evidence/custody/log.h"
#include "evidence/custody/read.h"
#include "evidence/custody/signers.h"
#include "evidence/custody/state.h"
#include "evidence/custody/unrecorded.h"
#include "evidence/seal/cms.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct verifying {
    const char *holder, *roots;
    struct evidence_log log;
    struct evidence_read at;
    struct evidence_folding folding;
    struct evidence_custody_state *state;
    struct evidence_head head;
    bool has_head;
    struct evidence_signature head_signature, last_signature;
    bool has_last;
    struct evidence_signers signers;
    struct evidence_bound *bound;
    struct evidence_notes notes;
};

static const char notes_file[] = "custody/" EVIDENCE_UNRECORDED_FILE;

/* A fault of the log is a problem of it; anything else ends the looking. */
static int problem(struct verifying *v, const char *what, struct err *why, struct err *e)
{
    if (why->kind == ERR_MEMORY || why->kind == ERR_SYSTEM || why->kind == ERR_INTERNAL) {
        *e = *why;
        return -1;
    }
    return evidence_state_problem(v->state, what, why->where, "%s", why->text) == 0 ? 0
                                                                                    : err_memory(e);
}

static int look_at_head(struct verifying *v, uint64_t most, struct err *e)
{
    struct buf text, signature;
    struct err why = {0};
    buf_init(&text);
    buf_init(&signature);
    int result = evidence_log_read(&v->log, "head.json", EVIDENCE_RECORD_BYTES, &text, &why);
    if (result == 0)
        result = evidence_head_read(buf_slice(&text), &v->head, &why);
    if (result == 0)
        result = evidence_log_read(&v->log, "head.p7s", EVIDENCE_SIGNATURE_BYTES, &signature, &why);
    if (result == 0)
        result = evidence_cms_verify(buf_slice(&text), buf_slice(&signature), v->roots,
                                     &v->head_signature, &why);
    buf_fini(&text);
    buf_fini(&signature);
    v->has_head = result == 0;
    if (most == 0 && strcmp(why.code, "custody.missing") == 0)
        return 0; /* an empty folder: what was to begin the log could not be written */
    return result == 0 ? 0 : problem(v, "custody/head.json", &why, e);
}

static int look_at_signature(struct verifying *v, struct evidence_one *one, const char *what,
                             struct err *e)
{
    struct evidence_signature signature;
    struct err why = {0};
    struct slice named = json_string(evidence_path(one->record.root, "actor.subject"));
    if (evidence_cms_verify(buf_slice(&one->text), buf_slice(&one->signature), v->roots, &signature,
                            &why) != 0)
        return problem(v, what, &why, e);
    v->state->chain_checked &= signature.chain_checked;
    v->last_signature = signature;
    v->has_last = true;
    if (!slice_is(named, signature.subject))
        return evidence_state_problem(v->state, what, "actor.subject",
                                      "it names %.*s as who signs, and %s signed it",
                                      SLICE_ARG(named), signature.subject) == 0
                   ? 0
                   : err_memory(e);
    if (evidence_signers_take(&v->signers, &one->record, &signature, &why) != 0)
        return problem(v, what, &why, e);
    v->state->vouched_keys = v->signers.vouched;
    return 0;
}

/* Does it say what its kind asks for? Records of others are held to it, too. */
static int look_at_fields(struct verifying *v, const struct evidence_custody_record *r,
                          const char *what, struct err *e)
{
    const struct evidence_kind *kind = evidence_kind_of(r->kind);
    struct err why = {0};
    if (kind && evidence_kind_check(kind, r->root, &why) != 0)
        return problem(v, what, &why, e);
    return 0;
}

/* The notes of unrecorded access that it found are there still. */
static int look_at_notes(struct verifying *v, const struct evidence_custody_record *r,
                         const char *what, struct err *e)
{
    struct evidence_notes_end end;
    struct err why = {0};
    int result = 0;
    if (evidence_notes_named(r->root, &end, &why) != 0)
        return problem(v, what, &why, e);
    if (!evidence_notes_have(&v->notes, &end))
        result = evidence_state_file_problem(
            v->state, notes_file, what,
            "there were %" PRIu64 " notes of unrecorded access, and they are not there any more",
            end.count);
    return result == 0 ? 0 : err_memory(e);
}

static int look_at_record(struct verifying *v, struct evidence_one *one, uint64_t number,
                          bool *linked, struct err *e)
{
    char what[40];
    struct err why = {0};
    snprintf(what, sizeof what, "record %" PRIu64, number);
    v->has_last = false;
    if (!*linked) {
        /* The one before is broken, and said to be: only what this one is in itself is looked at.
         */
        memset(v->at.last, 0, sizeof v->at.last);
    }
    int result = evidence_read_one(&v->log, &v->at, number, one, &why);
    bool chain = strcmp(why.code, "custody.chain") == 0;
    if (result != 0 && !(chain && !*linked)) {
        *linked = false;
        if (strcmp(why.code, "custody.missing") == 0)
            snprintf(why.text, sizeof why.text, "it is missing%s",
                     v->has_head && number == v->head.count
                         ? ": the last of as many as head.json counts was taken away"
                         : "");
        if (problem(v, what, &why, e) != 0)
            return -1;
        if (!chain)
            return 0;
    }
    if (result != 0) { /* the signature was not read yet */
        char name[EVIDENCE_LOG_NAME];
        struct err unread = {0};
        evidence_log_name(number, "p7s", name);
        if (evidence_log_read(&v->log, name, EVIDENCE_SIGNATURE_BYTES, &one->signature, &unread) !=
            0)
            return problem(v, what, &unread, e);
    }
    uint64_t before = v->state->problems_all;
    struct err same = {0};
    if (evidence_state_receives(v->state, &one->record, &same) != 0 &&
        problem(v, what, &same, e) != 0)
        return -1;
    if (look_at_signature(v, one, what, e) != 0 || look_at_fields(v, &one->record, what, e) != 0 ||
        look_at_notes(v, &one->record, what, e) != 0 ||
        evidence_bound_take(v->bound, &one->record, e) != 0 ||
        evidence_state_take(&v->folding, &one->record, e) != 0)
        return -1;
    *linked = v->state->problems_all == before;
    if (evidence_read_follow(&v->at, one, e) != 0)
        return -1;
    return 0;
}

static int look_at_count(struct verifying *v, uint64_t most, struct err *e)
{
    struct evidence_custody_state *s = v->state;
    int result = 0;
    if (!v->has_head)
        return 0;
    if (v->head.count < most)
        result =
            evidence_state_problem(s, "custody/head.json", "count",
                                   "it counts %" PRIu64 " records, and there are %" PRIu64
                                   ": an older head was put back, or records were added without it",
                                   v->head.count, most);
    else if (v->head.count == most && memcmp(v->head.last, v->at.last, SHA256_LEN) != 0)
        result = evidence_state_problem(s, "custody/head.json", "last",
                                        "record %" PRIu64 " is not the one that it names", most);
    else if (strcmp(v->head.log, v->at.log) != 0 && v->at.log[0])
        result =
            evidence_state_problem(s, "custody/head.json", "log",
                                   "it is the head of another log, that of %s", v->head.holder);
    else if (v->head.count == most && v->has_last &&
             memcmp(v->head_signature.certificate_sha256, v->last_signature.certificate_sha256,
                    SHA256_LEN) != 0)
        result = evidence_state_problem(s, "custody/head.json", "",
                                        "%s signed it, and the last record is signed by %s: the "
                                        "count belongs to who signed last",
                                        v->head_signature.subject, v->last_signature.subject);
    return result == 0 ? 0 : err_memory(e);
}

/* Each note against the one before it, and the log against what each saw of it. */
static int check_notes(struct verifying *v, struct err *e)
{
    int result = 0;
    for (size_t i = 0; i < v->notes.count && result == 0; i++) {
        struct evidence_note note;
        struct err why = {0};
        char where[40];
        snprintf(where, sizeof where, "line %zu", i + 1);
        int parsed = evidence_note_parse(&v->notes, i, &note, &why);
        if (why.kind == ERR_MEMORY)
            result = err_memory(e);
        else if (parsed != 0)
            result = evidence_state_file_problem(v->state, notes_file, where, "%s", why.text) == 0
                         ? 0
                         : err_memory(e);
        else
            result = evidence_bound_outside(v->bound, notes_file, (int64_t)note.records, note.head,
                                            v->state, e);
        json_doc_free(note.doc);
    }
    return result;
}

/* Is there nothing of a log but notes that say that there was none? */
static bool never_begun(const struct verifying *v, uint64_t most, const char *stray)
{
    struct buf head;
    struct err why = {0};
    buf_init(&head);
    bool none = most == 0 && !stray[0] &&
                evidence_log_read(&v->log, "head.json", EVIDENCE_RECORD_BYTES, &head, &why) != 0 &&
                why.kind == ERR_NOT_FOUND;
    buf_fini(&head);
    for (size_t i = 0; i < v->notes.count && none; i++) {
        struct evidence_note note;
        struct err broken = {0};
        none = evidence_note_parse(&v->notes, i, &note, &broken) == 0 && note.records == 0;
        json_doc_free(note.doc);
    }
    return none;
}

static int look_at_records(struct verifying *v, uint64_t most, struct err *e)
{
    struct evidence_one one;
    bool linked = true;
    int result = 0;
    uint64_t end = v->has_head && v->head.count > most ? v->head.count : most;
    if (end > most + 1000) /* a lie about the count is one problem, not a million */
        end = most + 1;
    evidence_one_init(&one);
    for (uint64_t i = 1; result == 0 && i <= end; i++)
        result = look_at_record(v, &one, i, &linked, e);
    evidence_one_fini(&one);
    return result == 0 ? look_at_count(v, most, e) : result;
}

static int look(struct verifying *v, struct err *e)
{
    uint64_t most;
    char stray[64];
    struct err why = {0};
    if (evidence_log_list(&v->log, &most, stray, e) != 0)
        return -1;
    if (evidence_notes_read(&v->notes, &v->log, &why) != 0 && problem(v, notes_file, &why, e) != 0)
        return -1;
    v->state->unrecorded = v->notes.count;
    if (never_begun(v, most, stray))
        return err_set(e, ERR_NOT_FOUND, "custody.none", NULL, "%s has no custody log", v->holder);
    if (stray[0] &&
        evidence_state_problem(v->state, "custody", stray, "a file that does not belong here") != 0)
        return err_memory(e);
    if (look_at_head(v, most, e) != 0 || look_at_records(v, most, e) != 0 || check_notes(v, e) != 0)
        return -1;
    return evidence_bound_check(v->bound, v->holder, v->state, e);
}

int evidence_custody_verify(const char *holder, const char *roots_pem,
                            struct evidence_custody_state *out, struct err *e)
{
    struct verifying v = {.holder = holder, .roots = roots_pem, .state = out};
    evidence_state_init(out);
    out->chain_checked = roots_pem != NULL;
    v.folding.state = out;
    if (evidence_log_open(&v.log, holder, false, e) != 0)
        return -1;
    v.bound = evidence_bound_new(e);
    evidence_signers_init(&v.signers);
    int result = v.bound ? look(&v, e) : -1;
    evidence_signers_fini(&v.signers);
    evidence_notes_free(&v.notes);
    evidence_bound_free(v.bound);
    evidence_log_close(&v.log);
    return result;
}
