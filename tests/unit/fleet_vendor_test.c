/* SPDX-License-Identifier: Apache-2.0 */
/* Which vendors are one: pairs checked by hand, and how the spellings of the corpus group. */
#include "base/file.h"
#include "base/map.h"
#include "base/memory.h"
#include "csaf/document.h"
#include "fleet/match_identify.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define CORPUS "../shared/data/cisa-csaf/csaf_files"

enum { SPELLINGS = 1024 };

struct spellings {
    struct arena arena;
    struct map known;
    struct slice text[SPELLINGS];
    struct fleet_vendor vendor[SPELLINGS];
    size_t group[SPELLINGS]; /* the first of its group */
    size_t count;
};

static struct fleet_vendor vendor_of(struct arena *a, struct slice text)
{
    struct fleet_name name;
    struct fleet_vendor vendor;
    struct err e = {0};
    assert_int_equal(fleet_name_normalise(a, FLEET_NAME_VENDOR, text, &name, &e), 0);
    assert_int_equal(fleet_vendor_make(a, &name, &vendor, &e), 0);
    return vendor;
}

/* one: the same, though it may cost something; near: so near that a question follows, never an
 * exclusion; two: different. */
enum expected { ONE, NEAR, TWO };

static void pairs_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        enum expected expected;
    } pairs[] = {
        {"Siemens AG", "Siemens", ONE},
        {"SIEMENS", "Siemens Aktiengesellschaft", NEAR},
        {"Siemens", "Siemens Digital Industries Software", ONE},
        {"Rockwell Automation, Inc.", "Rockwell Automation", ONE},
        {"Rockwell Automation", "Rockwell", ONE},
        {"Rockwell Automation", "Allen-Bradley", ONE},
        {"Schweitzer Engineering Laboratories, Inc.", "SEL", ONE},
        {"Open Design Alliance", "ODA", ONE},
        {"Open Design Alliance", "ODB", TWO},
        {"Open Design", "OD", TWO},
        {"Hitachi Energy", "ABB", ONE},
        {"Reolink Digital", "Reolnk", NEAR},
        {"Schneider Electric ", "Schneider Electric", ONE},
        {"Schneider Electric Software, LLC", "Schneider Electric SE", ONE},
        {"Schneider-Electric", "Schneider Electric", ONE},
        {"Johnson Controls Inc.", "Johnson Controls, Inc.", ONE},
        {"Johnson Controls Inc", "Johnson Controls International plc", ONE},
        {"Kantech, Johnson Controls Inc.", "Johnson Controls", ONE},
        {"Kantech, Johnson Controls Inc.", "Kantech", ONE},
        {"General Electric (GE)", "GE", ONE},
        {"General Electric (GE)", "GE Digital", ONE},
        {"General Electric", "GE Digital", ONE},
        {"General Electric (GE) and Emerson", "Emerson Electric Co.", ONE},
        {"B&R Industrial Automation GmbH", "B&R Industrial Automation", ONE},
        {"B&R Industrial Automation GmbH", "B&R", ONE},
        {"Becton, Dickinson and Company (BD)", "BD", ONE},
        {"Becton, Dickinson and Company (BD)", "Becton Dickinson", ONE},
        {"Becton, Dickinson and Company (BD)", "Becton, Dickinson & Co.", ONE},
        {"Mitsubishi Electric Corporation", " Mitsubishi Electric", ONE},
        {"Mitsubishi Electric", "Mitsubishi", ONE},
        {"WECON", "WECON Technology Co., Ltd.", ONE},
        {"Weintek", "Weintek Labs., Inc.", ONE},
        {"Uniview", "Zhejiang Uniview Technologies Co., Ltd.", ONE},
        {"Dahua Technology Co, Ltd", "Zhejiang Dahua Technology Co., Ltd.", ONE},
        {"Philips", "Koninklijke Philips N.V.", ONE},
        {"Philips", "Philips Healthcare", ONE},
        {"Philips", "Phillips", NEAR},
        {"Dr\xc3\xa4ger", "Draeger", ONE},
        {"Dr\xc3\xa4ger", "Dr\xc3\xa4gerwerk AG & Co. KGaA", ONE},
        {"Geutebr\xc3\x83\xc2\xbc"
         "ck",
         "Geutebrueck", ONE},
        {"Automation Direct", "AutomationDirect", ONE},
        {"PEPPERL+FUCHS", "Pepperl & Fuchs SE", ONE},
        {"Wibu-Systems AG", "WIBU-SYSTEMS AG", ONE},
        {"Wibu-Systems AG", "Wibu", ONE},
        {"HMS Industrial Networks", "HMS Networks", ONE},
        {"HMS Networks", "HMS", ONE},
        {"HMS Networks", "eWON", ONE},
        {"Subnet Solutions Inc.", "SUBNET", ONE},
        {"MegaSys Computer Technologies", "MegaSys", ONE},
        {"JTEKT Corporation", "JTEKT", ONE},
        {"OSIsoft LLC", "OSIsoft", ONE},
        {"OSIsoft LLC", "AVEVA", ONE},
        {"AVEVA Software, LLC", "AVEVA", ONE},
        {"Yokogawa", "Yokogawa Electric Corporation", ONE},
        {"Hirschmann Automation and Control GmbH, Belden Inc.", "Hirschmann", ONE},
        {"Hirschmann Automation and Control GmbH, Belden Inc.", "Belden", ONE},
        {"Baker Hughes - Bently Nevada", "Bently Nevada, Baker Hughes", ONE},
        {"PHOENIX CONTACT, Innominate Security Technologies", "Phoenix Contact GmbH & Co. KG", ONE},
        {"Hitachi Energy", "Hitachi ABB Power Grids", ONE},
        {"Advantech", "Advantec", NEAR},
        {"Advantech", "Advantech B+B SmartWorx", NEAR},
        {"Schnieder Electric", "Schneider Electric", NEAR},
        {"Rockwell Automaton", "Rockwell Automation", NEAR},
        /* not one */
        {"Hitachi Energy", "Hitachi", NEAR},
        {"Siemens Energy", "Siemens", NEAR},
        {"Delta Electronics", "Delta Controls", TWO},
        {"Mitsubishi Electric", "Schneider Electric", TWO},
        {"Fuji Electric", "Fujitsu", TWO},
        {"General Electric", "General Motors", TWO},
        {"Emerson", "Ericsson", TWO},
        {"ABB", "ABUS", TWO},
        {"Moxa", "Mobotix", TWO},
        {"Philips", "Phoenix Contact", TWO},
        {"WECON", "WAGO", TWO},
        {"Red Lion", "Red Hat", TWO},
        {"Trane", "Trend", TWO},
        {"Johnson Controls", "Delta Controls", TWO},
        {"Smiths Medical", "Natus Medical", TWO},
        {"Medtronic", "Mettronic", NEAR},
        {"Change Healthcare", "GE Healthcare", TWO},
        {"Acme Systems", "Acme Networks", TWO},
        {"Systems", "Networks", TWO},
        {"Technologies", "Siemens", TWO},
        {"Zhejiang Technologies", "Zhejiang Systems", TWO},
        {"Kantech", "Exacq Technologies", TWO},
        {"Hirschmann", "Tofino", TWO},
        {"HMS Networks", "Subnet Solutions", TWO},
        {"Westermo", "Westinghouse", TWO},
    };
    struct arena a;
    size_t wrong = 0;
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct fleet_vendor x = vendor_of(&a, slice_str(pairs[i].a));
        struct fleet_vendor y = vendor_of(&a, slice_str(pairs[i].b));
        int cost, back;
        enum fleet_vendor_rule rule = fleet_vendor_compare(&x, &y, NULL, &cost);
        assert_int_equal(fleet_vendor_compare(&y, &x, NULL, &back), rule);
        assert_int_equal(cost, back);
        enum expected got = rule >= FLEET_VENDOR_ALIAS    ? ONE
                            : rule >= FLEET_VENDOR_PREFIX ? NEAR
                                                          : TWO;
        /* one and the same product by name, 96, may then be excluded */
        if (got != pairs[i].expected || (got == ONE && 96 - cost < FLEET_SURE)) {
            print_message("\"%s\" and \"%s\": %d at %d, right is %d\n", pairs[i].a, pairs[i].b,
                          (int)got, cost, (int)pairs[i].expected);
            wrong++;
        }
    }
    arena_fini(&a);
    assert_int_equal(wrong, 0);
}

