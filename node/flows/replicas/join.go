package replicas

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/exchange/link"
	"xietong/node/flows/join"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
	"xietong/node/tree/invitation"
)

// JoinOptions are the options of Join.
type JoinOptions struct {
	Logger   *slog.Logger
	Registry func() *state.Registry // of the commands of every room
	Now      func() time.Time
	// Packets opens a UDP socket anywhere, and Resolve finds the addresses of HOST:PORT.
	Packets func(listen string) (net.PacketConn, error)
	Resolve func(ctx context.Context, address string) ([]net.Addr, error)
	// Listen is the UDP address at which the other replicas reach this one; it is needed.
	Listen   string
	TimeZone string // see config.Config; "": that of the replica from which it is filled
	// Told receives each step that was done, once, for a person to read.
	Told func(join.Step)
	// FileBlocks is that of host.Options.
	FileBlocks int
}

// Joined is the result of Join.
type Joined struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	Replica     string `json:"replica"`
	Config      string `json:"config"`              // path of the configuration
	Entries     uint64 `json:"entries"`             // with which it was filled
	OnlyHere    string `json:"only_here,omitempty"` // the address that it listens on, where that is of this machine alone
	Again       bool   `json:"again,omitempty"`     // it was joined before, and nothing was done
	Kept        string `json:"kept,omitempty"`      // Again: where it listens, where another address was given now
}

// attempt is one attempt to join.
type attempt struct {
	o       JoinOptions
	dir     string
	t       invitation.Replica
	line    door.Line
	address string
	socket  *link.Socket
	links   *link.Replicas // the socket closes them
	further *host.Further
	newest  trust.KeySet // of the jurisdiction, verified from the pins of the invitation
	welcome welcome
	zone    string             // in which the one tells times that it was filled from; "": it did not say
	entries uint64             // with which it was filled
	said    map[text.Code]bool // the steps that were told: one may be made with several of the others
}

// Join makes this machine the replica that an invitation names, in the directory dir: (1) it knocks
// at a replica that is there, and verifies that it is one of the jurisdiction, (2) it makes keys of
// its own, (3) it is admitted with them, by the secret, (4) the others connect to it at the address
// that it gave, (5) it is handed the keystore and the decryption keys, (6) it is filled with the
// state, (7) it writes the configuration. After any failure the same invitation goes on where it
// stopped. It follows the others as soon as it serves.
func Join(ctx context.Context, dir, given string, o JoinOptions) (j Joined, err error) {
	t, err := Read(given)
	if err != nil {
		return j, err
	}
	if err := config.CheckListen(o.Listen); err != nil {
		return j, text.Fail(text.BadRequest, text.Args{"where": "--listen", "reason": "it is not HOST:PORT"}, err)
	}
	if datadir.Whole(dir) {
		return again(dir, t, o.Listen)
	}
	if err := datadir.CheckEmpty(dir, t.Of.Name().String()); err != nil {
		return j, err
	}
	if left := host.ReplicaIn(host.Folder(dir, t.Of.Name())); !left.IsZero() && left != t.Replica { // of an invitation before
		return j, datadir.Occupied(dir)
	}
	packets, err := o.packets()
	if err != nil {
		return j, err
	}
	defer func() { err = errors.Join(err, packets.Close()) }()
	a := &attempt{o: o, dir: dir, t: t, said: map[text.Code]bool{}}
	if a.socket, err = link.Open(packets, link.Options{Logger: o.Logger}); err != nil {
		return j, err
	}
	defer func() { err = errors.Join(err, a.socket.Close()) }()
	return a.join(ctx)
}

// again tells of a directory that is whole that it is this replica's, or refuses it.
func again(dir string, t invitation.Replica, listen string) (j Joined, err error) {
	if err := datadir.CheckFormat(dir); err != nil {
		return j, err
	}
	c, err := datadir.ReadConfig(dir)
	if err != nil {
		return j, err
	}
	at := slices.IndexFunc(c.Jurisdictions, func(h config.Jurisdiction) bool { return h.Name == t.Of.Name() })
	if at < 0 || host.ReplicaIn(host.Folder(dir, t.Of.Name())) != t.Replica {
		return j, datadir.Occupied(dir)
	}
	j = Joined{
		Name: t.Of.Name().String(), DisplayName: c.Jurisdictions[at].DisplayName, Replica: t.Replica.String(),
		Config: filepath.Join(dir, config.FileName), Again: true,
	}
	if c.Listen != listen {
		j.Kept = c.Listen
	}
	return j, nil
}

