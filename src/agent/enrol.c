/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/enrol.h"
#include "agent/est.h"
#include "agent/home.h"
#include "base/encoding.h"
#include "base/file.h"

#include <stdio.h>
#include <unistd.h>

enum { TRUST_ANSWER_MAX = 1 << 20 };

/* ---- the anchor ---- */

/* A fingerprint as people write it; false: it is none. */
static bool read_fingerprint(struct slice text, uint8_t out[32])
{
    char digits[65];
    size_t count = 0;

    if (text.len > 7 && memcmp(text.data, "sha256:", 7) == 0)
        text = slice_of(text.data + 7, text.len - 7);
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(": \t\r\n", text.data[i]))
            continue;
        if (count == 64)
            return false;
        digits[count++] = (char)text.data[i];
    }
    return count == 64 && hex_parse(slice_of(digits, 64), out, 32) == 0;
}

static int new_client(struct http_client **client, const struct enrol_request *request,
                      const struct certificate_list *anchors, struct err *e)
{
    struct http_client_config config = {.url = request->centre,
                                        .server_name = request->server_name,
                                        .insecure = anchors == NULL,
                                        .user_agent = "tocsin-agent/" TOCSIN_VERSION};
    struct tls_identity_config identity = {.generation = 0};
    struct buf pem;
    int result = -1;

    if (strncmp(request->centre, "https://", 8) != 0)
        return err_set(e, ERR_USAGE, "enrol.centre", "RFC 7030 section 3.3",
                       "the enrol door is reached by https only, not \"%.200s\"", request->centre);
    buf_init(&pem);
    if (anchors)
        certificate_list_write_pem(anchors, &pem);
    identity.anchors_pem = buf_slice(&pem);
    if (buf_check(&pem, e) == 0 && tls_identity_new(&config.identity, &identity, e) == 0) {
        result = http_client_new(client, &config, e);
        tls_identity_free(config.identity);
    }
    buf_fini(&pem);
    return result;
}

/* RFC 7030 section 4.1.1: a root found by its fingerprint over a connection not yet believed. */
static int find_anchor(const struct enrol_request *request, const uint8_t wanted[32],
                       struct certificate_list *anchors, struct err *e)
{
    struct certificate_list offered;
    struct http_client *client = NULL;
    int result = -1;

    certificate_list_init(&offered);
    if (new_client(&client, request, NULL, e) != 0 || est_authorities(client, &offered, e) != 0)
        goto out;
    for (size_t i = 0; i < offered.count; i++) {
        uint8_t fingerprint[32];
        if (certificate_fingerprint(offered.items[i], fingerprint, e) != 0)
            goto out;
        if (memcmp(fingerprint, wanted, 32) == 0) {
            result = certificate_list_add(anchors, offered.items[i], e);
            goto out;
        }
    }
    err_set(e, ERR_VERIFY, "enrol.anchor", "RFC 7030 section 4.1.1",
            "the centre shows %zu certificates, none with the fingerprint that was given",
            offered.count);
    err_hint(e, "compare with what \"tocsin status\" prints at the centre");
out:
    http_client_free(client);
    certificate_list_fini(&offered);
    return result;
}

static int read_anchor(const struct enrol_request *request, struct certificate_list *anchors,
                       struct err *e)
{
    uint8_t fingerprint[32];

    if (read_fingerprint(request->anchor, fingerprint))
        return find_anchor(request, fingerprint, anchors, e);
    int found = certificate_list_read_pem(anchors, request->anchor, e);
    if (found > 0)
        return 0;
    if (found == 0)
        err_set(e, ERR_USAGE, "enrol.anchor", NULL,
                "the trust anchor is neither a PEM certificate nor a SHA-256 fingerprint");
    return -1;
}

/* ---- enrolment ---- */

static int get_trust(struct http_client *client, struct chain_verifier *verifier, int64_t now,
                     struct trust *trust, struct err *e)
{
    struct http_request request = {
        .method = "GET", .target = "/v1/trust", .response_limit = TRUST_ANSWER_MAX};
    struct http_response r;
    int result = -1;

