/* SPDX-License-Identifier: Apache-2.0 */
/* Products and their versions in the index of classes. */
#include "fleet/match_package.h"
#include "base/memory.h"
#include "base/packing.h"
#include "fleet/index_keys.h"
#include "fleet/index_store.h"
#include "fleet/match_same.h"

#include <stdlib.h>

/* ---- a subject in one block --------------------------------------------------------------------
 */

static struct fleet_subject *pack(struct packing *p, const struct fleet_subject *from)
{
    struct fleet_subject *subject = packing_take(p, sizeof *subject), s = *from;
    struct fleet_identity *identity = packing_take(p, sizeof *identity), id = *from->identity;
    struct fleet_subject_form *forms = packing_take(p, s.form_count * sizeof *forms);

    id.version = id.canonical = id.label = slice_of(NULL, 0);
    id.pointer = NULL;
    fleet_name_pack(p, &id.vendor);
    fleet_name_pack(p, &id.model);
    fleet_name_pack(p, &id.family);
    fleet_name_pack(p, &id.product);
    packing_slice(p, &id.hardware);
    packing_slice(p, &id.purl);
    packing_slice(p, &id.cpe);
    packing_slices(p, &id.orders.at, id.orders.count);
    packing_slices(p, &id.hashes.at, id.hashes.count);
    for (size_t i = 0; i < s.form_count; i++) {
        struct fleet_subject_form form = s.forms[i];
        packing_slice(p, &form.text);
        packing_slice(p, &form.compact);
        packing_slice(p, &form.line);
        if (forms)
            forms[i] = form;
    }
    fleet_vendor_pack(p, &s.vendor);
    packing_slice(p, &s.component);
    packing_slice(p, &s.purl_base);
    packing_slice(p, &s.purl_source);
    packing_slice(p, &s.source_version);
    fleet_package_pack(p, &s.package);
    fleet_platform_pack(p, &s.platform);
    packing_slice(p, &s.cpe);
    packing_slices(p, &s.orders, s.order_count);
    if (!subject)
        return NULL;
    s.forms = forms;
    s.identity = identity;
    *identity = id;
    *subject = s;
    return subject;
}

struct fleet_subject *fleet_subject_pack(const struct fleet_subject *subject)
{
    struct packing p = {0};
    (void)pack(&p, subject);
    p.at = mem_new(p.used, 1);
    if (!p.at)
        return NULL;
    p.used = 0;
    return pack(&p, subject);
}

/* ---- products ----------------------------------------------------------------------------------
 */

static void free_version(struct fleet_index_version *version)
{
    if (version->component_room)
        mem_free(version->components.many);
    mem_free(version);
}

void fleet_index_product_free(struct fleet_index_product *product)
{
    if (!product)
        return;
    for (size_t i = 0; i < product->version_count; i++)
        free_version(product->versions[i]);
    mem_free(product->versions);
    mem_free(product->subject);
    mem_free(product->name);
    mem_free(product->keys);
    mem_free(product);
}

static void drop_product(struct fleet_index *index, struct fleet_index_product *product)
{
    for (size_t i = 0; i < product->key_count; i++)
        fleet_postings_remove(&index->postings, product->keys[i], product->number);
    map_remove(&index->by_product, slice_of(product->name, product->name_len));
    index->products[product->number] = NULL;
    fleet_index_number_back(&index->product_numbers, product->number);
    fleet_index_product_free(product);
}

static struct fleet_index_product *new_product(struct fleet_index *index, struct slice name,
                                               const struct fleet_identity *identity,
                                               struct arena *scratch, struct err *e)
{
    struct fleet_subject prepared;
    struct fleet_keys keys = {0};
    struct fleet_index_product *p = NULL;
    uint32_t number;

    if (fleet_subject_prepare(scratch, identity, &prepared, e) != 0)
        return NULL;
    if (fleet_index_grow((void **)&index->products, index->product_numbers.count,
                         &index->product_room, sizeof(struct fleet_index_product *)) != 0 ||
        fleet_index_number(&index->product_numbers, &number) != 0) {
        err_memory(e);
        return NULL;
    }
    index->products[number] = NULL;
    p = mem_new(1, sizeof *p);
    if (!p)
        goto failed;
    p->number = number;
    p->subject = fleet_subject_pack(&prepared);
    p->scheme = product_scheme_of_purl(prepared.purl_base);
    p->name = mem_new(name.len + 1, 1);
    if (!p->subject || !p->name)
        goto failed;
    memcpy(p->name, name.data, name.len);
    p->name_len = name.len;
    fleet_keys_of_subject(&prepared, &keys);
    p->keys = mem_new(keys.count + 1, sizeof *p->keys);
    if (keys.failed || !p->keys)
        goto failed;
    memcpy(p->keys, keys.at, keys.count * sizeof *p->keys);
    while (p->key_count < keys.count &&
           fleet_postings_add(&index->postings, p->keys[p->key_count], number) == 0)
        p->key_count++;
    if (p->key_count < keys.count ||
        map_set(&index->by_product, slice_of(p->name, p->name_len), p) != 0)
        goto failed;
    fleet_keys_fini(&keys);
    index->products[number] = p;
    return p;
failed:
    for (size_t i = 0; p && i < p->key_count; i++)
        fleet_postings_remove(&index->postings, p->keys[i], number);
    fleet_keys_fini(&keys);
    fleet_index_product_free(p);
    fleet_index_number_back(&index->product_numbers, number);
    err_memory(e);
    return NULL;
}

