// Package selfcheck asks others end to end which key set they believe for a hosted jurisdiction,
// because its parent, which says that to everybody else, could say something else than it shows.
//
// The grandparent is asked about every hour, and in between another jurisdiction, drawn by chance
// from the roster now in force. The parent carries the questions and the answers: it can lose them,
// which is silence, and cannot alter them. It sees who is asked when it is asked, and not before. A
// child of the root has no grandparent; where nobody else answers, it asks the root itself, and
// says so.
//
// A question is the operation "believed": {1: name}, and the answer is
//
//	{1: name, 2: epoch, 3: number, 4: hash, 5: since (ms), 6: as of (ms),
//	 7: [[number, hash, until (ms)] …], 8: [number, hash, as of (ms)]}
//
// where 5, 7 and 8 may be absent. 7 are the key sets that will be believed from a time on, unless
// somebody objects: so a forged one is found while an objection helps. 8 is one that was
// believed in the last day and does not lead to the one of now: so a parent that tells the truth
// just when it sees the question pass is found by what it said before. For example, a1 01 77
// 6e 61 6e 6d 69 6e 67 2e 67 75 69 79 61 6e 67 2e 67 75 69 7a 68 6f 75 asks about
// nanming.guiyang.guizhou. Key sets are public: nothing of it is recorded.
//
// Whoever believes forged keys cannot answer so. It does not know the key that signed the question,
// and says that, signed, in the clear; or, where the forged key set lists the true signing key, it
// encrypts its answer to a decryption key that this jurisdiction never made, and its signature
// covers which key that is. Both are answers. A belief that names a key set that was never made
// here is an alarm at once; what an older chain could explain, when it is said again 12 minutes
// later. Three questions to the grandparent without an answer, while the own link was up before
// them, are one too: a link that falls with each question is no excuse. The word of one other is a
// lead; two make it an alarm who name the same key set, and of whom no third one, off our way to
// the root, stands above both. Judge decides that; it is pure.
//
// That the parent says, signed, that it cannot reach the one above it excuses it, unless it shows
// in its hello that the one above it spoke to it in the last ten minutes.
//
// An alarm is kept in the state until somebody acknowledges it, and comes again if it goes on:
//
//	self-check  "alarms" -> [finding …]
//
// The evidence of an answer is the deterministic CBOR array [[outer, statement], preimage], of
// which relay.VerifyEvidence proves the first, and the SHA-256 of the second is what the statement
// commits to; the second is empty where the answer could not be opened.
//
// The package accuses nobody by itself: it tells a person whom to call. It believes no key because
// of an answer, and holds none.
package selfcheck

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"math/big"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/exchange/route"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
)

// When others are asked: the grandparent and others by turns, Every on average.
const (
	Every  = 30 * time.Minute
	jitter = 10 * time.Minute // the difference of the longest and the shortest pause
	first  = 2 * time.Minute  // after a start, at least
)

// mostKept is how many askings are remembered.
const mostKept = 32

// Keys tells the own key sets; *host.Host is one.
type Keys interface {
	KeyStates(ctx context.Context) ([]host.KeyState, *trust.Endorsement, error)
}

// Asker sends calls and brings back their verified answers; *relay.Relay is one.
type Asker interface {
	Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error)
}

// Believes gives the key sets that are believed for others; *standing.Standing is one.
type Believes interface {
	KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.Believed, error)
}

// Options are what a Desk works with. None may be nil but Draw.
type Options struct {
	Ledger   book.Ledger
	Keys     Keys
	Asker    Asker
	Believes Believes
	Parent   func() (name identity.Jurisdiction, joined bool)
	Root     func() identity.Jurisdiction     // of the tree; its name may have places above it
	Listed   func() []identity.Jurisdiction   // the names of the roster now in force
	Up       func() bool                      // whether the link to the parent is up
	Heard    func() time.Time                 // when the grandparent last spoke to the parent, as the parent shows; zero: not known
	Draw     func(below int) (n int, e error) // a number by chance; nil: of crypto/rand
	Now      func() time.Time
	Logger   *slog.Logger // for what others cause
}

