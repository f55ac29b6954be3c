/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/offline.h"
#include "agent/dispatch.h"
#include "agent/offline_match.h"
#include "agent/outbox.h"
#include "agent/report.h"
#include "agent/rewind.h"
#include "agent/sources.h"
#include "agent/watch.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/log.h"
#include "base/output.h"

#include <poll.h>
#include <signal.h>

enum { TRUST_MAX = 1 << 20, DELIVERIES_MAX = 256 << 20, CONSISTENCY_MAX = 16 << 20 };

/* ---- trust and journal ---- */

/* A statement that cannot be believed stops nothing by itself: the manifest's signature decides. */
static int follow_trust(struct agent *a, const struct bundle *b, struct err *e)
{
    struct trust offered;
    struct err why = {0};
    struct buf text;
    int result = 0;

    trust_init(&offered);
    buf_init(&text);
    int found = bundle_read(b, "trust.json", TRUST_MAX, &text, &why);
    if (found == 1 &&
        trust_verify(&offered, buf_slice(&text), a->trust.verifier, NULL, agent_now(a), &why) ==
            0 &&
        trust_compare(&a->trust, &offered, &why) == 1)
        result = agent_take_trust(a, &offered, e);
    else if (err_is_set(&why))
        log_err(LOG_LEVEL_WARNING, "trust.not-taken", &why);
    trust_fini(&offered);
    buf_fini(&text);
    return result;
}

static int alarm_now(struct agent *a, const struct watch *w, struct slice answer,
                     const struct err *why, struct err *e)
{
    int64_t now = clock_now(a->clock);

    log_err(LOG_LEVEL_ERROR, "journal.forked", why);
    if (a->state.alarm)
        return 0;
    if (watch_evidence(w, &a->state, answer, a->home, now, e) != 0)
        return -1;
    state_raise_alarm(&a->state, why, now);
    return agent_save(a, e);
}

/* The bundle's line about the two sizes; 1: it was there. */
static int prove(struct agent *a, const struct bundle *b, const struct watch *w, struct err *e)
{
    struct slice rest;
    struct buf lines;
    int result = 0;

    buf_init(&lines);
    if (bundle_read(b, "consistency.jsonl", CONSISTENCY_MAX, &lines, e) < 0)
        result = -1;
    rest = buf_slice(&lines);
    while (result == 0 && rest.len) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t len = end ? (size_t)(end - rest.data) : rest.len;
        struct slice line = slice_of(rest.data, len);
        struct err why = {0};
        if (watch_prove(w, &a->state, line, &why) == 0)
            result = watch_keep(w, &a->state, e) == 0 && agent_save(a, e) == 0 ? 1 : -1;
        else if (why.kind == ERR_VERIFY)
            result = alarm_now(a, w, line, &why, e) == 0 ? 1 : -1;
        size_t taken = end ? len + 1 : len;
        rest = slice_of(rest.data + taken, rest.len - taken);
    }
    buf_fini(&lines);
    return result;
}

static int see_checkpoint(struct agent *a, const struct bundle *b, struct err *e)
{
    struct err why = {0};
    struct watch w;
    int result;

    if (b->checkpoint.len == 0)
        return 0;
    switch (watch_see(&w, b->checkpoint, &a->trust, &a->state, &why)) {
    case WATCH_KNOWN: return 0;
    case WATCH_FIRST: return watch_keep(&w, &a->state, e) == 0 ? agent_save(a, e) : -1;
    case WATCH_FORKED: return alarm_now(a, &w, slice_of(NULL, 0), &why, e);
    case WATCH_PROVE:
        result = prove(a, b, &w, e);
        if (result == 0)
            log_info("checkpoint.not-proven", LOG_I("from", w.from), LOG_I("to", w.to));
        return result < 0 ? -1 : 0;
    case WATCH_REFUSED: break;
    }
    *e = why;
    return err_context(e, "the bundle's checkpoint");
}

/* ---- deliveries and hooks ---- */

