/* SPDX-License-Identifier: Apache-2.0 */
/* What became of an advisory at each asset: shown, and said by operators. */
#include "centre/advisory_named.h"
#include "centre/commands.h"
#include "centre/routes.h"
#include "centre/writer.h"
#include "fleet/advisory_store.h"
#include "fleet/remediation.h"

#include <stdio.h>

enum { PAGE = 500, BODY = 4 << 20 };

/* What devices were told counts; before anything was published, what they will be told. */
static int find_revision(struct worker *worker, struct route_call *call, const char *name,
                         struct fleet_revision *revision, struct err *e)
{
    char published[ID_TEXT];

    if (!name)
        return err_set(e, ERR_USAGE, "centre.argument", NULL, "the advisory's name is missing");
    if (advisory_named(call->centre, worker->db, &call->caller, name, revision, e) != 0)
        return -1;
    if (strcmp(revision->state, "published") == 0 || !revision->published[0])
        return 0;
    snprintf(published, sizeof(published), "%s", revision->published);
    fleet_revision_fini(revision);
    fleet_revision_init(revision);
    return fleet_revision_find(worker->db, published, revision, e) == 1 ? 0 : -1;
}

/* ---- assets, a page at a time ------------------------------------------------------------------
 */

/* 0 to go on, -1. */
typedef int concerned_fn(void *context, struct db_query *row, const struct fleet_remediation *r,
                         struct err *e);

