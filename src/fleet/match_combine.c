/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/match_combine.h"
#include "base/memory.h"
#include "fleet/match_drop.h"
#include "fleet/name_words.h"

#include <stdlib.h>

const struct fleet_options fleet_options_default = {.aliases = NULL, .min_confidence = 50};

struct combination {
    const struct fleet_criteria *criteria;
    const struct fleet_touch *touches; /* sorted by target, then subject */
    size_t touch_count;
    bool software;
    struct arena *scratch;
    struct fleet_finding *findings;
    size_t finding_count, finding_room;
    struct fleet_result *result;
    struct err *e;
};

static int by_target(const void *x, const void *y)
{
    const struct fleet_touch *a = x, *b = y;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    return (a->subject > b->subject) - (a->subject < b->subject);
}

/* The touches of one target: first and behind last. */
static size_t touches_of(const struct combination *c, uint32_t target, size_t *last)
{
    size_t low = 0, high = c->touch_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->touches[middle].target < target)
            low = middle + 1;
        else
            high = middle;
    }
    *last = low;
    while (*last < c->touch_count && c->touches[*last].target == target)
        (*last)++;
    return low;
}

static int version_rank(const struct fleet_target *t, const struct fleet_touch *touch)
{
    if (touch->id.any_version)
        return 3;
    switch (t->range.kind) {
    case PRODUCT_RANGE_ALL: return 1;
    case PRODUCT_RANGE_BOUNDED: return 2;
    case PRODUCT_RANGE_LIST: return 3;
    case PRODUCT_RANGE_OPAQUE: return 0;
    }
    return 0;
}

static int add_findings(struct combination *c, const struct fleet_outcome *outcome)
{
    const struct fleet_criterion *criterion = &c->criteria->criteria[outcome->criterion];
    for (size_t i = 0; i < criterion->use_count; i++) {
        if (c->finding_count == c->finding_room) {
            size_t room = c->finding_room ? 2 * c->finding_room : 64;
            void *grown = mem_resize(c->findings, room, sizeof *c->findings);
            if (!grown)
                return err_memory(c->e);
            c->findings = grown;
            c->finding_room = room;
        }
        c->findings[c->finding_count++] = (struct fleet_finding){criterion->uses[i].vulnerability,
                                                                 criterion->uses[i].claim, outcome};
    }
    return 0;
}

static struct fleet_outcome *new_outcome(struct combination *c, uint32_t criterion)
{
    struct fleet_outcome *o = arena_new(c->scratch, 1, sizeof *o);
    if (!o)
        err_memory(c->e);
    else
        o->criterion = criterion;
    return o;
}

static int single(struct combination *c, uint32_t index, uint32_t target)
{
    size_t last;
    for (size_t i = touches_of(c, target, &last); i < last; i++) {
        const struct fleet_touch *t = &c->touches[i];
        struct fleet_outcome *o = new_outcome(c, index);
        if (!o)
            return -1;
        o->group = t->subject;
        o->in = t->in;
        o->confidence = t->id.confidence;
        o->identity_rank = (int)t->id.rule;
        o->version_rank = version_rank(&c->criteria->targets[target], t);
        o->sure = t->id.confidence >= FLEET_SURE && !t->contested;
        o->touches[0] = t;
        if (add_findings(c, o) != 0)
            return -1;
    }
    return 0;
}

/* IN before MAYBE before SILENT before OUT */
static int weight(enum product_in in)
{
    static const int weights[] = {
        [PRODUCT_OUT] = 0, [PRODUCT_SILENT] = 1, [PRODUCT_MAYBE] = 2, [PRODUCT_IN] = 3};
    return weights[in];
}

static const struct fleet_touch *best_touch(const struct combination *c, uint32_t target)
{
    size_t last;
    const struct fleet_touch *best = NULL;
    for (size_t i = touches_of(c, target, &last); i < last; i++) {
        const struct fleet_touch *t = &c->touches[i];
        if (!best || weight(t->in) > weight(best->in) ||
            (t->in == best->in && t->id.confidence > best->id.confidence))
            best = t;
    }
    return best;
}

/* "RouterOS", "HiOS", "BIOS": what runs on a device, by its name. */
static bool says_system(struct slice word)
{
    static const char *const words[] = {"firmware", "fw", "os", "bios", "uefi", NULL};
    return fleet_word_in(words, word) ||
           (word.len >= 4 && memcmp(word.data + word.len - 2, "os", 2) == 0);
}

