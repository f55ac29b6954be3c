/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin csaf: CSAF documents, without a centre. */
#include "cli/csaf.h"
#include "base/compiler.h"
#include "cli/groups.h"

static const struct cli_option validate_options[] = {
    {"preset", "NAME", "the tests of this preset; several by '+' or again (default: mandatory)",
     'p', true},
    {"test", "ID", "this test, such as 6.1.1; 6.2 is all of that section", 't', true},
    {"network", NULL, "ask the hosts that URLs name whether they resolve (6.3.6, 6.3.7)", 0, false},
    {"network-local", NULL, "the same, and also of hosts outside the public Internet", 0, false},
    {"network-timeout", "S", "seconds that a host has to answer (default 10)", 0, false},
    {"network-ca", "FILE", "certificates to trust there instead of the system's", 0, false},
    {"extensions", "DIR", "schemas and metadata of CSAF extensions (6.1.60.2, 6.1.60.3)", 0, false},
    {"jobs", "N", "documents at a time (default: one a processor)", 'j', false},
    {"quiet", NULL, "only what is not as it should be", 'q', false},
};

static const struct cli_option ranges_options[] = {
    {"examples", "N", "texts shown of each form that is not understood exactly (default 5)", 0,
     false},
};

static const struct cli_option convert_options[] = {
    {"out", "FILE", "write the document there instead of to standard output", 'o', false},
    {"tlp-from-text", NULL, "take \"TLP v2.0: TLP:…\" of the distribution text for the label", 0,
     false},
    {"cwe-latest", NULL, "the latest CWE version that matches, not that of the release", 0, false},
    {"multiplier", NULL, "publisher category \"other\" becomes \"multiplier\"", 0, false},
    {"quiet-other", NULL, "no warning about publisher category \"other\"", 0, false},
    {"whole-numbers", NULL, "model and serial numbers and SKUs are complete: add no star", 0,
     false},
    {"escape-question", NULL, "'?' in them is part of the number", 0, false},
    {"escape-star", NULL, "'*' in them is part of the number", 0, false},
    {"keep-branches", NULL, "repair no stacked branches and version ranges", 0, false},
    {"keep-hash-names", NULL, "leave unknown hash algorithms as they are written", 0, false},
    {"keep-ids", NULL, "convert no ids of vulnerability systems", 0, false},
    {"no-calculator", NULL, "make no CVSS 4.0 metric of references to FIRST's calculator", 0,
     false},
    {"no-license", NULL, "take no license expression from notes", 0, false},
    {"no-fixed-products", NULL, "add no fixed product for the upper end of a range", 0, false},
};

static const struct cli_option view_options[] = {
    {"format", "NAME", "text, html or markdown; text when not given", 'f', false},
    {"out", "FILE", "write there instead of to standard output", 'o', false},
    {"width", "N", "columns of the text; else those of the terminal, or 100", 0, false},
};

