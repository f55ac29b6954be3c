/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/advisory_named.h"
#include "centre/centre.h"

#include <stdio.h>

int advisory_seen(struct db *db, const struct caller *caller, const struct fleet_revision *revision,
                  struct err *e)
{
    const struct caller_shown shown = {.organisation = revision->organisation,
                                       .tlp = revision->tlp,
                                       .revision = revision->id,
                                       .exercise = revision->exercise,
                                       .draft = strcmp(revision->state, "published") != 0};

    return caller_sees(db, caller, &shown, e);
}

int advisory_none(const char *name, struct err *e)
{
    err_set(e, ERR_NOT_FOUND, "fleet.no-advisory", NULL, "there is no advisory %s", name);
    return err_hint(e, "tocsin advisory list");
}

/* One revision, when the caller may see it. 1 found and seen, 0 not. */
static int look_at(struct db *db, const struct caller *caller, const char *id,
                   struct fleet_revision *revision, struct err *e)
{
    fleet_revision_fini(revision);
    fleet_revision_init(revision);
    int found = fleet_revision_find(db, id, revision, e);
    return found == 1 ? advisory_seen(db, caller, revision, e) : found;
}

/* The newest revision of an advisory, or the one published last. */
static int look_at_advisory(struct db *db, const struct caller *caller, const char *advisory,
                            struct fleet_revision *revision, struct err *e)
{
    char newest[ID_TEXT] = "";
    char published[ID_TEXT] = "";
    struct db_query q;
    int found = db_find(&q, db, e, SQL_ADVISORY_FIND, DB_TEXT(advisory));

    if (found == 1) {
        snprintf(newest, sizeof(newest), "%s", db_text(&q, 7));
        if (!db_is_null(&q, 8))
            snprintf(published, sizeof(published), "%s", db_text(&q, 8));
    }
    db_query_finish(&q);
    if (found == 1)
        found = look_at(db, caller, newest, revision, e);
    if (found == 0 && published[0] && strcmp(published, newest) != 0)
        found = look_at(db, caller, published, revision, e);
    return found;
}

/* The first advisory of that tracking id that the caller sees; 2: there is another of its rank. */
static int look_for_tracking_id(const struct centre *centre, struct db *db,
                                const struct caller *caller, const char *name,
                                char advisory[ID_TEXT], struct fleet_revision *revision,
                                struct err *e)
{
    struct db_query q;
    int64_t rank = -1;
    int seen = 0;
    int step;

    if (db_select(&q, db, e, SQL_ADVISORY_ALL_BY_TRACKING, DB_TEXT(name),
                  DB_TEXT(caller->organisation), DB_TEXT(centre->organisation)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1 && seen < 2) {
        if (seen == 1 && db_int(&q, 1) != rank)
            break;
        int sees = look_at_advisory(db, caller, db_text(&q, 0), revision, e);
        if (sees < 0) {
            step = -1;
            break;
        }
        if (sees == 0)
            continue;
        if (seen++ == 0)
            snprintf(advisory, ID_TEXT, "%s", db_text(&q, 0));
        rank = db_int(&q, 1);
    }
    db_query_finish(&q);
    return step < 0 ? -1 : seen;
}

int advisory_shown(struct db *db, const struct caller *caller, const char *id,
                   struct fleet_revision *revision, struct err *e)
{
    char advisory[ID_TEXT] = "";
    struct db_query q;
    int found = 1;

    if (id_is(slice_str(id), "rev")) {
        found = db_find(&q, db, e, SQL_REVISION_FIND, DB_TEXT(id));
        if (found == 1)
            snprintf(advisory, sizeof(advisory), "%s", db_text(&q, 0));
        db_query_finish(&q);
    } else {
        snprintf(advisory, sizeof(advisory), "%s", id);
    }
    return found == 1 ? look_at_advisory(db, caller, advisory, revision, e) : found;
}

int advisory_named(const struct centre *centre, struct db *db, const struct caller *caller,
                   const char *name, struct fleet_revision *revision, struct err *e)
{
    char advisory[ID_TEXT];
    bool is_id = id_is(slice_str(name), "rev") || id_is(slice_str(name), "adv");
    int found = is_id ? 1 : look_for_tracking_id(centre, db, caller, name, advisory, revision, e);

    if (found == 2) {
        err_set(e, ERR_USAGE, "fleet.advisory-ambiguous", NULL,
                "several publishers have an advisory %s", name);
        return err_hint(e, "name it by its id (adv_…), see tocsin advisory list");
    }
    if (found == 1)
        found = advisory_shown(db, caller, is_id ? name : advisory, revision, e);
    if (found < 0)
        return -1;
    if (found == 1)
        return 0;
    return advisory_none(name, e);
}
