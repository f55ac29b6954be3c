/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_said.h"
#include "base/file.h"
#include "base/output.h"
#include "cli/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_BYTES = 16 << 20 };

void evidence_told_command(struct evidence_told *t)
{
    struct err ignored = {0};
    size_t count = 0, more = 0;
    if (file_read("/proc/self/cmdline", WORDS_BYTES, &t->words, &ignored) != 0)
        return;
    for (size_t at = 0; at < t->words.len;) {
        if (count < ARRAY_LEN(t->command) - 2)
            t->command[count++] = (const char *)t->words.data + at;
        else
            more++;
        at += strlen((const char *)t->words.data + at) + 1;
    }
    if (more) {
        snprintf(t->more, sizeof t->more, "[and %zu more words of the command line]", more);
        t->command[count++] = t->more;
    }
    t->said.command = count ? t->command : NULL;
}

int evidence_told_init(struct evidence_told *t, const struct cli_args *args, struct err *e)
{
    size_t covers = 0;
    *t = (struct evidence_told){0};
    buf_init(&t->words);
    for (const char *one; (one = cli_value_at(args, "authority-covers", covers)); covers++) {
        if (covers == ARRAY_LEN(t->covers) - 1)
            return err_set(e, ERR_USAGE, "cli.option", NULL, "--authority-covers: at most %zu",
                           ARRAY_LEN(t->covers) - 1);
        t->covers[covers] = one;
    }
    t->said = (struct evidence_said){
        .identity = cli_value(args, "identity"),
        .password_file = cli_value(args, "passphrase-file"),
        .role = cli_value(args, "role"),
        .place = cli_value(args, "place"),
        .reason = cli_value(args, "reason"),
        .reference = cli_value(args, "reference"),
        .authority = {.id = cli_value(args, "authority"),
                      .scope = cli_value(args, "authority-scope"),
                      .issued_by = cli_value(args, "authority-issued-by"),
                      .expires = cli_value(args, "authority-expires"),
                      .covers = covers ? t->covers : NULL},
    };
    evidence_told_command(t);
    if (!t->said.authority.id && (t->said.authority.scope || t->said.authority.expires || covers))
        return err_set(e, ERR_USAGE, "cli.option", NULL,
                       "--authority-… says something of an --authority, and none is given");
    return 0;
}

void evidence_told_fini(struct evidence_told *t)
{
    buf_fini(&t->words);
}

void evidence_tell_warnings(const struct evidence_appended *told)
{
    const char *at = told->warnings;
    while (*at) {
        size_t len = strcspn(at, "\n");
        fputs("tocsin: warning: ", stderr);
        say_text(stderr, slice_of(at, len));
        fputs(" (it stands in the record)\n", stderr);
        at += len + (at[len] == '\n');
    }
}

void evidence_tell_step(const struct cli_args *args, const char *holder, const char *kind,
                        const struct evidence_appended *told)
{
    evidence_tell_warnings(told);
    if (cli_flag(args, "json")) {
        struct json_writer w;
        struct buf line;
        buf_init(&line);
        json_write_init(&w, &line, 0);
        json_write_object(&w);
        json_member_string(&w, "holder", holder);
        json_member_string(&w, "kind", kind);
        json_member_int(&w, "record", (int64_t)told->number);
        json_member_hex(&w, "sha256", slice_of(told->sha256, sizeof told->sha256));
        json_member_string(&w, "warnings", told->warnings);
        json_write_object_end(&w);
        output_line(stdout, &line);
        buf_fini(&line);
        return;
    }
    say_text(stdout, slice_str(holder));
    printf(": record %" PRIu64 " (%s) is written and signed\n", told->number, kind);
}
