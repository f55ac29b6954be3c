/* SPDX-License-Identifier: Apache-2.0 */
/* One key's two files: keys/NAME.key (sealed) and keys/NAME.json (what it is for). */
#include "signer/vault.h"
#include "crypto/merkle.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

#include <limits.h>
#include <stdio.h>

#define KEY_FORMAT "tocsin-signer-key/v1"

static const char *const purpose_names[] = {
    [SIGNER_ROOT_CA] = "root-ca", [SIGNER_ISSUING_CA] = "issuing-ca",
    [SIGNER_JOURNAL] = "journal", [SIGNER_PUBLICATION] = "publication",
    [SIGNER_WITNESS] = "witness",
};

const char *signer_purpose_name(enum signer_purpose purpose)
{
    return purpose >= SIGNER_ROOT_CA && purpose <= SIGNER_WITNESS ? purpose_names[purpose]
                                                                  : "nothing";
}

bool vault_name_is(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && i > 0)))
            return false;
    }
    return name.len > 0 && name.len <= SIGNER_NAME_MAX;
}

static void key_path(const struct vault *v, const char *name, const char *ending,
                     char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/keys/%s.%s", v->folder, name, ending);
}

void vault_key_free(struct vault_key *key)
{
    if (!key)
        return;
    key_free(key->key);
    buf_fini(&key->spki);
    buf_fini(&key->certificate);
    mem_free(key->logs);
    pthread_mutex_destroy(&key->turn);
    mem_free(key);
}

static struct vault_key *new_key(struct slice name, struct err *e)
{
    struct vault_key *key = mem_new(1, sizeof(*key));

    if (!key) {
        err_memory(e);
        return NULL;
    }
    memcpy(key->name, name.data, name.len);
    pthread_mutex_init(&key->turn, NULL);
    buf_init(&key->spki);
    buf_init(&key->certificate);
    return key;
}

static int damaged(struct err *e, const char *path)
{
    err_set(e, ERR_INPUT, "signer.key-file", NULL, "%s is not a key's description", path);
    return err_hint(e, "put it back from a backup of the signer's folder");
}

static int read_description(struct vault_key *key, const struct json_value *root, const char *path,
                            struct err *e)
{
    struct slice purpose = json_get_string(root, "purpose");
    struct slice certificate = json_get_string(root, "certificate");
    struct certificate parsed;

    if (!slice_is(json_get_string(root, "format"), KEY_FORMAT) ||
        !slice_is(json_get_string(root, "name"), key->name))
        return damaged(e, path);
    for (unsigned i = SIGNER_ROOT_CA; i <= SIGNER_WITNESS; i++)
        if (slice_is(purpose, purpose_names[i]))
            key->purpose = (enum signer_purpose)i;
    key->kind = key_kind_parse(json_get_string(root, "kind"));
    if (!key->purpose || key->kind == KEY_NONE ||
        base64_parse(json_get_string(root, "spki"), &key->spki) != 0)
        return buf_check(&key->spki, e) == 0 ? damaged(e, path) : -1;
    if (certificate.data && (base64_parse(certificate, &key->certificate) != 0 ||
                             certificate_parse(&parsed, buf_slice(&key->certificate), e) != 0 ||
                             !slice_equal(parsed.spki, buf_slice(&key->spki))))
        return buf_check(&key->certificate, e) == 0 ? damaged(e, path) : -1;
    return 0;
}

struct vault_key *vault_key_load(struct vault *v, struct slice name, struct err *e)
{
    char path[PATH_MAX];
    struct json_doc *doc = NULL;
    struct buf text;
    struct vault_key *key = new_key(name, e);
    int result = -1;

    buf_init(&text);
    if (key) {
        key_path(v, key->name, "json", path);
        if (file_read(path, VAULT_FILE_MAX, &text, e) == 0 &&
            json_parse(&doc, buf_slice(&text), NULL, e) == 0)
            result = read_description(key, json_root(doc), path, e);
    }
    json_doc_free(doc);
    buf_fini(&text);
    if (result == 0)
        return key;
    vault_key_free(key);
    return NULL;
}

int vault_key_open(struct vault *v, struct vault_key *key, struct slice passphrase, struct err *e)
{
    char path[PATH_MAX];
    struct key *opened = NULL;
    struct buf pem, spki;
    int result = -1;

    buf_init(&pem);
    buf_init(&spki);
    key_path(v, key->name, "key", path);
    if (file_read(path, KEY_PEM_MAX, &pem, e) != 0)
        goto out;
    opened = key_from_pem(buf_slice(&pem), &passphrase, e);
    if (!opened || key_to_spki(opened, &spki, e) != 0)
        goto out;
    if (!slice_equal(buf_slice(&spki), buf_slice(&key->spki))) {
        err_set(e, ERR_INPUT, "signer.key-file", NULL,
                "%s is not the key that its description says", path);
        goto out;
    }
    key->key = key_ref(opened);
    result = 0;
out:
    key_free(opened);
    buf_fini_secret(&pem);
    buf_fini(&spki);
    if (result != 0)
        err_context(e, "%s", key->name);
    return result;
}

