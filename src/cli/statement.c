/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/statement.h"
#include "base/output.h"
#include "cli/list.h"
#include "cli/say.h"

static const struct {
    const char *status, *words;
} statuses[] = {
    {"affected", "affected"},
    {"unknown", "unknown"},
    {"under_investigation", "under investigation"},
    {"fixed", "fixed"},
    {"not_affected", "not affected"},
    {"not_listed", "not listed: the advisory says nothing about it"},
};

struct slice statement_words(struct slice status)
{
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        if (slice_is(status, statuses[i].status))
            return slice_str(statuses[i].words);
    return status;
}

struct slice statements_status(const struct json_value *statements)
{
    size_t worst = ARRAY_LEN(statuses) - 1;

    json_each(statement, statements)
    {
        for (size_t i = 0; i < worst; i++)
            if (slice_is(json_get_string(statement, "status"), statuses[i].status))
                worst = i;
    }
    return slice_str(statuses[worst].status);
}

static void indented(unsigned indent, const char *text)
{
    printf("%*s%s", (int)indent, "", text);
}

/* "label: "value", more" of a reason, when there is a value. */
static void say_value(unsigned indent, const char *label, const struct json_value *reason,
                      const char *name, const char *place)
{
    struct slice value = json_get_string(reason, name);
    struct slice at = json_get_string(reason, place);
    struct buf text;
    int64_t line = 0;

    if (value.len == 0)
        return;
    buf_init(&text);
    buf_printf(&text, "%s \"%.*s\"", label, SLICE_ARG(value));
    if (at.len) {
        buf_printf(&text, " at %.*s", SLICE_ARG(at));
        if (json_int64(json_get(reason, "line"), &line) && strcmp(place, "pointer") == 0)
            buf_printf(&text, " (line %lld)", (long long)line);
    }
    say_wrapped(stdout, output_slice(stdout, &text), indent);
    buf_fini(&text);
}

static void say_reason(const struct json_value *reason, unsigned number, unsigned indent)
{
    struct slice clause = json_get_string(reason, "clause");
    int64_t confidence = 0;
    struct buf text;

    buf_init(&text);
    buf_printf(&text, "%u. ", number);
    if (json_is(reason, JSON_STRING))
        buf_put_slice(&text, json_string(reason));
    else
        buf_put_slice(&text, json_get_string(reason, "text"));
    say_wrapped(stdout, output_slice(stdout, &text), indent);
    if (json_get_string(reason, "rule").len) {
        indented(indent + 3, "rule ");
        say_text(stdout, json_get_string(reason, "rule"));
        if (json_int64(json_get(reason, "confidence"), &confidence) && confidence != 0)
            printf(", confidence %+lld", (long long)confidence);
        if (clause.len) {
            fputs("; ", stdout);
            say_text(stdout, clause);
        }
        fputc('\n', stdout);
    }
    say_value(indent + 3, "the advisory says", reason, "advisory", "pointer");
    say_value(indent + 3, "the inventory says", reason, "inventory", "component");
    say_value(indent + 3, "both read as", reason, "normal", "");
    buf_fini(&text);
}

static void say_remedy(const struct json_value *remedy, unsigned indent)
{
    struct buf text;

    buf_init(&text);
    buf_put_slice(&text, json_get_string(remedy, "category"));
    buf_puts(&text, ": ");
    buf_put_slice(&text, json_get_string(remedy, "details"));
    if (json_get_string(remedy, "url").len) {
        buf_puts(&text, " <");
        buf_put_slice(&text, json_get_string(remedy, "url"));
        buf_putc(&text, '>');
    }
    say_wrapped(stdout, output_slice(stdout, &text), indent);
    buf_fini(&text);
}

static void say_list(unsigned indent, const char *label, const struct json_value *array)
{
    struct buf text;

    if (json_count(array) == 0)
        return;
    buf_init(&text);
    buf_puts(&text, label);
    buf_putc(&text, ' ');
    list_put_value(&text, array);
    say_wrapped(stdout, output_slice(stdout, &text), indent);
    buf_fini(&text);
}

void statement_say(const struct json_value *statement, unsigned indent,
                   enum statement_detail detail)
{
    struct slice vulnerability = json_get_string(statement, "vulnerability");
    struct slice status = json_get_string(statement, "status");
    struct slice decide = json_get_string(statement, "decide");
    int64_t confidence = 0;
    unsigned number = 0;
    struct buf text;

    indented(indent, "");
    say_text(stdout, vulnerability.len ? vulnerability : slice_str("(no identifier)"));
    fputs(": ", stdout);
    say_styled(stdout, say_style_of(status), statement_words(status));
    if (json_int64(json_get(statement, "confidence"), &confidence))
        printf(", confidence %lld of 100", (long long)confidence);
    fputc('\n', stdout);
    if (decide.len) {
        buf_init(&text);
        buf_puts(&text, "what would decide it: ");
        buf_put_slice(&text, decide);
        say_wrapped(stdout, output_slice(stdout, &text), indent + 2);
        buf_fini(&text);
    }
    if (detail == STATEMENT_BRIEF)
        return;
    say_list(indent + 2, "only serial numbers", json_get(statement, "serials"));
    say_list(indent + 2, "by product", json_get(statement, "products"));
    json_each(reason, json_get(statement, "reasons")) say_reason(reason, ++number, indent + 2);
    if (json_count(json_get(statement, "remediations")) > 0) {
        indented(indent + 2, "what to do\n");
        json_each(remedy, json_get(statement, "remediations")) say_remedy(remedy, indent + 4);
    }
}

static bool says_the_same(const struct json_value *a, const struct json_value *b)
{
    static const char *const texts[] = {"status", "decide"};
    int64_t x = -1;
    int64_t y = -1;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (!slice_equal(json_get_string(a, texts[i]), json_get_string(b, texts[i])))
            return false;
    (void)json_int64(json_get(a, "confidence"), &x);
    (void)json_int64(json_get(b, "confidence"), &y);
    return x == y;
}

static void say_names(const struct buf *names, const struct json_value *statement, unsigned indent)
{
    struct slice status = statement_words(json_get_string(statement, "status"));
    struct slice decide = json_get_string(statement, "decide");
    int64_t confidence = 0;
    struct buf text;

    buf_init(&text);
    buf_put_slice(&text, output_slice(stdout, names));
    buf_printf(&text, ": %.*s", SLICE_ARG(status));
    if (json_int64(json_get(statement, "confidence"), &confidence))
        buf_printf(&text, ", confidence %lld of 100", (long long)confidence);
    say_wrapped(stdout, output_slice(stdout, &text), indent);
    buf_reset(&text);
    buf_puts(&text, "what would decide it: ");
    buf_put_slice(&text, decide);
    if (decide.len)
        say_wrapped(stdout, output_slice(stdout, &text), indent + 2);
    buf_fini(&text);
}

void statements_say_brief(const struct json_value *statements, unsigned indent)
{
    const struct json_value *first = NULL;
    struct buf names;

    buf_init(&names);
    json_each(statement, statements)
    {
        struct slice name = json_get_string(statement, "vulnerability");
        if (first && !says_the_same(first, statement)) {
            say_names(&names, first, indent);
            buf_reset(&names);
            first = NULL;
        }
        buf_puts(&names, first ? ", " : "");
        buf_put_slice(&names, name.len ? name : slice_str("(no identifier)"));
        first = first ? first : statement;
    }
    if (first)
        say_names(&names, first, indent);
    buf_fini(&names);
}
