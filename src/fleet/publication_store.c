/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/publication_store.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "crypto/merkle.h"
#include "fleet/confidence.h"
#include "fleet/notice.h"
#include "store/may_see.h"

#include <stdio.h>

bool fleet_status_is_told(struct slice status, bool tell_unknown)
{
    return slice_is(status, "affected") || slice_is(status, "under_investigation") ||
           (tell_unknown && slice_is(status, "unknown"));
}

struct publication {
    char revision[ID_TEXT];
    char state[12];
    char trigger[16];
    uint64_t as_of;
    int64_t entries;
    int64_t members;
    struct merkle_frontier frontier; /* of the entries */
};

static int load(struct db *db, const char *id, const char *state, struct publication *p,
                struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_PUBLICATION_FIND, DB_TEXT(id));

    if (found == 1) {
        snprintf(p->revision, sizeof(p->revision), "%s", db_text(&q, 2));
        snprintf(p->trigger, sizeof(p->trigger), "%s", db_text(&q, 3));
        snprintf(p->state, sizeof(p->state), "%s", db_text(&q, 4));
        p->as_of = (uint64_t)db_int(&q, 5);
        p->entries = db_int(&q, 6);
        p->members = db_int(&q, 7);
        p->frontier = (struct merkle_frontier){0};
        if (!db_is_null(&q, 14) && merkle_frontier_read(&p->frontier, db_blob(&q, 14), e) != 0)
            found = -1;
    }
    db_query_finish(&q);
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "fleet.no-publication", NULL, "there is no publication %s",
                       id);
    if (found == 1 && strcmp(p->state, state) != 0)
        return err_set(e, ERR_CONFLICT, "fleet.publication-state", NULL,
                       "the publication %s is %s, not %s", id, p->state, state);
    return found == 1 ? 0 : -1;
}

int fleet_publication_begin(struct change *c, const char *revision, const char *trigger,
                            char id[ID_TEXT], struct err *e)
{
    struct fleet_revision r;
    int result = -1;

    fleet_revision_init(&r);
    int found = fleet_revision_find(c->db, revision, &r, e);
    if (found == 0)
        err_set(e, ERR_NOT_FOUND, "fleet.no-advisory", NULL, "there is no revision %s", revision);
    if (found != 1 || change_id(c, "pub", id, e) != 0)
        goto out;
    result = db_run(c->db, e, SQL_PUBLICATION_BEGIN, DB_TEXT(id), DB_TEXT(r.organisation),
                    DB_BOOL(r.exercise), DB_TEXT(revision), DB_TEXT(trigger),
                    DB_INT((int64_t)change_next_index(c)), DB_INT(c->now)) < 0
                 ? -1
                 : 0;
out:
    fleet_revision_fini(&r);
    return result;
}

int fleet_publication_drop(struct change *c, const char *id, struct err *e)
{
    struct publication p;

    if (load(c->db, id, "building", &p, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_NOTICE_ASSET_DROP, DB_TEXT(id)) < 0 ||
                   db_run(c->db, e, SQL_NOTICE_DROP, DB_TEXT(id)) < 0 ||
                   db_run(c->db, e, SQL_PUBLICATION_DROP, DB_TEXT(id)) < 0
               ? -1
               : 0;
}

int fleet_publication_unfinished(struct db *db, char id[ID_TEXT], struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_PUBLICATION_BUILDING);

    if (found == 1)
        snprintf(id, ID_TEXT, "%s", db_text(&q, 0));
    db_query_finish(&q);
    return found;
}

/* ---- one notice ------------------------------------------------------------------------------ */

/* What a notice is made of; those meant are the tree's members, or those of `only`. */
struct making {
    struct change *c;
    const char *id;
    const char *origin;
    struct publication p;
    struct fleet_revision revision;
    struct buf advisory;        /* canonical, as every notice has it */
    bool nothing_told;          /* no publication of this advisory before */
    bool by_centre;             /* brought in by who runs the centre */
    char organisation[ID_TEXT]; /* asked about last, and whether it may be told */
    int released;
};

static int write_advisory(const struct fleet_revision *revision, struct buf *canonical,
                          struct err *e)
{
    struct json_writer w;
    struct buf draft;
    int result = -1;

