/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: a table for people, JSON for programs, from the same rows. */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "cli/api.h"

enum list_column_flags {
    LIST_RIGHT = 1,  /* numbers */
    LIST_CUT = 2,    /* cut when the terminal is too narrow */
    LIST_SPARSE = 4, /* the column is left out when no row has it */
    LIST_SPARE = 8,  /* left out, the last first, when the terminal is too narrow for all */
    LIST_SORTED = 16 /* rows are printed in its order */
};

struct list_column {
    const char *name; /* of the member in a row; "a.b": a member's member */
    const char *heading;
    unsigned flags;
};

struct list;

/* as_json: rows are printed as they are, in {"NAME": […]}; else columns are collected. */
int list_new(struct list **list, const char *name, const struct list_column *columns, size_t count,
             bool as_json, struct err *e) MUST_CHECK;
void list_free(struct list *list);
/* Only with as_json, before the first row: members of an answer ("items" and "next" left out) that
 * stand before the rows. */
void list_head(struct list *list, const struct json_value *answer);
/* An api_row; context: the list. */
int list_row(void *list, const struct json_value *row, struct err *e) MUST_CHECK;
/* Writes to standard output; without rows, people read `nothing`. */
int list_print(struct list *list, const char *nothing, struct err *e) MUST_CHECK;
size_t list_count(const struct list *list);

/*
 * Everything in one: asks for all pages of target and prints them as the verb's --json and --limit
 * say. Gives the exit code.
 */
struct list_of {
    const char *target;
    const char *cursor; /* NULL: "after" */
    const char *name;   /* of the list in JSON */
    const char *nothing;
    const struct list_column *columns;
    size_t column_count;
};
int list_all(const struct cli_args *args, const struct list_of *of);

/* A value as one line of text appended: strings cleaned, arrays joined by ", ", true "yes". */
void list_put_value(struct buf *b, const struct json_value *value);
/* The value that "a.b" names in a row; NULL when there is none. */
const struct json_value *list_find(const struct json_value *row, const char *name);

#endif
