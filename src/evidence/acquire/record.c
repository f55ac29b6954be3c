/* SPDX-License-Identifier: Apache-2.0 */
/* acquisition.json, map.txt, VERIFY.txt and the manifests: what a bundle says of its acquisition.
 */
#include "base/file.h"
#include "base/json.h"
#include "evidence/acquire/acquisition.h"
#include "evidence/bundle/bag.h"
#include "evidence/bundle/how.h"
#include "evidence/bundle/image_files.h"
#include "evidence/bundle/manifest.h"
#include "evidence/bundle/statement.h"
#include "evidence/selftest.h"
#include "evidence/tool.h"
#include "evidence/uco.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RANGES = 1000 };

static int tool_part(struct json_writer *w, const struct evidence_acquisition *a, struct err *e)
{
    json_write_name(w, "tool");
    json_write_object(w);
    int result = evidence_tool_members(w, a->options->command, e);
    if (result == 0)
        result = evidence_selftest_member(w, buf_slice(&a->selftest), e);
    json_write_object_end(w);
    return result;
}

static void flag(struct json_writer *w, const char *name, int value)
{
    if (value >= 0)
        json_member_bool(w, name, value);
}

/* What is known of the blocker that was named. */
static int blocker_part(struct json_writer *w, const struct evidence_acquisition *a, struct err *e)
{
    const struct evidence_acquire_options *o = a->options;
    if (!o->write_blocker)
        return 0;
    json_member_string(w, "write_blocker", o->write_blocker);
    if (a->blocker && a->blocker->verdict == EVIDENCE_BLOCKER_DOES_NOT_HOLD)
        evidence_member_given(w, "write_blocker_deviation", o->blocker_deviation);
    return evidence_blocker_member(w, a->blocker, a->started, e);
}

static void protection_part(struct json_writer *w, const struct evidence_acquisition *a)
{
    const struct evidence_protection *before = &a->source.identity.protection, *now = &a->protected;
    flag(w, "kernel_read_only", before->kernel);
    flag(w, "device_read_only", before->device);
    json_member_string(w, "write_protection", a->acquired->protection);
    if (before->kernel >= 0)
        json_member_string(w, "write_protection_at_end",
                           now->kernel == before->kernel && now->device == before->device
                               ? "the same"
                               : "CHANGED while it was acquired");
    if (before->writes < 0 || now->writes < before->writes)
        return;
    json_member_int(w, "writes_before", before->writes);
    json_member_int(w, "writes_while_acquired", now->writes - before->writes);
}

static int source_part(struct json_writer *w, const struct evidence_acquisition *a, struct err *e)
{
    const struct evidence_source *s = &a->source;
    const struct evidence_identity *i = &s->identity;
    json_write_name(w, "source");
    json_write_object(w);
    json_member_string(w, "path", s->path);
    json_member_string(w, "kind", s->kind == EVIDENCE_SOURCE_DEVICE ? "block device" : "file");
    json_member_int(w, "bytes", (int64_t)s->all_bytes);
    if (s->from || s->bytes != s->all_bytes) {
        json_member_int(w, "range_from", (int64_t)s->from);
        json_member_int(w, "range_bytes", (int64_t)s->bytes);
    }
    json_member_int(w, "sector_bytes", s->sector);
    json_member_int(w, "physical_sector_bytes", s->physical);
    evidence_member_given(w, "vendor", i->vendor);
    evidence_member_given(w, "model", i->model);
    evidence_member_given(w, "serial", i->serial);
    evidence_member_given(w, "firmware", i->firmware);
    evidence_member_given(w, "wwid", i->wwid);
    evidence_member_given(w, "bus", i->bus);
    evidence_member_given(w, "attached_by", i->attached_by);
    evidence_member_given(w, "made_of", i->made_of);
    flag(w, "removable", i->removable);
    protection_part(w, a);
    int result = blocker_part(w, a, e);
    json_member_string(w, "opened",
                       s->fd >= 0 ? "read-only, past the host's cache (O_DIRECT)"
                                  : "read-only, through the host's cache");
    json_member_string(w, "hidden_sectors", i->native_why);
    if (i->native_bytes)
        json_member_int(w, "native_bytes", (int64_t)i->native_bytes);
    json_write_object_end(w);
    return result;
}