/* The centre was restored: where its notice is not the one that we have, the chain goes back. */
static int rejoin(struct agent *a, const struct delivery *d, struct err *e)
{
    uint8_t head[32];
    int same;

    if (d->n > a->state.n) /* all of ours were confirmed, or acknowledged before */
        return rewind_to(a, a->state.n, a->state.head, e);
    if (delivery_verify(d, &a->trust, &a->state, e) != 0 || (same = rewind_same(a, d, e)) < 0)
        return -1;
    if (same)
        return 0;
    return rewind_head(a, d->n - 1, head, e) == 0 ? rewind_to(a, d->n - 1, head, e) : -1;
}

static int take_deliveries(struct agent *a, const struct json_value *list,
                           struct offline_found *found, struct err *e)
{
    bool first = true;

    json_each(item, list)
    {
        struct delivery d;
        if (delivery_read(&d, item, e) != 0)
            return -1;
        if (a->state.rejoin && rejoin(a, &d, e) != 0) {
            delivery_fini(&d);
            return -1;
        }
        /* the chain begins behind the last receipt that the centre has */
        if (first && d.n - 1 <= a->state.n && d.n - 1 > a->state.acked)
            a->state.acked = d.n - 1;
        first = false;
        int result = agent_receive(a, &d, e);
        delivery_fini(&d);
        if (result < 0)
            return -1;
        found->notices += (size_t)result;
    }
    return 0;
}

/* *mine: the bundle has something for this device. */
static int take_chain(struct agent *a, const struct bundle *b, bool *mine,
                      struct offline_found *found, struct err *e)
{
    struct json_limits limits = json_limits_advisory;
    struct json_doc *doc = NULL;
    char name[128];
    struct buf text;
    int result = -1;

    buf_init(&text);
    snprintf(name, sizeof(name), "deliveries/%s.json", a->identity.asset);
    int there = bundle_read(b, name, DELIVERIES_MAX, &text, e);
    *mine = there == 1;
    if (there != 1) {
        result = there;
        goto out;
    }
    limits.bytes = DELIVERIES_MAX;
    if (json_parse(&doc, buf_slice(&text), &limits, e) != 0)
        goto out;
    const struct json_value *root = json_root(doc);
    if (!slice_is(json_get_string(root, "asset"), a->identity.asset) ||
        !json_is(json_get(root, "notices"), JSON_ARRAY))
        err_set(e, ERR_INPUT, "bundle.deliveries", "docs/formats.md 6.1",
                "the deliveries are of another asset, or there is no array of notices");
    else
        result = take_deliveries(a, json_get(root, "notices"), found, e);
out:
    json_doc_free(doc);
    buf_fini(&text);
    return result == 0 ? 0 : err_context(e, "%s", name);
}

struct document_source {
    const struct agent *agent;
    const struct bundle *bundle;
};

/* dispatch's fetch: documents come out of the bundle. */
static int document_from_bundle(void *context, const uint8_t hash[32])
{
    const struct document_source *source = context;
    char name[128] = "advisories/", path[PATH_MAX];
    struct err why = {0};
    struct buf text;
    int result = -1;

    hex_format(hash, 32, name + strlen(name));
    snprintf(name + strlen(name), sizeof(name) - strlen(name), ".json");
    buf_init(&text);
    if (!dispatch_document(source->agent, hash, path) &&
        bundle_read(source->bundle, name, DISPATCH_DOCUMENT_MAX, &text, &why) == 1 &&
        file_write(path, buf_slice(&text), 0600, &why) == 0)
        result = 1;
    if (err_is_set(&why))
        log_err(LOG_LEVEL_ERROR, "document.refused", &why);
    buf_fini(&text);
    return result;
}

/* Every hook ends: by itself, or killed at its deadline. */
static int run_hooks(struct agent *a, const struct bundle *b, struct err *e)
{
    struct document_source source = {.agent = a, .bundle = b};
    struct dispatch dispatch;
    int result;

    signal(SIGPIPE, SIG_IGN);
    if (dispatch_init(&dispatch, a, e) != 0)
        return -1;
    dispatch.fetch = document_from_bundle;
    dispatch.fetch_context = &source;
    while ((result = dispatch_step(&dispatch, NULL, e)) == 0 && !dispatch_idle(&dispatch)) {
        struct pollfd waiting = {.fd = dispatch_fd(&dispatch), .events = POLLIN};
        int wait = dispatch_wait_ms(&dispatch);
        poll(&waiting, 1, wait < 0 || wait > 1000 ? 1000 : wait);
    }
    dispatch_fini(&dispatch);
    return result;
}

