/* SPDX-License-Identifier: Apache-2.0 */
/* Advisories, as operators see them: import, lists, preview, publication, delivery, exposure. */
#include "base/memory.h"
#include "centre/advisory_named.h"
#include "centre/commands.h"
#include "centre/custody_about.h"
#include "centre/routes.h"
#include "centre/streams.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "fleet/confidence.h"
#include "fleet/publication_store.h"
#include "fleet/remediation.h"

#include <stdio.h>
#include <unistd.h>

/* ---- import ------------------------------------------------------------------------------------
 */

static void free_import(void *context)
{
    struct advisory_import *import = context;

    csaf_free(import->document);
    buf_fini(&import->warnings);
    mem_free(import);
}

/* The body was spooled: it may be as large as CSAF allows. */
static int read_spooled(struct http_exchange *x, struct buf *text, struct err *e)
{
    uint64_t size;
    int fd = http_body_file(x, &size);

    while (fd >= 0 && text->len < size) {
        size_t wanted = size - text->len < 65536 ? (size_t)(size - text->len) : 65536;
        uint8_t *at = buf_extend(text, wanted);
        if (!at)
            return buf_check(text, e);
        ssize_t got = pread(fd, at, wanted, (off_t)(text->len - wanted));
        if (got <= 0)
            return err_set(e, ERR_SYSTEM, "centre.spool", NULL, "the spooled body cannot be read");
        text->len -= wanted - (size_t)got;
    }
    return buf_check(text, e);
}

/* The same words for the same document: who wants them again imports it again. */
static int write_warnings(struct advisory_import *import, const struct csaf_report *report,
                          struct err *e)
{
    struct json_writer w;

    import->warning_count = report->warning_count;
    json_write_init(&w, &import->warnings, 0);
    json_write_array(&w);
    for (size_t i = 0; i < report->warning_count && i < CSAF_FINDINGS; i++) {
        const struct err *warning = &report->warnings[i];
        const char *test = strstr(warning->clause, "section 6.");
        json_write_object(&w);
        if (strcmp(warning->code, "csaf.test") == 0 && test)
            json_member_string(&w, "test", test + strlen("section "));
        json_member_string(&w, "code", warning->code);
        json_member_string(&w, "text", warning->text);
        json_member_string(&w, "where", warning->where);
        json_member_string(&w, "clause", warning->clause);
        if (warning->hint[0])
            json_member_string(&w, "hint", warning->hint);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    return buf_check(&import->warnings, e);
}

static int load(struct advisory_import *import, struct slice text, struct err *e)
{
    struct csaf_report *report = mem_new(1, sizeof(*report));
    int result = report ? csaf_load_report(&import->document, text, report, e) : err_memory(e);

    if (result == 0)
        result = write_warnings(import, report, e);
    mem_free(report);
    return result;
}

static void post_import(struct worker *worker, struct route_call *call)
{
    struct advisory_import *import = mem_new(1, sizeof(*import));
    struct err e = {0};
    char hash[HASH_TEXT];
    char args[128];
    struct buf text;

    (void)worker;
    buf_init(&text);
    if (!import) {
        err_memory(&e);
        goto failed;
    }
    buf_init(&import->warnings);
    if (read_spooled(call->x, &text, &e) != 0)
        goto failed;
    if (sha256(buf_slice(&text), import->digest) != 0) {
        err_memory(&e);
        goto failed;
    }
    if (load(import, buf_slice(&text), &e) != 0)
        goto failed;
    buf_fini(&text);
    hash_text_format(import->digest, hash);
    snprintf(args, sizeof(args), "{\"document\":\"%s\"}", hash);
    /* what an exercise organisation brings in is for exercises only */
    route_command(call, &command_advisory_import, slice_str(args), import, free_import, NULL,
                  call->caller.exercise);
    return;
failed:
    buf_fini(&text);
    if (import)
        free_import(import);
    route_fail(call, &e);
}

static void post_match(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_advisory_match, NULL);
}

static void post_publish(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_advisory_publish, NULL);
}

/* ---- lists -------------------------------------------------------------------------------------
 */

