/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of reasons of a statement, in words and as values. */
#include "fleet/match_combine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Reasons, products and remediations of one statement at most; more adds nothing for a reader. */
enum { REASONS = 24, EXPLAINED = 3 };

struct chain {
    const struct fleet_explain *x;
    struct arena *arena;
    struct fleet_reason *reasons;
    size_t count;
    bool failed;
};

static struct slice kept(struct chain *c, struct slice s)
{
    if (s.len == 0)
        return slice_of(NULL, 0);
    char *copy = arena_copy(c->arena, s.data, s.len);
    if (!copy) {
        c->failed = true;
        return slice_of(NULL, 0);
    }
    return slice_of(copy, s.len);
}

static struct slice say(struct chain *c, const char *format, ...) PRINTF_LIKE(2, 3);

static struct slice say(struct chain *c, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t used = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    /* a cut must not leave half a character */
    while (used == sizeof text - 1 && used > 0 && ((uint8_t)text[used - 1] & 0xc0) == 0x80)
        used--;
    return kept(c, slice_of(text, used));
}

static struct fleet_reason *add(struct chain *c, const char *rule, const char *clause)
{
    static struct fleet_reason dropped;
    if (c->count == REASONS)
        return &dropped;
    struct fleet_reason *r = &c->reasons[c->count++];
    static const char *const sources[] = {[CSAF_SOURCE_OSV] = "OSV schema: affected",
                                          [CSAF_SOURCE_CVE] = "CVE record format 5: affected",
                                          [CSAF_SOURCE_OPENVEX] = "OpenVEX: statements",
                                          [CSAF_SOURCE_CYCLONEDX] = "CycloneDX: vulnerabilities"};
    enum csaf_source source = c->x->criteria->source;
    *r = (struct fleet_reason){.rule = rule, .clause = clause};
    if (clause && source != CSAF_SOURCE_CSAF)
        r->clause = sources[source];
    return r;
}

static const struct {
    const char *rule, *clause, *text;
} identities[] = {
    [FLEET_BY_NOTHING] = {"identity.none", NULL, "nothing"},
    [FLEET_BY_PREFIX] = {"identity.prefix", "CSAF 2.0 section 3.1.2",
                         "the advisory's product is the beginning of the component's name"},
    [FLEET_BY_LESS_SPECIFIC] = {"identity.less-specific", "CSAF 2.0 section 3.1.2",
                                "the inventory does not say which model of the line it is"},
    [FLEET_BY_FAMILY] = {"identity.family", "CSAF 2.0 section 3.1.2.2",
                         "the advisory speaks of the family that the component belongs to"},
    [FLEET_BY_DEVICE_FIRMWARE] = {"identity.device-firmware", "CSAF 2.0 section 3.2.2.4.1",
                                  "what runs on the device is the firmware that is meant"},
    [FLEET_BY_MISSPELT_PRODUCT] = {"identity.misspelt-product", "CSAF 2.0 section 3.1.2",
                                   "the product's names differ by a typing error"},
    [FLEET_BY_SUFFIX] = {"identity.suffix", "CSAF 2.0 section 3.1.2",
                         "the model is the same; one side puts more in front of it"},
    [FLEET_BY_PATTERN] = {"identity.pattern", "CSAF 2.0 section 3.1.2",
                          "the model fits the advisory's pattern"},
    [FLEET_BY_MODEL_IN_VERSION] = {"identity.model-in-version", "CSAF 2.0 section 3.1.2.3",
                                   "the advisory has the model where a version was due"},
    [FLEET_BY_NAME] = {"identity.name", "CSAF 2.0 section 3.1.2", "the product has the same name"},
    [FLEET_BY_ABBREVIATED_MODEL] = {"identity.abbreviated-model", "CSAF 2.0 section 3.1.3.3.3",
                                    "the order number begins with the advisory's model number"},
    [FLEET_BY_MODEL_PATTERN] = {"identity.model-pattern", "CSAF 2.0 section 3.1.3.3.3",
                                "the order number fits the advisory's pattern"},
    [FLEET_BY_MODEL] = {"identity.model", "CSAF 2.0 section 3.1.3.3.3",
                        "the model or order number is the same"},
    [FLEET_BY_CPE] = {"identity.cpe", "CSAF 2.0 section 3.1.3.3.1",
                      "the CPE names the same product"},
    [FLEET_BY_PURL] = {"identity.purl", "CSAF 2.0 section 3.1.3.3.4",
                       "the package URL names the same package"},
    [FLEET_BY_HASH] = {"identity.hash", "CSAF 2.0 section 3.1.3.3.2", "the file is the same"},
};

