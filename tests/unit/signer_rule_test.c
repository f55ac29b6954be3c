/* SPDX-License-Identifier: Apache-2.0 */
/* Each key signs what it is for, and nothing else: 27099 row 18. */
#include "signer_fixture.h"
#include "base/encoding.h"
#include "base/json.h"

struct keys {
    char home[64];
    struct signer_client *client;
    struct buf root_spki, issuing_spki, leaf_spki, tbs, der;
    uint8_t root_id[32], issuing_id[32];
    struct forged root, issuing, leaf; /* acceptable ones */
};

static void generate(struct keys *k, const char *name, enum signer_purpose purpose,
                     enum key_kind kind, struct buf *spki)
{
    struct err e = {0};

    assert_int_equal(signer_client_generate_key(k->client, name, purpose, kind, NULL, spki, &e), 0);
}

static void open_keys(struct keys *k)
{
    struct err e = {0};

    make_home(k->home);
    k->client = signer_client_new_in_process(k->home, slice_str(PASSPHRASE), &e);
    assert_non_null(k->client);
    buf_init(&k->root_spki);
    buf_init(&k->issuing_spki);
    buf_init(&k->leaf_spki);
    buf_init(&k->tbs);
    buf_init(&k->der);
    generate(k, "root", SIGNER_ROOT_CA, KEY_P256, &k->root_spki);
    generate(k, "issuing", SIGNER_ISSUING_CA, KEY_P256, &k->issuing_spki);
    struct key *key = key_generate(KEY_P256, &e);
    assert_int_equal(key_to_spki(key, &k->leaf_spki, &e), 0);
    key_free(key);
    k->root = (struct forged){.issuer = "root",
                              .subject = "root",
                              .spki = buf_slice(&k->root_spki),
                              .authority_key_id = key_id(buf_slice(&k->root_spki), k->root_id),
                              .not_before = NOW,
                              .not_after = NOW + 3000 * DAY,
                              .ca = true,
                              .path_length = -1,
                              .key_usage = KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN,
                              .serial_len = 16,
                              .algorithm = SIGNATURE_ECDSA_SHA256};
    k->issuing = k->root;
    k->issuing.subject = "issuing";
    k->issuing.spki = buf_slice(&k->issuing_spki);
    k->issuing.not_after = NOW + 2000 * DAY;
    k->issuing.path_length = 0;
    k->leaf =
        (struct forged){.issuer = "issuing",
                        .subject = "leaf",
                        .spki = buf_slice(&k->leaf_spki),
                        .authority_key_id = key_id(buf_slice(&k->issuing_spki), k->issuing_id),
                        .not_before = NOW,
                        .not_after = NOW + 90 * DAY,
                        .path_length = -1,
                        .key_usage = KEY_USAGE_DIGITAL_SIGNATURE,
                        .purposes = PURPOSE_CLIENT,
                        .serial_len = 16,
                        .algorithm = SIGNATURE_ECDSA_SHA256};
}

static void close_keys(struct keys *k)
{
    signer_client_free(k->client);
    buf_fini(&k->root_spki);
    buf_fini(&k->issuing_spki);
    buf_fini(&k->leaf_spki);
    buf_fini(&k->tbs);
    buf_fini(&k->der);
    remove_home(k->home);
}

static void accept(struct keys *k, const char *name, struct forged f)
{
    struct err e = {0};

    forge(&f, &k->tbs);
    if (sign_whole(k->client, name, buf_slice(&k->tbs), f.algorithm, &k->der, &e) != 0)
        fail_msg("%s: %s", e.code, e.text);
}

static void refuse(struct keys *k, const char *name, struct forged f, const char *code)
{
    struct err e = {0};

    forge(&f, &k->tbs);
    assert_int_equal(sign_whole(k->client, name, buf_slice(&k->tbs), f.algorithm, &k->der, &e), -1);
    assert_string_equal(e.code, code);
    assert_true(e.text[0]);
}

static void install(struct keys *k, const char *name)
{
    struct err e = {0};

    assert_int_equal(signer_client_install_certificate(k->client, name, buf_slice(&k->der), &e), 0);
}

/* Root and issuing authority with their certificates. */
static void open_authorities(struct keys *k)
{
    open_keys(k);
    accept(k, "root", k->root);
    install(k, "root");
    accept(k, "root", k->issuing);
    install(k, "issuing");
}

