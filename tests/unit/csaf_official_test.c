/* SPDX-License-Identifier: Apache-2.0 */
/* The official test data of CSAF 2.0 and 2.1: each file as testcases.json says, and where a result
 * is given, its paths exactly. Used in place; skipped when it is not there. What we hold the data
 * to be wrong about is counted by itself, and stands in the tables below only as long as it is. */
#include "base/buf.h"
#include "base/file.h"
#include "cli/csaf_prose.h"
#include "csaf/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char *const data = "../shared/data/csaf-oasis";

/* What of the data is argued to be wrong: docs/conformance/csaf.md says why, row by row. */
enum argued {
    VALIDITY = 1, /* whether the document is valid */
    OUTCOME = 2,  /* whether the test itself finds something */
    PATHS = 4,    /* what its result file names */
};

static struct exception {
    const char *file;
    unsigned argued, needed;
} exceptions[] = {
    {"mandatory/oasis_csaf_tc-csaf_2_1-2024-6-1-10-13.json", VALIDITY, 0},
    {"mandatory/oasis_csaf_tc-csaf_2_1-2024-6-1-27-08-02.json", PATHS, 0},
    {"mandatory/oasis_csaf_tc-csaf_2_1-2024-6-1-27-13-16.json", VALIDITY, 0},
    {"mandatory/oasis_csaf_tc-csaf_2_1-2024-6-1-48-16.json", VALIDITY | OUTCOME, 0},
    {"mandatory/oasis_csaf_tc-csaf_2_1-2024-6-1-48-19.json", VALIDITY | OUTCOME, 0},
    {"mandatory/oasis_csaf_tc-csaf_2_1-2024-6-1-50-14.json", VALIDITY | OUTCOME, 0},
    {"mandatory/oasis_csaf_tc-csaf_2_1-2024-6-1-50-15.json", VALIDITY, 0},
    {"optional/oasis_csaf_tc-csaf_2_0-2021-6-2-08-02.json", VALIDITY, 0},
    {"optional/oasis_csaf_tc-csaf_2_0-2021-6-2-09-02.json", VALIDITY, 0},
    {"recommended/oasis_csaf_tc-csaf_2_1-2024-6-2-08-02.json", VALIDITY, 0},
    {"recommended/oasis_csaf_tc-csaf_2_1-2024-6-2-09-02.json", VALIDITY, 0},
    {"recommended/oasis_csaf_tc-csaf_2_1-2024-6-2-20-02.json", VALIDITY, 0},
    {"recommended/oasis_csaf_tc-csaf_2_1-2024-6-2-21-02.json", VALIDITY, 0},
    {"recommended/oasis_csaf_tc-csaf_2_1-2024-6-2-34-03.json", VALIDITY, 0},
    {"recommended/oasis_csaf_tc-csaf_2_1-2024-6-2-39-02-01.json", VALIDITY, 0},
    {"recommended/oasis_csaf_tc-csaf_2_1-2024-6-2-39-03-01.json", VALIDITY, 0},
    {"recommended/oasis_csaf_tc-csaf_2_1-2024-6-2-42-02.json", VALIDITY, 0},
    {"recommended/oasis_csaf_tc-csaf_2_1-2024-6-2-54-03-01.json", VALIDITY, 0},
    {"informative/oasis_csaf_tc-csaf_2_1-2024-6-3-21-01-02.json", VALIDITY, 0},
    {"informative/oasis_csaf_tc-csaf_2_1-2024-6-3-21-01-12.json", VALIDITY, 0},
};

struct tally {
    size_t files, as_said, argued;
    size_t results, results_as_said, results_argued;
    size_t tests;
};

/* Is this difference argued? Then it is noted as one that is there. */
static bool excepted(const char *file, enum argued difference)
{
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
        if (strcmp(exceptions[i].file, file) == 0 && (exceptions[i].argued & difference)) {
            exceptions[i].needed |= difference;
            return true;
        }
    return false;
}

static bool read_file(const char *path, struct buf *text)
{
    struct err e = {0};
    buf_reset(text);
    return file_read(path, 200u << 20, text, &e) == 0;
}

