/* SPDX-License-Identifier: Apache-2.0 */
/* Arena, buffer, and the allocations under them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"
#include "base/poison.h"

#include <stdalign.h>

static void allocations_refuse_overflow(void **state)
{
    char *block = mem_new(3, 5);

    (void)state;
    assert_non_null(block);
    for (size_t i = 0; i < 15; i++)
        assert_int_equal(block[i], 0);
    assert_null(mem_resize(block, SIZE_MAX / 2, 3));
    assert_null(mem_new(SIZE_MAX / 2, 3));
    block = mem_resize(block, 100, 1);
    assert_non_null(block);
    mem_free_secret(block, 100);
    mem_free(NULL);
    mem_free_secret(NULL, 0);
    char *copy = mem_strdup("x\xC3\xA9");
    assert_string_equal(copy, "x\xC3\xA9");
    mem_free(copy);
}

static void pages_are_whole_pages(void **state)
{
    static const size_t sizes[] = {0, 1, 4096, 4097, 1 << 20, (2 << 20) - 1, 2 << 20, 5 << 20};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        uint8_t *block = mem_new_pages(sizes[i]);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 4096, 0);
        for (size_t at = 0; at < sizes[i]; at += 512)
            block[at] = 1;
        mem_free(block);
    }
    assert_null(mem_new_pages(SIZE_MAX));
    assert_null(mem_new_pages(SIZE_MAX - 4096));
    mem_fail_after(0);
    assert_null(mem_new_pages(1));
    assert_int_equal(mem_allocations(), 1);
    mem_fail_after(-1);
}

static void the_chosen_allocation_fails_once(void **state)
{
    (void)state;
    mem_fail_after(1);
    char *first = mem_new(1, 1);
    char *second = mem_new(1, 1);
    char *third = mem_strdup("x");
    assert_int_equal(mem_allocations(), 3);
    mem_fail_after(-1);
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    mem_free(first);
    mem_free(third);
}

static void arena_memory_is_aligned_and_apart(void **state)
{
    enum { PIECES = 3000 };
    static uint8_t *pieces[PIECES];
    struct arena a;

    (void)state;
    arena_init(&a, 0);
    for (size_t i = 0; i < PIECES; i++) {
        size_t size = i % 7 == 0 ? 5000 + i : i % 100;
        pieces[i] = arena_alloc(&a, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)(i & 255), size);
    }
    for (size_t i = 0; i < PIECES; i++) {
        size_t size = i % 7 == 0 ? 5000 + i : i % 100;
        for (size_t j = 0; j < size; j++)
            assert_int_equal(pieces[i][j], i & 255);
    }
    arena_fini(&a);
}

/* With AddressSanitizer, a step past what was given is seen. */
static void arena_is_watched(void **state)
{
    (void)state;
#ifdef WATCHED_BY_ASAN
    struct arena a;
    arena_init(&a, 0);
    uint8_t *piece = arena_alloc(&a, 13);
    assert_non_null(piece);
    assert_false(__asan_address_is_poisoned(piece + 12));
    assert_true(__asan_address_is_poisoned(piece + 13));
    assert_true(__asan_address_is_poisoned(piece + 16));
    arena_reset(&a);
    assert_true(__asan_address_is_poisoned(piece));
    arena_fini(&a);
#else
    print_message("skipped: not built with AddressSanitizer\n");
    skip();
#endif
}

static void arena_copies_and_formats(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 0);
    assert_string_equal(arena_strdup(&a, "abc"), "abc");
    assert_memory_equal(arena_copy(&a, "a\0b", 3), "a\0b\0", 4);
    assert_string_equal(arena_copy(&a, NULL, 0), "");
    assert_string_equal(arena_printf(&a, "%s-%d", "x", 7), "x-7");
    const uint8_t *zeroed = arena_new(&a, 10, 10);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(zeroed[i], 0);
    assert_null(arena_new(&a, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(&a, SIZE_MAX - 3));
    assert_null(arena_copy(&a, "", SIZE_MAX));
    arena_fini(&a);
}