static bool says_firmware(struct slice form)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++)
        if (says_system(words.at[i]))
            return true;
    return false;
}

static bool has_word(const struct fleet_name *name, struct slice word)
{
    struct fleet_words words;
    fleet_words_split(name->count ? name->forms[0].text : slice_of(NULL, 0), &words);
    for (size_t i = 0; i < words.count; i++)
        if (slice_equal(words.at[i], word))
            return true;
    return false;
}

/*
 * Is it the device's only firmware, "P3 firmware" on a camera of the P3 family? "BMC firmware" is
 * one of several, and its version need not be the one on the nameplate: then nothing is excluded.
 */
static bool own_firmware(const struct fleet_target *firmware, const struct fleet_target *device)
{
    struct fleet_words words;
    fleet_words_split(firmware->product.forms[0].text, &words);
    for (size_t i = 0; i < words.count; i++)
        if (!slice_is(words.at[i], "firmware") && !slice_is(words.at[i], "fw") &&
            !fleet_name_plain_word(words.at[i]) && !has_word(&device->product, words.at[i]) &&
            !has_word(&device->family, words.at[i]) && !has_word(&device->vendor, words.at[i]))
            return false;
    return true;
}

/*
 * "P3 firmware installed on D24M": the nameplate of a D24M names its firmware's version, and not
 * the firmware. What runs on the device is that firmware.
 */
static const struct fleet_touch *device_firmware(struct combination *c,
                                                 const struct fleet_operand *firmware,
                                                 const struct fleet_touch *device)
{
    const struct fleet_target *t = firmware->target;
    if (!device || device->of->identity->kind != FLEET_DEVICE || t->product.count == 0 ||
        !says_firmware(t->product.forms[0].text))
        return NULL;
    struct fleet_touch *made = arena_new(c->scratch, 1, sizeof *made);
    if (!made) {
        err_memory(c->e);
        return NULL;
    }
    *made = (struct fleet_touch){.target = (uint32_t)(t - c->criteria->targets),
                                 .subject = device->subject,
                                 .of = device->of};
    made->id.rule = FLEET_BY_DEVICE_FIRMWARE;
    int most = own_firmware(t, &c->criteria->targets[device->target]) ? FLEET_SURE : FLEET_SURE - 5;
    made->id.confidence = device->id.confidence < most ? device->id.confidence : most;
    made->id.vendor = device->id.vendor;
    made->id.advisory = t->product.forms[0].text;
    made->id.inventory = device->of->identity->version;
    made->in = product_range_contains(&t->range, device->of->identity->version, &made->reason);
    return made;
}

/*
 * What a missing operand means: NULL touch and MAYBE, or (false) that the criterion is not about
 * this class at all.
 */
static bool missing_counts(const struct combination *c, const struct fleet_criterion *criterion,
                           const struct fleet_outcome *o, size_t missing)
{
    /* a component of something that is there need not be listed by itself */
    for (size_t i = 1; i < criterion->operand_count; i++) {
        enum csaf_relation relation = criterion->operands[i].relation;
        if (relation == CSAF_DEFAULT_COMPONENT_OF && o->touches[i])
            return true;
    }
    /* software on a device whose inventory lists no software */
    if (missing == 0)
        return !c->software;
    /* a device of the right family that is known to be another model */
    if (o->touches[0] && o->touches[0]->of->identity->kind == FLEET_DEVICE &&
        !o->touches[0]->of->model_missing)
        return false;
    /* a component that is surely there, of a product that the inventory does not name */
    return o->touches[0] && o->touches[0]->id.confidence >= FLEET_SURE;
}

