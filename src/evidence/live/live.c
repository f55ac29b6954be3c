/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/live.h"
#include "base/file.h"
#include "base/memory.h"
#include "evidence/bundle/bag.h"
#include "evidence/bundle/how.h"
#include "evidence/bundle/manifest.h"
#include "evidence/bundle/statement.h"
#include "evidence/clocks.h"
#include "evidence/live/footprint.h"
#include "evidence/live/plan.h"
#include "evidence/live/run.h"
#include "evidence/logical/walk.h"
#include "evidence/selftest.h"
#include "evidence/tool.h"
#include "evidence/uco.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

struct session {
    const struct evidence_live_options *options;
    struct evidence_live_done *done;
    struct live_plan plan;
    struct live_outcome outcomes[EVIDENCE_LIVE_MOST];
    size_t count;
    struct evidence_clocks started, ended;
    struct footprint_reading before, after;
    struct evidence_bag bag;
    struct buf selftest; /* the report of the self-test; empty: none was given */
};

static const char incomplete[] =
    "This acquisition of a running machine is not complete. What is in this folder is what was\n"
    "taken before it was broken off; it has no manifest. A running machine cannot be taken twice:\n"
    "keep this folder, and begin a new one.\n";

const char *evidence_live_state_name(enum evidence_live_state state)
{
    static const char *const names[] = {"done", "partly", "refused", "given up", "failed"};
    return names[state];
}

static void collector_member(struct json_writer *w, const struct live_outcome *o)
{
    json_write_object(w);
    json_member_string(w, "name", o->collector->name);
    json_member_string(w, "what", o->collector->what);
    json_member_int(w, "level", o->collector->level);
    json_member_string(w, "files", o->base);
    json_member_string(w, "state", evidence_live_state_name(o->state));
    evidence_member_given(w, "why", o->why);
    json_write_name(w, "started");
    evidence_moment_write(w, &o->started);
    json_write_name(w, "ended");
    evidence_moment_write(w, &o->ended);
    json_member_int(w, "items", (int64_t)o->items);
    json_member_int(w, "refused", (int64_t)o->refused);
    json_member_int(w, "files_read", (int64_t)o->files_read);
    json_member_int(w, "bytes_read", (int64_t)o->bytes_read);
    json_member_int(w, "bytes_written", (int64_t)o->bytes_written);
    json_member_int(w, "sockets", (int64_t)o->sockets);
    json_member_string(w, "touches", o->collector->touches);
    if (o->given_up_count > 0) {
        json_write_name(w, "given_up");
        json_write_array(w);
        for (size_t i = 0; i < o->given_up_count; i++) {
            json_write_object(w);
            json_member_string(w, "at", o->given_up[i].at);
            json_member_bool(w, "process_could_not_be_ended", o->given_up[i].ends);
            json_write_object_end(w);
        }
        json_write_array_end(w);
    }
    json_write_object_end(w);
}

static void plan_member(struct json_writer *w, const struct session *s)
{
    json_write_name(w, "plan");
    json_write_object(w);
    json_member_string(w, "order", "RFC 3227 section 2.1");
    json_member_bool(w, "deviates", s->plan.deviates);
    if (s->plan.deviates)
        evidence_member_given(w, "reason", s->options->statement.reason);
    json_write_name(w, "steps");
    json_write_array(w);
    for (size_t i = 0; i < s->plan.count; i++)
        json_write_string(w, s->plan.steps[i]->name);
    json_write_array_end(w);
    json_write_name(w, "left_out");
    json_write_array(w);
    for (size_t i = 0; i < s->plan.left_out_count; i++)
        json_write_string(w, s->plan.left_out[i]->name);
    json_write_array_end(w);
    json_write_object_end(w);
}

static void live_member_write(struct json_writer *w, const struct session *s)
{
    struct footprint_counts counts = {0};
    json_write_name(w, "live");
    json_write_object(w);
    plan_member(w, s);
    json_write_name(w, "collectors");
    json_write_array(w);
    for (size_t i = 0; i < s->count; i++) {
        const struct live_outcome *o = &s->outcomes[i];
        collector_member(w, o);
        counts.files_read += o->files_read;
        counts.sockets += o->sockets;
        counts.touched += o->touched;
        counts.processes += 1 + o->given_up_count;
    }
    json_write_array_end(w);
    json_write_name(w, "warnings");
    json_write_array(w);
    for (size_t i = 0; i < s->done->warning_count; i++)
        json_write_string(w, s->done->warnings[i]);
    json_write_array_end(w);
    json_write_name(w, "footprint");
    footprint_write(w, &s->before, &s->after, &counts);
    json_write_object_end(w);
}

