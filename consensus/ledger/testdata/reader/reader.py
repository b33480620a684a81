#!/usr/bin/env python3
"""A second reader of receipts, written from docs/ledger-format.md. It shares no code with the Go verifier.

    reader.py RECEIPT PIN [PREIMAGE]     verify one receipt: files, and the pin as text
    reader.py --vectors FILE...          verify lists of vectors and compare with what they expect
    reader.py --excerpt PARTS            verify the signed excerpt among the parts, and that no byte of it can be changed

It needs Python 3.9 and the package `cryptography`, for Ed25519 and X.509 alone. Exit status 0: all is well.
"""
import base64
import hashlib
import json
import re
import sys
from collections import namedtuple
from datetime import datetime, timezone

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

class Refused(Exception):
    """The receipt is refused; the first argument is the reason in the page's table."""

def need(condition, reason, detail=""):
    if not condition:
        raise Refused(reason, detail)

sha256 = lambda data: hashlib.sha256(data).digest()

# Encoding. The decoder takes the one deterministic form and nothing else.

Tag = namedtuple("Tag", "number value")
TRUE = object()  # not True, which Python takes for 1

def must(condition, detail):
    if not condition:
        raise ValueError(detail)

def item(data, at, depth=0):
    """Reads one item and returns it with where the next one begins."""
    must(depth < 16 and at < len(data), "too deep or cut short")
    start, major, n, at = at, data[at] >> 5, data[at] & 31, at + 1
    if n >= 24:
        must(n < 28, "indefinite or reserved length")
        size, least = ((1, 24), (2, 1 << 8), (4, 1 << 16), (8, 1 << 32))[n - 24]
        must(at + size <= len(data), "cut short")
        n, at = int.from_bytes(data[at : at + size], "big"), at + size
        must(n >= least, "not the shortest form")
    if major < 2:
        return (n, -1 - n)[major], at
    if major in (2, 3):
        must(at + n <= len(data), "cut short")
        piece = data[at : at + n]
        return piece if major == 2 else piece.decode("utf-8"), at + n
    if major == 4:
        out = []
        for _ in range(n):
            value, at = item(data, at, depth + 1)
            out.append(value)
        return out, at
    if major == 5:
        out, before = {}, b""
        for _ in range(n):
            key_at, (key, at) = at, item(data, at, depth + 1)
            must(isinstance(key, int) and data[key_at:at] > before, "keys out of order, repeated or no integers")
            before = data[key_at:at]
            out[key], at = item(data, at, depth + 1)
        return out, at
    if major == 6:
        value, at = item(data, at, depth + 1)
        return Tag(n, value), at
    must(data[start] in (0xF5, 0xF6), "a simple value or float")
    return TRUE if data[start] == 0xF5 else None, at

def decode(data, limit, shape, reason):
    """Reads the one value that data is. A value of another shape is refused for the reason."""
    try:
        must(len(data) <= limit, "too long")
        value, at = item(data, 0)
        must(at == len(data), "bytes behind the value")
    except ValueError as err:
        raise Refused(reason, err) from None
    need(shape(value), reason, "not of the form")
    return value

def encode(v):
    def with_head(major, n):
        size = sum(n >= least for least in (24, 1 << 8, 1 << 16, 1 << 32))
        return bytes([major << 5 | (23 + size)]) + n.to_bytes(1 << size - 1, "big") if size else bytes([major << 5 | n])

    if isinstance(v, int):
        return with_head(0, v) if v >= 0 else with_head(1, -1 - v)
    if isinstance(v, bytes):
        return with_head(2, len(v)) + v
    if isinstance(v, str):
        return with_head(3, len(v.encode())) + v.encode()
    if isinstance(v, list):
        return with_head(4, len(v)) + b"".join(map(encode, v))
    return with_head(5, len(v)) + b"".join(k + x for k, x in sorted((encode(k), encode(x)) for k, x in v.items()))

# Shapes: functions that say whether a decoded value has the form that the page gives.

