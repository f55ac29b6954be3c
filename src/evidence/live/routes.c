/* SPDX-License-Identifier: Apache-2.0 */
/* Routing tables, rules, neighbours; interfaces and addresses: rtnetlink(7). */
#include "evidence/live/netlink.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct dumping {
    struct live_output *out;
    uint64_t lines;
};

static void address_member(struct json_writer *w, const char *name, struct slice bytes)
{
    char text[64];
    if (bytes.len == 0)
        return;
    netlink_address(bytes, text);
    json_member_string(w, name, text);
}

static void link_address_member(struct json_writer *w, const char *name, struct slice bytes)
{
    char text[3 * 32 + 1] = "";
    if (bytes.len == 0 || bytes.len > 32)
        return;
    for (size_t i = 0; i < bytes.len; i++)
        snprintf(text + 3 * i, 4, i + 1 < bytes.len ? "%02x:" : "%02x", bytes.data[i]);
    json_member_string(w, name, text);
}

static void interface_member(struct json_writer *w, const char *name, struct slice number)
{
    char text[IF_NAMESIZE];
    uint64_t index = netlink_number(number, 0);
    if (index == 0)
        return;
    if (if_indextoname((unsigned)index, text))
        json_member_string(w, name, text);
    else
        json_member_int(w, name, (int64_t)index);
}

static void text_member(struct json_writer *w, const char *name, struct slice bytes)
{
    if (bytes.len > 0)
        live_member(w, name, slice_of(bytes.data, strnlen((const char *)bytes.data, bytes.len)));
}

static void number_member(struct json_writer *w, const char *name, struct slice bytes)
{
    if (bytes.len > 0)
        json_member_int(w, name, (int64_t)netlink_number(bytes, 0));
}

static const char *family_name(unsigned family)
{
    return family == AF_INET ? "ipv4" : family == AF_INET6 ? "ipv6" : "other";
}

static void write_hops(struct json_writer *w, struct slice hops)
{
    json_write_name(w, "hops");
    json_write_array(w);
    while (hops.len >= sizeof(struct rtnexthop)) {
        struct rtnexthop hop;
        struct netlink_attributes a;
        memcpy(&hop, hops.data, sizeof hop);
        if (hop.rtnh_len < sizeof hop || hop.rtnh_len > hops.len ||
            !netlink_attributes_read(slice_of(hops.data + sizeof hop, hop.rtnh_len - sizeof hop),
                                     &a))
            break;
        json_write_object(w);
        address_member(w, "via", a.by_type[RTA_GATEWAY]);
        interface_member(w, "interface", slice_of(&hop.rtnh_ifindex, sizeof hop.rtnh_ifindex));
        json_member_int(w, "weight", hop.rtnh_hops + 1);
        json_write_object_end(w);
        size_t whole = ((size_t)hop.rtnh_len + 3) / 4 * 4;
        whole = whole > hops.len ? hops.len : whole;
        hops = slice_of(hops.data + whole, hops.len - whole);
    }
    json_write_array_end(w);
}

static void write_route(struct json_writer *w, const struct rtmsg *m,
                        const struct netlink_attributes *a)
{
    char text[80] = "default", address[64];
    json_member_string(w, "kind", "route");
    json_member_string(w, "family", family_name(m->rtm_family));
    if (a->by_type[RTA_DST].len > 0) {
        netlink_address(a->by_type[RTA_DST], address);
        snprintf(text, sizeof text, "%s/%u", address, m->rtm_dst_len);
    }
    json_member_string(w, "to", text);
    address_member(w, "via", a->by_type[RTA_GATEWAY]);
    address_member(w, "from", a->by_type[RTA_PREFSRC]);
    interface_member(w, "interface", a->by_type[RTA_OIF]);
    number_member(w, "metric", a->by_type[RTA_PRIORITY]);
    json_member_int(w, "table", (int64_t)netlink_number(a->by_type[RTA_TABLE], m->rtm_table));
    json_member_int(w, "protocol", m->rtm_protocol);
    json_member_int(w, "scope", m->rtm_scope);
    json_member_int(w, "type", m->rtm_type);
    json_member_int(w, "flags", m->rtm_flags);
    if (a->by_type[RTA_MULTIPATH].len > 0)
        write_hops(w, a->by_type[RTA_MULTIPATH]);
}

