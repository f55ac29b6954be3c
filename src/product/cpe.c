/* SPDX-License-Identifier: Apache-2.0 */
#include "product/cpe.h"

static const char formatted_clause[] = "NISTIR 7695 section 6.2.2.2";
static const char uri_clause[] = "NISTIR 7695 section 6.1.3.1";

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

static bool unreserved(uint8_t c)
{
    return letter(c) || digit(c) || (c && memchr("-._", c, 3));
}

static bool printable(uint8_t c)
{
    return c > ' ' && c < 0x7f;
}

static int hex(uint8_t c)
{
    if (digit(c))
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct reader {
    struct slice text;
    bool strict;
    bool uri;
    uint8_t *at; /* where the next character of a value goes */
    struct err *e;
};

static int fault(struct reader *r, const uint8_t *at, const char *code, const char *text)
{
    err_set(r->e, ERR_INPUT, code, r->uri ? uri_clause : formatted_clause, "%s", text);
    return err_where(r->e, "offset %zu", (size_t)(at - r->text.data));
}

enum sign { SIGN_TEXT, SIGN_ONE, SIGN_MANY, SIGN_BAD, SIGN_CODE };

/* One character of a value: what it means, and in *c itself. Moves *i behind it. */
static enum sign next_sign(const struct reader *r, struct slice raw, size_t *i, uint8_t *c)
{
    *c = raw.data[(*i)++];
    if (r->uri) {
        if (*c == '%') {
            int high = *i < raw.len ? hex(raw.data[*i]) : -1;
            int low = *i + 1 < raw.len ? hex(raw.data[*i + 1]) : -1;
            if (high < 0 || low < 0)
                return SIGN_CODE;
            *i += 2;
            *c = (uint8_t)(high * 16 + low);
            if (*c == 1)
                return SIGN_ONE;
            if (*c == 2)
                return SIGN_MANY;
            return printable(*c) ? SIGN_TEXT : SIGN_CODE;
        }
        if (unreserved(*c) || *c == '~')
            return SIGN_TEXT;
        return r->strict || !printable(*c) ? SIGN_BAD : SIGN_TEXT;
    }
    if (*c == '\\') {
        if (*i == raw.len)
            return SIGN_CODE;
        *c = raw.data[(*i)++];
        return !printable(*c) || (r->strict && unreserved(*c)) ? SIGN_CODE : SIGN_TEXT;
    }
    if (*c == '?')
        return SIGN_ONE;
    if (*c == '*')
        return SIGN_MANY;
    if (unreserved(*c))
        return SIGN_TEXT;
    return r->strict || !printable(*c) ? SIGN_BAD : SIGN_TEXT;
}

/* [ 1*"?" / "*" ] 1*character [ 1*"?" / "*" ] */
static int read_value(struct reader *r, struct slice raw, struct product_cpe_value *out)
{
    uint8_t *start = r->at;
    bool behind = false;
    out->kind = PRODUCT_CPE_TEXT;
    for (size_t i = 0; i < raw.len;) {
        const uint8_t *place = raw.data + i;
        uint8_t c;
        enum sign sign = next_sign(r, raw, &i, &c);
        int *wild = r->at > start ? &out->after : &out->before;
        switch (sign) {
        case SIGN_TEXT:
            if (behind)
                return fault(r, place, "cpe.wildcard",
                             "\"?\" and \"*\" stand only in front of a value and behind it");
            *r->at++ = lower(c);
            continue;
        case SIGN_ONE:
        case SIGN_MANY:
            if (*wild == PRODUCT_CPE_STAR || (*wild && sign == SIGN_MANY))
                return fault(r, place, "cpe.wildcard",
                             "\"*\" stands alone: neither twice nor beside \"?\"");
            *wild = sign == SIGN_MANY ? PRODUCT_CPE_STAR : *wild + 1;
            behind = r->at > start;
            continue;
        case SIGN_BAD:
            return fault(r, place, "cpe.character",
                         r->uri ? "the character must be percent-encoded"
                                : "the character must have a \"\\\" in front");
        case SIGN_CODE:
            return fault(r, place, "cpe.encoding",
                         r->uri ? "\"%\" is not followed by the code of a character of a name"
                                : "\"\\\" is not followed by a sign that needs it");
        }
    }
    out->text = slice_of(start, (size_t)(r->at - start));
    if (out->text.len == 0)
        return fault(r, raw.data, raw.len ? "cpe.wildcard" : "cpe.empty",
                     raw.len ? "a value does not consist of wildcards alone"
                             : "an attribute is empty");
    return 0;
}

static int read_attribute(struct reader *r, struct slice raw, struct product_cpe_value *out)
{
    *out = (struct product_cpe_value){0};
    if (raw.len == 0 && (r->uri || !r->strict))
        return 0;
    if (raw.len == 1 && raw.data[0] == '-') {
        out->kind = PRODUCT_CPE_NA;
        return 0;
    }
    if (!(r->uri && r->strict) && raw.len == 1 && raw.data[0] == '*')
        return 0;
    return read_value(r, raw, out);
}

/* 2 or 3 letters, then a country of 2 letters or a region of 3 digits */
static bool language(struct slice s)
{
    size_t i = 0;
    while (i < s.len && letter(s.data[i]))
        i++;
    if (i < 2 || i > 3)
        return false;
    if (i == s.len)
        return true;
    if (s.data[i] != '-')
        return false;
    struct slice rest = slice_of(s.data + i + 1, s.len - i - 1);
    if (rest.len == 2)
        return letter(rest.data[0]) && letter(rest.data[1]);
    return rest.len == 3 && digit(rest.data[0]) && digit(rest.data[1]) && digit(rest.data[2]);
}

static int check_name(struct reader *r, const struct slice raw[], const struct product_cpe *cpe)
{
    const struct product_cpe_value *part = &cpe->at[PRODUCT_CPE_PART],
                                   *lang = &cpe->at[PRODUCT_CPE_LANGUAGE];
    if (part->kind == PRODUCT_CPE_TEXT && (part->before || part->after || part->text.len != 1 ||
                                           !memchr("aho", part->text.data[0], 3)))
        return fault(r, raw[PRODUCT_CPE_PART].data, "cpe.part",
                     "the part is not a (application), o (operating system) or h (hardware)");
    if (r->strict && !r->uri && lang->kind == PRODUCT_CPE_TEXT &&
        (lang->before || lang->after || !language(lang->text)))
        return fault(r, raw[PRODUCT_CPE_LANGUAGE].data, "cpe.language",
                     "the language is not a tag such as \"en\" or \"de-CH\"");
    return 0;
}

static int parse_formatted(struct reader *r, struct product_cpe *out)
{
    struct slice raw[PRODUCT_CPE_ATTRIBUTES], rest = slice_of(r->text.data + 8, r->text.len - 8);
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= rest.len; i++) {
        if (i < rest.len && rest.data[i] == '\\') {
            i++;
            if (i < rest.len)
                continue;
            i = rest.len;
        }
        if (i < rest.len && rest.data[i] != ':')
            continue;
        if (count == PRODUCT_CPE_ATTRIBUTES)
            return fault(r, rest.data + start, "cpe.count", "there are more than 11 attributes");
        raw[count++] = slice_of(rest.data + start, i - start);
        start = i + 1;
    }
    if (r->strict && count < PRODUCT_CPE_ATTRIBUTES)
        return fault(r, rest.data + rest.len, "cpe.count", "there are fewer than 11 attributes");
    for (size_t i = 0; i < count; i++)
        if (read_attribute(r, raw[i], &out->at[i]) != 0)
            return -1;
    for (size_t i = count; i < PRODUCT_CPE_ATTRIBUTES; i++)
        raw[i] = slice_of(rest.data + rest.len, 0);
    return check_name(r, raw, out);
}

