/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image out of a bundle in a form that other programs read (CFTT DA-AO-09: conversion keeps the
 * data equal). Every chunk is held against its hash on the way, the tree and the image's SHA-256
 * against acquisition.json; what does not fit ends it, and nothing of it stays that looks whole.
 */
#ifndef EVIDENCE_EXPORT_H
#define EVIDENCE_EXPORT_H

#include "base/err.h"

#include <stdint.h>

enum evidence_export_format { EVIDENCE_EXPORT_RAW, EVIDENCE_EXPORT_E01, EVIDENCE_EXPORT_AFF4 };

struct evidence_export_options {
    const char *bundle;
    const char *target; /* "disk.raw", "disk.E01" or "disk", "disk.aff4" */
    enum evidence_export_format format;
    uint64_t segment_bytes; /* of a file at most; 0: raw and AFF4 one file, E01 just below 2 GiB */
    unsigned workers;       /* 0: one a processor */
    bool (*watch)(void *context, const char *phase, uint64_t done, uint64_t all);
    void *watch_context;
};

struct evidence_exported {
    uint64_t bytes;            /* of the image */
    uint64_t stored_bytes;     /* of all files of the export, holes included */
    uint32_t files;            /* of the image */
    uint8_t sha256[32];        /* of the image, as exported */
    uint8_t md5[16], sha1[20]; /* where the format has a field for them */
    bool has_md5_sha1;
    uint64_t unreadable; /* bytes that could not be read when it was acquired */
    bool stopped;        /* watch said so; nothing stays */
};

/*
 * 0, also when stopped. -1: "evidence.exists" (a file of that name is there), "evidence.damaged"
 * (which chunk), "evidence.incomplete", "evidence.format" (the image does not fit the format),
 * "evidence.no-space".
 */
int evidence_export(const struct evidence_export_options *options,
                    struct evidence_exported *exported, struct err *e) MUST_CHECK;

#endif
