/* SPDX-License-Identifier: Apache-2.0 */
/* `tocsin proof verify` as a program of its own: no server, no database in it. */
#include "cli/proof_verify.h"

int main(int argc, char **argv)
{
    return cli_proof_verify(argc, argv);
}