#define BENT(base, change)                                                                         \
    ({                                                                                             \
        struct forged bent = (base);                                                               \
        bent.change;                                                                               \
        bent;                                                                                      \
    })

static void a_root_without_a_certificate(void **state)
{
    struct keys k;

    (void)state;
    open_keys(&k);
    refuse(&k, "root", k.issuing, "signer.certificate-issuer");
    refuse(&k, "issuing", k.leaf, "signer.no-certificate");
    refuse(&k, "root", BENT(k.root, spki = buf_slice(&k.leaf_spki)), "signer.certificate-issuer");
    refuse(&k, "root", BENT(k.root, subject = "other"), "signer.certificate-issuer");
    refuse(&k, "root", BENT(k.root, ca = false), "signer.certificate-usage");
    refuse(&k, "root", BENT(k.root, not_after = NOW + 12000 * DAY), "signer.certificate-validity");
    accept(&k, "root", k.root);
    install(&k, "root");
    install(&k, "root");                                     /* the same again is fine */
    refuse(&k, "root", k.root, "signer.certificate-issuer"); /* once it has one: no second self */
    close_keys(&k);
}

static void what_a_root_signs(void **state)
{
    struct keys k;
    struct buf second_spki;

    (void)state;
    open_authorities(&k);
    accept(&k, "root", k.issuing);
    refuse(&k, "root", BENT(k.issuing, issuer = "other"), "signer.certificate-issuer");
    refuse(&k, "root", BENT(k.issuing, subject = "root"), "signer.certificate-issuer");
    refuse(&k, "root", BENT(k.issuing, path_length = -1), "signer.certificate-path");
    refuse(&k, "root", BENT(k.issuing, path_length = 1), "signer.certificate-path");
    refuse(&k, "root", BENT(k.issuing, not_after = NOW + 3001 * DAY),
           "signer.certificate-validity");
    refuse(&k, "root", BENT(k.issuing, not_before = NOW - DAY), "signer.certificate-validity");
    refuse(&k, "root", BENT(k.issuing, ca = false), "signer.certificate-usage");
    refuse(&k, "root", BENT(k.issuing, key_usage = KEY_USAGE_CERT_SIGN),
           "signer.certificate-usage");
    refuse(&k, "root", BENT(k.issuing, purposes = PURPOSE_CLIENT), "signer.certificate-usage");
    refuse(&k, "root", BENT(k.issuing, serial_len = 7), "signer.certificate-serial");
    refuse(&k, "root", BENT(k.issuing, algorithm = SIGNATURE_ECDSA_SHA384),
           "signer.certificate-algorithm");
    refuse(&k, "root", BENT(k.issuing, strange_extension = true), "signer.certificate-extension");
    refuse(&k, "root", BENT(k.issuing, no_key_usage = true), "signer.certificate-usage");
    refuse(&k, "root", BENT(k.issuing, authority_key_id = slice_of(k.issuing_id, 20)),
           "signer.certificate-issuer");
    refuse(&k, "root", BENT(k.leaf, issuer = "root"), "signer.certificate-usage");
    /* a link certificate: only for another root of this signer */
    buf_init(&second_spki);
    generate(&k, "root-2", SIGNER_ROOT_CA, KEY_P256, &second_spki);
    struct forged link = BENT(k.issuing, path_length = -1);
    link.spki = buf_slice(&second_spki);
    accept(&k, "root", link);
    buf_fini(&second_spki);
    close_keys(&k);
}

