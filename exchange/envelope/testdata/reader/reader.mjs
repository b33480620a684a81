// A second reader of messages, written from docs/message-format.md alone.
//
//   node reader.mjs --vectors DIRECTORY    reads accept.json and refuse.json and compares
//
import { createDecipheriv, createHash, createPublicKey, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { decode as decodeCBOR, encode as encodeCBOR, rfc8949EncodeOptions, Tagged, Tokenizer, Type } from "cborg";

class Refused extends Error {
  constructor(reason, why) {
    super(`${reason}: ${why}`);
    this.reason = reason;
  }
}

const need = (holds, reason, why = "") => {
  if (!holds) throw new Refused(reason, why);
};
const sha256 = (data) => createHash("sha256").update(data).digest();
const same = (a, b) => Buffer.compare(a, b) === 0;
const hex = (data) => Buffer.from(data).toString("hex");
const utf8 = (text) => Buffer.from(text, "utf8");

// Encoding: decode, encode again, compare.

// Texts decodes texts strictly; the library's own decoder replaces what is no UTF-8 and drops a byte order mark.
class Texts extends Tokenizer {
  next() {
    const token = super.next();
    if (Type.equals(token.type, Type.string)) {
      token.value = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(token.byteValue);
    }
    return token;
  }
}

const decodeOptions = {
  useMaps: true, strict: true, allowIndefinite: false, rejectDuplicateMapKeys: true, allowUndefined: false, allowBigInt: true,
  retainStringBytes: true, tags: Tagged.preserve(18),
};
const encode = (value) => encodeCBOR(value, rfc8949EncodeOptions);

// decode returns the value of the one encoding of a value that has the shape.
function decode(data, most, shape, reason) {
  need(data.length <= most, reason, `${data.length} bytes`);
  let value, again;
  try {
    value = decodeCBOR(data, { ...decodeOptions, tokenizer: new Texts(data, decodeOptions) });
    again = encode(value);
  } catch (err) {
    throw new Refused(reason, err.message);
  }
  need(same(again, data), reason, "another encoding of the same value");
  need(shape(value), reason, "another form");
  return value;
}

// Shapes: functions that say whether a decoded value has the form that the page gives.

const isInteger = (v) => typeof v === "bigint" || Number.isSafeInteger(v);
const uint = (least = 0n, most = (1n << 64n) - 1n) => (v) => isInteger(v) && least <= v && v <= most;
const bstr = (least = 0, most = 1 << 20) => (v) => v instanceof Uint8Array && least <= v.length && v.length <= most;
const tstr = (ok) => (v) => typeof v === "string" && ok(v);
const exactly = (...these) => (v) => isInteger(v) && these.includes(Number(v));
const array = (...shapes) => (v) => Array.isArray(v) && v.length === shapes.length && shapes.every((s, i) => s(v[i]));
const list = (shape, most) => (v) => Array.isArray(v) && v.length <= most && v.every((x) => shape(x));
const empty = (v) => v instanceof Map && v.size === 0;
const sign1 = (...shapes) => (v) => v instanceof Tagged && v.tag === 18 && array(...shapes)(v.value);
const fields = (needed, optional = {}) => (v) =>
  v instanceof Map && Object.keys(needed).every((k) => v.has(Number(k))) &&
  [...v].every(([k, x]) => Number.isInteger(k) && (needed[k] ?? optional[k])?.(x) === true);

const isLabel = (s) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(s);
const isPlace = (s) => s.length <= 200 && s.split(".").length <= 8 && s.split(".").every(isLabel);
const isCount = (s, most) => /^(0|[1-9][0-9]{0,19})$/.test(s) && BigInt(s) <= most;
const isEntry = (s) => {
  const [place, log, epoch, index, ...more] = s.split("/");
  return more.length === 0 && index !== undefined && log === "log" && isPlace(place) && epoch !== "0" &&
    isCount(epoch, (1n << 64n) - 1n) && isCount(index, (1n << 62n) - 1n);
};
const isUUIDv7 = (id) => id.length === 16 && id[6] >> 4 === 7 && id[8] >> 6 === 2;
const within = (least, most) => (s) => least <= utf8(s).length && utf8(s).length <= most;

const [label, place, entry, contentType] = [isLabel, isPlace, isEntry, within(1, 100)].map(tstr);
const anyBytes = bstr(), hash32 = bstr(32, 32);
const MINUTE = 60_000n, DAY = 1440n * MINUTE, END = 253402300799999n;

const oneOf = (...shapes) => (v) => shapes.some((s) => s(v));
const HOP = array(uint(0n, (1n << 32n) - 1n), uint(0n, 16n), bstr(16, 16), oneOf(bstr(0, 0), hash32));
const FRAME = array(uint(), HOP, anyBytes, anyBytes, anyBytes, anyBytes);
const OUTER = fields(
  { 1: (v) => bstr(16, 16)(v) && isUUIDv7(v), 2: exactly(1, 2, 3), 3: place, 4: place, 5: uint(1n, END), 6: uint(1n, END), 7: uint(1n, 1n << 20n) },
  { 8: hash32 },
);
const STATEMENT = sign1(anyBytes, (v) => v instanceof Map, hash32, bstr(64, 64));
const UNPROTECTED = { 1: empty, 2: fields({ 396: fields({ [-1]: (v) => array(anyBytes)(v) }) }) }; // by form
const INCLUSION = array(uint(), uint(), list(hash32, 1024));
const HEADER = fields({ 1: exactly(-8), 34: array(exactly(-16), hash32), 258: exactly(-16), 259: contentType, [-70001]: exactly(1, 2) });
const ENC = { true: oneOf(bstr(1120, 1120), hash32), false: bstr(0, 0) }; // encrypted or not
const CALL = fields({ 1: label, 7: anyBytes }, {
  2: label, 3: bstr(1, 32), 4: label, 5: entry, 6: entry, 8: array(uint(1n), hash32),
});
const PROBLEM = array(uint(1n, 65535n), list(tstr(within(0, 1024)), 16));
const REPLY = fields({ 1: hash32 }, { 2: PROBLEM, 3: bstr(1), 4: entry });
const KEY_SET = fields({ 1: place, 4: list(fields({ 3: anyBytes }, { 1: () => true, 2: anyBytes, 4: anyBytes }), 9), 8: hash32 }, {
  2: uint(), 3: uint(), 5: anyBytes, 6: hash32, 7: (v) => v === true,
});

const TYPES = {
  1: "application/vnd.xietong.request+cbor", 2: "application/vnd.xietong.answer+cbor", 3: "application/vnd.xietong.request+cbor",
};

// The steps of the page.

// open reads a frame as far as every hop does.
function open(frame) {
  const [version, hop, outer, statement, enc, body] = decode(frame, 1 << 20, FRAME, "frame");
  need(BigInt(version) === 1n, "version", version);
  const h = decode(outer, 1024, OUTER, "outer");
  const federated = Number(h.get(2)) === 3;
  need(Number(h.get(2)) !== 1 || h.get(3) !== h.get(4), "outer", "to its origin");
  need(!federated || !h.has(8), "outer", "encrypted");
  const life = BigInt(h.get(6)) - BigInt(h.get(5));
  need(0n < life && life <= 30n * DAY, "outer", `a life of ${life} ms`);
  need(!h.has(8) || padded(Number(h.get(7))) === Number(h.get(7)), "outer", "no size of an encrypted body");
  need(Number(h.get(7)) === body.length, "size", body.length);
  need(ENC[h.has(8)](enc), "encapsulation", enc.length);
  return { hop, outer, statement, enc, body, h, hash: sha256(encode([outer, statement])) };
}

// padded returns the least size of an encrypted body that needs n bytes.
function padded(n) {
  if (n <= 256) return 256;
  const step = 2 ** (Math.floor(Math.log2(n - 1)) - 3);
  return Math.ceil(n / step) * step;
}

function decodeStatement(statement) {
  const [protectedHeader, unprotected, payload, signature] = decode(statement, 1024, STATEMENT, "statement").value;
  const header = decode(protectedHeader, 1024, HEADER, "statement");
  const form = Number(header.get(-70001));
  need(UNPROTECTED[form](unprotected), "statement", "unprotected header");
  if (form === 1) return { protectedHeader, header, payload, signature };
  const [count, index, path] = decode(unprotected.get(396).get(-1)[0], 1024, INCLUSION, "statement");
  need(2 <= count && count <= 1024 && index < count, "path", `leaf ${index} of ${count}`);
  need(climb(Buffer.alloc(32), Number(index), Number(count), path), "path", "its length");
  return { protectedHeader, header, payload, signature, proof: { count: Number(count), index: Number(index), path } };
}

// climb returns the root that a path leads to, or nothing if the path has another length (RFC 9162 §2.1.3.2).
function climb(leaf, index, count, path) {
  let [at, last, root] = [index, count - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      root = sha256(Buffer.concat([Buffer.from([1]), sibling, root]));
      while (at % 2 === 0 && at !== 0) [at, last] = [at >> 1, last >> 1];
    } else {
      root = sha256(Buffer.concat([Buffer.from([1]), root, sibling]));
    }
    [at, last] = [at >> 1, last >> 1];
  }
  return last === 0 ? root : undefined;
}

