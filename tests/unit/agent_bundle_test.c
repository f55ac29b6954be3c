/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle is taken whole or not at all (docs/formats.md 6.1). */
#include "agent_fixture.h"
#include "agent/bundle.h"

static struct fixture fx;
static struct chain_verifier *verifier;
static char path[128];

static int set_up(void **state)
{
    struct err e = {0};
    struct slice root;

    (void)state;
    fx_init(&fx);
    snprintf(path, sizeof(path), "%s/bundle.tar", fx.home);
    root = buf_slice(&fx.root);
    verifier = chain_verifier_new(&root, 1, &e);
    return verifier ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    chain_verifier_free(verifier);
    fx_fini(&fx);
    return 0;
}

static const char *const names[] = {"advisories/a.json", "deliveries/b.json", "trust.json"};
static const char *const contents[] = {"{\"a\":1}", "", "{}"};

/* A whole bundle; what the manifest says of file `lie` (−1: none) is false. */
static struct buf make(const struct key *key, const struct buf *certificate, int lie)
{
    struct buf json, payload, manifest, tar;
    struct tar_writer w;
    struct err e = {0};
    char hash[HASH_TEXT];
    uint8_t digest[32];

    buf_init(&json);
    buf_init(&tar);
    buf_puts(&json, "{\"format\":\"tocsin-bundle/v1\",\"id\":\"bdl_1\",\"origin\":\"" FX_ORIGIN
                    "\",\"organisation\":\"org_1\",\"at\":\"");
    char at[TIME_TEXT];
    time_format(clock_now(&clock_system), at);
    buf_printf(&json, "%s\",\"checkpoint\":\"x\",\"files\":[", at);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sha256(slice_str(contents[i]), digest), 0);
        digest[7] ^= (uint8_t)(i == lie);
        hash_text_format(digest, hash);
        buf_printf(&json, "%s{\"name\":\"%s\",\"size\":%zu,\"hash\":\"%s\"}", i ? "," : "",
                   names[i], strlen(contents[i]), hash);
    }
    buf_puts(&json, "]}");
    payload = fx_canonical(buf_text(&json));
    manifest = fx_sign(buf_slice(&payload), key, certificate);
    tar_write_init(&w, tar_sink_buf, &tar);
    assert_int_equal(tar_write_file(&w, "manifest.json", buf_slice(&manifest), &e), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(tar_write_file(&w, names[i], slice_str(contents[i]), &e), 0);
    assert_int_equal(tar_write_finish(&w, &e), 0);
    buf_fini(&json);
    buf_fini(&payload);
    buf_fini(&manifest);
    return tar;
}

/* "" when it is believed, else the code. */
static void judge(struct slice tar, char code[48])
{
    struct err e = {0};
    struct bundle b;

    assert_int_equal(file_write(path, tar, 0600, &e), 0);
    if (bundle_open(&b, path, &e) == 0 && bundle_verify(&b, verifier, &e) == 0)
        assert_false(err_is_set(&e));
    bundle_fini(&b);
    snprintf(code, 48, "%s", e.code);
}

static void test_good(void **state)
{
    (void)state;
    struct buf tar = make(fx.signer_key, &fx.signer, -1), text;
    struct err e = {0};
    struct bundle b;

    assert_int_equal(file_write(path, buf_slice(&tar), 0600, &e), 0);
    assert_int_equal(bundle_open(&b, path, &e), 0);
    if (bundle_verify(&b, verifier, &e) != 0)
        fail_msg("%s", e.text);
    assert_string_equal(b.id, "bdl_1");
    buf_init(&text);
    assert_int_equal(bundle_read(&b, "advisories/a.json", 100, &text, &e), 1);
    assert_string_equal(buf_text(&text), contents[0]);
    assert_int_equal(bundle_read(&b, "advisories/none.json", 100, &text, &e), 0);
    assert_int_equal(bundle_read(&b, "deliveries/b.json", 100, &text, &e), 1);
    assert_int_equal(bundle_read(&b, "advisories/a.json", 3, &text, &e), -1);
    assert_string_equal(e.code, "bundle.file");
    buf_fini(&text);
    bundle_fini(&b);
    buf_fini(&tar);
}

static void test_refused(void **state)
{
    (void)state;
    char code[48];

    for (int lie = 0; lie < 3; lie++) {
        struct buf tar = make(fx.signer_key, &fx.signer, lie);
        judge(buf_slice(&tar), code);
        assert_string_equal(code, "bundle.hash");
        buf_fini(&tar);
    }
    struct buf tar = make(fx.device_key, &fx.device, -1);
    judge(buf_slice(&tar), code);
    assert_string_equal(code, "chain.purpose");
    buf_fini(&tar);
    judge(slice_of(NULL, 0), code);
    assert_true(code[0]);
}

/* No byte of it can be changed, and none be missing. */
static void test_every_byte(void **state)
{
    (void)state;
    struct buf tar = make(fx.signer_key, &fx.signer, -1);
    char code[48];

    judge(buf_slice(&tar), code);
    assert_string_equal(code, "");
    for (size_t at = 0; at < tar.len; at += 13) {
        tar.data[at] ^= 4;
        judge(buf_slice(&tar), code);
        if (!code[0])
            fail_msg("byte %zu", at);
        tar.data[at] ^= 4;
    }
    for (size_t len = 0; len < tar.len; len += 101) {
        judge(slice_of(tar.data, len), code);
        assert_true(code[0]);
    }
    buf_fini(&tar);
}

static void test_torture(void **state)
{
    (void)state;
    struct buf tar = make(fx.signer_key, &fx.signer, -1);
    struct err f = {0};
    bool whole = false;

    assert_int_equal(file_write(path, buf_slice(&tar), 0600, &f), 0);
    for (long k = 0; !whole; k++) {
        struct err e = {0};
        struct bundle b;
        mem_fail_after(k);
        int result = bundle_open(&b, path, &e);
        if (result == 0)
            result = bundle_verify(&b, verifier, &e);
        whole = mem_allocations() <= k;
        mem_fail_after(-1);
        assert_int_equal(result == 0, !err_is_set(&e));
        assert_true(!whole || result == 0);
        bundle_fini(&b);
    }
    buf_fini(&tar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_torture, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