uint = lambda least=0, most=(1 << 64) - 1: lambda v: isinstance(v, int) and least <= v <= most
bstr = lambda least=0, most=1 << 20: lambda v: isinstance(v, bytes) and least <= len(v) <= most
text = lambda ok: lambda v: isinstance(v, str) and ok(v)
list_of = lambda ok, least=0, most=1 << 20: lambda v: isinstance(v, list) and least <= len(v) <= most and all(map(ok, v))
array = lambda *shapes: lambda v: isinstance(v, list) and len(v) == len(shapes) and all(s(x) for s, x in zip(shapes, v))
exactly = lambda want: lambda v: v == want
sign1 = lambda *shapes: lambda v: isinstance(v, Tag) and v.number == 18 and array(*shapes)(v.value)

def fields(needed, optional={}):
    known = {**needed, **optional}
    return lambda v: isinstance(v, dict) and set(needed) <= set(v) <= set(known) and all(known[k](x) for k, x in v.items())

is_label = lambda s: re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", s) is not None
is_place = lambda s: len(s) <= 200 and len(s.split(".")) <= 8 and all(map(is_label, s.split(".")))
is_count = lambda s, bits: re.fullmatch(r"[1-9][0-9]{0,19}", s) is not None and int(s) < 1 << bits

def is_log(s):
    place, path, epoch = s.partition("/log/")
    return path != "" and is_place(place) and is_count(epoch, 64)

any_bytes, hash32, signature64, label, place_name = bstr(), bstr(32, 32), bstr(64, 64), text(is_label), text(is_place)
replica_name = text(lambda s: s[:1] == "r" and is_count(s[1:], 32))
content_type = text(lambda s: 1 <= len(s.encode()) <= 100)

RECEIPT = fields({
    1: uint(), 2: text(lambda s: True), 3: any_bytes, 4: any_bytes, 5: any_bytes, 6: any_bytes,
    7: list_of(fields({1: list_of(any_bytes)}, {2: bstr(1)})),
})
REPLICA = fields({1: replica_name, 2: bstr(0, 4096), 3: bstr(0, 4096), 4: hash32})
KEY_SET = fields({1: place_name, 2: uint(1), 3: uint(1), 4: list_of(REPLICA, 1, 9), 5: bstr(1, 4096), 8: hash32}, {6: hash32, 7: exactly(TRUE)})
SIGNED_KEY_SET = array(any_bytes, list_of(array(replica_name, any_bytes)))
PROOF = array(uint(1, (1 << 62) - 1), uint(), list_of(hash32, 0, 62))
COSE_HEADER = fields({1: exactly(-8), 4: any_bytes, 395: exactly(1)})
HEAD_FIELDS = fields(
    {1: uint(1, 65535), 8: uint(1), 9: uint(1, 253402300799999)},
    {
        2: label, 3: label, 4: uint(1), 5: uint(1), 6: uint(1), 7: uint(1), 10: uint(1), 11: hash32,
        12: uint(1, 3), 13: uint(1), 14: lambda v: bstr(16, 16)(v) and any(v),
        15: uint(1), 16: uint(1),
    },
)
HEAD = lambda h: HEAD_FIELDS(h) and (6 in h) == (12 in h) == (13 in h) and h.get(10, 0) < h[9]
STATEMENT = sign1(any_bytes, exactly({}), hash32, signature64)
STATEMENT_HEADER = fields({1: exactly(-8), 34: array(exactly(-16), hash32), 258: exactly(-16), 259: content_type})
PREIMAGE = array(hash32, content_type, bstr(0, 409600))
short, display = text(lambda s: 1 <= len(s.encode()) <= 32), text(lambda s: 1 <= len(s.encode()) <= 200)
child_name = text(lambda s: is_place(s) and "." in s)
ENDORSEMENT = fields({1: child_name, 4: display, 5: uint(1), 6: hash32, 7: uint(1), 8: uint(1), 9: uint()}, {2: short, 3: short, 10: list_of(uint(1), 1, 16)})
ENDORSEMENT_PROOF = array(text(is_log), any_bytes, any_bytes, any_bytes, any_bytes)