static void explain_identity(struct chain *c, const struct fleet_touch *t)
{
    const struct fleet_target *target = &c->x->criteria->targets[t->target];
    const struct fleet_identified *id = &t->id;
    struct fleet_reason *r = add(c, identities[id->rule].rule, identities[id->rule].clause);
    bool by_name = id->rule <= FLEET_BY_NAME;
    r->text =
        say(c, "%s: \"%.*s\" and \"%.*s\"", identities[id->rule].text, SLICE_ARG(target->label),
            SLICE_ARG(by_name ? t->of->identity->label : id->inventory));
    r->advisory = target->label;
    r->inventory = kept(c, t->of->identity->label);
    r->normal = kept(c, id->inventory);
    r->place = target->place;
    r->component = kept(c, t->of->component);
    r->confidence = id->confidence;
    for (int i = 0; i < FLEET_NAME_RULES && by_name; i++) {
        enum fleet_name_rule rule = (enum fleet_name_rule)(1u << i);
        /* that case and spaces do not count goes without saying */
        unsigned silent = FLEET_RULE_CASE | FLEET_RULE_SPACE | FLEET_RULE_PUNCTUATION;
        if (!(id->rules & rule) || (rule & silent))
            continue;
        struct fleet_reason *step = add(c, fleet_name_rule_id(rule), NULL);
        step->text = rule == FLEET_RULE_ALIAS && id->alias.len
                         ? say(c, "%s: %.*s", fleet_name_rule_text(rule), SLICE_ARG(id->alias))
                         : slice_str(fleet_name_rule_text(rule));
    }
}

static void explain_vendor(struct chain *c, const struct fleet_touch *t)
{
    const struct fleet_identified *id = &t->id;
    const struct fleet_target *target = &c->x->criteria->targets[t->target];
    const char *rule = NULL;
    struct slice text = slice_of(NULL, 0);
    switch (id->vendor) {
    case FLEET_VENDOR_MISSING:
        rule = "vendor.missing";
        text = say(c, "%s names no vendor",
                   target->vendor.count == 0 ? "the advisory" : "the inventory");
        break;
    case FLEET_VENDOR_PREFIX:
        rule = "vendor.prefix";
        text = say(c, "one vendor's name is the beginning of the other's: \"%.*s\" and \"%.*s\"",
                   SLICE_ARG(id->vendor_advisory), SLICE_ARG(id->vendor_inventory));
        break;
    case FLEET_VENDOR_MISSPELT:
        rule = "vendor.misspelt";
        text = say(c, "the vendors' names differ by a typing error: \"%.*s\" and \"%.*s\"",
                   SLICE_ARG(id->vendor_advisory), SLICE_ARG(id->vendor_inventory));
        break;
    case FLEET_VENDOR_ALIAS:
    case FLEET_VENDOR_EQUAL:
    case FLEET_VENDOR_DIFFERENT: return;
    }
    if (id->rule == FLEET_BY_DEVICE_FIRMWARE)
        return;
    struct fleet_reason *r = add(c, rule, NULL);
    r->text = text;
    r->advisory = kept(c, id->vendor_advisory);
    r->inventory = kept(c, id->vendor_inventory);
}

