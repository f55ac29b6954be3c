#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
"""More than a hundred changes of a good proof pack: each has to be refused, with the right reason,
by tools/verify_proof.py and by `tocsin proof verify`.

Three kinds. "raw": somebody who has no key changes a file. "sealed": somebody with the
publication-signer's key changes lines, and makes pack.json, its signature and SHA256SUMS fit again,
so that only the deeper check can find it. "lie": an operator with all keys builds a pack that is
consistent in itself but for the one lie (tests/support/pack_fixture.h). "customer": as sealed, of
a pack for one organisation.

Environment: TOCSIN_BUILD (default build), PACK_MUTATIONS (only names that contain this).
"""
import base64, copy, hashlib, json, os, shutil, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

SOURCE = os.environ.get('TOCSIN_SOURCE', '.')
BUILD = os.environ.get('TOCSIN_BUILD', os.path.join(SOURCE, 'build'))
MAKE = os.path.join(BUILD, 'tests/unit/pack_make')
VERIFIERS = {'c': [os.path.join(BUILD, 'tests/unit/proof_verify')],
             'py': [sys.executable, os.path.join(SOURCE, 'tools/verify_proof.py')]}
HOME = tempfile.mkdtemp(prefix='tocsin-mutations-')
CASES = []


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()


def named(raw):
    return 'sha256:' + hashlib.sha256(raw).hexdigest()


def run(*args, stdin=b''):
    return subprocess.run(args, input=stdin, capture_output=True, check=True).stdout


def make(folder, name, *options):
    os.makedirs(folder, exist_ok=True)
    if os.path.isdir(f'{HOME}/good/keys') and not os.path.isdir(f'{folder}/keys'):
        shutil.copytree(f'{HOME}/good/keys', f'{folder}/keys')
    run(MAKE, folder, f'{folder}/{name}', *options)
    return f'{folder}/{name}'


class Pack:
    """A pack in memory, its line files as lists of objects."""

    def __init__(self, path):
        self.files, self.lines = {}, {}
        for folder, _, files in os.walk(path):
            for f in files:
                name = os.path.relpath(os.path.join(folder, f), path)
                raw = open(os.path.join(path, name), 'rb').read()
                self.files[name] = raw
                if name.endswith('.jsonl'):
                    self.lines[name[:-6]] = [json.loads(x) for x in raw.splitlines()]
        self.statement = self.payload('pack.json')

    def __getattr__(self, name):
        return self.lines[name]

    def payload(self, name):
        return json.loads(base64.b64decode(json.loads(self.files[name])['payload']))

    def sign(self, envelope, body, key='publisher'):
        """Puts another body into an envelope; signed anew with a key, or (None) not."""
        raw = canonical(body)
        envelope = dict(envelope, payload=base64.b64encode(raw).decode())
        if key:
            path = tempfile.mktemp(dir=HOME)
            with open(path, 'wb') as f:
                f.write(body['format'].encode() + b'\n' + raw)
            envelope['signature'] = base64.b64encode(run(
                'openssl', 'dgst', '-sha256', '-sign', f'{HOME}/good/keys/{key}.key', path)).decode()
            os.unlink(path)
        return envelope

    def resign(self, name, change, key='publisher'):
        body = self.payload(name)
        change(body)
        self.files[name] = canonical(self.sign(json.loads(self.files[name]), body, key))

    def pour(self):
        for name, lines in self.lines.items():
            if name + '.jsonl' in self.files:
                raw = (x if isinstance(x, bytes) else canonical(x) for x in lines)
                self.files[name + '.jsonl'] = b''.join(x + b'\n' for x in raw)

    def seal(self):
        inside = sorted(n for n in self.files if n not in ('pack.json', 'SHA256SUMS'))
        self.statement['files'] = [{'name': n, 'size': len(self.files[n]), 'hash':
                                    named(self.files[n])} for n in inside]
        self.files['pack.json'] = canonical(self.sign(json.loads(self.files['pack.json']),
                                                      self.statement))
        self.sums()

    def sums(self):
        self.files['SHA256SUMS'] = ''.join(
            f'{named(self.files[n])[7:]}  {n}\n' for n in sorted(self.files)
            if n != 'SHA256SUMS').encode()

    def write(self, path):
        for name, raw in self.files.items():
            os.makedirs(os.path.dirname(f'{path}/{name}') or path, exist_ok=True)
            with open(f'{path}/{name}', 'wb') as f:
                f.write(raw)


def case(kind, name, code, change=None, args=(), path=None):
    """code: expected of both verifiers; "a|b": of the C one, of the script ("-": left to the other,
    as the script's own text says)."""
    CASES.append((kind, name, (code + '|' + code).split('|')[:2], change, args, path))


def raw(name, code):
    return lambda change: case('raw', name, code, change)


def sealed(name, code, *args):
    return lambda change: case('sealed', name, code, change, args)


def states(p, state, to=None):
    """Moves a count, so that the sums fit again."""
    c = p.statement['counts']
    for s, n in ((state, -1), (to, 1)):
        if s:
            c[s] += n
            if s in ('undelivered', 'unacknowledged'):
                c['silent'] += n
    if not to:
        c['meant'] -= 1


