/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assets without an agent, many at once: one act assets.imported for a run of rows, which commits
 * to a line for each row (docs/formats.md section 4.1). An asset whose label is known is brought up
 * to date; a row that says nothing new changes nothing and has no line.
 */
#ifndef FLEET_IMPORT_STORE_H
#define FLEET_IMPORT_STORE_H

#include "fleet/asset_store.h"

struct fleet_import_row {
    struct slice label; /* at most FLEET_LABEL_MAX bytes; stands once in an import */
    struct slice owner; /* per_…, a contact of the organisation; empty: not said */
    struct slice location, criticality; /* empty: not said */
    struct slice vendor, model, version, serial;
    uint8_t class[32];
    struct slice canonical; /* the class's form */
    struct slice inventory; /* JSON, as it is kept */
    uint8_t hash[32];       /* SHA-256 of it */
};

/* What needs no database: for a worker, before the change. Copies live in the arena; the slices of
 * the nameplate are borrowed. */
int fleet_import_prepare(struct fleet_import_row *row, const struct fleet_inventory *inventory,
                         struct arena *arena, struct err *e) MUST_CHECK;

struct fleet_asset_rows {
    const char *organisation;
    const char *audience;
    bool exercise;
    const struct fleet_import_row *rows;
    size_t count;
};

struct fleet_imported {
    size_t registered; /* new assets */
    size_t unchanged;
};

/* Acts membership.left for those who came from another class, then assets.imported, then
 * asset.serial for those of which only that is another one; none when nothing changed. */
int fleet_assets_import(struct change *c, const struct fleet_asset_rows *import,
                        struct fleet_imported *imported, struct err *e) MUST_CHECK;

/* A class that rows of an import joined: its events stand from `first` to `last` in their tree. */
struct fleet_import_class {
    uint8_t class[32];
    int64_t first, last;
};

/* All of them, by class, for mem_free; -1 also when there is no import with this act. */
int fleet_import_classes(struct db *db, uint64_t act, struct fleet_import_class **classes,
                         size_t *count, struct err *e) MUST_CHECK;

#endif
