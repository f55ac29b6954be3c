/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sources.h"
#include "base/file.h"

#include <limits.h>
#include <stdio.h>
#include <strings.h>

bool sources_none(const struct agent_config *c)
{
    return !c->nameplate[0] && !c->cyclonedx[0] && !c->spdx[0] && !c->dpkg[0] && !c->dmi[0];
}

static int merge(struct fleet_inventory *into, struct fleet_inventory *part, const char *path,
                 struct err *e)
{
    int result = part ? fleet_inventory_merge(into, part, e) : -1;

    fleet_inventory_free(part);
    return result == 0 ? 0 : err_context(e, "%s", path);
}

typedef int reader(struct fleet_inventory **inventory, struct slice text,
                   const struct fleet_inventory_limits *limits, struct err *e);

static struct fleet_inventory_limits source_limits(void)
{
    struct fleet_inventory_limits limits = fleet_inventory_limits_default;

    limits.bytes = SOURCES_FILE_MAX;
    return limits;
}

static int read_document(struct fleet_inventory *into, const char *path, reader *read,
                         struct err *e)
{
    struct fleet_inventory_limits limits = source_limits();
    struct fleet_inventory *part = NULL;
    struct buf text;
    int result = -1;

    if (!path[0])
        return 0;
    buf_init(&text);
    if (file_read(path, SOURCES_FILE_MAX, &text, e) == 0) {
        if (read(&part, buf_slice(&text), &limits, e) != 0)
            part = NULL;
        result = merge(into, part, path, e);
    }
    buf_fini(&text);
    return result;
}

/* ID of os-release(5), "debian" when it does not say. */
static void read_distribution(const char *path, struct buf *id, struct err *e)
{
    struct buf text;
    struct slice rest;

    buf_init(&text);
    if (path[0] && file_kind(path) == 1 && file_read(path, 65536, &text, e) == 0)
        for (rest = buf_slice(&text); rest.len;) {
            const uint8_t *end = memchr(rest.data, '\n', rest.len);
            size_t len = end ? (size_t)(end - rest.data) : rest.len;
            struct slice line = slice_of(rest.data, len);
            if (line.len > 3 && memcmp(line.data, "ID=", 3) == 0) {
                line = slice_of(line.data + 3, line.len - 3);
                if (line.len > 1 && (line.data[0] == '"' || line.data[0] == '\''))
                    line = slice_of(line.data + 1, line.len - 2);
                buf_put_slice(id, line);
                break;
            }
            size_t taken = end ? len + 1 : len;
            rest = slice_of(rest.data + taken, rest.len - taken);
        }
    buf_fini(&text);
    if (id->len == 0)
        buf_puts(id, "debian");
}

static int read_dpkg(struct fleet_inventory *into, const struct agent_config *c, struct err *e)
{
    struct fleet_inventory_limits limits = source_limits();
    struct fleet_inventory *part = NULL;
    struct buf text, distribution;
    int result = -1;

    if (!c->dpkg[0])
        return 0;
    buf_init(&text);
    buf_init(&distribution);
    read_distribution(c->os_release, &distribution, e);
    if (!err_is_set(e) && file_read(c->dpkg, SOURCES_FILE_MAX, &text, e) == 0) {
        if (fleet_inventory_dpkg(&part, buf_slice(&text), buf_slice(&distribution), &limits, e) !=
            0)
            part = NULL;
        result = merge(into, part, c->dpkg, e);
    }
    buf_fini(&text);
    buf_fini(&distribution);
    return result;
}

/* What firmware makers leave in when they say nothing. */
static bool says_nothing(struct slice value)
{
    static const char *const words[] = {"To Be Filled By O.E.M.",
                                        "To be filled by O.E.M",
                                        "Default string",
                                        "Not Specified",
                                        "System Product Name",
                                        "System Version",
                                        "System manufacturer",
                                        "System Serial Number",
                                        "None",
                                        "N/A",
                                        "Unknown",
                                        "Not Applicable",
                                        "0",
                                        "0123456789",
                                        "SKU",
                                        "OEM"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (value.len == strlen(words[i]) &&
            strncasecmp((const char *)value.data, words[i], value.len) == 0)
            return true;
    return value.len == 0;
}

/* Values that are not there, or only for root, are left out. */
static struct slice read_dmi_value(const char *folder, const char *name, struct buf *value)
{
    char path[PATH_MAX];
    struct err ignored = {0};
    struct slice text;

    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path) ||
        file_kind(path) != 1 || file_read(path, SOURCES_DMI_MAX, value, &ignored) != 0)
        return slice_of(NULL, 0);
    text = buf_slice(value);
    while (text.len && strchr(" \t\r\n", text.data[text.len - 1]))
        text.len--;
    while (text.len && strchr(" \t", text.data[0]))
        text = slice_of(text.data + 1, text.len - 1);
    return says_nothing(text) ? slice_of(NULL, 0) : text;
}

static int read_dmi(struct fleet_inventory *into, const struct agent_config *c, struct err *e)
{
    static const char *const names[] = {"sys_vendor",   "product_name",    "product_family",
                                        "bios_version", "product_version", "product_serial",
                                        "product_sku"};
    struct buf values[ARRAY_LEN(names)];
    struct slice found[ARRAY_LEN(names)];
    struct fleet_inventory *part;
    bool any = false;
    int result = 0;

    if (!c->dmi[0])
        return 0;
    if (file_kind(c->dmi) != 2)
        return err_set(e, ERR_NOT_FOUND, "agent.dmi", NULL, "there is no folder %s", c->dmi);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        buf_init(&values[i]);
        found[i] = read_dmi_value(c->dmi, names[i], &values[i]);
        any = any || found[i].len > 0;
    }
    if (any) {
        part = fleet_inventory_new();
        if (!part) {
            result = err_memory(e);
        } else {
            part->has_nameplate = true;
            part->nameplate = (struct fleet_nameplate){.vendor = found[0],
                                                       .model = found[1],
                                                       .family = found[2],
                                                       .firmware = found[3],
                                                       .hardware = found[4],
                                                       .serial = found[5],
                                                       .sku = found[6]};
            result = merge(into, part, c->dmi, e);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        buf_fini(&values[i]);
    return result;
}

int sources_read(struct fleet_inventory **inventory, const struct agent_config *c, struct err *e)
{
    *inventory = fleet_inventory_new();
    if (!*inventory)
        return err_memory(e);
    if (read_document(*inventory, c->nameplate, fleet_inventory_nameplate, e) == 0 &&
        read_dmi(*inventory, c, e) == 0 &&
        read_document(*inventory, c->cyclonedx, fleet_inventory_cyclonedx, e) == 0 &&
        read_document(*inventory, c->spdx, fleet_inventory_spdx, e) == 0 &&
        read_dpkg(*inventory, c, e) == 0)
        return 0;
    fleet_inventory_free(*inventory);
    *inventory = NULL;
    return -1;
}
