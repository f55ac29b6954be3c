/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/memory.h"
#include "fleet/index.h"
#include "fleet/index_postings.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static void postings_behave_as_lists(void **unused)
{
    (void)unused;
    enum { KEYS = 200, NUMBERS = 50 };
    static uint8_t model[KEYS][NUMBERS];
    struct fleet_postings p = {0};
    memset(model, 0, sizeof model);
    for (int round = 0; round < 200000; round++) {
        uint32_t key = draw(KEYS), number = draw(NUMBERS);
        /* keys that crowd together */
        uint64_t hashed = 1 + (key % 16) + ((uint64_t)(key / 16) << 40);
        if (model[key][number]) {
            fleet_postings_remove(&p, hashed, number);
            model[key][number] = 0;
        } else {
            assert_int_equal(fleet_postings_add(&p, hashed, number), 0);
            model[key][number] = 1;
        }
    }
    for (uint32_t key = 0; key < KEYS; key++) {
        size_t count, wanted = 0;
        const uint64_t *found =
            fleet_postings_find(&p, 1 + (key % 16) + ((uint64_t)(key / 16) << 40), &count);
        for (uint32_t n = 0; n < NUMBERS; n++)
            wanted += model[key][n];
        assert_int_equal(count, wanted);
        for (size_t i = 0; i < count; i++)
            assert_true(model[key][found[i]]);
    }
    fleet_postings_fini(&p);
}

static const char *const vendors[] = {"Siemens AG", "SIEMENS",  "Simens",     "Schneider Electric ",
                                      "Philips",    "Phillips", "Mobotix AG", "",
                                      "Moxa Inc.",  "ABB"};
static const char *const models[] = {"SIMATIC S7-1500 CPU 1511-1 PN",
                                     "SIMATIC S7-1500 CPU 1511T-1 PN",
                                     "SIMATIC S7-1500",
                                     "SCALANCE M876-4 (EU)",
                                     "SCALANCE M876-4 (EU) (6GK5876-4AA00-2BA2)",
                                     "SCALANCE X308-2M",
                                     "D24M",
                                     "M16",
                                     "Mx6 IP camera",
                                     "Scalanse X308-2M",
                                     "SIMATIC HMI Comfort Panels",
                                     "WinCC",
                                     "Win CC",
                                     "AWK-3121",
                                     "IntelliVue Patient Monitor",
                                     "MELSEC iQ-F series FX5U-32MR/ES",
                                     "EDR-G9010 Series"};
static const char *const versions[] = {"", "1.0", "V2.0", "V3.0.1", "V4.2", "V8.1", "MX-V4.0.1.15"};
static const char *const orders[] = {"", "6ES7511-1TK01-0AB0", "6GK5876-4AA00-2BA2",
                                     "6GK5876-4AA00-2DA2"};

static struct fleet_class *random_class(void)
{
    struct fleet_inventory *i = fleet_inventory_new();
    struct err e = {0};
    struct fleet_class *c;
    assert_non_null(i);
    i->has_nameplate = draw(10) > 0;
    i->nameplate.vendor = slice_str(vendors[draw(ARRAY_LEN(vendors))]);
    i->nameplate.model = slice_str(models[draw(ARRAY_LEN(models))]);
    i->nameplate.firmware = slice_str(versions[draw(ARRAY_LEN(versions))]);
    i->nameplate.order = slice_str(orders[draw(ARRAY_LEN(orders))]);
    i->nameplate.family = slice_str(draw(3) ? "" : "P3");
    if (draw(2)) {
        struct fleet_inventory *more;
        static const char *const parts[] = {
            "{\"name\":\"openssl\",\"version\":\"3.0.1\",\"purl\":\"pkg:generic/openssl@3.0.1\"}",
            "{\"name\":\"WibuKey\",\"vendor\":\"WIBU-SYSTEMS\",\"version\":\"6.40\"}",
            "{\"name\":\"CodeMeter Runtime\",\"vendor\":\"Wibu-Systems AG\",\"version\":\"7.1\"}",
            "{\"name\":\"Adminer\",\"vendor\":\"Adminer\",\"version\":\"4.8\"}"};
        char text[512];
        snprintf(text, sizeof text, "{\"format\":\"tocsin-nameplate/v1\",\"components\":[%s,%s]}",
                 parts[draw(4)], parts[draw(4)]);
        assert_int_equal(fleet_inventory_read(&more, slice_str(text), NULL, &e), 0);
        assert_int_equal(fleet_inventory_merge(i, more, &e), 0);
        fleet_inventory_free(more);
    }
    assert_int_equal(fleet_class_build(&c, i, &e), 0);
    /* as stored, and back: spellings are then those of the class */
    struct fleet_class *stored;
    assert_int_equal(fleet_class_parse(&stored, c->canonical, &e), 0);
    fleet_class_free(c);
    fleet_inventory_free(i);
    return stored;
}

