/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule of CSAF 2.1 section 9.1.18, on small documents made for it. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "csaf/convert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define NOW "2026-06-01T00:00:00Z"

struct converted {
    struct buf text;
    struct csaf_conversion *c;
    struct json_doc *json;
};

/* parts are put between those that every document has; NULL: "" */
struct parts {
    const char *category;      /* csaf_base */
    const char *document;      /* more members of /document, each ended by a comma */
    const char *title;         /* T */
    const char *distribution;  /* with the label WHITE */
    const char *tree;          /* members of /product_tree */
    const char *vulnerability; /* members of the only one */
};

static const char *either(const char *text, const char *other)
{
    return text ? text : other;
}

static void convert(struct converted *r, const struct parts *p,
                    const struct csaf_convert_options *options)
{
    struct err e = {0};
    struct csaf_convert_options with = options ? *options : (struct csaf_convert_options){0};
    assert_int_equal(time_parse(slice_str(NOW), &with.now, &e), 0);
    buf_init(&r->text);
    buf_printf(&r->text,
               "{\"document\":{%s\"category\":\"%s\",\"csaf_version\":\"2.0\",%s"
               "\"publisher\":{\"category\":\"vendor\",\"name\":\"N\","
               "\"namespace\":\"https://n.example\"},\"title\":\"%s\",\"tracking\":{"
               "\"current_release_date\":\"2024-05-01T00:00:00Z\",\"id\":\"NL-1\","
               "\"initial_release_date\":\"2024-05-01T00:00:00Z\",\"revision_history\":[{"
               "\"date\":\"2024-05-01T00:00:00Z\",\"number\":\"1\",\"summary\":\"s\"}],"
               "\"status\":\"final\",\"version\":\"1\"}}",
               either(p->document, ""), either(p->category, "csaf_base"),
               either(p->distribution, "\"distribution\":{\"tlp\":{\"label\":\"WHITE\"}},"),
               either(p->title, "T"));
    if (p->tree)
        buf_printf(&r->text, ",\"product_tree\":{%s}", p->tree);
    if (p->vulnerability)
        buf_printf(&r->text, ",\"vulnerabilities\":[{%s}]", p->vulnerability);
    buf_puts(&r->text, "}");
    if (csaf_convert(&r->c, buf_slice(&r->text), &with, &e) != 0)
        fail_msg("%s (%s): %s", e.text, e.where, buf_text(&r->text));
    if (json_parse(&r->json, r->c->text, NULL, &e) != 0)
        fail_msg("%s (%s)", e.text, e.where);
}

static void done(struct converted *r)
{
    json_doc_free(r->json);
    csaf_conversion_free(r->c);
    buf_fini(&r->text);
}

static const struct csaf_convert_finding *finding(const struct converted *r, const char *rule)
{
    for (size_t i = 0; i < r->c->finding_count; i++)
        if (strcmp(r->c->findings[i].rule, rule) == 0)
            return &r->c->findings[i];
    return NULL;
}

static void told(const struct converted *r, enum csaf_convert_kind kind, const char *rule,
                 const char *pointer)
{
    const struct csaf_convert_finding *f = finding(r, rule);
    if (!f)
        fail_msg("%s was not told: %.*s", rule, (int)r->c->text.len, (const char *)r->c->text.data);
    assert_int_equal(f->kind, kind);
    assert_string_equal(f->pointer, pointer);
}

/* the value there, compact; "" when there is none */
static void is(const struct converted *r, const char *pointer, const char *expected)
{
    const struct json_value *v = json_resolve(r->json, slice_str(pointer));
    struct buf b;
    struct json_writer w;
    buf_init(&b);
    json_write_init(&w, &b, 0);
    if (v)
        json_write_value(&w, v);
    if (!slice_is(buf_slice(&b), expected))
        fail_msg("%s is %s, not %s", pointer, buf_text(&b), expected);
    buf_fini(&b);
}

#define BRANCH(category, name, below)                                                              \
    "{\"category\":\"" category "\",\"name\":\"" name "\"," below "}"
#define BELOW(...) "\"branches\":[" __VA_ARGS__ "]"
#define PRODUCT(id) "\"product\":{\"name\":\"" id "\",\"product_id\":\"" id "\"}"
#define HELPED(helper)                                                                             \
    "\"full_product_names\":[{\"name\":\"A\",\"product_id\":\"A\","                                \
    "\"product_identification_helper\":{" helper "}}]"
#define HELPER "/product_tree/full_product_names/0/product_identification_helper"

static void what_every_document_gets(void **state)
{
    (void)state;
    struct converted r;
    convert(&r, &(struct parts){0}, NULL);
    is(&r, "/$schema", "\"https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json\"");
    is(&r, "/document/csaf_version", "\"2.1\"");
    is(&r, "/document/distribution/tlp/label", "\"CLEAR\"");
    assert_int_equal(r.c->finding_count, 0);
    assert_true(r.c->valid);
    /* members by name, two spaces, a line's end */
    assert_non_null(strstr((const char *)r.c->text.data, "{\n  \"$schema\": "));
    assert_int_equal(r.c->text.data[r.c->text.len - 1], '\n');
    done(&r);
}

static void additional_properties_are_named(void **state)
{
    (void)state;
    struct converted r;
    convert(&r, &(struct parts){.document = "\"x~y/z\":[1],"}, NULL);
    told(&r, CSAF_CONVERT_LOSS, "additional-property", "/document/x~0y~1z");
    assert_true(slice_is(finding(&r, "additional-property")->value, "[1]"));
    assert_int_equal(finding(&r, "additional-property")->line, 1);
    is(&r, "/document/x~0y~1z", "");
    done(&r);
}

