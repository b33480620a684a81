package text

// What the demo tells while it runs.
const (
	DemoOpened   Code = "demo.opened"
	DemoReady    Code = "demo.ready"
	DemoPublish  Code = "demo.publish"
	DemoImport   Code = "demo.import"
	DemoAsk      Code = "demo.ask"
	DemoLogged   Code = "demo.logged"
	DemoVerify   Code = "demo.verify"
	DemoCalled   Code = "demo.called"
	DemoRefusals Code = "demo.refusals"
	DemoRefused  Code = "demo.refused"
	DemoCrash    Code = "demo.crash"
	DemoResumed  Code = "demo.resumed"
	DemoProve    Code = "demo.prove"
	DemoValid    Code = "demo.valid"
	DemoFlipped  Code = "demo.flipped"
	DemoNext     Code = "demo.next"
	DemoHeld     Code = "demo.held"
)

var demoSentences = []sentence{
	{DemoOpened, "{title}（{name}）在本机运行：真实密钥，真实账本，均在 {folder}\n起点标识 {pin}",
		"{title} ({name}) on this machine: real keys, a real ledger, all in {folder}\npin  {pin}"},
	{DemoReady, "{ms} 毫秒就绪，占用内存 {mib} MiB", "ready in {ms} ms, {mib} MiB"},
	{DemoPublish, "{provider}发布目录", "{provider} publishes its catalogue"},
	{DemoImport, "导入本区真实数据：{townships} 个乡镇（街道）、{villages} 个村（居），逐条入账，条目 {entry} 起可查",
		"it imports its real rows: {townships} townships, {villages} villages, each an entry of the ledger, visible from {entry} on"},
	{DemoAsk, "{consumer}查询一个村（居）：首次查询即提出共享申请，按规则取得权限",
		"{consumer} asks for one village: the first query files the application, which is granted by rule"},
	{DemoLogged, "先记账，后应答：权限 {grant}，使用记录 {access}", "logged before it was answered: grant {grant}, access {access}"},
	{DemoVerify, "只核验，不取数", "only yes or no; no field leaves"},
	{DemoCalled, "{key} 是否名为“{name}”？ {answer}", "is {key} called {name}?  {answer}"},
	{DemoRefusals, "不该做的，做不成", "what must fail, fails"},
	{DemoRefused, "已拒绝：{why}", "refused: {why}"},
	{DemoCrash, "导入全省数据时强行终止节点（kill -9），当时已暂存 {staged} 行：重启后账目无误，未发布的行一行也查不到",
		"killed (kill -9) in the middle of a larger import, {staged} rows staged: after the restart none of them is visible"},
	{DemoResumed, "同一命令再执行一次，接着暂存、一次发布：{rows} 行，条目 {entry}",
		"the same command again goes on where it stopped and publishes all {rows} rows at once, by entry {entry}"},
	{DemoProve, "不经任何服务器，由另一进程证明第 3 步", "step 3 is proved by a second process, without any server"},
	{DemoValid, "有效：{entry}", "valid    {entry}"},
	{DemoFlipped, "无效：同一凭证改动一个比特", "INVALID  the same receipt with one bit flipped"},
	{DemoNext, "（按回车键继续）", "(Enter goes on)"},
	{DemoHeld, "{steps} 个步骤全部成立，用时 {seconds} 秒。节点保持运行，按 Ctrl-C 结束。可另开终端：",
		"{steps} of {steps} steps held in {seconds} s. The node stays up until Ctrl-C. In another terminal:"},
}
