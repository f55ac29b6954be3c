/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of acquiring: DA-AM-06 to DA-AM-10, DA-AO-05, DA-AO-22 to DA-AO-24, and more. */
#include "base/json.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/memory.h"
#include "evidence/acquire/map.h"
#include "evidence/acquire/reading.h"
#include "evidence/bundle/image_files.h"
#include "evidence/bundle/image_read.h"
#include "evidence/bundle/manifest.h"
#include "evidence/selftest/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MIB = 1 << 20, CHUNKS = EVIDENCE_CHUNK, MAP_MOST = 16 << 20 };

static const struct selftest_bad three_places[] = {{700, 1}, {2047, 3}, {9001, 40}};

static void make_bad(struct selftest_disk *disk, const struct selftest_bad *bad, size_t count)
{
    memcpy(disk->bad, bad, count * sizeof *bad);
    disk->bad_count = count;
}

int selftest_all_sectors(struct selftest_trial *t, struct err *e)
{
    static const uint64_t sizes[] = {1, 512, CHUNKS, 3 * CHUNKS + 512, 6 * CHUNKS + 777};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct selftest_disk disk;
        struct selftest_bundle bundle;
        uint64_t differing;
        char name[16];
        snprintf(name, sizeof name, "b%zu", i);
        if (selftest_disk_make(&disk, t->work, name, sizes[i], e) != 0 ||
            selftest_acquire(t, &disk, name, NULL, &bundle, e) != 0 ||
            selftest_differing(&bundle, &disk, EVIDENCE_FILL_PATTERN, &differing, e) != 0)
            return -1;
        if (bundle.acquired.bytes != sizes[i] || differing)
            selftest_fail(
                t, "of %" PRIu64 " bytes %" PRIu64 " were acquired, %" PRIu64 " sectors differ",
                sizes[i], bundle.acquired.bytes, differing);
        selftest_did(t, "%" PRIu64 " bytes", sizes[i]);
    }
    return 0;
}

int selftest_hidden(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    struct buf text;
    struct json_doc *doc;
    buf_init(&text);
    int result = selftest_disk_make(&disk, t->work, "d", MIB, e);
    if (result == 0)
        result = selftest_acquire(t, &disk, "b", NULL, &bundle, e);
    if (result == 0)
        result = selftest_record(&bundle, &text, &doc, e);
    if (result == 0) {
        if (json_get_string(json_get(json_root(doc), "source"), "hidden_sectors").len == 0)
            selftest_fail(t, "the record says nothing of hidden sectors");
        else
            selftest_leave(t, SELFTEST_NOT_SUPPORTED,
                           "hidden sectors (HPA, DCO, AMA) are not acquired; the record says for "
                           "each source what was checked and what was not");
        json_doc_free(doc);
    }
    buf_fini(&text);
    return result;
}

int selftest_accurate(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    uint8_t wanted[SHA256_LEN];
    if (selftest_disk_make(&disk, t->work, "d", 9 * MIB + 300, e) != 0 ||
        selftest_ideal_sha256(&disk, EVIDENCE_FILL_PATTERN, wanted, e) != 0)
        return -1;
    for (int plain = 0; plain < 2; plain++) {
        struct selftest_bundle bundle;
        struct evidence_acquire_options options = {.plain = plain, .rehash_source = true};
        uint64_t differing;
        if (selftest_acquire(t, &disk, plain ? "plain" : "packed", &options, &bundle, e) != 0 ||
            selftest_differing(&bundle, &disk, EVIDENCE_FILL_PATTERN, &differing, e) != 0)
            return -1;
        if (differing)
            selftest_fail(t, "%" PRIu64 " sectors differ", differing);
        if (memcmp(bundle.acquired.sha256, wanted, sizeof wanted) != 0)
            selftest_fail(t, "the SHA-256 that was taken is not the source's");
        if (!bundle.acquired.read_back || bundle.acquired.source_changed)
            selftest_fail(t, "the image was not read back, or the source is said to have changed");
        selftest_did(t, "%s: all sectors compared, SHA-256 compared",
                     plain ? "plain" : "compressed");
    }
    return 0;
}

