/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/file.h"
#include "base/memory.h"
#include "csaf/document.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define DATA "../shared/data"

/* A small, complete document of our own; %s marks are replaced by tests. */
static const char small[] =
    "{\n"
    " \"document\": {\n"
    "  \"category\": \"csaf_security_advisory\", \"csaf_version\": \"2.0\",\n"
    "  \"distribution\": {\"tlp\": {\"label\": \"WHITE\"}},\n"
    "  \"publisher\": {\"category\": \"vendor\", \"name\": \"Nordlicht Antriebe\",\n"
    "   \"namespace\": \"https://nordlicht.example\"},\n"
    "  \"title\": \"Drive controller\",\n"
    "  \"tracking\": {\"current_release_date\": \"2026-03-02T10:00:00Z\", \"id\": \"NL-1\",\n"
    "   \"initial_release_date\": \"2026-03-01T10:00:00Z\", \"revision_history\": [\n"
    "    {\"date\": \"2026-03-02T10:00:00Z\", \"number\": \"2\", \"summary\": \"more\"},\n"
    "    {\"date\": \"2026-03-01T10:00:00Z\", \"number\": \"1\", \"summary\": \"first\"}],\n"
    "   \"status\": \"final\", \"version\": \"2\"}},\n"
    " \"product_tree\": {\n"
    "  \"branches\": [{\"category\": \"vendor\", \"name\": \"Nordlicht\", \"branches\": [\n"
    "   {\"category\": \"product_name\", \"name\": \"DC-7\", \"branches\": [\n"
    "    {\"category\": \"product_version_range\", \"name\": \"vers:generic/<4.3\",\n"
    "     \"product\": {\"name\": \"DC-7 < 4.3\", \"product_id\": \"P1\",\n"
    "      \"product_identification_helper\": {\"model_numbers\": [\"NL-DC7-100\"],\n"
    "       \"serial_numbers\": [\"A1*\"], \"purl\": \"pkg:generic/dc7\",\n"
    "       \"hashes\": [{\"filename\": \"f\", \"file_hashes\": [{\"algorithm\": \"sha256\",\n"
    "        \"value\": \"00112233445566778899aabbccddeeff\"}]}]}}}]}]}],\n"
    "  \"full_product_names\": [{\"name\": \"Cabinet\", \"product_id\": \"P2\"}],\n"
    "  \"relationships\": [{\"category\": \"installed_on\", \"product_reference\": \"P1\",\n"
    "   \"relates_to_product_reference\": \"P2\",\n"
    "   \"full_product_name\": {\"name\": \"DC-7 in a cabinet\", \"product_id\": \"P3\"}}],\n"
    "  \"product_groups\": [{\"group_id\": \"G1\", \"product_ids\": [\"P1\", \"P3\"]}]},\n"
    " \"vulnerabilities\": [{\"cve\": \"CVE-2026-10001\",\n"
    "  \"product_status\": {\"known_affected\": [\"P3\", \"P1\"], \"fixed\": [\"P2\"]},\n"
    "  \"flags\": [{\"label\": \"component_not_present\", \"product_ids\": [\"P2\"]}],\n"
    "  \"remediations\": [{\"category\": \"vendor_fix\", \"details\": \"Update\",\n"
    "   \"group_ids\": [\"G1\"], \"url\": \"https://nordlicht.example/fix\"}]}]\n"
    "}\n";

