/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/record.h"
#include "base/encoding.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "evidence/logical/attribute.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A file may have thousands of attributes; what is more of them in all than ATTRIBUTES_MOST stands
 * by its hash, as a line that holds everything could not be read again. */
enum { NAMES_MOST = 65536, VALUE_MOST = 65536, TARGET_MOST = 65536, ATTRIBUTES_MOST = 4 << 20 };

const struct json_limits evidence_record_limits = {
    .bytes = 32 << 20, .depth = 8, .values = 1000000};

/* Members stand in the order of their names: the line is canonical JSON (RFC 8785). */

void evidence_file_record_bytes(struct json_writer *w, const char *name, const char *exact_name,
                                struct slice bytes)
{
    json_member_slice(w, name, bytes);
    if (utf8_check(bytes) != bytes.len)
        json_member_base64(w, exact_name, bytes);
}

static void number_member(struct json_writer *w, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    json_member_string(w, name, text);
}

static void device_member(struct json_writer *w, const char *name, unsigned high, unsigned low)
{
    char text[32];
    snprintf(text, sizeof text, "%u:%u", high, low);
    json_member_string(w, name, text);
}

static void time_member(struct json_writer *w, const char *name, const struct statx_timestamp *t)
{
    char text[48];
    snprintf(text, sizeof text, "%" PRId64 ".%09u", (int64_t)t->tv_sec, (unsigned)t->tv_nsec);
    json_member_string(w, name, text);
}

static const char *kind_of(unsigned mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "folder";
    case S_IFLNK: return "symlink";
    case S_IFBLK: return "block-device";
    case S_IFCHR: return "character-device";
    case S_IFIFO: return "fifo";
    default: return "socket";
    }
}

static void attributes_member(struct json_writer *w, const struct statx *st)
{
    static const struct {
        uint64_t bit;
        const char *name;
    } known[] = {{STATX_ATTR_APPEND, "append"},         {STATX_ATTR_AUTOMOUNT, "automount"},
                 {STATX_ATTR_COMPRESSED, "compressed"}, {STATX_ATTR_DAX, "dax"},
                 {STATX_ATTR_ENCRYPTED, "encrypted"},   {STATX_ATTR_IMMUTABLE, "immutable"},
                 {STATX_ATTR_MOUNT_ROOT, "mount-root"}, {STATX_ATTR_NODUMP, "nodump"},
                 {STATX_ATTR_VERITY, "verity"}};
    bool any = false;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (!(st->stx_attributes & st->stx_attributes_mask & known[i].bit))
            continue;
        if (!any) {
            json_write_name(w, "attributes");
            json_write_array(w);
        }
        any = true;
        json_write_string(w, known[i].name);
    }
    if (any)
        json_write_array_end(w);
}

struct attribute {
    const char *name;
    struct buf value; /* or, where there is too much, empty */
    uint8_t sha256[SHA256_LEN];
    size_t bytes;
    bool left_out;
};

struct attributes {
    char *names;
    struct attribute *all;
    size_t count, bytes;
    bool left_out; /* some of them */
    int error;     /* of listing or reading them */
};