def flip(text, at=-20):
    """Another base64 or hexadecimal digit."""
    return text[:at] + ('A' if text[at] != 'A' else 'B') + text[at + 1:]


def flip_hex(text, at=-5):
    return text[:at] + ('0' if text[at] != '0' else '1') + text[at + 1:]


def act(p, kind, n=0):
    return [x for x in p.acts if x['act']['type'] == kind][n]


def drop(lines, line):
    lines.remove(line)


def raw_cases():
    @raw('one byte of a receipt', 'pack.file-hash')
    def _(p):
        p.files['receipts.jsonl'] = p.files['receipts.jsonl'].replace(b'"position":', b'"positiom":', 1)

    @raw('one byte of a receipt is named where it lies too', 'pack.receipt-act|pack.file-hash')
    def _(p):
        line = p.receipts[0]
        line['envelope']['signature'] = flip(line['envelope']['signature'])
        p.pour()

    @raw('a file cut short', 'pack.file-hash')
    def _(p):
        p.files['members.jsonl'] = p.files['members.jsonl'][:-100]

    @raw('another document', 'pack.file-hash')
    def _(p):
        p.files['advisory.json'] += b' '

    @raw('an old document', 'pack.file-hash')
    def _(p):
        name = next(n for n in p.files if n.startswith('advisories/'))
        p.files[name] = p.files[name].replace(b'Overflow', b'overflow')

    @raw('VERIFY.txt tells another story', 'pack.file-hash')
    def _(p):
        p.files['VERIFY.txt'] += b'All is well.\n'

    @raw('a file too many', 'pack.file-unknown')
    def _(p):
        p.files['note.txt'] = b'hello'
        p.sums()

    @raw('a file that is gone', 'pack.file-missing')
    def _(p):
        del p.files['owners.jsonl']

    @raw('a publication that is gone', 'pack.file-missing')
    def _(p):
        del p.files[next(n for n in p.files if n.startswith('publications/'))]

    @raw('no pack.json', 'pack.file-missing')
    def _(p):
        del p.files['pack.json']

    @raw('no SHA256SUMS', 'pack.file-missing')
    def _(p):
        del p.files['SHA256SUMS']

    @raw('a sum changed', 'pack.sums')
    def _(p):
        p.files['SHA256SUMS'] = flip_hex(p.files['SHA256SUMS'].decode(), 20).encode()

    @raw('a sum left out', 'pack.sums')
    def _(p):
        p.files['SHA256SUMS'] = b''.join(p.files['SHA256SUMS'].splitlines(True)[1:])

    @raw('sums in another order', 'pack.sums')
    def _(p):
        p.files['SHA256SUMS'] = b''.join(reversed(p.files['SHA256SUMS'].splitlines(True)))

    @raw('counts changed without the key', 'pack.signer')
    def _(p):
        p.resign('pack.json', lambda b: b['counts'].update(silent=0), None)
        p.sums()

    @raw('lines and hashes changed without the key', 'pack.signer')
    def _(p):
        p.others[0]['members'] += 1
        p.pour()
        p.resign('pack.json', lambda b: [f.update(hash=named(p.files[f['name']]), size=len(
            p.files[f['name']])) for f in b['files']], None)
        p.sums()

    @raw('pack.json is not canonical', 'pack.syntax')
    def _(p):
        p.files['pack.json'] = p.files['pack.json'].replace(b'{', b'{ ', 1)
        p.sums()

    @raw('pack.json is no JSON', 'pack.syntax')
    def _(p):
        p.files['pack.json'] = p.files['pack.json'][:-1]
        p.sums()


def trust_cases():
    @sealed('other witnesses, not signed', 'pack.signer')
    def _(p):
        p.resign('trust.json', lambda b: b.update(witnesses=[], quorum=0), None)

    @sealed('trust.json signed by a device', 'pack.signer')
    def _(p):
        p.resign('trust.json', lambda b: None, 'device1')

    @sealed('trust.json with the certificate of a device', 'pack.signer')
    def _(p):
        der = next(x['der'] for x in p.certificates if x.get('subject', '').endswith('01'))
        p.resign('trust.json', lambda b: None, 'device1')
        e = json.loads(p.files['trust.json'])
        e['chain'][0], e['certificate'] = der, named(base64.b64decode(der))
        p.files['trust.json'] = canonical(e)

    @sealed('trust.json without a chain', 'pack.signer')
    def _(p):
        e = json.loads(p.files['trust.json'])
        del e['chain']
        p.files['trust.json'] = canonical(e)

    @sealed('the journal has another name', 'pack.origin')
    def _(p):
        p.resign('trust.json', lambda b: b.update(origin='other.example/tocsin/0000000000000000'))

    @sealed('pack.json is about another journal', 'pack.origin')
    def _(p):
        p.statement['origin'] = 'other.example/tocsin/0000000000000000'

    @sealed('the journal has another key', 'pack.checkpoint')
    def _(p):
        def change(b):
            name = b['origin']
            public = bytes(range(32))
            number = hashlib.sha256(name.encode() + b'\n\1' + public).digest()[:4].hex()
            b['log_key'] = f'{name}+{number}+{base64.b64encode(bytes([1]) + public).decode()}'
        p.resign('trust.json', change)

    @sealed('a key with another id', 'pack.trust')
    def _(p):
        p.resign('trust.json', lambda b: b.update(log_key=b['log_key'].replace('+', '+0', 1)))


