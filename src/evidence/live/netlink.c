/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/live/netlink.h"
#include "base/encoding.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the kernel's headers write with signed numbers. */
enum { TYPE_MASK = 0x3fff, ALIGN = 4 };

enum { DATAGRAM = 1 << 18, WAIT_SECONDS = 10 };

bool netlink_attributes_read(struct slice bytes, struct netlink_attributes *a)
{
    memset(a, 0, sizeof *a);
    while (bytes.len >= sizeof(struct nlattr)) {
        struct nlattr head;
        memcpy(&head, bytes.data, sizeof head);
        if (head.nla_len < sizeof head || head.nla_len > bytes.len)
            return false;
        unsigned type = head.nla_type & (unsigned)TYPE_MASK;
        if (type < NETLINK_ATTRIBUTES)
            a->by_type[type] = slice_of(bytes.data + sizeof head, head.nla_len - sizeof head);
        size_t whole = ((size_t)head.nla_len + ALIGN - 1) / ALIGN * ALIGN;
        if (whole > bytes.len)
            whole = bytes.len;
        bytes = slice_of(bytes.data + whole, bytes.len - whole);
    }
    return true;
}

uint64_t netlink_number(struct slice s, uint64_t fallback)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (s.len) {
    case 1: return s.data[0];
    case 2: memcpy(&two, s.data, 2); return two;
    case 4: memcpy(&four, s.data, 4); return four;
    case 8: memcpy(&eight, s.data, 8); return eight;
    default: return fallback;
    }
}

int netlink_messages(struct slice datagram, uint32_t sequence,
                     int (*take)(void *context, uint16_t type, struct slice payload, struct err *e),
                     void *context, int *error, struct err *e)
{
    while (datagram.len >= sizeof(struct nlmsghdr)) {
        struct nlmsghdr head;
        memcpy(&head, datagram.data, sizeof head);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > datagram.len)
            return err_set(e, ERR_INPUT, "evidence.netlink", "RFC 3549 section 2.3.2",
                           "the kernel's answer says that it is longer than it is");
        struct slice payload = slice_of(datagram.data + sizeof head, head.nlmsg_len - sizeof head);
        if (head.nlmsg_seq == sequence) {
            if (head.nlmsg_type == NLMSG_DONE)
                return 1;
            if (head.nlmsg_type == NLMSG_ERROR) {
                int32_t code = 0;
                if (payload.len >= sizeof code)
                    memcpy(&code, payload.data, sizeof code);
                *error = code < 0 && code > -4096 ? -code : EIO;
                return code == 0 ? 1 : -1;
            }
            if (head.nlmsg_type >= NLMSG_MIN_TYPE &&
                take(context, head.nlmsg_type, payload, e) != 0)
                return -1;
        }
        size_t whole = NLMSG_ALIGN((size_t)head.nlmsg_len);
        if (whole > datagram.len)
            whole = datagram.len;
        datagram = slice_of(datagram.data + whole, datagram.len - whole);
    }
    return 0;
}

static int ask(int fd, uint16_t type, struct slice payload, uint32_t sequence)
{
    uint8_t request[512] = {0};
    struct nlmsghdr head = {.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + payload.len),
                            .nlmsg_type = type,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                            .nlmsg_seq = sequence};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (payload.len > sizeof request - NLMSG_HDRLEN) {
        errno = EMSGSIZE;
        return -1;
    }
    memcpy(request, &head, sizeof head);
    memcpy(request + NLMSG_HDRLEN, payload.data, payload.len);
    return sendto(fd, request, head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0
               ? -1
               : 0;
}

int netlink_dump(struct live_room *room, int protocol, uint16_t type, struct slice payload,
                 int (*take)(void *context, uint16_t type, struct slice payload, struct err *e),
                 void *context, int *error, struct err *e)
{
    static uint32_t sequence;
    struct timeval wait = {.tv_sec = WAIT_SECONDS};
    int result = 0;
    *error = 0;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
        ask(fd, type, payload, ++sequence) != 0) {
        *error = errno;
        if (fd >= 0)
            close(fd);
        return 0;
    }
    atomic_fetch_add(&room->shared->sockets, 1);
    uint8_t *datagram = mem_new(DATAGRAM, 1);
    if (!datagram)
        result = err_memory(e);
    while (datagram && result == 0) {
        struct sockaddr_nl from = {0};
        socklen_t len = sizeof from;
        ssize_t n = recvfrom(fd, datagram, DATAGRAM, MSG_TRUNC, (struct sockaddr *)&from, &len);
        live_beat(room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || n > DATAGRAM) {
            *error = n < 0 ? errno : EMSGSIZE;
            break;
        }
        if (from.nl_pid != 0) /* not the kernel */
            continue;
        int got =
            netlink_messages(slice_of(datagram, (size_t)n), sequence, take, context, error, e);
        if (got < 0 && err_is_set(e))
            result = -1;
        if (got != 0)
            break;
    }
    mem_free(datagram);
    close(fd);
    return result;
}

void netlink_address(struct slice bytes, char text[64])
{
    text[0] = 0;
    if (bytes.len == 4 || bytes.len == 16)
        inet_ntop(bytes.len == 4 ? AF_INET : AF_INET6, bytes.data, text, 64);
    else if (bytes.len < 32)
        hex_format(bytes.data, bytes.len, text);
}