    http_response_init(&r);
    if (http_client_request(client, &request, &r, e) == 0)
        result = r.status == 200 ? trust_verify(trust, buf_slice(&r.body), verifier, NULL, now, e)
                                 : http_client_problem(&r, e);
    http_response_fini(&r);
    return result;
}

static int get_certificate(struct http_client *client, const struct enrol_request *request,
                           struct chain_verifier *verifier, struct identity *identity,
                           struct err *e)
{
    int64_t retry_after_ms = -1;
    int status = 0;
    struct key *key = identity_pending_key(request->home, "enrol.key", e);
    struct est_request est = {.operation = "simpleenroll",
                              .key = key,
                              .common_name = "device",
                              .user = slice_str("device"),
                              .password = request->token,
                              .status = &status,
                              .retry_after_ms = &retry_after_ms,
                              .now = clock_now(request->clock)};
    struct certificate_list list;
    int result = -1;

    if (!key)
        return -1;
    certificate_list_init(&list);
    /* The answer holds the new certificate alone (RFC 7030 section 4.2.3): its issuers stand in
     * /cacerts. They come first: a token that is used up must not wait for anything. */
    if (est_authorities(client, &list, e) != 0 || est_enrol(client, &est, &list, e) != 0)
        key_free(key);
    else /* takes the key, also when it fails */
        result = identity_take(identity, key, &list, verifier, est.now, e);
    certificate_list_fini(&list);
    if (retry_after_ms >= 0)
        err_hint(e, "try again in %lld seconds", (long long)(retry_after_ms / 1000 + 1));
    return result;
}

static int write_config(const struct enrol_request *request, struct err *e)
{
    struct agent_config defaults;
    char path[PATH_MAX];
    struct buf text;
    int result = -1;

    if (home_path(request->home, "agent.conf", path, e) != 0)
        return -1;
    if (file_kind(path) != 0)
        return 0;
    agent_config_init(&defaults);
    buf_init(&text);
    agent_config_write(request->config ? request->config : &defaults, &text);
    if (buf_check(&text, e) == 0)
        result = file_write(path, buf_slice(&text), 0600, e);
    buf_fini(&text);
    return result;
}

/* identity.pem last: it is what makes the folder an enrolled one. */
static int store(const struct enrol_request *request, const struct identity *identity,
                 const struct trust *trust, struct err *e)
{
    struct state state;
    int result = -1;

    if (state_init(&state, identity->asset, e) != 0)
        return -1;
    if (state_add_origin(&state, slice_str(trust->origin), e) == 0 &&
        write_config(request, e) == 0 && trust_save(trust, request->home, e) == 0 &&
        state_save(&state, request->home, e) == 0 && identity_save(identity, request->home, e) == 0)
        result = identity_pending_done(request->home, "enrol.key", e);
    state_fini(&state);
    return result;
}

static int check_fresh(const char *home, struct err *e)
{
    char path[PATH_MAX];

    if (home_path(home, "identity.pem", path, e) != 0)
        return -1;
    if (file_kind(path) == 0)
        return 0;
    err_set(e, ERR_CONFLICT, "agent.enrolled", NULL, "%.200s is enrolled already", home);
    return err_hint(e, "use another --home, or move this one away");
}

int enrol(const struct enrol_request *request, char asset[ID_TEXT], struct err *e)
{
    struct chain_verifier *verifier = NULL;
    struct http_client *client = NULL;
    struct certificate_list anchors;
    struct identity identity;
    struct trust trust;
    int lock = -1, result = -1;

    certificate_list_init(&anchors);
    identity_init(&identity);
    trust_init(&trust);
    if (home_prepare(request->home, e) != 0 || home_lock(request->home, &lock, e) != 0 ||
        check_fresh(request->home, e) != 0 || read_anchor(request, &anchors, e) != 0)
        goto out;
    verifier = chain_verifier_new(anchors.items, anchors.count, e);
    if (!verifier || new_client(&client, request, &anchors, e) != 0)
        goto out;
    /* The trust statement first: whoever cannot show one gets no token. */
    if (get_trust(client, verifier, clock_now(request->clock), &trust, e) != 0 ||
        get_certificate(client, request, verifier, &identity, e) != 0 ||
        store(request, &identity, &trust, e) != 0)
        goto out;
    snprintf(asset, ID_TEXT, "%s", identity.asset);
    result = 0;
out:
    trust_fini(&trust);
    identity_fini(&identity);
    http_client_free(client);
    chain_verifier_free(verifier);
    certificate_list_fini(&anchors);
    if (lock >= 0)
        close(lock);
    return result;
}

