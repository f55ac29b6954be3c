/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: nodes of a graph of CASE/UCO. */
#ifndef EVIDENCE_UCO_GRAPH_H
#define EVIDENCE_UCO_GRAPH_H

#include "base/json.h"
#include "base/map.h"
#include "crypto/digest.h"

enum { UCO_ID = 44 }; /* "kb:" and a UUID, with NUL */

struct uco {
    struct json_writer w;
    struct arena arena;
    struct map known; /* ids that stand in the graph already */
    bool failed;
};

void uco_begin(struct uco *u, struct buf *out);
void uco_end(struct uco *u);
void uco_fini(struct uco *u);

/* A name for what kind and seed say: a UUID, always the same for the same. */
void uco_id(const char *kind, struct slice seed, char id[UCO_ID]);
/* Opens the node; false: it stands in the graph already, and nothing is opened. */
bool uco_node(struct uco *u, const char *id, const char *type);
void uco_node_end(struct uco *u);
/* Members; nothing when the text is empty. */
void uco_text(struct uco *u, const char *name, struct slice text);
void uco_typed(struct uco *u, const char *name, const char *type, struct slice text);
void uco_integer(struct uco *u, const char *name, int64_t number);
void uco_ref(struct uco *u, const char *name, const char *id);
/* Facets: uco_facets, then each facet with its members, then uco_facets_end. */
void uco_facets(struct uco *u);
void uco_facet(struct uco *u, const char *type, const char *owner);
void uco_facet_end(struct uco *u);
void uco_facets_end(struct uco *u);
/* A hash, within ContentDataFacet. */
void uco_hash(struct uco *u, const char *method, struct slice hex);

/* Whole nodes; each gives its id. */
void uco_person(struct uco *u, struct slice name, struct slice role, struct slice organisation,
                char id[UCO_ID]);
void uco_place(struct uco *u, struct slice name, char id[UCO_ID]);
void uco_tool(struct uco *u, const struct json_value *tool, char id[UCO_ID]);
void uco_authorization(struct uco *u, struct slice text, char id[UCO_ID]);

#endif