static int write_description(struct vault *v, const struct vault_key *key, struct slice certificate,
                             struct err *e)
{
    char path[PATH_MAX];
    struct json_writer w;
    struct buf text;
    int result = -1;

    buf_init(&text);
    json_write_init(&w, &text, 2);
    json_write_object(&w);
    json_member_string(&w, "format", KEY_FORMAT);
    json_member_string(&w, "name", key->name);
    json_member_string(&w, "purpose", signer_purpose_name(key->purpose));
    json_member_string(&w, "kind", key_kind_name(key->kind));
    json_member_base64(&w, "spki", buf_slice(&key->spki));
    if (certificate.len)
        json_member_base64(&w, "certificate", certificate);
    json_write_object_end(&w);
    buf_putc(&text, '\n');
    key_path(v, key->name, "json", path);
    if (buf_check(&text, e) == 0)
        result = file_write(path, buf_slice(&text), 0600, e);
    buf_fini(&text);
    return result;
}

int vault_keep_certificate(struct vault *v, struct vault_key *key, struct slice der, struct err *e)
{
    struct buf copy;

    buf_init(&copy);
    buf_put_slice(&copy, der);
    if (buf_check(&copy, e) != 0 || write_description(v, key, der, e) != 0) {
        buf_fini(&copy);
        return -1;
    }
    buf_fini(&key->certificate);
    key->certificate = copy;
    return 0;
}

static int check_kind(enum signer_purpose purpose, enum key_kind kind, struct err *e)
{
    bool fits = false;

    switch (purpose) {
    case SIGNER_ROOT_CA:
    case SIGNER_ISSUING_CA: fits = kind == KEY_P256 || kind == KEY_P384 || kind == KEY_RSA; break;
    case SIGNER_JOURNAL:
    case SIGNER_WITNESS: fits = kind == KEY_ED25519; break;
    case SIGNER_PUBLICATION: fits = kind == KEY_P256; break;
    }
    if (fits)
        return 0;
    return err_set(e, ERR_USAGE, "signer.key-kind", NULL, "a key for %s cannot be of the kind %s",
                   signer_purpose_name(purpose), key_kind_name(kind));
}

static int write_key(struct vault *v, const struct vault_key *key, struct err *e)
{
    struct slice passphrase = buf_slice(&v->passphrase);
    char path[PATH_MAX];
    struct buf pem;
    int result = -1;

    buf_init(&pem);
    key_path(v, key->name, "key", path);
    if (key_to_pem(key->key, &passphrase, &pem, e) == 0)
        result = file_write(path, buf_slice(&pem), 0600, e);
    buf_fini_secret(&pem);
    return result;
}

int vault_generate(struct vault *v, struct slice name, enum signer_purpose purpose,
                   enum key_kind kind, struct slice origin, struct vault_key **made, struct err *e)
{
    struct err unknown = {0};
    struct vault_log log = {0};
    struct vault_key *key = NULL;

    if (!vault_name_is(name))
        return err_set(e, ERR_USAGE, "signer.key-name", NULL,
                       "a key's name is 1 to %d of a-z, 0-9 and '-'", SIGNER_NAME_MAX);
    if (check_kind(purpose, kind, e) != 0)
        return -1;
    if (vault_find(v, name, &unknown))
        return err_set(e, ERR_CONFLICT, "signer.key-exists", NULL, "there is a key %.*s already",
                       SLICE_ARG(name));
    if (v->locked) {
        err_set(e, ERR_UNAVAILABLE, "signer.locked", NULL, "the signer is locked");
        return err_hint(e, "unlock it with: tocsin signer unlock");
    }
    if (v->count == VAULT_KEYS_MAX)
        return err_set(e, ERR_LIMIT, "signer.keys", NULL, "more than %d keys", VAULT_KEYS_MAX);
    if ((purpose == SIGNER_JOURNAL) != (origin.len > 0))
        return err_set(e, ERR_USAGE, "signer.origin", NULL,
                       "a journal key has an origin, and no other key has");
    key = new_key(name, e);
    if (!key)
        return -1;
    key->purpose = purpose;
    key->kind = kind;
    key->key = key_generate(kind, e);
    if (!key->key || key_to_spki(key->key, &key->spki, e) != 0)
        goto fail;
    if (purpose == SIGNER_JOURNAL) {
        if (!note_name_is(origin) || origin.len > SIGNER_ORIGIN_MAX) {
            err_set(e, ERR_USAGE, "signer.origin", "C2SP tlog-checkpoint",
                    "not an origin: 1 to %d bytes without space, '+' or control characters",
                    SIGNER_ORIGIN_MAX);
            goto fail;
        }
        memcpy(log.origin, origin.data, origin.len);
        if (merkle_empty_root(log.head.root) != 0) {
            digest_failed(e);
            goto fail;
        }
        if (vault_log_add(v, key, &log, e) != 0)
            goto fail;
    }
    /* the description comes last: without it the other files count for nothing */
    if (write_key(v, key, e) != 0 || write_description(v, key, slice_of(NULL, 0), e) != 0)
        goto fail;
    v->keys[v->count++] = key;
    *made = key;
    return 0;
fail:
    vault_key_free(key);
    return -1;
}
