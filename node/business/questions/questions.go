// Package questions keeps the questions that an agency asks again and again: each under a name of
// its own, with what it came to month by month.
//
// A question is kept as its document, which may hold the key or the name of a person, so it lies
// sealed in the vault like any payload; the state has the agency, a MAC of the name, and
// references. Whoever runs a question asks it as if it had just been typed: permission and record
// are those of any use. Of its answer only numbers and coverage are kept, never a record, one for
// each month: the last of that month. Who adds up the answer is not the business of this room.
//
//	questions  code of the agency 0x00 MAC(name)  -> the entry that saved it, and the entries of its results
//
// Each of these is an entry of the kind "saved question", the node's own statement, whose payload
// says which:
//
//	{"name":"低保户数","question":{…}}     saved
//	{"result":{"function":"count",…}}     what it came to
//	{"removed":true}                      removed
//
// Invariants: an agency sees its own questions alone; those of one that ended are only read; it has
// at most MaxQuestions, each with the results of at most MaxMonths; results of another version of a
// question are never compared, nor those of other members, or of which other records were left out;
// a group that is not told in a result is never taken for one of no records.
package questions

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
	"xietong/node/ground/zone"
)

// Limits.
const (
	MaxQuestions = 200       // of an agency
	MaxMonths    = 36        // months of which the result of a question is kept
	MaxName      = 100       // bytes
	MaxDocument  = 64 << 10  // bytes of a question
	MaxResult    = 256 << 10 // bytes of a result; one that is longer is kept without its groups
)

const jsonType = "application/json"

// The commands of this room. The numbers are those of docs/protocol.md.
const (
	commandSave   book.Command[saveBody, ledger.Ref]   = 43
	commandKeep   book.Command[keepBody, ledger.Ref]   = 44
	commandRemove book.Command[removeBody, ledger.Ref] = 45
)

type saveBody struct {
	_         struct{} `cbor:",toarray"`
	Agency    identity.Label
	Name      [32]byte // MAC
	Dataset   identity.Label
	Statement book.Statement
}

type keepBody struct {
	_         struct{} `cbor:",toarray"`
	Agency    identity.Label
	Name      [32]byte
	Question  ledger.Ref // the entry that saved what was asked
	Statement book.Statement
}

type removeBody struct {
	_         struct{} `cbor:",toarray"`
	Agency    identity.Label
	Name      [32]byte
	Statement book.Statement
}

type kept struct {
	_       struct{} `cbor:",toarray"`
	Entry   ledger.Ref
	Dataset identity.Label
	Results []result // by month
}

type result struct {
	_     struct{} `cbor:",toarray"`
	Month uint64   // year times 100 and the month, UTC+8
	Entry ledger.Ref
}

var bucket = book.Bucket[kept]{Name: "questions", Max: 2 << 10}

// Acts refuses the code of an agency in whose name nothing is written any more. The room that keeps
// the agencies gives it.
type Acts func(tx *state.Tx, agency identity.Label) error

// Register adds the commands of this room.
func Register(r *state.Registry, acts Acts) {
	bucket.Keep(r)
	commandSave.Handle(r, func(tx *state.Tx, b saveBody) (ledger.Ref, error) {
		if err := acts(tx, b.Agency); err != nil {
			return ledger.None, err
		}
		return save(tx, b)
	})
	commandKeep.Handle(r, func(tx *state.Tx, b keepBody) (ledger.Ref, error) {
		if err := acts(tx, b.Agency); err != nil {
			return ledger.None, err
		}
		return keep(tx, b)
	})
	commandRemove.Handle(r, func(tx *state.Tx, b removeBody) (ledger.Ref, error) {
		if err := acts(tx, b.Agency); err != nil {
			return ledger.None, err
		}
		return remove(tx, b)
	})
}

func keyOf(agency identity.Label, name [32]byte) []byte { return append(prefixOf(agency), name[:]...) }

func prefixOf(agency identity.Label) []byte { return append([]byte(agency.String()), 0) }

func head(agency, dataset identity.Label, about ledger.Ref) ledger.Head {
	return ledger.Head{Kind: ledger.KindQuestion, Agency: agency, Code: dataset, About: about}
}

