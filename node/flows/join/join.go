// Package join is how a jurisdiction becomes a part of the tree. Its parent invites it; the holder
// of the invitation joins with it, in seven steps: (1) knock, (2) meet, (3) disk, (4) create, (5)
// enter, (6) chain, (7) finish. Nothing is made before the parent was met and judged; after any
// failure the same invitation goes on where it stopped. A jurisdiction that lost all its keys comes
// back in the same way, with a new invitation, into the next epoch of its ledger; one that has lost
// only so many that it cannot sign goes on so in the ledger that it has (see Alone).
//
// The decisions on the way are entries of both ledgers (see tree); the two sides speak the join
// protocol (see door). The package keeps nothing itself.
package join

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/certs/paper"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/exchange/link"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
	"xietong/node/tree/invitation"
)

// Options are the options of a join.
type Options struct {
	Logger   *slog.Logger
	Registry func() *state.Registry // of the commands of every room
	Now      func() time.Time
	// Packets opens a UDP socket anywhere, and Resolve finds the addresses of HOST:PORT, in the
	// order in which to try them.
	Packets func(listen string) (net.PacketConn, error)
	Resolve func(ctx context.Context, address string) ([]net.Addr, error)
	Hosted  int // how many jurisdictions share this machine
	// Listen is the UDP address that the joining jurisdiction's own children will dial; empty: they
	// cannot.
	Listen string
	// TimeZone is the name of the zone in which the node tells times; empty: zone.Default.
	TimeZone string
	// Told receives each step that was done, once, for a person to read; nil: the steps are not
	// told.
	Told func(Step)
	// Paper is shown the recovery key of the new jurisdiction, once; nil: nobody is.
	Paper func(child string, key *paper.Key) error
	// Recovery is the recovery key from before all keys were lost, with which the new key set is
	// signed; nil: others wait before they believe it.
	Recovery *paper.Key
	Alone    *Alone // nil: a jurisdiction that dir has joins with the keys that it has
	Keys
}

// Keys are what is wanted of the keys of a jurisdiction that is hosted beside its parent: the paper
// of its earlier keys is never given to the node. So it makes the new keys first, and is given the
// statement that was signed with the paper then.
type Keys struct {
	Only      bool   // make the keys, and have nobody endorse them yet
	Statement []byte // the recovery statement for the first key set; empty: there is none at hand
	Rekey     bool   // make others for a place that has joined with keys that are elsewhere, or count no more
	Reason    string // a person's, why the ledger that is here goes on with the other keys; empty: none is here
}

// Step is one step of joining that was done.
type Step struct {
	Name text.Code // of the step
	What text.Code // the sentence that tells its result
	Args text.Args
}

// Result is the result of joining.
type Result struct {
	Name        string   `json:"name"`
	DisplayName string   `json:"display_name"`
	Parent      string   `json:"parent"`
	Root        string   `json:"root"`
	Fingerprint string   `json:"fingerprint"`
	Chain       []string `json:"chain"`
	Entry       string   `json:"entry"`
	Pin         string   `json:"pin"`
	Config      string   `json:"config"`
	Recovery    string   `json:"recovery_key"`                // fingerprint of the recovery key
	Papered     bool     `json:"recovery_key_shown"`          // whether this call has shown it to Paper
	Words       []string `json:"recovery_words,omitempty"`    // filled by whoever was shown it, if at all
	Epoch       uint64   `json:"epoch"`                       // of the ledger; above 1: this name, or one above it, had another before
	Recovered   bool     `json:"recovered"`                   // whether the recovery key from before has signed the new key set
	OnlyHere    string   `json:"listens_only_here,omitempty"` // the address to listen on, where nothing leaves the machine from it, and the parent is elsewhere
	Again       bool     `json:"again,omitempty"`             // it had joined with these keys before, so nobody waits for them

	Placed  config.Jurisdiction   `json:"-"` // how it is configured: by the names that were endorsed
	HeadsAt identity.Jurisdiction `json:"-"` // of a hosted place: the first level above on another node, which keeps its heads; zero: none
}

// attempt is one attempt to join.
type attempt struct {
	o       Options
	dir     string
	t       invitation.Token
	line    door.Line
	address string // the one of the invitation that led there
	away    bool   // whether it is not of this machine's loopback
	ours    bool   // whether the invitation was made here, for one that is hosted beside its parent

	root   trust.Pin    // from which it is believed
	chain  []trust.Link // verified, from the root down to the parent
	made   host.Made
	own    keeper
	result Result
}