/* Columns of STATEMENT_ASSETS; class_since comes from its own query, where there are words. */
static int each_concerned(struct db *db, const struct fleet_revision *revision,
                          const char *organisation, char after[ID_TEXT], int64_t limit,
                          int64_t *rows, concerned_fn *fn, void *context, struct err *e)
{
    struct db_query q;
    int step;

    *rows = 0;
    if (db_select(&q, db, e, SQL_STATEMENT_ASSETS, DB_TEXT(revision->id), DB_TEXT(after),
                  DB_INT(limit), DB_TEXT(organisation), DB_BOOL(revision->exercise)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        struct fleet_remediation remediation;
        (*rows)++;
        snprintf(after, ID_TEXT, "%s", db_text(&q, 0));
        int found =
            fleet_remediation_of(db, after, revision->advisory, revision->id, &remediation, e);
        if (found == 1 && remediation.count > 0 && fn(context, &q, &remediation, e) != 0)
            found = -1;
        fleet_remediation_fini(&remediation);
        if (found < 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    return step;
}

/* ---- shown -------------------------------------------------------------------------------------
 */

struct listing {
    struct json_writer *w;
    const char *state; /* NULL: any */
};

static int write_row(void *context, struct db_query *q, const struct fleet_remediation *r,
                     struct err *e)
{
    static const struct {
        const char *name;
        unsigned column;
    } texts[] = {{"asset", 0}, {"organisation", 1}, {"label", 2}, {"status", 3},
                 {"owner", 5}, {"way", 6},          {"serial", 7}};
    const struct listing *l = context;

    (void)e;
    if (l->state && strcmp(l->state, fleet_remedied_name(r->state)) != 0)
        return 0;
    json_write_object(l->w);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (!db_is_null(q, texts[i].column))
            json_member_slice(l->w, texts[i].name, db_slice(q, texts[i].column));
    fleet_remediation_write(l->w, r, false);
    json_write_object_end(l->w);
    return 0;
}

static int read_state(struct route_call *call, const char **state, struct err *e)
{
    enum fleet_remedied known;
    int found = http_query(call->x, "state", state, e);

    if (found == 0)
        *state = NULL;
    if (found != 1)
        return found;
    return fleet_remedied_parse(slice_str(*state), &known, e);
}

static void get_remediation(struct worker *worker, struct route_call *call)
{
    struct fleet_remedied_counts counts;
    struct fleet_revision revision;
    struct listing listing = {0};
    char organisation[ID_TEXT];
    char last[ID_TEXT];
    struct json_writer w;
    struct err e = {0};
    struct buf text;
    const char *after;
    int64_t limit;
    int64_t rows;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    fleet_revision_init(&revision);
    listing.w = &w;
    if (route_page(call, &after, &limit, &e) != 0 ||
        route_organisation(call, true, organisation, &e) != 0 ||
        read_state(call, &listing.state, &e) != 0 ||
        find_revision(worker, call, http_param(call->x, "name"), &revision, &e) != 0)
        goto out;
    snprintf(last, sizeof(last), "%s", after);
    json_write_object(&w);
    json_member_string(&w, "advisory", revision.advisory);
    json_member_string(&w, "revision", revision.id);
    json_write_name(&w, "document");
    fleet_advisory_write(&w, &revision);
    if (!*after) { /* once, not with every page */
        if (fleet_remediation_count(worker->db, revision.advisory, revision.id, organisation,
                                    revision.exercise, &counts, &e) != 0)
            goto out;
        json_write_name(&w, "counts");
        json_write_object(&w);
        fleet_remedied_counts_write(&w, &counts);
        json_write_object_end(&w);
    }
    json_write_name(&w, "items");
    json_write_array(&w);
    if (each_concerned(worker->db, &revision, organisation, last, limit, &rows, write_row, &listing,
                       &e) != 0)
        goto out;
    json_write_array_end(&w);
    if (rows == limit)
        json_member_string(&w, "next", last);
    json_write_object_end(&w);
out:
    route_end(call, &w, &e);
    fleet_revision_fini(&revision);
    buf_fini(&text);
}

/* ---- said --------------------------------------------------------------------------------------
 */

struct marking {
    struct route_call *call;
    const struct fleet_revision *revision;
    struct slice state, reason, vulnerability;
    char assets[FLEET_MARK_MAX][ID_TEXT]; /* of the next command */
    size_t count;
    int64_t marked;
    int64_t unchanged;
    struct json_writer *w; /* inside the array of what was refused */
};

static void refuse(struct marking *m, const char *asset, const struct err *e)
{
    json_write_object(m->w);
    json_member_string(m->w, "asset", asset);
    json_member_string(m->w, "code", e->code);
    json_member_string(m->w, "text", e->text);
    json_write_object_end(m->w);
}

/* One command for these assets: all of them, or none. */
static int send_some(struct marking *m, size_t from, size_t count, struct err *e)
{
    struct command command;
    struct json_writer w;
    struct buf args;
    int result = -1;

    buf_init(&args);
    json_write_init(&w, &args, 0);
    json_write_object(&w);
    json_member_string(&w, "advisory", m->revision->advisory);
    json_member_string(&w, "revision", m->revision->id);
    json_member_slice(&w, "state", m->state);
    json_member_slice(&w, "reason", m->reason);
    if (m->vulnerability.len)
        json_member_slice(&w, "vulnerability", m->vulnerability);
    json_write_name(&w, "assets");
    json_write_array(&w);
    for (size_t i = from; i < from + count; i++)
        json_write_string(&w, m->assets[i]);
    json_write_array_end(&w);
    json_write_object_end(&w);
    command_init(&command, &command_remediation_mark, &m->call->caller);
    if (buf_check(&args, e) == 0) {
        command.args = buf_slice(&args);
        result = writer_run(m->call->centre->writer, &command, e);
    }
    command_fini(&command);
    buf_fini(&args);
    return result;
}

/* What is refused together is tried one by one: each asset is marked, or refused with its reason.
 */
static int flush(struct marking *m, struct err *e)
{
    struct err together = {0};

    if (m->count == 0)
        return 0;
    if (send_some(m, 0, m->count, &together) == 0) {
        m->marked += (int64_t)m->count;
    } else {
        for (size_t i = 0; i < m->count; i++) {
            struct err alone = {0};
            if (send_some(m, i, 1, &alone) == 0) {
                m->marked++;
            } else if (alone.kind == ERR_DENIED || alone.kind == ERR_UNAVAILABLE ||
                       alone.kind == ERR_SYSTEM || alone.kind == ERR_MEMORY) {
                *e = alone; /* not this asset's fault: the others will fare no better */
                return -1;
            } else {
                refuse(m, m->assets[i], &alone);
            }
        }
    }
    m->count = 0;
    return 0;
}

static int add(struct marking *m, const char *asset, struct err *e)
{
    snprintf(m->assets[m->count++], ID_TEXT, "%s", asset);
    return m->count == FLEET_MARK_MAX ? flush(m, e) : 0;
}

/* Said already, in the same words: asking twice marks once. */
static bool is_said(const struct marking *m, const struct fleet_remediation *r)
{
    for (size_t i = 0; i < r->word_count; i++) {
        const struct fleet_word *word = &r->words[i];
        if (word->by == FLEET_BY_OPERATOR && slice_equal(word->vulnerability, m->vulnerability))
            return slice_is(m->state, fleet_remedied_name(word->state)) &&
                   slice_equal(word->reason, m->reason);
    }
    return false;
}

/* Of all that are concerned: those that nothing is to be done about any more need no word. */
static int mark_concerned(void *context, struct db_query *q, const struct fleet_remediation *r,
                          struct err *e)
{
    struct marking *m = context;
    bool found = false;

    for (size_t i = 0; i < r->count; i++)
        found =
            found ||
            ((!m->vulnerability.len || slice_equal(r->parts[i].vulnerability, m->vulnerability)) &&
             r->parts[i].by != FLEET_BY_INVENTORY);
    if (!found)
        return 0;
    if (is_said(m, r)) {
        m->unchanged++;
        return 0;
    }
    return add(m, db_text(q, 0), e);
}

static int mark_everything(struct worker *worker, struct marking *m, const char *organisation,
                           struct err *e)
{
    char after[ID_TEXT] = "";
    int64_t rows = PAGE;

    while (rows == PAGE)
        if (each_concerned(worker->db, m->revision, organisation, after, PAGE, &rows,
                           mark_concerned, m, e) != 0)
            return -1;
    return flush(m, e);
}

static int mark_listed(struct worker *worker, struct marking *m, const struct json_value *assets,
                       struct err *e)
{
    json_each(asset, assets)
    {
        struct fleet_remediation r;
        char id[ID_TEXT];
        struct slice text = json_string(asset);
        if (!id_is(text, "ast"))
            return err_set(e, ERR_USAGE, "centre.argument", NULL,
                           "\"assets\" must hold ids that begin with ast_");
        snprintf(id, sizeof(id), "%.*s", SLICE_ARG(text));
        int found =
            fleet_remediation_of(worker->db, id, m->revision->advisory, m->revision->id, &r, e);
        bool said = found == 1 && is_said(m, &r);
        fleet_remediation_fini(&r);
        if (found < 0)
            return -1;
        if (said)
            m->unchanged++;
        else if (add(m, id, e) != 0)
            return -1;
    }
    return flush(m, e);
}

/* Who is meant: a list, or all. */
static int read_whom(struct route_call *call, const struct json_value *body,
                     char organisation[ID_TEXT], struct err *e)
{
    const struct json_value *assets = json_get(body, "assets");
    bool all;

    if (args_bool(body, "all", false, &all, e) != 0)
        return -1;
    if (all == (json_count(assets) > 0))
        return err_set(e, ERR_USAGE, "centre.argument", NULL,
                       "either \"assets\" names some, or \"all\" is true");
    snprintf(organisation, ID_TEXT, "%s", call->caller.everywhere ? "" : call->caller.organisation);
    if (json_get(body, "organisation") &&
        (args_id(body, "organisation", "org", organisation, e) != 0 ||
         caller_acts_for(&call->caller, organisation, organisation, e) != 0))
        return -1;
    return 0;
}

static int mark(struct worker *worker, struct route_call *call, const struct json_value *body,
                struct json_writer *w, struct err *e)
{
    const struct json_value *assets = json_get(body, "assets");
    struct marking m = {.call = call, .w = w};
    struct fleet_revision revision;
    char organisation[ID_TEXT];
    enum fleet_remedied state;
    struct slice name;
    char text[256];
    int result = -1;

    fleet_revision_init(&revision);
    m.revision = &revision;
    if (caller_needs(&call->caller, ROLE_COORDINATOR | ROLE_REGISTRAR, e) != 0 ||
        args_string(body, "advisory", 200, true, &name, e) != 0 ||
        args_string(body, "state", 20, true, &m.state, e) != 0 ||
        args_string(body, "reason", 500, true, &m.reason, e) != 0 ||
        args_string(body, "vulnerability", 1000, false, &m.vulnerability, e) != 0 ||
        fleet_remedied_parse(m.state, &state, e) != 0 ||
        read_whom(call, body, organisation, e) != 0)
        goto out;
    snprintf(text, sizeof(text), "%.*s", SLICE_ARG(name));
    if (find_revision(worker, call, text, &revision, e) != 0)
        goto out;
    json_write_object(w);
    json_member_string(w, "advisory", revision.advisory);
    json_write_name(w, "refused");
    json_write_array(w);
    result =
        assets ? mark_listed(worker, &m, assets, e) : mark_everything(worker, &m, organisation, e);
    if (result != 0 && m.marked > 0)
        err_hint(e, "%lld assets were marked before: say it again, and the rest follows",
                 (long long)m.marked);
    json_write_array_end(w);
    json_member_int(w, "marked", m.marked);
    json_member_int(w, "unchanged", m.unchanged);
    json_write_object_end(w);
out:
    fleet_revision_fini(&revision);
    return result;
}

static void post_remediation(struct worker *worker, struct route_call *call)
{
    struct json_doc *body = NULL;
    struct json_writer w;
    struct err e = {0};
    struct buf text;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    if (json_parse(&body, http_body(call->x), NULL, &e) == 0 &&
        mark(worker, call, json_root(body), &w, &e) != 0 && !err_is_set(&e))
        err_set(&e, ERR_INTERNAL, "centre.unanswered", NULL, "nothing came of it");
    route_end(call, &w, &e);
    json_doc_free(body);
    buf_fini(&text);
}

enum { OPERATORS = HTTP_AT(HTTP_DOOR_WEB) | HTTP_AT(HTTP_DOOR_LOCAL) };

static const struct route table[] = {
    {"GET", "/v1/advisory/{name}/remediation", OPERATORS, ROUTE_OPERATOR, 0, 0, get_remediation},
    {"POST", "/v1/remediation", OPERATORS, ROUTE_OPERATOR, BODY, 0, post_remediation},
};

const struct route_table routes_remediation = {table, ARRAY_LEN(table)};
