package main

import (
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestHostEndTellsWhy: where a place is not hosted, the end of its hosting says what became of it,
// and that its name is at fault, whatever --in says.
func TestHostEndTellsWhy(t *testing.T) {
	c := newClerks(t, "zh_CN.UTF-8")
	c.does("host add 南明区")
	c.does("--in 贵阳 host end 南明区 --reason 自建 --yes")
	c.does("invite 云岩区 --yes")
	for line, want := range map[string]string{
		"host end 南明区":         "贵阳市已于",
		"--in 贵阳 host end 南明区": "贵阳市已于",
		"host end 云岩区":         "云岩区只是受邀",
		"host end 白云区":         "所承载的行政区划中没有“白云区”\n位置：参数 NAME\n办法：请核对名称，所承载的有：guiyang.guizhou\n",
		"--in 贵阳 host end 火星":  "所承载的行政区划中没有“火星”\n位置：参数 NAME\n",
	} {
		if code, _, told := c.run(line + " --reason 错 --yes"); code != exitFailed || !strings.Contains(told, want) {
			t.Errorf("%s: got %d, %s, want %s", line, code, told, want)
		}
	}
	b := newWorkbench(t, "zh_CN.UTF-8")
	b.node.fail = map[string]client.Problem{"GET /v1/hosting/end": {Status: 404, Code: string(text.NotHosted)}}
	code, _, told := b.run("host", "end", "西湖路街道", "--reason", "错", "--yes")
	if want := "不由本节点承载\n位置：西湖路街道\n办法：要与它断开的，请执行 xietong withdraw 西湖路街道"; code != exitFailed || !strings.Contains(told, want) {
		t.Errorf("got %d, %s, want %s", code, told, want)
	}
}

// TestAllowAgain: grants by rule that are allowed already are told as no change, and no entry is
// named that another act made.
func TestAllowAgain(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	b.node.in = map[string]func([]byte) any{"POST /v1/grants/7/allowance": func([]byte) any { return client.Entered{} }}
	if code, told, _ := b.run("grant", "allow", "7", "--reason", "r"); code != exitDone || !strings.HasPrefix(told, "没有变化") || strings.Contains(told, "存证条目") {
		t.Errorf("got %d, %s", code, told)
	}
}
