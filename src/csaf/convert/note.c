/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notes whose title is one with a meaning and goes on with a product ("Product Description for
 * DC-7"): they get the products. And license expressions in legal disclaimers.
 */
#include "csaf/convert/convert_internal.h"
#include "csaf/document.h"
#include "csaf/facts/license.h"

#include <strings.h>

struct span { /* products from..to in the order of the text, by one name; several may share it */
    size_t from, to;
    struct span *next;
};

struct meaning {
    const char *category, *title;
};

/* CSAF 2.1 section 3.2.2.8 */
static const struct meaning of_document[] = {{"description", "Product Description"},
                                             {"general", "General Security Recommendations"},
                                             {"legal_disclaimer", "License"},
                                             {"summary", "Summary"},
                                             {NULL, NULL}};
/* section 3.2.4.11 */
static const struct meaning of_vulnerability[] = {{"description", "CVE Description"},
                                                  {"description", "Preconditions"},
                                                  {"summary", "Vulnerability Summary"},
                                                  {NULL, NULL}};

enum { NAME_MOST = 400 };

/* Lower case, one space for many; false: too long to be looked for. */
static bool fold(struct slice s, char out[NAME_MOST], size_t *len)
{
    size_t at = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t byte = s.data[i];
        bool space = byte == ' ' || (byte >= '\t' && byte <= '\r');
        if (space && (at == 0 || out[at - 1] == ' '))
            continue;
        if (at == NAME_MOST)
            return false;
        out[at++] = (char)(space ? ' ' : byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
    }
    while (at && out[at - 1] == ' ')
        at--;
    *len = at;
    return at > 0;
}

/* --- names of products --- */

static void name_add(struct converter *c, struct map *names, struct slice name, size_t from,
                     size_t to)
{
    char folded[NAME_MOST];
    size_t len;
    if (from == to || convert_failed(c) || !fold(name, folded, &len))
        return;
    struct span *known = map_get(names, slice_of(folded, len));
    if (known && known->from == from && known->to == to)
        return;
    struct span *s = arena_new(&c->arena, 1, sizeof *s);
    void *key = known ? folded : arena_copy(&c->arena, folded, len);
    if (!s || !key) {
        err_memory(c->e);
        return;
    }
    *s = (struct span){from, to, NULL};
    if (known) {
        s->next = known->next;
        known->next = s;
    } else if (map_set(names, slice_of(key, len), s) != 0) {
        err_memory(c->e);
    }
}

/* Products are numbered in the order of the same walk: those below a branch follow each other. */
static void names_of(struct converter *c, struct map *names, const struct node *branches,
                     size_t *count)
{
    node_each(branch, branches)
    {
        unsigned category = convert_category(node_get_text(branch, "category"));
        size_t from = *count;
        const struct convert_product *p =
            convert_product_find(c, node_get_text(node_get(branch, "product"), "product_id"));
        if (p && p->branch == branch)
            ++*count;
        names_of(c, names, node_get(branch, "branches"), count);
        if (category & (BRANCH_NAME | BRANCH_FAMILY | BRANCH_VERSION | BRANCH_RANGE))
            name_add(c, names, node_get_text(branch, "name"), from, *count);
    }
}

static void names_build(struct converter *c, struct map *names)
{
    size_t count = 0;
    names_of(c, names, node_get(node_get(c->root, "product_tree"), "branches"), &count);
    for (size_t i = 0; i < c->product_count; i++)
        name_add(c, names, node_get_text(c->list[i]->node, "name"), i, i + 1);
}

/* --- notes --- */

/* What stands behind a title with a meaning, without "for", "of", dashes and brackets; empty: the
 * title is not extended, or has no meaning. */
static struct slice extension(const struct node *note, const struct meaning *meanings)
{
    static const char *const words[] = {"for ", "of ", "in ", "on ", "regarding ", "concerning "};
    struct slice title = node_get_text(note, "title");
    for (; meanings->title; meanings++) {
        size_t len = strlen(meanings->title);
        if (!slice_is(node_get_text(note, "category"), meanings->category) || title.len <= len ||
            strncasecmp((const char *)title.data, meanings->title, len) != 0 ||
            !memchr(" :-([,/\t", title.data[len], 8))
            continue;
        struct slice s = slice_of(title.data + len, title.len - len);
        while (s.len && memchr(" :-([,/\t", *s.data, 8))
            s = slice_of(s.data + 1, s.len - 1);
        while (s.len && memchr(" :-)],/\t", s.data[s.len - 1], 8))
            s.len--;
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
            if (s.len > strlen(words[i]) &&
                strncasecmp((const char *)s.data, words[i], strlen(words[i])) == 0)
                return slice_of(s.data + strlen(words[i]), s.len - strlen(words[i]));
        return s;
    }
    return slice_of(NULL, 0);
}

static void assign(struct converter *c, const struct map *names, struct node *note,
                   struct slice name)
{
    char folded[NAME_MOST];
    size_t len, count = 0;
    const struct span *span =
        fold(name, folded, &len) ? map_get(names, slice_of(folded, len)) : NULL;
    struct node *ids = span ? node_new(c, JSON_ARRAY, note) : NULL;
    struct buf told;
    buf_init(&told);
    uint32_t turn = ++c->turn;
    for (; span && !convert_failed(c); span = span->next)
        for (size_t i = span->from; i < span->to && i < c->product_count && !convert_failed(c);
             i++) {
            struct convert_product *p = c->list[i];
            if (p->seen == turn)
                continue;
            p->seen = turn;
            convert_count(c, 1);
            node_append(ids, node_string(c, p->id, note));
            if (count++ < 8)
                buf_printf(&told, "%s%.*s", count > 1 ? ", " : "",
                           (int)(p->id.len < 60 ? p->id.len : 60), (const char *)p->id.data);
        }
    struct slice title = node_get_text(note, "title");
    if (count) {
        node_set(note, "product_ids", ids);
        convert_tell_value(c, CSAF_CONVERT_WARNING, "product-note", note, title,
                           "a potentially product specific note has been discovered and products "
                           "have been assigned to it: %s%s",
                           buf_text(&told), count > 8 ? ", and others" : "");
    } else {
        convert_tell_value(
            c, CSAF_CONVERT_WARNING, "product-note", note, title,
            "a potentially product specific note has been discovered and no products "
            "could be assigned to it");
    }
    buf_fini(&told);
}

static void notes(struct converter *c, const struct map *names, struct node *list,
                  const struct meaning *meanings)
{
    node_each(note, list)
    {
        struct slice name = extension(note, meanings);
        if (name.len && !convert_failed(c))
            assign(c, names, note, name);
    }
}

/* --- license --- */

/* A valid expression, all of whose licenses are on a list: any word would be one by its form. */
static bool is_license(struct slice text)
{
    struct csaf_license_walk walk = {.text = text};
    struct csaf_license_part part;
    struct err ignored = {0};
    bool deprecated;
    int more;
    if (text.len < 3 || csaf_license_check(text, &ignored) != 0)
        return false;
    while ((more = csaf_license_next(&walk, &part, &ignored)) > 0) {
        enum csaf_license_list list = csaf_license_find(&part, &deprecated);
        const char *spelling = csaf_license_spelling(&part);
        /* "isc" or "mit" in a sentence is no license: as the list writes it */
        if ((list != CSAF_LICENSE_SPDX && list != CSAF_LICENSE_SCANCODE &&
             part.kind != CSAF_LICENSE_REF && part.kind != CSAF_LICENSE_ADDITION_REF) ||
            (list == CSAF_LICENSE_SPDX && spelling && !slice_is(part.id, spelling)))
            return false;
    }
    return more == 0;
}

/* A license expression in a disclaimer: behind "SPDX-License-Identifier:" to the end of the line,
 * or words of the text that are one. The longest at each place; empty: none. */
static struct slice license_next(struct slice text, size_t *at)
{
    static const char stops[] = " \t\r\n\"'`<>[]{};";
    while (*at < text.len) {
        while (*at < text.len && memchr(stops, text.data[*at], sizeof stops - 1))
            ++*at;
        size_t start = *at;
        struct slice found = slice_of(NULL, 0);
        size_t end = start;
        for (unsigned words = 0; words < 16 && end < text.len; words++) {
            while (end < text.len && !memchr(stops, text.data[end], sizeof stops - 1))
                end++;
            struct slice tried = slice_of(text.data + start, end - start);
            while (tried.len && memchr(".,:", tried.data[tried.len - 1], 3))
                tried.len--;
            if (words == 0)
                *at = end;
            if (is_license(tried)) {
                found = tried;
                *at = end;
            }
            if (end >= text.len || text.data[end] != ' ')
                break;
            end++;
        }
        if (found.len)
            return found;
    }
    return slice_of(NULL, 0);
}

static void license(struct converter *c)
{
    const struct node *from = NULL;
    struct slice first = slice_of(NULL, 0);
    size_t count = 0;
    struct buf told;
    buf_init(&told);
    node_each(note, node_get(c->document, "notes"))
    {
        struct node *text = node_get(note, "text");
        size_t at = 0;
        if (!text || !slice_is(node_get_text(note, "category"), "legal_disclaimer"))
            continue;
        for (;;) {
            struct slice found = license_next(node_text(text), &at);
            if (found.len == 0)
                break;
            if (count && slice_equal(found, first))
                continue;
            if (count++ == 0) {
                first = found;
                from = text;
            }
            if (told.len < 400) {
                buf_printf(&told, "%s%.*s (", count > 1 ? ", " : "", SLICE_ARG(found));
                convert_pointer(text, &told);
                buf_putc(&told, ')');
            }
        }
    }
    if (count == 1) {
        convert_tell_value(c, CSAF_CONVERT_WARNING, "license", from, first,
                           "a license expression was found and set as that of the document");
        node_set_text(c, c->document, "license_expression", first, from);
    } else if (count > 1) {
        convert_tell_value(c, CSAF_CONVERT_WARNING, "license", from, first,
                           "multiple SPDX license expressions were found and therefore no document "
                           "license expression could be determined: %s",
                           buf_text(&told));
    }
    buf_fini(&told);
}

void convert_notes(struct converter *c)
{
    struct map names;
    map_init(&names);
    names_build(c, &names);
    if (!convert_failed(c))
        notes(c, &names, node_get(c->document, "notes"), of_document);
    node_each(v, node_get(c->root, "vulnerabilities"))
        notes(c, &names, node_get(v, "notes"), of_vulnerability);
    map_fini(&names);
    if (!c->options.no_license && !convert_failed(c))
        license(c);
}
