/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/remediation.h"
#include "base/map.h"
#include "base/memory.h"
#include "fleet/match.h"

#include <stdio.h>

static const char *const state_names[] = {"done", "in_progress", "open"};
static const char *const by_names[] = {"none", "operator", "device", "inventory"};

const char *fleet_remedied_name(enum fleet_remedied state)
{
    return state_names[state];
}

const char *fleet_remedied_by_name(enum fleet_remedied_by by)
{
    return by_names[by];
}

int fleet_remedied_parse(struct slice text, enum fleet_remedied *state, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(state_names); i++) {
        if (slice_is(text, state_names[i])) {
            *state = (enum fleet_remedied)i;
            return 0;
        }
    }
    err_set(e, ERR_USAGE, "fleet.remediation-state", NULL, "\"%.*s\" is no state of a remediation",
            (int)(text.len < 40 ? text.len : 40), (const char *)text.data);
    return err_hint(e, "states are open, in_progress and done");
}

bool fleet_status_asks(struct slice status)
{
    return slice_is(status, "affected") || slice_is(status, "unknown") ||
           slice_is(status, "under_investigation");
}

void fleet_remediation_init(struct fleet_remediation *r)
{
    memset(r, 0, sizeof(*r));
    arena_init(&r->arena, 0);
}

void fleet_remediation_fini(struct fleet_remediation *r)
{
    arena_fini(&r->arena);
}

/* ---- words -------------------------------------------------------------------------------------
 */

static struct slice keep(struct arena *a, struct slice text, bool *failed)
{
    char *copy = arena_copy(a, text.data, text.len);

    *failed = *failed || !copy;
    return slice_of(copy, text.len);
}

/* Columns from `at`: vulnerability, source, state, actor, reason, act, at. */
static int read_word(struct db_query *q, unsigned at, struct arena *a, struct fleet_word *word,
                     struct err *e)
{
    bool failed = false;

    word->vulnerability = keep(a, db_slice(q, at), &failed);
    word->by = slice_is(db_slice(q, at + 1), "device") ? FLEET_BY_DEVICE : FLEET_BY_OPERATOR;
    word->actor = keep(a, db_slice(q, at + 3), &failed);
    word->reason = keep(a, db_slice(q, at + 4), &failed);
    word->act = (uint64_t)db_int(q, at + 5);
    word->at = db_int(q, at + 6);
    if (failed)
        return err_memory(e);
    return fleet_remedied_parse(db_slice(q, at + 2), &word->state, e);
}

/* One more word; their array grows within the arena. */
static struct fleet_word *next_word(struct fleet_remediation *r, size_t *room)
{
    if (r->word_count == *room) {
        size_t wanted = *room ? *room * 2 : 4;
        struct fleet_word *grown = arena_new(&r->arena, wanted, sizeof(*grown));
        if (!grown)
            return NULL;
        if (r->word_count)
            memcpy(grown, r->words, r->word_count * sizeof(*grown));
        r->words = grown;
        *room = wanted;
    }
    return &r->words[r->word_count++];
}

static int load_words(struct db *db, const struct fleet_remedied_subject *subject,
                      struct fleet_remediation *r, struct err *e)
{
    struct db_query q;
    size_t room = 0;
    int step;

