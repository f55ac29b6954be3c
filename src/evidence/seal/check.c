/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/seal/check.h"
#include "base/encoding.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/record.h"
#include "evidence/seal/seal_internal.h"
#include "evidence/seal/stamp_check.h"

#include <inttypes.h>
#include <stdio.h>

/* One seal under way. */
struct checking {
    struct evidence_seals *all;
    struct evidence_seal_found *found;
    char seal[SEAL_NAME];
    struct buf json, signature;
    bool wrong; /* something was, with what the seal itself says */
};

static int problem(struct checking *c, const char *file, const char *text, struct err *e)
{
    char what[SEAL_NAME + 160];
    c->wrong = true;
    snprintf(what, sizeof what, "%s/%s", c->seal, file);
    return c->all->problem(c->all->context, what, "", text, e);
}

/* What was found wrong is a problem; what could not be found out is a failure. */
static int judge(struct checking *c, const char *file, struct err *found, struct err *e)
{
    char what[SEAL_NAME + 160];
    if (found->kind != ERR_VERIFY && found->kind != ERR_NOT_FOUND && found->kind != ERR_INPUT &&
        found->kind != ERR_LIMIT) {
        *e = *found;
        return -1;
    }
    c->wrong = true;
    snprintf(what, sizeof what, "%s/%s", c->seal, file);
    int result = c->all->problem(c->all->context, what, found->where, found->text, e);
    err_clear(found);
    return result;
}

/* 1: it was read; 0: it could not be, which is a problem that was told. */
static int read_file(struct checking *c, const char *name, struct buf *text, struct err *e)
{
    struct err found = {0};
    if (evidence_seal_read(c->all->folder, c->seal, name, text, &found) == 0)
        return 1;
    return judge(c, name, &found, e);
}

static const char *copy(struct checking *c, struct slice text)
{
    const char *kept =
        arena_copy(c->all->arena, text.data ? text.data : (const uint8_t *)"", text.len);
    return kept ? kept : "";
}

static bool names_hash(const struct json_value *v, const char *name, const uint8_t hash[SHA256_LEN])
{
    uint8_t said[SHA256_LEN];
    return hex_parse(json_get_string(v, name), said, sizeof said) == 0 &&
           memcmp(said, hash, sizeof said) == 0;
}

static int check_custody(struct checking *c, const struct json_value *root, struct err *e)
{
    const struct json_value *custody = json_get(root, "custody");
    char name[64], text[160];
    uint8_t hash[SHA256_LEN];
    uint64_t bytes;
    int64_t records;
    struct err found = {0};
    if (!json_int64(json_get(custody, "count"), &records) || records < 0)
        return problem(c, "seal.json", "it does not say how many custody records there were", e);
    c->found->custody_records = (uint64_t)records;
    if (records == 0)
        return 0;
    snprintf(name, sizeof name, "custody/%05" PRId64 ".json", records);
    if (evidence_file_digest(c->all->folder, name, hash, &bytes, &found) != 0) {
        if (found.kind != ERR_NOT_FOUND)
            return judge(c, "seal.json", &found, e);
        snprintf(text, sizeof text,
                 "the seal covers %" PRId64 " records, and the last is not there: the log was cut",
                 records);
        c->wrong = true;
        return c->all->problem(c->all->context, name, "", text, e);
    }
    uint8_t said[SHA256_LEN];
    if (evidence_hash_parse(json_get_string(custody, "head"), said) == 0 &&
        memcmp(said, hash, sizeof said) == 0)
        return 0;
    c->wrong = true;
    return c->all->problem(c->all->context, name, "", "it is not the record that the seal covers",
                           e);
}

