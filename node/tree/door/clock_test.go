package door

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

// clocksTold takes what a child says of its clock.
type clocksTold struct {
	child *treetest.Party
	says  []time.Time
}

func (c *clocksTold) LogKey(of identity.Jurisdiction, replica identity.Replica) ed25519.PublicKey {
	if of != c.child.Name() || replica != c.child.Keys.Replica() {
		return nil
	}
	return c.child.Keys.LogPublic()
}

func (c *clocksTold) Differs(_ identity.Jurisdiction, says time.Time) { c.says = append(c.says, says) }

func (c *clocksTold) Agree() int { return 2 }

// TestClockAtTheDoor: who proves to be a neighbour is heard, and told how many agree with the clock
// there. Nobody else is, nor a time that was signed for another connection or changed on the way.
func TestClockAtTheDoor(t *testing.T) {
	city, county, other := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	var alarms []text.Code
	w := wire{door: doorOf(city, &alarms)}
	says := city.Clock().Add(8 * time.Hour).Truncate(time.Millisecond)
	tell := func(from identity.Jurisdiction, by *treetest.Party) (int, error) {
		return TellClock(t.Context(), w, Teller{From: from, Replica: by.Keys.Replica(), Sign: by.Keys.SignLog}, says)
	}
	if agree, err := tell(county.Name(), county); agree != 0 || err != nil {
		t.Errorf("a door that does not know the operation: got %d, %v, want nobody", agree, err)
	}
	heard := &clocksTold{child: county}
	w.door.Clocks = heard
	if agree, err := tell(county.Name(), county); agree != 2 || err != nil || len(heard.says) != 1 || !heard.says[0].Equal(says) {
		t.Errorf("the child: got %d, %v, heard %v, want 2 and %s", agree, err, heard.says, says)
	}
	heard.says = nil
	proof := county.Keys.SignLog(clockInput(treetest.Binding, uint64(says.UnixMilli())))
	for what, told := range map[string]toldClock{
		"another with its name":  {From: county.Name(), Replica: county.Keys.Replica(), Clock: uint64(says.UnixMilli()), Proof: other.Keys.SignLog(clockInput(treetest.Binding, uint64(says.UnixMilli())))},
		"another name":           {From: city.Name(), Replica: county.Keys.Replica(), Clock: uint64(says.UnixMilli()), Proof: proof},
		"another time":           {From: county.Name(), Replica: county.Keys.Replica(), Clock: uint64(says.UnixMilli()) + 1, Proof: proof},
		"another connection":     {From: county.Name(), Replica: county.Keys.Replica(), Clock: uint64(says.UnixMilli()), Proof: county.Keys.SignLog(clockInput([32]byte{1}, uint64(says.UnixMilli())))},
		"a time that is no date": {From: county.Name(), Replica: county.Keys.Replica(), Clock: 1 << 60, Proof: county.Keys.SignLog(clockInput(treetest.Binding, 1<<60))},
	} {
		body, err := canon.Marshal(told)
		if err != nil {
			t.Fatal(err)
		}
		var agree uint64
		if err := ask(t.Context(), w, opClock, body, &agree); !errors.As(err, new(*Refused)) || len(heard.says) > 0 {
			t.Errorf("%s: got %v, heard %v, want a refusal", what, err, heard.says)
		}
	}
}
