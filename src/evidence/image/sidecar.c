/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "evidence/image/export.h"

#include <stdio.h>

enum { RANGES = 1000 };

static int put_file(struct evidence_exporting *x, const char *suffix, struct buf *text,
                    struct err *e)
{
    char path[4096];
    const char *target = x->options->target;
    if ((size_t)snprintf(path, sizeof path, "%s.%s", target, suffix) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", target);
    if (buf_check(text, e) != 0 || evidence_output_open(&x->outputs, path, e) != 0 ||
        evidence_output_put(&x->outputs, buf_slice(text), e) != 0)
        return -1;
    return evidence_output_close(&x->outputs, e);
}

/* As sha256sum -c reads them, in the folder of the files. */
static void write_sums(const struct evidence_exporting *x, struct buf *out)
{
    for (size_t i = 0; i < x->outputs.count; i++) {
        const struct evidence_output *f = &x->outputs.files[i];
        const char *name = evidence_output_name(f->path);
        bool escape = strpbrk(name, "\\\n\r") != NULL;
        if (escape)
            buf_putc(out, '\\');
        for (size_t k = 0; k < SHA256_LEN; k++)
            buf_printf(out, "%02x", f->sha256[k]);
        buf_puts(out, "  ");
        for (const char *c = name; *c; c++)
            if (*c == '\\')
                buf_puts(out, "\\\\");
            else if (*c == '\n')
                buf_puts(out, "\\n");
            else if (*c == '\r')
                buf_puts(out, "\\r");
            else
                buf_putc(out, *c);
        buf_putc(out, '\n');
    }
}

static void files_part(struct json_writer *w, const struct evidence_exporting *x)
{
    json_write_name(w, "files");
    json_write_array(w);
    for (size_t i = 0; i < x->outputs.count; i++) {
        const struct evidence_output *f = &x->outputs.files[i];
        json_write_object(w);
        json_member_string(w, "name", evidence_output_name(f->path));
        json_member_int(w, "bytes", (int64_t)f->bytes);
        if (f->has_sha256)
            json_member_hex(w, "sha256", slice_of(f->sha256, SHA256_LEN));
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void unreadable_part(struct json_writer *w, const struct evidence_exporting *x)
{
    struct evidence_extent extent;
    size_t shown = 0;
    json_member_int(w, "unreadable_bytes", (int64_t)x->exported->unreadable);
    json_member_int(w, "unreadable_ranges", (int64_t)x->unreadable_ranges);
    json_write_name(w, "unreadable");
    json_write_array(w);
    for (uint64_t at = 0; x->facts.has_map && shown < RANGES &&
                          evidence_map_next(&x->facts.map, at, EVIDENCE_UNREADABLE, &extent);
         at = extent.from + extent.bytes, shown++) {
        json_write_object(w);
        json_member_int(w, "from", (int64_t)extent.from);
        json_member_int(w, "bytes", (int64_t)extent.bytes);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void bundle_part(struct json_writer *w, const struct evidence_exporting *x)
{
    json_write_name(w, "bundle");
    json_write_object(w);
    json_member_string(w, "name", evidence_output_name(x->options->bundle));
    json_member_string(w, "exhibit", x->facts.exhibit);
    json_member_hex(w, "tree_root", slice_of(x->facts.root, SHA256_LEN));
    json_member_hex(w, "tagmanifest_sha256", slice_of(x->facts.tagmanifest, SHA256_LEN));
    json_member_bool(w, "sealed", x->facts.has_seal);
    if (x->facts.has_seal) {
        json_member_string(w, "seal", "seal/seal.json");
        json_member_hex(w, "seal_sha256", slice_of(x->facts.seal, SHA256_LEN));
    }
    json_write_object_end(w);
}

int evidence_sidecar_write(struct evidence_exporting *x, const char *format, struct err *e)
{
    struct buf text, sums;
    struct json_writer w;
    bool hashed = x->outputs.count > 0;
    buf_init(&text);
    buf_init(&sums);
    for (size_t i = 0; i < x->outputs.count; i++)
        hashed = hashed && x->outputs.files[i].has_sha256;
    json_write_init(&w, &text, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-export/v1");
    json_member_string(&w, "exported_as", format);
    json_write_name(&w, "image");
    json_write_object(&w);
    json_member_int(&w, "bytes", (int64_t)x->exported->bytes);
    json_member_hex(&w, "sha256", slice_of(x->exported->sha256, SHA256_LEN));
    if (x->exported->has_md5_sha1) {
        json_member_hex(&w, "md5", slice_of(x->exported->md5, sizeof x->exported->md5));
        json_member_hex(&w, "sha1", slice_of(x->exported->sha1, sizeof x->exported->sha1));
    }
    unreadable_part(&w, x);
    json_write_object_end(&w);
    files_part(&w, x);
    bundle_part(&w, x);
    json_member_string(&w, "tool", "tocsin " TOCSIN_VERSION);
    json_write_object_end(&w);
    buf_putc(&text, '\n');
    if (hashed)
        write_sums(x, &sums);
    int result = hashed ? put_file(x, "sha256", &sums, e) : 0;
    if (result == 0)
        result = put_file(x, "json", &text, e);
    buf_fini(&text);
    buf_fini(&sums);
    return result;
}
