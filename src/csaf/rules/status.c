/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a product in one vulnerability must not contradict itself: status, remediations
 * and flags. */
#include "csaf/facts/combination.h"
#include "csaf/validate/reach.h"
#include "csaf/validate/tests.h"

/* Marks of products: 1 << csaf_status_group, or 1 << the number of a remediation. */
static unsigned lowest(unsigned bits)
{
    unsigned number = 0;

    while (!(bits >> number & 1))
        number++;
    return number;
}

static const char *group_names(unsigned bits)
{
    return csaf_status_group_name((enum csaf_status_group)lowest(bits));
}

/* The status groups that contradict this one. */
static unsigned contradicting_groups(int group)
{
    unsigned bits = 0;

    for (int other = 0; other <= CSAF_GROUP_RECOMMENDED; other++)
        if (csaf_status_groups_contradict((enum csaf_status_group)group,
                                          (enum csaf_status_group)other))
            bits |= 1u << other;
    return bits;
}

/* Contradicting Product Status */
void csaf_test_6_1_6(struct csaf_validation *v)
{
    struct csaf_reach *reach = csaf_reach(v);

    if (!reach)
        return;
    csaf_each_vulnerability(vulnerability, v)
    {
        csaf_reach_begin(reach);
        json_each(status, csaf_object(vulnerability, "product_status"))
        {
            int group = csaf_status_group_of(json_name(status));
            if (group < 0 || !json_is(status, JSON_ARRAY))
                continue;
            unsigned against = contradicting_groups(group);
            json_each(product, status)
            {
                unsigned others = csaf_reach_product(reach, product) & against;
                csaf_reach_mark_product(reach, product, 1u << group);
                if (others)
                    csaf_find(v, product, "product %s is \"%s\" (%.*s), but also \"%s\"",
                              csaf_quote(v, json_string(product)),
                              csaf_status_group_name((enum csaf_status_group)group),
                              SLICE_ARG(json_name(status)), group_names(others));
            }
        }
    }
}

/* Remediation without Product Reference; Flag without Product Reference */
static void without_product(struct csaf_validation *v, const char *list, const char *what)
{
    csaf_each_vulnerability(vulnerability, v) json_each(item, csaf_array(vulnerability, list))
    {
        if (!json_is(item, JSON_OBJECT) || json_get(item, "group_ids") ||
            json_get(item, "product_ids"))
            continue;
        csaf_find(v, item, "the %s does not say to which products it applies", what);
        csaf_suggest(v, "give it product_ids or group_ids");
    }
}

/* Remediation without Product Reference */
void csaf_test_6_1_29(struct csaf_validation *v)
{
    without_product(v, "remediations", "remediation");
}

/* Flag without Product Reference */
void csaf_test_6_1_32(struct csaf_validation *v)
{
    without_product(v, "flags", "flag");
}

/*
 * Calls found for each product and group that item names, when a product has one of the bits
 * `against`. false: no memory.
 */
static bool look_against(struct csaf_validation *v, struct csaf_reach *reach,
                         const struct json_value *item, unsigned against,
                         void (*found)(struct csaf_validation *v, const struct json_value *item,
                                       const struct json_value *at, const char *product,
                                       unsigned bits))
{
    json_each(id, csaf_array(item, "product_ids"))
    {
        unsigned bits = csaf_reach_product(reach, id) & against;
        if (bits)
            found(v, item, id, csaf_quote(v, json_string(id)), bits);
    }
    json_each(id, csaf_array(item, "group_ids"))
    {
        struct slice product;
        unsigned bits;
        int rc = csaf_reach_group(reach, id, against, &product, &bits);
        if (rc < 0)
            return false;
        if (rc > 0)
            found(v, item, id, csaf_quote(v, product), bits & against);
    }
    return true;
}

/* "" or " (of group …)", for what is found through a group. */
static const char *through(struct csaf_validation *v, const struct json_value *at,
                           const char *product)
{
    const char *id = csaf_quote(v, json_string(at));
    if (strcmp(id, product) == 0)
        return "";
    const char *text = arena_printf(v->arena, " (in group %s)", id);
    if (!text)
        csaf_no_memory(v);
    return text ? text : "";
}

static void justified_twice(struct csaf_validation *v, const struct json_value *item,
                            const struct json_value *at, const char *product, unsigned bits)
{
    (void)bits;
    csaf_find(v, at, "product %s%s has a justification in another flag already; here %s follows",
              product, through(v, at, product), csaf_quote(v, json_get_string(item, "label")));
}

