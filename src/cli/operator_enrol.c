/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin operator enrol: EST (RFC 7030) from the command line, for who works from elsewhere. */
#include "agent/est.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/operator.h"
#include "cli/say.h"
#include "crypto/chain.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { TOKEN_MAX = 400, PEM_LIMIT = 1 << 20 };

struct enrolling {
    const char *centre;
    char key_path[PATH_MAX];
    char certificate_path[PATH_MAX];
    struct buf token;
    struct buf anchors_pem;
    struct certificate_list anchors;
    struct certificate_list received; /* in any order, with roots */
    struct certificate_list chain;    /* own certificate first, then issuers */
    struct http_client *client;
    struct key *key;
};

static int missing(const char *option, struct err *e)
{
    return err_set(e, ERR_USAGE, "cli.operands", NULL, "--%s is missing", option);
}

static int read_inputs(const struct cli_args *args, struct enrolling *n, struct err *e)
{
    const char *token = cli_value(args, "token-file");
    const char *ca = cli_value(args, "ca");
    const char *output = cli_value(args, "output");

    n->centre = cli_value(args, "centre");
    if (!n->centre)
        return missing("centre", e);
    if (!token)
        return missing("token-file", e);
    if (!ca)
        return missing("ca", e);
    if (!output)
        return missing("output", e);
    if (strncmp(n->centre, "https://", 8) != 0)
        return err_set(e, ERR_USAGE, "cli.remote", "RFC 7030 section 3.3",
                       "'%s' is no https:// address", n->centre);
    if (snprintf(n->key_path, PATH_MAX, "%s.key", output) >= PATH_MAX ||
        snprintf(n->certificate_path, PATH_MAX, "%s.pem", output) >= PATH_MAX)
        return err_set(e, ERR_USAGE, "cli.path", NULL, "the path is too long");
    if (file_kind(n->certificate_path) != 0)
        return err_set(e, ERR_CONFLICT, "cli.output", NULL, "%s is there already",
                       n->certificate_path);
    if (file_read(token, TOKEN_MAX, &n->token, e) != 0 ||
        file_read(ca, PEM_LIMIT, &n->anchors_pem, e) != 0)
        return -1;
    while (n->token.len && strchr("\r\n ", n->token.data[n->token.len - 1]))
        n->token.len--;
    int found = certificate_list_read_pem(&n->anchors, buf_slice(&n->anchors_pem), e);
    if (found == 0)
        return err_set(e, ERR_INPUT, "cli.anchors", "RFC 7468", "there is no certificate in %s",
                       ca);
    return found < 0 ? err_context(e, "%s", ca) : 0;
}

static int connect(struct enrolling *n, struct err *e)
{
    const struct tls_identity_config trust = {.anchors_pem = buf_slice(&n->anchors_pem)};
    struct http_client_config config = {.url = n->centre, .user_agent = "tocsin/" TOCSIN_VERSION};

    if (tls_identity_new(&config.identity, &trust, e) != 0)
        return -1;
    int result = http_client_new(&n->client, &config, e);
    tls_identity_free(config.identity);
    return result;
}

/* The key stands in its file before anything is asked for; one that is there is used again. */
static int make_key(struct enrolling *n, struct err *e)
{
    struct buf pem;
    int result = -1;

    buf_init_secret(&pem);
    if (file_kind(n->key_path) == 1) {
        if (file_read(n->key_path, KEY_PEM_MAX, &pem, e) == 0)
            n->key = key_from_pem(buf_slice(&pem), NULL, e);
        result = n->key ? 0 : err_context(e, "%s", n->key_path);
    } else {
        n->key = key_generate(KEY_P256, e);
        if (n->key && key_to_pem(n->key, NULL, &pem, e) == 0)
            result = file_create(n->key_path, buf_slice(&pem), 0600, e);
    }
    buf_fini_secret(&pem);
    return result;
}

