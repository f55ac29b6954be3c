/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config.h"
#include "agent/home.h"
#include "base/file.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum key_type { TEXT, PATH, INTEGER, SWITCH };

/* One table for the defaults, the reader and the file that explains itself. */
static const struct key {
    const char *name;
    enum key_type type;
    size_t offset;
    size_t size; /* of a text */
    int64_t least, most;
    const char *text; /* default of texts */
    int64_t number;   /* default of the others */
    const char *comment;
} keys[] = {
#define AT(member) offsetof(struct agent_config, member), sizeof(((struct agent_config *)0)->member)
    {"centre", TEXT, AT(centre), 0, 0, "", 0,
     "Base URL of the centre's device door. Empty: the one that the trust statement names."},
    {"server-name", TEXT, AT(server_name), 0, 0, "", 0,
     "Name that the centre's certificate must bear. Empty: the host of the URL."},
    {"nameplate", PATH, AT(nameplate), 0, 0, "", 0,
     "What this device is: a JSON file (tocsin-nameplate/v1). Its values win over the others'."},
    {"cyclonedx", PATH, AT(cyclonedx), 0, 0, "", 0, "A bill of materials, CycloneDX 1.4 to 1.6."},
    {"spdx", PATH, AT(spdx), 0, 0, "", 0, "A bill of materials, SPDX 2.3 JSON."},
    {"dpkg", PATH, AT(dpkg), 0, 0, "", 0,
     "dpkg's list of packages: /var/lib/dpkg/status on Debian."},
    {"os-release", PATH, AT(os_release), 0, 0, "/etc/os-release", 0,
     "Says which distribution dpkg's packages belong to."},
    {"dmi", PATH, AT(dmi), 0, 0, "", 0,
     "Where the kernel shows what the firmware says of the machine: /sys/class/dmi/id."},
    {"inventory-interval", INTEGER, AT(inventory_interval_s), 10, 30 * 86400, NULL, 3600,
     "Seconds between two looks at these files; the inventory is sent when it changed."},
    {"hook", PATH, AT(hook), 0, 0, "", 0,
     "Program that is given each notice (tocsin-agent(8), HOOK). Empty: none."},
    {"hook-timeout", INTEGER, AT(hook_timeout_s), 1, 86400, NULL, 60,
     "Seconds after which a hook and all its children are killed."},
    {"hooks-at-once", INTEGER, AT(hooks_at_once), 1, CONFIG_HOOKS_MAX, NULL, 4,
     "How many hooks may run at the same time. 1: strictly in order, one waits for the other."},
    {"hook-document", SWITCH, AT(hook_document), 0, 1, NULL, 0,
     "Whether the advisory itself is fetched and checked before the hook runs."},
    {"alarm-hook", PATH, AT(alarm_hook), 0, 0, "", 0,
     "Program that is started when the journal contradicts itself (tocsin-agent(8), JOURNAL)."},
    {"retry-least", INTEGER, AT(retry_least_ms), 10, 3600 * 1000, NULL, 1000,
     "Milliseconds to wait at least before a lost connection is tried again."},
    {"retry-most", INTEGER, AT(retry_most_ms), 10, 86400 * 1000, NULL, 300 * 1000,
     "And at most; the wait is drawn between the two and doubles its ceiling with each failure."},
    {"request-timeout", INTEGER, AT(request_timeout_s), 1, 3600, NULL, 30,
     "Seconds from a request's first byte to its answer's last; advisories have ten minutes."},
    {"stream-dead", INTEGER, AT(stream_dead_s), 1, 3600, NULL, 60,
     "Seconds without a sign of life (the centre sends one every 15) that mean a dead connection."},
    {"receipt-delay", INTEGER, AT(receipt_delay_ms), 0, 60000, NULL, 200,
     "Milliseconds to wait for further notices before one receipt is signed for all of them."},
    {"notices-kept", INTEGER, AT(notices_kept), 1, 50000, NULL, 1000,
     "How many of the newest notices are kept in HOME/notices."},
    {"renew-percent", INTEGER, AT(renew_percent), 1, 99, NULL, 66,
     "Share of the certificate's life after which a new one is asked for."},
    {"log", TEXT, AT(log), 0, 0, "info", 0,
     "Least level of log lines: debug, info, warning, error."},
#undef AT
};

static void *member(const struct agent_config *c, const struct key *key)
{
    return (char *)(uintptr_t)c + key->offset;
}

void agent_config_init(struct agent_config *c)
{
    memset(c, 0, sizeof(*c));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (keys[i].type == SWITCH)
            *(bool *)member(c, &keys[i]) = keys[i].number != 0;
        else if (keys[i].type == INTEGER)
            *(int64_t *)member(c, &keys[i]) = keys[i].number;
        else
            snprintf(member(c, &keys[i]), keys[i].size, "%s", keys[i].text);
    }
}

static struct slice trim(struct slice s)
{
    while (s.len && (s.data[0] == ' ' || s.data[0] == '\t'))
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len && strchr(" \t\r", s.data[s.len - 1]))
        s.len--;
    return s;
}

static int set_integer(struct agent_config *c, const struct key *key, struct slice value,
                       struct err *e)
{
    int64_t number = 0;
    bool good = value.len > 0 && value.len < 16;