// Join makes the jurisdiction that the invitation line names, in the directory dir, and joins it to
// its parent. dir is empty, or holds an unfinished Join of that jurisdiction, or hosts that
// jurisdiction, as Init made it or as it joined before; then a Listen or TimeZone that is given
// takes the place of the configured one. A parent that is busy is asked again for half a minute.
func Join(ctx context.Context, dir, line string, o Options) (result Result, err error) {
	t, err := Read(line)
	if err != nil {
		return result, err
	}
	hosted, err := o.joinable(dir, t.Child)
	if err != nil {
		return result, err
	}
	o.Hosted = max(o.Hosted, hosted)
	if o.Listen != "" && config.CheckListen(o.Listen) != nil { // before anything is made
		return result, text.Fail(text.BadRequest, text.Args{"where": "--listen", "reason": "it is not HOST:PORT"}, nil)
	}
	o.Told = once(o.Told)
	papered := false
	if show := o.Paper; show != nil {
		o.Paper = func(child string, key *paper.Key) error {
			papered = true
			return show(child, key)
		}
	}
	for pause := busyPause; ; pause *= 2 {
		result, err = join(ctx, dir, t, o)
		result.Papered = papered
		if e, ok := errors.AsType[*link.Error](err); !ok || e.Reason != link.Busy || pause > mostBusyPause {
			return result, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return result, err
		}
	}
}

// The pauses before a busy parent is asked again: busyPause, then each twice the one before, up to
// mostBusyPause. A parent may be busy because a whole city is joining.
const (
	busyPause     = time.Second
	mostBusyPause = 16 * time.Second
)

// once returns a function that tells each step only the first time that it is done.
func once(told func(Step)) func(Step) {
	done := map[text.Code]bool{}
	return func(s Step) {
		if told != nil && !done[s.Name] {
			done[s.Name] = true
			told(s)
		}
	}
}

// join makes one attempt, all seven steps.
func join(ctx context.Context, dir string, t invitation.Token, o Options) (result Result, err error) {
	packets, err := o.Packets("")
	if err != nil {
		return result, fmt.Errorf("open socket: %w", err)
	}
	defer func() { err = errors.Join(err, packets.Close()) }()
	socket, err := link.Open(packets, link.Options{Logger: o.Logger})
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, socket.Close()) }()
	a := &attempt{o: o, dir: dir, t: t}
	if err := a.knock(ctx, socket); err != nil {
		return result, err
	}
	defer a.line.Conn.Close(link.CodeClosing)
	if err := a.meet(ctx); err != nil {
		return result, a.broken(err)
	}
	if err := a.disk(); err != nil {
		return result, err
	}
	if err := host.MakeFolder(dir); err != nil {
		return result, datadir.Error(dir, err)
	}
	unlock, err := datadir.Lock(dir)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := a.settle(ctx); err != nil {
		return result, a.broken(err)
	}
	err = a.finish()
	return a.result, err
}

// Inside joins a further jurisdiction of a node, over a connection to its parent: it makes,
// endorses and chains it, and leaves the configuration to the node.
func Inside(ctx context.Context, dir string, c *link.Conn, t invitation.Token, o Options) (Result, error) {
	o.Told = func(Step) {}
	a := &attempt{o: o, dir: dir, t: t, line: door.Line{Conn: c}, ours: true}
	if err := a.meet(ctx); err != nil {
		return Result{}, err
	}
	err := a.settle(ctx)
	return a.result, err
}

// Again has a jurisdiction that is open here endorsed anew by its parent, which had withdrawn it.
func Again(ctx context.Context, own *host.Host, c *link.Conn, t invitation.Token, o Options) (Result, error) {
	o.Told = func(Step) {}
	a := &attempt{o: o, t: t, line: door.Line{Conn: c}, own: own, ours: true}
	if err := a.meet(ctx); err != nil {
		return Result{}, err
	}
	err := a.enter(ctx)
	return a.result, err
}

// settle makes the jurisdiction and has it endorsed.
func (a *attempt) settle(ctx context.Context) (err error) {
	err = a.create(ctx)
	if a.own != nil { // also where what came after it was opened failed
		defer func() { err = errors.Join(err, a.own.Close()) }()
	}
	if err != nil {
		return err
	}
	if a.o.Keys.Only {
		pin, err := a.own.Pin()
		a.result = Result{Name: a.t.Child.String(), DisplayName: a.t.DisplayName, Pin: pin.String(), Epoch: a.own.Log().Epoch()}
		return err
	}
	return a.enter(ctx)
}

// knock (1) tries every address that the addresses of the invitation have, in turn. If none
// answers, it tells of each why.
func (a *attempt) knock(ctx context.Context, s *link.Socket) error {
	var vain tries
	for _, address := range a.t.Addresses {
		resolved, err := a.o.Resolve(ctx, address)
		if err != nil {
			vain = append(vain, try{address, err})
		}
		for _, addr := range resolved {
			began := time.Now()
			if a.line.Conn, err = Dial(ctx, s, addr, a.t.Parent.Name()); err == nil {
				a.address = address
				a.away = !config.Loopback(addr.String())
				a.told(text.JoinNetwork, text.JoinNetworkDone, text.Args{
					"ms": strconv.FormatInt(time.Since(began).Milliseconds(), 10), "address": address,
				})
				return nil
			}
			vain = append(vain, try{calledAddress(address, addr), err})
		}
	}
	return vain.failure(a.parent())
}

