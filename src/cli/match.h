/* SPDX-License-Identifier: Apache-2.0 */
/* `tocsin match`: inventories against advisories, without a server. */
#ifndef CLI_MATCH_H
#define CLI_MATCH_H

/*
 * tocsin match --inventory FILE… --advisories PATH… [--json] [--all] [--explain]
 *              [--alias vendor|product:NAME=NAME] [--min-confidence N]
 *
 * FILE: nameplate, CycloneDX or SPDX JSON, a dpkg status file, or a .csv of many assets. PATH: a
 * CSAF file or a folder of them, read through. Writes to standard output what is affected, fixed,
 * unknown…, with --all also what an advisory says nothing of; errors of single files to standard
 * error. argv[0] is "match".
 *
 * 0: nothing is affected or unknown; 1: something is, or a file was refused; 2: wrong usage; 3:
 * could not be done.
 */
int cli_match(int argc, char **argv);

#endif
