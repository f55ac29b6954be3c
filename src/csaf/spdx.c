/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/spdx.h"
#include "base/compiler.h"

static const char *const licenses[] = {"0BSD",
                                       "AGPL-3.0-only",
                                       "AGPL-3.0-or-later",
                                       "Apache-2.0",
                                       "BSD-2-Clause",
                                       "BSD-3-Clause",
                                       "BSL-1.0",
                                       "CC-BY-3.0",
                                       "CC-BY-4.0",
                                       "CC-BY-NC-4.0",
                                       "CC-BY-NC-ND-4.0",
                                       "CC-BY-NC-SA-4.0",
                                       "CC-BY-ND-4.0",
                                       "CC-BY-SA-3.0",
                                       "CC-BY-SA-4.0",
                                       "CC0-1.0",
                                       "CDLA-Permissive-2.0",
                                       "EPL-2.0",
                                       "EUPL-1.2",
                                       "GFDL-1.3-only",
                                       "GFDL-1.3-or-later",
                                       "GPL-2.0-only",
                                       "GPL-2.0-or-later",
                                       "GPL-3.0-only",
                                       "GPL-3.0-or-later",
                                       "ISC",
                                       "LGPL-2.1-only",
                                       "LGPL-2.1-or-later",
                                       "LGPL-3.0-only",
                                       "LGPL-3.0-or-later",
                                       "MIT",
                                       "MIT-0",
                                       "MPL-2.0",
                                       "OGL-UK-3.0",
                                       "ODbL-1.0",
                                       "PDDL-1.0",
                                       "Unlicense",
                                       "DL-DE-BY-2.0",
                                       "DL-DE-ZERO-2.0",
                                       "etalab-2.0"};

static bool is_license(struct slice word)
{
    static const char reference[] = "LicenseRef-";
    size_t len = sizeof reference - 1;
    if (word.len && word.data[word.len - 1] == '+')
        word.len--;
    if (word.len > len && memcmp(word.data, reference, len) == 0) {
        for (size_t i = len; i < word.len; i++) {
            uint8_t byte = word.data[i];
            if (!((byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
                  byte == '.' || byte == '-'))
                return false;
        }
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(licenses); i++)
        if (slice_is(word, licenses[i]))
            return true;
    return false;
}

/* license ((AND | OR) license)*, with brackets; WITH takes any exception. No recursion: brackets
 * are counted, since operator and operand alternate within and without them. */
bool csaf_spdx_expression(struct slice text)
{
    enum { OPERAND, OPERATOR, EXCEPTION } wanted = OPERAND;
    size_t open = 0, words = 0;
    for (size_t at = 0; at < text.len;) {
        uint8_t byte = text.data[at];
        if (byte == ' ') {
            at++;
            continue;
        }
        if (byte == '(' || byte == ')') {
            if ((byte == '(') != (wanted == OPERAND) || (byte == ')' && open == 0) ||
                wanted == EXCEPTION)
                return false;
            open = byte == '(' ? open + 1 : open - 1;
            at++;
            continue;
        }
        size_t start = at;
        while (at < text.len && !memchr(" ()", text.data[at], 3))
            at++;
        struct slice word = slice_of(text.data + start, at - start);
        if (++words > 16)
            return false;
        if (wanted == OPERATOR) {
            if (slice_is(word, "WITH"))
                wanted = EXCEPTION;
            else if (slice_is(word, "AND") || slice_is(word, "OR"))
                wanted = OPERAND;
            else
                return false;
        } else if (wanted == EXCEPTION || is_license(word)) {
            wanted = OPERATOR;
        } else {
            return false;
        }
    }
    return wanted == OPERATOR && open == 0;
}
