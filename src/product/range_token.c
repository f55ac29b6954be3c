/* SPDX-License-Identifier: Apache-2.0 */
#include "product/range_token.h"
#include "product/range_date.h"
#include "product/range_phrases.h"
#include "product/range_words.h"

struct lexer {
    struct slice s;
    size_t at;
    struct arena *arena;
    struct range_tokens *out;
    size_t room;
    bool bounded; /* an operator stands in this part */
    struct err *e;
};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool letter(uint8_t c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* The byte behind the place by offset; 0 at the end. */
static uint8_t peek(const struct lexer *x, size_t offset)
{
    return x->at + offset < x->s.len ? x->s.data[x->at + offset] : 0;
}

static struct slice rest(const struct lexer *x, size_t at)
{
    return slice_of(x->s.data + at, x->s.len - at);
}

static int put(struct lexer *x, struct range_token token, size_t len)
{
    if (x->out->count == x->room) {
        size_t room = x->room ? 2 * x->room : 32;
        struct range_token *grown = arena_new(x->arena, room, sizeof *grown);
        if (!grown)
            return err_memory(x->e);
        if (x->out->count)
            memcpy(grown, x->out->at, x->out->count * sizeof *grown);
        x->out->at = grown;
        x->room = room;
    }
    token.text = slice_of(x->s.data + x->at, len);
    token.glued = x->at > 0 && x->s.data[x->at - 1] != ' ';
    x->out->at[x->out->count++] = token;
    bool bounds = token.kind == RANGE_OPERATOR || token.kind == RANGE_PHRASE;
    x->bounded = bounds || (x->bounded && token.kind != RANGE_BAR);
    x->at += len;
    return 0;
}

/* A long dash: "–" or "—". */
static bool long_dash(struct slice s)
{
    return s.len >= 3 && s.data[0] == 0xe2 && s.data[1] == 0x80 &&
           (s.data[2] == 0x93 || s.data[2] == 0x94);
}

/* The length of a parenthesis with both its ends; 0: it is never closed. */
static size_t parenthesis(struct slice s)
{
    size_t depth = 0;
    for (size_t i = 0; i < s.len; i++) {
        depth += s.data[i] == '(';
        if (s.data[i] == ')' && --depth == 0)
            return i + 1;
    }
    return 0;
}

/* The end of a run of bytes that belong together: "V7.4.1", "15.2(7)E3", "DH-IPC-HDW1XXX". */
static size_t chunk_end(const struct lexer *x, size_t at)
{
    bool digits = false;
    size_t i = at;
    for (; i < x->s.len; i++) {
        uint8_t c = x->s.data[i];
        if (c == '(' && i > at) {
            size_t k = i + 1;
            while (k < x->s.len &&
                   (letter(x->s.data[k]) || digit(x->s.data[k]) || x->s.data[k] == '.'))
                k++;
            /* "15.2(7)" holds its parenthesis, "2.0(including)" does not */
            bool number = k > i + 1 && digit(x->s.data[i + 1]) && k < x->s.len;
            if (!number || x->s.data[k] != ')')
                break;
            i = k;
            continue;
        }
        digits = digits || digit(c);
        if (c == '/' && digits)
            break;
        if (c == ':' && (i + 1 == x->s.len || x->s.data[i + 1] == ' '))
            break;
        if (c <= ' ' || memchr("<>=|,;()!", c, 9) || long_dash(rest(x, i)))
            break;
        if (c == 0xe2 && i + 2 < x->s.len && x->s.data[i + 1] == 0x89)
            break; /* "≤" */
        if (c == '&' && i + 3 < x->s.len && x->s.data[i + 2] == 't' && x->s.data[i + 3] == ';')
            break; /* "&lt;" */
    }
    while (i > at && memchr(".-:", x->s.data[i - 1], 3))
        i--;
    return i;
}

static bool has_digit(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (digit(s.data[i]))
            return true;
    return false;
}

static size_t spaces(const struct lexer *x, size_t at)
{
    size_t i = at;
    while (i < x->s.len && x->s.data[i] == ' ')
        i++;
    return i - at;
}

static bool all_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!digit(s.data[i]))
            return false;
    return s.len > 0;
}

