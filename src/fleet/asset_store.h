/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assets as the database keeps them, and their membership in classes (docs/formats.md section 4).
 * All functions work inside the caller's change: what they do and the acts that say so are
 * committed together.
 */
#ifndef FLEET_ASSET_STORE_H
#define FLEET_ASSET_STORE_H

#include "base/json.h"
#include "fleet/class.h"
#include "fleet/inventory.h"
#include "journal/change.h"
#include "store/db.h"

enum fleet_way { FLEET_ONLINE, FLEET_OFFLINE, FLEET_NO_AGENT };
const char *fleet_way_name(enum fleet_way way); /* "online", "offline", "none" */
int fleet_way_parse(struct slice text, enum fleet_way *way, struct err *e) MUST_CHECK;

enum { FLEET_LABEL_MAX = 200 };

struct fleet_asset {
    char id[ID_TEXT];
    char organisation[ID_TEXT];
    char audience[ID_TEXT];
    char owner[ID_TEXT]; /* per_…; empty: not known */
    bool exercise;
    char state[12]; /* "registered", "active", "removed" */
    enum fleet_way way;
    char label[FLEET_LABEL_MAX + 1];
    bool has_class;
    uint8_t class[32];
    uint64_t class_since;
    struct buf serial;
    uint64_t acked_n;
    uint8_t acked_head[32];
    uint64_t acked_as_of; /* position of the last acknowledged notice: publication's as_of, */
    int64_t acked_notice; /* and its place in there; −1: none yet */
    int64_t acked_at;     /* 0: never */
};
void fleet_asset_init(struct fleet_asset *asset);
void fleet_asset_fini(struct fleet_asset *asset);

/*
 * A new asset of the organisation; act asset.registered. owner may be empty. id: prescribed, or
 * empty and then drawn.
 */
struct fleet_registration {
    const char *organisation;
    const char *audience;
    const char *owner; /* per_… or NULL */
    const char *label; /* or NULL */
    enum fleet_way way;
    bool exercise;
};
int fleet_asset_register(struct change *c, const struct fleet_registration *registration,
                         char id[ID_TEXT], struct err *e) MUST_CHECK;

/* 1 found, 0 none. */
int fleet_asset_find(struct db *db, const char *id, struct fleet_asset *asset,
                     struct err *e) MUST_CHECK;

/* The audience of an organisation: "fleet.no-audience" when it has none. */
int fleet_audience_of(struct db *db, const char *organisation, char audience[ID_TEXT],
                      struct err *e) MUST_CHECK;

/* Names its owner; empty: not known any more. */
int fleet_asset_set_owner(struct change *c, const char *id, const char *owner,
                          struct err *e) MUST_CHECK;

/*
 * Where it stands and how much hangs on it; act asset.described, which holds the criticality and
 * only whether a place is known. data NULL: stays; empty: not known (any more). criticality:
 * "low", "medium", "high", "critical", or ERR_USAGE "fleet.criticality".
 */
enum { FLEET_LOCATION_MAX = 200 };
int fleet_asset_describe(struct change *c, const char *id, const char *organisation,
                         struct slice location, struct slice criticality, struct err *e) MUST_CHECK;
/* The same for an asset from a table, by its label: empty stays. 1: that was new, 0: it was known,
 * or there is no such asset. */
int fleet_asset_describe_row(struct change *c, const char *organisation, struct slice label,
                             struct slice location, struct slice criticality,
                             struct err *e) MUST_CHECK;
/* 0 when it is one, or empty. */
int fleet_criticality_check(struct slice criticality, struct err *e) MUST_CHECK;

/* Ends it: state removed, membership closed (*left: it was in a class), act asset.removed. */
int fleet_asset_remove(struct change *c, const char *id, const char *reason,
                       struct err *e) MUST_CHECK;

/*
 * An inventory has come in: kept with its hash; act inventory.accepted. When the class is another
 * one than before, the asset leaves and joins (acts membership.left, membership.joined); when only
 * the serial number is another one, act asset.serial. payload: the bytes whose hash stands in the
 * act; via: "device" or "bundle". *changed (may be NULL): the class is another one.
 */
int fleet_asset_inventory(struct change *c, const char *id, const struct fleet_inventory *inventory,
                          const struct fleet_class *class, struct slice payload, const char *via,
                          bool *changed, struct err *e) MUST_CHECK;

/* The act asset.serial: the same class, but another serial number. Advisories that ask for some are
 * looked at again. */
int fleet_asset_serial_act(struct change *c, const char *organisation, const char *id,
                           struct err *e) MUST_CHECK;

/* Members now of (audience, class). */
int fleet_members_now(struct db *db, const char *audience, const uint8_t class[32], int64_t *count,
                      struct err *e) MUST_CHECK;

/* The event tree of (audience, class) as it was before act as_of. */
struct fleet_member_tree {
    uint64_t size;
    uint8_t root[32];
    int64_t members;
};
int fleet_member_tree_at(struct db *db, const char *audience, const uint8_t class[32],
                         uint64_t as_of, struct fleet_member_tree *tree, struct err *e) MUST_CHECK;

#endif
