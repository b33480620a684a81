package questions

import (
	"context"
	"encoding/json"
	"fmt"

	"xietong/certs/identity"
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
// false where the id is free. Another request under the id is refused with state.CodeIDReused.
func Before(ctx context.Context, l book.Ledger, id identity.Message, agency identity.Label, typed string, question []byte) (at identity.Entry, came bool, err error) {
	name, err := named(typed)
	if err != nil {
		return at, false, err
	}
	payload, err := json.Marshal(document{Name: name, Question: question})
	if err != nil {
		return at, false, fmt.Errorf("look for question: %w", err)
	}
	ref, came, err := commandSave.Came(ctx, l, book.By(identity.NewAgency(l.Name(), agency), id, payload))
	if err != nil || !came {
		return at, false, err
	}
	return ref.In(l.Log()), true, nil
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
