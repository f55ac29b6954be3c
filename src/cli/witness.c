/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/witness.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/log.h"
#include "journal/witness.h"
#include "net/exchange.h"
#include "net/server.h"

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

enum { LOGS_MAX = 64, KEY_FILE_MAX = 65536, GRACE_MS = 2000 };

static const char usage[] =
    "usage: tocsin witness --key FILE --state DIR --listen HOST:PORT --log VKEY|FILE...\n"
    "       tocsin witness keygen --name NAME --key FILE\n"
    "\n"
    "Cosigns the checkpoints of journals, each only when it continues the one before: what it has\n"
    "cosigned, nobody can rewrite unseen. Speaks C2SP tlog-witness (POST /add-checkpoint, and\n"
    "GET /HASH/checkpoint for monitors). Plain HTTP: put a TLS proxy in front where it is reached\n"
    "from outside; its answers are signed in any case.\n"
    "\n"
    "  --key FILE      its private key (Ed25519, PEM); its verifier key lies beside it, FILE.vkey\n"
    "  --state DIR     the last head of each journal; made when it is not there. Never lose it.\n"
    "  --listen ADDR   address and port, such as 127.0.0.1:8470\n"
    "  --log VKEY      verifier key of a journal, or a file that holds one (repeatable)\n"
    "  --name NAME     keygen: its name, such as witness.example.org/1; no spaces, no '+'\n"
    "\n"
    "Examples:\n"
    "  tocsin witness keygen --name witness.example.org/1 --key witness.key\n"
    "  tocsin witness --key witness.key --state state --listen 127.0.0.1:8470 --log journal.vkey\n";

struct options {
    const char *key;
    const char *state;
    const char *listen;
    const char *name;
    const char *logs[LOGS_MAX];
    size_t log_count;
};

static int complain(const struct err *e)
{
    char line[1024];

    err_line(e, line, sizeof(line));
    fprintf(stderr, "tocsin: witness: %s\n", line);
    if (e->hint[0])
        fprintf(stderr, "  %s\n", e->hint);
    return err_exit_code(e->kind);
}

/* A verifier key, or the first line of a file that holds one. */
static int read_vkey(const char *text, struct note_key *key, struct err *e)
{
    struct buf content;
    int result;

    buf_init(&content);
    if (file_kind(text) == 1) {
        result = file_read(text, KEY_FILE_MAX, &content, e);
        size_t len = result == 0 ? strcspn(buf_text(&content), "\r\n") : 0;
        if (result == 0)
            result = note_key_parse(key, slice_of(content.data, len), e);
    } else {
        result = note_key_parse(key, slice_str(text), e);
    }
    buf_fini(&content);
    return result == 0 ? 0 : err_context(e, "%.100s", text);
}

/* ---- keygen ------------------------------------------------------------------------------------
 */

static int keygen(const struct options *o, struct err *e)
{
    uint8_t raw[ED25519_PUBLIC_LEN];
    struct note_key vkey;
    struct key *key = NULL;
    char path[PATH_MAX];
    struct buf text;
    int result = -1;

    buf_init_secret(&text);
    if (!o->name || !o->key) {
        err_set(e, ERR_USAGE, "witness.usage", NULL, "keygen needs --name and --key");
        goto out;
    }
    key = key_generate(KEY_ED25519, e);
    if (!key || key_to_ed25519(key, raw, e) != 0 ||
        note_key_init(&vkey, slice_str(o->name), NOTE_COSIGNATURE, raw, e) != 0 ||
        key_to_pem(key, NULL, &text, e) != 0 || file_create(o->key, buf_slice(&text), 0600, e) != 0)
        goto out;
    buf_reset(&text);
    note_key_put(&text, &vkey);
    buf_putc(&text, '\n');
    snprintf(path, sizeof(path), "%s.vkey", o->key);
    if (buf_check(&text, e) != 0 || file_write(path, buf_slice(&text), 0644, e) != 0)
        goto out;
    fputs(buf_text(&text), stdout);
    result = 0;
out:
    key_free(key);
    buf_fini_secret(&text);
    return result;
}

/* ---- serving -----------------------------------------------------------------------------------
 */

struct serving {
    struct witness *witness;
    struct key *key;
};

static int sign(void *context, struct slice message, struct buf *signature, struct err *e)
{
    const struct serving *s = context;

    return key_sign(s->key, message, signature, e);
}

/*
 * On the loop thread, with its fsync: a witness has one thing to do at a time, and a centre asks at
 * most once a second.
 */
static void add_checkpoint(struct http_exchange *x, void *context)
{
    const struct serving *s = context;
    enum witness_verdict verdict;
    struct err e = {0};
    struct buf answer;

    buf_init(&answer);
    if (witness_handle(s->witness, http_body(x), &verdict, &answer, &e) != 0) {
        log_err(LOG_LEVEL_ERROR, "witness.failed", &e);
        http_problem(x, &e);
    } else {
        log_info("checkpoint.asked", LOG_I("status", verdict),
                 LOG_S("address", http_remote_address(x)));
        http_reply_text(x, (int)verdict,
                        verdict == WITNESS_CONFLICT ? "text/x.tlog.size"
                                                    : "text/plain; charset=utf-8",
                        buf_slice(&answer));
    }
    buf_fini(&answer);
}

