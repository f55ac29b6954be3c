/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "evidence/seal/roots.h"
#include "evidence/seal/seal_internal.h"
#include "net/fetch.h"

#include <inttypes.h>
#include <stdio.h>

enum { ANSWER_MS = 30000, SECOND = 1000000 };

/* One question to one authority. */
struct asked {
    struct evidence_stamp_wish wish;
    struct buf request, answer;
    struct slice token; /* in answer */
    struct evidence_stamp stamp;
    int64_t sent, got, took; /* by this machine's clocks: wall, wall, monotonic */
};

static int ask(const struct evidence_stamping *s, const char *url, struct asked *a, struct err *e)
{
    struct net_fetch fetch = {.url = url,
                              .content_type = "application/timestamp-query",
                              .anchors = s->tls_anchors,
                              .inside = true, /* who seals names the authority, not a stranger */
                              .most = STAMP_ANSWER_MOST,
                              .ms = s->ms ? s->ms : ANSWER_MS};
    buf_reset(&a->request);
    buf_reset(&a->answer);
    if (random_fill(&random_system, a->wish.nonce, sizeof a->wish.nonce, e) != 0)
        return -1;
    a->wish.nonce[0] &= 0x7f;
    a->wish.policy = s->policy;
    if (evidence_stamp_request(&a->wish, &a->request, e) != 0)
        return -1;
    fetch.body = buf_slice(&a->request);
    a->sent = clock_now(&clock_system);
    int64_t begun = clock_monotonic(&clock_system);
    int result = net_fetch(&fetch, &a->answer, e);
    a->took = clock_monotonic(&clock_system) - begun;
    a->got = clock_now(&clock_system);
    if (result != 0 || evidence_stamp_token(buf_slice(&a->answer), &a->token, e) != 0)
        return -1;
    return evidence_stamp_check(a->token, a->wish.stamped, &a->wish, s->roots, &a->stamp, e);
}

/* ISO/IEC 27037 section 7.1.3: this clock against one that others vouch for. */
static void compare_clocks(const struct asked *a, struct evidence_sealed *sealed)
{
    int64_t unsaid = a->stamp.at % SECOND ? 1000 : SECOND; /* of what a time without digits has */
    int64_t accuracy = a->stamp.has_accuracy ? (int64_t)a->stamp.accuracy : unsaid;
    sealed->clock_offset = a->sent + (a->got - a->sent) / 2 - a->stamp.at;
    sealed->clock_uncertainty = a->took / 2 + accuracy;
}

static void write_clocks(struct json_writer *w, const struct asked *a,
                         const struct evidence_sealed *sealed)
{
    json_write_name(w, "clock");
    json_write_object(w);
    json_member_string(w, "source", "CLOCK_REALTIME of the machine that asked");
    json_member_time(w, "asked_at", a->sent);
    json_member_time(w, "answered_at", a->got);
    json_member_int(w, "took_us_by_monotonic_clock", a->took);
    json_member_string(w, "reference", "the time-stamp");
    json_member_int(w, "offset_us", sealed->clock_offset);
    json_member_int(w, "uncertainty_us", sealed->clock_uncertainty);
    json_write_object_end(w);
}

static void write_stamp(struct json_writer *w, const struct evidence_stamp *s)
{
    json_member_time(w, "time", s->at);
    if (s->has_accuracy)
        json_member_int(w, "accuracy_us", (int64_t)s->accuracy);
    json_member_string(w, "policy", s->policy);
    json_member_string(w, "serial", s->serial);
    json_member_string(w, "authority", s->authority);
    json_member_hex(w, "authority_certificate_sha256",
                    slice_of(s->certificate_sha256, sizeof s->certificate_sha256));
    json_member_bool(w, "authority_chain_checked", s->chain_checked);
}

static int write_files(struct json_writer *w, const char *folder, const char *seal,
                       struct slice response, struct err *e)
{
    static const char *const files[] = {"chain.pem", "seal.json", "seal.p7s", "tsa.pem"};
    uint8_t hash[SHA256_LEN];
    struct arena arena;
    const char **names;
    char below[SEAL_NAME + 16], name[128];
    size_t count;
    int result = 0;
    json_write_name(w, "files");
    json_write_object(w);
    for (size_t i = 0; i < ARRAY_LEN(files) && result == 0; i++)
        result = evidence_seal_put_hash(w, folder, seal, files[i], e);
    if (result == 0 && (result = sha256(response, hash)) != 0)
        digest_failed(e);
    json_member_hex(w, "seal.tsr", slice_of(hash, sizeof hash));
    arena_init(&arena, 0);
    snprintf(below, sizeof below, "%s/revocation", seal);
    if (result == 0)
        result = evidence_folder_list(folder, below, &arena, &names, &count, e);
    for (size_t i = 0; result == 0 && i < count; i++) {
        snprintf(name, sizeof name, "revocation/%s", names[i]);
        result = evidence_seal_put_hash(w, folder, seal, name, e);
    }
    arena_fini(&arena);
    json_write_object_end(w);
    return result;
}

