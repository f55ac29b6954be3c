/* SPDX-License-Identifier: Apache-2.0 */
/* Mails as RFC 5322, 2047 and 2045 want them, whatever stands in their text. */
#include "base/encoding.h"
#include "base/memory.h"
#include "centre/mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct mail good_mail(void)
{
    return (struct mail){
        .id = "dlv_0123456789abcdefghjkmnpqrs",
        .id_domain = "centre.example.org",
        .from = "Example CSIRT <csirt@example.org>",
        .to_name = "Owner",
        .to = "owner@example.net",
        .subject = "Advisory EX-1: pump controller",
        .text = slice_str("Two devices are affected.\n"),
        .time = 1763757596000000,
    };
}

static char *build(const struct mail *mail)
{
    struct err e = {0};
    struct buf b;

    buf_init(&b);
    if (mail_build(mail, &b, &e) != 0)
        fail_msg("%s", e.text);
    return (char *)b.data;
}

/* RFC 5322 2.1.1, RFC 2045 6.7: every line ends with CRLF and has at most 76 bytes. */
static void check_lines(const char *text, size_t most)
{
    for (const char *at = text; *at;) {
        const char *end = strstr(at, "\r\n");
        assert_non_null(end);
        if ((size_t)(end - at) > most)
            fail_msg("a line of %zu bytes: %.*s", (size_t)(end - at), (int)(end - at), at);
        for (const char *c = at; c < end; c++)
            if ((unsigned char)*c >= 0x7f || ((unsigned char)*c < ' ' && *c != '\t'))
                fail_msg("byte %02x in a line", (unsigned char)*c);
        at = end + 2;
    }
}

static const char *body_of(const char *text)
{
    const char *blank = strstr(text, "\r\n\r\n");

    assert_non_null(blank);
    return blank + 4;
}

/* What a reader makes of quoted-printable, CRLF as LF. */
static void decode_body(const char *body, struct buf *out)
{
    for (const char *c = body; *c; c++) {
        if (c[0] == '=' && c[1] == '\r' && c[2] == '\n') {
            c += 2;
        } else if (c[0] == '=') {
            uint8_t byte;
            assert_int_equal(hex_parse(slice_of(c + 1, 2), &byte, 1), 0);
            buf_putc(out, byte);
            c += 2;
        } else if (c[0] != '\r') {
            buf_putc(out, *c);
        }
    }
}

/* The header's value, unfolded, encoded words decoded; white space between two words is dropped. */
static void decode_header(const char *text, const char *name, struct buf *out)
{
    const char *at = strstr(text, name);
    bool word_before = false;

    assert_non_null(at);
    at += strlen(name) + 2;
    while (!(at[0] == '\r' && at[1] == '\n' && at[2] != ' ')) {
        if (at[0] == '\r') {
            at += 2;
        } else if (strncmp(at, "=?utf-8?B?", 10) == 0) {
            const char *end = strstr(at, "?=");
            assert_non_null(end);
            assert_true((size_t)(end + 2 - at) <= 75);
            assert_int_equal(base64_parse(slice_of(at + 10, (size_t)(end - at) - 10), out), 0);
            at = end + 2;
            word_before = true;
        } else if (word_before && at[0] == ' ' && strncmp(at + 1, "=?", 2) == 0) {
            at++;
        } else {
            buf_putc(out, *at++);
        }
    }
}

static void test_plain(void **state)
{
    struct mail mail = good_mail();
    char *text = build(&mail);

    (void)state;
    assert_string_equal(text, "Date: Fri, 21 Nov 2025 20:39:56 +0000\r\n"
                              "From: \"Example CSIRT\"\r\n <csirt@example.org>\r\n"
                              "To: \"Owner\"\r\n <owner@example.net>\r\n"
                              "Subject: Advisory EX-1: pump controller\r\n"
                              "Message-ID: <dlv_0123456789abcdefghjkmnpqrs@centre.example.org>\r\n"
                              "Auto-Submitted: auto-generated\r\n"
                              "MIME-Version: 1.0\r\n"
                              "Content-Language: en\r\n"
                              "Content-Type: text/plain; charset=utf-8\r\n"
                              "Content-Transfer-Encoding: quoted-printable\r\n"
                              "\r\n"
                              "Two devices are affected.\r\n");
    check_lines(text, 76);
    mem_free(text);
}

static void test_following_and_labels(void **state)
{
    struct mail mail = good_mail();

    (void)state;
    mail.answered_id = "dlv_first";
    mail.labels = "exercise advisory=EX-1";
    char *text = build(&mail);
    assert_non_null(strstr(text, "\r\nIn-Reply-To: <dlv_first@centre.example.org>\r\n"));
    assert_non_null(strstr(text, "\r\nReferences: <dlv_first@centre.example.org>\r\n"));
    assert_non_null(strstr(text, "\r\nTocsin-Labels: exercise advisory=EX-1\r\n"));
    mem_free(text);
}