// meet (2) asks the parent for its time and its chain, and checks three things: the clocks agree;
// the chain goes from the invitation's root to the invitation's parent; the certificate that the
// connection showed is the parent's. Until then, anybody may have answered.
func (a *attempt) meet(ctx context.Context) error {
	anybody := door.Unproven{Conn: a.line, Name: a.t.Parent.Name(), Called: a.parent()}
	offset, err := door.Offset(ctx, anybody, a.o.Now)
	if err != nil {
		return err
	}
	if offset.Abs() > tree.MaxSkew {
		return text.Fail(text.ClockApart, text.Args{"offset": offset.Abs().Round(time.Second).String(), "name": a.parent()}, nil)
	}
	if a.chain, err = door.Meet(ctx, anybody, a.t.Root, a.t.Parent, a.o.Now()); err != nil {
		return err
	}
	if err := proves(a.line, a.chain, a.o.Now()); err != nil {
		return err
	}
	a.told(text.JoinClock, text.JoinClockDone, text.Args{
		"seconds": fmt.Sprintf("%.1f", offset.Abs().Seconds()), "parent": a.parent(),
	})
	return nil
}

// minFree is how much space must be free on the disk for a jurisdiction.
const minFree = 1 << 30 // bytes

// disk (3) checks that the disk has room for a jurisdiction: the last check before one is made. It
// also tells the person which parent the jurisdiction will join.
func (a *attempt) disk() error {
	free, err := datadir.FreeSpace(a.dir)
	if err != nil {
		return datadir.Error(a.dir, err)
	}
	if free < minFree {
		return text.Fail(text.DiskNoStart, text.Args{"dir": a.dir, "free": text.Mebibytes(free), "needed": text.Mebibytes(minFree)}, nil)
	}
	a.told(text.JoinDisk, text.JoinDiskDone, text.Args{"free": gibibytes(free)})
	a.told(text.JoinParent, text.JoinParentDone, text.Args{
		"parent": a.parent(), "fingerprint": a.t.Root.Fingerprint(), "root": called(a.chain[0]),
	})
	return nil
}

func gibibytes(n uint64) string { return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30)) }

// finish (7) writes the configuration, or what is given of it where there is one, and says that the
// directory is whole.
func (a *attempt) finish() error {
	a.result.Config = filepath.Join(a.dir, config.FileName)
	if a.away && config.Loopback(a.o.Listen) {
		a.result.OnlyHere = a.o.Listen
	}
	if datadir.Whole(a.dir) {
		return a.settings()
	}
	return datadir.Write(a.dir, config.Config{TimeZone: a.o.TimeZone, Listen: a.o.Listen, Jurisdictions: []config.Jurisdiction{a.result.Placed}})
}

// settings puts what was given in the place of what is configured.
func (a *attempt) settings() error {
	c, err := datadir.ReadConfig(a.dir)
	if err != nil {
		return err
	}
	before := c
	if a.o.Listen != "" {
		c.Listen = a.o.Listen
	}
	if a.o.TimeZone != "" {
		c.TimeZone = a.o.TimeZone
	}
	if c.Listen == before.Listen && c.TimeZone == before.TimeZone {
		return nil
	}
	return datadir.Error(a.dir, datadir.WriteConfig(a.dir, c))
}

func (a *attempt) told(step, what text.Code, args text.Args) {
	a.o.Told(Step{Name: step, What: what, Args: args})
}

// parent returns the name of the parent for a person. Once the parent was met, that is the name in
// the endorsement of the parent, and before it the name in the roster that comes with the program,
// because no roster of the tree is known yet.
func (a *attempt) parent() string {
	if len(a.chain) > 0 {
		return called(a.chain[len(a.chain)-1])
	}
	return roster.ShippedOf(a.t.Parent.Name()).DisplayName(a.t.Parent.Name())
}

// called returns the name of a level for a person: the name in its endorsement or, for a root,
// which has no endorsement, the name in the roster that comes with the program.
func called(l trust.Link) string {
	if l.Endorsement != nil {
		return l.Endorsement.DisplayName
	}
	return roster.ShippedOf(l.Newest().Name).DisplayName(l.Newest().Name)
}

// broken tells a person that the connection to the parent broke; any other error stays as it is.
func (a *attempt) broken(err error) error {
	if _, ok := errors.AsType[*link.Error](err); !ok {
		return err
	}
	return Unreachable(err, a.address, a.parent())
}
