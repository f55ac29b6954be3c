/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "product/purl.h"
#include "product/purl_types.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char *const folder = "../shared/data/purl-spec/";

static struct slice s(const char *text)
{
    return slice_str(text);
}

struct file {
    struct buf text;
    struct json_doc *json;
};

static void document_read(struct file *f, const char *path)
{
    struct err e = {0};
    buf_init(&f->text);
    if (file_read(path, 16 << 20, &f->text, &e) != 0 ||
        json_parse(&f->json, buf_slice(&f->text), NULL, &e) != 0)
        fail_msg("%s: %s", path, e.text);
}

static void document_end(struct file *f)
{
    json_doc_free(f->json);
    buf_fini(&f->text);
}

static void parts_of(struct arena *a, const struct json_value *v, struct product_purl *p)
{
    const struct json_value *q = json_get(v, "qualifiers");
    struct product_purl_qualifier *all = arena_new(a, json_count(q) + 1, sizeof *all);
    *p = (struct product_purl){.type = json_get_string(v, "type"),
                               .space = json_get_string(v, "namespace"),
                               .name = json_get_string(v, "name"),
                               .version = json_get_string(v, "version"),
                               .subpath = json_get_string(v, "subpath"),
                               .qualifiers = all};
    assert_non_null(all);
    json_each(one, q) all[p->qualifier_count++] =
        (struct product_purl_qualifier){json_name(one), json_string(one)};
}

static bool same(const struct product_purl *a, const struct product_purl *b)
{
    if (!product_purl_same_but_qualifiers(a, b) || a->qualifier_count != b->qualifier_count)
        return false;
    for (size_t i = 0; i < a->qualifier_count; i++) {
        char key[128];
        snprintf(key, sizeof key, "%.*s", SLICE_ARG(a->qualifiers[i].key));
        if (!slice_equal(a->qualifiers[i].value, product_purl_qualifier(b, key)))
            return false;
    }
    return true;
}

/* "required" is what the standard demands; "recommended" is how to repair what is not canonical. */
static bool case_passes(const struct json_value *t)
{
    struct arena a;
    struct err e = {0};
    struct buf written;
    arena_init(&a, 0);
    buf_init(&written);
    bool failure = json_is(json_get(t, "expected_failure"), JSON_TRUE), passed = false;
    const struct json_value *input = json_get(t, "input"), *wanted = json_get(t, "expected_output");
    struct slice kind = json_get_string(t, "test_type");
    enum product_purl_mode mode = slice_is(json_get_string(t, "test_group"), "required")
                                      ? PRODUCT_PURL_STRICT
                                      : PRODUCT_PURL_LENIENT;
    struct product_purl p, expected;
    int result;
    if (slice_is(kind, "build")) {
        parts_of(&a, input, &p);
        result = product_purl_normalise(&a, &p, mode, &e);
    } else {
        result = product_purl_parse(&a, json_string(input), mode, &p, &e);
    }
    if (result != 0) {
        /* a refusal names what is wrong, by which rule, and where */
        passed = failure && e.kind == ERR_INPUT && strncmp(e.code, "purl.", 5) == 0 &&
                 e.clause[0] && (e.where[0] || slice_is(kind, "build"));
    } else if (!failure && slice_is(kind, "parse")) {
        parts_of(&a, wanted, &expected);
        passed = same(&p, &expected);
    } else if (!failure) {
        product_purl_write(&p, PRODUCT_PURL_ALL, &written);
        passed = slice_equal(buf_slice(&written), json_string(wanted));
        /* what is canonical stays as it is */
        struct product_purl again;
        passed =
            passed &&
            product_purl_parse(&a, buf_slice(&written), PRODUCT_PURL_STRICT, &again, &e) == 0 &&
            same(&p, &again);
    }
    if (!passed) {
        struct slice text = json_string(input);
        print_message("%.*s: %.*s %.*s: %s (%s) %s\n", SLICE_ARG(json_get_string(t, "description")),
                      SLICE_ARG(kind), SLICE_ARG(text), e.text, e.where, buf_text(&written));
    }
    buf_fini(&written);
    arena_fini(&a);
    return passed;
}

