/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/importing.h"
#include "base/map.h"
#include "base/memory.h"
#include "centre/commands.h"
#include "centre/writer.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "fleet/import_store.h"

#include <stdio.h>
#include <stdlib.h>

/* A run is a transaction: it stays under 10 ms, so that nobody else waits long. */
enum { ROWS_A_COMMAND = 250, RUNS = 2 };

int asset_owner_check(struct db *db, struct slice owner, const char *organisation, char id[ID_TEXT],
                      struct err *e)
{
    struct db_query q;

    id[0] = '\0';
    if (owner.len == 0)
        return 0;
    if (!id_is(owner, "per"))
        return err_set(e, ERR_USAGE, "centre.argument", NULL,
                       "\"owner\" must be a contact's id, which begins with per_");
    snprintf(id, ID_TEXT, "%.*s", SLICE_ARG(owner));
    int found = db_find(&q, db, e, SQL_PERSON_FIND, DB_TEXT(id));
    bool theirs = found == 1 && slice_is(db_slice(&q, 0), organisation);
    db_query_finish(&q);
    if (found < 0)
        return -1;
    return theirs ? 0 : caller_finds_no(id, e);
}

/* ---- on the writer ----------------------------------------------------------------------------
 */

/* Owners as they are now; runs of rows often name the same one. */
static int check_owners(struct command_run *run, const struct fleet_asset_rows *import,
                        struct err *e)
{
    struct slice last = {0};
    char id[ID_TEXT];

    for (size_t i = 0; i < import->count; i++) {
        struct slice owner = import->rows[i].owner;
        if (slice_equal(owner, last))
            continue;
        if (asset_owner_check(run->change.db, owner, import->organisation, id, e) != 0)
            return err_context(e, "asset \"%.*s\"", SLICE_ARG(import->rows[i].label));
        last = owner;
    }
    return 0;
}

/* Where they stand, and how much hangs on them: an act for each that says something new. */
static int describe_rows(struct command_run *run, const struct fleet_asset_rows *import,
                         int64_t *described, struct err *e)
{
    for (size_t i = 0; i < import->count; i++) {
        const struct fleet_import_row *row = &import->rows[i];
        if (!row->location.len && !row->criticality.len)
            continue;
        int was_new = fleet_asset_describe_row(&run->change, import->organisation, row->label,
                                               row->location, row->criticality, e);
        if (was_new < 0)
            return err_context(e, "asset \"%.*s\"", SLICE_ARG(row->label));
        *described += was_new;
    }
    return 0;
}

static int asset_import(struct command_run *run, struct err *e)
{
    struct fleet_asset_rows *import = run->command->prepared;
    struct fleet_imported imported;
    char audience[ID_TEXT];
    int64_t described = 0;

    if (caller_acts_for(&run->command->caller, import->organisation, import->organisation, e) !=
            0 ||
        fleet_audience_of(run->change.db, import->organisation, audience, e) != 0 ||
        check_owners(run, import, e) != 0)
        return -1;
    import->audience = audience;
    run->change.exercise = import->exercise;
    if (fleet_assets_import(&run->change, import, &imported, e) != 0 ||
        describe_rows(run, import, &described, e) != 0)
        return -1;
    json_member_int(run->answer, "imported", (int64_t)import->count);
    json_member_int(run->answer, "registered", (int64_t)imported.registered);
    json_member_int(run->answer, "unchanged", (int64_t)imported.unchanged);
    json_member_int(run->answer, "described", described);
    return 0;
}

const struct command_type command_asset_import = {
    .name = "asset.import", .roles = ROLE_REGISTRAR, .run = asset_import};

/* ---- on a worker ------------------------------------------------------------------------------
 */

/* A row that is good, and where it stood. */
struct prepared {
    struct fleet_import_row row;
    size_t line;
};

/* Rows that are with the writer. */
struct run_of_rows {
    struct fleet_asset_rows import;
    struct fleet_import_row rows[ROWS_A_COMMAND];
    size_t lines[ROWS_A_COMMAND];
    struct command command;
    struct writer_wait wait;
    struct buf args;
    bool under_way;
};

struct importing {
    struct worker *worker;
    struct route_call *call;
    struct json_writer *w;
    struct fleet_asset_rows import; /* whose rows; those themselves are in `prepared` */
    struct arena arena;
    struct prepared *prepared;
    size_t count;
    struct map labels;
    bool twice; /* a label stands twice: it says how things went on, one after the other */
    struct run_of_rows *runs; /* RUNS of them, filled in turn */
    unsigned current;
    int64_t imported, registered, unchanged, described;
    struct slice owner; /* the last that was found to be one */
};

