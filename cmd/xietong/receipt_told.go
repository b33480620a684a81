package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"xietong/node/ground/text"
)

// stated is what the payloads of the kinds that clerks ask for say, each some of it.
type stated struct {
	Consumer    string          `json:"consumer"`
	Destination string          `json:"destination"`
	Dataset     string          `json:"dataset"`
	Purpose     string          `json:"purpose"`
	Operation   string          `json:"operation"`
	Rows        *uint64         `json:"rows"`
	Records     *uint64         `json:"records"`
	Refused     string          `json:"refused"`
	Unfinished  bool            `json:"unfinished"`
	Outcome     json.RawMessage `json:"outcome"` // a word of a verification, or the number of a refusal
	Grant       string          `json:"grant"`
	Revoked     string          `json:"revoked"`
	Entry       string          `json:"entry"`
	By          string          `json:"by"`
	Renews      string          `json:"renews"`
	Until       string          `json:"until"`
	Basis       string          `json:"basis"`
	Scenario    string          `json:"scenario"`
	Scope       string          `json:"scope"`
	Method      string          `json:"method"`
	Paper       string          `json:"paper"`
	Reason      string          `json:"reason"`
	Standard    string          `json:"standard"` // the jurisdiction that set it, of a grant to all those above
}

// ofSharing are the kinds of entry whose payload is a stated, each with the sentence that tells it.
var ofSharing = map[string]text.Code{
	"access": text.CLIToldUse, "use refused": text.CLIToldRefused, "asked": text.CLIToldAsked, "application": text.CLIToldApplied,
	"grant": text.CLIToldGrant, "grant revoked": text.CLIToldRevoked,
}

// printReceipt tells a receipt that was verified in words: first what happened, and then the
// details. The payload itself, which has signatures and identities for machines in it, is shown
// with --verbose.
func (a *app) printReceipt(r receiptReport, pin string, withPayload bool) {
	place := a.placeOf(r, r.Chain[len(r.Chain)-1])
	a.say(entryTold(r), text.Args{
		"entry": r.Entry, "size": number(r.TreeSize), "place": place, "index": number(r.Index), "log": r.Log, "stated": r.Stated,
	})
	var s stated
	sentence, sharing := ofSharing[r.Kind]
	sharing = sharing && json.Unmarshal(r.Payload, &s) == nil
	provider, consumer := a.parties(r, s)
	if sharing && provider != "" && (consumer != "" || r.Kind == "grant revoked") {
		a.say(sentence, text.Args{
			"at": a.localTime(r.Time), "provider": provider, "consumer": consumer, "dataset": cmp.Or(s.Dataset, r.Code), "purpose": cmp.Or(s.Purpose, a.t(text.CLINothing, nil)),
		})
	}
	agency, about, aboutWord := r.Agency, a.aboutTold(r, s.Grant), text.CLIAbout
	if r.Kind == "grant" && s.By == "rule" && s.Standard == "" {
		aboutWord = text.CLIForApplied
	}
	if provider != "" && strings.HasPrefix(provider, agency+"@") || consumer != "" && strings.HasPrefix(consumer, agency+"@") {
		agency = "" // told as the party that it is
	}
	pairs := given(slices.Concat([]pair{
		{a.t(text.WordKind, nil), text.Word(a.lang, r.Kind)},
		{a.t(text.WordTime, nil), a.localTime(r.Time)},
		{a.t(text.WordProvider, nil), provider},
		{a.t(text.WordConsumer, nil), consumer},
		{a.t(text.WordAgency, nil), agency},
		{a.t(text.WordDataset, nil), cmp.Or(s.Dataset, r.Code)},
	}, a.details(s), a.record(r), []pair{
		{a.t(text.CLIRosterWord, nil), a.rosterTold(r)},
		{a.t(aboutWord, nil), about},
		{a.t(text.CLILog, nil), a.t(text.CLIReceiptAt, text.Args{"place": place, "index": number(r.Index)})},
		{a.t(text.CLISignedBy, nil), a.signedBy(r, place)},
		{a.t(text.CLIChain, nil), a.chainTold(r)},
		{a.t(text.CLIAsOf, nil), a.localTime(r.AsOf)},
	}))
	if a.verbose && withPayload { // what is for machines
		pairs = append(pairs, pair{a.t(text.CLIRootPin, nil), pin}, pair{a.t(text.CLIContentType, nil), r.ContentType})
	}
	a.pairs(pairs)
	switch {
	case !withPayload:
		a.say(text.CLIPayloadUnseen, nil)
	case !a.verbose:
		a.say(text.CLIReceiptMore, nil)
	case len(r.Payload) > 0 && utf8.Valid(r.Payload):
		fmt.Fprintln(a.stdout, clean(string(r.Payload)))
	}
}

// entryTold returns the sentence that says which entry was verified, by the name that the receipt
// proves, or else by its place.
func entryTold(r receiptReport) text.Code {
	switch {
	case r.Entry != "":
		return text.CLIReceiptTrue
	case r.Stated != "":
		return text.CLIReceiptStated
	}
	return text.CLIReceiptPlace
}

