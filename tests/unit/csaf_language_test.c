/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/language.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* RFC 5646 appendix A, and what CSAF's tests name */
static void valid_tags(void **state)
{
    (void)state;
    static const struct {
        const char *tag, *private_use, *preferred;
    } cases[] = {
        {"de", "", NULL},
        {"FR", "", NULL},
        {"ja", "", NULL},
        {"i-enochian", "", NULL},
        {"zh-Hant", "", NULL},
        {"sr-Latn-RS", "", NULL},
        {"zh-cmn-Hans-CN", "", NULL},
        {"cmn-Hans-CN", "", NULL},
        {"sl-rozaj-biske", "", NULL},
        {"de-CH-1901", "", NULL},
        {"hy-Latn-IT-arevela", "", NULL},
        {"es-419", "", NULL},
        {"de-CH-x-phonebk", "x-phonebk", NULL},
        {"az-Arab-x-AZE-derbend", "x-AZE-derbend", NULL},
        {"x-whatever", "x-whatever", NULL},
        {"qaa-Qaaa-QM-x-southern", "qaa", NULL},
        {"sr-Qaaa-RS", "Qaaa", NULL},
        {"en-US-u-islamcal", "", NULL},
        {"zh-CN-a-myext-x-private", "x-private", NULL},
        {"en-a-myext-b-another", "", NULL},
        {"de-Qaaa", "Qaaa", NULL},
        {"en-Qabx", "Qabx", NULL},
        {"qtx", "qtx", NULL}, /* 6.2.14 */
        {"qcb", "qcb", NULL},
        {"en-QM", "QM", NULL},
        {"en-XP", "XP", NULL},
        {"en-Qabc", "Qabc", NULL},
        {"en-AA", "AA", NULL},
        {"fr-ZZ", "ZZ", NULL},
        {"en-US", "", NULL},
        {"i-default", "", NULL},
        {"I-Default", "", NULL},
        {"en-GB-oed", "", "en-gb-oxendict"},
        {"iw", "", "he"},
        {"en-BU", "", "mm"},
        {"ja-Latn-hepburn-heploc", "", "alalc97"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct csaf_language l;
        char reason[120];
        if (!csaf_language_check(slice_str(cases[i].tag), &l)) {
            csaf_language_reason(&l, reason, sizeof reason);
            fail_msg("%s: %s", cases[i].tag, reason);
        }
        if (!slice_is(l.private_use, cases[i].private_use))
            fail_msg("%s: private is \"%.*s\"", cases[i].tag, SLICE_ARG(l.private_use));
        if (cases[i].preferred) {
            assert_non_null(l.preferred);
            assert_true(csaf_language_equal(slice_str(l.preferred), slice_str(cases[i].preferred)));
        } else
            assert_null(l.preferred);
        csaf_language_reason(&l, reason, sizeof reason);
        assert_string_equal(reason, "");
    }
}

static void tags_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        enum csaf_language_flaw flaw;
        size_t offset;
        const char *reason;
    } cases[] = {
        {"EZ", CSAF_LANGUAGE_UNKNOWN_LANGUAGE, 0,
         "\"EZ\" is no registered language (it is a region)"}, /* 6.1.12 */
        {"Latn", CSAF_LANGUAGE_UNKNOWN_LANGUAGE, 0,
         "\"Latn\" is no registered language (it is a script)"},
        {"", CSAF_LANGUAGE_MALFORMED, 0, "a subtag is missing"},
        {"en-", CSAF_LANGUAGE_MALFORMED, 3, "a subtag is missing"},
        {"-en", CSAF_LANGUAGE_MALFORMED, 0, "a subtag is missing"},
        {"en--US", CSAF_LANGUAGE_MALFORMED, 3, "a subtag is missing"},
        {"en_US", CSAF_LANGUAGE_MALFORMED, 0, "\"en_US\" does not fit there"},
        {"e", CSAF_LANGUAGE_MALFORMED, 0, "\"e\" does not fit there"},
        {"a-DE", CSAF_LANGUAGE_MALFORMED, 0, "\"a\" does not fit there"},
        {"i-other", CSAF_LANGUAGE_MALFORMED, 0, "\"i\" does not fit there"},
        {"1de", CSAF_LANGUAGE_MALFORMED, 0, "\"1de\" does not fit there"},
        {"abcdefghi", CSAF_LANGUAGE_MALFORMED, 0, "\"abcdefghi\" does not fit there"},
        {"de-419-DE", CSAF_LANGUAGE_MALFORMED, 7, "\"DE\" does not fit there"},
        {"ar-a-aaa-b-bbb-a-ccc", CSAF_LANGUAGE_DUPLICATE_SINGLETON, 15,
         "\"a\" starts a second extension of its kind"},
        {"de-DE-1901-1901", CSAF_LANGUAGE_DUPLICATE_VARIANT, 11, "\"1901\" is there twice"},
        {"de-DE-1902", CSAF_LANGUAGE_UNKNOWN_VARIANT, 6, "\"1902\" is no registered variant"},
        {"de-YY", CSAF_LANGUAGE_UNKNOWN_REGION, 3, "\"YY\" is no registered region"},
        {"de-999", CSAF_LANGUAGE_UNKNOWN_REGION, 3, "\"999\" is no registered region"},
        {"de-Lutn", CSAF_LANGUAGE_UNKNOWN_SCRIPT, 3, "\"Lutn\" is no registered script"},
        {"zh-abc", CSAF_LANGUAGE_UNKNOWN_EXTLANG, 3, "\"abc\" is no registered extended language"},
        {"en-yue", CSAF_LANGUAGE_EXTLANG_PREFIX, 3,
         "\"yue\" is registered to follow another language"},
        {"zh-yue-cmn", CSAF_LANGUAGE_UNKNOWN_EXTLANG, 7,
         "\"cmn\" is no registered extended language"},
        {"en-a", CSAF_LANGUAGE_MALFORMED, 3, "\"a\" does not fit there"},
        {"en-a-x-b", CSAF_LANGUAGE_MALFORMED, 3, "\"a\" does not fit there"},
        {"en-x", CSAF_LANGUAGE_MALFORMED, 3, "\"x\" does not fit there"},
        {"x", CSAF_LANGUAGE_MALFORMED, 0, "\"x\" does not fit there"},
        {"e\xc3\xa9", CSAF_LANGUAGE_MALFORMED, 0, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct csaf_language l;
        char reason[120];
        assert_false(csaf_language_check(slice_str(cases[i].tag), &l));
        csaf_language_reason(&l, reason, sizeof reason);
        if (l.flaw != cases[i].flaw || l.offset != cases[i].offset ||
            (cases[i].reason && strcmp(reason, cases[i].reason) != 0))
            fail_msg("%s: %d at %zu, %s", cases[i].tag, l.flaw, l.offset, reason);
    }
    struct csaf_language l;
    assert_false(csaf_language_check(slice_of("en\0US", 5), &l));
}

