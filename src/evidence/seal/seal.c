/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/record.h"
#include "evidence/seal/seal_internal.h"
#include "evidence/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum { RECORD_MOST = 64 << 20, PATH = 4096 };

int evidence_seal_sign(const struct evidence_seal_options *options, const char *seal,
                       const char *name, struct slice text, struct err *e)
{
    char file[SEAL_NAME];
    struct buf signature;
    buf_init(&signature);
    int result = evidence_cms_sign(options->doing->person.signer, text, &signature, e);
    snprintf(file, sizeof file, "%s.json", name);
    if (result == 0)
        result = evidence_seal_write(options->folder, seal, file, text, e);
    snprintf(file, sizeof file, "%s.p7s", name);
    if (result == 0)
        result = evidence_seal_write(options->folder, seal, file, buf_slice(&signature), e);
    buf_fini(&signature);
    return result;
}

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
    int result = file_read(path, RECORD_MOST, &text, e);
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

static int write_seal(const struct evidence_seal_options *o, unsigned number, struct buf *text,
                      struct err *e)
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

static int check_qualities(const struct evidence_qualities *q, struct err *e)
{
    const char *missing = !q->relevance || !q->relevance[0]       ? "relevance"
                          : !q->reliability || !q->reliability[0] ? "reliability"
                          : !q->sufficiency || !q->sufficiency[0] ? "sufficiency"
                                                                  : NULL;
    if (!missing)
        return 0;
    err_set(e, ERR_USAGE, "evidence.qualities", "ISO/IEC 27037 section 5.3",
            "a seal says of the evidence what its %s rests on, and this one does not", missing);
    return err_hint(e, "--relevance TEXT, --reliability TEXT and --sufficiency TEXT are needed");
}

static int check_bundle(const struct evidence_seal_options *o, struct err *e)
{
    const struct evidence_verify_options options = {
        .workers = o->workers, .watch = o->watch, .watch_context = o->watch_context};
    struct evidence_verdict verdict;
    int result = evidence_verify(o->folder, &options, &verdict, e);
    if (result == 0 && !verdict.complete)
        result = err_set(e, ERR_CONFLICT, "evidence.incomplete", NULL,
                         "the acquisition was not finished, so there is nothing to seal");
    else if (result == 0 && !verdict.sound)
        result = err_set(e, ERR_VERIFY, "evidence.unsound", NULL,
                         "it is not what it was when it was closed: %s: %s",
                         verdict.problem_count ? verdict.problems[0].what : "",
                         verdict.problem_count ? verdict.problems[0].text : "");
    evidence_verdict_fini(&verdict);
    return result;
}

/* One at a time; a lock on the folder leaves nothing behind in it. */
static int lock(const char *folder, struct err *e)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "evidence.bundle", "the folder %s cannot be opened", folder);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    close(fd);
    return err_set(e, ERR_UNAVAILABLE, "evidence.busy", NULL, "%s is being sealed by another",
                   folder);
}

static int write_files(const struct evidence_seal_options *o, struct evidence_sealed *sealed,
                       struct err *e)
{
    struct buf text, chain;
    char path[PATH];
    buf_init(&text);
    buf_init(&chain);
    snprintf(path, sizeof path, "%s/%s", o->folder, sealed->name);
    int result = file_make_folder(path, 0700, e);
    if (result == 0)
        result = write_seal(o, sealed->number, &text, e);
    if (result == 0)
        result = evidence_signer_chain(o->doing->person.signer, &chain, e);
    if (result == 0)
        result = evidence_seal_write(o->folder, sealed->name, "chain.pem", buf_slice(&chain), e);
    if (result == 0) /* the signature comes last: with it, the bundle is sealed */
        result = evidence_seal_sign(o, sealed->name, "seal", buf_slice(&text), e);
    buf_fini(&text);
    buf_fini(&chain);
    return result;
}

/* Where there is a log, it says first that the acquisition is closed; the seal covers that. */
static int record_step(const struct evidence_seal_options *o, struct evidence_sealed *sealed,
                       struct err *e)
{
    uint8_t tags[SHA256_LEN];
    uint64_t bytes;
    struct buf details;
    struct json_writer w;
    if (!evidence_seal_has(o->folder, "custody", "00001.json"))
        return 0;
    if (evidence_file_digest(o->folder, "tagmanifest-sha256.txt", tags, &bytes, e) != 0)
        return -1;
    buf_init(&details);
    json_write_init(&w, &details, 0);
    json_write_object(&w);
    json_member_string(&w, "relevance", o->qualities.relevance);
    json_member_string(&w, "reliability", o->qualities.reliability);
    json_member_string(&w, "seal", sealed->name);
    json_member_string(&w, "sufficiency", o->qualities.sufficiency);
    evidence_hash_member(&w, "tagmanifest_sha256", tags);
    json_write_object_end(&w);
    int result = evidence_doing_step(o->doing, o->folder, NULL, "sealed", buf_slice(&details),
                                     &sealed->record, e);
    buf_fini(&details);
    sealed->recorded = result == 0;
    return result;
}

int evidence_seal(const struct evidence_seal_options *o, struct evidence_sealed *sealed,
                  struct err *e)
{
    *sealed = (struct evidence_sealed){0};
    if (check_qualities(&o->qualities, e) != 0 || evidence_stamping_check(&o->stamping, e) != 0)
        return -1;
    int fd = lock(o->folder, e);
    if (fd < 0)
        return -1;
    int result = check_bundle(o, e);
    if (result == 0) {
        sealed->number = evidence_seal_count(o->folder) + 1;
        evidence_seal_name(sealed->number, sealed->name);
        if (sealed->number > EVIDENCE_SEALS)
            result = err_set(e, ERR_LIMIT, "evidence.seals", NULL, "over %d seals", EVIDENCE_SEALS);
    }
    if (result == 0)
        result = record_step(o, sealed, e);
    if (result == 0)
        result = write_files(o, sealed, e);
    if (result == 0)
        result = evidence_stamp_seal(o, sealed->name, sealed, e);
    close(fd);
    return result;
}

int evidence_seal_stamp(const struct evidence_seal_options *o, struct evidence_sealed *sealed,
                        struct err *e)
{
    *sealed = (struct evidence_sealed){0};
    if (evidence_stamping_check(&o->stamping, e) != 0)
        return -1;
    int fd = lock(o->folder, e), result = -1;
    if (fd < 0)
        return -1;
    sealed->number = evidence_seal_count(o->folder);
    evidence_seal_name(sealed->number ? sealed->number : 1, sealed->name);
    if (sealed->number == 0)
        err_set(e, ERR_CONFLICT, "evidence.unsealed", NULL, "%s is not sealed", o->folder);
    else if (evidence_seal_has(o->folder, sealed->name, "seal.tsr"))
        err_set(e, ERR_CONFLICT, "evidence.stamped", NULL, "%s has its time-stamp already",
                sealed->name);
    else
        result = evidence_stamp_seal(o, sealed->name, sealed, e);
    close(fd);
    if (result == 0 && !sealed->stamped)
        return err_set(e, ERR_UNAVAILABLE, "stamp.none", "RFC 3161",
                       "no time-stamp could be had: %s",
                       sealed->attempt_count ? sealed->attempts[sealed->attempt_count - 1].why
                                             : "no authority was named");
    return result;
}
