/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/alarm.h"
#include "agent/home.h"
#include "base/json.h"
#include "base/log.h"

enum { AGAIN_LEAST_S = 60, AGAIN_MOST_S = 3600, ONLY = 1 };

int alarm_init(struct alarm *alarm, const struct agent *a, struct err *e)
{
    *alarm = (struct alarm){.agent = a};
    if (!a->config.alarm_hook[0])
        return 0;
    alarm->runner = hook_runner_new(a->config.alarm_hook, a->config.hook_timeout_s, 1, a->clock, e);
    return alarm->runner ? 0 : -1;
}

void alarm_fini(struct alarm *alarm)
{
    hook_runner_free(alarm->runner, 5000);
    alarm->runner = NULL;
}

static struct slice origin_of(const struct agent *a)
{
    const struct state *s = &a->state;

    return slice_str(s->origin_count ? s->origins[s->origin_count - 1] : a->trust.origin);
}

void alarm_write(const struct agent *a, const char *evidence, struct buf *out)
{
    struct json_writer w;

    json_write_init(&w, out, 0); /* in the order of RFC 8785 */
    json_write_object(&w);
    json_member_string(&w, "asset", a->identity.asset);
    json_member_time(&w, "at", a->state.alarm_at);
    json_member_string(&w, "code", a->state.alarm_code);
    json_member_string(&w, "evidence", evidence);
    json_member_string(&w, "format", "tocsin-alarm/v1");
    json_member_slice(&w, "origin", origin_of(a));
    json_member_string(&w, "text", a->state.alarm_text);
    json_write_object_end(&w);
    buf_putc(out, '\n');
}

static int start(struct alarm *alarm, struct err *e)
{
    const struct agent *a = alarm->agent;
    char evidence[PATH_MAX];
    struct buf input;
    int result = -1;

    buf_init(&input);
    if (home_path(a->home, "evidence", evidence, e) != 0)
        goto out;
    alarm_write(a, evidence, &input);
    const struct hook_fact facts[] = {
        {"TOCSIN_HOME", slice_str(a->home)},
        {"TOCSIN_ASSET", slice_str(a->identity.asset)},
        {"TOCSIN_ORIGIN", origin_of(a)},
        {"TOCSIN_ALARM", slice_str(a->state.alarm_code)},
        {"TOCSIN_ALARM_TEXT", slice_str(a->state.alarm_text)},
        {"TOCSIN_EVIDENCE", slice_str(evidence)},
    };
    if (buf_check(&input, e) == 0)
        result = hook_start(alarm->runner, ONLY, buf_slice(&input), facts, ARRAY_LEN(facts), e);
out:
    buf_fini(&input);
    return result;
}

static void ended(struct alarm *alarm, const struct hook_result *hook)
{
    bool failed = hook->again || hook->outcome == OUTCOME_FAILED;
    int64_t seconds = AGAIN_LEAST_S;

    log_line(failed ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "alarm.hook-ended",
             LOG_S("outcome", hook->again ? "again" : report_outcome_name(hook->outcome)),
             LOG_S("detail", hook->detail));
    alarm->told = !failed;
    for (unsigned i = 0; i < alarm->tries && seconds < AGAIN_MOST_S; i++)
        seconds *= 2;
    alarm->tries += failed;
    if (failed)
        alarm->again_at = clock_monotonic(alarm->agent->clock) +
                          (seconds < AGAIN_MOST_S ? seconds : AGAIN_MOST_S) * 1000000;
}

int alarm_step(struct alarm *alarm, struct err *e)
{
    struct hook_result result;

    if (!alarm->runner)
        return 0;
    while (hook_step(alarm->runner, &result) == 1)
        ended(alarm, &result);
    if (!alarm->agent->state.alarm) {
        alarm->told = false;
        alarm->tries = 0;
        alarm->again_at = 0;
        return 0;
    }
    if (alarm->told || hook_runner_running(alarm->runner) > 0 ||
        clock_monotonic(alarm->agent->clock) < alarm->again_at)
        return 0;
    return start(alarm, e);
}

bool alarm_idle(const struct alarm *alarm)
{
    return !alarm->runner || (hook_runner_running(alarm->runner) == 0 &&
                              (!alarm->agent->state.alarm || alarm->told || alarm->again_at > 0));
}

int alarm_fd(const struct alarm *alarm)
{
    return alarm->runner ? hook_runner_fd(alarm->runner) : -1;
}

int alarm_wait_ms(const struct alarm *alarm)
{
    int64_t now = clock_monotonic(alarm->agent->clock);

    if (!alarm->runner)
        return -1;
    int wait = hook_runner_wait_ms(alarm->runner);
    if (wait >= 0 || alarm_idle(alarm) == false || !alarm->agent->state.alarm || alarm->told)
        return wait;
    return alarm->again_at > now ? (int)((alarm->again_at - now) / 1000 + 1) : 0;
}
