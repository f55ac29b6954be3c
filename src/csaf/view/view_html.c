/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTML: one file, no script, nothing from elsewhere; the policy in its head allows this style sheet
 * (by its hash) and nothing else. Words are escaped by html_put, and nowhere else is text of the
 * document written.
 */
#include "csaf/view/view_internal.h"

/* A change here changes the hash below it; the test csaf_view computes it anew. */
static const char style[] =
    ":root{color-scheme:light dark;--ink:#1d2733;--soft:#5b6876;--line:#dfe4ea;--page:#f6f7f9;"
    "--card:#fff;--code:#f0f2f5;--link:#0b5cad;--crit:#a3123a;--high:#b5430f;--med:#7a5b00;"
    "--low:#2f5f8f;--good:#1c6e43;--wash-crit:#fbe9ee;--wash-high:#fdeee6;--wash-med:#fbf4dc;"
    "--wash-low:#e8f0f8;--wash-good:#e5f4ec}"
    "@media (prefers-color-scheme:dark){:root{--ink:#dde3ea;--soft:#96a3b1;--line:#2c3641;"
    "--page:#12171d;--card:#1a2129;--code:#242d37;--link:#7fb8f0;--crit:#ff8fab;--high:#ffa577;"
    "--med:#e6c65c;--low:#8fbce8;--good:#7dd3a3;--wash-crit:#3a1821;--wash-high:#38210f;"
    "--wash-med:#322a0e;--wash-low:#182a3c;--wash-good:#12301f}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--page);color:var(--ink);"
    "font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;"
    "overflow-wrap:anywhere}"
    "main{max-width:56rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}"
    "header{margin-bottom:1.5rem}"
    "section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;"
    "padding:1.1rem 1.4rem 1.3rem;margin:0 0 1.1rem}"
    "h1{font-size:1.75rem;line-height:1.25;margin:.1rem 0 .7rem;font-weight:650;"
    "letter-spacing:-.01em}"
    "h2{font-size:1.25rem;line-height:1.3;margin:.1rem 0 .7rem;font-weight:650}"
    "h3{font-size:1rem;margin:1.4rem 0 .35rem;padding-top:.9rem;border-top:1px solid var(--line);"
    "font-weight:650}"
    "h4{font-size:.95rem;margin:.9rem 0 .2rem;font-weight:600}"
    "p{margin:.3rem 0}.prose{white-space:pre-line;margin:.25rem 0 .5rem}"
    "p,.prose,li,dd,td,h1,h2,h3,h4{unicode-bidi:plaintext}"
    "ul{margin:.3rem 0 .6rem;padding-left:1.2rem}li{margin:.15rem 0}li::marker{color:var(--soft)}"
    "a{color:var(--link);text-underline-offset:.15em}"
    "code{font:.88em/1.4 ui-monospace,\"SF Mono\",Menlo,Consolas,monospace;background:var(--code);"
    "padding:.08em .35em;border-radius:.25em}"
    "dl{display:grid;grid-template-columns:minmax(7.5rem,max-content) 1fr;gap:.3rem 1.2rem;"
    "margin:.5rem 0 0}dt{color:var(--soft)}dd{margin:0}"
    "header dl{background:var(--card);border:1px solid var(--line);border-radius:.6rem;"
    "padding:1rem 1.4rem}"
    "table{border-collapse:collapse;width:100%}"
    "td{padding:.4rem .9rem .4rem 0;vertical-align:top;border-top:1px solid var(--line)}"
    "tr:first-child td{border-top:0}td:first-child,td:nth-child(2){white-space:nowrap}"
    ".faint{color:var(--soft)}.crit{color:var(--crit);font-weight:600}"
    ".high{color:var(--high);font-weight:600}.med{color:var(--med);font-weight:600}"
    ".low{color:var(--low)}.good{color:var(--good);font-weight:600}"
    ".badges{display:flex;flex-wrap:wrap;gap:.45rem;margin:.2rem 0 .9rem}"
    ".badges:empty{display:none}"
    ".badge{font-size:.85rem;font-weight:600;padding:.12rem .65rem;border-radius:1rem;"
    "background:var(--code);color:var(--soft)}"
    ".badge.crit{background:var(--wash-crit);color:var(--crit)}"
    ".badge.high{background:var(--wash-high);color:var(--high)}"
    ".badge.med{background:var(--wash-med);color:var(--med)}"
    ".badge.low{background:var(--wash-low);color:var(--low)}"
    ".badge.good{background:var(--wash-good);color:var(--good)}"
    ".notice{border-radius:.45rem;padding:.5rem .9rem;margin:0 0 .8rem;font-size:.95rem;"
    "background:var(--wash-low)}"
    ".notice.high{background:var(--wash-high);color:var(--ink);font-weight:400;"
    "border-left:.3rem solid var(--high)}"
    ".notice.red,.notice.amber,.notice.green,.notice.clear{background:#000;color:#fff}"
    ".notice.red strong{color:#ff2b2b}.notice.amber strong{color:#ffc000}"
    ".notice.green strong{color:#33ff00}.notice.clear strong{color:#fff}"
    "@media (max-width:36rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}"
    "section{padding:.9rem 1rem}}"
    "@page{margin:18mm 16mm}"
    "@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--line:#bbb;--page:#fff;"
    "--card:#fff;--code:#f3f3f3;--link:#000;--crit:#8a0d2f;--high:#8f340b;--med:#5e4600;"
    "--low:#234a70;--good:#14552f}"
    "body{font-size:10pt}main{max-width:none;padding:0}"
    "section,header dl{border:0;border-radius:0;padding:0;margin:0 0 6mm}"
    "section{border-top:1px solid #999;padding-top:3mm}"
    "h1,h2,h3,h4,dt{break-after:avoid}tr,li{break-inside:avoid}"
    ".notice,.badge{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "a[href^=http]::after{content:\" <\" attr(href) \">\";color:#444;font-size:.9em}"
    "a.bare::after{content:none!important}}";
#define STYLE_HASH "sha256-DKk8ptMK+m6Xzw85Qir5JhmAUxqpK7fcSrT9/ULVSx4="

static const struct {
    const char *on, *off;
} blocks[VIEW_BLOCKS] = {
    [VIEW_HEAD] = {"<header", "</header>\n"},
    [VIEW_SECTION] = {"<section", "</section>\n"},
    [VIEW_CARD] = {"<section", "</section>\n"},
    [VIEW_TITLE] = {"<h1", "</h1>\n"},
    [VIEW_HEADING] = {"<h2", "</h2>\n"},
    [VIEW_SUBHEADING] = {"<h3", "</h3>\n"},
    [VIEW_LABEL] = {"<h4", "</h4>\n"},
    [VIEW_LINE] = {"<p", "</p>\n"},
    [VIEW_PROSE] = {"<div class=\"prose\"", "</div>\n"},
    [VIEW_LIST] = {"<ul", "</ul>\n"},
    [VIEW_ITEM] = {"<li", "</li>\n"},
    [VIEW_FACTS] = {"<dl", "</dl>\n"},
    [VIEW_NAME] = {"<dt", "</dt>"},
    [VIEW_VALUE] = {"<dd", "</dd>\n"},
    [VIEW_TABLE] = {"<table", "</table>\n"},
    [VIEW_ROW] = {"<tr", "</tr>\n"},
    [VIEW_CELL] = {"<td", "</td>"},
    [VIEW_BADGES] = {"<div class=\"badges\"", "</div>\n"},
    [VIEW_NOTICE] = {"<div", "</div>\n"},
};

static const char *const classes[VIEW_TONES] = {
    [VIEW_PLAIN] = "",        [VIEW_STRONG] = "",   [VIEW_FAINT] = "faint", [VIEW_CODE] = "",
    [VIEW_CRITICAL] = "crit", [VIEW_HIGH] = "high", [VIEW_MEDIUM] = "med",  [VIEW_LOW] = "low",
    [VIEW_GOOD] = "good",     [VIEW_RED] = "red",   [VIEW_AMBER] = "amber", [VIEW_GREEN] = "green",
    [VIEW_CLEAR] = "clear"};

/* Letters, digits and hyphens only. */
static bool is_lang(struct slice lang)
{
    for (size_t i = 0; i < lang.len; i++) {
        uint8_t c = lang.data[i];
        if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-'))
            return false;
    }
    return lang.len > 0 && lang.len <= 35;
}

static void begin(struct view_sink *s, struct slice title, struct slice lang)
{
    buf_puts(s->out, "<!DOCTYPE html>\n<html");
    if (is_lang(lang)) {
        buf_puts(s->out, " lang=\"");
        html_put(s->out, lang, false);
        buf_putc(s->out, '"');
    }
    buf_puts(s->out, ">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src '" STYLE_HASH "'; base-uri 'none'; form-action 'none'\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    html_put(s->out, title.len ? title : slice_str("Security advisory"), false);
    buf_puts(s->out, "</title>\n<style>");
    buf_puts(s->out, style);
    buf_puts(s->out, "</style>\n</head>\n<body>\n<main>\n");
}

static void open(struct view_sink *s, enum view_block block, enum view_tone tone)
{
    buf_puts(s->out, blocks[block].on);
    if (block == VIEW_NOTICE)
        buf_printf(s->out, " class=\"notice %s\"", classes[tone]);
    else if (classes[tone][0])
        buf_printf(s->out, " class=\"%s\"", classes[tone]);
    buf_putc(s->out, '>');
    s->block = block;
}

static void close(struct view_sink *s, enum view_block block)
{
    buf_puts(s->out, blocks[block].off);
    s->block = VIEW_BLOCKS;
}

static void say(struct view_sink *s, enum view_tone tone, struct slice text)
{
    const char *on = "", *off = "";
    if (tone == VIEW_STRONG) {
        on = "<strong>";
        off = "</strong>";
    } else if (tone == VIEW_CODE) {
        on = "<code>";
        off = "</code>";
    } else if (classes[tone][0]) {
        buf_printf(s->out, "<span class=\"%s\">", classes[tone]);
        off = "</span>";
    }
    buf_puts(s->out, on);
    html_put(s->out, text, s->block == VIEW_PROSE);
    buf_puts(s->out, off);
}

static void badge(struct view_sink *s, enum view_tone tone, struct slice text)
{
    buf_printf(s->out, "<span class=\"badge %s\">", classes[tone]);
    html_put(s->out, text, false);
    buf_puts(s->out, "</span>");
}

static void link(struct view_sink *s, struct slice url, struct slice text)
{
    /* the address in print, unless the text is the address */
    buf_puts(s->out, slice_equal(url, text)
                         ? "<a class=\"bare\" rel=\"noopener noreferrer\" href=\""
                         : "<a rel=\"noopener noreferrer\" href=\"");
    html_put(s->out, url, false);
    buf_puts(s->out, "\">");
    html_put(s->out, text, false);
    buf_puts(s->out, "</a>");
}

static void end(struct view_sink *s)
{
    buf_puts(s->out, "</main>\n</body>\n</html>\n");
}

const struct view_format view_format_html = {begin, open, close, say, badge, link, end};
