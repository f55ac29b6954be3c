/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/json.h"
#include "csaf/facts/cvss.h"
#include "csaf_cvss_fixture.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define DATA "../shared/data"

static struct csaf_cvss parsed(struct slice text)
{
    struct csaf_cvss c;
    struct err e = {0};
    if (csaf_cvss_parse(&c, text, &e) != 0)
        fail_msg("%.*s: %s (%s)", SLICE_ARG(text), e.text, e.where);
    return c;
}

/* Tenths of "9.8", "-0.0", "5" at *at, which is moved behind it; -1 for "None". */
static int score_at(const char **at)
{
    *at += strspn(*at, " (,");
    if (strncmp(*at, "None", 4) == 0) {
        *at += 4;
        return -1;
    }
    char *end;
    double value = strtod(*at, &end);
    assert_true(end != *at);
    *at = end;
    return (int)(value * 10 + 0.5);
}

static void print_and_parse_again(struct slice text, const struct csaf_cvss *c)
{
    struct buf b;
    buf_init(&b);
    csaf_cvss_print(c, &b);
    struct csaf_cvss again = parsed(buf_slice(&b));
    assert_memory_equal(c->value, again.value, sizeof c->value);
    assert_int_equal(c->version, again.version);
    if (c->in_order && !slice_equal(text, buf_slice(&b)))
        fail_msg("%.*s is printed as %s", SLICE_ARG(text), buf_text(&b));
    assert_true(again.in_order);
    buf_fini(&b);
}

/* One "VECTOR - (base, temporal, environmental)" or "VECTOR - score". */
static void check_line(const char *line, size_t len)
{
    char text[512];
    assert_true(len < sizeof text);
    memcpy(text, line, len);
    text[len] = 0;
    char *rest = strstr(text, " - ");
    assert_non_null(rest);
    struct slice vector = slice_of(text, (size_t)(rest - text));
    struct csaf_cvss c = parsed(vector);
    const char *at = rest + 3;
    struct csaf_cvss_scores scores;
    assert_int_equal(csaf_cvss_score(&c, &scores), 0);
    int base = score_at(&at), temporal = -1, environmental = -1;
    if (c.version != CSAF_CVSS_4_0) {
        temporal = score_at(&at);
        environmental = score_at(&at);
    }
    if (base != scores.base || (temporal >= 0 && temporal != scores.temporal) ||
        (environmental >= 0 && environmental != scores.environmental))
        fail_msg("%s is %d, %d, %d", text, scores.base, scores.temporal, scores.environmental);
    print_and_parse_again(vector, &c);
}

enum { VECTORS = 7667 };

/* every vector of the reference data has the expected score */
static void scores_of_the_reference_vectors(void **state)
{
    (void)state;
    static const char *const files[] = {
        "vectors_simple2",   "vectors_calculator2", "vectors_cvsslib2",      "vectors_simple3",
        "vectors_simple31",  "vectors_calculator3", "vectors_cvsslib3",      "vectors_simple4",
        "vectors_security4", "vectors_threat4",     "vectors_supplemental4",
    };
    int count = 0;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[256];
        struct buf b;
        snprintf(path, sizeof path, DATA "/cvss/tests/%s", files[i]);
        buf_init(&b);
        struct err e = {0};
        if (file_read(path, 1 << 20, &b, &e) != 0) {
            print_message("skipped: %s\n", e.text);
            skip();
        }
        const char *at = buf_text(&b);
        for (const char *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
            if (end == at)
                continue;
            check_line(at, (size_t)(end - at));
            count++;
        }
        buf_fini(&b);
    }
    print_message("measured: CVSS: %d of %d vectors of the reference data have their scores\n",
                  count, VECTORS);
    assert_int_equal(count, VECTORS);
}

/* section 8.2 of 4.0: distances in every equivalence set */
static void scores_of_macrovectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cvss_4_vectors); i++) {
        char text[256];
        struct csaf_cvss_scores scores;
        snprintf(text, sizeof text, "CVSS:4.0/%s", cvss_4_vectors[i].metrics);
        struct csaf_cvss c = parsed(slice_str(text));
        assert_int_equal(csaf_cvss_score(&c, &scores), 0);
        if (scores.base != cvss_4_vectors[i].tenths)
            fail_msg("%s is %d", text, scores.base);
    }
}

