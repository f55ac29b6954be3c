/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/pack_internal.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/tar.h"
#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLAUSE "tocsin formats section 6.2"

enum { WRITE_AT_ONCE = 64 << 10, PATH_ROOM = 4096 };

struct pack_entry {
    char name[TAR_NAME_MAX + 1];
    uint64_t size;
    uint8_t hash[SHA256_LEN];
};

struct pack_writer {
    char *path;    /* where the pack will be */
    char *folder;  /* where its files are gathered */
    char *archive; /* the archive under its temporary name; NULL: a folder is wanted */
    bool is_archive;
    struct pack_entry *entries;
    size_t count, room;
    size_t open; /* line files that are not closed */
};

struct pack_lines {
    struct pack_writer *w;
    size_t entry;
    int fd;
    struct buf waiting;
    struct sha256_context hash;
};

static int path_of(const struct pack_writer *w, const char *name, char path[PATH_ROOM],
                   struct err *e)
{
    int len = snprintf(path, PATH_ROOM, "%s/%s", w->folder, name);

    if (len < 0 || len >= PATH_ROOM)
        return err_set(e, ERR_LIMIT, "pack.name", NULL, "the path of the pack is too long");
    return 0;
}

/* ---- beginning and end ------------------------------------------------------------------- */

int pack_writer_new(struct pack_writer **out, const char *path, struct err *e)
{
    struct pack_writer *w = mem_new(1, sizeof *w);
    size_t len = strlen(path);

    if (!w)
        return err_memory(e);
    while (len > 1 && path[len - 1] == '/')
        len--;
    w->is_archive = len > 4 && memcmp(path + len - 4, ".tar", 4) == 0;
    w->path = mem_new(len + 1, 1);
    w->folder = mem_new(len + 16, 1);
    w->archive = mem_new(len + 16, 1);
    if (!w->path || !w->folder || !w->archive) {
        err_memory(e);
        goto fail;
    }
    memcpy(w->path, path, len);
    snprintf(w->folder, len + 16, "%s.making-XXXXXX", w->path);
    if (access(w->path, F_OK) == 0) {
        err_set(e, ERR_CONFLICT, "pack.exists", NULL, "\"%s\" is there already", w->path);
        err_hint(e, "name a file or folder that is not there yet");
        w->folder[0] = '\0';
        goto fail;
    }
    if (!mkdtemp(w->folder)) {
        err_errno(e, errno, "pack.write", "\"%s\" cannot be made", w->folder);
        w->folder[0] = '\0';
        goto fail;
    }
    snprintf(w->archive, len + 16, "%s.tar", w->folder);
    *out = w;
    return 0;
fail:
    pack_writer_free(w);
    return -1;
}

/* Names that were added are all that can be in the folder. */
static void remove_files(struct pack_writer *w)
{
    char path[PATH_ROOM];
    struct err ignored = {0};

    for (size_t i = 0; i < w->count; i++) {
        if (path_of(w, w->entries[i].name, path, &ignored) != 0)
            continue;
        unlink(path);
        for (char *slash = strrchr(path, '/'); slash && slash > path + strlen(w->folder);
             slash = strrchr(path, '/')) {
            *slash = '\0';
            rmdir(path);
        }
    }
    rmdir(w->folder);
    unlink(w->archive);
}

void pack_writer_free(struct pack_writer *w)
{
    if (!w)
        return;
    if (w->folder && w->folder[0])
        remove_files(w);
    mem_free(w->path);
    mem_free(w->folder);
    mem_free(w->archive);
    mem_free(w->entries);
    mem_free(w);
}

/* ---- files ------------------------------------------------------------------------------- */

static const struct pack_entry *find(const struct pack_writer *w, const char *name)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->entries[i].name, name) == 0)
            return &w->entries[i];
    return NULL;
}