static const struct csaf_test_result *result_of(const struct csaf_result *r, const char *id)
{
    for (size_t i = 0; i < r->test_count; i++)
        if (strcmp(r->tests[i].test->id, id) == 0)
            return &r->tests[i];
    return NULL;
}

/* The findings' pointers are those of the expected list, each once, in any order. */
static bool same_paths(const struct csaf_test_result *r, enum csaf_severity severity,
                       const struct json_value *expected, const char *name)
{
    size_t found = 0;
    bool right = true;

    for (size_t i = 0; i < r->findings.kept; i++)
        found += r->findings.at[i].severity == severity;
    json_each(item, expected)
    {
        struct slice path = json_get_string(item, "instance_path");
        bool there = false;
        for (size_t i = 0; i < r->findings.kept && !there; i++)
            there =
                r->findings.at[i].severity == severity && slice_is(path, r->findings.at[i].pointer);
        if (!there) {
            print_message("%s: %s finds nothing at %.*s\n", name, r->test->id, SLICE_ARG(path));
            right = false;
        }
    }
    if (found != json_count(expected)) {
        print_message("%s: %s finds %zu, %zu expected:\n", name, r->test->id, found,
                      json_count(expected));
        for (size_t i = 0; i < r->findings.kept; i++)
            print_message("    %s %s\n", r->findings.at[i].pointer, r->findings.at[i].text);
        right = false;
    }
    return right;
}

static bool expected_result(const struct csaf_result *r, const struct json_value *expected,
                            const char *name)
{
    struct slice id = json_get_string(expected, "id");
    char text[32];

    snprintf(text, sizeof text, "%.*s", SLICE_ARG(id));
    const struct csaf_test_result *t = result_of(r, text);
    if (!t) {
        print_message("%s: test %s was not asked for\n", name, text);
        return false;
    }
    if (t->passed != json_is(json_get(expected, "passed"), JSON_TRUE)) {
        print_message("%s: %s %s\n", name, text, t->passed ? "passes" : "fails");
        return false;
    }
    bool errors = same_paths(t, CSAF_ERROR, json_get(expected, "errors"), name);
    bool warnings = same_paths(t, CSAF_WARNING, json_get(expected, "warnings"), name);
    bool infos = same_paths(t, CSAF_INFO, json_get(expected, "infos"), name);
    return errors && warnings && infos;
}

static void check_result(const char *folder, const char *file, struct slice result,
                         const struct csaf_result *r, struct tally *tally)
{
    char path[400];
    struct buf text;
    struct json_doc *doc;
    struct err e = {0};

    snprintf(path, sizeof path, "%s/%.*s", folder, SLICE_ARG(result));
    buf_init(&text);
    assert_true(read_file(path, &text));
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), 0);
    const struct json_value *root = json_root(doc);
    bool right = expected_result(r, json_get(root, "primary_result"), path);
    json_each(other, json_get(root, "secondary_results")) right &= expected_result(r, other, path);
    if (r->valid != json_is(json_get(root, "overall_valid"), JSON_TRUE)) {
        print_message("%s: the document is %svalid here\n", path, r->valid ? "" : "not ");
        right = false;
    }
    tally->results++;
    tally->results_as_said += right;
    tally->results_argued += !right && excepted(file, PATHS);
    json_doc_free(doc);
    buf_fini(&text);
}

/* Does the test find what the data says that it does? Says what is otherwise. */
static bool outcome_as_said(const struct csaf_result *r, const char *id, const char *file,
                            bool failing)
{
    const struct csaf_test_result *t = result_of(r, id);

    if (!t || t->not_run) {
        print_message("%s: %s was not run: %s\n", file, id, t ? t->not_run : r->unreadable.text);
        return false;
    }
    if (t->passed != failing)
        return true;
    print_message("%s: %s %s, which it should not\n", file, id, failing ? "passes" : "fails");
    for (size_t i = 0; i < t->findings.kept && i < 5; i++)
        print_message("    %s: %s\n", t->findings.at[i].pointer, t->findings.at[i].text);
    return false;
}

