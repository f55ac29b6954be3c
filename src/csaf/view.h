/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An advisory for people: what is affected, how bad it is, what to do; then everything else that
 * the document says. As plain text, as one HTML file, or as Markdown.
 *
 * Every word of the document goes through one function a format that escapes it: nothing in it
 * becomes markup, a script, a link with another scheme than http, https and mailto, or a command to
 * a terminal. Control characters and those that turn the direction of writing are made visible.
 */
#ifndef CSAF_VIEW_H
#define CSAF_VIEW_H

#include "base/buf.h"
#include "csaf/reading.h"
#include "csaf/validate.h"

enum csaf_view_format { CSAF_VIEW_TEXT, CSAF_VIEW_HTML, CSAF_VIEW_MARKDOWN };

struct csaf_view_options {
    enum csaf_view_format format;
    size_t width;                      /* columns of TEXT, 40 to 500; 0: 100 */
    bool colour;                       /* TEXT: with escape sequences for a terminal, ours alone */
    const struct csaf_result *verdict; /* what is wrong is told at the top; NULL: nobody asked */
};

/* What is shown at most; a document within CSAF's limits needs far less. */
enum { CSAF_VIEW_LIMIT = 1 << 30 };

/* Appends the view to out. 0, or -1: ERR_LIMIT, ERR_MEMORY. */
int csaf_view(const struct csaf_reading *r, const struct csaf_view_options *options,
              struct buf *out, struct err *e) MUST_CHECK;

#endif
