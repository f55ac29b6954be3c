/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that become files: written beside the name, and named when they are whole. */
#include "base/file.h"
#include "cli/api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct sink {
    int fd;
    int error; /* errno of a failed write */
    uint64_t size;
};

static int take(void *context, struct slice run)
{
    struct sink *sink = context;

    if (file_write_all(sink->fd, run.data, run.len) != 0) {
        sink->error = errno;
        return -1;
    }
    sink->size += run.len;
    return 0;
}

static int fetch(struct api *api, const struct api_request *request, struct sink *sink,
                 const char *path, struct err *e)
{
    struct api_request streamed = *request;
    struct api_answer answer;

    api_answer_init(&answer);
    streamed.write_body = take;
    streamed.write_context = sink;
    int result = api_send(api, &streamed, &answer, e);
    if (sink->error) {
        err_clear(e);
        result = err_errno(e, sink->error, "cli.output", "%s cannot be written", path);
    }
    api_answer_fini(&answer);
    return result;
}

static int fetch_to_file(struct api *api, const struct api_request *request, const char *path,
                         struct sink *sink, struct err *e)
{
    struct buf part;
    int result = -1;

    buf_init(&part);
    buf_printf(&part, "%s.part", path);
    if (buf_check(&part, e) != 0)
        goto out;
    sink->fd = open(buf_text(&part), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (sink->fd < 0) {
        err_errno(e, errno, "cli.output", "%s cannot be written", buf_text(&part));
        if (e->kind == ERR_SYSTEM && access(buf_text(&part), F_OK) == 0)
            err_hint(e, "it is left from an earlier attempt: remove it");
        goto out;
    }
    if (fetch(api, request, sink, path, e) == 0) {
        if (fsync(sink->fd) != 0 || rename(buf_text(&part), path) != 0)
            err_errno(e, errno, "cli.output", "%s cannot be written", path);
        else
            result = 0;
    }
    close(sink->fd);
    if (result != 0)
        unlink(buf_text(&part));
out:
    buf_fini(&part);
    return result;
}

int api_download(struct api *api, const struct api_request *request, const char *path,
                 uint64_t *size, struct err *e)
{
    struct sink sink = {.fd = STDOUT_FILENO};
    int result = strcmp(path, "-") == 0 ? fetch(api, request, &sink, "standard output", e)
                                        : fetch_to_file(api, request, path, &sink, e);

    if (size)
        *size = sink.size;
    return result;
}
