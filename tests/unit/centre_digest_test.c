/* SPDX-License-Identifier: Apache-2.0 */
/* What an owner reads: devices for which the same is to be done together, the worst first. */
#include "centre/digest_groups.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#define FIX                                                                                        \
    "{\"category\":\"vendor_fix\",\"details\":\"Install version "                                  \
    "3\",\"url\":\"https://x.example/3\"}"

static const char affected[] =
    "{\"statements\":[{\"vulnerability\":\"CVE-2026-1\",\"status\":\"affected\",\"remediations\":"
    "[" FIX "]},{\"vulnerability\":\"CVE-2026-2\",\"status\":\"affected\",\"remediations\":[" FIX
    "]}]}";
static const char unknown[] =
    "{\"statements\":[{\"vulnerability\":\"CVE-2026-1\",\"status\":\"unknown\",\"decide\":"
    "\"nameplate.firmware\",\"remediations\":[]}]}";
static const char over[] = "{\"statements\":[]}";

static void add(struct digest_groups *groups, const char *label, const char *way,
                const char *status, const char *body)
{
    const struct digest_device device = {.id = slice_str("ast_1"),
                                         .label = slice_str(label),
                                         .vendor = slice_str("Example Pumps"),
                                         .model = slice_str("P-7"),
                                         .way = slice_str(way),
                                         .status = slice_str(status),
                                         .body = slice_str(body)};
    struct err e = {0};

    assert_int_equal(digest_groups_add(groups, &device, &e), 0);
}

static void together(void **state)
{
    struct digest_groups groups;
    struct buf text;

    (void)state;
    buf_init(&text);
    digest_groups_init(&groups, 4);
    add(&groups, "over", "online", "not_affected", over);
    add(&groups, "doubt", "none", "unknown", unknown);
    add(&groups, "one", "online", "affected", affected);
    add(&groups, "two", "none", "affected", affected);
    add(&groups, "three", "online", "affected", affected);
    digest_groups_put(&groups, &text);
    assert_string_equal(buf_text(&text), "AFFECTED\n\n"
                                         "  one: Example Pumps P-7\n"
                                         "  two: Example Pumps P-7 (no agent)\n"
                                         "    affected by CVE-2026-1, CVE-2026-2\n"
                                         "    what to do: Install version 3\n"
                                         "      https://x.example/3\n\n"
                                         "PERHAPS AFFECTED\n\n"
                                         "  doubt: Example Pumps P-7 (no agent)\n"
                                         "    perhaps affected by CVE-2026-1\n"
                                         "    what would decide it: nameplate.firmware\n"
                                         "    what to do: the advisory does not say\n\n"
                                         "NOT CONCERNED ANY MORE\n\n"
                                         "  over: Example Pumps P-7\n"
                                         "    nothing is to be done any more\n\n"
                                         "  and 1 more\n\n");
    assert_int_equal(digest_groups_count(&groups), 5);
    assert_int_equal(groups.counts[DIGEST_AFFECTED], 3);
    assert_int_equal(groups.counts[DIGEST_PERHAPS], 1);
    assert_int_equal(groups.counts[DIGEST_NOTHING], 1);
    assert_int_equal(groups.without_agent, 2);
    digest_groups_fini(&groups);
    buf_fini(&text);
}

static void narrow(void **state)
{
    static const char words[] = "Gr\xc3\xb6\xc3\x9f"
                                "e \n\n  des Ger\xc3\xa4ts und noch viele andere "
                                "Worte, bis die Zeile voll ist und eine zweite anfangen muss";
    size_t column = 0;
    struct buf text;

    (void)state;
    buf_init(&text);
    digest_put_words(&text, slice_str(words), 4, 2);
    assert_memory_equal(text.data, "    Gr", 6);
    assert_non_null(strstr(buf_text(&text), "\n      "));
    for (size_t i = 0; i < text.len; i++) {
        column = text.data[i] == '\n' ? 0 : column + ((text.data[i] & 0xc0) != 0x80);
        assert_true(column <= 76);
    }
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(together),
        cmocka_unit_test(narrow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
