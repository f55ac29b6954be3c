/* SPDX-License-Identifier: Apache-2.0 */
#include "product/version.h"
#include "product/version_schemes.h"

/* The same text but for case, '_' for a space, and a 'v' that normalisation leaves out. */
static bool same_text(struct slice a, struct slice b)
{
    size_t i = 0, k = 0;
    bool digit_a = a.len > 1 && a.data[1] >= '0' && a.data[1] <= '9';
    bool digit_b = b.len > 1 && b.data[1] >= '0' && b.data[1] <= '9';
    i += digit_a && (a.data[0] | 0x20) == 'v';
    k += digit_b && (b.data[0] | 0x20) == 'v';
    for (; i < a.len && k < b.len; i++, k++) {
        uint8_t x = a.data[i], y = b.data[k];
        x = x >= 'A' && x <= 'Z' ? (uint8_t)(x + 32) : x == '_' ? ' ' : x;
        y = y >= 'A' && y <= 'Z' ? (uint8_t)(y + 32) : y == '_' ? ' ' : y;
        if (x != y)
            return false;
    }
    return i == a.len && k == b.len && a.len > 0;
}

static bool exact_valid(struct slice text)
{
    return text.len > 0;
}

static enum product_order exact_compare(struct slice a, struct slice b)
{
    return same_text(a, b) ? PRODUCT_EQUAL : PRODUCT_NO_ORDER;
}

const struct product_scheme product_scheme_generic = {
    "generic", product_generic_valid, product_generic_compare,
    "numbers from left to right, then service packs, updates, patches, hot fixes and builds"};
const struct product_scheme product_scheme_exact = {
    "exact", exact_valid, exact_compare,
    "equal texts only: the order of this ecosystem is unknown"};
static const struct product_scheme semver = {"semver", product_semver_valid, product_semver_compare,
                                             "Semantic Versioning 2.0.0 clause 11"};
static const struct product_scheme deb = {"deb", product_deb_valid, product_deb_compare,
                                          "Debian Policy section 5.6.12"};
static const struct product_scheme rpm = {"rpm", product_rpm_valid, product_rpm_compare,
                                          "epoch, version and release as rpm compares them"};

static const struct {
    const char *name;
    const struct product_scheme *scheme;
} schemes[] = {
    {"", &product_scheme_generic},
    {"all", &product_scheme_generic},
    {"cargo", &semver},
    {"deb", &deb},
    {"generic", &product_scheme_generic},
    {"golang", &semver},
    {"intdot", &product_scheme_generic},
    {"npm", &semver},
    {"rpm", &rpm},
    {"semver", &semver},
};

const struct product_scheme *product_scheme_find(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (slice_is(name, schemes[i].name))
            return schemes[i].scheme;
    return &product_scheme_exact;
}

const struct product_scheme *product_scheme_of_purl(struct slice purl)
{
    if (purl.len < 5 || memcmp(purl.data, "pkg:", 4) != 0)
        return &product_scheme_generic;
    const uint8_t *slash = memchr(purl.data + 4, '/', purl.len - 4);
    if (!slash)
        return &product_scheme_exact;
    return product_scheme_find(slice_of(purl.data + 4, (size_t)(slash - purl.data) - 4));
}

enum product_order product_version_compare(const struct product_scheme *scheme, struct slice a,
                                           struct slice b)
{
    if (!scheme->valid(a) || !scheme->valid(b))
        return same_text(a, b) ? PRODUCT_EQUAL : PRODUCT_NO_ORDER;
    return scheme->compare(a, b);
}

void product_version_normalise(struct slice text, struct buf *out)
{
    static const char *const prefixes[] = {"version ", "version", "ver. ", "ver.",
                                           "ver ",     "v. ",     "v."};
    size_t start = out->len;
    bool space = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c <= ' ' || c == 0x7f) {
            space = out->len > start;
            continue;
        }
        if (space)
            buf_putc(out, ' ');
        space = false;
        buf_putc(out, c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    if (out->failed || out->len == start)
        return;
    size_t len = out->len - start, cut = 0;
    uint8_t *at = out->data + start;
    for (size_t i = 0; i < ARRAY_LEN(prefixes) && !cut; i++) {
        size_t n = strlen(prefixes[i]);
        if (len > n && memcmp(at, prefixes[i], n) == 0 && at[n] >= '0' && at[n] <= '9')
            cut = n;
    }
    if (!cut && len > 1 && at[0] == 'v') {
        size_t n = at[1] == ' ' ? 2 : 1;
        if (len > n && at[n] >= '0' && at[n] <= '9')
            cut = n;
    }
    if (cut) {
        memmove(at, at + cut, len - cut + 1);
        out->len -= cut;
    }
}