static void arena_limit_holds(void **state)
{
    struct arena a;
    size_t taken = 0;

    (void)state;
    arena_init(&a, 100000);
    while (arena_alloc(&a, 1000))
        taken += 1000;
    assert_in_range(taken, 90000, 100000);
    assert_true(a.used <= 100000);
    assert_null(arena_alloc(&a, 200000));
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 1000));
    assert_true(a.used <= 100000);
    arena_reset(&a);
    /* the kept block is used again: no memory is asked for */
    mem_fail_after(0);
    assert_non_null(arena_alloc(&a, 1000));
    mem_fail_after(-1);
    arena_fini(&a);
    assert_int_equal(a.limit, 100000);
    assert_int_equal(a.used, 0);
}

static void arena_says_when_memory_ends(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 0);
    mem_fail_after(0);
    assert_null(arena_alloc(&a, 1));
    mem_fail_after(0);
    assert_null(arena_printf(&a, "%d", 1));
    mem_fail_after(-1);
    assert_non_null(arena_alloc(&a, 1));
    arena_fini(&a);
}

static void buffers_grow_and_end_with_nul(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b);
    assert_string_equal(buf_text(&b), "");
    for (int i = 0; i < 1000; i++) {
        buf_putc(&b, 'a' + i % 26);
        assert_int_equal(b.data[b.len], 0);
    }
    assert_int_equal(b.len, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
    buf_reset(&b);
    buf_puts(&b, "x");
    buf_printf(&b, "%05d", 42);
    buf_put(&b, NULL, 0);
    buf_put_slice(&b, slice_str("yz"));
    assert_string_equal(buf_text(&b), "x00042yz");
    assert_true(slice_is(buf_slice(&b), "x00042yz"));
    buf_fini(&b);
    assert_null(b.data);
}

static void buffers_remember_failure(void **state)
{
    struct err e = {0};
    struct buf b;

    (void)state;
    buf_init(&b);
    b.limit = 10;
    buf_puts(&b, "0123456789");
    assert_int_equal(buf_check(&b, &e), 0);
    buf_putc(&b, 'x');
    assert_int_equal(buf_check(&b, &e), -1);
    assert_string_equal(e.code, "base.buffer-limit");
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_int_equal(b.len, 10);
    assert_null(buf_extend(&b, 0)); /* once failed, nothing more is taken */
    buf_reset(&b);
    buf_puts(&b, "again");
    assert_string_equal(buf_text(&b), "again");
    buf_fini(&b);
    assert_int_equal(b.limit, 10);
    buf_init(&b);
    mem_fail_after(0);
    buf_puts(&b, "x");
    mem_fail_after(-1);
    err_clear(&e);
    assert_int_equal(buf_check(&b, &e), -1);
    assert_int_equal(e.kind, ERR_MEMORY);
    buf_fini(&b);
    buf_init(&b);
    assert_null(buf_extend(&b, SIZE_MAX));
    assert_true(b.failed);
    buf_fini(&b);
}

/* A secret's buffer grows into new memory and wipes the old; nothing is lost on the way. */
static void secret_buffers_keep_their_contents(void **state)
{
    struct buf b;

    (void)state;
    buf_init_secret(&b);
    for (int i = 0; i < 5000; i++)
        buf_putc(&b, i & 127);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(b.data[i], i & 127);
    mem_fail_after(0);
    assert_null(buf_extend(&b, 100000));
    mem_fail_after(-1);
    assert_int_equal(b.data[4999], 4999 & 127);
    buf_fini_secret(&b);
    assert_true(b.secret);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_refuse_overflow),
        cmocka_unit_test(pages_are_whole_pages),
        cmocka_unit_test(the_chosen_allocation_fails_once),
        cmocka_unit_test(arena_memory_is_aligned_and_apart),
        cmocka_unit_test(arena_is_watched),
        cmocka_unit_test(arena_copies_and_formats),
        cmocka_unit_test(arena_limit_holds),
        cmocka_unit_test(arena_says_when_memory_ends),
        cmocka_unit_test(buffers_grow_and_end_with_nul),
        cmocka_unit_test(buffers_remember_failure),
        cmocka_unit_test(secret_buffers_keep_their_contents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
