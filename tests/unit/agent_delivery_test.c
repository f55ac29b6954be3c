/* SPDX-License-Identifier: Apache-2.0 */
/* What a device accepts, and the reason for each refusal (docs/formats.md 3.3). */
#include "agent_fixture.h"
#include "agent/dispatch.h"
#include "agent/outbox.h"
#include "agent/rewind.h"

#include <glob.h>

static struct fixture fx;

static int set_up(void **state)
{
    (void)state;
    fx_init(&fx);
    fx_enrol(&fx, "");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fx_fini(&fx);
    return 0;
}

static void open_agent(struct agent *a)
{
    struct err e = {0};

    if (agent_open(a, fx.home, AGENT_CHANGE, &e) != 0)
        fail_msg("%s", e.text);
}

/* The code with which a delivery is refused; "" when it is taken. */
static void verdict(const struct fixture_delivery *made, char code[48])
{
    struct buf text = fx_delivery(&fx, made);
    struct err e = {0};
    struct delivery d;
    struct agent a;

    open_agent(&a);
    code[0] = '\0';
    if (delivery_parse(&d, buf_slice(&text), &e) == 0) {
        if (delivery_order(&d, &a.state, &e) == 1 &&
            delivery_verify(&d, &a.trust, &a.state, &e) == 0)
            assert_false(err_is_set(&e));
        delivery_fini(&d);
    }
    snprintf(code, 48, "%s", e.code);
    if (code[0])
        assert_true(e.text[0]);
    agent_close(&a);
    buf_fini(&text);
}

static void expect(const struct fixture_delivery *made, const char *code)
{
    char got[48];

    verdict(made, got);
    assert_string_equal(got, code);
}

static void test_good(void **state)
{
    (void)state;
    struct fixture_delivery d = fx_good;
    for (d.index = 0; d.index < FX_ENTRIES; d.index++)
        expect(&d, "");
}

static void test_refused(void **state)
{
    (void)state;
    struct fixture_delivery d;

    d = fx_good;
    d.wrong_path = true;
    expect(&d, "delivery.path");
    d = fx_good;
    d.wrong_notice = true;
    expect(&d, "delivery.entry");
    d = fx_good;
    d.entry_audience = "aud_xxxxxxxxxxxxxxxxxxxxxxxxxx";
    expect(&d, "delivery.entry");
    d = fx_good;
    d.publication_origin = "other.example/tocsin/0123456789abcdef";
    expect(&d, "delivery.origin");
    d = fx_good;
    d.origin = "other.example/tocsin/0123456789abcdef";
    expect(&d, "delivery.origin");
    d = fx_good;
    d.publication_advisory = "EX-2026-002";
    expect(&d, "delivery.advisory");
    d = fx_good;
    d.exercise = true;
    expect(&d, "delivery.exercise");
    d = fx_good;
    d.n = 2;
    expect(&d, "delivery.gap");
    d = fx_good;
    d.n = 0;
    expect(&d, "delivery.syntax");
    d = fx_good;
    d.spoil = true;
    char code[48];
    verdict(&d, code);
    assert_string_not_equal(code, "");
}

static void test_wrong_signer(void **state)
{
    (void)state;
    struct err e = {0};
    struct fixture_delivery d = fx_good;
    struct key *stranger = key_generate(KEY_P256, &e);
    assert_non_null(stranger);

    /* a device may not publish: its certificate is for client authentication */
    d.signer_key = fx.device_key;
    d.signer = &fx.device;
    expect(&d, "chain.purpose");

    /* somebody else's root */
    struct buf foreign_root =
        fx_certificate("Example Root", stranger, NULL, stranger, NULL, -1, 3650);
    struct buf foreign = fx_certificate("Example Publications", stranger, &foreign_root, stranger,
                                        FX_DOCUMENT_SIGNING, -1, 365);
    d.signer_key = stranger;
    d.signer = &foreign;
    char code[48];
    verdict(&d, code);
    assert_true(strncmp(code, "chain.", 6) == 0);

    /* the right certificate, another key */
    d.signer = &fx.signer;
    expect(&d, "envelope.signature");

    /* a signer whose time was over when it signed; one whose time is over now but was not then */
    struct buf old = fx_certificate("Old Publications", stranger, &fx.root, fx.root_key,
                                    FX_DOCUMENT_SIGNING, -1, 365);
    d.signer = &old;
    d.at = clock_now(&clock_system) + INT64_C(400) * 86400 * 1000000;
    expect(&d, "chain.expired");
    d.at = clock_now(&clock_system) + INT64_C(300) * 86400 * 1000000;
    expect(&d, "");
    buf_fini(&old);
    buf_fini(&foreign);
    buf_fini(&foreign_root);
    key_free(stranger);
}

