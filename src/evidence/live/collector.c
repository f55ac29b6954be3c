/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/live/collector.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PART = 1 << 16, MEMBER_MOST = 4 << 20, FLUSH = 1 << 20 };

void live_beat(struct live_room *room)
{
    atomic_fetch_add(&room->shared->beats, 1);
}

bool live_item(struct live_room *room, uint64_t number, const char *format, ...)
{
    va_list list;
    if (number < room->from)
        return false;
    if (number > room->from || atomic_load(&room->shared->item) != number)
        atomic_store(&room->shared->items, number);
    va_start(list, format);
    vsnprintf(room->shared->at, sizeof room->shared->at, format, list);
    va_end(list);
    atomic_store(&room->shared->item, number);
    live_beat(room);
    return true;
}

void live_warn(struct live_room *room, const char *format, ...)
{
    va_list list;
    struct live_shared *s = room->shared;
    if (s->warning_count == EVIDENCE_LIVE_WARNINGS)
        return;
    va_start(list, format);
    vsnprintf(s->warnings[s->warning_count], sizeof s->warnings[0], format, list);
    va_end(list);
    s->warning_count++;
}

void live_refused(struct live_room *room, const char *path, int error)
{
    if (atomic_fetch_add(&room->shared->refused, 1) == 0)
        snprintf(room->shared->refused_first, sizeof room->shared->refused_first, "%s: %s", path,
                 strerrordesc_np(error) ? strerrordesc_np(error) : "an error");
}

bool live_is_refusal(int error)
{
    return error != ENOENT && error != ESRCH && error != ENOTDIR && error != EINVAL &&
           error != EOPNOTSUPP && error != ENODEV && error != ENXIO;
}

void live_nothing(struct live_room *room, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(room->shared->why, sizeof room->shared->why, format, list);
    va_end(list);
    room->shared->nothing = true;
}

int live_open(struct live_room *room, const char *path)
{
    char full[4096];
    if ((size_t)snprintf(full, sizeof full, "%s/%s", room->root, path) >= sizeof full) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    live_beat(room);
    int fd = open(full, flags | O_NOATIME);
    if (fd < 0 && errno == EPERM) {
        fd = open(full, flags);
        if (fd >= 0)
            atomic_fetch_add(&room->shared->touched, 1);
    }
    if (fd >= 0)
        atomic_fetch_add(&room->shared->files_read, 1);
    return fd;
}

int live_read(struct live_room *room, const char *path, size_t limit, struct buf *text)
{
    size_t before = text->len;
    int fd = live_open(room, path), error = 0;
    if (fd < 0)
        return errno;
    for (;;) {
        uint8_t *at = buf_extend(text, PART);
        if (!at) {
            error = ENOMEM;
            break;
        }
        ssize_t n = read(fd, at, PART);
        text->len -= PART - (size_t)(n > 0 ? n : 0);
        live_beat(room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            error = errno;
        if (n <= 0)
            break;
        atomic_fetch_add(&room->shared->bytes_read, (unsigned long long)n);
        if (text->len - before > limit) {
            error = EFBIG;
            break;
        }
    }
    close(fd);
    return error;
}

int live_link(struct live_room *room, const char *path, struct buf *text)
{
    char full[4096], target[4096];
    if ((size_t)snprintf(full, sizeof full, "%s/%s", room->root, path) >= sizeof full)
        return ENAMETOOLONG;
    ssize_t n = readlink(full, target, sizeof target);
    if (n < 0)
        return errno;
    buf_put(text, target, (size_t)n);
    return 0;
}

void live_text(struct live_room *room, const char *path, char *text, size_t room_bytes)
{
    text[0] = 0;
    int fd = live_open(room, path);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, room_bytes - 1);
    close(fd);
    if (n > 0 && text[n - 1] == '\n')
        n--;
    text[n > 0 ? n : 0] = 0;
}

