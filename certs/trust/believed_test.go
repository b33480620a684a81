package trust

import (
	"fmt"
	"testing"
	"time"
)

// TestBelieve checks for which time each key set of a level counts: by the endorser's word, by the
// certificates where it says nothing, and after a revocation.
func TestBelieve(t *testing.T) {
	at := func(hours int) time.Time { return time.UnixMilli(0).Add(time.Duration(hours) * time.Hour) }
	var sets []KeySet
	for i := range 5 {
		m := newMember(t, 1)
		m.keys.SigningCert = certFrom(t, at(10*i))
		var before *KeySet
		if i > 0 {
			before = &sets[i-1]
		}
		sets = append(sets, set(t, before, m))
	}
	told := func(revokes int, e *Endorsement) string {
		walked := append([]KeySet{}, sets...)
		if revokes > 0 {
			walked[revokes-1].Revokes = true
		}
		s := ""
		for _, b := range (Link{KeySets: walked, Endorsement: e}).Believed() {
			until := "-"
			if !b.Until.IsZero() {
				until = fmt.Sprint(b.Until.Sub(at(0)).Hours())
			}
			if b.Revoked {
				until = "revoked"
			}
			s += fmt.Sprintf("%d:%s ", b.Number, until)
		}
		return s
	}
	since := func(hours ...int) (all []uint64) {
		for _, h := range hours {
			all = append(all, uint64(at(h).UnixMilli()))
		}
		return all
	}
	for what, row := range map[string]struct {
		revokes int
		e       *Endorsement
		want    string
	}{
		"a root, by its certificates":       {0, nil, "1:11 2:21 3:31 4:41 5:- "},
		"a root that revoked number 3":      {4, nil, "1:11 2:21 3:revoked 4:41 5:- "},
		"up to the endorsed one":            {0, &Endorsement{Number: 4, Since: since(12, 22, 32, 33)}, "1:23 2:33 3:34 4:- "},
		"of long ago, by its certificates":  {0, &Endorsement{Number: 5, Since: since(47, 49)}, "1:11 2:21 3:48 4:50 5:- "},
		"nothing told":                      {0, &Endorsement{Number: 2}, "1:11 2:- "},
		"endorsed at once, the last revoke": {5, &Endorsement{Number: 5, Since: since(1, 2, 50, 50, 50)}, "1:3 2:revoked 3:revoked 4:revoked 5:- "},
	} {
		if got := told(row.revokes, row.e); got != row.want {
			t.Errorf("%s: got %s, want %s", what, got, row.want)
		}
	}
	one := Believed{Until: at(5)}
	if !one.Counts(at(5)) || one.Counts(at(5).Add(1)) || !(Believed{}).Counts(at(999)) || (Believed{Revoked: true}).Counts(at(0)) {
		t.Error("the end of a key set is not where it says")
	}
	if _, err := (KeySet{Name: sets[0].Name, Epoch: 1, Number: 1, Replicas: sets[0].Replicas, DecryptionKey: []byte{1}, RecoveryKey: sets[0].RecoveryKey, Revokes: true}).Encode(); err == nil {
		t.Error("number 1 revokes another")
	}
}

// TestLive: a replica that the newest key set lists no more has no hour, whoever is listed still
// has one with its former keys, and of a set none of whose replicas is left nothing counts (S14n).
func TestLive(t *testing.T) {
	one, two, three, four := newMember(t, 1), newMember(t, 2), newMember(t, 3), newMember(t, 4)
	first := set(t, nil, one, two, three)
	renewed := newMember(t, 1)
	second := set(t, &first, renewed, two)
	third := set(t, &second, renewed, two, four)
	now := time.UnixMilli(0)
	told := func(sets []Believed) (s string) {
		for _, b := range sets {
			s += fmt.Sprintf("%d:", b.Number)
			for _, r := range b.Replicas {
				s += r.Replica.String()
			}
			s += " "
		}
		return s
	}
	for what, row := range map[string]struct {
		sets []Believed
		want string
	}{
		"one alone":             {[]Believed{{KeySet: first}}, "1:r1r2r3 "},
		"one was removed":       {[]Believed{{KeySet: first, Until: now}, {KeySet: second}}, "1:r1r2 2:r1r2 "},
		"another came since":    {[]Believed{{KeySet: first, Until: now}, {KeySet: second, Until: now}, {KeySet: third}}, "1:r1r2 2:r1r2 3:r1r2r4 "},
		"the hour is over":      {[]Believed{{KeySet: first, Until: now.Add(-1)}, {KeySet: second}}, "2:r1r2 "},
		"none of before stayed": {[]Believed{{KeySet: first, Until: now}, {KeySet: set(t, &first, four)}}, "2:r4 "},
		"nothing":               {nil, ""},
	} {
		if got := told(Live(row.sets, now)); got != row.want {
			t.Errorf("%s: got %s, want %s", what, got, row.want)
		}
		if len(row.sets) > 0 && len(row.sets[0].Replicas) != 3 {
			t.Fatalf("%s: the key set itself was changed", what)
		}
	}
	if got := Live([]Believed{{KeySet: first, Until: now}, {KeySet: second}}, now)[0]; string(got.LogKey(one.keys.Replica)) != string(one.keys.LogKey) {
		t.Error("of a replica that is listed still, the former keys are not the ones that count")
	}
}

// TestThen: of what was asked before a replica was removed its answer counts, as do those under a
// key set that came since; of what was asked from then on it has no hour, though others have one.
func TestThen(t *testing.T) {
	one, two, three := newMember(t, 1), newMember(t, 2), newMember(t, 3)
	first := set(t, nil, one, two, three)
	second := set(t, &first, newMember(t, 1), two)
	removed := time.UnixMilli(0)
	sets := []Believed{{KeySet: first, Until: removed.Add(Grace)}, {KeySet: second}}
	for asked, want := range map[time.Duration]string{-time.Second: "r1r2r3 r1r2 ", 0: "r1r2 r1r2 ", Grace: "r1r2 r1r2 ", Grace + 1: "r1r2 "} {
		got := ""
		for _, b := range Then(sets, removed.Add(asked)) {
			for _, r := range b.Replicas {
				got += r.Replica.String()
			}
			got += " "
		}
		if got != want {
			t.Errorf("asked %s after the removal: got %q, want %q", asked, got, want)
		}
	}
	if len(Then(nil, removed)) != 0 || len(Then(Always(first, second), removed)) != 2 {
		t.Error("of key sets that nothing ends not all count")
	}
}