static int by_name(const void *a, const void *b)
{
    const struct attribute *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static void attributes_free(struct attributes *a)
{
    for (size_t i = 0; i < a->count; i++)
        buf_fini(&a->all[i].value);
    mem_free(a->all);
    mem_free(a->names);
}

/* What can be asked for where no list of names is given: there are more than 64 KiB of them. */
static const char known_names[] = "security.SMACK64\0security.apparmor\0security.capability\0"
                                  "security.evm\0security.ima\0security.selinux\0"
                                  "system.posix_acl_access\0system.posix_acl_default";

/* The names that there are, each with its NUL: their length, or -1 with e set. */
static ssize_t names_of(struct attributes *a, const char *path, struct err *e)
{
    ssize_t len = listxattr(path, NULL, 0);
    if (len == 0 || (len < 0 && errno == ENOTSUP))
        return 0;
    a->names = mem_new(NAMES_MOST + 1, 1);
    if (!a->names)
        return err_memory(e);
    len = len < 0 ? -1 : listxattr(path, a->names, NAMES_MOST);
    if (len >= 0)
        return len;
    a->error = errno;
    if (errno != E2BIG && errno != ERANGE)
        return 0;
    memcpy(a->names, known_names, sizeof known_names);
    return sizeof known_names;
}

static int attribute_take(struct attributes *a, struct attribute *one, struct slice value,
                          struct err *e)
{
    one->bytes = value.len;
    one->left_out = value.len > ATTRIBUTES_MOST - a->bytes;
    a->left_out = a->left_out || one->left_out;
    buf_init(&one->value);
    if (one->left_out)
        return sha256(value, one->sha256) == 0 ? 0 : digest_failed(e);
    a->bytes += value.len;
    buf_put_slice(&one->value, value);
    return buf_check(&one->value, e);
}

/* Through /proc/self/fd, as an O_PATH descriptor is not good for flistxattr. */
static int attributes_read(struct attributes *a, int fd, struct err *e)
{
    char path[40];
    *a = (struct attributes){0};
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t len = names_of(a, path, e);
    if (len <= 0)
        return len < 0 ? -1 : 0;
    size_t names = 0;
    for (ssize_t i = 0; i < len; i++)
        names += a->names[i] == 0;
    a->all = mem_new(names + 1, sizeof *a->all);
    uint8_t *value = mem_new(VALUE_MOST, 1);
    if (!a->all || !value) {
        mem_free(value);
        return err_memory(e);
    }
    int result = 0;
    for (const char *name = a->names; result == 0 && name < a->names + len;
         name += strlen(name) + 1) {
        ssize_t n = getxattr(path, name, value, VALUE_MOST);
        if (n < 0) {
            if (errno != ENODATA && errno != ENOTSUP)
                a->error = errno;
            continue;
        }
        struct attribute *one = &a->all[a->count++];
        one->name = name;
        result = attribute_take(a, one, slice_of(value, (size_t)n), e);
    }
    mem_free(value);
    qsort(a->all, a->count, sizeof *a->all, by_name);
    return result;
}

static const struct buf *attribute_of(const struct attributes *a, const char *name)
{
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->all[i].name, name) == 0)
            return &a->all[i].value;
    return NULL;
}

static void acl_member(struct json_writer *w, const struct attributes *a, const char *attribute,
                       const char *member)
{
    const struct buf *value = attribute_of(a, attribute);
    struct buf text;
    if (!value)
        return;
    buf_init(&text);
    if (evidence_acl_text(buf_slice(value), &text))
        json_member_slice(w, member, buf_slice(&text));
    buf_fini(&text);
}

static void capabilities_member(struct json_writer *w, const struct attributes *a)
{
    const struct buf *value = attribute_of(a, "security.capability");
    struct evidence_capabilities c;
    char text[24];
    if (!value || !evidence_capabilities_read(buf_slice(value), &c))
        return;
    json_write_name(w, "capabilities");
    json_write_object(w);
    json_member_bool(w, "effective", c.effective);
    snprintf(text, sizeof text, "%016" PRIx64, c.inheritable);
    json_member_string(w, "inheritable", text);
    snprintf(text, sizeof text, "%016" PRIx64, c.permitted);
    json_member_string(w, "permitted", text);
    json_member_int(w, "revision", c.revision);
    json_member_int(w, "rootid", c.rootid);
    json_write_object_end(w);
}

static void attribute_members(struct json_writer *w, const struct attributes *a)
{
    if (a->count > 0) {
        json_write_name(w, "xattrs");
        json_write_array(w);
        for (size_t i = 0; i < a->count; i++) {
            const struct attribute *one = &a->all[i];
            json_write_object(w);
            if (one->left_out)
                json_member_int(w, "bytes", (int64_t)one->bytes);
            evidence_file_record_bytes(w, "name", "name_base64", slice_str(one->name));
            if (one->left_out)
                json_member_hex(w, "sha256", slice_of(one->sha256, sizeof one->sha256));
            else
                json_member_base64(w, "value", buf_slice(&one->value));
            json_write_object_end(w);
        }
        json_write_array_end(w);
    }
    if (a->error)
        json_member_string(w, "xattrs_error", strerrordesc_np(a->error));
}

static void changed_member(struct json_writer *w, unsigned changed)
{
    static const char *const names[] = {"size", "mtime", "ctime", "gone"};
    if (!changed)
        return;
    json_write_name(w, "changed");
    json_write_array(w);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (changed & 1u << i)
            json_write_string(w, names[i]);
    json_write_array_end(w);
}

