/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/change.h"
#include "journal/journal.h"

#include <stdio.h>

struct json_writer *change_act(struct change *c, const char *type, const char *organisation)
{
    c->act_type = type;
    c->act_organisation = organisation ? organisation : c->organisation;
    c->act_refused = false;
    c->act_id = NULL;
    buf_reset(&c->data);
    json_write_init(&c->data_writer, &c->data, 0);
    json_write_object(&c->data_writer);
    return &c->data_writer;
}

/* Acts are canonical; the code that fills in data need not know the order of RFC 8785. */
static int canonical_data(struct change *c, struct buf *canonical, struct err *e)
{
    struct json_doc *doc = NULL;
    int result = -1;

    json_write_object_end(&c->data_writer);
    if (buf_check(&c->data, e) == 0 && json_parse(&doc, buf_slice(&c->data), NULL, e) == 0)
        result = json_canonical(json_root(doc), canonical, e);
    json_doc_free(doc);
    return result;
}

int change_act_end(struct change *c, struct act_ref *ref, struct err *e)
{
    struct journal_entry entry;
    struct buf canonical;
    int result = -1;

    buf_init(&canonical);
    if (canonical_data(c, &canonical, e) != 0)
        goto out;
    const struct act act = {
        .id = c->act_id,
        .type = c->act_type,
        .refused = c->act_refused,
        .actor = c->actor,
        .organisation = c->act_organisation && c->act_organisation[0] ? c->act_organisation : NULL,
        .exercise = c->exercise,
        .command = c->command,
        .data = buf_slice(&canonical),
    };
    if (journal_append(c->journal, c->db, &act, &entry, e) != 0)
        goto out;
    if (ref) {
        ref->index = entry.index;
        snprintf(ref->id, sizeof(ref->id), "%s", entry.id);
    }
    result = 0;
out:
    buf_fini(&canonical);
    return result;
}

int change_act_id(struct change *c, char id[ID_TEXT], struct err *e)
{
    return journal_new_id(c->journal, id, e);
}

int change_id(struct change *c, const char *prefix, char id[ID_TEXT], struct err *e)
{
    return id_new(c->random, prefix, id, e);
}

uint64_t change_next_index(const struct change *c)
{
    return journal_size(c->journal);
}