static int keep(const struct evidence_seal_options *o, const char *seal, const struct asked *a,
                struct evidence_sealed *sealed, struct err *e)
{
    struct buf response, chain, text;
    struct json_writer w;
    buf_init(&response);
    buf_init(&chain);
    buf_init(&text);
    evidence_stamp_answer(a->token, &response);
    int result = buf_check(&response, e);
    if (result == 0)
        result = evidence_stamp_chain(a->token, &chain, e);
    if (result == 0)
        result = evidence_seal_write(o->folder, seal, "tsa.pem", buf_slice(&chain), e);
    if (result == 0)
        result = evidence_revocation_keep(o, seal, a->token, sealed, e);
    if (result == 0) {
        json_write_init(&w, &text, 2);
        json_write_object(&w);
        json_member_string(&w, "format", STAMP_FORMAT);
        evidence_seal_write_person(&w, o->doing);
        write_stamp(&w, &a->stamp);
        json_member_string(&w, "asked", sealed->authority_url);
        write_clocks(&w, a, sealed);
        if (sealed->revocation_why[0])
            json_member_string(&w, "revocation_not_kept", sealed->revocation_why);
        result = write_files(&w, o->folder, seal, buf_slice(&response), e);
        json_write_object_end(&w);
        buf_putc(&text, '\n');
    }
    if (result == 0)
        result = buf_check(&text, e);
    if (result == 0)
        result = evidence_seal_sign(o, seal, "stamp", buf_slice(&text), e);
    if (result == 0) /* last: with it, the seal has its time-stamp */
        result = evidence_seal_write(o->folder, seal, "seal.tsr", buf_slice(&response), e);
    buf_fini(&response);
    buf_fini(&chain);
    buf_fini(&text);
    return result;
}

/* Why an authority gave none; that memory or our own files failed is another thing. */
static int attempt_failed(struct evidence_sealed *sealed, const char *url, struct err *why,
                          struct err *e)
{
    if (why->kind == ERR_MEMORY || why->kind == ERR_USAGE || why->kind == ERR_SYSTEM) {
        *e = *why;
        return -1;
    }
    if (sealed->attempt_count < EVIDENCE_ATTEMPTS) {
        size_t at = sealed->attempt_count++;
        snprintf(sealed->attempts[at].url, sizeof sealed->attempts[at].url, "%s", url);
        snprintf(sealed->attempts[at].why, sizeof sealed->attempts[at].why, "%s", why->text);
    }
    err_clear(why);
    return 0;
}

int evidence_stamping_check(const struct evidence_stamping *s, struct err *e)
{
    const struct evidence_stamp_wish wish = {.policy = s->policy};
    const char *const files[] = {s->roots, s->tls_anchors};
    struct certificate_list list;
    struct buf request;
    int result = 0;
    buf_init(&request);
    certificate_list_init(&list);
    for (size_t i = 0; i < ARRAY_LEN(files) && result == 0; i++)
        if (files[i])
            result = evidence_roots_read(files[i], &list, e);
    if (result == 0)
        result = evidence_stamp_request(&wish, &request, e);
    for (const char *const *url = s->urls; url && *url && result == 0; url++)
        result = net_fetch_check_url(*url, e);
    for (const char *const *path = s->revocation; path && *path && result == 0; path++)
        result = evidence_revocation_check(*path, e);
    certificate_list_fini(&list);
    buf_fini(&request);
    return result;
}

int evidence_stamp_seal(const struct evidence_seal_options *o, const char *seal,
                        struct evidence_sealed *sealed, struct err *e)
{
    const struct evidence_stamping *s = &o->stamping;
    struct buf signature;
    struct asked a = {0};
    int result = 0;
    if (!s->urls || !s->urls[0])
        return 0;
    buf_init(&signature);
    buf_init(&a.request);
    buf_init(&a.answer);
    if (evidence_seal_read(o->folder, seal, "seal.p7s", &signature, e) != 0)
        result = err_context(e, "%s/seal.p7s", seal);
    a.wish.stamped = buf_slice(&signature);
    for (const char *const *url = s->urls; result == 0 && *url && !sealed->stamped; url++) {
        struct err why = {0};
        if (ask(s, *url, &a, &why) != 0) {
            result = attempt_failed(sealed, *url, &why, e);
            continue;
        }
        snprintf(sealed->authority_url, sizeof sealed->authority_url, "%s", *url);
        compare_clocks(&a, sealed);
        result = keep(o, seal, &a, sealed, e);
        sealed->stamped = result == 0;
        sealed->stamp = a.stamp;
    }
    buf_fini(&signature);
    buf_fini(&a.request);
    buf_fini(&a.answer);
    return result;
}
