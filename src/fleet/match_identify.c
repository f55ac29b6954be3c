/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/match_identify.h"
#include "fleet/match_names.h"
#include "fleet/match_package.h"
#include "fleet/name_words.h"
#include "product/range_words.h"

struct vendor_match {
    enum fleet_vendor_rule rule;
    int cost;
    int typing; /* MISSPELT: how many typing errors */
    unsigned rules;
    struct slice advisory, inventory, alias;
};

static void better_vendor(struct vendor_match *best, struct vendor_match found)
{
    if (found.rule > best->rule || (found.rule == best->rule && found.cost < best->cost))
        *best = found;
}

/* Equal but for the spaces. */
static bool same_compact(struct slice a, struct slice b)
{
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < a.len && a.data[i] == ' ')
            i++;
        while (k < b.len && b.data[k] == ' ')
            k++;
        if (i == a.len || k == b.len)
            return i == a.len && k == b.len;
        if (a.data[i] != b.data[k])
            return false;
    }
}

/* "rta" of "real time automation": three words at least. */
static bool initials_of(struct slice brief, struct slice words)
{
    size_t k = 0;
    if (brief.len < 3 || brief.len > 6 || words.len < 3 * brief.len)
        return false;
    for (size_t i = 0; i < words.len; i++)
        if ((i == 0 || words.data[i - 1] == ' ') &&
            (k == brief.len || words.data[i] != brief.data[k++]))
            return false;
    return k == brief.len;
}

static void compare_vendors(const struct fleet_form *a, const struct fleet_form *b,
                            const struct fleet_aliases *aliases, struct vendor_match *best)
{
    struct vendor_match m = {.advisory = a->text, .inventory = b->text};
    /* "Acme Systems" and "Acme Networks", or two brands of one owner: two vendors */
    if (a->rules & b->rules & (FLEET_RULE_DIVISION | FLEET_RULE_BRAND))
        return;
    m.rules = a->rules | b->rules;
    m.cost = fleet_rule_cost(m.rules);
    if (slice_equal(a->text, b->text)) {
        m.rule = FLEET_VENDOR_EQUAL;
    } else if (fleet_aliases_same(aliases, FLEET_NAME_VENDOR, a->text, b->text, &m.alias)) {
        m.rule = FLEET_VENDOR_ALIAS;
        m.rules |= FLEET_RULE_ALIAS;
        m.cost += fleet_rule_cost(FLEET_RULE_ALIAS);
    } else if ((a->text.len >= 6 || b->text.len >= 6) && same_compact(a->text, b->text)) {
        /* "Automation Direct" and "AutomationDirect" */
        m.rule = FLEET_VENDOR_EQUAL;
        m.cost += 2;
    } else if (initials_of(a->text, b->text) || initials_of(b->text, a->text)) {
        /* "RTA" and "Real Time Automation" */
        m.rule = FLEET_VENDOR_ALIAS;
        m.rules |= FLEET_RULE_ACRONYM;
        m.cost += 8;
    } else if (best->rule > FLEET_VENDOR_MISSPELT || (m.rules & FLEET_RULE_BRAND)) {
        return;
    } else if (m.rules & FLEET_RULE_DIVISION) {
        /* "Philips Healthcare" and "Phillips": nothing else may be other */
        if (a->text.len < 6 || fleet_name_misspelt(a->text, b->text) != 1)
            return;
        m.rule = FLEET_VENDOR_MISSPELT;
        m.typing = 1;
        m.cost += 17;
    } else if (fleet_name_misspelt(a->text, b->text) > 0) {
        m.rule = FLEET_VENDOR_MISSPELT;
        m.typing = fleet_name_misspelt(a->text, b->text);
        m.cost += m.typing == 1 ? 17 : 27;
    } else if (fleet_name_prefix(a->text, b->text) || fleet_name_prefix(b->text, a->text)) {
        m.rule = FLEET_VENDOR_PREFIX;
        m.cost += 25;
    } else {
        return;
    }
    better_vendor(best, m);
}

