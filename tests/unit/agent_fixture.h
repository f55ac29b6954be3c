/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A centre in small for the agent's tests: a root, a publication signer, a device, a journal key;
 * and what a centre makes with them. Written apart from the centre's own code, from
 * docs/formats.md.
 */
#ifndef TESTS_AGENT_FIXTURE_H
#define TESTS_AGENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/agent.h"
#include "agent/chain.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/memory.h"
#include "crypto/digest.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FX __attribute__((unused)) static

#define FX_ASSET "ast_0123456789abcdefghjkmnpqrs"
#define FX_ORIGIN "centre.example/tocsin/0123456789abcdef"
#define FX_DOCUMENT_SIGNING "1.3.6.1.5.5.7.3.36"

enum { FX_ENTRIES = 5 };

struct fixture {
    struct key *root_key, *signer_key, *device_key, *log_key;
    struct buf root, signer, device; /* DER */
    char home[64];
};

/* What a delivery is made of; tests change one thing at a time. */
struct fixture_delivery {
    int64_t n;
    const char *origin;             /* of the notice */
    const char *publication_origin; /* NULL: the same */
    const char *audience;           /* of the notice */
    const char *entry_audience;     /* NULL: the same */
    const char *advisory;           /* of the notice */
    const char *publication_advisory;
    const char *status;
    int64_t index;                /* of the entry, below FX_ENTRIES */
    bool exercise;                /* in the notice */
    bool wrong_notice;            /* the entry names another digest */
    bool wrong_path;              /* one bit of the path */
    bool spoil;                   /* one bit of the signature */
    const struct key *signer_key; /* NULL: the fixture's */
    const struct buf *signer;
    int64_t at;
};

FX const struct fixture_delivery fx_good = {.n = 1,
                                            .origin = FX_ORIGIN,
                                            .audience = "aud_0123456789abcdefghjkmnpqrs",
                                            .advisory = "EX-2026-001",
                                            .status = "affected",
                                            .index = 2};

