/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

/*
 * `tocsin config check [FILE]` and `tocsin config show [--default|--manual] [FILE]`; argv[0] is
 * "config". Without FILE: tocsin.conf in --home, $TOCSIN_HOME or /var/lib/tocsin. Exit code: 0
 * fine, 1 the file has faults, 2 wrong usage, 3 it cannot be read.
 */
int cli_config(int argc, char **argv);

#endif
