/* SPDX-License-Identifier: Apache-2.0 */
/* Ecosystems as OSV names them: how their packages are named as purls, how their versions order. */
#include "csaf/source.h"
#include "product/purl.h"

enum split {
    SPLIT_NONE,  /* the name is the name */
    SPLIT_SLASH, /* namespace and name, by the last '/' */
    SPLIT_COLON, /* group and artifact */
};

struct ecosystem {
    const char *name;   /* without what stands behind ':' */
    const char *scheme; /* of versions */
    const char *type;   /* of the purl; NULL: none */
    const char *space;  /* its namespace, where all packages share it */
    enum split split;
    bool source;    /* packages are source packages */
    const char *at; /* host of its registry */
};

/* sorted by name */
static const struct ecosystem ecosystems[] = {
    {"AlmaLinux", "rpm", "rpm", "almalinux", SPLIT_NONE, false, NULL},
    {"Alpaquita", "apk", "apk", "alpaquita", SPLIT_NONE, true, NULL},
    {"Alpine", "apk", "apk", "alpine", SPLIT_NONE, true, NULL},
    {"BellSoft Hardened Containers", "apk", NULL, NULL, SPLIT_NONE, false, NULL},
    {"Bitnami", "semver", "bitnami", NULL, SPLIT_NONE, false, NULL},
    {"CRAN", "cran", "cran", NULL, SPLIT_NONE, false, "cran.r-project.org"},
    {"Chainguard", "apk", "apk", "chainguard", SPLIT_NONE, false, NULL},
    {"ConanCenter", "conan", "conan", NULL, SPLIT_NONE, false, "conan.io"},
    {"Debian", "deb", "deb", "debian", SPLIT_NONE, true, NULL},
    {"GitHub Actions", "semver", "githubactions", NULL, SPLIT_SLASH, false, NULL},
    {"Go", "golang", "golang", NULL, SPLIT_SLASH, false, "pkg.go.dev"},
    {"Hackage", "hackage", "hackage", NULL, SPLIT_NONE, false, "hackage.haskell.org"},
    {"Hex", "hex", "hex", NULL, SPLIT_NONE, false, "hex.pm"},
    {"Julia", "semver", "julia", NULL, SPLIT_NONE, false, NULL},
    {"Mageia", "rpm", "rpm", "mageia", SPLIT_NONE, false, NULL},
    {"Maven", "maven", "maven", NULL, SPLIT_COLON, false, "repo.maven.apache.org"},
    {"NuGet", "nuget", "nuget", NULL, SPLIT_NONE, false, "www.nuget.org"},
    {"Packagist", "composer", "composer", NULL, SPLIT_SLASH, false, "packagist.org"},
    {"Photon OS", "rpm", "rpm", "photon", SPLIT_NONE, false, NULL},
    {"Pub", "pub", "pub", NULL, SPLIT_NONE, false, "pub.dev"},
    {"PyPI", "pypi", "pypi", NULL, SPLIT_NONE, false, "pypi.org"},
    {"Red Hat", "rpm", "rpm", "redhat", SPLIT_NONE, false, NULL},
    {"Rocky Linux", "rpm", "rpm", "rocky-linux", SPLIT_NONE, false, NULL},
    {"RubyGems", "gem", "gem", NULL, SPLIT_NONE, false, "rubygems.org"},
    {"SUSE", "rpm", "rpm", "suse", SPLIT_NONE, false, NULL},
    {"SwiftURL", "semver", "swift", NULL, SPLIT_SLASH, false, NULL},
    {"Ubuntu", "deb", "deb", "ubuntu", SPLIT_NONE, true, NULL},
    {"VSCode", "semver", "vscode-extension", NULL, SPLIT_SLASH, false, NULL},
    {"Wolfi", "apk", "apk", "wolfi", SPLIT_NONE, false, NULL},
    {"crates.io", "cargo", "cargo", NULL, SPLIT_NONE, false, "crates.io"},
    {"npm", "npm", "npm", NULL, SPLIT_SLASH, false, "www.npmjs.com"},
    {"openEuler", "rpm", "rpm", "openeuler", SPLIT_NONE, false, NULL},
    {"openSUSE", "rpm", "rpm", "opensuse", SPLIT_NONE, false, NULL},
};

