/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a proof pack, the container's part (docs/formats.md sections 6 and 6.2): files are
 * gathered in a working folder and hashed as they are written; at the end come VERIFY.txt, the
 * signed pack.json and SHA256SUMS, and the whole is put where it belongs at once, as a folder or a
 * tar archive. What stands in the lines is the caller's.
 */
#ifndef JOURNAL_PACK_WRITE_H
#define JOURNAL_PACK_WRITE_H

#include "base/clock.h"
#include "base/json.h"
#include "crypto/envelope.h"
#include "crypto/merkle.h"

struct pack_writer;

/*
 * Starts a pack that will be at `path`: an archive when it ends in ".tar", else a folder. Nothing
 * may be there yet (ERR_CONFLICT "pack.exists"). Work is done beside it, under a temporary name.
 */
int pack_writer_new(struct pack_writer **w, const char *path, struct err *e) MUST_CHECK;
/* Removes what is unfinished. */
void pack_writer_free(struct pack_writer *w);

/* A whole file; the name as in section 6.2. "pack.name" for a bad one, or one twice. */
int pack_add_file(struct pack_writer *w, const char *name, struct slice content,
                  struct err *e) MUST_CHECK;
/*
 * Line files: open, a canonical JSON object a line (without 0x0A), close. Several may be open at
 * once. Line files that the section names and that nobody opened are written empty.
 */
struct pack_lines;
int pack_lines_open(struct pack_writer *w, const char *name, struct pack_lines **lines,
                    struct err *e) MUST_CHECK;
int pack_line(struct pack_lines *lines, struct slice json, struct err *e) MUST_CHECK;
int pack_lines_close(struct pack_lines *lines, struct err *e) MUST_CHECK;

/* Counts of section 6.3. */
struct pack_counts {
    uint64_t meant, acknowledged, silent, undelivered, unacknowledged, left_fixed, removed;
    uint64_t devices;   /* distinct assets among the lines */
    uint64_t ownerless; /* devices whose owner is unknown */
    struct {
        uint64_t not_affected, unknown, fixed, other_serial;
    } not_told;
    struct {
        uint64_t told, refused, unreachable, no_address, unknown_outcome, pending;
    } owners;
};

/* What pack.json says beside the files. */
struct pack_statement {
    int64_t made;
    const char *origin;
    struct slice advisory; /* canonical JSON, as in section 3.1 */
    uint64_t checkpoint_size;
    uint8_t checkpoint_root[MERKLE_HASH];
    const char *const *publications;
    size_t publication_count;
    struct pack_counts counts;
    uint64_t witnessed;       /* size of the head that the quorum cosigned, or 0 */
    const char *organisation; /* a pack for one customer; NULL: the whole */
};

/*
 * Writes VERIFY.txt, signs and writes pack.json, writes SHA256SUMS, and gives the pack its name.
 * ERR_VERIFY "pack.counts" when the counts do not add up: such a pack is not made.
 */
int pack_finish(struct pack_writer *w, const struct pack_statement *statement,
                const struct envelope_signer *signer, struct err *e) MUST_CHECK;

/* Whether the counts fulfil the equations of section 6.3. */
bool pack_counts_add_up(const struct pack_counts *counts);
void pack_counts_write(struct json_writer *w, const struct pack_counts *counts);

#endif
