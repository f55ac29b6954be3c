#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# Other people's EST clients (RFC 7030) enrol at the centre's door: curl with openssl, and
# strongSwan's pki --est.
set -u
build=${TOCSIN_BUILD:-build}
tocsin=$build/src/cli/tocsin
[ -x "$tocsin" ] || { echo "not ok tocsin was built"; exit 1; }
home=$(mktemp -d /tmp/tocsin-est.XXXXXX)
serve=
finish() {
	[ -z "$serve" ] || { kill "$serve" && wait "$serve"; } 2>/dev/null
	rm -rf "$home"
}
trap finish EXIT

read -r public enrol device web < <(python3 -c '
import socket
s = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*(x.getsockname()[1] for x in s))')
"$tocsin" init --home "$home/c" --name "EST test" --public-url "http://localhost:$public" \
	--enrol-url "https://localhost:$enrol" --device-url "https://localhost:$device" \
	--web-url "https://localhost:$web" --set "door-public.listen=127.0.0.1:$public" \
	--set "door-enrol.listen=127.0.0.1:$enrol" --set "door-device.listen=127.0.0.1:$device" \
	--set "door-web.listen=127.0.0.1:$web" >"$home/init.log" || { cat "$home/init.log"; exit 3; }
"$tocsin" serve --home "$home/c" >"$home/serve.log" 2>&1 &
serve=$!
for _ in $(seq 200); do
	"$tocsin" status --home "$home/c" >/dev/null 2>&1 && break
	sleep 0.1
done
root=$home/c/trust/root.pem
est=https://localhost:$enrol/.well-known/est
cd "$home" || exit 3

holds() { # holds NAME COMMAND...
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then echo "ok $name"; else
		echo "not ok $name — $(echo "$said" | grep -v "^plugin '" | tr '\n' ' ' | tail -c 700)"
	fi
}
token() { "$tocsin" token create --home "$home/c" --quiet; }

# ---- curl and openssl ----
fetch_authorities() {
	curl -sf --cacert "$root" "$est/cacerts" -o cacerts.b64 -D head.txt &&
		grep -qi '^content-type: application/pkcs7-mime' head.txt &&
		base64 -d cacerts.b64 | openssl pkcs7 -inform DER -print_certs -out cacerts.pem &&
		[ "$(grep -c BEGIN cacerts.pem)" -ge 2 ]
}
attributes() {
	curl -sf --cacert "$root" "$est/csrattrs" | base64 -d | openssl asn1parse -inform DER
}
curl_enrols() {
	openssl ecparam -name prime256v1 -genkey -noout -out curl.key &&
		openssl req -new -key curl.key -subj /CN=anything -outform DER | base64 >curl.csr &&
		curl -sf --cacert "$root" -u "device:$(token)" -H 'Content-Type: application/pkcs10' \
			-H 'Content-Transfer-Encoding: base64' --data-binary @curl.csr "$est/simpleenroll" \
			-o curl.p7 && base64 -d curl.p7 |
			openssl pkcs7 -inform DER -print_certs -out curl.pem &&
		openssl verify -x509_strict -purpose sslclient -trusted "$root" -untrusted cacerts.pem curl.pem
}
curl_is_known() {
	sed -n '/BEGIN/,/END/p' curl.pem cacerts.pem >chain.pem
	curl -sSf --cacert "$root" --cert chain.pem --key curl.key \
		"https://localhost:$device/v1/notices" | grep -q '"notices":\[\]'
}
curl_renews() {
	openssl x509 -x509toreq -in curl.pem -signkey curl.key | sed -n '/BEGIN/,/END/p' |
		openssl req -outform DER | base64 >again.csr
	curl -sS --fail-with-body --cacert "$root" --cert chain.pem --key curl.key -H 'Content-Type: application/pkcs10' \
		--data-binary @again.csr "https://localhost:$device/.well-known/est/simplereenroll" -o again.p7 || { cat again.p7; return 1; }
	base64 -d again.p7 | openssl pkcs7 -inform DER -print_certs -out again.pem &&
		openssl verify -trusted "$root" -untrusted cacerts.pem again.pem
}
curl_is_refused() { # 401 with a challenge, and no certificate
	local status
	status=$(curl -s --cacert "$root" -u device:no-token -H 'Content-Type: application/pkcs10' \
		--data-binary @curl.csr -D head.txt -o body.txt -w '%{http_code}' "$est/simpleenroll")
	[ "$status" = 401 ] && grep -qi '^www-authenticate: basic' head.txt && ! grep -q MII body.txt
}
curl_names_its_type() { # RFC 7030 4.2.1: anything but a PKCS #10 is refused before the token is used
	local status
	status=$(curl -s --cacert "$root" -u device:no-token -H 'Content-Type: application/json' \
		--data-binary @curl.csr -o body.txt -w '%{http_code}' "$est/simpleenroll")
	[ "$status" = 415 ] && grep -q est.content-type body.txt
}
holds "curl: /cacerts is a certs-only PKCS #7 of the root and the issuing CA" fetch_authorities
holds "curl: /csrattrs is DER" attributes
holds "curl: enrols with a token, and the certificate chains to the root" curl_enrols
holds "curl: a request of another media type is refused" curl_names_its_type
holds "curl: is known on the device door" curl_is_known
holds "curl: renews with its certificate" curl_renews
holds "curl: is refused without a token" curl_is_refused

# ---- strongSwan ----
if ! command -v pki >/dev/null; then
	echo "skipped: no strongSwan pki (apt-get install strongswan-pki)"
	exit 0
fi
# Its TLS stops at 1.2 when nobody says otherwise; the doors begin at 1.3.
printf 'include /etc/strongswan.conf\nlibtls { version_max = 1.3 }\npki { tls { version_max = 1.3 } }\n' >ss.conf
export STRONGSWAN_CONF=$home/ss.conf
strongswan_authorities() {
	pki --estca --url "https://localhost:$enrol" --cacert "$root" --caout ss --force &&
		ls ss*
}
strongswan_enrols() {
	pki --gen --type ecdsa --size 256 --outform pem >ss.key &&
		pki --req --type priv --in ss.key --dn "CN=strongswan" --outform der >ss.csr &&
		pki --est --url "https://localhost:$enrol" --in ss.csr --cacert "$root" \
			--userpass "device:$(token)" --outform pem >ss.pem &&
		openssl verify -x509_strict -purpose sslclient -trusted "$root" -untrusted cacerts.pem ss.pem
}
strongswan_is_refused() {
	! pki --est --url "https://localhost:$enrol" --in ss.csr --cacert "$root" \
		--userpass device:tok_no --outform pem
}
holds "strongSwan: fetches the authorities" strongswan_authorities
holds "strongSwan: pki --est enrols with a token" strongswan_enrols
holds "strongSwan: is refused with a wrong token" strongswan_is_refused