static void leap_seconds_are_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *time, *expected, *valid;
    } cases[] = {
        {"2016-12-31T23:59:60Z", "\"2016-12-31T23:59:59.999999Z\"", "a valid leap"},
        {"2017-01-01T00:59:60.25+01:00", "\"2017-01-01T00:59:59.999999+01:00\"", "a valid"},
        {"2017-12-31T23:59:60Z", "\"2017-12-31T23:59:59.999999Z\"", "no valid leap"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct converted r;
        char vulnerability[200];
        snprintf(vulnerability, sizeof vulnerability, "\"title\":\"v\",\"discovery_date\":\"%s\"",
                 cases[i].time);
        convert(&r, &(struct parts){.vulnerability = vulnerability}, NULL);
        told(&r, CSAF_CONVERT_WARNING, "leap-second", "/vulnerabilities/0/discovery_date");
        assert_non_null(strstr(finding(&r, "leap-second")->text, cases[i].valid));
        is(&r, "/vulnerabilities/0/discovery_date", cases[i].expected);
        done(&r);
    }
}

static void labels_of_tlp(void **state)
{
    (void)state;
    struct converted r;
    static const char red[] = "\"distribution\":{\"text\":\"see TLP v2.0: TLP:AMBER+STRICT.\","
                              "\"tlp\":{\"label\":\"RED\"}},";
    convert(&r, &(struct parts){.distribution = ""}, NULL);
    told(&r, CSAF_CONVERT_WARNING, "tlp-default", "/document");
    is(&r, "/document/distribution", "{\"tlp\":{\"label\":\"CLEAR\"}}");
    done(&r);
    convert(&r, &(struct parts){.distribution = red}, NULL);
    is(&r, "/document/distribution/tlp/label", "\"RED\"");
    done(&r);
    convert(&r, &(struct parts){.distribution = red},
            &(struct csaf_convert_options){.tlp_from_text = true});
    is(&r, "/document/distribution/tlp/label", "\"AMBER+STRICT\"");
    told(&r, CSAF_CONVERT_WARNING, "tlp-from-text", "/document/distribution/text");
    assert_non_null(strstr(finding(&r, "tlp-from-text")->text, "TLP:RED"));
    assert_non_null(strstr(finding(&r, "tlp-from-text")->text, "TLP:AMBER+STRICT"));
    done(&r);
}

static void titles_lose_the_id(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"NL-1: Drive stops", "\"Drive stops\""},
                                           {"Drive stops (NL-1)", "\"Drive stops\""},
                                           {"Drive - NL-1 - stops", "\"Drive stops\""},
                                           {"[NL-1] Drive (all) stops", "\"Drive (all) stops\""},
                                           {"NL-1 Drive (all)", "\"Drive (all)\""},
                                           {"NL-1", "\"NL-1\""},
                                           {"Drive", "\"Drive\""}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct converted r;
        convert(&r, &(struct parts){.title = cases[i][0]}, NULL);
        is(&r, "/document/title", cases[i][1]);
        done(&r);
    }
}