static void refuse(struct importing *i, size_t line, const struct err *e)
{
    json_write_object(i->w);
    json_member_int(i->w, "line", (int64_t)line);
    json_member_string(i->w, "code", e->code);
    json_member_string(i->w, "text", e->text);
    json_member_string(i->w, "where", e->where);
    json_write_object_end(i->w);
}

static void refuse_run(struct importing *i, const struct run_of_rows *run, const struct err *e)
{
    for (size_t k = 0; k < run->import.count; k++)
        refuse(i, run->lines[k], e);
}

static int check_row(struct importing *i, const struct fleet_csv_row *row, struct err *e)
{
    char id[ID_TEXT];

    if (row->asset.len > FLEET_LABEL_MAX)
        return err_set(e, ERR_LIMIT, "centre.argument", NULL, "the asset's name is over %d bytes",
                       FLEET_LABEL_MAX);
    if (row->location.len > FLEET_LOCATION_MAX)
        return err_set(e, ERR_LIMIT, "centre.argument", NULL, "the location is over %d bytes",
                       FLEET_LOCATION_MAX);
    if (fleet_criticality_check(row->criticality, e) != 0)
        return -1;
    if (row->owner.len == 0 || slice_equal(row->owner, i->owner))
        return 0;
    if (asset_owner_check(i->worker->db, row->owner, i->import.organisation, id, e) != 0)
        return -1;
    i->owner = row->owner;
    return 0;
}

static int prepare_row(struct importing *i, const struct fleet_csv_row *row, struct err *e)
{
    struct prepared *to = &i->prepared[i->count];

    if (row->err) {
        *e = *row->err;
        return -1;
    }
    *to = (struct prepared){.row = {.label = row->asset,
                                    .owner = row->owner,
                                    .location = row->location,
                                    .criticality = row->criticality},
                            .line = row->line};
    if (check_row(i, row, e) != 0 ||
        fleet_import_prepare(&to->row, row->inventory, &i->arena, e) != 0)
        return -1;
    i->twice = i->twice || map_get(&i->labels, row->asset);
    if (map_set(&i->labels, row->asset, to) != 0)
        return err_memory(e);
    i->count++;
    return 0;
}

