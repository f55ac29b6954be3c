/* SPDX-License-Identifier: Apache-2.0 */
/* `tocsin witness`: cosigns the journals of centres (C2SP tlog-witness), on any machine. */
#ifndef CLI_WITNESS_H
#define CLI_WITNESS_H

/* argv[0] is "witness". Exit code as all commands. */
int cli_witness(int argc, char **argv);

#endif
