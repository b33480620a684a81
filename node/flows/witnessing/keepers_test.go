package witnessing

import (
	"context"
	"errors"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/text"
)

// notItself asks nobody itself, as a relay does.
type notItself struct{ *place }

func (n notItself) Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (a relay.Answer, err error) {
	if to == n.name {
		return a, errors.New("it is the asker")
	}
	return n.place.Ask(ctx, id, to, call)
}

// TestNobodyKeepsTheHeads: whoever knows by its own note alone what it signed, and has no parent on
// another node, is told at once that nobody keeps the heads of that, and not that somebody does not
// answer. What a child saw, the child is asked for.
func TestNobodyKeepsTheHeads(t *testing.T) {
	for what, row := range map[string]struct {
		who  string
		here bool
		by   string
		want text.Code
	}{
		"a root":                   {three[0], false, three[0], text.HeadsMissing},
		"its parent is here":       {three[2], true, three[2], text.HeadsMissing},
		"a child saw it":           {three[0], false, three[1], text.HeadsMissing},
		"the child is away":        {three[0], false, three[2], text.Unreachable},
		"a parent on another node": {three[1], false, three[1], text.HeadsMissing},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, three...)
			p := w.at(row.who)
			p.here, p.desk.o.Asker = row.here, notItself{p}
			w.at(three[2]).down.Store(what == "the child is away")
			p.says(2)
			c := Seen{By: w.at(row.by).name, Note: []byte{}, Checkpoint: ledger.Checkpoint{Log: p.Log(), Size: p.size() + 5}}
			if _, _, err := p.desk.Heads(t.Context(), c, p.size()); code(err) != row.want || row.want == text.HeadsMissing && !errors.Is(err, ErrNotWhole) {
				t.Errorf("got %v, want %s", err, row.want)
			}
			if more, err := p.desk.MoreHeads(t.Context(), c, p.size()); more || (err != nil) != (row.want != text.HeadsMissing) {
				t.Errorf("more heads: %t, %v", more, err)
			}
		})
	}
}
