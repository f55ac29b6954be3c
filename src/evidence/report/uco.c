/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/uco.h"
#include "base/file.h"
#include "evidence/bundle/bag.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/holder.h"
#include "evidence/report/uco_graph.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_MOST = 64 << 20, RANGES = 1000 };

static struct slice at(const struct json_value *root, const char *outer, const char *inner)
{
    return json_get_string(json_get(root, outer), inner);
}

/* "authority" is a text or an object with an id. */
static struct slice authority_of(const struct json_value *root)
{
    const struct json_value *a = json_get(root, "authority");
    return json_is(a, JSON_OBJECT) ? json_get_string(a, "id") : json_string(a);
}

/* The thing that was acquired. */
static void put_source(struct uco *u, const struct json_value *source, const char *id)
{
    bool device = slice_is(json_get_string(source, "kind"), "block device");
    int64_t bytes;
    if (!uco_node(u, id, device ? "uco-observable:Device" : "uco-observable:File"))
        return;
    uco_facets(u);
    if (device) {
        uco_facet(u, "uco-observable:DeviceFacet", id);
        uco_text(u, "uco-observable:deviceType", slice_str("storage device"));
        uco_text(u, "uco-observable:model", json_get_string(source, "model"));
        uco_text(u, "uco-observable:serialNumber", json_get_string(source, "serial"));
        uco_facet_end(u);
    } else {
        uco_facet(u, "uco-observable:FileFacet", id);
        uco_text(u, "uco-observable:filePath", json_get_string(source, "path"));
        if (json_int64(json_get(source, "bytes"), &bytes))
            uco_integer(u, "uco-observable:sizeInBytes", bytes);
        uco_facet_end(u);
    }
    uco_facets_end(u);
    uco_node_end(u);
}

static void put_content(struct uco *u, const char *id, const char *type, struct slice name,
                        int64_t bytes, struct slice sha256)
{
    if (!uco_node(u, id, type))
        return;
    uco_facets(u);
    uco_facet(u, "uco-observable:FileFacet", id);
    uco_text(u, "uco-observable:fileName", name);
    uco_integer(u, "uco-observable:sizeInBytes", bytes);
    uco_facet_end(u);
    uco_facet(u, "uco-observable:ContentDataFacet", id);
    uco_integer(u, "uco-observable:sizeInBytes", bytes);
    uco_hash(u, "SHA256", sha256);
    uco_facet_end(u);
    uco_facets_end(u);
    uco_node_end(u);
}

static void put_provenance(struct uco *u, const char *id, const char *about, struct slice exhibit,
                           const char (*objects)[UCO_ID], size_t count)
{
    if (!uco_node(u, id, "case-investigation:ProvenanceRecord"))
        return;
    uco_text(u, "uco-core:description", slice_str(about));
    uco_text(u, "case-investigation:exhibitNumber", exhibit);
    json_write_name(&u->w, "uco-core:object");
    json_write_array(&u->w);
    for (size_t i = 0; i < count; i++) {
        json_write_object(&u->w);
        json_member_string(&u->w, "@id", objects[i]);
        json_write_object_end(&u->w);
    }
    json_write_array_end(&u->w);
    uco_node_end(u);
}

static void put_unreadable(struct uco *u, const struct json_value *reading, const char *image)
{
    size_t count = 0;
    json_each(range, json_get(reading, "unreadable"))
    {
        char id[UCO_ID], seed[UCO_ID + 64], about[120];
        int64_t from = 0, bytes = 0;
        if (count++ >= RANGES)
            break;
        if (!json_int64(json_get(range, "from"), &from) ||
            !json_int64(json_get(range, "bytes"), &bytes) || from < 0 || bytes < 1 ||
            bytes > INT64_MAX - from)
            continue;
        snprintf(seed, sizeof seed, "%s %" PRId64 " %" PRId64, image, from, bytes);
        snprintf(about, sizeof about, "bytes %" PRId64 " to %" PRId64 " could not be read", from,
                 from + bytes - 1);
        uco_id("unreadable", slice_str(seed), id);
        if (!uco_node(u, id, "uco-core:Annotation"))
            continue;
        uco_text(u, "uco-core:tag", slice_str("unreadable"));
        uco_text(u, "uco-core:description", slice_str(about));
        uco_ref(u, "uco-core:object", image);
        uco_node_end(u);
    }
}

