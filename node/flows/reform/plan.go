package reform

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/ground/text"
)

// MaxNamed is how many grants a plan names, of each dataset or agency; it counts all of them.
const MaxNamed = 100

// Plan is what an end or a move would do, as it is shown.
type Plan struct {
	What      string           // the code of what ends or moves; several with a comma between them
	From      []catalog.Agency // whose it is, each once
	Into      catalog.Agency   `json:",omitzero" cbor:",omitzero"` // that takes over; zero: none does
	Datasets  []Affected       // which are withdrawn, or move, or stay withdrawn with an agency that ends
	Standards []Affected       // likewise
	Ending    int              // live grants that end
	Ends      []Held           // the first of them, the oldest first
	Lasting   int              // live grants of datasets that move, which go on
	Questions int              `json:"-" cbor:"Questions"` // saved by what ends, which stay readable; they may change before it is done
	Hash      string           `json:"-" cbor:"Hash"`

	grants []byte // digest of all grants that count and end
	shown  []byte // the whole, as it is hashed
}

// Affected is a dataset or a standard.
type Affected struct {
	Code      identity.Label
	Title     string
	Agency    identity.Label // whose it is
	Version   uint64
	Withdrawn bool   // it was withdrawn before, and moves as such
	Records   uint64 `json:"-" cbor:"Records"` // which stay as they are; they may change before it is done
}

// Held is a grant.
type Held struct {
	Grant    identity.Entry
	Dataset  identity.Label
	Consumer identity.Agency `json:",omitzero" cbor:",omitzero"`
	Purpose  identity.Label  `json:",omitzero" cbor:",omitzero"`
	Endless  bool            // it is of all agencies of the jurisdictions above
}

// sealed sets the hash. Whatever of the plan is another has another hash.
func (p *Plan) sealed() error {
	shown, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("hash plan: %w", err)
	}
	p.shown = shown
	sum := sha256.Sum256(append(shown, p.grants...))
	p.Hash = hex.EncodeToString(sum[:])
	return nil
}

// agreed refuses what nobody was shown, or what is otherwise by now.
func (p Plan) agreed(hash string) error {
	switch {
	case hash == "":
		return text.Fail(text.EndPlanNeeded, text.Args{"what": p.What}, nil)
	case hash != p.Hash:
		return text.Fail(text.PlanMoved, text.Args{"name": p.What}, nil)
	}
	return nil
}

// end notes the grants that end.
func (p *Plan) end(r *state.Reader, all []sharing.Grant) {
	p.grants = sharing.DigestOf(all)
	living := sharing.Living(all, r.Clock())
	p.Ending = len(living)
	for _, g := range living[:min(len(living), MaxNamed)] {
		p.Ends = append(p.Ends, Held{Grant: g.Name(r.Names()), Dataset: g.Dataset, Consumer: g.Consumer, Purpose: g.Purpose, Endless: g.Endless})
	}
}

func affected(r *state.Reader, p catalog.Published) Affected {
	return Affected{Code: p.Code, Title: p.Title, Agency: p.Agency, Version: p.Version, Withdrawn: p.Withdrawn.Ended(), Records: records.Count(r, p.Code)}
}

// withdrawing returns the plan of a withdrawal, and the dataset.
func withdrawing(r *state.Reader, by catalog.Actor, code identity.Label) (p Plan, of catalog.Published, err error) {
	if of, err = catalog.Offered(r, code, catalog.Published{}); err != nil {
		return p, of, err
	}
	if _, err = by.For(of.Agency).Provider(r, code, of.Agency); err != nil {
		return p, of, err
	}
	p = Plan{What: code.String(), Datasets: []Affected{affected(r, of)}}
	if err := p.from(r, of.Agency); err != nil {
		return p, of, err
	}
	p.end(r, sharing.StandingOf(r, code))
	return p, of, p.sealed()
}

// from notes an agency whose it is. It refuses one that ended.
func (p *Plan) from(r *state.Reader, code identity.Label) error {
	agency, err := catalog.Living(r, code)
	if err == nil && !slices.Contains(p.From, agency) {
		p.From = append(p.From, agency)
	}
	return err
}

// leave notes what stays with an agency that ends: datasets and standards that were withdrawn,
// which nobody else can bring back.
func (p *Plan) leave(r *state.Reader, agency identity.Label) error {
	datasets, standards, err := catalog.Of(r, agency)
	for _, d := range datasets {
		p.Datasets = append(p.Datasets, affected(r, d))
	}
	p.Standards = append(p.Standards, standardsOf(standards)...)
	return err
}

func standardsOf(all []catalog.SetStandard) (affected []Affected) {
	for _, s := range all {
		affected = append(affected, Affected{Code: s.Code, Title: s.Title, Agency: s.Agency, Version: s.Version, Withdrawn: s.Withdrawn.Ended()})
	}
	return affected
}

// taking returns the agency that takes over from another one.
func taking(r *state.Reader, from identity.Label, into string) (catalog.Agency, error) {
	if err := catalog.Successor(r, from, into); err != nil {
		return catalog.Agency{}, err
	}
	code, err := identity.ParseLabel(into)
	if err != nil {
		return catalog.Agency{}, err
	}
	return catalog.Living(r, code)
}

// move notes datasets and standards that move.
func (p *Plan) move(r *state.Reader, datasets []catalog.Published, standards []catalog.SetStandard) {
	for _, d := range datasets {
		p.Datasets = append(p.Datasets, affected(r, d))
		p.Lasting += len(sharing.Living(sharing.StandingOf(r, d.Code), r.Clock()))
	}
	p.Standards = append(p.Standards, standardsOf(standards)...)
}
