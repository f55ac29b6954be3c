/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/name.h"
#include "crypto/der.h"
#include "base/utf8.h"

#include <stdio.h>

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t oid_serial_number[] = {0x55, 0x04, 0x05};
static const uint8_t oid_country[] = {0x55, 0x04, 0x06};
static const uint8_t oid_locality[] = {0x55, 0x04, 0x07};
static const uint8_t oid_state[] = {0x55, 0x04, 0x08};
static const uint8_t oid_organisation[] = {0x55, 0x04, 0x0a};
static const uint8_t oid_organisational_unit[] = {0x55, 0x04, 0x0b};

#define OID(bytes) slice_of((bytes), sizeof(bytes))

static bool is_printable_string(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && !(c != 0 && strchr(" '()+,-./:=?", c)))
            return false;
    }
    return true;
}

static bool has_control(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < 0x20 || s.data[i] == 0x7f)
            return true;
    return false;
}

static size_t characters(struct slice s)
{
    size_t count = 0;

    for (size_t i = 0; i < s.len; i++)
        count += (s.data[i] & 0xc0) != 0x80;
    return count;
}

static int put_part(struct buf *der, struct slice oid, int tag, const char *part, const char *what,
                    struct err *e)
{
    struct slice s = slice_str(part);

    if (s.len == 0)
        return 0;
    if (characters(s) > NAME_PART_MAX || utf8_check(s) != s.len || has_control(s) ||
        (tag == DER_PRINTABLE_STRING && !is_printable_string(s)))
        return err_set(e, ERR_USAGE, "name.part", "RFC 5280 appendix A.1",
                       "the %s of a name is over %d characters or holds ones it may not", what,
                       NAME_PART_MAX);
    size_t set = der_begin(der, DER_SET);
    size_t sequence = der_begin(der, DER_SEQUENCE);
    der_put(der, DER_OID, oid);
    der_put(der, tag, s);
    der_close(der, sequence);
    der_close(der, set);
    return 0;
}

int name_build(const struct name_parts *parts, struct buf *der, struct err *e)
{
    if (parts->country && parts->country[0] && strlen(parts->country) != 2)
        return err_set(e, ERR_USAGE, "name.part", "RFC 5280 appendix A.1",
                       "the country of a name is not two letters");
    size_t name = der_begin(der, DER_SEQUENCE);
    if (put_part(der, OID(oid_country), DER_PRINTABLE_STRING, parts->country, "country", e) != 0 ||
        put_part(der, OID(oid_organisation), DER_UTF8_STRING, parts->organisation, "organisation",
                 e) != 0 ||
        put_part(der, OID(oid_organisational_unit), DER_UTF8_STRING, parts->organisational_unit,
                 "organisational unit", e) != 0 ||
        put_part(der, OID(oid_serial_number), DER_PRINTABLE_STRING, parts->serial_number,
                 "serial number", e) != 0 ||
        put_part(der, OID(oid_common_name), DER_UTF8_STRING, parts->common_name, "common name",
                 e) != 0)
        return -1;
    der_close(der, name);
    return buf_check(der, e);
}

/* One attribute: its OID, and its text when it is in a string type that we show. */
static bool next_attribute(struct der *name, struct der *set, struct slice *oid,
                           struct slice *value, bool *first_of_set)
{
    int tag;

    *first_of_set = false;
    if (der_at_end(set)) {
        if (der_at_end(name))
            return false;
        *set = der_enter(name, DER_SET);
        *first_of_set = true;
    }
    struct der attribute = der_enter(set, DER_SEQUENCE);
    *oid = der_oid(&attribute);
    der_take_any(&attribute, &tag, value);
    if (tag != DER_UTF8_STRING && tag != DER_PRINTABLE_STRING && tag != DER_IA5_STRING)
        *value = slice_of(NULL, 0);
    return name->document->reason == NULL;
}

struct slice name_attribute(struct slice name_der, struct slice oid)
{
    struct der_document document;
    struct der top = der_open(&document, name_der);
    struct der name = der_enter(&top, DER_SEQUENCE);
    struct der set = der_inside(&name, slice_of(NULL, 0));
    struct slice found = {0};
    struct slice at, value;
    bool first;

