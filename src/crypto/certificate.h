/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X.509 certificates (RFC 5280 section 4), parsed by our own DER reader into slices of the input:
 * nothing is allocated, and the input must outlive the struct certificate.
 */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include "crypto/key.h"

enum { CERTIFICATE_MAX = 65536, CERTIFICATE_SERIAL_MAX = 20, CERTIFICATE_BUNDLE_MAX = 1000 };

/* KeyUsage, section 4.2.1.3; bit n of the standard is 1 << n here. */
enum {
    KEY_USAGE_DIGITAL_SIGNATURE = 1 << 0,
    KEY_USAGE_CONTENT_COMMITMENT = 1 << 1,
    KEY_USAGE_KEY_ENCIPHERMENT = 1 << 2,
    KEY_USAGE_DATA_ENCIPHERMENT = 1 << 3,
    KEY_USAGE_KEY_AGREEMENT = 1 << 4,
    KEY_USAGE_CERT_SIGN = 1 << 5,
    KEY_USAGE_CRL_SIGN = 1 << 6,
    KEY_USAGE_ENCIPHER_ONLY = 1 << 7,
    KEY_USAGE_DECIPHER_ONLY = 1 << 8,
};

/* ExtendedKeyUsage, section 4.2.1.12 and others. */
enum {
    PURPOSE_SERVER = 1 << 0,        /* id-kp-serverAuth */
    PURPOSE_CLIENT = 1 << 1,        /* id-kp-clientAuth */
    PURPOSE_CODE = 1 << 2,          /* id-kp-codeSigning */
    PURPOSE_EMAIL = 1 << 3,         /* id-kp-emailProtection */
    PURPOSE_TIME_STAMPING = 1 << 4, /* id-kp-timeStamping */
    PURPOSE_OCSP = 1 << 5,          /* id-kp-OCSPSigning */
    PURPOSE_ANY = 1 << 6,           /* anyExtendedKeyUsage */
    PURPOSE_CMC_RA = 1 << 7,        /* id-kp-cmcRA, RFC 7030 section 3.6.1 */
    PURPOSE_DOCUMENT = 1 << 8,      /* id-kp-documentSigning, RFC 9336 */
    PURPOSE_OTHER = 1 << 15,        /* one that we have no name for */
};

struct certificate {
    struct slice raw;         /* the whole certificate */
    struct slice tbs;         /* the whole TBSCertificate */
    struct slice serial;      /* contents octets of the INTEGER */
    struct slice issuer;      /* whole Name */
    struct slice subject;     /* whole Name */
    struct slice common_name; /* of the subject; may be empty */
    int64_t not_before;       /* microseconds */
    int64_t not_after;        /* the last second that is still valid */
    struct slice spki;        /* whole SubjectPublicKeyInfo */
    bool is_ca;               /* basicConstraints cA */
    int path_length;          /* pathLenConstraint; -1: none */
    bool has_key_usage;       /* when false, any usage */
    uint32_t key_usage;       /* KEY_USAGE_… */
    bool has_purposes;        /* extendedKeyUsage is there */
    uint32_t purposes;        /* PURPOSE_… */
    struct slice alt_names;   /* contents of GeneralNames; empty: none */
    struct slice subject_key_id;
    struct slice authority_key_id;
    struct slice policies;              /* contents of certificatePolicies; empty: none */
    struct slice crl_points;            /* contents of CRLDistributionPoints; empty: none */
    struct slice info_access;           /* contents of AuthorityInfoAccess; empty: none */
    struct slice extensions;            /* contents of Extensions, all of them */
    bool unknown_critical;              /* a critical extension that this program does not handle */
    enum signature_algorithm algorithm; /* SIGNATURE_UNKNOWN: one that we do not take */
    struct slice signature;
};

/*
 * Version 3 certificates in strict DER; both signature algorithms must be equal, no extension
 * twice, serial 1 to 20 octets. 0, or -1 with "der.syntax" or "certificate.…" and the offset. Says
 * nothing about trust.
 */
int certificate_parse(struct certificate *c, struct slice der, struct err *e) MUST_CHECK;
/* Only a TBSCertificate, as it is before it is signed; raw and signature stay empty. */
int certificate_parse_tbs(struct certificate *c, struct slice tbs, struct err *e) MUST_CHECK;

/* SHA-256 of the DER. */
int certificate_fingerprint(struct slice der, uint8_t out[32], struct err *e) MUST_CHECK;

/* Appends TBS, algorithm and signature as a Certificate. */
void certificate_assemble(struct slice tbs, enum signature_algorithm algorithm,
                          struct slice signature, struct buf *der);

/* 0 when issuer's key signed it; else ERR_VERIFY "certificate.signature". */
int certificate_check_signature(const struct certificate *c, const struct key *issuer,
                                struct err *e) MUST_CHECK;

/* SubjectAltName, section 4.2.1.6. */
enum general_name_kind {
    GENERAL_NAME_EMAIL = 1,
    GENERAL_NAME_DNS = 2,
    GENERAL_NAME_URI = 6,
    GENERAL_NAME_IP = 7,
};
/* Walk: *rest starts as c->alt_names; 1 and the next name (kinds beside the above are given with
 * their number), or 0 at the end. */
int general_name_next(struct slice *rest, int *kind, struct slice *value);
/* The first alternative name of that kind; empty when there is none. */
struct slice certificate_alt_name(const struct certificate *c, int kind);

/* Walk over policy OIDs: *rest starts as c->policies. 1 and the OID's contents, or 0. */
int certificate_policy_next(struct slice *rest, struct slice *oid);

/* One extension's value by its OID's contents (the OCTET STRING's contents); false: not there. */
bool certificate_extension(const struct certificate *c, struct slice oid, bool *critical,
                           struct slice *value);

/* Walk: *rest starts as c->extensions; 1 and the next extension, or 0. */
int certificate_extension_next(struct slice *rest, struct slice *oid, bool *critical,
                               struct slice *value);
/* Appends the value of extendedKeyUsage for PURPOSE_… bits. */
void certificate_put_purposes(uint32_t purposes, struct buf *der);

/* A list that owns its bytes; for bundles and chains. */
struct certificate_list {
    struct slice *items; /* DER, one a certificate */
    size_t count;
    size_t room;
};
void certificate_list_init(struct certificate_list *list);
void certificate_list_fini(struct certificate_list *list);
/* Copies der behind the others; over CERTIFICATE_BUNDLE_MAX is ERR_LIMIT. */
int certificate_list_add(struct certificate_list *list, struct slice der, struct err *e) MUST_CHECK;
/* Adds every CERTIFICATE block of a PEM text; each must parse. Number of blocks, or -1. */
int certificate_list_read_pem(struct certificate_list *list, struct slice pem,
                              struct err *e) MUST_CHECK;
void certificate_list_write_pem(const struct certificate_list *list, struct buf *pem);

#endif
