/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPERATOR_H
#define CLI_OPERATOR_H

#include "cli/options.h"

/* tocsin operator enrol: an operator's own certificate, for a one-time token. */
int operator_enrol(const struct cli_args *args);

#endif