/* A subject that tries to be a header, foreign scripts, long words: all comes back as it was. */
static void test_subjects(void **state)
{
    static const char *const subjects[] = {
        "Störung im Pumpenregler – Höchste Dringlichkeit für alle Geräte der Baureihe „Föhn“ ✓",
        "x\r\nBcc: all@example.org\r\n\r\nHello",
        "日本語の件名がここにあります。とても長いので、いくつかの単語に分けられます。日本語の件名",
        "=?utf-8?B?aGVsbG8=?=",
        "  two blanks  inside and at the end  ",
        ("a very long subject of plain words that has to be folded because it does not fit on one "
         "line of a mail, and goes on and on until it needs three of them to be told completely"),
        "",
        "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
        struct mail mail = good_mail();
        struct buf decoded;
        buf_init(&decoded);
        mail.subject = subjects[i];
        mail.to_name = subjects[i];
        char *text = build(&mail);
        check_lines(text, 76);
        assert_null(strstr(text, "\r\nBcc:"));
        decode_header(text, "\r\nSubject", &decoded);
        assert_string_equal(buf_text(&decoded), subjects[i]);
        buf_fini(&decoded);
        mem_free(text);
    }
}

static void test_names(void **state)
{
    struct mail mail = good_mail();

    (void)state;
    mail.from = "\"O'Neil, \\Sec\" <csirt@example.org>";
    mail.to_name = "Quote \" and \\";
    char *text = build(&mail);
    assert_non_null(strstr(text, "From: \"O'Neil, \\\\Sec\"\r\n <csirt@example.org>\r\n"));
    assert_non_null(strstr(text, "To: \"Quote \\\" and \\\\\"\r\n <owner@example.net>\r\n"));
    mem_free(text);
    mail.to_name = NULL;
    mail.from = "csirt@example.org";
    text = build(&mail);
    assert_non_null(strstr(text, "From: csirt@example.org\r\n"));
    assert_non_null(strstr(text, "To: owner@example.net\r\n"));
    mem_free(text);
}

static void check_text(const char *text_in, const char *expected)
{
    struct mail mail = good_mail();
    struct buf decoded;

    buf_init(&decoded);
    mail.text = slice_str(text_in);
    char *text = build(&mail);
    check_lines(text, 76);
    decode_body(body_of(text), &decoded);
    assert_string_equal(buf_text(&decoded), expected);
    buf_fini(&decoded);
    mem_free(text);
}

static void test_texts(void **state)
{
    (void)state;
    check_text("", "");
    check_text("no end of line", "no end of line\n");
    check_text("two\r\nkinds\nof end\n", "two\nkinds\nof end\n");
    check_text("a lone \r stays\n", "a lone \x0d stays\n");
    check_text("blank at the end \nand a tab\t\n", "blank at the end \nand a tab\t\n");
    check_text(".\n..dots\nFrom here\n", ".\n..dots\nFrom here\n");
    check_text("= is = and é is é, 漢字 too\n", "= is = and é is é, 漢字 too\n");
    check_text(
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
        "\n",
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
        "\n");
    check_text("ééééééééééééééééééééééééééééééééééééééééé \n",
               "ééééééééééééééééééééééééééééééééééééééééé \n");
}

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

/* Random texts of difficult bytes come back as they were. */
static void test_random_texts(void **state)
{
    static const char *const pieces[] = {"a",         " ",    "\t", "=",  "é",  "漢",   "\n",  ".",
                                         "long word", "\r\n", "😀",  "?=", "=?", "\x01", "\x7f"};
    uint32_t seed = 7;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct buf in, expected;
        buf_init(&in);
        buf_init(&expected);
        for (uint32_t left = draw(&seed, 60); left > 0; left--) {
            const char *piece = pieces[draw(&seed, ARRAY_LEN(pieces))];
            buf_puts(&in, piece);
            buf_puts(&expected, strcmp(piece, "\r\n") == 0 ? "\n" : piece);
        }
        if (expected.len && expected.data[expected.len - 1] != '\n')
            buf_putc(&expected, '\n');
        check_text(buf_text(&in), buf_text(&expected));
        buf_fini(&in);
        buf_fini(&expected);
    }
}

