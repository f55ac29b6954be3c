/* SPDX-License-Identifier: Apache-2.0 */
/* Step 5, second part: the entries of the publications, and the notices they name. */
#include "journal/pack_check.h"

#include "base/memory.h"
#include "crypto/digest.h"

#include <stdlib.h>

enum { STEP = 5 };
#define CODE "pack.entries"

struct entry_record {
    struct pack_entry_line entry;
    uint8_t leaf[32];
};

static int read_entry(const struct json_value *v, struct pack_entry_line *out, struct err *e)
{
    static const char *const members[] = {"audience", "class",  "format", "index",
                                          "members",  "notice", NULL};
    static const char *const optional[] = {"only", NULL};
    static const char *const tree_members[] = {"count", "root", "size", NULL};
    static const char *const only_members[] = {"count", "root", NULL};
    const struct json_value *tree = json_get(v, "members"), *only = json_get(v, "only");

    if (pack_members_are(v, members, optional, CODE, e) != 0 ||
        pack_members_are(tree, tree_members, NULL, CODE, e) != 0 ||
        pack_get_count(v, "index", &out->index, CODE, e) != 0 ||
        pack_get_hash(v, "notice", out->notice, CODE, e) != 0 ||
        pack_get_hash(v, "class", out->class, CODE, e) != 0 ||
        pack_get_id(v, "audience", "aud", &out->audience, CODE, e) != 0 ||
        pack_get_count(tree, "count", &out->member_count, CODE, e) != 0 ||
        pack_get_count(tree, "size", &out->size, CODE, e) != 0 ||
        pack_get_hash(tree, "root", out->root, CODE, e) != 0)
        return -1;
    if (!slice_is(json_get_string(v, "format"), "tocsin-entry/v1"))
        return pack_wrong(e, CODE, "the entry is not in the format \"tocsin-entry/v1\"");
    out->only = only != NULL;
    if (!only)
        return 0;
    if (pack_members_are(only, only_members, NULL, CODE, e) != 0 ||
        pack_get_count(only, "count", &out->only_count, CODE, e) != 0)
        return -1;
    return pack_get_hash(only, "root", out->only_root, CODE, e);
}

/* ---- notices ----------------------------------------------------------------------------- */

static void put_text(struct buf *b, const struct json_doc *doc, const struct json_value *v)
{
    buf_put_slice(b, json_text(doc, v));
}

/* What a notice means to a device (section 3.1): the texts are taken from the canonical line. */
static int meaning(const struct json_doc *doc, const struct json_value *notice, uint8_t out[32],
                   struct err *e)
{
    const struct json_value *advisory = json_get(notice, "advisory");
    const struct json_value *serials = json_get(notice, "serials");
    bool first = true;
    struct buf b;
    int rc;

    buf_init(&b);
    buf_puts(&b, "tocsin-meaning/v1\n{\"advisory\":{\"id\":");
    put_text(&b, doc, json_get(advisory, "id"));
    buf_puts(&b, ",\"namespace\":");
    put_text(&b, doc, json_get(advisory, "namespace"));
    buf_puts(&b, "},");
    if (serials) {
        buf_puts(&b, "\"serials\":");
        put_text(&b, doc, serials);
        buf_puts(&b, ",");
    }
    buf_puts(&b, "\"statements\":[");
    json_each(statement, json_get(notice, "statements"))
    {
        const struct json_value *remediations = json_get(statement, "remediations");
        buf_puts(&b, first ? "{" : ",{");
        first = false;
        if (remediations) {
            buf_puts(&b, "\"remediations\":");
            put_text(&b, doc, remediations);
            buf_puts(&b, ",");
        }
        buf_puts(&b, "\"status\":");
        put_text(&b, doc, json_get(statement, "status"));
        buf_puts(&b, ",\"vulnerability\":");
        put_text(&b, doc, json_get(statement, "vulnerability"));
        buf_puts(&b, "}");
    }
    buf_puts(&b, "]}");
    rc = buf_check(&b, e);
    if (rc == 0 && sha256(buf_slice(&b), out) != 0)
        rc = digest_failed(e);
    buf_fini(&b);
    return rc;
}

static int check_statements(const struct json_value *notice, struct err *e)
{
    const struct json_value *statements = json_get(notice, "statements");

    if (!json_is(statements, JSON_ARRAY) || json_count(statements) < 1)
        return pack_wrong(e, "pack.notice", "a notice has statements");
    json_each(statement, statements)
    {
        if (!json_is(json_get(statement, "status"), JSON_STRING) ||
            !json_is(json_get(statement, "vulnerability"), JSON_STRING))
            return pack_wrong(e, "pack.notice", "a statement names a vulnerability and a status");
    }
    return 0;
}