// signed returns the bytes that the signature covers.
function signed(s, outer) {
  const message = encode(["Signature1", s.protectedHeader, encode(["xietong/1 message", outer]), s.payload]);
  if (!s.proof) return message;
  const leaf = sha256(Buffer.concat([Buffer.from([0]), message]));
  return encode(["xietong/1 batch", climb(leaf, s.proof.index, s.proof.count, s.proof.path), s.proof.count]);
}

// signingKey finds the certificate; sets are decoded key sets of the origin.
function signingKey(hash, sets, h) {
  need(sets.every((set) => set.get(1) === h.get(3)), "unknown-key", "a key set of another place");
  const listed = sets.flatMap((set) => set.get(4)).map((replica) => replica.get(3)).find((der) => same(sha256(der), hash));
  need(listed, "unknown-key", "not listed");
  const cert = new X509Certificate(listed);
  need(cert.publicKey.asymmetricKeyType === "ed25519", "unknown-key", "not Ed25519");
  const [first, last] = [cert.validFrom, cert.validTo].map((date) => BigInt(Date.parse(date)));
  const issued = BigInt(h.get(5));
  need(first <= issued && issued <= last, "certificate-time", `${cert.validFrom} to ${cert.validTo}`);
  return cert.publicKey;
}

const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

async function decrypt(m, seeds, holds) {
  const enc = m.enc.length === 32 ? holds.find((e) => e.origin === m.h.get(3) && same(sha256(e.enc), m.enc))?.enc : m.enc;
  need(enc, "unknown-encapsulation");
  const key = seeds.find((s) => same(s.hash, m.h.get(8)));
  need(key, "decryption", "not our key");
  try {
    const info = utf8("xietong/1 body");
    const context = await suite.createRecipientContext({ recipientKey: key.privateKey, enc, info });
    const secret = await context.export(Buffer.concat([info, m.h.get(1), m.hash]), 32);
    const gcm = createDecipheriv("aes-256-gcm", Buffer.from(secret), Buffer.alloc(12), { authTagLength: 16 });
    gcm.setAAD(sha256(m.outer)).setAuthTag(m.body.subarray(-16));
    return Buffer.concat([gcm.update(m.body.subarray(0, -16)), gcm.final()]);
  } catch (err) {
    throw new Refused("decryption", err.message);
  }
}

