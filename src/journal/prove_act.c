/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_internal.h"

/* Copies of an act's salt and body: what a row gives dies with its callback. */
struct disclosed {
    bool forgotten;
    uint8_t salt[ACT_SALT];
    struct buf body;
};

static int keep(void *context, const struct journal_row *row, struct err *e)
{
    struct disclosed *disclosed = context;

    disclosed->forgotten = row->body.data == NULL;
    if (disclosed->forgotten)
        return 0;
    memcpy(disclosed->salt, row->salt.data, ACT_SALT);
    buf_put_slice(&disclosed->body, row->body);
    return buf_check(&disclosed->body, e);
}

static int load_disclosed(struct db *db, uint64_t index, struct disclosed *disclosed, struct err *e)
{
    int found = journal_find_index(db, index, keep, disclosed, e);

    if (found < 0)
        return -1;
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "journal.act", NULL, "the journal has no act %llu",
                       (unsigned long long)index);
    if (disclosed->forgotten)
        return err_set(e, ERR_NOT_FOUND, "journal.forgotten", "tocsin formats section 2.1",
                       "act %llu was deleted when its retention ended; only its commitment is left",
                       (unsigned long long)index);
    return 0;
}

int journal_prove_act(struct db *db, uint64_t index, struct buf *out, struct err *e)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    struct journal_reader *reader = NULL;
    struct disclosed disclosed = {.forgotten = false};
    struct buf note;
    uint64_t size = 0;
    size_t n;
    int rc = -1, found;

    buf_init(&disclosed.body);
    buf_init(&note);
    if (load_disclosed(db, index, &disclosed, e) != 0)
        goto out;
    found = journal_checkpoint_latest(db, &note, &size, e);
    if (found < 0)
        goto out;
    if (found == 0 || size <= index) {
        err_set(e, ERR_UNAVAILABLE, "journal.no-checkpoint", "C2SP tlog-proof",
                "no checkpoint covers act %llu yet", (unsigned long long)index);
        err_hint(e, "the signer signs one within a second; if it is locked, unlock it");
        goto out;
    }
    reader = journal_reader_new(db, e);
    if (!reader || journal_prove_inclusion(reader, index, size, proof, &n, e) != 0)
        goto out;
    journal_proof_put(out, index, (const uint8_t(*)[MERKLE_HASH])proof, n, disclosed.salt,
                      buf_slice(&disclosed.body), buf_slice(&note));
    rc = buf_check(out, e);
out:
    journal_reader_free(reader);
    buf_fini(&disclosed.body);
    buf_fini(&note);
    return rc;
}
