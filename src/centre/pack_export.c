/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/pack_export.h"
#include "base/encoding.h"
#include "base/map.h"
#include "base/memory.h"
#include "centre/pack_internal.h"
#include "centre/trust.h"

#include <stdio.h>
#include <stdlib.h>

int numbers_add(struct numbers *n, uint64_t value, struct err *e)
{
    if (n->count == n->room) {
        size_t room = n->room ? n->room * 2 : 64;
        uint64_t *grown = mem_resize(n->at, room, sizeof(*grown));
        if (!grown)
            return err_memory(e);
        n->at = grown;
        n->room = room;
    }
    n->at[n->count++] = value;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;

    return (*x > *y) - (*x < *y);
}

void numbers_sort(struct numbers *n)
{
    size_t kept = 0;

    if (n->count > 1)
        qsort(n->at, n->count, sizeof(*n->at), compare);
    for (size_t i = 0; i < n->count; i++)
        if (kept == 0 || n->at[kept - 1] != n->at[i])
            n->at[kept++] = n->at[i];
    n->count = kept;
}

void line_start(struct line *line)
{
    buf_init(&line->text);
    json_write_init(&line->w, &line->text, 0);
    json_write_object(&line->w);
}

int line_put(struct line *line, struct pack_lines *lines, struct err *e)
{
    json_write_object_end(&line->w);
    int result = buf_check(&line->text, e);
    if (result == 0 && lines) /* NULL: only counted */
        result = pack_line(lines, buf_slice(&line->text), e);
    buf_fini(&line->text);
    return result;
}

/* ---- what the pack is about --------------------------------------------------------------------
 */

/* For one customer only what he was told. 1, 0, or -1. */
static int concerns(struct exporting *x, const char *publication, struct err *e)
{
    struct db_query q;

    if (!*x->organisation)
        return 1;
    int found = db_find(&q, x->db, e, SQL_NOTICE_PAGE, DB_TEXT(publication), DB_INT(-1), DB_INT(1),
                        DB_TEXT(x->organisation));
    db_query_finish(&q);
    return found;
}

