/* SPDX-License-Identifier: Apache-2.0 */
/* Who was meant, and what he was told. */
#include "base/encoding.h"
#include "base/map.h"
#include "base/memory.h"
#include "centre/pack_internal.h"
#include "fleet/asset_store.h"
#include "journal/proof.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 500 };

/* ---- entries.jsonl -----------------------------------------------------------------------------
 */

/* The publication signs a tree of all entries: a customer, who sees his own only, needs the way. */
static int put_path(struct exporting *x, const struct told_publication *p, uint64_t index,
                    struct line *line, struct err *e)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    size_t count;

    if (!*x->organisation)
        return 0;
    if (fleet_entry_path(x->db, x->centre->trees, p->id, index, proof, &count, e) != 0)
        return -1;
    json_write_name(&line->w, "path");
    journal_hashes_write(&line->w, (const uint8_t(*)[MERKLE_HASH])proof, count);
    return 0;
}

static int put_entry(struct exporting *x, const struct told_publication *p, struct db_query *q,
                     struct pack_lines *lines, struct err *e)
{
    struct json_doc *entry = NULL;
    struct line line;
    int64_t size;
    int result = -1;

    line_start(&line);
    json_write_name(&line.w, "entry");
    json_write_raw(&line.w, db_blob(q, 8));
    json_member_int(&line.w, "index", db_int(q, 0));
    json_write_name(&line.w, "notice");
    json_write_raw(&line.w, db_blob(q, 7));
    if (put_path(x, p, (uint64_t)db_int(q, 0), &line, e) != 0) {
        buf_fini(&line.text);
        return -1;
    }
    json_member_string(&line.w, "publication", p->id);
    if (line_put(&line, lines, e) != 0 || json_parse(&entry, db_blob(q, 8), NULL, e) != 0)
        goto out;
    if (!json_int64(json_get(json_get(json_root(entry), "members"), "size"), &size)) {
        err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "an entry of %s is damaged", p->id);
        goto out;
    }
    char class_text[FLEET_CLASS_TEXT];
    snprintf(class_text, sizeof(class_text), "%.*s",
             SLICE_ARG(json_get_string(json_root(entry), "class")));
    result = export_want_tree(x, db_slice(q, 1), class_text, (uint64_t)size, e);
out:
    json_doc_free(entry);
    return result;
}

int export_entries(struct exporting *x, struct err *e)
{
    struct pack_lines *lines;

    if (pack_lines_open(x->pack, "entries.jsonl", &lines, e) != 0)
        return -1;
    for (size_t i = 0; i < x->publication_count; i++) {
        const struct told_publication *p = &x->publications[i];
        int64_t after = -1;
        for (bool more = true; more;) {
            struct db_query q;
            unsigned rows = 0;
            int step;
            if (db_select(&q, x->db, e, SQL_NOTICE_PAGE, DB_TEXT(p->id), DB_INT(after),
                          DB_INT(PAGE), DB_TEXT(x->organisation)) != 0)
                return -1;
            while ((step = db_step(&q, e)) == 1) {
                rows++;
                after = db_int(&q, 0);
                if (put_entry(x, p, &q, lines, e) != 0) {
                    step = -1;
                    break;
                }
            }
            db_query_finish(&q);
            if (step < 0)
                return -1;
            more = rows == PAGE;
        }
    }
    return pack_lines_close(lines, e);
}

/* ---- recipients.jsonl --------------------------------------------------------------------------
 */

struct recipient {
    const char *asset;
    const char *audience;
    const uint8_t *class;
    const struct told_publication *publication;
    int64_t index;
};

struct finding {
    const char *publication;
    int64_t index;
    uint64_t n;
};

static int find_n(void *context, const struct fleet_link *link, struct err *e)
{
    struct finding *finding = context;

    (void)e;
    if (strcmp(link->publication, finding->publication) != 0 ||
        link->position.notice != finding->index)
        return 0;
    finding->n = link->position.n;
    return 1;
}

static int keep_receipt(struct exporting *x, const char *asset, uint64_t act, uint64_t n,
                        uint64_t position, struct err *e)
{
    for (size_t i = x->receipt_count; i-- > 0;) {
        struct told_receipt *known = &x->receipts[i];
        if (strcmp(known->asset, asset) != 0)
            break; /* lines of one asset in one publication stand together; see below */
        if (known->act == act) {
            if (position < known->position)
                known->position = position;
            return 0;
        }
    }
    if (x->receipt_count == x->receipt_room) {
        size_t room = x->receipt_room ? x->receipt_room * 2 : 256;
        struct told_receipt *grown = mem_resize(x->receipts, room, sizeof(*grown));
        if (!grown)
            return err_memory(e);
        x->receipts = grown;
        x->receipt_room = room;
    }
    struct told_receipt *receipt = &x->receipts[x->receipt_count++];
    *receipt = (struct told_receipt){.act = act, .position = position, .n = n};
    snprintf(receipt->asset, sizeof(receipt->asset), "%s", asset);
    return 0;
}

