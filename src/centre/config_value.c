/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/config_internal.h"
#include "centre/mail.h"
#include "crypto/note.h"

#include <arpa/inet.h>
#include <stdio.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {
    {"d", 86400000000}, {"h", 3600000000}, {"m", 60000000}, {"ms", 1000}, {"s", 1000000},
};
static const struct unit sizes[] = {
    {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1},
};
static const struct unit plain[] = {{"", 1}};

static const struct unit *units_of(enum config_type type, size_t *count)
{
    switch (type) {
    case CONFIG_DURATION: *count = ARRAY_LEN(durations); return durations;
    case CONFIG_SIZE: *count = ARRAY_LEN(sizes); return sizes;
    default: *count = ARRAY_LEN(plain); return plain;
    }
}

int config_number_parse(enum config_type type, struct slice text, int64_t *number)
{
    size_t count, digits = 0;
    const struct unit *units = units_of(type, &count);
    int64_t value = 0;

    for (; digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9'; digits++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text.data[digits] - '0', &value))
            return -1;
    }
    if (digits == 0)
        return -1;
    struct slice rest = slice_of(text.data + digits, text.len - digits);
    for (size_t i = 0; i < count; i++)
        if (slice_is(rest, units[i].name))
            return __builtin_mul_overflow(value, units[i].factor, number) ? -1 : 0;
    return -1;
}

static void put_number(struct buf *b, enum config_type type, int64_t value)
{
    size_t count;
    const struct unit *units = units_of(type, &count), *best = &units[count - 1];

    for (size_t i = 0; i < count; i++)
        if (value % units[i].factor == 0 && (value != 0 || units[i].factor == 1000000) &&
            (best->factor < units[i].factor || value % best->factor != 0))
            best = &units[i];
    buf_printf(b, "%lld%s", (long long)(value / best->factor), best->name);
}

int config_network_parse(struct slice text, struct config_network *network)
{
    char address[64];
    int64_t bits = -1;
    const uint8_t *slash = text.len ? memchr(text.data, '/', text.len) : NULL;
    size_t len = slash ? (size_t)(slash - text.data) : text.len;
    unsigned most = 128, skip = 0;

    if (len >= sizeof(address) || len == 0)
        return -1;
    memcpy(address, text.data, len);
    address[len] = '\0';
    if (slash &&
        config_number_parse(CONFIG_INT, slice_of(slash + 1, text.len - len - 1), &bits) != 0)
        return -1;
    memset(network, 0, sizeof(*network));
    if (inet_pton(AF_INET, address, network->address + 12) == 1) {
        network->address[10] = network->address[11] = 0xff;
        most = 32;
        skip = 96;
    } else if (inet_pton(AF_INET6, address, network->address) != 1) {
        return -1;
    }
    if (bits > most)
        return -1;
    network->bits = skip + (slash ? (unsigned)bits : most);
    /* "10.1.2.3/8" is more likely a slip than a wish: the bits behind the network must be zero. */
    for (unsigned bit = network->bits; bit < 128; bit++)
        if (network->address[bit / 8] & (0x80U >> bit % 8))
            return -1;
    return 0;
}

/* host:port, [v6]:port, unix:PATH */
static bool is_address(struct slice text)
{
    const uint8_t *colon = text.len ? memrchr(text.data, ':', text.len) : NULL;
    int64_t port;

    if (text.len > 5 && memcmp(text.data, "unix:", 5) == 0)
        return true;
    if (!colon || colon == text.data)
        return false;
    struct slice host = slice_of(text.data, (size_t)(colon - text.data));
    struct slice digits = slice_of(colon + 1, text.len - host.len - 1);
    if (config_number_parse(CONFIG_INT, digits, &port) != 0 || port > 65535)
        return false;
    bool bracketed = host.data[0] == '[' && host.data[host.len - 1] == ']';
    return bracketed || !memchr(host.data, ':', host.len);
}

static bool is_url(struct slice text)
{
    struct slice rest = text;

    if (text.len > 8 && memcmp(text.data, "https://", 8) == 0)
        rest = slice_of(text.data + 8, text.len - 8);
    else if (text.len > 7 && memcmp(text.data, "http://", 7) == 0)
        rest = slice_of(text.data + 7, text.len - 7);
    else
        return false;
    for (size_t i = 0; i < rest.len; i++)
        if (rest.data[i] <= ' ' || rest.data[i] >= 0x7f || strchr("?#\"<>\\^`{|}", rest.data[i]))
            return false;
    return rest.data[0] != '/' && rest.data[0] != ':';
}

static bool is_mailbox(struct slice text)
{
    char copy[CONFIG_VALUE_MAX + 1];
    struct slice name, address;
    struct err ignored = {0};

    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return mail_address_split(copy, &name, &address, &ignored) == 0;
}

