/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin: the command line. Every command group is in this table. */
#include "base/log.h"
#include "cli/dispatch.h"
#include "cli/evidence_centre.h"
#include "cli/groups.h"
#include "cli/say.h"

static const struct cli_group *const groups[] = {
    /* The centre */
    &cli_init_group,
    &cli_serve_group,
    &cli_config_group,
    &cli_status_group,
    &cli_unlock_group,
    &cli_backup_group,
    &cli_restore_group,
    /* People and organisations */
    &cli_organisation_group,
    &cli_operator_group,
    &cli_contact_group,
    &cli_approval_group,
    /* Assets */
    &cli_asset_group,
    &cli_component_group,
    &cli_token_group,
    &cli_certificate_group,
    &cli_alias_group,
    &cli_bundle_group,
    /* Advisories */
    &cli_advisory_group,
    &cli_product_group,
    &cli_exposure_group,
    &cli_why_group,
    /* Proof */
    &cli_proof_group,
    &cli_log_group,
    /* Without a centre */
    &cli_csaf_group,
    &cli_evidence_group,
    &cli_match_group,
    &cli_witness_group,
    /* The processes behind serve */
    &cli_signer_process,
    &cli_courier_process,
    &cli_centre_process,
};

int main(int argc, char **argv)
{
    static const struct cli_table table = {groups, ARRAY_LEN(groups)};

    log_setup("tocsin", LOG_LEVEL_WARNING); /* people read errors, not logs */
    say_setup();
    evidence_centre_watch();
    int code = cli_dispatch(&table, argc, argv);
    evidence_centre_tell();
    return say_ended(code);
}
