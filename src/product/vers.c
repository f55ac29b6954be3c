/* SPDX-License-Identifier: Apache-2.0 */
/* Reading `vers:` texts; the rules between their constraints stand in vers_check.c. */
#include "product/vers.h"
#include "product/vers_internal.h"

struct reader {
    struct arena *arena;
    struct slice text;
    struct product_vers *out;
    struct vers_findings findings;
    bool vls;
    struct err *e;
};

void product_vers_find(struct vers_findings *f, enum product_vers_fault fault, size_t at,
                       size_t len, const char *text)
{
    if (f->count < PRODUCT_VERS_FINDINGS)
        f->item[f->count++] = (struct product_vers_finding){fault, at, len, text};
}

static void find(struct reader *r, enum product_vers_fault fault, size_t at, size_t len,
                 const char *text)
{
    product_vers_find(&r->findings, fault, at, len, text);
}

/* vers-types.md: the ecosystems with a purl type, and the special types. */
bool product_vers_type_registered(struct slice type)
{
    static const char *const names[] = {
        "all",  "alpm", "apk",     "cargo",  "composer", "cpan",   "dart",          "datetime",
        "deb",  "gem",  "generic", "golang", "hackage",  "intdot", "lexicographic", "maven",
        "none", "npm",  "nuget",   "pypi",   "rpm",      "semver"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_is(type, names[i]))
            return true;
    return false;
}

