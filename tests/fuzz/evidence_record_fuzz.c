/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence records (RFC 4998) of strangers: what is taken is written again as it was, every
 * time-stamp of it can be asked about, and a verdict without data proves nothing.
 */
#include "evidence/record.h"
#include "evidence/record/syntax.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The parts lie in the input, one behind the other, and make the sequence again. */
static void look(struct slice der)
{
    struct evidence_record record;
    struct arena arena;
    struct buf again;
    struct err e = {0};

    arena_init(&arena, 0);
    buf_init(&again);
    if (evidence_record_parse(&arena, der, &record, &e) != 0) {
        if (!err_is_set(&e))
            abort();
    } else {
        if (record.chain_count == 0 || record.hash_count == 0)
            abort();
        evidence_record_sequence(&record, record.chain_count, &again);
        struct slice whole = buf_slice(&again);
        if (!again.failed && (whole.len < record.sequence.len ||
                              memcmp(whole.data + whole.len - record.sequence.len,
                                     record.sequence.data, record.sequence.len) != 0 ||
                              whole.data + whole.len < whole.data))
            abort();
        for (size_t i = 0; i < record.chain_count; i++)
            if (record.chains[i].count == 0)
                abort();
    }
    buf_fini(&again);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evidence_record_options options = {.at = 1800000000000000};
    struct evidence_record_verdict verdict;
    struct slice der = slice_of(data, size);
    struct err e = {0};
    struct buf carried;

    look(der);
    if (evidence_record_verify(der, &options, &verdict, &e) != 0) {
        if (!err_is_set(&e))
            abort();
    } else if (verdict.proven || verdict.step_count == 0) {
        abort();
    }
    evidence_record_verdict_fini(&verdict);
    err_clear(&e);
    buf_init(&carried);
    if (evidence_record_of_cms(der, &carried, &e) == 1)
        look(buf_slice(&carried));
    buf_fini(&carried);
    return 0;
}