static bool validity_as_said(const struct csaf_result *r, const char *file, bool valid)
{
    if (!r->version || r->valid == valid)
        return true; /* what is no CSAF document has no outcome either */
    print_message("%s: the document is %svalid here\n", file, r->valid ? "" : "not ");
    for (size_t i = 0; i < r->schema.kept && i < 5; i++)
        print_message("    schema %s: %s\n", r->schema.at[i].pointer, r->schema.at[i].text);
    for (size_t i = 0; i < r->test_count; i++)
        if (r->tests[i].test->group == CSAF_TEST_MANDATORY && !r->tests[i].passed &&
            r->tests[i].findings.kept)
            print_message("    %s %s: %s\n", r->tests[i].test->id,
                          r->tests[i].findings.at[0].pointer, r->tests[i].findings.at[0].text);
    return false;
}

static void check_file(struct csaf_validator *v, const char *folder, const char *id,
                       const struct json_value *c, bool failing, struct tally *tally)
{
    char path[400];
    struct buf text;
    struct err e = {0};
    struct csaf_result r;
    struct slice name = json_get_string(c, "name");

    snprintf(path, sizeof path, "%s/%.*s", folder, SLICE_ARG(name));
    const char *file = path + strlen(folder) + 1;
    buf_init(&text);
    assert_true(read_file(path, &text));
    assert_int_equal(csaf_validate(v, buf_slice(&text), &r, &e), 0);
    bool outcome = outcome_as_said(&r, id, file, failing);
    bool validity = validity_as_said(&r, file, json_is(json_get(c, "valid"), JSON_TRUE));
    struct slice result = json_get_string(c, "result");
    if (result.len)
        check_result(folder, file, result, &r, tally);
    /* both are asked: each exception must be needed */
    bool outcome_argued = outcome || excepted(file, OUTCOME);
    bool validity_argued = validity || excepted(file, VALIDITY);
    bool argued = outcome_argued && validity_argued;
    tally->files++;
    tally->as_said += outcome && validity;
    tally->argued += argued && !(outcome && validity);
    csaf_result_free(&r);
    buf_fini(&text);
}

/* The extensions that the data of 2.1 uses. */
static struct csaf_extensions *extensions_of(const char *version)
{
    static const char *const names[] = {"11", "12", "13"};
    static const char *const kinds[] = {"content", "metadata"};
    struct csaf_extensions *x = csaf_extensions_new();
    struct err e = {0};

    assert_non_null(x);
    for (size_t n = 0; n < 3 && strcmp(version, "2.1") == 0; n++)
        for (size_t k = 0; k < 2; k++) {
            char path[400];
            struct buf text;
            snprintf(path, sizeof path,
                     "%s/csaf_2.1/test/extension/data/valid/documentation-%s/"
                     "documentation-%s-%s_1.0.0.json",
                     data, names[n], names[n], kinds[k]);
            buf_init(&text);
            assert_true(read_file(path, &text));
            int result = csaf_extensions_add(x, buf_slice(&text), &e);
            if (result < 0)
                print_message("%s: %s (%s)\n", path, e.text, e.where);
            assert_int_equal(result, 0);
            buf_fini(&text);
        }
    return x;
}

/* The Internet as the data has it: what answers is said, and all else does not. */
static int resolve(void *context, struct csaf_url *urls, size_t count, struct err *e)
{
    static const char *const there[] = {"https://example.net", "https://csaf.io"};
    (void)context, (void)e;
    for (size_t i = 0; i < count; i++) {
        bool answers = slice_is(urls[i].url, there[0]) || slice_is(urls[i].url, there[1]);
        urls[i].outcome = answers ? CSAF_URL_RESOLVES : CSAF_URL_FAILS;
        urls[i].status = urls[i].outcome == CSAF_URL_RESOLVES ? 200 : 404;
    }
    return 0;
}

/* Tests 6.3.8 and 6.3.16 need dictionaries; where there are none, their files are left out. */
static bool has_prose(const struct csaf_prose_checker *checker)
{
    struct csaf_prose_answer answer = {0};
    struct err e = {0};

    assert_int_equal(checker->supports(checker->context, slice_str("en"), &answer, &e), 0);
    return answer.verdict == CSAF_PROSE_RIGHT;
}

