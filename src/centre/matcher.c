/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/map.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/matcher_internal.h"
#include "centre/parking.h"
#include "crypto/envelope.h"
#include "fleet/alias_store.h"
#include "fleet/import_store.h"
#include "fleet/index.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    STATEMENTS_A_COMMAND = 200, /* a transaction stays under 10 ms */
    CLASSES_A_CHUNK = 100,
    JOINS_AT_ONCE = 256,
    MISSING_AT_ONCE = 16,
};

/* An advisory revision that new classes must be matched with. */
struct current {
    struct fleet_revision revision;
    struct fleet_criteria *criteria;
    uint64_t number;
};

/* How far joins of one (audience, class) were looked at. */
struct joined {
    int64_t position;
    /* its key in the map stands behind it */
};

struct matcher {
    struct fleet_index *classes;
    uint8_t (*digests)[32]; /* by class number */
    size_t class_count;
    size_t class_room;
    struct map by_digest; /* digest in digests → number + 1: see class_number */
    struct fleet_advisories *advisories;
    struct current **current; /* by number; NULL: gone */
    size_t current_count;
    size_t current_room;
    struct fleet_aliases *aliases;
    struct fleet_options options;
    struct map joins; /* key → struct joined */
};

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

static bool knows_class(const struct matcher *m, const uint8_t digest[32])
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

static int add_class(struct matcher *m, const struct fleet_class *class, struct err *e)
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
                fleet_class_parse(&class, db_blob(&q, 1), e) != 0 || add_class(m, class, e) != 0)
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
static struct current *load_current(struct db *db, const char *id, struct err *e)
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

static int add_current(struct matcher *m, struct current *take, struct err *e)
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
static void drop_superseded(struct matcher *m, const struct fleet_revision *newest)
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

static struct current *find_current(struct matcher *m, const char *revision)
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
        struct current *c = load_current(db, after, e);
        if (!c && !parking_waits(e, UINT_MAX)) {
            if (pass_over(f, after, e) != 0)
                return -1;
        } else if (!c || add_current(m, c, e) != 0) {
            return -1;
        }
    }
}

static int load_aliases(struct matcher *m, struct db *db, struct err *e)
{
    fleet_aliases_free(m->aliases);
    m->aliases = NULL;
    m->options.aliases = NULL;
    if (fleet_aliases_load(db, &m->aliases, e) != 0)
        return -1;
    m->options.aliases = m->aliases;
    return 0;
}

static int prepare(struct follower *f, struct err *e)
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
    if (load_aliases(m, f->db, e) != 0 || load_classes(m, f->db, f->next, e) != 0 ||
        load_advisories(f, m, e) != 0)
        return -1;
    log_info("matcher.ready", LOG_I("classes", m->class_count),
             LOG_I("advisories", m->current_count),
             LOG_I("ms", (clock_monotonic(f->centre->clock) - started) / 1000));
    return 0;
}

/* ---- advisory.imported -------------------------------------------------------------------------
 */

/* By the classes' digests: they are stored and read in that order. */
struct ordered_hit {
    const uint8_t *class;
    uint32_t answer;
};

static int by_digest(const void *a, const void *b)
{
    const struct ordered_hit *x = a, *y = b;

    return memcmp(x->class, y->class, 32);
}

/* An answer that several classes share is written once, and kept until the last of them. */
struct answer {
    struct fleet_said said;
    uint32_t uses;
    bool made;
};

struct keeping {
    struct follower *f;
    const struct current *c;
    struct fleet_hits *hits;
    struct ordered_hit *order;
    struct answer *answers;
};

static int be_made(struct keeping *k, uint32_t number, struct err *e)
{
    struct answer *answer = &k->answers[number];
    struct fleet_result *result;

    if (answer->made)
        return 0;
    if (fleet_hits_result(k->hits, number, &result, e) != 0)
        return -1;
    answer->made = fleet_said_make(&answer->said, &k->c->revision, result, e) == 0;
    fleet_result_free(result);
    return answer->made ? 0 : -1;
}

