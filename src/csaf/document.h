/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An advisory, read and ready to be matched: a CSAF 2.0 or 2.1 document, or one of another source
 * read into the same model. A CSAF document has been put to the schema of its version and to the
 * mandatory tests that an import relies on (ids, references, contradicting status, revision
 * history); csaf/validate.h does all of them.
 *
 * The document owns its text, its values and this model; all of it is read-only after csaf_load and
 * may be shared by threads. Slices are never NULL-terminated; an absent member is the empty slice.
 */
#ifndef CSAF_DOCUMENT_H
#define CSAF_DOCUMENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"
#include "product/range.h"

/*
 * What kind of text a document was read from. Advisories of other formats are read into this same
 * model, so that matching, storing and proving need not know them; places and pointers are those of
 * the original text, which stays the document's text byte by byte.
 */
enum csaf_source {
    CSAF_SOURCE_CSAF,
    CSAF_SOURCE_OSV, /* OSV schema 1: one vulnerability of packages */
    CSAF_SOURCE_CVE, /* CVE record format 5 */
    CSAF_SOURCE_OPENVEX,
    CSAF_SOURCE_CYCLONEDX, /* a CycloneDX document with vulnerabilities: VEX, VDR */
};
/* "CSAF", "OSV", "CVE", "OpenVEX", "CycloneDX" */
const char *csaf_source_name(enum csaf_source source);

enum csaf_version { CSAF_2_0 = 1, CSAF_2_1 = 2 };
const char *csaf_version_name(enum csaf_version version); /* "2.0", "2.1" */

/* Where something stands in the document's text: line and byte column from 1. */
struct csaf_place {
    const char *pointer; /* RFC 6901 */
    size_t line;
    size_t column;
};

struct csaf_strings {
    const struct slice *at;
    size_t count;
};

/* CSAF 2.0 section 3.2.1.12.7 (tracking status). The order of the enumerations is that of their
 * names. */
enum csaf_tracking_status { CSAF_DRAFT, CSAF_FINAL, CSAF_INTERIM };

/* Section 3.2.1.5.2.1 (TLP label). CSAF_TLP_NONE: the document names no label. */
enum csaf_tlp {
    CSAF_TLP_NONE,
    CSAF_TLP_AMBER,
    CSAF_TLP_AMBER_STRICT, /* 2.1 */
    CSAF_TLP_CLEAR,        /* 2.1 */
    CSAF_TLP_GREEN,
    CSAF_TLP_RED,
    CSAF_TLP_WHITE, /* 2.0 */
};

/* Section 3.1.2.2 */
enum csaf_branch_category {
    CSAF_BRANCH_ARCHITECTURE,
    CSAF_BRANCH_HOST_NAME,
    CSAF_BRANCH_LANGUAGE,
    CSAF_BRANCH_LEGACY,
    CSAF_BRANCH_PATCH_LEVEL,
    CSAF_BRANCH_PLATFORM, /* 2.1 */
    CSAF_BRANCH_PRODUCT_FAMILY,
    CSAF_BRANCH_PRODUCT_NAME,
    CSAF_BRANCH_PRODUCT_VERSION,
    CSAF_BRANCH_PRODUCT_VERSION_RANGE,
    CSAF_BRANCH_SERVICE_PACK,
    CSAF_BRANCH_SPECIFICATION,
    CSAF_BRANCH_VENDOR,
};

/* Section 3.2.2.4.1 */
enum csaf_relation {
    CSAF_DEFAULT_COMPONENT_OF,
    CSAF_EXTERNAL_COMPONENT_OF,
    CSAF_INSTALLED_ON,
    CSAF_INSTALLED_WITH,
    CSAF_OPTIONAL_COMPONENT_OF,
};

/* Section 3.2.3.9 */
enum csaf_status {
    CSAF_FIRST_AFFECTED,
    CSAF_FIRST_FIXED,
    CSAF_FIXED,
    CSAF_KNOWN_AFFECTED,
    CSAF_KNOWN_NOT_AFFECTED,
    CSAF_LAST_AFFECTED,
    CSAF_RECOMMENDED,
    CSAF_UNDER_INVESTIGATION,
    CSAF_UNKNOWN, /* 2.1 */
};
enum { CSAF_STATUSES = 9 };

/* Section 3.2.3.12.1 */
enum csaf_remedy {
    CSAF_FIX_PLANNED, /* 2.1 */
    CSAF_MITIGATION,
    CSAF_NO_FIX_PLANNED,
    CSAF_NONE_AVAILABLE,
    CSAF_OPTIONAL_PATCH, /* 2.1 */
    CSAF_VENDOR_FIX,
    CSAF_WORKAROUND,
};

