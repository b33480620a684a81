package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/faces/client"
	"xietong/node/flows/replicas"
	"xietong/node/ground/book"
	"xietong/node/ground/config"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/chains"
)

// Machine is what a node says of its process and its disk.
type Machine struct {
	Since               time.Time // since when it is open
	Data                string    // the data directory
	Settings            config.Config
	Used, Free, Reserve uint64 // bytes of the disk
}

// Times by which a person judges what status shows.
const (
	renewEvery    = 24 * time.Hour  // of an endorsement, by the parent
	standingEvery = 5 * time.Minute // after which a standing is asked for anew
)

// status answers for every hosted jurisdiction. It needs no choice of one, because it is the
// operation that lists them.
func (s *server) status(ctx context.Context, in *plain) (*answer[client.Status], error) {
	ctx = book.Glance(ctx) // it answers also while most replicas are away
	shown, err := s.statusFor(ctx, in.Caller)
	if err != nil {
		return nil, s.refuse(in.Caller, err)
	}
	m, err := s.node.Machine()
	if err != nil {
		return nil, s.refuse(in.Caller, err)
	}
	out := client.Status{
		Version: s.version, PID: os.Getpid(), Since: stamp(m.Since), Now: stamp(s.node.Now()), Data: m.Data, Listen: m.Settings.Listen, Settings: SettingsOf(m.Settings),
		Disk: client.Disk{Used: m.Used, Free: m.Free, Reserve: m.Reserve},
	}
	for _, h := range shown {
		j, err := s.statusOf(ctx, h)
		if err != nil {
			return nil, s.refuse(in.Caller, err)
		}
		out.Jurisdictions = append(out.Jurisdictions, j)
	}
	for _, e := range s.node.Ended() {
		if in.Jurisdiction == "" {
			out.Ended = append(out.Ended, client.EndedJurisdiction{Name: e.Place.Name.String(), DisplayName: e.Place.DisplayName, Why: troubleShown(e.Why)})
		}
	}
	return &answer[client.Status]{out}, nil
}

// statusFor returns the jurisdictions whose status a caller wants: the one that it names, or all.
// An agency that it names is one of them.
func (s *server) statusFor(ctx context.Context, c Caller) (shown []Hosted, err error) {
	shown = s.node.Hosted()
	if c.Jurisdiction != "" {
		h, err := s.at(c)
		if err != nil {
			return nil, err
		}
		shown = []Hosted{h}
	}
	for _, h := range shown {
		if err = h.reads(ctx, c); err == nil {
			break
		}
	}
	return shown, err
}

// SettingsOf returns a configuration as it is told.
func SettingsOf(c config.Config) client.Settings {
	s := client.Settings{TimeZone: c.Zone().String(), Listen: c.Listen, Addresses: append([]string{}, c.Addresses...), SignedSizes: c.SignedSizes, Jurisdictions: []client.HostedSettings{}}
	for _, j := range c.Jurisdictions {
		s.Jurisdictions = append(s.Jurisdictions, client.HostedSettings{
			Name: j.Name.String(), DisplayName: j.DisplayName, ShortName: j.ShortName, Code: j.Code, Level: j.Level, ParentAddress: j.ParentAddress,
		})
	}
	return s
}

func (s *server) statusOf(ctx context.Context, h Hosted) (client.JurisdictionStatus, error) {
	place := h.Standing.Place(h.Ledger.Name())
	j := client.JurisdictionStatus{
		Name: h.Ledger.Name().String(), DisplayName: place.DisplayName, Code: place.Code, Level: place.Level,
		Replica: h.Ledger.Replica().String(), Leader: h.Ledger.Leads(), Alarms: []client.Trouble{},
	}
	pin, err := h.Ledger.Pin()
	if err != nil {
		return j, err
	}
	j.Pin = pin.String()
	if j.Check, err = s.check(ctx, h, false); err != nil {
		return j, err
	}
	j.Check.Alarms = append(j.Check.Alarms, ledgerAlarms(h)...)
	if parent, ok := h.Standing.Parent(); ok {
		n := s.parent(h, parent)
		j.Parent = &n
		if moved := s.node.Link(h.Ledger.Name(), parent).Dialled; moved != "" {
			j.ParentAddresses = []string{moved}
		}
	}
	var below childrenAt
	var held []error
	err = h.Ledger.View(ctx, func(r *state.Reader) error {
		below, held = childrenIn(r), catalog.AllHeld(r)
		return ledgerShown(r, &j)
	})
	if err != nil {
		return j, err
	}
	j.Children = s.children(h, below)
	linkedElsewhere(ctx, h, j.Parent, j.Children)
	wrong, err := s.replicasOf(ctx, h, &j)
	if err != nil {
		return j, err
	}
	if parent, ok := h.Standing.Parent(); ok {
		wrong = append(wrong, clockAhead(s.node.Link(h.Ledger.Name(), parent), h.Standing.Called(parent))...)
		if j.Parent.Alarm == string(text.ParentKeysOld) {
			wrong = append(wrong, text.Fail(text.ParentKeysOld, text.Args{"name": h.Standing.Called(parent), "jurisdiction": parent.String()}, nil))
		}
	}
	wrong = append(append(wrong, heldShown(below)...), held...)
	if err := h.Records.Damaged(); err != nil {
		wrong = append(wrong, err)
	}
	if j.Ends, err = s.ends(ctx, h); err != nil {
		wrong = append(wrong, err)
	}
	if err := h.Rosters.Trouble(); err != nil {
		wrong = append(wrong, err)
	}
	for _, err := range wrong {
		j.Alarms = append(j.Alarms, troubleShown(differShown(h, err)))
	}
	return j, nil
}

