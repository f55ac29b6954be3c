/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin token: one-time secrets with which a device or an operator gets its first certificate. */
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/say.h"

static int create(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/tokens", .id = "secret"};
    const char *asset = cli_value(args, "asset");
    const char *for_operator = cli_value(args, "operator");
    struct change_body body;
    struct err e = {0};
    int64_t hours;

    if (asset && for_operator) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL, "a token is for an asset or for an operator");
        return say_fail(args, &e);
    }
    if (cli_number(args, "hours", 1, 24 * 366, 0, &hours, &e) != 0)
        return say_fail(args, &e);
    change_begin(&body);
    change_text(&body, "organisation", cli_value(args, "organisation"));
    change_text(&body, "asset", for_operator ? for_operator : asset);
    change_text(&body, "profile", for_operator ? "operator" : NULL);
    if (hours > 0)
        json_member_int(&body.json, "hours", hours);
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static const struct cli_option options[] = {
    {"asset", "ASSET", "for this asset alone (else for a new one)", 0, false},
    {"organisation", "ORG", "a new device will be this organisation's", 0, false},
    {"operator", "OPERATOR", "for an operator's certificate instead", 0, false},
    {"hours", "N", "how long it may be used; 72 when not given", 0, false},
    {"quiet", NULL, "print the secret alone", 'q', false},
};

static const struct cli_verb verbs[] = {
    {.name = "create",
     .summary = "a secret that lets one device enrol, once",
     .text = "The secret is shown now and never again: the centre keeps only a salted hash of it.\n"
             "It is the password of RFC 7030 enrolment on the enrol door.\n",
     .examples = "  tocsin token create --asset ast_0h2j… --quiet > token.txt\n"
                 "  tocsin-agent enrol --centre https://centre:8443 --token-file token.txt \\\n"
                 "      --ca root.pem --home /var/lib/tocsin-agent\n",
     .options = options,
     .option_count = ARRAY_LEN(options),
     .uses = CLI_CENTRE | CLI_JSON,
     .run = create},
};

const struct cli_group cli_token_group = {.name = "token",
                                          .topic = "Assets",
                                          .summary = "one-time secrets for enrolment",
                                          .verbs = verbs,
                                          .verb_count = ARRAY_LEN(verbs)};
