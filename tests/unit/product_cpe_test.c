/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "product/cpe.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct slice s(const char *text)
{
    return slice_str(text);
}

static void lines_are(const char *path, bool valid, size_t *passed, size_t *total)
{
    struct buf text;
    struct err e = {0};
    buf_init(&text);
    if (file_read(path, 1 << 20, &text, &e) != 0) {
        buf_fini(&text);
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    for (size_t i = 0, start = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != '\n')
            continue;
        struct slice line = slice_of(text.data + start, i - start);
        start = i + 1;
        if (line.len == 0)
            continue;
        struct arena a;
        struct product_cpe cpe;
        arena_init(&a, 0);
        err_clear(&e);
        bool is = product_cpe_parse(&a, line, PRODUCT_CPE_STRICT, &cpe, &e) == 0;
        if (is != valid)
            print_message("%.*s: %s (%s)\n", SLICE_ARG(line), e.text, e.where);
        *passed += is == valid && (is || (e.clause[0] && e.where[0]));
        ++*total;
        arena_fini(&a);
    }
    buf_fini(&text);
}

/* CSAF 2.1 section 3.1.4.3.1: the official lists of well-formed and of ill-formed names */
static void official_names(void **state)
{
    (void)state;
    size_t passed = 0, total = 0;
    static const char folder[] = "../shared/data/csaf-oasis/csaf_2.1/test/cpe/data";
    char path[256];
    snprintf(path, sizeof path, "%s/valid/cpe.txt", folder);
    lines_are(path, true, &passed, &total);
    snprintf(path, sizeof path, "%s/invalid/cpe.txt", folder);
    lines_are(path, false, &passed, &total);
    print_message("measured: CPE: %zu of %zu official names\n", passed, total);
    assert_int_equal(total, 19);
    assert_int_equal(passed, total);
}

static void parse(struct arena *a, const char *text, struct product_cpe *out)
{
    struct err e = {0};
    if (product_cpe_parse(a, s(text), PRODUCT_CPE_LENIENT, out, &e) != 0)
        fail_msg("%s: %s (%s)", text, e.text, e.where);
}

/* NISTIR 7695 section 6: the same name bound both ways, and read back */
static void bindings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *formatted, *uri;
    } rows[] = {
        {"cpe:/a:microsoft:internet_explorer:8.0.6001:beta",
         "cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*",
         "cpe:/a:microsoft:internet_explorer:8.0.6001:beta"},
        {"cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~",
         "cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:*:*:*:online:win2003:x64:*",
         "cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~"},
        {"cpe:2.3:a:Microsoft:Internet_Explorer:8.*:sp?:*:*:*:*:*:*",
         "cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*",
         "cpe:/a:microsoft:internet_explorer:8.%02:sp%01"},
        {"cpe:2.3:a:foo\\\\bar:big\\$money_2010:*:*:*:*:special:ipod_touch:80gb:*",
         "cpe:2.3:a:foo\\\\bar:big\\$money_2010:*:*:*:*:special:ipod_touch:80gb:*",
         "cpe:/a:foo%5cbar:big%24money_2010:::~~special~ipod_touch~80gb~"},
        {"cpe:/a:foo%7ebar:big%24money_2010:-",
         "cpe:2.3:a:foo\\~bar:big\\$money_2010:-:*:*:*:*:*:*:*",
         "cpe:/a:foo%7ebar:big%24money_2010:-"},
        {"cpe:2.3:h:siemens:s7-1200", "cpe:2.3:h:siemens:s7-1200:*:*:*:*:*:*:*:*",
         "cpe:/h:siemens:s7-1200"},
        {"cpe:2.3:a:acme:a\\-b\\.c:1+2:*:*:*:*:*:*:*", "cpe:2.3:a:acme:a-b.c:1\\+2:*:*:*:*:*:*:*",
         "cpe:/a:acme:a-b.c:1%2b2"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *const texts[] = {rows[i].text, rows[i].formatted, rows[i].uri};
        for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
            struct arena a;
            struct buf out;
            struct product_cpe cpe;
            arena_init(&a, 0);
            buf_init(&out);
            parse(&a, texts[k], &cpe);
            product_cpe_write(&cpe, &out);
            assert_string_equal(buf_text(&out), rows[i].formatted);
            buf_reset(&out);
            product_cpe_write_uri(&cpe, &out);
            assert_string_equal(buf_text(&out), rows[i].uri);
            buf_fini(&out);
            arena_fini(&a);
        }
    }
}

