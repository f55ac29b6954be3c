/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent remembers, configures and waits for. */
#include "agent_fixture.h"
#include "agent/backoff.h"
#include "agent/home.h"
#include "agent/outbox.h"

/* ---- state ---- */

static void fill(struct state *s)
{
    struct err e = {0};

    assert_int_equal(state_init(s, FX_ASSET, &e), 0);
    s->n = 9;
    memset(s->head, 0xab, 32);
    s->acked = 7;
    s->hooks_to = 4;
    assert_true(state_hook_done(s, 8));
    assert_true(state_hook_done(s, 6));
    s->has_inventory = true;
    memset(s->inventory, 0xcd, 32);
    snprintf(s->class, sizeof(s->class), "sha256:%064d", 5);
    assert_int_equal(state_add_origin(s, slice_str("old.example/tocsin/1"), &e), 0);
    assert_int_equal(state_add_origin(s, slice_str(FX_ORIGIN), &e), 0);
    s->checkpoint.there = true;
    s->checkpoint.size = 77;
    memset(s->checkpoint.root, 0xef, 32);
    buf_puts(&s->checkpoint.note, "a note\nwith \"lines\"\n\n\xe2\x80\x94 x\n");
    err_set(&e, ERR_VERIFY, "agent.journal-forked", "RFC 9162", "two histories");
    state_raise_alarm(s, &e, INT64_C(1700000000123456));
    state_refused(s, &e, INT64_C(1700000000000000));
    s->contact_at = INT64_C(1700000001000000);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct state s, back;
    struct buf text, again;
    struct err e = {0};

    fill(&s);
    buf_init(&text);
    buf_init(&again);
    state_write(&s, &text);
    if (state_parse(&back, buf_slice(&text), FX_ASSET, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(back.n, 9);
    assert_int_equal(back.acked, 7);
    assert_int_equal(back.done_count, 2);
    assert_int_equal(back.done[0], 6);
    assert_true(back.alarm);
    assert_string_equal(back.alarm_code, "agent.journal-forked");
    assert_true(state_knows_origin(&back, slice_str("old.example/tocsin/1")));
    state_write(&back, &again);
    assert_true(slice_equal(buf_slice(&text), buf_slice(&again)));
    state_fini(&back);

    assert_int_equal(state_parse(&back, buf_slice(&text), "ast_other", &e), -1);
    assert_string_equal(e.code, "agent.state");
    state_fini(&back);
    state_fini(&s);
    buf_fini(&text);
    buf_fini(&again);
}

/* A damaged file is refused whole: cut anywhere, or with a number that cannot be. */
static void test_damage(void **state)
{
    (void)state;
    static const char *const lies[][2] = {
        {"\"n\": 9", "\"n\": 6"},
        {"\"acked\": 7", "\"acked\": 10"},
        {"\"hooks_to\": 4", "\"hooks_to\": 12"},
        {"\"size\": 77", "\"size\": -1"},
        {"tocsin-agent-state/v1", "tocsin-agent-state/v2"},
    };
    struct state s, back;
    struct buf text;

    fill(&s);
    buf_init(&text);
    state_write(&s, &text);
    for (size_t len = 0; len + 1 < text.len; len += 5) {
        struct err e = {0};
        assert_int_equal(state_parse(&back, slice_of(text.data, len), FX_ASSET, &e), -1);
        assert_true(err_is_set(&e));
        state_fini(&back);
    }
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        struct err e = {0};
        struct buf lie;
        const char *at = strstr(buf_text(&text), lies[i][0]);
        assert_non_null(at);
        buf_init(&lie);
        buf_put(&lie, text.data, (size_t)(at - buf_text(&text)));
        buf_puts(&lie, lies[i][1]);
        buf_puts(&lie, at + strlen(lies[i][0]));
        assert_int_equal(state_parse(&back, buf_slice(&lie), FX_ASSET, &e), -1);
        assert_string_equal(e.code, "agent.state");
        state_fini(&back);
        buf_fini(&lie);
    }
    buf_fini(&text);
    state_fini(&s);
}

static void test_torture(void **state)
{
    (void)state;
    struct state s;
    struct buf text;
    bool whole = false;

    fill(&s);
    buf_init(&text);
    state_write(&s, &text);
    for (long k = 0; !whole; k++) {
        struct err e = {0};
        struct state back;
        mem_fail_after(k);
        int result = state_parse(&back, buf_slice(&text), FX_ASSET, &e);
        whole = mem_allocations() <= k;
        mem_fail_after(-1);
        assert_int_equal(result == 0, !err_is_set(&e));
        assert_true(!whole || result == 0);
        state_fini(&back);
    }
    buf_fini(&text);
    state_fini(&s);
}

/* Against a set of numbers kept plainly. */
static void test_hooks_done(void **state)
{
    (void)state;
    enum { NOTICES = 300 };
    bool done[NOTICES + 1] = {false};
    struct err e = {0};
    struct state s;
    uint64_t draw = 12345;

    assert_int_equal(state_init(&s, FX_ASSET, &e), 0);
    s.n = NOTICES;
    for (int i = 0; i < 5000; i++) {
        draw = draw * 6364136223846793005U + 1442695040888963407U;
        uint64_t k = s.hooks_to + 1 + (draw >> 33) % 100;
        if (k > NOTICES)
            continue;
        assert_true(state_hook_done(&s, k));
        done[k] = true;
        for (uint64_t n = 1; n <= NOTICES; n++)
            assert_int_equal(state_hook_open(&s, n), !done[n]);
    }
    assert_int_equal(s.hooks_to + s.done_count > 200, true);

    struct state far;
    assert_int_equal(state_init(&far, FX_ASSET, &e), 0);
    far.n = 10000;
    for (uint64_t k = 0; k < STATE_HOOKS_AHEAD; k++)
        assert_true(state_hook_done(&far, 2 + k));
    assert_false(state_hook_done(&far, 2 + STATE_HOOKS_AHEAD));
    assert_true(state_hook_done(&far, 1)); /* closes the gap */
    assert_int_equal(far.hooks_to, 1 + STATE_HOOKS_AHEAD);
    assert_int_equal(far.done_count, 0);
    state_fini(&far);
    state_fini(&s);
}

static void test_new_origin_forgets_checkpoint(void **state)
{
    (void)state;
    struct err e = {0};
    struct state s;

    fill(&s);
    assert_int_equal(state_add_origin(&s, slice_str(FX_ORIGIN), &e), 0);
    assert_true(s.checkpoint.there); /* the same one: nothing happens */
    assert_int_equal(state_add_origin(&s, slice_str("new.example/tocsin/2"), &e), 0);
    assert_false(s.checkpoint.there);
    for (int i = 0; i < STATE_ORIGINS_MAX; i++) {
        char name[32];
        snprintf(name, sizeof(name), "n%d.example/tocsin/2", i);
        if (state_add_origin(&s, slice_str(name), &e) != 0)
            break;
    }
    assert_string_equal(e.code, "agent.origins");
    state_fini(&s);
}

/* ---- configuration ---- */

static void test_config(void **state)
{
    (void)state;
    struct agent_config c, back;
    struct buf text;
    struct err e = {0};

    agent_config_init(&c);
    assert_int_equal(
        agent_config_read(&c,
                          slice_str("# a comment\n\n hook = /bin/true \r\nhook-timeout=7\n"
                                    "hook-document = yes\nlog = debug"),
                          &e),
        0);
    assert_string_equal(c.hook, "/bin/true");
    assert_int_equal(c.hook_timeout_s, 7);
    assert_true(c.hook_document);
    assert_int_equal(c.hooks_at_once, 4);

    buf_init(&text);
    agent_config_write(&c, &text);
    agent_config_init(&back);
    assert_int_equal(agent_config_read(&back, buf_slice(&text), &e), 0);
    assert_memory_equal(&c, &back, sizeof(c));
    buf_fini(&text);
}

static void test_config_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"\nhok = /bin/true", "line 2"},
        {"hook = bin/true", "line 1"},
        {"#\n#\nhook-timeout = 0", "line 3"},
        {"hook-timeout = 99999999", "line 1"},
        {"hook-timeout = 7s", "line 1"},
        {"hook-timeout =", "line 1"},
        {"hook-document = maybe", "line 1"},
        {"hook /bin/true", "line 1"},
        {"hook = /a\x01/b", "line 1"},
        {"retry-least = 5000\nretry-most = 4000", ""},
        {"log = loud", ""},
        {"notices-kept = 0", "line 1"},
        {"hooks-at-once = 17", "line 1"},
        {"renew-percent = 100", "line 1"},
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct agent_config c;
        struct err e = {0};
        agent_config_init(&c);
        if (agent_config_read(&c, slice_str(bad[i][0]), &e) == 0)
            fail_msg("taken: %s", bad[i][0]);
        assert_string_equal(e.code, "agent.config");
        assert_string_equal(e.where, bad[i][1]);
    }
    char large[CONFIG_TEXT + 20] = "hook = /";
    struct agent_config c;
    struct err e = {0};
    memset(large + 8, 'x', CONFIG_TEXT);
    agent_config_init(&c);
    assert_int_equal(agent_config_read(&c, slice_str(large), &e), -1);
}

