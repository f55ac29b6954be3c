/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/alias_store.h"

#include <stdio.h>

/* The next alias behind (kind, from), which it replaces. 1 found, 0 none. */
static int load_next(struct db *db, struct fleet_aliases *aliases, char kind[16], struct buf *from,
                     struct err *e)
{
    struct db_query q;
    int step =
        db_find(&q, db, e, SQL_ALIAS_LIST, DB_TEXT(kind), DB_TEXT(buf_text(from)), DB_INT(1));

    if (step == 1) {
        snprintf(kind, 16, "%s", db_text(&q, 0));
        buf_reset(from);
        buf_put_slice(from, db_slice(&q, 1));
        enum fleet_name_kind which =
            strcmp(kind, "vendor") == 0 ? FLEET_NAME_VENDOR : FLEET_NAME_PRODUCT;
        if (buf_check(from, e) != 0 || fleet_aliases_add(aliases, which, db_slice(&q, 1),
                                                         db_slice(&q, 2), db_slice(&q, 3), e) != 0)
            step = -1;
        if (step < 0 && e->kind == ERR_USAGE) {
            /* since it was taught, the rules have come to see both as one: nothing is missing */
            err_clear(e);
            step = 1;
        }
    }
    db_query_finish(&q);
    return step;
}

int fleet_aliases_load(struct db *db, struct fleet_aliases **out, struct err *e)
{
    struct fleet_aliases *aliases = fleet_aliases_new();
    char kind[16] = "";
    struct buf from;
    int step;

    if (!aliases)
        return err_memory(e);
    buf_init(&from);
    while ((step = load_next(db, aliases, kind, &from, e)) == 1)
        ;
    buf_fini(&from);
    if (step < 0)
        fleet_aliases_free(aliases);
    else
        *out = aliases;
    return step;
}
