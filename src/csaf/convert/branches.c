/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /product_tree/branches: the category legacy, stacked categories, versions and ranges in one path,
 * ranges without an upper end, ranges that are one version.
 *
 * A rule changes "the path". Where other paths share a branch that would change with it, the branch
 * is divided: what the rule does not ask for stays as it is.
 */
#include "csaf/convert/convert_internal.h"

static const char *const names[BRANCH_CATEGORIES] = {
    "architecture",   "host_name",    "language",        "patch_level",           "platform",
    "product_family", "product_name", "product_version", "product_version_range", "service_pack",
    "specification",  "vendor"};

unsigned convert_category(struct slice name)
{
    for (unsigned i = 0; i < BRANCH_CATEGORIES; i++)
        if (slice_is(name, names[i]))
            return 1u << i;
    return 0;
}

static unsigned category(const struct node *branch)
{
    return convert_category(node_get_text(branch, "category"));
}

static void set_category(struct converter *c, struct node *branch, unsigned bit)
{
    unsigned i = 0;
    while ((1u << i) != bit)
        i++;
    node_set_text(c, branch, "category", slice_str(names[i]), node_get(branch, "category"));
}

/* "Open Source", "NOASSERTION", …: white space, dashes, underscores and case do not count. */
static bool is_nobody(struct slice name)
{
    static const char *const nobody[] = {"opensource", "noassertion", "undefined", "unknown"};
    char folded[16];
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t byte = name.data[i];
        if (byte == '-' || byte == '_' || byte == ' ' || (byte >= '\t' && byte <= '\r'))
            continue;
        if (name.len - i >= 3 && byte == 0xe2 &&
            ((name.data[i + 1] == 0x80 && name.data[i + 2] >= 0x90 && name.data[i + 2] <= 0x95) ||
             (name.data[i + 1] == 0x88 && name.data[i + 2] == 0x92))) {
            i += 2; /* hyphens, dashes and the minus sign of Unicode */
            continue;
        }
        if (len == sizeof folded - 1)
            return false;
        folded[len++] = (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
    }
    folded[len] = 0;
    for (size_t i = 0; i < ARRAY_LEN(nobody); i++)
        if (strcmp(folded, nobody[i]) == 0)
            return true;
    return false;
}

/* --- one branch: legacy, ranges --- */

static void legacy(struct converter *c, struct node *branch)
{
    struct node *n = node_get(branch, "category");
    if (!slice_is(node_text(n), "legacy"))
        return;
    convert_tell(c, CSAF_CONVERT_WARNING, "legacy", n,
                 "the category \"legacy\" does not exist in CSAF 2.1 and was replaced by "
                 "\"product_name\": see whether another fits better");
    set_category(c, branch, BRANCH_NAME);
}

static void to_version(struct converter *c, struct node *branch, struct slice version,
                       const struct node *name)
{
    set_category(c, branch, BRANCH_VERSION);
    node_set_text(c, branch, "name", convert_range_version(c, version), name);
}

/* A range whose last constraint has no upper end. */
static void upper_open(struct converter *c, struct node *branch, const struct convert_range *r)
{
    struct node *name = node_get(branch, "name");
    bool strict = slice_is(r->last_comparator, ">");
    if (r->constraints == 1) {
        convert_tell(c, strict ? CSAF_CONVERT_LOSS : CSAF_CONVERT_WARNING, "upper-open", name,
                     "a range without an upper end became the product version %.*s%s",
                     SLICE_ARG(r->last_version),
                     strict ? ", which the range did not include: this must be looked at" : "");
        to_version(c, branch, r->last_version, name);
    } else if (!strict) {
        struct buf b;
        buf_init(&b);
        buf_put_slice(&b, r->scheme);
        buf_put_slice(&b, r->before);
        buf_put_slice(&b, r->last_version);
        struct slice fresh = convert_slice(c, &b);
        convert_tell(c, CSAF_CONVERT_WARNING, "upper-open", name,
                     "a range without an upper end was made to end: %.*s", SLICE_ARG(fresh));
        node_set_text(c, branch, "name", fresh, name);
    } else {
        convert_tell(
            c, CSAF_CONVERT_FAULT, "upper-open", name,
            "a range without an upper end could not be resolved: ending it with %.*s would "
            "change what it includes",
            SLICE_ARG(r->last_version));
    }
}

