#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a tocsin proof pack (docs/formats.md, 6.2 to 6.4) offline: --root anchor.pem [--witness VKEY|FILE]... PACK.
Written from that text with Python and `openssl`; shares no code with tocsin. Exit 0 proven, 1 not, 2 usage, 3 unknown.
Of devices' signatures and certificates it checks a random --sample when there are more; all else in full. What is the
centre's word alone (owners, others, outcomes, a notice's meaning) is only counted."""
import argparse, base64, collections, functools, hashlib, json, os, pathlib, random, re, subprocess, sys, tempfile
from datetime import datetime
AUTHORITIES, SIGNERS, PLACE, CHECKED = {}, [], ['', ''], {}
class Refused(ValueError): pass
def place(code, where): PLACE[:] = code, where  # what is being checked, for messages
def need(condition, text, code=None):
    if not condition:
        raise Refused(f'pack.{code or PLACE[0]}: {PLACE[1]}: {text}')
def sha(*parts): return hashlib.sha256(b''.join(parts)).digest()
def name(digest): return 'sha256:' + digest.hex()
def named(*parts): return name(sha(*parts))
def unhex(text): return bytes.fromhex(re.fullmatch('(?:sha256:)?([0-9a-f]{64})', text)[1])
def b64(text):
    raw = base64.b64decode(text, validate=True)
    need(raw and base64.b64encode(raw).decode() == text, 'not base64')
    return raw
def canonical(value): return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()
def parse(raw, members='', optional=''):
    value, must = json.loads(raw), set(members.split())
    need(canonical(value) == raw, 'no canonical JSON')
    need(not must or must <= set(value) <= must | set(optional.split()), 'other members than the format has')
    return value
def seconds(text): return datetime.fromisoformat(re.fullmatch(r'[\d-]{10}T[\d:]{8}(\.\d+)?Z', text)[0]).timestamp()
def node(left, right): return sha(b'\1', left, right)  # Merkle trees: RFC 9162 section 2.1
def half(n): return 1 << (n - 1).bit_length() - 1  # the largest power of two below n
def tree(x): return node(tree(x[:half(len(x))]), tree(x[half(len(x)):])) if len(x) > 1 else x[0] if x else sha()
def climb(index, size, leaf, proof):  # the root that an inclusion proof leads to
    if size == 1:
        return leaf if index == 0 and not proof else b''
    k, rest, last = half(size), proof[:-1], b''.join(map(b64, proof[-1:]))
    return node(climb(index, k, leaf, rest), last) if index < k else node(last, climb(index - k, size - k, leaf, rest))
def grown(old, new, proof, root):  # both roots that a consistency proof leads to
    if old == new:
        return ((root or proof[0]) if len(proof) == (root is None) else b'',) * 2
    k, rest, last = half(new), proof[:-1], b''.join(proof[-1:])
    a, b = grown(old, k, rest, root) if old <= k else grown(old - k, new - k, rest, None)
    return (a, node(b, last)) if old <= k else (node(last, a), node(last, b))
def openssl(*args, stdin=b''): return subprocess.run(['openssl', *args], input=stdin, capture_output=True)
def keep(label, data): return [path := os.path.join(TEMP, label), pathlib.Path(path).write_bytes(data)][0]
def pem(what, der): return f'-----BEGIN {what}-----\n{base64.encodebytes(der).decode()}-----END {what}-----\n'.encode()
def holds(key, text, signature):  # Ed25519 (a shorter key) needs another command than ECDSA
    k, m, s = keep('k', key), keep('m', text), keep('s', signature)
    ecdsa, other = ['dgst', '-sha256', '-verify', k, '-signature', s, m], ['pkeyutl', '-verify', '-rawin', '-pubin']
    return not openssl(*(ecdsa if len(key) > 120 else [*other, '-inkey', k, '-sigfile', s, '-in', m])).returncode
@functools.cache
class Certificate:
    def __init__(self, der):
        self.pem = pem('CERTIFICATE', der)
        show = 'x509 -noout -subject -serial -pubkey -ext extendedKeyUsage -nameopt RFC2253'.split()
        self.text = openssl(*show, stdin=self.pem).stdout.decode()
        self.key = self.text[self.text.index('-----BEGIN'):].encode()
        self.serial, self.name = (re.search(x + '=([^,\\n]*)', self.text)[1] for x in ('serial', 'CN'))
    def under_anchor(self, when, usage):
        more, anchors = keep('more', b''.join(a.pem for a in AUTHORITIES.values())), os.path.join(TEMP, 'anchors')
        args = ['-CAfile', anchors, '-untrusted', more, '-attime', str(int(when)), keep('c', self.pem)]
        return re.search(usage, self.text) and not openssl('verify', '-no-CApath', '-no-CAstore', *args).returncode
def vkey(text, kind):
    who, key_id, raw = text.strip().split('+', 2)
    raw, der = b64(raw), bytes.fromhex('302a300506032b6570032100')  # in front of the 32 bytes in a SPKI, RFC 8410
    need(raw[0] == kind and len(raw) == 33 and sha(who.encode(), b'\n', raw)[:4].hex() == key_id, 'no verifier key')
    return who, bytes.fromhex(key_id), kind, pem('PUBLIC KEY', der + raw[1:]), text.strip()
class Note:
    def __init__(self, raw, log):
        text, _, tail = raw.decode().rpartition('\n\n')
        first = re.fullmatch('([^\n]+)\n(0|[1-9][0-9]*)\n([^\n]{44})\n', text + '\n')
        lines = [re.fullmatch('\u2014 ([^ +]+) ([^ ]+)', x) for x in tail.split('\n')[:-1]]
        need(first and lines and all(lines) and tail[-1] == '\n', 'no checkpoint')
        self.text, self.size, self.root = first[0].encode(), int(first[2]), b64(first[3])
        self.signatures = [(m[1], b64(m[2])) for m in lines]
        need(first[1] == log[0] and self.by(log), 'not signed by this journal')
    def by(self, key):
        found = [raw for who, raw in self.signatures if (who, raw[:4]) == key[:2]]
        for raw in found:
            stamp = b'cosignature/v1\ntime %d\n' % int.from_bytes(raw[4:12], 'big') if key[2] == 4 else b''
            need(holds(key[3], stamp + self.text, raw[-64:]), f'the signature of {key[0]} does not hold')
        return bool(found)
class Envelope:
    def __init__(self, value, kind, members, optional=''):
        payload = b64(value['payload'])
        self.body = parse(payload, 'format ' + members, optional)
        need((value['format'], self.body['format']) == ('tocsin-signed/v1', kind), 'no ' + kind)
        self.message, self.hash = kind.encode() + b'\n' + payload, named(canonical(value))
        self.signature, self.signer, self.chain = b64(value['signature']), value['certificate'], value.get('chain', [])
    def by_publisher(self, when, code):
        AUTHORITIES.update({named(b64(c)): Certificate(b64(c)) for c in self.chain})
        c = Certificate(b64(self.chain[0])) if self.chain and named(b64(self.chain[0])) == self.signer else None
        need(c and c.under_anchor(when, r'\.7\.3\.36|Document Signing'), 'no publication-signer under the anchor', code)
        need(holds(c.key, self.message, self.signature), 'the signature does not hold', code)
        SIGNERS.append((c, when, PLACE[1]))
        return self.body
class Pack:
    def __init__(self, path):
        place('container', path)
        self.path = pathlib.Path(path if os.path.isdir(path) else tempfile.mkdtemp(dir=TEMP))
        if not os.path.isdir(path):  # tar itself refuses names that lead elsewhere
            need(not subprocess.run(['tar', '-xf', path, '-C', self.path, '--keep-old-files']).returncode, 'no archive')
        self.names = {str(f.relative_to(self.path)) for f in self.path.rglob('*') if not f.is_dir()}
    def open(self, code, file):
        place(code, file)
        need(file in self.names, 'not there', 'file-missing')
        return open(self.path / file, 'rb')
    def read(self, code, file): return self.open(code, file).read()
    def digest(self, file):
        return name(hashlib.file_digest(f := self.open(PLACE[0], file), 'sha256').digest()), f.tell()
    def lines(self, file, code, members, optional='', sample=False):
        count = sum(1 for _ in self.open(code, file + '.jsonl'))
        chosen = set(random.sample(range(count), min(count, ARGS.sample if sample else 0)))
        CHECKED.update({file: f'{len(chosen)} of {count} {file}'} if sample else {})
        for n, raw in enumerate(self.open(code, file + '.jsonl')):
            place(code, f'{file}.jsonl line {n + 1}')
            need(raw.endswith(b'\n'), 'no end of line')
            yield parse(raw[:-1], members, optional), n in chosen
    def fact(self, index, kind, **said):  # whether that act says so
        act = self.acts.get(index, (None, {}))
        return act[0] == kind and all(act[1].get(k) == v for k, v in said.items())
    def first(self, kind, **said): return next((i for i in self.acts if self.fact(i, kind, **said)), -1)
    def earlier(self, size, root, code):
        if 0 < size < self.size and (size, root) not in self.shown:
            need(size in self.proofs, f'no proof from the head of {size} acts', code)
            both = grown(size, self.size, self.proofs[size], None if size & (size - 1) else root)
            self.shown[size, root] = both == (root, self.root)
        need(self.shown.get((size, root)), f'the head of {size} acts is of another history', code)
def container(p):
    p.envelope = Envelope(parse(p.read('syntax', 'pack.json')), 'tocsin-pack/v1',
                          'advisory checkpoint claims counts files made origin publications', 'scope')
    p.said, p.mine = p.envelope.body, p.envelope.body.get('scope', {}).get('organisation')  # mine: one customer's pack
    need((names := [f['name'] for f in p.said['files']]) == sorted(set(names)), 'its files are not sorted')
    bad = [f"pack.file-hash: {f['name']}: it was changed since pack.json was made" for f in p.said['files']
           if p.digest(f['name']) != (f['hash'], f['size'])]
    sums = p.read('sums', 'SHA256SUMS').decode()
    need(p.names == {*names, 'pack.json', 'SHA256SUMS'}, 'there are files that pack.json does not name', 'file-unknown')
    ours = ''.join(f'{p.digest(n)[0][7:]}  {n}\n' for n in sorted(p.names - {'SHA256SUMS'}))
    return bad + ['pack.sums: SHA256SUMS: it names other files or hashes'] * (sums != ours)
def trust(p):
    e = Envelope(parse(p.read('trust', 'trust.json')), 'tocsin-trust/v1',
                 'anchors at doors generation log_key origin quorum witnesses')
    keep('anchors', ARGS.root or b''.join(pem('CERTIFICATE', b64(a)) for a in e.body['anchors']))
    e.by_publisher(seconds(e.body['at']), 'signer')
    p.log, p.witnesses = vkey(e.body['log_key'], 1), ARGS.witness or [vkey(v, 4) for v in e.body['witnesses']]
    p.quorum = (ARGS.quorum or len(ARGS.witness) // 2 + 1) if ARGS.witness else (e.body['quorum'])
    need({e.body['origin'], p.said['origin']} == {p.log[0]}, 'not all of one journal', 'origin')
    place('signer', 'pack.json')
    p.envelope.by_publisher(seconds(p.said['made']), 'signer')
def head(p):
    note = Note(p.read('checkpoint', 'checkpoint'), p.log)
    p.size, p.root, p.proofs, p.witnessed = note.size, note.root, {}, 0
    p.shown = {(0, sha()): True, (p.size, p.root): True}
    need(p.said['checkpoint'] == {'size': p.size, 'root': name(p.root)}, 'pack.json names another head')
    for c, _ in p.lines('consistency', 'consistency', 'from hashes to'):
        need(c['to'] == p.size and c['from'] > max(p.proofs, default=-1), 'not sorted, or to another head')
        p.proofs[c['from']] = [b64(h) for h in c['hashes']]
    for file in ['checkpoint'] + ['witnessed'] * ('witnessed' in p.names):
        n = Note(p.read('checkpoint', file), p.log)
        place('cosignature', file)
        if not p.witnessed and 0 < p.quorum <= sum({w[3]: n.by(w) for w in p.witnesses}.values()):
            p.earlier(n.size, n.root, 'witnessed')
            p.witnessed = n.size
    place('not-witnessed', 'pack.json')
    claim = p.said['claims']['witnessed']
    need(claim <= p.witnessed > 0 or claim == 0 and not ARGS.witness, f'{claim} acts claimed, {p.witnessed} cosigned')
    place('history-other', 'the head that you keep')
    kept = Note(ARGS.checkpoint, p.log) if ARGS.checkpoint else note
    need(kept.size <= p.size, f'it has {kept.size} acts, this journal {p.size}', 'history-smaller')
    need(kept.size in [0, p.size, *p.proofs], 'nothing shows that it goes on here', 'history-unproven')
    p.earlier(kept.size, kept.root, 'history-other')
def acts(p):
    p.acts, last, before = {}, -1, 0
    for v, _ in p.lines('acts', 'act', 'act index proof salt'):
        act, i, when = v['act'], v['index'], seconds(v['act']['at'])
        leaf = sha(b'\0', sha(b'tocsin-act/v1', unhex(v['salt']), canonical(act)))
        need(i < p.size and climb(i, p.size, leaf, v['proof']) == p.root, f'act {i} is not in the journal', 'act-proof')
        need(i > last and when >= before, 'not in order', 'act-order')
        last, before, p.acts[i] = i, when, (act['outcome'] == 'done' and act['type'], act['data'], when, act['id'])
    need(len({a[3] for a in p.acts.values()}) == len(p.acts), 'an id stands twice', 'act-order')
    need(p.first('log.opened', key=p.log[4], origin=p.log[0]) >= 0, 'no log.opened of this journal', 'act-missing')
def publications(p):
    p.pubs, last, ids, about = {}, -1, p.said['publications'], p.said['advisory']
    for i in ids:
        e = Envelope(parse(p.read('publication', f'publications/{i}.json')), 'tocsin-publication/v1',
                     'advisory at entries frozen id members origin trigger', 'exercise')
        b = e.by_publisher(seconds(e.body['at']), 'publication-signature')
        a, n, frozen = b['advisory'], b['entries'], b['frozen']
        same = (b['id'], b['origin'], a['id'], a['namespace']) == (i, p.log[0], about['id'], about['namespace'])
        need(same and frozen > last, 'it belongs elsewhere')
        facts = {'publication': i, 'root': n['root'], 'notices': n['count'], 'members': b['members']}
        signed = p.first('publication.signed', publication=i, envelope=e.hash)
        need(p.fact(frozen, 'publication.frozen', **facts) and signed > frozen, 'its acts differ', 'publication-act')
        old = f"advisories/{a['document'][7:]}.json"
        document = p.digest(old if i != ids[-1] and old in p.names else 'advisory.json')[0]
        need(document == a['document'], 'the pack does not hold its document', 'document')
        known = {'namespace': a['namespace'], 'tracking_id': a['id'], 'version': a['version']}
        imported = p.first('advisory.imported', document=document, **known)
        need(0 <= imported < frozen, 'no advisory.imported before it', 'document-act')
        p.pubs[i], last = dict(b, leaves=[], meant=0), frozen
    complete = len(ids) == sum(n.startswith('publications/') for n in p.names)
    need(ids and a == about and complete, 'pack.json names another revision, or not all', 'publication')
def entries(p):
    p.entries = []
    for v, _ in p.lines('entries', 'entries', 'entry index notice publication' + ' path' * bool(p.mine)):
        e, n, b, i = v['entry'], v['notice'], p.pubs.get(v['publication']), v['index']
        need(b and e['index'] == i and (p.mine or i == len(b['leaves'])), 'not in order')
        like = ['tocsin-notice/v1', p.log[0], b.get('exercise'), b['advisory'], e['audience'], e['class']]
        same = [n.get(k) for k in 'format origin exercise advisory audience class'.split()] == like
        need(same and named(b'tocsin-notice/v1\n', canonical(n)) == e['notice'], 'not that of this entry', 'notice')
        b['leaves'].append(sha(b'\0', canonical(e)))
        b['meant'] += e.get('only', e['members'])['count']
        root = p.mine and name(climb(i, b['entries']['count'], b['leaves'][-1], v['path']))
        need(not p.mine or root == b['entries']['root'], 'not in the tree that the publication signs')
        p.entries.append((v['publication'], e))
    place('entries', 'entries.jsonl')
    need(len({(i, e['audience'], e['class']) for i, e in p.entries}) == len(p.entries), 'a class stands twice')
    for b in () if p.mine else p.pubs.values():
        got = {'count': len(b['leaves']), 'root': name(tree(b['leaves']))}
        need(b['entries'] == got and b['meant'] == b['members'], 'some were left out or changed')
def tree_of(e): return e['audience'], e['class'], e['members']['size']
def members(p):
    trees, p.members, kind, sizes = {}, {}, ('', ''), {tree_of(e): e['members']['root'] for _, e in p.entries}
    for v, _ in p.lines('members', 'members', 'audience class event index salt' + ' proof root size' * bool(p.mine)):
        last, kind, e, i = kind, (v['audience'], v['class']), v['event'], v['index']
        here = (*kind, v['size'] if p.mine else i + 1)  # the tree that is shown so far, or that the line names
        leaves, now = trees.setdefault(here if p.mine else kind, ([], {}))  # now: asset to (place in the tree, leaf)
        fits = (i + 1 > len(leaves) if p.mine else i == len(leaves)) and (e['audience'], e['class']) == kind >= last
        need(fits and (p.mine or e['event'] == ('left' if e['asset'] in now else 'joined')), 'not in order')
        leaves.append(sha(b'\0', sha(b'tocsin-member/v1\n', unhex(v['salt']), canonical(e))))
        (now.pop if e['event'] == 'left' else now.setdefault)(e['asset'], (i, leaves[-1]))
        root = tree(leaves) if here in sizes and not p.mine else p.mine and climb(i, v['size'], leaves[-1], v['proof'])
        need(not p.mine or name(root) == v['root'] == sizes.get(here), 'not in a tree of an entry', 'members-root')
        p.members.update({here: (root, now if p.mine else dict(now))} if root else {})
    need(p.mine or all((*k, len(t[0])) in sizes for k, t in trees.items()), 'a tree has a size that no entry names')
    for _, e in p.entries:
        need(tree_of(e) in p.members or e['members']['size'] == 0, 'a tree is too short, or not there')
        root, now = p.members.setdefault(tree_of(e), (sha(), {}))
        need(name(root) == e['members']['root'], 'a line was left out, added or changed', 'members-root')
        need(p.mine or len(now) == e['members']['count'], f'there are {len(now)} members', 'members-count')
def certificates(p):
    fields, p.certificates, last = ('certificate der', 'issued revoked subject'), {}, ''
    for v, _ in p.lines('certificates', 'certificate', *fields):
        AUTHORITIES.update({} if 'subject' in v else {v['certificate']: Certificate(b64(v['der']))})
    raw, anchors = p.read('crl', 'crl.der'), pathlib.Path(TEMP, 'anchors').read_bytes()
    cas = b''.join(a.pem for a in AUTHORITIES.values() if a.under_anchor(seconds(p.said['made']), ''))
    crl = openssl('crl', '-inform', 'DER', '-noout', '-text', '-CAfile', keep('cas', anchors + cas), stdin=raw)
    need(b'verify OK' in crl.stderr, 'no CA under the trust anchor has signed it')
    need(p.first('crl.issued', crl=named(raw)) >= 0, 'no act crl.issued names it')
    listed = dict(re.findall(r'Number: (\w+)\n +Revocation Date: (.*) GMT', crl.stdout.decode()))
    for c, when, where in SIGNERS:
        date = datetime.strptime(listed.get(c.serial, 'Dec 31 23:59:59 9999') + ' +0000', '%b %d %H:%M:%S %Y %z')
        need(when < date.timestamp(), f'the signer of {where} was revoked before', 'signer-revoked')
    for v, chosen in p.lines('certificates', 'certificate', *fields, sample=True):
        h, der, issued, revoked, subject = v['certificate'], b64(v['der']), *map(v.get, fields[1].split())
        need(h > last and named(der) == h, 'not sorted, or another hash')
        last, p.certificates[h] = h, (subject, issued, revoked, der)
        said = subject is None or p.fact(issued, 'certificate.issued', fingerprint=h, subject=subject)
        gone = revoked is None or p.fact(revoked, 'certificate.revoked', fingerprint=h)
        need(said and gone, 'its acts do not say so', 'certificate-act')
        c = chosen and subject and Certificate(der)
        need(not c or c.name == subject, 'its common name is another')
        need(not c or c.under_anchor(p.acts[issued][2], 'TLS Web Client'), 'no device of the CA', 'certificate-chain')
        need(not c or c.serial not in listed or revoked, 'the list says that it is revoked', 'revocation')
def receipts(p):
    p.covered, last, notices = {}, -1, {e['notice'] for _, e in p.entries}
    for v, chosen in p.lines('receipts', 'receipt', 'act asset before digests envelope position', sample=True):
        e = Envelope(v['envelope'], 'tocsin-receipt/v1', 'asset at checkpoint head n origin')
        b, h, n, seen, act = e.body, unhex(v['before']), v['position'], e.body['checkpoint'], v['act']
        need(act > last and n > 0 < len(v['digests']) == b['n'] - n + 1, 'not in order')
        need((b['asset'], b['origin']) == (v['asset'], p.log[0]), 'it is of another asset or journal')
        last, said = act, dict(asset=v['asset'], certificate=e.signer, n=b['n'], head=b['head'], receipt=e.hash)
        need(p.fact(act, 'receipt.accepted', **said), f'act {act} did not accept it', 'receipt-act')
        subject, issued, revoked, der = p.certificates.get(e.signer, (0, 0, 0, 0))
        need(subject == v['asset'], 'not signed by this asset', 'receipt-signer')
        need(revoked is None or revoked > act, f'act {revoked} had revoked its certificate', 'receipt-revoked')
        valid = not (c := chosen and Certificate(der)) or c.under_anchor(p.acts[act][2], 'TLS Web Client')
        need(issued < act and valid, 'its certificate was not valid then', 'receipt-validity')
        need(not c or holds(c.key, e.message, e.signature), 'the signature does not hold', 'receipt-signature')
        need(seen['size'] <= act, 'it names a head of later', 'receipt-history')
        p.earlier(seen['size'], unhex(seen['root']), 'receipt-history')
        place('receipt-chain', PLACE[1])
        need(n > 1 or h == sha(b'tocsin-chain/v1\n', v['asset'].encode()), 'no beginning of a chain')
        for n, digest in enumerate(v['digests'], n):
            h = sha(h, unhex(digest))
            p.covered.update({(v['asset'], n, digest): False} if digest in notices else {})
        need(name(h) == b['head'] and set(v['digests']) & notices, 'its digests lead to another head than was signed')
def recipients(p):
    p.states = collections.Counter()
    todo = {(i, e['index']): (e, p.members[tree_of(e)][1], {}) for i, e in p.entries}
    for v, _ in p.lines('recipients', 'recipients', 'asset index n publication state', 'act reason salt'):
        e, now, met = todo.get((v['publication'], v['index']), (None, {}, {}))
        asset, state, act = v['asset'], v['state'], v.get('act')
        need(asset in now and asset not in met, 'it was not meant', 'recipient-extra')
        met[asset], key = now[asset], (asset, v['n'], e['notice'])
        place('recipient-state', PLACE[1])
        need((key in p.covered) == (state == 'acknowledged'), f'{state}, but its receipts say otherwise')
        p.covered.update({key: True} if key in p.covered else {})
        if state in ('left_fixed', 'removed'):
            said, kind = {'asset': asset}, 'asset.removed'
            if state == 'left_fixed':
                said = {'audience': e['audience'], 'class': e['class']}
                event = canonical({**said, 'act': p.acts[act][3], 'asset': asset, 'event': 'left'})
                said, kind = said | {'leaf': named(b'tocsin-member/v1\n', unhex(v['salt']), event)}, 'membership.left'
            need(p.fact(act, kind, **said) and act > p.pubs[v['publication']]['frozen'], f'act {act} does not say so')
        p.states[state] += 1
    place('recipient-missing', 'recipients.jsonl')
    for e, now, met in todo.values():
        leaves = [leaf for _, leaf in sorted(met.values())]
        need('only' in e or len(met) == len(now), f'{sorted(set(now) - set(met))[:1]} was meant, but has no line')
        only = {'count': len(leaves), 'root': name(tree(leaves))}
        need(p.mine or e.get('only', only) == only, 'the lines are not those whom an entry means', 'only')
    need(all(p.covered.values()), 'a receipt of somebody who has no line')
    p.devices = len({asset for _, _, met in todo.values() for asset in met})
def counts(p):
    others, owners, c, total = collections.Counter(), collections.Counter(), p.states, p.states.total()
    for v, _ in p.lines('others', 'others', 'audience class members reasons status'):
        others[v['status']] += v['members']
    owners.update(v['state'] for v, _ in p.lines('owners', 'owners', 'at delivery organisation state way', 'act'))
    place('counts', 'pack.json')
    said, silent = p.said['counts'], c['undelivered'] + c['unacknowledged']
    want = {**dict.fromkeys(said, 0), **c, 'meant': total, 'silent': silent, 'devices': p.devices,
            'ownerless': said['ownerless'], 'not_told': {**dict.fromkeys(said['not_told'], 0), **others},
            'owners': {**dict.fromkeys(said['owners'], 0), **owners}}
    need(said == want and (p.mine or total == sum(b['members'] for b in p.pubs.values())), f'the lines give {want}')
STEPS = (container, trust, head, acts, publications, entries, members, certificates, receipts, recipients, counts)
def main(failures):
    try:
        p = Pack(ARGS.pack)
        for step in STEPS:
            failures += step(p) or []
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as e:
        failures.append(str(e) if isinstance(e, Refused) else f'pack.{PLACE[0]}: {PLACE[1]}: malformed: {e!r}')
    good = 'VERIFIED' if ARGS.root else 'NOT PROVEN, give --root'
    print('\n'.join(failures) or f"{good}{f' for {p.mine} alone' * bool(p.mine)}: {p.said['advisory']['id']}: "
          f"{p.states.total()} notices, {p.devices} devices, {p.states['acknowledged']} acknowledged; "
          f"{p.witnessed} of {p.size} acts cosigned; {', '.join(CHECKED.values())}")
    return 1 if failures else 0 if ARGS.root else 3
parser = argparse.ArgumentParser(description=__doc__)
for option, more in {'pack': {}, '--root': {}, '--witness': {'action': 'append', 'default': []}, '--checkpoint': {},
                     '--quorum': {'type': int}, '--sample': {'type': int, 'default': 2000}}.items():
    parser.add_argument(option, **more)
ARGS = parser.parse_args()
try:
    ARGS.root, ARGS.checkpoint = (x and open(x, 'rb').read() for x in (ARGS.root, ARGS.checkpoint))
    ARGS.witness = [vkey(w if '+' in w else open(w).read(), 4) for w in ARGS.witness]
    with tempfile.TemporaryDirectory() as TEMP:
        sys.exit(main([]))
except (OSError, ValueError) as e:
    sys.exit(print(f'verify_proof.py: {e}', file=sys.stderr) or 3)
