/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/criteria.h"
#include "base/memory.h"
#include "fleet/class_identifier.h"
#include "fleet/criteria_called.h"
#include "fleet/criteria_forms.h"
#include "fleet/criteria_lines.h"
#include "fleet/criteria_named.h"
#include "fleet/criteria_spelled.h"
#include "fleet/inventory_source.h"
#include "fleet/match_same.h"
#include "product/range_words.h"

#include <stdlib.h>

/* A text for each product, by its index, and one for all others. */
struct said {
    struct slice *by_product;
    struct slice of_all;
};

struct builder {
    struct fleet_criteria *criteria;
    struct arena *arena;
    const struct csaf_document *document;
    struct slice title;           /* the document's, as product names are normalised */
    struct fleet_target *targets; /* by index of the product; those of relationships are unused */
    struct fleet_criterion *criterions;
    uint32_t *criterion_of;         /* product index -> criterion + 1; 0: none yet */
    struct said labels, impacts;    /* of the vulnerability that is being built */
    const struct csaf_range *range; /* the last one that was kept, and what became of it */
    struct product_range kept_range;
    struct err *e;
};

static int keep(struct builder *b, struct slice s, struct slice *out)
{
    if (s.len == 0) {
        *out = slice_of(NULL, 0);
        return 0;
    }
    char *copy = arena_copy(b->arena, s.data, s.len);
    if (!copy)
        return err_memory(b->e);
    *out = slice_of(copy, s.len);
    return 0;
}

static int keep_place(struct builder *b, const struct csaf_place *place, struct fleet_place *out)
{
    out->line = place->line;
    out->pointer = arena_strdup(b->arena, place->pointer);
    return out->pointer ? 0 : err_memory(b->e);
}

static void *new_array(struct builder *b, size_t count, size_t size)
{
    void *block = arena_new(b->arena, count + 1, size);
    if (!block)
        err_memory(b->e);
    return block;
}

static int keep_strings(struct builder *b, const struct csaf_strings *in, struct fleet_strings *out)
{
    struct slice *at = new_array(b, in->count, sizeof *at);
    if (!at)
        return -1;
    out->at = at;
    for (size_t i = 0; i < in->count; i++)
        if (keep(b, in->at[i], &at[out->count++]) != 0)
            return -1;
    return 0;
}

/* CSAF 2.0 section 3.1.3.3.3: "\\*" is a '*' that is meant, which like all signs between letters
 * and digits does not count; "*" alone is a wildcard. */
static int without_escapes(struct builder *b, struct slice text, struct slice *out)
{
    uint8_t *copy = arena_alloc(b->arena, text.len + 1);
    size_t len = 0;
    if (!copy)
        return err_memory(b->e);
    for (size_t i = 0; i < text.len; i++) {
        bool sign = text.data[i] == '\\' && i + 1 < text.len && memchr("\\*?", text.data[i + 1], 3);
        if (sign)
            i++;
        else
            copy[len++] = text.data[i];
    }
    *out = slice_of(copy, len);
    return 0;
}

static int keep_orders(struct builder *b, const struct csaf_strings *in, struct fleet_strings *out)
{
    struct slice *at = new_array(b, in->count, sizeof *at);
    if (!at)
        return -1;
    out->at = at;
    for (size_t i = 0; i < in->count; i++) {
        struct slice pattern;
        if (without_escapes(b, in->at[i], &pattern) != 0 ||
            fleet_order_normalise(b->arena, pattern, &at[out->count], b->e) != 0)
            return -1;
        out->count += at[out->count].len > 0;
    }
    return 0;
}

static int set_name(struct builder *b, enum fleet_name_kind kind, struct slice text,
                    struct fleet_name *out)
{
    struct slice raw;
    if (keep(b, text, &raw) != 0)
        return -1;
    return fleet_name_normalise(b->arena, kind, raw, out, b->e);
}

