/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of operators, by the room they change. Arguments are JSON objects, as written here. */
#ifndef CENTRE_COMMANDS_H
#define CENTRE_COMMANDS_H

#include "centre/command.h"
#include "fleet/inventory.h"

/* ---- organisations and people (commands_admin.c) ---- */
/* {"name", "exercise"?} → {"organisation","audience"} */
extern const struct command_type command_organisation_create;
/* {"organisation", "roles":"administrator,…", "name"?, "uid"?} → {"operator"} */
extern const struct command_type command_operator_add;
/* {"operator"} */
extern const struct command_type command_operator_close;
/* {"organisation"?, "contact"?, "name", "mail"?, "webhook"?, "webhook_secret"? (base64),
 * "opted_out"?} →
 * {"contact"}; with "contact" an existing one is changed */
extern const struct command_type command_contact_set;
/* {"contact"}: erases what identifies the person */
extern const struct command_type command_contact_erase;
/* {"organisation"?, "asset"?, "profile"?, "hours"?} → {"token","secret","expires"} */
extern const struct command_type command_token_create;
/* {"kind":"vendor|product","from","to","reason"} */
extern const struct command_type command_alias_teach;

/* ---- assets (commands_asset.c) ---- */
/* {"organisation"?,"label"?,"owner"?,"way"?} → {"asset"} */
extern const struct command_type command_asset_register;
/* {"asset","owner"} */
extern const struct command_type command_asset_owner;
/* {"asset","reason"} */
extern const struct command_type command_asset_remove;
/* {"organisation"}; prepared: struct asset_rows */
extern const struct command_type command_asset_import;

struct asset_row {
    struct slice label;
    struct fleet_inventory *inventory;
    struct fleet_class *class;
    struct slice owner; /* per_…, or empty */
};
struct asset_rows {
    struct asset_row *rows;
    size_t count;
    const char *organisation;
    bool exercise;
};

/* ---- advisories (commands_advisory.c) ---- */
/* {"document":hash}; prepared: struct advisory_import */
extern const struct command_type command_advisory_import;
/* {"advisory","revision"?} → {"advisory","revision"}; revision: only when that is the newest */
extern const struct command_type command_advisory_publish;

struct csaf_document;
struct advisory_import {
    struct csaf_document *document;
    uint8_t digest[32];
};

/* ---- approvals (commands_approval.c) ---- */
/* {"type","args","needed"?,"hours"?} → {"approval","command"} */
extern const struct command_type command_approval_ask;
/* {"approval"} → {"given","needed"} */
extern const struct command_type command_approval_give;
/* {"approval"} → {"approval"} */
extern const struct command_type command_approval_refuse;

#endif
