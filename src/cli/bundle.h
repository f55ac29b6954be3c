/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_BUNDLE_H
#define CLI_BUNDLE_H

#include "cli/options.h"

/* tocsin bundle apply: off-line, on the device's own side. */
int bundle_apply(const struct cli_args *args);

#endif
