/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-evidence-blocker/v1, written. */
#include "evidence/blocker/testing.h"
#include "evidence/tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static const char *const limits[] = {
    "What a disk holds is seen through the blocker, and afterwards without it; the wire between "
    "blocker and disk is not. A command that was passed on and that the disk ignored is not told "
    "from one that was stopped.",
    "Only commands that change this disk without the blocker can show that the blocker stops them; "
    "for each attempt the report says what it does without.",
    "Never sent, as they cannot be undone or do not concern the sectors' data: security erase and "
    "lock, sanitize, format, firmware download, configuration overlays, mode pages, uncorrectable "
    "sectors, zones.",
    "That an error of the disk reaches the host (HWB-RM-04) is tried with a sector that it does "
    "not "
    "have, not with one that is bad.",
    "The kernel of this machine and its drivers stand between the program and the blocker; what "
    "they refuse by themselves is told, and counts for nothing.",
};

static const struct {
    const char *id, *what;
} assertions[] = {
    [BLOCKER_RM_01] = {"HWB-RM-01", "no command that changes data on the disk passes the blocker"},
    [BLOCKER_RM_02] = {"HWB-RM-02", "what is read is what the disk holds"},
    [BLOCKER_RM_03] = {"HWB-RM-03", "size and identity of the disk are given as they are"},
    [BLOCKER_RM_04] = {"HWB-RM-04", "an error of the disk is told to the host"},
    [BLOCKER_T_CONTROL] =
        {"T-CONTROL", "commands that change this disk without the blocker reached the blocker"},
};

static const char *const held_names[] = {
    [BLOCKER_NOT_RUN] = "not run", [BLOCKER_PASS] = "pass", [BLOCKER_FAIL] = "fail"};

static const char *const effect_names[] = {[BLOCKER_WRITES] = "writes",
                                           [BLOCKER_DISCARDS] = "discards",
                                           [BLOCKER_SETTLES] = "changes no data"};

static const char *const area_names[BLOCKER_AREAS] = {"first", "middle", "last"};

static void given(struct json_writer *w, const char *name, const char *text)
{
    if (text && text[0])
        json_member_string(w, name, text);
}

static int tool_part(struct json_writer *w, const char *const *command, struct err *e)
{
    struct utsname name = {0};
    json_write_name(w, "tool");
    json_write_object(w);
    int result = evidence_tool_members(w, command, e);
    json_write_object_end(w);
    (void)uname(&name);
    json_write_name(w, "system");
    json_write_object(w);
    json_member_string(w, "kernel", name.sysname);
    json_member_string(w, "release", name.release);
    json_member_string(w, "version", name.version);
    json_member_string(w, "machine", name.machine);
    json_write_object_end(w);
    return result;
}

