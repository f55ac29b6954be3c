/* SPDX-License-Identifier: Apache-2.0 */
/* CSAF 2.0 section 3 as tables: one row a member, checked by one walk over the values. */
#include "base/map.h"
#include "csaf/schema.h"

#include <stdio.h>

enum kind { STRING, ARRAY, OBJECT };

struct member;

struct shape {
    enum kind kind;
    const struct csaf_format *format; /* STRING */
    const char *const *names;         /* STRING: one of these */
    const struct shape *items;        /* ARRAY */
    size_t least;                     /* items of an ARRAY, members of an OBJECT */
    bool unique;                      /* ARRAY of strings */
    const struct member *members;     /* OBJECT, ended by a row without name */
};

struct member {
    const char *name;
    bool required;
    const char *section;
    const struct shape *shape;
};

#define MEMBERS(...) ((const struct member[]){__VA_ARGS__, {0}})
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct shape text = {.kind = STRING};
static const struct shape uri = {.kind = STRING, .format = &csaf_format_uri};
static const struct shape date = {.kind = STRING, .format = &csaf_format_time};
static const struct shape lang = {.kind = STRING, .format = &csaf_format_lang};
static const struct shape version = {.kind = STRING, .format = &csaf_format_version};
static const struct shape texts = {.kind = ARRAY, .items = &text, .least = 1};
static const struct shape unique_texts = {
    .kind = ARRAY, .items = &text, .least = 1, .unique = true};
static const struct shape uris = {.kind = ARRAY, .items = &uri, .least = 1};

static const struct shape acknowledgments = {
    .kind = ARRAY,
    .least = 1,
    .items = &(const struct shape){.kind = OBJECT,
                                   .least = 1,
                                   .members = MEMBERS({"names", false, "3.1.1.1", &texts},
                                                      {"organization", false, "3.1.1.2", &text},
                                                      {"summary", false, "3.1.1.3", &text},
                                                      {"urls", false, "3.1.1.4", &uris})}};

static const struct shape notes = {
    .kind = ARRAY,
    .least = 1,
    .items = &(const struct shape){
        .kind = OBJECT,
        .members = MEMBERS(
            {"audience", false, "3.1.5", &text},
            {"category", true, "3.1.5",
             &(const struct shape){.kind = STRING,
                                   .names = NAMES("description", "details", "faq", "general",
                                                  "legal_disclaimer", "other", "summary")}},
            {"text", true, "3.1.5", &text}, {"title", false, "3.1.5", &text})}};

static const struct shape references = {
    .kind = ARRAY,
    .least = 1,
    .items = &(const struct shape){
        .kind = OBJECT,
        .members =
            MEMBERS({"category", false, "3.1.10",
                     &(const struct shape){.kind = STRING, .names = NAMES("external", "self")}},
                    {"summary", true, "3.1.10", &text}, {"url", true, "3.1.10", &uri})}};

static const struct shape file_hash = {
    .kind = OBJECT,
    .members = MEMBERS({"algorithm", true, "3.1.3.3.2", &text},
                       {"value", true, "3.1.3.3.2",
                        &(const struct shape){.kind = STRING, .format = &csaf_format_hash}})};

static const struct shape hashes = {
    .kind = ARRAY,
    .least = 1,
    .items = &(const struct shape){
        .kind = OBJECT,
        .members = MEMBERS({"file_hashes", true, "3.1.3.3.2",
                            &(const struct shape){.kind = ARRAY, .least = 1, .items = &file_hash}},
                           {"filename", true, "3.1.3.3.2", &text})}};

static const struct shape generic_uris = {
    .kind = ARRAY,
    .least = 1,
    .items = &(const struct shape){.kind = OBJECT,
                                   .members = MEMBERS({"namespace", true, "3.1.3.3.8", &uri},
                                                      {"uri", true, "3.1.3.3.8", &uri})}};

