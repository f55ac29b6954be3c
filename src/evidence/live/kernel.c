/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel shows of itself: tables and settings, log, modules, mounts. */
#include "evidence/live/collector.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TABLE_MOST = 64 << 20, NAMESPACES_MOST = 4096, SETTINGS_DEPTH = 12 };

/* One file as a line: where it lay and what it said. */
static int put_file(struct live_room *room, struct live_output *out, const char *path,
                    const char *member, const char *value, struct err *e)
{
    struct json_writer w;
    struct buf text;
    buf_init(&text);
    int error = live_read(room, path, TABLE_MOST, &text);
    int result = 0;
    if (error != ENOENT && error != ENOTDIR) {
        live_line_begin(out, &w);
        json_write_name(&w, "file");
        json_write_string(&w, path);
        if (member)
            json_member_string(&w, member, value);
        if (!text.failed && (error == 0 || text.len > 0))
            live_member(&w, "text", buf_slice(&text));
        if (error) {
            json_member_string(&w, "error", strerrordesc_np(error));
            if (live_is_refusal(error) && error != EIO) /* EIO: a setting that is not set */
                live_refused(room, path, error);
        }
        result = live_line_end(out, &w, e);
        atomic_fetch_add(&room->shared->items, 1);
    }
    buf_fini(&text);
    return result != 0 ? -1 : live_output_flush(out, e);
}

/* Files of /proc/sys, of this file system alone: what is mounted in it may mount more when it is
 * looked at. */
static int settings(struct live_room *room, struct live_output *out, const char *folder,
                    unsigned depth, uint64_t *number, struct err *e)
{
    struct live_names names;
    struct stat own;
    char above[4096];
    int result = 0;
    snprintf(above, sizeof above, "%s/%s", room->root, folder);
    dev_t home = lstat(above, &own) == 0 ? own.st_dev : 0;
    if (live_names_read(room, folder, false, &names, NULL, e) != 0)
        return -1;
    for (size_t i = 0; i < names.count && result == 0; i++) {
        char path[1024], full[4096];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, names.names[i]);
        snprintf(full, sizeof full, "%s/%s", room->root, path);
        if (lstat(full, &st) != 0 || (home && st.st_dev != home))
            continue;
        if (S_ISDIR(st.st_mode) && depth < SETTINGS_DEPTH)
            result = settings(room, out, path, depth + 1, number, e);
        else if (S_ISREG(st.st_mode) && (st.st_mode & 0444) &&
                 live_item(room, ++*number, "/%s", path))
            result = put_file(room, out, path, NULL, NULL, e);
    }
    live_names_fini(&names);
    return result;
}

/* /proc/net of each network namespace that a process lives in, once. */
static int networks(struct live_room *room, struct live_output *out, uint64_t *number,
                    struct err *e)
{
    static const char *const tables[] = {"arp",
                                         "dev",
                                         "dev_mcast",
                                         "fib_trie",
                                         "fib_triestat",
                                         "icmp",
                                         "if_inet6",
                                         "igmp",
                                         "igmp6",
                                         "ipv6_route",
                                         "netlink",
                                         "netstat",
                                         "nf_conntrack",
                                         "nf_conntrack_expect",
                                         "packet",
                                         "protocols",
                                         "ptype",
                                         "raw",
                                         "raw6",
                                         "route",
                                         "rt6_stats",
                                         "rt_cache",
                                         "sctp/assocs",
                                         "sctp/eps",
                                         "snmp",
                                         "snmp6",
                                         "sockstat",
                                         "sockstat6",
                                         "softnet_stat",
                                         "tcp",
                                         "tcp6",
                                         "udp",
                                         "udp6",
                                         "udplite",
                                         "udplite6",
                                         "unix",
                                         "vlan/config",
                                         "wireless",
                                         "xfrm_stat",
                                         "ip_tables_names",
                                         "ip6_tables_names",
                                         "arp_tables_names",
                                         "netfilter/nf_log",
                                         "netfilter/nfnetlink_queue",
                                         "netfilter/nfnetlink_log"};
    struct live_names pids;
    char(*seen)[64] = mem_new(NAMESPACES_MOST, sizeof *seen);
    size_t count = 0;
    int result = seen ? live_names_read(room, "proc", true, &pids, NULL, e) : err_memory(e);
    if (result != 0) {
        mem_free(seen);
        return -1;
    }
    for (size_t i = 0; i < pids.count && result == 0 && count < NAMESPACES_MOST; i++) {
        struct buf link;
        char path[128];
        buf_init(&link);
        snprintf(path, sizeof path, "proc/%s/ns/net", pids.names[i]);
        bool known = live_link(room, path, &link) != 0 || link.len >= sizeof *seen;
        for (size_t k = 0; k < count && !known; k++)
            known = strcmp(seen[k], buf_text(&link)) == 0;
        if (!known)
            snprintf(seen[count++], sizeof *seen, "%s", buf_text(&link));
        buf_fini(&link);
        for (size_t k = 0; k < ARRAY_LEN(tables) && !known && result == 0; k++) {
            snprintf(path, sizeof path, "proc/%s/net/%s", pids.names[i], tables[k]);
            if (live_item(room, ++*number, "/%s", path))
                result = put_file(room, out, path, "namespace", seen[count - 1], e);
        }
    }
    live_names_fini(&pids);
    mem_free(seen);
    return result;
}

