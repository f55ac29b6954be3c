/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/attribute.h"

/* Both attributes are little-endian whatever the machine is. */
static uint32_t little(const uint8_t *at, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

enum { ACL_VERSION = 2, ACL_HEADER = 4, ACL_ENTRY = 8, ACL_ENTRIES_MOST = 8192 };

static const struct {
    unsigned tag;
    const char *name;
    bool has_id;
} acl_tags[] = {{0x01, "user", false}, {0x02, "user", true},  {0x04, "group", false},
                {0x08, "group", true}, {0x10, "mask", false}, {0x20, "other", false}};

bool evidence_acl_text(struct slice value, struct buf *out)
{
    struct buf text;
    if (value.len < ACL_HEADER || (value.len - ACL_HEADER) % ACL_ENTRY != 0 ||
        (value.len - ACL_HEADER) / ACL_ENTRY > ACL_ENTRIES_MOST ||
        little(value.data, 4) != ACL_VERSION)
        return false;
    buf_init(&text);
    bool known = true;
    for (size_t at = ACL_HEADER; at < value.len && known; at += ACL_ENTRY) {
        unsigned tag = little(value.data + at, 2), permissions = little(value.data + at + 2, 2);
        known = permissions <= 7;
        size_t i = 0;
        while (i < ARRAY_LEN(acl_tags) && acl_tags[i].tag != tag)
            i++;
        known = known && i < ARRAY_LEN(acl_tags);
        if (!known)
            break;
        buf_printf(&text, "%s%s:", at > ACL_HEADER ? "," : "", acl_tags[i].name);
        if (acl_tags[i].has_id)
            buf_printf(&text, "%u", (unsigned)little(value.data + at + 4, 4));
        buf_printf(&text, ":%c%c%c", permissions & 4 ? 'r' : '-', permissions & 2 ? 'w' : '-',
                   permissions & 1 ? 'x' : '-');
    }
    known = known && !text.failed;
    if (known)
        buf_put_slice(out, buf_slice(&text));
    buf_fini(&text);
    return known;
}

bool evidence_capabilities_read(struct slice value, struct evidence_capabilities *c)
{
    static const size_t lengths[] = {0, 12, 20, 24};
    if (value.len < 4)
        return false;
    uint32_t magic = little(value.data, 4);
    unsigned revision = magic >> 24;
    if (revision < 1 || revision > 3 || value.len != lengths[revision])
        return false;
    *c = (struct evidence_capabilities){.revision = revision,
                                        .effective = magic & 1,
                                        .permitted = little(value.data + 4, 4),
                                        .inheritable = little(value.data + 8, 4)};
    if (revision > 1) {
        c->permitted |= (uint64_t)little(value.data + 12, 4) << 32;
        c->inheritable |= (uint64_t)little(value.data + 16, 4) << 32;
    }
    if (revision == 3)
        c->rootid = little(value.data + 20, 4);
    return true;
}
