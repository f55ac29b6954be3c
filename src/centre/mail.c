/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/mail.h"
#include "base/encoding.h"
#include "base/utf8.h"

#include <stdio.h>
#include <time.h>

enum { LINE_MAX_BYTES = 76, ENCODED_WORD_MAX = 75 };

static bool is_atom(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_host(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/* Runs of allowed bytes with single dots between them. */
static bool is_dotted(struct slice text, bool (*allowed)(uint8_t), size_t most)
{
    size_t run = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.') {
            if (run == 0)
                return false;
            run = 0;
        } else if (!allowed(text.data[i]) || ++run > most) {
            return false;
        }
    }
    return run > 0;
}

static bool is_address_literal(struct slice text)
{
    if (text.len < 3 || text.data[0] != '[' || text.data[text.len - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < text.len; i++)
        if (!is_host(text.data[i]) && text.data[i] != '.' && text.data[i] != ':')
            return false;
    return true;
}

bool mail_address_is(struct slice text)
{
    const uint8_t *at = text.len ? memrchr(text.data, '@', text.len) : NULL;

    if (!at || text.len > MAIL_ADDRESS_MAX)
        return false;
    struct slice local = slice_of(text.data, (size_t)(at - text.data));
    struct slice domain = slice_of(at + 1, text.len - local.len - 1);
    if (local.len > 64 || !is_dotted(local, is_atom, 64))
        return false;
    return is_address_literal(domain) || is_dotted(domain, is_host, 63);
}

static struct slice trim(struct slice text)
{
    while (text.len && text.data[0] == ' ')
        text = slice_of(text.data + 1, text.len - 1);
    while (text.len && text.data[text.len - 1] == ' ')
        text.len--;
    return text;
}

int mail_address_split(const char *text, struct slice *name, struct slice *address, struct err *e)
{
    const char *open = strrchr(text, '<');

    *name = slice_of(text, 0);
    *address = trim(slice_str(text));
    if (open && address->data[address->len - 1] == '>') {
        *name = trim(slice_of(text, (size_t)(open - text)));
        *address =
            slice_of(open + 1, (size_t)(address->data + address->len - 2 - (const uint8_t *)open));
        if (name->len >= 2 && name->data[0] == '"' && name->data[name->len - 1] == '"')
            *name = slice_of(name->data + 1, name->len - 2);
    }
    if (mail_address_is(*address))
        return 0;
    err_set(e, ERR_INPUT, "mail.address", "RFC 5321 section 4.1.2",
            "\"%.100s\" is no mail address that can be used", text);
    return err_hint(e, "expected name@example.org or \"Name <name@example.org>\"");
}

static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < ' ' || text.data[i] >= 0x7f)
            return false;
    return text.len < 2 || memmem(text.data, text.len, "=?", 2) == NULL;
}

/*
 * RFC 2047: base64 words of whole characters, folded. column: bytes already on the line.
 */
static void put_encoded_words(struct buf *b, struct slice text, size_t column)
{
    static const char open[] = "=?utf-8?B?";

    while (text.len) {
        size_t room = ENCODED_WORD_MAX - column - (sizeof(open) - 1) - 2;
        size_t len = utf8_cut(text, room / 4 * 3);
        if (len == 0) { /* not even one character fits on what is left of this line */
            buf_puts(b, "\r\n ");
            column = 1;
            continue;
        }
        buf_puts(b, open);
        base64_put(b, slice_of(text.data, len));
        buf_puts(b, "?=");
        text = slice_of(text.data + len, text.len - len);
        if (text.len)
            buf_puts(b, "\r\n ");
        column = 1;
    }
}

/* Plain ASCII, folded at blanks; a single word longer than a line stays as it is. */
static void put_folded(struct buf *b, struct slice text, size_t column)
{
    while (text.len) {
        const uint8_t *blank = memchr(text.data + 1, ' ', text.len - 1);
        size_t len = blank ? (size_t)(blank - text.data) : text.len;
        if (column + len > LINE_MAX_BYTES && text.data[0] == ' ') {
            buf_puts(b, "\r\n");
            column = 0;
        }
        buf_put(b, text.data, len);
        column += len;
        text = slice_of(text.data + len, text.len - len);
    }
}

/* Could folding put a line of blanks only, or lose them? Then it is encoded. */
static bool has_odd_blanks(struct slice text)
{
    return text.len && (text.data[0] == ' ' || text.data[text.len - 1] == ' ' ||
                        memmem(text.data, text.len, "  ", 2) != NULL);
}

static void put_unstructured(struct buf *b, const char *name, struct slice text)
{
    buf_printf(b, "%s: ", name);
    if (is_plain(text) && !has_odd_blanks(text) && text.len <= 900)
        put_folded(b, text, strlen(name) + 2);
    else
        put_encoded_words(b, text, strlen(name) + 2);
    buf_puts(b, "\r\n");
}

