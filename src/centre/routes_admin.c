/* SPDX-License-Identifier: Apache-2.0 */
/* Organisations, people, tokens, certificates, aliases, the journal, and how the centre
 * is. */
#include "base/memory.h"
#include "centre/commands.h"
#include "centre/revocation.h"
#include "centre/routes.h"
#include "centre/status.h"
#include "crypto/crl.h"
#include "crypto/envelope.h"
#include "journal/read.h"
#include "signer/client.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- commands ----------------------------------------------------------------------------------
 */

static void post_organisation(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_organisation_create, NULL);
}

static void post_operator(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_operator_add, NULL);
}

static void post_operator_close(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_operator_close, NULL);
}

static void post_contact(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_contact_set, NULL);
}

static void post_contact_erase(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_contact_erase, NULL);
}

static void post_token(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_token_create, NULL);
}

static void post_alias(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_alias_teach, NULL);
}

static void post_revoke(struct worker *worker, struct route_call *call)
{
    struct pki_record *record = mem_new(1, sizeof(*record));
    struct err e = {0};

    (void)worker;
    if (!record) {
        err_memory(&e);
        route_fail(call, &e);
        return;
    }
    route_command(call, &command_certificate_revoke, http_body(call->x), record, mem_free, NULL,
                  false);
}

/* An administrator of the organisation that runs the centre: keys and database are of all. */
static int is_of_the_centre(struct route_call *call, struct err *e)
{
    if (call->caller.everywhere)
        return 0;
    return err_set(e, ERR_DENIED, "centre.role", NULL,
                   "only the organisation that runs the centre may do this");
}

static int runs_the_centre(struct route_call *call, struct err *e)
{
    return caller_needs(&call->caller, ROLE_ADMINISTRATOR, e) == 0 ? is_of_the_centre(call, e) : -1;
}

static void post_unlock(struct worker *worker, struct route_call *call)
{
    struct json_doc *doc = NULL;
    struct slice passphrase;
    struct err e = {0};

    (void)worker;
    if (runs_the_centre(call, &e) == 0 && json_parse(&doc, http_body(call->x), NULL, &e) == 0 &&
        args_string(json_root(doc), "passphrase", 1024, true, &passphrase, &e) == 0 &&
        signer_client_unlock(call->centre->signer, passphrase, &e) == 0)
        http_reply_text(call->x, 200, "application/json", slice_str("{\"unlocked\":true}"));
    else
        route_fail(call, &e);
    json_doc_free(doc);
}

/* ---- lists of rows -----------------------------------------------------------------------------
 */

struct column {
    const char *name;
    enum { COLUMN_TEXT, COLUMN_INT, COLUMN_TIME, COLUMN_BOOL, COLUMN_HASH, COLUMN_ROLES } kind;
};

static void write_columns(struct json_writer *w, struct db_query *q, const struct column *columns,
                          size_t count)
{
    json_write_object(w);
    for (unsigned i = 0; i < count; i++) {
        char hash[HASH_TEXT];
        uint8_t digest[32];
        char roles[64];
        if (db_is_null(q, i))
            continue;
        switch (columns[i].kind) {
        case COLUMN_TEXT: json_member_slice(w, columns[i].name, db_slice(q, i)); break;
        case COLUMN_INT: json_member_int(w, columns[i].name, db_int(q, i)); break;
        case COLUMN_TIME: json_member_time(w, columns[i].name, db_int(q, i)); break;
        case COLUMN_BOOL: json_member_bool(w, columns[i].name, db_bool(q, i)); break;
        case COLUMN_ROLES:
            roles_format((unsigned)db_int(q, i), roles);
            json_member_string(w, columns[i].name, roles);
            break;
        case COLUMN_HASH:
            if (db_blob_copy(q, i, digest, 32)) {
                hash_text_format(digest, hash);
                json_member_string(w, columns[i].name, hash);
            }
            break;
        }
    }
    json_write_object_end(w);
}

/* Steps over a started query and answers with {"items":[…],"next"?}; next is the first column. */
static void reply_rows(struct route_call *call, struct db_query *q, const struct column *columns,
                       size_t count, int64_t limit)
{
    struct json_writer w;
    struct err e = {0};
    struct buf text;
    char last[256] = "";
    int64_t rows = 0;
    int step;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    json_write_name(&w, "items");
    json_write_array(&w);
    while ((step = db_step(q, &e)) == 1) {
        rows++;
        snprintf(last, sizeof(last), "%s", db_text(q, 0));
        write_columns(&w, q, columns, count);
    }
    db_query_finish(q);
    json_write_array_end(&w);
    if (rows == limit)
        json_member_string(&w, "next", last);
    json_write_object_end(&w);
    if (step < 0)
        route_fail(call, &e);
    else
        route_json(call, 200, &text);
    buf_fini(&text);
}

