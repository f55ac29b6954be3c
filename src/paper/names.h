/* SPDX-License-Identifier: Apache-2.0 */
/* How the kinds of blocks are called in tocsin-paper/v1. */
#ifndef PAPER_NAMES_H
#define PAPER_NAMES_H

#include "paper/paper.h"

extern const char *const paper_names[PAPER_KINDS];

#endif
