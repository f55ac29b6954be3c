/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tar.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CLAUSE "IEEE Std 1003.1 pax, ustar Interchange Format"

/* Where the fields of a header begin, and how long they are. */
enum {
    AT_NAME = 0,
    AT_MODE = 100,
    AT_OWNER = 108,
    AT_GROUP = 116,
    AT_SIZE = 124,
    AT_TIME = 136,
    AT_CHECKSUM = 148,
    AT_KIND = 156,
    AT_LINK = 157,
    AT_MAGIC = 257,
    SHORT_NUMBER = 8, /* with the NUL that ends it */
    LONG_NUMBER = 12,
};

bool tar_name_is(struct slice name)
{
    size_t begin = 0;

    if (name.len == 0 || name.len > TAR_NAME_MAX)
        return false;
    for (size_t i = 0; i <= name.len; i++) {
        uint8_t c = i < name.len ? name.data[i] : '/';
        if (c < 0x20 || c > 0x7E || c == '\\')
            return false;
        if (c != '/')
            continue;
        struct slice part = slice_of(name.data + begin, i - begin);
        if (part.len == 0 || slice_is(part, ".") || slice_is(part, ".."))
            return false;
        begin = i + 1;
    }
    return true;
}

/* ---- writing ----------------------------------------------------------------------------- */

int tar_sink_buf(void *buf, struct slice bytes, struct err *e)
{
    buf_put_slice(buf, bytes);
    return buf_check(buf, e);
}

int tar_sink_fd(void *fd, struct slice bytes, struct err *e)
{
    if (file_write_all(*(const int *)fd, bytes.data, bytes.len) != 0)
        return err_errno(e, errno, "tar.write", "an archive could not be written");
    return 0;
}

void tar_write_init(struct tar_writer *w, tar_sink *sink, void *context)
{
    *w = (struct tar_writer){.sink = sink, .context = context};
}

static void put_octal(uint8_t *field, size_t len, uint64_t value)
{
    field[--len] = '\0';
    while (len > 0) {
        field[--len] = (uint8_t)('0' + (value & 7));
        value >>= 3;
    }
}

/* The one header there is for a name and a size. */
static void make_header(uint8_t header[TAR_BLOCK], struct slice name, uint64_t size)
{
    unsigned sum = 0;

    memset(header, 0, TAR_BLOCK);
    memcpy(header + AT_NAME, name.data, name.len);
    put_octal(header + AT_MODE, SHORT_NUMBER, 0644);
    put_octal(header + AT_OWNER, SHORT_NUMBER, 0);
    put_octal(header + AT_GROUP, SHORT_NUMBER, 0);
    put_octal(header + AT_SIZE, LONG_NUMBER, size);
    put_octal(header + AT_TIME, LONG_NUMBER, 0);
    header[AT_KIND] = '0';
    memcpy(header + AT_MAGIC,
           "ustar\0"
           "00",
           8);
    /* The checksum is taken with its own field as spaces. */
    memset(header + AT_CHECKSUM, ' ', SHORT_NUMBER);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += header[i];
    put_octal(header + AT_CHECKSUM, SHORT_NUMBER - 1, sum);
}

int tar_write_begin(struct tar_writer *w, const char *name, uint64_t size, struct err *e)
{
    uint8_t header[TAR_BLOCK];

    if (w->open || !tar_name_is(slice_str(name)))
        return err_set(e, ERR_INTERNAL, "tar.name", CLAUSE, "\"%.100s\" cannot be put here", name);
    if (size > TAR_FILE_MAX)
        return err_set(e, ERR_LIMIT, "tar.size", CLAUSE, "\"%s\" is over 8 GiB", name);
    make_header(header, slice_str(name), size);
    w->open = true;
    w->left = size;
    w->pad = (unsigned)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
    return w->sink(w->context, slice_of(header, sizeof header), e);
}

int tar_write_data(struct tar_writer *w, struct slice bytes, struct err *e)
{
    if (bytes.len > w->left)
        return err_set(e, ERR_INTERNAL, "tar.size", NULL, "more bytes than were announced");
    w->left -= bytes.len;
    return bytes.len ? w->sink(w->context, bytes, e) : 0;
}

int tar_write_end(struct tar_writer *w, struct err *e)
{
    static const uint8_t zeroes[TAR_BLOCK];

    if (!w->open || w->left != 0)
        return err_set(e, ERR_INTERNAL, "tar.size", NULL, "fewer bytes than were announced");
    w->open = false;
    return w->pad ? w->sink(w->context, slice_of(zeroes, w->pad), e) : 0;
}

int tar_write_file(struct tar_writer *w, const char *name, struct slice content, struct err *e)
{
    if (tar_write_begin(w, name, content.len, e) != 0 || tar_write_data(w, content, e) != 0)
        return -1;
    return tar_write_end(w, e);
}

int tar_write_finish(struct tar_writer *w, struct err *e)
{
    static const uint8_t zeroes[2 * TAR_BLOCK];

    if (w->open)
        return err_set(e, ERR_INTERNAL, "tar.size", NULL, "a file is not at its end");
    return w->sink(w->context, slice_of(zeroes, sizeof zeroes), e);
}