static struct vendor_match match_vendor(const struct fleet_vendor *advisory,
                                        const struct fleet_vendor *inventory,
                                        const struct fleet_aliases *aliases)
{
    struct vendor_match best = {.rule = FLEET_VENDOR_DIFFERENT};
    if (advisory->count == 0 || inventory->count == 0) {
        best.rule = FLEET_VENDOR_MISSING;
        best.cost = 30;
        return best;
    }
    for (size_t i = 0; i < advisory->count; i++)
        for (size_t k = 0; k < inventory->count; k++)
            compare_vendors(&advisory->forms[i], &inventory->forms[k], aliases, &best);
    return best;
}

enum fleet_vendor_rule fleet_vendor_compare(const struct fleet_vendor *a,
                                            const struct fleet_vendor *b,
                                            const struct fleet_aliases *aliases, int *cost)
{
    struct vendor_match m = match_vendor(a, b, aliases);
    if (cost)
        *cost = m.cost;
    return m.rule;
}

static void offer(struct fleet_identified *out, const struct vendor_match *vendor,
                  struct fleet_identified found)
{
    if (vendor) {
        found.vendor = vendor->rule;
        found.rules |= vendor->rules;
        found.confidence -= vendor->cost;
        found.alias = vendor->alias.len ? vendor->alias : found.alias;
        found.vendor_advisory = vendor->advisory;
        found.vendor_inventory = vendor->inventory;
    }
    if (found.confidence > out->confidence ||
        (found.confidence == out->confidence && found.rule > out->rule))
        *out = found;
}

static bool in_set(const struct fleet_strings *set, struct slice text)
{
    for (size_t i = 0; i < set->count; i++)
        if (slice_equal(set->at[i], text))
            return true;
    return false;
}

static bool weak(struct slice hash)
{
    static const char *const algorithms[] = {"md5:", "sha-1:", "md4:", "md2:"};
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
        if (product_text_starts(hash, algorithms[i]))
            return true;
    return false;
}

static bool same_algorithm(struct slice a, struct slice b)
{
    const uint8_t *end = a.len ? memchr(a.data, ':', a.len) : NULL;
    size_t len = end ? (size_t)(end - a.data) + 1 : 0;
    return len && b.len > len && memcmp(a.data, b.data, len) == 0;
}

/* A file is known by several hashes. A weak one can be had for another file: where both sides name
 * a strong one of the same kind, that decides. */
static void by_hash(const struct fleet_target *t, const struct fleet_identity *id,
                    struct fleet_identified *out)
{
    struct slice met = slice_of(NULL, 0);
    bool strong = false, contradicted = false;
    for (size_t i = 0; i < id->hashes.count; i++) {
        struct slice hash = id->hashes.at[i];
        bool same = in_set(&t->hashes, hash);
        if (same && (!met.len || !weak(hash)))
            met = hash;
        strong = strong || (same && !weak(hash));
        for (size_t k = 0; k < t->hashes.count && !same && !weak(hash); k++)
            contradicted = contradicted || same_algorithm(hash, t->hashes.at[k]);
    }
    if (met.len == 0)
        return;
    if (contradicted && !strong) {
        out->other = "a weak hash of the file is the same, but a strong one is not";
        return;
    }
    offer(out, NULL,
          (struct fleet_identified){.confidence = strong ? 100 : 90,
                                    .rule = FLEET_BY_HASH,
                                    .vendor = FLEET_VENDOR_EQUAL,
                                    .any_version = true,
                                    .advisory = met,
                                    .inventory = met});
}

static void by_purl(const struct fleet_target *t, const struct fleet_subject *s,
                    struct fleet_identified *out)
{
    if (!t->package || !s->package)
        return;
    bool same = slice_equal(t->purl, s->purl_base);
    bool built = s->purl_source.len && fleet_package_is_source(t->package) &&
                 slice_equal(t->purl, s->purl_source);
    const char *why = NULL;
    if (!same && !built)
        return;
    enum fleet_package_relation relation =
        fleet_package_compare(t->package, s->package, built, &why);
    if (relation == FLEET_PACKAGE_OTHER) {
        out->other = why;
        return;
    }
    bool open = relation == FLEET_PACKAGE_OPEN;
    offer(out, NULL,
          (struct fleet_identified){.confidence = 98,
                                    .rule = FLEET_BY_PURL,
                                    .vendor = FLEET_VENDOR_EQUAL,
                                    .only_unknown = open,
                                    .open = open ? why : NULL,
                                    .version = built ? s->source_version : slice_of(NULL, 0),
                                    .advisory = t->purl_full,
                                    .inventory = s->identity->purl});
}

