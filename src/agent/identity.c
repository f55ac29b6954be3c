/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/identity.h"
#include "agent/home.h"
#include "base/file.h"
#include "crypto/pem.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void identity_init(struct identity *i)
{
    memset(i, 0, sizeof(*i));
    certificate_list_init(&i->chain);
}

void identity_fini(struct identity *i)
{
    key_free(i->key);
    certificate_list_fini(&i->chain);
    memset(i, 0, sizeof(*i));
}

/* Reads what the first certificate of the chain says. */
static int read_leaf(struct identity *i, struct err *e)
{
    struct key *public_key;
    bool same;

    if (i->chain.count == 0)
        return err_set(e, ERR_INPUT, "agent.identity", NULL, "there is no certificate");
    if (certificate_parse(&i->leaf, i->chain.items[0], e) != 0 ||
        certificate_fingerprint(i->leaf.raw, i->fingerprint, e) != 0)
        return -1;
    public_key = key_from_spki(i->leaf.spki, e);
    if (!public_key)
        return -1;
    same = key_same(public_key, i->key);
    key_free(public_key);
    if (!same)
        return err_set(e, ERR_VERIFY, "agent.identity-key", NULL,
                       "the certificate belongs to another key");
    if (!id_is(i->leaf.common_name, "ast"))
        return err_set(e, ERR_INPUT, "agent.identity-asset", "docs/formats.md 1",
                       "the certificate's common name \"%.*s\" is no asset id",
                       (int)(i->leaf.common_name.len < 64 ? i->leaf.common_name.len : 64),
                       (const char *)i->leaf.common_name.data);
    memcpy(i->asset, i->leaf.common_name.data, i->leaf.common_name.len);
    i->asset[i->leaf.common_name.len] = '\0';
    return 0;
}

/* The certificate among these whose key is ours; -1: none. */
static long find_own(const struct key *key, const struct certificate_list *certificates)
{
    for (size_t k = 0; k < certificates->count; k++) {
        struct err ignored = {0};
        struct certificate c;
        if (certificate_parse(&c, certificates->items[k], &ignored) != 0)
            continue;
        struct key *public_key = key_from_spki(c.spki, &ignored);
        bool same = public_key && key_same(public_key, key);
        key_free(public_key);
        if (same)
            return (long)k;
    }
    return -1;
}

/* Adds behind the last one its issuer, as long as there is one that is not an anchor of its own. */
static int add_issuers(struct identity *i, const struct certificate_list *certificates,
                       struct err *e)
{
    for (size_t depth = 0; depth < 8; depth++) {
        struct certificate last, found;
        bool any = false;
        if (certificate_parse(&last, i->chain.items[i->chain.count - 1], e) != 0)
            return -1;
        for (size_t k = 0; k < certificates->count && !any; k++) {
            struct err ignored = {0};
            any = certificate_parse(&found, certificates->items[k], &ignored) == 0 &&
                  slice_equal(found.subject, last.issuer) &&
                  !slice_equal(found.subject, found.issuer);
        }
        if (!any)
            return 0;
        if (certificate_list_add(&i->chain, found.raw, e) != 0)
            return -1;
    }
    return 0;
}

int identity_take(struct identity *i, struct key *key, const struct certificate_list *certificates,
                  struct chain_verifier *verifier, int64_t now, struct err *e)
{
    long own = find_own(key, certificates);

    identity_init(i);
    i->key = key;
    if (own < 0) {
        err_set(e, ERR_VERIFY, "agent.identity-key", "RFC 7030 section 4.2.3",
                "none of the %zu certificates that the centre sent is for the key of the request",
                certificates->count);
        goto fail;
    }
    if (certificate_list_add(&i->chain, certificates->items[own], e) != 0 ||
        add_issuers(i, certificates, e) != 0 || read_leaf(i, e) != 0)
        goto fail;
    /* roots among what came are left out: one that is not believed would only lead astray */
    if (chain_verify(verifier, i->chain.items[0], i->chain.items + 1, i->chain.count - 1, now,
                     PURPOSE_CLIENT, e) != 0)
        goto fail;
    return 0;
fail:
    identity_fini(i);
    return -1;
}

