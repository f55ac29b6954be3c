/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/say.h"
#include "base/output.h"
#include "base/utf8.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { LABEL_WIDTH = 18, WIDTH_MAX = 100, WIDTH_MIN = 40 };

void say_setup(void)
{
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        (void)setlocale(LC_CTYPE, "C.UTF-8");
}

/* Controls (C0, DEL, C1), and what turns, hides or breaks text (Unicode Bidi_Control, UAX #9). */
static bool is_harmless(uint32_t point)
{
    if (point < 0x20 || (point >= 0x7f && point < 0xa0))
        return false;
    if ((point >= 0x200e && point <= 0x200f) || (point >= 0x202a && point <= 0x202e) ||
        (point >= 0x2066 && point <= 0x2069))
        return false;
    return point != 0x061c && point != 0x2028 && point != 0x2029 && point != 0xfeff;
}

/* Takes one character off rest; gives what is to be shown for it. */
static struct slice next_clean(struct slice *rest, bool newline)
{
    const uint8_t *at = rest->data;
    size_t len = utf8_length(at, at + rest->len);
    struct slice shown = slice_of(at, len);

    if (len == 0) {
        shown = slice_str("?");
        len = 1;
    } else if (!is_harmless(utf8_decode(at, len)) && !(newline && (*at == '\n' || *at == '\t'))) {
        shown = slice_str(*at == '\n' || *at == '\t' ? " " : "?");
    }
    *rest = slice_of(at + len, rest->len - len);
    return shown;
}

void say_clean(struct buf *b, struct slice text, bool newline)
{
    while (text.len > 0)
        buf_put_slice(b, next_clean(&text, newline));
}

void say_text(FILE *out, struct slice text)
{
    while (text.len > 0) { /* without a buffer: an error is said even when memory is short */
        struct slice shown = next_clean(&text, false);
        fwrite(shown.data, 1, shown.len, out);
    }
}

void say_around(FILE *out, const char *before, const char *text, const char *after)
{
    fputs(before, out);
    say_text(out, slice_str(text));
    fputs(after, out);
}

bool say_has_colour(FILE *out)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return !(no && *no) && isatty(fileno(out)) && !(term && strcmp(term, "dumb") == 0);
}

const char *say_style_on(FILE *out, enum say_style style)
{
    static const char *const codes[] = {
        [SAY_PLAIN] = "",        [SAY_STRONG] = "\033[1m", [SAY_FAINT] = "\033[2m",
        [SAY_GOOD] = "\033[32m", [SAY_BAD] = "\033[31m",   [SAY_DOUBT] = "\033[33m"};

    return say_has_colour(out) ? codes[style] : "";
}

const char *say_style_off(FILE *out, enum say_style style)
{
    return style != SAY_PLAIN && say_has_colour(out) ? "\033[0m" : "";
}

void say_styled(FILE *out, enum say_style style, struct slice text)
{
    fputs(say_style_on(out, style), out);
    say_text(out, text);
    fputs(say_style_off(out, style), out);
}

enum say_style say_style_of(struct slice word)
{
    static const struct {
        const char *word;
        enum say_style style;
    } known[] = {
        {"affected", SAY_BAD},
        {"refused", SAY_BAD},
        {"failed", SAY_BAD},
        {"revoked", SAY_BAD},
        {"silent", SAY_DOUBT},
        {"unknown", SAY_DOUBT},
        {"undelivered", SAY_DOUBT},
        {"unacknowledged", SAY_DOUBT},
        {"under_investigation", SAY_DOUBT},
        {"unreachable", SAY_BAD},
        {"no_address", SAY_DOUBT},
        {"unknown_outcome", SAY_DOUBT},
        {"pending", SAY_DOUBT},
        {"locked", SAY_BAD},
        {"removed", SAY_FAINT},
        {"closed", SAY_FAINT},
        {"acknowledged", SAY_GOOD},
        {"fixed", SAY_GOOD},
        {"left_fixed", SAY_GOOD},
        {"not_affected", SAY_GOOD},
        {"installed", SAY_GOOD},
        {"told", SAY_GOOD},
        {"active", SAY_GOOD},
        {"unlocked", SAY_GOOD},
    };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (slice_is(word, known[i].word))
            return known[i].style;
    return SAY_PLAIN;
}

void say_field(const char *label, struct slice text)
{
    char left[LABEL_WIDTH + 8];

    if (text.len == 0)
        return;
    snprintf(left, sizeof(left), "%s:", label);
    printf("%-*s ", LABEL_WIDTH, left);
    say_styled(stdout, say_style_of(text), text);
    fputc('\n', stdout);
}