static const struct cli_verb verbs[] = {
    {
        .name = "validate",
        .operands = "FILE|DIR|-...",
        .summary = "check CSAF 2.0 and 2.1 documents against schema and tests",
        .text =
            "Each document is compared with the JSON schema of its version, then put to the\n"
            "tests of section 6 that are asked for. Of a folder, every file whose name ends in\n"
            ".json is taken; what has nothing of an advisory (feeds, metadata, inventories) is\n"
            "passed over, and said.\n"
            "\n"
            "Presets: schema, mandatory, recommended (the optional ones of 2.0), informative,\n"
            "basic, extended, full, external-request-free, consistent-revision-history,\n"
            "consistent-date-times, ssvc, extensions, extensions-exist.\n"
            "\n"
            "A document is valid when it has the shape of its schema and every mandatory test\n"
            "that was asked for holds; warnings and remarks do not make it invalid. A test that\n"
            "cannot be run here is said to be so, never passed.\n"
            "\n"
            "No other host is asked unless --network says so: then each URL of a document, by\n"
            "HEAD or GET over http or https, once, and only at addresses of the public\n"
            "Internet; no redirection is followed. Spelling (6.3.8) and grammar (6.3.16) are\n"
            "checked by tocsin-prose where it is installed; DICPATH names folders of Hunspell\n"
            "dictionaries.\n"
            "\n"
            "Exit code: 0 all are valid, 1 one is not, 2 wrong usage, 3 one could not be read.\n",
        .examples = "  tocsin csaf validate advisory.json\n"
                    "  tocsin csaf validate --preset full --json advisories/\n"
                    "  tocsin csaf validate --preset informative --network advisory.json\n"
                    "  tocsin csaf validate --test 6.1.9 --test 6.1.10 - < advisory.json\n",
        .options = validate_options,
        .option_count = ARRAY_LEN(validate_options),
        .uses = CLI_JSON,
        .least = 1,
        .most = CLI_ANY_NUMBER,
        .run = csaf_validate_run,
    },
    {.name = "ranges",
     .operands = "PATH...",
     .summary = "how far the versions in advisories are understood",
     .text =
         "Reads files and folders of CSAF documents and looks at each branch that is a version or\n"
         "a range of versions. \"exact\": the meaning is certain. \"reduced\": understood, but a\n"
         "remark, a name in front or a model in the version's place may limit it; where that\n"
         "matters, matching answers \"unknown\". \"not understood\": nothing is concluded. Of the\n"
         "last two, examples are shown, the most frequent first.\n",
     .examples = "  tocsin csaf ranges advisories/\n"
                 "  tocsin csaf ranges --json --examples 100 advisories/ | jq '.reasons[]'\n",
     .options = ranges_options,
     .option_count = ARRAY_LEN(ranges_options),
     .uses = CLI_JSON,
     .least = 1,
     .most = CLI_ANY_NUMBER,
     .run = csaf_ranges_run},
    {.name = "convert",
     .operands = "FILE",
     .summary = "make a CSAF 2.0 document one of CSAF 2.1",
     .text =
         "By the rules of CSAF 2.1 for converters. What was lost, what is to be looked at and "
         "what\n"
         "keeps the result from being valid (by its schema and all mandatory tests) is listed on\n"
         "standard error; with --json, a report with the document in it comes on standard output\n"
         "instead.\n"
         "Exit code: 0 converted, 1 converted, but something was lost or is not valid, 3 could\n"
         "not read it.\n",
     .examples = "  tocsin csaf convert advisory.json --out advisory-2.1.json\n"
                 "  tocsin csaf convert advisory.json --json | jq '.findings[].text'\n",
     .options = convert_options,
     .option_count = ARRAY_LEN(convert_options),
     .uses = CLI_JSON,
     .least = 1,
     .most = 1,
     .run = csaf_convert_run},
    {.name = "view",
     .operands = "FILE",
     .summary = "show a CSAF document of version 2.0 or 2.1 to people",
     .text =
         "What is affected, how bad it is, and what to do. The HTML is one file without script\n"
         "and without anything from elsewhere, and prints well.\n"
         "Exit code: 0 shown, 1 shown, but the document is not as the standard wants (said at\n"
         "its top), 3 could not read it.\n",
     .examples = "  tocsin csaf view advisory.json\n"
                 "  tocsin csaf view advisory.json --format html --out advisory.html\n",
     .options = view_options,
     .option_count = ARRAY_LEN(view_options),
     .least = 1,
     .most = 1,
     .run = csaf_view_run},
    {.name = "diff",
     .operands = "A B",
     .summary = "what changed for a reader between two documents",
     .text =
         "Products are compared by their names and what identifies them, not by the ids of the\n"
         "document; A and B may be of different CSAF versions.\n"
         "Exit code: 0 nothing changed for a reader, 1 something did, 3 could not read one.\n",
     .examples = "  tocsin csaf diff old.json new.json\n",
     .uses = CLI_JSON,
     .least = 2,
     .most = 2,
     .run = csaf_diff_run},
};

const struct cli_group cli_csaf_group = {
    .name = "csaf",
    .topic = "Without a centre",
    .summary = "validate, convert, view and compare CSAF documents",
    .verbs = verbs,
    .verb_count = ARRAY_LEN(verbs),
};
