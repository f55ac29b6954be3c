/* SPDX-License-Identifier: Apache-2.0 */
/* An evidence record held against its data, its time-stamps and the years (RFC 4998 section 5.3).
 */
#include "evidence/record.h"
#include "base/memory.h"
#include "evidence/record/hash_tree.h"
#include "evidence/record/objects.h"
#include "evidence/record/verify_internal.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define SEQUENCE "RFC 4998 section 5.3"
#define TREE "RFC 4998 section 4.3"

int evidence_record_complain(struct judging *j, const char *where, const struct err *why,
                             struct err *e)
{
    struct evidence_record_verdict *v = j->verdict;
    if (why->kind == ERR_MEMORY || why->kind == ERR_SYSTEM || why->kind == ERR_INTERNAL) {
        *e = *why;
        return -1;
    }
    if (v->problem_count == PROBLEMS)
        return 0;
    struct evidence_record_problem *p = &v->problems[v->problem_count++];
    p->code = arena_strdup(&v->arena, why->code);
    p->text = arena_strdup(&v->arena, why->text);
    p->clause = arena_strdup(&v->arena, why->clause);
    p->hint = arena_strdup(&v->arena, why->hint);
    p->where = why->where[0] ? arena_printf(&v->arena, "%s, %s", where, why->where)
                             : arena_strdup(&v->arena, where);
    return p->code && p->text && p->clause && p->hint && p->where ? 0 : err_memory(e);
}

static int problem(struct judging *j, const char *where, const char *code, const char *clause,
                   const char *text, struct err *e)
{
    struct err why = {0};
    err_set(&why, ERR_VERIFY, code, clause, "%s", text);
    return evidence_record_complain(j, where, &why, e);
}

/* "chain 1, time-stamp 2 (offset 4711)" */
static const char *place_of(struct judging *j, const struct evidence_record_step *step)
{
    snprintf(j->place, sizeof j->place, "chain %zu, time-stamp %zu (offset %zu)", step->chain,
             step->stamp, step->offset);
    return j->place;
}

/* Reading all time-stamps first: their times and algorithms are needed to judge each other. */

static int describe(struct judging *j, struct judged *s, struct err *e)
{
    struct evidence_record_step *step = s->step;
    struct arena *arena = &j->verdict->arena;
    step->at = s->token.at;
    step->accuracy = s->token.accuracy;
    step->hash = s->hash->name;
    step->policy = arena_strdup(arena, s->token.policy);
    step->serial = arena_strdup(arena, s->token.serial);
    step->lists = s->stamp->list_count;
    for (size_t i = 0; i < s->stamp->list_count; i++)
        step->values += s->stamp->lists[i].count;
    step->lone = s->stamp->list_count > 0 && s->stamp->lists[0].count == 1;
    return step->policy && step->serial ? 0 : err_memory(e);
}

static int read_step(struct judging *j, struct judged *s, struct err *e)
{
    struct err why = {0};
    if (evidence_token_open(&s->token, s->stamp->time_stamp, &why) != 0)
        return evidence_record_complain(j, place_of(j, s->step), &why, e);
    s->step->read = true;
    s->hash = s->stamp->hash ? s->stamp->hash : s->token.hash;
    if (describe(j, s, e) != 0)
        return -1;
    if (evidence_revocation_add_token(&j->revocation, s->stamp->time_stamp, e) != 0)
        return -1;
    if (s->hash != s->token.hash)
        return problem(j, place_of(j, s->step), "record.algorithm", TREE,
                       "the time-stamp is over a hash of another algorithm than its hash tree", e);
    for (size_t i = 0; i < s->stamp->list_count; i++)
        for (size_t k = 0; k < s->stamp->lists[i].count; k++)
            if (s->stamp->lists[i].values[k].len != s->hash->len)
                return problem(j, place_of(j, s->step), "record.hash-length", TREE,
                               "a hash value has not the length that its algorithm gives", e);
    return 0;
}