void say_field_number(const char *label, int64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)number);
    say_field(label, slice_str(text));
}

static size_t width_of_terminal(FILE *out)
{
    struct winsize size;

    if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 &&
        size.ws_col >= WIDTH_MIN && size.ws_col < WIDTH_MAX)
        return size.ws_col;
    return WIDTH_MAX;
}

size_t say_width(FILE *out)
{
    return isatty(fileno(out)) ? width_of_terminal(out) : 0;
}

size_t say_columns(struct slice text)
{
    size_t columns = 0;

    for (size_t at = 0; at < text.len;) {
        size_t len = utf8_length(text.data + at, text.data + text.len);
        int wide = len ? wcwidth((wchar_t)utf8_decode(text.data + at, len)) : 1;
        columns += wide > 0 ? (size_t)wide : 0;
        at += len ? len : 1;
    }
    return columns;
}

void say_wrapped(FILE *out, struct slice text, unsigned indent)
{
    size_t width = width_of_terminal(out);
    size_t column = 0;
    struct buf clean;

    buf_init(&clean);
    say_clean(&clean, text, true);
    const uint8_t *at = clean.data;
    const uint8_t *end = at ? at + clean.len : at;
    while (at < end) {
        if (*at == '\n' && column > 0) {
            fputc('\n', out);
            column = 0;
        }
        if (*at == ' ' || *at == '\n' || *at == '\t') {
            at++;
            continue;
        }
        const uint8_t *word = at;
        while (at < end && *at != ' ' && *at != '\n' && *at != '\t')
            at++;
        size_t columns = say_columns(slice_of(word, (size_t)(at - word)));
        if (column > 0 && column + 1 + columns > width) {
            fputc('\n', out);
            column = 0;
        }
        if (column == 0)
            column = (size_t)fprintf(out, "%*s", (int)indent, "");
        else
            column += (size_t)fprintf(out, " ");
        fwrite(word, 1, (size_t)(at - word), out);
        column += columns;
    }
    if (column > 0)
        fputc('\n', out);
    if (clean.failed)
        output_put(out, &clean); /* remembers it */
    buf_fini(&clean);
}

void say_count(FILE *out, int64_t count, const char *one, const char *many)
{
    fprintf(out, "%lld %s", (long long)count, count == 1 ? one : many);
}

int say_failed(const char *what, const struct err *e)
{
    char line[1200];

    fflush(stdout);
    err_line(e, line, sizeof(line));
    fprintf(stderr, "tocsin: %s%s", what, *what ? ": " : "");
    say_text(stderr, slice_str(line)); /* a server's words may be in it */
    fputc('\n', stderr);
    if (e->hint[0]) {
        fputs("  ", stderr);
        say_text(stderr, slice_str(e->hint));
        fputc('\n', stderr);
    }
    return err_exit_code(e->kind);
}

/* A member of a record that is to say something, and the option that says it. */
static const struct cli_option *option_of(const struct cli_args *args, const char *member)
{
    static const char details[] = "details.";
    bool below = strncmp(member, details, sizeof details - 1) == 0;
    const char *name = below ? member + sizeof details - 1 : member;
    for (size_t i = 0; args->verb && i < args->verb->option_count; i++) {
        const char *option = args->verb->options[i].name;
        size_t k = 0;
        while (option[k] && name[k] == (option[k] == '-' ? '_' : option[k]))
            k++;
        if (!option[k] && (!name[k] || (name[k] == '.' && !below))) /* "authority.id" */
            return &args->verb->options[i];
    }
    return NULL;
}

int say_fail(const struct cli_args *args, const struct err *e)
{
    const struct cli_option *option =
        strcmp(e->code, "custody.field") == 0 && !e->hint[0] ? option_of(args, e->where) : NULL;
    struct err more = *e;
    if (option)
        err_hint(&more, "say it with --%s %s", option->name, option->value ? option->value : "");
    return say_failed(args->what, &more);
}

void say_json(const struct json_value *value)
{
    struct json_writer w;
    struct buf text;

    buf_init_secret(&text); /* a token's secret may be among it */
    json_write_init(&w, &text, 2);
    json_write_value(&w, value);
    output_line(stdout, &text);
    buf_fini_secret(&text);
}

int say_end(const struct cli_args *args, int result)
{
    struct err e = {0};

    return output_end(stdout, &e) == 0 ? result : say_fail(args, &e);
}

int say_ended(int result)
{
    struct err e = {0};

    if (result >= 2 || output_end(stdout, &e) == 0) /* what went wrong was said before */
        return result;
    return say_failed("", &e);
}
