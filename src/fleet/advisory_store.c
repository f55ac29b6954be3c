/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/advisory_store.h"
#include "base/encoding.h"
#include "crypto/digest.h"

#include <stdio.h>

static const char *text_of(struct slice s, struct arena *a)
{
    return arena_copy(a, s.data, s.len);
}

/* An advisory that is there already takes revisions only forward. */
static int check_known(struct change *c, const struct csaf_document *document,
                       const uint8_t digest[32], struct fleet_import *import, struct err *e)
{
    struct fleet_revision newest;
    struct db_query q;
    int order;
    int result = -1;

    fleet_revision_init(&newest);
    const char *version = text_of(document->version, c->arena);
    if (!version) {
        err_memory(e);
        goto out;
    }
    int found =
        db_find(&q, c->db, e, SQL_REVISION_BY_VERSION, DB_TEXT(import->advisory), DB_TEXT(version));
    if (found == 1) {
        uint8_t known[32];
        bool same = db_blob_copy(&q, 1, known, 32) && memcmp(known, digest, 32) == 0;
        snprintf(import->revision, sizeof(import->revision), "%s", db_text(&q, 0));
        db_query_finish(&q);
        if (same) {
            import->repeated = true;
            result = 0;
        } else {
            err_set(e, ERR_CONFLICT, "fleet.revision-changed", "CSAF 2.0 section 3.2.1.12.7",
                    "version %s of %.*s was imported with other bytes", version,
                    SLICE_ARG(document->id));
            err_hint(e,
                     "which of both is right, its publisher says (tocsin advisory show %.*s); a "
                     "changed document needs a new version in /document/tracking/version",
                     (int)(document->id.len < 60 ? document->id.len : 60),
                     (const char *)document->id.data);
        }
        goto out;
    }
    db_query_finish(&q);
    if (found < 0 || fleet_revision_find(c->db, import->revision, &newest, e) < 0)
        goto out;
    if (csaf_version_compare(document->version, slice_str(newest.version), &order) && order < 0) {
        err_set(e, ERR_CONFLICT, "fleet.revision-older", NULL,
                "version %s of %.*s is older than %s, which is here", version,
                SLICE_ARG(document->id), newest.version);
        err_hint(e, "nothing is missing: the newer one holds, and what was told stays in the "
                    "journal; leave this file out");
        goto out;
    }
    result = 0;
out:
    fleet_revision_fini(&newest);
    return result;
}

static int keep_vulnerabilities(struct change *c, const struct csaf_document *document,
                                const char *revision, struct err *e)
{
    for (size_t i = 0; i < document->vulnerability_count; i++)
        if (db_run(c->db, e, SQL_REVISION_VULNERABILITY,
                   DB_SLICE(document->vulnerabilities[i].name), DB_TEXT(revision)) < 0)
            return -1;
    return 0;
}

/* What every notice carries along has a size that fits into one. */
static int check_sizes(const struct csaf_document *document, struct err *e)
{
    const struct {
        const char *pointer;
        struct slice text;
    } texts[] = {{"/document/title", document->title},
                 {"/document/tracking/id", document->id},
                 {"/document/publisher/namespace", document->namespace},
                 {"/document/tracking/version", document->version}};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (texts[i].text.len > FLEET_TEXT_MAX) {
            err_set(e, ERR_LIMIT, "fleet.advisory-text", "CSAF 2.0 appendix C.3",
                    "a text of %zu bytes, of which at most %d are accepted", texts[i].text.len,
                    FLEET_TEXT_MAX);
            return err_where(e, "%s", texts[i].pointer);
        }
    return 0;
}

int fleet_advisory_import(struct change *c, const struct csaf_document *document,
                          const uint8_t digest[32], const char *organisation,
                          struct fleet_import *import, struct err *e)
{
    char released[TIME_TEXT];
    char hash_text[FLEET_CLASS_TEXT];
    struct act_ref act;
    struct db_query q;
    const char *tlp = csaf_tlp_name(document->tlp);