/* Service packs, updates, builds, and bare numbers behind a version are part of it. */
static size_t version_end(const struct lexer *x, size_t at, size_t end)
{
    for (;;) {
        size_t next = end + spaces(x, end);
        if (next == end || next == x->s.len)
            return end;
        size_t len = range_qualifier_at(rest(x, next));
        if (!len) {
            size_t stop = chunk_end(x, next);
            struct slice here = slice_of(x->s.data + next, stop - next);
            struct slice front = slice_of(x->s.data + at, end - at);
            bool year = front.len == 4 && all_digits(front) &&
                        (front.data[0] == '1' || front.data[0] == '2');
            bool number = all_digits(here) || (year && here.len && digit(here.data[0]));
            /* "8.2 20170817" and "2017 8.1" are one version; "2.51 2.52" are two */
            if (!number || range_date_at(rest(x, next)) > here.len)
                return end;
            len = here.len;
        }
        end = next + len;
    }
}

static int put_parenthesis(struct lexer *x)
{
    struct range_token token = {0};
    size_t len = parenthesis(rest(x, x->at));
    struct slice inside = rest(x, x->at + 1);
    if (len)
        inside.len = len - 2;
    inside = product_text_trim(inside);
    size_t count = x->out->count;
    enum range_token_kind before = count ? x->out->at[count - 1].kind : RANGE_END;
    bool bound = before == RANGE_OPERATOR || before == RANGE_PHRASE || before == RANGE_END;
    /* "<=(R4.10)": nothing but the version; the parenthesis says nothing */
    if (bound && len && inside.len &&
        chunk_end(x, (size_t)(inside.data - x->s.data)) ==
            (size_t)(inside.data - x->s.data) + inside.len) {
        x->at += 1;
        return 0;
    }
    if (len && range_reach_in(inside)) {
        x->at += 1;
        return 0;
    }
    range_parenthesis(inside, &token);
    /* "< 12.4 (firmware 1.46)": another bound, in another numbering */
    bool number = token.kind == RANGE_REMARK && !token.conditional && !token.harmless &&
                  !product_remark_on_others(inside);
    if (len && number && x->bounded && before == RANGE_VERSION && has_digit(inside))
        return put(x, (struct range_token){.kind = RANGE_ALIAS}, 1);
    return put(x, token, len ? len : x->s.len - x->at);
}

/* A condition takes all up to the next '|'. */
static size_t condition_end(const struct lexer *x)
{
    const uint8_t *bar = memchr(x->s.data + x->at, '|', x->s.len - x->at);
    return bar ? (size_t)(bar - x->s.data) - x->at : x->s.len - x->at;
}

/* "CVE-2019-1", "SSA-1", "ICSA-19-1": names of advisories are no versions. */
static bool advisory_name(struct slice s)
{
    return product_text_starts(s, "cve-") || product_text_starts(s, "ssa-") ||
           product_text_starts(s, "icsa-");
}

/* "Build 12", "SP1", "P025" that stand alone; "R2", "Rev 3" and "IR302" are names or versions. */
static bool lone_pack(struct slice chunk)
{
    static const char *const words[] = {
        "sp",    "service", "servicepack", "hf", "hot", "hotfix",  "update",   "upd", "patch",
        "build", "mp",      "ip",          "fp", "cu",  "feature", "security", "p"};
    size_t len = 0;
    while (len < chunk.len && letter(chunk.data[len]))
        len++;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (len == strlen(words[i]) && product_text_starts(chunk, words[i]))
            return true;
    return false;
}

