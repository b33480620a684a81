package catalog

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// Commands of the test: one makes the list of changes as long as it says, the others end an agency
// and bring it back.
const (
	commandSpend   book.Command[keptList, ledger.Ref]     = 900
	commandEnds    book.Command[AgencyEnd, ledger.Ref]    = 901
	commandReturns book.Command[AgencyReturn, ledger.Ref] = 902
)

// TestAgenciesFull: whoever adds one agency too many reads how many there may ever be.
func TestAgenciesFull(t *testing.T) {
	registry := state.NewRegistry()
	Register(registry, nil)
	book.Command[keptList, ledger.Ref](904).Handle(registry, func(tx *state.Tx, _ keptList) (ledger.Ref, error) {
		for _, each := range numbered("a", MaxAgencies) {
			if err := saveAgency(tx, each.Code, keptAgency{Title: each.Title}, false); err != nil {
				return ledger.None, err
			}
		}
		return ledger.None, nil
	})
	l := booktest.New(t, "nanming.guiyang.guizhou", registry)
	if _, err := book.Command[keptList, ledger.Ref](904).Do(t.Context(), l, book.Request{}, keptList{}); err != nil {
		t.Fatal(err)
	}
	_, err := AddAgency(t.Context(), l, newID(t), Agency{Code: label(t, "water"), Title: "水务局"})
	if f := failure.Of(err); f == nil || f.Code != text.AgenciesFull || f.Args["agency"] != "water" || f.Args["limit"] != "1000" {
		t.Errorf("got %v, want the agency and the limit", err)
	}
}

// TestRenamesLeaveRoomForEnds (S19i): whatever was renamed before, every agency can be ended, and
// others be added; an alarm tells before renames are refused, and a day takes a hundred.
func TestRenamesLeaveRoomForEnds(t *testing.T) {
	registry := state.NewRegistry()
	Register(registry, nil)
	commandSpend.Handle(registry, func(tx *state.Tx, k keptList) (ledger.Ref, error) {
		return ledger.None, errors.Join(agencyList.Save(tx, listKey, k), renames.Save(tx, listKey, keptRenames{})) // another day
	})
	commandEnds.Handle(registry, ApplyEnd)
	commandReturns.Handle(registry, ApplyReturn)
	l := booktest.New(t, "nanming.guiyang.guizhou", registry)
	add(t, l, "water", "水务局")
	rename := func(title string) error {
		_, err := RenameAgency(t.Context(), l, newID(t), Agency{Code: label(t, "water"), Title: title})
		return err
	}
	for i := range maxRenames {
		if err := rename(strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := rename("x"); !failure.Is(err, text.AgencyRenames) {
		t.Errorf("one too many on a day: got %v", err)
	}
	old := Agency{Code: label(t, "old"), Title: "旧局"}
	add(t, l, "old", old.Title)
	b, err := EndOf(l, old.Code, identity.Label{}, "test")
	if err == nil {
		_, err = commandEnds.Do(t.Context(), l, book.Request{}, b)
	}
	act, _, failed := old.Act(l, ledger.KindAgency)
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	back := AgencyReturn{Code: old.Code, Title: old.Title, Statement: act}
	if _, err := commandReturns.Do(t.Context(), l, book.Request{}, back); !failure.Is(err, text.AgencyRenames) {
		t.Errorf("a return too many on a day: got %v", err)
	}
	spend := func(left int) {
		var s int
		view(t, l, func(r *state.Reader) { s = spare(r, l.Name()) })
		var k keptList
		view(t, l, func(r *state.Reader) { k = listAt(r, l.Name()) })
		k.Number += uint64(s - left)
		if _, err := commandSpend.Do(t.Context(), l, book.Request{}, k); err != nil {
			t.Fatal(err)
		}
	}
	for left, near := range map[int]bool{nearlyFull: false, nearlyFull - 1: true} {
		spend(left)
		view(t, l, func(r *state.Reader) {
			if got := NearlyFull(r); (got != nil) != near {
				t.Errorf("%d are left: got the alarm %v", left, got)
			}
		})
	}
	spend(0)
	if err := rename("y"); !failure.Is(err, text.AgencyListFull) {
		t.Errorf("with nothing left: got %v", err)
	}
	for i := range 3 {
		code := fmt.Sprintf("a%d", i)
		add(t, l, code, code)
		b, err := EndOf(l, label(t, code), identity.Label{}, "test")
		if err == nil {
			_, err = commandEnds.Do(t.Context(), l, book.Request{}, b)
		}
		if err != nil {
			t.Errorf("%s is not ended: %v", code, err)
		}
	}
}

func view(t *testing.T, l *booktest.Ledger, look func(r *state.Reader)) {
	t.Helper()
	err := l.View(t.Context(), func(r *state.Reader) error {
		look(r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
