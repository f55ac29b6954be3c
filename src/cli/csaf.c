/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin csaf: CSAF documents, without a centre. */
#include "cli/csaf.h"
#include "base/compiler.h"
#include "cli/groups.h"

static const struct cli_option ranges_options[] = {
    {"examples", "N", "texts shown of each form that is not understood exactly (default 5)", 0,
     false},
};

static const struct cli_verb verbs[] = {
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

const struct cli_group cli_csaf_group = {.name = "csaf",
                                         .topic = "Without a centre",
                                         .summary = "CSAF documents: how far they are understood",
                                         .verbs = verbs,
                                         .verb_count = ARRAY_LEN(verbs)};
