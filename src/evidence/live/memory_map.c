/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/live/memory_map.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_physical(const void *a, const void *b)
{
    const struct memory_stretch *x = a, *y = b;
    return (x->physical > y->physical) - (x->physical < y->physical);
}

static void add(struct memory_map *map, uint64_t physical, uint64_t bytes, uint64_t offset)
{
    if (bytes > 0 && map->count < MEMORY_STRETCHES)
        map->all[map->count++] = (struct memory_stretch){physical, bytes, offset};
}

int memory_map_kcore(struct slice head, struct memory_map *map, struct err *e)
{
    Elf64_Ehdr file;
    map->count = 0;
    if (head.len < sizeof file || memcmp(head.data, ELFMAG, SELFMAG) != 0 ||
        head.data[EI_CLASS] != ELFCLASS64)
        return err_set(e, ERR_INPUT, "evidence.kcore", NULL, "/proc/kcore is no 64-bit ELF file");
    memcpy(&file, head.data, sizeof file);
    if (file.e_type != ET_CORE || file.e_phentsize != sizeof(Elf64_Phdr) ||
        file.e_phoff > head.len || file.e_phnum > (head.len - file.e_phoff) / sizeof(Elf64_Phdr))
        return err_set(e, ERR_INPUT, "evidence.kcore", NULL,
                       "the program headers of /proc/kcore do not lie where it says");
    for (size_t i = 0; i < file.e_phnum; i++) {
        Elf64_Phdr segment;
        memcpy(&segment, head.data + file.e_phoff + i * sizeof segment, sizeof segment);
        /* no physical address: memory that the kernel maps page by page, and so has twice */
        if (segment.p_type != PT_LOAD || segment.p_paddr == (Elf64_Addr)-1 ||
            segment.p_filesz == 0 || segment.p_filesz > INT64_MAX ||
            segment.p_offset > INT64_MAX - segment.p_filesz ||
            segment.p_paddr > INT64_MAX - segment.p_filesz)
            continue;
        add(map, segment.p_paddr, segment.p_filesz, segment.p_offset);
    }
    qsort(map->all, map->count, sizeof *map->all, by_physical);
    if (map->count == 0)
        return err_set(e, ERR_INPUT, "evidence.kcore", NULL,
                       "no program header of /proc/kcore has a physical address");
    return 0;
}

void memory_map_iomem(struct slice text, struct memory_map *map)
{
    map->count = 0;
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        char line[256];
        unsigned long long from, to;
        int name = 0;
        snprintf(line, sizeof line, "%.*s", (int)(len < 255 ? len : 255), (const char *)text.data);
        /* those with white space before them are parts of others */
        if (line[0] != ' ' && sscanf(line, "%llx-%llx : %n", &from, &to, &name) == 2 && name > 0 &&
            strcmp(line + name, "System RAM") == 0 && to > from && to < INT64_MAX)
            add(map, from, to - from + 1, from);
        len += end != NULL;
        text = slice_of(text.data + len, text.len - len);
    }
    qsort(map->all, map->count, sizeof *map->all, by_physical);
}

void memory_map_join(const struct memory_map *kcore, const struct memory_map *ram,
                     struct memory_map *out)
{
    static const struct memory_stretch everything = {0, INT64_MAX, 0};
    const struct memory_stretch *wanted = ram->count ? ram->all : &everything;
    size_t count = ram->count ? ram->count : 1;
    out->count = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t at = wanted[i].physical, end = at + wanted[i].bytes;
        for (size_t k = 0; k < kcore->count && at < end; k++) {
            const struct memory_stretch *s = &kcore->all[k];
            if (s->physical + s->bytes <= at || s->physical >= end)
                continue;
            uint64_t from = s->physical > at ? s->physical : at,
                     to = s->physical + s->bytes < end ? s->physical + s->bytes : end;
            add(out, from, to - from, s->offset + (from - s->physical));
            at = to;
        }
    }
}

void memory_map_missing(const struct memory_map *map, const struct memory_map *ram,
                        struct memory_map *out)
{
    size_t k = 0;
    out->count = 0;
    for (size_t i = 0; i < ram->count; i++) {
        uint64_t at = ram->all[i].physical, end = at + ram->all[i].bytes;
        for (; k < map->count && map->all[k].physical < end; k++) {
            const struct memory_stretch *s = &map->all[k];
            if (s->physical > at)
                add(out, at, s->physical - at, 0);
            if (s->physical + s->bytes > at)
                at = s->physical + s->bytes;
        }
        if (at < end)
            add(out, at, end - at, 0);
    }
}
