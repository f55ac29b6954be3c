/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/wrap.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "crypto/enveloped.h"
#include "evidence/bundle/folder.h"
#include "evidence/seal/roots.h"
#include "evidence/wrap/form.h"
#include "evidence/wrap/header.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct wrapping {
    const struct evidence_wrap_options *options;
    struct evidence_wrapped *out;
    struct enveloped_receivers *receivers;
    char folder[4096]; /* TARGET.part */
    char name[200];    /* of the bundle */
    char id[33];
    struct buf part;     /* plain, not yet full */
    struct buf message;  /* the part, encrypted */
    struct buf index;    /* what index.p7m says */
    struct buf manifest; /* hashes of what is written */
    struct json_writer w;
    struct buf folders; /* names still to be gone into, each with its NUL */
};

static int put_bytes(struct wrapping *w, const char *name, struct slice content, struct err *e)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", w->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int result = fd >= 0 && file_write_all(fd, content.data, content.len) == 0 ? 0 : errno;
    if (fd >= 0 && close(fd) != 0 && result == 0)
        result = errno;
    return result == 0 ? 0 : wrap_write_failed(path, result, e);
}

/* A file of the folder, listed in the manifest. */
static int put_file(struct wrapping *w, const char *name, struct slice content, struct err *e)
{
    char hex[2 * SHA256_LEN + 1];
    uint8_t hash[SHA256_LEN];
    if (sha256(content, hash) != 0)
        return digest_failed(e);
    hex_format(hash, sizeof hash, hex);
    buf_printf(&w->manifest, "%s  %s\n", hex, name);
    return buf_check(&w->manifest, e) == 0 ? put_bytes(w, name, content, e) : -1;
}

/* What is in w->part becomes a message. */
static int flush(struct wrapping *w, struct err *e)
{
    char name[32];
    uint8_t hash[SHA256_LEN];
    if (buf_check(&w->part, e) != 0)
        return -1;
    if (w->out->parts == WRAP_PARTS_MOST)
        return err_set(e, ERR_LIMIT, "evidence.wrap", NULL, "it would have more than %d parts",
                       WRAP_PARTS_MOST);
    if (sha256(buf_slice(&w->part), hash) != 0)
        return digest_failed(e);
    json_write_object(&w->w);
    json_member_int(&w->w, "bytes", (int64_t)w->part.len);
    json_member_hex(&w->w, "sha256", slice_of(hash, sizeof hash));
    json_write_object_end(&w->w);
    buf_reset(&w->message);
    wrap_part_name(++w->out->parts, name);
    if (enveloped_seal(w->receivers, buf_slice(&w->part), &w->message, e) != 0 ||
        put_file(w, name, buf_slice(&w->message), e) != 0)
        return -1;
    buf_reset(&w->part);
    return 0;
}

static int put(struct wrapping *w, const uint8_t *data, size_t len, struct err *e)
{
    while (len) {
        size_t room = WRAP_PART - w->part.len, n = len < room ? len : room;
        buf_put(&w->part, data, n);
        data += n;
        len -= n;
        if (w->part.len == WRAP_PART && flush(w, e) != 0)
            return -1;
    }
    return buf_check(&w->part, e);
}

static bool goes_on(struct wrapping *w)
{
    const struct evidence_wrap_options *o = w->options;
    w->out->stopped = o->watch && !o->watch(o->watch_context, w->out->bytes, 0);
    return !w->out->stopped;
}

static int put_content(struct wrapping *w, int fd, const char *name, uint64_t bytes, struct err *e)
{
    static const uint8_t zeros[WRAP_BLOCK];
    uint8_t data[1 << 16];
    for (uint64_t left = bytes; left;) {
        ssize_t n = read(fd, data, left < sizeof data ? (size_t)left : sizeof data);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, errno, "evidence.read", "%s cannot be read", name);
        if (n == 0)
            return err_set(e, ERR_CONFLICT, "evidence.wrap", NULL,
                           "%s became shorter while it was read", name);
        if (put(w, data, (size_t)n, e) != 0)
            return -1;
        left -= (uint64_t)n;
        w->out->bytes += (uint64_t)n;
        if (!goes_on(w))
            return 0;
    }
    return put(w, zeros, (WRAP_BLOCK - bytes % WRAP_BLOCK) % WRAP_BLOCK, e);
}

