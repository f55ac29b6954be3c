/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/bound.h"
#include "base/file.h"
#include "base/map.h"
#include "base/memory.h"
#include "evidence/bundle/folder.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/log.h"
#include "evidence/custody/state.h"
#include "evidence/seal.h"
#include "evidence/seal/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file that a record names by hash. */
struct bound_file {
    const char *name;
    uint8_t sha256[SHA256_LEN];
    uint64_t record;
    uint64_t conflict; /* a record that names other contents of what is never written over */
    bool optional;     /* it may lie elsewhere */
};

enum bound_rule {
    BOUND_FOR_EVER, /* there is one content of it, the first that was named */
    BOUND_TO_LAST,  /* a later record may name another */
};

struct evidence_bound {
    struct arena arena;
    struct bound_file **files;
    struct map by_name;
    size_t count, room;
    uint8_t (*hashes)[SHA256_LEN]; /* of the records, by number - 1 */
    size_t hash_room;
    uint64_t records;
};

struct evidence_bound *evidence_bound_new(struct err *e)
{
    struct evidence_bound *b = mem_new(1, sizeof *b);
    if (!b) {
        err_memory(e);
        return NULL;
    }
    arena_init(&b->arena, 0);
    map_init(&b->by_name);
    return b;
}

void evidence_bound_free(struct evidence_bound *b)
{
    if (!b)
        return;
    map_fini(&b->by_name);
    arena_fini(&b->arena);
    mem_free(b->files);
    mem_free(b->hashes);
    mem_free(b);
}

static int add_new(struct evidence_bound *b, struct bound_file *file, struct err *e)
{
    if (b->count == b->room) {
        size_t room = b->room ? b->room * 2 : 16;
        void *more = mem_resize(b->files, room, sizeof *b->files);
        if (!more)
            return err_memory(e);
        b->files = more;
        b->room = room;
    }
    if (map_set(&b->by_name, slice_str(file->name), file) != 0)
        return err_memory(e);
    b->files[b->count++] = file;
    return 0;
}

static int add_file(struct evidence_bound *b, enum bound_rule rule, const char *folder,
                    struct slice name, struct slice hash, uint64_t record, struct err *e)
{
    uint8_t sha256[SHA256_LEN];
    if (name.len == 0 || evidence_hash_parse(hash, sha256) != 0)
        return 0; /* the table of kinds says what is missing */
    const char *whole = arena_printf(&b->arena, "%s%.*s", folder, SLICE_ARG(name));
    if (!whole)
        return err_memory(e);
    struct bound_file *file = map_get(&b->by_name, slice_str(whole));
    bool new = !file;
    if (new && !(file = arena_new(&b->arena, 1, sizeof *file)))
        return err_memory(e);
    if (!new &&rule == BOUND_FOR_EVER) {
        if (!file->conflict && memcmp(file->sha256, sha256, sizeof sha256) != 0)
            file->conflict = record;
        return 0;
    }
    file->name = whole;
    file->record = record;
    memcpy(file->sha256, sha256, sizeof sha256);
    return new ? add_new(b, file, e) : 0;
}

/* A bundle that lies, or lay, in this exhibit's folder. */
static int add_bundle(struct evidence_bound *b, struct slice name, struct slice tags,
                      uint64_t record, struct err *e)
{
    char file[300];
    if (name.len == 0 || name.len > 255 || memchr(name.data, '/', name.len) ||
        (size_t)snprintf(file, sizeof file, "%.*s/tagmanifest-sha256.txt", SLICE_ARG(name)) >=
            sizeof file)
        return 0;
    if (add_file(b, BOUND_TO_LAST, "", slice_str(file), tags, record, e) != 0)
        return -1;
    struct bound_file *added = map_get(&b->by_name, slice_str(file));
    if (added)
        added->optional = true;
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
    static const char *const receipts = "custody/receipts/";
    const struct json_value *d = json_get(r->root, "details");
    struct slice tags = json_get_string(d, "tagmanifest_sha256");
    struct slice bundle = json_get_string(d, "bundle");
    uint64_t n = r->number;
    if (keep_hash(b, r, e) != 0)
        return -1;
    if (slice_is(r->kind, "case-opened") || slice_is(r->kind, "case-changed"))
        return add_file(b, BOUND_TO_LAST, "", slice_str("case.json"),
                        json_get_string(d, "case_sha256"), n, e);
    if (slice_is(r->kind, "identified") || slice_is(r->kind, "described"))
        return add_file(b, BOUND_TO_LAST, "", slice_str("exhibit.json"),
                        json_get_string(d, "exhibit_sha256"), n, e);
    if (slice_is(r->kind, "attachment") || slice_is(r->kind, "pulled"))
        return add_file(b, BOUND_FOR_EVER, "attachments/", json_get_string(d, "file"),
                        json_get_string(d, "sha256"), n, e);
    if (slice_is(r->kind, "disposed"))
        return add_file(b, BOUND_FOR_EVER, "attachments/", json_get_string(d, "certificate"),
                        json_get_string(d, "certificate_sha256"), n, e);
    if (slice_is(r->kind, "handover-receipt"))
        return add_file(b, BOUND_FOR_EVER, receipts, json_get_string(d, "receipt"),
                        json_get_string(d, "receipt_sha256"), n, e) != 0
                   ? -1
                   : add_file(b, BOUND_FOR_EVER, receipts, json_get_string(d, "signature"),
                              json_get_string(d, "signature_sha256"), n, e);
    if (tags.len == 0 || slice_is(json_get_string(d, "result"), "changed"))
        return 0;
    if (json_get(d, "bundle") && !slice_is(bundle, "."))
        return add_bundle(b, bundle, tags, n, e);
    /* What a bundle is, is settled when it is closed: no later record makes it another. */
    return add_file(b, BOUND_FOR_EVER, "", slice_str("tagmanifest-sha256.txt"), tags, n, e);
}

