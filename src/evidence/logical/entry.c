/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/entry.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void evidence_entry_reset(struct evidence_entry *entry)
{
    struct buf path = entry->path, line = entry->line;
    if (entry->fd >= 0)
        close(entry->fd);
    mem_free(entry->content.extents);
    buf_reset(&path);
    buf_reset(&line);
    *entry = (struct evidence_entry){.path = path, .line = line, .fd = -1};
}

void evidence_entry_fini(struct evidence_entry *entry)
{
    evidence_entry_reset(entry);
    buf_fini(&entry->path);
    buf_fini(&entry->line);
}

void evidence_entry_not_taken(struct evidence_entry *entry, const char *rule, int error,
                              const char *format, ...)
{
    va_list list;
    entry->rule = rule;
    entry->error = error;
    va_start(list, format);
    int len = vsnprintf(entry->why, sizeof entry->why, format, list);
    va_end(list);
    if (error && len >= 0 && (size_t)len < sizeof entry->why)
        snprintf(entry->why + len, sizeof entry->why - (size_t)len, ": %s",
                 strerrordesc_np(error) ? strerrordesc_np(error) : "an error without a name");
}
