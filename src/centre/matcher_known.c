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

static void unload(struct matcher *m, struct loaded *l)
{
    if (!l)
        return;
    if (l->of) {
        l->of->loaded = NULL;
        *(l->newer ? &l->newer->older : &m->newest) = l->older;
        *(l->older ? &l->older->newer : &m->oldest) = l->newer;
        m->loaded_bytes -= l->criteria->arena.used;
    }
    fleet_criteria_free(l->criteria);
    fleet_revision_fini(&l->revision);
    mem_free(l);
}

static void forget_all(struct matcher *m)
{
    const struct map_slot *slot;
    size_t at = 0;

    fleet_advisories_free(m->advisories);
    fleet_index_free(m->classes);
    while (m->newest)
        unload(m, m->newest);
    for (size_t i = 0; i < m->current_count; i++)
        mem_free(m->current[i]);
    map_fini(&m->by_revision);
    map_fini(&m->by_advisory);
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

/* A revision with its criteria, of nobody yet. */
static struct loaded *load(struct db *db, const char *id, struct err *e)
{
    struct loaded *l = mem_new(1, sizeof(*l));

    if (!l) {
        err_memory(e);
        return NULL;
    }
    fleet_revision_init(&l->revision);
    int found = fleet_revision_find(db, id, &l->revision, e);
    if (found == 0)
        err_set(e, ERR_INTERNAL, "fleet.no-advisory", NULL, "the revision %s is gone", id);
    if (found == 1 && load_criteria(db, &l->revision, &l->criteria, e) == 0)
        return l;
    unload(NULL, l);
    return NULL;
}

/* What a run of matching may need again; one is kept however large it is. */
enum { LOADED_BYTES = 64 << 20 };

/* It is the newest now, and others go to make room. */
static void keep_loaded(struct matcher *m, struct current *c, struct loaded *l)
{
    l->of = c;
    l->newer = NULL;
    l->older = m->newest;
    *(m->newest ? &m->newest->newer : &m->oldest) = l;
    m->newest = l;
    c->loaded = l;
    m->loaded_bytes += l->criteria->arena.used;
    while (m->loaded_bytes > LOADED_BYTES && m->oldest != l)
        unload(m, m->oldest);
}

const struct loaded *matcher_loaded(struct matcher *m, struct db *db, struct current *c,
                                    struct err *e)
{
    struct loaded *l = c->loaded;

    if (l && l == m->newest)
        return l;
    if (!l) {
        l = load(db, c->id, e);
        if (!l)
            return NULL;
    } else {
        l->newer->older = l->older;
        *(l->older ? &l->older->newer : &m->oldest) = l->newer;
        m->loaded_bytes -= l->criteria->arena.used;
    }
    keep_loaded(m, c, l);
    return l;
}

static int add_current(struct matcher *m, struct loaded *l, struct current **added, struct err *e)
{
    if (m->current_count == m->current_room) {
        size_t room = m->current_room ? m->current_room * 2 : 64;
        struct current **grown = mem_resize(m->current, room, sizeof(*grown));
        if (!grown)
            return err_memory(e);
        m->current = grown;
        m->current_room = room;
    }
    struct current *c = mem_new(1, sizeof(*c));
    if (!c)
        return err_memory(e);
    snprintf(c->id, sizeof(c->id), "%s", l->revision.id);
    snprintf(c->advisory, sizeof(c->advisory), "%s", l->revision.advisory);
    c->number = m->current_count;
    c->sibling = map_get(&m->by_advisory, slice_str(c->advisory));
    if (fleet_advisories_add(m->advisories, c->number, l->criteria, e) != 0) {
        mem_free(c);
        return -1;
    }
    if (map_set(&m->by_revision, slice_str(c->id), c) != 0)
        goto failed;
    if (map_set(&m->by_advisory, slice_str(c->advisory), c) != 0) {
        map_remove(&m->by_revision, slice_str(c->id));
        goto failed;
    }
    m->current[m->current_count++] = c;
    *added = c;
    return 0;
failed:
    fleet_advisories_remove(m->advisories, c->number);
    mem_free(c);
    return err_memory(e);
}

struct current *matcher_take_current(struct matcher *m, struct db *db, const char *id,
                                     struct err *e)
{
    struct current *c = map_get(&m->by_revision, slice_str(id));

    if (c)
        return c;
    struct loaded *l = load(db, id, e);
    if (!l)
        return NULL;
    if (add_current(m, l, &c, e) != 0) {
        unload(m, l);
        return NULL;
    }
    keep_loaded(m, c, l);
    return c;
}

void matcher_drop_superseded(struct matcher *m, const char *advisory, const char *newest,
                             const char *published)
{
    struct current *kept = NULL;
    struct current *next;

    struct current *c = map_remove(&m->by_advisory, slice_str(advisory));
    for (; c; c = next) {
        next = c->sibling;
        if (strcmp(c->id, newest) == 0 || strcmp(c->id, published) == 0) {
            c->sibling = kept;
            kept = c;
            continue;
        }
        fleet_advisories_remove(m->advisories, c->number);
        map_remove(&m->by_revision, slice_str(c->id));
        m->current[c->number] = NULL;
        unload(m, c->loaded);
        mem_free(c);
    }
    /* there is room for it: it was just taken out */
    if (kept && map_set(&m->by_advisory, slice_str(kept->advisory), kept) != 0)
        log_error("matcher.memory", LOG_S("advisory", kept->advisory));
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
        if (!matcher_take_current(m, db, after, e) &&
            (parking_waits(e, UINT_MAX) || pass_over(f, after, e) != 0))
            return -1;
    }
}

static int load_aliases(struct matcher *m, struct db *db, struct err *e)
{
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
    map_init(&m->by_revision);
    map_init(&m->by_advisory);
    map_init(&m->joins);
    m->options = fleet_options_default;
    m->classes = fleet_index_new();
    m->advisories = fleet_advisories_new();
    if (!m->classes || !m->advisories)
        return err_memory(e);
    int64_t started = clock_monotonic(f->centre->clock);
    if (load_aliases(m, f->db, e) != 0 || load_classes(m, f->db, f->next, e) != 0 ||
        load_advisories(f, m, e) != 0)
        return -1;
    log_info("matcher.ready", LOG_I("classes", m->class_count),
             LOG_I("advisories", m->current_count),
             LOG_I("ms", (clock_monotonic(f->centre->clock) - started) / 1000));
    return 0;
}
