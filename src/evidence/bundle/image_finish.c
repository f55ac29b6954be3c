/* SPDX-License-Identifier: Apache-2.0 */
/* An image's writer from its beginning to its end; what it does in between is in image_write.c. */
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "evidence/bundle/image_files.h"
#include "evidence/bundle/image_read.h"
#include "evidence/bundle/image_write_internal.h"
#include "evidence/bundle/member.h"
#include "evidence/bundle/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { PART = 1 << 20 };

struct evidence_image_writer *
evidence_image_writer_new(const struct evidence_image_write_options *options, struct err *e)
{
    uint8_t head[EVIDENCE_TABLE_HEADER];
    struct evidence_image_writer *w = mem_new(1, sizeof *w);
    if (!w) {
        err_memory(e);
        return NULL;
    }
    w->options = *options;
    w->table = w->segment = -1;
    w->folder = mem_strdup(options->folder);
    if (!w->folder || sha256_init(&w->digest) != 0) {
        err_memory(e);
        goto fail;
    }
    w->table = evidence_table_open(w->folder, O_RDWR | O_CREAT | O_EXCL, e);
    if (w->table < 0)
        goto fail;
    if (random_fill(&random_system, w->options.head.seed, sizeof w->options.head.seed, e) != 0)
        goto fail;
    evidence_table_head_write(&w->options.head, head);
    if (file_write_all(w->table, head, sizeof head) != 0) {
        evidence_image_write_failed(e, errno, "the table of chunks");
        goto fail;
    }
    return w;
fail:
    evidence_image_writer_free(w);
    return NULL;
}

void evidence_image_writer_free(struct evidence_image_writer *w)
{
    if (!w)
        return;
    if (w->table >= 0)
        close(w->table);
    if (w->segment >= 0) {
        evidence_in_order_writer_fini(&w->out);
        close(w->segment);
    }
    sha256_fini(&w->digest);
    mem_free(w->segments);
    mem_free(w->folder);
    mem_free(w);
}

static int read_record(struct evidence_image_writer *w, uint64_t number,
                       struct evidence_chunk *chunk, struct err *e)
{
    uint8_t record[EVIDENCE_TABLE_RECORD];
    off_t at = EVIDENCE_TABLE_HEADER + (off_t)number * EVIDENCE_TABLE_RECORD;
    if (pread(w->table, record, sizeof record, at) != (ssize_t)sizeof record)
        return err_errno(e, errno, "evidence.read", "the table of chunks cannot be read");
    return evidence_chunk_read(record, chunk, e);
}

static int write_at(int fd, struct slice bytes, uint64_t at, struct err *e)
{
    return evidence_write_exactly(fd, bytes, at) == 0
               ? 0
               : evidence_image_write_failed(e, errno, "the image");
}

int evidence_image_writer_again(struct evidence_image_writer *w, const struct evidence_block *block,
                                struct err *e)
{
    struct evidence_chunk chunk;
    struct slice data = slice_of(block->data, block->len), bytes = data;
    uint8_t record[EVIDENCE_TABLE_RECORD], *member = NULL;
    if (evidence_image_settle(w, e) != 0 || evidence_image_put_records(w, e) != 0 ||
        read_record(w, block->number, &chunk, e) != 0)
        return -1;
    if (!chunk.bad)
        return err_set(e, ERR_INTERNAL, "evidence.again", NULL,
                       "chunk %llu has been read well and is not written again",
                       (unsigned long long)block->number);
    if (w->options.head.packed) {
        size_t room = evidence_member_stored_bytes(block->len);
        member = mem_new(room, 1);
        if (!member)
            return err_memory(e);
        bytes = slice_of(member, evidence_member_store(data, member));
    }
    int result = bytes.len == chunk.stored ? 0
                                           : err_set(e, ERR_INTERNAL, "evidence.again", NULL,
                                                     "chunk %llu has not the length that it had",
                                                     (unsigned long long)block->number);
    int fd = -1;
    if (result == 0)
        fd = evidence_segment_open(w->folder, chunk.segment, w->options.head.packed, O_RDWR, e);
    if (result == 0 && (fd < 0 || write_at(fd, bytes, chunk.at, e) != 0))
        result = -1;
    if (fd >= 0)
        close(fd);
    mem_free(member);
    if (result == 0 && sha256(data, chunk.hash) != 0)
        result = digest_failed(e);
    if (result != 0)
        return -1;
    w->bad_chunks -= !block->bad;
    chunk.bad = block->bad;
    w->again = true;
    evidence_chunk_write(&chunk, record);
    return write_at(w->table, slice_of(record, sizeof record),
                    EVIDENCE_TABLE_HEADER + block->number * EVIDENCE_TABLE_RECORD, e);
}

int evidence_image_writer_sync(struct evidence_image_writer *w, struct err *e)
{
    struct err ignored = {0};
    /* the segment first: a record must never speak of what is not there */
    int result = evidence_image_settle(w, e);
    if (result == 0 && w->segment >= 0 && fdatasync(w->segment) != 0)
        result = evidence_image_write_failed(e, errno, "the image");
    /* of a full disk, also what its records speak of is not all there: what is, is gone on with */
    if (evidence_image_put_records(w, result == 0 ? e : &ignored) != 0 || result != 0)
        return -1;
    return fdatasync(w->table) == 0 ? 0
                                    : evidence_image_write_failed(e, errno, "the table of chunks");
}

