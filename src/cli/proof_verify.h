/* SPDX-License-Identifier: Apache-2.0 */
/* `tocsin proof verify`: a proof pack, or a tlog-proof of one act, checked without any server. */
#ifndef CLI_PROOF_VERIFY_H
#define CLI_PROOF_VERIFY_H

/* argv[0] is the verb. Exit code: 0 proven, 1 not, 2 wrong usage, 3 could not be decided. */
int cli_proof_verify(int argc, char **argv);

#endif
