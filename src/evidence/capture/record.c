/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/capture/record.h"
#include "base/encoding.h"
#include "base/json.h"
#include "evidence/bundle/bag.h"
#include "evidence/bundle/how.h"
#include "evidence/bundle/statement.h"
#include "evidence/custody/clock.h"
#include "evidence/selftest.h"
#include "evidence/tool.h"
#include "evidence/uco.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char capture_mark[] =
    "This capture is under way, or was broken off. Its files are readable as far as they go, and\n"
    "are no evidence yet. If the program does not run any more, close it:\n"
    "    tocsin evidence capture --close FOLDER\n";
const char capture_begun_name[] = "begun.json";

static void clock_part(struct json_writer *w, const char *name, const struct clock *clock)
{
    struct evidence_clock_reading r;
    evidence_clock_read(&r, clock);
    json_write_name(w, name);
    json_write_object(w);
    evidence_kernel_clock_write(w, &r.kernel);
    evidence_clock_write(w, &r);
    json_write_object_end(w);
}

int capture_begun_write(const struct evidence_capture_options *o, uint16_t link, uint32_t snaplen,
                        int64_t started, struct buf *out, struct err *e)
{
    const struct clock *clock = o->clock ? o->clock : &clock_system;
    struct json_writer w;
    (void)started;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    evidence_statement_write(&w, &o->statement);
    clock_part(&w, "started", clock);
    json_write_name(&w, "tool");
    json_write_object(&w);
    if (evidence_tool_members(&w, o->command, e) != 0)
        return -1;
    json_write_object_end(&w);
    json_write_name(&w, "how");
    json_write_object(&w);
    json_member_string(&w, "interface", o->interface);
    if (o->point)
        json_member_string(&w, "point", o->point);
    if (o->filter && o->filter[0])
        json_member_string(&w, "filter", o->filter);
    json_member_int(&w, "snaplen", snaplen);
    json_member_int(&w, "link_type", link);
    json_member_bool(&w, "promiscuous", !o->not_promiscuous);
    json_member_int(&w, "ring_bytes", (int64_t)o->ring_bytes);
    if (o->rotate_bytes)
        json_member_int(&w, "rotate_bytes", (int64_t)o->rotate_bytes);
    if (o->rotate_us)
        json_member_int(&w, "rotate_seconds", o->rotate_us / 1000000);
    json_member_string(&w, "times_of_packets", "by the kernel's clock, in nanoseconds");
    json_write_object_end(&w);
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}

