/* SPDX-License-Identifier: Apache-2.0 */
#include "product/version.h"
#include "product/version_key.h"
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

/* The text that same_text compares, as the family: what is of another family has no order. */
static bool exact_key(struct slice text, struct product_key *k)
{
    size_t i = text.len > 1 && product_lower(text.data[0]) == 'v' && product_is_digit(text.data[1]);
    if (text.len == 0)
        return false;
    for (; i < text.len; i++)
        product_key_byte(k, text.data[i] == '_' ? ' ' : (unsigned)product_lower(text.data[i]));
    k->family = k->len;
    return true;
}

/* Room for the key of any version: no piece of a key is longer than three times its text. */
enum { KEY_ROOM = 4 * PRODUCT_VERSION_LONGEST };

static bool key_valid(bool (*make)(struct slice, struct product_key *), struct slice text)
{
    uint8_t room[KEY_ROOM];
    struct product_key k = {.data = room, .room = sizeof room};
    return make(text, &k) && k.len <= k.room;
}

static enum product_order key_compare(bool (*make)(struct slice, struct product_key *),
                                      struct slice a, struct slice b)
{
    uint8_t room[2][KEY_ROOM];
    struct product_key x = {.data = room[0], .room = KEY_ROOM};
    struct product_key y = {.data = room[1], .room = KEY_ROOM};
    if (!make(a, &x) || !make(b, &y) || x.len > x.room || y.len > y.room)
        return PRODUCT_NO_ORDER;
    int order = slice_compare(slice_of(x.data, x.len), slice_of(y.data, y.len));
    return order < 0 ? PRODUCT_LESS : order > 0 ? PRODUCT_GREATER : PRODUCT_EQUAL;
}

