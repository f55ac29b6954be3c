/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The courier as a process, against a mail server and a receiver of webhooks that answer, refuse,
 * hang, close and lie (tests/scenario/smtp_sink.py, webhook_sink.py). Needs python3 and openssl.
 */
#include "base/clock.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "centre/config.h"
#include "centre/courier.h"
#include "centre/courier_client.h"
#include "centre/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char home[64];
static char socket_path[96];

/* ---- what the tests start and stop --------------------------------------------------------- */

struct process {
    pid_t pid;
    unsigned port;
};

static void stop(struct process *p, int signal)
{
    int status;

    if (p->pid <= 0)
        return;
    kill(p->pid, signal);
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    p->pid = 0;
}

/* Starts a sink and waits for its "port N". */
static struct process start_sink(const char *script, const char *const *options)
{
    char path[128], folder[96];
    const char *argv[16] = {"python3", path, "--folder", folder};
    struct process p = {0};
    int fds[2];

    snprintf(path, sizeof(path), "tests/scenario/%s", script);
    snprintf(folder, sizeof(folder), "%s/kept", home);
    for (size_t i = 0; options && options[i]; i++)
        argv[4 + i] = options[i];
    assert_int_equal(pipe(fds), 0);
    p.pid = fork();
    if (p.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        execvp("python3", (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(fds[1]);
    FILE *said = fdopen(fds[0], "r");
    assert_non_null(said);
    if (fscanf(said, "port %u", &p.port) != 1)
        fail_msg("%s did not start", script);
    fclose(said);
    return p;
}

static struct process start_courier(const char *config_text)
{
    struct process p = {0};
    struct err e = {0};
    char path[96], byte;
    int fds[2];

    snprintf(path, sizeof(path), "%s/tocsin.conf", home);
    assert_int_equal(file_write(path, slice_str(config_text), 0600, &e), 0);
    assert_int_equal(pipe(fds), 0);
    p.pid = fork();
    if (p.pid == 0) {
        struct config *config;
        struct courier_options options = {
            .ready_fd = fds[1], .allowed_uid = getuid(), .without_sandbox = SANITIZED};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(fds[0]);
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, STDERR_FILENO);
        if (config_load(&config, path, &e) != 0)
            _exit(9);
        options.config = config;
        int code = courier_main(&options);
        config_free(config);
        _exit(code);
    }
    close(fds[1]);
    if (read(fds[0], &byte, 1) != 1)
        fail_msg("the courier did not start");
    close(fds[0]);
    return p;
}

/* The courier with a mail server at that port and webhooks to loopback allowed. */
static struct process start_courier_for(unsigned mail_port, const char *more_mail, const char *more)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "mail { host = 127.0.0.1\n port = %u\n from = csirt@example.org\n hello = "
             "centre.example\n %s }\n"
             "webhook { timeout = 1500ms }\n%s",
             mail_port, more_mail, more);
    return start_courier(text);
}

static const char plain_mail[] = "tls = off\n timeout = 1500ms";
static const char allow_loopback[] =
    "courier { allow-private-addresses = [127.0.0.0/8] }\nwebhook { plain-http = yes }\n";

static struct courier_client *new_client(void)
{
    struct err e = {0};
    struct courier_client *client = courier_client_new(socket_path, &e);

    assert_non_null(client);
    return client;
}

