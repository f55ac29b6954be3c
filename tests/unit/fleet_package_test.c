/* SPDX-License-Identifier: Apache-2.0 */
/* Packages of one name that are not one package: distributions, sources, processors, epochs. */
#include "fleet_fixture.h"
#include "product/distro.h"

static void distributions(void **state)
{
    (void)state;
    enum { SAME = PRODUCT_DISTRO_SAME, OPEN = PRODUCT_DISTRO_OPEN, OTHER = PRODUCT_DISTRO_OTHER };
    static const struct {
        const char *a, *b, *space;
        int relation;
    } rows[] = {
        {"debian-12", "bookworm", "debian", SAME},
        {"debian-12", "debian-12.4", "debian", SAME},
        {"Debian:12", "debian-12", "debian", SAME},
        {"jessie", "debian-8", "debian", SAME},
        {"bookworm", "trixie", "debian", OTHER},
        {"debian-12", "debian-1", "debian", OTHER},
        {"debian-12", "ubuntu-22.04", "debian", OTHER},
        {"jammy", "ubuntu-22.04", "ubuntu", SAME},
        {"ubuntu-22.04", "ubuntu-22.10", "ubuntu", OTHER},
        {"3.18.4", "alpine-3.18", "alpine", SAME},
        {"alpine-3.18", "alpine-3.19", "alpine", OTHER},
        {"alpine-v3.18", "3.18.4", "alpine", SAME},
        {"fedora-25", "fc25", "fedora", SAME},
        {"el8", "rhel-8.6", "redhat", SAME},
        {"rocky-linux-9", "rocky-9.2", "rocky-linux", SAME},
        {"sles-15.4", "SUSE Linux Enterprise Server 15 SP4", "suse", SAME},
        {"sles-15.4", "sles-15.5", "suse", OTHER},
        {"debian", "debian-12", "debian", OPEN},
        {"muon-3", "debian-12", "debian", OPEN},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct product_distro a, b;
        assert_true(product_distro_read(slice_str(rows[i].a), slice_str(rows[i].space), &a));
        assert_true(product_distro_read(slice_str(rows[i].b), slice_str(rows[i].space), &b));
        if ((int)product_distro_compare(&a, &b) != rows[i].relation ||
            (int)product_distro_compare(&b, &a) != rows[i].relation)
            fail_msg("%s and %s: %d", rows[i].a, rows[i].b, (int)product_distro_compare(&a, &b));
    }
}