static void range(struct converter *c, struct node *branch)
{
    struct node *name = node_get(branch, "name");
    if (category(branch) != BRANCH_RANGE || !name)
        return;
    struct slice canonical =
        c->options.keep_branches ? slice_of(NULL, 0) : convert_range_canonical(c, node_text(name));
    if (canonical.len) {
        convert_tell(c, CSAF_CONVERT_WARNING, "range-form", name,
                     "this range was put into the form that CSAF 2.1 asks for: %.*s",
                     SLICE_ARG(canonical));
        node_set_text(c, branch, "name", canonical, name);
        name = node_get(branch, "name");
    }
    struct convert_range r = convert_range_read(node_text(name));
    if (!r.understood || c->options.keep_branches)
        return;
    if (slice_is(r.last_comparator, ">=") || slice_is(r.last_comparator, ">")) {
        upper_open(c, branch, &r);
    } else if (r.constraints == 1 && r.last_comparator.len == 0) {
        convert_tell(c, CSAF_CONVERT_WARNING, "single-version", name,
                     "a single version was declared as a range: it is the product version %.*s now",
                     SLICE_ARG(r.last_version));
        to_version(c, branch, r.last_version, name);
    }
}

/* From the leaves: legacy and the categories below each branch. */
static unsigned prepare(struct converter *c, struct node *branches)
{
    unsigned all = 0;
    node_each(branch, branches)
    {
        legacy(c, branch);
        unsigned mask = category(branch) | prepare(c, node_get(branch, "branches"));
        branch->mask = (uint16_t)mask;
        all |= mask;
    }
    return all;
}

static void ranges(struct converter *c, struct node *branches)
{
    node_each(branch, branches)
    {
        range(c, branch);
        ranges(c, node_get(branch, "branches"));
    }
}

/* --- paths --- */

/* Takes the children of a vendor that is nobody out of it: all when a vendor stands above, else
 * those that have a vendor of their own. They stand behind it then; NULL: none was taken. */
static struct node *take_children(struct node *vendor, bool above, struct node **last)
{
    struct node *below = node_get(vendor, "branches"), *first = NULL;
    struct node *child = node_is_container(below) ? below->in.first : NULL;
    if (child)
        below->in.first = below->in.last = NULL;
    *last = NULL;
    while (child) {
        struct node *next = child->next;
        if (above || (child->mask & BRANCH_VENDOR)) {
            child->next = NULL;
            if (*last)
                (*last)->next = child;
            else
                first = child;
            *last = child;
        } else {
            node_append(below, child);
        }
        child = next;
    }
    return first;
}

/* Vendors that are nobody are taken out where another vendor stands on the same path. */
static void drop_vendors(struct converter *c, struct node *branches, bool above)
{
    struct node *before = NULL;
    for (struct node *branch = node_is_container(branches) ? branches->in.first : NULL; branch;) {
        bool vendor = category(branch) == BRANCH_VENDOR;
        struct node *last, *first = NULL;
        if (vendor && is_nobody(node_get_text(branch, "name")))
            first = take_children(branch, above, &last);
        if (first) {
            convert_tell_value(c, CSAF_CONVERT_WARNING, "stacked-branches", branch,
                               node_get_text(branch, "name"),
                               "stacked branch categories (vendor more than once) were resolved: "
                               "this vendor was taken out of the path");
            bool stays = !node_empty(node_get(branch, "branches"));
            last->next = branch->next;
            if (branches->in.last == branch)
                branches->in.last = last;
            if (stays) {
                branch->next = first;
                before = branch;
            } else if (before) {
                before->next = first;
            } else {
                branches->in.first = first;
            }
            branch = first;
            continue;
        }
        drop_vendors(c, node_get(branch, "branches"), above || vendor);
        before = branch;
        branch = branch->next;
    }
}

