/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/capture/written.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void capture_file_name(size_t number, char name[CAPTURE_NAME])
{
    snprintf(name, CAPTURE_NAME, "capture-%05zu.pcapng", number);
}

int capture_written_init(struct capture_written *w, const char *data, struct err *e)
{
    *w = (struct capture_written){.data = data, .fd = -1};
    buf_init(&w->pending);
    return sha256_init(&w->digest) == 0 && sha256_init(&w->running) == 0 ? 0 : digest_failed(e);
}

void capture_written_fini(struct capture_written *w)
{
    if (w->fd >= 0)
        close(w->fd);
    if (w->digest.evp)
        sha256_fini(&w->digest);
    if (w->running.evp)
        sha256_fini(&w->running);
    buf_fini(&w->pending);
    mem_free(w->files);
}

struct capture_file *capture_written_file(struct capture_written *w)
{
    return &w->files[w->count - 1];
}

int capture_written_begin(struct capture_written *w, struct err *e)
{
    char name[CAPTURE_NAME], path[4200];
    if (w->fd >= 0 && capture_written_end(w, e) != 0)
        return -1;
    if (w->count == CAPTURE_FILES)
        return err_set(e, ERR_LIMIT, "capture.files", NULL, "a capture has at most %d files",
                       CAPTURE_FILES);
    if (w->count == w->room) {
        size_t room = w->room ? 2 * w->room : 16;
        struct capture_file *more = mem_resize(w->files, room, sizeof *more);
        if (!more)
            return err_memory(e);
        w->files = more;
        w->room = room;
    }
    capture_file_name(w->count + 1, name);
    snprintf(path, sizeof path, "%s/%s", w->data, name);
    w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (w->fd < 0)
        return err_errno(e, errno, "evidence.write", "%s cannot be made", path);
    w->files[w->count++] = (struct capture_file){0};
    return 0;
}

int capture_written_flush(struct capture_written *w, struct err *e)
{
    char name[CAPTURE_NAME];
    struct slice bytes = buf_slice(&w->pending);
    if (buf_check(&w->pending, e) != 0)
        return -1;
    if (bytes.len == 0)
        return 0;
    if (file_write_all(w->fd, bytes.data, bytes.len) != 0) {
        int why = errno;
        capture_file_name(w->count, name);
        if (why == ENOSPC || why == EDQUOT)
            return err_set(e, ERR_UNAVAILABLE, "evidence.no-space", NULL,
                           "there is no room for %s; what is written stays", name);
        return err_errno(e, why, "evidence.write", "%s cannot be written", name);
    }
    if (sha256_update(&w->digest, bytes) != 0 || sha256_update(&w->running, bytes) != 0)
        return digest_failed(e);
    capture_written_file(w)->bytes += bytes.len;
    buf_reset(&w->pending);
    return 0;
}

int capture_written_end(struct capture_written *w, struct err *e)
{
    if (capture_written_flush(w, e) != 0)
        return -1;
    if (fsync(w->fd) != 0)
        return err_errno(e, errno, "evidence.write",
                         "a file of the capture cannot be made durable");
    close(w->fd);
    w->fd = -1;
    return sha256_final(&w->digest, capture_written_file(w)->sha256) == 0 ? 0 : digest_failed(e);
}
