/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/seal/stamp_check.h"
#include "base/encoding.h"
#include "evidence/bundle/manifest.h"
#include "evidence/seal/revocation_check.h"
#include "evidence/seal/seal_internal.h"

#include <stdio.h>

struct checking {
    struct evidence_stamp_check *all;
    bool wrong;
};

static int told(struct checking *c, const char *file, const char *where, const char *text,
                struct err *e)
{
    char what[SEAL_NAME + 256];
    c->wrong = true;
    snprintf(what, sizeof what, "%s/%.200s", c->all->seal, file);
    return c->all->problem(c->all->context, what, where, text, e);
}

static int judge(struct checking *c, const char *file, struct err *found, struct err *e)
{
    if (found->kind != ERR_VERIFY && found->kind != ERR_NOT_FOUND && found->kind != ERR_INPUT &&
        found->kind != ERR_LIMIT) {
        *e = *found;
        return -1;
    }
    int result = told(c, file, found->where, found->text, e);
    err_clear(found);
    return result;
}

/* 1: read; 0: it could not be, which is told. */
static int read_file(struct checking *c, const char *name, struct buf *text, struct err *e)
{
    struct err found = {0};
    if (evidence_seal_read(c->all->folder, c->all->seal, name, text, &found) == 0)
        return 1;
    return judge(c, name, &found, e);
}

static int check_token(struct checking *c, struct slice answer, struct err *e)
{
    struct err found = {0};
    struct buf same, chain, kept;
    struct slice token;
    int result = evidence_stamp_token(answer, &token, &found);
    if (result != 0)
        return judge(c, "seal.tsr", &found, e);
    buf_init(&same);
    buf_init(&chain);
    buf_init(&kept);
    evidence_stamp_answer(token, &same);
    result = buf_check(&same, e);
    if (result == 0 && !slice_equal(buf_slice(&same), answer))
        result = told(c, "seal.tsr", "", "there is something in it besides the time-stamp", e);
    if (result == 0 && evidence_stamp_check(token, c->all->signature, NULL, c->all->tsa_roots,
                                            &c->all->stamp, &found) != 0)
        result = judge(c, "seal.tsr", &found, e);
    if (result == 0 && evidence_stamp_chain(token, &chain, &found) != 0)
        result = judge(c, "seal.tsr", &found, e);
    if (result == 0 && (result = read_file(c, "tsa.pem", &kept, e)) == 1)
        result = slice_equal(buf_slice(&kept), buf_slice(&chain))
                     ? 0
                     : told(c, "tsa.pem", "", "it does not hold the certificates of seal.tsr", e);
    buf_fini(&same);
    buf_fini(&chain);
    buf_fini(&kept);
    return result;
}

/* Signatures, dates, and what it says, of each certificate of the seal. */
static int check_file(struct checking *c, struct evidence_seal_chain *chain, const char *name,
                      struct err *e)
{
    struct err found = {0};
    struct buf der;
    buf_init(&der);
    int result = read_file(c, name, &der, e);
    if (result == 1)
        result = evidence_seal_chain_ask(chain, buf_slice(&der), c->all->stamp.at, &found) == 0
                     ? 0
                     : judge(c, name, &found, e);
    buf_fini(&der);
    return result;
}

static int check_revocation(struct checking *c, struct evidence_seal_chain *chain,
                            const struct json_value *files, struct err *e)
{
    const char **names;
    char below[SEAL_NAME + 16], name[320];
    size_t count;
    snprintf(below, sizeof below, "%s/revocation", c->all->seal);
    if (evidence_folder_list(c->all->folder, below, c->all->arena, &names, &count, e) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "revocation/%.255s", names[i]);
        if (!json_get(files, name)) {
            if (told(c, name, "", "stamp.json does not list it", e) != 0)
                return -1;
            continue;
        }
        c->all->revocation_count++;
        if (check_file(c, chain, name, e) != 0)
            return -1;
    }
    evidence_seal_chain_tell(chain, &c->all->revocation);
    return 0;
}

