/* SPDX-License-Identifier: Apache-2.0 */
#include "product/range.h"
#include "product/range_parts.h"
#include "product/range_token.h"
#include "product/range_words.h"

/* A longer text is no name of a branch; it is not understood. */
enum { RANGE_LIMIT = 256 << 10 };

/* Nothing that bounds is understood; but the text itself may be what an inventory says. */
static int as_name(struct arena *a, struct slice text, struct product_range *out, struct err *e)
{
    struct product_interval *only = arena_new(a, 1, sizeof *only);
    if (!only)
        return err_memory(e);
    *only = (struct product_interval){.low = text, .high = text};
    out->intervals = only;
    out->count = 1;
    out->kind = PRODUCT_RANGE_LIST;
    out->scheme = &product_scheme_exact;
    out->form = "model";
    out->problem = NULL;
    out->prefix = out->remark = slice_of(NULL, 0);
    out->conditional = false;
    return 0;
}

/* Signs of UTF-8 that mean no more than a space or a hyphen. */
static size_t plain_sign(struct slice s, uint8_t *plain)
{
    static const struct {
        const char *first, *last; /* of one length */
        uint8_t plain;
    } signs[] = {
        {"\xc2\xa0", "\xc2\xa0", ' '},         /* no-break space */
        {"\xe2\x80\x80", "\xe2\x80\x8b", ' '}, /* spaces of all widths */
        {"\xe2\x80\x90", "\xe2\x80\x91", '-'}, /* hyphens */
        {"\xe2\x80\x9c", "\xe2\x80\x9f", ' '}, /* quotation marks */
        {"\xe2\x80\xaf", "\xe2\x80\xaf", ' '}, /* narrow no-break space */
        {"\xef\xbb\xbf", "\xef\xbb\xbf", ' '}, /* byte order mark */
    };
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        size_t len = strlen(signs[i].first);
        if (s.len < len || memcmp(s.data, signs[i].first, len) < 0 ||
            memcmp(s.data, signs[i].last, len) > 0)
            continue;
        *plain = signs[i].plain;
        return len;
    }
    return 0;
}

/*
 * The text without signs that say nothing. In prose '_' stands for a space, as in "<V16_Update_7";
 * an rpm has it in its versions.
 */
static int plain_text(struct arena *a, struct slice text, bool prose, struct slice *out,
                      struct err *e)
{
    uint8_t *copy = arena_alloc(a, text.len + 1);
    size_t len = 0;
    if (!copy)
        return err_memory(e);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i], plain;
        size_t sign = byte >= 0x80 ? plain_sign(slice_of(text.data + i, text.len - i), &plain) : 0;
        if (sign)
            byte = plain;
        else if (byte < ' ' || byte == '"' || (prose && byte == '_'))
            byte = ' ';
        copy[len++] = byte;
        i += sign ? sign - 1 : 0;
    }
    *out = product_text_trim(slice_of(copy, len));
    return 0;
}

static int understand(struct range_parts *p, struct slice text)
{
    struct product_range *out = p->range;
    static const char vers[] = "vers:";
    bool uri = product_text_starts_with(text, slice_str(vers));
    if (text.len == 0) {
        range_obscure(p, "the text is empty");
        return 0;
    }
    int result = uri ? range_vers_read(p, text) : range_grammar_read(p, text);
    if (result != 0)
        return -1;
    if (out->problem)
        return 0;
    if (p->every && p->count == 0) {
        out->kind = PRODUCT_RANGE_ALL;
        if (out->conditional)
            out->why = "a remark or a name beside it may be a condition";
        out->form = uri ? "vers" : "all";
        return 0;
    }
    if (range_settle(p) != 0)
        return -1;
    if (out->conditional) {
        out->grade = PRODUCT_REDUCED;
        out->why = "a remark or a name beside it may be a condition";
    }
    out->form = uri ? "vers" : p->signs ? "operators" : p->words ? "words" : "exact";
    /* in `vers:` every version has a place; in free text a single one says nothing of its
     * neighbours */
    out->singles = out->singles && !uri;
    return 0;
}

int product_range_parse(struct arena *a, struct slice text, bool is_range,
                        const struct product_scheme *scheme, struct product_range *out,
                        struct err *e)
{
    *out = (struct product_range){
        .text = text, .literal = !is_range, .scheme = scheme ? scheme : &product_scheme_generic};
    struct range_parts parts = {.arena = a, .range = out, .e = e};
    if (text.len > RANGE_LIMIT) {
        range_obscure(&parts, "the text is too long for a range of versions");
    } else {
        struct slice work;
        if (plain_text(a, text, out->scheme == &product_scheme_generic, &work, e) != 0)
            return -1;
        parts.tight = work.len && !memchr(work.data, ' ', work.len);
        if (understand(&parts, work) != 0)
            return -1;
        if (!is_range && range_model_like(work)) {
            out->model = work;
            if (out->problem && as_name(a, work, out, e) != 0)
                return -1;
            out->grade = PRODUCT_REDUCED;
            out->why = "the text may be a model rather than a version";
        }
    }
    if (!out->form)
        out->form = parts.signs ? "operators" : parts.words ? "words" : "other";
    if (out->problem) {
        out->kind = PRODUCT_RANGE_OPAQUE;
        out->grade = PRODUCT_OBSCURE;
        out->why = out->problem;
    }
    return 0;
}
