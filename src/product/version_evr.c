/* SPDX-License-Identifier: Apache-2.0 */
#include "product/version_evr.h"

void product_evr_split(struct slice s, struct slice *epoch, struct slice *version,
                       struct slice *revision)
{
    const uint8_t *colon = s.len ? memchr(s.data, ':', s.len) : NULL;
    *epoch = slice_of(NULL, 0);
    *revision = slice_of(NULL, 0);
    if (colon) {
        size_t at = (size_t)(colon - s.data);
        *epoch = slice_of(s.data, at);
        s = slice_of(s.data + at + 1, s.len - at - 1);
    }
    *version = s;
    for (size_t i = s.len; i > 0; i--)
        if (s.data[i - 1] == '-') {
            *version = slice_of(s.data, i - 1);
            *revision = slice_of(s.data + i, s.len - i);
            return;
        }
}