/* ---- the answer ---- */

struct answer {
    struct buf text;
    bool any;
    size_t outcomes;
    uint64_t acked;
    const char *home;
};

static void add_envelope(struct answer *answer, struct slice envelope)
{
    if (answer->any)
        buf_putc(&answer->text, ',');
    buf_put_slice(&answer->text, envelope);
    answer->any = true;
}

/* Outcomes that went with an earlier answer, whose receipt the centre has, have arrived. */
static int add_outcome(void *context, const char *name, struct slice envelope, struct err *e)
{
    struct answer *answer = context;

    if (outbox_answered(name) && outbox_number(name) <= answer->acked)
        return outbox_remove(answer->home, name, e);
    add_envelope(answer, envelope);
    answer->outcomes++;
    return 0;
}

static int mark_answered(void *context, const char *name, struct slice envelope, struct err *e)
{
    const struct answer *answer = context;

    (void)envelope;
    return outbox_answered(name) ? 0 : outbox_mark_answered(answer->home, name, e);
}

static int build_answer(struct agent *a, const struct bundle *b, const struct offline_matcher *m,
                        const struct fleet_inventory *inventory, bool mine, struct answer *answer,
                        struct err *e)
{
    struct report_answer say = {.origin = a->trust.origin,
                                .bundle = b->id,
                                .manifest = b->hash,
                                .class = m->class->digest,
                                .results = buf_slice(&m->results)};
    int64_t now = clock_now(a->clock);
    struct buf envelope;
    int result = -1;

    buf_init(&envelope);
    buf_puts(&answer->text, "{\"format\":\"tocsin-answers/v1\",\"envelopes\":[");
    if (report_inventory(&a->identity, inventory, now, &envelope, e) != 0)
        goto out;
    add_envelope(answer, buf_slice(&envelope));
    buf_reset(&envelope);
    if (report_answer(&a->identity, &say, now, &envelope, e) != 0)
        goto out;
    add_envelope(answer, buf_slice(&envelope));
    if (mine && a->state.n > 0 && !a->state.alarm) {
        buf_reset(&envelope);
        if (report_receipt(&a->state, &a->identity, now, &envelope, e) != 0)
            goto out;
        add_envelope(answer, buf_slice(&envelope));
        m->found->receipt = true;
    }
    if (outbox_each(a->home, add_outcome, answer, e) != 0)
        goto out;
    m->found->outcomes = answer->outcomes;
    buf_puts(&answer->text, "]}\n");
    result = buf_check(&answer->text, e);
out:
    buf_fini(&envelope);
    return result;
}

static int write_answer(struct agent *a, const struct bundle *b, const struct offline_matcher *m,
                        const struct fleet_inventory *inventory, bool mine, const char *path,
                        struct err *e)
{
    struct answer answer = {.acked = a->state.acked, .home = a->home};
    int result = -1;

    buf_init(&answer.text);
    if (build_answer(a, b, m, inventory, mine, &answer, e) == 0 &&
        file_write(path, buf_slice(&answer.text), 0644, e) == 0)
        result = outbox_each(a->home, mark_answered, &answer, e);
    buf_fini(&answer.text);
    return result;
}

/* ---- for people ---- */

static void print_head(const struct offline_request *r, const struct agent *a,
                       const struct bundle *b, const struct offline_found *found)
{
    char at[TIME_TEXT];

    if (!r->out || r->json)
        return;
    time_format(b->at, at);
    fprintf(r->out, "bundle %s of %s, signed and whole\ndevice %s: %zu new notice%s\n", b->id, at,
            a->identity.asset, found->notices, found->notices == 1 ? "" : "s");
}

static void print_tail(const struct offline_request *r, const struct agent *a,
                       const struct offline_found *f)
{
    fprintf(r->out,
            "%zu advisories: %zu affected, %zu unknown, %zu under investigation, %zu fixed, "
            "%zu not affected, %zu do not name anything of this device, %zu unreadable\n",
            f->documents, f->affected, f->unknown, f->under_investigation, f->fixed,
            f->not_affected, f->not_listed, f->unreadable);
    if (a->state.alarm) {
        fputs("ALARM: ", r->out);
        offline_print(r->out, slice_str(a->state.alarm_text));
        fputs("; no receipt was signed\n", r->out);
    }
    fprintf(r->out, "answer with%s receipt and %zu outcome%s in %s: carry it back\n",
            f->receipt ? "" : "out", f->outcomes, f->outcomes == 1 ? "" : "s", r->answer);
}