static void branches_are_repaired(void **state)
{
    (void)state;
    static const struct {
        const char *tree, *rule, *expected;
        enum csaf_convert_kind kind;
    } cases[] = {
        {BRANCH("legacy", "X", PRODUCT("A")), "legacy", BRANCH("product_name", "X", PRODUCT("A")),
         CSAF_CONVERT_WARNING},
        /* stacked vendors: the one that is nobody goes */
        {BRANCH("vendor", "no-Assertion", BELOW(BRANCH("vendor", "V", PRODUCT("A")))),
         "stacked-branches", BRANCH("vendor", "V", PRODUCT("A")), CSAF_CONVERT_WARNING},
        {BRANCH("vendor", "V",
                BELOW(BRANCH("vendor", "Open Source",
                             BELOW(BRANCH("product_name", "X", PRODUCT("A")))))),
         "stacked-branches",
         "{\"branches\":[" BRANCH("product_name", "X",
                                  PRODUCT("A")) "],\"category\":\"vendor\",\"name\":\"V\"}",
         CSAF_CONVERT_WARNING},
        {BRANCH("vendor", "V", BELOW(BRANCH("vendor", "W", PRODUCT("A")))), "stacked-branches",
         "{\"branches\":[" BRANCH("vendor", "W",
                                  PRODUCT("A")) "],\"category\":\"vendor\",\"name\":\"V\"}",
         CSAF_CONVERT_FAULT},
        /* stacked versions below a name */
        {BRANCH("product_name", "X",
                BELOW(BRANCH("product_version", "1",
                             BELOW(BRANCH("product_version", "1.1", PRODUCT("A")))))),
         "stacked-branches",
         "{\"branches\":[{\"branches\":[" BRANCH(
             "product_version", "1.1",
             PRODUCT("A")) "],\"category\":\"product_name\",\"name\":\"X "
                           "1\"}],\"category\":\"product_family\",\"name\":\"X\"}",
         CSAF_CONVERT_WARNING},
        /* a version above a range, below a family */
        {BRANCH("product_family", "F",
                BELOW(BRANCH("product_version", "1",
                             BELOW(BRANCH("product_version_range", "<1.4", PRODUCT("A")))))),
         "version-and-range",
         "{\"branches\":[{\"branches\":[" BRANCH(
             "product_version_range", "<1.4",
             PRODUCT("A")) "],\"category\":\"product_name\",\"name\":\"F "
                           "1\"}],\"category\":\"product_family\",\"name\":\"F\"}",
         CSAF_CONVERT_WARNING},
        {BRANCH("vendor", "V",
                BELOW(BRANCH("product_version_range", "<2",
                             BELOW(BRANCH("product_version", "1", PRODUCT("A")))))),
         "version-and-range", NULL, CSAF_CONVERT_FAULT},
        /* ranges */
        {BRANCH("product_version_range", "vers:intdot/>=4.2.0", PRODUCT("A")), "upper-open",
         BRANCH("product_version", "4.2.0", PRODUCT("A")), CSAF_CONVERT_WARNING},
        {BRANCH("product_version_range", ">4.2", PRODUCT("A")), "upper-open",
         BRANCH("product_version", "4.2", PRODUCT("A")), CSAF_CONVERT_LOSS},
        {BRANCH("product_version_range", "vers:npm/>=1.0.0|<2.0.0|>=3.0.0", PRODUCT("A")),
         "upper-open",
         BRANCH("product_version_range", "vers:npm/>=1.0.0|<2.0.0|3.0.0", PRODUCT("A")),
         CSAF_CONVERT_WARNING},
        {BRANCH("product_version_range", "vers:npm/1.0.0|>2.0.0", PRODUCT("A")), "upper-open",
         BRANCH("product_version_range", "vers:npm/1.0.0|>2.0.0", PRODUCT("A")),
         CSAF_CONVERT_FAULT},
        {BRANCH("product_version_range", "vers:intdot/4.2.0", PRODUCT("A")), "single-version",
         BRANCH("product_version", "4.2.0", PRODUCT("A")), CSAF_CONVERT_WARNING},
        {BRANCH("product_version_range", "V4.2", PRODUCT("A")), "single-version",
         BRANCH("product_version", "V4.2", PRODUCT("A")), CSAF_CONVERT_WARNING},
        {BRANCH("product_version_range", "< V7.4 SP1", PRODUCT("A")), "range-form",
         BRANCH("product_version_range", "<V7.4%20SP1", PRODUCT("A")), CSAF_CONVERT_WARNING},
        {BRANCH("product_version_range", "vers:all/<= 2.0 | >= 3.0", PRODUCT("A")), "upper-open",
         BRANCH("product_version_range", "<=2.0|3.0", PRODUCT("A")), CSAF_CONVERT_WARNING},
        {BRANCH("product_version_range", ">= V2 Update 3", PRODUCT("A")), "upper-open",
         BRANCH("product_version", "V2 Update 3", PRODUCT("A")), CSAF_CONVERT_WARNING},
        {BRANCH("product_version_range", "< V2 on Linux", PRODUCT("A")), "6.1.50",
         BRANCH("product_version_range", "< V2 on Linux", PRODUCT("A")), CSAF_CONVERT_FAULT},
        {BRANCH("product_version_range", "All versions < V4.2", PRODUCT("A")), "6.1.50",
         BRANCH("product_version_range", "All versions < V4.2", PRODUCT("A")), CSAF_CONVERT_FAULT},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct converted r;
        struct buf tree;
        buf_init(&tree);
        buf_printf(&tree, "\"branches\":[%s]", cases[i].tree);
        convert(&r, &(struct parts){.tree = buf_text(&tree)}, NULL);
        const struct csaf_convert_finding *f = finding(&r, cases[i].rule);
        if (!f || f->kind != cases[i].kind)
            fail_msg("%s: %s was not told so", cases[i].tree, cases[i].rule);
        if (cases[i].expected)
            is(&r, "/product_tree/branches/0", cases[i].expected);
        done(&r);
        convert(&r, &(struct parts){.tree = buf_text(&tree)},
                &(struct csaf_convert_options){.keep_branches = true});
        if (cases[i].kind == CSAF_CONVERT_WARNING && strcmp(cases[i].rule, "legacy") != 0)
            assert_true(!finding(&r, cases[i].rule) ||
                        finding(&r, cases[i].rule)->kind == CSAF_CONVERT_FAULT);
        done(&r);
        buf_fini(&tree);
    }
}

/* a rule changes the path that it is about, and no other */
static void other_paths_stay(void **state)
{
    (void)state;
    struct converted r;
    convert(&r,
            &(struct parts){
                .tree = "\"branches\":[" BRANCH(
                    "product_name", "X",
                    BELOW(BRANCH("product_version", "1",
                                 BELOW(BRANCH("product_version", "1.1",
                                              PRODUCT("A")))) "," BRANCH("product_version", "2",
                                                                         PRODUCT("B")))) "]"},
            NULL);
    is(&r, "/product_tree/branches/0/category", "\"product_family\"");
    is(&r, "/product_tree/branches/1",
       "{\"branches\":[" BRANCH("product_version", "2",
                                PRODUCT("B")) "],\"category\":\"product_name\",\"name\":\"X\"}");
    assert_int_equal(r.c->faults, 0);
    done(&r);
}