func (a *attempt) join(ctx context.Context) (j Joined, err error) {
	if err := a.knock(ctx); err != nil {
		return j, err
	}
	defer a.line.Conn.Close(link.CodeClosing)
	if err := host.MakeFolder(a.dir); err != nil {
		return j, datadir.Error(a.dir, err)
	}
	unlock, err := datadir.Lock(a.dir)
	if err != nil {
		return j, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	for _, step := range []func(context.Context) error{a.keys, a.open, a.enter, a.reached, a.fill} {
		if err := step(ctx); err != nil {
			return j, datadir.Error(a.dir, err)
		}
	}
	return a.finish()
}

// knock meets a replica that is there, and verifies that it is one of the jurisdiction.
func (a *attempt) knock(ctx context.Context) (err error) {
	name, called := a.t.Of.Name(), a.called()
	var failed error
	for _, address := range a.t.Addresses {
		resolved, err := a.o.Resolve(ctx, address)
		failed = errors.Join(failed, err)
		for _, addr := range resolved {
			began := a.o.Now()
			conn, err := join.Dial(ctx, a.socket, addr, name)
			if err != nil {
				failed = errors.Join(failed, join.Unreachable(err, address, called))
				continue
			}
			a.line, a.address = door.Line{Conn: conn}, address
			a.told(text.JoinNetwork, text.JoinNetworkDone, text.Args{"ms": strconv.FormatInt(a.o.Now().Sub(began).Milliseconds(), 10), "address": address})
			return a.meet(ctx)
		}
	}
	return failed
}

func (a *attempt) meet(ctx context.Context) error {
	name, now := a.t.Of.Name(), a.o.Now()
	chain, err := door.Meet(ctx, door.Unproven{Conn: a.line, Name: name, Called: a.called()}, a.t.Root, a.t.Of, now)
	if err != nil {
		return err
	}
	last := chain[len(chain)-1]
	if err := join.VerifyKnown(a.line, name, last.Believed(), now); err != nil {
		return err
	}
	a.newest = last.Newest()
	return nil
}

// keys makes the keys of this replica.
func (a *attempt) keys(context.Context) (err error) {
	a.further, err = host.BeginFurther(host.Folder(a.dir, a.t.Of.Name()), a.newest, a.t.Replica, a.o.Now)
	if err == nil {
		a.further.FileBlocks = a.o.FileBlocks
		a.told(text.JoinKeys, text.JoinKeysDone, nil)
	}
	return err
}

// enter has this replica admitted, and keeps where the others are.
func (a *attempt) enter(ctx context.Context) error {
	binding, err := a.line.Binding()
	if err != nil {
		return err
	}
	body, err := bring(a.t.Secret, a.further.Keys.Keys(), a.addresses(), binding, a.further.Keys.SignLog)
	if err != nil {
		return err
	}
	told, err := door.AskReplica(ctx, a.line, body)
	if err == nil {
		a.welcome, err = readWelcome(told)
	}
	if err != nil {
		return err
	}
	a.told(text.JoinAdmitted, text.JoinAdmittedDone, text.Args{"replica": a.t.Replica.String()})
	return nil
}

// addresses returns where the other replicas reach this one.
func (a *attempt) addresses() []string {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		a.o.Logger.Warn("addresses of this machine unknown", "error", err)
	}
	return config.Advertised(a.o.Listen, nil, interfaces)
}

// fill takes the keys of the jurisdiction and its state from one of the others.
func (a *attempt) fill(ctx context.Context) error {
	var failed error
	for _, other := range a.welcome.Others {
		err := a.fillFrom(ctx, other.Replica)
		if err == nil {
			return a.further.Finish()
		}
		failed = errors.Join(failed, err)
	}
	if ctx.Err() != nil {
		return failed
	}
	return a.notFilled(failed)
}