static void post_escalation(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_organisation_escalation, NULL);
}

static void get_organisations(struct worker *worker, struct route_call *call)
{
    static const struct column columns[] = {
        {"organisation", COLUMN_TEXT}, {"state", COLUMN_TEXT}, {"exercise", COLUMN_BOOL},
        {"created", COLUMN_TIME},      {"name", COLUMN_TEXT},  {"escalation", COLUMN_TEXT}};
    struct err e = {0};
    struct db_query q;
    const char *after;
    int64_t limit;

    if (!call->caller.everywhere)
        err_set(&e, ERR_DENIED, "centre.role", NULL,
                "only the organisation that runs the centre lists all");
    else if (route_page(call, &after, &limit, &e) == 0 &&
             db_select(&q, worker->db, &e, SQL_ORGANISATION_LIST, DB_TEXT(after), DB_INT(limit)) ==
                 0) {
        reply_rows(call, &q, columns, ARRAY_LEN(columns), limit);
        return;
    }
    route_fail(call, &e);
}

static void get_operators(struct worker *worker, struct route_call *call)
{
    static const struct column columns[] = {{"operator", COLUMN_TEXT},
                                            {"organisation", COLUMN_TEXT},
                                            {"roles", COLUMN_ROLES},
                                            {"state", COLUMN_TEXT},
                                            {"name", COLUMN_TEXT}};
    struct err e = {0};
    struct db_query q;
    const char *after;
    int64_t limit;

    if (caller_needs(&call->caller, ROLE_ADMINISTRATOR | ROLE_AUDITOR, &e) == 0 &&
        !call->caller.everywhere)
        err_set(&e, ERR_DENIED, "centre.role", NULL,
                "only the organisation that runs the centre lists all");
    else if (!err_is_set(&e) && route_page(call, &after, &limit, &e) == 0 &&
             db_select(&q, worker->db, &e, SQL_OPERATOR_LIST, DB_TEXT(after), DB_INT(limit)) == 0) {
        reply_rows(call, &q, columns, ARRAY_LEN(columns), limit);
        return;
    }
    route_fail(call, &e);
}

static void get_contacts(struct worker *worker, struct route_call *call)
{
    static const struct column columns[] = {{"contact", COLUMN_TEXT},
                                            {"name", COLUMN_TEXT},
                                            {"mail", COLUMN_TEXT},
                                            {"erased", COLUMN_TIME},
                                            {"webhook", COLUMN_TEXT}};
    char organisation[ID_TEXT];
    struct err e = {0};
    struct db_query q;
    const char *after;
    int64_t limit;

    if (caller_needs(&call->caller, ROLE_REGISTRAR | ROLE_ADMINISTRATOR | ROLE_COORDINATOR, &e) ==
            0 &&
        route_page(call, &after, &limit, &e) == 0 &&
        route_organisation(call, false, organisation, &e) == 0 &&
        db_select(&q, worker->db, &e, SQL_CONTACT_LIST, DB_TEXT(organisation), DB_TEXT(after),
                  DB_INT(limit)) == 0)
        reply_rows(call, &q, columns, ARRAY_LEN(columns), limit);
    else
        route_fail(call, &e);
}

static void get_aliases(struct worker *worker, struct route_call *call)
{
    static const struct column columns[] = {
        {"kind", COLUMN_TEXT}, {"from", COLUMN_TEXT}, {"to", COLUMN_TEXT}, {"reason", COLUMN_TEXT}};
    struct err e = {0};
    struct db_query q;

    if (db_select(&q, worker->db, &e, SQL_ALIAS_LIST, DB_TEXT(""), DB_TEXT(""), DB_INT(100000)) ==
        0)
        reply_rows(call, &q, columns, ARRAY_LEN(columns), -1);
    else
        route_fail(call, &e);
}

/* ---- certificates ------------------------------------------------------------------------------
 */

static void write_certificate(struct json_writer *w, const struct pki_record *r)
{
    char hash[HASH_TEXT];

    json_write_object(w);
    json_member_string(w, "certificate", r->id);
    json_member_string(w, "organisation", r->organisation);
    json_member_string(w, "subject", r->subject_id);
    json_member_string(w, "kind", pki_subject_kind_name(r->subject));
    json_member_string(w, "profile", r->profile);
    json_member_string(w, "status", pki_status_name(r->status));
    json_member_hex(w, "serial", slice_of(r->serial, sizeof(r->serial)));
    hash_text_format(r->fingerprint, hash);
    if (r->status != PKI_INTENDED)
        json_member_string(w, "fingerprint", hash);
    json_member_time(w, "not_before", r->not_before);
    json_member_time(w, "not_after", r->not_after);
    if (r->revoked_at) {
        json_member_time(w, "revoked", r->revoked_at);
        json_member_string(w, "reason", crl_reason_name((enum crl_reason)r->reason));
    }
    json_write_object_end(w);
}