static void content_member(struct json_writer *w, const struct evidence_content *c)
{
    json_write_name(w, "content");
    json_write_object(w);
    number_member(w, "bytes", c->bytes);
    if (c->sparse && c->extents) {
        json_write_name(w, "extents");
        json_write_array(w);
        for (size_t i = 0; i < c->extent_count; i++) {
            char text[24];
            json_write_array(w);
            snprintf(text, sizeof text, "%" PRIu64, c->extents[i].from);
            json_write_string(w, text);
            snprintf(text, sizeof text, "%" PRIu64, c->extents[i].bytes);
            json_write_string(w, text);
            json_write_array_end(w);
        }
        json_write_array_end(w);
    }
    json_member_string(w, "file", c->file);
    json_member_string(w, "form", c->extents_only ? "extents" : "whole");
    json_member_hex(w, "sha256", slice_of(c->sha256, sizeof c->sha256));
    json_write_object_end(w);
}

/* FS_IOC_GETFLAGS, as lsattr asks for it; a file system without such flags gives none. */
static void flags_member(struct json_writer *w, int reading)
{
    int flags = 0;
    char text[16];
    if (reading < 0 || ioctl(reading, FS_IOC_GETFLAGS, &flags) != 0)
        return;
    snprintf(text, sizeof text, "0x%08x", (unsigned)flags);
    json_member_string(w, "flags", text);
}

static int target_member(struct json_writer *w, int fd, struct err *e)
{
    char *target = mem_new(TARGET_MOST, 1);
    if (!target)
        return err_memory(e);
    ssize_t n = readlinkat(fd, "", target, TARGET_MOST);
    if (n >= 0)
        evidence_file_record_bytes(w, "target", "target_base64", slice_of(target, (size_t)n));
    mem_free(target);
    return 0;
}

static int write_record(struct evidence_entry *entry, const struct evidence_owners *owners,
                        const struct attributes *a, int reading, struct err *e)
{
    const struct statx *st = &entry->st;
    struct json_writer w;
    char mode[8];
    buf_reset(&entry->line);
    json_write_init(&w, &entry->line, 0);
    json_write_object(&w);
    acl_member(&w, a, "system.posix_acl_access", "acl");
    acl_member(&w, a, "system.posix_acl_default", "acl_default");
    json_member_int(&w, "asked", (int64_t)entry->asked);
    time_member(&w, "atime", &st->stx_atime);
    attributes_member(&w, st);
    number_member(&w, "blocks", st->stx_blocks);
    if (st->stx_mask & STATX_BTIME)
        time_member(&w, "btime", &st->stx_btime);
    capabilities_member(&w, a);
    changed_member(&w, entry->changed);
    if (entry->has_content)
        content_member(&w, &entry->content);
    time_member(&w, "ctime", &st->stx_ctime);
    device_member(&w, "device", st->stx_dev_major, st->stx_dev_minor);
    flags_member(&w, reading);
    json_member_string(&w, "format", "tocsin-evidence-file/v1");
    json_member_int(&w, "gid", st->stx_gid);
    const char *group = evidence_owners_group(owners, st->stx_gid);
    if (group)
        json_member_string(&w, "group", group);
    number_member(&w, "inode", st->stx_ino);
    json_member_string(&w, "kind", kind_of(st->stx_mode));
    json_member_int(&w, "links", st->stx_nlink);
    snprintf(mode, sizeof mode, "%04o", st->stx_mode & 07777u);
    json_member_string(&w, "mode", mode);
    time_member(&w, "mtime", &st->stx_mtime);
    if (entry->rule)
        json_member_string(&w, "not_taken", entry->why);
    evidence_file_record_bytes(&w, "path", "path_base64", buf_slice(&entry->path));
    if (S_ISBLK(st->stx_mode) || S_ISCHR(st->stx_mode))
        device_member(&w, "represents", st->stx_rdev_major, st->stx_rdev_minor);
    number_member(&w, "size", st->stx_size);
    if (S_ISLNK(st->stx_mode) && target_member(&w, entry->fd, e) != 0)
        return -1;
    json_member_int(&w, "uid", st->stx_uid);
    const char *user = evidence_owners_user(owners, st->stx_uid);
    if (user)
        json_member_string(&w, "user", user);
    attribute_members(&w, a);
    json_write_object_end(&w);
    return buf_check(&entry->line, e);
}

