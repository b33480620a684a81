package node

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"xietong/consensus/state"
	"xietong/node/faces/client"
	"xietong/node/ground/host"
)

// TestVerifyDerives (D20) has a command write another value, with a right checksum and right sums,
// beside the entries of a ledger: the verification derives from the entries what it must be, and
// names the bucket and the entry. Of the directory as it was it finds nothing.
func TestVerifyDerives(t *testing.T) {
	dir := derivable(t)
	folder := host.Folder(dir, mustName(t, nanming.Name))
	saved := filepath.Join(t.TempDir(), "saved")
	if err := os.CopyFS(saved, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if report, err := VerifyData(t.Context(), dir, "", nil); err != nil || report.FirstBad != "" || report.Contradictions > 0 {
		t.Fatalf("as it was: %+v, %v", report, err)
	}
	for _, row := range []struct {
		bucket string
		change func(tx *state.Tx, bucket string) error
		how    string
		and    string // another bucket in which it shows; "": none
	}{
		{"grants", another(5, 0), "other", ""}, // a revoked grant lives
		{"grants", another(4, 1<<42), "other", ""},
		{"grants", remove, "missing", "granted"},
		{"grants", beside, "unsaid", "granted"},
		{"granted", remove, "missing", ""},
		{"granted", beside, "unsaid", ""},
		{"barred", remove, "missing", ""},
		{"barred", beside, "unsaid", ""},
		{"agencies", another(1, "another"), "other", ""},
		{"agencies", remove, "missing", ""},
		{"catalogue", another(5, []byte("{}")), "other", ""},
		{"catalogue", another(1, 1), "other", ""},
		{"children", another(1, 3), "other", ""},
		{"children", remove, "missing", ""},
		{"children", beside, "unsaid", ""},
		{"records", remove, "missing", "indexed"},
		{"records", beside, "unsaid", ""},
		{"indexed", empty, "missing", ""},
		{"indexed", beside, "unsaid", ""},
		{"imports", another(9, true), "other", ""},
	} {
		overwrite(t, dir, nanming.Name, func(tx *state.Tx) error { return row.change(tx, row.bucket) })
		report, err := VerifyData(t.Context(), dir, "", nil)
		if err != nil || report.FirstBad != "" {
			t.Errorf("%s: %+v, %v", row.bucket, report, err)
		}
		named := false
		for _, c := range report.Contradicted {
			named = named || c.Bucket == row.bucket && string(c.How) == row.how && c.Entry != ""
			if c.Bucket != row.bucket && c.Bucket != row.and {
				t.Errorf("%s is %s: got %+v", row.bucket, row.how, c)
			}
		}
		if !named {
			t.Errorf("%s is %s: got %+v", row.bucket, row.how, report.Contradicted)
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(folder, os.DirFS(saved)); err != nil {
			t.Fatal(err)
		}
	}
}

// derivable is a stopped node with something in every bucket that is derived.
func derivable(t *testing.T) (dir string) {
	t.Helper()
	d := &desk{dir: filepath.Join(t.TempDir(), "data")}
	o := nanming
	o.Listen = freePort(t)
	must(t)(Init(d.dir, o))
	d.start(t)
	for _, code := range []string{"civil-affairs", "water"} {
		must(t)(d.provider.AddAgency(t.Context(), client.NewAgency{Code: code, Title: code}))
	}
	must(t)(d.provider.PublishDataset(t.Context(), villages(client.Unconditional)))
	d.put(t, 1)
	d.put(t, 2)
	d.load(t, 3, 6)
	must(t)(d.provider.RetractRecord(t.Context(), "villages", client.Retraction{Key: "520102016002", Reason: "merged"}))
	var given []uint64
	for _, purpose := range []string{"statistics", "residence-check"} {
		using := use
		using.Purpose = purpose
		got, err := d.water.Query(t.Context(), client.Query{Dataset: "villages", Key: "520102016001", Use: using})
		if err != nil {
			t.Fatal(err)
		}
		given = append(given, indexOf(t, got.Grant))
	}
	for _, grant := range given { // the newer one bars no more, the older one does
		must(t)(d.provider.RevokeGrant(t.Context(), grant, client.Revocation{Reason: "over"}))
	}
	must(t)(d.provider.AllowGrants(t.Context(), given[1], client.Revocation{Reason: "by mistake"}))
	must(t)(d.provider.Invite(t.Context(), client.NewInvitation{Name: "甲镇", Label: "jia"}))
	d.stop()
	return d.dir
}

// first returns the first pair of a bucket.
func first(tx *state.Tx, bucket string) (key, value []byte) {
	tx.Scan(bucket, nil, nil, func(k, v []byte) bool {
		key, value = bytes.Clone(k), bytes.Clone(v)
		return false
	})
	return key, value
}

// another puts another value in one place of the first value of a bucket.
func another(at int, value any) func(tx *state.Tx, bucket string) error {
	return func(tx *state.Tx, bucket string) error {
		key, data := first(tx, bucket)
		var all []cbor.RawMessage
		err := cbor.Unmarshal(data, &all)
		if err == nil {
			all[at], err = cbor.Marshal(value)
		}
		if err == nil {
			data, err = cbor.Marshal(all)
		}
		if err != nil {
			return err
		}
		return tx.Put(bucket, key, data)
	}
}

// remove takes the first value out of a bucket.
func remove(tx *state.Tx, bucket string) error {
	key, _ := first(tx, bucket)
	return tx.Delete(bucket, key)
}

// empty takes everything out of a bucket: which values find a record that counts is left to chance.
func empty(tx *state.Tx, bucket string) error {
	for key, _ := first(tx, bucket); key != nil; key, _ = first(tx, bucket) {
		if err := tx.Delete(bucket, key); err != nil {
			return err
		}
	}
	return nil
}

// beside puts the first value of a bucket under another key, too.
func beside(tx *state.Tx, bucket string) error {
	key, value := first(tx, bucket)
	if bucket == "children" {
		return tx.Put(bucket, []byte("yi"), value)
	}
	key[len(key)-1] ^= 3
	return tx.Put(bucket, key, value)
}
