/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/match.h"
#include "base/memory.h"
#include "fleet/index_keys.h"
#include "fleet/match_listen.h"
#include "fleet/match_nearest.h"
#include "fleet/match_same.h"
#include "product/range_words.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool fleet_pattern_fits(struct slice pattern, struct slice text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
    while (t < text.len) {
        bool literal = p + 1 < pattern.len && pattern.data[p] == '\\';
        if (p < pattern.len && !literal && pattern.data[p] == '*') {
            star = p++;
            resume = t;
            continue;
        }
        size_t at = literal ? p + 1 : p;
        if (at < pattern.len && ((!literal && pattern.data[at] == '?') ||
                                 lower(pattern.data[at]) == lower(text.data[t]))) {
            p = at + 1;
            t++;
            continue;
        }
        if (star == SIZE_MAX)
            return false;
        p = star + 1;
        t = ++resume;
    }
    while (p < pattern.len && pattern.data[p] == '*')
        p++;
    return p == pattern.len;
}

enum fleet_status fleet_statement_for(const struct fleet_statement *statement, struct slice serial)
{
    if (statement->serial_count == 0)
        return statement->status;
    if (serial.len == 0)
        return FLEET_UNKNOWN;
    for (size_t i = 0; i < statement->serial_count; i++)
        if (fleet_pattern_fits(statement->serials[i], serial))
            return statement->status;
    return FLEET_NOT_LISTED;
}

/* An advisory whose words and whose range disagree on a version excludes nothing. */
static void second_opinion(const struct fleet_target *t, struct slice version,
                           struct fleet_touch *out)
{
    const char *unused;
    if (t->worded.kind == PRODUCT_RANGE_OPAQUE || out->id.any_version)
        return;
    enum product_in worded = product_range_contains(&t->worded, version, &unused);
    /* "7.4" in the branch is "v7.40" in the name */
    if (t->worded.kind == PRODUCT_RANGE_LIST && t->range.kind == PRODUCT_RANGE_LIST) {
        if (worded == PRODUCT_IN && out->in == PRODUCT_SILENT)
            out->in = PRODUCT_IN;
        return;
    }
    if (out->in == PRODUCT_OUT && worded == PRODUCT_IN) {
        out->in = PRODUCT_MAYBE;
        out->reason = "the advisory's range excludes the version, its product name includes it";
    } else if (out->in == PRODUCT_IN && worded == PRODUCT_OUT) {
        out->contested = true;
    }
}

bool fleet_touch_identify(const struct fleet_target *t, const struct fleet_subject *subject,
                          const struct fleet_options *options, struct fleet_identified *out,
                          struct fleet_nearest *nearest)
{
    fleet_identify(t, subject, options->aliases, out);
    if (out->rule == FLEET_BY_NOTHING) {
        if (out->other) {
            struct fleet_identified other = *out;
            other.confidence = FLEET_SURE;
            other.advisory = t->purl_full;
            other.inventory = subject->identity->purl;
            fleet_nearest_note(nearest, FLEET_STEP_IDENTIFIER, t, subject, &other);
        }
        return false;
    }
    if (out->order_conflict) {
        fleet_nearest_note(nearest, FLEET_STEP_ORDER, t, subject, out);
        return false;
    }
    if (out->confidence < options->min_confidence) {
        fleet_nearest_note(nearest, FLEET_STEP_CONFIDENCE, t, subject, out);
        return false;
    }
    return true;
}

