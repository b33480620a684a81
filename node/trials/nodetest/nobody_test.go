package nodetest

import (
	"errors"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestNobodyAnswers: a question to many that everybody refuses is a problem with the account of who
// refused, and no answer of 0 records; the asker's list and its counts do not call it answered, and
// the same request again gets the same.
func TestNobodyAnswers(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
		county, asker := tree.Node("nanming"), tree.Node("guiyang")
		offer(t, asker)
		withhold(t, county)
		unanswered := func(what string, err error) {
			t.Helper()
			p, ok := errors.AsType[*client.Problem](err)
			if !ok || p.Code != string(text.NobodyAnswered) || p.Answer == nil || p.Answer.Answered != 0 || p.Answer.States[client.StateRefused] != 1 {
				t.Errorf("%s: got %+v, want the problem %s with the account", what, err, text.NobodyAnswered)
			}
		}
		q := counted(asker, "")
		q.At = "*.guiyang.guizhou"
		q.Measure = client.Measure{Function: client.MeasureCount}
		_, err := asker.Client("water").QueryFederated(t.Context(), q)
		unanswered("a count", err)
		_, err = asker.Client("water").QueryRows(t.Context(), client.RowsQuery{Level: "county", Query: client.Query{At: q.At, Dataset: q.Dataset, Use: q.Use}},
			func(line client.RowsLine) error { t.Errorf("a line of rows: %+v", line); return nil })
		unanswered("rows", err)
		asked, err := asker.Client("water").Asked(t.Context(), client.List{})
		if err != nil || len(asked.Asked) != 2 {
			t.Fatalf("asked: %+v, %v", asked, err)
		}
		if last := asked.Asked[1]; last.Outcome != string(text.NobodyAnswered) || last.Rows != 0 {
			t.Errorf("the list tells %+v of the count, want %s", last, text.NobodyAnswered)
		}
	})
}

// accounted returns the account of who answered a question to many, also where nobody did.
func accounted(got client.FederatedAnswer, err error) (client.FederatedAnswer, error) {
	if p, ok := errors.AsType[*client.Problem](err); ok && p.Answer != nil && p.Answer.Answered == 0 {
		return *p.Answer, nil
	}
	return got, err
}
