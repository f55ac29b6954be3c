/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/der.h"

struct der der_open(struct der_document *document, struct slice bytes)
{
    struct der r = {.document = document};

    *document = (struct der_document){.start = bytes.data};
    cursor_init(&r.in, bytes);
    return r;
}

static struct der reader_over(struct der_document *document, struct slice contents)
{
    struct der r = {.document = document};

    cursor_init(&r.in, contents);
    return r;
}

static bool faulty(const struct der *r)
{
    return r->document->reason != NULL;
}

void der_fault(struct der *r, const char *reason)
{
    if (faulty(r))
        return;
    r->document->reason = reason;
    r->document->at = r->in.data ? (size_t)(r->in.data - r->document->start) + r->in.at : 0;
}

int der_peek(const struct der *r)
{
    return faulty(r) ? -1 : cursor_peek(&r->in);
}

bool der_at_end(const struct der *r)
{
    return faulty(r) || cursor_left(&r->in) == 0;
}

static size_t read_length(struct der *r)
{
    uint8_t first = cursor_u8(&r->in);
    size_t len = 0;

    if (first < 0x80)
        return first;
    unsigned bytes = first & 0x7fU;
    if (bytes == 0)
        der_fault(r, "an indefinite length");
    else if (bytes > 4)
        der_fault(r, "a length of more than 4 bytes");
    for (unsigned i = 0; i < bytes && !faulty(r); i++) {
        uint8_t next = cursor_u8(&r->in);
        if (i == 0 && next == 0 && !r->in.failed)
            der_fault(r, "a length that is not minimal");
        len = len << 8 | next;
    }
    if (!faulty(r) && !r->in.failed && len < 0x80)
        der_fault(r, "a length that is not minimal");
    return len;
}

struct slice der_take_any(struct der *r, int *tag, struct slice *contents)
{
    static const struct slice nothing;
    size_t from = r->in.at;
    struct cursor whole = r->in;

    if (tag)
        *tag = -1;
    if (contents)
        *contents = nothing;
    if (faulty(r))
        return nothing;
    uint8_t found = cursor_u8(&r->in);
    if (!r->in.failed && (found & 0x1f) == 0x1f)
        der_fault(r, "a tag number over 30");
    size_t len = read_length(r);
    struct slice inside = faulty(r) ? nothing : cursor_take(&r->in, len);
    if (r->in.failed) {
        r->in.at = from;
        der_fault(r, "cut short");
    }
    if (faulty(r))
        return nothing;
    if (tag)
        *tag = found;
    if (contents)
        *contents = inside;
    return cursor_take(&whole, r->in.at - from);
}

static struct slice take(struct der *r, int tag, bool whole)
{
    static const struct slice nothing;
    struct slice contents;
    int next = der_peek(r);

    if (faulty(r))
        return nothing;
    if (next != tag) {
        der_fault(r, next < 0 ? "something is missing" : "another element than expected");
        return nothing;
    }
    struct slice element = der_take_any(r, NULL, &contents);
    return whole ? element : contents;
}

struct slice der_take(struct der *r, int tag)
{
    return take(r, tag, false);
}

struct slice der_take_whole(struct der *r, int tag)
{
    return take(r, tag, true);
}

struct der der_enter(struct der *r, int tag)
{
    return reader_over(r->document, der_take(r, tag));
}

struct der der_inside(struct der *r, struct slice contents)
{
    return reader_over(r->document, contents);
}

void der_end(struct der *r)
{
    if (!der_at_end(r))
        der_fault(r, "more than expected");
}

static struct slice minimal_integer(struct der *r, struct slice s)
{
    if (faulty(r))
        return slice_of(NULL, 0);
    if (s.len == 0)
        der_fault(r, "an integer without contents");
    else if (s.len > 1 &&
             ((s.data[0] == 0 && s.data[1] < 0x80) || (s.data[0] == 0xff && s.data[1] >= 0x80)))
        der_fault(r, "an integer that is not minimal");
    return faulty(r) ? slice_of(NULL, 0) : s;
}

struct slice der_integer(struct der *r)
{
    return minimal_integer(r, der_take(r, DER_INTEGER));
}

uint64_t der_unsigned(struct der *r, int tag)
{
    struct slice s = minimal_integer(r, der_take(r, tag));
    uint64_t value = 0;

    if (faulty(r))
        return 0;
    if (s.data[0] >= 0x80)
        der_fault(r, "a negative integer");
    else if (s.len > 9 || (s.len == 9 && s.data[0] != 0))
        der_fault(r, "an integer over 64 bits");
    for (size_t i = 0; i < s.len && !faulty(r); i++)
        value = value << 8 | s.data[i];
    return faulty(r) ? 0 : value;
}

