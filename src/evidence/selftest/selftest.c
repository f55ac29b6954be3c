/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/selftest.h"
#include "base/file.h"
#include "base/json.h"
#include "evidence/selftest/trial.h"
#include "evidence/tool.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* By the numbers of NIST's assertions for acquisition tools; T-… are our own. */
static const struct selftest_assertion assertions[] = {
    {"DA-AM-06", "all visible sectors of the source are acquired", selftest_all_sectors},
    {"DA-AM-07", "all hidden sectors of the source are acquired", selftest_hidden},
    {"DA-AM-08", "what is acquired is exactly what the source holds", selftest_accurate},
    {"DA-AM-09", "a read error is told with its kind and its place", selftest_read_error},
    {"DA-AM-10", "in the place of what cannot be read stands a harmless filling",
     selftest_benign_fill},
    {"DA-AO-03", "an error while the image is written is told", selftest_write_error},
    {"DA-AO-04", "that there is no room for the image is told", selftest_no_space},
    {"DA-AO-05", "no file of an image in several files is larger than asked for",
     selftest_segments},
    {"DA-AO-06", "an image that was not changed is said not to have changed",
     selftest_unchanged_image},
    {"DA-AO-07", "an image that was changed is said to have changed", selftest_changed_image},
    {"DA-AO-08", "where an image was changed is told", selftest_changed_where},
    {"DA-AO-09", "an image in another format holds the same data", selftest_conversion},
    {"DA-AO-10", "an image goes on on another device when one is full", NULL},
    {"DA-AO-11", "a clone is made while acquiring", NULL},
    {"DA-AO-12", "a clone is made from an image", NULL},
    {"DA-AO-13", "a clone is written through the interface that is named", NULL},
    {"DA-AO-14", "an unaligned clone has every sector at its own address", NULL},
    {"DA-AO-15", "an aligned clone has every sector at its place in the partition", NULL},
    {"DA-AO-16", "a part of an image becomes a clone", NULL},
    {"DA-AO-17", "sectors behind the end of a clone stay as they are", NULL},
    {"DA-AO-18", "sectors behind the end of a clone are filled", NULL},
    {"DA-AO-19", "a clone on too small a device is cut at its end", NULL},
    {"DA-AO-20", "that a clone was cut is told", NULL},
    {"DA-AO-21", "an error while a clone is written is told", NULL},
    {"DA-AO-22", "the hash of each block is taken", selftest_block_hashes},
    {"DA-AO-23", "what the log says is right", selftest_log},
    {"DA-AO-24", "the source is not changed by acquiring it", selftest_unchanged_source},
    {"T-RESUME", "an acquisition that was broken off comes to the same image", selftest_goes_on},
    {"T-SHRINK", "a source that ends before its time is told from a whole one", selftest_shrinks},
};

static const char no_clones[] =
    "the tool writes no clones and does not change the destination's device; it writes to no block "
    "device but to a test disk for write blockers, which bears its mark";

static const char *const limits[] = {
    "Hidden sectors (HPA, DCO, AMA) are not acquired, and no command is sent to a disk to find "
    "them; each record says what was checked.",
    "The errors of the test's disks are made inside this program, not by a drive's electronics or "
    "its kernel driver.",
    "A drive that answers a read with wrong data and no error cannot be told from a good one by "
    "reading once; --rehash-source reads a second time.",
    "Solid-state disks may change unallocated sectors by themselves (TRIM, garbage collection), "
    "which no tool that reads can prevent.",
    "The kernel between the device and this program is trusted, as is the machine it runs on; a "
    "write blocker is not replaced, but can be tested (tocsin evidence blocker).",
    "A short last sector of a file is read by itself; devices have none.",
};

static const char *const outcomes[] = {[SELFTEST_PASS] = "pass",
                                       [SELFTEST_FAIL] = "fail",
                                       [SELFTEST_NOT_RUN] = "not run",
                                       [SELFTEST_NOT_SUPPORTED] = "not supported"};

struct running {
    const struct evidence_selftest_options *options;
    struct evidence_selftest_result *result;
    char work[4000];
    size_t done;
};

static bool goes_on(struct running *r, const char *what, struct err *e)
{
    const struct evidence_selftest_options *o = r->options;
    if (!o->watch || o->watch(o->watch_context, what, r->done++, ARRAY_LEN(assertions)))
        return true;
    err_set(e, ERR_UNAVAILABLE, "evidence.stopped", NULL, "the self-test was stopped");
    return false;
}

static void count(struct evidence_selftest_result *result, enum selftest_outcome outcome)
{
    result->passed += outcome == SELFTEST_PASS;
    result->failed += outcome == SELFTEST_FAIL;
    result->not_run += outcome == SELFTEST_NOT_RUN;
    result->not_supported += outcome == SELFTEST_NOT_SUPPORTED;
}

