package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"xietong/node/faces/client"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// A room refuses a value, and knows nothing of requests. This file is the one place that finds the
// member of the body, or the parameter, from which the value came.

// meaning says which members of a body a refusal is about.
type meaning struct {
	value   string   // which of its values stands in the member; "": none of them does
	names   string   // which of its values are names of members; "": none
	members []string // in which it may stand
	under   string   // the member in which the path stands that names tells; "": the body itself
}

var (
	ofDataset = meaning{value: "dataset", members: []string{"dataset", "datasets", "code"}}
	ofAgency  = meaning{value: "agency", members: []string{"into", "code", "consumer", "agency"}}
	ofPlace   = meaning{value: "name", members: []string{"at", "name", "consumer", "jurisdiction"}}
	ofSchema  = meaning{names: "where", under: "schema"}
	ofPlan    = meaning{members: []string{"plan", "agreed/plan"}}
	asNamed   = meaning{names: "where"}
)

// meant are the refusals of rooms that are about a member, by their codes.
var meant = map[text.Code]meaning{
	text.NotAsDescribed: asNamed, text.BadRequest: asNamed, text.TooLarge: asNamed, text.NotText: {names: "name"}, text.NameDisguised: {names: "name"}, text.Empty: {names: "name"}, text.BasisNeeded: {names: "missing"},
	text.KeywordNotTaken: ofSchema, text.FieldName: ofSchema, text.PatternRefused: ofSchema, text.SchemaTooLarge: ofSchema,
	text.FormatNotTaken: ofSchema, text.KeywordBeside: ofSchema, text.SchemaNever: ofSchema, text.TitleTwice: ofSchema,
	text.UnknownDataset: ofDataset, text.DatasetWithdrawn: ofDataset, text.NoStandard: ofDataset, text.StandardWithdrawn: ofDataset,
	text.UnknownAgency: ofAgency, text.AgencyEnded: ofAgency, text.AgencyMerged: ofAgency, text.IntoItself: ofAgency, text.AgencyTaken: ofAgency,
	text.AgencyLives: ofAgency, text.GiveOwn: {value: "agency", members: []string{"consumer"}},
	text.JurisdictionUnknown: ofPlace, text.RosterAwaited: ofPlace, text.JurisdictionNear: ofPlace, text.PlaceUnlisted: ofPlace, text.PlaceElsewhere: ofPlace, text.PlaceItself: ofPlace,
	text.EndPlanNeeded: ofPlan, text.PlanMoved: ofPlan,
	text.PurposeNeeded: {members: []string{"purpose"}}, text.UnknownPurpose: {members: []string{"purpose"}},
	text.UnknownField:    {value: "field", members: []string{"fields", "where", "field", "measure", "measures", "indexed", "group_by", "by"}},
	text.FieldNotGranted: {value: "field", members: []string{"fields", "where", "field", "measure"}},
	text.FilterMalformed: {members: []string{"filter"}}, text.MeasureNotOffered: {members: []string{"measure", "measures"}},
	text.MeasureNotGranted: {members: []string{"measure"}}, text.QuestionMeasure: {members: []string{"measure"}},
	text.AskedUnfit: {value: "field", members: []string{"where", "field", "key", "filter", "value"}}, text.LevelAbsent: {members: []string{"level"}},
	text.StandardLevel:  {members: []string{"standard"}},
	text.SchemaRejected: {value: "field", members: []string{"record", "where", "field"}}, text.GroundNeeded: {names: "missing"},
	text.SelectorMalformed: {members: []string{"at"}}, text.SelectorUnknown: {value: "level", members: []string{"level", "at"}},
	text.GrantElsewhere: {members: []string{"grant"}}, text.LedgerGone: {value: "entry", members: []string{"grant", "entry"}},
	text.EntryRenamed:  {value: "entry", members: []string{"grant", "entry"}},
	text.UnknownRecord: {members: []string{"key"}}, text.NoHistory: {members: []string{"key"}}, text.NoQuestion: {members: []string{"name"}}, text.BadCursor: {members: []string{"cursor"}},
	text.PlaceTaken: {members: []string{"code", "label", "name"}}, text.RosterFaulty: {members: []string{"csv"}},
	text.OwnJurisdiction: {members: []string{"at"}}, text.NotOursToObject: {members: []string{"pin"}}, text.EntryInvalid: {value: "dataset", members: []string{"code"}},
	text.LevelUnknown: {members: []string{"level"}}, text.PeriodInvalid: {members: []string{"from", "to"}}, text.KindUnknown: {members: []string{"kind"}}, text.KeyChanged: {members: []string{"key"}}, text.GrantShorter: {members: []string{"until"}},
}

// wholes are the words of rooms for all of what they were given.
var wholes = []string{"", "question", "claim", "body", "here", "a name"}

// otherwise are the members that rooms call otherwise.
var otherwise = map[string]string{"object": "document"}

// inQuotes is what a reason quotes of a body.
var inQuotes = regexp.MustCompile(`"([^"]+)"`)

// pointed tells in a problem which member of the body it is about, as far as that is known.
func pointed(p *client.Problem, err error, in any) *client.Problem {
	body := reflect.Indirect(reflect.ValueOf(in)).FieldByName("Body")
	if body.IsValid() && body.Kind() == reflect.Interface {
		body = body.Elem()
	}
	if len(p.Errors) > 0 || p.Status >= 500 {
		return p
	}
	if p.Code == string(text.KeyMissing) || p.Code == string(text.KeyMalformed) {
		p.Errors = []client.Fault{{Detail: p.Detail, Header: client.HeaderIdempotency}}
		return p
	}
	if name := parameterMeant(reflect.Indirect(reflect.ValueOf(in)), failure.Of(err)); name != "" {
		p.Errors = []client.Fault{{Detail: p.Detail, Parameter: name}}
		return p
	}
	if !body.IsValid() {
		return p
	}
	sent := sentOf(body)
	if at, found := sent.member(failure.Of(err)); found {
		p.Errors = []client.Fault{{Detail: p.Detail, Pointer: "#" + at}}
	}
	return p
}

