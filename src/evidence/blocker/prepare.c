/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/blocker/attempt.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The number that somebody who means this disk reads off: its serial number, or its size. */
static void number_of(const struct blocker_disk *d, char number[80])
{
    const char *serial = d->source.identity.serial;
    if (serial[0])
        snprintf(number, 80, "%s", serial);
    else
        snprintf(number, 80, "%" PRIu64, d->bytes);
}

static int confirm(struct blocker_disk *d, const struct evidence_blocker_prepare_options *o,
                   bool *again, struct err *e)
{
    char what[200], number[80];
    struct err none = {0};
    number_of(d, number);
    *again = blocker_disk_marked(d, &none) == 0 && d->mark.bytes == d->bytes &&
             !blocker_disk_is_another(d);
    if (none.kind == ERR_MEMORY) {
        *e = none;
        return -1;
    }
    if (o->overwrite && strcmp(o->overwrite, number) != 0)
        return err_set(e, ERR_DENIED, "blocker.confirm", NULL,
                       "%s is not the disk that --overwrite names: its %s is %s, not %s", d->path,
                       d->source.identity.serial[0] ? "serial number" : "size", number,
                       o->overwrite);
    if (!*again && blocker_guard_blank(d, what, e) != 0)
        return -1;
    if (!*again && what[0] && !o->overwrite) {
        err_set(e, ERR_DENIED, "blocker.confirm", NULL, "%s (%s, %s) is not empty: %s", d->path,
                d->source.identity.model[0] ? d->source.identity.model : "no model told", number,
                what);
        return err_hint(e, "if all that is on it may be lost, say so by its %s: --overwrite NUMBER",
                        d->source.identity.serial[0] ? "serial number" : "size in bytes");
    }
    if (o->yes || o->overwrite)
        return 0;
    err_set(e, ERR_DENIED, "blocker.confirm", NULL, "%s (%s, %s) %s, and would be written to",
            d->path, d->source.identity.model[0] ? d->source.identity.model : "no model told",
            number,
            *again ? "is a test disk already" : "holds nothing but zeros where it was looked at");
    return err_hint(e, "say --yes if it may be");
}

static int make_mark(struct blocker_disk *d, const struct clock *clock, struct err *e)
{
    struct blocker_mark *m = &d->mark;
    const struct evidence_identity *i = &d->source.identity;
    struct sha256_context digest;
    *m = (struct blocker_mark){.sector = d->sector,
                               .bytes = d->bytes,
                               .prepared = clock_now(clock),
                               .identified = i->identified};
    snprintf(m->model, sizeof m->model, "%s", i->model);
    snprintf(m->serial, sizeof m->serial, "%s", i->serial);
    snprintf(m->attached_by, sizeof m->attached_by, "%s", i->attached_by);
    blocker_areas_place(d->bytes, m->areas);
    if (random_fill(&random_system, m->id, sizeof m->id, e) != 0 ||
        random_fill(&random_system, m->seed, sizeof m->seed, e) != 0 ||
        blocker_disk_pattern(d, e) != 0)
        return -1;
    if (sha256_init(&digest) != 0)
        return digest_failed(e);
    int result = 0;
    for (size_t k = 0; result == 0 && k < BLOCKER_AREAS; k++)
        result = sha256_update(&digest, slice_of(blocker_disk_wanted(d, k), m->areas[k].bytes));
    if (result != 0 || sha256_final(&digest, m->sha256) != 0)
        result = digest_failed(e);
    sha256_fini(&digest);
    return result;
}

/* The pattern is there when it is read past the cache. */
static int fill(struct blocker_disk *d, struct err *e)
{
    struct blocker_seen seen;
    if (blocker_disk_fill(d, e) != 0 || blocker_disk_look(d, false, &seen, e) != 0)
        return -1;
    if (seen.same)
        return 0;
    err_set(e, ERR_DENIED, "blocker.control", NULL,
            "what was written to %s is not there when it is read again%s%s", d->path,
            seen.why ? ": " : "", seen.why ? strerrordesc_np(seen.why) : "");
    return err_hint(e, "prepare the disk without the blocker");
}

/* Which commands change this disk, when nothing stands before it. */
static int control(struct blocker_disk *d, const struct evidence_blocker_prepare_options *o,
                   struct evidence_blocker_prepared *p, struct err *e)
{
    struct blocker_trial *t = mem_new(1, sizeof *t);
    if (!t)
        return err_memory(e);
    t->disk = d;
    t->watch = o->watch;
    int result = blocker_trial_run(t, e);
    for (size_t i = 0; result == 0 && i < blocker_command_count; i++) {
        const struct blocker_command *c = &blocker_commands[i];
        int best = -1;
        for (size_t area = 0; area < BLOCKER_AREAS; area++)
            if (t->tried[c->number][area].done &&
                (int)t->tried[c->number][area].answer.outcome > best)
                best = (int)t->tried[c->number][area].answer.outcome;
        d->mark.without[c->number] = (uint8_t)(best + 1);
        p->commands++;
        if (best != BLOCKER_CHANGED)
            continue;
        p->changing++;
        buf_puts(&p->changes, c->name);
        buf_putc(&p->changes, '\n');
    }
    mem_free(t);
    return result == 0 ? buf_check(&p->changes, e) : -1;
}

static int prepare(struct blocker_disk *d, const struct evidence_blocker_prepare_options *o,
                   struct evidence_blocker_prepared *p, struct err *e)
{
    if (blocker_guard_free(d, e) != 0 || blocker_disk_identify(d, e) != 0 ||
        confirm(d, o, &p->again, e) != 0)
        return -1;
    if (d->flag == 1) {
        err_set(e, ERR_DENIED, "blocker.control", NULL, "%s is read-only to the kernel", d->path);
        return err_hint(e, "prepare the disk without the blocker; a system that sets the kernel's "
                           "flag itself takes it off with blockdev --setrw");
    }
    if (blocker_disk_unlock(d, e) != 0)
        return -1;
    if (d->writing < 0)
        return err_errno(e, d->writing_why, "blocker.control", "%s cannot be opened for writing",
                         d->path);
    if (make_mark(d, o->clock ? o->clock : &clock_system, e) != 0 || fill(d, e) != 0 ||
        control(d, o, p, e) != 0)
        return -1;
    return fill(d, e); /* as it was, with what is known now */
}

int evidence_blocker_prepare(const struct evidence_blocker_prepare_options *options,
                             struct evidence_blocker_prepared *prepared, struct err *e)
{
    struct blocker_disk d;
    *prepared = (struct evidence_blocker_prepared){0};
    buf_init(&prepared->changes);
    if (blocker_disk_open(&d, options->device, e) != 0)
        return -1;
    int result = prepare(&d, options, prepared, e);
    memcpy(prepared->id, d.mark.id, sizeof prepared->id);
    memcpy(prepared->model, d.mark.model, sizeof prepared->model);
    memcpy(prepared->serial, d.mark.serial, sizeof prepared->serial);
    prepared->bytes = d.bytes;
    for (size_t i = 0; i < BLOCKER_AREAS; i++)
        prepared->area_bytes += d.mark.areas[i].bytes;
    blocker_disk_close(&d);
    return result;
}

int evidence_blocker_disk_id(const char *device, uint8_t id[EVIDENCE_BLOCKER_MARK_ID],
                             struct err *e)
{
    struct blocker_disk d;
    if (blocker_disk_open(&d, device, e) != 0)
        return -1;
    int result = blocker_disk_marked(&d, e);
    memcpy(id, d.mark.id, sizeof d.mark.id);
    blocker_disk_close(&d);
    return result;
}
