/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "evidence/bundle/image_read.h"
#include "evidence/bundle/manifest.h"
#include "evidence/image/archive_read.h"
#include "evidence/mount/archive.h"
#include "evidence/mount.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { GIB = 1 << 30, PLACES = 16, RECORD_MOST = 64 << 20 };

struct place {
    uint64_t number; /* of the chunk */
    uint64_t used;   /* when, in reads; 0: free */
    size_t len;
    uint8_t *data;
};

struct evidence_mount {
    struct evidence_image *image;
    struct evidence_image_reader *reader;
    struct place places[PLACES];
    uint64_t reads;
    uint8_t *known; /* a bit a chunk: it was said to be damaged */
    int64_t time;
    bool is_archive; /* the image is one that was imported */
    struct mount_archive *archive;
    void (*damaged)(void *context, uint64_t chunk, const struct err *why);
    void *context;
};

static int read_record(struct evidence_mount *m, const char *bundle, struct err *e)
{
    struct buf text;
    struct json_doc *doc = NULL;
    struct err none = {0};
    int64_t at;
    buf_init(&text);
    int result = evidence_file_read(bundle, "acquisition.json", RECORD_MOST, &text, e);
    if (result == 0)
        result = json_parse(&doc, buf_slice(&text), NULL, e);
    if (result == 0 &&
        time_parse(json_get_string(json_get(json_root(doc), "ended"), "at"), &at, &none) == 0)
        m->time = at / 1000000;
    m->is_archive =
        result == 0 && slice_is(json_get_string(json_get(json_root(doc), "received"), "as"), "ZIP");
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

static int open_image(struct evidence_mount *m, const char *bundle, struct err *e)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/INCOMPLETE", bundle);
    if (file_kind(path) != 0)
        return err_set(e, ERR_CONFLICT, "evidence.incomplete", NULL,
                       "the acquisition of %s was not finished", bundle);
    snprintf(path, sizeof path, "%s/data/image.chunks", bundle);
    if (file_kind(path) != 1) {
        err_set(e, ERR_NOT_FOUND, "evidence.mount", NULL, "there is no image in %s", bundle);
        return err_hint(e, "files and traffic in a bundle are read where they are, below data");
    }
    snprintf(path, sizeof path, "%s/data", bundle);
    m->image = evidence_image_open(path, false, e);
    m->reader = m->image ? evidence_image_reader_new(m->image, e) : NULL;
    if (!m->reader)
        return -1;
    m->known = mem_new(evidence_image_chunks(m->image) / 8 + 1, 1);
    return m->known ? read_record(m, bundle, e) : err_memory(e);
}

/* Bytes of the archive, all of them or none. */
static int read_archive(void *context, uint64_t at, uint8_t *out, size_t len, struct err *e)
{
    struct evidence_mount *m = context;
    for (size_t done = 0; done < len;) {
        ssize_t n = evidence_mount_read(m, at + done, out + done, len - done);
        if (n == -ENOMEM)
            return err_memory(e);
        if (n <= 0)
            return err_set(e, ERR_VERIFY, "evidence.damaged", NULL,
                           "its bytes lie in a chunk of the bundle that is damaged");
        done += (size_t)n;
    }
    return 0;
}

static void tell_archive(void *context, const struct err *why)
{
    struct evidence_mount *m = context;
    if (m->damaged)
        m->damaged(m->context, UINT64_MAX, why);
}

/* An archive that cannot be listed is an image all the same. */
static int open_archive(struct evidence_mount *m, struct err *e)
{
    uint64_t bytes = evidence_mount_bytes(m);
    uint64_t most =
        bytes < UINT64_MAX / EVIDENCE_RATIO ? bytes * EVIDENCE_RATIO : (uint64_t)INT64_MAX;
    struct mount_archive_options options = {
        .source = {.read = read_archive, .context = m, .bytes = bytes},
        .most = most > GIB ? most : GIB,
        .told = tell_archive,
        .context = m};
    struct err why = {0};
    if (!m->is_archive)
        return 0;
    m->archive = mount_archive_open(&options, &why);
    if (!m->archive && why.kind == ERR_MEMORY) {
        *e = why;
        return -1;
    }
    if (!m->archive)
        tell_archive(m, &why);
    return 0;
}

struct mount_archive *evidence_mount_archive(const struct evidence_mount *m)
{
    return m->archive;
}

bool evidence_mount_has_members(const struct evidence_mount *m)
{
    return m->archive != NULL;
}

struct evidence_mount *evidence_mount_open(const char *bundle,
                                           void (*damaged)(void *context, uint64_t chunk,
                                                           const struct err *why),
                                           void *context, struct err *e)
{
    struct evidence_mount *m = mem_new(1, sizeof *m);
    if (!m) {
        err_memory(e);
        return NULL;
    }
    m->damaged = damaged;
    m->context = context;
    if (open_image(m, bundle, e) == 0 && open_archive(m, e) == 0)
        return m;
    evidence_mount_close(m);
    return NULL;
}

void evidence_mount_close(struct evidence_mount *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < PLACES; i++)
        mem_free(m->places[i].data);
    mount_archive_close(m->archive);
    mem_free(m->known);
    evidence_image_reader_free(m->reader);
    evidence_image_close(m->image);
    mem_free(m);
}

uint64_t evidence_mount_bytes(const struct evidence_mount *m)
{
    return evidence_image_head(m->image)->image_bytes;
}

int64_t evidence_mount_time(const struct evidence_mount *m)
{
    return m->time;
}

static void tell(struct evidence_mount *m, uint64_t number, const struct err *why)
{
    uint8_t bit = (uint8_t)(1u << number % 8);
    if (m->damaged && !(m->known[number / 8] & bit))
        m->damaged(m->context, number, why);
    m->known[number / 8] |= bit;
}

/* The chunk, from the cache or unpacked in the place that was not used for longest. */
static const struct place *chunk(struct evidence_mount *m, uint64_t number, int *why)
{
    struct place *oldest = &m->places[0];
    struct err e = {0};
    m->reads++;
    for (size_t i = 0; i < PLACES; i++) {
        struct place *p = &m->places[i];
        if (p->used && p->number == number) {
            p->used = m->reads;
            return p;
        }
        oldest = p->used < oldest->used ? p : oldest;
    }
    oldest->used = 0;
    if (!oldest->data)
        oldest->data = mem_new(evidence_image_head(m->image)->chunk_bytes, 1);
    *why = -ENOMEM;
    if (!oldest->data)
        return NULL;
    if (evidence_image_read(m->reader, number, oldest->data, &oldest->len, NULL, &e) != 0) {
        if (e.kind != ERR_MEMORY) {
            tell(m, number, &e);
            *why = -EIO;
        }
        return NULL;
    }
    oldest->number = number;
    oldest->used = m->reads;
    return oldest;
}

ssize_t evidence_mount_read(struct evidence_mount *m, uint64_t offset, void *out, size_t len)
{
    uint64_t bytes = evidence_mount_bytes(m);
    size_t size = evidence_image_head(m->image)->chunk_bytes, done = 0;
    if (offset >= bytes)
        return 0;
    if (len > bytes - offset)
        len = (size_t)(bytes - offset);
    while (done < len) {
        int why = -EIO;
        const struct place *p = chunk(m, (offset + done) / size, &why);
        if (!p)
            return done ? (ssize_t)done : why;
        size_t in = (size_t)((offset + done) % size);
        size_t n = p->len - in < len - done ? p->len - in : len - done;
        memcpy((uint8_t *)out + done, p->data + in, n);
        done += n;
    }
    return (ssize_t)done;
}
