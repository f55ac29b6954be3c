/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/validate/extensions.h"
#include "base/json_schema_compile.h"
#include "base/memory.h"
#include "csaf/facts/schema_tables.h"

static const char metaschema_id[] =
    "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/extension-metaschema.json";

struct csaf_extensions *csaf_extensions_new(void)
{
    struct csaf_extensions *x = mem_new(1, sizeof *x);
    if (x) {
        arena_init(&x->arena, 0);
        map_init(&x->by_id);
    }
    return x;
}

void csaf_extensions_free(struct csaf_extensions *x)
{
    if (!x)
        return;
    for (size_t i = 0; i < x->doc_count; i++)
        json_doc_free(x->docs[i]);
    mem_free(x->docs);
    map_fini(&x->by_id);
    arena_fini(&x->arena);
    mem_free(x);
}

const struct csaf_extension *csaf_extension_find(const struct csaf_extensions *x, struct slice id)
{
    return x && id.len ? map_get(&x->by_id, id) : NULL;
}

static struct csaf_extension *extension(struct csaf_extensions *x, struct slice id, struct err *e)
{
    struct csaf_extension *known = map_get(&x->by_id, id);
    if (known)
        return known;
    struct csaf_extension *made = arena_new(&x->arena, 1, sizeof *made);
    if (!made || map_set(&x->by_id, id, made) < 0) {
        err_memory(e);
        return NULL;
    }
    made->id = id;
    made->index = x->count++;
    made->next = x->first;
    x->first = made;
    return made;
}

struct first_fault {
    const struct json_doc *doc;
    struct err *e;
};

static int take_first(void *context, const struct json_schema_fault *fault)
{
    struct first_fault *f = context;
    if (!err_is_set(f->e)) {
        err_set(f->e, ERR_INPUT, "csaf.extension", "CSAF 2.1 section 2.4", "%s", fault->text);
        json_err_where(f->doc, fault->at, f->e);
    }
    return 0;
}

static int check_metadata(const struct json_doc *doc, struct err *e)
{
    bool valid = false;
    struct first_fault first = {doc, e};
    struct json_schema_checker *c = json_schema_checker_new(&csaf_schema_extension_metadata, e);

    if (!c)
        return -1;
    int result = json_schema_check(c, json_root(doc), NULL, false, take_first, &first, &valid, e);
    json_schema_checker_free(c);
    return result == 0 && valid ? 0 : -1;
}

/* A content schema: closed, with what section 2.4 asks for. */
static int check_schema(const struct json_doc *doc, struct err *e)
{
    static const char *const members[] = {"$id",      "title",      "description",         "type",
                                          "required", "properties", "additionalProperties"};
    const struct json_value *root = json_root(doc);

    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (!json_get(root, members[i])) {
            err_set(e, ERR_INPUT, "csaf.extension", "CSAF 2.1 section 2.4",
                    "the schema of an extension lacks \"%s\"", members[i]);
            return json_err_where(doc, root, e);
        }
    static const char *const parts[] = {"$schema", "category", "critical", "content"};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (!json_is(json_get(json_get(root, "properties"), parts[i]), JSON_OBJECT)) {
            err_set(e, ERR_INPUT, "csaf.extension", "CSAF 2.1 section 2.4",
                    "the schema of an extension lacks the property \"%s\"", parts[i]);
            return json_err_where(doc, json_get(root, "properties"), e);
        }
    return 0;
}

static const struct json_schema *published(struct slice uri)
{
    for (const struct csaf_schema_part *part = csaf_schema_parts; part->uri; part++)
        if (slice_is(uri, part->uri))
            return part->schema;
    return NULL;
}

static int take(struct csaf_extensions *x, const struct json_doc *doc, struct err *e)
{
    const struct json_value *root = json_root(doc);
    struct slice kind = json_get_string(root, "$schema");

    if (slice_is(kind, csaf_schema_extension_metadata.id)) {
        if (check_metadata(doc, e) < 0)
            return -1;
        struct csaf_extension *known = extension(x, json_get_string(root, "extension_schema"), e);
        if (known)
            known->metadata = root;
        return known ? 0 : -1;
    }
    if (!slice_is(kind, metaschema_id)) {
        err_set(e, ERR_INPUT, "csaf.extension", "CSAF 2.1 section 2.4",
                "this is neither the schema nor the metadata of an extension");
        return json_err_where(doc, json_get(root, "$schema"), e);
    }
    if (check_schema(doc, e) < 0)
        return -1;
    struct csaf_extension *known = extension(x, json_get_string(root, "$id"), e);
    static const struct json_schema_others others = {&csaf_schema_2_1, published};
    if (!known || json_schema_compile(&x->arena, doc, &others, &known->schema, e) < 0)
        return -1;
    known->has_schema = true;
    return 0;
}

int csaf_extensions_add(struct csaf_extensions *x, struct slice text, struct err *e)
{
    struct json_doc *doc;
    char *copy = arena_copy(&x->arena, text.data ? text.data : (const uint8_t *)"", text.len);

    if (!copy)
        return err_memory(e);
    if (x->doc_count == x->doc_room) {
        size_t room = x->doc_room ? x->doc_room * 2 : 16;
        struct json_doc **docs = mem_resize(x->docs, room, sizeof(struct json_doc *));
        if (!docs)
            return err_memory(e);
        x->docs = docs;
        x->doc_room = room;
    }
    if (json_parse(&doc, slice_of(copy, text.len), NULL, e) < 0)
        return -1;
    x->docs[x->doc_count++] = doc;
    return take(x, doc, e);
}

void csaf_extension_schemas_free(struct csaf_validator *v)
{
    for (size_t i = 0; v->extension_schemas && i < v->extensions->count; i++)
        json_schema_checker_free(v->extension_schemas[i]);
    mem_free(v->extension_schemas);
}
