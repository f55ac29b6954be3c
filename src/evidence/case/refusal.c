/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/refusal.h"
#include "base/encoding.h"
#include "base/file.h"
#include "evidence/bundle/folder.h"
#include "evidence/bundle/manifest.h"
#include "evidence/case/items.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/record.h"

#include <stdio.h>
#include <string.h>

enum { PROBLEMS_TOLD = 20 };

/* "HASH  custody/NAME", in the order of the names; what is no file has no hash to be named by. */
static int list_log(const char *holder, struct buf *list, size_t *files, struct err *e)
{
    const char **names;
    struct arena arena;
    size_t count = 0;
    *files = 0;
    arena_init(&arena, 0);
    int result = evidence_folder_list(holder, "custody", &arena, &names, &count, e);
    for (size_t i = 0; i < count && result == 0; i++) {
        uint8_t hash[SHA256_LEN];
        char hex[2 * SHA256_LEN + 1];
        uint64_t bytes;
        struct err why = {0};
        const char *name = arena_printf(&arena, "custody/%s", names[i]);
        if (!name)
            result = err_memory(e);
        else if (name[strlen(name) - 1] == '/' || strpbrk(name, "\\\n\r") ||
                 evidence_file_digest(holder, name, hash, &bytes, &why) != 0)
            continue;
        else {
            hex_format(hash, sizeof hash, hex);
            buf_printf(list, "%s  %s\n", hex, name);
            ++*files;
        }
    }
    arena_fini(&arena);
    return result == 0 ? buf_check(list, e) : -1;
}

static void write_log(struct json_writer *w, const struct evidence_custody_state *s, size_t files,
                      const uint8_t list[SHA256_LEN])
{
    json_write_name(w, "refused_log");
    json_write_object(w);
    if (s->log[0])
        json_member_string(w, "log", s->log);
    json_member_int(w, "files", (int64_t)files);
    evidence_hash_member(w, "files_sha256", list);
    json_member_int(w, "problem_count", (int64_t)s->problems_all);
    json_write_name(w, "problems");
    json_write_array(w);
    for (size_t i = 0; i < s->problem_count && i < PROBLEMS_TOLD; i++) {
        json_write_object(w);
        json_member_string(w, "what", s->problems[i].what);
        json_member_string(w, "text", s->problems[i].text);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

static int write_details(const char *holder, const struct evidence_receiving *x,
                         const struct evidence_custody_state *s, const char *from,
                         struct evidence_received *received, const struct buf *list, size_t files,
                         struct buf *out, struct err *e)
{
    struct evidence_items items;
    struct json_writer w;
    uint8_t hash[SHA256_LEN];
    if (sha256(buf_slice(list), hash) != 0)
        return digest_failed(e);
    int result = evidence_items_look(holder, NULL, &items, e);
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_string(&w, "handover", received->handover);
    json_member_string(&w, "from", from);
    if (x->condition)
        json_member_string(&w, "condition", x->condition);
    if (x->seal_number)
        json_member_string(&w, "seal_number", x->seal_number);
    json_member_string(&w, "result", "changed");
    json_member_string(&w, "refused_because", received->why);
    evidence_items_write(&items, &w);
    write_log(&w, s, files, hash);
    json_write_object_end(&w);
    evidence_items_fini(&items);
    return result == 0 ? buf_check(out, e) : -1;
}

static int put(const char *folder, const char *name, const struct buf *content, struct err *e)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    return file_write(path, buf_slice(content), 0600, e);
}

/* Which handover: as it was told, else the only one that can still be read in the log. */
static int which(const struct evidence_receiving *x, const struct evidence_custody_state *s,
                 const char **from, struct evidence_received *received, struct err *e)
{
    const char *id = x->handover ? x->handover : s->open_count == 1 ? s->open[0].id : NULL;
    if (!id) {
        err_set(e, ERR_USAGE, "custody.handover", NULL,
                "which handover is refused cannot be read in its log");
        return err_hint(e, "--handover ID, as who gave it says");
    }
    *from = "not known: the log does not hold together";
    for (size_t i = 0; i < s->open_count; i++)
        if (strcmp(id, s->open[i].id) == 0)
            *from = s->open[i].from;
    if ((size_t)snprintf(received->handover, sizeof received->handover, "%s", id) >=
        sizeof received->handover)
        return err_set(e, ERR_USAGE, "custody.handover", NULL, "no handover has such an id");
    return 0;
}

int evidence_refusal_write(const char *holder, const struct evidence_receiving *x,
                           const struct evidence_custody_state *s, struct evidence_doing *doing,
                           struct evidence_received *received, struct err *e)
{
    char name[EVIDENCE_HOLDER];
    const char *from = NULL;
    struct buf list, details, record, signature;
    size_t files = 0;
    if (which(x, s, &from, received, e) != 0)
        return -1;
    snprintf(received->why, sizeof received->why,
             "%s%sits custody log does not hold together: %s: %s", x->refuse ? x->refuse : "",
             x->refuse ? "; " : "", s->problem_count ? s->problems[0].what : "custody",
             s->problem_count ? s->problems[0].text : "");
    snprintf(name, sizeof name, "%s", s->holder);
    if (!evidence_holder_is(slice_str(name)))
        evidence_holder_name(holder, name);
    buf_init(&list);
    buf_init(&details);
    buf_init(&record);
    buf_init(&signature);
    int result = list_log(holder, &list, &files, e);
    if (result == 0)
        result = write_details(holder, x, s, from, received, &list, files, &details, e);
    if (result == 0)
        result = evidence_doing_apart(doing, holder, name, "handover-refused", buf_slice(&details),
                                      &record, &signature, e);
    if (result == 0)
        result = file_make_folder(x->receipt, 0700, e);
    if (result == 0)
        result = put(x->receipt, EVIDENCE_REFUSAL_LIST, &list, e);
    if (result == 0)
        result = put(x->receipt, "receipt.p7s", &signature, e);
    if (result == 0)
        result = put(x->receipt, "receipt.json", &record, e);
    received->apart = result == 0;
    buf_fini(&list);
    buf_fini(&details);
    buf_fini(&record);
    buf_fini(&signature);
    return result;
}
