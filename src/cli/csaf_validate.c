/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin csaf validate: documents shared out to threads, reported in the order they were named. */
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/csaf.h"
#include "cli/csaf_fetch.h"
#include "cli/csaf_prose.h"
#include "cli/csaf_report.h"
#include "cli/documents.h"
#include "cli/progress.h"
#include "cli/say.h"

#include <pthread.h>
#include <unistd.h>

enum { JOBS_MOST = 64, LIMIT = 150 << 20, EXTENSION_LIMIT = 4 << 20, AHEAD = 64 };

struct job {
    struct csaf_result result;
    struct err e;     /* set: the document could not be read, or memory ran out */
    bool passed_over; /* it lay in a folder and has nothing of an advisory */
    bool done;
};

struct run {
    const struct csaf_validator_options *options;
    struct documents documents;
    struct job *jobs;
    bool json, quiet;
    const char *asked;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t next;  /* the first that nobody has taken */
    size_t shown; /* those before are reported; workers stay AHEAD of it at most */
    bool broken;  /* a worker could not start */
};

static void validate_one(struct csaf_validator *v, const struct document *document, struct job *job,
                         struct buf *text)
{
    buf_reset(text);
    if (file_read(document->path, LIMIT, text, &job->e) != 0) {
        if (job->e.kind != ERR_LIMIT)
            return;
        err_clear(&job->e); /* refused, and reported as other limits are */
        arena_init(&job->result.arena, 0);
        err_set(&job->result.unreadable, ERR_LIMIT, "json.size", "CSAF 2.1 appendix C.1",
                "it is larger than 150 MiB, up to which CSAF documents are read");
    } else if (csaf_validate(v, buf_slice(text), &job->result, &job->e) == 0 &&
               !job->result.version && !document->named) {
        job->passed_over = document_is_other(buf_slice(text));
    }
}

static void *work(void *context)
{
    struct run *run = context;
    struct err e = {0};
    struct csaf_validator *v = csaf_validator_new(run->options, &e);
    struct buf text;

    buf_init(&text);
    pthread_mutex_lock(&run->lock);
    if (!v)
        run->broken = true;
    while (v && run->next < run->documents.count) {
        if (run->next >= run->shown + AHEAD) {
            pthread_cond_wait(&run->changed, &run->lock);
            continue;
        }
        size_t mine = run->next++;
        pthread_mutex_unlock(&run->lock);
        validate_one(v, &run->documents.items[mine], &run->jobs[mine], &text);
        pthread_mutex_lock(&run->lock);
        run->jobs[mine].done = true;
        pthread_cond_broadcast(&run->changed);
    }
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    buf_fini(&text);
    csaf_validator_free(v);
    return NULL;
}

static void report(const struct run *run, size_t index, bool *valid)
{
    const struct job *job = &run->jobs[index];
    const char *path = run->documents.items[index].path;

    *valid = job->result.valid;
    if (!run->json) {
        csaf_report_write(stdout, path, &job->result, run->asked, run->quiet);
        return;
    }
    struct buf line;
    struct json_writer w;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    csaf_result_json(&job->result, path, run->asked, &w);
    output_line(stdout, &line);
    buf_fini(&line);
}

/* Gives the exit code. */
static int end(const struct run *run, const struct cli_args *args, size_t invalid, size_t unread,
               size_t passed)
{
    size_t all = run->documents.count - passed;

    if (all == 0) {
        struct err e = {0};
        err_set(&e, ERR_NOT_FOUND, "cli.documents", NULL, "there is no CSAF document in %s",
                args->operands[0]);
        err_hint(&e, "%zu file%s whose name ends in .json %s nothing of one", passed,
                 passed == 1 ? "" : "s", passed == 1 ? "has" : "have");
        return say_fail(args, &e);
    }
    if (!run->json && run->documents.count > 1)
        printf("%zu document%s: %zu valid, %zu not valid, %zu could not be read\n", all,
               all == 1 ? "" : "s", all - invalid - unread, invalid, unread);
    if (passed)
        fprintf(run->json ? stderr : stdout, "passed over: %zu file%s that %s no CSAF document%s\n",
                passed, passed == 1 ? "" : "s", passed == 1 ? "is" : "are", passed == 1 ? "" : "s");
    return unread ? 3 : invalid ? 1 : 0;
}

/* Waits for each document in turn. Gives the exit code. */
static int collect(struct run *run, const struct cli_args *args)
{
    size_t invalid = 0, unread = 0, passed = 0, all = run->documents.count;
    struct progress progress;

    progress_start(&progress, "documents", all);
    for (size_t i = 0; i < all; i++) {
        struct job *job = &run->jobs[i];
        bool valid = false;
        pthread_mutex_lock(&run->lock);
        while (!job->done && !run->broken)
            pthread_cond_wait(&run->changed, &run->lock);
        bool done = job->done;
        pthread_mutex_unlock(&run->lock);
        if (!done) {
            struct err e = {0};
            err_memory(&e);
            progress_end(&progress);
            return say_fail(args, &e);
        }
        if (all > 1)
            progress_hide(&progress);
        if (err_is_set(&job->e)) {
            unread++;
            say_fail(args, &job->e);
        } else if (job->passed_over) {
            passed++;
        } else {
            report(run, i, &valid);
            if (job->result.unreadable.kind == ERR_LIMIT)
                unread++; /* nothing is said of what was not looked at to its end */
            else
                invalid += !valid;
            csaf_result_free(&job->result);
        }
        progress_to(&progress, i + 1);
        pthread_mutex_lock(&run->lock);
        run->shown = i + 1;
        pthread_cond_broadcast(&run->changed);
        pthread_mutex_unlock(&run->lock);
    }
    progress_end(&progress);
    return end(run, args, invalid, unread, passed);
}

