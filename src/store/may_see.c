/* SPDX-License-Identifier: Apache-2.0 */
#include "store/may_see.h"

static bool is_label(const char *tlp, const char *const *labels)
{
    for (size_t i = 0; labels[i]; i++)
        if (strcmp(tlp, labels[i]) == 0)
            return true;
    return false;
}

static bool is_open(const char *tlp)
{
    static const char *const labels[] = {"WHITE", "CLEAR", "GREEN", NULL};

    return !tlp || !*tlp || is_label(tlp, labels);
}

int may_see(struct db *db, const struct viewer *viewer, const struct shown *shown, struct err *e)
{
    static const char *const need_to_know[] = {"AMBER", NULL};
    struct db_query q;

    if (viewer->everywhere)
        return 1;
    if (viewer->exercise != shown->exercise)
        return 0;
    if (viewer->organisation[0] && strcmp(viewer->organisation, shown->organisation) == 0)
        return 1;
    if (is_open(shown->tlp) ||
        (viewer->concerned && shown->tlp && is_label(shown->tlp, need_to_know)))
        return 1;
    if (!shown->audience || !shown->audience[0] || !viewer->organisation[0])
        return 0;
    int found = db_find(&q, db, e, SQL_AUDIENCE_HAS, DB_TEXT(shown->audience),
                        DB_TEXT(viewer->organisation));
    db_query_finish(&q);
    return found;
}
