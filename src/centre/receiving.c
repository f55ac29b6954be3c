/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/receiving.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/streams.h"
#include "journal/read.h"

#include <stdio.h>

void receiving_free(void *context)
{
    struct receiving *r = context;

    if (!r)
        return;
    if (r->has_envelope)
        envelope_fini(&r->envelope);
    buf_fini(&r->text);
    fleet_inventory_free(r->inventory);
    fleet_class_free(r->class);
    mem_free(r);
}

/* The key of a certificate that the live table knows, but not yet with its key. */
static int verify_first(struct worker *worker, const struct receiving *r, struct err *e)
{
    struct pki_record record;
    struct key *key = NULL;
    uint8_t point[P256_POINT_LEN];
    struct buf der;
    int result = -1;

    buf_init(&der);
    int found = pki_certificate_by_fingerprint(worker->db, r->certificate, &record, &der, e);
    if (found == 0)
        err_set(e, ERR_VERIFY, "centre.signer", NULL, "the signer's certificate is not here");
    if (found == 1 && (key = envelope_signer_key(&r->envelope, buf_slice(&der), e)) != NULL)
        result = envelope_verify_key(&r->envelope, key, e);
    if (result == 0 && key_to_p256(key, point))
        pki_live_keep_point(worker->centre->live, r->certificate, point);
    key_free(key);
    buf_fini(&der);
    return result;
}

/* The envelope is signed by an active certificate of the asset that it names. */
static int check_signer(struct worker *worker, const struct caller *caller, struct receiving *r,
                        struct err *e)
{
    struct pki_live_entry entry;

    memcpy(r->certificate, r->envelope.certificate, 32);
    if (!pki_live_find(worker->centre->live, r->certificate, clock_now(worker->centre->clock),
                       &entry, NULL) ||
        entry.subject != PKI_SUBJECT_DEVICE || strcmp(entry.subject_id, r->asset) != 0)
        return err_set(e, ERR_VERIFY, "centre.signer", "docs/formats.md section 1.1",
                       "the envelope is not signed by an active certificate of the asset it names");
    if ((caller->kind == CALLER_ASSET && strcmp(caller->id, r->asset) != 0) ||
        (caller->kind == CALLER_OPERATOR && !caller->everywhere &&
         strcmp(caller->organisation, entry.organisation) != 0))
        return err_set(e, ERR_DENIED, "centre.denied", NULL, "this is another asset's to say");
    r->exercise = entry.exercise;
    if (!entry.has_point)
        return verify_first(worker, r, e);
    return key_set_p256(&worker->signer, entry.point, e) == 0
               ? envelope_verify_key(&r->envelope, worker->signer, e)
               : -1;
}

static struct receiving *open_envelope(struct slice body, const char *format, const char *via,
                                       struct err *e)
{
    struct receiving *r = mem_new(1, sizeof(*r));

    if (!r) {
        err_memory(e);
        return NULL;
    }
    r->via = via;
    buf_put_slice(&r->text, body);
    if (buf_check(&r->text, e) != 0 ||
        envelope_parse(&r->envelope, buf_slice(&r->text), format, e) != 0)
        goto failed;
    r->has_envelope = true;
    struct slice asset = json_get_string(r->envelope.root, "asset");
    if (!id_is(asset, "ast")) {
        err_set(e, ERR_INPUT, "centre.asset", "docs/formats.md section 3",
                "the member \"asset\" is no asset's id");
        goto failed;
    }
    snprintf(r->asset, sizeof(r->asset), "%.*s", SLICE_ARG(asset));
    return r;
failed:
    receiving_free(r);
    return NULL;
}

int receive_inventory(struct worker *worker, const struct caller *caller, struct slice body,
                      const char *via, struct receiving **received, struct err *e)
{
    struct receiving *r = open_envelope(body, "tocsin-inventory/v1", via, e);

    if (!r)
        return -1;
    if (check_signer(worker, caller, r, e) != 0 ||
        fleet_inventory_value(&r->inventory, r->envelope.doc, r->envelope.root, NULL, e) != 0 ||
        fleet_class_build(&r->class, r->inventory, e) != 0) {
        receiving_free(r);
        return -1;
    }
    *received = r;
    return 0;
}

static int check_origin(struct worker *worker, const char *origin, struct err *e)
{
    if (strcmp(origin, worker->centre->origin) == 0)
        return 0;
    return err_set(e, ERR_VERIFY, "centre.origin", "docs/formats.md section 3",
                   "it is about the journal %s, and this is %s", origin, worker->centre->origin);
}

static int journal_root(struct worker *worker, uint64_t size, uint8_t root[32], struct err *e)
{
    struct journal_reader *reader;
    int result = -1;

    for (unsigned i = 0; i < worker->root_count; i++)
        if (worker->roots[i].size == size) {
            memcpy(root, worker->roots[i].root, 32);
            return 0;
        }
    reader = journal_reader_new(worker->db, e);
    if (!reader)
        return -1;
    if (size > journal_reader_size(reader))
        err_set(e, ERR_VERIFY, "centre.other-journal", "docs/formats.md section 3.4",
                "the device has seen a journal of size %llu, and this one has %llu",
                (unsigned long long)size, (unsigned long long)journal_reader_size(reader));
    else
        result = journal_root_at(reader, size, root, e);
    journal_reader_free(reader);
    if (result != 0)
        return -1;
    struct worker_root *kept = &worker->roots[worker->root_next++ % WORKER_ROOTS];
    kept->size = size;
    memcpy(kept->root, root, 32);
    if (worker->root_count < WORKER_ROOTS)
        worker->root_count++;
    return 0;
}

