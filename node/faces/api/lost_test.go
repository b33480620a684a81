package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/faces/client"
	"xietong/node/flows/epochs"
	"xietong/node/flows/witnessing"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// TestHeldStandardIsShown (B19-14): a standard that is held is shown to whoever looks at it, as
// held and not as withdrawn, and so is a dataset; nobody gets it to adopt it.
func TestHeldStandardIsShown(t *testing.T) {
	d := open(t)
	set := client.NewStandard{NewDataset: edited(villages(), func(v *client.NewDataset) { v.Code = "towns" }), Level: "county"}
	d.done(t, "POST", "/v1/standards", "civil-affairs", set)
	l := d.server.node.(*node).hosted[0].Ledger
	lost := l.Names().Entry(77)
	held, err := catalog.Hold(t.Context(), l, must(identity.NewMessage()), catalog.HeldStandard, must(identity.ParseLabel("towns")), lost, ledger.KindStandard, identity.MaxIndex)
	if err != nil || !held {
		t.Fatal(held, err)
	}
	var got client.Standard
	if err := json.Unmarshal(d.done(t, "GET", "/v1/standards/towns", "civil-affairs", nil), &got); err != nil {
		t.Fatal(err)
	}
	if got.Code != "towns" || got.Held != lost.String() || got.Withdrawn != nil {
		t.Errorf("whoever set it is shown %+v", got)
	}
	if answer := d.send(t, request{method: "GET", path: "/v1/standards/towns?above=true", as: "civil-affairs"}); answer.Code == http.StatusOK {
		t.Errorf("whoever adopts it gets %s", answer.Body)
	}
}

// behind is a jurisdiction that a neighbour saw sign more entries than it has.
type behind struct {
	unwitnessed
	about identity.Jurisdiction
}

func (b behind) Findings(*state.Reader) []witnessing.Finding {
	return []witnessing.Finding{{About: b.about, Own: true, Size: 51, Kept: 124}}
}

// TestOneWayOutOfAnOldBackup (B19-6): while the keys of the data directory are not the newest,
// nobody is told to have its ledger go on as well, which would be refused.
func TestOneWayOutOfAnOldBackup(t *testing.T) {
	d := open(t)
	h := &d.server.node.(*node).hosted[0]
	h.Witness = behind{about: h.Ledger.Name()}
	for outrun, want := range map[uint64][]string{0: {string(text.OwnBehind)}, 3: nil} {
		h.Trouble = func() []error { return []error{&host.QuestionError{In: h.Ledger.Name(), Outrun: outrun}} }
		var got client.Status
		if err := json.Unmarshal(d.done(t, "GET", "/v1/status", "", nil), &got); err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, a := range got.Jurisdictions[0].Check.Alarms {
			codes = append(codes, a.Code)
		}
		if !slices.Equal(codes, want) {
			t.Errorf("outrun after %d: the alarms are %v, want %v", outrun, codes, want)
		}
	}
}

// unseen is a ledger of which nobody says what is lost.
type unseen struct{ undoubted }

func (unseen) Continue(context.Context, identity.Message, string, epochs.Word) (none identity.Entry, err error) {
	return none, text.Fail(text.LostUnseen, text.Args{"jurisdiction": "guizhou"}, nil)
}

// TestRootHasNoParentToAsk (B19-19): a root of which nobody says what it lost is not told to ask
// its parent, or the level above.
func TestRootHasNoParentToAsk(t *testing.T) {
	d := open(t)
	d.server.node.(*node).hosted[0].Newest = unseen{}
	answer := d.send(t, request{method: "POST", path: "/v1/ledger/continuation", body: client.Continuation{Reason: "an old backup"}})
	var p client.Problem
	if err := json.Unmarshal(answer.Body.Bytes(), &p); err != nil || p.Code != string(text.LostUnseenRoot) {
		t.Errorf("got %s, %v", answer.Body, err)
	}
}

// TestStatesOfWhoIsHeld (B19-16): of a child that is held the tree says whether its keys are
// awaited, or its joining is lost and it is to be invited again, until that is done.
func TestStatesOfWhoIsHeld(t *testing.T) {
	d := open(t)
	h := d.server.node.(*node).hosted[0]
	name := must(h.Ledger.Name().Child(must(identity.ParseLabel("guiyang"))))
	child := func(invitation, endorsement ledger.Ref) []tree.Child {
		return []tree.Child{{Place: tree.Place{Name: name}, Secret: []byte("s"), Invitation: invitation, Endorsement: endorsement, Number: 1, Until: 1 << 45, NotAfter: 1 << 45}}
	}
	for what, row := range map[string]struct {
		all  []tree.Child
		want string
	}{
		"it joined before":                     {child(ledger.RefTo(3), ledger.RefTo(4)), client.ChildHeld},
		"its joining is lost":                  {child(ledger.RefTo(3), ledger.None), client.ChildLost},
		"its invitation is lost as well":       {nil, client.ChildLost},
		"it was invited since":                 {child(ledger.RefTo(30), ledger.None), client.ChildInvited},
		"it was invited since, and had joined": {child(ledger.RefTo(30), ledger.RefTo(4)), client.ChildHeld},
	} {
		below := childrenAt{all: row.all, held: []tree.HeldChild{{Name: name, Held: tree.Held{Number: 1, Since: 20, Lost: h.Ledger.Names().Entry(15)}}}}
		got := d.server.children(h, below)
		if len(got) != 1 || got[0].State != row.want {
			t.Errorf("%s: got %+v, want %s", what, got, row.want)
		}
	}
}

// TestParentThatEndorsesOtherKeys (B19-3): a parent that endorses other keys of this jurisdiction
// is not said to endorse it no more.
func TestParentThatEndorsesOtherKeys(t *testing.T) {
	for said, want := range map[text.Code]string{
		text.KeySetOld: client.ParentOthers, text.KeySetsForked: client.ParentOthers, text.KeysSuperseded: client.ParentOthers,
		text.EndorsementWithdrawn: client.ParentDenies, text.EndorsementUnknown: client.ParentDenies,
	} {
		if got := deniedAs(said); got != want {
			t.Errorf("%s: got %s, want %s", said, got, want)
		}
	}
}
