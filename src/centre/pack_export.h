/* SPDX-License-Identifier: Apache-2.0 */
/* Proof packs from the database (docs/formats.md section 6.2). */
#ifndef CENTRE_PACK_EXPORT_H
#define CENTRE_PACK_EXPORT_H

#include "centre/workers.h"

struct pack_wish {
    const char *advisory;     /* adv_… */
    const char *organisation; /* a pack for this one, which shows nothing of others; NULL: of all */
    const char *path;         /* of the pack: a folder, or an archive when it ends in ".tar" */
    const uint64_t *heads;    /* sizes of heads that who asks keeps, for consistency */
    size_t head_count;
};

/*
 * Everything that was told about an advisory. The newest checkpoint must cover what is shown:
 * ERR_UNAVAILABLE "centre.no-checkpoint" when it does not yet. ERR_CONFLICT "centre.not-published",
 * "centre.not-told": the organisation was told nothing.
 */
int pack_export(struct worker *worker, const struct pack_wish *wish, struct err *e) MUST_CHECK;

/*
 * The delivery ladder as of now: writes "items" (asset, publication, n, state as in section 6.3)
 * and "counts" into an open object; organisation: as in a wish. Under no checkpoint, and so no
 * proof: for people who look on.
 */
struct json_writer;
int delivery_ladder(struct worker *worker, const char *advisory, const char *organisation,
                    struct json_writer *w, struct err *e) MUST_CHECK;

#endif
