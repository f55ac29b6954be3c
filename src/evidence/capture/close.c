/* SPDX-License-Identifier: Apache-2.0 */
/* A capture that was broken off is looked through and closed. */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "evidence/capture/pcapng.h"
#include "evidence/capture/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 20, BEGUN_MOST = 4 << 20 };

struct closing {
    struct capture_written written;
    struct capture_outcome outcome;
    uint8_t *data; /* PCAPNG_BLOCK_MOST + PIECE bytes */
};

static void look(struct closing *c, struct capture_file *f, const struct pcapng_block *b)
{
    if (b->type == PCAPNG_PACKET) {
        f->packets++;
        f->last = (int64_t)(b->at / 1000);
        if (!f->first)
            f->first = f->last;
    } else if (b->type == PCAPNG_STATISTICS) { /* counted since the capture began */
        if (b->has_kernel_dropped)
            c->outcome.status.dropped_by_kernel = b->kernel_dropped;
        if (b->has_interface_dropped) {
            c->outcome.status.dropped_by_interface = b->interface_dropped;
            c->outcome.interface_known = true;
        }
    }
}

/* Reads a file block by block; *whole: the bytes of whole blocks. */
static int walk(struct closing *c, int fd, struct capture_file *f, uint64_t *whole, struct err *e)
{
    size_t have = 0;
    *whole = 0;
    for (bool ended = false; !ended || have;) {
        ssize_t got = ended ? 0 : read(fd, c->data + have, PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(e, errno, "evidence.read", "a file of the capture cannot be read");
        ended = got == 0;
        have += (size_t)got;
        size_t at = 0;
        struct pcapng_block b;
        int one;
        while ((one = pcapng_read(slice_of(c->data + at, have - at), &b, e)) == 1) {
            look(c, f, &b);
            at += b.len;
        }
        if (sha256_update(&c->written.digest, slice_of(c->data, at)) != 0 ||
            sha256_update(&c->written.running, slice_of(c->data, at)) != 0)
            return digest_failed(e);
        *whole += at;
        have -= at;
        memmove(c->data, c->data + at, have);
        if (one < 0)
            return err_where(e, "byte %llu", (unsigned long long)*whole);
        if (ended)
            break;
    }
    return 0;
}

static int take_file(struct closing *c, const char *path, bool last, struct err *e)
{
    struct capture_file *f = capture_written_file(&c->written);
    struct stat st;
    uint64_t whole = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int why = errno;
        if (fd >= 0)
            close(fd);
        return err_errno(e, why, "evidence.read", "%s cannot be opened", path);
    }
    int result = walk(c, fd, f, &whole, e);
    uint64_t cut = (uint64_t)st.st_size - whole;
    if (result == 0 && cut && !last)
        result = err_set(e, ERR_INPUT, "capture.pcapng", NULL,
                         "the file ends within a block, and it is not the last one");
    if (result == 0 && cut && (ftruncate(fd, (off_t)whole) != 0 || fsync(fd) != 0))
        result = err_errno(e, errno, "evidence.write", "%s cannot be cut", path);
    close(fd);
    if (result != 0)
        return err_context(e, "%s", path);
    c->outcome.cut_bytes += cut;
    c->outcome.status.packets += f->packets;
    f->bytes = whole;
    c->outcome.status.bytes += whole;
    if (f->last)
        c->outcome.ended = f->last;
    return sha256_final(&c->written.digest, f->sha256) == 0 ? 0 : digest_failed(e);
}

static int take_files(struct closing *c, const char *data, struct err *e)
{
    for (size_t number = 1; number <= CAPTURE_FILES; number++) {
        char name[CAPTURE_NAME], path[4300], next[4300];
        capture_file_name(number, name);
        snprintf(path, sizeof path, "%s/%s", data, name);
        capture_file_name(number + 1, name);
        snprintf(next, sizeof next, "%s/%s", data, name);
        if (file_kind(path) != 1)
            return 0;
        struct capture_file *more = mem_resize(c->written.files, number, sizeof *c->written.files);
        if (!more)
            return err_memory(e);
        c->written.files = more;
        c->written.files[number - 1] = (struct capture_file){0};
        c->written.count = c->written.room = number;
        if (take_file(c, path, file_kind(next) != 1, e) != 0)
            return -1;
    }
    return 0;
}

static int read_begun(const char *folder, struct buf *begun, struct buf *selftest,
                      struct closing *c, struct err *e)
{
    char path[4200];
    struct json_doc *doc = NULL;
    struct err none = {0};
    snprintf(path, sizeof path, "%s/%s", folder, capture_begun_name);
    if (file_kind(path) != 1) {
        snprintf(path, sizeof path, "%s/acquisition.json", folder);
        return err_set(
            e, file_kind(path) == 1 ? ERR_CONFLICT : ERR_NOT_FOUND, "evidence.exists", NULL,
            file_kind(path) == 1 ? "%s is closed already" : "no capture was begun in %s", folder);
    }
    if (file_read(path, BEGUN_MOST, begun, e) != 0 ||
        json_parse(&doc, buf_slice(begun), NULL, e) != 0)
        return -1;
    if (time_parse(json_get_string(json_get(json_root(doc), "started"), "at"), &c->outcome.ended,
                   &none) != 0)
        c->outcome.ended = 0;
    json_doc_free(doc);
    snprintf(path, sizeof path, "%s/selftest.json", folder);
    return file_kind(path) != 1 || file_read(path, BEGUN_MOST, selftest, e) == 0 ? 0 : -1;
}

static int close_all(struct closing *c, const char *folder, struct evidence_captured *captured,
                     struct err *e)
{
    char data[4200];
    struct buf begun, selftest;
    buf_init(&begun);
    buf_init(&selftest);
    snprintf(data, sizeof data, "%s/data", folder);
    int result = read_begun(folder, &begun, &selftest, c, e);
    if (result == 0)
        result = capture_written_init(&c->written, data, e);
    if (result == 0)
        result = take_files(c, data, e);
    if (result == 0 && sha256_final(&c->written.running, c->outcome.sha256) != 0)
        result = digest_failed(e);
    c->outcome.broken_off = true;
    c->outcome.closed = clock_now(&clock_system);
    if (result == 0)
        result = capture_record_close(folder, buf_slice(&begun), buf_slice(&selftest), &c->written,
                                      &c->outcome, e);
    captured->status = c->outcome.status;
    captured->files = c->written.count;
    captured->cut_bytes = c->outcome.cut_bytes;
    memcpy(captured->sha256, c->outcome.sha256, sizeof captured->sha256);
    buf_fini(&begun);
    buf_fini(&selftest);
    return result;
}

int evidence_capture_close(const char *folder, struct evidence_captured *captured, struct err *e)
{
    struct closing c = {.written.fd = -1};
    *captured = (struct evidence_captured){0};
    c.data = mem_new(PCAPNG_BLOCK_MOST + PIECE, 1);
    int result = c.data ? close_all(&c, folder, captured, e) : err_memory(e);
    capture_written_fini(&c.written);
    mem_free(c.data);
    return result;
}
