/* SPDX-License-Identifier: Apache-2.0 */
/* Signed heads and their cosignatures, as they are kept and given out. */
#include "journal/journal_internal.h"

#define CLAUSE "C2SP tlog-checkpoint"

/* The log's own key and head, from the database. */
static int log_key(struct db *db, struct journal_head *head, struct note_key *key, struct err *e)
{
    if (journal_head(db, head, e) != 0)
        return -1;
    if (!head->vkey[0])
        return err_set(e, ERR_CONFLICT, "journal.not-opened", NULL,
                       "the journal has no origin yet");
    return note_key_parse(key, slice_str(head->vkey), e);
}

static int put_cosignatures(struct db *db, uint64_t size, struct buf *note, struct err *e)
{
    struct db_query q;
    int row = -1;

    if (db_select(&q, db, e, SQL_COSIGNATURE_LIST, DB_INT((int64_t)size)) == 0)
        while ((row = db_step(&q, e)) == 1)
            buf_put_slice(note, db_slice(&q, 1));
    db_query_finish(&q);
    if (row < 0)
        return -1;
    return buf_check(note, e);
}

/* The note of a found checkpoint row, with its cosignatures. */
static int take_row(struct db *db, struct db_query *q, int found, struct buf *note, uint64_t *size,
                    struct err *e)
{
    if (found == 1) {
        *size = (uint64_t)db_int(q, 0);
        buf_put_slice(note, db_slice(q, 1));
    }
    db_query_finish(q);
    if (found == 1 && put_cosignatures(db, *size, note, e) != 0)
        return -1;
    return found;
}

/* A checkpoint's note without cosignatures: 1, 0 (none of that size), -1. */
static int load_bare(struct db *db, uint64_t size, struct buf *note, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_CHECKPOINT_GET, DB_INT((int64_t)size));

    if (found == 1)
        buf_put_slice(note, db_slice(&q, 1));
    db_query_finish(&q);
    return found == 1 && buf_check(note, e) != 0 ? -1 : found;
}

int journal_checkpoint_store(struct db *db, struct slice text, int64_t now, struct err *e)
{
    struct journal_head head;
    struct note_key key;
    struct note note;
    struct checkpoint checkpoint;
    struct journal_reader *reader = NULL;
    struct buf kept, before;
    uint8_t root[MERKLE_HASH];
    int rc = -1;

    buf_init(&kept);
    buf_init(&before);
    if (log_key(db, &head, &key, e) != 0 ||
        checkpoint_read(&note, &checkpoint, text, &key, slice_of(NULL, 0), e) != 0)
        goto out;
    if (checkpoint.size > head.size) {
        err_set(e, ERR_VERIFY, "journal.checkpoint", CLAUSE,
                "a checkpoint of %llu acts for a journal that has %llu",
                (unsigned long long)checkpoint.size, (unsigned long long)head.size);
        goto out;
    }
    reader = journal_reader_new(db, e);
    if (!reader || journal_root_at(reader, checkpoint.size, root, e) != 0)
        goto out;
    if (memcmp(root, checkpoint.root, sizeof root) != 0) {
        err_set(e, ERR_VERIFY, "journal.checkpoint", CLAUSE,
                "a checkpoint of %llu acts whose root is not the journal's",
                (unsigned long long)checkpoint.size);
        goto out;
    }
    /* Only the log's own lines: cosignatures have their table. */
    buf_put_slice(&kept, note.text);
    buf_putc(&kept, '\n');
    for (size_t i = 0; i < note.count; i++)
        if (note.signatures[i].id == key.id && slice_is(note.signatures[i].name, key.name))
            buf_put_slice(&kept, note.signatures[i].line);
    if (buf_check(&kept, e) != 0)
        goto out;
    /* The same size may come again under a new origin: what was cosigned was the old text. */
    int found = load_bare(db, checkpoint.size, &before, e);
    if (found < 0)
        goto out;
    if (found == 1 &&
        (before.len < note.text.len || memcmp(before.data, note.text.data, note.text.len) != 0) &&
        db_run(db, e, SQL_COSIGNATURE_CLEAR, DB_INT((int64_t)checkpoint.size)) < 0)
        goto out;
    if (db_run(db, e, SQL_CHECKPOINT_INSERT, DB_INT((int64_t)checkpoint.size),
               DB_SLICE(buf_slice(&kept)), DB_INT(now)) == 1)
        rc = 0;
out:
    journal_reader_free(reader);
    buf_fini(&kept);
    buf_fini(&before);
    return rc;
}

int journal_checkpoint_latest(struct db *db, struct buf *note, uint64_t *size, struct err *e)
{
    struct db_query q;

    return take_row(db, &q, db_find(&q, db, e, SQL_CHECKPOINT_LAST_BEFORE, DB_INT(INT64_MAX)), note,
                    size, e);
}

