/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/match_package.h"
#include "base/compiler.h"
#include "product/distro.h"

bool fleet_package_is_source(const struct product_purl *purl)
{
    struct slice arch = product_purl_qualifier(purl, "arch");
    return slice_is(arch, "source") || slice_is(arch, "src");
}

/* "openssl", "openssl@3.0.11-1", "openssl-3.0.7-27.el9.src.rpm" */
struct slice fleet_package_source(const struct product_purl *purl, struct slice *version)
{
    *version = slice_of(NULL, 0);
    struct slice s = product_purl_qualifier(purl, "upstream");
    static const char end[] = ".src.rpm";
    size_t len = sizeof end - 1;
    if (s.len > len && memcmp(s.data + s.len - len, end, len) == 0) {
        s.len -= len;
        /* name-version-release */
        for (int dashes = 0; s.len && dashes < 2;)
            dashes += s.data[--s.len] == '-';
        return s;
    }
    const uint8_t *at = s.len ? memchr(s.data, '@', s.len) : NULL;
    if (at) {
        size_t name = (size_t)(at - s.data);
        *version = slice_of(at + 1, s.len - name - 1);
        s.len = name;
    }
    return s;
}

/* Names of one processor. */
static struct slice processor(struct slice arch)
{
    static const char *const same[][4] = {{"amd64", "x86_64", "x64", "x86-64"},
                                          {"arm64", "aarch64", "arm64v8", NULL},
                                          {"386", "i386", "i686", "x86"},
                                          {"armhf", "armv7hl", "armv7", "arm"},
                                          {"ppc64el", "ppc64le", NULL, NULL}};
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        for (size_t k = 0; k < 4 && same[i][k]; k++)
            if (slice_is(arch, same[i][k]))
                return slice_str(same[i][0]);
    return arch;
}

static bool any_processor(struct slice arch)
{
    return slice_is(arch, "all") || slice_is(arch, "any") || slice_is(arch, "noarch");
}

struct comparison {
    enum fleet_package_relation relation;
    const char *why;
};

/* The least favourable answer counts, and of those the first. */
static void take(struct comparison *c, enum fleet_package_relation relation, const char *why)
{
    if (relation > c->relation)
        *c = (struct comparison){relation, why};
}

static void compare_arch(struct comparison *c, const struct product_purl *advisory,
                         const struct product_purl *inventory, bool built)
{
    struct slice a = product_purl_qualifier(advisory, "arch"),
                 b = product_purl_qualifier(inventory, "arch");
    if (fleet_package_is_source(advisory)) {
        if (!built && !fleet_package_is_source(inventory))
            take(c, FLEET_PACKAGE_OPEN,
                 "the advisory means a source package, and the inventory does not say which one "
                 "this package was built from");
        return;
    }
    if (a.len == 0 || any_processor(a) || any_processor(b))
        return;
    if (b.len == 0)
        take(c, FLEET_PACKAGE_OPEN,
             "the advisory means packages for one processor, and the inventory does not say which "
             "this one is for");
    else if (!slice_equal(processor(a), processor(b)))
        take(c, FLEET_PACKAGE_OTHER, "the package is built for another processor");
}

static void compare_distro(struct comparison *c, const struct product_purl *advisory,
                           const struct product_purl *inventory)
{
    struct product_distro a, b;
    struct slice x = product_purl_qualifier(advisory, "distro"),
                 y = product_purl_qualifier(inventory, "distro");
    static const char open[] = "the advisory means one release of a distribution, and whether the "
                               "inventory's is that one cannot be told";
    if (x.len == 0 || slice_equal(x, y))
        return;
    if (!product_distro_read(x, advisory->space, &a) ||
        !product_distro_read(y, inventory->space, &b)) {
        take(c, FLEET_PACKAGE_OPEN, open);
        return;
    }
    switch (product_distro_compare(&a, &b)) {
    case PRODUCT_DISTRO_SAME: return;
    case PRODUCT_DISTRO_OPEN: take(c, FLEET_PACKAGE_OPEN, open); return;
    case PRODUCT_DISTRO_OTHER:
        take(c, FLEET_PACKAGE_OTHER, "the package is of another distribution or release of it");
        return;
    }
}

enum fleet_package_relation fleet_package_compare(const struct product_purl *advisory,
                                                  const struct product_purl *inventory, bool built,
                                                  const char **why)
{
    struct comparison c = {FLEET_PACKAGE_SAME, NULL};
    /* how a package without the qualifier is */
    static const struct {
        const char *key, *usual, *open, *other;
    } others[] = {
        {"os", NULL,
         "the advisory means packages for one operating system, and the inventory does not say "
         "which this one is for",
         "the package is built for another operating system"},
        {"platform", NULL,
         "the advisory means packages for one platform, and the inventory does not say which this "
         "one is for",
         "the package is built for another platform"},
        {"type", "jar",
         "the advisory means one kind of file, and the inventory does not say which this one is",
         "the file is of another kind"},
        {"classifier", NULL,
         "the advisory means one file of the package, and the inventory does not say which this "
         "one is",
         "the file is another one of the package"},
    };
    compare_arch(&c, advisory, inventory, built);
    compare_distro(&c, advisory, inventory);
    bool maven = slice_is(advisory->type, "maven");
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct slice a = product_purl_qualifier(advisory, others[i].key),
                     b = product_purl_qualifier(inventory, others[i].key);
        if (maven && others[i].usual && a.len && b.len == 0)
            b = slice_str(others[i].usual);
        if (a.len == 0 || slice_equal(a, b))
            continue;
        take(&c, b.len ? FLEET_PACKAGE_OTHER : FLEET_PACKAGE_OPEN,
             b.len ? others[i].other : others[i].open);
    }
    struct slice a = product_purl_qualifier(advisory, "repository_url"),
                 b = product_purl_qualifier(inventory, "repository_url");
    if (a.len && !slice_equal(a, b))
        take(&c, FLEET_PACKAGE_OPEN,
             "the advisory means packages of one repository, and whether the inventory's one comes "
             "from there cannot be told");
    *why = c.why;
    return c.relation;
}

void fleet_package_pack(struct packing *p, const struct product_purl **package)
{
    if (!*package)
        return;
    struct product_purl *to = packing_take(p, sizeof *to), purl = **package;
    struct product_purl_qualifier *qualifiers =
        packing_take(p, purl.qualifier_count * sizeof *qualifiers);
    purl.version = purl.subpath = slice_of(NULL, 0);
    packing_slice(p, &purl.type);
    packing_slice(p, &purl.space);
    packing_slice(p, &purl.name);
    for (size_t i = 0; i < purl.qualifier_count; i++) {
        struct product_purl_qualifier q = purl.qualifiers[i];
        packing_slice(p, &q.key);
        packing_slice(p, &q.value);
        if (qualifiers)
            qualifiers[i] = q;
    }
    if (!to)
        return;
    purl.qualifiers = qualifiers;
    *to = purl;
    *package = to;
}

void fleet_platform_pack(struct packing *p, const struct product_cpe **platform)
{
    if (!*platform)
        return;
    struct product_cpe *to = packing_take(p, sizeof *to), cpe = **platform;
    cpe.at[PRODUCT_CPE_VERSION] = (struct product_cpe_value){0};
    for (size_t i = 0; i < PRODUCT_CPE_ATTRIBUTES; i++)
        packing_slice(p, &cpe.at[i].text);
    if (!to)
        return;
    *to = cpe;
    *platform = to;
}
