/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"
#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { FIRST_US = 1000000, EVERY_US = 200000, BAR = 30, MIB = 1 << 20 };

void progress_start(struct progress *p, const char *unit, uint64_t all)
{
    *p = (struct progress){.unit = unit,
                           .all = all,
                           .started = clock_monotonic(&clock_system),
                           .terminal = isatty(STDERR_FILENO) == 1};
}

static void draw(struct progress *p, int64_t now)
{
    double seconds = (double)(now - p->started) / 1e6;
    double rate = seconds > 0 ? (double)p->done / seconds : 0;
    int filled = p->all ? (int)(p->done * BAR / p->all) : 0;

    fprintf(stderr, "\r\033[K");
    if (p->all) {
        fprintf(stderr, "[%.*s%*s] %llu of %llu", filled, "##############################",
                BAR - filled, "", (unsigned long long)p->done, (unsigned long long)p->all);
    } else {
        fprintf(stderr, "%llu", (unsigned long long)p->done);
    }
    fprintf(stderr, " %s, %.1f/s", p->unit, rate);
    if (p->all > p->done && rate > 0)
        fprintf(stderr, ", %.0f s left", (double)(p->all - p->done) / rate);
    fflush(stderr);
    p->visible = true;
    p->shown = now;
}

void progress_to(struct progress *p, uint64_t done)
{
    int64_t now;

    p->done = p->all && done > p->all ? p->all : done;
    if (!p->terminal)
        return;
    now = clock_monotonic(&clock_system);
    if (now - p->started >= FIRST_US && now - p->shown >= EVERY_US)
        draw(p, now);
}

void progress_hide(struct progress *p)
{
    if (!p->visible)
        return;
    fprintf(stderr, "\r\033[K");
    fflush(stderr);
    p->visible = false;
    p->shown = 0;
}

void progress_end(struct progress *p)
{
    progress_hide(p);
}

void progress_phase(struct progress *p, const char *phase, uint64_t done, uint64_t all)
{
    if (p->phase != phase || done / MIB < p->done) {
        progress_hide(p);
        progress_start(p, "MiB", all / MIB + 1);
        p->phase = phase;
    }
    progress_to(p, done / MIB);
}

void progress_size(uint64_t bytes, char text[16])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes / 1024;
    unsigned unit = 0;

    if (bytes < 1024) {
        snprintf(text, 16, "%u B", (unsigned)bytes);
        return;
    }
    while (size >= 1024 && unit < 3) {
        size /= 1024;
        unit++;
    }
    snprintf(text, 16, "%.1f %s", size, units[unit]);
}
