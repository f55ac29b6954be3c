/* SPDX-License-Identifier: Apache-2.0 */
/* What no view may hold, whatever the document: for the unit test and the fuzz harness. */
#ifndef TESTS_VIEW_CHECK_H
#define TESTS_VIEW_CHECK_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/utf8.h"

#include <string.h>

static inline bool view_check_starts(struct slice s, const char *word)
{
    return s.len >= strlen(word) && memcmp(s.data, word, strlen(word)) == 0;
}

/* Nothing that steers a terminal or the direction of writing; whole UTF-8. NULL: fine. */
static inline const char *view_check_characters(struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        size_t len = utf8_length(text.data + at, text.data + text.len);
        uint32_t point = len ? utf8_decode(text.data + at, len) : 0;
        if (len == 0)
            return "not UTF-8";
        if ((point < 0x20 && point != '\n') || (point >= 0x7f && point < 0xa0))
            return "a control character";
        if ((point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
            (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || point == 0x61c)
            return "a character that is not seen or turns the direction";
        at += len;
    }
    return NULL;
}

/* The tags that the view writes: their beginnings up to where text of the document may stand. */
static const char *const view_check_tags[] = {"<!DOCTYPE html>",
                                              "<html>",
                                              "<html lang=\"",
                                              "</html>",
                                              "<head>",
                                              "</head>",
                                              "<meta ",
                                              "<title>",
                                              "</title>",
                                              "<style>",
                                              "</style>",
                                              "<body>",
                                              "</body>",
                                              "<main>",
                                              "</main>",
                                              "<header>",
                                              "</header>",
                                              "<section>",
                                              "</section>",
                                              "<h1>",
                                              "</h1>",
                                              "<h2>",
                                              "</h2>",
                                              "<h3>",
                                              "<h3 class=\"",
                                              "</h3>",
                                              "<h4>",
                                              "<h4 class=\"",
                                              "</h4>",
                                              "<p>",
                                              "</p>",
                                              "<div class=\"",
                                              "</div>",
                                              "<ul>",
                                              "</ul>",
                                              "<li>",
                                              "</li>",
                                              "<dl>",
                                              "</dl>",
                                              "<dt>",
                                              "</dt>",
                                              "<dd>",
                                              "</dd>",
                                              "<table>",
                                              "</table>",
                                              "<tr>",
                                              "</tr>",
                                              "<td>",
                                              "</td>",
                                              "<strong>",
                                              "</strong>",
                                              "<code>",
                                              "</code>",
                                              "<span class=\"",
                                              "</span>",
                                              "</a>"};
static const char *const view_check_links[] = {
    "<a class=\"bare\" rel=\"noopener noreferrer\" href=\"",
    "<a rel=\"noopener noreferrer\" href=\""};

static inline bool view_check_is_url(struct slice url)
{
    char begin[9] = {0};
    for (size_t i = 0; i < 8 && i < url.len; i++)
        begin[i] =
            (char)(url.data[i] >= 'A' && url.data[i] <= 'Z' ? url.data[i] | 0x20 : url.data[i]);
    return strncmp(begin, "http://", 7) == 0 || strncmp(begin, "https://", 8) == 0 ||
           strncmp(begin, "mailto:", 7) == 0;
}

/* Every '<' begins a tag of ours, every '"' of an attribute ends it, links have a known scheme.
 * skeleton (may be NULL) gets the tags without addresses. */
static inline const char *view_check_html(struct slice html, struct buf *skeleton)
{
    const uint8_t *style = memmem(html.data, html.len, "</style>", 8);
    if (!style)
        return "no style sheet";
    struct slice rest = slice_of(style, html.len - (size_t)(style - html.data));
    while (rest.len) {
        if (*rest.data != '<') {
            if (*rest.data == '>' || *rest.data == '"' || *rest.data == '\'')
                return "a character that should be escaped";
            rest = slice_of(rest.data + 1, rest.len - 1);
            continue;
        }
        const uint8_t *end = memchr(rest.data, '>', rest.len);
        size_t len = end ? (size_t)(end - rest.data) + 1 : rest.len;
        struct slice tag = slice_of(rest.data, len), kept = tag;
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(view_check_links); i++) {
            size_t skip = strlen(view_check_links[i]);
            if (!view_check_starts(tag, view_check_links[i]))
                continue;
            struct slice url = slice_of(tag.data + skip, tag.len - skip);
            const uint8_t *quote = memchr(url.data, '"', url.len);
            known = quote && quote + 2 == tag.data + tag.len && view_check_is_url(url);
            kept.len = skip;
        }
        for (size_t i = 0; i < ARRAY_LEN(view_check_tags) && !known; i++) {
            const char *name = view_check_tags[i];
            size_t skip = strlen(name);
            if (!view_check_starts(tag, name))
                continue;
            if (name[skip - 1] == '>') {
                known = tag.len == skip;
            } else { /* class="words" */
                known = tag.len > skip + 1 && tag.data[tag.len - 2] == '"';
                for (size_t k = skip; k + 2 < tag.len; k++)
                    known =
                        known && ((tag.data[k] >= 'a' && tag.data[k] <= 'z') || tag.data[k] == ' ');
            }
        }
        if (!known)
            return "a tag that is not the view's";
        if (skeleton)
            buf_put_slice(skeleton, kept);
        rest = slice_of(rest.data + len, rest.len - len);
    }
    return NULL;
}

/* '<' and '>' only around the address of a link, or '>' for the notice at the start of a line. */
static inline const char *view_check_markdown(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char *before = i >= 2 ? (const char *)text.data + i - 2 : "";
        if (text.data[i] == '<') {
            struct slice url = slice_of(text.data + i + 1, text.len - i - 1);
            const uint8_t *end = memchr(url.data, '>', url.len);
            if (strncmp(before, "](", 2) != 0 || !end || end + 1 == text.data + text.len ||
                end[1] != ')' || !view_check_is_url(url) ||
                memchr(url.data, '\n', (size_t)(end - url.data)))
                return "a '<' that begins no link";
            i += (size_t)(end - url.data) + 1;
        } else if (text.data[i] == '>' && i > 0 && text.data[i - 1] != '\n') {
            return "a '>' that ends no link";
        } else if (text.data[i] == '[' && i > 0 && text.data[i - 1] == '!') {
            return "an image";
        }
    }
    return NULL;
}

#endif
