/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/image/ewf_read.h"
#include "evidence/acquire/reading.h"

#include <libewf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PART = 1 << 20, TEXT = 1024, FILES_MOST = 16384 };

bool evidence_ewf_is(struct slice beginning)
{
    static const uint8_t magic[8] = {'E', 'V', 'F', 0x09, 0x0d, 0x0a, 0xff, 0x00};
    return beginning.len >= sizeof magic && memcmp(beginning.data, magic, sizeof magic) == 0;
}

static void failed(const struct evidence_child *child, const char *what, libewf_error_t *error)
{
    char text[TEXT] = "", line[TEXT + 128];
    if (error)
        libewf_error_sprint(error, text, sizeof text);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
            *c = ' ';
    snprintf(line, sizeof line, "%s%s%.300s", what, text[0] ? ": " : "", text);
    evidence_child_failed(child, line);
}

static void say_headers(const struct evidence_child *child, libewf_handle_t *h)
{
    static const char *const names[] = {"case_number",
                                        "evidence_number",
                                        "examiner_name",
                                        "description",
                                        "notes",
                                        "acquiry_date",
                                        "system_date",
                                        "acquiry_software_version",
                                        "acquiry_operating_system",
                                        "model",
                                        "serial_number"};
    static const char *const hashes[] = {"MD5", "SHA1"};
    uint8_t text[TEXT];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[64];
        memset(text, 0, sizeof text);
        if (libewf_handle_get_utf8_header_value(h, (const uint8_t *)names[i], strlen(names[i]),
                                                text, sizeof text - 1, NULL) != 1 ||
            !text[0])
            continue;
        snprintf(name, sizeof name, "header %s", names[i]);
        evidence_child_fact(child, name, 0, 0, (const char *)text);
    }
    for (size_t i = 0; i < 2; i++) {
        memset(text, 0, sizeof text);
        if (libewf_handle_get_utf8_hash_value(h, (const uint8_t *)hashes[i], strlen(hashes[i]),
                                              text, sizeof text - 1, NULL) == 1 &&
            text[0])
            evidence_child_fact(child, i ? "sha1" : "md5", 0, 0, (const char *)text);
    }
}

static void say_damage(const struct evidence_child *child, uint64_t from, uint64_t bytes,
                       const char *why)
{
    uint64_t numbers[2] = {from, bytes};
    evidence_child_say(child, EVIDENCE_MESSAGE_DAMAGE, slice_of(numbers, sizeof numbers),
                       slice_str(why));
}

/* All of a part, chunk by chunk where it cannot be read at once. */
static void read_part(const struct evidence_child *child, libewf_handle_t *h, uint64_t at,
                      uint8_t *data, size_t len, size_t chunk)
{
    size_t done = 0, step = len;
    while (done < len) {
        size_t want = len - done < step ? len - done : step;
        libewf_error_t *error = NULL;
        ssize_t n = libewf_handle_read_random(h, data + done, want, (off64_t)(at + done), &error);
        libewf_error_free(&error);
        if (n == (ssize_t)want) {
            done += want;
            continue;
        }
        if (step > chunk) {
            step = chunk;
            continue;
        }
        evidence_reading_fill(EVIDENCE_FILL_PATTERN, at + done, data + done, want);
        say_damage(child, at + done, want, "the chunk cannot be read");
        done += want;
    }
}

static void say_checksums(const struct evidence_child *child, libewf_handle_t *h, uint32_t sector)
{
    uint32_t count = 0;
    if (libewf_handle_get_number_of_checksum_errors(h, &count, NULL) != 1)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t first = 0, sectors = 0;
        if (libewf_handle_get_checksum_error(h, i, &first, &sectors, NULL) == 1)
            say_damage(child, first * sector, sectors * sector, "the checksum of a chunk is wrong");
    }
}

static void say_errors(const struct evidence_child *child, libewf_handle_t *h, uint32_t sector)
{
    uint32_t count = 0;
    if (libewf_handle_get_number_of_acquiry_errors(h, &count, NULL) != 1)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t first = 0, sectors = 0;
        if (libewf_handle_get_acquiry_error(h, i, &first, &sectors, NULL) == 1)
            evidence_child_fact(child, "unreadable", first * sector, sectors * sector, "");
    }
}

static void read_handle(const struct evidence_child *child, libewf_handle_t *h)
{
    size64_t size = 0;
    uint32_t sector = 0;
    size32_t chunk = 0;
    libewf_error_t *error = NULL;
    if (libewf_handle_get_media_size(h, &size, &error) != 1 ||
        libewf_handle_get_bytes_per_sector(h, &sector, &error) != 1 ||
        libewf_handle_get_chunk_size(h, &chunk, &error) != 1) {
        failed(child, "it does not say how large it is", error);
        return;
    }
    if (sector < 512 || sector > 65536 || chunk < sector || chunk > (64u << 20)) {
        failed(child, "its sectors or chunks have sizes that cannot be", NULL);
        return;
    }
    uint64_t files = 0;
    for (size_t i = 0; i < child->file_count; i++) {
        struct stat st;
        files += fstat(child->files[i], &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
    }
    /* each chunk takes an entry of a table: a small file cannot hold what a large one does */
    if (size == 0 || size > INT64_MAX || (size - 1) / chunk + 1 > files / 4) {
        char why[160];
        snprintf(why, sizeof why,
                 "it says that it holds %llu bytes, and its files of %llu bytes have no room even "
                 "for the list of their chunks",
                 (unsigned long long)size, (unsigned long long)files);
        failed(child, why, NULL);
        return;
    }
    evidence_child_fact(child, "size", size, sector, "");
    say_headers(child, h);
    say_errors(child, h, sector);
    static uint8_t data[PART];
    for (uint64_t at = 0; at < size;) {
        size_t len = size - at < PART ? (size_t)(size - at) : PART;
        read_part(child, h, at, data, len, chunk);
        evidence_child_say(child, EVIDENCE_MESSAGE_DATA, slice_of(data, len), slice_of(NULL, 0));
        at += len;
    }
    say_checksums(child, h, sector);
}

void evidence_ewf_read(const struct evidence_child *child)
{
    libewf_handle_t *h = NULL;
    libewf_error_t *error = NULL;
    static char names[FILES_MOST][32];
    static char *list[FILES_MOST];
    if (child->file_count > FILES_MOST) {
        failed(child, "it has more files than E01 has names for", NULL);
        return;
    }
    for (size_t i = 0; i < child->file_count; i++) {
        snprintf(names[i], sizeof names[i], "/proc/self/fd/%d", child->files[i]);
        list[i] = names[i];
    }
    if (libewf_handle_initialize(&h, &error) != 1 ||
        libewf_handle_open(h, list, (int)child->file_count, LIBEWF_OPEN_READ, &error) != 1)
        failed(child, "libewf cannot open it", error);
    else
        read_handle(child, h);
    libewf_error_free(&error);
}