static int validate_all(struct run *run, size_t threads, const struct cli_args *args)
{
    pthread_t ids[JOBS_MOST];
    size_t started = 0;

    if (threads > run->documents.count)
        threads = run->documents.count;
    while (started < threads && pthread_create(&ids[started], NULL, work, run) == 0)
        started++;
    if (started == 0) {
        struct err e = {0};
        err_set(&e, ERR_SYSTEM, "cli.thread", NULL, "no thread could be started");
        return say_fail(args, &e);
    }
    int code = collect(run, args);
    pthread_mutex_lock(&run->lock);
    run->next = run->documents.count; /* after a failure: nothing more */
    run->shown = run->documents.count;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    for (size_t i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    return code;
}

/* The values of an option as a list ended by NULL; NULL: no memory. */
static const char **values(const struct cli_args *args, const char *name)
{
    size_t count = 0;
    while (cli_value_at(args, name, count))
        count++;
    const char **list = mem_new(count + 1, sizeof *list);
    for (size_t i = 0; list && i < count; i++)
        list[i] = cli_value_at(args, name, i);
    return list;
}

/* Every .json file of a folder is an extension's schema or metadata. */
static int read_extensions(const char *folder, struct csaf_extensions *x, struct err *e)
{
    struct documents files = {0};
    struct buf text;
    int result = documents_add(&files, folder, ".json", e);

    buf_init(&text);
    for (size_t i = 0; i < files.count && result == 0; i++) {
        buf_reset(&text);
        result = file_read(files.items[i].path, EXTENSION_LIMIT, &text, e);
        if (result == 0)
            result = csaf_extensions_add(x, buf_slice(&text), e);
        if (result < 0)
            err_context(e, "%s", files.items[i].path);
    }
    buf_fini(&text);
    documents_fini(&files);
    return result;
}

static int prepare(struct run *run, const struct cli_args *args, struct err *e)
{
    for (size_t i = 0; i < args->operand_count; i++)
        if (documents_add(&run->documents, args->operands[i], ".json", e) < 0)
            return -1;
    if (run->documents.count == 0)
        return err_set(e, ERR_SYSTEM, "cli.documents", NULL,
                       "there is no file whose name ends in .json in %s", args->operands[0]);
    run->jobs = mem_new(run->documents.count, sizeof *run->jobs);
    return run->jobs ? 0 : err_memory(e);
}

/* What the tests ask for besides the documents. */
struct outside {
    struct csaf_extensions *extensions;
    struct csaf_fetch *fetch; /* NULL: no leave to ask other hosts */
    struct prose *prose;
    struct csaf_resolver resolver;
    struct csaf_prose_checker spelling, grammar;
};

static int outside_init(struct outside *o, struct csaf_validator_options *options, size_t threads,
                        const struct cli_args *args, struct err *e)
{
    const char *folder = cli_value(args, "extensions");
    bool local = cli_flag(args, "network-local");
    int64_t seconds;

    if (cli_number(args, "network-timeout", 1, 600, 10, &seconds, e) < 0)
        return -1;
    o->extensions = csaf_extensions_new();
    if (!o->extensions)
        return err_memory(e);
    if (folder && read_extensions(folder, o->extensions, e) < 0)
        return -1;
    options->extensions = o->extensions;
    if (local || cli_flag(args, "network")) {
        o->fetch =
            csaf_fetch_new(&(struct csaf_fetch_options){.local = local,
                                                        .request_ms = (unsigned)seconds * 1000,
                                                        .anchors = cli_value(args, "network-ca")},
                           e);
        if (!o->fetch)
            return -1;
        o->resolver = csaf_fetch_resolver(o->fetch);
        options->network = true;
        options->resolver = &o->resolver;
    }
    o->prose = prose_new(&(struct prose_options){.processes = (unsigned)threads}, e);
    if (!o->prose)
        return -1;
    o->spelling = csaf_prose_spelling(o->prose);
    o->grammar = csaf_prose_grammar(o->prose);
    options->spelling = &o->spelling;
    options->grammar = &o->grammar;
    return 0;
}

static void outside_fini(struct outside *o)
{
    csaf_extensions_free(o->extensions);
    csaf_fetch_free(o->fetch);
    prose_free(o->prose);
}

int csaf_validate_run(const struct cli_args *args)
{
    struct err e = {0};
    int64_t threads;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const char **presets = values(args, "preset"), **tests = values(args, "test");
    struct csaf_validator_options options = {
        .presets = presets, .tests = tests, .now = clock_now(&clock_system)};
    struct run run = {.options = &options,
                      .json = cli_flag(args, "json"),
                      .quiet = cli_flag(args, "quiet"),
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .changed = PTHREAD_COND_INITIALIZER};
    struct csaf_validator *named = NULL; /* checks the options, and knows their name */
    struct outside outside = {0};
    int code = 0;

    if (!presets || !tests)
        err_memory(&e);
    else if (cli_number(args, "jobs", 1, JOBS_MOST, processors > 0 ? processors : 1, &threads,
                        &e) == 0 &&
             outside_init(&outside, &options, (size_t)threads, args, &e) == 0)
        named = csaf_validator_new(&options, &e);
    if (!named || prepare(&run, args, &e) < 0) {
        code = say_fail(args, &e);
    } else {
        run.asked = csaf_validator_asked(named);
        code = validate_all(&run, (size_t)threads, args);
    }
    csaf_validator_free(named);
    outside_fini(&outside);
    for (size_t i = 0; run.jobs && i < run.documents.count; i++)
        csaf_result_free(&run.jobs[i].result);
    mem_free(run.jobs);
    documents_fini(&run.documents);
    mem_free(presets);
    mem_free(tests);
    return say_end(args, code);
}
