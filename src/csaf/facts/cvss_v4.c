/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVSS 4.0, section 8 of the specification: a vector belongs to a macrovector of six equivalence
 * sets (EQ1 to EQ6), whose score a table has; the score sinks from there towards the next lower
 * macrovector's as far as the vector lies below the highest vectors of its own one.
 */
#include "csaf/facts/cvss_internal.h"

#define NOT_DEFINED                                                                                \
    {                                                                                              \
        "X", "NOT_DEFINED", NULL                                                                   \
    }
#define VECTORS                                                                                    \
    {"N", "NETWORK", NULL}, {"A", "ADJACENT", "ADJACENT_NETWORK"}, {"L", "LOCAL", NULL},           \
    {                                                                                              \
        "P", "PHYSICAL", NULL                                                                      \
    }
#define COMPLEXITIES                                                                               \
    {"L", "LOW", NULL},                                                                            \
    {                                                                                              \
        "H", "HIGH", NULL                                                                          \
    }
#define REQUIREMENTS                                                                               \
    {"N", "NONE", NULL},                                                                           \
    {                                                                                              \
        "P", "PRESENT", NULL                                                                       \
    }
#define PRIVILEGES                                                                                 \
    {"N", "NONE", NULL}, {"L", "LOW", NULL},                                                       \
    {                                                                                              \
        "H", "HIGH", NULL                                                                          \
    }
#define INTERACTIONS                                                                               \
    {"N", "NONE", NULL}, {"P", "PASSIVE", NULL},                                                   \
    {                                                                                              \
        "A", "ACTIVE", NULL                                                                        \
    }
#define IMPACTS                                                                                    \
    {"H", "HIGH", NULL}, {"L", "LOW", NULL},                                                       \
    {                                                                                              \
        "N", "NONE", NULL                                                                          \
    }
#define SUBSEQUENT                                                                                 \
    {"H", "HIGH", NULL}, {"L", "LOW", NULL},                                                       \
    {                                                                                              \
        "N", "NONE", "NEGLIGIBLE"                                                                  \
    }
#define SAFETY                                                                                     \
    {                                                                                              \
        "S", "SAFETY", NULL                                                                        \
    }
#define NEED                                                                                       \
    {                                                                                              \
        NOT_DEFINED, {"H", "HIGH", NULL}, {"M", "MEDIUM", NULL},                                   \
        {                                                                                          \
            "L", "LOW", NULL                                                                       \
        }                                                                                          \
    }

enum {
    AV,
    AC,
    AT,
    PR,
    UI,
    VC,
    VI,
    VA,
    SC,
    SI,
    SA,
    E,
    CR,
    IR,
    AR,
    MAV,
    MAC,
    MAT,
    MPR,
    MUI,
    MVC,
    MVI,
    MVA,
    MSC,
    MSI,
    MSA,
};