# The steps of the page.

def verifies(key, message, signature):
    try:
        key = key if isinstance(key, Ed25519PublicKey) else Ed25519PublicKey.from_public_bytes(key)
        key.verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False

to_be_signed = lambda protected, external, payload: encode(["Signature1", protected, external, payload])
number = lambda replica: int(replica[1:])
majority = lambda keys: len(keys[4]) // 2 + 1

# The y-coordinates of the points whose order divides 8, as order.go lists them.
SMALL_ORDER = {0, 1, (1 << 255) - 20} | {
    int.from_bytes(bytes.fromhex(h), "little")
    for h in (
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
}

def is_key(raw):
    y = int.from_bytes(raw, "little") & (1 << 255) - 1
    return y < (1 << 255) - 19 and y not in SMALL_ORDER

def open_key_set(data):
    key_set, signatures = decode(data, 65536, SIGNED_KEY_SET, "key-set")
    keys = decode(key_set, 65536, KEY_SET, "key-set")
    numbers = [number(r[1]) for r in keys[4]]
    need((keys[3] == 1) == (6 not in keys), "key-set", "previous")
    need(keys[3] > 1 or 7 not in keys, "key-set", "number 1 revokes")
    need(numbers == sorted(set(numbers)), "key-set", "order of replicas")
    need(len({r[4] for r in keys[4]}) == len(keys[4]), "key-set", "one log key for two replicas")
    need(all(is_key(r[4]) for r in keys[4]), "key-set", "log key")
    need(is_key(keys[8]) and keys[8] not in {r[4] for r in keys[4]}, "key-set", "recovery key")
    try:
        for der in [der for r in keys[4] for der in (r[2], r[3])]:
            key = x509.load_der_x509_certificate(der).public_key()
            raw = key.public_bytes_raw() if isinstance(key, Ed25519PublicKey) else None
            need(raw is None or is_key(raw), "key-set", "key of a certificate")
    except Refused:
        raise
    except Exception as err:  # the library has many ways to say it
        raise Refused("key-set", err) from None
    return {**keys, "hash": sha256(key_set)}, signatures

def check_signatures(keys, signatures, signers):
    log_keys, last = {r[1]: r[4] for r in signers[4]}, 0
    for replica, signature in signatures:
        need(number(replica) > last, "key-set-signatures", "order")
        need(replica in log_keys, "key-set-signatures", "not listed")
        fits = verifies(log_keys[replica], b"xietong/1 key set\n" + keys["hash"], signature)
        need(fits, "key-set-signatures", "does not fit")
        last = number(replica)
    need(len(signatures) >= majority(signers), "key-set-signatures", "too few")

def walk(pin, signed):
    need(signed, "key-set", "none")
    walked = []
    for data in signed:
        keys, signatures = open_key_set(data)
        first = not walked and (keys[1] != pin[0] or keys[3] > pin[1])
        need(not first and (keys[3] != pin[1] or keys["hash"] == pin[2]), "pin")
        if walked:
            before = walked[-1]
            follows = (keys[1], keys[3], keys.get(6)) == (before[1], before[3] + 1, before["hash"])
            need(follows and keys[2] >= before[2], "key-set-order")
            check_signatures(keys, signatures, before)
        else:
            if keys[3] == 1:
                check_signatures(keys, signatures, keys)
            need(keys[3] == 1 or not signatures, "key-set-signatures", "on a first number above 1")
        walked.append(keys)
    need(walked[-1][3] >= pin[1], "pin", "not reached")
    return walked

def from_base64(s):
    try:
        return base64.b64decode(s, validate=True)
    except ValueError as err:
        raise Refused("note", err) from None

spelled = lambda s: base64.b64encode(from_base64(s)).decode() == s

def check_note(data, log, keys):
    """Returns size and root of the checkpoint."""
    need(len(data) <= 65536, "note", "too long")
    try:
        note = data.decode("utf-8")
    except ValueError as err:
        raise Refused("note", err) from None
    body, blank, tail = note.rpartition("\n\n")
    body, lines = body + "\n", tail.split("\n")[:-1]
    need(all(c >= " " or c == "\n" for c in note), "note", "control character")
    need(blank and tail.endswith("\n") and len(lines) <= 100, "note", "lines")
    ids = {sha256(log.encode() + b"\n\x01" + r[4])[:4]: r[4] for r in keys[4]}
    need(len(ids) == len(keys[4]), "note", "two log keys with one id")
    counted, unlisted = set(), False
    for line in lines:
        name, _, encoded = line[2:].partition(" ")
        need(line.startswith("\u2014 ") and name and "+" not in name, "note", "line")
        raw = from_base64(encoded)
        need(len(raw) >= 5, "note", "short signature")
        if name != log or raw[:4] not in ids:
            unlisted = True
        elif raw[:4] not in counted:
            need(verifies(ids[raw[:4]], body.encode(), raw[4:]), "line")
            counted.add(raw[:4])
    need(not unlisted, "unlisted")
    need(len(counted) >= majority(keys), "minority")
    need(lines == sorted(set(lines), key=str.encode), "note", "order of lines")
    need(all(spelled(line.split(" ")[2]) for line in lines), "note", "stray bits")
    rows = body.split("\n")
    need(len(rows) == 4 and is_log(rows[0]) and (rows[1] == "0" or is_count(rows[1], 62)), "note", "text")
    need(spelled(rows[2]) and len(from_base64(rows[2])) == 32, "note", "root")
    need(rows[0] == log, "origin")
    return int(rows[1]), from_base64(rows[2])

def root_from(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2; None when the path has not the length that it must have."""
    fn, sn, node = index, size - 1, sha256(b"\x00" + leaf)
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            node = sha256(b"\x01" + p + node)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = sha256(b"\x01" + node + p)
        fn, sn = fn >> 1, sn >> 1
    return node if sn == 0 else None

def check_cose(data, proof, root, keys):
    shape = sign1(any_bytes, exactly({396: {-1: [proof]}}), exactly(None), any_bytes)
    protected, _, _, signature = decode(data, 65535, shape, "cose").value
    kid = decode(protected, 65535, COSE_HEADER, "cose")[4]
    signers = [r[4] for r in keys[4] if sha256(r[4]) == kid]
    need(signers and verifies(signers[0], to_be_signed(protected, b"", root), signature), "cose-signature")

def read_leaf(leaf):
    """Returns the head and the bytes of the evidence."""
    try:
        must(len(leaf) <= 65535 and leaf[:2] == b"\x83\x01", "not an array of 3, or another version")
        h, at = item(leaf, 2)
        must(HEAD(h) and at < len(leaf), "head or evidence")
        return h, leaf[at:]
    except ValueError as err:
        raise Refused("leaf", err) from None

def milliseconds(cert, which):  # the library's older versions give times without a zone
    t = getattr(cert, which + "_utc", None) or getattr(cert, which).replace(tzinfo=timezone.utc)
    return (t - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds() * 1000

def check_statement(data, log, h, sets):
    """Returns the commitment and the content type that the act states."""
    protected, _, commitment, signature = decode(data, 65535, STATEMENT, "statement").value
    header = decode(protected, 65535, STATEMENT_HEADER, "statement")
    found = [(keys[2], r[3]) for keys in sets for r in keys[4] if sha256(r[3]) == header[34][1]]
    need(found, "certificate", "not listed")
    cert = x509.load_der_x509_certificate(found[0][1])
    key = cert.public_key()
    need(isinstance(key, Ed25519PublicKey), "certificate", "not Ed25519")
    need(milliseconds(cert, "not_valid_before") <= h[9] <= milliseconds(cert, "not_valid_after"), "certificate-time")
    stated = {field: v for field, v in h.items() if field not in (8, 9, 10)}
    place = log.rpartition("/")[0]
    aads = [encode(["xietong/1 statement", f"{place}/{epoch}", stated]) for epoch in sorted({epoch for epoch, _ in found})]
    need(any(verifies(key, to_be_signed(protected, aad, commitment), signature) for aad in aads), "statement-signature")
    return commitment, header[259]

def check_inclusion(encoded, leaf, size, root):
    """Returns the index of the leaf."""
    proof_size, index, path = decode(encoded, 1 << 20, PROOF, "proof")
    need(index < proof_size, "proof", "index")
    need(proof_size == size, "size")
    need(root_from(leaf, index, size, path) == root, "inclusion")
    return index

def prove_endorsement(data, parent):
    """Returns the endorsement that a level bears; parent is its newest key set."""
    log, leaf, preimage, proof, note = decode(data, 16384, ENDORSEMENT_PROOF, "form")
    need(log == f"{parent[1]}/log/{parent[2]}", "log")
    check_inclusion(proof, leaf, *check_note(note, log, parent))
    head, evidence = read_leaf(leaf)
    need(head[1] == 14, "kind")
    _, kind, payload = decode(preimage, 1 << 20, PREIMAGE, "payload")
    need(decode(evidence, 65535, hash32, "leaf") == sha256(preimage), "commitment")
    need(kind == "application/vnd.xietong.endorsement+cbor", "content-type")
    e = decode(payload, 2048, ENDORSEMENT, "form")
    need(e[8] < e[9] <= e[8] + 2592000000, "term")
    since = e.get(10, [])
    need(since == sorted(since) and len(since) <= e[5] and all(at <= e[8] for at in since), "since")
    need(e[1].partition(".")[2] == parent[1], "not its child")
    need(head.get(5, 0) == e[5] and head.get(11, bytes(32)) == e[6], "head")
    return e

def descend(pin, chain):
    """Returns the key sets of the last level, the names of all, and the endorsements."""
    need(1 <= len(chain) <= 8, "chain", "levels")
    names, endorsements = [], []
    for i, level in enumerate(chain):
        sets = walk(pin, level[1])
        names.append(sets[-1][1])
        later = sets[pin[1] - sets[0][3]:]
        need(not endorsements or all(k[2] == endorsements[-1][7] for k in later), "endorsement", "epoch")
        need((2 in level) == (i < len(chain) - 1), "chain", "an endorsement too few or too many")
        if 2 in level:
            try:
                e = prove_endorsement(level[2], sets[-1])
            except Refused as err:
                raise Refused("endorsement", *err.args) from None
            endorsements.append(e)
            pin = (e[1], e[5], e[6])
    return sets, names, endorsements

def parse_pin(s):
    m = re.fullmatch(r"([a-z0-9.-]+)/keys/([0-9]+)/([0-9a-f]{64})", s)
    if not m or not is_place(m[1]) or not is_count(m[2], 64):
        raise SystemExit(f"malformed pin {s!r}")
    return m[1], int(m[2]), bytes.fromhex(m[3])

def verify(data, pin, preimage=None):
    """Verifies a receipt and returns what it proves, or raises Refused."""
    r = decode(data, 1 << 20, RECEIPT, "receipt")  # 1. form
    log, chain = r[2], r[7]
    need(r[1] == 1, "version")
    need(is_log(log), "receipt", "log")
    place, _, epoch = log.partition("/log/")
    sets, names, endorsements = descend(pin, chain)  # 2. chain
    newest = sets[-1]
    need(names[-1] == place, "chain", "ends elsewhere")
    need(newest[2] == int(epoch), "epoch")
    size, root = check_note(r[5], log, newest)  # 3. checkpoint
    index = check_inclusion(r[4], r[3], size, root)  # 4. inclusion
    check_cose(r[6], r[4], root, newest)  # 5. COSE receipt
    h, evidence = read_leaf(r[3])  # 6. leaf
    signed, stated_type = evidence[0] >> 5 == 6, None
    if signed:
        commitment, stated_type = check_statement(evidence, log, h, sets)
    else:
        commitment = decode(evidence, 65535, hash32, "leaf")
    need(all(h[9] <= e[9] for e in endorsements), "endorsement-ended")
    proves = {
        "chain": " > ".join(names), "as_of": min((e[8] for e in endorsements), default=0),
        "entry": f"{log}/{index}", "size": size, "kind": h[1], "agency": h.get(2, ""), "code": h.get(3, ""),
        "seq": h[8], "time": h[9], "signed": signed, "content_type": "", "payload_hash": "",
    }
    if preimage is not None:  # 7. payload
        _, kind, payload = decode(preimage, 1 << 20, PREIMAGE, "payload")
        need(sha256(preimage) == commitment, "commitment")
        need(not signed or kind == stated_type, "content-type")
        proves.update(content_type=kind, payload_hash=sha256(payload).hex())
    return proves

def run_vectors(names):
    total = wrong = 0
    for v in (v for name in names for v in json.load(open(name, encoding="utf-8"))):
        preimage = base64.b64decode(v["preimage"]) if "preimage" in v else None
        try:
            got = verify(base64.b64decode(v["receipt"]), parse_pin(v["pin"]), preimage)
        except Refused as err:
            got = err.args[0]
        total += 1
        if got != v.get("reason", v.get("proves")):
            wrong += 1
            print(f"{v['name']}: got {got}, want {v.get('reason', v.get('proves'))}")
    print(f"{total - wrong} of {total} vectors as expected")
    return wrong == 0 and total > 0

# Excerpts.

EXCERPT = array(
    array(exactly(1), text(is_log), uint(), uint(1, 1 << 62), list_of(array(uint(), bstr(0, 1024))), any_bytes), hash32, signature64,
)

def read_excerpt(data, keys):
    """Verifies who signed an excerpt from entry 0 on, and returns the root that it gives."""
    excerpt, key, signature = decode(data, 20480, EXCERPT, "excerpt")
    need(key in keys, "excerpt-key")
    need(verifies(key, b"xietong/1 excerpt\n" + encode(excerpt), signature), "excerpt-signature")
    _, _, at, end, acts, hashes = excerpt
    need(at == 0 and end <= 16384, "excerpt", "of another range")
    edge = []  # the full subtrees at the right edge, as (how many leaves, hash)

    def add(width, h):
        nonlocal at
        at += width
        while edge and edge[-1][0] == width:
            width, h = 2 * width, sha256(b"\1" + edge.pop()[1] + h)
        edge.append((width, h))

    for index, leaf in acts + [[end, None]]:
        need(at <= index <= end and (leaf is None or index < end), "excerpt", "an act is elsewhere")
        while at < index:
            width = 1 << (index - at).bit_length() - 1
            while at % width:
                width >>= 1
            need(len(hashes) >= 32, "excerpt", "too few hashes")
            add(width, hashes[:32])
            hashes = hashes[32:]
        if leaf is not None:
            add(1, sha256(b"\0" + leaf))
    need(not hashes, "excerpt", "too many hashes")
    root = edge.pop()[1]
    while edge:
        root = sha256(b"\1" + edge.pop()[1] + root)
    return root

def run_excerpt(name):
    parts = {p["name"]: bytes.fromhex(p["hex"]) for p in json.load(open(name, encoding="utf-8")) if "hex" in p}
    data, keys = parts["excerpt-signed"], [parts["log-key-r1"], parts["log-key-r2"]]
    if read_excerpt(data, keys) != parts["root-7"]:
        print("the excerpt gives another root")
        return False
    taken = 0
    for i in range(len(data)):
        try:
            read_excerpt(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :], keys)
            taken += 1
            print(f"byte {i} changed: taken")
        except Refused:
            pass
    print("excerpt as expected")
    return taken == 0

def main(args):
    if args[:1] == ["--excerpt"] and len(args) == 2:
        return run_excerpt(args[1])
    if args[:1] == ["--vectors"]:
        return run_vectors(args[1:])
    if len(args) not in (2, 3):
        print(__doc__)
        return False
    receipt, *preimage = [open(name, "rb").read() for name in args[:1] + args[2:]]
    try:
        print(json.dumps(verify(receipt, parse_pin(args[1]), *preimage), ensure_ascii=False, indent=2))
    except Refused as err:
        print("refused:", *err.args)
        return False
    return True

if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
