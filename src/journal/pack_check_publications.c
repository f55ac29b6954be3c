/* SPDX-License-Identifier: Apache-2.0 */
/* Step 5, first part: publications, their acts, and the documents they are about. */
#include "journal/pack_check.h"

#include "base/memory.h"
#include "crypto/digest.h"

#include <inttypes.h>
#include <stdio.h>

enum { STEP = 5 };

/* A number as it stands in canonical JSON. */
struct number {
    char text[24];
};
static struct slice number_slice(struct number *n, uint64_t value)
{
    int len = snprintf(n->text, sizeof n->text, "%" PRIu64, value);

    return slice_of(n->text, (size_t)len);
}

/* ---- documents --------------------------------------------------------------------------- */

/* The file whose hash a publication names: advisory.json or advisories/HEX.json. */
static int check_document(struct pack_check *c, const struct pack_publication *p, bool newest,
                          const char *file, struct err *e)
{
    const char *name = "advisory.json";
    char text[HASH_TEXT], path[TAR_NAME_MAX + 1];
    const struct pack_file *document;
    struct err cause = {0};
    uint8_t hash[32];
    struct buf bytes;
    int rc = -1;

    hash_text_format(p->document, text);
    snprintf(path, sizeof path, "advisories/%s.json", text + 7);
    document = pack_files_find(&c->files, path);
    if (!newest && document)
        name = path;
    else
        document = pack_files_find(&c->files, name);
    buf_init(&bytes);
    if (pack_file_read(&c->files, document, PACK_WHOLE_MAX, &bytes, &cause) != 0)
        rc = pack_fail_cause(c, "pack.document", STEP, name, 0, NULL, &cause, e);
    else if (sha256(buf_slice(&bytes), hash) != 0)
        digest_failed(e);
    else if (memcmp(hash, p->document, sizeof hash) != 0)
        rc = pack_fail(c, "pack.document", STEP, file, 0,
                       "the publication names a document %s, which the pack does not hold", text);
    else
        rc = 0;
    buf_fini(&bytes);
    return rc;
}

static int check_imported(struct pack_check *c, const struct pack_publication *p,
                          const struct json_value *advisory, const char *file, struct err *e)
{
    const struct slice values[4] = {
        json_get_string(advisory, "document"), json_get_string(advisory, "namespace"),
        json_get_string(advisory, "id"), json_get_string(advisory, "version")};
    const struct pack_act *act;
    uint8_t fact[32];

    if (pack_fact(PACK_ACT_IMPORTED, values, 4, fact, e) != 0)
        return -1;
    act = pack_act_search(c, PACK_ACT_IMPORTED, fact);
    if (!act || act->index >= p->frozen)
        return pack_fail(c, "pack.document-act", STEP, file, 0,
                         "no act advisory.imported before the freeze names this document");
    return 0;
}

/* ---- one publication --------------------------------------------------------------------- */

static int check_acts(struct pack_check *c, const struct pack_publication *p, struct slice envelope,
                      const char *file, struct err *e)
{
    char root[HASH_TEXT], hash_text[HASH_TEXT];
    struct number count, members;
    uint8_t fact[32], hash[32];
    const struct pack_act *act;

    hash_text_format(p->root, root);
    const struct slice frozen[4] = {slice_str(p->id), slice_str(root),
                                    number_slice(&count, p->entries),
                                    number_slice(&members, p->members)};
    if (pack_fact(PACK_ACT_FROZEN, frozen, 4, fact, e) != 0)
        return -1;
    act = pack_act_find(c, p->frozen);
    if (!act || act->kind != PACK_ACT_FROZEN || memcmp(act->fact, fact, 32) != 0)
        return pack_fail(c, "pack.publication-act", STEP, file, 0,
                         "act %llu is not the publication.frozen with this root, %llu notices and "
                         "%llu members",
                         (unsigned long long)p->frozen, (unsigned long long)p->entries,
                         (unsigned long long)p->members);
    if (envelope_hash(envelope, hash, e) != 0)
        return -1;
    hash_text_format(hash, hash_text);
    const struct slice is_signed[2] = {slice_str(p->id), slice_str(hash_text)};
    if (pack_fact(PACK_ACT_SIGNED, is_signed, 2, fact, e) != 0)
        return -1;
    act = pack_act_search(c, PACK_ACT_SIGNED, fact);
    if (!act || act->index <= p->frozen)
        return pack_fail(c, "pack.publication-act", STEP, file, 0,
                         "no act publication.signed behind the freeze names this envelope");
    return 0;
}

