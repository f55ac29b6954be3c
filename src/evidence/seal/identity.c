/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/identity.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "evidence/seal/cms.h"

#include <stdio.h>

enum { PERSON_MOST = 64 << 10, PERSON_TEXT = 1000 };

struct opened {
    struct evidence_identity identity; /* first: what callers hold */
    struct arena arena;
};

static const char *text_of(struct opened *o, const struct json_value *v, struct err *e)
{
    struct slice s = json_string(v);
    if (!json_is(v, JSON_STRING) || s.len > PERSON_TEXT || memchr(s.data, 0, s.len)) {
        err_set(e, ERR_INPUT, "evidence.person", "docs/formats-evidence.md 6",
                "person.json holds something else than a text of up to %d bytes", PERSON_TEXT);
        return NULL;
    }
    const char *copy = arena_copy(&o->arena, s.data, s.len);
    if (!copy)
        err_memory(e);
    return copy;
}

static int read_text(struct opened *o, const struct json_value *root, const char *name,
                     const char **out, struct err *e)
{
    const struct json_value *v = json_get(root, name);
    *out = v ? text_of(o, v, e) : "";
    return *out ? 0 : -1;
}

static int read_person(struct opened *o, const struct json_value *root, struct err *e)
{
    struct evidence_identity *i = &o->identity;
    if (!slice_is(json_get_string(root, "format"), "tocsin-evidence-person/v1"))
        return err_set(e, ERR_INPUT, "evidence.person", "docs/formats-evidence.md 6",
                       "person.json is not of the format tocsin-evidence-person/v1");
    if (read_text(o, root, "name", &i->name, e) != 0 ||
        read_text(o, root, "role", &i->role, e) != 0 ||
        read_text(o, root, "organisation", &i->organisation, e) != 0)
        return -1;
    if (!i->name[0])
        return err_set(e, ERR_INPUT, "evidence.person", "ISO/IEC 27037 section 6.1",
                       "person.json names nobody");
    json_each(one, json_get(root, "competence"))
    {
        if (i->competence_count == EVIDENCE_COMPETENCES)
            return err_set(e, ERR_LIMIT, "evidence.person", NULL, "more than %d qualifications",
                           EVIDENCE_COMPETENCES);
        if (!(i->competence[i->competence_count++] = text_of(o, one, e)))
            return -1;
    }
    return 0;
}

static int path_in(const char *folder, const char *name, char path[4096], struct err *e)
{
    if (snprintf(path, 4096, "%s/%s", folder, name) >= 4096)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", name);
    return 0;
}

static int open_files(struct opened *o, const char *folder, const char *password_file,
                      struct err *e)
{
    char path[4096], chain[4096];
    struct json_doc *doc = NULL;
    struct buf text;
    buf_init(&text);
    int result = path_in(folder, "person.json", path, e);
    if (result == 0)
        result = file_read(path, PERSON_MOST, &text, e);
    if (result == 0 && (json_parse(&doc, buf_slice(&text), NULL, e) != 0 ||
                        read_person(o, json_root(doc), e) != 0))
        result = err_context(e, "%s", path);
    json_doc_free(doc);
    buf_fini(&text);
    if (result != 0 || path_in(folder, "key.pem", path, e) != 0 ||
        path_in(folder, "chain.pem", chain, e) != 0)
        return -1;
    if (file_kind(chain) == 0 && file_kind(path) == 1) {
        err_set(e, ERR_NOT_FOUND, "evidence.identity", NULL, "%s is not there", chain);
        return err_hint(e, "put the certificate that the authority made of request.pem there, and "
                           "those of its issuers behind it");
    }
    o->identity.signer = evidence_signer_open(path, chain, password_file, e);
    if (!o->identity.signer && strcmp(e->code, "crypto.key-passphrase") == 0)
        err_hint(e, "--passphrase-file FILE");
    return o->identity.signer ? 0 : -1;
}

struct evidence_identity *evidence_identity_open(const char *folder, const char *password_file,
                                                 struct err *e)
{
    struct opened *o = mem_new(1, sizeof *o);
    if (!o) {
        err_memory(e);
        return NULL;
    }
    arena_init(&o->arena, 0);
    if (open_files(o, folder, password_file, e) != 0) {
        evidence_identity_close(&o->identity);
        return NULL;
    }
    return &o->identity;
}

void evidence_identity_close(struct evidence_identity *identity)
{
    struct opened *o = (struct opened *)identity;
    if (!o)
        return;
    evidence_signer_close(o->identity.signer);
    arena_fini(&o->arena);
    mem_free(o);
}
