/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_seals.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "cli/say.h"

#include <inttypes.h>
#include <stdio.h>

enum { SECOND = 1000000 };

void evidence_stamp_json(struct json_writer *w, const struct evidence_stamp *s)
{
    json_write_name(w, "time_stamp");
    json_write_object(w);
    json_member_time(w, "time", s->at);
    if (s->has_accuracy)
        json_member_int(w, "accuracy_us", (int64_t)s->accuracy);
    json_member_string(w, "policy", s->policy);
    json_member_string(w, "serial", s->serial);
    json_member_string(w, "authority", s->authority);
    json_member_hex(w, "authority_certificate_sha256",
                    slice_of(s->certificate_sha256, sizeof s->certificate_sha256));
    json_member_bool(w, "authority_chain_checked", s->chain_checked);
    json_write_object_end(w);
}

void evidence_stamp_tell(const struct evidence_stamp *s)
{
    char at[TIME_TEXT];
    time_format(s->at, at);
    printf("  time-stamp: it was there at %s", at);
    if (s->has_accuracy)
        printf(" (to within %.6g s)", (double)s->accuracy / 1e6);
    fputs(", says ", stdout);
    say_text(stdout, slice_str(s->authority));
    printf("\n    policy %s, serial number %s; ", s->policy, s->serial);
    puts(s->chain_checked ? "a root given by --tsa-roots vouches for the authority"
                          : "NOBODY VOUCHES for the authority: give --tsa-roots FILE");
}

static void seal_json(struct json_writer *w, const struct evidence_seal_found *f)
{
    json_write_object(w);
    json_member_int(w, "number", f->number);
    json_member_bool(w, "holds", f->holds);
    json_member_string(w, "signer", f->signature.subject);
    json_member_hex(
        w, "signer_certificate_sha256",
        slice_of(f->signature.certificate_sha256, sizeof f->signature.certificate_sha256));
    json_member_bool(w, "signer_chain_checked", f->signature.chain_checked);
    if (f->signature.signed_at)
        json_member_time(w, "signer_says_at", f->signature.signed_at);
    json_member_string(w, "name", f->name);
    json_member_string(w, "role", f->role);
    json_member_string(w, "exhibit", f->exhibit);
    json_member_string(w, "relevance", f->qualities.relevance);
    json_member_string(w, "reliability", f->qualities.reliability);
    json_member_string(w, "sufficiency", f->qualities.sufficiency);
    json_member_string(w, "source_verifiable", f->source_again);
    json_member_int(w, "custody_records", (int64_t)f->custody_records);
    json_member_bool(w, "stamped", f->stamped);
    if (f->stamped)
        evidence_stamp_json(w, &f->stamp);
    json_member_int(w, "revocation_files", (int64_t)f->revocation_count);
    json_member_int(w, "certificates_issued", (int64_t)f->revocation.certificates);
    json_member_int(w, "certificates_not_revoked", (int64_t)f->revocation.known);
    json_write_object_end(w);
}

void evidence_seals_json(struct json_writer *w, const struct evidence_verdict *v)
{
    json_member_bool(w, "sealed", v->seal_count > 0);
    json_write_name(w, "seals");
    json_write_array(w);
    for (size_t i = 0; i < v->seal_count; i++)
        seal_json(w, &v->seals[i]);
    json_write_array_end(w);
}

static void quoted(const char *what, const char *text)
{
    printf("    %s: ", what);
    say_text(stdout, slice_str(text));
    fputc('\n', stdout);
}

static void revocation_tell(const struct evidence_seal_found *f)
{
    const struct evidence_seal_revocation *r = &f->revocation;
    bool vouched = f->stamp.chain_checked && f->signature.chain_checked;
    printf("    of %zu certificates that somebody issued, %zu %s then%s%s (%zu files kept)\n",
           r->certificates, r->known,
           vouched ? "are known not to have been revoked" : "are said not to have been revoked",
           vouched || r->known == 0 ? "" : ", by issuers for whom nobody vouches here",
           r->known < r->certificates ? "; of the others it is not known" : "",
           f->revocation_count);
}

static void seal_tell(const struct evidence_seal_found *f)
{
    char at[TIME_TEXT], fingerprint[65];
    time_format(f->signature.signed_at, at);
    hex_format(f->signature.certificate_sha256, 32, fingerprint);
    printf("  seal %u: ", f->number);
    say_styled(stdout, f->holds ? SAY_GOOD : SAY_BAD,
               slice_str(f->holds ? "holds" : "DOES NOT HOLD"));
    fputs(", signed by ", stdout);
    say_text(stdout, slice_str(f->signature.subject[0] ? f->signature.subject : "nobody known"));
    printf("\n    certificate SHA-256 %s\n    ", fingerprint);
    puts(f->signature.chain_checked
             ? "a root given by --roots vouches for the certificate"
             : "NOBODY VOUCHES for the certificate: the signature fits it, no more; give --roots "
               "FILE");
    if (f->exhibit[0])
        quoted("exhibit", f->exhibit);
    quoted("relevance", f->qualities.relevance);
    quoted("reliability", f->qualities.reliability);
    quoted("sufficiency", f->qualities.sufficiency);
    if (f->source_again[0])
        quoted("source verifiable", f->source_again);
    printf("    covers %" PRIu64 " custody records\n", f->custody_records);
    if (f->stamped)
        evidence_stamp_tell(&f->stamp);
    if (f->stamped && f->signature.signed_at > f->stamp.at + (int64_t)f->stamp.accuracy + SECOND)
        printf("    the signer's clock was %.0f s or more ahead of the time-stamp\n",
               (double)(f->signature.signed_at - f->stamp.at) / SECOND);
    if (!f->stamped)
        printf("  NO TIME-STAMP that holds: that it was sealed at %s is the signer's own word\n",
               at);
    if (f->stamped && f->revocation.certificates)
        revocation_tell(f);
    if (f->revocation.later)
        printf("    %zu were revoked later, for a reason that leaves this as it is\n",
               f->revocation.later);
}

void evidence_seals_tell(const struct evidence_verdict *v)
{
    if (v->seal_count == 0)
        puts("  NOT SEALED: the manifests show that nothing changed by accident; whoever can "
             "write here\n  could have made all of it anew");
    for (size_t i = 0; i < v->seal_count; i++)
        seal_tell(&v->seals[i]);
}
