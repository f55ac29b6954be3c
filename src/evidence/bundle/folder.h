/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what lies in the folders of a bundle, listed or not. */
#ifndef EVIDENCE_FOLDER_H
#define EVIDENCE_FOLDER_H

#include "evidence/bundle/manifest.h"

/* The names in a folder of the bundle, sorted; those of folders end with '/' (links never do).
 * ERR_LIMIT over ten millions. Not there: none. */
int evidence_folder_list(const char *folder, const char *name, struct arena *arena,
                         const char ***names, size_t *count, struct err *e) MUST_CHECK;

struct evidence_unlisted {
    int (*extra)(void *context, const char *name, struct err *e);
    void *context;
};

/* Told every file of the bundle that no manifest lists, but for custody/ and seal/, which grow. */
int evidence_folder_unlisted(const char *folder, const struct evidence_manifest *const *manifests,
                             size_t count, const struct evidence_unlisted *told,
                             struct err *e) MUST_CHECK;

#endif
