/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/sntp.h"
#include "base/cursor.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIES = 3, WAIT_MS = 2000, MOST_STRATUM = 15 };

/* Seconds from 1900 to 1970; a time before 1970 is one of era 1, from 2036 on. */
static const int64_t era = 2208988800;

static uint64_t ntp_of(int64_t micros)
{
    uint64_t seconds = (uint64_t)(micros / 1000000 + era);
    return seconds << 32 | (uint64_t)(micros % 1000000) * 4294967296u / 1000000;
}

static int64_t micros_of(uint64_t ntp)
{
    int64_t seconds = (int64_t)(ntp >> 32);
    if (seconds < era)
        seconds += (int64_t)1 << 32;
    return (seconds - era) * 1000000 + (int64_t)(((ntp & 0xffffffff) * 1000000) >> 32);
}

int evidence_ntp_read(const uint8_t *packet, size_t len, uint64_t sent, int64_t at_send,
                      int64_t at_receive, struct evidence_ntp_answer *answer, struct err *e)
{
    struct cursor c;
    cursor_init(&c, slice_of(packet, len));
    uint8_t first = cursor_u8(&c), stratum = cursor_u8(&c);
    (void)cursor_u16(&c); /* poll, precision */
    uint32_t delay = cursor_u32(&c), dispersion = cursor_u32(&c), id = cursor_u32(&c);
    (void)cursor_u64(&c); /* when the server was set */
    uint64_t origin = cursor_u64(&c), received = cursor_u64(&c), transmitted = cursor_u64(&c);
    (void)id;
    if (c.failed)
        return err_set(e, ERR_VERIFY, "custody.ntp", "RFC 5905 section 7.3",
                       "the time server's answer has %zu bytes, not 48", len);
    if ((first & 7) != 4 || origin != sent)
        return err_set(e, ERR_VERIFY, "custody.ntp", "RFC 5905 section 8",
                       "the time server's answer is not to the question that was asked");
    if (stratum == 0)
        return err_set(e, ERR_VERIFY, "custody.ntp", "RFC 5905 section 7.4",
                       "the time server does not want to be asked (kiss of death)");
    if (first >> 6 == 3 || stratum > MOST_STRATUM || transmitted == 0)
        return err_set(e, ERR_VERIFY, "custody.ntp", "RFC 5905 section 7.3",
                       "the time server says that its own clock is not synchronised");
    int64_t t2 = micros_of(received), t3 = micros_of(transmitted);
    int64_t round = (at_receive - at_send) - (t3 - t2);
    /* 16.16 seconds; what lies between the server and its own reference adds to the doubt. */
    int64_t root = (int64_t)(((uint64_t)delay / 2 + dispersion) * 1000000 >> 16);
    answer->offset = ((t2 - at_send) + (t3 - at_receive)) / 2;
    answer->uncertainty = (round > 0 ? round / 2 : 0) + root + 1;
    answer->stratum = stratum;
    return 0;
}

static int connected(const char *server, struct err *e)
{
    char host[256], port[8] = "123";
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list = NULL;
    const char *colon = strrchr(server, ':');
    size_t len = strlen(server);
    if (server[0] == '[') {
        const char *end = strchr(server, ']');
        if (end && end[1] == ':')
            snprintf(port, sizeof port, "%s", end + 2);
        len = end ? (size_t)(end - ++server) : len;
    } else if (colon && colon == strchr(server, ':')) {
        snprintf(port, sizeof port, "%s", colon + 1);
        len = (size_t)(colon - server);
    }
    snprintf(host, sizeof host, "%.*s", (int)(len < sizeof host ? len : 0), server);
    int why = getaddrinfo(host, port, &hints, &list), fd = -1;
    if (why != 0)
        return err_set(e, ERR_UNAVAILABLE, "custody.ntp", NULL, "time server %s: %s", host,
                       gai_strerror(why));
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0)
        err_set(e, ERR_UNAVAILABLE, "custody.ntp", NULL, "time server %s: %s", host,
                strerror(errno));
    return fd;
}

static int ask_once(int fd, const struct clock *clock, struct evidence_ntp_answer *answer,
                    struct err *e)
{
    uint8_t packet[EVIDENCE_NTP_PACKET] = {4 << 3 | 3}, in[256];
    uint8_t chance[2];
    if (random_fill(&random_system, chance, sizeof chance, e) != 0)
        return -1;
    int64_t t1 = clock_now(clock), m1 = clock_monotonic(clock);
    /* The last bits of the time are chance, so that nobody can answer unasked. */
    uint64_t sent =
        (ntp_of(t1) & ~(uint64_t)0x7ff) | ((unsigned)chance[0] | (unsigned)chance[1] << 8) % 0x800u;
    for (size_t i = 0; i < 8; i++)
        packet[40 + i] = (uint8_t)(sent >> (56 - 8 * i));
    if (send(fd, packet, sizeof packet, 0) != (ssize_t)sizeof packet)
        return err_errno(e, errno, "custody.ntp", "the time server cannot be asked");
    for (int64_t left = WAIT_MS; left > 0; left = WAIT_MS - (clock_monotonic(clock) - m1) / 1000) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        struct err why = {0};
        if (poll(&wait, 1, (int)left) <= 0)
            continue;
        ssize_t n = recv(fd, in, sizeof in, 0);
        if (n < 0)
            return err_errno(e, errno, "custody.ntp", "the time server does not answer");
        /* By the monotonic clock, so that a jump in between does no harm. */
        int64_t t4 = t1 + (clock_monotonic(clock) - m1);
        if (evidence_ntp_read(in, (size_t)n, sent, t1, t4, answer, &why) == 0)
            return 0;
        if (n >= 32 && memcmp(in + 24, packet + 40, 8) == 0) {
            *e = why;
            return -1;
        }
    }
    return err_set(e, ERR_UNAVAILABLE, "custody.ntp", NULL, "the time server does not answer");
}

int evidence_sntp_ask(const char *server, const struct clock *clock,
                      struct evidence_ntp_answer *answer, struct err *e)
{
    struct err why = {0};
    bool any = false;
    int fd = connected(server, e);
    if (fd < 0)
        return -1;
    for (int i = 0; i < TRIES; i++) {
        struct evidence_ntp_answer one;
        struct err this = {0};
        if (ask_once(fd, clock, &one, &this) != 0) {
            why = this;
            break;
        }
        if (!any || one.uncertainty < answer->uncertainty)
            *answer = one;
        any = true;
    }
    close(fd);
    if (!any) {
        *e = why;
        e->kind = ERR_UNAVAILABLE;
        return err_hint(e, "give another --reference, or read one off: "
                           "--reference read:TIME,SECONDS,WHAT");
    }
    return 0;
}
