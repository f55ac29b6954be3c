/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One advisory against many classes, and one class against many advisories. Classes are made from
 * realistic names: OT devices (a nameplate of some vendor, model and firmware) and hosts (a
 * nameplate and a few hundred distribution packages, of which each differs in a few versions).
 * Prints one line a row; nothing is a pass or fail.
 *
 *   match_bench [classes]     default 20000 and 500000
 */
#include "base/clock.h"
#include "base/memory.h"
#include "fleet/index.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static double now(void)
{
    return (double)clock_monotonic(&clock_system) / 1e3;
}

static const char *const makers[] = {
    "Nordlicht Antriebe GmbH", "Hanse Control AG", "Rhein Robotics",    "Alpen Sensorik",
    "Baltic Power Ltd",        "Isar Automation",  "Weser Drives Inc.", "Mosel Medical"};
static const char *const lines[] = {
    "Drive Controller", "Gateway",     "Remote I/O",   "Panel",
    "Edge Switch",      "Power Meter", "Safety Relay", "Motion Servo"};

/* names of packages: pkg0 … are what most hosts have, each in a handful of versions */
enum { PACKAGES = 400, HOST_PACKAGES = 40, VERSIONS = 6 };

static struct fleet_class *device(uint32_t number)
{
    struct fleet_inventory *i = fleet_inventory_new();
    struct err e = {0};
    struct fleet_class *c = NULL;
    char model[64], firmware[32], order[32];
    if (!i)
        exit(3);
    uint32_t kind = number / VERSIONS;
    snprintf(model, sizeof model, "%s %c%u-%u", lines[kind % 8], 'A' + (char)(kind / 8 % 26),
             100 + kind / 208, kind % 7);
    snprintf(firmware, sizeof firmware, "V%u.%u", 1 + number % VERSIONS, number % 10);
    snprintf(order, sizeof order, "NL%05u-%02u-%04u", kind, kind % 97, kind % 9973);
    i->has_nameplate = true;
    i->nameplate.vendor = slice_str(makers[kind % 8]);
    i->nameplate.model = slice_str(model);
    i->nameplate.firmware = slice_str(firmware);
    i->nameplate.order = slice_str(order);
    if (fleet_class_build(&c, i, &e) != 0)
        exit(3);
    fleet_inventory_free(i);
    return c;
}

static struct fleet_class *host(uint32_t number)
{
    struct buf b;
    struct err e = {0};
    struct fleet_inventory *i;
    struct fleet_class *c = NULL;
    buf_init(&b);
    for (uint32_t p = 0; p < HOST_PACKAGES; p++) {
        /* the first are on every host, the others on some */
        uint32_t package = p < 10 ? p : 10 + draw(PACKAGES - 10);
        buf_printf(&b,
                   "Package: pkg%u\nStatus: install ok installed\nArchitecture: amd64\n"
                   "Version: %u.%u-1\n\n",
                   package, 1 + package % 4, draw(VERSIONS));
    }
    if (fleet_inventory_dpkg(&i, buf_slice(&b), slice_str("debian"), NULL, &e) != 0)
        exit(3);
    char serial[32];
    snprintf(serial, sizeof serial, "build %u", number);
    i->has_nameplate = true;
    i->nameplate.vendor = slice_str("Hanse Computer");
    i->nameplate.model = slice_str("Rack Server R7");
    i->nameplate.hardware = slice_str(serial);
    if (fleet_class_build(&c, i, &e) != 0)
        exit(3);
    fleet_inventory_free(i);
    buf_fini(&b);
    return c;
}

static struct fleet_criteria *advisory(const char *products, unsigned number)
{
    struct buf b;
    struct err e = {0};
    struct csaf_document *d;
    struct fleet_criteria *c = NULL;
    buf_init(&b);
    buf_printf(&b,
               "{\"document\":{\"category\":\"csaf_security_advisory\",\"csaf_version\":\"2.0\","
               "\"publisher\":{\"category\":\"vendor\",\"name\":\"N\",\"namespace\":"
               "\"https://n.example\"},\"title\":\"t\",\"tracking\":{\"current_release_date\":"
               "\"2026-01-01T00:00:00Z\",\"id\":\"N-%u\",\"initial_release_date\":"
               "\"2026-01-01T00:00:00Z\",\"revision_history\":[{\"date\":\"2026-01-01T00:00:00Z\","
               "\"number\":\"1\",\"summary\":\"s\"}],\"status\":\"final\",\"version\":\"1\"}},"
               "\"product_tree\":{\"branches\":[%s]},\"vulnerabilities\":[{\"cve\":"
               "\"CVE-2026-1000\",\"product_status\":{\"known_affected\":[\"P0\",\"P1\",\"P2\"]}},"
               "{\"cve\":\"CVE-2026-1001\",\"product_status\":{\"known_affected\":[\"P1\"]}}]}",
               number, products);
    if (csaf_load(&d, buf_slice(&b), &e) != 0 || fleet_criteria_build(&c, d, &e) != 0) {
        fprintf(stderr, "%s %s\n", e.text, e.where);
        exit(3);
    }
    csaf_free(d);
    buf_fini(&b);
    return c;
}

static struct fleet_criteria *device_advisory(uint32_t kind)
{
    char text[2048];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "{\"category\":\"vendor\",\"name\":\"%s\",\"branches\":[",
                                 makers[kind % 8]);
    for (uint32_t p = 0; p < 3; p++) {
        uint32_t k = kind + 8 * p;
        at += (size_t)snprintf(
            text + at, sizeof text - at,
            "%s{\"category\":\"product_name\",\"name\":\"%s %c%u-%u\",\"branches\":[{"
            "\"category\":\"product_version_range\",\"name\":\"< V4\",\"product\":{\"name\":"
            "\"x\",\"product_id\":\"P%u\"}}]}",
            p ? "," : "", lines[k % 8], 'A' + (char)(k / 8 % 26), 100 + k / 208, k % 7, p);
    }
    snprintf(text + at, sizeof text - at, "]}");
    return advisory(text, kind);
}