static void cases_of(const char *sub, size_t *passed, size_t *total)
{
    char path[512];
    snprintf(path, sizeof path, "%stests/%s", folder, sub);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        struct file f;
        snprintf(path, sizeof path, "%stests/%s/%s", folder, sub, entry->d_name);
        document_read(&f, path);
        json_each(t, json_get(json_root(f.json), "tests"))
        {
            *passed += case_passes(t);
            (*total)++;
        }
        document_end(&f);
    }
    closedir(dir);
}

static bool have_data(void)
{
    FILE *f = fopen("../shared/data/purl-spec/purl-types-index.json", "r");
    if (f)
        fclose(f);
    return f;
}

/* ECMA-427: all cases of its official suite */
static void official_cases(void **state)
{
    (void)state;
    if (!have_data()) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    size_t passed = 0, total = 0;
    cases_of("spec", &passed, &total);
    cases_of("types", &passed, &total);
    print_message("measured: package URLs: %zu of %zu official cases\n", passed, total);
    assert_int_equal(total, 586);
    assert_int_equal(passed, total);
}

static bool says(const struct json_value *definition, const char *member, const char *value)
{
    return slice_is(json_get_string(definition, member), value);
}

/* The table says of each registered type what its definition says. */
static void table_of_types(void **state)
{
    (void)state;
    if (!have_data()) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    struct file index;
    document_read(&index, "../shared/data/purl-spec/purl-types-index.json");
    size_t count = 0;
    json_each(entry, json_root(index.json))
    {
        char path[512];
        snprintf(path, sizeof path, "%stypes/%.*s-definition.json", folder,
                 SLICE_ARG(json_string(entry)));
        struct file f;
        document_read(&f, path);
        const struct json_value *d = json_root(f.json);
        const struct product_purl_type *t = product_purl_type_find(json_get_string(d, "type"));
        if (!t)
            fail_msg("%s: not in the table", path);
        const struct json_value *space = json_get(d, "namespace_definition"),
                                *name = json_get(d, "name_definition"),
                                *version = json_get(d, "version_definition");
        const struct {
            unsigned rule;
            bool wanted;
        } rules[] = {
            {PRODUCT_PURL_SPACE_REQUIRED, says(space, "requirement", "required")},
            {PRODUCT_PURL_SPACE_PROHIBITED, says(space, "requirement", "prohibited")},
            {PRODUCT_PURL_SPACE_LOWER, json_is(json_get(space, "case_sensitive"), JSON_FALSE)},
            {PRODUCT_PURL_NAME_LOWER, json_is(json_get(name, "case_sensitive"), JSON_FALSE)},
            {PRODUCT_PURL_VERSION_LOWER, json_is(json_get(version, "case_sensitive"), JSON_FALSE)},
            {PRODUCT_PURL_UNREGISTERED, false},
        };
        for (size_t i = 0; i < ARRAY_LEN(rules); i++)
            if (rules[i].wanted != !!(t->rules & rules[i].rule))
                fail_msg("%s: rule %#x is %d in the definition", t->name, rules[i].rule,
                         rules[i].wanted);
        struct slice qualifier = slice_of(NULL, 0);
        json_each(q, json_get(d, "qualifiers_definition")) if (says(q, "requirement", "required"))
            qualifier = json_get_string(q, "key");
        assert_true(slice_equal(qualifier, slice_str(t->qualifier)));
        document_end(&f);
        count++;
    }
    assert_int_equal(count, 42);
    document_end(&index);
}