static void disk_part(struct json_writer *w, const struct blocker_disk *d)
{
    const struct blocker_mark *m = &d->mark;
    json_write_name(w, "disk");
    json_write_object(w);
    json_member_hex(w, "id", slice_of(m->id, sizeof m->id));
    json_member_time(w, "prepared", m->prepared);
    given(w, "model", m->model);
    given(w, "serial", m->serial);
    json_member_int(w, "bytes", (int64_t)m->bytes);
    json_member_int(w, "sector_bytes", m->sector);
    json_write_name(w, "areas");
    json_write_array(w);
    for (size_t i = 0; i < BLOCKER_AREAS; i++) {
        json_write_object(w);
        json_member_int(w, "from", (int64_t)m->areas[i].from);
        json_member_int(w, "bytes", (int64_t)m->areas[i].bytes);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_member_hex(w, "area_sha256", slice_of(m->sha256, sizeof m->sha256));
    json_write_object_end(w);
}

static void flag(struct json_writer *w, const char *name, int value)
{
    if (value >= 0)
        json_member_bool(w, name, value);
}

static void behind_part(struct json_writer *w, const struct blocker_testing *t)
{
    const struct blocker_disk *d = &t->disk;
    const struct evidence_identity *i = &d->source.identity;
    json_write_name(w, "behind");
    json_write_object(w);
    json_member_string(w, "path", d->path);
    json_member_int(w, "bytes", (int64_t)d->bytes);
    json_member_int(w, "sector_bytes", d->sector);
    given(w, "vendor", i->vendor);
    given(w, "model", i->model);
    given(w, "serial", i->serial);
    given(w, "firmware", i->firmware);
    given(w, "wwid", i->wwid);
    given(w, "bus", i->bus);
    json_member_bool(w, "identified", i->identified);
    json_member_bool(w, "attached_as_prepared", strcmp(i->attached_by, d->mark.attached_by) == 0);
    flag(w, "kernel_read_only", d->flag);
    flag(w, "device_read_only", i->protection.device);
    json_member_bool(w, "kernel_flag_taken_away", d->flag_off);
    json_member_string(w, "opened_for_writing",
                       d->writing >= 0  ? "yes"
                       : !t->sent       ? "not tried"
                       : d->writing_why ? strerrordesc_np(d->writing_why)
                                        : "no");
    json_member_hex(w, "area_sha256_before", slice_of(t->before.sha256, SHA256_LEN));
    json_member_hex(w, "area_sha256_after", slice_of(t->trial.seen.sha256, SHA256_LEN));
    json_write_object_end(w);
}

static void attempt(struct json_writer *w, const struct blocker_testing *t,
                    const struct blocker_command *c, size_t area)
{
    const struct blocker_tried *tried = &t->trial.tried[c->number][area];
    const struct blocker_answer *a = &tried->answer;
    uint8_t without = t->disk.mark.without[c->number];
    char sense[16];
    json_write_object(w);
    json_member_string(w, "command", c->name);
    json_member_string(w, "by", blocker_group_names[c->group]);
    json_member_string(w, "effect", effect_names[c->effect]);
    json_member_string(w, "area", area_names[area]);
    json_member_int(w, "from", (int64_t)tried->from);
    json_member_string(w, "outcome", blocker_outcome_names[a->outcome]);
    json_member_string(w, "without_blocker",
                       without == 0 || without > BLOCKER_OUTCOMES
                           ? "not tried"
                           : blocker_outcome_names[without - 1]);
    if (a->error)
        json_member_string(w, "error", strerrorname_np(a->error));
    snprintf(sense, sizeof sense, "%02x/%02x/%02x", a->key, a->asc, a->ascq);
    if (a->has_sense)
        json_member_string(w, "sense", sense);
    if (a->has_status)
        json_member_int(w, "status", a->status);
    if (tried->later)
        json_member_bool(w, "found_later", true);
    given(w, "why", a->why);
    json_write_object_end(w);
}

static void attempts_part(struct json_writer *w, const struct blocker_testing *t)
{
    json_write_name(w, "attempts");
    json_write_array(w);
    for (size_t i = 0; i < blocker_command_count; i++)
        for (size_t area = 0; area < BLOCKER_AREAS; area++)
            if (t->trial.tried[blocker_commands[i].number][area].done)
                attempt(w, t, &blocker_commands[i], area);
    json_write_array_end(w);
    if (t->trial.elsewhere)
        json_member_int(w, "changed_elsewhere_at", (int64_t)t->trial.elsewhere_at);
}

static void assertions_part(struct json_writer *w, const struct blocker_testing *t)
{
    json_write_name(w, "assertions");
    json_write_array(w);
    for (size_t i = 0; i < BLOCKER_ASSERTIONS; i++) {
        json_write_object(w);
        json_member_string(w, "id", assertions[i].id);
        json_member_string(w, "what", assertions[i].what);
        json_member_string(w, "outcome", held_names[t->assertions[i].held]);
        given(w, "done", t->assertions[i].done);
        given(w, "why", t->assertions[i].why);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void counts_part(struct json_writer *w, const struct blocker_counts *c)
{
    json_write_name(w, "counts");
    json_write_object(w);
    json_member_int(w, "attempts", (int64_t)c->attempts);
    json_member_int(w, "not_possible", (int64_t)c->not_possible);
    json_member_int(w, "kernel_refused", (int64_t)c->kernel);
    json_member_int(w, "refused", (int64_t)c->refused);
    json_member_int(w, "accepted", (int64_t)c->accepted);
    json_member_int(w, "changed", (int64_t)c->changed);
    json_member_int(w, "change_without_blocker", (int64_t)c->asked);
    json_write_object_end(w);
}

static void verdict_part(struct json_writer *w, const struct blocker_counts *counts,
                         enum evidence_blocker_verdict *verdict)
{
    char why[400];
    *verdict = blocker_judge(counts, why);
    json_member_string(w, "verdict", evidence_blocker_verdict_name(*verdict));
    json_member_string(w, "why", why);
}

int blocker_testing_write(struct blocker_testing *t, struct buf *report,
                          enum evidence_blocker_verdict *verdict, struct err *e)
{
    struct json_writer w;
    json_write_init(&w, report, 2);
    json_write_object(&w);
    json_member_string(&w, "format", BLOCKER_FORMAT);
    json_write_name(&w, "blocker");
    json_write_object(&w);
    json_member_string(&w, "given", t->options->blocker);
    json_member_string(&w, "attached_by", t->disk.source.identity.attached_by);
    json_write_object_end(&w);
    json_member_string(&w, "by", t->options->by);
    if (tool_part(&w, t->options->command, e) != 0)
        return -1;
    json_member_time(&w, "started", t->started);
    disk_part(&w, &t->disk);
    behind_part(&w, t);
    attempts_part(&w, t);
    assertions_part(&w, t);
    counts_part(&w, &t->counts);
    json_write_name(&w, "limits");
    json_write_array(&w);
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        json_write_string(&w, limits[i]);
    json_write_array_end(&w);
    json_member_time(&w, "ended", clock_now(t->clock));
    verdict_part(&w, &t->counts, verdict);
    json_write_object_end(&w);
    buf_putc(report, '\n');
    return buf_check(report, e);
}

int blocker_report_complete(const struct evidence_blocker_report *report,
                            const struct blocker_looked *looked, struct buf *out,
                            enum evidence_blocker_verdict *verdict, struct err *e)
{
    static const char *const anew[] = {"verdict", "why", "afterwards"};
    struct blocker_counts counts;
    struct json_writer w;
    if (blocker_report_count(report->root, &counts, e) != 0)
        return -1;
    counts.looked = true;
    counts.as_prepared = looked->seen->same;
    counts.reached = looked->reached;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_each(member, report->root)
    {
        bool kept = true;
        for (size_t i = 0; i < ARRAY_LEN(anew); i++)
            kept = kept && !slice_is(json_name(member), anew[i]);
        if (!kept)
            continue;
        json_write_name_slice(&w, json_name(member));
        json_write_value(&w, member);
    }
    json_write_name(&w, "afterwards");
    json_write_object(&w);
    json_member_time(&w, "at", looked->at);
    json_member_string(&w, "path", looked->path);
    json_member_hex(&w, "area_sha256", slice_of(looked->seen->sha256, SHA256_LEN));
    json_member_bool(&w, "as_prepared", looked->seen->same);
    json_member_bool(&w, "write_reaches", looked->reached);
    given(&w, "how", looked->reached_how);
    json_write_object_end(&w);
    verdict_part(&w, &counts, verdict);
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}
