/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manual.h"

#include <string.h>

static const char head[] =
    ".\\\" Made by \"tocsin help --manual\" from the tables in src/cli. Do not edit.\n"
    ".Dd November 21, 2026\n"
    ".Dt TOCSIN 1\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm tocsin\n"
    ".Nd security coordination centre\n"
    ".Sh SYNOPSIS\n"
    ".Nm\n"
    ".Ar command\n"
    ".Op Ar verb\n"
    ".Op Ar operand ...\n"
    ".Op Ar option ...\n"
    ".Nm\n"
    ".Cm help\n"
    ".Op Ar command Op Ar verb\n"
    ".Sh DESCRIPTION\n"
    "One advisory in; every affected device and its owner told, on-line or by a bundle carried on\n"
    "a stick; and proof of each step that anyone can verify off-line.\n"
    ".Pp\n"
    "Commands speak to a running centre over the socket in its folder, or with\n"
    ".Fl -url\n"
    "over mutual TLS from elsewhere. Options and operands may be mixed;\n"
    ".Ql --\n"
    "ends the options. Errors go to standard error as\n"
    ".Ql tocsin: what: why (where; clause) ,\n"
    "with the next step on a line of its own where there is one.\n";

static const char tail[] =
    ".Sh ENVIRONMENT\n"
    ".Bl -tag -width TOCSIN_HOME\n"
    ".It Ev TOCSIN_HOME\n"
    "the centre's folder, when\n"
    ".Fl -home\n"
    "is not given.\n"
    ".It Ev NO_COLOR\n"
    "when set and not empty: no colour. Without a terminal there is none either.\n"
    ".El\n"
    ".Sh FILES\n"
    ".Bl -tag -width Ds\n"
    ".It Pa /var/lib/tocsin\n"
    "the centre's folder, when nothing else is said.\n"
    ".It Pa HOME/tocsin.conf\n"
    "its configuration, see\n"
    ".Xr tocsin.conf 5 .\n"
    ".It Pa HOME/trust/root.pem\n"
    "the trust anchor that devices and verifiers are given.\n"
    ".It Pa HOME/trust/journal.vkey\n"
    "the journal's verifier key.\n"
    ".It Pa HOME/run/local.sock\n"
    "where commands on the same machine are heard.\n"
    ".El\n"
    ".Sh EXIT STATUS\n"
    "0: done. 1: the answer is no: invalid, affected, refused, not verified. 2: wrong usage.\n"
    "3: it could not be done.\n"
    ".Sh SEE ALSO\n"
    ".Xr tocsin.conf 5 ,\n"
    ".Xr tocsin-agent 8\n"
    ".Pp\n"
    "docs/openapi.yaml describes the HTTP interface, docs/formats.md every signed format.\n";

/* Text with what roff would read as its own escaped. */
static void put(FILE *out, const char *text)
{
    bool fresh = true; /* at the beginning of a line */

    for (const char *at = text; *at; at++) {
        if (fresh && (*at == '.' || *at == '\''))
            fputs("\\&", out);
        if (fresh && *at == '\n' && at[1])
            fputs(".Pp", out);
        fresh = *at == '\n';
        if (strncmp(at, "\xe2\x80\xa6", 3) == 0) { /* an ellipsis */
            fputs("...", out);
            at += 2;
        } else if (*at == '\\') {
            fputs("\\e", out);
        } else if (*at == '-') {
            fputs("\\-", out);
        } else {
            fputc(*at, out);
        }
    }
}

static void put_option(FILE *out, const struct cli_option *option)
{
    fputs(".It ", out);
    if (option->letter)
        fprintf(out, "Fl %c , ", option->letter);
    fputs("Fl -", out);
    put(out, option->name);
    if (option->value) {
        fputs(" Ar ", out);
        put(out, option->value);
    }
    fputc('\n', out);
    put(out, option->help);
    fputs(option->many ? " (repeatable).\n" : ".\n", out);
}

/* "CVE|ADVISORY" and the like stand as one argument. */
static void put_heading(FILE *out, const struct cli_group *group, const struct cli_verb *verb)
{
    fprintf(out, ".It Nm tocsin Cm %s", group->name);
    if (verb->name)
        fprintf(out, " Cm %s", verb->name);
    if (verb->operands) {
        fputs(" Ar ", out);
        put(out, verb->operands);
    }
    fputc('\n', out);
}

static void put_verb(FILE *out, const struct cli_group *group, const struct cli_verb *verb)
{
    put_heading(out, group, verb);
    put(out, verb->summary);
    fputs(".\n", out);
    if (verb->text)
        put(out, verb->text);
    if (verb->uses & CLI_CENTRE)
        fputs("Takes the options of all commands that speak to a centre.\n", out);
    if (verb->option_count > 0 || (verb->uses & (CLI_JSON | CLI_LIMIT)) != 0) {
        fputs(".Bl -tag -width Ds -compact\n", out);
        for (size_t i = 0; i < verb->option_count; i++)
            put_option(out, &verb->options[i]);
        for (size_t i = 0; i < cli_common_count; i++)
            if ((cli_common[i].use & verb->uses & (CLI_JSON | CLI_LIMIT)) != 0)
                put_option(out, &cli_common[i].option);
        fputs(".El\n", out);
    }
    if (verb->examples) {
        fputs(".Bd -literal -offset indent\n", out);
        put(out, verb->examples);
        fputs(".Ed\n", out);
    }
}

void cli_manual(FILE *out, const struct cli_group *const *groups, size_t count)
{
    const char *topic = "";

    fputs(head, out);
    fputs(".Ss Options of all commands that speak to a centre\n.Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < cli_common_count; i++)
        if (cli_common[i].use & CLI_CENTRE)
            put_option(out, &cli_common[i].option);
    fputs(".El\n.Sh COMMANDS\n", out);
    for (size_t i = 0; i < count; i++) {
        if (groups[i]->hidden)
            continue;
        if (strcmp(topic, groups[i]->topic) != 0) {
            fprintf(out, "%s.Ss %s\n.Bl -tag -width Ds\n", *topic ? ".El\n" : "", groups[i]->topic);
            topic = groups[i]->topic;
        }
        for (size_t k = 0; k < groups[i]->verb_count; k++)
            if (!cli_group_verb(groups[i], k)->hidden)
                put_verb(out, groups[i], cli_group_verb(groups[i], k));
    }
    fputs(".El\n", out);
    fputs(tail, out);
}