/* Each file that stamp.json lists is the one that it lists. */
static int check_listed(struct checking *c, const struct json_value *files, struct err *e)
{
    static const char *const always[] = {"chain.pem", "seal.json", "seal.p7s", "seal.tsr",
                                         "tsa.pem"};
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (!json_get(files, always[i]) &&
            told(c, "stamp.json", always[i], "it does not list this file", e) != 0)
            return -1;
    json_each(entry, files)
    {
        struct slice file = json_name(entry);
        uint8_t said[SHA256_LEN], hash[SHA256_LEN];
        char below[SEAL_NAME + 256], name[256];
        uint64_t bytes;
        struct err found = {0};
        if (file.len >= sizeof name - 1 || memchr(file.data, 0, file.len) || file.len == 0 ||
            file.data[0] == '.' || file.data[0] == '/' || memmem(file.data, file.len, "..", 2)) {
            if (told(c, "stamp.json", "", "it lists a file that lies elsewhere", e) != 0)
                return -1;
            continue;
        }
        snprintf(name, sizeof name, "%.*s", SLICE_ARG(file));
        snprintf(below, sizeof below, "%s/%s", c->all->seal, name);
        int result = 0;
        if (evidence_file_digest(c->all->folder, below, hash, &bytes, &found) != 0)
            result = judge(c, name, &found, e);
        else if (hex_parse(json_string(entry), said, sizeof said) != 0 ||
                 memcmp(said, hash, sizeof said) != 0)
            result = told(c, name, "", "it is not the file that stamp.json lists", e);
        if (result != 0)
            return -1;
    }
    return 0;
}

static int check_kept(struct checking *c, struct slice answer, const struct json_value *files,
                      struct err *e)
{
    struct slice token = {0};
    struct err found = {0};
    if (evidence_stamp_token(answer, &token, &found) != 0)
        return 0; /* told with seal.tsr */
    struct evidence_seal_chain *chain =
        evidence_seal_chain_new(token, c->all->signature, c->all->tsa_roots, c->all->roots, e);
    int result = chain ? check_revocation(c, chain, files, e) : -1;
    evidence_seal_chain_free(chain);
    return result;
}

static int check_statement(struct checking *c, struct slice answer, struct slice json,
                           struct slice signature, struct err *e)
{
    struct evidence_signature by;
    struct json_doc *doc = NULL;
    struct err found = {0};
    int result = 0;
    if (evidence_cms_verify(json, signature, c->all->roots, &by, &found) != 0)
        result = judge(c, "stamp.p7s", &found, e);
    if (result == 0 && json_parse(&doc, json, NULL, &found) != 0)
        result = judge(c, "stamp.json", &found, e);
    else if (result == 0 && !slice_is(json_get_string(json_root(doc), "format"), STAMP_FORMAT))
        result = told(c, "stamp.json", "", "it is not of the format " STAMP_FORMAT, e);
    else if (result == 0) {
        const struct json_value *files = json_get(json_root(doc), "files");
        result = check_listed(c, files, e) != 0 ? -1 : check_kept(c, answer, files, e);
    }
    json_doc_free(doc);
    return result;
}

int evidence_stamp_check_files(struct evidence_stamp_check *s, struct err *e)
{
    static const char *const files[] = {"stamp.json", "stamp.p7s", "tsa.pem", "revocation"};
    struct checking c = {.all = s};
    struct buf answer, json, signature;
    int result = 0;
    if (!evidence_seal_has(s->folder, s->seal, "seal.tsr")) {
        for (size_t i = 0; i < ARRAY_LEN(files) && result == 0; i++)
            if (evidence_seal_has(s->folder, s->seal, files[i]))
                result =
                    told(&c, files[i], "",
                         "it is of a time-stamp, and seal.tsr, which holds that, is not there", e);
        return result;
    }
    buf_init(&answer);
    buf_init(&json);
    buf_init(&signature);
    int read = read_file(&c, "seal.tsr", &answer, e);
    if (read == 1)
        result = check_token(&c, buf_slice(&answer), e);
    if (read >= 0 && result == 0 && (read = read_file(&c, "stamp.json", &json, e)) == 1 &&
        (read = read_file(&c, "stamp.p7s", &signature, e)) == 1)
        result =
            check_statement(&c, buf_slice(&answer), buf_slice(&json), buf_slice(&signature), e);
    buf_fini(&answer);
    buf_fini(&json);
    buf_fini(&signature);
    s->stamped = !c.wrong;
    return read < 0 || result != 0 ? -1 : 0;
}
