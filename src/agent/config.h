/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent.conf: lines "key = value", "#" begins a comment line. Every key has a default; an unknown
 * key or a value out of range is refused with its line.
 */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include "base/buf.h"

enum { CONFIG_TEXT = 512, CONFIG_FILE_MAX = 65536, CONFIG_HOOKS_MAX = 16 };

struct agent_config {
    char centre[CONFIG_TEXT]; /* base URL of the device door; "": as the trust statement says */
    char server_name[CONFIG_TEXT]; /* name in the centre's certificate; "": the URL's host */
    char nameplate[CONFIG_TEXT];   /* sources of the inventory; "": none */
    char cyclonedx[CONFIG_TEXT];
    char spdx[CONFIG_TEXT];
    char dpkg[CONFIG_TEXT];
    char os_release[CONFIG_TEXT];
    char dmi[CONFIG_TEXT];
    int64_t inventory_interval_s; /* how often the sources are looked at */
    char hook[CONFIG_TEXT];       /* program; "": none */
    int64_t hook_timeout_s;
    int64_t hooks_at_once;
    char alarm_hook[CONFIG_TEXT]; /* program for alarms; "": none */
    bool hook_document;           /* fetch the advisory for the hook */
    int64_t retry_least_ms;
    int64_t retry_most_ms;
    int64_t request_timeout_s; /* from a request's first byte to its answer's last */
    int64_t stream_dead_s;     /* a stream silent for so long is dead */
    int64_t receipt_delay_ms;  /* wait so long for more notices before a receipt is signed */
    int64_t notices_kept;
    int64_t renew_percent; /* of the certificate's life, then it is renewed */
    char log[16];          /* debug, info, warning, error */
};

/* All defaults. */
void agent_config_init(struct agent_config *c);

/*
 * Reads agent.conf's text into c. -1 with "agent.config" and the line. Paths must be absolute.
 */
int agent_config_read(struct agent_config *c, struct slice text, struct err *e) MUST_CHECK;

/* HOME/agent.conf; no such file: the defaults. */
int agent_config_load(struct agent_config *c, const char *home, struct err *e) MUST_CHECK;

/* The commented file with every key; keys whose value differs from the default are set in it. */
void agent_config_write(const struct agent_config *c, struct buf *out);

#endif
