/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin csaf: what is done with CSAF documents without a centre, a file a verb. */
#ifndef CLI_CSAF_H
#define CLI_CSAF_H

#include "base/json.h"
#include "cli/options.h"

/* Each runs a verb and gives its exit code. */
int csaf_convert_run(const struct cli_args *args);
int csaf_diff_run(const struct cli_args *args);
int csaf_ranges_run(const struct cli_args *args);
int csaf_validate_run(const struct cli_args *args);
int csaf_view_run(const struct cli_args *args);

/* On standard error: that a document of CSAF 2.1 has extensions without which it is misunderstood.
 */
void csaf_say_essential(const char *path, const struct json_value *root);

#endif
