/* SPDX-License-Identifier: Apache-2.0 */
/* Who may read the document: sharing groups and TLP labels that fit together. */
#include "csaf/validate/tests.h"

static const char max_uuid[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";
static const char nil_uuid[] = "00000000-0000-0000-0000-000000000000";
static const char max_name[] = "Public";
static const char nil_name[] = "No sharing allowed";

static const struct json_value *distribution(const struct csaf_validation *v)
{
    return json_get(v->document, "distribution");
}

static const struct json_value *sharing_group(const struct csaf_validation *v)
{
    return json_get(distribution(v), "sharing_group");
}

/* Letters of a UUID may be upper case (RFC 9562 section 4), even where the schema says otherwise.
 */
static bool is_uuid(struct slice id, const char *uuid)
{
    size_t len = strlen(uuid);

    if (id.len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = id.data[i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)uuid[i])
            return false;
    }
    return true;
}

/* Non-Public Sharing Group with Max UUID */
void csaf_test_6_1_38(struct csaf_validation *v)
{
    const struct json_value *tlp = json_get(distribution(v), "tlp");
    const struct json_value *label = json_get(tlp, "label");

    if (!is_uuid(json_get_string(sharing_group(v), "id"), max_uuid) ||
        slice_is(json_string(label), "CLEAR"))
        return;
    if (label)
        csaf_find(v, label,
                  "the sharing group is the public one (Max UUID), but the label is TLP:%.*s",
                  (int)(json_string(label).len < 30 ? json_string(label).len : 30),
                  json_string(label).data ? (const char *)json_string(label).data : "");
    else
        csaf_find_under(v, tlp ? tlp : distribution(v), tlp ? "label" : "tlp/label",
                        "the sharing group is the public one (Max UUID), but the label is not "
                        "TLP:CLEAR");
    csaf_suggest(v, "remove the sharing group, or give the id of the one that is meant");
}

/* Public Sharing Group with No Max UUID */
void csaf_test_6_1_39(struct csaf_validation *v)
{
    const struct json_value *group = sharing_group(v);
    const struct json_value *id = json_get(group, "id");

    if (!group || !slice_is(csaf_tlp_label(v), "CLEAR") || is_uuid(json_string(id), max_uuid) ||
        (is_uuid(json_string(id), nil_uuid) && slice_is(csaf_tracking_status_of(v), "draft")))
        return;
    if (id)
        csaf_find(v, id, "the document is TLP:CLEAR, but its sharing group is %s",
                  csaf_quote(v, json_string(id)));
    else
        csaf_find_under(v, group, "id",
                        "the document is TLP:CLEAR, but its sharing group has no id");
    csaf_suggest(v, "remove the sharing group, or use the Max UUID %s", max_uuid);
}

static void reserved(struct csaf_validation *v, const char *name, const char *uuid,
                     const char *uuid_name)
{
    const struct json_value *value = json_get(sharing_group(v), "name");
    struct slice id = json_get_string(sharing_group(v), "id");

    if (!slice_is(json_string(value), name) || is_uuid(id, uuid))
        return;
    csaf_find(v, value, "the name \"%s\" is reserved for the %s UUID; the id is %s", name,
              uuid_name, csaf_quote(v, id));
    csaf_suggest(v, "give the sharing group a name of its own, or the id %s", uuid);
}

/* Invalid Sharing Group Name */
void csaf_test_6_1_40(struct csaf_validation *v)
{
    reserved(v, max_name, max_uuid, "Max");
    reserved(v, nil_name, nil_uuid, "Nil");
}

static void named(struct csaf_validation *v, const char *uuid, const char *uuid_name,
                  const char *name)
{
    const struct json_value *group = sharing_group(v);
    const struct json_value *value = json_get(group, "name");

    if (!is_uuid(json_get_string(group, "id"), uuid) || slice_is(json_string(value), name))
        return;
    if (value)
        csaf_find(v, value, "the sharing group with the %s UUID is called \"%s\", not %s",
                  uuid_name, name, csaf_quote(v, json_string(value)));
    else
        csaf_find_under(v, group, "name", "the sharing group with the %s UUID has no name",
                        uuid_name);
    csaf_suggest(v, "set the name to \"%s\"", name);
}

/* Missing Sharing Group Name */
void csaf_test_6_1_41(struct csaf_validation *v)
{
    named(v, max_uuid, "Max", max_name);
    named(v, nil_uuid, "Nil", nil_name);
}
