/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/record/objects.h"
#include "base/file.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "evidence/bundle/manifest.h"
#include "evidence/record/hash_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART = 1 << 20 };

static const char *const seals[] = {"seal/seal.json", "seal/seal.p7s", "seal/seal.tsr"};
enum { SEALS = sizeof seals / sizeof *seals };

static int read_manifest(struct arena *arena, const char *folder, const char *name,
                         struct evidence_manifest *m, struct err *e)
{
    struct buf text;
    buf_init(&text);
    int result = evidence_file_read(folder, name, EVIDENCE_MANIFEST_MOST, &text, e);
    if (result == 0)
        result = evidence_manifest_parse(arena, buf_slice(&text), m, e);
    buf_fini(&text);
    return result;
}

/* path NULL: there was no memory for it. */
static int add(struct evidence_object *object, char *path, bool later, struct err *e)
{
    if (!path)
        return err_memory(e);
    object->documents[object->count++] = (struct evidence_document){.path = path, .later = later};
    return 0;
}

static char *below(struct arena *arena, const char *folder, const char *name)
{
    return arena_printf(arena, "%s/%s", folder, name);
}

static int find_bundle(struct arena *arena, const char *folder, struct evidence_object *object,
                       struct err *e)
{
    struct evidence_manifest payload, tags;
    struct err why = {0};
    if (read_manifest(arena, folder, "tagmanifest-sha256.txt", &tags, &why) != 0 ||
        read_manifest(arena, folder, "manifest-sha256.txt", &payload, &why) != 0) {
        if (why.kind == ERR_MEMORY)
            return err_memory(e);
        return err_set(e, ERR_NOT_FOUND, "record.data", NULL,
                       "%s is a folder, and no bundle that was closed: %s", folder, why.text);
    }
    object->documents =
        arena_new(arena, payload.count + tags.count + 1 + SEALS, sizeof *object->documents);
    if (!object->documents)
        return err_memory(e);
    if (add(object, below(arena, folder, "tagmanifest-sha256.txt"), false, e) != 0)
        return -1;
    for (size_t i = 0; i < tags.count; i++)
        if (add(object, below(arena, folder, tags.entries[i].name), false, e) != 0)
            return -1;
    for (size_t i = 0; i < payload.count; i++)
        if (add(object, below(arena, folder, payload.entries[i].name), false, e) != 0)
            return -1;
    for (const char *const *seal = seals; seal < seals + SEALS; seal++) {
        char *path = below(arena, folder, *seal);
        if ((!path || file_kind(path) == 1) && add(object, path, true, e) != 0)
            return -1;
    }
    return 0;
}

int evidence_object_find(struct arena *arena, const char *path, struct evidence_object *object,
                         struct err *e)
{
    *object = (struct evidence_object){.name = path};
    if (file_kind(path) == 2)
        return find_bundle(arena, path, object, e);
    object->documents = arena_new(arena, 1, sizeof *object->documents);
    return object->documents ? add(object, arena_strdup(arena, path), false, e) : err_memory(e);
}

int evidence_object_join(struct arena *arena, const char *const *paths, size_t count,
                         struct evidence_object *object, struct err *e)
{
    struct evidence_object *parts = arena_new(arena, count + 1, sizeof *parts);
    size_t all = 0;
    if (!parts)
        return err_memory(e);
    for (size_t i = 0; i < count; i++) {
        if (evidence_object_find(arena, paths[i], &parts[i], e) != 0)
            return -1;
        all += parts[i].count;
    }
    *object = (struct evidence_object){.name = count ? paths[0] : ""};
    object->documents = arena_new(arena, all + 1, sizeof *object->documents);
    if (!object->documents)
        return err_memory(e);
    for (size_t i = 0; i < count; i++) {
        memcpy(object->documents + object->count, parts[i].documents,
               parts[i].count * sizeof *object->documents);
        object->count += parts[i].count;
    }
    return 0;
}

struct hashing {
    EVP_MD *md[EVIDENCE_HASHES_MOST];
    EVP_MD_CTX *context[EVIDENCE_HASHES_MOST];
    uint8_t *part;
};

static int open_document(const char *path, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        err_set(e, ERR_NOT_FOUND, "record.data", NULL, "%s is not there", path);
        return -1;
    }
    if (fd < 0) {
        err_errno(e, errno, "record.data", "%s cannot be opened", path);
        return -1;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    err_set(e, ERR_INPUT, "record.data", NULL, "%s is no ordinary file", path);
    return -1;
}

static int hash_document(struct hashing *h, struct arena *arena, struct evidence_document *d,
                         const struct evidence_hash *const *hashes, size_t count, struct err *e)
{
    int fd = open_document(d->path, e), result = -1;
    ssize_t n = 0;
    if (fd < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (EVP_DigestInit_ex(h->context[i], h->md[i], NULL) != 1) {
            digest_failed(e);
            goto out;
        }
    while ((n = read(fd, h->part, PART)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err_errno(e, errno, "record.data", "%s cannot be read", d->path);
            goto out;
        }
        for (size_t i = 0; i < count; i++)
            if (EVP_DigestUpdate(h->context[i], h->part, (size_t)n) != 1) {
                digest_failed(e);
                goto out;
            }
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t *value = arena_alloc(arena, hashes[i]->len);
        unsigned len = 0;
        if (!value || EVP_DigestFinal_ex(h->context[i], value, &len) != 1) {
            err_memory(e);
            goto out;
        }
        d->values[i] = slice_of(value, len);
    }
    result = 0;
out:
    close(fd);
    return result;
}

int evidence_objects_hash(struct arena *arena, struct evidence_object *objects, size_t count,
                          const struct evidence_hash *const *hashes, size_t hash_count,
                          struct err *e)
{
    struct hashing h = {.part = mem_new(PART, 1)};
    int result = h.part ? 0 : err_memory(e);
    if (hash_count > EVIDENCE_HASHES_MOST)
        result = err_set(e, ERR_LIMIT, "record.algorithm", NULL, "over %d hash algorithms",
                         EVIDENCE_HASHES_MOST);
    for (size_t i = 0; result == 0 && i < hash_count; i++) {
        h.md[i] = EVP_MD_fetch(NULL, hashes[i]->evp, NULL);
        h.context[i] = EVP_MD_CTX_new();
        if (!h.md[i] || !h.context[i])
            result = digest_failed(e);
    }
    for (size_t i = 0; result == 0 && i < count; i++)
        for (size_t j = 0; result == 0 && j < objects[i].count; j++)
            result = hash_document(&h, arena, &objects[i].documents[j], hashes, hash_count, e);
    for (size_t i = 0; i < EVIDENCE_HASHES_MOST; i++) {
        EVP_MD_CTX_free(h.context[i]);
        EVP_MD_free(h.md[i]);
    }
    mem_free(h.part);
    return result;
}

int evidence_object_values(struct arena *arena, const struct evidence_object *object, size_t index,
                           struct evidence_hash_list *list, struct err *e)
{
    *list = (struct evidence_hash_list){
        .values = arena_new(arena, object->count + 1, sizeof *list->values)};
    if (!list->values)
        return err_memory(e);
    for (size_t i = 0; i < object->count; i++)
        list->values[list->count++] = object->documents[i].values[index];
    evidence_values_sort(list->values, list->count);
    return 0;
}
