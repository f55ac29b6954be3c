/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The validator, for tests/bench/csaf_bench.py; not a bench by itself.
 *
 *   csaf_bench_run passes IDS       paths on standard input, ended by an empty line; then for each
 *                                   line "pass" all are read and validated: "SECONDS VALID
 * FINDINGS" csaf_bench_run ids              the tests of CSAF 2.0 that are there, a line each
 *   csaf_bench_run growths          names of the ways to grow
 *   csaf_bench_run growth N VERSION COUNT    the N-th: "BYTES SECONDS KIB FINDINGS", and the three
 *                                   tests that took longest, "ID SECONDS" each
 *   csaf_bench_run write N VERSION COUNT     the document itself
 *
 * IDS: joined by commas; besides them the schema is compared. KIB: resident at most, beyond what
 * the process had before, the document included.
 */
#include "../support/csaf_growth.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static void stop(const char *why)
{
    fprintf(stderr, "csaf_bench_run: %s\n", why);
    exit(3);
}

static double now(void)
{
    return (double)clock_monotonic(&clock_system) / 1e6;
}

/* Of this thread: what others do on the machine does not count. */
static double processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct csaf_validator *validator_for(const char *ids, const char *preset)
{
    static char copy[8192];
    const char *tests[CSAF_TESTS_MOST + 1] = {0};
    const char *presets[] = {preset, NULL};
    size_t count = 0;
    struct err e = {0};

    snprintf(copy, sizeof copy, "%s", ids ? ids : "");
    for (char *id = strtok(copy, ","); id && count < CSAF_TESTS_MOST; id = strtok(NULL, ","))
        tests[count++] = id;
    struct csaf_validator *v = csaf_validator_new(
        &(struct csaf_validator_options){
            .presets = preset ? presets : NULL, .tests = tests, .now = clock_now(&clock_system)},
        &e);
    if (!v)
        stop(e.text);
    return v;
}

static size_t findings_of(const struct csaf_result *r)
{
    size_t count = r->schema.count;
    for (size_t i = 0; i < r->test_count; i++)
        count += r->tests[i].findings.count;
    return count;
}

static void pass(struct csaf_validator *v, char **paths, size_t count)
{
    double from = now(), processor = processor_time();
    size_t valid = 0, findings = 0;
    struct buf text;

    buf_init(&text);
    for (size_t i = 0; i < count; i++) {
        struct csaf_result r;
        struct err e = {0};
        buf_reset(&text);
        if (file_read(paths[i], csaf_validate_limits.bytes, &text, &e) < 0 ||
            csaf_validate(v, buf_slice(&text), &r, &e) < 0)
            stop(e.text);
        valid += r.valid;
        findings += findings_of(&r);
        csaf_result_free(&r);
    }
    buf_fini(&text);
    printf("%.6f %.6f %zu %zu\n", now() - from, processor_time() - processor, valid, findings);
    fflush(stdout);
}

static int passes(const char *ids)
{
    char line[4096];
    char **paths = NULL;
    size_t count = 0;
    struct csaf_validator *v = validator_for(ids, "schema");

    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (!line[0])
            break;
        paths = mem_resize(paths, count + 1, sizeof *paths);
        if (!paths || !(paths[count++] = mem_strdup(line)))
            stop("no memory");
    }
    while (fgets(line, sizeof line, stdin))
        pass(v, paths, count);
    for (size_t i = 0; i < count; i++)
        mem_free(paths[i]);
    mem_free(paths);
    csaf_validator_free(v);
    return 0;
}

static int ids(void)
{
    struct csaf_validator *v = validator_for(NULL, "full");
    static const char text[] = "{\"document\":{\"csaf_version\":\"2.0\"}}";
    struct csaf_result r;
    struct err e = {0};

    if (csaf_validate(v, slice_str(text), &r, &e) < 0)
        stop(e.text);
    for (size_t i = 0; i < r.test_count; i++)
        if (!r.tests[i].not_run)
            printf("%s\n", r.tests[i].test->id);
    csaf_result_free(&r);
    csaf_validator_free(v);
    return 0;
}

/* Which test took how long. */
struct watched {
    const struct csaf_test *under_way;
    double since;
    struct {
        const struct csaf_test *test;
        double took;
    } longest[4];
};

static void watch(void *context, const struct csaf_test *test)
{
    struct watched *w = context;
    double at = processor_time();

    if (w->under_way) {
        w->longest[3].test = w->under_way;
        w->longest[3].took = at - w->since;
        for (int i = 3; i > 0 && w->longest[i].took > w->longest[i - 1].took; i--) {
            typeof(w->longest[0]) swapped = w->longest[i];
            w->longest[i] = w->longest[i - 1];
            w->longest[i - 1] = swapped;
        }
    }
    w->under_way = test;
    w->since = processor_time();
}

static int growth(const char *number, const char *version, const char *count, bool show)
{
    const struct csaf_growth *g = csaf_growth_at(strtoul(number, NULL, 10));
    enum csaf_version csaf = strcmp(version, "2.0") == 0 ? CSAF_2_0 : CSAF_2_1;
    static const char *const presets[] = {"full", NULL};
    struct watched watched = {0};
    struct err e = {0};
    struct rusage before, after;
    struct buf text;
    struct csaf_result r;

    if (!g || !csaf_growth_has(g, csaf))
        return 1;
    struct csaf_validator *v =
        csaf_validator_new(&(struct csaf_validator_options){.presets = presets,
                                                            .now = clock_now(&clock_system),
                                                            .watch = watch,
                                                            .watch_context = &watched},
                           &e);
    buf_init(&text);
    csaf_growth_write(g, csaf, 2, &text); /* patterns and dictionaries are made once */
    if (!v || csaf_validate(v, buf_slice(&text), &r, &e) < 0)
        stop(e.text);
    csaf_result_free(&r);
    memset(&watched, 0, sizeof watched);
    getrusage(RUSAGE_SELF, &before);
    buf_fini(&text);
    csaf_growth_write(g, csaf, strtoul(count, NULL, 10), &text);
    if (show) {
        fwrite(text.data, 1, text.len, stdout);
        return 0;
    }
    double from = processor_time();
    if (csaf_validate(v, buf_slice(&text), &r, &e) < 0)
        stop(e.text);
    double took = processor_time() - from;
    getrusage(RUSAGE_SELF, &after);
    if (err_is_set(&r.unreadable))
        printf("# %s: %s\n", csaf_growth_name(g), r.unreadable.text);
    printf("%zu %.6f %ld %zu\n", text.len, took, after.ru_maxrss - before.ru_maxrss,
           findings_of(&r));
    for (int i = 0; i < 3 && watched.longest[i].test; i++)
        printf("%s %.6f\n", watched.longest[i].test->id, watched.longest[i].took);
    csaf_result_free(&r);
    csaf_validator_free(v);
    buf_fini(&text);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "passes") == 0)
        return passes(argv[2]);
    if (argc == 2 && strcmp(argv[1], "ids") == 0)
        return ids();
    if (argc == 2 && strcmp(argv[1], "growths") == 0) {
        for (size_t i = 0; csaf_growth_at(i); i++)
            printf("%s\n", csaf_growth_name(csaf_growth_at(i)));
        return 0;
    }
    if (argc == 5 && (strcmp(argv[1], "growth") == 0 || strcmp(argv[1], "write") == 0))
        return growth(argv[2], argv[3], argv[4], strcmp(argv[1], "write") == 0);
    stop("see the head of tests/bench/csaf_bench_run.c");
}