/* The names as the standard writes them ("known_affected"). */
const char *csaf_tlp_name(enum csaf_tlp tlp); /* "" for none */
const char *csaf_tracking_status_name(enum csaf_tracking_status status);
const char *csaf_branch_category_name(enum csaf_branch_category category);
const char *csaf_relation_name(enum csaf_relation relation);
const char *csaf_status_name(enum csaf_status status);
const char *csaf_remedy_name(enum csaf_remedy remedy);

/* One step of a product's path; the outermost has no parent. */
struct csaf_branch {
    enum csaf_branch_category category;
    struct slice name;
    const struct csaf_branch *parent;
    struct csaf_place place;
};

struct csaf_hash {
    struct slice filename;
    struct slice algorithm; /* as written: "sha256" */
    struct slice value;     /* hexadecimal, either case */
};

struct csaf_uri {
    struct slice namespace;
    struct slice uri;
};

/* Section 3.1.3.3 (product identification helper). */
struct csaf_helper {
    struct slice cpe;
    struct slice purl; /* of several (2.1): what they have in common */
    const struct csaf_hash *hashes;
    size_t hash_count;
    struct csaf_strings model_numbers;
    struct csaf_strings sbom_urls;
    struct csaf_strings serial_numbers;
    struct csaf_strings skus;
    const struct csaf_uri *uris; /* x_generic_uris */
    size_t uri_count;
};

/* Versions as intervals, for sources that have them as such; what product_range_of_intervals
 * takes. */
struct csaf_range {
    const struct product_scheme *scheme;
    const struct product_interval *intervals;
    size_t count;
    bool closed;            /* every version is spoken of: those outside are excluded */
    const char *form;       /* "osv", "cve", "cpe" */
    struct slice condition; /* an inventory does not show whether it holds; empty: none */
    const char *problem;    /* why it is not understood; then there are no intervals. Static */
};

struct csaf_relationship;

/* One product id; where it is defined decides which of branch and relationship is set. */
struct csaf_product {
    struct slice id;
    struct slice name;
    const struct csaf_branch *branch;             /* innermost; NULL: not from branches */
    const struct csaf_relationship *relationship; /* NULL: not from a relationship */
    const struct csaf_helper *helper;             /* NULL: none */
    const struct csaf_range *range;               /* NULL: its versions stand in its branches */
    struct csaf_place place;
    size_t index; /* position in csaf_document.products */
};

/* "product, category, relates_to": the new product exists where both are together. */
struct csaf_relationship {
    enum csaf_relation category;
    const struct csaf_product *product;
    const struct csaf_product *relates_to;
};

struct csaf_products {
    const struct csaf_product *const *at;
    size_t count;
};

struct csaf_group {
    struct slice id;
    struct slice summary;
    struct csaf_products products;
};

struct csaf_note {
    struct slice category; /* "description", "details", … */
    struct slice title;
    struct slice text;
};

struct csaf_reference {
    struct slice category; /* "external", the default, or "self" */
    struct slice summary;
    struct slice url;
};

struct csaf_id {
    struct slice system;
    struct slice text;
};

/* Products of remediations, flags and threats have their groups resolved. */
struct csaf_remediation {
    enum csaf_remedy category;
    struct slice details;
    struct slice date; /* as written; empty: none */
    struct slice url;
    struct slice restart; /* category of restart_required; empty: not said */
    struct csaf_strings entitlements;
    struct csaf_strings groups; /* the ids as written */
    struct csaf_products products;
    bool everywhere; /* names neither products nor groups: meant for all */
    struct csaf_place place;
};

struct csaf_flag {
    struct slice label;
    struct slice date;
    struct csaf_products products;
    bool everywhere;
};

struct csaf_threat {
    struct slice category;
    struct slice details;
    struct slice date;
    struct csaf_products products;
    bool everywhere;
};

struct csaf_score {
    struct csaf_products products;
    struct slice version;    /* "2.0", "3.0", "3.1", "4.0" */
    struct slice vector;     /* vectorString */
    struct slice base_score; /* the number's text */
    struct slice severity;   /* baseSeverity; empty for 2.0 */
};

struct csaf_vulnerability {
    struct slice cve; /* empty: none */
    const struct csaf_id *ids;
    size_t id_count;
    /* What to call it: the CVE, else "system: text" of the first id, else the title, else
     * "vulnerabilities/N" (N from 0). Unique in the document. */
    struct slice name;
    struct slice title;
    struct slice cwe;
    struct slice release_date; /* 2.1: disclosure_date */
    struct slice discovery_date;
    struct csaf_products status[CSAF_STATUSES];
    struct csaf_place status_place[CSAF_STATUSES];
    const struct csaf_flag *flags;
    size_t flag_count;
    const struct csaf_remediation *remediations;
    size_t remediation_count;
    const struct csaf_score *scores;
    size_t score_count;
    const struct csaf_threat *threats;
    size_t threat_count;
    const struct csaf_note *notes;
    size_t note_count;
    const struct csaf_reference *references;
    size_t reference_count;
    struct csaf_place place;
};