/* The receipt that covers notice n and that the checkpoint covers. 1 found, 0 none. */
static int find_receipt(struct exporting *x, const char *asset, uint64_t n, uint64_t *act,
                        uint64_t *receipt_n, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, x->db, e, SQL_RECEIPT_COVERING, DB_TEXT(asset), DB_INT((int64_t)n));

    if (found == 1) {
        *receipt_n = (uint64_t)db_int(&q, 0);
        *act = (uint64_t)db_int(&q, 4);
        if (*act >= x->size)
            found = 0; /* it came behind the head that this pack rests on */
    }
    db_query_finish(&q);
    return found;
}

struct standing {
    uint64_t removed_act; /* 0: not removed */
    uint64_t left_act;    /* 0: still in the class */
    uint64_t sent_n;
    bool has_owner;
    bool hidden;                     /* of another organisation than the pack is for */
    char label[FLEET_LABEL_MAX + 1]; /* for people who look on; never in a pack */
};

static int find_standing(struct exporting *x, const struct recipient *r, struct standing *s,
                         struct err *e)
{
    struct db_query q;
    int found = db_find(&q, x->db, e, SQL_ASSET_IN_PACK, DB_TEXT(r->asset));

    *s = (struct standing){0};
    if (found == 1) {
        s->removed_act = (uint64_t)db_int(&q, 0);
        s->sent_n = (uint64_t)db_int(&q, 1);
        s->has_owner = !db_is_null(&q, 2);
        s->hidden = *x->organisation && !slice_is(db_slice(&q, 3), x->organisation);
        if (!db_is_null(&q, 4))
            snprintf(s->label, sizeof(s->label), "%s", db_text(&q, 4));
    }
    db_query_finish(&q);
    if (found == 0)
        return err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "the asset %s is gone", r->asset);
    if (found < 0)
        return -1;
    found = db_find(&q, x->db, e, SQL_MEMBERSHIP_LEFT_AT, DB_TEXT(r->asset), DB_TEXT(r->audience),
                    DB_BYTES(r->class, 32), DB_INT((int64_t)r->publication->as_of));
    if (found == 1)
        s->left_act = (uint64_t)db_int(&q, 0);
    db_query_finish(&q);
    if (s->removed_act >= x->size)
        s->removed_act = 0;
    if (s->left_act >= x->size)
        s->left_act = 0;
    return found < 0 ? -1 : 0;
}

static int count_asset(struct exporting *x, const char *asset, bool has_owner, struct err *e)
{
    if (map_get(&x->seen, slice_str(asset)))
        return 0;
    char *key = arena_strdup(&x->arena, asset);
    if (!key || map_set(&x->seen, slice_str(key), key) != 0)
        return err_memory(e);
    x->counts.devices++;
    x->counts.ownerless += !has_owner;
    return 0;
}

/* Salt of the event that left, so that the act membership.left can be held against it. */
static int put_salt(struct exporting *x, const struct recipient *r, uint64_t act, struct line *line,
                    struct err *e)
{
    struct db_query q;
    int found = db_find(&q, x->db, e, SQL_MEMBERSHIP_LEFT_EVENT, DB_TEXT(r->audience),
                        DB_BYTES(r->class, 32), DB_INT((int64_t)act));

    if (found == 1)
        json_member_hex(&line->w, "salt", db_blob(&q, 0));
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

static int put_recipient(struct exporting *x, const struct recipient *r, struct pack_lines *lines,
                         struct err *e)
{
    struct finding finding = {.publication = r->publication->id, .index = r->index};
    struct fleet_position position;
    struct standing standing;
    struct line line;
    const char *state;
    uint64_t receipt_act = 0;
    uint64_t receipt_n = 0;
    uint64_t act = 0;

