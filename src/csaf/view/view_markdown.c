/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Markdown (CommonMark, GitHub's too). What would be markup where it stands is escaped
 * by a backslash, `<`, `>` and `&` as entities: nothing of it is markup, nor becomes a link by
 * itself.
 */
#include "csaf/view/view_internal.h"

/*
 * Is this character markup where it stands? Always what marks up words; '.' behind "www" (GitHub
 * makes links of that) and behind a number that begins a line, as ')' does; '-', '+', '=' where a
 * line begins.
 */
static bool is_special(const struct view_sink *s, uint8_t one)
{
    uint8_t before = s->out->len ? s->out->data[s->out->len - 1] : 0;
    if (memchr("\\`*_[]#|~$:@", one, 12))
        return true;
    if (one == '.' || one == ')')
        return s->only_digits || (before | 0x20) == 'w';
    return s->blank && (one == '-' || one == '+' || one == '=' || one == '!');
}

/* Space at the start of a line would be code; so white space is one space, and none begins a line.
 */
static void put_escaped(struct view_sink *s, struct slice text, bool newline)
{
    char shown[VISIBLE_MOST];
    while (text.len) {
        size_t len = visible_next(&text, newline, shown);
        uint8_t one = (uint8_t)shown[0];
        if (one == '\n') {
            if (!s->blank) /* a line's end that stays; an empty line is a new paragraph */
                buf_puts(s->out, text.len && *text.data == '\n' ? "\n" : "\\\n");
            s->blank = true;
            s->gap = false;
            if (text.len && *text.data == '\n') {
                buf_puts(s->out, "\n");
                while (text.len && (*text.data == '\n' || *text.data == ' '))
                    text = slice_of(text.data + 1, text.len - 1);
            }
            continue;
        }
        if (one == ' ') {
            s->gap = !s->blank;
            continue;
        }
        if (s->gap)
            buf_putc(s->out, ' ');
        s->gap = false;
        if (one == '<')
            buf_puts(s->out, "&lt;");
        else if (one == '>')
            buf_puts(s->out, "&gt;");
        else if (one == '&')
            buf_puts(s->out, "&amp;");
        else if (len == 1 && is_special(s, one))
            buf_printf(s->out, "\\%c", one);
        else
            buf_put(s->out, shown, len);
        s->only_digits = (s->blank || s->only_digits) && one >= '0' && one <= '9';
        s->blank = false;
    }
}

static void begin(struct view_sink *s, struct slice title, struct slice lang)
{
    (void)title;
    (void)lang;
    s->blank = true;
}

static void open(struct view_sink *s, enum view_block block, enum view_tone tone)
{
    static const char *const on[VIEW_BLOCKS] = {
        [VIEW_TITLE] = "# ",    [VIEW_HEADING] = "## ", [VIEW_SUBHEADING] = "### ",
        [VIEW_LABEL] = "#### ", [VIEW_ITEM] = "- ",     [VIEW_NAME] = "- **",
        [VIEW_NOTICE] = "> ",   [VIEW_ROW] = "- "};
    (void)tone;
    if (block == VIEW_VALUE || block == VIEW_CELL)
        return;
    if (on[block])
        buf_puts(s->out, on[block]);
    s->block = block;
    s->blank = true;
    s->gap = false;
    s->cell = 0;
}

static void close(struct view_sink *s, enum view_block block)
{
    switch (block) {
    case VIEW_NAME:
        buf_puts(s->out, ":** ");
        s->blank = true;
        s->gap = false;
        return;
    case VIEW_CELL:
        if (s->cell++ < 2)
            buf_puts(s->out, " | ");
        s->blank = true;
        s->gap = false;
        return;
    case VIEW_ITEM:
    case VIEW_VALUE:
    case VIEW_ROW: buf_putc(s->out, '\n'); break;
    case VIEW_HEAD:
    case VIEW_SECTION:
    case VIEW_CARD: break;
    case VIEW_BADGES: buf_puts(s->out, "\n\n"); break;
    case VIEW_LIST:
    case VIEW_FACTS:
    case VIEW_TABLE: buf_putc(s->out, '\n'); break;
    default: buf_puts(s->out, "\n\n");
    }
    s->block = VIEW_BLOCKS;
    s->blank = true;
    s->gap = false;
}

static bool has_words(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] > ' ')
            return true;
    return false;
}

/* Emphasis only around words: spaces go before it. A run that ends in white space leaves a gap. */
static void say(struct view_sink *s, enum view_tone tone, struct slice text)
{
    bool strong = tone == VIEW_STRONG || (tone >= VIEW_CRITICAL && tone <= VIEW_GOOD);
    bool newline = s->block == VIEW_PROSE;
    if (!strong || !has_words(text) || s->block == VIEW_NAME || s->block == VIEW_TITLE) {
        put_escaped(s, text, newline);
        return;
    }
    while (text.len && *text.data <= ' ') {
        put_escaped(s, slice_of(text.data, 1), false);
        text = slice_of(text.data + 1, text.len - 1);
    }
    size_t end = text.len;
    while (end && text.data[end - 1] <= ' ')
        end--;
    if (s->gap)
        buf_putc(s->out, ' ');
    s->gap = false;
    buf_puts(s->out, "**");
    s->blank = true;
    put_escaped(s, slice_of(text.data, end), false);
    buf_puts(s->out, "**");
    s->blank = false;
    s->gap = end < text.len;
}

static void badge(struct view_sink *s, enum view_tone tone, struct slice text)
{
    if (!s->blank)
        buf_puts(s->out, " \xc2\xb7 ");
    s->gap = false;
    (void)tone;
    say(s, VIEW_STRONG, text);
}

static void link(struct view_sink *s, struct slice url, struct slice text)
{
    if (s->gap)
        buf_putc(s->out, ' ');
    s->gap = false;
    s->blank = true;
    buf_putc(s->out, '[');
    put_escaped(s, text, false);
    buf_puts(s->out, "](<");
    for (size_t i = 0; i < url.len; i++) { /* what view_url_is_harmless let through */
        if (memchr("()[]*_~!", url.data[i], 8))
            buf_printf(s->out, "%%%02X", url.data[i]);
        else if (url.data[i] == '&')
            buf_puts(s->out, "&amp;");
        else
            buf_putc(s->out, url.data[i]);
    }
    buf_puts(s->out, ">)");
    s->blank = s->gap = false;
}

static void end(struct view_sink *s)
{
    (void)s;
}

const struct view_format view_format_markdown = {begin, open, close, say, badge, link, end};
