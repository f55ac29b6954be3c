/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions of CSAF 2.1: their content, their own schema, and where they may be. */
#include "csaf/validate/extensions.h"
#include "base/memory.h"
#include "csaf/validate/findings.h"
#include "csaf/facts/schema_tables.h"

/* Nothing is registered and nothing official yet; so every extension is experimental. */
static const char unknown_class[] = "experimental (no extension is registered or official yet)";

struct items {
    void (*visit)(struct csaf_validation *v, const struct json_value *item);
};

static void each_of(struct csaf_validation *v, const struct json_value *list, void *context)
{
    const struct items *items = context;
    if (json_is(list, JSON_ARRAY))
        json_each(item, list) items->visit(v, item);
}

static void each_item(struct csaf_validation *v,
                      void (*visit)(struct csaf_validation *v, const struct json_value *item))
{
    struct items items = {visit};
    csaf_visit_all(v, csaf_extension_paths, each_of, &items);
}

/* What the schemas of extensions may take of one document: a second or two. */
enum { WORK = 30000000 };

/* false: the schema asks for too much. */
static bool check(struct csaf_validation *v, struct json_schema_checker *checker,
                  const struct json_value *item, const struct json_schema *schema)
{
    struct err e = {0};
    bool valid;

    if (json_schema_check(checker, item, schema, false, csaf_find_fault, v, &valid, &e) == 0)
        return true;
    if (e.kind == ERR_LIMIT && !err_is_set(v->e))
        return false;
    csaf_no_memory(v);
    return true;
}

static void content(struct csaf_validation *v, const struct json_value *item)
{
    (void)check(v, v->validator->schemas[1], item, csaf_schema_extension_content.root);
}

/* Content Schema */
void csaf_test_6_1_60_1(struct csaf_validation *v)
{
    each_item(v, content);
}

static void not_supported(struct csaf_validation *v, const struct json_value *item,
                          const char *what)
{
    csaf_find_warning(v, item, "the %s of the extension %s is not at hand; it is %s", what,
                      csaf_quote_whole(v, json_get_string(item, "$schema")), unknown_class);
    csaf_suggest(v, "--extensions names a folder with schemas and metadata of extensions");
}

static struct json_schema_checker *checker_of(struct csaf_validation *v,
                                              const struct csaf_extension *extension)
{
    struct csaf_validator *validator = v->validator;

    if (!validator->extension_schemas)
        validator->extension_schemas =
            mem_new(validator->extensions->count + 1, sizeof(struct json_schema_checker *));
    if (!validator->extension_schemas) {
        csaf_no_memory(v);
        return NULL;
    }
    struct json_schema_checker **c = &validator->extension_schemas[extension->index];
    if (!*c)
        *c = json_schema_checker_new(&extension->schema, v->e);
    return *c;
}

static void own_schema(struct csaf_validation *v, const struct json_value *item)
{
    const struct csaf_extension *extension =
        csaf_extension_find(v->validator->extensions, json_get_string(item, "$schema"));

    if (!extension || !extension->has_schema) {
        not_supported(v, item, "schema");
        return;
    }
    struct json_schema_checker *checker = checker_of(v, extension);
    if (!checker)
        return;
    json_schema_checker_limit(checker, &v->schema_work);
    if (!check(v, checker, item, NULL)) {
        csaf_find_warning(v, item,
                          "the schema of the extension %s goes round in circles, or asks for more "
                          "work than is allowed: whether the content is as it wants is not known",
                          csaf_quote(v, extension->id));
        csaf_not_run(v, "the schema of an extension asks for more work than is allowed");
    }
    json_schema_checker_limit(checker, NULL);
}

/* Extension Schema */
void csaf_test_6_1_60_2(struct csaf_validation *v)
{
    v->schema_work = WORK;
    each_item(v, own_schema);
    if (v->failures > 0)
        v->not_run = NULL; /* it has failed, whatever else there is */
}

struct item {
    struct csaf_validation *v;
    const struct json_value *value;
};

/* What its members are, the schema of every extension says: the document's own check told it. */
static int additional_in_content(void *context, const struct json_schema_fault *fault)
{
    const struct item *item = context;

    if (json_get_slice(item->value, fault->member) == fault->at)
        return 0;
    return csaf_find_additional(item->v, fault);
}

static void nothing_additional(struct csaf_validation *v, const struct json_value *item)
{
    const struct csaf_extension *extension =
        csaf_extension_find(v->validator->extensions, json_get_string(item, "$schema"));
    struct item context = {v, item};
    struct err e = {0};
    bool valid;

    if (!extension || !extension->has_schema) {
        not_supported(v, item, "schema");
        return;
    }
    struct json_schema_checker *checker = checker_of(v, extension);
    if (!checker)
        return;
    json_schema_checker_limit(checker, &v->schema_work);
    if (json_schema_check(checker, item, NULL, true, additional_in_content, &context, &valid, &e) <
        0) {
        if (e.kind == ERR_LIMIT && !err_is_set(v->e))
            csaf_not_run(v, "the schema of an extension asks for more work than is allowed");
        else
            csaf_no_memory(v);
    }
    json_schema_checker_limit(checker, NULL);
}