static void what_an_issuing_authority_signs(void **state)
{
    struct keys k;
    struct err e = {0};

    (void)state;
    open_authorities(&k);
    accept(&k, "issuing", k.leaf);
    accept(&k, "issuing", BENT(k.leaf, purposes = PURPOSE_SERVER));
    accept(&k, "issuing", BENT(k.leaf, purposes = PURPOSE_DOCUMENT));
    refuse(&k, "issuing", BENT(k.leaf, ca = true), "signer.certificate-usage");
    refuse(&k, "issuing", BENT(k.leaf, purposes = 0), "signer.certificate-usage");
    refuse(&k, "issuing", BENT(k.leaf, purposes = PURPOSE_OCSP), "signer.certificate-usage");
    refuse(&k, "issuing", BENT(k.leaf, purposes = PURPOSE_ANY | PURPOSE_CLIENT),
           "signer.certificate-usage");
    refuse(&k, "issuing",
           BENT(k.leaf, key_usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CERT_SIGN),
           "signer.certificate-usage");
    refuse(&k, "issuing", BENT(k.leaf, key_usage = KEY_USAGE_KEY_AGREEMENT),
           "signer.certificate-usage");
    refuse(&k, "issuing", BENT(k.leaf, issuer = "root"), "signer.certificate-issuer");
    refuse(&k, "issuing", BENT(k.leaf, subject = "issuing"), "signer.certificate-issuer");
    refuse(&k, "issuing", BENT(k.leaf, not_after = NOW + 2001 * DAY),
           "signer.certificate-validity");
    refuse(&k, "issuing", BENT(k.leaf, serial_len = 4), "signer.certificate-serial");
    refuse(&k, "issuing", BENT(k.leaf, strange_extension = true), "signer.certificate-extension");
    struct forged bad = k.leaf; /* a key that is not on its curve */
    k.leaf_spki.data[k.leaf_spki.len - 1] ^= 1;
    refuse(&k, "issuing", bad, "crypto.key-weak");
    /* never a raw "sign these bytes" */
    struct buf signature;
    buf_init(&signature);
    assert_int_equal(signer_client_sign_certificate(k.client, "issuing",
                                                    slice_str("please sign this"), &signature, &e),
                     -1);
    assert_string_equal(e.code, "der.syntax");
    err_clear(&e);
    k.leaf_spki.data[k.leaf_spki.len - 1] ^= 1;
    forge(&k.leaf, &k.tbs);
    buf_putc(&k.tbs, 0);
    assert_int_equal(
        signer_client_sign_certificate(k.client, "issuing", buf_slice(&k.tbs), &signature, &e), -1);
    assert_int_equal(signature.len, 0);
    buf_fini(&signature);
    close_keys(&k);
}

static void installing(void **state)
{
    struct keys k;
    struct err e = {0};
    struct buf foreign;

    (void)state;
    open_authorities(&k);
    buf_init(&foreign);
    buf_put_slice(&foreign, buf_slice(&k.der)); /* the issuing authority's own */
    assert_int_equal(signer_client_install_certificate(k.client, "root", buf_slice(&foreign), &e),
                     -1);
    assert_string_equal(e.code, "signer.certificate-key");
    err_clear(&e);
    accept(&k, "root", BENT(k.issuing, subject = "renamed"));
    assert_int_equal(signer_client_install_certificate(k.client, "issuing", buf_slice(&k.der), &e),
                     -1);
    assert_string_equal(e.code, "signer.certificate-key");
    err_clear(&e);
    accept(&k, "root", BENT(k.issuing, not_before = NOW + DAY));
    install(&k, "issuing");
    assert_int_equal(
        signer_client_install_certificate(k.client, "issuing", buf_slice(&foreign), &e), -1);
    assert_string_equal(e.code, "signer.certificate-key"); /* an older one */
    err_clear(&e);
    assert_int_equal(signer_client_install_certificate(k.client, "nobody", buf_slice(&foreign), &e),
                     -1);
    assert_string_equal(e.code, "signer.key-unknown");
    buf_fini(&foreign);
    close_keys(&k);
}

