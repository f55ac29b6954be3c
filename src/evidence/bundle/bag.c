/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/bag.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void evidence_bag_init(struct evidence_bag *bag, const char *folder)
{
    *bag = (struct evidence_bag){.folder = folder};
    buf_init(&bag->payload);
    buf_init(&bag->tags);
    buf_init(&bag->info);
}

void evidence_bag_fini(struct evidence_bag *bag)
{
    buf_fini(&bag->payload);
    buf_fini(&bag->tags);
    buf_fini(&bag->info);
}

static void line(struct buf *out, const char *folder, const char *name,
                 const uint8_t sha256[SHA256_LEN])
{
    for (size_t i = 0; i < SHA256_LEN; i++)
        buf_printf(out, "%02x", sha256[i]);
    buf_printf(out, "  %s", folder);
    for (const char *c = name; *c; c++)
        if (*c == '\n' || *c == '\r' || *c == '%')
            buf_printf(out, "%%%02X", (unsigned)*c);
        else
            buf_putc(out, *c);
    buf_putc(out, '\n');
}

void evidence_bag_payload(struct evidence_bag *bag, const char *name, uint64_t bytes,
                          const uint8_t sha256[SHA256_LEN])
{
    line(&bag->payload, "data/", name, sha256);
    bag->payload_bytes += bytes;
    bag->payload_files++;
}

static int put(const struct evidence_bag *bag, const char *name, struct slice content,
               uint8_t sha[SHA256_LEN], struct err *e)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", bag->folder, name) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long", name);
    if (sha256(content, sha) != 0)
        return digest_failed(e);
    return file_write(path, content, 0600, e);
}

int evidence_bag_tag(struct evidence_bag *bag, const char *name, struct slice content,
                     struct err *e)
{
    uint8_t sha[SHA256_LEN];
    if (put(bag, name, content, sha, e) != 0)
        return -1;
    line(&bag->tags, "", name, sha);
    return 0;
}

void evidence_bag_info(struct evidence_bag *bag, const char *label, const char *value)
{
    if (!value || !value[0])
        return;
    buf_printf(&bag->info, "%s: ", label);
    for (const char *c = value; *c; c++) /* a value of several lines goes on behind a space */
        buf_puts(&bag->info, *c == '\n' ? "\n  " : (char[]){*c, 0});
    buf_putc(&bag->info, '\n');
}

void evidence_bag_image(struct evidence_bag *bag, uint64_t bytes, uint32_t chunk_bytes,
                        const uint8_t root[32])
{
    bag->trees.has_image = true;
    bag->trees.image_bytes = bytes;
    bag->trees.chunk_bytes = chunk_bytes;
    memcpy(bag->trees.image_root, root, sizeof bag->trees.image_root);
}

/* The tree is over all lines of the manifest, that of its own seed among them. */
static int put_trees(struct evidence_bag *bag, struct err *e)
{
    uint8_t seed[EVIDENCE_SEED], sha[SHA256_LEN];
    char data[4096];
    struct buf text;
    if ((size_t)snprintf(data, sizeof data, "%s/data", bag->folder) >= sizeof data)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of data is too long");
    if (random_fill(&random_system, seed, sizeof seed, e) != 0 ||
        file_make_folder(data, 0700, e) != 0 ||
        put(bag, EVIDENCE_TREE_SEED, slice_of(seed, sizeof seed), sha, e) != 0)
        return -1;
    evidence_bag_payload(bag, EVIDENCE_TREE_SEED + strlen("data/"), sizeof seed, sha);
    if (buf_check(&bag->payload, e) != 0 ||
        evidence_tree_of_lines(buf_slice(&bag->payload), seed, &bag->trees.files, e) != 0)
        return -1;
    buf_init(&text);
    evidence_trees_write(&bag->trees, &text);
    int result = buf_check(&text, e);
    if (result == 0)
        result = evidence_bag_tag(bag, EVIDENCE_TREE_FILE, buf_slice(&text), e);
    buf_fini(&text);
    return result;
}

int evidence_bag_close(struct evidence_bag *bag, uint8_t sha256[SHA256_LEN], struct err *e)
{
    char oxum[64];
    if (put_trees(bag, e) != 0)
        return -1;
    snprintf(oxum, sizeof oxum, "%" PRIu64 ".%" PRIu64, bag->payload_bytes, bag->payload_files);
    evidence_bag_info(bag, "Payload-Oxum", oxum);
    if (buf_check(&bag->payload, e) != 0 || buf_check(&bag->info, e) != 0 ||
        evidence_bag_tag(bag, "bagit.txt",
                         slice_str("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"),
                         e) != 0 ||
        evidence_bag_tag(bag, "bag-info.txt", buf_slice(&bag->info), e) != 0 ||
        evidence_bag_tag(bag, "manifest-sha256.txt", buf_slice(&bag->payload), e) != 0 ||
        buf_check(&bag->tags, e) != 0)
        return -1;
    return put(bag, "tagmanifest-sha256.txt", buf_slice(&bag->tags), sha256, e);
}