static const struct shape helper = {
    .kind = OBJECT,
    .least = 1,
    .members = MEMBERS({"cpe", false, "3.1.3.3.1",
                        &(const struct shape){.kind = STRING, .format = &csaf_format_cpe}},
                       {"hashes", false, "3.1.3.3.2", &hashes},
                       {"model_numbers", false, "3.1.3.3.3", &unique_texts},
                       {"purl", false, "3.1.3.3.4",
                        &(const struct shape){.kind = STRING, .format = &csaf_format_purl}},
                       {"sbom_urls", false, "3.1.3.3.5", &uris},
                       {"serial_numbers", false, "3.1.3.3.6", &unique_texts},
                       {"skus", false, "3.1.3.3.7", &texts},
                       {"x_generic_uris", false, "3.1.3.3.8", &generic_uris})};

static const struct shape product = {
    .kind = OBJECT,
    .members = MEMBERS({"name", true, "3.1.3.1", &text}, {"product_id", true, "3.1.3.2", &text},
                       {"product_identification_helper", false, "3.1.3.3", &helper})};

static const struct shape branches;

static const struct shape branch = {
    .kind = OBJECT,
    .members = MEMBERS({"category", true, "3.1.2.2",
                        &(const struct shape){.kind = STRING, .names = csaf_branch_categories}},
                       {"name", true, "3.1.2.3", &text}, {"branches", false, "3.1.2.1", &branches},
                       {"product", false, "3.1.2.4", &product})};

static const struct shape branches = {.kind = ARRAY, .least = 1, .items = &branch};

static const struct shape relationship = {
    .kind = OBJECT,
    .members = MEMBERS({"category", true, "3.2.2.4.1",
                        &(const struct shape){.kind = STRING, .names = csaf_relations}},
                       {"full_product_name", true, "3.2.2.4.2", &product},
                       {"product_reference", true, "3.2.2.4.3", &text},
                       {"relates_to_product_reference", true, "3.2.2.4.4", &text})};

static const struct shape group = {
    .kind = OBJECT,
    .members =
        MEMBERS({"group_id", true, "3.2.2.3.1", &text},
                {"product_ids", true, "3.2.2.3.2",
                 &(const struct shape){.kind = ARRAY, .items = &text, .least = 2, .unique = true}},
                {"summary", false, "3.2.2.3.3", &text})};

static const struct shape tree = {
    .kind = OBJECT,
    .least = 1,
    .members = MEMBERS({"branches", false, "3.2.2.1", &branches},
                       {"full_product_names", false, "3.2.2.2",
                        &(const struct shape){.kind = ARRAY, .least = 1, .items = &product}},
                       {"product_groups", false, "3.2.2.3",
                        &(const struct shape){.kind = ARRAY, .least = 1, .items = &group}},
                       {"relationships", false, "3.2.2.4",
                        &(const struct shape){.kind = ARRAY, .least = 1, .items = &relationship}})};

static const struct shape revision = {
    .kind = OBJECT,
    .members = MEMBERS(
        {"date", true, "3.2.1.12.6.1", &date}, {"legacy_version", false, "3.2.1.12.6.2", &text},
        {"number", true, "3.2.1.12.6.3", &version}, {"summary", true, "3.2.1.12.6.4", &text})};

static const struct shape engine = {.kind = OBJECT,
                                    .members =
                                        MEMBERS({"name", true, "3.2.1.12.3.2.1", &text},
                                                {"version", false, "3.2.1.12.3.2.2", &text})};

static const struct shape generator = {
    .kind = OBJECT,
    .members =
        MEMBERS({"date", false, "3.2.1.12.3.1", &date}, {"engine", true, "3.2.1.12.3.2", &engine})};

static const struct shape tracking = {
    .kind = OBJECT,
    .members = MEMBERS({"aliases", false, "3.2.1.12.1", &unique_texts},
                       {"current_release_date", true, "3.2.1.12.2", &date},
                       {"generator", false, "3.2.1.12.3", &generator},
                       {"id", true, "3.2.1.12.4",
                        &(const struct shape){.kind = STRING, .format = &csaf_format_tracking_id}},
                       {"initial_release_date", true, "3.2.1.12.5", &date},
                       {"revision_history", true, "3.2.1.12.6",
                        &(const struct shape){.kind = ARRAY, .least = 1, .items = &revision}},
                       {"status", true, "3.2.1.12.7",
                        &(const struct shape){.kind = STRING, .names = csaf_tracking_statuses}},
                       {"version", true, "3.2.1.12.8", &version})};

