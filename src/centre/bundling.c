/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/bundling.h"
#include "base/encoding.h"
#include "base/memory.h"
#include "base/tar.h"
#include "centre/centre.h"
#include "centre/receiving.h"
#include "centre/trust.h"
#include "centre/writer.h"
#include "crypto/digest.h"
#include "fleet/advisory_store.h"
#include "fleet/notice.h"
#include "journal/read.h"

#include <stdio.h>
#include <stdlib.h>

enum { ASSETS_MAX = 10000 };

struct member {
    char name[TAR_NAME_MAX + 1];
    struct buf content;
};

struct bundling {
    struct worker *worker;
    const char *organisation;
    bool exercise;
    char id[ID_TEXT];
    struct member *members;
    size_t count;
    size_t room;
    char (*assets)[ID_TEXT];
    size_t asset_count;
    struct buf envelope;
    uint8_t manifest[32];
};

static struct buf *add_member(struct bundling *b, const char *name, struct err *e)
{
    if (b->count == b->room) {
        size_t room = b->room ? b->room * 2 : 32;
        struct member *grown = mem_resize(b->members, room, sizeof(*grown));
        if (!grown) {
            err_memory(e);
            return NULL;
        }
        b->members = grown;
        b->room = room;
    }
    struct member *m = &b->members[b->count++];
    snprintf(m->name, sizeof(m->name), "%s", name);
    buf_init(&m->content);
    return &m->content;
}

/* ---- contents ----------------------------------------------------------------------------------
 */

static int name_assets(struct bundling *b, const struct caller *caller,
                       const struct json_value *assets, struct err *e)
{
    b->assets = mem_new(ASSETS_MAX, sizeof(*b->assets));
    if (!b->assets)
        return err_memory(e);
    json_each(asset, assets)
    {
        struct fleet_asset found;
        if (b->asset_count == ASSETS_MAX || !id_is(json_string(asset), "ast"))
            return err_set(e, ERR_USAGE, "centre.argument", NULL,
                           "\"assets\" must be up to %d ids of assets", ASSETS_MAX);
        char *id = b->assets[b->asset_count++];
        snprintf(id, ID_TEXT, "%.*s", SLICE_ARG(json_string(asset)));
        fleet_asset_init(&found);
        int there = fleet_asset_find(b->worker->db, id, &found, e);
        if (there == 0)
            (void)caller_finds_no(id, e);
        int allowed = there == 1 ? caller_acts_for(caller, found.organisation, id, e) : -1;
        if (allowed == 0 && strcmp(found.organisation, b->organisation) != 0)
            allowed = err_set(e, ERR_USAGE, "centre.argument", NULL,
                              "a bundle is for one organisation: %s is another's", id);
        fleet_asset_fini(&found);
        if (allowed != 0)
            return -1;
    }
    return 0;
}

static int all_offline(struct bundling *b, struct err *e)
{
    char after[ID_TEXT] = "";

    for (bool more = true; more && b->asset_count < ASSETS_MAX;) {
        struct db_query q;
        unsigned rows = 0;
        int step;
        if (db_select(&q, b->worker->db, e, SQL_ASSET_LIST, DB_TEXT(b->organisation),
                      DB_TEXT(after), DB_INT(500)) != 0)
            return -1;
        while ((step = db_step(&q, e)) == 1) {
            rows++;
            snprintf(after, sizeof(after), "%s", db_text(&q, 0));
            if (slice_is(db_slice(&q, 4), "offline") && !slice_is(db_slice(&q, 3), "removed") &&
                b->asset_count < ASSETS_MAX)
                snprintf(b->assets[b->asset_count++], ID_TEXT, "%s", after);
        }
        db_query_finish(&q);
        if (step < 0)
            return -1;
        more = rows == 500;
    }
    return 0;
}

struct chaining {
    struct bundling *b;
    struct json_writer *w;
};

static int put_delivery(void *context, const struct fleet_link *link, struct err *e)
{
    struct chaining *c = context;
    struct buf delivery;

    buf_init(&delivery);
    int result =
        fleet_delivery_write(c->b->worker->db, c->b->worker->centre->trees, link, &delivery, e);
    if (result == 0)
        json_write_raw(c->w, buf_slice(&delivery));
    buf_fini(&delivery);
    return result;
}

