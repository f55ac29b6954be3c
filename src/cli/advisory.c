/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin advisory: what vendors say, from import to proof of delivery. */
#include "cli/advisory.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/say.h"
#include "cli/evidence.h"
#include "cli/show.h"

#include <string.h>

void advisory_target(struct buf *target, const char *name, const char *more)
{
    buf_puts(target, "/v1/advisory/");
    api_put_segment(target, name);
    buf_puts(target, more);
}

static int list(const struct cli_args *args)
{
    static const struct list_column columns[] = {{"id", "ID", LIST_SORTED},
                                                 {"version", "VERSION", 0},
                                                 {"state", "STATE", 0},
                                                 {"tlp", "TLP", LIST_SPARSE},
                                                 {"publisher", "PUBLISHER", LIST_CUT | LIST_SPARE},
                                                 {"title", "TITLE", LIST_CUT},
                                                 {"imported", "IMPORTED", LIST_SPARE},
                                                 {"advisory", "ADVISORY", LIST_SPARE}};
    const struct list_of of = {.target = "/v1/advisories",
                               .name = "advisories",
                               .nothing = "no advisories; tocsin advisory import FILE",
                               .columns = columns,
                               .column_count = ARRAY_LEN(columns)};

    return list_all(args, &of);
}

void advisory_say_heading(const struct json_value *answer)
{
    const struct json_value *document = json_get(answer, "document");

    say_field("Advisory", json_get_string(document, "id"));
    say_field("Version", json_get_string(document, "version"));
    say_field("Title", json_get_string(document, "title"));
    say_field("Publisher", json_get_string(document, "namespace"));
    say_field("TLP", json_get_string(document, "tlp"));
    say_field("Released", json_get_string(document, "published"));
    say_field("Document", json_get_string(document, "document"));
    say_field("Id here", json_get_string(answer, "advisory"));
    say_field("State", json_get_string(answer, "state"));
    if (json_is(json_get(answer, "exercise"), JSON_TRUE))
        say_field("Exercise", slice_str("yes"));
}

/* Seconds are enough for people. */
static void say_time(struct slice time)
{
    const uint8_t *dot = memchr(time.data, '.', time.len);

    say_text(stdout, dot ? slice_of(time.data, (size_t)(dot - time.data)) : time);
    fputs(dot ? "Z" : "", stdout);
}

static void say_publication(const struct json_value *publication)
{
    static const char *const names[] = {"publication", "trigger", "state"};
    int64_t notices = 0;
    int64_t members = 0;

    (void)json_int64(json_get(publication, "notices"), &notices);
    (void)json_int64(json_get(publication, "members"), &members);
    fputs("  ", stdout);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        say_text(stdout, json_get_string(publication, names[i]));
        fputs(", ", stdout);
    }
    say_count(stdout, notices, "notice", "notices");
    fputs(" for ", stdout);
    say_count(stdout, members, "asset", "assets");
    fputs(", ", stdout);
    say_time(json_get_string(publication, "created"));
    fputc('\n', stdout);
}

void advisory_say_next(const struct json_value *answer, const char *first, const char *command,
                       const char *last)
{
    fputs(first, stdout);
    fputs(command, stdout);
    fputc(' ', stdout);
    say_text(stdout, json_get_string(json_get(answer, "document"), "id"));
    fputs(last, stdout);
    fputc('\n', stdout);
}

static void say_one(const struct json_value *answer)
{
    bool published = slice_is(json_get_string(answer, "state"), "published");
    bool earlier = json_count(json_get(answer, "publications")) > 0;

    advisory_say_heading(answer);
    puts("\nRevisions");
    json_each(revision, json_get(answer, "revisions"))
    {
        fputs("  ", stdout);
        say_text(stdout, json_get_string(revision, "version"));
        fputs(", imported ", stdout);
        say_time(json_get_string(revision, "imported"));
        fputs(", ", stdout);
        say_text(stdout, json_get_string(revision, "state"));
        fputs("\n     ", stdout);
        say_text(stdout, json_get_string(revision, "document"));
        fputc('\n', stdout);
    }
    if (earlier)
        puts("\nPublications");
    json_each(publication, json_get(answer, "publications")) say_publication(publication);
    say_evidence(json_get(answer, "evidence"));
    fputc('\n', stdout);
    if (published) {
        advisory_say_next(answer, "Who acknowledged it:     ", "tocsin advisory delivery", "");
        return;
    }
    puts(earlier ? "This revision is not published: who was told, was told of an earlier one."
                 : "It is not published: nobody was told.");
    advisory_say_next(answer, "Who would be told:       ", "tocsin advisory preview", "");
    advisory_say_next(answer, "Tell them:               ", "tocsin advisory publish", "");
}

