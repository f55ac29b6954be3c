/* SPDX-License-Identifier: Apache-2.0 */
/* Tests on SSVC, mandatory and other: its objects, decision points, namespaces and times. */
#include "csaf/facts/ssvc.h"
#include "base/json_schema.h"
#include "csaf/validate/findings.h"
#include "csaf/facts/schema_tables.h"
#include "csaf/validate/tests.h"
#include "csaf/validate/validator.h"

/* Calls visit for each SSVC object, with its vulnerability. */
static void each_ssvc(struct csaf_validation *v,
                      void (*visit)(struct csaf_validation *v, const struct json_value *ssvc,
                                    const struct json_value *vulnerability))
{
    json_each(vulnerability, v->vulnerabilities)
        json_each(metric, json_get(vulnerability, "metrics"))
    {
        const struct json_value *ssvc = json_get(json_get(metric, "content"), "ssvc_v2");
        if (ssvc)
            visit(v, ssvc, vulnerability);
    }
}

static void check_schema(struct csaf_validation *v, const struct json_value *ssvc,
                         const struct json_value *vulnerability)
{
    bool valid;

    (void)vulnerability;
    if (json_schema_check(v->validator->schemas[1], ssvc, csaf_schema_ssvc.root, false,
                          csaf_find_fault, v, &valid, v->e) < 0 &&
        !err_is_set(v->e))
        csaf_no_memory(v);
}

/* Invalid SSVC */
void csaf_test_6_1_46(struct csaf_validation *v)
{
    each_ssvc(v, check_schema);
}

static bool is_target(const struct json_value *vulnerability, struct slice target)
{
    if (slice_equal(json_get_string(vulnerability, "cve"), target))
        return true;
    json_each(id, json_get(vulnerability, "ids")) if (slice_equal(json_get_string(id, "text"),
                                                                  target)) return true;
    return false;
}

static void check_targets(struct csaf_validation *v, const struct json_value *ssvc,
                          const struct json_value *vulnerability)
{
    struct slice id = json_get_string(v->tracking, "id");
    const struct json_value *targets = json_get(ssvc, "target_ids");

    /* many ids and many targets: a map where both are more than a few */
    struct map known;
    map_init(&known);
    bool mapped = json_count(targets) > 8 && json_count(json_get(vulnerability, "ids")) > 8;
    if (mapped)
        json_each(item, json_get(vulnerability, "ids"))
        {
            struct slice text = json_get_string(item, "text");
            if (text.data && map_set(&known, text, (void *)(uintptr_t)item) < 0)
                csaf_no_memory(v);
        }
    json_each(target, targets)
    {
        struct slice text = json_string(target);
        if (!json_is(target, JSON_STRING))
            continue;
        bool found = mapped ? map_get(&known, text) != NULL ||
                                  slice_equal(json_get_string(vulnerability, "cve"), text)
                            : is_target(vulnerability, text);
        if (!found)
            csaf_find(v, target, "the target %s is neither the CVE nor an id of this vulnerability",
                      csaf_quote(v, text));
        else if (slice_equal(text, id) && json_count(v->vulnerabilities) > 1)
            csaf_find(v, target,
                      "the target %s is the document, which has more than one vulnerability",
                      csaf_quote(v, text));
    }
    map_fini(&known);
}

/* Inconsistent SSVC Target IDs */
void csaf_test_6_1_47(struct csaf_validation *v)
{
    each_ssvc(v, check_targets);
}