static int put_member(struct wrapping *w, const char *name, struct err *e)
{
    char path[4200];
    struct wrap_member member;
    struct stat st;
    uint8_t block[WRAP_BLOCK];
    snprintf(path, sizeof path, "%s/%s", w->options->bundle, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno != ELOOP)
        return err_errno(e, errno, "evidence.read", "%s cannot be read", path);
    int result = 0;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        result = err_set(e, ERR_INPUT, "evidence.wrap", NULL, "%s is no ordinary file", path);
    else if ((size_t)snprintf(member.name, sizeof member.name, "%s/%s", w->name, name) >=
             sizeof member.name)
        result = err_set(e, ERR_LIMIT, "evidence.wrap", NULL, "the name %s is too long", name);
    if (result == 0) {
        member.bytes = (uint64_t)st.st_size;
        member.mtime = st.st_mtim.tv_sec > 0 ? (uint64_t)st.st_mtim.tv_sec : 0;
        member.mode = st.st_mode & 0777u;
        result = wrap_header_write(&member, block, e);
    }
    if (result == 0)
        result = put(w, block, sizeof block, e);
    if (result == 0)
        result = put_content(w, fd, path, member.bytes, e);
    w->out->files += result == 0;
    if (fd >= 0)
        close(fd);
    return result;
}

/* One folder; those in it are kept for later. */
static int put_folder(struct wrapping *w, const char *folder, struct err *e)
{
    struct arena arena;
    const char **names;
    size_t count;
    char name[4096];
    arena_init(&arena, 0);
    int result = evidence_folder_list(w->options->bundle, folder, &arena, &names, &count, e);
    for (size_t i = 0; i < count && result == 0 && !w->out->stopped; i++) {
        size_t len = (size_t)snprintf(name, sizeof name, "%s%s", folder, names[i]);
        if (len >= sizeof name)
            result = err_set(e, ERR_LIMIT, "evidence.wrap", NULL, "a name is too long");
        else if (name[len - 1] == '/')
            buf_put(&w->folders, name, len + 1);
        else
            result = put_member(w, name, e);
    }
    arena_fini(&arena);
    return result == 0 ? buf_check(&w->folders, e) : result;
}

static int put_bundle(struct wrapping *w, struct err *e)
{
    static const uint8_t end[2 * WRAP_BLOCK];
    char folder[4096] = "";
    for (size_t at = 0;;) {
        if (put_folder(w, folder, e) != 0)
            return -1;
        if (w->out->stopped)
            return 0;
        if (at == w->folders.len)
            break;
        const char *next = (const char *)w->folders.data + at;
        snprintf(folder, sizeof folder, "%s", next);
        at += strlen(next) + 1;
    }
    if (put(w, end, sizeof end, e) != 0)
        return -1;
    return w->part.len ? flush(w, e) : 0;
}

static int put_index(struct wrapping *w, struct err *e)
{
    uint8_t tags[SHA256_LEN];
    uint64_t bytes;
    json_write_array_end(&w->w);
    if (evidence_file_digest(w->options->bundle, "tagmanifest-sha256.txt", tags, &bytes, e) != 0)
        return -1;
    json_member_hex(&w->w, "tagmanifest_sha256", slice_of(tags, sizeof tags));
    json_write_object_end(&w->w);
    buf_reset(&w->message);
    if (buf_check(&w->index, e) != 0 ||
        enveloped_seal(w->receivers, buf_slice(&w->index), &w->message, e) != 0)
        return -1;
    return put_file(w, WRAP_INDEX, buf_slice(&w->message), e);
}

