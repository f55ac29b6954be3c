/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/capture.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/json.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_answer.h"
#include "cli/evidence_keep.h"
#include "cli/evidence_said.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/case/acquired.h"

#include <inttypes.h>

enum { UNIT = 1 << 20 };

static bool watch(void *context, const struct evidence_capture_status *status)
{
    struct progress *p = context;
    if (!p->unit)
        progress_start(p, "packets", 0);
    if (status->dropped_by_kernel || status->dropped_by_interface)
        p->unit = "packets (DROPS)";
    progress_to(p, status->packets);
    return !evidence_stop_asked();
}

static int options_of(const struct cli_args *args, struct evidence_capture_options *o,
                      struct err *e)
{
    int64_t snaplen, size, time, duration, packets, ring;
    if (cli_number(args, "snaplen", 64, 262144, 0, &snaplen, e) != 0 ||
        cli_number(args, "rotate-size", 1, 1 << 20, 0, &size, e) != 0 ||
        cli_number(args, "rotate-time", 1, 1 << 30, 0, &time, e) != 0 ||
        cli_number(args, "duration", 1, 1 << 30, 0, &duration, e) != 0 ||
        cli_number(args, "packets", 1, INT64_MAX, 0, &packets, e) != 0 ||
        cli_number(args, "ring", 1, 4096, 0, &ring, e) != 0)
        return -1;
    o->folder = args->operands[0];
    o->interface = cli_value(args, "interface");
    o->point = cli_value(args, "point");
    o->filter = cli_value(args, "filter");
    o->snaplen = (uint32_t)snaplen;
    o->rotate_bytes = (uint64_t)size * UNIT;
    o->rotate_us = time * 1000000;
    o->duration_us = duration * 1000000;
    o->packets = (uint64_t)packets;
    o->ring_bytes = (size_t)ring * UNIT;
    o->not_promiscuous = cli_flag(args, "no-promiscuous");
    o->statement = evidence_statement_of(args);
    if (!o->interface && !cli_flag(args, "close")) {
        err_set(e, ERR_USAGE, "cli.option", NULL, "--interface is needed: which one to listen to");
        return -1;
    }
    return 0;
}

static void tell_json(const char *folder, const struct evidence_captured *d)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_member_string(&w, "bundle", folder);
    json_member_int(&w, "packets", (int64_t)d->status.packets);
    json_member_int(&w, "bytes", (int64_t)d->status.bytes);
    json_member_int(&w, "dropped_by_kernel", (int64_t)d->status.dropped_by_kernel);
    json_member_int(&w, "dropped_by_interface", (int64_t)d->status.dropped_by_interface);
    json_member_int(&w, "files", (int64_t)d->files);
    json_member_int(&w, "cut_bytes", (int64_t)d->cut_bytes);
    json_member_hex(&w, "sha256_of_all_files", slice_of(d->sha256, sizeof d->sha256));
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

static void tell(const struct evidence_captured *d)
{
    printf("captured: %" PRIu64 " packets in %" PRIu64 " files\n", d->status.packets, d->files);
    printf("SHA-256 of all files: ");
    for (size_t i = 0; i < sizeof d->sha256; i++)
        printf("%02x", d->sha256[i]);
    printf("\ndropped: %" PRIu64 " by the kernel, %" PRIu64 " by the interface\n",
           d->status.dropped_by_kernel, d->status.dropped_by_interface);
    if (d->cut_bytes)
        printf("cut: %" PRIu64 " bytes of a packet that was not written to its end\n",
               d->cut_bytes);
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress = {0};
    struct evidence_captured done = {0};
    struct evidence_keeping keeping = {0};
    struct evidence_capture_options options = {.watch = watch, .watch_context = &progress};
    int result = options_of(args, &options, &e);
    if (result == 0)
        result = evidence_keep_begin(&keeping, args, &options.statement, &options.folder, &e);
    options.command = keeping.told.said.command;
    options.selftest = keeping.selftest;
    keeping.report.method = "capture";
    keeping.report.source =
        options.interface ? options.interface : "the interface that begun.json named";
    keeping.report.verifiable =
        "no: traffic passes once; what was dropped is counted in the record";
    keeping.report.write_protection = "packets are copied from the interface; none is sent";
    if (result == 0)
        result = evidence_keep_check(&keeping, options.folder, &e);
    evidence_stop_listen();
    if (result == 0)
        result = cli_flag(args, "close") ? evidence_capture_close(options.folder, &done, &e)
                                         : evidence_capture(&options, &done, &e);
    if (progress.unit)
        progress_end(&progress);
    if (result == 0)
        result = evidence_keep_record(&keeping, options.folder, &e);
    evidence_keep_end(&keeping);
    if (result != 0) {
        int said = say_fail(args, &e);
        return say_end(args, e.kind == ERR_USAGE ? said : 3);
    }
    if (cli_flag(args, "json"))
        tell_json(options.folder, &done);
    else
        tell(&done);
    bool dropped = done.status.dropped_by_kernel || done.status.dropped_by_interface;
    if (dropped)
        fputs("tocsin: evidence capture: packets were dropped: this is not all of the traffic\n",
              stderr);
    return say_end(args, dropped ? 1 : 0);
}

static const struct cli_option capture_options[] = {
    {"interface", "NAME", "the interface to listen to", 'i', false},
    {"filter", "EXPR", "which packets (pcap-filter(7)); default: every one", 0, false},
    {"snaplen", "BYTES", "keep so many bytes of a packet (default: all)", 0, false},
    {"point", "TEXT", "where in the network it is: mirror port, tap", 0, false},
    {"rotate-size", "MIB", "begin a new file at this size", 0, false},
    {"rotate-time", "SECONDS", "begin a new file after this time", 0, false},
    {"duration", "SECONDS", "end after this time (default: at Ctrl-C)", 0, false},
    {"packets", "N", "end after so many packets", 0, false},
    {"ring", "MIB", "memory that the kernel puts packets into (default 64)", 0, false},
    {"no-promiscuous", NULL, "only packets that are for this machine", 0, false},
    {"close", NULL, "close a capture that was broken off", 0, false},
    {"exhibit", "ID", "identifier of the exhibit", 0, false},
    {"description", "TEXT", "what is captured", 0, false},
    {"examiner", "NAME", "who captures", 0, false},
    {"competence", "TEXT", "qualification of the examiner", 0, false},
    EVIDENCE_KEEP_OPTIONS,
};

const struct cli_verb evidence_capture_verb = {
    .name = "capture",
    .operands = "FOLDER",
    .summary = "packets of an interface into a bundle of pcapng files",
    .text =
        "What the kernel and the interface dropped is in the files, in the record and in the exit\n"
        "code. It takes the capability CAP_NET_RAW, which is given up as soon as the interface is\n"
        "open. Killed, what was written stays readable; --close makes a bundle of it. With\n"
        "--identity, the record \"acquired\" is signed and begins the bundle's custody log.\n"
        "Exit code: 0 nothing was dropped, 1 something was, 3 could not do it.\n",
    .examples =
        "  tocsin evidence capture case-7/net.evidence -i eth1 --filter 'host 192.0.2.7' \\\n"
        "      --rotate-size 256 --point 'mirror port 3 of sw-1'\n"
        "  tocsin evidence capture --close case-7/net.evidence\n",
    .options = capture_options,
    .option_count = ARRAY_LEN(capture_options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run,
};
