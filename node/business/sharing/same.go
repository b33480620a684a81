package sharing

import (
	"maps"
	"slices"

	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
)

// same returns the live grant that gives all this to the word, to the same end and on the same
// ground; nil: there is none, or what was written about it cannot be read.
func (g Giving) same(r *state.Reader, l book.Ledger, o policy.Offer) *Given {
	old, ok := latest(r, g.Consumer, g.Dataset, g.purpose)
	alike := ok && old.ByHand && old.live(r.Clock()) && !o.Stops(*old.permission()) && old.Until.UnixMilli() == g.until.UnixMilli() &&
		slices.Equal(old.Fields, g.Fields) && maps.EqualFunc(old.Measures, g.Measures, slices.Equal[[]string])
	if !alike {
		return nil
	}
	words, err := WordsOf(l, r, old)
	if err != nil || words.Basis != g.Basis || words.Paper != g.Paper {
		return nil
	}
	return &Given{Entry: old.Name(r.Names()), Consumer: g.Consumer, Until: old.Until, Unchanged: true}
}
