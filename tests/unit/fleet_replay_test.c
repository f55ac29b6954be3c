/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same inputs in any order give the same statements. Random small worlds: classes come and go,
 * advisories come, are revised and withdrawn, and statements are kept as the centre keeps them (an
 * advisory is matched with the classes that are there, a class with the advisories). In the end
 * they are compared, by status and by every byte, with those of the same world computed afresh in
 * another order, and with those of each pair matched alone.
 */
#include "base/file.h"
#include "base/memory.h"
#include "fleet/index.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { CLASSES = 40, DOCUMENTS = 80, SLOTS = 30, WORLDS = 12, STEPS = 150, LISTED = 6 };

static uint64_t state = 0x2545f4914f6cdd1du;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static const char *const vendors[] = {
    "Weser Systems", "Weser Systems GmbH", "Isar Labs", "Isar Laps", "", "Baltic Power"};
static const char *const models[] = {"HG-10", "HG-10 X",     "HG-1x",         "Gateway HG-10",
                                     "HG",    "Meter 400",   "Meter 400 Pro", "M400",
                                     "Meter", "Panel View 7"};
static const char *const versions[] = {"",       "1.0", "V1.2", "1.2.3", "2.0",
                                       "V3 SP1", "3.0", "4.10", "4.9",   "2021-08-13"};
static const char *const ranges[] = {
    "< V2.0",      "<= 1.2.3",      ">= 1.0 | < 3.0", "all versions", "vers:all/*",     "3.0",
    "V3 < V3 SP1", "prior to 4.10", "see the manual", "1.0, 1.2",     "vers:deb/<2.0-1"};
static const char *const statuses[] = {"known_affected",     "known_affected",
                                       "known_affected",     "fixed",
                                       "known_not_affected", "under_investigation"};
static const char *const orders[] = {"", "", "6ES7511-1TK01-0AB0", "6ES7511-1TK01-0AB1"};

#define PICK(list) list[draw(ARRAY_LEN(list))]

static struct fleet_class *random_class(void)
{
    struct fleet_inventory *i;
    struct fleet_class *built, *stored;
    struct err e = {0};
    struct buf b;
    buf_init(&b);
    buf_puts(&b, "{\"format\":\"tocsin-nameplate/v1\"");
    if (draw(6))
        buf_printf(&b,
                   ",\"nameplate\":{\"vendor\":\"%s\",\"model\":\"%s\",\"firmware\":\"%s\","
                   "\"order\":\"%s\",\"family\":\"%s\"}",
                   PICK(vendors), PICK(models), PICK(versions), PICK(orders), draw(3) ? "" : "HG");
    buf_puts(&b, ",\"components\":[");
    uint32_t count = draw(3) ? 0 : 1 + draw(5);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t major = draw(4);
        if (draw(2))
            buf_printf(&b, "%s{\"name\":\"lib%u\",\"purl\":\"pkg:deb/debian/lib%u@%u.0-1\"}",
                       k ? "," : "", draw(3), draw(3), major);
        else
            buf_printf(&b, "%s{\"name\":\"%s\",\"vendor\":\"%s\",\"version\":\"%s\"}", k ? "," : "",
                       PICK(models), PICK(vendors), PICK(versions));
    }
    buf_puts(&b, "]}");
    assert_int_equal(fleet_inventory_read(&i, buf_slice(&b), NULL, &e), 0);
    assert_int_equal(fleet_class_build(&built, i, &e), 0);
    assert_int_equal(fleet_class_parse(&stored, built->canonical, &e), 0);
    fleet_class_free(built);
    fleet_inventory_free(i);
    buf_fini(&b);
    return stored;
}

