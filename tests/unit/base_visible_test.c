/* SPDX-License-Identifier: Apache-2.0 */
/* Words of strangers: everything in them is seen, and nothing of them acts in HTML. */
#include "base/visible.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void check(const char *in, size_t len, bool newline, const char *shown, const char *html)
{
    struct buf b;
    buf_init(&b);
    visible_put(&b, slice_of(in, len), newline);
    assert_string_equal(buf_text(&b), shown);
    buf_reset(&b);
    html_put(&b, slice_of(in, len), newline);
    assert_string_equal(buf_text(&b), html);
    buf_fini(&b);
}

static void test_shown(void **state)
{
    (void)state;
    check("a b", 3, false, "a b", "a b");
    check("a\nb\tc", 5, false, "a b c", "a b c");
    check("a\nb", 3, true, "a\nb", "a\nb");
    check("\0\x1b\x7f", 3, false, "\xe2\x90\x80\xe2\x90\x9b\xe2\x90\xa1",
          "\xe2\x90\x80\xe2\x90\x9b\xe2\x90\xa1");
    check("x\xe2\x80\xaey", 5, false, "x[U+202E]y", "x[U+202E]y"); /* right-to-left override */
    check("\xe2\x80\x8b\xef\xbb\xbf", 6, false, "[U+200B][U+FEFF]", "[U+200B][U+FEFF]");
    check("\xff\xc3", 2, false, "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd");
    check("<a href='x\">&", 13, false, "<a href='x\">&", "&lt;a href=&#39;x&quot;&gt;&amp;");
    check("", 0, false, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