/* A new file in the folder. */
static int make_file(struct pack_writer *w, const char *name, int *fd, struct err *e)
{
    char path[PATH_ROOM];

    if (!tar_name_is(slice_str(name)) || find(w, name))
        return err_set(e, ERR_INTERNAL, "pack.name", CLAUSE,
                       "a pack cannot have a file \"%.100s\", or has one already", name);
    if (w->count == w->room) {
        size_t room = w->room ? w->room * 2 : 32;
        void *grown = mem_resize(w->entries, room, sizeof *w->entries);
        if (!grown)
            return err_memory(e);
        w->entries = grown;
        w->room = room;
    }
    if (path_of(w, name, path, e) != 0)
        return -1;
    char *slash = strrchr(path, '/');
    *slash = '\0';
    if (file_make_folder(path, 0755, e) != 0)
        return -1;
    *slash = '/';
    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (*fd < 0)
        return err_errno(e, errno, "pack.write", "\"%s\" cannot be written", path);
    struct pack_entry *entry = &w->entries[w->count++];
    *entry = (struct pack_entry){.size = 0};
    memcpy(entry->name, name, strlen(name) + 1);
    return 0;
}

static int pour(struct pack_lines *lines, struct err *e)
{
    struct slice bytes = buf_slice(&lines->waiting);

    if (buf_check(&lines->waiting, e) != 0)
        return -1;
    if (sha256_update(&lines->hash, bytes) != 0)
        return digest_failed(e);
    if (file_write_all(lines->fd, bytes.data, bytes.len) != 0)
        return err_errno(e, errno, "pack.write", "\"%s\" of the pack cannot be written",
                         lines->w->entries[lines->entry].name);
    lines->w->entries[lines->entry].size += bytes.len;
    buf_reset(&lines->waiting);
    return 0;
}

int pack_lines_open(struct pack_writer *w, const char *name, struct pack_lines **out, struct err *e)
{
    struct pack_lines *lines = mem_new(1, sizeof *lines);

    if (!lines)
        return err_memory(e);
    *lines = (struct pack_lines){.w = w, .fd = -1};
    buf_init(&lines->waiting);
    if (sha256_init(&lines->hash) != 0) {
        digest_failed(e);
        goto fail;
    }
    if (make_file(w, name, &lines->fd, e) != 0)
        goto fail;
    lines->entry = w->count - 1;
    w->open++;
    *out = lines;
    return 0;
fail:
    sha256_fini(&lines->hash);
    mem_free(lines);
    return -1;
}

int pack_line(struct pack_lines *lines, struct slice json, struct err *e)
{
    if (json.len < 2 || json.data[0] != '{' || memchr(json.data, '\n', json.len))
        return err_set(e, ERR_INTERNAL, "pack.line", CLAUSE, "a line is one canonical object");
    buf_put_slice(&lines->waiting, json);
    buf_putc(&lines->waiting, '\n');
    return lines->waiting.len >= WRITE_AT_ONCE || lines->waiting.failed ? pour(lines, e) : 0;
}

int pack_lines_close(struct pack_lines *lines, struct err *e)
{
    int rc = pour(lines, e);

    if (rc == 0 && sha256_final(&lines->hash, lines->w->entries[lines->entry].hash) != 0)
        rc = digest_failed(e);
    if (rc == 0 && fsync(lines->fd) != 0)
        rc = err_errno(e, errno, "pack.write", "\"%s\" of the pack cannot be written",
                       lines->w->entries[lines->entry].name);
    close(lines->fd);
    lines->w->open--;
    sha256_fini(&lines->hash);
    buf_fini(&lines->waiting);
    mem_free(lines);
    return rc;
}

int pack_add_file(struct pack_writer *w, const char *name, struct slice content, struct err *e)
{
    struct pack_lines *lines = NULL;

    if (pack_lines_open(w, name, &lines, e) != 0)
        return -1;
    buf_put_slice(&lines->waiting, content);
    return pack_lines_close(lines, e);
}

/* ---- the statement ----------------------------------------------------------------------- */

bool pack_counts_add_up(const struct pack_counts *c)
{
    return c->silent == c->undelivered + c->unacknowledged &&
           c->meant == c->acknowledged + c->silent + c->left_fixed + c->removed &&
           c->devices <= c->meant;
}

static void put_count(struct json_writer *w, const char *name, uint64_t count)
{
    json_member_int(w, name, (int64_t)count);
}