    memset(import, 0, sizeof(*import));
    if (check_sizes(document, e) != 0)
        return -1;
    int known =
        db_find(&q, c->db, e, SQL_ADVISORY_BY_TRACKING, DB_TEXT(organisation),
                DB_SLICE(document->id), DB_SLICE(document->namespace), DB_BOOL(c->exercise));
    if (known == 1) {
        snprintf(import->advisory, sizeof(import->advisory), "%s", db_text(&q, 0));
        snprintf(import->revision, sizeof(import->revision), "%s", db_text(&q, 2));
    }
    db_query_finish(&q);
    if (known < 0 || (known == 1 && check_known(c, document, digest, import, e) != 0))
        return -1;
    if (import->repeated)
        return 0;
    if (known == 0 && change_id(c, "adv", import->advisory, e) != 0)
        return -1;
    if (change_id(c, "rev", import->revision, e) != 0)
        return -1;
    struct json_writer *data = change_act(c, "advisory.imported", organisation);
    json_member_string(data, "advisory", import->advisory);
    json_member_string(data, "revision", import->revision);
    json_member_slice(data, "tracking_id", document->id);
    json_member_slice(data, "namespace", document->namespace);
    json_member_slice(data, "version", document->version);
    fleet_class_format(digest, hash_text);
    json_member_string(data, "document", hash_text);
    json_member_int(data, "size", (int64_t)document->text.len);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    time_format(document->current_release, released);
    if (db_run(c->db, e, SQL_DOCUMENT_KEEP, DB_BYTES(digest, 32),
               DB_INT((int64_t)document->text.len), DB_BLOB(document->text)) < 0)
        return -1;
    if (known == 0 &&
        db_run(c->db, e, SQL_ADVISORY_INSERT, DB_TEXT(import->advisory), DB_TEXT(organisation),
               DB_BOOL(c->exercise), DB_SLICE(document->namespace), DB_SLICE(document->id),
               DB_SLICE(document->publisher), DB_TEXT(tlp), DB_SLICE(document->title),
               DB_TEXT(import->revision), DB_INT(c->now), DB_INT((int64_t)act.index)) < 0)
        return -1;
    if (db_run(c->db, e, SQL_REVISION_INSERT, DB_TEXT(import->revision), DB_TEXT(import->advisory),
               DB_SLICE(document->version), DB_BYTES(digest, 32), DB_SLICE(document->title),
               DB_TEXT(tlp), DB_TEXT(released), DB_INT(c->now), DB_INT((int64_t)act.index)) < 0)
        return -1;
    if (known == 1 &&
        db_run(c->db, e, SQL_ADVISORY_NEWEST, DB_TEXT(import->advisory), DB_TEXT(import->revision),
               DB_TEXT(tlp), DB_SLICE(document->title), DB_SLICE(document->publisher)) < 0)
        return -1;
    return keep_vulnerabilities(c, document, import->revision, e);
}

void fleet_revision_init(struct fleet_revision *revision)
{
    memset(revision, 0, sizeof(*revision));
    arena_init(&revision->arena, 0);
}

void fleet_revision_fini(struct fleet_revision *revision)
{
    arena_fini(&revision->arena);
}

int fleet_revision_find(struct db *db, const char *id, struct fleet_revision *r, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_REVISION_FIND, DB_TEXT(id));

    if (found == 1) {
        const struct {
            const char **to;
            unsigned column;
        } texts[] = {{&r->version, 1},  {&r->title, 3},      {&r->tlp, 4},
                     {&r->released, 5}, {&r->namespace, 12}, {&r->tracking_id, 13}};
        const struct {
            char *to;
            size_t size;
            unsigned column;
        } words[] = {{r->advisory, sizeof(r->advisory), 0},
                     {r->state, sizeof(r->state), 6},
                     {r->trigger, sizeof(r->trigger), 10},
                     {r->organisation, sizeof(r->organisation), 14},
                     {r->published, sizeof(r->published), 16},
                     {r->newest, sizeof(r->newest), 17}};
        snprintf(r->id, sizeof(r->id), "%s", id);
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
            snprintf(words[i].to, words[i].size, "%s",
                     db_is_null(&q, words[i].column) ? "" : db_text(&q, words[i].column));
        for (size_t i = 0; i < ARRAY_LEN(texts) && found == 1; i++) {
            *texts[i].to = arena_strdup(&r->arena, db_text(&q, texts[i].column));
            if (!*texts[i].to)
                found = err_memory(e);
        }
        if (!db_blob_copy(&q, 2, r->document, 32))
            found = err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a document digest is damaged");
        r->imported_act = (uint64_t)db_int(&q, 7);
        r->asked_act = (uint64_t)db_int(&q, 9);
        r->matched_act = (uint64_t)db_int(&q, 8);
        r->published_act = (uint64_t)db_int(&q, 11);
        r->confidence = (int)db_int(&q, 18);
        r->exercise = db_bool(&q, 15);
    }
    db_query_finish(&q);
    return found;
}

int fleet_document_load(struct db *db, const uint8_t digest[32], struct buf *content, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_DOCUMENT_FIND, DB_BYTES(digest, 32));

    if (found == 1) {
        buf_put_slice(content, db_blob(&q, 1));
        if (buf_check(content, e) != 0)
            found = -1;
    }
    db_query_finish(&q);
    return found;
}

void fleet_advisory_write(struct json_writer *w, const struct fleet_revision *r)
{
    char hash[FLEET_CLASS_TEXT];

    fleet_class_format(r->document, hash);
    json_write_object(w); /* members in the order that RFC 8785 asks for */
    json_member_string(w, "document", hash);
    json_member_string(w, "id", r->tracking_id);
    json_member_string(w, "namespace", r->namespace);
    json_member_string(w, "published", r->released);
    json_member_string(w, "title", r->title);
    json_member_string(w, "tlp", r->tlp);
    json_member_string(w, "version", r->version);
    json_write_object_end(w);
}

static bool asks_something(const struct json_value *statement)
{
    struct slice status = json_get_string(statement, "status");

    return !slice_is(status, "not_affected") && !slice_is(status, "fixed");
}