/* "multiple": no vendor in particular */
static bool nobody(const struct fleet_name *vendor)
{
    static const char *const words[] = {"multiple",        "various", "several", "multiple vendors",
                                        "various vendors", "unknown", "n a",     "any"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (vendor->count && slice_is(vendor->forms[0].text, words[i]))
            return true;
    return vendor->count == 0;
}

static int set_models(struct builder *b, struct fleet_target *t, const struct csaf_helper *helper)
{
    struct fleet_strings given = {0};
    struct slice boxes, patterns[FLEET_SPELLED_MODELS];
    if (helper && keep_orders(b, &helper->model_numbers, &given) != 0)
        return -1;
    if (fleet_spelled_boxes(b->arena, t->product.raw, &boxes, b->e) != 0)
        return -1;
    int spelled = fleet_spelled_models(b->arena, t->product.raw, patterns, b->e);
    if (spelled < 0)
        return -1;
    struct slice *at =
        new_array(b, given.count + t->product.order_count + 1 + (size_t)spelled, sizeof *at);
    if (!at)
        return -1;
    t->models.at = at;
    for (size_t i = 0; i < given.count; i++)
        at[t->models.count++] = given.at[i];
    for (size_t i = 0; i < t->product.order_count; i++)
        at[t->models.count++] = t->product.orders[i];
    if (boxes.len)
        at[t->models.count++] = boxes;
    for (int i = 0; i < spelled; i++)
        at[t->models.count++] = patterns[i];
    return 0;
}

static int set_hashes(struct builder *b, struct fleet_target *t, const struct csaf_helper *helper)
{
    struct slice *at = new_array(b, helper->hash_count, sizeof *at);
    if (!at)
        return -1;
    t->hashes.at = at;
    for (size_t i = 0; i < helper->hash_count; i++) {
        struct slice algorithm;
        const struct csaf_hash *h = &helper->hashes[i];
        if (fleet_hash_algorithm(b->arena, h->algorithm, &algorithm, b->e) != 0)
            return -1;
        char *text = arena_printf(b->arena, "%.*s:%.*s", SLICE_ARG(algorithm), SLICE_ARG(h->value));
        if (!text)
            return err_memory(b->e);
        for (size_t k = algorithm.len; text[k]; k++)
            if (text[k] >= 'A' && text[k] <= 'F')
                text[k] = (char)(text[k] + 32);
        at[t->hashes.count++] = slice_str(text);
    }
    return 0;
}

static int set_helper(struct builder *b, struct fleet_target *t, const struct csaf_helper *helper,
                      struct slice *version)
{
    struct fleet_purl purl = {0};
    struct fleet_cpe cpe = {0};
    if (set_models(b, t, helper) != 0)
        return -1;
    if (!helper)
        return 0;
    struct slice purl_text, cpe_text;
    if (keep(b, helper->purl, &purl_text) != 0 || keep(b, helper->cpe, &cpe_text) != 0 ||
        fleet_purl_parse(b->arena, purl_text, &purl, b->e) != 0 ||
        fleet_cpe_parse(b->arena, cpe_text, &cpe, b->e) != 0 || set_hashes(b, t, helper) != 0 ||
        keep_strings(b, &helper->serial_numbers, &t->serials) != 0 ||
        keep_orders(b, &helper->skus, &t->skus) != 0)
        return -1;
    if (purl.ok) {
        t->purl = purl.base;
        t->purl_full = purl.canonical;
        t->package = purl.parts;
        *version = purl.version;
    }
    if (cpe.ok) {
        t->cpe = cpe.product;
        t->cpe_full = cpe_text;
        t->platform = cpe.name;
        if (version->len == 0)
            *version = cpe.version;
    }
    struct slice *uris = new_array(b, helper->uri_count, sizeof *uris);
    if (!uris)
        return -1;
    t->uris.at = uris;
    for (size_t i = 0; i < helper->uri_count; i++)
        if (keep(b, helper->uris[i].uri, &uris[t->uris.count++]) != 0)
            return -1;
    return 0;
}

/* Branches that narrow a product in a way that an inventory does not show. */
static bool narrowed(const struct csaf_product *product)
{
    static const enum csaf_branch_category categories[] = {
        CSAF_BRANCH_ARCHITECTURE, CSAF_BRANCH_HOST_NAME, CSAF_BRANCH_LANGUAGE,
        CSAF_BRANCH_LEGACY,       CSAF_BRANCH_PLATFORM,  CSAF_BRANCH_SPECIFICATION};
    for (size_t i = 0; i < ARRAY_LEN(categories); i++)
        if (csaf_branch_find(product, categories[i]))
            return true;
    return false;
}

/* "4.8" with a service_pack branch "SP5" is version "4.8 SP5". */
static int version_text(struct builder *b, const struct csaf_product *product,
                        const struct csaf_branch *version, struct slice *out)
{
    const struct csaf_branch *pack = csaf_branch_find(product, CSAF_BRANCH_SERVICE_PACK);
    const struct csaf_branch *patch = csaf_branch_find(product, CSAF_BRANCH_PATCH_LEVEL);
    if (version->category != CSAF_BRANCH_PRODUCT_VERSION || (!pack && !patch))
        return keep(b, version->name, out);
    char *text = arena_printf(
        b->arena, "%.*s%s%.*s%s%.*s", SLICE_ARG(version->name), pack ? " " : "",
        pack ? (int)pack->name.len : 0, pack ? (const char *)pack->name.data : "", patch ? " " : "",
        patch ? (int)patch->name.len : 0, patch ? (const char *)patch->name.data : "");
    if (!text)
        return err_memory(b->e);
    *out = slice_str(text);
    return 0;
}

/* A full product name that ends in something like a version: then the name is no name alone. */
static bool ends_in_version(struct slice name)
{
    size_t i = name.len;
    while (i > 0 && name.data[i - 1] != ' ')
        i--;
    bool dot = false, digit = false;
    for (size_t k = i; k < name.len; k++) {
        digit = digit || (name.data[k] >= '0' && name.data[k] <= '9');
        dot = dot || name.data[k] == '.';
    }
    return i > 0 && digit && dot;
}

/* Versions that the source gave as intervals; the branch only words them. */
static int set_intervals(struct builder *b, struct fleet_target *t,
                         const struct csaf_product *product, const struct csaf_branch *worded)
{
    const struct csaf_range *from = product->range;
    if (keep(b, worded ? worded->name : slice_of(NULL, 0), &t->range_text) != 0 ||
        keep_place(b, &product->place, &t->range_place) != 0 ||
        keep(b, from->condition, &t->condition) != 0)
        return -1;
    /* many names of one product share its range, which may be long */
    if (from == b->range) {
        t->range = b->kept_range;
        t->range.text = t->range_text;
        return 0;
    }
    struct product_interval *all = new_array(b, from->count, sizeof *all);
    if (!all)
        return -1;
    for (size_t i = 0; i < from->count; i++) {
        all[i] = from->intervals[i];
        if (keep(b, from->intervals[i].low, &all[i].low) != 0 ||
            keep(b, from->intervals[i].high, &all[i].high) != 0)
            return -1;
    }
    if (product_range_of_intervals(b->arena, from->scheme, from->form, all, from->count,
                                   from->closed, &t->range, b->e) != 0)
        return -1;
    t->range.text = t->range_text;
    if (from->problem && from->count == 0)
        t->range.problem = t->range.why = from->problem;
    t->range.conditional = t->range.conditional || from->condition.len > 0;
    b->range = from;
    b->kept_range = t->range;
    return 0;
}

static bool ends_with(struct slice text, const char *end)
{
    size_t len = strlen(end);
    if (text.len <= len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((text.data[text.len - len + i] | 0x20) != ((uint8_t)end[i] | 0x20))
            return false;
    return true;
}

/* "RLC-4XX series", "TSXETY4103 *" where a version was due: a model */
static void model_for_version(struct fleet_target *t)
{
    static const char *const ends[] = {" series", " family", " *", " models"};
    struct slice text = t->range_text;
    bool letter = false, digit = false;
    const uint8_t *end_of_life;
    if (t->range.model.len || (t->range.kind == PRODUCT_RANGE_BOUNDED && !ends_with(text, " *")))
        return;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        if (ends_with(text, ends[i]))
            text.len -= strlen(ends[i]);
    /* "GATE-E1 (EOL 2013)" */
    if ((end_of_life = memmem(text.data, text.len, " (EOL", 5)))
        text.len = (size_t)(end_of_life - text.data);
    if (text.len == t->range_text.len || text.len < 5)
        return;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i] | 0x20;
        if (c == ' ' && text.data[i] == ' ')
            return;
        letter = letter || (i < 3 && c >= 'a' && c <= 'z');
        digit = digit || (text.data[i] >= '0' && text.data[i] <= '9');
    }
    if (letter && digit)
        t->range.model = text;
}