/* "~edition~sw_edition~target_sw~target_hw~other" */
static int unpack_edition(struct reader *r, struct slice packed, struct product_cpe *out)
{
    static const enum product_cpe_attribute order[] = {PRODUCT_CPE_EDITION, PRODUCT_CPE_SW_EDITION,
                                                       PRODUCT_CPE_TARGET_SW, PRODUCT_CPE_TARGET_HW,
                                                       PRODUCT_CPE_OTHER};
    size_t count = 0, start = 1;
    for (size_t i = 1; i <= packed.len; i++) {
        if (i < packed.len && packed.data[i] != '~')
            continue;
        if (count == ARRAY_LEN(order))
            return fault(r, packed.data + start, "cpe.count",
                         "more than five values are packed into the edition");
        if (read_attribute(r, slice_of(packed.data + start, i - start), &out->at[order[count]]) !=
            0)
            return -1;
        count++;
        start = i + 1;
    }
    if (r->strict && count < ARRAY_LEN(order))
        return fault(r, packed.data, "cpe.count",
                     "fewer than five values are packed into the edition");
    return 0;
}

static int parse_uri(struct reader *r, struct product_cpe *out)
{
    struct slice raw[PRODUCT_CPE_ATTRIBUTES], rest = slice_of(r->text.data + 5, r->text.len - 5);
    size_t count = 0, start = 0;
    for (size_t i = 0; i < PRODUCT_CPE_ATTRIBUTES; i++)
        raw[i] = slice_of(rest.data + rest.len, 0);
    for (size_t i = 0; i <= rest.len; i++) {
        if (i < rest.len && rest.data[i] != ':')
            continue;
        if (count == PRODUCT_CPE_LANGUAGE + 1)
            return fault(r, rest.data + start, "cpe.count", "there are more than 7 components");
        raw[count++] = slice_of(rest.data + start, i - start);
        start = i + 1;
    }
    for (size_t i = 0; i < count; i++) {
        int result = i == PRODUCT_CPE_EDITION && raw[i].len && raw[i].data[0] == '~'
                         ? unpack_edition(r, raw[i], out)
                         : read_attribute(r, raw[i], &out->at[i]);
        if (result != 0)
            return -1;
    }
    return check_name(r, raw, out);
}