/* Does a branch below it stand in the way of this version being one? */
static unsigned in_conflict(const struct node *version)
{
    unsigned below = 0;
    node_each(child, node_get(version, "branches")) below |= child->mask;
    return below & (BRANCH_VERSION | BRANCH_RANGE);
}

static struct slice joined(struct converter *c, struct slice a, struct slice b)
{
    struct buf text;
    buf_init(&text);
    buf_put_slice(&text, a);
    buf_putc(&text, ' ');
    buf_put_slice(&text, b);
    return convert_slice(c, &text);
}

static void version_to_name(struct converter *c, struct node *version, struct slice parent)
{
    bool both = in_conflict(version) & BRANCH_RANGE;
    convert_tell(c, CSAF_CONVERT_WARNING, both ? "version-and-range" : "stacked-branches", version,
                 "%s in one path were resolved: the product_version \"%.*s\" is the product_name "
                 "\"%.*s %.*s\" now",
                 both ? "product_version and product_version_range" : "stacked product_version",
                 SLICE_ARG(node_get_text(version, "name")), SLICE_ARG(parent),
                 SLICE_ARG(node_get_text(version, "name")));
    struct node *name = node_get(version, "name");
    node_set_text(c, version, "name", joined(c, parent, node_text(name)), name);
    set_category(c, version, BRANCH_NAME);
}

/* Under a product_name: its versions in conflict become names, and it a family; versions that are
 * not stay with a product_name of the old name, behind it. Under a product_family: names alone. */
static void lift_versions(struct converter *c, struct node *branches, struct node *parent)
{
    struct node *below = node_get(parent, "branches");
    unsigned kind = category(parent);
    bool any = false, other = false;
    if (kind != BRANCH_NAME && kind != BRANCH_FAMILY)
        return;
    node_each(child, below)
    {
        unsigned conflict = category(child) == BRANCH_VERSION ? in_conflict(child) : 0;
        bool lift = kind == BRANCH_NAME ? conflict != 0 : (conflict & BRANCH_RANGE) != 0;
        any = any || lift;
        other = other || !lift;
    }
    if (!any || convert_failed(c))
        return;
    struct node *kept = NULL;
    if (kind == BRANCH_NAME && other) {
        struct node *rest = node_new(c, JSON_OBJECT, parent);
        node_set(rest, "branches", kept = node_new(c, JSON_ARRAY, below));
        if (convert_failed(c))
            return;
        node_set_text(c, rest, "category", slice_str("product_name"), parent);
        node_set_text(c, rest, "name", node_get_text(parent, "name"), parent);
        node_insert_after(branches, parent, rest);
        rest->mask = parent->mask;
    }
    struct node *child = below->in.first;
    below->in.first = below->in.last = NULL;
    while (child) {
        struct node *next = child->next;
        unsigned conflict = category(child) == BRANCH_VERSION ? in_conflict(child) : 0;
        bool lift = kind == BRANCH_NAME ? conflict != 0 : (conflict & BRANCH_RANGE) != 0;
        node_append(lift || !kept ? below : kept, child);
        if (lift)
            version_to_name(c, child, node_get_text(parent, "name"));
        child = next;
    }
    if (kind == BRANCH_NAME)
        set_category(c, parent, BRANCH_FAMILY);
}

static void repair(struct converter *c, struct node *branches)
{
    node_each(branch, branches)
    {
        lift_versions(c, branches, branch);
        if (convert_failed(c))
            return;
        repair(c, node_get(branch, "branches"));
    }
}

void convert_branches(struct converter *c)
{
    struct node *branches = node_get(node_get(c->root, "product_tree"), "branches");
    if (!branches)
        return;
    (void)prepare(c, branches);
    if (!c->options.keep_branches) {
        drop_vendors(c, branches, false);
        repair(c, branches);
    }
    ranges(c, branches);
}