static const struct shape distribution = {
    .kind = OBJECT,
    .least = 1,
    .members = MEMBERS(
        {"text", false, "3.2.1.5.1", &text},
        {"tlp", false, "3.2.1.5.2",
         &(const struct shape){
             .kind = OBJECT,
             .members = MEMBERS({"label", true, "3.2.1.5.2.1",
                                 &(const struct shape){.kind = STRING, .names = csaf_tlp_labels}},
                                {"url", false, "3.2.1.5.2.2", &uri})}})};

static const struct shape publisher = {
    .kind = OBJECT,
    .members = MEMBERS({"category", true, "3.2.1.8.1",
                        &(const struct shape){.kind = STRING,
                                              .names = NAMES("coordinator", "discoverer", "other",
                                                             "translator", "user", "vendor")}},
                       {"contact_details", false, "3.2.1.8.2", &text},
                       {"issuing_authority", false, "3.2.1.8.3", &text},
                       {"name", true, "3.2.1.8.4", &text}, {"namespace", true, "3.2.1.8.5", &uri})};

static const struct shape document = {
    .kind = OBJECT,
    .members = MEMBERS(
        {"acknowledgments", false, "3.2.1.1", &acknowledgments},
        {"aggregate_severity", false, "3.2.1.2",
         &(const struct shape){.kind = OBJECT,
                               .members = MEMBERS({"namespace", false, "3.2.1.2.1", &uri},
                                                  {"text", true, "3.2.1.2.2", &text})}},
        {"category", true, "3.2.1.3",
         &(const struct shape){.kind = STRING, .format = &csaf_format_category}},
        {"csaf_version", true, "3.2.1.4",
         &(const struct shape){.kind = STRING, .names = NAMES("2.0")}},
        {"distribution", false, "3.2.1.5", &distribution}, {"lang", false, "3.2.1.6", &lang},
        {"notes", false, "3.2.1.7", &notes}, {"publisher", true, "3.2.1.8", &publisher},
        {"references", false, "3.2.1.9", &references}, {"source_lang", false, "3.2.1.10", &lang},
        {"title", true, "3.2.1.11", &text}, {"tracking", true, "3.2.1.12", &tracking})};

static const struct shape flag = {
    .kind = OBJECT,
    .members = MEMBERS(
        {"date", false, "3.2.3.5.1", &date}, {"group_ids", false, "3.2.3.5.2", &unique_texts},
        {"label", true, "3.2.3.5.3",
         &(const struct shape){
             .kind = STRING,
             .names = NAMES("component_not_present", "inline_mitigations_already_exist",
                            "vulnerable_code_cannot_be_controlled_by_adversary",
                            "vulnerable_code_not_in_execute_path", "vulnerable_code_not_present")}},
        {"product_ids", false, "3.2.3.5.4", &unique_texts})};

static const struct shape id = {.kind = OBJECT,
                                .members = MEMBERS({"system_name", true, "3.2.3.6.1", &text},
                                                   {"text", true, "3.2.3.6.2", &text})};

static const struct shape involvement = {
    .kind = OBJECT,
    .members =
        MEMBERS({"date", false, "3.2.3.7.1", &date},
                {"party", true, "3.2.3.7.2",
                 &(const struct shape){
                     .kind = STRING,
                     .names = NAMES("coordinator", "discoverer", "other", "user", "vendor")}},
                {"status", true, "3.2.3.7.3",
                 &(const struct shape){.kind = STRING,
                                       .names = NAMES("completed", "contact_attempted", "disputed",
                                                      "in_progress", "not_contacted", "open")}},
                {"summary", false, "3.2.3.7.4", &text})};

static const struct shape status = {
    .kind = OBJECT,
    .least = 1,
    .members = MEMBERS({"first_affected", false, "3.2.3.9.1", &unique_texts},
                       {"first_fixed", false, "3.2.3.9.2", &unique_texts},
                       {"fixed", false, "3.2.3.9.3", &unique_texts},
                       {"known_affected", false, "3.2.3.9.4", &unique_texts},
                       {"known_not_affected", false, "3.2.3.9.5", &unique_texts},
                       {"last_affected", false, "3.2.3.9.6", &unique_texts},
                       {"recommended", false, "3.2.3.9.7", &unique_texts},
                       {"under_investigation", false, "3.2.3.9.8", &unique_texts})};

