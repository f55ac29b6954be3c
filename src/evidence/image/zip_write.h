/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: a ZIP archive whose members are stored, with ZIP64 throughout (APPNOTE 6.3.9
 * sections 4.3 and 4.5.3), into the last file of a list. */
#ifndef EVIDENCE_ZIP_WRITE_H
#define EVIDENCE_ZIP_WRITE_H

#include "base/buf.h"
#include "evidence/image/output.h"

struct evidence_zip {
    struct evidence_outputs *outputs;
    struct buf directory;
    uint64_t members;
    uint64_t at; /* the header of the member under way */
    uint32_t crc;
    uint64_t bytes;
    char name[512];
};

void evidence_zip_init(struct evidence_zip *zip, struct evidence_outputs *outputs);
void evidence_zip_fini(struct evidence_zip *zip);
/* A member: begun, filled as often as wanted, ended. */
int evidence_zip_begin(struct evidence_zip *zip, const char *name, struct err *e) MUST_CHECK;
int evidence_zip_put(struct evidence_zip *zip, struct slice bytes, struct err *e) MUST_CHECK;
int evidence_zip_end(struct evidence_zip *zip, struct err *e) MUST_CHECK;
/* A member in one. */
int evidence_zip_add(struct evidence_zip *zip, const char *name, struct slice bytes,
                     struct err *e) MUST_CHECK;
/* The directory; comment is the archive's. */
int evidence_zip_close(struct evidence_zip *zip, struct slice comment, struct err *e) MUST_CHECK;

#endif
