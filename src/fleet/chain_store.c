/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/chain_store.h"
#include "base/encoding.h"
#include "crypto/digest.h"
#include "fleet/remediation.h"

#include <stdio.h>

enum { PAGE = 64 };

int fleet_chain_start(const char *asset, struct fleet_position *position, struct err *e)
{
    const struct slice parts[] = {slice_str("tocsin-chain/v1\n"), slice_str(asset)};

    *position = (struct fleet_position){.notice = -1};
    return sha256_slices(parts, ARRAY_LEN(parts), position->head) == 0 ? 0 : err_memory(e);
}

int fleet_chain_acknowledged(const struct fleet_asset *asset, struct fleet_position *position,
                             struct err *e)
{
    if (asset->acked_n == 0)
        return fleet_chain_start(asset->id, position, e);
    *position = (struct fleet_position){
        .n = asset->acked_n, .as_of = asset->acked_as_of, .notice = asset->acked_notice};
    memcpy(position->head, asset->acked_head, 32);
    return 0;
}

int fleet_chain_step(uint8_t head[32], const uint8_t digest[32], struct err *e)
{
    const struct slice parts[] = {slice_of(head, 32), slice_of(digest, 32)};
    uint8_t next[32];

    if (sha256_slices(parts, ARRAY_LEN(parts), next) != 0)
        return err_memory(e);
    memcpy(head, next, 32);
    return 0;
}

static int walk_page(struct db *db, const char *asset, struct fleet_position *position,
                     uint64_t limit, fleet_link_fn *fn, void *context, bool *stop, struct err *e)
{
    struct db_query q;
    int seen = 0;
    int step;

    if (db_select(&q, db, e, SQL_CHAIN_NEXT, DB_TEXT(asset), DB_INT((int64_t)position->as_of),
                  DB_INT(position->notice), DB_INT((int64_t)limit)) != 0)
        return -1;
    while (!*stop && (step = db_step(&q, e)) == 1) {
        struct fleet_link link = {.body = db_blob(&q, 4), .entry = db_blob(&q, 5)};
        link.frozen = (uint64_t)db_int(&q, 8);
        snprintf(link.publication, sizeof(link.publication), "%s", db_text(&q, 2));
        snprintf(link.revision, sizeof(link.revision), "%s", db_text(&q, 7));
        memcpy(link.before, position->head, 32);
        if (!db_blob_copy(&q, 3, link.digest, 32)) {
            err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a notice's digest is damaged");
            seen = -1;
            break;
        }
        if (fleet_chain_step(position->head, link.digest, e) != 0) {
            seen = -1;
            break;
        }
        position->n++;
        position->as_of = (uint64_t)db_int(&q, 0);
        position->notice = db_int(&q, 1);
        link.position = *position;
        seen++;
        int said = fn ? fn(context, &link, e) : 0;
        if (said < 0) {
            seen = -1;
            break;
        }
        *stop = said == 1;
    }
    if (seen >= 0 && !*stop && step < 0)
        seen = -1;
    db_query_finish(&q);
    return seen;
}

int64_t fleet_chain_walk(struct db *db, const char *asset, struct fleet_position *position,
                         uint64_t limit, fleet_link_fn *fn, void *context, struct err *e)
{
    int64_t seen = 0;
    bool stop = false;

    while (limit > 0 && !stop) {
        uint64_t page = limit < PAGE ? limit : PAGE;
        int got = walk_page(db, asset, position, page, fn, context, &stop, e);
        if (got < 0)
            return -1;
        seen += got;
        limit -= (uint64_t)got;
        if ((uint64_t)got < page)
            break;
    }
    return seen;
}

int fleet_chain_seek(struct db *db, const struct fleet_asset *asset, uint64_t n,
                     struct fleet_position *position, struct err *e)
{
    int started = asset->acked_n <= n ? fleet_chain_acknowledged(asset, position, e)
                                      : fleet_chain_start(asset->id, position, e);

    if (started != 0)
        return -1;
    if (fleet_chain_walk(db, asset->id, position, n - position->n, NULL, NULL, e) < 0)
        return -1;
    if (position->n == n)
        return 0;
    err_set(e, ERR_USAGE, "fleet.chain-short", "docs/formats.md section 3.3",
            "the chain of %s has %llu notices, not %llu", asset->id,
            (unsigned long long)position->n, (unsigned long long)n);
    return err_hint(e, "the device has seen notices that this centre never sent: was it restored?");
}

/* ---- receipts ----------------------------------------------------------------------------------
 */

static int copy_member(const struct envelope *envelope, const char *name, char *out, size_t size,
                       struct err *e)
{
    struct slice s = json_get_string(envelope->root, name);

