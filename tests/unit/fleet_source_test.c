/* SPDX-License-Identifier: Apache-2.0 */
/* Advisories of other sources: from real documents to an answer for a package. */
#include "base/file.h"
#include "fleet/match.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char *const folders[] = {"../shared/data/osv-golang/data/osv",
                                      "../shared/data/osv-golang/data/cve/v5"};

static bool have_data(void)
{
    return file_kind(folders[0]) == 2;
}

static struct csaf_document *document_of(const char *path, struct err *e)
{
    struct buf text;
    struct csaf_document *d = NULL;
    buf_init(&text);
    if (file_read(path, 16 << 20, &text, e) == 0 && csaf_load(&d, buf_slice(&text), e) != 0)
        d = NULL;
    buf_fini(&text);
    return d;
}

/* Places are those of the original text: what stands there is what the pointer names. */
static void check_places(const struct csaf_document *d)
{
    for (size_t i = 0; i < d->product_count; i++) {
        const struct csaf_place *place = &d->products[i].place;
        const struct json_value *v = json_resolve(d->json, slice_str(place->pointer));
        size_t line, column;
        assert_non_null(v);
        json_place(d->json, v, &line, &column);
        assert_int_equal(line, place->line);
        assert_int_equal(column, place->column);
    }
}

/* Every document of the two corpora is read, or refused with a reason. */
static void whole_corpora(void **state)
{
    (void)state;
    static const size_t counts[] = {4291, 239};
    static const enum csaf_source sources[] = {CSAF_SOURCE_OSV, CSAF_SOURCE_CVE};
    if (!have_data()) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    for (size_t f = 0; f < ARRAY_LEN(folders); f++) {
        size_t read = 0, refused = 0, silent = 0, products = 0, understood = 0;
        DIR *dir = opendir(folders[f]);
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));) {
            char path[512];
            struct err e = {0};
            size_t length = strlen(entry->d_name);
            if (length < 5 || strcmp(entry->d_name + length - 5, ".json") != 0)
                continue;
            snprintf(path, sizeof path, "%s/%s", folders[f], entry->d_name);
            struct csaf_document *d = document_of(path, &e);
            if (!d) {
                refused++;
                assert_true(e.text[0] && e.clause[0] && e.where[0]);
                print_message("%s: %s (%s)\n", path, e.text, e.where);
                continue;
            }
            read++;
            assert_int_equal(d->source, sources[f]);
            assert_true(d->id.len && d->version.len && d->namespace.len && d->title.len);
            assert_int_equal(d->vulnerability_count, 1);
            check_places(d);
            struct fleet_criteria *c;
            assert_int_equal(fleet_criteria_build(&c, d, &e), 0);
            silent += c->target_count == 0;
            products += c->target_count;
            for (size_t i = 0; i < c->target_count; i++) {
                assert_true(c->targets[i].purl.len > 0);
                understood += c->targets[i].range.kind != PRODUCT_RANGE_OPAQUE;
            }
            fleet_criteria_free(c);
            csaf_free(d);
        }
        closedir(dir);
        print_message(
            "measured: %s: %zu documents read, %zu refused; %zu packages, %zu ranges understood; "
            "%zu documents say nothing (withdrawn)\n",
            csaf_source_name(sources[f]), read, refused, products, understood, silent);
        assert_int_equal(read, counts[f]);
        assert_int_equal(understood, products);
    }
}

