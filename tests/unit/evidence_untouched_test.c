/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc/PID/smaps says of areas in which nothing is; in doubt they are looked into. */
#include "evidence/live/untouched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LEAST = 1 << 28 };

static struct live_untouched found;

/* An area of a GiB with these lines in it. */
static void parse(const char *inside)
{
    char text[4000];
    snprintf(text, sizeof text,
             "7f0000000000-7f0000001000 r--p 00000000 fe:00 12   /lib/x-y z\n"
             "Rss:                   4 kB\nSwap:                  0 kB\nVmFlags: rd mr \n"
             "7f1000000000-7f1040000000 ---p 00000000 00:00 0 \n%s"
             "7f2000000000-7f2000001000 r--p 00000000 fe:00 12   /lib/x\n"
             "Rss:                   0 kB\nSwap:                  0 kB\nVmFlags: rd mr \n",
             inside);
    live_untouched_parse(&found, slice_str(text), LEAST);
}

static void test_areas(void **state)
{
    static const char *const something[] = {
        "Rss: 4 kB\nSwap: 0 kB\nVmFlags: rd\n",
        "Rss: 0 kB\nSwap: 4 kB\nVmFlags: rd\n",
        "Rss: 0 kB\nPrivate_Hugetlb: 2048 kB\nSwap: 0 kB\nVmFlags: rd\n",
        "Rss: 0 kB\nShared_Hugetlb: 2048 kB\nSwap: 0 kB\nVmFlags: rd\n",
        "Rss: 0 kB\nSwap: 0 kB\nVmFlags: rd io de\n",
        "Rss: 0 kB\nSwap: 0 kB\nVmFlags: rd pf\n",
        "Rss: 0 kB\nSwap: 0 kB\nVmFlags: rd ht\n",
        "Rss: none\nSwap: 0 kB\nVmFlags: rd\n",
        "Rss: 0 kB\nVmFlags: rd\n",
        "Swap: 0 kB\nVmFlags: rd\n",
        "Rss: 0 kB\nSwap: 0 kB\n",
        "",
    };
    (void)state;
    parse("Rss:                   0 kB\nPrivate_Hugetlb:       0 kB\nSwap:                  0 kB\n"
          "SwapPss:               0 kB\nVmFlags: mr mw me nr sd \n");
    assert_int_equal(found.count, 1);
    assert_true(live_untouched_has(&found, 0x7f1000000000, 0x7f1040000000));
    assert_false(live_untouched_has(&found, 0x7f1000000000, 0x7f1080000000)); /* it has grown */
    assert_false(live_untouched_has(&found, 0x7f2000000000, 0x7f2000001000)); /* too small */
    for (size_t i = 0; i < ARRAY_LEN(something); i++) {
        parse(something[i]);
        assert_int_equal(found.count, 0);
    }
}

static void test_many(void **state)
{
    static char text[LIVE_UNTOUCHED_MOST * 160];
    size_t len = 0;
    (void)state;
    for (uint64_t i = 0; i < LIVE_UNTOUCHED_MOST + 9; i++) {
        uint64_t from = (i + 1) << 29;
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "%llx-%llx ---p 0 00:00 0\nRss: 0 kB\nSwap: 0 kB\nVmFlags: mr\n",
                                (unsigned long long)from, (unsigned long long)from + LEAST);
    }
    live_untouched_parse(&found, slice_of(text, len), LEAST);
    assert_int_equal(found.count, LIVE_UNTOUCHED_MOST);
    for (uint64_t i = 0; i < LIVE_UNTOUCHED_MOST; i++)
        assert_true(live_untouched_has(&found, (i + 1) << 29, ((i + 1) << 29) + LEAST));
    for (size_t cut = 0; cut < 400; cut++) { /* cut anywhere: what is whole, and never more */
        live_untouched_parse(&found, slice_of(text, cut), LEAST);
        assert_true(found.count <= cut / 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_areas), cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
