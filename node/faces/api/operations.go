package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/faces/client"
	"xietong/node/flows/witnessing"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// The requests. Each begins with the caller.
type (
	plain struct{ Caller }
	// AtEntry is a request about one entry.
	AtEntry struct {
		Caller
		Index uint64 `path:"index" doc:"Place in the log, counted from 0"`
	}
	sinceSize struct {
		Caller
		Since     uint64 `query:"since" maximum:"4611686018427387903" doc:"An older size of the ledger: the answer proves that it goes on from there"`
		Witnessed bool   `query:"witnessed" doc:"The newest one that a neighbour on another node cosigned, with the cosignatures"`
	}
	fromIndex struct {
		Caller
		From uint64 `query:"from" maximum:"4611686018427387903" doc:"Index of the first leaf, counted from 0"`
	}
	listAgencies struct {
		Listed
		Search string `query:"search" maxLength:"100" doc:"Only those whose code or title has this in it"`
	}
	listEntries struct {
		Spanned
		Kind  string `query:"kind" maxLength:"40" doc:"Only those of this kind: its name or number (docs/protocol.md), such as access"`
		By    string `query:"agency" maxLength:"63" doc:"Only those that this agency stated: its code"`
		Code  string `query:"code" maxLength:"63" doc:"Only those of this dataset or matter: its code"`
		At    string `query:"at" maxLength:"200" doc:"The acts of a jurisdiction below, as they are known here, and how far those of all below it are: full, short or English name, code, label or whole name, also after the name of the place above it"`
		Order string `query:"sort" enum:"index,index:desc" default:"index:desc" doc:"The newest first, or the oldest"`
	}
	addAgency struct {
		Caller
		Body client.NewAgency
	}
)

func get(id, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary}
}

// post returns an operation with a body. The time in which it must come is held by admit: the
// library would set its own on the connection also where the body has come, and so end a request
// that takes longer.
func post(id, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, MaxBodyBytes: int64(bodyLen(path)), BodyReadTimeout: -1}
}

func (s *server) register(a huma.API) {
	huma.Register(a, get("status", "/v1/status", "What the node hosts, and how it is"), s.status)
	huma.Register(a, post("stop", "/v1/stop", "Stop the node"), s.stop)
	handle(s, a, get("checkpoint", "/v1/ledger/checkpoint", "The newest signed tree head"), checkpoint)
	handle(s, a, get("leaves", "/v1/ledger/leaves", "The leaves as they are hashed"), leaves)
	handle(s, a, get("entries", "/v1/ledger/entries", "The public heads of the entries"), entriesListed)
	handle(s, a, get("entry", "/v1/ledger/entries/{index}", "The public head of an entry"), showEntry)
	handle(s, a, get("receipt", "/v1/ledger/entries/{index}/receipt", "The portable proof of an entry"), receipt)
	handle(s, a, post("add-agency", "/v1/agencies", "Add an agency"), newAgency)
	handle(s, a, get("agencies", "/v1/agencies", "The agencies"), agencies)
	s.registerHealth(a)
	s.registerDatasets(a)
	s.registerUses(a)
	s.registerUsage(a)
	s.registerGrants(a)
	s.registerQuestions(a)
	s.registerTree(a)
	s.registerReplicas(a)
	s.registerKeys(a)
	s.registerClock(a)
	s.registerContinue(a)
	handle(s, a, post("repair-ledger", "/v1/ledger/repair", "Make what is damaged whole from the other replicas"), repairedLedger)
	s.registerRoster(a)
	s.registerStandards(a)
	s.registerReform(a)
	s.registerAudits(a)
}

func checkpoint(ctx context.Context, h Hosted, in *sinceSize) (client.Checkpoint, error) {
	f, by, err := followed(ctx, h, in)
	c := f.Checkpoint
	if errors.Is(err, host.ErrBeyond) {
		return client.Checkpoint{}, beyond(ctx, h, in, c, err)
	}
	out := client.Checkpoint{
		Log: c.Log.String(), Size: c.Size, Root: fmt.Sprintf("%x", c.Root[:]), Note: string(f.Signed),
		Keys: []client.VerifierKey{}, Since: in.Since, Consistency: [][]byte{},
	}
	for _, k := range f.Keys {
		out.Keys = append(out.Keys, client.VerifierKey{Replica: k.Replica.String(), Key: k.Key})
	}
	for _, w := range by {
		out.Witnesses = append(out.Witnesses, client.WitnessKey{Name: w.By.String(), Key: w.Key, At: stamp(w.At)})
	}
	for _, hash := range f.Path {
		out.Consistency = append(out.Consistency, hash[:])
	}
	return out, err
}

