/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/selftest/trial.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/json.h"
#include "evidence/bundle/image_read.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { RECORD_MOST = 16 << 20, PIECE = 64 << 10 };

void selftest_did(struct selftest_trial *t, const char *format, ...)
{
    char text[480];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (t->did.len)
        buf_puts(&t->did, "; ");
    buf_puts(&t->did, text);
}

void selftest_fail(struct selftest_trial *t, const char *format, ...)
{
    va_list arguments;
    if (t->outcome == SELFTEST_FAIL)
        return;
    va_start(arguments, format);
    vsnprintf(t->why, sizeof t->why, format, arguments);
    va_end(arguments);
    t->outcome = SELFTEST_FAIL;
}

void selftest_leave(struct selftest_trial *t, enum selftest_outcome outcome, const char *format,
                    ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(t->why, sizeof t->why, format, arguments);
    va_end(arguments);
    t->outcome = outcome;
}

int selftest_acquire(struct selftest_trial *t, struct selftest_disk *disk, const char *name,
                     const struct evidence_acquire_options *options, struct selftest_bundle *bundle,
                     struct err *e)
{
    struct evidence_acquire_options mine =
        options ? *options : (struct evidence_acquire_options){0};
    if ((size_t)snprintf(bundle->folder, sizeof bundle->folder, "%s/%s", t->work, name) >=
        sizeof bundle->folder)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", t->work);
    snprintf(bundle->data, sizeof bundle->data, "%s/data", bundle->folder);
    mine.source = disk->path;
    mine.folder = bundle->folder;
    mine.stand_in = &disk->stand_in;
    mine.workers = 2;
    return evidence_acquire(&mine, &bundle->acquired, e);
}

static uint64_t count_differing(const uint8_t *got, const uint8_t *wanted, size_t len)
{
    uint64_t sectors = 0;
    for (size_t at = 0; at < len; at += SELFTEST_SECTOR) {
        size_t n = len - at < SELFTEST_SECTOR ? len - at : SELFTEST_SECTOR;
        sectors += memcmp(got + at, wanted + at, n) != 0;
    }
    return sectors;
}

int selftest_differing(const struct selftest_bundle *bundle, const struct selftest_disk *disk,
                       int fill, uint64_t *sectors, struct err *e)
{
    struct evidence_image *image = evidence_image_open(bundle->data, false, e);
    struct evidence_image_reader *reader = image ? evidence_image_reader_new(image, e) : NULL;
    uint8_t *got = mem_new(EVIDENCE_CHUNK_MOST, 1), *wanted = mem_new(EVIDENCE_CHUNK_MOST, 1);
    int result = reader ? 0 : -1;
    uint64_t at = 0;
    *sectors = 0;
    if (result == 0 && (!got || !wanted))
        result = err_memory(e);
    for (uint64_t i = 0; result == 0 && i < evidence_image_chunks(image); i++) {
        size_t len;
        result = evidence_image_read(reader, i, got, &len, NULL, e);
        if (result == 0) {
            selftest_disk_ideal(disk, fill, at, wanted, len);
            *sectors += count_differing(got, wanted, len);
            at += len;
        }
    }
    if (result == 0 && at != disk->bytes) /* too long or too short counts as well */
        *sectors += (at > disk->bytes ? at - disk->bytes : disk->bytes - at) / SELFTEST_SECTOR + 1;
    mem_free(got);
    mem_free(wanted);
    evidence_image_reader_free(reader);
    evidence_image_close(image);
    return result;
}

int selftest_ideal_sha256(const struct selftest_disk *disk, int fill, uint8_t hash[SHA256_LEN],
                          struct err *e)
{
    uint8_t data[PIECE];
    struct sha256_context digest;
    if (sha256_init(&digest) != 0)
        return digest_failed(e);
    int result = 0;
    for (uint64_t at = 0; result == 0 && at < disk->bytes; at += sizeof data) {
        size_t n = disk->bytes - at < sizeof data ? (size_t)(disk->bytes - at) : sizeof data;
        selftest_disk_ideal(disk, fill, at, data, n);
        result = sha256_update(&digest, slice_of(data, n));
    }
    if (result != 0 || sha256_final(&digest, hash) != 0)
        result = digest_failed(e);
    sha256_fini(&digest);
    return result;
}

int selftest_record(const struct selftest_bundle *bundle, struct buf *text, struct json_doc **doc,
                    struct err *e)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/acquisition.json", bundle->folder);
    *doc = NULL;
    return file_read(path, RECORD_MOST, text, e) == 0 ? json_parse(doc, buf_slice(text), NULL, e)
                                                      : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

int selftest_remove(const char *folder, struct err *e)
{
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT
               ? 0
               : err_errno(e, errno, "evidence.write", "%s cannot be taken away", folder);
}
