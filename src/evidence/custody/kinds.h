/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: the kinds of steps in a custody log, and what each must say. This table is the
 * one place for it; docs/formats-evidence.md section 4 is held against it by a test.
 */
#ifndef EVIDENCE_KINDS_H
#define EVIDENCE_KINDS_H

#include "base/json.h"

/* What a step does to the state of a log. */
enum evidence_effect {
    EVIDENCE_CLOSES_GATE = 1, /* it changed hands or place: its hash is to be checked */
    EVIDENCE_OPENS_GATE = 2,  /* its hash was checked, when details.result is "same" */
    EVIDENCE_WORDS = 4,       /* words alone: allowed also after disposal */
    EVIDENCE_TAKES = 8,       /* the actor is now who has it */
    EVIDENCE_BEGINS = 16,     /* custody may begin with it */
};

struct evidence_field {
    const char *path;       /* "details.packaging" */
    unsigned row;           /* of the acceptance list */
    const char *values;     /* "on|off"; NULL: any text, number, list or object that is not empty */
    const char *when, *was; /* only when the field `when` has one of these values; NULL: always */
};

enum { EVIDENCE_FIELDS = 8 };

struct evidence_kind {
    const char *name, *summary;
    unsigned effects;
    struct evidence_field fields[EVIDENCE_FIELDS]; /* path NULL: no more */
};

/* NULL: not in the table. */
const struct evidence_kind *evidence_kind_of(struct slice name);
/* By number from 0; NULL behind the last. */
const struct evidence_kind *evidence_kind_at(size_t index);
/* What every kind must say; the last has path NULL. */
const struct evidence_field *evidence_kind_common(void);

/*
 * Does a record say all that its kind asks for? ERR_USAGE "custody.field" names the field, the row
 * and the kind.
 */
int evidence_kind_check(const struct evidence_kind *kind, const struct json_value *record,
                        struct err *e) MUST_CHECK;

/* "a.b.c" below an object; NULL: not there. */
const struct json_value *evidence_path(const struct json_value *root, const char *path);

#endif
