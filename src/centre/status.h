/* SPDX-License-Identifier: Apache-2.0 */
/* How the centre is: for people (JSON of `tocsin status`) and for Prometheus. */
#ifndef CENTRE_STATUS_H
#define CENTRE_STATUS_H

#include "base/buf.h"
#include "centre/caller.h"
#include "centre/workers.h"

/*
 * Everything for who runs the centre; for others what they may know of it (that it stands, what is
 * signed), and the counts of their own organisation, which `scope` then names.
 */
int status_write(struct worker *worker, const struct caller *caller, struct buf *json,
                 struct err *e) MUST_CHECK;
/* Prometheus text format 0.0.4; for who runs the centre alone. */
int metrics_write(struct worker *worker, struct buf *text, struct err *e) MUST_CHECK;

#endif
