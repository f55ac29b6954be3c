/* SPDX-License-Identifier: Apache-2.0 */
/* Reports are kept with the identity of who tested, signed, and go along with what is acquired. */
#include "base/encoding.h"
#include "base/file.h"
#include "evidence/blocker/verdict.h"
#include "evidence/bundle/bag.h"
#include "evidence/seal/cms.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { REPORT_MOST = 4 << 20, SIGNATURE_MOST = 1 << 20, PATH_ROOM = 4200, NAME_ROOM = 96 };

static int too_long(struct err *e)
{
    return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
}

/* NAME.p7s for NAME.json. */
static int signature_path(const char *path, char out[PATH_ROOM], struct err *e)
{
    size_t len = strlen(path);
    if (len > 5 && strcmp(path + len - 5, ".json") == 0)
        len -= 5;
    return (size_t)snprintf(out, PATH_ROOM, "%.*s.p7s", (int)len, path) < PATH_ROOM ? 0
                                                                                    : too_long(e);
}

/* 20261122T200958.123456Z-0123456789abcdef.json: names sort as they were made, and "_afterwards"
 * behind the same without. */
static void name_of(const struct evidence_blocker_report *r, char name[NAME_ROOM])
{
    char time[TIME_TEXT], id[2 * sizeof r->disk + 1];
    size_t len = 0;
    time_format(r->ended / 1000000 * 1000000, time);
    for (const char *c = time; *c; c++)
        if (*c != '-' && *c != ':' && *c != 'Z')
            name[len++] = *c;
    hex_format(r->disk, sizeof r->disk, id);
    snprintf(name + len, NAME_ROOM - len, ".%06dZ-%.16s%s.json", (int)(r->ended % 1000000), id,
             r->confirmed ? "_afterwards" : "");
}

int evidence_blocker_keep(const char *identity, const struct evidence_signer *signer,
                          struct slice report, char path[PATH_ROOM], struct err *e)
{
    struct evidence_blocker_report said;
    struct json_doc *doc = NULL;
    struct buf signature;
    char name[NAME_ROOM], beside[PATH_ROOM];
    if (evidence_blocker_report_read(report, &doc, &said, e) != 0)
        return -1;
    name_of(&said, name);
    json_doc_free(doc);
    if ((size_t)snprintf(path, PATH_ROOM, "%s/" EVIDENCE_BLOCKER_KEPT, identity) >= PATH_ROOM)
        return too_long(e);
    if (file_make_folder(path, 0700, e) != 0)
        return -1;
    if ((size_t)snprintf(path, PATH_ROOM, "%s/" EVIDENCE_BLOCKER_KEPT "/%s", identity, name) >=
        PATH_ROOM)
        return too_long(e);
    buf_init(&signature);
    int result = signature_path(path, beside, e);
    if (result == 0)
        result = evidence_cms_sign(signer, report, &signature, e);
    if (result == 0)
        result = file_write(beside, buf_slice(&signature), 0644, e);
    if (result == 0)
        result = file_write(path, report, 0644, e);
    buf_fini(&signature);
    return result;
}

void evidence_blocker_kept_fini(struct evidence_blocker_kept *kept)
{
    buf_fini(&kept->report);
    buf_fini(&kept->signature);
}

static int take_signature(struct evidence_blocker_kept *kept, const char *roots, struct err *e)
{
    char beside[PATH_ROOM];
    struct evidence_signature signature;
    if (signature_path(kept->path, beside, e) != 0)
        return -1;
    if (file_kind(beside) == 0) {
        if (!roots)
            return 0;
        return err_set(e, ERR_VERIFY, "blocker.signature", NULL, "%s is not there", beside);
    }
    if (file_read(beside, SIGNATURE_MOST, &kept->signature, e) != 0 ||
        evidence_cms_verify(buf_slice(&kept->report), buf_slice(&kept->signature), roots,
                            &signature, e) != 0)
        return -1;
    snprintf(kept->signer, sizeof kept->signer, "%s", signature.subject);
    return 0;
}

/* said: what the report says, into kept->report; NULL: not wanted. */
static int read_kept(const char *path, const char *roots, struct evidence_blocker_kept *kept,
                     struct json_doc **doc, struct evidence_blocker_report *said, struct err *e)
{
    *doc = NULL;
    *kept = (struct evidence_blocker_kept){0};
    buf_init(&kept->report);
    buf_init(&kept->signature);
    if ((size_t)snprintf(kept->path, sizeof kept->path, "%s", path) >= sizeof kept->path)
        return too_long(e);
    if (file_read(path, REPORT_MOST, &kept->report, e) != 0)
        return -1;
    if (take_signature(kept, roots, e) != 0 ||
        evidence_blocker_report_read(buf_slice(&kept->report), doc, said, e) != 0)
        return err_context(e, "%s", path);
    kept->verdict = said->verdict;
    kept->confirmed = said->confirmed;
    kept->ended = said->ended;
    return 0;
}

int evidence_blocker_kept_read(const char *path, const char *roots,
                               struct evidence_blocker_kept *kept, struct err *e)
{
    struct evidence_blocker_report said;
    struct json_doc *doc;
    int result = read_kept(path, roots, kept, &doc, &said, e);
    json_doc_free(doc);
    return result;
}

struct finding {
    const char *folder, *roots, *given, *attached_by;
    const uint8_t *disk;
    struct evidence_blocker_kept *best;
    char best_name[NAME_ROOM], doubtful[NAME_ROOM]; /* the latest of each */
    bool found;
    struct buf *told;
};

