/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/combination.h"

#include "base/compiler.h"

static const struct {
    const char *member;
    enum csaf_status_group group;
} members[] = {
    {"first_affected", CSAF_GROUP_AFFECTED},
    {"first_fixed", CSAF_GROUP_FIXED},
    {"fixed", CSAF_GROUP_FIXED},
    {"known_affected", CSAF_GROUP_AFFECTED},
    {"known_not_affected", CSAF_GROUP_NOT_AFFECTED},
    {"last_affected", CSAF_GROUP_AFFECTED},
    {"recommended", CSAF_GROUP_RECOMMENDED},
    {"under_investigation", CSAF_GROUP_UNDER_INVESTIGATION},
    {"unknown", CSAF_GROUP_UNKNOWN},
};

enum {
    A = CSAF_COMBINATION_ALLOWED,
    D = CSAF_COMBINATION_DISCOURAGED,
    P = CSAF_COMBINATION_PROHIBITED
};

/* In the order of the specification's tables. */
static const struct {
    const char *category;
    uint8_t with[CSAF_REMEDIATIONS];
    uint8_t with_group[CSAF_GROUP_RECOMMENDED + 1];
} remediations[CSAF_REMEDIATIONS] = {
    {"workaround", {A, A, A, P, P, A, A}, {A, P, P, D, D, A}},
    {"mitigation", {A, A, A, P, P, A, A}, {A, P, P, D, D, A}},
    {"vendor_fix", {A, A, A, P, P, P, P}, {A, P, P, D, D, A}},
    {"optional_patch", {P, P, P, A, P, P, P}, {P, A, D, A, A, A}},
    {"none_available", {P, P, P, P, A, P, P}, {A, P, P, A, A, A}},
    {"fix_planned", {A, A, P, P, P, A, P}, {A, D, P, D, D, A}},
    {"no_fix_planned", {A, A, P, P, P, P, A}, {A, D, P, A, A, A}},
};

int csaf_status_group_of(struct slice member)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (slice_is(member, members[i].member))
            return (int)members[i].group;
    return -1;
}

const char *csaf_status_group_name(enum csaf_status_group group)
{
    static const char *const names[] = {"Affected", "Not affected", "Fixed", "Under investigation",
                                        "Unknown",  "Recommended"};
    return names[group];
}

bool csaf_status_groups_contradict(enum csaf_status_group a, enum csaf_status_group b)
{
    return a != b && a != CSAF_GROUP_RECOMMENDED && b != CSAF_GROUP_RECOMMENDED;
}

int csaf_remediation_find(struct slice category)
{
    for (int i = 0; i < CSAF_REMEDIATIONS; i++)
        if (slice_is(category, remediations[i].category))
            return i;
    return -1;
}

const char *csaf_remediation_name(int remediation)
{
    return remediations[remediation].category;
}

enum csaf_combination csaf_remediation_with(int a, int b)
{
    return (enum csaf_combination)remediations[a].with[b];
}

enum csaf_combination csaf_remediation_for(int remediation, enum csaf_status_group group)
{
    return (enum csaf_combination)remediations[remediation].with_group[group];
}

bool csaf_flag_is_justification(struct slice label)
{
    static const char *const labels[] = {
        "component_not_present",
        "inline_mitigations_already_exist",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_not_present",
    };
    for (size_t i = 0; i < ARRAY_LEN(labels); i++)
        if (slice_is(label, labels[i]))
            return true;
    return false;
}