static void parts_and_comparisons(void **state)
{
    (void)state;
    struct csaf_language l;
    assert_true(csaf_language_check(slice_str("sr-Latn-RS"), &l));
    assert_true(slice_is(l.primary, "sr"));
    assert_true(slice_is(l.script, "Latn"));
    assert_true(slice_is(l.region, "RS"));
    assert_true(csaf_language_is_english(slice_str("en")));
    assert_true(csaf_language_is_english(slice_str("EN-us")));
    assert_true(csaf_language_is_english(slice_str("en-GB-oed")));
    assert_false(csaf_language_is_english(slice_str("enm")));
    assert_false(csaf_language_is_english(slice_str("de")));
    assert_false(csaf_language_is_english(slice_str("")));
    assert_true(csaf_language_is_default(slice_str("i-DEFAULT")));
    assert_false(csaf_language_is_default(slice_str("i-defaul")));
    assert_false(csaf_language_equal(slice_str("en-US"), slice_str("en-GB"))); /* 6.1.28 */
}

/* bytes of a long tag are read once: variants and extensions without end */
static void long_tags(void **state)
{
    (void)state;
    size_t len = 8 << 20;
    char *tag = malloc(len);
    memcpy(tag, "en-a", 4);
    for (size_t i = 4; i + 4 <= len; i += 4)
        memcpy(tag + i, "-abc", 4);
    struct csaf_language l;
    assert_true(csaf_language_check(slice_of(tag, len), &l));
    memcpy(tag, "en-x", 4);
    assert_true(csaf_language_check(slice_of(tag, len), &l));
    free(tag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_tags),
        cmocka_unit_test(tags_that_are_none),
        cmocka_unit_test(parts_and_comparisons),
        cmocka_unit_test(long_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
