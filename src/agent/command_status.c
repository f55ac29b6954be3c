/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-agent status, inventory, report, alarm, config */
#include "agent/agent.h"
#include "agent/command.h"
#include "agent/offline_match.h"
#include "agent/outbox.h"
#include "agent/report.h"
#include "agent/sources.h"
#include "base/encoding.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- status ---- */

static int count_one(void *context, const char *name, struct slice envelope, struct err *e)
{
    (void)name;
    (void)envelope;
    (void)e;
    ++*(size_t *)context;
    return 0;
}

static size_t open_hooks(const struct state *s)
{
    size_t open = 0;

    for (uint64_t n = s->hooks_to + 1; n <= s->n; n++)
        open += state_hook_open(s, n);
    return open;
}

static void write_incident(struct json_writer *w, const char *name, const char *code,
                           const char *text, int64_t at)
{
    json_write_name(w, name);
    json_write_object(w);
    json_member_time(w, "at", at);
    json_member_string(w, "code", code);
    json_member_string(w, "text", text);
    json_write_object_end(w);
}

static void status_json(const struct agent *a, size_t waiting)
{
    const struct state *s = &a->state;
    char hash[HASH_TEXT];
    struct json_writer w;
    struct buf out;

    buf_init(&out);
    json_write_init(&w, &out, 2);
    json_write_object(&w);
    json_member_string(&w, "asset", a->identity.asset);
    hash_text_format(a->identity.fingerprint, hash);
    json_member_string(&w, "certificate", hash);
    json_member_time(&w, "not_after", a->identity.leaf.not_after);
    json_member_time(&w, "renew_at", identity_renew_at(&a->identity, a->config.renew_percent));
    json_member_int(&w, "trust_generation", a->trust.generation);
    json_member_string(&w, "origin", a->trust.origin);
    json_member_string(&w, "centre", a->config.centre[0] ? a->config.centre : a->trust.device);
    json_member_int(&w, "n", (int64_t)s->n);
    hash_text_format(s->head, hash);
    json_member_string(&w, "head", hash);
    json_member_int(&w, "acknowledged", (int64_t)s->acked);
    json_member_int(&w, "hooks_open", (int64_t)open_hooks(s));
    json_member_int(&w, "outcomes_waiting", (int64_t)waiting);
    if (s->checkpoint.there) {
        json_write_name(&w, "checkpoint");
        json_write_object(&w);
        json_member_int(&w, "size", (int64_t)s->checkpoint.size);
        hash_text_format(s->checkpoint.root, hash);
        json_member_string(&w, "root", hash);
        json_write_object_end(&w);
    }
    if (s->has_inventory)
        json_member_string(&w, "class", s->class);
    if (s->contact_at)
        json_member_time(&w, "contact", s->contact_at);
    if (s->refusal)
        write_incident(&w, "refusal", s->refusal_code, s->refusal_text, s->refusal_at);
    if (s->alarm)
        write_incident(&w, "alarm", s->alarm_code, s->alarm_text, s->alarm_at);
    json_write_object_end(&w);
    printf("%s\n", buf_text(&out));
    buf_fini(&out);
}

static void print_incident(const char *name, const char *text, int64_t at)
{
    char when[TIME_TEXT];

    time_format(at, when);
    printf("%-13s %s: ", name, when);
    offline_print(stdout, slice_str(text));
    putchar('\n');
}

