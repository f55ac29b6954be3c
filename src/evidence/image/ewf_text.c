/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/image/ewf_text.h"
#include "base/utf8.h"

#include <stdio.h>
#include <time.h>

enum { SECOND = 1000000, TEXT_MOST = 4000 /* bytes of a value */ };

/* A value: tabs and line ends part values, and become spaces. */
static void value(struct buf *out, const char *text)
{
    size_t len = utf8_cut(slice_str(text), TEXT_MOST);
    for (size_t i = 0; i < len; i++)
        buf_putc(out, (uint8_t)text[i] < 0x20 ? ' ' : text[i]);
}

static void values2(struct buf *out, const struct evidence_image_facts *f, int64_t made)
{
    int64_t begun = f->started ? f->started : made;
    buf_puts(out, "3\nmain\na\tc\tn\te\tt\tmd\tsn\tav\tov\tm\tu\tp\tdc\n");
    value(out, f->description);
    buf_puts(out, "\t");
    value(out, f->exhibit); /* case number: the bundle knows its exhibit */
    buf_puts(out, "\t");
    value(out, f->exhibit);
    buf_puts(out, "\t");
    value(out, f->examiner);
    buf_puts(out, "\t");
    value(out, f->reason);
    buf_puts(out, "\t");
    value(out, f->model);
    buf_puts(out, "\t");
    value(out, f->serial);
    buf_printf(out, "\ttocsin " TOCSIN_VERSION "\tLinux\t%lld\t%lld\t\t\n\n",
               (long long)(begun / SECOND), (long long)(made / SECOND));
    buf_puts(out, "srce\n0\t1\np\tn\tid\tev\ttb\tlo\tpo\tah\tgu\taq\n0\t0\n"
                  "\t\t\t\t\t-1\t-1\t\t\t\n\n"
                  "sub\n0\t1\np\tn\tid\tnu\tco\tgu\n0\t0\n\t\t\t\t1\t\n\n");
}

void evidence_ewf_header2(const struct evidence_image_facts *facts, int64_t made, struct buf *out)
{
    struct buf text;
    buf_init(&text);
    values2(&text, facts, made);
    buf_put(out, "\xff\xfe", 2);
    for (const uint8_t *at = text.data, *end = at + text.len; at < end;) {
        size_t len = utf8_length(at, end);
        uint32_t point = len ? utf8_decode(at, len) : '?';
        at += len ? len : 1;
        if (point >= 0x10000) {
            uint32_t high = 0xd800 + ((point - 0x10000) >> 10);
            buf_putc(out, (int)(high & 0xff));
            buf_putc(out, (int)(high >> 8));
            point = 0xdc00 + ((point - 0x10000) & 0x3ff);
        }
        buf_putc(out, (int)(point & 0xff));
        buf_putc(out, (int)(point >> 8));
    }
    out->failed = out->failed || text.failed;
    buf_fini(&text);
}

static void ascii(struct buf *out, const char *text)
{
    struct slice s = slice_of(text, utf8_cut(slice_str(text), TEXT_MOST));
    for (const uint8_t *at = s.data, *end = at + s.len; at < end;) {
        size_t len = utf8_length(at, end);
        buf_putc(out, *at < 0x20 ? ' ' : *at < 0x80 ? *at : '?');
        at += len ? len : 1;
    }
}

static void day(struct buf *out, int64_t at)
{
    time_t seconds = (time_t)(at / SECOND);
    struct tm t = {0};
    gmtime_r(&seconds, &t);
    buf_printf(out, "%d %d %d %d %d %d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
               t.tm_min, t.tm_sec);
}

void evidence_ewf_header(const struct evidence_image_facts *facts, int64_t made, struct buf *out)
{
    buf_puts(out, "1\r\nmain\r\nc\tn\ta\te\tt\tav\tov\tm\tu\tp\r\n");
    ascii(out, facts->exhibit);
    buf_puts(out, "\t");
    ascii(out, facts->exhibit);
    buf_puts(out, "\t");
    ascii(out, facts->description);
    buf_puts(out, "\t");
    ascii(out, facts->examiner);
    buf_puts(out, "\t");
    ascii(out, facts->reason);
    buf_puts(out, "\ttocsin " TOCSIN_VERSION "\tLinux\t");
    day(out, facts->started ? facts->started : made);
    buf_puts(out, "\t");
    day(out, made);
    buf_puts(out, "\t0\r\n\r\n");
}

bool evidence_ewf_ending(size_t number, char ending[4])
{
    enum { DECIMAL = 99, LETTERS = 26, FIRST = 'E' };
    if (number == 0)
        return false;
    if (number <= DECIMAL) {
        snprintf(ending, 4, "E%02u", (unsigned)number);
        return true;
    }
    size_t at = number - DECIMAL - 1, first = FIRST + at / (LETTERS * LETTERS);
    if (first > 'Z')
        return false;
    ending[0] = (char)first;
    ending[1] = (char)('A' + at / LETTERS % LETTERS);
    ending[2] = (char)('A' + at % LETTERS);
    ending[3] = 0;
    return true;
}