static int several(struct combination *c, uint32_t index)
{
    const struct fleet_criterion *criterion = &c->criteria->criteria[index];
    struct fleet_outcome *o = new_outcome(c, index);
    if (!o)
        return -1;
    o->in = PRODUCT_IN;
    o->confidence = 100;
    o->sure = true;
    o->group = UINT32_MAX;
    for (size_t i = 0; i < criterion->operand_count; i++)
        o->touches[i] =
            best_touch(c, (uint32_t)(criterion->operands[i].target - c->criteria->targets));
    for (size_t i = 0; i + 1 < criterion->operand_count; i++)
        if (!o->touches[i] && criterion->operands[i + 1].relation == CSAF_INSTALLED_ON) {
            o->touches[i] = device_firmware(c, &criterion->operands[i], o->touches[i + 1]);
            if (err_is_set(c->e))
                return -1;
        }
    for (size_t i = 0; i < criterion->operand_count; i++) {
        const struct fleet_touch *t = o->touches[i];
        if (!t) {
            if (!missing_counts(c, criterion, o, i))
                return 0;
            if (weight(o->in) > weight(PRODUCT_MAYBE))
                o->in = PRODUCT_MAYBE;
            o->sure = false;
            continue;
        }
        if (weight(t->in) < weight(o->in))
            o->in = t->in;
        if (t->id.confidence < o->confidence)
            o->confidence = t->id.confidence;
        o->sure = o->sure && t->id.confidence >= FLEET_SURE && !t->contested;
        if (o->group == UINT32_MAX) {
            o->group = t->subject;
            o->identity_rank = (int)t->id.rule;
            o->version_rank = version_rank(criterion->operands[i].target, t);
        }
    }
    if (criterion->partial && o->in != PRODUCT_OUT) {
        o->in = PRODUCT_MAYBE;
        o->sure = false;
    }
    return add_findings(c, o);
}

static int by_vulnerability(const void *x, const void *y)
{
    const struct fleet_finding *a = x, *b = y;
    if (a->vulnerability != b->vulnerability)
        return a->vulnerability < b->vulnerability ? -1 : 1;
    if (a->outcome->group != b->outcome->group)
        return a->outcome->group < b->outcome->group ? -1 : 1;
    if (a->outcome->confidence != b->outcome->confidence)
        return a->outcome->confidence > b->outcome->confidence ? -1 : 1;
    return (a->claim > b->claim) - (a->claim < b->claim);
}

enum meaning {
    MEANS_AFFECTED,
    MEANS_FIXED,
    MEANS_NOT_AFFECTED,
    MEANS_INVESTIGATION,
    MEANS_UNKNOWN,
    MEANINGS
};

static enum meaning meaning(enum csaf_status status)
{
    switch (status) {
    case CSAF_FIRST_AFFECTED:
    case CSAF_KNOWN_AFFECTED:
    case CSAF_LAST_AFFECTED: return MEANS_AFFECTED;
    case CSAF_FIRST_FIXED:
    case CSAF_FIXED:
    case CSAF_RECOMMENDED: return MEANS_FIXED;
    case CSAF_KNOWN_NOT_AFFECTED: return MEANS_NOT_AFFECTED;
    case CSAF_UNDER_INVESTIGATION: return MEANS_INVESTIGATION;
    case CSAF_UNKNOWN: return MEANS_UNKNOWN;
    }
    return MEANS_AFFECTED;
}

/* What the claims of one vulnerability say of one component. */
struct verdict {
    enum fleet_status status;
    const struct fleet_finding **deciding;
    size_t count;
    const char *rule, *text;
    bool doubtful;
    bool everyone; /* something is asked of all serial numbers */
    int confidence;
};

static const struct fleet_claim *claim_of(const struct combination *c,
                                          const struct fleet_finding *f)
{
    return &c->criteria->vulnerabilities[f->vulnerability].claims[f->claim];
}

static void select_findings(const struct combination *c, const struct fleet_finding *all,
                            size_t count, int wanted, enum product_in in, struct verdict *v)
{
    v->count = 0;
    for (size_t i = 0; i < count; i++)
        if ((wanted < 0 || (int)meaning(claim_of(c, &all[i])->status) == wanted) &&
            all[i].outcome->in == in)
            v->deciding[v->count++] = &all[i];
}

struct tally {
    size_t count[MEANINGS][4]; /* meaning, in */
    /* of claims that the component is affected, or may be: the most specific one */
    int affected_identity, affected_version;
    /* of fixed and not affected that are sure and hold: the most specific one */
    int negative_identity, negative_version;
    bool negative;
    bool sure; /* some identity is */
};