static void purposes_do_not_mix(void **state)
{
    struct keys k;
    struct err e = {0};
    struct buf signature;
    struct signer_head head = {.size = 1};
    uint8_t ed25519[ED25519_SIGNATURE_LEN];

    (void)state;
    open_authorities(&k);
    buf_init(&signature);
    generate(&k, "publication", SIGNER_PUBLICATION, KEY_P256, NULL);
    assert_int_equal(signer_client_generate_key(k.client, "journal", SIGNER_JOURNAL, KEY_ED25519,
                                                "example/log", NULL, &e),
                     0);
    refuse(&k, "publication", k.leaf, "signer.purpose");
    refuse(&k, "journal", k.leaf, "signer.purpose");
    assert_int_equal(signer_client_sign_checkpoint(k.client, "issuing", "example/log", &head, NULL,
                                                   0, ed25519, &e),
                     -1);
    assert_string_equal(e.code, "signer.purpose");
    err_clear(&e);
    assert_int_equal(
        signer_client_sign_publication(k.client, "issuing", slice_str("{}"), &signature, &e), -1);
    assert_string_equal(e.code, "signer.purpose");
    err_clear(&e);
    assert_int_equal(
        signer_client_sign_crl(k.client, "publication", slice_str("x"), &signature, &e), -1);
    assert_string_equal(e.code, "signer.purpose");

    static const struct {
        const char *name;
        enum signer_purpose purpose;
        enum key_kind kind;
        const char *origin, *code;
    } bad[] = {
        {"j", SIGNER_JOURNAL, KEY_P256, "a/b", "signer.key-kind"},
        {"j", SIGNER_JOURNAL, KEY_ED25519, NULL, "signer.origin"},
        {"j", SIGNER_JOURNAL, KEY_ED25519, "a b", "signer.origin"},
        {"j", SIGNER_JOURNAL, KEY_ED25519, "a+b", "signer.origin"},
        {"c", SIGNER_ROOT_CA, KEY_P256, "a/b", "signer.origin"},
        {"c", SIGNER_ROOT_CA, KEY_ED25519, NULL, "signer.key-kind"},
        {"p", SIGNER_PUBLICATION, KEY_P384, NULL, "signer.key-kind"},
        {"w", SIGNER_WITNESS, KEY_P256, NULL, "signer.key-kind"},
        {"root", SIGNER_ROOT_CA, KEY_P256, NULL, "signer.key-exists"},
        {"../x", SIGNER_ROOT_CA, KEY_P256, NULL, "signer.key-name"},
        {"", SIGNER_ROOT_CA, KEY_P256, NULL, "signer.key-name"},
        {"-x", SIGNER_ROOT_CA, KEY_P256, NULL, "signer.key-name"},
        {"X", SIGNER_ROOT_CA, KEY_P256, NULL, "signer.key-name"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        assert_int_equal(signer_client_generate_key(k.client, bad[i].name, bad[i].purpose,
                                                    bad[i].kind, bad[i].origin, NULL, &e),
                         -1);
        assert_string_equal(e.code, bad[i].code);
    }
    buf_fini(&signature);
    close_keys(&k);
}

/* docs/formats.md section 1.1: domain-separated payloads of this journal alone */
static void payloads(void **state)
{
    struct keys k;
    struct err e = {0};
    struct buf signature, spki, message;
    static const char good[] =
        "{\"format\":\"tocsin-publication/v1\",\"id\":\"pub_1\",\"origin\":\"example/log\"}";
    static const struct {
        const char *payload, *code;
    } bad[] = {
        {"{\"format\":\"tocsin-bundle/v1\",\"origin\":\"example/log\"}", "signer.payload-format"},
        {"{\"format\":\"tocsin-receipt/v1\",\"origin\":\"example/log\"}", "signer.payload-format"},
        {"{\"origin\":\"example/log\"}", "signer.payload-format"},
        {"{\"format\":\"tocsin-publication/v1\",\"origin\":\"other/log\"}",
         "signer.payload-origin"},
        {"{\"format\":\"tocsin-publication/v1\"}", "signer.payload-origin"},
        {"{\"origin\":\"example/log\",\"format\":\"tocsin-publication/v1\"}", "json.not-canonical"},
        {"{\"format\": \"tocsin-publication/v1\",\"origin\":\"example/log\"}",
         "json.not-canonical"},
        {"tocsin-publication/v1", "json.syntax"},
        {"[]", "signer.payload-format"},
    };

    (void)state;
    open_keys(&k);
    buf_init(&signature);
    buf_init(&spki);
    buf_init(&message);
    generate(&k, "publication", SIGNER_PUBLICATION, KEY_P256, &spki);
    assert_int_equal(signer_client_generate_key(k.client, "journal", SIGNER_JOURNAL, KEY_ED25519,
                                                "example/log", NULL, &e),
                     0);
    assert_int_equal(
        signer_client_sign_publication(k.client, "publication", slice_str(good), &signature, &e),
        0);
    struct key *key = key_from_spki(buf_slice(&spki), &e);
    buf_printf(&message, "tocsin-publication/v1\n%s", good);
    assert_int_equal(key_verify(key, buf_slice(&message), buf_slice(&signature), &e), 0);
    key_free(key);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        assert_int_equal(signer_client_sign_publication(k.client, "publication",
                                                        slice_str(bad[i].payload), &signature, &e),
                         -1);
        assert_string_equal(e.code, bad[i].code);
    }
    err_clear(&e);
    assert_int_equal(
        signer_client_sign_bundle(k.client, "publication",
                                  slice_str("{\"format\":\"tocsin-bundle/v1\",\"id\":\"bdl_1\","
                                            "\"origin\":\"example/log\"}"),
                                  &signature, &e),
        0);
    buf_fini(&signature);
    buf_fini(&spki);
    buf_fini(&message);
    close_keys(&k);
}

