/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/ledger.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "evidence/bundle/folder.h"
#include "evidence/bundle/manifest.h"
#include "evidence/logical/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLUSH = 1 << 16, PART = 1 << 16 };

static int open_file(const char *folder, const char *name, struct err *e)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_APPEND, 0600);
    return fd >= 0 ? fd : err_errno(e, errno, "evidence.write", "%s cannot be written", name);
}

/* The one that is there, or a new one. */
static int find_seed(struct evidence_ledger *l, struct err *e)
{
    char path[4096];
    struct buf old;
    struct err none = {0};
    int result = 0;
    if ((size_t)snprintf(path, sizeof path, "%s/" EVIDENCE_RECORDS_SEED, l->folder) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of the seed is too long");
    buf_init(&old);
    bool there = file_kind(path) == 1 && file_read(path, EVIDENCE_SEED, &old, &none) == 0 &&
                 old.len == EVIDENCE_SEED;
    if (there)
        memcpy(l->seed, old.data, EVIDENCE_SEED);
    else
        result = random_fill(&random_system, l->seed, EVIDENCE_SEED, e) != 0
                     ? -1
                     : file_write(path, slice_of(l->seed, EVIDENCE_SEED), 0600, e);
    buf_fini(&old);
    return result;
}

int evidence_ledger_open(struct evidence_ledger *l, const char *folder, const char *base,
                         struct evidence_bag *bag, struct err *e)
{
    *l = (struct evidence_ledger){.folder = folder, .bag = bag, .records = -1, .missing = -1};
    buf_init(&l->record_lines);
    buf_init(&l->missing_lines);
    snprintf(l->records_name, sizeof l->records_name, "%s.jsonl", base);
    /* "data/files" has "data/not-taken", "data/live/15-logs" has "data/live/15-logs-not-taken" */
    bool plain = strcmp(base, "data/files") == 0;
    snprintf(l->missing_name, sizeof l->missing_name, "%s.jsonl", plain ? "data/not-taken" : base);
    if (!plain)
        snprintf(l->missing_name, sizeof l->missing_name, "%s-not-taken.jsonl", base);
    l->records = open_file(folder, l->records_name, e);
    l->missing = l->records < 0 ? -1 : open_file(folder, l->missing_name, e);
    l->seeded = plain;
    if (l->missing >= 0 && (!plain || find_seed(l, e) == 0))
        return 0;
    evidence_ledger_close(l);
    return -1;
}

void evidence_ledger_close(struct evidence_ledger *l)
{
    if (l->records >= 0)
        close(l->records);
    if (l->missing >= 0)
        close(l->missing);
    l->records = l->missing = -1;
    buf_fini(&l->record_lines);
    buf_fini(&l->missing_lines);
}

int evidence_ledger_flush(struct evidence_ledger *l, struct err *e)
{
    /* what was not taken of a record stands before it: see evidence_ledger_resume */
    if (buf_check(&l->missing_lines, e) != 0 || buf_check(&l->record_lines, e) != 0)
        return -1;
    if (file_write_all(l->missing, l->missing_lines.data, l->missing_lines.len) != 0 ||
        file_write_all(l->records, l->record_lines.data, l->record_lines.len) != 0) {
        if (errno != ENOSPC && errno != EDQUOT)
            return err_errno(e, errno, "evidence.write", "%s cannot be written", l->records_name);
        err_set(e, ERR_UNAVAILABLE, "evidence.no-space", NULL,
                "there is no space left for %s; what is there is kept", l->records_name);
        return err_hint(e, "make room and run the same command again");
    }
    buf_reset(&l->missing_lines);
    buf_reset(&l->record_lines);
    return 0;
}

static int count_content(struct evidence_ledger *l, const char *file, uint64_t bytes,
                         const uint8_t sha256[SHA256_LEN], struct err *e)
{
    l->contents++;
    l->content_bytes += bytes;
    if (!l->bag)
        return 0;
    return evidence_bag_payload_flush(l->bag, file + strlen("data/"), bytes, sha256, e);
}

static int add_leaf(struct evidence_ledger *l, struct slice line, struct err *e)
{
    return evidence_tree_append(&l->tree, l->seed, line) == 0 ? 0 : digest_failed(e);
}

int evidence_ledger_add(struct evidence_ledger *l, const struct evidence_entry *entry,
                        struct err *e)
{
    if (entry->rule) {
        evidence_file_record_not_taken(entry, entry->number, &l->missing_lines);
        buf_putc(&l->missing_lines, '\n');
        l->missing_count++;
    }
    l->touched = l->touched || entry->touched;
    if (entry->recorded) {
        if (add_leaf(l, buf_slice(&entry->line), e) != 0)
            return -1;
        buf_put_slice(&l->record_lines, buf_slice(&entry->line));
        buf_putc(&l->record_lines, '\n');
        l->changed += entry->changed != 0;
        const struct evidence_content *c = &entry->content;
        if (entry->has_content && count_content(l, c->file, c->bytes, c->sha256, e) != 0)
            return -1;
    }
    return l->record_lines.len + l->missing_lines.len < FLUSH ? 0 : evidence_ledger_flush(l, e);
}

/* Lines of fd, whole ones only; *end: where the last whole line that take liked ends. */
static int read_lines(int fd, uint64_t *end,
                      int (*take)(void *context, struct slice line, uint64_t offset, struct err *e),
                      void *context, struct err *e)
{
    struct buf text;
    uint64_t at = 0; /* of text in the file */
    int result = 0;
    buf_init(&text);
    text.limit = evidence_record_limits.bytes;
    *end = 0;
    while (result == 0) {
        size_t before = text.len;
        uint8_t *room = buf_extend(&text, PART);
        if (!room) {
            result = buf_check(&text, e);
            break;
        }
        ssize_t n = pread(fd, room, PART, (off_t)(at + before));
        if (n < 0) {
            result = err_errno(e, errno, "evidence.read", "the records cannot be read");
            break;
        }
        text.len = before + (size_t)n;
        size_t from = 0;
        for (const uint8_t *stop; result == 0 && from < text.len &&
                                  (stop = memchr(text.data + from, '\n', text.len - from));) {
            size_t len = (size_t)(stop - (text.data + from));
            result = take(context, slice_of(text.data + from, len), at + from, e);
            from += len + 1;
            if (result == 0)
                *end = at + from;
        }
        if (from > 0)
            memmove(text.data, text.data + from, text.len - from);
        text.len -= from;
        at += from;
        if (n == 0)
            break;
    }
    buf_fini(&text);
    return result;
}

struct resuming {
    struct evidence_ledger *ledger;
    struct evidence_recorded record;
    struct buf *last;
    size_t *asked;
};

/* 0: kept, 1: this and what follows is cut off. */
static int keep_record(void *context, struct slice line, uint64_t offset, struct err *e)
{
    struct resuming *r = context;
    struct evidence_ledger *l = r->ledger;
    struct err why = {0};
    uint8_t sha256[SHA256_LEN];
    uint64_t bytes;
    (void)offset;
    if (evidence_recorded_read(line, &r->record, &why) != 0)
        return why.kind == ERR_MEMORY ? err_memory(e) : 1;
    if (r->record.has_content &&
        (evidence_file_digest(l->folder, r->record.file, sha256, &bytes, &why) != 0 ||
         bytes != r->record.bytes || memcmp(sha256, r->record.sha256, sizeof sha256) != 0))
        return 1;
    buf_reset(r->last);
    buf_put_slice(r->last, buf_slice(&r->record.path));
    *r->asked = (size_t)r->record.asked;
    if (buf_check(r->last, e) != 0 || add_leaf(l, line, e) != 0)
        return -1;
    l->changed += memmem(line.data, line.len, "\"changed\":[", 11) != NULL;
    return r->record.has_content
               ? count_content(l, r->record.file, r->record.bytes, r->record.sha256, e)
               : 0;
}

/* A line is kept when the record that it stands before is kept. */
static int keep_missing(void *context, struct slice line, uint64_t offset, struct err *e)
{
    struct evidence_ledger *l = context;
    struct json_doc *doc = NULL;
    struct err why = {0};
    int64_t after = -1;
    (void)offset;
    (void)e;
    bool kept = json_parse(&doc, line, &evidence_record_limits, &why) == 0 &&
                json_int64(json_get(json_root(doc), "after"), &after) && after >= 0 &&
                (uint64_t)after < l->tree.size;
    json_doc_free(doc);
    l->missing_count += kept;
    return !kept;
}

/* Contents that were written ahead of their records. */
static int remove_ahead(const struct evidence_ledger *l, const char *below, struct err *e)
{
    struct arena arena;
    const char **folders, **names;
    size_t folder_count, count;
    char path[4096];
    arena_init(&arena, 0);
    snprintf(path, sizeof path, "%s/", below);
    int result = evidence_folder_list(l->folder, path, &arena, &folders, &folder_count, e);
    for (size_t i = 0; i < folder_count && result == 0; i++) {
        uint64_t thousand = strtoull(folders[i], NULL, 10);
        if (thousand < l->tree.size / 1000)
            continue;
        snprintf(path, sizeof path, "%s/%s", below, folders[i]);
        result = evidence_folder_list(l->folder, path, &arena, &names, &count, e);
        for (size_t k = 0; k < count && result == 0; k++) {
            if (thousand * 1000 + strtoull(names[k], NULL, 10) < l->tree.size)
                continue;
            snprintf(path, sizeof path, "%s/%s/%s%s", l->folder, below, folders[i], names[k]);
            if (unlink(path) != 0)
                result = err_errno(e, errno, "evidence.write", "%s cannot be taken away", path);
        }
    }
    arena_fini(&arena);
    return result;
}

int evidence_ledger_resume(struct evidence_ledger *l, struct buf *last, size_t *asked,
                           struct err *e)
{
    struct resuming r = {.ledger = l, .last = last, .asked = asked};
    uint64_t end;
    buf_reset(last);
    *asked = 0;
    buf_init(&r.record.path);
    int result = read_lines(l->records, &end, keep_record, &r, e);
    buf_fini(&r.record.path);
    if (result < 0)
        return -1;
    if (ftruncate(l->records, (off_t)end) != 0)
        return err_errno(e, errno, "evidence.write", "%s cannot be cut", l->records_name);
    if (read_lines(l->missing, &end, keep_missing, l, e) < 0)
        return -1;
    if (ftruncate(l->missing, (off_t)end) != 0)
        return err_errno(e, errno, "evidence.write", "%s cannot be cut", l->missing_name);
    return l->seeded ? remove_ahead(l, "data/files", e) : 0;
}

static int list(struct evidence_ledger *l, const char *name, struct err *e)
{
    uint8_t sha256[SHA256_LEN];
    uint64_t bytes;
    if (!l->bag)
        return 0;
    if (evidence_file_digest(l->folder, name, sha256, &bytes, e) != 0)
        return -1;
    return evidence_bag_payload_flush(l->bag, name + strlen("data/"), bytes, sha256, e);
}

int evidence_ledger_finish(struct evidence_ledger *l, struct evidence_tree *tree, struct err *e)
{
    if (evidence_ledger_flush(l, e) != 0)
        return -1;
    if (syncfs(l->records) != 0)
        return err_errno(e, errno, "evidence.write", "the files cannot be made durable");
    tree->count = l->tree.size;
    if (merkle_frontier_root(&l->tree, tree->root) != 0)
        return digest_failed(e);
    if (l->bag && l->seeded)
        evidence_bag_records(l->bag, tree);
    return list(l, l->records_name, e) != 0 || list(l, l->missing_name, e) != 0 ||
                   (l->seeded && list(l, EVIDENCE_RECORDS_SEED, e) != 0)
               ? -1
               : 0;
}

struct reading {
    const uint8_t *seed;
    struct merkle_frontier tree;
    int (*take)(void *context, struct slice line, uint64_t number, struct err *e);
    void *context;
};

static int read_one(void *context, struct slice line, uint64_t offset, struct err *e)
{
    struct reading *r = context;
    uint64_t number = r->tree.size;
    (void)offset;
    if (r->take(r->context, line, number, e) != 0)
        return err_where(e, "line %" PRIu64, number + 1);
    return evidence_tree_append(&r->tree, r->seed, line) == 0 ? 0 : digest_failed(e);
}

int evidence_ledger_read(const char *folder, const char *name, const uint8_t seed[EVIDENCE_SEED],
                         struct evidence_tree *tree,
                         int (*take)(void *context, struct slice line, uint64_t number,
                                     struct err *e),
                         void *context, struct err *e)
{
    struct reading r = {.seed = seed, .take = take, .context = context};
    uint64_t end;
    int fd = evidence_file_open(folder, name, e);
    if (fd < 0)
        return -1;
    off_t bytes = lseek(fd, 0, SEEK_END);
    int result = read_lines(fd, &end, read_one, &r, e);
    close(fd);
    if (result == 0 && bytes >= 0 && end != (uint64_t)bytes)
        return err_set(e, ERR_INPUT, "evidence.files", "docs/formats-evidence.md section 10.1",
                       "the last line has no end");
    tree->count = r.tree.size;
    return result == 0 && merkle_frontier_root(&r.tree, tree->root) != 0 ? digest_failed(e)
                                                                         : result;
}
