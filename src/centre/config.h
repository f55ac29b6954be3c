/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: HOME/tocsin.conf, read once at start and never changed afterwards. The keys,
 * their defaults and ranges stand in config_keys.def; the syntax in config_text.h.
 */
#ifndef CENTRE_CONFIG_H
#define CENTRE_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct config_list {
    const char *const *items;
    size_t count;
};

/* A network of the Internet protocols: IPv4 is kept as ::ffff:a.b.c.d with 96 + bits. */
struct config_network {
    uint8_t address[16];
    unsigned bits;
};

struct config_networks {
    const struct config_network *items;
    size_t count;
};

/* In the order of the table's choices. */
enum config_tls_minimum { CONFIG_TLS_1_3, CONFIG_TLS_1_2 };
enum config_confidence { CONFIG_CONFIDENCE_ANY, CONFIG_CONFIDENCE_STRONG, CONFIG_CONFIDENCE_EXACT };
enum config_mail_tls { CONFIG_MAIL_PLAIN, CONFIG_MAIL_STARTTLS, CONFIG_MAIL_TLS };

#define CONFIG_FIELD_TEXT const char *
#define CONFIG_FIELD_PATH const char * /* absolute or below home as home was given; "": none */
#define CONFIG_FIELD_URL const char *  /* without a '/' at its end */
#define CONFIG_FIELD_MAILBOX const char *
#define CONFIG_FIELD_VKEY const char *
#define CONFIG_FIELD_ADDRESSES struct config_list
#define CONFIG_FIELD_NETWORKS struct config_networks
#define CONFIG_FIELD_INT int64_t
#define CONFIG_FIELD_BOOL bool
#define CONFIG_FIELD_DURATION int64_t /* microseconds */
#define CONFIG_FIELD_SIZE int64_t     /* bytes */
#define CONFIG_FIELD_CHOICE int       /* index; log_level: enum log_level */

struct config_witness {
    const char *name;
#define SECTION(section, comment)
#define KEY(section, key, type, preset, least, most, comment)
#define WITNESS_KEY(key, type, preset, least, most, comment) CONFIG_FIELD_##type key;
#include "centre/config_keys.def"
#undef SECTION
#undef KEY
#undef WITNESS_KEY
};

/* config->mail_host, config->door_device_listen, config->limits_bodies, … */
struct config {
    struct arena arena;
    const char *home; /* the folder of the file */
    const char *path; /* the file; NULL: defaults only */
#define SECTION(section, comment)
#define KEY(section, key, type, preset, least, most, comment) CONFIG_FIELD_##type section##_##key;
#define WITNESS_KEY(key, type, preset, least, most, comment)
#include "centre/config_keys.def"
#undef SECTION
#undef KEY
#undef WITNESS_KEY
    const struct config_witness *witnesses; /* sections "witness NAME" */
    size_t witness_count;
};

/*
 * Reads a configuration. 0 and *config for config_free; or -1 with the first fault: codes
 * "config.syntax", "config.limit", "config.unknown", "config.double", "config.type",
 * "config.range", "config.needs" or of file_read; where = "PATH line L column C". A missing file
 * is an error.
 */
int config_load(struct config **config, const char *path, struct err *e) MUST_CHECK;

/* Only defaults, for a home without a file. */
int config_defaults(struct config **config, const char *home, struct err *e) MUST_CHECK;

void config_free(struct config *config);

enum { CONFIG_FAULTS_MAX = 20 };

/* As config_load, but goes on after a fault: *count (at most CONFIG_FAULTS_MAX) of them in faults.
 * *config is set only when there are none. */
int config_read(struct config **config, const char *path, struct err faults[CONFIG_FAULTS_MAX],
                size_t *count) MUST_CHECK;

/*
 * Every key with its value in the syntax of the file; what is read back is the same configuration.
 * config NULL: the defaults. comments: with the meaning and range of each, as `tocsin init` writes
 * it.
 */
void config_put(struct buf *b, const struct config *config, bool comments);

/* The keys for the manual page tocsin.conf(5), mdoc. */
void config_put_manual(struct buf *b);

#endif
