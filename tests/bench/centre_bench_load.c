/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices for centre_bench.py: enrols them by EST, sends their signed inventories, holds their
 * streams, signs their receipts. It keeps to the protocol but checks nothing of what it is told,
 * because the devices' own work is not what is measured.
 *
 *   centre_bench_load ENROL-PORT DEVICE-PORT ORIGIN CACERTS-FILE TOKENS-FILE
 *
 * Commands on standard input, one a line, each answered by one line "NAME key=value…":
 *   enrol AT-ONCE       a certificate for each token
 *   inventory AT-ONCE   over a new mutual TLS connection each
 *   listen AT-ONCE      opens a stream each, and keeps it
 *   told SECONDS        waits until every device has one more notice; microseconds of the clock
 *   connect AT-ONCE     a kept-alive connection each, for receipts
 *   receipts            one receipt a device, all signed before the clock runs
 */
#include "base/clock.h"
#include "base/file.h"
#include "centre_bench_device.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { QUEUED = 512 }; /* receipts on their way at a time */

static struct {
    struct links links;
    unsigned enrol_port, device_port;
    const char *origin;
    struct buf issuer, tokens;
    struct device *devices;
    unsigned count;
    /* of the running phase */
    unsigned begun, open, done, failed;
    int last_status;
} bench;

static int64_t now_us(void)
{
    return clock_now(&clock_system);
}

