/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people read. Text of others never steers the terminal: control characters and those that
 * turn the direction of writing are shown as '?'. Colour only on a terminal, and not when NO_COLOR
 * is set.
 */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "cli/options.h"

#include <stdio.h>

enum say_style { SAY_PLAIN, SAY_STRONG, SAY_FAINT, SAY_GOOD, SAY_BAD, SAY_DOUBT };

/* Before anything is written: the locale, so that widths of UTF-8 are known. */
void say_setup(void);

/* Appends text with what is not harmless replaced; newline: '\n' and '\t' stay. */
void say_clean(struct buf *b, struct slice text, bool newline);
void say_text(FILE *out, struct slice text);
/* The same between two texts of ours. */
void say_around(FILE *out, const char *before, const char *text, const char *after);
/* Text in a style. */
void say_styled(FILE *out, enum say_style style, struct slice text);
bool say_has_colour(FILE *out);
/* "\033[…m" of a style, or "" where there is no colour. */
const char *say_style_on(FILE *out, enum say_style style);
const char *say_style_off(FILE *out, enum say_style style);
/* How a status word ("affected", "acknowledged") is shown. */
enum say_style say_style_of(struct slice word);

/* Columns of the terminal that out is, at most those of a readable line; 0: it is none. */
size_t say_width(FILE *out);
/* Columns that a harmless run of UTF-8 takes. */
size_t say_columns(struct slice text);

/* "  Label:          text"; nothing when text is empty. */
void say_field(const char *label, struct slice text);
void say_field_number(const char *label, int64_t number);
/* A paragraph, wrapped to the terminal's width (or 100), each line behind indent spaces. */
void say_wrapped(FILE *out, struct slice text, unsigned indent);

/* "1 asset", "2 assets". */
void say_count(FILE *out, int64_t count, const char *one, const char *many);

/*
 * Prints "tocsin: what: text (where; clause)" and, on a line of its own, the next step. Gives the
 * exit code of the error's kind.
 */
int say_failed(const char *what, const struct err *e);
/* The same for a command. */
int say_fail(const struct cli_args *args, const struct err *e);

/* For programs: the value as indented JSON and a line's end, on standard output. */
void say_json(const struct json_value *value);

/* Ends writing to standard output: exit code 3, said, when that did not work; else result. */
int say_end(const struct cli_args *args, int result);
/* The same at the end of the program, for commands that did not. */
int say_ended(int result);

#endif