/* ---- back-off ---- */

static uint64_t drawn;

static int draw_fixed(void *context, void *out, size_t len)
{
    (void)context;
    memcpy(out, &drawn, len < sizeof(drawn) ? len : sizeof(drawn));
    return 0;
}

static int draw_nothing(void *context, void *out, size_t len)
{
    (void)context;
    (void)out;
    (void)len;
    return -1;
}

static void test_backoff(void **state)
{
    (void)state;
    struct random fixed = {.fill = draw_fixed}, broken = {.fill = draw_nothing};
    struct backoff b;

    backoff_init(&b, &random_system, 1000, 60000);
    unsigned ceiling = 1000;
    for (int i = 0; i < 100; i++) {
        ceiling = ceiling * 2 > 60000 ? 60000 : ceiling * 2;
        unsigned wait = backoff_next(&b);
        assert_in_range(wait, 1000, ceiling);
    }
    backoff_success(&b);
    assert_in_range(backoff_next(&b), 1000, 2000);

    /* spread: not all devices draw the same */
    unsigned least = UINT32_MAX, most = 0;
    for (int i = 0; i < 1000; i++) {
        b.tries = 10;
        unsigned wait = backoff_next(&b);
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
    }
    assert_true(least < 5000 && most > 55000);

    backoff_init(&b, &fixed, 1000, 60000);
    drawn = 0;
    backoff_steer(&b, 20000);
    assert_int_equal(backoff_next(&b), 20000); /* never earlier than told */
    backoff_steer(&b, INT64_MAX);
    assert_int_equal(backoff_next(&b), BACKOFF_STEER_MAX_MS);
    backoff_steer(&b, -1);
    assert_int_equal(backoff_next(&b), 1000);
    backoff_steer(&b, 0);
    drawn = 1000;
    assert_int_equal(backoff_next(&b), 1000); /* told "now": spread over a second */
    b.random = &broken;
    assert_true(backoff_next(&b) >= 1000);
}

