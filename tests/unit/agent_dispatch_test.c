/* SPDX-License-Identifier: Apache-2.0 */
/* From stored notices to hooks and from their ends to outcomes: at least once, never lost. */
#include "agent_fixture.h"
#include "agent/dispatch.h"
#include "agent/outbox.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

static struct fixture fx;
static int64_t ahead; /* microseconds by which the test's clock is ahead */

static int64_t test_now(void *context)
{
    (void)context;
    return clock_now(&clock_system) + ahead;
}

static int64_t test_monotonic(void *context)
{
    (void)context;
    return clock_monotonic(&clock_system) + ahead;
}

static const struct clock test_clock = {.now = test_now, .monotonic = test_monotonic};

static void script(const char *body)
{
    char path[128], config[256];
    struct err e = {0};
    struct buf text;

    buf_init(&text);
    buf_printf(&text, "#!/bin/sh\nhome='%s'\n%s\n", fx.home, body);
    snprintf(path, sizeof(path), "%s/hook", fx.home);
    assert_int_equal(file_write(path, buf_slice(&text), 0700, &e), 0);
    buf_fini(&text);
    snprintf(config, sizeof(config), "hook = %s\nhooks-at-once = 2\nhook-timeout = 30\n", path);
    snprintf(path, sizeof(path), "%s/agent.conf", fx.home);
    assert_int_equal(file_write(path, slice_str(config), 0600, &e), 0);
}

static void open_agent(struct agent *a)
{
    struct err e = {0};

    if (agent_open(a, fx.home, AGENT_CHANGE, &e) != 0)
        fail_msg("%s", e.text);
    a->clock = &test_clock;
}

static void receive(struct agent *a, int64_t first, int64_t last)
{
    struct fixture_delivery made = fx_good;
    struct err e = {0};

    for (made.n = first; made.n <= last; made.n++) {
        struct buf text = fx_delivery(&fx, &made);
        struct delivery d;
        assert_int_equal(delivery_parse(&d, buf_slice(&text), &e), 0);
        assert_int_equal(agent_receive(a, &d, &e), 1);
        delivery_fini(&d);
        buf_fini(&text);
    }
}

static void run_all(struct dispatch *d)
{
    struct err e = {0};

    for (int i = 0; i < 2000; i++) {
        if (dispatch_step(d, NULL, &e) != 0)
            fail_msg("%s", e.text);
        if (dispatch_idle(d))
            return;
        struct pollfd waiting = {.fd = dispatch_fd(d), .events = POLLIN};
        poll(&waiting, 1, 20);
    }
    fail_msg("the hooks do not come to an end");
}

static int add_line(void *context, const char *name, struct slice envelope, struct err *e)
{
    struct envelope parsed;

    assert_int_equal(envelope_parse(&parsed, envelope, "tocsin-outcome/v1", e), 0);
    struct slice outcome = json_get_string(parsed.root, "outcome");
    buf_printf(context, "%.12s:%.*s ", name, SLICE_ARG(outcome));
    envelope_fini(&parsed);
    return 0;
}

static void expect_outcomes(const char *wanted)
{
    struct err e = {0};
    struct buf got;

    buf_init(&got);
    assert_int_equal(outbox_each(fx.home, add_line, &got, &e), 0);
    assert_string_equal(buf_text(&got), wanted);
    buf_fini(&got);
}

static size_t calls(void)
{
    char path[128];
    struct err e = {0};
    struct buf text;
    size_t lines = 0;

    snprintf(path, sizeof(path), "%s/calls", fx.home);
    if (file_kind(path) == 0)
        return 0;
    buf_init(&text);
    assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    buf_fini(&text);
    return lines;
}

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    ahead = 0;
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

static void test_each_once(void **state)
{
    (void)state;
    struct dispatch d;
    struct agent a;
    struct err e = {0};

    script("cat > /dev/null; echo $TOCSIN_NOTICE >> $home/calls\n"
           "[ $TOCSIN_NOTICE = 2 ] && exit 1; echo installed");
    open_agent(&a);
    receive(&a, 1, 4);
    assert_int_equal(dispatch_init(&d, &a, &e), 0);
    assert_false(dispatch_idle(&d));
    run_all(&d);
    expect_outcomes("000000000001:installed 000000000002:refused 000000000003:installed "
                    "000000000004:installed ");
    assert_int_equal(calls(), 4);
    assert_int_equal(a.state.hooks_to, 4);
    dispatch_fini(&d);
    agent_close(&a);

    open_agent(&a); /* nothing is left to do */
    assert_int_equal(dispatch_init(&d, &a, &e), 0);
    assert_true(dispatch_idle(&d));
    run_all(&d);
    assert_int_equal(calls(), 4);
    dispatch_fini(&d);
    agent_close(&a);
}

/* Killed between the outcome and the state: the outcome stands, the hook is not called again. */
static void test_outcome_counts(void **state)
{
    (void)state;
    struct dispatch d;
    struct agent a;
    struct err e = {0};
    struct buf envelope;
    uint8_t digest[32] = {0};

    script("echo x >> $home/calls");
    open_agent(&a);
    receive(&a, 1, 2);
    buf_init(&envelope);
    assert_int_equal(report_outcome_build(&a.identity, slice_str(FX_ORIGIN), 1, digest,
                                          OUTCOME_PLANNED, slice_str(""), test_now(NULL), &envelope,
                                          &e),
                     0);
    assert_int_equal(outbox_put(fx.home, 1, buf_slice(&envelope), &e), 0);
    buf_fini(&envelope);
    assert_int_equal(dispatch_init(&d, &a, &e), 0);
    run_all(&d);
    assert_int_equal(calls(), 1);
    expect_outcomes("000000000001:planned 000000000002:read ");
    dispatch_fini(&d);
    agent_close(&a);
}

