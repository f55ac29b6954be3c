/* SPDX-License-Identifier: Apache-2.0 */
/* Filter expressions, compiled by libpcap for the kernel; nothing else of libpcap is used. */
#ifndef EVIDENCE_FILTER_H
#define EVIDENCE_FILTER_H

#include "base/err.h"

#include <linux/filter.h>
#include <stdint.h>

/*
 * expression NULL or empty: everything. Packets that pass are cut to snaplen. The instructions are
 * the caller's: mem_free them. ERR_USAGE "capture.filter" with what libpcap says.
 */
int evidence_filter_compile(const char *expression, int link, uint32_t snaplen,
                            struct sock_fprog *program, struct err *e) MUST_CHECK;

#endif
