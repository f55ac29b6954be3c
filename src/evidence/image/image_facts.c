/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/image/image_facts.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "evidence/bundle/manifest.h"

#include <stdio.h>

enum { RECORD_MOST = 64 << 20, MAP_MOST = 256 << 20 };

static int path_of(const char *bundle, const char *name, char path[4096], struct err *e)
{
    if ((size_t)snprintf(path, 4096, "%s/%s", bundle, name) >= 4096)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", bundle);
    return 0;
}

static const char *text_of(struct evidence_image_facts *f, const struct json_value *v,
                           const char *name)
{
    struct slice s = json_get_string(v, name);
    char *text = arena_alloc(&f->arena, s.len + 1);
    if (!text)
        return NULL;
    if (s.len)
        memcpy(text, s.data, s.len);
    text[s.len] = 0;
    return text;
}

static bool hash_of(const struct json_value *v, const char *name, uint8_t out[SHA256_LEN])
{
    struct slice s = json_get_string(v, name);
    for (size_t i = 0; i < SHA256_LEN; i++) {
        unsigned byte;
        if (s.len != 2 * SHA256_LEN || sscanf((const char *)s.data + 2 * i, "%2x", &byte) != 1)
            return false;
        out[i] = (uint8_t)byte;
    }
    return true;
}

static int take(struct evidence_image_facts *f, const struct json_value *root, struct err *e)
{
    const struct json_value *image = json_get(root, "image"), *source = json_get(root, "source");
    int64_t bytes = -1, sector = 512;
    struct err ignored = {0};
    f->exhibit = text_of(f, root, "exhibit");
    f->description = text_of(f, root, "description");
    f->reason = text_of(f, root, "reason");
    f->examiner = text_of(f, json_get(root, "examiner"), "name");
    f->model = text_of(f, source, "model");
    f->serial = text_of(f, source, "serial");
    if (!f->exhibit || !f->description || !f->reason || !f->examiner || !f->model || !f->serial)
        return err_memory(e);
    f->device = slice_is(json_get_string(source, "kind"), "block device");
    if (time_parse(json_get_string(json_get(root, "started"), "at"), &f->started, &ignored) != 0)
        f->started = 0;
    if (!json_int64(json_get(source, "sector_bytes"), &sector) || sector < 512 || sector > 65536)
        sector = 512;
    f->sector = (uint32_t)sector;
    if (!json_int64(json_get(image, "bytes"), &bytes) || bytes < 0 ||
        !hash_of(image, "sha256", f->sha256) || !hash_of(image, "tree_root", f->root)) {
        err_set(e, ERR_INPUT, "evidence.no-image", NULL,
                "acquisition.json does not say what the image is: sha256, tree_root, bytes");
        return err_hint(e, "only bundles that hold an image are exported as one");
    }
    f->bytes = (uint64_t)bytes;
    return 0;
}

static int read_record(struct evidence_image_facts *f, const char *bundle, struct err *e)
{
    struct buf text;
    struct json_doc *doc = NULL;
    buf_init(&text);
    int result = evidence_file_read(bundle, "acquisition.json", RECORD_MOST, &text, e);
    if (result == 0)
        result = json_parse(&doc, buf_slice(&text), NULL, e);
    if (result == 0)
        result = take(f, json_root(doc), e);
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

static int read_map(struct evidence_image_facts *f, const char *bundle, struct err *e)
{
    char path[4096];
    struct buf text;
    buf_init(&text);
    int result = path_of(bundle, "map.txt", path, e);
    if (result == 0 && file_kind(path) == 1) {
        result = evidence_file_read(bundle, "map.txt", MAP_MOST, &text, e);
        if (result == 0)
            result = evidence_map_read(&f->map, buf_slice(&text), f->bytes, e);
        f->has_map = result == 0;
    }
    buf_fini(&text);
    return result == 0 ? 0 : err_context(e, "map.txt");
}

int evidence_image_facts_read(struct evidence_image_facts *facts, const char *bundle, struct err *e)
{
    char path[4096];
    uint64_t bytes;
    struct err ignored = {0};
    *facts = (struct evidence_image_facts){0};
    arena_init(&facts->arena, 0);
    if (file_kind(bundle) != 2)
        return err_set(e, ERR_NOT_FOUND, "evidence.bundle", NULL, "there is no folder %s", bundle);
    if (path_of(bundle, "INCOMPLETE", path, e) != 0)
        return -1;
    if (file_kind(path) != 0) {
        err_set(e, ERR_CONFLICT, "evidence.incomplete", NULL,
                "%s was not finished, and nothing in it is evidence yet", bundle);
        return err_hint(e, "run the command that began it again: it goes on from there");
    }
    if (evidence_file_digest(bundle, "tagmanifest-sha256.txt", facts->tagmanifest, &bytes, e) !=
            0 ||
        read_record(facts, bundle, e) != 0 || read_map(facts, bundle, e) != 0)
        return -1;
    facts->has_seal =
        evidence_file_digest(bundle, "seal/seal.json", facts->seal, &bytes, &ignored) == 0;
    return 0;
}

void evidence_image_facts_fini(struct evidence_image_facts *facts)
{
    if (facts->has_map)
        evidence_map_fini(&facts->map);
    arena_fini(&facts->arena);
}
