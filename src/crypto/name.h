/* SPDX-License-Identifier: Apache-2.0 */
/* Distinguished names (RFC 5280 section 4.1.2.4) as DER. */
#ifndef CRYPTO_NAME_H
#define CRYPTO_NAME_H

#include "base/buf.h"

/* Attributes that we write; all as UTF8String but country and serial (PrintableString). */
struct name_parts {
    const char *country;             /* two letters */
    const char *organisation;        /* up to 64 characters (upper bounds of RFC 5280 appendix A) */
    const char *organisational_unit; /* up to 64 */
    const char *common_name;         /* up to 64 */
    const char *serial_number;       /* up to 64, PrintableString */
};

enum { NAME_PART_MAX = 64, NAME_DER_MAX = 4096, NAME_TEXT = 512 };

/* Appends the Name; parts that are NULL or empty are left out. ERR_USAGE "name.part" when a part is
 * over its bound or holds control characters or bytes that its type does not allow. */
int name_build(const struct name_parts *parts, struct buf *der, struct err *e) MUST_CHECK;

/*
 * A Name for people, RFC 4514-like in the order of the certificate ("C=AT, O=Example, CN=pump 7");
 * control characters and bytes that are not UTF-8 as \xx. Cut to fit; "" for an empty name.
 */
void name_text(struct slice name_der, char text[NAME_TEXT]);

/* The same attributes with the same text in the same order; string types may differ. */
bool name_same(struct slice a, struct slice b);

/* The bytes of the (last) common name, or of any attribute by its OID's contents; empty when there
 * is none. Only UTF8String, PrintableString, IA5String. */
struct slice name_common_name(struct slice name_der);
struct slice name_attribute(struct slice name_der, struct slice oid);

#endif