/*
 * NISTIR 7696, but for the version, which has a range of its own. An advisory's NA behind it names
 * nothing: it is written where ANY is meant. What is narrower or other on one side leaves open
 * whether that side is meant.
 */
static bool cpe_open(const struct product_cpe *advisory, const struct product_cpe *inventory)
{
    for (size_t i = PRODUCT_CPE_UPDATE; i < PRODUCT_CPE_ATTRIBUTES; i++) {
        if (advisory->at[i].kind != PRODUCT_CPE_TEXT)
            continue;
        enum product_cpe_relation relation =
            product_cpe_value_compare(&advisory->at[i], &inventory->at[i]);
        if (relation != PRODUCT_CPE_EQUAL && relation != PRODUCT_CPE_SUPERSET)
            return true;
    }
    return false;
}

static void by_cpe(const struct fleet_target *t, const struct fleet_subject *s,
                   struct fleet_identified *out)
{
    if (!t->platform || !s->platform || !slice_equal(t->cpe, s->cpe))
        return;
    offer(out, NULL,
          (struct fleet_identified){.confidence = 95,
                                    .rule = FLEET_BY_CPE,
                                    .vendor = FLEET_VENDOR_EQUAL,
                                    .edition_open = cpe_open(t->platform, s->platform),
                                    /* what a distribution ships is mended without a new version */
                                    .only_unknown = s->distribution,
                                    .advisory = t->cpe,
                                    .inventory = s->identity->cpe});
}

static void by_identifier(const struct fleet_target *t, const struct fleet_subject *s,
                          struct fleet_identified *out)
{
    by_hash(t, s->identity, out);
    by_purl(t, s, out);
    by_cpe(t, s, out);
}

static bool has_wildcard(struct slice s)
{
    return s.len && (memchr(s.data, '*', s.len) || memchr(s.data, '?', s.len));
}

static bool starts_plainly(struct slice pattern)
{
    for (size_t i = 0; i < FLEET_LITERAL_START; i++)
        if (i >= pattern.len || pattern.data[i] == '*' || pattern.data[i] == '?')
            return false;
    return true;
}

/* A number is specific: a missing vendor costs less than with a name. */
static struct vendor_match model_vendor(const struct vendor_match *vendor)
{
    struct vendor_match v = *vendor;
    if (v.rule == FLEET_VENDOR_MISSING)
        v.cost = 10;
    return v;
}

enum { SHORTEST_ABBREVIATION = 6, LONGEST_ABBREVIATION = 10 };

static bool abbreviates(struct slice model, struct slice order)
{
    return !has_wildcard(model) && model.len >= SHORTEST_ABBREVIATION &&
           model.len <= LONGEST_ABBREVIATION && order.len > model.len &&
           memcmp(model.data, order.data, model.len) == 0;
}

/* Nothing speaks against one being the other: wildcards, too short ones as well, may stand for it
 */
static bool order_agrees(struct slice model, struct slice order)
{
    return slice_equal(model, order) || abbreviates(model, order) ||
           (has_wildcard(model) && fleet_pattern_fits(model, order));
}

static void by_model(const struct fleet_target *t, const struct fleet_subject *s,
                     const struct vendor_match *vendor, struct fleet_identified *out)
{
    if (vendor->rule == FLEET_VENDOR_DIFFERENT)
        return;
    struct vendor_match v = model_vendor(vendor);
    for (size_t i = 0; i < t->models.count; i++) {
        struct slice model = t->models.at[i];
        bool wild = has_wildcard(model);
        for (size_t k = 0; k < s->order_count; k++) {
            struct slice order = s->orders[k];
            struct fleet_identified found = {.advisory = model, .inventory = order};
            if (!wild && slice_equal(model, order)) {
                found.confidence = 97;
                found.rule = FLEET_BY_MODEL;
            } else if (wild && starts_plainly(model) && fleet_pattern_fits(model, order) &&
                       (k < s->real_orders || v.rule >= FLEET_VENDOR_ALIAS)) {
                /* a model that only looks like an order number may not exclude */
                found.confidence = k < s->real_orders ? 92 : FLEET_SURE - 5;
                found.rule = FLEET_BY_MODEL_PATTERN;
            } else if (k < s->real_orders && abbreviates(model, order)) {
                found.confidence = 86;
                found.rule = FLEET_BY_ABBREVIATED_MODEL;
            } else {
                continue;
            }
            offer(out, &v, found);
        }
    }
}

