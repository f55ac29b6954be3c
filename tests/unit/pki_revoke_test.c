/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation, lists, and the live table: 27099 rows 40, 41, 44. */
#include "pki_fixture.h"
#include "crypto/der.h"

static void make_list(struct fixture *f, const char *authority, struct buf *der, struct crl *crl)
{
    struct err e = {0};

    buf_reset(der);
    if (pki_crl_issue(f->db, &f->pki, f->signer, &pki_crl_plan_default, authority, der, &e) != 0)
        fail_msg("%s: %s", e.code, e.text);
    assert_int_equal(crl_parse(crl, buf_slice(der), &e), 0);
}

static uint64_t number_of(const struct crl *crl)
{
    uint64_t number = 0;

    for (size_t i = 0; i < crl->number.len; i++)
        number = number << 8 | crl->number.data[i];
    return number;
}

static void revoke_now(struct fixture *f, const char *id, int reason, int64_t since)
{
    struct pki_record record;
    struct err e = {0};

    assert_int_equal(db_begin(f->db, &e), 0);
    assert_int_equal(pki_revoke(f->db, &f->pki, id, reason, since, &record, &e), 0);
    assert_int_equal(db_commit(f->db, &e), 0);
    assert_int_equal(record.status, PKI_REVOKED);
    assert_int_equal(record.revoked_at, f->now);
    assert_int_equal(record.reason, reason);
}

static void lists(void **state)
{
    struct fixture f;
    struct pki_authority authority;
    struct pki_issued issued[4];
    struct certificate issuer, c;
    struct crl_entry entry;
    struct crl crl;
    struct err e = {0};
    struct buf spki, der;
    static const int reasons[] = {CRL_UNSPECIFIED, CRL_KEY_COMPROMISE, CRL_SUPERSEDED};

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    buf_init(&der);
    pki_authority_init(&authority);
    assert_int_equal(pki_authority_current(f.db, PKI_ISSUING, &authority, &e), 0);
    assert_int_equal(certificate_parse(&issuer, buf_slice(&authority.certificate), &e), 0);
    for (int i = 0; i < 4; i++) {
        char asset[16];
        snprintf(asset, sizeof(asset), "ast_%d", i);
        new_spki(&spki, KEY_P256);
        struct pki_request request = device_request(asset, &spki);
        pki_issued_init(&issued[i]);
        issue(&f, &request, &issued[i]);
    }
    make_list(&f, authority.id, &der, &crl);
    assert_int_equal(crl.entries.len, 0);
    assert_int_equal(number_of(&crl), 1);
    assert_int_equal(crl.next_update - crl.this_update, 7 * DAY);
    assert_true(slice_equal(crl.issuer, issuer.subject));
    assert_true(slice_equal(crl.authority_key_id, issuer.subject_key_id));
    struct key *key = key_from_spki(issuer.spki, &e);
    assert_int_equal(crl_check_signature(&crl, key, &e), 0);

    for (int i = 0; i < 3; i++) {
        f.now += HOUR;
        revoke_now(&f, issued[i].id, reasons[i], i == 1 ? f.now - DAY : 0);
    }
    make_list(&f, authority.id, &der, &crl);
    assert_int_equal(number_of(&crl), 2);
    assert_int_equal(crl_check_signature(&crl, key, &e), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(certificate_parse(&c, buf_slice(&issued[i].certificate), &e), 0);
        int found = crl_find(&crl, c.serial, &entry, &e);
        assert_int_equal(found, i < 3);
        if (found == 1) {
            assert_int_equal(entry.reason, reasons[i]);
            assert_int_equal(entry.invalid_since != 0, i == 1);
        }
    }
    struct slice rest = crl.entries; /* row 41: unspecified is no extension */
    while (crl_entry_next(&rest, &entry, &e) == 1 && entry.reason != CRL_UNSPECIFIED)
        ;
    assert_int_equal(entry.reason, CRL_UNSPECIFIED);
    assert_null(memmem(crl.tbs.data, crl.tbs.len, "\x0a\x01\x00", 3)); /* ENUMERATED 0 */

    /* a certificate that is over leaves the list, but not before it was on one */
    f.now += 91 * DAY;
    make_list(&f, authority.id, &der, &crl);
    assert_int_equal(number_of(&crl), 3);
    assert_int_equal(crl.entries.len, 0);
    key_free(key);
    for (int i = 0; i < 4; i++)
        pki_issued_fini(&issued[i]);
    pki_authority_fini(&authority);
    buf_fini(&spki);
    buf_fini(&der);
    fixture_close(&f);
}

