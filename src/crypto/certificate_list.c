/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/certificate.h"
#include "crypto/pem.h"
#include "base/memory.h"

void certificate_list_init(struct certificate_list *list)
{
    *list = (struct certificate_list){0};
}

void certificate_list_fini(struct certificate_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_free((void *)(uintptr_t)list->items[i].data);
    mem_free(list->items);
    *list = (struct certificate_list){0};
}

int certificate_list_add(struct certificate_list *list, struct slice der, struct err *e)
{
    if (list->count == CERTIFICATE_BUNDLE_MAX)
        return err_set(e, ERR_LIMIT, "certificate.bundle", NULL, "more than %d certificates",
                       CERTIFICATE_BUNDLE_MAX);
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 4;
        struct slice *grown = mem_resize(list->items, room, sizeof(*grown));
        if (!grown)
            return err_memory(e);
        list->items = grown;
        list->room = room;
    }
    uint8_t *copy = mem_new(der.len ? der.len : 1, 1);
    if (!copy)
        return err_memory(e);
    if (der.len)
        memcpy(copy, der.data, der.len);
    list->items[list->count++] = slice_of(copy, der.len);
    return 0;
}

int certificate_list_read_pem(struct certificate_list *list, struct slice pem, struct err *e)
{
    struct certificate parsed;
    struct buf der;
    int blocks = 0;
    int found;

    buf_init(&der);
    while ((found = pem_next(&pem, "CERTIFICATE", &der, e)) == 1) {
        blocks++;
        if (certificate_parse(&parsed, buf_slice(&der), e) != 0) {
            err_context(e, "certificate %d of the bundle", blocks);
            found = -1;
            break;
        }
        if (certificate_list_add(list, buf_slice(&der), e) != 0) {
            found = -1;
            break;
        }
    }
    buf_fini(&der);
    return found < 0 ? -1 : blocks;
}

void certificate_list_write_pem(const struct certificate_list *list, struct buf *pem)
{
    for (size_t i = 0; i < list->count; i++)
        pem_put(pem, "CERTIFICATE", list->items[i]);
}
