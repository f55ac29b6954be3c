/* SPDX-License-Identifier: Apache-2.0 */
/* include/tocsin/csaf.h: what its comments promise. That it can be installed and linked is
 * tests/interop/csaf_library.sh. */
#include "base/memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tocsin/csaf.h>
#include <cmocka.h>

static const char advisory[] =
    "{\"document\":{\"category\":\"csaf_base\",\"csaf_version\":\"2.0\",\"publisher\":{"
    "\"category\":\"vendor\",\"name\":\"Gr\\u00fcn\",\"namespace\":\"https://line.example\"},"
    "\"title\":\"T\",\"tracking\":{\"current_release_date\":\"2024-01-01T10:00:00Z\",\"id\":\"L-"
    "1\","
    "\"initial_release_date\":\"2024-01-01T10:00:00Z\",\"revision_history\":[{\"date\":"
    "\"2024-01-01T10:00:00Z\",\"number\":\"1\",\"summary\":\"s\"}],\"status\":\"final\","
    "\"version\":\"1\"}},\"product_tree\":{\"full_product_names\":[{\"name\":\"A\",\"product_id\":"
    "\"A\"}],\"product_groups\":[{\"group_id\":\"G\",\"product_ids\":[\"A\",\"B\"]}]}}";

static struct tocsin_csaf_result *validate(struct tocsin_csaf_validator *v, const char *text)
{
    struct tocsin_csaf_result *r = NULL;
    assert_int_equal(tocsin_csaf_validate(v, text, strlen(text), &r), TOCSIN_CSAF_OK);
    assert_non_null(r);
    return r;
}

static const struct tocsin_csaf_test *test_of(const struct tocsin_csaf_result *r, const char *id)
{
    const struct tocsin_csaf_test *t;
    for (size_t i = 0; (t = tocsin_csaf_result_test(r, i)); i++)
        if (strcmp(t->id, id) == 0)
            return t;
    return NULL;
}

static void finds_what_is_wrong(void **state)
{
    (void)state;
    struct tocsin_csaf_validator *v = tocsin_csaf_validator_new();
    struct tocsin_csaf_result *r = validate(v, advisory);

    assert_int_equal(tocsin_csaf_result_valid(r), 0);
    assert_int_equal(tocsin_csaf_result_schema_valid(r), 1);
    assert_string_equal(tocsin_csaf_result_csaf_version(r), "2.0");
    assert_null(tocsin_csaf_result_problem(r));
    const struct tocsin_csaf_test *t = test_of(r, "6.1.1");
    assert_int_equal(t->outcome, TOCSIN_CSAF_FAILED);
    assert_string_equal(t->group, "mandatory");
    assert_int_equal(t->finding_count, 1);
    assert_int_equal(test_of(r, "6.1.2")->outcome, TOCSIN_CSAF_PASSED);
    assert_null(test_of(r, "6.2.1")); /* by default the mandatory ones */
    const struct tocsin_csaf_finding *f = tocsin_csaf_result_finding(r, 0);
    assert_string_equal(f->test, "6.1.1");
    assert_string_equal(f->title, t->title);
    assert_int_equal(f->severity, TOCSIN_CSAF_ERROR);
    assert_string_equal(f->pointer, "/product_tree/product_groups/0/product_ids/1");
    assert_int_equal(f->line, 1);
    assert_int_equal(f->column, strstr(advisory, "\"B\"") - advisory + 1);
    assert_non_null(strstr(f->message, "\"B\""));
    assert_null(tocsin_csaf_result_finding(r, 1));
    char *json = tocsin_csaf_result_json(r, "x.json");
    assert_non_null(strstr(json, "{\"format\":\"tocsin-csaf-validation/"
                                 "v1\",\"file\":\"x.json\",\"csaf_version\":\"2.0\",\"preset\":"
                                 "\"mandatory\",\"valid\":false,"));
    tocsin_csaf_free(json);
    tocsin_csaf_result_free(r);
    tocsin_csaf_validator_free(v);
}

