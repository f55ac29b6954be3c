/* SPDX-License-Identifier: Apache-2.0 */
/* What comes down from the centre: deliveries, checkpoints, documents. */
#include "agent/session.h"
#include "agent/home.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/log.h"
#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- deliveries ---- */

static void acknowledge_soon(struct session *s)
{
    const struct agent *a = s->agent;
    bool many = a->state.n - a->state.acked >= SESSION_RECEIPT_BATCH;

    session_want(s, TASK_RECEIPT, many ? 0 : a->config.receipt_delay_ms);
}

static int receive(struct session *s, const struct delivery *d, struct err *e)
{
    int result = agent_receive(s->agent, d, e);

    if (result == 1)
        acknowledge_soon(s);
    return result;
}

int session_delivery(struct session *s, struct slice text, struct err *e)
{
    struct delivery d;
    int result;

    if (delivery_parse(&d, text, e) != 0) {
        state_refused(&s->agent->state, e, clock_now(s->agent->clock));
        return -1;
    }
    result = receive(s, &d, e);
    if (result < 0 && strcmp(e->code, "delivery.origin") == 0)
        session_hint_trust(s);
    delivery_fini(&d);
    return result;
}

/* One answer of /v1/notices: the number of new ones, and whether there are more. */
static long take_list(struct session *s, struct slice text, bool *more, struct err *e)
{
    struct json_limits limits = json_limits_default;
    const struct json_value *list;
    struct json_doc *doc = NULL;
    long fresh = 0;

    limits.bytes = SESSION_LIST_MAX;
    if (json_parse(&doc, text, &limits, e) != 0)
        return -1;
    list = json_get(json_root(doc), "notices");
    *more = json_is(json_get(json_root(doc), "more"), JSON_TRUE);
    if (!json_is(list, JSON_ARRAY))
        fresh = err_set(e, ERR_INPUT, "agent.notices", "docs/formats.md 5",
                        "the centre's list has no \"notices\"");
    json_each(item, list)
    {
        struct delivery d;
        if (fresh < 0)
            break;
        if (delivery_read(&d, item, e) != 0) {
            state_refused(&s->agent->state, e, clock_now(s->agent->clock));
            fresh = -1;
            break;
        }
        int result = receive(s, &d, e);
        fresh = result < 0 ? -1 : fresh + result;
        delivery_fini(&d);
    }
    json_doc_free(doc);
    return fresh;
}

long session_catch_up(struct session *s, struct err *e)
{
    struct http_response r;
    long fresh = 0, got = 1;
    bool more = true;

    http_response_init(&r);
    while (more && got > 0) { /* a list that promises more and brings nothing ends it, too */
        char target[96];
        snprintf(target, sizeof(target), "/v1/notices?after=%llu&limit=%d",
                 (unsigned long long)s->agent->state.n, SESSION_LIST);
        got = centre_get(&s->centre, target, SESSION_LIST_MAX, &r, s->agent->clock, e);
        if (got == 0)
            got = take_list(s, buf_slice(&r.body), &more, e);
        if (got < 0)
            fresh = -1;
        else
            fresh += got;
    }
    http_response_fini(&r);
    return fresh;
}

/* ---- checkpoints ---- */

static int alarm_now(struct session *s, const struct watch *w, struct slice answer,
                     const struct err *why, struct err *e)
{
    struct agent *a = s->agent;
    int64_t now = clock_now(a->clock);
    bool first = !a->state.alarm;

    log_err(LOG_LEVEL_ERROR, "journal.forked", why);
    if (!first)
        return 0;
    if (watch_evidence(w, &a->state, answer, a->home, now, e) != 0)
        return -1;
    state_raise_alarm(&a->state, why, now);
    return agent_save(a, e);
}

/* Whether the journal was consistent could not be found out: asked again with the next one. */
static int not_proven(struct session *s, const struct err *why, struct err *e)
{
    if (session_is_fatal(why)) {
        *e = *why;
        return -1;
    }
    s->failed = true;
    log_err(LOG_LEVEL_WARNING, "checkpoint.not-proven", why);
    return 0;
}

/* The centre cannot show what it once signed: it has lost it. No contradiction yet, but no small
 * thing: it is kept for people, until a longer journal shows whether it is the same. */
static int behind(struct session *s, const struct watch *w, struct err *e)
{
    struct agent *a = s->agent;
    struct err why = {0};

    err_set(&why, ERR_VERIFY, "agent.journal-behind", "RFC 9162 section 2.1.4",
            "the centre shows a head of %llu entries, and cannot show that the head of %llu "
            "entries, which this device has seen, goes on from it: it has lost a part of its "
            "journal",
            (unsigned long long)w->size, (unsigned long long)a->state.checkpoint.size);
    log_err(LOG_LEVEL_ERROR, "journal.behind", &why);
    s->failed = true;
    state_refused(&a->state, &why, clock_now(a->clock));
    return agent_save(a, e);
}