static bool letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static int hex(uint8_t c)
{
    if (digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One finding for all bytes that may stand nowhere. */
static void check_characters(struct reader *r)
{
    for (size_t i = 0; i < r->text.len; i++) {
        uint8_t c = r->text.data[i];
        if (c > ' ' && c < 0x7f)
            continue;
        find(r, PRODUCT_VERS_CHARACTER, i, 1,
             c == ' ' || (c >= '\t' && c <= '\r')
                 ? "white space is not permitted"
                 : "only printable ASCII characters are permitted");
        return;
    }
}

/* What must stand percent-encoded: the signs of the notation, and what may not stand at all. */
static bool needs_encoding(uint8_t c)
{
    return c <= ' ' || c >= 0x7f || memchr("><=!*|%", c, 7) != NULL;
}

/* Decodes text[at, at+len) once. */
static int decode(struct reader *r, size_t at, size_t len, struct slice *out)
{
    const uint8_t *in = r->text.data + at;
    bool shape = false, needless = false;
    *out = slice_of(in, len);
    if (!len || !memchr(in, '%', len))
        return 0;
    uint8_t *to = arena_alloc(r->arena, len);
    size_t used = 0;
    if (!to)
        return err_memory(r->e);
    for (size_t i = 0; i < len; i++) {
        int high = i + 2 < len ? hex(in[i + 1]) : -1;
        int low = i + 2 < len ? hex(in[i + 2]) : -1;
        if (in[i] != '%' || high < 0 || low < 0) {
            if (in[i] == '%')
                find(r, PRODUCT_VERS_ENCODING, at + i, 1,
                     "'%' must be followed by two hexadecimal digits");
            to[used++] = in[i];
            continue;
        }
        uint8_t byte = (uint8_t)(high * 16 + low);
        if (!shape && (in[i + 1] >= 'a' || in[i + 2] >= 'a')) {
            shape = true;
            find(r, PRODUCT_VERS_ENCODING_CASE, at + i, 3,
                 "percent-encoding is written with capital letters");
        }
        if (byte < ' ' || byte >= 0x7f) {
            find(r, PRODUCT_VERS_CHARACTER, at + i, 3, "a version is printable ASCII");
        } else if (!needless && !needs_encoding(byte)) {
            needless = true;
            find(r, PRODUCT_VERS_NEEDLESS, at + i, 3,
                 byte == ':' ? "a colon is not percent-encoded"
                             : "this character is not percent-encoded in the canonical form");
        }
        to[used++] = byte;
        i += 2;
    }
    *out = slice_of(to, used);
    return 0;
}

static enum product_comparator comparator(struct slice s, size_t *len)
{
    static const struct {
        const char *text;
        enum product_comparator comparator;
    } signs[] = {
        {">=", PRODUCT_FROM}, {"<=", PRODUCT_UP_TO}, {"!=", PRODUCT_IS_NOT},
        {"<", PRODUCT_BELOW}, {">", PRODUCT_ABOVE},  {"=", PRODUCT_IS},
    };
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        *len = strlen(signs[i].text);
        if (s.len >= *len && memcmp(s.data, signs[i].text, *len) == 0)
            return signs[i].comparator;
    }
    *len = 0;
    return PRODUCT_IS;
}

/* White space is a finding already; what it surrounds can still be read. */
static void trim(const struct reader *r, size_t *at, size_t *end)
{
    while (*at < *end && r->text.data[*at] <= ' ')
        (*at)++;
    while (*end > *at && r->text.data[*end - 1] <= ' ')
        (*end)--;
}

/* text[at, end), not empty. */
static int constraint(struct reader *r, size_t at, size_t end, struct product_vers_constraint *c)
{
    size_t sign;
    trim(r, &at, &end);
    c->at = at;
    c->len = end - at;
    c->comparator = comparator(slice_of(r->text.data + at, end - at), &sign);
    if (sign == 1 && c->comparator == PRODUCT_IS && !r->vls)
        find(r, PRODUCT_VERS_EQUAL_SIGN, at, 1, "a single version is written without '='");
    size_t from = at + sign;
    trim(r, &from, &end);
    if (from == end)
        find(r, PRODUCT_VERS_NO_VERSION, end, 0, "the comparator has no version");
    else if (r->text.data[from] == '*')
        find(r, PRODUCT_VERS_STAR, from, 1, "'*' stands alone, without comparator and version");
    else
        for (size_t i = from; i < end; i++)
            if (memchr("><=!*", r->text.data[i], 5)) {
                find(r, PRODUCT_VERS_RAW, i, 1,
                     "this character must be percent-encoded in a version");
                break;
            }
    return decode(r, from, end - from, &c->version);
}

static int constraints(struct reader *r, size_t at)
{
    size_t start = at, end = r->text.len, most = 1;
    trim(r, &start, &end);
    if (start == end) {
        find(r, PRODUCT_VERS_EMPTY, end, 0, "there is no constraint");
        return 0;
    }
    if (end - start == 1 && r->text.data[start] == '*') {
        r->out->none = slice_is(r->out->type, "none");
        r->out->all = !r->out->none;
        return 0;
    }
    for (size_t i = start; i < end; i++)
        most += r->text.data[i] == '|';
    struct product_vers_constraint *list = arena_new(r->arena, most, sizeof *list);
    if (!list)
        return err_memory(r->e);
    for (size_t i = start; i <= end; i++) {
        if (i < end && r->text.data[i] != '|')
            continue;
        if (i == start)
            find(r, PRODUCT_VERS_PIPE, i < end ? i : i - 1, 1,
                 i == end                        ? "a '|' at the end is not permitted"
                 : r->out->count == 0 && i == at ? "a '|' in front is not permitted"
                                                 : "two '|' in a row are not permitted");
        else if (constraint(r, start, i, &list[r->out->count++]) != 0)
            return -1;
        start = i + 1;
    }
    r->out->constraints = list;
    if (slice_is(r->out->type, "all") || slice_is(r->out->type, "none"))
        find(r, PRODUCT_VERS_SPECIAL, at, end - at, "this type has no constraint but '*'");
    return 0;
}

/* "vers:type/"; *at: behind the '/'. false: nothing behind it can be read. */
static bool head(struct reader *r, size_t *at)
{
    static const char scheme[] = "vers:";
    bool capitals = false;
    for (size_t i = 0; i < 5; i++) {
        uint8_t c = i < r->text.len ? r->text.data[i] : 0;
        if ((c | (i < 4 ? 0x20 : 0)) != (uint8_t)scheme[i]) {
            find(r, PRODUCT_VERS_SCHEME, 0, i, "the text does not begin with \"vers:\"");
            return false;
        }
        capitals = capitals || c != (uint8_t)scheme[i];
    }
    const uint8_t *slash = memchr(r->text.data + 5, '/', r->text.len - 5);
    size_t end = slash ? (size_t)(slash - r->text.data) : r->text.len;
    struct slice type = slice_of(r->text.data + 5, end - 5);
    bool good = type.len > 0 && letter(type.data[0]);
    for (size_t i = 0; i < type.len; i++) {
        uint8_t c = type.data[i];
        capitals = capitals || (c >= 'A' && c <= 'Z');
        good = good && (letter(c) || digit(c) || c == '.' || c == '-');
    }
    if (capitals)
        find(r, PRODUCT_VERS_UPPER_CASE, 0, end, "\"vers\" and its type are in lower case");
    r->out->type = type;
    if (type.len == 0)
        find(r, PRODUCT_VERS_TYPE, 5, 0, "the type is missing");
    else if (!good)
        find(r, PRODUCT_VERS_TYPE, 5, type.len,
             "a type begins with a letter and has only letters, digits, '.' and '-'");
    if (!slash && type.len)
        find(r, PRODUCT_VERS_TYPE, end, 0, "there is no '/' behind the type");
    *at = end + 1;
    return slash != NULL;
}

int product_vers_conclude(struct arena *a, const struct vers_findings *f, struct product_vers *out,
                          struct err *e)
{
    out->readable = out->ordered = out->canonical = true;
    for (size_t i = 0; i < f->count; i++) {
        enum product_vers_fault fault = f->item[i].fault;
        out->canonical = out->canonical && fault == PRODUCT_VERS_VERSION;
        out->readable = out->readable && fault > PRODUCT_VERS_SPECIAL;
        out->ordered = out->ordered && out->readable && fault != PRODUCT_VERS_ORDER &&
                       fault != PRODUCT_VERS_DUPLICATE && fault != PRODUCT_VERS_SEQUENCE;
    }
    out->findings = NULL;
    out->finding_count = f->count;
    if (f->count == 0)
        return 0;
    struct product_vers_finding *copy = arena_new(a, f->count, sizeof *copy);
    if (!copy)
        return err_memory(e);
    memcpy(copy, f->item, f->count * sizeof *copy);
    out->findings = copy;
    return 0;
}

static int finish(struct reader *r, bool readable, size_t at)
{
    check_characters(r);
    if (readable &&
        (constraints(r, at) != 0 || product_vers_check(r->out, r->vls, &r->findings, r->e) != 0))
        return -1;
    return product_vers_conclude(r->arena, &r->findings, r->out, r->e);
}

int product_vers_read(struct arena *a, struct slice text, struct product_vers *out, struct err *e)
{
    struct reader r = {.arena = a, .text = text, .out = out, .e = e};
    size_t at = 0;
    uint8_t name[32];
    *out = (struct product_vers){.scheme = &product_scheme_exact};
    bool readable = head(&r, &at);
    if (out->type.len > 0 && out->type.len <= sizeof name) {
        for (size_t i = 0; i < out->type.len; i++) {
            uint8_t c = out->type.data[i];
            name[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
        }
        struct slice type = slice_of(name, out->type.len);
        out->scheme = product_scheme_find(type);
        out->registered = product_vers_type_registered(type);
        out->supported = out->scheme != &product_scheme_exact;
    }
    return finish(&r, readable, at);
}

int product_vls_read(struct arena *a, struct slice text, struct product_vers *out, struct err *e)
{
    struct reader r = {.arena = a, .text = text, .out = out, .vls = true, .e = e};
    *out = (struct product_vers){.scheme = product_scheme_find(slice_str("")), .supported = true};
    return finish(&r, true, 0);
}

const char *product_vers_clause(enum product_vers_fault fault)
{
    switch (fault) {
    case PRODUCT_VERS_SCHEME: return "VERS core specification, scheme";
    case PRODUCT_VERS_TYPE:
    case PRODUCT_VERS_UPPER_CASE: return "VERS core specification, type";
    case PRODUCT_VERS_SPECIAL:
    case PRODUCT_VERS_FORM: return "VERS types, special types";
    case PRODUCT_VERS_EMPTY:
    case PRODUCT_VERS_PIPE:
    case PRODUCT_VERS_NO_VERSION:
    case PRODUCT_VERS_EQUAL_SIGN: return "VERS, how to parse";
    case PRODUCT_VERS_STAR: return "VERS core specification, comparators";
    case PRODUCT_VERS_VERSION: return "VERS core specification, version strings";
    case PRODUCT_VERS_CHARACTER:
    case PRODUCT_VERS_RAW:
    case PRODUCT_VERS_ENCODING:
    case PRODUCT_VERS_ENCODING_CASE:
    case PRODUCT_VERS_NEEDLESS:
    case PRODUCT_VERS_ORDER:
    case PRODUCT_VERS_DUPLICATE:
    case PRODUCT_VERS_SEQUENCE:
    case PRODUCT_VERS_REDUNDANT: break;
    }
    return "VERS core specification, canonical representation";
}

int product_vers_parse(struct arena *a, struct slice text, struct product_vers *out, struct err *e)
{
    if (product_vers_read(a, text, out, e) != 0)
        return -1;
    if (out->canonical)
        return 0;
    const struct product_vers_finding *f = out->findings;
    while (f->fault == PRODUCT_VERS_VERSION)
        f++;
    err_set(e, ERR_INPUT, f->fault <= PRODUCT_VERS_SPECIAL ? "vers.syntax" : "vers.canonical",
            product_vers_clause(f->fault), "%s", f->text);
    return err_where(e, "column %zu", f->at + 1);
}