// beyond returns the refusal of a size that the checkpoint does not have. One that was witnessed
// may be older than the ledger, which has it.
func beyond(ctx context.Context, h Hosted, in *sinceSize, c ledger.Checkpoint, cause error) error {
	args := func(c ledger.Checkpoint) text.Args {
		return text.Args{"number": fmt.Sprint(in.Since), "count": fmt.Sprint(c.Size), "log": c.Log.String()}
	}
	if in.Witnessed {
		newest, err := h.Ledger.Follow(ctx, in.Since)
		switch {
		case err == nil:
			return text.Fail(text.WitnessedBehind, args(c), cause)
		case !errors.Is(err, host.ErrBeyond):
			return err
		}
		c = newest.Checkpoint
	}
	return text.Fail(text.SinceBeyond, args(c), cause)
}

// followed returns the newest checkpoint or, where that is wanted, the newest that was witnessed.
func followed(ctx context.Context, h Hosted, in *sinceSize) (f host.Followed, by []witnessing.Cosigned, err error) {
	if in.Witnessed {
		return h.Witness.Follow(ctx, in.Since)
	}
	f, err = h.Ledger.Follow(ctx, in.Since)
	return f, nil, err
}

func leaves(ctx context.Context, h Hosted, in *fromIndex) (client.Leaves, error) {
	all, err := h.Ledger.Leaves(ctx, in.From)
	return client.Leaves{From: in.From, Leaves: append([][]byte{}, all...)}, err
}

func showEntry(ctx context.Context, h Hosted, in *AtEntry) (client.Entry, error) {
	e, err := h.Ledger.Entry(ctx, in.Index)
	if err != nil {
		return client.Entry{}, h.noEntry(in.Index, err)
	}
	return entryShown(e), nil
}

// entryShown shows an entry of any ledger.
func entryShown(e host.Entry) client.Entry {
	head, commitment := e.Leaf.Head, e.Leaf.Evidence.Commitment()
	return client.Entry{
		Entry: e.Name.String(), Index: e.Name.Index(), Kind: uint64(head.Kind), KindName: head.Kind.String(),
		Agency: head.Agency.String(), Code: head.Code.String(), Seq: head.Seq, About: e.About.String(),
		Time: stampMS(head.At()), Signed: e.Leaf.Evidence.Signed(), Commitment: fmt.Sprintf("%x", commitment[:]), LeafHash: fmt.Sprintf("%x", e.Hash[:]),
	}
}

// entryNamed returns the head of an entry of any ledger: from the caller's own, and otherwise from
// the receipt that the jurisdiction gives of it, which is verified from the pin of the tree's root.
func entryNamed(ctx context.Context, h Hosted, in *ofEntry) (client.Entry, error) {
	name, err := identity.ParseEntry(in.Entry)
	if err != nil {
		return client.Entry{}, err
	}
	if h.Ledger.Names().Has(name) {
		return showEntry(ctx, h, &AtEntry{Caller: in.Caller, Index: name.Index()})
	}
	got, err := h.Ask.Receipt(ctx, in.by(), name)
	if err != nil {
		return client.Entry{}, err
	}
	_, root, err := h.Ledger.Chain(ctx)
	if err != nil {
		return client.Entry{}, err
	}
	h.Witness.SawReceipt(ctx, name.Log().Jurisdiction(), got.Receipt)
	proven, err := host.Proven(got.Receipt, got.Preimage, root, name)
	if err != nil {
		return client.Entry{}, text.Fail(text.ReceiptRefused, text.Args{"file": name.String(), "reason": err.Error()}, err)
	}
	h.aboutBelow(&proven)
	return entryShown(proven), nil
}

