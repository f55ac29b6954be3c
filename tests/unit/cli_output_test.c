/* SPDX-License-Identifier: Apache-2.0 */
/* What is written for people and for programs; files that are named or found; init's file. */
#include "base/file.h"
#include "base/memory.h"
#include "centre/config.h"
#include "cli/advisory.h"
#include "cli/documents.h"
#include "cli/init_config.h"
#include "cli/list.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Standard output, caught in a file. */
static char caught[65536];
static int kept = -1;
static FILE *catching;

static void catch_output(void)
{
    fflush(stdout);
    catching = tmpfile();
    assert_non_null(catching);
    kept = dup(STDOUT_FILENO);
    assert_true(kept >= 0);
    assert_true(dup2(fileno(catching), STDOUT_FILENO) >= 0);
}

static const char *caught_output(void)
{
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    rewind(catching);
    size_t len = fread(caught, 1, sizeof(caught) - 1, catching);
    caught[len] = '\0';
    fclose(catching);
    return caught;
}

static struct json_doc *parse(const char *text)
{
    struct json_doc *doc = NULL;
    struct err e = {0};

    assert_int_equal(json_parse(&doc, slice_str(text), NULL, &e), 0);
    return doc;
}

/* Text of strangers never steers the terminal. */
static void test_clean(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"plain", "plain"},
        {"\033[2Jx", "?[2Jx"},
        {"a\nb\tc\rd", "a b c?d"},
        {"\xc2\x9b"
         "31m",
         "?31m"}, /* C1: CSI */
        {"\xe2\x80\xae"
         "gpj.exe",
         "?gpj.exe"},            /* U+202E turns what follows */
        {"\xe2\x81\xa6x", "?x"}, /* U+2066 */
        {"\xff\xfe", "??"},
        {"Gr\xc3\xbc\xc3\x9f Gott \xe2\x80\xa6", "Gr\xc3\xbc\xc3\x9f Gott \xe2\x80\xa6"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf b;
        buf_init(&b);
        say_clean(&b, slice_str(cases[i].from), false);
        assert_string_equal(buf_text(&b), cases[i].to);
        buf_fini(&b);
    }
}

static void test_wrapped(void **state)
{
    char text[400];

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t i = 9; i < sizeof(text); i += 10)
        text[i] = ' ';
    text[sizeof(text) - 1] = '\0';
    catch_output();
    say_wrapped(stdout, slice_str(text), 4);
    const char *out = caught_output();
    for (const char *line = out; *line;) {
        size_t len = strcspn(line, "\n");
        assert_true(len <= 100);
        assert_memory_equal(line, "    x", 5);
        line += len + 1;
    }
}

static const char rows[] = "[{\"id\":\"a\",\"n\":3,\"deep\":{\"x\":true},\"tags\":[\"p\",\"q\"]},"
                           "{\"id\":\"b\\u001b[31m\",\"n\":12,\"deep\":{\"x\":false}}]";
static const struct list_column columns[] = {{"id", "ID", 0},
                                             {"n", "N", LIST_RIGHT},
                                             {"deep.x", "DEEP", 0},
                                             {"tags", "TAGS", LIST_SPARSE},
                                             {"none", "NONE", LIST_SPARSE}};

static void print_list(bool as_json)
{
    struct json_doc *doc = parse(rows);
    struct list *list = NULL;
    struct err e = {0};

    assert_int_equal(list_new(&list, "things", columns, ARRAY_LEN(columns), as_json, &e), 0);
    json_each(row, json_root(doc)) assert_int_equal(list_row(list, row, &e), 0);
    assert_int_equal(list_count(list), 2);
    assert_int_equal(list_print(list, "nothing", &e), 0);
    list_free(list);
    json_doc_free(doc);
}

static void test_table(void **state)
{
    (void)state;
    catch_output();
    print_list(false);
    const char *out = caught_output();
    assert_non_null(strstr(out, "ID"));
    assert_non_null(strstr(out, "p, q"));
    assert_non_null(strstr(out, "yes"));
    assert_null(strstr(out, "NONE")); /* a sparse column that nobody has */
    assert_null(strchr(out, '\033'));
}

/* STYLE: --json wherever something is listed, same fields, stable names. */
static void test_json(void **state)
{
    struct json_doc *doc;

    (void)state;
    catch_output();
    print_list(true);
    doc = parse(caught_output());
    const struct json_value *things = json_get(json_root(doc), "things");
    assert_int_equal(json_count(things), 2);
    assert_true(slice_is(json_get_string(json_at(things, 0), "id"), "a"));
    json_doc_free(doc);
}

