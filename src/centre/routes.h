/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes: what the doors answer. A request is taken on a loop thread, handed to a worker with its
 * caller known, and answered from there, or by the writer when a command has been carried out.
 */
#ifndef CENTRE_ROUTES_H
#define CENTRE_ROUTES_H

#include "base/json.h"
#include "centre/centre.h"
#include "centre/command.h"
#include "centre/workers.h"
#include "net/exchange.h"

struct fleet_asset;
struct fleet_revision;

enum route_who {
    ROUTE_ANYONE,   /* the caller is a stranger */
    ROUTE_OPERATOR, /* by client certificate, or by uid on the local socket */
    ROUTE_ASSET,    /* by device certificate */
};

struct route_call {
    struct centre *centre;
    struct http_exchange *x;
    const struct route *route;
    struct caller caller;
};

typedef void route_fn(struct worker *worker, struct route_call *call);

/* Body limits that are configured (limits advisory, limits device-body). */
#define ROUTE_BODY_ADVISORY SIZE_MAX
#define ROUTE_BODY_DEVICE (SIZE_MAX - 1)

struct route {
    const char *method;
    const char *pattern;
    unsigned doors;
    enum route_who who;
    size_t body_limit; /* bytes, or one of ROUTE_BODY_… */
    unsigned flags;    /* enum http_route_flags */
    route_fn *fn;
};

struct route_table {
    const struct route *routes;
    size_t count;
};

/* The tables of all files routes_*.c. */
extern const struct route_table routes_device, routes_enrol, routes_public, routes_advisory,
    routes_asset, routes_admin, routes_approval, routes_proof, routes_listing, routes_remediation,
    routes_resend, routes_custody;

/* All of them as the server wants them, for mem_free; contexts included. */
int routes_build(struct centre *centre, struct http_route **routes, size_t *count,
                 struct err *e) MUST_CHECK;
void routes_free(struct http_route *routes);

/* ---- for routes_*.c ---- */

/* Answers with JSON, or with the problem when the buf failed. */
void route_json(struct route_call *call, int status, struct buf *json);
void route_fail(struct route_call *call, const struct err *e);
/*
 * The end of a question: the JSON that w has completed, or the problem in e. One of them always:
 * text that was left incomplete without an error is answered as our fault.
 */
void route_end(struct route_call *call, const struct json_writer *w, struct err *e);
/*
 * Submits a command and answers with what comes of it; the call is over. args are copied. prepared
 * goes to the command; release(prepared) is called afterwards, when given.
 */
void route_command(struct route_call *call, const struct command_type *type, struct slice args,
                   void *prepared, void (*release)(void *prepared), const char *organisation,
                   bool exercise);
/* The request's body as the arguments. */
void route_body_command(struct route_call *call, const struct command_type *type,
                        const char *organisation);

/* The organisation meant by the query's `organisation`, else the caller's own; checked. Empty text
 * for "all" when the caller may act for all and named none. */
int route_organisation(struct route_call *call, bool all_by_default, char organisation[ID_TEXT],
                       struct err *e) MUST_CHECK;
/* The asset that the path names; what is not there and what is not the caller's is the same. */
int route_asset(struct worker *worker, struct route_call *call, struct fleet_asset *asset,
                struct err *e) MUST_CHECK;
/* The advisory that the path names, as the caller may see it (centre/advisory_named.h). */
int route_advisory(struct worker *worker, struct route_call *call, struct fleet_revision *revision,
                   struct err *e) MUST_CHECK;
/* The page asked for by `after` and `limit` (1 to 1,000; 100). */
int route_page(struct route_call *call, const char **after, int64_t *limit,
               struct err *e) MUST_CHECK;

#endif