static void by_name(const struct fleet_target *t, const struct fleet_subject *s,
                    const struct vendor_match *vendor, const struct fleet_aliases *aliases,
                    struct fleet_identified *out)
{
    bool vendor_sure = vendor->rule >= FLEET_VENDOR_ALIAS;
    bool aliased = fleet_aliases_any(aliases, FLEET_NAME_PRODUCT);
    const struct fleet_sketch_asked asked = {
        .family = t->product.family, .vendor_sure = vendor_sure, .misspelt = s->purl_base.len == 0};
    for (size_t i = 0; i < t->form_count; i++)
        for (size_t k = 0; k < s->form_count; k++) {
            bool both = s->forms[k].source == FLEET_FROM_VENDOR_MODEL;
            if (vendor->rule == FLEET_VENDOR_DIFFERENT && !both)
                continue;
            if (!fleet_sketch_may_meet(&t->forms[i].sketch, t->forms[i].text, &s->forms[k].sketch,
                                       s->forms[k].text, asked) &&
                !(aliased && fleet_aliases_same(aliases, FLEET_NAME_PRODUCT, t->forms[i].text,
                                                s->forms[k].text, NULL)))
                continue;
            struct fleet_identified found =
                fleet_names_compare(t, &t->forms[i], s, &s->forms[k], aliases, vendor_sure);
            struct vendor_match with = *vendor;
            /* "Delta" and "Delta Electronics", and a product that has that name alone */
            if (with.rule == FLEET_VENDOR_PREFIX && found.rule == FLEET_BY_NAME &&
                fleet_name_telling(t->forms[i].text, t->product.raw))
                with.cost -= 16;
            /* one typing error in the vendor's name, and a product that has that name alone */
            if (with.rule == FLEET_VENDOR_MISSPELT && with.typing == 1 &&
                found.rule == FLEET_BY_NAME &&
                !(found.rules & (FLEET_RULE_KIND | FLEET_RULE_LISTED | FLEET_RULE_VARIANT)) &&
                fleet_name_telling(t->forms[i].text, t->product.raw))
                with.cost -= 8;
            /* the brand stands in front of the product's name in the advisory, too */
            if (both && found.rule == FLEET_BY_NAME && with.rule >= FLEET_VENDOR_ALIAS &&
                with.cost > 2)
                with.cost = 2;
            if (with.rule == FLEET_VENDOR_MISSING && t->vendor.count == 0 && both)
                with = (struct vendor_match){.rule = FLEET_VENDOR_EQUAL,
                                             .cost = 5,
                                             .advisory = t->forms[i].text,
                                             .inventory = s->forms[k].text};
            if (with.rule == FLEET_VENDOR_DIFFERENT) {
                /* Belden's "Hirschmann GECKO" calls itself GECKO by Hirschmann */
                if (found.rule != FLEET_BY_NAME)
                    continue;
                with = (struct vendor_match){.rule = FLEET_VENDOR_PREFIX,
                                             .cost = 8,
                                             .advisory = t->vendor.forms[0].text,
                                             .inventory = s->vendor.forms[0].text};
            }
            if (found.rule != FLEET_BY_NOTHING)
                offer(out, &with, found);
        }
}

/* How much of the text is "inc ", "co ltd ". */
static size_t legal_forms(struct slice text)
{
    static const char *const forms[] = {
        "inc", "llc", "ltd",     "corp", "corporation", "gmbh",         "ag",  "co",
        "kg",  "sa",  "srl",     "spa",  "ab",          "as",           "plc", "bv",
        "oy",  "sas", "company", "and",  "limited",     "incorporated", NULL};
    size_t at = 0;
    for (;;) {
        const uint8_t *space = at < text.len ? memchr(text.data + at, ' ', text.len - at) : NULL;
        if (!space ||
            !fleet_word_in(forms, slice_of(text.data + at, (size_t)(space - text.data) - at)))
            return at;
        at = (size_t)(space - text.data) + 1;
    }
}

