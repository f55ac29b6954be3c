/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lister follower: keeps which products an advisory names, and which components a class has, so
 * that lists go in both directions (CSAF 2.0 sections 9.1.13, 9.1.17). It writes no act: all of it
 * follows from documents and classes, and could be made again.
 */
#ifndef CENTRE_LISTER_H
#define CENTRE_LISTER_H

#include "centre/follower.h"

extern const struct follower_type follower_lister;
extern const struct command_type command_products_keep;
extern const struct command_type command_components_keep;

#endif
