/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/statement.h"
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MARK_MOST = 1 << 20 };

void evidence_member_given(struct json_writer *w, const char *name, const char *text)
{
    if (text && text[0])
        json_member_string(w, name, text);
}

void evidence_statement_write(struct json_writer *w, const struct evidence_statement *s)
{
    evidence_member_given(w, "exhibit", s->exhibit);
    evidence_member_given(w, "description", s->description);
    json_write_name(w, "examiner");
    json_write_object(w);
    evidence_member_given(w, "name", s->examiner);
    evidence_member_given(w, "role", s->role);
    evidence_member_given(w, "competence", s->competence);
    json_write_object_end(w);
    evidence_member_given(w, "place", s->place);
    evidence_member_given(w, "reason", s->reason);
    evidence_member_given(w, "authority", s->authority);
}

static bool same_mark(const char *path, struct slice mark)
{
    struct buf old;
    struct err none = {0};
    buf_init(&old);
    bool same = file_read(path, MARK_MOST, &old, &none) == 0 && slice_equal(buf_slice(&old), mark);
    buf_fini(&old);
    return same;
}

int evidence_bundle_begin(const char *folder, struct slice mark, struct err *e)
{
    char path[4096], data[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/INCOMPLETE", folder) >= sizeof path ||
        (size_t)snprintf(data, sizeof data, "%s/data", folder) >= sizeof data)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", folder);
    if (file_kind(path) == 1) {
        if (same_mark(path, mark))
            return file_make_folder(data, 0700, e) == 0 ? 1 : -1;
        err_set(e, ERR_CONFLICT, "evidence.exists", NULL, "something else was begun in %s", folder);
        return err_hint(e, "%s says what; name another folder", path);
    }
    if (file_kind(folder) != 0 && rmdir(folder) != 0) {
        err_set(e, ERR_CONFLICT, "evidence.exists", NULL, "there is something at %s already",
                folder);
        return err_hint(e, "name a folder that is not there; a bundle is never written over");
    }
    if (file_make_folder(folder, 0700, e) != 0 || file_write(path, mark, 0600, e) != 0)
        return -1;
    return file_make_folder(data, 0700, e);
}

int evidence_bundle_end(const char *folder, struct err *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/INCOMPLETE", folder);
    return unlink(path) == 0
               ? 0
               : err_errno(e, errno, "evidence.write", "%s cannot be taken away", path);
}
