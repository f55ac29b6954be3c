/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/witness.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/memory.h"
#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { PATH_ROOM = 4096, HASH_HEX = 65 };

/*
 * State: FOLDER/HEX.checkpoint, HEX the SHA-256 of the origin: the note that was accepted last,
 * with the log's signature; written and synced before a cosignature is made. FOLDER/HEX.cosigned is
 * the same with our cosignature, for those who ask; it may lag behind, and says nothing to us.
 */
struct witness {
    char *folder;
    int lock; /* the folder's, held as long as the witness lives */
    struct note_key key;
    int (*sign)(void *context, struct slice message, struct buf *signature, struct err *e);
    void *context;
    struct note_key *logs;
    size_t log_count;
    const struct clock *clock;
    pthread_mutex_t mutex; /* deciding and keeping are one step */
};

int witness_new(struct witness **out, const struct witness_options *options, struct err *e)
{
    struct witness *w = mem_new(1, sizeof *w);
    char path[PATH_ROOM];

    if (!w)
        return err_memory(e);
    *w = (struct witness){.lock = -1,
                          .key = options->key,
                          .sign = options->sign,
                          .context = options->context,
                          .clock = options->clock};
    pthread_mutex_init(&w->mutex, NULL);
    if (options->key.type != NOTE_COSIGNATURE) {
        err_set(e, ERR_USAGE, "witness.key", "C2SP tlog-cosignature",
                "the key of a witness has the type 0x04");
        goto fail;
    }
    w->folder = mem_strdup(options->folder);
    w->logs = mem_new(options->log_count ? options->log_count : 1, sizeof *w->logs);
    if (!w->folder || !w->logs) {
        err_memory(e);
        goto fail;
    }
    w->log_count = options->log_count;
    if (w->log_count)
        memcpy(w->logs, options->logs, w->log_count * sizeof *w->logs);
    if (file_make_folder(w->folder, 0700, e) != 0)
        goto fail;
    if (snprintf(path, sizeof path, "%s/lock", w->folder) >= (int)sizeof path) {
        err_set(e, ERR_USAGE, "witness.folder", NULL, "the path of the state is too long");
        goto fail;
    }
    w->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (w->lock < 0) {
        err_errno(e, errno, "witness.folder", "\"%s\" cannot be opened", path);
        goto fail;
    }
    if (flock(w->lock, LOCK_EX | LOCK_NB) != 0) {
        err_set(e, ERR_CONFLICT, "witness.folder", NULL, "another witness is at work on \"%s\"",
                w->folder);
        goto fail;
    }
    *out = w;
    return 0;
fail:
    witness_free(w);
    return -1;
}

void witness_free(struct witness *w)
{
    if (!w)
        return;
    if (w->lock >= 0)
        close(w->lock);
    pthread_mutex_destroy(&w->mutex);
    mem_free(w->folder);
    mem_free(w->logs);
    mem_free(w);
}

/* ---- what was cosigned last -------------------------------------------------------------- */

static int path_of(const struct witness *w, struct slice hex, const char *suffix,
                   char path[PATH_ROOM], struct err *e)
{
    int len = snprintf(path, PATH_ROOM, "%s/%.*s.%s", w->folder, SLICE_ARG(hex), suffix);

    if (len < 0 || len >= PATH_ROOM)
        return err_set(e, ERR_USAGE, "witness.folder", NULL, "the path of the state is too long");
    return 0;
}

static int origin_hash(struct slice origin, char hex[HASH_HEX], struct err *e)
{
    uint8_t hash[SHA256_LEN];

    if (sha256(origin, hash) != 0)
        return digest_failed(e);
    hex_format(hash, sizeof hash, hex);
    return 0;
}

/*
 * A file that is there must be right: a witness that forgets would cosign a second history. So
 * anything doubtful is an error, never "nothing cosigned yet".
 */
static int load_head(const struct witness *w, const struct note_key *log, struct witness_head *head,
                     struct err *e)
{
    char hex[HASH_HEX], path[PATH_ROOM];
    struct checkpoint checkpoint;
    struct note note;
    struct buf text;
    int rc = -1;

    *head = (struct witness_head){.size = 0};
    buf_init(&text);
    if (origin_hash(slice_str(log->name), hex, e) != 0 ||
        path_of(w, slice_str(hex), "checkpoint", path, e) != 0)
        goto out;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        rc = 0;
        goto out;
    }
    if (file_read(path, NOTE_MAX, &text, e) != 0 ||
        checkpoint_read(&note, &checkpoint, buf_slice(&text), log, slice_of(NULL, 0), e) != 0) {
        err_context(e, "%s", path);
        err_hint(e, "the state was damaged: bring it back from a copy; without it this witness "
                    "must not cosign this log again under this key");
        goto out;
    }
    head->size = checkpoint.size;
    memcpy(head->root, checkpoint.root, sizeof head->root);
    rc = 0;
out:
    buf_fini(&text);
    return rc;
}