static void helpers_are_converted(void **state)
{
    (void)state;
    static const struct {
        const char *helper, *rule, *expected;
        enum csaf_convert_kind kind;
    } cases[] = {
        {"\"cpe\":\"cpe:/x\"", "cpe-invalid", "", CSAF_CONVERT_LOSS},
        {"\"cpe\":\"cpe:2.3:a:v:p:1:*:*:*:*:*:*\"", "cpe-invalid", "", CSAF_CONVERT_LOSS},
        {"\"cpe\":\"cpe:2.3:a:v:p q:1:*:*:*:*:*:*:*\"", "cpe-invalid", "", CSAF_CONVERT_LOSS},
        {"\"cpe\":\"cpe:2.3:h:v:p\\\\:q:1.*:-:*:en-US:*:*:*:*\"", NULL,
         "{\"cpe\":\"cpe:2.3:h:v:p\\\\:q:1.*:-:*:en-US:*:*:*:*\"}", CSAF_CONVERT_WARNING},
        {"\"cpe\":\"cpe:/o:redhat:enterprise_linux:8::baseos\"", NULL,
         "{\"cpe\":\"cpe:/o:redhat:enterprise_linux:8::baseos\"}", CSAF_CONVERT_WARNING},
        {"\"model_numbers\":[\"A\",\"B*\"]", "partial-model-number",
         "{\"model_numbers\":[\"A*\",\"B*\"]}", CSAF_CONVERT_WARNING},
        {"\"serial_numbers\":[\"A\\\\B\"]", "partial-serial-number",
         "{\"serial_numbers\":[\"A\\\\\\\\B*\"]}", CSAF_CONVERT_WARNING},
        {"\"skus\":[\"A\",\"A*\"]", "duplicate", "{\"skus\":[\"A*\"]}", CSAF_CONVERT_WARNING},
        {"\"skus\":[\"*A*\",\"B*\"]", "multiple-stars", "{\"skus\":[\"B*\"]}", CSAF_CONVERT_LOSS},
        {"\"purl\":\"pkg:deb/debian/curl\"", NULL, "{\"purls\":[\"pkg:deb/debian/curl\"]}",
         CSAF_CONVERT_WARNING},
        {"\"sbom_urls\":[\"https://a.example/1\",\"https://a.example/2\",\"https://a.example/1\"]",
         "duplicate", "{\"sbom_urls\":[\"https://a.example/1\",\"https://a.example/2\"]}",
         CSAF_CONVERT_WARNING},
        {"\"x_generic_uris\":[{\"namespace\":\"https://"
         "a.example\",\"uri\":\"u:1\"},{\"uri\":\"u:1\","
         "\"namespace\":\"https://a.example\"}]",
         "duplicate",
         "{\"x_generic_uris\":[{\"namespace\":\"https://a.example\",\"uri\":\"u:1\"}]}",
         CSAF_CONVERT_WARNING},
        {"\"hashes\":[{\"filename\":\"f\",\"file_hashes\":[{\"algorithm\":\"SHA3-256\",\"value\":"
         "\"AABBCCDDEEFF00112233445566778899\"},{\"algorithm\":\"Own-1\",\"value\":"
         "\"00112233445566778899aabbccddeeff\"}]}]",
         "hash-unknown",
         "{\"hashes\":[{\"file_hashes\":[{\"algorithm\":\"sha3-256\",\"value\":"
         "\"aabbccddeeff00112233445566778899\"},{\"algorithm\":\"own-1\",\"value\":"
         "\"00112233445566778899aabbccddeeff\"}],\"filename\":\"f\"}]}",
         CSAF_CONVERT_WARNING},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct converted r;
        struct buf tree;
        buf_init(&tree);
        buf_printf(&tree,
                   "\"full_product_names\":[{\"name\":\"A\",\"product_id\":\"A\","
                   "\"product_identification_helper\":{%s}}]",
                   cases[i].helper);
        convert(&r, &(struct parts){.tree = buf_text(&tree)}, NULL);
        is(&r, HELPER, cases[i].expected);
        if (cases[i].rule &&
            (!finding(&r, cases[i].rule) || finding(&r, cases[i].rule)->kind != cases[i].kind))
            fail_msg("%s: %s was not told", cases[i].helper, cases[i].rule);
        assert_int_equal(r.c->faults, 0);
        done(&r);
        buf_fini(&tree);
    }
}

static void options_of_numbers(void **state)
{
    (void)state;
    struct converted r;
    struct parts p = {.tree = HELPED("\"model_numbers\":[\"A?B*C\"]")};
    convert(&r, &p, &(struct csaf_convert_options){.whole_numbers = true});
    is(&r, HELPER, "{\"model_numbers\":[\"A?B*C\"]}");
    done(&r);
    convert(&r, &p, &(struct csaf_convert_options){.escape_star = true, .escape_question = true});
    is(&r, HELPER, "{\"model_numbers\":[\"A\\\\?B\\\\*C*\"]}");
    done(&r);
}

static void relationships_become_paths(void **state)
{
    (void)state;
    struct converted r;
    convert(
        &r,
        &(struct parts){
            .tree =
                "\"full_product_names\":[{\"name\":\"A\",\"product_id\":\"A\"},{\"name\":"
                "\"B\",\"product_id\":\"B\"}],\"relationships\":[{\"category\":\"installed_on\","
                "\"product_reference\":\"A\",\"relates_to_product_reference\":\"B\","
                "\"full_product_name\":{\"name\":\"A on B\",\"product_id\":\"C\"}}]"},
        NULL);
    is(&r, "/product_tree/relationships", "");
    is(&r, "/product_tree/product_paths",
       "[{\"beginning_product_reference\":\"A\",\"full_product_name\":{\"name\":\"A on B\","
       "\"product_id\":\"C\"},\"subpaths\":[{\"category\":\"installed_on\","
       "\"next_product_reference\":\"B\"}]}]");
    assert_int_equal(r.c->finding_count, 0);
    assert_true(r.c->valid);
    done(&r);
}

