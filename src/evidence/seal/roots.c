/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/seal/roots.h"
#include "base/file.h"
#include "crypto/name.h"

enum { PEM_MOST = 4 << 20, SUBJECT = 256 };

int evidence_roots_read(const char *path, struct certificate_list *list, struct err *e)
{
    struct buf text;
    buf_init(&text);
    int count = file_read(path, PEM_MOST, &text, e);
    if (count == 0)
        count = certificate_list_read_pem(list, buf_slice(&text), e);
    buf_fini(&text);
    if (count == 0)
        return err_set(e, ERR_USAGE, "evidence.certificates", "RFC 7468 section 5",
                       "there is no certificate in %s", path);
    if (count > 0)
        return 0;
    if (e->kind == ERR_INPUT || e->kind == ERR_VERIFY) /* ours is not wrong, theirs is not read */
        e->kind = ERR_USAGE;
    return err_context(e, "%s", path);
}

void evidence_subject(struct slice name_der, char out[SUBJECT])
{
    char text[NAME_TEXT];
    size_t len;
    name_text(name_der, text);
    len = strlen(text);
    if (len > SUBJECT - 1)
        for (len = SUBJECT - 1; len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80;)
            len--; /* not in the middle of a character */
    memcpy(out, text, len);
    out[len] = 0;
}
