/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended and informative: ids of other systems. */
#include "csaf/facts/registry.h"
#include "csaf/validate/tests.h"
#include "csaf/validate/validator.h"

static void each_id(struct csaf_validation *v,
                    void (*visit)(struct csaf_validation *v, const struct json_value *id))
{
    json_each(vulnerability, v->vulnerabilities) json_each(id, json_get(vulnerability, "ids"))
        visit(v, id);
}

static void matching(struct csaf_validation *v, const struct json_value *id)
{
    const struct csaf_id_system *system = csaf_id_system_find(json_get_string(id, "system_name"));
    const struct json_value *text = json_get(id, "text");
    bool matches;

    if (!system || !json_is(text, JSON_STRING))
        return;
    if (csaf_pattern_matches(v, system->text_pattern, json_string(text), &matches) < 0 || matches)
        return;
    csaf_find(v, text, "%s is no id of %s", csaf_quote(v, json_string(text)), system->common_name);
    if (system->example[0])
        csaf_suggest(v, "its ids look like %s", system->example);
}

/* Matching Text for Registered ID System */
void csaf_test_6_2_53(struct csaf_validation *v)
{
    each_id(v, matching);
}

static void registered(struct csaf_validation *v, const struct json_value *id)
{
    const struct json_value *name = json_get(id, "system_name");

    if (!json_is(name, JSON_STRING) || csaf_id_system_find(json_string(name)))
        return;
    csaf_find(v, name, "%s is no registered system of vulnerability ids",
              csaf_quote(v, json_string(name)));
    const struct csaf_id_system *meant = csaf_id_system_meant(json_string(name));
    if (meant)
        csaf_suggest(v, "is %s meant, of %s?", meant->system_name, meant->common_name);
}

/* Use of Unregistered ID System */
void csaf_test_6_3_20(struct csaf_validation *v)
{
    each_id(v, registered);
}