/* "siemens simatic wincc", where the inventory has no field for a vendor: the advisory's vendor in
 * front of the name. */
static void by_name_with_vendor(const struct fleet_target *t, const struct fleet_subject *s,
                                const struct fleet_aliases *aliases, struct fleet_identified *out)
{
    if (s->vendor.count || t->vendors.count == 0)
        return;
    for (size_t k = 0; k < s->form_count; k++) {
        struct fleet_subject_form form = s->forms[k];
        if (form.source > FLEET_FROM_PRODUCT)
            continue;
        for (size_t v = 0; v < t->vendors.count; v++) {
            const struct fleet_form *vendor = &t->vendors.forms[v];
            if (vendor->text.len < 2 || !fleet_name_prefix(vendor->text, s->forms[k].text))
                continue;
            size_t front = vendor->text.len + 1, len = 0;
            front +=
                legal_forms(slice_of(s->forms[k].text.data + front, s->forms[k].text.len - front));
            for (size_t i = 0; i < front; i++)
                len += s->forms[k].text.data[i] != ' ';
            if (len >= s->forms[k].compact.len)
                continue;
            form.text = slice_of(s->forms[k].text.data + front, s->forms[k].text.len - front);
            form.compact = slice_of(s->forms[k].compact.data + len, s->forms[k].compact.len - len);
            struct vendor_match with = {.rule = FLEET_VENDOR_EQUAL,
                                        .cost = 2 + fleet_rule_cost(vendor->rules),
                                        .rules = vendor->rules | FLEET_RULE_VENDOR,
                                        .advisory = vendor->text,
                                        .inventory = s->forms[k].text};
            for (size_t i = 0; i < t->form_count; i++) {
                struct fleet_identified found =
                    fleet_names_compare(t, &t->forms[i], s, &form, aliases, true);
                if (found.rule == FLEET_BY_NAME)
                    offer(out, &with, found);
            }
        }
    }
}

/* "PanelView 800-2711R-T4T": the last words are our order number */
static void by_number_in_name(const struct fleet_target *t, const struct fleet_subject *s,
                              const struct vendor_match *vendor, struct fleet_identified *out)
{
    if (vendor->rule == FLEET_VENDOR_DIFFERENT || s->real_orders == 0 || t->form_count == 0)
        return;
    struct vendor_match v = model_vendor(vendor);
    struct slice name = t->forms[0].text;
    for (size_t k = 0; k < s->real_orders; k++) {
        struct slice order = s->orders[k];
        size_t at = name.len, left = order.len;
        if (!fleet_number_like(order) && order.len < 6)
            continue;
        while (at > 0 && left > 0) {
            at--;
            bool mark = name.data[at] == ' ' || name.data[at] == '.';
            if (!mark && name.data[at] != order.data[--left])
                break;
            if (left == 0 && at > 0 && name.data[at - 1] == ' ')
                offer(out, &v,
                      (struct fleet_identified){.confidence = 95,
                                                .rule = FLEET_BY_MODEL,
                                                .advisory = name,
                                                .inventory = order});
        }
    }
}

/* "dhipchdw1xxx": what runs of x stand for may be anything */
static bool order_pattern(struct slice model, struct slice order, bool *pattern)
{
    size_t at = 0;
    *pattern = false;
    for (size_t i = 0; i < model.len; i++) {
        uint8_t c = model.data[i];
        c = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
        uint8_t next = i + 1 < model.len ? model.data[i + 1] | 0x20 : 0;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            continue;
        if (c == 'x' && next == 'x' && at >= FLEET_LITERAL_START) {
            *pattern = true;
            return order.len > at;
        }
        if (at >= order.len || order.data[at++] != c)
            return false;
    }
    return at == order.len;
}

