/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin status: how the centre is. */
#include "cli/api.h"
#include "base/output.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/say.h"
#include "cli/show.h"

static int64_t number_of(const struct json_value *value, const char *name)
{
    int64_t number = 0;

    (void)json_int64(json_get(value, name), &number);
    return number;
}

/* "running; SANDBOX" of a process, or what is wrong with it. */
static void say_process(const char *label, const struct json_value *process)
{
    struct buf text;

    if (!process)
        return;
    buf_init(&text);
    buf_put_slice(&text, json_get_string(process, "state"));
    if (json_get_string(process, "failure").len) {
        buf_puts(&text, ": ");
        buf_put_slice(&text, json_get_string(process, "failure"));
    }
    if (json_get_string(process, "sandbox").len) {
        buf_puts(&text, "; ");
        buf_put_slice(&text, json_get_string(process, "sandbox"));
    }
    say_field(label, output_slice(stdout, &text));
    buf_fini(&text);
}

/* "seen up to 17", and since when it has not answered. */
static void say_witnesses(const struct json_value *witnesses)
{
    json_each(witness, witnesses)
    {
        fputs("  witness ", stdout);
        say_text(stdout, json_get_string(witness, "name"));
        if (number_of(witness, "size") > 0) {
            printf(": cosigned up to %lld at ", (long long)number_of(witness, "size"));
            say_text(stdout, json_get_string(witness, "at"));
        } else {
            fputs(": cosigned nothing since the centre started", stdout);
        }
        if (json_get(witness, "failing_since")) {
            fputs("; not since ", stdout);
            say_text(stdout, json_get_string(witness, "failing_since"));
            printf(" (%lld tries): ", (long long)number_of(witness, "failures"));
            say_styled(stdout, SAY_BAD, json_get_string(witness, "failure"));
        }
        fputc('\n', stdout);
    }
}

static void say_journal(const struct json_value *journal)
{
    int64_t quorum = number_of(journal, "quorum");
    struct buf text;

    buf_init(&text);
    say_field("Journal", json_get_string(journal, "origin"));
    buf_printf(&text, "%lld, signed up to %lld", (long long)number_of(journal, "size"),
               (long long)number_of(journal, "signed"));
    if (number_of(journal, "witnesses") > 0)
        buf_printf(&text, ", witnessed up to %lld (by %lld of %lld witnesses)",
                   (long long)number_of(journal, "witnessed"), (long long)(quorum > 0 ? quorum : 1),
                   (long long)number_of(journal, "witnesses"));
    else
        buf_puts(&text, ", no witness is configured");
    say_field("Acts", output_slice(stdout, &text));
    say_witnesses(json_get(journal, "cosigners"));
    say_field("Checkpoints", json_get_string(journal, "failure"));
    buf_fini(&text);
}

static void say_parked(const struct json_value *acts, int64_t count)
{
    struct buf text;

    buf_init(&text);
    buf_printf(&text, "%lld acts put aside, which it could not get past: ", (long long)count);
    list_put_value(&text, acts);
    fputs("    ", stdout);
    say_styled(stdout, SAY_BAD, output_slice(stdout, &text));
    fputs("\n    see the log for the reason, and tocsin log show; tried again at the next start\n",
          stdout);
    buf_fini(&text);
}

static void say_followers(const struct json_value *followers, int64_t size)
{
    json_each(follower, followers)
    {
        int64_t behind = size - number_of(follower, "next");
        struct slice failure = json_get_string(follower, "failure");
        int64_t parked = number_of(follower, "parked");
        if (behind <= 0 && !failure.len && parked <= 0)
            continue;
        fputs("  follower ", stdout);
        say_text(stdout, json_get_string(follower, "name"));
        printf(": %lld acts behind", (long long)(behind > 0 ? behind : 0));
        if (failure.len) {
            fputs(", ", stdout);
            say_styled(stdout, SAY_BAD, failure);
        }
        fputc('\n', stdout);
        if (parked > 0)
            say_parked(json_get(follower, "parked_acts"), parked);
    }
}

static void say_members(const char *label, const struct json_value *object)
{
    struct buf text;

    if (!object)
        return;
    buf_init(&text);
    list_put_value(&text, object);
    say_field(label, output_slice(stdout, &text));
    buf_fini(&text);
}

static void say_assets(const struct json_value *assets)
{
    struct buf text;

    buf_init(&text);
    buf_printf(&text, "%lld", (long long)number_of(assets, "count"));
    json_each(state, json_get(assets, "by_state"))
    {
        buf_printf(&text, ", %lld ", (long long)number_of(state, "count"));
        buf_put_slice(&text, json_get_string(state, "state"));
        buf_putc(&text, ' ');
        buf_put_slice(&text, json_get_string(state, "way"));
    }
    buf_printf(&text, "; %lld without a known owner", (long long)number_of(assets, "ownerless"));
    say_field("Assets", output_slice(stdout, &text));
    buf_fini(&text);
}

static void say_status(const struct json_value *status)
{
    const struct json_value *journal = json_get(status, "journal");
    const struct json_value *writer = json_get(status, "writer");

    say_field("Centre", json_get_string(status, "name"));
    say_field("Version", json_get_string(status, "version"));
    say_field("Organisation", json_get_string(status, "organisation"));
    say_field("Running since", json_get_string(status, "started"));
    say_field("Sandbox", json_get_string(status, "sandbox"));
    say_journal(journal);
    say_process("Signer", json_get(status, "signer"));
    say_process("Courier", json_get(status, "courier"));
    if (slice_is(json_get_string(json_get(status, "signer"), "state"), "locked"))
        puts("  nothing can be signed until somebody types: tocsin unlock");
    say_field("Numbers of", json_get_string(status, "scope"));
    say_assets(json_get(status, "assets"));
    if (json_get(status, "streams"))
        say_field_number("Connected", number_of(status, "streams"));
    if (json_get(status, "certificates"))
        say_field_number("Certificates", number_of(status, "certificates"));
    say_members("Owners", json_get(status, "owner_deliveries"));
    say_members("Writer", writer);
    say_followers(json_get(status, "followers"), number_of(journal, "size"));
}

static int run(const struct cli_args *args)
{
    struct buf target;

    buf_init(&target);
    buf_puts(&target, "/v1/status");
    return show_one(args, &target, say_status);
}

static const struct cli_verb verbs[] = {
    {.summary = "how the centre is: processes, journal, devices, what is in force",
     .examples = "  tocsin status\n  tocsin status --json | jq .journal.witnessed\n",
     .uses = CLI_CENTRE | CLI_JSON,
     .run = run},
};

const struct cli_group cli_status_group = {.name = "status",
                                           .topic = "The centre",
                                           .summary = "how the centre is",
                                           .verbs = verbs,
                                           .verb_count = ARRAY_LEN(verbs)};
