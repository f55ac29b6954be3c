/* SPDX-License-Identifier: Apache-2.0 */
/* Every command that an operator may ask for, by name. */
#include "centre/commands.h"
#include "centre/receiving.h"
#include "centre/revocation.h"

static const struct command_type *const types[] = {
    &command_organisation_create, &command_operator_add,
    &command_operator_close,      &command_contact_set,
    &command_contact_erase,       &command_token_create,
    &command_alias_teach,         &command_asset_register,
    &command_asset_owner,         &command_asset_remove,
    &command_asset_import,        &command_advisory_import,
    &command_advisory_publish,    &command_certificate_revoke,
    &command_approval_ask,        &command_approval_give,
    &command_approval_refuse,     &command_inventory_accept,
    &command_receipt_accept,      &command_outcome_accept,
    &command_remediation_mark,    &command_organisation_escalation,
    &command_asset_describe,      &command_advisory_match,
    &command_asset_match,         &command_custody_record,
    &command_custody_link,
};

const struct command_type *command_type_find(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (slice_is(name, types[i]->name))
            return types[i];
    return NULL;
}