static int put_word(struct lexer *x)
{
    size_t len, date = range_date_at(rest(x, x->at));
    if (date)
        return put(x, (struct range_token){.kind = RANGE_DATE}, date);
    size_t end = chunk_end(x, x->at);
    if (end == x->at)
        end++;
    struct slice chunk = slice_of(x->s.data + x->at, end - x->at);
    if (advisory_name(chunk))
        return put(x, (struct range_token){.kind = RANGE_REMARK, .harmless = true}, chunk.len);
    const struct range_phrase *phrase = range_phrase_at(rest(x, x->at), &len);
    size_t pack = range_qualifier_at(rest(x, x->at));
    bool lone = pack && lone_pack(chunk) && !phrase;
    if (lone && pack >= chunk.len)
        return put(x, (struct range_token){.kind = RANGE_VERSION, .pack = true},
                   version_end(x, x->at, x->at + pack) - x->at);
    if (phrase && len >= chunk.len) {
        struct range_token token = {
            .kind = phrase->kind, .op = phrase->op, .doubtful = phrase->doubtful};
        if (phrase->kind == RANGE_CONDITION || phrase->kind == RANGE_FOREIGN)
            len = condition_end(x);
        return put(x, token, len);
    }
    if (phrase && !has_digit(chunk)) {
        struct range_token token = {
            .kind = phrase->kind, .op = phrase->op, .doubtful = phrase->doubtful};
        return put(x, token, len);
    }
    if (!has_digit(chunk))
        return put(x, (struct range_token){.kind = RANGE_WORD}, chunk.len);
    end = version_end(x, x->at, end);
    bool cut = end < x->s.len && x->s.data[end] == '.';
    return put(x, (struct range_token){.kind = RANGE_VERSION, .cut = cut}, end - x->at);
}

/* "1,5": a decimal comma as well as a list. */
static bool decimal_comma(const struct lexer *x)
{
    size_t count = x->out->count;
    const struct range_token *before = count ? &x->out->at[count - 1] : NULL;
    if (!before || before->kind != RANGE_VERSION || x->s.data[x->at - 1] == ' ' ||
        memchr(before->text.data, '.', before->text.len) || !digit(peek(x, 1)))
        return false;
    size_t end = chunk_end(x, x->at + 1);
    return !memchr(x->s.data + x->at, '.', end - x->at);
}

static int put_next(struct lexer *x)
{
    uint8_t c = peek(x, 0);
    size_t len;
    enum range_operator op = range_operator_at(rest(x, x->at), &len);
    if (op != RANGE_NO_OPERATOR)
        return put(x, (struct range_token){.kind = RANGE_OPERATOR, .op = op}, len);
    switch (c) {
    case '|': return put(x, (struct range_token){.kind = RANGE_BAR}, 1);
    case '[':
    case ']':
    case '^':
    case '~': return put(x, (struct range_token){.kind = RANGE_STRANGE}, 1);
    case ',':
        if (decimal_comma(x))
            return put(x, (struct range_token){.kind = RANGE_STRANGE}, 1);
        return put(x, (struct range_token){.kind = RANGE_COMMA}, 1);
    case ';': return put(x, (struct range_token){.kind = RANGE_COMMA}, 1);
    case '&': return put(x, (struct range_token){.kind = RANGE_AND}, 1);
    case ':': return put(x, (struct range_token){.kind = RANGE_COLON}, 1);
    case '/': return put(x, (struct range_token){.kind = RANGE_SLASH}, 1);
    case '(': return put_parenthesis(x);
    case ')': x->at++; return 0;
    case '-': return put(x, (struct range_token){.kind = RANGE_DASH}, 1);
    case '.': x->at++; return 0;
    case '*':
        if (peek(x, 1) <= ' ' || peek(x, 1) == '|')
            return put(x, (struct range_token){.kind = RANGE_STAR}, 1);
        break;
    default: break;
    }
    if (long_dash(rest(x, x->at)))
        return put(x, (struct range_token){.kind = RANGE_DASH}, 3);
    return put_word(x);
}

int range_tokens_read(struct arena *a, struct slice text, struct range_tokens *out, struct err *e)
{
    struct lexer x = {.s = text, .arena = a, .out = out, .e = e};
    *out = (struct range_tokens){0};
    for (;;) {
        x.at += spaces(&x, x.at);
        if (x.at >= text.len)
            break;
        if (put_next(&x) != 0)
            return -1;
    }
    return put(&x, (struct range_token){.kind = RANGE_END}, 0);
}