    if (find_standing(x, r, &standing, e) != 0)
        return -1;
    if (standing.hidden)
        return 0;
    if (fleet_chain_start(r->asset, &position, e) != 0 ||
        fleet_chain_walk(x->db, r->asset, &position, UINT64_MAX, find_n, &finding, e) < 0 ||
        count_asset(x, r->asset, standing.has_owner, e) != 0)
        return -1;
    if (finding.n == 0)
        return err_set(e, ERR_INTERNAL, "centre.chain", NULL,
                       "a notice of %s is not in the chain of %s", r->publication->id, r->asset);
    int found = find_receipt(x, r->asset, finding.n, &receipt_act, &receipt_n, e);
    if (found < 0)
        return -1;
    x->counts.meant++;
    if (found == 1) {
        state = "acknowledged";
        x->counts.acknowledged++;
        if (keep_receipt(x, r->asset, receipt_act, receipt_n, finding.n, e) != 0)
            return -1;
    } else if (standing.removed_act &&
               (!standing.left_act || standing.left_act > standing.removed_act)) {
        state = "removed";
        act = standing.removed_act;
        x->counts.removed++;
    } else if (standing.left_act) {
        state = "left_fixed";
        act = standing.left_act;
        x->counts.left_fixed++;
    } else {
        bool fetched = standing.sent_n >= finding.n;
        state = fetched ? "unacknowledged" : "undelivered";
        x->counts.silent++;
        x->counts.undelivered += !fetched;
        x->counts.unacknowledged += fetched;
    }
    if (act && numbers_add(&x->acts, act, e) != 0)
        return -1;
    if (x->ladder) {
        json_write_object(x->ladder);
        json_member_string(x->ladder, "asset", r->asset);
        json_member_string(x->ladder, "publication", r->publication->id);
        json_member_int(x->ladder, "n", (int64_t)finding.n);
        json_member_string(x->ladder, "state", state);
        if (standing.label[0])
            json_member_string(x->ladder, "label", standing.label);
        if (act)
            json_member_int(x->ladder, "act", (int64_t)act);
        int said = ladder_remediation(x, r->asset, standing.removed_act != 0, e);
        json_write_object_end(x->ladder);
        return said;
    }
    line_start(&line);
    if (act)
        json_member_int(&line.w, "act", (int64_t)act);
    json_member_string(&line.w, "asset", r->asset);
    json_member_int(&line.w, "index", r->index);
    json_member_int(&line.w, "n", (int64_t)finding.n);
    json_member_string(&line.w, "publication", r->publication->id);
    if (strcmp(state, "left_fixed") == 0 && put_salt(x, r, act, &line, e) != 0) {
        buf_fini(&line.text);
        return -1;
    }
    json_member_string(&line.w, "state", state);
    return line_put(&line, lines, e);
}

/* Assets of one notice, in the order of their ids, a page at a time. */
static int next_assets(struct exporting *x, const struct told_publication *p, int64_t index,
                       bool selected, const char *audience, const uint8_t class[32],
                       const char *after, char (*assets)[ID_TEXT], size_t room, size_t *count,
                       struct err *e)
{
    struct db_query q;
    int step;

    *count = 0;
    int started = selected ? db_select(&q, x->db, e, SQL_NOTICE_ASSET_LIST, DB_TEXT(p->id),
                                       DB_INT(index), DB_TEXT(after), DB_INT((int64_t)room))
                           : db_select(&q, x->db, e, SQL_MEMBERSHIP_OF_CLASS, DB_TEXT(audience),
                                       DB_BYTES(class, 32), DB_INT((int64_t)p->as_of),
                                       DB_TEXT(after), DB_INT((int64_t)room));
    if (started != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1 && *count < room)
        snprintf(assets[(*count)++], ID_TEXT, "%s", db_text(&q, 0));
    db_query_finish(&q);
    return step < 0 ? -1 : 0;
}

static int put_notice_recipients(struct exporting *x, const struct told_publication *p,
                                 int64_t index, bool selected, const char *audience,
                                 const uint8_t class[32], struct pack_lines *lines, struct err *e)
{
    char assets[PAGE][ID_TEXT];
    char after[ID_TEXT] = "";
    size_t count;

    do {
        if (next_assets(x, p, index, selected, audience, class, after, assets, PAGE, &count, e) !=
            0)
            return -1;
        for (size_t i = 0; i < count; i++) {
            const struct recipient recipient = {.asset = assets[i],
                                                .audience = audience,
                                                .class = class,
                                                .publication = p,
                                                .index = index};
            if (put_recipient(x, &recipient, lines, e) != 0)
                return -1;
        }
        if (count > 0)
            snprintf(after, sizeof(after), "%s", assets[count - 1]);
    } while (count == PAGE);
    return 0;
}

int export_recipients(struct exporting *x, struct err *e)
{
    struct pack_lines *lines = NULL;

    if (!x->ladder && pack_lines_open(x->pack, "recipients.jsonl", &lines, e) != 0)
        return -1;
    for (size_t i = 0; i < x->publication_count; i++) {
        const struct told_publication *p = &x->publications[i];
        for (int64_t index = -1;;) {
            char audience[ID_TEXT];
            uint8_t class[32];
            bool selected = false;
            struct db_query q;
            int found = db_find(&q, x->db, e, SQL_NOTICE_PAGE, DB_TEXT(p->id), DB_INT(index),
                                DB_INT(1), DB_TEXT(x->organisation));
            if (found == 1) {
                index = db_int(&q, 0);
                snprintf(audience, sizeof(audience), "%s", db_text(&q, 1));
                selected = db_bool(&q, 3);
                if (!db_blob_copy(&q, 2, class, 32))
                    found = -1;
            }
            db_query_finish(&q);
            if (found < 0)
                return -1;
            if (found == 0)
                break;
            if (put_notice_recipients(x, p, index, selected, audience, class, lines, e) != 0)
                return -1;
        }
    }
    return lines ? pack_lines_close(lines, e) : 0;
}

/* ---- others.jsonl: considered, and not told ----------------------------------------------------
 */

static int was_told(struct exporting *x, const char *audience, const uint8_t class[32],
                    struct err *e)
{
    struct db_query q;
    int found = db_find(&q, x->db, e, SQL_NOTICE_OF_CLASS_IN_ADVISORY, DB_TEXT(x->newest.advisory),
                        DB_TEXT(audience), DB_BYTES(class, 32));

