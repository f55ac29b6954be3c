/* SPDX-License-Identifier: Apache-2.0 */
/* Notations of ranges that the public data does not ask for, or not enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/memory.h"
#include "product/native.h"

#include <stdlib.h>

static const struct {
    const char *type, *native, *vers; /* NULL: refused */
} cases[] = {
    {"npm", "*", "vers:npm/*"},
    {"npm", "1.x || 3.*", "vers:npm/>=1.0.0|<2.0.0|>=3.0.0|<4.0.0"},
    {"npm", "1.2", "vers:npm/>=1.2.0|<1.3.0"},
    {"npm", ">1.2", "vers:npm/>=1.3.0"},
    {"npm", "<1.2", "vers:npm/<1.2.0"},
    {"npm", "^1.x", "vers:npm/>=1.0.0|<2.0.0"},
    {"npm", "^0.0", "vers:npm/>=0.0.0|<0.1.0"},
    {"npm", "~1", "vers:npm/>=1.0.0|<2.0.0"},
    {"npm", "1.0.0 - 2.0.0 || 3.0.0", "vers:npm/>=1.0.0|<=2.0.0|3.0.0"},
    {"npm", ">=1.0.0 <3.0.0 || >=2.0.0 <4.0.0", "vers:npm/>=1.0.0|<4.0.0"},
    {"npm", ">=1.0.0 || <2.0.0", "vers:npm/*"},
    {"npm", "<2.0.0 || >=1.0.0 <5.0.0", "vers:npm/<5.0.0"},
    {"npm", ">=3.0.0 <2.0.0", NULL},
    {"npm", ">=3.0.0 <2.0.0 || 1.0.0", "vers:npm/1.0.0"},
    {"npm", ">=", NULL},
    {"npm", "1.0.0 -", NULL},
    {"npm", "latest", NULL},
    {"npm", "<*", NULL},
    {"npm", "^99999999999999999999.0.0", NULL},
    {"cargo", "1.2.3", "vers:cargo/>=1.2.3|<2.0.0"},
    {"cargo", "0.2", "vers:cargo/>=0.2.0|<0.3.0"},
    {"cargo", "=1.2.3", "vers:cargo/1.2.3"},
    {"cargo", "1.*", "vers:cargo/>=1.0.0|<2.0.0"},
    {"cargo", ">=1.2, <1.5", "vers:cargo/>=1.2.0|<1.5.0"},
    {"composer", "~1.2", "vers:composer/>=1.2.0|<2.0.0"},
    {"composer", "~1.2.3 | ^3.0", "vers:composer/>=1.2.3|<1.3.0|>=3.0.0|<4.0.0"},
    {"composer", "1.0.*", "vers:composer/>=1.0.0|<1.1.0"},
    {"composer", "<>1.5.0,>=1.0", "vers:composer/>=1.0.0|!=1.5.0"},
    {"dart", "^1.2.3", "vers:dart/>=1.2.3|<2.0.0"},
    {"gem", "~> 2.0", "vers:gem/>=2.0|<3"},
    {"gem", "~> 2.2.0, != 2.2.1", "vers:gem/>=2.2.0|!=2.2.1|<2.3"},
    {"pypi", "~=1.4.5", "vers:pypi/>=1.4.5|<1.5.dev0"},
    {"pypi", "==1.4.*", "vers:pypi/>=1.4.dev0|<1.5.dev0"},
    {"pypi", ">=1.0, !=1.5, !=1.0, <2.0", "vers:pypi/>1.0|!=1.5|<2.0"},
    {"pypi", "!=1.5.*", NULL},
    {"pypi", "===1.0", "vers:pypi/1.0"},
    /* left out of its own alternative only */
    {"pypi", ">=1.0,!=1.5,<2.0||==1.5", "vers:pypi/>=1.0|<2.0"},
    {"pypi", "!=5,!=6", "vers:pypi/!=5|!=6"},
    {"maven", "[1.0,2.0),(3.0,)", "vers:maven/>=1.0|<2.0|>3.0"},
    {"maven", "(,1.0],[1.2]", "vers:maven/<=1.0|1.2"},
    {"maven", "(,1.1),(1.1,)", "vers:maven/!=1.1"},
    {"maven", "1.0", "vers:maven/1.0"},
    {"maven", "(,)", "vers:maven/*"},
    {"maven", "[1.0", NULL},
    {"maven", "(1.0)", NULL},
    {"maven", "[]", NULL},
    {"nuget", "1.0", "vers:nuget/>=1.0"},
    {"nuget", "(1.0,)", "vers:nuget/>1.0"},
    {"nuget", "1.*", "vers:nuget/>=1|<2"},
    {"nuget", "*", "vers:nuget/*"},
    {"nuget", "x*", NULL},
    {"deb", "<< 1:1.0~rc1-1", "vers:deb/<1:1.0~rc1-1"},
    {"deb", ">= 1.0, << 2.0~", "vers:deb/>=1.0|<2.0~"},
    {"rpm", ">= 1.0^git1 < 2.0", "vers:rpm/>=1.0^git1|<2.0"},
    {"golang", ">=v1.0.0 <v1.1.0-0.20210101000000-abcdefabcdef",
     "vers:golang/>=1.0.0|<1.1.0-0.20210101000000-abcdefabcdef"},
    {"nginx", "all", "vers:nginx/*"},
    {"nginx", "1.5.0+", "vers:nginx/>=1.5.0"},
    {"conan", ">1.0- <2.0, loose=False", "vers:conan/>1.0|<2.0"},
    {"tomee", ">1", NULL},
    {"generic", ">1", NULL},
};

