/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/report/uco_graph.h"
#include "base/encoding.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *prefix, *iri;
} vocabularies[] = {
    {"kb", "urn:uuid:"},
    {"case-investigation", "https://ontology.caseontology.org/case/investigation/"},
    {"uco-action", "https://ontology.unifiedcyberontology.org/uco/action/"},
    {"uco-core", "https://ontology.unifiedcyberontology.org/uco/core/"},
    {"uco-identity", "https://ontology.unifiedcyberontology.org/uco/identity/"},
    {"uco-location", "https://ontology.unifiedcyberontology.org/uco/location/"},
    {"uco-observable", "https://ontology.unifiedcyberontology.org/uco/observable/"},
    {"uco-role", "https://ontology.unifiedcyberontology.org/uco/role/"},
    {"uco-tool", "https://ontology.unifiedcyberontology.org/uco/tool/"},
    {"uco-types", "https://ontology.unifiedcyberontology.org/uco/types/"},
    {"xsd", "http://www.w3.org/2001/XMLSchema#"},
};

void uco_begin(struct uco *u, struct buf *out)
{
    *u = (struct uco){0};
    arena_init(&u->arena, 0);
    map_init(&u->known);
    json_write_init(&u->w, out, 2);
    json_write_object(&u->w);
    json_write_name(&u->w, "@context");
    json_write_object(&u->w);
    for (size_t i = 0; i < ARRAY_LEN(vocabularies); i++)
        json_member_string(&u->w, vocabularies[i].prefix, vocabularies[i].iri);
    json_write_object_end(&u->w);
    json_write_name(&u->w, "@graph");
    json_write_array(&u->w);
}

void uco_end(struct uco *u)
{
    json_write_array_end(&u->w);
    json_write_object_end(&u->w);
    buf_putc(u->w.out, '\n');
    u->w.out->failed = u->w.out->failed || u->failed;
}

void uco_fini(struct uco *u)
{
    map_fini(&u->known);
    arena_fini(&u->arena);
}

/* Names of ours (RFC 9562 section 5.5: version 5, which is SHA-1 by its definition; nothing is
 * protected by it). */
