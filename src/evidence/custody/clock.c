/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/custody/clock.h"
#include "evidence/custody/sntp.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void rtc_part(struct evidence_clock_reading *r)
{
    char text[32] = {0};
    int fd = open("/sys/class/rtc/rtc0/since_epoch", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    r->has_rtc = n > 0;
    r->rtc = n > 0 ? strtoll(text, NULL, 10) : 0;
}

void evidence_clock_read(struct evidence_clock_reading *r, const struct clock *clock)
{
    struct tm local;
    *r = (struct evidence_clock_reading){.real = clock_now(clock ? clock : &clock_system),
                                         .monotonic = evidence_clock_ns(CLOCK_MONOTONIC) / 1000,
                                         .boot = evidence_clock_ns(CLOCK_BOOTTIME) / 1000};
    time_t seconds = (time_t)(r->real / 1000000);
    if (localtime_r(&seconds, &local))
        r->zone = (int)(local.tm_gmtoff / 60);
    if (gethostname(r->host, sizeof r->host) != 0)
        r->host[0] = 0;
    r->host[sizeof r->host - 1] = 0;
    for (char *c = r->host; *c; c++)
        if (*c < '!' || *c > '~')
            *c = '?';
    evidence_kernel_clock_read(&r->kernel);
    rtc_part(r);
}

/* "TIME,SECONDS,WHAT" */
static int read_off(struct evidence_clock_reading *r, const char *text, const struct clock *clock,
                    struct err *e)
{
    static const char form[] = "--reference is ntp://HOST or read:TIME,SECONDS,WHAT, as in "
                               "\"read:2026-11-22T10:00:00Z,1,DCF77 clock on the wall\"";
    int64_t at = clock_now(clock ? clock : &clock_system), time;
    size_t len = strcspn(text, ",");
    struct err why = {0};
    char *end = NULL;
    if (time_parse(slice_of(text, len), &time, &why) != 0 || text[len] != ',')
        return err_set(e, ERR_USAGE, "custody.reference", NULL, "%s", form);
    double seconds = strtod(text + len + 1, &end);
    if (end == text + len + 1 || *end != ',' || !end[1] || !(seconds >= 0 && seconds <= 86400))
        return err_set(e, ERR_USAGE, "custody.reference", NULL, "%s", form);
    snprintf(r->reference, sizeof r->reference, "read off by a person: %s", end + 1);
    r->reference_at = at;
    r->offset = at - time;
    r->uncertainty = (int64_t)(seconds * 1e6);
    r->has_reference = true;
    return 0;
}

int evidence_clock_compare(struct evidence_clock_reading *r, const char *reference,
                           const struct clock *clock, struct err *e)
{
    struct evidence_ntp_answer answer;
    if (strncmp(reference, "ntp://", 6) != 0)
        return read_off(r, strncmp(reference, "read:", 5) == 0 ? reference + 5 : "", clock, e);
    if (evidence_sntp_ask(reference + 6, clock ? clock : &clock_system, &answer, e) != 0)
        return -1;
    snprintf(r->reference, sizeof r->reference, "%.120s (stratum %u)", reference, answer.stratum);
    r->reference_at = clock_now(clock ? clock : &clock_system);
    r->offset = -answer.offset;
    r->uncertainty = answer.uncertainty;
    r->has_reference = true;
    return 0;
}

void evidence_clock_write(struct json_writer *w, const struct evidence_clock_reading *r)
{
    char zone[8];
    int minutes = abs(r->zone) % (24 * 60);
    json_member_time(w, "at", r->real);
    json_member_int(w, "monotonic_us", r->monotonic);
    json_member_int(w, "since_boot_us", r->boot);
    snprintf(zone, sizeof zone, "%c%02u:%02u", r->zone < 0 ? '-' : '+', (unsigned)minutes / 60,
             (unsigned)minutes % 60);
    json_member_string(w, "zone", zone);
    if (r->kernel.known) {
        json_write_name(w, "kernel");
        json_write_object(w);
        json_member_bool(w, "synchronised", r->kernel.synchronised);
        json_member_int(w, "offset_us", r->kernel.offset_ns / 1000);
        json_member_int(w, "maximum_error_us", r->kernel.error_most_us);
        json_member_int(w, "estimated_error_us", r->kernel.error_estimate_us);
        json_write_object_end(w);
    }
    if (r->has_rtc)
        json_member_time(w, "rtc", r->rtc * 1000000);
    if (r->has_reference) {
        json_write_name(w, "reference");
        json_write_object(w);
        json_member_string(w, "from", r->reference);
        json_member_time(w, "at", r->reference_at);
        json_member_int(w, "offset_us", r->offset);
        json_member_int(w, "uncertainty_us", r->uncertainty);
        json_write_object_end(w);
    }
}
