/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSAF 2.0 section 3 as far as a converter must know it: which members there are. What the standard
 * does not know is told and left out; what has not the type it must have is lost.
 */
#include "base/clock.h"
#include "csaf/convert/convert_internal.h"

enum kind { TEXT, TIME, NUMBER, ARRAY, OBJECT };

struct member;

struct shape {
    enum kind kind;
    const struct shape *items;
    const struct member *members; /* by name; ended by a row without */
};

struct member {
    const char *name;
    const struct shape *shape;
};

enum { MEMBERS_MOST = 40 };

#define MEMBERS(...) ((const struct member[]){__VA_ARGS__, {0}})
#define SHAPE_OBJECT(name, ...)                                                                    \
    static const struct shape name = {.kind = OBJECT, .members = MEMBERS(__VA_ARGS__)}
#define SHAPE_LIST(name, of) static const struct shape name = {.kind = ARRAY, .items = &of}

static const struct shape text = {.kind = TEXT};
static const struct shape date = {.kind = TIME};
static const struct shape number = {.kind = NUMBER};
SHAPE_LIST(texts, text);

SHAPE_OBJECT(acknowledgment, {"names", &texts}, {"organization", &text}, {"summary", &text},
             {"urls", &texts});
SHAPE_LIST(acknowledgments, acknowledgment);
SHAPE_OBJECT(note, {"audience", &text}, {"category", &text}, {"text", &text}, {"title", &text});
SHAPE_LIST(notes, note);
SHAPE_OBJECT(reference, {"category", &text}, {"summary", &text}, {"url", &text});
SHAPE_LIST(references, reference);

SHAPE_OBJECT(file_hash, {"algorithm", &text}, {"value", &text});
SHAPE_LIST(file_hashes, file_hash);
SHAPE_OBJECT(hash, {"file_hashes", &file_hashes}, {"filename", &text});
SHAPE_LIST(hashes, hash);
SHAPE_OBJECT(generic_uri, {"namespace", &text}, {"uri", &text});
SHAPE_LIST(generic_uris, generic_uri);
SHAPE_OBJECT(helper, {"cpe", &text}, {"hashes", &hashes}, {"model_numbers", &texts},
             {"purl", &text}, {"sbom_urls", &texts}, {"serial_numbers", &texts}, {"skus", &texts},
             {"x_generic_uris", &generic_uris});
SHAPE_OBJECT(product, {"name", &text}, {"product_id", &text},
             {"product_identification_helper", &helper});
SHAPE_LIST(products, product);

static const struct shape branches;
SHAPE_OBJECT(branch, {"branches", &branches}, {"category", &text}, {"name", &text},
             {"product", &product});
static const struct shape branches = {.kind = ARRAY, .items = &branch};

SHAPE_OBJECT(group, {"group_id", &text}, {"product_ids", &texts}, {"summary", &text});
SHAPE_LIST(groups, group);
SHAPE_OBJECT(relationship, {"category", &text}, {"full_product_name", &product},
             {"product_reference", &text}, {"relates_to_product_reference", &text});
SHAPE_LIST(relationships, relationship);
SHAPE_OBJECT(product_tree, {"branches", &branches}, {"full_product_names", &products},
             {"product_groups", &groups}, {"relationships", &relationships});

SHAPE_OBJECT(aggregate_severity, {"namespace", &text}, {"text", &text});
SHAPE_OBJECT(tlp, {"label", &text}, {"url", &text});
SHAPE_OBJECT(distribution, {"text", &text}, {"tlp", &tlp});
SHAPE_OBJECT(publisher, {"category", &text}, {"contact_details", &text},
             {"issuing_authority", &text}, {"name", &text}, {"namespace", &text});
SHAPE_OBJECT(engine, {"name", &text}, {"version", &text});
SHAPE_OBJECT(generator, {"date", &date}, {"engine", &engine});
SHAPE_OBJECT(revision, {"date", &date}, {"legacy_version", &text}, {"number", &text},
             {"summary", &text});
SHAPE_LIST(revisions, revision);
SHAPE_OBJECT(tracking, {"aliases", &texts}, {"current_release_date", &date},
             {"generator", &generator}, {"id", &text}, {"initial_release_date", &date},
             {"revision_history", &revisions}, {"status", &text}, {"version", &text});
SHAPE_OBJECT(document, {"acknowledgments", &acknowledgments},
             {"aggregate_severity", &aggregate_severity}, {"category", &text},
             {"csaf_version", &text}, {"distribution", &distribution}, {"lang", &text},
             {"notes", &notes}, {"publisher", &publisher}, {"references", &references},
             {"source_lang", &text}, {"title", &text}, {"tracking", &tracking});

SHAPE_OBJECT(cwe, {"id", &text}, {"name", &text});
SHAPE_OBJECT(flag, {"date", &date}, {"group_ids", &texts}, {"label", &text},
             {"product_ids", &texts});
