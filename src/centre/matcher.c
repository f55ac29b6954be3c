/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/matcher_internal.h"
#include "crypto/envelope.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLASSES_A_CHUNK = 100 };

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
    const struct loaded *c;
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

static int keep_hits(struct follower *f, const struct loaded *c, struct fleet_hits *hits,
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

static int say_matched(struct follower *f, const struct loaded *c, const struct fleet_hits *hits,
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

/* The advisory's revision published last; may be empty. */
static int find_published(struct db *db, const char *advisory, char published[ID_TEXT],
                          struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_ADVISORY_FIND, DB_TEXT(advisory));

    published[0] = '\0';
    if (found == 1 && !db_is_null(&q, 8))
        snprintf(published, ID_TEXT, "%s", db_text(&q, 8));
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

int matcher_match_revision(struct follower *f, struct current *c, struct err *e)
{
    struct matcher *m = f->centre->matcher;
    const struct loaded *l = matcher_loaded(m, f->db, c, e);
    struct fleet_hits *hits = NULL;
    int result = -1;

    if (!l)
        return -1;
    int64_t started = clock_monotonic(f->centre->clock);
    if (fleet_index_match(m->classes, &hits, l->criteria, &m->options, e) != 0)
        return -1;
    int64_t matched = clock_monotonic(f->centre->clock);
    if (keep_hits(f, l, hits, e) == 0 && say_matched(f, l, hits, e) == 0) {
        log_info("advisory.matched", LOG_S("revision", c->id), LOG_I("classes", m->class_count),
                 LOG_I("hits", hits->count), LOG_I("match_us", matched - started),
                 LOG_I("keep_us", clock_monotonic(f->centre->clock) - matched));
        result = 0;
    }
    fleet_hits_free(hits);
    return result;
}

int matcher_imported(struct follower *f, const struct followed *act, struct err *e)
{
    struct matcher *m = f->centre->matcher;
    char published[ID_TEXT];
    char id[ID_TEXT];

    if (args_id(act->data, "revision", "rev", id, e) != 0)
        return -1;
    struct current *c = matcher_take_current(m, f->db, id, e);
    if (!c || find_published(f->db, c->advisory, published, e) != 0 ||
        matcher_match_revision(f, c, e) != 0)
        return -1;
    /* at this act it is the newest: what was imported behind it comes later */
    matcher_drop_superseded(m, c->advisory, id, published);
    return 0;
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
    struct fleet_revision now;
    struct current *c;
    char revision[ID_TEXT];
    char publication[ID_TEXT];
    struct slice trigger;
    struct buf text;
    char args[256];
    int result = -1;

    fleet_revision_init(&now);
    buf_init(&text);
    if (args_id(act->data, "revision", "rev", revision, e) != 0 ||
        args_string(act->data, "trigger", 15, true, &trigger, e) != 0 ||
        !(c = matcher_take_current(m, f->db, revision, e)))
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
    if (fleet_revision_find(f->db, revision, &now, e) < 0)
        goto out;
    matcher_drop_superseded(m, c->advisory, now.newest, revision);
    result = 0;
out:
    fleet_revision_fini(&now);
    json_doc_free(answer);
    buf_fini(&text);
    return result;
}

/* ---- all of them -------------------------------------------------------------------------------
 */

static int handle(struct follower *f, const struct followed *act, struct err *e)
{
    if (strcmp(act->type, "advisory.imported") == 0)
        return matcher_imported(f, act, e);
    if (strcmp(act->type, "publication.asked") == 0)
        return publication_asked(f, act, e);
    if (strcmp(act->type, "membership.joined") == 0)
        return matcher_membership_joined(f, act, e);
    if (strcmp(act->type, "asset.serial") == 0)
        return matcher_tell_asset(f, act, e);
    if (strcmp(act->type, "match.asked") == 0)
        return matcher_asked(f, act, e);
    if (strcmp(act->type, "assets.imported") == 0)
        return matcher_assets_imported(f, act, e);
    return matcher_alias_taught(f, act, e);
}

static const char *const wanted[] = {
    "advisory.imported", "publication.asked", "membership.joined", "assets.imported",
    "asset.serial",      "match.asked",       "alias.taught",      NULL};

const struct follower_type follower_matcher = {
    .name = "matcher", .wanted = wanted, .prepare = matcher_prepare, .handle = handle};
