/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin csaf ranges: how far the versions in advisories are understood. */
#include "base/file.h"
#include "base/json.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/csaf.h"
#include "cli/documents.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "csaf/leaves.h"
#include "product/range.h"

#include <stdio.h>
#include <stdlib.h>

enum { ADVISORY_LIMIT = 150 << 20, FORMS = 16, REASONS = 64, GRADES = 3 };

/* One text as it stands in the version place, however often. */
struct text {
    struct slice text;
    bool is_range;
    uint64_t count;
    const char *file; /* of the first one */
    size_t line;
    enum product_grade grade;
    const char *form, *why; /* static; why NULL: exact */
    struct text *next;      /* of those with the same reason */
};

struct reason {
    const char *why;
    enum product_grade grade;
    uint64_t count;
    size_t texts;
    struct text *first;
};

struct form {
    const char *name;
    uint64_t count[GRADES];
};

struct ranges {
    struct arena arena; /* texts, for the whole run */
    struct map known;   /* key: category byte and text */
    struct documents files;
    uint64_t documents, refused, leaves;
    uint64_t count[GRADES];
    struct form forms[FORMS];
    size_t form_count;
    struct reason reasons[REASONS];
    size_t reason_count;
    int64_t examples;
    /* the document that is being read */
    const struct json_doc *json;
    const char *path;
};

static const char *const grade_names[GRADES] = {
    [PRODUCT_EXACT] = "exact", [PRODUCT_REDUCED] = "reduced", [PRODUCT_OBSCURE] = "not_understood"};

static struct form *form_of(struct ranges *r, const char *name)
{
    size_t i = 0;
    while (i < r->form_count && strcmp(r->forms[i].name, name) != 0)
        i++;
    if (i == FORMS)
        return &r->forms[FORMS - 1];
    if (i == r->form_count)
        r->forms[r->form_count++].name = name;
    return &r->forms[i];
}

static struct reason *reason_of(struct ranges *r, enum product_grade grade, const char *why)
{
    size_t i = 0;
    while (i < r->reason_count &&
           (r->reasons[i].grade != grade || strcmp(r->reasons[i].why, why) != 0))
        i++;
    if (i == REASONS)
        return &r->reasons[REASONS - 1];
    if (i == r->reason_count) {
        r->reasons[i] = (struct reason){.why = why, .grade = grade};
        r->reason_count++;
    }
    return &r->reasons[i];
}

/* A text that was not seen before; NULL: memory. */
static struct text *new_text(struct ranges *r, struct slice key, const struct csaf_leaf *leaf,
                             struct err *e)
{
    struct arena scratch;
    struct product_range range;
    struct text *t = arena_new(&r->arena, 1, sizeof *t);
    uint8_t *copy = arena_alloc(&r->arena, key.len);
    if (!t || !copy) {
        err_memory(e);
        return NULL;
    }
    memcpy(copy, key.data, key.len);
    arena_init(&scratch, 0);
    int result = product_range_parse(&scratch, slice_of(copy + 1, key.len - 1), leaf->is_range,
                                     NULL, &range, e);
    arena_fini(&scratch);
    if (result != 0)
        return NULL;
    *t = (struct text){.text = slice_of(copy + 1, key.len - 1),
                       .is_range = leaf->is_range,
                       .file = r->path,
                       .grade = range.grade,
                       .form = range.form,
                       .why = range.why};
    size_t column;
    json_place(r->json, leaf->name, &t->line, &column);
    if (map_set(&r->known, slice_of(copy, key.len), t) != 0) {
        err_memory(e);
        return NULL;
    }
    if (t->grade != PRODUCT_EXACT) {
        struct reason *reason = reason_of(r, t->grade, t->why);
        t->next = reason->first;
        reason->first = t;
        reason->texts++;
    }
    return t;
}

static int add_leaf(void *context, const struct csaf_leaf *leaf, struct err *e)
{
    struct ranges *r = context;
    struct buf key;
    buf_init(&key);
    buf_putc(&key, leaf->is_range ? 'r' : 'v');
    buf_put_slice(&key, json_string(leaf->name));
    int result = buf_check(&key, e);
    struct text *t = result == 0 ? map_get(&r->known, buf_slice(&key)) : NULL;
    if (result == 0 && !t)
        t = new_text(r, buf_slice(&key), leaf, e);
    buf_fini(&key);
    if (!t)
        return -1;
    t->count++;
    r->leaves++;
    r->count[t->grade]++;
    form_of(r, t->form)->count[t->grade]++;
    if (t->grade != PRODUCT_EXACT)
        reason_of(r, t->grade, t->why)->count++;
    return 0;
}