static struct key *read_key(struct slice pem, struct err *e)
{
    struct slice rest = pem;
    struct buf der, block;
    struct key *key = NULL;

    buf_init(&der);
    buf_init(&block);
    int found = pem_next(&rest, "PRIVATE KEY", &der, e);
    if (found == 0)
        err_set(e, ERR_INPUT, "agent.identity", "RFC 5958", "there is no private key");
    if (found == 1) {
        pem_put(&block, "PRIVATE KEY", buf_slice(&der));
        if (buf_check(&block, e) == 0)
            key = key_from_pem(buf_slice(&block), NULL, e);
    }
    buf_fini_secret(&der);
    buf_fini_secret(&block);
    return key;
}

int identity_parse(struct identity *i, struct slice pem, struct err *e)
{
    identity_init(i);
    i->key = read_key(pem, e);
    if (!i->key || certificate_list_read_pem(&i->chain, pem, e) < 0 || read_leaf(i, e) != 0) {
        identity_fini(i);
        return -1;
    }
    return 0;
}

int identity_load(struct identity *i, const char *home, struct err *e)
{
    char path[PATH_MAX];
    struct buf pem;
    int result = -1;

    identity_init(i);
    if (home_path(home, "identity.pem", path, e) != 0)
        return -1;
    if (file_kind(path) == 0) {
        err_set(e, ERR_NOT_FOUND, "agent.not-enrolled", NULL, "this device is not enrolled: no %s",
                path);
        return err_hint(e, "tocsin-agent enrol --home %s --centre URL --token-file FILE --ca FILE",
                        home);
    }
    buf_init(&pem);
    if (file_read(path, 1024 * 1024, &pem, e) == 0) {
        result = identity_parse(i, buf_slice(&pem), e);
        if (result != 0)
            err_context(e, "%s", path);
    }
    buf_fini_secret(&pem);
    return result;
}

int identity_save(const struct identity *i, const char *home, struct err *e)
{
    char path[PATH_MAX];
    struct buf pem;
    int result = -1;

    buf_init(&pem);
    if (home_path(home, "identity.pem", path, e) == 0 && key_to_pem(i->key, NULL, &pem, e) == 0) {
        certificate_list_write_pem(&i->chain, &pem);
        if (buf_check(&pem, e) == 0)
            result = file_write(path, buf_slice(&pem), 0600, e);
    }
    buf_fini_secret(&pem);
    return result;
}

int64_t identity_renew_at(const struct identity *i, int64_t percent)
{
    int64_t life = i->leaf.not_after - i->leaf.not_before;

    return i->leaf.not_before + life / 100 * percent;
}

struct key *identity_pending_key(const char *home, const char *name, struct err *e)
{
    char path[PATH_MAX];
    struct key *key = NULL;
    struct buf pem;

    if (home_path(home, name, path, e) != 0)
        return NULL;
    buf_init(&pem);
    if (file_kind(path) == 1) {
        if (file_read(path, KEY_PEM_MAX, &pem, e) == 0)
            key = key_from_pem(buf_slice(&pem), NULL, e);
        if (!key)
            err_context(e, "%s", path);
        goto out;
    }
    key = key_generate(KEY_P256, e);
    if (key && (key_to_pem(key, NULL, &pem, e) != 0 || buf_check(&pem, e) != 0 ||
                file_write(path, buf_slice(&pem), 0600, e) != 0)) {
        key_free(key);
        key = NULL;
    }
out:
    buf_fini_secret(&pem);
    return key;
}

int identity_pending_done(const char *home, const char *name, struct err *e)
{
    char path[PATH_MAX];

    if (home_path(home, name, path, e) != 0)
        return -1;
    if (unlink(path) != 0 && errno != ENOENT)
        return err_errno(e, errno, "agent.home", "cannot remove %s", path);
    return 0;
}
