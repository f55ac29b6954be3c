/* SPDX-License-Identifier: Apache-2.0 */
/* Plain text, a hundred columns wide. */
#include "base/utf8.h"
#include "base/visible.h"
#include "paper/paper.h"

enum { WIDTH = 100, NAME = 28, INDENT = 2, GAP = 2, LEAST = 6 };

/*
 * Takes one line of at most width characters off rest, broken between words where there is one.
 */
static struct slice take_line(struct slice *rest, size_t width)
{
    size_t at = 0, columns = 0, space = 0;
    while (at < rest->len && rest->data[at] == ' ') /* what the line before ended with */
        at++;
    *rest = slice_of(rest->data + at, rest->len - at);
    for (at = 0; at < rest->len && rest->data[at] != '\n'; columns++) {
        size_t len = utf8_length(rest->data + at, rest->data + rest->len);
        if (columns >= width)
            break;
        if (rest->data[at] == ' ')
            space = at;
        at += len ? len : 1;
    }
    bool ended = at >= rest->len || rest->data[at] == '\n' || rest->data[at] == ' ';
    size_t end = ended || space == 0 ? at : space;
    struct slice line = slice_of(rest->data, end);
    size_t next = end < rest->len && rest->data[end] == '\n' ? end + 1 : end;
    *rest = slice_of(rest->data + next, rest->len - next);
    return line;
}

static size_t columns_of(struct slice text)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.len; i++)
        columns += (text.data[i] & 0xc0) != 0x80;
    return columns;
}

static void spaces(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_putc(out, ' ');
}

/* Cells beside each other, each in its own lines. */
static void put_cells(struct buf *out, size_t indent, unsigned count, const struct slice *cells,
                      const size_t *widths)
{
    struct buf shown[PAPER_CELLS];
    struct slice rest[PAPER_CELLS];
    bool more = true;
    for (unsigned i = 0; i < count; i++) {
        buf_init(&shown[i]);
        visible_put(&shown[i], cells[i], true);
        rest[i] = buf_slice(&shown[i]);
        if (shown[i].failed)
            out->failed = true;
    }
    while (more) {
        size_t owed = indent;
        more = false;
        for (unsigned i = 0; i < count; i++) {
            struct slice line = rest[i].len ? take_line(&rest[i], widths[i]) : slice_of("", 0);
            if (line.len) {
                spaces(out, owed);
                buf_put_slice(out, line);
                owed = 0;
            }
            owed += widths[i] - (line.len ? columns_of(line) : 0) + GAP;
            more = more || rest[i].len;
        }
        buf_putc(out, '\n');
    }
    for (unsigned i = 0; i < count; i++)
        buf_fini(&shown[i]);
}

static void rule(struct buf *out, size_t indent, size_t width, const char *sign)
{
    spaces(out, indent);
    for (size_t i = 0; i < width; i++)
        buf_puts(out, sign);
    buf_putc(out, '\n');
}

static void put_heading(struct buf *out, const struct paper_block *b, const char *sign)
{
    size_t width = WIDTH;
    buf_putc(out, '\n');
    put_cells(out, 0, 1, b->cell, &width);
    size_t columns = columns_of(b->cell[0]);
    rule(out, 0, columns < WIDTH ? columns : WIDTH, sign);
}

static void put_row(struct buf *out, const struct paper_block *b)
{
    size_t widths[PAPER_CELLS], sum = 0, room = WIDTH - INDENT - GAP * (b->cells - 1);
    for (unsigned i = 0; i < b->cells; i++)
        sum += b->weight[i];
    for (unsigned i = 0; i < b->cells; i++) {
        widths[i] = sum ? room * b->weight[i] / sum : room / b->cells;
        if (widths[i] < LEAST)
            widths[i] = LEAST;
    }
    put_cells(out, INDENT, b->cells, b->cell, widths);
}

/* Lines behind a sign of four columns. */
static void put_marked(struct buf *out, const struct paper_block *b, const char *sign)
{
    static const size_t width = WIDTH - 4;
    struct buf lines;
    buf_init(&lines);
    put_cells(&lines, 4, 1, b->cell, &width);
    buf_puts(out, sign);
    if (lines.len > 4)
        buf_put(out, lines.data + 4, lines.len - 4);
    out->failed = out->failed || lines.failed;
    buf_fini(&lines);
}

static void put_block(struct buf *out, const struct paper_block *b, enum paper_kind before)
{
    static const size_t whole = WIDTH - INDENT;
    static const size_t fact[] = {NAME, WIDTH - INDENT - NAME - GAP};
    bool same = b->kind == before;
    bool heading =
        b->kind == PAPER_TITLE || b->kind == PAPER_HEADING || b->kind == PAPER_SUBHEADING;
    bool notice = b->kind == PAPER_GOOD || b->kind == PAPER_BAD || b->kind == PAPER_DOUBT;
    if ((!same && b->kind != PAPER_ROW && b->kind != PAPER_PAGE && !heading) || (same && notice))
        buf_putc(out, '\n');
    switch (b->kind) {
    case PAPER_TITLE: put_heading(out, b, "="); break;
    case PAPER_HEADING: put_heading(out, b, "="); break;
    case PAPER_SUBHEADING: put_heading(out, b, "-"); break;
    case PAPER_GOOD: put_marked(out, b, "  + "); break;
    case PAPER_BAD: put_marked(out, b, " !! "); break;
    case PAPER_DOUBT: put_marked(out, b, "  ? "); break;
    case PAPER_FACT: put_cells(out, INDENT, 2, b->cell, fact); break;
    case PAPER_ITEM: put_marked(out, b, "  - "); break;
    case PAPER_COLUMNS:
        put_row(out, b);
        rule(out, INDENT, WIDTH - INDENT, "-");
        break;
    case PAPER_ROW: put_row(out, b); break;
    case PAPER_SIGN:
        buf_putc(out, '\n');
        rule(out, INDENT, 48, "_");
        put_cells(out, INDENT, 1, b->cell, &whole);
        break;
    case PAPER_PAGE: break;
    default: /* paragraphs have a line between them */
        if (same)
            buf_putc(out, '\n');
        put_cells(out, INDENT, 1, b->cell, &whole);
    }
}

void paper_text(const struct paper *p, struct buf *out)
{
    for (size_t i = 0; i < p->count; i++)
        put_block(out, &p->blocks[i], i ? p->blocks[i - 1].kind : PAPER_KINDS);
}
