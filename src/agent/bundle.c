/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/bundle.h"
#include "base/clock.h"
#include "base/memory.h"
#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char clause[] = "docs/formats.md 6.1";

static int by_name(const void *left, const void *right)
{
    const struct tar_entry *a = left, *b = right;

    return strcmp(a->name, b->name);
}

static int read_index(struct bundle *b, struct err *e)
{
    struct tar_reader reader;
    struct tar_entry entry;
    size_t room = 0;
    int found;

    tar_read_init(&reader, tar_fetch_fd, &b->fd);
    while ((found = tar_read_next(&reader, &entry, e)) == 1) {
        if (b->count == BUNDLE_FILES_MAX)
            return err_set(e, ERR_LIMIT, "bundle.files", clause, "more than %d files",
                           BUNDLE_FILES_MAX);
        if (b->count == 0 && strcmp(entry.name, "manifest.json") != 0)
            return err_set(e, ERR_INPUT, "bundle.syntax", clause,
                           "the first file must be manifest.json, not %s", entry.name);
        if (b->count == room) {
            size_t more = room ? room * 2 : 32;
            struct tar_entry *larger = mem_resize(b->files, more, sizeof(*b->files));
            if (!larger)
                return err_memory(e);
            b->files = larger;
            room = more;
        }
        b->files[b->count++] = entry;
    }
    if (found < 0)
        return -1;
    if (b->count == 0)
        return err_set(e, ERR_INPUT, "bundle.syntax", clause, "the archive is empty");
    qsort(b->files, b->count, sizeof(*b->files), by_name);
    for (size_t i = 1; i < b->count; i++)
        if (strcmp(b->files[i - 1].name, b->files[i].name) == 0)
            return err_set(e, ERR_INPUT, "bundle.syntax", "docs/formats.md 6",
                           "the file %s is there twice", b->files[i].name);
    return 0;
}

static const struct tar_entry *find(const struct bundle *b, const char *name)
{
    struct tar_entry key;

    if (strlen(name) > TAR_NAME_MAX)
        return NULL;
    memcpy(key.name, name, strlen(name) + 1);
    return bsearch(&key, b->files, b->count, sizeof(*b->files), by_name);
}

int bundle_read(const struct bundle *b, const char *name, size_t limit, struct buf *out,
                struct err *e)
{
    const struct tar_entry *file = find(b, name);
    int fd = b->fd;

    if (!file)
        return 0;
    if (file->size > limit) {
        err_set(e, ERR_LIMIT, "bundle.file", clause, "%s has %llu bytes, at most %zu are taken",
                name, (unsigned long long)file->size, limit);
        return -1;
    }
    uint8_t *at = buf_extend(out, (size_t)file->size);
    if (!at)
        return buf_check(out, e);
    int64_t got = tar_fetch_fd(&fd, file->offset, at, (size_t)file->size, e);
    if (got == (int64_t)file->size)
        return 1;
    return err_set(e, ERR_INPUT, "bundle.syntax", clause, "%s ends early", name);
}

static int read_manifest(struct bundle *b, struct err *e)
{
    const struct json_value *root;
    struct slice id;
    struct buf text;
    int result = -1;

    buf_init(&text);
    if (bundle_read(b, "manifest.json", BUNDLE_MANIFEST_MAX, &text, e) != 1 ||
        envelope_hash(buf_slice(&text), b->hash, e) != 0 ||
        envelope_parse(&b->manifest, buf_slice(&text), "tocsin-bundle/v1", e) != 0)
        goto out;
    b->has_manifest = true;
    root = b->manifest.root;
    id = json_get_string(root, "id");
    b->origin = json_get_string(root, "origin");
    b->organisation = json_get_string(root, "organisation");
    b->checkpoint = json_get_string(root, "checkpoint");
    if (id.len == 0 || id.len >= sizeof(b->id) || memchr(id.data, '\0', id.len) ||
        b->origin.len == 0 || !json_is(json_get(root, "files"), JSON_ARRAY)) {
        err_set(e, ERR_INPUT, "bundle.syntax", clause,
                "the manifest lacks id, origin or files, or they are not as described");
        goto out;
    }
    memcpy(b->id, id.data, id.len);
    b->id[id.len] = '\0';
    result = time_parse(json_get_string(root, "at"), &b->at, e);
out:
    buf_fini(&text);
    return result;
}

