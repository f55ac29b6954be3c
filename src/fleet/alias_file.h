/* SPDX-License-Identifier: Apache-2.0 */
/* Aliases as they travel in a bundle: "tocsin-aliases/v1", docs/formats.md section 6.1. */
#ifndef FLEET_ALIAS_FILE_H
#define FLEET_ALIAS_FILE_H

#include "base/json.h"
#include "fleet/name.h"

enum { FLEET_ALIAS_FILE_MAX = 16 << 20 };

/* Head of the file, one alias, and its end. */
void fleet_alias_file_begin(struct json_writer *w);
void fleet_alias_file_put(struct json_writer *w, enum fleet_name_kind kind, struct slice from,
                          struct slice to, struct slice reason);
void fleet_alias_file_end(struct json_writer *w);

/*
 * 0 and *aliases (for fleet_aliases_free). -1 with "fleet.alias-file" when it is another format or
 * an alias is not as described. What the rules here count as one name already is passed over.
 */
int fleet_alias_file_read(struct slice text, struct fleet_aliases **aliases,
                          struct err *e) MUST_CHECK;

#endif
