/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/restore.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/memory.h"
#include "centre/config.h"
#include "centre/init.h"
#include "centre/trust.h"
#include "journal/journal.h"
#include "journal/read.h"
#include "signer/client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

struct restoring {
    const struct centre_restore_options *options;
    struct centre_restore_result *result;
    struct config *config;
    struct signer_client *signer;
    struct db *db; /* the copy */
    struct journal *journal;
    char path[PATH_MAX]; /* of the database */
    char copy[PATH_MAX + 16];
};

/* ---- files -------------------------------------------------------------------------------------
 */

static int copy_all(int from, int to, const char *name, struct err *e)
{
    char *piece = mem_new(1, PIECE);
    ssize_t got = -1;

    if (!piece)
        return err_memory(e);
    while ((got = read(from, piece, PIECE)) > 0)
        if (file_write_all(to, piece, (size_t)got) != 0)
            break;
    mem_free(piece);
    return got == 0 && fsync(to) == 0
               ? 0
               : err_errno(e, errno, "centre.restore-copy", "%s cannot be written", name);
}

static void remove_copy(const struct restoring *r)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[sizeof(r->copy) + 8];

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        snprintf(path, sizeof(path), "%s%s", r->copy, ends[i]);
        (void)unlink(path); /* usually there is none */
    }
}

/* Beside the database, so that taking its place is one rename. */
static int make_copy(struct restoring *r, struct err *e)
{
    int from = -1;
    int to = -1;
    int result = -1;

    remove_copy(r);
    from = open(r->options->backup, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        err_errno(e, errno, "centre.restore-backup", "%s cannot be read", r->options->backup);
        goto out;
    }
    to = open(r->copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0) {
        err_errno(e, errno, "centre.restore-copy", "%s cannot be written", r->copy);
        goto out;
    }
    result = copy_all(from, to, r->copy, e);
out:
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return result;
}

static int sync_folder(const char *path, struct err *e)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');

    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd >= 0 ? fsync(fd) : -1;
    if (result != 0)
        err_errno(e, errno, "centre.restore-place", "%s cannot be made durable", folder);
    if (fd >= 0)
        close(fd);
    return result;
}

/* The database that was there is kept: it may be the only witness of what happened. */
static int take_place(struct restoring *r, struct err *e)
{
    static const char *const ends[] = {"-wal", "-shm", ""};
    char *replaced = r->result->replaced;
    char from[PATH_MAX + 8];
    char to[sizeof(r->result->replaced) + 8];

    replaced[0] = '\0';
    if (file_kind(r->path) != 0 &&
        snprintf(replaced, sizeof(r->result->replaced), "%s.replaced-%lld", r->path,
                 (long long)(clock_now(&clock_system) / 1000)) >= (int)sizeof(r->result->replaced))
        return err_set(e, ERR_USAGE, "centre.restore-place", NULL, "%s: too long", r->path);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        snprintf(from, sizeof(from), "%s%s", r->path, ends[i]);
        snprintf(to, sizeof(to), "%s%s", replaced, ends[i]);
        if (file_kind(from) != 0 && (replaced[0] ? rename(from, to) : unlink(from)) != 0)
            return err_errno(e, errno, "centre.restore-place", "%s cannot be moved away", from);
    }
    if (rename(r->copy, r->path) != 0)
        return err_errno(e, errno, "centre.restore-place", "%s cannot be put in place", r->path);
    return sync_folder(r->path, e);
}

/* ---- what is there -----------------------------------------------------------------------------
 */

static int find_database(struct restoring *r, struct err *e)
{
    static const char sqlite[] = "sqlite:";
    char conf[PATH_MAX];
    char url[512];

    snprintf(conf, sizeof(conf), "%s/tocsin.conf", r->options->home);
    if (config_load(&r->config, conf, e) != 0 || centre_database_url(r->config, url, e) != 0)
        return -1;
    if (strncmp(url, sqlite, sizeof(sqlite) - 1) != 0) {
        err_set(e, ERR_USAGE, "centre.restore-engine", NULL,
                "the configured database is not SQLite: its own tools restore it");
        return err_hint(e, "pg_restore; the centre says at its start whether anything was lost");
    }
    snprintf(r->path, sizeof(r->path), "%s", url + sizeof(sqlite) - 1);
    snprintf(r->copy, sizeof(r->copy), "%s.restoring", r->path);
    return 0;
}