/* The fleet watches the journal: a head that we never had means that somebody lies. */
static int check_checkpoint(struct worker *worker, const struct fleet_receipt *receipt,
                            struct err *e)
{
    uint8_t root[32];

    if (journal_root(worker, receipt->checkpoint_size, root, e) != 0)
        return -1;
    if (memcmp(root, receipt->checkpoint_root, 32) == 0)
        return 0;
    return err_set(e, ERR_VERIFY, "centre.other-journal", "docs/formats.md section 3.4",
                   "the device has seen another journal: its root at size %llu is not ours",
                   (unsigned long long)receipt->checkpoint_size);
}

int receive_receipt(struct worker *worker, const struct caller *caller, struct slice body,
                    const char *via, struct receiving **received, struct err *e)
{
    struct receiving *r = open_envelope(body, "tocsin-receipt/v1", via, e);

    if (!r)
        return -1;
    if (fleet_receipt_read(&r->envelope, &r->receipt, e) != 0 ||
        check_origin(worker, r->receipt.origin, e) != 0 ||
        check_signer(worker, caller, r, e) != 0 || check_checkpoint(worker, &r->receipt, e) != 0) {
        receiving_free(r);
        return -1;
    }
    /* the stream that brought the notices has walked the chain to there already */
    r->has_walked = worker->centre->streams &&
                    streams_position(worker->centre->streams, r->asset, r->receipt.n, &r->walked);
    *received = r;
    return 0;
}

int receive_outcome(struct worker *worker, const struct caller *caller, struct slice body,
                    const char *via, struct receiving **received, struct err *e)
{
    struct receiving *r = open_envelope(body, "tocsin-outcome/v1", via, e);

    if (!r)
        return -1;
    if (fleet_outcome_read(&r->envelope, &r->outcome, e) != 0 ||
        check_origin(worker, r->outcome.origin, e) != 0 ||
        check_signer(worker, caller, r, e) != 0) {
        receiving_free(r);
        return -1;
    }
    *received = r;
    return 0;
}

int receive_answer(struct worker *worker, const struct caller *caller, struct slice body,
                   const char *via, struct receiving **received, struct err *e)
{
    struct receiving *r = open_envelope(body, "tocsin-answer/v1", via, e);

    if (!r)
        return -1;
    if (!envelope_member_is(&r->envelope, "origin", slice_str(worker->centre->origin)))
        err_set(e, ERR_VERIFY, "centre.origin", "docs/formats.md section 6.1",
                "the answer is about another journal");
    if (err_is_set(e) || check_signer(worker, caller, r, e) != 0) {
        receiving_free(r);
        return -1;
    }
    *received = r;
    return 0;
}

/* ---- commands ----------------------------------------------------------------------------------
 */

/* It may have been revoked between the worker's look and now. */
static int still_active(struct command_run *run, const struct receiving *r, struct err *e)
{
    int active = pki_certificate_is_active(run->change.db, r->certificate, e);

    if (active == 0)
        err_set(e, ERR_VERIFY, "centre.signer", NULL,
                "the signer's certificate is no longer active");
    return active == 1 ? 0 : -1;
}

static int inventory_accept(struct command_run *run, struct err *e)
{
    struct receiving *r = run->command->prepared;
    char class_text[FLEET_CLASS_TEXT];
    bool changed;

    if (still_active(run, r, e) != 0 ||
        fleet_asset_inventory(&run->change, r->asset, r->inventory, r->class,
                              buf_slice(&r->envelope.payload), r->via, &changed, e) != 0)
        return -1;
    fleet_class_format(r->class->digest, class_text);
    json_member_string(run->answer, "asset", r->asset);
    json_member_string(run->answer, "class", class_text);
    json_member_bool(run->answer, "changed", changed);
    return 0;
}

const struct command_type command_inventory_accept = {
    .name = "inventory.accept", .roles = ROLE_REGISTRAR, .by_asset = true, .run = inventory_accept};

static int receipt_accept(struct command_run *run, struct err *e)
{
    struct receiving *r = run->command->prepared;
    const struct fleet_receipt_parts parts = {.receipt = &r->receipt,
                                              .certificate = r->certificate,
                                              .envelope = buf_slice(&r->text),
                                              .via = r->via,
                                              .walked = r->has_walked ? &r->walked : NULL};
    uint64_t n;

    if (still_active(run, r, e) != 0 || fleet_receipt_accept(&run->change, &parts, &n, e) != 0)
        return -1;
    json_member_int(run->answer, "n", (int64_t)n);
    return 0;
}

const struct command_type command_receipt_accept = {
    .name = "receipt.accept", .roles = ROLE_REGISTRAR, .by_asset = true, .run = receipt_accept};

static int outcome_accept(struct command_run *run, struct err *e)
{
    struct receiving *r = run->command->prepared;

    if (still_active(run, r, e) != 0 ||
        fleet_outcome_accept(&run->change, &r->outcome, buf_slice(&r->text), e) != 0)
        return -1;
    json_member_bool(run->answer, "accepted", true);
    return 0;
}

const struct command_type command_outcome_accept = {
    .name = "outcome.accept", .roles = ROLE_REGISTRAR, .by_asset = true, .run = outcome_accept};
