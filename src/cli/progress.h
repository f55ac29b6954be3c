/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a long work is: a bar with rate and time left, on a terminal's standard error, for what
 * takes over a second. Elsewhere nothing.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *unit; /* "advisories" */
    uint64_t all;     /* 0: not known */
    uint64_t done;
    int64_t started, shown; /* monotonic, microseconds */
    bool terminal;
    bool visible; /* a bar stands on the terminal now */
    const char *phase;
};

void progress_start(struct progress *p, const char *unit, uint64_t all);
void progress_to(struct progress *p, uint64_t done);
/* Takes the bar away, so that a line can be printed; the next progress_to brings it back. */
void progress_hide(struct progress *p);
void progress_end(struct progress *p);
/* Of a work in phases, in bytes: a new phase, or one that begins again, has a
 * new bar. phase is kept. */
void progress_phase(struct progress *p, const char *phase, uint64_t done, uint64_t all);

/* "512 B", "3.4 MiB". */
void progress_size(uint64_t bytes, char text[16]);

#endif