#define TWO                                                                                        \
    "\"full_product_names\":[{\"name\":\"A\",\"product_id\":\"A\"},{\"name\":\"B\","               \
    "\"product_id\":\"B\"},{\"name\":\"C\",\"product_id\":\"C\"}],\"product_groups\":[{"           \
    "\"group_id\":\"G\",\"product_ids\":[\"A\",\"B\"]}]"

static void weaknesses_get_their_version(void **state)
{
    (void)state;
    static const struct {
        const char *cwe, *expected;
        bool latest;
    } cases[] = {
        /* 4.14 is the latest before 2024-05-01 */
        {"\"id\":\"CWE-20\",\"name\":\" Improper Input Validation \"",
         "[{\"id\":\"CWE-20\",\"name\":\"Improper Input Validation\",\"version\":\"4.14\"}]",
         false},
        {"\"id\":\"CWE-20\",\"name\":\"Improper Input Validation\"", NULL, true},
        {"\"id\":\"CWE-20\",\"name\":\"Bad Input\"", "", false},
        {"\"id\":\"CWE-999999\",\"name\":\"x\"", "", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct converted r;
        char vulnerability[200];
        snprintf(vulnerability, sizeof vulnerability, "\"title\":\"v\",\"cwe\":{%s}", cases[i].cwe);
        convert(&r, &(struct parts){.vulnerability = vulnerability},
                &(struct csaf_convert_options){.cwe_latest = cases[i].latest});
        if (cases[i].expected)
            is(&r, "/vulnerabilities/0/cwes", cases[i].expected);
        else
            assert_null(strstr((const char *)r.c->text.data, "\"version\": \"4.14\""));
        if (cases[i].expected && !cases[i].expected[0])
            told(&r, CSAF_CONVERT_LOSS, "cwe-unknown", "/vulnerabilities/0/cwe");
        done(&r);
    }
}

static void dates_and_scores_move(void **state)
{
    (void)state;
    struct converted r;
    static const char score[] =
        "{\"cvss_v3\":{\"baseScore\":9.8,\"baseSeverity\":\"CRITICAL\",\"vectorString\":"
        "\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\",\"version\":\"3.1\"}";
    struct buf v;
    buf_init(&v);
    buf_printf(&v,
               "\"release_date\":\"2024-01-01T00:00:00Z\",\"scores\":[%s,\"products\":[\"A\"]},"
               "%s,\"products\":[\"A\"]}]",
               score, score);
    convert(&r, &(struct parts){.tree = TWO, .vulnerability = buf_text(&v)}, NULL);
    is(&r, "/vulnerabilities/0/disclosure_date", "\"2024-01-01T00:00:00Z\"");
    is(&r, "/vulnerabilities/0/release_date", "");
    is(&r, "/vulnerabilities/0/scores", "");
    is(&r, "/vulnerabilities/0/metrics/0/content/cvss_v3/baseScore", "9.8");
    is(&r, "/vulnerabilities/0/metrics/0/products", "[\"A\"]");
    is(&r, "/vulnerabilities/0/metrics/1", ""); /* each once */
    done(&r);
    buf_fini(&v);
}

static void the_calculator_gives_a_metric(void **state)
{
    (void)state;
    static const char reference[] =
        "\"product_status\":{\"known_affected\":[\"A\"]},\"references\":[{\"summary\":\"s\","
        "\"url\":"
        "\"https://www.first.org/cvss/calculator/4.0#CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/"
        "VA:H/SC:N/SI:N/SA:N\"}]";
    struct converted r;
    convert(&r, &(struct parts){.tree = TWO, .vulnerability = reference}, NULL);
    is(&r, "/vulnerabilities/0/metrics/0/content/cvss_v4/baseScore", "9.3");
    is(&r, "/vulnerabilities/0/metrics/0/content/cvss_v4/baseSeverity", "\"CRITICAL\"");
    is(&r, "/vulnerabilities/0/metrics/0/products", "[\"A\"]");
    done(&r);
    convert(&r, &(struct parts){.tree = TWO, .vulnerability = reference},
            &(struct csaf_convert_options){.no_calculator = true});
    is(&r, "/vulnerabilities/0/metrics", "");
    done(&r);
    convert(&r,
            &(struct parts){.tree = TWO,
                            .vulnerability =
                                "\"title\":\"v\",\"references\":[{\"summary\":\"s\",\"url\":"
                                "\"https://www.first.org/cvss/calculator/4.0#CVSS:4.0/AV:N\"}]"},
            NULL);
    told(&r, CSAF_CONVERT_WARNING, "cvss-v4", "/vulnerabilities/0/references/0/url");
    is(&r, "/vulnerabilities/0/metrics", "");
    done(&r);
}

static void notes_with_ssvc(void **state)
{
    (void)state;
    static const char form[] = "\"product_status\":{\"known_affected\":[\"A\"]},\"notes\":[{"
                               "\"category\":\"other\",\"title\":\"SSVC\",\"text\":\"%s\"}]";
    struct converted r;
    char v[300];
    snprintf(v, sizeof v, form, "SSVCv2/E:A/A:Y/T:T/2024-04-01T00:00:00Z/");
    convert(&r, &(struct parts){.tree = TWO, .vulnerability = v}, NULL);
    is(&r, "/vulnerabilities/0/notes", "");
    is(&r, "/vulnerabilities/0/metrics/0/content/ssvc_v2/timestamp", "\"2024-04-01T00:00:00Z\"");
    is(&r, "/vulnerabilities/0/metrics/0/content/ssvc_v2/selections/0/key", "\"E\"");
    is(&r, "/vulnerabilities/0/metrics/0/content/ssvc_v2/selections/0/values",
       "[{\"key\":\"A\",\"name\":\"Active\"}]");
    is(&r, "/vulnerabilities/0/metrics/0/content/ssvc_v2/selections/2/key", "\"TI\"");
    done(&r);
    static const char *const lost[] = {"SSVCv2/E:Q/2024-04-01T00:00:00Z/", "about", "SSVCv2/E:A/",
                                       "SSVCv2/E:A/2025-01-01T00:00:00Z/"};
    for (size_t i = 0; i < ARRAY_LEN(lost); i++) {
        snprintf(v, sizeof v, form, lost[i]);
        convert(&r, &(struct parts){.tree = TWO, .vulnerability = v}, NULL);
        told(&r, CSAF_CONVERT_WARNING, "ssvc", "/vulnerabilities/0/notes/0");
        is(&r, "/vulnerabilities/0/metrics", "");
        is(&r, "/vulnerabilities/0/notes/0/title", "\"SSVC\"");
        done(&r);
    }
}

static void ids_of_registered_systems(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *rule, *added;
    } cases[] = {
        {"https://github.com/oasis-tcs/csaf", "#12", NULL, ""},
        {"https://github.com/oasis-tcs/csaf", "Issue 012", "id-registered", "\"#12\""},
        {"https://github.com/oasis-tcs/csaf", "twelve", "id-registered", ""},
        {"OASIS Open CSAF TC GitHub Issues", "issues #7", "id-mapped", "\"#7\""},
        {"OASIS Open CSAF TC GitHub Issues", "0", "id-mapped", ""},
        {"https://euvd.enisa.europa.eu", "EUVD-2026-4660", NULL, ""},
        {"https://euvd.enisa.europa.eu", "4660", "id-registered", ""},
        {"Own", "1", "id-unregistered", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct converted r;
        char v[300];
        snprintf(v, sizeof v, "\"ids\":[{\"system_name\":\"%s\",\"text\":\"%s\"}]", cases[i].name,
                 cases[i].text);
        convert(&r, &(struct parts){.vulnerability = v}, NULL);
        if (cases[i].rule ? !finding(&r, cases[i].rule) : r.c->finding_count > 0)
            fail_msg("%s %s", cases[i].name, cases[i].text);
        is(&r, "/vulnerabilities/0/ids/1/text", cases[i].added);
        done(&r);
    }
}

#define REMEDY(category, more) "{\"category\":\"" category "\",\"details\":\"d\"," more "}"

static void remedies_are_sorted_out(void **state)
{
    (void)state;
    static const struct {
        const char *status, *remedies, *expected;
    } cases[] = {
        /* fixed and not affected products need no vendor_fix */
        {"\"fixed\":[\"A\"]", REMEDY("vendor_fix", "\"product_ids\":[\"A\"]"),
         "[" REMEDY("optional_patch", "\"product_ids\":[\"A\"]") "]"},
        {"\"known_affected\":[\"B\"],\"known_not_affected\":[\"A\"]",
         REMEDY("vendor_fix", "\"product_ids\":[\"A\",\"B\"]"),
         "[" REMEDY("vendor_fix", "\"product_ids\":[\"B\"]") "," REMEDY(
             "optional_patch", "\"product_ids\":[\"A\"]") "]"},
        /* through a group, which is divided only when it must be */
        {"\"known_affected\":[\"C\"],\"fixed\":[\"A\",\"B\"]",
         REMEDY("vendor_fix", "\"group_ids\":[\"G\"],\"product_ids\":[\"C\"]"),
         "[" REMEDY("vendor_fix", "\"product_ids\":[\"C\"]") "," REMEDY(
             "optional_patch", "\"group_ids\":[\"G\"]") "]"},
        {"\"known_affected\":[\"B\"],\"fixed\":[\"A\"]",
         REMEDY("vendor_fix", "\"group_ids\":[\"G\"]"),
         "[" REMEDY("vendor_fix", "\"product_ids\":[\"B\"]") "," REMEDY(
             "optional_patch", "\"product_ids\":[\"A\"]") "]"},
        /* none_available beside a fix that is there: the fix stands */
        {"\"known_affected\":[\"A\"]",
         REMEDY("none_available", "\"product_ids\":[\"A\"]") "," REMEDY(
             "vendor_fix", "\"date\":\"2026-05-01T00:00:00Z\",\"product_ids\":[\"A\"]"),
         "[{\"category\":\"vendor_fix\",\"date\":\"2026-05-01T00:00:00Z\",\"details\":\"d\","
         "\"product_ids\":[\"A\"]}]"},
        /* and the moment itself is the past */
        {"\"known_affected\":[\"A\",\"B\"]",
         REMEDY("none_available", "\"product_ids\":[\"A\",\"B\"]") "," REMEDY(
             "vendor_fix", "\"date\":\"" NOW "\",\"product_ids\":[\"A\"]"),
         "[" REMEDY("none_available",
                    "\"product_ids\":[\"B\"]") ",{\"category\":\"vendor_fix\",\"date\":\"" NOW
                                               "\",\"details\":\"d\",\"product_ids\":[\"A\"]}]"},
        /* beside one of the future, or without a date: a fix is planned */
        {"\"known_affected\":[\"A\"]",
         REMEDY("none_available", "\"product_ids\":[\"A\"]") "," REMEDY(
             "vendor_fix", "\"product_ids\":[\"A\",\"B\"]"),
         "[" REMEDY("fix_planned", "\"product_ids\":[\"A\"]") "," REMEDY(
             "vendor_fix", "\"product_ids\":[\"B\"]") "]"},
        {"\"known_affected\":[\"A\"]",
         REMEDY("vendor_fix",
                "\"date\":\"2030-01-01T00:00:00Z\",\"product_ids\":[\"A\"]") "," REMEDY("none_"
                                                                                        "available",
                                                                                        "\"product_"
                                                                                        "ids\":["
                                                                                        "\"A\"]"),
         "[" REMEDY("fix_planned", "\"product_ids\":[\"A\"]") "]"},
        {"\"known_affected\":[\"A\"]", REMEDY("none_available", "\"product_ids\":[\"A\"]"),
         "[" REMEDY("none_available", "\"product_ids\":[\"A\"]") "]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct converted r;
        struct buf v;
        buf_init(&v);
        buf_printf(&v, "\"product_status\":{%s},\"remediations\":[%s]", cases[i].status,
                   cases[i].remedies);
        convert(&r, &(struct parts){.tree = TWO, .vulnerability = buf_text(&v)}, NULL);
        is(&r, "/vulnerabilities/0/remediations", cases[i].expected);
        assert_int_equal(r.c->warnings > 0, i + 1 < ARRAY_LEN(cases)); /* told when changed */
        done(&r);
        buf_fini(&v);
    }
}

/* what no rule resolves is a fault of the result (test 6.1.35) */
static void contradicting_remedies_are_told(void **state)
{
    (void)state;
    struct converted r;
    convert(
        &r,
        &(struct parts){
            .tree = TWO,
            .vulnerability =
                "\"product_status\":{\"known_affected\":[\"A\"]},"
                "\"remediations\":[" REMEDY("none_available", "\"group_ids\":[\"G\"]") "," REMEDY(
                    "mitigation", "\"product_ids\":[\"A\"]") "]"},
        NULL);
    told(&r, CSAF_CONVERT_FAULT, "6.1.35", "/vulnerabilities/0/remediations/1/product_ids/0");
    assert_int_equal(r.c->faults, 1);
    assert_false(r.c->valid);
    done(&r);
}

/* what the validator finds in the result is told where the original has it */
static void faults_of_the_result_have_places_of_the_original(void **state)
{
    (void)state;
    struct converted r;
    /* schema: what is missing is told of the object that lacks it; the reference has moved */
    convert(&r,
            &(struct parts){.tree = TWO,
                            .vulnerability =
                                "\"scores\":[{\"products\":[\"A\"],\"cvss_v2\":{\"version\":"
                                "\"2.0\",\"vectorString\":\"AV:N/AC:L/Au:N/C:C/I:C/A:C\"}}]"},
            NULL);
    told(&r, CSAF_CONVERT_FAULT, "schema", "/vulnerabilities/0/scores/0/cvss_v2");
    assert_non_null(strstr(finding(&r, "schema")->text,
                           "/vulnerabilities/0/metrics/0/content/cvss_v2/baseScore"));
    assert_false(r.c->valid);
    done(&r);
    /* tests */
    convert(&r,
            &(struct parts){.tree = TWO,
                            .vulnerability = "\"title\":\"v\",\"product_status\":{\"fixed\":"
                                             "[\"A\",\"a\"],\"known_affected\":[\"A\"]}"},
            NULL);
    told(&r, CSAF_CONVERT_FAULT, "6.1.1", "/vulnerabilities/0/product_status/fixed/1");
    assert_non_null(finding(&r, "6.1.6"));
    done(&r);
    /* a hundred of a kind are told, the others counted */
    struct buf ids;
    buf_init(&ids);
    buf_puts(&ids, "\"title\":\"v\",\"product_status\":{\"fixed\":[\"A\"");
    for (int i = 0; i < 150; i++)
        buf_printf(&ids, ",\"U%d\"", i);
    buf_puts(&ids, "]}");
    convert(&r, &(struct parts){.tree = TWO, .vulnerability = buf_text(&ids)}, NULL);
    assert_int_equal(r.c->faults, 101);
    assert_non_null(strstr(r.c->findings[r.c->finding_count - 1].text, "50 more"));
    done(&r);
    buf_fini(&ids);
}

static void publishers_of_other_kind(void **state)
{
    (void)state;
    static const char text[] =
        "{\"document\":{\"csaf_version\":\"2.0\",\"publisher\":{\"category\":\"other\"}}}";
    struct csaf_conversion *c;
    struct err e = {0};
    assert_int_equal(csaf_convert(&c, slice_str(text), NULL, &e), 0);
    assert_non_null(strstr((const char *)c->text.data, "\"category\": \"other\""));
    size_t loud = c->warnings;
    csaf_conversion_free(c);
    assert_int_equal(
        csaf_convert(&c, slice_str(text), &(struct csaf_convert_options){.quiet_other = true}, &e),
        0);
    assert_int_equal(c->warnings, loud - 1);
    csaf_conversion_free(c);
    assert_int_equal(
        csaf_convert(&c, slice_str(text), &(struct csaf_convert_options){.multiplier = true}, &e),
        0);
    assert_non_null(strstr((const char *)c->text.data, "\"category\": \"multiplier\""));
    csaf_conversion_free(c);
}

static void notes_of_a_product(void **state)
{
    (void)state;
    struct converted r;
    convert(&r,
            &(struct parts){.document =
                                "\"notes\":[{\"category\":\"description\",\"title\":\"Product "
                                "Description for b\",\"text\":\"t\"},{\"category\":\"summary\","
                                "\"title\":\"Summary - Nothing\",\"text\":\"t\"},{\"category\":"
                                "\"summary\",\"title\":\"Summary\",\"text\":\"t\"}],",
                            .tree = TWO},
            NULL);
    is(&r, "/document/notes/0/product_ids", "[\"B\"]");
    told(&r, CSAF_CONVERT_WARNING, "product-note", "/document/notes/0");
    is(&r, "/document/notes/1/product_ids", "");
    is(&r, "/document/notes/2/product_ids", "");
    assert_int_equal(r.c->warnings, 2);
    done(&r);
}

static void licenses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
        size_t warnings;
    } cases[] = {{"This advisory is under CC-BY-4.0.", "\"CC-BY-4.0\"", 1},
                 {"MIT OR Apache-2.0", "\"MIT OR Apache-2.0\"", 1},
                 {"Take CC0-1.0, or else CC-BY-4.0", "", 1},
                 {"No warranty, see the terms of use", "", 0}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct converted r;
        char document[300];
        snprintf(document, sizeof document,
                 "\"notes\":[{\"category\":\"legal_disclaimer\",\"text\":\"%s\"}],", cases[i].text);
        convert(&r, &(struct parts){.document = document}, NULL);
        is(&r, "/document/license_expression", cases[i].expected);
        assert_int_equal(r.c->warnings, cases[i].warnings);
        done(&r);
    }
}