/* "Version 21 and later when Enhanced Password Security enabled": behind the product a condition */
static bool says_condition(struct slice label)
{
    static const char *const words[] = {" when ",   " only if ",   " only when ",         " if ",
                                        " unless ", " used with ", " using the optional "};
    for (size_t i = 0; i < label.len; i++)
        for (size_t k = 0; k < ARRAY_LEN(words); k++)
            if (label.data[i] == ' ' &&
                product_text_starts(slice_of(label.data + i, label.len - i), words[k]))
                return true;
    return false;
}

static int set_range(struct builder *b, struct fleet_target *t, const struct csaf_product *product,
                     struct slice helper_version)
{
    const struct csaf_branch *range = csaf_branch_find(product, CSAF_BRANCH_PRODUCT_VERSION_RANGE);
    const struct csaf_branch *exact = csaf_branch_find(product, CSAF_BRANCH_PRODUCT_VERSION);
    const struct csaf_branch *version = range ? range : exact;
    const struct product_scheme *scheme = product_scheme_of_purl(t->purl);
    int result;
    if (product->range)
        return set_intervals(b, t, product, range);
    if (version) {
        if (version_text(b, product, version, &t->range_text) != 0 ||
            keep_place(b, &version->place, &t->range_place) != 0)
            return -1;
        result =
            product_range_parse(b->arena, t->range_text, range != NULL, scheme, &t->range, b->e);
    } else if (helper_version.len) {
        t->range_text = helper_version;
        t->range_place = t->place;
        result = product_range_parse(b->arena, helper_version, false, scheme, &t->range, b->e);
    } else {
        t->range =
            (struct product_range){.kind = PRODUCT_RANGE_ALL, .scheme = scheme, .form = "none"};
        t->range_place = t->place;
        if (!product->branch && ends_in_version(product->name))
            t->range = (struct product_range){
                .kind = PRODUCT_RANGE_OPAQUE,
                .scheme = scheme,
                .text = t->label,
                .problem = "the advisory names product and version in one text only"};
        result = 0;
    }
    if (result == 0 && version)
        model_for_version(t);
    if (result == 0 && t->range.kind != PRODUCT_RANGE_OPAQUE && says_condition(t->label) &&
        !product_remark_on_others(t->range.remark))
        t->range.conditional = true;
    if (result == 0 && narrowed(product) && t->purl.len == 0) {
        t->range.conditional = true;
        t->range.remark = slice_str("architecture, language, host name or specification");
    }
    return result;
}

