/* SPDX-License-Identifier: Apache-2.0 */
/* Making authorities, rolling them over, and the bodies of EST. */
#include "pki_fixture.h"
#include "base/encoding.h"
#include "crypto/name.h"
#include "crypto/pem.h"
#include "crypto/pkcs7.h"

static void authorities(void **state)
{
    struct fixture f;
    struct pki_authority root, issuing;
    struct certificate r, i, p;
    struct certificate_list list, publication;
    struct err e = {0};

    (void)state;
    fixture_open(&f);
    pki_authority_init(&root);
    pki_authority_init(&issuing);
    certificate_list_init(&list);
    certificate_list_init(&publication);
    assert_int_equal(pki_authority_current(f.db, PKI_ROOT, &root, &e), 0);
    assert_int_equal(pki_authority_current(f.db, PKI_ISSUING, &issuing, &e), 0);
    assert_int_equal(certificate_parse(&r, buf_slice(&root.certificate), &e), 0);
    assert_int_equal(certificate_parse(&i, buf_slice(&issuing.certificate), &e), 0);
    assert_true(slice_equal(r.issuer, r.subject));
    assert_true(slice_equal(i.issuer, r.subject));
    assert_true(r.is_ca && i.is_ca);
    assert_int_equal(r.path_length, -1);
    assert_int_equal(i.path_length, 0);
    assert_true(i.not_after <= r.not_after);
    assert_int_equal(r.crl_points.len, 0); /* a root is not revoked by itself */
    assert_true(i.crl_points.len > 0);     /* the root's own list, by the root's id */
    assert_non_null(memmem(i.crl_points.data, i.crl_points.len, root.id, strlen(root.id)));
    assert_int_equal(pki_authority_certificates(f.db, f.now, false, &list, &e), 0);
    assert_int_equal(list.count, 2);
    assert_int_equal(pki_publication_chain(f.db, f.now, &publication, &e), 0);
    assert_int_equal(publication.count, 2);
    assert_int_equal(certificate_parse(&p, publication.items[0], &e), 0);
    assert_int_equal(p.purposes, PURPOSE_DOCUMENT);
    assert_true(slice_equal(publication.items[1], i.raw));
    assert_int_equal(certificate_verify_chain(p.raw, &publication.items[1], 1, &list.items[0], 1,
                                              f.now, PURPOSE_DOCUMENT, &e),
                     0);

    /* run again: nothing new is made */
    assert_int_equal(pki_setup(f.db, &f.pki, f.signer, &f.setup, &e), 0);
    certificate_list_fini(&list);
    certificate_list_fini(&publication);
    assert_int_equal(pki_authority_certificates(f.db, f.now, false, &list, &e), 0);
    assert_int_equal(list.count, 2);
    assert_int_equal(pki_publication_chain(f.db, f.now, &publication, &e), 0);
    assert_true(slice_equal(publication.items[0], publication.items[0]));
    certificate_list_fini(&list);
    certificate_list_fini(&publication);
    pki_authority_fini(&root);
    pki_authority_fini(&issuing);
    fixture_close(&f);
}

static void every_kind_of_key(void **state)
{
    static const enum key_kind kinds[] = {KEY_P384, KEY_RSA};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct fixture f;
        struct certificate_list anchors;
        struct pki_issued issued;
        struct err e = {0};
        struct buf spki;
        fixture_open_empty(&f);
        f.setup.kind = kinds[i];
        f.setup.crl_url = NULL;
        f.setup.issuer_url = NULL;
        assert_int_equal(pki_setup(f.db, &f.pki, f.signer, &f.setup, &e), 0);
        buf_init(&spki);
        pki_issued_init(&issued);
        certificate_list_init(&anchors);
        new_spki(&spki, kinds[i]);
        struct pki_request request = device_request("ast_a", &spki);
        issue(&f, &request, &issued);
        assert_int_equal(pki_authority_certificates(f.db, f.now, true, &anchors, &e), 0);
        assert_int_equal(
            chains(&f, buf_slice(&issued.certificate), anchors.items, 1, PURPOSE_CLIENT, &e), 0);
        certificate_list_fini(&anchors);
        pki_issued_fini(&issued);
        buf_fini(&spki);
        fixture_close(&f);
    }
}

