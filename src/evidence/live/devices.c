/* SPDX-License-Identifier: Apache-2.0 */
/* Devices as sysfs lists them; nothing is sent to any. */
#include "evidence/live/collector.h"

#include <stdio.h>
#include <string.h>

struct class
{
    const char *folder, *kind;
    const char *members[16];
};

static const struct class classes[] = {
    {"sys/class/dmi/id",
     NULL,
     {"sys_vendor", "product_name", "product_version", "product_serial", "product_uuid",
      "board_vendor", "board_name", "board_serial", "chassis_serial", "bios_vendor", "bios_version",
      "bios_date"}},
    {"sys/block",
     "disk",
     {"dev", "size", "ro", "removable", "device/vendor", "device/model", "device/serial",
      "device/rev", "device/wwid", "queue/logical_block_size", "queue/physical_block_size",
      "queue/rotational", "dm/name", "dm/uuid", "loop/backing_file"}},
    {"sys/bus/usb/devices",
     "usb",
     {"idVendor", "idProduct", "manufacturer", "product", "serial", "bcdDevice", "bDeviceClass",
      "speed", "busnum", "devnum", "authorized"}},
    {"sys/bus/pci/devices",
     "pci",
     {"vendor", "device", "class", "subsystem_vendor", "subsystem_device", "revision",
      "numa_node"}},
    {"sys/class/net",
     "network",
     {"address", "operstate", "type", "flags", "device/vendor", "device/device"}},
    {"sys/class/tty", "terminal", {"dev", "type", "line", "port"}},
    {"sys/class/input", "input", {"name", "phys", "uniq", "id/vendor", "id/product"}},
    {"sys/class/bluetooth", "bluetooth", {"address", "name"}},
    {"sys/class/thunderbolt", "thunderbolt", {"device_name", "vendor_name", "unique_id"}},
    {"sys/class/tpm", "tpm", {"tpm_version_major"}},
    {"sys/class/watchdog", "watchdog", {"identity", "state", "timeout"}},
};

static int put(struct live_room *room, struct live_output *out, const struct class *c,
               const char *name, struct err *e)
{
    struct json_writer w;
    char path[512], line[512];
    bool any = false;
    live_line_begin(out, &w);
    json_member_string(&w, "kind", c->kind ? c->kind : "firmware");
    if (name)
        live_member(&w, "name", slice_str(name));
    for (size_t i = 0; i < ARRAY_LEN(c->members) && c->members[i]; i++) {
        char member[64];
        snprintf(path, sizeof path, "%s%s%s/%s", c->folder, name ? "/" : "", name ? name : "",
                 c->members[i]);
        live_line(room, path, line, sizeof line);
        snprintf(member, sizeof member, "%s", c->members[i]);
        for (char *at = member; *at; at++)
            *at = *at == '/' ? '_' : *at;
        size_t len = strlen(line);
        while (len > 0 && line[len - 1] == ' ')
            line[--len] = 0;
        any = any || len > 0;
        if (len > 0)
            live_member(&w, member, slice_str(line));
    }
    json_write_object_end(&w);
    buf_putc(&out->text, '\n');
    atomic_fetch_add(&room->shared->items, any);
    return live_output_flush(out, e);
}

int live_collect_devices(struct live_room *room, struct err *e)
{
    struct live_output out;
    int result = live_output_open(&out, room, ".jsonl", e);
    for (size_t i = 0; i < ARRAY_LEN(classes) && result == 0; i++) {
        struct live_names names;
        if (!classes[i].kind) {
            result = put(room, &out, &classes[i], NULL, e);
            continue;
        }
        result = live_names_read(room, classes[i].folder, false, &names, NULL, e);
        if (result != 0)
            break;
        for (size_t k = 0; k < names.count && result == 0; k++)
            result = put(room, &out, &classes[i], names.names[k], e);
        live_names_fini(&names);
    }
    return live_output_close(&out, result, e);
}
