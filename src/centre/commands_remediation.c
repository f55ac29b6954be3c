/* SPDX-License-Identifier: Apache-2.0 */
/* What operators say became of an advisory at assets. */
#include "centre/advisory_named.h"
#include "centre/centre.h"
#include "centre/commands.h"
#include "fleet/advisory_store.h"
#include "fleet/asset_store.h"
#include "fleet/remediation.h"

#include <stdio.h>
#include <stdlib.h>

enum { REASON_MAX = 500, VULNERABILITY_MAX = 1000 };

struct marked {
    char asset[ID_TEXT];
    char organisation[ID_TEXT];
};

static bool has_part(const struct fleet_remediation *r, const char *vulnerability)
{
    for (size_t i = 0; i < r->count; i++)
        if (!vulnerability[0] || slice_is(r->parts[i].vulnerability, vulnerability))
            return true;
    return false;
}

/* The asset is the caller's to speak for, and the advisory concerns it, or did. */
static int check_asset(struct command_run *run, const struct fleet_mark *mark,
                       const struct fleet_revision *revision, struct slice id, struct marked *out,
                       struct err *e)
{
    struct fleet_remediation remediation;
    struct fleet_asset asset;
    int result = -1;

    fleet_asset_init(&asset);
    snprintf(out->asset, sizeof(out->asset), "%.*s", SLICE_ARG(id));
    int found = id_is(id, "ast") ? fleet_asset_find(run->change.db, out->asset, &asset, e) : 0;
    if (found == 0 || (found == 1 && asset.exercise != revision->exercise))
        caller_finds_no(out->asset, e);
    if (err_is_set(e) || found != 1 ||
        caller_acts_for(&run->command->caller, asset.organisation, out->asset, e) != 0)
        goto out;
    if (strcmp(asset.state, "removed") == 0) {
        err_set(e, ERR_CONFLICT, "fleet.asset-removed", NULL, "the asset %s was removed",
                out->asset);
        goto out;
    }
    snprintf(out->organisation, sizeof(out->organisation), "%s", asset.organisation);
    found = fleet_remediation_of(run->change.db, out->asset, mark->advisory, revision->id,
                                 &remediation, e);
    bool concerned = found == 1 && has_part(&remediation, mark->vulnerability);
    fleet_remediation_fini(&remediation);
    if (found == 1 && !concerned)
        err_set(e, ERR_CONFLICT, "centre.not-concerned", NULL, "%s%s%s does not concern %s",
                revision->tracking_id, mark->vulnerability[0] ? ", " : "", mark->vulnerability,
                out->asset);
    result = concerned ? 0 : -1;
out:
    fleet_asset_fini(&asset);
    return result;
}

static int by_organisation(const void *a, const void *b)
{
    const struct marked *x = a;
    const struct marked *y = b;
    int order = strcmp(x->organisation, y->organisation);

    return order ? order : strcmp(x->asset, y->asset);
}

/* An act belongs to one organisation: one act each. */
static int mark_all(struct command_run *run, struct fleet_mark *mark, struct marked *marked,
                    size_t count, struct err *e)
{
    const char **assets = arena_new(run->change.arena, count, sizeof(*assets));

    if (!assets)
        return err_memory(e);
    qsort(marked, count, sizeof(*marked), by_organisation);
    mark->assets = assets;
    for (size_t i = 0; i < count;) {
        mark->organisation = marked[i].organisation;
        mark->count = 0;
        for (; i < count && strcmp(marked[i].organisation, mark->organisation) == 0; i++)
            if (mark->count == 0 || strcmp(assets[mark->count - 1], marked[i].asset) != 0)
                assets[mark->count++] = marked[i].asset;
        if (fleet_remediation_mark(&run->change, mark, e) != 0)
            return -1;
    }
    return 0;
}

static int read_mark(struct command_run *run, struct fleet_mark *mark, char advisory[ID_TEXT],
                     char revision[ID_TEXT], struct err *e)
{
    struct slice vulnerability;
    struct slice reason;
    struct slice state;

    if (args_id(run->args, "advisory", "adv", advisory, e) != 0 ||
        args_id(run->args, "revision", "rev", revision, e) != 0 ||
        args_string(run->args, "state", 20, true, &state, e) != 0 ||
        args_string(run->args, "reason", REASON_MAX, true, &reason, e) != 0 ||
        args_string(run->args, "vulnerability", VULNERABILITY_MAX, false, &vulnerability, e) != 0 ||
        fleet_remedied_parse(state, &mark->state, e) != 0)
        return -1;
    mark->advisory = advisory;
    mark->reason = arena_copy(run->change.arena, reason.data, reason.len);
    mark->vulnerability = vulnerability.len
                              ? arena_copy(run->change.arena, vulnerability.data, vulnerability.len)
                              : "";
    return mark->reason && mark->vulnerability ? 0 : err_memory(e);
}

static int remediation_mark(struct command_run *run, struct err *e)
{
    const struct json_value *assets = json_get(run->args, "assets");
    struct fleet_revision revision;
    struct fleet_mark mark;
    char advisory[ID_TEXT];
    char id[ID_TEXT];
    size_t count = 0;
    int result = -1;

    fleet_revision_init(&revision);
    if (read_mark(run, &mark, advisory, id, e) != 0)
        goto out;
    if (json_count(assets) == 0 || json_count(assets) > FLEET_MARK_MAX) {
        err_set(e, ERR_USAGE, "centre.argument", NULL, "\"assets\" must name 1 to %d assets",
                FLEET_MARK_MAX);
        goto out;
    }
    int found = fleet_revision_find(run->change.db, id, &revision, e);
    if (found == 1 && strcmp(revision.advisory, advisory) == 0)
        found = advisory_seen(run->change.db, &run->command->caller, &revision, e);
    else if (found == 1)
        found = 0;
    if (found == 0)
        (void)advisory_none(advisory, e);
    struct marked *marked = arena_new(run->change.arena, json_count(assets), sizeof(*marked));
    if (found == 1 && !marked)
        found = err_memory(e);
    if (found != 1)
        goto out;
    json_each(asset, assets)
    {
        if (check_asset(run, &mark, &revision, json_string(asset), &marked[count], e) != 0)
            goto out;
        count++;
    }
    run->change.exercise = revision.exercise;
    result = mark_all(run, &mark, marked, count, e);
    json_member_int(run->answer, "marked", (int64_t)count);
out:
    fleet_revision_fini(&revision);
    return result;
}

const struct command_type command_remediation_mark = {.name = "remediation.mark",
                                                      .roles = ROLE_COORDINATOR | ROLE_REGISTRAR,
                                                      .run = remediation_mark};