static void text_of(const struct fleet_result *r, struct buf *out)
{
    struct json_writer w;
    buf_reset(out);
    json_write_init(&w, out, 0);
    fleet_result_write(&w, r);
    assert_false(out->failed);
}

enum { CLASSES = 400 };

enum { ADVISORIES = 512 };

struct world {
    struct fleet_class *classes[CLASSES];
    enum fleet_status expected[CLASSES][ADVISORIES];
    struct fleet_index *index;
    struct fleet_aliases *aliases;
    struct fleet_sweep *sweep;
    size_t advisories, hits, results;
};

static void compare_hits(const struct fleet_hits *hits, const struct fleet_hits *again)
{
    assert_int_equal(again->count, hits->count);
    for (size_t i = 0; i < hits->count; i++) {
        assert_int_equal(again->hits[i].id, hits->hits[i].id);
        assert_int_equal(again->answers[again->hits[i].answer].status,
                         hits->answers[hits->hits[i].answer].status);
    }
}

/* What the advisories keep of one is enough for the same hits; and so is what a sweep over them
 * remembers of others. */
static void compare_kept(struct world *w, const struct fleet_hits *hits,
                         const struct fleet_advisories *advisories, uint64_t id,
                         const struct fleet_options *options)
{
    const struct fleet_criteria *kept;
    struct fleet_hits *again;
    struct arena a;
    struct err e = {0};
    arena_init(&a, 0);
    assert_int_equal(fleet_advisories_criteria(advisories, id, &a, &kept, &e), 0);
    assert_int_equal(fleet_index_match(w->index, &again, kept, options, &e), 0);
    compare_hits(hits, again);
    fleet_hits_free(again);
    for (int round = 0; round < 2; round++) {
        arena_reset(&a);
        assert_int_equal(fleet_sweep_match(w->sweep, id, &a, &again, &e), 0);
        compare_hits(hits, again);
        fleet_hits_free(again);
    }
    arena_fini(&a);
}

/* One class against all advisories at once, as one by one. */
static void compare_class(struct world *w, const struct fleet_advisories *advisories, size_t class,
                          size_t count)
{
    struct fleet_options options = {.aliases = w->aliases, .min_confidence = 40};
    struct fleet_concern *concerns;
    size_t concern_count, at = 0;
    struct err e = {0};
    assert_int_equal(fleet_advisories_match(advisories, w->classes[class], &options, &concerns,
                                            &concern_count, &e),
                     0);
    for (size_t id = 0; id < count; id++) {
        if (w->expected[class][id] == FLEET_NOT_LISTED)
            continue;
        assert_true(at < concern_count);
        assert_int_equal(concerns[at].id, id);
        assert_int_equal(concerns[at].status, w->expected[class][id]);
        at++;
    }
    assert_int_equal(at, concern_count);
    mem_free(concerns);
}

/* The same answer by the index and by matching one class, for every class. */
static void compare(struct world *w, const struct fleet_criteria *criteria,
                    const struct fleet_advisories *advisories, uint64_t id)
{
    struct fleet_options options = {.aliases = w->aliases, .min_confidence = 40};
    struct err e = {0};
    struct fleet_hits *hits;
    static const struct fleet_answer *answers[CLASSES];
    struct buf x, y;
    buf_init(&x);
    buf_init(&y);
    memset(answers, 0, sizeof answers);
    assert_int_equal(fleet_index_match(w->index, &hits, criteria, &options, &e), 0);
    compare_kept(w, hits, advisories, id, &options);
    for (size_t i = 0; i < hits->count; i++) {
        assert_true(hits->hits[i].id < CLASSES);
        assert_null(answers[hits->hits[i].id]);
        answers[hits->hits[i].id] = &hits->answers[hits->hits[i].answer];
    }
    for (size_t i = 0; i < CLASSES; i++) {
        struct fleet_result *alone;
        assert_int_equal(fleet_match(&alone, criteria, w->classes[i], &options, &e), 0);
        assert_int_equal(alone->count > 0, answers[i] != NULL);
        if (answers[i]) {
            struct fleet_result *whole;
            uint32_t number = (uint32_t)(answers[i] - hits->answers);
            assert_int_equal(fleet_hits_result(hits, number, &whole, &e), 0);
            text_of(alone, &x);
            text_of(whole, &y);
            assert_string_equal(buf_text(&x), buf_text(&y));
            assert_int_equal(answers[i]->status, whole->status);
            fleet_result_free(whole);
        }
        w->expected[i][id] = alone->status;
        fleet_result_free(alone);
    }
    w->advisories++;
    w->hits += hits->count;
    w->results += hits->answer_count;
    fleet_hits_free(hits);
    buf_fini(&x);
    buf_fini(&y);
}