    while (next_attribute(&name, &set, &at, &value, &first))
        if (slice_equal(at, oid))
            found = value;
    return found;
}

bool name_same(struct slice a, struct slice b)
{
    struct der_document documents[2];
    struct der tops[2] = {der_open(&documents[0], a), der_open(&documents[1], b)};
    struct der names[2] = {der_enter(&tops[0], DER_SEQUENCE), der_enter(&tops[1], DER_SEQUENCE)};
    struct der sets[2] = {der_inside(&names[0], slice_of(NULL, 0)),
                          der_inside(&names[1], slice_of(NULL, 0))};
    struct slice oids[2], values[2];
    bool firsts[2], more[2];

    if (slice_equal(a, b))
        return true;
    do {
        for (size_t i = 0; i < 2; i++)
            more[i] = next_attribute(&names[i], &sets[i], &oids[i], &values[i], &firsts[i]);
        if (more[0] != more[1])
            return false;
        /* a value that is not text (data NULL) is not compared: it is never the same */
        if (more[0] && (firsts[0] != firsts[1] || !slice_equal(oids[0], oids[1]) ||
                        !values[0].data || !slice_equal(values[0], values[1])))
            return false;
    } while (more[0]);
    return !documents[0].reason && !documents[1].reason;
}

struct slice name_common_name(struct slice name_der)
{
    return name_attribute(name_der, OID(oid_common_name));
}

static void attribute_label(struct slice oid, char *text, size_t size)
{
    static const struct {
        struct slice oid;
        const char *label;
    } known[] = {
        {{oid_common_name, sizeof(oid_common_name)}, "CN"},
        {{oid_serial_number, sizeof(oid_serial_number)}, "serialNumber"},
        {{oid_country, sizeof(oid_country)}, "C"},
        {{oid_locality, sizeof(oid_locality)}, "L"},
        {{oid_state, sizeof(oid_state)}, "ST"},
        {{oid_organisation, sizeof(oid_organisation)}, "O"},
        {{oid_organisational_unit, sizeof(oid_organisational_unit)}, "OU"},
    };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (slice_equal(oid, known[i].oid)) {
            snprintf(text, size, "%s", known[i].label);
            return;
        }
    if (!der_oid_text(oid, text, size))
        snprintf(text, size, "?");
}

/* Appends text; stops at the end of the room, whole characters only. */
static void append(char text[NAME_TEXT], size_t *len, const char *more)
{
    size_t add = strlen(more);

    if (*len + add < NAME_TEXT) {
        memcpy(text + *len, more, add + 1);
        *len += add;
    }
}

static void append_value(char text[NAME_TEXT], size_t *len, struct slice value)
{
    const uint8_t *end = value.data + value.len;

    for (const uint8_t *at = value.data; at < end;) {
        size_t bytes = utf8_length(at, end);
        char shown[8];
        if (bytes == 0 || *at < 0x20 || *at == 0x7f) {
            snprintf(shown, sizeof(shown), "\\%02x", *at);
            bytes = 1;
        } else if (bytes == 1 && strchr(",+=\\\"<>;", *at)) {
            snprintf(shown, sizeof(shown), "\\%c", *at);
        } else {
            memcpy(shown, at, bytes);
            shown[bytes] = '\0';
        }
        append(text, len, shown);
        at += bytes;
    }
}

void name_text(struct slice name_der, char text[NAME_TEXT])
{
    struct der_document document;
    struct der top = der_open(&document, name_der);
    struct der name = der_enter(&top, DER_SEQUENCE);
    struct der set = der_inside(&name, slice_of(NULL, 0));
    struct slice oid, value;
    char label[80];
    size_t len = 0;
    bool first;

    text[0] = '\0';
    while (next_attribute(&name, &set, &oid, &value, &first)) {
        if (len > 0)
            append(text, &len, first ? ", " : "+");
        attribute_label(oid, label, sizeof(label));
        append(text, &len, label);
        append(text, &len, "=");
        if (value.len > 0)
            append_value(text, &len, value);
    }
}