    db_query_finish(&q);
    return found;
}

/* The reason that decided: what was found of the version, else the last one. */
static const struct json_value *deciding_reason(const struct json_value *statement)
{
    const struct json_value *found = NULL;

    json_each(reason, json_get(statement, "reasons"))
    {
        struct slice rule = json_get_string(reason, "rule");
        bool of_version = rule.len > 8 && memcmp(rule.data, "version.", 8) == 0;
        if (of_version)
            return reason;
        found = reason;
    }
    return found;
}

/* Why, in one line a vulnerability. */
static int put_reasons(struct json_writer *w, struct slice body, struct err *e)
{
    struct json_doc *doc = NULL;

    if (json_parse(&doc, body, NULL, e) != 0)
        return -1;
    json_write_name(w, "reasons");
    json_write_array(w);
    json_each(statement, json_root(doc))
    {
        struct slice text = json_get_string(deciding_reason(statement), "text");
        if (text.len)
            json_write_slice(w, text);
    }
    json_write_array_end(w);
    json_doc_free(doc);
    return 0;
}

int export_others(struct exporting *x, struct err *e)
{
    char audience[ID_TEXT] = "";
    uint8_t class[32] = {0};
    struct pack_lines *lines = NULL;

    if (!x->ladder && pack_lines_open(x->pack, "others.jsonl", &lines, e) != 0)
        return -1;
    for (;;) {
        char class_text[FLEET_CLASS_TEXT];
        struct line line;
        struct db_query q;
        int told = 0;
        int found = db_find(&q, x->db, e, SQL_STATEMENT_AUDIENCES, DB_TEXT(x->newest.id),
                            DB_BYTES(class, 32), DB_TEXT(audience), DB_BOOL(x->newest.exercise),
                            DB_INT(1), DB_TEXT(x->organisation));
        if (found == 1) {
            snprintf(audience, sizeof(audience), "%s", db_text(&q, 1));
            struct slice status = db_slice(&q, 2);
            int64_t members = db_int(&q, 3);
            if (!db_blob_copy(&q, 0, class, 32))
                found = -1;
            told = found == 1 ? was_told(x, audience, class, e) : 0;
            uint64_t *count = slice_is(status, "not_affected") ? &x->counts.not_told.not_affected
                              : slice_is(status, "fixed")      ? &x->counts.not_told.fixed
                              : slice_is(status, "unknown")    ? &x->counts.not_told.unknown
                                                               : NULL;
            if (found == 1 && told == 0 && count) {
                *count += (uint64_t)members;
                fleet_class_format(class, class_text);
                line_start(&line);
                json_member_string(&line.w, "audience", audience);
                json_member_string(&line.w, "class", class_text);
                json_member_int(&line.w, "members", members);
                if (put_reasons(&line.w, db_blob(&q, 4), e) != 0) {
                    buf_fini(&line.text);
                    found = -1;
                } else {
                    json_member_slice(&line.w, "status", status);
                    if (line_put(&line, lines, e) != 0)
                        found = -1;
                }
            }
        }
        db_query_finish(&q);
        if (found < 0 || told < 0)
            return -1;
        if (found == 0)
            return lines ? pack_lines_close(lines, e) : 0;
    }
}
