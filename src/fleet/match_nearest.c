/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/match_nearest.h"
#include "fleet/name_words.h"

static const struct {
    const char *id, *text;
} steps[] = {
    [FLEET_STEP_PRODUCT] = {"identity.product", "same vendor, but another product"},
    [FLEET_STEP_VENDOR] = {"identity.vendor",
                           "the product has this name, but its vendor is another"},
    [FLEET_STEP_ELSEWHERE] = {"identity.elsewhere",
                              "the advisory has this name, but not as the name of a product"},
    [FLEET_STEP_CONFIDENCE] = {"identity.confidence", "the names are too far apart to count"},
    [FLEET_STEP_IDENTIFIER] = {"identity.identifier", NULL},
    [FLEET_STEP_ORDER] = {"identity.order-number",
                          "the name is the same, but the order number is that of another model"},
    [FLEET_STEP_LINE] = {"version.line",
                         "the name is the same, but the version is of another line"},
    [FLEET_STEP_RELATIONSHIP] = {"relationship.missing",
                                 "the advisory means it only together with another product, which "
                                 "the inventory does not have"},
};

void fleet_nearest_note(struct fleet_nearest *nearest, enum fleet_step step,
                        const struct fleet_target *target, const struct fleet_subject *subject,
                        const struct fleet_identified *id)
{
    if (!nearest || id->confidence < nearest->confidence || id->confidence == 0)
        return;
    /* of several as near the first in the advisory's order, whatever they are compared in */
    if (id->confidence == nearest->confidence && nearest->target && nearest->target <= target)
        return;
    struct slice inventory = id->inventory;
    if (step == FLEET_STEP_LINE)
        inventory = subject->identity->version;
    else if (step == FLEET_STEP_ORDER && subject->real_orders)
        inventory = subject->orders[0];
    struct slice advisory = id->advisory;
    if (step == FLEET_STEP_LINE)
        advisory = id->line;
    else if (step == FLEET_STEP_ORDER && target->models.count)
        advisory = target->models.at[0];
    *nearest = (struct fleet_nearest){
        .target = target,
        .confidence = id->confidence,
        .step = steps[step].id,
        .text = slice_str(step == FLEET_STEP_IDENTIFIER ? id->other : steps[step].text),
        .advisory = advisory,
        .inventory = inventory,
        .component = subject->component};
}

/* Words that two forms share. */
static int shared_words(struct slice a, struct slice b)
{
    struct fleet_words x, y;
    int shared = 0;
    fleet_words_split(a, &x);
    fleet_words_split(b, &y);
    for (size_t i = 0; i < x.count; i++)
        for (size_t k = 0; k < y.count; k++)
            if (slice_equal(x.at[i], y.at[k])) {
                shared++;
                break;
            }
    return shared;
}

static bool same_form(const struct fleet_target *t, const struct fleet_subject *s)
{
    for (size_t i = 0; i < t->form_count; i++)
        for (size_t k = 0; k < s->form_count; k++)
            if (s->forms[k].source <= FLEET_FROM_PRODUCT &&
                slice_equal(t->forms[i].text, s->forms[k].text))
                return true;
    return false;
}

enum { LONGEST = 512 };

/* Letters and digits of a text, in lower case. */
static struct slice plain(struct slice text, uint8_t out[LONGEST])
{
    size_t len = 0;
    for (size_t i = 0; i < text.len && len < LONGEST; i++) {
        uint8_t c = text.data[i];
        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[len++] = c;
    }
    return slice_of(out, len);
}

/* A name that is a model's: without spaces at least four characters, and one of them a digit. */
static struct slice model_of(const struct fleet_subject *subject, uint8_t out[LONGEST])
{
    struct slice compact = plain(subject->forms[0].text, out);
    return compact.len >= 4 && fleet_word_has_digit(compact) ? compact : slice_of(NULL, 0);
}

static bool has(struct slice text, struct slice name)
{
    uint8_t room[LONGEST];
    struct slice all = plain(text, room);
    return name.len && memmem(all.data, all.len, name.data, name.len);
}

/* "SWT 3000", when only its firmware is listed and the title names it; "CP451" in a list of models
 * where a version was due. */
