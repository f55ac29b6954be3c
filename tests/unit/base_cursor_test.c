/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded cursor, slices, and bytes as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/cursor.h"
#include "base/encoding.h"
#include "base/utf8.h"

static struct cursor over(const void *data, size_t len)
{
    struct cursor c;

    cursor_init(&c, slice_of(data, len));
    return c;
}

static void what_is_put_is_read(void **state)
{
    struct err e = {0};
    struct buf b;
    uint8_t four[4];

    (void)state;
    buf_init(&b);
    buf_putc(&b, 0xAB);
    cursor_put_u16(&b, 0x1234);
    cursor_put_u32(&b, 0x89ABCDEF);
    cursor_put_u64(&b, 0xFEDCBA9876543210U);
    cursor_put_slice16(&b, slice_str("short"));
    cursor_put_slice32(&b, slice_str(""));
    buf_puts(&b, "line one\n\nMAGICwxyz");
    struct cursor c = over(b.data, b.len);
    assert_int_equal(cursor_left(&c), b.len);
    assert_int_equal(cursor_peek(&c), 0xAB);
    assert_int_equal(cursor_u8(&c), 0xAB);
    assert_int_equal(cursor_u16(&c), 0x1234);
    assert_int_equal(cursor_u32(&c), 0x89ABCDEF);
    assert_true(cursor_u64(&c) == 0xFEDCBA9876543210U);
    assert_true(slice_is(cursor_take16(&c), "short"));
    assert_int_equal(cursor_take32(&c).len, 0);
    assert_true(slice_is(cursor_line(&c), "line one"));
    assert_true(slice_is(cursor_line(&c), ""));
    assert_false(cursor_skip(&c, "MAGIK"));
    assert_true(cursor_skip(&c, "MAGIC"));
    assert_true(cursor_skip(&c, ""));
    assert_int_equal(cursor_finish(&c, "the sample", &e), -1);
    assert_string_equal(e.code, "base.trailing");
    cursor_copy(&c, four, 4);
    assert_memory_equal(four, "wxyz", 4);
    err_clear(&e);
    assert_int_equal(cursor_finish(&c, "the sample", &e), 0);
    assert_int_equal(cursor_peek(&c), -1);
    assert_int_equal(cursor_left(&c), 0);
    buf_fini(&b);
}

/* A read past the end gives zeros, moves nothing, and is remembered for all that follow. */
static void reading_too_far_is_remembered(void **state)
{
    uint8_t four[4] = {1, 2, 3, 4};
    struct err e = {0};

    (void)state;
    struct cursor c = over("\x01\x02\x03", 3);
    assert_int_equal(cursor_u16(&c), 0x0102);
    assert_int_equal(cursor_u16(&c), 0);
    assert_true(c.failed);
    assert_int_equal(cursor_u8(&c), 0); /* though one byte is left */
    assert_int_equal(cursor_left(&c), 0);
    assert_int_equal(cursor_peek(&c), -1);
    assert_null(cursor_take(&c, 0).data);
    assert_false(cursor_skip(&c, "\x03"));
    cursor_copy(&c, four, 4);
    assert_memory_equal(four, "\0\0\0\0", 4);
    assert_int_equal(cursor_finish(&c, "the sample", &e), -1);
    assert_string_equal(e.code, "base.truncated");
    assert_string_equal(e.where, "offset 2");
    c = over("\xFF\xFF\xFF\xFFxx", 6);
    assert_null(cursor_take32(&c).data);
    assert_true(c.failed);
    c = over("\x00\x09xx", 4);
    assert_null(cursor_take16(&c).data);
    assert_true(c.failed);
    c = over("no line feed", 12);
    assert_null(cursor_line(&c).data);
    assert_true(c.failed);
    c = over("x", 1);
    assert_null(cursor_take(&c, SIZE_MAX).data);
    assert_true(c.failed);
}

