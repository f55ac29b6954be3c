/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended: what a document says of itself. */
#include "csaf/validate/tests.h"

#include <strings.h>

/* Missing Date in Involvements */
void csaf_test_6_2_7(struct csaf_validation *v)
{
    json_each(vulnerability, v->vulnerabilities)
        json_each(item, json_get(vulnerability, "involvements")) if (json_is(item, JSON_OBJECT) &&
                                                                     !json_get(item, "date"))
            csaf_find(v, item, "this involvement has no date");
}

/* Missing TLP label (2.0) */
void csaf_test_6_2_10(struct csaf_validation *v)
{
    static const char *const labels[] = {"AMBER", "GREEN", "RED", "WHITE"};
    const struct json_value *distribution = json_get(v->document, "distribution");
    const struct json_value *tlp = json_get(distribution, "tlp");
    const struct json_value *label = json_get(tlp, "label");

    for (size_t i = 0; i < ARRAY_LEN(labels); i++)
        if (slice_is(json_string(label), labels[i]))
            return;
    if (label)
        csaf_find(v, label, "%s is no TLP label", csaf_quote(v, json_string(label)));
    else if (v->document)
        csaf_find_under(v,
                        tlp            ? tlp
                        : distribution ? distribution
                                       : v->document,
                        tlp            ? "label"
                        : distribution ? "tlp/label"
                                       : "distribution/tlp/label",
                        "the document has no TLP label: nobody knows how far it may be shared");
}

/* The file name of a document (CSAF 2.0 and 2.1 section 5.1); "" when it has no id. */
static const char *file_name(struct csaf_validation *v)
{
    struct slice id = json_get_string(v->tracking, "id");
    char *name = arena_alloc(v->arena, id.len + 6);
    size_t len = 0;

    if (!name) {
        csaf_no_memory(v);
        return "";
    }
    for (size_t i = 0; i < id.len; i++) {
        uint8_t c = id.data[i];
        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-')
            name[len++] = (char)c;
        else if (len == 0 || name[len - 1] != '_')
            name[len++] = '_';
    }
    memcpy(name + len, ".json", 6);
    return id.len ? name : "";
}

bool csaf_is_canonical_url(struct csaf_validation *v, struct slice url)
{
    const char *name = file_name(v);
    size_t len = strlen(name);

    return len > 0 && url.len > len + 8 && memcmp(url.data, "https://", 8) == 0 &&
           memcmp(url.data + url.len - len, name, len) == 0 && url.data[url.len - len - 1] == '/';
}

const struct json_value *csaf_canonical_url(struct csaf_validation *v)
{
    json_each(reference, json_get(v->document, "references"))
    {
        const struct json_value *url = json_get(reference, "url");
        if (slice_is(json_get_string(reference, "category"), "self") &&
            csaf_is_canonical_url(v, json_string(url)))
            return url;
    }
    return NULL;
}

/* Missing Canonical URL */
void csaf_test_6_2_11(struct csaf_validation *v)
{
    if (csaf_canonical_url(v) || !v->document)
        return;
    const struct json_value *references = json_get(v->document, "references");
    if (references)
        csaf_find(v, references, "no reference is the document's canonical URL");
    else
        csaf_find_under(v, v->document, "references", "the document has no canonical URL");
    csaf_suggest(v, "a reference of category \"self\" with a URL https://…/%s", file_name(v));
}

/* Missing Document Language */
void csaf_test_6_2_12(struct csaf_validation *v)
{
    const struct json_value *lang = json_get(v->document, "lang");

    if (!v->document || json_string(lang).len > 0)
        return;
    if (lang)
        csaf_find(v, lang, "the document's language is there, but empty");
    else
        csaf_find_under(v, v->document, "lang", "the document does not say its language");
    csaf_suggest(v, "\"lang\": \"en\" when it is English");
}

