/* SPDX-License-Identifier: Apache-2.0 */
/* Custody of evidence: told to the centre, listed, and what it is about. */
#include "base/encoding.h"
#include "base/memory.h"
#include "centre/advisory_named.h"
#include "centre/commands.h"
#include "centre/custody_about.h"
#include "centre/page.h"
#include "centre/routes.h"
#include "crypto/envelope.h"
#include "evidence/register.h"
#include "evidence/seal/cms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { BODY = 8 << 20 };

/* ---- told --------------------------------------------------------------------------------------
 */

static int base64_member(const struct json_value *row, const char *name, struct buf *bytes,
                         struct err *e)
{
    struct slice text;

    if (args_string(row, name, BODY, true, &text, e) != 0)
        return -1;
    buf_reset(bytes);
    if (base64_parse(text, bytes) != 0)
        return err_set(e, ERR_USAGE, "centre.argument", NULL, "\"%s\" must be base64", name);
    return 0;
}

static void write_step(struct json_writer *w, const struct register_step *s)
{
    char hash[HASH_TEXT];

    json_write_object(w);
    json_member_int(w, "at", s->at);
    hash_text_format(s->certificate, hash);
    json_member_string(w, "certificate", hash);
    json_member_string(w, "kind", s->kind);
    json_member_int(w, "number", (int64_t)s->number);
    if (s->number > 1) {
        hash_text_format(s->previous, hash);
        json_member_string(w, "previous", hash);
    }
    hash_text_format(s->digest, hash);
    json_member_string(w, "record", hash);
    json_write_object_end(w);
}

/* A record in another's name is nobody's. */
static int same_person(const struct register_name *name, const struct evidence_signature *signature,
                       struct err *e)
{
    if (strcmp(name->subject, signature->subject) == 0)
        return 0;
    return err_set(e, ERR_VERIFY, "custody.signer", NULL,
                   "it names another than %s, who signed it, as who did it", signature->subject);
}

/* Reads one record, and holds its signature against its bytes: what a person signed is told, and
 * nothing else. Who vouches for the person's certificate is not asked here; its hash is kept. */
static int read_row(const struct json_value *row, struct register_step *step,
                    struct register_name *name, struct err *e)
{
    struct evidence_signature signature;
    struct buf record;
    struct buf der;
    int result = -1;

    buf_init(&record);
    buf_init(&der);
    if (base64_member(row, "record", &record, e) == 0 &&
        base64_member(row, "signature", &der, e) == 0 &&
        register_step_read(buf_slice(&record), step, name, e) == 0 &&
        evidence_cms_verify(buf_slice(&record), buf_slice(&der), NULL, &signature, e) == 0 &&
        same_person(name, &signature, e) == 0) {
        memcpy(step->certificate, signature.certificate_sha256, SHA256_LEN);
        result = 0;
    } else {
        err_context(e, "record %llu", (unsigned long long)step->number);
    }
    buf_fini(&record);
    buf_fini(&der);
    return result;
}

static int read_rows(const struct json_value *rows, struct json_writer *w, struct err *e)
{
    struct register_name first = {0};
    size_t at = 0;

    json_write_object(w);
    json_write_name(w, "records");
    json_write_array(w);
    json_each(row, rows)
    {
        struct register_step step = {0};
        struct register_name name;
        if (read_row(row, &step, &name, e) != 0)
            return -1;
        if (at++ == 0)
            first = name;
        else if (strcmp(first.log, name.log) != 0 || strcmp(first.holder, name.holder) != 0)
            return err_set(e, ERR_USAGE, "centre.argument", NULL,
                           "records of two logs were told together: %s and %s", first.holder,
                           name.holder);
        write_step(w, &step);
    }
    json_write_array_end(w);
    json_member_string(w, "holder", first.holder);
    json_member_string(w, "log", first.log);
    json_write_object_end(w);
    return 0;
}