static void print_json(const struct offline_request *r, const struct agent *a,
                       const struct bundle *b, const struct offline_matcher *m)
{
    const struct offline_found *f = m->found;
    struct json_writer w;
    struct buf text;

    buf_init(&text);
    json_write_init(&w, &text, 2);
    json_write_object(&w);
    json_member_string(&w, "bundle", b->id);
    json_member_time(&w, "at", b->at);
    json_member_string(&w, "asset", a->identity.asset);
    json_member_int(&w, "notices", (int64_t)f->notices);
    json_member_int(&w, "documents", (int64_t)f->documents);
    json_member_int(&w, "affected", (int64_t)f->affected);
    json_member_int(&w, "unknown", (int64_t)f->unknown);
    json_member_int(&w, "under_investigation", (int64_t)f->under_investigation);
    json_member_int(&w, "fixed", (int64_t)f->fixed);
    json_member_int(&w, "not_affected", (int64_t)f->not_affected);
    json_member_int(&w, "not_listed", (int64_t)f->not_listed);
    json_member_int(&w, "unreadable", (int64_t)f->unreadable);
    json_member_int(&w, "outcomes", (int64_t)f->outcomes);
    json_member_bool(&w, "receipt", f->receipt);
    json_member_bool(&w, "alarm", a->state.alarm);
    json_write_name(&w, "results");
    json_write_raw(&w, buf_slice(&m->report));
    json_write_object_end(&w);
    output_line(r->out, &text);
    buf_fini(&text);
}

/* ---- all of it ---- */

static int match_and_answer(struct agent *a, const struct bundle *b,
                            const struct offline_request *request, bool mine,
                            struct offline_found *found, struct err *e)
{
    struct offline_matcher m = {.out = request->json ? NULL : request->out, .found = found};
    struct fleet_inventory *inventory = NULL;
    struct fleet_class *class = NULL;
    int result = -1;

    buf_init(&m.results);
    buf_init(&m.report);
    if (sources_read(&inventory, &a->config, e) != 0 ||
        fleet_class_build(&class, inventory, e) != 0)
        goto out;
    m.class = class;
    m.serial = inventory->has_nameplate ? inventory->nameplate.serial : slice_of(NULL, 0);
    if (offline_match(&m, b, e) != 0 ||
        write_answer(a, b, &m, inventory, mine, request->answer, e) != 0)
        goto out;
    if (request->out && request->json)
        print_json(request, a, b, &m);
    else if (request->out)
        print_tail(request, a, found);
    result = 0;
out:
    fleet_class_free(class);
    fleet_inventory_free(inventory);
    buf_fini(&m.results);
    buf_fini(&m.report);
    return result;
}

int offline_apply(struct agent *a, const struct offline_request *request,
                  struct offline_found *found, struct err *e)
{
    struct bundle b;
    bool mine = false;
    int result = -1;

    memset(found, 0, sizeof(*found));
    if (bundle_open(&b, request->bundle, e) != 0 || follow_trust(a, &b, e) != 0)
        goto out;
    if (bundle_verify(&b, a->trust.verifier, e) != 0) {
        err_context(e, "%s", request->bundle);
        goto out;
    }
    if (!state_knows_origin(&a->state, b.origin)) {
        err_set(e, ERR_VERIFY, "bundle.origin", "docs/formats.md 6.1",
                "the bundle is of the journal \"%.*s\", which this device does not know",
                (int)(b.origin.len < 100 ? b.origin.len : 100), (const char *)b.origin.data);
        goto out;
    }
    if (see_checkpoint(a, &b, e) != 0 || take_chain(a, &b, &mine, found, e) != 0 ||
        agent_save(a, e) != 0 || run_hooks(a, &b, e) != 0)
        goto out;
    print_head(request, a, &b, found);
    result = match_and_answer(a, &b, request, mine, found, e);
out:
    bundle_fini(&b);
    return result;
}
