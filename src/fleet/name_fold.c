/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/name_fold.h"
#include "base/utf8.h"
#include "fleet/name.h"

/*
 * Base letters of U+00C0 to U+017F and of U+1E00 to U+1EFF, one character each, from the Unicode
 * decompositions. Capitals and digits stand for what is no single ASCII letter, see expand; '.' for
 * what is no letter.
 */
static const char latin[] = "aaaa146ceeeeiiiidnoooo2.5uuu3yTSaaaa146ceeeeiiiidnoooo2.5uuu3yTy"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiJJjjkkklllllll"
                            "lllnnnnnnnnnooooooEErrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static const char latin_additional[] =
    "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
    "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
    "wwwwwwwwwwxxxxyyzzzzzzhtwy.s..S.aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
    "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

static size_t expand(char c, uint32_t out[FLEET_FOLD_MOST])
{
    static const uint32_t kept[] = {0xe4, 0xf6, 0xfc, 0xe5, 0xf8, 0xe6};
    const char *two = NULL;
    switch (c) {
    case 'S': two = "ss"; break;
    case 'E': two = "oe"; break;
    case 'T': two = "th"; break;
    case 'J': two = "ij"; break;
    default: break;
    }
    if (two) {
        out[0] = (uint8_t)two[0];
        out[1] = (uint8_t)two[1];
        return 2;
    }
    out[0] = c >= '1' && c <= '6' ? kept[c - '1'] : (uint8_t)c;
    return 1;
}

static size_t accented(uint32_t point, char base, uint32_t out[FLEET_FOLD_MOST], unsigned *rules)
{
    if (base == '.') {
        out[0] = ' ';
        *rules |= FLEET_RULE_PUNCTUATION;
        return 1;
    }
    size_t count = expand(base, out);
    if (count != 1 || out[0] != point) {
        /* an upper-case letter that is kept is one of U+00C0 to U+00DE: 0x20 below its small one */
        bool kept = count == 1 && out[0] > 0x7f;
        *rules |= kept ? FLEET_RULE_CASE : FLEET_RULE_ACCENT;
    }
    return count;
}

static size_t one(uint32_t value, uint32_t out[FLEET_FOLD_MOST], unsigned *rules, unsigned rule)
{
    out[0] = value;
    *rules |= rule;
    return 1;
}

static size_t word(const char *text, uint32_t out[FLEET_FOLD_MOST], unsigned *rules)
{
    size_t count = 0;
    while (text[count] && count < FLEET_FOLD_MOST) {
        out[count] = (uint8_t)text[count];
        count++;
    }
    *rules |= FLEET_RULE_WIDTH;
    return count;
}

static size_t fold_general(uint32_t p, uint32_t out[FLEET_FOLD_MOST], unsigned *rules)
{
    static const char *const ligatures[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};
    static const char *const roman[] = {"i",   "ii",   "iii", "iv", "v",  "vi",
                                        "vii", "viii", "ix",  "x",  "xi", "xii"};
    if ((p >= 0x2000 && p <= 0x200a) || p == 0x1680 || p == 0x2028 || p == 0x2029 || p == 0x202f ||
        p == 0x205f || p == 0x3000)
        return one(' ', out, rules, FLEET_RULE_SPACE);
    if ((p >= 0x200b && p <= 0x200f) || (p >= 0x202a && p <= 0x202e) ||
        (p >= 0x2060 && p <= 0x2064) || (p >= 0xfe00 && p <= 0xfe0f) || p == 0xfeff) {
        *rules |= FLEET_RULE_SPACE;
        return 0;
    }
    if ((p >= 0x2010 && p <= 0x2015) || p == 0x2212 || p == 0xfe58 || p == 0xfe63)
        return one('-', out, rules, FLEET_RULE_PUNCTUATION);
    if (p >= 0x2018 && p <= 0x201f)
        return one('\'', out, rules, FLEET_RULE_PUNCTUATION);
    if (p == 0x2120 || p == 0x2122 || p == 0x2117)
        return one(' ', out, rules, FLEET_RULE_TRADEMARK);
    if (p >= 0x2020 && p <= 0x206f)
        return one(' ', out, rules, FLEET_RULE_PUNCTUATION);
    if (p == 0x2070 || (p >= 0x2074 && p <= 0x2079))
        return one('0' + (p - 0x2070), out, rules, FLEET_RULE_WIDTH);
    if (p >= 0x2080 && p <= 0x2089)
        return one('0' + (p - 0x2080), out, rules, FLEET_RULE_WIDTH);
    if (p >= 0x2160 && p <= 0x216b)
        return word(roman[p - 0x2160], out, rules);
    if (p >= 0x2170 && p <= 0x217b)
        return word(roman[p - 0x2170], out, rules);
    if (p >= 0xfb00 && p <= 0xfb06)
        return word(ligatures[p - 0xfb00], out, rules);
    if (p >= 0xff01 && p <= 0xff5e) {
        *rules |= FLEET_RULE_WIDTH;
        return fleet_fold_point(p - 0xfee0, out, rules);
    }
    if ((p >= 0x391 && p <= 0x3a9) || (p >= 0x410 && p <= 0x42f))
        return one(p + 32, out, rules, FLEET_RULE_CASE);
    if (p >= 0x400 && p <= 0x40f)
        return one(p + 80, out, rules, FLEET_RULE_CASE);
    if (p == 0x192)
        return word("f", out, rules);
    if ((p >= 0x2190 && p <= 0x2bff) || (p >= 0x2b0 && p <= 0x2ff))
        return one(' ', out, rules, FLEET_RULE_PUNCTUATION);
    out[0] = p;
    return 1;
}