static void status_text(const struct agent *a, size_t waiting)
{
    const struct state *s = &a->state;
    char until[TIME_TEXT], renew[TIME_TEXT], contact[TIME_TEXT] = "never";

    time_format(a->identity.leaf.not_after, until);
    time_format(identity_renew_at(&a->identity, a->config.renew_percent), renew);
    if (s->contact_at)
        time_format(s->contact_at, contact);
    printf("asset         %s\n", a->identity.asset);
    printf("certificate   until %s, renewed from %s\n", until, renew);
    printf("centre        %s, last answer %s\n",
           a->config.centre[0] ? a->config.centre : a->trust.device, contact);
    printf("trust         generation %lld, %zu anchor%s, journal %s\n",
           (long long)a->trust.generation, a->trust.anchors.count,
           a->trust.anchors.count == 1 ? "" : "s", a->trust.origin);
    printf("notices       %llu received and verified, %llu acknowledged\n",
           (unsigned long long)s->n, (unsigned long long)s->acked);
    printf("hooks         %zu not done\n", open_hooks(s));
    printf("outcomes      %zu not taken by the centre yet\n", waiting);
    if (s->checkpoint.there)
        printf("journal       %llu entries, consistent since the first checkpoint\n",
               (unsigned long long)s->checkpoint.size);
    else
        printf("journal       no checkpoint seen yet\n");
    printf("inventory     %s\n", s->has_inventory ? s->class : "not sent yet");
    if (s->refusal)
        print_incident("refused", s->refusal_text, s->refusal_at);
    if (s->alarm)
        print_incident("ALARM", s->alarm_text, s->alarm_at);
}

int command_status(int argc, char **argv)
{
    static const char usage[] =
        "tocsin-agent status [--home DIR] [--json]\n\n"
        "What this device is and where it stands. Ends with 1 while there is an alarm.";
    const char *home = AGENT_HOME;
    int json = 0;
    const struct option_of options[] = {{"home", &home, NULL}, {"json", NULL, &json}};
    struct agent agent;
    struct err e = {0};
    size_t waiting = 0;
    bool alarm = false;
    int result = command_options(argc, argv, options, ARRAY_LEN(options), NULL, 0, usage);

    if (result < 0)
        return result == -2 ? 0 : 2;
    result = agent_open(&agent, home, AGENT_READ, &e);
    if (result == 0)
        result = outbox_each(home, count_one, &waiting, &e);
    if (result == 0) {
        alarm = agent.state.alarm;
        if (json)
            status_json(&agent, waiting);
        else
            status_text(&agent, waiting);
    }
    agent_close(&agent);
    if (result != 0)
        return command_failed("status", &e);
    return alarm ? 1 : 0;
}

/* ---- inventory ---- */

int command_inventory(int argc, char **argv)
{
    static const char usage[] = "tocsin-agent inventory [--home DIR]\n\n"
                                "Prints what would be sent to the centre, as JSON.";
    const char *home = AGENT_HOME;
    const struct option_of options[] = {{"home", &home, NULL}};
    struct fleet_inventory *inventory = NULL;
    struct agent_config config;
    struct json_writer w;
    struct buf out;
    struct err e = {0};
    int result = command_options(argc, argv, options, ARRAY_LEN(options), NULL, 0, usage);

    if (result < 0)
        return result == -2 ? 0 : 2;
    buf_init(&out);
    result = agent_config_load(&config, home, &e);
    if (result == 0)
        result = sources_read(&inventory, &config, &e);
    if (result == 0) {
        json_write_init(&w, &out, 2);
        json_write_object(&w);
        fleet_inventory_write(&w, inventory);
        json_write_object_end(&w);
        result = buf_check(&out, &e);
    }
    if (result == 0)
        printf("%s\n", buf_text(&out));
    if (result == 0 && sources_none(&config))
        fprintf(stderr, "tocsin-agent: inventory: no source is set in %s/agent.conf\n", home);
    fleet_inventory_free(inventory);
    buf_fini(&out);
    return result == 0 ? 0 : command_failed("inventory", &e);
}

/* ---- report ---- */

static int put_report(const struct agent *a, uint64_t n, enum report_outcome outcome,
                      const char *detail, struct err *e)
{
    struct delivery notice;
    struct buf envelope;
    int result = -1;

    if (n == 0 || n > a->state.n)
        return err_set(e, ERR_NOT_FOUND, "agent.notice", NULL,
                       "there is no notice %llu; the last one is %llu", (unsigned long long)n,
                       (unsigned long long)a->state.n);
    if (agent_notice(a, n, &notice, e) != 0)
        return -1;
    buf_init(&envelope);
    if (report_outcome_build(&a->identity, notice.origin, n, notice.digest, outcome,
                             slice_str(detail), clock_now(a->clock), &envelope, e) == 0)
        result = outbox_put(a->home, n, buf_slice(&envelope), e);
    buf_fini(&envelope);
    delivery_fini(&notice);
    return result;
}

