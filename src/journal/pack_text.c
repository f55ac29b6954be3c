/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/pack_internal.h"

static const char steps[] =
    "\n"
    "WITH ONE COMMAND\n"
    "\n"
    "  tocsin proof verify --root root.pem --witness VKEY PACK\n"
    "  python3 verify_proof.py --root root.pem --witness VKEY PACK\n"
    "\n"
    "root.pem is the trust anchor, VKEY a witness's verifier key. Get both from people whom you\n"
    "trust, never out of this pack: what a pack says about itself proves nothing. If you keep an\n"
    "earlier head of this journal (the file \"checkpoint\" of an earlier pack), give it too:\n"
    "--checkpoint FILE. The two programs share no code; use either, or both.\n"
    "\n"
    "BY HAND, with openssl, sha256sum, base64 and a text editor (formats: docs/formats.md, 6.2)\n"
    "\n"
    "1. No file was changed since the pack was made:\n"
    "     sha256sum -c SHA256SUMS\n"
    "2. The centre stands to it. pack.json is an envelope (section 1.1): its \"payload\" and\n"
    "   \"signature\" are base64, the first certificate of its \"chain\" is the signer's:\n"
    "     (printf 'tocsin-pack/v1\\n'; base64 -d payload.b64) > m;  base64 -d signature.b64 > s\n"
    "     base64 -d chain0.b64 | openssl x509 -inform DER > c.pem\n"
    "     openssl verify -CAfile root.pem -untrusted chain1.pem c.pem\n"
    "     openssl x509 -in c.pem -pubkey -noout > k.pem\n"
    "     openssl dgst -sha256 -verify k.pem -signature s m\n"
    "   The payload names every file's hash. trust.json and publications/*.json are verified\n"
    "   alike; the first line of m is then the payload's \"format\".\n"
    "3. Head of the journal: the file \"checkpoint\" is a C2SP signed note. Its three lines (with\n"
    "   the newline of the third) are signed with the Ed25519 key in \"log_key\" of trust.json: \n"
    "     openssl pkeyutl -verify -rawin -pubin -inkey log.pem -sigfile s -in text\n"
    "   The signature is the base64 of its line without the first 4 bytes. A witness's signature\n"
    "   begins with 8 bytes of time T, and is over the two lines \"cosignature/v1\" and \"time "
    "T\",\n"
    "   followed by the same text.\n"
    "4. An act (a line of acts.jsonl) is in the journal: its commitment is\n"
    "     SHA-256(\"tocsin-act/v1\" || salt || act), its leaf hash SHA-256(0x00 || commitment),\n"
    "   and \"proof\" leads from there to the root in \"checkpoint\" (RFC 9162, 2.1.3.2).\n"
    "5. A device acknowledged (a line of receipts.jsonl): \"envelope\" is verified as in 2 with "
    "the\n"
    "   device's certificate of certificates.jsonl. Starting with \"before\", hash with each of\n"
    "   \"digests\" in turn, SHA-256(head || digest): the last is the \"head\" that the device "
    "signed.\n"
    "   A notice's digest is SHA-256(\"tocsin-notice/v1\\n\" || notice), the notice of "
    "entries.jsonl.\n";

static const char whole[] =
    "6. Who was meant: the leaves of members.jsonl, SHA-256(\"tocsin-member/v1\\n\" || salt ||\n"
    "   event), are the leaf data of a tree with the root that the entry names in \"members\"; "
    "the\n"
    "   entries are the leaf data of the tree whose root the publication signs. Every member has\n"
    "   a line in recipients.jsonl, and the lines are as many as \"counts\" in pack.json say.\n"
    "\n"
    "WHAT THIS PROVES, AND WHAT IT DOES NOT\n"
    "\n";

static const char customer[] =
    "6. Who was meant: a leaf of members.jsonl, SHA-256(\"tocsin-member/v1\\n\" || salt || "
    "event),\n"
    "   is the leaf data at \"index\" of the tree of \"size\" events whose \"root\" an entry names "
    "in\n"
    "   \"members\": with its leaf hash SHA-256(0x00 || leaf), \"proof\" leads there, as in 4. An\n"
    "   entry of entries.jsonl is the leaf data at its \"index\" of the tree whose root and count\n"
    "   the publication signs; \"path\" leads there. Each member shown has a line in\n"
    "   recipients.jsonl (but an entry with \"only\" may mean fewer of them), and the lines are "
    "as\n"
    "   many as \"counts\" in pack.json say.\n"
    "\n"
    "WHAT THIS PROVES, AND WHAT IT DOES NOT\n"
    "\n"
    "This pack is one customer's: his lines out of the same frozen and signed list, under the "
    "same\n"
    "head of the journal and the same witnesses as everybody's. Of the others it shows only how\n"
    "many notices and devices a publication has, and (in crl.der, which is public anyhow) serial\n"
    "numbers of certificates that were revoked. That none of his own lines was left out, he sees\n"
    "by holding the devices named here against his own list of devices: what is not shown to him\n"
    "is salted, and cannot be counted.\n";

static const char proves[] =
    "\"acknowledged\" is proven by the device's key, which the CA vouches for. \"undelivered\",\n"
    "\"unacknowledged\", \"not told\" and everything about owners is the centre's word. That no "
    "line\n"
    "was left out or changed afterwards is proven as far as a witness cosigned the journal. That\n"
    "there was no other publication for this advisory, a pack cannot prove.\n";

void pack_verify_text(struct buf *out, const struct pack_statement *statement)
{
    const struct pack_counts *c = &statement->counts;
    char made[TIME_TEXT];

    time_format(statement->made, made);
    buf_printf(out,
               "PROOF PACK of the journal %s, made %s\n\n"
               "notices meant for devices  %llu (%llu devices)\n"
               "  acknowledged             %llu\n"
               "  silent                   %llu (%llu never fetched it, %llu did not sign)\n"
               "  left, as fixed           %llu\n"
               "  removed                  %llu\n"
               "journal                    %llu acts\n"
               "cosigned by witnesses      ",
               statement->origin, made, (unsigned long long)c->meant,
               (unsigned long long)c->devices, (unsigned long long)c->acknowledged,
               (unsigned long long)c->silent, (unsigned long long)c->undelivered,
               (unsigned long long)c->unacknowledged, (unsigned long long)c->left_fixed,
               (unsigned long long)c->removed, (unsigned long long)statement->checkpoint_size);
    if (statement->witnessed)
        buf_printf(out, "the first %llu acts\n", (unsigned long long)statement->witnessed);
    else
        buf_puts(out, "not at all\n");
    if (statement->organisation)
        buf_printf(out, "only what concerns         %s\n", statement->organisation);
    buf_puts(out, steps);
    buf_puts(out, statement->organisation ? customer : whole);
    buf_puts(out, proves);
}