static void notations(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        struct buf out;
        struct product_vers v, again;
        struct err e = {0};
        arena_init(&a, 0);
        buf_init(&out);
        bool good = product_native_read(&a, slice_str(cases[i].type), slice_str(cases[i].native),
                                        &v, &e) == 0 &&
                    product_vers_write(&v, &out, &e) == 0;
        bool same = good ? cases[i].vers && strcmp(buf_text(&out), cases[i].vers) == 0
                         : !cases[i].vers && e.kind == ERR_INPUT;
        /* and what comes out is canonical by the strict reader */
        if (good && same)
            same = product_vers_parse(&a, buf_slice(&out), &again, &e) == 0;
        if (!same) {
            print_message("%s %s: %s (%s)\n", cases[i].type, cases[i].native, buf_text(&out),
                          e.text);
            wrong++;
        }
        buf_fini(&out);
        arena_fini(&a);
    }
    assert_int_equal(wrong, 0);
}

static void parts_have_a_limit(void **state)
{
    (void)state;
    struct arena a;
    struct buf text;
    struct product_vers v;
    struct err e = {0};
    arena_init(&a, 0);
    buf_init(&text);
    for (int i = 0; i < 400; i++)
        buf_printf(&text, "||%d", i);
    assert_int_equal(product_native_read(&a, slice_str("gem"), buf_slice(&text), &v, &e), -1);
    assert_string_equal(e.code, "native.syntax");
    buf_fini(&text);
    arena_fini(&a);
}

static void memory_runs_out(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"pypi", ">=1.0,!=1.5,<2.0||==3.*"}, {"npm", "^1.2 || 5.x"}, {"maven", "[1.0,2.0),(3.0,)"}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        for (long after = 0; after < 40; after++) {
            struct arena a;
            struct product_vers v;
            struct err e = {0};
            arena_init(&a, 0);
            mem_fail_after(after);
            int result =
                product_native_read(&a, slice_str(texts[i][0]), slice_str(texts[i][1]), &v, &e);
            bool failed = mem_has_failed();
            mem_fail_after(-1);
            assert_int_equal(result, failed ? -1 : 0);
            assert_int_equal(e.kind, failed ? ERR_MEMORY : ERR_NONE);
            arena_fini(&a);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notations),
        cmocka_unit_test(parts_have_a_limit),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