static void run_command(const char *format, ...) PRINTF_LIKE(1, 2);
static void run_command(const char *format, ...)
{
    char command[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

static int make_home(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    snprintf(home, sizeof(home), "/tmp/tocsin-courier.XXXXXX");
    if (!mkdtemp(home))
        return -1;
    snprintf(socket_path, sizeof(socket_path), "%s/run/courier.sock", home);
    run_command("mkdir %s/run %s/kept", home, home);
    return 0;
}

static int remove_home(void **state)
{
    (void)state;
    run_command("rm -r %s", home);
    return 0;
}

static int empty_kept(void **state)
{
    (void)state;
    run_command("rm -f %s/kept/*", home);
    return 0;
}

/* ---- jobs ---------------------------------------------------------------------------------- */

static const char message[] =
    "Subject: x\r\nMessage-ID: <dlv_1@x>\r\n\r\nline\r\n.\r\n..dots\r\nend\r\n";

static struct courier_job mail_to(const char *to)
{
    return (struct courier_job){
        .id = slice_str("dlv_1"),
        .from = slice_str("csirt@example.org"),
        .to = slice_str(to),
        .content = slice_str(message),
    };
}

static struct courier_result mail_result(struct courier_client *client, const char *to)
{
    struct courier_job job = mail_to(to);
    struct courier_result result;
    struct err e = {0};

    if (courier_send_mail(client, &job, 20000000, &result, &e) != 0)
        fail_msg("%s", e.text);
    return result;
}

static void expect_mail(struct courier_client *client, const char *to, enum courier_state state,
                        unsigned code)
{
    struct courier_result result = mail_result(client, to);

    if (result.state != state || (code && result.code != code))
        fail_msg("%s: %s %u (%s), expected %s %u", to, courier_state_name(result.state),
                 result.code, result.said, courier_state_name(state), code);
}

static struct courier_result hook_result(struct courier_client *client, const char *url)
{
    struct courier_job job = {
        .id = slice_str("dlv_2"),
        .to = slice_str(url),
        .event = slice_str("advisory.published"),
        .signature = slice_str("t=1763757596,v1=00ff"),
        .time = 1763757596,
        .content = slice_str("{\"a\":1}"),
    };
    struct courier_result result;
    struct err e = {0};

    if (courier_send_webhook(client, &job, 20000000, &result, &e) != 0)
        fail_msg("%s", e.text);
    return result;
}

static void expect_hook(struct courier_client *client, unsigned port, const char *path,
                        enum courier_state state, unsigned code)
{
    char url[128];

    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port, path);
    struct courier_result result = hook_result(client, url);
    if (result.state != state || (code && result.code != code))
        fail_msg("%s: %s %u (%s), expected %s %u", url, courier_state_name(result.state),
                 result.code, result.said, courier_state_name(state), code);
}

static void read_kept(const char *name, struct buf *b)
{
    char path[128];
    struct err e = {0};

    snprintf(path, sizeof(path), "%s/kept/%s", home, name);
    if (file_read(path, 1 << 20, b, &e) != 0)
        fail_msg("%s", e.text);
}

static int64_t seconds_since(int64_t start)
{
    return (clock_monotonic(&clock_system) - start) / 1000000;
}

/* ---- mail ---------------------------------------------------------------------------------- */

static void test_mail_delivered(void **state)
{
    struct process sink = start_sink("smtp_sink.py", NULL);
    struct process courier = start_courier_for(sink.port, plain_mail, "");
    struct courier_client *client = new_client();
    struct buf kept;

    (void)state;
    struct courier_result result = mail_result(client, "owner@example.net");
    assert_int_equal(result.state, COURIER_DELIVERED);
    assert_int_equal(result.code, 250);
    assert_string_equal(result.said, "250 2.0.0 kept");
    assert_string_equal(result.peer, "127.0.0.1");
    buf_init(&kept);
    read_kept("0001.eml", &kept);
    assert_string_equal(buf_text(&kept), message);
    buf_reset(&kept);
    read_kept("0001.json", &kept);
    assert_non_null(strstr(buf_text(&kept), "\"from\": \"csirt@example.org\""));
    assert_non_null(strstr(buf_text(&kept), "\"to\": [\"owner@example.net\"]"));
    buf_fini(&kept);
    courier_client_free(client);
    stop(&courier, SIGTERM);
    stop(&sink, SIGTERM);
}

/* Every way in which a mail server can fail has its own result. */
static void test_mail_failures(void **state)
{
    struct process sink = start_sink("smtp_sink.py", NULL);
    struct process courier = start_courier_for(sink.port, plain_mail, "");
    struct courier_client *client = new_client();

    (void)state;
    expect_mail(client, "no@example.net", COURIER_REFUSED, 550);
    expect_mail(client, "later@example.net", COURIER_REFUSED_FOR_NOW, 451);
    expect_mail(client, "no-data@example.net", COURIER_REFUSED, 554);
    expect_mail(client, "later-data@example.net", COURIER_REFUSED_FOR_NOW, 452);
    expect_mail(client, "hang-rcpt@example.net", COURIER_TIMED_OUT, 0);
    expect_mail(client, "close-rcpt@example.net", COURIER_UNREACHABLE, 0);
    /* It may have been delivered: never "failed", never "delivered". */
    expect_mail(client, "hang-data@example.net", COURIER_UNKNOWN, 0);
    expect_mail(client, "close-data@example.net", COURIER_UNKNOWN, 0);
    expect_mail(client, "cut-data@example.net", COURIER_UNKNOWN, 0);
    /* Nothing of that kind reaches the server at all. */
    expect_mail(client, "a@b\r\nRCPT TO:<c@d>", COURIER_BAD_JOB, 0);
    expect_mail(client, "", COURIER_BAD_JOB, 0);
    courier_client_free(client);
    stop(&courier, SIGTERM);
    stop(&sink, SIGTERM);
}

static void expect_session(const char *const *sink_options, const char *more_mail,
                           enum courier_state expected)
{
    struct process sink = start_sink("smtp_sink.py", sink_options);
    struct process courier = start_courier_for(sink.port, more_mail, "");
    struct courier_client *client = new_client();

    expect_mail(client, "owner@example.net", expected, 0);
    courier_client_free(client);
    stop(&courier, SIGTERM);
    stop(&sink, SIGTERM);
}

/* What fails before the recipient was named is nobody's refusal. */
static void test_mail_sessions(void **state)
{
    (void)state;
    expect_session((const char *[]){"--mode", "hang", NULL}, plain_mail, COURIER_TIMED_OUT);
    expect_session((const char *[]){"--mode", "greeting", NULL}, plain_mail, COURIER_NO_SESSION);
    expect_session((const char *[]){"--mode", "garbage", NULL}, plain_mail, COURIER_NO_SESSION);
    expect_session((const char *[]){"--user", "u", "--password", "p", NULL}, plain_mail,
                   COURIER_NO_SESSION);
    /* required, and not offered: never in the clear */
    expect_session(NULL, "tls = starttls\n timeout = 1500ms", COURIER_NO_SESSION);
    expect_session(NULL, "tls = tls\n timeout = 1500ms", COURIER_NO_SESSION);

    struct process sink = start_sink("smtp_sink.py", NULL);
    unsigned port = sink.port;
    stop(&sink, SIGTERM);
    struct process courier = start_courier_for(port, plain_mail, "");
    struct courier_client *client = new_client();
    expect_mail(client, "owner@example.net", COURIER_UNREACHABLE, 0);
    courier_client_free(client);
    stop(&courier, SIGTERM);

    courier = start_courier("");
    client = new_client();
    expect_mail(client, "owner@example.net", COURIER_NOT_CONFIGURED, 0);
    courier_client_free(client);
    stop(&courier, SIGTERM);
}

static void test_mail_tls_and_password(void **state)
{
    char cert[96], more[512];

    (void)state;
    run_command("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                "-subj /CN=sink -addext subjectAltName=IP:127.0.0.1 -keyout %s/k.pem "
                "-out %s/c.pem 2>/dev/null && cat %s/k.pem %s/c.pem > %s/both.pem",
                home, home, home, home, home);
    run_command("printf 'wo rd\\nsecond line\\n' > %s/password", home);
    run_command("printf 'wrong' > %s/wrong", home);
    snprintf(cert, sizeof(cert), "%s/both.pem", home);
    const char *const starttls[] = {"--starttls", "--certificate", cert,    "--user",
                                    "u",          "--password",    "wo rd", NULL};
    const char *const tls[] = {"--tls", "--certificate", cert, NULL};

    snprintf(
        more, sizeof(more),
        "tls = starttls\n timeout = 5s\n ca-file = c.pem\n user = u\n password-file = password");
    expect_session(starttls, more, COURIER_DELIVERED);
    snprintf(more, sizeof(more),
             "tls = starttls\n timeout = 5s\n ca-file = c.pem\n user = u\n password-file = wrong");
    expect_session(starttls, more, COURIER_NO_SESSION);
    expect_session(tls, "tls = tls\n timeout = 5s\n ca-file = c.pem", COURIER_DELIVERED);
    expect_session(tls, "tls = tls\n timeout = 5s", COURIER_NO_SESSION); /* not an anchor here */
}

/* A mail server that hangs holds up nobody else. */
struct counted {
    pthread_mutex_t lock;
    unsigned delivered, unknown, others;
};

static void count_result(void *context, const struct courier_result *result)
{
    struct counted *c = context;

    pthread_mutex_lock(&c->lock);
    if (result->state == COURIER_DELIVERED)
        c->delivered++;
    else if (result->state == COURIER_UNKNOWN)
        c->unknown++;
    else
        c->others++;
    pthread_mutex_unlock(&c->lock);
}

static unsigned read_count(struct counted *c, const unsigned *which)
{
    pthread_mutex_lock(&c->lock);
    unsigned value = *which;
    pthread_mutex_unlock(&c->lock);
    return value;
}

static void wait_for(struct counted *c, const unsigned *which, unsigned least, unsigned seconds)
{
    int64_t start = clock_monotonic(&clock_system);

    while (read_count(c, which) < least) {
        if (seconds_since(start) >= seconds)
            fail_msg("%u of %u after %u s", read_count(c, which), least, seconds);
        usleep(5000);
    }
}

static void submit_mails(struct courier_client *client, const char *to, unsigned count,
                         struct counted *counted)
{
    for (unsigned i = 0; i < count; i++) {
        struct courier_job job = mail_to(to);
        struct err e = {0};
        if (courier_submit_mail(client, &job, count_result, counted, &e) != 0)
            fail_msg("%s", e.text);
    }
}

static void test_hanging_does_not_stop_others(void **state)
{
    struct process sink = start_sink("smtp_sink.py", NULL);
    struct process hooks = start_sink("webhook_sink.py", NULL);
    struct process courier =
        start_courier_for(sink.port, "tls = off\n timeout = 30s",
                          "courier { in-flight = 8\n allow-private-addresses = [127.0.0.0/8] }\n"
                          "webhook { plain-http = yes }\n");
    struct courier_client *client = new_client();
    struct counted counted = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct courier_status status;
    struct err e = {0};
    int64_t start = clock_monotonic(&clock_system);

    (void)state;
    submit_mails(client, "hang-data@example.net", 5, &counted);
    submit_mails(client, "owner@example.net", 10, &counted);
    wait_for(&counted, &counted.delivered, 10, 60);
    /* Mail has six of the eight places; when all of them hang, webhooks still go out. */
    submit_mails(client, "hang-data@example.net", 20, &counted);
    expect_hook(client, hooks.port, "/", COURIER_DELIVERED, 204);
    assert_int_equal(courier_client_status(client, 5000000, &status, &e), 0);
    assert_int_equal(status.in_flight, 6);
    assert_int_equal(status.waiting, 19);
    assert_int_equal(status.delivered, 11);
    assert_true(seconds_since(start) < 30); /* nobody waited until the hanging ones gave up */
    /* Told to stop it says of those that wait that they were not tried, of the others that it does
     * not know; told twice, at once. */
    kill(courier.pid, SIGTERM);
    wait_for(&counted, &counted.others, 19, 60);
    stop(&courier, SIGTERM);
    /* The sixth place was taken just before: its message need not have been whole. */
    wait_for(&counted, &counted.unknown, 5, 60);
    courier_client_free(client);
    assert_int_equal(counted.delivered, 10);
    assert_in_range(counted.unknown, 5, 6);
    assert_int_equal(counted.delivered + counted.unknown + counted.others, 35);
    stop(&hooks, SIGTERM);
    stop(&sink, SIGTERM);
}

/* ---- webhooks ------------------------------------------------------------------------------ */

static void check_header(const struct json_value *headers, const char *name, const char *value)
{
    if (!slice_is(json_get_string(headers, name), value))
        fail_msg("%s: %.*s", name, SLICE_ARG(json_get_string(headers, name)));
}

static void test_webhook_delivered(void **state)
{
    struct process sink = start_sink("webhook_sink.py", NULL);
    struct process courier = start_courier_for(1, plain_mail, allow_loopback);
    struct courier_client *client = new_client();
    struct json_doc *doc;
    struct err e = {0};
    struct buf kept;

    (void)state;
    expect_hook(client, sink.port, "/in/?x=1", COURIER_DELIVERED, 204);
    buf_init(&kept);
    read_kept("0001.json", &kept);
    assert_int_equal(json_parse(&doc, buf_slice(&kept), NULL, &e), 0);
    const struct json_value *headers = json_get(json_root(doc), "headers");
    check_header(json_root(doc), "path", "/in/?x=1");
    check_header(json_root(doc), "body", "{\"a\":1}");
    check_header(headers, "Content-Type", "application/json");
    check_header(headers, "Tocsin-Event-Id", "dlv_2");
    check_header(headers, "Tocsin-Event", "advisory.published");
    check_header(headers, "Tocsin-Timestamp", "1763757596");
    check_header(headers, "Tocsin-Signature", "t=1763757596,v1=00ff");
    assert_null(json_get(headers, "Expect"));
    json_doc_free(doc);
    buf_fini(&kept);
    courier_client_free(client);
    stop(&courier, SIGTERM);
    stop(&sink, SIGTERM);
}

static void test_webhook_failures(void **state)
{
    struct process sink = start_sink("webhook_sink.py", NULL);
    struct process courier = start_courier_for(1, plain_mail, allow_loopback);
    struct courier_client *client = new_client();

    (void)state;
    expect_hook(client, sink.port, "/status/200", COURIER_DELIVERED, 200);
    expect_hook(client, sink.port, "/status/404", COURIER_REFUSED, 404);
    expect_hook(client, sink.port, "/status/410", COURIER_REFUSED, 410);
    expect_hook(client, sink.port, "/status/429", COURIER_REFUSED_FOR_NOW, 429);
    expect_hook(client, sink.port, "/status/503", COURIER_REFUSED_FOR_NOW, 503);
    expect_hook(client, sink.port, "/redirect", COURIER_REFUSED, 307);
    expect_hook(client, sink.port, "/hang", COURIER_UNKNOWN, 0);
    expect_hook(client, sink.port, "/close", COURIER_UNKNOWN, 0);
    expect_hook(client, sink.port, "/cut", COURIER_UNKNOWN, 0);
    int64_t start = clock_monotonic(&clock_system);
    expect_hook(client, sink.port, "/endless", COURIER_DELIVERED, 200);
    assert_true(clock_monotonic(&clock_system) - start < 1000000);
    expect_hook(client, 1, "/", COURIER_UNREACHABLE, 0);
    courier_client_free(client);
    stop(&courier, SIGTERM);
    stop(&sink, SIGTERM);
}

/* Whatever the address is called, what counts is where it leads. */
static void test_private_addresses(void **state)
{
    struct process sink = start_sink("webhook_sink.py", NULL);
    struct process courier = start_courier_for(1, plain_mail, "webhook { plain-http = yes }\n");
    struct courier_client *client = new_client();
    static const char *const hosts[] = {
        "127.0.0.1", "localhost", "2130706433",         "0x7f.1",
        "0",         "[::1]",     "[::ffff:127.0.0.1]", "169.254.169.254"};
    char url[128];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        snprintf(url, sizeof(url), "http://%s:%u/", hosts[i], sink.port);
        struct courier_result result = hook_result(client, url);
        if (result.state != COURIER_PRIVATE)
            fail_msg("%s: %s %s", url, courier_state_name(result.state), result.said);
    }
    assert_int_not_equal(access("kept/0001.json", F_OK), 0);
    courier_client_free(client);
    stop(&courier, SIGTERM);
    stop(&sink, SIGTERM);
}

