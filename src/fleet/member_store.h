/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in which class of which audience: intervals of acts, and an append-only tree of events for
 * each (audience, class), docs/formats.md section 4. For the room's own files. */
#ifndef FLEET_MEMBER_STORE_H
#define FLEET_MEMBER_STORE_H

#include "crypto/merkle.h"
#include "fleet/asset_store.h"

/* Keeps the class when it is not there yet. since: index of the act by which somebody joins it. */
int fleet_class_keep(struct change *c, const uint8_t class[32], struct slice canonical,
                     uint64_t since, struct err *e) MUST_CHECK;

/*
 * Acts membership.joined and membership.left with the event's leaf and the tree after it. cause:
 * the act that made it so; the event names it.
 */
int fleet_member_join(struct change *c, const struct fleet_asset *asset, const uint8_t class[32],
                      const struct act_ref *cause, struct err *e) MUST_CHECK;
int fleet_member_leave(struct change *c, const struct fleet_asset *asset,
                       const struct act_ref *cause, struct err *e) MUST_CHECK;

enum { FLEET_SALT = 32 };

/* Leaf data of an event: SHA-256("tocsin-member/v1\n" ‖ salt ‖ canonical JSON). */
struct fleet_member_event {
    const char *asset;
    const char *audience;
    const uint8_t *class;
    bool joined;
    const char *act; /* act_… */
};
int fleet_member_event_json(const struct fleet_member_event *event, struct buf *json,
                            struct err *e) MUST_CHECK;
int fleet_member_event_leaf(const struct fleet_member_event *event, const uint8_t salt[FLEET_SALT],
                            uint8_t leaf[32], struct err *e) MUST_CHECK;

/* The tree of events as it is now, and its pieces of work, for whoever writes many at once. */
struct fleet_event_tree {
    struct merkle_frontier frontier;
    uint8_t root[32];
    int64_t members;
};
int fleet_event_tree_load(struct db *db, const char *audience, const uint8_t class[32],
                          struct fleet_event_tree *tree, struct err *e) MUST_CHECK;
/* The event's leaf is computed, appended and kept; *position: its place. act: index of the act that
 * says so. The tree is stored by fleet_event_tree_store. */
int fleet_event_append(struct change *c, struct fleet_event_tree *tree,
                       const struct fleet_member_event *event, const uint8_t salt[FLEET_SALT],
                       uint64_t act, uint8_t leaf[32], int64_t *position, struct err *e) MUST_CHECK;
int fleet_event_tree_store(struct change *c, const char *audience, const uint8_t class[32],
                           struct fleet_event_tree *tree, uint64_t act, struct err *e) MUST_CHECK;
/* The open interval of a member whose joining event that was. */
int fleet_membership_open(struct change *c, const struct fleet_member_event *event, uint64_t act,
                          const uint8_t leaf[32], int64_t position, struct err *e) MUST_CHECK;

#endif
