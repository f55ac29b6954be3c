/* SPDX-License-Identifier: Apache-2.0 */
/* What the matcher holds in memory: the index of all classes, and that of all current advisories.
 */
#include "base/log.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/matcher_internal.h"
#include "centre/parking.h"
#include "fleet/alias_store.h"

#include <limits.h>
#include <stdio.h>

static void free_current(struct current *c)
{
    if (!c)
        return;
    fleet_criteria_free(c->criteria);
    fleet_revision_fini(&c->revision);
    mem_free(c);
}

static void forget_all(struct matcher *m)
{
    const struct map_slot *slot;
    size_t at = 0;

    fleet_advisories_free(m->advisories);
    fleet_index_free(m->classes);
    for (size_t i = 0; i < m->current_count; i++)
        free_current(m->current[i]);
    mem_free(m->current);
    mem_free(m->digests);
    while ((slot = map_next(&m->joins, &at)) != NULL)
        mem_free(slot->value);
    map_fini(&m->joins);
    map_fini(&m->by_digest);
    fleet_aliases_free(m->aliases);
    memset(m, 0, sizeof(*m));
}

void matcher_free(struct matcher *m)
{
    if (!m)
        return;
    forget_all(m);
    mem_free(m);
}

/* ---- classes -----------------------------------------------------------------------------------
 */

bool matcher_knows_class(const struct matcher *m, const uint8_t digest[32])
{
    return map_get(&m->by_digest, slice_of(digest, 32)) != NULL;
}

static int grow_digests(struct matcher *m, struct err *e)
{
    size_t room = m->class_room ? m->class_room * 2 : 1024;
    uint8_t(*grown)[32] = mem_resize(m->digests, room, 32);

    if (!grown)
        return err_memory(e);
    m->digests = grown;
    m->class_room = room;
    /* the map borrows its keys from the array, which may have moved */
    map_fini(&m->by_digest);
    for (size_t i = 0; i < m->class_count; i++)
        if (map_set(&m->by_digest, slice_of(m->digests[i], 32), m) != 0)
            return err_memory(e);
    return 0;
}

int matcher_add_class(struct matcher *m, const struct fleet_class *class, struct err *e)
{
    if (m->class_count == m->class_room && grow_digests(m, e) != 0)
        return -1;
    if (fleet_index_add(m->classes, m->class_count, class, e) != 0)
        return -1;
    memcpy(m->digests[m->class_count], class->digest, 32);
    if (map_set(&m->by_digest, slice_of(m->digests[m->class_count], 32), m) != 0)
        return err_memory(e);
    m->class_count++;
    return 0;
}

/* Only classes whose first join was followed: the others are matched when it is. */
static int load_classes(struct matcher *m, struct db *db, uint64_t next, struct err *e)
{
    uint8_t after[32] = {0};

    for (;;) {
        struct db_query q;
        unsigned rows = 0;
        int step;
        if (db_select(&q, db, e, SQL_CLASS_LIST, DB_BYTES(after, 32), DB_INT((int64_t)next),
                      DB_INT(1000)) != 0)
            return -1;
        while ((step = db_step(&q, e)) == 1) {
            struct fleet_class *class = NULL;
            rows++;
            if (!db_blob_copy(&q, 0, after, 32) ||
                fleet_class_parse(&class, db_blob(&q, 1), e) != 0 ||
                matcher_add_class(m, class, e) != 0)
                step = -1;
            fleet_class_free(class);
            if (step < 0)
                break;
        }
        db_query_finish(&q);
        if (step < 0)
            return -1;
        if (rows < 1000)
            return 0;
    }
}

/* ---- advisories --------------------------------------------------------------------------------
 */

static int load_criteria(struct db *db, const struct fleet_revision *revision,
                         struct fleet_criteria **criteria, struct err *e)
{
    struct csaf_document *document = NULL;
    struct buf text;
    int result = -1;

    buf_init(&text);
    int found = fleet_document_load(db, revision->document, &text, e);
    if (found == 0)
        err_set(e, ERR_INTERNAL, "fleet.no-document", NULL, "the document of %s is gone",
                revision->id);
    if (found == 1 && csaf_load(&document, buf_slice(&text), e) == 0)
        result = fleet_criteria_build(criteria, document, e);
    csaf_free(document);
    buf_fini(&text);
    return result;
}

/* Loads a revision with its criteria; it is not in the index yet. */
struct current *matcher_load_current(struct db *db, const char *id, struct err *e)
{
    struct current *c = mem_new(1, sizeof(*c));

