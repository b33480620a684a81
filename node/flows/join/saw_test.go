package join

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
	"xietong/node/tree/invitation"
	"xietong/node/tree/treetest"
)

// lies is what a parent says of what it saw, and hands of a chain.
type lies struct {
	said   door.Anew
	handed func(from uint64) door.Handed
}

// sight is a county in need, which joined a city.
type sight struct {
	city   *treetest.Party
	child  identity.Jurisdiction
	dir    string
	folder string
}

func registry() *state.Registry {
	r := state.NewRegistry()
	tree.Register(r)
	return r
}

func (s sight) options() host.Options {
	return host.Options{Registry: registry(), Logger: slog.New(slog.DiscardHandler), Now: s.city.Clock}
}

// open opens the county, and closes it after use.
func (s sight) open(t *testing.T, use func(own *host.Host)) {
	t.Helper()
	own, err := host.Open(t.Context(), s.folder, s.child, s.options())
	if err != nil {
		t.Fatal(err)
	}
	use(own)
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
}

// newSight makes the county, with four checkpoints of ever more entries: their notes, the largest
// first.
func newSight(t *testing.T) (s sight, notes [][]byte) {
	t.Helper()
	dir := t.TempDir()
	s = sight{city: treetest.New(t, "guiyang.guizhou"), child: treetest.Name(t, "nanming.guiyang.guizhou"), dir: dir}
	s.folder = host.Folder(dir, s.child)
	s.invites(t, "first", false)
	if _, err := host.Make(s.folder, s.child, host.New{Now: s.city.Clock(), Epoch: 1, Hosted: 1}); err != nil {
		t.Fatal(err)
	}
	s.open(t, func(own *host.Host) {
		sets, err := own.KeySets(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		redeems(t, s.city, tree.Redemption{Child: s.child, Secret: []byte("first"), KeySets: sets, Replica: own.Replica()}, own.SignLog)
		pin := s.city.MustPin(t)
		up := tree.Upstream{Parent: s.city.Name(), ParentPin: pin.String(), RootPin: pin.String(), Addresses: []string{"a:1"}}
		if _, err := tree.Record(t.Context(), own, up); err != nil {
			t.Fatal(err)
		}
		for _, village := range []string{"a", "b", "c", "d"} {
			name, err := s.child.Child(treetest.Label(t, village))
			if err != nil {
				t.Fatal(err)
			}
			_, err = tree.Invite(t.Context(), own, treetest.Message(t), tree.Invitation{
				Place: tree.Place{Name: name, Code: "1", Level: "town", DisplayName: "村", ShortName: "村"}, Until: s.city.Clock().Add(time.Hour),
			})
			if err != nil {
				t.Fatal(err)
			}
			_, note, err := own.Checkpoint(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			notes = append([][]byte{note}, notes...)
		}
	})
	return s, notes
}

func (s sight) invites(t *testing.T, secret string, rekey bool) {
	t.Helper()
	s.city.InviteAs(t, tree.Place{Name: s.child, Code: "520102", Level: "county", DisplayName: "南明区", ShortName: "南明区"}, secret, rekey)
}

// redeems has the city endorse whoever holds the keys.
func redeems(t *testing.T, city *treetest.Party, r tree.Redemption, sign func([]byte) []byte) identity.Entry {
	t.Helper()
	r.Possession = sign(tree.PossessionInput(treetest.Binding, tree.SecretHash(r.Secret)))
	entry, err := tree.Redeem(t.Context(), city, r, treetest.Binding, city.Clock())
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

// attempt is one of going on alone, where the city says what is given; with nil it says what it
// knows, and that it saw the checkpoints of the notes.
func (s sight) attempt(t *testing.T, told *lies, notes [][]byte) *attempt {
	t.Helper()
	pin := s.city.MustPin(t)
	d := door.Door{
		Parent: s.city, Now: s.city.Clock, Budget: door.NewBudget(), Say: tree.NewEndorser(s.city, s.city.Clock).Say,
		Saw: func(context.Context, identity.Jurisdiction) (door.Kept, error) {
			return door.Kept{Largest: notes[0], Older: notes[1:]}, nil
		},
		Alarm: func(identity.Jurisdiction, text.Code, error) {},
	}
	a := &attempt{
		o: Options{
			Now: s.city.Clock, Told: func(Step) {}, Registry: registry, Logger: slog.New(slog.DiscardHandler),
			Alone: &Alone{Reason: "lost", Others: func(context.Context, Left) error { return nil }},
		},
		dir: s.dir,
		t:   invitation.Token{Parent: pin, Root: pin, Child: s.child, DisplayName: "南明区", Code: "520102", Level: "county", Secret: []byte("secret")},
		line: knocksBound(t, s.city, func(binding [32]byte, frame []byte) ([]byte, error) {
			switch {
			case told != nil && frame[1] == 12:
				return canon.Marshal([]any{0, []string{}, encoded(t, told.said)})
			case told != nil && frame[1] == 13:
				return canon.Marshal([]any{0, []string{}, encoded(t, told.handed(fromIn(t, frame)))})
			}
			return d.Answer(t.Context(), binding, frame)
		}),
	}
	chain, err := door.Meet(t.Context(), a.line, pin, pin, s.city.Clock())
	if err != nil {
		t.Fatal(err)
	}
	a.chain = chain
	return a
}

// fromIn returns from which number on a request asks for key sets.
func fromIn(t *testing.T, frame []byte) uint64 {
	t.Helper()
	var q struct {
		_    struct{} `cbor:",toarray"`
		Op   uint64
		Body []byte
	}
	var w struct {
		_             struct{} `cbor:",toarray"`
		Child         identity.Jurisdiction
		Secret, First []byte
		From          uint64
	}
	if err := errors.Join(canon.Unmarshal(frame, len(frame), &q), canon.Unmarshal(q.Body, len(frame), &w)); err != nil {
		t.Fatal(err)
	}
	return w.From
}

// chainOf hands the key sets of somebody, a few at a time, with a proof.
func chainOf(sets [][]byte, proof []byte) func(uint64) door.Handed {
	return func(from uint64) door.Handed {
		left := sets[min(int(from)-1, len(sets)):]
		return door.Handed{KeySets: append([][]byte{}, left[:min(3, len(left))]...), Endorsement: append([]byte{}, proof...)}
	}
}

// made is a note of so many entries of a log, with a root of zeroes.
func made(t *testing.T, log identity.Log, by ledger.LogSigner, size uint64) []byte {
	t.Helper()
	note, err := ledger.SignCheckpoint(ledger.Checkpoint{Log: log, Size: size, Root: tlog.Hash{}}, by)
	if err != nil {
		t.Fatal(err)
	}
	return note
}

// saidOf is what a city says that saw the largest of the notes, which a key set signed.
func saidOf(by trust.Pin, number uint64, notes ...[]byte) door.Anew {
	hash := by.Hash()
	return door.Anew{First: []byte{}, Saw: notes[0], Older: append([][]byte{}, notes[1:]...), By: tree.Signer{First: hash[:], Number: number}}
}

// TestMadeSight (C33): a city says that it saw what no key of its county signed: two entries with a
// root of zeroes, or 2^40, or checkpoints between that never were; or it says whose keys signed it,
// by key sets of another jurisdiction, an endorsement of another child, of another chain or by
// another city. It is refused, nothing is changed, and the county opens with the keys that it has.
func TestMadeSight(t *testing.T) {
	s, notes := newSight(t)
	s.invites(t, "secret", true)
	log, err := identity.NewLog(s.child, 1)
	if err != nil {
		t.Fatal(err)
	}
	stranger, sister, far := treetest.New(t, "nanming.guiyang.guizhou"), treetest.New(t, "yunyan.guiyang.guizhou"), treetest.New(t, "guiyang.guizhou")
	s.city.Invite(t, sister, "sister", false)
	far.Invite(t, stranger, "far", false)
	endorses := func(city *treetest.Party, entry identity.Entry) []byte {
		proof, err := city.ProveEndorsement(t.Context(), entry.Index())
		if err != nil {
			t.Fatal(err)
		}
		return proof
	}
	ofSister := endorses(s.city, redeems(t, s.city, sister.Bring(t, "sister"), sister.Keys.SignLog))
	byAnother := endorses(far, redeems(t, far, stranger.Bring(t, "far"), stranger.Keys.SignLog))
	ofCounty := endorses(s.city, s.city.Child(t, "nanming").Endorsement.In(s.city.Names()))
	var own trust.Pin
	s.open(t, func(h *host.Host) { own, err = h.Pin() })
	if err != nil {
		t.Fatal(err)
	}
	other, theirs := stranger.Follow(t, 8, nil), sister.Follow(t, 8, nil)
	strange, sisters := stranger.MustPin(t), sister.MustPin(t)
	none := chainOf(nil, nil)
	for what, l := range map[string]lies{
		"two entries":                       {saidOf(own, 1, made(t, log, s.city.Keys, 2)), none},
		"2^40 entries":                      {saidOf(own, 1, made(t, log, stranger.Keys, 1<<40)), none},
		"more by the city's own keys":       {saidOf(own, 9, made(t, log, s.city.Keys, 1<<40)), none},
		"between: no checkpoint":            {saidOf(own, 1, notes[0], made(t, log, stranger.Keys, 2)), none},
		"between: a larger one":             {saidOf(own, 1, notes[1], notes[0]), none},
		"between: one of a sister":          {saidOf(own, 1, notes[0], made(t, sister.Log(), sister.Keys, 2)), none},
		"key sets of a sister":              {saidOf(sisters, 1, made(t, log, sister.Keys, 2)), chainOf(theirs, ofSister)},
		"key sets that do not follow":       {saidOf(own, 8, made(t, log, stranger.Keys, 2)), chainOf(other, nil)},
		"key sets without an endorsement":   {saidOf(strange, 1, made(t, log, stranger.Keys, 2)), chainOf(other, nil)},
		"the endorsement of a sister":       {saidOf(strange, 1, made(t, log, stranger.Keys, 2)), chainOf(other, ofSister)},
		"the endorsement of another chain":  {saidOf(strange, 1, made(t, log, stranger.Keys, 2)), chainOf(other, ofCounty)},
		"the endorsement of another city":   {saidOf(strange, 1, made(t, log, stranger.Keys, 2)), chainOf(other, byAnother)},
		"an endorsement with other entries": {saidOf(own, 1, made(t, log, stranger.Keys, 2)), chainOf(other, ofCounty)},
	} {
		a := s.attempt(t, &l, notes)
		if err := a.settle(t.Context()); !failure.Is(err, text.SawUnproven) {
			t.Errorf("%s: got %v, want %s", what, err, text.SawUnproven)
		}
		if begun, err := host.Unendorsed(s.folder); begun || err != nil {
			t.Errorf("%s: something is begun: %v, %v", what, begun, err)
		}
		s.open(t, func(h *host.Host) {
			if got, err := h.Pin(); err != nil || got != own {
				t.Errorf("%s: its keys are %s, %v, want %s", what, got, err, own)
			}
		})
	}
}

// TestTrueSight (C33): what the keys of a county signed is believed of its city: by keys that the
// folder has, by those that follow them, however many, and by a chain that the city endorsed and
// that the folder has not, also where it endorsed yet another one since.
func TestTrueSight(t *testing.T) {
	s, notes := newSight(t)
	var had []trust.KeySet
	s.open(t, func(h *host.Host) {
		var err error
		if had, err = h.KeySetsIn(1, 0); err != nil {
			t.Fatal(err)
		}
	})
	later := treetest.NewIn(t, "nanming.guiyang.guizhou", 2) // stands for the folder with the newest chain
	sets := later.Follow(t, 40, nil)
	saw := func(what string, notes [][]byte, chains [][]trust.KeySet, size uint64, older int, want text.Code) {
		t.Helper()
		a := s.attempt(t, nil, notes)
		said, err := door.AskAnew(t.Context(), a.line, a.t.Child, a.t.Secret)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.saw(t.Context(), said, chains)
		if want != "" {
			if !failure.Is(err, want) || len(got.Note) > 0 {
				t.Errorf("%s: got %+v, %v, want %s", what, got, err, want)
			}
			return
		}
		c, bad := ledger.Growth{Note: got.Note}.Checkpoint()
		if err != nil || bad != nil || c.Size != size || len(got.Older) != older {
			t.Errorf("%s: got %d entries, and %d smaller ones, %v, %v", what, c.Size, len(got.Older), err, bad)
		}
	}
	s.invites(t, "secret", true)
	saw("by the keys of the folder", notes, [][]trust.KeySet{had}, 6, 3, "")
	strangers := trustOf(t, later.Follow(t, 1, nil))
	saw("by a chain that is endorsed", notes, [][]trust.KeySet{strangers}, 6, 3, "")

	redeems(t, s.city, tree.Redemption{Child: s.child, Secret: []byte("secret"), KeySets: sets[:16], Replica: later.Replica()}, later.Keys.SignLog)
	for from := 16; from < 39; from += 16 {
		upTo := min(from+16, 39)
		p := later.Show(t, sets[:upTo], from)
		if _, _, err := tree.Present(t.Context(), s.city, p, treetest.AtTheDoor(p), s.city.Clock()); err != nil {
			t.Fatal(err)
		}
	}
	s.invites(t, "secret", true)
	log := later.Log()
	newest := [][]byte{made(t, log, later.Keys, 9), made(t, log, later.Keys, 7)}
	saw("by keys that follow those of the folder", newest, [][]trust.KeySet{had, trustOf(t, sets[:2])}, 9, 1, "")
	saw("by a chain that is not in the folder", newest, [][]trust.KeySet{had}, 9, 1, "")

	third := treetest.NewIn(t, "nanming.guiyang.guizhou", 3)
	redeems(t, s.city, third.Bring(t, "secret"), third.Keys.SignLog)
	s.invites(t, "secret", true)
	saw("by a chain that another one took the place of", newest, [][]trust.KeySet{had}, 9, 1, "")
	other := treetest.NewIn(t, "nanming.guiyang.guizhou", 2)
	saw("by a chain that was never endorsed", [][]byte{made(t, other.Log(), other.Keys, 9)}, [][]trust.KeySet{had}, 0, 0, text.SawUnproven)
}

// trustOf returns key sets that begin with number 1.
func trustOf(t *testing.T, signed [][]byte) []trust.KeySet {
	t.Helper()
	chain, err := trust.WalkFirst(signed)
	if err != nil {
		t.Fatal(err)
	}
	return chain
}
