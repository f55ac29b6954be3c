/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "base/file.h"
#include "base/json.h"
#include "csaf/facts/registry.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void id_systems(void **state)
{
    (void)state;
    const struct csaf_id_system *s =
        csaf_id_system_find(slice_str("https://github.com/oasis-tcs/csaf"));
    assert_non_null(s);
    assert_string_equal(s->common_name, "OASIS Open CSAF TC GitHub Issues");
    assert_string_equal(s->text_pattern, "^#[1-9]\\d*$");
    assert_string_equal(s->example, "#1217");
    assert_null(csaf_id_system_find(slice_str("OASIS Open CSAF TC GitHub Issues"))); /* 6.3.20 */
    assert_ptr_equal(csaf_id_system_meant(slice_str("OASIS Open CSAF TC GitHub Issues")), s);
    assert_null(csaf_id_system_meant(slice_str("")));
    assert_null(csaf_id_system_find(slice_str("")));
    size_t count = 0;
    while (csaf_id_system_at(count))
        count++;
    assert_int_equal(count, 2);
}

static void translations(void **state)
{
    (void)state;
    assert_string_equal(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("de-DE")), "Lizenz");
    assert_string_equal(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("DE")), "Lizenz");
    assert_string_equal(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("de-Latn-AT")), "Lizenz");
    assert_string_equal(csaf_term_translated(CSAF_TERM_REASONING_FOR_SUPERSESSION, slice_str("de")),
                        "Begr\xc3\xbcndung f\xc3\xbcr die Ersetzung");
    assert_string_equal(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("")), "License");
    assert_string_equal(csaf_term_translated(CSAF_TERM_SUPERSEDING_DOCUMENT, slice_str("en-US")),
                        "Superseding Document");
    assert_null(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("fr")));
    assert_null(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("den")));
}

#define DATA "../shared/data/csaf-oasis"

/* The tables are OASIS's files, no more and no less. */
static void tables_are_the_registries(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf registry, words;
    struct json_doc *doc;
    buf_init(&registry);
    buf_init(&words);
    if (file_read(DATA "/registry/id/registry.json", 1 << 20, &registry, &e) != 0 ||
        file_read(DATA "/csaf_2.1/language_specific_translation/translations.json", 1 << 20, &words,
                  &e) != 0) {
        print_message("skipped: %s\n", e.text);
        skip();
    }
    assert_int_equal(json_parse(&doc, buf_slice(&registry), NULL, &e), 0);
    size_t count = 0;
    json_each(entry, json_get(json_root(doc), "entries"))
    {
        const struct csaf_id_system *s = csaf_id_system_find(json_get_string(entry, "system_name"));
        assert_non_null(s);
        assert_true(slice_is(json_get_string(entry, "text_pattern"), s->text_pattern));
        assert_true(slice_is(json_get_string(entry, "common_name"), s->common_name));
        count++;
    }
    assert_null(csaf_id_system_at(count));
    json_doc_free(doc);
    static const char *const terms[] = {"license", "product_description",
                                        "reasoning_for_supersession", "reasoning_for_withdrawal",
                                        "superseding_document"};
    assert_int_equal(json_parse(&doc, buf_slice(&words), NULL, &e), 0);
    json_each(language, json_get(json_root(doc), "translation"))
    {
        size_t found = 0;
        for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
            struct slice title = json_get_string(language, terms[i]);
            if (title.len == 0)
                continue;
            assert_true(
                slice_is(title, csaf_term_translated((enum csaf_term)i, json_name(language))));
            found++;
        }
        assert_int_equal(found, json_count(language));
    }
    json_doc_free(doc);
    buf_fini(&registry);
    buf_fini(&words);
}

static void hash_algorithms(void **state)
{
    (void)state;
    assert_true(csaf_hash_is_mentioned(slice_str("sha256")));
    assert_true(csaf_hash_is_mentioned(slice_str("shake128")));
    assert_false(csaf_hash_is_mentioned(slice_str("unknown-algorithm"))); /* 6.2.52 */
    assert_false(csaf_hash_is_mentioned(slice_str("SHA256")));
    assert_int_equal(csaf_hash_digits(slice_str("sha256")), 64);
    assert_int_equal(csaf_hash_digits(slice_str("md5-sha1")), 72);
    assert_int_equal(csaf_hash_digits(slice_str("shake128")), 0);
    assert_int_equal(csaf_hash_digits(slice_str("x")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_systems),
        cmocka_unit_test(translations),
        cmocka_unit_test(tables_are_the_registries),
        cmocka_unit_test(hash_algorithms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
