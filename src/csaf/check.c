/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/schema.h"

#include <stdarg.h>
#include <stdio.h>

static void fill(struct err *e, const struct csaf_check *check, const char *code,
                 const char *section, const struct json_value *value, const char *format,
                 va_list arguments) __attribute__((format(printf, 6, 0)));

static void fill(struct err *e, const struct csaf_check *check, const char *code,
                 const char *section, const struct json_value *value, const char *format,
                 va_list arguments)
{
    char message[sizeof e->text], clause[sizeof e->clause];
    vsnprintf(message, sizeof message, format, arguments);
    snprintf(clause, sizeof clause, "%s %s", check->standard ? check->standard : "CSAF 2.0 section",
             section);
    err_clear(e);
    err_set(e, ERR_INPUT, code, clause, "%s", message);
    if (value)
        json_err_where(check->document->json, value, e);
}

void csaf_fault(struct csaf_check *check, const char *code, const char *section,
                const struct json_value *value, const char *format, ...)
{
    va_list arguments;
    struct csaf_report *report = check->report;
    size_t count = check->errors++;
    if (report)
        report->error_count = check->errors;
    if (count > 0 && (!report || count >= CSAF_FINDINGS))
        return;
    struct err e;
    va_start(arguments, format);
    fill(&e, check, code, section, value, format, arguments);
    va_end(arguments);
    if (report && count < CSAF_FINDINGS)
        report->errors[count] = e;
    if (!err_is_set(check->first))
        *check->first = e;
}

void csaf_warn(struct csaf_check *check, const char *code, const char *section,
               const struct json_value *value, const char *format, ...)
{
    struct csaf_report *report = check->report;
    if (!report || report->warning_count++ >= CSAF_FINDINGS)
        return;
    va_list arguments;
    va_start(arguments, format);
    fill(&report->warnings[report->warning_count - 1], check, code, section, value, format,
         arguments);
    va_end(arguments);
}