/* Counted only when stored; known ones pass silently; the chain is that of the formats. */
static void test_receive(void **state)
{
    (void)state;
    struct fixture_delivery made = fx_good;
    uint8_t head[32], digest[32];
    struct err e = {0};
    struct agent a;

    open_agent(&a);
    assert_int_equal(agent_chain_begin(slice_str(FX_ASSET), head, &e), 0);
    for (made.n = 1; made.n <= 3; made.n++) {
        struct buf text = fx_delivery(&fx, &made), notice = fx_notice(&made);
        struct delivery d;
        assert_int_equal(delivery_parse(&d, buf_slice(&text), &e), 0);
        assert_int_equal(agent_receive(&a, &d, &e), 1);
        assert_int_equal(agent_receive(&a, &d, &e), 0);
        struct slice parts[] = {slice_str("tocsin-notice/v1\n"), buf_slice(&notice)};
        assert_int_equal(sha256_slices(parts, 2, digest), 0);
        struct slice link[] = {slice_of(head, 32), slice_of(digest, 32)};
        assert_int_equal(sha256_slices(link, 2, head), 0);
        assert_memory_equal(a.state.head, head, 32);
        delivery_fini(&d);
        buf_fini(&text);
        buf_fini(&notice);
    }
    agent_close(&a);
    open_agent(&a); /* from the disk */
    assert_int_equal(a.state.n, 3);
    assert_memory_equal(a.state.head, head, 32);
    struct delivery stored;
    assert_int_equal(agent_notice(&a, 2, &stored, &e), 0);
    assert_int_equal(stored.n, 2);
    assert_int_equal(delivery_verify(&stored, &a.trust, &a.state, &e), 0);
    assert_string_equal(delivery_status(&stored), "affected");
    delivery_fini(&stored);

    made.n = 4;
    made.spoil = true; /* a refused one changes nothing, and is told to people */
    struct buf text = fx_delivery(&fx, &made);
    struct delivery d;
    if (delivery_parse(&d, buf_slice(&text), &e) == 0) {
        assert_int_equal(agent_receive(&a, &d, &e), -1);
        assert_int_equal(a.state.n, 3);
        assert_memory_equal(a.state.head, head, 32);
        assert_true(a.state.refusal);
        delivery_fini(&d);
    }
    buf_fini(&text);
    agent_close(&a);
}

static void test_kept_are_bounded(void **state)
{
    (void)state;
    struct fixture_delivery made = fx_good;
    struct err e = {0};
    struct delivery d;
    struct agent a;

    open_agent(&a);
    a.config.notices_kept = 2;
    for (made.n = 1; made.n <= 5; made.n++) {
        struct buf text = fx_delivery(&fx, &made);
        assert_int_equal(delivery_parse(&d, buf_slice(&text), &e), 0);
        assert_int_equal(agent_receive(&a, &d, &e), 1);
        delivery_fini(&d);
        buf_fini(&text);
    }
    assert_int_equal(agent_notice(&a, 3, &d, &e), -1);
    assert_string_equal(e.code, "agent.notice");
    err_clear(&e);
    assert_int_equal(agent_notice(&a, 4, &d, &e), 0);
    delivery_fini(&d);
    agent_close(&a);
}

static struct delivery delivery_of(const struct fixture_delivery *made)
{
    struct buf text = fx_delivery(&fx, made);
    struct err e = {0};
    struct delivery d;

    assert_int_equal(delivery_parse(&d, buf_slice(&text), &e), 0);
    buf_fini(&text);
    return d;
}

