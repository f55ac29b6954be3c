/* SPDX-License-Identifier: Apache-2.0 */
/* Time-stamps: OpenSSL reads what we ask, and made the answers that we read. */
#include "evidence/seal/stamp.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

#include <openssl/ts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define CORPUS "tests/fuzz/corpus/evidence_stamp/"

static const char stamped[] = "stamped bytes\n";

static void requests(void **state)
{
    static const char *const policies[] = {NULL, "1.2.3.4.5", "2.999.3", "0.4.0.2023.1.1",
                                           "1.3.6.1.4.1.18446744073709551"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        struct evidence_stamp_wish wish = {.stamped = slice_str(stamped),
                                           .nonce = {0, 0x80, 3, 4, 5, 6, 7, 8},
                                           .policy = policies[i]};
        struct err e = {0};
        struct buf der;
        char oid[128];
        buf_init(&der);
        assert_int_equal(evidence_stamp_request(&wish, &der, &e), 0);
        const unsigned char *at = der.data;
        TS_REQ *theirs = d2i_TS_REQ(NULL, &at, (long)der.len);
        assert_non_null(theirs);
        assert_ptr_equal(at, der.data + der.len);
        assert_int_equal(TS_REQ_get_cert_req(theirs), 1);
        assert_int_equal(ASN1_STRING_length(TS_REQ_get_nonce(theirs)), 7);
        assert_int_equal(ASN1_STRING_length(TS_MSG_IMPRINT_get_msg(TS_REQ_get_msg_imprint(theirs))),
                         32);
        if (policies[i]) {
            OBJ_obj2txt(oid, sizeof oid, TS_REQ_get_policy_id(theirs), 1);
            assert_string_equal(oid, policies[i]);
        } else {
            assert_null(TS_REQ_get_policy_id(theirs));
        }
        TS_REQ_free(theirs);
        buf_fini(&der);
    }
}

static void policies_that_are_none(void **state)
{
    static const char *const none[] = {
        "",     "1",   "1.",   "1..2", ".1.2", "1.2.", "3.1",
        "1.40", "1.x", "01.2", "1.02", "1.2 ", "-1.2", "1.2.99999999999999999999"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        struct evidence_stamp_wish wish = {.stamped = slice_str(stamped), .policy = none[i]};
        struct err e = {0};
        struct buf der;
        buf_init(&der);
        if (evidence_stamp_request(&wish, &der, &e) == 0)
            fail_msg("\"%s\" was taken for a policy", none[i]);
        assert_string_equal(e.code, "stamp.policy");
        buf_fini(&der);
    }
}

static void load(const char *name, struct buf *b)
{
    struct err e = {0};
    buf_init(b);
    assert_int_equal(file_read(name, 1 << 20, b, &e), 0);
}

static void answers(void **state)
{
    struct buf good, refused, same;
    struct slice token;
    struct evidence_stamp stamp;
    struct err e = {0};
    char at[TIME_TEXT];
    (void)state;
    load(CORPUS "good.tsr", &good);
    load(CORPUS "refused.tsr", &refused);
    buf_init(&same);
    assert_int_equal(evidence_stamp_token(buf_slice(&good), &token, &e), 0);
    assert_int_equal(evidence_stamp_check(token, slice_str(stamped), NULL, NULL, &stamp, &e), 0);
    assert_string_equal(stamp.policy, "1.2.3.4.5");
    assert_string_equal(stamp.serial, "01");
    assert_string_equal(stamp.authority, "CN=time");
    assert_true(stamp.has_accuracy && stamp.accuracy == 1500000 && !stamp.chain_checked);
    time_format(stamp.at, at);
    assert_string_equal(at, "2026-11-22T10:06:13Z");
    evidence_stamp_answer(token, &same); /* openssl ts adds nothing to "granted" */
    assert_true(slice_equal(buf_slice(&same), buf_slice(&good)));
    assert_int_equal(evidence_stamp_check(token, slice_str("x"), NULL, NULL, &stamp, &e), -1);
    assert_string_equal(e.code, "stamp.imprint");
    err_clear(&e);
    assert_int_equal(evidence_stamp_token(buf_slice(&refused), &token, &e), -1);
    assert_string_equal(e.code, "stamp.refused");
    assert_non_null(strstr(e.text, "no such policy"));
    buf_fini(&good);
    buf_fini(&refused);
    buf_fini(&same);
}

/* Each bit, but those of certificates that the signature does not name: stamp.json names those. */
static void each_byte(void **state)
{
    struct buf good, same;
    struct slice token;
    struct signed_data s;
    struct evidence_stamp stamp;
    struct err e = {0};
    size_t other[2] = {0, 0};
    (void)state;
    load(CORPUS "good.tsr", &good);
    buf_init(&same);
    assert_int_equal(evidence_stamp_token(buf_slice(&good), &token, &e), 0);
    assert_int_equal(signed_data_parse(&s, token, &e), 0);
    assert_int_equal(s.certificate_count, 2);
    for (size_t i = 0; i < s.certificate_count; i++) {
        struct certificate c;
        assert_int_equal(certificate_parse(&c, s.certificates[i], &e), 0);
        if (!slice_is(c.common_name, "time")) {
            other[0] = (size_t)(s.certificates[i].data - good.data);
            other[1] = other[0] + s.certificates[i].len;
        }
    }
    assert_true(other[1] > other[0]);
    for (size_t i = 0; i < good.len; i++)
        for (unsigned bit = 0; bit < 8 && !(i >= other[0] && i < other[1]); bit++) {
            good.data[i] ^= (uint8_t)(1U << bit);
            bool taken =
                evidence_stamp_token(buf_slice(&good), &token, &e) == 0 &&
                evidence_stamp_check(token, slice_str(stamped), NULL, NULL, &stamp, &e) == 0;
            if (taken) { /* as verify does: only one form of an answer is kept */
                buf_reset(&same);
                evidence_stamp_answer(token, &same);
                taken = slice_equal(buf_slice(&same), buf_slice(&good));
            }
            if (taken)
                fail_msg("byte %zu, bit %u may be another", i, bit);
            err_clear(&e);
            good.data[i] ^= (uint8_t)(1U << bit);
        }
    buf_fini(&good);
    buf_fini(&same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(policies_that_are_none),
        cmocka_unit_test(answers),
        cmocka_unit_test(each_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