static void explain_version(struct chain *c, const struct fleet_touch *t)
{
    static const char *const rules[] = {[PRODUCT_OUT] = "version.outside",
                                        [PRODUCT_IN] = "version.inside",
                                        [PRODUCT_MAYBE] = "version.undecided",
                                        [PRODUCT_SILENT] = "version.not-listed"};
    const struct fleet_target *target = &c->x->criteria->targets[t->target];
    struct fleet_reason *r = add(c, rules[t->in], "CSAF 2.0 section 3.1.2.3");
    struct slice version = t->of->identity->version;
    if (version.len == 0)
        version = t->of->named;
    if (target->range_text.len && version.len)
        r->text = say(c, "%s: %.*s against \"%.*s\"", t->reason, SLICE_ARG(version),
                      SLICE_ARG(target->range_text));
    else if (target->range_text.len)
        r->text = say(c, "%s: \"%.*s\"", t->reason, SLICE_ARG(target->range_text));
    else
        r->text = say(c, "%s", t->reason);
    r->advisory = target->range_text;
    r->inventory = kept(c, version);
    r->place = target->range_place;
    r->component = kept(c, t->of->component);
}

static void explain_relation(struct chain *c, const struct fleet_outcome *o)
{
    const struct fleet_criterion *criterion = &c->x->criteria->criteria[o->criterion];
    for (size_t i = 0; i < criterion->operand_count; i++) {
        const struct fleet_target *target = criterion->operands[i].target;
        if (!o->touches[i]) {
            struct fleet_reason *r = add(c, "relationship.missing", "CSAF 2.0 section 3.2.2.4");
            r->text = say(c, "the inventory does not show \"%.*s\"", SLICE_ARG(target->label));
            r->advisory = target->label;
            r->place = target->place;
            continue;
        }
        explain_identity(c, o->touches[i]);
        explain_vendor(c, o->touches[i]);
        explain_version(c, o->touches[i]);
    }
    if (criterion->operand_count > 1) {
        struct fleet_reason *r = add(c, "relationship", "CSAF 2.0 section 3.2.2.4.1");
        r->text = say(c, "\"%.*s\": all of its parts must be there", SLICE_ARG(criterion->label));
        r->advisory = criterion->label;
        r->place = criterion->place;
    }
}

static const char *const status_rules[CSAF_STATUSES] = {
    "status.first_affected", "status.first_fixed",         "status.fixed",
    "status.known_affected", "status.known_not_affected",  "status.last_affected",
    "status.recommended",    "status.under_investigation", "status.unknown"};
static const char *const status_clauses[CSAF_STATUSES] = {
    "CSAF 2.0 section 3.2.3.9.1", "CSAF 2.0 section 3.2.3.9.2", "CSAF 2.0 section 3.2.3.9.3",
    "CSAF 2.0 section 3.2.3.9.4", "CSAF 2.0 section 3.2.3.9.5", "CSAF 2.0 section 3.2.3.9.6",
    "CSAF 2.0 section 3.2.3.9.7", "CSAF 2.0 section 3.2.3.9.8", "CSAF 2.1 section 3.2.4.11.9"};

static void explain_claim(struct chain *c, const struct fleet_finding *f)
{
    const struct fleet_claim *claim = &c->x->vulnerability->claims[f->claim];
    struct fleet_reason *r = add(c, status_rules[claim->status], status_clauses[claim->status]);
    r->text = say(c, "the advisory lists \"%.*s\" as %s",
                  SLICE_ARG(c->x->criteria->criteria[f->outcome->criterion].label),
                  csaf_status_name(claim->status));
    r->place = claim->place;
    if (claim->flag.len)
        add(c, "status.justification", "CSAF 2.0 section 3.2.3.5")->text =
            say(c, "the advisory's justification: %.*s", SLICE_ARG(claim->flag));
    if (claim->impact.len)
        add(c, "status.impact", "CSAF 2.0 section 3.2.3.14")->text =
            say(c, "the advisory's words: %.*s", SLICE_ARG(claim->impact));
}