struct csaf_revision {
    struct slice number;
    struct slice summary;
    int64_t date;
};

struct csaf_document {
    enum csaf_version csaf_version; /* 0: not CSAF, see source */
    enum csaf_source source;
    /* identity of an advisory: namespace and id; of a revision: the version, too */
    struct slice namespace; /* of the publisher */
    struct slice id;
    struct slice version;
    enum csaf_tracking_status status;
    int64_t initial_release; /* microseconds, base/clock.h */
    int64_t current_release;
    struct slice title;
    struct slice category; /* profile: "csaf_security_advisory", "csaf_vex", … */
    struct slice lang;
    struct slice publisher;
    struct slice publisher_category;
    enum csaf_tlp tlp;
    struct slice distribution;
    struct slice severity; /* aggregate_severity/text */
    struct csaf_strings aliases;
    const struct csaf_revision *revisions; /* by date, oldest first */
    size_t revision_count;
    const struct csaf_note *notes;
    size_t note_count;
    const struct csaf_reference *references;
    size_t reference_count;

    /* branches in the order of the text, then full_product_names, then relationships */
    const struct csaf_product *products;
    size_t product_count;
    const struct csaf_group *groups;
    size_t group_count;
    const struct csaf_vulnerability *vulnerabilities;
    size_t vulnerability_count;

    struct json_doc *json;
    struct slice text;
    struct csaf_model *model; /* room's own: arena, look-up tables */
};

/* References to products that a document may make, groups resolved; more is ERR_LIMIT. */
enum { CSAF_REFERENCES = 10000000 };

/* What a report holds at most; the count goes on. */
enum { CSAF_FINDINGS = 32 };

/* Everything found wrong in one document, in the order of the checks: the first is the root cause.
 * Warnings do not refuse a document. */
struct csaf_report {
    struct err errors[CSAF_FINDINGS];
    size_t error_count; /* may be more than CSAF_FINDINGS */
    struct err warnings[CSAF_FINDINGS];
    size_t warning_count;
};

/*
 * Reads and checks a CSAF 2.0 document, or an advisory of another source (enum csaf_source), which
 * is recognised by its members; text is copied. 0 and *document for csaf_free. -1 with the
 * first error: kind ERR_INPUT, a "json.…" code, or one of "csaf.not-csaf", "csaf.version",
 * "csaf.required", "csaf.type", "csaf.empty", "csaf.enum", "csaf.format", "csaf.duplicate",
 * "csaf.reference", "csaf.circular", "csaf.contradiction", "csaf.history"; clause "CSAF 2.0 section
 * …", or that of the other format; where = line, column, pointer; or ERR_LIMIT ("json.size",
 * "csaf.limit"), ERR_MEMORY.
 */
int csaf_load(struct csaf_document **document, struct slice text, struct err *e) MUST_CHECK;

/* The same, with all that was found (report may be NULL). */
int csaf_load_report(struct csaf_document **document, struct slice text, struct csaf_report *report,
                     struct err *e) MUST_CHECK;

void csaf_free(struct csaf_document *document);

/* The product or group with this id, or NULL. */
const struct csaf_product *csaf_product_find(const struct csaf_document *d, struct slice id);
const struct csaf_group *csaf_group_find(const struct csaf_document *d, struct slice id);

/* The nearest branch of this category on the product's path; NULL when there is none. */
const struct csaf_branch *csaf_branch_find(const struct csaf_product *product,
                                           enum csaf_branch_category category);

/* Line and column of a byte offset of the text, quickly (any number of calls). */
void csaf_line(const struct csaf_document *d, size_t offset, size_t *line, size_t *column);

/* CSAF 2.0 section 3.1.11: orders two version numbers, integer or semantic (section 3.1.11.2: pre-
 * releases sort first, build metadata is ignored). false when one is neither. */
bool csaf_version_compare(struct slice a, struct slice b, int *order);

/* Extensions of one category ("essential", "significant"; CSAF 2.1 section 2.4). */
enum { CSAF_EXTENSIONS_NAMED = 5 };

struct csaf_extensions_met {
    const char *category;
    size_t count;
    struct slice named[CSAF_EXTENSIONS_NAMED]; /* schemas of the first, each once; the document's */
    size_t named_count;
};

/* Those of a document that is one of CSAF 2.1, wherever they stand; of others none. */
struct csaf_extensions_met csaf_extensions_find(const struct json_value *root,
                                                const char *category);

#endif