// replicasOf tells of the replicas, where there is more than one, and returns what is wrong with
// this one and with the group. That this one hears no leader is not what is wrong where one leads.
func (s *server) replicasOf(ctx context.Context, h Hosted, j *client.JurisdictionStatus) (wrong []error, err error) {
	wrong = h.Trouble()
	if slices.ContainsFunc(wrong, isRemoved) { // what it says of its folder, or hears, is nobody's matter any more
		return slices.DeleteFunc(wrong, func(err error) bool { return isQuestion(err) || errors.Is(err, host.ErrNoLeader) }), nil
	}
	wrong = append(wrong, h.Replicas.TwiceAlarms()...)
	all, err := h.Replicas.List(ctx)
	strength := replicas.StrengthOf(all)
	if err != nil || len(all) < 2 {
		return wrong, err
	}
	for _, each := range all {
		j.Members = append(j.Members, s.replicaShown(each))
	}
	if strength.Voters > 1 {
		j.Replicas = new(strengthShown(strength))
	}
	if strength.Led {
		wrong = slices.DeleteFunc(wrong, func(err error) bool { return errors.Is(err, host.ErrNoLeader) })
	}
	return append(wrong, replicas.Alarms(all, s.node.Now())...), nil
}

func isRemoved(err error) bool {
	_, ok := errors.AsType[*host.RemovedError](err)
	return ok
}

func isQuestion(err error) bool {
	_, ok := errors.AsType[*host.QuestionError](err)
	return ok
}

func troubleShown(err error) client.Trouble {
	f := failure.Of(err)
	return client.Trouble{Code: string(f.Code), Args: f.Args}
}

// clockAhead returns text.ClockAhead where this clock is ahead by that of the parent, as it said
// last: what is written meanwhile cannot be taken back.
func clockAhead(parent LinkState, called string) []error {
	ahead := -parent.Offset
	if !parent.Up || ahead <= tree.MaxSkew {
		return nil
	}
	return []error{text.Fail(text.ClockAhead, text.Args{"offset": ahead.Round(time.Second).String(), "name": called}, nil)}
}

// ledgerShown tells what the ledger holds.
func ledgerShown(r *state.Reader, j *client.JurisdictionStatus) error {
	root, err := r.RootAt(r.Size())
	if err != nil {
		return err
	}
	j.Agencies, j.Datasets = catalog.Counts(r)
	j.Log, j.TreeSize, j.Root = r.Log().String(), r.Size(), fmt.Sprintf("%x", root[:])
	j.CheckpointSize, _ = r.Checkpoint()
	j.Lost = lostShown(r)
	if j.TreeSize > 0 {
		j.LastEntry = stampMS(r.Clock())
	}
	if j.CheckpointSize < j.TreeSize {
		at, err := host.TimeAt(r, j.CheckpointSize)
		if err != nil {
			return err
		}
		j.Uncovered = stampMS(at)
	}
	if up, joined := tree.UpstreamOf(r); joined && j.ParentAddresses == nil {
		j.ParentAddresses = up.Addresses
	}
	return nil
}

// lostShown tells what the ledger lost.
func lostShown(r *state.Reader) (all []client.Lost) {
	for _, e := range r.Epochs() {
		lost := client.Lost{Epoch: e.Number, Before: e.Before, Entry: r.Names().Entry(e.Entry).String(), From: e.From, To: e.To, Settled: e.Settled}
		if first, last, one := host.LostNames(r, e); one {
			lost.First, lost.Last = first.String(), last.String()
		}
		if at, err := host.TimeAt(r, e.Entry); err == nil && e.Settled && !e.Whole {
			lost.ByHandUntil = byHandUntil(at, r.Clock())
		}
		all = append(all, lost)
	}
	return all
}

// byHandFor is how long it is told that what ended in lost entries is to be ended by hand, in ms:
// longer than a month in which somebody is away.
const byHandFor = 45 * 24 * 60 * 60 * 1000

// byHandUntil returns until when a person is told to end by hand what ended in lost entries, of
// which nobody kept all heads; "": the time is over. at is when the entry was made that names them,
// and now the ledger's clock, in ms since 1970 UTC.
func byHandUntil(at, now uint64) string {
	if until := at + byHandFor; now < until {
		return stampMS(until)
	}
	return ""
}

// ends tells what ends when.
func (s *server) ends(ctx context.Context, h Hosted) (all []client.Ending, err error) {
	all = []client.Ending{}
	states, e, err := h.Keys.KeyStates(ctx)
	if err != nil {
		return all, err
	}
	for _, k := range states {
		if k.InUse {
			all = append(all, client.Ending{What: client.EndsSigning, At: stamp(k.SigningEnds), Renews: stamp(k.RenewsAt)})
		}
	}
	if e == nil || h.Keys.Denied() != nil {
		return all, nil
	}
	issued := time.UnixMilli(int64(e.Issued))
	all = append(all, client.Ending{What: client.EndsEndorsement, At: stampMS(e.NotAfter), Renews: stamp(issued.Add(renewEvery))})
	chain, err := h.Standing.Chain(ctx)
	if err != nil {
		return all, err
	}
	if said := chain[len(chain)-1].Standing; said != nil {
		all = append(all, client.Ending{
			What: client.EndsStanding, At: stamp(said.At().Add(chains.MaxAge)), Renews: stamp(said.At().Add(standingEvery)),
		})
	}
	return all, nil
}