static void get_checkpoint(struct http_exchange *x, void *context)
{
    const struct serving *s = context;
    const char *hash = http_param(x, "hash");
    struct err e = {0};
    struct buf note;

    buf_init(&note);
    int found = hash ? witness_latest(s->witness, slice_str(hash), &note, &e) : 0;
    if (found == 0)
        err_set(&e, ERR_NOT_FOUND, "witness.unknown-log", "C2SP tlog-witness",
                "this witness has cosigned nothing of such a log");
    if (found == 1)
        http_reply_text(x, 200, "text/plain; charset=utf-8", buf_slice(&note));
    else
        http_problem(x, &e);
    buf_fini(&note);
}

static int load_key(const struct options *o, struct serving *s, struct witness_options *w,
                    struct err *e)
{
    uint8_t raw[ED25519_PUBLIC_LEN];
    char path[PATH_MAX];
    struct buf pem;
    int result = -1;

    buf_init_secret(&pem);
    snprintf(path, sizeof(path), "%s.vkey", o->key);
    if (file_read(o->key, KEY_FILE_MAX, &pem, e) == 0 && read_vkey(path, &w->key, e) == 0)
        s->key = key_from_pem(buf_slice(&pem), NULL, e);
    if (s->key && key_to_ed25519(s->key, raw, e) == 0) {
        if (memcmp(raw, w->key.public_key, sizeof(raw)) == 0)
            result = 0;
        else
            err_set(e, ERR_USAGE, "witness.key", NULL, "%.100s is not the key of %.100s.vkey",
                    o->key, o->key);
    }
    buf_fini_secret(&pem);
    return result;
}

static int serve(const struct options *o, struct serving *s, struct err *e)
{
    const struct http_door door = {.kind = HTTP_DOOR_PUBLIC, .address = o->listen};
    const struct http_route routes[] = {{.method = "POST",
                                         .pattern = "/add-checkpoint",
                                         .doors = HTTP_AT_ALL,
                                         .body_limit = WITNESS_REQUEST_MAX,
                                         .handler = add_checkpoint,
                                         .context = s},
                                        {.method = "GET",
                                         .pattern = "/{hash}/checkpoint",
                                         .doors = HTTP_AT_ALL,
                                         .handler = get_checkpoint,
                                         .context = s}};
    const struct http_server_config config = {.doors = &door,
                                              .door_count = 1,
                                              .routes = routes,
                                              .route_count = ARRAY_LEN(routes),
                                              .loops = 1,
                                              .server_name = "tocsin-witness"};
    struct http_server *server = NULL;
    sigset_t signals;
    int received;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (http_server_new(&server, &config, e) != 0)
        return -1;
    if (http_server_start(server, e) != 0) {
        http_server_free(server);
        return -1;
    }
    log_info("witness.ready", LOG_S("address", o->listen),
             LOG_I("port", http_server_port(server, 0)));
    sd_notify(0, "READY=1");
    sigwait(&signals, &received);
    http_server_stop(server, GRACE_MS);
    http_server_free(server);
    return 0;
}

static int run(const struct options *o, struct err *e)
{
    struct note_key logs[LOGS_MAX];
    struct serving serving = {0};
    struct witness_options options = {.folder = o->state,
                                      .sign = sign,
                                      .context = &serving,
                                      .logs = logs,
                                      .log_count = o->log_count,
                                      .clock = &clock_system};
    int result = -1;

    if (!o->key || !o->state || !o->listen || o->log_count == 0)
        return err_set(e, ERR_USAGE, "witness.usage", NULL,
                       "--key, --state, --listen and at least one --log are needed");
    log_setup("witness", LOG_LEVEL_INFO);
    for (size_t i = 0; i < o->log_count; i++)
        if (read_vkey(o->logs[i], &logs[i], e) != 0)
            return -1;
    if (load_key(o, &serving, &options, e) == 0 && file_make_folder(o->state, 0700, e) == 0 &&
        witness_new(&serving.witness, &options, e) == 0)
        result = serve(o, &serving, e);
    witness_free(serving.witness);
    key_free(serving.key);
    return result;
}

int cli_witness(int argc, char **argv)
{
    static const struct option longs[] = {{"key", required_argument, NULL, 'k'},
                                          {"state", required_argument, NULL, 's'},
                                          {"listen", required_argument, NULL, 'l'},
                                          {"log", required_argument, NULL, 'g'},
                                          {"name", required_argument, NULL, 'n'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    bool makes_key = argc > 1 && strcmp(argv[1], "keygen") == 0;
    struct options o = {0};
    struct err e = {0};
    int letter;

    optind = makes_key ? 2 : 1;
    while ((letter = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        switch (letter) {
        case 'k': o.key = optarg; break;
        case 's': o.state = optarg; break;
        case 'l': o.listen = optarg; break;
        case 'n': o.name = optarg; break;
        case 'g':
            if (o.log_count == LOGS_MAX) {
                fprintf(stderr, "tocsin: witness: at most %d journals\n", LOGS_MAX);
                return 2;
            }
            o.logs[o.log_count++] = optarg;
            break;
        case 'h': fputs(usage, stdout); return 0;
        default: fputs(usage, stderr); return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "tocsin: witness: what is \"%s\"?\n%s", argv[optind], usage);
        return 2;
    }
    return (makes_key ? keygen(&o, &e) : run(&o, &e)) == 0 ? 0 : complain(&e);
}