/* The map names exactly the bad sectors. */
static int check_map(struct selftest_trial *t, const struct selftest_bundle *bundle,
                     const struct selftest_disk *disk, struct err *e)
{
    char path[4200];
    struct buf text;
    struct evidence_map map = {0};
    buf_init(&text);
    snprintf(path, sizeof path, "%s/map.txt", bundle->folder);
    int result = file_read(path, MAP_MOST, &text, e);
    if (result == 0)
        result = evidence_map_read(&map, buf_slice(&text), disk->bytes, e);
    for (uint64_t at = 0; result == 0 && at < disk->bytes; at += SELFTEST_SECTOR) {
        bool said = evidence_map_at(&map, at) == EVIDENCE_UNREADABLE;
        if (said != selftest_disk_is_bad(disk, at / SELFTEST_SECTOR))
            selftest_fail(t, "sector %" PRIu64 " is said to be %s", at / SELFTEST_SECTOR,
                          said ? "bad and is not" : "good and is not");
    }
    evidence_map_fini(&map);
    buf_fini(&text);
    return result;
}

int selftest_read_error(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    struct json_doc *doc = NULL;
    struct buf text;
    buf_init(&text);
    int result = selftest_disk_make(&disk, t->work, "d", 7 * MIB, e);
    make_bad(&disk, three_places, ARRAY_LEN(three_places));
    if (result == 0)
        result = selftest_acquire(t, &disk, "b", NULL, &bundle, e);
    if (result == 0)
        result = check_map(t, &bundle, &disk, e);
    if (result == 0)
        result = selftest_record(&bundle, &text, &doc, e);
    if (result == 0) {
        const struct json_value *reading = json_get(json_root(doc), "reading");
        int64_t first = -1, bytes = -1;
        if (json_get_string(reading, "first_error").len == 0 ||
            !json_int64(json_get(reading, "first_error_at"), &first) ||
            first != (int64_t)three_places[0].from * SELFTEST_SECTOR)
            selftest_fail(t, "the kind or the place of the first error is not in the record");
        if (!json_int64(json_get(reading, "unreadable_bytes"), &bytes) ||
            bytes != (int64_t)selftest_disk_bad_bytes(&disk) ||
            json_count(json_get(reading, "unreadable")) != ARRAY_LEN(three_places))
            selftest_fail(t, "the unreadable ranges of the record are not the disk's");
        selftest_did(t,
                     "%" PRIu64 " bad sectors in %zu places: kind of the error, its first "
                     "place, all ranges, and map.txt sector by sector",
                     selftest_disk_bad_bytes(&disk) / SELFTEST_SECTOR, ARRAY_LEN(three_places));
    }
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

int selftest_benign_fill(struct selftest_trial *t, struct err *e)
{
    static const struct selftest_bad edges[] = {{0, 1}, {2048, 1}, {4095, 2}, {14335, 1}};
    static const struct {
        const struct selftest_bad *bad;
        size_t count;
        int fill;
    } cases[] = {{three_places, ARRAY_LEN(three_places), EVIDENCE_FILL_PATTERN},
                 {three_places, ARRAY_LEN(three_places), EVIDENCE_FILL_ZERO},
                 {edges, ARRAY_LEN(edges), EVIDENCE_FILL_PATTERN}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct selftest_disk disk;
        struct selftest_bundle bundle;
        struct evidence_acquire_options options = {.fill = (enum evidence_fill)cases[i].fill};
        uint64_t differing;
        char name[16];
        snprintf(name, sizeof name, "b%zu", i);
        if (selftest_disk_make(&disk, t->work, name, 7 * MIB, e) != 0)
            return -1;
        make_bad(&disk, cases[i].bad, cases[i].count);
        if (selftest_acquire(t, &disk, name, &options, &bundle, e) != 0 ||
            selftest_differing(&bundle, &disk, cases[i].fill, &differing, e) != 0)
            return -1;
        if (differing)
            selftest_fail(t, "%" PRIu64 " sectors differ from the ideal image", differing);
        selftest_did(t,
                     "%" PRIu64 " bad sectors, filled with %s: 0 sectors off the ideal wanted, "
                     "%" PRIu64 " found",
                     selftest_disk_bad_bytes(&disk) / SELFTEST_SECTOR,
                     cases[i].fill == EVIDENCE_FILL_ZERO ? "zeros" : "the pattern", differing);
    }
    return 0;
}

int selftest_segments(struct selftest_trial *t, struct err *e)
{
    enum { MOST = 4 * MIB };
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    struct evidence_acquire_options options = {.segment_bytes = MOST};
    if (selftest_disk_make(&disk, t->work, "d", 13 * MIB, e) != 0 ||
        selftest_acquire(t, &disk, "b", &options, &bundle, e) != 0)
        return -1;
    unsigned count = 0;
    for (;; count++) {
        char name[EVIDENCE_NAME], path[4300];
        struct stat st;
        evidence_segment_name(count + 1, true, name);
        snprintf(path, sizeof path, "%s/%s", bundle.data, name);
        if (stat(path, &st) != 0)
            break;
        if (st.st_size > MOST)
            selftest_fail(t, "%s has %lld bytes", name, (long long)st.st_size);
    }
    if (count < 2)
        selftest_fail(t, "the image was not cut into files");
    selftest_did(t, "13 MiB in %u files of at most 4 MiB", count);
    return 0;
}

int selftest_block_hashes(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    struct evidence_image *image = NULL;
    uint8_t *data = mem_new(EVIDENCE_CHUNK, 1), hash[SHA256_LEN];
    uint64_t count = 0;
    int result = data ? 0 : err_memory(e);
    if (result == 0 && (selftest_disk_make(&disk, t->work, "d", 5 * MIB + 9, e) != 0 ||
                        selftest_acquire(t, &disk, "b", NULL, &bundle, e) != 0 ||
                        !(image = evidence_image_open(bundle.data, false, e))))
        result = -1;
    for (uint64_t i = 0; result == 0 && i < evidence_image_chunks(image); i++, count++) {
        struct evidence_chunk record;
        size_t len = evidence_table_chunk_len(evidence_image_head(image), i);
        selftest_disk_content(&disk, i * EVIDENCE_CHUNK, data, len);
        result = evidence_image_record(image, i, &record, e);
        if (result == 0 && sha256(slice_of(data, len), hash) != 0)
            result = digest_failed(e);
        if (result == 0 && memcmp(hash, record.hash, sizeof hash) != 0)
            selftest_fail(t, "the hash of block %" PRIu64 " is not the block's", i);
    }
    selftest_did(t, "%" PRIu64 " blocks of 1 MiB", count);
    evidence_image_close(image);
    mem_free(data);
    return result;
}

static bool is_number(const struct json_value *v, const char *name, uint64_t wanted)
{
    int64_t number;
    return json_int64(json_get(v, name), &number) && number == (int64_t)wanted;
}

int selftest_log(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    struct json_doc *doc = NULL;
    struct buf text;
    char hash[2 * SHA256_LEN + 1];
    uint8_t wanted[SHA256_LEN];
    struct evidence_acquire_options options = {
        .retries = 3, .statement = {.exhibit = "EX-TEST", .examiner = "self-test"}};
    buf_init(&text);
    int result = selftest_disk_make(&disk, t->work, "d", 3 * MIB, e);
    make_bad(&disk, three_places, 2);
    if (result == 0 && (selftest_ideal_sha256(&disk, 0, wanted, e) != 0 ||
                        selftest_acquire(t, &disk, "b", &options, &bundle, e) != 0 ||
                        selftest_record(&bundle, &text, &doc, e) != 0))
        result = -1;
    if (result == 0) {
        const struct json_value *root = json_root(doc), *reading = json_get(root, "reading");
        const struct json_value *image = json_get(root, "image"), *range;
        hex_format(wanted, sizeof wanted, hash);
        if (!is_number(reading, "read_errors", disk.failed_reads))
            selftest_fail(t, "%" PRIu64 " reads failed, which the record does not say",
                          disk.failed_reads);
        const struct json_value *log = json_get(reading, "log");
        int64_t ended = 0;
        (void)json_int64(json_get(log, "ended"), &ended);
        if (!is_number(log, "failed", disk.failed_reads - (uint64_t)ended) ||
            !is_number(log, "runs", 1))
            selftest_fail(t, "the log of single reads does not have the %" PRIu64 " that failed",
                          disk.failed_reads);
        if (!is_number(reading, "retries", 3) || !is_number(image, "bytes", disk.bytes) ||
            !slice_is(json_get_string(image, "sha256"), hash) ||
            !slice_is(json_get_string(root, "exhibit"), "EX-TEST") ||
            !slice_is(json_get_string(json_get(root, "source"), "path"), disk.path))
            selftest_fail(t, "retries, size, hash, exhibit or source in the record are not those "
                             "of the acquisition");
        size_t i = 0;
        json_each(range_, json_get(reading, "unreadable"))
        {
            range = range_;
            if (i >= 2 || !is_number(range, "from", three_places[i].from * SELFTEST_SECTOR) ||
                !is_number(range, "bytes", three_places[i].count * SELFTEST_SECTOR))
                selftest_fail(t, "range %zu of the record is not the disk's", i);
            i++;
        }
        selftest_did(t,
                     "every number of the record against the disk's own count: %" PRIu64
                     " failed reads, ranges, retries, size, hash",
                     disk.failed_reads);
    }
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

int selftest_unchanged_source(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    uint8_t before[SHA256_LEN], after[SHA256_LEN];
    struct stat was, is;
    uint64_t bytes;
    if (selftest_disk_make(&disk, t->work, "d", 4 * MIB, e) != 0 ||
        evidence_file_digest(t->work, "d.disk", before, &bytes, e) != 0)
        return -1;
    (void)stat(disk.path, &was);
    if (selftest_acquire(t, &disk, "b", NULL, &bundle, e) != 0 ||
        evidence_file_digest(t->work, "d.disk", after, &bytes, e) != 0)
        return -1;
    if (stat(disk.path, &is) != 0 || memcmp(before, after, sizeof before) != 0 ||
        memcmp(&was.st_mtim, &is.st_mtim, sizeof was.st_mtim) != 0 ||
        memcmp(&was.st_ctim, &is.st_ctim, sizeof was.st_ctim) != 0)
        selftest_fail(t, "the source is not what it was before");
    selftest_did(t, "SHA-256 and times of change of the source before and after");
    return 0;
}

static bool stop_half_way(void *context, const char *phase, uint64_t done, uint64_t all,
                          uint64_t errors)
{
    unsigned *calls = context;
    (void)phase;
    (void)errors;
    ++*calls;
    return done < all / 3;
}

int selftest_goes_on(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    unsigned calls = 0;
    uint64_t differing;
    struct evidence_acquire_options options = {.watch = stop_half_way, .watch_context = &calls};
    if (selftest_disk_make(&disk, t->work, "d", 64 * MIB, e) != 0)
        return -1;
    make_bad(&disk, three_places, ARRAY_LEN(three_places));
    if (selftest_acquire(t, &disk, "b", &options, &bundle, e) != 0)
        return -1;
    bool stopped = bundle.acquired.stopped;
    if (stopped && selftest_acquire(t, &disk, "b", NULL, &bundle, e) != 0)
        return -1;
    if (selftest_differing(&bundle, &disk, EVIDENCE_FILL_PATTERN, &differing, e) != 0)
        return -1;
    if (differing || bundle.acquired.stopped)
        selftest_fail(t, "%" PRIu64 " sectors differ from the ideal image", differing);
    if (!stopped)
        selftest_leave(t, SELFTEST_NOT_RUN, "it was done before it could be stopped");
    selftest_did(t, "64 MiB with bad sectors, stopped and gone on with at byte %" PRIu64,
                 bundle.acquired.resumed_at);
    return 0;
}

int selftest_shrinks(struct selftest_trial *t, struct err *e)
{
    struct selftest_disk disk;
    struct selftest_bundle bundle;
    uint64_t differing;
    if (selftest_disk_make(&disk, t->work, "d", 5 * MIB, e) != 0)
        return -1;
    disk.end = 3 * MIB + 4096;
    if (selftest_acquire(t, &disk, "b", NULL, &bundle, e) != 0 ||
        selftest_differing(&bundle, &disk, EVIDENCE_FILL_PATTERN, &differing, e) != 0)
        return -1;
    if (!bundle.acquired.source_shrank || bundle.acquired.unreadable != disk.bytes - disk.end ||
        differing)
        selftest_fail(t,
                      "a source that ended %" PRIu64 " bytes early was not told from a whole "
                      "one",
                      disk.bytes - disk.end);
    selftest_did(t, "a disk of 5 MiB that ends after 3 MiB and 4 KiB");
    return 0;
}