    buf_init(&draft);
    json_write_init(&w, &draft, 0);
    fleet_advisory_write(&w, revision);
    if (buf_check(&draft, e) == 0)
        result = fleet_canonical(buf_slice(&draft), canonical, e);
    buf_fini(&draft);
    return result;
}

static int making_start(struct making *m, struct change *c, const char *id, const char *origin,
                        struct err *e)
{
    struct db_query q;

    *m = (struct making){.c = c, .id = id, .origin = origin};
    fleet_revision_init(&m->revision);
    buf_init(&m->advisory);
    if (load(c->db, id, "building", &m->p, e) != 0)
        return -1;
    int found = fleet_revision_find(c->db, m->p.revision, &m->revision, e);
    if (found != 1)
        return err_set(e, ERR_INTERNAL, "fleet.no-advisory", NULL,
                       "the publication %s has no revision", id);
    m->nothing_told = !m->revision.published[0];
    found = db_find(&q, c->db, e, SQL_SETTING_FIND, DB_TEXT("organisation"));
    m->by_centre = found == 1 && slice_is(db_slice(&q, 0), m->revision.organisation);
    db_query_finish(&q);
    return found < 0 ? -1 : write_advisory(&m->revision, &m->advisory, e);
}

static void making_fini(struct making *m)
{
    fleet_revision_fini(&m->revision);
    buf_fini(&m->advisory);
}

static int making_end(struct making *m, struct err *e)
{
    uint8_t frontier[MERKLE_FRONTIER_MAX];
    size_t len = merkle_frontier_write(&m->p.frontier, frontier);

    return db_run(m->c->db, e, SQL_PUBLICATION_GROWS, DB_TEXT(m->id), DB_INT(m->p.entries),
                  DB_INT(m->p.members), DB_BYTES(frontier, len)) < 0
               ? -1
               : 0;
}

struct statement {
    const uint8_t *class;
    struct slice status;
    struct slice body; /* canonical JSON, an array */
    struct slice meaning;
};

/* Writes the notice with its entry. only: NULL for all members. */
static int put_notice(struct making *m, const char *audience, const struct statement *s,
                      const struct fleet_member_tree *tree, const struct fleet_only *only,
                      struct err *e)
{
    const struct fleet_notice_parts parts = {.origin = m->origin,
                                             .audience = audience,
                                             .class = s->class,
                                             .exercise = m->revision.exercise,
                                             .advisory = buf_slice(&m->advisory),
                                             .meaning = s->meaning,
                                             .statements = s->body};
    struct fleet_notice notice;
    struct buf entry;
    uint8_t leaf[32];
    int result = -1;

    buf_init(&entry);
    fleet_notice_init(&notice);
    int64_t members = only ? (int64_t)only->count : tree->members;
    if (fleet_notice_build(&parts, &notice, e) != 0 ||
        fleet_entry_build(m->p.entries, notice.digest, audience, s->class, tree, only, &entry, e) !=
            0)
        goto out;
    if (merkle_leaf(buf_slice(&entry), leaf) != 0 ||
        merkle_frontier_append(&m->p.frontier, leaf) != 0) {
        err_memory(e);
        goto out;
    }
    if (db_run(m->c->db, e, SQL_NOTICE_INSERT, DB_TEXT(m->id), DB_INT(m->p.entries),
               DB_TEXT(audience), DB_BYTES(s->class, 32), DB_INT((int64_t)m->p.as_of),
               DB_BOOL(only != NULL), DB_INT(members), DB_SLICE(s->status),
               DB_BYTES(notice.digest, 32), DB_BLOB(s->meaning), DB_BLOB(buf_slice(&entry)),
               DB_BLOB(buf_slice(&notice.body))) < 0 ||
        db_run(m->c->db, e, SQL_TOLD_SET, DB_TEXT(m->revision.advisory), DB_BYTES(s->class, 32),
               DB_TEXT(audience), DB_BLOB(s->meaning), DB_TEXT(m->id)) < 0)
        goto out;
    for (size_t i = 0; only && i < only->count; i++)
        if (db_run(m->c->db, e, SQL_NOTICE_ASSET_INSERT, DB_TEXT(only->members[i].asset),
                   DB_TEXT(m->id), DB_INT(m->p.entries), DB_BYTES(only->members[i].leaf, 32)) < 0)
            goto out;
    m->p.entries++;
    m->p.members += members;
    result = 0;
out:
    fleet_notice_fini(&notice);
    buf_fini(&entry);
    return result;
}

