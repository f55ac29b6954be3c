/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/live/footprint.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bool value_of(const char *text, const char *name, uint64_t *value)
{
    const char *at = text;
    size_t len = strlen(name);
    while (at && *at) {
        if (strncmp(at, name, len) == 0) {
            *value = strtoull(at + len, NULL, 10);
            return true;
        }
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    return false;
}

static void read_text(const char *path, struct buf *text)
{
    struct err none = {0};
    buf_reset(text);
    if (file_read(path, 1 << 20, text, &none) != 0)
        buf_reset(text);
}

/* The number of the newest message; reading takes none away. */
static bool newest_message(uint64_t *number)
{
    char message[8192];
    bool any = false;
    int fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (fd >= 0) {
        ssize_t n = read(fd, message, sizeof message - 1);
        if (n < 0 && (errno == EPIPE || errno == EINTR))
            continue;
        if (n <= 0)
            break;
        message[n] = 0;
        const char *comma = strchr(message, ',');
        if (comma) {
            *number = strtoull(comma + 1, NULL, 10) + 1;
            any = true;
        }
    }
    if (fd >= 0)
        close(fd);
    return any;
}

void footprint_read(struct footprint_reading *r)
{
    struct buf text;
    *r = (struct footprint_reading){0};
    buf_init(&text);
    read_text("/proc/self/io", &text);
    r->has_io = value_of(buf_text(&text), "rchar:", &r->read_bytes) &&
                value_of(buf_text(&text), "wchar:", &r->written_bytes) &&
                value_of(buf_text(&text), "read_bytes:", &r->disk_read_bytes) &&
                value_of(buf_text(&text), "write_bytes:", &r->disk_written_bytes);
    read_text("/proc/meminfo", &text);
    r->has_cache = value_of(buf_text(&text), "Cached:", &r->cached_bytes) &&
                   value_of(buf_text(&text), "MemFree:", &r->free_bytes) &&
                   value_of(buf_text(&text), "Dirty:", &r->dirty_bytes);
    r->cached_bytes *= 1024;
    r->free_bytes *= 1024;
    r->dirty_bytes *= 1024;
    buf_fini(&text);
    r->has_log = newest_message(&r->log_messages);
}

static void difference(struct json_writer *w, const char *name, uint64_t before, uint64_t after)
{
    json_member_int(w, name, (int64_t)(after - before));
}

void footprint_write(struct json_writer *w, const struct footprint_reading *before,
                     const struct footprint_reading *after, const struct footprint_counts *counts)
{
    struct rusage own, children;
    json_write_object(w);
    json_member_int(w, "pid", getpid());
    if (getrusage(RUSAGE_SELF, &own) == 0 && getrusage(RUSAGE_CHILDREN, &children) == 0) {
        json_member_int(w, "memory_peak_bytes", 1024 * (int64_t)own.ru_maxrss);
        json_member_int(w, "memory_peak_bytes_of_a_collector", 1024 * (int64_t)children.ru_maxrss);
        json_member_int(w, "processor_microseconds",
                        (int64_t)(own.ru_utime.tv_sec + own.ru_stime.tv_sec +
                                  children.ru_utime.tv_sec + children.ru_stime.tv_sec) *
                                1000000 +
                            own.ru_utime.tv_usec + own.ru_stime.tv_usec +
                            children.ru_utime.tv_usec + children.ru_stime.tv_usec);
    }
    json_member_int(w, "processes_started", (int64_t)counts->processes);
    json_member_int(w, "programs_run", 0);
    json_member_int(w, "files_opened_for_reading", (int64_t)counts->files_read);
    json_member_int(w, "sockets_opened", (int64_t)counts->sockets);
    json_member_int(w, "files_whose_access_time_may_have_changed", (int64_t)counts->touched);
    if (before->has_io && after->has_io) {
        difference(w, "bytes_read", before->read_bytes, after->read_bytes);
        difference(w, "bytes_written", before->written_bytes, after->written_bytes);
        difference(w, "bytes_read_from_disks", before->disk_read_bytes, after->disk_read_bytes);
        difference(w, "bytes_written_to_disks", before->disk_written_bytes,
                   after->disk_written_bytes);
    }
    if (before->has_cache && after->has_cache) {
        difference(w, "page_cache_grew_by_bytes", before->cached_bytes, after->cached_bytes);
        difference(w, "free_memory_grew_by_bytes", before->free_bytes, after->free_bytes);
    }
    if (before->has_log && after->has_log)
        difference(w, "kernel_log_messages_meanwhile", before->log_messages, after->log_messages);
    json_member_string(w, "note",
                       "page cache, free memory and log are the machine's: others change them too");
    json_write_object_end(w);
}