bool fleet_serials_write(struct json_writer *w, const struct json_value *statements)
{
    size_t asking = 0;

    json_each(statement, statements)
    {
        if (!asks_something(statement))
            continue;
        if (json_count(json_get(statement, "serials")) == 0)
            return false;
        asking++;
    }
    if (asking == 0)
        return false;
    json_write_name(w, "serials");
    json_write_array(w);
    json_each(statement, statements)
    {
        if (!asks_something(statement))
            continue;
        json_each(pattern, json_get(statement, "serials"))
        {
            bool seen = false;
            json_each(earlier, statements)
            {
                if (earlier == statement || seen)
                    break;
                json_each(other, json_get(earlier, "serials"))
                {
                    seen = seen || (asks_something(earlier) &&
                                    slice_equal(json_string(other), json_string(pattern)));
                }
            }
            if (!seen)
                json_write_value(w, pattern);
        }
    }
    json_write_array_end(w);
    return true;
}

static void write_meaning(struct json_writer *w, const char *namespace, const char *tracking_id,
                          const struct json_value *statements)
{
    static const char *const kept[] = {"remediations", "status", "vulnerability"};

    json_write_object(w);
    json_write_name(w, "advisory");
    json_write_object(w);
    json_member_string(w, "id", tracking_id);
    json_member_string(w, "namespace", namespace);
    json_write_object_end(w);
    fleet_serials_write(w, statements);
    json_write_name(w, "statements");
    json_write_array(w);
    json_each(statement, statements)
    {
        json_write_object(w);
        for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
            const struct json_value *v = json_get(statement, kept[i]);
            if (v) {
                json_write_name(w, kept[i]);
                json_write_value(w, v);
            }
        }
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

int fleet_meaning(const char *namespace, const char *tracking_id,
                  const struct json_value *statements, uint8_t meaning[32], struct err *e)
{
    struct json_doc *doc = NULL;
    struct json_writer w;
    struct buf text;
    struct buf canonical;
    int result = -1;

    buf_init(&text);
    buf_init(&canonical);
    json_write_init(&w, &text, 0);
    write_meaning(&w, namespace, tracking_id, statements);
    if (buf_check(&text, e) != 0 || json_parse(&doc, buf_slice(&text), NULL, e) != 0 ||
        json_canonical(json_root(doc), &canonical, e) != 0)
        goto out;
    const struct slice parts[] = {slice_str("tocsin-meaning/v1\n"), buf_slice(&canonical)};
    result = sha256_slices(parts, ARRAY_LEN(parts), meaning) == 0 ? 0 : err_memory(e);
out:
    json_doc_free(doc);
    buf_fini(&canonical);
    buf_fini(&text);
    return result;
}

/* Which components of the class it rests on: so that they can be found from there. */
static void note_components(struct fleet_said *said, const struct fleet_result *result)
{
    struct slice last = slice_str("nameplate");

    for (size_t i = 0; i < result->count; i++) {
        const struct fleet_statement *statement = &result->statements[i];
        for (size_t k = 0; k < statement->reason_count; k++) {
            struct slice component = statement->reasons[k].component;
            if (!component.len || slice_is(component, "nameplate") || slice_equal(component, last))
                continue; /* mostly the same one, reason after reason */
            last = component;
            buf_put_slice(&said->components, component);
            buf_putc(&said->components, '\0');
        }
    }
}

int fleet_said_make(struct fleet_said *said, const struct fleet_revision *revision,
                    const struct fleet_result *result, struct err *e)
{
    struct json_doc *doc = NULL;
    struct buf text;
    int done = -1;

    buf_init(&said->body);
    buf_init(&said->components);
    said->status = result->status;
    buf_init(&text);
    fleet_result_write_within(&text, result, FLEET_STATEMENTS_MAX);
    note_components(said, result);
    if (buf_check(&text, e) == 0 && buf_check(&said->components, e) == 0 &&
        json_parse(&doc, buf_slice(&text), NULL, e) == 0 &&
        json_canonical(json_root(doc), &said->body, e) == 0)
        done = fleet_meaning(revision->namespace, revision->tracking_id, json_root(doc),
                             said->meaning, e);
    json_doc_free(doc);
    buf_fini(&text);
    if (done != 0)
        fleet_said_fini(said);
    return done;
}

void fleet_said_fini(struct fleet_said *said)
{
    buf_fini(&said->body);
    buf_fini(&said->components);
}

int fleet_statement_keep(struct change *c, const char *revision, const uint8_t class[32],
                         const struct fleet_said *said, struct err *e)
{
    struct slice components = buf_slice(&said->components);

    if (db_run(c->db, e, SQL_STATEMENT_SET, DB_TEXT(revision), DB_BYTES(class, 32),
               DB_TEXT(fleet_status_name(said->status)), DB_BLOB(buf_slice(&said->body)),
               DB_BYTES(said->meaning, 32)) < 0)
        return -1;
    for (size_t at = 0; at < components.len;) {
        const char *component = (const char *)components.data + at;
        if (db_run(c->db, e, SQL_STATEMENT_COMPONENT_KEEP, DB_TEXT(component), DB_TEXT(revision),
                   DB_BYTES(class, 32)) < 0)
            return -1;
        at += strlen(component) + 1;
    }
    return 0;
}
