/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct err: what went wrong, for people and for programs.
 *
 * A function that can fail takes `struct err *e` last and never NULL. It is set where the fault is
 * found, with a stable code, the clause that was broken, the place in the input, and what to do
 * next. Callers pass it up unchanged, or add context once (err_context). The first error is the
 * root cause: err_set on an err that is already set does nothing but return -1.
 *
 * What is put into text, where and hint may quote bytes of outsiders: control characters and what
 * is not UTF-8 are replaced by '?', so that each is one harmless line of UTF-8.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/compiler.h"

#include <stdbool.h>

/* What kind of failure; decides exit codes and HTTP status, never the text. */
enum err_kind {
    ERR_NONE = 0,
    ERR_USAGE,       /* the caller asked wrongly                        exit 2, HTTP 400 */
    ERR_INPUT,       /* a document or message is not as its rule says   exit 1, HTTP 422 */
    ERR_DENIED,      /* the actor may not do that                       exit 3, HTTP 403 */
    ERR_NOT_FOUND,   /* no such object, or not for the actor's eyes     exit 3, HTTP 404 */
    ERR_CONFLICT,    /* the state does not allow it (any more)          exit 3, HTTP 409 */
    ERR_LIMIT,       /* over a stated limit                             exit 1, HTTP 413 */
    ERR_VERIFY,      /* a signature, hash or proof does not hold        exit 1, HTTP 422 */
    ERR_UNAVAILABLE, /* try again later: locked, full, down             exit 3, HTTP 503 */
    ERR_SYSTEM,      /* the operating system or a library said no       exit 3, HTTP 500 */
    ERR_MEMORY,      /* out of memory                                   exit 3, HTTP 503 */
    ERR_INTERNAL,    /* a bug of ours                                   exit 3, HTTP 500 */
};

struct err {
    enum err_kind kind;
    char code[48];   /* stable, dotted: "json.duplicate-key" */
    char clause[80]; /* "RFC 8259 section 4"; empty when no rule is named */
    char where[240]; /* "line 3 column 7 (/document/title)", a file name; may be empty */
    char text[480];  /* what and why, one sentence, no full stop */
    char hint[240];  /* what to do next; may be empty */
};

void err_clear(struct err *e);

static inline bool err_is_set(const struct err *e)
{
    return e->kind != ERR_NONE;
}

/*
 * Sets *e unless it is set already. clause may be NULL. Always returns -1, so that a function can
 * `return err_set(e, …)`.
 */
int err_set(struct err *e, enum err_kind kind, const char *code, const char *clause,
            const char *format, ...) PRINTF_LIKE(5, 6);

/* ERR_SYSTEM with strerror(errno_value) at the end of the text. Returns -1. */
int err_errno(struct err *e, int errno_value, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* ERR_MEMORY, code "base.memory". Returns -1. */
int err_memory(struct err *e);

/* Puts "context: " before where (the file, the document, the command). Returns -1. */
int err_context(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);

/* Sets the place in the input, if none is set yet. Returns -1. */
int err_where(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);

/* Sets what to do next, if nothing is set yet. Returns -1. */
int err_hint(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);

/* One line for people: "text (where; clause)"; always terminated. Returns its length. */
int err_line(const struct err *e, char *line, unsigned long size);

/* Exit code (0-3) and HTTP status for a kind, as in the table above. */
int err_exit_code(enum err_kind kind);
int err_http_status(enum err_kind kind);

#endif
