/* SPDX-License-Identifier: Apache-2.0 */
/* Inconsistent Product Identification Helper (6.2.42): a CPE or package URL says what the branches
 * on the way to its product say, no less, and a CPE no more. */
#include "csaf/validate/tests.h"
#include "product/cpe.h"
#include "product/purl.h"

/* The branches on the way to a product, the innermost of each category. */
struct way {
    struct slice vendor, name, version, update, language, architecture;
    bool range; /* the version is a range */
};

struct counterpart {
    enum product_cpe_attribute attribute;
    const char *word;
    struct slice said;
};

static struct slice folded(struct csaf_validation *v, struct slice text)
{
    char *out = arena_alloc(v->arena, text.len + 1);
    size_t len = 0;

    if (!out) {
        csaf_no_memory(v);
        return slice_of(NULL, 0);
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        if (len == 0 && c == 'v' && i + 1 < text.len && text.data[1] >= '0' && text.data[1] <= '9')
            continue; /* V3.0 is 3.0 */
        out[len++] = (char)(c == ' ' ? '_' : c);
    }
    return slice_of(out, len);
}

/* The version of the branch is that of the CPE, alone or with the update behind it. */
static bool same_version(struct csaf_validation *v, struct slice said,
                         const struct product_cpe_value *version,
                         const struct product_cpe_value *update)
{
    struct slice a = folded(v, said), b = folded(v, version->text);

    if (slice_equal(a, b))
        return true;
    return update->kind == PRODUCT_CPE_TEXT && a.len > b.len &&
           memcmp(a.data, b.data, b.len) == 0 && update->text.len < a.len - b.len + 1 &&
           memcmp(a.data + a.len - update->text.len, update->text.data, update->text.len) == 0;
}

static bool has_wildcard(const struct product_cpe_value *value)
{
    return value->kind == PRODUCT_CPE_TEXT && (value->before != 0 || value->after != 0);
}

static void check_cpe(struct csaf_validation *v, const struct json_value *at, const struct way *way)
{
    struct product_cpe cpe;
    struct err e = {0};
    const struct counterpart parts[] = {
        {PRODUCT_CPE_VENDOR, "vendor", way->vendor},
        {PRODUCT_CPE_PRODUCT, "product_name", way->name},
        {PRODUCT_CPE_VERSION, "product_version", way->range ? slice_of(NULL, 0) : way->version},
        {PRODUCT_CPE_UPDATE, "service_pack or patch_level", way->update},
        {PRODUCT_CPE_LANGUAGE, "language", way->language},
        {PRODUCT_CPE_TARGET_HW, "architecture", way->architecture},
    };
    static const enum product_cpe_attribute extra[] = {PRODUCT_CPE_EDITION, PRODUCT_CPE_SW_EDITION,
                                                       PRODUCT_CPE_TARGET_SW, PRODUCT_CPE_OTHER};
    if (!json_is(at, JSON_STRING) ||
        product_cpe_parse(v->arena, json_string(at), PRODUCT_CPE_LENIENT, &cpe, &e) < 0) {
        if (e.kind == ERR_MEMORY)
            csaf_no_memory(v);
        return; /* what is no CPE is for the schema to say */
    }
    const struct product_cpe_value *update = &cpe.at[PRODUCT_CPE_UPDATE];
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        const struct product_cpe_value *value = &cpe.at[parts[i].attribute];
        bool star = memchr(parts[i].said.data ? (const char *)parts[i].said.data : "", '*',
                           parts[i].said.len) != NULL;
        if (parts[i].said.len && value->kind != PRODUCT_CPE_TEXT)
            csaf_find(v, at, "the CPE does not say the %s %s of the branches", parts[i].word,
                      csaf_quote(v, parts[i].said));
        else if (parts[i].said.len && has_wildcard(value) && !star)
            csaf_find(v, at, "the CPE has a wildcard where the branches say %s",
                      csaf_quote(v, parts[i].said));
        else if (parts[i].attribute == PRODUCT_CPE_VERSION && parts[i].said.len &&
                 !same_version(v, parts[i].said, value, update))
            csaf_find(v, at, "the CPE says version %s, the branches say %s",
                      csaf_quote(v, value->text), csaf_quote(v, parts[i].said));
        else if (!parts[i].said.len && value->kind == PRODUCT_CPE_TEXT && !way->range &&
                 !(parts[i].attribute == PRODUCT_CPE_UPDATE &&
                   same_version(v, way->version, &cpe.at[PRODUCT_CPE_VERSION], update)))
            csaf_find(v, at, "the CPE says %s, for which no branch of category %s stands",
                      csaf_quote(v, value->text), parts[i].word);
    }
    for (size_t i = 0; i < ARRAY_LEN(extra); i++)
        if (cpe.at[extra[i]].kind == PRODUCT_CPE_TEXT)
            csaf_find(v, at, "the CPE says %s, which no branch says",
                      csaf_quote(v, cpe.at[extra[i]].text));
}