def head_cases():
    def note(p, change):
        p.files['checkpoint'] = change(p.files['checkpoint'].decode()).encode()

    @sealed('the head has another size', 'pack.checkpoint')
    def _(p):
        note(p, lambda t: t.replace('\n53\n', '\n54\n'))

    @sealed('the head has another root', 'pack.checkpoint')
    def _(p):
        note(p, lambda t: t.replace(t.split('\n')[2], flip(t.split('\n')[2])))

    @sealed('the head is not signed by the journal', 'pack.checkpoint')
    def _(p):
        note(p, lambda t: '\n'.join(x for x in t.split('\n') if not x.startswith('\u2014 centre')))

    @sealed('the signature of the head is broken', 'pack.checkpoint')
    def _(p):
        note(p, lambda t: '\n'.join(flip(x) if x.startswith('\u2014 centre') else x
                                    for x in t.split('\n')))

    @sealed('pack.json names another size', 'pack.checkpoint')
    def _(p):
        p.statement['checkpoint']['size'] -= 1

    @sealed('pack.json names another root', 'pack.checkpoint')
    def _(p):
        p.statement['checkpoint']['root'] = flip_hex(p.statement['checkpoint']['root'])

    @sealed('the cosignature is broken', 'pack.cosignature')
    def _(p):
        note(p, lambda t: '\n'.join(flip(x) if x.startswith('\u2014 witness') else x
                                    for x in t.split('\n')))

    @sealed('the cosignature is gone, the claim is not', 'pack.not-witnessed')
    def _(p):
        note(p, lambda t: '\n'.join(x for x in t.split('\n') if not x.startswith('\u2014 witness')))

    @sealed('the cosignature is of an unknown witness', 'pack.not-witnessed')
    def _(p):
        note(p, lambda t: t.replace('\u2014 witness.example/w1', '\u2014 witness.example/w2'))

    @sealed('more is claimed than there are acts', 'pack.not-witnessed')
    def _(p):
        p.statement['claims']['witnessed'] += 1

    @sealed('two witnesses are wanted', 'pack.not-witnessed', '--witness', f'{HOME}/other.vkey',
            '--witness', f'{HOME}/good/witness.vkey')
    def _(p):
        pass

    @sealed('a proof of consistency is broken', 'pack.receipt-history')
    def _(p):
        p.consistency[0]['hashes'][0] = flip(p.consistency[0]['hashes'][0], 5)

    @sealed('a proof of consistency is too long', 'pack.receipt-history')
    def _(p):
        p.consistency[0]['hashes'].append(p.consistency[0]['hashes'][0])

    @sealed('a proof of consistency lacks', 'pack.receipt-history')
    def _(p):
        del p.consistency[0]

    @sealed('proofs of consistency in another order', 'pack.consistency')
    def _(p):
        p.consistency.reverse()

    @sealed('a proof to another head', 'pack.consistency')
    def _(p):
        p.consistency[0]['to'] += 1

    kept = f'{HOME}/good/kept.checkpoint'
    case('good', 'you keep an earlier head', '', None, ('--checkpoint', kept))

    @sealed('nothing shows that the kept head goes on', 'pack.history-unproven', '--checkpoint', kept)
    def _(p):
        del p.consistency[1]

    @sealed('the kept head is another history', 'pack.history-other', '--checkpoint',
            f'{HOME}/again/kept.checkpoint')
    def _(p):
        pass

    @sealed('the kept head is another journal', 'pack.history-other', '--checkpoint',
            f'{HOME}/stranger/kept.checkpoint')
    def _(p):
        pass

    @sealed('the kept head is larger', 'pack.history-smaller', '--checkpoint',
            f'{HOME}/larger/kept.checkpoint')
    def _(p):
        pass