static void index_answers_as_single_matching(void **unused)
{
    (void)unused;
    static const char root[] = "../shared/data/cisa-csaf/csaf_files/OT/white";
    if (file_kind(root) != 2) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    static struct world w;
    w.index = fleet_index_new();
    w.aliases = fleet_aliases_new();
    struct err e = {0};
    assert_non_null(w.index);
    assert_int_equal(fleet_aliases_add(w.aliases, FLEET_NAME_VENDOR, slice_str("ABB"),
                                       slice_str("Siemens"), slice_str("a test"), &e),
                     0);
    assert_int_equal(fleet_aliases_add(w.aliases, FLEET_NAME_PRODUCT, slice_str("M16"),
                                       slice_str("SCALANCE X308-2M"), slice_str("a test"), &e),
                     0);
    for (uint64_t i = 0; i < CLASSES; i++) {
        w.classes[i] = random_class();
        assert_int_equal(fleet_index_add(w.index, i, w.classes[i], &e), 0);
    }
    assert_int_equal(fleet_index_add(w.index, 5, w.classes[5], &e), -1);
    assert_string_equal(e.code, "index.twice");
    err_clear(&e);
    /* leaving and coming back changes nothing */
    size_t components = fleet_index_components(w.index);
    for (uint64_t i = 0; i < CLASSES; i += 3)
        assert_true(fleet_index_remove(w.index, i));
    assert_false(fleet_index_remove(w.index, 0));
    for (uint64_t i = 0; i < CLASSES; i += 3)
        assert_int_equal(fleet_index_add(w.index, i, w.classes[i], &e), 0);
    assert_int_equal(fleet_index_components(w.index), components);
    assert_int_equal(fleet_index_classes(w.index), CLASSES);

    struct fleet_advisories *advisories = fleet_advisories_new();
    static struct fleet_criteria *criteria[ADVISORIES];
    size_t count = 0;
    for (int year = 2017; year <= 2024; year++) {
        char folder[256];
        snprintf(folder, sizeof folder, "%s/%d", root, year);
        DIR *dir = opendir(folder);
        struct dirent *entry;
        assert_non_null(dir);
        while ((entry = readdir(dir))) {
            char path[600];
            size_t len = strlen(entry->d_name);
            struct buf b;
            struct csaf_document *d;
            if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
                continue;
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            buf_init(&b);
            assert_int_equal(file_read(path, 64 << 20, &b, &e), 0);
            assert_int_equal(csaf_load(&d, buf_slice(&b), &e), 0);
            assert_int_equal(fleet_criteria_build(&criteria[count], d, &e), 0);
            assert_int_equal(fleet_advisories_add(advisories, count, criteria[count], &e), 0);
            count++;
            csaf_free(d);
            buf_fini(&b);
        }
        closedir(dir);
    }
    struct fleet_options options = {.aliases = w.aliases, .min_confidence = 40};
    struct arena none;
    struct fleet_hits *hits;
    arena_init(&none, 0);
    assert_int_equal(fleet_sweep_new(&w.sweep, w.index, advisories, &options, &e), 0);
    assert_int_equal(fleet_sweep_match(w.sweep, count, &none, &hits, &e), -1);
    assert_string_equal(e.code, "index.none");
    err_clear(&e);
    for (size_t i = 0; i < count; i++)
        compare(&w, criteria[i], advisories, i);
    fleet_sweep_free(w.sweep);
    arena_fini(&none);
    for (size_t i = 0; i < CLASSES; i++)
        compare_class(&w, advisories, i, count);
    print_message("%zu advisories, %d classes: %zu hits in %zu answers\n", w.advisories, CLASSES,
                  w.hits, w.results);
    assert_true(w.hits > 500);
    for (size_t i = 0; i < count; i++) {
        assert_true(fleet_advisories_remove(advisories, i));
        fleet_criteria_free(criteria[i]);
    }
    assert_int_equal(fleet_advisories_count(advisories), 0);
    struct fleet_concern *concerns;
    assert_int_equal(fleet_advisories_match(advisories, w.classes[0], NULL, &concerns, &count, &e),
                     0);
    assert_int_equal(count, 0);
    mem_free(concerns);
    for (uint64_t i = 0; i < CLASSES; i++) {
        assert_true(fleet_index_remove(w.index, i));
        fleet_class_free(w.classes[i]);
    }
    assert_int_equal(fleet_index_components(w.index), 0);
    fleet_index_free(w.index);
    fleet_advisories_free(advisories);
    fleet_aliases_free(w.aliases);
}

