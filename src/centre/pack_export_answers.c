/* SPDX-License-Identifier: Apache-2.0 */
/* What came back, under whose keys, and the acts that say so. */
#include "base/encoding.h"
#include "base/map.h"
#include "base/memory.h"
#include "centre/pack_internal.h"
#include "centre/trust.h"
#include "crypto/digest.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- receipts.jsonl and outcomes.jsonl ---------------------------------------------------------
 */

static int want_certificate(struct exporting *x, const uint8_t fingerprint[32], struct err *e)
{
    if (map_get(&x->certificates, slice_of(fingerprint, 32)))
        return 0;
    char *key = arena_copy(&x->arena, fingerprint, 32);
    if (!key || map_set(&x->certificates, slice_of(key, 32), key) != 0)
        return err_memory(e);
    return 0;
}

static int by_act(const void *a, const void *b)
{
    const struct told_receipt *x = a;
    const struct told_receipt *y = b;

    if (x->act != y->act)
        return x->act < y->act ? -1 : 1;
    return (x->position > y->position) - (x->position < y->position);
}

struct digests {
    uint64_t from;
    uint64_t to;
    uint8_t before[32];
    struct json_writer *w;
};

static int put_digest(void *context, const struct fleet_link *link, struct err *e)
{
    struct digests *d = context;
    char text[HASH_TEXT];

    (void)e;
    if (link->position.n == d->from)
        memcpy(d->before, link->before, 32);
    if (link->position.n >= d->from) {
        hash_text_format(link->digest, text);
        json_write_string(d->w, text);
    }
    return link->position.n >= d->to;
}

static int put_receipt(struct exporting *x, const struct told_receipt *r, struct pack_lines *lines,
                       struct err *e)
{
    struct fleet_position position;
    struct envelope envelope;
    struct fleet_receipt said;
    struct buf digests_text;
    struct json_writer digests_writer;
    struct digests digests = {.from = r->position, .to = r->n, .w = &digests_writer};
    uint8_t fingerprint[32];
    struct db_query q;
    struct line line;
    char text[HASH_TEXT];
    int result = -1;

    buf_init(&digests_text);
    json_write_init(&digests_writer, &digests_text, 0);
    json_write_array(&digests_writer);
    int found =
        db_find(&q, x->db, e, SQL_RECEIPT_COVERING, DB_TEXT(r->asset), DB_INT((int64_t)r->n));
    if (found != 1 || !db_blob_copy(&q, 2, fingerprint, 32) ||
        fleet_chain_start(r->asset, &position, e) != 0 ||
        fleet_chain_walk(x->db, r->asset, &position, r->n, put_digest, &digests, e) < 0)
        goto out;
    json_write_array_end(&digests_writer);
    if (envelope_parse(&envelope, db_blob(&q, 3), "tocsin-receipt/v1", e) != 0)
        goto out;
    int read = fleet_receipt_read(&envelope, &said, e);
    envelope_fini(&envelope);
    if (read != 0 || numbers_add(&x->heads, said.checkpoint_size, e) != 0 ||
        numbers_add(&x->acts, r->act, e) != 0 || want_certificate(x, fingerprint, e) != 0)
        goto out;
    line_start(&line);
    json_member_int(&line.w, "act", (int64_t)r->act);
    json_member_string(&line.w, "asset", r->asset);
    hash_text_format(digests.before, text);
    json_member_string(&line.w, "before", text);
    json_write_name(&line.w, "digests");
    json_write_raw(&line.w, buf_slice(&digests_text));
    json_write_name(&line.w, "envelope");
    json_write_raw(&line.w, db_blob(&q, 3));
    json_member_int(&line.w, "position", (int64_t)r->position);
    result = line_put(&line, lines, e);
out:
    db_query_finish(&q);
    buf_fini(&digests_text);
    return result;
}

struct outcome_row {
    uint64_t act;
    char *text;
};

static int outcome_order(const void *a, const void *b)
{
    const struct outcome_row *x = a;
    const struct outcome_row *y = b;

    return (x->act > y->act) - (x->act < y->act);
}

struct collecting {
    struct exporting *x;
    struct outcome_row *rows;
    size_t count;
    size_t room;
    const char *asset;
};

