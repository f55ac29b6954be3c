/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/pack_files.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLAUSE "tocsin formats section 6"

enum { FETCH_AT_ONCE = 256 << 10, FOLDERS_DEEP = 4 };

static int add(struct pack_files *files, const char *name, uint64_t offset, uint64_t size,
               struct err *e)
{
    if (files->count == PACK_FILES_MAX)
        return err_set(e, ERR_LIMIT, "pack.files", CLAUSE, "a pack of more than %d files",
                       PACK_FILES_MAX);
    if (files->count == files->room) {
        size_t room = files->room ? files->room * 2 : 64;
        void *grown = mem_resize(files->files, room, sizeof *files->files);
        if (!grown)
            return err_memory(e);
        files->files = grown;
        files->room = room;
    }
    struct pack_file *file = &files->files[files->count++];
    *file = (struct pack_file){.offset = offset, .size = size};
    memcpy(file->name, name, strlen(name) + 1);
    return 0;
}

static int list_archive(struct pack_files *files, struct err *e)
{
    struct tar_reader reader;
    struct tar_entry entry;
    int rc;

    tar_read_init(&reader, tar_fetch_fd, &files->fd);
    while ((rc = tar_read_next(&reader, &entry, e)) == 1)
        if (add(files, entry.name, entry.offset, entry.size, e) != 0)
            return -1;
    return rc;
}

static int list_folder(struct pack_files *files, int folder, const char *prefix, int deep,
                       struct err *e);

static int list_one(struct pack_files *files, int folder, const char *prefix, const char *name,
                    int deep, struct err *e)
{
    char path[TAR_NAME_MAX + 1];
    struct stat st;
    int len = snprintf(path, sizeof path, "%s%s", prefix, name);

    if (len < 0 || len >= (int)sizeof path || !tar_name_is(slice_str(path)))
        return err_set(e, ERR_INPUT, "pack.name", CLAUSE, "a file has the name \"%.100s\"", name);
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return err_errno(e, errno, "pack.read", "\"%s\" cannot be read", path);
    if (S_ISREG(st.st_mode))
        return add(files, path, 0, (uint64_t)st.st_size, e);
    if (!S_ISDIR(st.st_mode) || deep == 0)
        return err_set(e, ERR_INPUT, "pack.name", CLAUSE, "\"%s\" is no plain file", path);
    int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner < 0)
        return err_errno(e, errno, "pack.read", "\"%s\" cannot be read", path);
    if ((size_t)len + 1 >= sizeof path) {
        close(inner);
        return err_set(e, ERR_INPUT, "pack.name", CLAUSE, "a folder has a too long name");
    }
    memcpy(path + len, "/", 2);
    return list_folder(files, inner, path, deep - 1, e); /* closes inner */
}

static int list_folder(struct pack_files *files, int folder, const char *prefix, int deep,
                       struct err *e)
{
    DIR *dir = fdopendir(folder);
    const struct dirent *item;
    int rc = 0;

    if (!dir) {
        close(folder);
        return err_errno(e, errno, "pack.read", "the folder cannot be read");
    }
    while (rc == 0 && (item = readdir(dir)) != NULL)
        if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
            rc = list_one(files, dirfd(dir), prefix, item->d_name, deep, e);
    closedir(dir);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct pack_file *)a)->name, ((const struct pack_file *)b)->name);
}

