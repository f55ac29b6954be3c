/* SPDX-License-Identifier: Apache-2.0 */
/* Where an imported image comes from: files as they are, or the confined process. */
#include "evidence/bundle/member.h"
#include "evidence/image/ewf_read.h"
#include "evidence/image/import.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { GIB = 1 << 30 };

static int nonsense(struct err *e)
{
    return err_set(e, ERR_INPUT, "evidence.confined", NULL,
                   "the process that reads this format said something that cannot be");
}

static int said_failed(struct evidence_importing *i, const struct evidence_message *m,
                       struct err *e)
{
    bool archive = i->imported->kind == EVIDENCE_IMPORT_ZIP;
    err_set(e, ERR_INPUT, archive ? "evidence.archive" : "evidence.e01", NULL,
            "%s is not readable as %s: %.*s", i->files[0].path, archive ? "ZIP" : "E01",
            SLICE_ARG(m->payload));
    return err_hint(e, "its bytes can be imported as they are, with --as raw");
}

static int keep_claim(struct evidence_importing *i, const char *name, struct slice text,
                      struct err *e)
{
    if (i->claim_count == EVIDENCE_CLAIMS_MOST)
        return nonsense(e);
    struct evidence_claim *c = &i->claims[i->claim_count++];
    char *copy = arena_alloc(&i->arena, text.len + 1);
    c->name = arena_strdup(&i->arena, name);
    if (!copy || !c->name)
        return err_memory(e);
    memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    c->text = copy;
    return 0;
}

const char *evidence_import_claim(const struct evidence_importing *i, const char *name)
{
    for (size_t k = 0; k < i->claim_count; k++)
        if (strcmp(i->claims[k].name, name) == 0)
            return i->claims[k].text;
    return NULL;
}

static int add_damage(struct evidence_importing *i, uint64_t from, uint64_t bytes, struct slice why,
                      struct err *e)
{
    if (from >= i->bytes || bytes == 0)
        return 0; /* behind the image's end: nothing of it is concerned */
    if (bytes > i->bytes - from)
        bytes = i->bytes - from;
    if (i->damage_count < EVIDENCE_DAMAGE_KEPT) {
        char text[120];
        snprintf(text, sizeof text, "%.*s", (int)(why.len < 119 ? why.len : 119),
                 (const char *)why.data);
        struct evidence_damage *d = &i->damage[i->damage_count++];
        *d = (struct evidence_damage){from, bytes, arena_strdup(&i->arena, text)};
        if (!d->why)
            return err_memory(e);
    }
    i->imported->ranges++;
    return evidence_map_set(&i->map, from, bytes, EVIDENCE_UNREADABLE, e);
}

static int take_fact(struct evidence_importing *i, struct slice payload, struct err *e)
{
    uint64_t first, second;
    const char *name;
    struct slice text;
    if (!evidence_message_fact(payload, &first, &second, &name, &text))
        return nonsense(e);
    if (strcmp(name, "size") == 0) {
        if (i->bytes || first == 0 || first > INT64_MAX || second < 512 || second > 65536)
            return nonsense(e);
        i->bytes = first;
        i->sector = (uint32_t)second;
        return 0;
    }
    if (strcmp(name, "unreadable") == 0)
        return add_damage(i, first, second, slice_str("it could not be read when the E01 was made"),
                          e);
    return keep_claim(i, name, text, e);
}

static int take_damage(struct evidence_importing *i, struct slice payload, struct err *e)
{
    uint64_t numbers[2];
    if (payload.len < sizeof numbers)
        return nonsense(e);
    memcpy(numbers, payload.data, sizeof numbers);
    return add_damage(i, numbers[0], numbers[1],
                      slice_of(payload.data + sizeof numbers, payload.len - sizeof numbers), e);
}

/* All but data. */
static int take_message(struct evidence_importing *i, const struct evidence_message *m,
                        struct err *e)
{
    switch (m->kind) {
    case EVIDENCE_MESSAGE_FACT: return take_fact(i, m->payload, e);
    case EVIDENCE_MESSAGE_DAMAGE: return i->bytes ? take_damage(i, m->payload, e) : nonsense(e);
    case EVIDENCE_MESSAGE_FAILED: return said_failed(i, m, e);
    default: return nonsense(e);
    }
}

static int start(struct evidence_importing *i, bool reopens,
                 void (*function)(const struct evidence_child *), struct err *e)
{
    int *fds = arena_new(&i->arena, i->file_count, sizeof *fds);
    if (!fds)
        return err_memory(e);
    for (size_t k = 0; k < i->file_count; k++)
        fds[k] = i->files[k].fd;
    return evidence_confined_start(&i->confined, fds, i->file_count, reopens, function, e);
}

int evidence_import_begin(struct evidence_importing *i, struct err *e)
{
    struct evidence_message m;
    i->sector = 512;
    if (i->imported->kind != EVIDENCE_IMPORT_E01) {
        for (size_t k = 0; k < i->file_count; k++)
            i->bytes += i->files[k].bytes;
    } else {
        if (start(i, true, evidence_ewf_read, e) != 0)
            return -1;
        while (i->bytes == 0)
            if (evidence_confined_next(&i->confined, &m, e) != 0 || take_message(i, &m, e) != 0)
                return -1;
    }
    if (evidence_map_init(&i->map, i->bytes, e) != 0)
        return -1;
    return i->bytes ? evidence_map_set(&i->map, 0, i->bytes, EVIDENCE_RESCUED, e) : 0;
}