static bool serial_fits(struct slice serial, const struct json_value *serials)
{
    bool fits = serial.len == 0; /* a device without a known serial number is told, too */

    json_each(pattern, serials)
    {
        fits = fits || fleet_pattern_fits(json_string(pattern), serial);
    }
    return fits;
}

/* The serial numbers that a statement is for; 1: *serials has them, in text, 0: it is for all. */
static int serials_of(struct slice body, struct buf *text, struct json_doc **serials, struct err *e)
{
    struct json_doc *doc = NULL;
    struct json_writer w;
    int result = -1;

    if (!fleet_serials_likely(body))
        return 0;
    if (json_parse(&doc, body, NULL, e) != 0)
        goto out;
    json_write_init(&w, text, 0);
    json_write_object(&w);
    bool filtered = fleet_serials_write(&w, json_root(doc));
    json_write_object_end(&w);
    if (!filtered)
        result = 0;
    else if (buf_check(text, e) == 0 && json_parse(serials, buf_slice(text), NULL, e) == 0)
        result = 1;
out:
    json_doc_free(doc);
    return result;
}

/* The members whose serial number fits; all members of the class before as_of are looked at. */
static int select_by_serial(struct making *m, const char *audience, const uint8_t class[32],
                            const struct json_value *serials, struct fleet_only *only,
                            struct err *e)
{
    struct db_query q;
    int step;

    if (db_select(&q, m->c->db, e, SQL_MEMBERSHIP_SERIALS, DB_TEXT(audience), DB_BYTES(class, 32),
                  DB_INT((int64_t)m->p.as_of)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        uint8_t leaf[32];
        if (!serial_fits(db_slice(&q, 2), serials))
            continue;
        if (!db_blob_copy(&q, 1, leaf, 32) || fleet_only_add(only, db_text(&q, 0), leaf) != 0) {
            step = err_memory(e);
            break;
        }
    }
    db_query_finish(&q);
    return step;
}

/* tree: as it is at as_of; NULL: to be computed. */
static int tell_class(struct making *m, const char *audience, const struct statement *s,
                      const struct fleet_member_tree *known, struct err *e)
{
    struct fleet_member_tree tree;
    struct fleet_only only;
    struct json_doc *serials = NULL;
    struct buf text;
    int result = -1;

    buf_init(&text);
    fleet_only_init(&only);
    if (known)
        tree = *known;
    else if (fleet_member_tree_at(m->c->db, audience, s->class, m->p.as_of, &tree, e) != 0)
        goto out;
    if (tree.members == 0) {
        result = 0;
        goto out;
    }
    int filtered = serials_of(s->body, &text, &serials, e);
    if (filtered == 0)
        result = put_notice(m, audience, s, &tree, NULL, e);
    if (filtered != 1)
        goto out;
    if (select_by_serial(m, audience, s->class, json_get(json_root(serials), "serials"), &only,
                         e) != 0)
        goto out;
    if (fleet_only_order(m->c->db, &only, e) == 0)
        result = only.count == 0 ? 0 : put_notice(m, audience, s, &tree, &only, e);
out:
    json_doc_free(serials);
    fleet_only_fini(&only);
    buf_fini(&text);
    return result;
}

/* ---- chunks ---------------------------------------------------------------------------------- */

/* Whether a match is as sure as it must be for a device to be told. 1, 0, -1. */
static int is_sure(struct slice body, int64_t wanted, struct err *e)
{
    if (wanted <= 0)
        return 1;
    int confidence = fleet_confidence_of(body, e);
    return confidence < 0 ? -1 : confidence >= wanted;
}

/* Whether members of (audience, class) know already what this statement means to them. */
static int needs_telling(struct making *m, const char *audience, const struct statement *s,
                         bool tell_unknown, struct err *e)
{
    struct db_query q;

    if (m->nothing_told)
        return fleet_status_is_told(s->status, tell_unknown)
                   ? is_sure(s->body, m->revision.confidence, e)
                   : 0;
    int found = db_find(&q, m->c->db, e, SQL_TOLD_FIND, DB_TEXT(audience), DB_BYTES(s->class, 32),
                        DB_TEXT(m->revision.advisory));
    /* by a publication that was dropped: what needed telling then needs it still */
    bool same = found == 1 && !db_is_null(&q, 1) && slice_equal(db_blob(&q, 0), s->meaning);

    db_query_finish(&q);
    if (found < 0)
        return -1;
    if (found == 1)
        return !same; /* who was told is told on, however sure it is */
    return fleet_status_is_told(s->status, tell_unknown)
               ? is_sure(s->body, m->revision.confidence, e)
               : 0;
}

/*
 * Release, not an inventory's claim, decides who is told. What another organisation than the one
 * that runs the centre brings in is for its own devices: speaking to others is the centre's to do.
 */
static int is_released(struct db *db, const struct shown *shown, bool by_centre,
                       const char *organisation, struct err *e)
{
    const struct viewer viewer = {
        .organisation = organisation, .exercise = shown->exercise, .concerned = true};

    /* an exercise organisation plays the centre's part in its exercise */
    if (strcmp(organisation, shown->organisation) != 0 && !by_centre && !shown->exercise)
        return 0;
    return may_see(db, &viewer, shown, e);
}

static int may_be_told(struct db *db, const struct shown *shown, const char *organisation,
                       struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_SETTING_FIND, DB_TEXT("organisation"));
    bool by_centre = found == 1 && slice_is(db_slice(&q, 0), shown->organisation);

