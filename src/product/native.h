/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges as ecosystems write them (npm ">=1.2 <2 || ^3.1", Maven "[1,2)", PyPI "~=1.4", gem
 * "~>2.0", NuGet, Composer, Go, Conan, OpenSSL, nginx ...), made into `vers:` ranges.
 */
#ifndef PRODUCT_NATIVE_H
#define PRODUCT_NATIVE_H

#include "product/vers.h"

/*
 * Reads text in the notation of `type` (a `vers:` type, in lower case). *out: simplified, in the
 * arena, with the findings of what could not be brought into canonical form. 0; or -1 with
 * ERR_INPUT "native.syntax" (the notation is broken), "native.type" (no notation is known for the
 * type), "vers.order"; or ERR_MEMORY.
 */
int product_native_read(struct arena *a, struct slice type, struct slice text,
                        struct product_vers *out, struct err *e) MUST_CHECK;

#endif
