package ledger

import (
	"bytes"
	"encoding/hex"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// superior is a jurisdiction above the vectors' own: one replica, and a log of its key set and one
// endorsement.
type superior struct {
	by     testSigner
	set    trust.KeySet
	signed []byte
	grown
	preimage []byte // of the endorsement
}

// newSuperior makes the superior of the given name, which endorses e.
func newSuperior(name string, e trust.Endorsement) *superior {
	s := &superior{}
	j := must(identity.ParseJurisdiction(name))
	var keys trust.ReplicaKeys
	s.by, keys = vectorSigner(name, name+" ", 1)
	s.set = trust.KeySet{Name: j, Epoch: 1, Number: 1, Replicas: []trust.ReplicaKeys{keys}, DecryptionKey: []byte("in place of 1216 bytes"), RecoveryKey: vectorPaper(name)}
	s.signed = signSet(s.set, s.by)
	s.endorse(headOf(e), trust.EndorsementType, must(e.Encode()))
	return s
}

// headOf returns the head of an endorsement.
func headOf(e trust.Endorsement) (h Head) {
	h.Kind, h.To = KindEndorsement, e.Number
	copy(h.Root[:], e.Hash)
	return h
}

// endorse makes the log anew: the key set, and at index 1 an entry of the given head, type and
// payload.
func (s *superior) endorse(stated Head, contentType string, payload []byte) {
	s.grown = grown{log: must(identity.NewLog(s.set.Name, 1)), tiles: memTiles{}}
	var hashes []tlog.Hash
	for n, p := range []Preimage{
		{Salt: seed("salt 0"), ContentType: "application/cbor", Payload: s.signed},
		{Salt: seed("salt 1"), ContentType: contentType, Payload: payload},
	} {
		s.preimage = must(p.Encode())
		head := []Head{{Kind: KindKeySet}, stated}[n]
		head.Seq, head.Time = uint64(n+1), uint64(then.UnixMilli())
		leaf := must(Leaf{head, PlainEvidence(Commit(s.preimage))}.Encode())
		s.leaves, hashes = append(s.leaves, leaf), append(hashes, LeafHash(leaf))
	}
	for id, tile := range must(Append(0, hashes, s.tiles)).Tiles {
		s.tiles[id] = tile
	}
}

func (s *superior) proof() []byte {
	return must(ProveEndorsement(s.leaves[1], s.preimage, 1, s.checkpoint(), s.note(s.by), s.tiles))
}

func (s *superior) level() trust.Level {
	return trust.Level{KeySets: [][]byte{s.signed}, Endorsement: s.proof()}
}

// endorsementOf returns the endorsement of a key set by its superior, issued when the log begins.
func endorsementOf(k trust.KeySet, code, level, display string) trust.Endorsement {
	hash := k.Hash()
	return trust.Endorsement{
		Child: k.Name, Code: code, Level: level, DisplayName: display, Number: k.Number, Hash: hash[:], Epoch: k.Epoch,
		Issued: uint64(then.UnixMilli()), NotAfter: uint64(then.Add(trust.EndorsementTerm).UnixMilli()),
	}
}

// superiors returns guiyang.guizhou, which endorses the vectors' own jurisdiction, and guizhou,
// which endorses guiyang.guizhou.
func (w *world) superiors() (city, province *superior) {
	city = newSuperior("guiyang.guizhou", endorsementOf(w.one, "520102", "county", "南明区"))
	province = newSuperior("guizhou", endorsementOf(city.set, "520100", "prefecture", "贵阳市"))
	return city, province
}

func (w *world) own() trust.Level { return trust.Level{KeySets: [][]byte{w.signed1}} }

// chained returns the receipt of the act at index 1 of 2 entries with another chain.
func (w *world) chained(chain ...trust.Level) []byte {
	g := w.tree(w.leaves[:2]...)
	return must(Issue(g.leaves[1], 1, g.checkpoint(), g.note(w.by[0]), g.tiles, chain, w.by[0]))
}

func (w *world) acceptedChains() []vector {
	city, province := w.superiors()
	base := w.accepted()[2]
	var all []vector
	add := func(name, why, chain string, pin trust.Pin, levels ...trust.Level) {
		v, proves := base, *base.Proves
		proves.Chain, proves.AsOf = chain, uint64(then.UnixMilli())
		v.Name, v.Why, v.Pin, v.Receipt, v.Proves = name, why, pin.String(), w.chained(levels...), &proves
		all = append(all, v)
	}
	add("chain-2", "pinned at the city", "guiyang.guizhou > "+place, city.set.Pin(), city.level(), w.own())
	add("chain-3", "pinned at the province", "guizhou > guiyang.guizhou > "+place, province.set.Pin(), province.level(), city.level(), w.own())
	// The city endorses number 2; the act was signed under number 1 alone.
	two := after(w.one, w.keys[:1])
	two.Replicas = slices.Clone(two.Replicas)
	two.Replicas[0].SigningCert = w.keys[1].SigningCert
	renewed := newSuperior("guiyang.guizhou", endorsementOf(two, "520102", "county", "南明区"))
	add("chain-renewed", "the city endorses number 2, the act's certificate stands in number 1 alone", "guiyang.guizhou > "+place,
		renewed.set.Pin(), renewed.level(), trust.Level{KeySets: [][]byte{w.signed1, signSet(two, w.by[0])}})
	return all
}

// chainParts returns the pieces of chain-2.
func (w *world) chainParts() []part {
	city, _ := w.superiors()
	var all []part
	add := func(name, what string, data []byte) {
		all = append(all, part{Name: name, What: what, Hex: hex.EncodeToString(data)})
	}
	p := unmarshal[endorsementProof](city.proof())
	add("endorsement", "endorsement of nanming.guiyang.guizhou by its city", must(DecodePreimage(city.preimage)).Payload)
	add("preimage-endorsement", "preimage of entry 1 of the city's log", city.preimage)
	add("leaf-endorsement", "leaf of entry 1 of the city's log", city.leaves[1])
	add("proof-endorsement", "inclusion proof of entry 1 in 2", p.Proof)
	all = append(all, part{Name: "checkpoint-city", What: "checkpoint of the city's 2 entries", Text: string(p.Note)})
	add("endorsement-proof", "proof of the endorsement", city.proof())
	return all
}

// endorsements adds chains whose endorsement does not hold, pinned at the city unless said
// otherwise.
func (b *refuser) endorsements() {
	city, province := b.superiors()
	good := endorsementOf(b.one, "520102", "county", "南明区")
	add := func(name, reason, why string, pin trust.Pin, chain ...trust.Level) {
		b.raw(name, reason, why, b.chained(chain...))
		b.all[len(b.all)-1].Pin = pin.String()
	}
	under := func(name, reason, why string, s *superior) {
		add(name, reason, why, city.set.Pin(), s.level(), b.own())
	}
	says := func(name, reason, why string, change func(*trust.Endorsement)) {
		e, s := good, *city
		change(&e)
		s.endorse(headOf(e), trust.EndorsementType, mustEncode(e)) // not e.Encode, which refuses some
		under(name, reason, why, &s)
	}
	says("endorsed-other-keys", "pin", "the city endorses another key set", func(e *trust.Endorsement) { e.Hash = seed("other") })
	says("endorsed-number", "pin", "the city endorses number 2, the level ends with number 1", func(e *trust.Endorsement) { e.Number = 2 })
	says("endorsed-sibling", "pin", "the city endorses 云岩区, the level is of 南明区", func(e *trust.Endorsement) {
		e.Child = must(identity.ParseJurisdiction("yunyan.guiyang.guizhou"))
	})
	says("endorsed-grandchild", "endorsement", "the city endorses who is not its child", func(e *trust.Endorsement) {
		e.Child = must(identity.ParseJurisdiction("zhongnan.nanming.guiyang.guizhou"))
	})
	says("endorsed-self", "endorsement", "the city endorses itself", func(e *trust.Endorsement) { e.Child = city.set.Name })
	says("endorsed-root", "endorsement", "a name without a parent", func(e *trust.Endorsement) { e.Child = province.set.Name })
	says("endorsed-epoch", "endorsement", "the city endorses epoch 2, the key set is of epoch 1", func(e *trust.Endorsement) { e.Epoch = 2 })
	two := after(b.one, b.keys[:1])
	two.Epoch = 2
	add("endorsed-epoch-after", "endorsement", "the city endorses number 1 of epoch 1, and number 2, which nobody endorsed, opens epoch 2", city.set.Pin(),
		city.level(), trust.Level{KeySets: [][]byte{b.signed1, signSet(two, b.by[0])}})
	says("endorsed-long", "endorsement", "a term of 30 days and 1 ms", func(e *trust.Endorsement) { e.NotAfter++ })
	says("endorsed-backwards", "endorsement", "it ends when it begins", func(e *trust.Endorsement) { e.NotAfter = e.Issued })
	says("endorsed-short-hash", "endorsement", "a hash of 31 bytes", func(e *trust.Endorsement) { e.Hash = e.Hash[1:] })
	says("endorsed-nameless", "endorsement", "no display name", func(e *trust.Endorsement) { e.DisplayName = "" })
	says("endorsement-ended", "endorsement-ended", "the act was recorded 1 ms after the end", func(e *trust.Endorsement) {
		e.NotAfter = uint64(then.UnixMilli())
		e.Issued = uint64(then.Add(-time.Hour).UnixMilli())
	})
	b.proofsOfEndorsement(city, good, under)
	b.shapesOfChain(city, province, add)
}

// proofsOfEndorsement adds proofs that do not prove the endorsement.
func (b *refuser) proofsOfEndorsement(city *superior, good trust.Endorsement, under func(name, reason, why string, s *superior)) {
	entry := func(name, why string, kind Kind, contentType string, payload []byte) {
		s, head := *city, headOf(good)
		head.Kind = kind
		s.endorse(head, contentType, payload)
		under(name, "endorsement", why, &s)
	}
	head := func(name, why string, change func(*Head)) {
		s, head := *city, headOf(good)
		change(&head)
		s.endorse(head, trust.EndorsementType, must(good.Encode()))
		under(name, "endorsement", why, &s)
	}
	head("endorsement-head", "the head names no key set", func(h *Head) { h.To, h.Root = 0, tlog.Hash{} })
	head("endorsement-head-number", "the head names another number", func(h *Head) { h.To++ })
	head("endorsement-head-hash", "the head names another key set", func(h *Head) { h.Root[31] ^= 1 })
	entry("endorsement-kind", "the entry is a record with the text of an endorsement", KindRecord, trust.EndorsementType, must(good.Encode()))
	entry("endorsement-type", "another content type", KindEndorsement, "application/cbor", must(good.Encode()))
	entry("endorsement-garbage", "the payload is no endorsement", KindEndorsement, trust.EndorsementType, []byte{0xa0})
	proof := func(name, why string, change func(*endorsementProof)) {
		p := unmarshal[endorsementProof](city.proof())
		change(&p)
		b.raw(name, "endorsement", why, b.chained(trust.Level{KeySets: [][]byte{city.signed}, Endorsement: mustEncode(p)}, b.own()))
		b.all[len(b.all)-1].Pin = city.set.Pin().String()
	}
	other := newSuperior("zunyi.guizhou", good)
	proof("endorsement-log", "the log of another city", func(p *endorsementProof) { p.Log = other.log })
	proof("endorsement-note", "the checkpoint of another city", func(p *endorsementProof) { p.Note = other.note(other.by) })
	proof("endorsement-signer", "the city's checkpoint, signed by a key of another city", func(p *endorsementProof) { p.Note = city.note(other.by) })
	proof("endorsement-path", "another path", func(p *endorsementProof) { p.Proof = must(encodeInclusion(0, 2, city.tiles)) })
	proof("endorsement-leaf", "one bit of the leaf", func(p *endorsementProof) { p.Leaf = flip(p.Leaf, p.Leaf, 9) })
	proof("endorsement-payload", "one bit of the payload", func(p *endorsementProof) { p.Preimage = flip(p.Preimage, []byte("520102"), 5) })
	proof("endorsement-null", "null in place of the preimage", func(p *endorsementProof) { p.Preimage = nil })
}

// shapesOfChain adds chains of levels that do not belong together.
func (b *refuser) shapesOfChain(city, province *superior, add func(name, reason, why string, pin trust.Pin, chain ...trust.Level)) {
	garbage := trust.Level{KeySets: [][]byte{city.signed}, Endorsement: []byte{1}}
	bare := trust.Level{KeySets: [][]byte{city.signed}}
	add("endorsement-form", "endorsement", "an endorsement that is no proof", city.set.Pin(), garbage, b.own())
	add("chain-skips", "endorsement", "the province's level bears the city's endorsement", province.set.Pin(),
		trust.Level{KeySets: [][]byte{province.signed}, Endorsement: city.proof()}, b.own())
	add("chain-from-below", "pin", "pinned at the province, the chain begins with the city", province.set.Pin(), city.level(), b.own())
	add("chain-ends-above", "chain", "the chain ends with the city, the log is the county's", province.set.Pin(), province.level(), bare)
	add("chain-not-ended", "chain", "the last level bears an endorsement", province.set.Pin(), province.level(), city.level())
	add("chain-too-long", "chain", "nine levels", city.set.Pin(), slices.Repeat([]trust.Level{city.level()}, 9)...)
	base := b.chained(city.level(), b.own())
	b.raw("chain-flip-signature", "endorsement", "one bit of the signature of the city's checkpoint", flip(base, bytes.TrimSpace(city.note(city.by)), len(city.note(city.by))-20))
	b.all[len(b.all)-1].Pin = city.set.Pin().String()
}
