/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin exposure: what a vulnerability or an advisory means for one's own assets. */
#include "cli/advisory.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/say.h"

static bool is_exposed(const struct json_value *advisory)
{
    json_each(count, json_get(advisory, "counts"))
    {
        int64_t assets = 0;
        struct slice status = json_get_string(count, "status");
        if (json_int64(json_get(count, "assets"), &assets) && assets > 0 &&
            (slice_is(status, "affected") || slice_is(status, "unknown") ||
             slice_is(status, "under_investigation")))
            return true;
    }
    return false;
}

static void say_next(const struct json_value *advisory)
{
    fputc('\n', stdout);
    advisory_say_next(advisory, "  Why, of one asset: ", "tocsin why ASSET", "");
    if (slice_is(json_get_string(advisory, "state"), "published"))
        advisory_say_next(advisory, "  Who acknowledged:  ", "tocsin advisory delivery", "");
    else
        advisory_say_next(advisory, "  Nobody was told:   ", "tocsin advisory publish", "");
}

static int say_advisory(const struct cli_args *args, const struct json_value *advisory,
                        struct err *e)
{
    const struct json_value *assets = json_get(advisory, "items");
    struct advisory_groups *groups = NULL;
    int result = 0;

    if (advisory_groups_new(&groups, e) != 0)
        return -1;
    json_each(asset, assets)
    {
        if (result == 0)
            result = advisory_groups_row(groups, asset, e);
    }
    if (result == 0) {
        fputc('\n', stdout);
        advisory_say_heading(advisory);
        advisory_say_counts(json_get(advisory, "counts"));
        advisory_say_remediation(json_get(advisory, "remediation"));
        advisory_groups_say(groups, cli_flag(args, "why"));
        if (json_get_string(advisory, "next").len)
            advisory_say_next(advisory, "\n  These are the first assets; all of them: ",
                              "tocsin advisory preview", "");
        if (is_exposed(advisory))
            say_next(advisory);
    }
    advisory_groups_free(groups);
    return result;
}

static int say_all(const struct cli_args *args, const struct json_value *answer, struct err *e)
{
    const struct json_value *advisories = json_get(answer, "advisories");
    bool exposed = false;

    fputs("About ", stdout);
    say_text(stdout, json_get_string(answer, "about"));
    fputs(": ", stdout);
    say_count(stdout, (int64_t)json_count(advisories), "advisory", "advisories");
    fputc('\n', stdout);
    json_each(advisory, advisories)
    {
        if (say_advisory(args, advisory, e) != 0)
            return -1;
        exposed = exposed || is_exposed(advisory);
    }
    if (!exposed)
        puts("\nNo asset here is affected, as far as its inventory says what it is.");
    return 0;
}

/* Nobody exposed is an answer; that nobody has said anything is none. */
static int say_unnamed(const struct cli_args *args, const struct json_value *answer)
{
    struct slice about = json_get_string(answer, "about");
    struct err e = {0};

    if (cli_flag(args, "json")) {
        say_json(answer);
        return say_end(args, 3);
    }
    err_set(&e, ERR_NOT_FOUND, "cli.not-named", NULL,
            "no advisory here names %.*s: whether a device is exposed is not known",
            (int)(about.len < 60 ? about.len : 60), (const char *)about.data);
    err_hint(&e, "tocsin advisory import FILE: an advisory about it decides");
    return say_fail(args, &e);
}

static int run(const struct cli_args *args)
{
    struct api_answer answer;
    struct api *api = NULL;
    struct err e = {0};
    struct buf target;
    bool exposed = false;
    bool named = true;
    int result = -1;

    api_answer_init(&answer);
    buf_init(&target);
    buf_puts(&target, "/v1/exposure");
    api_put_query(&target, "about", args->operands[0]);
    api_put_query(&target, "organisation", cli_value(args, "organisation"));
    if (buf_check(&target, &e) == 0 && api_open(args, &api, &e) == 0 &&
        api_get(api, buf_text(&target), &answer, &e) == 0) {
        json_each(advisory, json_get(answer.root, "advisories")) exposed =
            exposed || is_exposed(advisory);
        named = json_count(json_get(answer.root, "advisories")) > 0;
        if (!named)
            result = 0;
        else if (cli_flag(args, "json")) {
            say_json(answer.root);
            result = 0;
        } else {
            result = say_all(args, answer.root, &e);
        }
    }
    if (result != 0)
        result = say_fail(args, &e);
    else
        result = named ? say_end(args, exposed ? 1 : 0) : say_unnamed(args, answer.root);
    api_answer_fini(&answer);
    api_close(api);
    buf_fini(&target);
    return result;
}

static const struct cli_option options[] = {
    {"organisation", "ORG", "assets of this organisation alone", 0, false},
    {"why", NULL, "with the whole chain of reasons", 0, false},
};

static const struct cli_verb verbs[] = {
    {.operands = "CVE|ADVISORY",
     .summary = "which assets a vulnerability or an advisory concerns",
     .text = "The exit code is 1 when an asset is affected, or may be; 0 when none is; 3 when no\n"
             "advisory names it, so that nothing is known.\n",
     .examples = "  tocsin exposure CVE-2026-12345\n"
                 "  tocsin exposure EX-2026-001 --organisation org_0h2j… --json\n",
     .options = options,
     .option_count = ARRAY_LEN(options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = run},
};

const struct cli_group cli_exposure_group = {.name = "exposure",
                                             .topic = "Advisories",
                                             .summary = "what a CVE or an advisory means here",
                                             .verbs = verbs,
                                             .verb_count = ARRAY_LEN(verbs)};
