package door

import (
	"bytes"
	"slices"
	"testing"

	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

// TestThinned: of more checkpoints than may be told, those that are told are as far apart
// everywhere, and the largest is among them.
func TestThinned(t *testing.T) {
	for _, row := range []struct{ n, length, want, step int }{
		{0, 100, 0, 1}, {3, 100, 3, 1}, {maxOlder, 100, maxOlder, 1}, {maxOlder + 1, 100, maxOlder/2 + 1, 2}, {640, 4 << 10, 80, 8},
	} {
		var all [][]byte
		for i := range row.n {
			all = append(all, slices.Concat([]byte{byte(i >> 8), byte(i)}, bytes.Repeat([]byte{1}, row.length-2)))
		}
		got := thinned(all)
		if len(got) != row.want || got == nil {
			t.Errorf("%d of %d bytes: told are %d, want %d", row.n, row.length, len(got), row.want)
		}
		for i, note := range got {
			if !bytes.Equal(note, all[i*row.step]) {
				t.Fatalf("%d of %d bytes: number %d is another", row.n, row.length, i)
			}
		}
	}
}

// TestChainIsForTheInvited: nobody is handed a chain who has not the secret of the child; whoever
// has it is handed its key sets from a number on, the proof of the endorsement with the first, and
// of a chain that is not known nothing.
func TestChainIsForTheInvited(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "one", false)
	county.JoinTo(t, city, "one")
	city.Invite(t, county, "two", true)
	var alarms []text.Code
	w := wire{door: doorOf(city, &alarms)}
	pin := county.MustPin(t)
	first, other := pin.Hash(), city.MustPin(t).Hash()
	for what, row := range map[string]struct {
		secret      string
		first       []byte
		from        uint64
		sets, proof bool
		want        text.Code
	}{
		"invited":            {"two", first[:], 1, true, true, ""},
		"after the last":     {"two", first[:], 2, false, false, ""},
		"number 0":           {"two", first[:], 0, false, false, text.BadRequest},
		"another chain":      {"two", other[:], 1, false, false, ""},
		"no hash":            {"two", []byte("x"), 1, false, false, ""},
		"an older secret":    {"one", first[:], 1, false, false, text.InvitationUnknown},
		"nobody's secret":    {"three", first[:], 1, false, false, text.InvitationUnknown},
		"the sister's place": {"two", first[:], 1, false, false, text.InvitationUnknown},
	} {
		child := county.Name()
		if what == "the sister's place" {
			child = treetest.Name(t, "yunyan.guiyang.guizhou")
		}
		h, err := AskChain(t.Context(), w, child, []byte(row.secret), row.first, row.from)
		if row.want != "" {
			if treetest.Code(err) != row.want {
				t.Errorf("%s: got %v, want %s", what, err, row.want)
			}
			continue
		}
		if err != nil || len(h.KeySets) > 0 != row.sets || len(h.Endorsement) > 0 != row.proof {
			t.Errorf("%s: got %d key sets, and a proof of %d bytes, %v", what, len(h.KeySets), len(h.Endorsement), err)
		}
	}
}
