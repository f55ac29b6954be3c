/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast a document is read (parsed, and freed again) beside jansson, both refusing duplicate
 * names: the two take turns in one run, and the medians are compared. Prints rows of a table.
 */
#include "../jansson.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 21, TEXTS_MOST = 4096 };

static struct buf texts[TEXTS_MOST];
static size_t text_count;
static uint64_t state = 0x2545F4914F6CDD1DU;

static unsigned draw(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % below);
}

static void stop(const char *why)
{
    fprintf(stderr, "json_bench: %s\n", why);
    exit(1);
}

static void put_branch(struct json_writer *w, unsigned i)
{
    char text[160];

    json_write_object(w);
    json_member_string(w, "category", "product_version");
    snprintf(text, sizeof(text), "vers:generic/>=%u.%u|<%u.%u", i % 9, draw(20), i % 9 + 1,
             draw(9));
    json_member_string(w, "name", text);
    json_write_name(w, "product");
    json_write_object(w);
    snprintf(text, sizeof(text), "Dönerät Fördertechnik \"Line %u\" controller %u", i % 7, i);
    json_member_string(w, "name", text);
    snprintf(text, sizeof(text), "CSAFPID-%06u", i);
    json_member_string(w, "product_id", text);
    json_write_name(w, "product_identification_helper");
    json_write_object(w);
    snprintf(text, sizeof(text), "pkg:generic/foerdertechnik/line%u@%u", i % 7, i);
    json_member_string(w, "purl", text);
    json_write_name(w, "hashes");
    json_write_array(w);
    json_write_object(w);
    json_write_name(w, "file_hashes");
    json_write_array(w);
    json_write_object(w);
    json_member_string(w, "algorithm", "sha256");
    snprintf(text, sizeof(text), "%08x%08x%08x%08x%08x%08x%08x%08x", draw(1U << 31), draw(1U << 31),
             i, draw(1U << 31), draw(1U << 31), i, draw(1U << 31), draw(1U << 31));
    json_member_string(w, "value", text);
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_object_end(w);
    json_write_object_end(w);
    json_write_object_end(w);
}

