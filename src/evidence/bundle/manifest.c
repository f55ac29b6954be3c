/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/manifest.h"
#include "base/map.h"
#include "base/memory.h"
#include "evidence/bundle/in_order.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PART = 1 << 17,
    HASHED = 1 << 20,
    LINE_LEAST = 2 * SHA256_LEN + 2 /* its end may be missing */
};

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex(struct slice s, uint8_t *out, size_t bytes)
{
    if (s.len < 2 * bytes)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        int high = nibble(s.data[2 * i]), low = nibble(s.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* No absolute names, no "..", no empty part: what a bundle lists lies in it. */
static bool stays_inside(const char *name)
{
    if (name[0] == '/' || name[0] == 0)
        return false;
    for (const char *part = name; part;) {
        const char *end = strchr(part, '/');
        size_t len = end ? (size_t)(end - part) : strlen(part);
        if (len == 0 || (len == 1 && part[0] == '.') || (len == 2 && memcmp(part, "..", 2) == 0))
            return false;
        part = end ? end + 1 : NULL;
    }
    return true;
}

static char *name_of(struct arena *arena, struct slice s, struct err *e)
{
    char *name = arena_alloc(arena, s.len + 1);
    size_t len = 0;
    if (!name) {
        err_memory(e);
        return NULL;
    }
    for (size_t i = 0; i < s.len; i++) {
        uint8_t byte;
        bool escaped = s.data[i] == '%' && i + 2 < s.len &&
                       hex(slice_of(s.data + i + 1, s.len - i - 1), &byte, 1);
        name[len++] = escaped ? (char)byte : (char)s.data[i];
        i += escaped ? 2 : 0;
    }
    name[len] = 0;
    return strlen(name) == len ? name : "";
}

static int parse_line(struct arena *arena, struct slice line, struct evidence_manifest_entry *entry,
                      struct err *e)
{
    size_t at = 2 * SHA256_LEN;
    if (!hex(line, entry->sha256, SHA256_LEN) || line.len < LINE_LEAST || line.data[at] != ' ')
        return err_set(e, ERR_INPUT, "evidence.manifest", "RFC 8493 section 2.1.3",
                       "a line of a manifest is 64 hexadecimal digits, white space, and a name");
    while (at < line.len && (line.data[at] == ' ' || line.data[at] == '*'))
        at++;
    entry->name = name_of(arena, slice_of(line.data + at, line.len - at), e);
    if (!entry->name)
        return -1;
    if (!stays_inside(entry->name))
        return err_set(e, ERR_INPUT, "evidence.manifest", "RFC 8493 section 5.1",
                       "the manifest names a file that would not lie in the bundle");
    return 0;
}

int evidence_manifest_parse(struct arena *arena, struct slice text, struct evidence_manifest *m,
                            struct err *e)
{
    struct map names;
    size_t most = text.len / LINE_LEAST + 1, at = 0;
    int result = 0;
    *m = (struct evidence_manifest){.entries = arena_new(arena, most, sizeof *m->entries)};
    if (!m->entries)
        return err_memory(e);
    map_init(&names);
    while (text.len > 0 && result == 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        struct slice line = slice_of(text.data, len);
        text = slice_of(text.data + len + (end != NULL), text.len - len - (end != NULL));
        at++;
        if (line.len > 0 && line.data[line.len - 1] == '\r')
            line.len--;
        if (line.len == 0)
            continue;
        struct evidence_manifest_entry *entry = &m->entries[m->count];
        result = parse_line(arena, line, entry, e);
        if (result == 0 && map_get(&names, slice_str(entry->name)))
            result = err_set(e, ERR_INPUT, "evidence.manifest", "RFC 8493 section 2.1.3",
                             "%s stands in the manifest twice", entry->name);
        if (result == 0 && map_set(&names, slice_str(entry->name), entry) < 0)
            result = err_memory(e);
        if (result != 0)
            err_where(e, "line %zu", at);
        m->count++;
    }
    map_fini(&names);
    if (result != 0)
        m->count = 0;
    return result;
}

int evidence_file_open(const char *folder, const char *name, struct err *e)
{
    char path[4096];
    struct stat st;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return err_set(e, ERR_NOT_FOUND, "evidence.missing", NULL, "%s is not there", name);
    if (fd < 0 && errno == ELOOP)
        return err_set(e, ERR_VERIFY, "evidence.kind", NULL,
                       "%s is a link, and a bundle holds its own files", name);
    if (fd < 0 && errno == ENXIO)
        return err_set(e, ERR_VERIFY, "evidence.kind", NULL, "%s is no ordinary file", name);
    if (fd < 0)
        return err_errno(e, errno, "evidence.open", "%s cannot be opened", name);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    return err_set(e, ERR_VERIFY, "evidence.kind", NULL, "%s is no ordinary file", name);
}

/* Bytes read, over EINTR; 0: the end; -1. */
static ssize_t read_part(int fd, uint8_t *part, const char *name, struct err *e)
{
    ssize_t n;
    do
        n = read(fd, part, PART);
    while (n < 0 && errno == EINTR);
    return n >= 0 ? n : err_errno(e, errno, "evidence.read", "%s cannot be read", name);
}

int evidence_file_read(const char *folder, const char *name, size_t limit, struct buf *text,
                       struct err *e)
{
    size_t before = text->len;
    ssize_t n = -1;
    uint8_t *part = mem_new(PART, 1);
    int fd = part ? evidence_file_open(folder, name, e) : err_memory(e);
    if (fd >= 0)
        while ((n = read_part(fd, part, name, e)) > 0) {
            buf_put(text, part, (size_t)n);
            if (buf_check(text, e) != 0)
                break;
            if (text->len - before > limit) {
                err_set(e, ERR_VERIFY, "evidence.limit", NULL, "%s is over %zu bytes", name, limit);
                break;
            }
        }
    if (fd >= 0)
        close(fd);
    mem_free(part);
    return n == 0 ? 0 : -1;
}

struct evidence_hasher {
    struct sha256_context digest;
    uint8_t *part; /* of HASHED bytes */
};

struct evidence_hasher *evidence_hasher_new(struct err *e)
{
    struct evidence_hasher *h = mem_new(1, sizeof *h);
    if (h)
        h->part = mem_new_pages(HASHED);
    if (h && h->part && sha256_init(&h->digest) == 0)
        return h;
    if (h)
        mem_free(h->part);
    mem_free(h);
    err_memory(e);
    return NULL;
}

void evidence_hasher_free(struct evidence_hasher *hasher)
{
    if (!hasher)
        return;
    sha256_fini(&hasher->digest);
    mem_free(hasher->part);
    mem_free(hasher);
}

int evidence_hasher_file(struct evidence_hasher *hasher, const char *folder, const char *name,
                         uint8_t sha256[SHA256_LEN], uint64_t *bytes, struct err *e)
{
    struct evidence_in_order_reader reader;
    ssize_t n = HASHED;
    int fd = evidence_file_open(folder, name, e);
    if (fd < 0)
        return -1;
    int result = sha256_reset(&hasher->digest) == 0 ? 0 : digest_failed(e);
    evidence_in_order_reader_init(&reader, fd);
    for (*bytes = 0; result == 0 && n == HASHED; *bytes += n > 0 ? (uint64_t)n : 0) {
        n = evidence_in_order_read_most(&reader, hasher->part, HASHED, *bytes);
        if (n < 0)
            result = err_errno(e, errno, "evidence.read", "%s cannot be read", name);
        else if (sha256_update(&hasher->digest, slice_of(hasher->part, (size_t)n)) != 0)
            result = digest_failed(e);
    }
    if (result == 0 && sha256_final(&hasher->digest, sha256) != 0)
        result = digest_failed(e);
    evidence_in_order_reader_fini(&reader);
    close(fd);
    return result;
}

int evidence_file_digest(const char *folder, const char *name, uint8_t sha256[SHA256_LEN],
                         uint64_t *bytes, struct err *e)
{
    struct evidence_hasher *h = evidence_hasher_new(e);
    int result = h ? evidence_hasher_file(h, folder, name, sha256, bytes, e) : -1;
    evidence_hasher_free(h);
    return result;
}
