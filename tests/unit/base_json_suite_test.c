/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public JSON test suite by the names of its files: y_ must be accepted, n_ refused, and for i_
 * (left open by RFC 8259) the table says what we do and why. What is accepted is written and read
 * again, and must come out the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"

#include <dirent.h>

static const char folder[] = "../shared/data/json-test-suite/test_parsing";

struct decision {
    const char *file;
    const char *code; /* NULL: accepted */
    const char *why;
};

static const char *const exact = "numbers keep their text; a double of it is asked for later";

static const struct decision decisions[] = {
    {"i_number_double_huge_neg_exp.json", NULL, exact},
    {"i_number_huge_exp.json", NULL, exact},
    {"i_number_neg_int_huge_exp.json", NULL, exact},
    {"i_number_pos_double_huge_exp.json", NULL, exact},
    {"i_number_real_neg_overflow.json", NULL, exact},
    {"i_number_real_pos_overflow.json", NULL, exact},
    {"i_number_real_underflow.json", NULL, exact},
    {"i_number_too_big_neg_int.json", NULL, exact},
    {"i_number_too_big_pos_int.json", NULL, exact},
    {"i_number_very_big_negative_int.json", NULL, exact},
    {"i_object_key_lone_2nd_surrogate.json", "json.surrogate", "not a Unicode string"},
    {"i_string_1st_surrogate_but_2nd_missing.json", "json.surrogate", "not a Unicode string"},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", "json.surrogate", "not a Unicode string"},
    {"i_string_UTF-16LE_with_BOM.json", "json.utf8", "RFC 8259 section 8.1 asks for UTF-8"},
    {"i_string_UTF-8_invalid_sequence.json", "json.utf8", "ill-formed"},
    {"i_string_UTF8_surrogate_U+D800.json", "json.utf8", "ill-formed"},
    {"i_string_incomplete_surrogate_and_escape_valid.json", "json.surrogate", "lone"},
    {"i_string_incomplete_surrogate_pair.json", "json.surrogate", "lone"},
    {"i_string_incomplete_surrogates_escape_valid.json", "json.surrogate", "lone"},
    {"i_string_invalid_lonely_surrogate.json", "json.surrogate", "lone"},
    {"i_string_invalid_surrogate.json", "json.surrogate", "lone"},
    {"i_string_invalid_utf-8.json", "json.utf8", "ill-formed"},
    {"i_string_inverted_surrogates_U+1D11E.json", "json.surrogate", "wrong order"},
    {"i_string_iso_latin_1.json", "json.utf8", "not UTF-8"},
    {"i_string_lone_second_surrogate.json", "json.surrogate", "lone"},
    {"i_string_lone_utf8_continuation_byte.json", "json.utf8", "ill-formed"},
    {"i_string_not_in_unicode_range.json", "json.utf8", "ill-formed"},
    {"i_string_overlong_sequence_2_bytes.json", "json.utf8", "ill-formed"},
    {"i_string_overlong_sequence_6_bytes.json", "json.utf8", "ill-formed"},
    {"i_string_overlong_sequence_6_bytes_null.json", "json.utf8", "ill-formed"},
    {"i_string_truncated-utf-8.json", "json.utf8", "ill-formed"},
    {"i_string_utf16BE_no_BOM.json", "json.utf8", "RFC 8259 section 8.1 asks for UTF-8"},
    {"i_string_utf16LE_no_BOM.json", "json.utf8", "RFC 8259 section 8.1 asks for UTF-8"},
    {"i_structure_500_nested_arrays.json", "json.depth", "64 levels are the default"},
    {"i_structure_UTF-8_BOM_empty_object.json", "json.syntax", "section 8.1: no mark is added"},
};

/* The suite takes these as valid; we refuse what RFC 8259 section 4 only advises against. */
static const struct decision stricter[] = {
    {"y_object_duplicated_key.json", "json.duplicate-name", "which one counts is not defined"},
    {"y_object_duplicated_key_and_value.json", "json.duplicate-name", "as above"},
};

static const struct decision *find(const struct decision *table, size_t count, const char *file)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].file, file) == 0)
            return &table[i];
    return NULL;
}

static void write_and_read_again(const struct json_doc *doc, unsigned indent)
{
    struct json_writer w;
    struct buf first;
    struct buf second;
    struct json_doc *again = NULL;
    struct err e = {0};

    buf_init(&first);
    buf_init(&second);
    json_write_init(&w, &first, indent);
    json_write_value(&w, json_root(doc));
    assert_int_equal(json_parse(&again, buf_slice(&first), NULL, &e), 0);
    json_write_init(&w, &second, indent);
    json_write_value(&w, json_root(again));
    assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
    json_doc_free(again);
    buf_fini(&second);
    buf_fini(&first);
}

static void try_file(const char *name)
{
    const struct decision *decided = NULL;
    const char *code = NULL;
    struct json_doc *doc = NULL;
    struct err e = {0};
    struct buf text;
    char path[512];

    if (name[0] == 'i') {
        decided = find(decisions, ARRAY_LEN(decisions), name);
        if (!decided)
            fail_msg("%s: the table says nothing of it", name);
    } else if (name[0] == 'y') {
        decided = find(stricter, ARRAY_LEN(stricter), name);
    }
    if (decided)
        code = decided->code;
    buf_init(&text);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
    int result = json_parse(&doc, buf_slice(&text), NULL, &e);
    if (name[0] == 'n' && (result != -1 || !e.clause[0] || !e.where[0] || !e.text[0]))
        fail_msg("%s: was accepted, or refused without a reason", name);
    if (name[0] != 'n' && !code && result != 0)
        fail_msg("%s: refused: %s (%s)", name, e.text, e.where);
    if (name[0] != 'n' && code && (result == 0 || strcmp(e.code, code) != 0))
        fail_msg("%s: wanted %s, got %s (%s)", name, code, e.code, e.text);
    if (result == 0) {
        write_and_read_again(doc, 0);
        write_and_read_again(doc, 2);
    } else {
        assert_null(doc);
    }
    json_doc_free(doc);
    buf_fini(&text);
}

static void accepts_and_refuses_as_named(void **state)
{
    DIR *files = opendir(folder);
    size_t count = 0;

    (void)state;
    if (!files) {
        print_message("skipped: no ../shared/data\n");
        skip();
        return;
    }
    for (struct dirent *entry = readdir(files); entry; entry = readdir(files)) {
        if (entry->d_name[0] == '.')
            continue;
        try_file(entry->d_name);
        count++;
    }
    closedir(files);
    assert_int_equal(count, 318);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_refuses_as_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
