#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Certificates, lists and EST bodies of ours, judged by the openssl command.
set -u
make=$(find "${TOCSIN_BUILD:-build}" -type f -name pki_make -perm -u+x | head -n 1)
[ -n "$make" ] || { echo "not ok pki_make was built"; exit 1; }
home=$(mktemp -d /tmp/tocsin-pki.XXXXXX)
trap 'rm -rf "$home"' EXIT

holds() { # holds NAME COMMAND...
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then echo "ok $name"; else echo "not ok $name — $said"; fi
}
refused() { # refused NAME PATTERN COMMAND...
	local name=$1 pattern=$2 said
	shift 2
	if said=$("$@" 2>&1); then
		echo "not ok $name — was taken"
	elif printf '%s\n' "$said" | grep -q -- "$pattern"; then
		echo "ok $name"
	else
		echo "not ok $name — $said"
	fi
}
shows() { # shows NAME PATTERN COMMAND...
	local name=$1 pattern=$2 said
	shift 2
	said=$("$@" 2>&1)
	if printf '%s\n' "$said" | tr -s ' \n' ' ' | grep -q -- "$pattern"; then
		echo "ok $name"
	else
		echo "not ok $name — $said"
	fi
}

holds "authorities are made, and rolled over" "$make" "$home"
cd "$home" || exit 3
verify="openssl verify -x509_strict -auth_level 2"
holds "the root is its own" $verify -trusted root.pem root.pem
holds "the issuing CA chains to it" $verify -trusted root.pem issuing.pem
for name in device device-ed25519 operator server publication; do
	holds "$name chains to the root" $verify -trusted root.pem -untrusted issuing.pem $name.pem
done
holds "device as TLS client" $verify -purpose sslclient -trusted root.pem -untrusted issuing.pem device.pem
holds "server as TLS server" $verify -purpose sslserver -verify_hostname centre.example \
	-trusted root.pem -untrusted issuing.pem server.pem
holds "server by its address" $verify -verify_ip 192.0.2.1 -trusted root.pem -untrusted issuing.pem server.pem
refused "a device is no server" "unsuitable\|unsupported" $verify -purpose sslserver -trusted root.pem \
	-untrusted issuing.pem device.pem
refused "a device is no CA" "invalid CA\|unable to get" $verify -trusted root.pem -untrusted device.pem issuing-2.pem

openssl crl -inform DER -in ca.crl -out ca.crl.pem
openssl crl -inform DER -in root.crl -out root.crl.pem
cat root.pem issuing.pem >both.pem
shows "the list is signed by the issuing CA" "verify OK" openssl crl -in ca.crl.pem -CAfile both.pem -noout
shows "the root's list is signed by the root" "verify OK" openssl crl -in root.crl.pem -CAfile root.pem -noout
shows "the list is version 2 with a number" "CRL Number" openssl crl -in ca.crl.pem -noout -text
shows "the reason is there" "Key Compromise" openssl crl -in ca.crl.pem -noout -text
refused "a revoked certificate is refused" "certificate revoked" $verify -crl_check_all \
	-CRLfile ca.crl.pem -CRLfile root.crl.pem -trusted root.pem -untrusted issuing.pem revoked.pem
cat ca.crl.pem root.crl.pem >lists.pem
holds "another one is not" $verify -crl_check_all -CRLfile lists.pem -trusted root.pem \
	-untrusted issuing.pem device.pem

holds "after the roll-over: by the new root" $verify -trusted root-2.pem -untrusted issuing-2.pem device-2.pem
cat issuing-2.pem link.pem >chain-2.pem
holds "by the old root over the link" $verify -trusted root.pem -untrusted chain-2.pem device-2.pem
refused "by the old root without it" "unable to get" $verify -trusted root.pem -untrusted issuing-2.pem device-2.pem

base64 -d cacerts.b64 >cacerts.p7
shows "cacerts is a certs-only message of five" "^5 *$" sh -c \
	"openssl pkcs7 -inform DER -in cacerts.p7 -print_certs | grep -c BEGIN"
holds "csrattrs is ASN.1" sh -c "base64 -d csrattrs.b64 | openssl asn1parse -inform DER"
shows "csrattrs names the curve" "prime256v1" sh -c "base64 -d csrattrs.b64 | openssl asn1parse -inform DER"
for name in root issuing device server publication link; do
	holds "$name.pem is ASN.1 to the end" sh -c "openssl x509 -in $name.pem -outform DER | openssl asn1parse -inform DER"
done
shows "serials have 128 bits" "^serial=[4-7][0-9A-F]\{31\} *$" openssl x509 -in device.pem -noout -serial
shows "the CA says where its list is" "http://centre.example/pki/ca_" openssl x509 -in device.pem -noout -text