// Desk asks for one hosted jurisdiction. Many goroutines may use it.
type Desk struct {
	name identity.Jurisdiction
	o    Options

	keeping host.Lock // held from judging to the end of the command, so that no alarm is lost, nor ended in vain

	mu     sync.Mutex
	asked  []Asking // oldest first
	alone  bool     // nobody but the parent could be asked
	kept   []Finding
	leads  []Finding
	turns  int  // so far
	again  bool // the last answer was odd: the same is asked again
	unkept bool // the command that keeps the alarms failed
}

// New returns the desk of the jurisdiction whose ledger is given.
func New(o Options) *Desk {
	d := &Desk{name: o.Ledger.Name(), o: o}
	if o.Draw == nil {
		d.o.Draw = draw
	}
	return d
}

func draw(below int) (int, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(below)))
	if err != nil {
		return 0, err
	}
	return int(n.Int64()), nil
}

// Refresh reads the alarms that are kept. Where they cannot be read it logs that, and begins with
// none: what goes on is found again.
func (d *Desk) Refresh(ctx context.Context) error {
	kept, damaged, err := load(ctx, d.o.Ledger)
	if damaged != nil {
		d.o.Logger.Error("alarms cannot be read", "error", damaged)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept = kept
	return err
}

// Run asks until ctx ends.
func (d *Desk) Run(ctx context.Context) {
	base := first
	for {
		pause, err := d.pause(base)
		if err != nil {
			d.o.Logger.Error("keys not checked", "error", err)
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		if err := d.Round(ctx); err != nil && ctx.Err() == nil {
			d.o.Logger.Warn("keys not checked", "error", err)
		}
		base = Every - jitter/2
		if d.isAgain() {
			base = Confirm
		}
	}
}

// pause returns how long to wait: base at least, and jitter more at most, which nobody can foresee.
func (d *Desk) pause(base time.Duration) (time.Duration, error) {
	n, err := d.o.Draw(int(jitter / time.Millisecond))
	return base + time.Duration(n)*time.Millisecond, err
}

func (d *Desk) isAgain() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.again
}

// Round asks once: the grandparent, or another, by turns; where an answer was odd, whoever gave it.
func (d *Desk) Round(ctx context.Context) error {
	parent, joined := d.o.Parent()
	if !joined {
		return nil
	}
	a, answered, err := d.turn(ctx, parent)
	if err != nil || ctx.Err() != nil || !answered {
		return err
	}
	own, err := d.own(ctx)
	if err != nil {
		return err
	}
	d.remember(own, a)
	return d.judge(ctx, own, a)
}

// remember keeps an asking.
func (d *Desk) remember(own Own, a Asking) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, a)
	d.asked = d.asked[max(0, len(d.asked)-mostKept):]
	d.again = !d.again && own.sense(a) == odd
}

// turn asks whoever it is the turn of.
func (d *Desk) turn(ctx context.Context, parent identity.Jurisdiction) (a Asking, answered bool, err error) {
	grandparent, above := d.above(parent)
	d.mu.Lock()
	again, turn := d.again, d.turns
	if again {
		a = d.asked[len(d.asked)-1]
	} else {
		d.turns++
	}
	d.mu.Unlock()
	switch {
	case again:
		a, err = d.ask(ctx, a.Who, a.Relation)
		return a, true, err
	case above && turn%2 == 0:
		a, err = d.ask(ctx, grandparent, Grandparent)
		return a, true, err
	}
	a, drawn, err := d.askOthers(ctx)
	nobody := !drawn || a.Kind == Nothing && a.Excused
	d.mu.Lock()
	d.alone = nobody
	d.mu.Unlock()
	if err == nil && nobody && !above {
		a, err = d.ask(ctx, parent, Parent)
		return a, true, err
	}
	return a, drawn, err
}

