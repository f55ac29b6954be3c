/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1: the files are those that pack.json and SHA256SUMS name, and no others. */
#include "journal/pack_check.h"

#include "base/cursor.h"
#include "base/encoding.h"
#include "base/memory.h"
#include "crypto/digest.h"

enum { STEP = 1, STATEMENT_MAX = 64 << 20 };

struct listed_file {
    struct slice name;
    uint8_t hash[32];
    uint64_t size;
    bool is_statement;
};

static int hash_file(struct pack_check *c, const struct pack_file *file, uint8_t out[32],
                     struct err *e)
{
    struct sha256_context context;
    struct pack_stream stream;
    struct slice bytes;
    int rc = -1, got;

    if (sha256_init(&context) != 0) {
        digest_failed(e);
        goto out;
    }
    if (pack_stream_open(&stream, &c->files, file, e) != 0)
        goto out;
    while ((got = pack_stream_block(&stream, &bytes, e)) == 1)
        if (sha256_update(&context, bytes) != 0) {
            digest_failed(e);
            got = -1;
            break;
        }
    pack_stream_close(&stream);
    if (got == 0)
        rc = sha256_final(&context, out) == 0 ? 0 : digest_failed(e);
out:
    sha256_fini(&context);
    return rc;
}

/* What pack.json says about a file, and what is there. */
static int check_file(struct pack_check *c, const struct json_value *item, struct slice *before,
                      struct err *e)
{
    static const char *const members[] = {"hash", "name", "size", NULL};
    struct slice name = json_get_string(item, "name");
    const struct pack_file *file = NULL;
    char text[TAR_NAME_MAX + 1] = "";
    struct err cause = {0};
    uint8_t expected[32], hash[32];
    uint64_t size;

    if (pack_members_are(item, members, NULL, "pack.syntax", &cause) != 0 ||
        pack_get_hash(item, "hash", expected, "pack.syntax", &cause) != 0 ||
        pack_get_count(item, "size", &size, "pack.syntax", &cause) != 0)
        return pack_fail_cause(c, "pack.syntax", STEP, PACK_STATEMENT, 0, "files", &cause, e);
    if (!tar_name_is(name) || slice_compare(*before, name) >= 0 || slice_is(name, PACK_STATEMENT) ||
        slice_is(name, PACK_SUMS))
        return pack_fail(c, "pack.syntax", STEP, PACK_STATEMENT, 0,
                         "\"files\" is not sorted by name, or has a name that cannot be there");
    *before = name;
    memcpy(text, name.data, name.len);
    file = pack_files_find(&c->files, text);
    if (!file)
        return pack_fail(c, "pack.file-missing", STEP, text, 0,
                         "pack.json names it, but it is "
                         "not there");
    if (hash_file(c, file, hash, e) != 0)
        return -1;
    if (file->size != size || memcmp(hash, expected, sizeof hash) != 0)
        return pack_fail(c, "pack.file-hash", STEP, text, 0,
                         "it is not the file that pack.json names: it was changed since");
    return 0;
}

static int check_names(struct pack_check *c, const struct json_value *files)
{
    for (size_t i = 0; i < c->files.count; i++) {
        const char *name = c->files.files[i].name;
        size_t low = 0, high = json_count(files);
        if (strcmp(name, PACK_STATEMENT) == 0 || strcmp(name, PACK_SUMS) == 0)
            continue;
        while (low < high) { /* they are sorted */
            size_t middle = low + (high - low) / 2;
            struct slice other = json_get_string(json_at(files, middle), "name");
            int order = slice_compare(other, slice_str(name));
            if (order == 0)
                break;
            if (order < 0)
                low = middle + 1;
            else
                high = middle;
        }
        if (low >= high)
            pack_fail(c, "pack.file-unknown", STEP, name, 0, "pack.json does not name this file");
    }
    for (size_t i = 0; i < PACK_LINE_FILES; i++)
        if (!pack_files_find(&c->files, pack_line_files[i]))
            pack_fail(c, "pack.file-missing", STEP, pack_line_files[i], 0, "a pack has this file");
    for (size_t i = 0; i < PACK_FIXED_FILES; i++)
        if (!pack_files_find(&c->files, pack_fixed_files[i]))
            pack_fail(c, "pack.file-missing", STEP, pack_fixed_files[i], 0, "a pack has this file");
    return 0;
}