/* A payload of tocsin-trust/v1 with the members that the signer looks at. */
static struct slice trust_payload(struct buf *out, int generation, struct slice log_spki,
                                  struct slice anchor)
{
    struct note_key log_key;
    uint8_t public_key[ED25519_PUBLIC_LEN];
    struct json_writer w;
    struct err e = {0};
    struct buf vkey;
    struct key *key = key_from_spki(log_spki, &e);

    buf_reset(out);
    buf_init(&vkey);
    assert_int_equal(key_to_ed25519(key, public_key, &e), 0);
    assert_int_equal(
        note_key_init(&log_key, slice_str("example/log"), NOTE_ED25519, public_key, &e), 0);
    note_key_put(&vkey, &log_key);
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_write_name(&w, "anchors");
    json_write_array(&w);
    struct buf text;
    buf_init(&text);
    base64_put(&text, anchor);
    json_write_slice(&w, buf_slice(&text));
    buf_fini(&text);
    json_write_array_end(&w);
    json_member_string(&w, "format", "tocsin-trust/v1");
    json_member_int(&w, "generation", generation);
    json_member_slice(&w, "log_key", buf_slice(&vkey));
    json_member_string(&w, "origin", "example/log");
    json_write_object_end(&w);
    buf_fini(&vkey);
    key_free(key);
    return buf_slice(out);
}

static void trust_is(struct keys *k, struct slice payload, const char *code)
{
    struct buf signature;
    struct err e = {0};

    buf_init(&signature);
    int result = signer_client_sign_trust(k->client, "publication", payload, &signature, &e);
    assert_int_equal(result, code ? -1 : 0);
    if (code)
        assert_string_equal(e.code, code);
    buf_fini(&signature);
}

/* What devices will trust: this signer's roots and journal, and never an earlier generation. */
static void statements_of_trust(void **state)
{
    static const struct {
        int generation;
        const char *code;
    } steps[] = {{1, NULL},
                 {3, NULL},
                 {3, NULL},
                 {2, "signer.trust-generation"},
                 {0, "signer.trust-generation"},
                 {4, NULL}};
    struct keys k;
    struct err e = {0};
    struct buf log_spki, other_spki, payload, root;

    (void)state;
    open_authorities(&k);
    buf_init(&log_spki);
    buf_init(&other_spki);
    buf_init(&payload);
    buf_init(&root);
    generate(&k, "publication", SIGNER_PUBLICATION, KEY_P256, NULL);
    generate(&k, "witness", SIGNER_WITNESS, KEY_ED25519, &other_spki);
    assert_int_equal(signer_client_generate_key(k.client, "journal", SIGNER_JOURNAL, KEY_ED25519,
                                                "example/log", &log_spki, &e),
                     0);
    struct slice issuing = buf_slice(&k.der); /* no root, though it is ours */
    trust_is(&k, trust_payload(&payload, 1, buf_slice(&log_spki), issuing), "signer.trust-anchors");
    trust_is(&k, trust_payload(&payload, 1, buf_slice(&log_spki), slice_str("x")), "der.syntax");
    char path[128];
    snprintf(path, sizeof(path), "%s/signer/keys/root.json", k.home);
    struct json_doc *doc;
    struct buf file;
    buf_init(&file);
    assert_int_equal(file_read(path, 65536, &file, &e), 0);
    assert_int_equal(json_parse(&doc, buf_slice(&file), NULL, &e), 0);
    assert_int_equal(base64_parse(json_get_string(json_root(doc), "certificate"), &root), 0);
    json_doc_free(doc);
    buf_fini(&file);
    trust_is(&k, trust_payload(&payload, 1, buf_slice(&other_spki), buf_slice(&root)),
             "signer.trust-log");
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        trust_is(
            &k,
            trust_payload(&payload, steps[i].generation, buf_slice(&log_spki), buf_slice(&root)),
            steps[i].code);
    signer_client_free(k.client); /* a restart forgets nothing */
    k.client = signer_client_new_in_process(k.home, slice_str(PASSPHRASE), &e);
    trust_is(&k, trust_payload(&payload, 3, buf_slice(&log_spki), buf_slice(&root)),
             "signer.trust-generation");
    trust_is(&k,
             slice_str("{\"format\":\"tocsin-trust/v1\",\"generation\":9,"
                       "\"origin\":\"example/log\"}"),
             "note.vkey");
    buf_fini(&log_spki);
    buf_fini(&other_spki);
    buf_fini(&payload);
    buf_fini(&root);
    close_keys(&k);
}