/* The signer's own lock says whether a centre runs. */
static int open_signer(struct restoring *r, struct err *e)
{
    const char *configured = r->config->signer_passphrase_file;
    struct slice given = r->options->passphrase;
    char path[PATH_MAX];
    struct buf passphrase;
    int result = -1;

    buf_init_secret(&passphrase);
    if (given.data) {
        buf_put_slice(&passphrase, given);
    } else {
        snprintf(path, sizeof(path), "%s/signer/passphrase", r->options->home);
        if (file_read(*configured ? configured : path, 4096, &passphrase, e) != 0) {
            err_hint(e, "tocsin restore --passphrase-file FILE");
            goto out;
        }
        while (passphrase.len && passphrase.data[passphrase.len - 1] == '\n')
            passphrase.len--;
    }
    r->signer = signer_client_new_in_process(r->options->home, buf_slice(&passphrase), e);
    result = r->signer ? 0 : -1;
out:
    buf_fini_secret(&passphrase);
    return result;
}

/* How far the database that is in place goes; 0 when it cannot be read: that may be why. */
static uint64_t present_size(const struct restoring *r)
{
    struct journal_head head = {0};
    struct db *db = NULL;
    struct err e = {0};
    char url[PATH_MAX + 16];

    if (file_kind(r->path) == 0)
        return 0;
    snprintf(url, sizeof(url), "sqlite:%s", r->path);
    if (db_open(&db, url, DB_WRITE, &e) != 0 || journal_head(db, &head, &e) != 0)
        head.size = 0;
    db_close(db);
    return head.size;
}

/* The origin that the signer signs at present, as init or an earlier restore wrote it. */
static bool is_current(const struct restoring *r, const char *origin)
{
    struct note_key key;
    struct err e = {0};
    char path[PATH_MAX];
    struct buf text;
    bool current = true;

    buf_init(&text);
    snprintf(path, sizeof(path), "%s/trust/journal.vkey", r->options->home);
    if (file_read(path, 4096, &text, &e) == 0) {
        while (text.len && text.data[text.len - 1] == '\n')
            text.len--;
        if (note_key_parse(&key, buf_slice(&text), &e) == 0)
            current = strcmp(key.name, origin) == 0;
    }
    buf_fini(&text);
    return current;
}

/* Is anything lost by taking the copy? What is known of the journal: by signer and database. */
static int compare_heads(struct restoring *r, const struct journal_head *head, struct err *e)
{
    struct centre_restore_result *result = r->result;
    struct signer_head last = {0};
    struct err why = {0};

    result->acts = head->size;
    if (signer_client_last_checkpoint(r->signer, "journal", head->origin, &last, &why) != 0) {
        if (why.kind != ERR_NOT_FOUND) {
            *e = why;
            return -1;
        }
        return err_set(e, ERR_CONFLICT, "centre.restore-foreign", NULL,
                       "%s is the journal %s, for which the signer of this home has no key",
                       r->options->backup, head->origin);
    }
    uint64_t present = present_size(r);
    result->lost_until = last.size > present ? last.size : present;
    result->loss = result->lost_until > head->size || !is_current(r, head->origin);
    if (last.size > 0 &&
        journal_check_known_head(r->db, last.size, last.root, "the signer", &why)) {
        if (strcmp(why.code, "journal.rolled-back") != 0 || !r->options->accept_loss) {
            *e = why;
            return -1;
        }
    }
    if (!result->loss || r->options->accept_loss)
        return 0;
    err_set(e, ERR_CONFLICT, "journal.rolled-back", "tocsin DESIGN section 5",
            "%s has %llu acts, and the database in place has %llu: the others would be lost",
            r->options->backup, (unsigned long long)head->size, (unsigned long long)present);
    return err_hint(e, "if the loss is known and accepted: tocsin restore --accept-loss");
}

/* ---- a new origin ------------------------------------------------------------------------------
 */

static int name_origin(struct restoring *r, const char *previous, struct note_key *key,
                       struct err *e)
{
    uint8_t raw[ED25519_PUBLIC_LEN];
    uint8_t bytes[8];
    struct key *public = NULL;
    struct buf spki;
    char hex[17];
    const char *slash = strrchr(previous, '/');
    int result = -1;