static bool is_vkey(struct slice text)
{
    struct note_key key;
    struct err ignored = {0};

    return note_key_parse(&key, text, &ignored) == 0;
}

void config_type_put(struct buf *b, const struct config_key *key)
{
    static const char *const looks[] = {
        [CONFIG_TEXT] = "a text",
        [CONFIG_PATH] = "a path",
        [CONFIG_URL] = "a URL, http:// or https://",
        [CONFIG_MAILBOX] = "a mail address, or \"Name <address>\"",
        [CONFIG_VKEY] = "a verifier key, NAME+HASH+BASE64",
        [CONFIG_ADDRESSES] = "a list of addresses, host:port or [v6]:port",
        [CONFIG_NETWORKS] = "a list of networks, such as 10.0.0.0/8",
        [CONFIG_INT] = "a whole number",
        [CONFIG_BOOL] = "yes or no",
        [CONFIG_DURATION] = "a time, such as 500ms, 30s, 5m, 12h or 7d",
        [CONFIG_SIZE] = "a size, such as 4096B, 64KiB, 4MiB or 1GiB",
        [CONFIG_CHOICE] = "one of",
    };

    buf_puts(b, looks[key->type]);
    if (key->type == CONFIG_CHOICE) {
        buf_putc(b, ' ');
        for (const char *c = key->least; *c; c++)
            *c == '|' ? buf_puts(b, ", ") : buf_putc(b, *c);
    } else if (*key->most) {
        buf_printf(b, ", from %s to %s", key->least, key->most);
    } else if (strcmp(key->least, "1") == 0) {
        buf_puts(b, ", not empty");
    }
}

static int refuse(const struct config_key *key, const char *code, struct slice found, struct err *e)
{
    struct buf b;
    char name[CONFIG_NAME_TEXT];

    buf_init(&b);
    config_type_put(&b, key);
    config_key_name(key->key, name);
    err_set(e, ERR_INPUT, code, NULL, "%s must be %s, not \"%.*s\"", name, buf_text(&b),
            (int)(found.len > 100 ? 100 : found.len), (const char *)found.data);
    buf_fini(&b);
    return -1;
}

static int read_number(const struct config_key *key, struct slice text, int64_t *out, struct err *e)
{
    int64_t least, most;

    if (config_number_parse(key->type, text, out) != 0)
        return refuse(key, "config.type", text, e);
    if (config_number_parse(key->type, slice_str(key->least), &least) != 0 ||
        config_number_parse(key->type, slice_str(key->most), &most) != 0)
        return err_set(e, ERR_INTERNAL, "config.table", NULL, "the range of %s is wrong", key->key);
    if (*out < least || *out > most)
        return refuse(key, "config.range", text, e);
    return 0;
}

static int read_choice(const struct config_key *key, struct slice text, int *out, struct err *e)
{
    const char *at = key->least;

    for (int index = 0; *at; index++) {
        size_t len = strcspn(at, "|");
        if (slice_equal(text, slice_of(at, len))) {
            *out = index;
            return 0;
        }
        at += len + (at[len] == '|');
    }
    return refuse(key, "config.type", text, e);
}

static int read_text(struct arena *a, const char *home, const struct config_key *key,
                     struct slice text, const char **out, struct err *e)
{
    if (text.len == 0 && strcmp(key->least, "1") == 0)
        return refuse(key, "config.range", text, e);
    if (key->type == CONFIG_URL) {
        if (text.len && !is_url(text))
            return refuse(key, "config.type", text, e);
        while (text.len && text.data[text.len - 1] == '/')
            text.len--;
    }
    if (key->type == CONFIG_MAILBOX && text.len && !is_mailbox(text))
        return refuse(key, "config.type", text, e);
    if (key->type == CONFIG_VKEY && !is_vkey(text))
        return refuse(key, "config.type", text, e);
    if (key->type == CONFIG_PATH && text.len && text.data[0] != '/')
        *out = arena_printf(a, "%s/%.*s", home, SLICE_ARG(text));
    else
        *out = arena_copy(a, text.data, text.len);
    return *out ? 0 : err_memory(e);
}

static int read_list(struct arena *a, const struct config_key *key,
                     const struct config_value *values, size_t count, struct config_list *out,
                     struct config_place *place, struct err *e)
{
    const char **items = arena_new(a, count + 1, sizeof(*items));
    size_t at = 0;

    if (!items)
        return err_memory(e);
    for (const struct config_value *v = values; v; v = v->next) {
        *place = v->place;
        if (v->text.len == 0 || (key->type == CONFIG_ADDRESSES && !is_address(v->text)))
            return refuse(key, "config.type", v->text, e);
        items[at] = arena_copy(a, v->text.data, v->text.len);
        if (!items[at++])
            return err_memory(e);
    }
    *out = (struct config_list){.items = items, .count = count};
    return 0;
}

