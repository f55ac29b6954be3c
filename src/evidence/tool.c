/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tool.h"
#include "base/encoding.h"

#include <fcntl.h>
#include <unistd.h>

int evidence_tool_sha256(uint8_t hash[SHA256_LEN], bool *known, struct err *e)
{
    uint8_t data[65536];
    struct sha256_context c;
    ssize_t n = -1;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    *known = false;
    if (fd < 0)
        return 0;
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
    *known = result == 0 && n == 0;
    return result != 0 ? digest_failed(e) : 0;
}

static int put_members(struct json_writer *w, const char *const *command, const char *before,
                       struct err *e)
{
    char text[7 + 2 * SHA256_LEN + 1] = "";
    uint8_t hash[SHA256_LEN];
    bool known;

    json_member_string(w, "name", "tocsin");
    json_member_string(w, "version", TOCSIN_VERSION);
    if (evidence_tool_sha256(hash, &known, e) != 0)
        return -1;
    if (known) {
        size_t len = strlen(before);
        memcpy(text, before, len);
        hex_format(hash, sizeof hash, text + len);
        json_member_string(w, "sha256", text);
    }
    if (command) {
        json_write_name(w, "command");
        json_write_array(w);
        for (const char *const *word = command; *word; word++)
            json_write_string(w, *word);
        json_write_array_end(w);
    }
    return 0;
}

int evidence_tool_members(struct json_writer *w, const char *const *command, struct err *e)
{
    return put_members(w, command, "", e);
}

int evidence_tool_part(struct json_writer *w, const char *const *command, struct err *e)
{
    json_write_name(w, "tool");
    json_write_object(w);
    int result = put_members(w, command, "sha256:", e);
    json_write_object_end(w);
    return result;
}
