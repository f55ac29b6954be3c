/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: keys that bring targets and components together. Whenever fleet_identify gives a
 * pair a confidence, both have at least one key in common; the reverse need not hold. A key is a
 * 64-bit hash under a seed drawn at start: who wants collisions gains nothing but a comparison.
 */
#ifndef FLEET_INDEX_KEYS_H
#define FLEET_INDEX_KEYS_H

#include "fleet/match_identify.h"

struct fleet_keys {
    uint64_t *at;
    size_t count, room;
    bool failed; /* no memory */
};

void fleet_keys_fini(struct fleet_keys *keys);

/* Appends the keys, without doubles among them. Failure is remembered. */
void fleet_keys_of_subject(const struct fleet_subject *subject, struct fleet_keys *keys);
/* aliases may be NULL: only names as they are. Those that share a key by an alias alone are found
 * when one of both sides is asked with the aliases. */
void fleet_keys_of_target(const struct fleet_target *target, const struct fleet_aliases *aliases,
                          struct fleet_keys *keys);
/* The subject's keys, and those of the names that aliases give it. */
void fleet_keys_of_subject_aliases(const struct fleet_subject *subject,
                                   const struct fleet_aliases *aliases, struct fleet_keys *keys);

/* Subjects of one class by key, for one matching. */
struct fleet_key_table;

struct fleet_key_table *fleet_key_table_new(size_t subjects) MUST_CHECK;
void fleet_key_table_free(struct fleet_key_table *table);
int fleet_key_table_add(struct fleet_key_table *table, const struct fleet_subject *subject,
                        uint32_t number, struct err *e) MUST_CHECK;
void fleet_key_table_ready(struct fleet_key_table *table);
/* Numbers of subjects that share a key with the target, rising; valid until the next call. */
int fleet_key_table_find(struct fleet_key_table *table, const struct fleet_target *target,
                         const struct fleet_aliases *aliases, const uint32_t **numbers,
                         size_t *count, struct err *e) MUST_CHECK;

#endif
