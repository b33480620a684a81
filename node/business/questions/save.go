package questions

import (
	"context"
	"encoding/json"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Save keeps a question of an agency under a name, in place of the one that had the name. Refusals:
// text.BadRequest and text.NameDisguised for the name, text.TooLarge for the document,
// text.QuestionsMany.
func Save(ctx context.Context, l book.Ledger, id identity.Message, agency identity.Label, typed string, dataset identity.Label, question []byte) (identity.Entry, error) {
	name, err := named(typed)
	if err == nil {
		err = text.CheckName("name", name)
	}
	if err != nil {
		return identity.Entry{}, err
	}
	payload, note, err := stated(l, document{Name: name, Question: question}, MaxDocument)
	if err != nil {
		return identity.Entry{}, err
	}
	request := book.By(identity.NewAgency(l.Name(), agency), id, payload)
	return book.Enter(ctx, l, commandSave, request, saveBody{Agency: agency, Name: macOf(l, agency, name), Dataset: dataset, Statement: note})
}

// Before returns the entry of a question that the same request saved before under its id; came is
// false where the id is free. Refusals: text.BadRequest, and state.CodeIDReused where the id was
// used for another request.
func Before(r *state.Reader, l book.Ledger, id identity.Message, agency identity.Label, typed string, question []byte) (at identity.Entry, came bool, err error) {
	return before(r, l, commandSave, id, agency, typed, document{Question: question})
}

// before returns the entry that the same request made, of a question of the name that is typed.
func before[B any](r *state.Reader, l book.Ledger, c book.Command[B, ledger.Ref], id identity.Message, agency identity.Label, typed string, d document) (at identity.Entry, came bool, err error) {
	if d.Name, err = named(typed); err != nil {
		return at, false, err
	}
	payload, err := json.Marshal(d)
	if err != nil {
		return at, false, fmt.Errorf("look for question: %w", err)
	}
	ref, came, err := c.Before(r, l, book.By(identity.NewAgency(l.Name(), agency), id, payload))
	if err != nil || !came {
		return at, false, err
	}
	return ref.In(l.Names()), true, nil
}

func stated(l book.Ledger, d document, most int) (payload []byte, note book.Statement, err error) {
	if payload, err = json.Marshal(d); err != nil {
		return nil, note, fmt.Errorf("save question: %w", err)
	}
	if len(payload) > most {
		return nil, note, text.Fail(text.TooLarge, text.Args{
			"where": "question", "size": fmt.Sprint(len(payload)), "limit": fmt.Sprint(most),
		}, nil)
	}
	note, err = l.Note(jsonType, payload)
	return payload, note, err
}
