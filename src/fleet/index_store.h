/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what the index of classes holds. */
#ifndef FLEET_INDEX_STORE_H
#define FLEET_INDEX_STORE_H

#include "base/map.h"
#include "fleet/index_postings.h"

/* A distinct component identity, and the classes that have it. */
struct fleet_index_component {
    uint8_t *canonical;
    size_t canonical_len;
    uint64_t *keys;
    size_t key_count;
    uint32_t *classes; /* slots */
    size_t class_count, class_room;
    uint32_t number;
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

struct fleet_index {
    struct fleet_index_component **components; /* by number; NULL: free */
    size_t component_count, component_room;
    uint32_t *free_components;
    size_t free_component_count, free_component_room;
    struct fleet_index_class *classes; /* by slot */
    size_t class_count, class_room;
    uint32_t *free_classes;
    size_t free_class_count, free_class_room;
    struct map by_bytes;            /* canonical bytes -> component */
    struct fleet_postings postings; /* key -> component numbers */
    struct fleet_postings by_id;    /* caller's number, mixed -> slots */
};

#endif
