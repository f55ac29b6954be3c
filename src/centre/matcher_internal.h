/* SPDX-License-Identifier: Apache-2.0 */
/* What the matcher hands to its commands. For its own files. */
#ifndef CENTRE_MATCHER_INTERNAL_H
#define CENTRE_MATCHER_INTERNAL_H

#include "centre/matcher.h"
#include "fleet/advisory_store.h"
#include "fleet/publication_store.h"

struct kept_statement {
    const char *revision;
    const uint8_t *class;
    const struct fleet_said *said;
};

struct kept_statements {
    const char *clear; /* NULL, or a revision: statements of an interrupted run are forgotten */
    const uint8_t *forgotten_class; /* not NULL: what current revisions said of it is, too */
    const struct kept_statement *items;
    size_t count;
};

struct kept_addition {
    const char *revision;
    struct fleet_addition addition;
};

#endif
