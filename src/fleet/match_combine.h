/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: from components that are products to statements on vulnerabilities. */
#ifndef FLEET_MATCH_COMBINE_H
#define FLEET_MATCH_COMBINE_H

#include "fleet/match_identify.h"

/* A component that is a target, and whether its version is meant. */
struct fleet_touch {
    uint32_t target;  /* index in criteria->targets */
    uint32_t subject; /* any number that tells components apart */
    const struct fleet_subject *of;
    struct fleet_identified id;
    enum product_in in;
    const char *reason;
    bool contested; /* the product's name words another range, without this version */
};

/*
 * The two halves of fleet_touch_make, so that versions of one product are identified once. The
 * first must not depend on the subject's version, nor on that in its purl and CPE, other than for
 * what it names in out->inventory: index_products.c keeps one subject for all versions of a
 * product.
 */
bool fleet_touch_identify(const struct fleet_target *target, const struct fleet_subject *subject,
                          const struct fleet_options *options, struct fleet_identified *out,
                          struct fleet_nearest *nearest);
/* out->id is known; sets in, reason and contested. */
bool fleet_touch_decide(const struct fleet_target *target, const struct fleet_subject *subject,
                        struct slice version, struct fleet_touch *out,
                        struct fleet_nearest *nearest);

/* Identifies, and looks at the version. false: they have nothing to do with each other, or less
 * than min_confidence; nearest (may be NULL) is then updated. */
bool fleet_touch_make(const struct fleet_criteria *criteria, uint32_t target,
                      const struct fleet_subject *subject, uint32_t number,
                      const struct fleet_options *options, struct fleet_touch *out,
                      struct fleet_nearest *nearest);

struct fleet_touches {
    struct fleet_touch *at; /* for mem_free */
    size_t count, room;
};

int fleet_touches_add(struct fleet_touches *touches, const struct fleet_touch *touch,
                      struct err *e) MUST_CHECK;
/* The touches of all targets of a chain (match_same.h) by a subject that was identified as its
 * leader. */
int fleet_touches_chain(struct fleet_touches *touches, const struct fleet_criteria *criteria,
                        uint32_t leader, const struct fleet_subject *subject, uint32_t number,
                        const struct fleet_identified *id, struct fleet_nearest *nearest,
                        struct err *e) MUST_CHECK;

/*
 * All statements that follow from the touches of one class (sorted here). software: the class lists
 * software, so that what it does not list is not there. Copies what it keeps. 0 or -1 (ERR_MEMORY).
 */
int fleet_combine(struct fleet_result **result, const struct fleet_criteria *criteria,
                  struct fleet_touch *touches, size_t count, bool software,
                  struct err *e) MUST_CHECK;

/* The status alone, without reasons; scratch is reset. */
int fleet_combine_status(enum fleet_status *status, const struct fleet_criteria *criteria,
                         struct fleet_touch *touches, size_t count, bool software,
                         struct arena *scratch, struct err *e) MUST_CHECK;

/* What became of one criterion in one class. */
struct fleet_outcome {
    uint32_t criterion;
    uint32_t group; /* the component that it is about */
    enum product_in in;
    int confidence;
    bool sure;
    int identity_rank; /* how specific the identity is */
    int version_rank;  /* 0 nothing, 1 all versions, 2 a range, 3 single versions */
    const struct fleet_touch *touches[FLEET_OPERANDS]; /* by operand; NULL: not there */
};

/* How many patterns of serial numbers limit the outcome's criterion. */
size_t fleet_outcome_serials(const struct fleet_criteria *criteria,
                             const struct fleet_outcome *outcome);

/* One use of an outcome: what a vulnerability says of it. */
struct fleet_finding {
    uint32_t vulnerability;
    uint32_t claim;
    const struct fleet_outcome *outcome;
};

/* Writes statement->reasons, products, remedies, decide and serials for a status that was found.
 * findings: those of the deciding component; deciding: those that made the status. */
struct fleet_explain {
    struct fleet_result *result;
    const struct fleet_criteria *criteria;
    const struct fleet_vulnerability *vulnerability;
    const struct fleet_finding *const *deciding;
    size_t deciding_count;
    const char *combination; /* rule id of how claims were weighed; NULL: nothing to weigh */
    const char *combination_text;
    bool doubtful; /* the claims would exclude, but the identity is not sure enough */
    bool everyone; /* something is asked of all serial numbers: those of the deciding claims filter
                      nobody */
    struct err *e;
};

int fleet_explain(const struct fleet_explain *x, struct fleet_statement *statement) MUST_CHECK;

#endif
