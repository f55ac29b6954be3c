/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what E01 says of its acquisition: the sections header2 and header, and the names
 * of its files. */
#ifndef EVIDENCE_EWF_TEXT_H
#define EVIDENCE_EWF_TEXT_H

#include "base/buf.h"
#include "evidence/image/image_facts.h"

/* The text of header2 (UTF-16, little-endian, with its mark) and of header (ASCII; what is not
 * becomes '?'), not yet deflated. made: when the file is made, microseconds since 1970. */
void evidence_ewf_header2(const struct evidence_image_facts *facts, int64_t made, struct buf *out);
void evidence_ewf_header(const struct evidence_image_facts *facts, int64_t made, struct buf *out);

/* The ending of the file of this number, from 1: E01 … E99, EAA … EZZ, FAA … ZZZ. false: there is
 * none. */
bool evidence_ewf_ending(size_t number, char ending[4]);

#endif
