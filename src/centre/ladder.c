/* SPDX-License-Identifier: Apache-2.0 */
/* The delivery ladder as of now: what a pack would say, and what became of it since. */
#include "base/map.h"
#include "centre/pack_internal.h"
#include "fleet/remediation.h"

/* Each device of the ladder stands in one of these. */
struct ladder_remedied {
    struct map seen; /* keys in the exporting's arena */
    struct fleet_remedied_counts counts;
    uint64_t removed;
    uint64_t not_concerned; /* told, but of nothing that it has to do */
};

/* false: counted already, with an earlier notice. */
static int count_once(struct exporting *x, const char *asset, bool *first, struct err *e)
{
    *first = !map_get(&x->remedied->seen, slice_str(asset));
    if (!*first)
        return 0;
    char *key = arena_strdup(&x->arena, asset);
    if (!key || map_set(&x->remedied->seen, slice_str(key), key) != 0)
        return err_memory(e);
    return 0;
}

int ladder_remediation(struct exporting *x, const char *asset, bool removed, struct err *e)
{
    struct ladder_remedied *counted = x->remedied;
    struct fleet_remediation remediation;
    bool first;

    if (count_once(x, asset, &first, e) != 0)
        return -1;
    if (removed) {
        counted->removed += first;
        return 0;
    }
    int found =
        fleet_remediation_of(x->db, asset, x->newest.advisory, x->newest.id, &remediation, e);
    if (found == 1) {
        fleet_remediation_write(x->ladder, &remediation, true);
        if (first)
            fleet_remedied_count(&counted->counts, &remediation);
        counted->not_concerned += first && remediation.count == 0;
    }
    fleet_remediation_fini(&remediation);
    return found < 0 ? -1 : 0;
}

static void write_remedied(struct json_writer *w, const struct exporting *x)
{
    json_write_name(w, "remediation");
    json_write_object(w);
    json_member_int(w, "devices", (int64_t)x->counts.devices);
    fleet_remedied_counts_write(w, &x->remedied->counts);
    json_member_int(w, "removed", (int64_t)x->remedied->removed);
    json_member_int(w, "not_concerned", (int64_t)x->remedied->not_concerned);
    json_write_object_end(w);
}

/* What went to owners beyond their digests; no pack has it. */
static int write_reminders(struct json_writer *w, const struct exporting *x, struct err *e)
{
    struct db_query q;
    int step;

    if (db_select(&q, x->db, e, SQL_OWNER_DELIVERY_REMINDERS, DB_TEXT(x->newest.advisory),
                  DB_TEXT(x->organisation)) != 0)
        return -1;
    json_write_name(w, "reminders");
    json_write_array(w);
    while ((step = db_step(&q, e)) == 1) {
        json_write_object(w);
        json_member_slice(w, "kind", db_slice(&q, 0));
        json_member_slice(w, "state", db_slice(&q, 1));
        json_member_int(w, "count", db_int(&q, 2));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    db_query_finish(&q);
    return step;
}

int delivery_ladder(struct worker *worker, const char *advisory, const char *organisation,
                    struct json_writer *w, struct err *e)
{
    const struct pack_wish wish = {.advisory = advisory, .organisation = organisation};
    struct ladder_remedied remedied = {0};
    struct exporting x;
    int result = -1;

    map_init(&remedied.seen);
    if (exporting_init(&x, worker, &wish, e) != 0)
        goto out;
    x.size = journal_reader_size(x.reader);
    x.ladder = w;
    x.remedied = &remedied;
    if (export_load_publications(&x, e) != 0)
        goto out;
    const char *newest = x.publications[x.publication_count - 1].revision;
    if (fleet_revision_find(x.db, newest, &x.newest, e) != 1)
        goto out;
    json_write_name(w, "items");
    json_write_array(w);
    if (export_recipients(&x, e) != 0)
        goto out;
    json_write_array_end(w);
    if (export_others(&x, e) != 0 || export_owners(&x, e) != 0)
        goto out;
    json_write_name(w, "counts");
    pack_counts_write(w, &x.counts);
    write_remedied(w, &x);
    result = write_reminders(w, &x, e);
out:
    map_fini(&remedied.seen);
    exporting_fini(&x);
    return result;
}