static void put_product(struct buf *b, uint32_t number, bool last)
{
    bool range = draw(3) > 0;
    const char *purl = draw(4) ? NULL : "pkg:deb/debian/lib";
    buf_printf(b,
               "{\"category\":\"vendor\",\"name\":\"%s\",\"branches\":[{\"category\":\"%s\","
               "\"name\":\"%s\",\"branches\":[{\"category\":\"%s\",\"name\":\"%s\",\"product\":{"
               "\"name\":\"product %u\",\"product_id\":\"P%u\"",
               draw(8) ? vendors[draw(2)] : vendors[2 + draw(2)],
               draw(6) ? "product_name" : "product_family", PICK(models),
               range ? "product_version_range" : "product_version",
               range ? PICK(ranges) : versions[1 + draw(ARRAY_LEN(versions) - 1)], number, number);
    if (purl)
        buf_printf(b, ",\"product_identification_helper\":{\"purl\":\"%s%u\"}", purl, draw(3));
    else if (draw(5) == 0)
        buf_printf(b, ",\"product_identification_helper\":{\"model_numbers\":[\"%s\"]}",
                   orders[2 + draw(2)]);
    else if (draw(6) == 0)
        buf_puts(b, ",\"product_identification_helper\":{\"serial_numbers\":[\"A*\"]}");
    buf_printf(b, "}}]}]}%s", last ? "" : ",");
}

static struct fleet_criteria *random_criteria(uint32_t number)
{
    uint32_t listed = 1 + draw(LISTED), vulnerabilities = 1 + draw(3);
    bool related = listed > 1 && draw(3) == 0;
    struct csaf_document *d;
    struct fleet_criteria *c;
    struct err e = {0};
    struct buf b;
    buf_init(&b);
    buf_printf(&b,
               "{\"document\":{\"category\":\"csaf_security_advisory\",\"csaf_version\":\"2.0\","
               "\"publisher\":{\"category\":\"vendor\",\"name\":\"N\",\"namespace\":"
               "\"https://n.example\"},\"title\":\"t\",\"tracking\":{\"current_release_date\":"
               "\"2026-01-01T00:00:00Z\",\"id\":\"N-%u\",\"initial_release_date\":"
               "\"2026-01-01T00:00:00Z\",\"revision_history\":[{\"date\":\"2026-01-01T00:00:00Z\","
               "\"number\":\"1\",\"summary\":\"s\"}],\"status\":\"final\",\"version\":\"1\"}},"
               "\"product_tree\":{\"branches\":[",
               number);
    for (uint32_t p = 0; p < listed; p++)
        put_product(&b, p, p + 1 == listed);
    buf_puts(&b, "]");
    if (related)
        buf_printf(&b,
                   ",\"relationships\":[{\"category\":\"%s\",\"full_product_name\":{\"name\":"
                   "\"both\",\"product_id\":\"R\"},\"product_reference\":\"P0\","
                   "\"relates_to_product_reference\":\"P1\"}]",
                   draw(2) ? "installed_on" : "default_component_of");
    buf_puts(&b, "},\"vulnerabilities\":[");
    size_t said = 0, behind = 0;
    for (uint32_t v = 0; v < vulnerabilities; v++) {
        buf_printf(&b, "%s{\"cve\":\"CVE-2026-%u\",\"product_status\":{", v ? "," : "", 1000 + v);
        /* some say just what the one before says */
        if (v && draw(3) == 0) {
            char *again = mem_strdup(buf_text(&b));
            assert_non_null(again);
            buf_put(&b, again + said, behind - said);
            mem_free(again);
            continue;
        }
        said = b.len;
        uint32_t first = draw(listed);
        buf_printf(&b, "\"%s\":[\"%s\"", PICK(statuses), related && draw(2) ? "R" : "P0");
        for (uint32_t p = 1; p <= first; p++)
            buf_printf(&b, ",\"P%u\"", p);
        buf_puts(&b, "]");
        if (first + 1 < listed)
            buf_printf(&b, ",\"last_affected\":[\"P%u\"]", first + 1);
        buf_puts(&b, "}}");
        behind = b.len;
    }
    buf_puts(&b, "]}");
    if (csaf_load(&d, buf_slice(&b), &e) != 0)
        fail_msg("%s %s: %s", e.text, e.where, buf_text(&b));
    assert_int_equal(fleet_criteria_build(&c, d, &e), 0);
    csaf_free(d);
    buf_fini(&b);
    return c;
}

