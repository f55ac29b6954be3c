/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's program: what it gets, what its end means, and that none holds up another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/hook.h"
#include "base/file.h"
#include "base/memory.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/agent-hook-XXXXXX";
static char program[64];

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_non_null(mkdtemp(folder));
    snprintf(program, sizeof(program), "%s/hook", folder);
    return 0;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

static void script(const char *body)
{
    struct buf text;
    struct err e = {0};

    buf_init(&text);
    buf_printf(&text, "#!/bin/sh\n%s\n", body);
    assert_int_equal(file_write(program, buf_slice(&text), 0700, &e), 0);
    buf_fini(&text);
}

static void await(struct hook_runner *r, struct hook_result *result)
{
    while (hook_step(r, result) == 0) {
        struct pollfd waiting = {.fd = hook_runner_fd(r), .events = POLLIN};
        int wait = hook_runner_wait_ms(r);
        assert_true(wait >= 0);
        poll(&waiting, 1, wait);
    }
}

/* Runs the script once for notice 5. */
static struct hook_result once(const char *body, struct slice input, int64_t timeout_s)
{
    static const struct hook_fact facts[] = {
        {"TOCSIN_NOTICE", {(const uint8_t *)"5", 1}},
        {"TOCSIN_ADVISORY_TITLE", {(const uint8_t *)"two\nlines \x1b[1m", 14}},
    };
    struct hook_result result;
    struct hook_runner *r;
    struct err e = {0};

    script(body);
    r = hook_runner_new(program, timeout_s, 1, &clock_system, &e);
    assert_non_null(r);
    assert_int_equal(hook_start(r, 5, input, facts, ARRAY_LEN(facts), &e), 0);
    await(r, &result);
    assert_int_equal(result.n, 5);
    assert_int_equal(hook_runner_running(r), 0);
    hook_runner_free(r, 0);
    return result;
}

static void expect(const char *body, enum report_outcome outcome, const char *detail)
{
    struct hook_result result = once(body, slice_str("{}"), 20);

    assert_int_equal(result.outcome, outcome);
    assert_false(result.again);
    assert_string_equal(result.detail, detail);
    assert_int_equal(result.detail_length, strlen(detail));
}

static void test_outcomes(void **state)
{
    (void)state;
    expect("exit 0", OUTCOME_READ, "");
    expect("echo read", OUTCOME_READ, "");
    expect("echo planned next Tuesday; echo more", OUTCOME_PLANNED, "next Tuesday");
    expect("echo installed", OUTCOME_INSTALLED, "");
    expect("echo whatever else", OUTCOME_READ, "whatever else");
    expect("echo failed", OUTCOME_READ, "failed"); /* only the exit code says failed or refused */
    expect("echo not here; exit 1", OUTCOME_REFUSED, "not here");
    expect("echo no space; exit 9", OUTCOME_FAILED, "the hook ended with code 9: no space");
    expect("kill -SEGV $$", OUTCOME_FAILED, "the hook was ended by signal 11");
    struct hook_result result = once("exit 75", slice_str("{}"), 20);
    assert_true(result.again);
}

static void test_input_and_facts(void **state)
{
    (void)state;
    struct buf large;
    struct err e = {0};
    char body[300];

    buf_init(&large);
    for (int i = 0; i < 200000; i++)
        buf_puts(&large, "0123456789");
    snprintf(body, sizeof(body),
             "cat > %s/in; echo \"planned $TOCSIN_NOTICE [$TOCSIN_ADVISORY_TITLE] "
             "${NOTIFY_SOCKET-none}\"",
             folder);
    setenv("NOTIFY_SOCKET", "/secret", 1);
    struct hook_result result = once(body, buf_slice(&large), 20);
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(result.outcome, OUTCOME_PLANNED);
    assert_string_equal(result.detail, "5 [two lines  [1m] none");
    struct buf got;
    char path[80];
    buf_init(&got);
    snprintf(path, sizeof(path), "%s/in", folder);
    assert_int_equal(file_read(path, 4 << 20, &got, &e), 0);
    assert_true(slice_equal(buf_slice(&got), buf_slice(&large)));
    buf_fini(&got);

    /* one that does not read, and one that writes without end until it is killed by its own end */
    result = once("exit 0", buf_slice(&large), 20);
    assert_int_equal(result.outcome, OUTCOME_READ);
    result = once("head -c 5000000 /dev/zero; exit 0", slice_str(""), 20);
    assert_int_equal(result.outcome, OUTCOME_READ);
    buf_fini(&large);
}

static void test_cannot_start(void **state)
{
    (void)state;
    struct hook_result result;
    struct err e = {0};
    struct hook_runner *r = hook_runner_new("/nonexistent/hook", 5, 1, &clock_system, &e);

    assert_non_null(r);
    assert_int_equal(hook_start(r, 1, slice_str(""), NULL, 0, &e), 0);
    await(r, &result);
    assert_int_equal(result.outcome, OUTCOME_FAILED);
    assert_non_null(strstr(result.detail, "No such file"));
    hook_runner_free(r, 0);
}