static void write_rule(struct json_writer *w, const struct fib_rule_hdr *m,
                       const struct netlink_attributes *a)
{
    json_member_string(w, "kind", "rule");
    json_member_string(w, "family", family_name(m->family));
    json_member_int(w, "priority", (int64_t)netlink_number(a->by_type[FRA_PRIORITY], 0));
    address_member(w, "source", a->by_type[FRA_SRC]);
    json_member_int(w, "source_bits", m->src_len);
    address_member(w, "destination", a->by_type[FRA_DST]);
    json_member_int(w, "destination_bits", m->dst_len);
    text_member(w, "in", a->by_type[FRA_IIFNAME]);
    text_member(w, "out", a->by_type[FRA_OIFNAME]);
    number_member(w, "mark", a->by_type[FRA_FWMARK]);
    json_member_int(w, "table", (int64_t)netlink_number(a->by_type[FRA_TABLE], m->table));
    json_member_int(w, "action", m->action);
}

static void write_neighbour(struct json_writer *w, const struct ndmsg *m,
                            const struct netlink_attributes *a)
{
    static const struct {
        unsigned bit;
        const char *name;
    } states[] = {{NUD_INCOMPLETE, "incomplete"}, {NUD_REACHABLE, "reachable"},
                  {NUD_STALE, "stale"},           {NUD_DELAY, "delay"},
                  {NUD_PROBE, "probe"},           {NUD_FAILED, "failed"},
                  {NUD_NOARP, "noarp"},           {NUD_PERMANENT, "permanent"}};
    json_member_string(w, "kind", "neighbour");
    json_member_string(w, "family",
                       m->ndm_family == AF_BRIDGE ? "bridge" : family_name(m->ndm_family));
    address_member(w, "address", a->by_type[NDA_DST]);
    link_address_member(w, "link_address", a->by_type[NDA_LLADDR]);
    interface_member(w, "interface", slice_of(&m->ndm_ifindex, sizeof m->ndm_ifindex));
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (m->ndm_state & states[i].bit)
            json_member_string(w, "state", states[i].name);
    json_member_int(w, "flags", m->ndm_flags);
    if (a->by_type[NDA_CACHEINFO].len >= 3 * sizeof(uint32_t)) {
        uint32_t ages[3];
        memcpy(ages, a->by_type[NDA_CACHEINFO].data, sizeof ages);
        json_member_int(w, "confirmed_ticks", ages[0]);
        json_member_int(w, "used_ticks", ages[1]);
        json_member_int(w, "updated_ticks", ages[2]);
    }
}

static void write_interface(struct json_writer *w, const struct ifinfomsg *m,
                            const struct netlink_attributes *a)
{
    json_member_string(w, "kind", "interface");
    json_member_int(w, "index", m->ifi_index);
    text_member(w, "name", a->by_type[IFLA_IFNAME]);
    link_address_member(w, "link_address", a->by_type[IFLA_ADDRESS]);
    link_address_member(w, "permanent_address", a->by_type[IFLA_PERM_ADDRESS]);
    number_member(w, "mtu", a->by_type[IFLA_MTU]);
    number_member(w, "operational_state", a->by_type[IFLA_OPERSTATE]);
    number_member(w, "promiscuity", a->by_type[IFLA_PROMISCUITY]);
    text_member(w, "queueing", a->by_type[IFLA_QDISC]);
    text_member(w, "alias", a->by_type[IFLA_IFALIAS]);
    number_member(w, "master", a->by_type[IFLA_MASTER]);
    json_member_bool(w, "up", m->ifi_flags & IFF_UP);
    json_member_bool(w, "promiscuous", m->ifi_flags & IFF_PROMISC);
    json_member_int(w, "flags", m->ifi_flags);
    if (a->by_type[IFLA_STATS64].len >= 4 * sizeof(uint64_t)) {
        uint64_t stats[4];
        memcpy(stats, a->by_type[IFLA_STATS64].data, sizeof stats);
        json_member_int(w, "received_packets", (int64_t)stats[0]);
        json_member_int(w, "sent_packets", (int64_t)stats[1]);
        json_member_int(w, "received_bytes", (int64_t)stats[2]);
        json_member_int(w, "sent_bytes", (int64_t)stats[3]);
    }
}

