/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/register.h"
#include "base/compiler.h"
#include "crypto/envelope.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A log as it is known so far. */
struct known {
    char id[ID_TEXT];
    char holder[REGISTER_NAME];
    uint64_t count;
    uint8_t head[SHA256_LEN];
};

/* 1 found, 0 it is new, -1. */
static int find(struct change *c, const struct register_log *log, struct known *known,
                struct err *e)
{
    struct db_query q;

    *known = (struct known){0};
    int found =
        db_find(&q, c->db, e, SQL_CUSTODY_BY_LOG, DB_TEXT(log->organisation), DB_TEXT(log->log));
    if (found == 1) {
        snprintf(known->id, sizeof(known->id), "%s", db_text(&q, 0));
        snprintf(known->holder, sizeof(known->holder), "%s", db_text(&q, 1));
        known->count = (uint64_t)db_int(&q, 2);
        if (!db_blob_copy(&q, 3, known->head, SHA256_LEN))
            found = err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "the head of %s is no hash",
                            known->id);
    }
    db_query_finish(&q);
    return found;
}

/* A record that was told before is the same one. */
static int check_known(struct change *c, const struct known *known, const struct register_step *s,
                       struct err *e)
{
    uint8_t digest[SHA256_LEN];
    struct db_query q;

    int found = db_find(&q, c->db, e, SQL_CUSTODY_STEP_FIND, DB_TEXT(known->id),
                        DB_INT((int64_t)s->number));
    bool same = found == 1 && db_blob_copy(&q, 0, digest, SHA256_LEN) &&
                memcmp(digest, s->digest, SHA256_LEN) == 0;
    char act[ID_TEXT] = "";
    if (found == 1)
        snprintf(act, sizeof(act), "%s", db_text(&q, 1));
    db_query_finish(&q);
    if (found < 0 || same)
        return found < 0 ? -1 : 0;
    err_set(e, ERR_VERIFY, "custody.fork", NULL,
            "record %" PRIu64 " of %s is not the one that was told here before (act %s)", s->number,
            known->holder, act);
    return err_hint(e, "one of the two was written later than it says; the journal holds which "
                       "was told first");
}

static int check_next(const struct known *known, const struct register_log *log,
                      const struct register_step *s, struct err *e)
{
    if (s->number != known->count + 1)
        return err_set(e, ERR_CONFLICT, "custody.gap", NULL,
                       "%s is known up to record %" PRIu64 ", and record %" PRIu64 " is told",
                       log->holder, known->count, s->number);
    if (memcmp(s->previous, known->head, SHA256_LEN) != 0)
        return err_set(e, ERR_VERIFY, "custody.fork", NULL,
                       "record %" PRIu64 " of %s follows another record %" PRIu64
                       " than the one that is known here",
                       s->number, log->holder, known->count);
    return 0;
}

static int keep_log(struct change *c, const struct register_log *log, const struct known *known,
                    struct err *e)
{
    return db_run(c->db, e, SQL_CUSTODY_KEEP, DB_TEXT(known->id), DB_TEXT(log->organisation),
                  DB_BOOL(c->exercise), DB_TEXT(log->log), DB_TEXT(log->holder),
                  DB_INT((int64_t)known->count), DB_BLOB(slice_of(known->head, SHA256_LEN)),
                  DB_INT(c->now)) < 0
               ? -1
               : 0;
}

static int take(struct change *c, const struct register_log *log, struct known *known,
                const struct register_step *s, struct err *e)
{
    char digest[HASH_TEXT];
    char certificate[HASH_TEXT];
    struct act_ref act;

    hash_text_format(s->digest, digest);
    hash_text_format(s->certificate, certificate);
    struct json_writer *data = change_act(c, "custody.recorded", log->organisation);
    json_member_string(data, "certificate", certificate);
    json_member_string(data, "custody", known->id);
    json_member_string(data, "holder", log->holder);
    json_member_string(data, "kind", s->kind);
    json_member_string(data, "log", log->log);
    json_member_int(data, "number", (int64_t)s->number);
    json_member_string(data, "record", digest);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    memcpy(known->head, s->digest, SHA256_LEN);
    known->count = s->number;
    return db_run(c->db, e, SQL_CUSTODY_STEP_KEEP, DB_TEXT(known->id), DB_INT((int64_t)s->number),
                  DB_BLOB(slice_of(s->digest, SHA256_LEN)), DB_TEXT(s->kind),
                  DB_BLOB(slice_of(s->certificate, SHA256_LEN)), DB_INT(s->at), DB_TEXT(act.id)) < 0
               ? -1
               : 0;
}

int register_steps(struct change *c, const struct register_log *log, struct register_told *told,
                   struct err *e)
{
    struct known known;

    int found = find(c, log, &known, e);
    if (found < 0)
        return -1;
    if (found == 1 && strcmp(known.holder, log->holder) != 0)
        return err_set(e, ERR_VERIFY, "custody.fork", NULL, "the log %s is %s's here, and not %s's",
                       log->log, known.holder, log->holder);
    /* the first record is written before the log's row would be: rows refer to it */
    if (found == 0 && (change_id(c, "cus", known.id, e) != 0 || keep_log(c, log, &known, e) != 0))
        return -1;
    told->known = known.count;
    for (size_t i = 0; i < log->count; i++) {
        const struct register_step *s = &log->steps[i];
        if (s->number <= told->known
                ? check_known(c, &known, s, e) != 0
                : check_next(&known, log, s, e) != 0 || take(c, log, &known, s, e) != 0)
            return -1;
    }
    snprintf(told->custody, sizeof(told->custody), "%s", known.id);
    told->count = known.count;
    return known.count > told->known ? keep_log(c, log, &known, e) : 0;
}

static const char *const link_kinds[] = {"asset", "advisory", "vulnerability", "incident"};

int register_link_kind(struct slice kind, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(link_kinds); i++)
        if (slice_is(kind, link_kinds[i]))
            return 0;
    err_set(e, ERR_USAGE, "custody.link", NULL, "evidence is not about a \"%.*s\"",
            (int)(kind.len < 40 ? kind.len : 40), (const char *)kind.data);
    return err_hint(e, "it is about an asset, an advisory, a vulnerability or an incident");
}

int register_link(struct change *c, const char *custody, const char *organisation, const char *kind,
                  const char *target, struct err *e)
{
    struct act_ref act;
    struct db_query q;

    int found =
        db_find(&q, c->db, e, SQL_CUSTODY_LINKED, DB_TEXT(kind), DB_TEXT(target), DB_TEXT(custody));
    db_query_finish(&q);
    if (found != 0)
        return found < 0 ? -1 : 0;
    struct json_writer *data = change_act(c, "custody.linked", organisation);
    json_member_string(data, "custody", custody);
    json_member_string(data, "kind", kind);
    json_member_string(data, "target", target);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_CUSTODY_LINK_KEEP, DB_TEXT(kind), DB_TEXT(target), DB_TEXT(custody),
                  DB_INT((int64_t)act.index)) < 0
               ? -1
               : 0;
}