static void be_used(struct keeping *k, uint32_t number)
{
    struct answer *answer = &k->answers[number];

    if (--answer->uses > 0 || !answer->made)
        return;
    fleet_said_fini(&answer->said);
    answer->made = false;
}

static int keep_run(struct keeping *k, size_t from, size_t count, struct err *e)
{
    struct kept_statement items[STATEMENTS_A_COMMAND];
    const char *revision = k->c->revision.id;
    struct kept_statements kept = {
        .clear = from == 0 ? revision : NULL, .items = items, .count = count};

    for (size_t i = 0; i < count; i++) {
        const struct ordered_hit *hit = &k->order[from + i];
        if (be_made(k, hit->answer, e) != 0)
            return -1;
        items[i] = (struct kept_statement){
            .revision = revision, .class = hit->class, .said = &k->answers[hit->answer].said};
    }
    int result =
        follower_command(k->f, &command_statements_keep, slice_str("{}"), &kept,
                         k->c->revision.organisation, k->c->revision.exercise, false, NULL, e);
    for (size_t i = 0; i < count; i++)
        be_used(k, k->order[from + i].answer);
    return result;
}

static int keep_hits(struct follower *f, const struct current *c, struct fleet_hits *hits,
                     struct err *e)
{
    struct matcher *m = f->centre->matcher;
    struct keeping k = {.f = f,
                        .c = c,
                        .hits = hits,
                        .order = mem_new(hits->count + 1, sizeof(*k.order)),
                        .answers = mem_new(hits->answer_count + 1, sizeof(*k.answers))};
    int result = k.order && k.answers ? 0 : err_memory(e);
    size_t at = 0;

    for (size_t i = 0; result == 0 && i < hits->count; i++) {
        k.order[i] = (struct ordered_hit){m->digests[hits->hits[i].id], hits->hits[i].answer};
        k.answers[hits->hits[i].answer].uses++;
    }
    if (result == 0 && hits->count)
        qsort(k.order, hits->count, sizeof(*k.order), by_digest);
    while (result == 0) {
        size_t left = hits->count - at;
        size_t count = left < STATEMENTS_A_COMMAND ? left : STATEMENTS_A_COMMAND;
        result = keep_run(&k, at, count, e); /* also when there is nothing: what was, is cleared */
        at += count;
        if (at == hits->count)
            break;
    }
    for (size_t i = 0; k.answers && i < hits->answer_count; i++)
        if (k.answers[i].made)
            fleet_said_fini(&k.answers[i].said);
    mem_free(k.answers);
    mem_free(k.order);
    return result;
}

static int say_matched(struct follower *f, const struct current *c, const struct fleet_hits *hits,
                       struct err *e)
{
    size_t affected = 0;
    size_t unknown = 0;
    char args[256];

    for (size_t i = 0; i < hits->count; i++) {
        enum fleet_status status = hits->answers[hits->hits[i].answer].status;
        affected += status == FLEET_AFFECTED;
        unknown += status == FLEET_UNKNOWN;
    }
    snprintf(args, sizeof(args),
             "{\"revision\":\"%s\",\"criteria\":%zu,\"classes\":%zu,\"affected\":%zu,"
             "\"unknown\":%zu}",
             c->revision.id, c->criteria->criterion_count, hits->count, affected, unknown);
    return follower_command(f, &command_advisory_matched, slice_str(args), NULL,
                            c->revision.organisation, c->revision.exercise, true, NULL, e);
}

/* As it is at this act: what was imported behind it, and is loaded already, comes later. */
static int be_newest(struct db *db, struct current *c, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_ADVISORY_FIND, DB_TEXT(c->revision.advisory));

    if (found == 1) {
        snprintf(c->revision.newest, ID_TEXT, "%s", c->revision.id);
        snprintf(c->revision.published, ID_TEXT, "%s", db_is_null(&q, 8) ? "" : db_text(&q, 8));
    }
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

/* The revision, which is loaded if it is not yet. */
static struct current *take_current(struct follower *f, const char *id, struct err *e)
{
    struct current *c = find_current(f->centre->matcher, id);

    if (c)
        return c;
    c = load_current(f->db, id, e);
    return c && add_current(f->centre->matcher, c, e) == 0 ? c : NULL;
}

