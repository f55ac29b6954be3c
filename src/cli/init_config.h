/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration that tocsin init writes: all defaults with their meaning, some set otherwise.
 */
#ifndef CLI_INIT_CONFIG_H
#define CLI_INIT_CONFIG_H

#include "base/buf.h"

/*
 * Appends the commented configuration to out, with the values of settings ("door-public.url=VALUE";
 * of a list: values with commas) in place of the defaults. ERR_USAGE "cli.setting" for a key that
 * is not there. Values are not judged: config_load does.
 */
int init_config_write(const char *const *settings, size_t count, struct buf *out,
                      struct err *e) MUST_CHECK;

#endif
