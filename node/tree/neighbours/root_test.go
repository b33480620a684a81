package neighbours

import (
	"context"
	"errors"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/exchange/link"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
	"xietong/node/tree/treetest"
)

// TestRootHasRoomForItsKeySets (A11): a thief at the socket of a root revokes its keys whenever it
// may, for years. A person is told in time. Revocations become slow at the end, while keys are
// renewed by themselves, to the last that there is room for. With that one a child renews that came
// before, another joins, and a receipt verifies from the pin; one more is refused.
func TestRootHasRoomForItsKeySets(t *testing.T) {
	c := newClock()
	root, child, late := newParty(t, "guizhou", c), newParty(t, "guiyang.guizhou", c), newParty(t, "zunyi.guizhou", c)
	joinTo(t, root, child, c)
	if _, near, err := root.Taken(t.Context()); near || err != nil {
		t.Errorf("at the beginning: near %t, %v", near, err)
	}
	burnt := root.burn(t, c)
	taken, near, err := root.Taken(t.Context())
	if err != nil || !near || taken > host.Room || taken < host.Room/8*7 {
		t.Errorf("%d bytes taken, near %t, %v; want most of %d", taken, near, err, host.Room)
	}
	if _, err := root.NewKeys(t.Context(), message(t), host.Change{}); root.is(err) != text.ChainLong {
		t.Errorf("a renewal that somebody asks for: got %v, want %s", err, text.ChainLong)
	}
	c.pass(92 * 24 * time.Hour)
	if _, err := root.NewKeys(t.Context(), message(t), host.Change{Revoke: true}); err != nil {
		t.Errorf("a revocation after a quarter of a year: %v", err)
	}
	last := root.renewToTheEnd(t, c)
	if last < burnt+10 {
		t.Errorf("%d key sets at the end, %d of them by revocations: none is left for renewals", last, burnt)
	}
	child.upkeep.Poke()
	child.rounds(t, c, 1)
	joinTo(t, root, late, c)
	pin, err := root.Pin()
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := child.Receipt(t.Context(), 0)
	if err == nil {
		_, err = ledger.VerifyReceipt(receipt, nil, pin)
	}
	if err != nil {
		t.Errorf("with %d key sets, a receipt of %d bytes: %v", last, len(receipt), err)
	}
}