/* Multiple Flags with VEX Justification Codes per Product */
void csaf_test_6_1_33(struct csaf_validation *v)
{
    struct csaf_reach *reach = csaf_reach(v);

    if (!reach)
        return;
    csaf_each_vulnerability(vulnerability, v)
    {
        csaf_reach_begin(reach);
        json_each(flag, csaf_array(vulnerability, "flags"))
        {
            if (!csaf_flag_is_justification(json_get_string(flag, "label")))
                continue;
            if (!look_against(v, reach, flag, 1, justified_twice))
                return;
            csaf_reach_mark_item(reach, flag, 1);
        }
    }
}

static void contradicting_remediation(struct csaf_validation *v, const struct json_value *item,
                                      const struct json_value *at, const char *product,
                                      unsigned bits)
{
    csaf_find(v, at,
              "product %s%s has the remediation %s here and \"%s\" in another item: they "
              "contradict each other",
              product, through(v, at, product), csaf_quote(v, json_get_string(item, "category")),
              csaf_remediation_name((int)lowest(bits)));
}

/* Contradicting Remediations */
void csaf_test_6_1_35(struct csaf_validation *v)
{
    struct csaf_reach *reach = csaf_reach(v);

    if (!reach)
        return;
    csaf_each_vulnerability(vulnerability, v)
    {
        csaf_reach_begin(reach);
        json_each(item, csaf_array(vulnerability, "remediations"))
        {
            int category = csaf_remediation_find(json_get_string(item, "category"));
            unsigned against = 0;
            if (category < 0)
                continue;
            for (int other = 0; other < CSAF_REMEDIATIONS; other++)
                if (csaf_remediation_with(category, other) == CSAF_COMBINATION_PROHIBITED)
                    against |= 1u << other;
            if (!look_against(v, reach, item, against, contradicting_remediation))
                return;
            csaf_reach_mark_item(reach, item, 1u << category);
        }
    }
}

static void discouraged_status(struct csaf_validation *v, const struct json_value *item,
                               const struct json_value *at, const char *product, unsigned bits)
{
    csaf_find(v, at, "product %s%s is \"%s\": the remediation %s is hardly meant for that", product,
              through(v, at, product), group_names(bits),
              csaf_quote(v, json_get_string(item, "category")));
}

static void contradicting_status(struct csaf_validation *v, const struct json_value *item,
                                 const struct json_value *at, const char *product, unsigned bits)
{
    csaf_find(v, at, "product %s%s is \"%s\": the remediation %s contradicts that", product,
              through(v, at, product), group_names(bits),
              csaf_quote(v, json_get_string(item, "category")));
}

static void mark_status(struct csaf_reach *reach, const struct json_value *vulnerability)
{
    json_each(status, csaf_object(vulnerability, "product_status"))
    {
        int group = csaf_status_group_of(json_name(status));
        if (group >= 0 && json_is(status, JSON_ARRAY))
            json_each(product, status) csaf_reach_mark_product(reach, product, 1u << group);
    }
}

/* Each product of a remediation has no status that is of this kind with the remediation. */
static void
status_and_remediation(struct csaf_validation *v, enum csaf_combination kind,
                       void (*say)(struct csaf_validation *v, const struct json_value *item,
                                   const struct json_value *at, const char *product, unsigned bits))
{
    struct csaf_reach *reach = csaf_reach(v);

    if (!reach)
        return;
    csaf_each_vulnerability(vulnerability, v)
    {
        csaf_reach_begin(reach);
        mark_status(reach, vulnerability);
        json_each(item, csaf_array(vulnerability, "remediations"))
        {
            int category = csaf_remediation_find(json_get_string(item, "category"));
            unsigned against = 0;
            if (category < 0)
                continue;
            for (int group = 0; group <= CSAF_GROUP_RECOMMENDED; group++)
                if (csaf_remediation_for(category, (enum csaf_status_group)group) == kind)
                    against |= 1u << group;
            if (!look_against(v, reach, item, against, say))
                return;
        }
    }
}

/* Contradicting Product Status Remediation Combination */
void csaf_test_6_1_36(struct csaf_validation *v)
{
    status_and_remediation(v, CSAF_COMBINATION_PROHIBITED, contradicting_status);
}

/* Discouraged Product Status Remediation Combination */
void csaf_test_6_2_27(struct csaf_validation *v)
{
    status_and_remediation(v, CSAF_COMBINATION_DISCOURAGED, discouraged_status);
}