static void test_retry_after(void **state)
{
    (void)state;
    int64_t now = INT64_C(784111777) * 1000000; /* Sun, 06 Nov 1994 08:49:37 GMT */

    assert_int_equal(backoff_retry_after(slice_str("120"), now), 120000);
    assert_int_equal(backoff_retry_after(slice_str("0"), now), 0);
    assert_int_equal(backoff_retry_after(slice_str("99999999999999999999"), now),
                     BACKOFF_STEER_MAX_MS);
    assert_int_equal(backoff_retry_after(slice_str("Sun, 06 Nov 1994 08:50:37 GMT"), now), 60000);
    assert_int_equal(backoff_retry_after(slice_str("Sun, 06 Nov 1994 08:40:37 GMT"), now), 0);
    assert_int_equal(backoff_retry_after(slice_str("-1"), now), -1);
    assert_int_equal(backoff_retry_after(slice_str(""), now), -1);
    assert_int_equal(backoff_retry_after(slice_str("soon"), now), -1);
    assert_int_equal(backoff_retry_after(slice_str("Sun, 06 Nov 1994 08:50:37 GMT "), now), -1);
    assert_int_equal(backoff_retry_after(slice_str("Sun, 06 anF 1994 08:50:37 GMT"), now), -1);
}

/* ---- folder and outbox ---- */

