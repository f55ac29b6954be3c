/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets a certificate, and what is in it: 27099 rows 30 to 37. */
#include "pki_fixture.h"
#include "crypto/name.h"

/* 27099 row 35: the profile decides every field */
static void a_device_certificate(void **state)
{
    struct fixture f;
    struct pki_issued issued;
    struct certificate_list anchors;
    struct certificate c;
    struct err e = {0};
    struct buf spki;
    char text[NAME_TEXT];

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    pki_issued_init(&issued);
    certificate_list_init(&anchors);
    new_spki(&spki, KEY_P256);
    struct pki_request request = device_request("ast_aaaaaaaaaaaaaaaaaaaaaaaaaa", &spki);
    issue(&f, &request, &issued);
    assert_int_equal(certificate_parse(&c, buf_slice(&issued.certificate), &e), 0);
    name_text(c.subject, text);
    assert_string_equal(text, "O=" ORG ", OU=device, CN=ast_aaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_true(slice_equal(c.spki, buf_slice(&spki)));
    assert_int_equal(c.key_usage, KEY_USAGE_DIGITAL_SIGNATURE);
    assert_int_equal(c.purposes, PURPOSE_CLIENT);
    assert_false(c.is_ca);
    assert_int_equal(c.serial.len, 16);
    assert_true(c.serial.data[0] >= 0x40 && c.serial.data[0] < 0x80);
    assert_true(c.crl_points.len > 0 && c.info_access.len > 0);
    assert_int_equal(c.not_after - c.not_before, 90 * DAY + HOUR);
    assert_int_equal(c.not_before % 1000000, 0);
    assert_int_equal(issued.subject, PKI_SUBJECT_DEVICE);
    assert_memory_equal(issued.serial, c.serial.data, 16);
    assert_int_equal(pki_authority_certificates(f.db, f.now, true, &anchors, &e), 0);
    assert_int_equal(anchors.count, 1);
    assert_int_equal(chains(&f, c.raw, anchors.items, 1, PURPOSE_CLIENT, &e), 0);
    assert_int_equal(chains(&f, c.raw, anchors.items, 1, PURPOSE_SERVER, &e), -1);

    struct pki_record record;
    struct buf der;
    buf_init(&der);
    assert_int_equal(pki_certificate_by_fingerprint(f.db, issued.fingerprint, &record, &der, &e),
                     1);
    assert_string_equal(record.id, issued.id);
    assert_int_equal(record.status, PKI_ACTIVE);
    assert_true(slice_equal(buf_slice(&der), c.raw));
    buf_fini(&der);
    certificate_list_fini(&anchors);
    pki_issued_fini(&issued);
    buf_fini(&spki);
    fixture_close(&f);
}

static void servers_and_operators(void **state)
{
    static const char *const hosts[] = {"centre.example", "192.0.2.1", "2001:db8::1"};
    static const char *const bad_hosts[] = {"",     "-a",        "a..b", "a_b", "a b",
                                            "x-.y", "*.example", ".a",   "a."};
    struct fixture f;
    struct pki_issued issued;
    struct certificate c;
    struct err e = {0};
    struct buf spki;

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    pki_issued_init(&issued);
    new_spki(&spki, KEY_P256);
    struct pki_request request = {.profile = "server",
                                  .organisation = ORG,
                                  .subject_id = "device-door",
                                  .spki = buf_slice(&spki),
                                  .host_names = hosts,
                                  .host_count = 3};
    issue(&f, &request, &issued);
    assert_int_equal(certificate_parse(&c, buf_slice(&issued.certificate), &e), 0);
    assert_true(slice_is(c.common_name, "centre.example"));
    assert_int_equal(c.purposes, PURPOSE_SERVER);
    assert_true(slice_is(certificate_alt_name(&c, GENERAL_NAME_DNS), "centre.example"));
    assert_int_equal(certificate_alt_name(&c, GENERAL_NAME_IP).len, 4);
    for (size_t i = 0; i < ARRAY_LEN(bad_hosts); i++) {
        new_spki(&spki, KEY_P256);
        request.spki = buf_slice(&spki);
        request.host_names = &bad_hosts[i];
        request.host_count = 1;
        refuse(&f, &request, "pki.host-name");
    }
    request.host_count = 0;
    refuse(&f, &request, "pki.host-name");
    request.profile = "operator";
    request.subject_id = "opr_x";
    issue(&f, &request, &issued);
    request.profile = "device";
    request.host_names = hosts;
    request.host_count = 1;
    refuse(&f, &request, "pki.host-name");
    request.profile = "issuing-ca";
    refuse(&f, &request, "pki.profile-authority");
    request.profile = "no-such";
    refuse(&f, &request, "pki.profile-unknown");
    pki_issued_fini(&issued);
    buf_fini(&spki);
    fixture_close(&f);
}

/* 27099 rows 29, 32 */
static void keys_are_checked(void **state)
{
    struct fixture f;
    struct pki_issued issued;
    struct err e = {0};
    struct buf spki;
    uint8_t hash[32];

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    pki_issued_init(&issued);
    new_spki(&spki, KEY_P256);
    struct pki_request request = device_request("ast_a", &spki);
    issue(&f, &request, &issued);
    struct pki_request other = request;
    other.subject_id = "ast_b";
    refuse(&f, &other, "pki.key-taken");
    other = request;
    other.organisation = OTHER;
    refuse(&f, &other, "pki.key-taken");
    other = request;
    other.profile = "operator"; /* the same id, but another kind of subject */
    refuse(&f, &other, "pki.key-taken");
    issue(&f, &request, &issued); /* enrolled anew after a lost answer */

    new_spki(&spki, KEY_P256);
    struct key *key = key_from_spki(buf_slice(&spki), &e);
    assert_int_equal(key_fingerprint(key, hash, &e), 0);
    key_free(key);
    assert_int_equal(db_begin(f.db, &e), 0);
    assert_int_equal(pki_block_key(f.db, &f.pki, hash, "found in a firmware image", &e), 0);
    assert_int_equal(pki_block_key(f.db, &f.pki, hash, "twice is fine", &e), 0);
    assert_int_equal(db_commit(f.db, &e), 0);
    request = device_request("ast_c", &spki);
    refuse(&f, &request, "pki.key-blocked");

    spki.data[spki.len - 1] ^= 1;
    refuse(&f, &request, "crypto.key-weak");
    new_spki(&spki, KEY_ED25519);
    request = (struct pki_request){.profile = "publication-signer",
                                   .organisation = ORG,
                                   .subject_id = "x",
                                   .spki = buf_slice(&spki)};
    refuse(&f, &request, "pki.key-kind");
    request = device_request("ast_d", &spki);
    request.exercise = true;
    refuse(&f, &request, "pki.exercise");
    request.exercise = false;
    request.not_after = f.now;
    refuse(&f, &request, "pki.validity");
    pki_issued_fini(&issued);
    buf_fini(&spki);
    fixture_close(&f);
}

/* 27099 row 34: renewal and rekey, each with its own rules */
static void renewal(void **state)
{
    struct fixture f;
    struct pki_issued first, next;
    struct pki_record record;
    struct err e = {0};
    struct buf spki, other_key;

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    buf_init(&other_key);
    pki_issued_init(&first);
    pki_issued_init(&next);
    new_spki(&spki, KEY_P256);
    new_spki(&other_key, KEY_P256);
    struct pki_request request = device_request("ast_a", &spki);
    issue(&f, &request, &first);
    f.now += 60 * DAY;
    request.renews = first.id;
    issue(&f, &request, &next); /* renewal: same key */
    assert_int_equal(next.not_after - first.not_after, 60 * DAY);
    request.spki = buf_slice(&other_key);
    issue(&f, &request, &next); /* rekey */
    assert_int_equal(pki_certificate_find(f.db, next.id, &record, NULL, &e), 1);
    assert_string_equal(record.renews, first.id);

    struct pki_request foreign = request;
    foreign.subject_id = "ast_b";
    new_spki(&other_key, KEY_P256);
    foreign.spki = buf_slice(&other_key);
    refuse(&f, &foreign, "pki.renew-subject");
    foreign = request;
    foreign.spki = buf_slice(&other_key);
    foreign.organisation = OTHER;
    refuse(&f, &foreign, "pki.renew-subject");
    request.spki = buf_slice(&other_key);
    request.renews = "crt_unknown";
    refuse(&f, &request, "pki.renew-unknown");
    f.now = first.not_after + 1;
    request.renews = first.id;
    refuse(&f, &request, "pki.renew-expired");
    request.renews = next.id;
    issue(&f, &request, &next);
    assert_int_equal(db_begin(f.db, &e), 0);
    assert_int_equal(pki_revoke(f.db, &f.pki, next.id, CRL_SUPERSEDED, 0, &record, &e), 0);
    assert_int_equal(db_commit(f.db, &e), 0);
    request.renews = next.id;
    refuse(&f, &request, "pki.renew-revoked");

    /* an operator's new certificate needs a new key */
    new_spki(&spki, KEY_P256);
    request = (struct pki_request){.profile = "operator",
                                   .organisation = ORG,
                                   .subject_id = "opr_a",
                                   .spki = buf_slice(&spki)};
    issue(&f, &request, &first);
    request.renews = first.id;
    refuse(&f, &request, "pki.renew-same-key");
    pki_issued_fini(&first);
    pki_issued_fini(&next);
    buf_fini(&spki);
    buf_fini(&other_key);
    fixture_close(&f);
}

static void nobody_hoards(void **state)
{
    struct fixture f;
    struct pki_issued issued;
    struct buf spki;

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    pki_issued_init(&issued);
    new_spki(&spki, KEY_P256);
    struct pki_request request = device_request("ast_a", &spki);
    for (int i = 0; i < 16; i++)
        issue(&f, &request, &issued);
    refuse(&f, &request, "pki.renew-limit");
    f.now += 91 * DAY; /* those are over */
    issue(&f, &request, &issued);
    pki_issued_fini(&issued);
    buf_fini(&spki);
    fixture_close(&f);
}

/* 27099 row 37: recorded before it is signed; a crash in between is accounted for */
static void intent_before_signature(void **state)
{
    struct fixture f;
    struct pki_intended intended, again;
    struct pki_issued issued;
    struct pki_signed checked;
    struct pki_record record;
    struct err e = {0};
    struct buf spki, signature;
    char ids[4][ID_TEXT];

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    buf_init(&signature);
    pki_intended_init(&intended);
    pki_intended_init(&again);
    pki_issued_init(&issued);
    new_spki(&spki, KEY_P256);
    struct pki_request request = device_request("ast_a", &spki);
    assert_int_equal(db_begin(f.db, &e), 0);
    assert_int_equal(pki_issue_begin(f.db, &f.pki, &request, &intended, &e), 0);
    assert_int_equal(db_commit(f.db, &e), 0);
    assert_string_equal(intended.key, "issuing-1");
    assert_int_equal(pki_certificate_find(f.db, intended.id, &record, NULL, &e), 1);
    assert_int_equal(record.status, PKI_INTENDED);

    /* "the process died here": the next one finds it, and the very same TBS */
    assert_int_equal(pki_intended_list(f.db, "", ids, 4, &e), 1);
    assert_string_equal(ids[0], intended.id);
    assert_int_equal(pki_intended_list(f.db, ids[0], ids, 4, &e), 0);
    assert_int_equal(pki_intended_load(f.db, intended.id, &again, &e), 1);
    assert_true(slice_equal(buf_slice(&again.tbs), buf_slice(&intended.tbs)));
    assert_memory_equal(again.serial, intended.serial, PKI_SERIAL_LEN);
    assert_string_equal(again.key, intended.key);
    assert_true(slice_equal(buf_slice(&again.issuer_spki), buf_slice(&intended.issuer_spki)));

    struct slice tbs = buf_slice(&again.tbs);
    assert_int_equal(signer_client_sign_certificate(f.signer, again.key, tbs, &signature, &e), 0);
    signature.data[signature.len - 1] ^= 1;
    assert_int_equal(pki_signature_check(tbs, buf_slice(&again.issuer_spki), buf_slice(&signature),
                                         &checked, &e),
                     -1);
    err_clear(&e);
    signature.data[signature.len - 1] ^= 1;
    assert_int_equal(pki_signature_check(tbs, buf_slice(&again.issuer_spki), buf_slice(&signature),
                                         &checked, &e),
                     0);
    struct pki_signed other = checked;
    other.tbs_hash[0] ^= 1;
    assert_int_equal(db_begin(f.db, &e), 0);
    assert_int_equal(pki_issue_finish(f.db, &f.pki, again.id, &other, &issued, &e), -1);
    assert_string_equal(e.code, "pki.tbs-changed");
    err_clear(&e);
    assert_int_equal(pki_issue_finish(f.db, &f.pki, again.id, &checked, &issued, &e), 0);
    assert_int_equal(pki_issue_finish(f.db, &f.pki, again.id, &checked, &issued, &e), -1);
    assert_string_equal(e.code, "pki.not-intended");
    err_clear(&e);
    assert_int_equal(pki_issue_abandon(f.db, &f.pki, again.id, &e), -1);
    assert_string_equal(e.code, "pki.not-intended");
    err_clear(&e);
    assert_int_equal(db_commit(f.db, &e), 0);
    assert_int_equal(pki_intended_load(f.db, intended.id, &again, &e), 0);

    /* given up: its serial is revoked, for a signature may exist */
    new_spki(&spki, KEY_P256);
    request = device_request("ast_b", &spki);
    assert_int_equal(db_begin(f.db, &e), 0);
    assert_int_equal(pki_issue_begin(f.db, &f.pki, &request, &intended, &e), 0);
    assert_int_equal(pki_issue_abandon(f.db, &f.pki, intended.id, &e), 0);
    assert_int_equal(db_commit(f.db, &e), 0);
    struct buf der;
    struct crl crl;
    struct crl_entry entry;
    buf_init(&der);
    assert_int_equal(
        pki_crl_issue(f.db, &f.pki, f.signer, &pki_crl_plan_default, intended.authority, &der, &e),
        0);
    assert_int_equal(crl_parse(&crl, buf_slice(&der), &e), 0);
    assert_int_equal(crl_find(&crl, slice_of(intended.serial, PKI_SERIAL_LEN), &entry, &e), 1);
    buf_fini(&der);
    pki_intended_fini(&intended);
    pki_intended_fini(&again);
    pki_issued_fini(&issued);
    buf_fini(&spki);
    buf_fini(&signature);
    fixture_close(&f);
}

/* Every allocation fails once on the way: an error, no leak, and the database goes on. */
static void torture(void **state)
{
    struct fixture f;
    struct buf spki;
    bool done = false;

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    new_spki(&spki, KEY_P256);
    struct pki_request request = device_request("ast_a", &spki);
    for (long k = 0; !done; k++) {
        struct pki_intended intended;
        struct pki_signed checked;
        struct pki_issued issued;
        struct buf signature;
        struct err e = {0};
        pki_intended_init(&intended);
        pki_issued_init(&issued);
        buf_init(&signature);
        mem_fail_after(k);
        done = db_begin(f.db, &e) == 0 &&
               pki_issue_begin(f.db, &f.pki, &request, &intended, &e) == 0 &&
               signer_client_sign_certificate(f.signer, intended.key, buf_slice(&intended.tbs),
                                              &signature, &e) == 0 &&
               pki_signature_check(buf_slice(&intended.tbs), buf_slice(&intended.issuer_spki),
                                   buf_slice(&signature), &checked, &e) == 0 &&
               pki_issue_finish(f.db, &f.pki, intended.id, &checked, &issued, &e) == 0;
        mem_fail_after(-1);
        assert_true(done != err_is_set(&e));
        db_rollback(f.db);
        pki_intended_fini(&intended);
        pki_issued_fini(&issued);
        buf_fini(&signature);
        assert_true(k < 1000);
    }
    buf_fini(&spki);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_certificate),
        cmocka_unit_test(servers_and_operators),
        cmocka_unit_test(keys_are_checked),
        cmocka_unit_test(renewal),
        cmocka_unit_test(nobody_hoards),
        cmocka_unit_test(intent_before_signature),
        cmocka_unit_test(torture),
    };
    return RUN_ON_BOTH_ENGINES(tests);
}
