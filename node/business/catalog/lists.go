package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/exchange/route"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// Limits of the lists that are kept of other jurisdictions.
const (
	maxLists    = 4096
	maxListed   = 1 << 17 // agencies on all lists together
	askWithin   = 5 * time.Second
	askAgain    = 10 * time.Second // after a list that could not be had, or did not fit
	alarmEvery  = time.Minute      // for each jurisdiction
	maxListPage = 64
)

// Lists knows the agencies of other jurisdictions, so that a code counts for an agency only if the
// ledger of its jurisdiction has it. A request names the list of its origin by number and hash. A
// list that is not known yet is asked for, end to end, and kept in memory; so each is asked for
// once, and then only what was added. Many goroutines may use it.
type Lists struct {
	own    identity.Jurisdiction
	caller operation.Caller
	now    func() time.Time
	logger *slog.Logger
	ended  Ended

	mu    sync.Mutex
	known map[identity.Jurisdiction]*list
	size  int    // agencies on all lists
	uses  uint64 // counted to find the list that was used longest ago
}

// list is the list of one jurisdiction. All but turn are guarded by Lists.mu.
type list struct {
	turn    chan struct{} // held while the list is asked for
	places  []place
	used    uint64
	failed  error     // why it could not be had the last time; nil: it could
	at      time.Time // of failed
	alarmed time.Time
}

// place is a place on a list: what became of an agency, with the hash of the list up to it.
type place struct {
	code  identity.Label
	ended bool
	hash  [32]byte
}

// lists reports whether the places have the agency, and it did not end: its last place counts.
func lists(places []place, code identity.Label) bool {
	for _, p := range slices.Backward(places) {
		if p.code == code {
			return !p.ended
		}
	}
	return false
}

// NewLists returns the lists that the jurisdiction keeps of others, which it asks through caller.
func NewLists(own identity.Jurisdiction, caller operation.Caller, now func() time.Time, logger *slog.Logger) *Lists {
	return &Lists{own: own, caller: caller, now: now, logger: logger, known: map[identity.Jurisdiction]*list{}}
}

// Ended is told that an agency ended, with the list whose last change the last end is. given: the
// agency is to be given a grant.
type Ended func(ctx context.Context, agency identity.Agency, by envelope.AgencyList, given bool) error

// OnEnd has every end of an agency that makes a request, or is to be given a grant, told before
// that is decided on. It is called before anything else; without it, nobody is told.
func (l *Lists) OnEnd(ended Ended) { l.ended = ended }

// hear tells that an agency ended, be it back again or not, if the places say so.
func (l *Lists) hear(ctx context.Context, agency identity.Agency, places []place, given bool) error {
	for i, p := range slices.Backward(places) {
		if p.ended && p.code == agency.Code() && l.ended != nil {
			return l.ended(ctx, agency, envelope.AgencyList{Number: uint64(i) + 1, Hash: p.hash[:]}, given)
		}
	}
	return nil
}

// Giving tells the end of an agency that is to be given a grant, if the known places say that it
// ended. An agency of this jurisdiction has none. A list that was forgotten since the request named
// it is asked for anew: an end that is heard of only after the grant would close that.
func (l *Lists) Giving(ctx context.Context, agency identity.Agency) (err error) {
	of := agency.Jurisdiction()
	if of == l.own {
		return nil
	}
	places := l.places(of)
	if len(places) == 0 {
		within, cancel := context.WithTimeout(ctx, askWithin)
		defer cancel()
		if places, err = l.ask(within, of, nil); err != nil {
			return listMissing(of, err)
		}
	}
	return l.hear(ctx, agency, places, true)
}

// places returns the known places of a jurisdiction's list.
func (l *Lists) places(of identity.Jurisdiction) []place {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.known[of]; ok {
		return known.places
	}
	return nil
}