static void test_home(void **state)
{
    (void)state;
    char home[] = "/tmp/agent-test-XXXXXX", path[PATH_MAX];
    struct err e = {0};
    int lock, second;

    assert_non_null(mkdtemp(home));
    assert_int_equal(home_prepare(home, &e), 0);
    snprintf(path, sizeof(path), "%s/notices/1.json.new-12-0x1-0", home);
    assert_int_equal(file_write(path, slice_str("half"), 0600, &e), 0);
    assert_int_equal(home_lock(home, &lock, &e), 0);
    assert_int_equal(home_lock(home, &second, &e), -1);
    assert_string_equal(e.code, "agent.home-locked");
    err_clear(&e);
    assert_int_equal(home_prepare(home, &e), 0);
    assert_int_equal(file_kind(path), 0); /* swept */
    close(lock);
    assert_int_equal(home_lock(home, &second, &e), 0);
    close(second);
    assert_int_equal(home_lock("/nonexistent/agent", &second, &e), -1);
    assert_string_equal(e.code, "agent.home");
    assert_true(e.hint[0]);

    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", home);
    assert_int_equal(system(command), 0);
}

static int collect(void *context, const char *name, struct slice envelope, struct err *e)
{
    struct buf *all = context;

    (void)e;
    buf_printf(all, "%s=%.*s ", name, SLICE_ARG(envelope));
    return 0;
}

static int take_first(void *context, const char *name, struct slice envelope, struct err *e)
{
    (void)envelope;
    (void)e;
    snprintf(context, OUTBOX_NAME, "%s", name);
    return 1;
}

static void test_outbox(void **state)
{
    (void)state;
    char home[] = "/tmp/agent-test-XXXXXX", name[OUTBOX_NAME];
    struct err e = {0};
    struct buf all;

    buf_init(&all);
    assert_non_null(mkdtemp(home));
    assert_int_equal(home_prepare(home, &e), 0);
    assert_int_equal(outbox_each(home, take_first, name, &e), 0);
    assert_int_equal(outbox_put(home, 10, slice_str("ten"), &e), 0);
    assert_int_equal(outbox_put(home, 9, slice_str("nine"), &e), 0);
    assert_int_equal(outbox_put(home, 9, slice_str("nine again"), &e), 0);
    assert_int_equal(outbox_each(home, collect, &all, &e), 0);
    assert_string_equal(buf_text(&all),
                        "000000000009-000.json=nine 000000000009-001.json=nine again "
                        "000000000010-000.json=ten ");
    assert_int_equal(outbox_each(home, take_first, name, &e), 1);
    assert_string_equal(name, "000000000009-000.json");
    assert_false(outbox_answered(name));
    assert_int_equal(outbox_mark_answered(home, name, &e), 0);
    assert_int_equal(outbox_each(home, take_first, name, &e), 1);
    assert_true(outbox_answered(name));
    assert_int_equal(outbox_number(name), 9);
    assert_int_equal(outbox_put(home, 9, slice_str("nine, later"), &e), 0);
    buf_reset(&all);
    assert_int_equal(outbox_each(home, collect, &all, &e), 0);
    assert_string_equal(buf_text(&all),
                        "000000000009-000.answered.json=nine 000000000009-001.json=nine again "
                        "000000000009-002.json=nine, later 000000000010-000.json=ten ");
    assert_int_equal(outbox_remove(home, "000000000009-002.json", &e), 0);
    assert_int_equal(outbox_remove(home, name, &e), 0);
    assert_int_equal(outbox_each(home, take_first, name, &e), 1);
    assert_string_equal(name, "000000000009-001.json");
    assert_int_equal(outbox_set_aside(home, name, &e), 0);
    buf_reset(&all);
    assert_int_equal(outbox_each(home, collect, &all, &e), 0);
    assert_string_equal(buf_text(&all), "000000000010-000.json=ten ");
    buf_fini(&all);

    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", home);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_torture),
        cmocka_unit_test(test_hooks_done),
        cmocka_unit_test(test_new_origin_forgets_checkpoint),
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_config_refused),
        cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_home),
        cmocka_unit_test(test_outbox),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