int journal_checkpoint_at_or_after(struct db *db, uint64_t from, struct buf *note, uint64_t *size,
                                   struct err *e)
{
    struct db_query q;

    return take_row(db, &q, db_find(&q, db, e, SQL_CHECKPOINT_FIRST_FROM, DB_INT((int64_t)from)),
                    note, size, e);
}

int journal_checkpoint_cosigned(struct db *db, const struct note_key *witnesses, size_t count,
                                size_t quorum, struct buf *out, uint64_t *size, struct err *e)
{
    int64_t before = INT64_MAX;
    size_t begin = out->len;

    if (quorum == 0)
        return journal_checkpoint_latest(db, out, size, e);
    for (;;) {
        struct db_query q;
        struct note note;
        int found =
            take_row(db, &q, db_find(&q, db, e, SQL_CHECKPOINT_COSIGNED_BEFORE, DB_INT(before)),
                     out, size, e);
        if (found != 1)
            return found;
        if (note_parse(&note, slice_of(out->data + begin, out->len - begin), e) != 0)
            return -1;
        int cosigned = checkpoint_cosigned(&note, witnesses, count, e);
        if (cosigned < 0)
            return -1;
        if ((size_t)cosigned >= quorum)
            return 1;
        before = (int64_t)*size;
        out->len = begin;
    }
}

int journal_cosignature_store(struct db *db, uint64_t size, struct slice lines,
                              const struct note_key *witness, int64_t now, struct err *e)
{
    struct buf text, vkey;
    struct note note;
    int stored = -1, found;

    buf_init(&text);
    buf_init(&vkey);
    found = load_bare(db, size, &text, e);
    if (found == 0)
        err_set(e, ERR_NOT_FOUND, "journal.checkpoint", CLAUSE,
                "no checkpoint of %llu acts is kept", (unsigned long long)size);
    if (found != 1)
        goto out;
    /* As tlog-witness suggests: the answer behind the note, and the whole verified. */
    buf_put_slice(&text, lines);
    note_key_put(&vkey, witness);
    if (buf_check(&text, e) != 0 || buf_check(&vkey, e) != 0 ||
        note_parse(&note, buf_slice(&text), e) != 0)
        goto out;
    found = witness->type == NOTE_COSIGNATURE ? note_verify(&note, witness, NULL, e) : 0;
    if (found < 0)
        goto out;
    stored = 0;
    for (size_t i = 0; found == 1 && i < note.count; i++) {
        const struct note_signature *signature = &note.signatures[i];
        if (signature->id != witness->id || !slice_is(signature->name, witness->name))
            continue;
        int64_t changed =
            db_run(db, e, SQL_COSIGNATURE_INSERT, DB_INT((int64_t)size), DB_SLICE(buf_slice(&vkey)),
                   DB_SLICE(signature->line), DB_INT(now));
        if (changed < 0) {
            stored = -1;
            goto out;
        }
        stored += (int)changed;
    }
out:
    buf_fini(&text);
    buf_fini(&vkey);
    return stored;
}

int64_t journal_checkpoint_prune(struct db *db, int64_t before, struct err *e)
{
    return db_run(db, e, SQL_CHECKPOINT_PRUNE, DB_INT(before));
}

int journal_check_known_head(struct db *db, uint64_t known_size,
                             const uint8_t known_root[MERKLE_HASH], const char *known_by,
                             struct err *e)
{
    struct journal_reader *reader = journal_reader_new(db, e);
    uint8_t root[MERKLE_HASH];
    int rc = -1;

    if (!reader)
        return -1;
    if (journal_reader_size(reader) < known_size) {
        err_set(e, ERR_CONFLICT, "journal.rolled-back", "tocsin DESIGN section 5",
                "the database's journal has %llu acts, but %s knows a head of %llu: the database "
                "is older than what was signed",
                (unsigned long long)journal_reader_size(reader), known_by,
                (unsigned long long)known_size);
        err_hint(e, "bring back the newer database, or open a new origin that names what was "
                    "lost: tocsin restore --accept-loss");
    } else if (journal_root_at(reader, known_size, root, e) == 0) {
        if (memcmp(root, known_root, sizeof root) == 0)
            rc = 0;
        else
            err_set(e, ERR_CONFLICT, "journal.forked", "tocsin DESIGN section 5",
                    "at %llu acts the database's journal (it has %llu) has another root than the "
                    "head that %s knows: another history",
                    (unsigned long long)known_size, (unsigned long long)journal_reader_size(reader),
                    known_by);
    }
    journal_reader_free(reader);
    return rc;
}
