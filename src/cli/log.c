/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin log: the journal of acts. */
#include "cli/log.h"
#include "base/file.h"
#include "base/output.h"
#include "cli/api.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/say.h"

#include <time.h>
#include <unistd.h>

enum { FOLLOW_MS = 500 };

/* ---- show ---- */

struct showing {
    bool as_json;
    int64_t next; /* index behind the last one shown */
};

static int say_act(void *context, const struct json_value *row, struct err *e)
{
    const struct json_value *act = json_get(row, "act");
    struct showing *s = context;
    struct json_writer w;
    struct buf line;
    int64_t index = 0;

    (void)json_int64(json_get(row, "index"), &index);
    s->next = index + 1;
    buf_init(&line);
    if (s->as_json) { /* one a line: it may go on for ever */
        json_write_init(&w, &line, 0);
        json_write_value(&w, row);
    } else if (!act) {
        buf_printf(&line, "%8lld  (not for your eyes, or forgotten) ", (long long)index);
        say_clean(&line, json_get_string(row, "commitment"), false);
    } else {
        buf_printf(&line, "%8lld  ", (long long)index);
        say_clean(&line, json_get_string(act, "at"), false);
        buf_puts(&line, "  ");
        say_clean(&line, json_get_string(act, "type"), false);
        if (!slice_is(json_get_string(act, "outcome"), "done")) {
            buf_putc(&line, ' ');
            say_clean(&line, json_get_string(act, "outcome"), false);
        }
        buf_puts(&line, " by ");
        say_clean(&line, json_get_string(act, "actor"), false);
        buf_puts(&line, ": ");
        list_put_value(&line, json_get(act, "data"));
    }
    buf_putc(&line, '\n');
    int result = buf_check(&line, e);
    output_put(stdout, &line);
    buf_fini(&line);
    if (result == 0 && ferror(stdout))
        return 1; /* nobody reads any more */
    return result;
}

static int show_from(struct api *api, struct showing *s, int64_t limit, struct err *e)
{
    char from[24];

    snprintf(from, sizeof(from), "%lld", (long long)s->next);
    const struct api_list list = {
        .target = "/v1/log", .cursor = "from", .first = from, .limit = limit};
    return api_pages(api, &list, say_act, s, e);
}

static int show(const struct cli_args *args)
{
    struct showing s = {.as_json = cli_flag(args, "json")};
    struct api *api = NULL;
    struct err e = {0};
    int64_t limit;

    if (cli_number(args, "from", 0, INT64_C(9007199254740991), 0, &s.next, &e) != 0 ||
        cli_number(args, "limit", 1, INT64_C(1000000000), 0, &limit, &e) != 0 ||
        api_open(args, &api, &e) != 0)
        goto out;
    while (show_from(api, &s, limit, &e) == 0) {
        if (!cli_flag(args, "follow") || fflush(stdout) != 0 || ferror(stdout))
            break;
        const struct timespec time = {.tv_nsec = FOLLOW_MS * 1000000L};
        nanosleep(&time, NULL);
    }
out:
    api_close(api);
    return err_is_set(&e) ? say_fail(args, &e) : say_end(args, 0);
}

/* ---- prove ---- */

static int prove(const struct cli_args *args)
{
    const char *path = cli_value(args, "output");
    struct api *api = NULL;
    struct err e = {0};
    struct buf target;
    int result;

    buf_init(&target);
    buf_puts(&target, "/v1/log/acts/");
    api_put_segment(&target, args->operands[0]);
    buf_puts(&target, "/proof");
    const struct api_request request = {.method = "GET", .target = buf_text(&target)};
    if (buf_check(&target, &e) != 0 || api_open(args, &api, &e) != 0 ||
        api_download(api, &request, path ? path : "-", NULL, &e) != 0)
        result = say_fail(args, &e);
    else
        result = say_end(args, 0);
    if (result == 0 && path && strcmp(path, "-") != 0)
        fprintf(stderr, "Anyone verifies it: tocsin proof verify %s --log journal.vkey\n", path);
    api_close(api);
    buf_fini(&target);
    return result;
}

static const struct cli_option show_options[] = {
    {"from", "N", "from this index on", 0, false},
    {"follow", NULL, "go on as acts come in, until it is interrupted", 'f', false},
};
static const struct cli_option prove_options[] = {
    {"output", "FILE", "where to; standard output when not given", 'o', false},
};
static const struct cli_option verify_options[] = {
    {"url", "URL", "the public door of a centre: https:// or http://", 0, false},
    {"ca", "FILE", "with https: trust anchors (PEM); the system's when not given", 0, false},
    {"key", "VKEY|FILE", "the journal's verifier key; HOME/trust/journal.vkey when not given", 0,
     false},
    {"witness", "VKEY|FILE", "a witness that must have cosigned the head", 0, true},
    {"checkpoint", "FILE", "a head that you kept: the journal must continue it", 0, false},
    {"keep", "FILE", "where to keep the head that was verified, for the next time", 0, false},
};

static const struct cli_verb verbs[] = {
    {.name = "show",
     .summary = "acts in their order",
     .text = "With --json one JSON object a line.\n",
     .examples = "  tocsin log show --from 100 --follow\n"
                 "  tocsin log show --json | jq 'select(.act.type==\"receipt.accepted\")'\n",
     .options = show_options,
     .option_count = ARRAY_LEN(show_options),
     .uses = CLI_LIST,
     .run = show},
    {.name = "prove",
     .operands = "ACT|INDEX",
     .summary = "a receipt that an act is in the journal (C2SP tlog-proof)",
     .text = "It holds the act, its salt, the way to the root and the checkpoint: nothing else is\n"
             "needed to verify it, and nothing of any other act is shown.\n",
     .examples = "  tocsin log prove act_0h2j… -o act.tlog-proof\n"
                 "  tocsin proof verify act.tlog-proof --log journal.vkey\n",
     .options = prove_options,
     .option_count = ARRAY_LEN(prove_options),
     .uses = CLI_CENTRE,
     .least = 1,
     .most = 1,
     .run = prove},
    {.name = "verify",
     .summary = "recompute the whole tree, and check signature and history",
     .text =
         "Fetches checkpoint, all tiles and all entries, recomputes every hash up to the root,\n"
         "checks the signature and the cosignatures, and that an earlier head which you kept is\n"
         "an earlier state of the same journal. Without --url the centre in --home is meant;\n"
         "when it does not run, its database is read and every act verified too.\n",
     .examples = "  tocsin log verify --url https://centre.example --key journal.vkey \\\n"
                 "      --checkpoint head.txt --keep head.txt\n"
                 "  tocsin log verify --home /var/lib/tocsin\n",
     .options = verify_options,
     .option_count = ARRAY_LEN(verify_options),
     .uses = CLI_HOME | CLI_JSON,
     .run = log_verify},
};

const struct cli_group cli_log_group = {.name = "log",
                                        .topic = "Proof",
                                        .summary = "the journal: show, prove, verify",
                                        .verbs = verbs,
                                        .verb_count = ARRAY_LEN(verbs)};
