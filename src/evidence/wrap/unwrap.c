/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "crypto/enveloped.h"
#include "evidence/bundle/manifest.h"
#include "evidence/wrap.h"
#include "evidence/wrap/form.h"
#include "evidence/wrap/header.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_MOST = 1 << 20 };

struct part {
    uint64_t bytes;
    uint8_t sha256[SHA256_LEN];
};

struct unwrapping {
    const struct evidence_unwrap_options *options;
    struct evidence_wrapped *out;
    char folder[4096]; /* TARGET.part */
    char id[33];
    char name[160]; /* of the bundle in the archive */
    struct part *parts;
    uint64_t count, all_bytes;
    uint8_t tags[SHA256_LEN];
    struct buf message, plain;
    /* the archive on its way */
    uint8_t block[WRAP_BLOCK];
    size_t have; /* of the block */
    struct wrap_member member;
    char path[4600];
    int fd;         /* of the member under way; -1: a header comes */
    uint64_t left;  /* of its bytes */
    uint64_t zeros; /* that fill its last block */
    bool ended;
};

static int no_wrap(struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "evidence.wrap", "docs/formats-evidence.md section 14", "%s",
                   what);
}

static int read_part(struct unwrapping *u, const char *name, size_t most, struct err *e)
{
    char path[4200];
    struct stat st;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", u->options->wrapped, name) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    buf_reset(&u->message);
    if (lstat(path, &st) != 0 && errno == ENOENT)
        return err_set(e, ERR_VERIFY, "evidence.wrap", NULL, "%s is missing", name);
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(e, ERR_VERIFY, "evidence.wrap", NULL, "%s is no ordinary file", name);
    return file_read(path, most, &u->message, e);
}

static int decrypt(struct unwrapping *u, const char *name, struct err *e)
{
    buf_reset(&u->plain);
    return enveloped_open(u->options->key, u->options->certificate, buf_slice(&u->message),
                          &u->plain, e) == 0
               ? 0
               : err_context(e, "%s", name);
}

static int read_head(struct unwrapping *u, struct err *e)
{
    struct json_doc *doc = NULL;
    if (read_part(u, WRAP_HEAD, HEAD_MOST, e) != 0 ||
        json_parse(&doc, buf_slice(&u->message), NULL, e) != 0)
        return err_context(e, "%s", u->options->wrapped);
    const struct json_value *root = json_root(doc);
    struct slice id = json_get_string(root, "id");
    int result = 0;
    if (!slice_is(json_get_string(root, "format"), WRAP_FORMAT) || id.len != 32)
        result = no_wrap(e, "it is no wrapped bundle, or one of a later form");
    else
        memcpy(u->id, id.data, id.len);
    json_doc_free(doc);
    return result;
}

static int read_sizes(struct unwrapping *u, const struct json_value *parts, struct err *e)
{
    size_t count = json_count(parts);
    if (count == 0 || count > WRAP_PARTS_MOST)
        return no_wrap(e, "its index lists no parts, or too many");
    u->parts = mem_new(count, sizeof *u->parts);
    if (!u->parts)
        return err_memory(e);
    json_each(one, parts)
    {
        struct part *p = &u->parts[u->count++];
        int64_t bytes;
        bool last = u->count == count;
        if (!json_int64(json_get(one, "bytes"), &bytes) || bytes <= 0 || bytes > WRAP_PART ||
            (!last && bytes != WRAP_PART) ||
            hex_parse(json_get_string(one, "sha256"), p->sha256, sizeof p->sha256) != 0)
            return no_wrap(e, "its index is not of the form");
        p->bytes = (uint64_t)bytes;
        u->all_bytes += p->bytes;
    }
    return 0;
}

