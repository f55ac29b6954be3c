/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the proof pack of pack_fixture.h for scripts:
 *   pack_make FOLDER PACK [without-silent] [earlier|unwitnessed] [customer ORG] [extra N] [lie
 * NAME] FOLDER gets root.pem, witness.vkey, kept.checkpoint, act.tlog-proof and the keys; PACK is a
 * folder or a .tar.
 */
#include "pack_fixture.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>

static void keep(const char *folder, const char *name, const struct buf *content)
{
    char path[512];
    struct err e = {0};

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_write(path, buf_slice(content), 0644, &e) != 0) {
        fprintf(stderr, "%s: %s\n", path, e.text);
        exit(3);
    }
}

int main(int argc, char **argv)
{
    struct pack_options options = {.extra = 0};
    struct pack_made made;
    char keys[512];

    if (argc < 3) {
        fprintf(stderr, "usage: pack_make FOLDER PACK [without-silent] [earlier|unwitnessed] "
                        "[customer ORG] [extra N]\n");
        return 2;
    }
    snprintf(keys, sizeof keys, "%s/keys", argv[1]);
    options.keys = keys;
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "without-silent") == 0)
            options.without_silent = true;
        else if (strcmp(argv[i], "earlier") == 0)
            options.witnessing = PACK_WITNESSED_EARLIER;
        else if (strcmp(argv[i], "unwitnessed") == 0)
            options.witnessing = PACK_NOT_WITNESSED;
        else if (strcmp(argv[i], "customer") == 0 && i + 1 < argc)
            options.customer = argv[++i];
        else if (strcmp(argv[i], "lie") == 0 && i + 1 < argc)
            options.lie = argv[++i];
        else if (strcmp(argv[i], "extra") == 0 && i + 1 < argc)
            options.extra = (unsigned)strtoul(argv[++i], NULL, 10);
        else
            return 2;
    }
    pack_fixture_make(argv[2], &options, &made);
    keep(argv[1], "root.pem", &made.root);
    keep(argv[1], "witness.vkey", &made.witness);
    keep(argv[1], "kept.checkpoint", &made.kept);
    keep(argv[1], "act.tlog-proof", &made.proof);
    pack_made_fini(&made);
    return 0;
}
