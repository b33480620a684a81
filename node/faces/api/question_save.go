package api

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/questions"
	"xietong/node/business/records"
	"xietong/node/faces/client"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree/standing"
)

// many reports whether a question is for many jurisdictions.
func many(q client.Question) bool { return severalMeant(q.At) }

// severalMeant reports whether a person means many jurisdictions.
func severalMeant(at string) bool { return standing.Several(at) }

// questionSaved keeps a question that can be asked: its name of a dataset, its places and its
// measure are read as if it were asked now. Whether another jurisdiction offers that, its provider
// tells when it is asked.
func questionSaved(ctx context.Context, h Hosted, in *saveQuestion) (none client.QuestionEntered, _ error) {
	q := in.Body.Question
	q.Until = h.until(q.Until) // a day is one of the zone of now
	asked, err := h.question(q.Query)
	if err == nil {
		err = asked.Check()
	}
	if err != nil {
		return none, badQuestion(err)
	}
	switch {
	case q.Cursor != "" || q.PageSeconds != 0:
		return none, badQuery("cursor, page_seconds", "empty")
	case many(q) && q.Measure == nil:
		return none, text.Fail(text.QuestionMeasure, text.Args{"at": text.Short(q.At)}, nil)
	case q.At != "":
		if q, err = h.placed(q); err != nil {
			return none, err
		}
	}
	if err := h.askable(ctx, in, asked); err != nil {
		return none, err
	}
	agency, err := h.actingAgency(ctx, in.Caller)
	if err != nil {
		return none, err
	}
	data, err := json.Marshal(q)
	if err != nil {
		return none, err
	}
	id, err := in.key()
	if err != nil {
		return none, err
	}
	var before identity.Entry
	came := false
	err = h.Ledger.View(ctx, func(r *state.Reader) (err error) {
		before, came, err = questions.Before(r, h.Ledger, id, agency.Code(), q.Name, data)
		return err
	})
	if err != nil || came {
		return client.QuestionEntered{Entry: before.String()}, err
	}
	same, err := h.replaces(ctx, agency.Code(), in.Body, data)
	if err != nil || same.Unchanged {
		return same, err
	}
	done, err := entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		return questions.Save(ctx, h.Ledger, id, agency.Code(), q.Name, asked.Dataset, data)
	})
	return client.QuestionEntered{Entry: done.Entry}, err
}

// replaces refuses a question that would take the place of another one of its name unless it says
// so: with the months kept of that one nothing is compared from then on. One that is there already
// is not written again. What was damaged is replaced by whoever saves it again.
func (h Hosted) replaces(ctx context.Context, agency identity.Label, q client.NewQuestion, data []byte) (same client.QuestionEntered, err error) {
	err = h.Ledger.View(ctx, func(r *state.Reader) error {
		before, err := questions.Of(h.Ledger, r, agency, q.Name)
		switch {
		case failure.Is(err, text.NoQuestion):
			return nil
		case err != nil || before.Damaged != nil:
			return err
		case bytes.Equal(before.Document, data):
			same = client.QuestionEntered{Entry: before.At.String(), Unchanged: true}
			return nil
		case q.Replaces != before.At.String():
			return text.Fail(text.QuestionTaken, text.Args{"question": text.Short(before.Name), "entry": before.At.String()}, nil)
		}
		return nil
	})
	return same, err
}

// placed returns a question with the names of the places that it means now, in the place of what a
// person called them: a later roster may call others so.
func (h Hosted) placed(q client.Question) (client.Question, error) {
	if many(q) {
		s, err := h.Standing.Selector(q.At, q.Level)
		q.At, q.Level = s.String(), s.Level
		return q, err
	}
	of, err := h.Standing.Resolve(q.At)
	q.At = of.String()
	return q, err
}

// askable refuses a question that nobody can be answered, as far as this jurisdiction knows: of one
// to itself all that its dataset does not have, of one to many a purpose that the standard does not
// list which this jurisdiction set. All else is judged where it is asked.
func (h Hosted) askable(ctx context.Context, in *saveQuestion, asked records.Question) error {
	if !many(in.Body.Question) {
		at, err := h.place(in.Body.At)
		if err != nil || !at.IsZero() && at != h.Ledger.Name() {
			return err
		}
		return h.Records.Askable(ctx, in.by(), asked)
	}
	return h.Ledger.View(ctx, func(r *state.Reader) error {
		s, err := catalog.StandardOf(r, asked.Dataset)
		if err != nil || s == nil || slices.Contains(s.PurposeCodes(), asked.Purpose) {
			return err
		}
		return text.Fail(text.UnknownPurpose, text.Args{
			"purpose": text.Short(asked.Purpose), "dataset": asked.Dataset.String(), "purposes": strings.Join(s.PurposeCodes(), ", "),
		}, nil)
	})
}

// badQuestion tells what is wrong with a question that cannot be asked.
func badQuestion(err error) error {
	if f := text.AsFailure(err); f.Code != text.Internal {
		return err
	}
	return text.Fail(text.BadRequest, text.Args{"where": "question", "reason": err.Error()}, err)
}