static bool is_own(const struct enrolling *n, const struct certificate *c)
{
    struct err ignored = {0};
    struct key *key = key_from_spki(c->spki, &ignored);
    bool own = key && key_same(key, n->key);

    key_free(key);
    return own;
}

/* Who issued it, among what was received; a self-signed one ends the chain and is left out. */
static long find_next(const struct enrolling *n, const struct certificate *of)
{
    struct certificate c;
    struct err ignored = {0};

    for (size_t i = 0; i < n->received.count; i++)
        if (certificate_parse(&c, n->received.items[i], &ignored) == 0 &&
            (of ? slice_equal(c.subject, of->issuer) && !slice_equal(c.subject, c.issuer)
                : is_own(n, &c)))
            return (long)i;
    return -1;
}

static int order_chain(struct enrolling *n, struct err *e)
{
    struct certificate c;
    long at = find_next(n, NULL);

    if (at < 0)
        return err_set(e, ERR_VERIFY, "cli.certificate", "RFC 7030 section 4.2.3",
                       "the centre sent no certificate for the key of the request");
    for (unsigned length = 0; at >= 0 && length < 8; length++) {
        if (certificate_list_add(&n->chain, n->received.items[at], e) != 0 ||
            certificate_parse(&c, n->received.items[at], e) != 0)
            return -1;
        at = find_next(n, &c);
    }
    return certificate_verify_chain(n->chain.items[0], n->chain.items + 1, n->chain.count - 1,
                                    n->anchors.items, n->anchors.count, clock_now(&clock_system),
                                    PURPOSE_CLIENT, e);
}

/* The issuers come first: a token that is used up must not wait for anything. */
static int enrol(struct enrolling *n, struct err *e)
{
    int64_t retry_after_ms = -1;
    int status = 0;
    const struct est_request request = {.operation = "simpleenroll",
                                        .key = n->key,
                                        .common_name = "operator",
                                        .user = slice_str("operator"),
                                        .password = buf_slice(&n->token),
                                        .status = &status,
                                        .retry_after_ms = &retry_after_ms,
                                        .now = clock_now(&clock_system)};

    if (est_authorities(n->client, &n->received, e) != 0 ||
        est_enrol(n->client, &request, &n->received, e) != 0)
        return -1;
    return order_chain(n, e);
}

static int store(struct enrolling *n, struct err *e)
{
    struct buf pem;

    buf_init(&pem);
    certificate_list_write_pem(&n->chain, &pem);
    int result =
        buf_check(&pem, e) == 0 ? file_create(n->certificate_path, buf_slice(&pem), 0644, e) : -1;
    buf_fini(&pem);
    return result;
}

int operator_enrol(const struct cli_args *args)
{
    struct enrolling n = {0};
    struct certificate own;
    struct err e = {0};
    int result;

    buf_init_secret(&n.token);
    buf_init(&n.anchors_pem);
    certificate_list_init(&n.anchors);
    certificate_list_init(&n.received);
    certificate_list_init(&n.chain);
    if (read_inputs(args, &n, &e) != 0 || connect(&n, &e) != 0 || make_key(&n, &e) != 0 ||
        enrol(&n, &e) != 0 || store(&n, &e) != 0 ||
        certificate_parse(&own, n.chain.items[0], &e) != 0) {
        result = say_fail(args, &e);
    } else {
        char until[TIME_TEXT];
        time_format(own.not_after, until);
        say_field("Operator", own.common_name);
        say_field("Until", slice_str(until));
        say_field("Certificate", slice_str(n.certificate_path));
        say_field("Key", slice_str(n.key_path));
        result = say_end(args, 0);
    }
    http_client_free(n.client);
    key_free(n.key);
    certificate_list_fini(&n.anchors);
    certificate_list_fini(&n.received);
    certificate_list_fini(&n.chain);
    buf_fini_secret(&n.token);
    buf_fini(&n.anchors_pem);
    return result;
}