    if (s.len == 0 || s.len >= size || memchr(s.data, '\0', s.len))
        return err_set(e, ERR_INPUT, "fleet.message", "docs/formats.md section 3",
                       "the member \"%s\" is missing or too long", name);
    memcpy(out, s.data, s.len);
    out[s.len] = '\0';
    return 0;
}

static int read_count(const struct json_value *object, const char *name, uint64_t *out,
                      struct err *e)
{
    int64_t value;

    if (!json_int64(json_get(object, name), &value) || value < 0)
        return err_set(e, ERR_INPUT, "fleet.message", "docs/formats.md section 3",
                       "the member \"%s\" is not a whole number from 0", name);
    *out = (uint64_t)value;
    return 0;
}

static int read_hash(const struct json_value *object, const char *name, uint8_t out[32],
                     struct err *e)
{
    if (hash_text_parse(json_get_string(object, name), out) == 0)
        return 0;
    return err_set(e, ERR_INPUT, "fleet.message", "docs/formats.md section 1",
                   "the member \"%s\" is not sha256: and 64 hexadecimal digits", name);
}

int fleet_receipt_read(const struct envelope *envelope, struct fleet_receipt *r, struct err *e)
{
    const struct json_value *checkpoint = json_get(envelope->root, "checkpoint");

    memset(r, 0, sizeof(*r));
    if (copy_member(envelope, "origin", r->origin, sizeof(r->origin), e) != 0 ||
        copy_member(envelope, "asset", r->asset, sizeof(r->asset), e) != 0 ||
        read_count(envelope->root, "n", &r->n, e) != 0 ||
        read_hash(envelope->root, "head", r->head, e) != 0 ||
        read_count(checkpoint, "size", &r->checkpoint_size, e) != 0 ||
        read_hash(checkpoint, "root", r->checkpoint_root, e) != 0)
        return -1;
    if (time_parse(json_get_string(envelope->root, "at"), &r->at, e) != 0)
        return err_where(e, "/at");
    if (r->n == 0)
        return err_set(e, ERR_INPUT, "fleet.message", "docs/formats.md section 3.4",
                       "a receipt acknowledges at least one notice");
    return 0;
}

static int keep_receipt(struct change *c, const struct fleet_receipt_parts *parts,
                        const struct fleet_position *position, const char *organisation,
                        struct err *e)
{
    const struct fleet_receipt *r = parts->receipt;
    char text[HASH_TEXT];
    uint8_t hash[32];
    struct act_ref act;

    if (envelope_hash(parts->envelope, hash, e) != 0)
        return -1;
    struct json_writer *data = change_act(c, "receipt.accepted", organisation);
    json_member_string(data, "asset", r->asset);
    hash_text_format(parts->certificate, text);
    json_member_string(data, "certificate", text);
    hash_text_format(r->head, text);
    json_member_string(data, "head", text);
    json_member_int(data, "n", (int64_t)r->n);
    hash_text_format(hash, text);
    json_member_string(data, "receipt", text);
    json_member_string(data, "via", parts->via);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    if (db_run(c->db, e, SQL_RECEIPT_INSERT, DB_TEXT(r->asset), DB_INT((int64_t)r->n),
               DB_BYTES(r->head, 32), DB_BYTES(parts->certificate, 32), DB_BLOB(parts->envelope),
               DB_INT((int64_t)act.index), DB_INT(c->now), DB_TEXT(parts->via)) < 0)
        return -1;
    return db_run(c->db, e, SQL_ASSET_ACKNOWLEDGED, DB_TEXT(r->asset), DB_INT((int64_t)r->n),
                  DB_BYTES(r->head, 32), DB_INT((int64_t)position->as_of), DB_INT(position->notice),
                  DB_INT(c->now)) < 0
               ? -1
               : 0;
}

int fleet_receipt_accept(struct change *c, const struct fleet_receipt_parts *parts, uint64_t *n,
                         struct err *e)
{
    const struct fleet_receipt *r = parts->receipt;
    struct fleet_position position;
    struct fleet_asset asset;
    int result = -1;