static void post_records(struct worker *worker, struct route_call *call)
{
    const struct json_limits limits = {.bytes = BODY, .depth = 8, .values = 10000};
    struct json_doc *body = NULL;
    char organisation[ID_TEXT];
    struct json_writer w;
    struct err e = {0};
    struct buf args;

    (void)worker;
    buf_init(&args);
    json_write_init(&w, &args, 0);
    snprintf(organisation, sizeof(organisation), "%s", call->caller.organisation);
    if (caller_needs(&call->caller, ROLE_COORDINATOR | ROLE_REGISTRAR, &e) != 0 ||
        json_parse(&body, http_body(call->x), &limits, &e) != 0)
        goto failed;
    const struct json_value *rows = json_get(json_root(body), "records");
    if (json_get(json_root(body), "organisation") &&
        args_id(json_root(body), "organisation", "org", organisation, &e) != 0)
        goto failed;
    if (caller_acts_for(&call->caller, organisation, organisation, &e) != 0)
        goto failed;
    if (json_count(rows) == 0 || json_count(rows) > REGISTER_STEPS_MAX)
        err_set(&e, ERR_USAGE, "centre.argument", NULL, "\"records\" must hold 1 to %d",
                REGISTER_STEPS_MAX);
    else if (read_rows(rows, &w, &e) == 0 && buf_check(&args, &e) == 0)
        route_command(call, &command_custody_record, buf_slice(&args), NULL, NULL, organisation,
                      call->caller.exercise);
failed:
    if (err_is_set(&e))
        route_fail(call, &e);
    json_doc_free(body);
    buf_fini(&args);
}

static void post_link(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_custody_link, NULL);
}

/* ---- asked -------------------------------------------------------------------------------------
 */

static void write_hash(struct json_writer *w, const char *name, struct db_query *q, unsigned column)
{
    char hash[HASH_TEXT];
    uint8_t digest[32];

    if (!db_blob_copy(q, column, digest, 32))
        return;
    hash_text_format(digest, hash);
    json_member_string(w, name, hash);
}

/* "about=asset:ast_…" of the query: kind and target, both empty when it is not there. An advisory
 * may be named as people do. */
static int read_about(struct worker *worker, struct route_call *call, const char **kind,
                      const char **target, struct err *e)
{
    const char *about = NULL;

    *kind = *target = "";
    int found = http_query(call->x, "about", &about, e);
    if (found != 1)
        return found;
    const char *colon = strchr(about, ':');
    struct slice name = slice_of(about, colon ? (size_t)(colon - about) : strlen(about));
    if (register_link_kind(name, e) != 0)
        return -1;
    if (!colon || !colon[1])
        return err_set(e, ERR_USAGE, "custody.link", NULL, "\"about\" is KIND:WHICH");
    char *copy = arena_copy(http_arena(call->x), name.data, name.len);
    if (!copy)
        return err_memory(e);
    *kind = copy;
    *target = colon + 1;
    if (!slice_is(name, "advisory"))
        return 0;
    struct fleet_revision revision;
    fleet_revision_init(&revision);
    int result = advisory_named(call->centre, worker->db, &call->caller, *target, &revision, e);
    char *id = result == 0
                   ? arena_copy(http_arena(call->x), revision.advisory, strlen(revision.advisory))
                   : NULL;
    if (result == 0 && !id)
        result = err_memory(e);
    if (id)
        *target = id;
    fleet_revision_fini(&revision);
    return result;
}

static int list(struct page *p)
{
    const char *target;
    const char *kind;
    struct db_query q;
    int step;

    if (read_about(p->worker, p->call, &kind, &target, &p->e) < 0 ||
        db_select(&q, p->worker->db, &p->e, SQL_CUSTODY_LIST, DB_TEXT(p->after),
                  DB_TEXT(p->organisation), DB_TEXT(kind), DB_TEXT(target), DB_INT(p->limit)) != 0)
        return -1;
    while ((step = db_step(&q, &p->e)) == 1) {
        p->rows++;
        snprintf(p->next, sizeof(p->next), "%s", db_text(&q, 0));
        json_write_object(&p->w);
        json_member_string(&p->w, "custody", p->next);
        json_member_slice(&p->w, "organisation", db_slice(&q, 1));
        json_member_slice(&p->w, "holder", db_slice(&q, 2));
        json_member_slice(&p->w, "log", db_slice(&q, 3));
        json_member_int(&p->w, "count", db_int(&q, 4));
        write_hash(&p->w, "head", &q, 5);
        json_member_time(&p->w, "at", db_int(&q, 6));
        json_write_object_end(&p->w);
    }
    db_query_finish(&q);
    return step;
}

static void get_list(struct worker *worker, struct route_call *call)
{
    struct page p;

    page_close(&p, page_open(&p, worker, call) == 0 ? list(&p) : -1);
}

int custody_about(struct db *db, const struct caller *caller, const char *kind, const char *target,
                  struct json_writer *w, struct err *e)
{
    struct db_query q;
    bool any = false;
    int step;

