/* SPDX-License-Identifier: Apache-2.0 */
/* What a bundle says of an import: acquisition.json, entries.jsonl, map.txt, VERIFY.txt, manifests.
 */
#include "base/clock.h"
#include "base/json.h"
#include "evidence/bundle/how.h"
#include "evidence/bundle/image_files.h"
#include "evidence/bundle/statement.h"
#include "evidence/image/import.h"
#include "evidence/image/output.h"
#include "evidence/selftest.h"
#include "evidence/tool.h"
#include "evidence/uco.h"

#include <stdio.h>
#include <string.h>

static const char *kind_name(enum evidence_import_kind kind)
{
    return kind == EVIDENCE_IMPORT_E01 ? "E01" : kind == EVIDENCE_IMPORT_ZIP ? "ZIP" : "raw";
}

static int tool_part(struct json_writer *w, const struct evidence_importing *i, struct err *e)
{
    json_write_name(w, "tool");
    json_write_object(w);
    int result = evidence_tool_members(w, i->options->command, e);
    if (result == 0)
        result = evidence_selftest_member(w, buf_slice(&i->selftest), e);
    json_write_object_end(w);
    return result;
}

static void files_part(struct json_writer *w, const struct evidence_importing *i)
{
    json_write_name(w, "files");
    json_write_array(w);
    for (size_t k = 0; k < i->file_count; k++) {
        const struct evidence_received *f = &i->files[k];
        json_write_object(w);
        json_member_string(w, "name", evidence_output_name(f->path));
        json_member_int(w, "bytes", (int64_t)f->bytes);
        json_member_hex(w, "sha256", slice_of(f->sha256, SHA256_LEN));
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void stored_hash(struct json_writer *w, const char *name, const char *stored, bool fits)
{
    json_write_name(w, name);
    json_write_object(w);
    json_member_string(w, "stored", stored);
    json_member_bool(w, "fits", fits);
    json_write_object_end(w);
}

static void claims_part(struct json_writer *w, const struct evidence_importing *i)
{
    const struct evidence_imported *d = i->imported;
    json_write_name(w, "says_of_itself");
    json_write_object(w);
    for (size_t k = 0; k < i->claim_count; k++)
        if (strncmp(i->claims[k].name, "header ", 7) == 0)
            json_member_string(w, i->claims[k].name + 7, i->claims[k].text);
    if (d->md5_stored)
        stored_hash(w, "md5", evidence_import_claim(i, "md5"), d->md5_fits);
    if (d->sha1_stored)
        stored_hash(w, "sha1", evidence_import_claim(i, "sha1"), d->sha1_fits);
    json_write_object_end(w);
}

static void received_part(struct json_writer *w, const struct evidence_importing *i)
{
    const struct evidence_import_options *o = i->options;
    json_write_name(w, "received");
    json_write_object(w);
    json_member_bool(w, "collected_by_another", true);
    evidence_member_given(w, "collected_by", o->collected_by);
    json_member_string(w, "given_by", o->given_by);
    json_member_time(w, "at", o->received ? o->received : i->started);
    json_member_string(w, "as", kind_name(i->imported->kind));
    files_part(w, i);
    if (i->imported->kind == EVIDENCE_IMPORT_E01)
        claims_part(w, i);
    if (o->expected) {
        json_member_hex(w, "sha256_told", slice_of(o->expected, SHA256_LEN));
        json_member_bool(w, "sha256_told_fits", i->imported->expected_fits);
    }
    if (i->imported->kind == EVIDENCE_IMPORT_ZIP) {
        json_member_int(w, "entries", (int64_t)i->imported->entries);
        json_member_int(w, "entries_with_problems", (int64_t)i->imported->refused);
        evidence_member_given(w, "entries_stop_because", i->entries_why);
    }
    json_write_object_end(w);
}

static void source_part(struct json_writer *w, const struct evidence_importing *i)
{
    json_write_name(w, "source");
    json_write_object(w);
    json_member_string(w, "path", i->files[0].path);
    json_member_string(w, "kind", "files collected by another");
    json_member_int(w, "bytes", (int64_t)i->bytes);
    json_member_int(w, "sector_bytes", i->sector);
    evidence_member_given(w, "model", evidence_import_claim(i, "header model"));
    evidence_member_given(w, "serial", evidence_import_claim(i, "header serial_number"));
    json_member_string(w, "opened", "read-only");
    json_member_string(w, "hidden_sectors", "not checked: the device is not here");
    json_write_object_end(w);
}

static void reading_part(struct json_writer *w, const struct evidence_importing *i)
{
    json_write_name(w, "reading");
    json_write_object(w);
    json_member_string(
        w, "unreadable_is_filled_with",
        i->imported->kind == EVIDENCE_IMPORT_E01
            ? "UNREADABLESECTOR where a chunk cannot be read; else what the E01 holds"
            : "nothing: all was read");
    json_member_int(w, "unreadable_bytes", (int64_t)i->imported->damaged);
    json_member_int(w, "unreadable_ranges", (int64_t)i->imported->ranges);
    json_write_name(w, "unreadable");
    json_write_array(w);
    for (size_t k = 0; k < i->damage_count; k++) {
        json_write_object(w);
        json_member_int(w, "from", (int64_t)i->damage[k].from);
        json_member_int(w, "bytes", (int64_t)i->damage[k].bytes);
        json_member_string(w, "why", i->damage[k].why);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

static int write_record(const struct evidence_importing *i, struct buf *out, struct err *e)
{
    struct json_writer w;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-acquisition/v1");
    evidence_statement_write(&w, &i->options->statement);
    evidence_time_write(&w, "started", i->started);
    evidence_time_write(&w, "ended", clock_now(&clock_system));
    if (tool_part(&w, i, e) != 0)
        return -1;
    received_part(&w, i);
    source_part(&w, i);
    evidence_image_members(&w, &i->written, !i->options->plain, i->imported->sha256, NULL);
    reading_part(&w, i);
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}

static int put_how(const struct evidence_importing *i, struct evidence_bag *bag, struct err *e)
{
    static const char zip[] =
        "   It was collected by another. acquisition.json, \"received\", has the SHA-256 of each\n"
        "   file as it came: sha256sum of those that the giver keeps must be the same.\n"
        "   The image is the archive, byte by byte; entries.jsonl lists what is in it.\n";
    static const char other[] =
        "   It was collected by another. acquisition.json, \"received\", has the SHA-256 of each\n"
        "   file as it came: sha256sum of those that the giver keeps must be the same.\n";
    const struct evidence_how how = {.has_image = true,
                                     .packed = !i->options->plain,
                                     .image_bytes = i->written.image_bytes,
                                     .image_sha256 = i->imported->sha256,
                                     .says =
                                         i->imported->kind == EVIDENCE_IMPORT_ZIP ? zip : other};
    return evidence_how_put(bag, &how, e);
}

static int put_tag(struct evidence_bag *bag, const char *name, struct buf *text, struct err *e)
{
    int result = buf_check(text, e) == 0 ? evidence_bag_tag(bag, name, buf_slice(text), e) : -1;
    buf_reset(text);
    return result;
}

/* The same for other programs. */
static int close_bag(struct evidence_importing *i, struct evidence_bag *bag, struct buf *text,
                     struct err *e)
{
    const struct evidence_image_written *image = &i->written;
    char name[EVIDENCE_NAME], day[TIME_TEXT];
    uint8_t top[SHA256_LEN];
    for (size_t k = 0; k < image->segment_count; k++) {
        evidence_segment_name(image->segments[k].number, !i->options->plain, name);
        evidence_bag_payload(bag, name, image->segments[k].bytes, image->segments[k].sha256);
    }
    evidence_bag_payload(bag, "image.chunks", image->table_bytes, image->table_sha256);
    evidence_bag_image(bag, image->image_bytes, EVIDENCE_CHUNK, image->root);
    time_format(clock_now(&clock_system), day);
    day[10] = 0;
    evidence_bag_info(bag, "Source-Organization", i->options->given_by);
    evidence_bag_info(bag, "Bagging-Date", day);
    evidence_bag_info(bag, "External-Identifier", i->options->statement.exhibit);
    evidence_bag_info(bag, "External-Description", i->options->statement.description);
    evidence_bag_info(bag, "Contact-Name", i->options->statement.examiner);
    evidence_bag_info(bag, "Bag-Software-Agent", "tocsin " TOCSIN_VERSION);
    if (write_record(i, text, e) != 0 || buf_check(text, e) != 0 ||
        evidence_uco_tag(bag, buf_slice(text), e) != 0 ||
        put_tag(bag, "acquisition.json", text, e) != 0)
        return -1;
    evidence_map_write(&i->map, text);
    if (evidence_bag_salt(text, "# salt:", e) != 0 || put_tag(bag, "map.txt", text, e) != 0)
        return -1;
    if (put_how(i, bag, e) != 0 || evidence_selftest_tag(bag, buf_slice(&i->selftest), e) != 0)
        return -1;
    if (i->imported->kind == EVIDENCE_IMPORT_ZIP &&
        put_tag(bag, "entries.jsonl", &i->entries, e) != 0)
        return -1;
    return evidence_bag_close(bag, top, e);
}

int evidence_import_close(struct evidence_importing *i, struct err *e)
{
    struct evidence_bag bag;
    struct buf text;
    buf_init(&text);
    evidence_bag_init(&bag, i->options->folder);
    int result = close_bag(i, &bag, &text, e);
    evidence_bag_fini(&bag);
    buf_fini(&text);
    return result == 0 ? evidence_bundle_end(i->options->folder, e) : -1;
}