/* "Debian:12": the part behind the ':' is a release. */
static struct slice release_of(struct slice *name)
{
    const uint8_t *colon = name->len ? memchr(name->data, ':', name->len) : NULL;
    if (!colon)
        return slice_of(NULL, 0);
    size_t at = (size_t)(colon - name->data);
    struct slice release = slice_of(colon + 1, name->len - at - 1);
    name->len = at;
    return release;
}

static const struct ecosystem *find(struct slice name)
{
    size_t low = 0, high = ARRAY_LEN(ecosystems);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(name, slice_str(ecosystems[middle].name));
        if (order == 0)
            return &ecosystems[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct product_scheme *csaf_ecosystem_scheme(struct slice name)
{
    release_of(&name);
    const struct ecosystem *e = find(name);
    return e ? product_scheme_find(slice_str(e->scheme)) : &product_scheme_exact;
}

static void cut(struct slice name, enum split split, struct product_purl *p)
{
    p->name = name;
    uint8_t mark = split == SPLIT_COLON ? ':' : '/';
    for (size_t i = name.len; split != SPLIT_NONE && i > 0; i--) {
        if (name.data[i - 1] != mark)
            continue;
        p->space = slice_of(name.data, i - 1);
        p->name = slice_of(name.data + i, name.len - i);
        return;
    }
}

int csaf_ecosystem_purl(struct csaf_source_builder *b, struct slice ecosystem, struct slice name,
                        struct slice *purl)
{
    struct slice release = release_of(&ecosystem);
    const struct ecosystem *at = find(ecosystem);
    struct product_purl_qualifier qualifiers[2];
    struct product_purl p = {.qualifiers = qualifiers};
    struct err unfit = {0};
    struct buf text;
    *purl = slice_of(NULL, 0);
    if (!at || !at->type)
        return 0;
    p.type = slice_str(at->type);
    cut(name, at->split, &p);
    if (at->space)
        p.space = slice_str(at->space);
    if (at->source)
        qualifiers[p.qualifier_count++] =
            (struct product_purl_qualifier){slice_str("arch"), slice_str("source")};
    if (at->space && release.len) {
        struct slice distro = csaf_source_text(b, "%s-%.*s", at->space, SLICE_ARG(release));
        if (!distro.data)
            return -1;
        qualifiers[p.qualifier_count++] =
            (struct product_purl_qualifier){slice_str("distro"), distro};
    }
    if (product_purl_normalise(&b->d->model->arena, &p, PRODUCT_PURL_LENIENT, &unfit) != 0)
        return unfit.kind == ERR_MEMORY ? err_memory(b->e) : 0;
    buf_init(&text);
    product_purl_write(&p, PRODUCT_PURL_ALL, &text);
    int result = buf_check(&text, b->e);
    char *kept = result == 0 ? arena_copy(&b->d->model->arena, text.data, text.len) : NULL;
    if (kept)
        *purl = slice_of(kept, text.len);
    else if (result == 0)
        result = err_memory(b->e);
    buf_fini(&text);
    return result;
}

/* The domain, or a host in it. */
static bool host_is_of(struct slice host, const char *domain)
{
    size_t len = strlen(domain);
    if (host.len < len || memcmp(host.data + host.len - len, domain, len) != 0)
        return false;
    return host.len == len || host.data[host.len - len - 1] == '.';
}

struct slice csaf_ecosystem_of_url(struct slice url)
{
    static const struct {
        const char *domain, *name;
    } others[] = {{"npmjs.org", "npm"},
                  {"maven.org", "Maven"},
                  {"central.sonatype.com", "Maven"},
                  {"pypi.python.org", "PyPI"},
                  {"proxy.golang.org", "Go"},
                  {"nuget.org", "NuGet"},
                  {"packagist.org", "Packagist"}};
    const uint8_t *mark = url.len ? memmem(url.data, url.len, "://", 3) : NULL;
    if (!mark)
        return slice_of(NULL, 0);
    size_t start = (size_t)(mark - url.data) + 3, end = start;
    while (end < url.len && url.data[end] != '/' && url.data[end] != ':')
        end++;
    struct slice host = slice_of(url.data + start, end - start);
    for (size_t i = 0; i < ARRAY_LEN(ecosystems); i++)
        if (ecosystems[i].at && slice_is(host, ecosystems[i].at))
            return slice_str(ecosystems[i].name);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (host_is_of(host, others[i].domain))
            return slice_str(others[i].name);
    return slice_of(NULL, 0);
}