static int prove(struct session *s, const struct watch *w, struct err *e)
{
    struct agent *a = s->agent;
    struct http_response r;
    struct err why = {0};
    char target[96];
    int result;

    snprintf(target, sizeof(target), "/log/consistency?from=%llu&to=%llu",
             (unsigned long long)w->from, (unsigned long long)w->to);
    http_response_init(&r);
    if (centre_get(&s->centre, target, WATCH_ANSWER_MAX, &r, a->clock, &why) != 0)
        result = w->older && s->centre.status >= 400 && !centre_may_retry(&s->centre, &why)
                     ? behind(s, w, e)
                     : not_proven(s, &why, e);
    else if (watch_prove(w, &a->state, buf_slice(&r.body), &why) == 0)
        result = watch_keep(w, &a->state, e) == 0 && agent_save(a, e) == 0 ? 0 : -1;
    else if (why.kind == ERR_VERIFY)
        result = alarm_now(s, w, buf_slice(&r.body), &why, e);
    else
        result = not_proven(s, &why, e);
    http_response_fini(&r);
    return result;
}

int session_checkpoint(struct session *s, struct slice note, struct err *e)
{
    struct agent *a = s->agent;
    struct err why = {0};
    struct watch w;

    switch (watch_see(&w, note, &a->trust, &a->state, &why)) {
    case WATCH_KNOWN: return 0;
    case WATCH_FIRST: return watch_keep(&w, &a->state, e) == 0 ? agent_save(a, e) : -1;
    case WATCH_PROVE: return prove(s, &w, e);
    case WATCH_FORKED: return alarm_now(s, &w, slice_of(NULL, 0), &why, e);
    case WATCH_REFUSED: break;
    }
    s->failed = true;
    state_refused(&a->state, &why, clock_now(a->clock));
    log_err(LOG_LEVEL_ERROR, "checkpoint.refused", &why);
    session_hint_trust(s);
    return why.kind == ERR_MEMORY ? err_memory(e) : 0;
}

int session_fetch_checkpoint(struct session *s, struct err *e)
{
    struct http_response r;
    struct buf note;
    int result = -1;

    http_response_init(&r);
    buf_init(&note);
    if (centre_get(&s->centre, "/log/checkpoint", STATE_NOTE_MAX, &r, s->agent->clock, e) == 0) {
        buf_put_slice(&note, buf_slice(&r.body)); /* proving it takes another request */
        if (buf_check(&note, e) == 0)
            result = session_checkpoint(s, buf_slice(&note), e);
    }
    buf_fini(&note);
    http_response_fini(&r);
    return result;
}

/* ---- documents ---- */

struct download {
    int fd;
    uint64_t size;
    struct sha256_context digest;
};

static int take_run(void *context, struct slice run)
{
    struct download *d = context;

    d->size += run.len;
    if (d->size > DISPATCH_DOCUMENT_MAX || sha256_update(&d->digest, run) != 0)
        return -1;
    return file_write_all(d->fd, run.data, run.len);
}

static int download(struct session *s, const uint8_t hash[32], const char *path, struct err *e)
{
    struct download d = {.fd = -1};
    struct http_request request = {
        .method = "GET", .write_body = take_run, .write_context = &d, .timeout_ms = 10 * 60 * 1000};
    struct http_response r;
    char partial[PATH_MAX], target[128], text[HASH_TEXT];
    uint8_t got[32];
    int result = -1;

    hash_text_format(hash, text);
    snprintf(target, sizeof(target), "/v1/advisories/%s", text);
    request.target = target;
    http_response_init(&r);
    if (sha256_init(&d.digest) != 0) {
        digest_failed(e);
        goto out;
    }
    if (snprintf(partial, sizeof(partial), "%s.new-download", path) >= (int)sizeof(partial)) {
        err_set(e, ERR_USAGE, "agent.home", NULL, "the folder's name is too long");
        goto out;
    }
    d.fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (d.fd < 0) {
        err_errno(e, errno, "agent.home", "cannot write %s", partial);
        goto out;
    }
    if (centre_request(&s->centre, &request, &r, s->agent->clock, e) != 0)
        goto out;
    if (sha256_final(&d.digest, got) != 0) {
        digest_failed(e);
        goto out;
    }
    if (memcmp(got, hash, 32) != 0) {
        err_set(e, ERR_VERIFY, "agent.document", "docs/formats.md 3.1",
                "the advisory that the centre sent has another hash than the notice names");
        goto out;
    }
    if (fsync(d.fd) != 0 || rename(partial, path) != 0) {
        err_errno(e, errno, "agent.home", "cannot write %s", path);
        goto out;
    }
    result = 0;
out:
    if (d.fd >= 0)
        close(d.fd);
    if (result != 0 && d.fd >= 0)
        unlink(partial);
    sha256_fini(&d.digest);
    http_response_fini(&r);
    return result;
}

int session_document(void *context, const uint8_t hash[32])
{
    struct session *s = context;
    char path[PATH_MAX];
    struct err why = {0};

    if (dispatch_document(s->agent, hash, path))
        return 1;
    if (clock_monotonic(s->agent->clock) < s->hold_until)
        return 0;
    if (download(s, hash, path, &why) == 0)
        return 1;
    if (why.kind != ERR_VERIFY && centre_may_retry(&s->centre, &why)) {
        session_hold(s, &why);
        return 0;
    }
    s->failed = true;
    log_err(LOG_LEVEL_ERROR, "document.refused", &why);
    return -1;
}
