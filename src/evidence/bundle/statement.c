/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/statement.h"
#include "base/arena.h"
#include "base/file.h"
#include "evidence/bundle/folder.h"
#include "evidence/clocks.h"

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

void evidence_time_write(struct json_writer *w, const char *name, int64_t at)
{
    struct evidence_kernel_clock kernel;
    evidence_kernel_clock_read(&kernel);
    json_write_name(w, name);
    json_write_object(w);
    json_member_time(w, "at", at);
    evidence_kernel_clock_write(w, &kernel);
    json_write_object_end(w);
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

/* What a killed process was about to put in place (base/file.h: a name beside, then a rename). */
static int remove_torn(const char *folder, const char *below, struct err *e)
{
    struct arena arena;
    const char **names;
    size_t count;
    arena_init(&arena, 0);
    int result = evidence_folder_list(folder, below, &arena, &names, &count, e);
    for (size_t i = 0; i < count && result == 0; i++) {
        char path[4096];
        size_t len = strlen(names[i]);
        if (!strstr(names[i], ".new-") || names[i][len - 1] == '/')
            continue;
        snprintf(path, sizeof path, "%s/%s%s", folder, below, names[i]);
        if (unlink(path) != 0)
            result = err_errno(e, errno, "evidence.write", "%s cannot be taken away", path);
    }
    arena_fini(&arena);
    return result;
}

static bool only_torn(const char *folder)
{
    struct arena arena;
    struct err none = {0};
    const char **names;
    size_t count;
    arena_init(&arena, 0);
    bool only = evidence_folder_list(folder, "", &arena, &names, &count, &none) == 0;
    for (size_t i = 0; i < count && only; i++)
        only = strncmp(names[i], "INCOMPLETE.new-", 15) == 0;
    arena_fini(&arena);
    return only;
}

int evidence_bundle_sweep(const char *folder, struct err *e)
{
    return remove_torn(folder, "", e) == 0 ? remove_torn(folder, "data/", e) : -1;
}

int evidence_bundle_begin(const char *folder, struct slice mark, struct err *e)
{
    char path[4096], data[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/INCOMPLETE", folder) >= sizeof path ||
        (size_t)snprintf(data, sizeof data, "%s/data", folder) >= sizeof data)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", folder);
    if (file_kind(path) == 1) {
        if (same_mark(path, mark))
            return file_make_folder(data, 0700, e) == 0 && evidence_bundle_sweep(folder, e) == 0
                       ? 1
                       : -1;
        err_set(e, ERR_CONFLICT, "evidence.exists", NULL, "something else was begun in %s", folder);
        return err_hint(e, "%s says what; name another folder", path);
    }
    /* killed before the mark stood there, it left nothing else */
    if (file_kind(folder) == 2 && only_torn(folder) && remove_torn(folder, "", e) != 0)
        return -1;
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
