/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/config_text.h"
#include "base/buf.h"
#include "base/utf8.h"

struct reader {
    struct arena *arena;
    struct slice text;
    size_t at;
    unsigned line;
    size_t line_start;
    struct err *e;
};

static struct config_place here(const struct reader *r)
{
    return (struct config_place){.line = r->line, .column = (unsigned)(r->at - r->line_start) + 1};
}

static int peek(const struct reader *r)
{
    return r->at < r->text.len ? r->text.data[r->at] : -1;
}

static void advance(struct reader *r)
{
    if (r->text.data[r->at++] == '\n') {
        r->line++;
        r->line_start = r->at;
    }
}

static int refuse_at(struct reader *r, struct config_place place, enum err_kind kind,
                     const char *code, const char *what)
{
    err_set(r->e, kind, code, NULL, "%s", what);
    return err_where(r->e, "line %u column %u", place.line, place.column);
}

static int refuse(struct reader *r, const char *what)
{
    return refuse_at(r, here(r), ERR_INPUT, "config.syntax", what);
}

/* Spaces and comments; over line ends when lines is true. */
static void skip_space(struct reader *r, bool lines)
{
    for (;;) {
        int c = peek(r);
        if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && lines)) {
            advance(r);
        } else if (c == '#') {
            while (peek(r) != -1 && peek(r) != '\n')
                advance(r);
        } else {
            return;
        }
    }
}