static const struct shape remediation = {
    .kind = OBJECT,
    .members = MEMBERS(
        {"category", true, "3.2.3.12.1",
         &(const struct shape){.kind = STRING, .names = csaf_remedies}},
        {"date", false, "3.2.3.12.2", &date}, {"details", true, "3.2.3.12.3", &text},
        {"entitlements", false, "3.2.3.12.4", &texts},
        {"group_ids", false, "3.2.3.12.5", &unique_texts},
        {"product_ids", false, "3.2.3.12.6", &unique_texts},
        {"restart_required", false, "3.2.3.12.7",
         &(const struct shape){
             .kind = OBJECT,
             .members = MEMBERS(
                 {"category", true, "3.2.3.12.7.1",
                  &(const struct shape){.kind = STRING,
                                        .names = NAMES("connected", "dependencies", "machine",
                                                       "none", "parent", "service", "system",
                                                       "vulnerable_component", "zone")}},
                 {"details", false, "3.2.3.12.7.2", &text})}},
        {"url", false, "3.2.3.12.8", &uri})};

/* The scores' own schemas are the validator's; here only what is read. */
static const struct shape cvss = {.kind = OBJECT,
                                  .members = MEMBERS({"version", true, "3.2.3.13", &text},
                                                     {"vectorString", true, "3.2.3.13", &text},
                                                     {"baseSeverity", false, "3.2.3.13", &text})};

static const struct shape score = {.kind = OBJECT,
                                   .least = 2,
                                   .members =
                                       MEMBERS({"cvss_v2", false, "3.2.3.13.1", &cvss},
                                               {"cvss_v3", false, "3.2.3.13.2", &cvss},
                                               {"products", true, "3.2.3.13.3", &unique_texts})};

static const struct shape threat = {
    .kind = OBJECT,
    .members =
        MEMBERS({"category", true, "3.2.3.14.1",
                 &(const struct shape){.kind = STRING,
                                       .names = NAMES("exploit_status", "impact", "target_set")}},
                {"date", false, "3.2.3.14.2", &date}, {"details", true, "3.2.3.14.3", &text},
                {"group_ids", false, "3.2.3.14.4", &unique_texts},
                {"product_ids", false, "3.2.3.14.5", &unique_texts})};

#define LIST_OF(shape_) (&(const struct shape){.kind = ARRAY, .least = 1, .items = &(shape_)})

static const struct shape vulnerability = {
    .kind = OBJECT,
    .least = 1,
    .members = MEMBERS(
        {"acknowledgments", false, "3.2.3.1", &acknowledgments},
        {"cve", false, "3.2.3.2",
         &(const struct shape){.kind = STRING, .format = &csaf_format_cve}},
        {"cwe", false, "3.2.3.3",
         &(const struct shape){
             .kind = OBJECT,
             .members = MEMBERS({"id", true, "3.2.3.3.1",
                                 &(const struct shape){.kind = STRING, .format = &csaf_format_cwe}},
                                {"name", true, "3.2.3.3.2", &text})}},
        {"discovery_date", false, "3.2.3.4", &date}, {"flags", false, "3.2.3.5", LIST_OF(flag)},
        {"ids", false, "3.2.3.6", LIST_OF(id)},
        {"involvements", false, "3.2.3.7", LIST_OF(involvement)},
        {"notes", false, "3.2.3.8", &notes}, {"product_status", false, "3.2.3.9", &status},
        {"references", false, "3.2.3.10", &references}, {"release_date", false, "3.2.3.11", &date},
        {"remediations", false, "3.2.3.12", LIST_OF(remediation)},
        {"scores", false, "3.2.3.13", LIST_OF(score)},
        {"threats", false, "3.2.3.14", LIST_OF(threat)}, {"title", false, "3.2.3.15", &text})};

static const struct shape root = {
    .kind = OBJECT,
    .members =
        MEMBERS({"document", true, "3.2.1", &document}, {"product_tree", false, "3.2.2", &tree},
                {"vulnerabilities", false, "3.2.3", LIST_OF(vulnerability)})};

