/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/tool.h"
#include "base/encoding.h"
#include "crypto/digest.h"

#include <fcntl.h>
#include <unistd.h>

/* SHA-256 of /proc/self/exe. 1: it cannot be read, and so the record says nothing of it. */
static int program_hash(uint8_t hash[SHA256_LEN], struct err *e)
{
    uint8_t data[65536];
    struct sha256_context c;
    ssize_t n = -1;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 1;
    if (sha256_init(&c) != 0) {
        close(fd);
        return digest_failed(e);
    }
    int result = 0;
    while (result == 0 && (n = read(fd, data, sizeof data)) > 0)
        result = sha256_update(&c, slice_of(data, (size_t)n));
    if (result == 0)
        result = sha256_final(&c, hash);
    sha256_fini(&c);
    close(fd);
    return result != 0 ? digest_failed(e) : n < 0;
}

int evidence_tool_part(struct json_writer *w, const char *const *command, struct err *e)
{
    char text[7 + 2 * SHA256_LEN + 1] = "sha256:";
    uint8_t hash[SHA256_LEN];
    int known = program_hash(hash, e);
    if (known < 0)
        return -1;
    json_write_name(w, "tool");
    json_write_object(w);
    json_member_string(w, "name", "tocsin");
    json_member_string(w, "version", TOCSIN_VERSION);
    if (known == 0) {
        hex_format(hash, sizeof hash, text + 7);
        json_member_string(w, "sha256", text);
    }
    if (command) {
        json_write_name(w, "command");
        json_write_array(w);
        for (const char *const *word = command; *word; word++)
            json_write_string(w, *word);
        json_write_array_end(w);
    }
    json_write_object_end(w);
    return 0;
}