enum { OBJECTS = 10000 };

/* What came of it: the image, or the files of captured traffic. */
static size_t put_results(struct uco *u, const struct json_value *a, struct slice seed,
                          const char *bundle, char (**ids)[UCO_ID])
{
    const struct json_value *image = json_get(a, "image");
    const struct json_value *files = json_get(json_get(a, "capture"), "files");
    size_t most = json_count(files) < OBJECTS ? json_count(files) : OBJECTS, count = 0;
    int64_t bytes = 0;
    *ids = arena_new(&u->arena, most + 1, sizeof **ids);
    if (!*ids) {
        u->failed = true;
        return 0;
    }
    if (json_is(image, JSON_OBJECT)) {
        uco_id("image", seed, (*ids)[0]);
        (void)json_int64(json_get(image, "bytes"), &bytes);
        put_content(u, (*ids)[0], "uco-observable:Image", slice_str(bundle), bytes,
                    json_get_string(image, "sha256"));
        put_unreadable(u, json_get(a, "reading"), (*ids)[0]);
        return 1;
    }
    json_each(file, files)
    {
        if (count == most)
            break;
        uco_id("file", json_get_string(file, "sha256"), (*ids)[count]);
        (void)json_int64(json_get(file, "bytes"), &bytes);
        put_content(u, (*ids)[count++], "uco-observable:File", json_get_string(file, "file"), bytes,
                    json_get_string(file, "sha256"));
    }
    if (count == 0) { /* a folder of files, or volatile data: the bundle as a whole */
        uco_id("bundle", seed, (*ids)[0]);
        if (uco_node(u, (*ids)[0], "uco-observable:File")) {
            uco_facets(u);
            uco_facet(u, "uco-observable:FileFacet", (*ids)[0]);
            uco_text(u, "uco-observable:fileName", slice_str(bundle));
            uco_facet_end(u);
            uco_facets_end(u);
            uco_node_end(u);
        }
        count = 1;
    }
    return count;
}

/* One acquisition. thing: the exhibit's node; empty: the source is the thing. */
static void put_acquisition(struct uco *u, const struct json_value *a, struct slice text,
                            const char *bundle, const char *thing, struct slice exhibit)
{
    uint8_t hash[SHA256_LEN];
    char person[UCO_ID], place[UCO_ID], tool[UCO_ID], source[UCO_ID] = "", record[UCO_ID];
    char action[UCO_ID], allowed[UCO_ID], about[300], (*ids)[UCO_ID];
    if (sha256(text, hash) != 0) {
        u->failed = true;
        return;
    }
    struct slice seed = slice_of(hash, sizeof hash);
    const struct json_value *from = json_get(a, "source"), *who = json_get(a, "examiner");
    uco_person(u, json_get_string(who, "name"), json_get_string(who, "role"),
               json_get_string(who, "organisation"), person);
    uco_place(u, json_get_string(a, "place"), place);
    uco_tool(u, json_get(a, "tool"), tool);
    uco_authorization(u, authority_of(a), allowed);
    if (json_is(from, JSON_OBJECT)) {
        uco_id("source", seed, source);
        put_source(u, from, source);
    }
    size_t count = put_results(u, a, seed, bundle, &ids);
    snprintf(about, sizeof about, "Forensic copy: %.250s", bundle);
    uco_id("provenance", seed, record);
    if (json_get_string(a, "exhibit").len)
        exhibit = json_get_string(a, "exhibit");
    put_provenance(u, record, about, exhibit, (const char(*)[UCO_ID])ids, count);
    uco_id("acquired", seed, action);
    if (!uco_node(u, action, "case-investigation:InvestigativeAction"))
        return;
    uco_text(u, "uco-core:name",
             slice_str(json_get(a, "image")     ? "imaged"
                       : json_get(a, "capture") ? "captured"
                                                : "acquired"));
    uco_text(u, "uco-core:description", json_get_string(a, "reason"));
    uco_typed(u, "uco-action:startTime", "xsd:dateTime", at(a, "started", "at"));
    uco_typed(u, "uco-action:endTime", "xsd:dateTime", at(a, "ended", "at"));
    uco_ref(u, "uco-action:performer", person);
    uco_ref(u, "uco-action:instrument", tool);
    uco_ref(u, "uco-action:object", source[0] ? source : thing);
    uco_ref(u, "uco-action:location", place);
    uco_ref(u, "uco-action:result", record);
    uco_node_end(u);
}

