/* SPDX-License-Identifier: Apache-2.0 */
/* CVSS 2.0: "A Complete Guide to the Common Vulnerability Scoring System Version 2.0", section 3.
 */
#include "csaf/facts/cvss_internal.h"

#define NOT_DEFINED                                                                                \
    {                                                                                              \
        "ND", "NOT_DEFINED", NULL                                                                  \
    }
#define IMPACT                                                                                     \
    {                                                                                              \
        {"N", "NONE", NULL}, {"P", "PARTIAL", NULL},                                               \
        {                                                                                          \
            "C", "COMPLETE", NULL                                                                  \
        }                                                                                          \
    }
#define REQUIREMENT                                                                                \
    {                                                                                              \
        NOT_DEFINED, {"L", "LOW", NULL}, {"M", "MEDIUM", NULL},                                    \
        {                                                                                          \
            "H", "HIGH", NULL                                                                      \
        }                                                                                          \
    }

enum { AV, AC, AU, C, I, A, E, RL, RC, CDP, TD, CR, IR, AR };

/* clang-format off */
const struct csaf_cvss_metric csaf_cvss_metrics_2[CVSS_METRICS_2] = {
    {"AV", "accessVector", CSAF_CVSS_BASE,
     {{"L", "LOCAL", NULL}, {"A", "ADJACENT_NETWORK", NULL}, {"N", "NETWORK", NULL}}},
    {"AC", "accessComplexity", CSAF_CVSS_BASE,
     {{"H", "HIGH", NULL}, {"M", "MEDIUM", NULL}, {"L", "LOW", NULL}}},
    {"Au", "authentication", CSAF_CVSS_BASE,
     {{"M", "MULTIPLE", NULL}, {"S", "SINGLE", NULL}, {"N", "NONE", NULL}}},
    {"C", "confidentialityImpact", CSAF_CVSS_BASE, IMPACT},
    {"I", "integrityImpact", CSAF_CVSS_BASE, IMPACT},
    {"A", "availabilityImpact", CSAF_CVSS_BASE, IMPACT},
    {"E", "exploitability", CSAF_CVSS_TEMPORAL,
     {NOT_DEFINED, {"U", "UNPROVEN", NULL}, {"POC", "PROOF_OF_CONCEPT", NULL},
      {"F", "FUNCTIONAL", NULL}, {"H", "HIGH", NULL}}},
    {"RL", "remediationLevel", CSAF_CVSS_TEMPORAL,
     {NOT_DEFINED, {"OF", "OFFICIAL_FIX", NULL}, {"TF", "TEMPORARY_FIX", NULL},
      {"W", "WORKAROUND", NULL}, {"U", "UNAVAILABLE", NULL}}},
    {"RC", "reportConfidence", CSAF_CVSS_TEMPORAL,
     {NOT_DEFINED, {"UC", "UNCONFIRMED", NULL}, {"UR", "UNCORROBORATED", NULL},
      {"C", "CONFIRMED", NULL}}},
    {"CDP", "collateralDamagePotential", CSAF_CVSS_ENVIRONMENTAL,
     {NOT_DEFINED, {"N", "NONE", NULL}, {"L", "LOW", NULL}, {"LM", "LOW_MEDIUM", NULL},
      {"MH", "MEDIUM_HIGH", NULL}, {"H", "HIGH", NULL}}},
    {"TD", "targetDistribution", CSAF_CVSS_ENVIRONMENTAL,
     {NOT_DEFINED, {"N", "NONE", NULL}, {"L", "LOW", NULL}, {"M", "MEDIUM", NULL},
      {"H", "HIGH", NULL}}},
    {"CR", "confidentialityRequirement", CSAF_CVSS_ENVIRONMENTAL, REQUIREMENT},
    {"IR", "integrityRequirement", CSAF_CVSS_ENVIRONMENTAL, REQUIREMENT},
    {"AR", "availabilityRequirement", CSAF_CVSS_ENVIRONMENTAL, REQUIREMENT},
};

/* Section 3.2: the weights in thousandths, by metric, in the order of its values. */
static const int weights[CVSS_METRICS_2][6] = {
    [AV] = {395, 646, 1000},
    [AC] = {350, 610, 710},
    [AU] = {450, 560, 704},
    [C] = {0, 275, 660},
    [I] = {0, 275, 660},
    [A] = {0, 275, 660},
    [E] = {1000, 850, 900, 950, 1000},
    [RL] = {1000, 870, 900, 950, 1000},
    [RC] = {1000, 900, 950, 1000},
    [CDP] = {0, 0, 100, 300, 400, 500},
    [TD] = {1000, 0, 250, 750, 1000},
    [CR] = {1000, 500, 1000, 1510},
    [IR] = {1000, 500, 1000, 1510},
    [AR] = {1000, 500, 1000, 1510},
};
/* clang-format on */

/* A metric that is missing counts as not defined, which is the first value. */
static __int128 weight(const struct csaf_cvss *c, int metric)
{
    return FIXED(weights[metric][c->value[metric] ? c->value[metric] - 1 : 0]);
}

/*
 * round_to_1_decimal, as tenths; a half goes away from zero. With a low requirement the adjusted
 * base score can lie below zero on the way: the equations (section 3.2.3) do not stop it there.
 */
static int round_to_tenths(__int128 value)
{
    __int128 clean = fixed_divide(value, 1000) * 1000; /* without what products lost */
    return (int)fixed_divide(clean, FIXED_ONE / 10);
}

static int temporal_of(const struct csaf_cvss *c, int base)
{
    __int128 score = fixed_multiply(FIXED(100) * base, weight(c, E));
    score = fixed_multiply(score, weight(c, RL));
    return round_to_tenths(fixed_multiply(score, weight(c, RC)));
}

static int base_of(const struct csaf_cvss *c, __int128 impact)
{
    __int128 exploitability = fixed_multiply(weight(c, AV) * 20, weight(c, AC));
    exploitability = fixed_multiply(exploitability, weight(c, AU));
    __int128 sum = fixed_multiply(FIXED(600), impact) + fixed_multiply(FIXED(400), exploitability) -
                   FIXED(1500);
    return round_to_tenths(impact == 0 ? 0 : fixed_multiply(sum, FIXED(1176)));
}

void csaf_cvss_score_2(const struct csaf_cvss *c, struct csaf_cvss_scores *out)
{
    __int128 left = FIXED_ONE, adjusted = FIXED_ONE;
    for (int k = 0; k < 3; k++) {
        left = fixed_multiply(left, FIXED_ONE - weight(c, C + k));
        adjusted = fixed_multiply(adjusted,
                                  FIXED_ONE - fixed_multiply(weight(c, C + k), weight(c, CR + k)));
    }
    __int128 impact = fixed_multiply(FIXED(10410), FIXED_ONE - left);
    adjusted = fixed_multiply(FIXED(10410), FIXED_ONE - adjusted);
    if (adjusted > FIXED(10000))
        adjusted = FIXED(10000);
    out->base = base_of(c, impact);
    out->temporal = temporal_of(c, out->base);
    int with_requirements = temporal_of(c, base_of(c, adjusted));
    __int128 damage = fixed_multiply(FIXED(100) * (100 - with_requirements), weight(c, CDP));
    __int128 score = FIXED(100) * with_requirements + damage;
    out->environmental = round_to_tenths(fixed_multiply(score, weight(c, TD)));
    if (out->environmental < 0)
        out->environmental = 0;
}
