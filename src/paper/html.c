/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTML: the policy in the head allows this style sheet (by its hash) and nothing else; words go
 * through html_put alone.
 */
#include "base/visible.h"
#include "paper/paper.h"

/* A change here changes the hash below it; tests/scenario/evidence_report.py computes it anew. */
static const char style[] =
    "*{box-sizing:border-box}"
    "html{background:#e8e8e6}"
    "body{margin:0;color:#111;font:11pt/1.45 \"Liberation Serif\",\"Noto Serif\",\"Times New "
    "Roman\","
    "serif;overflow-wrap:anywhere}"
    "main{max-width:21cm;margin:1.2cm auto;padding:2cm 2.2cm 2.4cm;background:#fff;"
    "box-shadow:0 0 .5cm #0002}"
    "h1{font-size:20pt;line-height:1.2;margin:0 0 .2cm;font-weight:600}"
    ".subtitle{font-size:12.5pt;color:#333;margin:0 0 .6cm;padding-bottom:.35cm;"
    "border-bottom:1.5pt solid #111}"
    "h2{font-size:14pt;margin:.9cm 0 .25cm;padding-bottom:.08cm;border-bottom:.75pt solid #111;"
    "font-weight:600}"
    "h3{font-size:11.5pt;margin:.55cm 0 .15cm;font-weight:600}"
    "p{margin:.18cm 0;white-space:pre-line}p,dd,td,th,li,h1,h2,h3{unicode-bidi:plaintext}"
    ".small{font-size:9.5pt;color:#333}"
    ".notice{border:.75pt solid #111;border-left-width:4pt;padding:.18cm .35cm;margin:.25cm 0}"
    ".good{border-color:#1c5e3a}.bad{border-color:#8a0d2f;background:#fdf3f5}"
    ".doubt{border-color:#7a5b00;background:#fdf9ec}"
    "dl{display:grid;grid-template-columns:5.2cm 1fr;gap:.06cm .5cm;margin:.2cm 0}"
    "dt{color:#333}dd{margin:0;white-space:pre-line}"
    "ul{margin:.15cm 0;padding-left:.6cm}li{margin:.08cm 0}"
    "table{border-collapse:collapse;width:100%;margin:.25cm 0;font-size:9.5pt;line-height:1.35}"
    "th{text-align:left;border-bottom:.75pt solid #111;padding:.1cm .25cm .1cm 0;"
    "vertical-align:bottom;font-weight:600}"
    "td{border-bottom:.4pt solid #bbb;padding:.1cm .25cm .1cm 0;vertical-align:top;"
    "white-space:pre-line}"
    ".code{font:7.5pt/1.5 \"Liberation Mono\",\"DejaVu Sans Mono\",monospace;"
    "overflow-wrap:anywhere}"
    ".sign{margin:1.3cm 0 0;max-width:9cm;border-top:.75pt solid #111;padding-top:.06cm;"
    "font-size:9.5pt}"
    "@page{size:A4;margin:2cm 2cm 2.2cm;@bottom-right{content:counter(page) \" / \" "
    "counter(pages);font:9pt serif}}"
    "@media print{html{background:#fff}main{margin:0;padding:0;max-width:none;box-shadow:none}"
    "body{font-size:10pt}h1,h2,h3,dt,th{break-after:avoid}tr,li,.notice,.sign{break-inside:avoid}"
    ".page{break-before:page}}"
    "@media (max-width:40em){main{margin:0;padding:1rem}dl{grid-template-columns:1fr}"
    "dd{margin-bottom:.2cm}}";
#define STYLE_HASH "sha256-pv+gb7cCUQsYTQK5DBQPrt9KBs2leseMTDnaYdsEvSg="

/* What blocks of the same kind beside each other lie in. */
static const char *group_of(enum paper_kind kind)
{
    switch (kind) {
    case PAPER_FACT: return "dl";
    case PAPER_ITEM: return "ul";
    case PAPER_COLUMNS:
    case PAPER_ROW: return "table";
    default: return NULL;
    }
}

