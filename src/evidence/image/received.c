/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "evidence/image/ewf_read.h"
#include "evidence/image/ewf_text.h"
#include "evidence/image/import.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART = 1 << 20, FILES_MOST = 16384 };

static int open_one(struct evidence_importing *i, const char *path, struct err *e)
{
    struct stat st;
    if (i->file_count == FILES_MOST)
        return err_set(e, ERR_LIMIT, "evidence.source", NULL, "there are more than %d files",
                       FILES_MOST);
    if (i->file_count % 64 == 0) {
        void *grown = mem_resize(i->files, i->file_count + 64, sizeof *i->files);
        if (!grown)
            return err_memory(e);
        i->files = grown;
    }
    struct evidence_received *f = &i->files[i->file_count];
    *f = (struct evidence_received){.path = mem_strdup(path), .fd = -1};
    if (!f->path)
        return err_memory(e);
    i->file_count++;
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (f->fd < 0)
        return err_errno(e, errno, "evidence.source", "%s cannot be opened for reading", path);
    if (fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(e, ERR_INPUT, "evidence.source", NULL, "%s is no ordinary file", path);
    f->bytes = (uint64_t)st.st_size;
    posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return 0;
}

/* NAME.E02 behind NAME.E01, NAME.002 behind NAME.001; false: the name is not of that kind. */
static bool name_after(const char *first, size_t number, char out[4096])
{
    size_t len = strlen(first);
    char ending[16];
    if (len < 5 || len >= 4080 || first[len - 4] != '.')
        return false;
    const char *last = first + len - 3;
    bool lower = last[0] == 'e';
    if (strcasecmp(last, "E01") == 0) {
        if (!evidence_ewf_ending(number, ending))
            return false;
        for (char *c = ending; lower && *c; c++)
            *c = (char)tolower((unsigned char)*c);
    } else if (strcmp(last, "001") == 0) {
        snprintf(ending, sizeof ending, "%03zu", number);
    } else {
        return false;
    }
    snprintf(out, 4096, "%.*s%s", (int)(len - 3), first, ending);
    return true;
}

static int open_following(struct evidence_importing *i, struct err *e)
{
    char path[4096];
    for (size_t number = 2; name_after(i->options->files[0], number, path); number++) {
        if (access(path, F_OK) != 0)
            return 0;
        if (open_one(i, path, e) != 0)
            return -1;
    }
    return 0;
}

static int decide(struct evidence_importing *i, struct err *e)
{
    uint8_t first[8] = {0};
    enum evidence_import_kind kind = i->options->kind;
    ssize_t n = pread(i->files[0].fd, first, sizeof first, 0);
    if (n < 0)
        return err_errno(e, errno, "evidence.source", "%s cannot be read", i->files[0].path);
    struct slice beginning = slice_of(first, (size_t)n);
    if (kind == EVIDENCE_IMPORT_ANY)
        kind = evidence_ewf_is(beginning)       ? EVIDENCE_IMPORT_E01
               : evidence_archive_is(beginning) ? EVIDENCE_IMPORT_ZIP
                                                : EVIDENCE_IMPORT_RAW;
    i->imported->kind = kind;
    return 0;
}

int evidence_received_open(struct evidence_importing *i, struct err *e)
{
    for (size_t k = 0; k < i->options->file_count; k++)
        if (open_one(i, i->options->files[k], e) != 0)
            return -1;
    if (decide(i, e) != 0)
        return -1;
    if (i->imported->kind == EVIDENCE_IMPORT_ZIP && i->file_count > 1)
        return err_set(e, ERR_USAGE, "evidence.archive", NULL,
                       "an archive is imported by itself, and %zu files were named", i->file_count);
    if (i->imported->kind != EVIDENCE_IMPORT_ZIP && i->file_count == 1 && open_following(i, e) != 0)
        return -1;
    i->imported->files = i->file_count;
    return 0;
}

void evidence_received_close(struct evidence_importing *i)
{
    for (size_t k = 0; k < i->file_count; k++) {
        if (i->files[k].is_in_order)
            evidence_in_order_reader_fini(&i->files[k].reader);
        if (i->files[k].fd >= 0)
            close(i->files[k].fd);
        mem_free(i->files[k].path);
    }
    mem_free(i->files);
    if (i->part.evp)
        sha256_fini(&i->part);
}

static int hash_one(struct evidence_received *f, uint8_t *data, struct err *e)
{
    struct sha256_context c;
    int result = sha256_init(&c) == 0 ? 0 : digest_failed(e);
    for (uint64_t at = 0; result == 0 && at < f->bytes;) {
        ssize_t n = pread(f->fd, data, PART, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            result = err_errno(e, errno, "evidence.source", "%s cannot be read", f->path);
        else if (n == 0)
            result = err_set(e, ERR_CONFLICT, "evidence.source", NULL,
                             "%s became shorter while it was read", f->path);
        else if (sha256_update(&c, slice_of(data, (size_t)n)) != 0)
            result = digest_failed(e);
        else
            at += (uint64_t)n;
    }
    if (result == 0 && sha256_final(&c, f->sha256) != 0)
        result = digest_failed(e);
    f->hashed = result == 0;
    sha256_fini(&c);
    return result;
}

int evidence_received_hash(struct evidence_importing *i, struct err *e)
{
    if (i->imported->kind != EVIDENCE_IMPORT_E01)
        return sha256_init(&i->part) == 0 ? 0 : digest_failed(e);
    uint8_t *data = mem_new(PART, 1);
    int result = data ? 0 : err_memory(e);
    for (size_t k = 0; result == 0 && k < i->file_count; k++)
        result = hash_one(&i->files[k], data, e);
    mem_free(data);
    return result;
}

/* Ends files that are whole, empty ones too. */
static int end_parts(struct evidence_importing *i, struct err *e)
{
    while (i->part_file < i->file_count && i->part_byte == i->files[i->part_file].bytes) {
        struct evidence_received *f = &i->files[i->part_file++];
        if (sha256_final(&i->part, f->sha256) != 0)
            return digest_failed(e);
        f->hashed = true;
        i->part_byte = 0;
    }
    return 0;
}

static int take(void *context, const struct evidence_block *b, struct err *e)
{
    struct evidence_importing *i = context;
    struct slice data = slice_of(b->data, b->len);
    while (data.len > 0) {
        if (end_parts(i, e) != 0)
            return -1;
        uint64_t rest = i->files[i->part_file].bytes - i->part_byte;
        size_t len = rest < data.len ? (size_t)rest : data.len;
        if (sha256_update(&i->part, slice_of(data.data, len)) != 0)
            return digest_failed(e);
        i->part_byte += len;
        data = slice_of(data.data + len, data.len - len);
    }
    return 0;
}

struct evidence_stage evidence_received_stage(struct evidence_importing *i)
{
    return (struct evidence_stage){.take = take, .context = i};
}

int evidence_received_finish(struct evidence_importing *i, struct err *e)
{
    if (i->imported->kind == EVIDENCE_IMPORT_E01)
        return 0;
    if (i->file_count > 1)
        return end_parts(i, e);
    memcpy(i->files[0].sha256, i->imported->sha256, SHA256_LEN);
    i->files[0].hashed = true;
    return 0;
}