static int read_document(struct ranges *r, const struct document *file, struct err *e)
{
    struct buf text;
    struct json_doc *json = NULL;
    buf_init(&text);
    int result = -1;
    if (file_read(file->path, ADVISORY_LIMIT, &text, e) != 0 ||
        json_parse(&json, buf_slice(&text), &json_limits_advisory, e) != 0)
        goto out;
    if (csaf_looks_like(json_root(json))) {
        r->json = json;
        r->path = file->path;
        r->documents++;
        result = csaf_leaves_each(json_root(json), add_leaf, r, e);
    } else if (file->named) {
        err_set(e, ERR_INPUT, "csaf.not-csaf", "CSAF 2.0 section 3.2.1.4",
                "there is no document.csaf_version");
    } else {
        result = 0; /* a feed or an index beside the advisories */
    }
out:
    json_doc_free(json);
    buf_fini(&text);
    return result;
}

/* One bad document never stops the others; only memory does. */
static int read_all(struct ranges *r, struct err *e)
{
    struct progress progress;
    progress_start(&progress, "documents", r->files.count);
    int result = 0;
    for (size_t i = 0; i < r->files.count && result == 0; i++) {
        struct err why = {0};
        if (read_document(r, &r->files.items[i], &why) != 0 && why.kind == ERR_MEMORY) {
            *e = why;
            result = -1;
        } else if (err_is_set(&why)) {
            progress_hide(&progress);
            say_failed(r->files.items[i].path, &why);
            r->refused++;
        }
        progress_to(&progress, i + 1);
    }
    progress_end(&progress);
    return result;
}

static int by_count(const void *a, const void *b)
{
    const struct text *x = *(struct text *const *)a, *y = *(struct text *const *)b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return slice_compare(x->text, y->text);
}

static int by_weight(const void *a, const void *b)
{
    const struct reason *x = a, *y = b;
    if (x->grade != y->grade)
        return x->grade < y->grade ? 1 : -1;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->why, y->why);
}

/* The texts of a reason, most frequent first; NULL: memory. */
static struct text **sorted_texts(const struct reason *reason)
{
    struct text **texts = mem_new(reason->texts, sizeof(struct text *));
    size_t i = 0;
    if (!texts)
        return NULL;
    for (struct text *t = reason->first; t; t = t->next)
        texts[i++] = t;
    qsort(texts, i, sizeof *texts, by_count);
    return texts;
}

static size_t shown(const struct ranges *r, const struct reason *reason)
{
    return reason->texts < (uint64_t)r->examples ? reason->texts : (size_t)r->examples;
}

static void say_share(const struct ranges *r, const char *label, enum product_grade grade)
{
    double share = r->leaves ? 100.0 * (double)r->count[grade] / (double)r->leaves : 0;
    printf("  %-16s %8llu  %5.1f %%\n", label, (unsigned long long)r->count[grade], share);
}

static int say_reasons(const struct ranges *r)
{
    for (size_t i = 0; i < r->reason_count; i++) {
        const struct reason *reason = &r->reasons[i];
        if (i == 0 || reason->grade != r->reasons[i - 1].grade)
            printf("\n%s\n", reason->grade == PRODUCT_OBSCURE
                                 ? "Not understood"
                                 : "Understood with reduced confidence");
        printf("%8llu  %s\n", (unsigned long long)reason->count, reason->why);
        struct text **texts = sorted_texts(reason);
        if (!texts)
            return -1;
        for (size_t k = 0; k < shown(r, reason); k++) {
            printf("%16llu  \"", (unsigned long long)texts[k]->count);
            say_text(stdout, texts[k]->text);
            fputs("\"  ", stdout);
            say_text(stdout, slice_str(texts[k]->file));
            printf(":%zu\n", texts[k]->line);
        }
        mem_free(texts);
    }
    return 0;
}

