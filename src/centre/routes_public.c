/* SPDX-License-Identifier: Apache-2.0 */
/* What everyone may see: the journal's commitments, lists, certificates of authorities. */
#include "base/memory.h"
#include "centre/routes.h"
#include "journal/read.h"
#include "pki/est.h"

#include <stdio.h>
#include <stdlib.h>

#define IMMUTABLE "public, max-age=31536000, immutable"

static void reply_public(struct route_call *call, const char *type, const char *cache,
                         struct buf *body)
{
    const struct http_answer answer = {
        .status = 200, .content_type = type, .body = buf_slice(body), .cache = cache};

    http_reply(call->x, &answer);
}

static void not_there(struct route_call *call)
{
    struct err e = {0};

    err_set(&e, ERR_NOT_FOUND, "centre.not-found", NULL, "there is nothing of that name");
    route_fail(call, &e);
}

static void get_checkpoint(struct worker *worker, struct route_call *call)
{
    struct err e = {0};
    struct buf note;
    uint64_t size;

    buf_init(&note);
    int found = journal_checkpoint_latest(worker->db, &note, &size, &e);
    if (found == 1)
        reply_public(call, "text/plain; charset=utf-8", "no-cache", &note);
    else if (found == 0)
        not_there(call);
    else
        route_fail(call, &e);
    buf_fini(&note);
}

static void get_tile(struct worker *worker, struct route_call *call)
{
    struct journal_reader *reader = NULL;
    const char *name = http_param(call->x, "path");
    struct tile_path path;
    struct err e = {0};
    struct buf text;
    struct buf body;

    buf_init(&text);
    buf_init(&body);
    buf_printf(&text, "tile/%s", name ? name : "");
    if (!tile_path_parse(&path, buf_slice(&text))) {
        not_there(call);
        goto out;
    }
    reader = journal_reader_new(worker->db, &e);
    if (!reader || journal_tile(reader, &path, &body, &e) != 0)
        route_fail(call, &e);
    else
        reply_public(call, "application/octet-stream", IMMUTABLE, &body);
out:
    journal_reader_free(reader);
    buf_fini(&body);
    buf_fini(&text);
}

static int read_size(struct route_call *call, const char *name, uint64_t *size, struct err *e)
{
    const char *text = NULL;
    char *end = NULL;
    int found = http_query(call->x, name, &text, e);

    if (found < 0)
        return -1;
    if (found == 1) {
        *size = strtoull(text, &end, 10);
        if (*text >= '0' && *text <= '9' && !*end && *size <= INT64_MAX)
            return 0;
    }
    return err_set(e, ERR_USAGE, "centre.argument", NULL, "\"%s\" must be a size of the journal",
                   name);
}

static void get_consistency(struct worker *worker, struct route_call *call)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    struct journal_reader *reader = NULL;
    struct err e = {0};
    struct buf body;
    uint64_t from;
    uint64_t to;
    size_t count;

    buf_init(&body);
    if (read_size(call, "from", &from, &e) == 0 && read_size(call, "to", &to, &e) == 0 &&
        (reader = journal_reader_new(worker->db, &e)) != NULL &&
        journal_prove_consistency(reader, from, to, proof, &count, &e) == 0) {
        journal_consistency_put(&body, from, to, (const uint8_t(*)[MERKLE_HASH])proof, count);
        reply_public(call, "application/json", IMMUTABLE, &body);
    } else {
        route_fail(call, &e);
    }
    journal_reader_free(reader);
    buf_fini(&body);
}

/* "auth_….crl" and "auth_….cer": what certificates point to. */
static void get_pki(struct worker *worker, struct route_call *call)
{
    const char *file = http_param(call->x, "file");
    const char *dot = file ? strrchr(file, '.') : NULL;
    struct pki_authority authority;
    struct err e = {0};
    char id[ID_TEXT];
    struct buf body;
    int found = 0;

    buf_init(&body);
    pki_authority_init(&authority);
    if (dot && dot - file < ID_TEXT) {
        snprintf(id, sizeof(id), "%.*s", (int)(dot - file), file);
        if (strcmp(dot, ".crl") == 0) {
            found = pki_crl_latest(worker->db, id, NULL, &body, &e);
        } else if (strcmp(dot, ".cer") == 0) {
            found = pki_authority_find(worker->db, id, &authority, &e);
            if (found == 1)
                buf_put_slice(&body, buf_slice(&authority.certificate));
        }
    }
    if (found == 1)
        reply_public(call,
                     strcmp(dot, ".crl") == 0 ? "application/pkix-crl" : "application/pkix-cert",
                     "public, max-age=60", &body);
    else if (found == 0)
        not_there(call);
    else
        route_fail(call, &e);
    pki_authority_fini(&authority);
    buf_fini(&body);
}

enum {
    LOG = HTTP_AT(HTTP_DOOR_PUBLIC) | HTTP_AT(HTTP_DOOR_DEVICE) | HTTP_AT(HTTP_DOOR_WEB) |
          HTTP_AT(HTTP_DOOR_LOCAL),
    PUBLIC = HTTP_AT(HTTP_DOOR_PUBLIC)
};

static const struct route table[] = {
    {"GET", "/log/checkpoint", LOG, ROUTE_ANYONE, 0, 0, get_checkpoint},
    {"GET", "/log/tile/{path*}", LOG, ROUTE_ANYONE, 0, 0, get_tile},
    {"GET", "/log/consistency", LOG, ROUTE_ANYONE, 0, 0, get_consistency},
    {"GET", "/pki/{file}", PUBLIC, ROUTE_ANYONE, 0, 0, get_pki},
};

const struct route_table routes_public = {table, ARRAY_LEN(table)};