static void files_part(struct json_writer *w, const struct capture_written *written,
                       bool drops_known)
{
    json_write_name(w, "files");
    json_write_array(w);
    for (size_t i = 0; i < written->count; i++) {
        const struct capture_file *f = &written->files[i];
        char name[CAPTURE_NAME];
        capture_file_name(i + 1, name);
        json_write_object(w);
        json_member_string(w, "file", name);
        json_member_int(w, "bytes", (int64_t)f->bytes);
        json_member_int(w, "packets", (int64_t)f->packets);
        if (drops_known) {
            json_member_int(w, "dropped_by_kernel", (int64_t)f->dropped_by_kernel);
            json_member_int(w, "dropped_by_interface", (int64_t)f->dropped_by_interface);
        }
        if (f->first) {
            json_member_time(w, "first_packet", f->first);
            json_member_time(w, "last_packet", f->last);
        }
        json_member_hex(w, "sha256", slice_of(f->sha256, SHA256_LEN));
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void capture_part(struct json_writer *w, const struct json_value *how,
                         const struct capture_written *written, const struct capture_outcome *o)
{
    json_write_name(w, "capture");
    json_write_object(w);
    json_each(member, how)
    {
        json_write_name_slice(w, json_name(member));
        json_write_value(w, member);
    }
    json_member_int(w, "packets", (int64_t)o->status.packets);
    json_member_int(w, "bytes", (int64_t)o->status.bytes);
    json_member_int(w, "dropped_by_kernel", (int64_t)o->status.dropped_by_kernel);
    json_member_int(w, "dropped_by_interface", (int64_t)o->status.dropped_by_interface);
    if (!o->drops_known)
        json_member_string(w, "drops_are_known",
                           "up to the last statistics that were written; what was dropped after "
                           "them is not known");
    if (!o->interface_known)
        json_member_string(w, "interface_counts", "the interface has no counters of what it drops");
    json_member_bool(w, "broken_off", o->broken_off);
    if (o->broken_off) {
        json_member_time(w, "closed", o->closed);
        json_member_int(w, "cut_bytes", (int64_t)o->cut_bytes);
    }
    json_member_hex(w, "sha256_of_all_files", slice_of(o->sha256, SHA256_LEN));
    files_part(w, written, o->drops_known);
    json_write_object_end(w);
}

static int put_record(const struct json_value *begun, struct slice selftest,
                      const struct capture_written *written, const struct capture_outcome *o,
                      struct buf *out, struct err *e)
{
    struct json_writer w;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-acquisition/v1");
    json_each(member, begun)
    {
        if (slice_is(json_name(member), "how"))
            continue;
        json_write_name_slice(&w, json_name(member));
        if (slice_is(json_name(member), "tool")) {
            json_write_object(&w);
            json_each(part, member)
            {
                json_write_name_slice(&w, json_name(part));
                json_write_value(&w, part);
            }
            if (evidence_selftest_member(&w, selftest, e) != 0)
                return -1;
            json_write_object_end(&w);
        } else {
            json_write_value(&w, member);
        }
    }
    if (o->broken_off) { /* the clock of then is not known any more */
        json_write_name(&w, "ended");
        json_write_object(&w);
        json_member_time(&w, "at", o->ended);
        json_member_string(&w, "clock", "the time of the last packet that was written");
        json_write_object_end(&w);
    } else {
        clock_part(&w, "ended", &clock_system);
    }
    capture_part(&w, json_get(begun, "how"), written, o);
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}

static int put_how(struct evidence_bag *bag, const struct capture_outcome *o, struct err *e)
{
    char hex[2 * SHA256_LEN + 1];
    struct buf says;
    hex_format(o->sha256, sizeof o->sha256, hex);
    buf_init(&says);
    buf_printf(&says,
               "   No file of the capture is missing, and they are in their order. %s\n"
               "   must come:\n\n"
               "       cat data/capture-*.pcapng | sha256sum\n\n"
               "   The files are pcapng; capinfos and tshark of Wireshark read them. They hold\n"
               "   %" PRIu64 " packets; %" PRIu64 " were dropped by the kernel, %" PRIu64
               " by the interface. The statistics in the\n   files say the same.\n",
               hex, o->status.packets, o->status.dropped_by_kernel, o->status.dropped_by_interface);
    int result = buf_check(&says, e);
    if (result == 0)
        result = evidence_how_put(bag, &(struct evidence_how){.says = buf_text(&says)}, e);
    buf_fini(&says);
    return result;
}

static int put_tags(struct evidence_bag *bag, const struct json_value *begun, struct slice selftest,
                    const struct capture_written *written, const struct capture_outcome *o,
                    struct err *e)
{
    struct buf text;
    buf_init(&text);
    int result = put_record(begun, selftest, written, o, &text, e);
    if (result == 0)
        result = evidence_bag_tag(bag, "acquisition.json", buf_slice(&text), e);
    if (result == 0)
        result = evidence_uco_tag(bag, buf_slice(&text), e);
    if (result == 0)
        result = put_how(bag, o, e);
    if (result == 0)
        result = evidence_selftest_tag(bag, selftest, e);
    buf_fini(&text);
    return result;
}

static int close_bag(struct evidence_bag *bag, const struct json_value *begun,
                     struct slice selftest, const struct capture_written *written,
                     const struct capture_outcome *o, struct err *e)
{
    const struct json_value *who = json_get(begun, "examiner");
    char day[TIME_TEXT], text[256];
    uint8_t top[SHA256_LEN];
    for (size_t i = 0; i < written->count; i++) {
        char name[CAPTURE_NAME];
        capture_file_name(i + 1, name);
        evidence_bag_payload(bag, name, written->files[i].bytes, written->files[i].sha256);
    }
    time_format(o->broken_off ? o->closed : o->ended, day);
    day[10] = 0;
    evidence_bag_info(bag, "Bagging-Date", day);
    snprintf(text, sizeof text, "%.*s", SLICE_ARG(json_get_string(begun, "exhibit")));
    evidence_bag_info(bag, "External-Identifier", text);
    snprintf(text, sizeof text, "%.*s", SLICE_ARG(json_get_string(who, "name")));
    evidence_bag_info(bag, "Contact-Name", text);
    evidence_bag_info(bag, "Bag-Software-Agent", "tocsin " TOCSIN_VERSION);
    return put_tags(bag, begun, selftest, written, o, e) == 0 ? evidence_bag_close(bag, top, e)
                                                              : -1;
}

int capture_record_close(const char *folder, struct slice begun, struct slice selftest,
                         const struct capture_written *written,
                         const struct capture_outcome *outcome, struct err *e)
{
    struct json_doc *doc = NULL;
    struct evidence_bag bag;
    char path[4200];
    if (json_parse(&doc, begun, NULL, e) != 0)
        return -1;
    evidence_bag_init(&bag, folder);
    int result = close_bag(&bag, json_root(doc), selftest, written, outcome, e);
    evidence_bag_fini(&bag);
    json_doc_free(doc);
    snprintf(path, sizeof path, "%s/%s", folder, capture_begun_name);
    if (result == 0 && unlink(path) != 0 && errno != ENOENT)
        result = err_errno(e, errno, "evidence.write", "%s cannot be taken away", path);
    return result == 0 ? evidence_bundle_end(folder, e) : -1;
}