// above returns the jurisdiction above the parent; false: the parent is the root of the tree.
func (d *Desk) above(parent identity.Jurisdiction) (grandparent identity.Jurisdiction, ok bool) {
	if parent == d.o.Root() {
		return grandparent, false
	}
	return parent.Parent()
}

// own returns what the jurisdiction knows of its key sets.
func (d *Desk) own(ctx context.Context) (o Own, err error) {
	states, e, err := d.o.Keys.KeyStates(ctx)
	if err != nil {
		return o, err
	}
	return ownOf(states, e), nil
}

func ownOf(states []host.KeyState, e *trust.Endorsement) (o Own) {
	for _, k := range states {
		o.Sets = append(o.Sets, OwnSet{Hash: k.Hash(), Until: k.Until})
	}
	o.Name, o.Since = states[0].Name, firstEndorsed(states[0].Published, e)
	return o
}

// firstEndorsed returns when the first own key set was first endorsed; where the endorsement does
// not tell that, because there is none or it is of more than trust.MaxSince key sets, when it was
// made.
func firstEndorsed(made time.Time, e *trust.Endorsement) time.Time {
	if e == nil {
		return made
	}
	if at, told := e.FirstEndorsed(1); told {
		return at
	}
	return made
}

// judge keeps what is found in the askings that are remembered, and logs what the last one added.
// What Acknowledge made forgotten is judged no more.
func (d *Desk) judge(ctx context.Context, own Own, last Asking) error {
	d.keeping.Lock()
	defer d.keeping.Unlock()
	d.mu.Lock()
	found := Judge(own, d.asked, d.o.Now())
	kept, more := slices.Clone(d.kept), d.unkept
	d.leads = nil
	for _, f := range found {
		if f.Lead {
			d.leads = append(d.leads, f)
			continue
		}
		var added bool
		kept, added = add(kept, f)
		more = more || added
	}
	d.kept, d.unkept = kept, more
	d.mu.Unlock()
	for _, f := range found {
		if f.Last == uint64(last.At.UnixMilli()) {
			d.o.Logger.Error("own keys need a look", "peer", route.Branch(d.o.Ledger.Name(), f.Who).String(), "who", f.Who.String(), "verdict", f.Verdict.String(), "lead", f.Lead, "believes", f.Fingerprint())
		}
	}
	if !more {
		return nil
	}
	if err := save(ctx, d.o.Ledger, kept); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unkept = false
	return nil
}

// add adds an alarm to those that stand, and reports whether it is a new one. Where there are too
// many, the first of those that weigh least gives way to one that weighs more.
func add(kept []Finding, f Finding) (all []Finding, added bool) {
	if i := slices.IndexFunc(kept, f.same); i >= 0 {
		f.Since = min(f.Since, kept[i].Since)
		kept[i] = f
		return kept, false
	}
	if len(kept) < mostAlarms {
		return append(kept, f), true
	}
	least := slices.MinFunc(kept, func(a, b Finding) int { return cmp.Compare(a.weight(), b.weight()) })
	if f.weight() <= least.weight() {
		return kept, false
	}
	kept[slices.IndexFunc(kept, least.same)] = f
	return kept, true
}

// weight orders alarms: what those above say or leave unsaid, what others say, and their silence.
func (f Finding) weight() int {
	switch {
	case f.Relation != Other:
		return 2
	case f.Verdict == Differs:
		return 1
	}
	return 0
}

// same reports whether two findings are about the same. Of others another is asked each time, so
// their silence is one, whoever was silent last.
func (f Finding) same(g Finding) bool {
	if f.Verdict == Silent {
		return g.Verdict == Silent && f.Relation == g.Relation
	}
	return f.Verdict == g.Verdict && f.Who == g.Who
}

func (v Verdict) String() string {
	if v == Silent {
		return "silent"
	}
	return "differs"
}
