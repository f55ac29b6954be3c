/* SPDX-License-Identifier: Apache-2.0 */
/* /$schema and /document: version, TLP, publisher, title, license. */
#include "csaf/convert/convert_internal.h"

#define SCHEMA "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json"

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The first place of needle at or behind from; hay.len when there is none. Bounded: memmem is
 * linear. */
static size_t find(struct slice hay, size_t from, const void *needle, size_t len)
{
    if (from >= hay.len || len == 0)
        return hay.len;
    const uint8_t *at = memmem(hay.data + from, hay.len - from, needle, len);
    return at ? (size_t)(at - hay.data) : hay.len;
}

/* --- TLP --- */

/* The label behind "TLP v2.0: TLP:" in the distribution's text, or NULL. */
static const char *label_in_text(struct slice text)
{
    static const char mark[] = "TLP v2.0: TLP:";
    static const char *const labels[] = {"AMBER+STRICT", "AMBER", "CLEAR", "GREEN", "RED"};
    for (size_t at = find(text, 0, mark, strlen(mark)); at < text.len;
         at = find(text, at + 1, mark, strlen(mark))) {
        struct slice rest = slice_of(text.data + at + strlen(mark), text.len - at - strlen(mark));
        for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
            size_t len = strlen(labels[i]);
            bool here = rest.len >= len && memcmp(rest.data, labels[i], len) == 0;
            uint8_t behind = here && rest.len > len ? rest.data[len] : ' ';
            if (here && !(behind >= 'A' && behind <= 'Z') && behind != '+' && behind != '_')
                return labels[i];
        }
    }
    return NULL;
}

static const char *label_by_table(struct slice label)
{
    static const char *const table[][2] = {
        {"WHITE", "CLEAR"}, {"GREEN", "GREEN"}, {"AMBER", "AMBER"}, {"RED", "RED"}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (slice_is(label, table[i][0]))
            return table[i][1];
    return NULL;
}

static void tlp(struct converter *c)
{
    struct node *distribution = node_get(c->document, "distribution");
    if (!distribution)
        node_set(c->document, "distribution", distribution = node_new(c, JSON_OBJECT, c->document));
    struct node *label_holder = node_get(distribution, "tlp");
    if (!label_holder)
        node_set(distribution, "tlp", label_holder = node_new(c, JSON_OBJECT, distribution));
    if (convert_failed(c))
        return;
    struct node *old = node_get(label_holder, "label");
    struct node *text = node_get(distribution, "text");
    const char *label = label_by_table(node_text(old));
    const char *said = label_in_text(node_text(text));
    if (!old) {
        convert_tell(c, CSAF_CONVERT_WARNING, "tlp-default", label_holder,
                     "no TLP label was given: the default TLP:CLEAR has been set");
        label = "CLEAR";
    }
    if (said && (!label || strcmp(said, label) != 0)) {
        if (c->options.tlp_from_text) {
            convert_tell(c, CSAF_CONVERT_WARNING, "tlp-from-text", text,
                         "the TLP label was taken from the distribution text: TLP:%s, where the "
                         "table says TLP:%s",
                         said, label ? label : "nothing");
            label = said;
        } else {
            convert_tell(c, CSAF_CONVERT_WARNING, "tlp-text-differs", text,
                         "the distribution text says TLP:%s, the label was converted to TLP:%s; an "
                         "option takes the label of the text instead",
                         said, label ? label : "nothing");
        }
    }
    if (label)
        node_set_text(c, label_holder, "label", slice_str(label), old ? old : label_holder);
}

/* --- title --- */

/* White space, colon, dash, brackets and their like: what stands between an id and a title. */
static size_t separator(struct slice s, bool at_end)
{
    static const char *const wide[] = {"\xe2\x80\x90", "\xe2\x80\x91", "\xe2\x80\x92",
                                       "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x88\x92",
                                       "\xc2\xa0"};
    if (s.len == 0)
        return 0;
    uint8_t one = at_end ? s.data[s.len - 1] : s.data[0];
    if (is_space(one) || memchr(":-_()[]{}<>|/,;#", one, 16))
        return 1;
    for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
        size_t len = strlen(wide[i]);
        if (s.len >= len && memcmp(at_end ? s.data + s.len - len : s.data, wide[i], len) == 0)
            return len;
    }
    return 0;
}

