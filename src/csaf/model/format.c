/* SPDX-License-Identifier: Apache-2.0 */
/* Ids as documents of any kind write them. */
#include "csaf/model/check.h"

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
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

static bool space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool one_line(struct slice s)
{
    return s.len > 0 && !memchr(s.data, '\n', s.len) && !memchr(s.data, '\r', s.len);
}

static bool tracking_id(struct slice s)
{
    return one_line(s) && !space(s.data[0]) && !space(s.data[s.len - 1]);
}

const struct csaf_format csaf_format_cve = {cve};
const struct csaf_format csaf_format_cwe = {cwe};
const struct csaf_format csaf_format_tracking_id = {tracking_id};
