/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/person.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>

enum { PERSON_BYTES = 256 << 10 };

const char *evidence_person_folder(const char *folder)
{
    const char *named = folder ? folder : getenv("TOCSIN_IDENTITY");
    return named && named[0] ? named : NULL;
}

static const char *text_of(struct evidence_person *p, const struct json_value *v, struct err *e)
{
    struct slice s = json_string(v);
    if (!s.data)
        return NULL;
    char *copy = arena_copy(&p->arena, s.data, s.len);
    if (!copy)
        err_memory(e);
    return copy;
}

static bool is_date(struct slice s)
{
    static const char form[] = "dddd-dd-dd";
    bool fits = s.len == sizeof form - 1;
    for (size_t i = 0; fits && i < s.len; i++)
        fits = form[i] == 'd' ? s.data[i] >= '0' && s.data[i] <= '9' : s.data[i] == form[i];
    return fits;
}

static struct slice trimmed(struct slice s)
{
    while (s.len && s.data[s.len - 1] <= ' ')
        s.len--;
    while (s.len && s.data[0] <= ' ')
        s = slice_of(s.data + 1, s.len - 1);
    return s;
}

static const char *copy_of(struct evidence_person *p, struct slice s, struct err *e)
{
    const char *copy = arena_copy(&p->arena, s.data, s.len);
    if (!copy)
        err_memory(e);
    return copy;
}

/* "GCFA, 2024-05-01", "GCFA, 2024-05-01/2028-05-01", "GCFA" */
static int split_competence(struct evidence_person *p, struct slice text,
                            struct evidence_competence *c, struct err *e)
{
    size_t comma = text.len;
    while (comma > 0 && text.data[comma - 1] != ',')
        comma--;
    struct slice dates = trimmed(slice_of(text.data + comma, text.len - comma)), until = {0};
    if (dates.len > 11 && dates.data[10] == '/') {
        until = slice_of(dates.data + 11, dates.len - 11);
        dates.len = 10;
    }
    bool dated = comma > 0 && is_date(dates) && (!until.len || is_date(until));
    c->what = copy_of(p, trimmed(dated ? slice_of(text.data, comma - 1) : text), e);
    c->from = dated ? copy_of(p, dates, e) : NULL;
    c->until = dated && until.len ? copy_of(p, until, e) : NULL;
    return err_is_set(e) ? -1 : 0;
}

static int read_competence(struct evidence_person *p, const struct json_value *list, struct err *e)
{
    struct evidence_competence *c = arena_new(&p->arena, json_count(list) + 1, sizeof *c);
    if (!c)
        return err_memory(e);
    p->actor.competence = c;
    json_each(item, list) if (split_competence(p, json_string(item),
                                               &c[p->actor.competence_count++], e) != 0) return -1;
    return 0;
}

static int read_person(struct evidence_person *p, struct slice text, struct err *e)
{
    struct json_doc *doc = NULL;
    if (json_parse(&doc, text, NULL, e) != 0)
        return -1;
    const struct json_value *root = json_root(doc);
    p->actor.name = text_of(p, json_get(root, "name"), e);
    p->actor.role = text_of(p, json_get(root, "role"), e);
    p->actor.organisation = text_of(p, json_get(root, "organisation"), e);
    p->actor.contact = text_of(p, json_get(root, "contact"), e);
    p->place = text_of(p, json_get(root, "place"), e);
    if (!err_is_set(e) && !p->actor.name)
        err_set(e, ERR_INPUT, "custody.person", NULL, "\"name\" is missing");
    int result = err_is_set(e) ? -1 : read_competence(p, json_get(root, "competence"), e);
    json_doc_free(doc);
    return result;
}

int evidence_person_open(struct evidence_person *person, const char *folder,
                         const char *password_file, struct err *e)
{
    char key[4096], chain[4096], file[4096];
    struct buf text;
    *person = (struct evidence_person){0};
    arena_init(&person->arena, 0);
    folder = evidence_person_folder(folder);
    if (!folder) {
        err_set(e, ERR_USAGE, "custody.identity", NULL, "who does this is not said");
        return err_hint(e, "--identity FOLDER or TOCSIN_IDENTITY names a folder with key.pem, "
                           "chain.pem and person.json");
    }
    if ((size_t)snprintf(file, sizeof file, "%s/person.json", folder) >= sizeof file ||
        (size_t)snprintf(key, sizeof key, "%s/key.pem", folder) >= sizeof key ||
        (size_t)snprintf(chain, sizeof chain, "%s/chain.pem", folder) >= sizeof chain)
        return err_set(e, ERR_LIMIT, "custody.path", NULL, "the path is too long");
    buf_init(&text);
    int result = file_read(file, PERSON_BYTES, &text, e);
    if (result == 0)
        result = read_person(person, buf_slice(&text), e);
    if (result != 0)
        err_context(e, "%s", file);
    buf_fini(&text);
    if (result == 0)
        person->signer = evidence_signer_open(key, chain, password_file, e);
    if (result != 0 || !person->signer) {
        evidence_person_close(person);
        return -1;
    }
    return 0;
}

void evidence_person_close(struct evidence_person *person)
{
    evidence_signer_close(person->signer);
    arena_fini(&person->arena);
    *person = (struct evidence_person){0};
}
