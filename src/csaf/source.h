/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: advisories of other formats, read into the model of a CSAF document. */
#ifndef CSAF_SOURCE_H
#define CSAF_SOURCE_H

#include "csaf/model/model.h"

/* Products that an advisory of another source may name, once for each vulnerability; more is
 * ERR_LIMIT. In these formats a few bytes name one. */
enum { CSAF_SOURCE_PRODUCTS = 250000 };

/* By the members of the root; CSAF when it is none of the others. */
enum csaf_source csaf_source_detect(const struct json_value *root);

/* Fills the document from its text of another source. Faults are recorded in check; -1: memory or a
 * limit, set in e. */
int csaf_source_build(struct csaf_document *d, struct csaf_check *check, struct err *e) MUST_CHECK;

/* What is being built: vulnerabilities, one after the other, and the products they speak of. */
struct csaf_source_builder {
    struct csaf_document *d;
    struct csaf_check *check;
    struct err *e;
    struct csaf_product *products; /* of d */
    size_t room;
    struct csaf_vulnerability *vulnerabilities; /* of d */
    size_t vulnerability_room;
    /* of the vulnerability that is being built */
    struct csaf_vulnerability *vulnerability;
    const struct csaf_product **status[CSAF_STATUSES];
    size_t status_room;
    struct csaf_remediation *remediations;
    size_t remediation_room;
};

int csaf_osv_build(struct csaf_source_builder *b) MUST_CHECK;
int csaf_cve_build(struct csaf_source_builder *b) MUST_CHECK;
int csaf_openvex_build(struct csaf_source_builder *b) MUST_CHECK;
int csaf_cyclonedx_build(struct csaf_source_builder *b) MUST_CHECK;

/* The applicability statements of a container of a CVE record: at most so many products; adds them.
 */
size_t csaf_applicability_count(const struct json_value *container);
int csaf_applicability_read(struct csaf_source_builder *b, const struct json_value *container,
                            const char *pointer) MUST_CHECK;

/* Room for so many products and vulnerabilities; then each vulnerability with room for products
 * that have a status in it, and for remediations. */
int csaf_source_begin(struct csaf_source_builder *b, size_t products,
                      size_t vulnerabilities) MUST_CHECK;
int csaf_source_next(struct csaf_source_builder *b, const struct json_value *at,
                     const char *pointer, size_t products, size_t remediations) MUST_CHECK;

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
    const char *part;               /* what tells several products of one place apart; "" */
    const struct csaf_range *range; /* NULL: the versions are written: */
    struct slice version;           /* one version, or (is_range) a range of them; empty: none */
    bool is_range;
};

/* Adds it with a status (CSAF_STATUSES: without one); the product, or NULL (no memory). */
struct csaf_product *csaf_source_add(struct csaf_source_builder *b,
                                     const struct csaf_source_product *from,
                                     enum csaf_status status) MUST_CHECK;

/* A product that is one in another, with a status; NULL: no memory. */
struct csaf_product *csaf_source_combine(struct csaf_source_builder *b,
                                         const struct csaf_product *component,
                                         const struct csaf_product *whole,
                                         enum csaf_status status) MUST_CHECK;

/* Entries of an array that speak of one vulnerability, which a document may do several times. */
struct csaf_source_group {
    struct slice name;
    size_t head, tail; /* first and last entry's index + 1; 0: none */
    size_t count;
    size_t products;
};

struct csaf_source_groups {
    const struct json_value **entries;
    size_t *next; /* by entry: index + 1 of the next one of its group; 0: the last */
    struct csaf_source_group *at;
    size_t count;
};

/* name: what an entry calls its vulnerability (empty: a fault was recorded, or it stands alone).
 * products: how many an entry may add. Groups in the order of the text. */
int csaf_source_group(struct csaf_source_builder *b, const struct json_value *array,
                      struct slice (*name)(struct csaf_source_builder *b,
                                           const struct json_value *entry),
                      size_t (*products)(const struct json_value *entry),
                      struct csaf_source_groups *out) MUST_CHECK;
void csaf_source_groups_fini(struct csaf_source_groups *groups);

/* The number of a revision, from the time of its change: YYYYMMDDhhmmss. */
int csaf_source_revision(struct csaf_source_builder *b, int64_t published, int64_t modified,
                         bool dated) MUST_CHECK;
/* The same with a number of the source's own. */
int csaf_source_revise(struct csaf_source_builder *b, struct slice number, int64_t published,
                       int64_t modified) MUST_CHECK;

/* Which order a package's versions have, and its purl (empty: there is none), by the name of its
 * ecosystem ("Go", "Debian:12"). */
const struct product_scheme *csaf_ecosystem_scheme(struct slice ecosystem);
int csaf_ecosystem_purl(struct csaf_source_builder *b, struct slice ecosystem, struct slice name,
                        struct slice *purl) MUST_CHECK;
/* The ecosystem whose packages an address lists ("https://pypi.org"); empty: none is known. */
struct slice csaf_ecosystem_of_url(struct slice url);

#endif
