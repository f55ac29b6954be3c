/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The centre's HTTP API, as the command line speaks it: over HOME/run/local.sock, or with --url
 * over mutual TLS. Refusals of the server come back as the struct err that it had set.
 */
#ifndef CLI_API_H
#define CLI_API_H

#include "base/json.h"
#include "cli/options.h"
#include "net/client.h"

struct api;

/* Where to: from --home, --url, --cert, --key, --ca. Does not connect yet. */
int api_open(const struct cli_args *args, struct api **api, struct err *e) MUST_CHECK;
void api_close(struct api *api);
/* Appends the path of the local socket: the configuration's, else HOME/run/local.sock. */
void api_put_socket(const struct cli_args *args, struct buf *path);
/* Whether the centre is on this machine (its folder is known, paths mean the same). */
bool api_is_local(const struct api *api);

struct api_answer {
    struct http_response response;
    struct json_doc *doc;          /* NULL: the answer was not JSON */
    const struct json_value *root; /* of doc */
};
void api_answer_init(struct api_answer *answer);
void api_answer_fini(struct api_answer *answer);

struct api_request {
    const char *method;
    const char *target;       /* percent-encoded, with its query */
    const char *content_type; /* NULL: no body */
    struct slice body;
    size_t answer_limit; /* bytes; 0: 64 MiB */
    unsigned timeout_ms; /* 0: two minutes */
    /* Instead of collecting the answer's body: as in http_request. */
    int (*write_body)(void *context, struct slice run);
    void *write_context;
};

/*
 * Sends one request. Everything but GET carries an Idempotency-Key of its own, so that it is sent
 * again when the connection was lost or the centre was busy, and happens once. 0 for 2xx; -1 with
 * the server's problem, or the client's error, otherwise.
 */
int api_send(struct api *api, const struct api_request *request, struct api_answer *answer,
             struct err *e) MUST_CHECK;
int api_get(struct api *api, const char *target, struct api_answer *answer,
            struct err *e) MUST_CHECK;
/* The buf holds JSON, written by a json_writer. */
int api_post(struct api *api, const char *target, const struct buf *json, struct api_answer *answer,
             struct err *e) MUST_CHECK;

/*
 * All rows of a paged list: GET target with its cursor and limit until there are no more, or
 * `limit` rows were seen. The answers look like {"items": [row, …], "next": cursor}, without "next"
 * on the last page. row: 0 to go on, 1 to stop, -1 failed.
 */
struct api_list {
    const char *target;
    const char *cursor; /* the query member that says where a page begins; NULL: "after" */
    const char *first;  /* its value for the first page; NULL: none */
    int64_t limit;      /* 0: no limit */
};
typedef int api_row(void *context, const struct json_value *row, struct err *e);
int api_pages(struct api *api, const struct api_list *list, api_row *row, void *context,
              struct err *e) MUST_CHECK;

/*
 * Stores a 2xx answer's body as a new file at path, whole or not at all ("-": standard output);
 * *size (may be NULL) is its length.
 */
int api_download(struct api *api, const struct api_request *request, const char *path,
                 uint64_t *size, struct err *e) MUST_CHECK;

/* Builds a target: the percent-encoded segment appended; "?name=value" or "&name=value". */
void api_put_segment(struct buf *target, const char *segment);
void api_put_query(struct buf *target, const char *name, const char *value); /* NULL: nothing */

#endif
