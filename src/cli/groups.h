/* SPDX-License-Identifier: Apache-2.0 */
/* The command groups, one file each; main.c lists them. */
#ifndef CLI_GROUPS_H
#define CLI_GROUPS_H

#include "cli/options.h"

extern const struct cli_group cli_init_group, cli_serve_group, cli_config_group, cli_status_group,
    cli_unlock_group, cli_backup_group, cli_restore_group;
extern const struct cli_group cli_organisation_group, cli_operator_group, cli_contact_group,
    cli_token_group, cli_certificate_group, cli_approval_group;
extern const struct cli_group cli_asset_group, cli_component_group, cli_alias_group,
    cli_bundle_group;
extern const struct cli_group cli_advisory_group, cli_product_group, cli_exposure_group,
    cli_why_group, cli_csaf_group, cli_evidence_group, cli_match_group, cli_witness_group;
extern const struct cli_group cli_log_group, cli_proof_group, cli_witness_group;
/* The supervisor's own: signer, courier, centre. */
extern const struct cli_group cli_signer_process, cli_courier_process, cli_centre_process;

#endif
