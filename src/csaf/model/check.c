/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/model/check.h"

#include <stdarg.h>
#include <stdio.h>

static void fill(struct err *e, const struct csaf_check *check, const char *code,
                 const char *section, const char *format, va_list arguments)
    __attribute__((format(printf, 5, 0)));

static void fill(struct err *e, const struct csaf_check *check, const char *code,
                 const char *section, const char *format, va_list arguments)
{
    char message[sizeof e->text], clause[sizeof e->clause];
    vsnprintf(message, sizeof message, format, arguments);
    snprintf(clause, sizeof clause, "%s %s", check->standard ? check->standard : "CSAF", section);
    err_clear(e);
    err_set(e, ERR_INPUT, code, clause, "%s", message);
}

static void at_place(struct err *e, const struct csaf_place *place, const char *hint)
{
    err_where(e, "line %zu column %zu (%s)", place->line, place->column, place->pointer);
    if (hint)
        err_hint(e, "%s", hint);
}

/* The next fault's slot: in the report, or *own for the first one without a report; NULL: it is
 * counted only. */
static struct err *next_fault(struct csaf_check *check, struct err *own)
{
    struct csaf_report *report = check->report;
    size_t count = check->errors++;

    if (report)
        report->error_count = check->errors;
    if (report && count < CSAF_FINDINGS)
        return &report->errors[count];
    return count == 0 ? own : NULL;
}

static void keep_first(struct csaf_check *check, const struct err *e)
{
    if (!err_is_set(check->first))
        *check->first = *e;
}

void csaf_fault(struct csaf_check *check, const char *code, const char *section,
                const struct json_value *value, const char *format, ...)
{
    struct err own, *e = next_fault(check, &own);
    va_list arguments;

    if (!e)
        return;
    va_start(arguments, format);
    fill(e, check, code, section, format, arguments);
    va_end(arguments);
    if (value)
        json_err_where(check->document->json, value, e);
    keep_first(check, e);
}

void csaf_fault_at(struct csaf_check *check, const char *code, const char *section,
                   const struct csaf_place *place, const char *hint, const char *format, ...)
{
    struct err own, *e = next_fault(check, &own);
    va_list arguments;

    if (!e)
        return;
    va_start(arguments, format);
    fill(e, check, code, section, format, arguments);
    va_end(arguments);
    at_place(e, place, hint);
    keep_first(check, e);
}

void csaf_fault_as(struct csaf_check *check, const struct err *fault)
{
    struct err own, *e = next_fault(check, &own);

    if (!e)
        return;
    *e = *fault;
    keep_first(check, e);
}

static struct err *next_warning(struct csaf_check *check)
{
    struct csaf_report *report = check->report;
    if (!report || report->warning_count++ >= CSAF_FINDINGS)
        return NULL;
    return &report->warnings[report->warning_count - 1];
}

void csaf_warn(struct csaf_check *check, const char *code, const char *section,
               const struct json_value *value, const char *format, ...)
{
    struct err *e = next_warning(check);
    va_list arguments;

    if (!e)
        return;
    va_start(arguments, format);
    fill(e, check, code, section, format, arguments);
    va_end(arguments);
    if (value)
        json_err_where(check->document->json, value, e);
}

void csaf_warn_at(struct csaf_check *check, const char *code, const char *section,
                  const struct csaf_place *place, const char *hint, const char *format, ...)
{
    struct err *e = next_warning(check);
    va_list arguments;

    if (!e)
        return;
    va_start(arguments, format);
    fill(e, check, code, section, format, arguments);
    va_end(arguments);
    at_place(e, place, hint);
}
