/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two names that fleet_names_compare joins are never kept apart by their sketches: names that are
 * bent in every way in which it looks at names, a million pairs.
 */
#include "fleet/match_names.h"
#include "fleet/name_sketch.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static uint64_t state = 0x2545f4914f6cdd1du;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static const char *const names[] = {
    "simatic s7 1500 cpu 1511 1 pn",
    "simatic s7 1500",
    "simatic",
    "scalance x204irt",
    "scalance x 200irt",
    "scalance x200",
    "micro850",
    "micro800",
    "micro 800 family",
    "fl switch 4xxx",
    "fl switch 4008t 2sfp",
    "rlc 4xx",
    "rlc 410 5mp",
    "panel node xxx eu",
    "panel node abc eu",
    "140noe771x1",
    "140noe77101",
    "wincc",
    "win cc",
    "lynx l210 f2g",
    "l210 f2g lynx",
    "l210 f2g",
    "tropos 2420",
    "tropos",
    "natus xltek neuroworks",
    "neuroworks",
    "melsec iq r r16psfcpu",
    "melsec iq r series sil2 process cpu r16psfcpu firmware",
    "wire cut edm mv series mv1200s d cubes series standard system",
    "mv1200s d cubes",
    "sherlock gateway",
    "sherlok gateway",
    "intellivue patient monitor",
    "inteliview patient monitor",
    "1734 aentr series c",
    "1734 aentr",
    "fx5uj cpu modules",
    "fx5uj 24mt es",
    "s7 1200",
    "simatic s7 1200 cpu family",
    "conext combox model 865 1058",
    "conext combox",
    "gerät ä1",
    "x",
    "tia portal step 7",
    "simatic step 7 tia portal",
    "simulator for unity",
    "unity simulator",
    "thinmanager thinserver",
    "thinmanager",
    "scalance m 800",
    "scalance m826 2",
    "1 2 3",
    "12 3",
};

static const char *const words[] = {"series", "cpu",     "x204", "4xxx", "v16",   "simatic",
                                    "7",      "pro",     "xx",   "a1",   "lite",  "1511",
                                    "12",     "gateway", "x",    "for",  "portal"};

static void set(char out[256], const char *text)
{
    snprintf(out, 256, "%s", text);
}

/* Words behind, in front, left out, moved; letters too few, too many, others. */
static void bend(char text[256])
{
    char other[256];
    size_t len = strlen(text);
    char *space = strchr(text, ' '), *last = strrchr(text, ' ');
    const char *word = words[draw(ARRAY_LEN(words))];
    switch (draw(9)) {
    case 0: snprintf(other, sizeof other, "%.200s %s", text, word); break;
    case 1: snprintf(other, sizeof other, "%s %.200s", word, text); break;
    case 2: snprintf(other, sizeof other, "%s", space ? space + 1 : text); break;
    case 3:
        snprintf(other, sizeof other, "%.*s", (int)(last ? (size_t)(last - text) : len), text);
        break;
    case 4:
        if (space)
            snprintf(other, sizeof other, "%.120s %.*s", space + 1, (int)(space - text), text);
        else
            set(other, text);
        break;
    case 5: /* a letter less */
    case 6: /* or another one */
        set(other, text);
        if (len > 1) {
            size_t at = draw((uint32_t)len);
            if (other[at] != ' ' && draw(2))
                other[at] = (char)(draw(3) ? 'a' + (int)draw(26) : '0' + (int)draw(10));
            else if (other[at] != ' ' && (at == 0 || other[at - 1] != ' ') && other[at + 1] &&
                     other[at + 1] != ' ')
                memmove(other + at, other + at + 1, len - at);
        }
        break;
    case 7: /* a space less */
        if (space)
            snprintf(other, sizeof other, "%.*s%.120s", (int)(space - text), text, space + 1);
        else
            set(other, text);
        break;
    default: set(other, text);
    }
    set(text, other);
}

struct side {
    char text[256];
    struct fleet_target_form target;
    struct fleet_subject_form subject;
};

static void make(struct side *s, const char *from, struct arena *a)
{
    struct err e = {0};
    set(s->text, from);
    for (uint32_t i = draw(4); i > 0; i--)
        bend(s->text);
    struct slice text = slice_str(s->text);
    unsigned rules = draw(3) ? 0 : draw(1u << FLEET_NAME_RULES);
    struct slice line = slice_str(draw(5) ? "" : "16");
    s->target = (struct fleet_target_form){.text = text, .rules = rules, .line = line};
    s->subject = (struct fleet_subject_form){
        .text = text, .rules = rules, .source = (enum fleet_form_source)draw(5), .line = line};
    assert_int_equal(fleet_name_compact(a, text, &s->subject.compact, &e), 0);
    fleet_sketch_make(text, &s->target.sketch);
    s->subject.sketch = s->target.sketch;
}

static void sketches_keep_no_names_apart(void **unused)
{
    (void)unused;
    size_t joined = 0, apart = 0, by_rule[FLEET_BY_HASH + 1] = {0};
    struct arena a;
    arena_init(&a, 0);
    for (int i = 0; i < 1000000; i++) {
        struct side x, y;
        const char *name = names[draw(ARRAY_LEN(names))];
        arena_reset(&a);
        make(&x, name, &a);
        make(&y, draw(3) ? name : names[draw(ARRAY_LEN(names))], &a);
        struct fleet_identity identity = {.kind = draw(2) ? FLEET_DEVICE : FLEET_SOFTWARE};
        struct fleet_subject s = {.identity = &identity,
                                  .purl_base = slice_str(draw(4) ? "" : "pkg:generic/x"),
                                  .model_missing = draw(2),
                                  .real_orders = draw(2)};
        struct fleet_target t = {.whole = draw(2), .product.family = draw(2)};
        t.product.raw = slice_str(x.text);
        bool sure = draw(2);
        struct fleet_identified found =
            fleet_names_compare(&t, &x.target, &s, &y.subject, NULL, sure);
        bool may = fleet_sketch_may_meet(
            &x.target.sketch, x.target.text, &y.subject.sketch, y.subject.text,
            (struct fleet_sketch_asked){
                .family = t.product.family, .vendor_sure = sure, .misspelt = s.purl_base.len == 0});
        if (found.rule != FLEET_BY_NOTHING && !may)
            print_message("\"%s\" and \"%s\" are one by rule %d\n", x.text, y.text, found.rule);
        assert_true(found.rule == FLEET_BY_NOTHING || may);
        joined += found.rule != FLEET_BY_NOTHING;
        by_rule[found.rule]++;
        apart += !may;
    }
    arena_fini(&a);
    print_message("%zu pairs joined, %zu kept apart by their sketches\n", joined, apart);
    /* all that names can be joined by came to pass */
    static const enum fleet_identity_rule rules[] = {
        FLEET_BY_PREFIX, FLEET_BY_LESS_SPECIFIC, FLEET_BY_FAMILY, FLEET_BY_MISSPELT_PRODUCT,
        FLEET_BY_SUFFIX, FLEET_BY_PATTERN,       FLEET_BY_NAME};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (by_rule[rules[i]] <= 100)
            print_message("rule %d: %zu pairs only\n", rules[i], by_rule[rules[i]]);
        assert_true(by_rule[rules[i]] > 100);
    }
    assert_true(apart > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sketches_keep_no_names_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