static bool is_name(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool is_word(int c)
{
    return c > ' ' && c != 0x7f && !strchr("\"#;={}[],\\'", c);
}

static int read_name(struct reader *r, const char **name)
{
    size_t from = r->at;

    while (is_name(peek(r)))
        advance(r);
    if (r->at == from)
        return refuse(r, peek(r) == '='     ? "a name is missing before \"=\""
                         : is_word(peek(r)) ? "a name begins here: lower-case letters, digits and "
                                              "\"-\" only"
                                            : "expected the name of a key or section");
    if (r->at - from > CONFIG_VALUE_MAX)
        return refuse_at(r, here(r), ERR_LIMIT, "config.limit", "the name is too long");
    *name = arena_copy(r->arena, r->text.data + from, r->at - from);
    return *name ? 0 : err_memory(r->e);
}

static int read_escape(struct reader *r, uint8_t *out)
{
    advance(r);
    switch (peek(r)) {
    case '"':
    case '\\': *out = (uint8_t)peek(r); break;
    case 'n': *out = '\n'; break;
    case 't': *out = '\t'; break;
    default: return refuse(r, "after \"\\\" comes one of \" \\ n t");
    }
    return 0;
}

static int read_quoted(struct reader *r, uint8_t *out, size_t *len)
{
    struct config_place start = here(r);

    advance(r);
    while (peek(r) != '"') {
        int c = peek(r);
        if (c == -1 || c == '\n')
            return refuse_at(r, start, ERR_INPUT, "config.syntax",
                             "the text that begins here has no closing quote on its line");
        if (*len == CONFIG_VALUE_MAX)
            return refuse_at(r, start, ERR_LIMIT, "config.limit", "the value is too long");
        out[*len] = (uint8_t)c;
        if (c == '\\') {
            if (read_escape(r, &out[*len]) != 0)
                return -1;
        } else if ((c < ' ' && c != '\t') || c == 0x7f) {
            return refuse(r, "a control character does not belong into a text");
        }
        (*len)++;
        advance(r);
    }
    advance(r);
    return 0;
}

static int read_word(struct reader *r, uint8_t *out, size_t *len)
{
    while (is_word(peek(r))) {
        if (*len == CONFIG_VALUE_MAX)
            return refuse_at(r, here(r), ERR_LIMIT, "config.limit", "the value is too long");
        out[(*len)++] = (uint8_t)peek(r);
        advance(r);
    }
    return *len ? 0 : refuse(r, "expected a value: a word, a text in quotes or a list in [ ]");
}

static int read_value(struct reader *r, struct config_value **value)
{
    uint8_t out[CONFIG_VALUE_MAX];
    size_t len = 0;
    struct config_value *v = arena_new(r->arena, 1, sizeof(*v));

    if (!v)
        return err_memory(r->e);
    v->place = here(r);
    v->quoted = peek(r) == '"';
    if ((v->quoted ? read_quoted(r, out, &len) : read_word(r, out, &len)) != 0)
        return -1;
    if (utf8_check(slice_of(out, len)) != len)
        return refuse_at(r, v->place, ERR_INPUT, "config.syntax", "the value is not UTF-8");
    const char *copy = arena_copy(r->arena, out, len);
    if (!copy)
        return err_memory(r->e);
    v->text = slice_of(copy, len);
    *value = v;
    return 0;
}

static int read_list(struct reader *r, struct config_entry *entry)
{
    struct config_place start = here(r);
    struct config_value **last = &entry->values;
    unsigned count = 0;

    entry->is_list = true;
    advance(r);
    for (;;) {
        skip_space(r, true);
        if (peek(r) == ']')
            break;
        if (peek(r) == -1)
            return refuse_at(r, start, ERR_INPUT, "config.syntax",
                             "the list that begins here has no closing \"]\"");
        if (++count > CONFIG_LIST_MAX)
            return refuse_at(r, start, ERR_LIMIT, "config.limit", "the list is too long");
        if (read_value(r, last) != 0)
            return -1;
        last = &(*last)->next;
        skip_space(r, true);
        if (peek(r) == ',')
            advance(r);
        else if (peek(r) != ']' && peek(r) != -1)
            return refuse(r, "expected \",\" or \"]\" after the value of a list");
    }
    advance(r);
    return 0;
}

static int read_entries(struct reader *r, bool inside, struct config_entry **first);

static int read_section(struct reader *r, struct config_entry *entry, bool inside)
{
    struct config_place start = here(r);

    if (inside)
        return refuse_at(r, entry->place, ERR_INPUT, "config.syntax",
                         "a section cannot stand inside another one (is a \"}\" missing before?)");
    entry->is_section = true;
    advance(r);
    if (read_entries(r, true, &entry->children) != 0)
        return -1;
    if (peek(r) != '}')
        return refuse_at(r, start, ERR_INPUT, "config.syntax",
                         "the section that begins here has no closing \"}\"");
    advance(r);
    return 0;
}

static int read_label(struct reader *r, struct config_entry *entry)
{
    struct config_value *label = NULL;

    if (read_value(r, &label) != 0)
        return -1;
    entry->label = label->text;
    entry->label_place = label->place;
    skip_space(r, true);
    return peek(r) == '{' ? 0 : refuse(r, "expected \"{\" after the section's label");
}

static int read_entry(struct reader *r, bool inside, struct config_entry *entry)
{
    entry->place = here(r);
    if (read_name(r, &entry->name) != 0)
        return -1;
    skip_space(r, false);
    if (peek(r) == '=') {
        advance(r);
        skip_space(r, false);
        if (peek(r) == '[')
            return read_list(r, entry);
        return read_value(r, &entry->values);
    }
    if (peek(r) == '"' || is_word(peek(r))) {
        if (read_label(r, entry) != 0)
            return -1;
    } else if (peek(r) == '\n') {
        skip_space(r, true);
    }
    if (peek(r) == '{')
        return read_section(r, entry, inside);
    return refuse(r, "expected \"=\" and a value, or \"{\" and a section");
}

/* Entries until the closing brace or the end; the brace is left to be read. */
static int read_entries(struct reader *r, bool inside, struct config_entry **first)
{
    struct config_entry **last = first;

    for (;;) {
        skip_space(r, true);
        if (peek(r) == -1 || (peek(r) == '}' && inside))
            return 0;
        if (peek(r) == '}')
            return refuse(r, "this \"}\" closes nothing");
        struct config_entry *entry = arena_new(r->arena, 1, sizeof(*entry));
        if (!entry)
            return err_memory(r->e);
        if (read_entry(r, inside, entry) != 0)
            return -1;
        *last = entry;
        last = &entry->next;
        skip_space(r, false);
        if (peek(r) == ';')
            advance(r);
        else if (peek(r) != '\n' && peek(r) != -1 && peek(r) != '}')
            return refuse(r, "expected the end of the line after a value");
    }
}

int config_text_parse(struct arena *a, struct slice text, struct config_entry **entries,
                      struct err *e)
{
    struct reader r = {.arena = a, .text = text, .line = 1, .e = e};

    *entries = NULL;
    if (text.len > CONFIG_BYTES_MAX)
        return refuse_at(&r, here(&r), ERR_LIMIT, "config.limit", "the file is over 1 MiB");
    return read_entries(&r, false, entries);
}

void config_text_put(struct buf *b, struct slice value)
{
    bool bare = value.len > 0;

    for (size_t i = 0; i < value.len; i++)
        bare = bare && is_word(value.data[i]) && value.data[i] < 0x80;
    if (bare) {
        buf_put_slice(b, value);
        return;
    }
    buf_putc(b, '"');
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        if (c == '\n' || c == '\t')
            buf_puts(b, c == '\n' ? "\\n" : "\\t");
        else if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", c);
        else
            buf_putc(b, c);
    }
    buf_putc(b, '"');
}
