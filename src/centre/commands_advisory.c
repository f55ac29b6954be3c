/* SPDX-License-Identifier: Apache-2.0 */
/* Advisories: taken in, and published. */
#include "centre/advisory_named.h"
#include "centre/approval.h"
#include "centre/centre.h"
#include "centre/commands.h"
#include "fleet/asset_store.h"
#include "fleet/confidence.h"

#include <stdio.h>

static int ask_publication(struct command_run *run, const char *revision, const char *organisation,
                           const char *trigger, int confidence, uint64_t *asked, struct err *e)
{
    struct change *c = &run->change;
    struct act_ref act;

    struct json_writer *data = change_act(c, "publication.asked", organisation);
    json_member_string(data, "revision", revision);
    json_member_string(data, "trigger", trigger);
    if (confidence)
        json_member_int(data, "confidence", confidence);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    *asked = act.index;
    return db_run(c->db, e, SQL_REVISION_ASKED, DB_TEXT(revision), DB_INT((int64_t)act.index),
                  DB_TEXT(trigger), DB_INT(confidence)) < 0
               ? -1
               : 0;
}

/* How sure a match must be when nobody says so. */
static int configured(const struct command_run *run)
{
    static const int by_choice[] = {[CONFIG_CONFIDENCE_ANY] = FLEET_CONFIDENCE_ANY,
                                    [CONFIG_CONFIDENCE_STRONG] = FLEET_CONFIDENCE_STRONG,
                                    [CONFIG_CONFIDENCE_EXACT] = FLEET_CONFIDENCE_EXACT};

    return by_choice[run->centre->config->publication_confidence];
}

static int advisory_import(struct command_run *run, struct err *e)
{
    const struct advisory_import *import = run->command->prepared;
    const char *organisation = run->command->caller.organisation;
    struct fleet_import done;
    uint64_t asked;

    if (fleet_advisory_import(&run->change, import->document, import->digest, organisation, &done,
                              e) != 0)
        return -1;
    if (!done.repeated && run->centre->config->publication_automatic &&
        ask_publication(run, done.revision, organisation, "automatic", configured(run), &asked,
                        e) != 0)
        return -1;
    json_member_string(run->answer, "advisory", done.advisory);
    json_member_string(run->answer, "revision", done.revision);
    json_member_slice(run->answer, "tracking_id", import->document->id);
    json_member_slice(run->answer, "version", import->document->version);
    json_member_slice(run->answer, "title", import->document->title);
    json_member_bool(run->answer, "repeated", done.repeated);
    json_member_int(run->answer, "warning_count", (int64_t)import->warning_count);
    json_write_name(run->answer, "warnings");
    json_write_raw(run->answer, buf_slice(&import->warnings));
    return 0;
}

const struct command_type command_advisory_import = {
    .name = "advisory.import", .roles = ROLE_COORDINATOR, .run = advisory_import};

/* 0: a publication has something to say that the last one of this revision had not: it was matched
 * anew since, by hand, or a less sure match is enough. */
static int check_anew(const struct fleet_revision *revision, int confidence, struct err *e)
{
    bool pending = revision->asked_act > revision->published_act;

    if (revision->asked_act == 0 || confidence < revision->confidence ||
        (!pending && revision->matched_act > revision->published_act))
        return 0;
    err_set(e, ERR_CONFLICT, "centre.published", NULL, "version %s of %s was published already",
            revision->version, revision->tracking_id);
    return err_hint(e, "a changed advisory is a new version: import that, then publish it; to tell "
                       "more devices, publish it with a lower --confidence");
}

