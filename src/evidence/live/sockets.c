/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets by sock_diag(7), with the processes that hold them open. */
#include "base/memory.h"
#include "evidence/live/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { OWNERS_MOST = 4 << 20 };

/* Who holds a socket: a file descriptor of a process. */
struct owner {
    uint64_t inode;
    uint32_t pid, fd;
};

struct sockets {
    struct live_room *room;
    struct live_output out;
    struct owner *owners;
    size_t count, places;
    const char *kind;
    uint64_t lines;
};

static int by_inode(const void *a, const void *b)
{
    const struct owner *x = a, *y = b;
    if (x->inode != y->inode)
        return x->inode < y->inode ? -1 : 1;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    return (x->fd > y->fd) - (x->fd < y->fd);
}

static int add_owner(struct sockets *s, uint64_t inode, const char *pid, const char *fd,
                     struct err *e)
{
    if (s->count == s->places) {
        size_t places = s->places ? 2 * s->places : 1024;
        struct owner *owners =
            places > OWNERS_MOST ? NULL : mem_resize(s->owners, places, sizeof *owners);
        if (!owners)
            return err_memory(e);
        s->owners = owners;
        s->places = places;
    }
    s->owners[s->count++] =
        (struct owner){inode, (uint32_t)strtoul(pid, NULL, 10), (uint32_t)strtoul(fd, NULL, 10)};
    return 0;
}

static int owners_of(struct sockets *s, const char *pid, struct err *e)
{
    struct live_names files;
    char path[64];
    int error, result = 0;
    snprintf(path, sizeof path, "proc/%s/fd", pid);
    if (live_names_read(s->room, path, true, &files, &error, e) != 0)
        return -1;
    if (error == EACCES || error == EPERM)
        live_refused(s->room, path, error);
    for (size_t i = 0; i < files.count && result == 0; i++) {
        struct buf target;
        char link[96];
        unsigned long long inode;
        buf_init(&target);
        snprintf(link, sizeof link, "proc/%s/fd/%s", pid, files.names[i]);
        if (live_link(s->room, link, &target) == 0 &&
            sscanf(buf_text(&target), "socket:[%llu]", &inode) == 1)
            result = add_owner(s, inode, pid, files.names[i], e);
        buf_fini(&target);
    }
    live_names_fini(&files);
    return result;
}

static int find_owners(struct sockets *s, struct err *e)
{
    struct live_names pids;
    int result = live_names_read(s->room, "proc", true, &pids, NULL, e);
    if (result != 0)
        return -1;
    for (size_t i = 0; i < pids.count && result == 0; i++)
        result = owners_of(s, pids.names[i], e);
    live_names_fini(&pids);
    if (s->count > 0)
        qsort(s->owners, s->count, sizeof *s->owners, by_inode);
    return result;
}

