/* SPDX-License-Identifier: Apache-2.0 */
/* The DER reader takes exactly X.690 section 10, and the writer writes nothing else. */
#include "crypto/der.h"
#include "base/encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct slice from_hex(const char *hex, uint8_t *room)
{
    size_t len = strlen(hex) / 2;

    assert_int_equal(hex_parse(slice_str(hex), room, len), 0);
    return slice_of(room, len);
}

static void integers(void **state)
{
    static const struct {
        const char *hex;
        uint64_t value;
    } good[] = {
        {"020100", 0},
        {"02017f", 127},
        {"02020080", 128},
        {"02020100", 256},
        {"020300ffff", 65535},
        {"020900ffffffffffffffff", UINT64_MAX},
        {"020407000000", 117440512},
    };
    static const char *const bad[] = {
        "0200",   "02020001",         "0203000001",
        "0201ff", "0202ff80",         "020a01000000000000000000",
        "0102ff", "02810101",         "0282000101",
        "0280",   "02850000000001ff",
    };
    uint8_t room[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct der_document document;
        struct err e = {0};
        struct slice in = from_hex(good[i].hex, room);
        struct der r = der_open(&document, in);
        struct buf out;
        assert_int_equal(der_unsigned(&r, DER_INTEGER), good[i].value);
        assert_int_equal(der_finish(&r, "a test", &e), 0);
        buf_init(&out);
        der_put_unsigned(&out, DER_INTEGER, good[i].value);
        assert_true(slice_equal(buf_slice(&out), in));
        buf_fini(&out);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct der_document document;
        struct err e = {0};
        struct der r = der_open(&document, from_hex(bad[i], room));
        der_unsigned(&r, DER_INTEGER);
        assert_int_equal(der_finish(&r, "a test", &e), -1);
        assert_string_equal(e.code, "der.syntax");
    }
}

static void bits_and_booleans(void **state)
{
    static const struct {
        const char *hex;
        uint32_t value;
    } good[] = {
        {"030100", 0},
        {"03020780", 1},
        {"03020106", 1 << 5 | 1 << 6},
        {"0303070080", 1 << 8},
    };
    static const char *const bad[] = {"0300", "03020801", "03020781", "030101", "03020700"};
    uint8_t room[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct der_document document;
        struct err e = {0};
        struct buf out;
        struct slice in = from_hex(good[i].hex, room);
        struct der r = der_open(&document, in);
        assert_int_equal(der_named_bits(&r), good[i].value);
        assert_int_equal(der_finish(&r, "a test", &e), 0);
        buf_init(&out);
        der_put_named_bits(&out, good[i].value);
        assert_true(slice_equal(buf_slice(&out), in));
        buf_fini(&out);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct der_document document;
        struct err e = {0};
        struct der r = der_open(&document, from_hex(bad[i], room));
        der_named_bits(&r);
        assert_int_equal(der_finish(&r, "a test", &e), -1);
    }
    struct der_document document;
    struct err e = {0};
    struct der r = der_open(&document, from_hex("0101ff010100", room));
    assert_true(der_boolean(&r));
    assert_false(der_boolean(&r));
    assert_int_equal(der_finish(&r, "a test", &e), 0);
    r = der_open(&document, from_hex("010101", room));
    der_boolean(&r);
    assert_int_equal(der_finish(&r, "a test", &e), -1);
}

