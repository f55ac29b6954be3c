/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching by itself, as the centre runs it: one advisory against all classes
 * (fleet_index_match), one new class against all advisories (fleet_advisories_match, fleet_match
 * for the reasons), and everything afresh. The world is match_world.h's. Assets do not appear: the
 * matcher never sees one, only their classes.
 *
 *   TOCSIN_BENCH_ADVISORIES   300000
 *   TOCSIN_BENCH_CLASSES      20000 and 500000, one after the other; or this one number, and then
 *                             without the advisories that hit all of them
 */
#include "base/clock.h"
#include "base/memory.h"
#include "fleet/index.h"
#include "match_world.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { THREADS = 2, CHUNK = 400, CLASS_ROUNDS = 300, ADVISORY_ROUNDS = 600, HIT_ALL_ROUNDS = 9 };

static double now(void)
{
    return (double)clock_monotonic(&clock_system) / 1e3;
}

/* Milliseconds of processor that this thread took: what others do on the machine is not in it. */
static double spent(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Seconds of processor of all threads, halved: what two processors of its own would take. */
static double shared(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return ((double)t.tv_sec + (double)t.tv_nsec / 1e9) / THREADS;
}

static void die(const char *what)
{
    fprintf(stderr, "match_bench: %s\n", what);
    exit(3);
}

static uint32_t setting(const char *name, uint32_t otherwise)
{
    const char *text = getenv(name);
    return text ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

static double resident_mib(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double kib = 0;
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtod(line + 6, NULL);
    if (f)
        fclose(f);
    return kib / 1024;
}

static double peak_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static int by_value(const void *x, const void *y)
{
    const double *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

struct times {
    double median, high, worst; /* high: 99 of 100 are below */
};

static struct times times_of(double *all, size_t count)
{
    qsort(all, count, sizeof *all, by_value);
    return (struct times){all[count / 2], all[count * 99 / 100], all[count - 1]};
}

/* what | ours | beside | ratio | goal */
static void row(const char *what, const char *ours, double goal, const char *unit)
{
    printf("%s | %s |  |  | ≤ %.0f %s\n", what, ours, goal, unit);
}

/* By the slowest of all, in time of processor. */
static void row_of_times(const char *what, double *cpu, double *clock, size_t count, double goal)
{
    char ours[160];
    struct times t = times_of(cpu, count), c = times_of(clock, count);
    snprintf(ours, sizeof ours, "%.2f ms at worst, %.2f ms median", t.worst, t.median);
    row(what, ours, goal, "ms");
    printf(
        "%s: of processor, 99 of 100 within %.2f ms; by the clock %.2f ms median, %.2f ms for 99 "
        "of 100, %.2f ms at worst\n",
        what, t.high, c.median, c.high, c.worst);
}

static struct fleet_criteria *criteria_of(struct slice text)
{
    struct csaf_document *d;
    struct fleet_criteria *c = NULL;
    struct err e = {0};
    if (csaf_load(&d, text, &e) != 0 || fleet_criteria_build(&c, d, &e) != 0)
        die(e.text);
    csaf_free(d);
    return c;
}

/* ---- many advisories, read by two threads ------------------------------------------------------
 */

struct reading {
    pthread_mutex_t lock;
    const struct world *world;
    struct fleet_advisories *advisories; /* NULL: only matched */
    const struct fleet_index *index;     /* NULL: only read */
    struct buf texts[CHUNK];
    uint32_t first, count, next;
    uint64_t hits, bytes;
};

static uint32_t take(struct reading *r)
{
    pthread_mutex_lock(&r->lock);
    uint32_t taken = r->next++;
    pthread_mutex_unlock(&r->lock);
    return taken;
}

static void *write_texts(void *argument)
{
    struct reading *r = argument;
    for (uint32_t i = take(r); i < r->count; i = take(r)) {
        buf_reset(&r->texts[i]);
        world_advisory(r->world, r->first + i, &r->texts[i]);
        if (r->texts[i].failed)
            die("no memory");
    }
    return NULL;
}

static void *read_texts(void *argument)
{
    struct reading *r = argument;
    uint64_t hits = 0;
    for (uint32_t i = take(r); i < r->count; i = take(r)) {
        struct fleet_criteria *c = criteria_of(buf_slice(&r->texts[i]));
        struct err e = {0};
        if (r->advisories) {
            pthread_mutex_lock(&r->lock);
            if (fleet_advisories_add(r->advisories, r->first + i, c, &e) != 0)
                die(e.text);
            pthread_mutex_unlock(&r->lock);
        }
        if (r->index) {
            struct fleet_hits *h = NULL;
            if (fleet_index_match(r->index, &h, c, NULL, &e) != 0)
                die(e.text);
            hits += h->count;
            fleet_hits_free(h);
        }
        fleet_criteria_free(c);
    }
    pthread_mutex_lock(&r->lock);
    r->hits += hits;
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static void in_parallel(struct reading *r, void *(*work)(void *))
{
    pthread_t threads[THREADS];
    r->next = 0;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, r) != 0)
            die("no thread");
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* Seconds, without those in which the texts were made up; *on_two: see shared. */
static double read_all(struct reading *r, uint32_t count, double *on_two)
{
    double taken = 0;
    *on_two = 0;
    pthread_mutex_init(&r->lock, NULL);
    for (uint32_t at = 0; at < count; at += CHUNK) {
        r->first = at;
        r->count = count - at < CHUNK ? count - at : CHUNK;
        in_parallel(r, write_texts);
        for (uint32_t i = 0; i < r->count; i++)
            r->bytes += r->texts[i].len;
        double started = now(), before = shared();
        in_parallel(r, read_texts);
        taken += now() - started;
        *on_two += shared() - before;
    }
    for (int i = 0; i < CHUNK; i++)
        buf_fini(&r->texts[i]);
    pthread_mutex_destroy(&r->lock);
    malloc_trim(0);
    return taken / 1e3;
}

/* ---- everything that is in memory, matched by two threads ---------------------------------------
 */

struct matching {
    pthread_mutex_t lock;
    struct fleet_sweep *sweep;
    uint32_t count, next;
    uint64_t hits, answers;
};

static void *match_some(void *argument)
{
    struct matching *m = argument;
    struct arena a;
    uint64_t hits = 0, answers = 0;
    arena_init(&a, 0);
    for (;;) {
        pthread_mutex_lock(&m->lock);
        uint32_t first = m->next;
        m->next += 64;
        pthread_mutex_unlock(&m->lock);
        if (first >= m->count)
            break;
        for (uint32_t i = first; i < m->count && i < first + 64; i++) {
            struct fleet_hits *h = NULL;
            struct err e = {0};
            arena_reset(&a);
            if (fleet_sweep_match(m->sweep, i, &a, &h, &e) != 0)
                die(e.text);
            hits += h->count;
            answers += h->answer_count;
            fleet_hits_free(h);
        }
    }
    arena_fini(&a);
    pthread_mutex_lock(&m->lock);
    m->hits += hits;
    m->answers += answers;
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

static double match_everything(struct matching *m, double *on_two)
{
    pthread_t threads[THREADS];
    double started = now(), before = shared();
    pthread_mutex_init(&m->lock, NULL);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, match_some, m) != 0)
            die("no thread");
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&m->lock);
    *on_two = shared() - before;
    return (now() - started) / 1e3;
}

/* ---- rows --------------------------------------------------------------------------------------
 */

static void one_class(const struct world *w, const struct fleet_advisories *advisories,
                      uint32_t first, const char *name)
{
    static double times[CLASS_ROUNDS], cpu[CLASS_ROUNDS], reasons[CLASS_ROUNDS];
    size_t said = 0;
    char what[160];
    struct buf text;
    buf_init(&text);
    for (uint32_t i = 0; i < CLASS_ROUNDS; i++) {
        struct fleet_class *c = world_class(w, first + 2 * i, true);
        struct fleet_concern *concerns;
        struct err e = {0};
        size_t count;
        double started = now(), before = spent();
        if (fleet_advisories_match(advisories, c, NULL, &concerns, &count, &e) != 0)
            die(e.text);
        times[i] = now() - started;
        cpu[i] = spent() - before;
        reasons[i] = 0;
        said += count;
        for (size_t k = 0; k < count; k++) {
            struct fleet_result *result;
            buf_reset(&text);
            world_advisory(w, (uint32_t)concerns[k].id, &text);
            before = spent();
            struct fleet_criteria *criteria = criteria_of(buf_slice(&text));
            if (fleet_match(&result, criteria, c, NULL, &e) != 0)
                die(e.text);
            reasons[i] += spent() - before;
            fleet_result_free(result);
            fleet_criteria_free(criteria);
        }
        mem_free(concerns);
        fleet_class_free(c);
    }
    struct times r = times_of(reasons, CLASS_ROUNDS);
    snprintf(what, sizeof what, "one new class (%s) against %zu advisories", name,
             fleet_advisories_count(advisories));
    row_of_times(what, cpu, times, CLASS_ROUNDS, 5);
    printf("new class (%s): %.1f advisories say something of it; their reasons, with the reading "
           "of their documents: %.2f ms (median; worst %.2f ms)\n",
           name, (double)said / CLASS_ROUNDS, r.median, r.worst);
    buf_fini(&text);
}

static void one_advisory(const struct world *w, const struct fleet_index *index, uint32_t count)
{
    static double times[ADVISORY_ROUNDS], cpu[ADVISORY_ROUNDS];
    size_t hits = 0, most = 0;
    char what[160];
    struct buf text;
    buf_init(&text);
    for (uint32_t i = 0; i < ADVISORY_ROUNDS; i++) {
        struct fleet_hits *h = NULL;
        struct err e = {0};
        buf_reset(&text);
        world_advisory(w, i * (count / ADVISORY_ROUNDS) + i % 7, &text);
        struct fleet_criteria *c = criteria_of(buf_slice(&text));
        double started = now(), before = spent();
        if (fleet_index_match(index, &h, c, NULL, &e) != 0)
            die(e.text);
        times[i] = now() - started;
        cpu[i] = spent() - before;
        hits += h->count;
        most = h->count > most ? h->count : most;
        fleet_hits_free(h);
        fleet_criteria_free(c);
    }
    snprintf(what, sizeof what, "one advisory against %zu classes", fleet_index_classes(index));
    row_of_times(what, cpu, times, ADVISORY_ROUNDS, 50);
    printf("one advisory: %.1f classes hit on average, %zu at most\n",
           (double)hits / ADVISORY_ROUNDS, most);
    buf_fini(&text);
}

/* The fleet of ./bench centre: models in a hundred versions each, and an advisory on every model.
 */
static void every_class_hit(uint32_t classes)
{
    struct fleet_index *index = fleet_index_new();
    struct err e = {0};
    struct buf text;
    double times[HIT_ALL_ROUNDS], cpu[HIT_ALL_ROUNDS];
    char what[160];
    size_t hits = 0, answers = 0;
    uint32_t models = classes / 100;
    buf_init(&text);
    for (uint32_t i = 0; i < classes; i++) {
        struct fleet_inventory *inventory = fleet_inventory_new();
        struct fleet_class *c;
        char model[32], firmware[32];
        if (!inventory || !index)
            die("no memory");
        snprintf(model, sizeof model, "CW-%u", i % models);
        snprintf(firmware, sizeof firmware, "V1.%u", i / models % 100);
        inventory->has_nameplate = true;
        inventory->nameplate.vendor = slice_str("Bench Works");
        inventory->nameplate.model = slice_str(model);
        inventory->nameplate.firmware = slice_str(firmware);
        if (fleet_class_build(&c, inventory, &e) != 0 || fleet_index_add(index, i, c, &e) != 0)
            die(e.text);
        fleet_class_free(c);
        fleet_inventory_free(inventory);
    }
    buf_puts(&text, "{\"document\":{\"category\":\"csaf_security_advisory\",\"csaf_version\":"
                    "\"2.0\",\"publisher\":{\"category\":\"vendor\",\"name\":\"N\",\"namespace\":"
                    "\"https://n.example\"},\"title\":\"t\",\"tracking\":{\"current_release_date\":"
                    "\"2026-01-01T00:00:00Z\",\"id\":\"N-1\",\"initial_release_date\":"
                    "\"2026-01-01T00:00:00Z\",\"revision_history\":[{\"date\":"
                    "\"2026-01-01T00:00:00Z\",\"number\":\"1\",\"summary\":\"s\"}],\"status\":"
                    "\"final\",\"version\":\"1\"}},\"product_tree\":{\"branches\":[{\"category\":"
                    "\"vendor\",\"name\":\"Bench Works\",\"branches\":[");
    for (uint32_t m = 0; m < models; m++)
        buf_printf(&text,
                   "%s{\"category\":\"product_name\",\"name\":\"CW-%u\",\"branches\":[{\"category\""
                   ":\"product_version_range\",\"name\":\"< V9.0\",\"product\":{\"name\":\"x\","
                   "\"product_id\":\"P%u\"}}]}",
                   m ? "," : "", m, m);
    buf_puts(&text, "]}]},\"vulnerabilities\":[{\"cve\":\"CVE-2026-1000\",\"product_status\":{"
                    "\"known_affected\":[");
    for (uint32_t m = 0; m < models; m++)
        buf_printf(&text, "%s\"P%u\"", m ? "," : "", m);
    buf_puts(&text, "]}}]}");
    struct fleet_criteria *criteria = criteria_of(buf_slice(&text));
    for (int i = 0; i < HIT_ALL_ROUNDS; i++) {
        struct fleet_hits *h = NULL;
        double started = now(), before = spent();
        if (fleet_index_match(index, &h, criteria, NULL, &e) != 0)
            die(e.text);
        times[i] = now() - started;
        cpu[i] = spent() - before;
        hits = h->count;
        answers = h->answer_count;
        fleet_hits_free(h);
    }
    snprintf(what, sizeof what, "one advisory that hits all of %u classes (%u models)", classes,
             models);
    row_of_times(what, cpu, times, HIT_ALL_ROUNDS, 50);
    printf("an advisory that hits all: %zu classes hit, %zu answers\n", hits, answers);
    fleet_criteria_free(criteria);
    fleet_index_free(index);
    buf_fini(&text);
}

/* How long documents take to be read and indexed. */
struct read_in {
    double taken, on_two;
};

static void with_classes(const struct world *w, const struct fleet_advisories *advisories,
                         uint32_t count, uint32_t advisory_count, struct read_in documents)
{
    struct fleet_index *index = fleet_index_new();
    double before = resident_mib(), building = 0, on_one = 0, on_two;
    char what[160], ours[160];
    if (!index)
        die("no memory");
    for (uint32_t i = 0; i < count; i++) {
        struct fleet_class *built = world_class(w, i, true), *c;
        struct err e = {0};
        double started = now(), cpu = spent();
        if (fleet_class_parse(&c, built->canonical, &e) != 0 ||
            fleet_index_add(index, i, c, &e) != 0)
            die(e.text);
        building += (now() - started) / 1e3;
        on_one += (spent() - cpu) / 1e3;
        fleet_class_free(c);
        fleet_class_free(built);
    }
    malloc_trim(0);
    printf("%u classes: %zu products, %zu components; read and indexed in %.1f s (%.1f s of "
           "processor), %.0f MiB\n",
           count, fleet_index_products(index), fleet_index_components(index), building, on_one,
           resident_mib() - before);
    one_advisory(w, index, advisory_count);
    struct matching m = {.count = advisory_count};
    struct err e = {0};
    if (fleet_sweep_new(&m.sweep, index, advisories, NULL, &e) != 0)
        die(e.text);
    double matching = match_everything(&m, &on_two);
    double resident = resident_mib();
    fleet_sweep_free(m.sweep);
    snprintf(what, sizeof what, "everything matched afresh: %u advisories, %u classes, 2 threads",
             advisory_count, count);
    snprintf(ours, sizeof ours, "%.1f s of 2 processors", on_two);
    row(what, ours, 60, "s");
    printf("matched afresh, %u classes: %.1f s by the clock; %llu statuses of %llu kinds\n", count,
           matching, (unsigned long long)m.hits, (unsigned long long)m.answers);
    snprintf(what, sizeof what, "the same with classes and documents read anew, %u classes", count);
    snprintf(ours, sizeof ours, "%.1f s of 2 processors", documents.on_two + on_one + on_two);
    row(what, ours, 60, "s");
    printf("read and matched afresh, %u classes: documents %.1f s (%.1f s by the clock), classes "
           "%.1f s on one processor, matching %.1f s\n",
           count, documents.on_two, documents.taken, on_one, on_two);
    snprintf(what, sizeof what, "resident with %u advisories and %u classes", advisory_count,
             count);
    snprintf(ours, sizeof ours, "%.0f MiB", resident);
    row(what, ours, 2048, "MiB");
    fleet_index_free(index);
    malloc_trim(0);
}

int main(void)
{
    const char *source = getenv("TOCSIN_SOURCE");
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/../shared/data/cisa-csaf/csaf_files",
             source ? source : ".");
    setvbuf(stdout, NULL, _IOLBF, 0);
    uint32_t classes = setting("TOCSIN_BENCH_CLASSES", 0);
    if (!classes) {
        every_class_hit(20000);
        every_class_hit(500000);
    }
    struct world *w = world_new(folder);
    if (!w) {
        printf("skipped: no advisories in ../shared/data/cisa-csaf\n");
        return 0;
    }
    uint32_t count = setting("TOCSIN_BENCH_ADVISORIES", 300000);
    struct reading *r = mem_new(1, sizeof *r);
    struct fleet_advisories *advisories = fleet_advisories_new();
    if (!r || !advisories)
        die("no memory");
    for (int i = 0; i < CHUNK; i++)
        buf_init(&r->texts[i]);
    r->world = w;
    r->advisories = advisories;
    double before = resident_mib();
    struct read_in reading;
    reading.taken = read_all(r, count, &reading.on_two);
    printf("%u advisories drawn from %zu real ones, %.1f KB each: read and indexed in %.1f s by 2 "
           "threads, %.1f s of 2 processors (%.0f/s), %.0f MiB\n",
           count, world_templates(w), (double)r->bytes / count / 1e3, reading.taken, reading.on_two,
           count / reading.on_two, resident_mib() - before);
    mem_free(r);
    one_class(w, advisories, 1000000, "device");
    one_class(w, advisories, 1000001, "host");
    with_classes(w, advisories, classes ? classes : 20000, count, reading);
    if (!classes)
        with_classes(w, advisories, 500000, count, reading);
    printf("most that was ever resident, with the texts that were made up: %.0f MiB\n", peak_mib());
    fleet_advisories_free(advisories);
    world_free(w);
    return 0;
}
