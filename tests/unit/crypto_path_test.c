/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path validation and our certificate reader against public collections: NIST PKITS, x509-limbo and
 * pkilint's certificates. Skipped where ../shared/data is not there. Cases about revocation or host
 * names are not for this function to decide, and are left out by their section or name.
 */
#include "base/clock.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/json.h"
#include "crypto/chain.h"
#include "crypto/pem.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define DATA "../shared/data/pki/"
#define PKITS DATA "pkits/tests/fixtures/nist_pkits/certs/"
enum { CHAIN_MOST = 16 };
static const int64_t in_2020 = INT64_C(1577880000000000);

static bool have(const char *path)
{
    if (file_kind(path) != 0)
        return true;
    print_message("skipped: no ../shared/data\n");
    return false;
}

static struct slice load(const char *name, struct buf *der)
{
    struct err e = {0};
    char path[PATH_MAX];

    snprintf(path, sizeof(path), PKITS "%s", name);
    buf_reset(der);
    if (file_read(path, CERTIFICATE_MAX, der, &e) != 0)
        fail_msg("%s", e.text);
    return buf_slice(der);
}

/* The next field of a line of EXPECTED.tsv. */
static struct slice field(struct slice *line)
{
    const uint8_t *tab = line->len ? memchr(line->data, '\t', line->len) : NULL;
    size_t len = tab ? (size_t)(tab - line->data) : line->len;
    struct slice found = slice_of(line->data, len);

    *line = slice_of(line->data + len + (tab != NULL), line->len - len - (tab != NULL));
    return found;
}

/* What we decide otherwise than PKITS, and why. */
static const struct {
    const char *test, *why;
} pkits_exceptions[] = {
    {"40104", "DSA is weak: not taken"},
    {"40105", "DSA is weak: not taken"},
    {"40604", "RFC 5280 section 4.2.1.9: basicConstraints of a CA MUST be critical"},
};

static bool is_exception(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(pkits_exceptions); i++)
        if (name.len >= 5 && memcmp(name.data, pkits_exceptions[i].test, 5) == 0)
            return true;
    return false;
}

/* Sections 4.4, 4.5 (key of lists), 4.7 (cRLSign), 4.14, 4.15 and single cases are revocation. */
static bool about_revocation(struct slice name, struct slice kind)
{
    static const char *const sections[] = {"404", "414", "415", "405", "40704", "40705"};

    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        if (name.len > 5 && memcmp(name.data, sections[i], strlen(sections[i])) == 0)
            return true;
    return slice_is(kind, "revoked");
}

static bool pkits_case(struct slice end_entity, struct slice intermediates, struct err *e)
{
    struct buf anchor, leaf, others[CHAIN_MOST];
    struct slice list[CHAIN_MOST];
    size_t count = 0;
    char name[200];

    buf_init(&anchor);
    buf_init(&leaf);
    while (intermediates.len > 0 && !slice_is(intermediates, "-") && count < CHAIN_MOST) {
        const uint8_t *comma = memchr(intermediates.data, ',', intermediates.len);
        size_t len = comma ? (size_t)(comma - intermediates.data) : intermediates.len;
        snprintf(name, sizeof(name), "%.*s", (int)len, (const char *)intermediates.data);
        buf_init(&others[count]);
        list[count] = load(name, &others[count]);
        count++;
        len += comma != NULL;
        intermediates = slice_of(intermediates.data + len, intermediates.len - len);
    }
    snprintf(name, sizeof(name), "%.*s", SLICE_ARG(end_entity));
    struct slice root = load("TrustAnchorRootCertificate.crt", &anchor);
    int verdict = certificate_verify_chain(load(name, &leaf), list, count, &root, 1, in_2020, 0, e);
    for (size_t i = 0; i < count; i++)
        buf_fini(&others[i]);
    buf_fini(&anchor);
    buf_fini(&leaf);
    return verdict == 0;
}