/* Real advisories among them, as far as they are there. */
static size_t real_criteria(struct fleet_criteria **all, size_t room)
{
    static const char folder[] = "../shared/data/cisa-csaf/csaf_files/OT/white/2022";
    DIR *dir = opendir(folder);
    struct dirent *entry;
    size_t count = 0;
    while (dir && count < room && (entry = readdir(dir))) {
        char path[600];
        size_t len = strlen(entry->d_name);
        struct csaf_document *d;
        struct err e = {0};
        struct buf b;
        if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        buf_init(&b);
        assert_int_equal(file_read(path, 64 << 20, &b, &e), 0);
        assert_int_equal(csaf_load(&d, buf_slice(&b), &e), 0);
        assert_int_equal(fleet_criteria_build(&all[count++], d, &e), 0);
        csaf_free(d);
        buf_fini(&b);
    }
    if (dir)
        closedir(dir);
    return count;
}

struct statement {
    enum fleet_status status;
    char *text; /* NULL: none */
};

/* What there is; an advisory's place holds the document of its newest revision. */
struct world {
    struct fleet_class *classes[CLASSES];
    struct fleet_criteria *documents[DOCUMENTS];
    struct fleet_index *index;
    struct fleet_advisories *advisories;
    bool joined[CLASSES];
    int advisory[SLOTS]; /* document; -1: none */
    struct statement statements[CLASSES][SLOTS];
};

static void forget(struct statement *s)
{
    mem_free(s->text);
    *s = (struct statement){0};
}

static void keep(struct statement *s, const struct fleet_result *r)
{
    struct json_writer w;
    struct buf b;
    forget(s);
    if (r->status == FLEET_NOT_LISTED)
        return;
    buf_init(&b);
    json_write_init(&w, &b, 0);
    fleet_result_write(&w, r);
    s->status = r->status;
    s->text = mem_strdup(buf_text(&b));
    assert_non_null(s->text);
    buf_fini(&b);
}

static void join(struct world *w, size_t class)
{
    struct fleet_concern *concerns;
    struct err e = {0};
    size_t count;
    assert_int_equal(
        fleet_advisories_match(w->advisories, w->classes[class], NULL, &concerns, &count, &e), 0);
    for (size_t i = 0; i < count; i++) {
        struct fleet_result *r;
        size_t slot = concerns[i].id;
        assert_int_equal(
            fleet_match(&r, w->documents[w->advisory[slot]], w->classes[class], NULL, &e), 0);
        assert_int_equal(r->status, concerns[i].status);
        keep(&w->statements[class][slot], r);
        fleet_result_free(r);
    }
    mem_free(concerns);
    assert_int_equal(fleet_index_add(w->index, class, w->classes[class], &e), 0);
    w->joined[class] = true;
}

static void leave(struct world *w, size_t class)
{
    assert_true(fleet_index_remove(w->index, class));
    for (size_t i = 0; i < SLOTS; i++)
        forget(&w->statements[class][i]);
    w->joined[class] = false;
}

static void withdraw(struct world *w, size_t slot)
{
    if (w->advisory[slot] < 0)
        return;
    assert_true(fleet_advisories_remove(w->advisories, slot));
    for (size_t i = 0; i < CLASSES; i++)
        forget(&w->statements[i][slot]);
    w->advisory[slot] = -1;
}

static void import(struct world *w, size_t slot, int document)
{
    struct fleet_hits *h;
    struct err e = {0};
    withdraw(w, slot);
    assert_int_equal(fleet_advisories_add(w->advisories, slot, w->documents[document], &e), 0);
    w->advisory[slot] = document;
    assert_int_equal(fleet_index_match(w->index, &h, w->documents[document], NULL, &e), 0);
    for (size_t i = 0; i < h->count; i++) {
        struct fleet_result *r;
        assert_int_equal(fleet_hits_result(h, h->hits[i].answer, &r, &e), 0);
        assert_int_equal(r->status, h->answers[h->hits[i].answer].status);
        keep(&w->statements[h->hits[i].id][slot], r);
        fleet_result_free(r);
    }
    fleet_hits_free(h);
}

static void begin(struct world *w)
{
    w->index = fleet_index_new();
    w->advisories = fleet_advisories_new();
    assert_non_null(w->index);
    assert_non_null(w->advisories);
    for (size_t i = 0; i < SLOTS; i++)
        w->advisory[i] = -1;
}

