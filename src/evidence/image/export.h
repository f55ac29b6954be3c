/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: an export under way, and what a format brings to it. */
#ifndef EVIDENCE_IMAGE_EXPORT_H
#define EVIDENCE_IMAGE_EXPORT_H

#include "evidence/acquire/pipeline.h"
#include "evidence/export.h"
#include "evidence/image/image_facts.h"
#include "evidence/image/output.h"

struct evidence_exporting {
    const struct evidence_export_options *options;
    struct evidence_exported *exported;
    struct evidence_image_facts facts;
    struct evidence_outputs outputs;
    uint64_t unreadable_ranges;
};

struct evidence_exporter {
    const char *name;
    bool parts;   /* its pieces are struct evidence_parts */
    bool adler;   /* plain parts end with their Adler-32 */
    bool digests; /* MD5 and SHA-1 have a place in it */
    void *(*open)(struct evidence_exporting *x, struct err *e);
    /* Blocks in their order; data, and the piece where the format has parts. */
    int (*take)(void *writer, const struct evidence_block *block, struct err *e);
    /* All digests are in x->exported. */
    int (*finish)(void *writer, struct err *e);
    void (*close)(void *writer);
};

extern const struct evidence_exporter evidence_raw_exporter, evidence_ewf_exporter,
    evidence_aff4_exporter;

/* NAME.sha256 where the files' hashes are known, and NAME.json, which says what the export is. */
int evidence_sidecar_write(struct evidence_exporting *x, const char *format,
                           struct err *e) MUST_CHECK;

#endif
