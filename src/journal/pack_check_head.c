/* SPDX-License-Identifier: Apache-2.0 */
/* Step 3: the head, who cosigned it, and earlier heads that it has to continue. */
#include "journal/pack_check.h"

#include "base/memory.h"
#include "crypto/digest.h"

#include <stdlib.h>

enum { STEP = 3 };

/* ---- consistency.jsonl ------------------------------------------------------------------- */

static int consistency_line(struct pack_check *c, const struct pack_line_in *in, void *record,
                            struct err *e)
{
    struct pack_consistency *item = record;
    struct journal_consistency proof;

    if (journal_consistency_read(&proof, in->root, e) != 0)
        return -1;
    if (proof.to != c->report->size)
        return pack_wrong(e, "pack.consistency", "\"to\" is not the size of the pack's head");
    item->from = proof.from;
    item->count = proof.count;
    item->hashes = mem_new(proof.count ? proof.count : 1, MERKLE_HASH);
    if (!item->hashes)
        return err_memory(e);
    memcpy(item->hashes, proof.hashes, proof.count * MERKLE_HASH);
    return 0;
}

static void consistency_drop(void *record)
{
    mem_free(((struct pack_consistency *)record)->hashes);
}

static int consistency_merge(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    struct pack_consistency *item = record, *kept;

    (void)number;
    if (c->consistency.count > 0 &&
        c->consistency.items[c->consistency.count - 1].from >= item->from) {
        consistency_drop(record);
        return pack_wrong(e, "pack.consistency", "the lines are not sorted by \"from\"");
    }
    kept = pack_list_add(&c->consistency, e);
    if (!kept) {
        consistency_drop(record);
        return -1;
    }
    *kept = *item;
    return 0;
}

static int by_from(const void *key, const void *item)
{
    uint64_t from = *(const uint64_t *)key, other = ((const struct pack_consistency *)item)->from;

    return (from > other) - (from < other);
}

static struct pack_consistency *find(const struct pack_check *c, uint64_t from)
{
    if (c->consistency.count == 0)
        return NULL;
    return bsearch(&from, c->consistency.items, c->consistency.count, sizeof *c->consistency.items,
                   by_from);
}

int pack_head_check(struct pack_check *c, uint64_t size, const uint8_t root[32], const char *code,
                    struct err *e)
{
    struct pack_consistency *item;
    struct err cause = {0};
    uint8_t empty[32];

    if (size > c->report->size)
        return pack_wrong(e, code, "a head of %llu acts, but the pack's journal has %llu",
                          (unsigned long long)size, (unsigned long long)c->report->size);
    if (size == c->report->size)
        return memcmp(root, c->report->root, 32) == 0
                   ? 0
                   : pack_wrong(e, code, "a head of %llu acts with another root: another history",
                                (unsigned long long)size);
    if (size == 0) {
        if (merkle_empty_root(empty) != 0)
            return digest_failed(e);
        return memcmp(root, empty, 32) == 0 ? 0
                                            : pack_wrong(e, code,
                                                         "an empty journal has another "
                                                         "root");
    }
    item = find(c, size);
    if (!item)
        return pack_wrong(e, code, "consistency.jsonl has no proof from the head of %llu acts",
                          (unsigned long long)size);
    if (item->verified)
        return memcmp(root, item->root, 32) == 0
                   ? 0
                   : pack_wrong(e, code, "two heads of %llu acts with different roots",
                                (unsigned long long)size);
    if (merkle_verify_consistency(size, root, c->report->size, c->report->root,
                                  (const uint8_t(*)[MERKLE_HASH])item->hashes, item->count,
                                  &cause) != 0) {
        if (!pack_is_failure(&cause)) {
            *e = cause;
            return -1;
        }
        return pack_wrong(e, code,
                          "the pack's journal does not continue the head of %llu acts: another "
                          "history",
                          (unsigned long long)size);
    }
    item->verified = true;
    memcpy(item->root, root, 32);
    c->report->heads_seen++;
    return 0;
}

/* ---- the heads --------------------------------------------------------------------------- */

/* A note of the log, parsed; *good when it is. */
static int read_note(struct pack_check *c, const char *name, struct buf *text, struct note *note,
                     struct checkpoint *head, bool *good, struct err *e)
{
    struct err cause = {0};

