/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/mount/files.h"
#include "base/arena.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "base/map.h"
#include "base/memory.h"
#include "evidence/bundle/manifest.h"
#include "evidence/bundle/tree.h"
#include "evidence/logical/ledger.h"
#include "evidence/logical/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PART = 1 << 18, TREE_MOST = 1 << 20, PARTS_MOST = 4200 };

struct mount_files {
    char bundle[4096];
    void (*told)(void *context, const struct err *why);
    void *context;
    struct arena arena;
    struct map by_path; /* "/var/log" */
    struct mount_node *root;
    struct evidence_recorded record;
    struct buf path; /* of the node under way */
    uint64_t count;
};

static uint64_t number_of(const struct json_value *v)
{
    char text[24];
    struct slice s = json_string(v);
    if (s.len == 0 || s.len >= sizeof text || s.data[0] < '0' || s.data[0] > '9')
        return 0;
    memcpy(text, s.data, s.len);
    text[s.len] = 0;
    return strtoull(text, NULL, 10);
}

/* "-1.500000000": the nanoseconds are added. */
static struct timespec time_of(const struct json_value *v)
{
    char text[48] = "";
    struct slice s = json_string(v);
    memcpy(text, s.data ? s.data : (const uint8_t *)"", s.len < sizeof text ? s.len : 0);
    char *dot = strchr(text, '.');
    return (struct timespec){.tv_sec = strtoll(text, NULL, 10),
                             .tv_nsec = dot ? strtol(dot + 1, NULL, 10) % 1000000000 : 0};
}