def act_cases():
    def one(name, code, change):
        sealed(name, code)(change)

    one('the salt of an act', 'pack.act-proof',
        lambda p: p.acts[3].update(salt=flip_hex(p.acts[3]['salt'])))
    one('the time of an act', 'pack.act-proof',
        lambda p: p.acts[3]['act'].update(at='2026-11-21T12:00:03.5Z'))
    one('the actor of an act', 'pack.act-proof', lambda p: p.acts[3]['act'].update(actor='sys:tess'))
    one('the data of an act', 'pack.act-proof',
        lambda p: act(p, 'receipt.accepted')['act']['data'].update(n=3))
    one('the index of an act', 'pack.act-proof', lambda p: p.acts[-1].update(index=52 - 1))
    one('an act of the future', 'pack.act-proof', lambda p: p.acts[-1].update(index=60))
    one('a hash of a proof', 'pack.act-proof',
        lambda p: p.acts[3].update(proof=[flip(p.acts[3]['proof'][0])] + p.acts[3]['proof'][1:]))
    one('a proof too short', 'pack.act-proof', lambda p: p.acts[3]['proof'].pop())
    one('a proof too long', 'pack.act-proof',
        lambda p: p.acts[3]['proof'].append(p.acts[3]['proof'][0]))

    @sealed('two proofs swapped', 'pack.act-proof')
    def _(p):
        a, b = act(p, 'receipt.accepted'), act(p, 'receipt.accepted', 1)
        a['proof'], b['proof'] = b['proof'], a['proof']

    @sealed('two acts swapped', 'pack.act-order')
    def _(p):
        p.acts[2], p.acts[3] = p.acts[3], p.acts[2]

    one('an act twice', 'pack.act-order', lambda p: p.acts.insert(3, p.acts[3]))
    one('no log.opened', 'pack.act-missing', lambda p: drop(p.acts, act(p, 'log.opened')))
    one('no publication.frozen', 'pack.publication-act',
        lambda p: drop(p.acts, act(p, 'publication.frozen')))
    one('no publication.signed', 'pack.publication-act',
        lambda p: drop(p.acts, act(p, 'publication.signed')))
    one('no advisory.imported', 'pack.document-act',
        lambda p: drop(p.acts, act(p, 'advisory.imported')))
    one('no certificate.issued', 'pack.certificate-act',
        lambda p: drop(p.acts, act(p, 'certificate.issued')))
    one('no certificate.revoked', 'pack.certificate-act',
        lambda p: drop(p.acts, act(p, 'certificate.revoked')))
    one('no crl.issued', 'pack.crl', lambda p: drop(p.acts, act(p, 'crl.issued')))
    one('no receipt.accepted', 'pack.receipt-act', lambda p: drop(p.acts, act(p, 'receipt.accepted')))
    one('no outcome.reported', 'pack.outcome-act|-', lambda p: drop(p.acts, act(p, 'outcome.reported')))
    one('no asset.removed', 'pack.recipient-state', lambda p: drop(p.acts, act(p, 'asset.removed')))
    one('no owner.told', 'pack.owners|-', lambda p: drop(p.acts, act(p, 'owner.told')))


def publication_cases():
    name = 'publications/pub_00000000000000000000000001.json'

    @sealed('a publication changed, not signed', 'pack.publication-signature')
    def _(p):
        p.resign(name, lambda b: b.update(members=7), None)

    @sealed('a publication signed by a device', 'pack.publication-signature')
    def _(p):
        p.resign(name, lambda b: None, 'device1')

    @sealed('a publication with other members, signed again', 'pack.publication-act')
    def _(p):
        p.resign(name, lambda b: b.update(members=7))

    @sealed('a publication with another root, signed again', 'pack.publication-act')
    def _(p):
        p.resign(name, lambda b: b['entries'].update(root=flip_hex(b['entries']['root'])))

    @sealed('a publication signed a second time', 'pack.publication-act')
    def _(p):
        p.resign(name, lambda b: None)

    @sealed('a publication with another time', 'pack.publication-act')
    def _(p):
        p.resign(name, lambda b: b.update(at='2026-11-21T12:30:00Z'))

    @sealed('two publications swapped', 'pack.publication')
    def _(p):
        other = name.replace('1.json', '2.json')
        p.files[name], p.files[other] = p.files[other], p.files[name]

    @sealed('a publication left out', 'pack.publication')
    def _(p):
        p.statement['publications'].pop(1)

    @sealed('a publication that pack.json does not name', 'pack.publication')
    def _(p):
        p.files['publications/pub_00000000000000000000000009.json'] = p.files[name]

    @sealed('publications in another order', 'pack.document|pack.publication')
    def _(p):
        p.statement['publications'].reverse()

    @sealed('another document', 'pack.document')
    def _(p):
        p.files['advisory.json'] = p.files['advisory.json'].replace(b'Overflow', b'overflow')

    @sealed('the old document is gone', 'pack.document')
    def _(p):
        del p.files[next(n for n in p.files if n.startswith('advisories/'))]

    @sealed('pack.json names another title', 'pack.publication')
    def _(p):
        p.statement['advisory']['title'] = 'Nothing to see here'

    @sealed('an entry left out', 'pack.entries')
    def _(p):
        del p.entries[1]

    @sealed('the last entry left out', 'pack.entries')
    def _(p):
        del p.entries[-1]

    @sealed('an entry twice', 'pack.entries')
    def _(p):
        p.entries.insert(1, p.entries[1])

    @sealed('an entry has another count', 'pack.entries')
    def _(p):
        p.entries[0]['entry']['members']['count'] -= 1

    @sealed('an entry has another root of members', 'pack.entries')
    def _(p):
        m = p.entries[0]['entry']['members']
        m['root'] = flip_hex(m['root'])

    @sealed('an entry has another index', 'pack.entries')
    def _(p):
        p.entries[1]['index'] = 0

    @sealed('a notice has another status', 'pack.notice')
    def _(p):
        p.entries[0]['notice']['statements'][0]['status'] = 'not_affected'

    @sealed('a notice is about another advisory', 'pack.notice')
    def _(p):
        p.entries[0]['notice']['advisory']['id'] = 'TEST-2026-0002'

    @sealed('two notices swapped', 'pack.notice')
    def _(p):
        a, b = p.entries[0], p.entries[1]
        a['notice'], b['notice'] = b['notice'], a['notice']

    @sealed('a notice becomes an exercise', 'pack.notice')
    def _(p):
        p.entries[0]['notice']['exercise'] = True


