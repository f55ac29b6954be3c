/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structured log lines on standard error, one write(2) a line:
 *   2026-11-21T20:39:56.123456Z info centre door.open door=device port=8443
 * Values with spaces or quotes are quoted as JSON strings. Never a secret, never a person's name.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"
#include "base/slice.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

struct log_field {
    const char *name;
    const char *text; /* used when not NULL */
    long long number;
};

/* Which process writes ("centre", "signer"), and the least level shown. Call before threads. */
void log_setup(const char *process, enum log_level least);

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count);

/* A line for an error: its code, text, place, clause. */
void log_err(enum log_level level, const char *event, const struct err *e);

#define LOG_S(field, value) ((struct log_field){.name = (field), .text = (value)})
#define LOG_I(field, value) ((struct log_field){.name = (field), .number = (long long)(value)})
#define log_line(level, event, ...)                                                                \
    log_fields((level), (event), (const struct log_field[]){__VA_ARGS__},                          \
               sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
#define log_debug(event, ...) log_line(LOG_LEVEL_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...) log_line(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_warning(event, ...) log_line(LOG_LEVEL_WARNING, event, __VA_ARGS__)
#define log_error(event, ...) log_line(LOG_LEVEL_ERROR, event, __VA_ARGS__)

#endif
