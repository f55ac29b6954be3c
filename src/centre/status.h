/* SPDX-License-Identifier: Apache-2.0 */
/* How the centre is: for people (JSON of `tocsin status`) and for Prometheus. */
#ifndef CENTRE_STATUS_H
#define CENTRE_STATUS_H

#include "base/buf.h"
#include "centre/workers.h"

int status_write(struct worker *worker, struct buf *json, struct err *e) MUST_CHECK;
/* Prometheus text format 0.0.4. */
int metrics_write(struct worker *worker, struct buf *text, struct err *e) MUST_CHECK;

#endif