FX void fx_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(x, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* issuer NULL: self-signed. Days count from now. */
FX struct buf fx_certificate(const char *name, const struct key *key, const struct buf *issuer,
                             const struct key *issuer_key, const char *purpose, long from_days,
                             long to_days)
{
    static long serial = 0x1234567890abcdL;
    X509 *x = X509_new(), *parent = x;
    struct buf der;
    uint8_t *out = NULL;

    assert_non_null(x);
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    X509_gmtime_adj(X509_getm_notBefore(x), from_days * 86400);
    X509_gmtime_adj(X509_getm_notAfter(x), to_days * 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_pubkey(x, key_evp(key));
    if (issuer) {
        const unsigned char *at = issuer->data;
        parent = d2i_X509(NULL, &at, (long)issuer->len);
        assert_non_null(parent);
    }
    X509_set_issuer_name(x, X509_get_subject_name(parent));
    fx_extension(x, parent, NID_subject_key_identifier, "hash");
    if (issuer)
        fx_extension(x, parent, NID_authority_key_identifier, "keyid:always");
    fx_extension(x, parent, NID_basic_constraints,
                 purpose ? "critical,CA:FALSE" : "critical,CA:TRUE");
    fx_extension(x, parent, NID_key_usage,
                 purpose ? "critical,digitalSignature" : "critical,keyCertSign,cRLSign");
    if (purpose)
        fx_extension(x, parent, NID_ext_key_usage, purpose);
    assert_true(X509_sign(x, key_evp(issuer_key), EVP_sha256()) > 0);
    buf_init(&der);
    int len = i2d_X509(x, &out);
    assert_true(len > 0);
    buf_put(&der, out, (size_t)len);
    OPENSSL_free(out);
    if (parent != x)
        X509_free(parent);
    X509_free(x);
    return der;
}

FX void fx_init(struct fixture *f)
{
    struct err e = {0};

    memset(f, 0, sizeof(*f));
    f->root_key = key_generate(KEY_P256, &e);
    f->signer_key = key_generate(KEY_P256, &e);
    f->device_key = key_generate(KEY_P256, &e);
    f->log_key = key_generate(KEY_ED25519, &e);
    assert_true(f->root_key && f->signer_key && f->device_key && f->log_key);
    f->root = fx_certificate("Example Root", f->root_key, NULL, f->root_key, NULL, -1, 3650);
    f->signer = fx_certificate("Example Publications", f->signer_key, &f->root, f->root_key,
                               FX_DOCUMENT_SIGNING, -1, 365);
    f->device =
        fx_certificate(FX_ASSET, f->device_key, &f->root, f->root_key, "clientAuth", -1, 365);
    snprintf(f->home, sizeof(f->home), "/tmp/agent-test-XXXXXX");
    assert_non_null(mkdtemp(f->home));
}

FX void fx_fini(struct fixture *f)
{
    char command[128];

    key_free(f->root_key);
    key_free(f->signer_key);
    key_free(f->device_key);
    key_free(f->log_key);
    buf_fini(&f->root);
    buf_fini(&f->signer);
    buf_fini(&f->device);
    snprintf(command, sizeof(command), "rm -rf '%s'", f->home);
    assert_int_equal(system(command), 0);
}

FX struct buf fx_canonical(const char *json)
{
    struct json_doc *doc;
    struct err e = {0};
    struct buf out;

    buf_init(&out);
    if (json_parse(&doc, slice_str(json), NULL, &e) != 0)
        fail_msg("%s: %s", e.text, json);
    assert_int_equal(json_canonical(json_root(doc), &out, &e), 0);
    json_doc_free(doc);
    return out;
}

FX struct buf fx_sign(struct slice payload, const struct key *key, const struct buf *certificate)
{
    struct slice chain = buf_slice(certificate);
    struct envelope_signer signer = envelope_signer_of_key(key, &chain, 1);
    struct err e = {0};
    struct buf out;

    buf_init(&out);
    assert_int_equal(envelope_build(&out, payload, &signer, &e), 0);
    return out;
}

FX void fx_put_base64(struct buf *b, struct slice bytes)
{
    buf_putc(b, '"');
    base64_put(b, bytes);
    buf_putc(b, '"');
}

FX void fx_note_key(const struct fixture *f, struct note_key *key)
{
    uint8_t raw[ED25519_PUBLIC_LEN];
    struct err e = {0};

    assert_int_equal(key_to_ed25519(f->log_key, raw, &e), 0);
    assert_int_equal(note_key_init(key, slice_str(FX_ORIGIN), NOTE_ED25519, raw, &e), 0);
}

/* A trust statement with these anchors, signed by whom is given. */
FX struct buf fx_trust(const struct fixture *f, int generation, const struct buf *const *anchors,
                       size_t count, const struct key *key, const struct buf *certificate)
{
    struct note_key log;
    struct buf json, payload, envelope;

    buf_init(&json);
    fx_note_key(f, &log);
    buf_printf(&json,
               "{\"format\":\"tocsin-trust/v1\",\"generation\":%d,\"at\":\"2026-01-01T00:00:00Z\","
               "\"origin\":\"" FX_ORIGIN "\",\"quorum\":0,\"witnesses\":[],\"log_key\":\"",
               generation);
    note_key_put(&json, &log);
    buf_puts(&json, "\",\"doors\":{\"device\":\"https://127.0.0.1:1\"},\"anchors\":[");
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_putc(&json, ',');
        fx_put_base64(&json, buf_slice(anchors[i]));
    }
    buf_puts(&json, "]}");
    payload = fx_canonical(buf_text(&json));
    envelope = fx_sign(buf_slice(&payload), key, certificate);
    buf_fini(&json);
    buf_fini(&payload);
    return envelope;
}

FX struct buf fx_notice(const struct fixture_delivery *d)
{
    struct buf json, out;

    buf_init(&json);
    buf_printf(
        &json,
        "{\"format\":\"tocsin-notice/v1\",\"origin\":\"%s\",\"audience\":\"%s\","
        "\"class\":\"sha256:%064d\",%s\"advisory\":{\"id\":\"%s\",\"namespace\":"
        "\"https://vendor.example\",\"version\":\"1\",\"title\":\"A pump opens\\nby itself\","
        "\"document\":\"sha256:%064d\",\"tlp\":\"CLEAR\",\"published\":"
        "\"2026-01-01T00:00:00Z\"},\"statements\":[{\"vulnerability\":\"CVE-2026-0001\","
        "\"status\":\"%s\",\"confidence\":97,\"products\":[\"P1\"],\"reasons\":[],"
        "\"remediations\":[]}],\"meaning\":\"sha256:%064d\"}",
        d->origin, d->audience, 7, d->exercise ? "\"exercise\":true," : "", d->advisory, 9,
        d->status, 8);
    out = fx_canonical(buf_text(&json));
    buf_fini(&json);
    return out;
}

FX struct buf fx_entry(const struct fixture_delivery *d, const uint8_t digest[32], int64_t index)
{
    char hash[HASH_TEXT];
    struct buf json, out;

    buf_init(&json);
    hash_text_format(digest, hash);
    if (d->wrong_notice)
        hash[20] = hash[20] == '0' ? '1' : '0';
    buf_printf(
        &json,
        "{\"format\":\"tocsin-entry/v1\",\"index\":%lld,\"notice\":\"%s\",\"audience\":\"%s\","
        "\"class\":\"sha256:%064d\",\"members\":{\"count\":1,\"size\":1,\"root\":"
        "\"sha256:%064d\"}}",
        (long long)index, hash, d->entry_audience ? d->entry_audience : d->audience, 7, 3);
    out = fx_canonical(buf_text(&json));
    buf_fini(&json);
    return out;
}

/* A delivery's text: one publication of FX_ENTRIES entries, of which one is meant. */
FX struct buf fx_delivery(const struct fixture *f, const struct fixture_delivery *d)
{
    uint8_t digest[32], leaves[FX_ENTRIES][32], root[32], path[MERKLE_PROOF_MAX][32];
    struct buf notice = fx_notice(d), entry, json, payload, publication, out;
    char at[TIME_TEXT], hash[HASH_TEXT];
    struct err e = {0};
    size_t steps;

    assert_int_equal(agent_notice_digest(buf_slice(&notice), digest, &e), 0);
    entry = fx_entry(d, digest, d->index);
    for (int64_t i = 0; i < FX_ENTRIES; i++) {
        uint8_t other[32] = {(uint8_t)i};
        struct buf one = fx_entry(d, i == d->index ? digest : other, i);
        assert_int_equal(merkle_leaf(buf_slice(&one), leaves[i]), 0);
        buf_fini(&one);
    }
    assert_int_equal(merkle_tree_root((const uint8_t(*)[32])leaves, FX_ENTRIES, root, &e), 0);
    assert_int_equal(merkle_inclusion_proof((const uint8_t(*)[32])leaves, FX_ENTRIES,
                                            (size_t)d->index, path, &steps, &e),
                     0);
    if (d->wrong_path)
        path[0][5] ^= 1;
    time_format(d->at ? d->at : clock_now(&clock_system), at);
    hash_text_format(root, hash);
    buf_init(&json);
    buf_printf(&json,
               "{\"format\":\"tocsin-publication/v1\",\"id\":\"pub_0123456789abcdefghjkmnpqrs\","
               "\"origin\":\"%s\",\"at\":\"%s\",\"trigger\":\"manual\",\"advisory\":{\"id\":\"%s\","
               "\"namespace\":\"https://vendor.example\",\"version\":\"1\",\"title\":"
               "\"A pump opens\\nby itself\",\"document\":\"sha256:%064d\",\"tlp\":\"CLEAR\","
               "\"published\":\"2026-01-01T00:00:00Z\"},\"entries\":{\"count\":%d,\"root\":\"%s\"},"
               "\"members\":5,\"frozen\":12}",
               d->publication_origin ? d->publication_origin : d->origin, at,
               d->publication_advisory ? d->publication_advisory : d->advisory, 9, FX_ENTRIES,
               hash);
    payload = fx_canonical(buf_text(&json));
    publication = fx_sign(buf_slice(&payload), d->signer_key ? d->signer_key : f->signer_key,
                          d->signer ? d->signer : &f->signer);
    if (d->spoil) {
        char *signature = strstr((char *)publication.data, "\"signature\":\"");
        signature[30] = signature[30] == 'A' ? 'B' : 'A';
    }
    buf_init(&out);
    buf_printf(&out, "{\"n\":%lld,\"notice\":", (long long)d->n);
    fx_put_base64(&out, buf_slice(&notice));
    buf_puts(&out, ",\"entry\":");
    fx_put_base64(&out, buf_slice(&entry));
    buf_puts(&out, ",\"path\":[");
    for (size_t i = 0; i < steps; i++) {
        if (i)
            buf_putc(&out, ',');
        fx_put_base64(&out, slice_of(path[i], 32));
    }
    buf_printf(&out, "],\"publication\":%s}", buf_text(&publication));
    assert_false(out.failed);
    buf_fini(&notice);
    buf_fini(&entry);
    buf_fini(&json);
    buf_fini(&payload);
    buf_fini(&publication);
    return out;
}

/* A signed checkpoint note. */
FX struct buf fx_checkpoint(const struct fixture *f, const char *origin, uint64_t size,
                            const uint8_t root[32])
{
    struct note_key key;
    struct buf text, note;
    struct err e = {0};

    fx_note_key(f, &key);
    buf_init(&text);
    buf_init(&note);
    checkpoint_put(&text, slice_str(origin), size, root);
    buf_put_slice(&note, buf_slice(&text));
    buf_putc(&note, '\n');
    assert_int_equal(note_sign(&note, buf_slice(&text), &key, f->log_key, &e), 0);
    buf_fini(&text);
    return note;
}

/* The folder of a device that is enrolled. */
FX void fx_enrol(const struct fixture *f, const char *config)
{
    const struct buf *anchors[] = {&f->root};
    struct chain_verifier *verifier;
    struct certificate_list list;
    struct identity identity;
    struct slice root = buf_slice(&f->root);
    struct err e = {0};
    struct trust trust;
    struct buf envelope = fx_trust(f, 1, anchors, 1, f->signer_key, &f->signer);
    char path[PATH_MAX];

    certificate_list_init(&list);
    verifier = chain_verifier_new(&root, 1, &e);
    assert_non_null(verifier);
    assert_int_equal(certificate_list_add(&list, buf_slice(&f->device), &e), 0);
    assert_int_equal(identity_take(&identity, key_ref(f->device_key), &list, verifier,
                                   clock_now(&clock_system), &e),
                     0);
    assert_int_equal(identity_save(&identity, f->home, &e), 0);
    assert_int_equal(trust_parse(&trust, buf_slice(&envelope), &e), 0);
    assert_int_equal(trust_save(&trust, f->home, &e), 0);
    snprintf(path, sizeof(path), "%s/agent.conf", f->home);
    assert_int_equal(file_write(path, slice_str(config), 0600, &e), 0);
    trust_fini(&trust);
    identity_fini(&identity);
    chain_verifier_free(verifier);
    certificate_list_fini(&list);
    buf_fini(&envelope);
}

#endif
