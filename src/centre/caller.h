/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: an operator, an asset, a part of the centre, or a stranger. */
#ifndef CENTRE_CALLER_H
#define CENTRE_CALLER_H

#include "base/err.h"
#include "base/id.h"
#include "store/db.h"

enum caller_kind { CALLER_STRANGER, CALLER_SYSTEM, CALLER_OPERATOR, CALLER_ASSET };

/* Bits; an operator's certificate stands for a set of them. Kept in operator.roles. */
enum role {
    ROLE_ADMINISTRATOR = 1, /* organisations, operators, revocation, configuration, backup */
    ROLE_COORDINATOR = 2,   /* advisories, publications, proofs, aliases */
    ROLE_REGISTRAR = 4,     /* assets, contacts, tokens, bundles, answers */
    ROLE_AUDITOR = 8,       /* reads everything of its organisation, changes nothing */
};

struct caller {
    enum caller_kind kind;
    char id[ID_TEXT];           /* opr_…, ast_…, or "sys:matcher"; "stranger" */
    char organisation[ID_TEXT]; /* empty for strangers */
    unsigned roles;             /* of operators */
    bool everywhere; /* of the organisation that runs the centre: acts for all organisations */
    bool exercise;   /* of an exercise organisation */
    bool has_certificate;
    uint8_t certificate[32]; /* fingerprint */
};

/* A part of the centre, such as "sys:matcher". */
void caller_system(struct caller *caller, const char *name, const char *organisation);

/* 0 when the caller is an operator with one of the roles; else ERR_DENIED "centre.role". */
int caller_needs(const struct caller *caller, unsigned roles, struct err *e) MUST_CHECK;

/*
 * 0 when the caller may act for the organisation, whose the object with that id is (or the
 * organisation itself); else as if the object were not there.
 */
int caller_acts_for(const struct caller *caller, const char *organisation, const char *id,
                    struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND "centre.not-found", always -1: the same words whether the object is not there or
 * not the caller's. id: ast_…, crt_…, any. */
int caller_finds_no(const char *id, struct err *e);

/* Whether an organisation may see an advisory's revision; exercise: what the organisation is for,
 * everywhere: it runs the centre. 1, 0 (for it the advisory is not there), or -1. */
struct caller_shown {
    const char *organisation; /* that brought the advisory in */
    const char *tlp;
    const char *revision;
    bool exercise;
    bool draft; /* its newest revision is not published: under embargo for everyone else */
};
int organisation_sees(struct db *db, const char *organisation, bool everywhere, bool exercise,
                      const struct caller_shown *shown, struct err *e) MUST_CHECK;
int caller_sees(struct db *db, const struct caller *caller, const struct caller_shown *shown,
                struct err *e) MUST_CHECK;

/* "administrator,auditor" and back; -1 with ERR_USAGE "centre.role-name". */
void roles_format(unsigned roles, char text[64]);
int roles_parse(struct slice text, unsigned *roles, struct err *e) MUST_CHECK;

#endif
