/* SPDX-License-Identifier: Apache-2.0 */
/* Plain text, wrapped to a width; with colour where a terminal shows it. */
#include "base/utf8.h"
#include "csaf/view/view_internal.h"

#include <wchar.h>

enum { FACT = 17, CELL_1 = 10, CELL_2 = 22 };

static const char *const codes[VIEW_TONES] = {
    [VIEW_STRONG] = "\033[1m",   [VIEW_FAINT] = "\033[2m",   [VIEW_CRITICAL] = "\033[1;31m",
    [VIEW_HIGH] = "\033[31m",    [VIEW_MEDIUM] = "\033[33m", [VIEW_LOW] = "\033[36m",
    [VIEW_GOOD] = "\033[32m",    [VIEW_RED] = "\033[1;31m",  [VIEW_AMBER] = "\033[1;33m",
    [VIEW_GREEN] = "\033[1;32m", [VIEW_CLEAR] = "\033[1m"};

static void new_line(struct view_sink *s)
{
    if (s->column == 0 && s->blank)
        return;
    s->blank = s->column == 0;
    buf_putc(s->out, '\n');
    s->column = 0;
    s->gap = false;
}

static void blank_line(struct view_sink *s)
{
    if (s->column)
        new_line(s);
    new_line(s);
}

static void pad(struct view_sink *s, size_t column)
{
    while (s->column < column) {
        buf_putc(s->out, ' ');
        s->column++;
    }
}

static size_t columns_of(const char *data, size_t len)
{
    size_t columns = 0;
    for (const uint8_t *at = (const uint8_t *)data, *end = at + len; at < end;) {
        size_t one = utf8_length(at, end);
        int wide = one ? wcwidth((wchar_t)utf8_decode(at, one)) : 1;
        columns += wide >= 0 ? (size_t)wide : 1; /* the locale may not know it */
        at += one ? one : 1;
    }
    return columns;
}

/* A word, or a part of one that is wider than a line. */
static void put_word(struct view_sink *s, enum view_tone tone, const char *word, size_t len)
{
    const char *code = s->colour ? codes[tone] : NULL;
    size_t wide = columns_of(word, len);
    size_t indent = s->hang ? s->hang : s->indent;
    if (s->column > indent && s->column + (s->gap ? 1 : 0) + wide > s->width) {
        buf_putc(s->out, '\n');
        s->column = 0;
        s->gap = false;
    }
    if (s->column == 0) {
        pad(s, indent);
        s->gap = false;
    }
    if (s->gap) {
        buf_putc(s->out, ' ');
        s->column++;
    }
    if (code)
        buf_puts(s->out, code);
    buf_put(s->out, word, len);
    if (code)
        buf_puts(s->out, "\033[0m");
    s->column += wide;
    s->gap = false;
    s->blank = false;
}

static void say(struct view_sink *s, enum view_tone tone, struct slice text)
{
    enum { PIECE = 160 };
    char word[PIECE + VISIBLE_MOST];
    size_t len = 0;
    if (tone == VIEW_PLAIN)
        tone = s->tone;
    while (text.len) {
        char shown[VISIBLE_MOST];
        size_t more = visible_next(&text, s->block == VIEW_PROSE, shown);
        bool space = more == 1 && (shown[0] == ' ' || shown[0] == '\n');
        if (len && (space || len + more > PIECE)) {
            put_word(s, tone, word, len);
            len = 0;
        }
        if (!space) {
            memcpy(word + len, shown, more);
            len += more;
        } else if (shown[0] == '\n') {
            new_line(s);
        } else {
            s->gap = s->column > 0;
        }
    }
    if (len)
        put_word(s, tone, word, len);
}

static void begin(struct view_sink *s, struct slice title, struct slice lang)
{
    (void)title;
    (void)lang;
    s->blank = true;
}

static void open(struct view_sink *s, enum view_block block, enum view_tone tone)
{
    s->block = block;
    s->tone = tone;
    switch (block) {
    case VIEW_HEAD:
    case VIEW_LIST:
    case VIEW_TABLE:
    case VIEW_FACTS:
    case VIEW_BADGES: break;
    case VIEW_SECTION:
    case VIEW_CARD: blank_line(s); break;
    case VIEW_HEADING:
    case VIEW_TITLE: s->tone = VIEW_STRONG; break;
    case VIEW_SUBHEADING:
        blank_line(s);
        s->tone = tone == VIEW_PLAIN ? VIEW_STRONG : tone;
        break;
    case VIEW_LABEL:
        s->indent = 2;
        s->tone = tone == VIEW_PLAIN ? VIEW_STRONG : tone;
        break;
    case VIEW_LINE:
    case VIEW_PROSE: s->indent = 2; break;
    case VIEW_ITEM:
        pad(s, 2);
        put_word(s, VIEW_FAINT, "-", 1);
        s->hang = 4;
        s->gap = true;
        break;
    case VIEW_NAME: s->indent = 2; break;
    case VIEW_VALUE:
        pad(s, FACT + 2);
        s->hang = FACT + 2;
        s->gap = false;
        break;
    case VIEW_ROW:
        s->cell = 0;
        s->indent = 2;
        break;
    case VIEW_CELL:
        if (s->cell) {
            size_t at = s->cell == 1 ? 2 + CELL_1 : 2 + CELL_1 + CELL_2;
            s->gap = s->column >= at;
            pad(s, at);
            s->hang = at;
        }
        s->cell++;
        break;
    default: break;
    }
}

static void close(struct view_sink *s, enum view_block block)
{
    switch (block) {
    case VIEW_NAME:
    case VIEW_CELL: s->gap = false; return;
    case VIEW_HEADING:
    case VIEW_TITLE: {
        /* underlined, as wide as its last line */
        size_t wide = s->column;
        new_line(s);
        const char *rule = block == VIEW_TITLE ? "\xe2\x95\x90" : "\xe2\x94\x80";
        for (size_t i = 0; i < wide; i++)
            buf_puts(s->out, rule);
        buf_putc(s->out, '\n');
        break;
    }
    case VIEW_LIST:
    case VIEW_HEAD:
    case VIEW_SECTION:
    case VIEW_TABLE:
    case VIEW_CARD: break;
    case VIEW_FACTS:
    case VIEW_BADGES:
    case VIEW_NOTICE: blank_line(s); break;
    default:
        if (s->column)
            new_line(s);
    }
    s->hang = s->indent = 0;
    s->tone = VIEW_PLAIN;
    s->block = VIEW_BLOCKS;
    s->gap = false;
}

static void badge(struct view_sink *s, enum view_tone tone, struct slice text)
{
    if (s->column)
        s->gap = true;
    put_word(s, VIEW_FAINT, "[", 1);
    s->gap = false;
    say(s, tone, text);
    s->gap = false;
    put_word(s, VIEW_FAINT, "]", 1);
}

static void link(struct view_sink *s, struct slice url, struct slice text)
{
    if (!slice_equal(url, text)) {
        say(s, VIEW_PLAIN, text);
        s->gap = true;
    }
    say(s, VIEW_LOW, url);
}

static void end(struct view_sink *s)
{
    if (s->column)
        new_line(s);
}

const struct view_format view_format_text = {begin, open, close, say, badge, link, end};