    db_query_finish(&q);
    return found < 0 ? -1 : is_released(db, shown, by_centre, organisation, e);
}

/* The same within a publication, where neighbours often belong together. */
static int released_to(struct making *m, const char *organisation, struct err *e)
{
    const struct shown shown = {.organisation = m->revision.organisation,
                                .tlp = m->revision.tlp,
                                .exercise = m->revision.exercise};

    if (strcmp(m->organisation, organisation) == 0)
        return m->released;
    m->released = is_released(m->c->db, &shown, m->by_centre, organisation, e);
    snprintf(m->organisation, sizeof(m->organisation), "%s", m->released < 0 ? "" : organisation);
    return m->released;
}

/* An audience in which the class has members, and its tree of events. */
struct audience {
    char id[ID_TEXT];
    char organisation[ID_TEXT];
    struct fleet_member_tree tree;
    bool current; /* the tree has not grown since as_of */
};

static int read_audience(struct making *m, struct db_query *q, struct audience *a, struct err *e)
{
    snprintf(a->id, ID_TEXT, "%s", db_text(q, 0));
    snprintf(a->organisation, ID_TEXT, "%s", db_text(q, 1));
    a->tree.size = (uint64_t)db_int(q, 2);
    a->tree.members = db_int(q, 4);
    a->current = (uint64_t)db_int(q, 5) < m->p.as_of;
    return db_blob_copy(q, 3, a->tree.root, 32)
               ? 0
               : err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a member tree is damaged");
}

static int tell_audiences(struct making *m, const struct statement *s, bool tell_unknown,
                          struct err *e)
{
    struct audience audiences[32];
    size_t count = 0;
    struct db_query q;
    int step;
    char after[ID_TEXT] = "";

    for (;;) {
        count = 0;
        if (db_select(&q, m->c->db, e, SQL_MEMBER_TREE_AUDIENCES, DB_BYTES(s->class, 32),
                      DB_TEXT(after), DB_BOOL(m->revision.exercise),
                      DB_INT((int64_t)ARRAY_LEN(audiences))) != 0)
            return -1;
        while ((step = db_step(&q, e)) == 1 && count < ARRAY_LEN(audiences))
            if (read_audience(m, &q, &audiences[count++], e) != 0) {
                step = -1;
                break;
            }
        db_query_finish(&q);
        if (step < 0)
            return -1;
        for (size_t i = 0; i < count; i++) {
            const struct audience *a = &audiences[i];
            int released = released_to(m, a->organisation, e);
            int needs = released == 1 ? needs_telling(m, a->id, s, tell_unknown, e) : released;
            if (needs < 0 ||
                (needs && tell_class(m, a->id, s, a->current ? &a->tree : NULL, e) != 0))
                return -1;
        }
        if (count < ARRAY_LEN(audiences))
            return 0;
        snprintf(after, sizeof(after), "%s", audiences[count - 1].id);
    }
}

