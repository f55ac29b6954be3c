/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "csaf/schema.h"
#include "product/purl.h"

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool alphanumeric(uint8_t c)
{
    return digit(c) || letter(c);
}

/* Moves *s behind prefix when it begins with it. */
static bool skip(struct slice *s, const char *prefix)
{
    size_t len = strlen(prefix);
    if (s->len < len || memcmp(s->data, prefix, len) != 0)
        return false;
    *s = slice_of(s->data + len, s->len - len);
    return true;
}

static bool all_digits(struct slice s, size_t least, size_t most)
{
    if (s.len < least || s.len > most)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!digit(s.data[i]))
            return false;
    return true;
}

static bool cve(struct slice s)
{
    return skip(&s, "CVE-") && s.len >= 9 && s.data[4] == '-' &&
           all_digits(slice_of(s.data, 4), 4, 4) &&
           all_digits(slice_of(s.data + 5, s.len - 5), 4, 19);
}

static bool cwe(struct slice s)
{
    return skip(&s, "CWE-") && all_digits(s, 1, 6) && s.data[0] != '0';
}

static bool printable(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] <= ' ' || s.data[i] == 0x7f)
            return false;
    return true;
}

/* Eleven attributes behind "cpe:2.3:", with escaped colons; or the older URI form. */
static bool cpe(struct slice s)
{
    if (!printable(s))
        return false;
    struct slice rest = s;
    if (skip(&rest, "cpe:2.3:")) {
        size_t colons = 0, attribute = 0;
        for (size_t i = 0; i < rest.len; i++) {
            if (rest.data[i] == '\\') {
                if (++i == rest.len)
                    return false;
                attribute++;
            } else if (rest.data[i] == ':') {
                if (attribute == 0)
                    return false;
                attribute = 0;
                colons++;
            } else {
                attribute++;
            }
        }
        return colons == 10 && attribute > 0 && memchr("aho*-", rest.data[0], 5) &&
               rest.data[1] == ':';
    }
    if (s.len < 5)
        return false;
    static const char scheme[] = "cpe:/";
    for (size_t i = 0; i < 5; i++)
        if ((s.data[i] | (letter(s.data[i]) ? 0x20 : 0)) != scheme[i])
            return false;
    size_t colons = 0;
    for (size_t i = 5; i < s.len; i++)
        colons += s.data[i] == ':';
    return colons <= 6 && (s.len == 5 || strchr("aohAOH:", s.data[5]));
}

/* What an import relies on: a type and a name that can be read. Whether all rules of the type hold
 * is the validator's. */
static bool purl(struct slice s)
{
    struct product_purl parts;
    struct err unfit = {0};
    struct arena arena;
    arena_init(&arena, 0);
    bool read = s.len >= 7 && memcmp(s.data, "pkg:", 4) == 0 && s.data[4] != '/' &&
                product_purl_parse(&arena, s, PRODUCT_PURL_LENIENT, &parts, &unfit) == 0;
    arena_fini(&arena);
    /* no memory is no fault of the document; whoever reads the purl next says so */
    return read || unfit.kind == ERR_MEMORY;
}

/* RFC 3986: a scheme, and no white space or other characters that a URI never has. */
static bool uri(struct slice s)
{
    size_t i = 0;
    while (i < s.len && (alphanumeric(s.data[i]) || memchr("+-.", s.data[i], 3)))
        i++;
    if (i == 0 || i == s.len || s.data[i] != ':' || !letter(s.data[0]))
        return false;
    for (size_t k = i; k < s.len; k++)
        if (s.data[k] <= ' ' || s.data[k] == 0x7f || memchr("\"<>\\^`{|}", s.data[k], 9))
            return false;
    return true;
}

static bool date_time(struct slice s)
{
    struct err e = {0};
    int64_t at;
    return time_parse(s, &at, &e) == 0;
}

/* RFC 5646 in outline: subtags of 1 to 8 letters and digits; the registry is the validator's. */
static bool lang(struct slice s)
{
    size_t run = 0;
    bool first = true;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '-') {
            if (run == 0)
                return false;
            run = 0;
            first = false;
        } else {
            if (!(first ? letter(s.data[i]) : alphanumeric(s.data[i])) || ++run > 8)
                return false;
        }
    }
    return run > 0 && (!first || run >= 2);
}

static bool version(struct slice s)
{
    int order;
    return csaf_version_compare(s, s, &order);
}

static bool hash(struct slice s)
{
    if (s.len < 32)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!digit(s.data[i]) && !(s.data[i] >= 'a' && s.data[i] <= 'f') &&
            !(s.data[i] >= 'A' && s.data[i] <= 'F'))
            return false;
    return true;
}

static bool space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool one_line(struct slice s)
{
    return s.len > 0 && !memchr(s.data, '\n', s.len) && !memchr(s.data, '\r', s.len);
}

static bool edge(uint8_t c)
{
    return space(c) || c == '-' || c == '_' || c == '.';
}

static bool category(struct slice s)
{
    return one_line(s) && !edge(s.data[0]) && !edge(s.data[s.len - 1]);
}

static bool tracking_id(struct slice s)
{
    return one_line(s) && !space(s.data[0]) && !space(s.data[s.len - 1]);
}

const struct csaf_format csaf_format_cve = {cve, "a CVE id such as CVE-2026-12345"};
const struct csaf_format csaf_format_cwe = {cwe, "a CWE id such as CWE-79"};
const struct csaf_format csaf_format_cpe = {cpe, "a CPE 2.2 URI or 2.3 formatted string"};
const struct csaf_format csaf_format_purl = {purl, "a package URL such as pkg:deb/debian/curl"};
const struct csaf_format csaf_format_uri = {uri, "a URI with a scheme"};
const struct csaf_format csaf_format_time = {date_time,
                                             "a date and time such as 2026-11-21T10:00:00Z"};
const struct csaf_format csaf_format_lang = {lang, "a language tag such as en-US"};
const struct csaf_format csaf_format_version = {version,
                                                "an integer such as 3, or a version such as 1.2.0"};
const struct csaf_format csaf_format_hash = {hash, "at least 32 hexadecimal digits"};
const struct csaf_format csaf_format_category = {
    category, "a name that neither begins nor ends with white space, '-', '_' or '.'"};
const struct csaf_format csaf_format_tracking_id = {
    tracking_id, "one line that neither begins nor ends with white space"};