/* known_affected, version < 3.0 */
static void qualifiers_tell_packages_apart(void **state)
{
    (void)state;
    enum { A = FLEET_AFFECTED, N = FLEET_NOT_AFFECTED, U = FLEET_UNKNOWN, S = FLEET_NOT_LISTED };
    static const struct {
        const char *advisory, *inventory;
        int status;
    } rows[] = {
        /* a statement about one release says nothing of another; without a release: unknown */
        {"pkg:deb/debian/ssl?distro=debian-12", "pkg:deb/debian/ssl@2.0?distro=bookworm", A},
        {"pkg:deb/debian/ssl?distro=debian-12", "pkg:deb/debian/ssl@4.0?distro=debian-12.4", N},
        {"pkg:deb/debian/ssl?distro=debian-12", "pkg:deb/debian/ssl@2.0?distro=trixie", S},
        {"pkg:deb/debian/ssl?distro=debian-12", "pkg:deb/debian/ssl@2.0", U},
        {"pkg:deb/debian/ssl?distro=debian-12", "pkg:deb/debian/ssl@4.0", U},
        {"pkg:deb/debian/ssl", "pkg:deb/debian/ssl@2.0?distro=trixie", A},
        {"pkg:deb/debian/ssl", "pkg:deb/ubuntu/ssl@2.0", S},
        /* a source package means what was built from it, where the inventory says from what */
        {"pkg:deb/debian/ssl?arch=source", "pkg:deb/debian/ssl@2.0?arch=amd64&upstream=ssl", A},
        {"pkg:deb/debian/ssl?arch=source", "pkg:deb/debian/libssl3@2.0?arch=amd64&upstream=ssl", A},
        {"pkg:deb/debian/ssl?arch=source", "pkg:deb/debian/libssl3@4.0?arch=amd64&upstream=ssl", N},
        {"pkg:deb/debian/ssl?arch=source", "pkg:deb/debian/ssl@2.0?arch=amd64", U},
        {"pkg:deb/debian/ssl?arch=source", "pkg:deb/debian/ssl@2.0?arch=source", A},
        {"pkg:deb/debian/ssl?arch=source", "pkg:deb/debian/libssl3@2.0?arch=amd64", S},
        {"pkg:deb/debian/ssl?arch=source", "pkg:deb/debian/libssl3@2.0?upstream=tls", S},
        /* the version that counts is then that of the source */
        {"pkg:deb/debian/ssl?arch=source", "pkg:deb/debian/ssl-doc@9:1?upstream=ssl%402.0", A},
        {"pkg:deb/debian/ssl?arch=source", "pkg:deb/debian/ssl-doc@1.0?upstream=ssl%403.1", N},
        {"pkg:rpm/redhat/ssl?arch=src",
         "pkg:rpm/redhat/ssl-libs@2.0-1?arch=x86_64&upstream=ssl-2.0-1.src.rpm", A},
        {"pkg:deb/debian/ssl?arch=amd64", "pkg:deb/debian/ssl@2.0?arch=x86_64", A},
        {"pkg:deb/debian/ssl?arch=amd64", "pkg:deb/debian/ssl@2.0?arch=all", A},
        {"pkg:deb/debian/ssl?arch=amd64", "pkg:deb/debian/ssl@2.0?arch=arm64", S},
        {"pkg:deb/debian/ssl?arch=amd64", "pkg:deb/debian/ssl@2.0", U},
        /* the epoch is part of an rpm's version */
        {"pkg:rpm/fedora/ssl", "pkg:rpm/fedora/ssl@2.0-1", A},
        {"pkg:rpm/fedora/ssl", "pkg:rpm/fedora/ssl@2.0-1?epoch=1", N},
        {"pkg:maven/g/a?type=jar", "pkg:maven/g/a@2.0", A},
        {"pkg:maven/g/a?classifier=sources", "pkg:maven/g/a@2.0?classifier=javadoc", S},
        {"pkg:npm/a?repository_url=https://one.example", "pkg:npm/a@2.0", U},
        {"pkg:npm/a?repository_url=https://one.example",
         "pkg:npm/a@2.0?repository_url=https://one.example", A},
        {"pkg:npm/a", "pkg:npm/a@2.0?repository_url=https://one.example", A},
        {"pkg:npm/%40s/a", "pkg:npm/%40s%2Fa@2.0", A},
    };
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char tree[512], inventory[512];
        snprintf(tree, sizeof tree,
                 "\"branches\":[{\"category\":\"product_version_range\",\"name\":\"vers:%s/<3.0\","
                 "\"product\":{\"name\":\"P\",\"product_id\":\"P1\","
                 "\"product_identification_helper\":{\"purl\":\"%s\"}}}]",
                 strncmp(rows[i].advisory, "pkg:deb", 7) == 0   ? "deb"
                 : strncmp(rows[i].advisory, "pkg:rpm", 7) == 0 ? "rpm"
                                                                : "generic",
                 rows[i].advisory);
        snprintf(inventory, sizeof inventory, "\"components\":[{\"name\":\"x\",\"purl\":\"%s\"}]",
                 rows[i].inventory);
        struct fleet_criteria *c = criteria_of(tree, AFFECTED("\"P1\""));
        struct fleet_result *r = result_of(c, inventory, NULL);
        if ((int)r->status != rows[i].status) {
            print_message("%s, %s: %s\n", rows[i].advisory, rows[i].inventory,
                          fleet_status_name(r->status));
            wrong++;
        }
        fleet_result_free(r);
        fleet_criteria_free(c);
    }
    assert_int_equal(wrong, 0);
    /* what has the name and is something else is said to be so */
    struct fleet_criteria *c = criteria_of(
        "\"full_product_names\":[{\"name\":\"P\",\"product_id\":\"P1\","
        "\"product_identification_helper\":{\"purl\":\"pkg:deb/debian/ssl@1?distro=debian-12\"}}]",
        AFFECTED("\"P1\""));
    struct fleet_result *r = result_of(
        c, "\"components\":[{\"name\":\"x\",\"purl\":\"pkg:deb/debian/ssl@1?distro=sid\"}]", NULL);
    assert_int_equal(r->status, FLEET_NOT_LISTED);
    assert_non_null(r->nearest.target);
    assert_non_null(memmem(r->nearest.text.data, r->nearest.text.len, "another distribution", 20));
    fleet_result_free(r);
    fleet_criteria_free(c);
}

/* what a distribution ships under an upstream CPE may be mended without a new version */
static void cpe_of_a_distribution(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_of(
        "\"branches\":[{\"category\":\"product_version_range\",\"name\":\"vers:generic/<3.0.12\","
        "\"product\":{\"name\":\"P\",\"product_id\":\"P1\",\"product_identification_helper\":"
        "{\"cpe\":\"cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*\"}}}]",
        AFFECTED("\"P1\""));
    static const struct expectation cases[] = {
        {"\"components\":[{\"name\":\"x\",\"cpe\":\"cpe:2.3:a:openssl:openssl:3.0.11\"}]",
         FLEET_AFFECTED, "identity.cpe", NULL, 95, 95},
        {"\"components\":[{\"name\":\"x\",\"cpe\":\"cpe:2.3:a:openssl:openssl:3.0.11\",\"purl\":"
         "\"pkg:deb/debian/openssl@3.0.11-1~deb12u2\"}]",
         FLEET_UNKNOWN, "identity.cpe", NULL, 95, 95},
    };
    expect(c, cases, ARRAY_LEN(cases));
    fleet_criteria_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distributions),
        cmocka_unit_test(qualifiers_tell_packages_apart),
        cmocka_unit_test(cpe_of_a_distribution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
