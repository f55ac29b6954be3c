/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/capture/filter.h"
#include "base/memory.h"

#include <pcap/pcap.h>
#include <pthread.h>

_Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter),
               "libpcap and the kernel speak of the same instructions");

/* The grammar of libpcap before 1.8 was one for the whole process; taking turns costs nothing. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int evidence_filter_compile(const char *expression, int link, uint32_t snaplen,
                            struct sock_fprog *program, struct err *e)
{
    struct bpf_program compiled = {0};
    int result = 0;
    *program = (struct sock_fprog){0};
    pthread_mutex_lock(&lock);
    pcap_t *dead = pcap_open_dead(link, (int)snaplen);
    if (!dead) {
        result = err_memory(e);
    } else if (pcap_compile(dead, &compiled, expression ? expression : "", 1,
                            PCAP_NETMASK_UNKNOWN) != 0) {
        result = err_set(e, ERR_USAGE, "capture.filter", "pcap-filter(7)",
                         "the filter \"%s\" is none: %s", expression, pcap_geterr(dead));
    } else {
        struct sock_filter *copy = mem_new(compiled.bf_len ? compiled.bf_len : 1, sizeof *copy);
        if (!copy) {
            result = err_memory(e);
        } else {
            for (unsigned i = 0; i < compiled.bf_len; i++)
                copy[i] = (struct sock_filter){compiled.bf_insns[i].code, compiled.bf_insns[i].jt,
                                               compiled.bf_insns[i].jf, compiled.bf_insns[i].k};
            program->len = (unsigned short)compiled.bf_len;
            program->filter = copy;
        }
        pcap_freecode(&compiled);
    }
    if (dead)
        pcap_close(dead);
    pthread_mutex_unlock(&lock);
    return result;
}
