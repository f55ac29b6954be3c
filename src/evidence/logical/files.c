/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/files.h"
#include "base/file.h"
#include "base/memory.h"
#include "evidence/bundle/how.h"
#include "evidence/bundle/statement.h"
#include "evidence/clocks.h"
#include "evidence/logical/record.h"
#include "evidence/logical/take.h"
#include "evidence/selftest.h"
#include "evidence/tool.h"
#include "evidence/uco.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* Of one file, and of all others together: some minutes of hashing zeros. */
static const uint64_t holes_most = 64ull << 30, holes_of_all = 256ull << 30;

struct job {
    const struct evidence_files_options *options;
    struct evidence_files_taken *out;
    const struct clock *clock;
    struct evidence_clocks started;
    struct evidence_bag bag;
    struct evidence_ledger ledger;
    struct evidence_taken taken;
    struct evidence_tree tree;
    struct buf selftest; /* the report of the self-test; empty: none was given */
};

/* What was begun there is gone on with only for the same paths. */
static void write_mark(const struct evidence_files_options *o, struct buf *mark)
{
    struct json_writer w;
    buf_puts(mark, "This acquisition of files is not complete. Nothing in this folder is evidence "
                   "yet.\nRun the same command again to go on with it.\n\n");
    json_write_init(&w, mark, 2);
    json_write_object(&w);
    json_write_name(&w, "paths");
    json_write_array(&w);
    for (size_t i = 0; i < o->path_count; i++)
        json_write_string(&w, o->paths[i]);
    json_write_array_end(&w);
    json_write_name(&w, "excluded");
    json_write_array(&w);
    for (size_t i = 0; i < o->exclude_count; i++)
        json_write_string(&w, o->excludes[i]);
    json_write_array_end(&w);
    json_member_bool(&w, "crossed_file_systems", o->cross);
    json_write_object_end(&w);
    buf_putc(mark, '\n');
}

