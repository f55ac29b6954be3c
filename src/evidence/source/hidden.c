/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/source/hidden.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static unsigned word(const uint8_t *data, unsigned number)
{
    return data[2 * number] | (unsigned)data[2 * number + 1] << 8;
}

static uint64_t words(const uint8_t *data, unsigned number, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = count; i-- > 0;)
        value = value << 16 | word(data, number + i);
    return value;
}

static void say(struct evidence_identity *identity, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(struct evidence_identity *identity, const char *format, ...)
{
    size_t len = strlen(identity->native_why);
    va_list list;
    if (len > 0 && len + 3 < sizeof identity->native_why) {
        memcpy(identity->native_why + len, "; ", 3);
        len += 2;
    }
    va_start(list, format);
    vsnprintf(identity->native_why + len, sizeof identity->native_why - len, format, list);
    va_end(list);
}

/* Text of IDENTIFY: two bytes a word, swapped, filled with blanks. */
static void text(const uint8_t *data, unsigned first, unsigned count, char *out, size_t room)
{
    size_t len = 0;
    bool blank = true;
    for (unsigned i = 0; i < 2 * count && blank; i++)
        blank = data[2 * first + i] == ' ' || data[2 * first + i] == 0;
    if (blank) /* what is known otherwise stays */
        return;
    for (unsigned i = 0; i < count && len + 2 < room; i++) {
        out[len++] = (char)data[2 * (first + i) + 1];
        out[len++] = (char)data[2 * (first + i)];
    }
    out[len] = 0;
    while (len > 0 && (out[len - 1] == ' ' || out[len - 1] == 0))
        out[--len] = 0;
    size_t skip = strspn(out, " ");
    memmove(out, out + skip, len - skip + 1);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '?';
}

struct disk {
    const struct hidden_channel *channel;
    struct evidence_identity *identity;
    uint8_t identify[HIDDEN_ATA_BLOCK];
    uint64_t shown; /* sectors that can be read */
    uint64_t sector;
    uint64_t most; /* sectors that are known to be there */
};

static bool ask(const struct disk *d, struct hidden_ata_command command,
                struct hidden_ata_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    return d->channel->ata(d->channel->context, &command, answer) == 0;
}

/* HPA and AMA are told by the highest address that the disk has, whether it may be read or not. */
static void compare(struct disk *d, const char *what, uint64_t last)
{
    uint64_t sectors = last + 1;
    if (sectors > d->most)
        d->most = sectors;
    if (sectors > d->shown)
        say(d->identity, "HIDDEN by %s: %" PRIu64 " sectors from %" PRIu64 " on", what,
            sectors - d->shown, d->shown);
    else
        say(d->identity, "%s hides nothing", what);
}

static void look_at_hpa(struct disk *d, bool wide)
{
    struct hidden_ata_answer answer;
    if (!(word(d->identify, 82) & 1u << 10)) {
        say(d->identity, "the disk has no host protected area");
        return;
    }
    struct hidden_ata_command native = {.command = wide ? 0x27 : 0xf8, .wide = wide};
    if (ask(d, native, &answer))
        compare(d, "a host protected area", answer.address);
    else
        say(d->identity, "host protected area not checked: READ NATIVE MAX was refused");
}

static void look_at_ama(struct disk *d)
{
    struct hidden_ata_answer answer;
    unsigned supported = word(d->identify, 119);
    if ((supported & 0xc000) != 0x4000 || !(supported & 1u << 8))
        return;
    if (ask(d, (struct hidden_ata_command){.command = 0x78, .wide = true}, &answer))
        compare(d, "an accessible max address", answer.address);
    else
        say(d->identity, "accessible max address not checked: GET NATIVE MAX was refused");
}

/* An overlay makes even the native address smaller; it tells what the disk could have. */
static void look_at_dco(struct disk *d)
{
    struct hidden_ata_answer answer;
    if (!(word(d->identify, 83) & 1u << 11))
        return;
    struct hidden_ata_command overlay = {.command = 0xb1, .features = 0xc2, .reads = true};
    if (ask(d, overlay, &answer))
        compare(d, "a configuration overlay", words(answer.data, 3, 4));
    else
        say(d->identity, "configuration overlay not checked: the disk refused to tell it");
}

static void look_at_ata(struct disk *d)
{
    bool wide = word(d->identify, 83) & 1u << 10;
    d->shown = wide ? words(d->identify, 100, 4) : words(d->identify, 60, 2);
    bool long_sectors = (word(d->identify, 106) & 0xd000) == 0x5000;
    d->sector = long_sectors ? 2 * words(d->identify, 117, 2) : 512;
    d->most = d->shown;
    d->identity->identified = word(d->identify, 27) != 0;
    text(d->identify, 10, 10, d->identity->serial, sizeof d->identity->serial);
    text(d->identify, 23, 4, d->identity->firmware, sizeof d->identity->firmware);
    text(d->identify, 27, 20, d->identity->model, sizeof d->identity->model);
    look_at_hpa(d, wide);
    look_at_ama(d);
    look_at_dco(d);
    if (word(d->identify, 128) & 1u << 2)
        say(d->identity, "the disk is LOCKED by an ATA password");
    if (d->sector > 0 && d->most <= UINT64_MAX / d->sector)
        d->identity->native_bytes = d->most * d->sector;
}

static void look_at_nvme(struct evidence_identity *identity, const uint8_t *controller,
                         const uint8_t *name_space, bool has_space)
{
    uint64_t total = words(controller, 140, 4), unused = words(controller, 148, 4);
    if (total == 0)
        say(identity, "not checked: the drive does not tell its whole capacity");
    else if (unused > 0)
        say(identity, "HIDDEN: %" PRIu64 " of %" PRIu64 " bytes belong to no namespace", unused,
            total);
    else
        say(identity, "all of the drive's %" PRIu64 " bytes belong to namespaces", total);
    identity->native_bytes = total;
    if (has_space && words(name_space, 0, 4) > words(name_space, 4, 4))
        say(identity, "the namespace says more sectors than it can hold at once");
}

void hidden_find(struct evidence_identity *identity, const struct hidden_channel *channel)
{
    struct hidden_ata_answer answer;
    uint8_t controller[HIDDEN_NVME_BLOCK], name_space[HIDDEN_NVME_BLOCK] = {0};
    struct disk d = {.channel = channel, .identity = identity};
    identity->native_why[0] = 0;
    identity->native_bytes = 0;
    if (channel->nvme(channel->context, 1, controller) == 0) {
        bool has_space = channel->nvme(channel->context, 0, name_space) == 0;
        look_at_nvme(identity, controller, name_space, has_space);
        return;
    }
    if (!ask(&d, (struct hidden_ata_command){.command = 0xec, .reads = true}, &answer)) {
        say(identity, "not checked: the device answers neither ATA nor NVMe questions, or they are "
                      "not permitted");
        return;
    }
    memcpy(d.identify, answer.data, sizeof d.identify);
    look_at_ata(&d);
}
