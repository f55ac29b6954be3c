/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/import.h"
#include "base/clock.h"
#include "base/memory.h"
#include "evidence/acquire/block_hash.h"
#include "evidence/bundle/image_files.h"
#include "evidence/bundle/statement.h"
#include "evidence/image/import.h"
#include "evidence/selftest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SEGMENT_BYTES = 0xffe00000u /* below 4 GiB, which is the most that FAT holds */ };

static const char incomplete[] =
    "This import is not complete. Nothing in this folder is evidence yet.\n"
    "Run the same command again: it begins anew.\n";

/* What came is with who gave it: what was broken off is not gone on with, but begun anew. */
static int begin_anew(const struct evidence_importing *i, struct err *e)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/entries.jsonl", i->options->folder);
    if (unlink(path) != 0 && errno != ENOENT)
        return err_errno(e, errno, "evidence.write", "%s cannot be taken away", path);
    return evidence_table_remove(i->data, e);
}

static int make_folder(struct evidence_importing *i, struct err *e)
{
    const char *folder = i->options->folder;
    if ((size_t)snprintf(i->data, sizeof i->data, "%s/data", folder) >= sizeof i->data)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", folder);
    int begun = evidence_bundle_begin(folder, slice_of(incomplete, sizeof incomplete - 1), e);
    return begun == 1 ? begin_anew(i, e) : begun;
}

static int open_writer(struct evidence_importing *i, struct err *e)
{
    struct evidence_image_write_options options = {
        .folder = i->data,
        .head = {.chunk_bytes = EVIDENCE_CHUNK,
                 .image_bytes = i->bytes,
                 .packed = !i->options->plain},
        .given = EVIDENCE_HASHES_ALL,
        .segment_bytes = i->options->segment_bytes ? i->options->segment_bytes : SEGMENT_BYTES};
    i->writer = evidence_image_writer_new(&options, e);
    return i->writer ? 0 : -1;
}

static bool watch(void *context, uint64_t bytes)
{
    const struct evidence_importing *i = context;
    return !i->options->watch ||
           i->options->watch(i->options->watch_context, "importing", bytes, i->bytes);
}

static int add_digests(struct evidence_importing *i, struct err *e)
{
    i->imported->md5_stored = evidence_import_claim(i, "md5") != NULL;
    i->imported->sha1_stored = evidence_import_claim(i, "sha1") != NULL;
    if (sha256_twin_init(&i->linear) != 0)
        return digest_failed(e);
    if (i->imported->kind != EVIDENCE_IMPORT_E01 || sha256_twin_with_others(&i->linear))
        return 0;
    /* what it stores may be said only behind its data */
    return evidence_digests_add(&i->digests, "MD5", i->md5, e) == 0
               ? evidence_digests_add(&i->digests, "SHA1", i->sha1, e)
               : -1;
}

static int line(void *context, struct evidence_block *b, struct err *e)
{
    struct evidence_importing *i = context;
    return evidence_block_hash(b, &i->linear, b->hash, e);
}

static int read_all(struct evidence_importing *i, struct err *e)
{
    struct evidence_stage stages[6] = {evidence_image_writer_stage(i->writer)};
    struct evidence_pipeline p = {.feed = evidence_import_feed(i),
                                  .workshop = evidence_image_writer_workshop(i->writer),
                                  .line = {.run = line, .context = i},
                                  .stages = stages,
                                  .stage_count = 1,
                                  .block_bytes = EVIDENCE_CHUNK,
                                  .workers = i->options->workers,
                                  .watch = watch,
                                  .watch_context = i};
    for (size_t k = 0; k < i->digests.count; k++)
        stages[p.stage_count++] = evidence_digests_stage(&i->digests, k, false);
    if (i->imported->kind == EVIDENCE_IMPORT_RAW && i->file_count > 1)
        stages[p.stage_count++] = evidence_received_stage(i);
    return evidence_pipeline_run(&p, e);
}

static bool hex_fits(const char *text, const uint8_t *hash, size_t len)
{
    char hex[64 + 1];
    for (size_t k = 0; k < len; k++)
        snprintf(hex + 2 * k, 3, "%02x", hash[k]);
    return strcasecmp(hex, text) == 0;
}

static void compare(struct evidence_importing *i)
{
    struct evidence_imported *d = i->imported;
    const char *md5 = evidence_import_claim(i, "md5"), *sha1 = evidence_import_claim(i, "sha1");
    d->md5_stored = md5 != NULL;
    d->md5_fits = md5 && hex_fits(md5, i->md5, sizeof i->md5);
    d->sha1_stored = sha1 != NULL;
    d->sha1_fits = sha1 && hex_fits(sha1, i->sha1, sizeof i->sha1);
    d->expected_fits =
        i->options->expected && memcmp(i->options->expected, d->sha256, SHA256_LEN) == 0;
    d->damaged = evidence_map_sum(&i->map, EVIDENCE_UNREADABLE);
}

static int run(struct evidence_importing *i, struct err *e)
{
    struct evidence_imported *d = i->imported;
    if (evidence_received_open(i, e) != 0 || evidence_received_hash(i, e) != 0 ||
        evidence_import_begin(i, e) != 0)
        return -1;
    /* before threads are started: the confined process is a copy of this one */
    if (d->kind == EVIDENCE_IMPORT_ZIP && evidence_import_list(i, e) != 0)
        return -1;
    if (make_folder(i, e) != 0 || open_writer(i, e) != 0 || add_digests(i, e) != 0)
        return -1;
    int result = read_all(i, e);
    if (result != 0) {
        d->stopped = result > 0;
        return result > 0 ? 0 : -1;
    }
    if (evidence_image_writer_finish(i->writer, &i->written, e) != 0 ||
        evidence_digests_finish(&i->digests, e) != 0)
        return -1;
    if (sha256_twin_final(&i->linear, d->sha256) != 0)
        return digest_failed(e);
    if (i->linear.has_others)
        sha256_twin_others(&i->linear, i->md5, i->sha1);
    if (evidence_received_finish(i, e) != 0)
        return -1;
    d->bytes = i->written.image_bytes;
    d->stored_bytes = i->written.stored_bytes;
    memcpy(d->root, i->written.root, sizeof d->root);
    compare(i);
    return evidence_import_close(i, e);
}

int evidence_import(const struct evidence_import_options *options,
                    struct evidence_imported *imported, struct err *e)
{
    struct evidence_importing *i = mem_new(1, sizeof *i);
    *imported = (struct evidence_imported){0};
    if (!i)
        return err_memory(e);
    i->options = options;
    i->imported = imported;
    i->started = clock_now(&clock_system);
    arena_init(&i->arena, 0);
    buf_init(&i->entries);
    buf_init(&i->selftest);
    int result = -1;
    if (!options->given_by || !options->given_by[0])
        err_set(e, ERR_USAGE, "evidence.given-by", NULL,
                "who gave it is not said, and without it custody begins with a gap");
    else if (!options->selftest || evidence_selftest_read(options->selftest, &i->selftest, e) == 0)
        result = run(i, e);
    evidence_confined_end(&i->confined);
    evidence_image_writer_free(i->writer);
    evidence_digests_fini(&i->digests);
    sha256_twin_fini(&i->linear);
    evidence_received_close(i);
    if (i->map.extents)
        evidence_map_fini(&i->map);
    buf_fini(&i->entries);
    buf_fini(&i->selftest);
    arena_fini(&i->arena);
    mem_free(i);
    return result;
}
