/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/capture.h"
#include "base/file.h"
#include "base/memory.h"
#include "evidence/bundle/statement.h"
#include "evidence/capture/record.h"
#include "evidence/capture/ring.h"
#include "evidence/selftest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum {
    SNAPLEN = 262144,
    RING = 64 << 20,
    WAIT_MS = 100,
    FLUSH = 1 << 20,         /* pending bytes */
    STATISTICS_US = 5000000, /* how often the drops are asked for, and written */
    NS = 1000
};

struct capturing {
    const struct evidence_capture_options *options;
    const struct clock *clock;
    struct evidence_ring *ring;
    struct capture_written written;
    struct evidence_capture_status status;
    struct evidence_ring_counts counts, at_file; /* now, and when the file began */
    int64_t started, file_started, asked;
    uint32_t snaplen;
    char data[4096];
    struct buf begun, selftest;
    bool enough;
};

static int ask(struct capturing *c, struct err *e)
{
    if (evidence_ring_count(c->ring, &c->counts, e) != 0)
        return -1;
    c->status.dropped_by_kernel = c->counts.dropped_by_kernel;
    c->status.dropped_by_interface = c->counts.dropped_by_interface;
    c->asked = clock_monotonic(c->clock);
    if (c->written.count) {
        struct capture_file *f = capture_written_file(&c->written);
        f->dropped_by_kernel = c->counts.dropped_by_kernel - c->at_file.dropped_by_kernel;
        f->dropped_by_interface = c->counts.dropped_by_interface - c->at_file.dropped_by_interface;
    }
    return 0;
}

static int put_statistics(struct capturing *c, bool last, struct err *e)
{
    char comment[160];
    uint64_t now = (uint64_t)clock_now(c->clock) * NS;
    if (ask(c, e) != 0)
        return -1;
    const struct capture_file *f = capture_written_file(&c->written);
    snprintf(comment, sizeof comment,
             "counts since the capture began; in this file: dropped by kernel %" PRIu64
             ", by interface %" PRIu64,
             f->dropped_by_kernel, f->dropped_by_interface);
    pcapng_put_statistics(
        &c->written.pending,
        &(struct pcapng_statistics){.at = now,
                                    .began = (uint64_t)c->started * NS,
                                    .ended = last ? now : 0,
                                    .received = c->counts.received,
                                    .delivered = c->status.packets,
                                    .dropped_by_kernel = c->counts.dropped_by_kernel,
                                    .dropped_by_interface = c->counts.dropped_by_interface,
                                    .comment = comment});
    return 0;
}

static int begin_file(struct capturing *c, struct err *e)
{
    const struct evidence_capture_options *o = c->options;
    struct utsname name = {0};
    char system[256], comment[600];
    (void)uname(&name);
    snprintf(system, sizeof system, "%s %s", name.sysname, name.release);
    snprintf(comment, sizeof comment, "file %zu of this capture%s%s%s%s", c->written.count + 1,
             o->statement.exhibit ? "; exhibit " : "",
             o->statement.exhibit ? o->statement.exhibit : "", o->point ? "; " : "",
             o->point ? o->point : "");
    if (capture_written_begin(&c->written, e) != 0)
        return -1;
    c->at_file = c->counts;
    c->file_started = clock_monotonic(c->clock);
    c->status.file = (unsigned)c->written.count;
    pcapng_put_head(&c->written.pending,
                    &(struct pcapng_head){.hardware = name.machine,
                                          .system = system,
                                          .application = "tocsin " TOCSIN_VERSION,
                                          .comment = comment,
                                          .interface = o->interface,
                                          .description = o->point,
                                          .filter = o->filter,
                                          .link = evidence_ring_link(c->ring),
                                          .snaplen = c->snaplen});
    return capture_written_flush(&c->written, e);
}

/* The last statistics, then its hash. */
static int end_file(struct capturing *c, struct err *e)
{
    return put_statistics(c, true, e) == 0 ? capture_written_end(&c->written, e) : -1;
}

static int take(void *context, const struct pcapng_packet *packet, struct err *e)
{
    struct capturing *c = context;
    const struct evidence_capture_options *o = c->options;
    struct capture_file *f = capture_written_file(&c->written);
    if (c->enough)
        return 0;
    if (o->rotate_bytes && f->packets &&
        f->bytes + c->written.pending.len + packet->kept > o->rotate_bytes) {
        if (end_file(c, e) != 0 || begin_file(c, e) != 0)
            return -1;
        f = capture_written_file(&c->written);
    }
    pcapng_put_packet(&c->written.pending, packet);
    c->status.packets++;
    c->status.bytes += packet->kept;
    f->packets++;
    f->last = (int64_t)(packet->at / NS);
    if (!f->first)
        f->first = f->last;
    c->enough = o->packets && c->status.packets == o->packets;
    return c->written.pending.len < FLUSH ? 0 : capture_written_flush(&c->written, e);
}