/* Stopped at any allocation and run again from there: in the end one root and one issuing CA. */
static void interrupted(void **state)
{
    struct fixture f;
    struct certificate_list list;
    struct err e = {0};
    bool done = false;
    long tries = 0;

    (void)state;
    fixture_open_empty(&f);
    for (long k = 0; !done; k += 3) {
        err_clear(&e);
        mem_fail_after(k);
        done = pki_setup(f.db, &f.pki, f.signer, &f.setup, &e) == 0;
        mem_fail_after(-1);
        assert_true(done != err_is_set(&e));
        assert_false(db_in_transaction(f.db));
        assert_true(++tries < 1000);
    }
    certificate_list_init(&list);
    assert_int_equal(pki_authority_certificates(f.db, f.now, false, &list, &e), 0);
    assert_int_equal(list.count, 2);
    certificate_list_fini(&list);
    fixture_close(&f);
}

/* 27099 row 17: new-with-old; what devices with the old root see */
static void rollover(void **state)
{
    struct fixture f;
    struct certificate_list old_anchors, anchors, all;
    struct pki_authority old_issuing, issuing;
    struct pki_issued before, after;
    struct certificate c;
    struct err e = {0};
    struct buf spki, der;

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    buf_init(&der);
    pki_issued_init(&before);
    pki_issued_init(&after);
    pki_authority_init(&old_issuing);
    pki_authority_init(&issuing);
    certificate_list_init(&old_anchors);
    certificate_list_init(&anchors);
    certificate_list_init(&all);
    assert_int_equal(pki_authority_certificates(f.db, f.now, true, &old_anchors, &e), 0);
    assert_int_equal(pki_authority_current(f.db, PKI_ISSUING, &old_issuing, &e), 0);
    new_spki(&spki, KEY_P256);
    struct pki_request request = device_request("ast_a", &spki);
    issue(&f, &request, &before);

    f.now += 60 * DAY;
    assert_int_equal(pki_rollover(f.db, &f.pki, f.signer, &f.setup, &e), 0);
    assert_int_equal(pki_authority_current(f.db, PKI_ISSUING, &issuing, &e), 0);
    assert_string_equal(issuing.key, "issuing-2");
    assert_int_equal(pki_authority_certificates(f.db, f.now, true, &anchors, &e), 0);
    assert_int_equal(anchors.count, 2); /* cacerts carries both */
    assert_true(slice_equal(anchors.items[1], old_anchors.items[0]));
    assert_int_equal(pki_authority_certificates(f.db, f.now, false, &all, &e), 0);
    assert_int_equal(all.count, 5); /* two roots, two issuing, one link */
    new_spki(&spki, KEY_P256);
    request = device_request("ast_b", &spki);
    issue(&f, &request, &after);
    assert_int_equal(certificate_parse(&c, buf_slice(&after.certificate), &e), 0);

    /* who knows only the old root follows the link; who knows only the new one needs none */
    if (chains(&f, c.raw, old_anchors.items, 1, PURPOSE_CLIENT, &e) != 0)
        fail_msg("%s: %s (%s)", e.code, e.text, e.where);
    assert_int_equal(chains(&f, c.raw, anchors.items, 1, PURPOSE_CLIENT, &e), 0);
    /* without the link the old root says nothing about the new CA */
    assert_int_equal(
        certificate_verify_chain(c.raw, &all.items[2], 2, old_anchors.items, 1, f.now, 0, &e), -1);
    assert_string_equal(e.code, "chain.untrusted");
    err_clear(&e);
    /* what a door sends along is enough for both */
    certificate_list_fini(&all);
    assert_int_equal(pki_authority_chain(f.db, f.now, &all, &e), 0);
    assert_int_equal(all.count, 2);
    for (size_t i = 0; i < anchors.count; i++)
        assert_int_equal(certificate_verify_chain(c.raw, all.items, all.count, &anchors.items[i], 1,
                                                  f.now, PURPOSE_CLIENT, &e),
                         0);
    /* a device of before renews under the new authority */
    new_spki(&spki, KEY_P256);
    request = device_request("ast_a", &spki);
    request.renews = before.id;
    f.now -= 59 * DAY; /* a clock that jumps back makes no certificates */
    refuse(&f, &request, "pki.issuer-not-yet-valid");
    f.now += 59 * DAY;
    issue(&f, &request, &after);
    for (size_t i = 0; i < anchors.count; i++)
        assert_int_equal(
            chains(&f, buf_slice(&after.certificate), &anchors.items[i], 1, PURPOSE_CLIENT, &e), 0);
    /* lists of the old authority go on */
    assert_int_equal(
        pki_crl_issue(f.db, &f.pki, f.signer, &pki_crl_plan_default, old_issuing.id, &der, &e), 0);
    /* the publication key is certified by the new one */
    certificate_list_fini(&all);
    assert_int_equal(pki_publication_chain(f.db, f.now, &all, &e), 0);
    assert_true(slice_equal(all.items[1], buf_slice(&issuing.certificate)));
    assert_int_equal(pki_rollover(f.db, &f.pki, f.signer, &f.setup, &e), 0);
    assert_int_equal(pki_authority_current(f.db, PKI_ISSUING, &issuing, &e), 0);
    assert_string_equal(issuing.key, "issuing-3");
    certificate_list_fini(&all);
    certificate_list_fini(&anchors);
    certificate_list_fini(&old_anchors);
    pki_authority_fini(&issuing);
    pki_authority_fini(&old_issuing);
    pki_issued_fini(&before);
    pki_issued_fini(&after);
    buf_fini(&spki);
    buf_fini(&der);
    fixture_close(&f);
}