static int read_networks(struct arena *a, const struct config_key *key,
                         const struct config_value *values, size_t count,
                         struct config_networks *out, struct config_place *place, struct err *e)
{
    struct config_network *items = arena_new(a, count + 1, sizeof(*items));
    size_t at = 0;

    if (!items)
        return err_memory(e);
    for (const struct config_value *v = values; v; v = v->next) {
        *place = v->place;
        if (config_network_parse(v->text, &items[at++]) != 0)
            return refuse(key, "config.type", v->text, e);
    }
    *out = (struct config_networks){.items = items, .count = count};
    return 0;
}

static bool type_is_list(enum config_type type)
{
    return type == CONFIG_ADDRESSES || type == CONFIG_NETWORKS;
}

int config_value_read(struct arena *a, const char *home, const struct config_key *key, bool is_list,
                      const struct config_value *values, void *base, struct config_place *place,
                      struct err *e)
{
    void *field = (char *)base + key->offset;
    struct config_place here;
    size_t count = 0;

    if (!place)
        place = &here;
    for (const struct config_value *v = values; v; v = v->next)
        count++;
    if (values)
        *place = values->place;
    if (is_list && !type_is_list(key->type))
        return refuse(key, "config.type", slice_str("[ ]"), e);
    /* One value where a list is expected is a list of one, and "" an empty one. */
    if (!is_list && type_is_list(key->type) && count == 1 && values->text.len == 0)
        count = 0, values = NULL;
    if (key->type == CONFIG_NETWORKS)
        return read_networks(a, key, values, count, field, place, e);
    if (type_is_list(key->type))
        return read_list(a, key, values, count, field, place, e);

    struct slice text = values->text;
    switch (key->type) {
    case CONFIG_INT:
    case CONFIG_DURATION:
    case CONFIG_SIZE: return read_number(key, text, field, e);
    case CONFIG_CHOICE: return read_choice(key, text, field, e);
    case CONFIG_BOOL:
        if (!slice_is(text, "yes") && !slice_is(text, "no"))
            return refuse(key, "config.type", text, e);
        *(bool *)field = slice_is(text, "yes");
        return 0;
    default: return read_text(a, home, key, text, field, e);
    }
}

static void put_network(struct buf *b, const struct config_network *network)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool v4 = network->bits >= 96 && memcmp(network->address, mapped, 12) == 0;
    char address[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 8];

    inet_ntop(v4 ? AF_INET : AF_INET6, network->address + (v4 ? 12 : 0), address, sizeof(address));
    snprintf(text, sizeof(text), "%s/%u", address, network->bits - (v4 ? 96 : 0));
    config_text_put(b, slice_str(text));
}

static void put_list(struct buf *b, const struct config_key *key, const void *field)
{
    const struct config_list *list = field;
    const struct config_networks *networks = field;
    size_t count = key->type == CONFIG_NETWORKS ? networks->count : list->count;

    buf_putc(b, '[');
    for (size_t i = 0; i < count; i++) {
        buf_puts(b, i ? ", " : "");
        if (key->type == CONFIG_NETWORKS)
            put_network(b, &networks->items[i]);
        else
            config_text_put(b, slice_str(list->items[i]));
    }
    buf_putc(b, ']');
}

/* Without "home/" at its beginning, so that a home can be moved. */
static const char *from_home(const char *home, const char *path)
{
    size_t len = strlen(home);

    return len && strncmp(path, home, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

static void put_text(struct buf *b, const struct config_key *key, const char *home,
                     const char *text)
{
    struct buf url;

    if (key->type == CONFIG_PATH)
        text = from_home(home, text);
    if (strcmp(key->section, "database") != 0 || strncmp(text, "sqlite:", 7) != 0) {
        config_text_put(b, slice_str(text));
        return;
    }
    buf_init(&url);
    buf_printf(&url, "sqlite:%s", from_home(home, text + 7));
    b->failed = b->failed || url.failed;
    config_text_put(b, buf_slice(&url));
    buf_fini(&url);
}

void config_value_put(struct buf *b, const struct config_key *key, const char *home,
                      const void *base)
{
    const void *field = (const char *)base + key->offset;
    const char *at = key->least;

    switch (key->type) {
    case CONFIG_INT:
    case CONFIG_DURATION:
    case CONFIG_SIZE: put_number(b, key->type, *(const int64_t *)field); return;
    case CONFIG_BOOL: buf_puts(b, *(const bool *)field ? "yes" : "no"); return;
    case CONFIG_CHOICE:
        for (int index = *(const int *)field; index > 0; index--)
            at += strcspn(at, "|") + 1;
        config_text_put(b, slice_of(at, strcspn(at, "|")));
        return;
    case CONFIG_ADDRESSES:
    case CONFIG_NETWORKS: put_list(b, key, field); return;
    default: put_text(b, key, home, *(const char *const *)field); return;
    }
}
