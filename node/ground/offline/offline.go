// Package offline verifies a receipt, a copied or stopped data directory, or an exported ledger,
// without a running node and without the network. It trusts only a pin or a policy, which the
// caller gives. It also writes the export, whose tree it computes from the leaves itself.
//
// It changes nothing but an export: a directory that cannot be written is verified like any other.
// It cannot see later records and withdrawals of other jurisdictions, so the report of a receipt
// says as of when it holds.
package offline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/vault"
	"xietong/node/ground/book"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// ReceiptReport tells what a verified receipt proves.
type ReceiptReport struct {
	// Entry is the name that the ledger gives the entry; absent: the receipt does not prove in
	// which epoch it was made, and so says no more than Log and Index, and Stated of an act.
	Entry  string `json:"entry,omitempty"`
	Log    string `json:"log"`              // whose checkpoint it is
	Stated string `json:"stated,omitempty"` // the name under which the act was signed, where Entry is absent
	Kind   string `json:"kind"`
	Agency string `json:"agency"`
	Code   string `json:"code"`
	About  string `json:"about,omitempty"` // an entry of the same ledger that this one is about
	// AboutIndex is the index of that entry, where its name is not proven.
	AboutIndex *uint64  `json:"about_index,omitempty"`
	Time       string   `json:"time"` // RFC 3339
	TreeSize   uint64   `json:"tree_size"`
	Index      uint64   `json:"index"`
	Chain      []string `json:"chain"` // from the pinned jurisdiction down
	// Titles are the names for people of those in the chain, as their endorsements have them; the
	// root's is as the list of the program has it.
	Titles map[string]string `json:"titles,omitempty"`
	// AsOf is when the oldest endorsement was issued, in RFC 3339. Withdrawals since are not seen.
	AsOf        string `json:"as_of,omitempty"`
	Signed      bool   `json:"signed"`            // an act of the agency, not the node's own statement
	Payload     []byte `json:"payload,omitempty"` // absent when the caller gave none
	ContentType string `json:"content_type,omitempty"`
	// Roster is what the payload says, where it is the manifest of a roster; absent: it is none.
	Roster *RosterReport `json:"roster,omitempty"`
}

// RosterReport tells which roster a manifest is of.
type RosterReport struct {
	Number uint64 `json:"number"`
	Places uint64 `json:"places"` // how many it has
}

// VerifyReceipt verifies a receipt, and its payload if one is given, from a pin. It is pure: it
// uses no node and no network. The error is a *text.Failure: text.BadRequest for the pin,
// text.ReceiptRefused for the receipt.
func VerifyReceipt(receipt, payload []byte, pin string) (ReceiptReport, error) {
	root, err := trust.ParsePin(pin)
	if err != nil {
		return ReceiptReport{}, text.Fail(text.BadRequest, text.Args{"where": "--root", "reason": err.Error()}, err)
	}
	v, err := ledger.VerifyReceipt(receipt, payload, root)
	if err != nil {
		return ReceiptReport{}, text.Fail(text.ReceiptRefused, text.Args{"file": "", "reason": err.Error()}, err)
	}
	head := v.Leaf.Head
	r := ReceiptReport{
		Log: v.Entry.Log().String(), Kind: head.Kind.String(), Agency: head.Agency.String(), Code: head.Code.String(),
		Time: time.UnixMilli(int64(head.At())).UTC().Format(time.RFC3339), Index: v.Entry.Index(), TreeSize: v.TreeSize,
		Signed: v.Leaf.Evidence.Signed(),
	}
	r.name(v)
	for _, j := range v.Chain {
		r.Chain = append(r.Chain, j.String())
		title := v.Titles[j]
		if title == "" { // nobody endorses the root
			title = roster.ShippedOf(j).DisplayName(j)
		}
		if title != j.String() {
			r.title(j.String(), title)
		}
	}
	if v.AsOf > 0 {
		r.AsOf = time.UnixMilli(int64(v.AsOf)).UTC().Format(time.RFC3339)
	}
	if v.Payload != nil {
		r.Payload, r.ContentType = v.Payload.Payload, v.Payload.ContentType
		if m, err := roster.DecodeManifest(r.Payload); err == nil && r.ContentType == ledger.RosterType {
			r.Roster = &RosterReport{m.Number, m.Places}
		}
	}
	return r, nil
}

// name gives the entry, and the one that it is about, the names that the receipt proves.
func (r *ReceiptReport) name(v ledger.Verified) {
	if name, ok := v.Named(); ok {
		r.Entry = name.String()
	} else if v.Leaf.Evidence.Signed() {
		r.Stated = v.Stated.Entry(v.Entry.Index()).String()
	}
	switch index, ok := v.Leaf.Head.About.Index(); {
	case ok && v.Entry.Log().Epoch() == 1:
		r.About = v.Entry.Log().Entry(index).String()
	case ok:
		r.AboutIndex = &index
	}
}

func (r *ReceiptReport) title(name, title string) {
	if r.Titles == nil {
		r.Titles = map[string]string{}
	}
	r.Titles[name] = title
}

