/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/alias_file.h"

static const char format[] = "tocsin-aliases/v1";
static const char clause[] = "docs/formats.md 6.1";
static const char *const kinds[] = {
    [FLEET_NAME_VENDOR] = "vendor", [FLEET_NAME_PRODUCT] = "product"};

void fleet_alias_file_begin(struct json_writer *w)
{
    json_write_object(w);
    json_member_string(w, "format", format);
    json_write_name(w, "aliases");
    json_write_array(w);
}

void fleet_alias_file_put(struct json_writer *w, enum fleet_name_kind kind, struct slice from,
                          struct slice to, struct slice reason)
{
    json_write_object(w);
    json_member_string(w, "kind", kinds[kind]);
    json_member_slice(w, "from", from);
    json_member_slice(w, "to", to);
    json_member_slice(w, "reason", reason);
    json_write_object_end(w);
}

void fleet_alias_file_end(struct json_writer *w)
{
    json_write_array_end(w);
    json_write_object_end(w);
}

static int add_one(struct fleet_aliases *aliases, const struct json_value *item, struct err *e)
{
    struct slice kind = json_get_string(item, "kind");
    struct slice from = json_get_string(item, "from");
    struct slice to = json_get_string(item, "to");
    struct err why = {0};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!slice_is(kind, kinds[i]) || from.len == 0 || to.len == 0)
            continue;
        if (fleet_aliases_add(aliases, (enum fleet_name_kind)i, from, to,
                              json_get_string(item, "reason"), &why) == 0 ||
            why.kind == ERR_USAGE)
            return 0;
        *e = why;
        return -1;
    }
    return err_set(e, ERR_INPUT, "fleet.alias-file", clause,
                   "an alias must have \"kind\" vendor or product, \"from\" and \"to\"");
}

int fleet_alias_file_read(struct slice text, struct fleet_aliases **out, struct err *e)
{
    struct json_limits limits = json_limits_advisory;
    struct fleet_aliases *aliases = NULL;
    struct json_doc *doc = NULL;
    int result = -1;

    limits.bytes = FLEET_ALIAS_FILE_MAX;
    if (json_parse(&doc, text, &limits, e) != 0)
        return -1;
    const struct json_value *items = json_get(json_root(doc), "aliases");
    if (!slice_is(json_get_string(json_root(doc), "format"), format) ||
        !json_is(items, JSON_ARRAY)) {
        err_set(e, ERR_INPUT, "fleet.alias-file", clause, "this is no %s with \"aliases\"", format);
        goto out;
    }
    aliases = fleet_aliases_new();
    result = aliases ? 0 : err_memory(e);
    json_each(item, items)
    {
        if (result == 0)
            result = add_one(aliases, item, e);
    }
out:
    json_doc_free(doc);
    if (result == 0)
        *out = aliases;
    else
        fleet_aliases_free(aliases);
    return result;
}