int evidence_wrap_receivers(struct json_writer *w, const struct certificate_list *to, struct err *e)
{
    json_write_name(w, "receivers");
    json_write_array(w);
    for (size_t i = 0; i < to->count; i++) {
        struct certificate c;
        uint8_t print[32];
        char subject[256];
        if (certificate_parse(&c, to->items[i], e) != 0 ||
            certificate_fingerprint(to->items[i], print, e) != 0)
            return -1;
        evidence_subject(c.subject, subject);
        json_write_object(w);
        json_member_string(w, "subject", subject);
        json_member_hex(w, "certificate_sha256", slice_of(print, sizeof print));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    return 0;
}

/* What anybody may know of it. */
static int put_head(struct wrapping *w, struct err *e)
{
    struct json_writer j;
    struct buf text;
    int result = 0;
    buf_init(&text);
    json_write_init(&j, &text, 2);
    json_write_object(&j);
    json_member_string(&j, "format", WRAP_FORMAT);
    json_member_string(&j, "id", w->id);
    json_member_time(&j, "at", clock_now(&clock_system));
    json_member_int(&j, "parts", (int64_t)w->out->parts);
    json_member_int(&j, "part_bytes", WRAP_PART);
    result = evidence_wrap_receivers(&j, w->options->to, e);
    json_member_string(&j, "tool", "tocsin " TOCSIN_VERSION);
    json_write_object_end(&j);
    buf_putc(&text, '\n');
    if (result == 0)
        result = buf_check(&text, e);
    if (result == 0)
        result = put_file(w, WRAP_HEAD, buf_slice(&text), e);
    buf_fini(&text);
    return result;
}

/* A target in the bundle would be wrapped as it grows. */
static int refuse_inside(const struct wrapping *w, struct err *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%s", w->options->target);
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        path[--len] = 0;
    char *slash = strrchr(path, '/');
    snprintf(slash ? slash + (slash == path) : path, 2, "%s", slash ? "" : ".");
    char *bundle = realpath(w->options->bundle, NULL), *above = realpath(path, NULL);
    size_t most = bundle ? strlen(bundle) : 0;
    bool inside = bundle && above && strncmp(bundle, above, most) == 0 &&
                  (above[most] == '/' || above[most] == 0);
    free(bundle); /* realpath's own */
    free(above);
    return inside ? err_set(e, ERR_USAGE, "evidence.wrap", NULL, "%s lies in the bundle",
                            w->options->target)
                  : 0;
}

static int begin(struct wrapping *w, struct err *e)
{
    char path[4200];
    uint8_t id[16];
    const char *bundle = w->options->bundle;
    size_t len = strlen(bundle), from;
    while (len > 1 && bundle[len - 1] == '/')
        len--;
    for (from = len; from > 0 && bundle[from - 1] != '/'; from--)
        ;
    snprintf(w->name, sizeof w->name, "%.*s", (int)(len - from), bundle + from);
    if (!wrap_is_name(w->name)) /* "." and its like: any name is good */
        snprintf(w->name, sizeof w->name, "bundle");
    snprintf(path, sizeof path, "%.4000s/INCOMPLETE", bundle);
    if (file_kind(path) != 0)
        return err_set(e, ERR_CONFLICT, "evidence.incomplete", NULL,
                       "the acquisition of %s was not finished", bundle);
    snprintf(path, sizeof path, "%.4000s/tagmanifest-sha256.txt", bundle);
    if (file_kind(path) != 1)
        return err_set(e, ERR_NOT_FOUND, "evidence.wrap", NULL, "%s is no bundle", bundle);
    w->receivers = enveloped_receivers_new(w->options->to, clock_now(&clock_system) / 1000000, e);
    if (!w->receivers || random_fill(&random_system, id, sizeof id, e) != 0)
        return -1;
    hex_format(id, sizeof id, w->id);
    if (refuse_inside(w, e) != 0 || wrap_begin(w->options->target, w->folder, e) != 0)
        return -1;
    json_write_init(&w->w, &w->index, 0);
    json_write_object(&w->w);
    json_member_string(&w->w, "format", WRAP_INDEX_FORMAT);
    json_member_string(&w->w, "id", w->id);
    json_member_string(&w->w, "bundle", w->name);
    json_write_name(&w->w, "parts");
    json_write_array(&w->w);
    return 0;
}

static int run(struct wrapping *w, struct err *e)
{
    if (begin(w, e) != 0)
        return -1;
    int result = put_bundle(w, e);
    if (result == 0 && !w->out->stopped) {
        result = put_index(w, e) != 0 || put_head(w, e) != 0 ||
                         put_file(w, WRAP_HOW, slice_str(wrap_how), e) != 0 ||
                         put_bytes(w, "manifest-sha256.txt", buf_slice(&w->manifest), e) != 0
                     ? -1
                     : wrap_end(w->options->target, w->folder, e);
    }
    if (result != 0 || w->out->stopped)
        wrap_remove(w->folder);
    return result;
}

int evidence_wrap(const struct evidence_wrap_options *options, struct evidence_wrapped *wrapped,
                  struct err *e)
{
    struct wrapping *w = mem_new(1, sizeof *w);
    *wrapped = (struct evidence_wrapped){0};
    if (!w)
        return err_memory(e);
    w->options = options;
    w->out = wrapped;
    buf_init_secret(&w->part);
    buf_init(&w->message);
    buf_init(&w->index);
    buf_init(&w->manifest);
    buf_init(&w->folders);
    int result = run(w, e);
    buf_fini_secret(&w->part);
    buf_fini(&w->message);
    buf_fini(&w->index);
    buf_fini(&w->manifest);
    buf_fini(&w->folders);
    enveloped_receivers_free(w->receivers);
    mem_free(w);
    return result;
}
