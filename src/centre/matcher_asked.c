/* SPDX-License-Identifier: Apache-2.0 */
/* Matched anew by hand: an act and a run of its own, never together with what comes by itself. */
#include "centre/matcher_internal.h"

int matcher_asked(struct follower *f, const struct followed *act, struct err *e)
{
    struct fleet_asset asset;
    char id[ID_TEXT];

    if (json_get(act->data, "revision"))
        return matcher_imported(f, act, e);
    if (args_id(act->data, "asset", "ast", id, e) != 0)
        return -1;
    fleet_asset_init(&asset);
    int found = fleet_asset_find(f->db, id, &asset, e);
    int result = found < 0 ? -1 : 0;
    if (found == 1 && asset.has_class)
        result = matcher_class_again(f, asset.class, e);
    fleet_asset_fini(&asset);
    /* and it is told what it has to know by now */
    return result == 0 ? matcher_tell_asset(f, act, e) : -1;
}
