/* SPDX-License-Identifier: Apache-2.0 */
static const struct exception exceptions[] = {
    {"", ""},
};