// takeApart returns salt and content of a plaintext.
function takeApart(plain, encrypted) {
  need(plain.length >= 36, "body", "too short");
  const n = Buffer.from(plain).readUInt32BE(32), end = 36 + n;
  need(n <= 786432 && end <= plain.length, "body", "its length");
  need(plain.length === (encrypted ? padded(end + 16) - 16 : end), "padding", "its length");
  need(plain.subarray(end).every((b) => b === 0), "padding", "not zero");
  return [plain.subarray(0, 32), plain.subarray(36, end)];
}

function readCall(content) {
  const c = decode(content, 786432, CALL, "request");
  const text = (key) => c.get(key) ?? "";
  return {
    operation: text(1), agency: text(2), person: hex(c.get(3) ?? []), purpose: text(4), grant: text(5), case: text(6),
    parameters: hex(sha256(c.get(7))), ...(c.has(8) ? { agencies: `${c.get(8)[0]}/${hex(c.get(8)[1])}` } : {}),
  };
}

function readReply(content, request) {
  const r = decode(content, 786432, REPLY, "answer");
  need(!r.has(2) || !(r.has(3) || r.has(4)), "answer", "a problem comes alone");
  need(hex(r.get(1)) === request, "other-request");
  const [code, args] = r.get(2) ?? [0, []];
  return { to: request, code: Number(code), args, result: r.has(3) ? hex(sha256(r.get(3))) : "", entry: r.get(4) ?? "" };
}

