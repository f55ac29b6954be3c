/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf_growth.h"
#include "base/clock.h"

enum slot { DOCUMENT, REVISIONS, TREE, VULNERABILITY, VULNERABILITIES, ROOT, SLOTS };

/*
 * What stands in a slot: before, then item count times with commas, then after. In all three ' is
 * a quotation mark; in item # is the entry's number from 1, ^ that of the entry before, @ a million
 * times the number, $ a time that grows with it.
 */
struct part {
    enum slot slot;
    unsigned versions; /* 0: both */
    const char *before, *item, *after;
};

struct csaf_growth {
    const char *name;
    unsigned versions;   /* 0: both */
    const char *version; /* of the document, # is the count */
    struct part parts[6];
};

#define V20 CSAF_2_0
#define V21 CSAF_2_1
#define PRODUCTS                                                                                   \
    {                                                                                              \
        TREE, 0, "'full_product_names':[", "{'name':'Gate #','product_id':'P#'}", "]"              \
    }
#define AFFECTED                                                                                   \
    {                                                                                              \
        VULNERABILITY, 0, "'product_status':{'known_affected':[", "'P#'", "]}"                     \
    }
#define ONE_PRODUCT                                                                                \
    {                                                                                              \
        TREE, 0, "'full_product_names':[{'name':'Gate','product_id':'P1'}]", NULL, ""              \
    }

