/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin unlock: gives the signer its passphrase after a restart. */
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/passphrase.h"
#include "cli/say.h"

static int run(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/unlock"};
    struct change_body body;
    struct buf passphrase;
    struct err e = {0};
    int result;

    buf_init_secret(&passphrase);
    change_begin(&body);
    if (passphrase_read(cli_value(args, "passphrase-file"), "Passphrase of the signer: ", false,
                        &passphrase, &e) != 0) {
        result = say_fail(args, &e);
    } else {
        json_member_slice(&body.json, "passphrase", buf_slice(&passphrase));
        result = change_send(args, &of, &body);
    }
    change_fini(&body);
    buf_fini_secret(&passphrase);
    return result;
}

static const struct cli_option options[] = {
    {"passphrase-file", "FILE", "its first line is the passphrase; \"-\": standard input", 0,
     false},
};

static const struct cli_verb verbs[] = {
    {.summary = "let the signer use its keys, after a restart",
     .text = "Only on the centre's own machine. Asks on the terminal, without an echo.\n",
     .examples = "  tocsin unlock\n  tocsin unlock --passphrase-file /run/credentials/passphrase\n",
     .options = options,
     .option_count = ARRAY_LEN(options),
     .uses = CLI_CENTRE,
     .run = run},
};

const struct cli_group cli_unlock_group = {.name = "unlock",
                                           .topic = "The centre",
                                           .summary = "let the signer use its keys",
                                           .verbs = verbs,
                                           .verb_count = ARRAY_LEN(verbs)};