static int read_index(struct unwrapping *u, struct err *e)
{
    static const struct json_limits limits = {
        .bytes = WRAP_INDEX_MOST, .depth = 8, .values = 4 * WRAP_PARTS_MOST};
    struct json_doc *doc = NULL;
    if (read_part(u, WRAP_INDEX, WRAP_INDEX_MOST, e) != 0 || decrypt(u, WRAP_INDEX, e) != 0 ||
        json_parse(&doc, buf_slice(&u->plain), &limits, e) != 0)
        return -1;
    const struct json_value *root = json_root(doc);
    struct slice name = json_get_string(root, "bundle");
    int result = 0;
    snprintf(u->name, sizeof u->name, "%.*s", (int)(name.len < 159 ? name.len : 159),
             name.data ? (const char *)name.data : "");
    if (!slice_is(json_get_string(root, "format"), WRAP_INDEX_FORMAT) || !wrap_is_name(u->name) ||
        hex_parse(json_get_string(root, "tagmanifest_sha256"), u->tags, sizeof u->tags) != 0)
        result = no_wrap(e, "its index is not of the form");
    else if (!slice_is(json_get_string(root, "id"), u->id))
        result = err_set(e, ERR_VERIFY, "evidence.wrap", NULL,
                         WRAP_INDEX " and " WRAP_HEAD " are not of the same bundle");
    else
        result = read_sizes(u, json_get(root, "parts"), e);
    json_doc_free(doc);
    return result;
}

/* "NAME/data/image.chunks" becomes TARGET.part/data/image.chunks. */
static int begin_member(struct unwrapping *u, struct err *e)
{
    size_t len = strlen(u->name);
    const char *below = u->member.name + len + 1;
    if (strncmp(u->member.name, u->name, len) != 0 || u->member.name[len] != '/')
        return err_set(e, ERR_VERIFY, "evidence.wrap", NULL,
                       "the archive has a file %s, which is not of the bundle", u->member.name);
    if ((size_t)snprintf(u->path, sizeof u->path, "%s/%s", u->folder, below) >= sizeof u->path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", below);
    char *slash = strrchr(u->path, '/');
    *slash = 0;
    if (file_kind(u->path) != 2 && file_make_folder(u->path, 0700, e) != 0)
        return -1;
    *slash = '/';
    u->fd = open(u->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (u->fd < 0 && errno == EEXIST)
        return err_set(e, ERR_VERIFY, "evidence.wrap", NULL, "the archive has the file %s twice",
                       below);
    if (u->fd < 0)
        return wrap_write_failed(u->path, errno, e);
    u->left = u->member.bytes;
    u->zeros = (WRAP_BLOCK - u->left % WRAP_BLOCK) % WRAP_BLOCK;
    return 0;
}

static int end_member(struct unwrapping *u, struct err *e)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = (time_t)u->member.mtime}};
    int fd = u->fd, result = 0;
    u->fd = -1;
    u->out->files++;
    if (futimens(fd, times) != 0 || fchmod(fd, (u->member.mode & 0700u) | 0400u) != 0)
        result = errno;
    if (close(fd) != 0 && result == 0)
        result = errno;
    return result == 0 ? 0 : wrap_write_failed(u->path, result, e);
}

static int header(struct unwrapping *u, struct err *e)
{
    int found = wrap_header_read(u->block, &u->member, e);
    u->have = 0;
    if (found > 0)
        return begin_member(u, e);
    u->ended = found == 0;
    return found;
}

/* Bytes of the archive. */
static int feed(struct unwrapping *u, const uint8_t *data, size_t len, struct err *e)
{
    while (len && !u->ended) {
        size_t n;
        if (u->fd >= 0 && u->left) {
            n = len < u->left ? len : (size_t)u->left;
            if (file_write_all(u->fd, data, n) != 0)
                return wrap_write_failed(u->path, errno, e);
            u->left -= n;
            u->out->bytes += n;
        } else if (u->fd < 0 && u->zeros) {
            n = len < u->zeros ? len : (size_t)u->zeros;
            u->zeros -= n;
        } else {
            n = sizeof u->block - u->have < len ? sizeof u->block - u->have : len;
            memcpy(u->block + u->have, data, n);
            u->have += n;
            if (u->have == sizeof u->block && header(u, e) != 0)
                return -1;
        }
        data += n;
        len -= n;
        if (u->fd >= 0 && u->left == 0 && end_member(u, e) != 0)
            return -1;
    }
    for (size_t i = 0; i < len; i++)
        if (data[i])
            return err_set(e, ERR_VERIFY, "evidence.wrap", NULL,
                           "the archive goes on behind its end");
    return 0;
}

