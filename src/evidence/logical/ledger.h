/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: the records of files and of what was not taken, on the disk in their order, with
 * the hash tree over them; and going on with what a broken-off run left.
 */
#ifndef EVIDENCE_LEDGER_H
#define EVIDENCE_LEDGER_H

#include "crypto/merkle.h"
#include "evidence/bundle/bag.h"
#include "evidence/bundle/tree.h"
#include "evidence/logical/entry.h"

struct evidence_ledger {
    const char *folder;                      /* of the bundle */
    char records_name[64], missing_name[64]; /* below it: "data/files.jsonl" */
    struct evidence_bag *bag;                /* told of each content; may be NULL */
    int records, missing;
    struct buf record_lines, missing_lines; /* not yet written */
    bool seeded; /* it has a hash tree that can be shown parts of: that of data/files */
    uint8_t seed[EVIDENCE_SEED];
    struct merkle_frontier tree;
    uint64_t contents, content_bytes, changed, missing_count;
    bool touched; /* some access time may be another now */
};

/* base: "data/files". What is there stays until resume has looked at it. */
int evidence_ledger_open(struct evidence_ledger *ledger, const char *folder, const char *base,
                         struct evidence_bag *bag, struct err *e) MUST_CHECK;
void evidence_ledger_close(struct evidence_ledger *ledger);

/*
 * Keeps the records from the first on whose content is there and has its hash, and cuts off the
 * rest. The path of the last one that is kept goes into last (empty: none), with which of the paths
 * asked for it belongs to.
 */
int evidence_ledger_resume(struct evidence_ledger *ledger, struct buf *last, size_t *asked,
                           struct err *e) MUST_CHECK;

int evidence_ledger_add(struct evidence_ledger *ledger, const struct evidence_entry *entry,
                        struct err *e) MUST_CHECK;

/* What was added is written, so that it need not be read again. */
int evidence_ledger_flush(struct evidence_ledger *ledger, struct err *e) MUST_CHECK;
/* Everything is on the disk; the bag (if any) lists its files and knows its tree. */
int evidence_ledger_finish(struct evidence_ledger *ledger, struct evidence_tree *tree,
                           struct err *e) MUST_CHECK;

/*
 * Reads records of a bundle back: the tree over the lines, and each line, with its number, given to
 * take. ERR_INPUT "evidence.files" with the line.
 */
int evidence_ledger_read(const char *folder, const char *name, const uint8_t seed[EVIDENCE_SEED],
                         struct evidence_tree *tree,
                         int (*take)(void *context, struct slice line, uint64_t number,
                                     struct err *e),
                         void *context, struct err *e) MUST_CHECK;

#endif