static void write_address(struct json_writer *w, const struct ifaddrmsg *m,
                          const struct netlink_attributes *a)
{
    struct slice local = a->by_type[IFA_LOCAL];
    uint32_t index = m->ifa_index;
    json_member_string(w, "kind", "address");
    json_member_string(w, "family", family_name(m->ifa_family));
    address_member(w, "address", local.len > 0 ? local : a->by_type[IFA_ADDRESS]);
    json_member_int(w, "bits", m->ifa_prefixlen);
    interface_member(w, "interface", slice_of(&index, sizeof index));
    text_member(w, "label", a->by_type[IFA_LABEL]);
    json_member_int(w, "scope", m->ifa_scope);
    json_member_int(w, "flags", (int64_t)netlink_number(a->by_type[IFA_FLAGS], m->ifa_flags));
}

static int take(void *context, uint16_t type, struct slice payload, struct err *e)
{
    union {
        struct rtmsg route;
        struct fib_rule_hdr rule;
        struct ndmsg neighbour;
        struct ifinfomsg interface;
        struct ifaddrmsg address;
    } head;
    struct dumping *d = context;
    struct netlink_attributes a;
    struct json_writer w;
    size_t len = type == RTM_NEWROUTE       ? sizeof head.route
                 : type == RTM_NEWRULE      ? sizeof head.rule
                 : type == RTM_NEWNEIGH     ? sizeof head.neighbour
                 : type == RTM_NEWLINK      ? sizeof head.interface
                 : type == RTM_NEWADDR      ? sizeof head.address
                                            : 0;
    if (len == 0 || payload.len < len)
        return 0;
    memcpy(&head, payload.data, len);
    size_t skip = NLMSG_ALIGN(len) < payload.len ? NLMSG_ALIGN(len) : payload.len;
    (void)netlink_attributes_read(slice_of(payload.data + skip, payload.len - skip), &a);
    live_line_begin(d->out, &w);
    switch (type) {
    case RTM_NEWROUTE: write_route(&w, &head.route, &a); break;
    case RTM_NEWRULE: write_rule(&w, &head.rule, &a); break;
    case RTM_NEWNEIGH: write_neighbour(&w, &head.neighbour, &a); break;
    case RTM_NEWLINK: write_interface(&w, &head.interface, &a); break;
    default: write_address(&w, &head.address, &a); break;
    }
    d->lines++;
    return live_line_end(d->out, &w, e);
}

struct question {
    uint16_t type;
    uint8_t family;
    uint8_t head; /* bytes: with others, the kernel would log a complaint */
    const char *what;
};

/* All these headers begin with the family and ask for everything where they are zero. */
static int ask(struct live_room *room, const struct question *questions, size_t count,
               struct err *e)
{
    struct live_output out;
    struct dumping d = {.out = &out};
    int result = live_output_open(&out, room, ".jsonl", e), error = 0;
    size_t refused = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        uint8_t head[sizeof(struct ifinfomsg)] = {questions[i].family};
        result = netlink_dump(room, NETLINK_ROUTE, questions[i].type,
                              slice_of(head, questions[i].head), take, &d, &error, e);
        if (error && error != EOPNOTSUPP && error != EAFNOSUPPORT) {
            live_refused(room, questions[i].what, error);
            refused++;
        }
    }
    atomic_store(&room->shared->items, d.lines);
    if (result == 0 && refused == count)
        live_nothing(room, "netlink is refused: %s", room->shared->refused_first);
    return live_output_close(&out, result, e);
}

int live_collect_routes(struct live_room *room, struct err *e)
{
    static const struct question questions[] = {
        {RTM_GETNEIGH, AF_UNSPEC, sizeof(struct ndmsg), "neighbours"},
        {RTM_GETNEIGH, AF_BRIDGE, sizeof(struct ndmsg), "forwarding of bridges"},
        {RTM_GETROUTE, AF_INET, sizeof(struct rtmsg), "IPv4 routes"},
        {RTM_GETROUTE, AF_INET6, sizeof(struct rtmsg), "IPv6 routes"},
        {RTM_GETRULE, AF_INET, sizeof(struct fib_rule_hdr), "IPv4 rules"},
        {RTM_GETRULE, AF_INET6, sizeof(struct fib_rule_hdr), "IPv6 rules"}};
    return ask(room, questions, ARRAY_LEN(questions), e);
}

int live_collect_interfaces(struct live_room *room, struct err *e)
{
    static const struct question questions[] = {
        {RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg), "interfaces"},
        {RTM_GETADDR, AF_UNSPEC, sizeof(struct ifaddrmsg), "addresses"}};
    return ask(room, questions, ARRAY_LEN(questions), e);
}
