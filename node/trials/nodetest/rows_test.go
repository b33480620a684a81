package nodetest

import (
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestRowsOfMany asks a whole province for records: each answer is that of its member, and every
// member without an answer is accounted for.
func TestRowsOfMany(t *testing.T) {
	Run(t, province, func(t *testing.T, tree *Tree) {
		for _, name := range []string{"nanming", "yunyan", "liping", "guizhou"} {
			offer(t, tree.Node(name))
		}
		withhold(t, tree.Node("kaili"))
		tree.Node("weining").Stop()
		down(tree, "weining")
		asker := tree.Node("nanming")
		var from []string
		got, err := asker.Client("water").QueryRows(t.Context(), client.RowsQuery{Level: "county", Query: client.Query{
			At: "**.guizhou", Dataset: "villages", Use: counted(asker, "").Use,
		}}, func(line client.RowsLine) error {
			if len(line.Answer.Rows) != 1 || !strings.Contains(string(line.Answer.Rows[0]), line.From) || !strings.HasPrefix(line.Answer.Access, line.From+"/log/") {
				t.Errorf("%s answered %s, recorded as %s", line.From, line.Answer.Rows, line.Answer.Access)
			}
			from = append(from, line.From)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(from)
		if want := "liping.qiandongnan.guizhou nanming.guiyang.guizhou yunyan.guiyang.guizhou"; strings.Join(from, " ") != want {
			t.Errorf("%v answered, want %s", from, want)
		}
		if got.Members != 88 || got.Answered != 3 || got.Total != 3 {
			t.Errorf("%d rows of %d answered of %d", got.Total, got.Answered, got.Members)
		}
		sum := uint64(0)
		for _, n := range got.States {
			sum += n
		}
		if sum != 88 {
			t.Errorf("the states %v add up to %d", got.States, sum)
		}
		for name, state := range map[string]string{
			"kaili.qiandongnan.guizhou": client.StateRefused, "weining.bijie.guizhou": client.StateUnreachable,
			"baiyun.guiyang.guizhou": client.StateNotJoined, "huichuan.zunyi.guizhou": client.StateUnreachable,
		} {
			if i := slices.IndexFunc(got.Missing, func(m client.MissingMember) bool { return m.Name == name }); i < 0 || got.Missing[i].State != state {
				t.Errorf("%s: want %s, got %+v", name, state, got.Missing)
			}
		}
		if n := len(recorded(asker, "asked")); n != 3 {
			t.Errorf("%d questions are recorded, want the two answers and the refusal of others", n)
		}
	})
}