void pack_counts_write(struct json_writer *w, const struct pack_counts *c)
{
    json_write_object(w);
    put_count(w, "acknowledged", c->acknowledged);
    put_count(w, "devices", c->devices);
    put_count(w, "left_fixed", c->left_fixed);
    put_count(w, "meant", c->meant);
    json_write_name(w, "not_told");
    json_write_object(w);
    put_count(w, "fixed", c->not_told.fixed);
    put_count(w, "not_affected", c->not_told.not_affected);
    put_count(w, "other_serial", c->not_told.other_serial);
    put_count(w, "unknown", c->not_told.unknown);
    json_write_object_end(w);
    put_count(w, "ownerless", c->ownerless);
    json_write_name(w, "owners");
    json_write_object(w);
    put_count(w, "no_address", c->owners.no_address);
    put_count(w, "pending", c->owners.pending);
    put_count(w, "refused", c->owners.refused);
    put_count(w, "told", c->owners.told);
    put_count(w, "unknown_outcome", c->owners.unknown_outcome);
    put_count(w, "unreachable", c->owners.unreachable);
    json_write_object_end(w);
    put_count(w, "removed", c->removed);
    put_count(w, "silent", c->silent);
    put_count(w, "unacknowledged", c->unacknowledged);
    put_count(w, "undelivered", c->undelivered);
    json_write_object_end(w);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct pack_entry *)a)->name, ((const struct pack_entry *)b)->name);
}

static void write_payload(struct buf *out, const struct pack_writer *w,
                          const struct pack_statement *s)
{
    char hash[HASH_TEXT];
    struct json_writer j;

    json_write_init(&j, out, 0);
    json_write_object(&j); /* in the order of RFC 8785 */
    json_write_name(&j, "advisory");
    json_write_raw(&j, s->advisory);
    json_write_name(&j, "checkpoint");
    json_write_object(&j);
    hash_text_format(s->checkpoint_root, hash);
    json_member_string(&j, "root", hash);
    put_count(&j, "size", s->checkpoint_size);
    json_write_object_end(&j);
    json_write_name(&j, "claims");
    json_write_object(&j);
    put_count(&j, "witnessed", s->witnessed);
    json_write_object_end(&j);
    json_write_name(&j, "counts");
    pack_counts_write(&j, &s->counts);
    json_write_name(&j, "files");
    json_write_array(&j);
    for (size_t i = 0; i < w->count; i++) {
        json_write_object(&j);
        hash_text_format(w->entries[i].hash, hash);
        json_member_string(&j, "hash", hash);
        json_member_string(&j, "name", w->entries[i].name);
        put_count(&j, "size", w->entries[i].size);
        json_write_object_end(&j);
    }
    json_write_array_end(&j);
    json_member_string(&j, "format", PACK_FORMAT);
    json_member_time(&j, "made", s->made);
    json_member_string(&j, "origin", s->origin);
    json_write_name(&j, "publications");
    json_write_array(&j);
    for (size_t i = 0; i < s->publication_count; i++)
        json_write_string(&j, s->publications[i]);
    json_write_array_end(&j);
    if (s->organisation) {
        json_write_name(&j, "scope");
        json_write_object(&j);
        json_member_string(&j, "organisation", s->organisation);
        json_write_object_end(&j);
    }
    json_write_object_end(&j);
}

static int add_statement(struct pack_writer *w, const struct pack_statement *statement,
                         const struct envelope_signer *signer, struct err *e)
{
    struct buf payload, envelope;
    int rc = -1;

    buf_init(&payload);
    buf_init(&envelope);
    qsort(w->entries, w->count, sizeof *w->entries, by_name);
    write_payload(&payload, w, statement);
    if (buf_check(&payload, e) == 0 &&
        envelope_build(&envelope, buf_slice(&payload), signer, e) == 0)
        rc = pack_add_file(w, PACK_STATEMENT, buf_slice(&envelope), e);
    buf_fini(&payload);
    buf_fini(&envelope);
    return rc;
}

static int add_sums(struct pack_writer *w, struct err *e)
{
    struct buf sums;
    int rc;

    buf_init(&sums);
    qsort(w->entries, w->count, sizeof *w->entries, by_name);
    for (size_t i = 0; i < w->count; i++) {
        hex_put(&sums, slice_of(w->entries[i].hash, SHA256_LEN));
        buf_printf(&sums, "  %s\n", w->entries[i].name);
    }
    rc = buf_check(&sums, e) == 0 ? pack_add_file(w, PACK_SUMS, buf_slice(&sums), e) : -1;
    buf_fini(&sums);
    return rc;
}

