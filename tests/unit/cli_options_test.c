/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of command lines, the help made from the same tables, and suggestions. */
#include "base/memory.h"
#include "cli/dispatch.h"
#include "base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct cli_args *seen;
static int seen_count;

static int note(const struct cli_args *args)
{
    seen = args;
    seen_count++;
    return 7;
}

static int raw(int argc, char **argv)
{
    assert_string_equal(argv[0], "raw");
    assert_null(argv[argc]);
    return 100 + argc;
}

static const struct cli_option options[] = {
    {"reason", "TEXT", "why", 'r', false},
    {"force", NULL, "a flag", 'f', false},
    {"asset", "ID", "some", 0, true},
    {"count", "N", "a number", 0, false},
};
static const struct cli_verb verbs[] = {
    {.name = "go",
     .operands = "A B",
     .summary = "goes",
     .examples = "  tocsin thing go a b\n",
     .options = options,
     .option_count = ARRAY_LEN(options),
     .uses = CLI_LIST,
     .least = 1,
     .most = 2,
     .run = note},
    {.name = "raw", .summary = "parses by itself", .raw = raw},
    {.name = "hidden", .summary = "not shown", .run = note, .hidden = true},
};
static const struct cli_group thing = {.name = "thing",
                                       .topic = "Things",
                                       .summary = "for tests",
                                       .verbs = verbs,
                                       .verb_count = ARRAY_LEN(verbs)};
static const struct cli_verb own_verb = {.summary = "alone", .uses = CLI_HOME, .run = note};
static const struct cli_group own = {
    .name = "own", .topic = "Things", .summary = "one verb", .verbs = &own_verb, .verb_count = 1};
static const struct cli_group *const groups[] = {&thing, &own};
static const struct cli_table table = {groups, ARRAY_LEN(groups)};

#define WORDS(...) ((char *[]){__VA_ARGS__, NULL})

static int parse(struct cli_args *args, char **words, struct err *e)
{
    int count = 0;

    while (words[count])
        count++;
    return cli_args_read(args, &thing, &verbs[0], count, words, e);
}