static void pkits(void **state)
{
    unsigned right = 0, left_out = 0, wrong = 0;
    struct cursor lines;
    struct err e = {0};
    struct buf table;

    (void)state;
    if (!have(DATA "pkits/EXPECTED.tsv"))
        skip();
    buf_init(&table);
    assert_int_equal(file_read(DATA "pkits/EXPECTED.tsv", 1 << 20, &table, &e), 0);
    cursor_init(&lines, buf_slice(&table));
    cursor_line(&lines);
    while (cursor_left(&lines) > 0) {
        struct slice line = cursor_line(&lines);
        struct slice name = field(&line), leaf = field(&line), others = field(&line);
        field(&line);
        field(&line);
        struct slice expected = field(&line), kind = field(&line);
        if (about_revocation(name, kind)) {
            left_out++;
            continue;
        }
        err_clear(&e);
        bool valid = pkits_case(leaf, others, &e);
        if (valid == slice_is(expected, "valid") || is_exception(name)) {
            right++;
            continue;
        }
        wrong++;
        printf("%.*s: expected %.*s, %s %s\n", SLICE_ARG(name), SLICE_ARG(expected), e.code,
               e.text);
    }
    printf("PKITS: %u as expected, %u about revocation, %u wrong\n", right, left_out, wrong);
    assert_int_equal(wrong, 0);
    assert_true(right >= 80);
    buf_fini(&table);
}

static void add_pem(struct certificate_list *list, struct slice pem)
{
    struct err e = {0};
    struct buf der;

    buf_init(&der);
    while (pem_next(&pem, "CERTIFICATE", &der, &e) == 1)
        assert_int_equal(certificate_list_add(list, buf_slice(&der), &e), 0);
    buf_fini(&der);
}

static void add_all(struct certificate_list *list, const struct json_value *array)
{
    certificate_list_init(list);
    json_each(item, array) add_pem(list, json_string(item));
}

/* Where we are more lenient than a case wants, or stricter, and why. */
static const struct {
    const char *id, *why;
} limbo_exceptions[] = {
    {"rfc5280::serial::zero",
     "RFC 5280 section 4.1.2.2: users handle such certificates gracefully"},
    {"rfc5280::aki::cross-signed-root-missing-aki", "the path ends at the anchor before it"},
};

static bool limbo_is_ours(const struct json_value *test)
{
    static const char *const not_ours[] = {"san", "::nc::", "max-chain-depth", "webpki::"};
    char id[128];

    snprintf(id, sizeof(id), "%.*s", SLICE_ARG(json_get_string(test, "id")));
    for (size_t i = 0; i < ARRAY_LEN(not_ours); i++)
        if (strstr(id, not_ours[i]))
            return false;
    for (size_t i = 0; i < ARRAY_LEN(limbo_exceptions); i++)
        if (strcmp(id, limbo_exceptions[i].id) == 0)
            return false;
    return json_is(json_get(test, "max_chain_depth"), JSON_NULL);
}

static void limbo(void **state)
{
    unsigned right = 0, left_out = 0, wrong = 0;
    struct json_doc *doc = NULL;
    struct err e = {0};
    struct buf text;

    (void)state;
    if (!have(DATA "x509-limbo/limbo.json"))
        skip();
    buf_init(&text);
    assert_int_equal(file_read(DATA "x509-limbo/limbo.json", 1 << 24, &text, &e), 0);
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), 0);
    json_each(test, json_get(json_root(doc), "testcases"))
    {
        struct certificate_list anchors, others, leaf;
        int64_t time = INT64_C(1704067200000000); /* 2024-01-01 */
        if (!limbo_is_ours(test)) {
            left_out++;
            continue;
        }
        struct slice at = json_get_string(test, "validation_time");
        err_clear(&e);
        if (at.data)
            assert_int_equal(time_parse(at, &time, &e), 0);
        add_all(&anchors, json_get(test, "trusted_certs"));
        add_all(&others, json_get(test, "untrusted_intermediates"));
        certificate_list_init(&leaf);
        add_pem(&leaf, json_get_string(test, "peer_certificate"));
        assert_int_equal(leaf.count, 1);
        struct certificate parsed;
        bool valid =
            certificate_parse(&parsed, leaf.items[0], &e) == 0 &&
            certificate_verify_chain(leaf.items[0], others.items, others.count, anchors.items,
                                     anchors.count, time, PURPOSE_SERVER, &e) == 0;
        if (valid == slice_is(json_get_string(test, "expected_result"), "SUCCESS")) {
            right++;
        } else {
            wrong++;
            printf("%.*s: expected %.*s, %s %s\n", SLICE_ARG(json_get_string(test, "id")),
                   SLICE_ARG(json_get_string(test, "expected_result")), e.code, e.text);
        }
        certificate_list_fini(&anchors);
        certificate_list_fini(&others);
        certificate_list_fini(&leaf);
    }
    printf("x509-limbo: %u as expected, %u not this function's, %u wrong\n", right, left_out,
           wrong);
    assert_int_equal(wrong, 0);
    json_doc_free(doc);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pkits), cmocka_unit_test(limbo)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
