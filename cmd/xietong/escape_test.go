package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"xietong/node/faces/client"
)

// TestTextsOfOthersInLists (A36b): a text of another with control characters does not take a list
// away: a sheet has it visibly, and so has a terminal that is given csv. A file of csv has it as it
// is.
func TestTextsOfOthersInLists(t *testing.T) {
	const hostile = "x\x1b[31mred\x07\u202e\uffff"
	const visible = `x\x1b[31mred\a\u202e\uffff`
	b := listingBench(t, "C")
	grants := client.Grants{Total: 1, Grants: []client.Grant{{
		Grant: log + "7", Dataset: "rt", Consumer: "spiffe://guiyang.guizhou/agency/water", Purpose: hostile, State: client.GrantLive,
	}}}
	b.node.in["GET /v1/grants"] = func([]byte) any { return grants }
	file := filepath.Join(t.TempDir(), "gl.xlsx")
	exit, _, stderr := b.run("grant", "list", "--out", file)
	if exit != exitDone || !strings.Contains(stderr, "control characters of 1 cell are") {
		t.Fatalf("exit %d, %s", exit, stderr)
	}
	sheet, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer sheet.Close()
	rows, err := sheet.GetRows(sheet.GetSheetName(0))
	if err != nil || len(rows) < 2 || !strings.Contains(strings.Join(rows[1], "|"), visible) {
		t.Errorf("got %q, %v", rows, err)
	}
	b.app.columns = 300 // standard output is a terminal
	for _, format := range []string{"csv", "tsv", "table"} {
		exit, stdout, stderr := b.run("grant", "list", "-o", format)
		if exit != exitDone || strings.ContainsAny(stdout+stderr, "\x1b\x07\u202e") || !strings.Contains(stdout, `x\x1b[31mred\a`) {
			t.Errorf("%s: exit %d, %q, %q", format, exit, stdout, stderr)
		}
	}
	kept := filepath.Join(t.TempDir(), "gl.csv")
	exit, _, stderr = b.run("grant", "list", "--out", kept)
	data, err := os.ReadFile(kept)
	if exit != exitDone || err != nil || !bytes.Contains(data, []byte(hostile)) || strings.Contains(stderr, "visibly") {
		t.Errorf("exit %d, %q, %v, %s", exit, data, err, stderr)
	}
}
