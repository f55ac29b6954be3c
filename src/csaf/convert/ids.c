/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /vulnerabilities[]/ids: names of vulnerability id systems by the registry of the CSAF TC (RVISC,
 * its mapping RVISC-M; both of 2026-02-06). A converted id stands behind the original one.
 */
#include "csaf/convert/convert_internal.h"

#include <strings.h>

static bool digits(struct slice s, size_t least)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    return s.len >= least;
}

/* "^#[1-9]\d*$" */
static bool is_tc_issue(struct slice s)
{
    return s.len >= 2 && s.data[0] == '#' && s.data[1] != '0' &&
           digits(slice_of(s.data + 1, s.len - 1), 1);
}

/* "^EUVD-[1-9][0-9]{3}-[0-9]{4,}$" */
static bool is_euvd(struct slice s)
{
    return s.len >= 14 && memcmp(s.data, "EUVD-", 5) == 0 && s.data[5] != '0' &&
           digits(slice_of(s.data + 5, 4), 4) && s.data[9] == '-' &&
           digits(slice_of(s.data + 10, s.len - 10), 4);
}

/* "1217", "Issue 1217", "issues #01217" -> "#1217"; false: the mapping has no rule for it. */
static bool to_tc_issue(struct slice text, struct buf *out)
{
    struct slice rest = text;
    if (rest.len > 5 && strncasecmp((const char *)rest.data, "issue", 5) == 0) {
        size_t at = rest.len > 6 && (rest.data[5] | 0x20) == 's' ? 6 : 5;
        if (rest.data[at] != ' ' && rest.data[at] != '\t')
            return false;
        at++;
        if (at < rest.len && rest.data[at] == '#')
            at++;
        rest = slice_of(rest.data + at, rest.len - at);
    }
    if (!digits(rest, 1))
        return false;
    while (rest.len > 1 && *rest.data == '0')
        rest = slice_of(rest.data + 1, rest.len - 1);
    buf_putc(out, '#');
    buf_put_slice(out, rest);
    return true;
}

static const struct system {
    const char *name;   /* as registered */
    const char *common; /* as documents used to say; a name that the mapping knows, or NULL */
    bool (*matches)(struct slice text);
    bool (*convert)(struct slice text, struct buf *out); /* NULL: the mapping has no rules */
} systems[] = {
    {"https://github.com/oasis-tcs/csaf", "OASIS Open CSAF TC GitHub Issues", is_tc_issue,
     to_tc_issue},
    {"https://euvd.enisa.europa.eu", NULL, is_euvd, NULL},
};

static struct node *converted(struct converter *c, const struct system *system, struct node *id,
                              bool registered)
{
    struct node *text = node_get(id, "text");
    const struct node *about = text ? text : id;
    struct buf b;
    buf_init(&b);
    bool mapped = system->convert && system->convert(node_text(text), &b);
    struct slice fresh = convert_slice(c, &b);
    const char *rule = registered ? "id-registered" : "id-mapped";
    const char *what = registered ? "a registered vulnerability system"
                                  : "a vulnerability system with a known mapping";
    if (!mapped || !system->matches(fresh)) {
        convert_tell(c, CSAF_CONVERT_WARNING, rule, about,
                     "an id of %s (%s) was detected but could not be converted: %s", what,
                     system->name,
                     !system->convert ? "no mapping is known for this system"
                     : mapped         ? "what the mapping gives is not as the registry wants"
                                      : "no rule of the mapping fits its text");
        return NULL;
    }
    convert_tell(c, CSAF_CONVERT_WARNING, rule, about,
                 "an id of %s was detected and converted: %.*s of %s", what, SLICE_ARG(fresh),
                 system->name);
    struct node *n = node_new(c, JSON_OBJECT, id);
    node_set_text(c, n, "system_name", slice_str(system->name), id);
    node_set_text(c, n, "text", fresh, about);
    return n;
}

static struct node *one_id(struct converter *c, struct node *id)
{
    struct node *name = node_get(id, "system_name");
    for (size_t i = 0; i < ARRAY_LEN(systems); i++) {
        const struct system *s = &systems[i];
        if (slice_is(node_text(name), s->name))
            return s->matches(node_get_text(id, "text")) ? NULL : converted(c, s, id, true);
        if (s->common && slice_is(node_text(name), s->common))
            return converted(c, s, id, false);
    }
    convert_tell(c, CSAF_CONVERT_WARNING, "id-unregistered", name ? name : id,
                 "an id of a potentially unregistered vulnerability system was detected; nothing "
                 "was changed");
    return NULL;
}

void convert_ids(struct converter *c, struct node *vulnerability)
{
    struct node *ids = node_get(vulnerability, "ids");
    if (!c->options.keep_ids && ids) {
        for (struct node *id = ids->in.first; id && !convert_failed(c);) {
            struct node *next = id->next, *fresh = one_id(c, id);
            node_insert_after(ids, id, fresh);
            id = next;
        }
    }
    (void)node_unique(c, ids, "duplicate", "this id");
}