int live_collect_kernel_tables(struct live_room *room, struct err *e)
{
    /* Not /proc/kmsg, trace_pipe and their like, which wait for what comes. */
    static const char *const tables[] = {"proc/version",
                                         "proc/cmdline",
                                         "proc/uptime",
                                         "proc/loadavg",
                                         "proc/stat",
                                         "proc/meminfo",
                                         "proc/vmstat",
                                         "proc/zoneinfo",
                                         "proc/buddyinfo",
                                         "proc/slabinfo",
                                         "proc/swaps",
                                         "proc/interrupts",
                                         "proc/softirqs",
                                         "proc/diskstats",
                                         "proc/partitions",
                                         "proc/locks",
                                         "proc/crypto",
                                         "proc/filesystems",
                                         "proc/iomem",
                                         "proc/ioports",
                                         "proc/dma",
                                         "proc/cgroups",
                                         "proc/consoles",
                                         "proc/execdomains",
                                         "proc/fb",
                                         "proc/key-users",
                                         "proc/keys",
                                         "proc/mdstat",
                                         "proc/misc",
                                         "proc/mtrr",
                                         "proc/pagetypeinfo",
                                         "proc/schedstat",
                                         "proc/timer_list",
                                         "proc/vmallocinfo",
                                         "proc/sysvipc/msg",
                                         "proc/sysvipc/sem",
                                         "proc/sysvipc/shm",
                                         "proc/tty/drivers",
                                         "proc/cpuinfo",
                                         "proc/kallsyms",
                                         "proc/config.gz",
                                         "proc/pressure/cpu",
                                         "proc/pressure/io",
                                         "proc/pressure/memory",
                                         "sys/kernel/security/lsm",
                                         "sys/kernel/security/lockdown",
                                         "sys/kernel/debug/kprobes/list",
                                         "sys/kernel/tracing/kprobe_events",
                                         "sys/kernel/tracing/uprobe_events",
                                         "sys/kernel/tracing/enabled_functions",
                                         "sys/kernel/tracing/current_tracer"};
    struct live_output out;
    uint64_t number = 0;
    int result = live_output_open(&out, room, ".jsonl", e);
    for (size_t i = 0; i < ARRAY_LEN(tables) && result == 0; i++)
        if (live_item(room, ++number, "/%s", tables[i]))
            result = put_file(room, &out, tables[i], NULL, NULL, e);
    if (result == 0)
        result = networks(room, &out, &number, e);
    if (result == 0)
        result = settings(room, &out, "proc/sys", 0, &number, e);
    return live_output_close(&out, result, e);
}

/* /dev/kmsg gives a message a read, from the oldest, and takes none away; at the end EAGAIN. */
int live_collect_kernel_log(struct live_room *room, struct err *e)
{
    struct live_output out;
    uint8_t message[8192];
    int result = live_output_open(&out, room, ".txt", e);
    int fd = result == 0 ? live_open(room, "dev/kmsg") : -1;
    if (result == 0 && fd < 0)
        live_nothing(room, "/dev/kmsg cannot be opened: %s", strerrordesc_np(errno));
    while (fd >= 0 && result == 0) {
        ssize_t n = read(fd, message, sizeof message);
        live_beat(room);
        if (n < 0 && (errno == EINTR || errno == EPIPE)) /* EPIPE: written over meanwhile; go on */
            continue;
        if (n < 0 && errno != EAGAIN)
            live_refused(room, "/dev/kmsg", errno);
        if (n <= 0)
            break;
        buf_put(&out.text, message, (size_t)n);
        atomic_fetch_add(&room->shared->items, 1);
        if (out.text.len > sizeof message)
            result = live_output_flush(&out, e);
    }
    if (fd >= 0)
        close(fd);
    return live_output_close(&out, result, e);
}

