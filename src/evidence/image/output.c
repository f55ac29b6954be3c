/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/image/output.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(struct err *e, int why, const char *path)
{
    if (why == ENOSPC || why == EDQUOT) {
        err_set(e, ERR_UNAVAILABLE, "evidence.no-space", NULL, "there is no space left for %s",
                path);
        return err_hint(e, "make room, or export in smaller files to another place");
    }
    return err_errno(e, why, "evidence.write", "%s cannot be written", path);
}

static int part_name(const char *path, char out[4096], struct err *e)
{
    if ((size_t)snprintf(out, 4096, "%s.part", path) >= 4096)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", path);
    return 0;
}

static int exists(const char *path, struct err *e)
{
    err_set(e, ERR_CONFLICT, "evidence.exists", NULL, "there is something at %s already", path);
    return err_hint(e, "name a file that is not there; nothing is written over");
}

int evidence_output_open(struct evidence_outputs *o, const char *path, struct err *e)
{
    char part[4096];
    struct stat st;
    if (part_name(path, part, e) != 0)
        return -1;
    if (lstat(path, &st) == 0)
        return exists(path, e);
    if (o->count == o->room) {
        size_t room = o->room ? 2 * o->room : 16;
        void *grown = mem_resize(o->files, room, sizeof *o->files);
        if (!grown)
            return err_memory(e);
        o->files = grown;
        o->room = room;
    }
    char *copy = mem_strdup(path);
    if (!copy)
        return err_memory(e);
    /* what a killed export left behind is nobody's */
    int fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        failed(e, errno, part);
        mem_free(copy);
        return -1;
    }
    o->files[o->count] = (struct evidence_output){.path = copy, .fd = fd};
    evidence_in_order_writer_init(&o->files[o->count++].out, fd, 0);
    return 0;
}

int evidence_output_put_at(struct evidence_outputs *o, struct slice bytes, uint64_t at,
                           struct err *e)
{
    struct evidence_output *f = evidence_output_last(o);
    if (evidence_in_order_settle(&f->out) != 0 || evidence_write_exactly(f->fd, bytes, at) != 0)
        return failed(e, errno, f->path);
    return 0;
}

int evidence_output_put(struct evidence_outputs *o, struct slice bytes, struct err *e)
{
    struct evidence_output *f = evidence_output_last(o);
    bool hole = evidence_in_order_end(&f->out) != f->bytes;
    if ((hole && evidence_in_order_skip(&f->out, f->bytes) != 0) ||
        evidence_in_order_put(&f->out, bytes) != 0)
        return failed(e, errno, f->path);
    f->bytes += bytes.len;
    return 0;
}

int evidence_output_close(struct evidence_outputs *o, struct err *e)
{
    struct evidence_output *f = evidence_output_last(o);
    int result =
        evidence_in_order_settle(&f->out) == 0 && fsync(f->fd) == 0 ? 0 : failed(e, errno, f->path);
    evidence_in_order_writer_fini(&f->out);
    if (close(f->fd) != 0 && result == 0)
        result = failed(e, errno, f->path);
    f->fd = -1;
    return result;
}

static int commit_one(const struct evidence_output *f, struct err *e)
{
    char part[4096];
    if (part_name(f->path, part, e) != 0)
        return -1;
    if (file_rename_new(AT_FDCWD, part, AT_FDCWD, f->path) == 0)
        return 0;
    return errno == EEXIST ? exists(f->path, e) : failed(e, errno, f->path);
}

int evidence_outputs_commit(struct evidence_outputs *o, struct err *e)
{
    size_t left = o->count;
    while (left > 0) { /* the first file last: a set without it does not open */
        if (commit_one(&o->files[left - 1], e) == 0) {
            left--;
            continue;
        }
        for (size_t i = left; i < o->count; i++) /* all or none */
            (void)unlink(o->files[i].path);
        return -1;
    }
    for (size_t i = 0; i < o->count; i++)
        mem_free(o->files[i].path);
    o->count = 0;
    return 0;
}

void evidence_outputs_fini(struct evidence_outputs *o)
{
    for (size_t i = 0; i < o->count; i++) {
        char part[4096];
        struct err ignored = {0};
        evidence_in_order_writer_fini(&o->files[i].out);
        if (o->files[i].fd >= 0)
            close(o->files[i].fd);
        if (part_name(o->files[i].path, part, &ignored) == 0)
            (void)unlink(part);
        mem_free(o->files[i].path);
    }
    mem_free(o->files);
    *o = (struct evidence_outputs){0};
}

const char *evidence_output_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
