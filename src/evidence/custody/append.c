/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/log.h"
#include "evidence/custody/read.h"
#include "evidence/custody/record.h"
#include "evidence/custody/signers.h"
#include "evidence/custody/state.h"
#include "evidence/custody/unrecorded.h"
#include "evidence/seal/cms.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RECEIPT_FILES = 2 };

struct appending {
    struct evidence_log log;
    struct evidence_read at;
    struct evidence_custody_state state;
    struct evidence_notes_end unrecorded;
    struct evidence_signers signers;
    struct evidence_signature last; /* of the last record */
    uint64_t count;                 /* records that are there */
    struct buf record, record_signature, head, head_signature;
};

static int broken(struct err *e, const char *holder)
{
    if (e->kind == ERR_NOT_FOUND)
        e->kind = ERR_VERIFY;
    err_context(e, "%s", holder);
    return err_hint(e, "a log that does not hold together is not written to: "
                       "tocsin evidence custody verify says what is wrong with it");
}

/* Who writes on a log vouches for what is there: each record is signed by whom it names. */
static int follow_one(struct appending *a, struct evidence_folding *folding, uint64_t number,
                      struct evidence_one *one, struct err *e)
{
    if (evidence_read_one(&a->log, &a->at, number, one, e) != 0)
        return -1;
    const struct evidence_custody_record *r = &one->record;
    int result =
        evidence_cms_verify(buf_slice(&one->text), buf_slice(&one->signature), NULL, &a->last, e);
    if (result == 0 &&
        !slice_is(json_string(evidence_path(r->root, "actor.subject")), a->last.subject))
        result = err_set(e, ERR_VERIFY, "custody.signer", NULL,
                         "it names another than %s, who signed it, as who did it", a->last.subject);
    if (result == 0)
        result = evidence_signers_take(&a->signers, r, &a->last, e);
    if (result == 0)
        result = evidence_state_receives(&a->state, r, e);
    if (result != 0)
        return err_context(e, "record %" PRIu64, number);
    return evidence_read_follow(&a->at, one, e) == 0 ? evidence_state_take(folding, r, e) : -1;
}

/* Follows what is there to its end, as the head has it. */
static int follow(struct appending *a, const char *holder, struct err *e)
{
    struct evidence_folding folding = {.state = &a->state};
    struct evidence_head head;
    struct evidence_signature signature;
    struct evidence_one one;
    char stray[64];
    struct err why = {0};
    if (evidence_log_list(&a->log, &a->count, stray, e) != 0)
        return -1;
    bool has_head =
        evidence_log_read(&a->log, "head.json", EVIDENCE_RECORD_BYTES, &a->head, &why) == 0;
    if (a->count == 0 && !has_head && why.kind == ERR_NOT_FOUND)
        return 0; /* a new log */
    evidence_one_init(&one);
    int result = 0;
    for (uint64_t i = 1; result == 0 && i <= a->count; i++)
        result = follow_one(a, &folding, i, &one, e);
    evidence_one_fini(&one);
    if (result != 0)
        return broken(e, holder);
    if (!has_head) {
        *e = why;
        return broken(e, holder);
    }
    if (evidence_log_read(&a->log, "head.p7s", EVIDENCE_SIGNATURE_BYTES, &a->head_signature, e) !=
            0 ||
        evidence_head_read(buf_slice(&a->head), &head, e) != 0 ||
        evidence_cms_verify(buf_slice(&a->head), buf_slice(&a->head_signature), NULL, &signature,
                            e) != 0) {
        err_where(e, "custody/head.json");
        return broken(e, holder);
    }
    if (head.count != a->count || memcmp(head.last, a->at.last, SHA256_LEN) != 0 ||
        strcmp(head.log, a->at.log) != 0) {
        err_set(e, ERR_VERIFY, "custody.count", NULL,
                "head.json counts %" PRIu64 " records, and %" PRIu64 " are there, or the last is "
                "another: records were taken away or put in",
                head.count, a->count);
        return broken(e, holder);
    }
    if (memcmp(signature.certificate_sha256, a->last.certificate_sha256, SHA256_LEN) != 0) {
        err_set(e, ERR_VERIFY, "custody.count", NULL,
                "%s signed head.json, and %s the last record: the count belongs to who signed last",
                signature.subject, a->last.subject);
        return broken(e, holder);
    }
    return 0;
}