void csaf_extensions_additional(struct csaf_validation *v)
{
    v->schema_work = WORK;
    each_item(v, nothing_additional);
    if (v->failures > 0)
        v->not_run = NULL;
}

/* The place of a list in the words of metadata; CSAF 2.1's product paths stand where 2.0's
 * relationships stood when the metadata's schema was written. */
static const char *const places[] = {
    "$.document.x_extensions",
    "$.product_tree.branches..product.x_extensions",
    "$.product_tree.full_product_names[*].x_extensions",
    "$.product_tree.relationships[*].full_product_name.x_extensions",
    "$.vulnerabilities[*].metrics[*].content.x_extensions",
    "$.vulnerabilities[*].x_extensions",
    "$.x_extensions",
};

struct used {
    const struct csaf_extension **at; /* by the extension's index: it is used in this document */
    size_t *here;                     /* how often in the list at hand */
    const char *place;
};

static void count_list(struct csaf_validation *v, const struct json_value *list, void *context)
{
    struct used *used = context;

    if (!json_is(list, JSON_ARRAY))
        return;
    for (int pass = 0; pass < 2; pass++)
        json_each(item, list)
        {
            const struct csaf_extension *x =
                csaf_extension_find(v->validator->extensions, json_get_string(item, "$schema"));
            if (!x || !x->metadata) {
                if (pass == 0)
                    not_supported(v, item, "metadata");
                continue;
            }
            used->at[x->index] = x;
            if (pass == 0) {
                used->here[x->index] = 0;
                continue;
            }
            int64_t most = 0;
            const struct json_value *place =
                json_get(json_get(x->metadata, "requirement"), used->place);
            json_int64(json_get(place, "max_occurrence"), &most);
            if ((int64_t)++used->here[x->index] != most + 1)
                continue;
            if (most == 0)
                csaf_find(v, item, "the extension %s may not be used here", csaf_quote(v, x->id));
            else
                csaf_find(v, item, "the extension %s may be used here %lld time%s only",
                          csaf_quote(v, x->id), (long long)most, most == 1 ? "" : "s");
        }
}

/* Of two extensions that do not go together, each item of the second is at fault. */
static void compatible(struct csaf_validation *v, const struct json_value *list, void *context)
{
    struct used *used = context;

    if (!json_is(list, JSON_ARRAY))
        return;
    json_each(item, list)
    {
        const struct csaf_extension *x =
            csaf_extension_find(v->validator->extensions, json_get_string(item, "$schema"));
        if (!x || !x->metadata)
            continue;
        json_each(id, json_get(x->metadata, "incompatible_extensions"))
        {
            const struct csaf_extension *other =
                csaf_extension_find(v->validator->extensions, json_string(id));
            if (other && other != x && used->at[other->index])
                csaf_find(v, item,
                          "the extension %s is used together with %s, which it does not "
                          "go together with",
                          csaf_quote(v, x->id), csaf_quote(v, other->id));
        }
    }
}

/* Extension Metadata */
void csaf_test_6_1_60_3(struct csaf_validation *v)
{
    size_t count = v->validator->extensions ? v->validator->extensions->count : 0;
    struct used used = {0};

    used.at = arena_new(v->arena, count + 1, sizeof(struct csaf_extension *));
    used.here = arena_new(v->arena, count + 1, sizeof *used.here);
    if (!used.at || !used.here) {
        csaf_no_memory(v);
        return;
    }
    for (size_t i = 0; csaf_extension_paths[i]; i++) {
        used.place = places[i];
        csaf_visit(v, csaf_extension_paths[i], count_list, &used);
    }
    csaf_visit_all(v, csaf_extension_paths, compatible, &used);
}

static void not_registered(struct csaf_validation *v, const struct json_value *item)
{
    csaf_find(v, item, "the extension %s is %s", csaf_quote(v, json_get_string(item, "$schema")),
              unknown_class);
}

/* Registered Extension */
void csaf_test_6_2_54_1(struct csaf_validation *v)
{
    each_item(v, not_registered);
}

/* Official Extension */
void csaf_test_6_2_54_2(struct csaf_validation *v)
{
    each_item(v, not_registered);
}

static void critical(struct csaf_validation *v, const struct json_value *item)
{
    const struct json_value *flag = json_get(item, "critical");
    if (json_is(flag, JSON_TRUE))
        csaf_find(v, flag, "the extension %s is critical: it may change what mandatory tests say",
                  csaf_quote(v, json_get_string(item, "$schema")));
}

/* Critical Extension */
void csaf_test_6_2_54_3(struct csaf_validation *v)
{
    each_item(v, critical);
}

/* Usage of Experimental Extension in TLP:CLEAR Document */
void csaf_test_6_2_54_4(struct csaf_validation *v)
{
    if (slice_is(csaf_tlp_label(v), "CLEAR"))
        each_item(v, not_registered);
}

/* Usage of Experimental Extension in Non-TLP:CLEAR Document */
void csaf_test_6_3_21_2(struct csaf_validation *v)
{
    if (!slice_is(csaf_tlp_label(v), "CLEAR"))
        each_item(v, not_registered);
}
