/* SPDX-License-Identifier: Apache-2.0 */
/* Proof packs, the delivery ladder, bundles and answers. */
#include "base/memory.h"
#include "centre/advisory_named.h"
#include "centre/bundling.h"
#include "centre/pack_export.h"
#include "centre/routes.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADS_MAX = 16, ANSWERS_BODY = 64 << 20 };

/* "12,345": sizes of heads that who asks keeps. */
static int read_heads(struct route_call *call, uint64_t heads[HEADS_MAX], size_t *count,
                      struct err *e)
{
    const char *text = NULL;
    char *end = NULL;
    int found = http_query(call->x, "heads", &text, e);

    *count = 0;
    while (found == 1 && *text && *count < HEADS_MAX) {
        heads[*count] = strtoull(text, &end, 10);
        if (end == text || (*end && *end != ',') || heads[*count] > INT64_MAX)
            return err_set(e, ERR_USAGE, "centre.argument", NULL,
                           "\"heads\" must be sizes of the journal, with commas between them");
        (*count)++;
        text = *end ? end + 1 : end;
    }
    return found < 0 ? -1 : 0;
}

/* To a customer, an advisory of which he was told nothing is as if it were not there; one that he
 * was told of is his, also when he may not see it any more. */
static int told_of(struct worker *worker, const char *name, char advisory[ID_TEXT],
                   const char *organisation, struct err *e)
{
    bool is_id = id_is(slice_str(name), "adv");
    struct db_query told;
    struct db_query q;
    int found = 0;
    int step = 0;

    if (!is_id && db_select(&q, worker->db, e, SQL_ADVISORY_ALL_BY_TRACKING, DB_TEXT(name),
                            DB_TEXT(organisation), DB_TEXT(worker->centre->organisation)) != 0)
        return -1;
    while (found == 0 && (is_id || (step = db_step(&q, e)) == 1)) {
        snprintf(advisory, ID_TEXT, "%s", is_id ? name : db_text(&q, 0));
        found = db_find(&told, worker->db, e, SQL_NOTICE_FOR_ORGANISATION, DB_TEXT(advisory),
                        DB_TEXT(organisation));
        db_query_finish(&told);
        if (is_id)
            break;
    }
    if (!is_id)
        db_query_finish(&q);
    if (found == 0 && step >= 0)
        return err_set(e, ERR_NOT_FOUND, "centre.not-told", NULL,
                       "your organisation was told nothing about %s", name);
    return found == 1 ? 0 : -1;
}

/* Who may see what was told: who runs the centre all of it, everyone else what he himself was.
 * organisation: whose part; empty: all. */
static int may_export(struct worker *worker, struct route_call *call, char advisory[ID_TEXT],
                      char organisation[ID_TEXT], struct err *e)
{
    const char *name = http_param(call->x, "name");

    advisory[0] = '\0';
    if (caller_needs(&call->caller, ROLE_COORDINATOR | ROLE_AUDITOR, e) != 0 ||
        route_organisation(call, true, organisation, e) != 0)
        return -1;
    if (!name)
        return err_set(e, ERR_USAGE, "centre.argument", NULL, "the advisory's name is missing");
    if (!call->caller.everywhere)
        return told_of(worker, name, advisory, organisation, e);
    struct fleet_revision revision;
    fleet_revision_init(&revision);
    int found = advisory_named(call->centre, worker->db, &call->caller, name, &revision, e);
    snprintf(advisory, ID_TEXT, "%s", revision.advisory);
    fleet_revision_fini(&revision);
    return found;
}

static void get_pack(struct worker *worker, struct route_call *call)
{
    uint64_t heads[HEADS_MAX];
    struct pack_wish wish = {.heads = heads};
    char organisation[ID_TEXT];
    char advisory[ID_TEXT];
    char path[PATH_MAX];
    char nonce[ID_TEXT];
    struct err e = {0};
    struct stat status;

    if (may_export(worker, call, advisory, organisation, &e) != 0 ||
        read_heads(call, heads, &wish.head_count, &e) != 0 ||
        id_new(call->centre->random, "pack", nonce, &e) != 0) {
        route_fail(call, &e);
        return;
    }
    snprintf(path, sizeof(path), "%s/spool/%s.tar", call->centre->config->home, nonce);
    wish.advisory = advisory;
    wish.organisation = *organisation ? organisation : NULL;
    wish.path = path;
    if (pack_export(worker, &wish, &e) != 0) {
        route_fail(call, &e);
        return;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    unlink(path);
    if (fd < 0 || fstat(fd, &status) != 0) {
        err_set(&e, ERR_SYSTEM, "centre.spool", NULL, "the pack cannot be read back");
        if (fd >= 0)
            close(fd);
        route_fail(call, &e);
        return;
    }
    const struct http_answer answer = {.status = 200, .content_type = "application/x-tar"};
    http_reply_file(call->x, &answer, fd, (uint64_t)status.st_size);
}

static void get_delivery(struct worker *worker, struct route_call *call)
{
    char organisation[ID_TEXT];
    char advisory[ID_TEXT];
    struct json_writer w;
    struct err e = {0};
    struct buf text;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    if (may_export(worker, call, advisory, organisation, &e) != 0 ||
        delivery_ladder(worker, advisory, organisation, &w, &e) != 0) {
        route_fail(call, &e);
    } else {
        json_write_object_end(&w);
        route_json(call, 200, &text);
    }
    buf_fini(&text);
}

static void post_bundle(struct worker *worker, struct route_call *call)
{
    struct json_doc *doc = NULL;
    char organisation[ID_TEXT];
    struct err e = {0};
    uint64_t size;
    int fd;

    snprintf(organisation, sizeof(organisation), "%s", call->caller.organisation);
    if (caller_needs(&call->caller, ROLE_REGISTRAR, &e) != 0 ||
        json_parse(&doc, http_body(call->x), NULL, &e) != 0)
        goto out;
    if (json_get(json_root(doc), "organisation") &&
        args_id(json_root(doc), "organisation", "org", organisation, &e) != 0)
        goto out;
    if (caller_acts_for(&call->caller, organisation, organisation, &e) == 0 &&
        bundle_export(worker, &call->caller, organisation, json_get(json_root(doc), "assets"), &fd,
                      &size, &e) == 0) {
        const struct http_answer answer = {.status = 200, .content_type = "application/x-tar"};
        http_reply_file(call->x, &answer, fd, size);
    }
out:
    if (err_is_set(&e))
        route_fail(call, &e);
    json_doc_free(doc);
}

static void post_answers(struct worker *worker, struct route_call *call)
{
    struct err e = {0};
    struct buf report;

    buf_init(&report);
    if (answers_accept(worker, &call->caller, http_body(call->x), &report, &e) == 0)
        route_json(call, 200, &report);
    else
        route_fail(call, &e);
    buf_fini(&report);
}

enum { OPERATORS = HTTP_AT(HTTP_DOOR_WEB) | HTTP_AT(HTTP_DOOR_LOCAL) };

static const struct route table[] = {
    {"GET", "/v1/proofs/{name}", OPERATORS, ROUTE_OPERATOR, 0, 0, get_pack},
    {"GET", "/v1/advisory/{name}/delivery", OPERATORS, ROUTE_OPERATOR, 0, 0, get_delivery},
    {"POST", "/v1/bundles", OPERATORS, ROUTE_OPERATOR, 1 << 20, 0, post_bundle},
    {"POST", "/v1/answers", OPERATORS, ROUTE_OPERATOR, ANSWERS_BODY, 0, post_answers},
};

const struct route_table routes_proof = {table, ARRAY_LEN(table)};