static int write_record(const struct session *s, struct buf *out, struct err *e)
{
    struct json_writer w;
    struct utsname system = {0};
    uname(&system);
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-acquisition/v1");
    json_member_string(&w, "kind", "live");
    evidence_statement_write(&w, &s->options->statement);
    json_write_name(&w, "started");
    evidence_clocks_write(&w, &s->started);
    json_write_name(&w, "ended");
    evidence_clocks_write(&w, &s->ended);
    json_write_name(&w, "tool");
    json_write_object(&w);
    if (evidence_tool_members(&w, s->options->command, e) != 0 ||
        evidence_selftest_member(&w, buf_slice(&s->selftest), e) != 0)
        return -1;
    json_write_object_end(&w);
    json_write_name(&w, "source");
    json_write_object(&w);
    json_member_string(&w, "kind", "running machine");
    json_member_string(&w, "host", system.nodename);
    json_member_string(&w, "system", system.sysname);
    json_member_string(&w, "kernel", system.release);
    json_member_string(&w, "kernel_build", system.version);
    json_member_string(&w, "architecture", system.machine);
    json_member_bool(&w, "as_root", geteuid() == 0);
    json_member_string(&w, "verifiable",
                       "no: a running machine is another one at each reading; the hashes are those "
                       "of what was read");
    json_write_object_end(&w);
    live_member_write(&w, s);
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}

static const struct evidence_how how = {
    .says =
        "   acquisition.json lists the collectors in the order in which they ran, with the times "
        "by\n"
        "   three clocks: the monotonic one, which nobody can set, shows the order. Files of\n"
        "   collector NN are data/live/NN-*. Of memory (data/live/NN-memory-*.lime), put one "
        "behind\n"
        "   the other, the segments are one image in the format of LiME; nothing is to be written\n"
        "   into this folder, so beside it:\n\n"
        "       test ! -e data/live/*-memory-*.lime || cat data/live/*-memory-*.lime > "
        "../memory.lime\n"};

/* Every file below data/live, by a walk of our own. */
static int list_files(struct session *s, struct err *e)
{
    char folder[4096];
    size_t prefix = strlen(s->options->folder) + 1;
    const char *path = folder;
    struct evidence_entry entry = {.fd = -1};
    struct evidence_walk_options options = {.paths = &path, .path_count = 1, .cross = true};
    snprintf(folder, sizeof folder, "%s/data/live", s->options->folder);
    struct evidence_walk *walk = evidence_walk_new(&options, e);
    int got = walk ? 1 : -1;
    buf_init(&entry.path);
    buf_init(&entry.line);
    while (got > 0 && (got = evidence_walk_next(walk, &entry, e)) > 0) {
        uint8_t sha256[SHA256_LEN];
        uint64_t bytes;
        const char *name = buf_text(&entry.path) + prefix;
        if (!entry.recorded) {
            got = err_set(e, ERR_SYSTEM, "evidence.read", NULL, "%s cannot be read back: %s", name,
                          entry.why);
        } else if (S_ISREG(entry.st.stx_mode)) {
            if (evidence_file_digest(s->options->folder, name, sha256, &bytes, e) != 0 ||
                evidence_bag_payload_flush(&s->bag, name + strlen("data/"), bytes, sha256, e) != 0)
                got = -1;
            s->done->files++;
            s->done->bytes += got > 0 ? bytes : 0;
        }
    }
    evidence_entry_fini(&entry);
    evidence_walk_free(walk);
    return got;
}

