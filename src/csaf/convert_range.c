/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Version ranges as CSAF 2.1 section 3.1.2.3.2 has them: VERS ("vers:npm/1.2.3|>=2.0.0") or only
 * its constraints (vls, "<=2"). Other texts are not understood, and nothing is made of them.
 */
#include "csaf/convert_internal.h"

#include <strings.h>

static bool is_version(struct slice s)
{
    /* test 6.1.31: such a word is a range, not a version */
    static const char *const words[] = {"after", "all",   "before",  "earlier",
                                        "later", "prior", "versions"};
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (s.len == strlen(words[i]) && strncasecmp((const char *)s.data, words[i], s.len) == 0)
            return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] <= ' ' || s.data[i] == 0x7f || memchr("<>=!|*,;", s.data[i], 8))
            return false;
    return true;
}

static struct slice trimmed(struct slice s)
{
    while (s.len && (*s.data == ' ' || *s.data == '\t'))
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static struct slice comparator(struct slice *s)
{
    static const char *const all[] = {"<=", ">=", "!=", "<", ">", "="};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        size_t len = strlen(all[i]);
        if (s->len >= len && memcmp(s->data, all[i], len) == 0) {
            struct slice found = slice_of(s->data, len);
            *s = trimmed(slice_of(s->data + len, s->len - len));
            return slice_is(found, "=") ? slice_str("") : found;
        }
    }
    return slice_str("");
}

struct convert_range convert_range_read(struct slice text)
{
    struct convert_range r = {.scheme = slice_str("")};
    struct slice rest = trimmed(text);
    if (rest.len > 5 && memcmp(rest.data, "vers:", 5) == 0) {
        const uint8_t *slash = memchr(rest.data, '/', rest.len);
        if (!slash)
            return r;
        size_t len = (size_t)(slash - rest.data) + 1;
        r.scheme = slice_of(rest.data, len);
        rest = slice_of(rest.data + len, rest.len - len);
    }
    const uint8_t *start = rest.data;
    while (rest.len) {
        const uint8_t *bar = memchr(rest.data, '|', rest.len);
        size_t len = bar ? (size_t)(bar - rest.data) : rest.len;
        struct slice one = trimmed(slice_of(rest.data, len));
        r.before = slice_of(start, (size_t)(rest.data - start));
        r.last_comparator = comparator(&one);
        r.last_version = one;
        if (!is_version(one))
            return r;
        r.constraints++;
        rest = bar ? slice_of(bar + 1, rest.len - len - 1) : slice_of(rest.data, 0);
        if (bar && rest.len == 0)
            return r;
    }
    r.understood = r.constraints > 0;
    return r;
}
