/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/webhook.h"
#include "base/buf.h"
#include "base/encoding.h"
#include "crypto/digest.h"

#include <stdio.h>

int webhook_sign(struct slice secret, const char *id, int64_t time, struct slice body,
                 char signature[WEBHOOK_SIGNATURE_TEXT], struct err *e)
{
    uint8_t mac[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];
    struct buf signed_bytes;
    int result;

    if (secret.len < WEBHOOK_SECRET_MIN)
        return err_set(e, ERR_USAGE, "webhook.secret", NULL,
                       "the secret of a webhook has at least %d bytes", WEBHOOK_SECRET_MIN);
    buf_init(&signed_bytes);
    buf_printf(&signed_bytes, "tocsin-webhook/v1\n%s\n%lld\n", id, (long long)time);
    buf_put_slice(&signed_bytes, body);
    result = buf_check(&signed_bytes, e);
    if (result == 0 && hmac_sha256(secret, buf_slice(&signed_bytes), mac) != 0)
        result = digest_failed(e);
    buf_fini(&signed_bytes);
    if (result != 0)
        return -1;
    hex_format(mac, sizeof(mac), hex);
    snprintf(signature, WEBHOOK_SIGNATURE_TEXT, "t=%lld,v1=%s", (long long)time, hex);
    return 0;
}