/* RFC 5280 section 4.1.2.5 */
static void times(void **state)
{
    static const struct {
        int tag;
        const char *text;
        int64_t seconds;
    } good[] = {
        {DER_UTC_TIME, "700101000000Z", 0},
        {DER_UTC_TIME, "491231235959Z", 2524607999},
        {DER_UTC_TIME, "500101000000Z", -631152000},
        {DER_UTC_TIME, "000229120000Z", 951825600},
        {DER_GENERALIZED_TIME, "20500101000000Z", 2524608000},
        {DER_GENERALIZED_TIME, "99991231235959Z", 253402300799},
    };
    static const struct {
        int tag;
        const char *text;
    } bad[] = {
        {DER_UTC_TIME, "7001010000Z"},
        {DER_UTC_TIME, "700101000000"},
        {DER_UTC_TIME, "700101000000+0100"},
        {DER_UTC_TIME, "701301000000Z"},
        {DER_UTC_TIME, "700230000000Z"},
        {DER_UTC_TIME, "010229000000Z"},
        {DER_UTC_TIME, "700101240000Z"},
        {DER_UTC_TIME, "700101006000Z"},
        {DER_UTC_TIME, "700101000060Z"},
        {DER_UTC_TIME, "7001x1000000Z"},
        {DER_UTC_TIME, "700100000000Z"},
        {DER_UTC_TIME, "700101000000Zx"},
        {DER_GENERALIZED_TIME, "700101000000Z"},
        {DER_GENERALIZED_TIME, "20500101000000.5Z"},
        {DER_GENERALIZED_TIME, "21000229000000Z"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct der_document document;
        struct err e = {0};
        struct buf in, out;
        buf_init(&in);
        buf_init(&out);
        der_put(&in, good[i].tag, slice_str(good[i].text));
        struct der r = der_open(&document, buf_slice(&in));
        assert_int_equal(der_time(&r), good[i].seconds * 1000000);
        assert_int_equal(der_finish(&r, "a test", &e), 0);
        der_put_time(&out, good[i].seconds * 1000000);
        assert_true(slice_equal(buf_slice(&out), buf_slice(&in)));
        buf_fini(&in);
        buf_fini(&out);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct der_document document;
        struct err e = {0};
        struct buf in;
        buf_init(&in);
        der_put(&in, bad[i].tag, slice_str(bad[i].text));
        struct der r = der_open(&document, buf_slice(&in));
        der_time(&r);
        if (der_finish(&r, "a test", &e) != -1)
            fail_msg("%s was taken", bad[i].text);
        buf_fini(&in);
    }
}

static void nesting_and_faults(void **state)
{
    struct der_document document;
    struct err e = {0};
    uint8_t room[64];
    struct der r = der_open(&document, from_hex("3006020101020102", room));
    struct der sequence = der_enter(&r, DER_SEQUENCE);

    (void)state;
    assert_int_equal(der_unsigned(&sequence, DER_INTEGER), 1);
    assert_int_equal(der_peek(&sequence), DER_INTEGER);
    assert_int_equal(der_unsigned(&sequence, DER_INTEGER), 2);
    assert_true(der_at_end(&sequence));
    assert_int_equal(der_finish(&r, "a test", &e), 0);

    /* the fault in an inner reader is the outer's too, with its offset from the start */
    r = der_open(&document, from_hex("3006020101030102", room));
    sequence = der_enter(&r, DER_SEQUENCE);
    der_unsigned(&sequence, DER_INTEGER);
    assert_int_equal(der_unsigned(&sequence, DER_INTEGER), 0);
    assert_int_equal(der_take(&r, DER_SEQUENCE).len, 0);
    assert_int_equal(der_finish(&r, "a test", &e), -1);
    assert_string_equal(e.where, "offset 5");

    static const char *const bad[] = {"3080020101 0000", "30070201010201", "1f0100", "30",
                                      "3084ffffffff"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char hex[64] = "";
        for (const char *c = bad[i]; *c; c++)
            if (*c != ' ')
                strncat(hex, c, 1);
        r = der_open(&document, from_hex(hex, room));
        der_take_any(&r, NULL, NULL);
        err_clear(&e);
        assert_int_equal(der_finish(&r, "a test", &e), -1);
    }
    /* something left behind the end */
    r = der_open(&document, from_hex("05000500", room));
    der_take(&r, DER_NULL);
    err_clear(&e);
    assert_int_equal(der_finish(&r, "a test", &e), -1);
    assert_string_equal(e.where, "offset 2");
}

static void long_lengths(void **state)
{
    static const size_t lengths[] = {0, 127, 128, 255, 256, 65535, 65536, 70000};
    static uint8_t bytes[70000];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct der_document document;
        struct err e = {0};
        struct buf flat, nested;
        buf_init(&flat);
        buf_init(&nested);
        der_put(&flat, DER_OCTET_STRING, slice_of(bytes, lengths[i]));
        size_t begun = der_begin(&nested, DER_OCTET_STRING);
        buf_put(&nested, bytes, lengths[i]);
        der_close(&nested, begun);
        assert_true(slice_equal(buf_slice(&flat), buf_slice(&nested)));
        struct der r = der_open(&document, buf_slice(&flat));
        assert_int_equal(der_take(&r, DER_OCTET_STRING).len, lengths[i]);
        assert_int_equal(der_finish(&r, "a test", &e), 0);
        buf_fini(&flat);
        buf_fini(&nested);
    }
}

static void object_identifiers(void **state)
{
    static const struct {
        const char *hex, *text;
    } good[] = {
        {"551d0f", "2.5.29.15"},
        {"2a864886f70d010101", "1.2.840.113549.1.1.1"},
        {"883703", "2.999.3"},
        {"00", "0.0"},
    };
    static const char *const bad[] = {"0600", "060180", "0603558001"};
    char text[64];
    uint8_t room[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(der_oid_text(from_hex(good[i].hex, room), text, sizeof(text)));
        assert_string_equal(text, good[i].text);
    }
    assert_false(der_oid_text(from_hex("551d0f", room), text, 5));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct der_document document;
        struct err e = {0};
        struct der r = der_open(&document, from_hex(bad[i], room));
        der_oid(&r);
        assert_int_equal(der_finish(&r, "a test", &e), -1);
    }
    struct buf b;
    buf_init(&b);
    der_put_integer(&b, from_hex("00000080", room));
    assert_int_equal(b.len, 4);
    assert_memory_equal(b.data, "\x02\x02\x00\x80", 4);
    buf_reset(&b);
    der_put_integer(&b, slice_of(NULL, 0));
    assert_memory_equal(b.data, "\x02\x01\x00", 3);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),     cmocka_unit_test(bits_and_booleans),
        cmocka_unit_test(times),        cmocka_unit_test(nesting_and_faults),
        cmocka_unit_test(long_lengths), cmocka_unit_test(object_identifiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
