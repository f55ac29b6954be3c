/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin evidence record make, renew */
#include "base/compiler.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_record.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "crypto/digest.h"
#include "net/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MOST = 4 << 20, ANSWER_MS = 30000, MODE = 0644, DATA = 100000 };

const struct evidence_hash *evidence_record_hash(const struct cli_args *args, const char *fallback,
                                                 struct err *e)
{
    const char *text = cli_value(args, "hash");
    const struct evidence_hash *hash = evidence_hash_by_name(slice_str(text ? text : fallback));
    if (!hash || !hash->made) {
        err_set(e, ERR_USAGE, "cli.option", NULL, "--hash is SHA-256, SHA-384 or SHA-512, not %s",
                text);
        return NULL;
    }
    return hash;
}

static int ask(const struct cli_args *args, const char *url, struct slice query, struct buf *answer,
               struct err *e)
{
    struct net_fetch request = {.url = url,
                                .body = query,
                                .content_type = "application/timestamp-query",
                                .anchors = cli_value(args, "tls-roots"),
                                .inside = cli_flag(args, "local"),
                                .most = ANSWER_MOST,
                                .ms = ANSWER_MS};
    return net_fetch(&request, answer, e);
}

/* 1: the question was written to a file, and its answer is for later; 0: the job has its
 * time-stamp; -1. */
static int stamp(const struct cli_args *args, struct evidence_record_job *job, struct err *e)
{
    const char *to = cli_value(args, "query"), *from = cli_value(args, "response");
    const char *url = cli_value(args, "tsa");
    struct buf query, answer;
    if ((to != NULL) + (from != NULL) + (url != NULL) != 1) {
        err_set(e, ERR_USAGE, "cli.option", NULL, "one of --tsa, --query and --response is needed");
        return err_hint(e, "without a network: --query FILE first, and with the authority's answer "
                           "the same command again with --response FILE");
    }
    buf_init(&query);
    buf_init(&answer);
    evidence_record_job_query(job, &query);
    int result = buf_check(&query, e);
    if (result == 0 && to)
        result = file_write(to, buf_slice(&query), MODE, e);
    else if (result == 0)
        result = from ? file_read(from, ANSWER_MOST, &answer, e)
                      : ask(args, url, buf_slice(&query), &answer, e);
    if (result == 0 && !to && evidence_record_job_take(job, buf_slice(&answer), e) != 0)
        result = err_context(e, "%s", from ? from : url);
    buf_fini(&query);
    buf_fini(&answer);
    return result == 0 && to ? 1 : result;
}

static void tell(const struct cli_args *args, const struct evidence_record_job *job, int stamped,
                 const char *what)
{
    char at[TIME_TEXT] = "", hex[2 * EVIDENCE_HASH_MOST + 1];
    struct slice imprint = evidence_record_job_imprint(job);
    size_t count = evidence_record_job_count(job);
    for (size_t i = 0; i < imprint.len; i++)
        snprintf(hex + 2 * i, 3, "%02x", imprint.data[i]);
    if (!stamped)
        time_format(evidence_record_job_time(job), at);
    if (cli_flag(args, "json")) {
        struct buf line;
        struct json_writer w;
        buf_init(&line);
        json_write_init(&w, &line, 0);
        json_write_object(&w);
        json_member_int(&w, "records", (int64_t)count);
        json_member_bool(&w, "stamped", !stamped);
        if (!stamped)
            json_member_string(&w, "time", at);
        json_member_string(&w, "hash", evidence_record_job_hash(job)->name);
        json_member_string(&w, "stamped_hash", hex);
        json_write_object_end(&w);
        output_line(stdout, &line);
        buf_fini(&line);
    } else if (stamped) {
        say_around(stdout, "the question to a time-stamping authority is in ",
                   cli_value(args, "query"),
                   "; give its answer to the same command with --response\n");
    } else {
        printf("%s: ", what);
        say_count(stdout, (int64_t)count, "record", "records");
        printf(", time-stamped at %s over %s %s\n", at, evidence_record_job_hash(job)->name, hex);
    }
}

/* Many records: one sync at the end, not one a file. */
static int write_new(int folder, const char *name, struct slice content, struct err *e)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, MODE);
    if (fd < 0)
        return err_errno(e, errno, "record.write", "%s cannot be made", name);
    int result = file_write_all(fd, content.data, content.len);
    int why = errno;
    if (close(fd) != 0 && result == 0) {
        result = -1;
        why = errno;
    }
    return result == 0 ? 0 : err_errno(e, why, "record.write", "%s", name);
}

