/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin restore: a backup in the place of the database, with nothing that was lost hidden. */
#include "centre/restore.h"
#include "base/output.h"
#include "cli/groups.h"
#include "cli/passphrase.h"
#include "cli/say.h"

static void write_restored(const struct centre_restore_result *r)
{
    struct json_writer w;
    struct buf text;

    buf_init(&text);
    json_write_init(&w, &text, 2);
    json_write_object(&w);
    json_member_int(&w, "acts", (int64_t)r->acts);
    json_member_bool(&w, "loss", r->loss);
    if (r->loss) {
        json_member_int(&w, "lost_from", (int64_t)r->acts);
        json_member_int(&w, "lost_until", (int64_t)r->lost_until);
        json_member_string(&w, "previous_origin", r->previous_origin);
    }
    json_member_string(&w, "origin", r->origin);
    if (r->replaced[0])
        json_member_string(&w, "replaced", r->replaced);
    json_write_object_end(&w);
    output_line(stdout, &text);
    buf_fini(&text);
}

static void say_restored(const struct centre_restore_result *r)
{
    say_field("Journal", slice_str(r->origin));
    say_field_number("Acts", (int64_t)r->acts);
    if (r->loss) {
        say_styled(stdout, SAY_BAD, slice_str("Lost"));
        printf(": the acts from %llu up to %llu at least. The journal goes on under a new origin,\n"
               "whose first act says so; it was ",
               r->acts, r->lost_until);
        say_text(stdout, slice_str(r->previous_origin));
        puts(".");
    } else {
        puts("Nothing is lost, as far as the signer and the database that was there know.");
    }
    say_field("Replaced", slice_str(r->replaced));
}

static int run(const struct cli_args *args)
{
    const char *file = cli_value(args, "passphrase-file");
    bool given = file || cli_flag(args, "ask");
    struct centre_restore_result restored = {0};
    struct buf passphrase;
    struct err e = {0};
    int result;

    buf_init_secret(&passphrase);
    result =
        given ? passphrase_read(file, "Passphrase of the signer: ", false, &passphrase, &e) : 0;
    if (result == 0) {
        const struct centre_restore_options options = {
            .home = cli_home(args),
            .backup = args->operands[0],
            .passphrase = given ? buf_slice(&passphrase) : slice_of(NULL, 0),
            .accept_loss = cli_flag(args, "accept-loss")};
        result = centre_restore(&options, &restored, &e);
    }
    buf_fini_secret(&passphrase);
    if (result != 0)
        return say_fail(args, &e);
    if (cli_flag(args, "json"))
        write_restored(&restored);
    else
        say_restored(&restored);
    return say_end(args, 0);
}

static const struct cli_option options[] = {
    {"accept-loss", NULL, "take a copy that is older than what is known of the journal", 0, false},
    {"passphrase-file", "FILE", "where the signer's passphrase is, when the home has none", 0,
     false},
    {"ask", NULL, "ask for it on the terminal", 0, false},
};

static const struct cli_verb verb = {
    .operands = "FILE",
    .summary = "put a backup in the place of the database; the centre must not run",
    .text =
        "FILE is copied, and what it replaces is kept beside it. A copy that is older than the\n"
        "last head that the signer signed is refused: acts would be lost. With --accept-loss\n"
        "it is taken, and the journal goes on under a new origin that names what was lost.\n",
    .examples = "  tocsin restore /var/backups/tocsin-2026-11-21.db --home /var/lib/tocsin\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_HOME | CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run};

const struct cli_group cli_restore_group = {.name = "restore",
                                            .topic = "The centre",
                                            .summary = "put a backup in the place of the database",
                                            .verbs = &verb,
                                            .verb_count = 1};
