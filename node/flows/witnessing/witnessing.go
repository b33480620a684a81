// Package witnessing has neighbours witness each other's ledgers, both ways (see witness): a child
// shows its parent its newest checkpoint, and a parent its children. Whoever is shown keeps the
// largest, and answers with its cosignature.
//
// A parent logs what it keeps of its children, by an entry whose head names child, size and root:
// so the root of a province commits to the ledgers of all its counties. A child keeps its parent's
// alone, so that no entry leads to another without end. A cosignature says "witnessed by X at T up
// to entry N"; what nobody cosigned is logged, and no more. Neighbours on this node do not witness
// each other: whoever runs the node has both. A parent there logs what its child shows, without
// cosigning it, where what goes up by that leaves the node further up.
//
// The operation "witness" shows a checkpoint:
//
//	[growth, root before, [[index, leaf, path] …]]
//	-> {1: verdict, 2: the note that is kept, 3: cosignature, 4: fork}
//
// where growth is what C2SP tlog-witness posts as add-checkpoint, root before is the root of its
// old tree (32 zeroes where old is 0), the list has the entries that began epochs, to a witness
// that keeps nothing of this epoch and a note of one before, and 2 to 4 may be absent. The verdicts
// are those of the package witness; 1 and 2 come with a cosignature, 6 (it is kept with the next
// minute) with nothing, the others with the note that is kept, by which the log knows from where to
// prove. A proof that does not hold is refused. "witness-act" is the same for a checkpoint that has
// acts, which is kept at once (see rise.go). The operation "largest"
//
//	{}  ->  {1: [[note, at (ms since 1970 UTC)] …], 2: epoch, 3: behind}
//
// tells whoever asks what was seen of its own ledger, of each epoch the largest: a copy that was
// put back to an older state learns so what it had signed. The epoch is that of whoever tells it:
// one that has begun another since may have forgotten what it saw. behind says that it may lack
// what its other replicas have, so that it may have seen more. A neighbour that has a new link is
// asked so before its first request is served (see Linked).
//
// What was decided goes up every level: a child cuts its log into excerpts (see ledger.Excerpt),
// and a parent keeps those of all logs at or below it, each with what proves it. "heads-risen" asks
// how far they are known, "heads-raise" brings the next one, and "heads"
//
//	{1: epoch, 2: from}  ->  {1: [excerpt …], 2: path, 3: note}
//
// gives them back to whoever lost the entries. A replica of the log's own jurisdiction signs each
// excerpt: of what it shows, whoever keeps it could else make another one that hides an act and
// proves as well. A parent takes its child's own by the child's keys that count then, passes it on
// and gives it back with the signature, and whose log it is takes none back that no own key signed.
// A level further up knows no keys of that log: it takes what the level between says, signed by
// whatever key, and keeps the signature for whoever does.
//
// What a superior keeps of heads is bounded for each branch below a child, and what it passes on is
// shared: the branches of a child, and all below, take turns. A piece that is not full is the last
// one of its log, so that there are no more pieces than a log takes.
//
// What was shown of one epoch stays shown in the next, and what a child endorses for its own
// children is compared with what is believed of them here: what differs is an alarm.
//
// A log of which two histories are found is an alarm on both sides, with the evidence in the
// ledger, until a person acknowledges it. It is not cosigned again in that epoch, and whoever is
// shown a part of it is told that it is forked. What else a neighbour may do does not hang on it:
// its people are served, and its people did nothing wrong.
//
// The package decides nothing about keys, and believes no checkpoint but by the key sets that the
// tree believes.
package witnessing

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/exchange/budget"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// When checkpoints are shown: a larger one every minute at most, and the same one again after a
// while, because a copy that was put back shows itself so.
const (
	every     = time.Minute
	showAgain = 10 * time.Minute
	leastGap  = 50 * time.Second // between two that are kept of one log
	within    = 20 * time.Second // for one answer
	atOnce    = 4                // neighbours that are asked side by side
)

