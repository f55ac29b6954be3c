/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "evidence/acquire/acquisition.h"
#include "evidence/bundle/statement.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MARK_MOST = 1 << 16 };

static const char incomplete[] =
    "This acquisition is not complete. Nothing in this folder is evidence yet.\n"
    "Run the same command again to go on with it: it comes to the same image.\n";

/* What is begun is gone on with from the same source alone: this line of INCOMPLETE says which. */
static void source_line(const struct evidence_source *s, struct buf *line)
{
    const struct evidence_identity *i = &s->identity;
    const char *const parts[] = {i->model, i->serial, i->wwid, i->made_of};
    const char *below = strstr(i->made_of, ", on "); /* names, which are others the next time */
    if (s->kind == EVIDENCE_SOURCE_FILE) {
        buf_printf(line, "Source: a file of %" PRIu64 " bytes", s->all_bytes);
        return;
    }
    buf_printf(line, "Source: a device of %" PRIu64 " bytes", s->all_bytes);
    for (size_t k = 0; k < ARRAY_LEN(parts); k++)
        if (parts[k][0])
            buf_printf(line, ", %.*s",
                       parts[k] == i->made_of && below ? (int)(below - i->made_of)
                                                       : (int)strlen(parts[k]),
                       parts[k]);
}

static int same_source(const struct evidence_acquisition *a, const char *mark, struct err *e)
{
    static const char word[] = "\nSource: a device";
    struct buf text, now;
    buf_init(&text);
    buf_init(&now);
    source_line(&a->source, &now);
    int result = file_read(mark, MARK_MOST, &text, e);
    if (result == 0)
        result = buf_check(&now, e);
    const char *was = result == 0 ? strstr(buf_text(&text), word) : NULL;
    if (was && a->source.kind == EVIDENCE_SOURCE_DEVICE) {
        int len = (int)strcspn(++was, "\n");
        if ((size_t)len != now.len || memcmp(was, now.data, now.len) != 0) {
            result = err_set(e, ERR_CONFLICT, "evidence.source", NULL,
                             "%s is not what this acquisition was begun on: %.*s; now: %s",
                             a->source.path, len, was, buf_text(&now));
            err_hint(e, "give the device that it was begun on, or name another folder");
        }
    }
    buf_fini(&text);
    buf_fini(&now);
    return result;
}

int evidence_acquisition_begin(struct evidence_acquisition *a, struct err *e)
{
    char mark[4096];
    const char *folder = a->options->folder;
    struct buf text;
    if ((size_t)snprintf(mark, sizeof mark, "%s/INCOMPLETE", folder) >= sizeof mark ||
        (size_t)snprintf(a->data, sizeof a->data, "%s/data", folder) >= sizeof a->data)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", folder);
    if (file_kind(mark) == 1)
        return same_source(a, mark, e) == 0 ? 1 : -1;
    buf_init(&text);
    buf_put(&text, incomplete, sizeof incomplete - 1);
    source_line(&a->source, &text);
    buf_putc(&text, '\n');
    int result = buf_check(&text, e);
    if (result == 0)
        result = evidence_bundle_begin(folder, buf_slice(&text), e);
    buf_fini(&text);
    return result;
}