static void nothing_can_be_read(void **state)
{
    struct err e = {0};
    struct cursor c = over(NULL, 0);

    (void)state;
    assert_int_equal(cursor_take(&c, 0).len, 0);
    assert_true(cursor_skip(&c, ""));
    assert_false(cursor_skip(&c, "x"));
    cursor_copy(&c, NULL, 0);
    assert_int_equal(cursor_finish(&c, "nothing", &e), 0);
    assert_int_equal(cursor_u8(&c), 0);
    assert_true(c.failed);
}

static void a_run_too_long_for_its_length_fails(void **state)
{
    static const uint8_t zeros[65536];
    struct buf b;

    (void)state;
    buf_init(&b);
    cursor_put_slice16(&b, slice_of(zeros, 65535));
    assert_false(b.failed);
    cursor_put_slice16(&b, slice_of(zeros, 65536));
    assert_true(b.failed);
    buf_fini(&b);
}

static void slices_compare_by_bytes(void **state)
{
    (void)state;
    assert_true(slice_compare(slice_str("a"), slice_str("b")) < 0);
    assert_true(slice_compare(slice_str("ab"), slice_str("a")) > 0);
    assert_true(slice_compare(slice_str("\xFF"), slice_str("a")) > 0);
    assert_int_equal(slice_compare(slice_str("a"), slice_str("a")), 0);
    assert_int_equal(slice_compare(slice_of(NULL, 0), slice_str("")), 0);
    assert_true(slice_equal(slice_of(NULL, 0), slice_str("")));
    assert_false(slice_equal(slice_str("a"), slice_str("b")));
    assert_int_equal(slice_str(NULL).len, 0);
}

/* RFC 4648 section 10 */
static void base64_is_that_of_rfc_4648(void **state)
{
    static const char *const vectors[][3] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xFB\xEF\xFF", "++//", "--__"},
    };
    struct buf b;

    (void)state;
    buf_init(&b);
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        buf_reset(&b);
        base64_put(&b, slice_str(vectors[i][0]));
        assert_string_equal(buf_text(&b), vectors[i][1]);
        buf_reset(&b);
        base64url_put(&b, slice_str(vectors[i][0]));
        assert_string_equal(buf_text(&b), vectors[i][2]);
        buf_reset(&b);
        assert_int_equal(base64_parse(slice_str(vectors[i][1]), &b), 0);
        assert_string_equal(buf_text(&b), vectors[i][0]);
        buf_reset(&b);
        assert_int_equal(base64url_parse(slice_str(vectors[i][2]), &b), 0);
        assert_string_equal(buf_text(&b), vectors[i][0]);
    }
    buf_reset(&b); /* behind what is there already */
    buf_puts(&b, "x");
    assert_int_equal(base64_parse(slice_str("Zg=="), &b), 0);
    assert_string_equal(buf_text(&b), "xf");
    buf_fini(&b);
}

/* One text for one value: whatever is not canonical is refused. */
static void base64_is_strict(void **state)
{
    static const char *const bad[] = {
        "Z",       "Zg",    "Zg=",      "Zg===",    "=",     "==",      "====",   "Zh==",
        "Zm9=",    "Zm9v=", "Zm9v====", "Zg==Zg==", "Z g=",  "Zg=\n",   "Zm9v\n", "Zm-_",
        "Zm9\x80", "Z===",  "Zg=a",     " Zm9v",    "Zm9v ", "Zm\x009v"};
    static const char *const bad_url[] = {"Z",    "Zg==",  "Zh",  "Zm9",
                                          "Zm+/", "Zm9vY", "Zg=", "Zm9v\n"};
    struct buf b;

    (void)state;
    buf_init(&b);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (base64_parse(slice_str(bad[i]), &b) != -1)
            fail_msg("base64 \"%s\": accepted", bad[i]);
    for (size_t i = 0; i < ARRAY_LEN(bad_url); i++)
        if (base64url_parse(slice_str(bad_url[i]), &b) != -1)
            fail_msg("base64url \"%s\": accepted", bad_url[i]);
    assert_int_equal(base64_parse(slice_of("Zm\0v", 4), &b), -1);
    b.limit = 2;
    buf_reset(&b);
    assert_int_equal(base64_parse(slice_str("Zm9v"), &b), -1);
    buf_fini(&b);
}