/* What would decide an unknown: the first thing that is missing, nearest to the asset. */
static struct slice decide(struct chain *c, const struct fleet_finding *f)
{
    const struct fleet_outcome *o = f->outcome;
    const struct fleet_criterion *criterion = &c->x->criteria->criteria[o->criterion];
    for (size_t i = 0; i < criterion->operand_count; i++)
        if (!o->touches[i])
            return say(c, "whether the inventory has \"%.*s\"",
                       SLICE_ARG(criterion->operands[i].target->label));
    for (size_t i = 0; i < criterion->operand_count; i++) {
        const struct fleet_touch *t = o->touches[i];
        const struct fleet_identity *id = t->of->identity;
        const struct product_range *range = &criterion->operands[i].target->range;
        bool device = id->kind == FLEET_DEVICE;
        if (t->id.rule == FLEET_BY_LESS_SPECIFIC)
            return say(c, "%s: is it \"%.*s\"?",
                       !device ? "the component's full name"
                       : criterion->operands[i].target->models.count && t->of->real_orders == 0
                           ? "nameplate.order"
                           : "nameplate.model",
                       SLICE_ARG(criterion->operands[i].target->label));
        if (t->id.sku_missing)
            return say(c, "nameplate.sku");
        if (t->in == PRODUCT_MAYBE && t->id.edition_open)
            return say(c, "update, edition and platform in the CPE of %.*s",
                       SLICE_ARG(t->of->component));
        if (t->id.open)
            return say(c, "distro, arch and the like in the purl of %.*s",
                       SLICE_ARG(t->of->component));
        if (t->of->distribution && t->id.rule <= FLEET_BY_CPE)
            return say(c, "the distribution's own advisory for %.*s", SLICE_ARG(id->purl));
        if (t->in == PRODUCT_MAYBE && id->version.len == 0 && range->kind != PRODUCT_RANGE_OPAQUE)
            return device ? say(c, "nameplate.firmware")
                          : say(c, "version of %.*s", SLICE_ARG(t->of->component));
        if (t->in == PRODUCT_SILENT)
            return say(c, "the vendor's word on version %.*s: the advisory lists others",
                       SLICE_ARG(id->version));
        if (t->in == PRODUCT_MAYBE && range->conditional)
            return say(c, "whether this holds: %.*s",
                       SLICE_ARG(range->remark.len ? range->remark
                                 : criterion->operands[i].target->condition.len
                                     ? criterion->operands[i].target->condition
                                     : criterion->operands[i].target->label));
        if (t->in == PRODUCT_MAYBE)
            return say(c, "a reader of \"%.*s\", for version %.*s",
                       SLICE_ARG(criterion->operands[i].target->range_text),
                       SLICE_ARG(id->version));
        if (t->id.confidence >= FLEET_SURE)
            continue;
        if (t->id.vendor == FLEET_VENDOR_MISSPELT || t->id.vendor == FLEET_VENDOR_PREFIX)
            return say(c, "alias vendor \"%.*s\" = \"%.*s\"", SLICE_ARG(t->id.vendor_inventory),
                       SLICE_ARG(t->id.vendor_advisory));
        if (t->id.vendor == FLEET_VENDOR_MISSING)
            return say(c, "%s", device ? "nameplate.vendor" : "the component's vendor or purl");
        const struct fleet_name *product = &criterion->operands[i].target->product;
        bool shortened = slice_equal(t->id.inventory, t->id.advisory) && product->count;
        return say(c, "alias product \"%.*s\" = \"%.*s\"", SLICE_ARG(t->id.inventory),
                   SLICE_ARG(shortened ? product->forms[0].text : t->id.advisory));
    }
    return say(c, "a version that the advisory speaks of");
}

static int by_bytes(const void *x, const void *y)
{
    return slice_compare(*(const struct slice *)x, *(const struct slice *)y);
}

static size_t unique(struct slice *all, size_t count)
{
    size_t out = 0;
    if (count)
        qsort(all, count, sizeof *all, by_bytes);
    for (size_t i = 0; i < count; i++)
        if (out == 0 || !slice_equal(all[out - 1], all[i]))
            all[out++] = all[i];
    return out;
}

static int list_products(struct chain *c, struct fleet_statement *s)
{
    const struct fleet_explain *x = c->x;
    struct slice *products = arena_new(c->arena, x->deciding_count + 1, sizeof *products);
    if (!products)
        return err_memory(x->e);
    for (size_t i = 0; i < x->deciding_count; i++)
        products[i] = x->criteria->criteria[x->deciding[i]->outcome->criterion].product;
    s->products = products;
    s->product_count = unique(products, x->deciding_count);
    return 0;
}

size_t fleet_outcome_serials(const struct fleet_criteria *criteria,
                             const struct fleet_outcome *outcome)
{
    const struct fleet_criterion *criterion = &criteria->criteria[outcome->criterion];
    size_t count = 0;
    for (size_t i = 0; i < criterion->operand_count; i++)
        count += criterion->operands[i].target->serials.count;
    return count;
}