static bool is_later(const struct finding *f, const struct evidence_blocker_kept *kept)
{
    return !f->found || kept->ended > f->best->ended ||
           (kept->ended == f->best->ended && kept->confirmed && !f->best->confirmed);
}

static bool is_meant(struct finding *f, const struct evidence_blocker_report *said)
{
    if (f->disk)
        return memcmp(said->disk, f->disk, sizeof said->disk) == 0;
    if (!slice_is(said->given, f->given))
        return false;
    if (slice_is(said->attached_by, f->attached_by))
        return true;
    buf_printf(f->told, "a blocker of that name was tested, which was attached otherwise: %.*s\n",
               SLICE_ARG(said->attached_by.len ? said->attached_by : slice_str("nothing told")));
    return false;
}

/* One file of the folder. -1: out of memory alone; what is wrong with a report is told. */
static int take(struct finding *f, const char *name, struct err *e)
{
    struct evidence_blocker_kept kept;
    struct evidence_blocker_report said;
    struct json_doc *doc;
    struct err why = {0};
    char path[PATH_ROOM];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", f->folder, name) >= sizeof path)
        return too_long(e);
    if (read_kept(path, f->roots, &kept, &doc, &said, &why) != 0) {
        if (why.kind == ERR_MEMORY)
            *e = why;
        buf_printf(f->told, "%s is passed over: %s\n", name, why.text);
        if (strcmp(name, f->doubtful) > 0)
            snprintf(f->doubtful, sizeof f->doubtful, "%s", name);
    } else if (is_meant(f, &said) && is_later(f, &kept)) {
        struct evidence_blocker_kept before = *f->best;
        *f->best = kept;
        kept = before;
        f->found = true;
        snprintf(f->best_name, sizeof f->best_name, "%s", name);
    }
    json_doc_free(doc);
    evidence_blocker_kept_fini(&kept);
    return err_is_set(e) ? -1 : 0;
}

int evidence_blocker_find(const char *identity, const char *given, const char *attached_by,
                          const uint8_t *disk, struct evidence_blocker_kept *kept, struct buf *told,
                          struct err *e)
{
    char folder[4096], roots[4096];
    struct finding f = {.folder = folder,
                        .roots = roots,
                        .given = given,
                        .attached_by = attached_by,
                        .disk = disk,
                        .best = kept,
                        .told = told};
    int result = 0;
    *kept = (struct evidence_blocker_kept){0};
    if ((size_t)snprintf(folder, sizeof folder, "%s/" EVIDENCE_BLOCKER_KEPT, identity) >=
            sizeof folder ||
        (size_t)snprintf(roots, sizeof roots, "%s/chain.pem", identity) >= sizeof roots)
        return too_long(e);
    DIR *list = opendir(folder);
    if (!list)
        return errno == ENOENT ? 0
                               : err_errno(e, errno, "blocker.kept", "%s cannot be read", folder);
    for (struct dirent *x; result == 0 && (x = readdir(list));) {
        size_t len = strlen(x->d_name);
        if (len > 5 && len < NAME_ROOM && strcmp(x->d_name + len - 5, ".json") == 0)
            result = take(&f, x->d_name, e);
    }
    closedir(list);
    if (result == 0)
        result = buf_check(told, e);
    if (result != 0)
        return -1;
    /* a later one that is not believed may have said that it does not hold */
    if (f.found && kept->verdict != EVIDENCE_BLOCKER_DOES_NOT_HOLD &&
        strcmp(f.doubtful, f.best_name) > 0) {
        buf_printf(told, "%s is not taken, as a later report is not sound\n", f.best_name);
        evidence_blocker_kept_fini(kept);
        *kept = (struct evidence_blocker_kept){0};
        f.found = false;
    }
    return f.found;
}

int evidence_blocker_member(struct json_writer *w, const struct evidence_blocker_kept *kept,
                            int64_t at, struct err *e)
{
    static const int64_t day = INT64_C(86400) * 1000000;
    uint8_t hash[SHA256_LEN];
    if (!kept) {
        json_member_string(w, "write_blocker_test", "not tested by this program");
        return 0;
    }
    if (sha256(buf_slice(&kept->report), hash) != 0)
        return digest_failed(e);
    json_write_name(w, "write_blocker_test");
    json_write_object(w);
    json_member_string(w, "file", EVIDENCE_BLOCKER_FILE);
    json_member_hex(w, "sha256", slice_of(hash, sizeof hash));
    json_member_time(w, "ended", kept->ended);
    json_member_int(w, "age_days", (at - kept->ended) / day);
    json_member_string(w, "verdict", evidence_blocker_verdict_name(kept->verdict));
    json_member_bool(w, "confirmed_without_blocker", kept->confirmed);
    json_member_string(w, "signed_by", kept->signer[0] ? kept->signer : "nobody");
    json_write_object_end(w);
    return 0;
}

int evidence_blocker_tag(struct evidence_bag *bag, const struct evidence_blocker_kept *kept,
                         struct err *e)
{
    if (!kept)
        return 0;
    if (kept->signature.len &&
        evidence_bag_tag(bag, EVIDENCE_BLOCKER_SIGNATURE, buf_slice(&kept->signature), e) != 0)
        return -1;
    return evidence_bag_tag(bag, EVIDENCE_BLOCKER_FILE, buf_slice(&kept->report), e);
}
