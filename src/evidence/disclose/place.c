/* SPDX-License-Identifier: Apache-2.0 */
/* A disclosure is made beside its place and then moved there: it is there whole, or not at all. */
#include "base/file.h"
#include "evidence/bundle/folder.h"
#include "evidence/disclose/disclosing.h"
#include "evidence/seal/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 4096 };

/* Only what a disclosure that was broken off can have left. */
static int check_part(const char *part, struct err *e)
{
    static const char *const known[] = {"VERIFY.txt", EVIDENCE_DISCLOSURE_FILE, "shown/",
                                        "sealed/"};
    struct arena arena;
    const char **names;
    size_t count;
    arena_init(&arena, 0);
    int result = evidence_folder_list(part, "", &arena, &names, &count, e);
    for (size_t i = 0; result == 0 && i < count; i++) {
        bool ours = false;
        for (size_t j = 0; j < sizeof known / sizeof *known; j++) {
            size_t len = strlen(known[j]);
            ours = ours || (strncmp(names[i], known[j], len) == 0 &&
                            (!names[i][len] || strncmp(names[i] + len, ".new-", 5) == 0));
        }
        if (!ours)
            result = err_set(e, ERR_CONFLICT, "disclose.exists", NULL,
                             "%s is in the way: it holds %s, which is not of a disclosure", part,
                             names[i]);
    }
    arena_fini(&arena);
    return result;
}

int disclosing_sweep(const char *part, struct err *e)
{
    if (file_kind(part) == 0)
        return 0;
    if (check_part(part, e) != 0 || evidence_seal_remove_built(part, "shown", e) != 0 ||
        evidence_seal_remove_built(part, "sealed", e) != 0)
        return -1;
    return evidence_seal_remove_built(part, "", e);
}

int disclosing_begin(const char *target, char part[PATH], struct err *e)
{
    size_t len = strlen(target);
    while (len > 1 && target[len - 1] == '/')
        len--;
    if (snprintf(part, PATH, "%.*s.part", (int)len, target) >= PATH)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", target);
    if (file_kind(target) != 0)
        return err_set(e, ERR_CONFLICT, "disclose.exists", NULL, "%s is there already", target);
    return disclosing_sweep(part, e);
}

int disclosing_end(const char *part, struct err *e)
{
    char folder[PATH] = ".", built[PATH], name[PATH];
    const char *slash = strrchr(part, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash == part ? 1 : (int)(slash - part), part);
    snprintf(built, sizeof built, "%s", slash ? slash + 1 : part);
    snprintf(name, sizeof name, "%.*s", (int)(strlen(built) - strlen(".part")), built);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "disclose.write", "%s cannot be opened", folder);
    int result = evidence_seal_put_in_place(fd, built, name, e);
    close(fd);
    return result;
}
