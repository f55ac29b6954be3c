/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error table of matching: tests/data/labelled.tsv has inventories, real advisories and the
 * right answers, found by reading. Prints what is wrong, one line a pair, and what that makes.
 * With an argument only that set ("development", "held-out", "fresh", "last", "wide", "final",
 * "corners", "unread", "unread-2", "asked"). Pairs of a document that is not in ../shared/data are
 * judged where TOCSIN_ADVISORIES names the csaf_files of the whole public repository, and left out
 * otherwise.
 */
#include "base/file.h"
#include "base/memory.h"
#include "fleet/index_keys.h"
#include "fleet/match.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define CORPUS "../shared/data/cisa-csaf/csaf_files"
#define TABLE "tests/data/labelled.tsv"

enum {
    ADVISORY = 1,
    CVE,
    KIND,
    VENDOR,
    MODEL,
    VERSION,
    FAMILY,
    ORDER,
    ANSWER,
    GROUP,
    WHY,
    MORE, /* may be left out: "hardware=B1;software=Guardian|22.5.0|Nozomi;cpe=cpe:2.3:…" */
    COLUMNS
};
enum { GROUPS = 64 };

struct pair {
    struct slice column[COLUMNS];
};

struct score {
    struct slice group;
    size_t pairs, right;
    size_t false_not_affected, false_affected, needless_unknown, silent;
};

static const char *only;
static struct score everything;

static enum fleet_status status_of(struct slice name)
{
    for (int s = FLEET_NOT_LISTED; s <= FLEET_NOT_AFFECTED; s++)
        if (slice_is(name, fleet_status_name((enum fleet_status)s)))
            return (enum fleet_status)s;
    fail_msg("no such answer: %.*s", SLICE_ARG(name));
    return FLEET_NOT_LISTED;
}

static bool excludes(enum fleet_status status)
{
    return status == FLEET_NOT_AFFECTED || status == FLEET_FIXED;
}

static bool read_pair(struct slice line, struct pair *out)
{
    size_t column = 0, start = 0;
    if (line.len == 0 || line.data[0] == '#')
        return false;
    for (size_t i = 0; i <= line.len; i++) {
        if (i < line.len && line.data[i] != '\t')
            continue;
        assert_true(column < COLUMNS);
        out->column[column++] = slice_of(line.data + start, i - start);
        start = i + 1;
    }
    assert_in_range(column, MORE, COLUMNS);
    if (column == MORE)
        out->column[MORE] = slice_of(NULL, 0);
    return true;
}

/* Where the document lies; empty where this machine does not have it. */
static void find_document(struct slice advisory, char path[512])
{
    const char *more = getenv("TOCSIN_ADVISORIES");
    snprintf(path, 512, CORPUS "/%.*s.json", SLICE_ARG(advisory));
    if (file_kind(path) == 0 && more)
        snprintf(path, 512, "%s/%.*s.json", more, SLICE_ARG(advisory));
    if (file_kind(path) == 0)
        path[0] = '\0';
}

static struct fleet_criteria *load(const char *path)
{
    struct buf b;
    struct err e = {0};
    struct csaf_document *d;
    struct fleet_criteria *c;
    buf_init(&b);
    assert_int_equal(file_read(path, 64 << 20, &b, &e), 0);
    assert_int_equal(csaf_load(&d, buf_slice(&b), &e), 0);
    assert_int_equal(fleet_criteria_build(&c, d, &e), 0);
    csaf_free(d);
    buf_fini(&b);
    return c;
}

/* Cuts the text in front of the separator off *rest, which then begins behind it. */
static struct slice cut(struct slice *rest, char separator)
{
    const uint8_t *stop = rest->len ? memchr(rest->data, separator, rest->len) : NULL;
    size_t len = stop ? (size_t)(stop - rest->data) : rest->len;
    struct slice head = slice_of(rest->data, len);
    *rest = slice_of(rest->data + len + (stop != NULL), rest->len - len - (stop != NULL));
    return head;
}

static struct fleet_class *class_of(const struct pair *p)
{
    struct err e = {0};
    struct fleet_class *class;
    struct fleet_inventory *i = fleet_inventory_new();
    struct fleet_component software[4] = {{.type = slice_str("application"),
                                           .name = p->column[MODEL],
                                           .version = p->column[VERSION],
                                           .vendor = p->column[VENDOR],
                                           .pointer = "/components/0"}};
    assert_non_null(i);
    i->components = software;
    if (slice_is(p->column[KIND], "software")) {
        i->count = 1;
    } else {
        i->has_nameplate = true;
        i->nameplate = (struct fleet_nameplate){.vendor = p->column[VENDOR],
                                                .model = p->column[MODEL],
                                                .firmware = p->column[VERSION],
                                                .family = p->column[FAMILY],
                                                .order = p->column[ORDER]};
    }
    for (struct slice rest = p->column[MORE]; rest.len;) {
        struct slice value = cut(&rest, ';'), name = cut(&value, '=');
        if (slice_is(name, "hardware")) {
            i->nameplate.hardware = value;
        } else if (slice_is(name, "product")) {
            i->nameplate.product = value;
        } else if (slice_is(name, "cpe")) {
            software[0].cpe = value;
        } else if (slice_is(name, "purl")) {
            software[0].purl = value;
        } else {
            assert_true(slice_is(name, "software"));
            assert_true(i->count < ARRAY_LEN(software));
            software[i->count].name = cut(&value, '|');
            software[i->count].version = cut(&value, '|');
            software[i->count].vendor = value;
            software[i->count++].pointer = "/components/0";
        }
    }
    assert_int_equal(fleet_class_build(&class, i, &e), 0);
    i->components = NULL;
    i->count = 0;
    fleet_inventory_free(i);
    return class;
}