static int add_deliveries(struct bundling *b, struct err *e)
{
    for (size_t i = 0; i < b->asset_count; i++) {
        struct fleet_position position;
        struct fleet_asset asset;
        struct json_writer w;
        struct chaining chaining = {.b = b, .w = &w};
        char name[TAR_NAME_MAX + 1];
        int result = -1;

        fleet_asset_init(&asset);
        snprintf(name, sizeof(name), "deliveries/%s.json", b->assets[i]);
        struct buf *content = add_member(b, name, e);
        if (content && fleet_asset_find(b->worker->db, b->assets[i], &asset, e) == 1 &&
            fleet_chain_acknowledged(&asset, &position, e) == 0) {
            json_write_init(&w, content, 0);
            json_write_object(&w);
            json_member_string(&w, "asset", b->assets[i]);
            json_write_name(&w, "notices");
            json_write_array(&w);
            if (fleet_chain_walk(b->worker->db, b->assets[i], &position, UINT64_MAX, put_delivery,
                                 &chaining, e) >= 0)
                result = 0;
            json_write_array_end(&w);
            json_write_object_end(&w);
        }
        fleet_asset_fini(&asset);
        if (result != 0 || buf_check(content, e) != 0)
            return -1;
    }
    return 0;
}

/* The head that the asset's last receipt named; 0: none. */
static int last_head(struct bundling *b, const char *asset_id, uint64_t *size, struct err *e)
{
    struct envelope envelope;
    struct fleet_receipt receipt;
    struct fleet_asset asset;
    struct db_query q;
    int result = -1;

    *size = 0;
    fleet_asset_init(&asset);
    if (fleet_asset_find(b->worker->db, asset_id, &asset, e) != 1) {
        fleet_asset_fini(&asset);
        return -1;
    }
    int64_t n = (int64_t)asset.acked_n;
    fleet_asset_fini(&asset);
    if (n == 0)
        return 0;
    int found = db_find(&q, b->worker->db, e, SQL_RECEIPT_COVERING, DB_TEXT(asset_id), DB_INT(n));
    if (found == 0)
        result = 0;
    if (found == 1 && envelope_parse(&envelope, db_blob(&q, 3), "tocsin-receipt/v1", e) == 0) {
        result = fleet_receipt_read(&envelope, &receipt, e);
        if (result == 0)
            *size = receipt.checkpoint_size;
        envelope_fini(&envelope);
    }
    db_query_finish(&q);
    return result;
}

/* From the heads that the devices know to the one in the manifest: no network can give it there. */
static int add_consistency(struct bundling *b, uint64_t to, struct err *e)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    struct journal_reader *reader = journal_reader_new(b->worker->db, e);
    struct buf *content = reader ? add_member(b, "consistency.jsonl", e) : NULL;
    uint64_t last = 0;
    int result = content ? 0 : -1;

    for (size_t i = 0; i < b->asset_count && result == 0; i++) {
        uint64_t from;
        size_t count;
        result = last_head(b, b->assets[i], &from, e);
        if (result != 0 || from == 0 || from >= to || from == last)
            continue;
        result = journal_prove_consistency(reader, from, to, proof, &count, e);
        if (result == 0) {
            journal_consistency_put(content, from, to, (const uint8_t(*)[MERKLE_HASH])proof, count);
            buf_putc(content, '\n');
            last = from;
        }
    }
    journal_reader_free(reader);
    return result == 0 ? buf_check(content, e) : -1;
}

/* 1: the organisation may have the document of a revision. */
static int is_released(struct bundling *b, const char *id, struct err *e)
{
    struct fleet_revision revision;
    int result = -1;

    fleet_revision_init(&revision);
    if (fleet_revision_find(b->worker->db, id, &revision, e) == 1) {
        const struct caller_shown shown = {.organisation = revision.organisation,
                                           .tlp = revision.tlp,
                                           .revision = revision.id,
                                           .exercise = revision.exercise};
        result = organisation_sees(b->worker->db, b->organisation, false, b->exercise, &shown, e);
    }
    fleet_revision_fini(&revision);
    return result;
}