static void owners_member(struct sockets *s, struct json_writer *w, uint64_t inode)
{
    size_t low = 0, high = s->count;
    json_member_int(w, "inode", (int64_t)inode);
    json_write_name(w, "owners");
    json_write_array(w);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->owners[middle].inode < inode)
            low = middle + 1;
        else
            high = middle;
    }
    for (; inode && low < s->count && s->owners[low].inode == inode; low++) {
        char path[64], name[64];
        snprintf(path, sizeof path, "proc/%u/comm", s->owners[low].pid);
        live_text(s->room, path, name, sizeof name);
        json_write_object(w);
        json_member_int(w, "pid", s->owners[low].pid);
        json_member_int(w, "fd", s->owners[low].fd);
        live_member(w, "name", slice_str(name));
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static const char *state_name(unsigned state)
{
    static const char *const names[] = {
        "unknown",    "established", "syn-sent",        "syn-received", "fin-wait-1",
        "fin-wait-2", "time-wait",   "unconnected",     "close-wait",   "last-ack",
        "listen",     "closing",     "new-syn-received"};
    return state < ARRAY_LEN(names) ? names[state] : names[0];
}

static int take_inet(void *context, uint16_t type, struct slice payload, struct err *e)
{
    struct sockets *s = context;
    struct inet_diag_msg m;
    struct netlink_attributes a;
    struct json_writer w;
    char text[64];
    if (type != SOCK_DIAG_BY_FAMILY || payload.len < sizeof m)
        return 0;
    memcpy(&m, payload.data, sizeof m);
    (void)netlink_attributes_read(slice_of(payload.data + sizeof m, payload.len - sizeof m), &a);
    size_t len = m.idiag_family == AF_INET ? 4 : 16;
    live_line_begin(&s->out, &w);
    json_member_string(&w, "kind", s->kind);
    json_member_string(&w, "family", m.idiag_family == AF_INET ? "ipv4" : "ipv6");
    json_member_string(&w, "state", state_name(m.idiag_state));
    netlink_address(slice_of(m.id.idiag_src, len), text);
    json_member_string(&w, "local", text);
    json_member_int(&w, "local_port", ntohs(m.id.idiag_sport));
    netlink_address(slice_of(m.id.idiag_dst, len), text);
    json_member_string(&w, "remote", text);
    json_member_int(&w, "remote_port", ntohs(m.id.idiag_dport));
    json_member_int(&w, "interface", m.id.idiag_if);
    json_member_int(&w, "uid", m.idiag_uid);
    json_member_int(&w, "receive_queue", m.idiag_rqueue);
    json_member_int(&w, "send_queue", m.idiag_wqueue);
    if (a.by_type[INET_DIAG_MARK].len == 4)
        json_member_int(&w, "mark", (int64_t)netlink_number(a.by_type[INET_DIAG_MARK], 0));
    owners_member(s, &w, m.idiag_inode);
    s->lines++;
    return live_line_end(&s->out, &w, e);
}

static int take_unix(void *context, uint16_t type, struct slice payload, struct err *e)
{
    static const char *const types[] = {"", "stream", "datagram", "raw", "", "seqpacket"};
    struct sockets *s = context;
    struct unix_diag_msg m;
    struct netlink_attributes a;
    struct json_writer w;
    if (type != SOCK_DIAG_BY_FAMILY || payload.len < sizeof m)
        return 0;
    memcpy(&m, payload.data, sizeof m);
    (void)netlink_attributes_read(slice_of(payload.data + sizeof m, payload.len - sizeof m), &a);
    live_line_begin(&s->out, &w);
    json_member_string(&w, "kind", "unix");
    json_member_string(&w, "type", m.udiag_type < ARRAY_LEN(types) ? types[m.udiag_type] : "");
    json_member_string(&w, "state", state_name(m.udiag_state));
    struct slice name = a.by_type[UNIX_DIAG_NAME];
    if (name.len > 0 && name.data[0] == 0) /* a name that is no path */
        live_member(&w, "abstract", slice_of(name.data + 1, name.len - 1));
    else if (name.len > 0)
        live_member(&w, "path", slice_of(name.data, strnlen((const char *)name.data, name.len)));
    if (a.by_type[UNIX_DIAG_PEER].len == 4)
        json_member_int(&w, "peer_inode", (int64_t)netlink_number(a.by_type[UNIX_DIAG_PEER], 0));
    if (a.by_type[UNIX_DIAG_UID].len == 4)
        json_member_int(&w, "uid", (int64_t)netlink_number(a.by_type[UNIX_DIAG_UID], 0));
    owners_member(s, &w, m.udiag_ino);
    s->lines++;
    return live_line_end(&s->out, &w, e);
}

static int take_packet(void *context, uint16_t type, struct slice payload, struct err *e)
{
    struct sockets *s = context;
    struct packet_diag_msg m;
    struct json_writer w;
    if (type != SOCK_DIAG_BY_FAMILY || payload.len < sizeof m)
        return 0;
    memcpy(&m, payload.data, sizeof m);
    live_line_begin(&s->out, &w);
    json_member_string(&w, "kind", "packet");
    json_member_string(&w, "type", m.pdiag_type == SOCK_RAW ? "raw" : "datagram");
    json_member_int(&w, "protocol", m.pdiag_num);
    owners_member(s, &w, m.pdiag_ino);
    s->lines++;
    return live_line_end(&s->out, &w, e);
}

static int take_netlink(void *context, uint16_t type, struct slice payload, struct err *e)
{
    struct sockets *s = context;
    struct netlink_diag_msg m;
    struct json_writer w;
    if (type != SOCK_DIAG_BY_FAMILY || payload.len < sizeof m)
        return 0;
    memcpy(&m, payload.data, sizeof m);
    live_line_begin(&s->out, &w);
    json_member_string(&w, "kind", "netlink");
    json_member_int(&w, "protocol", m.ndiag_protocol);
    json_member_int(&w, "port", m.ndiag_portid);
    owners_member(s, &w, m.ndiag_ino);
    s->lines++;
    return live_line_end(&s->out, &w, e);
}

struct family {
    const char *kind;
    uint8_t family, protocol;
};

static int ask_inet(struct sockets *s, const struct family *f, int *error, struct err *e)
{
    struct inet_diag_req_v2 request = {
        .sdiag_family = f->family, .sdiag_protocol = f->protocol, .idiag_states = ~0u};
    s->kind = f->kind;
    return netlink_dump(s->room, NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY,
                        slice_of(&request, sizeof request), take_inet, s, error, e);
}

static int ask_others(struct sockets *s, int *refused, struct err *e)
{
    struct unix_diag_req local = {.sdiag_family = AF_UNIX,
                                  .udiag_states = ~0u,
                                  .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_UID};
    struct packet_diag_req packet = {.sdiag_family = AF_PACKET, .pdiag_show = PACKET_SHOW_INFO};
    struct netlink_diag_req netlink = {.sdiag_family = AF_NETLINK,
                                       .sdiag_protocol = NDIAG_PROTO_ALL};
    const struct {
        const char *what;
        struct slice request;
        int (*take)(void *context, uint16_t type, struct slice payload, struct err *e);
    } questions[] = {{"unix sockets", slice_of(&local, sizeof local), take_unix},
                     {"packet sockets", slice_of(&packet, sizeof packet), take_packet},
                     {"netlink sockets", slice_of(&netlink, sizeof netlink), take_netlink}};
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        int error;
        if (netlink_dump(s->room, NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, questions[i].request,
                         questions[i].take, s, &error, e) != 0)
            return -1;
        if (error) {
            live_refused(s->room, questions[i].what, error);
            ++*refused;
        }
    }
    return 0;
}