/* First pass: what the revision says of classes, in the order of their digests. */
static int chunk_of_statements(struct making *m, struct fleet_chunk *chunk, struct err *e)
{
    struct db_query q;
    unsigned rows = 0;
    int step;

    if (db_select(&q, m->c->db, e, SQL_STATEMENT_PAGE, DB_TEXT(m->p.revision),
                  DB_BYTES(chunk->after_class, 32), DB_INT(chunk->limit)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        rows++;
        if (!db_blob_copy(&q, 0, chunk->after_class, 32)) {
            step = -1;
            break;
        }
        const struct statement s = {.class = chunk->after_class,
                                    .status = db_slice(&q, 1),
                                    .body = db_blob(&q, 2),
                                    .meaning = db_blob(&q, 3)};
        if (tell_audiences(m, &s, chunk->tell_unknown, e) != 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    if (step < 0)
        return -1;
    if (rows < chunk->limit) {
        chunk->second = true;
        chunk->done = m->nothing_told;
        memset(chunk->after_class, 0, sizeof(chunk->after_class));
        chunk->after_audience[0] = '\0';
    }
    return 0;
}

/* Second pass: who was told by an earlier revision, and is named no more. */
static int chunk_of_told(struct making *m, struct fleet_chunk *chunk, struct err *e)
{
    uint8_t meaning[32];
    struct json_doc *nothing = NULL;
    struct db_query q;
    unsigned rows = 0;
    int step;

    if (json_parse(&nothing, slice_str("[]"), NULL, e) != 0 ||
        fleet_meaning(m->revision.namespace, m->revision.tracking_id, json_root(nothing), meaning,
                      e) != 0) {
        json_doc_free(nothing);
        return -1;
    }
    json_doc_free(nothing);
    if (db_select(&q, m->c->db, e, SQL_TOLD_BEFORE, DB_TEXT(m->revision.advisory),
                  DB_TEXT(m->p.revision), DB_BYTES(chunk->after_class, 32),
                  DB_TEXT(chunk->after_audience), DB_INT(chunk->limit)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        rows++;
        snprintf(chunk->after_audience, sizeof(chunk->after_audience), "%s", db_text(&q, 0));
        if (!db_blob_copy(&q, 1, chunk->after_class, 32)) {
            step = -1;
            break;
        }
        const struct statement s = {.class = chunk->after_class,
                                    .status = slice_str("not_listed"),
                                    .body = slice_str("[]"),
                                    .meaning = slice_of(meaning, 32)};
        int needs = needs_telling(m, chunk->after_audience, &s, false, e);
        if (needs < 0 || (needs && tell_class(m, chunk->after_audience, &s, NULL, e) != 0)) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    chunk->done = step == 0 && rows < chunk->limit;
    return step < 0 ? -1 : 0;
}

int fleet_publication_chunk(struct change *c, struct fleet_chunk *chunk, struct err *e)
{
    struct making m;
    int result = -1;

    if (making_start(&m, c, chunk->publication, chunk->origin, e) == 0 &&
        (chunk->second ? chunk_of_told(&m, chunk, e) : chunk_of_statements(&m, chunk, e)) == 0)
        result = making_end(&m, e);
    making_fini(&m);
    return result;
}

/* ---- additions ------------------------------------------------------------------------------- */

int fleet_publication_addition(struct change *c, const char *publication, const char *origin,
                               const struct fleet_addition *addition, struct err *e)
{
    struct fleet_member_tree tree;
    struct fleet_only only;
    struct db_query q;
    struct making m;
    struct buf body;
    struct buf status;
    uint8_t meaning[32];
    int result = -1;

    buf_init(&body);
    buf_init(&status);
    fleet_only_init(&only);
    if (making_start(&m, c, publication, origin, e) != 0)
        goto out;
    int found = db_find(&q, c->db, e, SQL_STATEMENT_FIND, DB_TEXT(m.p.revision),
                        DB_BYTES(addition->class, 32));
    if (found == 1) {
        buf_put_slice(&status, db_slice(&q, 0));
        buf_put_slice(&body, db_blob(&q, 1));
        if (!db_blob_copy(&q, 2, meaning, 32))
            found = err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a statement is damaged");
    }
    db_query_finish(&q);
    if (found == 0)
        err_set(e, ERR_CONFLICT, "fleet.no-statement", NULL,
                "the revision says nothing of this class");
    if (found != 1 || buf_check(&body, e) != 0 || buf_check(&status, e) != 0 ||
        fleet_member_tree_at(c->db, addition->audience, addition->class, m.p.as_of, &tree, e) != 0)
        goto out;
    for (size_t i = 0; i < addition->count; i++) {
        uint8_t leaf[32];
        found = db_find(&q, c->db, e, SQL_MEMBERSHIP_NOW, DB_TEXT(addition->assets[i]));
        bool here = found == 1 && slice_is(db_slice(&q, 0), addition->audience) &&
                    slice_equal(db_blob(&q, 1), slice_of(addition->class, 32)) &&
                    db_blob_copy(&q, 3, leaf, 32);
        db_query_finish(&q);
        if (found < 0)
            goto out;
        /* who has left meanwhile is told as a member of the class it joined */
        if (here && fleet_only_add(&only, addition->assets[i], leaf) != 0) {
            err_memory(e);
            goto out;
        }
    }
    if (fleet_only_order(c->db, &only, e) != 0)
        goto out;
    const struct statement s = {.class = addition->class,
                                .status = buf_slice(&status),
                                .body = buf_slice(&body),
                                .meaning = slice_of(meaning, 32)};
    if (only.count > 0 && put_notice(&m, addition->audience, &s, &tree, &only, e) != 0)
        goto out;
    result = making_end(&m, e) != 0 ? -1 : only.count > 0;
out:
    making_fini(&m);
    fleet_only_fini(&only);
    buf_fini(&status);
    buf_fini(&body);
    return result;
}

int fleet_body_is_for(struct slice body, struct slice serial, struct err *e)
{
    struct json_doc *serials = NULL;
    struct buf text;

    buf_init(&text);
    int filtered = serials_of(body, &text, &serials, e);
    int result = filtered;

    if (filtered >= 0)
        result = filtered == 0 || serial_fits(serial, json_get(json_root(serials), "serials"));
    json_doc_free(serials);
    buf_fini(&text);
    return result;
}

int fleet_missing_of(struct db *db, const char *asset, const uint8_t class[32], bool tell_unknown,
                     struct fleet_missing *missing, size_t room, struct err *e)
{
    struct fleet_asset member;
    char after[ID_TEXT] = "";
    size_t count = 0;

    fleet_asset_init(&member);
    int step = fleet_asset_find(db, asset, &member, e);
    if (step == 1 && (!member.has_class || memcmp(member.class, class, 32) != 0 ||
                      strcmp(member.state, "removed") == 0))
        step = 0; /* it has left: what it must know, it is told where it went */
    while (step == 1 && count < room) {
        struct db_query q;
        char advisory[ID_TEXT];
        char revision[ID_TEXT];
        uint8_t meaning[32];
        bool told_by_itself;
        int sure = 0;

        step = db_find(&q, db, e, SQL_STATEMENT_PUBLISHED_OF_CLASS, DB_BYTES(class, 32),
                       DB_TEXT(after), DB_INT(1), DB_TEXT(asset));
        if (step == 1) {
            snprintf(revision, sizeof(revision), "%s", db_text(&q, 0));
            const struct shown shown = {
                .organisation = db_text(&q, 5), .tlp = db_text(&q, 6), .exercise = db_bool(&q, 7)};
            int released = may_be_told(db, &shown, member.organisation, e);
            if (released < 0)
                step = -1;
            int meant = fleet_body_is_for(db_blob(&q, 2), buf_slice(&member.serial), e);
            sure = is_sure(db_blob(&q, 2), db_int(&q, 8), e);
            if (meant < 0 || sure < 0)
                step = -1;
            told_by_itself =
                released == 1 && meant == 1 && fleet_status_is_told(db_slice(&q, 1), tell_unknown);
            if (!db_blob_copy(&q, 3, meaning, 32))
                step = err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a statement is damaged");
            snprintf(advisory, sizeof(advisory), "%s", db_text(&q, 4));
        }
        db_query_finish(&q);
        if (step != 1)
            break;
        snprintf(after, sizeof(after), "%s", advisory);
        int found =
            db_find(&q, db, e, SQL_CHAIN_LAST_OF_ADVISORY, DB_TEXT(asset), DB_TEXT(advisory));
        bool knows = found == 1 && slice_equal(db_blob(&q, 2), slice_of(meaning, 32));
        db_query_finish(&q);
        if (found < 0)
            step = -1;
        /* moving to a class that is fixed or not affected is an end state, not news */
        if (found >= 0 && !knows && told_by_itself && (sure == 1 || found == 1))
            snprintf(missing[count++].revision, ID_TEXT, "%s", revision);
    }
    fleet_asset_fini(&member);
    return step < 0 ? -1 : (int)count;
}

/* ---- freezing and signing -------------------------------------------------------------------- */

int fleet_publication_freeze(struct change *c, const char *id, const char *origin,
                             struct fleet_frozen *frozen, struct err *e)
{
    char root_text[FLEET_CLASS_TEXT];
    uint8_t root[32];
    struct act_ref act;
    struct making m;
    struct buf payload;
    int result = -1;

    buf_init(&payload);
    if (making_start(&m, c, id, origin, e) != 0)
        goto out;
    if (merkle_frontier_root(&m.p.frontier, root) != 0) {
        err_memory(e);
        goto out;
    }
    fleet_class_format(root, root_text);
    c->exercise = m.revision.exercise;
    struct json_writer *data = change_act(c, "publication.frozen", m.revision.organisation);
    json_member_string(data, "publication", id);
    json_member_string(data, "revision", m.p.revision);
    json_member_string(data, "trigger", m.p.trigger);
    json_member_int(data, "notices", m.p.entries);
    json_member_string(data, "root", root_text);
    json_member_int(data, "members", m.p.members);
    if (m.revision.confidence)
        json_member_int(data, "confidence", m.revision.confidence);
    if (change_act_end(c, &act, e) != 0)
        goto out;
    const struct fleet_publication_parts parts = {.id = id,
                                                  .origin = origin,
                                                  .at = c->now,
                                                  .trigger = m.p.trigger,
                                                  .revision = &m.revision,
                                                  .entries = m.p.entries,
                                                  .root = root,
                                                  .members = m.p.members,
                                                  .frozen = act.index};
    if (fleet_publication_payload(&parts, &payload, e) != 0)
        goto out;
    if (db_run(c->db, e, SQL_PUBLICATION_FREEZE, DB_TEXT(id), DB_BYTES(root, 32),
               DB_INT((int64_t)act.index), DB_BLOB(buf_slice(&payload)),
               DB_INT(m.revision.confidence)) < 0)
        goto out;
    /* an addition tells some what was published before: it publishes nothing anew */
    if (strcmp(m.p.trigger, "addition") != 0 &&
        (db_run(c->db, e, SQL_REVISION_PUBLISHED, DB_TEXT(m.p.revision),
                DB_INT((int64_t)act.index)) < 0 ||
         db_run(c->db, e, SQL_ADVISORY_PUBLISHED, DB_TEXT(m.revision.advisory),
                DB_TEXT(m.p.revision)) < 0))
        goto out;
    *frozen =
        (struct fleet_frozen){.act = act.index, .entries = m.p.entries, .members = m.p.members};
    result = 0;
out:
    making_fini(&m);
    buf_fini(&payload);
    return result;
}

int fleet_publication_to_sign(struct db *db, char id[ID_TEXT], struct buf *payload, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_PUBLICATION_TO_SIGN);

    if (found == 1) {
        snprintf(id, ID_TEXT, "%s", db_text(&q, 0));
        buf_put_slice(payload, db_blob(&q, 1));
        if (buf_check(payload, e) != 0)
            found = -1;
    }
    db_query_finish(&q);
    return found;
}

int fleet_publication_sign(struct change *c, const char *id, struct slice envelope, struct err *e)
{
    char hash_text[FLEET_CLASS_TEXT];
    struct fleet_revision revision;
    struct publication p;
    struct act_ref act;
    uint8_t hash[32];
    int result = -1;

    fleet_revision_init(&revision);
    if (load(c->db, id, "frozen", &p, e) != 0 || envelope_hash(envelope, hash, e) != 0 ||
        fleet_revision_find(c->db, p.revision, &revision, e) != 1)
        goto out;
    c->exercise = revision.exercise;
    struct json_writer *data = change_act(c, "publication.signed", revision.organisation);
    json_member_string(data, "publication", id);
    fleet_class_format(hash, hash_text);
    json_member_string(data, "envelope", hash_text);
    if (change_act_end(c, &act, e) != 0)
        goto out;
    int64_t changed = db_run(c->db, e, SQL_PUBLICATION_SIGNED, DB_TEXT(id), DB_BLOB(envelope),
                             DB_INT((int64_t)act.index));
    result = changed < 0 ? -1 : 0;
out:
    fleet_revision_fini(&revision);
    return result;
}