int bundle_open(struct bundle *b, const char *path, struct err *e)
{
    memset(b, 0, sizeof(*b));
    b->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (b->fd < 0)
        return err_errno(e, errno, "base.file-open", "cannot read %s", path);
    if (read_index(b, e) != 0 || read_manifest(b, e) != 0)
        return err_context(e, "%s", path);
    return 0;
}

void bundle_fini(struct bundle *b)
{
    if (b->has_manifest)
        envelope_fini(&b->manifest);
    mem_free(b->files);
    if (b->fd >= 0)
        close(b->fd);
    memset(b, 0, sizeof(*b));
    b->fd = -1;
}

static int check_hash(const struct bundle *b, const struct tar_entry *file,
                      const uint8_t wanted[32], struct err *e)
{
    struct sha256_context digest;
    uint8_t got[32], chunk[65536];
    int fd = b->fd, result = -1;

    if (sha256_init(&digest) != 0)
        return digest_failed(e);
    for (uint64_t at = 0; at < file->size;) {
        size_t len = file->size - at < sizeof(chunk) ? (size_t)(file->size - at) : sizeof(chunk);
        int64_t read = tar_fetch_fd(&fd, file->offset + at, chunk, len, e);
        if (read != (int64_t)len) {
            err_set(e, ERR_INPUT, "bundle.syntax", clause, "%s ends early", file->name);
            goto out;
        }
        if (sha256_update(&digest, slice_of(chunk, len)) != 0) {
            digest_failed(e);
            goto out;
        }
        at += len;
    }
    if (sha256_final(&digest, got) != 0)
        digest_failed(e);
    else if (memcmp(got, wanted, 32) != 0)
        err_set(e, ERR_VERIFY, "bundle.hash", clause,
                "%s is not the file that was signed: its SHA-256 differs", file->name);
    else
        result = 0;
out:
    sha256_fini(&digest);
    return result;
}

static int check_file(const struct bundle *b, const struct json_value *item, struct err *e)
{
    struct slice name = json_get_string(item, "name");
    const struct tar_entry *file = NULL;
    char text[TAR_NAME_MAX + 1];
    uint8_t hash[32];
    int64_t size;

    if (name.len == 0 || name.len > TAR_NAME_MAX || memchr(name.data, '\0', name.len) ||
        !json_int64(json_get(item, "size"), &size) || size < 0 ||
        hash_text_parse(json_get_string(item, "hash"), hash) != 0)
        return err_set(e, ERR_INPUT, "bundle.syntax", clause,
                       "a line of the manifest's files is not as described");
    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    file = find(b, text);
    if (!file)
        return err_set(e, ERR_VERIFY, "bundle.files", clause, "the file %s is missing", text);
    if (file->size != (uint64_t)size)
        return err_set(e, ERR_VERIFY, "bundle.hash", clause,
                       "%s has %llu bytes, the manifest says %lld", text,
                       (unsigned long long)file->size, (long long)size);
    return check_hash(b, file, hash, e);
}

int bundle_verify(const struct bundle *b, struct chain_verifier *verifier, struct err *e)
{
    const struct json_value *files = json_get(b->manifest.root, "files");
    struct slice before = slice_of(NULL, 0);

    if (envelope_verify_chain(&b->manifest, verifier, b->at, PURPOSE_DOCUMENT, e) != 0)
        return err_context(e, "manifest.json");
    json_each(item, files)
    {
        struct slice name = json_get_string(item, "name");
        /* sorted, so that none is listed twice; and as many as there are, so that none is more */
        if (before.len && slice_compare(before, name) >= 0)
            return err_set(e, ERR_INPUT, "bundle.syntax", clause,
                           "the manifest's files are not sorted by name");
        before = name;
        if (check_file(b, item, e) != 0)
            return -1;
    }
    if (json_count(files) + 1 != b->count)
        return err_set(e, ERR_VERIFY, "bundle.files", clause,
                       "the archive holds %zu files beside the manifest, which lists %zu",
                       b->count - 1, json_count(files));
    return 0;
}