static void collect(struct spellings *v, const char *path)
{
    struct buf b;
    struct err e = {0};
    struct csaf_document *d;
    buf_init(&b);
    assert_int_equal(file_read(path, 64 << 20, &b, &e), 0);
    assert_int_equal(csaf_load(&d, buf_slice(&b), &e), 0);
    for (size_t i = 0; i < d->product_count; i++) {
        const struct csaf_branch *branch = csaf_branch_find(&d->products[i], CSAF_BRANCH_VENDOR);
        if (!branch || map_get(&v->known, branch->name))
            continue;
        char *copy = arena_copy(&v->arena, branch->name.data, branch->name.len);
        assert_non_null(copy);
        assert_true(v->count < SPELLINGS);
        struct slice text = slice_of(copy, branch->name.len);
        assert_int_equal(map_set(&v->known, text, copy), 0);
        v->text[v->count] = text;
        v->vendor[v->count++] = vendor_of(&v->arena, text);
    }
    csaf_free(d);
    buf_fini(&b);
}

static void collect_corpus(struct spellings *v)
{
    for (int year = 2017; year <= 2024; year++)
        for (int it = 0; it < 2; it++) {
            char folder[256];
            snprintf(folder, sizeof folder, "%s/%s/white/%d", CORPUS, it ? "IT" : "OT", year);
            DIR *dir = opendir(folder);
            struct dirent *entry;
            while (dir && (entry = readdir(dir))) {
                size_t len = strlen(entry->d_name);
                if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
                    continue;
                char path[600];
                snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
                collect(v, path);
            }
            if (dir)
                closedir(dir);
        }
}