static int show(const struct cli_args *args)
{
    struct buf target;

    buf_init(&target);
    advisory_target(&target, args->operands[0], "");
    return show_one(args, &target, say_one);
}

static const struct cli_option import_options[] = {
    {"publish", NULL, "publish each one that was accepted", 0, false},
};
#define CONFIDENCE(text)                                                                           \
    {                                                                                              \
        "confidence", "HOW", text, 0, false                                                        \
    }
static const struct cli_option preview_options[] = {
    CONFIDENCE("who would be told at any, strong, exact, or 0 to 100"),
    {"organisation", "ORG", "assets of this organisation alone", 0, false},
    {"why", NULL, "with the whole chain of reasons", 0, false},
    {"wait", "SECONDS", "how long to wait while it is being matched; 300 when not given", 0, false},
};
static const struct cli_option publish_options[] = {
    CONFIDENCE("tell matches this sure alone: any, strong (85), exact (95), or 0 to 100"),
    {"wait", "SECONDS", "how long to wait for the signature; 300 when not given, 0: not", 0, false},
    {"revision", "REV", "only when this is still its newest revision, rev_…", 0, false},
};
static const struct cli_option delivery_options[] = {
    {"state", "STATE", "only lines in this state: acknowledged, undelivered, …", 0, false},
};

static const struct cli_option listing_options[] = {
    {"organisation", "ORG", "assets of this organisation alone", 0, false},
};
static const struct cli_option resend_options[] = {
    {"state", "STATE", "silent (when not given), undelivered or unacknowledged", 0, false},
};
static const struct cli_option remediation_options[] = {
    {"organisation", "ORG", "assets of this organisation alone", 0, false},
    {"state", "STATE", "only assets in this state: open, in_progress, done", 0, false},
};
static const struct cli_option mark_options[] = {
    {"state", "STATE", "open, in_progress or done", 0, false},
    {"reason", "TEXT", "stands in the journal", 0, false},
    {"vulnerability", "NAME", "this one alone, by the name that the advisory gives it", 0, false},
    {"all", NULL, "every asset that is concerned and not done by its inventory", 0, false},
    {"from", "FILE", "assets from a file, one id a line", 0, false},
    {"organisation", "ORG", "with --all: assets of this organisation alone", 0, false},
};

