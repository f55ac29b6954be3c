/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/report.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "crypto/merkle.h"

static const char *const outcomes[] = {"read", "planned", "installed", "refused", "failed"};

const char *report_outcome_name(enum report_outcome outcome)
{
    return outcomes[outcome];
}

bool report_outcome_parse(struct slice name, enum report_outcome *outcome)
{
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
        if (slice_is(name, outcomes[i])) {
            *outcome = (enum report_outcome)i;
            return true;
        }
    return false;
}

/* Statements are written in any order of members; what is signed is the canonical form. */
static int canonical(struct slice json, struct buf *out, struct err *e)
{
    struct json_doc *doc = NULL;
    int result;

    if (json_parse(&doc, json, NULL, e) != 0)
        return -1;
    result = json_canonical(json_root(doc), out, e);
    json_doc_free(doc);
    return result == 0 ? buf_check(out, e) : -1;
}

static int sign(const struct identity *identity, const struct buf *text, struct buf *out,
                struct err *e)
{
    struct envelope_signer signer =
        envelope_signer_of_key(identity->key, identity->chain.items, identity->chain.count);
    struct buf payload;
    int result = -1;

    buf_init(&payload);
    if (buf_check(text, e) == 0 && canonical(buf_slice(text), &payload, e) == 0)
        result = envelope_build(out, buf_slice(&payload), &signer, e);
    buf_fini(&payload);
    return result == 0 ? buf_check(out, e) : -1;
}

static void member_hash(struct json_writer *w, const char *name, const uint8_t hash[32])
{
    char text[HASH_TEXT];

    hash_text_format(hash, text);
    json_member_string(w, name, text);
}

int report_receipt(const struct state *state, const struct identity *identity, int64_t now,
                   struct buf *out, struct err *e)
{
    uint8_t root[MERKLE_HASH];
    struct json_writer w;
    struct buf text;
    int result;

    if (state->alarm)
        return err_set(e, ERR_CONFLICT, "agent.alarm", NULL,
                       "no receipt is signed while the journal contradicts itself: %.300s",
                       state->alarm_text);
    memcpy(root, state->checkpoint.root, sizeof(root));
    if (!state->checkpoint.there && merkle_empty_root(root) != 0)
        return digest_failed(e);
    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-receipt/v1");
    json_member_string(&w, "origin", state->origins[state->origin_count - 1]);
    json_member_string(&w, "asset", state->asset);
    json_member_int(&w, "n", (int64_t)state->n);
    member_hash(&w, "head", state->head);
    json_write_name(&w, "checkpoint");
    json_write_object(&w);
    json_member_int(&w, "size", state->checkpoint.there ? (int64_t)state->checkpoint.size : 0);
    member_hash(&w, "root", root);
    json_write_object_end(&w);
    json_member_time(&w, "at", now);
    json_write_object_end(&w);
    result = sign(identity, &text, out, e);
    buf_fini(&text);
    return result;
}

/* As many whole characters as fit; the writer replaces what is no UTF-8 by three bytes each. */
static struct slice cut_detail(struct slice detail)
{
    size_t len = 0, written = 0;

    while (len < detail.len) {
        size_t step = 1;
        while (len + step < detail.len && (detail.data[len + step] & 0xc0) == 0x80)
            step++;
        size_t cost = step > 1 || detail.data[len] >= 0x80 ? 3 * step : 1;
        if (written + cost > REPORT_DETAIL_MAX)
            break;
        written += cost;
        len += step;
    }
    return slice_of(detail.data, len);
}

int report_outcome_build(const struct identity *identity, struct slice origin, uint64_t n,
                         const uint8_t notice[32], enum report_outcome outcome, struct slice detail,
                         int64_t now, struct buf *out, struct err *e)
{
    struct json_writer w;
    struct buf text;
    int result;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-outcome/v1");
    json_member_slice(&w, "origin", origin);
    json_member_string(&w, "asset", identity->asset);
    member_hash(&w, "notice", notice);
    json_member_int(&w, "n", (int64_t)n);
    json_member_string(&w, "outcome", report_outcome_name(outcome));
    detail = cut_detail(detail);
    if (detail.len)
        json_member_slice(&w, "detail", detail);
    json_member_time(&w, "at", now);
    json_write_object_end(&w);
    result = sign(identity, &text, out, e);
    buf_fini(&text);
    return result;
}

static void write_inventory(struct buf *text, const struct identity *identity,
                            const struct fleet_inventory *inventory, const int64_t *now)
{
    struct json_writer w;

    json_write_init(&w, text, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-inventory/v1");
    json_member_string(&w, "asset", identity->asset);
    if (now)
        json_member_time(&w, "at", *now);
    fleet_inventory_write(&w, inventory);
    json_write_object_end(&w);
}

int report_inventory(const struct identity *identity, const struct fleet_inventory *inventory,
                     int64_t now, struct buf *out, struct err *e)
{
    struct buf text;
    int result;

    buf_init(&text);
    write_inventory(&text, identity, inventory, &now);
    result = sign(identity, &text, out, e);
    buf_fini(&text);
    return result;
}

int report_inventory_digest(const struct identity *identity,
                            const struct fleet_inventory *inventory, uint8_t digest[32],
                            struct err *e)
{
    struct buf text;
    int result = -1;

    buf_init(&text);
    write_inventory(&text, identity, inventory, NULL);
    if (buf_check(&text, e) == 0)
        result = sha256(buf_slice(&text), digest) == 0 ? 0 : digest_failed(e);
    buf_fini(&text);
    return result;
}

int report_answer(const struct identity *identity, const struct report_answer *answer, int64_t now,
                  struct buf *out, struct err *e)
{
    struct json_writer w;
    struct buf text;
    int result;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-answer/v1");
    json_member_string(&w, "origin", answer->origin);
    json_member_string(&w, "asset", identity->asset);
    json_member_string(&w, "bundle", answer->bundle);
    member_hash(&w, "manifest", answer->manifest);
    member_hash(&w, "class", answer->class);
    json_write_name(&w, "results");
    json_write_raw(&w, answer->results);
    json_member_time(&w, "at", now);
    json_write_object_end(&w);
    result = sign(identity, &text, out, e);
    buf_fini(&text);
    return result;
}