/* Patterns count only when every deciding claim has some: one without means all serial numbers. */
static int list_serials(struct chain *c, struct fleet_statement *s)
{
    const struct fleet_explain *x = c->x;
    size_t count = 0;
    for (size_t i = 0; i < x->deciding_count; i++) {
        size_t here = fleet_outcome_serials(x->criteria, x->deciding[i]->outcome);
        if (here == 0 || x->everyone)
            return 0;
        count += here;
    }
    struct slice *serials = arena_new(c->arena, count + 1, sizeof *serials);
    if (!serials)
        return err_memory(x->e);
    size_t at = 0;
    for (size_t i = 0; i < x->deciding_count; i++) {
        const struct fleet_criterion *criterion =
            &x->criteria->criteria[x->deciding[i]->outcome->criterion];
        for (size_t k = 0; k < criterion->operand_count; k++)
            for (size_t n = 0; n < criterion->operands[k].target->serials.count; n++)
                serials[at++] = criterion->operands[k].target->serials.at[n];
    }
    s->serials = serials;
    s->serial_count = unique(serials, at);
    if (s->serial_count) {
        struct fleet_reason *r = add(c, "serial.filter", "CSAF 2.0 section 3.1.3.3.6");
        r->text = say(c, "only serial numbers that fit are concerned, such as \"%.*s\"",
                      SLICE_ARG(serials[0]));
    }
    return 0;
}

static bool applies(const struct fleet_explain *x, const struct fleet_remedy *remedy)
{
    if (remedy->everywhere)
        return true;
    for (size_t i = 0; i < x->deciding_count; i++) {
        uint32_t wanted = x->deciding[i]->outcome->criterion;
        size_t low = 0, high = remedy->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (remedy->criteria[middle] < wanted)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < remedy->count && remedy->criteria[low] == wanted)
            return true;
    }
    return false;
}

static int list_remedies(struct chain *c, struct fleet_statement *s)
{
    const struct fleet_explain *x = c->x;
    const struct fleet_remedy **remedies =
        arena_new(c->arena, x->vulnerability->remedy_count + 1, sizeof *remedies);
    if (!remedies)
        return err_memory(x->e);
    s->remedies = remedies;
    for (size_t i = 0; i < x->vulnerability->remedy_count; i++)
        if (applies(x, &x->vulnerability->remedies[i]))
            remedies[s->remedy_count++] = &x->vulnerability->remedies[i];
    return 0;
}

int fleet_explain(const struct fleet_explain *x, struct fleet_statement *s)
{
    struct chain c = {.x = x, .arena = &x->result->arena};
    c.reasons = arena_new(c.arena, REASONS, sizeof *c.reasons);
    if (!c.reasons)
        return err_memory(x->e);
    s->reasons = c.reasons;
    for (size_t i = 0; i < x->deciding_count && i < EXPLAINED; i++) {
        explain_relation(&c, x->deciding[i]->outcome);
        explain_claim(&c, x->deciding[i]);
    }
    if (x->deciding_count > EXPLAINED) {
        struct fleet_reason *r = add(&c, "combine.more", NULL);
        r->text = say(&c, "%zu more products of the advisory say the same",
                      x->deciding_count - EXPLAINED);
    }
    if (x->combination)
        add(&c, x->combination, NULL)->text = slice_str(x->combination_text);
    if (s->status == FLEET_UNKNOWN) {
        if (x->doubtful)
            add(&c, "combine.not-sure", NULL)->text = slice_str(
                "the advisory would exclude this component, but whether it is the product is not "
                "sure enough for that");
        s->decide = decide(&c, x->deciding[0]);
    }
    if (s->status == FLEET_NOT_AFFECTED)
        for (size_t i = 0; i < x->deciding_count && s->flag.len == 0; i++)
            s->flag = x->vulnerability->claims[x->deciding[i]->claim].flag;
    if (list_products(&c, s) != 0 || list_serials(&c, s) != 0 || list_remedies(&c, s) != 0)
        return -1;
    s->reason_count = c.count;
    return c.failed ? err_memory(x->e) : 0;
}