static void test_empty(void **state)
{
    struct list *list = NULL;
    struct json_doc *doc;
    struct err e = {0};

    (void)state;
    assert_int_equal(list_new(&list, "things", columns, 1, false, &e), 0);
    catch_output();
    assert_int_equal(list_print(list, "nothing here", &e), 0);
    assert_string_equal(caught_output(), "nothing here\n");
    list_free(list);
    assert_int_equal(list_new(&list, "things", NULL, 0, true, &e), 0);
    doc = parse("{\"items\":[1],\"next\":\"x\",\"kept\":5}");
    list_head(list, json_root(doc));
    catch_output();
    assert_int_equal(list_print(list, "", &e), 0);
    json_doc_free(doc);
    doc = parse(caught_output());
    assert_int_equal(json_count(json_root(doc)), 2);
    assert_non_null(json_get(json_root(doc), "kept"));
    assert_int_equal(json_count(json_get(json_root(doc), "things")), 0);
    json_doc_free(doc);
    list_free(list);
}

/* ---- statements ---- */

static void test_statement(void **state)
{
    struct json_doc *doc = parse(
        "[{\"vulnerability\":\"CVE-2026-1\",\"status\":\"unknown\",\"confidence\":70,"
        "\"decide\":\"nameplate.firmware\",\"products\":[\"P1\"],\"reasons\":[{\"rule\":"
        "\"identity.name\",\"clause\":\"CSAF 2.0 section 3.1.2\",\"text\":\"the same name\","
        "\"advisory\":\"Pump\",\"pointer\":\"/product_tree/x\",\"line\":7,\"inventory\":\"PUMP\","
        "\"component\":\"nameplate\",\"normal\":\"pump\",\"confidence\":95}],"
        "\"remediations\":[{\"category\":\"vendor_fix\",\"details\":\"do it\","
        "\"url\":\"https://example.org\"}]}]");
    const struct json_value *statement = json_at(json_root(doc), 0);

    (void)state;
    assert_true(slice_is(statements_status(json_root(doc)), "unknown"));
    catch_output();
    statement_say(statement, 0, STATEMENT_FULL);
    const char *out = caught_output();
    static const char *const parts[] = {"CVE-2026-1: unknown, confidence 70 of 100",
                                        "what would decide it: nameplate.firmware",
                                        "1. the same name",
                                        "rule identity.name, confidence +95",
                                        "\"Pump\" at /product_tree/x (line 7)",
                                        "\"PUMP\" at nameplate",
                                        "both read as \"pump\"",
                                        "vendor_fix: do it <https://example.org>"};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (!strstr(out, parts[i]))
            fail_msg("missing: %s\nin: %s", parts[i], out);
    catch_output();
    statement_say(statement, 0, STATEMENT_BRIEF);
    assert_null(strstr(caught_output(), "identity.name"));
    json_doc_free(doc);
}

static void test_worst_status(void **state)
{
    struct json_doc *doc = parse("[{\"status\":\"fixed\"},{\"status\":\"affected\"},"
                                 "{\"status\":\"unknown\"}]");
    struct json_doc *empty = parse("[]");

    (void)state;
    assert_true(slice_is(statements_status(json_root(doc)), "affected"));
    assert_true(slice_is(statements_status(json_root(empty)), "not_listed"));
    json_doc_free(doc);
    json_doc_free(empty);
}

/* Assets of which the same is said stand together, whatever their order. */
static void test_groups(void **state)
{
    struct json_doc *doc =
        parse("[{\"asset\":\"ast_1\",\"status\":\"affected\",\"statements\":[{\"status\":"
              "\"affected\",\"vulnerability\":\"CVE-1\"}]},"
              "{\"asset\":\"ast_2\",\"status\":\"not_affected\",\"owner\":\"per_1\","
              "\"statements\":[{\"status\":\"not_affected\",\"vulnerability\":\"CVE-1\"}]},"
              "{\"asset\":\"ast_3\",\"label\":\"three\",\"status\":\"affected\",\"statements\":"
              "[{\"status\":\"affected\",\"vulnerability\":\"CVE-1\"}]}]");
    struct advisory_groups *groups = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(advisory_groups_new(&groups, &e), 0);
    json_each(row, json_root(doc)) assert_int_equal(advisory_groups_row(groups, row, &e), 0);
    catch_output();
    advisory_groups_say(groups, false);
    const char *out = caught_output();
    assert_non_null(strstr(out, "2 assets, without a known owner"));
    assert_non_null(strstr(out, "ast_3 \"three\""));
    assert_true(strstr(out, "ast_1") < strstr(out, "ast_3"));
    assert_true(strstr(out, "ast_3") < strstr(out, "ast_2"));
    advisory_groups_free(groups);
    for (long k = 0;; k++) { /* memory may run out anywhere */
        bool done = true;
        err_clear(&e);
        mem_fail_after(k);
        if (advisory_groups_new(&groups, &e) == 0) {
            json_each(row, json_root(doc)) done = done && advisory_groups_row(groups, row, &e) == 0;
        } else {
            done = false;
        }
        mem_fail_after(-1);
        advisory_groups_free(groups);
        if (done)
            break;
        assert_int_equal(e.kind, ERR_MEMORY);
    }
    json_doc_free(doc);
}

/* ---- files ---- */

static void make(const char *folder, const char *name)
{
    struct err e = {0};
    char path[300];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(file_create(path, slice_str("{}"), 0600, &e), 0);
}

