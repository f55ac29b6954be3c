/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: hashes over an image, each a stage of a pipeline on a thread of its own. MD5 and
 * SHA-1 only because E01 and its users ask for them. */
#ifndef EVIDENCE_DIGESTS_H
#define EVIDENCE_DIGESTS_H

#include "evidence/acquire/pipeline.h"

enum { EVIDENCE_DIGESTS_MOST = 4 };

struct evidence_digests {
    struct evidence_digest {
        struct evp_md_ctx_st *context;
        const char *name;
        uint8_t *out;
    } all[EVIDENCE_DIGESTS_MOST];
    size_t count;
};

/* name as OpenSSL has it ("SHA256", "MD5"); out gets the hash when they are finished. */
int evidence_digests_add(struct evidence_digests *d, const char *name, uint8_t *out,
                         struct err *e) MUST_CHECK;
/* The stage of the index-th. prepared: see evidence_stage. */
struct evidence_stage evidence_digests_stage(struct evidence_digests *d, size_t index,
                                             bool prepared);
int evidence_digests_finish(struct evidence_digests *d, struct err *e) MUST_CHECK;
void evidence_digests_fini(struct evidence_digests *d);

#endif
