/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/handover.h"
#include "base/compiler.h"
#include "base/id.h"
#include "evidence/case/items.h"
#include "evidence/case/refusal.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/log.h"
#include "evidence/custody/record.h"
#include "evidence/custody/state.h"

#include <stdio.h>
#include <string.h>

enum { RECEIPT_NAME = 96 };

static void member(struct json_writer *w, const char *name, const char *text)
{
    if (text)
        json_member_string(w, name, text);
}

int evidence_handover_give(const char *holder, const struct evidence_giving *giving,
                           struct evidence_doing *doing, char id[40],
                           struct evidence_appended *told, struct err *e)
{
    struct evidence_items items;
    struct json_writer w;
    struct buf details;
    if (evidence_items_look(holder, NULL, &items, e) != 0) {
        evidence_items_fini(&items);
        return -1;
    }
    buf_init(&details);
    json_write_init(&w, &details, 0);
    json_write_object(&w);
    int result = items.all_same
                     ? 0
                     : err_set(e, ERR_VERIFY, "evidence.damaged", "ISO/IEC 27037 section 5.4.5",
                               "what is not sound is not handed over: %s", items.why);
    if (result == 0)
        result = id_new(&random_system, "hnd", id, e);
    if (result == 0) {
        json_member_string(&w, "handover", id);
        member(&w, "to", giving->to);
        member(&w, "to_organisation", giving->to_organisation);
        member(&w, "packaging", giving->packaging);
        member(&w, "seal_number", giving->seal_number);
        member(&w, "carrier", giving->carrier);
        member(&w, "tracking", giving->tracking);
        evidence_items_write(&items, &w);
        json_write_object_end(&w);
        result = buf_check(&details, e);
    }
    if (result == 0)
        result = evidence_doing_step(doing, holder, NULL, "handover-given", buf_slice(&details),
                                     told, e);
    buf_fini(&details);
    evidence_items_fini(&items);
    return result;
}

/* The record in which it was given. */
struct given {
    const struct evidence_handover *open;
    const struct evidence_custody_state *state;
    const char *log;
    uint8_t sha256[SHA256_LEN];
    struct buf text;
};

static int keep_given(void *context, const struct evidence_custody_record *r, struct err *e)
{
    struct given *g = context;
    (void)e;
    if (r->number == g->open->record) {
        memcpy(g->sha256, r->sha256, sizeof g->sha256);
        buf_reset(&g->text);
        buf_put_slice(&g->text, r->text);
    }
    return 0;
}

static const struct evidence_handover *choose(const struct evidence_custody_state *state,
                                              const char *id, struct err *e)
{
    for (size_t i = 0; i < state->open_count; i++)
        if (!id || strcmp(id, state->open[i].id) == 0)
            return &state->open[i];
    err_set(e, ERR_CONFLICT, "custody.handover", NULL, "%s is not in a handover%s%s", state->holder,
            id ? " " : "", id ? id : "");
    return NULL;
}

/* What who signs now has signed of a handover already: the last such record. */
struct signed_already {
    const char *handover, *signer;
    uint64_t record;
    uint8_t sha256[SHA256_LEN];
    bool taken;
    char id[40];
};

static int look_for_signed(void *context, const struct evidence_custody_record *r, struct err *e)
{
    struct signed_already *s = context;
    struct slice id = json_string(evidence_path(r->root, "details.handover"));
    bool taken = slice_is(r->kind, "handover-received");
    (void)e;
    if (slice_is(r->kind, "handover-given"))
        s->record = 0; /* what was signed before it is of another handover */
    if ((taken || slice_is(r->kind, "handover-refused")) &&
        (!s->handover || slice_is(id, s->handover)) &&
        slice_is(json_string(evidence_path(r->root, "actor.subject")), s->signer)) {
        s->record = r->number;
        s->taken = taken;
        memcpy(s->sha256, r->sha256, sizeof s->sha256);
        snprintf(s->id, sizeof s->id, "%.*s", SLICE_ARG(id));
    }
    return 0;
}

/*
 * It was signed, and then the receipt could not be written: written now, or the giver would wait
 * for ever. 1: done; 0: nothing of this person's was found; -1.
 */