/* "Update 2", "SP1": what stands behind a version */
static bool is_pack(struct slice version)
{
    static const char *const words[] = {"update", "sp", "service pack", "patch", "hf", "hotfix"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (product_text_starts(version, words[i]))
            return true;
    return false;
}

/* What a version says behind its line, and behind the sign that ends it. */
static struct slice behind_line(struct slice version, struct slice line)
{
    if (version.len <= line.len + 1 || memcmp(version.data, line.data, line.len) != 0 ||
        !memchr(" -_", version.data[line.len], 3))
        return slice_of(NULL, 0);
    return slice_of(version.data + line.len + 1, version.len - line.len - 1);
}

/* A line of versions is in the range, or out of it, when its beginning and its end are. */
static void whole_line(const struct fleet_target *t, struct slice line, struct fleet_touch *out)
{
    char last[128];
    const char *unused;
    if (out->id.any_version || out->in == PRODUCT_MAYBE || line.len + 8 > sizeof last)
        return;
    int len = snprintf(last, sizeof last, "%.*s.99999", SLICE_ARG(line));
    if (product_range_contains(&t->range, slice_of(last, (size_t)len), &unused) != out->in) {
        out->in = PRODUCT_MAYBE;
        out->reason = "the inventory names a line of versions only";
    }
}

bool fleet_touch_decide(const struct fleet_target *t, const struct fleet_subject *subject,
                        struct slice version, struct fleet_touch *out,
                        struct fleet_nearest *nearest)
{
    if (out->id.version.len)
        version = out->id.version;
    bool rough = version.len == 0 && subject->named.len && subject->named_rough;
    if (version.len == 0)
        version = subject->named;
    char whole[128];
    enum product_in line = product_version_in_line(version, out->id.line);
    /* "InTouch 2017" of the version "Update 2" */
    if (line == PRODUCT_MAYBE && is_pack(version) &&
        version.len + out->id.line.len + 2 < sizeof whole) {
        int len =
            snprintf(whole, sizeof whole, "%.*s %.*s", SLICE_ARG(out->id.line), SLICE_ARG(version));
        version = slice_of(whole, (size_t)len);
        line = product_version_in_line(version, out->id.line);
    }
    if (line == PRODUCT_OUT) {
        fleet_nearest_note(nearest, FLEET_STEP_LINE, t, subject, &out->id);
        return false;
    }
    if (out->id.any_version) {
        out->in = PRODUCT_IN;
        out->reason = "the identifier names this very version";
    } else {
        out->in = product_range_contains(&t->range, version, &out->reason);
    }
    /* "P017" of "3.15 P017", against "< P018" of the line 3.15 */
    if (line == PRODUCT_IN && out->id.line.len && out->in == PRODUCT_MAYBE) {
        struct slice rest = behind_line(version, out->id.line);
        if (rest.len)
            out->in = product_range_contains(&t->range, rest, &out->reason);
    }
    if (line == PRODUCT_MAYBE && out->in != PRODUCT_MAYBE) {
        out->in = PRODUCT_MAYBE;
        out->reason = "which line of the product this version belongs to is not known";
    }
    if (rough)
        whole_line(t, version, out);
    second_opinion(t, version, out);
    bool all = t->range.kind == PRODUCT_RANGE_ALL && !t->range.conditional;
    if (out->id.edition_open && out->in == PRODUCT_IN) {
        out->in = PRODUCT_MAYBE;
        out->reason = "the advisory limits this to an update, an edition or a platform";
    }
    if (out->id.sku_missing && out->in != PRODUCT_OUT) {
        out->in = PRODUCT_MAYBE;
        out->reason = "the advisory limits this to stock keeping units";
    } else if (out->id.only_unknown && out->in != PRODUCT_MAYBE &&
               (out->id.open || !(subject->distribution && all))) {
        out->in = PRODUCT_MAYBE;
        out->reason =
            out->id.open ? out->id.open
            : subject->distribution
                ? "a distribution's package may be mended without a new version"
                : "which product the component is, is not sure enough to compare versions";
    }
    return true;
}

bool fleet_touch_make(const struct fleet_criteria *criteria, uint32_t target,
                      const struct fleet_subject *subject, uint32_t number,
                      const struct fleet_options *options, struct fleet_touch *out,
                      struct fleet_nearest *nearest)
{
    const struct fleet_target *t = &criteria->targets[target];
    *out = (struct fleet_touch){.target = target, .subject = number, .of = subject};
    return fleet_touch_identify(t, subject, options, &out->id, nearest) &&
           fleet_touch_decide(t, subject, subject->identity->version, out, nearest);
}

int fleet_touches_add(struct fleet_touches *t, const struct fleet_touch *touch, struct err *e)
{
    if (t->count == t->room) {
        size_t room = t->room ? 2 * t->room : 32;
        void *grown = mem_resize(t->at, room, sizeof *t->at);
        if (!grown)
            return err_memory(e);
        t->at = grown;
        t->room = room;
    }
    t->at[t->count++] = *touch;
    return 0;
}

int fleet_touches_chain(struct fleet_touches *touches, const struct fleet_criteria *criteria,
                        uint32_t leader, const struct fleet_subject *subject, uint32_t number,
                        const struct fleet_identified *id, struct fleet_nearest *nearest,
                        struct err *e)
{
    uint32_t target = leader;
    do {
        const struct fleet_target *t = &criteria->targets[target];
        struct fleet_touch touch = {.target = target, .subject = number, .of = subject};
        touch.id = fleet_same_identified(id, t);
        if (fleet_touch_decide(t, subject, subject->identity->version, &touch, nearest) &&
            fleet_touches_add(touches, &touch, e) != 0)
            return -1;
        target = t->next;
    } while (target);
    return 0;
}

/* A component that may be the targets of a chain. */
struct pair {
    uint32_t subject;
    uint32_t leader;
};

struct fleet_prepared {
    struct fleet_subject *subjects;
    size_t subject_count;
    bool software;                 /* some component is */
    struct fleet_key_table *table; /* NULL: not made yet */
    struct arena arena;
};

struct matching {
    const struct fleet_criteria *criteria;
    const struct fleet_options *options;
    struct fleet_prepared *prepared;
    const struct fleet_subject *subjects;
    size_t subject_count;
    struct pair *pairs; /* by subject, then leader */
    size_t pair_count, pair_room;
    struct fleet_touches touches;
    struct fleet_nearest nearest;
    struct arena scratch;
    struct err *e;
};

static int add_pair(struct matching *m, size_t leader, size_t subject)
{
    if (m->pair_count == m->pair_room) {
        size_t room = m->pair_room ? 2 * m->pair_room : 64;
        void *grown = mem_resize(m->pairs, room, sizeof *m->pairs);
        if (!grown)
            return err_memory(m->e);
        m->pairs = grown;
        m->pair_room = room;
    }
    m->pairs[m->pair_count++] = (struct pair){(uint32_t)subject, (uint32_t)leader};
    return 0;
}

static int by_subject(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;
    if (a->subject != b->subject)
        return a->subject < b->subject ? -1 : 1;
    return (a->leader > b->leader) - (a->leader < b->leader);
}

/* Few of both are all compared; of many those that share a key. */
enum { FEW_PAIRS = 4096 };

static int make_table(struct fleet_prepared *p, struct err *e)
{
    struct fleet_key_table *table = fleet_key_table_new(p->subject_count);
    int result = table ? 0 : err_memory(e);
    for (size_t s = 0; result == 0 && s < p->subject_count; s++)
        result = fleet_key_table_add(table, &p->subjects[s], (uint32_t)s, e);
    if (result != 0) {
        fleet_key_table_free(table);
        return -1;
    }
    fleet_key_table_ready(table);
    p->table = table;
    return 0;
}

static int pair_by_keys(struct matching *m)
{
    int result = m->prepared->table ? 0 : make_table(m->prepared, m->e);
    struct fleet_key_table *table = m->prepared->table;
    for (uint32_t t = 0; result == 0 && t < m->criteria->target_count; t++) {
        const uint32_t *found;
        size_t count;
        if (!fleet_same_leads(m->criteria, t))
            continue;
        result = fleet_key_table_find(table, &m->criteria->targets[t], m->options->aliases, &found,
                                      &count, m->e);
        for (size_t i = 0; result == 0 && i < count; i++)
            result = add_pair(m, t, found[i]);
    }
    if (result == 0 && m->pair_count)
        qsort(m->pairs, m->pair_count, sizeof *m->pairs, by_subject);
    return result;
}

static int pair_all(struct matching *m)
{
    for (size_t s = 0; s < m->subject_count; s++)
        for (uint32_t t = 0; t < m->criteria->target_count; t++)
            if (fleet_same_leads(m->criteria, t) && add_pair(m, t, s) != 0)
                return -1;
    return 0;
}

/* Below it, what is said of each component is not compared with what is said of others. */
enum { FEW_CONTACTS = 64 };

/* One component, with the chains of which it may be a part. */
static int try_one(struct matching *m, struct fleet_alike *alike, const struct pair *pairs,
                   size_t count, struct fleet_contact *contacts)
{
    const struct fleet_subject *subject = &m->subjects[pairs[0].subject];
    size_t met = 0;
    for (size_t i = 0; i < count; i++) {
        struct fleet_contact *c = &contacts[met];
        c->leader = pairs[i].leader;
        met += fleet_touch_identify(&m->criteria->targets[c->leader], subject, m->options, &c->id,
                                    &m->nearest);
    }
    if (met == 0)
        return 0;
    if (m->pair_count > FEW_CONTACTS)
        return fleet_alike_touch(alike, subject, pairs[0].subject, contacts, met, &m->touches,
                                 &m->nearest, m->e);
    for (size_t i = 0; i < met; i++)
        if (fleet_touches_chain(&m->touches, m->criteria, contacts[i].leader, subject,
                                pairs[0].subject, &contacts[i].id, &m->nearest, m->e) != 0)
            return -1;
    return 0;
}

static int try_all(struct matching *m)
{
    int result =
        m->criteria->target_count * m->subject_count <= FEW_PAIRS ? pair_all(m) : pair_by_keys(m);
    struct fleet_contact *contacts = mem_new(m->criteria->target_count + 1, sizeof *contacts);
    struct fleet_alike alike;
    if (result == 0 && !contacts)
        result = err_memory(m->e);
    fleet_alike_init(&alike, m->criteria, &m->scratch);
    for (size_t i = 0, end; result == 0 && i < m->pair_count; i = end) {
        for (end = i; end < m->pair_count && m->pairs[end].subject == m->pairs[i].subject;)
            end++;
        result = try_one(m, &alike, &m->pairs[i], end - i, contacts);
    }
    fleet_alike_fini(&alike);
    mem_free(contacts);
    return result;
}

void fleet_prepared_free(struct fleet_prepared *p)
{
    if (!p)
        return;
    fleet_key_table_free(p->table);
    mem_free(p->subjects);
    arena_fini(&p->arena);
    mem_free(p);
}

int fleet_prepare(struct fleet_prepared **out, const struct fleet_class *class, struct err *e)
{
    struct fleet_prepared *p = mem_new(1, sizeof *p);
    *out = NULL;
    if (!p)
        return err_memory(e);
    arena_init(&p->arena, 0);
    p->subjects = mem_new(class->count + 1, sizeof *p->subjects);
    int result = p->subjects ? 0 : err_memory(e);
    for (size_t i = 0; result == 0 && i < class->count; i++) {
        result = fleet_subject_prepare(&p->arena, &class->identities[i], &p->subjects[i], e);
        p->subject_count++;
        p->software = p->software || class->identities[i].kind == FLEET_SOFTWARE;
    }
    if (result != 0) {
        fleet_prepared_free(p);
        return -1;
    }
    *out = p;
    return 0;
}

int fleet_match_prepared(struct fleet_result **result, const struct fleet_criteria *criteria,
                         struct fleet_prepared *prepared, const struct fleet_options *options,
                         struct err *e)
{
    struct matching m = {.criteria = criteria,
                         .options = options ? options : &fleet_options_default,
                         .prepared = prepared,
                         .subjects = prepared->subjects,
                         .subject_count = prepared->subject_count,
                         .e = e};
    *result = NULL;
    arena_init(&m.scratch, 0);
    int outcome = try_all(&m);
    if (outcome == 0)
        outcome =
            fleet_combine(result, criteria, m.touches.at, m.touches.count, prepared->software, e);
    if (outcome == 0) {
        struct fleet_result *r = *result;
        if (r->count == 0 && !m.nearest.target)
            fleet_nearest_relation(&m.nearest, criteria, m.touches.at, m.touches.count);
        if (r->count == 0 && !m.nearest.target &&
            criteria->target_count * m.subject_count <= 16 * FEW_PAIRS)
            fleet_nearest_look(&m.nearest, criteria, m.subjects, m.subject_count,
                               m.options->aliases);
        outcome = fleet_nearest_keep(r, &m.nearest, e);
        if (outcome != 0) {
            fleet_result_free(r);
            *result = NULL;
        }
    }
    mem_free(m.touches.at);
    mem_free(m.pairs);
    arena_fini(&m.scratch);
    return outcome;
}

int fleet_match(struct fleet_result **result, const struct fleet_criteria *criteria,
                const struct fleet_class *class, const struct fleet_options *options, struct err *e)
{
    struct fleet_prepared *prepared;
    *result = NULL;
    if (fleet_prepare(&prepared, class, e) != 0)
        return -1;
    int outcome = fleet_match_prepared(result, criteria, prepared, options, e);
    fleet_prepared_free(prepared);
    return outcome;
}