static const char *const type_names[] = {
    [JSON_NULL] = "null",       [JSON_FALSE] = "false",     [JSON_TRUE] = "true",
    [JSON_NUMBER] = "a number", [JSON_STRING] = "a string", [JSON_ARRAY] = "an array",
    [JSON_OBJECT] = "an object"};

static void check_string(struct csaf_check *check, const struct json_value *v,
                         const struct shape *shape, const char *section)
{
    struct slice s = json_string(v);
    if (s.len == 0) {
        csaf_fault(check, "csaf.empty", section, v, "the text is empty");
        return;
    }
    if (shape->format && !shape->format->valid(s))
        csaf_fault(check, "csaf.format", section, v, "\"%.*s\" is not %s",
                   (int)(s.len < 100 ? s.len : 100), (const char *)s.data, shape->format->expected);
    if (shape->names && csaf_name_find(shape->names, s) < 0) {
        char all[256] = "";
        size_t at = 0;
        for (size_t i = 0; shape->names[i] && at + strlen(shape->names[i]) + 3 < sizeof all; i++)
            at +=
                (size_t)snprintf(all + at, sizeof all - at, "%s%s", i ? ", " : "", shape->names[i]);
        csaf_fault(check, "csaf.enum", section, v, "\"%.*s\" is not one of %s",
                   (int)(s.len < 100 ? s.len : 100), (const char *)s.data, all);
    }
}

static int check_value(struct csaf_check *check, const struct json_value *v,
                       const struct shape *shape, const char *section);

static int check_array(struct csaf_check *check, const struct json_value *v,
                       const struct shape *shape, const char *section)
{
    if (json_count(v) < shape->least)
        csaf_fault(check, "csaf.empty", section, v, "the list has %zu items; at least %zu are due",
                   json_count(v), shape->least);
    struct map seen;
    map_init(&seen);
    int result = 0;
    json_each(item, v)
    {
        if (check_value(check, item, shape->items, section) != 0) {
            result = -1;
            break;
        }
        if (!shape->unique || !json_is(item, JSON_STRING))
            continue;
        if (map_get(&seen, json_string(item)))
            csaf_fault(check, "csaf.duplicate", section, item, "\"%.*s\" stands twice in the list",
                       SLICE_ARG(json_string(item)));
        else if (map_set(&seen, json_string(item), (void *)(uintptr_t)item) != 0) {
            result = err_memory(check->first);
            break;
        }
    }
    map_fini(&seen);
    return result;
}

static int check_object(struct csaf_check *check, const struct json_value *v,
                        const struct shape *shape, const char *section)
{
    if (json_count(v) < shape->least)
        csaf_fault(check, "csaf.empty", section, v, "the object has too few members");
    for (const struct member *m = shape->members; m && m->name; m++) {
        const struct json_value *value = json_get(v, m->name);
        if (!value) {
            if (m->required)
                csaf_fault(check, "csaf.required", m->section, v, "the member \"%s\" is missing",
                           m->name);
            continue;
        }
        if (check_value(check, value, m->shape, m->section) != 0)
            return -1;
    }
    return 0;
}

/* -1 for memory only; recursion ends with the nesting that the JSON reader allows */
static int check_value(struct csaf_check *check, const struct json_value *v,
                       const struct shape *shape, const char *section)
{
    static const enum json_type types[] = {
        [STRING] = JSON_STRING, [ARRAY] = JSON_ARRAY, [OBJECT] = JSON_OBJECT};
    if (!json_is(v, types[shape->kind])) {
        csaf_fault(check, "csaf.type", section, v, "this is %s, and must be %s",
                   type_names[json_type(v)], type_names[types[shape->kind]]);
        return 0;
    }
    if (shape->kind == STRING)
        check_string(check, v, shape, section);
    else if (shape->kind == ARRAY)
        return check_array(check, v, shape, section);
    else
        return check_object(check, v, shape, section);
    return 0;
}

int csaf_check_shape(struct csaf_check *check)
{
    return check_value(check, json_root(check->document->json), &root, "3.2");
}