static int wrong_file(struct evidence_custody_state *state, const struct bound_file *f,
                      const char *text, struct err *e)
{
    char where[40];
    snprintf(where, sizeof where, "record %" PRIu64, f->record);
    return evidence_state_file_problem(state, f->name, where, "%s", text) == 0 ? 0 : err_memory(e);
}

static const char receipts_folder[] = "custody/receipts", next_receipts[] = "custody/next/receipts";

/* What is committed and not yet in its place (log.h) is looked for where it lies. */
static int digest_of(const char *holder, const char *name, uint8_t hash[SHA256_LEN], struct err *e)
{
    char next[200];
    uint64_t bytes;
    size_t len = sizeof receipts_folder - 1;
    struct err none = {0};
    if (strncmp(name, receipts_folder, len) == 0 && name[len] == '/' &&
        (size_t)snprintf(next, sizeof next, "%s%s", next_receipts, name + len) < sizeof next) {
        int result = evidence_file_digest(holder, next, hash, &bytes, &none);
        if (result == 0 || none.kind != ERR_NOT_FOUND) {
            *e = none;
            return result;
        }
    }
    return evidence_file_digest(holder, name, hash, &bytes, e);
}

static int check_file(const struct bound_file *f, const char *holder,
                      struct evidence_custody_state *state, struct err *e)
{
    struct err why = {0};
    uint8_t hash[SHA256_LEN];
    char text[200];
    if (strstr(f->name, "..") || f->name[0] == '/')
        return wrong_file(state, f, "a name that leads elsewhere", e);
    if (f->conflict) {
        snprintf(text, sizeof text,
                 "record %" PRIu64 " names other contents of it, and it is never written over: it "
                 "was exchanged",
                 f->conflict);
        if (wrong_file(state, f, text, e) != 0)
            return -1;
    }
    int result = digest_of(holder, f->name, hash, &why);
    if (why.kind == ERR_MEMORY) {
        *e = why;
        return -1;
    }
    if (result == 0 && memcmp(hash, f->sha256, sizeof hash) == 0)
        return 0;
    if (result != 0 && (state->disposed || (f->optional && why.kind == ERR_NOT_FOUND)))
        return 0; /* it is gone with what it was about, or lies elsewhere */
    return wrong_file(state, f, result != 0 ? why.text : "it is not the file that the record names",
                      e);
}

static int check_files(const struct evidence_bound *b, const char *holder,
                       struct evidence_custody_state *state, struct err *e)
{
    for (size_t i = 0; i < b->count; i++)
        if (check_file(b->files[i], holder, state, e) != 0)
            return -1;
    return 0;
}

/* A log that lies with another exhibit or case than its own proves nothing of that one. */
static int check_holder(const char *holder, struct evidence_custody_state *state, struct err *e)
{
    char name[EVIDENCE_HOLDER], path[4200];
    enum evidence_holder_kind kind = evidence_holder_kind(holder);
    snprintf(path, sizeof path, "%s/%s", holder,
             kind == EVIDENCE_HOLDER_CASE ? "case.json" : "exhibit.json");
    if ((kind != EVIDENCE_HOLDER_CASE && kind != EVIDENCE_HOLDER_EXHIBIT) || file_kind(path) != 1)
        return 0; /* that it is missing, the record that names it says */
    evidence_holder_name(holder, name);
    if (strcmp(name, state->holder) == 0)
        return 0;
    return evidence_state_file_problem(
               state, kind == EVIDENCE_HOLDER_CASE ? "case.json" : "exhibit.json", "id",
               "it is that of %s, and the log is that of %s", name, state->holder) == 0
               ? 0
               : err_memory(e);
}