static void get_certificates(struct worker *worker, struct route_call *call)
{
    struct pki_record *records = NULL;
    char organisation[ID_TEXT];
    const char *subject = NULL;
    struct json_writer w;
    struct err e = {0};
    struct buf text;
    const char *after;
    int64_t limit;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    if (route_page(call, &after, &limit, &e) != 0 ||
        route_organisation(call, true, organisation, &e) != 0 ||
        http_query(call->x, "subject", &subject, &e) < 0)
        goto out;
    records = mem_new((size_t)limit, sizeof(*records));
    if (!records) {
        err_memory(&e);
        goto out;
    }
    int count = pki_certificate_list(worker->db, organisation[0] ? organisation : NULL, subject,
                                     after, records, (size_t)limit, &e);
    if (count < 0)
        goto out;
    json_write_object(&w);
    json_write_name(&w, "items");
    json_write_array(&w);
    for (int i = 0; i < count; i++)
        write_certificate(&w, &records[i]);
    json_write_array_end(&w);
    if (count == limit)
        json_member_string(&w, "next", records[count - 1].id);
    json_write_object_end(&w);
out:
    route_end(call, &w, &e);
    mem_free(records);
    buf_fini(&text);
}

/* ---- the journal -------------------------------------------------------------------------------
 */

struct acts {
    struct route_call *call;
    struct json_writer *w;
};

/* Acts of other organisations are not for everybody's eyes; their commitments are public. */
static int write_act(void *context, const struct journal_row *row, struct err *e)
{
    struct acts *acts = context;
    const struct caller *caller = &acts->call->caller;
    bool theirs = row->organisation && strcmp(row->organisation, caller->organisation) == 0;

    (void)e;
    json_write_object(acts->w);
    json_member_int(acts->w, "index", (int64_t)row->index);
    json_member_hex(acts->w, "commitment", slice_of(row->commitment, 32));
    if ((caller->everywhere || theirs) && row->body.data) {
        json_write_name(acts->w, "act");
        json_write_raw(acts->w, row->body);
    }
    json_write_object_end(acts->w);
    return 0;
}

static void get_log(struct worker *worker, struct route_call *call)
{
    struct acts acts = {.call = call};
    const char *from_text = NULL;
    struct json_writer w;
    struct err e = {0};
    struct buf text;
    const char *after;
    uint64_t next = 0;
    int64_t limit;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    if (route_page(call, &after, &limit, &e) != 0 ||
        http_query(call->x, "from", &from_text, &e) < 0)
        goto out;
    uint64_t from = from_text ? strtoull(from_text, NULL, 10) : 0;
    acts.w = &w;
    json_write_object(&w);
    json_write_name(&w, "items");
    json_write_array(&w);
    int64_t rows = journal_read(worker->db, from, (uint64_t)limit, write_act, &acts, &next, &e);
    if (rows < 0)
        goto out;
    json_write_array_end(&w);
    if (rows == limit)
        json_member_int(&w, "next", (int64_t)next);
    json_write_object_end(&w);
out:
    route_end(call, &w, &e);
    buf_fini(&text);
}

struct sought_act {
    const struct caller *caller;
    uint64_t index;
    bool may_see;
};

static int find_act(void *context, const struct journal_row *row, struct err *e)
{
    struct sought_act *sought = context;

    (void)e;
    sought->index = row->index;
    sought->may_see =
        sought->caller->everywhere ||
        (row->organisation && strcmp(row->organisation, sought->caller->organisation) == 0);
    return 0;
}

static void get_act_proof(struct worker *worker, struct route_call *call)
{
    struct sought_act sought = {.caller = &call->caller};
    const char *act = http_param(call->x, "act");
    struct err e = {0};
    struct buf text;
    char *end = NULL;
    int found = 0;

    buf_init(&text);
    if (act && id_is(slice_str(act), "act"))
        found = journal_find(worker->db, act, find_act, &sought, &e);
    else if (act && *act >= '0' && *act <= '9')
        found = journal_find_index(worker->db, strtoull(act, &end, 10), find_act, &sought, &e);
    if (found == 0 || (found == 1 && !sought.may_see) || (end && *end)) {
        err_set(&e, ERR_NOT_FOUND, "centre.not-found", NULL, "there is no act %.80s for you",
                act ? act : "");
        err_hint(&e, "name it by its id, act_…, or by its index: tocsin log show");
    }
    if (!err_is_set(&e) && journal_prove_act(worker->db, sought.index, &text, &e) == 0)
        http_reply_text(call->x, 200, "text/plain; charset=utf-8", buf_slice(&text));
    else
        route_fail(call, &e);
    buf_fini(&text);
}

