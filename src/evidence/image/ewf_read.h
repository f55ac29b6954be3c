/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: E01 read through libewf. Runs in the confined process. */
#ifndef EVIDENCE_EWF_READ_H
#define EVIDENCE_EWF_READ_H

#include "evidence/image/confined.h"

/*
 * Says facts ("size" with the media size and the bytes of a sector; "md5", "sha1" with the stored
 * hash as text; "header NAME"), all of the image as data (what cannot be read is filled with
 * UNREADABLESECTOR), and damage.
 */
void evidence_ewf_read(const struct evidence_child *child);

/* Anything that E01 or its kin begin with. */
bool evidence_ewf_is(struct slice beginning);

#endif