// Own is the hosted jurisdiction; *host.Host is one.
type Own interface {
	book.Ledger
	ledger.LogSigner
	Follow(ctx context.Context, since uint64) (host.Followed, error)
	KeySets(ctx context.Context) ([][]byte, error)

	// KeySetsIn returns the key sets of the chain that counted in an epoch, from the one on that
	// was in force for so many entries.
	KeySetsIn(epoch, entries uint64) ([]trust.KeySet, error)

	// Doubt is told that a neighbour saw what is not here, and Witnessed that the parent cosigned
	// what is.
	Doubt(host.Seen)
	Witnessed()

	// Compare compares what a neighbour saw with what is here; see host.Host. Questioned returns
	// why the ledger is in question, and AwaitUnquestioned waits until it is not, or ctx ends.
	Compare(ctx context.Context, s host.Seen) error
	// Widen names as lost what a neighbour saw of an epoch before, where only keys signed it that
	// were given up; see host.Host.
	Widen(ctx context.Context, s host.Seen) (named bool, err error)
	Questioned() error
	AwaitUnquestioned(ctx context.Context)

	// CaughtUp waits until Look shows everything that the replicas acknowledged before the call.
	CaughtUp(ctx context.Context) error

	// Advanced returns a channel that is closed once there is more than there is now.
	Advanced() <-chan struct{}

	// SaysLost returns after how many entries the ledger has said all that it lost. It may have
	// said too little while said is false: where it parts from each log that it lost is not known.
	SaysLost() (after uint64, said bool)
}

// Asker sends calls and brings back their verified answers; *relay.Relay is one.
type Asker interface {
	Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error)
}

// Options are what a Desk works with. No function of them may be nil but OverLink.
type Options struct {
	Own   Own
	Asker Asker
	// Parent and Children are the neighbours now.
	Parent   func() (name identity.Jurisdiction, joined bool)
	Children func() []identity.Jurisdiction
	// KeySets returns the key sets that are believed for a neighbour; for anybody else an error.
	KeySets func(of identity.Jurisdiction) ([]trust.Believed, error)
	// Believed returns the key set by which a child of a child was believed last.
	Believed func(ctx context.Context, of identity.Jurisdiction) (pin trust.Pin, known bool)
	// Chains returns key sets of a child's chain that counted in an epoch, as they were signed,
	// from a number on, as many as are handed over at once, and, with number 1, the proof of the
	// newest endorsement of the chain; none: they are not known.
	Chains func(ctx context.Context, child identity.Jurisdiction, epoch, from uint64) (signed [][]byte, endorsement []byte, err error)
	// Here reports whether a neighbour is hosted by this node, and so is no witness.
	Here func(identity.Jurisdiction) bool
	// Above returns the first level above that another node runs: the parent, or one further up.
	Above func() (name identity.Jurisdiction, ok bool)
	// Through returns who asks in this one's place what a level above keeps of it: the one of this
	// node that is linked to that level; nil: itself. No function: it runs on a node of its own.
	Through func() *Desk
	// AboveParent returns the level above the parent, where there is one that another node runs.
	AboveParent func() (name identity.Jurisdiction, ok bool)
	Up          func(identity.Jurisdiction) bool // whether there is a link to it
	// OverLink asks a neighbour over its link; nil: what a new link is asked goes as a message.
	OverLink func(identity.Jurisdiction) door.Asker
	Now      func() time.Time
	Logger   *slog.Logger // for what others cause
	// Apart, if not nil, is told of a jurisdiction below of whose ledger the parent keeps other
	// heads than are here, or more.
	Apart func(identity.Jurisdiction)
	// MostHeads is how many bytes of heads are kept for one child; 0: mostBytes.
	MostHeads uint64
	// MostTaken is how many bytes of heads are taken back for one question; 0: mostHeads.
	MostTaken int
}

// Desk witnesses for one hosted jurisdiction, and has it witnessed. Many goroutines may use it.
type Desk struct {
	o     Options
	name  identity.Jurisdiction
	spent *budget.Rates // on questions

	showing *budget.Rates // on checkpoints that are shown

	heavy   *budget.Rates // on heads that come, in KiB
	telling *budget.Rates // on heads that are told

	hasty      *budget.Rates // on checkpoints that are kept at once
	haste      *budget.Rates // on what goes up at once because of a child,
	hasteBelow *budget.Rates // and of all of them

	rising    host.Lock // held while heads are sent
	passed    passed
	parentHas above         // as far as it said; nothing: it is to be asked
	acts      chan struct{} // full where heads of acts are to go up

	endorses map[identity.Jurisdiction]*endorses // by child; it belongs to Round

	judging host.Lock // held from reading what is kept to keeping more, so that nobody judges in vain
	raising host.Lock // likewise, for heads

	mu    sync.Mutex // guards the fields below
	shown map[identity.Jurisdiction]shown
	later map[identity.Log]kept             // what is kept with the next minute
	heard map[identity.Jurisdiction]hearing // who shows less than it has signed
	rose  rose

	began  time.Time
	links  map[identity.Jurisdiction]*newLinks
	linked chan struct{} // full where somebody has a new link

	upward upward
	apart  map[identity.Jurisdiction]Finding // whose heads do not go on from those that are kept

	busyWith map[identity.Jurisdiction]bool // who is being shown something; true: and is to be shown more
	free     chan struct{}                  // full where somebody was to be shown more, and may be

	handed map[uint64]lostKeys // by epoch: what the parent handed of the own keys

	odd map[identity.Jurisdiction]Finding // children of children whose parent endorses other keys

	fullAt map[identity.Jurisdiction]bool // branches below whose heads found no room, as it was logged
}

