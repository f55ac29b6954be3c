/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of tocsin advisory, and what they share. */
#ifndef CLI_ADVISORY_H
#define CLI_ADVISORY_H

#include "cli/api.h"

int advisory_import(const struct cli_args *args);
int advisory_preview(const struct cli_args *args);
int advisory_publish(const struct cli_args *args);
int advisory_delivery(const struct cli_args *args);
int advisory_match(const struct cli_args *args);
int advisory_products(const struct cli_args *args);
int advisory_components(const struct cli_args *args);
int advisory_assets(const struct cli_args *args);
int advisory_resend(const struct cli_args *args);
int advisory_remediation(const struct cli_args *args);
int advisory_mark(const struct cli_args *args);

/* "/v1/advisory/NAME" and more, appended. */
void advisory_target(struct buf *target, const char *name, const char *more);

/*
 * Asks for a publication, and waits until it is signed when wait_seconds is over 0. ERR_UNAVAILABLE
 * "cli.waited" when it did not happen in time; ERR_CONFLICT "centre.published" when this version
 * was published before.
 */
int advisory_publish_one(struct api *api, const char *name, int64_t wait_seconds,
                         struct err *e) MUST_CHECK;

/* FIRST COMMAND NAME-OF-THE-ADVISORY LAST, as a line: what to type next. */
void advisory_say_next(const struct json_value *answer, const char *first, const char *command,
                       const char *last);
/* The heading of an advisory: name, version, title, state. */
void advisory_say_heading(const struct json_value *answer);

/*
 * Assets with what is said of them, grouped: who has the same statements stands together. Rows are
 * fed one by one (an api_row; context: the groups), then said.
 */
struct advisory_groups;
int advisory_groups_new(struct advisory_groups **groups, struct err *e) MUST_CHECK;
void advisory_groups_free(struct advisory_groups *groups);
int advisory_groups_row(void *groups, const struct json_value *row, struct err *e) MUST_CHECK;
/* why: with all reasons. */
void advisory_groups_say(const struct advisory_groups *groups, bool why);
/* What became of an advisory, by asset: states that add up; nothing when counts is NULL. */
void advisory_say_remediation(const struct json_value *counts);
/* "counts" of an answer: classes and assets by status, and whether they are told. */
void advisory_say_counts(const struct json_value *counts);
/* Whether any of them is told by a publication. */
bool advisory_tells(const struct json_value *counts);

#endif