static const struct fleet_statement *statement_on(const struct fleet_result *r, struct slice cve)
{
    for (size_t k = 0; k < r->count; k++)
        if (cve.len ? slice_equal(r->statements[k].vulnerability, cve)
                    : r->statements[k].status == r->status)
            return &r->statements[k];
    return NULL;
}

static void explain(const struct pair *p, const char *what, const struct fleet_result *r,
                    enum fleet_status got)
{
    const struct fleet_statement *s = statement_on(r, p->column[CVE]);
    print_message("%s: %.*s (%.*s | %.*s | %.*s): %s, right is %.*s: %.*s [%.*s]\n", what,
                  SLICE_ARG(p->column[ADVISORY]), SLICE_ARG(p->column[VENDOR]),
                  SLICE_ARG(p->column[MODEL]), SLICE_ARG(p->column[VERSION]),
                  fleet_status_name(got), SLICE_ARG(p->column[ANSWER]), SLICE_ARG(p->column[WHY]),
                  SLICE_ARG(p->column[GROUP]));
    for (size_t i = 0; s && i < s->reason_count; i++)
        print_message("    %s %d: %.*s\n", s->reasons[i].rule, s->reasons[i].confidence,
                      SLICE_ARG(s->reasons[i].text));
    if (s && s->decide.len)
        print_message("    decides: %.*s\n", SLICE_ARG(s->decide));
    if (!s && r->nearest.target)
        print_message("    nearest: %.*s (%d, %s): %.*s\n", SLICE_ARG(r->nearest.target->label),
                      r->nearest.confidence, r->nearest.step, SLICE_ARG(r->nearest.text));
}

static bool meet(const struct fleet_keys *a, const struct fleet_keys *b)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++)
            if (a->at[i] == b->at[k])
                return true;
    return false;
}

/* What is identified here is found by an index, too: both have a key in common. */
static void check_keys(const struct fleet_criteria *criteria, const struct fleet_class *class)
{
    struct arena a;
    struct err e = {0};
    arena_init(&a, 0);
    for (size_t i = 0; i < class->count; i++) {
        struct fleet_subject subject;
        struct fleet_keys of_subject = {0};
        assert_int_equal(fleet_subject_prepare(&a, &class->identities[i], &subject, &e), 0);
        fleet_keys_of_subject(&subject, &of_subject);
        for (size_t t = 0; t < criteria->target_count; t++) {
            struct fleet_keys of_target = {0};
            struct fleet_identified id;
            if (criteria->targets[t].criterion_count == 0)
                continue;
            fleet_identify(&criteria->targets[t], &subject, NULL, &id);
            fleet_keys_of_target(&criteria->targets[t], NULL, &of_target);
            if (id.confidence >= fleet_options_default.min_confidence &&
                !meet(&of_subject, &of_target))
                fail_msg("no key in common: %.*s (%d)", SLICE_ARG(criteria->targets[t].label),
                         id.confidence);
            fleet_keys_fini(&of_target);
        }
        fleet_keys_fini(&of_subject);
    }
    arena_fini(&a);
}

static void judge(const struct pair *p, const char *path, struct score *score)
{
    struct err e = {0};
    struct fleet_criteria *criteria = load(path);
    struct fleet_class *class = class_of(p);
    struct fleet_result *r;
    assert_int_equal(fleet_match(&r, criteria, class, NULL, &e), 0);
    check_keys(criteria, class);
    const struct fleet_statement *s = statement_on(r, p->column[CVE]);
    enum fleet_status got = s ? s->status : FLEET_NOT_LISTED;
    enum fleet_status right = status_of(p->column[ANSWER]);
    const char *what = NULL;
    score->pairs++;
    if (got == right || (excludes(got) && excludes(right))) {
        score->right++;
    } else if (excludes(got)) {
        score->false_not_affected++;
        what = "FALSE NOT AFFECTED";
    } else if (got == FLEET_AFFECTED) {
        score->false_affected++;
        what = "false affected";
    } else if (got == FLEET_UNKNOWN) {
        score->needless_unknown++;
        what = "needless unknown";
    } else {
        score->silent++;
        what = "silent";
    }
    if (what)
        explain(p, what, r, got);
    /* who hears nothing, or "unknown", is told what came near, or what would decide */
    assert_true(!s || s->status != FLEET_UNKNOWN || s->decide.len);
    fleet_result_free(r);
    fleet_class_free(class);
    fleet_criteria_free(criteria);
}