// notFilled says that each of the others broke off: mostly because data are damaged there, which
// its own status names.
func (a *attempt) notFilled(err error) error {
	_, told := errors.AsType[*text.Failure](err)
	_, full := errors.AsType[*group.SpaceError](err)
	if _, ofSystem := errors.AsType[syscall.Errno](err); told || full || ofSystem {
		return err // of this machine
	}
	var by []identity.Replica
	for _, o := range a.welcome.Others {
		by = append(by, o.Replica)
	}
	return text.Fail(text.ReplicaNotFilled, text.Args{"replica": a.t.Replica.String(), "by": named(by)}, err)
}

func (a *attempt) fillFrom(ctx context.Context, from identity.Replica) error {
	asker := Asker{Streams: a.links.For(link.UseAsks)}
	err := a.further.Secrets(func(public []byte) ([]byte, []byte, error) { return asker.Secrets(ctx, from, public) })
	if err != nil {
		return err
	}
	a.told(text.JoinSecrets, text.JoinSecretsDone, nil)
	stream, err := a.links.For(link.UseFetch).Dial(ctx, from)
	if err != nil {
		return fmt.Errorf("reach %s: %w", from, err)
	}
	defer stream.Close()
	err = a.further.Fill(ctx, stream, from, a.o.Registry(), func(done, _ uint64) { a.entries = done })
	if err != nil {
		return err
	}
	a.told(text.JoinFilled, text.JoinFilledDone, text.Args{"entries": strconv.FormatUint(a.entries, 10)})
	chain, recovery, err := asker.Above(ctx, from)
	if err != nil {
		return err
	}
	a.zone, _ = asker.Zone(ctx, from) // an earlier version does not say it
	return a.further.KeepAbove(chain, recovery)
}

// resolve returns where one of the others is reached.
func (a *attempt) resolve(ctx context.Context, to identity.Replica) (all []net.Addr, err error) {
	at := slices.IndexFunc(a.welcome.Others, func(o other) bool { return o.Replica == to })
	if at < 0 {
		return nil, fmt.Errorf("no address of %s is known", to)
	}
	addresses := a.welcome.Others[at].Addresses
	if at == 0 { // it answered there, whatever it says of itself
		addresses = append([]string{a.address}, addresses...)
	}
	for _, address := range addresses {
		resolved, failed := a.o.Resolve(ctx, address)
		err = errors.Join(err, failed)
		all = append(all, resolved...)
	}
	if len(all) > 0 {
		err = nil
	}
	return all, err
}

// bundles returns the CAs of the replicas that are there.
func (a *attempt) bundles() x509bundle.Source {
	b := &tlsconf.Bundles{}
	if err := b.Set([]trust.Believed{{KeySet: a.newest}}); err != nil {
		a.o.Logger.Error("the jurisdiction's certificates cannot be read", "error", err)
	}
	return b
}

// finish writes the configuration, and says that the directory is whole.
func (a *attempt) finish() (Joined, error) {
	name, w := a.t.Of.Name(), a.welcome
	c := config.Config{TimeZone: cmp.Or(a.o.TimeZone, a.zone), Listen: a.o.Listen, Jurisdictions: []config.Jurisdiction{{
		Name: name, DisplayName: w.DisplayName, ShortName: w.ShortName, Code: w.Code, Level: w.Level,
	}}}
	if err := datadir.Write(a.dir, c); err != nil {
		return Joined{}, err
	}
	j := Joined{
		Name: name.String(), DisplayName: w.DisplayName, Replica: a.t.Replica.String(), Config: filepath.Join(a.dir, config.FileName), Entries: a.entries,
	}
	if away := !config.Loopback(a.address); away && config.Loopback(a.o.Listen) {
		j.OnlyHere = a.o.Listen
	}
	return j, nil
}

func (a *attempt) called() string {
	return roster.ShippedOf(a.t.Of.Name()).DisplayName(a.t.Of.Name())
}

func (a *attempt) told(step, what text.Code, args text.Args) {
	if a.o.Told != nil && !a.said[step] {
		a.said[step] = true
		a.o.Told(join.Step{Name: step, What: what, Args: args})
	}
}
