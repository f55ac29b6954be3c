/* SPDX-License-Identifier: Apache-2.0 */
/* Within the confined process: libarchive reads the archive, and its ZIP reader alone. */
#include "evidence/image/archive_read.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PART = 1 << 20, WHY = 300 };

static uint64_t unpacked_most = 1ull << 30;

void evidence_archive_limit(uint64_t bytes)
{
    unpacked_most = bytes;
}

bool evidence_archive_is(struct slice b)
{
    return b.len >= 4 && (memcmp(b.data, "PK\3\4", 4) == 0 || memcmp(b.data, "PK\5\6", 4) == 0);
}

static void failed(const struct evidence_child *child, const char *what, struct archive *a)
{
    char text[WHY + 64];
    const char *why = archive_error_string(a);
    snprintf(text, sizeof text, "%s: %.200s", what, why ? why : "no reason is given");
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
            *c = '?';
    evidence_child_failed(child, text);
}

static void say_entry(const struct evidence_child *child, const struct evidence_entry_wire *wire,
                      const char *name, const char *link, const char *why)
{
    static char text[2 * EVIDENCE_ENTRY_NAME + WHY + 8];
    size_t at = 0;
    const char *parts[] = {name, link, why};
    for (size_t i = 0; i < 3; i++) {
        size_t most = i < 2 ? EVIDENCE_ENTRY_NAME : WHY, len = strnlen(parts[i], most);
        memcpy(text + at, parts[i], len);
        at += len;
        text[at++] = 0;
    }
    evidence_child_say(child, EVIDENCE_MESSAGE_ENTRY, slice_of(wire, sizeof *wire),
                       slice_of(text, at));
}

static uint32_t kind_of(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry))
        return EVIDENCE_ENTRY_HARD_LINK;
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG: return EVIDENCE_ENTRY_FILE;
    case AE_IFDIR: return EVIDENCE_ENTRY_FOLDER;
    case AE_IFLNK: return EVIDENCE_ENTRY_LINK;
    default: return EVIDENCE_ENTRY_SPECIAL;
    }
}

/* Reads and hashes the content; true: the archive is read on. */
static bool hash_entry(struct archive *a, struct archive_entry *entry,
                       struct evidence_entry_wire *wire, uint64_t *unpacked, char why[WHY])
{
    static uint8_t data[PART];
    struct sha256_context c;
    if (archive_entry_is_encrypted(entry) == 1) {
        snprintf(why, WHY, "it is encrypted");
        return true;
    }
    if (sha256_init(&c) != 0) {
        snprintf(why, WHY, "it could not be hashed");
        return true;
    }
    la_ssize_t n;
    while ((n = archive_read_data(a, data, sizeof data)) > 0) {
        wire->bytes += (uint64_t)n;
        *unpacked += (uint64_t)n;
        if (*unpacked > unpacked_most) {
            snprintf(why, WHY,
                     "the archive unpacks to more than %llu bytes: it and what follows "
                     "are not read",
                     (unsigned long long)unpacked_most);
            sha256_fini(&c);
            return false;
        }
        if (sha256_update(&c, slice_of(data, (size_t)n)) != 0)
            break;
    }
    if (n < 0) {
        const char *text = archive_error_string(a);
        snprintf(why, WHY, "its content cannot be read: %.200s",
                 text ? text : "no reason is given");
    } else if (sha256_final(&c, wire->sha256) == 0) {
        wire->hashed = 1;
        if (wire->said != UINT64_MAX && wire->said != wire->bytes)
            snprintf(why, WHY, "its size is said to be %llu bytes, and there are %llu",
                     (unsigned long long)wire->said, (unsigned long long)wire->bytes);
    }
    sha256_fini(&c);
    return true;
}

static const char *name_of(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);
    if (!name)
        name = archive_entry_pathname(entry);
    return name ? name : "";
}

static bool read_entry(const struct evidence_child *child, struct archive *a,
                       struct archive_entry *entry, uint64_t *unpacked)
{
    struct evidence_entry_wire wire;
    char why[WHY] = "";
    memset(&wire, 0, sizeof wire);
    wire.kind = kind_of(entry);
    wire.said = archive_entry_size_is_set(entry) && archive_entry_size(entry) >= 0
                    ? (uint64_t)archive_entry_size(entry)
                    : UINT64_MAX;
    wire.modified = archive_entry_mtime_is_set(entry) ? archive_entry_mtime(entry) : INT64_MIN;
    /* the text is libarchive's, and the next call may take it away */
    static char name[EVIDENCE_ENTRY_NAME + 1], link[EVIDENCE_ENTRY_NAME + 1];
    snprintf(name, sizeof name, "%s", name_of(entry));
    const char *target = archive_entry_hardlink(entry);
    if (!target)
        target = archive_entry_symlink_utf8(entry);
    if (!target)
        target = archive_entry_symlink(entry);
    snprintf(link, sizeof link, "%s", target ? target : "");
    bool go_on = wire.kind != EVIDENCE_ENTRY_FILE || hash_entry(a, entry, &wire, unpacked, why);
    for (char *c = why; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
            *c = '?';
    say_entry(child, &wire, name, link, why);
    return go_on;
}

void evidence_archive_read(const struct evidence_child *child)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    uint64_t unpacked = 0, entries = 0;
    int result = ARCHIVE_FATAL;
    if (!a || archive_read_support_format_zip_seekable(a) != ARCHIVE_OK) {
        evidence_child_failed(child, "libarchive does not read ZIP here");
        return;
    }
    if (archive_read_open_fd(a, child->files[0], 1 << 16) != ARCHIVE_OK) {
        failed(child, "libarchive cannot open it", a);
        return;
    }
    while ((result = archive_read_next_header(a, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN) {
        if (entries++ == EVIDENCE_ENTRIES_MOST) {
            evidence_child_failed(child, "it has more than 1,000,000 entries");
            return;
        }
        if (!read_entry(child, a, entry, &unpacked))
            return;
    }
    if (result != ARCHIVE_EOF)
        failed(child, "its list of entries cannot be read to the end", a);
}