/* What was done without a record is bound by the next one, whoever writes it. */
static int bind_notes(struct appending *a, struct err *e)
{
    struct evidence_notes notes;
    int result = evidence_notes_read(&notes, &a->log, e);
    a->unrecorded.count = notes.count;
    if (result == 0 && notes.count)
        memcpy(a->unrecorded.last, notes.lines[notes.count - 1].sha256, SHA256_LEN);
    evidence_notes_free(&notes);
    return result;
}

/* Under the lock: what the caller looked at is still so. */
static int still_open(const struct appending *a, const struct evidence_step *step, struct err *e)
{
    if (!step->has_seen || a->state.closed_record <= step->seen)
        return 0;
    err_set(e, ERR_DENIED, "custody.gate", "ISO/IEC 27037 section 5.4.5",
            "%s changed meanwhile, and what was looked at before counts no more: %s", a->at.holder,
            a->state.gate_open ? "its gate was closed" : a->state.gate_why);
    return err_hint(e, "check it again: tocsin evidence verify, with --identity");
}

static int begin(struct appending *a, const struct evidence_step *step, struct err *e)
{
    if (a->count == EVIDENCE_RECORDS)
        return err_set(e, ERR_LIMIT, "custody.records", NULL, "the log has %d records: no more fit",
                       EVIDENCE_RECORDS);
    if (a->count > 0) {
        if (step->holder && strcmp(step->holder, a->at.holder) != 0)
            return err_set(e, ERR_CONFLICT, "custody.holder", NULL,
                           "the log is that of %s, not of %s", a->at.holder, step->holder);
        return 0;
    }
    if (!step->holder || !evidence_holder_is(slice_str(step->holder)))
        return err_set(e, ERR_USAGE, "custody.holder", "ISO/IEC 27037 section 6.1",
                       "a log begins with the identifier of its exhibit: letters, digits, '.', "
                       "'_' and '-', at most 63 (acceptance row 10)");
    snprintf(a->at.holder, sizeof a->at.holder, "%s", step->holder);
    return id_new(&random_system, "cst", a->at.log, e);
}

/* With a key that nobody announced the log would not hold together any more, for ever. */
static int own_key(struct appending *a, const struct evidence_custody_record *record, struct err *e)
{
    struct evidence_signature own;
    if (evidence_cms_verify(buf_slice(&a->record), buf_slice(&a->record_signature), NULL, &own,
                            e) != 0)
        return err_context(e, "the signature that was just made");
    struct err why = {0};
    if (evidence_signers_take(&a->signers, record, &own, &why) == 0)
        return 0;
    if (strcmp(why.code, "custody.key") != 0 || slice_is(record->kind, "key-change")) {
        *e = why;
        return -1;
    }
    err_set(e, ERR_CONFLICT, "custody.key", NULL,
            "%s has signed in this log with another certificate, and no record \"key-change\" "
            "says that there is a new one",
            own.subject);
    return err_hint(e, "first, with the old key or by somebody else: tocsin evidence rekey");
}

