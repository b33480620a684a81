package envelope

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// query is the call of most vectors.
func query() Call {
	return Call{
		Operation: labelOf("query"), Agency: labelOf("civil-affairs"), Person: seed("person")[:16], Purpose: labelOf("social-aid"),
		Grant: entryOf("nanming.guiyang.guizhou/log/1/7"), Parameters: []byte(village),
	}
}

// calling is a request of one place to another.
func calling(name, why string, from, to *place, c Call) recipe {
	r := message(name, why, from, to, Request, must(c.Encode()))
	r.call = &c
	return r
}

// request is the request of the city to the county; the answers are to it.
func (w *world) request() recipe {
	return calling("request", "a call, not encrypted", w.city, w.county, query())
}

// answering is an answer of the county to request.
func (w *world) answering(name, why string, reply Reply) recipe {
	hash := must(Decode(w.request().frame())).Hash()
	reply.To = hash[:]
	r := message(name, why, w.county, w.city, Answer, must(reply.Encode()))
	r.reply, r.request = &reply, hex.EncodeToString(hash[:])
	return r
}

// smallest is the message in the package comment.
func (w *world) smallest() recipe {
	r := calling("smallest", "as short as a message can be", w.small, w.top, Call{Operation: labelOf("q"), Parameters: []byte{}})
	r.hop = hopWire{Trace: make([]byte, TraceLen), Held: []byte{}}
	return r
}

func (w *world) encrypted() recipe {
	r := calling("encrypted", "a call, encrypted to the county's newest key", w.city, w.county, query())
	r.to = w.county.to[1]
	return r
}

// byReference is encrypted, for a reader that holds the encapsulation.
func (w *world) byReference() recipe {
	r := w.encrypted()
	r.name, r.why = "encrypted-by-reference", "the message encrypted, with the hash of the encapsulation, which the reader holds"
	r.byReference, r.holds = true, []hold{{r.outer.Origin.String(), "enc"}}
	return r
}

// federated is a request of the city to itself and all below it, read by the county.
func (w *world) federated() recipe {
	r := message("federated", "a federated request to everybody below its origin", w.city, w.city, Federated, must(query().Encode()))
	r.call, r.reader, r.seeds = ptr(query()), w.county.name, nil
	return r
}

// answerToItself is the county's answer to its own federated request, for its parent to read.
func (w *world) answerToItself() recipe {
	r := w.answering("answer-to-itself", "an answer of the asker of a federated request", Reply{Result: []byte("counted")})
	r.outer.Origin, r.outer.Destination, r.reader = w.county.name, w.county.name, w.county.name
	return r
}

func ptr[T any](v T) *T { return &v }

func (w *world) problem() recipe {
	return w.answering("answer-problem", "a refusal with a value", Reply{Problem: &Problem{Code: 24, Args: []string{"household-register"}}})
}

func (w *world) answered() recipe {
	return w.answering("answer", "a result, recorded as an entry",
		Reply{Result: []byte(`{"name":"` + "\u7eaa\u5ff5\u5854" + `"}`), Entry: entryOf("nanming.guiyang.guizhou/log/1/8")})
}

// accepted are the vectors that every reader accepts.
func (w *world) accepted() []recipe {
	return slices.Concat([]recipe{w.smallest(), w.request(), w.encrypted(), w.byReference(), w.answered(), w.problem(), w.federated(), w.answerToItself()},
		w.acceptedContents(), w.acceptedSizes(), w.acceptedBatches(), w.acceptedHops(), w.acceptedTimes(), w.acceptedKeys())
}

func (w *world) acceptedContents() []recipe {
	full := query()
	full.Person, full.Case = seed("person"), entryOf("guiyang.guizhou/log/3/4611686018427387903")
	full.Agencies = &AgencyList{Number: 7, Hash: seed("agencies")}
	most := Call{Operation: labelOf("query"), Parameters: make([]byte, MaxContent-len("\xa2\x01\x65query\x07\x5a....."))}
	most.Parameters = append(most.Parameters, 1)
	r := calling("most-content", "a content of 786,432 bytes", w.city, w.county, most)
	r.fill = len(most.Parameters) - 1
	answer := func(name, why string, reply Reply) recipe { return w.answering(name, why, reply) }
	encrypted := answer("answer-encrypted", "a result, encrypted to the city", Reply{Result: []byte("found")})
	encrypted.to = w.city.to[1]
	secret := answer("answer-problem-encrypted", "a refusal, encrypted to the city", Reply{Problem: &Problem{Code: 31, Args: []string{}}})
	secret.to = w.city.to[1]
	return []recipe{
		calling("request-full", "all fields of a call, the person at its longest and the case at the last index", w.city, w.county, full),
		calling("longest-names", "names of 200 bytes: the longest outer header", w.long, w.longer, Call{
			Operation: labelOf(strings.Repeat("q", 63)), Parameters: []byte{},
		}),
		r,
		answer("answer-empty", "neither a result nor an entry: an empty result is left out", Reply{}),
		answer("answer-entry", "an entry without a result", Reply{Entry: entryOf("nanming.guiyang.guizhou/log/1/0")}),
		encrypted,
		answer("problem-no-values", "a refusal without values, of the highest code", Reply{Problem: &Problem{Code: 65535, Args: []string{}}}),
		answer("problem-16-values", "as many values as may be, the longest, an empty one, and Chinese", Reply{Problem: &Problem{
			Code: 1, Args: append(slices.Repeat([]string{"\u53bf"}, 14), strings.Repeat("v", 1024), ""),
		}}),
		secret,
		answer("byte-order-mark", "a value that begins with U+FEFF, which some decoders drop", Reply{Problem: &Problem{
			Code: 1, Args: []string{"\ufeff\u53bf"},
		}}),
	}
}