static void settings_are_settled_when_it_begins(void **state)
{
    (void)state;
    struct tocsin_csaf_validator *v = tocsin_csaf_validator_new();

    assert_string_equal(tocsin_csaf_message(v), "");
    assert_int_equal(tocsin_csaf_add_preset(v, "a-word"), TOCSIN_CSAF_UNKNOWN);
    assert_non_null(strstr(tocsin_csaf_message(v), "a-word"));
    assert_non_null(strstr(tocsin_csaf_message(v), "external-request-free")); /* what there is */
    assert_int_equal(tocsin_csaf_add_test(v, "6.4"), TOCSIN_CSAF_UNKNOWN);
    assert_int_equal(tocsin_csaf_add_extension(v, "{", 1), TOCSIN_CSAF_MALFORMED);
    assert_int_equal(tocsin_csaf_add_test(v, "6.1.1"), TOCSIN_CSAF_OK);
    assert_int_equal(tocsin_csaf_add_test(v, "6.2.1"), TOCSIN_CSAF_OK);
    assert_int_equal(tocsin_csaf_set_time(v, 1700000000), TOCSIN_CSAF_OK);
    struct tocsin_csaf_result *r = validate(v, advisory);
    assert_string_equal(tocsin_csaf_result_test(r, 0)->id, "6.1.1");
    assert_string_equal(tocsin_csaf_result_test(r, 1)->id, "6.2.1");
    assert_null(tocsin_csaf_result_test(r, 2));
    tocsin_csaf_result_free(r);
    assert_int_equal(tocsin_csaf_add_preset(v, "full"), TOCSIN_CSAF_TOO_LATE);
    assert_int_equal(tocsin_csaf_set_time(v, 0), TOCSIN_CSAF_TOO_LATE);
    tocsin_csaf_validator_free(v);
    tocsin_csaf_validator_free(NULL);
    tocsin_csaf_result_free(NULL);
    tocsin_csaf_document_free(NULL);
    tocsin_csaf_free(NULL);
    size_t presets = 0;
    while (tocsin_csaf_preset(presets))
        presets++;
    assert_true(presets >= 14);
    assert_int_equal(strncmp(tocsin_csaf_version(), "0.", 2), 0);
}

static void bad_documents_are_answers(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "line 1"},
        {"{\"document\":", "line 1 column 13"},
        {"{\"a\":1,\"a\":2}", "\"a\""},
        {"[]", "no CSAF document"},
        {"{\"document\":{\"csaf_version\":\"1.2\"}}", "\"1.2\""},
    };
    struct tocsin_csaf_validator *v = tocsin_csaf_validator_new();

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tocsin_csaf_result *r = validate(v, bad[i].text);
        assert_int_equal(tocsin_csaf_result_valid(r), 0);
        assert_null(tocsin_csaf_result_csaf_version(r));
        assert_non_null(strstr(tocsin_csaf_result_problem(r), bad[i].says));
        assert_null(tocsin_csaf_result_test(r, 0));
        assert_null(tocsin_csaf_result_finding(r, 0));
        char *json = tocsin_csaf_result_json(r, NULL);
        assert_non_null(strstr(json, "\"unreadable\":"));
        tocsin_csaf_free(json);
        tocsin_csaf_result_free(r);
    }
    tocsin_csaf_validator_free(v);
}

static void documents_can_be_read(void **state)
{
    (void)state;
    struct tocsin_csaf_document *d;
    size_t size = 0;

    assert_int_equal(tocsin_csaf_document_parse(advisory, strlen(advisory), &d), TOCSIN_CSAF_OK);
    assert_null(tocsin_csaf_document_problem(d));
    const char *name = tocsin_csaf_document_string(d, "/document/publisher/name", &size);
    assert_int_equal(size, 5);
    assert_memory_equal(name, "Gr\xc3\xbcn", 5);
    assert_null(tocsin_csaf_document_string(d, "/document/publisher", &size));
    assert_null(tocsin_csaf_document_string(d, "/nowhere", &size));
    tocsin_csaf_document_free(d);
    assert_int_equal(tocsin_csaf_document_parse("{", 1, &d), TOCSIN_CSAF_OK);
    assert_non_null(strstr(tocsin_csaf_document_problem(d), "line 1"));
    assert_null(tocsin_csaf_document_string(d, "/a", &size));
    tocsin_csaf_document_free(d);
}

