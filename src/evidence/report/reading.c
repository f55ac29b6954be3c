/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of records as people read it. */
#include "base/file.h"
#include "evidence/bundle/manifest.h"
#include "evidence/report/reporting.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MOST = 64 << 20, DEPTH = 4, ITEMS = 500 };

void reporting_close(struct reporting_file *file)
{
    json_doc_free(file->doc);
    buf_fini(&file->text);
    *file = (struct reporting_file){0};
}

int reporting_parse(const char *folder, const char *name, struct reporting_file *file,
                    struct err *e)
{
    char path[4400];
    *file = (struct reporting_file){0};
    buf_init(&file->text);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_kind(path) != 1)
        return 0;
    if (evidence_file_read(folder, name, FILE_MOST, &file->text, e) != 0 ||
        json_parse(&file->doc, buf_slice(&file->text), NULL, e) != 0) {
        reporting_close(file);
        return err_context(e, "%s", path);
    }
    file->root = json_root(file->doc);
    return 0;
}

void reporting_broken(struct reporting *r, const char *format, ...)
{
    char text[900];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    paper_say(r->paper, PAPER_BAD, "%s", text);
    r->told->unsound++;
}

int reporting_read(struct reporting *r, const char *folder, const char *name,
                   struct reporting_file *file, struct err *e)
{
    struct err why = {0};
    if (reporting_parse(folder, name, file, &why) == 0)
        return 0;
    if (why.kind == ERR_MEMORY) {
        *e = why;
        return -1;
    }
    file->broken = true;
    reporting_broken(r, "%s cannot be read, and nothing that it says is told here: %s%s%s", name,
                     why.text, why.where[0] ? ", " : "", why.where);
    return 0;
}

static struct slice keep(struct reporting *r, const char *text)
{
    const char *copy = arena_strdup(&r->arena, text);
    if (!copy)
        r->paper->failed = true;
    return slice_str(copy);
}

struct slice reporting_time(struct reporting *r, struct slice time)
{
    char text[TIME_TEXT + 8];
    struct err none = {0};
    int64_t at;
    if (time_parse(time, &at, &none) != 0)
        return time;
    time_format(at, text);
    text[10] = ' ';
    snprintf(text + 19, sizeof text - 19, " UTC");
    return keep(r, text);
}

struct slice reporting_bytes(struct reporting *r, int64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    char digits[32], grouped[48], text[96];
    int len = snprintf(digits, sizeof digits, "%" PRId64, bytes);
    size_t n = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            grouped[n++] = ',';
        grouped[n++] = digits[i];
    }
    grouped[n] = 0;
    double value = (double)bytes / 1024;
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < ARRAY_LEN(units); unit++)
        value /= 1024;
    if (bytes < 1024)
        snprintf(text, sizeof text, "%s bytes", grouped);
    else
        snprintf(text, sizeof text, "%s bytes (%.1f %s)", grouped, value, units[unit]);
    return keep(r, text);
}

static struct slice words(struct reporting *r, const struct json_value *v)
{
    struct buf text;
    struct slice s = {0};
    switch (json_type(v)) {
    case JSON_STRING: return json_string(v);
    case JSON_NUMBER: return json_number(v);
    case JSON_TRUE: return slice_str("yes");
    case JSON_FALSE: return slice_str("no");
    case JSON_ARRAY: /* of plain values, one behind the other */
        buf_init(&text);
        json_each(item, v)
        {
            struct slice one = json_is(item, JSON_ARRAY) ? slice_of(NULL, 0) : words(r, item);
            if (one.len && text.len)
                buf_puts(&text, ", ");
            buf_put_slice(&text, one);
        }
        s = keep(r, buf_text(&text));
        r->paper->failed = r->paper->failed || text.failed;
        buf_fini(&text);
        return s;
    case JSON_OBJECT: /* in an array: its values */
        buf_init(&text);
        json_each(item, v)
        {
            struct slice one = json_count(item) ? slice_of(NULL, 0) : words(r, item);
            if (one.len && text.len)
                buf_puts(&text, ", ");
            buf_put_slice(&text, one);
        }
        s = keep(r, buf_text(&text));
        r->paper->failed = r->paper->failed || text.failed;
        buf_fini(&text);
        return s;
    default: return s;
    }
}

