package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// The commands of this room. Their numbers are those of docs/protocol.md.
const (
	commandAgencyAdd       book.Command[agencyAdd, ledger.Ref]              = 3
	commandDatasetPublish  book.Command[Publication, PublicationResult]     = 4
	commandStandardPublish book.Command[standardPublish, PublicationResult] = 21
	commandAgencyRename    book.Command[agencyAdd, ledger.Ref]              = 51
	commandHold            book.Command[holdBody, ledger.Ref]               = 83
)

// Register adds this room's commands. changed tells the handlers what last changed the records of a
// dataset, inside the same transaction.
func Register(r *state.Registry, changed ChangedOf) {
	agencies.Keep(r)
	agencyList.Keep(r)
	agencyChanges.Keep(r)
	renames.Keep(r)
	catalogue.Keep(r)
	setStandards.Keep(r)
	endings.Keep(r)
	holds.Keep(r)
	commandAgencyAdd.Handle(r, applyAgencyAdd)
	commandAgencyRename.Handle(r, applyAgencyRename)
	commandDatasetPublish.Handle(r, func(tx *state.Tx, b Publication) (PublicationResult, error) { return ApplyPublication(tx, b, changed) })
	commandStandardPublish.Handle(r, applyStandardPublish)
	commandHold.Handle(r, applyHold)
}

// AgencyType is the content type of an agency's payload, the JSON of Agency.
const AgencyType = "application/json"

// agencyAdd is the body of commandAgencyAdd, and of commandAgencyRename.
type agencyAdd struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Title     string
	Statement book.Statement
}

// keptAgency is the value that the agencies bucket has under the code of an agency. An agency is no
// person: its title is public.
type keptAgency struct {
	_     struct{}   `cbor:",toarray"`
	Entry ledger.Ref // that added it
	Title string
	Back  ledger.Ref // that brought it back last; None: it never came back
}

var agencies = book.Bucket[keptAgency]{Name: "agencies", Max: 1 << 10}

// Listed is an agency with the entry that added it.
type Listed struct {
	Agency
	Entry identity.Entry
	Back  identity.Entry // that brought it back last; zero: it never came back
	Ended *Ending        // nil: it lives

	Unchanged bool // it was there already: nothing was written
}

// Validate checks that the agency has a code, and a title of 1 to MaxTitleLen bytes. Its error
// wraps ErrInvalid.
func (a Agency) Validate() error {
	if a.Code.IsZero() || a.Title == "" || len(a.Title) > MaxTitleLen || !text.Readable(a.Title) {
		return fmt.Errorf("%w: an agency needs a code and a title of at most %d bytes, in UTF-8", ErrInvalid, MaxTitleLen)
	}
	return nil
}

// AddAgency adds an agency by an act of that agency itself, so that the first statement of the
// agency is the one that names it. Adding the same agency again returns the entry that is there.
// Refusals: text.BadRequest for an invalid agency, text.NameDisguised, text.AgencyTaken for a code
// that is there with another title, text.AgencyEnded and text.AgencyMerged for the code of an
// agency that ended, and text.AgenciesFull.
func AddAgency(ctx context.Context, l book.Ledger, id identity.Message, a Agency) (Listed, error) {
	return a.state(ctx, l, id, commandAgencyAdd, ledger.KindAgency)
}

// RenameAgency gives an agency another title, by an act of its own. Its code, and all that the
// ledger says of it, stay; the earlier titles stay readable. A title that it has already changes
// nothing. Refusals are those of AddAgency, text.UnknownAgency, and text.AgencyRenames.
func RenameAgency(ctx context.Context, l book.Ledger, id identity.Message, a Agency) (Listed, error) {
	return a.state(ctx, l, id, commandAgencyRename, ledger.KindAgencyRenamed)
}

// state states the agency, and proposes the command.
func (a Agency) state(ctx context.Context, l book.Ledger, id identity.Message, c book.Command[agencyAdd, ledger.Ref], as ledger.Kind) (Listed, error) {
	act, payload, err := a.Act(l, as)
	if err == nil {
		err = text.CheckName("title", a.Title)
	}
	if err != nil {
		return Listed{}, err
	}
	request := book.ByNode(l, id, payload) // not the agency's own: under another code it is another request
	there, err := a.there(ctx, l, c, request)
	if err != nil {
		return Listed{}, err
	}
	entry, err := book.Enter(ctx, l, c, request, agencyAdd{Code: a.Code, Title: a.Title, Statement: act})
	return Listed{Agency: a, Entry: entry, Unchanged: there}, err
}

