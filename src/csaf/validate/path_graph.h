/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: products that are defined by others (2.0: relationships, 2.1: product paths), as
 * a graph. */
#ifndef CSAF_PATH_GRAPH_H
#define CSAF_PATH_GRAPH_H

#include "csaf/validate/validation.h"

/* Products are numbers: definition->index. */
struct csaf_path_graph {
    uint32_t *start; /* product i refers to to[start[i]] up to to[start[i + 1]] */
    uint32_t *to;    /* first definitions of what is referred to; unknown ids are left out */
    uint32_t
        *order; /* all products, what is referred to before what refers to it, but in circles */
    size_t count;
};

/*
 * circle: NULL, or called for each circle that is found: its products, each referring to the next
 * and the last to the first. false: no memory (said); free in any case.
 */
bool csaf_path_graph_init(struct csaf_path_graph *g, struct csaf_validation *v,
                          void (*circle)(struct csaf_validation *v, const uint32_t *products,
                                         size_t count)) MUST_CHECK;
void csaf_path_graph_fini(struct csaf_path_graph *g);

#endif