static size_t block_len(const struct evidence_importing *i)
{
    uint64_t rest = i->bytes - i->fed;
    return rest < EVIDENCE_CHUNK ? (size_t)rest : EVIDENCE_CHUNK;
}

static int read_part(struct evidence_importing *i, struct evidence_received *f, uint8_t *out,
                     size_t len, struct err *e)
{
    if (!f->is_in_order) {
        evidence_in_order_reader_init(&f->reader, f->fd);
        f->is_in_order = true;
    }
    if (evidence_in_order_read(&f->reader, out, len, i->at_byte) == 0)
        return 0;
    if (errno)
        return err_errno(e, errno, "evidence.source", "%s cannot be read at byte %llu or behind it",
                         f->path, (unsigned long long)i->at_byte);
    return err_set(e, ERR_CONFLICT, "evidence.source", NULL, "%s became shorter while it was read",
                   f->path);
}

static int next_raw(void *context, struct evidence_block *b, size_t room, struct err *e)
{
    struct evidence_importing *i = context;
    size_t want = block_len(i);
    (void)room;
    b->offset = i->fed;
    while (b->len < want) {
        struct evidence_received *f = &i->files[i->at_file];
        uint64_t rest = f->bytes - i->at_byte;
        if (rest == 0) {
            i->at_file++;
            i->at_byte = 0;
            continue;
        }
        size_t len = rest < want - b->len ? (size_t)rest : want - b->len;
        if (read_part(i, f, b->data + b->len, len, e) != 0)
            return -1;
        b->len += len;
        i->at_byte += len;
    }
    i->fed += want;
    b->zero = evidence_is_zero(slice_of(b->data, want));
    return want > 0;
}

static int next_confined(void *context, struct evidence_block *b, size_t room, struct err *e)
{
    struct evidence_importing *i = context;
    struct evidence_message m;
    size_t want = block_len(i);
    (void)room;
    b->offset = i->fed;
    for (;;) {
        if (evidence_confined_next(&i->confined, &m, e) != 0)
            return -1;
        if (m.kind == EVIDENCE_MESSAGE_END)
            return want == 0 ? 0 : nonsense(e);
        if (m.kind == EVIDENCE_MESSAGE_DATA)
            break;
        size_t before = i->damage_count;
        if (take_message(i, &m, e) != 0)
            return -1;
        b->bad = b->bad || (m.kind == EVIDENCE_MESSAGE_DAMAGE && i->damage_count != before);
    }
    if (want == 0 || m.payload.len != want)
        return nonsense(e);
    memcpy(b->data, m.payload.data, want);
    b->len = want;
    b->zero = evidence_is_zero(slice_of(b->data, want));
    i->fed += want;
    return 1;
}

struct evidence_feed evidence_import_feed(struct evidence_importing *i)
{
    return (struct evidence_feed){
        .next = i->imported->kind == EVIDENCE_IMPORT_E01 ? next_confined : next_raw, .context = i};
}

int evidence_import_list(struct evidence_importing *i, struct err *e)
{
    struct evidence_listing listing;
    struct evidence_message m = {0};
    uint64_t ratio = i->options->ratio ? i->options->ratio : EVIDENCE_RATIO;
    uint64_t most = i->bytes < UINT64_MAX / 2 / ratio ? i->bytes * ratio : UINT64_MAX / 2;
    evidence_archive_limit(most < GIB ? GIB : most);
    if (start(i, false, evidence_archive_read, e) != 0)
        return -1;
    evidence_listing_init(&listing, &i->entries);
    int result = 0;
    while (result == 0 && m.kind != EVIDENCE_MESSAGE_END) {
        result = evidence_confined_next(&i->confined, &m, e);
        if (result != 0 || m.kind == EVIDENCE_MESSAGE_END)
            break;
        if (m.kind == EVIDENCE_MESSAGE_FAILED) { /* what came before it is kept */
            char text[400];
            snprintf(text, sizeof text, "%.*s", (int)(m.payload.len < 399 ? m.payload.len : 399),
                     (const char *)m.payload.data);
            i->entries_why = arena_strdup(&i->arena, text);
            result = i->entries_why ? 0 : err_memory(e);
            break;
        }
        result = m.kind == EVIDENCE_MESSAGE_ENTRY ? evidence_listing_add(&listing, m.payload, e)
                                                  : nonsense(e);
    }
    if (result != 0 && strcmp(e->code, "evidence.confined") == 0) {
        i->entries_why = arena_strdup(&i->arena, e->text);
        err_clear(e);
        result = i->entries_why ? 0 : err_memory(e);
    }
    i->imported->entries = listing.entries;
    i->imported->refused = listing.refused;
    i->imported->entries_complete = !i->entries_why;
    evidence_listing_fini(&listing);
    return result;
}
