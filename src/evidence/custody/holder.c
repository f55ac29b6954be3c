/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/holder.h"
#include "base/file.h"
#include "evidence/custody/record.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DESCRIPTION_BYTES = 4 << 20 };

bool evidence_holder_is(struct slice text)
{
    if (text.len == 0 || text.len >= EVIDENCE_HOLDER || text.data[0] == '.' || text.data[0] == '-')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

static bool has(const char *folder, const char *name, int kind)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return file_kind(path) == kind;
}

enum evidence_holder_kind evidence_holder_kind(const char *folder)
{
    if (has(folder, "case.json", 1))
        return EVIDENCE_HOLDER_CASE;
    if (has(folder, "exhibit.json", 1))
        return EVIDENCE_HOLDER_EXHIBIT;
    if (has(folder, "bagit.txt", 1) || has(folder, "INCOMPLETE", 1) ||
        has(folder, "acquisition.json", 1) || has(folder, "tagmanifest-sha256.txt", 1))
        return EVIDENCE_HOLDER_BUNDLE;
    /* What has a log, and lost the file that says what it is, does not vanish from its case. */
    if (!has(folder, "custody", 2))
        return EVIDENCE_HOLDER_NONE;
    return has(folder, "exhibits", 2) ? EVIDENCE_HOLDER_CASE : EVIDENCE_HOLDER_EXHIBIT;
}

/* A member of a JSON file; false: there is none that can be an identifier. */
static bool member_of(const char *folder, const char *file, const char *member,
                      char name[EVIDENCE_HOLDER])
{
    char path[4200];
    struct json_doc *doc = NULL;
    struct err why = {0};
    struct buf text;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    buf_init(&text);
    bool found = false;
    if (file_kind(path) == 1 && file_read(path, DESCRIPTION_BYTES, &text, &why) == 0 &&
        json_parse(&doc, buf_slice(&text), NULL, &why) == 0) {
        struct slice s = json_get_string(json_root(doc), member);
        found = evidence_holder_is(s);
        if (found)
            snprintf(name, EVIDENCE_HOLDER, "%.*s", SLICE_ARG(s));
    }
    json_doc_free(doc);
    buf_fini(&text);
    return found;
}

void evidence_holder_name(const char *folder, char name[EVIDENCE_HOLDER])
{
    char real[4096];
    if (member_of(folder, "exhibit.json", "id", name) ||
        member_of(folder, "case.json", "id", name) ||
        member_of(folder, "acquisition.json", "exhibit", name))
        return;
    const char *last = realpath(folder, real) ? strrchr(real, '/') : NULL;
    snprintf(name, EVIDENCE_HOLDER, "%.63s", last && last[1] ? last + 1 : "unnamed");
    char *end = strstr(name, ".evidence");
    if (end && end != name)
        *end = 0;
    for (char *c = name; *c; c++)
        if (!evidence_holder_is(slice_of((char[]){'x', *c}, 2)))
            *c = '_';
    if (name[0] == '.' || name[0] == '-')
        name[0] = '_';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Each folder below one, hidden ones aside. */
static int each_folder(const char *folder,
                       int (*take)(void *context, const char *path, struct err *e), void *context,
                       struct err *e)
{
    struct dirent **list = NULL;
    int count = scandir(folder, &list, NULL, by_name), result = 0;
    if (count < 0 && errno == ENOENT)
        return 0;
    if (count < 0)
        return err_errno(e, errno, "evidence.read", "%s cannot be listed", folder);
    for (int i = 0; i < count; i++) {
        char path[4096];
        if (result == 0 && list[i]->d_name[0] != '.' &&
            (size_t)snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name) < sizeof path &&
            file_kind(path) == 2)
            result = take(context, path, e);
        free(list[i]); /* scandir's own */
    }
    free(list);
    return result;
}

struct walk {
    int (*each)(void *context, const char *path, struct err *e);
    void *context;
    bool bundles_alone;
};

static int take_bundle(void *context, const char *path, struct err *e)
{
    const struct walk *w = context;
    return evidence_holder_kind(path) == EVIDENCE_HOLDER_BUNDLE ? w->each(w->context, path, e) : 0;
}

static int take_exhibit(void *context, const char *path, struct err *e)
{
    struct walk *w = context;
    int result = 0;
    if (!w->bundles_alone && evidence_holder_kind(path) == EVIDENCE_HOLDER_EXHIBIT)
        result = w->each(w->context, path, e);
    return result == 0 ? each_folder(path, take_bundle, w, e) : result;
}

static int walk(struct walk *w, const char *folder, struct err *e)
{
    char exhibits[4096];
    switch (evidence_holder_kind(folder)) {
    case EVIDENCE_HOLDER_CASE:
        if ((size_t)snprintf(exhibits, sizeof exhibits, "%s/exhibits", folder) >= sizeof exhibits)
            return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
        int result = w->bundles_alone ? 0 : w->each(w->context, folder, e);
        return result == 0 ? each_folder(exhibits, take_exhibit, w, e) : result;
    case EVIDENCE_HOLDER_EXHIBIT: return take_exhibit(w, folder, e);
    case EVIDENCE_HOLDER_BUNDLE: return w->each(w->context, folder, e);
    default:
        return err_set(e, ERR_NOT_FOUND, "evidence.holder", NULL,
                       "%s is no case, no exhibit and no bundle", folder);
    }
}

int evidence_holder_bundles(const char *folder,
                            int (*each)(void *context, const char *bundle, struct err *e),
                            void *context, struct err *e)
{
    struct walk w = {each, context, true};
    return walk(&w, folder, e);
}

int evidence_holder_all(const char *folder,
                        int (*each)(void *context, const char *holder, struct err *e),
                        void *context, struct err *e)
{
    struct walk w = {each, context, false};
    return walk(&w, folder, e);
}