static int write_each(const struct cli_args *args, const struct evidence_record_job *job,
                      const char *const *names, const char *out, struct err *e)
{
    struct buf der;
    (void)args;
    if (file_make_folder(out, 0755, e) != 0)
        return -1;
    int folder = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
    if (folder < 0)
        return err_errno(e, errno, "record.write", "%s", out);
    buf_init(&der);
    for (size_t i = 0; result == 0 && i < evidence_record_job_count(job); i++) {
        char name[300];
        size_t len = strlen(names[i]);
        while (len > 1 && names[i][len - 1] == '/')
            len--;
        size_t from = len;
        while (from > 0 && names[i][from - 1] != '/')
            from--;
        buf_reset(&der);
        if ((size_t)snprintf(name, sizeof name, "%.*s.ers", (int)(len - from), names[i] + from) >=
            sizeof name)
            result =
                err_set(e, ERR_LIMIT, "record.write", NULL, "the name %s is too long", names[i]);
        else
            result = evidence_record_job_record(job, i, &der, e);
        if (result == 0)
            result = write_new(folder, name, buf_slice(&der), e);
    }
    if (result == 0 && syncfs(folder) != 0)
        result = err_errno(e, errno, "record.write", "%s", out);
    buf_fini(&der);
    close(folder);
    return result;
}

static int write_one(const struct evidence_record_job *job, size_t index, const char *path,
                     bool over, struct err *e)
{
    struct buf der;
    buf_init(&der);
    int result = evidence_record_job_record(job, index, &der, e);
    if (result == 0)
        result = over ? file_write(path, buf_slice(&der), MODE, e)
                      : file_create(path, buf_slice(&der), MODE, e);
    buf_fini(&der);
    return result;
}

static int run_make(const struct cli_args *args)
{
    struct err e = {0};
    const char *out = cli_value(args, "output");
    bool each = cli_flag(args, "each");
    const struct evidence_hash *hash = evidence_record_hash(args, "SHA-256", &e);
    struct evidence_record_job *job = NULL;
    int result = hash ? 0 : -1;
    if (result == 0 && !out)
        result = err_set(&e, ERR_USAGE, "cli.option", NULL, "where to? -o FILE");
    if (result == 0 && !each && file_kind(out) != 0)
        result = err_set(&e, ERR_CONFLICT, "record.exists", NULL,
                         "%s is there already; a record is added to by `record renew`", out);
    if (result == 0)
        job = evidence_record_make(args->operands, args->operand_count, each, hash, &e);
    if (job)
        result = stamp(args, job, &e);
    if (job && result == 0)
        result = each ? write_each(args, job, args->operands, out, &e)
                      : write_one(job, 0, out, false, &e);
    if (!job || result < 0) {
        evidence_record_job_free(job);
        int said = say_fail(args, &e);
        return say_end(args, said == 2 ? 2 : 3);
    }
    tell(args, job, result, "made");
    evidence_record_job_free(job);
    return say_end(args, 0);
}

/* --data as an array. */
static const char **data_of(const struct cli_args *args, size_t *count, struct err *e)
{
    size_t room = 0;
    while (cli_value_at(args, "data", room) && room < DATA)
        room++;
    const char **data = mem_new(room + 1, sizeof *data);
    if (!data)
        err_memory(e);
    for (*count = 0; data && *count < room; (*count)++)
        data[*count] = cli_value_at(args, "data", *count);
    return data;
}

static struct evidence_record_job *renewal(const struct cli_args *args, const struct buf *records,
                                           struct err *e)
{
    size_t count;
    struct evidence_record_job *job = NULL;
    const char **data = data_of(args, &count, e);
    const struct evidence_hash *hash =
        data && cli_value(args, "hash") ? evidence_record_hash(args, "", e) : NULL;
    if (!data || err_is_set(e)) {
        mem_free(data);
        return NULL;
    }
    if (!hash) {
        struct slice *all = mem_new(args->operand_count, sizeof *all);
        for (size_t i = 0; all && i < args->operand_count; i++)
            all[i] = buf_slice(&records[i]);
        if (!all)
            err_memory(e);
        else if (count > 0)
            err_set(e, ERR_USAGE, "cli.option", NULL, "--data is for --hash alone");
        else
            job = evidence_record_renew(all, args->operand_count, e);
        mem_free(all);
    } else if (args->operand_count != 1 || count == 0) {
        err_set(e, ERR_USAGE, "cli.option", NULL,
                "a hash-tree renewal is of one record, and reads all its data: --data FILE|BUNDLE");
    } else {
        job = evidence_record_rehash(buf_slice(&records[0]), data, count, hash, e);
    }
    mem_free(data);
    return job;
}