int evidence_uco_bundle(struct slice acquisition, const char *bundle, struct buf *out,
                        struct err *e)
{
    struct json_doc *doc = NULL;
    struct uco u;
    const char *name = strrchr(bundle, '/');
    if (json_parse(&doc, acquisition, NULL, e) != 0)
        return -1;
    uco_begin(&u, out);
    put_acquisition(&u, json_root(doc), acquisition, name && name[1] ? name + 1 : bundle, "",
                    slice_of(NULL, 0));
    uco_end(&u);
    uco_fini(&u);
    json_doc_free(doc);
    return buf_check(out, e);
}

int evidence_uco_tag(struct evidence_bag *bag, struct slice acquisition, struct err *e)
{
    struct buf graph;
    buf_init(&graph);
    int result = evidence_uco_bundle(acquisition, bag->folder, &graph, e);
    if (result == 0)
        result = evidence_bag_tag(bag, "case.jsonld", buf_slice(&graph), e);
    buf_fini(&graph);
    return result;
}

/* --- folders --- */

struct walking {
    struct uco u;
    struct evidence_uco_told *told;
    char thing[UCO_ID];    /* what the log is about */
    char previous[UCO_ID]; /* the action before */
};

static int put_step(void *context, const struct evidence_custody_record *r, struct err *e)
{
    struct walking *k = context;
    struct uco *u = &k->u;
    const struct json_value *actor = json_get(r->root, "actor");
    char person[UCO_ID], place[UCO_ID], tool[UCO_ID], action[UCO_ID], allowed[UCO_ID];
    (void)e;
    uco_person(u, json_get_string(actor, "name"), json_get_string(actor, "role"),
               json_get_string(actor, "organisation"), person);
    uco_place(u, json_get_string(r->root, "place"), place);
    uco_tool(u, json_get(r->root, "tool"), tool);
    uco_authorization(u, authority_of(r->root), allowed);
    uco_id("step", slice_of(r->sha256, sizeof r->sha256), action);
    if (!uco_node(u, action, "case-investigation:InvestigativeAction"))
        return 0;
    struct slice began = at(json_get(r->root, "clock"), "start", "at");
    struct slice ended = json_get_string(r->root, "at");
    uco_text(u, "uco-core:name", r->kind);
    uco_text(u, "uco-core:description", json_get_string(r->root, "reason"));
    uco_typed(u, "uco-action:startTime", "xsd:dateTime", began.len ? began : ended);
    uco_typed(u, "uco-action:endTime", "xsd:dateTime", ended);
    uco_ref(u, "uco-action:performer", person);
    uco_ref(u, "uco-action:instrument", tool);
    uco_ref(u, "uco-action:object", k->thing);
    uco_ref(u, "uco-action:location", place);
    uco_ref(u, "case-investigation:wasInformedBy", k->previous);
    uco_node_end(u);
    snprintf(k->previous, sizeof k->previous, "%s", action);
    return 0;
}