/* ---- versions ----------------------------------------------------------------------------------
 */

static void drop_version(struct fleet_index *index, struct fleet_index_version *version)
{
    struct fleet_index_product *p = version->product;
    struct fleet_index_version *last = p->versions[--p->version_count];

    map_remove(&index->by_version, slice_of(version->key, version->key_len));
    p->versions[version->position] = last;
    last->position = version->position;
    free_version(version);
    if (p->version_count == 0)
        drop_product(index, p);
}

/* NULL: no memory. A product that has no version then is the caller's to drop. */
static struct fleet_index_version *version_of(struct fleet_index *index,
                                              struct fleet_index_product *p, struct slice text,
                                              struct arena *scratch)
{
    size_t len = sizeof p->number + text.len;
    uint8_t *key = arena_alloc(scratch, len);
    if (!key)
        return NULL;
    memcpy(key, &p->number, sizeof p->number);
    if (text.len)
        memcpy(key + sizeof p->number, text.data, text.len);
    struct fleet_index_version *v = map_get(&index->by_version, slice_of(key, len));
    if (v)
        return v;
    if (fleet_index_grow((void **)&p->versions, p->version_count, &p->version_room,
                         sizeof(struct fleet_index_version *)) != 0)
        return NULL;
    struct fleet_version version;
    struct buf sort;
    buf_init(&sort);
    fleet_version_key(p->scheme, text, &sort, &version);
    v = sort.failed ? NULL : mem_new(1, sizeof *v + len + version.key.len);
    if (!v) {
        buf_fini(&sort);
        return NULL;
    }
    v->product = p;
    v->key_len = (uint32_t)len;
    memcpy(v->key, key, len);
    if (version.scheme) {
        v->sort_len = (uint32_t)version.key.len;
        v->family = (uint32_t)version.family;
        memcpy(v->key + len, version.key.data, version.key.len);
    }
    buf_fini(&sort);
    if (map_set(&index->by_version, slice_of(v->key, len), v) != 0) {
        mem_free(v);
        return NULL;
    }
    v->position = (uint32_t)p->version_count;
    p->versions[p->version_count++] = v;
    return v;
}

static int add_component(struct fleet_index_version *v, struct fleet_index_component *component)
{
    if (v->component_count == 0 && v->component_room == 0) {
        v->components.one = component;
    } else if (v->component_room == 0) {
        struct fleet_index_component **many = mem_new(4, sizeof(struct fleet_index_component *));
        if (!many)
            return -1;
        many[0] = v->components.one;
        many[1] = component;
        v->components.many = many;
        v->component_room = 4;
    } else {
        size_t room = v->component_room;
        if (fleet_index_grow((void **)&v->components.many, v->component_count, &room,
                             sizeof(struct fleet_index_component *)) != 0)
            return -1;
        v->component_room = (uint32_t)room;
        v->components.many[v->component_count] = component;
    }
    v->component_count++;
    return 0;
}

int fleet_index_place_component(struct fleet_index *index, struct fleet_index_component *component,
                                struct err *e)
{
    struct arena scratch;
    struct fleet_identity id;
    struct fleet_index_product *product = NULL;
    struct fleet_index_version *version = NULL;
    struct buf name;
    int result = -1;

    arena_init(&scratch, 0);
    buf_init(&name);
    /* from what is stored, so that matching finds what it will compare */
    if (fleet_identity_parse(&scratch, slice_of(component->canonical, component->canonical_len),
                             &id, e) != 0)
        goto out;
    fleet_same_identity(&name, &id);
    if (buf_check(&name, e) != 0)
        goto out;
    product = map_get(&index->by_product, buf_slice(&name));
    if (!product && !(product = new_product(index, buf_slice(&name), &id, &scratch, e)))
        goto out;
    version = version_of(index, product, id.version, &scratch);
    if (!version || add_component(version, component) != 0) {
        if (version && version->component_count == 0)
            drop_version(index, version);
        else if (product->version_count == 0)
            drop_product(index, product);
        err_memory(e);
        goto out;
    }
    component->version = version;
    component->position = version->component_count - 1;
    result = 0;
out:
    buf_fini(&name);
    arena_fini(&scratch);
    return result;
}

void fleet_index_displace_component(struct fleet_index *index,
                                    struct fleet_index_component *component)
{
    struct fleet_index_version *v = component->version;
    struct fleet_index_component *last = fleet_index_components_of(v)[--v->component_count];

    if (v->component_room)
        v->components.many[component->position] = last;
    last->position = component->position;
    component->version = NULL;
    if (v->component_count == 0)
        drop_version(index, v);
}