/* clang-format off */
const struct csaf_cvss_metric csaf_cvss_metrics_4[CVSS_METRICS_4] = {
    {"AV", "attackVector", CSAF_CVSS_BASE, {VECTORS}},
    {"AC", "attackComplexity", CSAF_CVSS_BASE, {COMPLEXITIES}},
    {"AT", "attackRequirements", CSAF_CVSS_BASE, {REQUIREMENTS}},
    {"PR", "privilegesRequired", CSAF_CVSS_BASE, {PRIVILEGES}},
    {"UI", "userInteraction", CSAF_CVSS_BASE, {INTERACTIONS}},
    {"VC", "vulnConfidentialityImpact", CSAF_CVSS_BASE, {IMPACTS}},
    {"VI", "vulnIntegrityImpact", CSAF_CVSS_BASE, {IMPACTS}},
    {"VA", "vulnAvailabilityImpact", CSAF_CVSS_BASE, {IMPACTS}},
    {"SC", "subConfidentialityImpact", CSAF_CVSS_BASE, {SUBSEQUENT}},
    {"SI", "subIntegrityImpact", CSAF_CVSS_BASE, {SUBSEQUENT}},
    {"SA", "subAvailabilityImpact", CSAF_CVSS_BASE, {SUBSEQUENT}},
    {"E", "exploitMaturity", CSAF_CVSS_TEMPORAL,
     {NOT_DEFINED, {"A", "ATTACKED", NULL}, {"P", "PROOF_OF_CONCEPT", NULL},
      {"U", "UNREPORTED", NULL}}},
    {"CR", "confidentialityRequirement", CSAF_CVSS_ENVIRONMENTAL, NEED},
    {"IR", "integrityRequirement", CSAF_CVSS_ENVIRONMENTAL, NEED},
    {"AR", "availabilityRequirement", CSAF_CVSS_ENVIRONMENTAL, NEED},
    {"MAV", "modifiedAttackVector", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, VECTORS}},
    {"MAC", "modifiedAttackComplexity", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, COMPLEXITIES}},
    {"MAT", "modifiedAttackRequirements", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, REQUIREMENTS}},
    {"MPR", "modifiedPrivilegesRequired", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, PRIVILEGES}},
    {"MUI", "modifiedUserInteraction", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, INTERACTIONS}},
    {"MVC", "modifiedVulnConfidentialityImpact", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, IMPACTS}},
    {"MVI", "modifiedVulnIntegrityImpact", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, IMPACTS}},
    {"MVA", "modifiedVulnAvailabilityImpact", CSAF_CVSS_ENVIRONMENTAL, {NOT_DEFINED, IMPACTS}},
    {"MSC", "modifiedSubConfidentialityImpact", CSAF_CVSS_ENVIRONMENTAL,
     {NOT_DEFINED, SUBSEQUENT}},
    {"MSI", "modifiedSubIntegrityImpact", CSAF_CVSS_ENVIRONMENTAL,
     {NOT_DEFINED, SUBSEQUENT, SAFETY}},
    {"MSA", "modifiedSubAvailabilityImpact", CSAF_CVSS_ENVIRONMENTAL,
     {NOT_DEFINED, SUBSEQUENT, SAFETY}},
    {"S", "Safety", CSAF_CVSS_SUPPLEMENTAL,
     {NOT_DEFINED, {"N", "NEGLIGIBLE", NULL}, {"P", "PRESENT", NULL}}},
    {"AU", "Automatable", CSAF_CVSS_SUPPLEMENTAL,
     {NOT_DEFINED, {"N", "NO", NULL}, {"Y", "YES", NULL}}},
    {"R", "Recovery", CSAF_CVSS_SUPPLEMENTAL,
     {NOT_DEFINED, {"A", "AUTOMATIC", NULL}, {"U", "USER", NULL}, {"I", "IRRECOVERABLE", NULL}}},
    {"V", "valueDensity", CSAF_CVSS_SUPPLEMENTAL,
     {NOT_DEFINED, {"D", "DIFFUSE", NULL}, {"C", "CONCENTRATED", NULL}}},
    {"RE", "vulnerabilityResponseEffort", CSAF_CVSS_SUPPLEMENTAL,
     {NOT_DEFINED, {"L", "LOW", NULL}, {"M", "MODERATE", NULL}, {"H", "HIGH", NULL}}},
    {"U", "providerUrgency", CSAF_CVSS_SUPPLEMENTAL,
     {NOT_DEFINED, {"Clear", "CLEAR", NULL}, {"Green", "GREEN", NULL}, {"Amber", "AMBER", NULL},
      {"Red", "RED", NULL}}},
};
/* clang-format on */

/*
 * How far below its most severe value each metric is, in steps (section 8.2): the indices of the
 * tables above rise that way, but for safety, which lies over "high" in SI and SA.
 */
struct levels {
    int of[AR + 1];
};

static void levels_of(const struct csaf_cvss *c, struct levels *out)
{
    for (int m = AV; m <= SA; m++) {
        int over = c->value[m + MAV];
        out->of[m] = over > 1 ? over - 2 : c->value[m] - 1;
    }
    for (int m = SC; m <= SA; m++)
        out->of[m] = m > SC && out->of[m] == 3 ? 0 : out->of[m] + 1;
    /* Not defined counts as the worst: attacked, high requirement (section 8.2). */
    for (int m = E; m <= AR; m++)
        out->of[m] = c->value[m] > 1 ? c->value[m] - 2 : 0;
}

/* The levels that the specification's "highest severity vectors" have (table 24 and following). */
struct highest {
    int8_t metrics[6];
    int8_t count; /* of metrics */
    int8_t levels[5][6];
    int8_t vectors;
};