static void list_member(struct json_writer *w, const char *name, const char *const *texts,
                        size_t count)
{
    json_write_name(w, name);
    json_write_array(w);
    for (size_t i = 0; i < count; i++) {
        json_write_object(w);
        evidence_file_record_bytes(w, "text", "base64", slice_str(texts[i]));
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void access_members(struct json_writer *w, const struct job *j)
{
    static const char *const words[] = {"read-only view", "O_NOATIME", "may have changed"};
    bool touched = j->ledger.touched || j->taken.access == EVIDENCE_VIEW_PLAIN;
    json_member_string(w, "access_times", touched ? words[2] : words[j->taken.access]);
    evidence_member_given(w, "access_times_why", j->taken.access_why);
    if (touched)
        json_member_string(w, "access_times_touched",
                           "of symlinks, for which there is no such flag, or of files and folders "
                           "for which O_NOATIME was refused");
}

static void files_member(struct json_writer *w, const struct job *j)
{
    const struct evidence_files_options *o = j->options;
    json_write_name(w, "files");
    json_write_object(w);
    json_member_int(w, "records", (int64_t)j->out->records);
    json_member_int(w, "contents", (int64_t)j->out->contents);
    json_member_int(w, "content_bytes", (int64_t)j->out->content_bytes);
    json_member_int(w, "not_taken", (int64_t)j->out->not_taken);
    json_member_int(w, "changed", (int64_t)j->out->changed);
    json_member_hex(w, "tree_root", slice_of(j->tree.root, sizeof j->tree.root));
    json_member_int(w, "tree_size", (int64_t)j->tree.count);
    list_member(w, "paths", o->paths, o->path_count);
    list_member(w, "excluded", o->excludes, o->exclude_count);
    json_member_bool(w, "crossed_file_systems", o->cross);
    access_members(w, j);
    if (j->out->resumed_at)
        json_member_int(w, "gone_on_with_at_record", (int64_t)j->out->resumed_at);
    json_write_object_end(w);
}

static int write_record(struct job *j, struct buf *out, struct err *e)
{
    struct json_writer w;
    struct evidence_clocks now;
    struct utsname system = {0};
    uname(&system);
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-acquisition/v1");
    json_member_string(&w, "kind", "files");
    evidence_statement_write(&w, &j->options->statement);
    json_member_string(&w, "reason_partial", j->options->statement.reason);
    json_write_name(&w, "started");
    evidence_clocks_write(&w, &j->started);
    evidence_clocks_read(&now);
    json_write_name(&w, "ended");
    evidence_clocks_write(&w, &now);
    json_write_name(&w, "tool");
    json_write_object(&w);
    if (evidence_tool_members(&w, j->options->command, e) != 0 ||
        evidence_selftest_member(&w, buf_slice(&j->selftest), e) != 0)
        return -1;
    json_write_object_end(&w);
    json_write_name(&w, "source");
    json_write_object(&w);
    json_member_string(&w, "kind", "files of a machine");
    json_member_string(&w, "host", system.nodename);
    json_member_string(&w, "system", system.sysname);
    json_member_string(&w, "kernel", system.release);
    json_member_string(&w, "architecture", system.machine);
    json_member_string(&w, "opened",
                       "read-only; symlinks, devices, pipes and sockets are described "
                       "and not opened");
    json_write_object_end(&w);
    files_member(&w, j);
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}

static const struct evidence_how how = {
    .says =
        "   data/files.jsonl has one line a file: its path, times, owners, modes, attributes, and\n"
        "   in content.file the file of this bundle that has its bytes, with their SHA-256. For\n"
        "   one file:\n\n"
        "       grep -F '\"path\":\"/etc/passwd\"' data/files.jsonl || true\n\n"
        "   data/not-taken.jsonl lists what was not taken, and why.\n"};

static int close_bag(struct job *j, struct err *e)
{
    const struct evidence_statement *s = &j->options->statement;
    struct evidence_files_taken *t = j->out;
    struct buf text;
    char day[TIME_TEXT];
    uint8_t top[SHA256_LEN];
    if (evidence_ledger_finish(&j->ledger, &j->tree, e) != 0)
        return -1;
    memcpy(t->root, j->tree.root, sizeof t->root);
    t->records = j->tree.count;
    t->contents = j->ledger.contents;
    t->content_bytes = j->ledger.content_bytes;
    t->not_taken = j->ledger.missing_count;
    t->changed = j->ledger.changed;
    t->touched = j->ledger.touched || j->taken.access == EVIDENCE_VIEW_PLAIN;
    time_format(clock_now(j->clock), day);
    day[10] = 0;
    evidence_bag_info(&j->bag, "Bagging-Date", day);
    evidence_bag_info(&j->bag, "External-Identifier", s->exhibit);
    evidence_bag_info(&j->bag, "External-Description", s->description);
    evidence_bag_info(&j->bag, "Contact-Name", s->examiner);
    evidence_bag_info(&j->bag, "Bag-Software-Agent", "tocsin " TOCSIN_VERSION);
    buf_init(&text);
    int result = write_record(j, &text, e);
    if (result == 0)
        result = evidence_bag_tag(&j->bag, "acquisition.json", buf_slice(&text), e);
    if (result == 0)
        result = evidence_uco_tag(&j->bag, buf_slice(&text), e);
    if (result == 0)
        result = evidence_how_put(&j->bag, &how, e);
    if (result == 0)
        result = evidence_selftest_tag(&j->bag, buf_slice(&j->selftest), e);
    if (result == 0)
        result = evidence_bag_close(&j->bag, top, e);
    buf_fini(&text);
    return result == 0 ? evidence_bundle_end(j->options->folder, e) : -1;
}

static int take(struct job *j, struct err *e)
{
    const struct evidence_files_options *o = j->options;
    struct buf last;
    size_t asked = 0;
    buf_init(&last);
    int result = evidence_ledger_resume(&j->ledger, &last, &asked, e);
    j->out->resumed_at = j->ledger.tree.size;
    atomic_ullong holes_left = holes_of_all;
    struct evidence_take_options take = {.walk = {.paths = o->paths,
                                                  .path_count = o->path_count,
                                                  .excludes = o->excludes,
                                                  .exclude_count = o->exclude_count,
                                                  .cross = o->cross,
                                                  .bundle = o->folder,
                                                  .after = buf_slice(&last),
                                                  .after_asked = asked,
                                                  .records = j->ledger.tree.size},
                                         .content = {.folder = o->folder,
                                                     .below = "data/files",
                                                     .holes_most = holes_most,
                                                     .holes_left = &holes_left},
                                         .owners = "/etc",
                                         .workers = o->workers,
                                         .watch = o->watch,
                                         .watch_context = o->watch_context};
    if (result == 0)
        result = evidence_take(&take, &j->ledger, &j->taken, e);
    buf_fini(&last);
    j->out->stopped = j->taken.stopped;
    return result;
}

static int run(struct job *j, struct err *e)
{
    evidence_bag_init(&j->bag, j->options->folder);
    if (evidence_bag_stream(&j->bag, e) != 0 ||
        evidence_ledger_open(&j->ledger, j->options->folder, "data/files", &j->bag, e) != 0) {
        evidence_bag_fini(&j->bag);
        return -1;
    }
    int result = take(j, e);
    if (result == 0 && !j->taken.stopped)
        result = close_bag(j, e);
    else if (j->taken.stopped || result != 0) { /* what is there is gone on with */
        struct err later = {0};
        (void)!evidence_ledger_flush(&j->ledger, &later);
    }
    evidence_ledger_close(&j->ledger);
    evidence_bag_fini(&j->bag);
    return result;
}

int evidence_files(const struct evidence_files_options *options, struct evidence_files_taken *taken,
                   struct err *e)
{
    struct buf mark;
    *taken = (struct evidence_files_taken){0};
    if (!options->statement.reason || !options->statement.reason[0]) {
        err_set(e, ERR_USAGE, "evidence.reason", "ISO/IEC 27037 section 7.1.3.3",
                "a partial acquisition needs the reason why only these paths are taken");
        return err_hint(e, "give --reason: too large, cannot be shut down, authority is limited to "
                           "these paths, …");
    }
    for (size_t i = 0; i < options->path_count; i++)
        if (!options->paths[i][0])
            return err_set(e, ERR_USAGE, "evidence.path", NULL, "a path is empty");
    struct job *j = mem_new(1, sizeof *j);
    if (!j)
        return err_memory(e);
    j->options = options;
    j->out = taken;
    j->clock = options->clock ? options->clock : &clock_system;
    evidence_clocks_read(&j->started);
    buf_init(&mark);
    buf_init(&j->selftest);
    write_mark(options, &mark);
    int result = buf_check(&mark, e);
    if (result == 0 && options->selftest)
        result = evidence_selftest_read(options->selftest, &j->selftest, e);
    if (result == 0)
        result = evidence_bundle_begin(options->folder, buf_slice(&mark), e);
    if (result >= 0)
        result = run(j, e);
    buf_fini(&mark);
    buf_fini(&j->selftest);
    mem_free(j);
    return result;
}
