/* SPDX-License-Identifier: Apache-2.0 */
/* How an asset is shown to people. */
#ifndef CLI_ASSET_H
#define CLI_ASSET_H

#include "base/json.h"

/* The answer of GET /v1/assets/{asset}, to standard output. */
void asset_say(const struct json_value *asset);

#endif