void live_line(struct live_room *room, const char *path, char *line, size_t room_bytes)
{
    live_text(room, path, line, room_bytes);
    line[strcspn(line, "\n")] = 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_number(const void *a, const void *b)
{
    unsigned long x = strtoul(*(char *const *)a, NULL, 10),
                  y = strtoul(*(char *const *)b, NULL, 10);
    return (x > y) - (x < y);
}

struct linux_dirent64 {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

static int add_names(struct live_names *names, size_t *room, const uint8_t *part, size_t len,
                     bool numbers, struct err *e)
{
    for (size_t at = 0; at < len;) {
        const struct linux_dirent64 *entry = (const struct linux_dirent64 *)(part + at);
        const char *name = entry->name;
        at += entry->length;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            (numbers && strspn(name, "0123456789") != strlen(name)))
            continue;
        if (names->count == *room) {
            size_t more = *room ? 2 * *room : 256;
            char **all = mem_resize(names->names, more, sizeof *all);
            if (!all)
                return err_memory(e);
            names->names = all;
            *room = more;
        }
        names->names[names->count] = arena_strdup(&names->arena, name);
        if (!names->names[names->count++])
            return err_memory(e);
    }
    return 0;
}

int live_names_read(struct live_room *room, const char *path, bool numbers,
                    struct live_names *names, int *error, struct err *e)
{
    size_t room_names = 0;
    int result = 0, why = 0;
    *names = (struct live_names){0};
    arena_init(&names->arena, 0);
    int fd = live_open(room, path);
    uint8_t *part = mem_new(PART, 1);
    if (!part)
        result = err_memory(e);
    if (fd < 0)
        why = errno;
    while (fd >= 0 && result == 0) {
        long n = syscall(SYS_getdents64, fd, part, (size_t)PART);
        if (n < 0)
            why = errno;
        if (n <= 0)
            break;
        live_beat(room);
        result = add_names(names, &room_names, part, (size_t)n, numbers, e);
    }
    if (fd >= 0)
        close(fd);
    mem_free(part);
    if (names->count > 0)
        qsort(names->names, names->count, sizeof *names->names, numbers ? by_number : by_name);
    if (error)
        *error = why;
    if (result != 0)
        live_names_fini(names);
    return result;
}

void live_names_fini(struct live_names *names)
{
    mem_free(names->names);
    arena_fini(&names->arena);
    names->names = NULL;
    names->count = 0;
}

/* A line that a run before this one did not finish is cut off. */
static int cut(int fd, const char *suffix)
{
    off_t end = lseek(fd, 0, SEEK_END);
    size_t len = strlen(suffix);
    char byte;
    if (len < 6 || strcmp(suffix + len - 6, ".jsonl") != 0)
        return 0;
    while (end > 0 && pread(fd, &byte, 1, end - 1) == 1 && byte != '\n')
        end--;
    return ftruncate(fd, end);
}

int live_output_open(struct live_output *out, struct live_room *room, const char *suffix,
                     struct err *e)
{
    char path[4096];
    *out = (struct live_output){.room = room, .fd = -1};
    buf_init(&out->text);
    snprintf(out->name, sizeof out->name, "%s%s", room->base, suffix);
    if ((size_t)snprintf(path, sizeof path, "%s/%s", room->options->folder, out->name) >=
        sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long",
                       out->name);
    int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_APPEND;
    if (room->from == 0)
        flags |= O_TRUNC;
    out->fd = open(path, flags, 0600);
    if (out->fd < 0 || (room->from > 0 && cut(out->fd, suffix) != 0))
        return err_errno(e, errno, "evidence.write", "%s cannot be written", out->name);
    return 0;
}

int live_output_put(struct live_output *out, const void *data, size_t len, struct err *e)
{
    if (file_write_all(out->fd, data, len) != 0) {
        if (errno != ENOSPC && errno != EDQUOT)
            return err_errno(e, errno, "evidence.write", "%s cannot be written", out->name);
        return err_set(e, ERR_UNAVAILABLE, "evidence.no-space", NULL,
                       "there is no space left for %s", out->name);
    }
    atomic_fetch_add(&out->room->shared->bytes_written, len);
    live_beat(out->room);
    return 0;
}

int live_output_flush(struct live_output *out, struct err *e)
{
    if (buf_check(&out->text, e) != 0 ||
        live_output_put(out, out->text.data, out->text.len, e) != 0)
        return -1;
    buf_reset(&out->text);
    return 0;
}

int live_output_close(struct live_output *out, int result, struct err *e)
{
    if (out->fd >= 0 && result == 0)
        result = live_output_flush(out, e);
    if (out->fd >= 0)
        close(out->fd);
    buf_fini(&out->text);
    return result;
}

void live_line_begin(struct live_output *out, struct json_writer *w)
{
    json_write_init(w, &out->text, 0);
    json_write_object(w);
}

int live_line_end(struct live_output *out, struct json_writer *w, struct err *e)
{
    json_write_object_end(w);
    buf_putc(&out->text, '\n');
    return out->text.len < FLUSH && !out->text.failed ? 0 : live_output_flush(out, e);
}

void live_member(struct json_writer *w, const char *name, struct slice bytes)
{
    char exact[64];
    if (utf8_check(bytes) == bytes.len) {
        json_member_slice(w, name, bytes.data ? bytes : slice_str(""));
        return;
    }
    snprintf(exact, sizeof exact, "%s_base64", name);
    json_member_base64(w, exact, bytes);
}

size_t live_member_file(struct live_room *room, struct json_writer *w, const char *name,
                        const char *path)
{
    struct buf text;
    char member[64];
    buf_init(&text);
    int error = live_read(room, path, MEMBER_MOST, &text);
    if (!text.failed && (error == 0 || text.len > 0))
        live_member(w, name, buf_slice(&text));
    if (error) {
        snprintf(member, sizeof member, "%s_error", name);
        json_member_string(w, member, strerrordesc_np(error));
        if (live_is_refusal(error))
            live_refused(room, path, error);
    }
    size_t len = text.len;
    buf_fini(&text);
    return len;
}

void live_member_strings(struct json_writer *w, const char *name, struct slice bytes)
{
    char exact[64];
    if (utf8_check(bytes) != bytes.len) {
        snprintf(exact, sizeof exact, "%s_base64", name);
        json_member_base64(w, exact, bytes);
        return;
    }
    json_write_name(w, name);
    json_write_array(w);
    while (bytes.len > 0) {
        const uint8_t *end = memchr(bytes.data, 0, bytes.len);
        size_t len = end ? (size_t)(end - bytes.data) : bytes.len;
        json_write_slice(w, slice_of(bytes.data, len));
        len += end != NULL;
        bytes = slice_of(bytes.data + len, bytes.len - len);
    }
    json_write_array_end(w);
}
