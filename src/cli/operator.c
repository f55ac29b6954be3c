/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin operator: who may do what at the centre. */
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/operator.h"
#include "cli/say.h"

static int add(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/operators", .id = "operator"};
    struct change_body body;
    struct err e = {0};
    int64_t uid;

    if (!cli_value(args, "roles")) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL, "--roles is missing");
        err_hint(&e, "administrator, coordinator, registrar, auditor; several with commas");
        return say_fail(args, &e);
    }
    if (cli_number(args, "uid", 0, UINT32_MAX, -1, &uid, &e) != 0)
        return say_fail(args, &e);
    change_begin(&body);
    change_text(&body, "roles", cli_value(args, "roles"));
    change_text(&body, "organisation", cli_value(args, "organisation"));
    change_text(&body, "name", cli_value(args, "name"));
    if (uid >= 0)
        json_member_int(&body.json, "uid", uid);
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static int list(const struct cli_args *args)
{
    static const struct list_column columns[] = {{"operator", "OPERATOR", 0},
                                                 {"name", "NAME", LIST_CUT | LIST_SPARSE},
                                                 {"roles", "ROLES", LIST_CUT},
                                                 {"organisation", "ORGANISATION", 0},
                                                 {"state", "STATE", 0}};
    const struct list_of of = {.target = "/v1/operators",
                               .name = "operators",
                               .nothing = "no operators",
                               .columns = columns,
                               .column_count = ARRAY_LEN(columns)};

    return list_all(args, &of);
}

static int close_one(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/operators/close", .done = "closed"};
    struct change_body body;

    change_begin(&body);
    change_text(&body, "operator", args->operands[0]);
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static const struct cli_option add_options[] = {
    {"roles", "ROLES", "administrator, coordinator, registrar, auditor; with commas", 0, false},
    {"organisation", "ORG", "whose operator (else your own organisation's)", 0, false},
    {"name", "NAME", "of the person; can be erased, never stands in the journal", 0, false},
    {"uid", "UID", "lets this user id in on the centre's own machine", 0, false},
    CHANGE_QUIET,
};

static const struct cli_option enrol_options[] = {
    {"centre", "URL", "the centre's enrol door: https://host:port", 0, false},
    {"token-file", "FILE", "a secret of tocsin token create --operator; \"-\": standard input", 0,
     false},
    {"ca", "FILE", "the trust anchors of the centre (PEM)", 0, false},
    {"output", "PREFIX", "writes PREFIX.key and PREFIX.pem", 'o', false},
};

static const struct cli_verb verbs[] = {
    {.name = "add",
     .summary = "let somebody act",
     .text = "An administrator changes organisations, operators, revocations and backups; a\n"
             "coordinator advisories, publications, proofs and aliases; a registrar assets,\n"
             "contacts, tokens and bundles; an auditor reads everything and changes nothing.\n"
             "To work from elsewhere an operator needs a certificate: see\n"
             "tocsin token create --operator, and tocsin operator enrol.\n",
     .examples =
         "  tocsin operator add --roles coordinator,registrar --name \"R. Ops\" --uid 1001\n"
         "  tocsin operator add --roles auditor --organisation org_0h2j…\n",
     .options = add_options,
     .option_count = ARRAY_LEN(add_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .run = add},
    {.name = "list", .summary = "who may act", .uses = CLI_LIST, .run = list},
    {.name = "enrol",
     .summary = "get your own certificate, to work from elsewhere",
     .text = "The key is made here and never leaves this machine. After a failure the same key is\n"
             "used again.\n",
     .examples =
         "  tocsin token create --operator opr_0h2j… --quiet > token.txt\n"
         "  tocsin operator enrol --centre https://centre:8441 --token-file token.txt \\\n"
         "      --ca root.pem -o me\n"
         "  tocsin status --url https://centre:8443 --cert me.pem --key me.key --ca root.pem\n",
     .options = enrol_options,
     .option_count = ARRAY_LEN(enrol_options),
     .run = operator_enrol},
    {.name = "close",
     .operands = "OPERATOR",
     .summary = "an operator acts no more",
     .examples = "  tocsin operator close opr_0h2j…\n",
     .uses = CLI_CENTRE,
     .least = 1,
     .most = 1,
     .run = close_one},
};

const struct cli_group cli_operator_group = {.name = "operator",
                                             .topic = "People and organisations",
                                             .summary = "who may act at the centre",
                                             .verbs = verbs,
                                             .verb_count = ARRAY_LEN(verbs)};