int matcher_imported(struct follower *f, const struct followed *act, struct err *e)
{
    struct matcher *m = f->centre->matcher;
    struct fleet_hits *hits = NULL;
    char id[ID_TEXT];
    int result = -1;

    if (args_id(act->data, "revision", "rev", id, e) != 0)
        return -1;
    struct current *c = take_current(f, id, e);
    if (!c || be_newest(f->db, c, e) != 0)
        return -1;
    int64_t started = clock_monotonic(f->centre->clock);
    if (fleet_index_match(m->classes, &hits, c->criteria, &m->options, e) != 0)
        return -1;
    int64_t matched = clock_monotonic(f->centre->clock);
    if (keep_hits(f, c, hits, e) == 0 && say_matched(f, c, hits, e) == 0) {
        log_info("advisory.matched", LOG_S("revision", id), LOG_I("classes", m->class_count),
                 LOG_I("hits", hits->count), LOG_I("match_us", matched - started),
                 LOG_I("keep_us", clock_monotonic(f->centre->clock) - matched));
        drop_superseded(m, &c->revision);
        result = 0;
    }
    fleet_hits_free(hits);
    return result;
}

/* ---- publication.asked -------------------------------------------------------------------------
 */

static int publication_asked(struct follower *f, const struct followed *act, struct err *e)
{
    struct matcher *m = f->centre->matcher;
    struct fleet_chunk chunk = {.origin = f->centre->origin,
                                .tell_unknown = f->centre->config->publication_tell_unknown,
                                .limit = CLASSES_A_CHUNK};
    struct json_doc *answer = NULL;
    struct current *c;
    char revision[ID_TEXT];
    char publication[ID_TEXT];
    struct slice trigger;
    struct buf text;
    char args[256];
    int result = -1;

    buf_init(&text);
    if (args_id(act->data, "revision", "rev", revision, e) != 0 ||
        args_string(act->data, "trigger", 15, true, &trigger, e) != 0 ||
        !(c = take_current(f, revision, e)))
        goto out;
    int64_t started = clock_monotonic(f->centre->clock);
    snprintf(args, sizeof(args), "{\"revision\":\"%s\",\"trigger\":\"%.*s\"}", revision,
             SLICE_ARG(trigger));
    if (follower_command(f, &command_publication_begin, slice_str(args), NULL, act->organisation,
                         false, false, &text, e) != 0 ||
        json_parse(&answer, buf_slice(&text), NULL, e) != 0 ||
        args_id(json_root(answer), "publication", "pub", publication, e) != 0)
        goto out;
    chunk.publication = publication;
    while (!chunk.done)
        if (follower_command(f, &command_publication_chunk, slice_str("{}"), &chunk,
                             act->organisation, false, false, NULL, e) != 0)
            goto out;
    snprintf(args, sizeof(args), "{\"publication\":\"%s\"}", publication);
    if (follower_command(f, &command_publication_freeze, slice_str(args), NULL, act->organisation,
                         false, true, NULL, e) != 0)
        goto out;
    log_info("publication.frozen", LOG_S("publication", publication), LOG_S("revision", revision),
             LOG_I("us", clock_monotonic(f->centre->clock) - started));
    snprintf(c->revision.published, sizeof(c->revision.published), "%s", revision);
    drop_superseded(m, &c->revision);
    result = 0;
out:
    json_doc_free(answer);
    buf_fini(&text);
    return result;
}

/* ---- membership.joined -------------------------------------------------------------------------
 */

/* What current advisories say of new classes, until there is enough for a command. */
struct gathered {
    struct kept_statement items[STATEMENTS_A_COMMAND];
    uint8_t classes[STATEMENTS_A_COMMAND][32];
    struct fleet_said said[STATEMENTS_A_COMMAND];
    size_t count;
};

static void forget_gathered(struct gathered *g)
{
    for (size_t i = 0; i < g->count; i++)
        fleet_said_fini(&g->said[i]);
    g->count = 0;
}