static int add_outcome(struct collecting *c, uint64_t act, struct slice envelope, struct err *e)
{
    struct envelope parsed;
    struct line line;

    if (c->count == c->room) {
        size_t room = c->room ? c->room * 2 : 64;
        struct outcome_row *grown = mem_resize(c->rows, room, sizeof(*grown));
        if (!grown)
            return err_memory(e);
        c->rows = grown;
        c->room = room;
    }
    if (envelope_parse(&parsed, envelope, "tocsin-outcome/v1", e) != 0)
        return -1;
    int wanted = want_certificate(c->x, parsed.certificate, e);
    envelope_fini(&parsed);
    if (wanted != 0)
        return -1;
    line_start(&line);
    json_member_int(&line.w, "act", (int64_t)act);
    json_member_string(&line.w, "asset", c->asset);
    json_write_name(&line.w, "envelope");
    json_write_raw(&line.w, envelope);
    json_write_object_end(&line.w);
    char *text = line.text.failed ? NULL : arena_copy(&c->x->arena, line.text.data, line.text.len);
    buf_fini(&line.text);
    if (!text)
        return err_memory(e);
    c->rows[c->count++] = (struct outcome_row){.act = act, .text = text};
    return numbers_add(&c->x->acts, act, e);
}

static bool is_published(const struct exporting *x, const char *publication)
{
    for (size_t i = 0; i < x->publication_count; i++)
        if (strcmp(x->publications[i].id, publication) == 0)
            return true;
    return false;
}