static int find_exercise(struct bundling *b, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, b->worker->db, e, SQL_ORGANISATION_FIND, DB_TEXT(b->organisation));

    if (found == 1)
        b->exercise = db_bool(&q, 1);
    db_query_finish(&q);
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "centre.no-organisation", NULL,
                       "there is no organisation %s", b->organisation);
    return found == 1 ? 0 : -1;
}

/* The published documents that its organisation may see: what a plant matches its devices with. */
static int add_documents(struct bundling *b, struct err *e)
{
    char after[ID_TEXT] = "";

    for (;;) {
        struct db_query q;
        uint8_t digest[32];
        bool published = false;
        int step = db_find(&q, b->worker->db, e, SQL_REVISION_CURRENT, DB_TEXT(after), DB_INT(1));
        if (step == 1) {
            snprintf(after, sizeof(after), "%s", db_text(&q, 0));
            published = db_int(&q, 3) == 1;
            if (!db_blob_copy(&q, 1, digest, 32))
                step = -1;
        }
        db_query_finish(&q);
        if (step != 1)
            return step;
        int released = published ? is_released(b, after, e) : 0;
        if (released < 0)
            return -1;
        if (released == 0)
            continue;
        char hex[65];
        char name[TAR_NAME_MAX + 1];
        hex_format(digest, 32, hex);
        snprintf(name, sizeof(name), "advisories/%s.json", hex);
        bool there = false;
        for (size_t i = 0; i < b->count; i++)
            there = there || strcmp(b->members[i].name, name) == 0;
        struct buf *content = there ? NULL : add_member(b, name, e);
        if (!there && (!content || fleet_document_load(b->worker->db, digest, content, e) != 1))
            return -1;
    }
}