/* Killed while the hook ran: it is called again. */
static void test_called_again(void **state)
{
    (void)state;
    struct dispatch d;
    struct agent a;
    struct err e = {0};

    script("echo x >> $home/calls; [ $(wc -l < $home/calls) = 1 ] && sleep 100; exit 0");
    open_agent(&a);
    receive(&a, 1, 1);
    assert_int_equal(dispatch_init(&d, &a, &e), 0);
    assert_int_equal(dispatch_step(&d, NULL, &e), 0);
    for (int i = 0; i < 500 && calls() == 0; i++)
        poll(NULL, 0, 10);
    dispatch_fini(&d); /* ends the hook, but what it would have said is nobody's */
    expect_outcomes("");
    agent_close(&a);
    open_agent(&a);
    assert_int_equal(dispatch_init(&d, &a, &e), 0);
    run_all(&d);
    expect_outcomes("000000000001:read ");
    assert_int_equal(calls(), 2);
    dispatch_fini(&d);
    agent_close(&a);
}

/* "Not now" is asked again, ever later, and holds up nobody; at last it is a failure. */
static void test_not_now(void **state)
{
    (void)state;
    struct dispatch d;
    struct agent a;
    struct err e = {0};

    script("echo x >> $home/calls; [ $TOCSIN_NOTICE = 1 ] && exit 75; exit 0");
    open_agent(&a);
    receive(&a, 1, 2);
    assert_int_equal(dispatch_init(&d, &a, &e), 0);
    run_all(&d);
    expect_outcomes("000000000002:read ");
    assert_int_equal(calls(), 2);
    int wait = dispatch_wait_ms(&d);
    assert_in_range(wait, 50000, 60001);
    run_all(&d);
    assert_int_equal(calls(), 2); /* not before its time */
    ahead += INT64_C(61) * 1000000;
    assert_int_equal(dispatch_wait_ms(&d), 0);
    for (int i = 0; i < 500 && calls() < 3; i++) {
        assert_int_equal(dispatch_step(&d, NULL, &e), 0);
        poll(NULL, 0, 10);
    }
    run_all(&d);
    assert_int_equal(calls(), 3);
    for (size_t count = 4; count <= DISPATCH_TRIES + 1; count++) {
        ahead += INT64_C(3601) * 1000000;
        for (int i = 0; i < 500 && calls() < count; i++) {
            assert_int_equal(dispatch_step(&d, NULL, &e), 0);
            poll(NULL, 0, 10);
        }
        run_all(&d);
    }
    for (int i = 0; i < 100 && state_hook_open(&a.state, 1); i++) {
        assert_int_equal(dispatch_step(&d, NULL, &e), 0);
        poll(NULL, 0, 10);
    }
    assert_int_equal(calls(), DISPATCH_TRIES + 1);
    expect_outcomes("000000000001:failed 000000000002:read ");
    assert_int_equal(dispatch_wait_ms(&d), -1);
    dispatch_fini(&d);
    agent_close(&a);
}

static int asked;

static int no_document_yet(void *context, const uint8_t hash[32])
{
    (void)hash;
    asked++;
    return *(int *)context;
}

/* A document that cannot be had now delays its own hook; one that cannot be had at all does not. */
static void test_documents(void **state)
{
    (void)state;
    struct dispatch d;
    struct agent a;
    struct err e = {0};
    int answer = 0;

    script("echo \"${TOCSIN_ADVISORY_FILE-none}\" >> $home/calls");
    open_agent(&a);
    a.config.hook_document = true;
    receive(&a, 1, 1);
    assert_int_equal(dispatch_init(&d, &a, &e), 0);
    d.fetch = no_document_yet;
    d.fetch_context = &answer;
    asked = 0;
    assert_int_equal(dispatch_step(&d, NULL, &e), 0);
    assert_int_equal(dispatch_step(&d, NULL, &e), 0);
    assert_int_equal(asked, 2);
    assert_true(d.fetch_waits);
    assert_int_equal(calls(), 0);
    assert_int_equal(hook_runner_running(d.runner), 0);
    answer = -1;
    run_all(&d);
    assert_int_equal(calls(), 1);
    expect_outcomes("000000000001:read ");
    dispatch_fini(&d);
    agent_close(&a);
}

/* A notice whose file is gone cannot be handed over, and stops nothing. */
static void test_lost_notice(void **state)
{
    (void)state;
    struct dispatch d;
    struct agent a;
    struct err e = {0};
    char path[128];

    script("echo x >> $home/calls");
    open_agent(&a);
    receive(&a, 1, 2);
    snprintf(path, sizeof(path), "%s/notices/000000000001.json", fx.home);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(dispatch_init(&d, &a, &e), 0);
    run_all(&d);
    expect_outcomes("000000000002:read ");
    assert_int_equal(a.state.hooks_to, 2);
    dispatch_fini(&d);
    agent_close(&a);
}

/* Without a hook there is nobody to tell; one that is set later begins with what comes then. */
static void test_no_hook(void **state)
{
    (void)state;
    struct dispatch d;
    struct agent a;
    struct err e = {0};

    open_agent(&a);
    receive(&a, 1, 3);
    assert_int_equal(dispatch_init(&d, &a, &e), 0);
    assert_true(dispatch_idle(&d));
    run_all(&d);
    expect_outcomes("");
    dispatch_fini(&d);
    agent_close(&a);
    script("exit 0");
    open_agent(&a);
    receive(&a, 4, 4);
    assert_int_equal(dispatch_init(&d, &a, &e), 0);
    run_all(&d);
    expect_outcomes("000000000004:read ");
    dispatch_fini(&d);
    agent_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_outcome_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_called_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_now, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_documents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lost_notice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_hook, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