static int keep_gathered(struct follower *f, struct gathered *g, struct err *e)
{
    struct kept_statements kept = {.items = g->items, .count = g->count};

    if (g->count == 0)
        return 0;
    int result = follower_command(f, &command_statements_keep, slice_str("{}"), &kept, NULL, false,
                                  false, NULL, e);
    forget_gathered(g);
    return result;
}

static int gather(struct follower *f, struct gathered *g, const struct current *c,
                  const uint8_t digest[32], const struct fleet_result *result, struct err *e)
{
    if (g->count == STATEMENTS_A_COMMAND && keep_gathered(f, g, e) != 0)
        return -1;
    if (fleet_said_make(&g->said[g->count], &c->revision, result, e) != 0)
        return -1;
    memcpy(g->classes[g->count], digest, 32);
    g->items[g->count] = (struct kept_statement){
        .revision = c->revision.id, .class = g->classes[g->count], .said = &g->said[g->count]};
    g->count++;
    return 0;
}

/* A class nobody was in before, or that is looked at anew: what do all current advisories say of
 * it? */
static int match_new_class(struct follower *f, const uint8_t digest[32], struct gathered *g,
                           struct err *e)
{
    struct matcher *m = f->centre->matcher;
    struct fleet_class *class = NULL;
    struct fleet_result *result;
    uint64_t *candidates = NULL;
    size_t count = 0;
    struct db_query q;
    int done = -1;

    int found = db_find(&q, f->db, e, SQL_CLASS_FIND, DB_BYTES(digest, 32));
    if (found == 1)
        found = fleet_class_parse(&class, db_blob(&q, 0), e) == 0 ? 1 : -1;
    db_query_finish(&q);
    if (found == 0)
        err_set(e, ERR_INTERNAL, "fleet.no-class", NULL, "a class that an asset joined is gone");
    if (found != 1)
        goto out;
    if (fleet_advisories_candidates(m->advisories, class, &m->options, &candidates, &count, e) != 0)
        goto out;
    for (size_t i = 0; i < count; i++) {
        const struct current *c = m->current[candidates[i]];
        if (fleet_match(&result, c->criteria, class, &m->options, e) != 0)
            goto out;
        int gathered = result->status == FLEET_NOT_LISTED ? 0 : gather(f, g, c, digest, result, e);
        fleet_result_free(result);
        if (gathered != 0)
            goto out;
    }
    done = knows_class(m, digest) ? 0 : add_class(m, class, e);
out:
    mem_free(candidates);
    fleet_class_free(class);
    return done;
}

struct joiner {
    char asset[ID_TEXT];
    struct fleet_missing missing[MISSING_AT_ONCE];
    int count;
};

static int by_asset(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* For every revision that some of them do not know: one addition for those. */
static int tell_joiners(struct follower *f, const char *audience, const uint8_t class[32],
                        struct joiner *joiners, size_t count, const char *organisation,
                        struct err *e)
{
    const char *assets[JOINS_AT_ONCE];

    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < joiners[i].count; k++) {
            const char *revision = joiners[i].missing[k].revision;
            size_t meant = 0;
            if (!revision[0])
                continue; /* told together with an earlier one */
            char wanted[ID_TEXT];
            snprintf(wanted, sizeof(wanted), "%s", revision);
            for (size_t j = i; j < count; j++)
                for (int l = 0; l < joiners[j].count; l++)
                    if (strcmp(joiners[j].missing[l].revision, wanted) == 0) {
                        assets[meant++] = joiners[j].asset;
                        joiners[j].missing[l].revision[0] = '\0';
                    }
            qsort(assets, meant, sizeof(*assets), by_asset);
            struct kept_addition kept = {
                .revision = wanted,
                .addition = {
                    .audience = audience, .class = class, .assets = assets, .count = meant}};
            if (follower_command(f, &command_publication_add, slice_str("{}"), &kept, organisation,
                                 false, false, NULL, e) != 0)
                return -1;
        }
    }
    return 0;
}