    fleet_asset_init(&asset);
    int found = fleet_asset_find(c->db, r->asset, &asset, e);
    if (found == 0)
        err_set(e, ERR_NOT_FOUND, "fleet.no-asset", NULL, "there is no asset %s", r->asset);
    if (found != 1)
        goto out;
    *n = asset.acked_n;
    if (r->n < asset.acked_n) {
        result = 0; /* an older receipt, sent again: a newer one covers it */
        goto out;
    }
    if (parts->walked && parts->walked->n == r->n)
        position = *parts->walked;
    else if (fleet_chain_seek(c->db, &asset, r->n, &position, e) != 0)
        goto out;
    if (memcmp(position.head, r->head, 32) != 0) {
        err_set(e, ERR_VERIFY, "fleet.receipt-head", "docs/formats.md section 3.3",
                "the receipt's head is not that of this asset's chain at notice %llu",
                (unsigned long long)r->n);
        err_hint(e, "the device was told something else than this centre sent");
        goto out;
    }
    if (r->n > asset.acked_n && keep_receipt(c, parts, &position, asset.organisation, e) != 0)
        goto out;
    *n = r->n;
    result = 0;
out:
    fleet_asset_fini(&asset);
    return result;
}

/* ---- outcomes ----------------------------------------------------------------------------------
 */

int fleet_outcome_read(const struct envelope *envelope, struct fleet_outcome *o, struct err *e)
{
    static const char *const known[] = {"read", "planned", "installed", "refused", "failed"};
    struct slice outcome = json_get_string(envelope->root, "outcome");
    struct slice detail = json_get_string(envelope->root, "detail");

    memset(o, 0, sizeof(*o));
    if (copy_member(envelope, "origin", o->origin, sizeof(o->origin), e) != 0 ||
        copy_member(envelope, "asset", o->asset, sizeof(o->asset), e) != 0 ||
        read_count(envelope->root, "n", &o->n, e) != 0 ||
        read_hash(envelope->root, "notice", o->notice, e) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (slice_is(outcome, known[i]))
            snprintf(o->outcome, sizeof(o->outcome), "%s", known[i]);
    if (!o->outcome[0])
        return err_set(e, ERR_INPUT, "fleet.message", "docs/formats.md section 3.5",
                       "\"%.*s\" is no outcome", (int)(outcome.len < 40 ? outcome.len : 40),
                       (const char *)outcome.data);
    if (detail.len > 1000)
        return err_set(e, ERR_LIMIT, "fleet.message", "docs/formats.md section 3.5",
                       "the detail is over 1,000 bytes");
    return 0;
}

struct wanted {
    const uint8_t *digest;
    uint64_t n;
    bool found;
    char revision[ID_TEXT]; /* that the notice tells of */
};

static int is_wanted(void *context, const struct fleet_link *link, struct err *e)
{
    struct wanted *wanted = context;

    (void)e;
    if (link->position.n == wanted->n) {
        wanted->found = memcmp(link->digest, wanted->digest, 32) == 0;
        snprintf(wanted->revision, sizeof(wanted->revision), "%s", link->revision);
    }
    return link->position.n >= wanted->n;
}

int fleet_outcome_accept(struct change *c, const struct fleet_outcome *o, struct slice envelope,
                         struct err *e)
{
    struct wanted wanted = {.digest = o->notice, .n = o->n};
    struct fleet_position position;
    struct fleet_asset asset;
    char text[HASH_TEXT];
    struct act_ref act;
    uint8_t hash[32];
    int result = -1;

    fleet_asset_init(&asset);
    int found = fleet_asset_find(c->db, o->asset, &asset, e);
    if (found == 0)
        err_set(e, ERR_NOT_FOUND, "fleet.no-asset", NULL, "there is no asset %s", o->asset);
    if (found != 1 || fleet_chain_start(o->asset, &position, e) != 0 ||
        envelope_hash(envelope, hash, e) != 0)
        goto out;
    if (fleet_chain_walk(c->db, o->asset, &position, o->n, is_wanted, &wanted, e) < 0)
        goto out;
    if (!wanted.found) {
        err_set(e, ERR_VERIFY, "fleet.outcome-notice", "docs/formats.md section 3.5",
                "that is not notice %llu of this asset's chain", (unsigned long long)o->n);
        goto out;
    }
    struct json_writer *data = change_act(c, "outcome.reported", asset.organisation);
    json_member_string(data, "asset", o->asset);
    hash_text_format(o->notice, text);
    json_member_string(data, "notice", text);
    json_member_string(data, "outcome", o->outcome);
    hash_text_format(hash, text);
    json_member_string(data, "envelope", text);
    if (change_act_end(c, &act, e) != 0)
        goto out;
    if (db_run(c->db, e, SQL_OUTCOME_INSERT, DB_TEXT(o->asset), DB_BYTES(o->notice, 32),
               DB_TEXT(o->outcome), DB_BLOB(envelope), DB_INT((int64_t)act.index),
               DB_INT(c->now)) < 0)
        goto out;
    result = fleet_remediation_outcome(c, o->asset, wanted.revision, o->outcome, act.index, e);
out:
    fleet_asset_fini(&asset);
    return result;
}
