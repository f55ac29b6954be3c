/* SPDX-License-Identifier: Apache-2.0 */
/* The registered types (ECMA-427 clause 6 and its registry); tests compare them with it. */
#include "product/purl_types.h"

#define SPACE PRODUCT_PURL_SPACE_REQUIRED
#define NO_SPACE PRODUCT_PURL_SPACE_PROHIBITED
#define SPACE_LOWER PRODUCT_PURL_SPACE_LOWER
#define NAME_LOWER PRODUCT_PURL_NAME_LOWER
#define BOTH_LOWER (SPACE_LOWER | NAME_LOWER)
#define VERSION_LOWER PRODUCT_PURL_VERSION_LOWER

/* sorted by name */
static const struct product_purl_type types[] = {
    {"alpm", SPACE | BOTH_LOWER, NULL},
    {"apk", SPACE | BOTH_LOWER, NULL},
    {"bazel", NO_SPACE, NULL},
    {"bitbucket", SPACE | BOTH_LOWER, NULL},
    {"bitnami", NO_SPACE | NAME_LOWER, NULL},
    {"brew", BOTH_LOWER, NULL},
    {"cargo", NO_SPACE, NULL},
    {"chrome-extension", NO_SPACE | NAME_LOWER | PRODUCT_PURL_EXTENSION, NULL},
    {"cocoapods", NO_SPACE, NULL},
    {"composer", SPACE | BOTH_LOWER, NULL},
    {"conan", 0, NULL},
    {"conda", NO_SPACE, NULL},
    {"cpan", PRODUCT_PURL_SPACE_UPPER | PRODUCT_PURL_NAME_MODULE, NULL},
    {"cran", NO_SPACE, NULL},
    {"deb", SPACE | BOTH_LOWER, NULL},
    {"docker", 0, NULL},
    {"gem", NO_SPACE, NULL},
    {"generic", 0, NULL},
    {"git", SPACE | PRODUCT_PURL_NAME_PATH | PRODUCT_PURL_HOST_CASE, NULL},
    {"github", SPACE | BOTH_LOWER, NULL},
    {"gitlab", BOTH_LOWER | PRODUCT_PURL_UNREGISTERED, NULL},
    {"golang", SPACE, NULL},
    {"hackage", NO_SPACE, NULL},
    {"hex", BOTH_LOWER, NULL},
    {"huggingface", SPACE | VERSION_LOWER, NULL},
    {"julia", NO_SPACE, "uuid"},
    {"luarocks", BOTH_LOWER, NULL},
    {"maven", SPACE, NULL},
    {"mlflow", NO_SPACE | PRODUCT_PURL_STORE_CASE, NULL},
    {"npm", 0, NULL},
    {"nuget", NO_SPACE, NULL},
    {"oci", NO_SPACE | NAME_LOWER | VERSION_LOWER, NULL},
    {"opam", NO_SPACE, NULL},
    {"otp", NO_SPACE | NAME_LOWER | PRODUCT_PURL_SUBPATH_LOWER, NULL},
    {"pub", NO_SPACE | NAME_LOWER | PRODUCT_PURL_NAME_UNDER, NULL},
    {"pypi", NO_SPACE | NAME_LOWER | VERSION_LOWER | PRODUCT_PURL_NAME_DASH, NULL},
    {"qpkg", SPACE | SPACE_LOWER, NULL},
    {"rpm", SPACE | SPACE_LOWER, NULL},
    {"swid", 0, "tag_id"},
    {"swift", SPACE, NULL},
    {"vcpkg", NO_SPACE, NULL},
    {"vscode-extension", SPACE | BOTH_LOWER | VERSION_LOWER, NULL},
    {"yocto", SPACE_LOWER, NULL},
};

const struct product_purl_type *product_purl_type_find(struct slice type)
{
    size_t low = 0, high = sizeof types / sizeof *types;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(type, slice_str(types[middle].name));
        if (order == 0)
            return &types[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