static struct slice trim(struct slice s, bool front, bool end)
{
    size_t len;
    while (front && (len = separator(s, false)) > 0)
        s = slice_of(s.data + len, s.len - len);
    while (end && (len = separator(s, true)) > 0)
        s.len -= len;
    return s;
}

/* A bracket of the title's own ("Update for X (beta)") stays when its partner does. */
static struct slice restore_bracket(struct slice whole, struct slice trimmed)
{
    static const char pairs[] = "()[]{}";
    size_t end = (size_t)(trimmed.data - whole.data) + trimmed.len;
    for (size_t i = 0; i < 6 && end < whole.len; i += 2)
        if (whole.data[end] == (uint8_t)pairs[i + 1] &&
            memchr(trimmed.data, pairs[i], trimmed.len) &&
            !memchr(trimmed.data, pairs[i + 1], trimmed.len))
            trimmed.len++;
    return trimmed;
}

static void title(struct converter *c)
{
    struct node *n = node_get(c->document, "title");
    struct slice old = node_text(n);
    struct slice id = node_get_text(node_get(c->document, "tracking"), "id");
    if (id.len == 0 || find(old, 0, id.data, id.len) == old.len)
        return;
    struct buf b;
    buf_init(&b);
    for (size_t at = 0; at < old.len;) {
        size_t hit = find(old, at, id.data, id.len);
        struct slice part = slice_of(old.data + at, hit - at);
        part = restore_bracket(part, trim(part, at > 0, hit < old.len));
        if (b.len && part.len)
            buf_putc(&b, ' ');
        buf_put_slice(&b, part);
        at = hit < old.len ? hit + id.len : old.len;
    }
    struct slice fresh = convert_slice(c, &b);
    if (fresh.len == 0) {
        convert_tell(c, CSAF_CONVERT_WARNING, "title-is-id", n,
                     "the title is nothing but the tracking id, and stays");
        return;
    }
    convert_tell(c, CSAF_CONVERT_WARNING, "title-has-id", n,
                 "the tracking id was removed from the title");
    node_set_text(c, c->document, "title", fresh, n);
}

/* --- publisher --- */

static void publisher(struct converter *c)
{
    struct node *holder = node_get(c->document, "publisher");
    struct node *category = node_get(holder, "category");
    if (!slice_is(node_text(category), "other"))
        return;
    if (c->options.multiplier) {
        convert_tell(c, CSAF_CONVERT_WARNING, "publisher-multiplier", category,
                     "the publisher's category was set to \"multiplier\", as asked");
        node_set_text(c, holder, "category", slice_str("multiplier"), category);
    } else if (!c->options.quiet_other) {
        convert_tell(c, CSAF_CONVERT_WARNING, "publisher-other", category,
                     "some parties of \"other\" are \"multiplier\" in CSAF 2.1: see whether this "
                     "publisher is one");
    }
}

static bool is_english(struct slice lang)
{
    return lang.len == 0 ||
           (lang.len >= 2 && (lang.data[0] | 0x20) == 'e' && (lang.data[1] | 0x20) == 'n' &&
            (lang.len == 2 || lang.data[2] == '-'));
}

void convert_document(struct converter *c)
{
    c->document = node_get(c->root, "document");
    struct node *tracking = node_get(c->document, "tracking");
    c->released = node_get_text(tracking, "current_release_date");
    c->english = is_english(node_get_text(c->document, "lang"));
    node_set_text(c, c->root, "$schema", slice_str(SCHEMA), c->root);
    node_set_text(c, c->document, "csaf_version", slice_str("2.1"),
                  node_get(c->document, "csaf_version"));
    tlp(c);
    title(c);
    publisher(c);
}
