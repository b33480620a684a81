package text

// What the demo tells while it runs.
const (
	DemoOpened       Code = "demo.opened"
	DemoReady        Code = "demo.ready"
	DemoPublish      Code = "demo.publish"
	DemoRows         Code = "demo.rows"
	DemoAsk          Code = "demo.ask"
	DemoLogged       Code = "demo.logged"
	DemoVerify       Code = "demo.verify"
	DemoCalled       Code = "demo.called"
	DemoRefusals     Code = "demo.refusals"
	DemoRefused      Code = "demo.refused"
	DemoCrash        Code = "demo.crash"
	DemoResumed      Code = "demo.resumed"
	DemoProve        Code = "demo.prove"
	DemoValid        Code = "demo.valid"
	DemoFlipped      Code = "demo.flipped"
	DemoOtherPayload Code = "demo.other-payload"
	DemoOtherRoot    Code = "demo.other-root"
	DemoNext         Code = "demo.next"
	DemoHeld         Code = "demo.held"
)

var demoSentences = []sentence{
	{DemoOpened, "{title}在本机运行：真实密钥，127.0.0.1 上的真实 QUIC，真实账本，均在 {folder}",
		"{title} on this machine: real keys, real QUIC on 127.0.0.1, real ledgers, all in {folder}"},
	{DemoReady, "1 省、2 市州、4 县区，各为一个进程，凭邀请加入；{seconds} 秒就绪，占用内存 {mib} MiB",
		"1 province, 2 prefectures and 4 counties, a process each, joined by invitation; ready in {seconds} s, {mib} MiB"},
	{DemoPublish, "各地发布目录并导入真实数据：{townships} 个乡镇（街道）、{villages} 个村（居），签名入账",
		"every place publishes its catalogue and its real rows: {townships} townships, {villages} villages, signed and logged"},
	{DemoRows, "{title}：{townships} 个乡镇（街道），{villages} 个村（居）", "{title}  {townships} townships, {villages} villages"},
	{DemoAsk, "{consumer}向{to}查询 {dataset} 一条：首次查询即提出共享申请，按规则取得权限",
		"{consumer} asks {to} for one record of {dataset}: the first query files the application, granted by rule"},
	{DemoLogged, "{to}先记账后应答：{access}；{from}先留痕后显示：{asked}",
		"{to} logged it before it answered: {access}; {from} recorded it before it showed it: {asked}"},
	{DemoVerify, "只核验，不取数", "only yes or no; no field leaves"},
	{DemoCalled, "{key} 是否名为“{name}”？ {answer}", "is {key} called {name}?  {answer}"},
	{DemoRefusals, "不该做的，做不成", "what must fail, fails"},
	{DemoRefused, "{by} 拒绝：{why}", "refused by {by}: {why}"},
	{DemoCrash, "{title}的节点在导入途中被强行终止（kill -9），当时已暂存 {staged} 行：重启后自动连回上级，未发布的行一行也查不到",
		"the node of {title} is killed (kill -9) in an import, {staged} rows staged: started again, it links by itself and shows none of them"},
	{DemoResumed, "同一命令再执行一次，接着暂存、一次发布，{above}随即查得 {rows} 行：{entry}",
		"the same command again goes on where it stopped; {above} then counts all {rows} rows: {entry}"},
	{DemoProve, "不经任何服务器，由另一进程仅凭{root}的起点标识证明第 2 步", "step 2 is proved by another process, without any server, from the pin of {root} alone"},
	{DemoValid, "有效：{entry}，密钥由 {chain} 逐级背书", "valid    {entry}, key endorsed {chain}"},
	{DemoFlipped, "无效：同一凭证改动一个比特", "INVALID  the same receipt with one bit flipped"},
	{DemoOtherPayload, "无效：同一凭证，另一条目的内容", "INVALID  the same receipt with the payload of another entry"},
	{DemoOtherRoot, "无效：同一凭证，另一个起点标识", "INVALID  the same receipt from another pin"},
	{DemoNext, "（按回车键继续）", "(Enter goes on)"},
	{DemoHeld, "{steps} 个步骤全部成立，用时 {seconds} 秒。各节点保持运行，按 Ctrl-C 结束。可另开终端：",
		"{steps} of {steps} steps held in {seconds} s. The nodes stay up until Ctrl-C. In another terminal:"},
}
