/* SPDX-License-Identifier: Apache-2.0 */
/* Files against their manifest: any number at once, and what is wrong is told in their order. */
#include "base/memory.h"
#include "evidence/acquire/pipeline.h"
#include "evidence/bundle/verifying.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNDER_WAY = 64 };

struct file {
    const struct evidence_manifest_entry *entry;
    struct err found; /* why it could not be read */
    bool differs;
};

struct checking {
    struct verifying *v;
    const struct evidence_manifest *manifest;
    bool segments;
    size_t next;
    uint64_t bytes; /* of all of them, as far as they are there */
    struct file *files;
};

bool evidence_is_segment(const char *name)
{
    return strncmp(name, "data/image-", 11) == 0;
}

/* The next file from `from` on that is wanted; count: there is none. */
static size_t wanted(const struct checking *c, size_t from)
{
    while (from < c->manifest->count &&
           evidence_is_segment(c->manifest->entries[from].name) != c->segments)
        from++;
    return from;
}

static void add_up(struct checking *c)
{
    struct stat st;
    int folder = open(c->v->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    for (size_t i = wanted(c, 0); i < c->manifest->count; i = wanted(c, i + 1))
        if (fstatat(folder, c->manifest->entries[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode))
            c->bytes += (uint64_t)st.st_size;
    close(folder);
}

static struct file *file_of(struct checking *c, const struct evidence_block *block)
{
    return &c->files[block->number % UNDER_WAY];
}

static int next(void *context, struct evidence_block *block, size_t room, struct err *e)
{
    struct checking *c = context;
    (void)room, (void)e;
    size_t i = wanted(c, c->next);
    if (i == c->manifest->count)
        return 0;
    *file_of(c, block) = (struct file){.entry = &c->manifest->entries[i]};
    c->next = i + 1;
    return 1;
}

static void *hasher_new(void *context, struct err *e)
{
    (void)context;
    return evidence_hasher_new(e);
}

static void hasher_free(void *worker)
{
    evidence_hasher_free(worker);
}

static int hash(void *context, void *worker, struct evidence_block *block, struct err *e)
{
    struct checking *c = context;
    struct file *f = file_of(c, block);
    uint8_t sha256[SHA256_LEN];
    uint64_t bytes = 0;
    (void)e;
    f->differs = evidence_hasher_file(worker, c->v->folder, f->entry->name, sha256, &bytes,
                                      &f->found) == 0 &&
                 memcmp(sha256, f->entry->sha256, sizeof sha256) != 0;
    block->len = (size_t)bytes; /* for who watches */
    return 0;
}

static int judge(void *context, const struct evidence_block *block, struct err *e)
{
    struct checking *c = context;
    struct file *f = file_of(c, block);
    c->v->verdict->files++;
    if (err_is_set(&f->found))
        return evidence_verify_judge(c->v, f->entry->name, &f->found, e);
    return f->differs
               ? evidence_verify_problem(c->v, f->entry->name, "",
                                         "the file is not the one that the manifest lists", e)
               : 0;
}

static bool watch(void *context, uint64_t bytes)
{
    const struct checking *c = context;
    const struct evidence_verify_options *o = c->v->options;
    return !o->watch || o->watch(o->watch_context, "verifying files", bytes, c->bytes);
}

int evidence_verify_files(struct verifying *v, const struct evidence_manifest *m, bool segments,
                          struct err *e)
{
    struct checking c = {.v = v, .manifest = m, .segments = segments};
    struct evidence_stage stage = {.take = judge, .context = &c, .prepared = true};
    struct evidence_pipeline p = {.feed = {.next = next, .context = &c},
                                  .workshop = {.worker_new = hasher_new,
                                               .worker_free = hasher_free,
                                               .prepare = hash,
                                               .context = &c},
                                  .stages = &stage,
                                  .stage_count = 1,
                                  .block_bytes = 1, /* nothing travels in them */
                                  .workers = v->options->workers,
                                  .blocks = UNDER_WAY,
                                  .watch = watch,
                                  .watch_context = &c};
    c.files = mem_new(UNDER_WAY, sizeof *c.files);
    if (!c.files)
        return err_memory(e);
    if (v->options->watch)
        add_up(&c);
    int result = evidence_pipeline_run(&p, e);
    mem_free(c.files);
    return result > 0 ? evidence_verify_stopped(e) : result;
}
