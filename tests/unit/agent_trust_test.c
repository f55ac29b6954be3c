/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a device believes, what it becomes, and how it watches the journal. */
#include "agent_fixture.h"
#include "agent/report.h"
#include "agent/watch.h"
#include "journal/proof.h"

static struct fixture fx;
static struct chain_verifier *root_verifier;

static int set_up(void **state)
{
    struct err e = {0};
    struct slice root;

    (void)state;
    fx_init(&fx);
    root = buf_slice(&fx.root);
    root_verifier = chain_verifier_new(&root, 1, &e);
    return root_verifier ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    chain_verifier_free(root_verifier);
    fx_fini(&fx);
    return 0;
}

static int64_t now(void)
{
    return clock_now(&clock_system);
}

/* ---- trust ---- */

static void test_trust(void **state)
{
    (void)state;
    const struct buf *anchors[] = {&fx.root};
    struct buf good = fx_trust(&fx, 3, anchors, 1, fx.signer_key, &fx.signer);
    struct buf by_device = fx_trust(&fx, 3, anchors, 1, fx.device_key, &fx.device);
    struct err e = {0};
    struct trust t;

    if (trust_verify(&t, buf_slice(&good), root_verifier, NULL, now(), &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(t.generation, 3);
    assert_string_equal(t.origin, FX_ORIGIN);
    assert_string_equal(t.device, "https://127.0.0.1:1");
    assert_int_equal(t.anchors.count, 1);
    trust_fini(&t);

    assert_int_equal(trust_verify(&t, buf_slice(&by_device), root_verifier, NULL, now(), &e), -1);
    assert_string_equal(e.code, "chain.purpose");
    err_clear(&e);
    int64_t later = now() + INT64_C(400) * 86400 * 1000000;
    assert_int_equal(trust_verify(&t, buf_slice(&good), root_verifier, NULL, later, &e), -1);
    assert_string_equal(e.code, "chain.expired");
    buf_fini(&good);
    buf_fini(&by_device);
}

/* Roll-over: a new root is followed when the old one vouches for it, and not otherwise. */
static void test_roll_over(void **state)
{
    (void)state;
    struct err e = {0};
    struct key *new_key = key_generate(KEY_P256, &e), *new_signer_key = key_generate(KEY_P256, &e);
    struct buf new_root = fx_certificate("New Root", new_key, NULL, new_key, NULL, -1, 3650);
    struct buf new_signer = fx_certificate("New Publications", new_signer_key, &new_root, new_key,
                                           FX_DOCUMENT_SIGNING, -1, 365);
    /* new with old: the new root's name and key, certified by the old root */
    struct buf link = fx_certificate("New Root", new_key, &fx.root, fx.root_key, NULL, -1, 365);
    const struct buf *both[] = {&fx.root, &new_root}, *only[] = {&new_root};
    struct buf by_old = fx_trust(&fx, 2, both, 2, fx.signer_key, &fx.signer);
    struct buf by_new = fx_trust(&fx, 3, only, 1, new_signer_key, &new_signer);
    struct certificate_list links;
    struct trust t, newer;

    certificate_list_init(&links);
    /* signed under the old anchor: taken, and then the new one is believed */
    assert_int_equal(trust_verify(&t, buf_slice(&by_old), root_verifier, NULL, now(), &e), 0);
    assert_int_equal(trust_verify(&newer, buf_slice(&by_new), t.verifier, NULL, now(), &e), 0);
    assert_int_equal(trust_compare(&t, &newer, &e), 1);
    assert_int_equal(trust_compare(&newer, &t, &e), -1);
    assert_string_equal(e.code, "agent.trust-older");
    err_clear(&e);
    trust_fini(&newer);
    trust_fini(&t);

    /* signed under the new one only: nothing leads there … */
    assert_int_equal(trust_verify(&t, buf_slice(&by_new), root_verifier, NULL, now(), &e), -1);
    assert_int_equal(e.kind, ERR_VERIFY);
    err_clear(&e);
    /* … the self-signed new root is no way either … */
    assert_int_equal(certificate_list_add(&links, buf_slice(&new_root), &e), 0);
    assert_int_equal(trust_verify(&t, buf_slice(&by_new), root_verifier, &links, now(), &e), -1);
    err_clear(&e);
    /* … but the link certificate is */
    assert_int_equal(certificate_list_add(&links, buf_slice(&link), &e), 0);
    if (trust_verify(&t, buf_slice(&by_new), root_verifier, &links, now(), &e) != 0)
        fail_msg("%s", e.text);
    trust_fini(&t);

    certificate_list_fini(&links);
    buf_fini(&by_old);
    buf_fini(&by_new);
    buf_fini(&new_root);
    buf_fini(&new_signer);
    buf_fini(&link);
    key_free(new_key);
    key_free(new_signer_key);
}

static void test_trust_twice(void **state)
{
    (void)state;
    struct err e = {0};
    struct key *other = key_generate(KEY_P256, &e);
    struct buf other_root = fx_certificate("Other", other, NULL, other, NULL, -1, 3650);
    const struct buf *one[] = {&fx.root}, *two[] = {&fx.root, &other_root};
    struct buf first = fx_trust(&fx, 1, one, 1, fx.signer_key, &fx.signer);
    struct buf again = fx_trust(&fx, 1, one, 1, fx.signer_key, &fx.signer);
    struct buf changed = fx_trust(&fx, 1, two, 2, fx.signer_key, &fx.signer);
    struct trust a, b, c;

    assert_int_equal(trust_parse(&a, buf_slice(&first), &e), 0);
    assert_int_equal(trust_parse(&b, buf_slice(&again), &e), 0);
    assert_int_equal(trust_parse(&c, buf_slice(&changed), &e), 0);
    assert_int_equal(trust_compare(&a, &a, &e), 0);
    assert_int_equal(trust_compare(&a, &b, &e), 0); /* signed anew, the same content */
    assert_int_equal(trust_compare(&a, &c, &e), -1);
    assert_string_equal(e.code, "agent.trust-changed");
    trust_fini(&a);
    trust_fini(&b);
    trust_fini(&c);
    buf_fini(&first);
    buf_fini(&again);
    buf_fini(&changed);
    buf_fini(&other_root);
    key_free(other);
}

static void test_trust_torture(void **state)
{
    (void)state;
    const struct buf *anchors[] = {&fx.root};
    struct buf text = fx_trust(&fx, 1, anchors, 1, fx.signer_key, &fx.signer);
    bool whole = false;

    for (long k = 0; !whole; k++) {
        struct err e = {0};
        struct trust t;
        mem_fail_after(k);
        int result = trust_verify(&t, buf_slice(&text), root_verifier, NULL, now(), &e);
        whole = mem_allocations() <= k;
        mem_fail_after(-1);
        assert_int_equal(result == 0, !err_is_set(&e));
        assert_true(!whole || result == 0);
        if (result == 0)
            trust_fini(&t);
    }
    buf_fini(&text);
}

/* ---- identity ---- */

static void test_identity(void **state)
{
    (void)state;
    struct certificate_list list;
    struct identity i, back;
    struct err e = {0};

    certificate_list_init(&list);
    assert_int_equal(certificate_list_add(&list, buf_slice(&fx.root), &e), 0);
    /* only the root came: nothing for our key */
    assert_int_equal(identity_take(&i, key_ref(fx.device_key), &list, root_verifier, now(), &e),
                     -1);
    assert_string_equal(e.code, "agent.identity-key");
    err_clear(&e);
    assert_int_equal(certificate_list_add(&list, buf_slice(&fx.device), &e), 0);
    assert_int_equal(identity_take(&i, key_ref(fx.device_key), &list, root_verifier, now(), &e), 0);
    assert_string_equal(i.asset, FX_ASSET);
    assert_int_equal(i.chain.count, 1); /* an anchor is not part of the chain */
    int64_t renew = identity_renew_at(&i, 66);
    assert_true(renew > i.leaf.not_before && renew < i.leaf.not_after);

    assert_int_equal(identity_load(&back, fx.home, &e), -1);
    assert_string_equal(e.code, "agent.not-enrolled");
    err_clear(&e);
    assert_int_equal(identity_save(&i, fx.home, &e), 0);
    assert_int_equal(identity_load(&back, fx.home, &e), 0);
    assert_string_equal(back.asset, FX_ASSET);
    assert_true(key_same(back.key, i.key));
    assert_true(key_is_private(back.key));
    identity_fini(&back);
    identity_fini(&i);

    /* not for client authentication, or not an asset's name */
    struct buf wrong =
        fx_certificate(FX_ASSET, fx.device_key, &fx.root, fx.root_key, "serverAuth", -1, 365);
    struct certificate_list other;
    certificate_list_init(&other);
    assert_int_equal(certificate_list_add(&other, buf_slice(&wrong), &e), 0);
    assert_int_equal(identity_take(&i, key_ref(fx.device_key), &other, root_verifier, now(), &e),
                     -1);
    assert_string_equal(e.code, "chain.purpose");
    err_clear(&e);
    certificate_list_fini(&other);
    buf_fini(&wrong);
    wrong = fx_certificate("pump 7", fx.device_key, &fx.root, fx.root_key, "clientAuth", -1, 365);
    certificate_list_init(&other);
    assert_int_equal(certificate_list_add(&other, buf_slice(&wrong), &e), 0);
    assert_int_equal(identity_take(&i, key_ref(fx.device_key), &other, root_verifier, now(), &e),
                     -1);
    assert_string_equal(e.code, "agent.identity-asset");
    certificate_list_fini(&other);
    buf_fini(&wrong);
    certificate_list_fini(&list);
}

/* A request that is repeated after a crash asks for the same key. */
static void test_pending_key(void **state)
{
    (void)state;
    struct err e = {0};
    struct key *first = identity_pending_key(fx.home, "enrol.key", &e);
    struct key *second = identity_pending_key(fx.home, "enrol.key", &e);

    assert_true(first && second && key_same(first, second));
    assert_int_equal(identity_pending_done(fx.home, "enrol.key", &e), 0);
    assert_int_equal(identity_pending_done(fx.home, "enrol.key", &e), 0);
    struct key *third = identity_pending_key(fx.home, "enrol.key", &e);
    assert_non_null(third);
    assert_false(key_same(first, third));
    key_free(first);
    key_free(second);
    key_free(third);
}

/* ---- the journal ---- */

enum { LEAVES = 20 };

struct log {
    uint8_t leaves[LEAVES][32];
};

static void log_make(struct log *log, uint8_t salt, size_t from)
{
    for (size_t i = 0; i < LEAVES; i++) {
        uint8_t entry[2] = {(uint8_t)i, i < from ? (uint8_t)0 : salt};
        assert_int_equal(merkle_leaf(slice_of(entry, 2), log->leaves[i]), 0);
    }
}

static struct buf log_note(const struct log *log, size_t size, const char *origin)
{
    uint8_t root[32];
    struct err e = {0};

    assert_int_equal(merkle_tree_root((const uint8_t(*)[32])log->leaves, size, root, &e), 0);
    return fx_checkpoint(&fx, origin, size, root);
}

static struct buf log_proof(const struct log *log, uint64_t from, uint64_t to)
{
    uint8_t proof[MERKLE_PROOF_MAX][32];
    struct err e = {0};
    struct buf out;
    size_t n;

    buf_init(&out);
    assert_int_equal(merkle_consistency_proof((const uint8_t(*)[32])log->leaves, (size_t)from,
                                              (size_t)to, proof, &n, &e),
                     0);
    journal_consistency_put(&out, from, to, (const uint8_t(*)[32])proof, n);
    return out;
}

static void trust_of_fixture(struct trust *t)
{
    const struct buf *anchors[] = {&fx.root};
    struct buf text = fx_trust(&fx, 1, anchors, 1, fx.signer_key, &fx.signer);
    struct err e = {0};

    assert_int_equal(trust_parse(t, buf_slice(&text), &e), 0);
    buf_fini(&text);
}

static void test_watch(void **state)
{
    (void)state;
    struct log log, other;
    struct trust trust;
    struct state s;
    struct watch w;
    struct err e = {0};

    log_make(&log, 1, 0);
    log_make(&other, 2, 0);
    trust_of_fixture(&trust);
    assert_int_equal(state_init(&s, FX_ASSET, &e), 0);
    struct buf five = log_note(&log, 5, FX_ORIGIN), ten = log_note(&log, 10, FX_ORIGIN);
    struct buf other_ten = log_note(&other, 10, FX_ORIGIN),
               other_five = log_note(&other, 5, FX_ORIGIN);
    struct buf twelve = log_note(&log, 12, FX_ORIGIN),
               other_twelve = log_note(&other, 12, FX_ORIGIN);
    struct buf foreign = log_note(&log, 12, "other.example/tocsin/1");

    assert_int_equal(watch_see(&w, buf_slice(&five), &trust, &s, &e), WATCH_FIRST);
    assert_int_equal(watch_keep(&w, &s, &e), 0);
    assert_int_equal(watch_see(&w, buf_slice(&five), &trust, &s, &e), WATCH_KNOWN);
    assert_int_equal(watch_see(&w, buf_slice(&other_five), &trust, &s, &e), WATCH_FORKED);
    assert_string_equal(e.code, "agent.journal-forked");
    err_clear(&e);
    assert_int_equal(watch_see(&w, buf_slice(&foreign), &trust, &s, &e), WATCH_REFUSED);
    err_clear(&e);

    /* the next one, proven */
    assert_int_equal(watch_see(&w, buf_slice(&ten), &trust, &s, &e), WATCH_PROVE);
    assert_int_equal(w.from, 5);
    assert_int_equal(w.to, 10);
    struct buf proof = log_proof(&log, 5, 10), wrong_range = log_proof(&log, 4, 10);
    assert_int_equal(watch_prove(&w, &s, buf_slice(&wrong_range), &e), -1);
    assert_int_equal(e.kind, ERR_INPUT); /* no answer to what was asked: says nothing */
    err_clear(&e);
    assert_int_equal(watch_prove(&w, &s, slice_str("{}"), &e), -1);
    assert_int_equal(e.kind, ERR_INPUT);
    err_clear(&e);
    assert_int_equal(watch_prove(&w, &s, buf_slice(&proof), &e), 0);
    assert_int_equal(watch_keep(&w, &s, &e), 0);
    assert_int_equal(s.checkpoint.size, 10);

    /* an older one of the same history is no alarm and does not replace the kept one */
    assert_int_equal(watch_see(&w, buf_slice(&five), &trust, &s, &e), WATCH_PROVE);
    assert_true(w.older);
    assert_int_equal(watch_prove(&w, &s, buf_slice(&proof), &e), 0);
    assert_int_equal(watch_keep(&w, &s, &e), 0);
    assert_int_equal(s.checkpoint.size, 10);

    /* another history: its own proof does not help it */
    assert_int_equal(watch_see(&w, buf_slice(&other_ten), &trust, &s, &e), WATCH_FORKED);
    err_clear(&e);
    assert_int_equal(watch_see(&w, buf_slice(&other_twelve), &trust, &s, &e), WATCH_PROVE);
    struct buf other_proof = log_proof(&other, 10, 12);
    assert_int_equal(watch_prove(&w, &s, buf_slice(&other_proof), &e), -1);
    assert_int_equal(e.kind, ERR_VERIFY);
    assert_string_equal(e.code, "agent.journal-forked");

    /* both are kept as evidence, and no receipt is signed afterwards */
    char command[300];
    struct err why = e, f = {0};
    char folder[128];
    snprintf(folder, sizeof(folder), "%s/evidence", fx.home);
    assert_int_equal(file_make_folder(folder, 0700, &f), 0);
    assert_int_equal(watch_evidence(&w, &s, buf_slice(&other_proof), fx.home, 42, &f), 0);
    snprintf(command, sizeof(command),
             "ls %s | tr '\\n' ' ' | grep -q "
             "'^42-consistency.json 42-kept.note 42-shown.note $'",
             folder);
    assert_int_equal(system(command), 0);
    state_raise_alarm(&s, &why, now());

    struct buf *all[] = {&five,         &ten,     &other_ten, &other_five,  &twelve,
                         &other_twelve, &foreign, &proof,     &wrong_range, &other_proof};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        buf_fini(all[i]);
    state_fini(&s);
    trust_fini(&trust);
}

/* ---- what the device signs ---- */

static void test_receipt(void **state)
{
    (void)state;
    struct identity identity;
    struct envelope envelope;
    struct state s;
    struct buf out;
    struct err e = {0};
    int64_t n;

    fx_enrol(&fx, "");
    assert_int_equal(identity_load(&identity, fx.home, &e), 0);
    assert_int_equal(state_init(&s, FX_ASSET, &e), 0);
    assert_int_equal(state_add_origin(&s, slice_str(FX_ORIGIN), &e), 0);
    s.n = 3;
    buf_init(&out);
    assert_int_equal(report_receipt(&s, &identity, now(), &out, &e), 0);
    assert_int_equal(envelope_parse(&envelope, buf_slice(&out), "tocsin-receipt/v1", &e), 0);
    assert_int_equal(envelope_verify_chain(&envelope, root_verifier, now(), PURPOSE_CLIENT, &e), 0);
    assert_true(json_int64(json_get(envelope.root, "n"), &n) && n == 3);
    /* before the first checkpoint: the empty tree's root, SHA-256 of nothing */
    assert_true(
        slice_is(json_get_string(json_get(envelope.root, "checkpoint"), "root"),
                 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    envelope_fini(&envelope);

    struct err why = {0};
    err_set(&why, ERR_VERIFY, "agent.journal-forked", NULL, "two histories");
    state_raise_alarm(&s, &why, now());
    assert_int_equal(report_receipt(&s, &identity, now(), &out, &e), -1);
    assert_string_equal(e.code, "agent.alarm");
    buf_fini(&out);
    state_fini(&s);
    identity_fini(&identity);
}

static void test_outcome_detail(void **state)
{
    (void)state;
    struct identity identity;
    struct envelope envelope;
    struct buf out, detail;
    struct err e = {0};
    uint8_t digest[32] = {1};

    fx_enrol(&fx, "");
    assert_int_equal(identity_load(&identity, fx.home, &e), 0);
    buf_init(&out);
    buf_init(&detail);
    for (int i = 0; i < 700; i++)
        buf_puts(&detail, "\xc3\xa4"); /* ä */
    buf_puts(&detail, "\xff\xfe bad bytes");
    assert_int_equal(report_outcome_build(&identity, slice_str(FX_ORIGIN), 2, digest,
                                          OUTCOME_PLANNED, buf_slice(&detail), now(), &out, &e),
                     0);
    assert_int_equal(envelope_parse(&envelope, buf_slice(&out), "tocsin-outcome/v1", &e), 0);
    struct slice said = json_get_string(envelope.root, "detail");
    assert_true(said.len > 0 && said.len <= REPORT_DETAIL_MAX);
    envelope_fini(&envelope);
    buf_reset(&out);
    assert_int_equal(report_outcome_build(&identity, slice_str(FX_ORIGIN), 2, digest, OUTCOME_READ,
                                          slice_str("\xff\x80\x80zero\x01"), now(), &out, &e),
                     0);
    assert_int_equal(envelope_parse(&envelope, buf_slice(&out), "tocsin-outcome/v1", &e), 0);
    envelope_fini(&envelope);
    buf_fini(&out);
    buf_fini(&detail);
    identity_fini(&identity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trust, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_roll_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_trust_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_trust_torture, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_identity, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pending_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_watch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_receipt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_outcome_detail, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