def member_cases():
    def one(name, code, change):
        sealed(name, code)(change)

    one('a member left out', 'pack.members', lambda p: p.members.pop(1))
    one('the last member left out', 'pack.members', lambda p: p.members.pop())

    @sealed('a member left out, the others moved up', 'pack.members-root|pack.members')
    def _(p):
        gone = p.members.pop(0)
        for v in p.members:
            if v['class'] == gone['class']:
                v['index'] -= 1

    one('the salt of a member', 'pack.members-root',
        lambda p: p.members[0].update(salt=flip_hex(p.members[0]['salt'])))
    one('another asset', 'pack.members-root', lambda p: p.members[0]['event'].update(
        asset='ast_00000000000000000000000042'))
    one('another act', 'pack.members-root', lambda p: p.members[0]['event'].update(
        act='act_00000000000000000000000042'))
    one('a join becomes a leave', 'pack.members|pack.members',
        lambda p: p.members[0]['event'].update(event='left'))
    one('a member of another class', 'pack.members', lambda p: p.members[0]['event'].update(
        {'class': p.members[-1]['class']}))

    @sealed('two members swapped', 'pack.members')
    def _(p):
        p.members[0], p.members[1] = p.members[1], p.members[0]

    @sealed('a member too many', 'pack.members')
    def _(p):
        v = copy.deepcopy(p.members[-1])
        v['index'] += 1
        v['event'].update(asset='ast_00000000000000000000000042', event='joined')
        p.members.append(v)


def certificate_cases():
    def device(p, n):
        return next(x for x in p.certificates if x.get('subject', '').endswith(f'{n:02d}'))

    def one(name, code, change):
        sealed(name, code)(change)

    @sealed('a certificate that somebody else made', 'pack.certificate-act')
    def _(p):
        v = device(p, 1)
        key, pem = f'{HOME}/foreign.key', f'{HOME}/foreign.pem'
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
            '-keyout', key, '-out', pem, '-subj', '/CN=' + v['subject'], '-days', '3650')
        der = run('openssl', 'x509', '-in', pem, '-outform', 'DER')
        v.update(der=base64.b64encode(der).decode(), certificate=named(der))
        p.certificates.sort(key=lambda x: x['certificate'])

    one('a byte of a certificate', 'pack.certificate', lambda p: device(p, 1).update(
        der=flip(device(p, 1)['der'])))
    one('a certificate of another asset', 'pack.certificate|pack.certificate-act',
        lambda p: device(p, 1).update(subject=device(p, 2)['subject']))
    one('a certificate is gone', 'pack.receipt-signer', lambda p: drop(p.certificates, device(p, 1)))
    one('the CA is gone, devices bring it along', '', lambda p: None)
    one('a revocation hidden', 'pack.revocation', lambda p: device(p, 3).pop('revoked'))
    one('a revocation by another act', 'pack.certificate-act', lambda p: device(p, 3).update(
        revoked=device(p, 3)['revoked'] + 1))
    one('an issuance by another act', 'pack.certificate-act', lambda p: device(p, 3).update(
        issued=device(p, 2)['issued']))
    one('certificates in another order', 'pack.certificate', lambda p: p.certificates.reverse())

    @sealed('a byte of the list', 'pack.crl')
    def _(p):
        p.files['crl.der'] = p.files['crl.der'][:-3] + bytes([p.files['crl.der'][-3] ^ 1]) + p.files[
            'crl.der'][-2:]

    @sealed('the list of another day', 'pack.crl')
    def _(p):
        p.files['crl.der'] = open(f'{HOME}/again/pack/crl.der', 'rb').read()

    @sealed('the list of another CA', 'pack.crl')
    def _(p):
        p.files['crl.der'] = open(f'{HOME}/stranger/pack/crl.der', 'rb').read()