static int by_class(const void *a, const void *b)
{
    const struct prepared *x = a, *y = b;
    int order = memcmp(x->row.class, y->row.class, sizeof(x->row.class));

    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static int64_t count_in(const struct json_doc *answer, const char *name)
{
    int64_t count = 0;

    (void)json_int64(json_get(json_root(answer), name), &count);
    return count;
}

/* Waits for a run that is with the writer; what a command refuses, it refuses whole. */
static void take_back(struct importing *i, struct run_of_rows *run)
{
    struct json_doc *answer = NULL;
    struct err e = {0};

    if (!run->under_way)
        return;
    if (writer_await(&run->command, &run->wait, &e) == 0 &&
        json_parse(&answer, buf_slice(&run->command.answer), NULL, &e) == 0) {
        i->imported += count_in(answer, "imported");
        i->registered += count_in(answer, "registered");
        i->unchanged += count_in(answer, "unchanged");
        i->described += count_in(answer, "described");
    } else {
        refuse_run(i, run, &e);
    }
    json_doc_free(answer);
    command_fini(&run->command);
    buf_fini(&run->args);
    run->under_way = false;
}

/* {"organisation","rows"}: the act names the command's hash, so it speaks of these very rows. */
static int write_args(struct run_of_rows *run, struct err *e)
{
    struct json_writer w;
    char text[HASH_TEXT];
    uint8_t hash[32];
    struct buf all;
    int result = -1;

    buf_init(&all);
    buf_init(&run->args);
    for (size_t i = 0; i < run->import.count; i++) {
        const struct fleet_import_row *row = &run->rows[i];
        buf_put_slice(&all, row->label);
        buf_putc(&all, '\0');
        buf_put_slice(&all, row->owner);
        buf_putc(&all, '\0');
        buf_put_slice(&all, row->criticality); /* a location is in no act, and in no hash of one */
        buf_putc(&all, '\0');
        buf_put_slice(&all, slice_of(row->hash, sizeof(row->hash)));
    }
    if (buf_check(&all, e) != 0)
        goto out;
    if (sha256(buf_slice(&all), hash) != 0) {
        err_memory(e);
        goto out;
    }
    hash_text_format(hash, text);
    json_write_init(&w, &run->args, 0);
    json_write_object(&w);
    json_member_string(&w, "organisation", run->import.organisation);
    json_member_string(&w, "rows", text);
    json_write_object_end(&w);
    result = buf_check(&run->args, e);
out:
    buf_fini(&all);
    return result;
}

/* Hands over what was put into the current run, and makes room in the one before it. */
static void hand_over(struct importing *i)
{
    struct run_of_rows *run = &i->runs[i->current];
    struct err e = {0};

    if (write_args(run, &e) != 0) {
        refuse_run(i, run, &e);
        buf_fini(&run->args);
        return;
    }
    command_init(&run->command, &command_asset_import, &i->call->caller);
    run->command.args = buf_slice(&run->args);
    run->command.prepared = &run->import;
    run->command.exercise = run->import.exercise;
    run->under_way = true;
    writer_begin(i->call->centre->writer, &run->command, &run->wait);
    i->current = (i->current + 1) % RUNS;
    take_back(i, &i->runs[i->current]);
}

/* Whether the run holds the label already; only asked when some label stands twice. */
static bool has_label(const struct run_of_rows *run, struct slice label)
{
    for (size_t k = 0; k < run->import.count; k++)
        if (slice_equal(run->rows[k].label, label))
            return true;
    return false;
}

static void take_in(struct importing *i)
{
    struct run_of_rows *run = NULL;

    if (!i->twice && i->count)
        qsort(i->prepared, i->count, sizeof(*i->prepared), by_class);
    for (size_t k = 0; k < i->count; k++) {
        const struct prepared *p = &i->prepared[k];
        if (run &&
            (run->import.count == ROWS_A_COMMAND || (i->twice && has_label(run, p->row.label)))) {
            hand_over(i);
            run = NULL;
        }
        if (!run) {
            run = &i->runs[i->current];
            run->import = i->import;
            run->import.rows = run->rows;
        }
        run->lines[run->import.count] = p->line;
        run->rows[run->import.count++] = p->row;
    }
    if (run)
        hand_over(i);
    for (unsigned k = 0; k < RUNS; k++)
        take_back(i, &i->runs[k]);
}

static void import_csv(struct importing *i, const struct fleet_csv *csv)
{
    json_write_object(i->w);
    json_write_name(i->w, "refused");
    json_write_array(i->w);
    for (size_t k = 0; k < csv->count; k++) {
        struct err e = {0};
        if (prepare_row(i, &csv->rows[k], &e) != 0)
            refuse(i, csv->rows[k].line, &e);
    }
    take_in(i);
    json_write_array_end(i->w);
    json_member_int(i->w, "imported", i->imported);
    json_member_int(i->w, "registered", i->registered);
    json_member_int(i->w, "unchanged", i->unchanged);
    json_member_int(i->w, "described", i->described);
    json_write_object_end(i->w);
}

static int exercise_of(struct db *db, const char *organisation, bool *exercise, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_ORGANISATION_FIND, DB_TEXT(organisation));

    if (found == 1)
        *exercise = db_bool(&q, 1);
    db_query_finish(&q);
    if (found == 0)
        return caller_finds_no(organisation, e);
    return found == 1 ? 0 : -1;
}

void assets_import(struct worker *worker, struct route_call *call)
{
    struct json_writer w;
    struct importing i = {.worker = worker, .call = call, .w = &w};
    char organisation[ID_TEXT];
    struct fleet_csv *csv = NULL;
    struct err e = {0};
    struct buf text;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    arena_init(&i.arena, 0);
    map_init(&i.labels);
    i.import.organisation = organisation;
    if (caller_needs(&call->caller, ROLE_REGISTRAR, &e) == 0 &&
        route_organisation(call, false, organisation, &e) == 0 &&
        exercise_of(worker->db, organisation, &i.import.exercise, &e) == 0 &&
        fleet_csv_read(&csv, http_body(call->x), NULL, &e) == 0) {
        i.runs = mem_new(RUNS, sizeof(*i.runs));
        i.prepared = mem_new(csv->count + 1, sizeof(*i.prepared));
        if (i.runs && i.prepared)
            import_csv(&i, csv);
        else
            err_memory(&e);
    }
    route_end(call, &w, &e);
    mem_free(i.prepared);
    mem_free(i.runs);
    map_fini(&i.labels);
    arena_fini(&i.arena);
    fleet_csv_free(csv);
    buf_fini(&text);
}
