package join

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
	"xietong/node/tree/invitation"
	"xietong/node/tree/treetest"
)

// The steps of entering that change something, there or here.
const (
	atRedeem = "redeem"
	atChain  = "keep the chain"
	atRecord = "record"
)

var errBroken = errors.New("the machine ends here")

// breaking is a keeper whose process ends at a step: before it is done, or after.
type breaking struct {
	keeper
	at   string
	done bool
}

func (b breaking) step(at string, do func() error) error {
	if b.at != at {
		return do()
	}
	if b.done {
		if err := do(); err != nil {
			return err
		}
	}
	return errBroken
}

func (b breaking) StartAbove(ctx context.Context, root trust.Pin, levels []trust.Level) (chain []trust.Link, err error) {
	err = b.step(atChain, func() error {
		chain, err = b.keeper.StartAbove(ctx, root, levels)
		return err
	})
	return chain, err
}

func (b breaking) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) (answer []byte, err error) {
	err = b.step(atRecord, func() error {
		answer, err = b.keeper.Propose(ctx, kind, q, body)
		return err
	})
	return answer, err
}

// entered has a child enter with an invitation of the city, in a process that ends at a step.
func entered(t *testing.T, city, child *treetest.Party, at string, done bool) (Result, error) {
	t.Helper()
	own := breaking{child, at, done}
	d := door.Door{Parent: city, Now: city.Clock, Budget: door.NewBudget(), Say: tree.NewEndorser(city, city.Clock).Say,
		Alarm: func(identity.Jurisdiction, text.Code, error) {}}
	pin := city.MustPin(t)
	a := &attempt{
		o: Options{Now: child.Clock, Told: func(Step) {}}, own: own,
		t: invitation.Token{Parent: pin, Root: pin, Child: child.Name(), DisplayName: "南明区", Code: "520102", Level: "county", Secret: []byte("secret")},
		line: knocksBound(t, city, func(binding [32]byte, frame []byte) (answer []byte, err error) {
			if frame[1] != 3 { // redeem
				return d.Answer(t.Context(), binding, frame)
			}
			err = own.step(atRedeem, func() error {
				answer, err = d.Answer(t.Context(), binding, frame)
				return err
			})
			return answer, err
		}),
	}
	err := a.enter(t.Context())
	return a.result, err
}

// TestJoinEndsAnywhere (A59): a first join ends at any of its steps, before it is done or before
// that is known. The same invitation goes on; and until the child has recorded its parent, that of
// another tree does, too: whoever was given a wrong one at first is not bound to it.
func TestJoinEndsAnywhere(t *testing.T) {
	for _, at := range []string{atRedeem, atChain, atRecord} {
		for _, done := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, done %t", at, done), func(t *testing.T) {
				t.Parallel() // they wait for the disk
				bound := at == atRecord && done
				for _, other := range []bool{false, true} {
					if !other && testing.Short() { // nodetest breaks such a join after each packet
						continue
					}
					first, second, child := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
					if !other {
						second = first
					}
					first.Invite(t, child, "secret", false)
					if other {
						second.Invite(t, child, "secret", false)
					}
					if _, err := entered(t, first, child, at, done); err == nil {
						t.Fatal("the join did not end at its step")
					}
					child.Restart(t)
					got, err := entered(t, second, child, "", false)
					if bound && other {
						if text.AsFailure(err).Code != text.OtherTree {
							t.Errorf("another tree after the record: got %v, want %s", err, text.OtherTree)
						}
						continue
					}
					if err != nil || got.Again != bound {
						t.Errorf("another tree %t: got %+v, %v", other, got, err)
					}
					whole(t, child, second)
				}
			})
		}
	}
}

// whole checks that the child believes the city, and nobody else, after it was opened once more.
func whole(t *testing.T, child, city *treetest.Party) {
	t.Helper()
	child.Restart(t)
	_, root, err := child.Chain(t.Context())
	if err != nil || root != city.MustPin(t) {
		t.Errorf("it believes %v, %v, want %v", root, err, city.MustPin(t))
	}
	err = child.View(t.Context(), func(r *state.Reader) error {
		up, joined := tree.UpstreamOf(r)
		if !joined || up.RootPin != root.String() {
			t.Errorf("it recorded %+v", up)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