/* Frees the document. */
static enum fleet_status status_of(struct csaf_document *d, const char *purl)
{
    struct err e = {0};
    struct buf text;
    struct fleet_criteria *criteria;
    struct fleet_inventory *inventory;
    struct fleet_class *class;
    struct fleet_result *result;
    buf_init(&text);
    const char *at = strrchr(purl, '@');
    const char *kind = strncmp(purl, "cpe:", 4) == 0 ? "cpe" : "purl";
    buf_printf(&text,
               "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":[{\"type\":"
               "\"library\",\"name\":\"x\",\"version\":\"%.*s\",\"%s\":\"%s\"}]}",
               (int)strcspn(at ? at + 1 : "", "?#"), at ? at + 1 : "", kind, purl);
    assert_int_equal(fleet_criteria_build(&criteria, d, &e), 0);
    assert_int_equal(fleet_inventory_read(&inventory, buf_slice(&text), NULL, &e), 0);
    assert_int_equal(fleet_class_build(&class, inventory, &e), 0);
    assert_int_equal(fleet_match(&result, criteria, class, NULL, &e), 0);
    enum fleet_status status = result->status;
    fleet_result_free(result);
    fleet_class_free(class);
    fleet_inventory_free(inventory);
    fleet_criteria_free(criteria);
    csaf_free(d);
    buf_fini(&text);
    return status;
}

static enum fleet_status answer(const char *path, const char *purl)
{
    struct err e = {0};
    struct csaf_document *d = document_of(path, &e);
    if (!d)
        fail_msg("%s: %s (%s)", path, e.text, e.where);
    return status_of(d, purl);
}

static enum fleet_status answer_of_text(const char *text, const char *purl)
{
    struct err e = {0};
    struct csaf_document *d;
    if (csaf_load(&d, slice_str(text), &e) != 0)
        fail_msg("%s: %s (%s)", text, e.text, e.where);
    return status_of(d, purl);
}

/* Record format 5: versions, changes and the status of all others; the three statuses are A
 * affected, N not affected, U unknown, I under investigation. */
static void entries_of_cve_records(void **state)
{
    (void)state;
#define V(text) "{\"versionType\":\"semver\"," text "}"
    static const struct {
        const char *entry;
        const char *answers; /* for 0.9, 1.0, 1.5, 1.7, 2.0, 2.5, 3.0, 4.0 */
    } rows[] = {
        {"\"defaultStatus\":\"unaffected\",\"versions\":[" V(
             "\"version\":\"1.0\",\"lessThan\":\"2.0\",\"status\":\"affected\"") "]",
         "NAAANNNN"},
        {"\"defaultStatus\":\"unaffected\",\"versions\":[" V(
             "\"version\":\"1.0\",\"lessThanOrEqual\":\"2.0\",\"status\":\"affected\"") "]",
         "NAAAANNN"},
        /* without a word on the others they are unknown */
        {"\"versions\":[" V("\"version\":\"1.0\",\"lessThan\":\"2.0\",\"status\":\"affected\"") "]",
         "UAAAUUUU"},
        {"\"versions\":[" V("\"version\":\"0\",\"lessThan\":\"2.0\",\"status\":\"affected\"") "," V(
             "\"version\":\"2.0\",\"lessThan\":\"*\",\"status\":\"unaffected\"") "]",
         "AAAANNNN"},
        /* all others are affected */
        {"\"defaultStatus\":\"affected\",\"versions\":[" V(
             "\"version\":\"1.5\",\"lessThan\":\"2."
             "0\",\"status\":\"unaffected\"") "," V("\"version\":\"3.0\",\"status\":"
                                                    "\"unaffected\"") "]",
         "AANNAANA"},
        {"\"defaultStatus\":\"affected\",\"versions\":[" V(
             "\"version\":\"2.0\",\"lessThan\":\"*\",\"status\":\"unaffected\"") "]",
         "AAAANNNN"},
        {"\"defaultStatus\":\"affected\"", "AAAAAAAA"},
        {"\"defaultStatus\":\"unaffected\"", "NNNNNNNN"},
        {"\"defaultStatus\":\"unknown\"", "IIIIIIII"},
        /* one range whose status changes on the way */
        {"\"defaultStatus\":\"unaffected\",\"versions\":[" V(
             "\"version\":\"1.0\",\"lessThan\":\"3.0\",\"status\":\"affected\",\"changes\":["
             "{\"at\":\"1.5\",\"status\":\"unaffected\"},{\"at\":\"2.0\",\"status\":"
             "\"affected\"}]") "]",
         "NANNAANN"},
        /* a fix on a branch, unaffected from there on, for ever */
        {"\"defaultStatus\":\"unaffected\",\"versions\":[" V(
             "\"version\":\"1.0\",\"lessThan\":\"*\",\"status\":\"affected\",\"changes\":["
             "{\"at\":\"2.5\",\"status\":\"unaffected\"}]") "]",
         "NAAAANNN"},
        {"\"defaultStatus\":\"unaffected\",\"versions\":[" V(
             "\"version\":\"1.0\",\"lessThan\":\"2."
             "0\",\"status\":\"affected\"") "," V("\"version\":\"2.0\",\"lessThan\":\"3.0\","
                                                  "\"status\":\"unknown\"") "]",
         "NAAAIINN"},
        /* as several publishers write it: a range in the place of one version */
        {"\"versions\":[{\"version\":\">= 1.0, < 2.0\",\"status\":\"affected\"}]", "UAAAUUUU"},
        {"\"versions\":[{\"version\":\"1.5\",\"status\":\"affected\"},{\"version\":\"1.7\","
         "\"status\":\"affected\"}]",
         "UUAAUUUU"},
        {"\"versions\":[{\"version\":\"*\",\"status\":\"affected\"}]", "AAAAAAAA"},
        /* nothing that can be compared */
        {"\"defaultStatus\":\"unaffected\",\"versions\":[{\"version\":\"abc\",\"lessThan\":"
         "\"def\",\"versionType\":\"git\",\"status\":\"affected\"}]",
         "UUUUUUUU"},
        {"\"versions\":[{\"version\":\"n/a\",\"status\":\"affected\"}]", "UUUUUUUU"},
    };
    static const char *const versions[] = {"0.9", "1.0", "1.5", "1.7", "2.0", "2.5", "3.0", "4.0"};
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[2048], got[ARRAY_LEN(versions) + 1] = "";
        snprintf(text, sizeof text,
                 "{\"dataType\":\"CVE_RECORD\",\"cveMetadata\":{\"cveId\":\"CVE-2026-1000\"},"
                 "\"containers\":{\"cna\":{\"affected\":[{\"vendor\":\"v\",\"product\":\"p\","
                 "\"collectionURL\":\"https://any.npmjs.org\",\"packageName\":\"p\",%s}]}}}",
                 rows[i].entry);
        for (size_t k = 0; k < ARRAY_LEN(versions); k++) {
            char purl[64];
            snprintf(purl, sizeof purl, "pkg:npm/p@%s", versions[k]);
            got[k] = "-AUIFN"[answer_of_text(text, purl)];
        }
        if (strcmp(got, rows[i].answers) != 0) {
            print_message("%s: %s, not %s\n", rows[i].entry, got, rows[i].answers);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* Bounds of CPE names, and what has to be beside them */
static void applicability_of_cve_records(void **state)
{
    (void)state;
    static const char record[] =
        "{\"dataType\":\"CVE_RECORD\",\"cveMetadata\":{\"cveId\":\"CVE-2026-1000\"},"
        "\"containers\":{\"cna\":{\"cpeApplicability\":[{\"operator\":\"OR\",\"nodes\":[{"
        "\"operator\":\"OR\",\"cpeMatch\":[{\"vulnerable\":true,\"criteria\":"
        "\"cpe:2.3:a:acme:web:*:*:*:*:*:*:*:*\",\"versionStartExcluding\":\"1.0\","
        "\"versionEndIncluding\":\"1.9\"},{\"vulnerable\":true,\"criteria\":"
        "\"cpe:2.3:a:acme:mail:4.2:*:*:*:*:*:*:*\"}]}]},{\"operator\":\"AND\",\"nodes\":[{"
        "\"operator\":\"OR\",\"cpeMatch\":[{\"vulnerable\":true,\"criteria\":"
        "\"cpe:2.3:o:acme:box_firmware:*:*:*:*:*:*:*:*\",\"versionEndExcluding\":\"2.0\"}]},{"
        "\"operator\":\"OR\",\"cpeMatch\":[{\"vulnerable\":false,\"criteria\":"
        "\"cpe:2.3:h:acme:box:-:*:*:*:*:*:*:*\"}]}]}]}}}";
    static const struct {
        const char *cpe;
        enum fleet_status status;
    } rows[] = {
        {"cpe:2.3:a:acme:web:1.0", FLEET_NOT_AFFECTED},
        {"cpe:2.3:a:acme:web:1.1", FLEET_AFFECTED},
        {"cpe:2.3:a:acme:web:1.9", FLEET_AFFECTED},
        {"cpe:/a:acme:web:2.0", FLEET_NOT_AFFECTED},
        {"cpe:2.3:a:acme:mail:4.2", FLEET_AFFECTED},
        {"cpe:2.3:a:acme:mail:4.3", FLEET_UNKNOWN},
        {"cpe:2.3:o:acme:box_firmware:1.0", FLEET_UNKNOWN},
        {"cpe:2.3:o:acme:box_firmware:2.0", FLEET_NOT_AFFECTED},
        {"cpe:2.3:a:other:web:1.1", FLEET_NOT_LISTED},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum fleet_status got = answer_of_text(record, rows[i].cpe);
        if (got != rows[i].status)
            fail_msg("%s: %s", rows[i].cpe, fleet_status_name(got));
    }
}

/* A small document must not become gigabytes. */
static void products_are_limited(void **state)
{
    (void)state;
    struct buf text;
    struct csaf_document *d;
    struct err e = {0};
    buf_init(&text);
    buf_puts(&text,
             "{\"bomFormat\":\"CycloneDX\",\"vulnerabilities\":[{\"id\":\"A-1\",\"affects\":[");
    for (size_t i = 0; i <= 250000; i++)
        buf_puts(&text, i ? ",{\"ref\":\"a\"}" : "{\"ref\":\"a\"}");
    buf_puts(&text, "]}]}");
    assert_int_equal(csaf_load(&d, buf_slice(&text), &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_string_equal(e.code, "csaf.limit");
    buf_fini(&text);
}

/* The schema's own evaluation, for events that no document of the corpus has */
static void events_of_osv_documents(void **state)
{
    (void)state;
    static const struct {
        const char *affected;
        const char *answers; /* for 0.9, 1.0, 1.5, 2.0, 2.5, 3.0 */
    } rows[] = {
        {"\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"1.0.0\"},"
         "{\"last_affected\":\"2.0.0\"}]}]",
         "NAAANN"},
        /* events in any order */
        {"\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"fixed\":\"2.5.0\"},{\"introduced\":"
         "\"0\"},{\"introduced\":\"2.0.0\"},{\"fixed\":\"1.0.0\"}]}]",
         "ANNANN"},
        {"\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"1.0.0\"},{\"limit\":"
         "\"2.0.0\"}]}]",
         "NAANNN"},
        {"\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"1.0.0\"},{\"fixed\":"
         "\"1.5.0\"}]},{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"2.5.0\"}]}]",
         "NANNAA"},
        /* versions that a list names are affected beside the ranges; a list alone says no more */
        {"\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"1.0.0\"},{\"fixed\":"
         "\"1.5.0\"}]}],\"versions\":[\"1.0.0\",\"2.5.0\"]",
         "NANNAN"},
        {"\"versions\":[\"1.0.0\",\"1.5.0\"]", "UAAUUU"},
        /* commits are not compared: unknown, and beside a range no less than it */
        {"\"ranges\":[{\"type\":\"GIT\",\"repo\":\"r\",\"events\":[{\"introduced\":\"0\"}]}]",
         "UUUUUU"},
        {"\"ranges\":[{\"type\":\"GIT\",\"repo\":\"r\",\"events\":[{\"introduced\":\"0\"}]},"
         "{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"2.0.0\"}]}]",
         "AAANNN"},
    };
    static const char *const versions[] = {"0.9.0", "1.0.0", "1.5.0", "2.0.0", "2.5.0", "3.0.0"};
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[2048], got[ARRAY_LEN(versions) + 1] = "";
        snprintf(text, sizeof text,
                 "{\"id\":\"X-1\",\"modified\":\"2026-01-01T00:00:00Z\",\"affected\":[{\"package\":"
                 "{\"ecosystem\":\"npm\",\"name\":\"@s/p\"},%s}]}",
                 rows[i].affected);
        for (size_t k = 0; k < ARRAY_LEN(versions); k++) {
            char purl[64];
            snprintf(purl, sizeof purl, "pkg:npm/%%40s/p@%s", versions[k]);
            got[k] = "-AUIFN"[answer_of_text(text, purl)];
        }
        if (strcmp(got, rows[i].answers) != 0) {
            print_message("%s: %s, not %s\n", rows[i].affected, got, rows[i].answers);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* Names of packages become package URLs as each ecosystem has them. */
static void packages_of_ecosystems(void **state)
{
    (void)state;
    static const struct {
        const char *ecosystem, *name, *inventory;
        int status;
    } rows[] = {
        {"npm", "@s/p", "pkg:npm/%40s/p@1.0.0", FLEET_AFFECTED},
        {"PyPI", "Django_x", "pkg:pypi/django-x@1.0", FLEET_AFFECTED},
        {"Maven", "org.a:b", "pkg:maven/org.a/b@1.0", FLEET_AFFECTED},
        {"crates.io", "rand", "pkg:cargo/rand@1.0.0", FLEET_AFFECTED},
        {"Packagist", "Laravel/Laravel", "pkg:composer/laravel/laravel@1.0", FLEET_AFFECTED},
        {"Go", "golang.org/x/net", "pkg:golang/golang.org/x/net@1.0.0", FLEET_AFFECTED},
        {"GitHub Actions", "a/b", "pkg:githubactions/a/b@1.0.0", FLEET_AFFECTED},
        /* a source package of one release */
        {"Debian:12", "ssl", "pkg:deb/debian/libssl@1.0?distro=bookworm&upstream=ssl",
         FLEET_AFFECTED},
        {"Debian:12", "ssl", "pkg:deb/debian/libssl@1.0?distro=trixie&upstream=ssl",
         FLEET_NOT_LISTED},
        {"Ubuntu:22.04:LTS", "ssl", "pkg:deb/ubuntu/ssl@1.0?distro=jammy&upstream=ssl",
         FLEET_AFFECTED},
        {"Alpine:v3.18", "ssl", "pkg:apk/alpine/ssl@1.0?distro=3.18.4&upstream=ssl",
         FLEET_AFFECTED},
        {"Muon", "ssl", "pkg:generic/ssl@1.0", FLEET_NOT_LISTED},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "{\"id\":\"X-1\",\"modified\":\"2026-01-01T00:00:00Z\",\"affected\":[{\"package\":"
                 "{\"ecosystem\":\"%s\",\"name\":\"%s\"},\"ranges\":[{\"type\":\"ECOSYSTEM\","
                 "\"events\":[{\"introduced\":\"0\"}]}]}]}",
                 rows[i].ecosystem, rows[i].name);
        int got = (int)answer_of_text(text, rows[i].inventory);
        if (got != rows[i].status)
            fail_msg("%s %s, %s: %s", rows[i].ecosystem, rows[i].name, rows[i].inventory,
                     fleet_status_name((enum fleet_status)got));
    }
}

/* Read document by document: what the schema's own evaluation says of the version. */
static void answers_read_by_hand(void **state)
{
    (void)state;
    enum { A = FLEET_AFFECTED, N = FLEET_NOT_AFFECTED, U = FLEET_UNKNOWN, S = FLEET_NOT_LISTED };
#define G "pkg:golang/github.com/"
    static const struct {
        const char *id;
        const char *purl;
        int osv, cve; /* what each of both sources says; -1: there is no such record */
    } rows[] = {
        /* introduced 0, fixed 1.6.0 */
        {"GO-2020-0001", G "gin-gonic/gin@v1.5.0", A, A},
        {"GO-2020-0001", G "gin-gonic/gin@1.5.9", A, A},
        {"GO-2020-0001", G "gin-gonic/gin@v1.6.0", N, N},
        {"GO-2020-0001", G "gin-gonic/gin@v1.6.0-rc1", A, A},
        {"GO-2020-0001", G "gin-gonic/gin", U, U},
        {"GO-2020-0001", G "gin-gonic/gon@v1.5.0", S, S},
        {"GO-2020-0001", "pkg:npm/gin@1.5.0", S, S},
        /* a pseudo-version is before 0.0.0, and after what came earlier that day */
        {"GO-2021-0106", G "whyrusleeping/tar-utils@v0.0.0-20201201191209-aaaaaaaaaaaa", A, A},
        {"GO-2021-0106", G "whyrusleeping/tar-utils@v0.0.0-20201201191210-20a61371de5b", N, N},
        {"GO-2021-0106", G "whyrusleeping/tar-utils@v0.1.0", N, N},
        /* three lines of the standard library; 1.27.0-0 is before every 1.27 */
        {"GO-2026-6089", "pkg:golang/stdlib@1.25.12", A, A},
        {"GO-2026-6089", "pkg:golang/stdlib@1.25.13", N, N},
        {"GO-2026-6089", "pkg:golang/stdlib@1.25.99", N, N},
        {"GO-2026-6089", "pkg:golang/stdlib@1.26.0-rc.1", A, A},
        {"GO-2026-6089", "pkg:golang/stdlib@1.26.5", A, A},
        {"GO-2026-6089", "pkg:golang/stdlib@1.26.6", N, N},
        {"GO-2026-6089", "pkg:golang/stdlib@1.27.0-rc.2", A, A},
        {"GO-2026-6089", "pkg:golang/stdlib@1.27.0-rc.3", N, N},
        {"GO-2026-6089", "pkg:golang/stdlib@1.27.0", N, N},
        {"GO-2026-6089", "pkg:golang/stdlib", U, U},
        /* two packages in one document, each with ranges of its own */
        {"GO-2023-1571", "pkg:golang/golang.org/x/net@v0.6.0", A, A},
        {"GO-2023-1571", "pkg:golang/golang.org/x/net@v0.7.0", N, N},
        {"GO-2023-1571", "pkg:golang/stdlib@1.20.0", A, A},
        {"GO-2023-1571", "pkg:golang/stdlib@1.20.1", N, N},
        {"GO-2023-1571", "pkg:golang/stdlib@1.19.6", N, N},
        /* only on Windows, which no inventory of packages shows */
        {"GO-2021-0051", G "labstack/echo/v4@v4.1.17", U, U},
        {"GO-2021-0051", G "labstack/echo/v4@v4.1.18-0.20201215153152-4422e3b66b9f", N, N},
        {"GO-2021-0051", G "labstack/echo/v4@v4.2.0", N, N},
        /* gaps between the ranges, which begin with a version, not with 0 */
        {"GO-2026-5726", G "mattermost/mattermost-server@v10.10.9+incompatible", N, -1},
        {"GO-2026-5726", G "mattermost/mattermost-server@v10.11.0+incompatible", A, -1},
        {"GO-2026-5726", G "mattermost/mattermost-server@v10.11.14+incompatible", N, -1},
        {"GO-2026-5726", G "mattermost/mattermost-server@v11.4.3+incompatible", A, -1},
        {"GO-2026-5726", G "mattermost/mattermost-server@v11.5.2+incompatible", N, -1},
        /* every version; and one of which another range says where it was fixed */
        {"GO-2026-5726", G "mattermost/mattermost-server/v6@v6.7.2", A, -1},
        {"GO-2026-5726", G "mattermost/mattermost-server/v5@v5.3.1", A, -1},
        {"GO-2026-5726", G "mattermost/mattermost-server/v5@v5.39.0", U, -1},
        {"GO-2024-2428", "pkg:golang/k8s.io/ingress-nginx@v1.8.0", A, -1},
        {"GO-2024-2428", "pkg:golang/k8s.io/ingress-nginx@v1.9.0", U, -1},
        /* pre-releases begin a line */
        {"GO-2024-2877", G "argoproj/argo-cd/v2@v2.9.0-rc1", A, -1},
        {"GO-2024-2877", G "argoproj/argo-cd/v2@v2.9.15", N, -1},
        {"GO-2024-2877", G "argoproj/argo-cd/v2@v2.8.19", N, -1},
        {"GO-2024-2877", G "argoproj/argo-cd@v1.8.7", A, -1},
        {"GO-2024-2689", "pkg:golang/go.temporal.io/server@v1.20.9", N, -1},
        {"GO-2024-2689", "pkg:golang/go.temporal.io/server@v1.21.0", A, -1},
        /* withdrawn: nothing is said */
        {"GO-2022-0617", "pkg:golang/k8s.io/kubernetes@v1.18.0", S, -1},
        /* CVE: unaffected below a version, and affected by default */
        {"GO-2025-3884", G "gorilla/csrf@v1.7.2", -2, N},
        {"GO-2025-3884", G "gorilla/csrf@v1.7.3", -2, A},
        {"GO-2026-4518", G "jackc/pgproto3/v2@v1.9.0", -2, N},
        {"GO-2026-4518", G "jackc/pgproto3/v2@v2.3.0", -2, A},
        {"GO-2020-0040", G "shiyanhui/dht@v0.1.0", -2, A},
        /* two entries of one package are two ranges of it */
        {"GO-2023-2185", "pkg:golang/stdlib@1.21.4", -2, U},
        {"GO-2023-2185", "pkg:golang/stdlib@1.21.5", -2, N},
        /* no inventory names a package by the path of what it imports */
        {"GO-2023-1989", "pkg:golang/golang.org/x/image@v0.9.0", -2, A},
        {"GO-2023-1989", "pkg:golang/golang.org/x/image@v0.10.0", -2, N},
    };
    if (!have_data()) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    size_t wrong = 0, asked = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const int wanted[] = {rows[i].osv, rows[i].cve};
        for (size_t f = 0; f < ARRAY_LEN(folders); f++) {
            char path[256];
            if (wanted[f] < 0)
                continue;
            snprintf(path, sizeof path, "%s/%s.json", folders[f], rows[i].id);
            int got = (int)answer(path, rows[i].purl);
            asked++;
            if (got == wanted[f])
                continue;
            wrong++;
            print_message("%s %s: %s, not %s\n", path, rows[i].purl,
                          fleet_status_name((enum fleet_status)got),
                          fleet_status_name((enum fleet_status)wanted[f]));
        }
    }
    print_message("%zu answers read by hand, %zu wrong\n", asked, wrong);
    assert_true(asked >= 30);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_of_cve_records),  cmocka_unit_test(products_are_limited),
        cmocka_unit_test(events_of_osv_documents), cmocka_unit_test(applicability_of_cve_records),
        cmocka_unit_test(packages_of_ecosystems),  cmocka_unit_test(whole_corpora),
        cmocka_unit_test(answers_read_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
