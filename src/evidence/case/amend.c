/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/amend.h"
#include "base/file.h"
#include "crypto/digest.h"
#include "evidence/custody.h"
#include "evidence/custody/doing.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct amending {
    int folder;                /* locked */
    uint8_t named[SHA256_LEN]; /* by the last record */
    bool broken_off; /* the record of another content is there, and the file is not written yet */
};

/* The last two records that name it. */
struct naming {
    const char *member;
    uint8_t last[SHA256_LEN], before[SHA256_LEN];
    uint64_t record;
};

static int take(void *context, const struct evidence_custody_record *r, struct err *e)
{
    struct naming *n = context;
    uint8_t hash[SHA256_LEN];
    (void)e;
    if (evidence_hash_parse(json_get_string(json_get(r->root, "details"), n->member), hash) != 0)
        return 0;
    memcpy(n->before, n->last, sizeof n->before);
    memcpy(n->last, hash, sizeof n->last);
    n->record = r->number;
    return 0;
}

static int lock(struct amending *a, const char *holder, struct err *e)
{
    *a = (struct amending){.folder = open(holder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (a->folder < 0)
        return err_errno(e, errno, "evidence.described", "%s cannot be opened", holder);
    while (flock(a->folder, LOCK_EX) != 0)
        if (errno != EINTR)
            return err_errno(e, errno, "evidence.described", "%s cannot be locked", holder);
    return 0;
}

/* Is what lies there what the log names? */
static int compare(struct amending *a, const char *holder, const struct evidence_amendment *what,
                   struct slice before, struct err *e)
{
    struct naming n = {.member = what->member};
    uint8_t hash[SHA256_LEN];
    if (sha256(before, hash) != 0)
        return digest_failed(e);
    if (evidence_custody_read(holder, take, &n, e) != 0)
        return -1;
    memcpy(a->named, n.last, sizeof a->named);
    if (memcmp(hash, n.last, sizeof hash) == 0)
        return 0;
    a->broken_off = memcmp(hash, n.before, sizeof hash) == 0;
    if (a->broken_off)
        return 0;
    err_set(e, ERR_VERIFY, "evidence.described", "ISO/IEC 27037 section 6.1",
            "%s is not what record %" PRIu64 " names: it was changed without a record, and is not "
            "written over",
            what->file, n.record);
    return err_hint(e, "tocsin evidence custody verify; put back the file that the record names");
}

/* Is a record of this content needed? No, where a crash came between it and the file. */
static int needs_record(const struct amending *a, struct slice content, bool *needed, struct err *e)
{
    uint8_t hash[SHA256_LEN];
    if (sha256(content, hash) != 0)
        return digest_failed(e);
    bool there = memcmp(hash, a->named, sizeof hash) == 0;
    if (a->broken_off && !there) {
        err_set(e, ERR_VERIFY, "evidence.described", NULL,
                "another change was broken off behind its record and before its file");
        return err_hint(e, "do that one again first: tocsin evidence custody show says which");
    }
    *needed = !there;
    return 0;
}

int evidence_amend(const char *holder, const struct evidence_amendment *what,
                   struct evidence_doing *doing, struct evidence_appended *told, struct err *e)
{
    struct amending a;
    struct buf before, text, details;
    struct json_doc *doc = NULL;
    char path[4096];
    bool record = false;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", holder, what->file) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    buf_init(&before);
    buf_init(&text);
    buf_init(&details);
    int result = lock(&a, holder, e);
    if (result == 0)
        result = evidence_description_read(holder, &before, &doc, e);
    if (result == 0)
        result = compare(&a, holder, what, buf_slice(&before), e);
    if (result == 0)
        result = what->write(what->context, json_root(doc), &text, &details, e);
    if (result == 0)
        result = needs_record(&a, buf_slice(&text), &record, e);
    if (result == 0 && record)
        result = evidence_doing_step(doing, holder, NULL, what->kind, buf_slice(&details), told, e);
    if (result == 0)
        result = file_write(path, buf_slice(&text), 0600, e);
    if (a.folder >= 0)
        close(a.folder);
    json_doc_free(doc);
    buf_fini(&before);
    buf_fini(&text);
    buf_fini(&details);
    return result;
}
