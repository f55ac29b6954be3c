/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encoding.h"
#include "base/file.h"
#include "evidence/case/attach.h"
#include "evidence/case/describe.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXHIBITS = 99999 };

static int path_of(const char *folder, const char *id, char path[4096], struct err *e)
{
    if (snprintf(path, 4096, "%s/exhibits/%s", folder, id) >= 4096)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    return 0;
}

/* Is there an exhibit of this identifier, with a record of its own? */
static bool is_there(const char *folder, const char *id)
{
    char path[4096];
    struct err ignored = {0};
    return path_of(folder, id, path, &ignored) == 0 && file_kind(path) != 0;
}

static int choose_id(const char *folder, const struct evidence_exhibit_wish *wish,
                     char id[EVIDENCE_HOLDER], struct err *e)
{
    if (wish->id && !evidence_holder_is(slice_str(wish->id)))
        return err_set(e, ERR_USAGE, "custody.holder", "ISO/IEC 27037 section 6.1",
                       "\"%s\" is no identifier: letters, digits, '.', '_' and '-', at most 63",
                       wish->id);
    if (wish->id && is_there(folder, wish->id))
        return err_set(e, ERR_CONFLICT, "evidence.exists", "ISO/IEC 27037 section 6.1",
                       "the case has an exhibit %s already (acceptance row 10)", wish->id);
    if (wish->parent && !is_there(folder, wish->parent))
        return err_set(e, ERR_NOT_FOUND, "evidence.parent", NULL, "the case has no exhibit %s",
                       wish->parent);
    if (wish->id) {
        snprintf(id, EVIDENCE_HOLDER, "%s", wish->id);
        return 0;
    }
    for (unsigned n = 1; n <= EXHIBITS; n++) {
        if (wish->parent)
            snprintf(id, EVIDENCE_HOLDER, "%.55s.%u", wish->parent, n);
        else
            snprintf(id, EVIDENCE_HOLDER, "EX-%u", n);
        if (!is_there(folder, id))
            return 0;
    }
    return err_set(e, ERR_LIMIT, "evidence.exhibits", NULL, "a case has at most %d exhibits",
                   EXHIBITS);
}

static int write_exhibit(const struct evidence_exhibit_wish *wish, const char *id,
                         const char *case_id, struct buf *out, struct err *e)
{
    struct json_writer w;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-exhibit/v1");
    json_member_string(&w, "id", id);
    json_member_string(&w, "case", case_id);
    if (wish->parent)
        json_member_string(&w, "parent", wish->parent);
    if (wish->source_type)
        json_member_string(&w, "source_type", wish->source_type);
    if (wish->description)
        json_member_string(&w, "description", wish->description);
    json_write_name(&w, "item");
    json_write_object(&w);
    if (evidence_describe(wish, &w, e) != 0)
        return -1;
    json_write_object_end(&w);
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}

static int write_details(const struct evidence_exhibit_wish *wish, struct slice text,
                         struct buf *out, struct err *e)
{
    uint8_t hash[SHA256_LEN];
    struct json_doc *doc = NULL;
    struct json_writer w;
    if (sha256(text, hash) != 0)
        return digest_failed(e);
    if (json_parse(&doc, text, NULL, e) != 0)
        return -1;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    if (wish->description)
        json_member_string(&w, "description", wish->description);
    if (wish->source_type)
        json_member_string(&w, "source_type", wish->source_type);
    if (wish->parent)
        json_member_string(&w, "parent", wish->parent);
    json_write_name(&w, "item");
    json_write_value(&w, json_get(json_root(doc), "item"));
    evidence_hash_member(&w, "exhibit_sha256", hash);
    json_write_object_end(&w);
    json_doc_free(doc);
    return buf_check(out, e);
}

static int attach_photos(const char *holder, const struct evidence_exhibit_wish *wish,
                         struct evidence_doing *doing, struct err *e)
{
    for (size_t i = 0; wish->photos && wish->photos[i]; i++) {
        struct evidence_attached attached;
        struct json_writer w;
        struct buf details;
        if (evidence_attach(holder, wish->photos[i], &attached, e) != 0)
            return -1;
        buf_init(&details);
        json_write_init(&w, &details, 0);
        json_write_object(&w);
        evidence_attached_members(&w, "file", "sha256", &attached);
        json_member_string(&w, "shows", "the exhibit when it was identified");
        json_write_object_end(&w);
        int result = buf_check(&details, e);
        if (result == 0)
            result = evidence_doing_step(doing, holder, NULL, "attachment", buf_slice(&details),
                                         NULL, e);
        buf_fini(&details);
        if (result != 0)
            return -1;
    }
    return 0;
}

/* An exhibit that was not made leaves nothing behind. */
static void take_away(const char *part)
{
    static const char *const files[] = {"exhibit.json",      "custody/00001.json",
                                        "custody/00001.p7s", "custody/head.json",
                                        "custody/head.p7s",  "custody"};
    char path[4200];
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        snprintf(path, sizeof path, "%s/%s", part, files[i]);
        (void)remove(path);
    }
    (void)remove(part);
}

