/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of seals and time-stamps, when they are made and when they are verified. */
#ifndef CLI_EVIDENCE_SEALS_H
#define CLI_EVIDENCE_SEALS_H

#include "base/json.h"
#include "evidence/verify.h"

/* The member "time_stamp". */
void evidence_stamp_json(struct json_writer *w, const struct evidence_stamp *stamp);
void evidence_stamp_tell(const struct evidence_stamp *stamp);

/* The member "seals", and the same for people: what each shows, and what not. */
void evidence_seals_json(struct json_writer *w, const struct evidence_verdict *verdict);
void evidence_seals_tell(const struct evidence_verdict *verdict);

#endif
