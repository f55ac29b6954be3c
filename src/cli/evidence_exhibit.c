/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "cli/evidence.h"
#include "cli/evidence_said.h"
#include "cli/say.h"
#include "evidence/case.h"

#include <stdio.h>
#include <string.h>

enum { PHOTOS = 64 };

/* What an exhibit is called and what was found of it then does not change. */
static int not_changed(const struct cli_args *args, struct err *e)
{
    static const char *const options[] = {"id", "parent", "device", "this-machine", "photo"};
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (cli_value(args, options[i]))
            return err_set(e, ERR_USAGE, "cli.option", NULL,
                           "--%s is said when an exhibit is taken up, and not changed", options[i]);
    return 0;
}

static int run(const struct cli_args *args)
{
    const char *photos[PHOTOS + 1] = {0};
    char id[EVIDENCE_HOLDER] = "", holder[4096];
    struct evidence_appended told = {0};
    struct evidence_doing doing = {0};
    struct evidence_told said;
    struct err e = {0};
    bool change = strcmp(args->operands[0], "change") == 0;
    if (!change && strcmp(args->operands[0], "add") != 0) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL,
                "tocsin evidence exhibit add CASE, or change FOLDER");
        return say_fail(args, &e);
    }
    if (change && not_changed(args, &e) != 0)
        return say_fail(args, &e);
    for (size_t i = 0; i < PHOTOS && cli_value_at(args, "photo", i); i++)
        photos[i] = cli_value_at(args, "photo", i);
    const struct evidence_exhibit_wish wish = {.id = cli_value(args, "id"),
                                               .parent = cli_value(args, "parent"),
                                               .source_type = cli_value(args, "source-type"),
                                               .device = cli_value(args, "device"),
                                               .this_machine = cli_flag(args, "this-machine"),
                                               .description = cli_value(args, "description"),
                                               .make = cli_value(args, "make"),
                                               .model = cli_value(args, "model"),
                                               .serial = cli_value(args, "serial"),
                                               .capacity = cli_value(args, "capacity"),
                                               .interface = cli_value(args, "interface"),
                                               .condition = cli_value(args, "condition"),
                                               .media = cli_value(args, "media"),
                                               .firmware = cli_value(args, "firmware"),
                                               .host = cli_value(args, "host"),
                                               .address = cli_value(args, "address"),
                                               .owner = cli_value(args, "owner"),
                                               .photos = photos};
    int result = evidence_told_init(&said, args, &e);
    if (result == 0)
        result = evidence_doing_open(&doing, &said.said, &e);
    if (result == 0)
        result = change ? evidence_exhibit_change(args->operands[1], &wish, &doing, &told, &e)
                        : evidence_exhibit_add(args->operands[1], &wish, &doing, id, &told, &e);
    evidence_doing_close(&doing);
    evidence_told_fini(&said);
    if (result != 0)
        return say_end(args, say_fail(args, &e));
    if (change)
        snprintf(holder, sizeof holder, "%s", args->operands[1]);
    else
        snprintf(holder, sizeof holder, "%s/exhibits/%s", args->operands[1], id);
    if (told.number)
        evidence_tell_step(args, holder, change ? "described" : "identified", &told);
    else
        fputs("tocsin: its record was there already; exhibit.json is what it says now\n", stderr);
    return say_end(args, 0);
}

static const struct cli_option options[] = {
    {"id", "ID", "its identifier (default: the next EX-N, or PARENT.N)", 0, false},
    {"parent", "ID", "the exhibit it is a part of", 0, false},
    {"source-type", "TYPE", "static, transit, volatile, remote, backup, mobile, paper or other", 0,
     false},
    {"description", "TEXT", "what it is, and where it was found", 0, false},
    {"device", "PATH", "block device or file: described by what the kernel knows of it", 0, false},
    {"this-machine", NULL, "described by what this machine knows of itself", 0, false},
    {"make", "TEXT", "maker", 0, false},
    {"model", "TEXT", "model", 0, false},
    {"serial", "TEXT", "serial number", 0, false},
    {"capacity", "TEXT", "capacity", 0, false},
    {"interface", "TEXT", "interface", 0, false},
    {"media", "TEXT", "kind of medium", 0, false},
    {"firmware", "TEXT", "firmware", 0, false},
    {"host", "NAME", "host name", 0, false},
    {"address", "TEXT", "IP and MAC addresses", 0, false},
    {"condition", "TEXT", "its condition", 0, false},
    {"owner", "NAME", "whose it is", 0, false},
    {"photo", "FILE", "a photo, which is attached", 0, true},
    EVIDENCE_SAID_OPTIONS,
};

const struct cli_verb evidence_exhibit_verb = {
    .name = "exhibit",
    .operands = "add CASE|change FOLDER",
    .summary = "take up an exhibit: custody of it begins; or say what is other than was said",
    .text = "No two exhibits of a case have the same identifier. What is not said and the kernel\n"
            "knows (make, model, serial number, capacity, firmware) is filled in with --device.\n"
            "`change` takes what is said anew; the rest stays, and what was said before stays in\n"
            "the log.\n",
    .examples = "  tocsin evidence exhibit add case-7 --device /dev/sdb --source-type static \\\n"
                "      --description 'USB stick, blue, from the desk' --photo stick.jpg \\\n"
                "      --reason 'incident 2026-31' --place 'office 3.14' --identity ~/meyer\n"
                "  tocsin evidence exhibit change case-7/exhibits/EX-1 --serial 7F3Y \\\n"
                "      --reason 'the label was misread' --identity ~/meyer\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_JSON,
    .least = 2,
    .most = 2,
    .run = run,
};