static void model_of_a_small_document(void **state)
{
    (void)state;
    struct err e = {0};
    struct csaf_document *d;
    assert_int_equal(csaf_load(&d, slice_str(small), &e), 0);
    assert_true(slice_is(d->id, "NL-1"));
    assert_true(slice_is(d->namespace, "https://nordlicht.example"));
    assert_true(slice_is(d->version, "2"));
    assert_int_equal(d->status, CSAF_FINAL);
    assert_int_equal(d->tlp, CSAF_TLP_WHITE);
    assert_int_equal(d->revision_count, 2);
    assert_true(slice_is(d->revisions[0].number, "1")); /* sorted by date */
    assert_int_equal(d->product_count, 3);
    const struct csaf_product *p = csaf_product_find(d, slice_str("P1"));
    assert_non_null(p);
    assert_int_equal(p->branch->category, CSAF_BRANCH_PRODUCT_VERSION_RANGE);
    assert_true(slice_is(csaf_branch_find(p, CSAF_BRANCH_VENDOR)->name, "Nordlicht"));
    assert_null(csaf_branch_find(p, CSAF_BRANCH_PRODUCT_FAMILY));
    assert_string_equal(p->place.pointer, "/product_tree/branches/0/branches/0/branches/0/product");
    assert_int_equal(p->place.line, 17);
    assert_non_null(json_resolve(d->json, slice_str(p->place.pointer)));
    assert_int_equal(p->helper->hash_count, 1);
    assert_int_equal(p->helper->serial_numbers.count, 1);
    const struct csaf_product *installed = csaf_product_find(d, slice_str("P3"));
    assert_ptr_equal(installed->relationship->product, p);
    assert_true(slice_is(installed->relationship->relates_to->id, "P2"));
    assert_int_equal(installed->relationship->category, CSAF_INSTALLED_ON);
    assert_int_equal(csaf_group_find(d, slice_str("G1"))->products.count, 2);
    const struct csaf_vulnerability *v = &d->vulnerabilities[0];
    assert_true(slice_is(v->name, "CVE-2026-10001"));
    assert_int_equal(v->status[CSAF_KNOWN_AFFECTED].count, 2);
    assert_int_equal(v->remediations[0].category, CSAF_VENDOR_FIX);
    assert_int_equal(v->remediations[0].products.count, 2); /* group resolved */
    assert_false(v->remediations[0].everywhere);
    csaf_free(d);
}

/* Replaces the first `from` in the small document. */
static char *changed(const char *from, const char *to)
{
    const char *at = strstr(small, from);
    assert_non_null(at);
    size_t len = strlen(small) + strlen(to) + 1;
    char *text = malloc(len);
    snprintf(text, len, "%.*s%s%s", (int)(at - small), small, to, at + strlen(from));
    return text;
}

/* V75, demo: refused with line, column, pointer and rule */
static void refusals_name_place_and_rule(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *code, *clause, *where;
    } cases[] = {
        {"\"title\": \"Drive controller\",\n", "", "csaf.required", "CSAF 2.0 JSON schema",
         "line 2 column 14 (/document/title)"},
        {"\"title\": \"Drive controller\"", "\"title\": 7", "csaf.type", "CSAF 2.0 JSON schema",
         "line 7 column 12 (/document/title)"},
        {"\"title\": \"Drive controller\"", "\"title\": \"\"", "csaf.empty", "CSAF 2.0 JSON schema",
         "/title"},
        {"\"WHITE\"", "\"MAUVE\"", "csaf.enum", "CSAF 2.0 JSON schema",
         "/document/distribution/tlp/label"},
        {"\"csaf_version\": \"2.0\"", "\"csaf_version\": \"3.0\"", "csaf.version", "3.2.2",
         "csaf_version"},
        {"\"NL-1\"", "\" NL-1\"", "csaf.format", "CSAF 2.0 JSON schema", "/document/tracking/id"},
        {"2026-03-02T10:00:00Z", "2026-02-30T10:00:00Z", "csaf.format", "CSAF 2.0 JSON schema",
         "/document/tracking/current_release_date"},
        {"\"final\"", "\"finished\"", "csaf.enum", "CSAF 2.0 JSON schema",
         "/document/tracking/status"},
        {"\"version\": \"2\"", "\"version\": \"3\"", "csaf.history", "6.1.16", "/version"},
        {"\"number\": \"2\"", "\"number\": \"1\"", "csaf.history", "6.1.16", "/version"},
        {"\"number\": \"1\"", "\"number\": \"0\"", "csaf.history", "6.1.18", "revision_history"},
        {"\"number\": \"1\"", "\"number\": \"1.0.0\"", "csaf.history", "6.1.30",
         "revision_history"},
        {"\"product_id\": \"P2\"", "\"product_id\": \"P1\"", "csaf.reference", "6.1.1",
         "/product_tree/relationships/0/relates_to_product_reference"},
        {"\"relates_to_product_reference\": \"P2\"", "\"relates_to_product_reference\": \"P9\"",
         "csaf.reference", "6.1.1", "/product_tree/relationships/0/relates_to_product_reference"},
        {"\"relates_to_product_reference\": \"P2\"", "\"relates_to_product_reference\": \"P3\"",
         "csaf.circular", "6.1.3", "/product_tree/relationships/0"},
        {"\"group_ids\": [\"G1\"]", "\"group_ids\": [\"G2\"]", "csaf.reference", "6.1.4",
         "/vulnerabilities/0/remediations/0/group_ids/0"},
        {"\"fixed\": [\"P2\"]", "\"fixed\": [\"P1\"]", "csaf.contradiction", "6.1.6",
         "/vulnerabilities/0/product_status/"},
        {"\"fixed\": [\"P2\"]", "\"fixed\": [\"P2\", \"P2\"]", "csaf.duplicate",
         "CSAF 2.0 JSON schema", "/vulnerabilities/0/product_status/fixed/1"},
        {"CVE-2026-10001", "CVE-26-1", "csaf.format", "CSAF 2.0 JSON schema",
         "/vulnerabilities/0/cve"},
        {"pkg:generic/dc7", "generic/dc7", "csaf.format", "CSAF 2.0 JSON schema", "purl"},
        {"installed_on", "put_into", "csaf.enum", "CSAF 2.0 JSON schema",
         "relationships/0/category"},
        {"\"document\"", "\"documents\"", "csaf.not-csaf", "3.2", "line 1 column 1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *text = changed(cases[i].from, cases[i].to);
        struct err e = {0};
        struct csaf_document *d;
        assert_int_equal(csaf_load(&d, slice_str(text), &e), -1);
        assert_null(d);
        assert_string_equal(e.code, cases[i].code);
        assert_non_null(strstr(e.clause, cases[i].clause));
        if (!strstr(e.where, cases[i].where))
            print_message("case %zu: %s, not %s\n", i, e.where, cases[i].where);
        assert_non_null(strstr(e.where, cases[i].where));
        assert_int_equal(e.kind, ERR_INPUT);
        free(text);
    }
}

