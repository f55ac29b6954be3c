/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin csaf: CSAF documents, without a centre. */
#include "cli/csaf.h"
#include "base/compiler.h"
#include "cli/groups.h"

static const struct cli_option validate_options[] = {
    {"preset", "NAME", "the tests of this preset; several by '+' or again (default: mandatory)",
     'p', true},
    {"test", "ID", "this test, such as 6.1.1; 6.2 is all of that section", 't', true},
    {"network", NULL, "tests 6.3.6 and 6.3.7 may ask the hosts that URLs name", 0, false},
    {"extensions", "DIR", "schemas and metadata of CSAF extensions (6.1.60.2, 6.1.60.3)", 0, false},
    {"jobs", "N", "documents at a time (default: one a processor)", 'j', false},
    {"quiet", NULL, "only what is not as it should be", 'q', false},
};

static const struct cli_option ranges_options[] = {
    {"examples", "N", "texts shown of each form that is not understood exactly (default 5)", 0,
     false},
};

static const struct cli_verb verbs[] = {
    {
        .name = "validate",
        .operands = "FILE|DIR|-...",
        .summary = "check CSAF 2.0 and 2.1 documents against schema and tests",
        .text = "Each document is compared with the JSON schema of its version, then put to the "
                "tests of section 6 that are asked for. Of a folder, every file whose name ends in "
                ".json is taken.\n\n"
                "Presets: schema, mandatory, recommended (2.0: optional), informative, basic, "
                "extended, full, external-request-free, consistent-revision-history, "
                "consistent-date-times, ssvc, extensions, extensions-exist.\n\n"
                "A document is valid when it has the shape of its schema and every mandatory test "
                "that was asked for holds; warnings and remarks do not make it invalid. A test "
                "that cannot be run here is said to be so, never passed.\n\n"
                "Exit code: 0 all are valid, 1 one is not, 2 wrong usage, 3 one could not be read.",
        .examples = "tocsin csaf validate advisory.json\n"
                    "tocsin csaf validate --preset full --json advisories/\n"
                    "tocsin csaf validate --test 6.1.9 --test 6.1.10 - < advisory.json\n",
        .options = validate_options,
        .option_count = ARRAY_LEN(validate_options),
        .uses = CLI_JSON,
        .least = 1,
        .most = CLI_ANY_NUMBER,
        .run = csaf_validate_command,
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
     .run = csaf_ranges},
};

const struct cli_group cli_csaf_group = {
    .name = "csaf",
    .topic = "Without a centre",
    .summary = "validate and read CSAF documents",
    .verbs = verbs,
    .verb_count = ARRAY_LEN(verbs),
};
