/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/describe.h"
#include "evidence/source.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct found {
    char make[120], model[120], serial[120], capacity[40], interface[40], firmware[80];
    char media[40], host[80], address[400];
};

/* A line of a file in sysfs. */
static void line_of(const char *path, char *text, size_t room)
{
    text[0] = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, room - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    for (char *c = text; *c; c++)
        if (*c == '\n')
            *c = 0;
        else if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '?';
}

static int of_device(const char *path, struct found *f, struct err *e)
{
    struct evidence_source s;
    if (evidence_source_open(&s, path, NULL, e) != 0)
        return -1;
    snprintf(f->make, sizeof f->make, "%s", s.identity.vendor);
    snprintf(f->model, sizeof f->model, "%s", s.identity.model);
    snprintf(f->serial, sizeof f->serial, "%s", s.identity.serial);
    snprintf(f->firmware, sizeof f->firmware, "%s", s.identity.firmware);
    snprintf(f->interface, sizeof f->interface, "%s", s.identity.bus);
    snprintf(f->capacity, sizeof f->capacity, "%" PRIu64 " bytes", s.all_bytes);
    snprintf(f->media, sizeof f->media, "%s",
             s.kind == EVIDENCE_SOURCE_FILE ? "file"
             : s.identity.removable == 1    ? "removable block device"
                                            : "block device");
    evidence_source_close(&s);
    return 0;
}

static void addresses(char *text, size_t room)
{
    size_t len = 0;
    DIR *d = opendir("/sys/class/net");
    text[0] = 0;
    for (struct dirent *x; d && (x = readdir(d)) && len + 64 < room;) {
        char path[400], mac[32];
        if (x->d_name[0] == '.' || strcmp(x->d_name, "lo") == 0)
            continue;
        snprintf(path, sizeof path, "/sys/class/net/%s/address", x->d_name);
        line_of(path, mac, sizeof mac);
        if (mac[0])
            len += (size_t)snprintf(text + len, room - len, "%s%.16s %.20s", len ? ", " : "",
                                    x->d_name, mac);
    }
    if (d)
        closedir(d);
}

static void of_machine(struct found *f)
{
    struct utsname u;
    line_of("/sys/class/dmi/id/sys_vendor", f->make, sizeof f->make);
    line_of("/sys/class/dmi/id/product_name", f->model, sizeof f->model);
    line_of("/sys/class/dmi/id/product_serial", f->serial, sizeof f->serial);
    line_of("/sys/class/dmi/id/bios_version", f->firmware, sizeof f->firmware);
    if (uname(&u) == 0)
        snprintf(f->host, sizeof f->host, "%.79s", u.nodename);
    snprintf(f->media, sizeof f->media, "running machine");
    addresses(f->address, sizeof f->address);
}

static void member(struct json_writer *w, const char *name, const char *said, const char *found)
{
    const char *text = said && said[0] ? said : found;
    if (text && text[0])
        json_member_string(w, name, text);
}

int evidence_describe(const struct evidence_exhibit_wish *x, struct json_writer *w, struct err *e)
{
    struct found f = {0};
    if (x->device && of_device(x->device, &f, e) != 0)
        return -1;
    if (x->this_machine)
        of_machine(&f);
    member(w, "make", x->make, f.make);
    member(w, "model", x->model, f.model);
    member(w, "serial", x->serial, f.serial);
    member(w, "capacity", x->capacity, f.capacity);
    member(w, "interface", x->interface, f.interface);
    member(w, "media", x->media, f.media);
    member(w, "firmware", x->firmware, f.firmware);
    member(w, "host", x->host, f.host);
    member(w, "address", x->address, f.address);
    member(w, "condition", x->condition, NULL);
    member(w, "owner", x->owner, NULL);
    member(w, "read_from", x->device, x->this_machine ? "this machine (sysfs, DMI)" : NULL);
    return 0;
}