static void put(struct buf *out, const char *on, struct slice text, const char *off)
{
    buf_puts(out, on);
    html_put(out, text, true);
    buf_puts(out, off);
}

static void put_cells(struct buf *out, const struct paper_block *b)
{
    const char *name = b->kind == PAPER_COLUMNS ? "th" : "td";
    unsigned sum = 0;
    for (unsigned i = 0; i < b->cells; i++)
        sum += b->weight[i];
    if (b->kind == PAPER_COLUMNS) {
        buf_puts(out, "<thead>");
    }
    buf_puts(out, "<tr>");
    for (unsigned i = 0; i < b->cells; i++) {
        buf_printf(out, "<%s%s", name,
                   b->kind == PAPER_ROW && b->code & 1u << i ? " class=\"code\"" : "");
        if (b->kind == PAPER_COLUMNS && sum) /* an attribute, since the policy allows no style= */
            buf_printf(out, " width=\"%u%%\"", 100u * b->weight[i] / sum);
        buf_putc(out, '>');
        html_put(out, b->cell[i], true);
        buf_printf(out, "</%s>", name);
    }
    buf_puts(out, b->kind == PAPER_COLUMNS ? "</tr></thead>\n" : "</tr>\n");
}

static void put_block(struct buf *out, const struct paper_block *b)
{
    struct slice text = b->cell[0];
    switch (b->kind) {
    case PAPER_TITLE: put(out, "<h1>", text, "</h1>\n"); break;
    case PAPER_SUBTITLE: put(out, "<p class=\"subtitle\">", text, "</p>\n"); break;
    case PAPER_HEADING: put(out, "<h2>", text, "</h2>\n"); break;
    case PAPER_SUBHEADING: put(out, "<h3>", text, "</h3>\n"); break;
    case PAPER_SMALL: put(out, "<p class=\"small\">", text, "</p>\n"); break;
    case PAPER_GOOD: put(out, "<p class=\"notice good\">", text, "</p>\n"); break;
    case PAPER_BAD: put(out, "<p class=\"notice bad\">", text, "</p>\n"); break;
    case PAPER_DOUBT: put(out, "<p class=\"notice doubt\">", text, "</p>\n"); break;
    case PAPER_FACT:
        put(out, "<dt>", text, "</dt>");
        put(out, b->code ? "<dd class=\"code\">" : "<dd>", b->cell[1], "</dd>\n");
        break;
    case PAPER_ITEM: put(out, "<li>", text, "</li>\n"); break;
    case PAPER_COLUMNS:
    case PAPER_ROW: put_cells(out, b); break;
    case PAPER_SIGN: put(out, "<p class=\"sign\">", text, "</p>\n"); break;
    case PAPER_PAGE: buf_puts(out, "<div class=\"page\"></div>\n"); break;
    default: put(out, "<p>", text, "</p>\n");
    }
}

void paper_html(const struct paper *p, struct buf *out)
{
    const char *group = NULL;
    buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src '" STYLE_HASH "'; base-uri 'none'; form-action 'none'\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n");
    put(out, "<title>", p->title, "</title>\n<style>");
    buf_puts(out, style);
    buf_puts(out, "</style>\n</head>\n<body>\n<main>\n");
    for (size_t i = 0; i < p->count; i++) {
        const struct paper_block *b = &p->blocks[i];
        const char *in = group_of(b->kind);
        if (group && (in != group || b->kind == PAPER_COLUMNS))
            buf_printf(out, "</%s>\n", group);
        if (in && (in != group || b->kind == PAPER_COLUMNS))
            buf_printf(out, "<%s>\n", in);
        group = in;
        put_block(out, b);
    }
    if (group)
        buf_printf(out, "</%s>\n", group);
    buf_puts(out, "</main>\n</body>\n</html>\n");
}