static const struct csaf_growth growths[] = {
    {"products, all affected, one remediation for all",
     .parts = {PRODUCTS,
               AFFECTED,
               {VULNERABILITY, 0,
                "'remediations':[{'category':'vendor_fix','details':'u','product_ids':[", "'P#'",
                "]}]"}}},
    {"products, a remediation and a metric each",
     .parts = {PRODUCTS,
               AFFECTED,
               {VULNERABILITY, 0, "'remediations':[",
                "{'category':'vendor_fix','details':'u','product_ids':['P#']}", "]"},
               {VULNERABILITY, V20, "'scores':[",
                "{'products':['P#'],'cvss_v3':{'version':'3.1','vectorString':'CVSS:3.1/AV:N/AC:L/"
                "PR:N/UI:N/S:U/C:H/I:H/A:H','baseScore':9.8,'baseSeverity':'CRITICAL'}}",
                "]"},
               {VULNERABILITY, V21, "'metrics':[",
                "{'content':{'cvss_v4':{'version':'4.0','vectorString':'CVSS:4.0/AV:N/AC:L/AT:N/"
                "PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/"
                "SA:N','baseScore':9.3,'baseSeverity':'CRITICAL'}},'products':['P#']}",
                "]"}}},
    {"products in two contradicting statuses",
     .parts = {PRODUCTS,
               {VULNERABILITY, 0, "'product_status':{'known_affected':[", "'P#'", "],"},
               {VULNERABILITY, 0, "'fixed':[", "'P#'", "]}"}}},
    {"products with the same id",
     .parts = {{TREE, 0, "'full_product_names':[", "{'name':'Gate #','product_id':'P1'}", "]"}}},
    {"products with the same name and helper",
     .parts = {{TREE, V20, "'full_product_names':[",
                "{'name':'Gate','product_id':'P#','product_identification_helper':{'cpe':'cpe:2.3:"
                "o:line:gate:1.0:*:*:*:*:*:*:*','purl':'pkg:generic/gate@1.0'}}",
                "]"},
               {TREE, V21, "'full_product_names':[",
                "{'name':'Gate','product_id':'P#','product_identification_helper':{'cpe':'cpe:2.3:"
                "o:line:gate:1.0:*:*:*:*:*:*:*','purls':['pkg:generic/gate@1.0']}}",
                "]"}}},
    {"branches, ranges of versions side by side",
     .parts = {{TREE, 0,
                "'branches':[{'category':'vendor','name':'Line','branches':[{'category':'product_"
                "name','name':'Gate','branches':[",
                "{'category':'product_version_range','name':'vers:intdot/"
                ">=#|<@','product':{'name':'Line Gate #','product_id':'P#'}}",
                "]}]}]"}}},
    {"branches, ranges apart from each other", V21,
     .parts = {{TREE, 0,
                "'branches':[{'category':'vendor','name':'Line','branches':[{'category':'product_"
                "name','name':'Gate','branches':[",
                "{'category':'product_version_range','name':'vers:intdot/"
                ">=#.1|<#.9','branches':[{'category':'architecture','name':'arm','product':{'name':"
                "'Line Gate #','product_id':'P#'}}]}",
                "]}]}]"}}},
    {"ranges of versions in statuses", V21,
     .parts = {{TREE, 0,
                "'branches':[{'category':'vendor','name':'Line','branches':[{'category':'product_"
                "name','name':'Gate','branches':[",
                "{'category':'product_version_range','name':'vers:intdot/"
                ">=#.1|<#.9','product':{'name':'Line Gate #','product_id':'P#'}}",
                "]}]}]"},
               {VULNERABILITY, 0, "'product_status':{'known_affected':[", "'P#'", "],"},
               {VULNERABILITY, 0, "'fixed':[", "'P#'", "]}"}}},
    {"branches, a product each with its versions",
     .parts = {{TREE, 0, "'branches':[{'category':'vendor','name':'Line','branches':[",
                "{'category':'product_name','name':'Gate "
                "#','branches':[{'category':'product_version','name':'1.#','product':{'name':'Line "
                "Gate 1.#','product_id':'P#'}}]}",
                "]}]"}}},
    {"branches with the same name",
     .parts = {{TREE, 0,
                "'branches':[{'category':'vendor','name':'Line','branches':[{'category':'product_"
                "name','name':'Gate','branches':[",
                "{'category':'product_version','name':'1.0','product':{'name':'Line Gate "
                "#','product_id':'P#'}}",
                "]}]}]"}}},
    {"a group of all products, used by as many remediations",
     .parts = {PRODUCTS,
               {TREE, 0, ",'product_groups':[{'group_id':'G','product_ids':[", "'P#'", "]}]"},
               AFFECTED,
               {VULNERABILITY, 0, "'remediations':[",
                "{'category':'vendor_fix','details':'u #','group_ids':['G']}", "]"}}},
    {"a group of all products, used by as many vulnerabilities",
     .parts =
         {PRODUCTS,
          {TREE, 0, ",'product_groups':[{'group_id':'G','product_ids':[", "'P#'", "]}]"},
          {VULNERABILITIES, 0, "",
           "{'title':'t "
           "#','product_status':{'known_affected':['P#']},'remediations':[{'category':'vendor_fix',"
           "'details':'u','group_ids':['G']}],'threats':[{'category':'impact','details':'d','group_"
           "ids':['G']}],'flags':[{'label':'component_not_present','group_ids':['G']}]}",
           ""}}},
    {"a product in as many groups, used by as many remediations",
     .parts = {ONE_PRODUCT,
               {TREE, 0, ",'product_groups':[", "{'group_id':'G#','product_ids':['P1','P2']}", "]"},
               {VULNERABILITY, 0, "'product_status':{'known_affected':['P1']}", NULL, ""},
               {VULNERABILITY, 0, "'remediations':[",
                "{'category':'vendor_fix','details':'u','group_ids':['G#']}", "],"},
               {VULNERABILITY, 0, "'threats':[{'category':'impact','details':'d','group_ids':[",
                "'G#'", "]}]"}}},
    {"vulnerabilities", .parts = {ONE_PRODUCT,
                                  {VULNERABILITIES, 0, "",
                                   "{'cve':'CVE-2024-1#','title':'t "
                                   "#','notes':[{'category':'description','text':'d'}],'product_"
                                   "status':{'known_affected':['P1']},'remediations':[{'category':'"
                                   "none_available','details':'d','product_ids':['P1']}]}",
                                   ""}}},
    {"vulnerabilities, each with a product of its own",
     .parts = {PRODUCTS,
               {VULNERABILITIES, 0, "",
                "{'cve':'CVE-2024-1#','product_status':{'known_affected':['P#']},'remediations':[{"
                "'category':'none_available','details':'d','product_ids':['P#']}]}",
                ""}}},
    {"vulnerabilities with the same CVE id",
     .parts =
         {{VULNERABILITIES, 0, "",
           "{'cve':'CVE-2024-1234','title':'t','notes':[{'category':'description','text':'d'}]}",
           ""}}},
    {"revisions", .version = "#",
     .parts = {{REVISIONS, 0, "", "{'date':'$','number':'#','summary':'s'}", ""}}},
    {"revisions numbered a million apart", .version = "#000000",
     .parts = {{REVISIONS, 0, "", "{'date':'$','number':'@','summary':'s'}", ""}}},
    {"revisions in wrong order", .version = "1",
     .parts = {{REVISIONS, 0, "", "{'date':'2020-01-01T00:00:#Z','number':'#','summary':'s'}",
                ""}}},
    {"revisions with the same number", .version = "1",
     .parts = {{REVISIONS, 0, "", "{'date':'$','number':'1','summary':'s'}", ""}}},
    {"revisions of semantic versions", .version = "1.#.0",
     .parts = {{REVISIONS, 0, "", "{'date':'$','number':'1.#.0','summary':'s'}", ""}}},
    {"references",
     .parts = {{DOCUMENT, 0, "'references':[",
                "{'category':'self','summary':'s','url':'https://line.example/#.json'}", "]"}}},
    {"notes",
     .parts = {{DOCUMENT, 0, "'notes':[",
                "{'category':'summary','text':'Words of note number #','title':'t'}", "]"}}},
    {"notes of a vulnerability",
     .parts = {{VULNERABILITY, 0, "'notes':[",
                "{'category':'description','text':'Words of note number #','title':'t'}", "]"}}},
    {"one long text", .parts = {{DOCUMENT, 0, "'notes':[{'category':'summary','title':'t','text':'",
                                 "words of a text and nonsensw#", "'}]"}}},
    {"one long title", .parts = {{VULNERABILITY, 0, "'title':'", "CVE-2024-1#", "'"}}},
    {"flags on one product",
     .parts = {ONE_PRODUCT,
               {VULNERABILITY, 0, "'flags':[",
                "{'label':'component_not_present','date':'$','product_ids':['P1']}", "]"}}},
    {"flags on a product each",
     .parts = {PRODUCTS,
               {VULNERABILITY, 0, "'flags':[",
                "{'label':'component_not_present','product_ids':['P#']}", "]"}}},
    {"metrics on one product",
     .parts = {ONE_PRODUCT,
               {VULNERABILITY, V20, "'scores':[",
                "{'products':['P1'],'cvss_v3':{'version':'3.0','vectorString':'CVSS:3.0/AV:N/AC:L/"
                "PR:N/UI:N/S:U/C:H/I:H/A:H','baseScore':9.7,'baseSeverity':'CRITICAL'}}",
                "]"},
               {VULNERABILITY, V21, "'metrics':[",
                "{'content':{'cvss_v3':{'version':'3.0','vectorString':'CVSS:3.0/AV:N/AC:L/PR:N/"
                "UI:N/S:U/C:H/I:H/"
                "A:H','baseScore':9.7,'baseSeverity':'CRITICAL'}},'products':['P1'],'source':'"
                "https://line.example/#'}",
                "]"}}},
    {"one metric for all products",
     .parts = {PRODUCTS,
               {VULNERABILITY, V20,
                "'scores':[{'cvss_v2':{'version':'2.0','vectorString':'AV:N/AC:L/Au:N/C:C/I:C/"
                "A:C','baseScore':10.0},'products':[",
                "'P#'", "]}]"},
               {VULNERABILITY, V21,
                "'metrics':[{'content':{'qualitative_severity_rating':'high'},'products':[", "'P#'",
                "]}]"}}},
    {"SSVC selections", V21,
     .parts =
         {ONE_PRODUCT,
          {VULNERABILITY, V21,
           "'metrics':[{'products':['P1'],'content':{'ssvc_v2':{'schemaVersion':'2.0.0','timestamp'"
           ":'2024-01-24T10:00:00.000Z','selections':[",
           "{'namespace':'ssvc','key':'E','version':'1.1.0','values':[{'key':'N'},{'key':'P'}]}",
           "]}}}]"}}},
    {"hashes of one product",
     .parts = {{TREE, 0,
                "'full_product_names':[{'name':'Gate','product_id':'P1','product_identification_"
                "helper':{'hashes':[",
                "{'filename':'f#','file_hashes':[{'algorithm':'sha256','value':'"
                "00000000000000000000000000000000000#'},{'algorithm':'sha256','value':'"
                "00000000000000000000000000000000000#'}]}",
                "]}}]"}}},
    {"hashes of one file",
     .parts = {{TREE, 0,
                "'full_product_names':[{'name':'Gate','product_id':'P1','product_identification_"
                "helper':{'hashes':[{'filename':'f','file_hashes':[",
                "{'algorithm':'a#','value':'00000000000000000000000000000000000#'}", "]}]}}]"}}},
    {"package URLs of one product", V21,
     .parts = {{TREE, V21,
                "'full_product_names':[{'name':'Gate','product_id':'P1','product_identification_"
                "helper':{'purls':[",
                "'pkg:generic/gate#@1.0?a=b'", "]}}]"}}},
    {"model and serial numbers", .parts = {{TREE, 0,
                                            "'full_product_names':[{'name':'Gate','product_id':'P1'"
                                            ",'product_identification_helper':{'model_numbers':[",
                                            "'M?#*'", "],"},
                                           {TREE, 0, "'serial_numbers':[", "'S?#*'", "]}}]"}}},
    {"a chain of relations",
     .parts =
         {{TREE, V20, "'full_product_names':[{'name':'Gate','product_id':'P0'}],'relationships':[",
           "{'category':'installed_on','full_product_name':{'name':'on "
           "#','product_id':'P#'},'product_reference':'P^','relates_to_product_reference':'P0'}",
           "]"},
          {TREE, V21, "'full_product_names':[{'name':'Gate','product_id':'P0'}],'product_paths':[",
           "{'beginning_product_reference':'P^','full_product_name':{'name':'on "
           "#','product_id':'P#'},'subpaths':[{'category':'installed_on','next_product_reference':'"
           "P0'}]}",
           "]"}}},
    {"a chain of relations, from its end",
     .parts =
         {{TREE, V20, "'relationships':[",
           "{'category':'installed_on','full_product_name':{'name':'on "
           "#','product_id':'P^'},'product_reference':'P#','relates_to_product_reference':'P#'}",
           "]"},
          {TREE, V21, "'product_paths':[",
           "{'beginning_product_reference':'P#','full_product_name':{'name':'on "
           "#','product_id':'P^'},'subpaths':[{'category':'installed_on','next_product_reference':'"
           "P#'}]}",
           "]"}}},
    {"relations that go round in circles",
     .parts =
         {{TREE, V20, "'relationships':[",
           "{'category':'installed_on','full_product_name':{'name':'on "
           "#','product_id':'P#'},'product_reference':'P#','relates_to_product_reference':'P1'}",
           "]"},
          {TREE, V21, "'product_paths':[",
           "{'beginning_product_reference':'P#','full_product_name':{'name':'on "
           "#','product_id':'P#'},'subpaths':[{'category':'installed_on','next_product_reference':'"
           "P1'}]}",
           "]"}}},
    {"subpaths of one path", V21,
     .parts = {{TREE, V21,
                "'full_product_names':[{'name':'Gate','product_id':'P0'}],'product_paths':[{'"
                "beginning_product_reference':'P0','full_product_name':{'name':'on','product_id':'"
                "Q'},'subpaths':[",
                "{'category':'installed_on','next_product_reference':'P#'}", "]}]"}}},
    {"product ids that are not defined",
     .parts = {{VULNERABILITY, 0, "'product_status':{'known_affected':[", "'U#'", "]}"},
               {VULNERABILITY, 0,
                "'remediations':[{'category':'vendor_fix','details':'u','group_ids':[", "'H#'",
                "]}]"}}},
    {"almost the ids of products",
     .parts = {PRODUCTS, {VULNERABILITY, 0, "'product_status':{'known_affected':[", "'p#'", "]}"}}},
    {"acknowledgments",
     .parts = {{DOCUMENT, 0, "'acknowledgments':[",
                "{'names':['N #'],'organization':'O','urls':['https://a.example/#']}", "]"}}},
    {"names of one acknowledgment",
     .parts = {{DOCUMENT, 0, "'acknowledgments':[{'names':[", "'N #'", "]}]"}}},
    {"threats",
     .parts = {ONE_PRODUCT,
               {VULNERABILITY, 0, "'threats':[",
                "{'category':'exploit_status','details':'d #','product_ids':['P1']}", "]"}}},
    {"involvements", .parts = {{VULNERABILITY, 0, "'involvements':[",
                                "{'party':'vendor','status':'open','date':'$'}", "]"}}},
    {"ids of a vulnerability",
     .parts = {{VULNERABILITY, 0, "'ids':[", "{'system_name':'system','text':'#'}", "]"}}},
    {"CWEs", V21,
     .parts = {{VULNERABILITY, V21, "'cwes':[", "{'id':'CWE-#','name':'n #','version':'4.1'}",
                "]"}}},
    {"dates of exploitation", V21,
     .parts = {ONE_PRODUCT,
               {VULNERABILITY, V21, "'first_known_exploitation_dates':[",
                "{'date':'$','exploitation_date':'$','product_ids':['P1']}", "]"}}},
    {"extensions", V21,
     .parts = {{ROOT, V21, ",'x_extensions':[",
                "{'$schema':'https://x.example/"
                "s_1.0.0.json','category':'supplementary','critical':false,'content':{'a#':1}}",
                "]"}}},
    {"members that nobody knows", .parts = {{ROOT, 0, ",", "'unknown#':{'a':[]}", ""}}},
    {"numbers of a thousand digits",
     .parts =
         {{ROOT, 0, ",'numbers':[",
           "1#"
           "0000000000000000000000000000000000000000000000000000000000000000000000000000000000e999",
           "]"}}},
};

