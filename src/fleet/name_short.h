/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: words as people shorten them in lists of assets. */
#ifndef FLEET_NAME_SHORT_H
#define FLEET_NAME_SHORT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/* "factorytalk services platform" for "ft services platform"; empty: no word of the form is such an
 * abbreviation, or it has but one word. In the arena; 0, or -1 (ERR_MEMORY). */
int fleet_name_written_out(struct arena *a, struct slice form, struct slice *out,
                           struct err *e) MUST_CHECK;

#endif