int product_cpe_parse(struct arena *a, struct slice text, enum product_cpe_mode mode,
                      struct product_cpe *out, struct err *e)
{
    *out = (struct product_cpe){0};
    struct reader r = {.text = text, .strict = mode == PRODUCT_CPE_STRICT, .e = e};
    bool cpe = text.len >= 5 && lower(text.data[0]) == 'c' && lower(text.data[1]) == 'p' &&
               lower(text.data[2]) == 'e' && text.data[3] == ':';
    r.uri = cpe && text.data[4] == '/';
    bool formatted = cpe && text.len >= 8 && memcmp(text.data + 4, "2.3:", 4) == 0 &&
                     (!r.strict || memcmp(text.data, "cpe", 3) == 0);
    if (!r.uri && !formatted)
        return fault(&r, text.data, "cpe.prefix",
                     "it begins neither with \"cpe:2.3:\" nor with \"cpe:/\"");
    r.at = arena_alloc(a, text.len + 1);
    if (!r.at)
        return err_memory(e);
    return r.uri ? parse_uri(&r, out) : parse_formatted(&r, out);
}

static void put_wild(struct buf *out, int wild, const char *one, const char *many)
{
    if (wild == PRODUCT_CPE_STAR)
        buf_puts(out, many);
    for (int i = 0; i < wild; i++)
        buf_puts(out, one);
}

static void put_formatted(const struct product_cpe_value *v, struct buf *out)
{
    if (v->kind != PRODUCT_CPE_TEXT) {
        buf_putc(out, v->kind == PRODUCT_CPE_ANY ? '*' : '-');
        return;
    }
    put_wild(out, v->before, "?", "*");
    for (size_t i = 0; i < v->text.len; i++) {
        uint8_t c = v->text.data[i];
        /* a lone "-" would be NA */
        if (!unreserved(c) || (c == '-' && v->text.len == 1 && !v->before && !v->after))
            buf_putc(out, '\\');
        buf_putc(out, c);
    }
    put_wild(out, v->after, "?", "*");
}

void product_cpe_write(const struct product_cpe *cpe, struct buf *out)
{
    buf_puts(out, "cpe:2.3");
    for (size_t i = 0; i < PRODUCT_CPE_ATTRIBUTES; i++) {
        buf_putc(out, ':');
        put_formatted(&cpe->at[i], out);
    }
}

static void put_uri(const struct product_cpe_value *v, struct buf *out)
{
    if (v->kind != PRODUCT_CPE_TEXT) {
        buf_puts(out, v->kind == PRODUCT_CPE_ANY ? "" : "-");
        return;
    }
    put_wild(out, v->before, "%01", "%02");
    for (size_t i = 0; i < v->text.len; i++) {
        uint8_t c = v->text.data[i];
        bool lone = c == '-' && v->text.len == 1 && !v->before && !v->after;
        if (unreserved(c) && !lone)
            buf_putc(out, c);
        else
            buf_printf(out, "%%%02x", c);
    }
    put_wild(out, v->after, "%01", "%02");
}