/* Where the columns of SQL_ADVISORY_LIST stand, of the newest revision and of the published one. */
struct listed {
    unsigned tlp, title, version, state, imported, revision;
};

/* A row in its newest form that the caller may see, or nothing. */
static int list_one(struct worker *worker, struct route_call *call, struct db_query *q,
                    struct json_writer *w, struct err *e)
{
    static const struct listed forms[] = {{5, 6, 7, 8, 9, 10}, {12, 13, 14, 15, 16, 17}};

    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        const struct listed *at = &forms[i];
        if (db_is_null(q, at->revision))
            break;
        const struct caller_shown shown = {.organisation = db_text(q, 1),
                                           .tlp = db_text(q, at->tlp),
                                           .revision = db_text(q, at->revision),
                                           .exercise = db_bool(q, 11),
                                           .draft = !slice_is(db_slice(q, at->state), "published")};
        int sees = caller_sees(worker->db, &call->caller, &shown, e);
        if (sees < 0)
            return -1;
        if (!sees)
            continue;
        json_write_object(w);
        json_member_slice(w, "advisory", db_slice(q, 0));
        json_member_slice(w, "namespace", db_slice(q, 2));
        json_member_slice(w, "id", db_slice(q, 3));
        json_member_slice(w, "publisher", db_slice(q, 4));
        json_member_slice(w, "tlp", db_slice(q, at->tlp));
        json_member_slice(w, "title", db_slice(q, at->title));
        json_member_slice(w, "version", db_slice(q, at->version));
        json_member_slice(w, "state", db_slice(q, at->state));
        json_member_time(w, "imported", db_int(q, at->imported));
        json_member_slice(w, "revision", db_slice(q, at->revision));
        json_member_bool(w, "exercise", db_bool(q, 11));
        json_write_object_end(w);
        break;
    }
    return 0;
}