const struct csaf_growth *csaf_growth_at(size_t index)
{
    return index < ARRAY_LEN(growths) ? &growths[index] : NULL;
}

const char *csaf_growth_name(const struct csaf_growth *g)
{
    return g->name;
}

bool csaf_growth_has(const struct csaf_growth *g, enum csaf_version version)
{
    return !g->versions || (g->versions & version);
}

static void put(struct buf *out, const char *text, size_t number)
{
    char time[TIME_TEXT];

    for (; *text; text++) {
        switch (*text) {
        case '\'': buf_putc(out, '"'); break;
        case '#': buf_printf(out, "%zu", number); break;
        case '^': buf_printf(out, "%zu", number - 1); break;
        case '@': buf_printf(out, "%zu", number * 1000000); break;
        case '$':
            if (strncmp(text, "$schema", 7) == 0) {
                buf_putc(out, '$');
                break;
            }
            time_format(((int64_t)946684800 + (int64_t)number) * 1000000, time);
            buf_puts(out, time);
            break;
        default: buf_putc(out, *text);
        }
    }
}

/* All parts of a slot, one behind the other; or what stands there otherwise. */
static void fill(const struct csaf_growth *g, enum slot slot, enum csaf_version version,
                 size_t count, const char *otherwise, struct buf *out)
{
    bool any = false;

    for (size_t i = 0; i < ARRAY_LEN(g->parts) && g->parts[i].before; i++) {
        const struct part *p = &g->parts[i];
        if (p->slot != slot || (p->versions && !(p->versions & version)))
            continue;
        uint8_t last = out->len ? out->data[out->len - 1] : 0;
        if (any && last != ',' && p->before[0] != ',')
            buf_putc(out, ',');
        put(out, p->before, 0);
        for (size_t n = 1; p->item && n <= count; n++) {
            if (n > 1 && p->after[0] != '\'')
                buf_putc(out, ',');
            else if (n > 1)
                buf_putc(out, ' ');
            put(out, p->item, n);
        }
        put(out, p->after, 0);
        any = true;
    }
    if (!any)
        put(out, otherwise, 0);
}

