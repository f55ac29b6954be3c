/* SPDX-License-Identifier: Apache-2.0 */
/* seal.json: what a seal says. */
#include "base/file.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/record.h"
#include "evidence/seal/seal_internal.h"

#include <stdio.h>

enum { RECORD_MOST = 64 << 20, PATH = 4096 };

void evidence_seal_write_person(struct json_writer *w, const struct evidence_doing *doing)
{
    const struct evidence_actor *a = &doing->person.actor;
    const char *role = doing->said->role ? doing->said->role : a->role;
    json_write_name(w, "by");
    json_write_object(w);
    json_member_string(w, "name", a->name);
    if (role && role[0])
        json_member_string(w, "role", role);
    if (a->organisation && a->organisation[0])
        json_member_string(w, "organisation", a->organisation);
    json_write_name(w, "competence");
    json_write_array(w);
    for (size_t i = 0; i < a->competence_count; i++) {
        const struct evidence_competence *c = &a->competence[i];
        json_write_object(w);
        json_member_string(w, "what", c->what);
        if (c->from)
            json_member_string(w, "from", c->from);
        if (c->until)
            json_member_string(w, "until", c->until);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

static void copy_member(struct json_writer *w, const char *name, const struct json_value *v)
{
    if (!v)
        return;
    json_write_name(w, name);
    json_write_value(w, v);
}

/* What acquisition.json says the image is; all of that file is under the seal in any case. */
static void write_image(struct json_writer *w, const struct json_value *record)
{
    const struct json_value *image = json_get(record, "image");
    copy_member(w, "exhibit", json_get(record, "exhibit"));
    if (image) {
        json_write_name(w, "image");
        json_write_object(w);
        copy_member(w, "sha256", json_get(image, "sha256"));
        copy_member(w, "bytes", json_get(image, "bytes"));
        copy_member(w, "chunks", json_get(image, "chunks"));
        copy_member(w, "tree_root", json_get(image, "tree_root"));
        json_write_object_end(w);
    }
    copy_member(w, "source_verifiable", json_get(json_get(record, "checks"), "source_again"));
}

static int write_record(struct json_writer *w, const struct evidence_seal_options *o, struct err *e)
{
    struct buf text;
    struct json_doc *doc = NULL;
    char path[PATH];
    snprintf(path, sizeof path, "%s/acquisition.json", o->folder);
    if (file_kind(path) == 0)
        return 0;
    buf_init(&text);
    int result = evidence_file_read(o->folder, "acquisition.json", RECORD_MOST, &text, e);
    if (result == 0)
        result = json_parse(&doc, buf_slice(&text), NULL, e);
    if (result == 0)
        write_image(w, json_root(doc));
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

static int write_custody(struct json_writer *w, const char *folder, struct err *e)
{
    struct evidence_log_end end;
    if (evidence_log_end(folder, &end, e) != 0)
        return -1;
    json_write_name(w, "custody");
    json_write_object(w);
    json_member_int(w, "count", (int64_t)end.count);
    if (end.count)
        evidence_hash_member(w, "head", end.head);
    json_write_object_end(w);
    return 0;
}

static int write_previous(struct json_writer *w, const char *folder, unsigned number, struct err *e)
{
    static const char *const files[] = {"seal.json", "seal.p7s", "stamp.json", "seal.tsr"};
    char seal[SEAL_NAME];
    int result = 0;
    if (number == 1)
        return 0;
    evidence_seal_name(number - 1, seal);
    json_write_name(w, "previous");
    json_write_object(w);
    for (size_t i = 0; i < ARRAY_LEN(files) && result == 0; i++)
        if (evidence_seal_has(folder, seal, files[i]))
            result = evidence_seal_put_hash(w, folder, seal, files[i], e);
    json_write_object_end(w);
    return result;
}

static void write_limits(struct json_writer *w)
{
    static const char *const limits[] = {
        "custody records behind the last one named here: each has its own signature",
        "what is said of the source before it was read: where it was found, whose it is",
        "when it was sealed: \"at\" is the signer's own clock; the time-stamp in this folder shows "
        "that seal.p7s was there at its time, and not when it was made",
        "who the signer is: the signature shows that the key of the certificate was used; who that "
        "certificate belongs to, its issuer says",
    };
    json_write_name(w, "not_covered");
    json_write_array(w);
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        json_write_string(w, limits[i]);
    json_write_array_end(w);
}

static int write_tags(struct json_writer *w, const char *folder, struct err *e)
{
    uint8_t sha256[SHA256_LEN];
    uint64_t bytes;
    if (evidence_file_digest(folder, "tagmanifest-sha256.txt", sha256, &bytes, e) != 0)
        return -1;
    json_member_hex(w, "tagmanifest_sha256", slice_of(sha256, sizeof sha256));
    return 0;
}

int evidence_seal_write_text(const struct evidence_seal_options *o, unsigned number,
                             struct buf *text, struct err *e)
{
    struct evidence_clock_reading now;
    struct json_writer w;
    json_write_init(&w, text, 2);
    json_write_object(&w);
    json_member_string(&w, "format", SEAL_FORMAT);
    json_member_int(&w, "number", number);
    if (write_tags(&w, o->folder, e) != 0 || write_record(&w, o, e) != 0 ||
        write_custody(&w, o->folder, e) != 0 || write_previous(&w, o->folder, number, e) != 0)
        return -1;
    evidence_seal_write_person(&w, o->doing);
    evidence_clock_read(&now, NULL);
    json_member_time(&w, "at", now.real);
    json_write_name(&w, "clock");
    json_write_object(&w);
    json_write_name(&w, "start");
    json_write_object(&w);
    evidence_clock_write(&w, &o->doing->started);
    json_write_object_end(&w);
    json_write_name(&w, "end");
    json_write_object(&w);
    evidence_clock_write(&w, &now);
    json_write_object_end(&w);
    json_write_object_end(&w);
    json_write_name(&w, "qualities");
    json_write_object(&w);
    json_member_string(&w, "relevance", o->qualities.relevance);
    json_member_string(&w, "reliability", o->qualities.reliability);
    json_member_string(&w, "sufficiency", o->qualities.sufficiency);
    json_write_object_end(&w);
    write_limits(&w);
    json_write_object_end(&w);
    buf_putc(text, '\n');
    return buf_check(text, e);
}
