package main

import (
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestChildLost: of a child that went on in a new epoch the tree tells which entries it names as
// lost, how many, and how many of them had been seen; so what is absurdly much is seen to be that.
func TestChildLost(t *testing.T) {
	for lang, want := range map[string][]string{
		"zh_CN.UTF-8": {
			"贵阳市的账本以第 2 纪元继续（见 guiyang.guizhou/log/2/9）：其写明上一纪元第 4 至 1099511627775 号条目已失去，共 1099511627772 条，其中经本级见证的有 30 条",
			"南明区的账本以第 3 纪元继续（见 nanming/log/3/9）：其写明上一纪元自第 9 号起的条目可能已失去，失去多少没有写明", "观山湖区的账本现为第 4 纪元",
			"云岩区的账本以第 4 纪元继续（见 yunyan/log/4/9）：其写明第 2 至 3 纪元中 4 号至 19 号的条目已失去，各纪元各有其条目，其中一个纪元经本级见证的有 5 条",
		},
		"en_US.UTF-8": {
			"the ledger of 贵阳市 goes on in epoch 2 (see guiyang.guizhou/log/2/9): it names entries 4 to 1099511627775 of the epoch before as lost, 1099511627772 in all, of which 30 had been witnessed here",
			"the ledger of 南明区 goes on in epoch 3 (see nanming/log/3/9): it says that of the epoch before, entries from 9 on may be lost, and not how many", "the ledger of 观山湖区 is in epoch 4",
			"the ledger of 云岩区 goes on in epoch 4 (see yunyan/log/4/9): it names entries 4 to 19 of the epochs 2 to 3 as lost, each of which had its own; of one of them, 5 had been witnessed here",
		},
	} {
		b := newWorkbench(t, lang)
		b.node.in = map[string]func([]byte) any{"GET /v1/tree": func([]byte) any {
			return client.Tree{Name: "guizhou", DisplayName: "贵州省", Children: []client.Neighbour{
				{Name: "guiyang.guizhou", DisplayName: "贵阳市", State: client.ChildJoined, Epoch: 2, Lost: []client.Lost{{Epoch: 2, Before: 1, Entry: "guiyang.guizhou/log/2/9", From: 4, To: 1 << 40, Seen: 30}}},
				{Name: "nanming.guizhou", DisplayName: "南明区", State: client.ChildJoined, Epoch: 3, Lost: []client.Lost{{Epoch: 3, Before: 2, Entry: "nanming/log/3/9", From: 9, To: 9}}},
				{Name: "guanshanhu.guizhou", DisplayName: "观山湖区", State: client.ChildJoined, Epoch: 4, Lost: []client.Lost{{Epoch: 3, Before: 2, Entry: "x", From: 9, To: 10}}},
				{Name: "yunyan.guizhou", DisplayName: "云岩区", State: client.ChildJoined, Epoch: 4, Lost: []client.Lost{{Epoch: 4, Before: 2, Entry: "yunyan/log/4/9", From: 4, To: 20, Seen: 5}}},
			}}
		}}
		code, out, told := b.run("tree")
		if lacks := slices.ContainsFunc(want, func(line string) bool { return !strings.Contains(out, line) }); code != exitDone || lacks {
			t.Errorf("got %d\n%s%s", code, out, told)
		}
	}
}
