/* SPDX-License-Identifier: Apache-2.0 */
/* Read logs as somebody hands them over: each line that is taken can be written and is the same
 * then; held against a map, time and memory stay in bounds. */
#include "evidence/acquire/read_log_line.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *context, const struct read_log_line *line, struct err *e)
{
    const struct read_log_line *head = context;
    struct read_log_line again;
    struct buf text;
    if (line->kind != READ_LOG_CALLS) {
        if (line->kind == READ_LOG_HEAD)
            *(struct read_log_line *)context = *line;
        return 0;
    }
    buf_init(&text);
    read_log_calls_write(&text, &line->calls);
    if (buf_check(&text, e) == 0 &&
        (read_log_line_parse(slice_of(text.data, text.len - 1), head, &again, e) != 0 ||
         again.calls.bytes != line->calls.bytes || again.calls.got != line->calls.got ||
         again.calls.order != line->calls.order) &&
        e->kind != ERR_MEMORY)
        abort();
    buf_fini(&text);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char map[] = "0x0 + 1\n0x00000000 0x1000 +\n0x00001000 0x1000 -\n";
    struct read_log_line head = {0};
    struct evidence_held_log held;
    struct err e = {0};
    uint64_t good;
    int fd = memfd_create("reads", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    if (read_log_each(fd, take, &head, &good, &e) == 0 && good > size)
        abort();
    if (lseek(fd, 0, SEEK_SET) == 0)
        (void)!evidence_read_log_hold(fd, slice_str(map), &held, &e);
    close(fd);
    return 0;
}