static int read_steps(struct judging *j, struct err *e)
{
    size_t count = 0;
    for (size_t c = 0; c < j->record.chain_count; c++)
        count += j->record.chains[c].count;
    j->judged = arena_new(&j->verdict->arena, count, sizeof *j->judged);
    j->verdict->steps = arena_new(&j->verdict->arena, count, sizeof *j->verdict->steps);
    if (!j->judged || !j->verdict->steps)
        return err_memory(e);
    for (size_t c = 0; c < j->record.chain_count; c++)
        for (size_t k = 0; k < j->record.chains[c].count; k++) {
            struct judged *s = &j->judged[j->count];
            s->step = &j->verdict->steps[j->count++];
            j->verdict->step_count = j->count;
            s->stamp = &j->record.chains[c].stamps[k];
            s->chain = c;
            *s->step = (struct evidence_record_step){
                .chain = c + 1, .stamp = k + 1, .offset = s->stamp->at};
            if (read_step(j, s, e) != 0)
                return -1;
        }
    return 0;
}

static bool all_read(const struct judging *j)
{
    for (size_t k = 0; k < j->count; k++)
        if (!j->judged[k].step->read)
            return false;
    return true;
}

/* digestAlgorithms is the union of all that the time-stamps use (section 3.1). */
static int check_algorithms(struct judging *j, struct err *e)
{
    if (!all_read(j))
        return 0;
    for (size_t i = 0; i < j->record.hash_count; i++) {
        bool used = false;
        for (size_t k = 0; k < j->count; k++)
            used = used || j->judged[k].hash == j->record.hashes[i];
        for (size_t k = 0; k < i; k++)
            used = used && j->record.hashes[k] != j->record.hashes[i];
        if (!used && problem(j, "digestAlgorithms", "record.algorithms", "RFC 4998 section 3.1",
                             "an algorithm is listed that no time-stamp uses, or twice", e) != 0)
            return -1;
    }
    for (size_t k = 0; k < j->count; k++) {
        bool listed = false;
        for (size_t i = 0; i < j->record.hash_count; i++)
            listed = listed || j->judged[k].hash == j->record.hashes[i];
        if (!listed &&
            problem(j, place_of(j, j->judged[k].step), "record.algorithms", "RFC 4998 section 3.1",
                    "its hash algorithm is not listed in digestAlgorithms", e) != 0)
            return -1;
    }
    return 0;
}

/* What the first list of a time-stamp must hold */

/* Whether the tree of a time-stamp leads to its imprint. */
static int check_root(struct judging *j, struct judged *s, bool *fits, struct err *e)
{
    uint8_t root[EVIDENCE_HASH_MOST];
    const struct evidence_archive_stamp *stamp = s->stamp;
    *fits = true;
    for (int as_it_stands = 0; as_it_stands < 2; as_it_stands++) {
        if (evidence_lists_root(s->hash, stamp->lists, stamp->list_count, as_it_stands, root, e) !=
            0)
            return -1;
        if (slice_equal(s->token.imprint, slice_of(root, s->hash->len))) {
            s->step->lone = s->step->lone && as_it_stands;
            return 0;
        }
        if (!s->step->lone)
            break;
    }
    *fits = false;
    return problem(j, place_of(j, s->step), "record.root", TREE,
                   "the hash tree does not lead to the hash that is time-stamped", e);
}

/* The list that holds what is covered: the first one, or the imprint where there is no tree. */
static struct evidence_hash_list first_list(struct judged *s)
{
    return s->stamp->list_count > 0
               ? s->stamp->lists[0]
               : (struct evidence_hash_list){.values = &s->token.imprint, .count = 1};
}

static int check_renewal(struct judging *j, struct judged *s, struct judged *before, struct err *e)
{
    uint8_t value[EVIDENCE_HASH_MOST];
    struct evidence_hash_list list = first_list(s);
    if (s->hash != before->hash)
        return problem(j, place_of(j, s->step), "record.algorithm", SEQUENCE,
                       "it has another hash algorithm than its chain", e);
    if (evidence_hash_of(s->hash, &before->stamp->time_stamp, 1, value, e) != 0)
        return -1;
    if (evidence_list_count(&list, slice_of(value, s->hash->len)) == 0)
        return problem(j, place_of(j, s->step), "record.renewal", SEQUENCE,
                       "it does not cover the time-stamp before it", e);
    s->step->hashes_fit = true;
    return 0;
}

