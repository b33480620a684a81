package text

// What the demo tells while it runs.
const (
	DemoStarted  Code = "demo.started"
	DemoAgencies Code = "demo.agencies"
	DemoCrash    Code = "demo.crash"
	DemoProved   Code = "demo.proved"
	DemoFlipped  Code = "demo.flipped"
	DemoTaken    Code = "demo.taken"
	DemoHeld     Code = "demo.held"
)

var demoSentences = []sentence{
	{DemoStarted, "{name} 的节点已启动，密钥在本机生成。根指纹：\n   {pin}",
		"a node of {name} is up; its keys were made here. Root key:\n   {pin}"},
	{DemoAgencies, "登记 {count} 个部门，均已签名、入账；检查点含 {size} 个条目，根 {root}…",
		"{count} agencies added, each signed and logged; the checkpoint covers {size} entries, root {root}…"},
	{DemoCrash, "节点被强行终止（kill -9）后重新启动：{count} 个部门全部在账，无一丢失",
		"the node was killed (kill -9) and came back: all {count} agencies are there, nothing was lost"},
	{DemoProved, "条目 {entry} 的存证凭证由另一进程离线验证通过", "entry {entry} was proved by a second process, offline"},
	{DemoFlipped, "凭证改动一个比特后，验证不通过", "the same receipt with one bit flipped is refused"},
	{DemoTaken, "代码 {code} 已有归属，再次登记被拒绝：{why}", "the code {code} is taken, so it is refused: {why}"},
	{DemoHeld, "{steps} 个步骤全部成立。可另开终端，在 {folder} 中试用：\n   ./xietong --data nanming status\n   ./xietong --data nanming ledger entry 1",
		"{steps} of {steps} steps held. In another terminal, in {folder}:\n   ./xietong --data nanming status\n   ./xietong --data nanming ledger entry 1"},
}
