/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are written and read past the cache hold what was put, whatever the pieces' sizes, and
 * on file systems that refuse it, at once or later. */
#include "base/memory.h"
#include "evidence/bundle/in_order.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

enum { ROOM = 24 << 20, PAGE = 4096 };

static long refused_from = -1;           /* direct calls from this one on are refused; -1: none */
static long direct_calls, short_of = -1; /* bytes that the disk has left; -1: enough */

static bool is_refused(int fd)
{
    if (!(fcntl(fd, F_GETFL) & O_DIRECT))
        return false;
    direct_calls++;
    return refused_from >= 0 && direct_calls > refused_from;
}

/* In the place of the library's. */
ssize_t pread64(int fd, void *out, size_t len, off64_t at);
ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at);

ssize_t pread64(int fd, void *out, size_t len, off64_t at)
{
    if (is_refused(fd)) {
        errno = EINVAL;
        return -1;
    }
    /* short reads, as signals make them */
    return syscall(SYS_pread64, fd, out, len > 5 * PAGE ? len / 2 / PAGE * PAGE : len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    if (is_refused(fd)) {
        errno = EINVAL;
        return -1;
    }
    if (short_of >= 0 && len > (size_t)short_of)
        len = (size_t)short_of / PAGE * PAGE;
    if (short_of >= 0 && len == 0) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t n = syscall(SYS_pwrite64, fd, data, len > 5 * PAGE ? len / 2 / PAGE * PAGE : len, at);
    if (short_of >= 0 && n > 0)
        short_of -= n;
    return n;
}

static int new_file(const char *folder)
{
    char path[200];
    snprintf(path, sizeof path, "%s/in-order-XXXXXX", folder);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static uint32_t next_number(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void assert_file_is(int fd, const uint8_t *wanted, size_t len)
{
    uint8_t *found = mem_new(len + 1, 1);
    assert_non_null(found);
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags & ~O_DIRECT);
    assert_int_equal(evidence_read_exactly(fd, found, len, 0), 0);
    assert_int_equal(evidence_read_exactly(fd, found + len, 1, len), -1);
    assert_int_equal(errno, 0);
    fcntl(fd, F_SETFL, flags);
    assert_memory_equal(found, wanted, len);
    mem_free(found);
}

/* Pieces of all sizes; settled, written over and gone on with anew now and then. */
static size_t write_somehow(int fd, uint8_t *wanted, uint32_t seed)
{
    static uint8_t piece[5 << 20];
    struct evidence_in_order_writer w;
    size_t len = 0;
    evidence_in_order_writer_init(&w, fd, 0);
    for (int turn = 0; turn < 40; turn++) {
        uint32_t number = next_number(&seed);
        size_t most = number % 3 == 0 ? sizeof piece : number % 3 == 1 ? 9000 : 300000;
        size_t n = number % 7 == 0 ? most / PAGE * PAGE : next_number(&seed) % most;
        if (n > ROOM - len)
            n = ROOM - len;
        for (size_t i = 0; i < n; i++)
            piece[i] = (uint8_t)(next_number(&seed) >> 8);
        assert_int_equal(evidence_in_order_put(&w, slice_of(piece, n)), 0);
        memcpy(wanted + len, piece, n);
        len += n;
        if (turn % 5 == 4) {
            assert_int_equal(evidence_in_order_settle(&w), 0);
            assert_file_is(fd, wanted, len);
        }
        if (turn % 8 == 7) { /* a hole, to anywhere */
            size_t hole = next_number(&seed) % 10000;
            len += hole < ROOM - len ? hole : 0;
            assert_int_equal(evidence_in_order_skip(&w, len), 0);
            assert_int_equal(evidence_in_order_end(&w), len);
        }
        if (turn % 10 == 9 && len > 100) { /* over the last bytes, as others do */
            static const uint8_t mark[] = "written over";
            wanted[len - 50] = mark[0];
            assert_int_equal(evidence_in_order_settle(&w), 0);
            assert_int_equal(evidence_write_exactly(fd, slice_of(mark, 1), len - 50), 0);
            evidence_in_order_writer_fini(&w);
            evidence_in_order_writer_init(&w, fd, len);
        }
    }
    assert_int_equal(evidence_in_order_settle(&w), 0);
    assert_int_equal(evidence_in_order_settle(&w), 0);
    assert_int_equal(ftruncate(fd, (off_t)len), 0); /* it may end with a hole */
    evidence_in_order_writer_fini(&w);
    return len;
}

static void read_somehow(int fd, const uint8_t *wanted, size_t len, uint32_t seed)
{
    struct evidence_in_order_reader r;
    uint8_t *out = mem_new_pages(3 << 20);
    assert_non_null(out);
    fdatasync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_DIRECT); /* as it is opened */
    evidence_in_order_reader_init(&r, fd);
    for (size_t at = 0; at < len;) {
        uint32_t number = next_number(&seed);
        size_t n = number % 2 ? (1 + number % 700) * PAGE : 1 + number % 200000;
        size_t askew = number % 3 ? 0 : number % 100;
        if (n > len - at)
            n = len - at;
        assert_int_equal(evidence_in_order_read(&r, out + askew, n, at), 0);
        assert_memory_equal(out + askew, wanted + at, n);
        /* and again, and something before */
        size_t back = at > 5000 ? at - 5000 : 0;
        assert_int_equal(evidence_in_order_read(&r, out, at - back, back), 0);
        assert_memory_equal(out, wanted + back, at - back);
        at += n;
    }
    assert_int_equal(evidence_in_order_read(&r, out, 1, len), -1);
    assert_int_equal(errno, 0);
    assert_int_equal(evidence_in_order_read(&r, out, PAGE, (len + PAGE) / PAGE * PAGE), -1);
    assert_int_equal(errno, 0);
    assert_int_equal(evidence_in_order_read(&r, out, 100, len - 99), -1);
    assert_int_equal(errno, 0);
    evidence_in_order_reader_fini(&r);
    evidence_in_order_reader_init(&r, fd);
    ssize_t n = 3 << 20;
    for (size_t at = 0; n == 3 << 20; at += (size_t)n) {
        n = evidence_in_order_read_most(&r, out, 3 << 20, at);
        assert_int_equal(n, len - at < 3 << 20 ? len - at : 3 << 20);
        assert_memory_equal(out, wanted + at, (size_t)n);
    }
    evidence_in_order_reader_fini(&r);
    mem_free(out);
}

static void holds(const char *folder, uint32_t seed, long refuse_writes, long refuse_reads)
{
    int fd = new_file(folder);
    uint8_t *wanted = mem_new(ROOM, 1);
    assert_non_null(wanted);
    direct_calls = 0;
    refused_from = refuse_writes;
    size_t len = write_somehow(fd, wanted, seed);
    refused_from = -1;
    assert_true(len > 5 << 20);
    assert_file_is(fd, wanted, len);
    direct_calls = 0;
    refused_from = refuse_reads;
    read_somehow(fd, wanted, len, seed);
    refused_from = -1;
    mem_free(wanted);
    close(fd);
}

static void what_was_put_is_there(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed < 6; seed++)
        holds(".", seed, -1, -1);
    if (direct_calls == 0)
        print_message("skipped: past the cache: this folder's file system knows no O_DIRECT\n");
}