static void locking(void **state)
{
    struct keys k;
    struct signer_client *second;
    struct signer_status status;
    struct err e = {0};
    struct buf spki;

    (void)state;
    open_authorities(&k);
    buf_init(&spki);
    assert_int_equal(signer_client_status(k.client, &status, &e), 0);
    assert_false(status.locked);
    assert_int_equal(status.keys, 2);
    assert_int_equal(status.signatures, 2);
    assert_int_equal(signer_client_lock(k.client, &e), 0);
    refuse(&k, "issuing", k.leaf, "signer.locked");
    assert_int_equal(signer_client_public_key(k.client, "root", &spki, &e), 0);
    assert_true(slice_equal(buf_slice(&spki), buf_slice(&k.root_spki)));
    assert_int_equal(
        signer_client_generate_key(k.client, "new", SIGNER_WITNESS, KEY_ED25519, NULL, NULL, &e),
        -1);
    assert_string_equal(e.code, "signer.locked");
    err_clear(&e);
    assert_int_equal(signer_client_unlock(k.client, slice_str("wrong"), &e), -1);
    assert_string_equal(e.code, "signer.passphrase");
    assert_int_equal(e.kind, ERR_DENIED);
    err_clear(&e);
    assert_int_equal(signer_client_unlock(k.client, slice_of(NULL, 0), &e), -1);
    err_clear(&e);
    assert_int_equal(signer_client_unlock(k.client, slice_str(PASSPHRASE), &e), 0);
    accept(&k, "issuing", k.leaf);
    /* one signer a home */
    second = signer_client_new_in_process(k.home, slice_str(PASSPHRASE), &e);
    assert_null(second);
    assert_string_equal(e.code, "signer.running");
    err_clear(&e);
    assert_int_equal(signer_init_home(k.home, slice_str("x"), &e), -1);
    assert_string_equal(e.code, "signer.home-exists");
    buf_fini(&spki);
    close_keys(&k);
    err_clear(&e);
    assert_null(signer_client_new_in_process("/nonexistent", slice_str("x"), &e));
    assert_string_equal(e.code, "signer.home");
}

/* Keys on disk are encrypted, and nobody else's to read. */
static void at_rest(void **state)
{
    struct keys k;
    struct err e = {0};
    struct buf file;
    struct stat s;
    char path[128];

    (void)state;
    open_authorities(&k);
    buf_init(&file);
    static const char *const names[] = {"keys/root.key", "keys/issuing.key", "check.key"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/signer/%s", k.home, names[i]);
        assert_int_equal(stat(path, &s), 0);
        assert_int_equal(s.st_mode & 0777, 0600);
        buf_reset(&file);
        assert_int_equal(file_read(path, 65536, &file, &e), 0);
        assert_non_null(strstr(buf_text(&file), "BEGIN ENCRYPTED PRIVATE KEY"));
    }
    snprintf(path, sizeof(path), "%s/signer", k.home);
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0700);
    buf_fini(&file);
    close_keys(&k);
}

/* A damaged folder is refused by name, and never read as if nothing had been signed. */
static void damaged(void **state)
{
    static const char *const files[] = {"keys/root.json", "keys/issuing.key",
                                        "state/journal-0.json"};
    static const char *const texts[] = {"", "{}", "{\"format\":\"tocsin-signer-key/v1\"}"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
            struct keys k;
            struct err e = {0};
            char path[128];
            open_authorities(&k);
            assert_int_equal(signer_client_generate_key(k.client, "journal", SIGNER_JOURNAL,
                                                        KEY_ED25519, "a/b", NULL, &e),
                             0);
            signer_client_free(k.client);
            snprintf(path, sizeof(path), "%s/signer/%s", k.home, files[i]);
            assert_int_equal(file_write(path, slice_str(texts[t]), 0600, &e), 0);
            k.client = signer_client_new_in_process(k.home, slice_str(PASSPHRASE), &e);
            assert_null(k.client);
            assert_true(err_is_set(&e));
            if (i == 2 && t == 0) {
                err_clear(&e);
                assert_int_equal(unlink(path), 0);
                assert_null(signer_client_new_in_process(k.home, slice_str(PASSPHRASE), &e));
                assert_string_equal(e.code, "signer.state-file");
            }
            close_keys(&k);
        }
}

