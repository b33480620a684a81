package calls

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
	"xietong/node/records"
	"xietong/node/text"
)

// maxAtOnce is how many members are asked for rows at once.
const maxAtOnce = 16

// RowsFrom is what one member answered.
type RowsFrom struct {
	Member identity.Jurisdiction
	Answer
}

// Rows asks everybody who is selected for records, each by a call of its own: encrypted to it, permitted and recorded by it, and
// recorded here. What each answers is given to each as it comes, and what is left out is accounted for at the end. The id of the
// call to a member follows from id, so the same question again is the same calls. A member of which there is more than the limit
// tells so by its cursor.
func (d *Desk) Rows(ctx context.Context, id identity.Message, agency identity.Label, s gather.Selector, q records.Question, wait time.Duration, each func(RowsFrom) error) (gather.Coverage, error) {
	roster, wide := d.tree.Roster(), gather.Question{Selector: s}
	members := wide.Members(roster, s.Below)
	if len(members) == 0 {
		return gather.Coverage{}, text.Fail(text.SelectorUnknown, text.Args{"selector": s.String(), "level": cmp.Or(s.Level, "-")}, nil)
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(wait, DefaultWait))
	defer cancel()
	missing := map[identity.Jurisdiction]gather.Why{}
	var mu sync.Mutex // held while each is called
	var broken error
	sideBySide(len(members), func(i int) {
		m := members[i]
		got, err := d.rowsOf(ctx, id, agency, m.Name, q)
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

// sideBySide does n things, maxAtOnce at once, and returns when all are done.
func sideBySide(n int, do func(i int)) {
	free := make(chan struct{}, maxAtOnce)
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
func (d *Desk) rowsOf(ctx context.Context, id identity.Message, agency identity.Label, of identity.Jurisdiction, q records.Question) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	id, err := derived(id, of)
	if err != nil {
		return Answer{}, err
	}
	if of != d.own.Name() {
		return d.Query(ctx, id, of, agency, q)
	}
	got, err := d.records.Query(ctx, id, identity.NewAgency(of, agency), q)
	if err != nil {
		return Answer{}, err
	}
	return Answer{
		Rows: got.Rows, Count: got.Count, Scanned: got.Scanned, Cursor: got.Cursor, AsOf: got.AsOf, Use: Use{Access: got.Access},
	}, nil
}

// derived returns the id of the call to one member: of the same moment, and otherwise by the hash of both.
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

// whyNone says why a member gave no rows. Of whom nobody on the way vouches for has not joined.
func (d *Desk) whyNone(ctx context.Context, of identity.Jurisdiction, err error) *gather.Why {
	p, ok := errors.AsType[*relay.Problem](err)
	if ok && relay.Code(p.Code) == relay.Unreachable && len(p.Args) == 2 && p.Args[1] == "not endorsed" {
		return &gather.Why{State: gather.NotJoined, By: p.At}
	}
	return d.why(ctx, of, err)
}