// aboutTold tells the entry that the one of the receipt is about, by its name or its place; "": it
// is the grant, which is told by itself.
func (a *app) aboutTold(r receiptReport, grant string) string {
	about := r.About
	if r.AboutIndex != nil {
		about = a.t(text.CLIAboutPlace, text.Args{"index": number(*r.AboutIndex)})
		if strings.HasSuffix(grant, "/"+number(*r.AboutIndex)) && strings.HasPrefix(grant, r.Chain[len(r.Chain)-1]+"/log/") {
			about = ""
		}
	}
	if about == grant {
		about = ""
	}
	return about
}

// rosterTold tells which roster the entry published.
func (a *app) rosterTold(r receiptReport) string {
	if r.Roster == nil {
		return ""
	}
	return a.t(text.CLIToldRoster, text.Args{"number": number(r.Roster.Number), "places": number(r.Roster.Places)})
}

// parties returns who provides the data and who uses them, as far as the entry says it.
func (a *app) parties(r receiptReport, s stated) (provider, consumer string) {
	here := r.Chain[len(r.Chain)-1]
	own := a.placeOf(r, here)
	if r.Agency != "" {
		own = r.Agency + "@" + own
	}
	switch r.Kind {
	case "asked":
		return a.placeOf(r, s.Destination), own
	case "application":
		return a.placeOf(r, here), a.partyOf(r, s.Consumer)
	case "grant":
		if s.Standard != "" && s.Consumer == "" {
			return own, a.t(text.CLIToldAbove, text.Args{"setter": a.placeOf(r, s.Standard)})
		}
		return own, a.partyOf(r, s.Consumer)
	case "access", "use refused":
		return own, a.partyOf(r, s.Consumer)
	case "grant revoked", "record", "record retracted", "catalogue entry", "dataset withdrawn", "import published":
		return own, ""
	}
	return "", ""
}

// placeOf returns a jurisdiction as people read it: with the name that the chain has for it, where
// it has one.
func (a *app) placeOf(r receiptReport, name string) string {
	if title := r.Titles[name]; title != "" && title != name {
		return a.t(text.CLINamed, text.Args{"title": title, "name": name})
	}
	return name
}

// partyOf returns an agency of a payload, which is a SPIFFE id there, as people type one.
func (a *app) partyOf(r receiptReport, id string) string {
	place, agency, ok := strings.Cut(strings.TrimPrefix(id, "spiffe://"), "/agency/")
	if !ok {
		return id
	}
	return agency + "@" + a.placeOf(r, place)
}

// details returns what else the payload of a sharing says.
func (a *app) details(s stated) []pair {
	rows := ""
	if n := cmp.Or(s.Rows, s.Records); n != nil && s.Refused == "" {
		rows = number(*n)
	}
	grant, how := cmp.Or(s.Grant, s.Renews), ""
	if s.By != "" {
		how = a.t(map[string]text.Code{"rule": text.CLIGrantByRule, "hand": text.CLIGrantByHand}[s.By], nil)
	}
	return []pair{
		{a.t(text.WordPurpose, nil), s.Purpose},
		{a.t(text.CLIOperation, nil), a.operation(s.Operation)},
		{a.t(text.CLIOutcomeWord, nil), a.outcomeTold(s)},
		{a.t(text.CLIRowsTold, nil), rows},
		{a.t(text.CLIGrant, nil), grant},
		{a.t(text.CLIGrantHow, nil), how},
		{a.t(text.WordUntil, nil), a.localTime(s.Until)},
		{a.t(text.WordBasis, nil), s.Basis},
		{a.t(text.CLIPaperNumber, nil), s.Paper},
		{a.t(text.CLIScenario, nil), s.Scenario},
		{a.t(text.CLIScope, nil), s.Scope},
		{a.t(text.CLIMethod, nil), s.Method},
		{a.t(text.CLIReason, nil), s.Reason},
		{a.t(text.CLIAskedThere, nil), s.Entry},
	}
}

// outcomeTold returns how a use ended, where its payload says that.
func (a *app) outcomeTold(s stated) string {
	var refusal uint16
	var word string
	switch {
	case s.Refused != "":
		return a.t(text.CLIUseRefused, text.Args{"why": text.Explain(a.lang, text.Code(s.Refused), nil).Title})
	case s.Unfinished:
		return a.t(text.CLIUseUnfinished, nil)
	case json.Unmarshal(s.Outcome, &word) == nil && word != "":
		return a.t(verdicts[word], nil)
	case json.Unmarshal(s.Outcome, &refusal) != nil:
		return ""
	case refusal != 0:
		return a.t(text.CLIUseRefused, text.Args{"why": text.Explain(a.lang, text.ByNumber(refusal), nil).Title})
	}
	return a.t(text.CLIOutcomeAnswered, nil)
}

// record returns the fields of a record, in the order of the payload.
func (a *app) record(r receiptReport) (fields []pair) {
	if r.Kind != "record" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(r.Payload))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return fields
		}
		told := string(value)
		var words string
		if json.Unmarshal(value, &words) == nil {
			told = words
		}
		fields = append(fields, pair{fmt.Sprint(name), told})
	}
	return fields
}

// signedBy tells who answers for the entry.
func (a *app) signedBy(r receiptReport, place string) string {
	if r.Signed {
		return a.t(text.CLISignedAct, text.Args{"agency": r.Agency, "place": place})
	}
	return a.t(text.CLISignedNode, text.Args{"place": place})
}

func (a *app) chainTold(r receiptReport) string {
	told := make([]string, len(r.Chain))
	for i, name := range r.Chain {
		told[i] = a.placeOf(r, name)
	}
	return strings.Join(told, " → ")
}