static void take_tally(const struct combination *c, const struct fleet_finding *all, size_t count,
                       struct tally *t)
{
    *t = (struct tally){0};
    for (size_t i = 0; i < count; i++) {
        const struct fleet_outcome *o = all[i].outcome;
        enum meaning m = meaning(claim_of(c, &all[i])->status);
        t->count[m][o->in]++;
        t->sure = t->sure || o->sure;
        if (m == MEANS_AFFECTED && (o->in == PRODUCT_IN || o->in == PRODUCT_MAYBE)) {
            if (o->identity_rank > t->affected_identity)
                t->affected_identity = o->identity_rank;
            if (o->version_rank > t->affected_version)
                t->affected_version = o->version_rank;
        }
        bool negative =
            (m == MEANS_FIXED || m == MEANS_NOT_AFFECTED) && o->in == PRODUCT_IN && o->sure;
        if (!negative)
            continue;
        t->negative = true;
        /* said of some serial numbers only: nothing for the class */
        if (fleet_outcome_serials(c->criteria, o) > 0)
            continue;
        if (o->identity_rank > t->negative_identity) {
            t->negative_identity = o->identity_rank;
            t->negative_version = o->version_rank;
        } else if (o->identity_rank == t->negative_identity &&
                   o->version_rank > t->negative_version) {
            t->negative_version = o->version_rank;
        }
    }
}

static void set_negative(const struct combination *c, const struct fleet_finding *all, size_t count,
                         const struct tally *t, struct verdict *v)
{
    bool fixed = t->count[MEANS_FIXED][PRODUCT_IN] > 0;
    v->status = fixed ? FLEET_FIXED : FLEET_NOT_AFFECTED;
    select_findings(c, all, count, fixed ? MEANS_FIXED : MEANS_NOT_AFFECTED, PRODUCT_IN, v);
}

/* match.h, rules 4 and 5 */
static void judge(const struct combination *c, const struct fleet_finding *all, size_t count,
                  struct verdict *v)
{
    struct tally t;
    take_tally(c, all, count, &t);
    const size_t *affected = t.count[MEANS_AFFECTED];
    bool held = t.count[MEANS_FIXED][PRODUCT_IN] + t.count[MEANS_NOT_AFFECTED][PRODUCT_IN] > 0;
    /* a more specific identity; or single versions against "all versions" under the same one */
    bool overrides = t.negative && (t.negative_identity > t.affected_identity ||
                                    (t.negative_identity == t.affected_identity &&
                                     t.negative_version == 3 && t.affected_version <= 1));
    if (affected[PRODUCT_IN] + affected[PRODUCT_MAYBE] > 0 && overrides) {
        set_negative(c, all, count, &t, v);
        v->rule = "combine.more-specific";
        v->text = "a claim on a more specific product or version wins over a general one";
        return;
    }
    if (affected[PRODUCT_IN]) {
        v->status = FLEET_AFFECTED;
        select_findings(c, all, count, MEANS_AFFECTED, PRODUCT_IN, v);
        if (held || t.count[MEANS_INVESTIGATION][PRODUCT_IN]) {
            v->rule = "combine.affected-first";
            v->text = "the advisory says several things of this component; affected counts";
        }
        return;
    }
    if (affected[PRODUCT_MAYBE]) {
        v->status = FLEET_UNKNOWN;
        select_findings(c, all, count, MEANS_AFFECTED, PRODUCT_MAYBE, v);
        return;
    }
    if (t.count[MEANS_INVESTIGATION][PRODUCT_IN]) {
        v->status = FLEET_UNDER_INVESTIGATION;
        select_findings(c, all, count, MEANS_INVESTIGATION, PRODUCT_IN, v);
        return;
    }
    if (t.count[MEANS_INVESTIGATION][PRODUCT_MAYBE]) {
        v->status = FLEET_UNKNOWN;
        select_findings(c, all, count, MEANS_INVESTIGATION, PRODUCT_MAYBE, v);
        return;
    }
    if (t.count[MEANS_UNKNOWN][PRODUCT_IN] || t.count[MEANS_UNKNOWN][PRODUCT_MAYBE]) {
        v->status = FLEET_UNKNOWN; /* the advisory itself says that nobody knows */
        select_findings(c, all, count, MEANS_UNKNOWN,
                        t.count[MEANS_UNKNOWN][PRODUCT_IN] ? PRODUCT_IN : PRODUCT_MAYBE, v);
        return;
    }
    if (held) {
        set_negative(c, all, count, &t, v);
        if (!t.negative) {
            v->status = FLEET_UNKNOWN;
            v->doubtful = true;
        }
        return;
    }
    /* out of a range, and not among the single versions: of those, others may be affected, too */
    if (affected[PRODUCT_OUT] && affected[PRODUCT_SILENT] == 0) {
        v->status = t.sure ? FLEET_NOT_AFFECTED : FLEET_UNKNOWN;
        v->doubtful = !t.sure;
        select_findings(c, all, count, MEANS_AFFECTED, PRODUCT_OUT, v);
        return;
    }
    /* listed, but nothing that holds: single versions of others, or what is fixed elsewhere */
    v->status = FLEET_UNKNOWN;
    static const enum product_in order[] = {PRODUCT_SILENT, PRODUCT_MAYBE, PRODUCT_OUT};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        select_findings(c, all, count, -1, order[i], v);
        if (v->count)
            return;
    }
}