static int collect_outcomes(void *context, const struct fleet_link *link, struct err *e)
{
    struct collecting *c = context;
    struct db_query q;
    int step;

    if (!is_published(c->x, link->publication))
        return 0;
    if (db_select(&q, c->x->db, e, SQL_OUTCOME_LIST, DB_TEXT(c->asset),
                  DB_BYTES(link->digest, 32)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1)
        if ((uint64_t)db_int(&q, 2) < c->x->size &&
            add_outcome(c, (uint64_t)db_int(&q, 2), db_blob(&q, 1), e) != 0) {
            step = -1;
            break;
        }
    db_query_finish(&q);
    return step < 0 ? -1 : 0;
}

static int export_outcomes(struct exporting *x, struct err *e)
{
    struct collecting c = {.x = x};
    const struct map_slot *slot;
    struct pack_lines *lines;
    size_t at = 0;
    int result = -1;

    while ((slot = map_next(&x->seen, &at)) != NULL) {
        struct fleet_position position;
        c.asset = slot->value;
        if (fleet_chain_start(c.asset, &position, e) != 0 ||
            fleet_chain_walk(x->db, c.asset, &position, UINT64_MAX, collect_outcomes, &c, e) < 0)
            goto out;
    }
    if (c.count > 1)
        qsort(c.rows, c.count, sizeof(*c.rows), outcome_order);
    if (pack_lines_open(x->pack, "outcomes.jsonl", &lines, e) != 0)
        goto out;
    for (size_t i = 0; i < c.count; i++)
        if (pack_line(lines, slice_str(c.rows[i].text), e) != 0)
            goto out;
    result = pack_lines_close(lines, e);
out:
    mem_free(c.rows);
    return result;
}

/* Receipts that several lines named are one line, from the first of their notices on. */
static void merge_receipts(struct exporting *x)
{
    size_t kept = 0;

    if (x->receipt_count > 1)
        qsort(x->receipts, x->receipt_count, sizeof(*x->receipts), by_act);
    for (size_t i = 0; i < x->receipt_count; i++)
        if (kept == 0 || x->receipts[kept - 1].act != x->receipts[i].act)
            x->receipts[kept++] = x->receipts[i];
    x->receipt_count = kept;
}

int export_receipts(struct exporting *x, struct err *e)
{
    struct pack_lines *lines;

    merge_receipts(x);
    if (pack_lines_open(x->pack, "receipts.jsonl", &lines, e) != 0)
        return -1;
    for (size_t i = 0; i < x->receipt_count; i++)
        if (put_receipt(x, &x->receipts[i], lines, e) != 0)
            return -1;
    if (pack_lines_close(lines, e) != 0)
        return -1;
    return export_outcomes(x, e);
}

/* ---- owners.jsonl ------------------------------------------------------------------------------
 */

static uint64_t *owner_count(struct pack_counts *counts, struct slice state)
{
    if (slice_is(state, "told"))
        return &counts->owners.told;
    if (slice_is(state, "refused"))
        return &counts->owners.refused;
    if (slice_is(state, "unreachable"))
        return &counts->owners.unreachable;
    if (slice_is(state, "no_address"))
        return &counts->owners.no_address;
    if (slice_is(state, "unknown_outcome"))
        return &counts->owners.unknown_outcome;
    return &counts->owners.pending;
}

static int put_owner(struct exporting *x, struct db_query *q, struct pack_lines *lines,
                     struct err *e)
{
    struct slice state = db_slice(q, 5);
    uint64_t act = (uint64_t)db_int(q, 9);
    uint64_t *count = owner_count(&x->counts, state);
    struct line line;

    if (act >= x->size) {
        state = slice_str("pending");
        count = &x->counts.owners.pending;
        act = 0;
    } else if (count == &x->counts.owners.pending) {
        state = slice_str("pending"); /* "sending", too: its end is not known yet */
        act = 0;
    }
    (*count)++;
    if (slice_is(db_slice(q, 3), "none"))
        act = 0; /* was intended and could not be tried: there is no owner.told */
    if (act && numbers_add(&x->acts, act, e) != 0)
        return -1;
    line_start(&line);
    if (act)
        json_member_int(&line.w, "act", (int64_t)act);
    json_member_time(&line.w, "at", db_int(q, 8));
    json_member_slice(&line.w, "delivery", db_slice(q, 0));
    json_member_slice(&line.w, "organisation", db_slice(q, 1));
    json_member_slice(&line.w, "state", state);
    json_member_slice(&line.w, "way", db_slice(q, 3));
    return line_put(&line, lines, e);
}

int export_owners(struct exporting *x, struct err *e)
{
    struct pack_lines *lines = NULL;

    if (!x->ladder && pack_lines_open(x->pack, "owners.jsonl", &lines, e) != 0)
        return -1;
    for (size_t i = 0; i < x->publication_count; i++) {
        struct db_query q;
        int step;
        if (db_select(&q, x->db, e, SQL_OWNER_DELIVERY_LIST, DB_TEXT(x->publications[i].id),
                      DB_TEXT(x->organisation)) != 0)
            return -1;
        while ((step = db_step(&q, e)) == 1)
            if (put_owner(x, &q, lines, e) != 0) {
                step = -1;
                break;
            }
        db_query_finish(&q);
        if (step < 0)
            return -1;
    }
    return lines ? pack_lines_close(lines, e) : 0;
}

/* ---- certificates.jsonl and crl.der ------------------------------------------------------------
 */

struct shown {
    char hash[HASH_TEXT];
    char *text;
};

static int by_hash(const void *a, const void *b)
{
    return strcmp(((const struct shown *)a)->hash, ((const struct shown *)b)->hash);
}

static int show_certificate(struct exporting *x, struct slice der, const char *subject,
                            const char *certificate, struct shown *shown, struct err *e)
{
    uint64_t issued = 0;
    uint64_t revoked = 0;
    uint8_t digest[32];
    struct line line;

    if (sha256(der, digest) != 0)
        return err_memory(e);
    hash_text_format(digest, shown->hash);
    if (certificate) {
        struct db_query q;
        int found = db_find(&q, x->db, e, SQL_CERTIFICATE_ACT_FIND, DB_TEXT(certificate));
        if (found == 1) {
            issued = (uint64_t)db_int(&q, 0);
            revoked = (uint64_t)db_int(&q, 1);
        }
        db_query_finish(&q);
        if (found != 1)
            return found < 0 ? -1
                             : err_set(e, ERR_SYSTEM, "store.corrupt", NULL,
                                       "the act that issued %s is not known", certificate);
        if (revoked >= x->size)
            revoked = 0;
        if (numbers_add(&x->acts, issued, e) != 0 ||
            (revoked && numbers_add(&x->acts, revoked, e) != 0))
            return -1;
    }
    line_start(&line);
    json_member_string(&line.w, "certificate", shown->hash);
    json_member_base64(&line.w, "der", der);
    if (certificate)
        json_member_int(&line.w, "issued", (int64_t)issued);
    if (revoked)
        json_member_int(&line.w, "revoked", (int64_t)revoked);
    if (subject)
        json_member_string(&line.w, "subject", subject);
    json_write_object_end(&line.w);
    shown->text = line.text.failed ? NULL : arena_copy(&x->arena, line.text.data, line.text.len);
    buf_fini(&line.text);
    return shown->text ? 0 : err_memory(e);
}

static int show_signers(struct exporting *x, struct shown *shown, size_t *count, struct err *e)
{
    const struct map_slot *slot;
    size_t at = 0;

    while ((slot = map_next(&x->certificates, &at)) != NULL) {
        struct pki_record record;
        struct buf der;
        buf_init(&der);
        int found = pki_certificate_by_fingerprint(x->db, slot->key.data, &record, &der, e);
        int result = found == 1 ? show_certificate(x, buf_slice(&der), record.subject_id, record.id,
                                                   &shown[(*count)++], e)
                                : -1;
        buf_fini(&der);
        if (result != 0)
            return -1;
    }
    return 0;
}

static int export_crl(struct exporting *x, struct err *e)
{
    struct pki_authority issuing;
    struct buf der;
    struct db_query q;
    int64_t number = 0;
    int result = -1;

    buf_init(&der);
    pki_authority_init(&issuing);
    if (pki_authority_current(x->db, PKI_ISSUING, &issuing, e) != 0)
        goto out;
    int found = pki_crl_latest(x->db, issuing.id, &number, &der, e);
    if (found == 0)
        err_set(e, ERR_UNAVAILABLE, "centre.no-crl", NULL, "no revocation list was issued yet");
    if (found != 1)
        goto out;
    found = db_find(&q, x->db, e, SQL_CRL_ACT_FIND, DB_TEXT(issuing.id), DB_INT(number));
    uint64_t act = found == 1 ? (uint64_t)db_int(&q, 0) : 0;
    db_query_finish(&q);
    if (found == 1 && act >= x->size)
        err_set(e, ERR_UNAVAILABLE, "centre.no-checkpoint", NULL,
                "the newest revocation list is not under a checkpoint yet");
    else if (found == 1 && numbers_add(&x->acts, act, e) == 0)
        result = pack_add_file(x->pack, "crl.der", buf_slice(&der), e);
out:
    pki_authority_fini(&issuing);
    buf_fini(&der);
    return result;
}

int export_certificates(struct exporting *x, struct err *e)
{
    struct envelope_signer signer = trust_signer(x->centre->trust);
    struct shown *shown = mem_new(x->certificates.count + signer.chain_count, sizeof(*shown));
    struct pack_lines *lines;
    size_t count = 0;
    int result = -1;

    if (!shown)
        return err_memory(e);
    for (size_t i = 0; i < signer.chain_count; i++)
        if (show_certificate(x, signer.chain[i], NULL, NULL, &shown[count++], e) != 0)
            goto out;
    if (show_signers(x, shown, &count, e) != 0)
        goto out;
    qsort(shown, count, sizeof(*shown), by_hash);
    if (pack_lines_open(x->pack, "certificates.jsonl", &lines, e) != 0)
        goto out;
    for (size_t i = 0; i < count; i++)
        if (pack_line(lines, slice_str(shown[i].text), e) != 0)
            goto out;
    if (pack_lines_close(lines, e) == 0)
        result = export_crl(x, e);
out:
    mem_free(shown);
    return result;
}

/* ---- acts.jsonl and consistency.jsonl ----------------------------------------------------------
 */

struct act_line {
    struct exporting *x;
    struct pack_lines *lines;
};

static int put_act(void *context, const struct journal_row *row, struct err *e)
{
    struct act_line *a = context;
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    struct line line;
    size_t count;

    if (!row->body.data)
        return err_set(e, ERR_CONFLICT, "centre.act-forgotten", NULL,
                       "act %llu was deleted when its retention ended: what rests on it cannot be "
                       "proven any more",
                       (unsigned long long)row->index);
    if (journal_prove_inclusion(a->x->reader, row->index, a->x->size, proof, &count, e) != 0)
        return -1;
    line_start(&line);
    json_write_name(&line.w, "act");
    json_write_raw(&line.w, row->body);
    json_member_int(&line.w, "index", (int64_t)row->index);
    json_write_name(&line.w, "proof");
    journal_hashes_write(&line.w, (const uint8_t(*)[MERKLE_HASH])proof, count);
    json_member_hex(&line.w, "salt", row->salt);
    return line_put(&line, a->lines, e);
}

int export_acts(struct exporting *x, struct err *e)
{
    struct act_line line = {.x = x};

    numbers_sort(&x->acts);
    if (pack_lines_open(x->pack, "acts.jsonl", &line.lines, e) != 0)
        return -1;
    for (size_t i = 0; i < x->acts.count; i++) {
        int found = journal_find_index(x->db, x->acts.at[i], put_act, &line, e);
        if (found == 0)
            return err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "act %llu is gone",
                           (unsigned long long)x->acts.at[i]);
        if (found < 0)
            return -1;
    }
    return pack_lines_close(line.lines, e);
}

int export_consistency(struct exporting *x, struct err *e)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    struct pack_lines *lines;
    size_t count;

    for (size_t i = 0; i < x->wish->head_count; i++)
        if (numbers_add(&x->heads, x->wish->heads[i], e) != 0)
            return -1;
    numbers_sort(&x->heads);
    if (pack_lines_open(x->pack, "consistency.jsonl", &lines, e) != 0)
        return -1;
    for (size_t i = 0; i < x->heads.count; i++) {
        uint64_t from = x->heads.at[i];
        struct buf text;
        if (from == 0 || from >= x->size)
            continue;
        if (journal_prove_consistency(x->reader, from, x->size, proof, &count, e) != 0)
            return -1;
        buf_init(&text);
        journal_consistency_put(&text, from, x->size, (const uint8_t(*)[MERKLE_HASH])proof, count);
        int put = buf_check(&text, e) == 0 ? pack_line(lines, buf_slice(&text), e) : -1;
        buf_fini(&text);
        if (put != 0)
            return -1;
    }
    return pack_lines_close(lines, e);
}
