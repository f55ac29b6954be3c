/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of an advisory about an asset, for people: what, how surely, and why. */
#ifndef CLI_STATEMENT_H
#define CLI_STATEMENT_H

#include "base/json.h"

enum statement_detail {
    STATEMENT_BRIEF, /* one line, and what would decide an unknown one */
    STATEMENT_FULL,  /* the chain of reasons, and what to do */
};

/* One object of docs/formats.md 3.1, to standard output, behind indent spaces. */
void statement_say(const struct json_value *statement, unsigned indent,
                   enum statement_detail detail);

/* Worst status of an array of statements: affected, unknown, under investigation, fixed, not. */
struct slice statements_status(const struct json_value *statements);

/* "not affected" for "not_affected". */
struct slice statement_words(struct slice status);

/* All of them in short: vulnerabilities of which the same is said stand in one line. */
void statements_say_brief(const struct json_value *statements, unsigned indent);

#endif
