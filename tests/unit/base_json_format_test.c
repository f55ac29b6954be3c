/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are looked at many bytes at a time: each byte counts wherever it stands. */
#include "base/json_schema_internal.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

/* RFC 3986 section 3.3: pchar and "/", and what begins a query or a fragment. */
static bool may_be_in_a_path(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("-._~!$&'()*+,;=:@/?#", c));
}

static void each_byte_at_each_place_of_a_path(void **state)
{
    uint8_t text[64];

    (void)state;
    for (size_t len = 11; len < 60; len++) {
        for (size_t at = 10; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                memset(text, 'z', sizeof text);
                memcpy(text, "https://h/", 10);
                text[at] = (uint8_t)c;
                bool valid = json_format_valid(JSON_FORMAT_URI, slice_of(text, len));
                if (valid != may_be_in_a_path(c))
                    fail_msg("byte %d at %zu of %zu is %s", c, at, len,
                             valid ? "let through" : "refused");
            }
        }
    }
}

static void the_rest_of_a_uri(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"https://h/a%41b", true},
        {"https://h/a%4", false},
        {"https://h/aaaaaaaaaaaaaaaaaaaaaaaaaaaa%4g", false},
        {"https://h/aaaaaaaaaaaaaaaaaaaaaaaaaaaa%4a", true},
        {"https://h/a?b?c#d?e", true},
        {"https://h/aaaaaaaaaaaaaaaaaaaaaaaaaaaa#d#e", false},
        {"https://user@h:80/", true},
        {"https://h:8x/", false},
        {"https://h x/", false},
        {"https://[::1]/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
        {"https://[::g]/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"https://h%2/", false},
        {"https://", true},
        {"https://h", true},
        {"://h", false},
        {"urn:a:b", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (json_format_valid(JSON_FORMAT_URI, slice_str(cases[i].text)) != cases[i].valid)
            fail_msg("%s", cases[i].text);
}

static void characters_are_counted_not_bytes(void **state)
{
    static const char *const pieces[] = {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x94\x92"};
    uint32_t random = 1;

    (void)state;
    for (size_t round = 0; round < 2000; round++) {
        char text[200] = "";
        size_t count = round % 40, len = 0;
        for (size_t i = 0; i < count; i++) {
            random = random * 1664525U + 1013904223U;
            const char *piece = pieces[random >> 30];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        assert_int_equal(json_schema_characters(slice_of(text, len)), count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_byte_at_each_place_of_a_path),
        cmocka_unit_test(the_rest_of_a_uri),
        cmocka_unit_test(characters_are_counted_not_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
