/* SPDX-License-Identifier: Apache-2.0 */
/* Raw: the image's bytes, in one file or in NAME.001, NAME.002 …, zeros as holes. */
#include "base/memory.h"
#include "evidence/bundle/member.h"
#include "evidence/image/export.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { HOLE = 65536 /* zeros are left out in steps of so many bytes */ };

struct raw {
    struct evidence_exporting *x;
    struct sha256_context digest; /* of the file under way, when there are several */
    bool split;
};

static void *open_raw(struct evidence_exporting *x, struct err *e)
{
    struct raw *w = mem_new(1, sizeof *w);
    if (!w) {
        err_memory(e);
        return NULL;
    }
    w->x = x;
    w->split = x->options->segment_bytes != 0;
    if (sha256_init(&w->digest) == 0)
        return w;
    digest_failed(e);
    mem_free(w);
    return NULL;
}

static int close_file(struct raw *w, struct err *e)
{
    struct evidence_output *f = evidence_output_last(&w->x->outputs);
    if (!f || f->fd < 0)
        return 0;
    if (ftruncate(f->fd, (off_t)f->bytes) != 0) /* the end may be a hole */
        return err_errno(e, errno, "evidence.write", "%s cannot be written", f->path);
    if (w->split) {
        if (sha256_final(&w->digest, f->sha256) != 0)
            return digest_failed(e);
        f->has_sha256 = true;
    }
    return evidence_output_close(&w->x->outputs, e);
}

static int open_file(struct raw *w, struct err *e)
{
    char path[4096];
    const char *target = w->x->options->target;
    if (close_file(w, e) != 0)
        return -1;
    if (!w->split)
        return evidence_output_open(&w->x->outputs, target, e);
    if ((size_t)snprintf(path, sizeof path, "%s.%03zu", target, w->x->outputs.count + 1) >=
        sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", target);
    return evidence_output_open(&w->x->outputs, path, e);
}

/* Into the file under way; zeros only make it longer. */
static int put(struct raw *w, struct slice data, struct err *e)
{
    struct evidence_output *f = evidence_output_last(&w->x->outputs);
    if (w->split && sha256_update(&w->digest, data) != 0)
        return digest_failed(e);
    while (data.len > 0) {
        size_t len = 0;
        bool zero = false;
        while (len < data.len) {
            size_t step = data.len - len < HOLE ? data.len - len : HOLE;
            bool empty = evidence_is_zero(slice_of(data.data + len, step));
            if (len > 0 && empty != zero)
                break;
            zero = empty;
            len += step;
        }
        if (zero)
            f->bytes += len;
        else if (evidence_output_put(&w->x->outputs, slice_of(data.data, len), e) != 0)
            return -1;
        data = slice_of(data.data + len, data.len - len);
    }
    return 0;
}

static int take(void *writer, const struct evidence_block *b, struct err *e)
{
    struct raw *w = writer;
    struct slice data = slice_of(b->data, b->len);
    if (w->x->outputs.count == 0 && open_file(w, e) != 0)
        return -1;
    while (data.len > 0) {
        struct evidence_output *f = evidence_output_last(&w->x->outputs);
        uint64_t rest = w->split ? w->x->options->segment_bytes - f->bytes : data.len;
        if (rest == 0) {
            if (open_file(w, e) != 0)
                return -1;
            continue;
        }
        size_t len = rest < data.len ? (size_t)rest : data.len;
        if (put(w, slice_of(data.data, len), e) != 0)
            return -1;
        data = slice_of(data.data + len, data.len - len);
    }
    return 0;
}

static int finish(void *writer, struct err *e)
{
    struct raw *w = writer;
    if (w->x->outputs.count == 0 && open_file(w, e) != 0)
        return -1;
    if (close_file(w, e) != 0)
        return -1;
    struct evidence_output *f = evidence_output_last(&w->x->outputs);
    if (!w->split) { /* one file: its hash is the image's */
        memcpy(f->sha256, w->x->exported->sha256, SHA256_LEN);
        f->has_sha256 = true;
    }
    return 0;
}

static void close_raw(void *writer)
{
    struct raw *w = writer;
    sha256_fini(&w->digest);
    mem_free(w);
}

const struct evidence_exporter evidence_raw_exporter = {
    .name = "raw", .open = open_raw, .take = take, .finish = finish, .close = close_raw};