// shown is when a neighbour was shown the own checkpoint last, and what came of it.
type shown struct {
	at     time.Time
	log    identity.Log
	size   uint64
	noted  bool   // it cosigns later
	behind uint64 // it keeps so many entries, of which this jurisdiction does not know; 0: it does
	why    error  // it did not cosign; nil: it did
}

// What a neighbour may ask at once, and over time.
const (
	mostAtOnce       = 20
	perSecond        = 0.2
	shownPerSecond   = 2   // one after each act, and again from where it must be proven
	answersAtOnce    = 192 // of heads
	answersPerSecond = 1
)

// New returns the desk of a jurisdiction.
func New(o Options) *Desk {
	if o.MostHeads == 0 {
		o.MostHeads = mostBytes
	}
	if o.MostTaken == 0 {
		o.MostTaken = mostHeads
	}
	return &Desk{
		o: o, name: o.Own.Name(), spent: budget.NewRates(mostAtOnce, perSecond),
		heavy: budget.NewRates(headsAtOnce, headsPerSecond), telling: budget.NewRates(answersAtOnce, answersPerSecond),
		showing: budget.NewRates(mostAtOnce, shownPerSecond), hasty: budget.NewRates(actsAtOnce, actsPerSecond),
		haste: budget.NewRates(childAtOnce, childPerSecond), hasteBelow: budget.NewRates(belowAtOnce, belowPerSecond),
		acts:  make(chan struct{}, 1),
		shown: map[identity.Jurisdiction]shown{}, later: map[identity.Log]kept{}, heard: map[identity.Jurisdiction]hearing{},
		fullAt: map[identity.Jurisdiction]bool{}, busyWith: map[identity.Jurisdiction]bool{}, free: make(chan struct{}, 1),
		endorses: map[identity.Jurisdiction]*endorses{}, handed: map[uint64]lostKeys{},
		began: time.Now(), links: map[identity.Jurisdiction]*newLinks{}, linked: make(chan struct{}, 1),
		apart: map[identity.Jurisdiction]Finding{}, upward: upward{saying: saying{made: 1, changed: make(chan struct{})}},
	}
}

// Run shows the own checkpoint to the neighbours, each minute and after acts, until ctx ends.
func (d *Desk) Run(ctx context.Context) {
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { d.watch(ctx) })
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			d.Round(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// Round shows the own checkpoint once to every witness that has a link and has not seen it, and
// sends the parent the heads that it does not have. Then it looks at what the children endorse.
func (d *Desk) Round(ctx context.Context) {
	var round sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, name := range d.shownTo() {
		slots <- struct{}{}
		round.Go(func() {
			defer func() { <-slots }()
			d.visit(ctx, name)
		})
	}
	round.Wait()
	d.checkEndorsed(ctx)
}

// visit shows the own checkpoint to a neighbour, and the heads to the parent. A parent that has
// much to do takes the rest of them at a later round.
func (d *Desk) visit(ctx context.Context, name identity.Jurisdiction) {
	parent, joined := d.o.Parent()
	what, err := "checkpoint not witnessed", d.showInTurn(ctx, name)
	if err == nil && joined && parent == name {
		if what, err = "heads not taken", d.rise(ctx, parent); failure.Is(err, text.Busy) {
			return
		}
	}
	if err != nil && ctx.Err() == nil {
		d.o.Logger.Warn(what, "peer", name.String(), "error", err)
	}
}

func (d *Desk) neighbours() []identity.Jurisdiction {
	all := d.o.Children()
	if parent, joined := d.o.Parent(); joined { // it sees most, and is heard first
		all = append([]identity.Jurisdiction{parent}, all...)
	}
	return all
}

// isChild reports whether the neighbour stands below, so that its checkpoints are logged.
func (d *Desk) isChild(name identity.Jurisdiction) bool { return name.Under(d.name) && name != d.name }
