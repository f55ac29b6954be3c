/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin advisory import: a batch in which each document stands for itself. */
#include "base/file.h"
#include "base/output.h"
#include "cli/advisory.h"
#include "cli/advisory_order.h"
#include "cli/documents.h"
#include "cli/progress.h"
#include "cli/say.h"

enum { DOCUMENT_MAX = 150 << 20, IMPORT_MS = 600000 };

enum outcome { ACCEPTED, REPEATED, REFUSED, PASSED_OVER };

static const char *const outcome_words[] = {"accepted", "known already", "refused", "passed over"};
static const char *const outcome_names[] = {"accepted", "repeated", "refused", "passed_over"};

struct import {
    const struct cli_args *args;
    struct api *api;
    struct progress progress;
    struct buf text; /* the document */
    struct buf json; /* with --json: what became of each */
    struct json_writer out;
    bool as_json;
    size_t counts[4];
    size_t published;
    size_t with_warnings;
    char pending[64]; /* an advisory whose revision came in, and is to be published with those of
                         it that still come: "" none */
    int worst;        /* exit code of what could not be done at all */
};

/* ---- what became of one ---- */

static void write_one(struct import *m, const char *path, enum outcome outcome,
                      const struct json_value *answer, bool published, const struct err *e)
{
    struct json_writer *w = &m->out;

    json_write_object(w);
    json_member_string(w, "file", path);
    json_member_string(w, "state", outcome_names[outcome]);
    if (answer) {
        json_member_slice(w, "advisory", json_get_string(answer, "advisory"));
        json_member_slice(w, "revision", json_get_string(answer, "revision"));
        json_member_slice(w, "id", json_get_string(answer, "tracking_id"));
        json_member_slice(w, "version", json_get_string(answer, "version"));
        json_member_slice(w, "title", json_get_string(answer, "title"));
        if (json_count(json_get(answer, "warnings"))) {
            json_write_name(w, "warnings");
            json_write_value(w, json_get(answer, "warnings"));
            json_write_name(w, "warning_count");
            json_write_value(w, json_get(answer, "warning_count"));
        }
    }
    if (published)
        json_member_bool(w, "published", true);
    if (err_is_set(e)) {
        json_member_string(w, "code", e->code);
        json_member_string(w, "text", e->text);
        json_member_string(w, "where", e->where);
        json_member_string(w, "clause", e->clause);
        if (e->hint[0])
            json_member_string(w, "hint", e->hint);
    }
    json_write_object_end(w);
}

/* What is wrong with a document that was taken all the same; to standard error, below its line. */
static void say_warnings(const struct json_value *answer)
{
    const struct json_value *warnings = json_get(answer, "warnings");
    int64_t count = 0;

    (void)json_int64(json_get(answer, "warning_count"), &count);
    fflush(stdout);
    json_each(warning, warnings)
    {
        struct slice test = json_get_string(warning, "test");
        struct slice hint = json_get_string(warning, "hint");
        fputs("  ", stderr);
        say_styled(stderr, SAY_DOUBT, slice_str("warning: "));
        say_text(stderr, json_get_string(warning, "text"));
        fputs(" (", stderr);
        say_text(stderr, json_get_string(warning, "where"));
        fputs("; ", stderr);
        say_text(stderr, test.len ? test : json_get_string(warning, "clause"));
        fputs(")\n", stderr);
        if (hint.len) {
            fputs("      → ", stderr);
            say_text(stderr, hint);
            fputc('\n', stderr);
        }
    }
    if (count > (int64_t)json_count(warnings))
        fprintf(stderr, "  and %lld more; all of them: tocsin csaf validate FILE\n",
                (long long)(count - (int64_t)json_count(warnings)));
}

static void say_one(struct import *m, const struct document *document, enum outcome outcome,
                    const struct json_value *answer, bool published, struct err *e)
{
    const char *path = document->path;

    progress_hide(&m->progress);
    if (m->as_json) {
        write_one(m, path, outcome, answer, published, e);
        return;
    }
    if (err_is_set(e) && outcome != PASSED_OVER) {
        err_context(e, "%s", path);
        (void)say_fail(m->args, e);
    }
    if (outcome == REFUSED)
        return;
    printf("%s: ", outcome_words[outcome]);
    if (answer) {
        say_text(stdout, json_get_string(answer, "tracking_id"));
        fputs(" version ", stdout);
        say_text(stdout, json_get_string(answer, "version"));
        fputs(published ? ", published" : "", stdout);
        if (document->follows && cli_flag(m->args, "publish"))
            fputs(", not published: a newer one follows", stdout);
        fputs(" (", stdout);
        say_text(stdout, slice_str(path));
        fputs(")\n", stdout);
        say_warnings(answer);
    } else {
        say_text(stdout, slice_str(path));
        printf(": %s\n", e->text);
    }
}

/* ---- one document ---- */

static void keep_pending(struct import *m, const struct json_value *answer)
{
    struct slice id = json_get_string(answer, "advisory");

    snprintf(m->pending, sizeof(m->pending), "%.*s", id.len < sizeof(m->pending) ? (int)id.len : 0,
             (const char *)id.data);
}

/* Only the newest of a batch is told to anybody: what it replaces would be news for a moment. */
static int publish(struct import *m, bool *published, struct err *e)
{
    char name[sizeof(m->pending)];

    snprintf(name, sizeof(name), "%s", m->pending);
    m->pending[0] = '\0';
    if (!name[0] || !cli_flag(m->args, "publish"))
        return 0;
    int result = advisory_publish_one(m->api, name, 0, e);
    if (result != 0 && strcmp(e->code, "centre.published") == 0) {
        err_clear(e); /* that is what was wanted */
        result = 0;
    } else if (result == 0) {
        *published = true;
        m->published++;
    }
    return result;
}