static void without_the_flag(void **state)
{
    (void)state;
    holds("/dev/shm", 7, -1, -1);
    holds("/dev/shm", 8, 0, 0);
}

static void refused_in_the_middle(void **state)
{
    (void)state;
    for (long k = 0; k < 12; k++)
        holds(".", 20 + (uint32_t)k, k, k);
}

/* A full disk is an error at the piece or behind it, and once there is room it goes on. */
static void no_space(void **state)
{
    struct evidence_in_order_writer w;
    static uint8_t piece[1 << 20];
    int fd = new_file("."), failures = 0;
    (void)state;
    short_of = (6 << 20) + 1000;
    evidence_in_order_writer_init(&w, fd, 0);
    for (int i = 0; i < 10 && failures == 0; i++)
        failures += evidence_in_order_put(&w, slice_of(piece, sizeof piece)) != 0;
    assert_int_equal(failures, 1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(evidence_in_order_settle(&w), -1);
    assert_int_equal(errno, ENOSPC);
    short_of = -1;
    evidence_in_order_writer_fini(&w);
    close(fd);
}

static void no_memory(void **state)
{
    struct evidence_in_order_writer w;
    struct evidence_in_order_reader r;
    static uint8_t piece[5 << 20];
    int fd = new_file(".");
    (void)state;
    evidence_in_order_writer_init(&w, fd, 0);
    mem_fail_after(0);
    assert_int_equal(evidence_in_order_put(&w, slice_of(piece, sizeof piece)), -1);
    assert_int_equal(errno, ENOMEM);
    mem_fail_after(-1);
    assert_int_equal(evidence_in_order_put(&w, slice_of(piece, sizeof piece)), 0);
    assert_int_equal(evidence_in_order_settle(&w), 0);
    evidence_in_order_writer_fini(&w);
    fdatasync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    evidence_in_order_reader_init(&r, fd);
    mem_fail_after(0); /* the cache does it then */
    assert_int_equal(evidence_in_order_read(&r, piece, 100, 7), 0);
    mem_fail_after(-1);
    evidence_in_order_reader_fini(&r);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_there),
        cmocka_unit_test(without_the_flag),
        cmocka_unit_test(refused_in_the_middle),
        cmocka_unit_test(no_space),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