static int write_receipt_again(const char *holder, const struct evidence_receiving *x,
                               const struct evidence_doing *doing,
                               struct evidence_received *received, struct evidence_appended *told,
                               struct err *e)
{
    struct signed_already s = {.handover = x->handover,
                               .signer = evidence_signer_name(doing->person.signer)};
    if (!x->receipt)
        return 0;
    if (evidence_custody_read(holder, look_for_signed, &s, e) != 0)
        return -1;
    if (s.record == 0)
        return 0;
    *told = (struct evidence_appended){.number = s.record};
    memcpy(told->sha256, s.sha256, sizeof told->sha256);
    received->taken = s.taken;
    snprintf(received->handover, sizeof received->handover, "%s", s.id);
    snprintf(received->why, sizeof received->why, "%s", s.taken ? "" : "it was refused before");
    return evidence_receipt_write(holder, s.record, x->receipt, e) == 0 ? 1 : -1;
}

static void write_received(struct json_writer *w, const struct evidence_receiving *x,
                           const struct given *g, const struct evidence_items *items,
                           const char *why)
{
    json_write_object(w);
    json_member_string(w, "handover", g->open->id);
    json_member_string(w, "from", g->open->from);
    evidence_hash_member(w, "given_sha256", g->sha256);
    member(w, "condition", x->condition);
    member(w, "seal_number", x->seal_number);
    json_member_string(w, "result", items->all_same && g->state->sound ? "same" : "changed");
    member(w, "refused_because", x->refuse ? x->refuse : why[0] ? why : NULL);
    evidence_items_write(items, w);
    json_write_object_end(w);
}

static int sign_received(const char *holder, const struct evidence_receiving *x,
                         const struct given *g, struct evidence_doing *doing,
                         struct evidence_received *received, struct evidence_appended *told,
                         struct err *e)
{
    struct json_doc *doc = NULL;
    struct evidence_items items = {0};
    struct json_writer w;
    struct buf details;
    buf_init(&details);
    int result = json_parse(&doc, buf_slice(&g->text), NULL, e);
    if (result == 0)
        result =
            evidence_items_look(holder, evidence_path(json_root(doc), "details.items"), &items, e);
    if (result == 0) {
        received->taken = items.all_same && g->state->sound && !x->refuse;
        if (!items.all_same)
            snprintf(received->why, sizeof received->why, "it is not what was given: %s",
                     items.why);
        else if (!g->state->sound)
            snprintf(received->why, sizeof received->why,
                     "a file is not what the log names: %s: %s", g->state->problems[0].what,
                     g->state->problems[0].text);
        else if (x->refuse)
            snprintf(received->why, sizeof received->why, "%s", x->refuse);
        json_write_init(&w, &details, 0);
        write_received(&w, x, g, &items, received->why);
        result = buf_check(&details, e);
    }
    if (result == 0)
        result = evidence_doing_step(doing, holder, NULL,
                                     received->taken ? "handover-received" : "handover-refused",
                                     buf_slice(&details), told, e);
    json_doc_free(doc);
    evidence_items_fini(&items);
    buf_fini(&details);
    return result;
}

static int refuse_apart(const char *holder, const struct evidence_receiving *receiving,
                        const struct evidence_custody_state *state, struct evidence_doing *doing,
                        struct evidence_received *received, struct err *e)
{
    if (receiving->receipt)
        return evidence_refusal_write(holder, receiving, state, doing, received, e);
    err_set(e, ERR_VERIFY, "custody.unsound", "ISO/IEC 27037 section 6.1",
            "its custody log does not hold together, and is not signed on: %s: %s",
            state->problems[0].what, state->problems[0].text);
    return err_hint(e, "--receipt FOLDER signs a refusal that does not stand in it; "
                       "tocsin evidence custody verify lists all that is wrong");
}

/* The log as it arrived; that there is none is the first thing that is wrong with it. */
static int look_at_log(const char *holder, const char *roots, struct evidence_custody_state *state,
                       struct err *e)
{
    struct err why = {0};
    if (evidence_custody_verify(holder, roots, state, &why) == 0)
        return 0;
    if (why.kind == ERR_NOT_FOUND && evidence_holder_kind(holder) != EVIDENCE_HOLDER_NONE)
        return evidence_state_problem(state, "custody", "", "there is no custody log") == 0
                   ? 0
                   : err_memory(e);
    *e = why;
    return -1;
}