static int check_previous(struct checking *c, const struct json_value *root, struct err *e)
{
    const struct json_value *previous = json_get(root, "previous");
    char before[SEAL_NAME], name[SEAL_NAME + 16];
    uint8_t hash[SHA256_LEN];
    uint64_t bytes;
    if (c->found->number == 1)
        return 0;
    evidence_seal_name(c->found->number - 1, before);
    if (!json_get(previous, "seal.json") || !json_get(previous, "seal.p7s"))
        return problem(c, "seal.json", "it does not name the seal before it", e);
    for (size_t i = 0; i < json_count(previous); i++) {
        static const char *const files[] = {"seal.json", "seal.p7s", "stamp.json", "seal.tsr"};
        struct err found = {0};
        if (i >= ARRAY_LEN(files) || !json_get(previous, files[i]))
            continue;
        snprintf(name, sizeof name, "%s/%s", before, files[i]);
        if (evidence_file_digest(c->all->folder, name, hash, &bytes, &found) != 0) {
            if (judge(c, "seal.json", &found, e) != 0)
                return -1;
        } else if (!names_hash(previous, files[i], hash)) {
            c->wrong = true;
            if (c->all->problem(c->all->context, name, "",
                                "it is not the one that the next seal "
                                "names",
                                e) != 0)
                return -1;
        }
    }
    return 0;
}

static int check_says(struct checking *c, const struct json_value *root, struct err *e)
{
    struct evidence_seal_found *f = c->found;
    const struct json_value *by = json_get(root, "by"), *q = json_get(root, "qualities");
    int64_t number;
    if (!slice_is(json_get_string(root, "format"), SEAL_FORMAT))
        return problem(c, "seal.json", "it is not of the format " SEAL_FORMAT, e);
    if (!json_int64(json_get(root, "number"), &number) || number != f->number)
        return problem(c, "seal.json", "it is the seal of another place", e);
    if (!names_hash(root, "tagmanifest_sha256", c->all->tags_sha256)) {
        char text[SEAL_NAME + 64];
        c->wrong = true;
        snprintf(text, sizeof text, "it is not the one that %s/seal.json covers", c->seal);
        if (c->all->problem(c->all->context, "tagmanifest-sha256.txt", "", text, e) != 0)
            return -1;
    }
    f->name = copy(c, json_get_string(by, "name"));
    f->role = copy(c, json_get_string(by, "role"));
    f->organisation = copy(c, json_get_string(by, "organisation"));
    f->exhibit = copy(c, json_get_string(root, "exhibit"));
    f->source_again = copy(c, json_get_string(root, "source_verifiable"));
    f->qualities.relevance = copy(c, json_get_string(q, "relevance"));
    f->qualities.reliability = copy(c, json_get_string(q, "reliability"));
    f->qualities.sufficiency = copy(c, json_get_string(q, "sufficiency"));
    if ((!f->qualities.relevance[0] || !f->qualities.reliability[0] ||
         !f->qualities.sufficiency[0]) &&
        problem(c, "seal.json",
                "it does not say what relevance, reliability and sufficiency rest "
                "on (ISO/IEC 27037 section 5.3)",
                e) != 0)
        return -1;
    return check_custody(c, root, e) != 0 ? -1 : check_previous(c, root, e);
}

static int check_json(struct checking *c, struct err *e)
{
    struct json_doc *doc = NULL;
    struct err found = {0};
    int result = json_parse(&doc, buf_slice(&c->json), NULL, &found);
    result = result != 0 ? judge(c, "seal.json", &found, e) : check_says(c, json_root(doc), e);
    json_doc_free(doc);
    return result;
}

static int check_chain_file(struct checking *c, struct err *e)
{
    struct buf kept, wanted;
    buf_init(&kept);
    buf_init(&wanted);
    int result = read_file(c, "chain.pem", &kept, e);
    if (result == 1) {
        struct err found = {0};
        result = evidence_cms_chain(buf_slice(&c->signature), &wanted, &found);
        if (result != 0)
            result = found.kind == ERR_MEMORY ? (*e = found, -1) : 0; /* told with seal.p7s */
        else if (!slice_equal(buf_slice(&kept), buf_slice(&wanted)))
            result = problem(c, "chain.pem", "it does not hold the certificates of seal.p7s", e);
    }
    buf_fini(&kept);
    buf_fini(&wanted);
    return result;
}