/* product_version "1783-SAD4T0SBK9": a model, compared with ours */
static void by_model_in_version(const struct fleet_target *t, const struct fleet_subject *s,
                                const struct vendor_match *vendor, struct fleet_identified *out)
{
    struct slice model = t->range.model;
    if (model.len == 0 || vendor->rule == FLEET_VENDOR_DIFFERENT)
        return;
    struct vendor_match v = model_vendor(vendor);
    for (size_t k = 0; k < s->order_count; k++) {
        bool pattern;
        /* name and number both agree */
        bool named = out->rule == FLEET_BY_NAME && out->confidence >= FLEET_SURE;
        if (order_pattern(model, s->orders[k], &pattern))
            offer(out, &v,
                  (struct fleet_identified){.confidence = named     ? 97
                                                          : pattern ? 72
                                                                    : 80,
                                            .rule = FLEET_BY_MODEL_IN_VERSION,
                                            .any_version = true,
                                            .advisory = model,
                                            .inventory = s->orders[k]});
    }
}

/* Do two order numbers come from one vendor's scheme, so that they tell siblings apart? */
static bool same_scheme(struct slice a, struct slice b)
{
    size_t common = 0;
    while (common < a.len && common < b.len && a.data[common] == b.data[common])
        common++;
    return common >= 4 || (a.len == b.len && a.len >= 6);
}

/* Names met; do the order numbers of both sides agree? */
static void check_orders(const struct fleet_target *t, const struct fleet_subject *s,
                         struct fleet_identified *out)
{
    if (t->models.count == 0 || out->rule >= FLEET_BY_ABBREVIATED_MODEL)
        return;
    if (s->real_orders == 0) {
        out->order_open = true;
        return;
    }
    bool comparable = false;
    for (size_t i = 0; i < t->models.count; i++)
        for (size_t k = 0; k < s->real_orders; k++) {
            if (order_agrees(t->models.at[i], s->orders[k]))
                return;
            comparable = comparable || same_scheme(t->models.at[i], s->orders[k]);
        }
    if (comparable)
        out->order_conflict = true;
    else if (out->confidence > FLEET_SURE - 5)
        out->confidence = FLEET_SURE - 5;
}

static void check_skus(const struct fleet_target *t, const struct fleet_subject *s,
                       struct fleet_identified *out)
{
    if (t->skus.count == 0 || out->confidence <= 0)
        return;
    if (s->real_orders == 0) {
        out->sku_missing = true;
        return;
    }
    for (size_t i = 0; i < t->skus.count; i++)
        for (size_t k = 0; k < s->real_orders; k++)
            if (fleet_pattern_fits(t->skus.at[i], s->orders[k]))
                return;
    out->order_conflict = true;
}

/* "LOGIQ, not including LOGIQ 100 Pro", and we are that */
static bool is_excepted(const struct fleet_target *t, const struct fleet_subject *s)
{
    const struct fleet_name *model = &s->identity->model;
    struct slice form = model->count ? model->forms[0].text : slice_of(NULL, 0);
    size_t line = t->product.count ? t->product.forms[0].text.len : 0;
    /* the line itself is meant: "Venue", not including "Venue 40" */
    return form.len > line && memmem(t->except.data, t->except.len, form.data, form.len);
}

void fleet_identify(const struct fleet_target *target, const struct fleet_subject *subject,
                    const struct fleet_aliases *aliases, struct fleet_identified *out)
{
    *out = (struct fleet_identified){0};
    by_identifier(target, subject, out);
    if (out->rule != FLEET_BY_NOTHING)
        return;
    /* two package URLs that differ are two packages, whatever their names */
    if (target->purl.len && subject->purl_base.len)
        return;
    if (target->except.len && is_excepted(target, subject))
        return;
    struct vendor_match vendor = match_vendor(&target->vendors, &subject->vendor, aliases);
    by_model(target, subject, &vendor, out);
    by_name(target, subject, &vendor, aliases, out);
    by_name_with_vendor(target, subject, aliases, out);
    by_number_in_name(target, subject, &vendor, out);
    by_model_in_version(target, subject, &vendor, out);
    if (out->confidence <= 0) {
        *out = (struct fleet_identified){.other = out->other};
        return;
    }
    if (subject->distribution)
        out->only_unknown = true;
    check_orders(target, subject, out);
    check_skus(target, subject, out);
}