static bool has_architecture(struct slice type)
{
    return slice_is(type, "deb") || slice_is(type, "rpm") || slice_is(type, "apk") ||
           slice_is(type, "alpm");
}

static void check_purl(struct csaf_validation *v, const struct json_value *at,
                       const struct way *way)
{
    struct product_purl purl;
    struct err e = {0};

    if (!json_is(at, JSON_STRING))
        return;
    if (product_purl_parse(v->arena, json_string(at), PRODUCT_PURL_STRICT, &purl, &e) < 0) {
        if (e.kind == ERR_MEMORY)
            csaf_no_memory(v);
        else if (strcmp(e.code, "purl.namespace") == 0 && way->vendor.len)
            csaf_find(v, at, "the package URL does not say the vendor %s of the branches",
                      csaf_quote(v, way->vendor));
        return; /* what is no package URL is for 6.1.13 to say */
    }
    if (way->version.len && !way->range && !purl.version.len)
        csaf_find(v, at, "the package URL does not say the version %s of the branches",
                  csaf_quote(v, way->version));
    else if (way->version.len && !way->range &&
             !slice_equal(folded(v, purl.version), folded(v, way->version)))
        csaf_find(v, at, "the package URL says version %s, the branches say %s",
                  csaf_quote(v, purl.version), csaf_quote(v, way->version));
    if (way->architecture.len && has_architecture(purl.type) &&
        !product_purl_qualifier(&purl, "arch").len)
        csaf_find(v, at, "the package URL does not say the architecture %s of the branches",
                  csaf_quote(v, way->architecture));
}

static void walk(struct csaf_validation *v, const struct json_value *branches, struct way above,
                 unsigned depth)
{
    if (!json_is(branches, JSON_ARRAY) || depth > 128)
        return;
    json_each(branch, branches)
    {
        struct way way = above;
        struct slice category = json_get_string(branch, "category");
        struct slice name = json_get_string(branch, "name");
        if (slice_is(category, "vendor"))
            way.vendor = name;
        else if (slice_is(category, "product_name"))
            way.name = name;
        else if (slice_is(category, "product_version") ||
                 slice_is(category, "product_version_range")) {
            way.version = name;
            way.range = slice_is(category, "product_version_range");
        } else if (slice_is(category, "service_pack") || slice_is(category, "patch_level"))
            way.update = name;
        else if (slice_is(category, "language"))
            way.language = name;
        else if (slice_is(category, "architecture"))
            way.architecture = name;
        const struct json_value *helper =
            json_get(json_get(branch, "product"), "product_identification_helper");
        check_cpe(v, json_get(helper, "cpe"), &way);
        json_each(purl, json_get(helper, "purls")) check_purl(v, purl, &way);
        walk(v, json_get(branch, "branches"), way, depth + 1);
    }
}

void csaf_test_6_2_42(struct csaf_validation *v)
{
    walk(v, json_get(v->product_tree, "branches"), (struct way){0}, 0);
}
