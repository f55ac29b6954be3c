/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: how owners spell what an advisory's name of a product spells out. Pure.
 */
#ifndef FLEET_CRITERIA_SPELLED_H
#define FLEET_CRITERIA_SPELLED_H

#include "fleet/name.h"

enum { FLEET_SPELLED = 12 };

struct fleet_spelled_list {
    struct slice at[FLEET_SPELLED]; /* raw, to be normalised as a product's name */
    size_t count;
};

/*
 * Of "iQ-R R08 (EN) CPU firmware" "iQ-R R08ENCPU firmware" and "iQ-R R08CPU firmware", of "SINEMA
 * Remote Connect Client" "SINEMA RC Client". The name itself is not among them. In the arena; 0, or
 * -1 (ERR_MEMORY).
 */
int fleet_spelled_make(struct arena *a, struct slice called, struct fleet_spelled_list *out,
                       struct err *e) MUST_CHECK;

/* Of the normal form "topbraid enterprise data governance" "topbraid EDG" and the like: the same
 * for what an inventory says, of which no more is kept than that form. */
int fleet_spelled_initials(struct arena *a, struct slice form, struct fleet_spelled_list *out,
                           struct err *e) MUST_CHECK;

/*
 * "CJ2M-CPU\u25a1\u25a1", where a box stands for any one character of a model: "cj2mcpu??", as
 * models are compared. Empty: there is no box, or too little beside them.
 */
int fleet_spelled_boxes(struct arena *a, struct slice called, struct slice *model,
                        struct err *e) MUST_CHECK;

/* "Data Center: Expert Versions 7.8.1 and prior", called "Data Center": *more is "Expert". */
bool fleet_spelled_further(struct slice label, struct slice called, struct slice *more);

enum { FLEET_SPELLED_MODELS = 8 };

/*
 * "Modicon M580 CPU (part numbers BMEP* and BMEH*)": "bmep*" and "bmeh*"; "FX3S-xMy/z x=10,14,
 * y=T,R, z=ES,ESS": "fx3s*m**". How many; -1: ERR_MEMORY.
 */
int fleet_spelled_models(struct arena *a, struct slice called,
                         struct slice out[FLEET_SPELLED_MODELS], struct err *e) MUST_CHECK;

/* "DOPSoft 2": *front is "dopsoft", of which it is the generation *line. Of a normal form; false:
 * no word that somebody made up with a small number behind it. */
bool fleet_spelled_generation(struct slice form, struct slice *front, struct slice *line);

#endif