static int check_notice(struct pack_check *c, const struct pack_line_in *in,
                        const struct pack_entry_line *entry, const struct pack_publication *p,
                        struct err *e)
{
    static const char *const members[] = {"advisory", "audience", "class",      "format",
                                          "meaning",  "origin",   "statements", NULL};
    static const char *const optional[] = {"exercise", "serials", NULL};
    const char *code = "pack.notice";
    const struct json_value *notice = json_get(in->root, "notice");
    struct slice parts[2] = {slice_str("tocsin-notice/v1\n"), slice_of(NULL, 0)};
    uint8_t digest[32], class[32], said[32];
    struct pack_id audience;

    if (pack_members_are(notice, members, optional, code, e) != 0 ||
        pack_get_hash(notice, "class", class, code, e) != 0 ||
        pack_get_hash(notice, "meaning", said, code, e) != 0 ||
        pack_get_id(notice, "audience", "aud", &audience, code, e) != 0 ||
        check_statements(notice, e) != 0)
        return -1;
    if (!slice_is(json_get_string(notice, "format"), "tocsin-notice/v1") ||
        !slice_is(json_get_string(notice, "origin"), c->log.name))
        return pack_wrong(e, code, "the notice has another format, or is of another journal");
    parts[1] = json_text(in->doc, notice);
    if (sha256_slices(parts, 2, digest) != 0)
        return digest_failed(e);
    if (memcmp(digest, entry->notice, 32) != 0)
        return pack_wrong(e, code, "the notice does not have the digest that its entry names");
    if (memcmp(class, entry->class, 32) != 0 || pack_id_compare(&audience, &entry->audience) != 0)
        return pack_wrong(e, code, "the notice is for another class or audience than its entry");
    if (!slice_equal(json_text(in->doc, json_get(notice, "advisory")), buf_slice(&p->advisory)))
        return pack_wrong(e, code, "the notice is about another advisory than its publication");
    if (json_is(json_get(notice, "exercise"), JSON_TRUE) != p->exercise)
        return pack_wrong(e, code, "an exercise and the real thing are mixed");
    if (meaning(in->doc, notice, digest, e) != 0)
        return -1;
    if (memcmp(digest, said, 32) != 0)
        return pack_wrong(e, code, "the notice's \"meaning\" does not follow from its statements");
    return 0;
}

/* ---- lines ------------------------------------------------------------------------------- */

static int check_path(const struct pack_line_in *in, const struct pack_publication *p,
                      const struct entry_record *out, struct err *e)
{
    uint8_t path[MERKLE_PROOF_MAX][MERKLE_HASH];
    struct err cause = {0};
    size_t n;

    if (journal_hashes_read(json_get(in->root, "path"), path, &n, &cause) != 0)
        return pack_wrong(e, CODE, "%s", cause.text);
    if (merkle_verify_inclusion(out->entry.index, p->entries, p->root, out->leaf,
                                (const uint8_t(*)[MERKLE_HASH])path, n, &cause) == 0)
        return 0;
    if (!pack_is_failure(&cause)) {
        *e = cause;
        return -1;
    }
    return pack_wrong(e, CODE, "the entry is not in the publication's tree");
}

static int entry_line(struct pack_check *c, const struct pack_line_in *in, void *record,
                      struct err *e)
{
    static const char *const members[] = {"entry", "index", "notice", "publication", NULL};
    static const char *const members_path[] = {"entry", "index",       "notice",
                                               "path",  "publication", NULL};
    const struct json_value *entry = json_get(in->root, "entry");
    struct entry_record *out = record;
    const struct pack_publication *p;
    uint64_t index;

    if (pack_members_are(in->root, c->customer ? members_path : members, NULL, CODE, e) != 0 ||
        pack_get_count(in->root, "index", &index, CODE, e) != 0 ||
        read_entry(entry, &out->entry, e) != 0)
        return -1;
    p = pack_publication_find(c, json_get_string(in->root, "publication"));
    if (!p)
        return pack_wrong(e, CODE, "\"publication\" is none that pack.json names");
    out->entry.publication = (uint32_t)(p - c->publications.items);
    if (index != out->entry.index)
        return pack_wrong(e, CODE, "the entry says another index than its line");
    if (merkle_leaf(json_text(in->doc, entry), out->leaf) != 0)
        return digest_failed(e);
    if (c->customer && check_path(in, p, out, e) != 0)
        return -1;
    return check_notice(c, in, &out->entry, p, e);
}

