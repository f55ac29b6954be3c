/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The condition of an asset (X.1206): whether it is connected, when something was last heard of it,
 * since when it is stale, and how many advisories wait for something to be done there.
 */
#ifndef CENTRE_ASSET_CONDITION_H
#define CENTRE_ASSET_CONDITION_H

#include "base/map.h"
#include "centre/routes.h"

/* What is known of its times; 0: never. */
struct asset_times {
    int64_t inventory;
    int64_t acknowledged;
    int64_t stream; /* last begun or ended */
    int64_t created;
};

struct asset_condition {
    const char *word; /* "removed", "never", "connected", "stale", "heard" */
    bool connected;
    int64_t heard; /* 0: never */
    int64_t stale; /* since then; 0: not */
};
void asset_condition_of(const struct centre *centre, const char *asset, const char *state,
                        const struct asset_times *times, struct asset_condition *condition);
/* Members "condition", "connected", "heard_at", "stale_since". */
void asset_condition_write(struct json_writer *w, const struct asset_condition *condition);
bool asset_condition_is_word(const char *word);

/*
 * Counts, for many assets in a row, the advisories that the caller may see, that ask something of
 * the asset's class, and of which nobody has said that it is done there. What is asked of a class
 * is read once.
 */
struct open_counter {
    struct worker *worker;
    const struct caller *caller;
    struct arena arena;
    struct map classes; /* digest → struct asked, in the arena */
};
void open_counter_init(struct open_counter *counter, struct worker *worker,
                       const struct caller *caller);
void open_counter_fini(struct open_counter *counter);
int open_counter_count(struct open_counter *counter, const char *asset, const uint8_t class[32],
                       bool exercise, int64_t *open, struct err *e) MUST_CHECK;

#endif