/* The note with the log's own signature only, kept before anything is cosigned. */
static int keep_head(const struct witness *w, const struct note_key *log,
                     const struct witness_request *request, struct buf *kept, struct err *e)
{
    char hex[HASH_HEX], path[PATH_ROOM];

    buf_put_slice(kept, request->note.text);
    buf_putc(kept, '\n');
    for (size_t i = 0; i < request->note.count; i++)
        if (request->note.signatures[i].id == log->id &&
            slice_is(request->note.signatures[i].name, log->name))
            buf_put_slice(kept, request->note.signatures[i].line);
    if (buf_check(kept, e) != 0 || origin_hash(slice_str(log->name), hex, e) != 0 ||
        path_of(w, slice_str(hex), "checkpoint", path, e) != 0)
        return -1;
    return file_write(path, buf_slice(kept), 0600, e);
}

static int cosign(const struct witness *w, struct slice text, struct buf *line, struct err *e)
{
    uint64_t time = (uint64_t)(clock_now(w->clock) / 1000000);
    struct buf message, signature;
    int rc = -1;

    buf_init(&message);
    buf_init(&signature);
    cosignature_message(&message, time, text);
    if (buf_check(&message, e) == 0 &&
        w->sign(w->context, buf_slice(&message), &signature, e) == 0 &&
        buf_check(&signature, e) == 0) {
        cosignature_put(line, &w->key, time, buf_slice(&signature));
        rc = buf_check(line, e);
    }
    buf_fini(&message);
    buf_fini(&signature);
    return rc;
}

static int accept_head(const struct witness *w, const struct note_key *log,
                       const struct witness_request *request, struct buf *answer, struct err *e)
{
    char hex[HASH_HEX], path[PATH_ROOM];
    struct buf kept, line;
    int rc = -1;

    buf_init(&kept);
    buf_init(&line);
    if (keep_head(w, log, request, &kept, e) != 0 || cosign(w, request->note.text, &line, e) != 0)
        goto out;
    /* For those who ask later; that it fails does not undo the cosignature. */
    struct err ignored = {0};
    buf_put_slice(&kept, buf_slice(&line));
    if (!kept.failed && origin_hash(slice_str(log->name), hex, &ignored) == 0 &&
        path_of(w, slice_str(hex), "cosigned", path, &ignored) == 0 &&
        file_write(path, buf_slice(&kept), 0600, &ignored) != 0)
        unlink(path);
    buf_put_slice(answer, buf_slice(&line));
    rc = buf_check(answer, e);
out:
    buf_fini(&kept);
    buf_fini(&line);
    return rc;
}

static const struct note_key *find_log(const struct witness *w, struct slice origin)
{
    for (size_t i = 0; i < w->log_count; i++)
        if (slice_is(origin, w->logs[i].name))
            return &w->logs[i];
    return NULL;
}

/* A refusal in one line, but the size alone for a conflict. */
static void put_refusal(struct buf *answer, enum witness_verdict verdict,
                        const struct witness_head *head, const struct err *why)
{
    char line[1024];

    if (verdict == WITNESS_CONFLICT) {
        buf_printf(answer, "%llu\n", (unsigned long long)head->size);
        return;
    }
    err_line(why, line, sizeof line);
    buf_printf(answer, "%s\n", line);
}

int witness_handle(struct witness *w, struct slice body, enum witness_verdict *verdict,
                   struct buf *answer, struct err *e)
{
    struct witness_request *request = mem_new(1, sizeof *request);
    struct witness_head head = {.size = 0};
    struct err why = {0};
    int rc = -1;

    if (!request)
        return err_memory(e);
    pthread_mutex_lock(&w->mutex);
    if (witness_request_parse(request, body, &why) != 0) {
        if (why.kind == ERR_MEMORY || why.kind == ERR_SYSTEM) {
            *e = why;
            goto out;
        }
        *verdict = WITNESS_BAD_REQUEST;
    } else {
        const struct note_key *log = find_log(w, request->checkpoint.origin);
        if (log && load_head(w, log, &head, e) != 0)
            goto out;
        *verdict = witness_decide(request, log, &head, &why);
        if (*verdict == WITNESS_COSIGN)
            rc = accept_head(w, log, request, answer, e);
        else if (*verdict == WITNESS_FAILED)
            *e = why;
        if (*verdict == WITNESS_COSIGN || *verdict == WITNESS_FAILED)
            goto out;
    }
    put_refusal(answer, *verdict, &head, &why);
    rc = buf_check(answer, e);
out:
    pthread_mutex_unlock(&w->mutex);
    mem_free(request);
    return rc;
}

int witness_latest(struct witness *w, struct slice hex, struct buf *note, struct err *e)
{
    char path[PATH_ROOM];
    uint8_t hash[SHA256_LEN];
    int rc;

    if (hex.len != HASH_HEX - 1 || hex_parse(hex, hash, sizeof hash) != 0)
        return 0;
    for (size_t i = 0; i < hex.len; i++)
        if (hex.data[i] >= 'A' && hex.data[i] <= 'F')
            return 0; /* one name a log */
    if (path_of(w, hex, "cosigned", path, e) != 0)
        return -1;
    if (access(path, F_OK) != 0)
        return 0;
    rc = file_read(path, NOTE_MAX, note, e);
    return rc == 0 ? 1 : -1;
}
