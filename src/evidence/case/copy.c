/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/copy.h"
#include "base/file.h"
#include "evidence/bundle/folder.h"
#include "evidence/bundle/manifest.h"
#include "evidence/bundle/statement.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/record.h"
#include "evidence/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int copy_bytes(int in, int out)
{
    static const size_t most = 1 << 30;
    for (;;) {
        ssize_t n = copy_file_range(in, NULL, out, NULL, most, 0);
        if (n == 0)
            return 0;
        if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS))
            break;
        if (n < 0 && errno != EINTR)
            return -1;
    }
    uint8_t data[65536];
    for (;;) {
        ssize_t n = read(in, data, sizeof data);
        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || file_write_all(out, data, (size_t)n) != 0)
            return -1;
    }
}

static int copy_file(const char *from, const char *to, const char *name, struct err *e)
{
    char target[4096], folder[4096];
    if ((size_t)snprintf(target, sizeof target, "%s/%s", to, name) >= sizeof target)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", name);
    snprintf(folder, sizeof folder, "%s", target);
    *strrchr(folder, '/') = 0;
    if (file_make_folder(folder, 0700, e) != 0)
        return -1;
    int in = evidence_file_open(from, name, e);
    if (in < 0)
        return -1;
    int out = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0 || copy_bytes(in, out) != 0 || fsync(out) != 0)
        err_errno(e, errno, "evidence.copy", "%s cannot be copied", name);
    if (out >= 0)
        close(out);
    close(in);
    return err_is_set(e) ? -1 : 0;
}

/* Each file that a manifest of the bundle lists. */
static int each_listed(const char *bundle, const char *manifest,
                       int (*take)(void *context, const char *name, struct err *e), void *context,
                       struct err *e)
{
    struct evidence_manifest m;
    struct arena arena;
    struct buf text;
    arena_init(&arena, 0);
    buf_init(&text);
    int result = evidence_file_read(bundle, manifest, EVIDENCE_MANIFEST_MOST, &text, e);
    if (result == 0)
        result = evidence_manifest_parse(&arena, buf_slice(&text), &m, e);
    for (size_t i = 0; result == 0 && i < m.count; i++)
        result = take(context, m.entries[i].name, e);
    buf_fini(&text);
    arena_fini(&arena);
    return result;
}

static int copy_listed(void *context, const char *name, struct err *e)
{
    const struct evidence_copying *c = context;
    return copy_file(c->master, c->folder, name, e);
}

static int lock_listed(void *context, const char *name, struct err *e)
{
    const char *bundle = context;
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", bundle, name) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", name);
    if (chmod(path, 0400) != 0)
        return err_errno(e, errno, "evidence.write", "%s cannot be made read-only", name);
    return 0;
}

int evidence_make_immutable(const char *bundle, struct err *e)
{
    if (each_listed(bundle, "manifest-sha256.txt", lock_listed, (void *)bundle, e) != 0 ||
        each_listed(bundle, "tagmanifest-sha256.txt", lock_listed, (void *)bundle, e) != 0)
        return -1;
    return lock_listed((void *)bundle, "tagmanifest-sha256.txt", e);
}

int evidence_copy_allowed(const char *master, struct err *e)
{
    struct evidence_custody_state state;
    struct err why = {0};
    int result = evidence_custody_verify(master, NULL, &state, &why);
    if (result == 0)
        result = evidence_gate(master, &state, e);
    else if (why.kind == ERR_NOT_FOUND) {
        err_set(e, ERR_DENIED, "custody.gate", "ISO/IEC 27037 section 5.4.5",
                "%s has no custody log, which begins with a check", master);
        err_hint(e, "tocsin evidence verify %.180s --identity FOLDER", master);
    } else {
        *e = why;
    }
    evidence_custody_state_fini(&state);
    return result == 0 ? 0 : -1;
}

static const char incomplete[] =
    "This copy is not complete. Nothing in this folder is evidence yet.\n"
    "Run the same command again to make it.\n";

/* Every file that the manifests list, under the mark INCOMPLETE; over what a crash left of it. */
static int copy_all(const struct evidence_copying *c, struct err *e)
{
    if (evidence_bundle_begin(c->folder, slice_of(incomplete, sizeof incomplete - 1), e) < 0 ||
        each_listed(c->master, "manifest-sha256.txt", copy_listed, (void *)c, e) != 0 ||
        each_listed(c->master, "tagmanifest-sha256.txt", copy_listed, (void *)c, e) != 0 ||
        copy_file(c->master, c->folder, "tagmanifest-sha256.txt", e) != 0)
        return -1;
    return evidence_bundle_end(c->folder, e);
}

/* It has its mark, or nothing but what writing the mark left when it was broken off. */
static bool is_incomplete(const char *folder)
{
    static const char torn[] = "INCOMPLETE.new-";
    char path[4200];
    const char **names;
    struct arena arena;
    struct err none = {0};
    size_t count = 0;
    snprintf(path, sizeof path, "%s/INCOMPLETE", folder);
    if (file_kind(path) == 1)
        return true;
    if (file_kind(folder) != 2)
        return false;
    arena_init(&arena, 0);
    bool bare = evidence_folder_list(folder, "", &arena, &names, &count, &none) == 0;
    for (size_t i = 0; bare && i < count; i++)
        bare = strncmp(names[i], torn, sizeof torn - 1) == 0;
    arena_fini(&arena);
    return bare;
}