static int receive(const char *holder, const struct evidence_receiving *receiving,
                   const struct evidence_custody_state *state, struct evidence_doing *doing,
                   struct evidence_received *received, struct evidence_appended *told,
                   struct err *e)
{
    struct given given = {.log = state->log, .state = state};
    if (!(given.open = choose(state, receiving->handover, e))) {
        struct err why = {0};
        int again = write_receipt_again(holder, receiving, doing, received, told, &why);
        if (again < 0)
            *e = why;
        if (again > 0)
            err_clear(e); /* there is nothing to complain of */
        return again > 0 ? 0 : -1;
    }
    snprintf(received->handover, sizeof received->handover, "%s", given.open->id);
    buf_init(&given.text);
    int result = evidence_custody_read(holder, keep_given, &given, e);
    if (result == 0)
        result = buf_check(&given.text, e);
    if (result == 0)
        result = sign_received(holder, receiving, &given, doing, received, told, e);
    if (result == 0 && receiving->receipt)
        result = evidence_receipt_write(holder, told->number, receiving->receipt, e);
    buf_fini(&given.text);
    return result;
}

int evidence_handover_receive(const char *holder, const struct evidence_receiving *receiving,
                              struct evidence_doing *doing, struct evidence_received *received,
                              struct evidence_appended *told, struct err *e)
{
    struct evidence_custody_state state;
    *received = (struct evidence_received){0};
    int result = look_at_log(holder, receiving->roots, &state, e);
    if (result == 0)
        result = state.chain_holds ? receive(holder, receiving, &state, doing, received, told, e)
                                   : refuse_apart(holder, receiving, &state, doing, received, e);
    evidence_custody_state_fini(&state);
    return result < 0 ? -1 : 0;
}

static const struct json_value *item_of(const struct json_value *items, struct slice path)
{
    json_each(item, items) if (slice_equal(json_get_string(item, "path"), path)) return item;
    return NULL;
}

/* What was received is what was given: each item, with its hash, and no other. */
static bool same_items(const struct json_value *given, const struct json_value *received)
{
    if (json_count(given) != json_count(received))
        return false;
    json_each(item, given)
    {
        const struct json_value *other = item_of(received, json_get_string(item, "path"));
        if (!other ||
            !slice_equal(json_get_string(other, "sha256"), json_get_string(item, "sha256")))
            return false;
    }
    return true;
}

static int wrong_receipt(struct err *e, const char *why)
{
    return err_set(e, ERR_VERIFY, "custody.receipt", "ISO/IEC 27037 section 6.1", "%s", why);
}

/* Against the record in which it was given. */
static int check_given(const struct evidence_receipt *r, const struct given *g, struct err *e)
{
    const struct json_value *d = json_get(r->record.root, "details");
    struct json_doc *doc = NULL;
    uint8_t hash[SHA256_LEN];
    if (json_get(d, "refused_log"))
        return 0; /* it was not signed on, and need not even have been there */
    if (evidence_hash_parse(json_get_string(d, "given_sha256"), hash) != 0 ||
        memcmp(hash, g->sha256, sizeof hash) != 0)
        return wrong_receipt(e,
                             "the receipt is of another record than the one in which it was given");
    if (slice_is(r->record.kind, "handover-refused"))
        return 0;
    if (!slice_is(json_get_string(d, "result"), "same"))
        return wrong_receipt(e, "the receipt says that it was received, and is not what was given");
    if (json_parse(&doc, buf_slice(&g->text), NULL, e) != 0)
        return -1;
    bool same = same_items(evidence_path(json_root(doc), "details.items"), json_get(d, "items"));
    json_doc_free(doc);
    return same ? 0 : wrong_receipt(e, "the receipt is of other things than those that were given");
}

