/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/clocks.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/rtc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

int64_t evidence_clock_ns(clockid_t id)
{
    struct timespec t = {0};
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void evidence_moment_now(struct evidence_moment *m)
{
    m->monotonic = evidence_clock_ns(CLOCK_MONOTONIC);
    m->realtime = evidence_clock_ns(CLOCK_REALTIME);
    m->boottime = evidence_clock_ns(CLOCK_BOOTTIME);
}

static void member_ns(struct json_writer *w, const char *name, int64_t ns)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, ns);
    json_member_string(w, name, text);
}

void evidence_moment_write(struct json_writer *w, const struct evidence_moment *m)
{
    json_write_object(w);
    json_member_time(w, "at", m->realtime / 1000);
    member_ns(w, "monotonic_ns", m->monotonic);
    member_ns(w, "boottime_ns", m->boottime);
    json_write_object_end(w);
}

/* RTC_RD_TIME; opened so that nothing is waited for and no alarm is touched. */
static void read_battery(struct evidence_clocks *c)
{
    static const char *const names[] = {"/dev/rtc0", "/dev/rtc", "/dev/misc/rtc"};
    int fd = -1;
    for (size_t i = 0; fd < 0 && i < sizeof names / sizeof names[0]; i++)
        fd = open(names[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        snprintf(c->battery_why, sizeof c->battery_why, "no clock chip can be opened: %s",
                 strerrordesc_np(errno));
        return;
    }
    struct rtc_time t;
    memset(&t, 0, sizeof t);
    c->battery_at = evidence_clock_ns(CLOCK_MONOTONIC);
    if (ioctl(fd, RTC_RD_TIME, &t) == 0)
        snprintf(c->battery, sizeof c->battery, "%04d-%02d-%02d %02d:%02d:%02d", t.tm_year + 1900,
                 t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
    else
        snprintf(c->battery_why, sizeof c->battery_why, "the clock chip does not answer: %s",
                 strerrordesc_np(errno));
    close(fd);
}

void evidence_kernel_clock_read(struct evidence_kernel_clock *k)
{
    struct timex t = {0};
    int state = adjtimex(&t); /* modes 0: asks only */
    *k = (struct evidence_kernel_clock){.known = state >= 0};
    if (!k->known)
        return;
    k->synchronised = state != TIME_ERROR && !(t.status & STA_UNSYNC);
    k->status = t.status;
    k->offset_ns = t.status & STA_NANO ? t.offset : 1000 * t.offset;
    k->error_most_us = t.maxerror;
    k->error_estimate_us = t.esterror;
    k->tai_offset_s = t.tai;
}

static const char which[] = "CLOCK_REALTIME of this machine";

void evidence_kernel_clock_write(struct json_writer *w, const struct evidence_kernel_clock *k)
{
    json_member_string(w, "clock", which);
    if (!k->known)
        return;
    json_member_bool(w, "kernel_says_synchronised", k->synchronised);
    if (k->synchronised)
        json_member_int(w, "kernel_says_error_at_most_us", k->error_most_us);
}

void evidence_clocks_read(struct evidence_clocks *c)
{
    struct evidence_moment now;
    const char *zone = getenv("TZ");
    *c = (struct evidence_clocks){0};
    evidence_moment_now(&now);
    c->monotonic = now.monotonic;
    c->realtime = now.realtime;
    c->boottime = now.boottime;
    c->took = evidence_clock_ns(CLOCK_MONOTONIC) - now.monotonic;
    evidence_kernel_clock_read(&c->kernel);
    read_battery(c);
    if (zone) {
        snprintf(c->zone, sizeof c->zone, "%s", zone);
    } else {
        ssize_t n = readlink("/etc/localtime", c->zone, sizeof c->zone - 1);
        c->zone[n > 0 ? n : 0] = 0;
    }
}

void evidence_clocks_write(struct json_writer *w, const struct evidence_clocks *c)
{
    json_write_object(w);
    json_member_time(w, "at", c->realtime / 1000);
    json_member_string(w, "clock", which);
    member_ns(w, "realtime_ns", c->realtime);
    member_ns(w, "monotonic_ns", c->monotonic);
    member_ns(w, "boottime_ns", c->boottime);
    member_ns(w, "read_within_ns", c->took);
    if (c->kernel.known) {
        json_member_bool(w, "kernel_says_synchronised", c->kernel.synchronised);
        json_member_int(w, "kernel_status", c->kernel.status);
        json_member_int(w, "kernel_offset_ns", c->kernel.offset_ns);
        json_member_int(w, "kernel_says_error_at_most_us", c->kernel.error_most_us);
        json_member_int(w, "kernel_estimates_error_us", c->kernel.error_estimate_us);
        json_member_int(w, "tai_offset_s", c->kernel.tai_offset_s);
    }
    if (c->battery[0]) {
        json_member_string(w, "clock_chip", c->battery);
        member_ns(w, "clock_chip_read_at_monotonic_ns", c->battery_at);
    } else {
        json_member_string(w, "clock_chip_not_read", c->battery_why);
    }
    if (c->zone[0])
        json_member_string(w, "zone", c->zone);
    json_write_object_end(w);
}