static void put_vulnerability(struct json_writer *w, unsigned i, unsigned products)
{
    static const char note[] =
        "The affected component does not check the length of a field that an attacker who reaches "
        "the maintenance port can set. By sending a message that is longer than the buffer, the "
        "controller can be stopped until it is switched off and on again.\nUpdate to the version "
        "named below, or close the port.";
    char text[160];

    json_write_object(w);
    snprintf(text, sizeof(text), "CVE-2026-%05u", i);
    json_member_string(w, "cve", text);
    json_write_name(w, "notes");
    json_write_array(w);
    json_write_object(w);
    json_member_string(w, "category", "summary");
    json_member_string(w, "text", note);
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_name(w, "product_status");
    json_write_object(w);
    json_write_name(w, "known_affected");
    json_write_array(w);
    for (int p = 0; p < 12; p++) {
        snprintf(text, sizeof(text), "CSAFPID-%06u", draw(products));
        json_write_string(w, text);
    }
    json_write_array_end(w);
    json_write_object_end(w);
    json_write_name(w, "scores");
    json_write_array(w);
    json_write_object(w);
    json_write_name(w, "cvss_v3");
    json_write_object(w);
    json_member_string(w, "version", "3.1");
    json_write_name(w, "baseScore");
    json_write_double(w, draw(100) / 10.0);
    json_member_string(w, "baseSeverity", "HIGH");
    json_member_string(w, "vectorString", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
    json_write_object_end(w);
    json_write_object_end(w);
    json_write_array_end(w);
    json_member_int(w, "order", i);
    json_member_bool(w, "published", i % 2 == 0);
    json_write_object_end(w);
}

static void put_document(struct buf *out, unsigned indent)
{
    enum { PRODUCTS = 8000, VULNERABILITIES = 2000, FAMILY = 40 };
    struct json_writer w;
    char text[64];

    state = 0x2545F4914F6CDD1DU;
    json_write_init(&w, out, indent);
    json_write_object(&w);
    json_write_name(&w, "document");
    json_write_object(&w);
    json_member_string(&w, "category", "csaf_security_advisory");
    json_member_string(&w, "csaf_version", "2.0");
    json_member_string(&w, "title", "Line controllers: denial of service");
    json_write_object_end(&w);
    json_write_name(&w, "product_tree");
    json_write_object(&w);
    json_write_name(&w, "branches");
    json_write_array(&w);
    for (unsigned i = 0; i < PRODUCTS; i += FAMILY) {
        json_write_object(&w);
        json_member_string(&w, "category", "product_name");
        snprintf(text, sizeof(text), "Line %u", i / FAMILY);
        json_member_string(&w, "name", text);
        json_write_name(&w, "branches");
        json_write_array(&w);
        for (unsigned j = 0; j < FAMILY; j++)
            put_branch(&w, i + j);
        json_write_array_end(&w);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    json_write_name(&w, "vulnerabilities");
    json_write_array(&w);
    for (unsigned i = 0; i < VULNERABILITIES; i++)
        put_vulnerability(&w, i, PRODUCTS);
    json_write_array_end(&w);
    json_write_object_end(&w);
    if (out->failed)
        stop("out of memory");
}

static double seconds_of(int64_t from)
{
    return (double)(clock_monotonic(&clock_system) - from) / 1e6;
}

static double run_ours(size_t passes)
{
    int64_t from = clock_monotonic(&clock_system);

    for (size_t pass = 0; pass < passes; pass++) {
        for (size_t i = 0; i < text_count; i++) {
            struct json_doc *doc;
            struct err e = {0};
            if (json_parse(&doc, buf_slice(&texts[i]), &json_limits_advisory, &e) != 0)
                stop(e.text);
            json_doc_free(doc);
        }
    }
    return seconds_of(from);
}

static double run_jansson(const struct jansson *j, size_t passes)
{
    int64_t from = clock_monotonic(&clock_system);

    for (size_t pass = 0; pass < passes; pass++) {
        for (size_t i = 0; i < text_count; i++) {
            struct jansson_error e;
            struct jansson_value *v = j->load((const char *)texts[i].data, texts[i].len,
                                              JANSSON_REJECT_DUPLICATES | JANSSON_ALLOW_NUL, &e);
            if (!v)
                stop(e.text);
            jansson_release(j, v);
        }
    }
    return seconds_of(from);
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof(*values), compare);
    return values[ROUNDS / 2];
}

static void compare_on_texts(const struct jansson *j, const char *what)
{
    double ours[ROUNDS];
    double theirs[ROUNDS];
    double bytes = 0;

    for (size_t i = 0; i < text_count; i++)
        bytes += (double)texts[i].len;
    /* jansson is slower: as long as it takes for one pass, ours is measured over several */
    run_jansson(j, 1);
    run_ours(1);
    for (int round = 0; round < ROUNDS; round++) {
        ours[round] = run_ours(4) / 4;
        theirs[round] = run_jansson(j, 1);
    }
    double a = bytes / median(ours) / 1e6;
    double b = bytes / median(theirs) / 1e6;
    printf("json parse, %s %.1f MB | ours %.0f MB/s | jansson %.0f MB/s | %.1f x | goal >= 4 x\n",
           what, bytes / 1e6, a, b, a / b);
    for (size_t i = 0; i < text_count; i++)
        buf_fini(&texts[i]);
    text_count = 0;
}

/* An object of that many members must not cost more a member than a small one. */
static double member_cost(unsigned members)
{
    struct buf text;
    double best = 1e9;

    buf_init(&text);
    for (unsigned i = 0; i < members; i++)
        buf_printf(&text, "%c\"name-%u\":%u", i ? ',' : '{', i, i);
    buf_putc(&text, '}');
    for (int round = 0; round < 5; round++) {
        struct json_doc *doc;
        struct err e = {0};
        int64_t from = clock_monotonic(&clock_system);
        if (json_parse(&doc, buf_slice(&text), &json_limits_advisory, &e) != 0)
            stop(e.text);
        double took = seconds_of(from);
        best = took < best ? took : best;
        json_doc_free(doc);
    }
    buf_fini(&text);
    return best / members * 1e9;
}

static int take_file(const char *path, const struct stat *s, int type, struct FTW *walk)
{
    struct err e = {0};
    size_t len = strlen(path);

    (void)s;
    (void)walk;
    if (type != FTW_F || len < 5 || strcmp(path + len - 5, ".json") != 0 ||
        text_count == TEXTS_MOST)
        return 0;
    buf_init(&texts[text_count]);
    if (file_read(path, json_limits_advisory.bytes, &texts[text_count], &e) != 0)
        stop(e.text);
    text_count++;
    return 0;
}

int main(void)
{
    static const char advisories[] = "../shared/data/cisa-csaf/csaf_files";
    struct jansson j;

    if (!jansson_open(&j))
        stop("libjansson.so.4 cannot be loaded");
    put_document(&texts[text_count++], 2);
    compare_on_texts(&j, "CSAF-like, indented");
    put_document(&texts[text_count++], 0);
    compare_on_texts(&j, "CSAF-like, compact");
    if (nftw(advisories, take_file, 16, FTW_PHYS) != 0 || text_count == 0)
        printf("json parse, CISA advisories | skipped: no ../shared/data\n");
    else
        compare_on_texts(&j, "CISA advisories one by one");
    double few = member_cost(10000);
    double many = member_cost(1000000);
    printf("json object of 1,000,000 members | %.0f ns a member | of 10,000 %.0f ns | %.1f x | "
           "goal: linear, but for the cache\n",
           many, few, many / few);
    return 0;
}