static size_t lost_notices(void)
{
    char pattern[160];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/evidence/*-lost-*.json", fx.home);
    size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return count;
}

/* A centre that was restored sends another notice at a place that we have: the chain goes back to
 * where both are one, what was lost stays as evidence, and all is acknowledged anew. */
static void test_rewind(void **state)
{
    (void)state;
    struct fixture_delivery made = fx_good;
    uint8_t heads[4][32], head[32];
    struct err e = {0};
    struct delivery d;
    struct agent a;

    open_agent(&a);
    snprintf(a.config.hook, sizeof(a.config.hook), "/bin/true");
    memcpy(heads[0], a.state.head, 32);
    for (made.n = 1; made.n <= 3; made.n++) {
        d = delivery_of(&made);
        assert_int_equal(agent_receive(&a, &d, &e), 1);
        memcpy(heads[made.n], a.state.head, 32);
        delivery_fini(&d);
    }
    a.state.acked = 3;
    for (uint64_t n = 1; n <= 3; n++) {
        assert_int_equal(outbox_put(fx.home, n, slice_str("{}"), &e), 0);
        assert_true(state_hook_done(&a.state, n));
    }
    assert_int_equal(state_add_origin(&a.state, slice_str("new.example/tocsin/2"), &e), 0);
    assert_true(a.state.rejoin);
    assert_int_equal(agent_save(&a, &e), 0);
    agent_close(&a);
    open_agent(&a); /* it is remembered; the origin of the trust statement is the newest again */
    assert_true(a.state.rejoin);
    snprintf(a.config.hook, sizeof(a.config.hook), "/bin/true");

    made.n = 2;
    d = delivery_of(&made);
    assert_int_equal(rewind_same(&a, &d, &e), 1);
    delivery_fini(&d);
    made.status = "fixed";
    d = delivery_of(&made);
    assert_int_equal(rewind_same(&a, &d, &e), 0);
    for (uint64_t k = 0; k <= 3; k++) {
        assert_int_equal(rewind_head(&a, k, head, &e), 0);
        assert_memory_equal(head, heads[k], 32);
    }
    assert_int_equal(rewind_head(&a, 4, head, &e), -1);
    assert_string_equal(e.code, "agent.notice");
    err_clear(&e);

    assert_int_equal(rewind_to(&a, 1, heads[1], &e), 0);
    assert_false(a.state.rejoin);
    assert_int_equal(a.state.n, 1);
    assert_int_equal(a.state.acked, 0);
    assert_int_equal(a.state.hooks_to, 1);
    assert_memory_equal(a.state.head, heads[1], 32);
    assert_int_equal(lost_notices(), 2);
    assert_int_equal(agent_receive(&a, &d, &e), 1); /* the centre's second notice */
    assert_true(state_hook_open(&a.state, 2));
    delivery_fini(&d);
    agent_close(&a);
    open_agent(&a); /* an outcome of the lost second notice does not stand for this one's */
    struct dispatch dispatch;
    snprintf(a.config.hook, sizeof(a.config.hook), "/bin/true");
    assert_int_equal(dispatch_init(&dispatch, &a, &e), 0);
    assert_true(state_hook_open(&a.state, 2));
    dispatch_fini(&dispatch);
    assert_int_equal(a.state.n, 2);
    agent_close(&a);
}

/* Whatever is cut or flipped, nothing but a reason comes out. */
static void test_mutations(void **state)
{
    (void)state;
    struct buf text = fx_delivery(&fx, &fx_good);
    struct agent a;
    size_t taken = 0;

    open_agent(&a);
    for (size_t at = 0; at < text.len; at += 7) {
        for (int how = 0; how < 2; how++) {
            struct err e = {0};
            struct delivery d;
            uint8_t kept = text.data[at];
            struct slice changed = slice_of(text.data, how ? at : text.len);
            text.data[at] ^= 1;
            if (delivery_parse(&d, changed, &e) == 0) {
                taken += delivery_order(&d, &a.state, &e) == 1 &&
                         delivery_verify(&d, &a.trust, &a.state, &e) == 0;
                delivery_fini(&d);
            }
            text.data[at] = kept;
        }
    }
    assert_int_equal(taken, 0);
    agent_close(&a);
    buf_fini(&text);
}

/* The k-th allocation fails, for every k: an error, no leak, never a notice taken wrongly. */
static void test_torture(void **state)
{
    (void)state;
    struct buf text = fx_delivery(&fx, &fx_good);
    struct agent a;
    bool whole = false;
    long k;

    open_agent(&a);
    for (k = 0; !whole && k < 10000; k++) {
        struct err e = {0};
        struct delivery d;
        int result = -1;
        mem_fail_after(k);
        long before = mem_allocations();
        if (delivery_parse(&d, buf_slice(&text), &e) == 0) {
            result = delivery_verify(&d, &a.trust, &a.state, &e);
            delivery_fini(&d);
        }
        whole = mem_allocations() - before <= k;
        mem_fail_after(-1);
        if (result == 0)
            assert_false(err_is_set(&e));
        else
            assert_true(err_is_set(&e));
        if (whole)
            assert_int_equal(result, 0);
    }
    assert_true(whole && k > 3);
    agent_close(&a);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_signer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_receive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kept_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rewind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mutations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_torture, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
