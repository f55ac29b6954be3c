/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From method, door and path to a route: a tree of path segments, built once. Pure; read by any
 * number of threads after router_add.
 */
#ifndef NET_ROUTER_H
#define NET_ROUTER_H

#include "base/arena.h"
#include "net/server.h"

enum { ROUTER_PARAMS_MAX = 6 };

struct router_node;

struct router {
    struct arena arena;
    struct router_node *root;
};

struct router_param {
    const char *name;   /* of the pattern */
    struct slice value; /* of the path, still percent-encoded */
};

struct router_match {
    const struct http_route *route; /* NULL: see allowed */
    bool head;                      /* a GET route asked with HEAD */
    unsigned param_count;
    struct router_param params[ROUTER_PARAMS_MAX];
    char
        allowed[96]; /* methods of this path at this door: "GET, HEAD, OPTIONS"; "": no such path */
};

int router_init(struct router *r, struct err *e) MUST_CHECK;
void router_fini(struct router *r);
/* Copies the route. -1 with "net.route" when the pattern is malformed or its method is taken. */
int router_add(struct router *r, const struct http_route *route, struct err *e) MUST_CHECK;
/* path is as http_target_split passed it: from '/', no empty or dot segments. */
void router_find(const struct router *r, struct slice method, struct slice path,
                 enum http_door_kind door, struct router_match *match);

#endif
