/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A paper for people: headings, paragraphs, facts, tables, places to sign. It is put together once
 * and then written as plain text, as HTML (one file, no script, nothing from elsewhere), or as PDF.
 * Every word may come from strangers: each format shows what is in it and lets none of it act.
 */
#ifndef PAPER_PAPER_H
#define PAPER_PAPER_H

#include "base/arena.h"
#include "base/buf.h"

enum paper_kind {
    PAPER_TITLE,
    PAPER_SUBTITLE,
    PAPER_HEADING,
    PAPER_SUBHEADING,
    PAPER_TEXT, /* a paragraph */
    PAPER_SMALL,
    PAPER_GOOD, /* stand out */
    PAPER_BAD,
    PAPER_DOUBT,
    PAPER_FACT,    /* cells: name, value */
    PAPER_ITEM,    /* of a list */
    PAPER_COLUMNS, /* the head of a table: a cell a column */
    PAPER_ROW,
    PAPER_SIGN, /* a line to write on: what is to be written there */
    PAPER_PAGE, /* a new page */
    PAPER_KINDS
};

enum { PAPER_CELLS = 6 };

struct paper_block {
    enum paper_kind kind;
    unsigned cells;
    struct slice cell[PAPER_CELLS];
    uint8_t weight[PAPER_CELLS]; /* of columns: their widths to each other */
    uint8_t code; /* bit n: cell n is no prose (a hash, a command) and may be cut anywhere */
};

struct paper {
    struct arena arena;
    struct paper_block *blocks;
    size_t count, room;
    struct slice title; /* of the file, and at each page's foot */
    int64_t date;       /* in the file's own description; microseconds */
    bool failed;
};

void paper_init(struct paper *p, int64_t date);
void paper_fini(struct paper *p);
/* 0, or -1 with ERR_MEMORY when something could not be kept. */
int paper_check(const struct paper *p, struct err *e) MUST_CHECK;

/* All texts are copied. Title and subtitle are the file's as well. */
void paper_add(struct paper *p, enum paper_kind kind, struct slice text);
void paper_say(struct paper *p, enum paper_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);
/* Nothing when the value is empty. */
void paper_fact(struct paper *p, const char *name, struct slice value);
void paper_fact_code(struct paper *p, const char *name, struct slice value);
void paper_fact_say(struct paper *p, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
/* names and weights: count of them; code: bits. Rows follow it. */
void paper_columns(struct paper *p, unsigned count, const char *const *names,
                   const uint8_t *weights, uint8_t code);
void paper_row(struct paper *p, unsigned count, const struct slice *cells);

/* Appends the file. */
void paper_text(const struct paper *p, struct buf *out);
void paper_html(const struct paper *p, struct buf *out);
/* What tocsin-paper reads: tocsin-paper/v1. */
void paper_json(const struct paper *p, struct buf *out);
/*
 * By tocsin-paper, a process of its own that alone is linked with what draws letters. -1:
 * ERR_UNAVAILABLE "paper.program" (it is not installed: hint), "paper.failed".
 */
int paper_pdf(const struct paper *p, struct buf *out, struct err *e) MUST_CHECK;

#endif