/* A list with every field open to malice. */
struct forged_list {
    const char *issuer;
    struct slice authority_key_id;
    int64_t next_update;
    uint64_t number;
    bool no_number, delta, partial, bad_entry;
    enum signature_algorithm algorithm;
};

static void put_list_extension(struct buf *b, const char *oid, bool critical, struct slice value)
{
    size_t x = der_begin(b, DER_SEQUENCE);

    der_put(b, DER_OID, slice_of(oid, 3));
    if (critical)
        der_put_boolean(b, true);
    der_put(b, DER_OCTET_STRING, value);
    der_close(b, x);
}

static void forge_list(const struct forged_list *f, struct buf *b)
{
    struct buf value;

    buf_reset(b);
    buf_init(&value);
    size_t tbs = der_begin(b, DER_SEQUENCE);
    der_put_unsigned(b, DER_INTEGER, 1);
    buf_put_slice(b, signature_algorithm_der(f->algorithm));
    put_name(b, f->issuer);
    der_put_time(b, NOW);
    if (f->next_update)
        der_put_time(b, f->next_update);
    size_t entries = der_begin(b, DER_SEQUENCE);
    size_t entry = der_begin(b, DER_SEQUENCE);
    der_put_unsigned(b, DER_INTEGER, 77);
    if (!f->bad_entry)
        der_put_time(b, NOW);
    der_close(b, entry);
    der_close(b, entries);
    size_t wrapped = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    size_t list = der_begin(b, DER_SEQUENCE);
    size_t key = der_begin(&value, DER_SEQUENCE);
    der_put(&value, DER_CONTEXT(0), f->authority_key_id);
    der_close(&value, key);
    put_list_extension(b, "\x55\x1d\x23", false, buf_slice(&value));
    buf_reset(&value);
    der_put_unsigned(&value, DER_INTEGER, f->number);
    if (!f->no_number)
        put_list_extension(b, "\x55\x1d\x14", false, buf_slice(&value));
    if (f->delta)
        put_list_extension(b, "\x55\x1d\x1b", true, buf_slice(&value));
    if (f->partial)
        put_list_extension(b, "\x55\x1d\x1c", true, slice_str("x"));
    der_close(b, list);
    der_close(b, wrapped);
    der_close(b, tbs);
    buf_fini(&value);
}

static void list_is(struct keys *k, const char *name, struct forged_list f, const char *code)
{
    struct buf signature;
    struct err e = {0};

    buf_init(&signature);
    forge_list(&f, &k->tbs);
    int result = signer_client_sign_crl(k->client, name, buf_slice(&k->tbs), &signature, &e);
    if (code) {
        assert_int_equal(result, -1);
        assert_string_equal(e.code, code);
        assert_int_equal(signature.len, 0);
    } else if (result != 0) {
        fail_msg("%s: %s", e.code, e.text);
    }
    buf_fini(&signature);
}

#define BENT_LIST(base, change)                                                                    \
    ({                                                                                             \
        struct forged_list bent_list = (base);                                                     \
        bent_list.change;                                                                          \
        bent_list;                                                                                 \
    })