static void report_collects_and_keeps_the_first(void **state)
{
    (void)state;
    char *text = changed("\"title\": \"Drive controller\"", "\"title\": 7, \"lang\": \"!\"");
    struct csaf_report *report = calloc(1, sizeof *report);
    struct err e = {0};
    struct csaf_document *d;
    assert_int_equal(csaf_load_report(&d, slice_str(text), report, &e), -1);
    assert_int_equal(report->error_count, 2);
    assert_string_equal(report->errors[0].code, "csaf.type");
    assert_string_equal(report->errors[1].code, "csaf.format");
    assert_string_equal(e.code, report->errors[0].code);
    assert_non_null(strstr(e.hint, "1 more"));
    free(text);
    free(report);
}

/* Who imports a document hears of what is crucial to it and not known here (2.1, section 2.4.1). */
static void essential_extensions_are_warned_of(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool warned;
    } cases[] = {{"6-3-21-01-01", true}, {"6-3-21-01-11", false}};
    struct csaf_report *report = calloc(1, sizeof *report);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[512];
        struct buf b;
        struct err e = {0};
        struct csaf_document *d;
        size_t met = 0;
        snprintf(path, sizeof path,
                 "../shared/data/csaf-oasis/csaf_2.1/test/validator/data/informative/"
                 "oasis_csaf_tc-csaf_2_1-2024-%s.json",
                 cases[i].name);
        if (file_kind(path) == 0) {
            print_message("skipped: no ../shared/data\n");
            free(report);
            skip();
        }
        buf_init(&b);
        assert_int_equal(file_read(path, 1 << 20, &b, &e), 0);
        int loaded = csaf_load_report(&d, buf_slice(&b), report, &e);
        if (loaded != 0)
            print_message("%s: %s (%s)\n", cases[i].name, e.text, e.where);
        assert_int_equal(loaded, 0);
        for (size_t k = 0; k < report->warning_count; k++)
            if (strcmp(report->warnings[k].code, "csaf.extension") == 0) {
                met++;
                assert_non_null(strstr(report->warnings[k].clause, "2.4.1"));
                assert_non_null(strstr(report->warnings[k].text, "://"));
            }
        assert_int_equal(met, cases[i].warned);
        csaf_free(d);
        buf_fini(&b);
    }
    free(report);
}

