package federated

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/ground/text"
)

// maxAtOnce is how many members are asked for rows at once.
const maxAtOnce = 16

// RowsFrom is the answer of one member.
type RowsFrom struct {
	Member identity.Jurisdiction
	records.Answer
}

// Rows asks every selected member for records, each by a call of its own: encrypted to the member,
// permitted and recorded by the member, and recorded here. It calls each with every answer as it
// arrives, one at a time, and returns a coverage that accounts for the members without an answer.
// The id of the call to a member follows from id, so the same question again makes the same calls.
// A member that has more records than the limit says so by its cursor. After an error of each, each
// is not called again; the error is returned when all members were asked.
func (d *Desk) Rows(ctx context.Context, id identity.Message, by catalog.Actor, s gather.Selector, q records.Question, wait time.Duration, each func(RowsFrom) error) (gather.Coverage, error) {
	s = d.levelled(ctx, by, s, q.Dataset)
	roster, wide := d.tree.Roster(), gather.Question{Selector: s}
	members := wide.Members(roster, s.Below)
	if len(members) == 0 {
		return gather.Coverage{}, text.Fail(text.SelectorUnknown, text.Args{"selector": s.String(), "level": s.Level}, nil)
	}
	if err := notTooMany(s, len(members)); err != nil {
		return gather.Coverage{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(wait, DefaultWait))
	defer cancel()
	missing := map[identity.Jurisdiction]gather.Why{}
	var mu sync.Mutex // held while each is called
	var broken error
	sideBySide(len(members), maxAtOnce, func(i int) {
		m := members[i]
		got, err := d.rowsOf(ctx, id, by, m.Name, q)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			missing[m.Name] = *d.whyNone(ctx, m.Name, err)
		case broken == nil:
			broken = each(RowsFrom{m.Name, got})
		}
	})
	return gather.Account(wide, roster, missing), broken
}

// levelled returns the selector. If it selects everybody below this jurisdiction and names no
// level, it gets the level of the standard entry of the dataset that this jurisdiction has set;
// without such an entry it stays as it is. No other jurisdiction is asked: whoever chose the level
// would choose who has to answer.
func (d *Desk) levelled(ctx context.Context, by catalog.Actor, s gather.Selector, dataset identity.Label) gather.Selector {
	if s.Deep && s.Level == "" && s.Below == d.own.Name() {
		standard, err := d.ask.Standard(ctx, by, s.Below, dataset)
		if err == nil {
			s.Level = standard.Level
		}
	}
	return s
}

// sideBySide calls do for 0 to n-1, so many at once, and returns when all calls are done.
func sideBySide(n, atOnce int, do func(i int)) {
	free := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i := range n {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			do(i)
		})
	}
	group.Wait()
}

// rowsOf asks one member, which may be this jurisdiction.
func (d *Desk) rowsOf(ctx context.Context, id identity.Message, by catalog.Actor, of identity.Jurisdiction, q records.Question) (records.Answer, error) {
	if err := ctx.Err(); err != nil {
		return records.Answer{}, err
	}
	id, err := derived(id, of)
	if err != nil {
		return records.Answer{}, err
	}
	return d.ask.Query(ctx, id, by, of, q)
}

// derived returns the id of the call to one member: with the time of id, and otherwise made from
// the hash of id and the member's name.
func derived(id identity.Message, of identity.Jurisdiction) (identity.Message, error) {
	raw := id.Bytes()
	hash := sha256.Sum256(append(raw[:], of.String()...))
	raw[6] = raw[6]&0xf0 | hash[0]&0x0f
	raw[7] = hash[1]
	raw[8] = raw[8]&0xc0 | hash[2]&0x3f
	copy(raw[9:], hash[3:])
	derived, err := identity.MessageFromBytes(raw[:])
	if err != nil {
		return derived, fmt.Errorf("derive id: %w", err)
	}
	return derived, nil
}

// whyNone says why a member gave no rows. A member that the parent of a jurisdiction on the way
// does not vouch for has not joined.
func (d *Desk) whyNone(ctx context.Context, of identity.Jurisdiction, err error) *gather.Why {
	p, ok := errors.AsType[*relay.Problem](err)
	if ok && p.Reason() == relay.NotEndorsed && endorses(p.At, p.Args[0], of) {
		return &gather.Why{State: gather.NotJoined, By: p.At}
	}
	return d.why(ctx, of, err)
}

// endorses reports whether a jurisdiction is the parent of the one with the name, which is the
// member or lies above it.
func endorses(by identity.Jurisdiction, name string, member identity.Jurisdiction) bool {
	about, err := identity.ParseJurisdiction(name)
	above, below := about.Parent()
	return err == nil && below && above == by && member.Under(about)
}
