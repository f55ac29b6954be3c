/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of vendors and products, brought to a normal form, so that "Johnson Controls, Inc." and
 * " johnson  controls" are one name. Each rule that changed something is recorded, so that an
 * answer can say why two spellings count as one. A misspelling is never made equal: it is found by
 * fleet_name_misspelt and costs confidence.
 */
#ifndef FLEET_NAME_H
#define FLEET_NAME_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/packing.h"
#include "base/slice.h"

enum fleet_name_kind { FLEET_NAME_VENDOR, FLEET_NAME_PRODUCT };

/* Rules, as bits. */
enum fleet_name_rule {
    FLEET_RULE_SPACE = 1 << 0,       /* leading, trailing, double or unusual space */
    FLEET_RULE_CASE = 1 << 1,        /* upper and lower case */
    FLEET_RULE_WIDTH = 1 << 2,       /* full-width and other compatibility forms */
    FLEET_RULE_ACCENT = 1 << 3,      /* accents folded (but ä ö ü å ø æ, see _forms) */
    FLEET_RULE_PUNCTUATION = 1 << 4, /* punctuation, dashes and quotes */
    FLEET_RULE_LEGAL_FORM = 1 << 5,  /* Inc., GmbH, Ltd, S.p.A. */
    FLEET_RULE_TRADEMARK = 1 << 6,   /* ® ™ ℠ © (R) (TM) */
    FLEET_RULE_MOJIBAKE = 1 << 7,    /* UTF-8 once read as Latin-1: "GeutebrÃ¼ck" */
    FLEET_RULE_PART = 1 << 8,        /* one of several vendors in one field */
    FLEET_RULE_ACRONYM = 1 << 9,     /* the acronym in parentheses behind the name */
    FLEET_RULE_UMLAUT = 1 << 10,     /* ü as u, or as ue */
    FLEET_RULE_GENERIC = 1 << 11,    /* "firmware", "software", "series", … left out */
    FLEET_RULE_VENDOR = 1 << 12,     /* vendor's name at the front of the product's left out */
    FLEET_RULE_ORDER = 1 << 13,      /* order number in the name taken out of it */
    FLEET_RULE_NOTE = 1 << 14,       /* a remark in parentheses left out */
    FLEET_RULE_ALIAS = 1 << 15,      /* the operators' table says that they are one */
    FLEET_RULE_LISTED = 1 << 17,     /* one of several models in one name */
    FLEET_RULE_LINE = 1 << 18,     /* "STEP 7 V16": the version line is compared with the version */
    FLEET_RULE_FAMILY = 1 << 16,   /* "all models of", "family" left out: speaks of many models */
    FLEET_RULE_KIND = 1 << 19,     /* "controller", "switch" at the end left out */
    FLEET_RULE_DIVISION = 1 << 20, /* "technologies", "systems" behind a vendor's name left out */
    FLEET_RULE_BRAND = 1 << 21,    /* a brand's owner in place of the brand */
    FLEET_RULE_VARIANT = 1 << 22,  /* "(24 V DC)", "(EU)" left out: variants of one model */
    FLEET_RULE_PLURAL = 1 << 23,   /* "libraries" as "library" */
    FLEET_RULE_CPE = 1 << 24,      /* vendor and product from the inventory's CPE name */
};
enum { FLEET_NAME_RULES = 25 };

/* "name.case", … and one sentence for people. NULL for what is no rule. */
const char *fleet_name_rule_id(enum fleet_name_rule rule);
const char *fleet_name_rule_text(enum fleet_name_rule rule);

struct fleet_form {
    struct slice text; /* lower-case words with single spaces; UTF-8 */
    unsigned rules;
};

enum { FLEET_FORMS = 8, FLEET_ORDERS = 8, FLEET_VARIANTS = 16 };

/* A name and what it may also be called; forms[0] is the whole name. count 0: no name at all. */
struct fleet_name {
    struct slice raw; /* as it came, borrowed */
    struct fleet_form forms[FLEET_FORMS];
    size_t count;
    /* product names: order numbers found in them, as fleet_order_normalise writes them */
    struct slice orders[FLEET_ORDERS];
    size_t order_count;
    bool family; /* speaks of a family, series or of all models of something */
};

/* Normalises text. Bytes that are not UTF-8 count as Latin-1. 0, or -1 with ERR_MEMORY. */
int fleet_name_normalise(struct arena *a, enum fleet_name_kind kind, struct slice text,
                         struct fleet_name *out, struct err *e) MUST_CHECK;

/* Its texts move into the block. */
void fleet_name_pack(struct packing *p, struct fleet_name *name);

/* A name whose normal form is known already, as classes store it. */
void fleet_name_known(struct slice form, struct fleet_name *out);

/*
 * The forms under which a product's normal form may be looked up when its vendor is known: itself,
 * without the vendor's name or its initials in front, without generic words, umlauts as one and as
 * two letters, words in the singular, "se" for "site edition", without the region behind a model's
 * number and without words for the kind of device at the end.
 * At most FLEET_VARIANTS; returns how many, or -1 (ERR_MEMORY). The vendor may have count 0.
 */
int fleet_name_variants(struct arena *a, struct slice form, unsigned rules,
                        const struct fleet_name *vendor, struct fleet_form out[FLEET_VARIANTS],
                        struct err *e) MUST_CHECK;

/* An order, model or part number for comparison: letters and digits only, lower case, ASCII, and
 * '*' and '?' kept. Empty when nothing is left. */
int fleet_order_normalise(struct arena *a, struct slice text, struct slice *out,
                          struct err *e) MUST_CHECK;

/* true for words that say what kind of thing something is, not which one: "controller", "firmware",
 * "series". */
bool fleet_name_plain_word(struct slice word);

/*
 * 0: equal; 1 or 2: that many typing errors apart (insert, delete, replace, swap) within the stated
 * bounds; -1: different. Only words of letters may differ: one word of at least 5 letters by 1, of
 * at least 9 by 2; numbers, words with digits and short words must be the same. Order of words
 * counts.
 */
int fleet_name_misspelt(struct slice a, struct slice b);

/* true when `prefix` is the first words of `text`, and not all of them. */
bool fleet_name_prefix(struct slice prefix, struct slice text);

/*
 * What operators have taught. Names are stored in normal form; `from` and `to` then count as one
 * name, in both directions, across several steps. Filled by one thread, then read-only.
 */
struct fleet_aliases;

struct fleet_aliases *fleet_aliases_new(void) MUST_CHECK;
void fleet_aliases_free(struct fleet_aliases *aliases);
/* -1 with "fleet.alias" when a name is empty or both are the same already, or ERR_MEMORY. */
int fleet_aliases_add(struct fleet_aliases *aliases, enum fleet_name_kind kind, struct slice from,
                      struct slice to, struct slice reason, struct err *e) MUST_CHECK;
/* true when there is any for names of this kind; NULL has none. */
bool fleet_aliases_any(const struct fleet_aliases *aliases, enum fleet_name_kind kind);
/* true when the table joins two normal forms; *reason (may be NULL) is why, as it was given. */
bool fleet_aliases_same(const struct fleet_aliases *aliases, enum fleet_name_kind kind,
                        struct slice a, struct slice b, struct slice *reason);
/* All forms that count as one with `form`, without itself; out has room for `room`. The number. */
size_t fleet_aliases_of(const struct fleet_aliases *aliases, enum fleet_name_kind kind,
                        struct slice form, struct slice *out, size_t room);

#endif
