/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/bundle_archive.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/id.h"
#include "base/memory.h"
#include "crypto/envelope.h"
#include "fleet/advisory_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 1 << 16 };

/* A new file that nobody else finds, and that is gone with its descriptor. */
static int open_nameless(const char *folder, int *fd, struct err *e)
{
    char path[PATH_MAX];
    char nonce[ID_TEXT];

    if (id_new(&random_system, "bundle", nonce, e) != 0)
        return -1;
    snprintf(path, sizeof(path), "%s/%s.part", folder, nonce);
    *fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*fd < 0)
        return err_errno(e, errno, "centre.spool", "cannot write %s", path);
    unlink(path);
    return 0;
}

int bundle_archive_init(struct bundle_archive *a, const char *folder, struct err *e)
{
    *a = (struct bundle_archive){.spool = -1};
    if (open_nameless(folder, &a->spool, e) != 0)
        return -1;
    if (sha256_init(&a->digest) != 0)
        return digest_failed(e);
    a->has_digest = true;
    return 0;
}

void bundle_archive_fini(struct bundle_archive *a)
{
    if (a->spool >= 0)
        close(a->spool);
    if (a->has_digest)
        sha256_fini(&a->digest);
    mem_free(a->members);
    *a = (struct bundle_archive){.spool = -1};
}

static struct bundle_member *add_member(struct bundle_archive *a, const char *name, struct err *e)
{
    if (a->count == a->room) {
        size_t room = a->room ? a->room * 2 : 64;
        struct bundle_member *grown = mem_resize(a->members, room, sizeof(*grown));
        if (!grown) {
            err_memory(e);
            return NULL;
        }
        a->members = grown;
        a->room = room;
    }
    struct bundle_member *m = &a->members[a->count++];
    *m = (struct bundle_member){.offset = a->end};
    snprintf(m->name, sizeof(m->name), "%s", name);
    return m;
}

int bundle_archive_begin(struct bundle_archive *a, const char *name, struct err *e)
{
    return add_member(a, name, e) ? 0 : -1;
}

int bundle_archive_put(struct bundle_archive *a, struct slice bytes, struct err *e)
{
    if (file_write_all(a->spool, bytes.data, bytes.len) != 0)
        return err_errno(e, errno, "centre.spool", "the bundle cannot be written");
    if (sha256_update(&a->digest, bytes) != 0)
        return digest_failed(e);
    a->end += bytes.len;
    a->members[a->count - 1].size += bytes.len;
    return 0;
}

int bundle_archive_end(struct bundle_archive *a, struct err *e)
{
    return sha256_final(&a->digest, a->members[a->count - 1].hash) == 0 ? 0 : digest_failed(e);
}

int bundle_archive_file(struct bundle_archive *a, const char *name, struct slice content,
                        struct err *e)
{
    return bundle_archive_begin(a, name, e) == 0 && bundle_archive_put(a, content, e) == 0
               ? bundle_archive_end(a, e)
               : -1;
}

int bundle_archive_document(struct bundle_archive *a, const uint8_t digest[SHA256_LEN],
                            uint64_t size, struct err *e)
{
    char hex[2 * SHA256_LEN + 1];
    char name[TAR_NAME_MAX + 1];

    hex_format(digest, SHA256_LEN, hex);
    snprintf(name, sizeof(name), "advisories/%s.json", hex);
    struct bundle_member *m = add_member(a, name, e);
    if (!m)
        return -1;
    memcpy(m->hash, digest, SHA256_LEN);
    m->size = size;
    m->stored = true;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct bundle_member *)a)->name, ((const struct bundle_member *)b)->name);
}

/* Two advisories may have the very same document. */
static void sort(struct bundle_archive *a)
{
    size_t kept = 0;

    qsort(a->members, a->count, sizeof(*a->members), by_name);
    for (size_t i = 0; i < a->count; i++)
        if (kept == 0 || strcmp(a->members[kept - 1].name, a->members[i].name) != 0)
            a->members[kept++] = a->members[i];
    a->count = kept;
}

void bundle_archive_list(struct bundle_archive *a, struct json_writer *w)
{
    sort(a);
    json_write_name(w, "files");
    json_write_array(w);
    for (size_t i = 0; i < a->count; i++) {
        char text[HASH_TEXT];
        hash_text_format(a->members[i].hash, text);
        json_write_object(w);
        json_member_string(w, "hash", text);
        json_member_string(w, "name", a->members[i].name);
        json_member_int(w, "size", (int64_t)a->members[i].size);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

/* ---- the archive -------------------------------------------------------------------------------
 */

static int copy_document(const struct bundle_member *m, struct db *db, struct tar_writer *tar,
                         struct err *e)
{
    uint8_t digest[SHA256_LEN];
    struct buf content;
    int result = -1;

    buf_init(&content);
    int found = fleet_document_load(db, m->hash, &content, e);
    if (found == 1 && sha256(buf_slice(&content), digest) != 0)
        digest_failed(e);
    else if (found == 0 || (found == 1 && memcmp(digest, m->hash, SHA256_LEN) != 0))
        err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "the document %s is gone or damaged",
                m->name);
    else if (found == 1)
        result = tar_write_data(tar, buf_slice(&content), e);
    buf_fini(&content);
    return result;
}

static int copy_spooled(const struct bundle_archive *a, const struct bundle_member *m,
                        struct tar_writer *tar, struct err *e)
{
    uint8_t chunk[COPY_BYTES];
    int fd = a->spool;

    for (uint64_t at = 0; at < m->size;) {
        size_t len = m->size - at < sizeof(chunk) ? (size_t)(m->size - at) : sizeof(chunk);
        int64_t got = tar_fetch_fd(&fd, m->offset + at, chunk, len, e);
        if (got < 0)
            return -1;
        if (got != (int64_t)len)
            return err_set(e, ERR_SYSTEM, "centre.spool", NULL, "the bundle cannot be read back");
        if (tar_write_data(tar, slice_of(chunk, len), e) != 0)
            return -1;
        at += len;
    }
    return 0;
}

static int write_all(const struct bundle_archive *a, struct db *db, struct slice manifest,
                     struct tar_writer *tar, struct err *e)
{
    if (tar_write_file(tar, "manifest.json", manifest, e) != 0)
        return -1;
    for (size_t i = 0; i < a->count; i++) {
        const struct bundle_member *m = &a->members[i];
        if (tar_write_begin(tar, m->name, m->size, e) != 0 ||
            (m->stored ? copy_document(m, db, tar, e) : copy_spooled(a, m, tar, e)) != 0 ||
            tar_write_end(tar, e) != 0)
            return -1;
    }
    return tar_write_finish(tar, e);
}

int bundle_archive_write(const struct bundle_archive *a, struct db *db, struct slice manifest,
                         const char *folder, int *fd, uint64_t *size, struct err *e)
{
    struct tar_writer tar;
    struct stat status;

    if (open_nameless(folder, fd, e) != 0)
        return -1;
    tar_write_init(&tar, tar_sink_fd, fd);
    if (write_all(a, db, manifest, &tar, e) != 0)
        goto failed;
    if (fstat(*fd, &status) != 0 || lseek(*fd, 0, SEEK_SET) != 0) {
        err_errno(e, errno, "centre.spool", "the bundle cannot be read back");
        goto failed;
    }
    *size = (uint64_t)status.st_size;
    return 0;
failed:
    close(*fd);
    *fd = -1;
    return -1;
}
