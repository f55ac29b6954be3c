/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world to match in, as large as wanted, drawn from real advisories by a fixed seed: each of its
 * advisories is one of theirs, whole, with the products' names and numbers of versions changed, so
 * that vendors, products an advisory, forms of ranges, claims and sizes are distributed as they are
 * there. Classes are made from the products that the advisories name.
 */
#ifndef TESTS_BENCH_MATCH_WORLD_H
#define TESTS_BENCH_MATCH_WORLD_H

#include "fleet/match.h"

struct world;

/* Reads all advisories below a folder; NULL: there are none. */
struct world *world_new(const char *folder);
void world_free(struct world *world);
size_t world_templates(const struct world *world);

/* The text of the advisory of this number; the same text each time. */
void world_advisory(const struct world *world, uint32_t number, struct buf *out);

/* A device of one of the products; every second one, with hosts, a host with packages and products.
 */
struct fleet_class *world_class(const struct world *world, uint32_t number, bool hosts);

#endif