// Consumer returns the agency that makes the request, if the list that the request names has it and
// no later list that is known says that it ended. An agency of this jurisdiction is returned as it
// is: Actor.Resolve finds it. Refusals: text.AgencyNeeded, text.AgencyNotListed for a code that the
// list lacks, text.AgencyListRefused for a list that is not the origin's, text.AgencyListMissing
// for one that could not be had.
func (l *Lists) Consumer(ctx context.Context, r relay.Received) (identity.Agency, error) {
	by, err := operation.Consumer(r)
	if err != nil || by.Jurisdiction() == l.own {
		return by, err
	}
	of, named := by.Jurisdiction(), r.Call.Agencies
	if named == nil {
		named = &envelope.AgencyList{}
	}
	places, err := l.list(ctx, of, *named)
	if err != nil {
		return identity.Agency{}, err
	}
	if err := l.hear(ctx, by, places, false); err != nil {
		return identity.Agency{}, err
	}
	if lists(places[:named.Number], by.Code()) && lists(places, by.Code()) {
		return by, nil
	}
	l.alarm(of, "an agency asks that is not listed", by.String())
	return identity.Agency{}, text.Fail(text.AgencyNotListed, text.Args{
		"agency": by.Code().String(), "jurisdiction": of.String(), "number": strconv.FormatUint(named.Number, 10),
	}, nil)
}

// Listed reports whether the jurisdiction of an agency, another one, lists it now. What was added
// to a list that is known is asked for; where that cannot be had, the error is
// text.AgencyListMissing, whatever is known: the agency may have ended since.
func (l *Lists) Listed(ctx context.Context, agency identity.Agency) (bool, error) {
	of := agency.Jurisdiction()
	places := l.places(of)
	within, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	now, err := l.ask(within, of, places)
	if err == nil && !lists(now, agency.Code()) && len(places) > 0 { // it may have begun a new ledger
		now, err = l.ask(within, of, nil)
	}
	if err != nil {
		err = listMissing(of, err)
		return false, cmp.Or(l.hear(ctx, agency, places, true), err)
	}
	return lists(now, agency.Code()), l.hear(ctx, agency, now, true)
}

