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

enum { PATH = 4096 };

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

static int write_files(const struct evidence_seal_options *o, int bundle,
                       struct evidence_sealed *sealed, struct err *e)
{
    struct buf text, chain;
    char path[PATH], built[SEAL_NAME + 8];
    buf_init(&text);
    buf_init(&chain);
    snprintf(built, sizeof built, "%s" SEAL_BUILT, sealed->name);
    snprintf(path, sizeof path, "%s/%s", o->folder, built);
    int result = file_make_folder(path, 0700, e);
    if (result == 0)
        result = evidence_seal_write_text(o, sealed->number, &text, e);
    if (result == 0)
        result = evidence_signer_chain(o->doing->person.signer, &chain, e);
    if (result == 0)
        result = evidence_seal_write(o->folder, built, "chain.pem", buf_slice(&chain), e);
    if (result == 0)
        result = evidence_seal_sign(o, built, "seal", buf_slice(&text), e);
    if (result == 0)
        result = evidence_seal_put_in_place(bundle, built, sealed->name, e);
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
    char built[SEAL_NAME + 8];
    int result = 0;
    sealed->number = evidence_seal_count(o->folder) + 1;
    evidence_seal_name(sealed->number, sealed->name);
    if (sealed->number > EVIDENCE_SEALS)
        result = err_set(e, ERR_LIMIT, "evidence.seals", NULL, "over %d seals", EVIDENCE_SEALS);
    snprintf(built, sizeof built, "%s" SEAL_BUILT, sealed->name);
    if (result == 0)
        result = evidence_seal_remove_built(o->folder, built, e);
    if (result == 0)
        result = check_bundle(o, e);
    if (result == 0)
        result = record_step(o, sealed, e);
    if (result == 0)
        result = write_files(o, fd, sealed, e);
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
        result = evidence_seal_sweep(o->folder, sealed->name, e);
    if (result == 0)
        result = evidence_stamp_seal(o, sealed->name, sealed, e);
    close(fd);
    if (result == 0 && !sealed->stamped)
        return err_set(e, ERR_UNAVAILABLE, "stamp.none", "RFC 3161",
                       "no time-stamp could be had: %s",
                       sealed->attempt_count ? sealed->attempts[sealed->attempt_count - 1].why
                                             : "no authority was named");
    return result;
}