static void get_list(struct worker *worker, struct route_call *call)
{
    struct json_writer w;
    struct err e = {0};
    struct db_query q;
    struct buf text;
    const char *after;
    char last[ID_TEXT] = "";
    int64_t limit;
    int64_t rows = 0;
    int step;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    if (route_page(call, &after, &limit, &e) != 0 ||
        db_select(&q, worker->db, &e, SQL_ADVISORY_LIST, DB_TEXT(after), DB_INT(limit)) != 0)
        goto out;
    json_write_object(&w);
    json_write_name(&w, "items");
    json_write_array(&w);
    while ((step = db_step(&q, &e)) == 1) {
        rows++;
        snprintf(last, sizeof(last), "%s", db_text(&q, 0));
        if (list_one(worker, call, &q, &w, &e) != 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    if (step < 0)
        goto out;
    json_write_array_end(&w);
    if (rows == limit)
        json_member_string(&w, "next", last);
    json_write_object_end(&w);
out:
    route_end(call, &w, &e);
    buf_fini(&text);
}

static void write_revision(struct json_writer *w, const struct fleet_revision *r)
{
    json_member_string(w, "advisory", r->advisory);
    json_member_string(w, "revision", r->id);
    json_member_string(w, "state", r->state);
    json_write_name(w, "document");
    fleet_advisory_write(w, r);
    if (r->exercise)
        json_member_bool(w, "exercise", true);
}

/* Of a revision that is published or whose drafts the caller may see. */
static int write_revisions(struct db *db, struct json_writer *w, const char *advisory, bool drafts,
                           struct err *e)
{
    struct db_query q;
    int step;

    if (db_select(&q, db, e, SQL_REVISION_LIST, DB_TEXT(advisory)) != 0)
        return -1;
    json_write_name(w, "revisions");
    json_write_array(w);
    while ((step = db_step(&q, e)) == 1) {
        char hash[HASH_TEXT];
        uint8_t digest[32];
        if (!drafts && !slice_is(db_slice(&q, 3), "published"))
            continue;
        json_write_object(w);
        json_member_slice(w, "revision", db_slice(&q, 0));
        json_member_slice(w, "version", db_slice(&q, 1));
        if (db_blob_copy(&q, 2, digest, 32)) {
            hash_text_format(digest, hash);
            json_member_string(w, "document", hash);
        }
        json_member_slice(w, "state", db_slice(&q, 3));
        json_member_time(w, "imported", db_int(&q, 4));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    db_query_finish(&q);
    return step;
}

/* From the freeze on; state is "frozen" until the signature is there, then "signed". How many it
 * reached is told only to who may know of all of them. */
static int write_publications(struct db *db, struct json_writer *w, const char *advisory,
                              bool counts, struct err *e)
{
    struct db_query q;
    int step;

    if (db_select(&q, db, e, SQL_PUBLICATION_OF_ADVISORY, DB_TEXT(advisory)) != 0)
        return -1;
    json_write_name(w, "publications");
    json_write_array(w);
    while ((step = db_step(&q, e)) == 1) {
        json_write_object(w);
        json_member_slice(w, "publication", db_slice(&q, 0));
        json_member_slice(w, "revision", db_slice(&q, 1));
        json_member_slice(w, "trigger", db_slice(&q, 2));
        json_member_slice(w, "state", db_slice(&q, 3));
        if (counts) {
            json_member_int(w, "notices", db_int(&q, 4));
            json_member_int(w, "members", db_int(&q, 5));
        }
        if (db_int(&q, 10))
            json_member_int(w, "confidence", db_int(&q, 10));
        json_member_int(w, "frozen", db_int(&q, 6));
        json_member_time(w, "created", db_int(&q, 8));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    db_query_finish(&q);
    return step;
}

static void get_one(struct worker *worker, struct route_call *call)
{
    struct fleet_revision revision;
    struct json_writer w;
    struct err e = {0};
    struct buf text;

    buf_init(&text);
    fleet_revision_init(&revision);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    if (route_advisory(worker, call, &revision, &e) != 0)
        goto out;
    write_revision(&w, &revision);
    bool own =
        call->caller.everywhere || strcmp(revision.organisation, call->caller.organisation) == 0;
    if (write_revisions(worker->db, &w, revision.advisory, own, &e) != 0 ||
        write_publications(worker->db, &w, revision.advisory, own, &e) != 0 ||
        custody_about(worker->db, &call->caller, "advisory", revision.advisory, &w, &e) != 0)
        goto out;
    json_write_object_end(&w);
out:
    route_end(call, &w, &e);
    fleet_revision_fini(&revision);
    buf_fini(&text);
}

/* ---- preview: who would be told ----------------------------------------------------------------
 */

/* Of the organisation that is asked about; of all only for who runs the centre. */
static int write_counts(struct worker *worker, struct route_call *call, struct json_writer *w,
                        const struct fleet_revision *revision, struct err *e)
{
    char organisation[ID_TEXT];
    struct db_query q;
    int step;

    if (route_organisation(call, true, organisation, e) != 0 ||
        db_select(&q, worker->db, e, SQL_STATEMENT_COUNTS, DB_TEXT(revision->id),
                  DB_TEXT(organisation), DB_BOOL(revision->exercise)) != 0)
        return -1;
    json_write_name(w, "counts");
    json_write_array(w);
    while ((step = db_step(&q, e)) == 1) {
        json_write_object(w);
        json_member_slice(w, "status", db_slice(&q, 0));
        json_member_int(w, "classes", db_int(&q, 1));
        json_member_int(w, "assets", db_int(&q, 2));
        json_member_bool(
            w, "told",
            fleet_status_is_told(db_slice(&q, 0), call->centre->config->publication_tell_unknown));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    db_query_finish(&q);
    return step;
}

/* What became of it at those assets: members that add up. */
static int write_remediation(struct worker *worker, struct route_call *call, struct json_writer *w,
                             const struct fleet_revision *revision, struct err *e)
{
    struct fleet_remedied_counts counts;
    char organisation[ID_TEXT];

    if (route_organisation(call, true, organisation, e) != 0 ||
        fleet_remediation_count(worker->db, revision->advisory, revision->id, organisation,
                                revision->exercise, &counts, e) != 0)
        return -1;
    json_write_name(w, "remediation");
    json_write_object(w);
    fleet_remedied_counts_write(w, &counts);
    json_write_object_end(w);
    return 0;
}

static int write_remedied(struct db *db, struct json_writer *w, const char *asset,
                          const struct fleet_revision *revision, struct err *e)
{
    struct fleet_remediation remediation;
    int found = fleet_remediation_of(db, asset, revision->advisory, revision->id, &remediation, e);

    if (found == 1)
        fleet_remediation_write(w, &remediation, true);
    fleet_remediation_fini(&remediation);
    return found < 0 ? -1 : 0;
}

/* Assets with what the revision says of them; only those that the caller may see. */
/* Whether a device would be told if a match had to be that sure; threshold -1: nobody asks. */
static int write_fall(struct route_call *call, struct json_writer *w, struct slice status,
                      struct slice statements, int threshold, struct err *e)
{
    bool tell_unknown = call->centre->config->publication_tell_unknown;

    if (threshold < 0 || !fleet_status_asks(status))
        return 0;
    int confidence = fleet_confidence_of(statements, e);
    if (confidence < 0)
        return -1;
    json_member_int(w, "confidence", confidence);
    json_member_string(
        w, "falls",
        fleet_status_is_told(status, tell_unknown) && confidence >= threshold ? "in" : "out");
    return 0;
}

/* How many assets would be told if a match had to be that sure, and how many would not be then. */
static int write_threshold(struct worker *worker, struct route_call *call, struct json_writer *w,
                           const struct fleet_revision *revision, int threshold, struct err *e)
{
    bool tell_unknown = call->centre->config->publication_tell_unknown;
    char organisation[ID_TEXT];
    struct db_query q;
    int64_t told = 0;
    int64_t left_out = 0;
    int step;

    if (threshold < 0)
        return 0;
    if (route_organisation(call, true, organisation, e) != 0 ||
        db_select(&q, worker->db, e, SQL_STATEMENT_ASKING, DB_TEXT(revision->id),
                  DB_TEXT(organisation), DB_BOOL(revision->exercise)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        int confidence = fleet_confidence_of(db_blob(&q, 1), e);
        if (confidence < 0) {
            step = -1;
            break;
        }
        if (!fleet_status_is_told(db_slice(&q, 0), tell_unknown))
            continue;
        *(confidence >= threshold ? &told : &left_out) += db_int(&q, 2);
    }
    db_query_finish(&q);
    json_write_name(w, "threshold");
    json_write_object(w);
    json_member_int(w, "confidence", threshold);
    json_member_int(w, "told", told);
    json_member_int(w, "left_out", left_out);
    json_write_object_end(w);
    return step;
}

static int write_assets(struct worker *worker, struct route_call *call, struct json_writer *w,
                        const struct fleet_revision *revision, const char *after, int64_t limit,
                        int threshold, struct err *e)
{
    char organisation[ID_TEXT];
    char last[ID_TEXT];
    struct db_query q;
    int64_t rows = 0;
    int step;

    if (route_organisation(call, true, organisation, e) != 0 ||
        db_select(&q, worker->db, e, SQL_STATEMENT_ASSETS, DB_TEXT(revision->id), DB_TEXT(after),
                  DB_INT(limit), DB_TEXT(organisation), DB_BOOL(revision->exercise)) != 0)
        return -1;
    json_write_name(w, "items");
    json_write_array(w);
    while ((step = db_step(&q, e)) == 1) {
        rows++;
        snprintf(last, sizeof(last), "%s", db_text(&q, 0));
        json_write_object(w);
        json_member_slice(w, "asset", db_slice(&q, 0));
        json_member_slice(w, "organisation", db_slice(&q, 1));
        if (!db_is_null(&q, 2))
            json_member_slice(w, "label", db_slice(&q, 2));
        json_member_slice(w, "status", db_slice(&q, 3));
        json_member_slice(w, "way", db_slice(&q, 6));
        if (!db_is_null(&q, 5))
            json_member_slice(w, "owner", db_slice(&q, 5));
        if (!db_is_null(&q, 7))
            json_member_slice(w, "serial", db_slice(&q, 7));
        int meant = fleet_body_is_for(db_blob(&q, 9), db_slice(&q, 7), e);
        if (meant == 0)
            json_member_bool(w, "other_serial", true);
        json_write_name(w, "statements");
        json_write_raw(w, db_blob(&q, 9));
        if (meant < 0 || write_remedied(worker->db, w, last, revision, e) != 0 ||
            write_fall(call, w, db_slice(&q, 3), db_blob(&q, 9), threshold, e) != 0) {
            step = -1;
            break;
        }
        json_write_object_end(w);
    }
    json_write_array_end(w);
    db_query_finish(&q);
    if (rows == limit)
        json_member_string(w, "next", last);
    return step;
}

static int read_threshold(struct route_call *call, int *threshold, struct err *e)
{
    const char *text = NULL;
    int found = http_query(call->x, "confidence", &text, e);

    *threshold = -1;
    return found == 1 ? fleet_confidence_parse(slice_str(text), threshold, e) : found;
}

static void get_preview(struct worker *worker, struct route_call *call)
{
    int threshold;
    struct fleet_revision revision;
    struct json_writer w;
    struct err e = {0};
    struct buf text;
    const char *after;
    int64_t limit;

    buf_init(&text);
    fleet_revision_init(&revision);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    if (route_page(call, &after, &limit, &e) != 0 || read_threshold(call, &threshold, &e) != 0 ||
        route_advisory(worker, call, &revision, &e) != 0)
        goto out;
    if (strcmp(revision.state, "imported") == 0) {
        err_set(&e, ERR_UNAVAILABLE, "centre.matching", NULL, "%s is still being matched",
                revision.tracking_id);
        goto out;
    }
    write_revision(&w, &revision);
    if (write_counts(worker, call, &w, &revision, &e) != 0 ||
        write_threshold(worker, call, &w, &revision, threshold, &e) != 0 ||
        write_assets(worker, call, &w, &revision, after, limit, threshold, &e) != 0)
        goto out;
    json_write_object_end(&w);
out:
    route_end(call, &w, &e);
    fleet_revision_fini(&revision);
    buf_fini(&text);
}

/* ---- exposure ----------------------------------------------------------------------------------
 */

enum { EXPOSURE_ADVISORIES = 256 };

/* Which revisions speak of what was asked about. */
struct exposure {
    const char *about;
    char vulnerability[80]; /* a CVE in capitals; what was asked otherwise */
    bool is_vulnerability;
    bool more;
    char revisions[EXPOSURE_ADVISORIES][ID_TEXT];
    size_t count;
    size_t shown; /* the caller may see */
};

/* CVE-YYYY-NNNN…, in capitals or not, as https://www.cve.org/ writes them. */
static bool is_cve(const char *text)
{
    static const char form[] = "CVE-0000-0000";
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        bool wanted = i >= sizeof(form) - 1 || form[i] == '0';
        if (wanted ? !digit : (text[i] & ~0x20) != form[i] && text[i] != form[i])
            return false;
    }
    return len >= sizeof(form) - 1 && len <= 40;
}

static int find_naming(struct worker *worker, struct exposure *x, struct err *e)
{
    struct db_query q;
    int step;

    x->is_vulnerability = is_cve(x->about);
    snprintf(x->vulnerability, sizeof(x->vulnerability), "%s", x->about);
    for (size_t i = 0; x->is_vulnerability && i < 3; i++)
        x->vulnerability[i] = "CVE"[i];
    if (db_select(&q, worker->db, e, SQL_REVISION_BY_VULNERABILITY, DB_TEXT(x->vulnerability)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1 && x->count < EXPOSURE_ADVISORIES)
        snprintf(x->revisions[x->count++], ID_TEXT, "%s", db_text(&q, 0));
    x->more = step == 1;
    db_query_finish(&q);
    x->is_vulnerability = x->is_vulnerability || x->count > 0;
    return step < 0 ? -1 : 0;
}

/* Not a vulnerability that anybody knows: then an advisory's name. */
static int find_named(struct worker *worker, struct route_call *call, struct exposure *x,
                      struct err *e)
{
    struct fleet_revision revision;

    fleet_revision_init(&revision);
    int result = advisory_named(call->centre, worker->db, &call->caller, x->about, &revision, e);
    snprintf(x->revisions[x->count++], ID_TEXT, "%s", revision.id);
    fleet_revision_fini(&revision);
    return result;
}

static int expose_one(struct worker *worker, struct route_call *call, struct json_writer *w,
                      struct exposure *x, const char *id, struct err *e)
{
    struct fleet_revision revision;
    int result = -1;

    fleet_revision_init(&revision);
    int sees = advisory_shown(worker->db, &call->caller, id, &revision, e);
    if (sees == 0 || (sees == 1 && strcmp(revision.id, id) != 0)) {
        result = 0; /* another revision of it is the one that the caller sees */
    } else if (sees == 1) {
        x->shown++;
        json_write_object(w);
        write_revision(w, &revision);
        result = write_counts(worker, call, w, &revision, e);
        if (result == 0)
            result = write_remediation(worker, call, w, &revision, e);
        if (result == 0)
            result = write_assets(worker, call, w, &revision, "", 1000, -1, e);
        json_write_object_end(w);
    }
    fleet_revision_fini(&revision);
    return result;
}

static int write_exposure(struct worker *worker, struct route_call *call, struct exposure *x,
                          struct json_writer *w, struct err *e)
{
    json_write_object(w);
    json_member_string(w, "about", x->is_vulnerability ? x->vulnerability : x->about);
    json_member_string(w, "kind", x->is_vulnerability ? "vulnerability" : "advisory");
    json_write_name(w, "advisories");
    json_write_array(w);
    for (size_t i = 0; i < x->count; i++)
        if (expose_one(worker, call, w, x, x->revisions[i], e) != 0)
            return -1;
    json_write_array_end(w);
    if (x->more)
        json_member_bool(w, "more", true);
    json_write_object_end(w);
    /* that there is one which the caller may not see, is not said: as if there were none */
    return x->shown == 0 && !is_cve(x->about) ? advisory_none(x->about, e) : 0;
}

static void get_exposure(struct worker *worker, struct route_call *call)
{
    struct exposure *x = mem_new(1, sizeof(*x));
    struct json_writer w;
    struct err e = {0};
    struct buf text;
    int found = -1;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    if (!x)
        err_memory(&e);
    else
        found = http_query(call->x, "about", &x->about, &e);
    if (found == 0 || (found == 1 && (!*x->about || strlen(x->about) >= sizeof(x->vulnerability))))
        found = err_set(&e, ERR_USAGE, "centre.argument", NULL,
                        "\"about\" must name a vulnerability or an advisory");
    if (found == 1 && find_naming(worker, x, &e) == 0 &&
        (x->is_vulnerability || find_named(worker, call, x, &e) == 0) &&
        write_exposure(worker, call, x, &w, &e) != 0)
        found = -1;
    route_end(call, &w, &e);
    buf_fini(&text);
    mem_free(x);
}

enum { OPERATORS = HTTP_AT(HTTP_DOOR_WEB) | HTTP_AT(HTTP_DOOR_LOCAL) };

static const struct route table[] = {
    {"POST", "/v1/advisories/import", OPERATORS, ROUTE_OPERATOR, ROUTE_BODY_ADVISORY,
     HTTP_ROUTE_SPOOL_BODY, post_import},
    {"POST", "/v1/advisories/match", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_match},
    {"POST", "/v1/advisories/publish", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_publish},
    {"GET", "/v1/advisories", OPERATORS, ROUTE_OPERATOR, 0, 0, get_list},
    {"GET", "/v1/advisory/{name}", OPERATORS, ROUTE_OPERATOR, 0, 0, get_one},
    {"GET", "/v1/advisory/{name}/preview", OPERATORS, ROUTE_OPERATOR, 0, 0, get_preview},
    {"GET", "/v1/exposure", OPERATORS, ROUTE_OPERATOR, 0, 0, get_exposure},
};

const struct route_table routes_advisory = {table, ARRAY_LEN(table)};