static void look_elsewhere(struct fleet_nearest *nearest, const struct fleet_criteria *criteria,
                           const struct fleet_target *target, const struct fleet_subject *subject,
                           bool in_title, int confidence)
{
    uint8_t room[LONGEST];
    struct slice model = model_of(subject, room);
    bool label = has(target->label, model);
    if (!label && !in_title)
        return;
    struct fleet_identified id = {.confidence = confidence + label,
                                  .advisory = label ? target->label : criteria->title,
                                  .inventory = subject->forms[0].text};
    fleet_nearest_note(nearest, FLEET_STEP_ELSEWHERE, target, subject, &id);
}

void fleet_nearest_look(struct fleet_nearest *nearest, const struct fleet_criteria *criteria,
                        const struct fleet_subject *subjects, size_t count,
                        const struct fleet_aliases *aliases)
{
    enum { MOST_WORDS = 20, SAME_NAME = MOST_WORDS + 2 };
    for (size_t t = 0; t < criteria->target_count; t++) {
        const struct fleet_target *target = &criteria->targets[t];
        if (target->product.count == 0)
            continue;
        for (size_t s = 0; s < count; s++) {
            const struct fleet_subject *subject = &subjects[s];
            if (subject->form_count == 0)
                continue;
            bool vendor = target->vendors.count && subject->vendor.count &&
                          fleet_vendor_compare(&target->vendors, &subject->vendor, aliases, NULL) !=
                              FLEET_VENDOR_DIFFERENT;
            struct fleet_identified id = {.advisory = target->product.forms[0].text,
                                          .inventory = subject->forms[0].text};
            uint8_t room[LONGEST];
            if (vendor)
                look_elsewhere(nearest, criteria, target, subject,
                               has(criteria->title, model_of(subject, room)), SAME_NAME + 1);
            if (vendor) {
                int shared = shared_words(id.advisory, id.inventory);
                id.confidence = 1 + (shared > MOST_WORDS ? MOST_WORDS : shared);
                fleet_nearest_note(nearest, FLEET_STEP_PRODUCT, target, subject, &id);
            } else if (target->vendors.count && subject->vendor.count &&
                       same_form(target, subject)) {
                id.confidence = SAME_NAME;
                id.advisory = target->vendors.forms[0].text;
                id.inventory = subject->vendor.forms[0].text;
                fleet_nearest_note(nearest, FLEET_STEP_VENDOR, target, subject, &id);
            }
        }
    }
}

void fleet_nearest_relation(struct fleet_nearest *nearest, const struct fleet_criteria *criteria,
                            const struct fleet_touch *touches, size_t count)
{
    enum { SOME = 16 }; /* one missing product is enough to name */
    for (size_t i = 0; i < count && i < SOME; i++) {
        const struct fleet_target *t = &criteria->targets[touches[i].target];
        for (size_t k = 0; k < t->criterion_count && k < SOME; k++) {
            const struct fleet_criterion *c = &criteria->criteria[t->criteria[k]];
            for (size_t o = 0; o < c->operand_count && c->operand_count > 1; o++) {
                bool there = c->operands[o].target == t;
                for (size_t n = 0; n < count && !there; n++)
                    there = &criteria->targets[touches[n].target] == c->operands[o].target;
                if (there)
                    continue;
                struct fleet_identified id = touches[i].id;
                id.advisory = c->operands[o].target->label;
                fleet_nearest_note(nearest, FLEET_STEP_RELATIONSHIP, t, touches[i].of, &id);
                return;
            }
        }
    }
}

static struct slice kept(struct arena *a, struct slice s, bool *failed)
{
    if (s.len == 0)
        return slice_of(NULL, 0);
    char *copy = arena_copy(a, s.data, s.len);
    *failed = *failed || !copy;
    return slice_of(copy, copy ? s.len : 0);
}

int fleet_nearest_keep(struct fleet_result *result, const struct fleet_nearest *nearest,
                       struct err *e)
{
    struct fleet_nearest *to = &result->nearest;
    bool failed = false;
    *to = *nearest;
    if (!nearest->target)
        return 0;
    to->component = kept(&result->arena, nearest->component, &failed);
    to->advisory = kept(&result->arena, nearest->advisory, &failed);
    to->inventory = kept(&result->arena, nearest->inventory, &failed);
    char *text = arena_printf(&result->arena, "%.*s: \"%.*s\" in the advisory, \"%.*s\" here",
                              SLICE_ARG(nearest->text), SLICE_ARG(nearest->advisory),
                              SLICE_ARG(nearest->inventory));
    if (failed || !text)
        return err_memory(e);
    to->text = slice_str(text);
    return 0;
}