static int by_text(const void *x, const void *y)
{
    return slice_compare(*(const struct slice *)x, *(const struct slice *)y);
}

static bool several(const struct fleet_vendor *vendor)
{
    for (size_t i = 0; i < vendor->count; i++)
        if (vendor->forms[i].rules & FLEET_RULE_PART)
            return true;
    return false;
}

/* Each group on a line, so that a reader sees what falls together. */
/* What a title names between the vendor and its product may stand in an inventory as the vendor. */
static void brands_of_titles(void **state)
{
    (void)state;
    static const struct {
        const char *title, *product, *vendor;
        enum expected expected;
    } cases[] = {
        {"nordlicht seegras panel manager", "panel manager", "Seegras", ONE},
        {"nordlicht seegras panel manager", "panel manager", "Tang", TWO},
        /* no product follows */
        {"nordlicht seegras products", "panel manager", "Seegras", TWO},
        /* words that stand in any title */
        {"nordlicht multiple panel managers and panel", "panel manager", "Multiple", TWO},
        {"nordlicht limited panel manager", "panel manager", "Limited", TWO},
        {"westlicht seegras panel manager", "panel manager", "Seegras", TWO},
    };
    struct arena a;
    struct err e = {0};
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fleet_name name;
        struct fleet_vendor theirs, ours = vendor_of(&a, slice_str(cases[i].vendor));
        assert_int_equal(
            fleet_name_normalise(&a, FLEET_NAME_VENDOR, slice_str("Nordlicht AG"), &name, &e), 0);
        assert_int_equal(fleet_vendor_of_title(&a, &name, slice_str(cases[i].title),
                                               slice_str(cases[i].product), &theirs, &e),
                         0);
        enum fleet_vendor_rule rule = fleet_vendor_compare(&theirs, &ours, NULL, NULL);
        if ((rule >= FLEET_VENDOR_ALIAS) != (cases[i].expected == ONE))
            fail_msg("%s: %s", cases[i].title, cases[i].vendor);
    }
    arena_fini(&a);
}

static void vendors_of_the_corpus(void **state)
{
    (void)state;
    if (file_kind(CORPUS) != 2) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    struct spellings *v = mem_new(1, sizeof *v);
    assert_non_null(v);
    size_t groups = 0, grouped = 0, near = 0;
    arena_init(&v->arena, 0);
    map_init(&v->known);
    collect_corpus(v);
    for (size_t i = 0; i < v->count; i++) {
        v->group[i] = i;
        for (size_t k = 0; k < i; k++) {
            enum fleet_vendor_rule rule =
                fleet_vendor_compare(&v->vendor[i], &v->vendor[k], NULL, NULL);
            if (rule == FLEET_VENDOR_MISSPELT || rule == FLEET_VENDOR_PREFIX) {
                near++;
                print_message("near: \"%.*s\" and \"%.*s\"\n", SLICE_ARG(v->text[k]),
                              SLICE_ARG(v->text[i]));
            }
            /* a field of several vendors belongs to none of them alone */
            if (rule >= FLEET_VENDOR_ALIAS && !several(&v->vendor[i]) && !several(&v->vendor[k]) &&
                v->group[i] == i)
                v->group[i] = v->group[k];
        }
        groups += v->group[i] == i;
    }
    for (size_t i = 0; i < v->count; i++) {
        struct slice members[SPELLINGS];
        size_t count = 0;
        for (size_t k = i; k < v->count && v->group[i] == i; k++)
            if (v->group[k] == i)
                members[count++] = v->text[k];
        if (count < 2)
            continue;
        qsort(members, count, sizeof *members, by_text);
        for (size_t k = 0; k < count; k++)
            print_message("%s\"%.*s\"", k ? " = " : "", SLICE_ARG(members[k]));
        print_message("\n");
        grouped += count;
    }
    print_message("measured: vendors of the corpus: %zu spellings are %zu names, %zu of them in "
                  "groups; %zu pairs are near\n",
                  v->count, groups, grouped, near);
    assert_true(v->count >= 140);
    assert_true(groups + 12 <= v->count);
    assert_true(near <= 12);
    map_fini(&v->known);
    arena_fini(&v->arena);
    mem_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_by_hand),
        cmocka_unit_test(brands_of_titles),
        cmocka_unit_test(vendors_of_the_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