size_t fleet_fold_point(uint32_t p, uint32_t out[FLEET_FOLD_MOST], unsigned *rules)
{
    out[0] = p;
    if (p >= 'A' && p <= 'Z')
        return one(p + 32, out, rules, FLEET_RULE_CASE);
    if (p < 0x80) {
        if (p < ' ' || p == 0x7f)
            return one(' ', out, rules, FLEET_RULE_SPACE);
        return 1;
    }
    if (p < 0xc0) {
        switch (p) {
        case 0xa0: return one(' ', out, rules, FLEET_RULE_SPACE);
        case 0xa9:
        case 0xae: return one(' ', out, rules, FLEET_RULE_TRADEMARK);
        case 0xad: *rules |= FLEET_RULE_SPACE; return 0;
        case 0xb2:
        case 0xb3: return one('2' + (p - 0xb2), out, rules, FLEET_RULE_WIDTH);
        case 0xb9: return one('1', out, rules, FLEET_RULE_WIDTH);
        case 0xb5: return one(0x3bc, out, rules, FLEET_RULE_WIDTH);
        case 0xaa: return one('a', out, rules, FLEET_RULE_WIDTH);
        case 0xba: return one('o', out, rules, FLEET_RULE_WIDTH);
        default: return one(' ', out, rules, FLEET_RULE_PUNCTUATION);
        }
    }
    if (p < 0x180)
        return accented(p, latin[p - 0xc0], out, rules);
    if (p >= 0x1e00 && p <= 0x1eff)
        return accented(p, latin_additional[p - 0x1e00], out, rules);
    if (p >= 0x300 && p <= 0x36f) {
        *rules |= FLEET_RULE_ACCENT;
        return 0;
    }
    return fold_general(p, out, rules);
}

bool fleet_fold_word(uint32_t p)
{
    return p >= 0x80 || (p >= '0' && p <= '9') || (p >= 'a' && p <= 'z') || (p >= 'A' && p <= 'Z');
}

size_t fleet_fold_mojibake(struct slice text, uint8_t *out)
{
    /* Windows-1252, 0x80 to 0x9f; 0: not assigned, then Latin-1 */
    static const uint16_t windows[32] = {
        0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};
    const uint8_t *at = text.data, *end = text.data + text.len;
    size_t written = 0;
    bool high = false;
    while (at < end) {
        size_t len = utf8_length(at, end);
        if (len == 0)
            return 0;
        uint32_t p = utf8_decode(at, len);
        at += len;
        if (p > 0xff) {
            uint32_t byte = 0;
            for (uint32_t i = 0; i < 32; i++)
                if (windows[i] == p)
                    byte = 0x80 + i;
            if (!byte)
                return 0;
            p = byte;
        }
        high = high || p >= 0x80;
        out[written++] = (uint8_t)p;
    }
    if (!high || utf8_check(slice_of(out, written)) != written)
        return 0;
    return written;
}
