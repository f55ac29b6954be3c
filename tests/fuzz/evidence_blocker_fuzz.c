/* SPDX-License-Identifier: Apache-2.0 */
/* What a disk or a file says of a test of a write blocker: a mark that is taken says what it would
 * be written as, byte by byte, and stays in the disk; a report that is taken is so again when it is
 * completed, and never gets better by that. */
#include "evidence/blocker/testing.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_mark(struct slice block)
{
    struct blocker_mark mark;
    struct err e = {0};
    uint8_t sealed[BLOCKER_MARK_BYTES], again[BLOCKER_MARK_BYTES];
    if (block.len < sizeof sealed)
        return;
    /* as somebody would who makes marks: the sum at its end is right */
    memcpy(sealed, block.data, sizeof sealed);
    if (sha256(slice_of(sealed, sizeof sealed - SHA256_LEN), sealed + sizeof sealed - SHA256_LEN) !=
        0)
        return;
    if (blocker_mark_read(slice_of(sealed, sizeof sealed), &mark, &e) != 0)
        return;
    for (size_t i = 0; i < BLOCKER_AREAS; i++)
        if (mark.areas[i].from < BLOCKER_FIRST_AT || mark.areas[i].bytes < BLOCKER_AREA ||
            mark.areas[i].bytes >= BLOCKER_AREA + BLOCKER_SLOT ||
            mark.areas[i].from > mark.bytes - mark.areas[i].bytes)
            abort();
    if (blocker_mark_write(&mark, again, &e) == 0 && memcmp(sealed, again, 652) != 0 &&
        mark.identified == (sealed[251] == 1))
        abort();
}

static void try_report(struct slice text)
{
    struct evidence_blocker_report report, more;
    struct json_doc *doc = NULL, *completed = NULL;
    struct err e = {0};
    struct buf out;
    enum evidence_blocker_verdict verdict;
    struct blocker_seen seen = {.same = true};
    const struct blocker_looked looked = {.path = "/dev/sdb", .seen = &seen, .reached = true};
    if (evidence_blocker_report_read(text, &doc, &report, &e) != 0)
        return;
    buf_init(&out);
    if (blocker_report_complete(&report, &looked, &out, &verdict, &e) == 0) {
        if (evidence_blocker_report_read(buf_slice(&out), &completed, &more, &e) != 0) {
            if (e.kind != ERR_MEMORY && e.kind != ERR_LIMIT)
                abort();
        } else if (more.verdict != verdict || !more.confirmed ||
                   (report.changed && verdict != EVIDENCE_BLOCKER_DOES_NOT_HOLD))
            abort();
    }
    json_doc_free(completed);
    json_doc_free(doc);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_mark(slice_of(data, size));
    try_report(slice_of(data, size));
    return 0;
}
