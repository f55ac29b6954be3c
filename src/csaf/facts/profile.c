/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/profile.h"

#include "base/compiler.h"
#include "base/utf8.h"

static const char *const values[] = {
    [CSAF_PROFILE_BASE] = "csaf_base",
    [CSAF_PROFILE_SECURITY_INCIDENT_RESPONSE] = "csaf_security_incident_response",
    [CSAF_PROFILE_INFORMATIONAL_ADVISORY] = "csaf_informational_advisory",
    [CSAF_PROFILE_SECURITY_ADVISORY] = "csaf_security_advisory",
    [CSAF_PROFILE_VEX] = "csaf_vex",
    [CSAF_PROFILE_DEPRECATED_SECURITY_ADVISORY] = "csaf_deprecated_security_advisory",
    [CSAF_PROFILE_WITHDRAWN] = "csaf_withdrawn",
    [CSAF_PROFILE_SUPERSEDED] = "csaf_superseded",
};

struct range {
    uint32_t first, last;
};

/* Unicode's White_Space, and the characters without width that stand for a place between words. */
static const struct range spaces[] = {
    {0x09, 0x0D},     {0x20, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},
    {0x1680, 0x1680}, {0x2000, 0x200D}, {0x2028, 0x2029}, {0x202F, 0x202F},
    {0x205F, 0x2060}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF},
};
/* Dash_Punctuation, hyphens and minus signs outside it, and Connector_Punctuation with low lines.
 */
static const struct range dashes_and_lines[] = {
    {0x2D, 0x2D},     {0x5F, 0x5F},     {0xAD, 0xAD},       {0x2D7, 0x2D7},     {0x332, 0x333},
    {0x58A, 0x58A},   {0x5BE, 0x5BE},   {0x1400, 0x1400},   {0x1806, 0x1806},   {0x2010, 0x2015},
    {0x2017, 0x2017}, {0x203F, 0x2040}, {0x2043, 0x2043},   {0x2054, 0x2054},   {0x207B, 0x207B},
    {0x208B, 0x208B}, {0x2212, 0x2212}, {0x2796, 0x2796},   {0x2E17, 0x2E17},   {0x2E1A, 0x2E1A},
    {0x2E3A, 0x2E3B}, {0x2E40, 0x2E40}, {0x2E5D, 0x2E5D},   {0x301C, 0x301C},   {0x3030, 0x3030},
    {0x30A0, 0x30A0}, {0xFE31, 0xFE34}, {0xFE4D, 0xFE4F},   {0xFE58, 0xFE58},   {0xFE63, 0xFE63},
    {0xFF0D, 0xFF0D}, {0xFF3F, 0xFF3F}, {0x10D6E, 0x10D6E}, {0x10EAD, 0x10EAD},
};

static bool is_in(uint32_t point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

static uint32_t folded(uint32_t point)
{
    if (point == 0x17F) /* long s, whose capital is S */
        return 's';
    return point >= 'A' && point <= 'Z' ? point + 32 : point;
}

/* The next character of the text that is not left out; 0 at its end. */
static uint32_t next_kept(struct slice text, size_t *at, bool dashes)
{
    while (*at < text.len) {
        size_t len = utf8_length(text.data + *at, text.data + text.len);
        uint32_t point = len ? utf8_decode(text.data + *at, len) : 0xFFFD;
        *at += len ? len : 1;
        if (!is_in(point, spaces, ARRAY_LEN(spaces)) &&
            !(dashes && is_in(point, dashes_and_lines, ARRAY_LEN(dashes_and_lines))))
            return point ? folded(point) : 0xFFFD;
    }
    return 0;
}

bool csaf_text_resembles(struct slice text, const char *name, bool dashes)
{
    size_t at = 0, in_name = 0;
    for (;;) {
        uint32_t point = next_kept(text, &at, dashes);
        if (point != next_kept(slice_str(name), &in_name, dashes))
            return false;
        if (point == 0)
            return true;
    }
}

enum csaf_profile csaf_profile_of(int minor, struct slice category)
{
    int last = minor == 0 ? CSAF_PROFILE_VEX : CSAF_PROFILE_SUPERSEDED;
    for (int i = 1; i <= last; i++)
        if (slice_is(category, values[i]))
            return (enum csaf_profile)i;
    return CSAF_PROFILE_BASE;
}

const char *csaf_profile_value(enum csaf_profile profile)
{
    return values[profile];
}

enum csaf_category_flaw csaf_category_check(int minor, struct slice category,
                                            enum csaf_profile *meant)
{
    *meant = csaf_profile_of(minor, category);
    if (*meant != CSAF_PROFILE_BASE || slice_is(category, values[CSAF_PROFILE_BASE]))
        return CSAF_CATEGORY_FINE;
    int last = minor == 0 ? CSAF_PROFILE_VEX : CSAF_PROFILE_SUPERSEDED;
    for (int i = 1; i <= last; i++)
        if (csaf_text_resembles(category, values[i], true) ||
            csaf_text_resembles(category, values[i] + strlen("csaf_"), true)) {
            *meant = (enum csaf_profile)i;
            return CSAF_CATEGORY_RESEMBLES;
        }
    static const char prefix[] = "csaf_";
    for (size_t i = 0; i < strlen(prefix); i++)
        if (i >= category.len || folded(category.data[i]) != (uint8_t)prefix[i])
            return CSAF_CATEGORY_FINE;
    return CSAF_CATEGORY_RESERVED;
}
