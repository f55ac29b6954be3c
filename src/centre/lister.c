/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/lister.h"
#include "centre/centre.h"
#include "crypto/envelope.h"
#include "fleet/advisory_store.h"
#include "fleet/listing_store.h"

#include <stdio.h>

enum { AT_ONCE = 200 }; /* a transaction stays under 10 ms */

/* ---- products ----------------------------------------------------------------------------------
 */

struct kept_products {
    const char *revision;
    const struct csaf_document *document;
    size_t from;
};

static int products_keep(struct command_run *run, struct err *e)
{
    const struct kept_products *kept = run->command->prepared;

    return fleet_products_keep(&run->change, kept->revision, kept->document, kept->from, AT_ONCE,
                               e);
}

const struct command_type command_products_keep = {
    .name = "products.keep", .silent = true, .run = products_keep};

static int load_document(struct db *db, const char *id, struct buf *text,
                         struct csaf_document **document, struct err *e)
{
    struct fleet_revision revision;
    int result = -1;

    fleet_revision_init(&revision);
    int found = fleet_revision_find(db, id, &revision, e);
    if (found == 1)
        found = fleet_document_load(db, revision.document, text, e);
    if (found == 0)
        err_set(e, ERR_INTERNAL, "fleet.no-document", NULL, "the document of %s is gone", id);
    if (found == 1)
        result = csaf_load(document, buf_slice(text), e);
    fleet_revision_fini(&revision);
    return result;
}

static int advisory_imported(struct follower *f, const struct followed *act, struct err *e)
{
    struct csaf_document *document = NULL;
    char revision[ID_TEXT];
    struct buf text;
    int result = -1;

    buf_init(&text);
    if (args_id(act->data, "revision", "rev", revision, e) != 0 ||
        load_document(f->db, revision, &text, &document, e) != 0)
        goto out;
    struct kept_products kept = {.revision = revision, .document = document};
    result = 0;
    for (; result == 0 && kept.from < document->product_count; kept.from += AT_ONCE)
        result = follower_command(f, &command_products_keep, slice_str("{}"), &kept,
                                  act->organisation, false, false, NULL, e);
out:
    csaf_free(document);
    buf_fini(&text);
    return result;
}

/* ---- components --------------------------------------------------------------------------------
 */

struct kept_components {
    const struct fleet_class *class;
    size_t from;
};

static int components_keep(struct command_run *run, struct err *e)
{
    const struct kept_components *kept = run->command->prepared;

    return fleet_components_keep(&run->change, kept->class, kept->from, AT_ONCE, e);
}

const struct command_type command_components_keep = {
    .name = "components.keep", .silent = true, .run = components_keep};

/* Whether all are there already: somebody was in the class before. 1, 0, -1. */
static int is_kept(struct db *db, const struct fleet_class *class, struct err *e)
{
    int64_t software = 0;
    struct db_query q;

    for (size_t i = 0; i < class->count; i++)
        software += class->identities[i].kind == FLEET_SOFTWARE;
    if (software == 0)
        return 1;
    int found = db_find(&q, db, e, SQL_CLASS_COMPONENT_COUNT, DB_BYTES(class->digest, 32));
    bool all = found == 1 && db_int(&q, 0) >= software;
    db_query_finish(&q);
    return found < 0 ? -1 : all;
}

static int membership_joined(struct follower *f, const struct followed *act, struct err *e)
{
    struct fleet_class *class = NULL;
    uint8_t digest[32];
    struct db_query q;

    if (hash_text_parse(json_get_string(act->data, "class"), digest) != 0)
        return err_set(e, ERR_INTERNAL, "fleet.act", NULL, "an act membership.joined is damaged");
    int found = db_find(&q, f->db, e, SQL_CLASS_FIND, DB_BYTES(digest, 32));
    if (found == 1)
        found = fleet_class_parse(&class, db_blob(&q, 0), e) == 0 ? 1 : -1;
    db_query_finish(&q);
    if (found != 1)
        return found;
    int kept = is_kept(f->db, class, e);
    struct kept_components some = {.class = class};
    for (; kept == 0 && some.from < class->count; some.from += AT_ONCE)
        if (follower_command(f, &command_components_keep, slice_str("{}"), &some, act->organisation,
                             false, false, NULL, e) != 0)
            kept = -1;
    fleet_class_free(class);
    return kept < 0 ? -1 : 0;
}

static int handle(struct follower *f, const struct followed *act, struct err *e)
{
    return strcmp(act->type, "advisory.imported") == 0 ? advisory_imported(f, act, e)
                                                       : membership_joined(f, act, e);
}

static const char *const wanted[] = {"advisory.imported", "membership.joined", NULL};

const struct follower_type follower_lister = {.name = "lister", .wanted = wanted, .handle = handle};