/* About this document; everything else is about the centre, or about who asks. */
static bool is_refusal(const struct err *e)
{
    return e->kind == ERR_INPUT || e->kind == ERR_LIMIT || e->kind == ERR_CONFLICT ||
           e->kind == ERR_VERIFY || e->kind == ERR_USAGE;
}

/* The last of an advisory was refused, but one before it came in: that is the newest now. */
static void publish_left(struct import *m)
{
    char name[sizeof(m->pending)];
    bool published = false;
    struct err e = {0};

    snprintf(name, sizeof(name), "%s", m->pending);
    if (publish(m, &published, &e) != 0) {
        m->worst = 3;
        (void)say_fail(m->args, &e);
    } else if (published && !m->as_json) {
        printf("published: %s, as it was before what was refused\n", name);
    }
}

/* 0: on with the next one; -1: the centre cannot be spoken to, e says why. */
static int import_one(struct import *m, const struct document *document, struct err *stop)
{
    const struct api_request request = {.method = "POST",
                                        .target = "/v1/advisories/import",
                                        .content_type = "application/json",
                                        .body = buf_slice(&m->text),
                                        .timeout_ms = IMPORT_MS};
    enum outcome outcome = REFUSED;
    struct api_answer answer;
    bool published = false;
    struct err e = {0};

    api_answer_init(&answer);
    if (api_send(m->api, &request, &answer, &e) == 0) {
        bool repeated = json_is(json_get(answer.root, "repeated"), JSON_TRUE);
        outcome = repeated ? REPEATED : ACCEPTED;
        keep_pending(m, answer.root);
    } else if (!is_refusal(&e)) {
        *stop = e;
    } else if (!document->named && document_is_other(buf_slice(&m->text))) {
        outcome = PASSED_OVER;
        err_clear(&e);
        err_set(&e, ERR_INPUT, "cli.no-advisory", NULL,
                "no advisory (a feed, metadata or an inventory)");
    }
    if (answer.root && !document->follows && publish(m, &published, &e) != 0)
        m->worst = 3;
    if (!err_is_set(stop)) {
        m->counts[outcome]++;
        m->with_warnings += json_count(json_get(answer.root, "warnings")) > 0;
        say_one(m, document, outcome, answer.root, published, &e);
    }
    api_answer_fini(&answer);
    return err_is_set(stop) ? -1 : 0;
}

static int import_all(struct import *m, const struct documents *documents, struct err *e)
{
    progress_start(&m->progress, "documents", documents->count);
    for (size_t i = 0; i < documents->count; i++) {
        const struct document *document = &documents->items[i];
        struct err unreadable = {0};
        progress_to(&m->progress, i);
        buf_reset(&m->text);
        if (file_read(document->path, DOCUMENT_MAX, &m->text, &unreadable) != 0) {
            m->counts[REFUSED]++;
            say_one(m, document, REFUSED, NULL, false, &unreadable);
            if (err_exit_code(unreadable.kind) > m->worst)
                m->worst = err_exit_code(unreadable.kind);
        } else if (import_one(m, document, e) != 0) {
            progress_end(&m->progress);
            return err_context(e, "%s", document->path);
        }
        if (!document->follows && m->pending[0])
            publish_left(m);
    }
    progress_end(&m->progress);
    return 0;
}

static void say_counts(struct import *m)
{
    struct json_writer *w = &m->out;

    if (m->as_json) {
        json_write_array_end(w);
        for (size_t i = 0; i < ARRAY_LEN(outcome_names); i++)
            json_member_int(w, outcome_names[i], (int64_t)m->counts[i]);
        json_member_int(w, "published", (int64_t)m->published);
        json_member_int(w, "with_warnings", (int64_t)m->with_warnings);
        json_write_object_end(w);
        output_line(stdout, &m->json);
        return;
    }
    printf("%zu accepted, %zu known already, %zu refused", m->counts[ACCEPTED], m->counts[REPEATED],
           m->counts[REFUSED]);
    if (m->counts[PASSED_OVER])
        printf(", %zu passed over", m->counts[PASSED_OVER]);
    if (cli_flag(m->args, "publish"))
        printf(", %zu published", m->published);
    if (m->with_warnings)
        printf(", %zu with warnings", m->with_warnings);
    fputc('\n', stdout);
}

int advisory_import(const struct cli_args *args)
{
    struct import m = {.args = args, .as_json = cli_flag(args, "json")};
    struct documents documents = {0};
    struct err e = {0};
    int result = 0;

    buf_init(&m.text);
    buf_init(&m.json);
    json_write_init(&m.out, &m.json, 2);
    json_write_object(&m.out);
    json_write_name(&m.out, "documents");
    json_write_array(&m.out);
    for (size_t i = 0; result == 0 && i < args->operand_count; i++)
        result = documents_add(&documents, args->operands[i], ".json", &e);
    if (result == 0 && documents.count == 0) {
        result = err_set(&e, ERR_NOT_FOUND, "cli.nothing", NULL, "there is no *.json in %s",
                         args->operands[0]);
    }
    if (result == 0)
        result = advisory_order(&documents, DOCUMENT_MAX, &m.progress, &e);
    if (result == 0 && (result = api_open(args, &m.api, &e)) == 0)
        result = import_all(&m, &documents, &e);
    if (result == 0 || m.counts[ACCEPTED] + m.counts[REPEATED] + m.counts[REFUSED] > 0)
        say_counts(&m);
    if (result != 0)
        result = say_fail(args, &e);
    else if (m.worst)
        result = say_end(args, m.worst);
    else
        result = say_end(args, m.counts[REFUSED] > 0);
    documents_fini(&documents);
    api_close(m.api);
    buf_fini(&m.text);
    buf_fini(&m.json);
    return result;
}