static void reading_part(struct json_writer *w, struct evidence_acquisition *a)
{
    const struct evidence_reading *r = &a->reading;
    struct evidence_extent x;
    json_write_name(w, "reading");
    json_write_object(w);
    json_member_int(w, "read_errors", (int64_t)r->read_errors);
    if (r->read_errors) {
        json_member_int(w, "first_error_at", (int64_t)r->first_offset);
        json_member_string(w, "first_error",
                           r->first_errno ? strerrordesc_np(r->first_errno)
                                          : "the source ended before its size");
    }
    json_member_int(w, "retries", r->retries);
    json_member_string(w, "unreadable_is_filled_with",
                       r->fill == EVIDENCE_FILL_ZERO ? "zeros" : "UNREADABLESECTOR");
    json_member_int(w, "unreadable_bytes", (int64_t)a->acquired->unreadable);
    json_member_int(w, "unreadable_ranges", (int64_t)a->acquired->bad_ranges);
    json_write_name(w, "unreadable");
    json_write_array(w);
    size_t shown = 0;
    for (uint64_t at = 0; shown < RANGES && evidence_map_next(&r->map, at, EVIDENCE_UNREADABLE, &x);
         at = x.from + x.bytes, shown++) {
        json_write_object(w);
        json_member_int(w, "from", (int64_t)x.from);
        json_member_int(w, "bytes", (int64_t)x.bytes);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    if (a->from)
        json_member_int(w, "gone_on_with_at", (int64_t)a->from);
    json_write_name(w, "log");
    json_write_object(w);
    evidence_read_totals_write(w, &a->logged);
    json_write_object_end(w);
    json_write_object_end(w);
}

static void checks_part(struct json_writer *w, const struct evidence_acquisition *a)
{
    const struct evidence_acquired *d = a->acquired;
    json_write_name(w, "checks");
    json_write_object(w);
    json_member_string(w, "read_back",
                       d->read_back ? "the image was read back and is the same" : "not done");
    const char *source = "not done";
    if (a->dirty)
        source = "not possible: sectors could not be read; the hashes of the chunks without bad "
                 "sectors stand in data/image.chunks";
    else if (d->source_rehashed)
        source = d->source_changed ? "CHANGED: the source gave other bytes when read again"
                                   : "the source was read again and gave the same";
    json_member_string(w, "source_again", source);
    json_member_bool(w, "source_shrank", d->source_shrank);
    json_write_object_end(w);
}

static int write_record(struct evidence_acquisition *a, struct buf *out, struct err *e)
{
    struct json_writer w;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-acquisition/v1");
    evidence_statement_write(&w, &a->options->statement);
    evidence_time_write(&w, "started", a->started);
    evidence_time_write(&w, "ended", clock_now(a->clock));
    if (tool_part(&w, a, e) != 0 || source_part(&w, a, e) != 0)
        return -1;
    evidence_image_members(&w, &a->written, !a->options->plain, a->acquired->sha256,
                           a->acquired->has_sha512 ? a->acquired->sha512 : NULL);
    reading_part(&w, a);
    checks_part(&w, a);
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}

static int put_log(struct evidence_acquisition *a, struct evidence_bag *bag, struct err *e)
{
    uint8_t sha256[SHA256_LEN];
    uint64_t bytes;
    if (evidence_read_log_close(a->log, &a->logged, e) != 0 ||
        evidence_file_digest(a->options->folder, EVIDENCE_READ_LOG, sha256, &bytes, e) != 0)
        return -1;
    evidence_bag_payload(bag, &EVIDENCE_READ_LOG[strlen("data/")], bytes, sha256);
    return 0;
}

static int close_bag(struct evidence_acquisition *a, struct evidence_bag *bag, struct buf *text,
                     struct err *e)
{
    const struct evidence_image_written *image = &a->written;
    char name[EVIDENCE_NAME], day[TIME_TEXT];
    uint8_t top[SHA256_LEN];
    for (size_t i = 0; i < image->segment_count; i++) {
        evidence_segment_name(image->segments[i].number, !a->options->plain, name);
        evidence_bag_payload(bag, name, image->segments[i].bytes, image->segments[i].sha256);
    }
    evidence_bag_payload(bag, "image.chunks", image->table_bytes, image->table_sha256);
    if (put_log(a, bag, e) != 0)
        return -1;
    evidence_bag_image(bag, image->image_bytes, EVIDENCE_CHUNK, image->root);
    time_format(clock_now(a->clock), day);
    day[10] = 0;
    evidence_bag_info(bag, "Bagging-Date", day);
    evidence_bag_info(bag, "External-Identifier", a->options->statement.exhibit);
    evidence_bag_info(bag, "External-Description", a->options->statement.description);
    evidence_bag_info(bag, "Contact-Name", a->options->statement.examiner);
    evidence_bag_info(bag, "Bag-Software-Agent", "tocsin " TOCSIN_VERSION);
    if (write_record(a, text, e) != 0 ||
        evidence_bag_tag(bag, "acquisition.json", buf_slice(text), e) != 0 ||
        evidence_uco_tag(bag, buf_slice(text), e) != 0)
        return -1;
    buf_reset(text);
    evidence_map_write(&a->reading.map, text);
    if (evidence_bag_salt(text, "# salt:", e) != 0 || buf_check(text, e) != 0 ||
        evidence_bag_tag(bag, "map.txt", buf_slice(text), e) != 0)
        return -1;
    const struct evidence_how how = {.has_image = true,
                                     .packed = !a->options->plain,
                                     .image_bytes = image->image_bytes,
                                     .image_sha256 = a->acquired->sha256,
                                     .image_sha512 =
                                         a->acquired->has_sha512 ? a->acquired->sha512 : NULL};
    if (evidence_how_put(bag, &how, e) != 0)
        return -1;
    if (evidence_selftest_tag(bag, buf_slice(&a->selftest), e) != 0 ||
        evidence_blocker_tag(bag, a->blocker, e) != 0)
        return -1;
    return evidence_bag_close(bag, top, e);
}

int evidence_acquisition_close(struct evidence_acquisition *a, struct err *e)
{
    struct evidence_acquired *d = a->acquired;
    struct evidence_bag bag;
    struct evidence_extent x;
    struct buf text;
    char mark[4096];
    d->bytes = a->written.image_bytes;
    d->stored_bytes = a->written.stored_bytes;
    d->chunks = a->written.chunks;
    memcpy(d->root, a->written.root, sizeof d->root);
    d->unreadable = evidence_map_sum(&a->reading.map, EVIDENCE_UNREADABLE);
    for (uint64_t at = 0; evidence_map_next(&a->reading.map, at, EVIDENCE_UNREADABLE, &x);
         at = x.from + x.bytes)
        d->bad_ranges++;
    d->source_shrank =
        a->reading.shrank || evidence_source_size_now(&a->source) != a->source.all_bytes;
    evidence_source_protection(&a->source, &a->protected);
    evidence_protection_tell(&a->source.identity.protection, d->protection, sizeof d->protection);
    if (a->source.identity.protection.writes >= 0 &&
        a->protected.writes > a->source.identity.protection.writes)
        d->source_writes = (uint64_t)(a->protected.writes - a->source.identity.protection.writes);
    buf_init(&text);
    evidence_bag_init(&bag, a->options->folder);
    int result = close_bag(a, &bag, &text, e);
    evidence_bag_fini(&bag);
    buf_fini(&text);
    snprintf(mark, sizeof mark, "%s/INCOMPLETE", a->options->folder);
    if (result == 0 && unlink(mark) != 0)
        result = err_errno(e, errno, "evidence.write", "%s cannot be taken away", mark);
    return result;
}
