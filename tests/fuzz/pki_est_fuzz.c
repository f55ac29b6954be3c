/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of EST requests, and profiles. */
#include "pki/est.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pki_profiles *profiles;
    struct slice in = slice_of(data, size);
    struct err e = {0};
    struct csr csr;
    struct buf der;

    buf_init(&der);
    if (pki_est_request(in, &der, &csr, &e) != 0 && !err_is_set(&e))
        abort();
    buf_fini(&der);
    err_clear(&e);
    if (!profiles)
        profiles = pki_profiles_new(&e);
    if (!profiles)
        abort();
    if (pki_profiles_add(profiles, in, &e) != 0 && !err_is_set(&e))
        abort();
    return 0;
}
