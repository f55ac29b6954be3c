/* SPDX-License-Identifier: Apache-2.0 */
/* URLs that lead nowhere. */
#include "base/map.h"
#include "csaf/validate/tests.h"
#include "csaf/validate/validator.h"

#include <stdio.h>
#include <strings.h>

struct place {
    const struct json_value *value;
    size_t url; /* in urls; UNASKED: not to be asked */
};
enum { UNASKED = (size_t)-1 };

struct resolving {
    bool self;       /* references of category "self", and nothing else */
    bool identifier; /* of the path under way: may be a URI that is no URL */
    size_t room;     /* of places; counted first */
    struct place *places;
    size_t count;
    struct csaf_url *urls;
    size_t url_count;
    struct map known; /* URL -> its place in urls */
    size_t left_out;  /* URLs over CSAF_URLS_MOST */
};

static bool has_scheme(struct slice url, const char *scheme)
{
    size_t len = strlen(scheme);

    return url.len > len && strncasecmp((const char *)url.data, scheme, len) == 0;
}

static struct slice without_fragment(struct slice url)
{
    const uint8_t *hash = url.len ? memchr(url.data, '#', url.len) : NULL;

    return hash ? slice_of(url.data, (size_t)(hash - url.data)) : url;
}

static void take(struct csaf_validation *v, const struct json_value *value, void *context)
{
    struct resolving *r = context;
    struct slice url = without_fragment(json_string(value));

    if (url.len == 0)
        return;
    bool http = has_scheme(url, "http://") || has_scheme(url, "https://");
    if (!http && r->identifier)
        return; /* "urn:…" names something and leads nowhere */
    if (!r->places) {
        r->room++;
        return;
    }
    struct place *p = &r->places[r->count++];
    *p = (struct place){value, UNASKED};
    struct csaf_url *known = map_get(&r->known, url);
    if (!known && r->url_count == CSAF_URLS_MOST) {
        r->left_out++;
        return;
    }
    if (!known) {
        known = &r->urls[r->url_count++];
        known->url = url;
        if (!http)
            known->outcome = CSAF_URL_FAILS;
        if (map_set(&r->known, url, known) < 0)
            csaf_no_memory(v);
    }
    p->url = (size_t)(known - r->urls);
}

/* Of an item of type references_t: is it of the category that is looked for? */
static void take_reference(struct csaf_validation *v, const struct json_value *item, void *context)
{
    struct resolving *r = context;

    if (slice_is(json_get_string(item, "category"), "self") == r->self)
        take(v, json_get(item, "url"), r);
}

#define OF_PRODUCT(product)                                                                        \
    product ".product_identification_helper.sbom_urls[]",                                          \
        product ".product_identification_helper.x_generic_uris[].namespace"

static const char *const url_paths[] = {"document.acknowledgments[].urls[]",
                                        "document.distribution.tlp.url",
                                        "document.publisher.namespace",
                                        OF_PRODUCT("product_tree.branches[]*.product"),
                                        OF_PRODUCT("product_tree.full_product_names[]"),
                                        "vulnerabilities[].acknowledgments[].urls[]",
                                        "vulnerabilities[].remediations[].url",
                                        NULL};
static const char *const relationships[] = {
    OF_PRODUCT("product_tree.relationships[].full_product_name"), NULL};
static const char *const product_paths[] = {
    OF_PRODUCT("product_tree.product_paths[].full_product_name"), NULL};

/* What may be a URI that is no URL. */
static const char *const identifier_paths[] = {
    "document.aggregate_severity.namespace",
    "product_tree.branches[]*.product.product_identification_helper.x_generic_uris[].uri",
    "product_tree.full_product_names[].product_identification_helper.x_generic_uris[].uri", NULL};
static const char identifier_of_relationship[] =
    "product_tree.relationships[].full_product_name.product_identification_helper."
    "x_generic_uris[].uri";
static const char identifier_of_path[] =
    "product_tree.product_paths[].full_product_name.product_identification_helper."
    "x_generic_uris[].uri";

static void collect(struct csaf_validation *v, struct resolving *r)
{
    bool older = v->version == CSAF_2_0;

    csaf_visit(v, "document.references[]", take_reference, r);
    csaf_visit(v, "vulnerabilities[].references[]", take_reference, r);
    if (r->self)
        return;
    csaf_visit_all(v, url_paths, take, r);
    csaf_visit_all(v, older ? relationships : product_paths, take, r);
    r->identifier = true;
    csaf_visit_all(v, identifier_paths, take, r);
    csaf_visit(v, older ? identifier_of_relationship : identifier_of_path, take, r);
    r->identifier = false;
}