    if (!c) {
        err_memory(e);
        return NULL;
    }
    fleet_revision_init(&c->revision);
    int found = fleet_revision_find(db, id, &c->revision, e);
    if (found == 0)
        err_set(e, ERR_INTERNAL, "fleet.no-advisory", NULL, "the revision %s is gone", id);
    if (found == 1 && load_criteria(db, &c->revision, &c->criteria, e) == 0)
        return c;
    free_current(c);
    return NULL;
}

int matcher_add_current(struct matcher *m, struct current *take, struct err *e)
{
    if (m->current_count == m->current_room) {
        size_t room = m->current_room ? m->current_room * 2 : 64;
        struct current **grown = mem_resize(m->current, room, sizeof(*grown));
        if (!grown)
            goto failed;
        m->current = grown;
        m->current_room = room;
    }
    take->number = m->current_count;
    if (fleet_advisories_add(m->advisories, take->number, take->criteria, e) != 0) {
        free_current(take);
        return -1;
    }
    m->current[m->current_count++] = take;
    return 0;
failed:
    free_current(take);
    return err_memory(e);
}

/* Revisions of the advisory that are neither the newest nor the published one count no more. */
void matcher_drop_superseded(struct matcher *m, const struct fleet_revision *newest)
{
    for (size_t i = 0; i < m->current_count; i++) {
        struct current *c = m->current[i];
        if (!c || strcmp(c->revision.advisory, newest->advisory) != 0 ||
            strcmp(c->revision.id, newest->newest) == 0 ||
            strcmp(c->revision.id, newest->published) == 0)
            continue;
        fleet_advisories_remove(m->advisories, c->number);
        free_current(c);
        m->current[i] = NULL;
    }
}

struct current *matcher_find_current(struct matcher *m, const char *revision)
{
    for (size_t i = 0; i < m->current_count; i++)
        if (m->current[i] && strcmp(m->current[i]->revision.id, revision) == 0)
            return m->current[i];
    return NULL;
}

/* One that cannot be read (any more) keeps no other from being matched: its import is put aside. */
static int pass_over(struct follower *f, const char *revision, struct err *e)
{
    struct fleet_revision unread;

    struct err failed = {0};

    fleet_revision_init(&unread);
    int result = fleet_revision_find(f->db, revision, &unread, &failed) == 1
                     ? follower_park(f, unread.imported_act, false, e, &failed)
                     : -1;
    fleet_revision_fini(&unread);
    *e = failed;
    return result;
}

static int load_advisories(struct follower *f, struct matcher *m, struct err *e)
{
    struct db *db = f->db;
    char after[ID_TEXT] = "";

    for (;;) {
        struct db_query q;
        int step = db_find(&q, db, e, SQL_REVISION_CURRENT, DB_TEXT(after), DB_INT(1));
        if (step == 1)
            snprintf(after, sizeof(after), "%s", db_text(&q, 0));
        db_query_finish(&q);
        if (step != 1)
            return step;
        struct current *c = matcher_load_current(db, after, e);
        if (!c && !parking_waits(e, UINT_MAX)) {
            if (pass_over(f, after, e) != 0)
                return -1;
        } else if (!c || matcher_add_current(m, c, e) != 0) {
            return -1;
        }
    }
}

int matcher_load_aliases(struct matcher *m, struct db *db, struct err *e)
{
    fleet_aliases_free(m->aliases);
    m->aliases = NULL;
    m->options.aliases = NULL;
    if (fleet_aliases_load(db, &m->aliases, e) != 0)
        return -1;
    m->options.aliases = m->aliases;
    return 0;
}

int matcher_prepare(struct follower *f, struct err *e)
{
    struct matcher *m = f->centre->matcher;

    if (!m) {
        m = mem_new(1, sizeof(*m));
        if (!m)
            return err_memory(e);
        f->centre->matcher = m;
    }
    forget_all(m);
    map_init(&m->by_digest);
    map_init(&m->joins);
    m->options = fleet_options_default;
    m->classes = fleet_index_new();
    m->advisories = fleet_advisories_new();
    if (!m->classes || !m->advisories)
        return err_memory(e);
    int64_t started = clock_monotonic(f->centre->clock);
    if (matcher_load_aliases(m, f->db, e) != 0 || load_classes(m, f->db, f->next, e) != 0 ||
        load_advisories(f, m, e) != 0)
        return -1;
    log_info("matcher.ready", LOG_I("classes", m->class_count),
             LOG_I("advisories", m->current_count),
             LOG_I("ms", (clock_monotonic(f->centre->clock) - started) / 1000));
    return 0;
}