    *good = false;
    if (pack_file_read(&c->files, pack_files_find(&c->files, name), NOTE_MAX, text, &cause) != 0 ||
        checkpoint_read(note, head, buf_slice(text), &c->log, slice_of(NULL, 0), &cause) != 0)
        return pack_fail_cause(c, "pack.checkpoint", STEP, name, 0, NULL, &cause, e);
    *good = true;
    return 0;
}

static int check_statement_head(struct pack_check *c, const struct checkpoint *head, struct err *e)
{
    const struct json_value *said = json_get(c->statement.root, "checkpoint");
    struct err cause = {0};
    uint8_t root[32];
    uint64_t size;

    if (pack_get_count(said, "size", &size, "pack.checkpoint", &cause) != 0 ||
        pack_get_hash(said, "root", root, "pack.checkpoint", &cause) != 0)
        return pack_fail_cause(c, "pack.checkpoint", STEP, PACK_STATEMENT, 0, "checkpoint", &cause,
                               e);
    if (size != head->size || memcmp(root, head->root, 32) != 0)
        return pack_fail(c, "pack.checkpoint", STEP, PACK_STATEMENT, 0,
                         "pack.json names another head than the file \"checkpoint\"");
    return 0;
}

/* Sets report->witnessed: the size of the head that the quorum has cosigned. */
static int find_witnessed(struct pack_check *c, const struct note *note, struct err *e)
{
    bool separate = pack_files_find(&c->files, "witnessed") != NULL, good;
    struct err cause = {0};
    struct checkpoint head;
    struct note *other;
    struct buf text;
    int cosigned, rc = -1;

    if (c->quorum == 0)
        return 0;
    cosigned = checkpoint_cosigned(note, c->witnesses.items, c->witnesses.count, &cause);
    if (cosigned < 0)
        return pack_fail_cause(c, "pack.cosignature", STEP, "checkpoint", 0, NULL, &cause, e);
    if ((size_t)cosigned >= c->quorum) {
        c->report->witnessed = c->report->size;
        c->report->cosigned_by = (size_t)cosigned;
        return 0;
    }
    if (!separate)
        return 0;
    other = mem_new(1, sizeof *other);
    if (!other)
        return err_memory(e);
    buf_init(&text);
    if (read_note(c, "witnessed", &text, other, &head, &good, e) != 0)
        goto out;
    rc = 0;
    if (!good)
        goto out;
    cosigned = checkpoint_cosigned(other, c->witnesses.items, c->witnesses.count, &cause);
    if (cosigned < 0) {
        rc = pack_fail_cause(c, "pack.cosignature", STEP, "witnessed", 0, NULL, &cause, e);
        goto out;
    }
    if ((size_t)cosigned < c->quorum)
        goto out;
    if (pack_head_check(c, head.size, head.root, "pack.witnessed", &cause) != 0) {
        rc = pack_fail_cause(c, "pack.witnessed", STEP, "witnessed", 0, NULL, &cause, e);
        goto out;
    }
    c->report->witnessed = head.size;
    c->report->cosigned_by = (size_t)cosigned;
out:
    buf_fini(&text);
    mem_free(other);
    return rc;
}

static int check_claims(struct pack_check *c, struct err *e)
{
    const struct json_value *claims = json_get(c->statement.root, "claims");
    struct err cause = {0};
    uint64_t claimed;

    if (json_count(claims) != 1 ||
        pack_get_count(claims, "witnessed", &claimed, "pack.claims", &cause) != 0)
        return pack_fail(c, "pack.claims", STEP, PACK_STATEMENT, 0,
                         "\"claims\" is {\"witnessed\": size}");
    if (claimed > c->report->witnessed)
        return pack_fail(c, "pack.not-witnessed", STEP, PACK_STATEMENT, 0,
                         "the pack claims a cosigned head of %llu acts, but %zu of the %zu "
                         "witnesses have cosigned only %llu",
                         (unsigned long long)claimed, c->quorum, c->witnesses.count,
                         (unsigned long long)c->report->witnessed);
    if (c->policy->witness_count > 0 && c->report->witnessed == 0)
        return pack_fail(c, "pack.not-witnessed", STEP, "checkpoint", 0,
                         "no head is cosigned by %zu of your %zu witnesses: whether history was "
                         "rewritten cannot be told",
                         c->quorum, c->policy->witness_count);
    (void)e;
    return 0;
}

