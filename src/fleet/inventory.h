/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an asset says that it is and runs: a nameplate and components. Read from the formats that
 * devices and their owners have; the texts of our own formats are in docs/formats-inventory.md.
 * Pure: no database, no server; the centre, the agent and `tocsin match` use the same code.
 */
#ifndef FLEET_INVENTORY_H
#define FLEET_INVENTORY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"

/* Values as the source has them, trimmed; an absent one is the empty slice. */
struct fleet_nameplate {
    struct slice vendor;
    struct slice model;
    struct slice family;   /* product family or series */
    struct slice product;  /* product name where it differs from the model */
    struct slice firmware; /* firmware version */
    struct slice serial;
    struct slice order; /* order, article or part number */
    struct slice sku;
    struct slice hardware; /* hardware revision */
};

/* What a list shows as the model: the model, or else the product's name. */
struct slice fleet_nameplate_model(const struct fleet_nameplate *plate);

struct fleet_hash {
    struct slice algorithm; /* "sha-256": lower case, as CycloneDX writes it */
    struct slice value;     /* lower case hexadecimal */
};

struct fleet_component {
    struct slice type; /* "application", "library", "firmware", "operating-system", …; may be empty
                        */
    struct slice group; /* namespace of the name: Maven group, npm scope */
    struct slice name;
    struct slice version;
    struct slice vendor; /* supplier, manufacturer or publisher */
    struct slice purl;
    struct slice cpe;
    struct slice serial; /* of a device listed as a component */
    const struct fleet_hash *hashes;
    size_t hash_count;
    const char *pointer; /* where the source has it: JSON pointer, or "line N" */
};

struct fleet_inventory {
    bool has_nameplate;
    struct fleet_nameplate nameplate;
    struct fleet_component *components;
    size_t count;
    size_t room;
    const char *format; /* "tocsin-nameplate/v1", "CycloneDX 1.5", "SPDX-2.3", "dpkg", "CSV" */
    struct arena arena;
};

struct fleet_inventory_limits {
    size_t bytes;      /* of a source document */
    size_t components; /* of an inventory */
    size_t value;      /* bytes of one value (name, version, purl, …) */
    size_t hashes;     /* of a component */
    size_t rows;       /* of a CSV file */
};

/* 4 MiB, 50,000 components, 1,024 bytes a value, 16 hashes, 100,000 rows. */
extern const struct fleet_inventory_limits fleet_inventory_limits_default;

/* An empty inventory, to be merged into; NULL: no memory. */
struct fleet_inventory *fleet_inventory_new(void) MUST_CHECK;
void fleet_inventory_free(struct fleet_inventory *inventory);

/*
 * Each reads one document; limits NULL: the default ones. 0 and *inventory; -1 with "json.…",
 * "inventory.format" (not this kind of document), "inventory.type", "inventory.required",
 * "inventory.value", "inventory.limit" (ERR_LIMIT), with place and clause.
 *   _read        finds out which: our JSON, CycloneDX, SPDX, or a dpkg status file
 *   _nameplate   JSON with `format` "tocsin-nameplate/v1" or "tocsin-inventory/v1"
 *   _cyclonedx   CycloneDX 1.4 to 1.6 JSON; metadata.component and nested components count
 *   _spdx        SPDX 2.3 JSON: packages, and files that have a checksum
 *   _dpkg        /var/lib/dpkg/status: installed packages as pkg:deb/DISTRIBUTION/…;
 *                distribution is ID of os-release ("debian"), arch qualifiers from the file
 */
int fleet_inventory_read(struct fleet_inventory **inventory, struct slice text,
                         const struct fleet_inventory_limits *limits, struct err *e) MUST_CHECK;
int fleet_inventory_nameplate(struct fleet_inventory **inventory, struct slice text,
                              const struct fleet_inventory_limits *limits,
                              struct err *e) MUST_CHECK;
int fleet_inventory_cyclonedx(struct fleet_inventory **inventory, struct slice text,
                              const struct fleet_inventory_limits *limits,
                              struct err *e) MUST_CHECK;
int fleet_inventory_spdx(struct fleet_inventory **inventory, struct slice text,
                         const struct fleet_inventory_limits *limits, struct err *e) MUST_CHECK;
int fleet_inventory_dpkg(struct fleet_inventory **inventory, struct slice text,
                         struct slice distribution, const struct fleet_inventory_limits *limits,
                         struct err *e) MUST_CHECK;

/* Reads the members `nameplate` and `components` of a JSON object that is already parsed (the
 * payload of `tocsin-inventory/v1`). */
int fleet_inventory_value(struct fleet_inventory **inventory, const struct json_doc *doc,
                          const struct json_value *object,
                          const struct fleet_inventory_limits *limits, struct err *e) MUST_CHECK;

/* Copies everything of `more` into `inventory`; a nameplate value that is there already stays. */
int fleet_inventory_merge(struct fleet_inventory *inventory, const struct fleet_inventory *more,
                          struct err *e) MUST_CHECK;

/* Writes the members "nameplate" (when there is one) and "components" into an open object, in the
 * order that RFC 8785 asks for within them. */
void fleet_inventory_write(struct json_writer *w, const struct fleet_inventory *inventory);

/*
 * A CSV file (RFC 4180, UTF-8, a byte order mark is passed over; comma or semicolon, told from the
 * header row) of assets without agent. Known columns, in any order, case ignored: asset (required;
 * the owner's name for it), vendor, model, family, product, firmware, serial, order, sku, hardware,
 * owner, contact, location, criticality. An unknown column refuses the file; a bad row is reported
 * and the others are read.
 */
struct fleet_csv_row {
    size_t line; /* where the row begins, from 1 */
    struct slice asset, owner, contact, location, criticality;
    struct fleet_inventory *inventory; /* NULL when the row is bad */
    const struct err *err;             /* NULL when the row is good */
};

struct fleet_csv {
    struct fleet_csv_row *rows;
    size_t count;
    size_t bad;
    struct arena arena;
};

/* -1 only when the file as a whole cannot be read: "inventory.csv", "inventory.limit". */
int fleet_csv_read(struct fleet_csv **csv, struct slice text,
                   const struct fleet_inventory_limits *limits, struct err *e) MUST_CHECK;
void fleet_csv_free(struct fleet_csv *csv);

/*
 * Cuts a large table into pieces, so that each piece behind the header is a table itself. The text
 * is borrowed.
 */
struct fleet_csv_cutter {
    struct slice text;
    struct slice header; /* the first row with its line break, and what stands in front of it */
    size_t header_lines;
    size_t at;   /* where the next piece begins */
    size_t line; /* and in which line */
};
int fleet_csv_cut(struct fleet_csv_cutter *cutter, struct slice text, struct err *e) MUST_CHECK;
/* The next rows, at most `most`; *line: where the first begins. Their number, 0 at the end, or -1:
 * ERR_MEMORY. A row that is bad is one, too. */
int64_t fleet_csv_cut_next(struct fleet_csv_cutter *cutter, size_t most, struct slice *rows,
                           size_t *line, struct err *e) MUST_CHECK;

#endif
