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
        /* '_' stands for a space in ranges such as "<V16_Update_7"; rpm has it in versions */
        bool prose = out->scheme == &product_scheme_generic;
        uint8_t *copy = arena_alloc(a, text.len + 1);
        if (!copy)
            return err_memory(e);
        for (size_t i = 0; i < text.len; i++)
            copy[i] = text.data[i] < ' ' || text.data[i] == '"' || (prose && text.data[i] == '_')
                          ? ' '
                          : text.data[i];
        struct slice work = product_text_trim(slice_of(copy, text.len));
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