/* ---- reading ----------------------------------------------------------------------------- */

int64_t tar_fetch_slice(void *slice, uint64_t offset, void *out, size_t len, struct err *e)
{
    const struct slice *s = slice;

    (void)e;
    if (offset >= s->len)
        return 0;
    if (len > s->len - (size_t)offset)
        len = s->len - (size_t)offset;
    memcpy(out, s->data + offset, len);
    return (int64_t)len;
}

int64_t tar_fetch_fd(void *fd, uint64_t offset, void *out, size_t len, struct err *e)
{
    size_t got = 0;

    if (offset > INT64_MAX - len)
        return 0;
    while (got < len) {
        ssize_t n = pread(*(const int *)fd, (uint8_t *)out + got, len - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, errno, "tar.read", "the archive could not be read");
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (int64_t)got;
}

void tar_read_init(struct tar_reader *r, tar_fetch *fetch, void *context)
{
    *r = (struct tar_reader){.fetch = fetch, .context = context};
}

static int refuse(struct tar_reader *r, struct err *e, const char *code, const char *text)
{
    r->ended = true;
    err_set(e, ERR_INPUT, code, CLAUSE, "%s", text);
    return err_where(e, "offset %llu", (unsigned long long)r->at);
}

static bool is_zero(const uint8_t *block)
{
    for (size_t i = 0; i < TAR_BLOCK; i++)
        if (block[i])
            return false;
    return true;
}

static bool get_octal(const uint8_t *field, size_t len, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i + 1 < len; i++) {
        if (field[i] < '0' || field[i] > '7')
            return false;
        *value = *value << 3 | (uint64_t)(field[i] - '0');
    }
    return field[len - 1] == '\0';
}

static int read_end(struct tar_reader *r, struct err *e)
{
    uint8_t block[TAR_BLOCK + 1];
    int64_t got = r->fetch(r->context, r->at + TAR_BLOCK, block, sizeof block, e);

    if (got < 0)
        return -1;
    if (got != TAR_BLOCK || !is_zero(block))
        return refuse(r, e, "tar.end",
                      "an archive ends with two blocks of zeroes and nothing behind them");
    r->ended = true;
    return 0;
}

/*
 * A file's contents must be there, and the padding behind them too and be zero: no room for hidden
 * bytes.
 */
static int check_contents(struct tar_reader *r, const struct tar_entry *entry, struct err *e)
{
    uint8_t block[TAR_BLOCK + 1];
    size_t pad = (size_t)((TAR_BLOCK - entry->size % TAR_BLOCK) % TAR_BLOCK);
    int64_t got;

    if (entry->size == 0)
        return 0;
    got = r->fetch(r->context, entry->offset + entry->size - 1, block, 1 + pad, e);
    if (got < 0)
        return -1;
    if ((size_t)got != 1 + pad)
        return refuse(r, e, "tar.syntax", "the archive ends inside a file");
    for (size_t i = 1; i <= pad; i++)
        if (block[i])
            return refuse(r, e, "tar.syntax", "the bytes between two files are not zero");
    return 0;
}

int tar_read_next(struct tar_reader *r, struct tar_entry *entry, struct err *e)
{
    uint8_t header[TAR_BLOCK], right[TAR_BLOCK];
    size_t name_len;
    int64_t got;

    if (r->ended)
        return 0;
    got = r->fetch(r->context, r->at, header, sizeof header, e);
    if (got < 0)
        return -1;
    if (got != TAR_BLOCK)
        return refuse(r, e, "tar.syntax", "a header of 512 bytes is expected");
    if (is_zero(header))
        return read_end(r, e);
    if (memcmp(header + AT_MAGIC,
               "ustar\0"
               "00",
               8) != 0)
        return refuse(r, e, "tar.syntax", "not a ustar header");
    if (header[AT_KIND] != '0')
        return refuse(r, e, "tar.kind", "only regular files may be in this archive");
    name_len = strnlen((const char *)header + AT_NAME, TAR_NAME_MAX);
    struct slice name = slice_of(header + AT_NAME, name_len);
    if (!tar_name_is(name))
        return refuse(r, e, "tar.name",
                      "a file's name is relative, of at most 100 characters, and without \"..\"");
    if (!get_octal(header + AT_SIZE, LONG_NUMBER, &entry->size))
        return refuse(r, e, "tar.syntax", "a file's size is 11 octal digits");
    /* Mode, owner, time, checksum and all the rest have only one right value. */
    make_header(right, name, entry->size);
    if (memcmp(header + AT_CHECKSUM, right + AT_CHECKSUM, SHORT_NUMBER) != 0)
        return refuse(r, e, "tar.checksum",
                      "the header's checksum is not that of a file with mode 0644, owner 0 and "
                      "time 0");
    if (memcmp(header, right, TAR_BLOCK) != 0)
        return refuse(r, e, "tar.syntax",
                      "a header says more than name and size: mode 0644, owner 0, time 0");
    memcpy(entry->name, name.data, name.len);
    entry->name[name.len] = '\0';
    entry->offset = r->at + TAR_BLOCK;
    if (check_contents(r, entry, e) != 0)
        return -1;
    r->at = entry->offset + (entry->size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    return 1;
}