/* ---- manifest ----------------------------------------------------------------------------------
 */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static int write_files(struct bundling *b, struct json_writer *w, struct err *e)
{
    json_write_name(w, "files");
    json_write_array(w);
    for (size_t i = 0; i < b->count; i++) {
        char text[HASH_TEXT];
        uint8_t digest[32];
        if (sha256(buf_slice(&b->members[i].content), digest) != 0)
            return err_memory(e);
        hash_text_format(digest, text);
        json_write_object(w);
        json_member_string(w, "hash", text);
        json_member_string(w, "name", b->members[i].name);
        json_member_int(w, "size", (int64_t)b->members[i].content.len);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    return 0;
}

static int seal_manifest(struct bundling *b, struct err *e)
{
    struct centre *centre = b->worker->centre;
    struct json_writer w;
    struct buf payload;
    struct buf draft;
    struct buf note;
    uint64_t size;
    int result = -1;

    buf_init(&payload);
    buf_init(&draft);
    buf_init(&note);
    int found = journal_checkpoint_latest(b->worker->db, &note, &size, e);
    if (found == 1 && add_consistency(b, size, e) != 0)
        goto out;
    qsort(b->members, b->count, sizeof(*b->members), by_name);
    if (found == 0)
        err_set(e, ERR_UNAVAILABLE, "centre.no-checkpoint", NULL, "no checkpoint was signed yet");
    if (found != 1 || id_new(centre->random, "bdl", b->id, e) != 0)
        goto out;
    json_write_init(&w, &draft, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-bundle/v1");
    json_member_string(&w, "id", b->id);
    json_member_string(&w, "origin", centre->origin);
    json_member_string(&w, "organisation", b->organisation);
    json_member_time(&w, "at", clock_now(centre->clock));
    json_member_slice(&w, "checkpoint", buf_slice(&note));
    if (write_files(b, &w, e) != 0)
        goto out;
    json_write_object_end(&w);
    if (buf_check(&draft, e) == 0 && fleet_canonical(buf_slice(&draft), &payload, e) == 0 &&
        trust_seal(centre->trust, buf_slice(&payload), &b->envelope, e) == 0)
        result = envelope_hash(buf_slice(&b->envelope), b->manifest, e);
out:
    buf_fini(&note);
    buf_fini(&draft);
    buf_fini(&payload);
    return result;
}

static int pack_up(struct bundling *b, struct buf *archive, struct err *e)
{
    struct tar_writer tar;

    tar_write_init(&tar, tar_sink_buf, archive);
    if (tar_write_file(&tar, "manifest.json", buf_slice(&b->envelope), e) != 0)
        return -1;
    for (size_t i = 0; i < b->count; i++)
        if (tar_write_file(&tar, b->members[i].name, buf_slice(&b->members[i].content), e) != 0)
            return -1;
    return tar_write_finish(&tar, e);
}

static int bundle_exported(struct command_run *run, struct err *e)
{
    const struct bundling *b = run->command->prepared;
    struct change *c = &run->change;
    char hash[HASH_TEXT];
    struct act_ref act;

    if (caller_acts_for(&run->command->caller, b->organisation, b->organisation, e) != 0)
        return -1;
    struct json_writer *data = change_act(c, "bundle.exported", b->organisation);
    json_member_string(data, "bundle", b->id);
    hash_text_format(b->manifest, hash);
    json_member_string(data, "manifest", hash);
    json_member_int(data, "assets", (int64_t)b->asset_count);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_BUNDLE_INSERT, DB_TEXT(b->id), DB_TEXT(b->organisation),
                  DB_BOOL(c->exercise), DB_BYTES(b->manifest, 32), DB_INT((int64_t)b->asset_count),
                  DB_INT((int64_t)act.index), DB_INT(c->now)) < 0
               ? -1
               : 0;
}

const struct command_type command_bundle_export = {
    .name = "bundle.export", .roles = ROLE_REGISTRAR, .run = bundle_exported};

static int submit(struct centre *centre, const struct command_type *type,
                  const struct caller *caller, void *prepared, bool exercise, struct err *e)
{
    struct command command;

    command_init(&command, type, caller);
    command.args = slice_str("{}");
    command.prepared = prepared;
    command.exercise = exercise;
    int result = writer_run(centre->writer, &command, e);
    command_fini(&command);
    return result;
}

int bundle_export(struct worker *worker, const struct caller *caller, const char *organisation,
                  const struct json_value *assets, struct buf *archive, struct err *e)
{
    struct bundling b = {.worker = worker, .organisation = organisation};
    int result = -1;

    if (find_exercise(&b, e) != 0 || name_assets(&b, caller, assets, e) != 0 ||
        (!assets && all_offline(&b, e) != 0))
        goto out;
    struct buf *trust = add_member(&b, "trust.json", e);
    if (trust && trust_statement(worker->centre->trust, trust, e) == 0 &&
        add_documents(&b, e) == 0 && add_deliveries(&b, e) == 0 && seal_manifest(&b, e) == 0 &&
        pack_up(&b, archive, e) == 0 && buf_check(archive, e) == 0)
        result = submit(worker->centre, &command_bundle_export, caller, &b, b.exercise, e);
out:
    for (size_t i = 0; i < b.count; i++)
        buf_fini(&b.members[i].content);
    mem_free(b.members);
    mem_free(b.assets);
    buf_fini(&b.envelope);
    return result;
}

/* ---- answers -----------------------------------------------------------------------------------
 */

static int bundle_answered(struct command_run *run, struct err *e)
{
    const struct receiving *r = run->command->prepared;
    struct slice bundle = json_get_string(r->envelope.root, "bundle");
    struct slice manifest = json_get_string(r->envelope.root, "manifest");
    struct change *c = &run->change;
    char id[ID_TEXT];
    char hash[HASH_TEXT];
    uint8_t known[32] = {0};
    struct db_query q;

    if (!id_is(bundle, "bdl"))
        return err_set(e, ERR_INPUT, "centre.answer", "docs/formats.md section 6.1",
                       "the answer names no bundle");
    snprintf(id, sizeof(id), "%.*s", SLICE_ARG(bundle));
    int found = db_find(&q, c->db, e, SQL_BUNDLE_FIND, DB_TEXT(id));
    bool same = found == 1 && db_blob_copy(&q, 1, known, 32);
    db_query_finish(&q);
    hash_text_format(known, hash);
    if (found < 0)
        return -1;
    if (!same || !slice_is(manifest, hash))
        return err_set(e, ERR_VERIFY, "centre.answer", "docs/formats.md section 6.1",
                       "the answer is to a bundle that this centre did not make");
    struct json_writer *data = change_act(c, "bundle.answered", NULL);
    json_member_string(data, "bundle", id);
    json_member_slice(data, "manifest", manifest);
    json_member_string(data, "asset", r->asset);
    if (change_act_end(c, NULL, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_BUNDLE_ANSWERED, DB_TEXT(id)) < 0 ? -1 : 0;
}

const struct command_type command_bundle_answer = {
    .name = "bundle.answer", .roles = ROLE_REGISTRAR, .run = bundle_answered};

static int accept_one(struct worker *worker, const struct caller *caller, struct slice text,
                      struct err *e)
{
    static const struct {
        const char *format;
        int (*receive)(struct worker *worker, const struct caller *caller, struct slice body,
                       const char *via, struct receiving **received, struct err *e);
        const struct command_type *type;
    } ways[] = {{"tocsin-inventory/v1", receive_inventory, &command_inventory_accept},
                {"tocsin-receipt/v1", receive_receipt, &command_receipt_accept},
                {"tocsin-outcome/v1", receive_outcome, &command_outcome_accept},
                {"tocsin-answer/v1", receive_answer, &command_bundle_answer}};
    struct receiving *received = NULL;
    struct envelope envelope;
    int result = -1;

    if (envelope_parse(&envelope, text, NULL, e) != 0)
        return -1;
    size_t way = 0;
    while (way < ARRAY_LEN(ways) && !slice_is(envelope.format, ways[way].format))
        way++;
    if (way == ARRAY_LEN(ways))
        err_set(e, ERR_INPUT, "centre.answer", "docs/formats.md section 6.1",
                "\"%.*s\" does not stand in an answer file",
                (int)(envelope.format.len < 60 ? envelope.format.len : 60),
                (const char *)envelope.format.data);
    else if (ways[way].receive(worker, caller, text, "bundle", &received, e) == 0)
        result = submit(worker->centre, ways[way].type, caller, received, received->exercise, e);
    receiving_free(received);
    envelope_fini(&envelope);
    return result;
}

int answers_accept(struct worker *worker, const struct caller *caller, struct slice file,
                   struct buf *report, struct err *e)
{
    struct json_doc *doc = NULL;
    struct json_writer w;
    int64_t accepted = 0;
    int64_t index = 0;

    if (caller_needs(caller, ROLE_REGISTRAR, e) != 0 || json_parse(&doc, file, NULL, e) != 0)
        return -1;
    const struct json_value *envelopes = json_get(json_root(doc), "envelopes");
    if (!slice_is(json_get_string(json_root(doc), "format"), "tocsin-answers/v1") ||
        !json_is(envelopes, JSON_ARRAY)) {
        json_doc_free(doc);
        return err_set(e, ERR_INPUT, "centre.answer", "docs/formats.md section 6.1",
                       "this is no answer file: tocsin-answers/v1 with \"envelopes\"");
    }
    json_write_init(&w, report, 0);
    json_write_object(&w);
    json_write_name(&w, "refused");
    json_write_array(&w);
    json_each(envelope, envelopes)
    {
        struct err refused = {0};
        struct buf canonical;
        buf_init(&canonical);
        if (json_canonical(envelope, &canonical, &refused) == 0 &&
            accept_one(worker, caller, buf_slice(&canonical), &refused) == 0) {
            accepted++;
        } else {
            json_write_object(&w);
            json_member_int(&w, "index", index);
            json_member_string(&w, "code", refused.code);
            json_member_string(&w, "text", refused.text);
            json_write_object_end(&w);
        }
        buf_fini(&canonical);
        index++;
    }
    json_write_array_end(&w);
    json_member_int(&w, "accepted", accepted);
    json_write_object_end(&w);
    json_doc_free(doc);
    return buf_check(report, e);
}
