/* SPDX-License-Identifier: Apache-2.0 */
/* Who joins a class, alone or many at once: what is said of the class, and what each has to be told
 * that the class was told before. */
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/matcher_internal.h"
#include "crypto/envelope.h"
#include "fleet/import_store.h"

#include <stdio.h>
#include <stdlib.h>

enum { JOINS_AT_ONCE = 256, MISSING_AT_ONCE = 16 };

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

static int gather(struct follower *f, struct gathered *g, const struct loaded *c,
                  const uint8_t digest[32], const struct fleet_result *result, struct err *e)
{
    if (g->count == STATEMENTS_A_COMMAND && keep_gathered(f, g, e) != 0)
        return -1;
    if (fleet_said_make(&g->said[g->count], &c->revision, result, e) != 0)
        return -1;
    memcpy(g->classes[g->count], digest, 32);
    g->items[g->count] = (struct kept_statement){
        .revision = c->of->id, .class = g->classes[g->count], .said = &g->said[g->count]};
    g->count++;
    return 0;
}

/* A class nobody was in before, or that is looked at anew: what do all current advisories say of
 * it? */
static int match_new_class(struct follower *f, const uint8_t digest[32], struct gathered *g,
                           struct err *e)
{
    struct matcher *m = f->centre->matcher;
    struct fleet_prepared *prepared = NULL;
    struct fleet_class *class = NULL;
    struct fleet_result *result;
    struct fleet_concern *concerns = NULL;
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
    if (fleet_advisories_match(m->advisories, class, &m->options, &concerns, &count, e) != 0 ||
        fleet_prepare(&prepared, class, e) != 0)
        goto out;
    for (size_t i = 0; i < count; i++) {
        const struct loaded *c = matcher_loaded(m, f->db, m->current[concerns[i].id], e);
        if (!c || fleet_match_prepared(&result, c->criteria, prepared, &m->options, e) != 0)
            goto out;
        int gathered = result->status == FLEET_NOT_LISTED ? 0 : gather(f, g, c, digest, result, e);
        fleet_result_free(result);
        if (gathered != 0)
            goto out;
    }
    done = matcher_knows_class(m, digest) ? 0 : matcher_add_class(m, class, e);
out:
    mem_free(concerns);
    fleet_prepared_free(prepared);
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

int matcher_membership_joined(struct follower *f, const struct followed *act, struct err *e)
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
    int result = matcher_knows_class(f->centre->matcher, class)
                     ? 0
                     : match_new_class(f, class, &gathered, e);
    if (result == 0)
        result = keep_gathered(f, &gathered, e);
    forget_gathered(&gathered);
    return result == 0 ? follow_joins(f, audience, class, size - 1, size - 1, act->organisation, e)
                       : -1;
}

/* Many that joined by one act: first all their classes are matched, then each is told. */
int matcher_assets_imported(struct follower *f, const struct followed *act, struct err *e)
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
        if (!matcher_knows_class(f->centre->matcher, classes[i].class))
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

static int class_again(struct follower *f, const uint8_t class[32], struct err *e)
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

int matcher_asked(struct follower *f, const struct followed *act, struct err *e)
{
    struct fleet_asset asset;
    char id[ID_TEXT];

    if (json_get(act->data, "revision"))
        return matcher_imported(f, act, e);
    if (args_id(act->data, "asset", "ast", id, e) != 0)
        return -1;
    fleet_asset_init(&asset);
    int found = fleet_asset_find(f->db, id, &asset, e);
    int result = found < 0 ? -1 : 0;
    if (found == 1 && asset.has_class)
        result = class_again(f, asset.class, e);
    fleet_asset_fini(&asset);
    /* and it is told what it has to know by now */
    return result == 0 ? matcher_tell_asset(f, act, e) : -1;
}
