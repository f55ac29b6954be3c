/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin advisory remediation, mark: what became of it at each asset, and an operator's word. */
#include "base/file.h"
#include "cli/advisory.h"
#include "cli/change.h"
#include "cli/list.h"
#include "cli/say.h"

enum { FILE_MAX = 4 << 20 };

static int64_t count_of(const struct json_value *counts, const char *name)
{
    int64_t number = 0;

    (void)json_int64(list_find(counts, name), &number);
    return number;
}

static void say_sources(const struct json_value *counts, const char *state)
{
    static const struct {
        const char *name, *words;
    } sources[] = {{"inventory", "as their inventory says"},
                   {"device", "signed by the device"},
                   {"operator", "an operator's word"}};

    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        char name[40];
        snprintf(name, sizeof(name), "%s_by.%s", state, sources[i].name);
        int64_t number = count_of(counts, name);
        if (number)
            printf("    %8lld  %s\n", (long long)number, sources[i].words);
    }
}

void advisory_say_remediation(const struct json_value *counts)
{
    if (!counts)
        return;
    int64_t removed = count_of(counts, "removed");
    int64_t idle = count_of(counts, "not_concerned");
    puts("Remediation, by asset");
    printf("%8lld  concerned\n", (long long)(count_of(counts, "concerned") + removed + idle));
    printf("  %8lld  ", (long long)count_of(counts, "open"));
    say_styled(stdout, count_of(counts, "open") ? SAY_BAD : SAY_PLAIN, slice_str("not remediated"));
    printf("\n  %8lld  in progress\n", (long long)count_of(counts, "in_progress"));
    say_sources(counts, "in_progress");
    printf("  %8lld  done\n", (long long)count_of(counts, "done"));
    say_sources(counts, "done");
    if (removed)
        printf("  %8lld  removed\n", (long long)removed);
    if (idle)
        printf("  %8lld  told, and have nothing to do\n", (long long)idle);
}

/* ---- remediation ---- */

static const struct list_column columns[] = {
    {"asset", "ASSET", 0},
    {"label", "LABEL", LIST_CUT | LIST_SPARSE},
    {"status", "STATUS", 0},
    {"remediation.state", "REMEDIATION", 0},
    {"remediation.by", "BY", 0},
    {"remediation.reason", "REASON", LIST_CUT | LIST_SPARSE},
    {"remediation.act", "ACT", LIST_RIGHT | LIST_SPARSE}};

static int say_list(const struct cli_args *args, struct api *api, const char *target,
                    const struct json_value *first, struct err *e)
{
    bool as_json = cli_flag(args, "json");
    struct list *list = NULL;
    int64_t limit;
    int result = -1;

    if (cli_number(args, "limit", 1, INT64_C(1000000000), 0, &limit, e) != 0 ||
        list_new(&list, "assets", columns, ARRAY_LEN(columns), as_json, e) != 0)
        return -1;
    if (as_json) {
        list_head(list, first);
    } else {
        advisory_say_remediation(json_get(first, "counts"));
        fputc('\n', stdout);
    }
    const struct api_list pages = {.target = target, .limit = limit};
    if (api_pages(api, &pages, list_row, list, e) == 0)
        result = list_print(list, "no asset is concerned", e);
    list_free(list);
    return result;
}

int advisory_remediation(const struct cli_args *args)
{
    struct api_answer answer;
    struct api *api = NULL;
    struct err e = {0};
    struct buf target;
    struct buf first;
    int result = -1;

    api_answer_init(&answer);
    buf_init(&target);
    buf_init(&first);
    advisory_target(&target, args->operands[0], "/remediation");
    api_put_query(&target, "organisation", cli_value(args, "organisation"));
    api_put_query(&target, "state", cli_value(args, "state"));
    buf_put_slice(&first, buf_slice(&target));
    api_put_query(&first, "limit", "1");
    if (buf_check(&target, &e) == 0 && buf_check(&first, &e) == 0 &&
        api_open(args, &api, &e) == 0 && api_get(api, buf_text(&first), &answer, &e) == 0)
        result = say_list(args, api, buf_text(&target), answer.root, &e);
    result = result == 0 ? say_end(args, 0) : say_fail(args, &e);
    api_answer_fini(&answer);
    api_close(api);
    buf_fini(&target);
    buf_fini(&first);
    return result;
}

