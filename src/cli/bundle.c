/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin bundle: the way to assets without a connection, on a stick. */
#include "base/file.h"
#include "cli/bundle.h"
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/progress.h"
#include "cli/say.h"

enum { EXPORT_MS = 1800000, ANSWERS_MAX = 64 << 20 };

static int run_export(const struct cli_args *args)
{
    const char *path = cli_value(args, "output");
    struct change_body body;
    struct api *api = NULL;
    struct err e = {0};
    const char *asset;
    uint64_t size;
    char text[16];
    int result;

    if (!path) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL, "--output is missing");
        err_hint(&e, "-o FILE.tar");
        return say_fail(args, &e);
    }
    change_begin(&body);
    change_text(&body, "organisation", cli_value(args, "organisation"));
    if (cli_flag(args, "asset")) {
        json_write_name(&body.json, "assets");
        json_write_array(&body.json);
        for (size_t i = 0; (asset = cli_value_at(args, "asset", i)); i++)
            json_write_string(&body.json, asset);
        json_write_array_end(&body.json);
    }
    json_write_object_end(&body.json);
    const struct api_request request = {.method = "POST",
                                        .target = "/v1/bundles",
                                        .content_type = "application/json",
                                        .body = buf_slice(&body.text),
                                        .timeout_ms = EXPORT_MS};
    if (buf_check(&body.text, &e) != 0 || api_open(args, &api, &e) != 0 ||
        api_download(api, &request, path, &size, &e) != 0) {
        result = say_fail(args, &e);
    } else {
        progress_size(size, text);
        fprintf(stderr, "%s: %s\n", path, text);
        result = say_end(args, 0);
    }
    api_close(api);
    change_fini(&body);
    return result;
}

/* ---- the answers that come back ---- */

static int say_answered(const struct cli_args *args, const struct json_value *answer)
{
    const struct json_value *refused = json_get(answer, "refused");
    int64_t accepted = 0;

    if (cli_flag(args, "json")) {
        say_json(answer);
        return say_end(args, json_count(refused) > 0);
    }
    json_each(one, refused)
    {
        struct err e = {0};
        struct slice code = json_get_string(one, "code");
        err_set(&e, ERR_INPUT, "cli.answer", NULL, "%.*s", SLICE_ARG(json_get_string(one, "text")));
        snprintf(e.code, sizeof(e.code), "%.*s", (int)(code.len < 47 ? code.len : 47),
                 code.len ? (const char *)code.data : "");
        struct buf where;
        buf_init(&where);
        buf_puts(&where, "envelope ");
        list_put_value(&where, json_get(one, "index"));
        err_where(&e, "%s: %s", args->operands[0], buf_text(&where));
        buf_fini(&where);
        (void)say_fail(args, &e);
    }
    (void)json_int64(json_get(answer, "accepted"), &accepted);
    printf("%lld accepted, %zu refused\n", (long long)accepted, json_count(refused));
    return say_end(args, json_count(refused) > 0);
}

static int answer(const struct cli_args *args)
{
    struct api_answer answer;
    struct api *api = NULL;
    struct err e = {0};
    struct buf text;
    int result;

    api_answer_init(&answer);
    buf_init(&text);
    if (file_read(args->operands[0], ANSWERS_MAX, &text, &e) != 0 ||
        api_open(args, &api, &e) != 0) {
        result = say_fail(args, &e);
        goto out;
    }
    const struct api_request request = {.method = "POST",
                                        .target = "/v1/answers",
                                        .content_type = "application/json",
                                        .body = buf_slice(&text),
                                        .timeout_ms = EXPORT_MS};
    if (api_send(api, &request, &answer, &e) == 0) {
        result = say_answered(args, answer.root);
    } else {
        err_where(&e, "%s", args->operands[0]);
        result = say_fail(args, &e);
    }
out:
    api_answer_fini(&answer);
    api_close(api);
    buf_fini(&text);
    return result;
}

static const struct cli_option export_options[] = {
    {"organisation", "ORG", "for all offline assets of this organisation (else your own)", 0,
     false},
    {"asset", "ASSET", "for this asset alone", 0, true},
    {"output", "FILE", "the archive; \"-\": standard output", 'o', false},
};
static const struct cli_option apply_options[] = {
    {"agent-home", "DIR", "the agent's folder of the device; /var/lib/tocsin-agent", 0, false},
    {"answer", "FILE", "the file that goes back on the same stick", 0, false},
};

static const struct cli_verb verbs[] = {
    {.name = "export",
     .summary = "everything that assets without a connection need, signed, in one file",
     .examples = "  tocsin bundle export --organisation org_0h2j… -o plant.tar\n",
     .options = export_options,
     .option_count = ARRAY_LEN(export_options),
     .uses = CLI_CENTRE,
     .run = run_export},
    {.name = "apply",
     .operands = "FILE",
     .summary = "at the plant: verify the bundle, match on the spot, write the answer",
     .text = "Needs no centre and no network. The same as tocsin-agent bundle apply.\n",
     .examples = "  tocsin bundle apply plant.tar --agent-home /var/lib/tocsin-agent \\\n"
                 "      --answer answer.json\n",
     .options = apply_options,
     .option_count = ARRAY_LEN(apply_options),
     .uses = CLI_JSON,
     .least = 1,
     .most = 1,
     .run = bundle_apply},
    {.name = "answer",
     .operands = "FILE",
     .summary = "take in what came back: inventories, receipts, outcomes",
     .examples = "  tocsin bundle answer answer.json\n",
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = answer},
};

const struct cli_group cli_bundle_group = {.name = "bundle",
                                           .topic = "Assets",
                                           .summary = "reach assets without a connection",
                                           .verbs = verbs,
                                           .verb_count = ARRAY_LEN(verbs)};