    for (size_t i = 0; good && i < value.len; i++) {
        good = value.data[i] >= '0' && value.data[i] <= '9';
        number = number * 10 + (value.data[i] - '0');
    }
    if (!good || number < key->least || number > key->most)
        return err_set(e, ERR_USAGE, "agent.config", NULL,
                       "%s must be a whole number from %lld to %lld, not \"%.*s\"", key->name,
                       (long long)key->least, (long long)key->most, SLICE_ARG(value));
    *(int64_t *)member(c, key) = number;
    return 0;
}

static int set_text(struct agent_config *c, const struct key *key, struct slice value,
                    struct err *e)
{
    char *text = member(c, key);

    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] < ' ' || value.data[i] == 0x7f)
            return err_set(e, ERR_USAGE, "agent.config", NULL, "%s holds a control character",
                           key->name);
    if (value.len >= key->size)
        return err_set(e, ERR_USAGE, "agent.config", NULL, "%s is longer than %zu bytes", key->name,
                       key->size - 1);
    if (key->type == PATH && value.len > 0 && value.data[0] != '/')
        return err_set(e, ERR_USAGE, "agent.config", NULL,
                       "%s must be an absolute path, not \"%.*s\"", key->name, SLICE_ARG(value));
    memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    return 0;
}

static int set(struct agent_config *c, struct slice name, struct slice value, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const struct key *key = &keys[i];
        if (!slice_is(name, key->name))
            continue;
        if (key->type == INTEGER)
            return set_integer(c, key, value, e);
        if (key->type != SWITCH)
            return set_text(c, key, value, e);
        if (!slice_is(value, "yes") && !slice_is(value, "no"))
            return err_set(e, ERR_USAGE, "agent.config", NULL, "%s must be yes or no, not \"%.*s\"",
                           key->name, SLICE_ARG(value));
        *(bool *)member(c, key) = slice_is(value, "yes");
        return 0;
    }
    err_set(e, ERR_USAGE, "agent.config", NULL, "there is no key \"%.*s\"", SLICE_ARG(name));
    return err_hint(e, "tocsin-agent config prints every key with its meaning");
}

static int read_line(struct agent_config *c, struct slice line, struct err *e)
{
    line = trim(line);
    if (line.len == 0 || line.data[0] == '#')
        return 0;
    const uint8_t *equals = memchr(line.data, '=', line.len);
    if (!equals)
        return err_set(e, ERR_USAGE, "agent.config", NULL, "expected \"key = value\", not \"%.*s\"",
                       (int)(line.len < 60 ? line.len : 60), (const char *)line.data);
    size_t at = (size_t)(equals - line.data);
    return set(c, trim(slice_of(line.data, at)),
               trim(slice_of(line.data + at + 1, line.len - at - 1)), e);
}

static int check(const struct agent_config *c, struct err *e)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};

    if (c->retry_most_ms < c->retry_least_ms)
        return err_set(e, ERR_USAGE, "agent.config", NULL,
                       "retry-most (%lld) is less than retry-least (%lld)",
                       (long long)c->retry_most_ms, (long long)c->retry_least_ms);
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (strcmp(c->log, levels[i]) == 0)
            return 0;
    return err_set(e, ERR_USAGE, "agent.config", NULL, "log is no level: \"%s\"", c->log);
}

int agent_config_read(struct agent_config *c, struct slice text, struct err *e)
{
    size_t line = 1;

    while (text.len) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        if (read_line(c, slice_of(text.data, len), e) != 0)
            return err_where(e, "line %zu", line);
        size_t taken = end ? len + 1 : len;
        text = slice_of(text.data + taken, text.len - taken);
        line++;
    }
    return check(c, e);
}

int agent_config_load(struct agent_config *c, const char *home, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    int result = -1;

    agent_config_init(c);
    if (home_path(home, "agent.conf", path, e) != 0)
        return -1;
    if (file_kind(path) == 0)
        return 0;
    buf_init(&text);
    if (file_read(path, CONFIG_FILE_MAX, &text, e) == 0) {
        result = agent_config_read(c, buf_slice(&text), e);
        if (result != 0)
            err_context(e, "%s", path);
    }
    buf_fini(&text);
    return result;
}

static void write_value(const struct agent_config *c, const struct key *key, struct buf *out)
{
    if (key->type == SWITCH)
        buf_printf(out, "%s = %s\n", key->name, *(bool *)member(c, key) ? "yes" : "no");
    else if (key->type == INTEGER)
        buf_printf(out, "%s = %lld\n", key->name, (long long)*(int64_t *)member(c, key));
    else
        buf_printf(out, "%s = %s\n", key->name, (const char *)member(c, key));
}

void agent_config_write(const struct agent_config *c, struct buf *out)
{
    struct agent_config defaults;

    agent_config_init(&defaults);
    buf_puts(out,
             "# Configuration of tocsin-agent. A line that begins with \"#\" shows a default.\n");
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const struct key *key = &keys[i];
        bool same;
        if (key->type == SWITCH)
            same = *(bool *)member(c, key) == *(bool *)member(&defaults, key);
        else if (key->type == INTEGER)
            same = *(int64_t *)member(c, key) == *(int64_t *)member(&defaults, key);
        else
            same = strcmp(member(c, key), member(&defaults, key)) == 0;
        buf_printf(out, "\n# %s\n%s", key->comment, same ? "#" : "");
        write_value(c, key, out);
    }
}
