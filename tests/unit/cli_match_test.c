/* SPDX-License-Identifier: Apache-2.0 */
/* `tocsin match` on the repository's own samples. */
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/match.h"

#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { WORDS = 32 };

/* Runs `match` with these words; what it wrote to standard output is in out. */
static int run(const char *words, struct buf *out)
{
    char line[2048], *argv[WORDS], path[] = "/tmp/match-test-XXXXXX";
    int argc = 0;
    struct err e = {0};
    snprintf(line, sizeof line, "match %s", words);
    char *rest = line, *word;
    while (argc < WORDS - 1 && (word = strsep(&rest, " ")))
        if (*word)
            argv[argc++] = word;
    argv[argc] = NULL;
    fflush(stdout);
    int saved = dup(1), file = mkstemp(path);
    assert_true(saved >= 0 && file >= 0);
    assert_int_equal(dup2(file, 1), 1);
    int result = cli_match(argc, argv);
    fflush(stdout);
    dup2(saved, 1);
    close(saved);
    close(file);
    buf_reset(out);
    assert_int_equal(file_read(path, 16 << 20, out, &e), 0);
    unlink(path);
    return result;
}

#define INVENTORIES "examples/inventories/"
#define ADVISORIES " --advisories examples/advisories"

static void samples_have_the_answers_they_were_made_for(void **state)
{
    (void)state;
    static const struct {
        const char *inventory, *line;
        int exit;
    } cases[] = {
        {"drive-affected.json", "affected             97%  NL-2026-0001  CVE-2026-90101", 1},
        {"drive-misspelt.json", "affected             87%  NL-2026-0001", 1},
        {"drive-fixed.json", "fixed                97%  NL-2026-0001", 0},
        {"drive-newer.json", "not_affected         97%  NL-2026-0001", 0},
        {"drive-sibling.json", "3 not listed", 0},
        {"drive-unversioned.json", "would be decided by: nameplate.firmware", 1},
        {"drive-serial.json", "3 not listed", 0},
        {"gateway.json", "HC-2026-17  CVE-2026-90117", 1},
        {"host.cdx.json", "not_affected         98%  AP-2026-3", 0},
        {"image.spdx.json", "affected             96%  AP-2026-3", 1},
        {"dpkg-status.txt", "affected             98%  AP-2026-3", 1},
        {"plant.csv", "affected             97%  NL-2026-0001  CVE-2026-90101  hall-1/drive-4", 1},
    };
    struct buf out;
    buf_init(&out);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[256];
        snprintf(words, sizeof words, "--inventory %s%s%s", INVENTORIES, cases[i].inventory,
                 ADVISORIES);
        int result = run(words, &out);
        if (!strstr(buf_text(&out), cases[i].line) || result != cases[i].exit)
            print_message("%s: exit %d\n%s", cases[i].inventory, result, buf_text(&out));
        assert_non_null(strstr(buf_text(&out), cases[i].line));
        assert_int_equal(result, cases[i].exit);
    }
    buf_fini(&out);
}

/* V39: not affected comes with its justification; V53: the same as JSON */
static void json_has_the_whole_answer(void **state)
{
    (void)state;
    struct buf out;
    struct err e = {0};
    struct json_doc *doc;
    buf_init(&out);
    assert_int_equal(run("--inventory " INVENTORIES "plant.csv" ADVISORIES " --json --all", &out),
                     1);
    assert_int_equal(json_parse(&doc, buf_slice(&out), NULL, &e), 0);
    const struct json_value *root = json_root(doc);
    assert_int_equal(json_count(json_get(root, "results")), 9);
    bool justified = false;
    json_each(result, json_get(root, "results"))
    {
        json_each(statement, json_get(result, "statements")) justified =
            justified ||
            slice_is(json_get_string(statement, "justification"), "vulnerable_code_not_present");
        struct slice class = json_get_string(result, "class");
        assert_int_equal(class.len, 71);
    }
    assert_true(justified);
    json_doc_free(doc);
    buf_fini(&out);
}

static void options_are_followed(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out);
    assert_int_equal(run("--inventory " INVENTORIES "drive-misspelt.json" ADVISORIES
                         " --min-confidence 90",
                         &out),
                     0);
    assert_int_equal(run("--inventory " INVENTORIES "drive-misspelt.json" ADVISORIES
                         " --explain --alias vendor:Nordlciht=x",
                         &out),
                     1);
    assert_non_null(strstr(buf_text(&out), "vendor.misspelt"));
    assert_int_equal(
        run("--inventory " INVENTORIES "drive-sibling.json" ADVISORIES " --all --explain", &out),
        0);
    assert_non_null(strstr(buf_text(&out), "nearest: "));
    /* wrong usage */
    assert_int_equal(run("", &out), 2);
    assert_int_equal(run("--inventory " INVENTORIES "gateway.json", &out), 2);
    assert_int_equal(run("--inventory " INVENTORIES "gateway.json" ADVISORIES " --colour", &out),
                     2);
    assert_int_equal(
        run("--inventory " INVENTORIES "gateway.json" ADVISORIES " --min-confidence x", &out), 2);
    /* what is not there; what is no inventory; what is no advisory */
    assert_int_equal(run("--inventory " INVENTORIES "none.json" ADVISORIES, &out), 3);
    assert_int_equal(run("--inventory examples/README.md" ADVISORIES, &out), 1);
    assert_int_equal(run("--inventory " INVENTORIES "drive-fixed.json --advisories " INVENTORIES
                         "gateway.json",
                         &out),
                     1);
    assert_non_null(strstr(buf_text(&out), "1 inputs refused"));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_have_the_answers_they_were_made_for),
        cmocka_unit_test(json_has_the_whole_answer),
        cmocka_unit_test(options_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
