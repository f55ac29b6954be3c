/* SPDX-License-Identifier: Apache-2.0 */
/* CVSS 3.0 and 3.1: the specification documents, sections 6 to 8 (3.1: 7 and 8, appendix A). */
#include "csaf/facts/cvss_internal.h"

#define NOT_DEFINED                                                                                \
    {                                                                                              \
        "X", "NOT_DEFINED", NULL                                                                   \
    }
#define IMPACTS                                                                                    \
    {"N", "NONE", NULL}, {"L", "LOW", NULL},                                                       \
    {                                                                                              \
        "H", "HIGH", NULL                                                                          \
    }
#define VECTORS                                                                                    \
    {"P", "PHYSICAL", NULL}, {"L", "LOCAL", NULL}, {"A", "ADJACENT_NETWORK", NULL},                \
    {                                                                                              \
        "N", "NETWORK", NULL                                                                       \
    }
#define COMPLEXITIES                                                                               \
    {"H", "HIGH", NULL},                                                                           \
    {                                                                                              \
        "L", "LOW", NULL                                                                           \
    }
#define PRIVILEGES                                                                                 \
    {"H", "HIGH", NULL}, {"L", "LOW", NULL},                                                       \
    {                                                                                              \
        "N", "NONE", NULL                                                                          \
    }
#define INTERACTIONS                                                                               \
    {"R", "REQUIRED", NULL},                                                                       \
    {                                                                                              \
        "N", "NONE", NULL                                                                          \
    }
#define SCOPES                                                                                     \
    {"U", "UNCHANGED", NULL},                                                                      \
    {                                                                                              \
        "C", "CHANGED", NULL                                                                       \
    }
#define REQUIREMENT                                                                                \
    {                                                                                              \
        NOT_DEFINED, {"L", "LOW", NULL}, {"M", "MEDIUM", NULL},                                    \
        {                                                                                          \
            "H", "HIGH", NULL                                                                      \
        }                                                                                          \
    }

enum { AV, AC, PR, UI, S, C, I, A, E, RL, RC, CR, IR, AR, MAV, MAC, MPR, MUI, MS, MC, MI, MA };

/* clang-format off */
const struct csaf_cvss_metric csaf_cvss_metrics_3[CVSS_METRICS_3] = {
    {"AV", "attackVector", CSAF_CVSS_BASE, {VECTORS}},
    {"AC", "attackComplexity", CSAF_CVSS_BASE, {COMPLEXITIES}},
    {"PR", "privilegesRequired", CSAF_CVSS_BASE, {PRIVILEGES}},
    {"UI", "userInteraction", CSAF_CVSS_BASE, {INTERACTIONS}},
    {"S", "scope", CSAF_CVSS_BASE, {SCOPES}},
    {"C", "confidentialityImpact", CSAF_CVSS_BASE, {IMPACTS}},
    {"I", "integrityImpact", CSAF_CVSS_BASE, {IMPACTS}},
    {"A", "availabilityImpact", CSAF_CVSS_BASE, {IMPACTS}},
    {"E", "exploitCodeMaturity", CSAF_CVSS_TEMPORAL,
     {NOT_DEFINED, {"U", "UNPROVEN", NULL}, {"P", "PROOF_OF_CONCEPT", NULL},
      {"F", "FUNCTIONAL", NULL}, {"H", "HIGH", NULL}}},
    {"RL", "remediationLevel", CSAF_CVSS_TEMPORAL,
     {NOT_DEFINED, {"O", "OFFICIAL_FIX", NULL}, {"T", "TEMPORARY_FIX", NULL},
      {"W", "WORKAROUND", NULL}, {"U", "UNAVAILABLE", NULL}}},
    {"RC", "reportConfidence", CSAF_CVSS_TEMPORAL,
     {NOT_DEFINED, {"U", "UNKNOWN", NULL}, {"R", "REASONABLE", NULL}, {"C", "CONFIRMED", NULL}}},
    {"CR", "confidentialityRequirement", CSAF_CVSS_ENVIRONMENTAL, REQUIREMENT},
    {"IR", "integrityRequirement", CSAF_CVSS_ENVIRONMENTAL, REQUIREMENT},
    {"AR", "availabilityRequirement", CSAF_CVSS_ENVIRONMENTAL, REQUIREMENT},
    {"MAV", "modifiedAttackVector", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, VECTORS}},
    {"MAC", "modifiedAttackComplexity", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, COMPLEXITIES}},
    {"MPR", "modifiedPrivilegesRequired", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, PRIVILEGES}},
    {"MUI", "modifiedUserInteraction", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, INTERACTIONS}},
    {"MS", "modifiedScope", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, SCOPES}},
    {"MC", "modifiedConfidentialityImpact", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, IMPACTS}},
    {"MI", "modifiedIntegrityImpact", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, IMPACTS}},
    {"MA", "modifiedAvailabilityImpact", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, IMPACTS}},
};

