/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: a seal is built beside its place and then moved there, so that it is there whole
 * or not at all. What a crash left of building is nobody's seal: it is taken away.
 */
#ifndef EVIDENCE_SEAL_PLACE_H
#define EVIDENCE_SEAL_PLACE_H

#include "base/err.h"

#define SEAL_BUILT ".new" /* behind the name of a seal: its folder as long as it is built */

/* Takes the folder `name` of the bundle away, with what is in it; fine when it is not there. */
int evidence_seal_remove_built(const char *folder, const char *name, struct err *e) MUST_CHECK;
/* Moves it, never over another; on the disk when it returns. bundle: the bundle, open. */
int evidence_seal_put_in_place(int bundle, const char *built, const char *name,
                               struct err *e) MUST_CHECK;
/* Takes away files of a seal that were being written when a time-stamp was broken off. */
int evidence_seal_sweep(const char *folder, const char *seal, struct err *e) MUST_CHECK;

#endif
