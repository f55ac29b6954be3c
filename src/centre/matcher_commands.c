/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the matcher: each is one small transaction. */
#include "centre/centre.h"
#include "centre/matcher_internal.h"
#include "fleet/publication_store.h"

static int keep_statements(struct command_run *run, struct err *e)
{
    const struct kept_statements *kept = run->command->prepared;
    struct change *c = &run->change;

    if (kept->clear && (db_run(c->db, e, SQL_STATEMENT_COMPONENT_CLEAR, DB_TEXT(kept->clear)) < 0 ||
                        db_run(c->db, e, SQL_STATEMENT_CLEAR, DB_TEXT(kept->clear)) < 0))
        return -1;
    if (kept->forgotten_class &&
        db_run(c->db, e, SQL_STATEMENT_FORGET_CLASS, DB_BYTES(kept->forgotten_class, 32)) < 0)
        return -1;
    for (size_t i = 0; i < kept->count; i++)
        if (fleet_statement_keep(c, kept->items[i].revision, kept->items[i].class,
                                 kept->items[i].said, e) != 0)
            return -1;
    return 0;
}

const struct command_type command_statements_keep = {
    .name = "statements.keep", .silent = true, .run = keep_statements};

static int advisory_matched(struct command_run *run, struct err *e)
{
    struct change *c = &run->change;
    struct slice revision = json_get_string(run->args, "revision");
    static const char *const counts[] = {"criteria", "classes", "affected", "unknown"};
    struct act_ref act;
    int64_t value;

    struct json_writer *data = change_act(c, "advisory.matched", NULL);
    json_member_slice(data, "revision", revision);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        if (args_int(run->args, counts[i], 0, INT64_MAX / 2, 0, &value, e) != 0)
            return -1;
        json_member_int(data, counts[i], value);
    }
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_REVISION_MATCHED, DB_SLICE(revision), DB_INT((int64_t)act.index)) <
                   0
               ? -1
               : 0;
}

const struct command_type command_advisory_matched = {
    .name = "advisory.matched", .silent = true, .run = advisory_matched};

static int publication_begin(struct command_run *run, struct err *e)
{
    struct change *c = &run->change;
    char unfinished[ID_TEXT];
    char revision[ID_TEXT];
    char id[ID_TEXT];
    struct slice trigger;
    char *word;

    int found = fleet_publication_unfinished(c->db, unfinished, e);
    if (found < 0 || (found == 1 && fleet_publication_drop(c, unfinished, e) != 0))
        return -1;
    if (args_id(run->args, "revision", "rev", revision, e) != 0 ||
        args_string(run->args, "trigger", 15, true, &trigger, e) != 0)
        return -1;
    word = arena_copy(c->arena, trigger.data, trigger.len);
    if (!word)
        return err_memory(e);
    if (fleet_publication_begin(c, revision, word, id, e) != 0)
        return -1;
    json_member_string(run->answer, "publication", id);
    return 0;
}

const struct command_type command_publication_begin = {
    .name = "publication.begin", .silent = true, .run = publication_begin};

static int publication_chunk(struct command_run *run, struct err *e)
{
    /* on failure the cursor must stay where it was: the chunk is tried again */
    struct fleet_chunk *chunk = run->command->prepared;
    struct fleet_chunk work = *chunk;

    if (fleet_publication_chunk(&run->change, &work, e) != 0)
        return -1;
    *chunk = work;
    return 0;
}

const struct command_type command_publication_chunk = {
    .name = "publication.chunk", .silent = true, .run = publication_chunk};

static int freeze(struct command_run *run, const char *id, struct err *e)
{
    struct fleet_frozen frozen;

    if (fleet_publication_freeze(&run->change, id, run->centre->origin, &frozen, e) != 0)
        return -1;
    json_member_int(run->answer, "entries", frozen.entries);
    json_member_int(run->answer, "members", frozen.members);
    return 0;
}

static int publication_freeze(struct command_run *run, struct err *e)
{
    char id[ID_TEXT];

    return args_id(run->args, "publication", "pub", id, e) == 0 ? freeze(run, id, e) : -1;
}

const struct command_type command_publication_freeze = {
    .name = "publication.freeze", .silent = true, .run = publication_freeze};

/* An addition is small: begun, filled and frozen in one transaction. */
static int publication_add(struct command_run *run, struct err *e)
{
    const struct kept_addition *kept = run->command->prepared;
    struct change *c = &run->change;
    char unfinished[ID_TEXT];
    char id[ID_TEXT];

    int found = fleet_publication_unfinished(c->db, unfinished, e);
    if (found < 0 || (found == 1 && fleet_publication_drop(c, unfinished, e) != 0))
        return -1;
    if (fleet_publication_begin(c, kept->revision, "addition", id, e) != 0)
        return -1;
    int told = fleet_publication_addition(c, id, run->centre->origin, &kept->addition, e);
    if (told <= 0)
        return told < 0 ? -1 : fleet_publication_drop(c, id, e);
    return freeze(run, id, e);
}

const struct command_type command_publication_add = {
    .name = "publication.add", .silent = true, .run = publication_add};