static void test_forms(void **state)
{
    static const char *const forms[][6] = {
        {"a", "--reason=x y", "-f", "b", NULL}, {"--reason", "x y", "a", "--force", "b", NULL},
        {"-r", "x y", "-f", "a", "b", NULL},    {"-frx y", "a", "b", NULL},
        {"-f", "-rx y", "--", "a", "b", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct cli_args args;
        struct err e = {0};
        char *words[6];
        for (size_t k = 0; k < 6; k++)
            words[k] = (char *)(uintptr_t)forms[i][k];
        assert_int_equal(parse(&args, words, &e), 0);
        assert_string_equal(cli_value(&args, "reason"), "x y");
        assert_true(cli_flag(&args, "force"));
        assert_false(cli_flag(&args, "json"));
        assert_int_equal(args.operand_count, 2);
        assert_string_equal(args.operands[0], "a");
        assert_string_equal(args.operands[1], "b");
        assert_string_equal(args.what, "thing go");
        cli_args_fini(&args);
    }
}

static void test_operands_that_look_like_options(void **state)
{
    struct cli_args args;
    struct err e = {0};

    (void)state;
    assert_int_equal(parse(&args, WORDS("--", "--reason", "-"), &e), 0);
    assert_string_equal(args.operands[0], "--reason");
    assert_string_equal(args.operands[1], "-");
    cli_args_fini(&args);
}

static void test_repeated(void **state)
{
    struct cli_args args;
    struct err e = {0};

    (void)state;
    assert_int_equal(parse(&args, WORDS("a", "--asset", "1", "--asset=2", "--force", "-f"), &e), 0);
    assert_string_equal(cli_value_at(&args, "asset", 0), "1");
    assert_string_equal(cli_value_at(&args, "asset", 1), "2");
    assert_null(cli_value_at(&args, "asset", 2));
    cli_args_fini(&args);
    assert_int_equal(parse(&args, WORDS("a", "-r", "1", "--reason", "2"), &e), -1);
    assert_string_equal(e.code, "cli.option");
    cli_args_fini(&args);
}

static void test_refused(void **state)
{
    static const struct {
        const char *words[5];
        const char *code, *hint;
    } bad[] = {
        {{"a", "--raeson=1"}, "cli.option", "did you mean --reason?"},
        {{"a", "--jsno"}, "cli.option", "did you mean --json?"},
        {{"a", "--zzzzzzzz"}, "cli.option", "tocsin help thing go"},
        {{"a", "-x"}, "cli.option", "tocsin help thing go"},
        {{"a", "--force=yes"}, "cli.option", NULL},
        {{"a", "--reason"}, "cli.option", NULL},
        {{"a", "-r"}, "cli.option", NULL},
        {{"--json"}, "cli.operands", "tocsin thing go A B; more by --help"},
        {{"a", "b", "c"}, "cli.operands", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct cli_args args;
        struct err e = {0};
        char *words[6] = {NULL};
        for (size_t k = 0; k < 5; k++)
            words[k] = (char *)(uintptr_t)bad[i].words[k];
        assert_int_equal(parse(&args, words, &e), -1);
        assert_int_equal(err_exit_code(e.kind), 2);
        assert_string_equal(e.code, bad[i].code);
        if (bad[i].hint)
            assert_string_equal(e.hint, bad[i].hint);
        cli_args_fini(&args);
    }
}

static void test_numbers(void **state)
{
    static const char *const wrong[] = {
        "", "-1", "+3", "0x3", "3 ", " 3", "11", "1.0", "99999999999999999999"};
    struct cli_args args;
    struct err e = {0};
    int64_t number;

    (void)state;
    assert_int_equal(parse(&args, WORDS("a", "--count", "10"), &e), 0);
    assert_int_equal(cli_number(&args, "count", 0, 10, 5, &number, &e), 0);
    assert_int_equal(number, 10);
    cli_args_fini(&args);
    assert_int_equal(parse(&args, WORDS("a"), &e), 0);
    assert_int_equal(cli_number(&args, "count", 0, 10, 5, &number, &e), 0);
    assert_int_equal(number, 5);
    cli_args_fini(&args);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char value[40];
        err_clear(&e);
        snprintf(value, sizeof(value), "--count=%s", wrong[i]);
        assert_int_equal(parse(&args, WORDS("a", value), &e), 0);
        assert_int_equal(cli_number(&args, "count", 0, 10, 5, &number, &e), -1);
        assert_string_equal(e.code, "cli.number");
        cli_args_fini(&args);
    }
}

static void test_home(void **state)
{
    struct cli_args args;
    struct err e = {0};

    (void)state;
    assert_int_equal(unsetenv("TOCSIN_HOME"), 0);
    assert_int_equal(parse(&args, WORDS("a"), &e), 0);
    assert_string_equal(cli_home(&args), "/var/lib/tocsin");
    assert_int_equal(setenv("TOCSIN_HOME", "/srv/x", 1), 0);
    assert_string_equal(cli_home(&args), "/srv/x");
    cli_args_fini(&args);
    assert_int_equal(parse(&args, WORDS("a", "--home", "/srv/y"), &e), 0);
    assert_string_equal(cli_home(&args), "/srv/y");
    cli_args_fini(&args);
    unsetenv("TOCSIN_HOME");
}

static int dispatch(char **words)
{
    int count = 0;

    while (words[count])
        count++;
    return cli_dispatch(&table, count, words);
}

static void test_dispatch(void **state)
{
    (void)state;
    seen_count = 0;
    assert_int_equal(dispatch(WORDS("tocsin", "thing", "go", "a")), 7);
    assert_int_equal(dispatch(WORDS("tocsin", "own")), 7);
    assert_int_equal(dispatch(WORDS("tocsin", "own", "--home", "/x")), 7);
    assert_int_equal(dispatch(WORDS("tocsin", "thing", "hidden")), 7);
    assert_int_equal(seen_count, 4);
    assert_int_equal(dispatch(WORDS("tocsin", "thing", "raw", "--any", "thing")), 103);
    assert_int_equal(dispatch(WORDS("tocsin", "thing", "go")), 2);
    assert_int_equal(dispatch(WORDS("tocsin", "thing", "went")), 2);
    assert_int_equal(dispatch(WORDS("tocsin", "thing")), 2);
    assert_int_equal(dispatch(WORDS("tocsin", "thong")), 2);
    assert_int_equal(dispatch(WORDS("tocsin")), 2);
    assert_int_equal(dispatch(WORDS("tocsin", "own", "surplus")), 2);
    assert_int_equal(dispatch(WORDS("tocsin", "help")), 0);
    assert_int_equal(dispatch(WORDS("tocsin", "--version")), 0);
    assert_int_equal(dispatch(WORDS("tocsin", "help", "thing")), 0);
    assert_int_equal(dispatch(WORDS("tocsin", "help", "thing", "go")), 0);
    assert_int_equal(dispatch(WORDS("tocsin", "help", "own")), 0);
    assert_int_equal(dispatch(WORDS("tocsin", "thing", "go", "--help")), 0);
    assert_int_equal(dispatch(WORDS("tocsin", "thing", "--help")), 0);
    assert_int_equal(dispatch(WORDS("tocsin", "help", "thing", "went")), 2);
    assert_int_equal(dispatch(WORDS("tocsin", "help", "thong")), 2);
    assert_int_equal(seen_count, 4);
}

static void test_help_names_everything(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(out);
    cli_help_verb(out, &thing, &verbs[0]);
    cli_help_group(out, &thing);
    cli_help(out, groups, ARRAY_LEN(groups));
    assert_int_equal(fclose(out), 0);
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        assert_non_null(strstr(text, options[i].name));
    assert_non_null(strstr(text, "-r, --reason TEXT"));
    assert_non_null(strstr(text, "--limit"));
    assert_non_null(strstr(text, "Examples:"));
    assert_non_null(strstr(text, "tocsin thing go A B"));
    assert_null(strstr(text, "hidden"));
    free(text);
}

static void test_suggestions(void **state)
{
    static const struct {
        const char *typed, *found;
    } cases[] = {{"advisroy", "advisory"},
                 {"org", "organisation"},
                 {"asst", "asset"},
                 {"lgo", "log"},
                 {"xyzzy", NULL},
                 {"a", NULL},
                 {"", NULL}};
    static const char *const words[] = {"advisory", "organisation", "asset", "log", "why"};
    char large[100];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct suggestion best;
        suggest_init(&best, slice_str(cases[i].typed));
        for (size_t k = 0; k < ARRAY_LEN(words); k++)
            suggest_offer(&best, slice_str(words[k]));
        if (cases[i].found)
            assert_true(slice_is(best.found, cases[i].found));
        else
            assert_null(best.found.data);
    }
    assert_int_equal(suggest_distance(slice_str("abc"), slice_str("abc")), 0);
    assert_int_equal(suggest_distance(slice_str("abc"), slice_str("acb")), 1);
    assert_int_equal(suggest_distance(slice_str("abc"), slice_str("")), 3);
    assert_int_equal(suggest_distance(slice_str("kitten"), slice_str("sitting")), 3);
    memset(large, 'x', sizeof(large));
    assert_true(suggest_distance(slice_of(large, 64), slice_str("x")) == SIZE_MAX);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (long k = 0;; k++) {
        struct cli_args args;
        struct err e = {0};
        mem_fail_after(k);
        int result = parse(&args, WORDS("a", "--asset", "1", "-f"), &e);
        mem_fail_after(-1);
        if (result == 0) {
            cli_args_fini(&args);
            assert_true(k >= 2);
            return;
        }
        assert_int_equal(e.kind, ERR_MEMORY);
        cli_args_fini(&args);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),       cmocka_unit_test(test_operands_that_look_like_options),
        cmocka_unit_test(test_repeated),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_home),
        cmocka_unit_test(test_dispatch),    cmocka_unit_test(test_help_names_everything),
        cmocka_unit_test(test_suggestions), cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