static mode_t kind_of(struct slice kind)
{
    static const struct {
        const char *name;
        mode_t mode;
    } kinds[] = {{"file", S_IFREG},         {"folder", S_IFDIR},           {"symlink", S_IFLNK},
                 {"block-device", S_IFBLK}, {"character-device", S_IFCHR}, {"fifo", S_IFIFO},
                 {"socket", S_IFSOCK}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (slice_is(kind, kinds[i].name))
            return kinds[i].mode;
    return 0;
}

static dev_t device_of(const struct json_value *v)
{
    unsigned high = 0, low = 0;
    char text[32] = "";
    struct slice s = json_string(v);
    memcpy(text, s.data ? s.data : (const uint8_t *)"", s.len < sizeof text ? s.len : 0);
    return sscanf(text, "%u:%u", &high, &low) == 2 ? makedev(high, low) : 0;
}

/* The node of m->path, which is made below above when it is not there yet. */
static struct mount_node *node_at(struct mount_files *m, struct mount_node *above, size_t name_len,
                                  struct err *e)
{
    struct slice path = buf_slice(&m->path);
    struct mount_node *node = map_get(&m->by_path, path);
    if (node)
        return node;
    node = arena_new(&m->arena, 1, sizeof *node);
    char *key = arena_copy(&m->arena, path.data, path.len);
    if (!node || !key || map_set(&m->by_path, slice_of(key, path.len), node) != 0) {
        err_memory(e);
        return NULL;
    }
    node->name = key + path.len - name_len;
    node->st = (struct stat){.st_mode = S_IFDIR | 0555, .st_nlink = 1, .st_ino = ++m->count};
    if (above) {
        node->next = above->child;
        above->child = node;
    }
    return node;
}

/* Where a path of the machine stands: "/var/log" there, "../x" as "/_up_/x". NULL: e is set. */
static struct mount_node *place(struct mount_files *m, struct slice path, struct err *e)
{
    struct mount_node *node = m->root;
    buf_reset(&m->path);
    while (path.len) {
        const uint8_t *end = memchr(path.data, '/', path.len);
        struct slice part = slice_of(path.data, end ? (size_t)(end - path.data) : path.len);
        size_t gone = part.len + (end != NULL);
        path = slice_of(path.data + gone, path.len - gone);
        if (part.len == 0 || slice_is(part, "."))
            continue;
        if (slice_is(part, ".."))
            part = slice_str("_up_");
        buf_putc(&m->path, '/');
        buf_put_slice(&m->path, part);
        if (buf_check(&m->path, e) != 0)
            return NULL;
        node = node_at(m, node, part.len, e);
        if (!node)
            return NULL;
    }
    return node;
}

static int take_content(struct mount_files *m, struct mount_node *node,
                        const struct json_value *content, struct err *e)
{
    const struct json_value *extents = json_get(content, "extents");
    uint64_t at = 0;
    node->file = arena_strdup(&m->arena, m->record.file);
    node->stored = m->record.bytes;
    memcpy(node->sha256, m->record.sha256, sizeof node->sha256);
    node->by_extents = slice_is(json_get_string(content, "form"), "extents");
    if (!node->file)
        return err_memory(e);
    if (!node->by_extents || json_count(extents) == 0)
        return 0;
    node->extents = arena_new(&m->arena, json_count(extents), sizeof *node->extents);
    if (!node->extents)
        return err_memory(e);
    json_each(one, extents)
    {
        struct mount_extent *x = &node->extents[node->extent_count++];
        *x = (struct mount_extent){number_of(json_at(one, 0)), number_of(json_at(one, 1)), at};
        at += x->bytes;
        bool behind = node->extent_count == 1 || x->from >= x[-1].from + x[-1].bytes;
        if (!behind || x->bytes > INT64_MAX || x->from > INT64_MAX - x->bytes)
            return err_set(e, ERR_INPUT, "evidence.files", "docs/formats-evidence.md section 10.1",
                           "the extents of a file do not follow each other");
    }
    return 0;
}

static int take_record(void *context, struct slice line, uint64_t number, struct err *e)
{
    struct mount_files *m = context;
    struct json_doc *doc = NULL;
    (void)number;
    if (evidence_recorded_read(line, &m->record, e) != 0 ||
        json_parse(&doc, line, &evidence_record_limits, e) != 0)
        return -1;
    const struct json_value *root = json_root(doc), *exact = json_get(root, "target_base64");
    struct mount_node *node = place(m, buf_slice(&m->record.path), e);
    int result = node ? 0 : -1;
    mode_t kind = kind_of(json_get_string(root, "kind"));
    /* asked for twice: the first time counts; what others lie in is a folder, whatever is said */
    if (node && !node->recorded && kind && (kind == S_IFDIR || !node->child)) {
        int64_t uid = 0, gid = 0, links = 1;
        char mode[16] = "";
        struct slice text = json_get_string(root, "mode"), target = json_get_string(root, "target");
        struct buf bytes;
        memcpy(mode, text.data ? text.data : (const uint8_t *)"", text.len < 16 ? text.len : 0);
        (void)!json_int64(json_get(root, "uid"), &uid);
        (void)!json_int64(json_get(root, "gid"), &gid);
        (void)!json_int64(json_get(root, "links"), &links);
        node->recorded = true;
        node->st.st_mode = kind | (mode_t)(strtoul(mode, NULL, 8) & 07777);
        node->st.st_uid = (uid_t)uid;
        node->st.st_gid = (gid_t)gid;
        node->st.st_nlink = (nlink_t)links;
        node->st.st_size = (off_t)number_of(json_get(root, "size"));
        node->st.st_blocks = (blkcnt_t)number_of(json_get(root, "blocks"));
        node->st.st_rdev = device_of(json_get(root, "represents"));
        node->st.st_atim = time_of(json_get(root, "atime"));
        node->st.st_mtim = time_of(json_get(root, "mtime"));
        node->st.st_ctim = time_of(json_get(root, "ctime"));
        buf_init(&bytes);
        if (exact && base64_parse(json_string(exact), &bytes) == 0)
            target = buf_slice(&bytes);
        if (kind == S_IFLNK && !(node->target = arena_copy(&m->arena, target.data, target.len)))
            result = err_memory(e);
        buf_fini(&bytes);
        if (result == 0 && kind == S_IFREG && m->record.has_content)
            result = take_content(m, node, json_get(root, "content"), e);
        if (node->file && node->st.st_size == 0) /* of /proc and its like */
            node->st.st_size = (off_t)node->stored;
    }
    json_doc_free(doc);
    return result;
}

static int read_records(struct mount_files *m, struct err *e)
{
    struct buf text, seed;
    struct evidence_trees trees = {0};
    struct evidence_tree tree;
    buf_init(&text);
    buf_init(&seed);
    int result = evidence_file_read(m->bundle, EVIDENCE_TREE_FILE, TREE_MOST, &text, e);
    if (result == 0)
        result = evidence_trees_read(&trees, buf_slice(&text), e);
    if (result == 0)
        result = evidence_file_read(m->bundle, EVIDENCE_RECORDS_SEED, EVIDENCE_SEED, &seed, e);
    if (result == 0 && seed.len != EVIDENCE_SEED)
        result = err_set(e, ERR_INPUT, "evidence.tree", NULL, "the seed has not 32 bytes");
    if (result == 0)
        result = evidence_ledger_read(m->bundle, "data/files.jsonl", seed.data, &tree, take_record,
                                      m, e);
    if (result == 0 && (!trees.has_records || tree.count != trees.records.count ||
                        memcmp(tree.root, trees.records.root, sizeof tree.root) != 0))
        result = err_set(e, ERR_VERIFY, "evidence.files", "docs/formats-evidence.md section 10.2",
                         "data/files.jsonl is not what " EVIDENCE_TREE_FILE " says of it");
    buf_fini(&text);
    buf_fini(&seed);
    return result;
}

struct mount_files *mount_files_open(const char *bundle,
                                     void (*told)(void *context, const struct err *why),
                                     void *context, struct err *e)
{
    struct mount_files *m = mem_new(1, sizeof *m);
    if (!m) {
        err_memory(e);
        return NULL;
    }
    m->told = told;
    m->context = context;
    snprintf(m->bundle, sizeof m->bundle, "%s", bundle);
    arena_init(&m->arena, 0);
    map_init(&m->by_path);
    buf_init(&m->path);
    buf_init(&m->record.path);
    m->root = node_at(m, NULL, 0, e);
    if (m->root && read_records(m, e) == 0)
        return m;
    mount_files_close(m);
    return NULL;
}

void mount_files_close(struct mount_files *m)
{
    if (!m)
        return;
    map_fini(&m->by_path);
    arena_fini(&m->arena);
    buf_fini(&m->path);
    buf_fini(&m->record.path);
    mem_free(m);
}

struct mount_node *mount_files_at(struct mount_files *m, const char *path)
{
    return strcmp(path, "/") == 0 ? m->root : map_get(&m->by_path, slice_str(path));
}

static void tell(struct mount_files *m, struct mount_node *node, const char *what)
{
    struct err e = {0};
    if (!node->damaged) {
        err_set(&e, ERR_VERIFY, "evidence.damaged", NULL, "%s, the content of %s, %s", node->file,
                node->name, what);
        if (m->told)
            m->told(m->context, &e);
    }
    node->damaged = true;
}

/* All of it, before a byte is given. */
static bool fits(struct mount_node *node, int fd)
{
    struct sha256_context c;
    uint8_t hash[SHA256_LEN], *part = mem_new(PART, 1);
    uint64_t all = 0;
    ssize_t n = -1;
    bool well = part && sha256_init(&c) == 0;
    if (!well) {
        mem_free(part);
        return false;
    }
    while (well && (n = pread(fd, part, PART, (off_t)all)) > 0) {
        well = sha256_update(&c, slice_of(part, (size_t)n)) == 0;
        all += (uint64_t)n;
    }
    well = well && n == 0 && all == node->stored && sha256_final(&c, hash) == 0 &&
           memcmp(hash, node->sha256, sizeof hash) == 0;
    sha256_fini(&c);
    mem_free(part);
    return well;
}

int mount_files_content(struct mount_files *m, struct mount_node *node)
{
    struct err ignored = {0};
    if (!node->file)
        return -EIO;
    int fd = evidence_file_open(m->bundle, node->file, &ignored);
    if (fd >= 0 && fits(node, fd))
        return fd;
    tell(m, node, fd < 0 ? "cannot be opened" : "is not what was taken");
    if (fd >= 0)
        close(fd);
    return -EIO;
}

/* Bytes of the stored file, which was held against its hash when it was opened. */
static ssize_t stored(int fd, uint64_t at, uint8_t *out, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, out + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return done ? (ssize_t)done : -EIO;
        done += (size_t)n;
    }
    return (ssize_t)len;
}