/* A hook that never returns: killed with its children, and others run beside it meanwhile. */
static void test_never_returns(void **state)
{
    (void)state;
    struct hook_result result;
    struct hook_runner *r;
    struct err e = {0};
    char body[300], path[80];
    unsigned fast = 0, slow = 0;
    struct buf pid;

    snprintf(body, sizeof(body),
             "trap '' TERM\nif [ \"$TOCSIN_NOTICE\" = 1 ]; then\n"
             "sleep 1000 & echo $! > %s/child; wait\nfi",
             folder);
    script(body);
    r = hook_runner_new(program, 1, 2, &clock_system, &e);
    assert_non_null(r);
    int64_t begun = clock_monotonic(&clock_system);
    for (uint64_t n = 1; n <= 2; n++) {
        struct hook_fact fact = {"TOCSIN_NOTICE", slice_str(n == 1 ? "1" : "2")};
        assert_int_equal(hook_start(r, n, slice_str(""), &fact, 1, &e), 0);
    }
    assert_true(hook_runner_full(r));
    assert_int_equal(hook_start(r, 3, slice_str(""), NULL, 0, &e), -1);
    assert_string_equal(e.code, "agent.hooks");
    err_clear(&e);
    for (int i = 0; i < 2; i++) {
        await(r, &result);
        if (result.n == 2) {
            assert_int_equal(result.outcome, OUTCOME_READ);
            assert_int_equal(slow, 0); /* it came first */
            fast++;
        } else {
            assert_int_equal(result.outcome, OUTCOME_FAILED);
            assert_non_null(strstr(result.detail, "killed"));
            slow++;
        }
    }
    assert_int_equal(fast, 1);
    assert_int_equal(slow, 1);
    int64_t took = clock_monotonic(&clock_system) - begun;
    assert_true(took >= 1000000 && took < 20000000);
    hook_runner_free(r, 0);

    buf_init(&pid);
    snprintf(path, sizeof(path), "%s/child", folder);
    assert_int_equal(file_read(path, 100, &pid, &e), 0);
    pid_t child = (pid_t)strtol(buf_text(&pid), NULL, 10);
    buf_fini(&pid);
    assert_true(child > 1);
    for (int i = 0; i < 100 && kill(child, 0) == 0; i++) {
        /* dead, and reaped by whoever is its parent now; a zombie still answers */
        char stat[64], line[256] = "";
        snprintf(stat, sizeof(stat), "/proc/%d/stat", (int)child);
        FILE *file = fopen(stat, "r");
        if (!file)
            break;
        if (fgets(line, sizeof(line), file) && strstr(line, ") Z ")) {
            fclose(file);
            break;
        }
        fclose(file);
        assert_true(i < 99);
        poll(NULL, 0, 20);
    }
}

/* Ending the agent ends its hooks, the polite way first. */
static void test_free_ends_them(void **state)
{
    (void)state;
    struct err e = {0};
    char body[200], path[80];
    struct hook_runner *r;

    snprintf(body, sizeof(body),
             "trap 'echo bye > %s/bye; exit' TERM\necho up > %s/up\n"
             "while :; do sleep 0.05; done",
             folder, folder);
    script(body);
    r = hook_runner_new(program, 600, 1, &clock_system, &e);
    assert_non_null(r);
    assert_int_equal(hook_start(r, 1, slice_str(""), NULL, 0, &e), 0);
    snprintf(path, sizeof(path), "%s/up", folder);
    for (int i = 0; i < 500 && file_kind(path) == 0; i++)
        poll(NULL, 0, 10);
    hook_runner_free(r, 5000);
    snprintf(path, sizeof(path), "%s/bye", folder);
    assert_int_equal(file_kind(path), 1);
}

static void test_torture(void **state)
{
    (void)state;
    bool whole = false;

    script("cat > /dev/null; echo installed");
    for (long k = 0; !whole; k++) {
        struct hook_fact fact = {"TOCSIN_NOTICE", slice_str("1")};
        struct hook_result result;
        struct hook_runner *r;
        struct err e = {0};
        mem_fail_after(k);
        r = hook_runner_new(program, 20, 1, &clock_system, &e);
        int started = r ? hook_start(r, 1, slice_str("{}"), &fact, 1, &e) : -1;
        whole = mem_allocations() <= k;
        mem_fail_after(-1);
        if (started == 0) {
            await(r, &result);
            assert_int_equal(result.outcome, OUTCOME_INSTALLED);
        } else {
            assert_int_equal(e.kind, ERR_MEMORY);
            assert_false(whole);
        }
        hook_runner_free(r, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),       cmocka_unit_test(test_input_and_facts),
        cmocka_unit_test(test_cannot_start),   cmocka_unit_test(test_never_returns),
        cmocka_unit_test(test_free_ends_them), cmocka_unit_test(test_torture),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
