/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same facts for other programs: a case, an exhibit or a bundle as a graph of CASE/UCO (JSON-LD
 * 1.1; caseontology.org, unifiedcyberontology.org): investigative actions in their order, with who
 * performed them, by which tool, on what; provenance records with exhibit numbers; contents with
 * their hashes. Identifiers are made of the facts, so the same evidence gives the same graph.
 */
#ifndef EVIDENCE_UCO_H
#define EVIDENCE_UCO_H

#include "base/buf.h"
#include "base/err.h"

/* The graph of one bundle, from its acquisition.json. */
int evidence_uco_bundle(struct slice acquisition, const char *bundle, struct buf *out,
                        struct err *e) MUST_CHECK;
/* The same as case.jsonld of a bundle that is being closed. */
struct evidence_bag;
int evidence_uco_tag(struct evidence_bag *bag, struct slice acquisition, struct err *e) MUST_CHECK;

/*
 * What of a folder cannot be read is told, and stands in the graph as an annotation of what it
 * belongs to; the rest is written.
 */
struct evidence_uco_told {
    void (*broken)(void *context, const char *path, const char *why); /* NULL: nobody is told */
    void *context;
    size_t count;
};

/* The graph of a folder, with custody. ERR_NOT_FOUND "evidence.report"; ERR_MEMORY. */
int evidence_uco_folder(const char *path, struct evidence_uco_told *told, struct buf *out,
                        struct err *e) MUST_CHECK;

#endif