static void profiles(void **state)
{
    (void)state;
    static const char tree[] = "\"branches\":[" BRANCH(
        "product_name", "X",
        BELOW(BRANCH("product_version_range", "vers:generic/>=1|<2", PRODUCT("A")))) "]";
    struct converted r;
    /* "<" at the end: the version behind it is fixed */
    convert(&r,
            &(struct parts){.category = "csaf_security_advisory",
                            .tree = tree,
                            .vulnerability =
                                "\"notes\":[{\"category\":\"summary\",\"text\":\"t\"}],"
                                "\"product_status\":{\"known_affected\":[\"A\"]}"},
            NULL);
    is(&r, "/document/category", "\"csaf_security_advisory\"");
    is(&r, "/product_tree/branches/0/branches/1",
       "{\"category\":\"product_version\",\"name\":\"2\",\"product\":{\"name\":\"X "
       "2\",\"product_id\":\"A-fixed\"}}");
    is(&r, "/vulnerabilities/0/product_status/fixed", "[\"A-fixed\"]");
    told(&r, CSAF_CONVERT_WARNING, "fixed-product",
         "/vulnerabilities/0/product_status/known_affected/0");
    done(&r);
    /* no product affected: no security advisory of 2.1 */
    convert(&r,
            &(struct parts){.category = "csaf_security_advisory",
                            .tree = tree,
                            .vulnerability =
                                "\"notes\":[{\"category\":\"summary\",\"text\":\"t\"}],"
                                "\"product_status\":{\"fixed\":[\"A\"]}"},
            NULL);
    is(&r, "/document/category", "\"csaf_deprecated_security_advisory\"");
    done(&r);
    convert(&r, &(struct parts){.title = "Withdrawn: Drive"}, NULL);
    told(&r, CSAF_CONVERT_WARNING, "profile-ended", "/document/category");
    is(&r, "/document/category", "\"csaf_base\"");
    done(&r);
    convert(&r, &(struct parts){.document = "\"lang\":\"de\",", .title = "Withdrawn: Drive"}, NULL);
    assert_null(finding(&r, "profile-ended")); /* told of English alone */
    done(&r);
}