/* A validator each, one document for all: what the header says of threads. */
enum { THREADS = 4, ROUNDS = 30 };

struct shared {
    const struct tocsin_csaf_document *document;
    const char *expected;
    bool right;
};

static void *validate_often(void *context)
{
    struct shared *s = context;
    struct tocsin_csaf_validator *v = tocsin_csaf_validator_new();

    s->right = v && tocsin_csaf_add_preset(v, "full") == 0 && tocsin_csaf_set_time(v, 1) == 0;
    for (int i = 0; i < ROUNDS && s->right; i++) {
        struct tocsin_csaf_result *r = NULL;
        s->right = tocsin_csaf_validate_document(v, s->document, &r) == 0;
        char *json = s->right ? tocsin_csaf_result_json(r, NULL) : NULL;
        s->right = json && strcmp(json, s->expected) == 0;
        tocsin_csaf_free(json);
        tocsin_csaf_result_free(r);
    }
    tocsin_csaf_validator_free(v);
    return NULL;
}

static void threads_share_a_document(void **state)
{
    (void)state;
    struct tocsin_csaf_document *d;
    struct tocsin_csaf_validator *v = tocsin_csaf_validator_new();
    struct shared shared[THREADS];
    pthread_t threads[THREADS];

    assert_int_equal(tocsin_csaf_add_preset(v, "full"), 0);
    assert_int_equal(tocsin_csaf_set_time(v, 1), 0);
    struct tocsin_csaf_result *r = validate(v, advisory);
    char *expected = tocsin_csaf_result_json(r, NULL);
    assert_int_equal(tocsin_csaf_document_parse(advisory, strlen(advisory), &d), TOCSIN_CSAF_OK);
    for (int i = 0; i < THREADS; i++) {
        shared[i] = (struct shared){d, expected, false};
        assert_int_equal(pthread_create(&threads[i], NULL, validate_often, &shared[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(shared[i].right);
    }
    tocsin_csaf_free(expected);
    tocsin_csaf_result_free(r);
    tocsin_csaf_document_free(d);
    tocsin_csaf_validator_free(v);
}

/* Each allocation fails once: no result, or the right one; and afterwards all is well again. */
static void without_memory_there_is_no_result(void **state)
{
    (void)state;
    struct tocsin_csaf_validator *v = tocsin_csaf_validator_new();
    struct tocsin_csaf_result *r = validate(v, advisory);
    char *expected = tocsin_csaf_result_json(r, NULL);

    tocsin_csaf_result_free(r);
    for (long k = 0;; k++) {
        r = NULL;
        mem_fail_after(k);
        int status = tocsin_csaf_validate(v, advisory, strlen(advisory), &r);
        bool failed = mem_has_failed();
        mem_fail_after(-1);
        if (status == TOCSIN_CSAF_OK) {
            char *json = tocsin_csaf_result_json(r, NULL);
            assert_string_equal(json, expected);
            tocsin_csaf_free(json);
            tocsin_csaf_result_free(r);
        } else {
            assert_int_equal(status, TOCSIN_CSAF_NO_MEMORY);
            assert_null(r);
            assert_non_null(strstr(tocsin_csaf_message(v), "memory"));
        }
        if (!failed)
            break;
    }
    tocsin_csaf_free(expected);
    tocsin_csaf_validator_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_wrong),
        cmocka_unit_test(settings_are_settled_when_it_begins),
        cmocka_unit_test(bad_documents_are_answers),
        cmocka_unit_test(documents_can_be_read),
        cmocka_unit_test(threads_share_a_document),
        cmocka_unit_test(without_memory_there_is_no_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
