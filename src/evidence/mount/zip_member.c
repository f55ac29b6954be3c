/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/mount/zip_member.h"
#include "base/memory.h"

#include <inttypes.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <string.h>

enum {
    LOCAL = 30,
    IN = 1 << 16,
    OUT = 1 << 17,
    POINTS = 24,
    POINT_LEAST = 1 << 20 /* bytes between places that are kept */
};

/* Where inflating can begin again: the machine as it stood there, its history in it. */
struct point {
    uint64_t out, in;
    struct inflate_state *state;
};

struct zip_member {
    const struct zip_source *source;
    struct zip_member_facts facts;
    uint64_t data; /* its first packed byte */
    struct inflate_state state;
    uint64_t fed; /* packed bytes that were read into in */
    uint8_t in[IN];
    uint64_t out_from; /* of the member: what out begins with */
    size_t out_len;
    uint8_t out[OUT];
    struct point points[POINTS];
    uint64_t spacing;
};

static int untrue(struct err *e, const char *why)
{
    return err_set(e, ERR_VERIFY, "evidence.zip", "APPNOTE.TXT section 4.3", "%s", why);
}

static int find_data(struct zip_member *m, struct err *e)
{
    uint8_t header[LOCAL];
    struct cursor c;
    const struct zip_source *s = m->source;
    if (m->facts.header > s->bytes || s->bytes - m->facts.header < LOCAL)
        return untrue(e, "it would lie behind the end of the archive");
    if (s->read(s->context, m->facts.header, header, LOCAL, e) != 0)
        return -1;
    cursor_init(&c, slice_of(header, LOCAL));
    bool is_header = cursor_skip(&c, "PK\3\4");
    (void)cursor_take(&c, 4);
    uint16_t method = zip_u16(&c);
    (void)cursor_take(&c, 16);
    uint64_t more = (uint64_t)zip_u16(&c) + zip_u16(&c);
    if (!is_header || method != m->facts.method)
        return untrue(e, "what stands where it should begin is not what the directory says");
    m->data = m->facts.header + LOCAL + more;
    if (m->data > s->bytes || m->facts.packed > s->bytes - m->data)
        return untrue(e, "it would end behind the end of the archive");
    return 0;
}

static void rewind_to(struct zip_member *m, const struct point *p)
{
    if (p) {
        m->state = *p->state;
    } else {
        isal_inflate_init(&m->state);
        m->state.crc_flag = ISAL_DEFLATE;
    }
    m->fed = p ? p->in : 0;
    m->out_from = p ? p->out : 0;
    m->out_len = 0;
    m->state.next_in = m->in;
    m->state.avail_in = 0;
}

struct zip_member *zip_member_new(const struct zip_source *source,
                                  const struct zip_member_facts *facts, struct err *e)
{
    struct zip_member *m = mem_new(1, sizeof *m);
    if (!m) {
        err_memory(e);
        return NULL;
    }
    m->source = source;
    m->facts = *facts;
    m->spacing = facts->bytes / POINTS + 1;
    if (m->spacing < POINT_LEAST)
        m->spacing = POINT_LEAST;
    if (find_data(m, e) != 0) {
        zip_member_free(m);
        return NULL;
    }
    rewind_to(m, NULL);
    return m;
}

void zip_member_free(struct zip_member *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < POINTS; i++)
        mem_free(m->points[i].state);
    mem_free(m);
}

/* Keeps the place where it stands, once in every stretch; without memory it is slower, not wrong.
 */
static void keep_point(struct zip_member *m)
{
    uint64_t at = m->out_from + m->out_len;
    uint64_t i = at / m->spacing;
    if (i == 0 || i >= POINTS || m->points[i].state)
        return;
    struct inflate_state *state = mem_new(1, sizeof *state);
    if (!state)
        return;
    *state = m->state;
    m->points[i] = (struct point){.out = at, .in = m->fed - m->state.avail_in, .state = state};
}

static int feed(struct zip_member *m, struct err *e)
{
    uint64_t rest = m->facts.packed - m->fed;
    size_t len = rest < IN ? (size_t)rest : IN;
    if (m->state.avail_in > 0 || len == 0)
        return 0;
    if (m->source->read(m->source->context, m->data + m->fed, m->in, len, e) != 0)
        return -1;
    m->fed += len;
    m->state.next_in = m->in;
    m->state.avail_in = (uint32_t)len;
    return 0;
}