static void test_addresses(void **state)
{
    static const char *const good[] = {
        "a@b",           "first.last+tag@sub.example.org", "o'neil@example.org",
        "x@[192.0.2.1]", "x@[IPv6:2001:db8::1]",           "_x-y=z@xn--bcher-kva.example",
    };
    static const char *const bad[] = {
        "",      "a",    "@b",     "a@",    "a b@c", "a@b c",     "a@b\r\nX:",    "a..b@c",
        ".a@c",  "a.@c", "a@b..c", "a@.b",  "<a@b>", "a@b>,<c@d", "\"a\"@b",      "a@b,c@d",
        "a@b;c", "ä@b",  "a@ä",    "a\n@b", "a@[",   "a@[]",      "a(comment)@b", "a@b/c",
    };
    char longest[MAIL_ADDRESS_MAX + 2];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (!mail_address_is(slice_str(good[i])))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (mail_address_is(slice_str(bad[i])))
            fail_msg("accepted: %s", bad[i]);
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    for (size_t i = 1; i < sizeof(longest) - 1; i += 50)
        longest[i] = i == 1 ? '@' : '.';
    assert_false(mail_address_is(slice_str(longest)));
    longest[MAIL_ADDRESS_MAX] = '\0';
    assert_true(mail_address_is(slice_str(longest)));
    assert_false(mail_address_is(slice_of("a@b\0c", 5)));
}

static void test_split(void **state)
{
    struct slice name, address;
    struct err e = {0};

    (void)state;
    assert_int_equal(mail_address_split(" A B <a@b> ", &name, &address, &e), 0);
    assert_true(slice_is(name, "A B"));
    assert_true(slice_is(address, "a@b"));
    assert_int_equal(mail_address_split("\"A, B\" <a@b>", &name, &address, &e), 0);
    assert_true(slice_is(name, "A, B"));
    assert_int_equal(mail_address_split("a@b", &name, &address, &e), 0);
    assert_int_equal(name.len, 0);
    static const char *const bad[] = {"", "<", "<>", "A <a@b", "A <a@b> x", "A", "<a@b><c@d>x"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        if (mail_address_split(bad[i], &name, &address, &e) == 0)
            fail_msg("accepted: %s", bad[i]);
        assert_string_equal(e.code, "mail.address");
    }
}

static void refused(const struct mail *mail, const char *code)
{
    struct err e = {0};
    struct buf b;

    buf_init(&b);
    assert_int_equal(mail_build(mail, &b, &e), -1);
    assert_string_equal(e.code, code);
    buf_fini(&b);
}

static void test_refusals(void **state)
{
    struct mail mail = good_mail();
    struct buf big;

    (void)state;
    mail.to = "a@b\r\nBcc: c@d";
    refused(&mail, "mail.address");
    mail = good_mail();
    mail.from = "nobody";
    refused(&mail, "mail.address");
    mail = good_mail();
    mail.subject = "\xff";
    refused(&mail, "mail.text");
    mail = good_mail();
    mail.to_name = "\xc3";
    refused(&mail, "mail.text");
    mail = good_mail();
    mail.from = "\xc3 <a@b>";
    refused(&mail, "mail.text");
    mail = good_mail();
    mail.text = slice_of("a\0b", 3);
    refused(&mail, "mail.text");
    mail = good_mail();
    mail.id = "x>\r\nBcc: y";
    refused(&mail, "mail.id");
    mail = good_mail();
    mail.labels = "x\r\nBcc: y";
    refused(&mail, "mail.id");

    buf_init(&big);
    memset(buf_extend(&big, MAIL_TEXT_MAX + 1), 'x', MAIL_TEXT_MAX + 1);
    mail = good_mail();
    mail.text = slice_of(big.data, MAIL_TEXT_MAX);
    mem_free(build(&mail));
    mail.text = buf_slice(&big);
    refused(&mail, "mail.limit");
    mail = good_mail();
    big.data[MAIL_SUBJECT_MAX + 1] = '\0';
    mail.subject = (const char *)big.data;
    refused(&mail, "mail.limit");
    buf_fini(&big);
}

static void test_without_memory(void **state)
{
    struct mail mail = good_mail();
    long k = 0;

    (void)state;
    mail.subject = "ä subject of some length to make it grow";
    for (;; k++) {
        struct err e = {0};
        struct buf b;
        buf_init(&b);
        mem_fail_after(k);
        int result = mail_build(&mail, &b, &e);
        bool reached = mem_allocations() > k;
        mem_fail_after(-1);
        buf_fini(&b);
        assert_int_equal(result, reached ? -1 : 0);
        if (!reached)
            break;
        assert_int_equal(e.kind, ERR_MEMORY);
    }
    assert_true(k > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),     cmocka_unit_test(test_following_and_labels),
        cmocka_unit_test(test_subjects),  cmocka_unit_test(test_names),
        cmocka_unit_test(test_texts),     cmocka_unit_test(test_random_texts),
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_split),
        cmocka_unit_test(test_refusals),  cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests_name("centre_mail", tests, NULL, NULL);
}