int export_load_publications(struct exporting *x, struct err *e)
{
    struct db_query q;
    size_t room = 0;
    bool told = false;
    int step;

    if (db_select(&q, x->db, e, SQL_PUBLICATION_OF_ADVISORY, DB_TEXT(x->wish->advisory)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        /* what is not signed, or signed behind the head, was told to nobody yet */
        if (!slice_is(db_slice(&q, 3), "signed") || (uint64_t)db_int(&q, 9) >= x->size)
            continue;
        told = true;
        int concerned = concerns(x, db_text(&q, 0), e);
        if (concerned < 0) {
            step = -1;
            break;
        }
        if (!concerned)
            continue;
        if (x->publication_count == room) {
            room = room ? room * 2 : 16;
            struct told_publication *grown = mem_resize(x->publications, room, sizeof(*grown));
            if (!grown) {
                step = err_memory(e);
                break;
            }
            x->publications = grown;
        }
        struct told_publication *p = &x->publications[x->publication_count++];
        *p = (struct told_publication){.frozen = (uint64_t)db_int(&q, 6),
                                       .as_of = (uint64_t)db_int(&q, 7),
                                       .signed_act = (uint64_t)db_int(&q, 9)};
        snprintf(p->id, sizeof(p->id), "%s", db_text(&q, 0));
        snprintf(p->revision, sizeof(p->revision), "%s", db_text(&q, 1));
    }
    db_query_finish(&q);
    if (step < 0)
        return -1;
    if (x->publication_count == 0 && told)
        return err_set(e, ERR_CONFLICT, "centre.not-told", NULL,
                       "nothing was told to %s about the advisory", x->organisation);
    if (x->publication_count == 0) {
        err_set(e, ERR_CONFLICT, "centre.not-published", NULL,
                "the advisory is not published, or its publication is not under a checkpoint yet");
        return err_hint(e, "publish it, wait a second, and ask again");
    }
    x->publication_ids = mem_new(x->publication_count, sizeof(*x->publication_ids));
    if (!x->publication_ids)
        return err_memory(e);
    for (size_t i = 0; i < x->publication_count; i++)
        x->publication_ids[i] = x->publications[i].id;
    return 0;
}

static int add_publications(struct exporting *x, struct err *e)
{
    for (size_t i = 0; i < x->publication_count; i++) {
        const struct told_publication *p = &x->publications[i];
        char name[80];
        struct db_query q;
        int found = db_find(&q, x->db, e, SQL_PUBLICATION_FIND, DB_TEXT(p->id));
        snprintf(name, sizeof(name), "publications/%s.json", p->id);
        int added = found == 1 ? pack_add_file(x->pack, name, db_blob(&q, 11), e) : -1;
        db_query_finish(&q);
        if (added != 0 || numbers_add(&x->acts, p->frozen, e) != 0 ||
            numbers_add(&x->acts, p->signed_act, e) != 0)
            return -1;
    }
    return 0;
}

/* advisory.json is the newest revision published; earlier ones stand by their hash. */
static int add_documents(struct exporting *x, struct err *e)
{
    const char *newest = x->publications[x->publication_count - 1].revision;

    for (size_t i = 0; i < x->publication_count; i++) {
        const char *id = x->publications[i].revision;
        struct fleet_revision revision;
        struct buf content;
        char name[128];
        bool seen = false;
        int result = -1;
        for (size_t k = 0; k < i; k++)
            seen = seen || strcmp(x->publications[k].revision, id) == 0;
        if (seen)
            continue;
        buf_init(&content);
        fleet_revision_init(&revision);
        if (fleet_revision_find(x->db, id, &revision, e) == 1 &&
            fleet_document_load(x->db, revision.document, &content, e) == 1 &&
            numbers_add(&x->acts, revision.imported_act, e) == 0) {
            char hex[65];
            hex_format(revision.document, 32, hex);
            snprintf(name, sizeof(name), "advisories/%s.json", hex);
            result = pack_add_file(x->pack, strcmp(id, newest) == 0 ? "advisory.json" : name,
                                   buf_slice(&content), e);
        }
        fleet_revision_fini(&revision);
        buf_fini(&content);
        if (result != 0)
            return -1;
    }
    return fleet_revision_find(x->db, newest, &x->newest, e) == 1 ? 0 : -1;
}

/* ---- the head that it rests on -----------------------------------------------------------------
 */

static int add_heads(struct exporting *x, struct pack_statement *s, struct err *e)
{
    size_t count;
    size_t quorum;
    const struct note_key *witnesses = trust_witnesses(x->centre->trust, &count, &quorum);
    struct buf note;
    struct buf cosigned;
    uint64_t cosigned_size = 0;
    int found = 0;
    int result = -1;

    buf_init(&note);
    buf_init(&cosigned);
    if (journal_checkpoint_latest(x->db, &note, &x->size, e) != 1) {
        err_set(e, ERR_UNAVAILABLE, "centre.no-checkpoint", NULL, "no checkpoint was signed yet");
        goto out;
    }
    if (count > 0)
        found = journal_checkpoint_cosigned(x->db, witnesses, count, quorum ? quorum : 1, &cosigned,
                                            &cosigned_size, e);
    if (found < 0)
        goto out;
    /* never more than was witnessed: what the quorum has not seen is not claimed */
    s->witnessed = found == 1 ? cosigned_size : 0;
    s->checkpoint_size = x->size;
    if (journal_root_at(x->reader, x->size, s->checkpoint_root, e) != 0 ||
        pack_add_file(x->pack, "checkpoint", buf_slice(&note), e) != 0)
        goto out;
    if (found == 1 && cosigned_size < x->size &&
        (pack_add_file(x->pack, "witnessed", buf_slice(&cosigned), e) != 0 ||
         numbers_add(&x->heads, cosigned_size, e) != 0))
        goto out;
    result = 0;
out:
    buf_fini(&cosigned);
    buf_fini(&note);
    return result;
}

static int add_trust(struct exporting *x, struct err *e)
{
    struct buf envelope;
    struct db_query q;

    buf_init(&envelope);
    int result = trust_statement(x->centre->trust, &envelope, e) == 0
                     ? pack_add_file(x->pack, "trust.json", buf_slice(&envelope), e)
                     : -1;
    buf_fini(&envelope);
    if (result != 0)
        return -1;
    int found = db_find(&q, x->db, e, SQL_ACT_LOG_OPENED);
    uint64_t opened = found == 1 ? (uint64_t)db_int(&q, 0) : 0;
    db_query_finish(&q);
    return found == 1 ? numbers_add(&x->acts, opened, e) : -1;
}

static int finish(struct exporting *x, struct pack_statement *s, struct err *e)
{
    struct envelope_signer signer = trust_signer(x->centre->trust);
    struct json_writer w;
    struct buf advisory;

    buf_init(&advisory);
    json_write_init(&w, &advisory, 0);
    fleet_advisory_write(&w, &x->newest);
    s->made = clock_now(x->centre->clock);
    s->origin = x->centre->origin;
    s->advisory = buf_slice(&advisory);
    s->publications = x->publication_ids;
    s->publication_count = x->publication_count;
    s->counts = x->counts;
    s->organisation = *x->organisation ? x->organisation : NULL;
    int result = buf_check(&advisory, e) == 0 ? pack_finish(x->pack, s, &signer, e) : -1;
    buf_fini(&advisory);
    return result;
}

int exporting_init(struct exporting *x, struct worker *worker, const struct pack_wish *wish,
                   struct err *e)
{
    *x = (struct exporting){.worker = worker,
                            .centre = worker->centre,
                            .db = worker->db,
                            .wish = wish,
                            .organisation = wish->organisation ? wish->organisation : ""};
    map_init(&x->seen);
    map_init(&x->certificates);
    map_init(&x->trees);
    arena_init(&x->arena, 0);
    fleet_revision_init(&x->newest);
    if (db_begin(x->db, e) != 0) /* one state of everything */
        return -1;
    x->reader = journal_reader_new(x->db, e);
    return x->reader ? 0 : -1;
}

void exporting_fini(struct exporting *x)
{
    db_rollback(x->db);
    pack_writer_free(x->pack);
    journal_reader_free(x->reader);
    fleet_revision_fini(&x->newest);
    mem_free(x->publications);
    mem_free(x->publication_ids);
    mem_free(x->receipts);
    mem_free(x->acts.at);
    mem_free(x->heads.at);
    map_fini(&x->seen);
    map_fini(&x->certificates);
    map_fini(&x->trees);
    arena_fini(&x->arena);
}

int pack_export(struct worker *worker, const struct pack_wish *wish, struct err *e)
{
    struct pack_statement statement = {0};
    struct exporting x;
    int result = -1;

    if (exporting_init(&x, worker, wish, e) != 0 || pack_writer_new(&x.pack, wish->path, e) != 0 ||
        add_heads(&x, &statement, e) != 0 || export_load_publications(&x, e) != 0 ||
        add_trust(&x, e) != 0 || add_publications(&x, e) != 0 || add_documents(&x, e) != 0 ||
        export_entries(&x, e) != 0 || export_members(&x, e) != 0 || export_recipients(&x, e) != 0 ||
        export_others(&x, e) != 0 || export_receipts(&x, e) != 0 || export_owners(&x, e) != 0 ||
        export_certificates(&x, e) != 0 || export_acts(&x, e) != 0 ||
        export_consistency(&x, e) != 0)
        goto out;
    result = finish(&x, &statement, e);
out:
    exporting_fini(&x);
    return result;
}