static int between(struct capturing *c, struct err *e)
{
    const struct evidence_capture_options *o = c->options;
    int64_t now = clock_monotonic(c->clock);
    if (o->rotate_us && now - c->file_started >= o->rotate_us &&
        (end_file(c, e) != 0 || begin_file(c, e) != 0))
        return -1;
    if (now - c->asked >= STATISTICS_US && put_statistics(c, false, e) != 0)
        return -1;
    return capture_written_flush(&c->written, e);
}

static int run(struct capturing *c, struct err *e)
{
    const struct evidence_capture_options *o = c->options;
    int64_t began = clock_monotonic(c->clock);
    if (begin_file(c, e) != 0)
        return -1;
    while (!c->enough) {
        if (o->watch && !o->watch(o->watch_context, &c->status))
            break;
        if (o->duration_us && clock_monotonic(c->clock) - began >= o->duration_us)
            break;
        if (evidence_ring_read(c->ring, WAIT_MS, take, c, e) < 0 || between(c, e) != 0)
            return -1;
    }
    /* What the kernel has given already; a busy network does not keep this from ending. */
    for (int i = 0; i < 4096 && !c->enough; i++) {
        int more = evidence_ring_read(c->ring, WAIT_MS + 50, take, c, e);
        if (more < 0)
            return -1;
        if (more == 0)
            break;
        if (clock_monotonic(c->clock) - c->asked > 2 * STATISTICS_US)
            break;
    }
    return end_file(c, e);
}

static int close_bundle(struct capturing *c, struct evidence_captured *captured, struct err *e)
{
    struct capture_outcome o = {.ended = clock_now(c->clock),
                                .drops_known = true,
                                .interface_known = c->counts.interface_known,
                                .status = c->status};
    if (sha256_final(&c->written.running, o.sha256) != 0)
        return digest_failed(e);
    captured->status = c->status;
    captured->files = c->written.count;
    memcpy(captured->sha256, o.sha256, sizeof o.sha256);
    return capture_record_close(c->options->folder, buf_slice(&c->begun), buf_slice(&c->selftest),
                                &c->written, &o, e);
}

/* The folder, and what says how to go on with it. */
static int make_folder(struct capturing *c, struct err *e)
{
    const char *folder = c->options->folder;
    char path[4200];
    int begun = evidence_bundle_begin(folder, slice_str(capture_mark), e);
    if (begun > 0) {
        err_set(e, ERR_CONFLICT, "evidence.exists", NULL, "a capture was begun in %s already",
                folder);
        return err_hint(e, "close it: tocsin evidence capture --close %s", folder);
    }
    if (begun < 0)
        return -1;
    snprintf(c->data, sizeof c->data, "%s/data", folder);
    if (capture_begun_write(c->options, evidence_ring_link(c->ring), c->snaplen, c->started,
                            &c->begun, e) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/%s", folder, capture_begun_name);
    if (file_write(path, buf_slice(&c->begun), 0600, e) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/selftest.json", folder);
    return c->selftest.len == 0 || file_write(path, buf_slice(&c->selftest), 0600, e) == 0 ? 0 : -1;
}

static int prepare(struct capturing *c, struct err *e)
{
    const struct evidence_capture_options *o = c->options;
    struct evidence_ring_options ring = {.interface = o->interface,
                                         .filter = o->filter,
                                         .snaplen = c->snaplen,
                                         .bytes = o->ring_bytes,
                                         .promiscuous = !o->not_promiscuous};
    if (o->selftest && evidence_selftest_read(o->selftest, &c->selftest, e) != 0)
        return -1;
    c->ring = evidence_ring_open(&ring, e);
    if (!c->ring)
        return -1;
    c->started = clock_now(c->clock);
    if (make_folder(c, e) != 0 || capture_written_init(&c->written, c->data, e) != 0)
        return -1;
    return o->keep_privileges ? 0 : evidence_ring_drop_privileges(e);
}

int evidence_capture(const struct evidence_capture_options *options,
                     struct evidence_captured *captured, struct err *e)
{
    struct evidence_capture_options mine = *options;
    struct capturing *c = mem_new(1, sizeof *c);
    *captured = (struct evidence_captured){0};
    if (!c)
        return err_memory(e);
    mine.snaplen = mine.snaplen ? mine.snaplen : SNAPLEN;
    mine.ring_bytes = mine.ring_bytes ? mine.ring_bytes : RING;
    c->options = &mine;
    c->snaplen = mine.snaplen;
    c->clock = options->clock ? options->clock : &clock_system;
    c->written.fd = -1;
    buf_init(&c->begun);
    buf_init(&c->selftest);
    int result = prepare(c, e);
    if (result == 0) {
        result = run(c, e);
        captured->status = c->status;
        if (result == 0)
            result = close_bundle(c, captured, e);
        else if (c->written.fd >= 0) { /* what is written stays readable */
            struct err none = {0};
            (void)!capture_written_flush(&c->written, &none);
        }
    }
    evidence_ring_close(c->ring);
    capture_written_fini(&c->written);
    buf_fini(&c->begun);
    buf_fini(&c->selftest);
    mem_free(c);
    return result;
}
