/* SPDX-License-Identifier: Apache-2.0 */
/* Who is and was logged in: utmp(5), copied and read; sessions of logind. */
#include "evidence/live/users.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utmp.h>

enum { LOG_MOST = 256 << 20 };

static struct slice field(const char *text, size_t room)
{
    return slice_of(text, strnlen(text, room));
}

static const char *kind_name(int type)
{
    static const char *const names[] = {
        "empty",        "run level",     "boot",         "new time",     "old time",
        "init process", "login process", "user process", "dead process", "accounting"};
    return type >= 0 && (size_t)type < ARRAY_LEN(names) ? names[type] : "unknown";
}

void live_utmp_write(struct json_writer *w, const uint8_t bytes[LIVE_UTMP])
{
    struct utmp u;
    char text[64];
    memcpy(&u, bytes, sizeof u);
    json_member_string(w, "type", kind_name(u.ut_type));
    json_member_int(w, "pid", u.ut_pid);
    live_member(w, "line", field(u.ut_line, sizeof u.ut_line));
    live_member(w, "id", field(u.ut_id, sizeof u.ut_id));
    live_member(w, "user", field(u.ut_user, sizeof u.ut_user));
    live_member(w, "host", field(u.ut_host, sizeof u.ut_host));
    json_member_time(w, "at", (int64_t)(uint32_t)u.ut_tv.tv_sec * 1000000);
    json_member_int(w, "session", u.ut_session);
    bool four = !u.ut_addr_v6[1] && !u.ut_addr_v6[2] && !u.ut_addr_v6[3];
    if (u.ut_addr_v6[0] || !four) {
        netlink_address(slice_of(u.ut_addr_v6, four ? 4 : 16), text);
        json_member_string(w, "address", text);
    }
}

static int read_log(struct live_room *room, const char *path, const char *name, struct err *e)
{
    struct live_output raw, lines;
    struct buf text;
    char suffix[64], full[4096];
    struct stat st;
    buf_init(&text);
    snprintf(full, sizeof full, "%s/%s", room->root, path);
    if (lstat(full, &st) == 0 && !S_ISREG(st.st_mode)) { /* a trap, or a log that is elsewhere */
        live_refused(room, path, EINVAL);
        return 0;
    }
    int error = live_read(room, path, LOG_MOST, &text), result = 0;
    if (error && error != ENOENT)
        live_refused(room, path, error);
    if (error == 0 && !text.failed) {
        snprintf(suffix, sizeof suffix, "-%s.bin", name);
        result = live_output_open(&raw, room, suffix, e);
        if (result == 0)
            result = live_output_put(&raw, text.data, text.len, e);
        result = live_output_close(&raw, result, e);
        snprintf(suffix, sizeof suffix, "-%s.jsonl", name);
        if (result == 0) {
            result = live_output_open(&lines, room, suffix, e);
            for (size_t at = 0; at + LIVE_UTMP <= text.len && result == 0; at += LIVE_UTMP) {
                struct json_writer w;
                live_line_begin(&lines, &w);
                live_utmp_write(&w, text.data + at);
                atomic_fetch_add(&room->shared->items, 1);
                result = live_line_end(&lines, &w, e);
            }
            result = live_output_close(&lines, result, e);
        }
    }
    buf_fini(&text);
    return result;
}

static int sessions(struct live_room *room, struct err *e)
{
    static const char *const folders[] = {"run/systemd/sessions", "run/systemd/users",
                                          "run/systemd/seats"};
    struct live_output out;
    int result = live_output_open(&out, room, "-sessions.jsonl", e);
    for (size_t i = 0; i < ARRAY_LEN(folders) && result == 0; i++) {
        struct live_names names;
        result = live_names_read(room, folders[i], false, &names, NULL, e);
        for (size_t k = 0; result == 0 && k < names.count; k++) {
            struct json_writer w;
            char path[512];
            size_t len = strlen(names.names[k]);
            if (len > 4 && strcmp(names.names[k] + len - 4, ".ref") == 0) /* a pipe */
                continue;
            snprintf(path, sizeof path, "%s/%s", folders[i], names.names[k]);
            live_line_begin(&out, &w);
            live_member(&w, "file", slice_str(path));
            live_member_file(room, &w, "text", path);
            result = live_line_end(&out, &w, e);
        }
        if (names.names || result == 0)
            live_names_fini(&names);
    }
    return live_output_close(&out, result, e);
}

int live_collect_users(struct live_room *room, struct err *e)
{
    return read_log(room, "run/utmp", "utmp", e) != 0 ||
                   read_log(room, "var/log/wtmp", "wtmp", e) != 0 ||
                   read_log(room, "var/log/btmp", "btmp", e) != 0 || sessions(room, e) != 0
               ? -1
               : 0;
}