/* The schemes that are their key alone. */
#define BY_KEY(name)                                                                               \
    static bool name##_valid(struct slice text)                                                    \
    {                                                                                              \
        return key_valid(product_##name##_key, text);                                              \
    }                                                                                              \
    static enum product_order name##_compare(struct slice a, struct slice b)                       \
    {                                                                                              \
        return key_compare(product_##name##_key, a, b);                                            \
    }
BY_KEY(apk)
BY_KEY(composer)
BY_KEY(cpan)
BY_KEY(dart)
BY_KEY(datetime)
BY_KEY(gem)
BY_KEY(gentoo)
BY_KEY(hackage)
BY_KEY(intdot)
BY_KEY(lexicographic)
BY_KEY(maven)
BY_KEY(nuget)
BY_KEY(openssl)
BY_KEY(pypi)

const struct product_scheme product_scheme_firmware = {
    "firmware", product_firmware_valid, product_firmware_compare, product_firmware_key,
    "numbers from left to right, then service packs, updates, patches, hot fixes and builds"};
const struct product_scheme product_scheme_exact = {
    "exact", exact_valid, exact_compare, exact_key,
    "equal texts only: the order of this ecosystem is unknown"};

#define SEMVER product_semver_valid, product_semver_compare, product_semver_key
#define KEYED(name) #name, name##_valid, name##_compare, product_##name##_key
#define OWN(name) #name, product_##name##_valid, product_##name##_compare, product_##name##_key

/* By name, for the search. */
static const struct product_scheme schemes[] = {
    {OWN(alpm), "epoch, version and release as pacman compares them"},
    {KEYED(apk), "numbers, letter, suffixes and revision as apk-tools compares them"},
    {"cargo", SEMVER, "Semantic Versioning 2.0.0 clause 11"},
    {KEYED(composer), "numbers, then stability, as Composer compares them"},
    {OWN(conan), "items from left to right, then pre-release and build, as Conan compares them"},
    {KEYED(cpan), "decimal and dotted versions of Perl"},
    {KEYED(dart), "Semantic Versioning 2.0.0 clause 11, then the build"},
    {KEYED(datetime), "the instant, RFC 3339 section 5.6"},
    {OWN(deb), "Debian Policy section 5.6.12"},
    {KEYED(gem), "numbers and words as RubyGems compares them"},
    {KEYED(gentoo), "Package Manager Specification section 3.3"},
    {"golang", SEMVER, "Semantic Versioning 2.0.0 clause 11, as Go modules use it"},
    {KEYED(hackage), "numbers from left to right, Haskell Package Versioning Policy"},
    {"hex", SEMVER, "Semantic Versioning 2.0.0 clause 11"},
    {KEYED(intdot), "numbers from left to right"},
    {KEYED(lexicographic), "bytes from left to right"},
    {KEYED(maven), "Maven POM reference, version order specification"},
    {"nginx", SEMVER, "three numbers from left to right"},
    {"npm", SEMVER, "Semantic Versioning 2.0.0 clause 11"},
    {KEYED(nuget), "four numbers, then Semantic Versioning 2.0.0 without case"},
    {KEYED(openssl), "three numbers, then letters"},
    {KEYED(pypi), "PEP 440"},
    {OWN(rpm), "epoch, version and release as rpm compares them"},
    {"semver", SEMVER, "Semantic Versioning 2.0.0 clause 11"},
    {"swift", SEMVER, "Semantic Versioning 2.0.0 clause 11"},
};

static const struct {
    const char *name;
    const char *scheme;
} aliases[] = {{"ebuild", "gentoo"}, {"pub", "dart"}};

const struct product_scheme *product_scheme_find(struct slice name)
{
    static const char *const firmware[] = {"", "all", "none", "firmware", "generic"};
    for (size_t i = 0; i < ARRAY_LEN(firmware); i++)
        if (slice_is(name, firmware[i]))
            return &product_scheme_firmware;
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (slice_is(name, aliases[i].name))
            name = slice_str(aliases[i].scheme);
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (slice_is(name, schemes[i].name))
            return &schemes[i];
    return &product_scheme_exact;
}

const struct product_scheme *product_scheme_at(size_t index)
{
    if (index < ARRAY_LEN(schemes))
        return &schemes[index];
    return index == ARRAY_LEN(schemes)       ? &product_scheme_firmware
           : index == ARRAY_LEN(schemes) + 1 ? &product_scheme_exact
                                             : NULL;
}

const struct product_scheme *product_scheme_of_purl(struct slice purl)
{
    if (purl.len < 5 || memcmp(purl.data, "pkg:", 4) != 0)
        return &product_scheme_firmware;
    const uint8_t *slash = memchr(purl.data + 4, '/', purl.len - 4);
    if (!slash)
        return &product_scheme_exact;
    return product_scheme_find(slice_of(purl.data + 4, (size_t)(slash - purl.data) - 4));
}

enum product_order product_version_compare(const struct product_scheme *scheme, struct slice a,
                                           struct slice b)
{
    enum product_order order = scheme->compare(a, b);
    return order == PRODUCT_NO_ORDER && same_text(a, b) ? PRODUCT_EQUAL : order;
}

int product_version_key(const struct product_scheme *scheme, struct slice version, struct buf *out,
                        struct product_version_key *key, struct err *e)
{
    /* exact takes any length; a text of its own is its key */
    size_t room = KEY_ROOM + version.len;
    size_t start = out->len;
    uint8_t *data = buf_extend(out, room);
    if (!data)
        return buf_check(out, e);
    struct product_key k = {.data = data, .room = room};
    bool made = scheme->key(version, &k) && k.len <= k.room;
    out->len = start + (made ? k.len : 0);
    out->data[out->len] = 0;
    if (!made)
        return err_set(e, ERR_INPUT, "version.syntax", NULL, "\"%.*s\" is no version of %s",
                       version.len < 100 ? (int)version.len : 100, (const char *)version.data,
                       scheme->name);
    *key = (struct product_version_key){.family = k.family, .doubtful = k.doubtful};
    return 0;
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
