/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/take.h"
#include "base/memory.h"
#include "evidence/acquire/pipeline.h"
#include "evidence/logical/record.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { UNDER_WAY = 48 };

struct taking {
    const struct evidence_take_options *options;
    struct evidence_content_options content;
    struct evidence_ledger *ledger;
    struct evidence_taken *taken;
    struct evidence_owners owners;
    struct evidence_walk *walk;
    struct evidence_entry entries[UNDER_WAY]; /* a block's: its number modulo their count */
    atomic_ullong bytes, records;
};

/* A ring of UNDER_WAY places, so the entry of a block is free when its place is. */
static struct evidence_entry *entry_of(struct taking *t, const struct evidence_block *block)
{
    return &t->entries[block->number % UNDER_WAY];
}

static int next(void *context, struct evidence_block *block, size_t room, struct err *e)
{
    struct taking *t = context;
    (void)room;
    int got = evidence_walk_next(t->walk, entry_of(t, block), e);
    enum evidence_access access = evidence_walk_access(t->walk);
    if (got > 0 && access > t->taken->access) {
        t->taken->access = access;
        memcpy(t->taken->access_why, evidence_walk_access_why(t->walk),
               sizeof t->taken->access_why);
    }
    block->len = 1;
    return got;
}

static void *part_new(void *context, struct err *e)
{
    (void)context;
    void *part = mem_new(EVIDENCE_CONTENT_PART, 1);
    if (!part)
        err_memory(e);
    return part;
}

static void part_free(void *part)
{
    mem_free(part);
}

static int prepare(void *context, void *part, struct evidence_block *block, struct err *e)
{
    struct taking *t = context;
    struct evidence_entry *entry = entry_of(t, block);
    int reading = -1, result = 0;
    if (!entry->recorded)
        return 0;
    bool file = S_ISREG(entry->st.stx_mode), folder = S_ISDIR(entry->st.stx_mode) && !entry->rule;
    if (file || folder) {
        bool noatime = entry->ask_noatime;
        reading = evidence_view_read(entry->fd, 0, &noatime);
        entry->touched = entry->touched || (file && entry->ask_noatime && !noatime);
        if (reading < 0 && file)
            evidence_entry_not_taken(entry, "unreadable", errno, "its bytes");
    }
    /* for reading where a symlink leads there is no such flag */
    entry->touched = entry->touched || (entry->ask_noatime && S_ISLNK(entry->st.stx_mode));
    if (reading >= 0 && file)
        result = evidence_content_take(&t->content, entry, reading, part, e);
    if (result == 0)
        result = evidence_file_record_make(entry, &t->owners, reading, e);
    if (reading >= 0)
        close(reading);
    atomic_fetch_add(&t->bytes, entry->content.bytes);
    return result;
}

static int record(void *context, const struct evidence_block *block, struct err *e)
{
    struct taking *t = context;
    struct evidence_entry *entry = entry_of(t, block);
    int result = evidence_ledger_add(t->ledger, entry, e);
    atomic_fetch_add(&t->records, entry->recorded);
    evidence_entry_reset(entry);
    return result;
}

static bool watch(void *context, uint64_t blocks)
{
    struct taking *t = context;
    (void)blocks;
    return !t->options->watch ||
           t->options->watch(t->options->watch_context, atomic_load(&t->records),
                             atomic_load(&t->bytes));
}

static int run(struct taking *t, struct err *e)
{
    struct evidence_stage stage = {.take = record, .context = t, .prepared = true};
    struct evidence_pipeline p = {.feed = {.next = next, .context = t},
                                  .workshop = {.worker_new = part_new,
                                               .worker_free = part_free,
                                               .prepare = prepare,
                                               .context = t},
                                  .stages = &stage,
                                  .stage_count = 1,
                                  .block_bytes = 64,
                                  .workers = t->options->workers,
                                  .blocks = UNDER_WAY,
                                  .watch = watch,
                                  .watch_context = t};
    int result = evidence_pipeline_run(&p, e);
    t->taken->stopped = result > 0;
    return result < 0 ? -1 : 0;
}

int evidence_take(const struct evidence_take_options *options, struct evidence_ledger *ledger,
                  struct evidence_taken *taken, struct err *e)
{
    struct taking *t = mem_new(1, sizeof *t);
    *taken = (struct evidence_taken){.access = EVIDENCE_VIEW_OWN};
    if (!t)
        return err_memory(e);
    t->options = options;
    t->content = options->content;
    t->ledger = ledger;
    t->taken = taken;
    for (size_t i = 0; i < UNDER_WAY; i++) {
        t->entries[i].fd = -1;
        buf_init(&t->entries[i].path);
        buf_init(&t->entries[i].line);
    }
    int result = -1;
    if (evidence_owners_init(&t->owners, options->owners, e) == 0) {
        t->walk = evidence_walk_new(&options->walk, e);
        result = t->walk ? run(t, e) : -1;
        evidence_walk_free(t->walk);
        evidence_owners_fini(&t->owners);
    }
    for (size_t i = 0; i < UNDER_WAY; i++)
        evidence_entry_fini(&t->entries[i]);
    mem_free(t);
    return result;
}