static void test_bad_urls(void **state)
{
    struct process courier = start_courier_for(1, plain_mail, "");
    struct courier_client *client = new_client();
    static const char *const urls[] = {
        "",
        "x",
        "http://example.org/",
        "file:///etc/passwd",
        "ftp://a/",
        "https://",
        "https://u:p@example.org/",
        "https://a b/",
        "gopher://a",
        "https://a:x/",
        "https://exa\r\nmple.org/",
        "//example.org/",
        "smtp://127.0.0.1/",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct courier_result result = hook_result(client, urls[i]);
        if (result.state != COURIER_BAD_JOB)
            fail_msg("%s: %s %s", urls[i], courier_state_name(result.state), result.said);
    }
    courier_client_free(client);
    stop(&courier, SIGTERM);
}

static void test_webhook_tls(void **state)
{
    char cert[96], url[96];

    (void)state;
    run_command("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                "-subj /CN=sink -addext subjectAltName=IP:127.0.0.1 -keyout %s/k.pem "
                "-out %s/c.pem 2>/dev/null && cat %s/k.pem %s/c.pem > %s/both.pem",
                home, home, home, home, home);
    snprintf(cert, sizeof(cert), "%s/both.pem", home);
    struct process sink =
        start_sink("webhook_sink.py", (const char *[]){"--certificate", cert, NULL});
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/", sink.port);
    for (unsigned known = 0; known < 2; known++) {
        struct process courier =
            start_courier_for(1, plain_mail,
                              known ? "courier { allow-private-addresses = [127.0.0.1] }\n"
                                      "webhook { ca-file = c.pem }\n"
                                    : "courier { allow-private-addresses = [127.0.0.1] }\n");
        struct courier_client *client = new_client();
        struct courier_result result = hook_result(client, url);
        assert_int_equal(result.state, known ? COURIER_DELIVERED : COURIER_NO_SESSION);
        courier_client_free(client);
        stop(&courier, SIGTERM);
    }
    stop(&sink, SIGTERM);
}

