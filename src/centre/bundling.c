/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/bundling.h"
#include "base/encoding.h"
#include "base/memory.h"
#include "centre/bundle_aliases.h"
#include "centre/bundle_archive.h"
#include "centre/centre.h"
#include "centre/receiving.h"
#include "centre/trust.h"
#include "centre/writer.h"
#include "fleet/advisory_store.h"
#include "fleet/notice.h"
#include "journal/read.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { ASSETS_MAX = 10000, FLUSH_BYTES = 1 << 16 };

struct bundling {
    struct worker *worker;
    const char *organisation;
    bool exercise;
    char id[ID_TEXT];
    struct bundle_archive archive;
    struct bundle_aliases aliases;
    char (*assets)[ID_TEXT];
    size_t asset_count;
    struct buf envelope;
    uint8_t manifest[32];
};

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
    struct json_writer w;
    struct buf text; /* what is not in the archive yet */
};

static int flush(struct chaining *c, struct err *e)
{
    if (buf_check(&c->text, e) != 0 ||
        bundle_archive_put(&c->b->archive, buf_slice(&c->text), e) != 0)
        return -1;
    buf_reset(&c->text);
    return 0;
}

static int put_delivery(void *context, const struct fleet_link *link, struct err *e)
{
    struct chaining *c = context;
    struct buf delivery;

    buf_init(&delivery);
    int result =
        fleet_delivery_write(c->b->worker->db, c->b->worker->centre->trees, link, &delivery, e);
    if (result == 0)
        json_write_raw(&c->w, buf_slice(&delivery));
    buf_fini(&delivery);
    if (result == 0 && c->text.len >= FLUSH_BYTES)
        result = flush(c, e);
    return result;
}

/* The asset's chain behind its last receipt, as it is read. */
static int write_chain(struct chaining *c, const char *id, struct err *e)
{
    struct fleet_position position;
    struct fleet_asset asset;
    int result = -1;

    fleet_asset_init(&asset);
    json_write_init(&c->w, &c->text, 0);
    json_write_object(&c->w);
    json_member_string(&c->w, "asset", id);
    json_write_name(&c->w, "notices");
    json_write_array(&c->w);
    if (fleet_asset_find(c->b->worker->db, id, &asset, e) == 1 &&
        fleet_chain_acknowledged(&asset, &position, e) == 0 &&
        fleet_chain_walk(c->b->worker->db, id, &position, UINT64_MAX, put_delivery, c, e) >= 0) {
        json_write_array_end(&c->w);
        json_write_object_end(&c->w);
        result = flush(c, e);
    }
    fleet_asset_fini(&asset);
    return result;
}

static int add_deliveries(struct bundling *b, struct err *e)
{
    int result = 0;

    for (size_t i = 0; i < b->asset_count && result == 0; i++) {
        struct chaining chaining = {.b = b};
        char name[TAR_NAME_MAX + 1];
        snprintf(name, sizeof(name), "deliveries/%s.json", b->assets[i]);
        buf_init(&chaining.text);
        result = -1;
        if (bundle_archive_begin(&b->archive, name, e) == 0 &&
            write_chain(&chaining, b->assets[i], e) == 0)
            result = bundle_archive_end(&b->archive, e);
        buf_fini(&chaining.text);
    }
    return result;
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
    struct buf content;
    uint64_t last = 0;
    int result = reader ? 0 : -1;

    buf_init(&content);

    for (size_t i = 0; i < b->asset_count && result == 0; i++) {
        uint64_t from;
        size_t count;
        result = last_head(b, b->assets[i], &from, e);
        if (result != 0 || from == 0 || from >= to || from == last)
            continue;
        result = journal_prove_consistency(reader, from, to, proof, &count, e);
        if (result == 0) {
            journal_consistency_put(&content, from, to, (const uint8_t(*)[MERKLE_HASH])proof,
                                    count);
            buf_putc(&content, '\n');
            last = from;
        }
    }
    journal_reader_free(reader);
    if (result == 0 && (result = buf_check(&content, e)) == 0)
        result = bundle_archive_file(&b->archive, "consistency.jsonl", buf_slice(&content), e);
    buf_fini(&content);
    return result;
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

static int add_document(struct bundling *b, const uint8_t digest[32], struct err *e)
{
    struct db_query q;
    int64_t size = 0;

    int found = db_find(&q, b->worker->db, e, SQL_DOCUMENT_SIZE, DB_BYTES(digest, 32));
    if (found == 1)
        size = db_int(&q, 0);
    db_query_finish(&q);
    if (found == 0)
        return err_set(e, ERR_INTERNAL, "fleet.no-document", NULL, "a published document is gone");
    if (found < 0 || bundle_archive_document(&b->archive, digest, (uint64_t)size, e) != 0)
        return -1;
    return bundle_aliases_document(&b->aliases, b->worker->db, digest, e);
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
        if (add_document(b, digest, e) != 0)
            return -1;
    }
}

static int add_aliases(struct bundling *b, struct err *e)
{
    struct buf text;

    buf_init(&text);
    int result = bundle_aliases_write(&b->aliases, b->worker->db, &text, e);
    if (result == 0 && text.len)
        result = bundle_archive_file(&b->archive, "aliases.json", buf_slice(&text), e);
    buf_fini(&text);
    return result;
}

static int add_trust(struct bundling *b, struct err *e)
{
    struct buf text;

    buf_init(&text);
    int result = trust_statement(b->worker->centre->trust, &text, e);
    if (result == 0 && (result = buf_check(&text, e)) == 0)
        result = bundle_archive_file(&b->archive, "trust.json", buf_slice(&text), e);
    buf_fini(&text);
    return result;
}

/* ---- manifest ----------------------------------------------------------------------------------
 */

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
    bundle_archive_list(&b->archive, &w);
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
                  const struct json_value *assets, int *fd, uint64_t *size, struct err *e)
{
    struct bundling b = {.worker = worker, .organisation = organisation, .archive = {.spool = -1}};
    char folder[PATH_MAX];
    int result = -1;

    *fd = -1;
    snprintf(folder, sizeof(folder), "%s/spool", worker->centre->config->home);
    if (find_exercise(&b, e) != 0 || name_assets(&b, caller, assets, e) != 0 ||
        (!assets && all_offline(&b, e) != 0))
        goto out;
    if (bundle_archive_init(&b.archive, folder, e) == 0 &&
        bundle_aliases_init(&b.aliases, worker->db, e) == 0 && add_trust(&b, e) == 0 &&
        add_documents(&b, e) == 0 && add_aliases(&b, e) == 0 && add_deliveries(&b, e) == 0 &&
        seal_manifest(&b, e) == 0 &&
        bundle_archive_write(&b.archive, worker->db, buf_slice(&b.envelope), folder, fd, size, e) ==
            0)
        result = submit(worker->centre, &command_bundle_export, caller, &b, b.exercise, e);
    if (result != 0 && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
out:
    bundle_aliases_fini(&b.aliases);
    bundle_archive_fini(&b.archive);
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