static void check_points(struct csaf_validation *v, const struct json_value *ssvc,
                         const struct json_value *vulnerability)
{
    (void)vulnerability;
    json_each(selection, json_get(ssvc, "selections"))
    {
        struct csaf_ssvc_namespace space;
        const struct json_value *values = json_get(selection, "values");
        struct slice *keys = arena_new(v->arena, json_count(values) + 1, sizeof *keys);
        struct slice key = json_get_string(selection, "key"),
                     version = json_get_string(selection, "version");
        size_t count = 0, at = 0;
        int point = -1;
        char newest[16] = "";

        if (!keys) {
            csaf_no_memory(v);
            return;
        }
        json_each(value, values) keys[count++] = json_get_string(value, "key");
        csaf_ssvc_namespace_read(json_get_string(selection, "namespace"), &space);
        switch (csaf_ssvc_check(&space, key, version, keys, count, &point, &at)) {
        case CSAF_SSVC_FINE:
        case CSAF_SSVC_NOT_CHECKED: break;
        case CSAF_SSVC_INVALID_NAMESPACE:
            csaf_find_under(v, selection, "namespace", "the namespace %s is never to be used",
                            csaf_quote(v, space.base));
            break;
        case CSAF_SSVC_UNKNOWN_KEY:
            csaf_find_under(v, selection, "key", "the namespace %s has no decision point %s",
                            csaf_quote(v, space.base), csaf_quote(v, key));
            break;
        case CSAF_SSVC_UNKNOWN_VERSION:
            csaf_find_under(v, selection, "version", "the decision point %s has no version %s",
                            csaf_quote(v, key), csaf_quote(v, version));
            point = csaf_ssvc_point_at(space.base, key, v->now);
            if (point >= 0) {
                csaf_ssvc_point_version(point, newest);
                csaf_suggest(v, "its newest version is %s", newest);
            }
            break;
        case CSAF_SSVC_UNKNOWN_VALUE:
            csaf_find(v, json_at(values, at), "%s %s has no value %s", csaf_ssvc_point_name(point),
                      csaf_quote(v, version), csaf_quote(v, keys[at]));
            break;
        case CSAF_SSVC_WRONG_ORDER:
            csaf_find(v, json_at(values, at),
                      "value %s of %s stands behind %s, which it comes "
                      "before in the definition",
                      csaf_quote(v, keys[at]), csaf_ssvc_point_name(point),
                      csaf_quote(v, keys[at - 1]));
            break;
        case CSAF_SSVC_DUPLICATE_VALUE:
            csaf_find(v, json_at(values, at), "value %s of %s is listed twice",
                      csaf_quote(v, keys[at]), csaf_ssvc_point_name(point));
            break;
        }
    }
}

/* SSVC Decision Points */
void csaf_test_6_1_48(struct csaf_validation *v)
{
    each_ssvc(v, check_points);
}

/* The newest date of the history in v->now's manner; false: there is none. */
static bool newest_revision(const struct csaf_validation *v, int64_t *newest)
{
    bool found = false;
    int64_t at;

    json_each(item, json_get(v->tracking,
                             "revision_history")) if (csaf_time_of(json_get(item, "date"), &at) &&
                                                      (!found || at > *newest))
    {
        *newest = at;
        found = true;
    }
    return found;
}

/* Inconsistent SSVC Timestamp */
void csaf_test_6_1_49(struct csaf_validation *v)
{
    struct slice status = csaf_tracking_status_of(v);
    int64_t newest = 0, at;

    if (!(slice_is(status, "final") || slice_is(status, "interim")) || !newest_revision(v, &newest))
        return;
    json_each(vulnerability, v->vulnerabilities)
        json_each(metric, json_get(vulnerability, "metrics"))
    {
        const struct json_value *time =
            json_get(json_get(json_get(metric, "content"), "ssvc_v2"), "timestamp");
        if (csaf_time_of(time, &at) && at > newest)
            csaf_find(v, time, "the SSVC assessment of %s is newer than the newest revision",
                      csaf_quote(v, json_string(time)));
    }
}

/* Calls visit for each namespace of a selection. */
static void each_namespace(struct csaf_validation *v,
                           void (*visit)(struct csaf_validation *v, const struct json_value *value,
                                         const struct csaf_ssvc_namespace *space))
{
    json_each(vulnerability, v->vulnerabilities)
        json_each(metric, json_get(vulnerability, "metrics")) json_each(
            selection, json_get(json_get(json_get(metric, "content"), "ssvc_v2"), "selections"))
    {
        struct csaf_ssvc_namespace space;
        const struct json_value *value = json_get(selection, "namespace");
        if (!json_is(value, JSON_STRING))
            continue;
        csaf_ssvc_namespace_read(json_string(value), &space);
        visit(v, value, &space);
    }
}

static void unknown_base(struct csaf_validation *v, const struct json_value *value,
                         const struct csaf_ssvc_namespace *space)
{
    if (space->invalid)
        csaf_find(v, value, "the namespace %s is reserved and never to be used",
                  csaf_quote(v, space->base));
    else if (!space->registered)
        csaf_find(v, value, "the base namespace %s is not registered", csaf_quote(v, space->base));
}

/* Usage of Unknown SSVC Decision Point Base Namespace */
void csaf_test_6_2_34(struct csaf_validation *v)
{
    each_namespace(v, unknown_base);
}

