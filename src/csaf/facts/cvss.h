/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVSS vectors of the versions 2.0, 3.0, 3.1 and 4.0: read, written, scored, and named as the JSON
 * schemas of FIRST name their metrics and values.
 *
 * Scores are whole tenths (98 is 9.8) computed with integers: two machines never disagree, and what
 * lies exactly between two tenths is rounded as the specification says.
 */
#ifndef CSAF_CVSS_H
#define CSAF_CVSS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum csaf_cvss_version { CSAF_CVSS_2_0, CSAF_CVSS_3_0, CSAF_CVSS_3_1, CSAF_CVSS_4_0 };

#define CSAF_CVSS_METRICS 32 /* most metrics of a version (4.0 has them all) */

/* The group that a metric belongs to; 4.0 calls temporal metrics threat metrics. */
enum csaf_cvss_group {
    CSAF_CVSS_BASE,
    CSAF_CVSS_TEMPORAL,
    CSAF_CVSS_ENVIRONMENTAL,
    CSAF_CVSS_SUPPLEMENTAL,
};

/* One value: "N" in the vector, "NETWORK" in JSON; also: a name of other editions of the schema. */
struct csaf_cvss_value {
    const char *key;
    const char *name;
    const char *also;
};

struct csaf_cvss_metric {
    const char *key;    /* "AV" in the vector */
    const char *member; /* "attackVector" in JSON */
    enum csaf_cvss_group group;
    struct csaf_cvss_value values[8]; /* ends with a NULL key; "not defined", if any, is first */
};

struct csaf_cvss {
    enum csaf_cvss_version version;
    bool in_order; /* the metrics stood in the order of the specification */
    /* By metric, 1 + the index in its values; 0 where the vector does not have the metric. */
    uint8_t value[CSAF_CVSS_METRICS];
};

/*
 * Reads a vector with nothing before or behind it. Each metric at most once, all base metrics, only
 * metrics and values of its version, written exactly so. In 4.0 the order is fixed (section 7); in
 * 3.x it is free; 2.0 sets an order that FIRST's own schema does not ask for, so another one is
 * taken, with in_order false. Fails with "csaf.cvss" and the offset as place ("offset 12"), the
 * clause names the specification. What was read before the fault stays in *out.
 */
int csaf_cvss_parse(struct csaf_cvss *out, struct slice text, struct err *e) MUST_CHECK;

/* The vector with the metrics that *c has, in the order of the specification. */
void csaf_cvss_print(const struct csaf_cvss *c, struct buf *b);

/* "2.0", "3.0", "3.1", "4.0": the schema's "version", and back (-1: no such). */
const char *csaf_cvss_version_name(enum csaf_cvss_version version);
int csaf_cvss_version_find(struct slice name);

struct csaf_cvss_scores {
    int base;
    int temporal;
    int environmental;
    /* 4.0: the score lay exactly between two tenths. It is rounded up; calculators that lose a bit
     * to floating point (FIRST's own of 2024) show a tenth less. */
    bool tie;
};

/*
 * Scores in tenths. 2.0 and 3.x: base, temporal, environmental, each computed with what the vector
 * has ("not defined" else: the temporal score of a vector without temporal metrics is its base
 * score). 4.0 has one score, made from all metrics that the vector has: base is that one (JSON's
 * baseScore), temporal and environmental repeat it. -1: the vector lacks a base metric.
 */
int csaf_cvss_score(const struct csaf_cvss *c, struct csaf_cvss_scores *out) MUST_CHECK;

/* Whether the vector has a metric of the group (with whatever value). */
bool csaf_cvss_has(const struct csaf_cvss *c, enum csaf_cvss_group group);

/* "NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL" for tenths 0 to 100. 2.0 defines no severity. */
const char *csaf_cvss_severity(int tenths);

/* Whether a JSON number, as written ("9.8", "10", "1e1", "9.80"), is exactly that many tenths. */
bool csaf_cvss_score_is(struct slice number, int tenths);

/* "9.8"; static storage for all scores 0 to 100. */
const char *csaf_cvss_score_text(int tenths);

/* The version's metrics in the order of the specification. */
const struct csaf_cvss_metric *csaf_cvss_metrics(enum csaf_cvss_version version, size_t *count);

/* Index of the metric that JSON names so, or -1 (vectorString and scores are none). */
int csaf_cvss_metric_of_member(enum csaf_cvss_version version, struct slice member);
/* Index of the metric that the vector names so, or -1. */
int csaf_cvss_metric_of_key(enum csaf_cvss_version version, struct slice key);

/* JSON's name of the metric's value ("NETWORK"; "NOT_DEFINED" where the vector lacks it). */
const char *csaf_cvss_name(const struct csaf_cvss *c, int metric);
/* Whether JSON may give the metric this name for the value that the vector has. */
bool csaf_cvss_name_is(const struct csaf_cvss *c, int metric, struct slice name);

/*
 * Sets the metric that JSON names `member` to the value that it names `name`: builds a vector from
 * the members of a document. -1: there is no such metric or value; *c unchanged.
 */
int csaf_cvss_set(struct csaf_cvss *c, struct slice member, struct slice name) MUST_CHECK;

#endif
