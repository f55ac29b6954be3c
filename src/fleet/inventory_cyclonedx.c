/* SPDX-License-Identifier: Apache-2.0 */
/* CycloneDX 1.4 to 1.6, JSON (ECMA-424). */
#include "fleet/inventory_source.h"

static const char clause[] = "ECMA-424 (CycloneDX)";

/* The name of an organisation: supplier, manufacturer. */
static int organisation(struct fleet_source *s, const struct json_value *object, const char *name,
                        struct slice *out)
{
    const struct json_value *v = json_get(object, name);
    if (!v || out->len)
        return 0;
    if (!json_is(v, JSON_OBJECT))
        return fleet_source_wrong(s, v, "an object");
    return fleet_source_member(s, v, "name", out);
}

static int vendor(struct fleet_source *s, const struct json_value *v, struct slice *out)
{
    if (organisation(s, v, "manufacturer", out) != 0 || organisation(s, v, "supplier", out) != 0)
        return -1;
    if (out->len == 0 && fleet_source_member(s, v, "publisher", out) != 0)
        return -1;
    return 0;
}

static int hashes(struct fleet_source *s, struct fleet_component *c, const struct json_value *v)
{
    const struct json_value *array;
    if (fleet_source_array(s, v, "hashes", &array) != 0)
        return -1;
    json_each(hash, array) if (fleet_source_hash(s, c, json_get_string(hash, "alg"),
                                                 json_get_string(hash, "content")) != 0) return -1;
    return 0;
}

static int component(struct fleet_source *s, const struct json_value *v);

static int components(struct fleet_source *s, const struct json_value *object)
{
    const struct json_value *array;
    if (fleet_source_array(s, object, "components", &array) != 0)
        return -1;
    json_each(v, array) if (component(s, v) != 0) return -1;
    return 0;
}

/* The recursion ends with the nesting that the JSON reader allows. */
static int component(struct fleet_source *s, const struct json_value *v)
{
    if (!json_is(v, JSON_OBJECT))
        return fleet_source_wrong(s, v, "an object");
    struct fleet_component *c = fleet_source_component(s);
    if (!c)
        return -1;
    static const char *const names[] = {"type", "group", "name", "version", "purl", "cpe"};
    struct slice *const values[] = {&c->type, &c->group, &c->name, &c->version, &c->purl, &c->cpe};
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (fleet_source_member(s, v, names[i], values[i]) != 0)
            return -1;
    if (c->name.len == 0) {
        err_set(s->e, ERR_INPUT, "inventory.required", clause, "a component needs a name");
        return json_err_where(s->doc, v, s->e);
    }
    if (vendor(s, v, &c->vendor) != 0 || hashes(s, c, v) != 0 ||
        fleet_source_pointer(s, v, &c->pointer) != 0)
        return -1;
    return components(s, v);
}

/* A device that the document describes is the nameplate. */
static int device(struct fleet_source *s, const struct json_value *v)
{
    struct fleet_nameplate *n = &s->inventory->nameplate;
    if (fleet_source_member(s, v, "name", &n->model) != 0 ||
        fleet_source_member(s, v, "version", &n->firmware) != 0 || vendor(s, v, &n->vendor) != 0)
        return -1;
    s->inventory->has_nameplate = n->model.len > 0;
    return components(s, v);
}

int fleet_source_cyclonedx(struct fleet_source *s, const struct json_value *root)
{
    static const char *const versions[] = {"1.4", "1.5", "1.6"};
    static const char *const formats[] = {"CycloneDX 1.4", "CycloneDX 1.5", "CycloneDX 1.6"};
    struct slice version = json_get_string(root, "specVersion");
    s->clause = clause;
    for (size_t i = 0; i < ARRAY_LEN(versions); i++)
        if (slice_is(version, versions[i]))
            s->inventory->format = formats[i];
    if (!s->inventory->format) {
        err_set(s->e, ERR_INPUT, "inventory.format", clause,
                "CycloneDX \"%.*s\" is not read; 1.4, 1.5 and 1.6 are",
                (int)(version.len < 20 ? version.len : 20), (const char *)version.data);
        const struct json_value *v = json_get(root, "specVersion");
        return json_err_where(s->doc, v ? v : root, s->e);
    }
    const struct json_value *metadata = json_get(root, "metadata");
    const struct json_value *described = json_get(metadata, "component");
    if (metadata && !json_is(metadata, JSON_OBJECT))
        return fleet_source_wrong(s, metadata, "an object");
    if (described && !json_is(described, JSON_OBJECT))
        return fleet_source_wrong(s, described, "an object");
    if (described && slice_is(json_get_string(described, "type"), "device")) {
        if (device(s, described) != 0)
            return -1;
    } else if (described && component(s, described) != 0) {
        return -1;
    }
    return components(s, root);
}
