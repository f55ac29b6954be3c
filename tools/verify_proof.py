#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a tocsin proof pack (docs/formats.md, sections 6.2 to 6.4), offline.

Written from docs/formats.md, with Python's standard library and the `openssl` command; no code is
shared with tocsin. One line a reason; exit 0 proven, 1 not, 2 wrong usage, 3 not decided. Hashes,
chains, trees and counts are checked in full; of the devices' signatures and certificates a random
sample when there are more than --sample of them, which the result says. Not for packs of one
customer."""
import argparse, base64, functools, hashlib, json, os, random, re, subprocess, sys, tempfile
from collections import Counter, defaultdict
from datetime import datetime
STATES = 'acknowledged left_fixed removed undelivered unacknowledged'.split()
OTHERS = 'not_affected unknown fixed other_serial'.split()
OWNERS = 'told refused unreachable no_address unknown_outcome pending'.split()
AUTHORITIES, SIGNERS, PLACE, CHECKED = {}, [], ['', ''], Counter()
class Refused(Exception): pass
def place(code, where): PLACE[:] = code, where  # what is being checked, for messages
def need(condition, text, code=None):
    if not condition:
        raise Refused(f'{code or PLACE[0]}: {PLACE[1]}: {text}')
# --- bytes and JSON -------------------------------------------------------------------------
def sha(*parts): return hashlib.sha256(b''.join(parts)).digest()
def named(*parts): return 'sha256:' + sha(*parts).hex()
def unhex(text):
    need(re.fullmatch('(sha256:)?[0-9a-f]{64}', str(text)), 'no hash or salt')
    return bytes.fromhex(text[-64:])
def b64(text):
    raw = base64.b64decode(text, validate=True)
    need(raw and base64.b64encode(raw).decode() == text, 'not base64')
    return raw
def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()
def parse(raw, members='', optional=''):
    value, must = json.loads(raw), set(members.split())
    need(isinstance(value, dict) and canonical(value) == raw, 'no canonical JSON object')
    need(not must or must <= set(value) <= must | set(optional.split()), 'other members')
    return value
def number(value):
    need(type(value) is int and value >= 0, 'no count or index')
    return value
def seconds(text):
    need(re.fullmatch(r'\d{4}-\d\d-\d\dT[\d:]{8}(\.\d{1,6})?Z', text), 'no time')
    return datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp()
# --- Merkle trees (RFC 9162 section 2.1) ----------------------------------------------------
def node(left, right): return sha(b'\1', left, right)
def half(n): return 1 << (n - 1).bit_length() - 1  # the largest power of two below n
def tree(leaves):
    k = half(len(leaves)) if len(leaves) > 1 else 0
    return node(tree(leaves[:k]), tree(leaves[k:])) if k else leaves[0] if leaves else sha()
def climb(index, size, leaf, proof):  # the root that an inclusion proof leads to
    if size == 1:
        return leaf if index == 0 and not proof else b''
    k, rest, last = half(size), proof[:-1], b''.join(proof[-1:])
    return (node(climb(index, k, leaf, rest), last) if index < k else
            node(last, climb(index - k, size - k, leaf, rest)))
def grown(old, new, proof, root):  # both roots that a consistency proof leads to
    if old == new:
        known = (root or proof[0]) if len(proof) == (root is None) else b''
        return known, known
    k, rest, last = half(new), proof[:-1], b''.join(proof[-1:])
    a, b = grown(old, k, rest, root) if old <= k else grown(old - k, new - k, rest, None)
    return (a, node(b, last)) if old <= k else (node(last, a), node(last, b))
# --- openssl: certificates, notes, envelopes ------------------------------------------------
def openssl(*args, stdin=b''):
    return subprocess.run(['openssl', *args], input=stdin, capture_output=True)
def keep(name, data):
    with open(os.path.join(TEMP, name), 'wb') as f:
        f.write(data)
    return f.name
def pem(label, der):
    text = base64.encodebytes(der).decode()
    return f'-----BEGIN {label}-----\n{text}-----END {label}-----\n'.encode()
def holds(key, text, signature):  # Ed25519 needs another command than ECDSA
    k, m, s = keep('k', key), keep('m', text), keep('s', signature)
    ecdsa, other = ['dgst', '-sha256', '-verify', k, '-signature', s, m], ['pkeyutl', '-verify',
                    '-rawin', '-pubin', '-inkey', k, '-sigfile', s, '-in', m]
    return not openssl(*(other if len(key) < 120 else ecdsa)).returncode
@functools.cache
class Certificate:
    def __init__(self, der):
        self.pem, self.hash = pem('CERTIFICATE', der), named(der)
        out = openssl('x509', '-noout', '-subject', '-serial', '-pubkey', '-ext',
                      'extendedKeyUsage', '-nameopt', 'RFC2253', stdin=self.pem).stdout
        self.text, self.key = out.decode(), out[out.index(b'-----BEGIN'):]
        self.serial, self.name = (re.search(x + '=([^,\n]*)', self.text)[1] for x in ('serial', 'CN'))
    def under_anchor(self, when, *usage):
        more = keep('more', b''.join(a.pem for a in AUTHORITIES.values()))
        return any(u in self.text for u in usage) and not openssl(
            'verify', '-no-CApath', '-no-CAstore', '-CAfile', os.path.join(TEMP, 'anchors'),
            '-untrusted', more, '-attime', str(int(when)), keep('c', self.pem)).returncode
def vkey(text, kind):
    name, key_id, raw = text.strip().split('+', 2)
    raw, der = b64(raw), bytes.fromhex('302a300506032b6570032100')  # SPKI of Ed25519, RFC 8410
    good = raw[0] == kind and len(raw) == 33 and sha(name.encode(), b'\n', raw)[:4].hex() == key_id
    need(good, 'no verifier key')
    return name, bytes.fromhex(key_id), kind, pem('PUBLIC KEY', der + raw[1:]), text.strip()
class Note:
    def __init__(self, raw, log):
        text, _, tail = raw.decode().rpartition('\n\n')
        head = re.fullmatch('([^\n]+)\n(0|[1-9][0-9]*)\n([^\n]{44})\n', text + '\n')
        lines = [re.fullmatch('\u2014 ([^ +]+) ([^ ]+)', x) for x in tail.split('\n')[:-1]]
        need(head and lines and all(lines) and tail[-1] == '\n', 'no checkpoint')
        self.text, self.signatures = head[0].encode(), [(m[1], b64(m[2])) for m in lines]
        self.size, self.root = int(head[2]), b64(head[3])
        need(head[1] == log[0] and self.by(log), 'not signed by this journal')
    def by(self, key):
        found = [raw for who, raw in self.signatures if (who, raw[:4]) == key[:2]]
        for raw in found:
            stamp = b'cosignature/v1\ntime %d\n' % int.from_bytes(raw[4:12], 'big')
            signed = (stamp + self.text, raw[12:]) if key[2] == 4 else (self.text, raw[4:])
            need(holds(key[3], *signed), f'the signature of {key[0]} does not hold')
        return bool(found)
class Envelope:
    def __init__(self, value, kind, members, optional=''):
        payload = b64(value['payload'])
        self.body = parse(payload, 'format ' + members, optional)
        need((value['format'], self.body['format']) == ('tocsin-signed/v1', kind), 'no ' + kind)
        self.message, self.hash = kind.encode() + b'\n' + payload, named(canonical(value))
        self.signature, self.signer = b64(value['signature']), value['certificate']
        self.chain = [Certificate(b64(c)) for c in value.get('chain', [])[:1]]
        AUTHORITIES.update({named(b64(c)): Certificate(b64(c)) for c in value.get('chain', [])[1:]})
    def by_publisher(self, when, code):
        need(self.chain and self.chain[0].hash == self.signer and self.chain[0].under_anchor(
            when, '1.3.6.1.5.5.7.3.36', 'Document Signing') and holds(self.chain[0].key,
            self.message, self.signature), 'not by a publication-signer under the anchor', code)
        SIGNERS.append((self.chain[0], when, PLACE[1]))
        return self.body
    def by_device(self, p, v, code, chosen):
        need((self.body['asset'], self.body['origin']) == (v['asset'], p.log[0]), 'another asset')
        subject, issued, revoked, der = p.certificates.get(self.signer, (0, 0, 0, 0))
        need(subject == v['asset'], 'not signed by this asset', code + '-signer')
        need(revoked is None or revoked > v['act'], f'act {revoked} revoked it', code + '-revoked')
        c = chosen and Certificate(der)
        valid = issued < v['act'] and (not c or c.under_anchor(p.acts[v['act']][2], 'Web Client'))
        need(valid, 'its certificate was not valid then', code + '-validity')
        good = not c or holds(c.key, self.message, self.signature)
        need(good, 'the signature does not hold', code + '-signature')
# --- the pack -------------------------------------------------------------------------------
class Pack:
    def __init__(self, path):
        place('pack.container', path)
        self.path = path if os.path.isdir(path) else os.path.join(TEMP, 'pack')
        if not os.path.isdir(path):  # tar itself refuses names that lead elsewhere
            os.mkdir(self.path)
            tar = subprocess.run(['tar', '-xf', path, '-C', self.path, '--keep-old-files'])
            need(tar.returncode == 0, 'tar does not unpack it')
        self.names = {os.path.relpath(os.path.join(d, f), self.path)
                      for d, _, files in os.walk(self.path) for f in files}
    def open(self, code, name):
        place(code, name)
        need(name in self.names, 'not there', 'pack.file-missing')
        return open(os.path.join(self.path, name), 'rb')
    def read(self, code, name): return self.open(code, name).read()
    def digest(self, name):
        with self.open(PLACE[0], name) as f:
            return 'sha256:' + hashlib.file_digest(f, 'sha256').hexdigest(), f.tell()
    def lines(self, name, code, members, optional='', sample=False):
        count = sum(1 for _ in self.open(code, name + '.jsonl'))
        chosen = set(random.sample(range(count), min(count, ARGS.sample if sample else 0)))
        CHECKED.update({f'{name} checked': len(chosen), name: count})
        for n, raw in enumerate(self.open(code, name + '.jsonl')):
            place(code, f'{name}.jsonl line {n + 1}')
            need(raw.endswith(b'\n'), 'no end of line')
            yield parse(raw[:-1], members, optional), n in chosen
    def fact(self, index, kind, **said):  # whether that act says so
        a = self.acts.get(index, (None, {}))
        return a[0] == kind and all(a[1].get(k) == v for k, v in said.items())
    def first(self, kind, **said):
        return next((i for i in self.acts if self.fact(i, kind, **said)), -1)
    def earlier(self, size, root, code):
        if 0 < size < self.size and (size, root) not in self.shown:
            need(size in self.proofs, f'no proof from the head of {size} acts', code)
            both = grown(size, self.size, self.proofs[size], None if size & (size - 1) else root)
            self.shown[size, root] = both == (root, self.root)
        need(self.shown.get((size, root)), f'the head of {size} acts is of another history', code)
def container(p):
    value = parse(p.read('pack.syntax', 'pack.json'))
    p.envelope = Envelope(value, 'tocsin-pack/v1', 'advisory checkpoint claims counts files made '
                          'origin publications')
    p.said, files = p.envelope.body, p.envelope.body['files']
    names = [f['name'] for f in files]
    need(names == sorted(set(names)), 'its files are not sorted')
    bad = [f"pack.file-hash: {f['name']}: it was changed since pack.json was made" for f in files
           if p.digest(f['name']) != (f['hash'], f['size'])]
    need('SHA256SUMS' in p.names, 'no SHA256SUMS', 'pack.file-missing')
    need(p.names == {*names, 'pack.json', 'SHA256SUMS'}, 'one too many', 'pack.file-unknown')
    sums = ''.join(f'{p.digest(n)[0][7:]}  {n}\n' for n in sorted(p.names - {'SHA256SUMS'}))
    same = p.read('pack.sums', 'SHA256SUMS') == sums.encode()
    return bad if same else bad + ['pack.sums: SHA256SUMS: it names other files or hashes']
def trust(p):
    e = Envelope(parse(p.read('pack.trust', 'trust.json')), 'tocsin-trust/v1', 'anchors at doors '
                 'generation log_key origin quorum witnesses')
    keep('anchors', ARGS.root or b''.join(pem('CERTIFICATE', b64(a)) for a in e.body['anchors']))
    e.by_publisher(seconds(e.body['at']), 'pack.signer')
    p.log, p.quorum = vkey(e.body['log_key'], 1), number(e.body['quorum'])
    p.witnesses = ARGS.witness or [vkey(v, 4) for v in e.body['witnesses']]
    p.quorum = (ARGS.quorum or len(ARGS.witness) // 2 + 1) if ARGS.witness else p.quorum
    need({e.body['origin'], p.said['origin']} == {p.log[0]}, 'another journal', 'pack.origin')
    place('pack.signer', 'pack.json')
    p.envelope.by_publisher(seconds(p.said['made']), 'pack.signer')
def head(p):
    note = Note(p.read('pack.checkpoint', 'checkpoint'), p.log)
    p.size, p.root, p.proofs, p.witnessed = note.size, note.root, {}, 0
    p.shown = {(0, sha()): True, (p.size, p.root): True}
    need(p.said['checkpoint'] == {'size': p.size, 'root': 'sha256:' + p.root.hex()}, 'differs')
    for c, _ in p.lines('consistency', 'pack.consistency', 'from hashes to'):
        need(c['to'] == p.size and c['from'] > max(p.proofs, default=-1), 'not sorted or not to it')
        p.proofs[number(c['from'])] = [b64(h) for h in c['hashes']]
    for name in ['checkpoint'] + ['witnessed'] * ('witnessed' in p.names):
        n = Note(p.read('pack.checkpoint', name), p.log)
        place('pack.cosignature', name)
        if not p.witnessed and 0 < p.quorum <= sum({w[3]: n.by(w) for w in p.witnesses}.values()):
            p.earlier(n.size, n.root, 'pack.witnessed')
            p.witnessed = n.size
    place('pack.not-witnessed', 'pack.json')
    claim = number(p.said['claims']['witnessed'])
    need(claim <= p.witnessed, f'{claim} acts are claimed, {p.witnessed} cosigned by the quorum')
    need(p.witnessed or not ARGS.witness, 'no head is cosigned by a quorum of your witnesses')
    if ARGS.checkpoint:
        place('pack.history-other', 'the head that you keep')
        kept = Note(ARGS.checkpoint, p.log)
        need(kept.size <= p.size, f'{kept.size} acts, here {p.size}', 'pack.history-smaller')
        need(kept.size in [0, p.size, *p.proofs], 'no proof from it', 'pack.history-unproven')
        p.earlier(kept.size, kept.root, 'pack.history-other')
def acts(p):
    p.acts, ids, last, before = {}, set(), -1, 0
    for v, _ in p.lines('acts', 'pack.act', 'act index proof salt'):
        act, i, when = v['act'], number(v['index']), seconds(v['act']['at'])
        leaf = sha(b'\0', sha(b'tocsin-act/v1', unhex(v['salt']), canonical(act)))
        root = climb(i, p.size, leaf, [b64(h) for h in v['proof']]) if i < p.size else None
        need(root == p.root, f'act {i} is not in the journal', 'pack.act-proof')
        need(i > last and when >= before and act['id'] not in ids, 'order', 'pack.act-order')
        last, before = i, when
        ids.add(act['id'])
        p.acts[i] = (act['outcome'] == 'done' and act['type'], act['data'], when, act['id'])
    place('pack.act-missing', 'acts.jsonl')
    need(p.first('log.opened', key=p.log[4], origin=p.log[0]) >= 0, 'none opened this journal')
def publications(p):
    p.pubs, last, ids = {}, -1, p.said['publications']
    for i in ids:
        e = parse(p.read('pack.publication', f'publications/{i}.json'))
        e = Envelope(e, 'tocsin-publication/v1', 'advisory at entries frozen id members origin '
                     'trigger', 'exercise')
        b = e.by_publisher(seconds(e.body['at']), 'pack.publication-signature')
        a, frozen = b['advisory'], b['frozen']
        need((b['id'], b['origin'], a['id'], a['namespace']) == (i, p.log[0], p.said['advisory'][
             'id'], p.said['advisory']['namespace']) and frozen > last, 'it belongs elsewhere')
        need(p.fact(frozen, 'publication.frozen', publication=i, root=b['entries']['root'],
                    notices=b['entries']['count'], members=b['members']) and p.first(
             'publication.signed', publication=i, envelope=e.hash) > frozen, 'no acts',
             'pack.publication-act')
        old = f"advisories/{a['document'][7:]}.json"
        document = p.digest(old if i != ids[-1] and old in p.names else 'advisory.json')[0]
        need(document == a['document'], 'not the document that was published', 'pack.document')
        imported = p.first('advisory.imported', document=document, namespace=a['namespace'],
                           tracking_id=a['id'], version=a['version'])
        need(0 <= imported < frozen, 'no advisory.imported before', 'pack.document-act')
        p.pubs[i], last = dict(b, leaves=[], meant=0, classes=set()), frozen
    place('pack.publication', 'pack.json')
    need(ids and a == p.said['advisory'], 'it does not name the newest revision')
    need(len(ids) == sum(n.startswith('publications/') for n in p.names), 'it does not name all')
def entries(p):
    p.entries, p.notices, order = [], set(), list(p.pubs)
    for v, _ in p.lines('entries', 'pack.entries', 'entry index notice publication'):
        e, n, b = v['entry'], v['notice'], p.pubs.get(v['publication'])
        need(b and e['index'] == v['index'] == len(b['leaves']), 'no such entry here')
        order = order[order.index(v['publication']):]
        means = {k: n[k] for k in n if k == 'serials'} | {
            'advisory': {k: n['advisory'][k] for k in ('id', 'namespace')}, 'statements': [
            {k: x[k] for k in x if k in 'remediations status vulnerability'.split()}
            for x in n['statements']]}
        need(named(b'tocsin-notice/v1\n', canonical(n)) == e['notice'] and n['meaning'] == named(
             b'tocsin-meaning/v1\n', canonical(means)), 'another digest', 'pack.notice')
        need([n.get(k) for k in ('format', 'origin', 'audience', 'class', 'advisory', 'exercise')]
             == ['tocsin-notice/v1', p.log[0], e['audience'], e['class'], b['advisory'],
                 b.get('exercise')], 'it belongs elsewhere', 'pack.notice')
        need((e['audience'], e['class']) not in b['classes'], 'a class stands twice')
        b['classes'].add((e['audience'], e['class']))
        b['leaves'].append(sha(b'\0', canonical(e)))
        b['meant'] += number(e.get('only', e['members'])['count'])
        p.entries.append((v['publication'], e))
        p.notices.add(e['notice'])
    for b in p.pubs.values():
        same = 'sha256:' + tree(b['leaves']).hex() == b['entries']['root']
        need(same and (len(b['leaves']), b['meant']) == (b['entries']['count'], b['members']),
             'some lack or were changed')
def members(p):
    trees, p.members, last = defaultdict(lambda: ([], {})), {}, ('', '')
    sizes = {(e['audience'], e['class'], e['members']['size']) for _, e in p.entries}
    for v, _ in p.lines('members', 'pack.members', 'audience class event index salt'):
        e, kind = v['event'], (v['audience'], v['class'])
        leaves, now = trees[kind]
        need(kind >= last and v['index'] == len(leaves) and (e['audience'], e['class']) == kind
             and e['event'] == ('left' if e['asset'] in now else 'joined'), 'not in order')
        leaf = sha(b'\0', sha(b'tocsin-member/v1\n', unhex(v['salt']), canonical(e)))
        leaves.append(leaf)
        last, now[e['asset']] = kind, (len(leaves), leaf)
        if e['event'] == 'left':
            del now[e['asset']]
        if (*kind, len(leaves)) in sizes:
            p.members[(*kind, len(leaves))] = (tree(leaves), dict(now))
    need(all((*kind, len(t[0])) in sizes for kind, t in trees.items()), 'a tree is too long or short')
    for _, e in p.entries:
        m, key = e['members'], (e['audience'], e['class'], e['members']['size'])
        need(key in p.members or m['size'] == 0, 'a tree is too short')
        root, now = p.members.setdefault(key, (sha(), {}))
        need('sha256:' + root.hex() == m['root'], 'lines lack or were changed', 'pack.members-root')
        need(len(now) == m['count'], f"{len(now)}, not {m['count']}", 'pack.members-count')
def certificates(p):
    fields, p.certificates, last = ('certificate der', 'issued revoked subject'), {}, ''
    for v, _ in p.lines('certificates', 'pack.certificate', *fields):
        if 'subject' not in v:
            AUTHORITIES[named(b64(v['der']))] = Certificate(b64(v['der']))
    raw, made = p.read('pack.crl', 'crl.der'), seconds(p.said['made'])
    cas = [open(os.path.join(TEMP, 'anchors'), 'rb').read()]
    cas += [a.pem for a in AUTHORITIES.values() if a.under_anchor(made, '')]
    crl = openssl('crl', '-inform', 'DER', '-noout', '-text', '-CAfile', keep('cas', b''.join(cas)),
                  stdin=raw)
    need(b'verify OK' in crl.stderr, 'no CA under the trust anchor has signed it')
    need(p.first('crl.issued', crl=named(raw)) >= 0, 'no act crl.issued names it')
    listed = dict(re.findall(r'Number: (\w+)\n +Revocation Date: (.*) GMT', crl.stdout.decode()))
    for c, when, where in SIGNERS:
        place('pack.signer-revoked', where)
        date = listed.get(c.serial, 'Dec 31 23:59:59 9999') + ' +0000'
        need(when < datetime.strptime(date, '%b %d %H:%M:%S %Y %z').timestamp(), 'its signer was')
    for v, chosen in p.lines('certificates', 'pack.certificate', *fields, sample=True):
        h, der, subject, issued = v['certificate'], b64(v['der']), v.get('subject'), v.get('issued')
        need(h > last and named(der) == h, 'not sorted, or another hash')
        last, revoked = h, v.get('revoked')
        if subject:
            c = Certificate(der) if chosen else None
            need(p.fact(issued, 'certificate.issued', fingerprint=h, subject=subject) and (
                 revoked is None or p.fact(revoked, 'certificate.revoked', fingerprint=h)),
                 'its acts do not say so', 'pack.certificate-act')
            need(not c or c.name == subject, 'another common name')
            need(not c or c.under_anchor(p.acts[issued][2], 'TLS Web Client'), 'not under the '
                 'trust anchor, or not for a device', 'pack.certificate-chain')
            need(not c or c.serial not in listed or revoked, 'it is listed', 'pack.revocation')
            p.certificates[h] = (subject, issued, revoked, der)
def answers(p):
    p.covered, last = {}, -1
    for v, chosen in p.lines('receipts', 'pack.receipt', 'act asset before digests envelope '
                             'position', sample=True):
        e = Envelope(v['envelope'], 'tocsin-receipt/v1', 'asset at checkpoint head n origin')
        b, h, n, seen, act = e.body, unhex(v['before']), v['position'], e.body['checkpoint'], v['act']
        need(act > last and n > 0 < len(v['digests']) == b['n'] - n + 1, 'not in order')
        need(p.fact(act, 'receipt.accepted', asset=v['asset'], certificate=e.signer, n=b['n'],
                    head=b['head'], receipt=e.hash), f'not by act {act}', 'pack.receipt-act')
        e.by_device(p, v, 'pack.receipt', chosen)
        need(seen['size'] <= act, 'it names a later head', 'pack.receipt-history')
        p.earlier(number(seen['size']), unhex(seen['root']), 'pack.receipt-history')
        place('pack.receipt-chain', PLACE[1])
        need(n > 1 or h == sha(b'tocsin-chain/v1\n', v['asset'].encode()), 'no begin of a chain')
        for n, digest in enumerate(v['digests'], n):
            h = sha(h, unhex(digest))
            p.covered.update({(v['asset'], n, digest): False} if digest in p.notices else {})
        need('sha256:' + h.hex() == b['head'], 'the digests do not lead to the signed head')
        need(set(v['digests']) & p.notices, 'it is for no notice of this pack')
        last = act
    last = -1
    for v, chosen in p.lines('outcomes', 'pack.outcome', 'act asset envelope', sample=True):
        e = Envelope(v['envelope'], 'tocsin-outcome/v1', 'asset at n notice origin outcome', 'detail')
        need(v['act'] > last and e.body['notice'] in p.notices and e.body['outcome'] in
             'read planned installed refused failed'.split(), 'not in order, or unknown')
        need(p.fact(v['act'], 'outcome.reported', asset=v['asset'], notice=e.body['notice'],
                    outcome=e.body['outcome'], envelope=e.hash), 'not so', 'pack.outcome-act')
        e.by_device(p, v, 'pack.outcome', chosen)
        last = v['act']
def recipients(p):
    p.states, assets, order, ids = Counter(), set(), [], list(p.pubs)
    todo = {(name, e['index']): (e, p.members[e['audience'], e['class'], e['members']['size']][1],
                                 {}) for name, e in p.entries}
    for v, _ in p.lines('recipients', 'pack.recipients', 'asset index n publication state',
                        'act reason salt'):
        e, now, met = todo.get((v['publication'], v['index']), (None, {}, {}))
        asset, state, act = v['asset'], v['state'], v.get('act')
        need(asset in now and asset not in met, 'it was not meant', 'pack.recipient-extra')
        met[asset], key = now[asset], (asset, number(v['n']), e['notice'])
        order.append((ids.index(v['publication']), v['index'], asset))
        place('pack.recipient-state', PLACE[1])
        need((key in p.covered) == (state == 'acknowledged'), f'{state}: its receipts differ')
        p.covered.update({key: True} if key in p.covered else {})
        if state in ('left_fixed', 'removed'):
            event = {'act': p.acts[act][3], 'asset': asset, 'audience': e['audience'],
                     'class': e['class'], 'event': 'left'}
            leaf = [unhex(v['salt']), canonical(event)] if state == 'left_fixed' else []
            need(act > p.pubs[v['publication']]['frozen'] and (
                 p.fact(act, 'membership.left', audience=e['audience'], leaf=named(
                     b'tocsin-member/v1\n', *leaf), **{'class': e['class']}) if leaf else
                 p.fact(act, 'asset.removed', asset=asset)), f'act {act} does not say so')
        p.states[state] += 1
        assets.add(asset)
    need(order == sorted(order), 'they are not sorted', 'pack.recipients')
    for e, now, met in todo.values():
        leaves = [leaf for _, leaf in sorted(met.values())]
        need('only' in e or len(met) == len(now), 'somebody meant lacks', 'pack.recipient-missing')
        need('only' not in e or e['only'] == {'count': len(leaves), 'root': 'sha256:' + tree(
             leaves).hex()}, 'not those whom it means', 'pack.only')
    need(all(p.covered.values()), 'a receipt without a line', 'pack.recipient-missing')
    p.devices = len(assets)
def counts(p):
    others, owners, c = Counter(), Counter(), p.states
    for v, _ in p.lines('others', 'pack.others', 'audience class members reasons status'):
        others[v['status']] += number(v['members'])
    for v, _ in p.lines('owners', 'pack.owners', 'at delivery organisation state way', 'act'):
        owners[v['state']] += 1
        need(v['state'] != 'told' or p.fact(v['act'], 'owner.told', delivery=v['delivery'], way=v[
             'way'], organisation=v['organisation'], result='told'), 'no such act')
    place('pack.counts', 'pack.json')
    ours = {**dict.fromkeys(STATES, 0), **c, 'meant': c.total(), 'devices': p.devices,
            'silent': c['undelivered'] + c['unacknowledged'], 'not_told': {
            **dict.fromkeys(OTHERS, 0), **others}, 'owners': {**dict.fromkeys(OWNERS, 0), **owners},
            'ownerless': number(p.said['counts']['ownerless'])}
    need(p.said['counts'] == ours, f'the lines are {ours}')
    need(c.total() == sum(b['members'] for b in p.pubs.values()), 'publications mean others')
def main(failures, place_only=('', '')):
    try:
        p = Pack(ARGS.pack)
        for step in (container, trust, head, acts, publications, entries, members, certificates,
                     answers, recipients, counts):
            failures += step(p) or []
    except Refused as e:
        failures.append(str(e))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as e:
        failures.append(f'{PLACE[0]}: {PLACE[1]}: malformed: {e!r}')
    print('\n'.join(failures) or f"{'VERIFIED' if ARGS.root else 'NOT PROVEN, give --root'}: "
          f"{p.said['advisory']['id']}: {p.states.total()} notices for {p.devices} devices, "
          f"{p.states['acknowledged']} acknowledged; cosigned up to {p.witnessed} of {p.size} acts; "
          f"signatures checked: {CHECKED['receipts checked']} of {CHECKED['receipts']} receipts")
    return 1 if failures else 0 if ARGS.root else 3
parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
parser.add_argument('--root', help='trust anchor, PEM')
parser.add_argument('--witness', action='append', default=[], help='verifier key, or a file of it')
parser.add_argument('--quorum', type=int, help='default: more than half of the witnesses given')
parser.add_argument('--checkpoint', help='an earlier head that you kept')
parser.add_argument('--sample', type=int, default=2000, help='signatures to check (default 2000)')
parser.add_argument('pack')
ARGS = parser.parse_args()
try:
    ARGS.root = ARGS.root and open(ARGS.root, 'rb').read()
    ARGS.checkpoint = ARGS.checkpoint and open(ARGS.checkpoint, 'rb').read()
    ARGS.witness = [vkey(w if '+' in w else open(w).read(), 4) for w in ARGS.witness]
    with tempfile.TemporaryDirectory() as TEMP:
        sys.exit(main([]))
except (OSError, Refused, ValueError) as e:
    print(f'verify_proof.py: {e}', file=sys.stderr)
    sys.exit(3)