// DataReport is the result of VerifyData.
type DataReport struct {
	Name       string `json:"name"`
	Entries    uint64 `json:"entries"`
	Root       string `json:"root"`       // lower-case hex
	Checkpoint uint64 `json:"checkpoint"` // entries under the newest checkpoint
	// Pin is the pin of the first key set in the file: compare it with the pin that you trust.
	Pin string `json:"pin"`
	// FirstBad names the first bad entry with the reason, or tells what is wrong with the key sets
	// or the checkpoint; absent: all is well.
	FirstBad string `json:"first_bad,omitempty"`
	// DamagedFiles are the files of old entries that are missing or damaged, at most maxFiles.
	DamagedFiles []string `json:"damaged_files,omitempty"`
	DamagedCount int      `json:"damaged_files_count,omitempty"` // how many there are
	// DamagedRoster is the number of the roster in force, where it is damaged; "?": the number is
	// damaged, too.
	DamagedRoster string `json:"damaged_roster,omitempty"`
	// Unreadable is how many payloads do not open with the keystore, where it is the ledger's;
	// FirstUnreadable is the entry of the first.
	Unreadable      uint64 `json:"unreadable,omitempty"`
	FirstUnreadable string `json:"first_unreadable,omitempty"`
	// Contradictions is how many values beside the entries are not what the entries say, and
	// Contradicted has the first of them.
	Contradictions uint64         `json:"contradictions,omitempty"`
	Contradicted   []Contradicted `json:"contradicted,omitempty"`
	// Keystore says how the keystore in the directory goes with the ledger.
	Keystore KeystoreState `json:"keystore"`
	// Refused is why no node starts with the directory; nil: one does, where its address is free.
	Refused *Refusal `json:"start_refused,omitempty"`
}

// Refusal is the problem of which the start of a node tells.
type Refusal struct {
	Code text.Code `json:"code"`
	Args text.Args `json:"args,omitempty"`
	Err  error     `json:"-"`
}

// Start returns why a start refuses a jurisdiction of a data directory; nil: it does not.
type Start func(ctx context.Context, dir string, c config.Config, of config.Jurisdiction) *Refusal

// Contradicted is a value that is not what the entries say.
type Contradicted struct {
	Entry string `json:"entry"` // its name
	book.Contradiction
}

// maxFiles is how many files of old entries are named that are damaged.
const maxFiles = 1000

// maxContradicted is how many values are named that are not what the entries say.
const maxContradicted = 20

// MAC is the function of the ledger's keystore by which records are found; nil: it is not there.
type MAC = func(domain string, parts ...[]byte) [32]byte

// Derive begins the derivations of all rooms for a state.
type Derive func(r *state.Reader, mac MAC) []book.Derivation

// KeystoreState is how a keystore goes with a ledger.
type KeystoreState string

// The states of a keystore. A copy for somebody who may read no payload has none.
const (
	KeystoreOwn     KeystoreState = "own"
	KeystoreAbsent  KeystoreState = "absent"
	KeystoreOther   KeystoreState = "other"
	KeystoreDamaged KeystoreState = "damaged"
)

// keystoreIn returns the state of the keystore in a jurisdiction's folder.
func keystoreIn(dir string, sealed []state.SealedPayload) (KeystoreState, error) {
	err := host.CheckKeystore(dir, sealed)
	_, foreign := errors.AsType[*host.ForeignError](err)
	switch {
	case err == nil:
		return KeystoreOwn, nil
	case foreign:
		return KeystoreOther, nil
	case errors.Is(err, fs.ErrNotExist):
		return KeystoreAbsent, nil
	case errors.Is(err, vault.ErrKeystore):
		return KeystoreDamaged, nil
	}
	return "", err
}

// VerifyData derives the ledger of one jurisdiction anew from a copied or stopped data directory,
// and names the first bad entry; it also says whether the keystore is the ledger's. name may be
// empty where the directory hosts one jurisdiction. A bad ledger is no error: it is told in
// FirstBad. Raft's log is checked, too: a copy whose log is damaged does not start. What is kept
// beside the entries is compared with what derive derives from them. Each of looks sees the state,
// and adds to the report. start is asked first, and what it says is told where the files cannot be
// read to the end. nil: nobody asks.
func VerifyData(ctx context.Context, dir, name string, progress func(done, total uint64), start Start, derive Derive, looks ...func(*state.Reader, *DataReport)) (DataReport, error) {
	if err := datadir.CheckFormat(dir); err != nil {
		return DataReport{}, err
	}
	settings, err := datadir.ReadConfig(dir)
	if err != nil {
		return DataReport{}, err
	}
	of, err := called(settings, name)
	if err != nil {
		return DataReport{}, err
	}
	if err := datadir.CheckName(dir, filepath.Join(dir, config.FileName), settings, of.Name); err != nil {
		return DataReport{}, err
	}
	var refused *Refusal
	if start != nil {
		refused = start(ctx, dir, settings, of)
	}
	if refused != nil && refused.Code == text.DirInUse {
		return DataReport{}, text.Fail(refused.Code, refused.Args, refused.Err)
	}
	report, err := verifyData(ctx, dir, of.Name, progress, derive, looks...)
	report.Refused = refused
	if err != nil && refused != nil {
		err = text.Fail(refused.Code, refused.Args, errors.Join(refused.Err, err)) // a person reads what the start says
	}
	return report, err
}

