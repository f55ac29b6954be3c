/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/bound.h"
#include "base/file.h"
#include "base/memory.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/log.h"
#include "evidence/custody/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OUTSIDE_BYTES = 4 << 20 };

/* A file that a record names by hash; a later one of the same name takes its place. */
struct bound_file {
    const char *name;
    uint8_t sha256[SHA256_LEN];
    uint64_t record;
};

struct evidence_bound {
    struct arena arena;
    struct bound_file *files;
    size_t count, room;
    uint8_t (*hashes)[SHA256_LEN]; /* of the records, by number - 1 */
    size_t hash_room;
    uint64_t records;
};

struct evidence_bound *evidence_bound_new(struct err *e)
{
    struct evidence_bound *b = mem_new(1, sizeof *b);
    if (!b)
        err_memory(e);
    else
        arena_init(&b->arena, 0);
    return b;
}

void evidence_bound_free(struct evidence_bound *b)
{
    if (!b)
        return;
    arena_fini(&b->arena);
    mem_free(b->files);
    mem_free(b->hashes);
    mem_free(b);
}

static int add_file(struct evidence_bound *b, const char *folder, struct slice name,
                    struct slice hash, uint64_t record, struct err *e)
{
    struct bound_file file = {.record = record};
    if (name.len == 0 || evidence_hash_parse(hash, file.sha256) != 0)
        return 0; /* the table of kinds says what is missing */
    file.name = arena_printf(&b->arena, "%s%.*s", folder, SLICE_ARG(name));
    if (!file.name)
        return err_memory(e);
    /* Attachments have names of their own; the few others are at the beginning. */
    for (size_t i = 0; i < b->count && i < 8; i++)
        if (strcmp(b->files[i].name, file.name) == 0) {
            b->files[i] = file;
            return 0;
        }
    if (b->count == b->room) {
        void *more = mem_resize(b->files, b->room ? b->room * 2 : 16, sizeof *b->files);
        if (!more)
            return err_memory(e);
        b->files = more;
        b->room = b->room ? b->room * 2 : 16;
    }
    b->files[b->count++] = file;
    return 0;
}

static int keep_hash(struct evidence_bound *b, const struct evidence_custody_record *r,
                     struct err *e)
{
    if (r->number > EVIDENCE_RECORDS)
        return 0;
    if (r->number > b->hash_room) {
        size_t room = r->number < 512 ? 1024 : (size_t)r->number * 2;
        void *more = mem_resize(b->hashes, room, sizeof *b->hashes);
        if (!more)
            return err_memory(e);
        b->hashes = more;
        memset(b->hashes[b->hash_room], 0, (room - b->hash_room) * sizeof *b->hashes);
        b->hash_room = room;
    }
    memcpy(b->hashes[r->number - 1], r->sha256, SHA256_LEN);
    b->records = r->number;
    return 0;
}

int evidence_bound_take(struct evidence_bound *b, const struct evidence_custody_record *r,
                        struct err *e)
{
    const struct json_value *d = json_get(r->root, "details");
    struct slice tags = json_get_string(d, "tagmanifest_sha256");
    if (keep_hash(b, r, e) != 0)
        return -1;
    if (slice_is(r->kind, "case-opened") || slice_is(r->kind, "case-changed"))
        return add_file(b, "", slice_str("case.json"), json_get_string(d, "case_sha256"), r->number,
                        e);
    if (slice_is(r->kind, "identified") || slice_is(r->kind, "described"))
        return add_file(b, "", slice_str("exhibit.json"), json_get_string(d, "exhibit_sha256"),
                        r->number, e);
    if (slice_is(r->kind, "attachment") || slice_is(r->kind, "pulled"))
        return add_file(b, "attachments/", json_get_string(d, "file"), json_get_string(d, "sha256"),
                        r->number, e);
    if (slice_is(r->kind, "disposed"))
        return add_file(b, "attachments/", json_get_string(d, "certificate"),
                        json_get_string(d, "certificate_sha256"), r->number, e);
    if (slice_is(r->kind, "handover-receipt"))
        return add_file(b, "custody/receipts/", json_get_string(d, "receipt"),
                        json_get_string(d, "receipt_sha256"), r->number, e) != 0
                   ? -1
                   : add_file(b, "custody/receipts/", json_get_string(d, "signature"),
                              json_get_string(d, "signature_sha256"), r->number, e);
    bool here = !json_get(d, "bundle") || slice_is(json_get_string(d, "bundle"), ".");
    if (tags.len && here && !slice_is(json_get_string(d, "result"), "changed"))
        return add_file(b, "", slice_str("tagmanifest-sha256.txt"), tags, r->number, e);
    return 0;
}