/* All of it is there, and no log, which begins with the record of the copy: it ended in between. */
static bool is_unrecorded(const char *folder, const char *master)
{
    struct evidence_custody_state state;
    struct err why = {0};
    uint8_t theirs[SHA256_LEN], ours[SHA256_LEN];
    uint64_t bytes;
    if (is_incomplete(folder) || evidence_holder_kind(folder) != EVIDENCE_HOLDER_BUNDLE)
        return false;
    bool none = evidence_custody_verify(folder, NULL, &state, &why) != 0 &&
                why.kind == ERR_NOT_FOUND && state.unrecorded == 0;
    evidence_custody_state_fini(&state);
    err_clear(&why);
    return none &&
           evidence_file_digest(folder, "tagmanifest-sha256.txt", ours, &bytes, &why) == 0 &&
           evidence_file_digest(master, "tagmanifest-sha256.txt", theirs, &bytes, &why) == 0 &&
           memcmp(ours, theirs, sizeof ours) == 0;
}

bool evidence_copy_begun(const char *folder, const char *master)
{
    return is_incomplete(folder) || is_unrecorded(folder, master);
}

static int check_copy(const struct evidence_copying *c, uint8_t tags[SHA256_LEN], struct err *e)
{
    const struct evidence_verify_options options = {0};
    struct evidence_verdict verdict;
    uint8_t master[SHA256_LEN];
    uint64_t bytes;
    int result = evidence_verify(c->folder, &options, &verdict, e);
    if (result == 0 && !verdict.sound)
        result = err_set(e, ERR_VERIFY, "evidence.copy", "ISO/IEC 27037 section 5.4.5",
                         "the copy is not sound: %s: %s",
                         verdict.problem_count ? verdict.problems[0].what : c->folder,
                         verdict.problem_count ? verdict.problems[0].text : "it is not complete");
    evidence_verdict_fini(&verdict);
    if (result == 0)
        result = evidence_file_digest(c->folder, "tagmanifest-sha256.txt", tags, &bytes, e);
    if (result == 0)
        result = evidence_file_digest(c->master, "tagmanifest-sha256.txt", master, &bytes, e);
    if (result == 0 && memcmp(tags, master, sizeof master) != 0)
        result = err_set(e, ERR_VERIFY, "evidence.copy", NULL, "the master changed meanwhile");
    return result;
}

static int write_details(const struct evidence_copying *c, const char *master_name,
                         const uint8_t tags[SHA256_LEN], const struct evidence_appended *at_master,
                         struct buf *out, struct err *e)
{
    struct json_writer w;
    buf_reset(out);
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_string(&w, "copy", c->name);
    json_member_string(&w, "master", master_name);
    json_member_string(&w, "result", "same");
    evidence_hash_member(&w, "tagmanifest_sha256", tags);
    if (at_master) {
        json_member_int(&w, "master_record", (int64_t)at_master->number);
        evidence_hash_member(&w, "master_record_sha256", at_master->sha256);
    }
    json_write_object_end(&w);
    return buf_check(out, e);
}

int evidence_copy(const struct evidence_copying *c, struct evidence_doing *doing,
                  struct evidence_appended *told, struct err *e)
{
    struct evidence_appended at_master;
    uint8_t tags[SHA256_LEN];
    char master[EVIDENCE_HOLDER];
    struct buf details;
    if (evidence_holder_kind(c->master) != EVIDENCE_HOLDER_BUNDLE)
        return err_set(e, ERR_NOT_FOUND, "evidence.holder", NULL, "%s is no bundle", c->master);
    bool whole = is_unrecorded(c->folder, c->master);
    if (file_kind(c->folder) != 0 && !whole && !is_incomplete(c->folder))
        return err_set(e, ERR_CONFLICT, "evidence.exists", NULL, "%s is there already", c->folder);
    struct evidence_seen seen;
    if (evidence_access_seen(c->master, &seen, e) != 0 || evidence_copy_allowed(c->master, e) != 0)
        return -1;
    evidence_holder_name(c->master, master);
    doing->authority_from = c->master;
    buf_init(&details);
    memset(tags, 0, sizeof tags);
    int result = write_details(c, master, tags, NULL, &details, e);
    if (result == 0) /* before hours are spent on it */
        result =
            evidence_doing_check(doing, c->master, master, "copied", buf_slice(&details), NULL, e);
    if (result == 0 && !whole)
        result = copy_all(c, e);
    if (result == 0)
        result = check_copy(c, tags, e);
    if (result == 0)
        result = write_details(c, master, tags, NULL, &details, e);
    doing->has_seen = true; /* what was allowed, still is */
    doing->seen = seen.records;
    if (result == 0)
        result = evidence_doing_step(doing, c->master, NULL, "copied", buf_slice(&details),
                                     &at_master, e);
    if (result == 0)
        result = write_details(c, master, tags, &at_master, &details, e);
    if (result == 0)
        result =
            evidence_doing_step(doing, c->folder, c->name, "copied", buf_slice(&details), told, e);
    buf_fini(&details);
    return result;
}
