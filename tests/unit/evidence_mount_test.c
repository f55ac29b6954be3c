/* SPDX-License-Identifier: Apache-2.0 */
/* An image as a file: every byte is the image's, and of a damaged chunk there is none. */
#include "base/buf.h"
#include "base/file.h"
#include "evidence/acquire.h"
#include "evidence/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { CHUNK = 1 << 20, BYTES = 20 * CHUNK + 700 };

static char top[] = "/tmp/evidence-mount-XXXXXX", bundle[64], disk[64];
static uint8_t *content;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int setup(void **state)
{
    struct err e = {0};
    struct evidence_acquired done;
    (void)state;
    content = malloc(BYTES);
    if (!content || !mkdtemp(top))
        return -1;
    for (size_t i = 0; i < BYTES; i++)
        content[i] = (uint8_t)(i * 2654435761u >> 13);
    snprintf(bundle, sizeof bundle, "%s/b", top);
    snprintf(disk, sizeof disk, "%s/disk", top);
    struct evidence_acquire_options options = {.source = disk, .folder = bundle};
    return file_write(disk, slice_of(content, BYTES), 0600, &e) == 0 &&
                   evidence_acquire(&options, &done, &e) == 0
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    free(content);
    return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static unsigned told;
static uint64_t told_chunk;

static void damaged(void *context, uint64_t chunk, const struct err *why)
{
    (void)context;
    assert_true(why->text[0] != 0);
    told++;
    told_chunk = chunk;
}

static void test_bytes(void **state)
{
    struct err e = {0};
    uint8_t *out = malloc(3 * CHUNK);
    struct evidence_mount *m = evidence_mount_open(bundle, damaged, NULL, &e);
    (void)state;
    assert_non_null(m);
    assert_non_null(out);
    assert_int_equal(evidence_mount_bytes(m), BYTES);
    assert_true(evidence_mount_time(m) > 1700000000);
    uint32_t chance = 7;
    for (int i = 0; i < 300; i++) {
        chance = chance * 1664525u + 1013904223u;
        size_t at = chance % BYTES, len = chance >> 8 & (i % 10 ? 0xffff : 0x1fffff);
        size_t wanted = len < BYTES - at ? len : BYTES - at;
        assert_int_equal(evidence_mount_read(m, at, out, len), wanted);
        assert_memory_equal(out, content + at, wanted);
    }
    assert_int_equal(evidence_mount_read(m, BYTES, out, 1), 0);
    assert_int_equal(evidence_mount_read(m, UINT64_MAX - 5, out, 100), 0);
    assert_int_equal(told, 0);
    evidence_mount_close(m);
    free(out);
}

/* never wrong bytes */
static void test_damage(void **state)
{
    struct err e = {0};
    static uint8_t out[2 * CHUNK];
    char path[128];
    uint8_t byte;
    (void)state;
    snprintf(path, sizeof path, "%s/data/image-00001.gz", bundle);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    off_t at = lseek(fd, 0, SEEK_END) / 2;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    struct evidence_mount *m = evidence_mount_open(bundle, damaged, NULL, &e);
    assert_non_null(m);
    unsigned failed = 0;
    for (uint64_t chunk = 0; chunk < 21; chunk++) {
        size_t wanted = chunk < 20 ? CHUNK : 700;
        for (int again = 0; again < 2; again++) {
            memset(out, 0xee, sizeof out);
            ssize_t got = evidence_mount_read(m, chunk * CHUNK, out, wanted);
            if (got < 0) {
                assert_int_equal(got, -EIO);
                assert_int_equal(out[0], 0xee);
                failed += again == 0;
                assert_int_equal(told_chunk, chunk);
                /* what stands before it is given, and no more */
                assert_int_equal(evidence_mount_read(m, chunk * CHUNK - 100, out, 1000), 100);
                assert_memory_equal(out, content + chunk * CHUNK - 100, 100);
            } else {
                assert_int_equal(got, wanted);
                assert_memory_equal(out, content + chunk * CHUNK, wanted);
            }
        }
    }
    assert_int_equal(failed, 1);
    assert_int_equal(told, 1); /* once, however often it is read */
    evidence_mount_close(m);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void test_refused(void **state)
{
    struct err e = {0};
    char path[128];
    (void)state;
    assert_null(evidence_mount_open(top, NULL, NULL, &e));
    assert_string_equal(e.code, "evidence.mount");
    err_clear(&e);
    snprintf(path, sizeof path, "%s/INCOMPLETE", bundle);
    assert_int_equal(file_write(path, slice_str("x"), 0600, &e), 0);
    assert_null(evidence_mount_open(bundle, NULL, NULL, &e));
    assert_string_equal(e.code, "evidence.incomplete");
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes), cmocka_unit_test(test_damage),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