static void faults_have_places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code, *where;
    } rows[] = {
        {"", "cpe.prefix", "offset 0"},
        {"CPE:2.3:a:b:c:*:*:*:*:*:*:*:*", "cpe.prefix", "offset 0"},
        {"cpe:2.3:a:b:c", "cpe.count", "offset 13"},
        {"cpe:2.3:a:b:c:*:*:*:*:*:*:*:*:*", "cpe.count", "offset 30"},
        {"cpe:2.3:x:b:c:*:*:*:*:*:*:*:*", "cpe.part", "offset 8"},
        {"cpe:2.3:a::c:*:*:*:*:*:*:*:*", "cpe.empty", "offset 10"},
        {"cpe:2.3:a:b+:c:*:*:*:*:*:*:*", "cpe.count", "offset 28"},
        {"cpe:2.3:a:b+:c:*:*:*:*:*:*:*:*", "cpe.character", "offset 11"},
        {"cpe:2.3:a:b*c:d:*:*:*:*:*:*:*:*", "cpe.wildcard", "offset 12"},
        {"cpe:2.3:a:b\\-c:d:*:*:*:*:*:*:*:*", "cpe.encoding", "offset 11"},
        {"cpe:2.3:a:b:c:*:*:*:english:*:*:*:*", "cpe.language", "offset 20"},
        {"cpe:/x:b", "cpe.part", "offset 5"},
        {"cpe:/a:b%zz", "cpe.encoding", "offset 8"},
        {"cpe:/a:b:c:d:e:~1~2:f", "cpe.count", "offset 15"},
        {"cpe:/a:b:c:d:e:f:g:h", "cpe.count", "offset 19"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena a;
        struct err e = {0};
        struct product_cpe cpe;
        arena_init(&a, 0);
        int result = product_cpe_parse(&a, s(rows[i].text), PRODUCT_CPE_STRICT, &cpe, &e);
        if (result == 0 || strcmp(e.code, rows[i].code) != 0 || strcmp(e.where, rows[i].where) != 0)
            fail_msg("%s: %s at %s (%s)", rows[i].text, e.code, e.where, e.text);
        arena_fini(&a);
    }
}