def receipt_cases():
    def one(name, code, change):
        sealed(name, code)(change)

    @sealed('a receipt signed by another device', 'pack.receipt-act')
    def _(p):
        e = p.receipts[0]['envelope']
        body = json.loads(base64.b64decode(e['payload']))
        p.receipts[0]['envelope'] = p.sign(e, body, 'device6')

    @sealed('a receipt for another head, signed by its device', 'pack.receipt-act')
    def _(p):
        e = p.receipts[0]['envelope']
        body = json.loads(base64.b64decode(e['payload']))
        body['head'] = flip_hex(body['head'])
        p.receipts[0]['envelope'] = p.sign(e, body, 'device1')

    @sealed('two receipts swapped', 'pack.receipt')
    def _(p):
        a, b = p.receipts[0], p.receipts[1]
        a['envelope'], b['envelope'] = b['envelope'], a['envelope']

    one('another digest', 'pack.receipt-chain', lambda p: p.receipts[0]['digests'].__setitem__(
        0, flip_hex(p.receipts[0]['digests'][0])))
    one('another beginning', 'pack.receipt-chain', lambda p: p.receipts[0].update(
        before=flip_hex(p.receipts[0]['before'])))
    one('a digest left out', 'pack.receipt', lambda p: p.receipts[3]['digests'].pop())
    one('another place', 'pack.receipt', lambda p: p.receipts[0].update(position=1))
    one('another asset', 'pack.receipt', lambda p: p.receipts[0].update(
        asset='ast_00000000000000000000000002'))
    one('the act of another receipt', 'pack.receipt-act', lambda p: p.receipts[0].update(
        act=p.receipts[1]['act']))
    one('receipts in another order', 'pack.receipt', lambda p: p.receipts.reverse())
    one('a receipt twice', 'pack.receipt', lambda p: p.receipts.insert(0, p.receipts[0]))
    one('a receipt left out', 'pack.recipient-state', lambda p: p.receipts.pop(0))
    one('an outcome signed by nobody', 'pack.outcome-act|-', lambda p: p.outcomes[0]['envelope'].update(
        signature=flip(p.outcomes[0]['envelope']['signature'])))
    one('the outcome of another asset', 'pack.outcome|-', lambda p: p.outcomes[0].update(
        asset='ast_00000000000000000000000002'))


def recipient_cases():
    def find(p, state, n=0):
        return [x for x in p.recipients if x['state'] == state][n]

    @sealed('the silent one left out', 'pack.recipient-missing')
    def _(p):
        drop(p.recipients, find(p, 'undelivered'))
        states(p, 'undelivered')

    @sealed('the last one of an entry left out, silent', 'pack.recipient-missing')
    def _(p):
        lines = p.recipients
        last = [v for v, after in zip(lines, lines[1:] + [None])
                if not after or (after['publication'], after['index']) != (v['publication'], v['index'])]
        gone = next(v for v in last if v['state'] in ('undelivered', 'unacknowledged'))
        drop(lines, gone)
        states(p, gone['state'])

    @sealed('a silent one has acknowledged', 'pack.recipient-state')
    def _(p):
        v = find(p, 'undelivered')
        v.pop('reason')
        v['state'] = 'acknowledged'
        states(p, 'undelivered', 'acknowledged')

    @sealed('one who acknowledged is silent', 'pack.recipient-state')
    def _(p):
        find(p, 'acknowledged')['state'] = 'undelivered'
        states(p, 'acknowledged', 'undelivered')

    @sealed('one who was not meant', 'pack.recipient-extra')
    def _(p):
        v = dict(find(p, 'undelivered'), asset='ast_00000000000000000000000008')
        p.recipients.insert(5, v)
        p.statement['counts'].update(meant=15)

    @sealed('one twice', 'pack.recipient-extra')
    def _(p):
        p.recipients.insert(1, p.recipients[1])

    @sealed('recipients in another order', 'pack.recipient-missing|-')
    def _(p):
        p.recipients[0], p.recipients[1] = p.recipients[1], p.recipients[0]

    @sealed('another place in the chain', 'pack.recipient-state')
    def _(p):
        find(p, 'acknowledged')['n'] += 1

    @sealed('he left by another act', 'pack.recipient-state')
    def _(p):
        find(p, 'left_fixed')['act'] -= 1

    @sealed('he left with another salt', 'pack.recipient-state')
    def _(p):
        v = find(p, 'left_fixed')
        v['salt'] = flip_hex(v['salt'])

    @sealed('a silent one is said to have left', 'pack.recipient-state')
    def _(p):
        left, v = find(p, 'left_fixed'), find(p, 'undelivered')
        v.update(state='left_fixed', act=left['act'], salt=left['salt'])
        states(p, 'undelivered', 'left_fixed')

    @sealed('a silent one is said to be removed', 'pack.recipient-state')
    def _(p):
        removed, v = find(p, 'removed'), find(p, 'undelivered')
        v.update(state='removed', act=removed['act'])
        states(p, 'undelivered', 'removed')

    @sealed('an unknown state', 'pack.recipients|pack.counts')
    def _(p):
        find(p, 'undelivered')['state'] = 'asleep'

    @sealed('a member that the format does not know', 'pack.recipients')
    def _(p):
        find(p, 'undelivered')['excuse'] = 'holiday'

    @sealed('a line that is not canonical', 'pack.line|pack.recipients')
    def _(p):
        p.recipients[0] = canonical(p.recipients[0]).replace(b':', b': ', 1)

    @sealed('a line with a name twice', 'pack.line|pack.recipients')
    def _(p):
        p.recipients[0] = canonical(p.recipients[0]).replace(b'{', b'{"asset":"x",', 1)

    for member in ('meant', 'acknowledged', 'silent', 'undelivered', 'unacknowledged', 'left_fixed',
                   'removed', 'devices'):
        sealed(f'the count "{member}"', 'pack.counts')(
            lambda p, m=member: p.statement['counts'].__setitem__(m, p.statement['counts'][m] + 1))
    sealed('the count of those not told', 'pack.counts')(
        lambda p: p.statement['counts']['not_told'].update(unknown=1))
    sealed('the count of owners', 'pack.counts')(
        lambda p: p.statement['counts']['owners'].update(told=2))
    sealed('fewer silent, more acknowledged', 'pack.counts')(
        lambda p: states(p, 'undelivered', 'acknowledged'))
    sealed('others, not counted', 'pack.counts')(lambda p: p.others[0].update(members=3))
    sealed('an owner told by no act', 'pack.owners|pack.counts')(
        lambda p: p.owners[1].update(state='told', way='mail', act=p.owners[0]['act']))


