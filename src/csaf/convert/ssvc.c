/* SPDX-License-Identifier: Apache-2.0 */
/* A note "SSVC" of category other to an ssvc_v2 metric; the note goes when nothing of it is lost.
 */
#include "base/clock.h"
#include "csaf/convert/convert_internal.h"
#include "csaf/facts/ssvc.h"

/* One decision point of the short form, in the version of the day of the vector; NULL: not known.
 * The short form calls Technical Impact T, its definition TI. */
static struct node *selection(struct converter *c, struct slice key, struct slice value,
                              int64_t time, const struct node *source)
{
    if (slice_is(key, "T"))
        key = slice_str("TI");
    int point = csaf_ssvc_point_at(slice_str("ssvc"), key, time);
    if (point < 0)
        return NULL;
    for (size_t i = 0; i < csaf_ssvc_value_count(point); i++) {
        if (!slice_is(value, csaf_ssvc_value_key(point, i)))
            continue;
        char version[16];
        csaf_ssvc_point_version(point, version);
        const char *kept = arena_strdup(&c->arena, version);
        struct node *n = node_new(c, JSON_OBJECT, source);
        struct node *values = node_new(c, JSON_ARRAY, source);
        struct node *chosen = node_new(c, JSON_OBJECT, source);
        if (!kept)
            err_memory(c->e);
        node_set_text(c, n, "namespace", slice_str("ssvc"), source);
        node_set_text(c, n, "key", key, source);
        node_set_text(c, n, "version", slice_str(kept), source);
        node_set_text(c, n, "name", slice_str(csaf_ssvc_point_name(point)), source);
        node_set_text(c, chosen, "key", value, source);
        node_set_text(c, chosen, "name", slice_str(csaf_ssvc_value_name(point, i)), source);
        node_append(values, chosen);
        node_set(n, "values", values);
        return convert_failed(c) ? NULL : n;
    }
    return NULL;
}

/* The time that the vector ends with; false: none. */
static bool time_of(struct slice text, int64_t *time)
{
    struct err ignored = {0};
    while (text.len) {
        const uint8_t *slash = memrchr(text.data, '/', text.len);
        struct slice part =
            slash ? slice_of(slash + 1, (size_t)(text.data + text.len - slash) - 1) : text;
        if (part.len)
            return time_parse(part, time, &ignored) == 0;
        text.len--;
    }
    return false;
}

/* "SSVCv2/E:P/A:N/T:P/2024-09-18T19:25:28Z/": NULL and why it could not be read. */
static struct node *ssvc_read(struct converter *c, struct slice text, const struct node *source,
                              const char **why)
{
    struct node *list = node_new(c, JSON_OBJECT, source);
    struct node *selections = node_new(c, JSON_ARRAY, source);
    bool timed = false;
    int64_t time = 0;
    size_t begin = 7;
    *why = "it is no vector of the form SSVCv2/E:P/A:N/T:P/TIME/";
    while (text.len && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\n'))
        text.len--;
    if (text.len < begin || memcmp(text.data, "SSVCv2/", begin) != 0)
        return NULL;
    if (!time_of(text, &time)) {
        *why = "it has no time";
        return NULL;
    }
    struct slice rest = slice_of(text.data + begin, text.len - begin);
    while (rest.len && !convert_failed(c)) {
        const uint8_t *slash = memchr(rest.data, '/', rest.len);
        size_t len = slash ? (size_t)(slash - rest.data) : rest.len;
        struct slice part = slice_of(rest.data, len);
        const uint8_t *colon = memchr(part.data, ':', part.len);
        int64_t at;
        struct err ignored = {0};
        if (!timed && time_parse(part, &at, &ignored) == 0) {
            node_set_text(c, list, "timestamp", part, source);
            timed = true;
        } else if (colon) {
            struct slice key = slice_of(part.data, (size_t)(colon - part.data));
            struct node *one =
                selection(c, key, slice_of(colon + 1, part.len - key.len - 1), time, source);
            *why = "it would lose information: a decision point or value is not known here";
            if (!one)
                return NULL;
            node_append(selections, one);
        } else if (part.len) {
            return NULL;
        }
        rest = slash ? slice_of(slash + 1, rest.len - len - 1) : slice_of(rest.data, 0);
    }
    *why = "it has no decision point, or no time";
    if (node_empty(selections) || !timed)
        return NULL;
    node_set_text(c, list, "schemaVersion", slice_str("2.0.0"), source);
    node_set(list, "selections", selections);
    return list;
}

/* test 6.1.49 */
static bool newer(const struct converter *c, struct slice time)
{
    struct err ignored = {0};
    int64_t at, released;
    return time_parse(time, &at, &ignored) == 0 &&
           time_parse(c->released, &released, &ignored) == 0 && at > released;
}

void convert_ssvc(struct converter *c, struct node *vulnerability)
{
    struct node *notes = node_get(vulnerability, "notes"), *before = NULL;
    bool done = false;
    for (struct node *note = notes ? notes->in.first : NULL; note && !convert_failed(c);
         note = note->next) {
        const char *why = "the vulnerability has SSVC data already";
        if (slice_is(node_get_text(note, "title"), "SSVC") &&
            slice_is(node_get_text(note, "category"), "other")) {
            struct node *text = node_get(note, "text");
            struct node *list = done ? NULL : ssvc_read(c, node_text(text), text, &why);
            struct node *products = list ? convert_affected(c, vulnerability, note) : NULL;
            if (list && newer(c, node_get_text(list, "timestamp"))) {
                list = NULL;
                why = "its time is newer than the document";
            }
            if (list && node_empty(products)) {
                list = NULL;
                why = "the vulnerability names no affected product";
            }
            if (list && node_get(note, "audience")) {
                list = NULL;
                why = "it would lose information: the note's audience";
            }
            if (list && !convert_failed(c)) {
                struct node *metric = node_new(c, JSON_OBJECT, note);
                struct node *content = node_new(c, JSON_OBJECT, note);
                node_set(content, "ssvc_v2", list);
                node_set(metric, "content", content);
                node_set(metric, "products", products);
                node_append(convert_metrics_of(c, vulnerability), metric);
                if (before)
                    before->next = note->next;
                else
                    notes->in.first = note->next;
                if (notes->in.last == note)
                    notes->in.last = before;
                done = true;
                continue;
            }
            convert_tell_value(c, CSAF_CONVERT_WARNING, "ssvc", note, node_text(text),
                               "the automatic conversion of the SSVC data failed, the note stays: "
                               "%s",
                               why);
        }
        before = note;
    }
    if (notes && node_empty(notes))
        (void)node_take(vulnerability, "notes");
}