func save(tx *state.Tx, b saveBody) (ledger.Ref, error) {
	before, exists := bucket.Load(tx, keyOf(b.Agency, b.Name))
	if !exists && Count(tx, b.Agency) >= MaxQuestions {
		return ledger.None, book.Refuse(text.QuestionsMany, b.Agency.String(), fmt.Sprint(MaxQuestions))
	}
	now := kept{Entry: book.Next(tx), Dataset: b.Dataset, Results: []result{}}
	if err := bucket.Save(tx, keyOf(b.Agency, b.Name), now); err != nil {
		return ledger.None, err
	}
	about := ledger.None
	if exists {
		about = before.Entry
	}
	return b.Statement.Append(tx, head(b.Agency, b.Dataset, about))
}

// Count returns how many questions an agency has.
func Count(r book.Reads, agency identity.Label) (n int) {
	r.Scan(bucket.Name, prefixOf(agency), prefixOf(agency), func(_, _ []byte) bool { n++; return true })
	return n
}

// keep keeps a result in place of that of the same month.
func keep(tx *state.Tx, b keepBody) (ledger.Ref, error) {
	k, exists := bucket.Load(tx, keyOf(b.Agency, b.Name))
	if !exists || k.Entry != b.Question {
		return ledger.None, book.Refuse(text.QuestionChanged)
	}
	month, entry := monthOf(tx.Clock()), book.Next(tx)
	k.Results = slices.DeleteFunc(k.Results, func(r result) bool { return r.Month == month })
	k.Results = append(k.Results, result{Month: month, Entry: entry})
	k.Results = k.Results[max(0, len(k.Results)-MaxMonths):]
	if err := bucket.Save(tx, keyOf(b.Agency, b.Name), k); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, head(b.Agency, k.Dataset, k.Entry))
}

func remove(tx *state.Tx, b removeBody) (ledger.Ref, error) {
	k, exists := bucket.Load(tx, keyOf(b.Agency, b.Name))
	if !exists {
		return ledger.None, book.Refuse(text.QuestionChanged)
	}
	if err := tx.Delete(bucket.Name, keyOf(b.Agency, b.Name)); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, head(b.Agency, k.Dataset, k.Entry))
}

func monthOf(ms uint64) uint64 {
	t := time.UnixMilli(int64(ms)).In(zone.Ledger)
	return uint64(t.Year()*100 + int(t.Month()))
}

// Saved is a question as it is kept.
type Saved struct {
	Agency   identity.Label
	Name     string
	Document []byte // JSON of the question
	Damaged  error  // why the document cannot be read, and in a list the name; it can be saved anew and removed
	At       identity.Entry
	Time     time.Time // when it was saved
	Kept     []Kept    // by month

	mac [32]byte
}

// Kept is the result of a month.
type Kept struct {
	Month string // such as 2026-11
	At    identity.Entry
}