/* 27099 row 44: numbers strictly monotonic over restarts */
static void lists(void **state)
{
    struct keys k;
    struct err e = {0};

    (void)state;
    open_authorities(&k);
    const struct forged_list good = {.issuer = "issuing",
                                     .authority_key_id = slice_of(k.issuing_id, 20),
                                     .next_update = NOW + DAY,
                                     .number = 5,
                                     .algorithm = SIGNATURE_ECDSA_SHA256};
    list_is(&k, "issuing", BENT_LIST(good, issuer = "root"), "signer.crl-issuer");
    list_is(&k, "issuing", BENT_LIST(good, authority_key_id = slice_of(k.root_id, 20)),
            "signer.crl-issuer");
    list_is(&k, "issuing", BENT_LIST(good, algorithm = SIGNATURE_RSA_SHA256),
            "signer.crl-algorithm");
    list_is(&k, "issuing", BENT_LIST(good, next_update = 0), "signer.crl-update");
    list_is(&k, "issuing", BENT_LIST(good, next_update = NOW), "signer.crl-update");
    list_is(&k, "issuing", BENT_LIST(good, no_number = true), "signer.crl-number");
    list_is(&k, "issuing", BENT_LIST(good, number = UINT64_MAX), "signer.crl-number");
    list_is(&k, "issuing", BENT_LIST(good, delta = true), "signer.crl-kind");
    list_is(&k, "issuing", BENT_LIST(good, partial = true), "signer.crl-kind");
    list_is(&k, "issuing", BENT_LIST(good, bad_entry = true), "der.syntax");
    list_is(&k, "root", good, "signer.crl-issuer");
    list_is(&k, "issuing", good, NULL);
    list_is(&k, "issuing", good, NULL); /* the very same again */
    list_is(&k, "issuing", BENT_LIST(good, next_update = NOW + 2 * DAY), "signer.crl-number");
    list_is(&k, "issuing", BENT_LIST(good, number = 4), "signer.crl-number");
    list_is(&k, "issuing", BENT_LIST(good, number = 9), NULL);
    signer_client_free(k.client);
    k.client = signer_client_new_in_process(k.home, slice_str(PASSPHRASE), &e);
    list_is(&k, "issuing", good, "signer.crl-number");
    list_is(&k, "issuing", BENT_LIST(good, number = 9), NULL);
    list_is(&k, "issuing", BENT_LIST(good, number = 10), NULL);
    close_keys(&k);
}

/* Every allocation fails once: each time an error, no signature, and nothing forgotten. */
static void torture(void **state)
{
    struct keys k;
    struct signer_head head = {.size = 1};
    uint8_t signature[ED25519_SIGNATURE_LEN];
    struct err e = {0};
    bool done = false;

    (void)state;
    open_authorities(&k);
    generate(&k, "publication", SIGNER_PUBLICATION, KEY_P256, NULL);
    assert_int_equal(signer_client_generate_key(k.client, "journal", SIGNER_JOURNAL, KEY_ED25519,
                                                "example/log", NULL, &e),
                     0);
    forge(&k.leaf, &k.tbs);
    for (long n = 0; !done; n++) {
        struct buf out;
        buf_init(&out);
        err_clear(&e);
        mem_fail_after(n);
        done =
            signer_client_sign_certificate(k.client, "issuing", buf_slice(&k.tbs), &out, &e) == 0 &&
            signer_client_sign_publication(
                k.client, "publication",
                slice_str("{\"format\":\"tocsin-publication/v1\",\"origin\":\"example/log\"}"),
                &out, &e) == 0 &&
            signer_client_sign_checkpoint(k.client, "journal", "example/log", &head, NULL, 0,
                                          signature, &e) == 0 &&
            signer_client_install_certificate(k.client, "issuing", buf_slice(&k.der), &e) == 0;
        mem_fail_after(-1);
        assert_true(done != err_is_set(&e));
        if (!done)
            assert_int_equal(e.kind, ERR_MEMORY);
        buf_fini(&out);
        assert_true(n < 1000);
    }
    signer_client_free(k.client);
    for (long n = 0, opened = 0; !opened; n++) {
        err_clear(&e);
        mem_fail_after(n);
        k.client = signer_client_new_in_process(k.home, slice_str(PASSPHRASE), &e);
        mem_fail_after(-1);
        opened = k.client != NULL;
        assert_true(opened != err_is_set(&e));
        assert_true(n < 1000);
    }
    struct signer_head last;
    assert_int_equal(signer_client_last_checkpoint(k.client, "journal", "example/log", &last, &e),
                     0);
    assert_int_equal(last.size, 1);
    close_keys(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_without_a_certificate),
        cmocka_unit_test(what_a_root_signs),
        cmocka_unit_test(what_an_issuing_authority_signs),
        cmocka_unit_test(installing),
        cmocka_unit_test(purposes_do_not_mix),
        cmocka_unit_test(payloads),
        cmocka_unit_test(statements_of_trust),
        cmocka_unit_test(locking),
        cmocka_unit_test(at_rest),
        cmocka_unit_test(damaged),
        cmocka_unit_test(lists),
        cmocka_unit_test(torture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
