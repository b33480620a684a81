package demo

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// replicaPolicy is the C2SP policy that names the keys of the three machines.
const replicaPolicy = "replicas.policy"

// compared has another process export the ledger of each of the three machines, compute it anew
// from its leaves, and hold it against the checkpoint of the one before.
func (d *demo) compared(ctx context.Context) (line string, err error) {
	machines := d.machines()
	names := slices.Sorted(maps.Keys(machines))
	shown := map[string]client.Checkpoint{}
	err = poll(ctx, func() (bool, error) {
		for _, name := range names {
			if shown[name], err = machines[name].as[""].Checkpoint(ctx); err != nil {
				return false, err
			}
		}
		first := shown[names[0]]
		for _, cp := range shown {
			if cp.Size != first.Size || cp.Root != first.Root {
				return false, fmt.Errorf("different checkpoints: %+v", shown)
			}
		}
		return true, nil
	})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(d.file(replicaPolicy), []byte(policyOf(shown[names[0]])), 0o600); err != nil {
		return "", err
	}
	var report struct {
		Size   uint64 `json:"size"`
		Root   string `json:"root"`
		Signed int    `json:"signed"`
	}
	for i, name := range names {
		kept, exported := name+".note", "ledger-"+name
		before := shown[names[(i+len(names)-1)%len(names)]]
		if err := os.WriteFile(d.file(kept), []byte(before.Note), 0o600); err != nil {
			return "", err
		}
		var made struct{}
		if err := d.runJSON(ctx, &made, "--data", machines[name].folder, "--json", "ledger", "export", exported); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if err := d.runJSON(ctx, &report, "--json", "ledger", "verify", exported, "--policy", replicaPolicy, "--since", kept); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	return d.t(text.DemoSame, text.Args{"entries": count(report.Size), "root": report.Root[:12], "signed": fmt.Sprint(report.Signed)}), nil
}

// policyOf returns the policy by which the keys of a checkpoint are believed.
func policyOf(cp client.Checkpoint) (policy string) {
	for _, k := range cp.Keys {
		policy += "log " + k.Key + "\n"
	}
	return policy + "quorum none\n"
}
