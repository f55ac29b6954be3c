/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX 2.3 (and 2.2, which differs in nothing that is read here), JSON. */
#include "fleet/inventory_source.h"
#include "product/range_words.h"

static const char clause[] = "SPDX 2.3 clause 7";

/* "Organization: Example (mail@example.org)": the name */
static int supplier(struct fleet_source *s, const struct json_value *package, const char *name,
                    struct slice *out)
{
    struct slice text = json_get_string(package, name);
    static const char *const kinds[] = {"organization:", "person:"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t len = strlen(kinds[i]);
        if (out->len || !product_text_starts(text, kinds[i]))
            continue;
        text = slice_of(text.data + len, text.len - len);
        const uint8_t *mail = text.len ? memchr(text.data, '(', text.len) : NULL;
        if (mail)
            text.len = (size_t)(mail - text.data);
        return fleet_source_value(s, text, package, out);
    }
    return 0;
}

static int references(struct fleet_source *s, struct fleet_component *c,
                      const struct json_value *package)
{
    const struct json_value *array;
    if (fleet_source_array(s, package, "externalRefs", &array) != 0)
        return -1;
    json_each(v, array)
    {
        struct slice type = json_get_string(v, "referenceType");
        struct slice *out = NULL;
        if (slice_is(type, "purl"))
            out = &c->purl;
        else if (slice_is(type, "cpe23Type") || slice_is(type, "cpe22Type"))
            out = &c->cpe;
        if (out && out->len == 0 && fleet_source_member(s, v, "referenceLocator", out) != 0)
            return -1;
    }
    return 0;
}

static int checksums(struct fleet_source *s, struct fleet_component *c,
                     const struct json_value *element)
{
    const struct json_value *array;
    if (fleet_source_array(s, element, "checksums", &array) != 0)
        return -1;
    json_each(v, array) if (fleet_source_hash(s, c, json_get_string(v, "algorithm"),
                                              json_get_string(v, "checksumValue")) != 0) return -1;
    return 0;
}

static struct fleet_component *element(struct fleet_source *s, const struct json_value *v,
                                       const char *name)
{
    if (!json_is(v, JSON_OBJECT)) {
        fleet_source_wrong(s, v, "an object");
        return NULL;
    }
    struct fleet_component *c = fleet_source_component(s);
    if (!c || fleet_source_member(s, v, name, &c->name) != 0)
        return NULL;
    if (c->name.len == 0) {
        err_set(s->e, ERR_INPUT, "inventory.required", clause, "the member \"%s\" is missing",
                name);
        json_err_where(s->doc, v, s->e);
        return NULL;
    }
    if (checksums(s, c, v) != 0 || fleet_source_pointer(s, v, &c->pointer) != 0)
        return NULL;
    return c;
}

/* lower case, as CycloneDX names its types */
static int purpose(struct fleet_source *s, const struct json_value *v, struct fleet_component *c)
{
    struct slice text = json_get_string(v, "primaryPackagePurpose");
    if (text.len == 0 || text.len > 64)
        return 0;
    char *copy = arena_copy(&s->inventory->arena, text.data, text.len);
    if (!copy)
        return err_memory(s->e);
    for (size_t i = 0; i < text.len; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + 32);
        else if (copy[i] == '_')
            copy[i] = '-';
    }
    c->type = slice_of(copy, text.len);
    return 0;
}

int fleet_source_spdx(struct fleet_source *s, const struct json_value *root)
{
    struct slice version = json_get_string(root, "spdxVersion");
    const struct json_value *packages, *files;
    s->clause = clause;
    s->inventory->format = slice_is(version, "SPDX-2.3")   ? "SPDX-2.3"
                           : slice_is(version, "SPDX-2.2") ? "SPDX-2.2"
                                                           : NULL;
    if (!s->inventory->format) {
        err_set(s->e, ERR_INPUT, "inventory.format", "SPDX 2.3 clause 6.1",
                "\"%.*s\" is not read; SPDX-2.3 and SPDX-2.2 are",
                (int)(version.len < 20 ? version.len : 20), (const char *)version.data);
        return json_err_where(s->doc, json_get(root, "spdxVersion"), s->e);
    }
    if (fleet_source_array(s, root, "packages", &packages) != 0 ||
        fleet_source_array(s, root, "files", &files) != 0)
        return -1;
    json_each(v, packages)
    {
        struct fleet_component *c = element(s, v, "name");
        if (!c || fleet_source_member(s, v, "versionInfo", &c->version) != 0 ||
            supplier(s, v, "supplier", &c->vendor) != 0 ||
            supplier(s, v, "originator", &c->vendor) != 0 || references(s, c, v) != 0 ||
            purpose(s, v, c) != 0)
            return -1;
        if (slice_is(c->version, "NOASSERTION"))
            c->version = slice_of(NULL, 0);
    }
    json_each(v, files)
    {
        if (json_count(json_get(v, "checksums")) == 0)
            continue;
        struct fleet_component *c = element(s, v, "fileName");
        if (!c)
            return -1;
        c->type = slice_str("file");
    }
    return 0;
}
