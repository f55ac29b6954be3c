/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/license.h"
#include "csaf/facts/tables.h"

#define CLAUSE "SPDX 3.0.1 annex B"

enum { WANT_LICENSE, AFTER_LICENSE, WANT_EXCEPTION, AFTER_EXCEPTION, AFTER_GROUP };

static int folded(int byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
}

static bool starts_with(struct slice s, const char *text)
{
    size_t len = strlen(text);
    return s.len >= len && memcmp(s.data, text, len) == 0;
}

static bool starts_folded(struct slice s, const char *lower)
{
    size_t len = strlen(lower);
    for (size_t i = 0; i < len; i++)
        if (i >= s.len || folded(s.data[i]) != folded((uint8_t)lower[i]))
            return false;
    return true;
}

static int refuse(size_t offset, struct err *e, const char *what)
{
    (void)err_set(e, ERR_INPUT, "csaf.license", CLAUSE, "%s", what);
    return err_where(e, "offset %zu", offset);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_of_id(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.';
}

/* The run of id characters at the walk's place. */
static struct slice word_at(const struct csaf_license_walk *w)
{
    size_t end = w->at;
    while (end < w->text.len && is_of_id(w->text.data[end]))
        end++;
    return slice_of(w->text.data + w->at, end - w->at);
}

/* Both cases are operators, a mixed one is none. */
static bool is_operator(struct slice word, const char *upper, const char *lower)
{
    return slice_is(word, upper) || slice_is(word, lower);
}

static bool is_any_operator(struct slice word)
{
    return is_operator(word, "AND", "and") || is_operator(word, "OR", "or") ||
           is_operator(word, "WITH", "with");
}

/* What stands behind the prefix of a reference; the prefix in another case is an error. */
static int read_reference(struct csaf_license_walk *w, struct csaf_license_part *part,
                          struct err *e)
{
    bool addition = w->state == WANT_EXCEPTION;
    const char *prefix = addition ? "AdditionRef-" : "LicenseRef-";
    struct slice word = word_at(w);
    if (starts_folded(word, "DocumentRef-")) {
        if (!starts_with(word, "DocumentRef-"))
            return refuse(w->at, e, "the prefix is written \"DocumentRef-\"");
        if (word.len == strlen("DocumentRef-"))
            return refuse(w->at + word.len, e, "a name is missing behind \"DocumentRef-\"");
        w->at += word.len;
        if (w->at == w->text.len || w->text.data[w->at] != ':')
            return refuse(w->at, e, "\":\" and a reference are missing behind the DocumentRef");
        w->at++;
        part->from_document = true;
        word = word_at(w);
    }
    if (starts_folded(word, prefix)) {
        if (!starts_with(word, prefix))
            return refuse(w->at, e,
                          addition ? "the prefix is written \"AdditionRef-\""
                                   : "the prefix is written \"LicenseRef-\"");
        if (word.len == strlen(prefix))
            return refuse(w->at + word.len, e, "a name is missing behind the reference's prefix");
        part->kind = addition ? CSAF_LICENSE_ADDITION_REF : CSAF_LICENSE_REF;
    } else if (part->from_document)
        return refuse(w->at, e, "a reference is missing behind the DocumentRef");
    else if (starts_folded(word, addition ? "LicenseRef-" : "AdditionRef-"))
        return refuse(w->at, e,
                      addition ? "a LicenseRef cannot stand behind WITH"
                               : "an AdditionRef stands behind WITH only");
    part->id = word;
    part->offset = w->at;
    w->at += word.len;
    return 0;
}

static int read_part(struct csaf_license_walk *w, struct csaf_license_part *part, struct err *e)
{
    struct slice word = word_at(w);
    bool addition = w->state == WANT_EXCEPTION;
    if (word.len == 0 || is_any_operator(word))
        return refuse(w->at, e,
                      addition ? "an exception is missing behind WITH"
                               : "a licence is missing here");
    *part = (struct csaf_license_part){.kind = addition ? CSAF_LICENSE_EXCEPTION : CSAF_LICENSE_ID};
    if (read_reference(w, part, e) != 0)
        return -1;
    if (w->at < w->text.len && w->text.data[w->at] == '+') {
        if (part->kind != CSAF_LICENSE_ID)
            return refuse(w->at, e, "\"+\" follows the id of a listed licence only");
        part->or_later = true;
        w->at++;
    }
    if (w->at < w->text.len && !is_blank(w->text.data[w->at]) && w->text.data[w->at] != ')')
        return refuse(w->at, e, "an id is made of letters, digits, \"-\" and \".\"");
    w->state = addition ? AFTER_EXCEPTION : AFTER_LICENSE;
    return 1;
}

/* AND, OR, WITH or a closing parenthesis. */
static int read_operator(struct csaf_license_walk *w, struct err *e)
{
    if (w->text.data[w->at] == ')') {
        if (w->open == 0)
            return refuse(w->at, e, "the parenthesis closes none");
        w->open--;
        w->at++;
        w->state = AFTER_GROUP;
        return 0;
    }
    struct slice word = word_at(w);
    bool apart = w->at > 0 && (is_blank(w->text.data[w->at - 1]) || w->state == AFTER_GROUP);
    if (!apart || !is_any_operator(word))
        return refuse(w->at, e, "AND, OR, WITH or the end of the expression is missing here");
    bool with = is_operator(word, "WITH", "with");
    if (with && w->state != AFTER_LICENSE)
        return refuse(w->at, e, "WITH follows a single licence only");
    w->at += word.len;
    if (w->at < w->text.len && !is_blank(w->text.data[w->at]) && w->text.data[w->at] != '(')
        return refuse(w->at, e, "a space is missing behind the operator");
    w->state = with ? WANT_EXCEPTION : WANT_LICENSE;
    return 0;
}

int csaf_license_next(struct csaf_license_walk *walk, struct csaf_license_part *part, struct err *e)
{
    for (;;) {
        while (walk->at < walk->text.len && is_blank(walk->text.data[walk->at]))
            walk->at++;
        bool wanting = walk->state == WANT_LICENSE || walk->state == WANT_EXCEPTION;
        if (walk->at == walk->text.len) {
            if (wanting)
                return refuse(walk->at, e,
                              walk->state == WANT_EXCEPTION ? "an exception is missing behind WITH"
                                                            : "a licence is missing at the end");
            if (walk->open)
                return refuse(walk->at, e, "a parenthesis is not closed");
            return 0;
        }
        if (walk->state == WANT_LICENSE && walk->text.data[walk->at] == '(') {
            walk->open++;
            walk->at++;
        } else if (wanting)
            return read_part(walk, part, e);
        else if (read_operator(walk, e) != 0)
            return -1;
    }
}

int csaf_license_check(struct slice expression, struct err *e)
{
    struct csaf_license_walk walk = {.text = expression};
    struct csaf_license_part part;
    int result;
    while ((result = csaf_license_next(&walk, &part, e)) == 1)
        if (part.from_document) {
            (void)err_set(e, ERR_INPUT, "csaf.license", "CSAF 2.1 section 3.2.2.7",
                          "a licence of another SPDX document cannot be named here");
            return err_where(e, "offset %zu", part.offset);
        }
    return result;
}

/* By name without regard to case; NULL: not in the list. */
static const struct csaf_table_license *find(const struct csaf_table_license *list, size_t count,
                                             const char *names, struct slice id)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *name = names + list[middle].name;
        int order = 0;
        for (size_t i = 0; order == 0 && i < id.len; i++)
            order = folded(id.data[i]) - folded((uint8_t)name[i]);
        if (order == 0 && name[id.len] == 0)
            return &list[middle];
        if (order <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static const struct csaf_table_license *spdx_find(const struct csaf_license_part *part,
                                                  const char **name)
{
    const struct csaf_table_license *found = NULL;
    if (part->kind == CSAF_LICENSE_ID) {
        found =
            find(csaf_table_licenses, csaf_table_license_count, csaf_table_license_names, part->id);
        *name = found ? csaf_table_license_names + found->name : NULL;
    } else if (part->kind == CSAF_LICENSE_EXCEPTION) {
        found = find(csaf_table_exceptions, csaf_table_exception_count, csaf_table_exception_names,
                     part->id);
        *name = found ? csaf_table_exception_names + found->name : NULL;
    }
    return found;
}

enum csaf_license_list csaf_license_find(const struct csaf_license_part *part, bool *deprecated)
{
    *deprecated = false;
    if (part->kind == CSAF_LICENSE_ID || part->kind == CSAF_LICENSE_EXCEPTION) {
        const char *name;
        const struct csaf_table_license *found = spdx_find(part, &name);
        if (found)
            *deprecated = found->flags & CSAF_TABLE_DEPRECATED;
        return found ? CSAF_LICENSE_SPDX : CSAF_LICENSE_MISSING;
    }
    const char *prefix =
        part->kind == CSAF_LICENSE_REF ? "LicenseRef-scancode-" : "AdditionRef-scancode-";
    size_t len = strlen(prefix);
    if (!starts_folded(part->id, prefix))
        return CSAF_LICENSE_UNLISTED;
    const struct csaf_table_license *found =
        find(csaf_table_scancodes, csaf_table_scancode_count, csaf_table_scancode_names,
             slice_of(part->id.data + len, part->id.len - len));
    bool exception = found && (found->flags & CSAF_TABLE_EXCEPTION);
    if (!found || exception != (part->kind == CSAF_LICENSE_ADDITION_REF))
        return CSAF_LICENSE_MISSING;
    *deprecated = found->flags & CSAF_TABLE_DEPRECATED;
    return CSAF_LICENSE_SCANCODE;
}

const char *csaf_license_spelling(const struct csaf_license_part *part)
{
    const char *name = NULL;
    return spdx_find(part, &name) ? name : NULL;
}
