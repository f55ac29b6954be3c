/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: names and limits of a wrapped bundle, and folders that are whole or not there. */
#ifndef EVIDENCE_WRAP_FORM_H
#define EVIDENCE_WRAP_FORM_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define WRAP_FORMAT "tocsin-evidence-wrap/v1"
#define WRAP_INDEX_FORMAT "tocsin-evidence-wrap-index/v1"
#define WRAP_HEAD "wrap.json"
#define WRAP_INDEX "index.p7m"
#define WRAP_HOW "OPEN.txt"

/* 32 TiB; the index has some 100 bytes a part, and is the one thing that grows in memory. */
enum { WRAP_PART = 8 << 20, WRAP_PARTS_MOST = 4 << 20, WRAP_INDEX_MOST = 511 << 20 };

/* "part-000001.p7m"; numbers begin with 1. */
void wrap_part_name(uint64_t number, char name[32]);
/* One part of a path, of letters, digits and what else files are called by. */
bool wrap_is_name(const char *name);
/* How anybody opens it. */
extern const char wrap_how[];

/* Makes TARGET.part; "evidence.exists": it, or TARGET, is there. */
int wrap_begin(const char *target, char folder[4096], struct err *e) MUST_CHECK;
/* Makes it durable, and gives it its name. */
int wrap_end(const char *target, const char *folder, struct err *e) MUST_CHECK;
/* Takes away what wrap_begin made; links are not followed. */
void wrap_remove(const char *folder);
int wrap_write_failed(const char *path, int error, struct err *e);

#endif