// read verifies a frame for the reader of a vector and returns what it says, or throws Refused.
async function read(frame, { reader, at, sets, seeds, holds, request }) {
  const m = open(frame), { h, hop } = m; // 1. form
  need(h.get(4) === reader || Number(h.get(2)) === 3 && reader.endsWith("." + h.get(4)), "destination"); // 2. destination
  need(BigInt(at) <= h.get(6), "expired"); // 3. time
  need(BigInt(h.get(5)) <= BigInt(at) + 5n * MINUTE, "future");
  const s = decodeStatement(m.statement); // 4. statement
  const key = signingKey(s.header.get(34)[1], sets, h); // 5. key
  need(verify(null, signed(s, m.outer), key, s.signature), "signature"); // 6. signature
  const plain = h.has(8) ? await decrypt(m, seeds, holds) : m.body; // 7. decryption
  const [salt, content] = takeApart(plain, h.has(8)); // 8. preimage
  const type = s.header.get(259);
  need(same(sha256(encode([salt, type, content])), s.payload), "commitment");
  need(type === TYPES[h.get(2)], "content-type", type);
  const id = hex(h.get(1)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const says = {
    id, kind: Number(h.get(2)), origin: h.get(3), destination: h.get(4), issued: Number(h.get(5)), expires: Number(h.get(6)),
    encrypted: h.has(8), remaining: Number(hop[0]), hops: Number(hop[1]), trace: hex(hop[2]), held: hex(hop[3]),
    hash: hex(m.hash),
  };
  return says.kind !== 2 ? { ...says, call: readCall(content) } : { ...says, reply: readReply(content, request) }; // 9. content
}

// Vectors.

const readJSON = (name) => JSON.parse(readFileSync(name, "utf8"));

async function keyOf(seed) {
  const pair = await suite.kem.generateKeyPairDerand(new Uint8Array(seed));
  return { privateKey: pair.privateKey, hash: sha256(new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey))) };
}

function frameOf(v) {
  const frame = Buffer.from(v.frame, "base64");
  const [at, count] = v.fill ?? [0, 0];
  return Buffer.concat([frame.subarray(0, at), Buffer.alloc(count), frame.subarray(at)]);
}

async function runVectors(directory) {
  const parts = new Map(readJSON(join(directory, "parts.json")).map((p) => [p.name, Buffer.from(p.hex, "hex")]));
  const known = new Map(); // decryption keys by name; each is costly to make
  let total = 0, wrong = 0;
  for (const v of ["accept.json", "refuse.json"].flatMap((name) => readJSON(join(directory, name)))) {
    const sets = v.key_sets.map((name) => decode(parts.get(name), 65536, KEY_SET, "key set"));
    const seeds = [];
    for (const name of v.seeds ?? []) {
      if (!known.has(name)) known.set(name, await keyOf(parts.get(name)));
      seeds.push(known.get(name));
    }
    const holds = (v.holds ?? []).map(([origin, name]) => ({ origin, enc: parts.get(name) }));
    let got;
    try {
      got = JSON.stringify(await read(frameOf(v), { ...v, sets, seeds, holds }));
    } catch (err) {
      if (!(err instanceof Refused)) throw err;
      got = err.reason;
    }
    const want = v.reason ?? JSON.stringify(v.says);
    total++;
    if (got !== want) {
      wrong++;
      console.log(`${v.name}: got ${got}, want ${want}`);
    }
  }
  console.log(`${total - wrong} of ${total} vectors as expected`);
  return total > 0 && wrong === 0;
}

const [option, directory] = process.argv.slice(2);
if (option !== "--vectors" || !directory) {
  console.log("node reader.mjs --vectors DIRECTORY");
  process.exitCode = 2;
} else {
  process.exitCode = (await runVectors(directory)) ? 0 : 1;
}
