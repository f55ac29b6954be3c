/* SPDX-License-Identifier: Apache-2.0 */
/* What devices send, behind its envelope: receipts and outcomes. Read, or refused with a reason. */
#include "centre/receiving.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* The envelope's own reader has a harness of its own: here any payload comes through. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct envelope envelope = {.format = slice_of(NULL, 0)};
    struct fleet_receipt receipt;
    struct fleet_outcome outcome;
    struct err e = {0};

    if (json_parse(&envelope.doc, slice_of(data, size), NULL, &e) != 0)
        return 0;
    envelope.root = json_root(envelope.doc);
    envelope.format = json_get_string(envelope.root, "format");
    if (fleet_receipt_read(&envelope, &receipt, &e) == 0)
        must(receipt.asset[0] && receipt.origin[0] && receipt.n > 0);
    else
        must(err_is_set(&e) && e.code[0]);
    err_clear(&e);
    if (fleet_outcome_read(&envelope, &outcome, &e) == 0)
        must(outcome.asset[0] && outcome.outcome[0] && outcome.n > 0);
    else
        must(err_is_set(&e) && e.code[0]);
    json_doc_free(envelope.doc);
    return 0;
}