type document struct {
	Name     string          `json:"name,omitempty"`
	Question json.RawMessage `json:"question,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
	Removed  bool            `json:"removed,omitempty"`
}

// named returns a name as it is kept: composed, without space around it. Refusal: text.BadRequest.
func named(typed string) (string, error) {
	name := strings.TrimSpace(norm.NFC.String(typed))
	if name == "" || len(name) > MaxName || !text.Readable(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", text.Fail(text.BadRequest, text.Args{"where": "name", "reason": fmt.Sprintf("1..%d bytes", MaxName)}, nil)
	}
	return name, nil
}

func macOf(l book.Ledger, agency identity.Label, name string) [32]byte {
	return l.MAC("question name", []byte(agency.String()), []byte(name))
}

// Of returns the question of an agency with the name, also one that is damaged. The refusal is
// text.NoQuestion.
func Of(l book.Ledger, r *state.Reader, agency identity.Label, typed string) (Saved, error) {
	name, err := named(typed)
	if err != nil {
		return Saved{}, err
	}
	mac := macOf(l, agency, name)
	k, ok := bucket.Load(r, keyOf(agency, mac))
	if !ok {
		return Saved{}, text.Fail(text.NoQuestion, text.Args{"question": text.Short(name), "agency": agency.String()}, nil)
	}
	s, err := k.saved(l, r, agency, mac)
	s.Name = name
	return s, err
}

// All returns the questions of an agency, by their names. One whose payload was erased is left out.
func All(l book.Ledger, r *state.Reader, agency identity.Label) (all []Saved, err error) {
	prefix := prefixOf(agency)
	for key, k := range bucket.All(r, prefix) {
		s, err := k.saved(l, r, agency, [32]byte(key[len(prefix):]))
		switch {
		case errors.Is(s.Damaged, book.ErrErased):
		case err != nil:
			return nil, err
		default:
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b Saved) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.At.Index(), b.At.Index()))
	})
	return all, nil
}

func (k kept) saved(l book.Ledger, r *state.Reader, agency identity.Label, mac [32]byte) (s Saved, err error) {
	index, _ := k.Entry.Index()
	leaf, err := ledger.DecodeLeaf(r.Leaf(index))
	if err != nil {
		return s, fmt.Errorf("read entry %d: %w", index, err)
	}
	d, damaged := opened(l, r, index)
	s = Saved{
		Agency: agency, Name: d.Name, Document: d.Question, Damaged: damaged,
		At: k.Entry.In(r.Names()), Time: time.UnixMilli(int64(leaf.Head.At())), mac: mac,
	}
	for _, each := range k.Results {
		s.Kept = append(s.Kept, Kept{Month: fmt.Sprintf("%04d-%02d", each.Month/100, each.Month%100), At: each.Entry.In(r.Names())})
	}
	return s, nil
}

func opened(l book.Ledger, r *state.Reader, index uint64) (d document, err error) {
	payload, err := l.Payload(r, index)
	if err == nil {
		err = json.Unmarshal(payload, &d)
	}
	if err != nil {
		return d, fmt.Errorf("open saved question %d: %w", index, err)
	}
	return d, nil
}

// Before returns the newest result of an earlier month than that of the reader's time; ok is false
// where there is none. One that was erased, or is damaged, is passed over.
func (s Saved) Before(l book.Ledger, r *state.Reader) (res Result, of Kept, ok bool) {
	month := time.UnixMilli(int64(r.Clock())).In(zone.Ledger).Format("2006-01")
	for _, k := range slices.Backward(s.Kept) {
		if k.Month >= month {
			continue
		}
		var one Result
		if d, err := opened(l, r, k.At.Index()); err == nil && json.Unmarshal(d.Result, &one) == nil {
			return one, k, true
		}
	}
	return res, of, false
}

// Keep keeps what the question came to. It is refused as text.QuestionChanged where the question
// was saved anew, or removed, since it was read.
func (s Saved) Keep(ctx context.Context, l book.Ledger, r Result) (identity.Entry, error) {
	told, err := json.Marshal(r)
	if err == nil && len(told) > MaxResult/2 {
		r.Groups, r.Cut = nil, true
		told, err = json.Marshal(r)
	}
	if err != nil {
		return identity.Entry{}, fmt.Errorf("keep result: %w", err)
	}
	_, note, err := stated(l, document{Result: told}, MaxResult)
	if err != nil {
		return identity.Entry{}, err
	}
	return book.Enter(ctx, l, commandKeep, book.Request{}, keepBody{
		Agency: s.Agency, Name: s.mac, Question: ledger.RefTo(s.At.Index()), Statement: note,
	})
}

// Removed returns the entry of the removal of a question where the same request came before under
// its id: the question is gone since. Refusals: text.BadRequest, and state.CodeIDReused where the
// id was used for another request.
func Removed(r *state.Reader, l book.Ledger, id identity.Message, agency identity.Label, typed string) (entry identity.Entry, came bool, err error) {
	return before(r, l, commandRemove, id, agency, typed, document{Removed: true})
}

// Remove removes the question with its results; their entries stay in the ledger.
func (s Saved) Remove(ctx context.Context, l book.Ledger, id identity.Message) (identity.Entry, error) {
	payload, note, err := stated(l, document{Name: s.Name, Removed: true}, MaxDocument)
	if err != nil {
		return identity.Entry{}, err
	}
	request := book.By(identity.NewAgency(l.Name(), s.Agency), id, payload)
	return book.Enter(ctx, l, commandRemove, request, removeBody{Agency: s.Agency, Name: s.mac, Statement: note})
}
