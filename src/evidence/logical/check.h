/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the records of a logical acquisition held against what the bundle has. */
#ifndef EVIDENCE_RECORDS_CHECK_H
#define EVIDENCE_RECORDS_CHECK_H

#include "evidence/bundle/manifest.h"
#include "evidence/bundle/tree.h"

/*
 * Every record of data/files.jsonl is one, names a file of its own that the manifest lists with the
 * same hash, and every content of the manifest has a record. ERR_VERIFY or ERR_INPUT with the line.
 */
int evidence_file_records_check(const char *folder, const struct evidence_manifest *payload,
                                struct evidence_tree *tree, struct err *e) MUST_CHECK;

#endif