/* It opened, and is not what the index says of this place. */
static int misplaced(const struct unwrapping *u, uint64_t number, const uint8_t hash[SHA256_LEN],
                     struct err *e)
{
    for (uint64_t i = 0; i < u->count; i++)
        if (memcmp(u->parts[i].sha256, hash, SHA256_LEN) == 0)
            return err_set(e, ERR_VERIFY, "evidence.wrap", NULL,
                           "in the place of part %" PRIu64 " stands part %" PRIu64
                           ": they were reordered",
                           number, i + 1);
    return err_set(e, ERR_VERIFY, "evidence.wrap", NULL,
                   "part %" PRIu64 " is whole, and of another bundle than the index", number);
}

static int take_part(struct unwrapping *u, uint64_t number, struct err *e)
{
    char name[32];
    uint8_t hash[SHA256_LEN];
    const struct part *p = &u->parts[number - 1];
    wrap_part_name(number, name);
    if (read_part(u, name, WRAP_PART + ENVELOPED_MORE, e) != 0)
        return err_context(e, "part %" PRIu64 " of %" PRIu64, number, u->count);
    if (decrypt(u, name, e) != 0)
        return -1;
    if (sha256(buf_slice(&u->plain), hash) != 0)
        return digest_failed(e);
    if (u->plain.len != p->bytes || memcmp(hash, p->sha256, sizeof hash) != 0)
        return misplaced(u, number, hash, e);
    return feed(u, u->plain.data, u->plain.len, e);
}

/* All parts were there and fit; what they held is the bundle that the index names. */
static int finish(struct unwrapping *u, struct err *e)
{
    char name[32], path[4200];
    uint8_t tags[SHA256_LEN];
    uint64_t bytes;
    wrap_part_name(u->count + 1, name);
    snprintf(path, sizeof path, "%.4000s/%s", u->options->wrapped, name);
    if (file_kind(path) != 0)
        return err_set(e, ERR_VERIFY, "evidence.wrap", NULL,
                       "%s is not of it: there are %" PRIu64 " parts", name, u->count);
    if (!u->ended || u->fd >= 0)
        return err_set(e, ERR_VERIFY, "evidence.wrap", NULL, "the archive has no end");
    if (evidence_file_digest(u->folder, "tagmanifest-sha256.txt", tags, &bytes, e) != 0)
        return -1;
    if (memcmp(tags, u->tags, sizeof tags) != 0)
        return err_set(e, ERR_VERIFY, "evidence.wrap", NULL,
                       "tagmanifest-sha256.txt is not the one that was wrapped");
    return wrap_end(u->options->target, u->folder, e);
}

static int take_all(struct unwrapping *u, struct err *e)
{
    uint64_t done = 0;
    for (uint64_t number = 1; number <= u->count; number++) {
        if (take_part(u, number, e) != 0)
            return -1;
        u->out->parts++;
        done += u->parts[number - 1].bytes;
        if (u->options->watch &&
            !u->options->watch(u->options->watch_context, done, u->all_bytes)) {
            u->out->stopped = true;
            return 0;
        }
    }
    return finish(u, e);
}

static int run(struct unwrapping *u, struct err *e)
{
    if (read_head(u, e) != 0 || read_index(u, e) != 0 ||
        wrap_begin(u->options->target, u->folder, e) != 0)
        return -1;
    int result = take_all(u, e);
    if (u->fd >= 0)
        close(u->fd);
    u->fd = -1;
    if (result != 0 || u->out->stopped)
        wrap_remove(u->folder);
    return result;
}

int evidence_unwrap(const struct evidence_unwrap_options *options, struct evidence_wrapped *wrapped,
                    struct err *e)
{
    struct unwrapping *u = mem_new(1, sizeof *u);
    *wrapped = (struct evidence_wrapped){0};
    if (!u)
        return err_memory(e);
    u->options = options;
    u->out = wrapped;
    u->fd = -1;
    buf_init(&u->message);
    buf_init_secret(&u->plain);
    int result = run(u, e);
    buf_fini(&u->message);
    buf_fini_secret(&u->plain);
    mem_free(u->parts);
    mem_free(u);
    return result;
}