/* CVE in Field IDs */
void csaf_test_6_2_17(struct csaf_validation *v)
{
    json_each(vulnerability, v->vulnerabilities) json_each(id, json_get(vulnerability, "ids"))
    {
        struct slice text = json_get_string(id, "text");
        size_t digits = 0;
        if (text.len < 13 || memcmp(text.data, "CVE-", 4) != 0 || text.data[8] != '-')
            continue;
        for (size_t i = 4; i < text.len; i++)
            digits += text.data[i] >= '0' && text.data[i] <= '9';
        if (digits == text.len - 5) {
            csaf_find(v, id, "%s is a CVE id", csaf_quote(v, text));
            csaf_suggest(v, "it belongs into \"cve\" of the vulnerability");
        }
    }
}

/* Document Tracking ID in Title */
void csaf_test_6_2_22(struct csaf_validation *v)
{
    const struct json_value *title = json_get(v->document, "title");
    struct slice text = json_string(title), id = json_get_string(v->tracking, "id");

    if (id.len && text.len >= id.len && memmem(text.data, text.len, id.data, id.len))
        csaf_find(v, title, "the title contains the document's id %s", csaf_quote(v, id));
}

static const struct json_value *sharing_group(const struct csaf_validation *v)
{
    return json_get(json_get(v->document, "distribution"), "sharing_group");
}

/* Usage of Max UUID */
void csaf_test_6_2_28(struct csaf_validation *v)
{
    const struct json_value *id = json_get(sharing_group(v), "id");
    if (slice_is(json_string(id), "ffffffff-ffff-ffff-ffff-ffffffffffff"))
        csaf_find(v, id, "the sharing group is the Max UUID, which stands for the public");
}

/* Usage of Nil UUID */
void csaf_test_6_2_29(struct csaf_validation *v)
{
    const struct json_value *id = json_get(sharing_group(v), "id");
    if (slice_is(json_string(id), "00000000-0000-0000-0000-000000000000"))
        csaf_find(v, id, "the sharing group is the Nil UUID, which names no group");
}

/* Usage of Sharing Group on TLP:CLEAR */
void csaf_test_6_2_30(struct csaf_validation *v)
{
    const struct json_value *group = sharing_group(v);
    if (group && slice_is(csaf_tlp_label(v), "CLEAR"))
        csaf_find(v, group,
                  "a document that is TLP:CLEAR is for everybody, not for a sharing group");
}

/* Usage of Deprecated Profile */
void csaf_test_6_2_38(struct csaf_validation *v)
{
    static const char prefix[] = "csaf_deprecated_";
    struct slice category = csaf_category(v);
    if (category.len >= sizeof prefix - 1 && memcmp(category.data, prefix, sizeof prefix - 1) == 0)
        csaf_find(v, json_get(v->document, "category"), "the profile %s is deprecated",
                  csaf_quote(v, category));
}

/* Use of Qualitative Severity Rating by Issuing Party */
void csaf_test_6_2_47(struct csaf_validation *v)
{
    const struct json_value *canonical = csaf_canonical_url(v);

    json_each(vulnerability, v->vulnerabilities)
        json_each(metric, json_get(vulnerability, "metrics"))
    {
        const struct json_value *rating =
            json_get(json_get(metric, "content"), "qualitative_severity_rating");
        const struct json_value *source = json_get(metric, "source");
        if (rating &&
            (!source || (canonical && slice_equal(json_string(source), json_string(canonical))))) {
            csaf_find(v, rating, "the issuing party rates by a word only");
            csaf_suggest(v, "a CVSS or SSVC metric says what the word rests on");
        }
    }
}

static void vendor_name(struct csaf_validation *v, const struct json_value *branch, void *context)
{
    const struct json_value *name = json_get(branch, "name");
    struct slice text = json_string(name);
    char folded[16];
    size_t len = 0;

    (void)context;
    if (!slice_is(json_get_string(branch, "category"), "vendor"))
        return;
    for (size_t i = 0; i < text.len && len < sizeof folded; i++)
        if (!memchr(" \t\r\n\f\v", text.data[i], 6))
            folded[len++] = (char)text.data[i];
    if (len == 10 && strncasecmp(folded, "opensource", 10) == 0)
        csaf_find(v, name, "%s is no vendor: nobody finds the product by it", csaf_quote(v, text));
}

/* Misuse at Vendor Name */
void csaf_test_6_2_48(struct csaf_validation *v)
{
    csaf_visit(v, "product_tree.branches[]*", vendor_name, NULL);
}
