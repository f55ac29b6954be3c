/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "crypto/certificate.h"
#include "crypto/csr.h"
#include "crypto/der.h"
#include "crypto/digest.h"
#include "crypto/pem.h"
#include "evidence/identity.h"

#include <stdio.h>
#include <unistd.h>

enum { SERIAL = 16, VERSION_3 = 2 };

static const uint8_t oid_key_usage[] = {0x55, 0x1d, 0x0f};
static const uint8_t oid_subject_key_id[] = {0x55, 0x1d, 0x0e};
static const uint8_t oid_authority_key_id[] = {0x55, 0x1d, 0x23};
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
static const uint8_t oid_extended_key_usage[] = {0x55, 0x1d, 0x25};

struct extension {
    size_t whole, value;
};

static struct extension begin(struct buf *der, struct slice oid, bool critical)
{
    struct extension x = {.whole = der_begin(der, DER_SEQUENCE)};
    der_put(der, DER_OID, oid);
    if (critical)
        der_put_boolean(der, true);
    x.value = der_begin(der, DER_OCTET_STRING);
    return x;
}

static void end(struct buf *der, struct extension x)
{
    der_close(der, x.value);
    der_close(der, x.whole);
}

#define BEGIN(der, oid, critical) begin((der), slice_of((oid), sizeof(oid)), (critical))

/* Who signs documents and is no authority. */
static void put_extensions(struct buf *der, struct slice key_id)
{
    size_t wrapped = der_begin(der, DER_CONTEXT_CONSTRUCTED(3));
    size_t list = der_begin(der, DER_SEQUENCE);
    struct extension x = BEGIN(der, oid_basic_constraints, true);
    der_put(der, DER_SEQUENCE, slice_of(NULL, 0));
    end(der, x);
    x = BEGIN(der, oid_key_usage, true);
    der_put_named_bits(der, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CONTENT_COMMITMENT);
    end(der, x);
    x = BEGIN(der, oid_extended_key_usage, false);
    certificate_put_purposes(PURPOSE_EMAIL | PURPOSE_DOCUMENT, der);
    end(der, x);
    x = BEGIN(der, oid_subject_key_id, false);
    der_put(der, DER_OCTET_STRING, key_id);
    end(der, x);
    x = BEGIN(der, oid_authority_key_id, false);
    size_t authority = der_begin(der, DER_SEQUENCE);
    der_put(der, DER_CONTEXT(0), key_id);
    der_close(der, authority);
    end(der, x);
    der_close(der, list);
    der_close(der, wrapped);
}

static int put_tbs(const struct key *key, const struct name_parts *name, unsigned days,
                   struct buf *der, struct err *e)
{
    int64_t now = clock_now(&clock_system);
    uint8_t serial[SERIAL], id[SHA256_LEN];
    if (random_fill(&random_system, serial, sizeof serial, e) != 0 ||
        key_fingerprint(key, id, e) != 0)
        return -1;
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, and of this length */
    size_t tbs = der_begin(der, DER_SEQUENCE);
    size_t version = der_begin(der, DER_CONTEXT_CONSTRUCTED(0));
    der_put_unsigned(der, DER_INTEGER, VERSION_3);
    der_close(der, version);
    der_put_integer(der, slice_of(serial, sizeof serial));
    buf_put_slice(der, signature_algorithm_der(key_signature_algorithm(key_kind(key))));
    if (name_build(name, der, e) != 0)
        return -1;
    size_t validity = der_begin(der, DER_SEQUENCE);
    der_put_time(der, now);
    der_put_time(der, now + (int64_t)days * INT64_C(86400000000));
    der_close(der, validity);
    if (name_build(name, der, e) != 0 || key_to_spki(key, der, e) != 0)
        return -1;
    put_extensions(der, slice_of(id, 20)); /* RFC 7093 section 2 (1): 160 bits of SHA-256 */
    der_close(der, tbs);
    return buf_check(der, e);
}

