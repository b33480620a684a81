package main

import (
	"context"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// nodeFloor holds the functions of package node that the program calls beside the API. Tests
// replace them.
type nodeFloor struct {
	keepSecrets     func() // nil: nothing is prepared
	init            func(dir string, o node.InitOptions) (node.InitResult, error)
	planInit        func(o node.InitOptions) (node.InitPlan, error)
	vacant          func(dir, name string) error
	serve           func(ctx context.Context, dir string, o node.ServeOptions) error
	join            func(ctx context.Context, dir, token string, o node.JoinOptions) (node.JoinResult, error)
	joinable        func(dir, token string) error
	joinReplica     func(ctx context.Context, dir, line string, o node.JoinOptions) (node.ReplicaJoined, error)
	firewallRequest func(l text.Lang, token string, now time.Time) (string, error)
	verifyReceipt   func(receipt, payload []byte, pin string) (node.ReceiptReport, error)
	settings        func(dir, file string) (node.FileSettings, error)
	held            func(dir string) bool
	checkRecords    func(ctx context.Context, l text.Lang, im client.Import, told node.CheckedRecords) error
	verifyData      func(ctx context.Context, dir, name string, progress func(done, total uint64)) (node.DataReport, error)
	verifyExport    func(ctx context.Context, path string, policy node.Named, kept *node.Named, progress func(done, total uint64)) (node.ExportedReport, error)
	exportLedger    func(ctx context.Context, src node.ExportSource, dir string, progress func(done, total uint64)) (node.ExportReport, error)
	exportData      func(ctx context.Context, data, name, dir string, progress func(done, total uint64)) (node.ExportReport, error)
}

type (
	initOptions   = node.InitOptions
	initPlan      = node.InitPlan
	listedPlace   = node.ListedPlace
	serveOptions  = node.ServeOptions
	joinOptions   = node.JoinOptions
	joinStep      = node.JoinStep
	fileSettings  = node.FileSettings
	receiptReport = node.ReceiptReport
)

var theNode = nodeFloor{
	keepSecrets: keepSecrets, init: node.Init, planInit: node.PlanInit, vacant: node.Vacant, serve: node.Serve, join: node.Join, joinable: node.Joinable, joinReplica: node.JoinReplica, firewallRequest: node.FirewallRequest, verifyReceipt: node.VerifyReceipt, settings: node.ReadSettings, held: node.Held, checkRecords: node.CheckRecords, verifyData: node.VerifyData,
	verifyExport: node.VerifyExport, exportLedger: node.Export, exportData: node.ExportData,
}
