/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/model/check.h"

/* In the order of the enumerations in document.h. */
const char *const csaf_branch_categories[] = {"architecture",    "host_name",
                                              "language",        "legacy",
                                              "patch_level",     "platform",
                                              "product_family",  "product_name",
                                              "product_version", "product_version_range",
                                              "service_pack",    "specification",
                                              "vendor",          NULL};
const char *const csaf_relations[] = {"default_component_of",  "external_component_of",
                                      "installed_on",          "installed_with",
                                      "optional_component_of", NULL};
const char *const csaf_statuses[] = {"first_affected",
                                     "first_fixed",
                                     "fixed",
                                     "known_affected",
                                     "known_not_affected",
                                     "last_affected",
                                     "recommended",
                                     "under_investigation",
                                     "unknown",
                                     NULL};
const char *const csaf_remedies[] = {
    "fix_planned",    "mitigation", "no_fix_planned", "none_available",
    "optional_patch", "vendor_fix", "workaround",     NULL};
const char *const csaf_tracking_statuses[] = {"draft", "final", "interim", NULL};
const char *const csaf_tlp_labels[] = {"AMBER", "AMBER+STRICT", "CLEAR", "GREEN",
                                       "RED",   "WHITE",        NULL};

int csaf_name_find(const char *const *names, struct slice text)
{
    for (int i = 0; names[i]; i++)
        if (slice_is(text, names[i]))
            return i;
    return -1;
}

const char *csaf_tlp_name(enum csaf_tlp tlp)
{
    return tlp == CSAF_TLP_NONE ? "" : csaf_tlp_labels[tlp - CSAF_TLP_AMBER];
}

const char *csaf_tracking_status_name(enum csaf_tracking_status status)
{
    return csaf_tracking_statuses[status];
}

const char *csaf_branch_category_name(enum csaf_branch_category category)
{
    return csaf_branch_categories[category];
}

const char *csaf_relation_name(enum csaf_relation relation)
{
    return csaf_relations[relation];
}

const char *csaf_status_name(enum csaf_status status)
{
    return csaf_statuses[status];
}

const char *csaf_remedy_name(enum csaf_remedy remedy)
{
    return csaf_remedies[remedy];
}