static void test_documents(void **state)
{
    static const char *const names[] = {"b.json", "a.json", "sub/c.json"};
    char folder[] = "/tmp/cli-test-XXXXXX";
    struct documents d = {0};
    struct err e = {0};
    char path[300];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/sub", folder);
    assert_int_equal(file_make_folder(path, 0700, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        make(folder, names[i]);
    make(folder, "a.json.sha256");
    make(folder, ".json");
    snprintf(path, sizeof(path), "%s/loop", folder);
    assert_int_equal(symlink(folder, path), 0);
    assert_int_equal(documents_add(&d, folder, ".json", &e), 0);
    assert_int_equal(documents_add(&d, "-", ".json", &e), 0);
    assert_int_equal(documents_add(&d, "named.txt", ".json", &e), 0);
    assert_int_equal(d.count, 5);
    assert_string_equal(d.items[0].path + strlen(folder), "/a.json");
    assert_string_equal(d.items[1].path + strlen(folder), "/b.json");
    assert_string_equal(d.items[2].path + strlen(folder), "/sub/c.json");
    assert_false(d.items[0].named);
    assert_true(d.items[3].named && d.items[4].named);
    documents_fini(&d);
    snprintf(path, sizeof(path), "rm -rf %s", folder);
    assert_int_equal(system(path), 0);
}

static void test_sizes(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {{0, "0 B"},
                 {1023, "1023 B"},
                 {1024, "1.0 KiB"},
                 {1536, "1.5 KiB"},
                 {UINT64_C(5) << 20, "5.0 MiB"},
                 {UINT64_C(3) << 30, "3.0 GiB"},
                 {UINT64_C(7) << 40, "7.0 TiB"},
                 {UINT64_MAX, "16777216.0 TiB"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[16];
        progress_size(cases[i].bytes, text);
        assert_string_equal(text, cases[i].text);
    }
}

/* ---- the file that init writes ---- */

static void test_init_config(void **state)
{
    static const char *const settings[] = {"door-public.url=http://centre.example",
                                           "door-public.listen=127.0.0.1:1, [::1]:2",
                                           "centre.name=A \"quoted\" name", "mail.port=2525"};
    char path[] = "/tmp/cli-test-conf-XXXXXX";
    struct config *config = NULL;
    struct err e = {0};
    struct buf text;

    (void)state;
    buf_init(&text);
    assert_int_equal(init_config_write(settings, ARRAY_LEN(settings), &text, &e), 0);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, text.data, text.len), 0);
    close(fd);
    if (config_load(&config, path, &e) != 0)
        fail_msg("%s (%s)", e.text, e.where);
    assert_string_equal(config->door_public_url, "http://centre.example");
    assert_string_equal(config->centre_name, "A \"quoted\" name");
    assert_int_equal(config->mail_port, 2525);
    assert_int_equal(config->door_public_listen.count, 2);
    assert_string_equal(config->door_public_listen.items[1], "[::1]:2");
    assert_string_equal(config->door_device_url, "https://localhost:8442"); /* a default */
    config_free(config);
    unlink(path);
    buf_fini(&text);
}

static void test_init_config_refused(void **state)
{
    static const char *const bad[] = {
        "nothing",           "door-public.=x", ".url=x", "=", "a.b=c", "door-public.urll=x",
        "door-nowhere.url=x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = {0};
        struct buf text;
        buf_init(&text);
        assert_int_equal(init_config_write(&bad[i], 1, &text, &e), -1);
        assert_string_equal(e.code, "cli.setting");
        buf_fini(&text);
    }
}

static void test_out_of_memory(void **state)
{
    static const char *const settings[] = {"door-public.listen=127.0.0.1:1, [::1]:2"};
    struct json_doc *doc = parse(rows);

    (void)state;
    for (long k = 0;; k++) {
        struct list *list = NULL;
        struct err e = {0};
        struct buf text;
        buf_init(&text);
        catch_output();
        mem_fail_after(k);
        int result = init_config_write(settings, 1, &text, &e);
        if (result == 0)
            result = list_new(&list, "things", columns, ARRAY_LEN(columns), k % 2 == 0, &e);
        json_each(row, json_root(doc)) result = result == 0 ? list_row(list, row, &e) : result;
        result = result == 0 ? list_print(list, "", &e) : result;
        mem_fail_after(-1);
        (void)caught_output();
        list_free(list);
        buf_fini(&text);
        if (result == 0) {
            assert_true(k > 5);
            break;
        }
        assert_int_equal(e.kind, ERR_MEMORY);
    }
    json_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),         cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_table),         cmocka_unit_test(test_json),
        cmocka_unit_test(test_empty),         cmocka_unit_test(test_statement),
        cmocka_unit_test(test_worst_status),  cmocka_unit_test(test_groups),
        cmocka_unit_test(test_documents),     cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_init_config),   cmocka_unit_test(test_init_config_refused),
        cmocka_unit_test(test_out_of_memory),
    };

    say_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