def customer_cases():
    def one(name, code, change):
        case('customer', name, code, change)

    one('nothing was changed', '', lambda p: None)
    one('the salt of his leaf', 'pack.members-root',
        lambda p: p.members[0].update(salt=flip_hex(p.members[0]['salt'])))
    one('another asset in his leaf', 'pack.members-root', lambda p: p.members[0]['event'].update(
        asset='ast_00000000000000000000000042'))
    one('a hash of its proof', 'pack.members-root', lambda p: p.members[0].update(
        proof=[flip(p.members[0]['proof'][0])] + p.members[0]['proof'][1:]))
    one('its proof is too short', 'pack.members-root', lambda p: p.members[0]['proof'].pop())
    one('its proof is too long', 'pack.members-root',
        lambda p: p.members[0]['proof'].append(p.members[0]['proof'][0]))
    one('its place in the tree', 'pack.members-root',
        lambda p: p.members[0].update(index=p.members[0]['index'] + 1))
    one('the root of the tree', 'pack.members-root',
        lambda p: p.members[0].update(root=flip_hex(p.members[0]['root'])))
    one('the size of the tree', 'pack.members-root',
        lambda p: p.members[0].update(size=p.members[0]['size'] + 1))
    one('a tree that no entry names', 'pack.members-root', lambda p: p.members.append(dict(
        p.members[-1], index=0, size=1, proof=[], root=named(b'\0' + hashlib.sha256(
            b'tocsin-member/v1\n' + bytes.fromhex(p.members[-1]['salt'])
            + canonical(p.members[-1]['event'])).digest()))))
    one('his leaf without a proof', 'pack.members', lambda p: p.members[0].pop('proof'))
    one('an entry that is none of his', 'pack.members', lambda p: p.members.clear())
    one('a hash of the path of an entry', 'pack.entries', lambda p: p.entries[0].update(
        path=[flip(p.entries[0]['path'][0])] + p.entries[0]['path'][1:]))
    one('an entry without a path', 'pack.entries', lambda p: p.entries[0].pop('path'))
    one('an entry at another place', 'pack.entries', lambda p: p.entries[0]['entry'].update(
        index=p.entries[0].update(index=p.entries[0]['index'] + 1) or p.entries[0]['index']))
    one('an entry twice', 'pack.entries', lambda p: p.entries.insert(0, p.entries[0]))
    one('an entry for more members', 'pack.entries',
        lambda p: p.entries[0]['entry']['members'].update(count=99))
    one('his notice says something else', 'pack.notice',
        lambda p: p.entries[0]['notice']['statements'][0].update(status='fixed'))
    one('his line left out', 'pack.recipient-missing', lambda p: p.recipients.pop())
    one('a line of somebody else', 'pack.recipient-extra', lambda p: p.recipients.append(
        dict(p.recipients[-1], asset='ast_00000000000000000000000001', state='undelivered')))
    one('his receipt left out', 'pack.recipient-state', lambda p: p.receipts.clear())
    one('a publication that concerns him not', 'pack.publication', lambda p: p.files.update(
        {'publications/pub_00000000000000000000000099.json': b'{}'}))
    one('the whole list was promised', 'pack.entries', lambda p: p.statement.pop('scope'))
    one('for nobody', 'pack.syntax|pack.entries', lambda p: p.statement.update(scope={}))
    one('for nobody that there is', 'pack.syntax', lambda p: p.statement.update(scope='org_2'))
    one('more meant than he has', 'pack.counts', lambda p: states(p, None, 'undelivered'))
    case('sealed', 'a whole pack that is said to be one customer\'s', 'pack.entries',
         lambda p: p.statement.update(scope={'organisation': 'org_00000000000000000000000002'}))


