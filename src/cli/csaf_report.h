/* SPDX-License-Identifier: Apache-2.0 */
/* What a validation found, for people. */
#ifndef CLI_CSAF_REPORT_H
#define CLI_CSAF_REPORT_H

#include "csaf/validate.h"

#include <stdio.h>

/*
 * The root cause first: what the schema says, then errors, warnings and remarks, each with its
 * place and what would be right. A finding at a place where the schema found something already is
 * not repeated. quiet: nothing about a document without findings.
 */
void csaf_report_write(FILE *out, const char *file, const struct csaf_result *result,
                       const char *asked, bool quiet);

#endif