static double cpu_seconds(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static void count_answer(int status)
{
    bench.done += status == 200;
    bench.failed += status != 200;
    if (status != 200)
        bench.last_status = status;
    bench.open--;
}

static void enrolled(struct link *link, int status, struct slice body, void *context)
{
    struct device *d = context;

    if (status == 200)
        device_take_certificate(d, body);
    count_answer(status);
    link_close(link);
}

static void answered_once(struct link *link, int status, struct slice body, void *context)
{
    (void)body;
    (void)context;
    count_answer(status);
    link_close(link);
}

static void answered(struct link *link, int status, struct slice body, void *context)
{
    (void)link;
    (void)context;
    if (status != 200 && body.len && bench.failed == 0)
        fprintf(stderr, "centre_bench_load: %d: %.*s\n", status, SLICE_ARG(body));
    count_answer(status);
}

static void stream_ended(struct link *link, int status, struct slice body, void *context)
{
    struct device *d = context;

    (void)body;
    fprintf(stderr, "centre_bench_load: the stream of %s ended (%d)\n", d->asset, status);
    link_close(link);
    d->stream = NULL;
}

static void heard(struct link *link, struct slice name, struct slice data, void *context)
{
    struct device *d = context;

    (void)link;
    if (slice_is(name, "notice")) {
        d->told_at = now_us();
        buf_reset(&d->delivery);
        buf_put_slice(&d->delivery, data);
        bench.done++;
    } else if (slice_is(name, "checkpoint")) {
        if (d->checkpoint.len == 0)
            bench.open--; /* the first word of a stream that was just opened */
        buf_reset(&d->checkpoint);
        buf_put_slice(&d->checkpoint, data);
    }
}

static const struct link_calls enrol_calls = {.answer = enrolled};
static const struct link_calls once_calls = {.answer = answered_once};
static const struct link_calls kept_calls = {.answer = answered};
static const struct link_calls stream_calls = {.answer = stream_ended, .event = heard};

static void say(const char *phase, int64_t began, double cpu)
{
    printf("%s done=%u failed=%u status=%d seconds=%.6f cpu=%.3f\n", phase, bench.done,
           bench.failed, bench.last_status, (double)(now_us() - began) / 1e6, cpu_seconds() - cpu);
}

static void start_phase(void)
{
    bench.begun = bench.open = bench.done = bench.failed = 0;
    bench.last_status = 0;
}

static struct link *open_for(struct device *d, unsigned port, const struct link_calls *calls)
{
    bool known = port == bench.device_port;

    return link_open(&bench.links, port, known ? buf_slice(&d->certificate) : slice_of(NULL, 0),
                     d->key, calls, d);
}

/* Every device asks over a connection of its own, at most at_once of them. */
static void each_once(const char *phase, unsigned port, const struct link_calls *calls,
                      unsigned at_once)
{
    int64_t began = now_us();
    double cpu = cpu_seconds();

    start_phase();
    while (bench.done + bench.failed < bench.count) {
        for (; bench.open < at_once && bench.begun < bench.count; bench.open++) {
            struct device *d = &bench.devices[bench.begun++];
            link_send(open_for(d, port, calls), buf_slice(&d->request));
        }
        links_poll(&bench.links, 1000);
    }
    say(phase, began, cpu);
}

static void read_tokens(void)
{
    const char *at = buf_text(&bench.tokens);

    for (const char *c = at; *c; c++)
        bench.count += *c == '\n';
    bench.devices = calloc(bench.count, sizeof(struct device));
    if (!bench.devices)
        bench_die("no memory", NULL);
    for (unsigned i = 0; i < bench.count; i++) {
        const char *end = strchr(at, '\n');
        bench.devices[i].number = i;
        device_ask_certificate(&bench.devices[i], slice_of(at, (size_t)(end - at)));
        at = end + 1;
    }
}

static void listen_all(unsigned at_once)
{
    int64_t began = now_us();
    double cpu = cpu_seconds();

    start_phase();
    for (unsigned i = 0; i < bench.count; i++) {
        device_ask_stream(&bench.devices[i]);
        buf_reset(&bench.devices[i].checkpoint);
    }
    while (bench.begun < bench.count || bench.open > 0) {
        for (; bench.open < at_once && bench.begun < bench.count; bench.open++) {
            struct device *d = &bench.devices[bench.begun++];
            d->stream = open_for(d, bench.device_port, &stream_calls);
            link_send(d->stream, buf_slice(&d->request));
        }
        links_poll(&bench.links, 1000);
    }
    bench.done = bench.count;
    say("listen", began, cpu);
    bench.done = 0;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* bench.done counts the notices since the last call. */
static void await_notices(unsigned seconds)
{
    int64_t until = now_us() + (int64_t)seconds * 1000000;
    int64_t *times = calloc(bench.count, sizeof(int64_t));
    unsigned told = 0;

    if (!times)
        bench_die("no memory", NULL);
    while (bench.done < bench.count && now_us() < until)
        links_poll(&bench.links, 100);
    for (unsigned i = 0; i < bench.count; i++)
        if (bench.devices[i].delivery.len) {
            times[told++] = bench.devices[i].told_at;
            device_follow_chain(&bench.devices[i]);
            buf_reset(&bench.devices[i].delivery);
        }
    qsort(times, told, sizeof(*times), by_time);
    printf("told devices=%u first=%lld median=%lld last=%lld\n", told,
           told ? (long long)times[0] : 0LL, told ? (long long)times[told / 2] : 0LL,
           told ? (long long)times[told - 1] : 0LL);
    free(times);
    bench.done = 0;
}

/* A first question each, as agents have one: a connection that says nothing is closed. */
static void connect_all(unsigned at_once)
{
    static const char trust[] = "GET /v1/trust HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int64_t began = now_us();
    double cpu = cpu_seconds();

    start_phase();
    while (bench.done + bench.failed < bench.count) {
        for (; bench.open < at_once && bench.begun < bench.count; bench.open++) {
            struct device *d = &bench.devices[bench.begun++];
            d->link = open_for(d, bench.device_port, &kept_calls);
            link_send(d->link, slice_str(trust));
        }
        links_poll(&bench.links, 1000);
    }
    say("connect", began, cpu);
    bench.done = 0;
}

static void send_receipts(void)
{
    for (unsigned i = 0; i < bench.count; i++)
        device_say_receipt(&bench.devices[i], buf_slice(&bench.issuer), bench.origin);
    start_phase();
    int64_t began = now_us();
    double cpu = cpu_seconds();
    while (bench.done + bench.failed < bench.count) {
        for (; bench.open < QUEUED && bench.begun < bench.count; bench.open++) {
            struct device *d = &bench.devices[bench.begun++];
            link_send(d->link, buf_slice(&d->request));
        }
        links_poll(&bench.links, 1000);
    }
    say("receipts", began, cpu);
    bench.done = 0;
}

static void obey(const char *line)
{
    unsigned first = 0, second = 0;
    char word[16] = "";

    if (sscanf(line, "%15s %u %u", word, &first, &second) < 1)
        return;
    if (strcmp(word, "enrol") == 0) {
        read_tokens();
        each_once("enrol", bench.enrol_port, &enrol_calls, first);
    } else if (strcmp(word, "inventory") == 0) {
        for (unsigned i = 0; i < bench.count; i++)
            device_say_inventory(&bench.devices[i], buf_slice(&bench.issuer));
        each_once("inventory", bench.device_port, &once_calls, first);
    } else if (strcmp(word, "listen") == 0) {
        listen_all(first);
    } else if (strcmp(word, "told") == 0) {
        await_notices(first);
    } else if (strcmp(word, "connect") == 0) {
        connect_all(first);
    } else if (strcmp(word, "receipts") == 0) {
        send_receipts();
    } else {
        bench_die("unknown command", word);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct pollfd input = {.fd = 0, .events = POLLIN};
    struct buf answer;
    struct err e = {0};
    char line[200];

    if (argc != 6)
        bench_die("usage", "see the head of centre_bench_load.c");
    bench.enrol_port = (unsigned)strtoul(argv[1], NULL, 10);
    bench.device_port = (unsigned)strtoul(argv[2], NULL, 10);
    bench.origin = argv[3];
    buf_init(&answer);
    if (file_read(argv[4], 1 << 20, &answer, &e) != 0 ||
        file_read(argv[5], 64 << 20, &bench.tokens, &e) != 0)
        bench_die(e.code, e.text);
    device_read_issuer(buf_slice(&answer), &bench.issuer);
    buf_fini(&answer);
    links_init(&bench.links);
    links_issuer(&bench.links, buf_slice(&bench.issuer));
    for (;;) {
        links_poll(&bench.links, 10);
        if (poll(&input, 1, 0) != 1)
            continue;
        if (!fgets(line, sizeof(line), stdin))
            break;
        obey(line);
    }
    links_fini(&bench.links);
    return 0;
}
