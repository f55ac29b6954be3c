/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence.h"
#include "base/compiler.h"
#include "cli/groups.h"

static const struct cli_option acquire_options[] = {
    {"exhibit", "ID", "identifier of the exhibit", 0, false},
    {"description", "TEXT", "what it is: make, model, condition, where it was found", 0, false},
    {"examiner", "NAME", "who acquires", 0, false},
    {"role", "ROLE", "DEFR or DES (ISO/IEC 27037), or another word", 0, false},
    {"competence", "TEXT", "qualification of the examiner", 0, false},
    {"place", "TEXT", "where", 0, false},
    {"reason", "TEXT", "why it is acquired, and why so", 0, false},
    {"authority", "TEXT", "what allows it: warrant, policy, consent", 0, false},
    {"from", "BYTE", "first byte of a part of the source", 0, false},
    {"bytes", "N", "length of the part", 0, false},
    {"plain", NULL, "do not compress: the segments are the image's bytes", 0, false},
    {"segment-size", "MIB", "most that a file of the image has (default: just below 4 GiB)", 0,
     false},
    {"retries", "N", "how often a bad sector is read again (default 1)", 0, false},
    {"fill", "KIND", "what unreadable sectors hold: pattern (default) or zero", 0, false},
    {"no-read-back", NULL, "do not read the image back when it is written", 0, false},
    {"rehash-source", NULL, "read the source a second time: did it change?", 0, false},
    {"jobs", "N", "threads that hash and compress (default: one a processor)", 'j', false},
};

static const struct cli_option verify_options[] = {
    {"tree-only", NULL, "hold each chunk against the hash tree, without the image's own hash", 0,
     false},
    {"jobs", "N", "threads (default: one a processor)", 'j', false},
};

static const struct cli_verb verbs[] = {
    {.name = "acquire",
     .operands = "SOURCE FOLDER",
     .summary = "image a block device or a file into a bundle",
     .text =
         "One pass: read, hash, compress and write at once. Bad sectors do not end it: good areas\n"
         "come first, then what lies around the bad ones, sector by sector; what cannot be read "
         "is\n"
         "listed and filled so that it is recognised. Broken off, by a signal, a crash or a full\n"
         "disk, the same command goes on with it and comes to the same image.\n"
         "VERIFY.txt in the bundle tells anybody how to check it without this program.\n"
         "Exit code: 0 all of the source was read, 1 some of it was not, or it changed, 3 could\n"
         "not do it, or it was stopped.\n",
     .examples = "  tocsin evidence acquire /dev/sdb case-7/disk.evidence --exhibit EX-1 \\\n"
                 "      --examiner 'A. Meyer' --role DEFR --reason 'incident 2026-31'\n",
     .options = acquire_options,
     .option_count = ARRAY_LEN(acquire_options),
     .uses = CLI_JSON,
     .least = 2,
     .most = 2,
     .run = evidence_acquire_run},
    {.name = "verify",
     .operands = "FOLDER",
     .summary = "is a bundle what it was when it was closed, and if not, where not",
     .text =
         "Holds every file against the manifests, every chunk of the image against its hash, and\n"
         "the image against acquisition.json. Of damage, the chunk, the bytes of the image and "
         "the\n"
         "place in the file are named.\n"
         "Exit code: 0 sound, 1 not, 3 could not find out.\n",
     .examples = "  tocsin evidence verify case-7/disk.evidence\n",
     .options = verify_options,
     .option_count = ARRAY_LEN(verify_options),
     .uses = CLI_JSON,
     .least = 1,
     .most = 1,
     .run = evidence_verify_run},
};

const struct cli_group cli_evidence_group = {
    .name = "evidence",
    .topic = "Without a centre",
    .summary = "acquire, keep and hand over digital evidence",
    .verbs = verbs,
    .verb_count = ARRAY_LEN(verbs),
};