/* ---- later ---- */

int enrol_renew(struct agent *a, struct centre *c, struct err *e)
{
    struct key *key = identity_pending_key(a->home, "renew.key", e);
    struct est_request est = {.operation = "simplereenroll",
                              .key = key,
                              .subject = a->identity.leaf.subject,
                              .status = &c->status,
                              .retry_after_ms = &c->retry_after_ms,
                              .now = clock_now(a->clock)};
    struct certificate_list list;
    struct identity renewed;
    int result = -1;

    if (!key)
        return -1;
    c->status = 0;
    certificate_list_init(&list);
    if (est_authorities(c->requests, &list, e) != 0 ||
        est_enrol(c->requests, &est, &list, e) != 0) {
        key_free(key);
        goto out;
    }
    if (identity_take(&renewed, key, &list, a->trust.verifier, agent_now(a), e) != 0)
        goto out;
    if (strcmp(renewed.asset, a->identity.asset) != 0) {
        err_set(e, ERR_VERIFY, "agent.renewed-other", "RFC 7030 section 4.2.2",
                "the new certificate is for asset %s, this device is %s", renewed.asset,
                a->identity.asset);
        identity_fini(&renewed);
        goto out;
    }
    if (identity_save(&renewed, a->home, e) != 0) {
        identity_fini(&renewed);
        goto out;
    }
    identity_fini(&a->identity);
    a->identity = renewed;
    if (identity_pending_done(a->home, "renew.key", e) == 0 && centre_change_identity(c, a, e) == 0)
        result = 1;
out:
    certificate_list_fini(&list);
    return result;
}

static int believe(struct agent *a, struct centre *c, struct slice text, struct trust *offered,
                   struct err *e)
{
    struct certificate_list links;
    struct err first = {0};
    int result = -1;

    if (trust_verify(offered, text, a->trust.verifier, NULL, agent_now(a), &first) == 0)
        return 0;
    if (first.kind != ERR_VERIFY) {
        *e = first;
        return -1;
    }
    certificate_list_init(&links);
    if (est_authorities(c->requests, &links, e) == 0)
        result = trust_verify(offered, text, a->trust.verifier, &links, agent_now(a), e);
    certificate_list_fini(&links);
    return result;
}

int enrol_follow_trust(struct agent *a, struct centre *c, struct err *e)
{
    struct http_response r;
    struct trust offered;
    struct buf text;
    uint8_t hash[32];
    int result = -1;

    trust_init(&offered);
    buf_init(&text);
    http_response_init(&r);
    if (centre_get(c, "/v1/trust", TRUST_ANSWER_MAX, &r, a->clock, e) != 0)
        goto out;
    buf_put_slice(&text, buf_slice(&r.body)); /* believe() may ask again over this client */
    if (buf_check(&text, e) != 0 || envelope_hash(buf_slice(&text), hash, e) != 0)
        goto out;
    if (memcmp(hash, a->trust.hash, 32) == 0) {
        result = 0;
        goto out;
    }
    if (believe(a, c, buf_slice(&text), &offered, e) != 0)
        goto out;
    result = trust_compare(&a->trust, &offered, e);
    if (result == 1 &&
        (agent_take_trust(a, &offered, e) != 0 || centre_change_identity(c, a, e) != 0))
        result = -1;
out:
    trust_fini(&offered);
    buf_fini(&text);
    http_response_fini(&r);
    return result;
}