/* ---- the courier and its client ------------------------------------------------------------ */

/* kill -9 of the courier: what was under way is unknown, what comes after is not sent, and when it
 * is there again all goes on. */
static void test_courier_killed(void **state)
{
    struct process sink = start_sink("smtp_sink.py", NULL);
    struct process courier = start_courier_for(sink.port, "tls = off\n timeout = 30s", "");
    struct courier_client *client = new_client();
    struct counted counted = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct courier_job job = mail_to("owner@example.net");
    struct courier_result result;
    struct err e = {0};

    (void)state;
    submit_mails(client, "hang-data@example.net", 3, &counted);
    expect_mail(client, "owner@example.net", COURIER_DELIVERED, 250);
    stop(&courier, SIGKILL);
    wait_for(&counted, &counted.unknown, 3, 60);
    assert_int_equal(courier_send_mail(client, &job, 1000000, &result, &e), -1);
    assert_string_equal(e.code, "courier.unreachable");
    assert_int_equal(e.kind, ERR_UNAVAILABLE);
    courier = start_courier_for(sink.port, plain_mail, "");
    expect_mail(client, "owner@example.net", COURIER_DELIVERED, 250);
    courier_client_free(client);
    stop(&courier, SIGTERM);
    stop(&sink, SIGTERM);
}