// parameterMeant returns the parameter that a refusal is about: one that the request has, and that
// the refusal may mean. "": none of them is.
func parameterMeant(in reflect.Value, f *text.Failure) string {
	m, known := meant[f.Code]
	if !known || in.Kind() != reflect.Struct {
		return ""
	}
	names := m.members
	if m.names != "" {
		names = []string{f.Args[m.names]}
	}
	for _, field := range reflect.VisibleFields(in.Type()) {
		name := field.Tag.Get("query")
		if name != "" && slices.Contains(names, name) && !in.FieldByIndex(field.Index).IsZero() {
			return name
		}
	}
	return ""
}

// sentBody is a body as it was sent.
type sentBody struct {
	of     reflect.Type
	values any // its JSON
}

func sentOf(body reflect.Value) sentBody {
	s := sentBody{of: body.Type()}
	data, err := json.Marshal(body.Interface())
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber() // a record may have one that Go has no type for
		err = d.Decode(&s.values)
	}
	if err != nil {
		s.values = nil // it was decoded from JSON: nothing is found in it
	}
	return s
}

// member returns the path of the member that a refusal is about.
func (s sentBody) member(f *text.Failure) (at string, found bool) {
	m, known := meant[f.Code]
	if !known {
		return "", false
	}
	if quoted := inQuotes.FindStringSubmatch(f.Args["reason"]); quoted != nil && slices.Contains(wholes, f.Args[m.names]) {
		if at, found = find(s.values, quoted[1]); found {
			return at, true
		}
	}
	if m.names != "" {
		return s.named(f.Args[m.names], m.under, f.Args["reason"] == "it is missing")
	}
	for _, name := range m.members {
		value, there := s.at(name)
		switch {
		case !there:
		case m.value == "" && value != nil:
			return "/" + name, true
		case m.value == "" && at == "": // it was left out
			at, found = "/"+name, true
		case m.value != "":
			for one := range strings.SplitSeq(f.Args[m.value], ", ") {
				if below, holds := find(value, one); holds && one != "" {
					return "/" + name + below, true
				}
			}
		}
	}
	return at, found
}

// listStep is an index in a path, as Go writes it.
var listStep = regexp.MustCompile(`\[(\d+)\]`)

// named returns the path that a room names, such as purposes[0].title; of several, the first. A
// path that the body does not have is cut to what it has, unless its last step is what is missing.
func (s sentBody) named(path, under string, missing bool) (at string, found bool) {
	path, _, _ = strings.Cut(path, ", ")
	path = cmp.Or(otherwise[path], path)
	if slices.Contains(wholes, path) {
		return "", s.values != nil && path != ""
	}
	steps := strings.FieldsFunc(strings.ReplaceAll(listStep.ReplaceAllString(path, "/$1"), ".", "/"), func(r rune) bool { return r == '/' })
	if under != "" {
		steps = append([]string{under}, steps...)
	}
	if len(steps) == 0 {
		return "", false
	}
	if _, there := s.at(steps[0]); !there {
		return "", false
	}
	lacked := 0
	if missing {
		lacked = 1
	}
	for n := len(steps); n > 0; n-- {
		if _, there := s.at(strings.Join(steps[:n], "/")); there || n == 1 {
			return "/" + strings.Join(steps[:min(n+lacked, len(steps))], "/"), true
		}
	}
	return "", false
}

// at returns the value at a path; there is false where the body has no such member. One that was
// left out is there.
func (s sentBody) at(path string) (value any, there bool) {
	value = s.values
	for i, step := range strings.Split(path, "/") {
		switch v := value.(type) {
		case map[string]any:
			value, there = v[step]
		case []any:
			n, err := strconv.Atoi(step)
			if there = err == nil && n >= 0 && n < len(v); there {
				value = v[n]
			}
		default:
			there = false
		}
		if !there && i == 0 && slices.Contains(membersOf(s.of), step) {
			there, value = true, nil
		}
		if !there {
			return nil, false
		}
	}
	return value, true
}

// membersOf returns the names of the members of a type.
func membersOf(t reflect.Type) (names []string) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// find returns the path at which a text stands in a value: as a text, as an item or as the name of
// a member.
func find(in any, wanted string) (path string, found bool) {
	switch v := in.(type) {
	case string:
		of, place, _ := strings.Cut(v, "@") // an agency as it is typed
		return "", slices.Contains([]string{v, text.Short(v), of, place}, wanted) || strings.HasSuffix(v, "/agency/"+wanted)
	case []any:
		for i, each := range v {
			if below, found := find(each, wanted); found {
				return "/" + strconv.Itoa(i) + below, true
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if name == wanted {
				return "/" + escapedStep(name), true
			}
			if below, found := find(v[name], wanted); found {
				return "/" + escapedStep(name) + below, true
			}
		}
	}
	return "", false
}

// escapedStep writes a name as a step of a JSON Pointer (RFC 6901).
func escapedStep(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// pointedIn is refuse for a request of which the body is known.
func (s *server) pointedIn(c Caller, err error, in any) error {
	refused := s.refuse(c, err)
	if p, ok := errors.AsType[*client.Problem](refused); ok {
		pointed(p, err, in)
	}
	return refused
}