static void add(struct score *sum, const struct score *more)
{
    sum->pairs += more->pairs;
    sum->right += more->right;
    sum->false_not_affected += more->false_not_affected;
    sum->false_affected += more->false_affected;
    sum->needless_unknown += more->needless_unknown;
    sum->silent += more->silent;
}

static void print_score(const struct score *s)
{
    print_message("%-14.*s %5zu %5zu %12zu %8zu %7zu %6zu\n", SLICE_ARG(s->group), s->pairs,
                  s->right, s->false_not_affected, s->false_affected, s->needless_unknown,
                  s->silent);
}

static double percent(size_t part, size_t of)
{
    return of ? 100.0 * (double)part / (double)of : 0;
}

static void run_set(const char *set)
{
    struct buf table;
    struct err e = {0};
    struct score groups[GROUPS] = {0}, sum = {.group = slice_str("all")};
    size_t group_count = 0, left_out = 0;
    char path[512];
    if (only && strcmp(only, set) != 0)
        return;
    if (file_kind(CORPUS) != 2) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    buf_init(&table);
    assert_int_equal(file_read(TABLE, 1 << 20, &table, &e), 0);
    struct slice text = buf_slice(&table);
    for (size_t start = 0; start < text.len;) {
        const uint8_t *stop = memchr(text.data + start, '\n', text.len - start);
        size_t end = stop ? (size_t)(stop - text.data) : text.len;
        struct pair p;
        if (read_pair(slice_of(text.data + start, end - start), &p) && slice_is(p.column[0], set)) {
            struct score one = {.group = p.column[GROUP]};
            size_t g = 0;
            start = end + 1;
            find_document(p.column[ADVISORY], path);
            if (path[0] == '\0') {
                left_out++;
                continue;
            }
            judge(&p, path, &one);
            while (g < group_count && !slice_equal(groups[g].group, one.group))
                g++;
            assert_true(g < GROUPS);
            groups[g].group = one.group;
            group_count = g < group_count ? group_count : g + 1;
            add(&groups[g], &one);
            add(&sum, &one);
        }
        start = end + 1;
    }
    print_message("%-14s %5s %5s %12s %8s %7s %6s\n", set, "pairs", "right", "not affected!",
                  "affected!", "unknown!", "silent");
    for (size_t g = 0; g < group_count; g++)
        print_score(&groups[g]);
    print_score(&sum);
    print_message("measured: labelled truth, %s: %zu pairs, false not-affected %zu, false affected "
                  "%.1f %%, needless unknown %.1f %%, silent %.1f %%\n",
                  set, sum.pairs, sum.false_not_affected, percent(sum.false_affected, sum.pairs),
                  percent(sum.needless_unknown, sum.pairs), percent(sum.silent, sum.pairs));
    if (left_out)
        print_message("left out: %zu pairs of %s, no such document here\n", left_out, set);
    assert_true(sum.pairs + left_out > 60);
    assert_int_equal(sum.false_not_affected, 0);
    add(&everything, &sum);
    buf_fini(&table);
}

static void development(void **state)
{
    (void)state;
    run_set("development");
}

static void held_out(void **state)
{
    (void)state;
    run_set("held-out");
}

static void fresh(void **state)
{
    (void)state;
    run_set("fresh");
}

static void last(void **state)
{
    (void)state;
    run_set("last");
}

static void wide(void **state)
{
    (void)state;
    run_set("wide");
}

static void final(void **state)
{
    (void)state;
    run_set("final");
}

static void corners(void **state)
{
    (void)state;
    run_set("corners");
}

static void unread(void **state)
{
    (void)state;
    run_set("unread");
}

static void unread_again(void **state)
{
    (void)state;
    run_set("unread-2");
}

static void asked(void **state)
{
    (void)state;
    run_set("asked");
}

/* What is asked of all pairs together. */
static void goals(void **state)
{
    (void)state;
    const struct score *s = &everything;
    if (s->pairs == 0)
        skip();
    print_message("measured: labelled truth: %zu pairs, false not-affected %zu, false affected "
                  "%.1f %%, needless unknown %.1f %%, silent %.1f %%\n",
                  s->pairs, s->false_not_affected, percent(s->false_affected, s->pairs),
                  percent(s->needless_unknown, s->pairs), percent(s->silent, s->pairs));
    assert_int_equal(s->false_not_affected, 0);
    assert_true(s->false_affected * 100 <= s->pairs);
    assert_true(s->needless_unknown * 100 <= 5 * s->pairs);
    assert_true(s->silent * 100 <= 5 * s->pairs);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(development), cmocka_unit_test(held_out), cmocka_unit_test(fresh),
        cmocka_unit_test(last),        cmocka_unit_test(wide),     cmocka_unit_test(final),
        cmocka_unit_test(corners),     cmocka_unit_test(unread),   cmocka_unit_test(unread_again),
        cmocka_unit_test(asked),       cmocka_unit_test(goals),
    };
    only = argc > 1 ? argv[1] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
