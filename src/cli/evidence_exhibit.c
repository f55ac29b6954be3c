/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "cli/evidence.h"
#include "cli/evidence_said.h"
#include "cli/say.h"
#include "evidence/case.h"

#include <stdio.h>
#include <string.h>

enum { PHOTOS = 64 };

static int run(const struct cli_args *args)
{
    const char *photos[PHOTOS + 1] = {0};
    char id[EVIDENCE_HOLDER] = "", holder[4096];
    struct evidence_appended told = {0};
    struct evidence_doing doing = {0};
    struct evidence_told said;
    struct err e = {0};
    if (strcmp(args->operands[0], "add") != 0) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL, "tocsin evidence exhibit add CASE");
        return say_fail(args, &e);
    }
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
        result = evidence_exhibit_add(args->operands[1], &wish, &doing, id, &told, &e);
    evidence_doing_close(&doing);
    evidence_told_fini(&said);
    if (result != 0)
        return say_end(args, say_fail(args, &e));
    snprintf(holder, sizeof holder, "%s/exhibits/%s", args->operands[1], id);
    evidence_tell_step(args, holder, "identified", &told);
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
    .operands = "add CASE",
    .summary = "take up an exhibit: custody of it begins",
    .text = "No two exhibits of a case have the same identifier. What is not said and the kernel\n"
            "knows (make, model, serial number, capacity, firmware) is filled in with --device.\n",
    .examples = "  tocsin evidence exhibit add case-7 --device /dev/sdb --source-type static \\\n"
                "      --description 'USB stick, blue, from the desk' --photo stick.jpg \\\n"
                "      --reason 'incident 2026-31' --place 'office 3.14' --identity ~/meyer\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_JSON,
    .least = 2,
    .most = 2,
    .run = run,
};