static int self_signed(const struct key *key, const struct name_parts *name, unsigned days,
                       struct buf *pem, struct err *e)
{
    struct buf tbs, signature, der;
    int result = -1;
    buf_init(&tbs);
    buf_init(&signature);
    buf_init(&der);
    if (put_tbs(key, name, days, &tbs, e) == 0 &&
        key_sign(key, buf_slice(&tbs), &signature, e) == 0) {
        certificate_assemble(buf_slice(&tbs), key_signature_algorithm(key_kind(key)),
                             buf_slice(&signature), &der);
        pem_put(pem, "CERTIFICATE", buf_slice(&der));
        result = buf_check(&der, e) == 0 ? buf_check(pem, e) : -1;
    }
    buf_fini(&tbs);
    buf_fini(&signature);
    buf_fini(&der);
    return result;
}

static int request(const struct key *key, const struct name_parts *name, struct buf *pem,
                   struct err *e)
{
    const struct csr_wish wish = {.subject = *name};
    struct buf der;
    buf_init(&der);
    int result = csr_build(key, &wish, &der, e);
    if (result == 0) {
        pem_put(pem, "CERTIFICATE REQUEST", buf_slice(&der));
        result = buf_check(pem, e);
    }
    buf_fini(&der);
    return result;
}

static int person(const struct evidence_identity_wish *wish, struct buf *out, struct err *e)
{
    struct json_writer w;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-person/v1");
    json_member_string(&w, "name", wish->name);
    if (wish->role)
        json_member_string(&w, "role", wish->role);
    json_write_name(&w, "competence");
    json_write_array(&w);
    for (size_t i = 0; i < wish->competence_count; i++)
        json_write_string(&w, wish->competence[i]);
    json_write_array_end(&w);
    if (wish->organisation)
        json_member_string(&w, "organisation", wish->organisation);
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}

static int put(const char *folder, const char *name, const struct buf *text, mode_t mode,
               struct err *e)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", name);
    return file_create(path, buf_slice(text), mode, e);
}

static bool is_there(const char *folder, const char *name)
{
    char path[4096];
    return snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path &&
           file_kind(path) != 0;
}

/* All three, or none: a key without its certificate stands in the way of the next try. */
static int put_all(const char *folder, const char *certificate_name, const struct buf *secret,
                   const struct buf *certificate, const struct buf *person_json, struct err *e)
{
    const struct {
        const char *name;
        const struct buf *text;
        mode_t mode;
    } files[] = {{"key.pem", secret, 0600},
                 {certificate_name, certificate, 0644},
                 {"person.json", person_json, 0644}};
    bool torn = is_there(folder, "key.pem") && !is_there(folder, "chain.pem") &&
                !is_there(folder, "request.pem");
    char path[4096];
    size_t done = 0;
    while (done < ARRAY_LEN(files) &&
           put(folder, files[done].name, files[done].text, files[done].mode, e) == 0)
        done++;
    if (done == ARRAY_LEN(files))
        return 0;
    /* what was there before stays; what was made may be there although that was an error */
    for (size_t i = 0; i < done + (e->kind != ERR_CONFLICT); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        (void)unlink(path);
    }
    return done == 0 && torn ? err_hint(e, "no certificate is beside it: it was broken off, and "
                                           "nobody relies on it; take it away")
                             : -1;
}

int evidence_identity_make(const char *folder, const struct evidence_identity_wish *wish,
                           struct err *e)
{
    const struct name_parts name = {
        .country = wish->country, .organisation = wish->organisation, .common_name = wish->name};
    struct buf secret, certificate, json;
    int result = -1;
    if (wish->competence_count > EVIDENCE_COMPETENCES)
        return err_set(e, ERR_USAGE, "evidence.person", NULL, "more than %d qualifications",
                       EVIDENCE_COMPETENCES);
    struct key *key = key_generate(wish->kind ? wish->kind : KEY_P256, e);
    if (!key)
        return -1;
    buf_init_secret(&secret);
    buf_init(&certificate);
    buf_init(&json);
    if (key_to_pem(key, wish->passphrase, &secret, e) == 0 &&
        (wish->request ? request(key, &name, &certificate, e)
                       : self_signed(key, &name, wish->days, &certificate, e)) == 0 &&
        person(wish, &json, e) == 0 && file_make_folder(folder, 0700, e) == 0)
        result = put_all(folder, wish->request ? "request.pem" : "chain.pem", &secret, &certificate,
                         &json, e);
    buf_fini_secret(&secret);
    buf_fini(&certificate);
    buf_fini(&json);
    key_free(key);
    return result;
}
