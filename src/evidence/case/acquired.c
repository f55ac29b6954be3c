/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/acquired.h"
#include "evidence/bundle/manifest.h"
#include "evidence/case/copy.h"
#include "evidence/custody/holder.h"
#include "evidence/custody/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The exhibit whose folder the bundle lies in; "" when in none. */
static void exhibit_of(const char *bundle, char folder[4096])
{
    char path[4096];
    snprintf(path, sizeof path, "%s", bundle);
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        path[--len] = 0;
    char *last = strrchr(path, '/');
    snprintf(folder, 4096, "%s", last ? path : ".");
    if (last)
        folder[last - path] = 0;
    if (evidence_holder_kind(folder) != EVIDENCE_HOLDER_EXHIBIT)
        folder[0] = 0;
}

static void member(struct json_writer *w, const char *name, const char *text)
{
    if (text)
        json_member_string(w, name, text);
}

static int write_details(const struct evidence_acquired_report *r, const char *bundle,
                         const uint8_t tags[SHA256_LEN], struct buf *out, struct err *e)
{
    struct json_writer w;
    buf_reset(out);
    json_write_init(&w, out, 0);
    json_write_object(&w);
    member(&w, "method", r->method);
    member(&w, "bundle", bundle);
    member(&w, "source", r->source);
    member(&w, "verifiable", r->verifiable);
    member(&w, "scope", r->scope);
    member(&w, "why_partial", r->why_partial);
    member(&w, "write_protection", r->write_protection);
    member(&w, "format", r->format);
    member(&w, "given_by", r->given_by);
    member(&w, "collected_by", r->collected_by);
    evidence_hash_member(&w, "tagmanifest_sha256", tags);
    if (r->collected_by)
        evidence_hash_member(&w, "received_sha256", r->image_sha256 ? r->image_sha256 : tags);
    if (r->image_sha256)
        evidence_hash_member(&w, "image_sha256", r->image_sha256);
    json_write_object_end(&w);
    return buf_check(out, e);
}

static const char *kind_of(const struct evidence_acquired_report *r)
{
    return r->collected_by ? "imported" : "acquired";
}

/* A bundle's own identifier: that of its exhibit where it has one. */
static void name_of(const char *bundle, const char *exhibit,
                    const struct evidence_acquired_report *r, char name[EVIDENCE_HOLDER])
{
    if (r->exhibit && evidence_holder_is(slice_str(r->exhibit)))
        snprintf(name, EVIDENCE_HOLDER, "%s", r->exhibit);
    else
        evidence_holder_name(exhibit[0] ? exhibit : bundle, name);
}

int evidence_acquired_check(const char *bundle, const struct evidence_acquired_report *report,
                            struct evidence_doing *doing, struct evidence_appended *told,
                            struct err *e)
{
    struct evidence_acquired_report r = *report;
    uint8_t none[SHA256_LEN] = {0};
    char exhibit[4096], name[EVIDENCE_HOLDER];
    struct buf details;
    exhibit_of(bundle, exhibit);
    name_of(bundle, exhibit, report, name);
    if (!r.verifiable)
        r.verifiable = "not known yet";
    buf_init(&details);
    int result = write_details(&r, ".", none, &details, e);
    if (result == 0)
        result = evidence_doing_check(doing, exhibit[0] ? exhibit : bundle, name, kind_of(report),
                                      buf_slice(&details), told, e);
    buf_fini(&details);
    return result;
}

int evidence_acquired_record(const char *bundle, const struct evidence_acquired_report *report,
                             struct evidence_doing *doing, struct evidence_appended *told,
                             struct err *e)
{
    uint8_t tags[SHA256_LEN];
    uint64_t bytes;
    char exhibit[4096], name[EVIDENCE_HOLDER], path[4096];
    struct buf details;
    exhibit_of(bundle, exhibit);
    name_of(bundle, exhibit, report, name);
    snprintf(path, sizeof path, "%s", bundle);
    for (size_t len = strlen(path); len > 1 && path[len - 1] == '/';)
        path[--len] = 0;
    const char *last = strrchr(path, '/');
    if (evidence_file_digest(bundle, "tagmanifest-sha256.txt", tags, &bytes, e) != 0)
        return -1;
    buf_init(&details);
    int result = write_details(report, ".", tags, &details, e);
    if (result == 0)
        result =
            evidence_doing_step(doing, bundle, name, kind_of(report), buf_slice(&details), told, e);
    if (result == 0 && exhibit[0])
        result = write_details(report, last ? last + 1 : path, tags, &details, e);
    if (result == 0 && exhibit[0])
        result = evidence_doing_step(doing, exhibit, NULL, kind_of(report), buf_slice(&details),
                                     NULL, e);
    buf_fini(&details);
    return result == 0 ? evidence_make_immutable(bundle, e) : result;
}
