/* SPDX-License-Identifier: Apache-2.0 */
#include "net/timer_wheel.h"

#include <stddef.h>
#include <string.h>

void timer_wheel_init(struct timer_wheel *w, int64_t tick, int64_t now)
{
    memset(w->slots, 0, sizeof(w->slots));
    w->tick = tick;
    w->at = now / tick;
}

static void unlink_entry(struct timer_entry *entry)
{
    if (!entry->back)
        return;
    *entry->back = entry->next;
    if (entry->next)
        entry->next->back = entry->back;
    entry->back = NULL;
    entry->next = NULL;
}

static void link_entry(struct timer_wheel *w, struct timer_entry *entry, int64_t slot)
{
    struct timer_entry **list = &w->slots[slot % TIMER_SLOTS];

    entry->slot = slot;
    entry->next = *list;
    entry->back = list;
    if (*list)
        (*list)->back = &entry->next;
    *list = entry;
}

/* The tick at which a deadline is surely past; at most one turn of the wheel away. */
static int64_t slot_for(const struct timer_wheel *w, int64_t deadline)
{
    int64_t slot = deadline / w->tick + 1;

    if (slot <= w->at)
        slot = w->at + 1;
    if (slot >= w->at + TIMER_SLOTS)
        slot = w->at + TIMER_SLOTS - 1;
    return slot;
}

void timer_wheel_set(struct timer_wheel *w, struct timer_entry *entry, int64_t deadline)
{
    entry->deadline = deadline;
    if (deadline == 0) {
        unlink_entry(entry);
        return;
    }
    int64_t slot = slot_for(w, deadline);
    if (entry->back && entry->slot <= slot)
        return; /* it is looked at early enough, and put further on then */
    unlink_entry(entry);
    link_entry(w, entry, slot);
}

void timer_wheel_run(struct timer_wheel *w, int64_t now,
                     void (*fire)(struct timer_entry *entry, void *context), void *context)
{
    int64_t until = now / w->tick;

    if (until - w->at > TIMER_SLOTS)
        w->at = until - TIMER_SLOTS; /* a long sleep: once round is enough */
    while (w->at < until) {
        w->at++;
        /* moved to a list of its own: fire may link into any slot */
        struct timer_entry *due = w->slots[w->at % TIMER_SLOTS];
        w->slots[w->at % TIMER_SLOTS] = NULL;
        if (due)
            due->back = &due;
        while (due) {
            struct timer_entry *entry = due;
            unlink_entry(entry);
            if (entry->deadline > now)
                link_entry(w, entry, slot_for(w, entry->deadline));
            else
                fire(entry, context);
        }
    }
}
