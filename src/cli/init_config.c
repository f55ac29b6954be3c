/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/init_config.h"
#include "base/memory.h"
#include "centre/config.h"
#include "centre/config_text.h"

#include <string.h>

struct setting {
    struct slice section; /* "door-public" */
    struct slice key;
    struct slice value;
    bool used;
};

static int parse(const char *text, struct setting *setting, struct err *e)
{
    const char *equals = strchr(text, '=');
    const char *dot = strchr(text, '.');

    if (!equals || !dot || dot > equals || dot == text || equals == dot + 1) {
        err_set(e, ERR_USAGE, "cli.setting", NULL, "'%s' is no setting", text);
        return err_hint(e, "--set SECTION.KEY=VALUE, as in --set door-public.url=http://…");
    }
    *setting = (struct setting){.section = slice_of(text, (size_t)(dot - text)),
                                .key = slice_of(dot + 1, (size_t)(equals - dot - 1)),
                                .value = slice_str(equals + 1)};
    return 0;
}

/* "door public" and "door-public" are the same section. */
static bool same_section(struct slice line, struct slice asked)
{
    if (line.len != asked.len)
        return false;
    for (size_t i = 0; i < line.len; i++)
        if (line.data[i] != asked.data[i] && !(line.data[i] == ' ' && asked.data[i] == '-'))
            return false;
    return true;
}

static void put_value(struct buf *out, struct slice value, bool list)
{
    if (!list) {
        config_text_put(out, value);
        return;
    }
    buf_putc(out, '[');
    for (size_t at = 0; at < value.len;) {
        if (value.data[at] == ' ') {
            at++;
            continue;
        }
        const uint8_t *comma = memchr(value.data + at, ',', value.len - at);
        size_t end = comma ? (size_t)(comma - value.data) : value.len;
        config_text_put(out, slice_of(value.data + at, end - at));
        if (comma)
            buf_puts(out, ", ");
        at = end + 1;
    }
    buf_putc(out, ']');
}

/* One line of the defaults: a section's beginning, a key with its value, or anything else. */
static void put_line(struct buf *out, struct slice line, struct slice *section,
                     struct setting *settings, size_t count)
{
    if (line.len > 2 && line.data[0] != ' ' && line.data[0] != '#' &&
        line.data[line.len - 1] == '{')
        *section = slice_of(line.data, line.len - 2);
    const uint8_t *equals = line.len > 5 && line.data[4] != '#' && line.data[4] != ' '
                                ? memmem(line.data, line.len, " = ", 3)
                                : NULL;
    for (size_t i = 0; equals && i < count; i++) {
        struct slice key = slice_of(line.data + 4, (size_t)(equals - line.data) - 4);
        if (!same_section(*section, settings[i].section) || !slice_equal(key, settings[i].key))
            continue;
        buf_printf(out, "    %.*s = ", SLICE_ARG(key));
        put_value(out, settings[i].value, equals[3] == '[');
        buf_putc(out, '\n');
        settings[i].used = true;
        return;
    }
    buf_put_slice(out, line);
    buf_putc(out, '\n');
}

int init_config_write(const char *const *texts, size_t count, struct buf *out, struct err *e)
{
    struct setting *settings = mem_new(count + 1, sizeof(*settings));
    struct slice section = {0};
    struct buf defaults;
    int result = -1;

    buf_init(&defaults);
    if (!settings) {
        err_memory(e);
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        if (parse(texts[i], &settings[i], e) != 0)
            goto out;
    config_put(&defaults, NULL, true);
    if (buf_check(&defaults, e) != 0)
        goto out;
    for (size_t at = 0; at < defaults.len;) {
        const uint8_t *end = memchr(defaults.data + at, '\n', defaults.len - at);
        size_t len = end ? (size_t)(end - defaults.data) - at : defaults.len - at;
        put_line(out, slice_of(defaults.data + at, len), &section, settings, count);
        at += len + 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (settings[i].used)
            continue;
        err_set(e, ERR_USAGE, "cli.setting", NULL, "there is no key %.*s.%.*s",
                SLICE_ARG(settings[i].section), SLICE_ARG(settings[i].key));
        err_hint(e, "tocsin config show --default lists them all");
        goto out;
    }
    result = buf_check(out, e);
out:
    mem_free(settings);
    buf_fini(&defaults);
    return result;
}