static void official(const char *version, size_t files, size_t tests)
{
    char folder[300], path[400];
    struct buf text;
    struct json_doc *doc;
    struct err e = {0};
    struct tally tally = {0};

    snprintf(folder, sizeof folder, "%s/csaf_%s/test/validator/data", data, version);
    snprintf(path, sizeof path, "%s/testcases.json", folder);
    buf_init(&text);
    if (!read_file(path, &text)) {
        print_message("skipped: no ../shared/data\n");
        buf_fini(&text);
        skip();
    }
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), 0);
    struct csaf_extensions *extensions = extensions_of(version);
    struct prose *prose = prose_new(&(struct prose_options){.processes = 1}, &e);
    assert_non_null(prose);
    struct csaf_prose_checker spelling = csaf_prose_spelling(prose);
    struct csaf_prose_checker grammar = csaf_prose_grammar(prose);
    bool words = has_prose(&spelling), sentences = has_prose(&grammar);
    struct csaf_validator *v = csaf_validator_new(
        &(struct csaf_validator_options){.presets = (const char *const[]){"full", NULL},
                                         .extensions = extensions,
                                         .network = true,
                                         .resolver = &(struct csaf_resolver){.resolve = resolve},
                                         .spelling = &spelling,
                                         .grammar = &grammar,
                                         .now = INT64_C(1795219200000000)},
        &e);
    assert_non_null(v);
    const char *only = getenv("CSAF_TEST_ID"); /* while a test is being written */
    json_each(test, json_get(json_root(doc), "tests"))
    {
        struct slice id = json_get_string(test, "id");
        char name[32];
        snprintf(name, sizeof name, "%.*s", SLICE_ARG(id));
        if (only && strcmp(only, name) != 0)
            continue;
        tally.tests++;
        if ((!words && strcmp(name, "6.3.8") == 0) || (!sentences && strcmp(name, "6.3.16") == 0)) {
            print_message("%s left out: no dictionary here\n", name);
            files -= json_count(json_get(test, "failures")) + json_count(json_get(test, "valid"));
            continue;
        }
        json_each(c, json_get(test, "failures")) check_file(v, folder, name, c, true, &tally);
        json_each(c, json_get(test, "valid")) check_file(v, folder, name, c, false, &tally);
    }
    print_message("measured: CSAF %s, official data: %zu test ids; %zu of %zu files as it says, "
                  "%zu argued, %zu otherwise\n",
                  version, tally.tests, tally.as_said, tally.files, tally.argued,
                  tally.files - tally.as_said - tally.argued);
    if (tally.results)
        print_message("measured: CSAF %s, official result files: %zu of %zu exactly, %zu argued, "
                      "%zu otherwise\n",
                      version, tally.results_as_said, tally.results, tally.results_argued,
                      tally.results - tally.results_as_said - tally.results_argued);
    print_message("    6.3.6 and 6.3.7 asked a made-up Internet; 6.3.8 and 6.3.16 asked %s\n",
                  words && sentences ? "tocsin-prose" : "as far as it is there");
    csaf_validator_free(v);
    csaf_extensions_free(extensions);
    prose_free(prose);
    json_doc_free(doc);
    buf_fini(&text);
    if (!only) {
        assert_int_equal(tally.tests, tests);
        assert_int_equal(tally.files, files);
    }
    assert_int_equal(tally.as_said + tally.argued, tally.files);
    assert_int_equal(tally.results_as_said + tally.results_argued, tally.results);
}

static void official_2_0(void **state)
{
    (void)state;
    official("2.0", 239, 74);
}

static void official_2_1(void **state)
{
    (void)state;
    official("2.1", 856, 177);
}

/* After both: what is no exception any more has no place in the table. */
static void exceptions_are_needed(void **state)
{
    bool all = true, any = false;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
        any |= exceptions[i].needed != 0;
    if (!any || getenv("CSAF_TEST_ID")) {
        print_message("skipped: not all of the official data was used\n");
        skip();
    }
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
        if (exceptions[i].needed != exceptions[i].argued) {
            print_message("no longer an exception: %s\n", exceptions[i].file);
            all = false;
        }
    assert_true(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(official_2_0),
        cmocka_unit_test(official_2_1),
        cmocka_unit_test(exceptions_are_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
