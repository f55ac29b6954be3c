/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/record/revocation.h"
#include "base/file.h"
#include "crypto/der.h"
#include "crypto/pem.h"
#include "crypto/shortage.h"
#include "evidence/record/token_internal.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MOST = 64 << 20 };

/* id-ri-ocsp-response, RFC 5940 section 2.1 */
static const uint8_t oid_ocsp_response[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x10, 0x02};

static int add_certificate(struct evidence_revocation *r, X509 *x, struct err *e)
{
    if (sk_X509_push(r->certificates, x) > 0)
        return 0;
    X509_free(x);
    return err_memory(e);
}

static int add_list(struct evidence_revocation *r, X509_CRL *list, struct err *e)
{
    if (sk_X509_CRL_push(r->lists, list) > 0)
        return 0;
    X509_CRL_free(list);
    return err_memory(e);
}

static int add_answer(struct evidence_revocation *r, OCSP_RESPONSE *response, struct err *e)
{
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    OCSP_RESPONSE_free(response);
    if (!basic)
        return crypto_short_of_memory() ? err_memory(e) : 1;
    const STACK_OF(X509) *certificates = OCSP_resp_get0_certs(basic);
    for (int i = 0; i < sk_X509_num(certificates); i++) {
        X509 *x = sk_X509_value(certificates, i);
        if (X509_up_ref(x) != 1 || add_certificate(r, x, e) != 0) {
            OCSP_BASICRESP_free(basic);
            return -1;
        }
    }
    if (sk_OCSP_BASICRESP_push(r->answers, basic) > 0)
        return 0;
    OCSP_BASICRESP_free(basic);
    return err_memory(e);
}

/* 0: taken, 1: none of what is known, -1. */
static int add_der(struct evidence_revocation *r, struct slice der, struct err *e)
{
    const unsigned char *end = der.data + der.len, *p = der.data;
    X509_CRL *list = d2i_X509_CRL(NULL, &p, (long)der.len);
    if (list && p == end)
        return add_list(r, list, e);
    X509_CRL_free(list);
    p = der.data;
    X509 *x = d2i_X509(NULL, &p, (long)der.len);
    if (x && p == end)
        return add_certificate(r, x, e);
    X509_free(x);
    p = der.data;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.len);
    if (response && p == end)
        return add_answer(r, response, e);
    OCSP_RESPONSE_free(response);
    return crypto_short_of_memory() ? err_memory(e) : 1;
}

static int add_pem(struct evidence_revocation *r, struct slice text, struct err *e)
{
    static const char *const labels[] = {"CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CRL",
                                         "OCSP RESPONSE"};
    struct buf der;
    int found = 1;
    buf_init(&der);
    for (size_t i = 0; i < sizeof labels / sizeof *labels && found >= 0; i++) {
        struct slice rest = text;
        for (int next = 1; next == 1 && found >= 0;) {
            next = pem_next(&rest, labels[i], &der, e);
            if (next < 0)
                found = -1;
            else if (next == 1) {
                int added = add_der(r, buf_slice(&der), e);
                found = added < 0 ? -1 : added == 0 ? 0 : found;
            }
        }
    }
    buf_fini(&der);
    return found;
}

int evidence_revocation_add(struct evidence_revocation *r, struct slice content, struct err *e)
{
    ERR_clear_error();
    int result =
        memmem(content.data ? content.data : (const uint8_t *)"", content.len, "-----BEGIN ", 11)
            ? add_pem(r, content, e)
            : add_der(r, content, e);
    ERR_clear_error();
    return result;
}

int evidence_revocation_add_token(struct evidence_revocation *r, struct slice token, struct err *e)
{
    struct der_document document;
    struct der top = der_open(&document, token);
    struct der info = der_enter(&top, DER_SEQUENCE);
    der_oid(&info);
    struct der wrapped = der_enter(&info, DER_CONTEXT_CONSTRUCTED(0));
    struct der data = der_enter(&wrapped, DER_SEQUENCE);
    der_unsigned(&data, DER_INTEGER);
    der_take(&data, DER_SET);
    der_take(&data, DER_SEQUENCE);
    if (der_peek(&data) == DER_CONTEXT_CONSTRUCTED(0))
        der_take(&data, DER_CONTEXT_CONSTRUCTED(0));
    if (der_peek(&data) != DER_CONTEXT_CONSTRUCTED(1))
        return 0;
    struct der choices = der_enter(&data, DER_CONTEXT_CONSTRUCTED(1));
    while (!der_at_end(&choices)) {
        int tag, added = 0;
        struct slice contents, whole = der_take_any(&choices, &tag, &contents);
        if (tag == DER_SEQUENCE) {
            added = evidence_revocation_add(r, whole, e);
        } else if (tag == DER_CONTEXT_CONSTRUCTED(1)) {
            struct der other = der_inside(&choices, contents);
            struct slice oid = der_oid(&other);
            struct slice response = der_take_any(&other, NULL, NULL);
            if (slice_equal(oid, slice_of(oid_ocsp_response, sizeof oid_ocsp_response)))
                added = evidence_revocation_add(r, response, e);
        }
        if (added < 0)
            return -1;
    }
    return 0;
}

static int add_file(struct evidence_revocation *r, const char *folder, const char *name,
                    struct err *e)
{
    char path[4096];
    struct buf content;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return err_set(e, ERR_LIMIT, "revocation.file", NULL, "the path of %s is too long", name);
    buf_init(&content);
    int result = file_read(path, FILE_MOST, &content, e);
    if (result == 0)
        result = evidence_revocation_add(r, buf_slice(&content), e);
    if (result > 0)
        result = err_set(e, ERR_INPUT, "revocation.file", NULL,
                         "%s is no revocation list, OCSP answer or certificate", path);
    buf_fini(&content);
    return result;
}

static int add_folder(struct evidence_revocation *r, const char *folder, struct err *e)
{
    DIR *dir = opendir(folder);
    int result = 0, files = 0;
    if (!dir)
        return errno == ENOENT
                   ? 0
                   : err_errno(e, errno, "revocation.folder", "%s cannot be read", folder);
    for (struct dirent *entry; result == 0 && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        if (++files > EVIDENCE_REVOCATION_FILES)
            result = err_set(e, ERR_LIMIT, "revocation.folder", NULL, "%s holds over %d files",
                             folder, EVIDENCE_REVOCATION_FILES);
        else
            result = add_file(r, folder, entry->d_name, e);
    }
    closedir(dir);
    return result;
}

int evidence_revocation_open(struct evidence_revocation *r, const char *folder, struct err *e)
{
    *r = (struct evidence_revocation){.certificates = sk_X509_new_null(),
                                      .lists = sk_X509_CRL_new_null(),
                                      .answers = sk_OCSP_BASICRESP_new_null()};
    if (!r->certificates || !r->lists || !r->answers) {
        evidence_revocation_close(r);
        return err_memory(e);
    }
    if (!folder || add_folder(r, folder, e) == 0)
        return 0;
    evidence_revocation_close(r);
    return -1;
}

void evidence_revocation_close(struct evidence_revocation *r)
{
    sk_X509_pop_free(r->certificates, X509_free);
    sk_X509_CRL_pop_free(r->lists, X509_CRL_free);
    sk_OCSP_BASICRESP_pop_free(r->answers, OCSP_BASICRESP_free);
    *r = (struct evidence_revocation){0};
}
