/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what there is to say of each holder in a case, gathered once for all rows. */
#ifndef EVIDENCE_FACTS_H
#define EVIDENCE_FACTS_H

#include "evidence/custody/holder.h"
#include "evidence/custody/kinds.h"

struct evidence_facts {
    enum evidence_holder_kind kind;
    const char *path;
    bool has_log;
    struct evidence_custody_state state;
    uint64_t kinds; /* bit n: a record of kind number n is in the log */
    char first[32]; /* kind of the first record */
    uint64_t records;
    bool specialist;   /* a DEFR or DES with a dated qualification acted */
    bool tool_missing; /* a record without the tool's hash or the command */
    bool reason_missing;
    bool authority_warned, clock_compared; /* in "acquired", or "identified" */
    bool other_tool;                       /* "repeated" by another tool than this one */
    bool attached_report, attached_self_test;
    struct json_doc *doc; /* case.json, exhibit.json, acquisition.json; may be NULL */
    struct buf text;
    char source_type[16]; /* of the exhibit; of a bundle's exhibit */
    char decision[16];    /* of the exhibit, the last one */
    size_t bundles;       /* of an exhibit */
    bool copy;            /* of a bundle: a working copy */
};

struct evidence_fact_list {
    struct evidence_facts *list;
    size_t count, room;
    struct arena arena;
};

int evidence_facts_gather(const char *folder, struct evidence_fact_list *facts,
                          struct err *e) MUST_CHECK;
void evidence_facts_fini(struct evidence_fact_list *facts);

bool evidence_facts_has(const struct evidence_facts *f, const char *kind);
bool evidence_facts_has_file(const struct evidence_facts *f, const char *name);
/* Text of a member of its description. */
struct slice evidence_facts_text(const struct evidence_facts *f, const char *path);

#endif