// aboutBelow names what an entry is about that a receipt proves, where it is of a ledger below
// whose epochs are known.
func (h Hosted) aboutBelow(e *host.Entry) {
	_ = h.Ledger.Look(func(r *state.Reader) error {
		if acts, err := h.Witness.ActsOf(r, e.Name.Log().Jurisdiction()); err == nil && acts.Has(e.Name) {
			e.About = acts.Named(e.Leaf.Head.About)
		}
		return nil
	})
}

// noEntry turns the error for an entry that the ledger has not reached into a refusal that names
// the entry.
func (h Hosted) noEntry(index uint64, err error) error {
	if errors.Is(err, book.ErrNoEntry) {
		return text.Fail(text.NotFound, text.Args{"what": "entry", "where": h.entryName(index)}, err)
	}
	return err
}

func receipt(ctx context.Context, h Hosted, in *AtEntry) (client.Receipt, error) {
	return h.receiptOf(ctx, in.Caller, h.Ledger.Names().Entry(in.Index))
}

func (h Hosted) receiptOf(ctx context.Context, c Caller, e identity.Entry) (client.Receipt, error) {
	got, err := h.Ask.Receipt(ctx, c.by(), e)
	if err == nil {
		h.Witness.SawReceipt(ctx, e.Log().Jurisdiction(), got.Receipt)
	}
	return client.Receipt{Entry: got.Entry.String(), Receipt: got.Receipt, Payload: got.Preimage, Withheld: got.Withheld}, err
}

// ofEntry is a request for the receipt of an entry by its whole name.
type ofEntry struct {
	Caller
	Entry string `query:"entry" maxLength:"300" doc:"NAME/log/EPOCH/INDEX"`
}

// receiptNamed returns the receipt of an entry: from the caller's own ledger, and otherwise by
// asking the jurisdiction that the ledger belongs to, also if that is hosted here. The caller is an
// agency of its own jurisdiction, and a stranger in every other.
func receiptNamed(ctx context.Context, h Hosted, in *ofEntry) (client.Receipt, error) {
	entry, err := identity.ParseEntry(in.Entry)
	if err != nil {
		return client.Receipt{}, err
	}
	return h.receiptOf(ctx, in.Caller, entry)
}

// newAgency adds an agency by an act of its own: the entry that adds it is its first statement.
func newAgency(ctx context.Context, h Hosted, in *addAgency) (client.Agency, error) {
	id, err := in.key()
	if err != nil {
		return client.Agency{}, err
	}
	code, err := identity.ParseLabel(in.Body.Code)
	if err != nil {
		return client.Agency{}, err
	}
	a, add := catalog.Agency{Code: code, Title: strings.TrimSpace(in.Body.Title)}, h.Reform.Return
	if !in.Body.Again {
		add = func(ctx context.Context, id identity.Message, a catalog.Agency) (catalog.Listed, error) {
			return catalog.AddAgency(ctx, h.Ledger, id, a)
		}
	}
	listed, err := add(ctx, id, a)
	if err != nil {
		return client.Agency{}, err
	}
	return h.withTwin(ctx, listed)
}

func agencies(ctx context.Context, h Hosted, in *listAgencies) (out client.Agencies, err error) {
	w := whole[client.Agency]{Hosted: h, Listed: in.Listed, name: "agencies", filter: []string{in.Search}, id: func(a client.Agency) string { return a.Code }, lacks: []string{"twin"}}
	w.keep = append(w.keep, func(a client.Agency) bool { return finds(in.Search, a.Code, a.Title) })
	err = h.Ledger.View(ctx, func(r *state.Reader) error {
		all, err := catalog.Agencies(r)
		former := catalog.Former(r)
		for _, l := range all {
			shown := h.agency(l)
			shown.Former = former[l.Code]
			w.all = append(w.all, shown)
		}
		return err
	})
	if err == nil {
		out.Agencies, out.Cursor, err = w.page()
	}
	return out, err
}

func (h Hosted) agency(l catalog.Listed) client.Agency {
	return client.Agency{
		Code: l.Code.String(), Title: l.Title, ID: identity.NewAgency(h.Ledger.Name(), l.Code).String(), Entry: l.Entry.String(),
		Ended: endedShown(l.Ended), Unchanged: l.Unchanged,
	}
}