static int check_files(const struct evidence_bound *b, const char *holder,
                       struct evidence_custody_state *state, struct err *e)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct bound_file *f = &b->files[i];
        struct err why = {0};
        uint8_t hash[SHA256_LEN];
        uint64_t bytes;
        char where[40];
        snprintf(where, sizeof where, "record %" PRIu64, f->record);
        if (strstr(f->name, "..") || f->name[0] == '/') {
            if (evidence_state_problem(state, f->name, where, "a name that leads elsewhere") != 0)
                return err_memory(e);
            continue;
        }
        int result = evidence_file_digest(holder, f->name, hash, &bytes, &why);
        if (why.kind == ERR_MEMORY) {
            *e = why;
            return -1;
        }
        if (result == 0 && memcmp(hash, f->sha256, sizeof hash) == 0)
            continue;
        if (state->disposed && result != 0)
            continue; /* it is gone with what it was about */
        if (evidence_state_problem(state, f->name, where, "%s",
                                   result != 0 ? why.text
                                               : "it is not the file that the record names") != 0)
            return err_memory(e);
    }
    return 0;
}

/* Somebody outside signed that record number `count` has this hash. */
static int check_outside(const struct evidence_bound *b, const char *what, int64_t count,
                         struct slice head, struct evidence_custody_state *state, struct err *e)
{
    uint8_t hash[SHA256_LEN];
    int result = 0;
    if (count < 1 || evidence_hash_parse(head, hash) != 0)
        return 0;
    if ((uint64_t)count > b->records)
        result = evidence_state_problem(state, what, "count",
                                        "it was signed when the log had %" PRId64
                                        " records, and it has %" PRIu64 " now: its end was cut off",
                                        count, b->records);
    else if (memcmp(b->hashes[count - 1], hash, sizeof hash) != 0)
        result = evidence_state_problem(
            state, what, "head", "record %" PRId64 " is another than when it was signed", count);
    return result == 0 ? 0 : err_memory(e);
}

static int check_seal(const struct evidence_bound *b, const char *holder,
                      struct evidence_custody_state *state, struct err *e)
{
    char path[4096];
    struct json_doc *doc = NULL;
    struct err why = {0};
    struct buf text;
    int64_t count = 0;
    if ((size_t)snprintf(path, sizeof path, "%s/seal/seal.json", holder) >= sizeof path)
        return 0;
    buf_init(&text);
    int result = 0;
    if (file_kind(path) == 1 && file_read(path, OUTSIDE_BYTES, &text, &why) == 0 &&
        json_parse(&doc, buf_slice(&text), NULL, &why) == 0) {
        const struct json_value *custody = json_get(json_root(doc), "custody");
        (void)json_int64(json_get(custody, "count"), &count);
        result =
            check_outside(b, "seal/seal.json", count, json_get_string(custody, "head"), state, e);
    }
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

int evidence_bound_check(const struct evidence_bound *b, const char *holder,
                         struct evidence_custody_state *state, struct err *e)
{
    if (check_files(b, holder, state, e) != 0)
        return -1;
    return check_seal(b, holder, state, e);
}
