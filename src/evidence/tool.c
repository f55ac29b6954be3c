/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tool.h"
#include "base/file.h"

enum { PROGRAM_MOST = 256 << 20 };

int evidence_tool_sha256(uint8_t hash[SHA256_LEN], bool *known, struct err *e)
{
    struct buf program;
    struct err none = {0};
    int result = 0;
    buf_init(&program);
    *known = file_read("/proc/self/exe", PROGRAM_MOST, &program, &none) == 0;
    if (none.kind == ERR_MEMORY)
        result = err_memory(e);
    else if (*known && sha256(buf_slice(&program), hash) != 0)
        result = digest_failed(e);
    buf_fini(&program);
    return result;
}

int evidence_tool_members(struct json_writer *w, const char *const *command, struct err *e)
{
    uint8_t hash[SHA256_LEN];
    bool known;
    json_member_string(w, "name", "tocsin");
    json_member_string(w, "version", TOCSIN_VERSION);
    if (evidence_tool_sha256(hash, &known, e) != 0)
        return -1;
    if (known)
        json_member_hex(w, "sha256", slice_of(hash, sizeof hash));
    if (command) {
        json_write_name(w, "command");
        json_write_array(w);
        for (const char *const *word = command; *word; word++)
            json_write_string(w, *word);
        json_write_array_end(w);
    }
    return 0;
}
