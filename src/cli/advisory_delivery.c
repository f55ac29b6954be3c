/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin advisory delivery: the ladder from meant to acknowledged, as of now. */
#include "cli/advisory.h"
#include "cli/change.h"
#include "cli/list.h"
#include "cli/say.h"

enum { ANSWER_MAX = (512 << 20) - 1 }; /* some 3 million lines */

static int64_t count_of(const struct json_value *counts, const char *name)
{
    int64_t number = 0;

    (void)json_int64(list_find(counts, name), &number);
    return number;
}

static void step(const struct json_value *counts, const char *name, unsigned indent,
                 const char *words)
{
    int64_t number = count_of(counts, name);

    printf("%*s%8lld  ", (int)indent, "", (long long)number);
    say_styled(stdout, number ? say_style_of(slice_str(name)) : SAY_PLAIN, slice_str(words));
    fputc('\n', stdout);
}

static void say_counts(const struct json_value *counts)
{
    puts("Notices, each for one asset");
    step(counts, "meant", 0, "meant");
    step(counts, "acknowledged", 2, "acknowledged: signed by the device's own key");
    step(counts, "silent", 2, "silent");
    step(counts, "undelivered", 4, "undelivered: never fetched");
    step(counts, "unacknowledged", 4, "unacknowledged: fetched, no receipt");
    step(counts, "left_fixed", 2, "left as fixed before they answered");
    step(counts, "removed", 2, "removed");
    fputs("for ", stdout);
    say_count(stdout, count_of(counts, "devices"), "asset", "assets");
    printf("; %lld without a known owner\n", (long long)count_of(counts, "ownerless"));
    puts("Assets considered and not told");
    step(counts, "not_told.not_affected", 0, "not affected");
    step(counts, "not_told.unknown", 0, "unknown");
    step(counts, "not_told.fixed", 0, "fixed");
    step(counts, "not_told.other_serial", 0, "other serial numbers");
    puts("Owners");
    step(counts, "owners.told", 0, "told");
    step(counts, "owners.pending", 0, "pending: not sent yet, or to be tried again");
    step(counts, "owners.refused", 0, "refused: bounced");
    step(counts, "owners.unreachable", 0, "unreachable");
    step(counts, "owners.unknown_outcome", 0, "unknown outcome: sent, and no answer came");
    step(counts, "owners.no_address", 0, "without an address");
}

static void say_reminders(const struct json_value *reminders)
{
    if (json_count(reminders) == 0)
        return;
    puts("Owners again");
    json_each(row, reminders)
    {
        int64_t count = 0;
        (void)json_int64(json_get(row, "count"), &count);
        printf("%8lld  ", (long long)count);
        say_text(stdout, json_get_string(row, "kind"));
        fputs(", ", stdout);
        say_text(stdout, json_get_string(row, "state"));
        fputc('\n', stdout);
    }
}

static bool is_wanted(const struct cli_args *args, const struct json_value *row)
{
    const char *state = cli_value(args, "state");

    return !state || slice_is(json_get_string(row, "state"), state);
}

static int say_rows(const struct cli_args *args, const struct json_value *answer, int64_t limit,
                    struct err *e)
{
    static const struct list_column columns[] = {{"asset", "ASSET", 0},
                                                 {"state", "STATE", 0},
                                                 {"n", "NOTICE", LIST_RIGHT},
                                                 {"label", "LABEL", LIST_CUT | LIST_SPARSE},
                                                 {"reason", "REASON", LIST_CUT | LIST_SPARSE},
                                                 {"act", "ACT", LIST_RIGHT | LIST_SPARSE},
                                                 {"remediation.state", "REMEDIATION", LIST_SPARSE},
                                                 {"remediation.by", "BY", LIST_SPARSE | LIST_SPARE},
                                                 {"publication", "PUBLICATION", LIST_SPARE}};
    bool as_json = cli_flag(args, "json");
    struct list *list = NULL;
    int64_t shown = 0;
    int result = -1;

    if (list_new(&list, "recipients", columns, ARRAY_LEN(columns), as_json, e) != 0)
        return -1;
    if (as_json)
        list_head(list, answer);
    json_each(row, json_get(answer, "items"))
    {
        if (!is_wanted(args, row) || (limit > 0 && shown >= limit))
            continue;
        shown++;
        if (list_row(list, row, e) != 0)
            goto out;
    }
    result = list_print(list, "nobody was meant", e);
out:
    list_free(list);
    return result;
}

int advisory_delivery(const struct cli_args *args)
{
    struct api_answer answer;
    struct api *api = NULL;
    struct err e = {0};
    struct buf target;
    int64_t limit;
    int result = -1;

    api_answer_init(&answer);
    buf_init(&target);
    advisory_target(&target, args->operands[0], "/delivery");
    const struct api_request request = {.method = "GET",
                                        .target = buf_text(&target),
                                        .answer_limit = ANSWER_MAX,
                                        .timeout_ms = 600000};
    if (cli_number(args, "limit", 1, INT64_C(1000000000), 0, &limit, &e) == 0 &&
        buf_check(&target, &e) == 0 && api_open(args, &api, &e) == 0 &&
        api_send(api, &request, &answer, &e) == 0) {
        if (!cli_flag(args, "json")) {
            say_counts(json_get(answer.root, "counts"));
            say_reminders(json_get(answer.root, "reminders"));
            advisory_say_remediation(json_get(answer.root, "remediation"));
            fputc('\n', stdout);
        }
        result = say_rows(args, answer.root, limit, &e);
    }
    result = result == 0 ? say_end(args, 0) : say_fail(args, &e);
    api_answer_fini(&answer);
    api_close(api);
    buf_fini(&target);
    return result;
}

/* ---- resend ---- */

int advisory_resend(const struct cli_args *args)
{
    struct api_answer answer;
    struct change_body body;
    struct api *api = NULL;
    struct err e = {0};
    int result;

    api_answer_init(&answer);
    change_begin(&body);
    change_text(&body, "advisory", args->operands[0]);
    change_text(&body, "state", cli_value(args, "state"));
    json_write_object_end(&body.json);
    const struct api_request request = {.method = "POST",
                                        .target = "/v1/advisories/resend",
                                        .content_type = "application/json",
                                        .body = buf_slice(&body.text),
                                        .timeout_ms = 600000};
    if (buf_check(&body.text, &e) != 0 || api_open(args, &api, &e) != 0 ||
        api_send(api, &request, &answer, &e) != 0) {
        result = say_fail(args, &e);
    } else if (cli_flag(args, "json")) {
        say_json(answer.root);
        result = say_end(args, 0);
    } else {
        say_count(stdout, count_of(answer.root, "devices"), "device is", "devices are");
        printf(" silent: %lld told again on their streams, %lld owners reminded",
               (long long)count_of(answer.root, "streams"),
               (long long)count_of(answer.root, "owners"));
        if (count_of(answer.root, "waiting"))
            printf(", %lld not, whose last message has not gone out yet",
                   (long long)count_of(answer.root, "waiting"));
        if (count_of(answer.root, "ownerless"))
            printf("; %lld of them have no known owner",
                   (long long)count_of(answer.root, "ownerless"));
        fputc('\n', stdout);
        result = say_end(args, 0);
    }
    api_answer_fini(&answer);
    api_close(api);
    change_fini(&body);
    return result;
}