static int look_at_joiners(struct follower *f, struct joined *joined, const char *audience,
                           const uint8_t class[32], int64_t position, const char *organisation,
                           bool *more_behind, struct err *e)
{
    bool tell_unknown = f->centre->config->publication_tell_unknown;
    struct joiner *joiners = mem_new(JOINS_AT_ONCE, sizeof(*joiners));
    int64_t last = position;
    size_t count = 0;
    struct db_query q;
    int step;
    int result = -1;

    if (!joiners)
        return err_memory(e);
    if (db_select(&q, f->db, e, SQL_MEMBER_EVENT_JOINED, DB_TEXT(audience), DB_BYTES(class, 32),
                  DB_INT(position), DB_INT(JOINS_AT_ONCE)) != 0)
        goto out;
    while ((step = db_step(&q, e)) == 1 && count < JOINS_AT_ONCE) {
        last = db_int(&q, 0);
        snprintf(joiners[count++].asset, ID_TEXT, "%s", db_text(&q, 1));
    }
    db_query_finish(&q);
    if (step < 0)
        goto out;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < count; i++) {
            joiners[i].count = fleet_missing_of(f->db, joiners[i].asset, class, tell_unknown,
                                                joiners[i].missing, MISSING_AT_ONCE, e);
            if (joiners[i].count < 0)
                goto out;
            more = more || joiners[i].count == MISSING_AT_ONCE;
        }
        if (tell_joiners(f, audience, class, joiners, count, organisation, e) != 0)
            goto out;
    }
    joined->position = last;
    *more_behind = count == JOINS_AT_ONCE;
    result = 0;
out:
    mem_free(joiners);
    return result;
}

/* How far joins of (audience, class) were looked at; NULL: no memory. */
static struct joined *joined_of(struct matcher *m, const char *audience, const uint8_t class[32])
{
    char key[ID_TEXT + HASH_TEXT];
    char text[HASH_TEXT];

    hash_text_format(class, text);
    snprintf(key, sizeof(key), "%s %s", audience, text);
    struct joined *joined = map_get(&m->joins, slice_str(key));
    if (joined)
        return joined;
    joined = mem_new(1, sizeof(*joined) + sizeof(key));
    if (!joined)
        return NULL;
    char *kept_key = (char *)(joined + 1);
    memcpy(kept_key, key, sizeof(key));
    joined->position = -1;
    if (map_set(&m->joins, slice_str(kept_key), joined) != 0) {
        mem_free(joined);
        return NULL;
    }
    return joined;
}

/* Events from `first` to `last` are joins (and perhaps others behind them). */
static int follow_joins(struct follower *f, const char *audience, const uint8_t class[32],
                        int64_t first, int64_t last, const char *organisation, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, f->db, e, SQL_STATEMENT_PUBLISHED_ANY, DB_BYTES(class, 32));

    db_query_finish(&q);
    if (found <= 0)
        return found; /* nothing was published that could concern them */
    struct joined *joined = joined_of(f->centre->matcher, audience, class);
    if (!joined)
        return err_memory(e);
    /* what was looked at together with an earlier one is passed over */
    while (joined->position < last) {
        int64_t from = joined->position < first ? first : joined->position + 1;
        bool more = false;
        if (look_at_joiners(f, joined, audience, class, from, organisation, &more, e) != 0)
            return -1;
        if (!more)
            break;
    }
    return 0;
}

static int membership_joined(struct follower *f, const struct followed *act, struct err *e)
{
    struct slice audience_text = json_get_string(act->data, "audience");
    struct gathered gathered = {.count = 0};
    char audience[ID_TEXT];
    uint8_t class[32];
    int64_t size;

    if (hash_text_parse(json_get_string(act->data, "class"), class) != 0 ||
        !id_is(audience_text, "aud") || !json_int64(json_get(act->data, "size"), &size))
        return err_set(e, ERR_INTERNAL, "fleet.act", NULL, "an act membership.joined is damaged");
    snprintf(audience, sizeof(audience), "%.*s", SLICE_ARG(audience_text));
    int result =
        knows_class(f->centre->matcher, class) ? 0 : match_new_class(f, class, &gathered, e);
    if (result == 0)
        result = keep_gathered(f, &gathered, e);
    forget_gathered(&gathered);
    return result == 0 ? follow_joins(f, audience, class, size - 1, size - 1, act->organisation, e)
                       : -1;
}

