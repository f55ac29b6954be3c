/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what the readers of inventories share. */
#ifndef FLEET_INVENTORY_SOURCE_H
#define FLEET_INVENTORY_SOURCE_H

#include "fleet/inventory.h"

/* One reading of one JSON document. */
struct fleet_source {
    struct fleet_inventory *inventory;
    struct arena *arena; /* for values; NULL: the inventory's own */
    const struct fleet_inventory_limits *limits;
    const struct json_doc *doc;
    const char *clause; /* of the format, for errors */
    struct err *e;
};

/* A new component at the end; NULL: limit or memory, e set. */
struct fleet_component *fleet_source_component(struct fleet_source *s);

/* Copies a value of at most limits->value bytes, trimmed. v says where it stood (may be NULL).
 * 0 or -1 with "inventory.value". */
int fleet_source_value(struct fleet_source *s, struct slice text, const struct json_value *v,
                       struct slice *out) MUST_CHECK;

/* The string member of an object; absent: empty. -1 with "inventory.type" when it is no string. */
int fleet_source_member(struct fleet_source *s, const struct json_value *object, const char *name,
                        struct slice *out) MUST_CHECK;

/* A member that must be an array or absent: *array is NULL then. */
int fleet_source_array(struct fleet_source *s, const struct json_value *object, const char *name,
                       const struct json_value **array) MUST_CHECK;

/* Adds a hash, brought to normal form; what is no hexadecimal digest is passed over. */
int fleet_source_hash(struct fleet_source *s, struct fleet_component *component,
                      struct slice algorithm, struct slice value) MUST_CHECK;

/* "inventory.type": v is not what it must be. Returns -1. */
int fleet_source_wrong(struct fleet_source *s, const struct json_value *v, const char *expected);

/* The place of a component in its source: its JSON pointer. */
int fleet_source_pointer(struct fleet_source *s, const struct json_value *v,
                         const char **out) MUST_CHECK;

/* Reads a parsed document of each kind into s->inventory. */
int fleet_source_cyclonedx(struct fleet_source *s, const struct json_value *root) MUST_CHECK;
int fleet_source_spdx(struct fleet_source *s, const struct json_value *root) MUST_CHECK;
int fleet_source_nameplate(struct fleet_source *s, const struct json_value *root) MUST_CHECK;

/* "SHA256", "sha256", "SHA-256": "sha-256". Copied into the arena. */
int fleet_hash_algorithm(struct arena *a, struct slice name, struct slice *out,
                         struct err *e) MUST_CHECK;

#endif