    buf_init(&spki);
    if (random_fill(&random_system, bytes, sizeof(bytes), e) != 0)
        goto out;
    hex_format(bytes, sizeof(bytes), hex);
    snprintf(r->result->origin, sizeof(r->result->origin), "%.*s/%s",
             slash ? (int)(slash - previous) : (int)strlen(previous), previous, hex);
    if (signer_client_public_key(r->signer, "journal", &spki, e) != 0)
        goto out;
    public = key_from_spki(buf_slice(&spki), e);
    if (public && key_to_ed25519(public, raw, e) == 0)
        result = note_key_init(key, slice_str(r->result->origin), NOTE_ED25519, raw, e);
out:
    key_free(public);
    buf_fini(&spki);
    return result;
}

/* Numbers of the lost part must not come again: milliseconds since 1970 are past all of them. New
 * revocation lists are due at once. */
static int step_over(struct db *db, int64_t now, struct err *e)
{
    char base[24];

    snprintf(base, sizeof(base), "%lld", (long long)(now / 1000));
    return db_run(db, e, SQL_SETTING_SET, DB_TEXT(TRUST_GENERATION_SETTING), DB_TEXT(base)) < 0 ||
                   db_run(db, e, SQL_RESTORE_CRL_NUMBERS, DB_INT(now / 1000), DB_BOOL(false)) < 0 ||
                   db_run(db, e, SQL_RESTORE_TOKENS, DB_INT(now)) < 0
               ? -1
               : 0;
}

static int open_origin(struct restoring *r, const struct journal_head *head, struct note_key *key,
                       struct err *e)
{
    snprintf(r->result->previous_origin, sizeof(r->result->previous_origin), "%s", head->origin);
    if (name_origin(r, head->origin, key, e) != 0 ||
        journal_open(&r->journal, r->db, &clock_system, &random_system, e) != 0 ||
        db_begin(r->db, e) != 0)
        return -1;
    if (journal_begin(r->journal, r->db, e) != 0 ||
        journal_open_log(r->journal, r->db, key, head->origin, head->size, e) != 0 ||
        step_over(r->db, clock_now(&clock_system), e) != 0 ||
        journal_flush(r->journal, r->db, e) != 0 || db_commit(r->db, e) != 0) {
        db_rollback(r->db);
        return -1;
    }
    journal_committed(r->journal);
    return signer_client_open_origin(r->signer, "journal", r->result->origin, e);
}

static int write_key(const struct restoring *r, const struct note_key *key, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    int result = -1;

    buf_init(&text);
    note_key_put(&text, key);
    buf_putc(&text, '\n');
    snprintf(path, sizeof(path), "%s/trust/journal.vkey", r->options->home);
    if (buf_check(&text, e) == 0)
        result = file_write(path, buf_slice(&text), 0644, e);
    buf_fini(&text);
    return result;
}

static int restore(struct restoring *r, struct err *e)
{
    struct journal_head head;
    struct note_key key;
    char url[sizeof(r->copy) + 16];

    if (find_database(r, e) != 0 || db_backup_check(r->options->backup, e) != 0 ||
        open_signer(r, e) != 0 || make_copy(r, e) != 0)
        return -1;
    snprintf(url, sizeof(url), "sqlite:%s", r->copy);
    if (db_open(&r->db, url, DB_WRITE, e) != 0 ||
        db_migrate(r->db, clock_now(&clock_system), e) != 0 || journal_head(r->db, &head, e) != 0 ||
        compare_heads(r, &head, e) != 0)
        return -1;
    snprintf(r->result->origin, sizeof(r->result->origin), "%s", head.origin);
    if (r->result->loss && open_origin(r, &head, &key, e) != 0)
        return -1;
    journal_close(r->journal);
    r->journal = NULL;
    db_close(r->db); /* the last connection: the copy is one file again */
    r->db = NULL;
    if (take_place(r, e) != 0)
        return -1;
    return r->result->loss ? write_key(r, &key, e) : 0;
}

int centre_restore(const struct centre_restore_options *options,
                   struct centre_restore_result *result, struct err *e)
{
    struct restoring r = {.options = options, .result = result};

    memset(result, 0, sizeof(*result));
    int done = restore(&r, e);
    journal_close(r.journal);
    db_close(r.db);
    if (done != 0 && r.copy[0])
        remove_copy(&r);
    signer_client_free(r.signer);
    config_free(r.config);
    return done;
}