void product_cpe_write_uri(const struct product_cpe *cpe, struct buf *out)
{
    bool packed = false;
    for (size_t i = PRODUCT_CPE_SW_EDITION; i < PRODUCT_CPE_ATTRIBUTES; i++)
        packed = packed || cpe->at[i].kind != PRODUCT_CPE_ANY;
    size_t last = PRODUCT_CPE_LANGUAGE;
    while (last > 0 && cpe->at[last].kind == PRODUCT_CPE_ANY &&
           !(last == PRODUCT_CPE_EDITION && packed))
        last--;
    buf_puts(out, "cpe:/");
    for (size_t i = 0; i <= last; i++) {
        if (i)
            buf_putc(out, ':');
        if (i == PRODUCT_CPE_EDITION && packed)
            buf_putc(out, '~');
        put_uri(&cpe->at[i], out);
        for (size_t k = PRODUCT_CPE_SW_EDITION;
             i == PRODUCT_CPE_EDITION && packed && k < PRODUCT_CPE_ATTRIBUTES; k++) {
            buf_putc(out, '~');
            put_uri(&cpe->at[k], out);
        }
    }
}

/* What a comparison looks at; a longer value has no relation to anything. */
enum { VALUE_LIMIT = 4096 };

/* Does the pattern stand in the text with no more around it than its wildcards allow? */
static bool covers(const struct product_cpe_value *pattern, struct slice text)
{
    struct slice p = pattern->text;
    if (p.len > text.len)
        return false;
    size_t spare = text.len - p.len, first = 0, last = spare;
    if (pattern->before != PRODUCT_CPE_STAR && (size_t)pattern->before < last)
        last = (size_t)pattern->before;
    if (pattern->after != PRODUCT_CPE_STAR && (size_t)pattern->after < spare)
        first = spare - (size_t)pattern->after;
    for (size_t i = first; i <= last; i++)
        if (memcmp(text.data + i, p.data, p.len) == 0)
            return true;
    return false;
}

enum product_cpe_relation product_cpe_value_compare(const struct product_cpe_value *source,
                                                    const struct product_cpe_value *target)
{
    bool source_wild = source->before || source->after;
    if (target->before || target->after || source->text.len > VALUE_LIMIT ||
        target->text.len > VALUE_LIMIT)
        return PRODUCT_CPE_UNDEFINED;
    if (source->kind != PRODUCT_CPE_TEXT || target->kind != PRODUCT_CPE_TEXT) {
        if (source->kind == target->kind)
            return PRODUCT_CPE_EQUAL;
        if (source->kind == PRODUCT_CPE_ANY)
            return PRODUCT_CPE_SUPERSET;
        return target->kind == PRODUCT_CPE_ANY ? PRODUCT_CPE_SUBSET : PRODUCT_CPE_DISJOINT;
    }
    if (!source_wild)
        return slice_equal(source->text, target->text) ? PRODUCT_CPE_EQUAL : PRODUCT_CPE_DISJOINT;
    return covers(source, target->text) ? PRODUCT_CPE_SUPERSET : PRODUCT_CPE_DISJOINT;
}

enum product_cpe_relation product_cpe_compare(const struct product_cpe *source,
                                              const struct product_cpe *target, unsigned ignored)
{
    bool subset = false, superset = false, undefined = false;
    for (size_t i = 0; i < PRODUCT_CPE_ATTRIBUTES; i++) {
        if (ignored & (1U << i))
            continue;
        switch (product_cpe_value_compare(&source->at[i], &target->at[i])) {
        case PRODUCT_CPE_DISJOINT: return PRODUCT_CPE_DISJOINT;
        case PRODUCT_CPE_UNDEFINED: undefined = true; break;
        case PRODUCT_CPE_SUBSET: subset = true; break;
        case PRODUCT_CPE_SUPERSET: superset = true; break;
        case PRODUCT_CPE_EQUAL: break;
        }
    }
    if (undefined || (subset && superset))
        return PRODUCT_CPE_UNDEFINED;
    return subset ? PRODUCT_CPE_SUBSET : superset ? PRODUCT_CPE_SUPERSET : PRODUCT_CPE_EQUAL;
}

bool product_cpe_key(const struct product_cpe *cpe, struct buf *out)
{
    for (size_t i = 0; i <= PRODUCT_CPE_PRODUCT; i++)
        if (cpe->at[i].kind != PRODUCT_CPE_TEXT || cpe->at[i].before || cpe->at[i].after)
            return false;
    for (size_t i = 0; i <= PRODUCT_CPE_PRODUCT; i++) {
        if (i)
            buf_putc(out, ':');
        buf_put_slice(out, cpe->at[i].text);
    }
    return true;
}
