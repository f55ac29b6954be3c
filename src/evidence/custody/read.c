/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/read.h"
#include "evidence/custody/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int digest_of(const struct buf *b, uint8_t out[SHA256_LEN], struct err *e)
{
    return sha256(buf_slice(b), out) == 0 ? 0 : digest_failed(e);
}

/* What a record says of its place, held against what is there. */
static int check_link(const struct evidence_custody_record *r, const struct evidence_read *at,
                      uint64_t number, struct err *e)
{
    uint8_t previous[SHA256_LEN], signature[SHA256_LEN];
    if (r->number != number)
        return err_set(e, ERR_VERIFY, "custody.order", NULL,
                       "it is record %" PRIu64 ": records were reordered or exchanged", r->number);
    if (number > 1 && (!slice_is(json_get_string(r->root, "log"), at->log) ||
                       !slice_is(json_get_string(r->root, "holder"), at->holder)))
        return err_set(e, ERR_VERIFY, "custody.exchange", NULL,
                       "it is of another log, that of %.*s: records were exchanged between logs",
                       SLICE_ARG(json_get_string(r->root, "holder")));
    if (number == 1)
        return json_get(r->root, "previous")
                   ? err_set(e, ERR_VERIFY, "custody.chain", NULL, "it names a record before it")
                   : 0;
    if (evidence_hash_parse(json_get_string(r->root, "previous"), previous) != 0 ||
        evidence_hash_parse(json_get_string(r->root, "previous_signature"), signature) != 0)
        return err_set(e, ERR_VERIFY, "custody.chain", NULL,
                       "it does not name the record before it");
    if (memcmp(previous, at->last, sizeof previous) != 0)
        return err_set(e, ERR_VERIFY, "custody.chain", NULL,
                       "record %" PRIu64 " is not the one that it follows", number - 1);
    if (memcmp(signature, at->last_signature, sizeof signature) != 0)
        return err_set(e, ERR_VERIFY, "custody.chain", NULL,
                       "the signature of record %" PRIu64 " is not the one that it follows",
                       number - 1);
    return 0;
}

int evidence_read_one(const struct evidence_log *log, struct evidence_read *at, uint64_t number,
                      struct evidence_one *one, struct err *e)
{
    char name[EVIDENCE_LOG_NAME];
    buf_reset(&one->text);
    buf_reset(&one->signature);
    json_doc_free(one->doc);
    one->doc = NULL;
    evidence_log_name(number, "json", name);
    if (evidence_log_read(log, name, EVIDENCE_RECORD_BYTES, &one->text, e) != 0 ||
        evidence_custody_record_read(buf_slice(&one->text), &one->record, &one->doc, e) != 0)
        return err_where(e, "custody/%s", name);
    if (check_link(&one->record, at, number, e) != 0)
        return err_where(e, "custody/%s", name);
    evidence_log_name(number, "p7s", name);
    if (evidence_log_read(log, name, EVIDENCE_SIGNATURE_BYTES, &one->signature, e) != 0)
        return err_where(e, "custody/%s", name);
    return 0;
}

int evidence_read_follow(struct evidence_read *at, const struct evidence_one *one, struct err *e)
{
    struct slice log = json_get_string(one->record.root, "log");
    struct slice holder = json_get_string(one->record.root, "holder");
    if (one->record.number == 1) {
        snprintf(at->log, sizeof at->log, "%.*s", SLICE_ARG(log));
        snprintf(at->holder, sizeof at->holder, "%.*s", SLICE_ARG(holder));
    }
    memcpy(at->last, one->record.sha256, sizeof at->last);
    return digest_of(&one->signature, at->last_signature, e);
}

void evidence_one_init(struct evidence_one *one)
{
    *one = (struct evidence_one){0};
    buf_init(&one->text);
    buf_init(&one->signature);
}

void evidence_one_fini(struct evidence_one *one)
{
    json_doc_free(one->doc);
    buf_fini(&one->text);
    buf_fini(&one->signature);
    one->doc = NULL;
}

int evidence_custody_read(const char *holder,
                          int (*each)(void *context, const struct evidence_custody_record *record,
                                      struct err *e),
                          void *context, struct err *e)
{
    struct evidence_read at = {0};
    struct evidence_one one;
    struct evidence_log log;
    uint64_t most;
    char stray[64];
    if (evidence_log_open(&log, holder, false, e) != 0)
        return -1;
    evidence_one_init(&one);
    int result = evidence_log_list(&log, &most, stray, e);
    if (result == 0 && most == 0)
        result = err_set(e, ERR_NOT_FOUND, "custody.none", NULL, "%s has no custody log", holder);
    for (uint64_t i = 1; result == 0 && i <= most; i++) {
        result = evidence_read_one(&log, &at, i, &one, e);
        if (result == 0)
            result = evidence_read_follow(&at, &one, e);
        if (result == 0)
            result = each(context, &one.record, e);
    }
    evidence_one_fini(&one);
    evidence_log_close(&log);
    return result;
}