static void unregistered(struct csaf_validation *v, const struct json_value *value,
                         const struct csaf_ssvc_namespace *space)
{
    if (!space->registered)
        csaf_find(v, value,
                  "the base namespace %s is not registered: readers outside of its "
                  "circle do not know it",
                  csaf_quote(v, space->base));
}

/* Usage of Unregistered SSVC Decision Point Base Namespace in TLP:CLEAR Document */
void csaf_test_6_2_35(struct csaf_validation *v)
{
    if (slice_is(csaf_tlp_label(v), "CLEAR"))
        each_namespace(v, unregistered);
}

/* Usage of Unregistered SSVC Decision Point Base Namespace in Non-TLP:CLEAR Document */
void csaf_test_6_3_14(struct csaf_validation *v)
{
    if (!slice_is(csaf_tlp_label(v), "CLEAR"))
        each_namespace(v, unregistered);
}

static void extended(struct csaf_validation *v, const struct json_value *value,
                     const struct csaf_ssvc_namespace *space)
{
    if (space->extension.len && !space->for_tests)
        csaf_find(v, value, "the namespace %s has an extension, which few readers know",
                  csaf_quote(v, json_string(value)));
}

/* Usage of SSVC Decision Point Namespace with Extension in TLP:CLEAR Document */
void csaf_test_6_2_36(struct csaf_validation *v)
{
    if (slice_is(csaf_tlp_label(v), "CLEAR"))
        each_namespace(v, extended);
}

/* Usage of SSVC Decision Point Namespace with Extension in Non-TLP:CLEAR Document */
void csaf_test_6_3_15(struct csaf_validation *v)
{
    if (!slice_is(csaf_tlp_label(v), "CLEAR"))
        each_namespace(v, extended);
}

static bool explained(const struct json_value *resources, struct slice space)
{
    json_each(resource, resources)
    {
        struct slice summary = json_get_string(resource, "summary");
        if (summary.len >= space.len && memmem(summary.data, summary.len, space.data, space.len))
            return true;
    }
    return false;
}

static void resources(struct csaf_validation *v, const struct json_value *ssvc,
                      const struct json_value *vulnerability)
{
    const struct json_value *list = json_get(ssvc, "decision_point_resources");
    struct map seen; /* each namespace once */

    (void)vulnerability;
    map_init(&seen);
    json_each(selection, json_get(ssvc, "selections"))
    {
        const struct json_value *value = json_get(selection, "namespace");
        struct slice text = json_string(value);
        struct csaf_ssvc_namespace space;
        if (!json_is(value, JSON_STRING) || map_get(&seen, text))
            continue;
        if (map_set(&seen, text, v) < 0)
            csaf_no_memory(v);
        csaf_ssvc_namespace_read(text, &space);
        if (space.for_tests || (space.registered && !space.extension.len) || explained(list, text))
            continue;
        if (list)
            csaf_find(v, list, "no resource explains the decision points of %s",
                      csaf_quote(v, text));
        else
            csaf_find_under(v, ssvc, "decision_point_resources",
                            "no resource explains the decision points of %s", csaf_quote(v, text));
    }
    map_fini(&seen);
}

/* Usage of Unknown SSVC Decision Point Namespace without Resource */
void csaf_test_6_2_37(struct csaf_validation *v)
{
    each_ssvc(v, resources);
}

static void not_latest(struct csaf_validation *v, const struct json_value *ssvc,
                       const struct json_value *vulnerability)
{
    int64_t at;

    (void)vulnerability;
    if (!csaf_time_of(json_get(ssvc, "timestamp"), &at))
        return;
    json_each(selection, json_get(ssvc, "selections"))
    {
        struct csaf_ssvc_namespace space;
        char latest[16];
        csaf_ssvc_namespace_read(json_get_string(selection, "namespace"), &space);
        if (!space.registered || space.for_tests)
            continue;
        int point = csaf_ssvc_point_at(space.base, json_get_string(selection, "key"), at);
        struct slice version = json_get_string(selection, "version");
        if (point < 0 || !version.data)
            continue;
        csaf_ssvc_point_version(point, latest);
        if (!slice_is(version, latest))
            csaf_find(v, selection, "version %s of %s is not the one that was current then, %s",
                      csaf_quote(v, version), csaf_ssvc_point_name(point), latest);
    }
}

/* Usage of Non-Latest SSVC Decision Point Version */
void csaf_test_6_3_13(struct csaf_validation *v)
{
    each_ssvc(v, not_latest);
}