static int advisory_publish(struct command_run *run, struct err *e)
{
    int confidence = configured(run);
    struct slice how_sure;
    uint64_t asked;
    struct fleet_revision revision;
    char wanted[ID_TEXT] = "";
    struct slice name;
    int result = -1;

    /* whoever consented did so to one document, not to whatever is the newest by now */
    bool pinned = approvals_needed(run->centre->config, run->command->type) > 0;
    fleet_revision_init(&revision);
    if (args_string(run->args, "advisory", 200, true, &name, e) != 0 ||
        ((pinned || json_get(run->args, "revision")) &&
         args_id(run->args, "revision", "rev", wanted, e) != 0))
        goto out;
    char *text = arena_copy(run->change.arena, name.data, name.len);
    if (!text) {
        err_memory(e);
        goto out;
    }
    if (advisory_named(run->centre, run->change.db, &run->command->caller, text, &revision, e) !=
            0 ||
        caller_acts_for(&run->command->caller, revision.organisation, revision.advisory, e) != 0)
        goto out;
    if (*wanted && strcmp(wanted, revision.id) != 0) {
        err_set(e, ERR_CONFLICT, "centre.revision-newer", NULL,
                "%s is not the newest revision of %s: that is %s, version %s", wanted,
                revision.tracking_id, revision.id, revision.version);
        goto out;
    }
    if (args_string(run->args, "confidence", 10, false, &how_sure, e) != 0 ||
        (how_sure.len && fleet_confidence_parse(how_sure, &confidence, e) != 0) ||
        check_anew(&revision, confidence, e) != 0)
        goto out;
    run->change.exercise = revision.exercise;
    if (ask_publication(run, revision.id, revision.organisation,
                        revision.published[0] && strcmp(revision.published, revision.id) != 0
                            ? "revision"
                            : "manual",
                        confidence, &asked, e) != 0)
        goto out;
    json_member_int(run->answer, "asked", (int64_t)asked);
    json_member_string(run->answer, "advisory", revision.advisory);
    json_member_string(run->answer, "revision", revision.id);
    result = 0;
out:
    fleet_revision_fini(&revision);
    return result;
}

const struct command_type command_advisory_publish = {
    .name = "advisory.publish", .roles = ROLE_COORDINATOR, .run = advisory_publish};

/* ---- matched anew by hand ----------------------------------------------------------------------
 */

static int ask_match(struct command_run *run, const char *name, const char *id,
                     const char *organisation, struct err *e)
{
    struct json_writer *data = change_act(&run->change, "match.asked", organisation);

    json_member_string(data, name, id);
    json_member_string(data, "trigger", "manual");
    if (change_act_end(&run->change, NULL, e) != 0)
        return -1;
    json_member_string(run->answer, name, id);
    return 0;
}

static int advisory_match(struct command_run *run, struct err *e)
{
    struct fleet_revision revision;
    struct slice name;
    int result = -1;

    fleet_revision_init(&revision);
    if (args_string(run->args, "advisory", 200, true, &name, e) != 0)
        goto out;
    char *text = arena_copy(run->change.arena, name.data, name.len);
    if (!text) {
        err_memory(e);
        goto out;
    }
    if (advisory_named(run->centre, run->change.db, &run->command->caller, text, &revision, e) !=
            0 ||
        caller_acts_for(&run->command->caller, revision.organisation, revision.advisory, e) != 0)
        goto out;
    run->change.exercise = revision.exercise;
    result = ask_match(run, "revision", revision.id, revision.organisation, e);
out:
    fleet_revision_fini(&revision);
    return result;
}

const struct command_type command_advisory_match = {
    .name = "advisory.match", .roles = ROLE_COORDINATOR, .run = advisory_match};

static int asset_match(struct command_run *run, struct err *e)
{
    struct fleet_asset asset;
    char id[ID_TEXT];
    int result = -1;

    fleet_asset_init(&asset);
    if (args_id(run->args, "asset", "ast", id, e) != 0)
        goto out;
    int found = fleet_asset_find(run->change.db, id, &asset, e);
    if (found == 0)
        caller_finds_no(id, e);
    if (found != 1 || caller_acts_for(&run->command->caller, asset.organisation, id, e) != 0)
        goto out;
    run->change.exercise = asset.exercise;
    result = ask_match(run, "asset", id, asset.organisation, e);
out:
    fleet_asset_fini(&asset);
    return result;
}

const struct command_type command_asset_match = {
    .name = "asset.match", .roles = ROLE_COORDINATOR | ROLE_REGISTRAR, .run = asset_match};
