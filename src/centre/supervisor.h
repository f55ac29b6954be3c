/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor: starts signer, courier and centre, watches them, restarts what ends. It holds
 * nothing itself: no key, no database, no connection.
 */
#ifndef CENTRE_SUPERVISOR_H
#define CENTRE_SUPERVISOR_H

/*
 * `tocsin serve --home DIR`: runs until SIGTERM or SIGINT, then stops the centre first, the others
 * behind it. SIGHUP restarts nothing. Tells systemd when the centre is ready. Returns the exit
 * code. program: the path of this program, to be run again as `signer`, `courier`, `centre`.
 */
int supervisor_main(const char *program, const char *home);

#endif