static int rank(enum fleet_status status)
{
    /* the order of the enumeration is that of rule 4 */
    return -(int)status;
}

/* Some claim that may hold says "affected" or "under investigation" of all serial numbers. */
static bool asks_everyone(const struct combination *c, const struct fleet_finding *all,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct fleet_outcome *o = all[i].outcome;
        enum meaning m = meaning(claim_of(c, &all[i])->status);
        if ((m == MEANS_AFFECTED || m == MEANS_INVESTIGATION || m == MEANS_UNKNOWN) &&
            (o->in == PRODUCT_IN || o->in == PRODUCT_MAYBE) &&
            fleet_outcome_serials(c->criteria, o) == 0)
            return true;
    }
    return false;
}

/* All findings of one vulnerability: one verdict a component, the worst counts. */
static int weigh(struct combination *c, const struct fleet_finding *all, size_t count,
                 struct verdict *best)
{
    const struct fleet_finding **buffers[2] = {arena_new(c->scratch, count, sizeof *buffers[0]),
                                               arena_new(c->scratch, count, sizeof *buffers[1])};
    if (!buffers[0] || !buffers[1])
        return err_memory(c->e);
    *best = (struct verdict){.status = FLEET_NOT_LISTED};
    size_t asking = 0;
    bool everyone = false;
    int spare = 0;
    for (size_t i = 0; i < count;) {
        size_t end = i;
        while (end < count && all[end].outcome->group == all[i].outcome->group)
            end++;
        struct verdict v = {.deciding = buffers[spare]};
        judge(c, &all[i], end - i, &v);
        for (size_t k = 0; k < v.count; k++)
            if (v.deciding[k]->outcome->confidence > v.confidence)
                v.confidence = v.deciding[k]->outcome->confidence;
        if (v.status != FLEET_FIXED && v.status != FLEET_NOT_AFFECTED) {
            asking++;
            everyone = everyone || asks_everyone(c, &all[i], end - i);
        }
        if (best->status == FLEET_NOT_LISTED || rank(v.status) > rank(best->status) ||
            (v.status == best->status && v.confidence > best->confidence)) {
            *best = v;
            spare = 1 - spare;
        }
        i = end;
    }
    best->everyone = everyone || asking > 1;
    return 0;
}

/* Its statement, with the reasons. */
static int conclude(struct combination *c, const struct fleet_finding *all, size_t count)
{
    struct verdict best;
    if (weigh(c, all, count, &best) != 0)
        return -1;
    struct fleet_statement *s = &c->result->statements[c->result->count++];
    const struct fleet_vulnerability *vulnerability =
        &c->criteria->vulnerabilities[all[0].vulnerability];
    s->vulnerability = vulnerability->name;
    s->title = vulnerability->title;
    s->status = best.status;
    s->confidence = best.confidence;
    struct fleet_explain x = {.result = c->result,
                              .criteria = c->criteria,
                              .vulnerability = vulnerability,
                              .deciding = best.deciding,
                              .deciding_count = best.count,
                              .combination = best.rule,
                              .combination_text = best.text,
                              .doubtful = best.doubtful,
                              .everyone = best.everyone,
                              .e = c->e};
    return fleet_explain(&x, s);
}

static int by_name(const void *x, const void *y)
{
    const struct fleet_statement *a = x, *b = y;
    return slice_compare(a->vulnerability, b->vulnerability);
}