/* In the folder beside a record: NAME, or where other contents lie there under that name already,
 * HASH-NAME. What is kept once is not kept twice, and nothing is written over. */
static int keep_beside(const char *record, const char *name, struct slice content, struct err *e)
{
    char folder[4096], path[4096 + 400], hex[2 * SHA256_LEN + 1];
    uint8_t hash[SHA256_LEN];
    struct err there = {0};
    struct buf old;
    if (sha256(content, hash) != 0)
        return digest_failed(e);
    hex_format(hash, sizeof hash, hex);
    if ((size_t)snprintf(folder, sizeof folder, "%s.revocation", record) >= sizeof folder)
        return err_set(e, ERR_LIMIT, "record.write", NULL, "the path is too long");
    if (file_make_folder(folder, 0755, e) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/%.300s", folder, name);
    if (file_create(path, content, MODE, &there) == 0)
        return 0;
    if (there.kind == ERR_CONFLICT) {
        struct err unread = {0};
        buf_init(&old);
        bool same = file_read(path, content.len, &old, &unread) == 0 &&
                    slice_equal(buf_slice(&old), content);
        buf_fini(&old);
        if (same)
            return 0;
        if (unread.kind == ERR_MEMORY)
            return err_memory(e);
        snprintf(path, sizeof path, "%s/%s-%.180s", folder, hex, name);
        err_clear(&there);
        if (file_create(path, content, MODE, &there) == 0 || there.kind == ERR_CONFLICT)
            return 0; /* a name with its hash is it */
    }
    *e = there;
    return -1;
}

/* Files that say that certificates were not revoked, kept beside the record. */
static int keep_revocation(const struct cli_args *args, struct err *e)
{
    struct buf content;
    buf_init(&content);
    int result = 0;
    const char *file;
    for (size_t i = 0; result == 0 && (file = cli_value_at(args, "revocation", i)); i++) {
        const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
        buf_reset(&content);
        result = file_read(file, ANSWER_MOST * 16, &content, e);
        for (size_t k = 0; result == 0 && k < args->operand_count; k++)
            result = keep_beside(args->operands[k], name, buf_slice(&content), e);
    }
    buf_fini(&content);
    return result;
}

/* Beside each record, under the name of its hash. */
static int keep_fetched(void *context, struct slice der, const char *kind, struct err *e)
{
    const struct cli_args *args = context;
    char name[2 * SHA256_LEN + 16];
    uint8_t hash[SHA256_LEN];
    if (sha256(der, hash) != 0)
        return digest_failed(e);
    hex_format(hash, sizeof hash, name);
    snprintf(name + 2 * SHA256_LEN, 16, ".%.14s", kind);
    int result = 0;
    for (size_t k = 0; result == 0 && k < args->operand_count; k++)
        result = keep_beside(args->operands[k], name, der, e);
    return result;
}

/* Who is off line, asks nobody. */
static int fetch_revocation(const struct cli_args *args, const struct evidence_record_job *job,
                            struct err *e)
{
    char why[960] = "";
    if (cli_flag(args, "no-fetch") || cli_value(args, "response"))
        return 0;
    int result = evidence_record_job_revocation(job, cli_flag(args, "local"), keep_fetched,
                                                (void *)(uintptr_t)args, why, sizeof why, e);
    if (result == 0 && why[0]) {
        fputs("tocsin: not kept about revocation: ", stderr);
        say_text(stderr, slice_str(why));
        fputc('\n', stderr);
    }
    return result;
}

static int run_renew(const struct cli_args *args)
{
    struct err e = {0};
    size_t count = args->operand_count;
    struct buf *records = mem_new(count, sizeof *records);
    struct evidence_record_job *job = NULL;
    int result = records ? 0 : err_memory(&e);
    for (size_t i = 0; records && i < count; i++)
        buf_init(&records[i]);
    for (size_t i = 0; result == 0 && i < count; i++)
        result = evidence_record_read(args->operands[i], &records[i], &e);
    if (result == 0)
        job = renewal(args, records, &e);
    if (job)
        result = stamp(args, job, &e);
    if (job && result == 0)
        result = keep_revocation(args, &e);
    if (job && result == 0)
        result = fetch_revocation(args, job, &e);
    for (size_t i = 0; job && result == 0 && i < count; i++)
        result = write_one(job, i, args->operands[i], true, &e);
    for (size_t i = 0; records && i < count; i++)
        buf_fini(&records[i]);
    mem_free(records);
    if (!job || result < 0) {
        evidence_record_job_free(job);
        int said = say_fail(args, &e);
        return say_end(args, e.kind == ERR_VERIFY || e.kind == ERR_INPUT ? said
                             : said == 2                                 ? 2
                                                                         : 3);
    }
    tell(args, job, result, "renewed");
    evidence_record_job_free(job);
    return say_end(args, 0);
}

#define STAMPING                                                                                   \
    {"tsa", "URL", "time-stamping authority (RFC 3161) to ask", 0, false},                         \
        {"local", NULL, "also at an address that is not of the public Internet", 0, false},        \
        {"tls-roots", "FILE", "certificates to trust for https (default: the system's)", 0,        \
         false},                                                                                   \
        {"query", "FILE", "do not ask: write the question to a file", 0, false},                   \
    {                                                                                              \
        "response", "FILE", "an authority's answer to that question", 0, false                     \
    }

static const struct cli_option make_options[] = {
    {"output", "FILE", "the record to make; with --each, the folder for all of them", 'o', false},
    {"each", NULL, "each operand gets a record of its own, all under one time-stamp", 0, false},
    {"hash", "NAME", "SHA-256 (default), SHA-384 or SHA-512", 0, false},
    STAMPING,
};

const struct cli_verb evidence_record_make_verb = {
    .name = "record make",
    .operands = "FILE|BUNDLE…",
    .summary = "have it time-stamped that data exist, provable over decades",
    .text =
        "Makes an evidence record (RFC 4998). Several operands are one group under one record, or\n"
        "with --each a record each. A bundle is the group of all its files, so that another hash\n"
        "algorithm can take over from SHA-256 one day.\n"
        "Nothing but one hash goes to the authority.\n",
    .examples = "  tocsin evidence record make disk.evidence -o disk.ers --tsa http://tsa.example\n"
                "  tocsin evidence record make *.pdf --each -o records --query q.tsq\n",
    .options = make_options,
    .option_count = ARRAY_LEN(make_options),
    .uses = CLI_JSON,
    .least = 1,
    .most = CLI_ANY_NUMBER,
    .run = run_make,
};

static const struct cli_option renew_options[] = {
    {"hash", "NAME", "hash-tree renewal: SHA-384 or SHA-512 takes over; needs --data", 0, false},
    {"data", "FILE|BUNDLE", "what the record is about, all of it", 0, true},
    {"revocation", "FILE", "a revocation list or OCSP answer of today, kept beside the record", 0,
     true},
    {"no-fetch", NULL,
     "do not ask whom the certificates name whether they were revoked (OCSP, lists)", 0, false},
    STAMPING,
};

const struct cli_verb evidence_record_renew_verb = {
    .name = "record renew",
    .operands = "RECORD…",
    .summary = "renew evidence records before a certificate ends or an algorithm breaks",
    .text =
        "Time-stamp renewal: a new time-stamp over the last one of each record, before its\n"
        "certificate ends; the data are not needed, and many records share one. With --hash,\n"
        "hash-tree renewal: the data are read again with another algorithm, before the old one\n"
        "breaks. Records are replaced by longer ones; nothing in them is lost. What --revocation\n"
        "names is kept in RECORD.revocation, under its name; where another file has that name\n"
        "there already, both stay, the new one with its SHA-256 before its name.\n",
    .examples =
        "  tocsin evidence record renew *.ers --tsa http://tsa.example --revocation tsa.crl\n"
        "  tocsin evidence record renew disk.ers --hash sha512 --data disk.evidence \\\n"
        "      --tsa http://tsa.example\n",
    .options = renew_options,
    .option_count = ARRAY_LEN(renew_options),
    .uses = CLI_JSON,
    .least = 1,
    .most = CLI_ANY_NUMBER,
    .run = run_renew,
};