/* RFC 7030 sections 4.1.3, 4.2.1, 4.2.2, 4.5.2 */
static void est_bodies(void **state)
{
    struct fixture f;
    struct certificate_list all, again;
    struct pki_issued issued;
    struct certificate c;
    struct csr csr;
    struct err e = {0};
    struct buf body, der, request_der, text;
    struct key *key = key_generate(KEY_P256, &e);
    const struct csr_wish wish = {
        .subject = {.organisation = ORG, .organisational_unit = "device", .common_name = "ast_a"}};

    (void)state;
    fixture_open(&f);
    buf_init(&body);
    buf_init(&der);
    buf_init(&request_der);
    buf_init(&text);
    pki_issued_init(&issued);
    certificate_list_init(&all);
    certificate_list_init(&again);
    assert_int_equal(pki_authority_certificates(f.db, f.now, false, &all, &e), 0);
    assert_int_equal(pki_est_certificates(all.items, all.count, &body, &e), 0);
    assert_int_equal(base64_parse_lines(buf_slice(&body), &der), 0);
    assert_int_equal(pkcs7_certificates_parse(buf_slice(&der), &again, &e), 0);
    assert_int_equal(again.count, all.count);
    assert_true(slice_equal(again.items[1], all.items[1]));

    buf_reset(&body);
    assert_int_equal(pki_est_attributes(pki_profile_find(f.pki.profiles, "device", &e), &body, &e),
                     0);
    assert_string_equal(buf_text(&body), "MCEwFQYHKoZIzj0CATEKBggqhkjOPQMBBwYIKoZIzj0EAwI=");

    assert_int_equal(csr_build(key, &wish, &request_der, &e), 0);
    base64_put(&text, buf_slice(&request_der));
    struct buf wrapped;
    buf_init(&wrapped);
    for (size_t at = 0; at < text.len; at += 60) {
        buf_put(&wrapped, text.data + at, text.len - at < 60 ? text.len - at : 60);
        buf_puts(&wrapped, "\r\n");
    }
    struct buf pem;
    buf_init(&pem);
    pem_put(&pem, "CERTIFICATE REQUEST", buf_slice(&request_der));
    const struct slice forms[] = {buf_slice(&text), buf_slice(&wrapped), buf_slice(&pem),
                                  buf_slice(&request_der)};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        assert_int_equal(pki_est_request(forms[i], &der, &csr, &e), 0);
        assert_true(slice_equal(csr.raw, buf_slice(&request_der)));
    }
    static const char *const bad[] = {"", "x", "MIIB", "-----BEGIN CERTIFICATE-----\n", "AAAA"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        assert_int_equal(pki_est_request(slice_str(bad[i]), &der, &csr, &e), -1);
        assert_true(err_is_set(&e));
    }
    err_clear(&e);
    request_der.data[request_der.len - 5] ^= 1;
    assert_int_equal(pki_est_request(buf_slice(&request_der), &der, &csr, &e), -1);
    request_der.data[request_der.len - 5] ^= 1;
    err_clear(&e);

    assert_int_equal(pki_est_request(buf_slice(&request_der), &der, &csr, &e), 0);
    struct pki_request request = {
        .profile = "device", .organisation = ORG, .subject_id = "ast_a", .spki = csr.spki};
    issue(&f, &request, &issued);
    assert_int_equal(certificate_parse(&c, buf_slice(&issued.certificate), &e), 0);
    assert_int_equal(pki_est_same_subject(&csr, c.raw, &e), 0);
    struct csr_wish other = wish;
    other.subject.common_name = "ast_b";
    buf_reset(&request_der);
    assert_int_equal(csr_build(key, &other, &request_der, &e), 0);
    assert_int_equal(pki_est_request(buf_slice(&request_der), &der, &csr, &e), 0);
    assert_int_equal(pki_est_same_subject(&csr, c.raw, &e), -1);
    assert_string_equal(e.code, "est.subject-changed");
    buf_fini(&wrapped);
    buf_fini(&pem);
    buf_fini(&body);
    buf_fini(&der);
    buf_fini(&request_der);
    buf_fini(&text);
    certificate_list_fini(&all);
    certificate_list_fini(&again);
    pki_issued_fini(&issued);
    key_free(key);
    fixture_close(&f);
}

