/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case: a folder with case.json (tocsin-evidence-case/v1), custody/, attachments/ and
 * exhibits/ID/; an exhibit is a folder with exhibit.json (tocsin-evidence-exhibit/v1), custody/,
 * attachments/ and its bundles (docs/formats-evidence.md section 5). Both files are named by hash
 * in the logs beside them.
 */
#ifndef EVIDENCE_CASE_H
#define EVIDENCE_CASE_H

#include "evidence/custody/doing.h"

/* Texts may be NULL where the comment does not say otherwise. */
struct evidence_case_wish {
    const char *id; /* NULL: the folder's name */
    const char *title;
    const char *person_in_charge; /* needed (row 7) */
    const char *organisation, *contact;
    struct evidence_authority authority; /* id: needed (row 8) */
    const char *const
        *links; /* incident, vulnerability, asset, device: "incident:INC-7"; NULL ends */
};

/* ERR_USAGE "custody.field" names the row; ERR_CONFLICT "evidence.exists". */
int evidence_case_open(const char *folder, const struct evidence_case_wish *wish,
                       struct evidence_doing *doing, struct evidence_appended *told,
                       struct err *e) MUST_CHECK;

/* What the wish says is so from now on, the rest stays: record "case-changed". */
int evidence_case_change(const char *folder, const struct evidence_case_wish *wish,
                         struct evidence_doing *doing, struct evidence_appended *told,
                         struct err *e) MUST_CHECK;

struct evidence_exhibit_wish {
    const char *id; /* NULL: the next free EX-N */
    const char *parent;
    const char *source_type; /* static, transit, volatile, remote, backup, mobile, paper, other */
    const char *device;      /* described by what the kernel knows of it */
    bool this_machine;       /* described by what it knows of itself */
    const char *description, *make, *model, *serial, *capacity, *interface, *condition;
    const char *media, *firmware, *host, *address, *owner;
    const char *const *photos; /* NULL ends */
};

/* id: filled. ERR_CONFLICT "evidence.exists": the case has one of this identifier (row 10). */
int evidence_exhibit_add(const char *folder, const struct evidence_exhibit_wish *wish,
                         struct evidence_doing *doing, char id[EVIDENCE_HOLDER],
                         struct evidence_appended *told, struct err *e) MUST_CHECK;

/*
 * What the wish says of it is so from now on, the rest stays: record "described", which says what
 * changed. Its identifier, parent and photos are no part of it. ERR_USAGE: nothing changes;
 * ERR_VERIFY "evidence.described": exhibit.json is not what the log names.
 */
int evidence_exhibit_change(const char *folder, const struct evidence_exhibit_wish *wish,
                            struct evidence_doing *doing, struct evidence_appended *told,
                            struct err *e) MUST_CHECK;

/* A label: identifier, case, description, hash of the log's last record. Text, appended. */
int evidence_label(const char *holder, struct buf *text, struct err *e) MUST_CHECK;

/* case.json or exhibit.json of a holder. */
int evidence_description_read(const char *holder, struct buf *text, struct json_doc **doc,
                              struct err *e) MUST_CHECK;

#endif