static int read_payload(struct pack_publication *p, const struct envelope *envelope, struct err *e)
{
    static const char *const members[] = {"advisory", "at",      "entries", "format",  "frozen",
                                          "id",       "members", "origin",  "trigger", NULL};
    static const char *const optional[] = {"exercise", NULL};
    static const char *const entry_members[] = {"count", "root", NULL};
    static const char *const advisory_members[] = {"document", "id",  "namespace", "published",
                                                   "title",    "tlp", "version",   NULL};
    const char *code = "pack.publication";
    const struct json_value *root = envelope->root, *entries = json_get(root, "entries");
    const struct json_value *advisory = json_get(root, "advisory");

    if (pack_members_are(root, members, optional, code, e) != 0 ||
        pack_members_are(entries, entry_members, NULL, code, e) != 0 ||
        pack_members_are(advisory, advisory_members, NULL, code, e) != 0 ||
        pack_get_time(root, "at", &p->at, code, e) != 0 ||
        pack_get_count(root, "frozen", &p->frozen, code, e) != 0 ||
        pack_get_count(root, "members", &p->members, code, e) != 0 ||
        pack_get_count(entries, "count", &p->entries, code, e) != 0 ||
        pack_get_hash(entries, "root", p->root, code, e) != 0 ||
        pack_get_hash(advisory, "document", p->document, code, e) != 0)
        return -1;
    p->exercise = json_is(json_get(root, "exercise"), JSON_TRUE);
    if (json_get(root, "exercise") && !p->exercise)
        return pack_wrong(e, code, "\"exercise\" is true or left out");
    if (json_canonical(advisory, &p->advisory, e) != 0)
        return -1;
    return buf_check(&p->advisory, e);
}

static int check_one(struct pack_check *c, struct pack_publication *p, bool newest, struct err *e)
{
    char file[TAR_NAME_MAX + 1];
    const struct pack_file *found;
    struct envelope envelope;
    struct err cause = {0};
    struct buf text;
    bool parsed = false;
    int rc = -1;

    buf_init(&text);
    snprintf(file, sizeof file, "publications/%s.json", p->id);
    found = pack_files_find(&c->files, file);
    if (!found) {
        rc = pack_fail(c, "pack.file-missing", STEP, file, 0, "pack.json names this publication");
        goto out;
    }
    if (pack_file_read(&c->files, found, ENVELOPE_MAX, &text, &cause) != 0 ||
        envelope_parse(&envelope, buf_slice(&text), "tocsin-publication/v1", &cause) != 0) {
        rc = pack_fail_cause(c, "pack.publication", STEP, file, 0, NULL, &cause, e);
        goto out;
    }
    parsed = true;
    if (read_payload(p, &envelope, &cause) != 0) {
        rc = pack_fail_cause(c, "pack.publication", STEP, file, 0, NULL, &cause, e);
        goto out;
    }
    if (!envelope_member_is(&envelope, "id", slice_str(p->id)) ||
        !envelope_member_is(&envelope, "origin", slice_str(c->log.name))) {
        rc = pack_fail(c, "pack.publication", STEP, file, 0,
                       "the publication has another id, or belongs to another journal");
        goto out;
    }
    if (pack_signer_check(c, &envelope, file, STEP, p->at, "pack.publication-signature", e) != 0 ||
        check_acts(c, p, buf_slice(&text), file, e) != 0 ||
        check_document(c, p, newest, file, e) != 0 ||
        check_imported(c, p, json_get(envelope.root, "advisory"), file, e) != 0)
        goto out;
    rc = 0;
out:
    if (parsed)
        envelope_fini(&envelope);
    buf_fini(&text);
    return rc;
}