static void a_thousand_faults_are_counted_not_kept(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    buf_puts(&b, "{\"document\":{\"csaf_version\":\"2.0\"},\"vulnerabilities\":[");
    for (int i = 0; i < 1000; i++)
        buf_puts(&b, i ? ",{\"cve\":1}" : "{\"cve\":1}");
    buf_puts(&b, "]}");
    struct csaf_report *report = calloc(1, sizeof *report);
    struct err e = {0};
    struct csaf_document *d;
    assert_int_equal(csaf_load_report(&d, buf_slice(&b), report, &e), -1);
    assert_true(report->error_count > 1000);
    assert_string_equal(e.code, "csaf.required");
    buf_fini(&b);
    free(report);
}

/* groups of groups' products: a small document must not become gigabytes */
static void references_are_limited(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    const char *tail = strstr(small, " \"product_tree\"");
    buf_put(&b, small, (size_t)(tail - small));
    buf_puts(&b, "\"product_tree\":{\"full_product_names\":[");
    for (int i = 0; i < 4000; i++)
        buf_printf(&b, "%s{\"name\":\"n\",\"product_id\":\"%d\"}", i ? "," : "", i);
    buf_puts(&b, "],\"product_groups\":[{\"group_id\":\"G\",\"product_ids\":[");
    for (int i = 0; i < 4000; i++)
        buf_printf(&b, "%s\"%d\"", i ? "," : "", i);
    buf_puts(&b, "]}]},\"vulnerabilities\":[{\"remediations\":[");
    for (int i = 0; i < 4000; i++)
        buf_printf(&b, "%s{\"category\":\"mitigation\",\"details\":\"d\",\"group_ids\":[\"G\"]}",
                   i ? "," : "");
    buf_puts(&b, "]}]}");
    struct err e = {0};
    struct csaf_document *d;
    assert_int_equal(csaf_load(&d, buf_slice(&b), &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_string_equal(e.code, "csaf.limit");
    buf_fini(&b);
}

static void versions_of_documents_are_ordered(void **state)
{
    (void)state;
    static const char *const rising[] = {"0", "1", "2", "10"};
    static const char *const semantic[] = {
        "0.9.0",        "1.0.0-alpha",   "1.0.0-alpha.1", "1.0.0-alpha.beta",
        "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",    "1.0.0",
        "1.0.1",        "1.10.0"};
    int order;
    for (size_t i = 0; i + 1 < ARRAY_LEN(rising); i++) {
        assert_true(csaf_version_compare(slice_str(rising[i]), slice_str(rising[i + 1]), &order));
        assert_int_equal(order, -1);
    }
    for (size_t i = 0; i < ARRAY_LEN(semantic); i++)
        for (size_t k = 0; k < ARRAY_LEN(semantic); k++) {
            assert_true(
                csaf_version_compare(slice_str(semantic[i]), slice_str(semantic[k]), &order));
            assert_int_equal(order, (i > k) - (i < k));
        }
    static const char *const bad[] = {"", "01", "1.", "1.2", "1.2.3-", "1.2.3-01", "1.2.3+", "v1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(csaf_version_compare(slice_str(bad[i]), slice_str("1"), &order));
    assert_true(csaf_version_compare(slice_str("1.0.0+a"), slice_str("1.0.0+b"), &order));
    assert_int_equal(order, 0);
}

/* Fails the k-th allocation for every k: no crash, no leak (ASan), an honest error. */
static void memory_runs_out(void **state)
{
    (void)state;
    for (long k = 0;; k++) {
        struct err e = {0};
        struct csaf_document *d;
        mem_fail_after(k);
        int result = csaf_load(&d, slice_str(small), &e);
        bool injected = mem_allocations() > k;
        mem_fail_after(-1);
        if (result == 0)
            csaf_free(d); /* the reader may do without an index */
        else
            assert_int_equal(e.kind, ERR_MEMORY);
        if (!injected) {
            assert_int_equal(result, 0);
            assert_true(k > 8);
            return;
        }
    }
}

static bool ends(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

struct corpus {
    size_t loaded, refused, products, vulnerabilities;
};

static void load_file(const char *path, struct corpus *c)
{
    struct buf b;
    buf_init(&b);
    struct err e = {0};
    assert_int_equal(file_read(path, 64 << 20, &b, &e), 0);
    struct csaf_document *d;
    if (csaf_load(&d, buf_slice(&b), &e) == 0) {
        c->loaded++;
        c->products += d->product_count;
        c->vulnerabilities += d->vulnerability_count;
        /* every place leads back to the value it names */
        for (size_t i = 0; i < d->product_count; i++) {
            const struct json_value *v =
                json_resolve(d->json, slice_str(d->products[i].place.pointer));
            assert_non_null(v);
            assert_true(slice_equal(json_get_string(v, "product_id"), d->products[i].id));
            size_t line, column;
            json_place(d->json, v, &line, &column);
            assert_int_equal(line, d->products[i].place.line);
            assert_int_equal(column, d->products[i].place.column);
        }
        csaf_free(d);
    } else {
        char line[1024];
        err_line(&e, line, sizeof line);
        print_message("refused %s: %s\n", path, line);
        c->refused++;
    }
    buf_fini(&b);
}

static void walk(const char *folder, struct corpus *c)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_type == DT_DIR)
            walk(path, c);
        else if (ends(entry->d_name, ".json") && !strstr(entry->d_name, "feed"))
            load_file(path, c);
    }
    closedir(dir);
}

static void corpus_of_cisa_loads(void **state)
{
    (void)state;
    if (file_kind(DATA) != 2) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    struct corpus c = {0};
    walk(DATA "/cisa-csaf/csaf_files", &c);
    print_message("measured: advisories of CISA: %zu loaded, %zu refused, %zu products, %zu "
                  "vulnerabilities\n",
                  c.loaded, c.refused, c.products, c.vulnerabilities);
    assert_int_equal(c.loaded, 387);
    assert_int_equal(c.refused, 0);
}

/*
 * The standard's own test files: NN-0x and NN-2x break test 6.1.NN, NN-1x and NN-3x keep it. Those
 * tests that an import relies on are checked here; of the others only that nothing crashes.
 */
static void official_files_of_the_tests_we_apply(void **state)
{
    (void)state;
    static const char folder[] = DATA "/csaf-oasis/csaf_2.0/test/validator/data/mandatory";
    if (file_kind(DATA) != 2) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    static const int applied[] = {1, 2, 3, 4, 5, 6, 14, 16, 17, 18, 19, 20, 21, 22, 23, 30};
    size_t right = 0, wrong = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        int test, number;
        if (sscanf(entry->d_name, "oasis_csaf_tc-csaf_2_0-2021-6-1-%d-%d.json", &test, &number) !=
                2 ||
            !ends(entry->d_name, ".json"))
            continue;
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        struct buf b;
        buf_init(&b);
        struct err e = {0};
        assert_int_equal(file_read(path, 1 << 20, &b, &e), 0);
        struct csaf_document *d;
        int result = csaf_load(&d, buf_slice(&b), &e);
        bool ours = false;
        for (size_t i = 0; i < ARRAY_LEN(applied); i++)
            ours = ours || applied[i] == test;
        if (ours && !strstr(entry->d_name, "27-")) {
            char clause[16];
            snprintf(clause, sizeof clause, "6.1.%d", test);
            bool broken = (number / 10) % 2 == 0;
            if ((result != 0) == broken) {
                right++;
            } else {
                wrong++;
                char line[1024];
                err_line(&e, line, sizeof line);
                print_message("%s: %s %s\n", entry->d_name, result ? "refused" : "accepted", line);
            }
        }
        if (result == 0)
            csaf_free(d);
        buf_fini(&b);
    }
    closedir(dir);
    print_message("official files: %zu as expected, %zu not\n", right, wrong);
    assert_true(right > 40);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(model_of_a_small_document),
        cmocka_unit_test(refusals_name_place_and_rule),
        cmocka_unit_test(report_collects_and_keeps_the_first),
        cmocka_unit_test(essential_extensions_are_warned_of),
        cmocka_unit_test(a_thousand_faults_are_counted_not_kept),
        cmocka_unit_test(references_are_limited),
        cmocka_unit_test(versions_of_documents_are_ordered),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(corpus_of_cisa_loads),
        cmocka_unit_test(official_files_of_the_tests_we_apply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
