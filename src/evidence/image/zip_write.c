/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/image/zip_write.h"

#include <isa-l/crc.h>
#include <stdio.h>
#include <string.h>

enum {
    VERSION = 45, /* needed for ZIP64 */
    NAMES_UTF8 = 1 << 11,
    EXTRA = 4 + 16,       /* in a member's header: both sizes */
    EXTRA_ENTRY = 4 + 24, /* in the directory: both sizes, and where it begins */
    DAY = 0x0021,         /* 1980-01-01: the same image is the same archive */
};

static void little(struct buf *out, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_putc(out, (int)(number >> (8 * i) & 0xff));
}

void evidence_zip_init(struct evidence_zip *zip, struct evidence_outputs *outputs)
{
    *zip = (struct evidence_zip){.outputs = outputs};
    buf_init(&zip->directory);
}

void evidence_zip_fini(struct evidence_zip *zip)
{
    buf_fini(&zip->directory);
}

/* The sizes and the checksum are known only when it ends; then it is written again. */
static int put_header(struct evidence_zip *zip, bool again, struct err *e)
{
    struct buf head;
    buf_init(&head);
    little(&head, 0x04034b50, 4);
    little(&head, VERSION, 2);
    little(&head, NAMES_UTF8, 2);
    little(&head, 0, 2); /* stored */
    little(&head, 0, 2);
    little(&head, DAY, 2);
    little(&head, zip->crc, 4);
    little(&head, UINT32_MAX, 4);
    little(&head, UINT32_MAX, 4);
    little(&head, strlen(zip->name), 2);
    little(&head, EXTRA, 2);
    buf_puts(&head, zip->name);
    little(&head, 1, 2);
    little(&head, EXTRA - 4, 2);
    little(&head, zip->bytes, 8);
    little(&head, zip->bytes, 8);
    int result = buf_check(&head, e);
    if (result == 0)
        result = again ? evidence_output_put_at(zip->outputs, buf_slice(&head), zip->at, e)
                       : evidence_output_put(zip->outputs, buf_slice(&head), e);
    buf_fini(&head);
    return result;
}

int evidence_zip_begin(struct evidence_zip *zip, const char *name, struct err *e)
{
    if ((size_t)snprintf(zip->name, sizeof zip->name, "%s", name) >= sizeof zip->name)
        return err_set(e, ERR_INTERNAL, "evidence.zip", NULL, "the name %s is too long", name);
    zip->at = evidence_output_last(zip->outputs)->bytes;
    zip->bytes = 0;
    zip->crc = 0;
    return put_header(zip, false, e);
}

int evidence_zip_put(struct evidence_zip *zip, struct slice bytes, struct err *e)
{
    zip->crc = crc32_gzip_refl(zip->crc, bytes.data, bytes.len);
    zip->bytes += bytes.len;
    return evidence_output_put(zip->outputs, bytes, e);
}

int evidence_zip_end(struct evidence_zip *zip, struct err *e)
{
    struct buf *d = &zip->directory;
    little(d, 0x02014b50, 4);
    little(d, 3 << 8 | VERSION, 2); /* made on Unix */
    little(d, VERSION, 2);
    little(d, NAMES_UTF8, 2);
    little(d, 0, 2);
    little(d, 0, 2);
    little(d, DAY, 2);
    little(d, zip->crc, 4);
    little(d, UINT32_MAX, 4);
    little(d, UINT32_MAX, 4);
    little(d, strlen(zip->name), 2);
    little(d, EXTRA_ENTRY, 2);
    little(d, 0, 2); /* comment */
    little(d, 0, 2); /* disk */
    little(d, 0, 2);
    little(d, (uint64_t)0100600 << 16, 4);
    little(d, UINT32_MAX, 4);
    buf_puts(d, zip->name);
    little(d, 1, 2);
    little(d, EXTRA_ENTRY - 4, 2);
    little(d, zip->bytes, 8);
    little(d, zip->bytes, 8);
    little(d, zip->at, 8);
    zip->members++;
    return put_header(zip, true, e);
}

int evidence_zip_add(struct evidence_zip *zip, const char *name, struct slice bytes, struct err *e)
{
    if (evidence_zip_begin(zip, name, e) != 0 || evidence_zip_put(zip, bytes, e) != 0)
        return -1;
    return evidence_zip_end(zip, e);
}

int evidence_zip_close(struct evidence_zip *zip, struct slice comment, struct err *e)
{
    uint64_t at = evidence_output_last(zip->outputs)->bytes, bytes = zip->directory.len;
    struct buf *d = &zip->directory;
    little(d, 0x06064b50, 4); /* ZIP64 end of the directory */
    little(d, 44, 8);
    little(d, 3 << 8 | VERSION, 2);
    little(d, VERSION, 2);
    little(d, 0, 4);
    little(d, 0, 4);
    little(d, zip->members, 8);
    little(d, zip->members, 8);
    little(d, bytes, 8);
    little(d, at, 8);
    little(d, 0x07064b50, 4); /* where that is */
    little(d, 0, 4);
    little(d, at + bytes, 8);
    little(d, 1, 4);
    little(d, 0x06054b50, 4); /* the old end: look at the new one */
    little(d, 0, 2);
    little(d, 0, 2);
    little(d, UINT16_MAX, 2);
    little(d, UINT16_MAX, 2);
    little(d, UINT32_MAX, 4);
    little(d, UINT32_MAX, 4);
    little(d, comment.len, 2);
    buf_put_slice(d, comment);
    return buf_check(d, e) == 0 ? evidence_output_put(zip->outputs, buf_slice(d), e) : -1;
}