/* section 8.2 of 4.0 rounds to one decimal: a half goes up, with nothing lost to floating point */
static void ties_go_up(void **state)
{
    (void)state;
    static const struct {
        const char *metrics;
        int tenths;
        bool tie;
    } cases[] = {
        {"AV:N/AC:L/AT:N/PR:N/UI:P/VC:H/VI:L/VA:N/SC:H/SI:H/SA:H", 86, true},     /* 8.55 */
        {"AV:N/AC:L/AT:P/PR:L/UI:A/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N/E:U", 4, true},  /* 0.35 */
        {"AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:N/SC:H/SI:H/SA:H/E:P", 90, true}, /* 8.95 */
        {"AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 100, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[128];
        struct csaf_cvss_scores scores;
        snprintf(text, sizeof text, "CVSS:4.0/%s", cases[i].metrics);
        struct csaf_cvss c = parsed(slice_str(text));
        assert_int_equal(csaf_cvss_score(&c, &scores), 0);
        assert_int_equal(scores.base, cases[i].tenths);
        assert_int_equal(scores.tie, cases[i].tie);
    }
}

/* each name that FIRST's schema has for a metric is a value of it, and ours are all there */
static void names_are_those_of_the_schemas(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum csaf_cvss_version version;
    } schemas[] = {
        {DATA "/cvss/tests/schemas/cvss-v2.0.json", CSAF_CVSS_2_0},
        {DATA "/cvss/tests/schemas/cvss-v3.0.json", CSAF_CVSS_3_0},
        {DATA "/cvss/tests/schemas/cvss-v3.1.json", CSAF_CVSS_3_1},
        {DATA "/cvss/tests/schemas/cvss-v4.0.json", CSAF_CVSS_4_0},
    };
    for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
        struct buf b;
        struct err e = {0};
        struct json_doc *doc;
        buf_init(&b);
        if (file_read(schemas[i].file, 1 << 20, &b, &e) != 0) {
            print_message("skipped: %s\n", e.text);
            skip();
        }
        assert_int_equal(json_parse(&doc, buf_slice(&b), NULL, &e), 0);
        enum csaf_cvss_version version = schemas[i].version;
        size_t names = 0, ours = 0, count;
        json_each(property, json_get(json_root(doc), "properties"))
        {
            struct slice ref = json_get_string(property, "$ref");
            int metric = csaf_cvss_metric_of_member(version, json_name(property));
            if (ref.len < 2 || metric < 0)
                continue;
            const struct json_value *type =
                json_resolve(doc, slice_of(ref.data + 1, ref.len - 1)); /* "#/definitions/..." */
            json_each(name, json_get(type, "enum"))
            {
                struct csaf_cvss c = {.version = version};
                if (csaf_cvss_set(&c, json_name(property), json_string(name)) != 0)
                    fail_msg("%.*s has no %.*s", SLICE_ARG(json_name(property)),
                             SLICE_ARG(json_string(name)));
                assert_true(csaf_cvss_name_is(&c, metric, json_string(name)));
                assert_true(slice_is(json_string(name), csaf_cvss_name(&c, metric)));
                names++;
            }
        }
        const struct csaf_cvss_metric *metrics = csaf_cvss_metrics(version, &count);
        for (size_t m = 0; m < count; m++) {
            assert_int_equal(csaf_cvss_metric_of_key(version, slice_str(metrics[m].key)), m);
            for (int v = 0; metrics[m].values[v].key; v++)
                ours++;
        }
        assert_int_equal(names, ours);
        json_doc_free(doc);
        buf_fini(&b);
    }
}

