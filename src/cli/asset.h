/* SPDX-License-Identifier: Apache-2.0 */
/* How an asset is shown to people, and how many of them come in at once. */
#ifndef CLI_ASSET_H
#define CLI_ASSET_H

#include "base/json.h"
#include "cli/options.h"

/* tocsin asset import */
int asset_import(const struct cli_args *args);

/* The answer of GET /v1/assets/{asset}, to standard output. */
void asset_say(const struct json_value *asset);

/* product.c: lists of one asset. */
int asset_components(const struct cli_args *args);
int asset_advisories(const struct cli_args *args);
/* rematch.c */
int asset_match(const struct cli_args *args);

#endif
