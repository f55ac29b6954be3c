/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: an open-addressed table from 64-bit keys (never 0) to lists of numbers. A list of
 * one number needs no memory of its own.
 */
#ifndef FLEET_INDEX_POSTINGS_H
#define FLEET_INDEX_POSTINGS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fleet_posting {
    uint64_t key; /* 0: free */
    uint32_t count;
    uint32_t room; /* 0: the number stands in `one` */
    union {
        uint64_t one;
        uint64_t *many;
    } numbers;
};

struct fleet_postings {
    struct fleet_posting *slots;
    size_t size; /* power of two, or 0 */
    size_t used;
};

void fleet_postings_fini(struct fleet_postings *p);
/* Appends a number to the key's list; -1: no memory, nothing changed. */
int fleet_postings_add(struct fleet_postings *p, uint64_t key, uint64_t number) MUST_CHECK;
/* Takes one occurrence of the number out of the key's list; the order of the others changes. */
void fleet_postings_remove(struct fleet_postings *p, uint64_t key, uint64_t number);
/* The list of a key, or NULL and 0; valid until the next change. */
const uint64_t *fleet_postings_find(const struct fleet_postings *p, uint64_t key, size_t *count);

#endif