/*
 * The folder is made under another name, and gets its own when its log has begun: of two who choose
 * the same identifier at once, one is refused, and a crash leaves no exhibit without custody.
 */
static int put(const char *folder, const struct evidence_exhibit_wish *wish, const char *id,
               struct slice text, struct slice details, struct evidence_doing *doing,
               struct evidence_appended *told, struct err *e)
{
    char part[4096], path[4096], file[4200], name[80];
    snprintf(name, sizeof name, ".%s.%d.part", id, (int)getpid());
    if (path_of(folder, id, path, e) != 0 || path_of(folder, name, part, e) != 0 ||
        file_make_folder(part, 0700, e) != 0)
        return -1;
    snprintf(file, sizeof file, "%s/exhibit.json", part);
    if (file_write(file, text, 0600, e) != 0 ||
        evidence_doing_step(doing, part, id, "identified", details, told, e) != 0) {
        take_away(part);
        return -1;
    }
    if (file_rename_new(AT_FDCWD, part, AT_FDCWD, path) != 0) {
        if (errno == EEXIST)
            err_set(e, ERR_CONFLICT, "evidence.exists", "ISO/IEC 27037 section 6.1",
                    "the case has an exhibit %s already (acceptance row 10)", id);
        else
            err_errno(e, errno, "evidence.write", "%s cannot be made", path);
        take_away(part);
        return -1;
    }
    return attach_photos(path, wish, doing, e);
}

int evidence_exhibit_add(const char *folder, const struct evidence_exhibit_wish *wish,
                         struct evidence_doing *doing, char id[EVIDENCE_HOLDER],
                         struct evidence_appended *told, struct err *e)
{
    char case_id[EVIDENCE_HOLDER], path[4096];
    struct buf text, details;
    if (evidence_holder_kind(folder) != EVIDENCE_HOLDER_CASE)
        return err_set(e, ERR_NOT_FOUND, "evidence.holder", NULL, "%s is no case", folder);
    if (choose_id(folder, wish, id, e) != 0 || path_of(folder, id, path, e) != 0)
        return -1;
    evidence_holder_name(folder, case_id);
    buf_init(&text);
    buf_init(&details);
    int result = write_exhibit(wish, id, case_id, &text, e);
    if (result == 0)
        result = write_details(wish, buf_slice(&text), &details, e);
    if (result == 0) /* before anything is made */
        result =
            evidence_doing_check(doing, folder, id, "identified", buf_slice(&details), NULL, e);
    if (result == 0)
        result = put(folder, wish, id, buf_slice(&text), buf_slice(&details), doing, told, e);
    buf_fini(&text);
    buf_fini(&details);
    return result;
}

static void label_line(struct buf *text, const char *label, struct slice value)
{
    if (!value.len)
        return;
    buf_printf(text, "%-12s", label);
    for (size_t i = 0; i < value.len; i++) /* a line of what somebody wrote stays one */
        buf_putc(text, (char)(value.data[i] < 32 || value.data[i] == 127 ? ' ' : value.data[i]));
    buf_putc(text, '\n');
}

int evidence_label(const char *holder, struct buf *text, struct err *e)
{
    struct evidence_custody_state state;
    struct json_doc *doc = NULL;
    struct buf described;
    char hex[2 * SHA256_LEN + 1];
    if (evidence_custody_verify(holder, NULL, &state, e) != 0) {
        evidence_custody_state_fini(&state);
        return -1;
    }
    buf_init(&described);
    int result = 0;
    if (!state.sound) { /* what is printed on a bag would vouch for it */
        result = err_set(e, ERR_VERIFY, "custody.unsound", "ISO/IEC 27037 section 6.1",
                         "no label is made of what is not sound: %s: %s", state.problems[0].what,
                         state.problems[0].text);
        err_hint(e, "tocsin evidence custody verify lists all that is wrong");
    } else if (evidence_holder_kind(holder) == EVIDENCE_HOLDER_EXHIBIT)
        result = evidence_description_read(holder, &described, &doc, e);
    const struct json_value *root = json_root(doc);
    if (result == 0) {
        label_line(text, "EXHIBIT", slice_str(state.holder));
        label_line(text, "Case", json_get_string(root, "case"));
        label_line(text, "Part of", json_get_string(root, "parent"));
        label_line(text, "What", json_get_string(root, "description"));
        label_line(text, "Make", json_string(evidence_path(root, "item.make")));
        label_line(text, "Model", json_string(evidence_path(root, "item.model")));
        label_line(text, "Serial", json_string(evidence_path(root, "item.serial")));
        label_line(text, "Log", slice_str(state.log));
        hex_format(state.head, sizeof state.head, hex);
        buf_printf(text, "%-12s%u sha256:%s\n", "Record", (unsigned)state.count, hex);
        result = buf_check(text, e);
    }
    json_doc_free(doc);
    buf_fini(&described);
    evidence_custody_state_fini(&state);
    return result;
}
