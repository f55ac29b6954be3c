/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/why.h"
#include "centre/advisory_named.h"
#include "centre/centre.h"
#include "crypto/envelope.h"
#include "fleet/alias_store.h"
#include "fleet/chain_store.h"
#include "fleet/match.h"

#include <stdio.h>

static int load_class(struct db *db, const struct fleet_asset *asset, struct fleet_class **class,
                      struct err *e)
{
    struct db_query q;

    if (!asset->has_class)
        return err_set(e, ERR_CONFLICT, "centre.no-inventory", NULL,
                       "the asset %s has not said yet what it is", asset->id);
    int found = db_find(&q, db, e, SQL_CLASS_FIND, DB_BYTES(asset->class, 32));
    int result = found == 1 ? fleet_class_parse(class, db_blob(&q, 0), e) : -1;
    db_query_finish(&q);
    if (found == 0)
        return err_set(e, ERR_INTERNAL, "fleet.no-class", NULL, "the class of %s is gone",
                       asset->id);
    return result;
}

struct told {
    const char *advisory;
    struct db *db;
    struct json_writer *w;
    uint64_t acknowledged;
};

static int write_told(void *context, const struct fleet_link *link, struct err *e)
{
    struct told *told = context;
    struct fleet_revision revision;
    int result = -1;

    fleet_revision_init(&revision);
    if (fleet_revision_find(told->db, link->revision, &revision, e) == 1) {
        if (strcmp(revision.advisory, told->advisory) == 0) {
            json_write_object(told->w);
            json_member_int(told->w, "n", (int64_t)link->position.n);
            json_member_string(told->w, "publication", link->publication);
            json_member_string(told->w, "version", revision.version);
            json_member_bool(told->w, "acknowledged", link->position.n <= told->acknowledged);
            json_write_object_end(told->w);
        }
        result = 0;
    }
    fleet_revision_fini(&revision);
    return result;
}

static void write_nearest(struct json_writer *w, const struct fleet_nearest *nearest)
{
    if (!nearest->target && nearest->text.len == 0)
        return;
    json_write_name(w, "nearest");
    json_write_object(w);
    if (nearest->target) {
        json_member_slice(w, "product", nearest->target->id);
        json_member_slice(w, "label", nearest->target->label);
        json_member_string(w, "pointer", nearest->target->place.pointer);
        json_member_int(w, "line", (int64_t)nearest->target->place.line);
    }
    json_member_int(w, "confidence", nearest->confidence);
    if (nearest->step)
        json_member_string(w, "step", nearest->step);
    json_member_slice(w, "text", nearest->text);
    if (nearest->component.len)
        json_member_slice(w, "component", nearest->component);
    json_write_object_end(w);
}

static int write_all(struct worker *worker, const struct fleet_asset *asset,
                     const struct fleet_revision *revision, const struct fleet_result *result,
                     struct buf *text, struct err *e)
{
    char class_text[FLEET_CLASS_TEXT];
    struct fleet_position position;
    struct json_writer w;

    json_write_init(&w, text, 0);
    json_write_object(&w);
    json_member_string(&w, "asset", asset->id);
    fleet_class_format(asset->class, class_text);
    json_member_string(&w, "class", class_text);
    json_member_string(&w, "revision", revision->id);
    json_write_name(&w, "advisory");
    fleet_advisory_write(&w, revision);
    json_member_string(&w, "status", fleet_status_name(result->status));
    json_write_name(&w, "statements");
    fleet_result_write(&w, result);
    write_nearest(&w, &result->nearest);
    json_write_name(&w, "told");
    json_write_array(&w);
    struct told told = {
        .advisory = revision->advisory, .db = worker->db, .w = &w, .acknowledged = asset->acked_n};
    if (fleet_chain_start(asset->id, &position, e) != 0 ||
        fleet_chain_walk(worker->db, asset->id, &position, UINT64_MAX, write_told, &told, e) < 0)
        return -1;
    json_write_array_end(&w);
    json_write_object_end(&w);
    return buf_check(text, e);
}

int why_write(struct worker *worker, const struct caller *caller, const struct fleet_asset *asset,
              const char *advisory, struct buf *text, struct err *e)
{
    struct fleet_options options = fleet_options_default;
    struct csaf_document *document = NULL;
    struct fleet_criteria *criteria = NULL;
    struct fleet_aliases *aliases = NULL;
    struct fleet_result *result = NULL;
    struct fleet_class *class = NULL;
    struct fleet_revision revision;
    struct buf content;
    int done = -1;

    buf_init(&content);
    fleet_revision_init(&revision);
    if (advisory_named(worker->centre, worker->db, caller, advisory, &revision, e) != 0 ||
        fleet_document_load(worker->db, revision.document, &content, e) != 1 ||
        load_class(worker->db, asset, &class, e) != 0 ||
        fleet_aliases_load(worker->db, &aliases, e) != 0)
        goto out;
    options.aliases = aliases;
    if (csaf_load(&document, buf_slice(&content), e) == 0 &&
        fleet_criteria_build(&criteria, document, e) == 0 &&
        fleet_match(&result, criteria, class, &options, e) == 0)
        done = write_all(worker, asset, &revision, result, text, e);
out:
    fleet_result_free(result);
    fleet_criteria_free(criteria);
    fleet_aliases_free(aliases);
    fleet_class_free(class);
    csaf_free(document);
    fleet_revision_fini(&revision);
    buf_fini(&content);
    return done;
}
