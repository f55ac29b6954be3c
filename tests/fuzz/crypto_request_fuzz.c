/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, certs-only messages, PEM and keys. */
#include "crypto/csr.h"
#include "crypto/pem.h"
#include "crypto/pkcs7.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void check_message(struct slice in)
{
    struct certificate_list list, again;
    struct err e = {0};
    struct buf der;

    certificate_list_init(&list);
    certificate_list_init(&again);
    buf_init(&der);
    if (pkcs7_certificates_parse(in, &list, &e) == 0 && list.count > 0) {
        demand(pkcs7_certificates_build(list.items, list.count, &der, &e) == 0);
        demand(pkcs7_certificates_parse(buf_slice(&der), &again, &e) == 0);
        demand(again.count == list.count);
    }
    certificate_list_fini(&list);
    certificate_list_fini(&again);
    buf_fini(&der);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of(data, size);
    struct certificate_list list;
    struct err e = {0};
    struct csr csr;
    struct buf der;

    if (csr_parse(&csr, in, &e) == 0)
        (void)!csr_check_possession(&csr, NULL, &e);
    else
        demand(err_is_set(&e));
    check_message(in);
    err_clear(&e);
    certificate_list_init(&list);
    (void)!certificate_list_read_pem(&list, in, &e);
    certificate_list_fini(&list);
    err_clear(&e);
    buf_init(&der);
    for (struct slice rest = in; pem_next(&rest, "X", &der, &e) == 1;)
        ;
    buf_fini(&der);
    err_clear(&e);
    key_free(key_from_spki(in, &e));
    err_clear(&e);
    key_free(key_public_from_pem(in, &e));
    /* private keys in clear only: an encrypted one may ask for any work factor */
    if (!memmem(data, size, "ENCRYPTED", 9)) {
        err_clear(&e);
        key_free(key_from_pem(in, NULL, &e));
    }
    return 0;
}