/* Many that joined by one act: first all their classes are matched, then each is told. */
static int assets_imported(struct follower *f, const struct followed *act, struct err *e)
{
    struct slice audience_text = json_get_string(act->data, "audience");
    struct fleet_import_class *classes = NULL;
    struct gathered gathered = {.count = 0};
    char audience[ID_TEXT];
    size_t count = 0;
    int result = 0;

    if (!id_is(audience_text, "aud"))
        return err_set(e, ERR_INTERNAL, "fleet.act", NULL, "an act assets.imported is damaged");
    snprintf(audience, sizeof(audience), "%.*s", SLICE_ARG(audience_text));
    if (fleet_import_classes(f->db, act->index, &classes, &count, e) != 0)
        return -1;
    for (size_t i = 0; result == 0 && i < count; i++)
        if (!knows_class(f->centre->matcher, classes[i].class))
            result = match_new_class(f, classes[i].class, &gathered, e);
    if (result == 0)
        result = keep_gathered(f, &gathered, e);
    forget_gathered(&gathered);
    for (size_t i = 0; result == 0 && i < count; i++)
        result = follow_joins(f, audience, classes[i].class, classes[i].first, classes[i].last,
                              act->organisation, e);
    mem_free(classes);
    return result;
}

/* ---- asset.serial ------------------------------------------------------------------------------
 */

/* It stays in its class, but may be one of those whom an advisory's serial numbers name now. */
int matcher_tell_asset(struct follower *f, const struct followed *act, struct err *e)
{
    bool tell_unknown = f->centre->config->publication_tell_unknown;
    struct joiner one = {.count = MISSING_AT_ONCE};
    struct fleet_asset asset;
    int result = -1;

    fleet_asset_init(&asset);
    if (args_id(act->data, "asset", "ast", one.asset, e) != 0)
        goto out;
    int found = fleet_asset_find(f->db, one.asset, &asset, e);
    if (found < 0)
        goto out;
    while (found == 1 && asset.has_class && one.count == MISSING_AT_ONCE) {
        one.count = fleet_missing_of(f->db, asset.id, asset.class, tell_unknown, one.missing,
                                     MISSING_AT_ONCE, e);
        if (one.count < 0 ||
            tell_joiners(f, asset.audience, asset.class, &one, 1, asset.organisation, e) != 0)
            goto out;
    }
    result = 0;
out:
    fleet_asset_fini(&asset);
    return result;
}

/* ---- match.asked: by hand, and never together with what comes by itself -------------------------
 */

int matcher_class_again(struct follower *f, const uint8_t class[32], struct err *e)
{
    struct kept_statements forgotten = {.forgotten_class = class};
    struct gathered gathered = {.count = 0};

    int result = follower_command(f, &command_statements_keep, slice_str("{}"), &forgotten, NULL,
                                  false, false, NULL, e);
    if (result == 0)
        result = match_new_class(f, class, &gathered, e);
    if (result == 0)
        result = keep_gathered(f, &gathered, e);
    forget_gathered(&gathered);
    return result;
}

static int alias_taught(struct follower *f, struct err *e)
{
    return load_aliases(f->centre->matcher, f->db, e);
}

static int handle(struct follower *f, const struct followed *act, struct err *e)
{
    if (strcmp(act->type, "advisory.imported") == 0)
        return matcher_imported(f, act, e);
    if (strcmp(act->type, "publication.asked") == 0)
        return publication_asked(f, act, e);
    if (strcmp(act->type, "membership.joined") == 0)
        return membership_joined(f, act, e);
    if (strcmp(act->type, "asset.serial") == 0)
        return matcher_tell_asset(f, act, e);
    if (strcmp(act->type, "match.asked") == 0)
        return matcher_asked(f, act, e);
    if (strcmp(act->type, "assets.imported") == 0)
        return assets_imported(f, act, e);
    return alias_taught(f, e);
}

static const char *const wanted[] = {
    "advisory.imported", "publication.asked", "membership.joined", "assets.imported",
    "asset.serial",      "match.asked",       "alias.taught",      NULL};

const struct follower_type follower_matcher = {
    .name = "matcher", .wanted = wanted, .prepare = prepare, .handle = handle};