int evidence_bound_outside(const struct evidence_bound *b, const char *what, int64_t count,
                           const uint8_t head[SHA256_LEN], struct evidence_custody_state *state,
                           struct err *e)
{
    int result = 0;
    if (count < 1)
        return 0;
    if ((uint64_t)count > b->records)
        result = evidence_state_problem(state, what, "count",
                                        "it was written when the log had %" PRId64
                                        " records, and it has %" PRIu64 " now: its end was cut off",
                                        count, b->records);
    else if (memcmp(b->hashes[count - 1], head, SHA256_LEN) != 0)
        result = evidence_state_problem(
            state, what, "head", "record %" PRId64 " is another than when it was written", count);
    return result == 0 ? 0 : err_memory(e);
}

static int check_seal(const struct evidence_bound *b, const char *holder, const char *seal,
                      struct evidence_custody_state *state, struct err *e)
{
    char what[SEAL_NAME + 16];
    struct json_doc *doc = NULL;
    struct err why = {0};
    struct buf text;
    uint8_t head[SHA256_LEN];
    int64_t count = 0;
    int result = 0;
    snprintf(what, sizeof what, "%s/seal.json", seal);
    buf_init(&text);
    /* A seal that cannot be read is a problem of the seal, and told with it. */
    if (evidence_seal_read(holder, seal, "seal.json", &text, &why) == 0 &&
        json_parse(&doc, buf_slice(&text), NULL, &why) == 0) {
        const struct json_value *custody = json_get(json_root(doc), "custody");
        (void)json_int64(json_get(custody, "count"), &count);
        if (evidence_hash_parse(json_get_string(custody, "head"), head) == 0)
            result = evidence_bound_outside(b, what, count, head, state, e);
    }
    if (why.kind == ERR_MEMORY) {
        *e = why;
        result = -1;
    }
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

static int check_seals(const struct evidence_bound *b, const char *holder,
                       struct evidence_custody_state *state, struct err *e)
{
    char seal[SEAL_NAME];
    for (unsigned n = 1; n <= EVIDENCE_SEALS; n++) {
        evidence_seal_name(n, seal);
        if (!evidence_seal_has(holder, seal, "seal.json"))
            return 0;
        if (check_seal(b, holder, seal, state, e) != 0)
            return -1;
    }
    return 0;
}

/* NNNNN.tlog-proof: a centre's journal has record NNNNN. 0: no such name. */
static uint64_t proof_of(const char *name)
{
    char *rest;
    unsigned long number = strspn(name, "0123456789") == 5 ? strtoul(name, &rest, 10) : 0;
    return number && strcmp(rest, ".tlog-proof") == 0 ? number : 0;
}

/* Of something that was broken off while it was written: nobody reads it. */
static bool is_left_over(const char *name)
{
    size_t len = strlen(name);
    return (len > 5 && strcmp(name + len - 5, ".part") == 0) || strstr(name, ".new-");
}

/* What came back from outside and that no record names: the log is shorter than it was. */
static int check_receipts(const struct evidence_bound *b, const char *holder, const char *folder,
                          struct evidence_custody_state *state, struct err *e)
{
    const char **names;
    struct arena arena;
    size_t count = 0;
    arena_init(&arena, 0);
    int result = evidence_folder_list(holder, folder, &arena, &names, &count, e);
    for (size_t i = 0; i < count && result == 0; i++) {
        uint64_t proof = proof_of(names[i]);
        const char *name = arena_printf(&arena, "%s/%s", folder, names[i]);
        const char *named = arena_printf(&arena, "%s/%s", receipts_folder, names[i]);
        if (!name || !named)
            result = err_memory(e);
        else if (proof > b->records)
            result = evidence_state_problem(state, name, "",
                                            "a centre knows of record %" PRIu64
                                            ", and the log has %" PRIu64 ": its end was cut off",
                                            proof, b->records) == 0
                         ? 0
                         : err_memory(e);
        else if (!proof && !is_left_over(names[i]) && !map_get(&b->by_name, slice_str(named)))
            result = evidence_state_file_problem(
                         state, name, "",
                         "no record names it: the record that took it up was cut off, or taking it "
                         "up was broken off (then do it again)") == 0
                         ? 0
                         : err_memory(e);
    }
    arena_fini(&arena);
    return result;
}

int evidence_bound_check(const struct evidence_bound *b, const char *holder,
                         struct evidence_custody_state *state, struct err *e)
{
    if (check_files(b, holder, state, e) != 0 || check_holder(holder, state, e) != 0 ||
        check_seals(b, holder, state, e) != 0)
        return -1;
    return check_receipts(b, holder, receipts_folder, state, e) == 0
               ? check_receipts(b, holder, next_receipts, state, e)
               : -1;
}