/* 5.6: what is wrong, by which rule, and at which byte */
static void faults_have_places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code, *where;
    } rows[] = {
        {"", "purl.scheme", "offset 0"},
        {"npm/foo", "purl.scheme", "offset 0"},
        {"pkg:", "purl.type", "offset 4"},
        {"pkg:npm", "purl.name", "offset 4"},
        {"pkg:3npm/foo", "purl.type", "offset 4"},
        {"pkg:n%70m/foo", "purl.type", "offset 4"},
        {"pkg:npm/", "purl.name", "offset 8"},
        {"pkg:npm/foo@1 0", "purl.character", "offset 13"},
        {"pkg:npm/foo@1.0%", "purl.encoding", "offset 15"},
        {"pkg:npm/foo@%ff", "purl.encoding", "offset 12"},
        {"pkg:npm/a%2Fb/foo", "purl.namespace", "offset 9"},
        {"pkg:npm/foo@1?x", "purl.qualifier", "offset 14"},
        {"pkg:npm/foo@1?a=b&a=c", "purl.qualifier", "offset 14"},
        {"pkg:npm/foo@1?a=b&c%20=c", "purl.qualifier", "offset 19"},
        {"pkg:npm/foo@1?9=b", "purl.qualifier", "offset 14"},
        {"pkg:npm/foo#a%2fb", "purl.subpath", "offset 13"},
        {"pkg:deb/curl@1", "purl.namespace", "offset 8"},
        {"pkg:cargo/a/b@1", "purl.namespace", "offset 10"},
        {"pkg:swid/a@1", "purl.qualifier", "offset 12"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena a;
        struct err e = {0};
        struct product_purl p;
        arena_init(&a, 0);
        assert_int_equal(product_purl_parse(&a, s(rows[i].text), PRODUCT_PURL_STRICT, &p, &e), -1);
        if (strcmp(e.code, rows[i].code) != 0 || strcmp(e.where, rows[i].where) != 0)
            fail_msg("%s: %s at %s (%s)", rows[i].text, e.code, e.where, e.text);
        arena_fini(&a);
    }
}

/* What inventories and advisories write: taken where it can only mean one thing. */
static void lenient_reading(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } rows[] = {
        {"pkg:golang/stdlib@1.19.1", "pkg:golang/stdlib@1.19.1"},
        {"pkg:npm/%40angular%2Fcore@12.3.1", "pkg:npm/%40angular/core@12.3.1"},
        {"pkg:deb/curl@7.50.3-1?Arch=i386", "pkg:deb/curl@7.50.3-1?arch=i386"},
        {"PKG:deb/Debian/Curl@1:7+b1", "pkg:deb/debian/curl@1:7%2Bb1"},
        {"pkg:generic/a%zz@1", "pkg:generic/a%25zz@1"},
        {"pkg:npm/foo@1?a=b&a=c&&d", "pkg:npm/foo@1?a=b"},
        {"pkg:julia/Dates@1", "pkg:julia/Dates@1"},
        {"pkg:generic/\xc3\xa4@1", "pkg:generic/%C3%A4@1"},
        {"pkg:npm/", NULL},
        {"pkg:npm/foo@%ff", NULL},
        {"pkg:npm/foo%00", NULL},
        {"pkg:npm/foo bar", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena a;
        struct err e = {0};
        struct product_purl p;
        struct buf out;
        arena_init(&a, 0);
        buf_init(&out);
        int result = product_purl_parse(&a, s(rows[i].text), PRODUCT_PURL_LENIENT, &p, &e);
        assert_int_equal(result, rows[i].written ? 0 : -1);
        if (rows[i].written) {
            product_purl_write(&p, PRODUCT_PURL_ALL, &out);
            assert_string_equal(buf_text(&out), rows[i].written);
        }
        buf_fini(&out);
        arena_fini(&a);
    }
}

/* A shortage of memory is an error at each allocation, never another purl. */
static void shortage_of_memory(void **state)
{
    (void)state;
    static const char text[] = "pkg:PYPI/A_b@1.0?b=1&a=2#x/y";
    for (long k = 0;; k++) {
        struct arena a;
        struct err e = {0};
        struct product_purl p;
        arena_init(&a, 0);
        mem_fail_after(k);
        int result = product_purl_parse(&a, s(text), PRODUCT_PURL_STRICT, &p, &e);
        bool failed = mem_has_failed();
        mem_fail_after(-1);
        arena_fini(&a);
        assert_int_equal(result, failed ? -1 : 0);
        if (!failed)
            break;
        assert_int_equal(e.kind, ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(official_cases),     cmocka_unit_test(table_of_types),
        cmocka_unit_test(faults_have_places), cmocka_unit_test(lenient_reading),
        cmocka_unit_test(shortage_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