/* NISTIR 7696 table 6-2, row by row */
static void relations_of_values(void **state)
{
    (void)state;
    enum {
        UNDEFINED = PRODUCT_CPE_UNDEFINED,
        DISJOINT = PRODUCT_CPE_DISJOINT,
        EQUAL = PRODUCT_CPE_EQUAL,
        SUBSET = PRODUCT_CPE_SUBSET,
        SUPERSET = PRODUCT_CPE_SUPERSET
    };
    static const struct {
        const char *source, *target;
        int relation;
    } rows[] = {
        {"*", "*", EQUAL},
        {"*", "-", SUPERSET},
        {"*", "8.0", SUPERSET},
        {"*", "8*", UNDEFINED},
        {"-", "*", SUBSET},
        {"-", "-", EQUAL},
        {"-", "8.0", DISJOINT},
        {"-", "8*", UNDEFINED},
        {"8.0", "8.0", EQUAL},
        {"8.0", "8.1", DISJOINT},
        {"8.0", "8*", UNDEFINED},
        {"8.0", "-", DISJOINT},
        {"8.0", "*", SUBSET},
        {"8.*", "8.0", SUPERSET},
        {"8.*", "9.0", DISJOINT},
        {"8.*", "*", SUBSET},
        {"8.*", "-", DISJOINT},
        {"8.*", "8*", UNDEFINED},
        /* '?' is one character or none, '*' any number */
        {"8.?", "8.1", SUPERSET},
        {"8.?", "8.", SUPERSET},
        {"8.?", "8.10", DISJOINT},
        {"8.??", "8.10", SUPERSET},
        {"?8", "18", SUPERSET},
        {"?8", "118", DISJOINT},
        {"*8", "118", SUPERSET},
        {"*8*", "1818", SUPERSET},
        {"?a?", "aaa", SUPERSET},
        {"?a?", "aaaa", DISJOINT},
        {"8.\\*", "8.0", DISJOINT},
        {"8.\\*", "8.\\*", EQUAL},
        {"SP1", "sp1", EQUAL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena a;
        struct product_cpe source, target;
        char text[128];
        arena_init(&a, 0);
        snprintf(text, sizeof text, "cpe:2.3:a:b:c:%s", rows[i].source);
        parse(&a, text, &source);
        snprintf(text, sizeof text, "cpe:2.3:a:b:c:%s", rows[i].target);
        parse(&a, text, &target);
        int relation = (int)product_cpe_value_compare(&source.at[PRODUCT_CPE_VERSION],
                                                      &target.at[PRODUCT_CPE_VERSION]);
        if (relation != rows[i].relation)
            fail_msg("%s against %s: %d", rows[i].source, rows[i].target, relation);
        arena_fini(&a);
    }
}

/* NISTIR 7696 table 6-4 */
static void relations_of_names(void **state)
{
    (void)state;
    static const struct {
        const char *source, *target;
        enum product_cpe_relation relation;
    } rows[] = {
        {"cpe:2.3:a:adobe:reader:9.3.2", "cpe:2.3:a:adobe:reader:9.3.2", PRODUCT_CPE_EQUAL},
        {"cpe:2.3:a:adobe:*:9.*:*:*:*:*:*:*:*", "cpe:2.3:a:adobe:reader:9.3.2:-:-",
         PRODUCT_CPE_SUPERSET},
        {"cpe:/a:adobe:reader", "cpe:2.3:a:adobe:reader:9.3.2", PRODUCT_CPE_SUPERSET},
        {"cpe:2.3:a:adobe:reader:9.3.2", "cpe:/a:adobe:reader", PRODUCT_CPE_SUBSET},
        {"cpe:2.3:a:adobe:reader:9", "cpe:2.3:a:adobe:acrobat:9", PRODUCT_CPE_DISJOINT},
        {"cpe:2.3:a:adobe:reader:9:*:*:*:*:windows", "cpe:2.3:a:adobe:reader:9:*:*:*:*:macos",
         PRODUCT_CPE_DISJOINT},
        {"cpe:2.3:a:adobe:reader:*:sp1", "cpe:2.3:a:adobe:reader:9:*", PRODUCT_CPE_UNDEFINED},
        {"cpe:2.3:o:siemens:s7:1", "cpe:2.3:h:siemens:s7:1", PRODUCT_CPE_DISJOINT},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena a;
        struct product_cpe source, target;
        arena_init(&a, 0);
        parse(&a, rows[i].source, &source);
        parse(&a, rows[i].target, &target);
        if (product_cpe_compare(&source, &target, 0) != rows[i].relation)
            fail_msg("%s against %s: %d", rows[i].source, rows[i].target,
                     (int)product_cpe_compare(&source, &target, 0));
        arena_fini(&a);
    }
}

static void keys(void **state)
{
    (void)state;
    static const struct {
        const char *text, *key;
    } rows[] = {
        {"cpe:/a:Foo:Bar%21:1", "a:foo:bar!"},
        {"cpe:2.3:h:siemens:s7-1200:-:*:*:*:*:*:*:*", "h:siemens:s7-1200"},
        {"cpe:2.3:a:foo:*:1:*:*:*:*:*:*:*", NULL},
        {"cpe:2.3:a:foo:bar*:1:*:*:*:*:*:*:*", NULL},
        {"cpe:2.3:*:foo:bar:1:*:*:*:*:*:*:*", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena a;
        struct product_cpe cpe;
        struct buf out;
        arena_init(&a, 0);
        buf_init(&out);
        parse(&a, rows[i].text, &cpe);
        assert_int_equal(product_cpe_key(&cpe, &out), rows[i].key != NULL);
        assert_string_equal(buf_text(&out), rows[i].key ? rows[i].key : "");
        buf_fini(&out);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(official_names),     cmocka_unit_test(bindings),
        cmocka_unit_test(faults_have_places), cmocka_unit_test(relations_of_values),
        cmocka_unit_test(relations_of_names), cmocka_unit_test(keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