static struct csaf_document *sample(const char *path)
{
    struct buf b;
    struct err e = {0};
    struct csaf_document *d;
    buf_init(&b);
    assert_int_equal(file_read(path, 1 << 20, &b, &e), 0);
    assert_int_equal(csaf_load(&d, buf_slice(&b), &e), 0);
    buf_fini(&b);
    return d;
}

static struct fleet_class *sample_class(const char *path)
{
    struct buf b;
    struct err e = {0};
    struct fleet_inventory *i;
    struct fleet_class *c;
    buf_init(&b);
    assert_int_equal(file_read(path, 1 << 20, &b, &e), 0);
    assert_int_equal(fleet_inventory_read(&i, buf_slice(&b), NULL, &e), 0);
    assert_int_equal(fleet_class_build(&c, i, &e), 0);
    fleet_inventory_free(i);
    buf_fini(&b);
    return c;
}

/* One whole round with the k-th allocation failing: an honest error, and an index that still holds
 * what it held before. */
static int round_of_work(const struct csaf_document *d, struct fleet_class *const classes[2],
                         struct err *e)
{
    struct fleet_criteria *criteria = NULL;
    struct fleet_index *index = fleet_index_new();
    struct fleet_advisories *advisories = fleet_advisories_new();
    struct fleet_result *whole = NULL;
    struct fleet_hits *hits = NULL, *swept = NULL;
    struct fleet_sweep *sweep = NULL;
    struct arena arena;
    struct fleet_concern *concerns = NULL;
    size_t count = 0;
    arena_init(&arena, 0);
    int result = index && advisories ? 0 : err_memory(e);
    if (result == 0)
        result = fleet_criteria_build(&criteria, d, e);
    if (result == 0)
        result = fleet_advisories_add(advisories, 7, criteria, e);
    for (uint64_t i = 0; result == 0 && i < 2; i++) {
        result = fleet_index_add(index, i, classes[i], e);
        if (result != 0)
            assert_int_equal(fleet_index_classes(index), i);
    }
    if (result == 0)
        result = fleet_index_match(index, &hits, criteria, NULL, e);
    if (result == 0)
        result = fleet_sweep_new(&sweep, index, advisories, NULL, e);
    if (result == 0)
        result = fleet_sweep_match(sweep, 7, &arena, &swept, e);
    if (result == 0)
        compare_hits(hits, swept);
    fleet_hits_free(swept);
    fleet_sweep_free(sweep);
    arena_fini(&arena);
    if (result == 0)
        result = fleet_hits_result(hits, 0, &whole, e);
    if (result == 0)
        result = fleet_advisories_match(advisories, classes[0], NULL, &concerns, &count, e);
    if (result == 0) {
        assert_int_equal(hits->count, 2);
        assert_int_equal(count, 1);
        assert_true(fleet_index_remove(index, 0));
        assert_int_equal(fleet_index_classes(index), 1);
    }
    mem_free(concerns);
    fleet_result_free(whole);
    fleet_hits_free(hits);
    fleet_advisories_free(advisories);
    fleet_index_free(index);
    fleet_criteria_free(criteria);
    return result;
}

static void memory_runs_out(void **unused)
{
    (void)unused;
    struct csaf_document *d = sample("examples/advisories/hc-2026-17.json");
    struct fleet_class *classes[2] = {sample_class("examples/inventories/gateway.json"), NULL};
    struct fleet_inventory *i;
    struct err e = {0};
    assert_int_equal(
        fleet_inventory_read(&i,
                             slice_str("{\"format\":\"tocsin-nameplate/v1\",\"nameplate\":{"
                                       "\"vendor\":\"Hanse Control\",\"model\":\"HG-20\","
                                       "\"firmware\":\"3.0\"}}"),
                             NULL, &e),
        0);
    assert_int_equal(fleet_class_build(&classes[1], i, &e), 0);
    fleet_inventory_free(i);
    for (long k = 0;; k++) {
        err_clear(&e);
        mem_fail_after(k);
        int result = round_of_work(d, classes, &e);
        bool injected = mem_allocations() > k;
        mem_fail_after(-1);
        if (result != 0)
            assert_int_equal(e.kind, ERR_MEMORY);
        if (!injected) {
            assert_int_equal(result, 0);
            assert_true(k > 100);
            break;
        }
    }
    fleet_class_free(classes[0]);
    fleet_class_free(classes[1]);
    csaf_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postings_behave_as_lists),
        cmocka_unit_test(index_answers_as_single_matching),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
