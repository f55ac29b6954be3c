/* SPDX-License-Identifier: Apache-2.0 */
/* The signed envelope (docs/formats.md section 1.1): made, read, verified, and with openssl too. */
#include "../support/authority.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/memory.h"
#include "crypto/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define BEGIN INT64_C(1795262400000000)
#define NOW (BEGIN + INT64_C(3600000000))

static const char payload[] = "{\"asset\":\"a\",\"format\":\"tocsin-receipt/v1\",\"n\":1}";

struct fixture {
    struct identity root, ca, publisher, device, stranger;
    struct chain_verifier *verifier;
    struct err e;
};

static int set_up(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);

    identity_make(&f->root, IDENTITY_ROOT, "Root", key_in_folder(NULL, "", KEY_P256), NULL, BEGIN,
                  100);
    identity_make(&f->ca, IDENTITY_CA, "CA", key_in_folder(NULL, "", KEY_P256), &f->root, BEGIN,
                  50);
    identity_make(&f->publisher, IDENTITY_PUBLISHER, "P", key_in_folder(NULL, "", KEY_P256), &f->ca,
                  BEGIN, 10);
    identity_make(&f->device, IDENTITY_DEVICE, "D", key_in_folder(NULL, "", KEY_ED25519), &f->ca,
                  BEGIN, 10);
    identity_make(&f->stranger, IDENTITY_ROOT, "Stranger", key_in_folder(NULL, "", KEY_P256), NULL,
                  BEGIN, 100);
    struct slice anchor = buf_slice(&f->root.certificate);
    f->verifier = chain_verifier_new(&anchor, 1, &f->e);
    assert_non_null(f->verifier);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    identity_fini(&f->root);
    identity_fini(&f->ca);
    identity_fini(&f->publisher);
    identity_fini(&f->device);
    identity_fini(&f->stranger);
    chain_verifier_free(f->verifier);
    mem_free(f);
    return 0;
}

static void build(struct fixture *f, const struct identity *identity, bool with_chain,
                  struct buf *out)
{
    struct slice chain[2] = {buf_slice(&identity->certificate), buf_slice(&f->ca.certificate)};
    struct envelope_signer signer = envelope_signer_of_key(identity->key, chain, 2);

    signer.leave_out_chain = !with_chain;
    if (envelope_build(out, slice_str(payload), &signer, &f->e) != 0)
        fail_msg("%s", f->e.text);
    assert_int_equal(json_check_canonical(buf_slice(out), &f->e), 0);
}

static void round_trip(void **state)
{
    struct fixture *f = *state;
    const struct identity *signers[2] = {&f->publisher, &f->device};
    const uint32_t purposes[2] = {PURPOSE_DOCUMENT, PURPOSE_CLIENT};
    struct envelope envelope;
    struct buf text;

    buf_init(&text);
    for (size_t i = 0; i < 2; i++) {
        buf_reset(&text);
        build(f, signers[i], true, &text);
        assert_int_equal(envelope_parse(&envelope, buf_slice(&text), "tocsin-receipt/v1", &f->e),
                         0);
        assert_true(slice_is(buf_slice(&envelope.payload), payload));
        assert_int_equal(envelope.chain_count, 2);
        assert_true(envelope_member_is(&envelope, "asset", slice_str("a")));
        assert_false(envelope_member_is(&envelope, "n", slice_str("1")));
        assert_int_equal(envelope_verify_chain(&envelope, f->verifier, NOW, purposes[i], &f->e), 0);
        /* whoever may not sign this, or not any more, or is under no anchor */
        assert_int_equal(envelope_verify_chain(&envelope, f->verifier, NOW, purposes[1 - i], &f->e),
                         -1);
        assert_string_equal(f->e.code, "chain.purpose");
        err_clear(&f->e);
        assert_int_equal(envelope_verify_chain(&envelope, f->verifier,
                                               NOW + INT64_C(864000000000) * 2, purposes[i], &f->e),
                         -1);
        assert_string_equal(f->e.code, "chain.expired");
        err_clear(&f->e);
        struct slice other = buf_slice(&f->stranger.certificate);
        struct chain_verifier *v = chain_verifier_new(&other, 1, &f->e);
        assert_int_equal(envelope_verify_chain(&envelope, v, NOW, purposes[i], &f->e), -1);
        chain_verifier_free(v);
        err_clear(&f->e);
        assert_int_equal(
            envelope_verify_certificate(&envelope, buf_slice(&signers[1 - i]->certificate), &f->e),
            -1);
        assert_string_equal(f->e.code, "envelope.signer");
        err_clear(&f->e);
        assert_int_equal(envelope_verify_key(&envelope, signers[1 - i]->key, &f->e), -1);
        assert_string_equal(f->e.code, "envelope.signature");
        err_clear(&f->e);
        envelope_fini(&envelope);
        /* elsewhere another format is expected */
        assert_int_equal(envelope_parse(&envelope, buf_slice(&text), "tocsin-outcome/v1", &f->e),
                         -1);
        assert_string_equal(f->e.code, "envelope.format");
        err_clear(&f->e);
    }
    buf_reset(&text);
    build(f, &f->device, false, &text);
    assert_int_equal(envelope_parse(&envelope, buf_slice(&text), NULL, &f->e), 0);
    assert_int_equal(envelope.chain_count, 0);
    assert_int_equal(
        envelope_verify_certificate(&envelope, buf_slice(&f->device.certificate), &f->e), 0);
    assert_int_equal(envelope_verify_chain(&envelope, f->verifier, NOW, PURPOSE_CLIENT, &f->e), -1);
    assert_string_equal(f->e.code, "envelope.no-chain");
    envelope_fini(&envelope);
    buf_fini(&text);
}

