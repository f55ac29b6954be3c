/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of CVSS share: the metric tables and the score of each version. */
#ifndef CSAF_CVSS_INTERNAL_H
#define CSAF_CVSS_INTERNAL_H

#include "csaf/facts/cvss.h"

#define CVSS_METRICS_2 14
#define CVSS_METRICS_3 22
#define CVSS_METRICS_4 32

extern const struct csaf_cvss_metric csaf_cvss_metrics_2[CVSS_METRICS_2];
extern const struct csaf_cvss_metric csaf_cvss_metrics_3[CVSS_METRICS_3];
extern const struct csaf_cvss_metric csaf_cvss_metrics_4[CVSS_METRICS_4];

/* Scores of the 270 macrovectors in tenths by [EQ1][EQ2][EQ3][EQ4][EQ5][EQ6]; 255: there is none.
 */
extern const uint8_t csaf_cvss_macrovectors[3][2][3][3][3][2];

void csaf_cvss_score_2(const struct csaf_cvss *c, struct csaf_cvss_scores *out);
void csaf_cvss_score_3(const struct csaf_cvss *c, struct csaf_cvss_scores *out);
void csaf_cvss_score_4(const struct csaf_cvss *c, struct csaf_cvss_scores *out);

/*
 * Decimal numbers as integers: FIXED_ONE is 1. Products of the metrics' weights have at most 18
 * decimals in nearly every formula, so they are exact; the others are wrong in the 18th.
 */
#define FIXED_ONE ((__int128)1000000000000000000)
#define FIXED(thousandths) (FIXED_ONE / 1000 * (thousandths))

static inline __int128 fixed_divide(__int128 a, __int128 by) /* to the nearest */
{
    return (a >= 0 ? a + by / 2 : a - by / 2) / by;
}

static inline __int128 fixed_multiply(__int128 a, __int128 b)
{
    return fixed_divide(a * b, FIXED_ONE);
}

#endif