// there reports whether the agency is there with this title, by another request.
func (a Agency) there(ctx context.Context, l book.Ledger, c book.Command[agencyAdd, ledger.Ref], q book.Request) (there bool, err error) {
	err = l.View(ctx, func(r *state.Reader) error {
		have, ok := agencyAt(r, a.Code)
		if there = ok && have.Title == a.Title; !there || q.Origin == "" {
			return nil
		}
		_, came, err := c.Before(r, l, q)
		there = !came
		return err
	})
	return there, err
}

// Act checks the agency, and makes the act by which it says its title in an entry of the kind.
func (a Agency) Act(l book.Ledger, as ledger.Kind) (s book.Statement, payload []byte, err error) {
	if err := a.Validate(); err != nil {
		return s, nil, text.Fail(text.BadRequest, text.Args{"where": "agency", "reason": reason(err)}, err)
	}
	if payload, err = json.Marshal(a); err != nil {
		return s, nil, err
	}
	if s, err = l.Act(agencyHead(as, a.Code), AgencyType, payload); err != nil {
		err = fmt.Errorf("state agency: %w", err)
	}
	return s, payload, err
}

func agencyHead(as ledger.Kind, code identity.Label) ledger.Head {
	return ledger.Head{Kind: as, Agency: code}
}

// applyAgencyAdd adds an agency, also to the list of all. A code names one agency, for ever.
func applyAgencyAdd(tx *state.Tx, b agencyAdd) (ledger.Ref, error) {
	if have, ok := agencyAt(tx, b.Code); ok {
		switch ended := endedOf(tx, endedAgency, b.Code); {
		case ended != nil:
			return ledger.None, ended.agency(b.Code, have.Title, tx.Log().Jurisdiction())
		case have.Title != b.Title:
			return ledger.None, book.Refuse(text.AgencyTaken, b.Code.String(), have.Title)
		}
		return have.Entry, nil
	}
	if added(tx) >= MaxAgencies {
		return ledger.None, book.Refuse(text.AgenciesFull, b.Code.String(), strconv.Itoa(MaxAgencies))
	}
	if err := saveAgency(tx, b.Code, keptAgency{Entry: book.Next(tx), Title: b.Title}, false); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, agencyHead(ledger.KindAgency, b.Code))
}

// applyAgencyRename gives an agency another title. For the title that it has, the result is the
// entry that added it.
func applyAgencyRename(tx *state.Tx, b agencyAdd) (ledger.Ref, error) {
	have, err := living(tx, b.Code)
	if err != nil || have.Title == b.Title {
		return have.Entry, err
	}
	if err := countRename(tx); err != nil {
		return ledger.None, err
	}
	if err := saveAgency(tx, b.Code, keptAgency{Entry: have.Entry, Title: b.Title, Back: have.Back}, false); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, agencyHead(ledger.KindAgencyRenamed, b.Code))
}

// added returns how many agencies were ever added.
func added(r book.Reads) (n int) {
	r.Scan(agencies.Name, nil, nil, func([]byte, []byte) bool {
		n++
		return true
	})
	return n
}

// saveAgency keeps an agency, and that it changed.
func saveAgency(tx *state.Tx, code identity.Label, kept keptAgency, ended bool) error {
	if err := agencies.Save(tx, []byte(code.String()), kept); err != nil {
		return err
	}
	return listedAgency{Code: code, Title: kept.Title, Ended: ended}.list(tx)
}

func agencyAt(r book.Reads, code identity.Label) (keptAgency, bool) {
	return agencies.Load(r, []byte(code.String()))
}

// position is the state at a position of the log: *state.Tx for a handler, *state.Reader for a
// look.
type position interface {
	book.Reads
	Log() identity.Log
	Names() state.Names
}

// living returns the agency with the code. It refuses one that is not there as text.UnknownAgency,
// and one that ended as text.AgencyEnded or text.AgencyMerged.
func living(r position, code identity.Label) (keptAgency, error) {
	in := r.Log().Jurisdiction()
	have, ok := agencyAt(r, code)
	if !ok {
		return have, book.Refuse(text.UnknownAgency, code.String(), in.String(), thereAre(r))
	}
	if ended := endedOf(r, endedAgency, code); ended != nil {
		return have, ended.agency(code, have.Title, in)
	}
	return have, nil
}

// thereAre names agencies that did not end, for a refusal: the first of them.
func thereAre(r book.Reads) string {
	var codes []string
	for key := range agencies.All(r, nil) {
		if code, err := identity.ParseLabel(string(key)); err == nil && HasAgency(r, code) {
			codes = append(codes, code.String())
		}
		if len(codes) == mostNamed {
			break
		}
	}
	return inWords(codes)
}

