/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/seal/files.h"
#include "base/file.h"
#include "evidence/bundle/folder.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/log.h"
#include "evidence/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATH = 4096 };

static int path_of(char path[PATH], const char *folder, const char *seal, const char *name,
                   struct err *e)
{
    if (snprintf(path, PATH, "%s/%s/%s", folder, seal, name) >= PATH)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", name);
    return 0;
}

void evidence_seal_name(unsigned number, char name[SEAL_NAME])
{
    if (number == 1)
        snprintf(name, SEAL_NAME, "seal");
    else
        snprintf(name, SEAL_NAME, "seal/%05u", number);
}

bool evidence_seal_has(const char *folder, const char *seal, const char *name)
{
    char path[PATH];
    struct stat st;
    struct err ignored = {0};
    return path_of(path, folder, seal, name, &ignored) == 0 && lstat(path, &st) == 0;
}

unsigned evidence_seal_count(const char *folder)
{
    char name[SEAL_NAME];
    unsigned count = 0;
    for (; count < EVIDENCE_SEALS; count++) {
        evidence_seal_name(count + 1, name);
        if (!evidence_seal_has(folder, name, "seal.p7s"))
            break;
    }
    return count;
}

int evidence_seal_read(const char *folder, const char *seal, const char *name, struct buf *text,
                       struct err *e)
{
    char path[PATH];
    struct stat st;
    if (path_of(path, folder, seal, name, e) != 0)
        return -1;
    if (lstat(path, &st) != 0)
        return err_set(e, ERR_NOT_FOUND, "evidence.missing", NULL, "it is not there");
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_VERIFY, "evidence.kind", NULL, "it is not a file");
    return file_read(path, SEAL_LIST_MOST, text, e);
}

int evidence_seal_write(const char *folder, const char *seal, const char *name,
                        struct slice content, struct err *e)
{
    char path[PATH];
    return path_of(path, folder, seal, name, e) == 0 ? file_write(path, content, 0600, e) : -1;
}

int evidence_seal_put_hash(struct json_writer *w, const char *folder, const char *seal,
                           const char *name, struct err *e)
{
    char below[PATH];
    uint8_t sha256[SHA256_LEN];
    uint64_t bytes;
    snprintf(below, sizeof below, "%s/%s", seal, name);
    if (evidence_file_digest(folder, below, sha256, &bytes, e) != 0)
        return -1;
    json_member_hex(w, name, slice_of(sha256, sizeof sha256));
    return 0;
}

int evidence_log_end(const char *folder, struct evidence_log_end *end, struct err *e)
{
    const char **names;
    struct arena arena;
    char name[SEAL_NAME] = "", below[64];
    size_t count;
    uint64_t bytes;
    *end = (struct evidence_log_end){0};
    if (evidence_seal_has(folder, "custody", ".")) { /* a record that a crash kept from its place */
        struct evidence_log log;
        if (evidence_log_open(&log, folder, true, e) != 0)
            return -1;
        evidence_log_close(&log);
    }
    arena_init(&arena, 0);
    int result = evidence_folder_list(folder, "custody", &arena, &names, &count, e);
    uint64_t records = 0, most = 0;
    for (size_t i = 0; result == 0 && i < count; i++) {
        char *rest;
        unsigned long number = strtoul(names[i], &rest, 10);
        if (rest - names[i] < 5 || strcmp(rest, ".json") != 0)
            continue;
        records++;
        most = number > most ? number : most;
    }
    arena_fini(&arena);
    if (result != 0 || records == 0)
        return result;
    if (records != most)
        return err_set(e, ERR_VERIFY, "evidence.custody", NULL,
                       "there are %llu custody records, and the last has number %llu",
                       (unsigned long long)records, (unsigned long long)most);
    end->count = records;
    snprintf(name, sizeof name, "%05llu.json", (unsigned long long)records);
    snprintf(below, sizeof below, "custody/%s", name);
    return evidence_file_digest(folder, below, end->head, &bytes, e);
}