static void refusals_name_the_offset(void **state)
{
    (void)state;
    static const struct {
        const char *vector, *where, *text;
    } cases[] = {
        {"", "offset 0", "there is no metric"},
        {"CVSS:3.1", "offset 0", "starts with none"},
        {"CVSS:3.2/AV:N", "offset 0", "starts with none"},
        {"cvss:3.1/AV:N", "offset 0", "no metric \"cvss\""},
        {"CVSS:3.1/", "offset 9", "there is no metric"},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", "offset 40", "lacks the base metric \"A\""},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/", "offset 45", "there is no metric"},
        {"CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "offset 14", "more than one"},
        {"CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "offset 12", "no such value"},
        {"CVSS:3.1/AV:n/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "offset 12", "no such value"},
        {"CVSS:3.1/AT:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "offset 9", "no metric \"AT\""},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H ", "offset 43", "no such value"},
        {"CVSS:4.0/AC:L/AV:N/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", "offset 14", "order"},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:S/SA:H", "offset 57",
         "no such value"},
        {"(AV:N/AC:L/Au:N/C:N/I:N/A:C)", "offset 0", "no metric \"(AV\""},
        {"AV:N/AC:L/AU:N/C:N/I:N/A:C", "offset 10", "no metric \"AU\""},
        {"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:X", "offset 29", "no such value"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct csaf_cvss c;
        struct err e = {0};
        assert_int_equal(csaf_cvss_parse(&c, slice_str(cases[i].vector), &e), -1);
        assert_string_equal(e.code, "csaf.cvss");
        assert_int_equal(e.kind, ERR_INPUT);
        assert_string_equal(e.where, cases[i].where);
        if (!strstr(e.text, cases[i].text))
            fail_msg("%s: %s", cases[i].vector, e.text);
    }
    struct csaf_cvss half;
    struct err e = {0};
    struct csaf_cvss_scores scores;
    assert_int_equal(csaf_cvss_parse(&half, slice_str("CVSS:4.0/AV:N"), &e), -1);
    assert_int_equal(csaf_cvss_score(&half, &scores), -1);
}

/* 3.x: any order; 2.0: taken, but told; 4.0 above */
static void order_of_metrics(void **state)
{
    (void)state;
    struct csaf_cvss a = parsed(slice_str("CVSS:3.1/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N"));
    struct csaf_cvss b = parsed(slice_str("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"));
    assert_false(a.in_order);
    assert_true(b.in_order);
    assert_memory_equal(a.value, b.value, sizeof a.value);
    assert_false(parsed(slice_str("AC:L/AV:N/Au:N/C:N/I:N/A:C")).in_order);
}

/* what 3.1 changed in the environmental score (its section 7.3) */
static void versions_3_differ_where_the_specifications_do(void **state)
{
    (void)state;
    static const struct {
        const char *metrics;
        int environmental_30, environmental_31;
    } cases[] = {
        /* modified scope changed: exponent 15, or 13 with the impact lowered */
        {"AV:N/AC:H/PR:N/UI:N/S:C/C:H/I:N/A:H/E:P/RL:T/RC:R/CR:H/IR:X/AR:M/MAV:P/MAC:H/MPR:N/"
         "MUI:N/MS:X/MC:X/MI:X/MA:H",
         62, 63},
        {"AV:L/AC:L/PR:L/UI:R/S:U/C:H/I:H/A:L/E:X/RL:W/RC:C/CR:M/IR:H/AR:X/MAV:N/MAC:L/MPR:L/"
         "MUI:R/MS:C/MC:L/MI:X/MA:N",
         88, 89},
        /* modified scope unchanged: the same */
        {"AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/MS:U", 98, 98},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int minor = 0; minor < 2; minor++) {
            char text[256];
            struct csaf_cvss_scores scores;
            snprintf(text, sizeof text, "CVSS:3.%d/%s", minor, cases[i].metrics);
            struct csaf_cvss c = parsed(slice_str(text));
            assert_int_equal(csaf_cvss_score(&c, &scores), 0);
            assert_int_equal(scores.environmental,
                             minor ? cases[i].environmental_31 : cases[i].environmental_30);
        }
    }
}

/* 2.0 section 3.2.3: the adjusted base score may lie below zero before damage is added */
static void adjusted_base_score_below_zero(void **state)
{
    (void)state;
    struct csaf_cvss c =
        parsed(slice_str("AV:L/AC:H/Au:M/C:N/I:P/A:N/CDP:MH/TD:M/CR:H/IR:L/AR:ND"));
    struct csaf_cvss_scores scores;
    assert_int_equal(csaf_cvss_score(&c, &scores), 0);
    assert_int_equal(scores.base, 8);
    assert_int_equal(scores.environmental, 29);
}

static void severities_and_written_scores(void **state)
{
    (void)state;
    static const struct {
        int tenths;
        const char *name;
    } severities[] = {{0, "NONE"},    {1, "LOW"},       {39, "LOW"},
                      {40, "MEDIUM"}, {69, "MEDIUM"},   {70, "HIGH"},
                      {89, "HIGH"},   {90, "CRITICAL"}, {100, "CRITICAL"}};
    for (size_t i = 0; i < ARRAY_LEN(severities); i++)
        assert_string_equal(csaf_cvss_severity(severities[i].tenths), severities[i].name);
    for (int t = 0; t <= 100; t++) {
        assert_true(csaf_cvss_score_is(slice_str(csaf_cvss_score_text(t)), t));
        assert_false(csaf_cvss_score_is(slice_str(csaf_cvss_score_text(t)), t + 1));
    }
    static const char *const ten[] = {"10",
                                      "10.0",
                                      "1e1",
                                      "1E+1",
                                      "10.000000000000000000000000",
                                      "100e-1",
                                      "0.1e2",
                                      "0.00000000000000000001e21"};
    for (size_t i = 0; i < ARRAY_LEN(ten); i++)
        assert_true(csaf_cvss_score_is(slice_str(ten[i]), 100));
    static const char *const other[] = {"1",
                                        "-10",
                                        "10.01",
                                        "9.999999999999999999999999999",
                                        "1e99999999999",
                                        "10.0000000000000000000000000001",
                                        "1e-99999999999",
                                        "100",
                                        "0"};
    for (size_t i = 0; i < ARRAY_LEN(other); i++)
        assert_false(csaf_cvss_score_is(slice_str(other[i]), 100));
    assert_true(csaf_cvss_score_is(slice_str("-0.0"), 0));
    assert_true(csaf_cvss_score_is(slice_str("0e5"), 0));
    assert_true(csaf_cvss_score_is(slice_str("9.80"), 98));
}

/* 6.1.10: names in both directions, and the two editions of 4.0's schema */
static void names_of_values(void **state)
{
    (void)state;
    struct csaf_cvss c =
        parsed(slice_str("CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:H/SA:H/U:Red"));
    int metric = csaf_cvss_metric_of_member(c.version, slice_str("attackVector"));
    assert_string_equal(csaf_cvss_name(&c, metric), "ADJACENT");
    assert_true(csaf_cvss_name_is(&c, metric, slice_str("ADJACENT")));
    assert_false(csaf_cvss_name_is(&c, metric, slice_str("NETWORK")));
    metric = csaf_cvss_metric_of_member(c.version, slice_str("subConfidentialityImpact"));
    assert_true(csaf_cvss_name_is(&c, metric, slice_str("NONE")));
    assert_true(csaf_cvss_name_is(&c, metric, slice_str("NEGLIGIBLE")));
    metric = csaf_cvss_metric_of_member(c.version, slice_str("exploitMaturity"));
    assert_string_equal(csaf_cvss_name(&c, metric), "NOT_DEFINED");
    assert_true(csaf_cvss_name_is(&c, metric, slice_str("NOT_DEFINED")));
    assert_int_equal(csaf_cvss_metric_of_member(c.version, slice_str("baseScore")), -1);
    assert_true(csaf_cvss_has(&c, CSAF_CVSS_SUPPLEMENTAL));
    assert_false(csaf_cvss_has(&c, CSAF_CVSS_TEMPORAL));
    assert_int_equal(csaf_cvss_set(&c, slice_str("attackVector"), slice_str("NONE")), -1);
    assert_int_equal(csaf_cvss_set(&c, slice_str("scope"), slice_str("CHANGED")), -1);
    assert_int_equal(csaf_cvss_version_find(slice_str("3.1")), CSAF_CVSS_3_1);
    assert_int_equal(csaf_cvss_version_find(slice_str("3")), -1);
}

/* whatever the metrics: printed and read again it is the same, and scores keep to 0 to 10 */
static void random_vectors_come_back(void **state)
{
    (void)state;
    uint32_t random = 20260301;
    for (int n = 0; n < 40000; n++) {
        struct csaf_cvss c = {.version = (enum csaf_cvss_version)(n & 3), .in_order = true};
        size_t count;
        const struct csaf_cvss_metric *metrics = csaf_cvss_metrics(c.version, &count);
        for (size_t m = 0; m < count; m++) {
            uint8_t values = 0;
            while (metrics[m].values[values].key)
                values++;
            random = random * 1664525 + 1013904223;
            uint32_t drawn = random >> 8;
            bool base = metrics[m].group == CSAF_CVSS_BASE;
            uint32_t value = base ? 1 + drawn % values : drawn % (values + 1u);
            c.value[m] = (uint8_t)value;
        }
        struct buf b;
        buf_init(&b);
        csaf_cvss_print(&c, &b);
        print_and_parse_again(buf_slice(&b), &c);
        struct csaf_cvss_scores s;
        assert_int_equal(csaf_cvss_score(&c, &s), 0);
        assert_in_range(s.base, 0, 100);
        assert_in_range(s.temporal, 0, 100);
        assert_in_range(s.environmental, 0, 100);
        buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_of_the_reference_vectors),
        cmocka_unit_test(scores_of_macrovectors),
        cmocka_unit_test(ties_go_up),
        cmocka_unit_test(names_are_those_of_the_schemas),
        cmocka_unit_test(refusals_name_the_offset),
        cmocka_unit_test(order_of_metrics),
        cmocka_unit_test(versions_3_differ_where_the_specifications_do),
        cmocka_unit_test(adjusted_base_score_below_zero),
        cmocka_unit_test(severities_and_written_scores),
        cmocka_unit_test(names_of_values),
        cmocka_unit_test(random_vectors_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
