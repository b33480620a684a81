package node

import (
	"context"
	"fmt"
	"strings"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/faces/api"
	"xietong/node/flows/join"
	"xietong/node/flows/replicas"
	"xietong/node/ground/book"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/loglimit"
	"xietong/node/ground/offline"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/rosters"
)

// The types of the functions that work without a running node.
type (
	InitOptions   = datadir.InitOptions
	InitResult    = datadir.InitResult
	InitPlan      = datadir.InitPlan
	ListedPlace   = datadir.ListedPlace
	JoinStep      = join.Step
	JoinResult    = join.Result
	ReceiptReport = offline.ReceiptReport
	DataReport    = offline.DataReport
	Refusal       = offline.Refusal
	Named         = offline.Named
	ExportSource  = offline.Source
	ExportReport  = offline.ExportReport

	ExportedReport = offline.ExportedReport
	CosignedBy     = offline.CosignedBy
	LogQueue       = loglimit.Queue
	KeystoreState  = offline.KeystoreState

	CheckedRecords = api.CheckedAlone // of CheckRecords
)

// What VerifyData says of a keystore that is there and cannot be used.
const (
	KeystoreOther   = offline.KeystoreOther
	KeystoreDamaged = offline.KeystoreDamaged
)

// Place is a place of the lists that come with the program.
type Place = roster.Place

// Province returns the places of the province that a person means by its label, name or code, each
// after its parent. The error is text.ProvinceUnknown.
func Province(typed string) ([]Place, error) {
	for _, p := range roster.ShippedCalled(typed) {
		if p.Level == roster.LevelProvince {
			return roster.ShippedOf(p.Name).Places(), nil
		}
	}
	var names []string
	for _, p := range roster.Provinces() {
		names = append(names, p.ShortName)
	}
	return nil, text.Fail(text.ProvinceUnknown, text.Args{"name": text.Short(typed), "provinces": strings.Join(names, ", ")}, nil)
}

// ErrOtherPayload is wrapped where a receipt proves its entry, and the payload is of another.
var ErrOtherPayload = ledger.ErrPayload

// The functions that work without a running node.
var (
	PlanInit        = datadir.Plan
	Vacant          = datadir.CheckEmpty
	FirewallRequest = join.RequestFor
	VerifyReceipt   = offline.VerifyReceipt
	VerifyExport    = offline.VerifyExport
	Export          = offline.Export
	ExportData      = offline.ExportData
	CheckRecords    = api.CheckAlone
	CheckListen     = config.CheckListen

	InvitationComplete = join.Complete
	InvitationBegun    = join.Begun
	NewLogQueue        = loglimit.NewQueue
	Held               = datadir.Held
	AbsentDir          = datadir.Absent
	CheckDir           = datadir.CheckFormat
	ErrPort            = config.ErrPort // of CheckListen
)

// VerifyData verifies the ledger of a data directory, what is kept beside it, and that a node
// starts with it; see offline.VerifyData.
func VerifyData(ctx context.Context, dir, name string, progress func(done, total uint64)) (DataReport, error) {
	return offline.VerifyData(ctx, dir, name, progress, refuses, derivations, func(r *state.Reader, report *DataReport) {
		number, damaged := rosters.Damaged(r)
		switch {
		case damaged && number == 0:
			report.DamagedRoster = "?"
		case damaged:
			report.DamagedRoster = fmt.Sprint(number)
		}
	})
}

// derivations are those of all rooms whose state the entries of the ledger give.
func derivations(r *state.Reader, mac offline.MAC) []book.Derivation {
	return []book.Derivation{catalog.Derive(r), records.Derive(r, mac), sharing.Derive(r), tree.Derive(r)}
}

// JoinOptions are the options of Join. Of Options, Version, Steps and Frames are not used.
type JoinOptions struct {
	Options
	// Listen is the UDP address that the new jurisdiction's own children will dial; empty: they
	// cannot.
	Listen string
	// TimeZone is the name of the zone in which the node tells times; empty: zone.Default.
	TimeZone string
	// Told receives each step that was done, for a person to read; nil: the steps are not told.
	Told func(JoinStep)
	// Paper is shown the recovery key of the new jurisdiction, once; nil: nobody is.
	Paper func(child string, key *Paper) error
	// Recovery is the recovery key from before all keys were lost; nil: there is none at hand.
	Recovery *Paper
	// Alone is why the jurisdiction of the directory goes on there with new keys and without other
	// replicas; empty: it joins with the keys that it has.
	Alone string
}

// Join makes the jurisdiction that an invitation names, in the directory dir, and joins it to its
// parent. line is the text of the invitation. See join.Join.
func Join(ctx context.Context, dir, line string, o JoinOptions) (JoinResult, error) {
	o.Options = o.withDefaults()
	return join.Join(ctx, dir, line, o.joining())
}

// Joinable refuses a directory in which an invitation cannot be used with the keys that are there,
// before a person types what Join needs. See join.Joinable.
func Joinable(dir, line string) error {
	return join.Joinable(dir, line, JoinOptions{Options: Options{}.withDefaults()}.joining())
}

func (o JoinOptions) joining() join.Options {
	options := join.Options{
		Logger: o.Logger, Registry: commands, Now: o.Now, Packets: o.Packets, Resolve: o.Resolve, Hosted: o.Hosted,
		Listen: o.Listen, TimeZone: o.TimeZone, Told: o.Told, Paper: o.Paper, Recovery: o.Recovery,
	}
	if o.Alone != "" {
		options.Alone = &join.Alone{Reason: o.Alone, Others: func(ctx context.Context, own join.Left) error { return replicas.LeaveAlone(ctx, own) }}
	}
	return options
}