static int put_together(struct appending *a, const struct evidence_step *step,
                        const struct evidence_signer *signer, struct evidence_appended *told,
                        struct err *e)
{
    struct evidence_warning warnings[EVIDENCE_WARNINGS];
    struct evidence_custody_record record;
    struct json_doc *doc = NULL;
    size_t count = 0;
    const struct evidence_link link = {.log = a->at.log,
                                       .holder = a->at.holder,
                                       .number = a->count + 1,
                                       .previous = a->count ? a->at.last : NULL,
                                       .previous_signature = a->at.last_signature,
                                       .subject = evidence_signer_name(signer),
                                       .previous_at = a->state.last_at,
                                       .unrecorded = &a->unrecorded};
    if (evidence_custody_record_write(step, &link, &a->record, warnings, &count, e) != 0)
        return -1;
    int result = evidence_custody_record_read(buf_slice(&a->record), &record, &doc, e);
    snprintf(a->state.holder, sizeof a->state.holder, "%s", a->at.holder);
    if (result == 0)
        result = evidence_state_allows(&a->state, &record, e);
    if (result == 0)
        result = evidence_cms_sign(signer, buf_slice(&a->record), &a->record_signature, e);
    if (result == 0)
        result = own_key(a, &record, e);
    if (result == 0) {
        struct evidence_head head = {.count = record.number, .at = record.at};
        memcpy(head.last, record.sha256, sizeof head.last);
        snprintf(head.log, sizeof head.log, "%s", a->at.log);
        snprintf(head.holder, sizeof head.holder, "%s", a->at.holder);
        buf_reset(&a->head);
        buf_reset(&a->head_signature);
        result = evidence_head_write(&head, &a->head, e);
    }
    if (result == 0)
        result = evidence_cms_sign(signer, buf_slice(&a->head), &a->head_signature, e);
    if (result == 0 && told) {
        told->number = record.number;
        told->warnings[0] = 0;
        memcpy(told->sha256, record.sha256, sizeof told->sha256);
        for (size_t i = 0, len = 0; i < count && len + 202 < sizeof told->warnings; i++)
            len += (size_t)snprintf(told->warnings + len, sizeof told->warnings - len, "%s%s",
                                    i ? "\n" : "", warnings[i].text);
    }
    json_doc_free(doc);
    return result;
}

static int commit(struct appending *a, const struct evidence_step *step, struct err *e)
{
    char record[EVIDENCE_LOG_NAME], signature[EVIDENCE_LOG_NAME];
    if (buf_check(&a->record_signature, e) != 0 || buf_check(&a->head_signature, e) != 0)
        return -1;
    evidence_log_name(a->count + 1, "json", record);
    evidence_log_name(a->count + 1, "p7s", signature);
    struct evidence_log_file files[4 + RECEIPT_FILES] = {
        {record, buf_slice(&a->record)},
        {signature, buf_slice(&a->record_signature)},
        {"head.json", buf_slice(&a->head)},
        {"head.p7s", buf_slice(&a->head_signature)}};
    size_t receipts = step->receipt_count < RECEIPT_FILES ? step->receipt_count : RECEIPT_FILES;
    for (size_t i = 0; i < receipts; i++)
        files[4 + i] = step->receipts[i];
    return evidence_log_commit(&a->log, files, 4 + receipts, e);
}

static void (*watcher)(const char *holder);

void evidence_custody_watch(void (*appended)(const char *holder))
{
    watcher = appended;
}

int evidence_custody_append(const char *holder, const struct evidence_step *step,
                            const struct evidence_signer *signer, struct err *e)
{
    struct appending a = {0};
    if (evidence_log_open(&a.log, holder, true, e) != 0)
        return -1;
    evidence_state_init(&a.state);
    evidence_signers_init(&a.signers);
    buf_init(&a.record);
    buf_init(&a.record_signature);
    buf_init(&a.head);
    buf_init(&a.head_signature);
    int result = follow(&a, holder, e);
    if (result == 0)
        result = bind_notes(&a, e);
    if (result == 0)
        result = still_open(&a, step, e);
    if (result == 0)
        result = begin(&a, step, e);
    if (result == 0)
        result = put_together(&a, step, signer, step->told, e);
    if (result == 0)
        result = commit(&a, step, e);
    buf_fini(&a.record);
    buf_fini(&a.record_signature);
    buf_fini(&a.head);
    buf_fini(&a.head_signature);
    evidence_signers_fini(&a.signers);
    evidence_custody_state_fini(&a.state);
    evidence_log_close(&a.log);
    if (result == 0 && watcher)
        watcher(holder);
    return result;
}
