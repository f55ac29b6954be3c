/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/notice.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"

#include <stdio.h>
#include <stdlib.h>

int fleet_canonical(struct slice json, struct buf *out, struct err *e)
{
    struct json_doc *doc = NULL;
    int result = -1;

    if (json_parse(&doc, json, NULL, e) == 0)
        result = json_canonical(json_root(doc), out, e);
    json_doc_free(doc);
    return result;
}

void fleet_notice_init(struct fleet_notice *notice)
{
    memset(notice, 0, sizeof(*notice));
    buf_init(&notice->body);
}

void fleet_notice_fini(struct fleet_notice *notice)
{
    buf_fini(&notice->body);
}

int fleet_notice_digest(struct slice body, uint8_t digest[32], struct err *e)
{
    const struct slice parts[] = {slice_str("tocsin-notice/v1\n"), body};

    return sha256_slices(parts, ARRAY_LEN(parts), digest) == 0 ? 0 : err_memory(e);
}

bool fleet_serials_likely(struct slice statements)
{
    static const char name[] = "\"serials\":";

    return memmem(statements.data, statements.len, name, sizeof(name) - 1) != NULL;
}

/* The member "serials" of a notice, when it has one. */
static int write_serials(struct json_writer *w, struct slice statements, struct err *e)
{
    struct json_doc *doc = NULL;

    if (!fleet_serials_likely(statements))
        return 0;
    if (json_parse(&doc, statements, NULL, e) != 0)
        return -1;
    fleet_serials_write(w, json_root(doc));
    json_doc_free(doc);
    return 0;
}

int fleet_notice_build(const struct fleet_notice_parts *p, struct fleet_notice *notice,
                       struct err *e)
{
    char text[FLEET_CLASS_TEXT];
    struct json_writer w;

    json_write_init(&w, &notice->body, 0); /* members in the order that RFC 8785 asks for */
    json_write_object(&w);
    json_write_name(&w, "advisory");
    json_write_raw(&w, p->advisory);
    json_member_string(&w, "audience", p->audience);
    fleet_class_format(p->class, text);
    json_member_string(&w, "class", text);
    if (p->exercise)
        json_member_bool(&w, "exercise", true);
    json_member_string(&w, "format", "tocsin-notice/v1");
    fleet_class_format(p->meaning.data, text);
    json_member_string(&w, "meaning", text);
    json_member_string(&w, "origin", p->origin);
    if (write_serials(&w, p->statements, e) != 0)
        return -1;
    json_write_name(&w, "statements");
    json_write_raw(&w, p->statements);
    json_write_object_end(&w);
    return buf_check(&notice->body, e) == 0
               ? fleet_notice_digest(buf_slice(&notice->body), notice->digest, e)
               : -1;
}

void fleet_only_init(struct fleet_only *only)
{
    *only = (struct fleet_only){0};
}

void fleet_only_fini(struct fleet_only *only)
{
    mem_free(only->members);
    *only = (struct fleet_only){0};
}

int fleet_only_add(struct fleet_only *only, const char *asset, const uint8_t leaf[32])
{
    if (only->count == only->room) {
        size_t room = only->room ? only->room * 2 : 16;
        struct fleet_only_member *grown = mem_resize(only->members, room, sizeof(*grown));
        if (!grown)
            return -1;
        only->members = grown;
        only->room = room;
    }
    struct fleet_only_member *member = &only->members[only->count++];
    memset(member, 0, sizeof(*member));
    snprintf(member->asset, sizeof(member->asset), "%s", asset);
    memcpy(member->leaf, leaf, 32);
    return 0;
}

static int by_position(const void *a, const void *b)
{
    const struct fleet_only_member *x = a;
    const struct fleet_only_member *y = b;

    return (x->position > y->position) - (x->position < y->position);
}

int fleet_only_order(struct db *db, struct fleet_only *only, struct err *e)
{
    for (size_t i = 0; i < only->count; i++) {
        struct db_query q;
        int found = db_find(&q, db, e, SQL_MEMBER_EVENT_POSITION, DB_TEXT(only->members[i].asset),
                            DB_BYTES(only->members[i].leaf, 32));
        if (found == 1)
            only->members[i].position = db_int(&q, 0);
        db_query_finish(&q);
        if (found == 0)
            return err_set(e, ERR_INTERNAL, "fleet.membership", NULL,
                           "the asset %s has no event that it joined", only->members[i].asset);
        if (found < 0)
            return -1;
    }
    if (only->count > 1)
        qsort(only->members, only->count, sizeof(*only->members), by_position);
    return 0;
}

static int only_root(const struct fleet_only *only, uint8_t root[32])
{
    struct merkle_frontier frontier = {0};

    for (size_t i = 0; i < only->count; i++) {
        uint8_t leaf[32];
        if (merkle_leaf(slice_of(only->members[i].leaf, 32), leaf) != 0 ||
            merkle_frontier_append(&frontier, leaf) != 0)
            return -1;
    }
    return merkle_frontier_root(&frontier, root);
}

int fleet_entry_build(int64_t index, const uint8_t notice[32], const char *audience,
                      const uint8_t class[32], const struct fleet_member_tree *tree,
                      const struct fleet_only *only, struct buf *entry, struct err *e)
{
    char text[FLEET_CLASS_TEXT];
    uint8_t root[32];
    struct json_writer w;

    if (only && only_root(only, root) != 0)
        return err_memory(e);
    json_write_init(&w, entry, 0); /* members in the order that RFC 8785 asks for */
    json_write_object(&w);
    json_member_string(&w, "audience", audience);
    fleet_class_format(class, text);
    json_member_string(&w, "class", text);
    json_member_string(&w, "format", "tocsin-entry/v1");
    json_member_int(&w, "index", index);
    json_write_name(&w, "members");
    json_write_object(&w);
    json_member_int(&w, "count", tree->members);
    fleet_class_format(tree->root, text);
    json_member_string(&w, "root", text);
    json_member_int(&w, "size", (int64_t)tree->size);
    json_write_object_end(&w);
    fleet_class_format(notice, text);
    json_member_string(&w, "notice", text);
    if (only) {
        json_write_name(&w, "only");
        json_write_object(&w);
        json_member_int(&w, "count", (int64_t)only->count);
        fleet_class_format(root, text);
        json_member_string(&w, "root", text);
        json_write_object_end(&w);
    }
    json_write_object_end(&w);
    return buf_check(entry, e);
}

int fleet_publication_payload(const struct fleet_publication_parts *p, struct buf *payload,
                              struct err *e)
{
    char text[FLEET_CLASS_TEXT];
    struct json_writer w;
    struct buf draft;
    int result = -1;

    buf_init(&draft);
    json_write_init(&w, &draft, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-publication/v1");
    json_member_string(&w, "id", p->id);
    json_member_string(&w, "origin", p->origin);
    json_member_time(&w, "at", p->at);
    json_member_string(&w, "trigger", p->trigger);
    if (p->revision->exercise)
        json_member_bool(&w, "exercise", true);
    json_write_name(&w, "advisory");
    fleet_advisory_write(&w, p->revision);
    json_write_name(&w, "entries");
    json_write_object(&w);
    json_member_int(&w, "count", p->entries);
    fleet_class_format(p->root, text);
    json_member_string(&w, "root", text);
    json_write_object_end(&w);
    json_member_int(&w, "members", p->members);
    json_member_int(&w, "frozen", (int64_t)p->frozen);
    json_write_object_end(&w);
    if (buf_check(&draft, e) == 0)
        result = fleet_canonical(buf_slice(&draft), payload, e);
    buf_fini(&draft);
    return result;
}
