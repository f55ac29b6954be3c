/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/seal/place.h"
#include "base/file.h"
#include "evidence/seal/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PATH = 4096 };

int evidence_seal_remove_built(const char *folder, const char *name, struct err *e)
{
    struct arena arena;
    const char **names;
    char path[PATH];
    size_t count;
    arena_init(&arena, 0);
    int result = evidence_folder_list(folder, name, &arena, &names, &count, e);
    for (size_t i = 0; result == 0 && i < count; i++)
        if (snprintf(path, sizeof path, "%s/%s/%s", folder, name, names[i]) >= PATH ||
            (unlink(path) != 0 && errno != ENOENT))
            result =
                err_errno(e, errno, "evidence.write", "%s/%s cannot be taken away", name, names[i]);
    arena_fini(&arena);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (result == 0 && rmdir(path) != 0 && errno != ENOENT)
        result = err_errno(e, errno, "evidence.write", "%s cannot be taken away", path);
    return result;
}

int evidence_seal_put_in_place(int bundle, const char *built, const char *name, struct err *e)
{
    if (file_rename_new(bundle, built, bundle, name) != 0)
        return err_errno(e, errno, "evidence.write", "%s cannot be put in its place", name);
    if (fsync(bundle) != 0)
        return err_errno(e, errno, "evidence.write", "%s may not be on the disk yet", name);
    return 0;
}

int evidence_seal_sweep(const char *folder, const char *seal, struct err *e)
{
    struct arena arena;
    const char **names;
    char path[PATH];
    size_t count;
    arena_init(&arena, 0);
    int result = evidence_folder_list(folder, seal, &arena, &names, &count, e);
    for (size_t i = 0; result == 0 && i < count; i++)
        if (strstr(names[i], ".new-") &&
            snprintf(path, sizeof path, "%s/%s/%s", folder, seal, names[i]) < PATH &&
            unlink(path) != 0)
            result = err_errno(e, errno, "evidence.write", "%s cannot be taken away", path);
    arena_fini(&arena);
    return result;
}
