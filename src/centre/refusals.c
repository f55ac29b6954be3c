/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/refusals.h"
#include "base/log.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/writer.h"

#include <stdio.h>

enum { SLOTS = 256, MINUTE_US = 60000000 };

struct counted {
    char door[16];
    char code[48];
    int64_t minute; /* start, microseconds */
    uint64_t count; /* 0: free */
};

struct refusals {
    pthread_mutex_t lock;
    struct counted slots[SLOTS];
    uint64_t overflow; /* no slot was free: counted under "other" */
};

int refusals_new(struct refusals **out, struct err *e)
{
    struct refusals *r = mem_new(1, sizeof(*r));

    if (!r)
        return err_memory(e);
    pthread_mutex_init(&r->lock, NULL);
    *out = r;
    return 0;
}

void refusals_free(struct refusals *r)
{
    if (!r)
        return;
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

void refusals_count(struct refusals *r, const char *door, const char *code, int64_t now)
{
    int64_t minute = now - now % MINUTE_US;
    struct counted *slot = NULL;

    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < SLOTS; i++) {
        struct counted *c = &r->slots[i];
        if (c->count && c->minute == minute && strcmp(c->door, door) == 0 &&
            strcmp(c->code, code) == 0) {
            slot = c;
            break;
        }
        if (!c->count && !slot)
            slot = c;
    }
    if (!slot) {
        r->overflow++;
    } else {
        if (!slot->count) {
            snprintf(slot->door, sizeof(slot->door), "%s", door);
            snprintf(slot->code, sizeof(slot->code), "%s", code);
            slot->minute = minute;
        }
        slot->count++;
    }
    pthread_mutex_unlock(&r->lock);
}

struct batch {
    struct counted items[SLOTS + 1];
    size_t count;
};

static int write_acts(struct command_run *run, struct err *e)
{
    const struct batch *batch = run->command->prepared;

    for (size_t i = 0; i < batch->count; i++) {
        const struct counted *c = &batch->items[i];
        struct json_writer *data = change_act(&run->change, "refusals.counted", NULL);
        json_member_string(data, "door", c->door);
        json_member_string(data, "reason", c->code);
        json_member_time(data, "from", c->minute);
        json_member_time(data, "until", c->minute + MINUTE_US);
        json_member_int(data, "count", (int64_t)c->count);
        run->change.act_refused = true;
        if (change_act_end(&run->change, NULL, e) != 0)
            return -1;
    }
    return 0;
}

const struct command_type command_refusals_write = {
    .name = "refusals.write", .silent = true, .run = write_acts};

static void take(struct refusals *r, int64_t before, struct batch *batch)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < SLOTS; i++) {
        struct counted *c = &r->slots[i];
        if (c->count && c->minute < before) {
            batch->items[batch->count++] = *c;
            c->count = 0;
        }
    }
    if (r->overflow && batch->count > 0) {
        struct counted *other = &batch->items[batch->count++];
        *other = batch->items[0];
        snprintf(other->door, sizeof(other->door), "any");
        snprintf(other->code, sizeof(other->code), "other");
        other->count = r->overflow;
        r->overflow = 0;
    }
    pthread_mutex_unlock(&r->lock);
}

static void put_back(struct refusals *r, const struct batch *batch)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < batch->count; i++)
        for (size_t k = 0; k < SLOTS; k++)
            if (!r->slots[k].count) {
                r->slots[k] = batch->items[i];
                break;
            }
    pthread_mutex_unlock(&r->lock);
}

void refusals_write(struct centre *centre, bool flush)
{
    int64_t now = clock_now(centre->clock);
    struct batch *batch = mem_new(1, sizeof(*batch));
    struct err e = {0};

    if (!batch)
        return; /* they stay counted */
    take(centre->refusals, flush ? INT64_MAX : now - now % MINUTE_US, batch);
    if (batch->count > 0) {
        if (writer_run_own(centre->writer, &command_refusals_write, "sys:doors", batch, &e) != 0) {
            put_back(centre->refusals, batch);
            log_err(LOG_LEVEL_WARNING, "refusals.failed", &e);
        }
    }
    mem_free(batch);
}