static void end(struct world *w)
{
    for (size_t i = 0; i < CLASSES; i++)
        if (w->joined[i])
            leave(w, i);
    for (size_t i = 0; i < SLOTS; i++)
        withdraw(w, i);
    assert_int_equal(fleet_index_components(w->index), 0);
    assert_int_equal(fleet_index_products(w->index), 0);
    assert_int_equal(fleet_advisories_count(w->advisories), 0);
    fleet_index_free(w->index);
    fleet_advisories_free(w->advisories);
}

/* The same classes and advisories as in `of`, one after the other in some order. */
static void afresh(struct world *w, const struct world *of)
{
    size_t todo[CLASSES + SLOTS], count = 0;
    memcpy(w->classes, of->classes, sizeof w->classes);
    memcpy(w->documents, of->documents, sizeof w->documents);
    begin(w);
    for (size_t i = 0; i < CLASSES; i++)
        if (of->joined[i])
            todo[count++] = i;
    for (size_t i = 0; i < SLOTS; i++)
        if (of->advisory[i] >= 0)
            todo[count++] = CLASSES + i;
    for (; count > 0; count--) {
        size_t at = draw((uint32_t)count), next = todo[at];
        todo[at] = todo[count - 1];
        if (next < CLASSES)
            join(w, next);
        else
            import(w, next - CLASSES, of->advisory[next - CLASSES]);
    }
}

static size_t compare(const struct world *x, const struct world *y)
{
    size_t said = 0;
    for (size_t i = 0; i < CLASSES; i++)
        for (size_t k = 0; k < SLOTS; k++) {
            const struct statement *a = &x->statements[i][k], *b = &y->statements[i][k];
            struct statement alone = {0};
            assert_int_equal(a->status, b->status);
            assert_int_equal(a->text != NULL, b->text != NULL);
            if (a->text)
                assert_string_equal(a->text, b->text);
            said += a->text != NULL;
            if (!x->joined[i] || x->advisory[k] < 0)
                continue;
            struct fleet_result *r;
            struct err e = {0};
            assert_int_equal(fleet_match(&r, x->documents[x->advisory[k]], x->classes[i], NULL, &e),
                             0);
            keep(&alone, r);
            assert_int_equal(alone.status, a->status);
            if (alone.text)
                assert_string_equal(alone.text, a->text);
            forget(&alone);
            fleet_result_free(r);
        }
    return said;
}

static void any_order_gives_the_same_statements(void **unused)
{
    size_t said = 0, affected = 0;
    (void)unused;
    for (int number = 0; number < WORLDS; number++) {
        static struct world w, fresh;
        memset(&w, 0, sizeof w);
        memset(&fresh, 0, sizeof fresh);
        begin(&w);
        for (size_t i = 0; i < CLASSES; i++)
            w.classes[i] = random_class();
        size_t real = number % 4 == 3 ? real_criteria(w.documents, 20) : 0;
        for (size_t i = real; i < DOCUMENTS; i++)
            w.documents[i] = random_criteria((uint32_t)i);
        for (int step = 0; step < STEPS; step++) {
            size_t class = draw(CLASSES), slot = draw(SLOTS);
            if (draw(2) && w.joined[class])
                leave(&w, class);
            else if (draw(2) && !w.joined[class])
                join(&w, class);
            else if (draw(6) == 0)
                withdraw(&w, slot);
            else
                import(&w, slot, (int)draw(DOCUMENTS));
        }
        afresh(&fresh, &w);
        said += compare(&w, &fresh);
        for (size_t i = 0; i < CLASSES; i++)
            for (size_t k = 0; k < SLOTS; k++)
                affected += w.statements[i][k].status == FLEET_AFFECTED;
        end(&fresh);
        end(&w);
        for (size_t i = 0; i < CLASSES; i++)
            fleet_class_free(w.classes[i]);
        for (size_t i = 0; i < DOCUMENTS; i++)
            fleet_criteria_free(w.documents[i]);
    }
    print_message("%d worlds: %zu statements, %zu affected, the same in any order\n", WORLDS, said,
                  affected);
    assert_true(said > 1000);
    assert_true(affected > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_order_gives_the_same_statements)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
