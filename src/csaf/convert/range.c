/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Version ranges as CSAF 2.1 section 3.1.2.3.2 has them: VERS ("vers:npm/1.2.3|>=2.0.0") or only
 * its constraints (vls, "<=2"). Other texts are not understood, and nothing is made of them.
 */
#include "csaf/convert/convert_internal.h"

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

/* --- the canonical form of what is nearly one --- */

/* Does a word behind a version belong to it ("2016 R2", "V7.4 SP1", "V18.0 Update 5")? */
static bool is_part_of_version(struct slice word)
{
    static const char *const words[] = {"build",    "hf",      "hotfix", "pack", "patch", "rev",
                                        "revision", "service", "sp",     "sr",   "upd",   "update"};
    for (size_t i = 0; i < word.len; i++)
        if (word.data[i] >= '0' && word.data[i] <= '9')
            return true;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (word.len == strlen(words[i]) &&
            strncasecmp((const char *)word.data, words[i], word.len) == 0)
            return true;
    return false;
}

/* One constraint: no space behind its comparator, those in its version percent-encoded. */
static bool put_constraint(struct slice one, struct buf *out)
{
    one = trimmed(one);
    struct slice version = one;
    struct slice sign = comparator(&version);
    bool first = true;
    buf_put_slice(out, sign);
    while (version.len) {
        const uint8_t *space = memchr(version.data, ' ', version.len);
        struct slice word =
            slice_of(version.data, space ? (size_t)(space - version.data) : version.len);
        if (!is_version(word) || (!first && !is_part_of_version(word)))
            return false;
        buf_puts(out, first ? "" : "%20");
        buf_put_slice(out, word);
        first = false;
        version = trimmed(slice_of(version.data + word.len, version.len - word.len));
    }
    return !first;
}

struct slice convert_range_canonical(struct converter *c, struct slice text)
{
    static const char all[] = "vers:all/";
    struct slice rest = trimmed(text);
    struct buf out;
    bool fine = rest.len > 0 && !slice_is(rest, "vers:all/*");
    buf_init(&out);
    if (rest.len > strlen(all) && memcmp(rest.data, all, strlen(all)) == 0) {
        rest = slice_of(rest.data + strlen(all), rest.len - strlen(all)); /* it has no constraint */
    } else if (rest.len > 5 && memcmp(rest.data, "vers:", 5) == 0) {
        const uint8_t *slash = memchr(rest.data, '/', rest.len);
        size_t len = slash ? (size_t)(slash - rest.data) + 1 : 0;
        buf_put(&out, rest.data, len);
        rest = slice_of(rest.data + len, rest.len - len);
        fine = fine && slash;
    }
    for (bool first = true; fine && rest.len; first = false) {
        const uint8_t *bar = memchr(rest.data, '|', rest.len);
        size_t len = bar ? (size_t)(bar - rest.data) : rest.len;
        buf_puts(&out, first ? "" : "|");
        fine = put_constraint(slice_of(rest.data, len), &out) && !(bar && rest.len == len + 1);
        rest = bar ? slice_of(bar + 1, rest.len - len - 1) : slice_of(rest.data, 0);
    }
    struct slice fresh = convert_slice(c, &out);
    return fine && !slice_equal(fresh, text) ? fresh : slice_of(NULL, 0);
}

struct slice convert_range_version(struct converter *c, struct slice version)
{
    struct buf out;
    buf_init(&out);
    for (size_t i = 0; i < version.len; i++) {
        bool space = version.len - i >= 3 && memcmp(version.data + i, "%20", 3) == 0;
        buf_putc(&out, space ? ' ' : version.data[i]);
        i += space ? 2 : 0;
    }
    return convert_slice(c, &out);
}

struct convert_range convert_range_read(struct slice text)
{
    struct convert_range r = {.scheme = slice_str("")};
    struct slice rest = text;
    if (memchr(text.len ? (const char *)text.data : "", ' ', text.len))
        return r; /* not canonical */
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
