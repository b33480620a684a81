package api

import (
	"context"
	"log/slog"
	"testing"

	"xietong/consensus/state"
	"xietong/exchange/link"
	"xietong/node/business/catalog"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/ground/zone"
	lower "xietong/node/tree/door"
	"xietong/node/tree/neighbours"
	"xietong/node/tree/rosters"
	"xietong/node/tree/standing"
	"xietong/node/tree/treetest"
)

// TestRosterIsAwaited: until the roster of the tree has come, or the parent has said that there is
// none, it is not said that there is no such place.
func TestRosterIsAwaited(t *testing.T) {
	p := treetest.New(t, "x.yunnan", func(r *state.Registry) { rosters.Register(r, catalog.Acts) })
	table := neighbours.New(p, p.Clock, slog.New(slog.DiscardHandler))
	parent := &saying{err: link.ErrNoLink}
	store := rosters.New(p, func() (lower.Asker, bool) { return parent, true }, nil)
	s := standing.New(p, roster.Place{Name: p.Name()}, zone.Home, table, nil, store, nil)
	for _, step := range []struct {
		answer error
		want   text.Code
	}{{link.ErrNoLink, text.RosterAwaited}, {nil, text.JurisdictionUnknown}} {
		parent.err = step.answer
		_, _ = store.Upkeep(t.Context(), parent)
		if _, err := s.Resolve("镇五之一"); text.AsFailure(err).Code != step.want {
			t.Errorf("after the answer %v: got %v, want %s", step.answer, err, step.want)
		}
		if got, err := s.Resolve("y.x.yunnan"); err != nil || got.String() != "y.x.yunnan" {
			t.Errorf("a whole name: got %s, %v", got, err)
		}
	}
}

// saying is a parent that has no roster, or cannot be asked.
type saying struct {
	lower.Asker
	err error
}

func (s *saying) Exchange(context.Context, []byte) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	return []byte{0x83, 0x00, 0x80, 0x41, 0x40}, nil // [0, [], h'40']: no roster
}
