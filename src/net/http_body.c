/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_parse.h"
#include "net/http_chars.h"

enum body_state {
    DATA,          /* content bytes, b->left of them */
    SIZE,          /* hexadecimal digits of a chunk size */
    EXTENSION,     /* behind ';', up to CR */
    SIZE_LF,       /* LF of the size line */
    DATA_CR,       /* CRLF behind a chunk's content */
    DATA_LF,       /* */
    TRAILER_START, /* a trailer line or the last CRLF */
    TRAILER_NAME,  /* up to ':' */
    TRAILER_VALUE, /* up to CR */
    TRAILER_LF,    /* LF of a trailer line */
    LAST_LF,       /* LF of the last line */
    COMPLETE,
    BROKEN
};

void http_body_init(struct http_body *b, const struct http_head *h)
{
    *b = (struct http_body){.framing = h->framing};
    if (h->framing == HTTP_LENGTH) {
        b->left = h->content_length;
        b->state = b->left ? DATA : COMPLETE;
    } else {
        b->state = h->framing == HTTP_CHUNKED ? SIZE : COMPLETE;
    }
}

static enum http_step refuse(struct http_body *b, struct err *e, const char *code,
                             const char *clause, const char *text)
{
    b->state = BROKEN;
    err_set(e, ERR_USAGE, code, clause, "%s", text);
    return HTTP_REFUSED;
}

static enum http_step bad_chunk(struct http_body *b, struct err *e, const char *text)
{
    return refuse(b, e, "http.chunk", "RFC 9112 section 7.1", text);
}

static enum http_step bad_trailer(struct http_body *b, struct err *e, const char *text)
{
    return refuse(b, e, "http.trailer", "RFC 9112 section 7.1.2", text);
}

static enum http_step size_byte(struct http_body *b, uint8_t byte, struct err *e)
{
    int digit = http_char_hex(byte);

    if (digit >= 0) {
        if (++b->digits > 15)
            return bad_chunk(b, e, "a chunk size has more than 15 digits");
        b->size = b->size * 16 + (unsigned)digit;
        return HTTP_MORE;
    }
    if (b->digits == 0)
        return bad_chunk(b, e, "a chunk size is missing");
    if (byte == '\r')
        b->state = SIZE_LF;
    else if (byte == ';')
        b->state = EXTENSION;
    else
        return bad_chunk(b, e, "a chunk size is not plain hexadecimal digits");
    return HTTP_MORE;
}

static enum http_step extension_byte(struct http_body *b, uint8_t byte, struct err *e)
{
    if (byte == '\r') {
        b->state = SIZE_LF;
        return HTTP_MORE;
    }
    if (!http_char_is(byte, HTTP_CHAR_VALUE))
        return bad_chunk(b, e, "a chunk extension has a control byte");
    if (++b->line > HTTP_CHUNK_LINE_MAX || ++b->extensions > HTTP_CHUNK_EXTENSIONS_MAX)
        return bad_chunk(b, e, "the chunk extensions are too long");
    return HTTP_MORE;
}

static enum http_step size_end(struct http_body *b, uint8_t byte, struct err *e)
{
    if (byte != '\n')
        return bad_chunk(b, e, "a chunk size line has a CR without LF");
    b->left = b->size;
    b->state = b->size ? DATA : TRAILER_START;
    b->size = 0;
    b->digits = 0;
    b->line = 0;
    return HTTP_MORE;
}

static enum http_step trailer_byte(struct http_body *b, uint8_t byte, struct err *e)
{
    if (++b->trailers > HTTP_TRAILER_MAX)
        return bad_trailer(b, e, "the trailers are too long");
    switch (b->state) {
    case TRAILER_START:
        if (byte == '\r') {
            b->state = LAST_LF;
            return HTTP_MORE;
        }
        if (++b->trailer_fields > HTTP_TRAILER_FIELDS_MAX)
            return bad_trailer(b, e, "there are too many trailers");
        if (!http_char_is(byte, HTTP_CHAR_TOKEN))
            return bad_trailer(b, e, "a trailer has no name");
        b->state = TRAILER_NAME;
        return HTTP_MORE;
    case TRAILER_NAME:
        if (byte == ':')
            b->state = TRAILER_VALUE;
        else if (!http_char_is(byte, HTTP_CHAR_TOKEN))
            return bad_trailer(b, e, "a trailer's name is not a token");
        return HTTP_MORE;
    case TRAILER_VALUE:
        if (byte == '\r')
            b->state = TRAILER_LF;
        else if (!http_char_is(byte, HTTP_CHAR_VALUE))
            return bad_trailer(b, e, "a trailer has a control byte");
        return HTTP_MORE;
    default:
        if (byte != '\n')
            return bad_trailer(b, e, "a trailer line has a CR without LF");
        b->state = b->state == LAST_LF ? COMPLETE : TRAILER_START;
        return HTTP_MORE;
    }
}

static enum http_step framing_byte(struct http_body *b, uint8_t byte, struct err *e)
{
    switch (b->state) {
    case SIZE: return size_byte(b, byte, e);
    case EXTENSION: return extension_byte(b, byte, e);
    case SIZE_LF: return size_end(b, byte, e);
    case DATA_CR:
    case DATA_LF:
        if (byte != (b->state == DATA_CR ? '\r' : '\n'))
            return bad_chunk(b, e, "a chunk is longer than its size");
        b->state = b->state == DATA_CR ? DATA_LF : SIZE;
        return HTTP_MORE;
    default: return trailer_byte(b, byte, e);
    }
}

enum http_step http_body_feed(struct http_body *b, struct slice in, size_t *used,
                              struct slice *data, struct err *e)
{
    size_t at = 0;

    *used = 0;
    while (b->state != COMPLETE) {
        if (b->state == BROKEN)
            return bad_chunk(b, e, "the body was refused before");
        if (at == in.len) {
            *used = at;
            return HTTP_MORE;
        }
        if (b->state == DATA) {
            size_t run = in.len - at < b->left ? in.len - at : (size_t)b->left;
            *data = slice_of(in.data + at, run);
            *used = at + run;
            b->left -= run;
            b->total += run;
            if (b->left == 0)
                b->state = b->framing == HTTP_CHUNKED ? DATA_CR : COMPLETE;
            return HTTP_DATA;
        }
        if (framing_byte(b, in.data[at], e) == HTTP_REFUSED) {
            *used = at;
            return HTTP_REFUSED;
        }
        at++;
    }
    *used = at;
    return HTTP_DONE;
}