int command_report(int argc, char **argv)
{
    static const char usage[] =
        "tocsin-agent report N read|planned|installed|refused|failed [--detail TEXT] [--home DIR]\n"
        "\nSays what became of notice N; a running agent sends it at once, else the next one does.";
    const char *home = AGENT_HOME, *detail = "", *words[2];
    const struct option_of options[] = {{"home", &home, NULL}, {"detail", &detail, NULL}};
    enum report_outcome outcome;
    struct agent agent;
    struct err e = {0};
    char *end = NULL;
    int result = command_options(argc, argv, options, ARRAY_LEN(options), words, 2, usage);

    if (result == -2)
        return 0;
    unsigned long long n = result == 2 ? strtoull(words[0], &end, 10) : 0;
    if (result != 2 || *end || words[0][0] < '0' || words[0][0] > '9' ||
        !report_outcome_parse(slice_str(words[1]), &outcome)) {
        if (result >= 0)
            fprintf(stderr,
                    "tocsin-agent: report: a notice's number and an outcome are needed\n"
                    "usage: %s\n",
                    usage);
        return 2;
    }
    result = agent_open(&agent, home, AGENT_READ, &e);
    if (result == 0)
        result = put_report(&agent, n, outcome, detail, &e);
    agent_close(&agent);
    return result == 0 ? 0 : command_failed("report", &e);
}

/* ---- alarm ---- */

int command_alarm(int argc, char **argv)
{
    static const char usage[] =
        "tocsin-agent alarm clear [--home DIR]\n\n"
        "After people have settled which history is the right one: forgets the alarm and the\n"
        "checkpoint that was kept; the next one is taken as the first. The folder evidence stays.";
    const char *home = AGENT_HOME, *words[1];
    const struct option_of options[] = {{"home", &home, NULL}};
    struct agent agent;
    struct err e = {0};
    int result = command_options(argc, argv, options, ARRAY_LEN(options), words, 1, usage);

    if (result == -2)
        return 0;
    if (result != 1 || strcmp(words[0], "clear") != 0) {
        if (result >= 0)
            fprintf(stderr, "usage: %s\n", usage);
        return 2;
    }
    result = agent_open(&agent, home, AGENT_CHANGE, &e);
    if (result == 0 && !agent.state.alarm) {
        result = err_set(&e, ERR_CONFLICT, "agent.no-alarm", NULL, "there is no alarm");
    } else if (result == 0) {
        agent.state.alarm = false;
        agent.state.checkpoint.there = false;
        result = agent_save(&agent, &e);
    }
    agent_close(&agent);
    return result == 0 ? 0 : command_failed("alarm clear", &e);
}

/* ---- config ---- */

int command_config(int argc, char **argv)
{
    static const char usage[] =
        "tocsin-agent config [--home DIR]\n\n"
        "Checks HOME/agent.conf and prints every key with its meaning and its value in force.";
    const char *home = AGENT_HOME;
    const struct option_of options[] = {{"home", &home, NULL}};
    struct agent_config config;
    struct buf out;
    struct err e = {0};
    int result = command_options(argc, argv, options, ARRAY_LEN(options), NULL, 0, usage);

    if (result < 0)
        return result == -2 ? 0 : 2;
    buf_init(&out);
    result = agent_config_load(&config, home, &e);
    if (result == 0) {
        agent_config_write(&config, &out);
        result = buf_check(&out, &e);
    }
    if (result == 0)
        fputs(buf_text(&out), stdout);
    buf_fini(&out);
    return result == 0 ? 0 : command_failed("config", &e);
}