SHAPE_LIST(flags, flag);
SHAPE_OBJECT(system_id, {"system_name", &text}, {"text", &text});
SHAPE_LIST(system_ids, system_id);
SHAPE_OBJECT(involvement, {"date", &date}, {"party", &text}, {"status", &text}, {"summary", &text});
SHAPE_LIST(involvements, involvement);
SHAPE_OBJECT(product_status, {"first_affected", &texts}, {"first_fixed", &texts}, {"fixed", &texts},
             {"known_affected", &texts}, {"known_not_affected", &texts}, {"last_affected", &texts},
             {"recommended", &texts}, {"under_investigation", &texts});
SHAPE_OBJECT(restart, {"category", &text}, {"details", &text});
SHAPE_OBJECT(remediation, {"category", &text}, {"date", &date}, {"details", &text},
             {"entitlements", &texts}, {"group_ids", &texts}, {"product_ids", &texts},
             {"restart_required", &restart}, {"url", &text});
SHAPE_LIST(remediations, remediation);
SHAPE_OBJECT(threat, {"category", &text}, {"date", &date}, {"details", &text},
             {"group_ids", &texts}, {"product_ids", &texts});
SHAPE_LIST(threats, threat);

/* FIRST's schemas of CVSS 2.0, 3.0 and 3.1 */
SHAPE_OBJECT(cvss_v2, {"accessComplexity", &text}, {"accessVector", &text},
             {"authentication", &text}, {"availabilityImpact", &text},
             {"availabilityRequirement", &text}, {"baseScore", &number},
             {"collateralDamagePotential", &text}, {"confidentialityImpact", &text},
             {"confidentialityRequirement", &text}, {"environmentalScore", &number},
             {"exploitability", &text}, {"integrityImpact", &text}, {"integrityRequirement", &text},
             {"remediationLevel", &text}, {"reportConfidence", &text},
             {"targetDistribution", &text}, {"temporalScore", &number}, {"vectorString", &text},
             {"version", &text});
SHAPE_OBJECT(cvss_v3, {"attackComplexity", &text}, {"attackVector", &text},
             {"availabilityImpact", &text}, {"availabilityRequirement", &text},
             {"baseScore", &number}, {"baseSeverity", &text}, {"confidentialityImpact", &text},
             {"confidentialityRequirement", &text}, {"environmentalScore", &number},
             {"environmentalSeverity", &text}, {"exploitCodeMaturity", &text},
             {"integrityImpact", &text}, {"integrityRequirement", &text},
             {"modifiedAttackComplexity", &text}, {"modifiedAttackVector", &text},
             {"modifiedAvailabilityImpact", &text}, {"modifiedConfidentialityImpact", &text},
             {"modifiedIntegrityImpact", &text}, {"modifiedPrivilegesRequired", &text},
             {"modifiedScope", &text}, {"modifiedUserInteraction", &text},
             {"privilegesRequired", &text}, {"remediationLevel", &text},
             {"reportConfidence", &text}, {"scope", &text}, {"temporalScore", &number},
             {"temporalSeverity", &text}, {"userInteraction", &text}, {"vectorString", &text},
             {"version", &text});
SHAPE_OBJECT(score, {"cvss_v2", &cvss_v2}, {"cvss_v3", &cvss_v3}, {"products", &texts});
SHAPE_LIST(scores, score);
SHAPE_OBJECT(vulnerability, {"acknowledgments", &acknowledgments}, {"cve", &text}, {"cwe", &cwe},
             {"discovery_date", &date}, {"flags", &flags}, {"ids", &system_ids},
             {"involvements", &involvements}, {"notes", &notes},
             {"product_status", &product_status}, {"references", &references},
             {"release_date", &date}, {"remediations", &remediations}, {"scores", &scores},
             {"threats", &threats}, {"title", &text});
SHAPE_LIST(vulnerabilities, vulnerability);
SHAPE_OBJECT(root_shape, {"document", &document}, {"product_tree", &product_tree},
             {"vulnerabilities", &vulnerabilities});

static const enum json_type types[] = {[TEXT] = JSON_STRING,
                                       [TIME] = JSON_STRING,
                                       [NUMBER] = JSON_NUMBER,
                                       [ARRAY] = JSON_ARRAY,
                                       [OBJECT] = JSON_OBJECT};
static const char *const type_names[] = {[TEXT] = "a string",
                                         [TIME] = "a string",
                                         [NUMBER] = "a number",
                                         [ARRAY] = "an array",
                                         [OBJECT] = "an object"};

/* UTC days that ended with a leap second (IERS Bulletin C); none since 2016. */
static const char *const leap_days[] = {
    "1972-06-30", "1972-12-31", "1973-12-31", "1974-12-31", "1975-12-31", "1976-12-31",
    "1977-12-31", "1978-12-31", "1979-12-31", "1981-06-30", "1982-06-30", "1983-06-30",
    "1985-06-30", "1987-12-31", "1989-12-31", "1990-12-31", "1992-06-30", "1993-06-30",
    "1994-06-30", "1995-12-31", "1997-06-30", "1998-12-31", "2005-12-31", "2008-12-31",
    "2012-06-30", "2015-06-30", "2016-12-31"};