void uco_id(const char *kind, struct slice seed, char id[UCO_ID])
{
    static const uint8_t space[16] = {0x8f, 0x1c, 0x3a, 0x52, 0x6d, 0x0e, 0x54, 0x97,
                                      0xb2, 0x11, 0x7a, 0x40, 0xc9, 0x5e, 0x23, 0xd6};
    uint8_t name[16 + 64 + SHA256_LEN] = {0}, h[20] = {0};
    size_t kind_len = strlen(kind) < 63 ? strlen(kind) : 63, len;
    char hex[2 * 16 + 1];
    memcpy(name, space, sizeof space);
    memcpy(name + sizeof space, kind, kind_len);
    if (sha256(seed, name + 16 + 64) != 0 ||
        !EVP_Q_digest(NULL, "SHA1", NULL, name, sizeof name, h, &len))
        memset(h, 0, sizeof h);
    h[6] = (uint8_t)(0x50 | (h[6] & 0x0f));
    h[8] = (uint8_t)(0x80 | (h[8] & 0x3f));
    hex_format(h, 16, hex);
    snprintf(id, UCO_ID, "kb:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

bool uco_node(struct uco *u, const char *id, const char *type)
{
    char *key = arena_strdup(&u->arena, id);
    if (!key) {
        u->failed = true;
        return false;
    }
    if (map_get(&u->known, slice_str(id)))
        return false;
    if (map_set(&u->known, slice_str(key), key) != 0) {
        u->failed = true;
        return false;
    }
    json_write_object(&u->w);
    json_member_string(&u->w, "@id", id);
    json_member_string(&u->w, "@type", type);
    return true;
}

void uco_node_end(struct uco *u)
{
    json_write_object_end(&u->w);
}

void uco_text(struct uco *u, const char *name, struct slice text)
{
    if (text.len)
        json_member_slice(&u->w, name, text);
}

void uco_typed(struct uco *u, const char *name, const char *type, struct slice text)
{
    if (text.len == 0)
        return;
    json_write_name(&u->w, name);
    json_write_object(&u->w);
    json_member_string(&u->w, "@type", type);
    json_member_slice(&u->w, "@value", text);
    json_write_object_end(&u->w);
}

void uco_integer(struct uco *u, const char *name, int64_t number)
{
    json_member_int(&u->w, name, number);
}

void uco_ref(struct uco *u, const char *name, const char *id)
{
    if (!id[0])
        return;
    json_write_name(&u->w, name);
    json_write_object(&u->w);
    json_member_string(&u->w, "@id", id);
    json_write_object_end(&u->w);
}

void uco_facets(struct uco *u)
{
    json_write_name(&u->w, "uco-core:hasFacet");
    json_write_array(&u->w);
}

void uco_facet(struct uco *u, const char *type, const char *owner)
{
    char id[UCO_ID];
    uco_id(type, slice_str(owner), id);
    json_write_object(&u->w);
    json_member_string(&u->w, "@id", id);
    json_member_string(&u->w, "@type", type);
}

void uco_facet_end(struct uco *u)
{
    json_write_object_end(&u->w);
}

void uco_facets_end(struct uco *u)
{
    json_write_array_end(&u->w);
}

void uco_hash(struct uco *u, const char *method, struct slice hex)
{
    char id[UCO_ID];
    if (hex.len == 0)
        return;
    uco_id("hash", hex, id);
    json_write_name(&u->w, "uco-observable:hash");
    json_write_array(&u->w);
    json_write_object(&u->w);
    json_member_string(&u->w, "@id", id);
    json_member_string(&u->w, "@type", "uco-types:Hash");
    uco_text(u, "uco-types:hashMethod", slice_str(method));
    uco_typed(u, "uco-types:hashValue", "xsd:hexBinary", hex);
    json_write_object_end(&u->w);
    json_write_array_end(&u->w);
}

static void relate(struct uco *u, const char *kind, const char *from, const char *to)
{
    char seed[2 * UCO_ID], id[UCO_ID];
    snprintf(seed, sizeof seed, "%s %s", from, to);
    uco_id(kind, slice_str(seed), id);
    if (!uco_node(u, id, "uco-core:Relationship"))
        return;
    uco_ref(u, "uco-core:source", from);
    uco_ref(u, "uco-core:target", to);
    uco_text(u, "uco-core:kindOfRelationship", slice_str(kind));
    json_member_bool(&u->w, "uco-core:isDirectional", true);
    uco_node_end(u);
}

void uco_person(struct uco *u, struct slice name, struct slice role, struct slice organisation,
                char id[UCO_ID])
{
    char other[UCO_ID];
    id[0] = 0;
    if (name.len == 0)
        return;
    uco_id("person", name, id);
    if (uco_node(u, id, "uco-identity:Person")) {
        uco_text(u, "uco-core:name", name);
        uco_node_end(u);
    }
    if (role.len) {
        uco_id("role", role, other);
        if (uco_node(u, other, "uco-role:Role")) {
            uco_text(u, "uco-core:name", role);
            uco_node_end(u);
        }
        relate(u, "Has_Role", id, other);
    }
    if (organisation.len) {
        uco_id("organisation", organisation, other);
        if (uco_node(u, other, "uco-identity:Organization")) {
            uco_text(u, "uco-core:name", organisation);
            uco_node_end(u);
        }
        relate(u, "Member_Of", id, other);
    }
}

void uco_place(struct uco *u, struct slice name, char id[UCO_ID])
{
    id[0] = 0;
    if (name.len == 0)
        return;
    uco_id("place", name, id);
    if (!uco_node(u, id, "uco-location:Location"))
        return;
    uco_text(u, "uco-core:name", name);
    uco_node_end(u);
}

void uco_tool(struct uco *u, const struct json_value *tool, char id[UCO_ID])
{
    struct slice name = json_get_string(tool, "name"), hash = json_get_string(tool, "sha256");
    struct slice version = json_get_string(tool, "version");
    char about[160];
    id[0] = 0;
    if (name.len == 0)
        return;
    uco_id("tool", hash.len ? hash : version, id);
    if (!uco_node(u, id, "uco-tool:Tool"))
        return;
    uco_text(u, "uco-core:name", name);
    uco_text(u, "uco-tool:version", version);
    uco_text(u, "uco-tool:toolType", slice_str("acquisition of digital evidence"));
    if (hash.len && hash.len < 100) {
        snprintf(about, sizeof about, "SHA-256 of the program: %.*s", SLICE_ARG(hash));
        uco_text(u, "uco-core:description", slice_str(about));
    }
    uco_node_end(u);
}

void uco_authorization(struct uco *u, struct slice text, char id[UCO_ID])
{
    id[0] = 0;
    if (text.len == 0)
        return;
    uco_id("authorization", text, id);
    if (!uco_node(u, id, "case-investigation:Authorization"))
        return;
    uco_text(u, "case-investigation:authorizationIdentifier", text);
    uco_node_end(u);
}