static struct fleet_criteria *package_advisory(uint32_t package)
{
    char text[2048];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "{\"category\":\"vendor\",\"name\":\"Debian\",\"branches\":[");
    for (uint32_t p = 0; p < 3; p++)
        at += (size_t)snprintf(
            text + at, sizeof text - at,
            "%s{\"category\":\"product_name\",\"name\":\"pkg%u\",\"branches\":[{\"category\":"
            "\"product_version_range\",\"name\":\"vers:deb/<%u.3-1\",\"product\":{\"name\":\"x\","
            "\"product_id\":\"P%u\",\"product_identification_helper\":{\"purl\":"
            "\"pkg:deb/debian/pkg%u\"}}}]}",
            p ? "," : "", package + p, 1 + (package + p) % 4, p, package + p);
    snprintf(text + at, sizeof text - at, "]}");
    return advisory(text, package);
}

static void one_advisory(const struct fleet_index *index, const struct fleet_criteria *c,
                         const char *what)
{
    enum { ROUNDS = 9 };
    double times[ROUNDS];
    size_t hits = 0, results = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct err e = {0};
        struct fleet_hits *h;
        double start = now();
        if (fleet_index_match(index, &h, c, NULL, &e) != 0)
            exit(3);
        times[round] = now() - start;
        hits = h->count;
        results = h->answer_count;
        fleet_hits_free(h);
    }
    for (int i = 1; i < ROUNDS; i++)
        for (int k = i; k > 0 && times[k] < times[k - 1]; k--) {
            double t = times[k];
            times[k] = times[k - 1];
            times[k - 1] = t;
        }
    printf("  %-44s %8.2f ms (median of %d)  %7zu classes, %zu answers\n", what, times[ROUNDS / 2],
           ROUNDS, hits, results);
}

static void classes(uint32_t count, bool hosts)
{
    struct fleet_index *index = fleet_index_new();
    struct err e = {0};
    double building = 0;
    if (!index)
        exit(3);
    for (uint32_t i = 0; i < count; i++) {
        struct fleet_class *c = hosts && i % 2 ? host(i) : device(i / (hosts ? 2 : 1));
        double start = now();
        if (fleet_index_add(index, i, c, &e) != 0)
            exit(3);
        building += now() - start;
        fleet_class_free(c);
    }
    struct mallinfo2 info = mallinfo2();
    printf("%u classes (%s), %zu distinct components; index built in %.0f ms, heap %.0f MiB\n",
           count, hosts ? "devices and hosts" : "devices", fleet_index_components(index), building,
           (double)info.uordblks / (1 << 20));
    struct fleet_criteria *rare = device_advisory(80), *none = device_advisory(4000000);
    one_advisory(index, none, "advisory that concerns nobody");
    one_advisory(index, rare, "advisory on 3 models");
    if (hosts) {
        struct fleet_criteria *some = package_advisory(200), *all = package_advisory(2);
        one_advisory(index, some, "advisory on 3 packages that some hosts have");
        one_advisory(index, all, "advisory on 3 packages that every host has");
        fleet_criteria_free(some);
        fleet_criteria_free(all);
    }
    fleet_criteria_free(rare);
    fleet_criteria_free(none);
    fleet_index_free(index);
}

static void advisories(void)
{
    enum { ADVISORIES = 10000, ROUNDS = 50 };
    static struct fleet_criteria *all[ADVISORIES];
    struct fleet_advisories *index = fleet_advisories_new();
    struct err e = {0};
    if (!index)
        exit(3);
    for (uint32_t i = 0; i < ADVISORIES; i++) {
        all[i] = i % 2 ? package_advisory(draw(PACKAGES)) : device_advisory(draw(2000));
        if (fleet_advisories_add(index, i, all[i], &e) != 0)
            exit(3);
    }
    struct mallinfo2 info = mallinfo2();
    printf("%d advisories, heap %.0f MiB\n", ADVISORIES, (double)info.uordblks / (1 << 20));
    for (int hosts = 0; hosts < 2; hosts++) {
        double finding = 0, matching = 0;
        size_t found = 0;
        for (uint32_t r = 0; r < ROUNDS; r++) {
            struct fleet_class *c = hosts ? host(r) : device(r * 37);
            struct fleet_concern *concerns;
            size_t count;
            double start = now();
            if (fleet_advisories_match(index, c, NULL, &concerns, &count, &e) != 0)
                exit(3);
            double middle = now();
            for (size_t i = 0; i < count; i++) {
                struct fleet_result *result;
                if (fleet_match(&result, all[concerns[i].id], c, NULL, &e) != 0)
                    exit(3);
                fleet_result_free(result);
            }
            finding += middle - start;
            matching += now() - middle;
            found += count;
            mem_free(concerns);
            fleet_class_free(c);
        }
        printf("  new class (%s): %.3f ms to find %.1f advisories, %.3f ms to match them\n",
               hosts ? "host" : "device", finding / ROUNDS, (double)found / ROUNDS,
               matching / ROUNDS);
    }
    for (uint32_t i = 0; i < ADVISORIES; i++)
        fleet_criteria_free(all[i]);
    fleet_advisories_free(index);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        classes((uint32_t)strtoul(argv[1], NULL, 10), true);
        return 0;
    }
    classes(20000, false);
    classes(20000, true);
    classes(500000, true);
    advisories();
    return 0;
}
