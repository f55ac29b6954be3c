/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax of tocsin.conf, without knowing any key:
 *
 *   # a comment, to the end of the line
 *   mail {
 *       host = "mail.example.org"      text: in quotes, with \" \\ \n \t, or a bare word
 *       timeout = 30s;                 ends with the line or a semicolon
 *   }
 *   witness north { … }                a section may have a label
 *   door device {
 *       listen = ["0.0.0.0:8442",      a list may go over lines
 *                 "[::]:8442"]
 *   }
 *
 * Every name and value knows its line and column (in bytes, from 1).
 */
#ifndef CENTRE_CONFIG_TEXT_H
#define CENTRE_CONFIG_TEXT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Limits; over them: ERR_LIMIT "config.limit". */
enum {
    CONFIG_BYTES_MAX = 1 << 20, /* of the file */
    CONFIG_VALUE_MAX = 4096,    /* bytes of a value or name */
    CONFIG_LIST_MAX = 1000,     /* values of a list */
};

struct config_place {
    unsigned line, column;
};

struct config_value {
    struct config_value *next; /* in a list */
    struct config_place place;
    struct slice text; /* decoded, UTF-8 without control characters but \n and \t; NUL behind it */
    bool quoted;
};

struct config_entry {
    struct config_entry *next;
    struct config_place place;
    const char *name;
    struct slice label; /* of a section; empty when it has none */
    struct config_place label_place;
    bool is_section;
    struct config_entry *children; /* of a section */
    bool is_list;
    struct config_value *values; /* one, or the list's (may be NULL) */
};

/*
 * The entries of text in their order, living in a; text is not needed afterwards. 0, or -1 with
 * "config.syntax" or "config.limit" and where = "line L column C".
 */
int config_text_parse(struct arena *a, struct slice text, struct config_entry **entries,
                      struct err *e) MUST_CHECK;

/* Appends value so that config_text_parse reads it back: bare where possible, else in quotes. */
void config_text_put(struct buf *b, struct slice value);

#endif
