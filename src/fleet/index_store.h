/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what the index of classes holds. Four levels: a *product* is all that identifies
 * a component but its version; a *version* of it; a *component*, distinct by all its bytes; and the
 * classes that have it. An advisory is compared with products, then with their versions, and looks
 * at components and classes only behind those that it concerns.
 */
#ifndef FLEET_INDEX_STORE_H
#define FLEET_INDEX_STORE_H

#include "base/buf.h"
#include "base/map.h"
#include "fleet/index_postings.h"
#include "fleet/match_listen.h"

/* Products are prepared once for all comparisons. */
struct fleet_index_product {
    struct fleet_subject *subject; /* one block with all it refers to; its version is empty */
    const struct product_scheme *scheme;
    uint8_t *name; /* its key in by_product */
    size_t name_len;
    uint64_t *keys;
    size_t key_count;
    struct fleet_index_version **versions;
    size_t version_count, version_room;
    uint32_t number;
};

struct fleet_index_version {
    struct fleet_index_product *product;
    union {
        struct fleet_index_component *one; /* component_room 0: most have no other */
        struct fleet_index_component **many;
    } components;
    uint32_t component_count, component_room;
    uint32_t position; /* in the product's list */
    uint32_t key_len;
    uint32_t sort_len; /* 0: it has no place in an order */
    uint32_t family;   /* bytes of the sort key, see struct product_version_key */
    uint8_t key[];     /* in by_version: the product's number, then the version's text; behind that
                          the sort key under the product's scheme */
};

/* A distinct component identity, and the classes that have it. */
struct fleet_index_component {
    uint8_t *canonical;
    size_t canonical_len;
    struct fleet_index_version *version;
    union {
        uint32_t one; /* class_room 0 */
        uint32_t *many;
    } classes; /* slots */
    uint32_t class_count, class_room;
    uint32_t number;
    uint32_t position; /* in the version's list */
    bool software;
};

struct fleet_index_place {
    uint32_t component;
    uint32_t position; /* of the class in the component's list */
};

struct fleet_index_class {
    uint64_t id;
    struct fleet_index_place *components; /* NULL: a free slot */
    size_t component_count;
    bool software;
};

/* Numbers given out, and those that came back. */
struct fleet_index_numbers {
    uint32_t *free;
    size_t free_count, free_room;
    size_t count;
};

struct fleet_index {
    struct fleet_index_component **components; /* by number; NULL: free */
    size_t component_room;
    struct fleet_index_numbers component_numbers;
    struct fleet_index_product **products; /* by number; NULL: free */
    size_t product_room;
    struct fleet_index_numbers product_numbers;
    struct fleet_index_class *classes; /* by slot */
    size_t class_room;
    struct fleet_index_numbers class_numbers;
    struct map by_bytes;            /* canonical bytes -> component */
    struct map by_product;          /* name -> product */
    struct map by_version;          /* key -> version */
    struct fleet_postings postings; /* key -> product numbers */
    struct fleet_postings by_id;    /* caller's number, mixed -> slots */
};

static inline struct fleet_index_component *const *
fleet_index_components_of(const struct fleet_index_version *v)
{
    return v->component_room ? v->components.many : &v->components.one;
}

static inline const uint32_t *fleet_index_classes_of(const struct fleet_index_component *c)
{
    return c->class_room ? c->classes.many : &c->classes.one;
}

/* A list grows, a number is drawn: 0, or -1 when memory is short and nothing changed. */
int fleet_index_grow(void **list, size_t count, size_t *room, size_t size) MUST_CHECK;
int fleet_index_number(struct fleet_index_numbers *numbers, uint32_t *number) MUST_CHECK;
void fleet_index_number_back(struct fleet_index_numbers *numbers, uint32_t number);

/* A caller's number as a key of postings: ids may be 0, keys not. */
static inline uint64_t fleet_index_id_key(uint64_t id)
{
    uint64_t key = (id + 1) * 0x9e3779b97f4a7c15u;
    return key ? key : 1;
}

static inline struct fleet_version fleet_index_version_of(const struct fleet_index_version *v)
{
    return (struct fleet_version){
        .text = slice_of(v->key + sizeof(uint32_t), v->key_len - sizeof(uint32_t)),
        .scheme = v->sort_len ? v->product->scheme : NULL,
        .key = slice_of(v->key + v->key_len, v->sort_len),
        .family = v->family};
}

/* Puts the component below its product and version, which are made when they are new. 0; -1 with
 * ERR_MEMORY or "json.…", and nothing changed. */
int fleet_index_place_component(struct fleet_index *index, struct fleet_index_component *component,
                                struct err *e) MUST_CHECK;
/* Takes it out, and what is empty then. */
void fleet_index_displace_component(struct fleet_index *index,
                                    struct fleet_index_component *component);
void fleet_index_product_free(struct fleet_index_product *product);

/* A subject and its identity copied into one block, for mem_free; NULL: no memory. */
struct fleet_subject *fleet_subject_pack(const struct fleet_subject *subject) MUST_CHECK;

#endif
