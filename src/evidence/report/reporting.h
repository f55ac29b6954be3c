/* SPDX-License-Identifier: Apache-2.0 */
/* A report under way: what its parts share. */
#ifndef EVIDENCE_REPORTING_H
#define EVIDENCE_REPORTING_H

#include "base/json.h"
#include "evidence/custody.h"
#include "evidence/report.h"

/* A JSON file that is kept until the report is written. */
struct reporting_file {
    struct buf text;
    struct json_doc *doc;
    const struct json_value *root; /* NULL: it is not there, or broken */
    bool broken;
};

/* The minimum that another jurisdiction needs (27037 section 6.10; row 56). */
enum reporting_need {
    NEED_ITEM,      /* identifier and description of the thing */
    NEED_PERSON,    /* who took it, role, competence */
    NEED_TIME,      /* when, by which clock */
    NEED_REASON,    /* why, and why so */
    NEED_AUTHORITY, /* what allowed it */
    NEED_TOOL,      /* name, version, hash */
    NEED_TOOL_TEST, /* what was shown of it */
    NEED_HASH,      /* of what was taken */
    NEED_MANIFEST,  /* of every file that is handed over, and it holds */
    NEED_ERRORS,    /* what could not be read, or that all was */
    NEED_CUSTODY,   /* an unbroken, signed log */
    NEED_CONTACT,   /* whom to ask */
    NEED_HOW,       /* how to check it all without our program */
    NEEDS
};

struct reporting_bundle {
    char path[4096], name[256];
    const char *exhibit; /* of the case's folder; NULL: it stands alone */
    struct reporting_file acquisition;
    bool verified, sound, complete; /* looked at again just now */
    bool custody, custody_sound;
    bool sealed;
    bool unreadable;
    bool has[NEEDS];
    struct slice sha256; /* of the image */
};

struct reporting {
    const struct evidence_report_options *options;
    struct evidence_reported *told;
    struct paper *paper;
    struct arena arena;
    struct reporting_bundle *bundles;
    size_t bundle_count, bundle_room;
    struct reporting_file the_case;
    bool case_contact, case_authority;
};

int reporting_parse(const char *folder, const char *name, struct reporting_file *file,
                    struct err *e) MUST_CHECK;
/* The same; what is wrong with it stands in the report then, and is counted. ERR_MEMORY alone. */
int reporting_read(struct reporting *r, const char *folder, const char *name,
                   struct reporting_file *file, struct err *e) MUST_CHECK;
/* Something is not as it must be: a sentence in the report, and the exit code. */
void reporting_broken(struct reporting *r, const char *format, ...) PRINTF_LIKE(2, 3);
void reporting_close(struct reporting_file *file);

/* The text, number or truth that a path ("tool.version") names, as people read it; empty: none. */
struct slice reporting_text(struct reporting *r, const struct json_value *root, const char *path);
/* Every member as a fact, also those of objects in it. */
void reporting_facts(struct reporting *r, const struct json_value *object, const char *before,
                     unsigned depth);
/* Members of acquisition.json that belong to one kind of acquisition (files, volatile data, what
 * came from another): each under its name. */
void reporting_rest(struct reporting *r, const struct json_value *acquisition);
/* "2026-11-22 10:15:03 UTC" */
struct slice reporting_time(struct reporting *r, struct slice time);
/* "1,048,576 bytes (1.0 MiB)" */
struct slice reporting_bytes(struct reporting *r, int64_t bytes);

int reporting_bundle(struct reporting *r, struct reporting_bundle *b, struct err *e) MUST_CHECK;
void reporting_capture(struct reporting *r, const struct json_value *capture);
int reporting_repeats(struct reporting *r, const struct reporting_bundle *b,
                      struct err *e) MUST_CHECK;
/* The log of a holder. *found, *sound */
int reporting_custody(struct reporting *r, const char *holder, bool *found, bool *sound,
                      struct err *e) MUST_CHECK;
void reporting_needs(struct reporting *r);
void reporting_proven(struct reporting *r);
void reporting_certificate(struct reporting *r);

#endif
