/* SPDX-License-Identifier: Apache-2.0 */
/* Where an asset stands, and how much hangs on it. */
#include "fleet/asset_store.h"

#include <stdio.h>

int fleet_criticality_check(struct slice criticality, struct err *e)
{
    static const char *const known[] = {"low", "medium", "high", "critical"};

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (criticality.len == 0 || slice_is(criticality, known[i]))
            return 0;
    err_set(e, ERR_USAGE, "fleet.criticality", NULL, "\"%.*s\" is no criticality",
            (int)(criticality.len < 40 ? criticality.len : 40), (const char *)criticality.data);
    return err_hint(e, "it is low, medium, high or critical");
}

static int keep(struct change *c, struct slice *value, struct db_query *q, unsigned column,
                struct err *e)
{
    if (value->data)
        return 0;
    char *copy = arena_copy(c->arena, db_slice(q, column).data, db_slice(q, column).len);
    if (!copy)
        return err_memory(e);
    *value = slice_of(copy, db_slice(q, column).len);
    return 0;
}

int fleet_asset_describe(struct change *c, const char *id, const char *organisation,
                         struct slice location, struct slice criticality, struct err *e)
{
    const struct slice none = slice_of(NULL, 0);
    struct act_ref act;
    struct db_query q;

    if (fleet_criticality_check(criticality, e) != 0)
        return -1;
    int found = db_find(&q, c->db, e, SQL_PLACE_FIND, DB_TEXT(id));
    if (found == 1 && (keep(c, &location, &q, 0, e) != 0 || keep(c, &criticality, &q, 1, e) != 0))
        found = -1;
    db_query_finish(&q);
    if (found < 0)
        return -1;
    struct json_writer *data = change_act(c, "asset.described", organisation);
    json_member_string(data, "asset", id);
    json_member_slice(data, "criticality", criticality.len ? criticality : slice_str(""));
    json_member_bool(data, "located", location.len > 0);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_PLACE_SET, DB_TEXT(id), DB_SLICE(location.len ? location : none),
                  DB_SLICE(criticality.len ? criticality : none), DB_INT((int64_t)act.index)) < 0
               ? -1
               : 0;
}

int fleet_asset_describe_row(struct change *c, const char *organisation, struct slice label,
                             struct slice location, struct slice criticality, struct err *e)
{
    const struct slice stays = slice_of(NULL, 0);
    char id[ID_TEXT] = "";
    struct db_query q;

    int found = db_find(&q, c->db, e, SQL_PLACE_OF_LABEL, DB_TEXT(organisation), DB_SLICE(label));
    if (found == 1)
        snprintf(id, sizeof(id), "%s", db_text(&q, 0));
    bool known = found == 1 && (!location.len || slice_equal(db_slice(&q, 1), location)) &&
                 (!criticality.len || slice_equal(db_slice(&q, 2), criticality));
    db_query_finish(&q);
    if (found != 1 || known)
        return found < 0 ? -1 : 0;
    return fleet_asset_describe(c, id, organisation, location.len ? location : stays,
                                criticality.len ? criticality : stays, e) == 0
               ? 1
               : -1;
}