struct slice reporting_text(struct reporting *r, const struct json_value *root, const char *path)
{
    while (root && *path) {
        size_t len = strcspn(path, ".");
        root = json_get_slice(root, slice_of(path, len));
        path += len + (path[len] == '.');
    }
    return root ? words(r, root) : slice_of(NULL, 0);
}

static bool is_time(struct slice s)
{
    struct err none = {0};
    int64_t at;
    return s.len >= 20 && s.len < TIME_TEXT && time_parse(s, &at, &none) == 0;
}

static bool is_hash(struct slice s)
{
    return (s.len == 71 && memcmp(s.data, "sha256:", 7) == 0) ||
           (s.len == 64 && strspn((const char *)s.data, "0123456789abcdef") >= 64);
}

void reporting_facts(struct reporting *r, const struct json_value *object, const char *before,
                     unsigned depth)
{
    json_each(member, object)
    {
        char name[120];
        snprintf(name, sizeof name, "%s%s%.*s", before, before[0] ? ", " : "",
                 SLICE_ARG(json_name(member)));
        for (char *c = name; *c; c++)
            if (*c == '_')
                *c = ' ';
        if (!before[0] && name[0] >= 'a' && name[0] <= 'z')
            name[0] = (char)(name[0] - 'a' + 'A');
        if (slice_is(json_name(member), "format"))
            continue;
        struct slice text = json_is(member, JSON_OBJECT) ? slice_of(NULL, 0) : words(r, member);
        if (json_is(member, JSON_OBJECT) && depth < DEPTH)
            reporting_facts(r, member, name, depth + 1);
        else if (json_is(member, JSON_STRING) && is_hash(text))
            paper_fact_code(r->paper, name, text);
        else
            paper_fact(r->paper, name, is_time(text) ? reporting_time(r, text) : text);
    }
}

static bool is_told_elsewhere(struct slice name)
{
    static const char *const names[] = {
        "format", "exhibit", "description", "examiner", "place",   "reason", "authority", "started",
        "ended",  "tool",    "source",      "image",    "reading", "checks", "capture"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_is(name, names[i]))
            return true;
    return false;
}

static void list(struct reporting *r, const struct json_value *array)
{
    size_t shown = 0;
    json_each(item, array)
    {
        struct buf line;
        if (shown++ == ITEMS)
            break;
        buf_init(&line);
        if (!json_is(item, JSON_OBJECT))
            buf_put_slice(&line, words(r, item));
        json_each(member, item)
        {
            struct slice text = words(r, member);
            if (text.len)
                buf_printf(&line, "%s%.*s: %.*s", line.len ? "; " : "",
                           SLICE_ARG(json_name(member)), SLICE_ARG(text));
        }
        r->paper->failed = r->paper->failed || line.failed;
        paper_add(r->paper, PAPER_ITEM, buf_slice(&line));
        buf_fini(&line);
    }
    if (json_count(array) > ITEMS)
        paper_say(r->paper, PAPER_DOUBT,
                  "Only the first %d of %zu are listed here; acquisition.json lists all.", ITEMS,
                  json_count(array));
}

void reporting_rest(struct reporting *r, const struct json_value *acquisition)
{
    json_each(member, acquisition)
    {
        bool many = json_is(member, JSON_OBJECT) || json_is(member, JSON_ARRAY);
        char name[80];
        if (is_told_elsewhere(json_name(member)) || (many && json_count(member) == 0))
            continue;
        snprintf(name, sizeof name, "%.*s", SLICE_ARG(json_name(member)));
        for (char *c = name; *c; c++)
            *c = *c == '_' ? ' ' : *c;
        if (name[0] >= 'a' && name[0] <= 'z')
            name[0] = (char)(name[0] - 'a' + 'A');
        if (many)
            paper_say(r->paper, PAPER_SUBHEADING, "%s", name);
        if (json_is(member, JSON_OBJECT))
            reporting_facts(r, member, "", 1);
        else if (json_is(member, JSON_ARRAY))
            list(r, member);
        else
            paper_fact(r->paper, name, words(r, member));
    }
}
