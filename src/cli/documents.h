/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a command line names: single ones, and what lies in folders. */
#ifndef CLI_DOCUMENTS_H
#define CLI_DOCUMENTS_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct document {
    char *path;
    bool named;   /* by the user; false: found in a folder */
    bool follows; /* another revision of its advisory comes behind it (advisory_order) */
};

struct documents {
    struct document *items;
    size_t count;
    size_t room;
};

/*
 * Adds a file, or of a folder every regular file whose name ends in suffix, sorted by path, at any
 * depth up to 32; symbolic links inside are not followed. "-" is a file.
 */
int documents_add(struct documents *d, const char *path, const char *suffix,
                  struct err *e) MUST_CHECK;
void documents_fini(struct documents *d);

/* Feeds, provider metadata, inventories and the like lie beside advisories: JSON that has nothing
 * of a CSAF document and of the other formats that advisories come in. */
bool document_is_other(struct slice text);

#endif