/* Section 7.4 (3.0: 8.4): the weights in thousandths, by metric, in the order of its values. */
static const int weights[CVSS_METRICS_3][5] = {
    [AV] = {200, 550, 620, 850},
    [AC] = {440, 770},
    [PR] = {270, 620, 850},
    [UI] = {620, 850},
    [C] = {0, 220, 560},
    [I] = {0, 220, 560},
    [A] = {0, 220, 560},
    [E] = {1000, 910, 940, 970, 1000},
    [RL] = {1000, 950, 960, 970, 1000},
    [RC] = {1000, 920, 960, 1000},
    [CR] = {1000, 500, 1000, 1500},
    [IR] = {1000, 500, 1000, 1500},
    [AR] = {1000, 500, 1000, 1500},
};
static const int privileges_when_changed[] = {500, 680, 850};
/* clang-format on */

/* Index of the value that a base metric has, or that its modified one gives it. */
static int effective(const struct csaf_cvss *c, int metric, bool modified)
{
    int over = modified ? c->value[metric + MAV] : 0;
    return over > 1 ? over - 2 : c->value[metric] - 1;
}

static __int128 weight(const struct csaf_cvss *c, int metric)
{
    return FIXED(weights[metric][c->value[metric] ? c->value[metric] - 1 : 0]);
}

/*
 * The smallest number of tenths that is not less. 3.1 (appendix A) rounds to five decimals first,
 * so that 4.000002 is 4.0; 3.0 (section 8.1) does not. It was written against losses of floating
 * point: computed exactly, no base, temporal or unmodified environmental score differs by it.
 */
static int round_up(const struct csaf_cvss *c, __int128 value)
{
    __int128 step = c->version == CSAF_CVSS_3_0 ? 1000 : FIXED_ONE / 100000;
    __int128 clean = fixed_divide(value, step) * step;
    return (int)((clean + FIXED_ONE / 10 - 1) / (FIXED_ONE / 10));
}

static __int128 power(__int128 value, int exponent)
{
    __int128 product = FIXED_ONE;
    while (exponent-- > 0)
        product = fixed_multiply(product, value);
    return product;
}

/* Before the temporal metrics: of the base metrics, or of the modified ones with requirements. */
static int tenths_of(const struct csaf_cvss *c, bool modified)
{
    static const int high = 915; /* MISS is at most 0.915 */
    bool changed = effective(c, S, modified) == 1;
    __int128 left = FIXED_ONE;
    for (int k = 0; k < 3; k++) {
        __int128 lost = FIXED(weights[C][effective(c, C + k, modified)]);
        if (modified)
            lost = fixed_multiply(lost, weight(c, CR + k));
        left = fixed_multiply(left, FIXED_ONE - lost);
    }
    __int128 sub_score = FIXED_ONE - left, impact;
    if (modified && sub_score > FIXED(high))
        sub_score = FIXED(high);
    if (!changed)
        impact = fixed_multiply(FIXED(6420), sub_score);
    else {
        impact = fixed_multiply(FIXED(7520), sub_score - FIXED(29));
        /* 3.1 changed the exponent for modified metrics alone (section 7.3). */
        if (modified && c->version == CSAF_CVSS_3_1)
            impact -= fixed_multiply(
                FIXED(3250),
                power(fixed_multiply(sub_score, FIXED_ONE / 10000 * 9731) - FIXED(20), 13));
        else
            impact -= fixed_multiply(FIXED(3250), power(sub_score - FIXED(20), 15));
    }
    if (impact <= 0)
        return 0;
    int needed = effective(c, PR, modified);
    __int128 sum = fixed_multiply(FIXED(8220), FIXED(weights[AV][effective(c, AV, modified)]));
    sum = fixed_multiply(sum, FIXED(weights[AC][effective(c, AC, modified)]));
    sum =
        fixed_multiply(sum, FIXED(changed ? privileges_when_changed[needed] : weights[PR][needed]));
    sum = fixed_multiply(sum, FIXED(weights[UI][effective(c, UI, modified)])) + impact;
    if (changed)
        sum = fixed_multiply(FIXED(1080), sum);
    return round_up(c, sum < FIXED(10000) ? sum : FIXED(10000));
}

static int temporal_of(const struct csaf_cvss *c, int tenths)
{
    __int128 score = fixed_multiply(FIXED(100) * tenths, weight(c, E));
    score = fixed_multiply(score, weight(c, RL));
    return round_up(c, fixed_multiply(score, weight(c, RC)));
}

void csaf_cvss_score_3(const struct csaf_cvss *c, struct csaf_cvss_scores *out)
{
    out->base = tenths_of(c, false);
    out->temporal = temporal_of(c, out->base);
    out->environmental = temporal_of(c, tenths_of(c, true));
}
