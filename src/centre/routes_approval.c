/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that need the consent of others: asked for, looked at, given, refused. */
#include "centre/commands.h"
#include "centre/page.h"
#include "centre/routes.h"
#include "crypto/envelope.h"

#include <stdio.h>

/* What exactly is asked for: "type" and "args", of the body that is kept. */
static int write_body(struct json_writer *w, struct slice body, bool whole, struct err *e)
{
    struct json_doc *doc = NULL;

    if (json_parse(&doc, body, NULL, e) != 0)
        return -1;
    json_member_slice(w, "type", json_get_string(json_root(doc), "type"));
    if (whole) {
        json_write_name(w, "args");
        json_write_value(w, json_get(json_root(doc), "args"));
    }
    json_doc_free(doc);
    return 0;
}

static void write_hash(struct json_writer *w, struct db_query *q, unsigned column)
{
    char hash[HASH_TEXT];
    uint8_t digest[32];

    if (!db_blob_copy(q, column, digest, 32))
        return;
    hash_text_format(digest, hash);
    json_member_string(w, "command", hash);
}

static int list(struct page *p)
{
    struct db_query q;
    int step;

    if (db_select(&q, p->worker->db, &p->e, SQL_APPROVAL_LIST,
                  DB_INT(clock_now(p->call->centre->clock)), DB_TEXT(p->after), DB_INT(p->limit),
                  DB_TEXT(p->organisation)) != 0)
        return -1;
    while ((step = db_step(&q, &p->e)) == 1) {
        p->rows++;
        snprintf(p->next, sizeof(p->next), "%s", db_text(&q, 0));
        json_write_object(&p->w);
        json_member_string(&p->w, "approval", p->next);
        write_hash(&p->w, &q, 1);
        json_member_int(&p->w, "needed", db_int(&q, 2));
        json_member_slice(&p->w, "organisation", db_slice(&q, 3));
        json_member_slice(&p->w, "asked_by", db_slice(&q, 4));
        json_member_time(&p->w, "asked", db_int(&q, 5));
        json_member_time(&p->w, "expires", db_int(&q, 6));
        json_member_int(&p->w, "given", db_int(&q, 8));
        if (write_body(&p->w, db_blob(&q, 7), false, &p->e) != 0) {
            step = -1;
            break;
        }
        json_write_object_end(&p->w);
    }
    db_query_finish(&q);
    return step;
}

static void get_approvals(struct worker *worker, struct route_call *call)
{
    struct page p;

    page_close(&p, page_open(&p, worker, call) == 0 ? list(&p) : -1);
}

static int write_givers(struct db *db, struct json_writer *w, const char *id, int64_t *given,
                        struct err *e)
{
    struct db_query q;
    int step;

    *given = 0;
    if (db_select(&q, db, e, SQL_APPROVAL_GIVERS, DB_TEXT(id)) != 0)
        return -1;
    json_write_name(w, "given_by");
    json_write_array(w);
    while ((step = db_step(&q, e)) == 1) {
        (*given)++;
        json_write_object(w);
        json_member_slice(w, "operator", db_slice(&q, 0));
        json_member_int(w, "act", db_int(&q, 1));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    db_query_finish(&q);
    return step;
}

static int write_one(struct worker *worker, struct route_call *call, const char *id,
                     struct db_query *q, struct json_writer *w, struct err *e)
{
    bool used = !db_is_null(q, 7);
    bool over = db_int(q, 6) <= clock_now(call->centre->clock);
    int64_t needed = db_int(q, 2);
    int64_t given;

    if (caller_acts_for(&call->caller, db_text(q, 3), id, e) != 0)
        return -1;
    json_member_string(w, "approval", id);
    write_hash(w, q, 0);
    json_member_int(w, "needed", needed);
    json_member_slice(w, "organisation", db_slice(q, 3));
    json_member_slice(w, "asked_by", db_slice(q, 4));
    json_member_time(w, "asked", db_int(q, 5));
    json_member_time(w, "expires", db_int(q, 6));
    if (used)
        json_member_int(w, "used", db_int(q, 7));
    if (write_body(w, db_blob(q, 1), true, e) != 0 ||
        write_givers(worker->db, w, id, &given, e) != 0)
        return -1;
    json_member_int(w, "given", given);
    json_member_string(w, "state",
                       used              ? "used"
                       : over            ? "over"
                       : given >= needed ? "ready"
                                         : "waiting");
    return 0;
}

static void get_approval(struct worker *worker, struct route_call *call)
{
    const char *id = http_param(call->x, "approval");
    struct json_writer w;
    struct err e = {0};
    struct db_query q;
    struct buf text;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    int found = db_find(&q, worker->db, &e, SQL_APPROVAL_FIND, DB_TEXT(id ? id : ""));
    if (found == 1)
        (void)write_one(worker, call, id, &q, &w, &e); /* e says whether it worked */
    db_query_finish(&q);
    if (found == 0)
        (void)caller_finds_no(id ? id : "approval", &e);
    json_write_object_end(&w);
    route_end(call, &w, &e);
    buf_fini(&text);
}

static void post_ask(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_approval_ask, NULL);
}

static void post_give(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_approval_give, NULL);
}

static void post_refuse(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_approval_refuse, NULL);
}

enum { OPERATORS = HTTP_AT(HTTP_DOOR_WEB) | HTTP_AT(HTTP_DOOR_LOCAL) };

static const struct route table[] = {
    {"GET", "/v1/approvals", OPERATORS, ROUTE_OPERATOR, 0, 0, get_approvals},
    {"GET", "/v1/approvals/{approval}", OPERATORS, ROUTE_OPERATOR, 0, 0, get_approval},
    {"POST", "/v1/approvals", OPERATORS, ROUTE_OPERATOR, 65536, 0, post_ask},
    {"POST", "/v1/approvals/give", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_give},
    {"POST", "/v1/approvals/refuse", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_refuse},
};

const struct route_table routes_approval = {table, ARRAY_LEN(table)};
