/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's readiness protocol, spoken directly: one datagram to the socket NOTIFY_SOCKET names. */
#ifndef AGENT_NOTIFY_H
#define AGENT_NOTIFY_H

/*
 * Sends lines such as "READY=1\nSTATUS=…" and does nothing when NOTIFY_SOCKET is not set. What goes
 * wrong is not an error of the agent's work and is dropped. Takes a path or an abstract name
 * ("@…").
 */
void notify_send(const char *lines);

#endif