static int build_outcomes(struct combination *c)
{
    bool *done = arena_new(c->scratch, c->criteria->criterion_count + 1, sizeof *done);
    if (!done)
        return err_memory(c->e);
    for (size_t i = 0; i < c->touch_count; i++) {
        uint32_t target = c->touches[i].target;
        const struct fleet_target *t = &c->criteria->targets[target];
        for (size_t k = 0; k < t->criterion_count; k++) {
            uint32_t index = t->criteria[k];
            if (done[index])
                continue;
            done[index] = true;
            int result = c->criteria->criteria[index].operand_count == 1 ? single(c, index, target)
                                                                         : several(c, index);
            if (result != 0)
                return -1;
        }
    }
    return 0;
}

/* Findings, by vulnerability; *vulnerabilities: how many are spoken of. */
static int find(struct combination *c, size_t *vulnerabilities)
{
    *vulnerabilities = 0;
    if (build_outcomes(c) != 0)
        return -1;
    if (c->finding_count)
        qsort(c->findings, c->finding_count, sizeof *c->findings, by_vulnerability);
    for (size_t i = 0; i < c->finding_count; i++)
        *vulnerabilities +=
            i == 0 || c->findings[i].vulnerability != c->findings[i - 1].vulnerability;
    return 0;
}

/* The first finding of the next vulnerability. */
static size_t behind(const struct combination *c, size_t i)
{
    size_t end = i;
    while (end < c->finding_count && c->findings[end].vulnerability == c->findings[i].vulnerability)
        end++;
    return end;
}

static struct combination combination(const struct fleet_criteria *criteria,
                                      struct fleet_touch *touches, size_t count, bool software,
                                      struct arena *scratch, struct err *e)
{
    if (count)
        qsort(touches, count, sizeof *touches, by_target);
    return (struct combination){.criteria = criteria,
                                .touches = touches,
                                .touch_count = count,
                                .software = software,
                                .scratch = scratch,
                                .e = e};
}

int fleet_combine_status(enum fleet_status *status, const struct fleet_criteria *criteria,
                         struct fleet_touch *touches, size_t count, bool software,
                         struct arena *scratch, struct err *e)
{
    arena_reset(scratch);
    *status = FLEET_NOT_LISTED;
    if (fleet_touches_drop(criteria, touches, &count, e) != 0)
        return -1;
    struct combination c = combination(criteria, touches, count, software, scratch, e);
    size_t vulnerabilities;
    int result = find(&c, &vulnerabilities);
    *status = FLEET_NOT_LISTED;
    for (size_t i = 0; result == 0 && i < c.finding_count;) {
        struct verdict best;
        size_t end = behind(&c, i);
        result = weigh(&c, &c.findings[i], end - i, &best);
        if (result == 0 && (*status == FLEET_NOT_LISTED || rank(best.status) > rank(*status)))
            *status = best.status;
        i = end;
    }
    mem_free(c.findings);
    return result;
}

int fleet_combine(struct fleet_result **out, const struct fleet_criteria *criteria,
                  struct fleet_touch *touches, size_t count, bool software, struct err *e)
{
    *out = NULL;
    if (fleet_touches_drop(criteria, touches, &count, e) != 0)
        return -1;
    struct fleet_result *r = mem_new(1, sizeof *r);
    struct arena scratch;
    if (!r)
        return err_memory(e);
    arena_init(&r->arena, 0);
    arena_init(&scratch, 0);
    struct combination c = combination(criteria, touches, count, software, &scratch, e);
    size_t vulnerabilities;
    c.result = r;
    int result = find(&c, &vulnerabilities);
    if (result == 0 && vulnerabilities) {
        r->statements = arena_new(&r->arena, vulnerabilities, sizeof *r->statements);
        if (!r->statements)
            result = err_memory(e);
    }
    for (size_t i = 0; result == 0 && i < c.finding_count;) {
        size_t end = behind(&c, i);
        result = conclude(&c, &c.findings[i], end - i);
        i = end;
    }
    mem_free(c.findings);
    arena_fini(&scratch);
    if (result != 0) {
        fleet_result_free(r);
        return -1;
    }
    if (r->count)
        qsort(r->statements, r->count, sizeof *r->statements, by_name);
    for (size_t i = 0; i < r->count; i++)
        if (r->status == FLEET_NOT_LISTED || rank(r->statements[i].status) > rank(r->status))
            r->status = r->statements[i].status;
    *out = r;
    return 0;
}

void fleet_result_free(struct fleet_result *result)
{
    if (!result)
        return;
    arena_fini(&result->arena);
    mem_free(result);
}
