/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the list of findings under way. */
#ifndef CSAF_FINDINGS_H
#define CSAF_FINDINGS_H

#include "base/json_schema.h"
#include "csaf/validate/validation.h"

/* Begins an empty list; severity is that of csaf_find. */
void csaf_find_begin(struct csaf_validation *v, enum csaf_severity severity);

/* A fault of the schema as a finding; for json_schema_check, context: the validation. */
int csaf_find_fault(void *context, const struct json_schema_fault *fault);

#endif