static int check_steps(struct judging *j, struct err *e)
{
    for (size_t i = 0; i < j->count; i++) {
        struct judged *s = &j->judged[i];
        bool fits = true;
        if (!s->step->read || s->hash != s->token.hash)
            continue;
        bool opens = i == 0 || s->chain != j->judged[i - 1].chain;
        if (opens) { /* data are looked for in it, if they are given */
            struct evidence_hash_list list = first_list(s);
            if (evidence_record_check_data(j, s, &list, &s->step->hashes_fit, e) != 0)
                return -1;
        } else if (j->judged[i - 1].step->read && check_renewal(j, s, s - 1, e) != 0) {
            return -1;
        }
        if (s->stamp->list_count > 0 && check_root(j, s, &fits, e) != 0)
            return -1;
        s->step->hashes_fit = s->step->hashes_fit && fits;
        if (i > 0 && j->judged[i - 1].step->read && s->token.at < j->judged[i - 1].token.at &&
            problem(j, place_of(j, s->step), "record.order", "RFC 4998 section 5.1",
                    "it is older than the time-stamp before it", e) != 0)
            return -1;
    }
    return 0;
}

/* Who signed, who vouches, and for how long it had to hold */

static int check_strength(struct judging *j, struct judged *s, unsigned bits, int64_t until,
                          struct err *e)
{
    char day[TIME_TEXT], text[240];
    int64_t ends = evidence_strength_until(bits);
    if (ends == 0 || ends >= until)
        return 0;
    time_format(ends, day);
    snprintf(text, sizeof text,
             "the keys and signatures that vouch for it have %u bits of strength, which was taken "
             "to be enough until %.10s only",
             bits, day);
    j->verdict->strong = false;
    return problem(j, place_of(j, s->step), "record.weak", SEQUENCE, text, e);
}

/* The algorithm of a chain must be secure until the next chain begins (section 5.3 step 2). */
static int check_hash(struct judging *j, struct judged *s, int64_t needed, struct err *e)
{
    char day[TIME_TEXT];
    struct err why = {0};
    int64_t ends = evidence_hash_until(s->hash, j->options->agility, j->options->agility_count);
    if (ends == 0 || ends >= needed)
        return 0;
    time_format(ends, day);
    j->verdict->strong = false;
    err_set(&why, ERR_VERIFY, "record.weak", SEQUENCE,
            "%s was taken to be secure until %.10s only, and what it protects had to hold longer",
            s->hash->name, day);
    err_hint(&why, "a hash-tree renewal with another algorithm had to come before that day");
    return evidence_record_complain(j, place_of(j, s->step), &why, e);
}

static int take_vouched(struct judging *j, struct judged *s, const struct evidence_vouched *v,
                        struct err *e)
{
    s->step->vouched = true;
    s->step->revoked = v->revoked == EVIDENCE_NOT_REVOKED     ? "not revoked"
                       : v->revoked == EVIDENCE_REVOKED_LATER ? "revoked later, without effect"
                                                              : "not known";
    s->step->revocation_at = v->revocation_at;
    s->step->root = arena_strdup(&j->verdict->arena, v->root);
    return s->step->root ? check_strength(j, s, v->strength, s->step->held_against, e)
                         : err_memory(e);
}

static int check_signature(struct judging *j, struct judged *s, struct err *e)
{
    struct arena *arena = &j->verdict->arena;
    struct evidence_vouched vouched;
    struct err why = {0};
    if (evidence_token_check(&s->token, &j->revocation, &why) != 0)
        return evidence_record_complain(j, place_of(j, s->step), &why, e);
    s->step->signature_holds = true;
    s->step->signer = arena_strdup(arena, s->token.signer);
    s->step->signature = arena_strdup(arena, s->token.signature);
    if (!s->step->signer || !s->step->signature)
        return err_memory(e);
    if (!j->roots)
        return check_strength(j, s, s->token.strength, s->step->held_against, e);
    if (evidence_token_vouch(&s->token, j->roots, &j->revocation, s->step->held_against, &vouched,
                             &why) == 0)
        return take_vouched(j, s, &vouched, e);
    if (why.kind == ERR_VERIFY && strcmp(why.code, "token.expired") == 0)
        err_hint(&why, s == &j->judged[j->count - 1]
                           ? "it had to be renewed before; --at asks for an earlier time"
                           : "the renewal behind it came too late");
    return evidence_record_complain(j, place_of(j, s->step), &why, e);
}

