/* SPDX-License-Identifier: Apache-2.0 */
/* Python packages: PEP 440, the PyPA's "version specifiers". */
#include "product/version_key.h"
#include "product/version_schemes.h"

struct pypi {
    struct slice epoch;
    struct slice release; /* "1.2.0" */
    unsigned stage;       /* 0: none */
    struct slice stage_number;
    bool post, dev;
    struct slice post_number, dev_number;
    struct slice local;
};

static bool joint(struct slice s, size_t i)
{
    return i < s.len && (s.data[i] == '.' || s.data[i] == '-' || s.data[i] == '_');
}

static bool word_at(struct slice s, size_t i, const char *word)
{
    size_t len = strlen(word);
    return i + len <= s.len && product_slice_is(slice_of(s.data + i, len), word);
}

/* "[-_.]?WORD[-_.]?N?" at *i; the longer words stand before those that they begin with. */
static unsigned take_word(struct slice s, size_t *i, const char *const *words,
                          const unsigned *meaning, struct slice *number)
{
    size_t at = *i + joint(s, *i);
    for (size_t n = 0; words[n]; n++) {
        if (!word_at(s, at, words[n]))
            continue;
        at += strlen(words[n]);
        /* a joint behind the word belongs to it, unless the next part begins with it */
        if (joint(s, at) && (at + 1 == s.len || !product_is_letter(s.data[at + 1])))
            at++;
        *number = product_take_digits(s, &at);
        *i = at;
        return meaning[n];
    }
    return 0;
}

static bool parse(struct slice s, struct pypi *v)
{
    static const char *const stages[] = {"alpha", "a", "beta", "b", "preview",
                                         "pre",   "c", "rc",   NULL};
    static const unsigned stage[] = {1, 1, 2, 2, 3, 3, 3, 3};
    static const char *const posts[] = {"post", "rev", "r", NULL};
    static const char *const devs[] = {"dev", NULL};
    static const unsigned yes[] = {1, 1, 1};
    *v = (struct pypi){0};
    while (s.len && s.data[0] <= ' ')
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len && s.data[s.len - 1] <= ' ')
        s.len--;
    if (s.len == 0 || s.len > PRODUCT_VERSION_LONGEST)
        return false;
    size_t i = product_lower(s.data[0]) == 'v';
    struct slice digits = product_take_digits(s, &i);
    if (digits.len == 0)
        return false;
    size_t start = i - digits.len;
    if (i < s.len && s.data[i] == '!') {
        v->epoch = digits;
        start = ++i;
        if (product_take_digits(s, &i).len == 0)
            return false;
    }
    while (i + 1 < s.len && s.data[i] == '.' && product_is_digit(s.data[i + 1])) {
        i++;
        product_take_digits(s, &i);
    }
    v->release = slice_of(s.data + start, i - start);
    v->stage = take_word(s, &i, stages, stage, &v->stage_number);
    if (i + 1 < s.len && s.data[i] == '-' && product_is_digit(s.data[i + 1])) {
        i++;
        v->post_number = product_take_digits(s, &i);
        v->post = true;
    } else {
        v->post = take_word(s, &i, posts, yes, &v->post_number) != 0;
    }
    v->dev = take_word(s, &i, devs, yes, &v->dev_number) != 0;
    if (i == s.len)
        return true;
    if (s.data[i++] != '+')
        return false;
    v->local = slice_of(s.data + i, s.len - i);
    bool between = true;
    for (; i < s.len; i++) {
        if (joint(s, i) ? between : !product_is_digit(s.data[i]) && !product_is_letter(s.data[i]))
            return false;
        between = joint(s, i);
    }
    return !between;
}

enum { END = 1, TEXT, NUMBER, LATEST = 0xff };

static void put_release(struct product_key *k, struct slice release)
{
    /* zeros at the end do not count */
    while (release.len && (release.data[release.len - 1] == '0')) {
        size_t start = release.len;
        while (start && release.data[start - 1] == '0')
            start--;
        if (start && release.data[start - 1] != '.')
            break;
        release.len = start ? start - 1 : 0;
    }
    for (size_t i = 0; i < release.len; i++) {
        product_key_byte(k, NUMBER);
        product_key_number(k, product_take_digits(release, &i));
    }
    product_key_byte(k, END);
}

static void put_local(struct product_key *k, struct slice local)
{
    if (!local.len)
        product_key_byte(k, 0);
    for (size_t i = 0; i < local.len; i++) {
        size_t start = i;
        bool number = true;
        for (; i < local.len && !joint(local, i); i++)
            number = number && product_is_digit(local.data[i]);
        struct slice part = slice_of(local.data + start, i - start);
        product_key_byte(k, number ? NUMBER : TEXT);
        if (number)
            product_key_number(k, part);
        else
            product_key_text_lower(k, part);
    }
    product_key_byte(k, END);
}

bool product_pypi_key(struct slice text, struct product_key *k)
{
    struct pypi v;
    if (!parse(text, &v))
        return false;
    product_key_number(k, v.epoch);
    put_release(k, v.release);
    /* 1.0.dev1 is earlier than 1.0a1 */
    product_key_byte(k, v.stage ? v.stage : v.dev && !v.post ? 0 : LATEST);
    if (v.stage)
        product_key_number(k, v.stage_number);
    product_key_byte(k, v.post);
    if (v.post)
        product_key_number(k, v.post_number);
    product_key_byte(k, v.dev ? 0 : LATEST);
    if (v.dev)
        product_key_number(k, v.dev_number);
    put_local(k, v.local);
    return true;
}

static void write_number(struct buf *out, struct slice digits)
{
    while (digits.len > 1 && digits.data[0] == '0')
        digits = slice_of(digits.data + 1, digits.len - 1);
    buf_put_slice(out, digits.len ? digits : slice_str("0"));
}

static void write_numbers(struct buf *out, struct slice release)
{
    for (size_t i = 0; i < release.len; i++) {
        if (i)
            buf_putc(out, '.');
        write_number(out, product_take_digits(release, &i));
    }
}

bool product_pypi_normalise(struct slice text, struct buf *out)
{
    static const char *const stages[] = {"", "a", "b", "rc"};
    struct pypi v;
    if (!parse(text, &v))
        return false;
    if (!product_is_zero(v.epoch)) {
        write_number(out, v.epoch);
        buf_putc(out, '!');
    }
    write_numbers(out, v.release);
    if (v.stage) {
        buf_puts(out, stages[v.stage]);
        write_number(out, v.stage_number);
    }
    if (v.post) {
        buf_puts(out, ".post");
        write_number(out, v.post_number);
    }
    if (v.dev) {
        buf_puts(out, ".dev");
        write_number(out, v.dev_number);
    }
    if (v.local.len)
        buf_putc(out, '+');
    for (size_t i = 0; i < v.local.len; i++)
        buf_putc(out, joint(v.local, i) ? '.' : product_lower(v.local.data[i]));
    return true;
}