int evidence_file_record_make(struct evidence_entry *entry, const struct evidence_owners *owners,
                              int reading, struct err *e)
{
    struct attributes attributes;
    int result = attributes_read(&attributes, entry->fd, e);
    if (result == 0 && !entry->rule && attributes.error)
        evidence_entry_not_taken(entry, "unreadable", attributes.error,
                                 "its extended attributes, or some");
    else if (result == 0 && !entry->rule && attributes.left_out)
        evidence_entry_not_taken(entry, "limit", 0,
                                 "it has more than %d bytes of extended attributes: of some, the "
                                 "hash alone",
                                 ATTRIBUTES_MOST);
    if (result == 0)
        result = write_record(entry, owners, &attributes, reading, e);
    attributes_free(&attributes);
    return result;
}

void evidence_file_record_not_taken(const struct evidence_entry *entry, uint64_t after,
                                    struct buf *out)
{
    struct json_writer w;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_int(&w, "after", (int64_t)after);
    if (entry->error && strerrorname_np(entry->error))
        json_member_string(&w, "errno", strerrorname_np(entry->error));
    evidence_file_record_bytes(&w, "path", "path_base64", buf_slice(&entry->path));
    json_member_string(&w, "rule", entry->rule);
    json_member_string(&w, "why", entry->why);
    json_write_object_end(&w);
}

static int malformed(struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "evidence.files", "docs/formats-evidence.md section 10.1",
                   "the record of a file has no proper %s", what);
}

/* "data/files/…" would be elsewhere than the number says: only such names are read. */
static bool is_content_name(struct slice s)
{
    if (s.len == 0 || s.len >= sizeof((struct evidence_recorded *)0)->file)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '/'))
            return false;
    }
    return s.data[0] != '/' && s.data[s.len - 1] != '/';
}

static int read_content(const struct json_value *content, struct evidence_recorded *r,
                        struct err *e)
{
    struct slice file = json_get_string(content, "file"), hash = json_get_string(content, "sha256"),
                 bytes = json_get_string(content, "bytes");
    char number[24], *end;
    if (!is_content_name(file))
        return malformed(e, "content.file");
    if (hex_parse(hash, r->sha256, sizeof r->sha256) != 0)
        return malformed(e, "content.sha256");
    if (bytes.len == 0 || bytes.len >= sizeof number || bytes.data[0] < '0' || bytes.data[0] > '9')
        return malformed(e, "content.bytes");
    memcpy(number, bytes.data, bytes.len);
    number[bytes.len] = 0;
    errno = 0;
    r->bytes = strtoull(number, &end, 10);
    if (*end || errno)
        return malformed(e, "content.bytes");
    memcpy(r->file, file.data, file.len);
    r->file[file.len] = 0;
    r->has_content = true;
    return 0;
}

int evidence_recorded_read(struct slice line, struct evidence_recorded *r, struct err *e)
{
    struct json_doc *doc = NULL;
    buf_reset(&r->path);
    r->has_content = false;
    r->asked = -1;
    if (json_parse(&doc, line, &evidence_record_limits, e) != 0)
        return -1;
    const struct json_value *root = json_root(doc), *content = json_get(root, "content"),
                            *exact = json_get(root, "path_base64");
    int result = 0;
    if (!slice_is(json_get_string(root, "format"), "tocsin-evidence-file/v1"))
        result = malformed(e, "format");
    else if (!json_int64(json_get(root, "asked"), &r->asked) || r->asked < 0)
        result = malformed(e, "asked");
    else if (!json_is(json_get(root, "path"), JSON_STRING))
        result = malformed(e, "path");
    else if (exact && base64_parse(json_string(exact), &r->path) != 0)
        result = malformed(e, "path_base64");
    else if (content)
        result = read_content(content, r, e);
    if (result == 0 && !exact)
        buf_put_slice(&r->path, json_get_string(root, "path"));
    if (result == 0 && (r->path.len == 0 || memchr(r->path.data, 0, r->path.len)))
        result = malformed(e, "path");
    if (result == 0)
        result = buf_check(&r->path, e);
    json_doc_free(doc);
    return result;
}