/* The extent that ends behind offset, or extent_count. */
static size_t extent_at(const struct mount_node *node, uint64_t offset)
{
    size_t low = 0, high = node->extent_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (node->extents[middle].from + node->extents[middle].bytes <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

ssize_t mount_files_read(struct mount_files *m, struct mount_node *node, int fd, uint64_t offset,
                         void *out, size_t len)
{
    uint64_t size = (uint64_t)node->st.st_size;
    (void)m;
    if (offset >= size)
        return 0;
    len = len < size - offset ? len : (size_t)(size - offset);
    if (!node->by_extents) {
        if (offset >= node->stored) /* it ended early, or could not be read on */
            return -EIO;
        uint64_t rest = node->stored - offset;
        return stored(fd, offset, out, len < rest ? len : (size_t)rest);
    }
    for (size_t done = 0; done < len;) {
        uint64_t at = offset + done;
        size_t i = extent_at(node, at), n = len - done;
        const struct mount_extent *x = i < node->extent_count ? &node->extents[i] : NULL;
        if (!x || at < x->from) {
            uint64_t gap = x ? x->from - at : n;
            n = n < gap ? n : (size_t)gap;
            memset((uint8_t *)out + done, 0, n);
        } else {
            uint64_t there = x->from + x->bytes - at, from = x->at + (at - x->from);
            n = n < there ? n : (size_t)there;
            if (from >= node->stored)
                return done ? (ssize_t)done : -EIO;
            n = n < node->stored - from ? n : (size_t)(node->stored - from);
            ssize_t got = stored(fd, from, (uint8_t *)out + done, n);
            if (got < 0)
                return done ? (ssize_t)done : got;
        }
        done += n;
    }
    return (ssize_t)len;
}
