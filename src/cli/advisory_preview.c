/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin advisory preview: who would be told. */
#include "base/clock.h"
#include "cli/advisory.h"
#include "cli/list.h"
#include "cli/say.h"

#include <time.h>

static int64_t now_ms(void)
{
    return clock_monotonic(&clock_system) / 1000;
}

static int get_matched(struct api *api, const char *target, int64_t wait_seconds,
                       struct api_answer *answer, struct err *e)
{
    int64_t until = now_ms() + wait_seconds * 1000;
    long pause_ms = 20;

    for (;;) {
        if (api_get(api, target, answer, e) == 0)
            return 0;
        if (strcmp(e->code, "centre.matching") != 0 || now_ms() >= until)
            return -1;
        const struct timespec time = {.tv_nsec = pause_ms * 1000000L};
        nanosleep(&time, NULL);
        pause_ms = pause_ms < 500 ? pause_ms * 2 : 500;
        err_clear(e);
    }
}

static int preview_json(const struct cli_args *args, struct api *api, const char *target,
                        const struct json_value *first, struct err *e)
{
    struct list *list = NULL;
    int result = -1;

    (void)args;
    /* the assets follow page by page: there may be many */
    if (list_new(&list, "assets", NULL, 0, true, e) == 0) {
        list_head(list, first);
        if (api_pages(api, &(struct api_list){.target = target}, list_row, list, e) == 0)
            result = list_print(list, "", e);
    }
    list_free(list);
    return result;
}

static void say_next(const struct json_value *answer)
{
    bool published = slice_is(json_get_string(answer, "state"), "published");

    fputc('\n', stdout);
    advisory_say_next(answer, "Why, of one asset:       ", "tocsin why ASSET", "");
    if (published)
        advisory_say_next(answer,
                          "It is published; who acknowledged it: ", "tocsin advisory delivery", "");
    else if (advisory_tells(json_get(answer, "counts")))
        advisory_say_next(answer, "Tell them:               ", "tocsin advisory publish", "");
    else
        puts("Published now, it tells nobody; a device that joins later is told all the same.");
}

static void say_threshold(const struct json_value *threshold)
{
    int64_t confidence = 0;
    int64_t told = 0;
    int64_t left_out = 0;

    if (!threshold)
        return;
    (void)json_int64(json_get(threshold, "confidence"), &confidence);
    (void)json_int64(json_get(threshold, "told"), &told);
    (void)json_int64(json_get(threshold, "left_out"), &left_out);
    printf("At a confidence of %lld or more: ", (long long)confidence);
    say_count(stdout, told, "asset", "assets");
    printf(" told, %lld left out\n", (long long)left_out);
}

static int preview_text(const struct cli_args *args, struct api *api, const char *target,
                        const struct json_value *first, struct err *e)
{
    struct advisory_groups *groups = NULL;
    int result = -1;

    if (advisory_groups_new(&groups, e) == 0 &&
        api_pages(api, &(struct api_list){.target = target}, advisory_groups_row, groups, e) == 0) {
        advisory_say_heading(first);
        puts("\nIn all");
        advisory_say_counts(json_get(first, "counts"));
        say_threshold(json_get(first, "threshold"));
        advisory_groups_say(groups, cli_flag(args, "why"));
        say_next(first);
        result = 0;
    }
    advisory_groups_free(groups);
    return result;
}

int advisory_preview(const struct cli_args *args)
{
    struct api_answer answer;
    struct api *api = NULL;
    struct err e = {0};
    struct buf target;
    struct buf first;
    int result = -1;
    int64_t wait;

    api_answer_init(&answer);
    buf_init(&target);
    buf_init(&first);
    advisory_target(&target, args->operands[0], "/preview");
    api_put_query(&target, "organisation", cli_value(args, "organisation"));
    api_put_query(&target, "confidence", cli_value(args, "confidence"));
    buf_put_slice(&first, buf_slice(&target));
    api_put_query(&first, "limit", "1");
    if (cli_number(args, "wait", 0, 86400, 300, &wait, &e) == 0 && buf_check(&target, &e) == 0 &&
        buf_check(&first, &e) == 0 && api_open(args, &api, &e) == 0 &&
        get_matched(api, buf_text(&first), wait, &answer, &e) == 0)
        result = (cli_flag(args, "json") ? preview_json : preview_text)(
            args, api, buf_text(&target), answer.root, &e);
    result = result == 0 ? say_end(args, 0) : say_fail(args, &e);
    api_answer_fini(&answer);
    api_close(api);
    buf_fini(&target);
    buf_fini(&first);
    return result;
}