/* ---- all --------------------------------------------------------------------------------- */

/* All are about one advisory, and pack.json names the newest one's revision. */
static int check_together(struct pack_check *c, struct err *e)
{
    const struct json_value *advisory = json_get(c->statement.root, "advisory");
    const struct pack_publication *last = &c->publications.items[c->publications.count - 1];
    struct slice id = json_get_string(advisory, "id");
    struct slice namespace = json_get_string(advisory, "namespace");
    struct slice title = json_get_string(advisory, "title");
    struct err cause = {0};
    struct buf canonical;
    int rc = -1;

    buf_init(&canonical);
    if (json_canonical(advisory, &canonical, &cause) != 0) {
        rc = pack_fail_cause(c, "pack.syntax", STEP, PACK_STATEMENT, 0, NULL, &cause, e);
        goto out;
    }
    if (!slice_equal(buf_slice(&canonical), buf_slice(&last->advisory)))
        pack_fail(c, "pack.publication", STEP, PACK_STATEMENT, 0,
                  "\"advisory\" is not that of the newest publication");
    for (size_t i = 0; i < c->publications.count; i++) {
        const struct pack_publication *p = &c->publications.items[i];
        struct json_doc *doc = NULL;
        if (json_parse(&doc, buf_slice(&p->advisory), NULL, e) != 0)
            goto out;
        if (!slice_equal(json_get_string(json_root(doc), "id"), id) ||
            !slice_equal(json_get_string(json_root(doc), "namespace"), namespace))
            pack_fail(c, "pack.publication", STEP, PACK_STATEMENT, 0,
                      "the publication %s is about another advisory", p->id);
        if (i > 0 && p->frozen <= c->publications.items[i - 1].frozen)
            pack_fail(c, "pack.publication", STEP, PACK_STATEMENT, 0,
                      "\"publications\" are not in the order of their freeze");
        json_doc_free(doc);
    }
    c->report->advisory = mem_new(id.len + 1, 1);
    c->report->title = mem_new(title.len + 1, 1);
    if (!c->report->advisory || !c->report->title) {
        err_memory(e);
        goto out;
    }
    memcpy(c->report->advisory, id.data ? id.data : (const uint8_t *)"", id.len);
    memcpy(c->report->title, title.data ? title.data : (const uint8_t *)"", title.len);
    rc = 0;
out:
    buf_fini(&canonical);
    return rc;
}

/* Files in publications/ that pack.json does not name as such. */
static void check_unnamed(struct pack_check *c)
{
    for (size_t i = 0; i < c->files.count; i++) {
        const char *name = c->files.files[i].name;
        size_t len = strlen(name);
        if (strncmp(name, "publications/", 13) != 0)
            continue;
        if (len < 18 || !pack_publication_find(c, slice_of(name + 13, len - 18)))
            pack_fail(c, "pack.publication", STEP, name, 0,
                      "\"publications\" in pack.json does not name this one");
    }
}

int pack_check_publications(struct pack_check *c, struct err *e)
{
    const struct json_value *ids = json_get(c->statement.root, "publications");

    if (!json_is(ids, JSON_ARRAY) || json_count(ids) < 1 || json_count(ids) > PACK_PUBLICATIONS_MAX)
        return pack_fail(c, "pack.syntax", STEP, PACK_STATEMENT, 0,
                         "\"publications\" is a list of 1 to %d ids", PACK_PUBLICATIONS_MAX);
    json_each(item, ids)
    {
        struct slice id = json_string(item);
        struct pack_publication *p;
        if (!id.data || !id_is(id, "pub") || pack_publication_find(c, id))
            return pack_fail(c, "pack.syntax", STEP, PACK_STATEMENT, 0,
                             "\"publications\" is a list of ids, each once");
        p = pack_list_add(&c->publications, e);
        if (!p)
            return -1;
        buf_init(&p->advisory);
        memcpy(p->id, id.data, id.len);
        if (check_one(c, p, c->publications.count == json_count(ids), e) != 0)
            return -1;
    }
    c->report->publications = c->publications.count;
    check_unnamed(c);
    return c->failed ? 0 : check_together(c, e);
}