static int check_receipt(const struct evidence_receipt *r, const struct evidence_custody_state *s,
                         const char *holder, struct err *e)
{
    const struct json_value *d = json_get(r->record.root, "details");
    struct given g = {0};
    struct slice id = json_get_string(d, "handover");
    for (size_t i = 0; i < s->open_count && !g.open; i++)
        if (slice_is(id, s->open[i].id))
            g.open = &s->open[i];
    const struct json_value *refused =
        slice_is(r->record.kind, "handover-refused") ? json_get(d, "refused_log") : NULL;
    struct slice log = json_get_string(refused ? refused : r->record.root, "log");
    bool ours = slice_is(log, s->log) || (refused && log.len == 0);
    if (!g.open || !ours)
        return err_set(e, ERR_VERIFY, "custody.receipt", NULL,
                       "the receipt is of no open handover of %s", s->holder);
    struct err same = {0};
    if (evidence_state_receives(s, &r->record, &same) != 0)
        return wrong_receipt(e, same.text);
    buf_init(&g.text);
    int result = evidence_custody_read(holder, keep_given, &g, e);
    if (result == 0)
        result = buf_check(&g.text, e);
    if (result == 0)
        result = check_given(r, &g, e);
    buf_fini(&g.text);
    return result;
}

/* How it is named in custody/receipts/, by the handover. */
static int name_receipt(struct slice handover, const char *end, char name[RECEIPT_NAME],
                        struct err *e)
{
    if ((size_t)snprintf(name, RECEIPT_NAME, "receipts/%.*s%s", SLICE_ARG(handover), end) >=
            RECEIPT_NAME ||
        handover.len == 0 || handover.data[0] == '.' || memchr(handover.data, '/', handover.len) ||
        memchr(handover.data, 0, handover.len))
        return wrong_receipt(e, "the handover has no name that a file could have");
    return 0;
}

static int write_receipt_details(const struct evidence_receipt *r, const char *text,
                                 const char *signature, bool taken, struct buf *out, struct err *e)
{
    const struct json_value *d = json_get(r->record.root, "details");
    struct json_writer w;
    uint8_t hash[SHA256_LEN];
    if (sha256(buf_slice(&r->signature), hash) != 0)
        return digest_failed(e);
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_slice(&w, "handover", json_get_string(d, "handover"));
    json_member_string(&w, "outcome", taken ? "received" : "refused");
    json_member_slice(&w, "by", json_string(evidence_path(r->record.root, "actor.name")));
    json_member_string(&w, "signed_by", r->subject);
    if (json_get(d, "refused_log"))
        json_member_string(&w, "log_as_it_arrived", "it did not hold together");
    json_member_time(&w, "received_at", r->record.at);
    json_member_string(&w, "receipt", strchr(text, '/') + 1);
    evidence_hash_member(&w, "receipt_sha256", r->record.sha256);
    json_member_string(&w, "signature", strchr(signature, '/') + 1);
    evidence_hash_member(&w, "signature_sha256", hash);
    json_write_object_end(&w);
    return buf_check(out, e);
}

int evidence_handover_receipt(const char *holder, const char *folder, const char *roots,
                              struct evidence_doing *doing, bool *taken,
                              struct evidence_appended *told, struct err *e)
{
    struct evidence_custody_state state;
    struct evidence_receipt receipt;
    struct buf details;
    char text[RECEIPT_NAME], signature[RECEIPT_NAME];
    buf_init(&details);
    int result = evidence_custody_verify(holder, NULL, &state, e);
    evidence_receipt_init(&receipt);
    if (result == 0)
        result = evidence_receipt_read(&receipt, folder, roots, e);
    if (result == 0)
        result = check_receipt(&receipt, &state, holder, e);
    if (result == 0) {
        struct slice handover = json_string(evidence_path(receipt.record.root, "details.handover"));
        *taken = slice_is(receipt.record.kind, "handover-received");
        if (name_receipt(handover, ".json", text, e) != 0 ||
            name_receipt(handover, ".p7s", signature, e) != 0)
            result = -1;
    }
    if (result == 0)
        result = write_receipt_details(&receipt, text, signature, *taken, &details, e);
    if (result == 0) {
        const struct evidence_log_file files[] = {{signature, buf_slice(&receipt.signature)},
                                                  {text, buf_slice(&receipt.text)}};
        doing->receipts = files;
        doing->receipt_count = ARRAY_LEN(files);
        result = evidence_doing_step(doing, holder, NULL, "handover-receipt", buf_slice(&details),
                                     told, e);
        doing->receipts = NULL;
    }
    buf_fini(&details);
    evidence_receipt_fini(&receipt);
    evidence_custody_state_fini(&state);
    return result;
}