/* The next bytes into out; out_len 0: it is at its end. */
static int inflate_more(struct zip_member *m, struct err *e)
{
    struct inflate_state *s = &m->state;
    keep_point(m);
    m->out_from += m->out_len;
    m->out_len = 0;
    s->next_out = m->out;
    s->avail_out = OUT;
    while (s->avail_out > 0 && s->block_state != ISAL_BLOCK_FINISH) {
        uint32_t in = s->avail_in, out = s->avail_out;
        if (feed(m, e) != 0)
            return -1;
        bool fed = s->avail_in != in;
        if (isal_inflate(s) != ISAL_DECOMP_OK)
            return untrue(e, "its bytes are no deflate stream (RFC 1951)");
        if (s->avail_out == out && s->avail_in == in && !fed)
            return untrue(e, "its deflate stream is cut off");
    }
    m->out_len = OUT - s->avail_out;
    return 0;
}

static int copy_more(struct zip_member *m, struct err *e)
{
    m->out_from += m->out_len;
    uint64_t rest = m->facts.packed - m->out_from;
    m->out_len = rest < OUT ? (size_t)rest : OUT;
    return m->out_len
               ? m->source->read(m->source->context, m->data + m->out_from, m->out, m->out_len, e)
               : 0;
}

static int more(struct zip_member *m, struct err *e)
{
    return m->facts.method == ZIP_STORED ? copy_more(m, e) : inflate_more(m, e);
}

int zip_member_check(struct zip_member *m, bool (*stop)(void *context), void *context,
                     struct err *e)
{
    uint32_t crc = 0;
    rewind_to(m, NULL);
    for (;;) {
        if (stop && stop(context))
            return err_set(e, ERR_UNAVAILABLE, "evidence.stopped", NULL, "it was stopped");
        if (more(m, e) != 0)
            return -1;
        if (m->out_len == 0)
            break;
        if (m->out_len > m->facts.bytes - m->out_from)
            return err_set(e, ERR_VERIFY, "evidence.zip", "APPNOTE.TXT section 4.4.9",
                           "its size is said to be %" PRIu64 " bytes, and there are more",
                           m->facts.bytes);
        crc = crc32_gzip_refl(crc, m->out, m->out_len);
    }
    if (m->out_from != m->facts.bytes)
        return err_set(e, ERR_VERIFY, "evidence.zip", "APPNOTE.TXT section 4.4.9",
                       "its size is said to be %" PRIu64 " bytes, and there are %" PRIu64,
                       m->facts.bytes, m->out_from);
    uint64_t behind =
        m->facts.packed - m->fed + m->state.avail_in + (uint64_t)m->state.read_in_length / 8;
    if (m->facts.method == ZIP_DEFLATED && behind != 0)
        return untrue(e, "its deflate stream ends before its bytes do");
    if (crc != m->facts.crc)
        return untrue(e, "its CRC-32 is not that of the directory");
    return 0;
}

/* From where what is asked for is nearest. */
static void go_to(struct zip_member *m, uint64_t offset)
{
    const struct point *best = NULL;
    bool here = offset >= m->out_from;
    for (size_t i = 0; i < POINTS; i++) {
        const struct point *p = &m->points[i];
        if (p->state && p->out <= offset && (!here || p->out > m->out_from + m->out_len))
            best = p;
    }
    if (best || !here)
        rewind_to(m, best);
}

int zip_member_read(struct zip_member *m, uint64_t offset, uint8_t *out, size_t len, struct err *e)
{
    if (offset > m->facts.bytes || len > m->facts.bytes - offset)
        return err_set(e, ERR_INTERNAL, "evidence.zip", NULL, "a place behind the member's end");
    if (m->facts.method == ZIP_STORED)
        return len ? m->source->read(m->source->context, m->data + offset, out, len, e) : 0;
    for (size_t done = 0; done < len;) {
        uint64_t at = offset + done;
        if (at >= m->out_from && at - m->out_from < m->out_len) {
            size_t in = (size_t)(at - m->out_from);
            size_t n = m->out_len - in < len - done ? m->out_len - in : len - done;
            memcpy(out + done, m->out + in, n);
            done += n;
            continue;
        }
        go_to(m, at);
        if (inflate_more(m, e) != 0) {
            rewind_to(m, NULL);
            return -1;
        }
        if (m->out_len == 0) {
            rewind_to(m, NULL);
            return untrue(e, "it ends before its size");
        }
    }
    return 0;
}