static int try_one(struct running *r, const struct selftest_assertion *a, struct json_writer *w,
                   struct err *e)
{
    char work[4090];
    struct selftest_trial t = {.work = work};
    struct err trouble = {0};
    if (!goes_on(r, a->what, e))
        return -1;
    snprintf(work, sizeof work, "%s/%s", r->work, a->id);
    if (file_make_folder(work, 0700, e) != 0)
        return -1;
    buf_init(&t.did);
    if (!a->run)
        selftest_leave(&t, SELFTEST_NOT_SUPPORTED, "%s", no_clones);
    else if (a->run(&t, &trouble) != 0) /* what should work and does not is a finding */
        selftest_fail(&t, "%s", trouble.text);
    count(r->result, t.outcome);
    json_write_object(w);
    json_member_string(w, "id", a->id);
    json_member_string(w, "what", a->what);
    json_member_string(w, "outcome", outcomes[t.outcome]);
    if (t.did.len)
        json_member_slice(w, "done", buf_slice(&t.did));
    if (t.outcome != SELFTEST_PASS)
        json_member_string(w, "why", t.why);
    json_write_object_end(w);
    int result = buf_check(&t.did, e);
    buf_fini(&t.did);
    return selftest_remove(work, e) == 0 ? result : -1;
}

static void system_part(struct json_writer *w)
{
    struct utsname name = {0};
    (void)uname(&name);
    json_write_name(w, "system");
    json_write_object(w);
    json_member_string(w, "kernel", name.sysname);
    json_member_string(w, "release", name.release);
    json_member_string(w, "machine", name.machine);
    json_member_string(w, "digests_by", OpenSSL_version(OPENSSL_VERSION));
    json_write_object_end(w);
}

static bool watch_images(void *context, const char *what)
{
    struct running *r = context;
    const struct evidence_selftest_options *o = r->options;
    return !o->watch || o->watch(o->watch_context, what, r->done, ARRAY_LEN(assertions));
}

static int images_part(struct running *r, struct json_writer *w, struct err *e)
{
    struct selftest_images images = {
        .folder = r->options->images, .work = r->work, .watch = watch_images, .context = r};
    json_write_name(w, "images");
    json_write_array(w);
    int result = r->options->images ? selftest_images_run(&images, w, e) : 0;
    json_write_array_end(w);
    r->result->images = images.tried;
    r->result->images_failed = images.failed;
    return result;
}

static int write_report(struct running *r, struct buf *report, struct err *e)
{
    const struct clock *clock = r->options->clock ? r->options->clock : &clock_system;
    struct evidence_selftest_result *result = r->result;
    struct json_writer w;
    json_write_init(&w, report, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-selftest/v1");
    json_write_name(&w, "tool");
    json_write_object(&w);
    if (evidence_tool_members(&w, NULL, e) != 0)
        return -1;
    json_write_object_end(&w);
    system_part(&w);
    json_member_time(&w, "started", clock_now(clock));
    json_write_name(&w, "assertions");
    json_write_array(&w);
    for (size_t i = 0; i < ARRAY_LEN(assertions); i++)
        if (try_one(r, &assertions[i], &w, e) != 0)
            return -1;
    json_write_array_end(&w);
    if (images_part(r, &w, e) != 0)
        return -1;
    json_member_time(&w, "ended", clock_now(clock));
    json_write_name(&w, "counts");
    json_write_object(&w);
    json_member_int(&w, "pass", (int64_t)result->passed);
    json_member_int(&w, "fail", (int64_t)result->failed);
    json_member_int(&w, "not_run", (int64_t)result->not_run);
    json_member_int(&w, "not_supported", (int64_t)result->not_supported);
    json_member_int(&w, "images", (int64_t)result->images);
    json_member_int(&w, "images_failed", (int64_t)result->images_failed);
    json_write_object_end(&w);
    json_member_string(&w, "outcome", result->failed || result->images_failed ? "fail" : "pass");
    json_write_name(&w, "limits");
    json_write_array(&w);
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        json_write_string(&w, limits[i]);
    json_write_array_end(&w);
    json_write_object_end(&w);
    buf_putc(report, '\n');
    return buf_check(report, e);
}

int evidence_selftest(const struct evidence_selftest_options *options, struct buf *report,
                      struct evidence_selftest_result *result, struct err *e)
{
    struct running r = {.options = options, .result = result};
    const char *top = options->work ? options->work : getenv("TMPDIR");
    struct err later = {0};
    *result = (struct evidence_selftest_result){0};
    if ((size_t)snprintf(r.work, sizeof r.work, "%s/tocsin-selftest-XXXXXX",
                         top && top[0] ? top : "/tmp") >= sizeof r.work)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", top);
    if (!mkdtemp(r.work))
        return err_errno(e, errno, "evidence.write", "no folder can be made for the test");
    int done = write_report(&r, report, e);
    if (selftest_remove(r.work, &later) != 0 && done == 0) {
        *e = later;
        done = -1;
    }
    return done;
}