static int ask_all(struct sockets *s, struct err *e)
{
    static const struct family families[] = {
        {"tcp", AF_INET, IPPROTO_TCP},         {"tcp", AF_INET6, IPPROTO_TCP},
        {"udp", AF_INET, IPPROTO_UDP},         {"udp", AF_INET6, IPPROTO_UDP},
        {"udplite", AF_INET, IPPROTO_UDPLITE}, {"udplite", AF_INET6, IPPROTO_UDPLITE},
        {"raw", AF_INET, IPPROTO_RAW},         {"raw", AF_INET6, IPPROTO_RAW},
        {"sctp", AF_INET, IPPROTO_SCTP},       {"sctp", AF_INET6, IPPROTO_SCTP}};
    int refused = 0;
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        int error;
        if (ask_inet(s, &families[i], &error, e) != 0)
            return -1;
        if (error && error != ENOENT && error != EOPNOTSUPP) { /* a protocol that is not there */
            live_refused(s->room, families[i].kind, error);
            refused++;
        }
    }
    if (ask_others(s, &refused, e) != 0)
        return -1;
    atomic_store(&s->room->shared->items, s->lines);
    if (s->lines == 0 && refused > 0)
        live_nothing(s->room, "sock_diag is refused: %s; /proc/net is in kernel-tables",
                     s->room->shared->refused_first);
    return 0;
}

int live_collect_sockets(struct live_room *room, struct err *e)
{
    struct sockets s = {.room = room};
    int result = live_output_open(&s.out, room, ".jsonl", e);
    if (result == 0)
        result = find_owners(&s, e);
    if (result == 0)
        result = ask_all(&s, e);
    mem_free(s.owners);
    return live_output_close(&s.out, result, e);
}