static struct slice behind_marks(struct slice s)
{
    while (s.len && memchr(" :-(", s.data[0], 4))
        s = slice_of(s.data + 1, s.len - 1);
    return s;
}

/* ">= 5.011 | < 8.011" and "5.011  | < 8.011", "<= 9.4 FP2" and "9.4 | FP2": the same but for the
 * sign in front. */
static bool lost_its_sign(struct slice worded, struct slice range)
{
    size_t at = 0;
    if (worded.len == 0 || (worded.data[0] != '>' && worded.data[0] != '<'))
        return false;
    worded = slice_of(worded.data + 1, worded.len - 1);
    if (worded.len && worded.data[0] == '=')
        worded = slice_of(worded.data + 1, worded.len - 1);
    for (size_t i = 0; i < worded.len; i++) {
        if (worded.data[i] == ' ')
            continue;
        while (at < range.len &&
               (range.data[at] == ' ' || (range.data[at] == '|' && worded.data[i] != '|')))
            at++;
        if (at == range.len || range.data[at++] != worded.data[i])
            return false;
    }
    return at == range.len;
}

/* The full product name behind the product's own name: "PI Web API: 2016 R2 and earlier". */
static int set_worded(struct builder *b, struct fleet_target *t, struct slice called, bool is_range)
{
    struct slice rest = t->label;
    t->worded = (struct product_range){.kind = PRODUCT_RANGE_OPAQUE, .problem = "not worded"};
    if (called.len == 0 || rest.len <= called.len ||
        memcmp(rest.data, called.data, called.len) != 0 || t->range.kind == PRODUCT_RANGE_ALL)
        return 0;
    rest = slice_of(rest.data + called.len, rest.len - called.len);
    rest = behind_marks(rest);
    /* "Tasy EMR Versions: 3.02.1744 and prior" */
    static const char *const words[] = {"versions:", "version:", "firmware:", "software:"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (product_text_starts(rest, words[i]))
            rest =
                behind_marks(slice_of(rest.data + strlen(words[i]), rest.len - strlen(words[i])));
    struct product_range worded;
    if (product_range_parse(b->arena, rest, true, t->range.scheme, &worded, b->e) != 0)
        return -1;
    if (worded.kind == PRODUCT_RANGE_BOUNDED ||
        (worded.kind == PRODUCT_RANGE_LIST && t->range.kind == PRODUCT_RANGE_LIST))
        t->worded = worded;
    /* a single version in the place of a range has lost it, too; of that version itself both are
     * then believed: the words may leave it out */
    if (worded.kind == PRODUCT_RANGE_BOUNDED && lost_its_sign(rest, t->range_text)) {
        if (t->range.kind != PRODUCT_RANGE_BOUNDED && is_range)
            t->worded = t->range;
        if (t->range.kind == PRODUCT_RANGE_BOUNDED || is_range)
            t->range = worded;
    }
    return 0;
}

/* "PCS 7 V8.2 and earlier", all versions: of those the name speaks of. */
static int set_versioned(struct builder *b, struct fleet_target *t, struct slice tail)
{
    struct product_range range;
    struct slice text;
    if (t->range.kind != PRODUCT_RANGE_ALL)
        return 0;
    if (keep(b, tail, &text) != 0 ||
        product_range_parse(b->arena, text, true, t->range.scheme, &range, b->e) != 0)
        return -1;
    if (range.kind == PRODUCT_RANGE_BOUNDED)
        t->range = range;
    else
        t->range.conditional = true;
    return 0;
}

static int build_target(struct builder *b, const struct csaf_product *product)
{
    struct fleet_target *t = &b->targets[product->index];
    const struct csaf_branch *vendor = csaf_branch_find(product, CSAF_BRANCH_VENDOR);
    const struct csaf_branch *name = csaf_branch_find(product, CSAF_BRANCH_PRODUCT_NAME);
    const struct csaf_branch *family = csaf_branch_find(product, CSAF_BRANCH_PRODUCT_FAMILY);
    struct slice helper_version = slice_of(NULL, 0);
    if (keep(b, product->id, &t->id) != 0 || keep(b, product->name, &t->label) != 0 ||
        keep_place(b, &product->place, &t->place) != 0)
        return -1;
    struct slice called = name ? name->name : family ? family->name : product->name;
    struct slice front, tail;
    bool versioned = fleet_called_version(called, &front, &tail);
    if (set_name(b, FLEET_NAME_VENDOR, vendor ? vendor->name : slice_of(NULL, 0), &t->vendor) !=
            0 ||
        set_name(b, FLEET_NAME_PRODUCT, versioned ? front : called, &t->product) != 0 ||
        set_name(b, FLEET_NAME_PRODUCT, family ? family->name : slice_of(NULL, 0), &t->family) != 0)
        return -1;
    struct slice title = fleet_named_by_title(b->title, &t->product);
    if (title.len && !versioned) {
        called = title;
        if (set_name(b, FLEET_NAME_PRODUCT, called, &t->product) != 0)
            return -1;
    }
    struct slice except;
    if (!versioned && fleet_named_except(called, &called, &except)) {
        struct fleet_name others;
        if (set_name(b, FLEET_NAME_PRODUCT, called, &t->product) != 0 ||
            set_name(b, FLEET_NAME_PRODUCT, except, &others) != 0)
            return -1;
        t->except = others.count ? others.forms[0].text : slice_of(NULL, 0);
        t->product.family = true;
    }
    if (!name && family)
        t->product.family = true;
    t->whole = !product->branch;
    t->any_vendor = nobody(&t->vendor);
    if (t->any_vendor)
        t->vendor.count = 0;
    if (fleet_vendor_of_title(b->arena, &t->vendor, b->title,
                              t->product.count ? t->product.forms[0].text : slice_of(NULL, 0),
                              &t->vendors, b->e) != 0)
        return -1;
    if (set_helper(b, t, product->helper, &helper_version) != 0 ||
        set_range(b, t, product, helper_version) != 0 ||
        set_worded(b, t, name ? name->name : slice_of(NULL, 0),
                   csaf_branch_find(product, CSAF_BRANCH_PRODUCT_VERSION_RANGE) != NULL) != 0)
        return -1;
    if (versioned && set_versioned(b, t, tail) != 0)
        return -1;
    if (t->range.kind != PRODUCT_RANGE_OPAQUE && fleet_named_running(t->label, called)) {
        t->range.conditional = true;
        t->range.literal = false;
    }
    fleet_named_drop_prefix(t, called);
    if (fleet_named_in_version(t, product, &called)) {
        t->range = (struct product_range){.kind = PRODUCT_RANGE_ALL,
                                          .text = t->range_text,
                                          .scheme = t->range.scheme,
                                          .form = "all"};
        versioned = false;
        if (set_name(b, FLEET_NAME_PRODUCT, called, &t->product) != 0)
            return -1;
    }
    /* "WHA-GW-*": all that begin so */
    if (called.len > 3 && called.data[called.len - 1] == '*')
        t->product.family = true;
    return fleet_target_forms(b->arena, t, versioned ? front : called, b->title, b->e);
}

/* The operands of a product, depth first with a stack of our own; circles are refused by csaf. */
static int build_operands(struct builder *b, const struct csaf_product *product,
                          struct fleet_criterion *c)
{
    struct step {
        const struct csaf_product *product;
        enum csaf_relation relation;
    } stack[2 * FLEET_OPERANDS];
    size_t depth = 0;
    struct fleet_operand *operands = new_array(b, FLEET_OPERANDS, sizeof *operands);
    if (!operands)
        return -1;
    c->operands = operands;
    stack[depth++] = (struct step){product, CSAF_INSTALLED_ON};
    while (depth > 0) {
        struct step at = stack[--depth];
        const struct csaf_relationship *r = at.product->relationship;
        if (c->operand_count == FLEET_OPERANDS) {
            /* not further: one product may be reached in exponentially many ways */
            c->partial = true;
            break;
        }
        if (!r) {
            operands[c->operand_count++] =
                (struct fleet_operand){&b->targets[at.product->index], at.relation};
            continue;
        }
        if (depth + 2 > ARRAY_LEN(stack)) {
            c->partial = true;
            continue;
        }
        stack[depth++] = (struct step){r->relates_to, r->category};
        stack[depth++] = (struct step){r->product, at.relation};
    }
    return 0;
}

static int criterion_for(struct builder *b, const struct csaf_product *product, uint32_t *index)
{
    if (b->criterion_of[product->index] == 0) {
        struct fleet_criterion *c = &b->criterions[b->criteria->criterion_count++];
        b->criterion_of[product->index] = (uint32_t)b->criteria->criterion_count;
        if (keep(b, product->id, &c->product) != 0 || keep(b, product->name, &c->label) != 0 ||
            keep_place(b, &product->place, &c->place) != 0 || build_operands(b, product, c) != 0)
            return -1;
    }
    *index = b->criterion_of[product->index] - 1;
    return 0;
}

/* What a flag or threat says: of its products, or of all of which nothing is said. */
static int say(struct builder *b, struct said *said, struct slice text,
               const struct csaf_products *products, bool everywhere)
{
    struct slice kept;
    if (keep(b, text, &kept) != 0)
        return -1;
    for (size_t i = 0; i < products->count; i++)
        said->by_product[products->at[i]->index] = kept;
    if (everywhere && said->of_all.len == 0)
        said->of_all = kept;
    return 0;
}

static struct slice said_of(const struct said *said, const struct csaf_product *product)
{
    struct slice own = said->by_product[product->index];
    return own.len ? own : said->of_all;
}

/* CSAF 2.0 section 4.5: why a product is not affected, as a label and in words */
static int read_justifications(struct builder *b, const struct csaf_vulnerability *v)
{
    for (size_t f = 0; f < v->flag_count; f++)
        if (say(b, &b->labels, v->flags[f].label, &v->flags[f].products, v->flags[f].everywhere) !=
            0)
            return -1;
    for (size_t t = 0; t < v->threat_count; t++)
        if (slice_is(v->threats[t].category, "impact") &&
            say(b, &b->impacts, v->threats[t].details, &v->threats[t].products,
                v->threats[t].everywhere) != 0)
            return -1;
    return 0;
}

/* For the next vulnerability: only what this one has touched is cleared. */
static void forget_justifications(struct builder *b, const struct csaf_vulnerability *v)
{
    for (size_t f = 0; f < v->flag_count; f++)
        for (size_t i = 0; i < v->flags[f].products.count; i++)
            b->labels.by_product[v->flags[f].products.at[i]->index] = slice_of(NULL, 0);
    for (size_t t = 0; t < v->threat_count; t++)
        for (size_t i = 0; i < v->threats[t].products.count; i++)
            b->impacts.by_product[v->threats[t].products.at[i]->index] = slice_of(NULL, 0);
    b->labels.of_all = b->impacts.of_all = slice_of(NULL, 0);
}

/* "Versions 4.4.0 and later (only affected by CVE-2019-10943)": what is said under another
 * vulnerability is not said of these. */
static bool means_another(const struct csaf_product *product, struct slice cve)
{
    static const char only[] = "only affected by cve-";
    struct slice name = product->name;
    if (cve.len == 0)
        return false;
    for (size_t i = 0; i + sizeof only <= name.len; i++) {
        struct slice rest = slice_of(name.data + i, name.len - i);
        if (product_text_starts(rest, only))
            return !memmem(rest.data, rest.len, cve.data, cve.len);
    }
    return false;
}

static int build_claims(struct builder *b, const struct csaf_vulnerability *v,
                        struct fleet_vulnerability *out)
{
    size_t count = 0;
    for (size_t s = 0; s < CSAF_STATUSES; s++)
        count += v->status[s].count;
    struct fleet_claim *claims = new_array(b, count, sizeof *claims);
    if (!claims)
        return -1;
    out->claims = claims;
    if (read_justifications(b, v) != 0)
        return -1;
    for (size_t s = 0; s < CSAF_STATUSES; s++) {
        for (size_t i = 0; i < v->status[s].count; i++) {
            if (means_another(v->status[s].at[i], v->cve))
                continue;
            struct fleet_claim *claim = &claims[out->claim_count++];
            claim->status = (enum csaf_status)s;
            if (criterion_for(b, v->status[s].at[i], &claim->criterion) != 0)
                return -1;
            if (s == CSAF_KNOWN_NOT_AFFECTED) {
                claim->flag = said_of(&b->labels, v->status[s].at[i]);
                claim->impact = said_of(&b->impacts, v->status[s].at[i]);
            }
            if (b->document->source != CSAF_SOURCE_CSAF) {
                /* there is no list of products with a status: the product itself says it */
                if (keep_place(b, &v->status[s].at[i]->place, &claim->place) != 0)
                    return -1;
                continue;
            }
            claim->place.line = v->status_place[s].line;
            claim->place.pointer = arena_printf(b->arena, "%s/%zu", v->status_place[s].pointer, i);
            if (!claim->place.pointer)
                return err_memory(b->e);
        }
    }
    forget_justifications(b, v);
    return 0;
}

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static int build_remedies(struct builder *b, const struct csaf_vulnerability *v,
                          struct fleet_vulnerability *out)
{
    struct fleet_remedy *remedies = new_array(b, v->remediation_count, sizeof *remedies);
    if (!remedies)
        return -1;
    out->remedies = remedies;
    for (size_t i = 0; i < v->remediation_count; i++) {
        const struct csaf_remediation *from = &v->remediations[i];
        struct fleet_remedy *to = &remedies[out->remedy_count++];
        to->category = from->category;
        to->everywhere = from->everywhere;
        if (keep(b, from->details, &to->details) != 0 || keep(b, from->url, &to->url) != 0 ||
            keep(b, from->date, &to->date) != 0)
            return -1;
        uint32_t *criteria = new_array(b, from->products.count, sizeof *criteria);
        if (!criteria)
            return -1;
        to->criteria = criteria;
        for (size_t k = 0; k < from->products.count; k++) {
            uint32_t known = b->criterion_of[from->products.at[k]->index];
            if (known)
                criteria[to->count++] = known - 1;
        }
        qsort(criteria, to->count, sizeof *criteria, by_number);
    }
    return 0;
}

/* For each criterion where it is claimed: counted first, then filled. */
static int build_uses(struct builder *b)
{
    struct fleet_criteria *c = b->criteria;
    for (size_t v = 0; v < c->vulnerability_count; v++)
        for (size_t i = 0; i < c->vulnerabilities[v].claim_count; i++)
            b->criterions[c->vulnerabilities[v].claims[i].criterion].use_count++;
    for (size_t i = 0; i < c->criterion_count; i++) {
        struct fleet_use *uses = new_array(b, b->criterions[i].use_count, sizeof *uses);
        if (!uses)
            return -1;
        b->criterions[i].uses = uses;
        b->criterions[i].use_count = 0;
    }
    for (size_t v = 0; v < c->vulnerability_count; v++)
        for (size_t i = 0; i < c->vulnerabilities[v].claim_count; i++) {
            struct fleet_criterion *criterion =
                &b->criterions[c->vulnerabilities[v].claims[i].criterion];
            struct fleet_use *uses = (struct fleet_use *)(uintptr_t)criterion->uses;
            uses[criterion->use_count++] = (struct fleet_use){(uint32_t)v, (uint32_t)i};
        }
    return 0;
}

/* For each target the criteria that need it. */
static int build_target_criteria(struct builder *b)
{
    struct fleet_criteria *c = b->criteria;
    for (size_t i = 0; i < c->criterion_count; i++)
        for (size_t k = 0; k < c->criteria[i].operand_count; k++)
            b->targets[c->criteria[i].operands[k].target - b->targets].criterion_count++;
    for (size_t i = 0; i < c->target_count; i++) {
        struct fleet_target *t = &b->targets[i];
        uint32_t *criteria = new_array(b, t->criterion_count, sizeof *criteria);
        if (!criteria)
            return -1;
        t->criteria = criteria;
        t->criterion_count = 0;
    }
    for (size_t i = 0; i < c->criterion_count; i++)
        for (size_t k = 0; k < c->criteria[i].operand_count; k++) {
            struct fleet_target *t = &b->targets[c->criteria[i].operands[k].target - b->targets];
            uint32_t *criteria = (uint32_t *)(uintptr_t)t->criteria;
            criteria[t->criterion_count++] = (uint32_t)i;
        }
    return 0;
}

static int build(struct builder *b)
{
    const struct csaf_document *d = b->document;
    struct fleet_criteria *c = b->criteria;
    if (keep(b, d->namespace, &c->namespace) != 0 || keep(b, d->id, &c->id) != 0 ||
        keep(b, d->version, &c->version) != 0 || keep(b, d->title, &c->title) != 0)
        return -1;
    b->targets = new_array(b, d->product_count, sizeof *b->targets);
    b->criterions = new_array(b, d->product_count, sizeof *b->criterions);
    struct fleet_vulnerability *v = new_array(b, d->vulnerability_count, sizeof *v);
    if (!b->targets || !b->criterions || !v)
        return -1;
    struct fleet_name title;
    if (set_name(b, FLEET_NAME_PRODUCT, d->title, &title) != 0)
        return -1;
    b->title = title.count ? title.forms[0].text : slice_of(NULL, 0);
    c->source = d->source;
    c->targets = b->targets;
    c->target_count = d->product_count;
    c->criteria = b->criterions;
    c->vulnerabilities = v;
    for (size_t i = 0; i < d->product_count; i++)
        if (!d->products[i].relationship && build_target(b, &d->products[i]) != 0)
            return -1;
    if (fleet_target_lines(b->arena, b->targets, c->target_count, b->e) != 0)
        return -1;
    for (size_t i = 0; i < d->vulnerability_count; i++) {
        struct fleet_vulnerability *to = &v[c->vulnerability_count++];
        if (keep(b, d->vulnerabilities[i].name, &to->name) != 0 ||
            keep(b, d->vulnerabilities[i].title, &to->title) != 0 ||
            build_claims(b, &d->vulnerabilities[i], to) != 0 ||
            build_remedies(b, &d->vulnerabilities[i], to) != 0)
            return -1;
    }
    return build_uses(b) == 0 && build_target_criteria(b) == 0
               ? fleet_same_targets(b->targets, c->target_count, b->e)
               : -1;
}

int fleet_criteria_build(struct fleet_criteria **out, const struct csaf_document *document,
                         struct err *e)
{
    *out = NULL;
    struct fleet_criteria *c = mem_new(1, sizeof *c);
    uint32_t *criterion_of = mem_new(document->product_count + 1, sizeof *criterion_of);
    struct slice *labels = mem_new(document->product_count + 1, sizeof *labels);
    struct slice *impacts = mem_new(document->product_count + 1, sizeof *impacts);
    int result = -1;
    if (!c || !criterion_of || !labels || !impacts) {
        mem_free(c);
        c = NULL;
        err_memory(e);
        goto out;
    }
    arena_init(&c->arena, 0);
    struct builder b = {.criteria = c,
                        .arena = &c->arena,
                        .document = document,
                        .criterion_of = criterion_of,
                        .labels.by_product = labels,
                        .impacts.by_product = impacts,
                        .e = e};
    result = build(&b);
out:
    mem_free(criterion_of);
    mem_free(labels);
    mem_free(impacts);
    if (result != 0) {
        fleet_criteria_free(c);
        return -1;
    }
    *out = c;
    return 0;
}

void fleet_criteria_free(struct fleet_criteria *criteria)
{
    if (!criteria)
        return;
    arena_fini(&criteria->arena);
    mem_free(criteria);
}