// AgencyEnd is the part of the body of a command that ends an agency.
type AgencyEnd struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Into      string // code of the agency that takes over; "": none does
	Reason    string
	Statement book.Statement
}

// EndOf makes the act by which an agency ends.
func EndOf(l book.Ledger, code, into identity.Label, reason string) (b AgencyEnd, err error) {
	b = AgencyEnd{Code: code, Into: into.String(), Reason: reason}
	payload, err := json.Marshal(struct {
		Code   string `json:"code"`
		Into   string `json:"into,omitempty"`
		Reason string `json:"reason"`
	}{code.String(), b.Into, reason})
	if err == nil {
		b.Statement, err = l.Act(agencyHead(ledger.KindAgencyEnded, code), AgencyType, payload)
	}
	if err != nil {
		err = fmt.Errorf("end agency: %w", err)
	}
	return b, err
}

// ApplyEnd ends an agency. It refuses one that offers a dataset or a standard still, as
// text.AgencyInUse, and a successor that is itself, is not there, or ended.
func ApplyEnd(tx *state.Tx, b AgencyEnd) (ledger.Ref, error) {
	have, err := living(tx, b.Code)
	if err == nil && b.Into != "" {
		err = Successor(tx, b.Code, b.Into)
	}
	if err != nil {
		return ledger.None, err
	}
	if datasets, standards := OfferedBy(tx, b.Code); len(datasets)+len(standards) > 0 {
		return ledger.None, InUse(b.Code, datasets, standards, 0)
	}
	if err := end(tx, endedAgency, b.Code, b.Reason, b.Into); err != nil {
		return ledger.None, err
	}
	if err := (listedAgency{Code: b.Code, Title: have.Title, Ended: true}).list(tx); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, agencyHead(ledger.KindAgencyEnded, b.Code))
}

// Successor refuses an agency that cannot take over from another one.
func Successor(r position, from identity.Label, into string) error {
	code, err := identity.ParseLabel(into)
	switch {
	case err != nil:
		return book.Refuse(text.UnknownAgency, text.Short(into), r.Log().Jurisdiction().String(), thereAre(r))
	case code == from:
		return book.Refuse(text.IntoItself, into)
	}
	_, err = living(r, code)
	return err
}

// AgencyReturn is the part of the body of a command that brings an agency back.
type AgencyReturn struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Title     string
	Statement book.Statement
}

// ApplyReturn brings an agency back that ended, under the title that it had: a code is never given
// to another agency.
func ApplyReturn(tx *state.Tx, b AgencyReturn) (ledger.Ref, error) {
	have, ok := agencyAt(tx, b.Code)
	_, ended := endingOf(tx, endedAgency, b.Code)
	switch {
	case !ok:
		return ledger.None, book.Refuse(text.UnknownAgency, b.Code.String(), tx.Log().Jurisdiction().String(), thereAre(tx))
	case have.Title != b.Title:
		return ledger.None, book.Refuse(text.AgencyTaken, b.Code.String(), have.Title)
	case !ended:
		return ledger.None, book.Refuse(text.AgencyLives, b.Code.String(), have.Title)
	}
	if err := countRename(tx); err != nil {
		return ledger.None, err
	}
	if err := tx.Delete(endings.Name, endingKey(endedAgency, b.Code)); err != nil {
		return ledger.None, err
	}
	have.Back = book.Next(tx)
	if err := saveAgency(tx, b.Code, have, false); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, agencyHead(ledger.KindAgency, b.Code))
}

// Acts refuses the code of an agency that is not there, as text.UnknownAgency, or that ended, as
// text.AgencyEnded or text.AgencyMerged. Every handler that writes in the name of an agency asks
// it: the agency may have ended since the command was made.
func Acts(tx *state.Tx, code identity.Label) error {
	_, err := living(tx, code)
	return err
}

// HasAgency reports whether the jurisdiction has an agency with the code that did not end.
func HasAgency(r book.Reads, code identity.Label) bool {
	_, ended := endingOf(r, endedAgency, code)
	return !ended && agencies.Has(r, []byte(code.String()))
}

// Agencies returns the agencies in the order of their codes, those that ended too.
func Agencies(r *state.Reader) (all []Listed, err error) {
	for key, kept := range agencies.All(r, nil) {
		code, err := identity.ParseLabel(string(key))
		if err != nil {
			return nil, fmt.Errorf("read agencies: %w", err)
		}
		all = append(all, Listed{
			Agency: Agency{code, kept.Title}, Entry: kept.Entry.In(r.Names()), Back: kept.Back.In(r.Names()), Ended: endedOf(r, endedAgency, code),
		})
	}
	return all, nil
}