static const struct highest eq1_highest[3] = {
    {{AV, PR, UI}, 3, {{0, 0, 0}}, 1},
    {{AV, PR, UI}, 3, {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, 3},
    {{AV, PR, UI}, 3, {{3, 0, 0}, {1, 1, 1}}, 2},
};
static const struct highest eq2_highest[2] = {
    {{AC, AT}, 2, {{0, 0}}, 1},
    {{AC, AT}, 2, {{1, 0}, {0, 1}}, 2},
};
/* EQ3 and EQ6 depend on each other, so they count as one: [EQ3][EQ6]. */
static const struct highest eq3_highest[3][2] = {
    {{{VC, VI, VA, CR, IR, AR}, 6, {{0, 0, 0, 0, 0, 0}}, 1},
     {{VC, VI, VA, CR, IR, AR}, 6, {{0, 0, 1, 1, 1, 0}, {0, 0, 0, 1, 1, 1}}, 2}},
    {{{VC, VI, VA, CR, IR, AR}, 6, {{1, 0, 0, 0, 0, 0}, {0, 1, 0, 0, 0, 0}}, 2},
     {{VC, VI, VA, CR, IR, AR},
      6,
      {{1, 0, 1, 0, 1, 0},
       {1, 0, 0, 0, 1, 1},
       {0, 1, 0, 1, 0, 1},
       {0, 1, 1, 1, 0, 0},
       {1, 1, 0, 0, 0, 1}},
      5}},
    {{{0}, 0, {{0}}, 0}, {{VC, VI, VA, CR, IR, AR}, 6, {{1, 1, 1, 0, 0, 0}}, 1}},
};
static const struct highest eq4_highest[3] = {
    {{SC, SI, SA}, 3, {{1, 0, 0}}, 1},
    {{SC, SI, SA}, 3, {{1, 1, 1}}, 1},
    {{SC, SI, SA}, 3, {{2, 2, 2}}, 1},
};
/* Steps from the highest to the lowest vector of each, plus one. */
static const int eq1_depth[3] = {1, 4, 5};
static const int eq2_depth[2] = {1, 2};
static const int eq3_depth[3][2] = {{7, 6}, {8, 8}, {1, 10}};
static const int eq4_depth[3] = {6, 5, 4};

/* Steps below the first highest vector that is nowhere less severe. */
static int distance(const struct levels *at, const struct highest *h)
{
    for (int v = 0; v < h->vectors; v++) {
        int sum = 0, k = 0;
        for (; k < h->count && at->of[h->metrics[k]] >= h->levels[v][k]; k++)
            sum += at->of[h->metrics[k]] - h->levels[v][k];
        if (k == h->count)
            return sum;
    }
    return 0;
}

/* Section 8.2, tables 24 to 29: which level of each set the vector belongs to. */
static void sets_of(const struct levels *l, int eq[6])
{
    bool remote = l->of[AV] == 0, open = l->of[PR] == 0, alone = l->of[UI] == 0;
    eq[0] = remote && open && alone ? 0 : (remote || open || alone) && l->of[AV] != 3 ? 1 : 2;
    eq[1] = l->of[AC] == 0 && l->of[AT] == 0 ? 0 : 1;
    bool c = l->of[VC] == 0, i = l->of[VI] == 0, a = l->of[VA] == 0;
    eq[2] = c && i ? 0 : c || i || a ? 1 : 2;
    eq[3] = l->of[SI] == 0 || l->of[SA] == 0                     ? 0
            : l->of[SC] == 1 || l->of[SI] == 1 || l->of[SA] == 1 ? 1
                                                                 : 2;
    eq[4] = l->of[E];
    eq[5] = (c && l->of[CR] == 0) || (i && l->of[IR] == 0) || (a && l->of[AR] == 0) ? 0 : 1;
}

/* The score of the macrovector, or of the one that is a level lower in one set (-1: none such). */
static int macrovector(const int eq[6], int lowered)
{
    int at[6];
    for (int k = 0; k < 6; k++)
        at[k] = eq[k] + (k == lowered);
    if (at[0] > 2 || at[1] > 1 || at[2] > 2 || at[3] > 2 || at[4] > 2 || at[5] > 1)
        return -1;
    int score = csaf_cvss_macrovectors[at[0]][at[1]][at[2]][at[3]][at[4]][at[5]];
    return score == UINT8_MAX ? -1 : score;
}

/* The score of the next lower macrovector in EQ3 and EQ6 taken together; -1: none. */
static int lower_of_eq3(const int eq[6])
{
    if (eq[2] == 0 && eq[5] == 0) {
        int by_requirement = macrovector(eq, 5), by_impact = macrovector(eq, 2);
        return by_requirement > by_impact ? by_requirement : by_impact;
    }
    return eq[2] == 1 && eq[5] == 0 ? macrovector(eq, 5) : macrovector(eq, 2);
}

void csaf_cvss_score_4(const struct csaf_cvss *c, struct csaf_cvss_scores *out)
{
    struct levels l;
    int eq[6];
    levels_of(c, &l);
    sets_of(&l, eq);
    *out = (struct csaf_cvss_scores){0};
    if (l.of[VC] == 2 && l.of[VI] == 2 && l.of[VA] == 2 && l.of[SC] == 3 && l.of[SI] == 3 &&
        l.of[SA] == 3)
        return;
    int score = macrovector(eq, -1);
    const struct {
        int lower, steps, depth;
    } sets[] = {
        {macrovector(eq, 0), distance(&l, &eq1_highest[eq[0]]), eq1_depth[eq[0]]},
        {macrovector(eq, 1), distance(&l, &eq2_highest[eq[1]]), eq2_depth[eq[1]]},
        {lower_of_eq3(eq), distance(&l, &eq3_highest[eq[2]][eq[5]]), eq3_depth[eq[2]][eq[5]]},
        {macrovector(eq, 3), distance(&l, &eq4_highest[eq[3]]), eq4_depth[eq[3]]},
        {macrovector(eq, 4), 0, 1}, /* the vectors of a level of EQ5 are all alike */
    };
    /* The mean over the sets that can sink, in 840ths of a tenth: every depth divides 840. */
    int sum = 0, count = 0;
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++)
        if (sets[k].lower >= 0) {
            sum += (score - sets[k].lower) * sets[k].steps * (840 / sets[k].depth);
            count++;
        }
    if (count > 0) {
        int unit = 840 * count;
        int doubled = 2 * (score * unit - sum) + unit; /* a half goes up */
        score = doubled <= 0 ? 0 : doubled / (2 * unit);
        out->tie = doubled > 0 && doubled % (2 * unit) == 0;
    }
    out->base = out->temporal = out->environmental = score > 100 ? 100 : score;
}
