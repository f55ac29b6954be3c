/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/pack_internal.h"

const char *const pack_line_files[PACK_LINE_FILES] = {
    "acts.jsonl",   "certificates.jsonl", "consistency.jsonl", "entries.jsonl",  "members.jsonl",
    "others.jsonl", "outcomes.jsonl",     "owners.jsonl",      "receipts.jsonl", "recipients.jsonl",
};

const char *const pack_fixed_files[PACK_FIXED_FILES] = {
    "VERIFY.txt", "advisory.json", "checkpoint", "crl.der", "trust.json",
};
