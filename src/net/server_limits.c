/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_limits.h"

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)

const struct net_limits net_limits_default = {
    .handshake_ms = 10000,
    .header_ms = 10000,
    .idle_ms = 75000,
    .body_ms = 20000,
    .body_min_rate = 16 * KIB,
    .write_stall_ms = 20000,
    .answer_ms = 120000,
    .linger_ms = 2000,
    .heartbeat_ms = 15000,
    .stream_queue = 256 * KIB,
    .body_budget = 256 * MIB,
    .spool_budget = 2048 * MIB,
    .max_connections = 200000,
    .max_per_address = 4096,
    .max_per_certificate = 16,
    .max_in_flight = 10000,
    .accept_rate = 0,
    .accept_burst = 1000,
    .requests_per_connection = 0,
    .retry_after_s = 5,
    .ticket_rotate_s = 21600,
};
