/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "cli/evidence.h"
#include "cli/passphrase.h"
#include "cli/say.h"
#include "evidence/identity.h"

#include <stdio.h>

enum { DAYS = 1095, DAYS_MOST = 3650 };

static int wish_of(const struct cli_args *args, struct evidence_identity_wish *wish,
                   const char *competence[EVIDENCE_COMPETENCES], struct err *e)
{
    const char *kind = cli_value(args, "key-type");
    int64_t days;
    if (cli_number(args, "days", 1, DAYS_MOST, DAYS, &days, e) != 0)
        return -1;
    *wish = (struct evidence_identity_wish){.name = cli_value(args, "name"),
                                            .role = cli_value(args, "role"),
                                            .organisation = cli_value(args, "organisation"),
                                            .country = cli_value(args, "country"),
                                            .competence = competence,
                                            .kind = KEY_P256,
                                            .days = (unsigned)days,
                                            .request = cli_flag(args, "request")};
    if (!wish->name)
        return err_set(e, ERR_USAGE, "cli.operands", NULL, "--name is missing");
    if (kind && !(wish->kind = key_kind_parse(slice_str(kind))))
        return err_set(e, ERR_USAGE, "cli.option", NULL,
                       "--key-type is P-256, P-384, RSA or Ed25519, not \"%s\"", kind);
    for (const char *one; (one = cli_value_at(args, "competence", wish->competence_count));) {
        if (wish->competence_count == EVIDENCE_COMPETENCES)
            return err_set(e, ERR_USAGE, "cli.option", NULL, "more than %d qualifications",
                           EVIDENCE_COMPETENCES);
        competence[wish->competence_count++] = one;
    }
    return 0;
}

static int make(const struct cli_args *args, struct evidence_identity_wish *wish, struct err *e)
{
    struct buf passphrase;
    struct slice secret;
    int result = 0;
    buf_init_secret(&passphrase);
    if (cli_flag(args, "passphrase") || cli_value(args, "passphrase-file")) {
        result = passphrase_read(cli_value(args, "passphrase-file"),
                                 "Passphrase of the key: ", true, &passphrase, e);
        secret = buf_slice(&passphrase);
        wish->passphrase = &secret;
    }
    if (result == 0)
        result = evidence_identity_make(args->operands[0], wish, e);
    buf_fini_secret(&passphrase);
    return result;
}

static int run(const struct cli_args *args)
{
    const char *competence[EVIDENCE_COMPETENCES], *folder = args->operands[0];
    struct evidence_identity_wish wish;
    struct err e = {0};
    if (wish_of(args, &wish, competence, &e) != 0 || make(args, &wish, &e) != 0)
        return say_fail(args, &e);
    say_text(stdout, slice_str(folder));
    fputs(": key.pem", stdout);
    puts(wish.passphrase ? " (encrypted), person.json" : " (not encrypted: guard it), person.json");
    if (wish.request)
        puts("request.pem: give it to an authority, and put the certificate that comes back, with "
             "those\nof its issuers behind it, into chain.pem");
    else
        puts("chain.pem: a certificate that this key signed itself. Who is to rely on it needs it "
             "from\nyour own hand, or its SHA-256 on paper (openssl x509 -fingerprint -sha256)");
    return say_end(args, 0);
}

static const struct cli_option identity_options[] = {
    {"name", "NAME", "who it is", 0, false},
    {"role", "ROLE", "DEFR, DES (ISO/IEC 27037), custodian, or another word", 0, false},
    {"competence", "TEXT", "a qualification, with its date", 0, true},
    {"organisation", "NAME", "whom one works for", 0, false},
    {"country", "CC", "two letters", 0, false},
    {"key-type", "TYPE", "P-256 (default), P-384, RSA or Ed25519", 0, false},
    {"days", "N", "how long a self-signed certificate is valid (default 1095)", 0, false},
    {"request", NULL, "make a request for an authority instead of a self-signed certificate", 0,
     false},
    {"passphrase", NULL, "ask for a passphrase, and encrypt the key with it", 0, false},
    {"passphrase-file", "FILE", "the same, with the first line of a file", 0, false},
};

const struct cli_verb evidence_identity_verb = {
    .name = "identity",
    .operands = "FOLDER",
    .summary = "make the key and certificate of a person who acts on evidence",
    .text = "Makes a folder with key.pem (0600), chain.pem and person.json, which other commands\n"
            "take as --identity FOLDER. What a key of Ed25519 signs, OpenSSL 3.0 cannot check; "
            "what the\n"
            "others sign, it can (openssl cms -verify).\n",
    .examples = "  tocsin evidence identity ~/meyer --name 'A. Meyer' --role DEFR \\\n"
                "      --competence 'GCFA, 2024-05-01' --organisation Example --passphrase\n",
    .options = identity_options,
    .option_count = ARRAY_LEN(identity_options),
    .least = 1,
    .most = 1,
    .run = run,
};