static void say_failing(struct csaf_validation *v, const struct place *p,
                        const struct csaf_url *url)
{
    const char *quoted = csaf_quote(v, json_string(p->value));

    if (url->status)
        csaf_find(v, p->value, "%s does not resolve: the answer has status %d", quoted,
                  url->status);
    else if (url->reason[0])
        csaf_find(v, p->value, "%s does not resolve: %s", quoted, url->reason);
    else
        csaf_find(v, p->value, "%s does not resolve: it is no URL of http or https", quoted);
}

/* What was not asked keeps the test from passing; when it fails anyway, it is still said. */
static void say_unasked(struct csaf_validation *v, const struct resolving *r)
{
    const struct place *first = NULL;
    size_t count = r->left_out;
    const char *reason = NULL;

    for (size_t i = 0; i < r->url_count; i++)
        if (r->urls[i].outcome == CSAF_URL_NOT_ASKED) {
            count++;
            if (!reason)
                reason = r->urls[i].reason;
        }
    for (size_t i = 0; i < r->count && !first; i++)
        if (r->places[i].url == UNASKED || r->urls[r->places[i].url].outcome == CSAF_URL_NOT_ASKED)
            first = &r->places[i];
    if (!first)
        return;
    if (!reason)
        reason = "the document names more URLs than are asked for";
    const char *quoted = csaf_quote(v, json_string(first->value));
    if (v->failures > 0) {
        csaf_find(v, first->value, "%zu URL%s not asked; this first: %s", count,
                  count == 1 ? " was" : "s were", reason);
        return;
    }
    char text[400];
    snprintf(text, sizeof text, "%zu of %zu URLs %s not asked, %s%s: %s", count,
             r->url_count + r->left_out, count == 1 ? "was" : "were",
             count == 1 ? "" : "the first of them ", quoted, reason);
    const char *kept = arena_strdup(v->arena, text);
    if (kept)
        csaf_not_run(v, kept);
    else
        csaf_no_memory(v);
}

static void resolve(struct csaf_validation *v, struct resolving *r)
{
    const struct csaf_resolver *resolver = v->validator->resolver;
    struct csaf_url *asked = arena_new(v->arena, r->url_count, sizeof *asked);
    size_t count = 0;

    if (!asked) {
        csaf_no_memory(v);
        return;
    }
    for (size_t i = 0; i < r->url_count; i++)
        if (r->urls[i].outcome == CSAF_URL_NOT_ASKED)
            asked[count++].url = r->urls[i].url;
    if (count > 0 && resolver->resolve(resolver->context, asked, count, v->e) < 0) {
        csaf_no_memory(v);
        return;
    }
    for (size_t i = 0, next = 0; i < r->url_count; i++)
        if (r->urls[i].outcome == CSAF_URL_NOT_ASKED)
            r->urls[i] = asked[next++];
    for (size_t i = 0; i < r->count; i++)
        if (r->places[i].url != UNASKED && r->urls[r->places[i].url].outcome == CSAF_URL_FAILS)
            say_failing(v, &r->places[i], &r->urls[r->places[i].url]);
    say_unasked(v, r);
}

static void test_urls(struct csaf_validation *v, bool self)
{
    struct resolving r = {.self = self};

    if (!v->validator->network || !v->validator->resolver) {
        csaf_not_run(v, !v->validator->network ? "no leave was given to ask other hosts"
                                               : "nothing here can ask other hosts");
        return;
    }
    collect(v, &r);
    if (r.room == 0)
        return;
    size_t most = r.room < CSAF_URLS_MOST ? r.room : CSAF_URLS_MOST;
    r.places = arena_new(v->arena, r.room, sizeof *r.places);
    r.urls = arena_new(v->arena, most, sizeof *r.urls);
    if (!r.places || !r.urls) {
        csaf_no_memory(v);
        return;
    }
    map_init(&r.known);
    collect(v, &r);
    resolve(v, &r);
    map_fini(&r.known);
}

/* Use of Non-Self Referencing URLs Failing to Resolve */
void csaf_test_6_3_6(struct csaf_validation *v)
{
    test_urls(v, false);
}

/* Use of Self Referencing URLs Failing to Resolve */
void csaf_test_6_3_7(struct csaf_validation *v)
{
    test_urls(v, true);
}
