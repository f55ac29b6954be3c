/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/bag.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STREAM = 1 << 16 };

static const char payload_name[] = "manifest-sha256.txt";

void evidence_bag_init(struct evidence_bag *bag, const char *folder)
{
    *bag = (struct evidence_bag){.folder = folder, .stream = -1};
    buf_init(&bag->payload);
    buf_init(&bag->tags);
    buf_init(&bag->info);
}

void evidence_bag_fini(struct evidence_bag *bag)
{
    buf_fini(&bag->payload);
    buf_fini(&bag->tags);
    buf_fini(&bag->info);
    if (bag->stream >= 0) {
        close(bag->stream);
        sha256_fini(&bag->stream_digest);
    }
    bag->stream = -1;
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

int evidence_bag_stream(struct evidence_bag *bag, struct err *e)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", bag->folder, payload_name) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long",
                       payload_name);
    if (random_fill(&random_system, bag->seed, sizeof bag->seed, e) != 0)
        return -1;
    if (sha256_init(&bag->stream_digest) != 0)
        return digest_failed(e);
    bag->stream = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (bag->stream >= 0)
        return 0;
    sha256_fini(&bag->stream_digest);
    return err_errno(e, errno, "evidence.write", "%s cannot be written", payload_name);
}

static int append_lines(struct merkle_frontier *tree, const uint8_t seed[EVIDENCE_SEED],
                        struct slice text)
{
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        if (evidence_tree_append(tree, seed, slice_of(text.data, len)) != 0)
            return -1;
        len += end != NULL;
        text = slice_of(text.data + len, text.len - len);
    }
    return 0;
}

static int flush(struct evidence_bag *bag, struct err *e)
{
    if (buf_check(&bag->payload, e) != 0)
        return -1;
    if (file_write_all(bag->stream, bag->payload.data, bag->payload.len) != 0)
        return err_errno(e, errno, "evidence.write", "%s cannot be written", payload_name);
    if (sha256_update(&bag->stream_digest, buf_slice(&bag->payload)) != 0 ||
        append_lines(&bag->stream_tree, bag->seed, buf_slice(&bag->payload)) != 0)
        return digest_failed(e);
    buf_reset(&bag->payload);
    return 0;
}

int evidence_bag_payload_flush(struct evidence_bag *bag, const char *name, uint64_t bytes,
                               const uint8_t sha256[SHA256_LEN], struct err *e)
{
    evidence_bag_payload(bag, name, bytes, sha256);
    return bag->stream >= 0 && bag->payload.len >= STREAM ? flush(bag, e) : 0;
}

/* The manifest of the payload, listed among the tags. */
static int close_payload(struct evidence_bag *bag, struct err *e)
{
    uint8_t sha256[SHA256_LEN];
    if (bag->stream < 0)
        return evidence_bag_tag(bag, payload_name, buf_slice(&bag->payload), e);
    if (flush(bag, e) != 0)
        return -1;
    if (fsync(bag->stream) != 0)
        return err_errno(e, errno, "evidence.write", "%s cannot be written", payload_name);
    if (sha256_final(&bag->stream_digest, sha256) != 0)
        return digest_failed(e);
    line(&bag->tags, "", payload_name, sha256);
    return 0;
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

int evidence_bag_salt(struct buf *text, const char *label, struct err *e)
{
    uint8_t salt[16];
    if (random_fill(&random_system, salt, sizeof salt, e) != 0)
        return -1;
    buf_printf(text, "%s ", label);
    hex_put(text, slice_of(salt, sizeof salt));
    buf_putc(text, '\n');
    return 0;
}

/* A value of several lines goes on behind a space, also where CR ends one (RFC 8493 section 2.2.2).
 * What controls a terminal is '?' here, as is what is no UTF-8; acquisition.json has the words. */
static void info_value(struct buf *out, struct slice value)
{
    const uint8_t *at = value.data, *end = at + value.len;
    while (at < end) {
        size_t len = utf8_length(at, end);
        uint32_t point = len ? utf8_decode(at, len) : 0;
        if (point == '\n' || point == '\r')
            buf_puts(out, "\n  ");
        else if (len == 0 || (point < 32 && point != '\t') || (point >= 127 && point < 160) ||
                 (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069))
            buf_putc(out, '?');
        else
            buf_put(out, at, len);
        at += len ? len : 1;
    }
}

void evidence_bag_info(struct evidence_bag *bag, const char *label, const char *value)
{
    if (!value || !value[0])
        return;
    buf_printf(&bag->info, "%s: ", label);
    info_value(&bag->info, slice_str(value));
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

void evidence_bag_records(struct evidence_bag *bag, const struct evidence_tree *tree)
{
    bag->trees.has_records = true;
    bag->trees.records = *tree;
}

static int tree_of_payload(struct evidence_bag *bag, struct err *e)
{
    if (bag->stream < 0)
        return buf_check(&bag->payload, e) != 0
                   ? -1
                   : evidence_tree_of_lines(buf_slice(&bag->payload), bag->seed, &bag->trees.files,
                                            e);
    if (flush(bag, e) != 0)
        return -1;
    bag->trees.files.count = bag->stream_tree.size;
    return merkle_frontier_root(&bag->stream_tree, bag->trees.files.root) == 0 ? 0
                                                                               : digest_failed(e);
}

/* The tree is over all lines of the manifest, that of its own seed among them. */
static int put_trees(struct evidence_bag *bag, struct err *e)
{
    uint8_t sha[SHA256_LEN];
    char data[4096];
    struct buf text;
    if ((size_t)snprintf(data, sizeof data, "%s/data", bag->folder) >= sizeof data)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of data is too long");
    if ((bag->stream < 0 && random_fill(&random_system, bag->seed, sizeof bag->seed, e) != 0) ||
        file_make_folder(data, 0700, e) != 0 ||
        put(bag, EVIDENCE_TREE_SEED, slice_of(bag->seed, sizeof bag->seed), sha, e) != 0)
        return -1;
    evidence_bag_payload(bag, &EVIDENCE_TREE_SEED[strlen("data/")], sizeof bag->seed, sha);
    if (tree_of_payload(bag, e) != 0)
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
    if (evidence_bag_salt(&bag->info, "Salt:", e) != 0)
        return -1;
    if (buf_check(&bag->payload, e) != 0 || buf_check(&bag->info, e) != 0 ||
        evidence_bag_tag(bag, "bagit.txt",
                         slice_str("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"),
                         e) != 0 ||
        evidence_bag_tag(bag, "bag-info.txt", buf_slice(&bag->info), e) != 0 ||
        close_payload(bag, e) != 0 || buf_check(&bag->tags, e) != 0)
        return -1;
    return put(bag, "tagmanifest-sha256.txt", buf_slice(&bag->tags), sha256, e);
}
