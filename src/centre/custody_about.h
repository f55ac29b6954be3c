/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence about something, in the answers that show it. */
#ifndef CENTRE_CUSTODY_ABOUT_H
#define CENTRE_CUSTODY_ABOUT_H

#include "centre/caller.h"

struct json_writer;

enum { CUSTODY_ABOUT_MOST = 100 };

/* The member "evidence" of an open object: the logs of custody about this thing that the caller may
 * see, at most CUSTODY_ABOUT_MOST; nothing when there is none. */
int custody_about(struct db *db, const struct caller *caller, const char *kind, const char *target,
                  struct json_writer *w, struct err *e) MUST_CHECK;

#endif
