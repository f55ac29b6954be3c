/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of operators, by the room they change. Arguments are JSON objects, as written here. */
#ifndef CENTRE_COMMANDS_H
#define CENTRE_COMMANDS_H

#include "centre/command.h"

/* ---- organisations and people (commands_admin.c) ---- */
/* {"name", "exercise"?} → {"organisation","audience"} */
extern const struct command_type command_organisation_create;
/* {"organisation"?, "contact"}: who is told when its owners stay silent; "" for nobody */
extern const struct command_type command_organisation_escalation;
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
/* {"organisation"?,"label"?,"owner"?,"way"?,"location"?,"criticality"?} → {"asset"} */
extern const struct command_type command_asset_register;
/* {"asset","owner"} */
extern const struct command_type command_asset_owner;
/* {"asset","location"?,"criticality"?}: what is not given stays, "" is not known (any more) */
extern const struct command_type command_asset_describe;
/* {"asset","reason"} */
extern const struct command_type command_asset_remove;
/* {"organisation","rows":hash}; prepared: struct fleet_asset_rows (importing.c) */
extern const struct command_type command_asset_import;

/* ---- advisories (commands_advisory.c) ---- */
/* {"document":hash}; prepared: struct advisory_import → {"advisory","revision","tracking_id",
 * "version","title","repeated","warnings","warning_count"} */
extern const struct command_type command_advisory_import;
/* "confidence"?: any, strong, exact or 0 to 100, that a match needs for a device to be told.
 * {"advisory","revision"?} → {"advisory","revision"}; revision: only when that is the newest */
extern const struct command_type command_advisory_publish;

/* {"advisory"} or {"asset"}: matched anew by hand, with the names that are known by now; an asset
 * is also told what it has to know → {"revision"} or {"asset"} */
extern const struct command_type command_advisory_match;
extern const struct command_type command_asset_match;

/* ---- what became of them (commands_remediation.c) ---- */
/* {"advisory","revision","state","reason","vulnerability"?,"assets":[…]}: an operator's word about
 * assets that are concerned, at most FLEET_MARK_MAX; refused whole when one is not */
extern const struct command_type command_remediation_mark;

struct csaf_document;
struct advisory_import {
    struct csaf_document *document;
    uint8_t digest[32];
    struct buf warnings; /* JSON: an array of what does not refuse the document */
    size_t warning_count;
};

/* ---- custody of evidence (commands_custody.c) ---- */
/* {"log","holder","records":[{"number","record","previous","kind","certificate","at"}…]}: hashes of
 * signed records, whose signatures a worker has verified → {"custody","known","count"} */
extern const struct command_type command_custody_record;
/* {"custody","kind":"asset|advisory|vulnerability|incident","target"} */
extern const struct command_type command_custody_link;

/* ---- approvals (commands_approval.c) ---- */
/* {"type","args","needed"?,"hours"?} → {"approval","command"} */
extern const struct command_type command_approval_ask;
/* {"approval"} → {"given","needed"} */
extern const struct command_type command_approval_give;
/* {"approval"} → {"approval"} */
extern const struct command_type command_approval_refuse;

#endif
