/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A class: all assets with the same set of normalised component identities (the nameplate without
 * its serial number, and the components). Its id is the SHA-256 of the canonical form of that set,
 * "tocsin-class/v1" (docs/formats-inventory.md): it does not depend on the order, on spellings that
 * normalise alike, nor on a document's bytes. Matching works on classes, never on assets.
 */
#ifndef FLEET_CLASS_H
#define FLEET_CLASS_H

#include "fleet/inventory.h"
#include "fleet/name.h"

enum fleet_identity_kind { FLEET_DEVICE, FLEET_SOFTWARE };

struct fleet_strings {
    const struct slice *at;
    size_t count;
};

/* One component identity. Names are normal forms; an absent one is empty. */
struct fleet_identity {
    enum fleet_identity_kind kind;
    struct fleet_name vendor;
    struct fleet_name model;   /* device: the model; software: the name */
    struct fleet_name family;  /* device only */
    struct fleet_name product; /* device only */
    struct slice version;      /* product_version_normalise */
    struct slice hardware;
    struct fleet_strings orders; /* order numbers and SKUs, normalised, sorted */
    struct slice purl;           /* canonical, with version */
    struct slice cpe;            /* lower case */
    struct fleet_strings hashes; /* "sha-256:0a1b…", sorted */
    struct slice canonical;      /* its own bytes in the class's canonical form */
    struct slice label;          /* how to name it to people, from the inventory; or from forms */
    const char *pointer;         /* its place in the inventory: "nameplate", "/components/3" */
};

struct fleet_class {
    uint8_t digest[32];
    struct slice canonical; /* what is hashed, without the domain line: canonical JSON */
    const struct fleet_identity *identities;
    size_t count;
    struct arena arena;
};

/*
 * Components of one class that may share a name, a package URL without its version, or a CPE's
 * product. No real inventory comes near; without a limit, one device could make every advisory that
 * names its components cost gigabytes.
 */
enum { FLEET_SAME = 1000 };

/* 0 and *out; -1 with ERR_LIMIT "class.limit" (FLEET_SAME), ERR_MEMORY or "crypto.digest". An empty
 * inventory is a class, too. */
int fleet_class_build(struct fleet_class **out, const struct fleet_inventory *inventory,
                      struct err *e) MUST_CHECK;

/* The class back from its canonical form, as stored; -1 with "class.format" when the text is not
 * exactly what fleet_class_build writes. */
int fleet_class_parse(struct fleet_class **out, struct slice canonical, struct err *e) MUST_CHECK;

void fleet_class_free(struct fleet_class *class);

/* One identity back from its own canonical bytes, as the index stores it; its strings live in the
 * arena. -1 with a "json.…" code or ERR_MEMORY. */
int fleet_identity_parse(struct arena *a, struct slice canonical, struct fleet_identity *out,
                         struct err *e) MUST_CHECK;

enum { FLEET_CLASS_TEXT = 72 };
/* "sha256:" and 64 hexadecimal digits. */
void fleet_class_format(const uint8_t digest[32], char text[FLEET_CLASS_TEXT]);

#endif
