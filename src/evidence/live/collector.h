/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what a collector has to work with. It runs in a process of its own; what it tells
 * its parent lies in shared memory, so that it is known also of one that hangs or dies.
 */
#ifndef EVIDENCE_COLLECTOR_H
#define EVIDENCE_COLLECTOR_H

#include "base/json.h"
#include "evidence/live.h"

#include <stdatomic.h>
#include <sys/types.h>

struct live_shared {
    atomic_ullong beats; /* signs of life */
    atomic_ullong item;  /* the one under way, from 0 */
    atomic_ullong items; /* that are through */
    atomic_ullong files_read, bytes_read, bytes_written, sockets;
    atomic_ullong refused;          /* what could not be read */
    atomic_ullong touched;          /* files whose access time may have changed */
    char at[256];                   /* what is under way */
    bool finished, failed, nothing; /* nothing: the kernel allows none of it */
    char why[300];
    char refused_first[200];
    char warnings[EVIDENCE_LIVE_WARNINGS][200];
    unsigned warning_count;
};

struct live_room {
    const struct evidence_live_options *options;
    const char *root; /* before every path of the machine */
    const char *base; /* "data/live/03-processes" */
    uint64_t from;    /* the first item to do: those before were done, or given up */
    struct live_shared *shared;
};

struct live_collector {
    const char *name, *what, *touches;
    unsigned level;
    bool by_items; /* it goes on behind an item that hung */
    int (*run)(struct live_room *room, struct err *e);
};

/* In the order of volatility. */
extern const struct live_collector live_collectors[];
extern const size_t live_collector_count;

/* A sign of life. */
void live_beat(struct live_room *room);
/* Begins item number `number`; false: it was done or given up in an earlier run. */
bool live_item(struct live_room *room, uint64_t number, const char *format, ...) PRINTF_LIKE(3, 4);
void live_warn(struct live_room *room, const char *format, ...) PRINTF_LIKE(2, 3);
/* What could not be read is counted, and the first of it said. */
void live_refused(struct live_room *room, const char *path, int error);
/* Whether this error of reading keeps something back; others say that there is nothing. */
bool live_is_refusal(int error);
/* The kernel allows nothing of what the collector is for. */
void live_nothing(struct live_room *room, const char *format, ...) PRINTF_LIKE(2, 3);

/* Opens a file of the machine for reading, without its access time and without waiting. -1: errno.
 */
int live_open(struct live_room *room, const char *path) MUST_CHECK;
/* Its contents behind those of text; 0, or errno. EFBIG: there is more than limit; EAGAIN: no end.
 */
int live_read(struct live_room *room, const char *path, size_t limit, struct buf *text) MUST_CHECK;
/* Where a symlink leads; 0, or errno. */
int live_link(struct live_room *room, const char *path, struct buf *text) MUST_CHECK;
/* What it says without the line end behind it; "" when it cannot be read. The name of a process may
 * have line ends in it. */
void live_text(struct live_room *room, const char *path, char *text, size_t room_bytes);
/* The first line of it. */
void live_line(struct live_room *room, const char *path, char *line, size_t room_bytes);

/*
 * Names in a folder, sorted; numbers: only those that are numbers, as numbers sort. NULL: e is set;
 * what cannot be read has no names, and *error is its errno (may be NULL).
 */
struct live_names {
    char **names;
    size_t count;
    struct arena arena;
};
int live_names_read(struct live_room *room, const char *path, bool numbers,
                    struct live_names *names, int *error, struct err *e) MUST_CHECK;
void live_names_fini(struct live_names *names);

/* A file of the collector's: base and suffix (".jsonl"). A collector that goes on adds to it. */
struct live_output {
    struct live_room *room;
    int fd;
    struct buf text; /* not yet written */
    char name[128];  /* in the bundle */
};
int live_output_open(struct live_output *out, struct live_room *room, const char *suffix,
                     struct err *e) MUST_CHECK;
/* What is in text goes to the file; after each item, so that nothing of it is lost. */
int live_output_flush(struct live_output *out, struct err *e) MUST_CHECK;
int live_output_put(struct live_output *out, const void *data, size_t len,
                    struct err *e) MUST_CHECK;
int live_output_close(struct live_output *out, int result, struct err *e) MUST_CHECK;

/* A line of JSON into an output: begin, members, end. */
void live_line_begin(struct live_output *out, struct json_writer *w);
int live_line_end(struct live_output *out, struct json_writer *w, struct err *e) MUST_CHECK;
/* Text where it is UTF-8, else NAME_base64. */
void live_member(struct json_writer *w, const char *name, struct slice bytes);
/* The contents of a file of the machine as a member, or NAME_error. How many bytes it has. */
size_t live_member_file(struct live_room *room, struct json_writer *w, const char *name,
                        const char *path);
/* Parts that end with NUL, as a list. */
void live_member_strings(struct json_writer *w, const char *name, struct slice bytes);

/* Trees of files into base: records, contents, what was not taken (section 10). */
int live_take(struct live_room *room, const char *const *paths, size_t count, bool cross,
              struct err *e) MUST_CHECK;

int live_collect_routes(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_sockets(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_processes(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_kernel_tables(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_kernel_log(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_modules(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_mounts(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_encryption(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_users(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_memory(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_process_memory(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_executables(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_temporary(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_timers(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_logs(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_interfaces(struct live_room *room, struct err *e) MUST_CHECK;
int live_collect_devices(struct live_room *room, struct err *e) MUST_CHECK;

#endif
