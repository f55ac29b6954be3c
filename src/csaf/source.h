/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: advisories of other formats, read into the model of a CSAF document. */
#ifndef CSAF_SOURCE_H
#define CSAF_SOURCE_H

#include "csaf/model.h"

/* By the members of the root; CSAF when it is none of the others. */
enum csaf_source csaf_source_detect(const struct json_value *root);

/* Fills the document from its text of another source. Faults are recorded in check; -1: memory or a
 * limit, set in e. */
int csaf_source_build(struct csaf_document *d, struct csaf_check *check, struct err *e) MUST_CHECK;

/* What is being built: one vulnerability and the products that it speaks of. */
struct csaf_source_builder {
    struct csaf_document *d;
    struct csaf_check *check;
    struct err *e;
    struct csaf_product *products; /* of d */
    size_t room;
    struct csaf_vulnerability *vulnerability; /* of d */
    const struct csaf_product **status[CSAF_STATUSES];
    struct csaf_remediation *remediations;
    size_t remediation_room;
};

int csaf_osv_build(struct csaf_source_builder *b) MUST_CHECK;
int csaf_cve_build(struct csaf_source_builder *b) MUST_CHECK;

/* The one vulnerability, and room for so many products and remediations. */
int csaf_source_begin(struct csaf_source_builder *b, size_t products,
                      size_t remediations) MUST_CHECK;

/* The member, when it is of this type; NULL when it is absent; of another type: a fault, and NULL.
 */
const struct json_value *csaf_source_member(struct csaf_source_builder *b,
                                            const struct json_value *object, const char *name,
                                            enum json_type type);

/* Text formatted into the arena; data NULL: no memory, e is set. */
struct slice csaf_source_text(struct csaf_source_builder *b, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* One product of the document. */
struct csaf_source_product {
    struct slice vendor;  /* or the ecosystem */
    struct slice product; /* package or product name */
    struct slice purl, cpe;
    const char *pointer; /* of where the source speaks of it */
    const struct json_value *at;
    const char *part; /* what tells several products of one place apart; "" */
    const struct csaf_range *range;
};

/* Adds it with a status; the product, or NULL (no memory). */
struct csaf_product *csaf_source_add(struct csaf_source_builder *b,
                                     const struct csaf_source_product *from,
                                     enum csaf_status status) MUST_CHECK;

/* The number of a revision, from the time of its change: YYYYMMDDhhmmss. */
int csaf_source_revision(struct csaf_source_builder *b, int64_t published, int64_t modified,
                         bool dated) MUST_CHECK;

/* Which order a package's versions have, and its purl (empty: there is none), by the name of its
 * ecosystem ("Go", "Debian:12"). */
const struct product_scheme *csaf_ecosystem_scheme(struct slice ecosystem);
int csaf_ecosystem_purl(struct csaf_source_builder *b, struct slice ecosystem, struct slice name,
                        struct slice *purl) MUST_CHECK;
/* The ecosystem whose packages an address lists ("https://pypi.org"); empty: none is known. */
struct slice csaf_ecosystem_of_url(struct slice url);

#endif