// list returns all known places of the list that a request of the jurisdiction names; those after
// it are newer than the request.
func (l *Lists) list(ctx context.Context, of identity.Jurisdiction, named envelope.AgencyList) ([]place, error) {
	if named.Number == 0 || named.Number > MaxChanges {
		return nil, listRefused(of, named)
	}
	known := l.of(of)
	if places, ok := l.named(known, named); ok {
		return places, nil
	}
	select { // one asks; the others wait for what it brings
	case known.turn <- struct{}{}:
		defer func() { <-known.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if places, ok := l.named(known, named); ok {
		return places, nil
	}
	l.mu.Lock()
	before, failed := known.places, known.failed
	if l.now().Sub(known.at) > askAgain {
		failed = nil
	}
	l.mu.Unlock()
	if failed != nil {
		return nil, failed
	}
	places, err := l.learn(ctx, of, before, named)
	if err == nil || ctx.Err() == nil && failure.Own(err) == nil { // what else says nothing to the next one
		l.keep(of, known, places, err)
	}
	if err != nil {
		return nil, err
	}
	return places, nil
}

// learn asks for what follows the known places. If the request names another list than what then is
// known, the whole list is asked for anew: the jurisdiction may have begun a new ledger.
func (l *Lists) learn(ctx context.Context, of identity.Jurisdiction, known []place, named envelope.AgencyList) ([]place, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	places, err := l.ask(ctx, of, known)
	if err == nil && !fits(places, named) && len(known) > 0 {
		l.alarm(of, "the list of agencies is another one than before", "")
		places, err = l.ask(ctx, of, nil)
	}
	switch {
	case err != nil:
		return nil, listMissing(of, err)
	case !fits(places, named):
		l.alarm(of, "a request names a list of agencies that is not there", "")
		return nil, listRefused(of, named)
	}
	return places, nil
}

// listMissing returns why there is no list. Whether this jurisdiction could not ask, or the other
// one gave none, is to be told apart: another person has to do something about it.
func listMissing(of identity.Jurisdiction, err error) error {
	if own := failure.Own(err); own != nil {
		return own
	}
	return text.Fail(text.AgencyListMissing, text.Args{"jurisdiction": of.String(), "reason": string(failure.Of(err).Code)}, err)
}

func listRefused(of identity.Jurisdiction, named envelope.AgencyList) error {
	return text.Fail(text.AgencyListRefused, text.Args{"jurisdiction": of.String(), "number": strconv.FormatUint(named.Number, 10)}, nil)
}

// fits reports whether the list that is named is a beginning of the places.
func fits(places []place, named envelope.AgencyList) bool {
	return named.Number <= uint64(len(places)) && string(places[named.Number-1].hash[:]) == string(named.Hash)
}

// ask asks a jurisdiction for its list after the known places, and returns both. It believes the
// order alone: each hash is made anew.
func (l *Lists) ask(ctx context.Context, of identity.Jurisdiction, known []place) ([]place, error) {
	places := known[:len(known):len(known)]
	hash := emptyList(of)
	if len(places) > 0 {
		hash = places[len(places)-1].hash
	}
	for range maxListPage {
		id, err := identity.NewMessage()
		if err != nil {
			return nil, err
		}
		asking := operation.Asking{ID: id, To: of, By: nobody{}}
		page, err := operationAgencies.Read(ctx, l.caller, asking, listWanted{Known: uint64(len(places))})
		if err != nil {
			return nil, err
		}
		for _, a := range page.Agencies {
			if err := (Agency{Code: a.Code, Title: a.Title}).Validate(); err != nil || len(places) == MaxChanges {
				return nil, failure.Unreadable(of, fmt.Errorf("a list of %d agencies or more: %w", len(places), err))
			}
			hash = a.after(hash[:])
			places = append(places, place{a.Code, a.Ended, hash})
		}
		if uint64(len(places)) >= page.Number || len(page.Agencies) == 0 {
			return places, nil
		}
	}
	return nil, failure.Unreadable(of, errors.New("a list of agencies without end"))
}

// nobody is the actor of a call that the node makes by itself.
type nobody struct{}

func (nobody) Resolve(*state.Reader) (a identity.Agency, err error) { return a, nil }

// of returns what is known of a jurisdiction's list, which may be nothing.
func (l *Lists) of(name identity.Jurisdiction) *list {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.known[name]
	if !ok {
		known = &list{turn: make(chan struct{}, 1)}
		l.known[name] = known
	}
	l.uses++
	known.used = l.uses
	l.forget()
	return known
}

// named returns what is known of a list, if that has the one that a request names.
func (l *Lists) named(known *list, named envelope.AgencyList) ([]place, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !fits(known.places, named) {
		return nil, false
	}
	return known.places, true
}

// keep keeps what was learned, or why nothing was.
func (l *Lists) keep(of identity.Jurisdiction, known *list, places []place, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known.failed, known.at = err, l.now()
	if err != nil || l.known[of] != known { // it was forgotten meanwhile
		return
	}
	l.size += len(places) - len(known.places)
	known.places = places
	l.forget()
}

// forget drops lists until the others are within the limits: of the branch of the tree that has
// most, the one that was used longest ago. So whoever makes up children drives out only its own.
func (l *Lists) forget() {
	for len(l.known) > maxLists || l.size > maxListed && len(l.known) > 1 {
		oldest := l.oldestOf(l.largest())
		l.size -= len(l.known[oldest].places)
		delete(l.known, oldest)
	}
}

// largest returns the branch whose lists are longest together; of several, the first by name.
func (l *Lists) largest() (branch identity.Jurisdiction) {
	held := map[identity.Jurisdiction]int{}
	for name, k := range l.known {
		held[route.Branch(l.own, name)] += 1 + len(k.places)
	}
	for of, n := range held {
		if n > held[branch] || n == held[branch] && of.String() < branch.String() {
			branch = of
		}
	}
	return branch
}

// oldestOf returns the jurisdiction of a branch whose list was used longest ago.
func (l *Lists) oldestOf(branch identity.Jurisdiction) (oldest identity.Jurisdiction) {
	least := l.uses + 1
	for name, k := range l.known {
		if k.used < least && route.Branch(l.own, name) == branch {
			oldest, least = name, k.used
		}
	}
	return oldest
}

// alarm tells the operator what a jurisdiction did that no honest one does; once a minute at most.
func (l *Lists) alarm(of identity.Jurisdiction, what, agency string) {
	known := l.of(of)
	l.mu.Lock()
	now := l.now()
	due := now.Sub(known.alarmed) >= alarmEvery
	if due {
		known.alarmed = now
	}
	l.mu.Unlock()
	if due {
		l.logger.Error(what, "peer", route.Branch(l.own, of).String(), "of", of.String(), "agency", agency)
	}
}
