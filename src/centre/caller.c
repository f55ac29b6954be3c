/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/caller.h"
#include "store/may_see.h"

#include <stdio.h>

static const struct {
    const char *name;
    unsigned role;
} role_names[] = {{"administrator", ROLE_ADMINISTRATOR},
                  {"coordinator", ROLE_COORDINATOR},
                  {"registrar", ROLE_REGISTRAR},
                  {"auditor", ROLE_AUDITOR}};

void caller_system(struct caller *caller, const char *name, const char *organisation)
{
    *caller = (struct caller){.kind = CALLER_SYSTEM, .everywhere = true};
    snprintf(caller->id, sizeof(caller->id), "%s", name);
    snprintf(caller->organisation, sizeof(caller->organisation), "%s", organisation);
}

void roles_format(unsigned roles, char text[64])
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(role_names); i++)
        if (roles & role_names[i].role)
            len +=
                (size_t)snprintf(text + len, 64 - len, "%s%s", len ? "," : "", role_names[i].name);
}

int roles_parse(struct slice text, unsigned *roles, struct err *e)
{
    size_t at = 0;

    *roles = 0;
    while (at <= text.len) {
        const uint8_t *comma = at < text.len ? memchr(text.data + at, ',', text.len - at) : NULL;
        size_t end = comma ? (size_t)(comma - text.data) : text.len;
        struct slice word = slice_of(text.data + at, end - at);
        unsigned found = 0;
        for (size_t i = 0; i < ARRAY_LEN(role_names); i++)
            if (slice_is(word, role_names[i].name))
                found = role_names[i].role;
        if (!found) {
            err_set(e, ERR_USAGE, "centre.role-name", NULL, "\"%.*s\" is no role",
                    (int)(word.len < 40 ? word.len : 40), (const char *)word.data);
            return err_hint(e, "roles are administrator, coordinator, registrar, auditor");
        }
        *roles |= found;
        at = end + 1;
    }
    return 0;
}

int caller_needs(const struct caller *caller, unsigned roles, struct err *e)
{
    char wanted[64];

    if (caller->kind == CALLER_SYSTEM || (caller->kind == CALLER_OPERATOR && caller->roles & roles))
        return 0;
    roles_format(roles, wanted);
    err_set(e, ERR_DENIED, "centre.role", NULL, "this needs the role %s", wanted);
    return err_hint(e, "ask an administrator of your organisation");
}

int caller_finds_no(const char *id, struct err *e)
{
    static const struct {
        const char *prefix, *noun, *list;
    } kinds[] = {
        {"act", "act", "tocsin log show"},
        {"apr", "approval", "tocsin approval list"},
        {"ast", "asset", "tocsin asset list"},
        {"crt", "certificate", "tocsin cert list"},
        {"opr", "operator", "tocsin operator list"},
        {"org", "organisation", "tocsin organisation list"},
        {"per", "contact", "tocsin contact list"},
    };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!id_is(slice_str(id), kinds[i].prefix))
            continue;
        err_set(e, ERR_NOT_FOUND, "centre.not-found", NULL, "there is no %s %s", kinds[i].noun, id);
        return err_hint(e, "%s", kinds[i].list);
    }
    return err_set(e, ERR_NOT_FOUND, "centre.not-found", NULL, "there is no %.80s here", id);
}

int caller_acts_for(const struct caller *caller, const char *organisation, const char *id,
                    struct err *e)
{
    if (caller->everywhere || strcmp(caller->organisation, organisation) == 0)
        return 0;
    return caller_finds_no(id, e);
}

int organisation_sees(struct db *db, const char *organisation, bool everywhere, bool exercise,
                      const struct caller_shown *shown, struct err *e)
{
    struct viewer viewer = {
        .organisation = organisation, .everywhere = everywhere, .exercise = exercise};
    const struct shown what = {
        .organisation = shown->organisation, .tlp = shown->tlp, .exercise = shown->exercise};
    struct db_query q;

    if (shown->draft && !everywhere && strcmp(organisation, shown->organisation) != 0)
        return 0;
    if (!everywhere) {
        int found = db_find(&q, db, e, SQL_STATEMENT_CONCERNS, DB_TEXT(shown->revision),
                            DB_TEXT(organisation));
        db_query_finish(&q);
        if (found < 0)
            return -1;
        viewer.concerned = found == 1;
    }
    return may_see(db, &viewer, &what, e);
}

int caller_sees(struct db *db, const struct caller *caller, const struct caller_shown *shown,
                struct err *e)
{
    return organisation_sees(db, caller->organisation, caller->everywhere, caller->exercise, shown,
                             e);
}