static bool is_listed(struct slice modules, const char *name)
{
    size_t len = strlen(name);
    while (modules.len > 0) {
        const uint8_t *end = memchr(modules.data, '\n', modules.len);
        size_t line = end ? (size_t)(end - modules.data) : modules.len;
        if (line > len && memcmp(modules.data, name, len) == 0 && modules.data[len] == ' ')
            return true;
        line += end != NULL;
        modules = slice_of(modules.data + line, modules.len - line);
    }
    return false;
}

static int put_module(struct live_room *room, struct live_output *out, const char *name,
                      bool listed, struct err *e)
{
    static const char *const members[] = {"version", "srcversion", "initstate", "refcnt",
                                          "taint",   "coresize",   "uevent"};
    struct json_writer w;
    char path[512], line[256];
    live_line_begin(out, &w);
    live_member(&w, "name", slice_str(name));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (strcmp(members[i], "uevent") == 0) /* is written to, not read */
            continue;
        snprintf(path, sizeof path, "sys/module/%s/%s", name, members[i]);
        live_line(room, path, line, sizeof line);
        if (line[0])
            live_member(&w, members[i], slice_str(line));
    }
    json_member_bool(&w, "in_proc_modules", listed);
    atomic_fetch_add(&room->shared->items, 1);
    return live_line_end(out, &w, e);
}

int live_collect_modules(struct live_room *room, struct err *e)
{
    struct live_output out;
    struct live_names names = {0};
    struct buf modules;
    buf_init(&modules);
    int error = live_read(room, "proc/modules", TABLE_MOST, &modules);
    int result = live_output_open(&out, room, ".jsonl", e);
    if (error && error != ENOENT) /* a kernel without modules has no such file */
        live_refused(room, "/proc/modules", error);
    if (result == 0)
        result = live_names_read(room, "sys/module", false, &names, NULL, e);
    for (size_t i = 0; i < names.count && result == 0; i++) {
        char path[512], state[32];
        bool listed = is_listed(buf_slice(&modules), names.names[i]);
        snprintf(path, sizeof path, "sys/module/%s/initstate", names.names[i]);
        live_line(room, path, state, sizeof state);
        if (!state[0]) /* built in, not loaded */
            continue;
        if (!listed)
            live_warn(room, "module %s is loaded, and /proc/modules does not list it",
                      names.names[i]);
        result = put_module(room, &out, names.names[i], listed, e);
    }
    if (result == 0) {
        struct json_writer w;
        live_line_begin(&out, &w);
        live_member(&w, "proc_modules", buf_slice(&modules));
        result = live_line_end(&out, &w, e);
    }
    live_names_fini(&names);
    buf_fini(&modules);
    return live_output_close(&out, result, e);
}

int live_collect_mounts(struct live_room *room, struct err *e)
{
    struct live_output out;
    struct live_names pids;
    struct buf seen;
    buf_init(&seen);
    int result = live_names_read(room, "proc", true, &pids, NULL, e);
    if (result == 0) {
        result = live_output_open(&out, room, ".jsonl", e);
        for (size_t i = 0; i < pids.count && result == 0; i++) {
            struct buf link;
            char path[64];
            buf_init(&link);
            buf_putc(&link, ' ');
            snprintf(path, sizeof path, "proc/%s/ns/mnt", pids.names[i]);
            if (live_link(room, path, &link) == 0 && !strstr(buf_text(&seen), buf_text(&link))) {
                buf_put_slice(&seen, buf_slice(&link));
                snprintf(path, sizeof path, "proc/%s/mountinfo", pids.names[i]);
                result = put_file(room, &out, path, "namespace", buf_text(&link) + 1, e);
            }
            buf_fini(&link);
        }
        live_names_fini(&pids);
        result = live_output_close(&out, result, e);
    }
    buf_fini(&seen);
    return result;
}