/* The digest of a file from its beginning. */
static int digest_file(int fd, uint8_t sha256[SHA256_LEN], uint64_t *bytes, struct err *e)
{
    struct sha256_context c;
    uint8_t *part = mem_new(PART, 1);
    ssize_t n = 0;
    int result = -1;
    *bytes = 0;
    if (sha256_init(&c) != 0 || !part) {
        err_memory(e);
        goto out;
    }
    for (off_t at = 0; (n = pread(fd, part, PART, at)) != 0; at += n) {
        if (n < 0 && errno == EINTR) {
            n = 0;
            continue;
        }
        if (n < 0) {
            err_errno(e, errno, "evidence.read", "what was written cannot be read back");
            goto out;
        }
        *bytes += (uint64_t)n;
        if (sha256_update(&c, slice_of(part, (size_t)n)) != 0) {
            digest_failed(e);
            goto out;
        }
    }
    result = sha256_final(&c, sha256) == 0 ? 0 : digest_failed(e);
out:
    sha256_fini(&c);
    mem_free(part);
    return result;
}

static int digest_segments(struct evidence_image_writer *w, struct err *e)
{
    for (size_t i = 0; i < w->segment_count; i++) {
        struct evidence_segment *s = &w->segments[i];
        uint64_t bytes;
        int fd = evidence_segment_open(w->folder, s->number, w->options.head.packed, O_RDONLY, e);
        int result = fd < 0 ? -1 : digest_file(fd, s->sha256, &bytes, e);
        if (fd >= 0)
            close(fd);
        if (result == 0 && bytes != s->bytes)
            result = err_set(e, ERR_VERIFY, "evidence.read-back", NULL,
                             "segment %u of the image has %llu bytes, and %llu were written",
                             s->number, (unsigned long long)bytes, (unsigned long long)s->bytes);
        if (result != 0)
            return -1;
    }
    return 0;
}

static int tree_of(struct evidence_image_writer *w, uint8_t root[32], struct err *e)
{
    struct evidence_tree tree;
    struct evidence_image *image = evidence_image_open(w->folder, false, e);
    int result = image ? evidence_tree_of_image(image, &tree, e) : -1;
    evidence_image_close(image);
    if (result == 0)
        memcpy(root, tree.root, sizeof tree.root);
    return result;
}

int evidence_image_writer_finish(struct evidence_image_writer *w,
                                 struct evidence_image_written *written, struct err *e)
{
    uint64_t wanted = evidence_table_chunks(&w->options.head);
    if (w->chunks != wanted)
        return err_set(e, ERR_CONFLICT, "evidence.incomplete", NULL,
                       "%llu of %llu chunks of the image are there", (unsigned long long)w->chunks,
                       (unsigned long long)wanted);
    if (evidence_image_writer_sync(w, e) != 0 || evidence_image_close_segment(w, e) != 0 ||
        (w->again && digest_segments(w, e) != 0))
        return -1;
    *written = (struct evidence_image_written){.chunks = w->chunks,
                                               .bad_chunks = w->bad_chunks,
                                               .image_bytes = w->options.head.image_bytes,
                                               .segments = w->segments,
                                               .segment_count = w->segment_count};
    for (size_t i = 0; i < w->segment_count; i++)
        written->stored_bytes += w->segments[i].bytes;
    if (tree_of(w, written->root, e) != 0)
        return -1;
    return digest_file(w->table, written->table_sha256, &written->table_bytes, e);
}

void evidence_image_members(struct json_writer *w, const struct evidence_image_written *written,
                            bool packed, const uint8_t sha256[SHA256_LEN],
                            const uint8_t sha512[SHA512_LEN])
{
    json_write_name(w, "image");
    json_write_object(w);
    json_member_int(w, "bytes", (int64_t)written->image_bytes);
    json_member_hex(w, "sha256", slice_of(sha256, SHA256_LEN));
    if (sha512)
        json_member_hex(w, "sha512", slice_of(sha512, SHA512_LEN));
    json_member_string(w, "stored", packed ? "gzip members, one a chunk" : "plain");
    json_member_int(w, "stored_bytes", (int64_t)written->stored_bytes);
    json_member_int(w, "chunk_bytes", EVIDENCE_CHUNK);
    json_member_int(w, "chunks", (int64_t)written->chunks);
    json_member_hex(w, "tree_root", slice_of(written->root, SHA256_LEN));
    json_write_name(w, "segments");
    json_write_array(w);
    for (size_t i = 0; i < written->segment_count; i++) {
        char name[EVIDENCE_NAME];
        evidence_segment_name(written->segments[i].number, packed, name);
        json_write_object(w);
        json_member_string(w, "file", name);
        json_member_int(w, "bytes", (int64_t)written->segments[i].bytes);
        json_member_hex(w, "sha256", slice_of(written->segments[i].sha256, SHA256_LEN));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}
