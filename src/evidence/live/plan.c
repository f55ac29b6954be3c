/* SPDX-License-Identifier: Apache-2.0 */
/* The collectors in the order of volatility, and which of them are to run. */
#include "evidence/live/plan.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>

/*
 * RFC 3227 section 2.1: registers and cache, which no program sees; routing table, ARP cache,
 * process table, kernel statistics, memory; temporary file systems; disk; remote logging;
 * configuration and topology; archives. What takes a moment comes before the memory of a level,
 * which takes minutes and during which it would be gone.
 */
const struct live_collector live_collectors[] = {
    {"routes", "routing tables and rules, neighbours (ARP, NDP), by netlink", "one netlink socket",
     1, false, live_collect_routes},
    {"sockets", "sockets by sock_diag, with the processes that hold them", "one netlink socket", 1,
     false, live_collect_sockets},
    {"processes",
     "each process: state, command line, environment, maps, open files, cgroups, namespaces, "
     "threads",
     "reads /proc; nothing of the processes", 1, true, live_collect_processes},
    {"kernel-tables",
     "kernel statistics and settings, /proc/net of each network namespace, connection tracking",
     "reads /proc", 1, true, live_collect_kernel_tables},
    {"kernel-log", "messages of the kernel, which stay where they are", "reads /dev/kmsg", 1, false,
     live_collect_kernel_log},
    {"modules", "modules of the kernel, also those that one of its lists leaves out",
     "reads /proc and /sys", 1, false, live_collect_modules},
    {"mounts", "mounts of each mount namespace", "reads /proc", 1, false, live_collect_mounts},
    {"encryption", "encrypted volumes that are open now", "reads /sys and /proc", 1, false,
     live_collect_encryption},
    {"users", "who is logged in, and was", "reads utmp, wtmp, btmp, sessions", 1, false,
     live_collect_users},
    {"memory", "the machine's memory: /proc/kcore, /dev/mem, or an image that is given",
     "page cache grows by nothing but what is written", 1, false, live_collect_memory},
    {"process-memory", "pages of each process that are in memory or swapped out",
     "swapped pages come back into memory", 1, true, live_collect_process_memory},
    {"executables", "hashes of running programs, and copies of those that were deleted",
     "page cache may grow by the programs' files", 1, true, live_collect_executables},
    {"temporary", "temporary file systems (tmpfs, ramfs)", "no access times: own read-only view", 2,
     false, live_collect_temporary},
    {"timers", "timers of systemd, cron and at, start scripts", "page cache grows by these files",
     3, false, live_collect_timers},
    {"logs", "journal and log files", "page cache grows by these files", 3, false,
     live_collect_logs},
    {"interfaces", "network interfaces and addresses, by netlink", "one netlink socket", 5, false,
     live_collect_interfaces},
    {"devices", "devices: disks, USB, PCI, firmware's names of the machine", "reads /sys", 5, false,
     live_collect_devices},
};
const size_t live_collector_count = ARRAY_LEN(live_collectors);

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static const struct live_collector *find(const char *name)
{
    for (size_t i = 0; i < live_collector_count; i++)
        if (strcmp(live_collectors[i].name, name) == 0)
            return &live_collectors[i];
    return NULL;
}

static int check_names(const char *option, const char *const *names, size_t count, struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        if (find(names[i]))
            continue;
        err_set(e, ERR_USAGE, "evidence.collector", NULL, "%s: there is no collector \"%s\"",
                option, names[i]);
        return err_hint(e, "tocsin evidence live FOLDER --plan lists them");
    }
    return 0;
}

static bool is_wanted(const struct evidence_live_options *o, const char *name)
{
    return (o->only_count == 0 || is_among(name, o->only, o->only_count)) &&
           !is_among(name, o->without, o->without_count);
}

/* Those of --order first, in that order; then the others in that of volatility. */
int live_plan_make(const struct evidence_live_options *o, struct live_plan *plan, struct err *e)
{
    *plan = (struct live_plan){0};
    if (check_names("--only", o->only, o->only_count, e) != 0 ||
        check_names("--without", o->without, o->without_count, e) != 0 ||
        check_names("--order", o->order, o->order_count, e) != 0)
        return -1;
    for (size_t i = 0; i < o->order_count; i++)
        if (is_wanted(o, o->order[i]) && !is_among(o->order[i], o->order, i))
            plan->steps[plan->count++] = find(o->order[i]);
    for (size_t i = 0; i < live_collector_count; i++) {
        const struct live_collector *c = &live_collectors[i];
        if (!is_wanted(o, c->name))
            plan->left_out[plan->left_out_count++] = c;
        else if (!is_among(c->name, o->order, o->order_count))
            plan->steps[plan->count++] = c;
    }
    plan->deviates = plan->left_out_count > 0;
    for (size_t i = 1; i < plan->count; i++)
        plan->deviates = plan->deviates || plan->steps[i] < plan->steps[i - 1];
    if (plan->count == 0)
        return err_set(e, ERR_USAGE, "evidence.collector", NULL, "no collector is left");
    return 0;
}

static uint64_t temporary_bytes(void)
{
    struct buf text;
    struct err none = {0};
    uint64_t bytes = 0;
    buf_init(&text);
    if (file_read("/proc/self/mounts", 16 << 20, &text, &none) == 0)
        for (char *line = (char *)text.data; line && *line;) {
            char point[1024], type[64];
            struct statfs fs;
            if (sscanf(line, "%*s %1023s %63s", point, type) == 2 &&
                (strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0) &&
                strncmp(point, "/sys/", 5) != 0 && statfs(point, &fs) == 0)
                bytes += (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
            char *end = strchr(line, '\n');
            line = end ? end + 1 : NULL;
        }
    buf_fini(&text);
    return bytes;
}

int evidence_live_plan(const struct evidence_live_options *options, struct evidence_live_plan *out,
                       struct err *e)
{
    struct live_plan plan;
    struct sysinfo system;
    *out = (struct evidence_live_plan){0};
    if (live_plan_make(options, &plan, e) != 0)
        return -1;
    out->count = plan.count;
    for (size_t i = 0; i < plan.count; i++)
        out->steps[i] = (struct evidence_live_step){plan.steps[i]->name, plan.steps[i]->what,
                                                    plan.steps[i]->level, plan.steps[i]->touches};
    out->left_out_count = plan.left_out_count;
    for (size_t i = 0; i < plan.left_out_count; i++)
        out->left_out[i] = plan.left_out[i]->name;
    out->deviates = plan.deviates;
    if (sysinfo(&system) == 0)
        out->memory_bytes = (uint64_t)system.totalram * system.mem_unit;
    out->temporary_bytes = temporary_bytes();
    return 0;
}