/* Reasons, states, blocked keys. */
static void rules(void **state)
{
    struct fixture f;
    struct pki_issued issued;
    struct pki_record record, records[2];
    struct err e = {0};
    struct buf spki;

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    pki_issued_init(&issued);
    new_spki(&spki, KEY_P256);
    struct pki_request request = device_request("ast_a", &spki);
    issue(&f, &request, &issued);
    static const int bad[] = {-1, 6, 7, 8, 10, 11};
    assert_int_equal(db_begin(f.db, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(pki_revoke(f.db, &f.pki, issued.id, bad[i], 0, &record, &e), -1);
        assert_string_equal(e.code, "pki.reason");
        err_clear(&e);
    }
    assert_int_equal(pki_revoke(f.db, &f.pki, issued.id, CRL_SUPERSEDED, f.now + 1, &record, &e),
                     -1);
    assert_string_equal(e.code, "pki.invalid-since");
    err_clear(&e);
    assert_int_equal(pki_revoke(f.db, &f.pki, "crt_x", CRL_SUPERSEDED, 0, &record, &e), -1);
    assert_string_equal(e.code, "pki.certificate-unknown");
    err_clear(&e);
    assert_int_equal(pki_revoke(f.db, &f.pki, issued.id, CRL_KEY_COMPROMISE, 0, &record, &e), 0);
    assert_int_equal(pki_revoke(f.db, &f.pki, issued.id, CRL_SUPERSEDED, 0, &record, &e), -1);
    assert_string_equal(e.code, "pki.already-revoked");
    err_clear(&e);
    assert_int_equal(db_commit(f.db, &e), 0);
    refuse(&f, &request, "pki.key-blocked");

    for (int i = 0; i < 3; i++) {
        new_spki(&spki, KEY_P256);
        request = device_request("ast_b", &spki);
        issue(&f, &request, &issued);
    }
    assert_int_equal(db_begin(f.db, &e), 0);
    assert_int_equal(
        pki_revoke_subject(f.db, &f.pki, ORG, "ast_b", CRL_CESSATION_OF_OPERATION, records, 2, &e),
        3);
    assert_int_equal(
        pki_revoke_subject(f.db, &f.pki, ORG, "ast_b", CRL_CESSATION_OF_OPERATION, records, 2, &e),
        0);
    assert_int_equal(db_commit(f.db, &e), 0);
    assert_int_equal(records[0].status, PKI_REVOKED);
    pki_issued_fini(&issued);
    buf_fini(&spki);
    fixture_close(&f);
}

/* 27099 rows 40, 44: a list is never late, and its numbers only grow */
static void when_a_list_is_due(void **state)
{
    struct fixture f;
    struct pki_issued issued;
    struct pki_crl_intended intended, again;
    struct pki_signed checked;
    struct crl crl;
    struct err e = {0};
    struct buf spki, der, signature;
    char authority[ID_TEXT];
    int64_t at;
    const struct pki_crl_plan *plan = &pki_crl_plan_default;

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    buf_init(&der);
    buf_init(&signature);
    pki_issued_init(&issued);
    pki_crl_intended_init(&intended);
    pki_crl_intended_init(&again);
    int made = 0; /* both authorities need their first */
    while (pki_crl_due(f.db, &f.pki, plan, authority, &at, &e) == 1 && made < 5) {
        make_list(&f, authority, &der, &crl);
        made++;
    }
    assert_int_equal(made, 2);
    assert_int_equal(at, crl.next_update - plan->refresh);
    new_spki(&spki, KEY_P256);
    struct pki_request request = device_request("ast_a", &spki);
    issue(&f, &request, &issued);
    revoke_now(&f, issued.id, CRL_SUPERSEDED, 0);
    assert_int_equal(pki_crl_due(f.db, &f.pki, plan, authority, &at, &e), 0);
    assert_int_equal(at, f.now + plan->delay);
    f.now += plan->delay;
    assert_int_equal(pki_crl_due(f.db, &f.pki, plan, authority, &at, &e), 1);

    /* decided, then "killed": it is due again, and is the same list */
    assert_int_equal(db_begin(f.db, &e), 0);
    assert_int_equal(pki_crl_begin(f.db, &f.pki, plan, authority, &intended, &e), 0);
    assert_int_equal(db_commit(f.db, &e), 0);
    assert_int_equal(intended.number, 2);
    assert_int_equal(intended.entries, 1);
    f.now += HOUR;
    assert_int_equal(pki_crl_due(f.db, &f.pki, plan, authority, &at, &e), 1);
    assert_int_equal(db_begin(f.db, &e), 0);
    assert_int_equal(pki_crl_begin(f.db, &f.pki, plan, authority, &again, &e), 0);
    assert_true(slice_equal(buf_slice(&again.tbs), buf_slice(&intended.tbs)));
    assert_int_equal(again.number, 2);
    /* much later the old one is no longer good: the next number */
    f.now += 5 * DAY;
    assert_int_equal(pki_crl_begin(f.db, &f.pki, plan, authority, &again, &e), 0);
    assert_int_equal(again.number, 3);
    assert_int_equal(again.entries, 1);
    assert_int_equal(db_commit(f.db, &e), 0);
    assert_int_equal(
        signer_client_sign_crl(f.signer, again.key, buf_slice(&again.tbs), &signature, &e), 0);
    assert_int_equal(pki_signature_check(buf_slice(&again.tbs), buf_slice(&again.issuer_spki),
                                         buf_slice(&signature), &checked, &e),
                     0);
    assert_int_equal(db_begin(f.db, &e), 0);
    buf_reset(&der);
    checked.tbs_hash[5] ^= 1;
    assert_int_equal(pki_crl_finish(f.db, &f.pki, authority, 3, &checked, &der, &e), -1);
    assert_string_equal(e.code, "pki.tbs-changed");
    err_clear(&e);
    checked.tbs_hash[5] ^= 1;
    assert_int_equal(pki_crl_finish(f.db, &f.pki, authority, 3, &checked, &der, &e), 0);
    buf_reset(&der);
    assert_int_equal(pki_crl_finish(f.db, &f.pki, authority, 3, &checked, &der, &e), -1);
    assert_string_equal(e.code, "pki.not-intended");
    err_clear(&e);
    assert_int_equal(db_commit(f.db, &e), 0);
    /* the signer does not sign number 2 any more */
    assert_int_equal(
        signer_client_sign_crl(f.signer, intended.key, buf_slice(&intended.tbs), &signature, &e),
        -1);
    assert_string_equal(e.code, "signer.crl-number");
    err_clear(&e);
    buf_reset(&der);
    assert_int_equal(pki_crl_latest(f.db, authority, &at, &der, &e), 1);
    assert_int_equal(at, 3);
    assert_int_equal(pki_crl_latest(f.db, "ca_x", NULL, &der, &e), 0);
    pki_crl_intended_fini(&intended);
    pki_crl_intended_fini(&again);
    pki_issued_fini(&issued);
    buf_fini(&spki);
    buf_fini(&der);
    buf_fini(&signature);
    fixture_close(&f);
}

static void live_table(void **state)
{
    struct fixture f;
    struct pki_live *live, *reloaded;
    struct pki_live_entry entry;
    struct pki_issued issued;
    struct err e = {0};
    struct buf spki;
    const char *why = "";
    uint8_t nobody[32] = {1};

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    pki_issued_init(&issued);
    live = pki_live_new(&e);
    int64_t before = pki_live_load(live, f.db, f.now, &e);
    assert_true(before >= 2); /* issuing CA and publication signer */
    new_spki(&spki, KEY_P256);
    struct pki_request request = device_request("ast_aaaaaaaaaaaaaaaaaaaaaaaaaa", &spki);
    issue(&f, &request, &issued);
    assert_false(pki_live_find(live, issued.fingerprint, f.now, &entry, &why));
    assert_string_equal(why, "unknown");
    pki_live_entry_of(&issued, &entry);
    assert_int_equal(pki_live_put(live, &entry, &e), 0);
    assert_true(pki_live_find(live, issued.fingerprint, f.now, &entry, &why));
    assert_string_equal(entry.subject_id, "ast_aaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_string_equal(entry.organisation, ORG);
    assert_int_equal(entry.subject, PKI_SUBJECT_DEVICE);
    assert_false(pki_live_find(live, issued.fingerprint, issued.not_after + 1, &entry, &why));
    assert_string_equal(why, "expired");
    assert_false(pki_live_find(live, issued.fingerprint, issued.not_before - 1, &entry, &why));
    assert_string_equal(why, "not-yet-valid");
    reloaded = pki_live_new(&e);
    assert_int_equal(pki_live_load(reloaded, f.db, f.now, &e), before + 1);
    struct pki_live_entry other;
    assert_true(pki_live_find(reloaded, issued.fingerprint, f.now, &other, NULL));
    assert_memory_equal(&other, &entry, sizeof(entry));
    assert_true(pki_live_revoke(live, issued.fingerprint));
    assert_false(pki_live_find(live, issued.fingerprint, f.now, &entry, &why));
    assert_string_equal(why, "revoked");
    pki_live_entry_of(&issued, &entry); /* a message that comes late changes nothing */
    assert_int_equal(pki_live_put(live, &entry, &e), 0);
    assert_false(pki_live_find(live, issued.fingerprint, f.now, &entry, &why));
    assert_false(pki_live_revoke(live, nobody));
    assert_int_equal(pki_live_revoke_subject(reloaded, "ast_nobody"), 0);
    assert_int_equal(pki_live_revoke_subject(reloaded, "ast_aaaaaaaaaaaaaaaaaaaaaaaaaa"), 1);
    assert_false(pki_live_find(reloaded, issued.fingerprint, f.now, &entry, &why));
    assert_string_equal(why, "revoked");
    revoke_now(&f, issued.id, CRL_SUPERSEDED, 0);
    pki_live_free(reloaded);
    reloaded = pki_live_new(&e);
    assert_int_equal(pki_live_load(reloaded, f.db, f.now, &e), before);
    assert_int_equal(pki_live_sweep(live, f.now), 0);
    assert_int_equal(pki_live_sweep(live, f.now + 91 * DAY), 1);
    assert_int_equal(pki_live_count(live), (size_t)before);
    pki_live_free(live);
    pki_live_free(reloaded);
    pki_issued_fini(&issued);
    buf_fini(&spki);
    fixture_close(&f);
}

/* More than a page of the list and of the live table. */
static void many(void **state)
{
    struct fixture f;
    struct pki_live *live;
    struct pki_authority authority;
    struct crl crl;
    struct crl_entry entry;
    struct err e = {0};
    struct buf spki, der;
    size_t count = 0;
    enum { MANY = 1203 };

    (void)state;
    fixture_open(&f);
    buf_init(&spki);
    buf_init(&der);
    pki_authority_init(&authority);
    assert_int_equal(pki_authority_current(f.db, PKI_ISSUING, &authority, &e), 0);
    live = pki_live_new(&e);
    int64_t before = pki_live_load(live, f.db, f.now, &e);
    struct key *key = key_generate(KEY_P256, &e);
    assert_int_equal(key_to_spki(key, &spki, &e), 0);
    for (int i = 0; i < MANY; i++) {
        struct pki_intended intended;
        struct pki_issued issued;
        struct pki_signed checked;
        struct buf signature;
        struct key *next = key_generate(KEY_P256, &e);
        buf_reset(&spki);
        assert_int_equal(key_to_spki(next, &spki, &e), 0);
        key_free(next);
        char asset[16];
        snprintf(asset, sizeof(asset), "ast_%d", i);
        struct pki_request request = device_request(asset, &spki);
        pki_intended_init(&intended);
        pki_issued_init(&issued);
        buf_init(&signature);
        if (i % 400 == 0)
            assert_int_equal(db_begin(f.db, &e), 0);
        assert_int_equal(pki_issue_begin(f.db, &f.pki, &request, &intended, &e), 0);
        assert_int_equal(signer_client_sign_certificate(f.signer, intended.key,
                                                        buf_slice(&intended.tbs), &signature, &e),
                         0);
        assert_int_equal(pki_signature_check(buf_slice(&intended.tbs),
                                             buf_slice(&intended.issuer_spki),
                                             buf_slice(&signature), &checked, &e),
                         0);
        assert_int_equal(pki_issue_finish(f.db, &f.pki, intended.id, &checked, &issued, &e), 0);
        if (i % 400 == 399 || i == MANY - 1)
            assert_int_equal(db_commit(f.db, &e), 0);
        pki_intended_fini(&intended);
        pki_issued_fini(&issued);
        buf_fini(&signature);
    }
    key_free(key);
    assert_int_equal(pki_live_load(live, f.db, f.now, &e), before + MANY);
    assert_int_equal(pki_live_count(live), (size_t)before + MANY);
    assert_int_equal(pki_live_sweep(live, f.now + 91 * DAY), MANY);
    assert_int_equal(db_begin(f.db, &e), 0);
    for (int i = 0; i < MANY; i++) {
        struct pki_record record;
        char asset[16];
        snprintf(asset, sizeof(asset), "ast_%d", i);
        assert_int_equal(
            pki_revoke_subject(f.db, &f.pki, ORG, asset, CRL_SUPERSEDED, &record, 1, &e), 1);
    }
    assert_int_equal(db_commit(f.db, &e), 0);
    make_list(&f, authority.id, &der, &crl);
    for (struct slice rest = crl.entries; crl_entry_next(&rest, &entry, &e) == 1;)
        count++;
    assert_int_equal(count, MANY);
    pki_live_free(live);
    pki_authority_fini(&authority);
    buf_fini(&spki);
    buf_fini(&der);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),      cmocka_unit_test(rules), cmocka_unit_test(when_a_list_is_due),
        cmocka_unit_test(live_table), cmocka_unit_test(many),
    };
    return RUN_ON_BOTH_ENGINES(tests);
}