int pack_files_open(struct pack_files *files, const char *path, struct err *e)
{
    struct stat st;
    int rc;

    *files = (struct pack_files){.fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (files->fd < 0)
        return err_errno(e, errno, "pack.read", "\"%s\" cannot be opened", path);
    if (fstat(files->fd, &st) != 0) {
        err_errno(e, errno, "pack.read", "\"%s\" cannot be read", path);
        goto fail;
    }
    files->is_archive = !S_ISDIR(st.st_mode);
    if (files->is_archive) {
        rc = list_archive(files, e);
    } else {
        int folder = fcntl(files->fd, F_DUPFD_CLOEXEC, 0);
        rc = folder < 0 ? err_errno(e, errno, "pack.read", "\"%s\" cannot be read", path)
                        : list_folder(files, folder, "", FOLDERS_DEEP, e);
    }
    if (rc != 0)
        goto fail;
    if (files->count > 1)
        qsort(files->files, files->count, sizeof *files->files, by_name);
    for (size_t i = 1; i < files->count; i++)
        if (strcmp(files->files[i - 1].name, files->files[i].name) == 0) {
            err_set(e, ERR_INPUT, "pack.name", CLAUSE, "\"%s\" is there twice",
                    files->files[i].name);
            goto fail;
        }
    return 0;
fail:
    pack_files_close(files);
    return -1;
}

void pack_files_close(struct pack_files *files)
{
    if (files->fd >= 0)
        close(files->fd);
    files->fd = -1;
    mem_free(files->files);
    files->files = NULL;
    files->count = 0;
}

const struct pack_file *pack_files_find(const struct pack_files *files, const char *name)
{
    struct pack_file key;

    if (strlen(name) > TAR_NAME_MAX || files->count == 0)
        return NULL;
    memcpy(key.name, name, strlen(name) + 1);
    return bsearch(&key, files->files, files->count, sizeof key, by_name);
}

/* ---- reading ----------------------------------------------------------------------------- */

int pack_stream_open(struct pack_stream *stream, const struct pack_files *files,
                     const struct pack_file *file, struct err *e)
{
    *stream = (struct pack_stream){.file = file, .fd = files->fd, .base = file->offset};
    buf_init(&stream->held);
    if (files->is_archive)
        return 0;
    stream->own_fd = true;
    stream->fd = openat(files->fd, file->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return stream->fd >= 0
               ? 0
               : err_errno(e, errno, "pack.read", "\"%s\" cannot be opened", file->name);
}

void pack_stream_close(struct pack_stream *stream)
{
    if (stream->own_fd && stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    buf_fini(&stream->held);
}

/* Fetches behind what is held. 1 something came, 0 the end, -1. */
static int fetch(struct pack_stream *stream, struct err *e)
{
    uint64_t left = stream->file->size - stream->at;
    size_t want = left < FETCH_AT_ONCE ? (size_t)left : FETCH_AT_ONCE, before;
    int64_t got;

    if (want == 0)
        return 0;
    if (stream->taken > 0) {
        memmove(stream->held.data, stream->held.data + stream->taken,
                stream->held.len - stream->taken);
        stream->held.len -= stream->taken;
        stream->taken = 0;
    }
    before = stream->held.len;
    uint8_t *room = buf_extend(&stream->held, want);
    if (!room)
        return err_memory(e);
    got = tar_fetch_fd(&stream->fd, stream->base + stream->at, room, want, e);
    if (got < 0)
        return -1;
    if ((size_t)got != want)
        return err_set(e, ERR_INPUT, "pack.read", NULL, "\"%s\" became shorter while it was read",
                       stream->file->name);
    stream->at += want;
    stream->held.len = before + want;
    return 1;
}

int pack_stream_block(struct pack_stream *stream, struct slice *bytes, struct err *e)
{
    stream->taken = stream->held.len;
    int rc = fetch(stream, e);

    if (rc == 1)
        *bytes = buf_slice(&stream->held);
    return rc;
}

int pack_stream_line(struct pack_stream *stream, struct slice *line, struct err *e)
{
    size_t searched = 0;

    for (;;) {
        const uint8_t *begin = stream->held.data ? stream->held.data + stream->taken : NULL;
        size_t held = stream->held.len - stream->taken;
        const uint8_t *end =
            held > searched ? memchr(begin + searched, '\n', held - searched) : NULL;
        if (end) {
            *line = slice_of(begin, (size_t)(end - begin));
            stream->taken += line->len + 1;
            return 1;
        }
        searched = held;
        if (held > PACK_LINE_MAX)
            return err_set(e, ERR_LIMIT, "pack.line", CLAUSE, "a line of more than %d bytes",
                           PACK_LINE_MAX);
        int rc = fetch(stream, e);
        if (rc < 0)
            return -1;
        if (rc == 0)
            return held == 0 ? 0
                             : err_set(e, ERR_INPUT, "pack.line", CLAUSE,
                                       "the last line does not end with a newline");
    }
}

int pack_file_read(const struct pack_files *files, const struct pack_file *file, size_t limit,
                   struct buf *out, struct err *e)
{
    struct pack_stream stream;
    struct slice bytes;
    int rc;

    if (file->size > limit)
        return err_set(e, ERR_LIMIT, "pack.size", CLAUSE, "\"%s\" has %llu bytes; at most %zu",
                       file->name, (unsigned long long)file->size, limit);
    if (pack_stream_open(&stream, files, file, e) != 0)
        return -1;
    while ((rc = pack_stream_block(&stream, &bytes, e)) == 1)
        buf_put_slice(out, bytes);
    pack_stream_close(&stream);
    return rc == 0 ? buf_check(out, e) : -1;
}