    if (db_select(&q, db, e, SQL_CUSTODY_LIST, DB_TEXT(""),
                  DB_TEXT(caller->everywhere ? "" : caller->organisation), DB_TEXT(kind),
                  DB_TEXT(target), DB_INT(CUSTODY_ABOUT_MOST)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        if (!any) {
            json_write_name(w, "evidence");
            json_write_array(w);
        }
        any = true;
        json_write_object(w);
        json_member_slice(w, "custody", db_slice(&q, 0));
        json_member_slice(w, "holder", db_slice(&q, 2));
        json_member_int(w, "records", db_int(&q, 4));
        json_write_object_end(w);
    }
    if (any)
        json_write_array_end(w);
    db_query_finish(&q);
    return step;
}

static int write_links(struct worker *worker, const char *id, struct json_writer *w, struct err *e)
{
    struct db_query q;
    int step;

    if (db_select(&q, worker->db, e, SQL_CUSTODY_LINKS, DB_TEXT(id)) != 0)
        return -1;
    json_write_name(w, "about");
    json_write_array(w);
    while ((step = db_step(&q, e)) == 1) {
        json_write_object(w);
        json_member_slice(w, "kind", db_slice(&q, 0));
        json_member_slice(w, "target", db_slice(&q, 1));
        json_member_int(w, "act", db_int(&q, 2));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    db_query_finish(&q);
    return step;
}

static int write_steps(struct worker *worker, const char *id, int64_t after, int64_t limit,
                       struct json_writer *w, struct err *e)
{
    struct db_query q;
    int64_t last = 0;
    int64_t rows = 0;
    int step;

    if (db_select(&q, worker->db, e, SQL_CUSTODY_STEPS, DB_TEXT(id), DB_INT(after),
                  DB_INT(limit)) != 0)
        return -1;
    json_write_name(w, "items");
    json_write_array(w);
    while ((step = db_step(&q, e)) == 1) {
        rows++;
        last = db_int(&q, 0);
        json_write_object(w);
        json_member_int(w, "number", last);
        write_hash(w, "record", &q, 1);
        json_member_slice(w, "kind", db_slice(&q, 2));
        write_hash(w, "certificate", &q, 3);
        json_member_time(w, "at", db_int(&q, 4));
        json_member_slice(w, "act", db_slice(&q, 5));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    if (rows == limit)
        json_member_int(w, "next", last);
    db_query_finish(&q);
    return step;
}

/* The number behind which a page begins. */
static int read_after(const char *text, int64_t *after, struct err *e)
{
    char *end;

    errno = 0;
    *after = *text ? strtoll(text, &end, 10) : 0;
    if (*text && (errno || *end || *after < 0))
        return err_set(e, ERR_USAGE, "centre.argument", NULL, "\"after\" must be a number");
    return 0;
}

static void get_one(struct worker *worker, struct route_call *call)
{
    const char *id = http_param(call->x, "custody");
    struct json_writer w;
    struct err e = {0};
    struct db_query q;
    struct buf text;
    const char *after;
    int64_t number;
    int64_t limit;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    int found = db_find(&q, worker->db, &e, SQL_CUSTODY_FIND, DB_TEXT(id ? id : ""));
    if (found == 1 && caller_acts_for(&call->caller, db_text(&q, 0), id, &e) == 0) {
        json_member_string(&w, "custody", id);
        json_member_slice(&w, "organisation", db_slice(&q, 0));
        json_member_slice(&w, "log", db_slice(&q, 2));
        json_member_slice(&w, "holder", db_slice(&q, 3));
        json_member_int(&w, "count", db_int(&q, 4));
        write_hash(&w, "head", &q, 5);
        json_member_time(&w, "at", db_int(&q, 6));
    }
    db_query_finish(&q);
    if (found == 0)
        (void)caller_finds_no(id ? id : "custody", &e);
    if (!err_is_set(&e) && route_page(call, &after, &limit, &e) == 0 &&
        read_after(after, &number, &e) == 0 && write_links(worker, id, &w, &e) == 0)
        (void)write_steps(worker, id, number, limit, &w, &e);
    json_write_object_end(&w);
    route_end(call, &w, &e);
    buf_fini(&text);
}

enum { OPERATORS = HTTP_AT(HTTP_DOOR_WEB) | HTTP_AT(HTTP_DOOR_LOCAL) };

static const struct route table[] = {
    {"GET", "/v1/custody", OPERATORS, ROUTE_OPERATOR, 0, 0, get_list},
    {"GET", "/v1/custody/{custody}", OPERATORS, ROUTE_OPERATOR, 0, 0, get_one},
    {"POST", "/v1/custody", OPERATORS, ROUTE_OPERATOR, BODY, 0, post_records},
    {"POST", "/v1/custody/link", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_link},
};

const struct route_table routes_custody = {table, ARRAY_LEN(table)};