static void only_csaf_2_0_is_taken(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{}", "csaf.not-csaf"},
        {"[", "json.syntax"},
        {"{\"document\":{\"csaf_version\":\"2.1\"}}", "csaf.version"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct csaf_conversion *c;
        struct err e = {0};
        assert_int_equal(csaf_convert(&c, slice_str(cases[i][0]), NULL, &e), -1);
        assert_string_equal(e.code, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_every_document_gets),
        cmocka_unit_test(additional_properties_are_named),
        cmocka_unit_test(leap_seconds_are_replaced),
        cmocka_unit_test(labels_of_tlp),
        cmocka_unit_test(titles_lose_the_id),
        cmocka_unit_test(branches_are_repaired),
        cmocka_unit_test(other_paths_stay),
        cmocka_unit_test(helpers_are_converted),
        cmocka_unit_test(options_of_numbers),
        cmocka_unit_test(relationships_become_paths),
        cmocka_unit_test(weaknesses_get_their_version),
        cmocka_unit_test(dates_and_scores_move),
        cmocka_unit_test(the_calculator_gives_a_metric),
        cmocka_unit_test(notes_with_ssvc),
        cmocka_unit_test(ids_of_registered_systems),
        cmocka_unit_test(remedies_are_sorted_out),
        cmocka_unit_test(contradicting_remedies_are_told),
        cmocka_unit_test(faults_of_the_result_have_places_of_the_original),
        cmocka_unit_test(publishers_of_other_kind),
        cmocka_unit_test(notes_of_a_product),
        cmocka_unit_test(licenses),
        cmocka_unit_test(profiles),
        cmocka_unit_test(only_csaf_2_0_is_taken)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