static int check_signatures(struct judging *j, struct err *e)
{
    for (size_t i = 0; i < j->count; i++) {
        struct judged *s = &j->judged[i];
        bool last = i + 1 == j->count;
        if (!s->step->read || (!last && !j->judged[i + 1].step->read))
            continue;
        s->step->held_against = last ? j->verdict->at : j->judged[i + 1].token.at;
        if (s->step->held_against < s->token.at &&
            problem(j, place_of(j, s->step), "record.future", SEQUENCE,
                    "it is younger than the time for which it is asked", e) != 0)
            return -1;
        bool ends = last || j->judged[i + 1].chain != s->chain;
        if ((ends && check_hash(j, s, s->step->held_against, e) != 0) ||
            check_signature(j, s, e) != 0)
            return -1;
    }
    return 0;
}

static int64_t end_of(const struct evidence_token *t)
{
    struct tm tm;
    const ASN1_TIME *end = t->certificate ? X509_get0_notAfter(t->certificate) : NULL;
    return end && ASN1_TIME_to_tm(end, &tm) == 1 ? (int64_t)timegm(&tm) * 1000000 : 0;
}

static void conclude(struct judging *j)
{
    struct evidence_record_verdict *v = j->verdict;
    struct judged *last = &j->judged[j->count - 1];
    v->hashes_fit = v->signatures_hold = v->vouched = true;
    for (size_t i = 0; i < v->step_count; i++) {
        v->hashes_fit = v->hashes_fit && v->steps[i].hashes_fit;
        v->signatures_hold = v->signatures_hold && v->steps[i].signature_holds;
        v->vouched = v->vouched && v->steps[i].vouched;
    }
    v->since = v->steps[0].read ? v->steps[0].at + v->steps[0].accuracy : 0;
    v->hash = last->hash ? last->hash->name : NULL;
    v->valid_until = end_of(&last->token);
    v->proven = v->problem_count == 0 && v->data_fits && v->hashes_fit && v->signatures_hold &&
                v->vouched && v->strong;
}

static int said_of_record(struct judging *j, struct err *e)
{
    char oid[80] = "?";
    j->verdict->crypto_infos = j->record.crypto_infos.len;
    if (j->record.encryption_type.len == 0)
        return 0;
    (void)der_oid_text(j->record.encryption_type, oid, sizeof oid);
    j->verdict->encryption = arena_strdup(&j->verdict->arena, oid);
    return j->verdict->encryption ? 0 : err_memory(e);
}

static int judge(struct judging *j, struct slice der, struct err *e)
{
    struct evidence_record_verdict *v = j->verdict;
    v->problems = arena_new(&v->arena, PROBLEMS, sizeof *v->problems);
    if (!v->problems)
        return err_memory(e);
    if (evidence_record_parse(&v->arena, der, &j->record, e) != 0 || said_of_record(j, e) != 0 ||
        evidence_revocation_open(&j->revocation, j->options->revocation, e) != 0)
        return -1;
    if (j->options->roots_pem && !(j->roots = evidence_roots_open(j->options->roots_pem, e)))
        return -1;
    if (read_steps(j, e) != 0 || check_algorithms(j, e) != 0 ||
        evidence_record_read_data(j, e) != 0 || check_steps(j, e) != 0 ||
        check_signatures(j, e) != 0)
        return -1;
    conclude(j);
    return 0;
}

int evidence_record_verify(struct slice der, const struct evidence_record_options *options,
                           struct evidence_record_verdict *verdict, struct err *e)
{
    struct judging *j = mem_new(1, sizeof *j);
    *verdict = (struct evidence_record_verdict){
        .strong = true, .at = options->at ? options->at : clock_now(&clock_system)};
    arena_init(&verdict->arena, 0);
    if (!j)
        return err_memory(e);
    j->options = options;
    j->verdict = verdict;
    int result = judge(j, der, e);
    for (size_t i = 0; i < j->count; i++)
        evidence_token_close(&j->judged[i].token);
    evidence_revocation_close(&j->revocation);
    evidence_roots_close(j->roots);
    mem_free(j);
    return result;
}

void evidence_record_verdict_fini(struct evidence_record_verdict *verdict)
{
    arena_fini(&verdict->arena);
}
