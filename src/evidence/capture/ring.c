/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/capture/ring.h"
#include "base/memory.h"
#include "evidence/capture/filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    BLOCK = 1 << 20,
    BLOCK_SMALL = 128 << 10,
    FRAME = 2048,
    RETIRE_MS = 100,
    LINK_ETHERNET = 1,
    LINK_RAW = 101,
    LINK_RADIOTAP = 127,
    COUNTERS = 4
};

/* What an interface may drop before the kernel sees it. */
static const char *const counters[COUNTERS] = {"rx_dropped", "rx_missed_errors", "rx_fifo_errors",
                                               "rx_over_errors"};

struct evidence_ring {
    int fd;
    uint8_t *map;
    size_t map_bytes;
    struct tpacket_req3 request;
    unsigned block; /* the next */
    uint16_t link;
    bool loopback;
    char interface[IF_NAMESIZE];
    uint64_t received, dropped;
    uint64_t counted[COUNTERS]; /* when it was opened */
    bool known[COUNTERS];
};

static bool counter_read(const char *interface, const char *name, uint64_t *value)
{
    char path[160], text[32];
    snprintf(path, sizeof path, "/sys/class/net/%s/statistics/%s", interface, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    *value = strtoull(text, NULL, 10);
    return n > 0;
}

/* Its kind by ARP hardware type. */
static int link_of(struct evidence_ring *r, struct err *e)
{
    struct ifreq request = {0};
    memcpy(request.ifr_name, r->interface, sizeof r->interface);
    if (ioctl(r->fd, SIOCGIFHWADDR, &request) != 0)
        return err_errno(e, errno, "capture.interface", "there is no interface %s", r->interface);
    switch (request.ifr_hwaddr.sa_family) {
    case ARPHRD_LOOPBACK: r->loopback = true; /* falls through */
    case ARPHRD_ETHER: r->link = LINK_ETHERNET; return 0;
    case ARPHRD_NONE:
    case ARPHRD_TUNNEL:
    case ARPHRD_PPP: r->link = LINK_RAW; return 0;
    case ARPHRD_IEEE80211_RADIOTAP: r->link = LINK_RADIOTAP; return 0;
    default:
        return err_set(e, ERR_USAGE, "capture.interface", NULL,
                       "%s is an interface of a kind (%d) that this program does not know",
                       r->interface, request.ifr_hwaddr.sa_family);
    }
}

static int set(struct evidence_ring *r, int level, int option, const void *value, socklen_t len,
               const char *what, struct err *e)
{
    return setsockopt(r->fd, level, option, value, len) == 0
               ? 0
               : err_errno(e, errno, "capture.ring", "%s cannot be set for %s", what, r->interface);
}

static int set_filter(struct evidence_ring *r, const struct evidence_ring_options *o, struct err *e)
{
    struct sock_fprog program;
    /* DLT_RAW is 12 on Linux, LINKTYPE_RAW 101; the others are alike. */
    if (evidence_filter_compile(o->filter, r->link == LINK_RAW ? 12 : r->link, o->snaplen, &program,
                                e) != 0)
        return -1;
    int result = set(r, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program, "the filter", e);
    mem_free(program.filter);
    return result;
}

static int map_ring(struct evidence_ring *r, size_t bytes, struct err *e)
{
    unsigned block = bytes < 4 * (size_t)BLOCK ? BLOCK_SMALL : BLOCK;
    unsigned count = (unsigned)(bytes / block);
    count = count < 2 ? 2 : count;
    r->request = (struct tpacket_req3){.tp_block_size = block,
                                       .tp_block_nr = count,
                                       .tp_frame_size = FRAME,
                                       .tp_frame_nr = block / FRAME * count,
                                       .tp_retire_blk_tov = RETIRE_MS};
    if (set(r, SOL_PACKET, PACKET_VERSION, &(int){TPACKET_V3}, sizeof(int), "TPACKET_V3", e) != 0 ||
        set(r, SOL_PACKET, PACKET_RX_RING, &r->request, sizeof r->request, "the ring", e) != 0)
        return -1;
    r->map_bytes = (size_t)block * count;
    void *map = mmap(NULL, r->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
    if (map == MAP_FAILED)
        return err_errno(e, errno, "capture.ring", "the ring cannot be mapped");
    r->map = map;
    return 0;
}

static int open_ring(struct evidence_ring *r, const struct evidence_ring_options *o, struct err *e)
{
    r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* no packets until it is bound */
    if (r->fd < 0) {
        int why = errno;
        err_errno(e, why, "capture.privilege", "packets of an interface cannot be read");
        if (why == EPERM || why == EACCES) {
            e->kind = ERR_DENIED;
            err_hint(e, "it takes the capability CAP_NET_RAW: run as root, or give it to a copy of "
                        "the program by setcap cap_net_raw+ep");
        }
        return -1;
    }
    unsigned index = if_nametoindex(r->interface);
    if (index == 0)
        return err_set(e, ERR_USAGE, "capture.interface", NULL, "there is no interface %s",
                       o->interface);
    struct packet_mreq wish = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
    if (link_of(r, e) != 0 || set_filter(r, o, e) != 0 || map_ring(r, o->bytes, e) != 0)
        return -1;
    for (int i = 0; i < COUNTERS; i++)
        r->known[i] = counter_read(r->interface, counters[i], &r->counted[i]);
    if (r->loopback) /* kernels before 4.20 have no such option; give() leaves them out then */
        (void)setsockopt(r->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &(int){1}, sizeof(int));
    if (o->promiscuous && !r->loopback &&
        set(r, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wish, sizeof wish, "promiscuous mode", e) != 0)
        return -1;
    return bind(r->fd, (struct sockaddr *)&address, sizeof address) == 0
               ? 0
               : err_errno(e, errno, "capture.interface", "%s cannot be listened to", r->interface);
}

struct evidence_ring *evidence_ring_open(const struct evidence_ring_options *options, struct err *e)
{
    struct evidence_ring *r = mem_new(1, sizeof *r);
    if (!r) {
        err_memory(e);
        return NULL;
    }
    r->fd = -1;
    if ((size_t)snprintf(r->interface, sizeof r->interface, "%s", options->interface) >=
        sizeof r->interface)
        err_set(e, ERR_USAGE, "capture.interface", NULL, "there is no interface %s",
                options->interface);
    else if (open_ring(r, options, e) == 0)
        return r;
    evidence_ring_close(r);
    return NULL;
}

void evidence_ring_close(struct evidence_ring *ring)
{
    if (!ring)
        return;
    if (ring->map)
        munmap(ring->map, ring->map_bytes);
    if (ring->fd >= 0)
        close(ring->fd);
    mem_free(ring);
}

uint16_t evidence_ring_link(const struct evidence_ring *ring)
{
    return ring->link;
}

static int give(struct evidence_ring *r, const struct tpacket3_hdr *h,
                int (*take)(void *context, const struct pcapng_packet *packet, struct err *e),
                void *context, struct err *e)
{
    const uint8_t *base = (const uint8_t *)h;
    const struct sockaddr_ll *from =
        (const void *)(base +
                       (sizeof *h + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT);
    struct pcapng_packet packet = {
        .at = (uint64_t)h->tp_sec * 1000000000u + h->tp_nsec,
        .data = base + h->tp_mac,
        .kept = h->tp_snaplen,
        .len = h->tp_len,
        .outbound = from->sll_pkttype == PACKET_OUTGOING,
        .has_tag = h->tp_status & TP_STATUS_VLAN_VALID,
        .tag = (uint16_t)h->hv1.tp_vlan_tci,
        .tag_type = h->tp_status & TP_STATUS_VLAN_TPID_VALID ? h->hv1.tp_vlan_tpid : ETH_P_8021Q};
    /* On loopback each packet comes twice, as it goes out and as it comes in. */
    return r->loopback && packet.outbound ? 0 : take(context, &packet, e);
}

static int poll_failed(const struct evidence_ring *r, struct err *e)
{
    int why = 0;
    socklen_t len = sizeof why;
    (void)getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &why, &len);
    return err_errno(e, why ? why : ENETDOWN, "capture.interface", "%s went down or away",
                     r->interface);
}

int evidence_ring_read(struct evidence_ring *r, int ms,
                       int (*take)(void *context, const struct pcapng_packet *packet,
                                   struct err *e),
                       void *context, struct err *e)
{
    struct tpacket_block_desc *block =
        (void *)(r->map + (size_t)r->block * r->request.tp_block_size);
    uint32_t *status = &block->hdr.bh1.block_status;
    if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
        struct pollfd p = {.fd = r->fd, .events = POLLIN | POLLERR};
        int ready = poll(&p, 1, ms);
        if (ready < 0 && errno != EINTR)
            return err_errno(e, errno, "capture.ring", "packets cannot be waited for");
        if (ready > 0 && p.revents & POLLERR)
            return poll_failed(r, e);
        if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
            return 0;
    }
    int result = 0;
    const uint8_t *at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
    for (uint32_t i = 0; result == 0 && i < block->hdr.bh1.num_pkts; i++) {
        const struct tpacket3_hdr *h = (const void *)at;
        result = give(r, h, take, context, e);
        at += h->tp_next_offset;
    }
    __atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    r->block = (r->block + 1) % r->request.tp_block_nr;
    return result == 0 ? 1 : -1;
}

int evidence_ring_count(struct evidence_ring *r, struct evidence_ring_counts *counts, struct err *e)
{
    struct tpacket_stats_v3 stats = {0};
    socklen_t len = sizeof stats;
    if (getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) != 0)
        return err_errno(e, errno, "capture.ring", "the kernel does not say what it dropped");
    r->received += stats.tp_packets; /* it begins anew with each question */
    r->dropped += stats.tp_drops;
    *counts =
        (struct evidence_ring_counts){.received = r->received, .dropped_by_kernel = r->dropped};
    for (int i = 0; i < COUNTERS; i++) {
        uint64_t now;
        if (!r->known[i] || !counter_read(r->interface, counters[i], &now))
            continue;
        counts->interface_known = true;
        if (now > r->counted[i] && now - r->counted[i] > counts->dropped_by_interface)
            counts->dropped_by_interface = now - r->counted[i]; /* drivers count one loss in several
                                                                   of them: the largest */
    }
    return 0;
}

int evidence_ring_drop_privileges(struct err *e)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_capset, &head, none) != 0)
        return err_errno(e, errno, "capture.privilege", "privileges cannot be given up");
    return 0;
}
