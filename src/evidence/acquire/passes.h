/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what an acquisition does behind its first pass over the source. */
#ifndef EVIDENCE_PASSES_H
#define EVIDENCE_PASSES_H

#include "evidence/acquire/acquisition.h"

/* Before the first pass of one that is gone on with: which sectors of the chunks that are there are
 * filled, and so are to be read again. */
int evidence_passes_known(struct evidence_acquisition *a, struct err *e) MUST_CHECK;
/* Around bad sectors, and the bad ones again. 1: stopped by watch. */
int evidence_passes_again(struct evidence_acquisition *a, struct err *e) MUST_CHECK;
/* The image's hash, and the image read back and the source read again as far as wanted. 1: stopped
 * by watch. ERR_VERIFY "evidence.read-back": what is on the disk is not what was read. */
int evidence_passes_digest(struct evidence_acquisition *a, struct err *e) MUST_CHECK;

#endif