static void hexadecimal_is_exact(void **state)
{
    uint8_t bytes[3];
    char text[7];
    struct buf b;

    (void)state;
    buf_init(&b);
    hex_put(&b, slice_of("\x00\xAB\x9f", 3));
    assert_string_equal(buf_text(&b), "00ab9f");
    hex_format("\xDE\xAD\x01", 3, text);
    assert_string_equal(text, "dead01");
    assert_int_equal(hex_parse(slice_str("00aB9F"), bytes, 3), 0);
    assert_memory_equal(bytes, "\x00\xAB\x9f", 3);
    assert_int_equal(hex_parse(slice_str("00ab9"), bytes, 3), -1);
    assert_int_equal(hex_parse(slice_str("00ab9f0"), bytes, 3), -1);
    assert_int_equal(hex_parse(slice_str("00ab9g"), bytes, 3), -1);
    assert_int_equal(hex_parse(slice_str("00ab9:"), bytes, 3), -1);
    assert_int_equal(hex_parse(slice_str(""), bytes, 0), 0);
    buf_fini(&b);
}

/* Every code point forth and back; every two- and three-byte run judged as a decoder would. */
static void utf8_is_judged_by_rfc_3629(void **state)
{
    uint8_t bytes[4];

    (void)state;
    for (uint32_t point = 0; point <= 0x10FFFF; point++) {
        if (point >= 0xD800 && point <= 0xDFFF)
            continue;
        size_t len = utf8_encode(point, bytes);
        if (utf8_length(bytes, bytes + len) != len || utf8_decode(bytes, len) != point ||
            (len > 1 && utf8_length(bytes, bytes + len - 1) != 0))
            fail_msg("U+%04X", point);
    }
    for (uint32_t run = 0; run < 1U << 24; run++) {
        bytes[0] = (uint8_t)(run >> 16);
        bytes[1] = (uint8_t)(run >> 8);
        bytes[2] = (uint8_t)run;
        size_t len = utf8_length(bytes, bytes + 3);
        uint8_t again[4];
        if (len > 0 && len <= 3 &&
            (utf8_encode(utf8_decode(bytes, len), again) != len || memcmp(again, bytes, len) != 0))
            fail_msg("%06X is taken", run);
    }
    assert_int_equal(utf8_check(slice_of(NULL, 0)), 0);
    assert_int_equal(utf8_check(slice_str("plain ASCII text, longer than a word")), 36);
    assert_int_equal(utf8_check(slice_str("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 and ASCII")), 19);
    assert_int_equal(utf8_check(slice_str("eight by\xFFtes")), 8);
    assert_int_equal(utf8_check(slice_str("caf\xC3")), 3);
    assert_int_equal(utf8_check(slice_str("\xED\xA0\x80")), 0);
    assert_int_equal(utf8_cut(slice_str("a\xE2\x82\xAC"), 3), 1);
    assert_int_equal(utf8_cut(slice_str("a\xE2\x82\xAC"), 4), 4);
    assert_int_equal(utf8_cut(slice_str("abc"), 2), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_read),
        cmocka_unit_test(reading_too_far_is_remembered),
        cmocka_unit_test(nothing_can_be_read),
        cmocka_unit_test(a_run_too_long_for_its_length_fails),
        cmocka_unit_test(slices_compare_by_bytes),
        cmocka_unit_test(base64_is_that_of_rfc_4648),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(hexadecimal_is_exact),
        cmocka_unit_test(utf8_is_judged_by_rfc_3629),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