def lie_cases():
    codes = {
        'revoked-before': 'pack.receipt-revoked', 'receipt-head': 'pack.receipt-history',
        'later-head': 'pack.receipt-history', 'other-signer': 'pack.receipt-signer',
        'forged': 'pack.receipt-signature', 'chain': 'pack.receipt-chain', 'only': 'pack.only',
        'member-count': 'pack.members-count', 'publication-count': 'pack.entries',
        'meaning': 'pack.notice|-', 'refused': 'pack.receipt-act', 'clock': 'pack.act-order',
        'foreign-ca': 'pack.certificate-chain', 'other-name': 'pack.certificate',
        'expired': 'pack.receipt-validity', 'publisher-revoked': 'pack.signer-revoked',
        'twice': 'pack.entries', 'removed-before': 'pack.recipient-state'}
    for lie, code in codes.items():
        case('lie', lie, code, None, (), lambda lie=lie: make(f'{HOME}/lie-{lie}', 'pack', 'lie', lie))
    # The operator has all keys, of the devices too, and makes a history without the silent one.
    clean = ('without-silent', 'unwitnessed')
    case('good', 'a rewritten history fits together', '', None, ('unwitnessed',),
         lambda: make(f'{HOME}/rewritten', 'pack', *clean))
    case('lie', 'a rewritten history has no witness', 'pack.not-witnessed', None,
         ('--witness', f'{HOME}/good/witness.vkey'), lambda: make(f'{HOME}/rewritten2', 'pack', *clean))
    case('lie', 'a rewritten history is not the one that was kept', 'pack.history-unproven', None,
         ('--checkpoint', f'{HOME}/good/kept.checkpoint'),
         lambda: make(f'{HOME}/rewritten3', 'pack', *clean))
    case('good', 'an earlier head is cosigned', '', None, (),
         lambda: make(f'{HOME}/earlier', 'pack', 'earlier'))
    case('good', 'an archive', '', None, (), lambda: make(f'{HOME}/tar', 'pack.tar'))
    for what, offset, text in (('mode', 100, b'0000755\0'), ('time', 136, b'00000000001\0'),
                               ('kind', 156, b'2')):
        def spoil(offset=offset, text=text, what=what):
            path = make(f'{HOME}/tar-{what}', 'pack.tar')
            with open(path, 'r+b') as f:
                head = bytearray(f.read(512))
                head[offset:offset + len(text)] = text
                head[148:156] = b' ' * 8
                head[148:156] = b'%06o\0 ' % sum(head)
                f.seek(0)
                f.write(head)
            return path
        # The script leaves modes and times to tar, which does not mind them.
        case('lie', f'an archive with another {what}',
             'pack.container' if what == 'kind' else 'pack.container|-', None, (), spoil)

    def cut():
        path = make(f'{HOME}/tar-cut', 'pack.tar')
        os.truncate(path, os.path.getsize(path) - 2000)
        return path
    case('lie', 'an archive cut short', 'pack.container', None, (), cut)


def check(item):
    number, (kind, name, codes, change, args, path) = item
    if path:
        path = path()
    else:
        path = f'{HOME}/case-{number}'
        p = Pack(f'{HOME}/{"customer" if kind == "customer" else "good"}/pack')
        if change:
            change(p)
        if kind in ('sealed', 'customer'):
            p.pour()
            p.seal()
        p.write(path)
    problems = []
    options = [x for x in args if x != 'unwitnessed']
    if 'unwitnessed' not in args and '--witness' not in args and kind != 'lie':
        options += ['--witness', f'{HOME}/good/witness.vkey']
    for (who, command), code in zip(VERIFIERS.items(), codes):
        if code == '-':
            continue
        done = subprocess.run([*command, '--root', f'{HOME}/good/root.pem', *options, path],
                              capture_output=True, text=True)
        found = [x.split(':')[0] for x in done.stdout.splitlines() if x.startswith('pack.')]
        if (done.returncode != 1 or code not in found) if code else done.returncode:
            said = (done.stdout + done.stderr).strip().replace('\n', ' / ')[:300]
            problems.append(f'{who}: wanted {code or "yes"}, exit {done.returncode}: {said}')
    shutil.rmtree(path, ignore_errors=True)
    return f'{kind}: {name}', problems


def main():
    make(f'{HOME}/good', 'pack')
    make(f'{HOME}/again', 'pack')  # the same keys, another history
    make(f'{HOME}/larger', 'pack', 'extra', '20')
    make(f'{HOME}/customer', 'pack', 'customer', 'org_00000000000000000000000002')
    os.makedirs(f'{HOME}/stranger/keys')
    make(f'{HOME}/stranger', 'pack')  # other keys
    shutil.copy(f'{HOME}/stranger/witness.vkey', f'{HOME}/other.vkey')
    case('good', 'nothing was changed', '')
    for cases in (raw_cases, trust_cases, head_cases, act_cases, publication_cases, member_cases,
                  certificate_cases, receipt_cases, recipient_cases, customer_cases, lie_cases):
        cases()
    only = os.environ.get('PACK_MUTATIONS', '')
    chosen = [(i, c) for i, c in enumerate(CASES) if only in f'{c[0]}: {c[1]}']
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for title, problems in pool.map(check, chosen):
            print(f'not ok {title} — {"; ".join(problems)}' if problems else f'ok {title}', flush=True)
            failed += bool(problems)
    print(f'# {len(chosen)} packs, {failed} not as they should be')
    return 1 if failed else 0


try:
    sys.exit(main())
finally:
    shutil.rmtree(HOME, ignore_errors=True)
