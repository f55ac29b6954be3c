/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: a reader of foreign formats in a process of its own. It may read the files that
 * it is given and write messages into a pipe, and nothing else (seccomp, Landlock where the kernel
 * has it, limits of memory and time); whatever goes wrong in it, the importing process gets an
 * error. Every message is checked by its length before it is believed.
 */
#ifndef EVIDENCE_CONFINED_H
#define EVIDENCE_CONFINED_H

#include "base/buf.h"
#include "base/err.h"

#include <sys/types.h>

enum evidence_message_kind {
    EVIDENCE_MESSAGE_FACT = 1, /* u64 number, u64 number, name NUL, text */
    EVIDENCE_MESSAGE_DATA,     /* bytes of the image, in order */
    EVIDENCE_MESSAGE_DAMAGE,   /* u64 offset, u64 bytes, why */
    EVIDENCE_MESSAGE_ENTRY,    /* struct evidence_entry_wire, name NUL, link NUL, why NUL */
    EVIDENCE_MESSAGE_FAILED,   /* why: nothing more comes */
    EVIDENCE_MESSAGE_END
};

enum { EVIDENCE_MESSAGE_MOST = 1 << 20 };

struct evidence_message {
    enum evidence_message_kind kind;
    struct slice payload; /* until the next message */
};

struct evidence_confined {
    pid_t pid; /* 0: not running */
    int fd;
    uint8_t *payload;
};

/* In the child: its descriptors, and how it speaks. */
struct evidence_child {
    const int *files;
    size_t file_count;
    int out;
};
/* Ends the process when the other side is gone. */
void evidence_child_say(const struct evidence_child *child, enum evidence_message_kind kind,
                        struct slice first, struct slice second);
/* name, two numbers, text */
void evidence_child_fact(const struct evidence_child *child, const char *name, uint64_t first,
                         uint64_t second, const char *text);
void evidence_child_failed(const struct evidence_child *child, const char *why);

/*
 * Starts function in a process of its own, confined. reopens: it may open the given files anew by
 * /proc/self/fd, for reading. To be called before any thread is started.
 */
int evidence_confined_start(struct evidence_confined *c, const int *files, size_t file_count,
                            bool reopens, void (*function)(const struct evidence_child *child),
                            struct err *e) MUST_CHECK;
/* The next message. -1: "evidence.confined": it ended before its time, or spoke nonsense. */
int evidence_confined_next(struct evidence_confined *c, struct evidence_message *m,
                           struct err *e) MUST_CHECK;
/* Ends it in any case. */
void evidence_confined_end(struct evidence_confined *c);

/* Numbers in messages are the machine's own: both ends are one program. */
bool evidence_message_fact(struct slice payload, uint64_t *first, uint64_t *second,
                           const char **name, struct slice *text);

#endif