static void test_deadline(void **state)
{
    struct process sink = start_sink("smtp_sink.py", NULL);
    struct process courier = start_courier_for(sink.port, plain_mail, "");
    struct courier_client *client = new_client();
    struct courier_job job = mail_to("hang-rcpt@example.net");
    struct courier_result result;
    struct err e = {0};
    int64_t start = clock_monotonic(&clock_system);

    (void)state;
    assert_int_equal(courier_send_mail(client, &job, 200000, &result, &e), 0);
    assert_int_equal(result.state, COURIER_UNKNOWN);
    assert_true(clock_monotonic(&clock_system) - start < 1200000);
    courier_client_free(client); /* the late answer finds nobody */
    stop(&courier, SIGTERM);
    stop(&sink, SIGTERM);
}

static void test_queue_is_bounded(void **state)
{
    struct process sink = start_sink("smtp_sink.py", NULL);
    struct process courier =
        start_courier_for(sink.port, plain_mail, "courier { in-flight = 2\n queue = 3 }\n");
    struct courier_client *client = new_client();
    struct counted counted = {.lock = PTHREAD_MUTEX_INITIALIZER};

    (void)state;
    submit_mails(client, "hang-rcpt@example.net", 3, &counted);
    expect_mail(client, "owner@example.net", COURIER_BUSY, 0);
    courier_client_free(client);
    stop(&courier, SIGTERM);
    stop(&sink, SIGTERM);
}