/* No changed byte survives reading and verifying. */
static void any_changed_byte_is_refused(void **state)
{
    struct fixture *f = *state;
    struct envelope envelope;
    struct buf text;

    buf_init(&text);
    build(f, &f->device, false, &text);
    for (size_t i = 0; i < text.len; i++)
        for (unsigned bit = 0; bit < 8; bit += 3) {
            text.data[i] ^= (uint8_t)(1u << bit);
            err_clear(&f->e);
            if (envelope_parse(&envelope, buf_slice(&text), "tocsin-receipt/v1", &f->e) == 0) {
                if (envelope_verify_certificate(&envelope, buf_slice(&f->device.certificate),
                                                &f->e) == 0)
                    fail_msg("byte %zu bit %u", i, bit);
                envelope_fini(&envelope);
            }
            text.data[i] ^= (uint8_t)(1u << bit);
        }
    buf_fini(&text);
}

static void bad_payloads_are_not_signed(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"format\":1}",
        "{ \"format\":\"a/v1\"}",
        "{\"format\":\"\"}",
        "{\"format\":\"a\\nb\"}",
    };
    struct fixture *f = *state;
    struct slice chain = buf_slice(&f->device.certificate);
    struct envelope_signer signer = envelope_signer_of_key(f->device.key, &chain, 1);
    struct buf out;

    buf_init(&out);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&f->e);
        if (envelope_build(&out, slice_str(bad[i]), &signer, &f->e) == 0)
            fail_msg("case %zu", i);
        assert_int_equal(out.len, 0);
    }
    signer.chain_count = 0;
    err_clear(&f->e);
    assert_int_equal(envelope_build(&out, slice_str(payload), &signer, &f->e), -1);
    buf_fini(&out);
}

static void malformed_envelopes(void **state)
{
#define HASH "sha256:0000000000000000000000000000000000000000000000000000000000000000"
#define FIRST "{\"certificate\":\"" HASH "\","
    static const char *const bad[] = {
        "[]",
        "{}",
        FIRST "\"format\":\"tocsin-signed/v2\",\"payload\":\"e30=\",\"signature\":\"AA==\"}",
        FIRST "\"format\":\"tocsin-signed/v1\",\"payload\":\"e30\",\"signature\":\"AA==\"}",
        FIRST "\"format\":\"tocsin-signed/v1\",\"payload\":\"e30=\",\"signature\":\"\"}",
        FIRST "\"format\":\"tocsin-signed/v1\",\"payload\":\"e30=\",\"signature\":\"AA==\"}",
        FIRST "\"format\":\"tocsin-signed/v1\",\"payload\":\"e30=\"}",
        FIRST "\"format\":\"tocsin-signed/v1\",\"more\":1,\"payload\":\"e30=\",\"signature\":"
              "\"AA==\"}",
        FIRST "\"chain\":[],\"format\":\"tocsin-signed/v1\",\"payload\":\"e30=\",\"signature\":"
              "\"AA==\"}",
        FIRST "\"chain\":[1],\"format\":\"tocsin-signed/v1\",\"payload\":\"e30=\",\"signature\":"
              "\"AA==\"}",
    };
    struct fixture *f = *state;
    struct envelope envelope;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&f->e);
        if (envelope_parse(&envelope, slice_str(bad[i]), NULL, &f->e) == 0)
            fail_msg("case %zu", i);
    }
}

