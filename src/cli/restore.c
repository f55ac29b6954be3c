/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin restore: a backup in the place of the database, while no centre runs. */
#include "centre/restore.h"
#include "cli/groups.h"
#include "cli/passphrase.h"
#include "cli/say.h"

static void say_restored(const struct centre_restore_result *done)
{
    say_field("Journal", slice_str(done->origin));
    say_field_number("Acts", (int64_t)done->acts);
    if (done->replaced[0])
        say_field("Kept aside", slice_str(done->replaced));
    if (!done->loss)
        return;
    say_field("Before", slice_str(done->previous_origin));
    printf("\nLost: acts from %llu on (the journal is known to have had %llu). The new origin's "
           "first\nact says so.\n\n",
           done->acts, done->lost_until);
    puts("What to do now:\n"
         "  - revoke again what was revoked since the backup: tocsin cert revoke\n"
         "  - unused enrolment tokens were withdrawn: make new ones\n"
         "  - give trust/journal.vkey to the witnesses: for them this is a new journal");
}

static void write_restored(const struct centre_restore_result *done)
{
    struct json_writer w;
    struct buf text;

    buf_init(&text);
    json_write_init(&w, &text, 2);
    json_write_object(&w);
    json_member_string(&w, "origin", done->origin);
    json_member_int(&w, "acts", (int64_t)done->acts);
    json_member_bool(&w, "loss", done->loss);
    if (done->loss) {
        json_member_string(&w, "previous_origin", done->previous_origin);
        json_member_int(&w, "lost_until", (int64_t)done->lost_until);
    }
    if (done->replaced[0])
        json_member_string(&w, "replaced", done->replaced);
    json_write_object_end(&w);
    puts(buf_text(&text));
    buf_fini(&text);
}

static int run(const struct cli_args *args)
{
    const char *file = cli_value(args, "passphrase-file");
    struct centre_restore_options options = {.home = cli_home(args),
                                             .backup = args->operands[0],
                                             .accept_loss = cli_flag(args, "accept-loss")};
    struct centre_restore_result done;
    struct buf passphrase;
    struct err e = {0};
    int result = -1;

    buf_init_secret(&passphrase);
    if (file && passphrase_read(file, "", false, &passphrase, &e) == 0)
        options.passphrase = buf_slice(&passphrase);
    if (!err_is_set(&e))
        result = centre_restore(&options, &done, &e);
    buf_fini_secret(&passphrase);
    if (result != 0)
        return say_fail(args, &e);
    if (cli_flag(args, "json"))
        write_restored(&done);
    else
        say_restored(&done);
    return say_end(args, 0);
}

static const struct cli_option options[] = {
    {"accept-loss", NULL, "take a copy that is older than the journal: under a new origin", 0,
     false},
    {"passphrase-file", "FILE", "opens the signer's keys, when signer/passphrase does not", 0,
     false},
};

static const struct cli_verb verbs[] = {
    {.operands = "FILE",
     .summary = "put a backup in the place of the database; the centre must not run",
     .text =
         "The backup is checked, and its journal compared with what the signer and the database "
         "in\n"
         "place know. When acts would be lost it is refused with both heads named; with\n"
         "--accept-loss it is taken under a new journal origin, whose first act names what was\n"
         "lost. The database that was there is kept beside it.\n",
     .examples = "  tocsin restore /var/backups/tocsin-2026-11-20.db\n",
     .options = options,
     .option_count = ARRAY_LEN(options),
     .uses = CLI_HOME | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = run},
};

const struct cli_group cli_restore_group = {.name = "restore",
                                            .topic = "The centre",
                                            .summary = "put a backup in the database's place",
                                            .verbs = verbs,
                                            .verb_count = ARRAY_LEN(verbs)};