func verifyData(ctx context.Context, dir string, j identity.Jurisdiction, progress func(done, total uint64), derive Derive, looks ...func(*state.Reader, *DataReport)) (DataReport, error) {
	report := DataReport{Name: j.String()}
	folder := host.Folder(dir, j)
	found, err := state.Verify(ctx, filepath.Join(folder, "state.db"), progress, func(r *state.Reader) {
		report.readAll(ctx, folder, r, derive)
		for _, look := range looks {
			look(r, &report)
		}
	})
	if bad, ok := errors.AsType[*state.BadEntryError](err); ok {
		report.FirstBad = bad.Error()
		report.DamagedFiles, report.DamagedCount = bad.Files[:min(len(bad.Files), maxFiles)], len(bad.Files)
		return report, nil
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return report, datadir.Error(dir, host.OfState(folder, err))
	}
	if found.Log.Jurisdiction() != j {
		return report, datadir.Error(dir, &host.ForeignError{Part: "state.db", Dir: folder, Err: fmt.Errorf("it holds the ledger %s", found.Log)})
	}
	if err := group.VerifyLog(folder, found.Last); err != nil {
		return report, datadir.Error(dir, host.OfLog(folder, err))
	}
	report.Entries, report.Root, report.Checkpoint = found.Entries, fmt.Sprintf("%x", found.Root[:]), found.Published.Mark.Size
	report.Pin, err = checkSigned(found)
	if err != nil {
		report.FirstBad = err.Error()
	}
	if report.Keystore, err = keystoreIn(folder, found.Sealed); err != nil {
		return report, datadir.Error(dir, err)
	}
	return report, nil
}

// called returns which of the jurisdictions of a data directory a person means; none is named where
// there is one.
func called(settings config.Config, typed string) (config.Jurisdiction, error) {
	var places []roster.Place
	var names []string
	for _, j := range settings.Jurisdictions {
		places = append(places, roster.Place{Name: j.Name, Code: j.Code, DisplayName: j.DisplayName, ShortName: j.ShortName})
		names = append(names, j.Name.String())
	}
	args := text.Args{"name": text.Short(typed), "where": "flag --in", "jurisdictions": strings.Join(names, ", ")}
	if typed == "" && len(places) == 1 {
		return settings.Jurisdictions[0], nil
	}
	switch found := roster.ShippedOf(places[0].Name).Among(places, typed); {
	case typed == "":
		return config.Jurisdiction{}, text.Fail(text.JurisdictionNeeded, args, nil)
	case len(found) == 1:
		return settings.Jurisdictions[slices.IndexFunc(settings.Jurisdictions, func(j config.Jurisdiction) bool { return j.Name == found[0].Name })], nil
	default:
		return config.Jurisdiction{}, text.Fail(text.NoSuchHosted, args, nil)
	}
}

// lookEvery is how many payloads are opened between two looks at the context.
const lookEvery = 4096

// readAll opens every payload that is kept, with the keystore in a jurisdiction's folder if it is
// the ledger's, and compares what is kept beside the entries with what they say. What was erased
// has nothing to open.
func (r *DataReport) readAll(ctx context.Context, folder string, at *state.Reader, derive Derive) {
	k, err := vault.Open(filepath.Join(folder, host.Keystore))
	if own, failed := keystoreIn(folder, at.FirstSealed()); err != nil || failed != nil || own != KeystoreOwn {
		k = nil
	}
	var all []book.Derivation
	if derive != nil && k != nil {
		all = derive(at, k.MAC)
	} else if derive != nil {
		all = derive(at, nil)
	}
	found := book.Derive(at, all, func(index uint64, leaf ledger.Leaf) []byte { return r.open(k, at, index, leaf) },
		func(index uint64) bool { return index%lookEvery > 0 || ctx.Err() == nil })
	r.Contradictions = uint64(len(found))
	for _, c := range found[:min(len(found), maxContradicted)] {
		r.Contradicted = append(r.Contradicted, Contradicted{c.Entry.In(at.Names()).String(), c})
	}
}

// open opens the payload of an entry, and counts one that should open and does not.
func (r *DataReport) open(k *vault.Keystore, at *state.Reader, index uint64, leaf ledger.Leaf) []byte {
	sealed := at.Sealed(index)
	if k == nil || sealed == nil {
		return nil
	}
	encoded, err := k.Open(leaf.Evidence.Commitment(), sealed)
	if err == nil {
		if p, err := ledger.DecodePreimage(encoded); err == nil {
			return p.Payload
		}
	}
	if err == nil || errors.Is(err, vault.ErrDestroyed) {
		return nil
	}
	if r.Unreadable++; r.Unreadable == 1 {
		r.FirstUnreadable = at.Names().Entry(index).String()
	}
	return nil
}