/* ---- mark ---- */

/* Ids of assets, one a line; empty lines and those that begin with '#' are passed over. */
static int put_file(struct json_writer *w, const char *path, struct err *e)
{
    struct buf text;
    int result = -1;

    buf_init(&text);
    if (file_read(path, FILE_MAX, &text, e) == 0) {
        struct slice left = buf_slice(&text);
        while (left.len) {
            const uint8_t *end = memchr(left.data, '\n', left.len);
            size_t len = end ? (size_t)(end - left.data) : left.len;
            struct slice line = slice_of(left.data, len);
            left = slice_of(left.data + len + (end != NULL), left.len - len - (end != NULL));
            while (line.len && (line.data[line.len - 1] == '\r' || line.data[line.len - 1] == ' '))
                line.len--;
            if (line.len && line.data[0] != '#')
                json_write_slice(w, line);
        }
        result = 0;
    }
    buf_fini(&text);
    return result;
}

static int put_assets(const struct cli_args *args, struct json_writer *w, struct err *e)
{
    const char *file = cli_value(args, "from");
    bool named = args->operand_count > 1 || file;

    if (named == cli_flag(args, "all")) {
        err_set(e, ERR_USAGE, "cli.operands", NULL,
                named ? "--all goes without assets that are named"
                      : "which assets? name them, or give --from FILE or --all");
        return -1;
    }
    if (!named) {
        json_member_bool(w, "all", true);
        return 0;
    }
    json_write_name(w, "assets");
    json_write_array(w);
    for (size_t i = 1; i < args->operand_count; i++)
        json_write_string(w, args->operands[i]);
    int result = file ? put_file(w, file, e) : 0;
    json_write_array_end(w);
    return result;
}

static int say_marked(const struct cli_args *args, const struct json_value *answer)
{
    const struct json_value *refused = json_get(answer, "refused");

    if (cli_flag(args, "json")) {
        say_json(answer);
        return say_end(args, json_count(refused) > 0);
    }
    json_each(row, refused)
    {
        struct err e = {0};
        err_set(&e, ERR_CONFLICT, "cli.row", NULL, "%.*s", SLICE_ARG(json_get_string(row, "text")));
        (void)say_fail(args, &e);
    }
    say_count(stdout, count_of(answer, "marked"), "asset", "assets");
    printf(" marked %s", cli_value(args, "state"));
    if (count_of(answer, "unchanged"))
        printf(", %lld were already", (long long)count_of(answer, "unchanged"));
    if (json_count(refused))
        printf(", %zu refused", json_count(refused));
    fputc('\n', stdout);
    return say_end(args, json_count(refused) > 0);
}

int advisory_mark(const struct cli_args *args)
{
    struct api_answer answer;
    struct change_body body;
    struct api *api = NULL;
    struct err e = {0};
    int result = -1;

    api_answer_init(&answer);
    change_begin(&body);
    if (!cli_value(args, "state") || !cli_value(args, "reason")) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL, "--state and --reason are needed");
        err_hint(&e, "states are open, in_progress and done; the reason stands in the journal");
        goto out;
    }
    change_text(&body, "advisory", args->operands[0]);
    change_text(&body, "state", cli_value(args, "state"));
    change_text(&body, "reason", cli_value(args, "reason"));
    change_text(&body, "vulnerability", cli_value(args, "vulnerability"));
    change_text(&body, "organisation", cli_value(args, "organisation"));
    if (put_assets(args, &body.json, &e) != 0)
        goto out;
    json_write_object_end(&body.json);
    if (buf_check(&body.text, &e) != 0 || api_open(args, &api, &e) != 0)
        goto out;
    const struct api_request request = {.method = "POST",
                                        .target = "/v1/remediation",
                                        .content_type = "application/json",
                                        .body = buf_slice(&body.text),
                                        .timeout_ms = 600000};
    result = api_send(api, &request, &answer, &e);
out:
    result = result == 0 ? say_marked(args, answer.root) : say_fail(args, &e);
    api_answer_fini(&answer);
    api_close(api);
    change_fini(&body);
    return result;
}