void csaf_growth_write(const struct csaf_growth *g, enum csaf_version version, size_t count,
                       struct buf *out)
{
    put(out, "{'document':{'category':'csaf_security_advisory',", 0);
    put(out, version == CSAF_2_0 ? "'csaf_version':'2.0'," : "'csaf_version':'2.1',", 0);
    if (version == CSAF_2_1)
        put(out, "'distribution':{'tlp':{'label':'CLEAR'}},", 0);
    put(out, "'lang':'en',", 0);
    fill(g, DOCUMENT, version, count, "'notes':[{'category':'summary','text':'s'}]", out);
    put(out, ",'publisher':{'category':'vendor','name':'Line','namespace':'https://line.example'}",
        0);
    put(out,
        ",'title':'Line','tracking':{'current_release_date':'2024-01-01T10:00:00Z','id':'L-1',"
        "'initial_release_date':'2000-01-01T00:00:00Z','revision_history':[",
        0);
    fill(g, REVISIONS, version, count, "{'date':'2024-01-01T10:00:00Z','number':'1','summary':'s'}",
         out);
    put(out, "],'status':'final','version':'", 0);
    put(out, g->version ? g->version : "1", count);
    put(out, "'}}", 0);
    put(out, ",'product_tree':{", 0);
    fill(g, TREE, version, count, "'full_product_names':[{'name':'Gate','product_id':'P1'}]", out);
    put(out, "},'vulnerabilities':[", 0);
    bool many = false;
    for (size_t i = 0; i < ARRAY_LEN(g->parts) && g->parts[i].before; i++)
        many = many || g->parts[i].slot == VULNERABILITIES;
    if (many) {
        fill(g, VULNERABILITIES, version, count, "", out);
    } else {
        buf_putc(out, '{');
        fill(g, VULNERABILITY, version, count, "'title':'t'", out);
        buf_putc(out, '}');
    }
    put(out, "]", 0);
    fill(g, ROOT, version, count, "", out);
    buf_putc(out, '}');
}