static int close_bag(struct session *s, struct buf *text, struct err *e)
{
    const struct evidence_statement *t = &s->options->statement;
    char day[TIME_TEXT];
    uint8_t top[SHA256_LEN];
    if (evidence_bag_stream(&s->bag, e) != 0 || list_files(s, e) != 0)
        return -1;
    time_format(s->ended.realtime / 1000, day);
    day[10] = 0;
    evidence_bag_info(&s->bag, "Bagging-Date", day);
    evidence_bag_info(&s->bag, "External-Identifier", t->exhibit);
    evidence_bag_info(&s->bag, "External-Description", t->description);
    evidence_bag_info(&s->bag, "Contact-Name", t->examiner);
    evidence_bag_info(&s->bag, "Bag-Software-Agent", "tocsin " TOCSIN_VERSION);
    return write_record(s, text, e) != 0 ||
                   evidence_bag_tag(&s->bag, "acquisition.json", buf_slice(text), e) != 0 ||
                   evidence_uco_tag(&s->bag, buf_slice(text), e) != 0 ||
                   evidence_how_put(&s->bag, &how, e) != 0 ||
                   evidence_selftest_tag(&s->bag, buf_slice(&s->selftest), e) != 0 ||
                   evidence_bag_close(&s->bag, top, e) != 0
               ? -1
               : evidence_bundle_end(s->options->folder, e);
}

/* The bundle's file system alone: the machine's own disks are not made to write. */
static int make_durable(const struct session *s, struct err *e)
{
    int fd = open(s->options->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd >= 0 && syncfs(fd) == 0 ? 0 : errno;
    if (fd >= 0)
        close(fd);
    return result == 0 ? 0
                       : err_errno(e, result, "evidence.write", "%s cannot be made durable",
                                   s->options->folder);
}

static int run(struct session *s, struct err *e)
{
    struct evidence_live_done *d = s->done;
    struct buf text;
    evidence_clocks_read(&s->started);
    footprint_read(&s->before);
    for (size_t i = 0; i < s->plan.count; i++) {
        struct live_outcome *o = &s->outcomes[s->count++];
        if (live_run(s->options, s->plan.steps[i], i + 1, o, d, e) != 0)
            return -1;
        struct evidence_live_result *r = &d->results[d->count++];
        *r = (struct evidence_live_result){.name = o->collector->name,
                                           .state = o->state,
                                           .items = o->items,
                                           .bytes = o->bytes_written};
        memcpy(r->why, o->why, sizeof r->why);
        if (o->stopped) {
            d->stopped = true;
            return 0;
        }
    }
    if (make_durable(s, e) != 0)
        return -1;
    footprint_read(&s->after);
    evidence_clocks_read(&s->ended);
    buf_init(&text);
    evidence_bag_init(&s->bag, s->options->folder);
    int result = close_bag(s, &text, e);
    evidence_bag_fini(&s->bag);
    buf_fini(&text);
    return result;
}

static int begin(const struct evidence_live_options *o, struct err *e)
{
    char path[4096];
    int begun = evidence_bundle_begin(o->folder, slice_of(incomplete, sizeof incomplete - 1), e);
    if (begun < 0)
        return -1;
    if (begun > 0) {
        err_set(e, ERR_CONFLICT, "evidence.exists", NULL,
                "an acquisition of a running machine was broken off in %s", o->folder);
        return err_hint(e, "keep it, and name another folder: a running machine is taken once");
    }
    snprintf(path, sizeof path, "%s/data/live", o->folder);
    return file_make_folder(path, 0700, e);
}

int evidence_live(const struct evidence_live_options *options, struct evidence_live_done *done,
                  struct err *e)
{
    struct evidence_live_options o = *options;
    struct session *s = mem_new(1, sizeof *s);
    *done = (struct evidence_live_done){0};
    if (!s)
        return err_memory(e);
    o.file_most = o.file_most ? o.file_most : 4ull << 30;
    s->options = &o;
    s->done = done;
    buf_init(&s->selftest);
    int result = live_plan_make(&o, &s->plan, e);
    if (result == 0 && s->plan.deviates && (!o.statement.reason || !o.statement.reason[0])) {
        result = err_set(e, ERR_USAGE, "evidence.reason", "RFC 3227 section 2.1",
                         "other collectors, or another order than that of volatility, need a "
                         "reason");
        err_hint(e, "give --reason");
    }
    if (result == 0 && o.selftest)
        result = evidence_selftest_read(o.selftest, &s->selftest, e);
    if (result == 0)
        result = begin(&o, e);
    if (result == 0)
        result = run(s, e);
    buf_fini(&s->selftest);
    mem_free(s);
    return result;
}