static const struct cli_verb verbs[] = {
    {.name = "import",
     .operands = "FILE…|DIR",
     .summary = "take advisories in, each on its own",
     .text =
         "CSAF documents, and in the same way OSV documents, CVE records, OpenVEX documents\n"
         "and CycloneDX documents with vulnerabilities. A folder is searched for *.json. Each\n"
         "document is accepted or refused with line, column, pointer and rule; a bad one stops\n"
         "no other. The exit code is 1 when one was refused. Feeds and other JSON in a folder\n"
         "that is no advisory is passed over, and said. Revisions of one advisory go in from the "
         "oldest to the newest, whatever their\n"
         "files are called; of them --publish tells the newest alone. An older one than what\n"
         "is here is refused: the newer one holds. \"-\" reads standard input.\n\n"
         "A document is refused when its shape is wrong, or when it contradicts itself so that\n"
         "it would mean nothing; what else the mandatory tests of CSAF find in it is a warning:\n"
         "it is taken, and how it should be is said.\n",
     .examples =
         "  tocsin advisory import examples/advisories\n"
         "  tocsin advisory import ex-2026-001.json --publish\n"
         "  tocsin advisory import DIR --json | jq '.documents[] | select(.state==\"refused\")'\n",
     .options = import_options,
     .option_count = ARRAY_LEN(import_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = CLI_ANY_NUMBER,
     .run = advisory_import},
    {.name = "list",
     .summary = "all advisories, newest revision each",
     .examples = "  tocsin advisory list --json\n",
     .uses = CLI_LIST,
     .run = list},
    {.name = "show",
     .operands = "NAME",
     .summary = "one advisory with its revisions",
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = show},
    {.name = "preview",
     .operands = "NAME",
     .summary = "who would be told, before anybody is",
     .text = "Affected, unknown with what would decide it, not affected: by class and asset, with\n"
             "reasons. Waits while the matching goes on.\n",
     .examples = "  tocsin advisory preview EX-2026-001 --why\n",
     .options = preview_options,
     .option_count = ARRAY_LEN(preview_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = advisory_preview},
    {.name = "publish",
     .operands = "NAME",
     .summary = "tell everybody whom it concerns, under one signature",
     .text =
         "A match that is less sure than --confidence asks for is not told, and stays listed;\n"
         "publish again with a lower one, and the others are told. Who was told before is told\n"
         "of every change, however sure it is.\n"
         "Waits until the publication is signed.\n",
     .examples = "  tocsin advisory publish EX-2026-001\n",
     .options = publish_options,
     .option_count = ARRAY_LEN(publish_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = advisory_publish},
    {.name = "delivery",
     .operands = "NAME",
     .summary = "who was told, who acknowledged, who is silent",
     .text = "Counts always add up: a silent device is a counted device.\n",
     .examples = "  tocsin advisory delivery EX-2026-001\n"
                 "  tocsin advisory delivery EX-2026-001 --state undelivered --json\n",
     .options = delivery_options,
     .option_count = ARRAY_LEN(delivery_options),
     .uses = CLI_LIST,
     .least = 1,
     .most = 1,
     .run = advisory_delivery},
    {.name = "match",
     .operands = "NAME…",
     .summary = "match it anew with all assets, as when a name was taught meanwhile",
     .text = "New documents and new or changed assets are matched by themselves; this is by hand,\n"
             "and never together with those. What is found tells nobody: publish it again, and\n"
             "those are told who are not yet.\n",
     .examples = "  tocsin advisory match EX-2026-001 && tocsin advisory publish EX-2026-001\n",
     .uses = CLI_CENTRE,
     .least = 1,
     .most = CLI_ANY_NUMBER,
     .run = advisory_match},
    {.name = "assets",
     .operands = "NAME",
     .summary = "the assets of which it says something",
     .options = listing_options,
     .option_count = ARRAY_LEN(listing_options),
     .uses = CLI_LIST,
     .least = 1,
     .most = 1,
     .run = advisory_assets},
    {.name = "products",
     .operands = "NAME",
     .summary = "the products that it names",
     .uses = CLI_LIST,
     .least = 1,
     .most = 1,
     .run = advisory_products},
    {.name = "components",
     .operands = "NAME",
     .summary = "the components of assets that it is about",
     .options = listing_options,
     .option_count = ARRAY_LEN(listing_options),
     .uses = CLI_LIST,
     .least = 1,
     .most = 1,
     .run = advisory_components},
    {.name = "resend",
     .operands = "NAME",
     .summary = "tell it again to whoever is silent",
     .text =
         "Devices that are connected and have not acknowledged get it again on their stream;\n"
         "owners of silent devices get one digest each, marked as a reminder. Devices of which\n"
         "somebody said that it is in progress or done are left out. The configuration does\n"
         "the same by itself: publication remind-after, escalate-after.\n",
     .examples = "  tocsin advisory resend EX-2026-001 --state undelivered\n",
     .options = resend_options,
     .option_count = ARRAY_LEN(resend_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = advisory_resend},
    {.name = "remediation",
     .operands = "NAME",
     .summary = "what became of it: not remediated, in progress, done; and who says so",
     .text = "Done by the inventory: the asset is in a class now that is not affected. By the\n"
             "device: it signed so. By an operator: see tocsin advisory mark. The states add up\n"
             "to all assets that are concerned, or were.\n",
     .examples = "  tocsin advisory remediation EX-2026-001 --state open\n",
     .options = remediation_options,
     .option_count = ARRAY_LEN(remediation_options),
     .uses = CLI_LIST,
     .least = 1,
     .most = 1,
     .run = advisory_remediation},
    {.name = "mark",
     .operands = "NAME [ASSET…]",
     .summary = "say what became of it at assets, with a reason",
     .text = "An operator's word, kept apart from what devices sign and inventories show. Assets\n"
             "that it does not concern are refused one by one, and the exit code is then 1.\n",
     .examples = "  tocsin advisory mark EX-2026-001 ast_0h2j… --state in_progress \\\n"
                 "      --reason \"window on Sunday\"\n"
                 "  tocsin advisory mark EX-2026-001 --all --state done --reason \"port closed\"\n",
     .options = mark_options,
     .option_count = ARRAY_LEN(mark_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = CLI_ANY_NUMBER,
     .run = advisory_mark},
};

const struct cli_group cli_advisory_group = {.name = "advisory",
                                             .topic = "Advisories",
                                             .summary = "import, preview, publish, follow",
                                             .verbs = verbs,
                                             .verb_count = ARRAY_LEN(verbs)};