/* ---- how it is ---------------------------------------------------------------------------------
 */

static void get_status(struct worker *worker, struct route_call *call)
{
    struct err e = {0};
    struct buf text;

    buf_init(&text);
    if (status_write(worker, &call->caller, &text, &e) == 0)
        route_json(call, 200, &text);
    else
        route_fail(call, &e);
    buf_fini(&text);
}

static void get_metrics(struct worker *worker, struct route_call *call)
{
    struct err e = {0};
    struct buf text;

    buf_init(&text);
    if (is_of_the_centre(call, &e) == 0 && metrics_write(worker, &text, &e) == 0)
        http_reply_text(call->x, 200, "text/plain; version=0.0.4; charset=utf-8", buf_slice(&text));
    else
        route_fail(call, &e);
    buf_fini(&text);
}

static void post_backup(struct worker *worker, struct route_call *call)
{
    struct json_doc *doc = NULL;
    struct slice path;
    struct err e = {0};
    char text[1024];

    if (runs_the_centre(call, &e) == 0 && json_parse(&doc, http_body(call->x), NULL, &e) == 0 &&
        args_string(json_root(doc), "path", sizeof(text) - 1, true, &path, &e) == 0) {
        snprintf(text, sizeof(text), "%.*s", SLICE_ARG(path));
        if (text[0] != '/')
            err_set(&e, ERR_USAGE, "centre.argument", NULL, "\"path\" must begin with '/'");
        else if (db_backup(worker->db, text, NULL, NULL, &e) == 0)
            http_reply_text(call->x, 200, "application/json", slice_str("{\"verified\":true}"));
    }
    if (err_is_set(&e))
        route_fail(call, &e);
    json_doc_free(doc);
}

enum {
    OPERATORS = HTTP_AT(HTTP_DOOR_WEB) | HTTP_AT(HTTP_DOOR_LOCAL),
    LOCAL = HTTP_AT(HTTP_DOOR_LOCAL)
};

static const struct route table[] = {
    {"GET", "/v1/status", OPERATORS, ROUTE_OPERATOR, 0, HTTP_ROUTE_ALWAYS, get_status},
    {"GET", "/metrics", OPERATORS, ROUTE_OPERATOR, 0, HTTP_ROUTE_ALWAYS, get_metrics},
    {"GET", "/v1/organisations", OPERATORS, ROUTE_OPERATOR, 0, 0, get_organisations},
    {"POST", "/v1/organisations", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_organisation},
    {"POST", "/v1/organisations/escalation", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_escalation},
    {"GET", "/v1/operators", OPERATORS, ROUTE_OPERATOR, 0, 0, get_operators},
    {"POST", "/v1/operators", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_operator},
    {"POST", "/v1/operators/close", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_operator_close},
    {"GET", "/v1/contacts", OPERATORS, ROUTE_OPERATOR, 0, 0, get_contacts},
    {"POST", "/v1/contacts", OPERATORS, ROUTE_OPERATOR, 8192, 0, post_contact},
    {"POST", "/v1/contacts/erase", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_contact_erase},
    {"POST", "/v1/tokens", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_token},
    {"GET", "/v1/aliases", OPERATORS, ROUTE_OPERATOR, 0, 0, get_aliases},
    {"POST", "/v1/aliases", OPERATORS, ROUTE_OPERATOR, 8192, 0, post_alias},
    {"GET", "/v1/certificates", OPERATORS, ROUTE_OPERATOR, 0, 0, get_certificates},
    {"POST", "/v1/certificates/revoke", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_revoke},
    {"GET", "/v1/log", OPERATORS, ROUTE_OPERATOR, 0, 0, get_log},
    {"GET", "/v1/log/acts/{act}/proof", OPERATORS, ROUTE_OPERATOR, 0, 0, get_act_proof},
    {"POST", "/v1/unlock", LOCAL, ROUTE_OPERATOR, 4096, HTTP_ROUTE_ALWAYS, post_unlock},
    {"POST", "/v1/backup", LOCAL, ROUTE_OPERATOR, 4096, 0, post_backup},
};

const struct route_table routes_admin = {table, ARRAY_LEN(table)};
