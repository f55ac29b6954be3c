/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case.h"
#include "base/file.h"
#include "evidence/bundle/manifest.h"
#include "evidence/case/amend.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DESCRIPTION_BYTES = 4 << 20 };

static void member(struct json_writer *w, const char *name, const char *text)
{
    if (text && text[0])
        json_member_string(w, name, text);
}

static int missing(struct err *e, const char *what, const char *option, unsigned row)
{
    err_set(e, ERR_USAGE, "custody.field", "ISO/IEC 27037",
            "a case cannot be opened without %s (acceptance row %u)", what, row);
    return err_hint(e, "%s", option);
}

static int write_case(const struct evidence_case_wish *wish, const char *id, struct buf *out,
                      struct err *e)
{
    struct json_writer w;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-case/v1");
    json_member_string(&w, "id", id);
    member(&w, "title", wish->title);
    json_write_name(&w, "person_in_charge");
    json_write_object(&w);
    member(&w, "name", wish->person_in_charge);
    member(&w, "organisation", wish->organisation);
    member(&w, "contact", wish->contact);
    json_write_object_end(&w);
    evidence_authority_member(&w, &wish->authority);
    if (wish->links && wish->links[0]) {
        json_write_name(&w, "links");
        json_write_array(&w);
        for (size_t i = 0; wish->links[i]; i++)
            json_write_string(&w, wish->links[i]);
        json_write_array_end(&w);
    }
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}

static int write_details(const struct evidence_case_wish *wish, struct slice text, struct buf *out,
                         struct err *e)
{
    uint8_t hash[SHA256_LEN];
    struct json_writer w;
    if (sha256(text, hash) != 0)
        return digest_failed(e);
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_string(&w, "person_in_charge", wish->person_in_charge);
    member(&w, "title", wish->title);
    evidence_hash_member(&w, "case_sha256", hash);
    json_write_object_end(&w);
    return buf_check(out, e);
}

/* A case that is there without a single record was broken off, and may be begun again. */
static bool is_begun(const char *folder)
{
    struct evidence_custody_state state;
    struct err why = {0};
    int result = evidence_custody_verify(folder, NULL, &state, &why);
    evidence_custody_state_fini(&state);
    return result == 0 || why.kind != ERR_NOT_FOUND;
}

int evidence_case_open(const char *folder, const struct evidence_case_wish *wish,
                       struct evidence_doing *doing, struct evidence_appended *told, struct err *e)
{
    char path[4096], exhibits[4096], id[EVIDENCE_HOLDER];
    struct buf text, details;
    if (!wish->person_in_charge || !wish->person_in_charge[0])
        return missing(e, "the person in charge", "--person-in-charge NAME", 7);
    if (!wish->authority.id || !wish->authority.id[0])
        return missing(e, "an authority", "--authority ID", 8);
    if ((size_t)snprintf(path, sizeof path, "%s/case.json", folder) >= sizeof path ||
        (size_t)snprintf(exhibits, sizeof exhibits, "%s/exhibits", folder) >= sizeof exhibits)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    if (file_kind(path) != 0 && is_begun(folder))
        return err_set(e, ERR_CONFLICT, "evidence.exists", NULL, "%s is a case already", folder);
    if (wish->id && !evidence_holder_is(slice_str(wish->id)))
        return err_set(e, ERR_USAGE, "custody.holder", NULL,
                       "an identifier has letters, digits, '.', '_' and '-', at most 63");
    if (file_make_folder(exhibits, 0700, e) != 0)
        return -1;
    snprintf(id, sizeof id, "%s", wish->id ? wish->id : "");
    if (!wish->id)
        evidence_holder_name(folder, id);
    buf_init(&text);
    buf_init(&details);
    int result = write_case(wish, id, &text, e);
    if (result == 0)
        result = write_details(wish, buf_slice(&text), &details, e);
    if (result == 0)
        result =
            evidence_doing_check(doing, folder, id, "case-opened", buf_slice(&details), NULL, e);
    if (result == 0)
        result = file_write(path, buf_slice(&text), 0600, e);
    if (result == 0)
        result =
            evidence_doing_step(doing, folder, id, "case-opened", buf_slice(&details), told, e);
    buf_fini(&text);
    buf_fini(&details);
    return result;
}

