/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/how.h"
#include "base/encoding.h"
#include "evidence/bundle/bag.h"

#include <inttypes.h>
#include <stdio.h>

static const char head[] =
    "How to check this bundle without the program that made it\n"
    "\n"
    "Run the indented lines in this folder, with sha256sum (GNU coreutils), gzip and openssl.\n"
    "\n"
    "1. No file has changed since the bundle was closed. Only OK lines may come:\n"
    "\n"
    "       sha256sum -c tagmanifest-sha256.txt\n"
    "       sha256sum -c manifest-sha256.txt\n"
    "\n"
    "   No file was added. Only tagmanifest-sha256.txt may come:\n"
    "\n"
    "       find . -type f ! -path './custody/*' ! -path './seal/*' | sed 's,^./,,' | while read "
    "-r "
    "f; do grep -qF \"  $f\" tagmanifest-sha256.txt manifest-sha256.txt || echo \"$f\"; done\n"
    "\n"
    "   No file INCOMPLETE is here: with it, the acquisition was not finished.\n"
    "\n";

static const char seal[] =
    "   Step 1 alone shows that nothing changed by accident. Whoever could write here could have\n"
    "   made all of it anew; against that stand the signature and the time-stamp.\n"
    "\n"
    "3. The custody log (folder custody, if it is here): each record is signed, and so is their\n"
    "   count. A line \"CMS Verification successful\" must come for each file:\n"
    "\n"
    "       for r in custody/*.json; do test ! -e \"$r\" || openssl cms -verify -binary -inform "
    "DER "
    "-in \"${r%.json}.p7s\" -content \"$r\" -noverify -out /dev/null; done\n"
    "\n"
    "   In each record but the first, \"previous\" is the SHA-256 of the record before it, and in\n"
    "   custody/head.json \"last\" is that of the last:\n"
    "\n"
    "       sha256sum custody/[0-9]*.json | cut -d' ' -f1 | while read -r h; do grep -l \"$h\" "
    "custody/*.json || true; done\n"
    "\n"
    "4. The seal (folder seal, if it is here; a later seal lies in seal/00002, and is checked\n"
    "   likewise). Is it a seal of this bundle? 1 must come:\n"
    "\n"
    "       grep -c \"$(sha256sum < tagmanifest-sha256.txt | cut -d' ' -f1)\" seal/seal.json\n"
    "\n"
    "   Was it signed, and with the key of which certificate?\n"
    "\n"
    "       openssl cms -verify -binary -inform DER -in seal/seal.p7s -content seal/seal.json "
    "-noverify -out /dev/null\n"
    "       openssl x509 -in seal/chain.pem -noout -subject -issuer -dates -fingerprint -sha256\n"
    "\n"
    "   Who vouches for that certificate? ROOTS is a file of certificates that you trust, and "
    "that\n"
    "   did not come with this bundle:\n"
    "\n"
    "       openssl cms -verify -binary -inform DER -in seal/seal.p7s -content seal/seal.json "
    "-CAfile \"$ROOTS\" -purpose any -partial_chain -out /dev/null\n"
    "\n"
    "   (OpenSSL 3.0 cannot check a signature by a key of Ed25519; newer ones and the program\n"
    "   below can.)\n"
    "\n"
    "5. The time-stamp (seal/seal.tsr, if it is here) shows that the signature was there at its\n"
    "   time. TSA_ROOTS is a file like ROOTS, for the authority:\n"
    "\n"
    "       openssl ts -reply -in seal/seal.tsr -text\n"
    "       openssl ts -verify -data seal/seal.p7s -in seal/seal.tsr -CAfile \"$TSA_ROOTS\" "
    "-untrusted seal/tsa.pem\n"
    "\n"
    "   When certificates have ended since, add to both commands with roots:\n"
    "   -attime SECONDS, where SECONDS is the time-stamp's time: date -d 'TIME' +%s\n"
    "   seal/stamp.json, signed by stamp.p7s, lists the files of the seal with their SHA-256;\n"
    "   revocation lists and OCSP answers of that time, if kept, are in seal/revocation.\n"
    "\n"
    "6. All of it at once, in Python and openssl, with the damage named by chunk and place. TOOLS\n"
    "   is the folder tools of tocsin's sources, which may come from anywhere:\n"
    "\n"
    "       python3 \"$TOOLS/verify_evidence.py\" --roots \"$ROOTS\" --tsa-roots \"$TSA_ROOTS\" .\n"
    "\n"
    "What this shows, and what not. Steps 1 and 2: this is what was written when the bundle was\n"
    "closed. Step 4: who has the key of the certificate signed exactly that; the time that is\n"
    "written there is the signer's own word. Step 5: it was so no later than the time-stamp. None\n"
    "of them shows that the source was the right one, or that it had not been changed before.\n";

static void write(const struct evidence_how *how, struct buf *out)
{
    char hex[2 * SHA256_LEN + 1];
    buf_puts(out, head);
    if (how->has_image) {
        const char *read = how->packed ? "cat data/image-*.gz | gzip -dc" : "cat data/image-*.raw";
        hex_format(how->image_sha256, SHA256_LEN, hex);
        char second[2 * SHA512_LEN + 128] = "";
        if (how->image_sha512) {
            char long_hex[2 * SHA512_LEN + 1];
            hex_format(how->image_sha512, SHA512_LEN, long_hex);
            snprintf(second, sizeof second, "   And %s:\n\n       %s | sha512sum\n\n", long_hex,
                     read);
        }
        buf_printf(
            out,
            "2. The image is the one that acquisition.json speaks of. %s\n"
            "   must come, and %" PRIu64 ":\n\n"
            "       %s | sha256sum\n"
            "       %s | wc -c\n\n"
            "%s   map.txt lists what could be read (+) and what could not (-), as GNU ddrescue\n"
            "   writes it.\n\n",
            hex, how->image_bytes, read, read, second);
    } else {
        buf_puts(out, "2. There is no image in this bundle: what it holds are the files of "
                      "data.\n\n");
    }
    if (how->says)
        buf_printf(out, "%s\n", how->says);
    buf_puts(out, seal);
}

int evidence_how_put(struct evidence_bag *bag, const struct evidence_how *how, struct err *e)
{
    struct buf text;
    buf_init(&text);
    write(how, &text);
    int result = buf_check(&text, e);
    if (result == 0)
        result = evidence_bag_tag(bag, "VERIFY.txt", buf_slice(&text), e);
    buf_fini(&text);
    return result;
}