static int add_missing(struct pack_writer *w, const struct pack_statement *statement, struct err *e)
{
    struct buf text;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < PACK_LINE_FILES; i++)
        if (!find(w, pack_line_files[i]))
            rc = pack_add_file(w, pack_line_files[i], slice_of("", 0), e);
    buf_init(&text);
    pack_verify_text(&text, statement);
    if (rc == 0)
        rc = buf_check(&text, e) == 0 ? pack_add_file(w, "VERIFY.txt", buf_slice(&text), e) : -1;
    buf_fini(&text);
    for (size_t i = 0; rc == 0 && i < PACK_FIXED_FILES; i++)
        if (!find(w, pack_fixed_files[i]))
            rc = err_set(e, ERR_INTERNAL, "pack.name", CLAUSE, "the pack has no \"%s\"",
                         pack_fixed_files[i]);
    return rc;
}

/* ---- putting it in place ----------------------------------------------------------------- */

static int archive_file(struct pack_writer *w, struct tar_writer *tar, const char *name,
                        struct err *e)
{
    char path[PATH_ROOM];
    const struct pack_entry *entry = find(w, name);
    uint8_t *block = mem_new(WRITE_AT_ONCE, 1);
    int fd = -1, rc = -1;
    ssize_t got;

    if (!block) {
        err_memory(e);
        goto out;
    }
    if (path_of(w, name, path, e) != 0 || tar_write_begin(tar, name, entry->size, e) != 0)
        goto out;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_errno(e, errno, "pack.write", "\"%s\" cannot be read", path);
        goto out;
    }
    while ((got = read(fd, block, WRITE_AT_ONCE)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            err_errno(e, errno, "pack.write", "\"%s\" cannot be read", path);
            goto out;
        }
        if (tar_write_data(tar, slice_of(block, (size_t)got), e) != 0)
            goto out;
    }
    rc = tar_write_end(tar, e);
out:
    if (fd >= 0)
        close(fd);
    mem_free(block);
    return rc;
}

static int make_archive(struct pack_writer *w, struct err *e)
{
    struct tar_writer tar;
    int fd = open(w->archive, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), rc = -1;

    if (fd < 0)
        return err_errno(e, errno, "pack.write", "\"%s\" cannot be written", w->archive);
    tar_write_init(&tar, tar_sink_fd, &fd);
    if (archive_file(w, &tar, PACK_STATEMENT, e) != 0)
        goto out;
    qsort(w->entries, w->count, sizeof *w->entries, by_name);
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->entries[i].name, PACK_STATEMENT) != 0 &&
            strcmp(w->entries[i].name, PACK_SUMS) != 0 &&
            archive_file(w, &tar, w->entries[i].name, e) != 0)
            goto out;
    if (archive_file(w, &tar, PACK_SUMS, e) != 0 || tar_write_finish(&tar, e) != 0)
        goto out;
    if (fsync(fd) != 0)
        err_errno(e, errno, "pack.write", "\"%s\" cannot be written", w->archive);
    else
        rc = 0;
out:
    close(fd);
    return rc;
}

/* A name that came up meanwhile is not overwritten. */
static int put_in_place(struct pack_writer *w, struct err *e)
{
    const char *from = w->is_archive ? w->archive : w->folder;

    if (w->is_archive && make_archive(w, e) != 0)
        return -1;
    if (!w->is_archive && chmod(w->folder, 0755) != 0)
        return err_errno(e, errno, "pack.write", "\"%s\" cannot be written", w->folder);
    if (file_rename_new(AT_FDCWD, from, AT_FDCWD, w->path) == 0) {
        if (!w->is_archive)
            w->folder[0] = '\0'; /* nothing is left to remove */
        return 0;
    }
    if (errno == EEXIST)
        return err_set(e, ERR_CONFLICT, "pack.exists", NULL, "\"%s\" is there already", w->path);
    return err_errno(e, errno, "pack.write", "\"%s\" cannot be written", w->path);
}

int pack_finish(struct pack_writer *w, const struct pack_statement *statement,
                const struct envelope_signer *signer, struct err *e)
{
    if (w->open)
        return err_set(e, ERR_INTERNAL, "pack.name", CLAUSE, "a line file is still open");
    if (!pack_counts_add_up(&statement->counts))
        return err_set(e, ERR_VERIFY, "pack.counts", "tocsin formats section 6.3",
                       "the counts do not add up: such a pack is not made");
    if (add_missing(w, statement, e) != 0 || add_statement(w, statement, signer, e) != 0 ||
        add_sums(w, e) != 0)
        return -1;
    return put_in_place(w, e);
}
