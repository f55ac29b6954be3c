/* SPDX-License-Identifier: Apache-2.0 */
/* tlog-proofs, consistency proofs, witness requests, acts, paths of tiles. */
#include "base/encoding.h"
#include "journal/proof.h"
#include "journal/witness.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_proof(struct slice text)
{
    struct journal_proof proof;
    struct note_key log;
    struct err e = {0};
    const uint8_t public_key[ED25519_PUBLIC_LEN] = {1};

    if (journal_proof_parse(&proof, text, &e) != 0)
        return;
    if (note_key_init(&log, slice_str("log.example"), NOTE_ED25519, public_key, &e) == 0)
        (void)!journal_proof_verify(&proof, &log, NULL, 0, 0, NULL, &e);
    journal_proof_fini(&proof);
}

static void fuzz_request(struct slice text)
{
    static struct witness_request request;
    const struct witness_head head = {.size = 0};
    struct err e = {0};
    struct buf again;

    if (witness_request_parse(&request, text, &e) != 0)
        return;
    buf_init(&again);
    witness_request_put(&again, request.old_size, (const uint8_t(*)[MERKLE_HASH])request.proof,
                        request.proof_count, request.note_text);
    if (!again.failed && !slice_equal(buf_slice(&again), text))
        abort();
    if (witness_decide(&request, NULL, &head, &e) != WITNESS_UNKNOWN_LOG)
        abort();
    buf_fini(&again);
}

static void fuzz_tile(struct slice text)
{
    struct tile_path path;
    char again[TILE_PATH_TEXT];

    if (!tile_path_parse(&path, text))
        return;
    tile_path_format(&path, again);
    if (!slice_is(text, again))
        abort();
    (void)tile_path_exists(&path, path.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of(data, size);
    struct journal_consistency consistency;
    struct err e = {0};

    fuzz_proof(text);
    fuzz_request(text);
    fuzz_tile(text);
    if (journal_consistency_parse(&consistency, text, &e) == 0 &&
        consistency.count > MERKLE_PROOF_MAX)
        abort();
    err_clear(&e);
    (void)!act_check(text, &e);
    return 0;
}