/* The proof that the verifier brings, when it is the one that is needed. */
static bool own_proof(const struct pack_check *c, uint64_t from, uint64_t to,
                      struct journal_consistency *proof)
{
    struct err ignored = {0};

    return c->policy->consistency.len > 0 &&
           journal_consistency_parse(proof, c->policy->consistency, &ignored) == 0 &&
           proof->from == from && proof->to == to;
}

static int continues(struct pack_check *c, const struct checkpoint *kept, struct err *e)
{
    struct journal_consistency proof;
    struct err cause = {0};
    uint64_t size = c->report->size;
    unsigned long long kept_size = (unsigned long long)kept->size;

    if (kept->size > size) {
        if (!own_proof(c, size, kept->size, &proof))
            return pack_fail(c, "pack.history-smaller", STEP, "checkpoint", 0,
                             "you keep a head of %llu acts; this pack shows a journal of %llu: it "
                             "is older, or another history",
                             kept_size, (unsigned long long)size);
        if (merkle_verify_consistency(size, c->report->root, kept->size, kept->root,
                                      (const uint8_t(*)[MERKLE_HASH])proof.hashes, proof.count,
                                      &cause) == 0)
            return 0;
    } else if (own_proof(c, kept->size, size, &proof)) {
        if (merkle_verify_consistency(kept->size, kept->root, size, c->report->root,
                                      (const uint8_t(*)[MERKLE_HASH])proof.hashes, proof.count,
                                      &cause) == 0)
            return 0;
    } else if (kept->size != 0 && kept->size < size && !find(c, kept->size)) {
        return pack_fail(c, "pack.history-unproven", STEP, "consistency.jsonl", 0,
                         "you keep a head of %llu acts; the pack does not show that its journal "
                         "of %llu acts continues it: ask for a pack since that head",
                         kept_size, (unsigned long long)size);
    } else if (pack_head_check(c, kept->size, kept->root, "pack.history-other", &cause) == 0) {
        return 0;
    }
    if (!pack_is_failure(&cause)) {
        *e = cause;
        return -1;
    }
    return pack_fail(c, "pack.history-other", STEP, "checkpoint", 0,
                     "you keep a head of %llu acts; this pack shows another history", kept_size);
}

static int check_kept(struct pack_check *c, struct err *e)
{
    struct note *note;
    struct checkpoint kept;
    struct err cause = {0};
    int rc;

    if (c->policy->checkpoint.len == 0)
        return 0;
    note = mem_new(1, sizeof *note);
    if (!note)
        return err_memory(e);
    if (checkpoint_read(note, &kept, c->policy->checkpoint, &c->log, slice_of(NULL, 0), &cause) !=
        0) {
        rc = pack_fail_cause(c, "pack.history-other", STEP, "checkpoint", 0,
                             "the head that you keep is not one of this journal", &cause, e);
    } else {
        rc = continues(c, &kept, e);
        if (rc == 0 && !c->failed) {
            c->report->continues_kept = true;
            c->report->kept_size = kept.size;
        }
    }
    mem_free(note);
    return rc;
}

int pack_check_head(struct pack_check *c, struct err *e)
{
    static const struct pack_line_kind kind = {.file = "consistency.jsonl",
                                               .step = STEP,
                                               .record = sizeof(struct pack_consistency),
                                               .line = consistency_line,
                                               .merge = consistency_merge,
                                               .drop = consistency_drop};
    struct note *note = mem_new(1, sizeof *note);
    struct checkpoint head;
    struct buf text;
    bool good = false;
    int rc = -1;

    buf_init(&text);
    if (!note) {
        err_memory(e);
        goto out;
    }
    if (read_note(c, "checkpoint", &text, note, &head, &good, e) != 0)
        goto out;
    if (!good) {
        rc = 0;
        goto out;
    }
    c->report->size = head.size;
    memcpy(c->report->root, head.root, 32);
    if (check_statement_head(c, &head, e) != 0 || pack_lines_check(c, &kind, e) != 0)
        goto out;
    rc = 0;
    if (c->failed)
        goto out;
    if (find_witnessed(c, note, e) != 0 || check_claims(c, e) != 0 || check_kept(c, e) != 0)
        rc = -1;
out:
    buf_fini(&text);
    mem_free(note);
    return rc;
}
