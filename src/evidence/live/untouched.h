/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: large areas of a process of which no page is anywhere, by /proc/PID/smaps, which
 * the kernel answers without going through them page by page as it does for /proc/PID/pagemap. For
 * kernels before 6.7, that cannot be asked for what is there.
 */
#ifndef EVIDENCE_LIVE_UNTOUCHED_H
#define EVIDENCE_LIVE_UNTOUCHED_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { LIVE_UNTOUCHED_MOST = 4096 };

struct live_untouched {
    struct {
        uint64_t from, to;
    } areas[LIVE_UNTOUCHED_MOST]; /* in their order; more than these are asked page by page */
    size_t count;
};

/* Areas of that size and more that have nothing in memory, in swap or in huge pages, and are none
 * of a device. What smaps does not say clearly is not among them. */
void live_untouched_parse(struct live_untouched *out, struct slice smaps, uint64_t least);

bool live_untouched_has(const struct live_untouched *u, uint64_t from, uint64_t to);

#endif
