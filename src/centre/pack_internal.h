/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of pack_export*.c share. */
#ifndef CENTRE_PACK_INTERNAL_H
#define CENTRE_PACK_INTERNAL_H

#include "centre/centre.h"
#include "base/map.h"
#include "centre/pack_export.h"
#include "fleet/advisory_store.h"
#include "fleet/chain_store.h"
#include "journal/pack_write.h"
#include "journal/read.h"

/* A set of numbers; sorted and without doubles after numbers_sort. */
struct numbers {
    uint64_t *at;
    size_t count;
    size_t room;
};
int numbers_add(struct numbers *n, uint64_t value, struct err *e) MUST_CHECK;
void numbers_sort(struct numbers *n);

/* A publication of the advisory, in the order of their freezing. */
struct told_publication {
    char id[ID_TEXT];
    char revision[ID_TEXT];
    uint64_t frozen;
    uint64_t as_of;
    uint64_t signed_act;
};

/* A receipt that some line rests on: its asset, and the first of its notices in this advisory. */
struct told_receipt {
    uint64_t act;
    uint64_t position;
    uint64_t n;
    char asset[ID_TEXT];
};

struct exporting {
    struct worker *worker;
    struct centre *centre;
    struct db *db;
    const struct pack_wish *wish;
    const char *organisation; /* whose pack it is; "": of all */
    struct pack_writer *pack;
    struct journal_reader *reader;
    uint64_t size; /* of the checkpoint: nothing behind it is shown */
    struct pack_counts counts;
    struct fleet_revision newest;
    struct told_publication *publications;
    size_t publication_count;
    const char **publication_ids;
    struct numbers acts;     /* to be disclosed */
    struct numbers heads;    /* sizes that receipts name */
    struct map seen;         /* assets that were counted; keys in arena */
    struct map certificates; /* fingerprints that sign here; keys in arena */
    struct map trees;        /* "audience class" → the sizes that entries name */
    struct told_receipt *receipts;
    size_t receipt_count;
    size_t receipt_room;
    struct arena arena;
    struct json_writer *ladder; /* not NULL: recipients are written here, and no pack is made */
    struct ladder_remedied *remedied; /* of a ladder */
};

int exporting_init(struct exporting *x, struct worker *worker, const struct pack_wish *wish,
                   struct err *e) MUST_CHECK;
void exporting_fini(struct exporting *x);
/* The publications of the advisory that are under the head. */
int export_load_publications(struct exporting *x, struct err *e) MUST_CHECK;

/* A line under construction: canonical, because members are written in their order. */
struct line {
    struct buf text;
    struct json_writer w;
};
void line_start(struct line *line);
int line_put(struct line *line, struct pack_lines *lines, struct err *e) MUST_CHECK;

/* pack_export_members.c: the trees of events that entries name. */
int export_want_tree(struct exporting *x, struct slice audience, const char *class_text,
                     uint64_t size, struct err *e) MUST_CHECK;
int export_members(struct exporting *x, struct err *e) MUST_CHECK;

/* pack_export_told.c: entries, recipients, others. */
int export_entries(struct exporting *x, struct err *e) MUST_CHECK;
int export_recipients(struct exporting *x, struct err *e) MUST_CHECK;
int export_others(struct exporting *x, struct err *e) MUST_CHECK;

/* ladder.c: what became of it at a device of a line. */
int ladder_remediation(struct exporting *x, const char *asset, bool removed,
                       struct err *e) MUST_CHECK;

/* pack_export_answers.c: receipts, outcomes, owners, certificates, acts. */
int export_receipts(struct exporting *x, struct err *e) MUST_CHECK;
int export_owners(struct exporting *x, struct err *e) MUST_CHECK;
int export_certificates(struct exporting *x, struct err *e) MUST_CHECK;
int export_acts(struct exporting *x, struct err *e) MUST_CHECK;
int export_consistency(struct exporting *x, struct err *e) MUST_CHECK;

#endif
