/* SPDX-License-Identifier: Apache-2.0 */
/* Processes as /proc shows them; nothing in them is stopped or entered. */
#include "evidence/live/collector.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENVIRONMENT_MOST = 8 << 20, THREADS_MOST = 4096, INFO_MOST = 8 << 20 };

static void link_member(struct live_room *room, struct json_writer *w, const char *name,
                        const char *path)
{
    struct buf text;
    buf_init(&text);
    int error = live_link(room, path, &text);
    if (error == 0 && !text.failed)
        live_member(w, name, buf_slice(&text));
    else if (error == EACCES || error == EPERM)
        live_refused(room, path, error);
    buf_fini(&text);
}

static void strings_member(struct live_room *room, struct json_writer *w, const char *name,
                           const char *path)
{
    struct buf text;
    buf_init(&text);
    int error = live_read(room, path, ENVIRONMENT_MOST, &text);
    if (error == 0 && !text.failed)
        live_member_strings(w, name, buf_slice(&text));
    else if (error == EACCES || error == EPERM)
        live_refused(room, path, error);
    buf_fini(&text);
}

static int open_files(struct live_room *room, struct json_writer *w, const char *pid, struct err *e)
{
    struct live_names names;
    char path[320];
    size_t info =
        0; /* of all of them: each of many copies of an epoll lists all that it waits for */
    int error;
    snprintf(path, sizeof path, "proc/%s/fd", pid);
    if (live_names_read(room, path, true, &names, &error, e) != 0)
        return -1;
    if (error == EACCES || error == EPERM)
        live_refused(room, path, error);
    json_write_name(w, "files");
    json_write_array(w);
    for (size_t i = 0; i < names.count; i++) {
        json_write_object(w);
        json_member_string(w, "fd", names.names[i]);
        snprintf(path, sizeof path, "proc/%s/fd/%s", pid, names.names[i]);
        link_member(room, w, "target", path);
        snprintf(path, sizeof path, "proc/%s/fdinfo/%s", pid, names.names[i]);
        if (info < INFO_MOST)
            info += live_member_file(room, w, "info", path);
        else
            json_member_string(w, "info_error", "left out: of this process there is too much");
        json_write_object_end(w);
    }
    json_write_array_end(w);
    if (info >= INFO_MOST)
        live_refused(room, path, EFBIG);
    live_names_fini(&names);
    return 0;
}

static int namespaces(struct live_room *room, struct json_writer *w, const char *pid, struct err *e)
{
    struct live_names names;
    char path[320];
    snprintf(path, sizeof path, "proc/%s/ns", pid);
    if (live_names_read(room, path, false, &names, NULL, e) != 0)
        return -1;
    json_write_name(w, "namespaces");
    json_write_object(w);
    for (size_t i = 0; i < names.count; i++) {
        snprintf(path, sizeof path, "proc/%s/ns/%s", pid, names.names[i]);
        link_member(room, w, names.names[i], path);
    }
    json_write_object_end(w);
    live_names_fini(&names);
    return 0;
}

static int threads(struct live_room *room, struct json_writer *w, const char *pid, struct err *e)
{
    struct live_names names;
    char path[320], line[4096];
    snprintf(path, sizeof path, "proc/%s/task", pid);
    if (live_names_read(room, path, true, &names, NULL, e) != 0)
        return -1;
    json_write_name(w, "threads");
    json_write_array(w);
    for (size_t i = 0; i < names.count && i < THREADS_MOST; i++) {
        json_write_object(w);
        json_member_string(w, "tid", names.names[i]);
        snprintf(path, sizeof path, "proc/%s/task/%s/stat", pid, names.names[i]);
        live_text(room, path, line, sizeof line);
        live_member(w, "stat", slice_str(line));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    live_names_fini(&names);
    return 0;
}

/* Field 22 of /proc/PID/stat, behind the name, which may hold anything, line ends as well. */
static void start_time(struct live_room *room, const char *pid, char text[32])
{
    char path[64], line[4096];
    snprintf(path, sizeof path, "proc/%s/stat", pid);
    live_text(room, path, line, sizeof line);
    const char *at = strrchr(line, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    text[0] = 0;
    if (at)
        snprintf(text, 32, "%.*s", (int)strcspn(at + 1, " "), at + 1);
}

static int write_process(struct live_room *room, struct live_output *out, const char *pid,
                         struct err *e)
{
    static const char *const texts[] = {
        "stat",    "status",        "statm",   "maps",     "cgroup",      "limits",
        "io",      "oom_score_adj", "wchan",   "loginuid", "sessionid",   "stack",
        "syscall", "mountinfo",     "uid_map", "timers",   "attr/current"};
    static const char *const links[] = {"exe", "cwd", "root"};
    struct json_writer w;
    char path[320], started[32], now[32];
    start_time(room, pid, started);
    live_line_begin(out, &w);
    json_member_string(&w, "pid", pid);
    json_member_string(&w, "started_ticks", started);
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        snprintf(path, sizeof path, "proc/%s/%s", pid, links[i]);
        link_member(room, &w, links[i], path);
    }
    snprintf(path, sizeof path, "proc/%s/cmdline", pid);
    strings_member(room, &w, "cmdline", path);
    snprintf(path, sizeof path, "proc/%s/environ", pid);
    strings_member(room, &w, "environ", path);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        snprintf(path, sizeof path, "proc/%s/%s", pid, texts[i]);
        live_member_file(room, &w, texts[i], path);
    }
    if (namespaces(room, &w, pid, e) != 0 || open_files(room, &w, pid, e) != 0 ||
        threads(room, &w, pid, e) != 0)
        return -1;
    start_time(room, pid, now);
    if (strcmp(started, now) != 0)
        json_member_string(&w, "changed",
                           now[0] ? "another process has its number now"
                                  : "it ended while it was looked at");
    return live_line_end(out, &w, e) != 0 ? -1 : live_output_flush(out, e);
}

int live_collect_processes(struct live_room *room, struct err *e)
{
    struct live_names names;
    struct live_output out;
    int error;
    if (live_names_read(room, "proc", true, &names, &error, e) != 0)
        return -1;
    if (names.count == 0)
        live_nothing(room, "/proc lists no process: %s", strerrordesc_np(error));
    int result = live_output_open(&out, room, ".jsonl", e);
    for (size_t i = 0; i < names.count && result == 0; i++) {
        /* numbered by process, so that going on behind one that hangs finds the others */
        if (live_item(room, strtoull(names.names[i], NULL, 10), "/proc/%s", names.names[i]))
            result = write_process(room, &out, names.names[i], e);
    }
    if (result == 0)
        atomic_store(&room->shared->items, names.count);
    live_names_fini(&names);
    return live_output_close(&out, result, e);
}