static void send_raw(const void *bytes, size_t len, bool expect_end)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char answer[16];

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
    if (expect_end)
        assert_int_equal(recv(fd, answer, sizeof(answer), 0), 0);
    close(fd);
}

/* A connection that does not speak the protocol is ended; the others do not notice. */
static void test_bad_frames(void **state)
{
    struct process courier = start_courier("");
    struct courier_client *client = new_client();
    struct courier_status status;
    struct err e = {0};

    (void)state;
    send_raw("\0\0\0\0", 4, true);
    send_raw("\xff\xff\xff\xff", 4, true);
    send_raw("GET / HTTP/1.1\r\n\r\n", 18, true);
    send_raw("\0\0\0\x06\x02\x03\0\0\0\0", 10, true);  /* another version */
    send_raw("\0\0\0\x06\x01\x09\0\0\0\0", 10, true);  /* unknown operation */
    send_raw("\0\0\0\x07\x01\x03\0\0\0\0x", 11, true); /* a byte behind its end */
    send_raw("\0\0\0\x06\x01\x01\0\0\0\0", 10, true);  /* a mail without fields */
    send_raw("\0\0\0\x06\x01", 5, false);
    assert_int_equal(courier_client_status(client, 5000000, &status, &e), 0);
    assert_true(SANITIZED || strstr(status.sandbox, "seccomp") != NULL);
    courier_client_free(client);
    stop(&courier, SIGTERM);
    assert_int_not_equal(access(socket_path, F_OK), 0);
}