/* The commands of docs/formats.md section 1.1. */
static void openssl_verifies_it(void **state)
{
    struct fixture *f = *state;
    char folder[] = "/tmp/journal-envelope-XXXXXX", path[128], command[600];
    struct envelope envelope;
    struct buf text, message, pem;

    buf_init(&text);
    buf_init(&message);
    buf_init(&pem);
    assert_non_null(mkdtemp(folder));
    build(f, &f->publisher, true, &text);
    assert_int_equal(envelope_parse(&envelope, buf_slice(&text), NULL, &f->e), 0);
    envelope_message(&message, slice_str("tocsin-receipt/v1"), slice_str(payload));
    snprintf(path, sizeof path, "%s/m", folder);
    assert_int_equal(file_write(path, buf_slice(&message), 0600, &f->e), 0);
    snprintf(path, sizeof path, "%s/s", folder);
    assert_int_equal(file_write(path, buf_slice(&envelope.signature), 0600, &f->e), 0);
    assert_int_equal(key_public_to_pem(f->publisher.key, &pem, &f->e), 0);
    snprintf(path, sizeof path, "%s/key.pem", folder);
    assert_int_equal(file_write(path, buf_slice(&pem), 0600, &f->e), 0);
    snprintf(command, sizeof command,
             "cd %s && openssl dgst -sha256 -verify key.pem -signature s m >/dev/null && "
             "printf x >> m && ! openssl dgst -sha256 -verify key.pem -signature s m >/dev/null "
             "2>&1; e=$?; rm -rf %s; exit $e",
             folder, folder);
    assert_int_equal(system(command), 0);
    envelope_fini(&envelope);
    buf_fini(&text);
    buf_fini(&message);
    buf_fini(&pem);
}

static void hashes_as_text(void **state)
{
    char text[HASH_TEXT];
    uint8_t hash[32] = {0xAB, 1, 2}, back[32];

    (void)state;
    hash_text_format(hash, text);
    assert_int_equal(hash_text_parse(slice_str(text), back), 0);
    assert_memory_equal(hash, back, 32);
    text[7] = 'A'; /* upper case: a second text for one hash */
    assert_int_equal(hash_text_parse(slice_str(text), back), -1);
    assert_int_equal(hash_text_parse(slice_str("sha256:ab"), back), -1);
    assert_int_equal(hash_text_parse(slice_of(NULL, 0), back), -1);
}

static void torture(void **state)
{
    struct fixture *f = *state;
    struct slice chain[2] = {buf_slice(&f->publisher.certificate), buf_slice(&f->ca.certificate)};
    struct envelope_signer signer = envelope_signer_of_key(f->publisher.key, chain, 2);
    bool done = false;

    for (long k = 0; !done; k++) {
        struct envelope envelope;
        struct buf text;
        assert_true(k < 500);
        err_clear(&f->e);
        buf_init(&text);
        mem_fail_after(k);
        done = envelope_build(&text, slice_str(payload), &signer, &f->e) == 0;
        if (done && (done = envelope_parse(&envelope, buf_slice(&text), NULL, &f->e) == 0)) {
            done = envelope_verify_chain(&envelope, f->verifier, NOW, PURPOSE_DOCUMENT, &f->e) == 0;
            envelope_fini(&envelope);
        }
        mem_fail_after(-1);
        if (!done && f->e.kind != ERR_MEMORY)
            fail_msg("allocation %ld: %s (%s)", k, f->e.text, f->e.code);
        buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(any_changed_byte_is_refused),
        cmocka_unit_test(bad_payloads_are_not_signed),
        cmocka_unit_test(malformed_envelopes),
        cmocka_unit_test(openssl_verifies_it),
        cmocka_unit_test(hashes_as_text),
        cmocka_unit_test(torture),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