static int check_signature(struct checking *c, struct err *e)
{
    struct err found = {0};
    bool stamped = c->found->stamped && c->found->stamp.chain_checked;
    int result =
        evidence_cms_verify_at(buf_slice(&c->json), buf_slice(&c->signature), c->all->roots,
                               stamped ? c->found->stamp.at : 0, &c->found->signature, &found);
    return result == 0 ? 0 : judge(c, "seal.p7s", &found, e);
}

static int check_stamp(struct checking *c, struct err *e)
{
    struct evidence_stamp_check s = {.folder = c->all->folder,
                                     .seal = c->seal,
                                     .signature = buf_slice(&c->signature),
                                     .tsa_roots = c->all->tsa_roots,
                                     .roots = c->all->roots,
                                     .arena = c->all->arena,
                                     .problem = c->all->problem,
                                     .context = c->all->context};
    if (evidence_stamp_check_files(&s, e) != 0)
        return -1;
    c->found->stamped = s.stamped;
    c->found->stamp = s.stamp;
    c->found->revocation_count = s.revocation_count;
    c->found->revocation = s.revocation;
    return 0;
}

static int check_one(struct checking *c, struct err *e)
{
    int has_json = read_file(c, "seal.json", &c->json, e);
    int has_signature = has_json < 0 ? -1 : read_file(c, "seal.p7s", &c->signature, e);
    if (has_signature < 0)
        return -1;
    if (check_stamp(c, e) != 0 || check_chain_file(c, e) != 0)
        return -1;
    if (!has_json || !has_signature)
        return 0;
    if (check_signature(c, e) != 0 || check_json(c, e) != 0)
        return -1;
    c->found->holds = !c->wrong;
    return 0;
}

static const char begun[] = "a seal that was begun and broken off: seal again, or take it away";

/* Everything in seal/ belongs to a seal; a folder without a signature is a seal that was begun. */
static int count_seals(struct evidence_seals *s, struct err *e)
{
    static const char *const files[] = {"chain.pem", "revocation/", "seal.json", "seal.p7s",
                                        "seal.tsr",  "stamp.json",  "stamp.p7s", "tsa.pem"};
    const char **names;
    size_t count;
    char folder[SEAL_NAME], what[320];
    unsigned numbered = 1;
    if (evidence_folder_list(s->folder, "seal", s->arena, &names, &count, e) != 0)
        return -1;
    bool any = count > 0;
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        evidence_seal_name(numbered + 1, folder);
        if (strncmp(names[i], folder + 5, 5) == 0 && strcmp(names[i] + 5, "/") == 0) {
            numbered++;
            continue;
        }
        for (size_t j = 0; j < ARRAY_LEN(files); j++)
            known = known || strcmp(names[i], files[j]) == 0;
        snprintf(what, sizeof what, "seal/%.255s", names[i]);
        const char *text = strstr(names[i], SEAL_BUILT "/") ? begun : "it belongs to no seal";
        if (!known && s->problem(s->context, what, "", text, e) != 0)
            return -1;
    }
    if (evidence_seal_has(s->folder, "seal" SEAL_BUILT, "") &&
        s->problem(s->context, "seal" SEAL_BUILT "/", "", begun, e) != 0)
        return -1;
    if (any && numbered <= EVIDENCE_SEALS)
        s->count = numbered;
    return 0;
}

int evidence_seals_check(struct evidence_seals *s, struct err *e)
{
    s->count = 0;
    if (count_seals(s, e) != 0)
        return -1;
    s->found = arena_new(s->arena, s->count + 1, sizeof *s->found);
    if (!s->found)
        return err_memory(e);
    for (unsigned n = 1; n <= s->count; n++) {
        struct evidence_seal_found *f = &s->found[n - 1];
        struct checking c = {.all = s, .found = f};
        *f = (struct evidence_seal_found){.number = n,
                                          .name = "",
                                          .role = "",
                                          .organisation = "",
                                          .exhibit = "",
                                          .source_again = "",
                                          .qualities = {"", "", ""}};
        evidence_seal_name(n, c.seal);
        buf_init(&c.json);
        buf_init(&c.signature);
        int result = check_one(&c, e);
        buf_fini(&c.json);
        buf_fini(&c.signature);
        if (result != 0)
            return -1;
    }
    return 0;
}
