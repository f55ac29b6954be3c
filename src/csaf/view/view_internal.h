/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The view's own: what is told (view.c and its parts) calls a sink, of which each format is one
 * (view_text.c, view_html.c, view_markdown.c). A sink has two ways for words: say() for words of
 * ours and of the document alike, always escaped, and link().
 */
#ifndef CSAF_VIEW_INTERNAL_H
#define CSAF_VIEW_INTERNAL_H

#include "base/visible.h"
#include "csaf/view.h"

enum view_block {
    VIEW_HEAD,    /* the top of the document */
    VIEW_SECTION, /* a part with a heading */
    VIEW_CARD,    /* one vulnerability */
    VIEW_TITLE,   /* headings, by level */
    VIEW_HEADING,
    VIEW_SUBHEADING,
    VIEW_LABEL, /* smallest heading */
    VIEW_LINE,  /* a paragraph without line breaks of its own */
    VIEW_PROSE, /* text of the document with its line breaks */
    VIEW_LIST,
    VIEW_ITEM,
    VIEW_FACTS, /* names and values */
    VIEW_NAME,
    VIEW_VALUE,
    VIEW_TABLE, /* of rows with three cells */
    VIEW_ROW,
    VIEW_CELL,
    VIEW_BADGES, /* a row of badges */
    VIEW_NOTICE, /* stands out; the tone says how */
    VIEW_BLOCKS,
};

enum view_tone {
    VIEW_PLAIN,
    VIEW_STRONG,
    VIEW_FAINT,
    VIEW_CODE,
    VIEW_CRITICAL,
    VIEW_HIGH,
    VIEW_MEDIUM,
    VIEW_LOW,
    VIEW_GOOD,
    VIEW_RED, /* TLP */
    VIEW_AMBER,
    VIEW_GREEN,
    VIEW_CLEAR,
    VIEW_TONES,
};

struct view_sink;

struct view_format {
    void (*begin)(struct view_sink *s, struct slice title, struct slice lang);
    void (*open)(struct view_sink *s, enum view_block block, enum view_tone tone);
    void (*close)(struct view_sink *s, enum view_block block);
    void (*say)(struct view_sink *s, enum view_tone tone, struct slice text);
    void (*badge)(struct view_sink *s, enum view_tone tone, struct slice text);
    void (*link)(struct view_sink *s, struct slice url, struct slice text); /* url is harmless */
    void (*end)(struct view_sink *s);
};

extern const struct view_format view_format_text, view_format_html, view_format_markdown;

struct view_sink {
    const struct view_format *format;
    struct buf *out;
    size_t width;
    bool colour;
    /* text: where the line is */
    size_t column, indent, hang;
    bool gap;              /* a space is due before the next word */
    bool blank;            /* the last line is blank */
    unsigned depth;        /* of lists */
    unsigned cell;         /* of the row */
    bool only_digits;      /* Markdown: the line holds digits alone until now */
    enum view_block block; /* the innermost that holds words */
    enum view_tone tone;   /* of the block */
};

/* A harmless link's schemes, and nothing in it that a reader would not see. */
bool view_url_is_harmless(struct slice url);

/* --- what is told --- */

struct view {
    const struct csaf_reading *r;
    const struct csaf_result *verdict; /* may be NULL */
    struct view_sink sink;
    struct buf scratch;
    /* products listed by family: scratch of view_product.c */
    uint32_t *head, *tail, *next, *stamp; /* by place of a list, see there */
    uint32_t *seen;                       /* by product */
    size_t *order;
    size_t places, order_count;
    uint32_t turn;
    size_t references; /* to products, groups resolved */
    struct err *e;
};

#define VIEW_SAY(v, text) view_say(v, VIEW_PLAIN, slice_str(text))
void view_open(struct view *v, enum view_block block);
void view_open_tone(struct view *v, enum view_block block, enum view_tone tone);
void view_close(struct view *v, enum view_block block);
void view_say(struct view *v, enum view_tone tone, struct slice text);
void view_printf(struct view *v, enum view_tone tone, const char *format, ...) PRINTF_LIKE(3, 4);
void view_heading(struct view *v, enum view_block block, const char *text);
void view_badge(struct view *v, enum view_tone tone, struct slice text);
/* A link, or its text and address where that is no harmless one. text empty: the address. */
void view_link(struct view *v, struct slice url, struct slice text);
/* Nothing when value is empty. */
void view_fact(struct view *v, const char *name, struct slice value);
void view_fact_time(struct view *v, const char *name, struct slice time);
void view_prose(struct view *v, struct slice text);
/* "2026-03-02 10:00 UTC", or the text as it stands. */
void view_time(struct view *v, struct slice time);

int view_products_init(struct view *v) MUST_CHECK;
void view_products_fini(struct view *v);
/* The products that value (an array of ids) names, by family. */
void view_product_list(struct view *v, const struct json_value *ids);
/* What an object with product_ids and group_ids is about, in a line or a list; all: the products of
 * the vulnerability that are affected, or NULL. */
void view_targets(struct view *v, const struct json_value *object, const struct json_value *ids,
                  const struct json_value *all);
/* Are they all the affected products? */
bool view_concerns_all(struct view *v, const struct json_value *object,
                       const struct json_value *ids, const struct json_value *all);
/* The families of the products that any vulnerability affects, in a line. */
void view_family_list(struct view *v, const struct json_value *vulnerabilities);
/* ", for A, B, group G": what an object is about, where there is little room. */
void view_products_inline(struct view *v, const struct json_value *object);
void view_product_tree(struct view *v);

/* Warns of extensions that the document cannot be understood without; none is known here. */
void view_extensions(struct view *v);

void view_vulnerability(struct view *v, const struct json_value *vulnerability, size_t number);
void view_notes(struct view *v, const struct json_value *notes, const char *only_category,
                const char *but_category);
void view_references(struct view *v, const struct json_value *references);
void view_acknowledgments(struct view *v, const struct json_value *list);

/* Scores: view_score.c */
struct view_score {
    struct slice version;
    struct slice vector;
    int tenths; /* -1: none */
    enum view_tone tone;
    const char *severity; /* "CRITICAL"; NULL: none */
};
/* The worst of a vulnerability; tenths -1: it has none. */
struct view_score view_worst_score(const struct json_value *vulnerability);
enum view_tone view_severity_tone(struct slice word);
void view_metrics(struct view *v, const struct json_value *vulnerability,
                  const struct json_value *affected);

#endif
