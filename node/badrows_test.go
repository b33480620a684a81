package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestAFileOfBadRows (S42) imports the good row of a file in which thousands are as bad as can be:
// what is told of them fits into an answer, the rest is counted, and the file of bad rows has them
// all.
func TestAFileOfBadRows(t *testing.T) {
	const bad, fields = 4000, 20
	d := newDesk(t, client.Unconditional)
	var properties, header, cells strings.Builder
	for i := range fields {
		fmt.Fprintf(&properties, `,"n%d":{"type":"integer"}`, i)
		fmt.Fprintf(&header, ",n%d", i)
		cells.WriteString("," + strings.Repeat("一二三四五六七八九十", 6))
	}
	wide := villages(client.Unconditional)
	wide.Code, wide.Indexed = "wide", nil
	wide.Schema = json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"}` + properties.String() + `}}`)
	must(t)(d.provider.PublishDataset(t.Context(), wide))
	var file strings.Builder
	file.WriteString("code" + header.String() + "\n")
	for i := range bad {
		fmt.Fprintf(&file, "%d%s\n", i, cells.String())
	}
	file.WriteString("good" + strings.Repeat(",1", fields) + "\n")
	var check client.ImportCheck
	im := client.Import{Dataset: "wide", File: strings.NewReader(file.String()), KeepGood: true, Checked: func(c client.ImportCheck) error { check = c; return nil }}
	done, err := d.provider.ImportRecords(t.Context(), im)
	if err != nil || done.Rows != 1 || check.Good != 1 {
		t.Fatalf("got %+v, %v, want the good row alone", done, err)
	}
	told, _ := json.Marshal(check.Bad)
	if check.BadCount != bad || len(check.Bad) < 20 || check.Bad[0].Line != 2 || len(check.Bad[0].Faults) != fields || len(told) > 2<<20 {
		t.Errorf("%d bad rows are counted, and %d told, in %d bytes", check.BadCount, len(check.Bad), len(told))
	}
	var saved bytes.Buffer
	if err := d.provider.BadRows(t.Context(), im, &saved); err != nil || bytes.Count(saved.Bytes(), []byte("\n")) < bad {
		t.Errorf("%d lines of bad rows, %v", bytes.Count(saved.Bytes(), []byte("\n")), err)
	}
}
