package selfcheck

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/operation"
	"xietong/node/tree/breaks"
	"xietong/node/tree/chains"
)

const (
	within = 20 * time.Second // for one answer
	// mostDrawn is how many are drawn in one round, until one of them answers: of those whom the
	// roster lists, most may not have joined yet.
	mostDrawn = 8
)

// evidence is what an answer proves to a third party: see the package comment.
type evidence struct {
	_        struct{} `cbor:",toarray"`
	Signed   []byte
	Preimage []byte
}

// maxPreimage is more than the bytes of any answer that is none of a liar.
const maxPreimage = 2 << 10

// evident returns the evidence of an answer. What is longer than it may be is left out: the
// signature proves enough.
func evident(signed, preimage []byte) []byte {
	if len(preimage) > maxPreimage {
		preimage = nil
	}
	data, err := canon.Marshal(evidence{Signed: signed, Preimage: append([]byte{}, preimage...)})
	if err != nil {
		panic(err) // byte strings always have an encoding
	}
	return data
}

// asking brings back an answer with its evidence. It sends the call as the node's own, of no
// agency.
type asking struct {
	operation.Caller
	asker  Asker
	answer relay.Answer
}

func (a *asking) Read(ctx context.Context, to operation.Asking, call envelope.Call) (result []byte, err error) {
	a.answer, err = a.asker.Ask(ctx, to.ID, to.To, call)
	return a.answer.Content, err
}

// ask asks one jurisdiction which key set it believes for this one.
func (d *Desk) ask(ctx context.Context, who identity.Jurisdiction, r Relation) (Asking, error) {
	a := Asking{Who: who, Relation: r, At: d.o.Now()}
	id, err := identity.NewMessage()
	if err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	up, call := d.o.Up(), &asking{asker: d.o.Asker}
	a.Belief, err = operationBelieved.Read(ctx, call, operation.Asking{ID: id, To: who}, wanted{d.name})
	switch {
	case err == nil && a.Belief.Name == d.name:
		a.Kind, a.Evidence = Named, evident(call.answer.Evidence, call.answer.Preimage)
		return a, nil
	case err == nil:
		err = failure.Unreadable(who, errors.New("about another"))
	}
	a.Belief, a.Kind, a.Why = Belief{}, Nothing, string(failure.Of(err).Code)
	d.unanswered(ctx, &a, err)
	a.Excused = a.Excused || !up // as it was before: whoever sees the question pass can end the link then
	return a, nil
}

// excuses are the refusals of whoever is asked that say nothing about our keys: it is of an older
// version, or the clocks are apart. What a hop on the way can bring about is none of them: a
// question that it hands over too late, or as one of so many that whoever is asked is busy.
var excuses = []relay.Code{relay.UnknownOperation, relay.MessageExpired, relay.MessageFuture}

// unanswered says what an asking came to that brought no belief.
func (d *Desk) unanswered(ctx context.Context, a *Asking, err error) {
	p, ok := errors.AsType[*relay.Problem](err)
	switch {
	case !ok:
	case p.At == a.Who && p.Reason() == relay.UnknownKey:
		a.Kind, a.Evidence = Unknown, evident(p.Evidence, p.Preimage)
	case p.At == a.Who && (p.Code == uint16(relay.KeysChanged) || p.Code == uint16(relay.KeysObjected)):
		if a.Excused = d.beganAnew(ctx, a, p.Args); !a.Excused {
			a.Kind, a.Evidence = Unknown, evident(p.Evidence, p.Preimage)
		}
	case p.Unopened != nil && d.toOtherKey(ctx, a, p.Unopened):
		a.Kind, a.Evidence = OtherKey, evident(p.Unopened, nil)
	case p.At == a.Who:
		a.Excused = slices.Contains(excuses, relay.Code(p.Code))
	case p.At == d.name:
		a.Excused = p.Reason() == relay.NoRoute || p.Absent()
	default:
		a.Excused = a.Relation == Other || p.Evidence != nil && d.o.Now().Sub(d.o.Heard()) > chains.MaxAge
	}
}

// beganAnew reports whether a key set waits because this ledger began anew: it is our own, which
// the third of the values tells by its fingerprint, and our ledger is not the first. Those above
// have seen it since it was made; others may see it first when we ask.
func (d *Desk) beganAnew(ctx context.Context, a *Asking, values []string) bool {
	own, _, err := d.o.Keys.KeyStates(ctx)
	if err != nil || len(values) < 3 || own[0].Epoch == 1 {
		return false
	}
	ours := slices.ContainsFunc(own, func(k host.KeyState) bool { return k.Pin().Fingerprint() == values[2] })
	return ours && (a.Relation == Other || a.At.Sub(own[0].Published) < breaks.Wait+time.Hour)
}

// toOtherKey reports whether whoever was asked signed, after it was asked, a message to this
// jurisdiction that is encrypted to a decryption key that this jurisdiction never published.
func (d *Desk) toOtherKey(ctx context.Context, a *Asking, signed []byte) bool {
	sets, err := d.o.Believes.KeySets(ctx, a.Who, false)
	if err != nil {
		return false
	}
	h, _, err := relay.VerifyEvidence(signed, sets)
	if err != nil || h.Origin != a.Who || h.Destination != d.name || h.Issued.Before(a.At.Add(-slack)) {
		return false
	}
	own, _, err := d.o.Keys.KeyStates(ctx)
	if err != nil {
		return false
	}
	for _, k := range own {
		if key := sha256.Sum256(k.DecryptionKey); slices.Equal(key[:], h.DecryptionKey) {
			return false
		}
	}
	return len(h.DecryptionKey) > 0
}

// askOthers draws others by chance, and asks one after the other until one says something about our
// keys, or nobody says why there is no answer. It returns false where there is nobody to draw.
func (d *Desk) askOthers(ctx context.Context) (a Asking, drawn bool, err error) {
	all := d.candidates()
	for range min(mostDrawn, len(all)) {
		i, err := d.o.Draw(len(all))
		if err != nil {
			return a, drawn, err
		}
		if a, err = d.ask(ctx, all[i], Other); err != nil || ctx.Err() != nil {
			return a, drawn, errors.Join(err, ctx.Err())
		}
		if drawn = true; a.Kind != Nothing || !a.Excused {
			return a, true, nil
		}
		all = slices.Delete(all, i, i+1)
	}
	return a, drawn, nil
}

// candidates are those of the roster now in force whom this jurisdiction does not ask anyway, and
// who do not know its keys by its own word alone.
func (d *Desk) candidates() (all []identity.Jurisdiction) {
	parent, _ := d.o.Parent()
	grandparent, _ := d.above(parent)
	root := d.o.Root()
	for _, name := range d.o.Listed() {
		if name != parent && name != grandparent && !name.Under(d.name) && (name == root || name.Under(root)) {
			all = append(all, name)
		}
	}
	return all
}