// member is a request that is signed with two others.
func (w *world) member() recipe {
	r := calling("batch", "signed in a batch of three, as the last of them", w.city, w.county, query())
	r.inBatch(newBatch(3, 2))
	return r
}

func (w *world) acceptedBatches() []recipe {
	in := func(name, why string, count, index uint64) recipe {
		r := calling(name, why, w.city, w.county, query())
		r.to = w.county.to[1]
		r.inBatch(newBatch(count, index))
		return r
	}
	answer := w.answering("batch-answer", "an answer, signed in a batch", Reply{Result: []byte("found")})
	answer.inBatch(newBatch(5, 3))
	return []recipe{
		w.member(), answer,
		in("batch-two", "the smallest batch", 2, 0),
		in("batch-odd", "the fifth of seven, encrypted", 7, 4),
		in("batch-last", "the last of 1,024", 1024, 1023),
		in("batch-uneven", "the last of 1,023, encrypted", 1023, 1022),
		in("batch-short-path", "the last of 513, whose path is one hash", 513, 512),
	}
}

// acceptedSizes fill a bucket to the last byte, need one byte more, and go to the end of the sizes.
func (w *world) acceptedSizes() []recipe {
	sized := func(name, why string, content int) recipe {
		c := Call{Operation: labelOf("query"), Parameters: make([]byte, content)}
		for len(must(c.Encode())) > content {
			c.Parameters = c.Parameters[1:]
		}
		r := calling(name, why, w.city, w.county, c)
		r.to = w.county.to[1]
		return r
	}
	return []recipe{
		sized("size-256", "a body of 256 bytes without padding", 256-headLen-tagLen),
		sized("size-288", "one byte more: a body of 288 bytes", 256-headLen-tagLen+1),
		sized("size-512", "a body of 512 bytes without padding", 512-headLen-tagLen),
		sized("size-576", "one byte more: a body of 576 bytes", 512-headLen-tagLen+1),
	}
}

func (w *world) acceptedHops() []recipe {
	hop := func(name, why string, hop hopWire) recipe {
		r := w.encrypted()
		r.name, r.why, r.hop = name, why, hop
		return r
	}
	return []recipe{
		hop("hop-later", "the message encrypted, one hop later", hopWire{Remaining: 4800, Hops: 7, Trace: w.encrypted().hop.Trace, Held: []byte{}}),
		hop("hop-lowest", "the message encrypted, nothing left in its hop header", hopWire{Trace: make([]byte, TraceLen), Held: []byte{}}),
		hop("hop-highest", "the message encrypted, the most in its hop header", hopWire{
			Remaining: 1<<32 - 1, Hops: MaxHops, Trace: bytes.Repeat([]byte{0xff}, TraceLen), Held: bytes.Repeat([]byte{0xff}, hashLen),
		}),
	}
}

func (w *world) acceptedTimes() []recipe {
	at := func(name, why string, at uint64) recipe {
		r := w.request()
		r.name, r.why, r.at = name, why, at
		return r
	}
	lasting := func(name, why string, from *place, issued, expires, at uint64) recipe {
		r := calling(name, why, from, w.county, query())
		r.outer.Issued, r.outer.Expires, r.at = issued, expires, at
		return r
	}
	base := w.request().outer
	first, last := uint64(now.Add(-time.Hour).UnixMilli()), uint64(now.AddDate(1, 0, 0).UnixMilli())
	return []recipe{
		at("last-moment", "read at the very end", base.Expires),
		at("clock-ahead", "issued five minutes ahead of the reader's clock", base.Issued-300000),
		lasting("thirty-days", "the longest life", w.city, base.Issued, base.Issued+2592000000, base.Issued+2592000000),
		lasting("one-millisecond", "the shortest life", w.city, base.Issued, base.Issued+1, base.Issued+1),
		lasting("certificate-first", "issued in the first millisecond of its certificate", w.city, first, base.Expires, base.Issued),
		lasting("certificate-last", "issued in the last second of its certificate, read after it", w.city, last, last+60000, last+60000),
		lasting("year-9999", "the last millisecond that can be written", w.far, maxTime-999, maxTime, maxTime),
	}
}

func (w *world) acceptedKeys() []recipe {
	newest := calling("newest-key-set", "signed with the certificate of number 2", w.city, w.county, query())
	newest.sign(w.city.by[1])
	known := calling("one-key-set", "signed with the certificate of number 1, of which the reader knows no more", w.city, w.county, query())
	known.sets, known.keySets = known.sets[:1], known.keySets[:1]
	before := calling("decryption-key-before", "encrypted to the key of number 1, which the reader still has", w.city, w.county, query())
	before.to = w.county.to[0]
	held := calling("held-and-whole", "the whole encapsulation, which the reader holds already", w.city, w.county, query())
	held.to, held.holds = w.county.to[1], []hold{{w.city.name.String(), "enc"}}
	again := calling("same-encapsulation", "another message under the encapsulation of the message encrypted", w.city, w.county, query())
	again.to = w.county.to[1]
	one := calling("one-decryption-key", "the reader has no key but the one it is encrypted to", w.city, w.county, query())
	one.to, one.seeds = w.county.to[1], one.seeds[1:]
	return []recipe{newest, known, before, again, held, one}
}
