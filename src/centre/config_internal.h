/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the configuration share: the table of keys, and reading one value. */
#ifndef CENTRE_CONFIG_INTERNAL_H
#define CENTRE_CONFIG_INTERNAL_H

#include "centre/config.h"
#include "centre/config_text.h"

enum config_type {
    CONFIG_TEXT,
    CONFIG_PATH,
    CONFIG_URL,
    CONFIG_MAILBOX,
    CONFIG_VKEY,
    CONFIG_ADDRESSES,
    CONFIG_NETWORKS,
    CONFIG_INT,
    CONFIG_BOOL,
    CONFIG_DURATION,
    CONFIG_SIZE,
    CONFIG_CHOICE,
};

struct config_key {
    const char *section; /* id of the table: "door_enrol" */
    const char *key;     /* id of the table: "listen_tls" */
    enum config_type type;
    const char *preset, *least, *most;
    const char *comment;
    size_t offset; /* in struct config, or struct config_witness */
};

struct config_section {
    const char *id;
    const char *comment;
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;
extern const struct config_key config_witness_keys[];
extern const size_t config_witness_key_count;
extern const struct config_section config_sections[];
extern const size_t config_section_count;

/* "listen_tls" as "listen-tls"; "door_enrol" as a section as "door enrol". Room: 64 bytes. */
enum { CONFIG_NAME_TEXT = 64 };
void config_key_name(const char *id, char text[CONFIG_NAME_TEXT]);
void config_section_name(const char *id, char text[CONFIG_NAME_TEXT]);

/*
 * The name that is nearest to the one asked for, when it is near enough to be meant: by at most
 * three letters changed, added, left out or swapped.
 */
bool config_suggest_key(const struct config_key *keys, size_t count, const char *section,
                        const char *asked, char best[CONFIG_NAME_TEXT]);
bool config_suggest_section(const char *asked, char best[CONFIG_NAME_TEXT]);

/*
 * Reads the values of key (a list's, or one; NULL: an empty list) into the field behind base. -1
 * with "config.type" or "config.range"; *place (may be NULL) is then the value's.
 */
int config_value_read(struct arena *a, const char *home, const struct config_key *key, bool is_list,
                      const struct config_value *values, void *base, struct config_place *place,
                      struct err *e) MUST_CHECK;

/* A default or bound of the table, such as "10s", as the number that the field would hold. */
int config_number_parse(enum config_type type, struct slice text, int64_t *number) MUST_CHECK;

/* "address" or "address/bits"; -1 when it is neither. */
int config_network_parse(struct slice text, struct config_network *network) MUST_CHECK;

/* The field's value in the syntax of the file; a path below home is shown from there. */
void config_value_put(struct buf *b, const struct config_key *key, const char *home,
                      const void *base);

/* What the type looks like and its range, for a comment or a message: "a time, 1s to 10m". */
void config_type_put(struct buf *b, const struct config_key *key);

#endif