    if (db_select(&q, db, e, SQL_REMEDIATION_OF_ASSET, DB_TEXT(subject->asset),
                  DB_TEXT(subject->advisory)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        struct fleet_word *word = next_word(r, &room);
        if (!word)
            step = err_memory(e);
        if (!word || read_word(&q, 0, &r->arena, word, e) != 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    return step;
}

/* ---- what follows from them --------------------------------------------------------------------
 */

static bool is_about(const struct fleet_word *word, struct slice vulnerability)
{
    return word->vulnerability.len == 0 || slice_equal(word->vulnerability, vulnerability);
}

/* Of a vulnerability that the class has: the words are there newest first. */
static void judge(const struct fleet_remediation *r, uint64_t class_since,
                  struct fleet_remedied_part *part)
{
    part->state = FLEET_OPEN;
    part->by = FLEET_BY_NONE;
    for (size_t i = 0; i < r->word_count; i++) {
        const struct fleet_word *word = &r->words[i];
        bool installed = word->by == FLEET_BY_DEVICE && word->state == FLEET_DONE;
        if (!is_about(word, part->vulnerability) || (installed && word->act < class_since))
            continue; /* its later inventory says that it is not */
        if (part->word && !installed)
            continue;
        part->word = word;
        part->state = word->state;
        part->by = word->by;
        if (installed)
            return;
    }
}

static bool is_for_serial(const struct json_value *statement, struct slice serial)
{
    const struct json_value *serials = json_get(statement, "serials");
    bool fits = serial.len == 0 || json_count(serials) == 0;

    json_each(pattern, serials)
    {
        fits = fits || fleet_pattern_fits(json_string(pattern), serial);
    }
    return fits;
}

/* The vulnerabilities about which the asset was ever asked to do something; keys in the arena. */
static int load_told(struct db *db, const struct fleet_remedied_subject *subject,
                     struct arena *arena, struct map *told, struct err *e)
{
    struct db_query q;
    int step;

    if (db_select(&q, db, e, SQL_REMEDIATION_TOLD, DB_TEXT(subject->asset),
                  DB_TEXT(subject->advisory)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        struct json_doc *notice = NULL;
        if (json_parse(&notice, db_blob(&q, 0), NULL, e) != 0) {
            step = -1;
            break;
        }
        json_each(statement, json_get(json_root(notice), "statements"))
        {
            bool failed = false;
            struct slice name = json_get_string(statement, "vulnerability");
            if (!fleet_status_asks(json_get_string(statement, "status")) ||
                !is_for_serial(statement, subject->serial) || map_get(told, name))
                continue;
            name = keep(arena, name, &failed);
            if (failed || map_set(told, name, arena) != 0)
                step = err_memory(e);
        }
        json_doc_free(notice);
        if (step < 0)
            break;
    }
    db_query_finish(&q);
    return step;
}

static struct fleet_remedied_part *next_part(struct fleet_remediation *r, struct slice name,
                                             struct slice status, struct err *e)
{
    bool failed = false;
    struct fleet_remedied_part *part = &r->parts[r->count];

    part->vulnerability = keep(&r->arena, name, &failed);
    part->status = keep(&r->arena, status, &failed);
    if (failed) {
        err_memory(e);
        return NULL;
    }
    r->count++;
    return part;
}

static void sum_up(struct fleet_remediation *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct fleet_remedied_part *part = &r->parts[i];
        if (i > 0 && (part->state < r->state || (part->state == r->state && part->by >= r->by)))
            continue;
        r->state = part->state;
        r->by = part->by;
        r->word = part->word;
    }
}

/* Those of the class first, then those that it was told of and the revision names no more. */
static int judge_all(struct fleet_remediation *r, const struct fleet_remedied_subject *subject,
                     const struct json_value *statements, const struct map *told, struct err *e)
{
    const struct map_slot *slot;
    size_t at = 0;

    r->parts = arena_new(&r->arena, json_count(statements) + told->count + 1, sizeof(*r->parts));
    if (!r->parts)
        return err_memory(e);
    json_each(statement, statements)
    {
        struct slice name = json_get_string(statement, "vulnerability");
        struct slice status = json_get_string(statement, "status");
        bool asks = fleet_status_asks(status) && is_for_serial(statement, subject->serial);
        if (!asks && !map_get(told, name))
            continue;
        struct fleet_remedied_part *part = next_part(r, name, status, e);
        if (!part)
            return -1;
        part->state = FLEET_DONE;
        part->by = FLEET_BY_INVENTORY;
        if (asks)
            judge(r, subject->class_since, part);
    }
    size_t named = r->count;
    while ((slot = map_next(told, &at)) != NULL) {
        bool known = false;
        for (size_t i = 0; i < named; i++)
            known = known || slice_equal(r->parts[i].vulnerability, slot->key);
        struct fleet_remedied_part *part =
            known ? NULL : next_part(r, slot->key, slice_str("not_listed"), e);
        if (!known && !part)
            return -1;
        if (part) {
            part->state = FLEET_DONE;
            part->by = FLEET_BY_INVENTORY;
        }
    }
    sum_up(r);
    return 0;
}

int fleet_remediation_find(struct db *db, const struct fleet_remedied_subject *subject,
                           struct fleet_remediation *r, struct err *e)
{
    struct json_doc *doc = NULL;
    struct map told;
    bool all_ask = true;
    int result = -1;

    fleet_remediation_init(r);
    map_init(&told);
    if (subject->statements.len && json_parse(&doc, subject->statements, NULL, e) != 0)
        goto out;
    const struct json_value *statements = doc ? json_root(doc) : NULL;
    json_each(statement, statements)
    {
        all_ask = all_ask && fleet_status_asks(json_get_string(statement, "status"));
    }
    /* what it was told decides only where nothing is to be done any more */
    if ((json_count(statements) == 0 || !all_ask) &&
        load_told(db, subject, &r->arena, &told, e) != 0)
        goto out;
    if (load_words(db, subject, r, e) == 0)
        result = judge_all(r, subject, statements, &told, e);
out:
    map_fini(&told);
    json_doc_free(doc);
    return result;
}

int fleet_remediation_of(struct db *db, const char *asset, const char *advisory,
                         const char *revision, struct fleet_remediation *r, struct err *e)
{
    struct fleet_remedied_subject subject = {.asset = asset, .advisory = advisory};
    struct db_query q;
    int found = db_find(&q, db, e, SQL_REMEDIATION_SUBJECT, DB_TEXT(asset), DB_TEXT(revision));

    fleet_remediation_init(r);
    if (found == 1) {
        subject.class_since = (uint64_t)db_int(&q, 0);
        subject.serial = db_slice(&q, 1);
        subject.statements = db_blob(&q, 2);
        if (fleet_remediation_find(db, &subject, r, e) != 0)
            found = -1;
    }
    db_query_finish(&q);
    return found;
}

/* ---- as JSON -----------------------------------------------------------------------------------
 */

static void write_state(struct json_writer *w, enum fleet_remedied state, enum fleet_remedied_by by,
                        const struct fleet_word *word)
{
    json_member_string(w, "state", state_names[state]);
    json_member_string(w, "by", by_names[by]);
    if (!word)
        return;
    json_member_slice(w, "actor", word->actor);
    if (word->reason.len)
        json_member_slice(w, word->by == FLEET_BY_DEVICE ? "outcome" : "reason", word->reason);
    json_member_int(w, "act", (int64_t)word->act);
    json_member_time(w, "at", word->at);
}

void fleet_remediation_write(struct json_writer *w, const struct fleet_remediation *r, bool brief)
{
    if (r->count == 0)
        return;
    json_write_name(w, "remediation");
    json_write_object(w);
    write_state(w, r->state, r->by, r->word);
    if (!brief) {
        json_write_name(w, "vulnerabilities");
        json_write_array(w);
        for (size_t i = 0; i < r->count; i++) {
            const struct fleet_remedied_part *part = &r->parts[i];
            json_write_object(w);
            json_member_slice(w, "vulnerability", part->vulnerability);
            json_member_slice(w, "status", part->status);
            write_state(w, part->state, part->by, part->word);
            json_write_object_end(w);
        }
        json_write_array_end(w);
    }
    json_write_object_end(w);
}

/* ---- counts ------------------------------------------------------------------------------------
 */

void fleet_remedied_count(struct fleet_remedied_counts *counts, const struct fleet_remediation *r)
{
    if (r->count)
        counts->by[r->state][r->by]++;
}

static uint64_t sum(const struct fleet_remedied_counts *counts, enum fleet_remedied state)
{
    uint64_t all = 0;

    for (size_t by = 0; by < FLEET_REMEDIED_SOURCES; by++)
        all += counts->by[state][by];
    return all;
}

void fleet_remedied_counts_write(struct json_writer *w, const struct fleet_remedied_counts *counts)
{
    uint64_t concerned = 0;

    for (size_t state = 0; state < FLEET_REMEDIED_STATES; state++)
        concerned += sum(counts, (enum fleet_remedied)state);
    json_member_int(w, "concerned", (int64_t)concerned);
    for (size_t state = FLEET_REMEDIED_STATES; state-- > 0;)
        json_member_int(w, state_names[state], (int64_t)sum(counts, (enum fleet_remedied)state));
    for (size_t state = 0; state < FLEET_OPEN; state++) {
        json_write_name(w, state == FLEET_DONE ? "done_by" : "in_progress_by");
        json_write_object(w);
        for (size_t by = FLEET_BY_OPERATOR; by < FLEET_REMEDIED_SOURCES; by++)
            json_member_int(w, by_names[by], (int64_t)counts->by[state][by]);
        json_write_object_end(w);
    }
}

/* The statements of the class that the rows are at: they come class by class. */
struct counting {
    struct db *db;
    const char *revision;
    uint8_t class[32];
    bool has_class;
    struct buf body;
    struct json_doc *statements;
    struct fleet_remediation words; /* of the asset that the rows are at */
    size_t word_room;
    char asset[ID_TEXT];
    struct buf serial;
    uint64_t class_since;
    struct fleet_remedied_counts *counts;
};

static int count_asset(struct counting *c, struct err *e)
{
    static const struct map nothing;
    const struct fleet_remedied_subject subject = {.serial = buf_slice(&c->serial),
                                                   .class_since = c->class_since};

    if (!c->asset[0])
        return 0;
    if (judge_all(&c->words, &subject, json_root(c->statements), &nothing, e) != 0)
        return -1;
    fleet_remedied_count(c->counts, &c->words);
    c->asset[0] = '\0';
    return 0;
}

static int count_class(struct counting *c, struct slice digest, struct err *e)
{
    struct db_query q;

    if (c->has_class && slice_equal(digest, slice_of(c->class, 32)))
        return 0;
    if (digest.len != sizeof(c->class))
        return err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a class digest is not 32 bytes");
    memcpy(c->class, digest.data, sizeof(c->class));
    c->has_class = true;
    json_doc_free(c->statements);
    c->statements = NULL;
    buf_reset(&c->body);
    int found =
        db_find(&q, c->db, e, SQL_STATEMENT_FIND, DB_TEXT(c->revision), DB_BYTES(c->class, 32));
    if (found == 1)
        buf_put_slice(&c->body, db_blob(&q, 1));
    db_query_finish(&q);
    return found < 0 || buf_check(&c->body, e) != 0 ||
                   (found == 1 && json_parse(&c->statements, buf_slice(&c->body), NULL, e) != 0)
               ? -1
               : 0;
}

static int count_row(struct counting *c, struct db_query *q, struct err *e)
{
    if (!slice_is(db_slice(q, 0), c->asset)) {
        if (count_asset(c, e) != 0 || count_class(c, db_blob(q, 1), e) != 0)
            return -1;
        arena_reset(&c->words.arena);
        c->words.count = c->words.word_count = c->word_room = 0;
        c->words.words = NULL;
        snprintf(c->asset, sizeof(c->asset), "%s", db_text(q, 0));
        c->class_since = (uint64_t)db_int(q, 2);
        buf_reset(&c->serial);
        buf_put_slice(&c->serial, db_slice(q, 3));
        if (buf_check(&c->serial, e) != 0)
            return -1;
    }
    if (db_is_null(q, 4))
        return 0;
    struct fleet_word *word = next_word(&c->words, &c->word_room);
    return word ? read_word(q, 4, &c->words.arena, word, e) : err_memory(e);
}

/* Whoever was concerned and is not any more: by an inventory. */
static int count_left(struct db *db, const char *advisory, const char *revision,
                      const char *organisation, bool exercise, struct fleet_remedied_counts *counts,
                      struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_REMEDIATION_LEFT, DB_TEXT(revision), DB_TEXT(advisory),
                        DB_TEXT(organisation), DB_BOOL(exercise));

    if (found == 1)
        counts->by[FLEET_DONE][FLEET_BY_INVENTORY] += (uint64_t)db_int(&q, 0);
    db_query_finish(&q);
    return found == 1 ? 0 : -1;
}

int fleet_remediation_count(struct db *db, const char *advisory, const char *revision,
                            const char *organisation, bool exercise,
                            struct fleet_remedied_counts *counts, struct err *e)
{
    struct counting c = {.db = db, .revision = revision, .counts = counts};
    struct db_query q;
    int step;

    memset(counts, 0, sizeof(*counts));
    if (count_left(db, advisory, revision, organisation, exercise, counts, e) != 0 ||
        db_select(&q, db, e, SQL_REMEDIATION_WORDS, DB_TEXT(revision), DB_TEXT(advisory),
                  DB_TEXT(organisation), DB_BOOL(exercise)) != 0)
        return -1;
    buf_init(&c.body);
    buf_init(&c.serial);
    fleet_remediation_init(&c.words);
    while ((step = db_step(&q, e)) == 1) {
        if (count_row(&c, &q, e) != 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    if (step == 0)
        step = count_asset(&c, e);
    fleet_remediation_fini(&c.words);
    json_doc_free(c.statements);
    buf_fini(&c.serial);
    buf_fini(&c.body);
    return step;
}

/* ---- new words ---------------------------------------------------------------------------------
 */

int fleet_remediation_mark(struct change *c, const struct fleet_mark *mark, struct err *e)
{
    struct act_ref act;

    struct json_writer *data = change_act(c, "remediation.marked", mark->organisation);
    json_member_string(data, "advisory", mark->advisory);
    if (mark->vulnerability[0])
        json_member_string(data, "vulnerability", mark->vulnerability);
    json_member_string(data, "state", state_names[mark->state]);
    json_member_string(data, "reason", mark->reason);
    json_write_name(data, "assets");
    json_write_array(data);
    for (size_t i = 0; i < mark->count; i++)
        json_write_string(data, mark->assets[i]);
    json_write_array_end(data);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    for (size_t i = 0; i < mark->count; i++)
        if (db_run(c->db, e, SQL_REMEDIATION_SET, DB_TEXT(mark->assets[i]), DB_TEXT(mark->advisory),
                   DB_TEXT(mark->vulnerability), DB_TEXT("operator"),
                   DB_TEXT(state_names[mark->state]), DB_TEXT(c->actor), DB_TEXT(mark->reason),
                   DB_INT((int64_t)act.index), DB_INT(c->now)) < 0)
            return -1;
    return 0;
}

int fleet_remediation_outcome(struct change *c, const char *asset, const char *revision,
                              const char *outcome, uint64_t act, struct err *e)
{
    enum fleet_remedied state = strcmp(outcome, "installed") == 0 ? FLEET_DONE
                                : strcmp(outcome, "planned") == 0 ? FLEET_IN_PROGRESS
                                                                  : FLEET_OPEN;
    char advisory[ID_TEXT] = "";
    struct db_query q;

    if (strcmp(outcome, "read") == 0)
        return 0; /* says nothing about it */
    int found = db_find(&q, c->db, e, SQL_REVISION_FIND, DB_TEXT(revision));
    if (found == 1)
        snprintf(advisory, sizeof(advisory), "%s", db_text(&q, 0));
    db_query_finish(&q);
    if (found != 1)
        return found;
    return db_run(c->db, e, SQL_REMEDIATION_SET, DB_TEXT(asset), DB_TEXT(advisory), DB_TEXT(""),
                  DB_TEXT("device"), DB_TEXT(state_names[state]), DB_TEXT(asset), DB_TEXT(outcome),
                  DB_INT((int64_t)act), DB_INT(c->now)) < 0
               ? -1
               : 0;
}