/* 27099 row 66: a profile is data */
static void profiles(void **state)
{
    static const char *const good =
        "{\"format\":\"tocsin-profile/v1\",\"name\":\"plc\",\"subject\":\"device\","
        "\"validity_hours\":24,\"key_usage\":[\"digitalSignature\",\"keyAgreement\"],"
        "\"purposes\":[\"clientAuth\"],\"keys\":[\"P-384\"]}";
    static const char *const bad[] = {
        "[]",
        "{\"format\":\"tocsin-profile/v2\"}",
        "{\"format\":\"tocsin-profile/v1\",\"name\":\"x\"}",
        "{\"format\":\"tocsin-profile/v1\",\"name\":\"X y\",\"subject\":\"device\","
        "\"validity_hours\":24,\"key_usage\":[\"digitalSignature\"],\"purposes\":[\"clientAuth\"],"
        "\"keys\":[\"P-256\"]}",
        "{\"format\":\"tocsin-profile/v1\",\"name\":\"x\",\"subject\":\"device\","
        "\"validity_hours\":24,\"key_usage\":[\"keyCertSign\"],\"purposes\":[\"clientAuth\"],"
        "\"keys\":[\"P-256\"]}",
        "{\"format\":\"tocsin-profile/v1\",\"name\":\"x\",\"subject\":\"device\",\"ca\":true,"
        "\"validity_hours\":24,\"key_usage\":[\"keyCertSign\",\"cRLSign\"],\"keys\":[\"P-256\"]}",
        "{\"format\":\"tocsin-profile/v1\",\"name\":\"x\",\"subject\":\"device\",\"smuggle\":1,"
        "\"validity_hours\":24,\"key_usage\":[\"digitalSignature\"],\"purposes\":[\"clientAuth\"],"
        "\"keys\":[\"P-256\"]}",
        "{\"format\":\"tocsin-profile/v1\",\"name\":\"x\",\"subject\":\"device\","
        "\"validity_hours\":-1,\"key_usage\":[\"digitalSignature\"],\"purposes\":[\"clientAuth\"],"
        "\"keys\":[\"P-256\"]}",
        "{\"format\":\"tocsin-profile/v1\",\"name\":\"x\",\"subject\":\"device\","
        "\"validity_hours\":1,\"key_usage\":[\"digitalSignature\"],\"purposes\":[\"emailing\"],"
        "\"keys\":[\"P-256\"]}",
    };
    struct fixture f;
    struct pki_issued issued;
    struct certificate c;
    struct err e = {0};
    struct buf spki;

    (void)state;
    fixture_open(&f);
    struct pki_profiles *own = pki_profiles_new(&e);
    buf_init(&spki);
    pki_issued_init(&issued);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        assert_int_equal(pki_profiles_add(own, slice_str(bad[i]), &e), -1);
        assert_string_equal(e.code, "pki.profile");
        assert_true(e.where[0]);
    }
    err_clear(&e);
    assert_int_equal(pki_profiles_add(own, slice_str(good), &e), 0);
    assert_int_equal(pki_profiles_add_folder(own, "/nonexistent", &e), 0);
    struct pki pki = f.pki;
    pki.profiles = own;
    new_spki(&spki, KEY_P384);
    struct pki_request request = device_request("ast_plc", &spki);
    request.profile = "plc";
    assert_int_equal(pki_issue(f.db, &pki, f.signer, &request, &issued, &e), 0);
    assert_int_equal(certificate_parse(&c, buf_slice(&issued.certificate), &e), 0);
    assert_int_equal(c.key_usage, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_AGREEMENT);
    new_spki(&spki, KEY_P256);
    request.spki = buf_slice(&spki);
    assert_int_equal(pki_issue(f.db, &pki, f.signer, &request, &issued, &e), -1);
    assert_string_equal(e.code, "pki.key-kind");
    size_t count = 0;
    while (pki_profile_at(own, count))
        count++;
    assert_int_equal(count, 8);
    pki_profiles_free(own);
    pki_issued_fini(&issued);
    buf_fini(&spki);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorities), cmocka_unit_test(every_kind_of_key),
        cmocka_unit_test(interrupted), cmocka_unit_test(rollover),
        cmocka_unit_test(est_bodies),  cmocka_unit_test(profiles),
    };
    return RUN_ON_BOTH_ENGINES(tests);
}
