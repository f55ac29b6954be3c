/* SPDX-License-Identifier: Apache-2.0 */
/* The profile VEX: each product has what its status asks for. */
#include "csaf/validate/reach.h"
#include "csaf/validate/tests.h"

/* Says of each product of the status that has no mark what is missing. */
static void each_has_a_mark(struct csaf_validation *v, struct csaf_reach *reach,
                            const struct json_value *status, const char *missing, const char *hint)
{
    if (!json_is(status, JSON_ARRAY))
        return;
    json_each(product, status)
    {
        struct slice id = json_string(product);
        if (!id.data || csaf_reach_product(reach, product))
            continue;
        csaf_find(v, product, "product %s is %.*s, but has no %s", csaf_quote(v, id),
                  SLICE_ARG(json_name(status)), missing);
        csaf_suggest(v, "%s", hint);
    }
}

/* Does an item of ids hold for the vulnerability, and so for all its products? Marks else. */
static bool has_general_id(struct csaf_reach *reach, const struct json_value *ids)
{
    if (!json_is(ids, JSON_ARRAY))
        return true;
    json_each(item, ids)
    {
        if (!json_get(item, "product_ids") && !json_get(item, "group_ids"))
            return true;
        csaf_reach_mark_item(reach, item, 1);
    }
    return false;
}

/* Vulnerability ID */
void csaf_test_6_1_27_8(struct csaf_validation *v)
{
    struct csaf_reach *reach;

    if (!csaf_is_profile(v, "csaf_vex") || !(reach = csaf_reach(v)))
        return;
    csaf_each_vulnerability(vulnerability, v)
    {
        const struct json_value *ids = json_get(vulnerability, "ids");
        if (json_get(vulnerability, "cve") || !json_is(vulnerability, JSON_OBJECT))
            continue;
        if (!ids) {
            csaf_find(v, vulnerability, "the vulnerability has neither a cve nor ids");
            continue;
        }
        csaf_reach_begin(reach);
        if (v->version == CSAF_2_0 || has_general_id(reach, ids))
            continue;
        json_each(status, csaf_object(vulnerability, "product_status"))
            each_has_a_mark(v, reach, status, "id of the vulnerability",
                            "give a CVE, an id for all products, or one for this product");
    }
}

/* Impact Statement */
void csaf_test_6_1_27_9(struct csaf_validation *v)
{
    struct csaf_reach *reach;

    if (!csaf_is_profile(v, "csaf_vex") || !(reach = csaf_reach(v)))
        return;
    csaf_each_vulnerability(vulnerability, v)
    {
        csaf_reach_begin(reach);
        json_each(flag, csaf_array(vulnerability, "flags")) csaf_reach_mark_item(reach, flag, 1);
        json_each(threat, csaf_array(vulnerability, "threats"))
        {
            if (slice_is(json_get_string(threat, "category"), "impact"))
                csaf_reach_mark_item(reach, threat, 1);
        }
        each_has_a_mark(v, reach,
                        json_get(json_get(vulnerability, "product_status"), "known_not_affected"),
                        "impact statement", "add a flag or a threat of the category impact for it");
    }
}

/* Action Statement */
void csaf_test_6_1_27_10(struct csaf_validation *v)
{
    struct csaf_reach *reach;

    if (!csaf_is_profile(v, "csaf_vex") || !(reach = csaf_reach(v)))
        return;
    csaf_each_vulnerability(vulnerability, v)
    {
        csaf_reach_begin(reach);
        json_each(item, csaf_array(vulnerability, "remediations"))
            csaf_reach_mark_item(reach, item, 1);
        each_has_a_mark(v, reach,
                        json_get(json_get(vulnerability, "product_status"), "known_affected"),
                        "action statement", "add a remediation for it");
    }
}