/* text has 59 in place of 60: is it the last second of such a day in UTC? */
static bool was_leap_second(struct slice time)
{
    int64_t at;
    struct err ignored = {0};
    char utc[TIME_TEXT];
    if (time_parse(time, &at, &ignored) != 0)
        return false;
    time_format(at, utc);
    if (strncmp(utc + 10, "T23:59:59", 9) != 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(leap_days); i++)
        if (strncmp(utc, leap_days[i], 10) == 0)
            return true;
    return false;
}

/* "date-time": a 60 in the seconds place becomes 59.999999 */
static void read_time(struct converter *c, struct node *n)
{
    enum { SECONDS = 17, BEHIND = 19 }; /* 2016-12-31T23:59:60 */
    struct slice old = n->text;
    if (old.len < BEHIND || memcmp(old.data + SECONDS, "60", 2) != 0)
        return;
    size_t rest = BEHIND;
    if (rest < old.len && old.data[rest] == '.')
        for (rest++; rest < old.len && old.data[rest] >= '0' && old.data[rest] <= '9';)
            rest++;
    struct buf b;
    buf_init(&b);
    buf_put(&b, old.data, SECONDS);
    buf_puts(&b, "59.999999");
    buf_put(&b, old.data + rest, old.len - rest);
    struct slice time = convert_slice(c, &b);
    n->text = time;
    convert_tell_value(c, CSAF_CONVERT_WARNING, "leap-second", n, old,
                       "leap seconds are prohibited in CSAF 2.1; the time was replaced by %.*s "
                       "(the original was %s leap second)",
                       SLICE_ARG(time), was_leap_second(time) ? "a valid" : "no valid");
}

static struct node *read_value(struct converter *c, const struct json_value *v,
                               const struct shape *shape, struct node *home, struct slice name,
                               uint32_t index);

static void read_object(struct converter *c, const struct json_value *v, const struct shape *shape,
                        struct node *n)
{
    struct node *found[MEMBERS_MOST] = {NULL};
    size_t most = 0;
    json_each(member, v)
    {
        struct slice name = json_name(member);
        size_t i = 0;
        while (shape->members[i].name && !slice_is(name, shape->members[i].name))
            i++;
        if (shape->members[i].name) {
            found[i] = read_value(c, member, shape->members[i].shape, n, name, 0);
            most = i + 1 > most ? i + 1 : most;
        } else if (!(n == c->root && slice_is(name, "$schema"))) {
            struct node extra = {.home = n,
                                 .name = name.data,
                                 .name_len = (uint32_t)name.len,
                                 .offset = (uint32_t)json_offset(c->json, member)};
            convert_tell_value(c, CSAF_CONVERT_LOSS, "additional-property", &extra,
                               json_text(c->json, member),
                               "the additional property \"%.*s\" was not converted",
                               SLICE_ARG(slice_of(name.data, name.len < 80 ? name.len : 80)));
        }
        if (convert_failed(c))
            return;
    }
    for (size_t i = 0; i < most; i++)
        node_append(n, found[i]);
}

/* NULL: lost, or memory is short. As deep as the document, which the JSON reader bounds. */
static struct node *read_value(struct converter *c, const struct json_value *v,
                               const struct shape *shape, struct node *home, struct slice name,
                               uint32_t index)
{
    struct node *n = node_new(c, types[shape->kind], NULL);
    if (!n)
        return NULL;
    n->home = home;
    n->name = name.data;
    n->name_len = (uint32_t)name.len;
    n->index = index;
    n->offset = (uint32_t)json_offset(c->json, v);
    if (!c->root)
        c->root = n;
    if (!json_is(v, types[shape->kind])) {
        convert_tell_value(c, CSAF_CONVERT_LOSS, "type", n, json_text(c->json, v),
                           "this must be %s and was not converted", type_names[shape->kind]);
        return NULL;
    }
    switch (shape->kind) {
    case TEXT: n->text = json_string(v); break;
    case TIME:
        n->text = json_string(v);
        read_time(c, n);
        break;
    case NUMBER: n->text = json_number(v); break;
    case OBJECT: read_object(c, v, shape, n); break;
    case ARRAY: {
        uint32_t at = 0;
        json_each(element, v)
        {
            node_append(n, read_value(c, element, shape->items, n, slice_of(NULL, 0), at++));
            if (convert_failed(c))
                return n;
        }
        break;
    }
    }
    return n;
}

int convert_read(struct converter *c)
{
    (void)read_value(c, json_root(c->json), &root_shape, NULL, slice_of(NULL, 0), 0);
    return convert_failed(c) ? -1 : 0;
}