/* SHA256SUMS is for people with sha256sum; it has to say the same. */
static int check_sums(struct pack_check *c, struct err *e)
{
    const struct pack_file *file = pack_files_find(&c->files, PACK_SUMS);
    struct pack_stream stream;
    struct slice line;
    size_t at = 0;
    uint64_t number = 0;
    int rc = -1, got;

    if (!file)
        return pack_fail(c, "pack.file-missing", STEP, PACK_SUMS, 0, "a pack has this file");
    if (pack_stream_open(&stream, &c->files, file, e) != 0)
        return -1;
    while ((got = pack_stream_line(&stream, &line, e)) == 1) {
        uint8_t expected[32], hash[32];
        number++;
        if (at < c->files.count && strcmp(c->files.files[at].name, PACK_SUMS) == 0)
            at++;
        if (at == c->files.count || line.len < 66 ||
            hex_parse(slice_of(line.data, 64), expected, 32) != 0 ||
            memcmp(line.data + 64, "  ", 2) != 0 ||
            !slice_is(slice_of(line.data + 66, line.len - 66), c->files.files[at].name)) {
            rc = pack_fail(c, "pack.sums", STEP, PACK_SUMS, number,
                           "the lines are not the files, sorted by name");
            goto out;
        }
        if (hash_file(c, &c->files.files[at], hash, e) != 0)
            goto out;
        if (memcmp(hash, expected, sizeof hash) != 0)
            pack_fail(c, "pack.sums", STEP, PACK_SUMS, number, "\"%s\" has another hash",
                      c->files.files[at].name);
        at++;
    }
    if (got < 0) {
        struct err cause = *e;
        err_clear(e);
        rc = pack_fail_cause(c, "pack.sums", STEP, PACK_SUMS, number, NULL, &cause, e);
        goto out;
    }
    while (at < c->files.count && strcmp(c->files.files[at].name, PACK_SUMS) == 0)
        at++;
    rc = at == c->files.count ? 0
                              : pack_fail(c, "pack.sums", STEP, PACK_SUMS, 0, "\"%s\" is missing",
                                          c->files.files[at].name);
out:
    pack_stream_close(&stream);
    return rc;
}

static int read_statement(struct pack_check *c, struct err *e)
{
    static const char *const members[] = {"advisory",     "checkpoint", "claims", "counts",
                                          "files",        "format",     "made",   "origin",
                                          "publications", NULL};
    static const char *const optional[] = {"scope", NULL};
    static const char *const scope_members[] = {"organisation", NULL};
    const struct pack_file *file = pack_files_find(&c->files, PACK_STATEMENT);
    const struct json_value *root, *scope;
    struct err cause = {0};
    struct pack_id organisation;
    struct buf text;
    int rc = -1;

    if (!file)
        return pack_fail(c, "pack.file-missing", STEP, PACK_STATEMENT, 0,
                         "this is no proof pack: it has no pack.json");
    buf_init(&text);
    if (pack_file_read(&c->files, file, STATEMENT_MAX, &text, &cause) != 0 ||
        envelope_parse(&c->statement, buf_slice(&text), PACK_FORMAT, &cause) != 0) {
        rc = pack_fail_cause(c, "pack.syntax", STEP, PACK_STATEMENT, 0, NULL, &cause, e);
        goto out;
    }
    c->has_statement = true;
    root = c->statement.root;
    scope = json_get(root, "scope");
    c->customer = scope != NULL;
    if (pack_members_are(root, members, optional, "pack.syntax", &cause) != 0 ||
        pack_get_time(root, "made", &c->made, "pack.syntax", &cause) != 0 ||
        (scope &&
         (pack_members_are(scope, scope_members, NULL, "pack.syntax", &cause) != 0 ||
          pack_get_id(scope, "organisation", "org", &organisation, "pack.syntax", &cause) != 0)) ||
        !json_is(json_get(root, "files"), JSON_ARRAY)) {
        if (!err_is_set(&cause))
            pack_wrong(&cause, "pack.syntax", "\"files\" is not an array");
        rc = pack_fail_cause(c, "pack.syntax", STEP, PACK_STATEMENT, 0, NULL, &cause, e);
        goto out;
    }
    if (scope) {
        struct slice id = json_get_string(scope, "organisation");
        c->report->organisation = mem_new(id.len + 1, 1);
        if (!c->report->organisation) {
            err_memory(e);
            goto out;
        }
        memcpy(c->report->organisation, id.data, id.len);
    }
    rc = 0;
out:
    buf_fini(&text);
    return rc;
}

int pack_check_container(struct pack_check *c, struct err *e)
{
    struct slice before = slice_of(NULL, 0);

    if (read_statement(c, e) != 0)
        return -1;
    if (c->failed)
        return 0;
    const struct json_value *files = json_get(c->statement.root, "files");
    json_each(item, files)
    {
        if (check_file(c, item, &before, e) != 0)
            return -1;
    }
    if (check_names(c, files) != 0)
        return -1;
    return check_sums(c, e);
}