static int say_all(const struct ranges *r, struct err *e)
{
    say_count(stdout, (int64_t)r->leaves, "version", "versions");
    fputs(" in ", stdout);
    say_count(stdout, (int64_t)r->documents, "document", "documents");
    printf(", %zu different texts\n", r->known.count);
    say_share(r, "exact", PRODUCT_EXACT);
    say_share(r, "reduced", PRODUCT_REDUCED);
    say_share(r, "not understood", PRODUCT_OBSCURE);
    if (r->form_count)
        printf("\n  %-16s %8s  %8s  %s\n", "as", "exact", "reduced", "not understood");
    for (size_t i = 0; i < r->form_count; i++)
        printf("  %-16s %8llu  %8llu  %14llu\n", r->forms[i].name,
               (unsigned long long)r->forms[i].count[PRODUCT_EXACT],
               (unsigned long long)r->forms[i].count[PRODUCT_REDUCED],
               (unsigned long long)r->forms[i].count[PRODUCT_OBSCURE]);
    if (say_reasons(r) != 0)
        return err_memory(e);
    return output_end(stdout, e);
}

static int write_reason(const struct ranges *r, const struct reason *reason, struct json_writer *w)
{
    struct text **texts = sorted_texts(reason);
    if (!texts)
        return -1;
    json_write_object(w);
    json_member_string(w, "grade", grade_names[reason->grade]);
    json_member_string(w, "reason", reason->why);
    json_member_int(w, "count", (int64_t)reason->count);
    json_member_int(w, "texts", (int64_t)reason->texts);
    json_write_name(w, "examples");
    json_write_array(w);
    for (size_t k = 0; k < shown(r, reason); k++) {
        json_write_object(w);
        json_member_slice(w, "text", texts[k]->text);
        json_member_string(w, "category",
                           texts[k]->is_range ? "product_version_range" : "product_version");
        json_member_string(w, "form", texts[k]->form);
        json_member_int(w, "count", (int64_t)texts[k]->count);
        json_member_string(w, "file", texts[k]->file);
        json_member_int(w, "line", (int64_t)texts[k]->line);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
    mem_free(texts);
    return 0;
}

static int write_json(const struct ranges *r, struct err *e)
{
    struct json_writer w;
    struct buf out;
    buf_init(&out);
    json_write_init(&w, &out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-csaf-ranges/v1");
    json_member_int(&w, "documents", (int64_t)r->documents);
    json_member_int(&w, "refused", (int64_t)r->refused);
    json_member_int(&w, "leaves", (int64_t)r->leaves);
    json_member_int(&w, "texts", (int64_t)r->known.count);
    for (int g = 0; g < GRADES; g++)
        json_member_int(&w, grade_names[g], (int64_t)r->count[g]);
    json_write_name(&w, "forms");
    json_write_array(&w);
    for (size_t i = 0; i < r->form_count; i++) {
        json_write_object(&w);
        json_member_string(&w, "form", r->forms[i].name);
        for (int g = 0; g < GRADES; g++)
            json_member_int(&w, grade_names[g], (int64_t)r->forms[i].count[g]);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_name(&w, "reasons");
    json_write_array(&w);
    int result = 0;
    for (size_t i = 0; i < r->reason_count && result == 0; i++)
        result = write_reason(r, &r->reasons[i], &w);
    json_write_array_end(&w);
    json_write_object_end(&w);
    if (result != 0)
        err_memory(e);
    else
        result = buf_check(&out, e);
    if (result == 0) {
        output_line(stdout, &out);
        result = output_end(stdout, e);
    }
    buf_fini(&out);
    return result;
}

int csaf_ranges_run(const struct cli_args *args)
{
    struct ranges r = {.examples = 5};
    struct err e = {0};
    arena_init(&r.arena, 0);
    map_init(&r.known);
    int result = cli_number(args, "examples", 0, 1000000, 5, &r.examples, &e);
    for (size_t i = 0; i < args->operand_count && result == 0; i++)
        result = documents_add(&r.files, args->operands[i], ".json", &e);
    if (result == 0)
        result = read_all(&r, &e);
    if (result == 0) {
        qsort(r.reasons, r.reason_count, sizeof *r.reasons, by_weight);
        result = cli_flag(args, "json") ? write_json(&r, &e) : say_all(&r, &e);
    }
    int code = result != 0 ? say_fail(args, &e) : say_end(args, r.refused ? 3 : 0);
    documents_fini(&r.files);
    map_fini(&r.known);
    arena_fini(&r.arena);
    return code;
}