/* Something that belongs to the thing cannot be read. ERR_MEMORY ends it, nothing else does. */
static int put_broken(struct walking *k, const char *path, const struct err *why, struct err *e)
{
    char id[UCO_ID], words[700], place[260];
    const char *name = strrchr(path, '/');
    if (why->kind == ERR_MEMORY) {
        *e = *why;
        return -1;
    }
    snprintf(place, sizeof place, "%s%s", why->where[0] ? ", " : "", why->where);
    snprintf(words, sizeof words, "%.64s cannot be read, or not to its end: %.300s%s",
             name ? name + 1 : path, why->text, place);
    uco_id("broken", slice_str(path), id);
    if (uco_node(&k->u, id, "uco-core:Annotation")) {
        uco_text(&k->u, "uco-core:tag", slice_str("broken"));
        uco_text(&k->u, "uco-core:description", slice_str(words));
        uco_ref(&k->u, "uco-core:object", k->thing);
        uco_node_end(&k->u);
    }
    k->told->count++;
    if (k->told->broken) {
        snprintf(words, sizeof words, "%.300s%s", why->text, place);
        k->told->broken(k->told->context, path, words);
    }
    return 0;
}

static int put_custody(struct walking *k, const char *holder, struct err *e)
{
    char folder[4400];
    struct err why = {0};
    k->previous[0] = 0;
    snprintf(folder, sizeof folder, "%s/custody", holder);
    if (file_kind(folder) != 2 || evidence_custody_read(holder, put_step, k, &why) == 0 ||
        strcmp(why.code, "custody.none") == 0)
        return 0;
    return put_broken(k, folder, &why, e);
}

/* doc NULL: it is not there, or why says what is wrong with it. */
static void read_json(const char *folder, const char *name, struct buf *text, struct json_doc **doc,
                      struct err *why)
{
    *doc = NULL;
    if (evidence_file_read(folder, name, RECORD_MOST, text, why) != 0 ||
        json_parse(doc, buf_slice(text), NULL, why) != 0)
        *doc = NULL;
}

