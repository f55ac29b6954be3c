/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_wrapped.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/output.h"
#include "cli/evidence_answer.h"
#include "cli/progress.h"
#include "cli/say.h"

#include <inttypes.h>
#include <stdio.h>

enum { UNIT = 1 << 20 };

bool evidence_wrapped_watch(void *context, uint64_t done, uint64_t all)
{
    struct progress *p = context;
    if (!p->unit)
        progress_start(p, "MiB", all / UNIT);
    progress_to(p, done / UNIT);
    return !evidence_stop_asked();
}

static void tell_json(const struct cli_args *args, const struct evidence_wrapped *done)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_member_string(&w, "from", args->operands[0]);
    json_member_string(&w, "to", args->operands[1]);
    json_member_bool(&w, "complete", !done->stopped);
    json_member_int(&w, "files", (int64_t)done->files);
    json_member_int(&w, "bytes", (int64_t)done->bytes);
    json_member_int(&w, "parts", (int64_t)done->parts);
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

int evidence_wrapped_tell(const struct cli_args *args, const char *word, int result,
                          const struct evidence_wrapped *done, const struct err *e)
{
    char size[16];
    if (result != 0) {
        int said = say_fail(args, e);
        return say_end(args, e->kind == ERR_USAGE ? said : e->kind == ERR_VERIFY ? 1 : 3);
    }
    progress_size(done->bytes, size);
    if (cli_flag(args, "json"))
        tell_json(args, done);
    else if (done->stopped)
        printf("stopped; nothing of it was kept\n");
    else
        printf("%s: %" PRIu64 " files, %s, %" PRIu64 " parts\n", word, done->files, size,
               done->parts);
    return say_end(args, done->stopped ? 3 : 0);
}