static void put_address(struct buf *b, const char *header, struct slice name, struct slice address)
{
    buf_printf(b, "%s: ", header);
    if (name.len == 0) {
        buf_put_slice(b, address);
    } else {
        bool plain = is_plain(name) && name.len + strlen(header) < 60;
        if (plain) {
            buf_putc(b, '"');
            for (size_t i = 0; i < name.len; i++)
                buf_printf(b, "%s%c", strchr("\"\\", name.data[i]) ? "\\" : "", name.data[i]);
            buf_putc(b, '"');
        } else {
            put_encoded_words(b, name, strlen(header) + 2);
        }
        buf_puts(b, "\r\n <");
        buf_put_slice(b, address);
        buf_putc(b, '>');
    }
    buf_puts(b, "\r\n");
}

static void put_date(struct buf *b, int64_t time)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(time / 1000000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    buf_printf(b, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
               months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* RFC 2045 section 6.7. Line ends of the text become CRLF; all others are encoded. */
static void put_quoted_printable(struct buf *b, struct slice text)
{
    size_t column = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        uint8_t next = i + 1 < text.len ? text.data[i + 1] : '\n';
        if (c == '\r' && next == '\n')
            continue;
        if (c == '\n') {
            buf_puts(b, "\r\n");
            column = 0;
            continue;
        }
        bool ends = next == '\n' || next == '\r';
        bool literal = (c > ' ' && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !ends);
        if (column + (literal ? 1 : 3) > LINE_MAX_BYTES - 1) {
            buf_puts(b, "=\r\n");
            column = 0;
        }
        if (literal)
            buf_putc(b, c);
        else
            buf_printf(b, "=%02X", c);
        column += literal ? 1 : 3;
    }
    if (column)
        buf_puts(b, "\r\n");
}

static int check(const struct mail *mail, struct err *e)
{
    struct slice subject = slice_str(mail->subject), name = slice_str(mail->to_name);

    if (mail->text.len > MAIL_TEXT_MAX || subject.len > MAIL_SUBJECT_MAX ||
        name.len > MAIL_SUBJECT_MAX)
        return err_set(e, ERR_LIMIT, "mail.limit", NULL,
                       "the mail's text, subject or name is too long");
    if (utf8_check(mail->text) != mail->text.len || utf8_check(subject) != subject.len ||
        utf8_check(name) != name.len ||
        (mail->text.len && memchr(mail->text.data, 0, mail->text.len)))
        return err_set(e, ERR_INPUT, "mail.text", NULL, "the mail's text is not UTF-8 without NUL");
    if (!mail_address_is(slice_str(mail->to)))
        return err_set(e, ERR_INPUT, "mail.address", "RFC 5321 section 4.1.2",
                       "\"%.100s\" is no mail address that can be used", mail->to);
    /* Ids come from id_new; anything else would be an injection of ours into a header. */
    if (!is_dotted(slice_str(mail->id), is_atom, 200) ||
        !is_dotted(slice_str(mail->id_domain), is_host, 200) ||
        (mail->answered_id && !is_dotted(slice_str(mail->answered_id), is_atom, 200)) ||
        (mail->labels && !is_plain(slice_str(mail->labels))))
        return err_set(e, ERR_INTERNAL, "mail.id", "RFC 5322 section 3.6.4",
                       "an id or label of the mail cannot stand in a header");
    return 0;
}

int mail_build(const struct mail *mail, struct buf *out, struct err *e)
{
    struct slice from_name, from;

    if (check(mail, e) != 0 || mail_address_split(mail->from, &from_name, &from, e) != 0)
        return -1;
    if (utf8_check(from_name) != from_name.len)
        return err_set(e, ERR_INPUT, "mail.text", NULL, "the sender's name is not UTF-8");
    put_date(out, mail->time);
    put_address(out, "From", from_name, from);
    put_address(out, "To", slice_str(mail->to_name), slice_str(mail->to));
    put_unstructured(out, "Subject", slice_str(mail->subject));
    buf_printf(out, "Message-ID: <%s@%s>\r\n", mail->id, mail->id_domain);
    if (mail->answered_id)
        buf_printf(out, "In-Reply-To: <%s@%s>\r\nReferences: <%s@%s>\r\n", mail->answered_id,
                   mail->id_domain, mail->answered_id, mail->id_domain);
    /* RFC 3834: no holiday message shall answer. */
    buf_puts(out, "Auto-Submitted: auto-generated\r\n");
    if (mail->labels)
        put_unstructured(out, "Tocsin-Labels", slice_str(mail->labels));
    buf_puts(out, "MIME-Version: 1.0\r\n"
                  "Content-Language: en\r\n" /* of what the centre says in it */
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    put_quoted_printable(out, mail->text);
    return buf_check(out, e);
}
