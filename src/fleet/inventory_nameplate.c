/* SPDX-License-Identifier: Apache-2.0 */
/* Our own format, docs/formats-inventory.md section 1. */
#include "fleet/inventory_source.h"

#include <stdio.h>

static const char clause[] = "docs/formats-inventory.md section 1";

/* Refuses members that are none: a misspelt "firmwareVersion" must not be lost in silence. */
static int known_members(struct fleet_source *s, const struct json_value *object,
                         const char *const *names)
{
    json_each(v, object)
    {
        bool known = false;
        for (size_t i = 0; names[i] && !known; i++)
            known = slice_is(json_name(v), names[i]);
        if (known)
            continue;
        char all[200] = "";
        size_t at = 0;
        for (size_t i = 0; names[i] && at < sizeof all - 20; i++)
            at += (size_t)snprintf(all + at, sizeof all - at, "%s%s", i ? ", " : "", names[i]);
        err_set(
            s->e, ERR_INPUT, "inventory.member", s->clause, "\"%.*s\" is no member of this object",
            (int)(json_name(v).len < 80 ? json_name(v).len : 80), (const char *)json_name(v).data);
        err_hint(s->e, "known are %s", all);
        return json_err_where(s->doc, v, s->e);
    }
    return 0;
}

static int read_nameplate(struct fleet_source *s, const struct json_value *v)
{
    static const char *const names[] = {"vendor", "model", "family", "product",  "firmware",
                                        "serial", "order", "sku",    "hardware", NULL};
    struct fleet_nameplate *n = &s->inventory->nameplate;
    struct slice *const values[] = {&n->vendor, &n->model, &n->family, &n->product, &n->firmware,
                                    &n->serial, &n->order, &n->sku,    &n->hardware};
    if (!json_is(v, JSON_OBJECT))
        return fleet_source_wrong(s, v, "an object");
    if (known_members(s, v, names) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (fleet_source_member(s, v, names[i], values[i]) != 0)
            return -1;
    if (n->model.len == 0 && n->product.len == 0 && n->order.len == 0) {
        err_set(s->e, ERR_INPUT, "inventory.required", s->clause,
                "a nameplate needs a model, a product or an order number");
        return json_err_where(s->doc, v, s->e);
    }
    s->inventory->has_nameplate = true;
    return 0;
}

static int read_hashes(struct fleet_source *s, struct fleet_component *c,
                       const struct json_value *array)
{
    json_each(v, array)
    {
        struct slice text = json_string(v);
        const uint8_t *colon = text.len ? memchr(text.data, ':', text.len) : NULL;
        if (!colon)
            return fleet_source_wrong(s, v, "a string such as \"sha-256:…\"");
        size_t at = (size_t)(colon - text.data), before = c->hash_count;
        if (fleet_source_hash(s, c, slice_of(text.data, at),
                              slice_of(text.data + at + 1, text.len - at - 1)) != 0)
            return -1;
        if (c->hash_count == before)
            return fleet_source_wrong(s, v, "an algorithm, ':' and hexadecimal digits");
    }
    return 0;
}

static int read_component(struct fleet_source *s, const struct json_value *v)
{
    static const char *const names[] = {"type", "group", "name",   "version", "vendor",
                                        "purl", "cpe",   "serial", "hashes",  NULL};
    if (!json_is(v, JSON_OBJECT))
        return fleet_source_wrong(s, v, "an object");
    if (known_members(s, v, names) != 0)
        return -1;
    struct fleet_component *c = fleet_source_component(s);
    if (!c)
        return -1;
    struct slice *const values[] = {&c->type,   &c->group, &c->name, &c->version,
                                    &c->vendor, &c->purl,  &c->cpe,  &c->serial};
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (fleet_source_member(s, v, names[i], values[i]) != 0)
            return -1;
    if (c->name.len == 0) {
        err_set(s->e, ERR_INPUT, "inventory.required", s->clause, "a component needs a name");
        return json_err_where(s->doc, v, s->e);
    }
    const struct json_value *hashes;
    if (fleet_source_array(s, v, "hashes", &hashes) != 0 || read_hashes(s, c, hashes) != 0)
        return -1;
    return fleet_source_pointer(s, v, &c->pointer);
}

int fleet_source_nameplate(struct fleet_source *s, const struct json_value *root)
{
    s->clause = clause;
    s->inventory->format = "tocsin-nameplate/v1";
    if (!json_is(root, JSON_OBJECT))
        return fleet_source_wrong(s, root, "an object");
    const struct json_value *nameplate = json_get(root, "nameplate"), *components;
    if (slice_is(json_get_string(root, "format"), "tocsin-nameplate/v1")) {
        static const char *const names[] = {"format", "nameplate", "components", NULL};
        if (known_members(s, root, names) != 0)
            return -1;
    }
    if (!nameplate && !json_get(root, "components")) {
        err_set(s->e, ERR_INPUT, "inventory.required", clause,
                "the inventory has neither \"nameplate\" nor \"components\"");
        return json_err_where(s->doc, root, s->e);
    }
    if (nameplate && read_nameplate(s, nameplate) != 0)
        return -1;
    if (fleet_source_array(s, root, "components", &components) != 0)
        return -1;
    json_each(v, components) if (read_component(s, v) != 0) return -1;
    return 0;
}
