/* SPDX-License-Identifier: Apache-2.0 */
/* Version ranges in branches: `vers:` texts, or their constraints alone (vls). */
#include "csaf/validate/tests.h"
#include "product/vers.h"

static const struct json_value *range_name(const struct json_value *branch)
{
    return slice_is(json_get_string(branch, "category"), "product_version_range")
               ? json_get(branch, "name")
               : NULL;
}

static bool is_vers(struct slice name)
{
    return name.len >= 5 && (name.data[0] | 32) == 'v' && (name.data[1] | 32) == 'e' &&
           (name.data[2] | 32) == 'r' && (name.data[3] | 32) == 's' && name.data[4] == ':';
}

/* false: no memory (said). */
static bool read_range(struct csaf_validation *v, struct slice name, struct product_vers *range)
{
    struct err e = {0};

    if ((is_vers(name) ? product_vers_read(v->arena, name, range, &e)
                       : product_vls_read(v->arena, name, range, &e)) == 0)
        return true;
    csaf_no_memory(v);
    return false;
}

/* The canonical form is asked of VERS (section 3.1.2.3.2); a vls has no order that could be kept.
 */
static void follows_the_rules(struct csaf_validation *v, const struct json_value *branch,
                              void *context)
{
    const struct json_value *value = range_name(branch);
    struct slice name = json_string(value);
    struct product_vers range;

    (void)context;
    if (!json_is(value, JSON_STRING) || !read_range(v, name, &range))
        return;
    if (range.finding_count > 0 && (is_vers(name) || !range.readable)) {
        const struct product_vers_finding *f = &range.findings[0];
        csaf_find(v, value, "%s is no %s: %s (column %zu; %s)", csaf_quote(v, name),
                  is_vers(name) ? "canonical vers range" : "range, neither vers nor vls", f->text,
                  f->at + 1, product_vers_clause(f->fault));
        if (!is_vers(name))
            csaf_suggest(v, "write a range such as vers:semver/>=1.0.0|<2.0.0, or its constraints "
                            "alone (>=1.0.0|<2.0.0); all versions are vers:all/*");
    } else if (range.all && !slice_is(name, "vers:all/*")) {
        csaf_find(v, value, "all versions are written vers:all/*, not %s", csaf_quote(v, name));
        csaf_suggest(v, "write vers:all/*");
    } else if (is_vers(name) && !range.supported && !range.all && !range.none) {
        csaf_find_warning(v, value,
                          "versions of the type %s have no order that is known here; all else of "
                          "the range is as it must be",
                          csaf_quote(v, range.type));
    }
}

/* Product Version Range Rules */
void csaf_test_6_1_50(struct csaf_validation *v)
{
    csaf_visit(v, "product_tree.branches[]*", follows_the_rules, NULL);
}

static void more_than_one(struct csaf_validation *v, const struct json_value *branch, void *context)
{
    const struct json_value *value = range_name(branch);
    struct product_vers range;

    (void)context;
    if (!json_is(value, JSON_STRING) || !read_range(v, json_string(value), &range) ||
        !range.readable || !product_vers_is_single(&range))
        return;
    csaf_find(v, value, "the version range %s is a single version",
              csaf_quote(v, json_string(value)));
    csaf_suggest(v, "use the category product_version and the name %s",
                 csaf_quote(v, range.constraints[0].version));
}

/* Single Version as Product Version Range */
void csaf_test_6_1_59(struct csaf_validation *v)
{
    csaf_visit(v, "product_tree.branches[]*", more_than_one, NULL);
}