// burn revokes every week, until a week is not enough, and returns the number of the last key set.
func (p *party) burn(t *testing.T, c *clock) (number uint64) {
	t.Helper()
	for range 200 {
		c.pass(8 * 24 * time.Hour)
		next, err := p.NewKeys(t.Context(), message(t), host.Change{Revoke: true})
		if e, slow := errors.AsType[*host.KeysError](err); slow && e.Again.After(c.Now()) {
			return number
		} else if err != nil {
			t.Fatalf("after number %d: %v", number, err)
		}
		number = next
		if err := p.RenewKeys(t.Context(), func(uint64) bool { return true }); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("%d revocations, and no end", number)
	return 0
}

// renewToTheEnd lets the keys renew themselves until there is no room, and returns the last number.
func (p *party) renewToTheEnd(t *testing.T, c *clock) uint64 {
	t.Helper()
	for range 100 {
		err := p.RenewKeys(t.Context(), func(uint64) bool { return true })
		if p.is(err) == text.ChainLong {
			return p.KeysInUse()
		} else if err != nil {
			t.Fatal(err)
		}
		c.pass(92 * 24 * time.Hour)
	}
	t.Fatalf("number %d, and no end", p.KeysInUse())
	return 0
}

func (p *party) is(err error) text.Code {
	if err == nil {
		return ""
	}
	return failure.Of(err).Code
}

// TestLongestChainFits (A11): what a root may have, and seven levels below it at their bounds, fit
// into an answer at the door, a frame and a receipt.
func TestLongestChainFits(t *testing.T) {
	levels := make([]trust.Level, trust.MaxChain)
	for i := range levels {
		room := trust.MaxHandedLen
		if i == 0 {
			room = host.Room
		}
		levels[i] = trust.Level{
			KeySets: setsOf(room), Endorsement: make([]byte, ledger.MaxEndorsementProof),
			Standing: make([]byte, trust.MaxStandingLen), Recovery: make([]byte, trust.MaxRecoveryLen), Confirmed: make([]byte, trust.MaxConfirmationLen),
		}
	}
	chain, err := canon.Marshal(levels)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(chain) + 1<<10; n > door.MaxAnswerLen || n > link.MaxFrame {
		t.Errorf("an answer of %d bytes, more than %d or %d", n, door.MaxAnswerLen, link.MaxFrame)
	}
	receipt, err := canon.Marshal(ledger.Receipt{
		Log: string(make([]byte, 200)), Leaf: make([]byte, ledger.MaxLeafLen), Note: make([]byte, ledger.MaxNoteLen),
		Proof: make([]byte, 4<<10), COSE: make([]byte, 5<<10), Chain: levels,
	})
	if err != nil || len(receipt) > ledger.MaxReceiptLen {
		t.Errorf("a receipt of %d bytes, %v; want at most %d", len(receipt), err, ledger.MaxReceiptLen)
	}
}

// setsOf returns key sets that take that many bytes.
func setsOf(room int) (sets [][]byte) {
	for ; room > 2<<10; room -= 2 << 10 {
		sets = append(sets, make([]byte, 2<<10-5))
	}
	return append(sets, make([]byte, room-5))
}

// long is a way to a parent whose chain is too long.
type long struct{ way }

func (l long) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	d := l.parent.door()
	d.Parent = longer{l.parent.Host}
	answer, _, err := d.AnswerNeighbour(ctx, l.child, frame)
	return answer, err
}

type longer struct{ *host.Host }

func (l longer) Chain(ctx context.Context) ([]trust.Level, trust.Pin, error) {
	levels, root, err := l.Host.Chain(ctx)
	levels[0].KeySets = append(setsOf(door.MaxAnswerLen), levels[0].KeySets...)
	return levels, root, err
}

// TestLongChainIsToldAsWhatItIs (A11d): where a parent's chain is too long, the parent says so, and
// the child alarms on that; nobody is said to have forked.
func TestLongChainIsToldAsWhatItIs(t *testing.T) {
	c := newClock()
	root, child := newParty(t, "guizhou", c), newParty(t, "guiyang.guizhou", c)
	joinTo(t, root, child, c)
	child.upkeep.o.Reach = func(context.Context, identity.Jurisdiction) (door.Asker, func(), error) {
		return long{way{root, child.Name()}}, func() {}, nil
	}
	child.upkeep.Poke()
	err := child.upkeep.round(t.Context())
	if a, ok := child.table.Alarmed(root.Name()); !ok || a.Code != text.ChainLong || child.is(err) != text.ChainLong {
		t.Errorf("got %v, an alarm %t, %q; want %s", err, ok, a.Code, text.ChainLong)
	}
}

// TestChainThatCannotBeHandedOn (A20): a city hands its county more key sets than the county can
// hand on to its own children. The county takes none of it, and its children go on.
func TestChainThatCannotBeHandedOn(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "secret", false)
	county.JoinTo(t, city, "secret")
	before, root, err := county.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for what, sets := range map[string]int{"fit": 100, "do not": 243} {
		above := []trust.Level{before[0]}
		above[0].KeySets = city.Follow(t, sets, nil)
		_, err := county.SetAbove(t.Context(), root, above)
		if _, long := errors.AsType[*host.ChainError](err); long != (what == "do not") || !long && err != nil {
			t.Errorf("%d key sets, which %s: got %v", sets, what, err)
		}
	}
	after, _, err := county.Chain(t.Context())
	if data, _ := canon.Marshal(after); err != nil || len(data) > door.MaxAnswerLen || len(after[0].KeySets) != 100 {
		t.Errorf("afterwards the county hands on %d bytes, %d key sets, %v", len(data), len(after[0].KeySets), err)
	}
}