static void *send_many(void *context)
{
    struct courier_client *client = context;

    for (unsigned i = 0; i < 20; i++) {
        struct courier_result result =
            mail_result(client, i % 4 ? "owner@example.net" : "no@x.org");
        if (result.state != (i % 4 ? COURIER_DELIVERED : COURIER_REFUSED))
            return "another result";
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    struct process sink = start_sink("smtp_sink.py", NULL);
    struct process courier = start_courier_for(sink.port, "tls = off\n timeout = 30s", "");
    struct courier_client *client = new_client();
    pthread_t threads[8];
    void *fault;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, client), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], &fault);
        assert_null(fault);
    }
    courier_client_free(client);
    stop(&courier, SIGTERM);
    stop(&sink, SIGTERM);
}

/* Torture: each allocation of the client fails once; an error each time, nothing lost or leaked. */
static void test_client_without_memory(void **state)
{
    struct process courier = start_courier("");
    long k = 0;

    (void)state;
    for (;; k++) {
        struct courier_job job = mail_to("owner@example.net");
        struct courier_result result = {0};
        struct err e = {0};
        mem_fail_after(k);
        struct courier_client *client = courier_client_new(socket_path, &e);
        int sent = client ? courier_send_mail(client, &job, 5000000, &result, &e) : -1;
        courier_client_free(client);
        bool reached = mem_allocations() > k;
        mem_fail_after(-1);
        if (!reached) {
            assert_int_equal(sent, 0);
            assert_int_equal(result.state, COURIER_NOT_CONFIGURED);
            break;
        }
        /* The thread that takes answers may be the one without memory: then it is unknown. */
        if (sent == 0)
            assert_true(result.state == COURIER_UNKNOWN || result.state == COURIER_NOT_CONFIGURED);
        else
            assert_int_equal(e.kind, ERR_MEMORY);
    }
    assert_true(k > 2);
    stop(&courier, SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_mail_delivered, empty_kept),
        cmocka_unit_test_setup(test_mail_failures, empty_kept),
        cmocka_unit_test_setup(test_mail_sessions, empty_kept),
        cmocka_unit_test_setup(test_mail_tls_and_password, empty_kept),
        cmocka_unit_test_setup(test_hanging_does_not_stop_others, empty_kept),
        cmocka_unit_test_setup(test_webhook_delivered, empty_kept),
        cmocka_unit_test_setup(test_webhook_failures, empty_kept),
        cmocka_unit_test_setup(test_private_addresses, empty_kept),
        cmocka_unit_test_setup(test_bad_urls, empty_kept),
        cmocka_unit_test_setup(test_webhook_tls, empty_kept),
        cmocka_unit_test_setup(test_courier_killed, empty_kept),
        cmocka_unit_test_setup(test_deadline, empty_kept),
        cmocka_unit_test_setup(test_queue_is_bounded, empty_kept),
        cmocka_unit_test_setup(test_bad_frames, empty_kept),
        cmocka_unit_test_setup(test_many_threads, empty_kept),
        cmocka_unit_test(test_client_without_memory),
    };
    return cmocka_run_group_tests_name("centre_courier", tests, make_home, remove_home);
}