/* What was not said anew stays; texts live in arena. */
static int fill_wish(const struct json_value *root, struct evidence_case_wish *wish,
                     struct arena *arena, struct err *e)
{
    const struct json_value *links = json_get(root, "links"),
                            *covers = evidence_path(root, "authority.covers");
    const struct {
        const char **to;
        const char *path;
    } texts[] = {{&wish->title, "title"},
                 {&wish->person_in_charge, "person_in_charge.name"},
                 {&wish->organisation, "person_in_charge.organisation"},
                 {&wish->contact, "person_in_charge.contact"}},
      authority[] = {{&wish->authority.id, "authority.id"},
                     {&wish->authority.scope, "authority.scope"},
                     {&wish->authority.issued_by, "authority.issued_by"},
                     {&wish->authority.expires, "authority.expires"}};
    bool other = wish->authority.id != NULL; /* another authority is another whole */
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct slice s = json_string(evidence_path(root, texts[i].path));
        if (!*texts[i].to && s.len && !(*texts[i].to = arena_copy(arena, s.data, s.len)))
            return err_memory(e);
    }
    for (size_t i = 0; !other && i < ARRAY_LEN(authority); i++) {
        struct slice s = json_string(evidence_path(root, authority[i].path));
        if (s.len && !(*authority[i].to = arena_copy(arena, s.data, s.len)))
            return err_memory(e);
    }
    size_t given = 0, count = 0;
    while (wish->links && wish->links[given])
        given++;
    const char **list = arena_new(arena, json_count(links) + given + 1, sizeof *list);
    const char **patterns = arena_new(arena, json_count(covers) + 1, sizeof *patterns);
    if (!list || !patterns)
        return err_memory(e);
    json_each(v, links) if (!(list[count++] = arena_copy(arena, json_string(v).data,
                                                         json_string(v).len))) return err_memory(e);
    for (size_t i = 0; i < given; i++)
        list[count++] = wish->links[i];
    wish->links = list;
    count = 0;
    json_each(
        v, covers) if (!(patterns[count++] = arena_copy(arena, json_string(v).data,
                                                        json_string(v).len))) return err_memory(e);
    if (!other)
        wish->authority.covers = patterns;
    return 0;
}

struct changing {
    const struct evidence_case_wish *wish;
    char id[EVIDENCE_HOLDER];
};

static int write_change(void *context, const struct json_value *before, struct buf *text,
                        struct buf *details, struct err *e)
{
    const struct changing *c = context;
    struct evidence_case_wish whole = *c->wish;
    struct arena arena;
    arena_init(&arena, 0);
    int result = fill_wish(before, &whole, &arena, e);
    if (result == 0)
        result = write_case(&whole, c->id, text, e);
    if (result == 0)
        result = write_details(&whole, buf_slice(text), details, e);
    arena_fini(&arena);
    return result;
}

int evidence_case_change(const char *folder, const struct evidence_case_wish *wish,
                         struct evidence_doing *doing, struct evidence_appended *told,
                         struct err *e)
{
    struct changing changing = {.wish = wish};
    const struct evidence_amendment what = {.file = "case.json",
                                            .member = "case_sha256",
                                            .kind = "case-changed",
                                            .write = write_change,
                                            .context = &changing};
    if (evidence_holder_kind(folder) != EVIDENCE_HOLDER_CASE)
        return err_set(e, ERR_NOT_FOUND, "evidence.holder", NULL, "%s is no case", folder);
    evidence_holder_name(folder, changing.id);
    return evidence_amend(folder, &what, doing, told, e);
}

int evidence_description_read(const char *holder, struct buf *text, struct json_doc **doc,
                              struct err *e)
{
    const char *file =
        evidence_holder_kind(holder) == EVIDENCE_HOLDER_CASE ? "case.json" : "exhibit.json";
    *doc = NULL;
    if (evidence_file_read(holder, file, DESCRIPTION_BYTES, text, e) != 0 ||
        json_parse(doc, buf_slice(text), NULL, e) != 0)
        return err_context(e, "%s/%s", holder, file);
    return 0;
}