bool der_boolean(struct der *r)
{
    struct slice s = der_take(r, DER_BOOLEAN);

    if (!faulty(r) && (s.len != 1 || (s.data[0] != 0 && s.data[0] != 0xff)))
        der_fault(r, "a boolean that is neither 00 nor FF");
    return !faulty(r) && s.data[0] == 0xff;
}

struct slice der_oid(struct der *r)
{
    struct slice s = der_take(r, DER_OID);

    if (faulty(r))
        return s;
    if (s.len == 0 || s.data[s.len - 1] >= 0x80)
        der_fault(r, "an object identifier that is cut short");
    for (size_t i = 0; i < s.len && !faulty(r); i++)
        if (s.data[i] == 0x80 && (i == 0 || s.data[i - 1] < 0x80))
            der_fault(r, "an object identifier that is not minimal");
    return faulty(r) ? slice_of(NULL, 0) : s;
}

/* Contents of a BIT STRING without the count of unused bits, which is checked and given. */
static struct slice bits(struct der *r, unsigned *unused)
{
    struct cursor c;

    *unused = 0;
    cursor_init(&c, der_take(r, DER_BIT_STRING));
    if (faulty(r))
        return slice_of(NULL, 0);
    unsigned count = cursor_u8(&c);
    struct slice s = cursor_take(&c, cursor_left(&c));
    if (c.failed || count > 7 || (count > 0 && s.len == 0)) {
        der_fault(r, "a bit string with a wrong count of unused bits");
        return slice_of(NULL, 0);
    }
    if (count > 0 && (s.data[s.len - 1] & ((1U << count) - 1)) != 0) {
        der_fault(r, "a bit string whose unused bits are set");
        return slice_of(NULL, 0);
    }
    *unused = count;
    return s;
}

struct slice der_bit_string(struct der *r)
{
    unsigned unused;
    struct slice s = bits(r, &unused);

    if (unused != 0) {
        der_fault(r, "a bit string that is not of whole bytes");
        return slice_of(NULL, 0);
    }
    return s;
}

uint32_t der_named_bits(struct der *r)
{
    unsigned unused;
    struct slice s = bits(r, &unused);
    uint32_t value = 0;

    if (s.len > 4)
        der_fault(r, "more than 32 named bits");
    else if (s.len > 0 && (s.data[s.len - 1] >> unused & 1) == 0)
        der_fault(r, "named bits with zeroes behind the last");
    if (faulty(r))
        return 0;
    for (size_t i = 0; i < s.len; i++)
        for (unsigned bit = 0; bit < 8; bit++)
            if (s.data[i] & (0x80U >> bit))
                value |= 1U << (8 * i + bit);
    return value;
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int two_digits(struct cursor *c)
{
    uint8_t tens = cursor_u8(c);
    uint8_t ones = cursor_u8(c);

    if (tens < '0' || tens > '9' || ones < '0' || ones > '9')
        c->failed = true;
    return c->failed ? 0 : (tens - '0') * 10 + (ones - '0');
}

int64_t der_time(struct der *r)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int tag = der_peek(r);
    struct cursor c;
    int year;

    if (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME) {
        der_fault(r, "a time is missing");
        return 0;
    }
    cursor_init(&c, der_take(r, tag));
    if (tag == DER_UTC_TIME) {
        year = two_digits(&c);
        year += year < 50 ? 2000 : 1900;
    } else {
        year = two_digits(&c) * 100;
        year += two_digits(&c);
    }
    int month = two_digits(&c);
    int day = two_digits(&c);
    int hour = two_digits(&c);
    int minute = two_digits(&c);
    int second = two_digits(&c);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    bool good = cursor_u8(&c) == 'Z' && !c.failed && cursor_left(&c) == 0 && month >= 1 &&
                month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 59;
    good = good && day <= month_days[month - 1] + (month == 2 && leap);
    if (!good) {
        der_fault(r, "a time that is not as RFC 5280 section 4.1.2.5 says");
        return 0;
    }
    int64_t seconds =
        days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return seconds * 1000000;
}

int der_finish(struct der *r, const char *what, struct err *e)
{
    der_end(r);
    if (!faulty(r))
        return 0;
    err_set(e, ERR_INPUT, "der.syntax", "X.690 section 10", "%s is not proper DER: %s", what,
            r->document->reason);
    return err_where(e, "offset %zu", r->document->at);
}