static int entry_merge(struct pack_check *c, uint64_t number, void *record, struct err *e)
{
    struct entry_record *in = record;
    struct pack_publication *p = &c->publications.items[in->entry.publication];
    struct pack_entry_line *kept;

    (void)number;
    if (c->entries.count > 0 &&
        c->entries.items[c->entries.count - 1].publication > in->entry.publication)
        return pack_wrong(e, CODE, "the lines are not in the order of the publications");
    if (c->customer ? in->entry.index < p->next : in->entry.index != p->next)
        return pack_wrong(e, CODE, "entry %llu of %s is expected here, not %llu",
                          (unsigned long long)p->next, p->id, (unsigned long long)in->entry.index);
    p->next = in->entry.index + 1;
    p->meant += in->entry.only ? in->entry.only_count : in->entry.member_count;
    if (merkle_frontier_append(&p->tree, in->leaf) != 0)
        return digest_failed(e);
    kept = pack_list_add(&c->entries, e);
    if (!kept)
        return -1;
    *kept = in->entry;
    kept->snapshot = UINT32_MAX;
    return 0;
}

/* ---- all --------------------------------------------------------------------------------- */

static int by_digest(const void *a, const void *b)
{
    const struct pack_notice *x = a, *y = b;
    int order = memcmp(x->digest, y->digest, 32);

    return order ? order : (x->entry > y->entry) - (x->entry < y->entry);
}

static int index_notices(struct pack_check *c, struct err *e)
{
    for (size_t i = 0; i < c->entries.count; i++) {
        struct pack_notice *notice = pack_list_add(&c->notices, e);
        if (!notice)
            return -1;
        memcpy(notice->digest, c->entries.items[i].notice, 32);
        notice->entry = (uint32_t)i;
    }
    if (c->notices.count > 1)
        qsort(c->notices.items, c->notices.count, sizeof *c->notices.items, by_digest);
    return 0;
}

static int by_class(const void *a, const void *b)
{
    const struct pack_entry_line *const *x = a, *const *y = b;
    int order = ((*x)->publication > (*y)->publication) - ((*x)->publication < (*y)->publication);

    if (order == 0)
        order = pack_id_compare(&(*x)->audience, &(*y)->audience);
    return order ? order : memcmp((*x)->class, (*y)->class, 32);
}

/* Nobody is told twice by one publication. */
static int check_doubles(struct pack_check *c, struct err *e)
{
    const struct pack_entry_line **sorted =
        mem_new(c->entries.count ? c->entries.count : 1, sizeof *sorted);

    if (!sorted)
        return err_memory(e);
    for (size_t i = 0; i < c->entries.count; i++)
        sorted[i] = &c->entries.items[i];
    qsort(sorted, c->entries.count, sizeof *sorted, by_class);
    for (size_t i = 1; i < c->entries.count; i++)
        if (by_class(&sorted[i - 1], &sorted[i]) == 0) {
            pack_fail(c, CODE, STEP, "entries.jsonl", 0,
                      "a class of an audience stands twice in one publication");
            break;
        }
    mem_free(sorted);
    return 0;
}

static int check_whole(struct pack_check *c, const struct pack_publication *p, struct err *e)
{
    uint8_t root[32];

    if (c->customer)
        return 0;
    if (merkle_frontier_root(&p->tree, root) != 0)
        return digest_failed(e);
    if (p->tree.size != p->entries || memcmp(root, p->root, 32) != 0)
        return pack_fail(c, CODE, STEP, "entries.jsonl", 0,
                         "the %llu entries of %s do not have the root that the publication signs "
                         "for %llu",
                         (unsigned long long)p->tree.size, p->id, (unsigned long long)p->entries);
    if (p->meant != p->members)
        return pack_fail(c, CODE, STEP, "entries.jsonl", 0,
                         "the entries of %s mean %llu devices, the publication says %llu", p->id,
                         (unsigned long long)p->meant, (unsigned long long)p->members);
    return 0;
}

int pack_check_entries(struct pack_check *c, struct err *e)
{
    static const struct pack_line_kind kind = {.file = "entries.jsonl",
                                               .step = STEP,
                                               .record = sizeof(struct entry_record),
                                               .line = entry_line,
                                               .merge = entry_merge};

    if (pack_lines_check(c, &kind, e) != 0)
        return -1;
    c->report->entries = c->entries.count;
    if (c->failed)
        return 0;
    if (c->entries.count >= UINT32_MAX)
        return err_set(e, ERR_LIMIT, "pack.entries", NULL, "too many entries");
    for (size_t i = 0; i < c->publications.count; i++)
        if (check_whole(c, &c->publications.items[i], e) != 0)
            return -1;
    return check_doubles(c, e) == 0 && index_notices(c, e) == 0 ? 0 : -1;
}