static int put_unread(struct walking *k, const char *folder, const char *name,
                      const struct err *why, struct err *e)
{
    char path[4400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return err_is_set(why) ? put_broken(k, path, why, e) : 0;
}

static const char *name_of(const char *path)
{
    const char *name = strrchr(path, '/');
    return name && name[1] ? name + 1 : path;
}

static int put_bundle(struct walking *k, const char *path, const char *exhibit, struct err *e)
{
    char thing[UCO_ID], mark[4400];
    struct buf text;
    struct json_doc *doc;
    snprintf(mark, sizeof mark, "%s/INCOMPLETE", path);
    if (evidence_holder_kind(path) != EVIDENCE_HOLDER_BUNDLE || file_kind(mark) != 0)
        return 0; /* what was not closed is no evidence */
    buf_init(&text);
    memcpy(thing, k->thing, sizeof thing);
    struct err why = {0};
    int result = 0;
    read_json(path, "acquisition.json", &text, &doc, &why);
    if (!doc) { /* its custody is about what it is part of */
        result = put_unread(k, path, "acquisition.json", &why, e);
        if (result == 0)
            result = put_custody(k, path, e);
    } else {
        put_acquisition(&k->u, json_root(doc), buf_slice(&text), name_of(path), thing,
                        slice_str(exhibit));
        uint8_t hash[SHA256_LEN];
        if (sha256(buf_slice(&text), hash) != 0)
            k->u.failed = true;
        else /* its custody is about what came of it */
            uco_id(json_get(json_root(doc), "image") ? "image" : "provenance",
                   slice_of(hash, sizeof hash), k->thing);
        result = put_custody(k, path, e);
    }
    memcpy(k->thing, thing, sizeof thing);
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible_only(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int each_folder(struct walking *k, const char *folder, const char *exhibit,
                       int (*each)(struct walking *k, const char *path, const char *exhibit,
                                   struct err *e),
                       struct err *e)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, visible_only, by_name), result = 0;
    if (count < 0)
        return errno == ENOENT
                   ? 0
                   : err_errno(e, errno, "evidence.report", "%s cannot be read", folder);
    for (int i = 0; i < count; i++) {
        char path[4400];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (result == 0 && file_kind(path) == 2)
            result = each(k, path, exhibit ? exhibit : entries[i]->d_name, e);
        free(entries[i]);
    }
    free(entries);
    return result;
}

/* The exhibit itself, and what came of it. */
static int put_exhibit(struct walking *k, const char *path, const char *exhibit, struct err *e)
{
    struct buf text;
    struct json_doc *doc;
    char record[UCO_ID];
    buf_init(&text);
    struct err why = {0};
    int result = 0;
    read_json(path, "exhibit.json", &text, &doc, &why);
    if (why.kind == ERR_NOT_FOUND && evidence_holder_kind(path) == EVIDENCE_HOLDER_NONE)
        err_clear(&why); /* a folder that never was an exhibit */
    if (why.kind == ERR_MEMORY) {
        *e = why;
        result = -1;
    } else {
        const struct json_value *root = json_root(doc);
        uco_id("exhibit", slice_str(exhibit), k->thing);
        if (uco_node(&k->u, k->thing, "uco-observable:Device")) {
            uco_text(&k->u, "uco-core:description", json_get_string(root, "description"));
            uco_facets(&k->u);
            uco_facet(&k->u, "uco-observable:DeviceFacet", k->thing);
            uco_text(&k->u, "uco-observable:model", json_get_string(root, "model"));
            uco_text(&k->u, "uco-observable:serialNumber", json_get_string(root, "serial"));
            uco_facet_end(&k->u);
            uco_facets_end(&k->u);
            uco_node_end(&k->u);
        }
        uco_id("provenance", slice_str(exhibit), record);
        struct slice about = json_get_string(root, "description");
        char words[512];
        snprintf(words, sizeof words, "%.*s", about.len < 500 ? (int)about.len : 500,
                 about.len ? (const char *)about.data : "");
        put_provenance(&k->u, record, words[0] ? words : exhibit, slice_str(exhibit),
                       (const char(*)[UCO_ID])k->thing, 1);
        result = put_unread(k, path, "exhibit.json", &why, e);
        if (result == 0)
            result = put_custody(k, path, e);
    }
    json_doc_free(doc);
    buf_fini(&text);
    return result == 0 ? each_folder(k, path, exhibit, put_bundle, e) : -1;
}

static int put_case(struct walking *k, const char *path, const struct json_value *root,
                    struct slice text, const struct err *why, struct err *e)
{
    char allowed[UCO_ID], exhibits[4400];
    uco_authorization(&k->u, authority_of(root), allowed);
    uco_id("case", root ? text : slice_str(path), k->thing);
    if (uco_node(&k->u, k->thing, "case-investigation:Investigation")) {
        uco_text(&k->u, "uco-core:name", json_get_string(root, "title"));
        uco_text(&k->u, "uco-core:description", json_get_string(root, "summary"));
        uco_ref(&k->u, "case-investigation:relevantAuthorization", allowed);
        uco_node_end(&k->u);
    }
    if (put_unread(k, path, "case.json", why, e) != 0 || put_custody(k, path, e) != 0)
        return -1;
    snprintf(exhibits, sizeof exhibits, "%s/exhibits", path);
    return each_folder(k, exhibits, NULL, put_exhibit, e);
}

int evidence_uco_folder(const char *path, struct evidence_uco_told *told, struct buf *out,
                        struct err *e)
{
    struct walking walking = {.told = told}, *k = &walking;
    struct buf text;
    struct json_doc *doc = NULL;
    buf_init(&text);
    struct err why = {0};
    int result = 0;
    enum evidence_holder_kind kind = evidence_holder_kind(path);
    uco_begin(&k->u, out);
    if (kind == EVIDENCE_HOLDER_CASE)
        read_json(path, "case.json", &text, &doc, &why);
    if (kind == EVIDENCE_HOLDER_CASE)
        result = put_case(k, path, json_root(doc), buf_slice(&text), &why, e);
    else if (kind == EVIDENCE_HOLDER_EXHIBIT)
        result = put_exhibit(k, path, name_of(path), e);
    else if (kind == EVIDENCE_HOLDER_BUNDLE)
        result = put_bundle(k, path, "", e);
    else
        result = err_set(e, ERR_NOT_FOUND, "evidence.report", NULL,
                         "%s is neither a case nor an exhibit nor a bundle", path);
    uco_end(&k->u);
    uco_fini(&k->u);
    json_doc_free(doc);
    buf_fini(&text);
    return result == 0 ? buf_check(out, e) : -1;
}
